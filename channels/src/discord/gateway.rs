//! The gateway, driven by our own loop over serenity's types. serenity's `Shard` could not be used: it connects again
//! to the first address and not to `resume_gateway_url`, falls back to Discord's own host when the API cannot be
//! asked, tells a cut link from nothing to read by a timer of its own, and hands events to tasks without order.

use super::events::Told;
use super::frames::{ACK, After, DISPATCH, Frame, HEARTBEAT, HELLO, INVALID_SESSION, RECONNECT, Session};
use super::frames::{after_close, heartbeat, identify, resume};
use super::hearing::Hearing;
use super::rest::Ask;
use super::run::asked;
use super::settings::pause;
use super::socket::{Heard, Socket};
use super::trouble::Trouble;
use crate::Health;
use rand::Rng as _;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::Value;
use serenity::http::Route;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// With more events than this in hand nothing more is read: the desk is slower than its customers.
const FLOOD: usize = 20_000;

/// The gateway's side of a run.
pub(super) struct Gateway {
    hearing: Arc<Hearing>,
    stop: watch::Receiver<bool>,
    pub(super) session: Option<Session>,
    tries: u32,
    identified: Option<Instant>,
}

/// How a connection ended.
enum End {
    After(After),
    /// We were asked to stop.
    Asked,
    /// The desk must catch up first.
    Flooded,
}

#[derive(Deserialize)]
struct Door {
    url: String,
    session_start_limit: Starts,
}

#[derive(Deserialize)]
struct Starts {
    remaining: u64,
    reset_after: u64,
}

impl Gateway {
    pub(super) fn new(hearing: Arc<Hearing>, stop: watch::Receiver<bool>, session: Option<Session>) -> Self {
        Self { hearing, stop, session, tries: 0, identified: None }
    }

    /// Stays connected until asked to stop (`Ok`) or told to for good (`Err` with the cause).
    pub(super) async fn stay(mut self) -> Result<(), String> {
        let timing = self.hearing.bot.settings.timing.clone();
        loop {
            let mut connected = None;
            match self.once(&mut connected).await {
                End::Asked => return Ok(()),
                End::After(After::Stop(cause)) => return Err(cause),
                End::After(After::Resume(cause)) => self.lost(cause),
                End::After(After::Identify(cause)) => {
                    self.session = None;
                    self.lost(cause);
                }
                End::Flooded => {
                    self.lost("more messages come in than the desk can store; they are read later".into());
                    while self.hearing.progress.in_hand() > FLOOD / 10 {
                        if self.rest(Duration::from_millis(100)).await {
                            return Ok(());
                        }
                    }
                }
            }
            if connected.is_some_and(|at: Instant| at.elapsed() >= timing.steady) {
                self.tries = 0;
            }
            let wait = pause(timing.pause, timing.longest_pause, self.tries);
            // Spread over the whole pause at first: most cuts are short, and many bots come back at once.
            let wait = if self.tries == 0 { wait.mul_f64(rand::rng().random_range(0.0..1.0)) } else { wait };
            self.tries += 1;
            if self.rest(wait).await {
                return Ok(());
            }
        }
    }

    /// Says once that the connection was lost; tries that fail after that say nothing new.
    fn lost(&self, cause: String) {
        metrics::counter!("discord_gateway_lost_total").increment(1);
        let news = self.hearing.bot.degrade(cause.clone());
        if news {
            tracing::warn!("{cause}; connecting again");
        } else {
            tracing::debug!("{cause}; connecting again");
        }
    }

    /// Waits; true if asked to stop meanwhile.
    async fn rest(&mut self, wait: Duration) -> bool {
        tokio::select! {
            () = asked(&mut self.stop) => true,
            () = tokio::time::sleep(wait) => false,
        }
    }

    async fn once(&mut self, connected: &mut Option<Instant>) -> End {
        let url = match &self.session {
            // The session's own address may be gone while the gateway is not: then the common one is tried.
            Some(session) if self.tries < 3 => session.url.clone(),
            _ => match self.door().await {
                Ok(url) => url,
                Err(end) => return end,
            },
        };
        let patience = self.hearing.bot.settings.timing.answer;
        let connecting = tokio::select! {
            () = asked(&mut self.stop) => return End::Asked,
            socket = Socket::connect(&url, patience) => socket,
        };
        let mut socket = match connecting {
            Ok(socket) => socket,
            Err(cause) => return End::After(After::Resume(cause)),
        };
        let end = self.converse(&mut socket, connected).await;
        socket.leave().await;
        end
    }

