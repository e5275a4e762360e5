//! The gateway: sessions that outlive their connections, and every way in which it may end one.

use super::Inner;
use super::journal::Visit;
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use flate2::write::ZlibEncoder;
use flate2::{Compress, Compression, FlushCompress};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::time::Instant;

const GUILDS: u64 = 1;
const GUILD_MESSAGES: u64 = 1 << 9;
const DIRECT_MESSAGES: u64 = 1 << 12;
const MESSAGE_CONTENT: u64 = 1 << 15;
const KNOWN_INTENTS: u64 = (1 << 26) - 1;
/// How many events a session keeps for a resume.
const KEPT: usize = 200_000;

#[derive(Default)]
pub(crate) struct Hub {
    sessions: HashMap<String, Session>,
    made: u64,
    connections: u64,
    /// Nobody is let in.
    pub(crate) down: bool,
    /// Whoever identifies is closed with that code.
    pub(crate) close_next: Option<u16>,
    /// After a resume that many events are repeated which the client had seen.
    pub(crate) repeats: u64,
    pub(crate) starts_left: u64,
    /// Resumes are answered by "no such session" so many times.
    pub(crate) forget: bool,
}

struct Session {
    seq: u64,
    log: VecDeque<(u64, String)>,
    intents: u64,
    line: Option<(u64, UnboundedSender<Order>)>,
}

pub(crate) enum Order {
    Say(String),
    Close(u16),
    /// TCP ends without a word.
    Cut,
    /// TCP stays, and nothing is said any more.
    Silence,
}

impl Hub {
    pub(crate) fn new(starts_left: u64) -> Self {
        Self { starts_left, ..Self::default() }
    }

    /// Tells an event to all sessions that want it, connected or not.
    pub(crate) fn dispatch(&mut self, kind: &str, data: &Value) {
        for session in self.sessions.values_mut() {
            if let Some(data) = wanted(kind, data, session.intents) {
                session.tell(kind, &data);
            }
        }
    }

    /// Gives an order to all connections; how many there were.
    pub(crate) fn order(&mut self, order: impl Fn() -> Order) -> usize {
        let lines = self.sessions.values().filter_map(|session| session.line.as_ref());
        lines.filter(|(_, line)| line.send(order()).is_ok()).count()
    }

    /// No session can be resumed any more.
    pub(crate) fn forget_sessions(&mut self) {
        self.sessions.values_mut().for_each(|session| session.seq = u64::MAX);
        self.sessions.retain(|_, session| session.line.is_some());
        self.forget = true;
    }

    pub(crate) fn connected(&self) -> usize {
        self.sessions.values().filter(|session| session.line.is_some()).count()
    }
}

impl Session {
    fn tell(&mut self, kind: &str, data: &Value) {
        if self.seq == u64::MAX {
            return;
        }
        self.seq += 1;
        let text = json!({"op": 0, "t": kind, "s": self.seq, "d": data}).to_string();
        if let Some((_, line)) = &self.line {
            // A connection that has just ended: the event is in the log for its resume.
            drop(line.send(Order::Say(text.clone())));
        }
        self.log.push_back((self.seq, text));
        if self.log.len() > KEPT {
            self.log.pop_front();
        }
    }
}

/// An event as a session with those intents gets it.
fn wanted(kind: &str, data: &Value, intents: u64) -> Option<Value> {
    let mut data = data.clone();
    let bit = match kind {
        "MESSAGE_CREATE" | "MESSAGE_UPDATE" => {
            let guild = data.get("guild_id").is_some();
            let to_us =
                data["mentions"].as_array().is_some_and(|all| all.iter().any(|user| user["bot"] == true));
            let own = data["author"]["bot"] == true;
            if guild && intents & MESSAGE_CONTENT == 0 && !to_us && !own {
                data["content"] = json!("");
                data["attachments"] = json!([]);
            }
            if guild { GUILD_MESSAGES } else { DIRECT_MESSAGES }
        }
        "GUILD_CREATE" | "CHANNEL_CREATE" | "CHANNEL_DELETE" | "THREAD_CREATE" | "THREAD_UPDATE"
        | "THREAD_DELETE" => GUILDS,
        _ => return Some(data),
    };
    (intents & bit != 0).then_some(data)
}

