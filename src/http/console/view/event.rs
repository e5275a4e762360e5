//! The log as agents see it.

use super::decision::{Citation, Decision, id_of};
use super::effects::{action_name, delivery, finished, requested};
use super::{Named, State};
use crate::domain::Time;
use crate::domain::code::Tried;
use crate::domain::effect::{Effect, Outcome};
use crate::domain::event::{Answer, Author, Entry, Event as Domain, Question, Resolution};
use crate::domain::ids::Seq;
use crate::domain::switch::SwitchedOff;
use crate::domain::ticket::COMMENTED;
use crate::playbook::Playbook;
use channels::Channel;
use serde::Serialize;
use serde_json::Value;
use std::collections::HashMap;
use utoipa::ToSchema;

/// One event.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(in crate::http) struct Event {
    /// Its place.
    seq: i64,
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    #[serde(flatten)]
    what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
#[schema(as = EventKind)]
pub(in crate::http) enum What {
    /// Somebody said something.
    Message {
        /// Of an agent's message the console's own id; else its place.
        id: String,
        #[schema(inline)]
        from: From,
        text: String,
        #[schema(required)]
        author: Option<Named>,
        choices: Vec<Choice>,
        citations: Vec<Citation>,
        attachments: Vec<Attachment>,
        /// What it replies to.
        #[schema(required)]
        quoted: Option<String>,
        /// Whether it corrects an earlier message.
        corrects: bool,
        /// On channels that must be pushed to; null elsewhere and while it is under way.
        #[schema(required, inline)]
        delivery: Option<Delivery>,
    },
    /// Somebody wrote what the customer never sees.
    Note {
        id: String,
        #[schema(required)]
        author: Option<Named>,
        text: String,
    },
    /// The conversation moved.
    State {
        #[schema(inline)]
        state: State,
        #[schema(required)]
        by: Option<Named>,
        text: String,
    },
    /// The bot decided.
    Decision { decision: Box<Decision> },
    /// The desk did something outside.
    Act {
        /// `ticket`, `notify`, `send`, `lookup` or `contact`.
        act: String,
        #[schema(inline)]
        status: Status,
        text: String,
        #[schema(required)]
        ticket: Option<String>,
        /// The place of the event that had asked for it, where this says what came of it.
        #[schema(required)]
        effect: Option<i64>,
    },
    /// The customer said how it was.
    Rating {
        #[schema(required)]
        helpful: Option<bool>,
        #[schema(required)]
        rating: Option<u8>,
        #[schema(required)]
        comment: Option<String>,
    },
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::http) enum From {
    Customer,
    Bot,
    Agent,
    System,
}

/// Whether a message reached its platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::http) enum Delivery {
    Sent,
    Failed,
    Uncertain,
}

/// What came of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::http) enum Status {
    Requested,
    Done,
    Failed,
    Uncertain,
}

/// A button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(in crate::http) struct Choice {
    id: String,
    label: String,
}

/// A file; to be had at `…/uploads/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(in crate::http) struct Attachment {
    id: String,
    name: String,
    #[serde(rename = "type")]
    media_type: String,
    size: u64,
}

/// What is needed beside an entry to show it.
pub(in crate::http::console) struct Around<'a> {
    /// The release in force, for names.
    pub(in crate::http::console) book: &'a Playbook,
    /// Where the conversation is.
    pub(in crate::http::console) channel: Channel,
    /// Effects by the place that asked for them, for those that finish among the entries.
    pub(in crate::http::console) asked: HashMap<Seq, Effect>,
    /// What came of effects, by the place that asked.
    pub(in crate::http::console) came: HashMap<Seq, Outcome>,
}

