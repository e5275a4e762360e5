//! One WebSocket to the gateway: frames in, frames out.

use super::frames::Frame;
use super::rest::root;
use flate2::read::ZlibDecoder;
use futures::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use std::io::Read as _;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

/// The largest frame taken, also once unpacked: the state of a large server has a few MB.
const LARGEST: usize = 64 << 20;

pub(super) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    patience: Duration,
}

/// What came.
pub(super) enum Heard {
    Frame(Frame),
    /// Something that is no frame; counted, then passed over.
    Noise,
    /// The other side ended it, with a code or without.
    Closed(Option<u16>, String),
}

impl Socket {
    /// Connects within `patience`, which is also what a write may take.
    pub(super) async fn connect(url: &str, patience: Duration) -> Result<Self, String> {
        let joint = if url.contains('?') { '&' } else { '?' };
        let slash = if url.contains('?') || url.matches('/').count() > 2 { "" } else { "/" };
        let url = format!("{url}{slash}{joint}v=10&encoding=json");
        let config = WebSocketConfig {
            max_message_size: Some(LARGEST),
            max_frame_size: Some(LARGEST),
            ..WebSocketConfig::default()
        };
        match tokio::time::timeout(patience, connect_async_with_config(url.as_str(), Some(config), false))
            .await
        {
            Ok(Ok((stream, _))) => Ok(Self { stream, patience }),
            Ok(Err(error)) => Err(format!("Discord's gateway cannot be reached: {}", root(&error))),
            Err(_) => Err("Discord's gateway did not answer".into()),
        }
    }

    pub(super) async fn hear(&mut self) -> Heard {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => return read(text.as_bytes()),
                Some(Ok(Message::Binary(packed))) => {
                    let mut text = Vec::new();
                    return match ZlibDecoder::new(&packed[..]).take(LARGEST as u64).read_to_end(&mut text) {
                        Ok(_) => read(&text),
                        Err(_) => noise("a frame could not be unpacked"),
                    };
                }
                Some(Ok(Message::Close(frame))) => {
                    let code = frame.as_ref().map(|frame| frame.code.into());
                    return Heard::Closed(
                        code,
                        frame.map(|frame| frame.reason.into_owned()).unwrap_or_default(),
                    );
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Heard::Closed(None, String::new()),
            }
        }
    }

    pub(super) async fn say(&mut self, value: &Value) -> Result<(), String> {
        match tokio::time::timeout(self.patience, self.stream.send(Message::Text(value.to_string()))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(root(&error)),
            Err(_) => Err("the link to Discord's gateway hangs".into()),
        }
    }

    /// Leaves so that the session can be resumed: 1000 and 1001 would end it.
    pub(super) async fn leave(mut self) {
        let frame = CloseFrame { code: CloseCode::Library(4900), reason: "back soon".into() };
        // The other side may be gone already.
        if tokio::time::timeout(Duration::from_secs(1), self.stream.close(Some(frame))).await.is_err() {
            tracing::debug!("the gateway did not take the close");
        }
    }
}

fn read(text: &[u8]) -> Heard {
    match serde_json::from_slice(text) {
        Ok(frame) => Heard::Frame(frame),
        Err(_) => noise("a frame was no JSON"),
    }
}

fn noise(what: &str) -> Heard {
    metrics::counter!("discord_events_unread_total", "kind" => "frame").increment(1);
    tracing::warn!("Discord's gateway: {what}");
    Heard::Noise
}
