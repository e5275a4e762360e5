//! Server-sent events, made readable line by line before the event parser sees them: invalid UTF-8 replaced, data
//! that is no JSON replaced, the size capped, and the end marked, since the parser hides whether `[DONE]` came.

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};
use reqwest::Response;
use serde_json::{Value, json};
use std::io;

/// The key of a piece that this module made; servers do not send it.
const OURS: &str = "deskhand";

/// What a piece of a stream says beside words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// `[DONE]` came.
    Done,
    /// A piece could not be read.
    Unreadable,
    /// The stream was larger than allowed.
    TooLarge,
    /// The connection broke.
    Broken,
}

impl Mark {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Done, "done"),
        (Self::Unreadable, "unreadable"),
        (Self::TooLarge, "too-large"),
        (Self::Broken, "broken"),
    ];

    /// The mark that a piece is, if it is one.
    pub(super) fn of(piece: &Value) -> Option<Self> {
        let name = piece.get(OURS)?.as_str()?;
        Self::ALL.into_iter().find(|(_, known)| *known == name).map(|(mark, _)| mark)
    }

    fn event(self) -> Bytes {
        let name = Self::ALL.into_iter().find(|(mark, _)| *mark == self).map_or("", |(_, name)| name);
        as_event(json!({ OURS: name }).to_string().as_bytes())
    }
}

/// JSON as one event. Line breaks between JSON's parts mean nothing and would end the event.
pub(super) fn as_event(body: &[u8]) -> Bytes {
    let mut event = BytesMut::from(&b"data: "[..]);
    event.extend(body.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
    event.extend_from_slice(b"\n\n");
    event.freeze()
}

/// The response with its body made readable.
pub(super) fn readable(response: Response, most: usize) -> Response {
    let pieces = response.bytes_stream().map(|piece| piece.map_err(io::Error::other));
    Response::from(http::Response::new(reqwest::Body::wrap_stream(lines(pieces, most))))
}

fn lines<S>(pieces: S, most: usize) -> impl Stream<Item = Result<Bytes, io::Error>> + Send
where
    S: Stream<Item = Result<Bytes, io::Error>> + Send + 'static,
{
    async_stream::stream! {
        let mut pieces = Box::pin(pieces);
        let mut rest = BytesMut::new();
        let mut read = 0_usize;
        loop {
            match pieces.next().await {
                Some(Ok(piece)) => {
                    read += piece.len();
                    if read > most {
                        yield Ok(Mark::TooLarge.event());
                        return;
                    }
                    rest.extend_from_slice(&piece);
                }
                Some(Err(_)) => {
                    yield Ok(Mark::Broken.event());
                    return;
                }
                None => break,
            }
            while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
                let line = rest.split_to(end + 1);
                if let Some(event) = event(&line[..end]) {
                    let done = event == Mark::Done.event();
                    yield Ok(event);
                    if done {
                        return;
                    }
                }
            }
        }
        if let Some(event) = event(&rest) {
            yield Ok(event);
        }
    }
}

/// A line's data as an event of its own. Names, ids, comments and empty lines are nothing: chat completions put every
/// piece into one line of data.
fn event(line: &[u8]) -> Option<Bytes> {
    let text = String::from_utf8_lossy(line);
    let data = text.strip_prefix("data:")?.trim();
    if data == "[DONE]" {
        return Some(Mark::Done.event());
    }
    if data.is_empty() {
        return None;
    }
    match serde_json::from_str::<serde::de::IgnoredAny>(data) {
        Ok(_) => Some(as_event(data.as_bytes())),
        Err(_) => Some(Mark::Unreadable.event()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&[u8]], most: usize) -> String {
        let pieces: Vec<Result<Bytes, io::Error>> =
            pieces.iter().map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        let events = futures::executor::block_on_stream(Box::pin(lines(futures::stream::iter(pieces), most)));
        events.map(|event| String::from_utf8(event.unwrap().to_vec()).unwrap().replace("\n\n", "|")).collect()
    }

    #[test]
    fn lines_are_put_together_and_made_readable() {
        let read = |pieces: &[&[u8]]| read(pieces, 1000);
        assert_eq!(
            read(&[b": keep-alive\n\ndata: {\"a\"", b":1}\r\n\r\ndata: [DONE]\n\n"]),
            "data: {\"a\":1}|data: {\"deskhand\":\"done\"}|"
        );
        assert_eq!(read(&[b"event: x\nid: 1\ndata:{\"a\":\"\xff\"}\n\n"]), "data: {\"a\":\"\u{fffd}\"}|");
        assert_eq!(read(&[b"data: {\"half\n\n"]), "data: {\"deskhand\":\"unreadable\"}|");
        assert_eq!(read(&[b"data: {}"]), "data: {}|");
    }

    #[test]
    fn an_endless_stream_ends() {
        assert_eq!(read(&[&[b'x'; 60], &[b'x'; 60]], 100), "data: {\"deskhand\":\"too-large\"}|");
    }
}