/// Serves one connection from HELLO to its end.
pub(crate) async fn serve(inner: Arc<Inner>, mut ws: WebSocket, path: String, streamed: bool) {
    let (line, mut orders) = mpsc::unbounded_channel();
    let mut visit = {
        let mut hub = inner.hub();
        hub.connections += 1;
        let packing =
            if streamed { Packing::Stream(Compress::new(Compression::fast(), true)) } else { Packing::None };
        let number = hub.connections;
        Connection {
            inner: Arc::clone(&inner),
            number,
            line,
            session: None,
            packing,
            silent: false,
            last_beat: Instant::now(),
        }
    };
    inner.note(Visit::Connected(path));
    let interval = inner.options.heartbeat;
    let hello = json!({"op": 10, "d": {"heartbeat_interval": interval.as_millis() as u64, "_trace": []}});
    if visit.say(&mut ws, hello.to_string()).await.is_err() {
        return;
    }
    let end = loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Say(text)) => if visit.say(&mut ws, text).await.is_err() { break Visit::Left(None) },
                Some(Order::Close(code)) => break Visit::Closed(code),
                Some(Order::Silence) => visit.silent = true,
                Some(Order::Cut) | None => break Visit::Left(None),
            },
            heard = ws.recv() => match heard {
                Some(Ok(Message::Text(text))) => match visit.hear(&mut ws, text.as_str()).await {
                    Ok(()) => {}
                    Err(end) => break end,
                },
                Some(Ok(Message::Close(frame))) => break Visit::Left(frame.map(|frame| frame.code)),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break Visit::Left(None),
            },
            // Real Discord gives up on a client that does not beat.
            () = tokio::time::sleep_until(visit.last_beat + 4 * interval), if !visit.silent => break Visit::Closed(4009),
        }
    };
    if let Visit::Closed(code) = end {
        // The other side may be gone.
        drop(ws.send(Message::Close(Some(CloseFrame { code, reason: "".into() }))).await);
    }
    visit.leave(&end);
    inner.note(end);
}

/// How frames are packed.
enum Packing {
    None,
    /// Each on its own (`compress` of IDENTIFY).
    Frame,
    /// All of a connection as one zlib stream (`compress=zlib-stream` of the address).
    Stream(Compress),
}

impl Packing {
    fn pack(&mut self, text: String) -> Message {
        match self {
            Self::None => Message::Text(text.into()),
            Self::Frame => {
                let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
                packed.write_all(text.as_bytes()).unwrap();
                Message::Binary(packed.finish().unwrap().into())
            }
            Self::Stream(zlib) => {
                let mut packed = Vec::with_capacity(text.len() + 1_024);
                zlib.compress_vec(text.as_bytes(), &mut packed, FlushCompress::Sync).unwrap();
                Message::Binary(packed.into())
            }
        }
    }
}

struct Connection {
    inner: Arc<Inner>,
    number: u64,
    line: UnboundedSender<Order>,
    session: Option<String>,
    packing: Packing,
    silent: bool,
    last_beat: Instant,
}

impl Connection {
    async fn say(&mut self, ws: &mut WebSocket, text: String) -> Result<(), ()> {
        if self.silent {
            return Ok(());
        }
        ws.send(self.packing.pack(text)).await.map_err(drop)
    }

    async fn hear(&mut self, ws: &mut WebSocket, text: &str) -> Result<(), Visit> {
        let Ok(frame) = serde_json::from_str::<Value>(text) else { return Err(Visit::Closed(4002)) };
        match frame["op"].as_u64() {
            Some(1) => {
                self.inner.note(Visit::Beat);
                self.last_beat = Instant::now();
                self.say(ws, json!({"op": 11}).to_string()).await.map_err(|()| Visit::Left(None))
            }
            Some(2) => self.identify(&frame["d"]),
            Some(6) => self.resume(&frame["d"]),
            Some(3 | 4 | 8) if self.session.is_some() => Ok(()),
            Some(3 | 4 | 8) => Err(Visit::Closed(4003)),
            _ => Err(Visit::Closed(4001)),
        }
    }

