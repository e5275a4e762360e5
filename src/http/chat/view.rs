//! The log as the customer may see it: internal events are not there, and neither is anything of the people at the
//! desk but the name of who speaks.

use crate::domain::Time;
use crate::domain::event::{Author, Entry, Event};
use crate::domain::ids::Seq;
use channels::{Attachment, Choice, Citation};
use serde::Serialize;

/// An event with its place in the conversation's log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Placed {
    seq: Seq,
    at: Time,
    #[serde(flatten)]
    what: What,
}

/// What the customer sees.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum What {
    /// Somebody said something.
    Message {
        from: From,
        id: String,
        text: String,
        author: Option<Speaker>,
        choices: Vec<Choice>,
        citations: Vec<Source>,
        attachments: Vec<Attachment>,
    },
    /// Somebody else has the conversation now.
    State {
        state: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        agent: Option<Speaker>,
        #[serde(skip_serializing_if = "Option::is_none")]
        position: Option<usize>,
        #[serde(skip_serializing_if = "Option::is_none")]
        expected_wait_s: Option<i64>,
    },
    /// The desk would like to know how it was.
    RatingRequest,
}

/// What is sent to the widget.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Shown {
    /// An event of the log.
    Event(Placed),
    /// Not of the log.
    Passing(Passing),
}

/// What passes and is not kept.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Passing {
    /// Another conversation is the current one: `seq` begins anew.
    Conversation {
        /// Which.
        id: String,
    },
    /// Somebody is writing.
    Typing {
        /// Who.
        from: From,
    },
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum From {
    Customer,
    Bot,
    Agent,
    System,
}

/// A human at the desk, as the customer knows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Speaker {
    pub(super) name: String,
}

/// Where words come from; unlike in the log, an absent address is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Source {
    title: String,
    url: Option<String>,
    article: String,
}

impl std::convert::From<Citation> for Source {
    fn from(Citation { article, title, url }: Citation) -> Self {
        Self { title, url, article }
    }
}

/// How long it may take, for somebody who waits now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wait {
    /// 1 is next.
    pub(super) position: Option<usize>,
    /// Seconds.
    pub(super) expected_s: Option<i64>,
}

/// An entry as the customer sees it, if they may. `wait` belongs to the newest hand-off while it stands.
pub(super) fn of(entry: Entry, wait: Option<Wait>) -> Option<Shown> {
    let Entry { seq, at, event } = entry;
    let what = match event {
        Event::Received { external_id, text, attachments, .. } => What::Message {
            from: From::Customer,
            id: external_id,
            text,
            author: None,
            choices: Vec::new(),
            citations: Vec::new(),
            attachments,
        },
        Event::Said { author, text, choices, citations, .. } => {
            let (from, author) = match author {
                Author::Bot => (From::Bot, None),
                Author::Agent(person) => (From::Agent, Some(Speaker { name: person.name })),
                Author::System => (From::System, None),
            };
            let citations = citations.into_iter().map(Source::from).collect();
            // The sender's own id of an agent's message is no business of the customer's: the place names it.
            What::Message {
                from,
                id: format!("m{seq}"),
                text,
                author,
                choices,
                citations,
                attachments: Vec::new(),
            }
        }
        Event::HandedOff { .. } => What::State {
            state: "queued",
            agent: None,
            position: wait.and_then(|wait| wait.position),
            expected_wait_s: wait.and_then(|wait| wait.expected_s),
        },
        Event::TakenOver { by } => state("human", Some(Speaker { name: by.name })),
        Event::Released { .. } | Event::Reopened => state("bot", None),
        Event::Resolved { .. } => state("resolved", None),
        Event::RatingAsked => What::RatingRequest,
        Event::Opened { .. }
        | Event::Answered { .. }
        | Event::ModelAsked { .. }
        | Event::ModelAnswered { .. }
        | Event::ModelFailed { .. }
        | Event::Decided { .. }
        | Event::Progressed { .. }
        | Event::PutAside
        | Event::Resumed { .. }
        | Event::ApprovalAsked { .. }
        | Event::Approved { .. }
        | Event::Rejected { .. }
        | Event::Occurred { .. }
        | Event::Switched { .. }
        | Event::Marked { .. }
        | Event::Requested { .. }
        | Event::Finished { .. }
        | Event::AwaitsSilence { .. }
        | Event::WentOverdue
        | Event::Reassured
        | Event::CodeTried { .. }
        | Event::Joined { .. }
        | Event::Moved { .. }
        | Event::Unreachable { .. }
        | Event::Reachable
        | Event::Noted { .. }
        | Event::Delayed { .. }
        | Event::Redriven { .. }
        | Event::Rated { .. } => return None,
    };
    Some(Shown::Event(Placed { seq, at, what }))
}

fn state(state: &'static str, agent: Option<Speaker>) -> What {
    What::State { state, agent, position: None, expected_wait_s: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::UserId;
    use crate::domain::person::PersonRef;
    use serde_json::json;

    fn shown(event: Event) -> serde_json::Value {
        let at = Time::UNIX_EPOCH;
        of(Entry { seq: 7, at, event }, None)
            .map_or(serde_json::Value::Null, |shown| serde_json::to_value(shown).unwrap())
    }

    #[test]
    fn notes_and_the_bots_thoughts_stay_inside() {
        let by = PersonRef { id: UserId(uuid::Uuid::nil()), name: "Maria".to_owned() };
        let note = Event::Noted { by: by.clone(), text: "secret".to_owned(), client_id: "n1".to_owned() };
        assert_eq!(shown(note), json!(null));
        assert_eq!(shown(Event::WentOverdue), json!(null));
        assert_eq!(
            shown(Event::TakenOver { by }),
            json!({"seq": 7, "at": "1970-01-01T00:00:00Z", "type": "state", "state": "human", "agent": {"name": "Maria"}})
        );
    }

    #[test]
    fn an_agent_is_named_and_nothing_else_of_them_is_told() {
        let maria = PersonRef { id: UserId(uuid::Uuid::nil()), name: "Maria".to_owned() };
        let said = Event::Said {
            author: Author::Agent(maria),
            text: "Hello".to_owned(),
            choices: Vec::new(),
            citations: Vec::new(),
            answers: None,
            client_id: Some("console-1".to_owned()),
        };
        assert_eq!(
            shown(said),
            json!({"seq": 7, "at": "1970-01-01T00:00:00Z", "type": "message", "from": "agent", "id": "m7", "text": "Hello",
                "author": {"name": "Maria"}, "choices": [], "citations": [], "attachments": []})
        );
    }
}
