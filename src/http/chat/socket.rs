//! `GET /chat/v1/socket`: one visitor's line. What goes out is read from the log, so a cut line loses nothing; what
//! comes in is answered when it is on disk.

use super::events::known;
use super::feed::Feed;
use super::frames::{self, Incoming, Outgoing};
use super::gestures;
use super::messages;
use super::view::{From, Passing, Shown};
use super::visitor;
use crate::domain::ids::CustomerId;
use crate::http::Site;
use crate::http::connections::Connection;
use crate::http::extract::Query;
use crate::http::problem::{Problem, Result};
use crate::http::security::may_open_socket;
use crate::hub::Signal;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

/// The subprotocol.
const PROTOCOL: &str = "deskhand.v1";
/// 128 KiB a socket is the default: with these, ten thousand take tens of megabytes.
const BUFFER: usize = 4096;
/// The largest frame that is taken.
const MAX_FRAME: usize = 64 * 1024;
/// The token must have come by then.
const HELLO_WITHIN: Duration = Duration::from_secs(5);
/// How often the other side is asked whether it is there.
const PING_EVERY: Duration = Duration::from_secs(25);
/// After this long without a sign it is not.
const SILENT_AFTER: Duration = Duration::from_secs(70);
/// How soon the log is read again when the database was away.
const READ_AGAIN: Duration = Duration::from_secs(1);
/// More frames than this between two pings are no conversation.
const MAX_FRAMES: u32 = 200;

/// Why a line ends, as the widget understands it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The other side has gone.
    Gone,
    /// The token is not good.
    Unknown,
    /// It does not read.
    Slow,
    /// It asks too much.
    TooMany,
    /// It does not speak the protocol.
    Garbled,
    /// We go down.
    Restart,
}

impl End {
    fn frame(self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::Gone => return None,
            Self::Unknown => (4401, "session"),
            Self::Slow => (4408, "too slow"),
            Self::TooMany => (4429, "too many"),
            Self::Garbled => (1003, "frames are JSON objects"),
            Self::Restart => (1012, "restart"),
        };
        Some(CloseFrame { code, reason: reason.into() })
    }
}

#[derive(Deserialize)]
pub(super) struct Position {
    #[serde(default)]
    after: i64,
    #[serde(default)]
    conversation: Option<String>,
}