    /// The gateway's address, asked of the API, when a session may be started.
    async fn door(&mut self) -> Result<String, End> {
        let door: Door = match self.hearing.bot.rest.call(Ask::get(Route::GatewayBot)).await {
            Ok(door) => door,
            Err(Trouble::Revoked) => return Err(End::After(After::Stop(super::trouble::REVOKED.into()))),
            Err(trouble) => {
                if let Trouble::Wait { after, .. } = trouble
                    && self.rest(after).await
                {
                    return Err(End::Asked);
                }
                return Err(End::After(After::Resume(trouble.to_string())));
            }
        };
        if self.session.is_some() {
            return Ok(door.url);
        }
        if door.session_start_limit.remaining == 0 {
            let wait = Duration::from_millis(door.session_start_limit.reset_after.clamp(1, 86_400_000));
            self.lost(format!(
                "Discord allows no further connection for {} minutes",
                wait.as_secs() / 60 + 1
            ));
            return Err(if self.rest(wait).await {
                End::Asked
            } else {
                End::After(After::Identify("the limit of connections was used up".into()))
            });
        }
        let spacing = self.hearing.bot.settings.timing.identify_spacing;
        if let Some(at) = self.identified
            && self.rest(spacing.saturating_sub(at.elapsed())).await
        {
            return Err(End::Asked);
        }
        Ok(door.url)
    }

    /// From HELLO to the end.
    async fn converse(&mut self, socket: &mut Socket, connected: &mut Option<Instant>) -> End {
        let patience = self.hearing.bot.settings.timing.answer;
        let interval = match tokio::time::timeout(patience, socket.hear()).await {
            Ok(Heard::Frame(Frame { op: HELLO, d, .. })) => {
                d["heartbeat_interval"].as_u64().unwrap_or(41_250)
            }
            Ok(Heard::Closed(code, reason)) => return End::After(after_close(code, &reason)),
            _ => return End::After(After::Resume("Discord's gateway did not greet".into())),
        };
        let interval = Duration::from_millis(interval.clamp(10, 300_000));
        let token = self.hearing.bot.settings.token.expose_secret().to_owned();
        let greeting = match &self.session {
            Some(session) => resume(&token, session),
            None => {
                self.identified = Some(Instant::now());
                metrics::counter!("discord_identifies_total").increment(1);
                identify(&token)
            }
        };
        if let Err(cause) = socket.say(&greeting).await {
            return End::After(After::Resume(cause));
        }
        // The first beat comes at a random time, so that many bots do not beat at once.
        let first = interval.mul_f64(rand::rng().random_range(0.0..1.0));
        let mut beats = tokio::time::interval_at(Instant::now() + first, interval);
        beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut answered = true;
        let mut stop = self.stop.clone();
        loop {
            tokio::select! {
                () = asked(&mut stop) => return End::Asked,
                _ = beats.tick() => {
                    if !answered {
                        return End::After(After::Resume("Discord's gateway no longer answers".into()));
                    }
                    answered = false;
                    if let Err(cause) = self.beat(socket).await {
                        return End::After(After::Resume(cause));
                    }
                }
                heard = socket.hear() => match heard {
                    Heard::Noise => {}
                    Heard::Closed(code, reason) => return End::After(after_close(code, &reason)),
                    Heard::Frame(frame) => match frame.op {
                        DISPATCH => {
                            self.dispatched(frame, connected);
                            if self.hearing.progress.in_hand() > FLOOD {
                                return End::Flooded;
                            }
                        }
                        HEARTBEAT => if let Err(cause) = self.beat(socket).await {
                            return End::After(After::Resume(cause));
                        },
                        ACK => answered = true,
                        RECONNECT => return End::After(After::Resume("Discord asked to connect again".into())),
                        INVALID_SESSION if frame.d == Value::Bool(true) => {
                            return End::After(After::Resume("Discord asked to resume later".into()));
                        }
                        INVALID_SESSION => return End::After(After::Identify("Discord no longer knows the session".into())),
                        op => tracing::debug!("an unknown operation of Discord's gateway: {op}"),
                    },
                },
            }
        }
    }

    async fn beat(&self, socket: &mut Socket) -> Result<(), String> {
        socket.say(&heartbeat(self.session.as_ref().map(|session| session.seq).filter(|seq| *seq > 0))).await
    }

    /// An event: noted in the session, then heard.
    fn dispatched(&mut self, frame: Frame, connected: &mut Option<Instant>) {
        let (Some(seq), Some(kind)) = (frame.s, frame.t) else { return };
        if kind == "READY" {
            self.hearing.progress.begin_session();
        }
        let ticket = self.hearing.progress.event(seq);
        match self.hearing.told(&kind, frame.d, ticket) {
            Told::Ready { session, url } => {
                self.session = Some(Session { id: session, url, seq });
                *connected = Some(Instant::now());
            }
            Told::Resumed => *connected = Some(Instant::now()),
            Told::Other => {}
        }
        if let Some(session) = &mut self.session {
            session.seq = session.seq.max(seq);
            self.hearing.bot.note_session(session);
        }
        if matches!(kind.as_str(), "READY" | "RESUMED") {
            // Until it has proved steady, a resumed session may be lost again soon, and a new one is dear: Discord
            // gives a thousand a day.
            self.tries = self.tries.min(if kind == "READY" { 5 } else { 2 });
            let health = Health::Connected { detail: self.hearing.who() };
            self.hearing.bot.health.send_replace(health);
            tracing::info!(kind, "connected to Discord");
        }
    }
}