/// An entry as agents see it; what only the machinery needs is not there.
pub(in crate::http::console) fn of(entry: &Entry, around: &Around<'_>) -> Option<Event> {
    let what = match &entry.event {
        Domain::Opened { channel, .. } => {
            state(State::Bot, None, format!("The conversation began ({}).", channel.name()))
        }
        Domain::Received { text, attachments, quoted, edits, .. } => What::Message {
            id: id_of(entry.seq),
            from: From::Customer,
            text: text.clone(),
            author: None,
            choices: Vec::new(),
            citations: Vec::new(),
            attachments: attachments.iter().map(Attachment::of).collect(),
            quoted: quoted.clone(),
            corrects: edits.is_some(),
            delivery: None,
        },
        Domain::Said { author, text, choices, citations, client_id, .. } => {
            let (from, author) = match author {
                Author::Bot => (From::Bot, None),
                Author::Agent(person) => (From::Agent, Some(Named::person(person))),
                Author::System => (From::System, None),
            };
            What::Message {
                id: client_id.clone().unwrap_or_else(|| id_of(entry.seq)),
                from,
                text: text.clone(),
                author,
                choices: choices
                    .iter()
                    .map(|choice| Choice { id: choice.id.clone(), label: choice.label.clone() })
                    .collect(),
                citations: citations.iter().map(Citation::of).collect(),
                attachments: Vec::new(),
                quoted: None,
                corrects: false,
                delivery: around.came.get(&entry.seq).filter(|_| around.channel.pushes()).map(delivery),
            }
        }
        Domain::Noted { by, text, client_id } => {
            What::Note { id: client_id.clone(), author: Some(Named::person(by)), text: text.clone() }
        }
        Domain::Decided { decision } => {
            What::Decision { decision: Box::new(Decision::of(entry.seq, decision)) }
        }
        Domain::Requested { effect } => requested(effect, around.book),
        Domain::Finished { effect, outcome } => {
            finished(*effect, around.asked.get(effect), outcome, around.book)?
        }
        Domain::Answered { answer } => match answer.as_ref() {
            Answer::Unavailable { question, cause } => {
                let text = match question {
                    Question::Call { action, .. } => {
                        format!("{} gave no answer: {cause}", action_name(action, around.book))
                    }
                    Question::Context { .. } | Question::Account { .. } => {
                        format!("The customer directory did not answer: {cause}")
                    }
                };
                What::Act {
                    act: "lookup".to_owned(),
                    status: Status::Failed,
                    text,
                    ticket: None,
                    effect: None,
                }
            }
            Answer::Context { .. } | Answer::Account { .. } | Answer::Called { .. } => return None,
        },
        Domain::HandedOff { team, reasons, by, .. } => {
            let team = Named::team(team, around.book).name;
            let why = reasons.first().map(|reason| format!(" {}", reason.text)).unwrap_or_default();
            state(State::Queued, by.as_ref().map(Named::person), format!("Handed to {team}.{why}"))
        }
        Domain::WentOverdue => {
            let text = "Nobody took over in time. The customer was told what to expect.";
            state(State::Queued, None, text.to_owned())
        }
        Domain::TakenOver { by } => {
            state(State::Human, Some(Named::person(by)), format!("{} took over.", by.name))
        }
        Domain::Released { by } => {
            state(State::Bot, Some(Named::person(by)), format!("{} handed back to the bot.", by.name))
        }
        Domain::Resolved { resolution, by } => {
            let text = match (resolution, by) {
                (Resolution::Confirmed, _) => "Resolved: the customer says so.".to_owned(),
                (Resolution::Assumed, _) => {
                    "Assumed resolved: the customer fell silent after the answer.".to_owned()
                }
                (Resolution::Agent, Some(by)) => format!("{} resolved it.", by.name),
                (Resolution::Agent, None) => "An agent resolved it.".to_owned(),
            };
            state(State::Resolved, by.as_ref().map(Named::person), text)
        }
        Domain::Reopened => state(State::Bot, None, "The customer came back.".to_owned()),
        Domain::Rated { helpful, rating, comment } => {
            What::Rating { helpful: *helpful, rating: *rating, comment: comment.clone() }
        }
        Domain::Joined { .. } => {
            contact(Status::Done, "This chat belongs to a customer known from elsewhere now.".to_owned())
        }
        Domain::CodeTried { tried, .. } => match tried {
            Tried::Right { .. } => contact(
                Status::Done,
                "The customer showed who they are: the code from their e-mail was right.".to_owned(),
            ),
            Tried::Wrong { left } => {
                contact(Status::Failed, format!("The customer gave a wrong code; {left} tries are left."))
            }
            Tried::Gone => contact(Status::Failed, "The customer gave a code that had run out.".to_owned()),
        },
        Domain::Moved { .. } => {
            contact(Status::Done, "The platform gave this chat another address.".to_owned())
        }
        Domain::Unreachable { cause } => {
            contact(Status::Failed, format!("Nobody can be reached here: {cause}"))
        }
        Domain::Reachable => contact(Status::Done, "The customer can be reached again.".to_owned()),
        Domain::ApprovalAsked { proposal } => {
            approval(Status::Requested, format!("To be approved: {}", proposal.title))
        }
        Domain::Approved { by, .. } => {
            let who = by.as_ref().map_or("Nobody objected in time: it", |by| by.name.as_str());
            let text =
                if by.is_some() { format!("{who} approved it.") } else { format!("{who} is approved.") };
            approval(Status::Done, text)
        }
        Domain::Rejected { by, reason, .. } => {
            let who = by.as_ref().map_or("Nobody", |by| by.name.as_str());
            let text = if by.is_some() { format!("{who} rejected it: {reason}") } else { reason.clone() };
            approval(Status::Failed, text)
        }
        Domain::Occurred { name, about, data } if name == COMMENTED => {
            let text = |field: &str| data[field].as_str().unwrap_or_default();
            let author = Named { id: String::new(), name: format!("{} ({about})", text("by")) };
            What::Note { id: entry.seq.to_string(), author: Some(author), text: text("text").to_owned() }
        }
        Domain::Occurred { name, about, data } => What::Act {
            act: "event".to_owned(),
            status: Status::Done,
            text: happened(name, about, data),
            ticket: None,
            effect: None,
        },
        Domain::Switched { off } => What::Act {
            act: "switch".to_owned(),
            status: Status::Done,
            text: match off.first() {
                Some(_) => off.iter().map(SwitchedOff::sentence).collect::<Vec<_>>().join(" "),
                None => "Everything that was switched off is on again.".to_owned(),
            },
            ticket: None,
            effect: None,
        },
        Domain::Delayed { cause, until, .. } => {
            let text = format!("It takes longer: {cause}. The next try is at {} UTC.", until.format("%H:%M"));
            What::Act {
                act: "ticket".to_owned(),
                status: Status::Requested,
                text,
                ticket: None,
                effect: None,
            }
        }
        Domain::Redriven { again, by, .. } => {
            let what = if *again { "has it tried again" } else { "gave it up" };
            let status = if *again { Status::Requested } else { Status::Failed };
            let text = format!("{} {what}.", by.name);
            What::Act { act: "letter".to_owned(), status, text, ticket: None, effect: None }
        }
        Domain::ModelAsked { question } => {
            model(Status::Requested, super::consulting::asked(question, around.book))
        }
        Domain::ModelAnswered { answer, .. } => model(Status::Done, super::consulting::answered(answer)),
        Domain::ModelFailed { cause, .. } => {
            model(Status::Failed, format!("The language model gave no answer: {cause}"))
        }
        Domain::Progressed { .. }
        | Domain::PutAside
        | Domain::Resumed { .. }
        | Domain::Marked { .. }
        | Domain::AwaitsSilence { .. }
        | Domain::Reassured
        | Domain::RatingAsked => return None,
    };
    Some(Event { seq: entry.seq, at: entry.at, what })
}

