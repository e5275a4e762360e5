//! The kill switch: what an admin has switched off, until somebody switches it on again.

use super::Time;
use super::decision::Reason;
use super::run::Run;
use channels::Channel;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What can be switched off. Its text form is `all`, or the kind and the name, such as `intent:refund_request`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Switch {
    /// The whole bot.
    All,
    /// The bot on one channel.
    Channel(Channel),
    /// The bot for one intent.
    Intent(String),
    /// One action.
    Action(String),
    /// One playbook.
    Playbook(String),
}

impl fmt::Display for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Channel(channel) => write!(f, "channel:{}", channel.name()),
            Self::Intent(id) => write!(f, "intent:{id}"),
            Self::Action(id) => write!(f, "action:{id}"),
            Self::Playbook(id) => write!(f, "playbook:{id}"),
        }
    }
}

/// A text that names no switch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" names no switch; expected all, channel:…, intent:…, action:… or playbook:…")]
pub struct NoSwitch(String);

impl FromStr for Switch {
    type Err = NoSwitch;

    fn from_str(text: &str) -> Result<Self, NoSwitch> {
        let none = || NoSwitch(text.to_owned());
        match text.split_once(':') {
            None if text == "all" => Ok(Self::All),
            Some(("channel", name)) => Channel::from_name(name).map(Self::Channel).ok_or_else(none),
            Some((_, "")) | None => Err(none()),
            Some(("intent", id)) => Ok(Self::Intent(id.to_owned())),
            Some(("action", id)) => Ok(Self::Action(id.to_owned())),
            Some(("playbook", id)) => Ok(Self::Playbook(id.to_owned())),
            Some(_) => Err(none()),
        }
    }
}

impl Serialize for Switch {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Switch {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Something that is switched off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchedOff {
    /// What.
    pub switch: Switch,
    /// Why, in the words of whoever did it.
    pub because: String,
    /// Who: a name, for people.
    pub by: String,
    /// Since when.
    pub at: Time,
}

impl SwitchedOff {
    /// Why nothing is done, as a sentence for agents.
    #[must_use]
    pub fn sentence(&self) -> String {
        let what = match &self.switch {
            Switch::All => "The bot".to_owned(),
            Switch::Channel(channel) => format!("The bot on {}", channel.name()),
            Switch::Intent(id) => format!("The bot for {id}"),
            Switch::Action(id) => format!("The action {id}"),
            Switch::Playbook(id) => format!("The playbook {id}"),
        };
        format!("{what} was switched off by {}: {}", self.by, self.because)
    }
}

/// Everything that is switched off, as it stood at one version of the switchboard.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Switchboard {
    /// Rises with every change.
    pub version: i64,
    /// By what is off.
    pub off: Vec<SwitchedOff>,
}

impl Switchboard {
    /// What concerns a conversation on this channel.
    #[must_use]
    pub fn on(&self, channel: Channel) -> Vec<SwitchedOff> {
        let elsewhere = |switch: &Switch| matches!(switch, Switch::Channel(other) if *other != channel);
        self.off.iter().filter(|off| !elsewhere(&off.switch)).cloned().collect()
    }

    /// What a conversation on this channel must be told first, where it knows something else.
    #[must_use]
    pub fn news(&self, channel: Channel, known: &[SwitchedOff]) -> Option<Vec<SwitchedOff>> {
        let off = self.on(channel);
        (off != known).then_some(off)
    }
}

/// Why nothing is done by itself, as decisions and hand-offs give it.
#[must_use]
pub fn reason(off: &SwitchedOff) -> Reason {
    Reason::new("switched-off", off.sentence())
}

/// The switch that keeps the bot from saying or doing anything on this channel.
#[must_use]
pub fn muted(off: &[SwitchedOff], channel: Channel) -> Option<&SwitchedOff> {
    off.iter().find(|one| match &one.switch {
        Switch::All => true,
        Switch::Channel(other) => *other == channel,
        _ => false,
    })
}

/// The switch of an intent, where it is off.
#[must_use]
pub fn intent<'a>(off: &'a [SwitchedOff], id: &str) -> Option<&'a SwitchedOff> {
    off.iter().find(|one| matches!(&one.switch, Switch::Intent(other) if other == id))
}

/// The switch of an action, where it is off.
#[must_use]
pub fn action<'a>(off: &'a [SwitchedOff], id: &str) -> Option<&'a SwitchedOff> {
    off.iter().find(|one| matches!(&one.switch, Switch::Action(other) if other == id))
}

/// The switch of a playbook, where it is off.
#[must_use]
pub fn playbook<'a>(off: &'a [SwitchedOff], id: &str) -> Option<&'a SwitchedOff> {
    off.iter().find(|one| matches!(&one.switch, Switch::Playbook(other) if other == id))
}

/// The switch that stops a playbook under way: its own, or that of the intent that started it.
#[must_use]
pub fn stopped<'a>(off: &'a [SwitchedOff], run: &Run) -> Option<&'a SwitchedOff> {
    let by_intent = run.intent.as_ref().and_then(|id| intent(off, id));
    by_intent.or_else(|| playbook(off, &run.playbook))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_reads_as_it_is_written() {
        for text in
            ["all", "channel:web", "intent:refund_request", "action:refunds.create", "playbook:refund"]
        {
            assert_eq!(text.parse::<Switch>().unwrap().to_string(), text);
        }
        for text in ["", "al", "channel:fax", "intent:", "team:billing", "all:web"] {
            assert!(text.parse::<Switch>().is_err(), "{text}");
        }
    }
}