    fn identify(&mut self, data: &Value) -> Result<(), Visit> {
        let closed = |code| Err(Visit::Closed(code));
        if self.session.is_some() {
            return closed(4005);
        }
        let mut hub = self.inner.hub();
        let starts = hub.starts_left;
        hub.starts_left = starts.saturating_sub(1);
        self.inner.note(Visit::Identified);
        if data["token"] != self.inner.options.token.as_str() || starts == 0 {
            return closed(4004);
        }
        let (Some(intents), true) = (data["intents"].as_u64(), data["properties"].is_object()) else {
            return closed(4002);
        };
        let world = self.inner.world();
        match hub.close_next {
            Some(code) => return closed(code),
            None if intents & !KNOWN_INTENTS != 0 => return closed(4013),
            None if intents & MESSAGE_CONTENT != 0 && !world.message_content => return closed(4014),
            None => {}
        }
        if data["compress"] == true && matches!(self.packing, Packing::None) {
            self.packing = Packing::Frame;
        }
        hub.made += 1;
        let id = format!("session{}", hub.made);
        let mut session =
            Session { seq: 0, log: VecDeque::new(), intents, line: Some((self.number, self.line.clone())) };
        session.tell("READY", &json!({
            "v": 10, "user": world.me_json(), "guilds": [{"id": world.guild.to_string(), "unavailable": true}],
            "session_id": id, "resume_gateway_url": format!("{}/resume", self.inner.gateway_url()),
            "application": {"id": world.application.to_string(), "flags": world.application_flags()},
            "private_channels": [], "relationships": [], "user_settings": {}, "presences": [], "guild_join_requests": [],
            "geo_ordered_rtc_regions": [], "session_type": "normal", "_trace": [], "shard": [0, 1],
        }));
        if intents & GUILDS != 0 {
            session.tell("GUILD_CREATE", &world.guild_json());
        }
        hub.sessions.insert(id.clone(), session);
        self.session = Some(id);
        Ok(())
    }

    fn resume(&mut self, data: &Value) -> Result<(), Visit> {
        if data["token"] != self.inner.options.token.as_str() {
            return Err(Visit::Closed(4004));
        }
        let mut hub = self.inner.hub();
        let repeats = hub.repeats;
        let (id, seen) =
            (data["session_id"].as_str().unwrap_or_default().to_owned(), data["seq"].as_u64().unwrap_or(0));
        let known = hub.sessions.get_mut(&id).filter(|session| session.seq != u64::MAX);
        // Too long ago: what was missed is no longer kept.
        let known = known.filter(|session| session.log.front().is_none_or(|(first, _)| *first <= seen + 1));
        let Some(session) = known else {
            self.inner.note(Visit::ResumeRefused);
            drop(self.line.send(Order::Say(json!({"op": 9, "d": false}).to_string())));
            return Ok(());
        };
        if seen > session.seq {
            return Err(Visit::Closed(4007));
        }
        self.inner.note(Visit::Resumed(seen));
        if let Some((_, old)) = session.line.replace((self.number, self.line.clone())) {
            drop(old.send(Order::Close(4000)));
        }
        for (_, text) in session.log.iter().filter(|(seq, _)| *seq + repeats > seen) {
            drop(self.line.send(Order::Say(text.clone())));
        }
        session.tell("RESUMED", &json!({"_trace": []}));
        self.session = Some(id);
        Ok(())
    }

    fn leave(&self, end: &Visit) {
        let mut hub = self.inner.hub();
        let Some(id) = &self.session else { return };
        let Some(session) = hub.sessions.get_mut(id) else { return };
        if session.line.as_ref().is_some_and(|(number, _)| *number == self.number) {
            session.line = None;
        }
        // Those closes end the session, on either side.
        let ended =
            matches!(end, Visit::Left(Some(1000 | 1001)) | Visit::Closed(4003 | 4004 | 4007 | 4009..=4014));
        if ended || session.seq == u64::MAX {
            hub.sessions.remove(id);
        }
    }
}

/// How long a silent connection is kept.
pub(crate) const HEARTBEAT: Duration = Duration::from_millis(41_250);