/// Opens the line. Who it is for is told in the first frame: a token in an address would stand in logs.
pub(super) async fn open(
    State(site): State<Site>,
    headers: HeaderMap,
    Query(position): Query<Position>,
    upgrade: std::result::Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response> {
    may_open_socket(&headers, &site.settings)?;
    known(position.conversation.as_deref())?;
    let upgrade = upgrade.map_err(|_| Problem::bad("no-socket", "This address takes WebSockets only."))?;
    let upgrade = upgrade
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(MAX_FRAME)
        .max_frame_size(MAX_FRAME)
        .protocols([PROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        return Err(Problem::bad("no-protocol", "This socket speaks the subprotocol \"deskhand.v1\"."));
    }
    let connection = site.connections.open();
    Ok(upgrade.on_upgrade(move |socket| async move {
        let mut line = Line { socket, site, frames: 0, _connection: connection };
        let end = line.run(position).await;
        line.close(end).await;
    }))
}

struct Line {
    socket: WebSocket,
    site: Site,
    frames: u32,
    _connection: Connection,
}

type Step = std::result::Result<(), End>;

impl Line {
    async fn run(&mut self, position: Position) -> End {
        let Some(visitor) = self.hello().await else { return End::Unknown };
        let Some(_place) = self.site.sockets.enter(visitor, self.site.rates.sockets) else {
            return End::TooMany;
        };
        match self.follow(visitor, position).await {
            Ok(()) => End::Gone,
            Err(end) => end,
        }
    }

    /// The first frame, with the token.
    async fn hello(&mut self) -> Option<CustomerId> {
        let first = timeout(HELLO_WITHIN, self.socket.recv()).await.ok()??.ok()?;
        let Ok(Incoming::Hello { token }) = frames::read(first.to_text().ok()?) else { return None };
        match visitor::find(&self.site.ledger, &token).await {
            Ok(found) => found.map(|visitor| visitor.id),
            Err(error) => {
                tracing::warn!(%error, "a socket could not be opened");
                None
            }
        }
    }

    async fn follow(&mut self, visitor: CustomerId, position: Position) -> Step {
        let mut stopping = self.site.stopping.clone();
        // Before the first look at the log: what is committed after that look is heard.
        let mut room = self.site.ledger.hub.room(visitor);
        let mut feed = self.feed(visitor, position).await?;
        self.ready(&feed).await?;
        let mut read_at = self.deliver(&mut feed).await?;
        let mut heard_at = Instant::now();
        let mut ping = interval(PING_EVERY);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ping.tick().await;
        loop {
            if *stopping.borrow() {
                return Err(End::Restart);
            }
            tokio::select! {
                frame = self.socket.recv() => {
                    heard_at = Instant::now();
                    match frame {
                        Some(Ok(frame)) => self.heard(frame, visitor, &feed).await?,
                        Some(Err(_)) | None => return Err(End::Gone),
                    }
                }
                signal = room.recv() => {
                    let typing = typing_of(signal.ok(), &mut room);
                    read_at = self.deliver(&mut feed).await?;
                    if let Some(from) = typing {
                        self.send(&Outgoing::Shown(Shown::Passing(Passing::Typing { from }))).await?;
                    }
                }
                () = sleep_until(read_at.unwrap_or_else(Instant::now)), if read_at.is_some() => {
                    read_at = self.deliver(&mut feed).await?;
                }
                _ = ping.tick() => {
                    if heard_at.elapsed() > SILENT_AFTER {
                        return Err(End::Gone);
                    }
                    self.frames = 0;
                    self.send_raw(Message::Ping(Vec::new().into())).await?;
                }
                changed = stopping.changed() => {
                    // Nobody left to say so means that we are going down as well.
                    if changed.is_err() || *stopping.borrow() {
                        return Err(End::Restart);
                    }
                }
            }
        }
    }

    /// Opens the feed; with the database away, once it is back.
    async fn feed(&mut self, visitor: CustomerId, position: Position) -> std::result::Result<Feed, End> {
        let known = known(position.conversation.as_deref()).unwrap_or_default();
        Feed::open(&self.site.ledger, visitor, known, position.after).await.map_err(|error| {
            tracing::warn!(%error, "a socket could not read the log");
            End::Restart
        })
    }

    async fn ready(&mut self, feed: &Feed) -> Step {
        let conversation = feed.conversation().map(|id| id.to_string());
        self.send(&Outgoing::Ready { conversation, next: feed.after() }).await
    }

    /// Sends everything new. Returns when to look again where the log could not be read.
    async fn deliver(&mut self, feed: &mut Feed) -> std::result::Result<Option<Instant>, End> {
        loop {
            match feed.pull().await {
                Ok(shown) if shown.is_empty() => return Ok(None),
                Ok(shown) => {
                    for one in shown {
                        self.send(&Outgoing::Shown(one)).await?;
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "the log could not be read for a socket");
                    return Ok(Some(Instant::now() + READ_AGAIN));
                }
            }
        }
    }

    async fn heard(&mut self, frame: Message, visitor: CustomerId, feed: &Feed) -> Step {
        self.frames += 1;
        if self.frames > MAX_FRAMES {
            return Err(End::TooMany);
        }
        let text = match &frame {
            Message::Text(text) => text.as_str(),
            Message::Binary(_) => return Err(End::Garbled),
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Close(_) => return Err(End::Gone),
        };
        match frames::read(text) {
            Ok(Incoming::Message(message)) => {
                let id = message.id.clone();
                let answer = match messages::record(&self.site, visitor, message).await {
                    Ok((seq, _)) => Outgoing::Ack { id, seq },
                    Err(problem) => Outgoing::Refused { id: Some(id), problem: problem.document() },
                };
                self.send(&answer).await
            }
            Ok(Incoming::Typing) => {
                if let Some(talk) = feed.conversation()
                    && self.site.limits.gestures.check(&visitor).is_ok()
                {
                    gestures::is_typing(&self.site, talk);
                }
                Ok(())
            }
            Ok(Incoming::Ping) => self.send(&Outgoing::Pong).await,
            // A newer widget may say more than this server knows.
            Ok(Incoming::Hello { .. } | Incoming::Unknown) => Ok(()),
            Err(error) if error.is_data() => {
                let problem = Problem::bad("bad-frame", "The frame does not have the expected form.");
                self.send(&Outgoing::Refused { id: None, problem: problem.document() }).await
            }
            Err(_) => Err(End::Garbled),
        }
    }

    async fn send<T: Serialize + Sync>(&mut self, frame: &T) -> Step {
        let text = serde_json::to_string(frame).map_err(|_| End::Gone)?;
        self.send_raw(Message::Text(text.into())).await
    }

    /// Waits for the other side to read, for a while.
    async fn send_raw(&mut self, message: Message) -> Step {
        match timeout(self.site.rates.slow_after, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Slow),
        }
    }

    /// Says why, if the other side still listens, and waits a moment for its answer so that nothing is cut off.
    async fn close(mut self, end: End) {
        let Some(frame) = end.frame() else { return };
        metrics::counter!("deskhand_sockets_closed_total", "code" => frame.code.to_string()).increment(1);
        let farewell = async {
            if self.socket.send(Message::Close(Some(frame))).await.is_ok() {
                while let Some(Ok(_)) = self.socket.recv().await {}
            }
        };
        if timeout(Duration::from_secs(1), farewell).await.is_err() {
            tracing::debug!(?end, "a socket did not answer its close");
        }
    }
}

/// Takes everything that waits: many changes are one reason to read. A lag counts as a change.
fn typing_of(first: Option<Signal>, room: &mut Receiver<Signal>) -> Option<From> {
    let mut typing = None;
    let mut next = first;
    loop {
        match next {
            Some(Signal::Typing { bot }) => typing = Some(if bot { From::Bot } else { From::Agent }),
            // Whoever was typing has said it by now.
            Some(Signal::Changed) | None => {}
        }
        next = match room.try_recv() {
            Ok(signal) => Some(signal),
            Err(TryRecvError::Lagged(_)) => None,
            Err(TryRecvError::Empty | TryRecvError::Closed) => return typing,
        };
    }
}