/// What happened outside, with the plain values that came with it.
fn happened(name: &str, about: &str, data: &Value) -> String {
    let mut text = format!("{name}: {about}");
    let values = data.as_object().into_iter().flatten().filter_map(|(name, value)| match value {
        Value::String(text) if !text.is_empty() && text != about => Some((name, text.clone())),
        Value::Number(_) | Value::Bool(_) => Some((name, value.to_string())),
        _ => None,
    });
    for (name, value) in values.take(12) {
        text.push_str(&format!(
            "\n{}: {}",
            name.replace('_', " "),
            value.chars().take(200).collect::<String>()
        ));
    }
    text
}

fn state(state: State, by: Option<Named>, text: String) -> What {
    What::State { state, by, text }
}

/// What a language model was asked and said.
fn model(status: Status, text: String) -> What {
    What::Act { act: "model".to_owned(), status, text, ticket: None, effect: None }
}

/// What became of a proposal.
fn approval(status: Status, text: String) -> What {
    What::Act { act: "approval".to_owned(), status, text, ticket: None, effect: None }
}

/// What became of the way to the customer.
fn contact(status: Status, text: String) -> What {
    What::Act { act: "contact".to_owned(), status, text, ticket: None, effect: None }
}

impl Attachment {
    fn of(attachment: &channels::Attachment) -> Self {
        Self {
            id: attachment.id.clone(),
            name: attachment.name.clone(),
            media_type: attachment.media_type.clone(),
            size: attachment.size,
        }
    }
}
