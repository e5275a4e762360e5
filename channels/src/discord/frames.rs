//! The gateway's frames and what its closes mean.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use serenity::model::gateway::GatewayIntents;

/// One frame of either side.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Frame {
    pub(super) op: u8,
    #[serde(default)]
    pub(super) d: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) s: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) t: Option<String>,
}

pub(super) const DISPATCH: u8 = 0;
pub(super) const HEARTBEAT: u8 = 1;
pub(super) const RECONNECT: u8 = 7;
pub(super) const INVALID_SESSION: u8 = 9;
pub(super) const HELLO: u8 = 10;
pub(super) const ACK: u8 = 11;

/// What the bot must hear: servers and their channels and threads, their messages, direct messages, and what is in them.
pub(super) fn intents() -> GatewayIntents {
    GatewayIntents::GUILDS
        | GatewayIntents::GUILD_MESSAGES
        | GatewayIntents::DIRECT_MESSAGES
        | GatewayIntents::MESSAGE_CONTENT
}

/// A session that can be taken up again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Session {
    pub(super) id: String,
    /// Where to resume it.
    pub(super) url: String,
    /// The last event that need not be sent again.
    pub(super) seq: u64,
}

pub(super) fn identify(token: &str) -> Value {
    json!({"op": 2, "d": {
        "token": token,
        "intents": intents().bits(),
        "compress": true,
        "large_threshold": 50,
        "properties": {"os": std::env::consts::OS, "browser": "deskhand", "device": "deskhand"},
    }})
}

pub(super) fn resume(token: &str, session: &Session) -> Value {
    json!({"op": 6, "d": {"token": token, "session_id": session.id, "seq": session.seq}})
}

pub(super) fn heartbeat(seq: Option<u64>) -> Value {
    json!({"op": HEARTBEAT, "d": seq})
}

/// What to do once a connection has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum After {
    /// Connect again and take the session up where it was.
    Resume(String),
    /// Connect again with a new session.
    Identify(String),
    /// Nothing, until an admin acts.
    Stop(String),
}

/// What a close code asks for (`None`: the link was cut without one).
pub(super) fn after_close(code: Option<u16>, reason: &str) -> After {
    let told = match code {
        Some(code) => format!("Discord closed the gateway ({code} {reason})"),
        None => "the link to Discord's gateway was cut".into(),
    };
    let stop = |what: &str| After::Stop(format!("{what} ({})", code.unwrap_or_default()));
    match code {
        Some(4004) => stop(
            "Discord refused the bot's token: make a new one in the developer portal (Bot, Reset Token), set it as \
             discord.token and restart",
        ),
        Some(4010) => stop("Discord refused the shard: this is a fault of the program, please report it"),
        Some(4011) => {
            stop("the bot is in more than 2,500 servers, which needs sharding: remove it from some of them")
        }
        Some(4012) => stop("Discord no longer speaks this version of its gateway: update the program"),
        Some(4013) => stop("Discord does not know the intents asked for: update the program"),
        Some(4014) => stop(
            "Discord refused an intent: switch on the Message Content intent in the developer portal (Bot, Privileged \
             Gateway Intents) and restart",
        ),
        Some(4003 | 4007 | 4009 | 1000 | 1001) => After::Identify(told),
        _ => After::Resume(told),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_close_code_has_its_consequence() {
        for code in [4000, 4001, 4002, 4005, 4008, 1006] {
            assert!(matches!(after_close(Some(code), ""), After::Resume(_)), "{code}");
        }
        for code in [4003, 4007, 4009, 1000] {
            assert!(matches!(after_close(Some(code), ""), After::Identify(_)), "{code}");
        }
        for code in [4004, 4010, 4011, 4012, 4013, 4014] {
            assert!(matches!(after_close(Some(code), ""), After::Stop(_)), "{code}");
        }
        assert!(matches!(after_close(None, ""), After::Resume(_)));
        let After::Stop(cause) = after_close(Some(4014), "") else { panic!("4014 is final") };
        assert!(cause.contains("switch on the Message Content intent in the developer portal"));
    }
}
