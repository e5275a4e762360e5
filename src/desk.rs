//! The human's hand, pure: a command either becomes events or is refused with a sentence.

use crate::domain::Time;
use crate::domain::approval::Proposal;
use crate::domain::conversation::{Conversation, State};
use crate::domain::decision::Reason;
use crate::domain::effect::Effect;
use crate::domain::event::{Author, Entry, Event, Resolution};
use crate::domain::ids::Seq;
use crate::domain::person::PersonRef;
use crate::playbook::policy::trigger::On;
use crate::playbook::{Playbook, templates};
use crate::triage::rating;
use crate::triage::triggered::{Fired, triggered};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The longest text that an approval may change something into, in bytes.
const MAX_EDIT: usize = 4096;

/// What an agent, or the customer beside writing, can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// An agent takes the conversation; the bot is mute from then on.
    TakeOver,
    /// The agent who has it writes to the customer.
    Say {
        /// The console's own id of the message.
        client_id: String,
        /// Plain text.
        text: String,
    },
    /// An agent writes something that the customer never sees.
    Note {
        /// The console's own id of the note.
        client_id: String,
        /// Plain text.
        text: String,
    },
    /// The agent who has it gives it back to the bot.
    Release,
    /// An agent puts it into a team's queue.
    HandOff {
        /// Which team.
        team: String,
        /// A word to the colleagues.
        note: Option<String>,
    },
    /// An agent settles it.
    Resolve,
    /// An agent approves what a playbook is about to do.
    Approve {
        /// The event that asked.
        approval: Seq,
        /// What they changed.
        edits: BTreeMap<String, Value>,
    },
    /// An agent rejects it.
    Reject {
        /// The event that asked.
        approval: Seq,
        /// Why.
        reason: String,
    },
    /// An agent has the bot run a playbook.
    Start {
        /// The `manual` trigger that says which.
        trigger: String,
        /// What the agent gives it.
        input: Value,
    },
    /// An agent has something undone that another system has done.
    Undo {
        /// The event that had asked for it.
        act: Seq,
    },
}

/// Why a command changes nothing; the sentence is for the agent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A colleague has it.
    #[error("{0} has this conversation.")]
    Taken(String),
    /// Nobody, or somebody else, has it.
    #[error("Take the conversation over first.")]
    NotYours,
    /// It is settled.
    #[error("This conversation is resolved. It opens again when the customer writes.")]
    Resolved,
    /// It would change nothing.
    #[error("That is so already.")]
    Already,
    /// There is nothing of that place to rule on, or not any more.
    #[error("There is nothing to approve here any more.")]
    NothingToApprove,
    /// It may not be changed, or not into this.
    #[error("\"{0}\" can't be changed like that.")]
    NotEditable(String),
    /// There is nothing to undo.
    #[error("This can't be undone: {0}.")]
    NotUndone(String),
    /// There is no playbook that agents start under that name.
    #[error("There is no playbook \"{0}\" that agents can start.")]
    NoSuchPlaybook(String),
    /// It is under way already.
    #[error("This playbook is under way here already.")]
    UnderWay,
    /// It does not take what was given.
    #[error("{0}")]
    BadInput(String),
    /// There is no such team.
    #[error("There is no team \"{0}\".")]
    NoSuchTeam(String),
}

/// Decides a command.
pub fn decide(
    command: &Command,
    by: &PersonRef,
    talk: &Conversation,
    book: &Playbook,
    now: Time,
) -> Result<Vec<Event>, Refusal> {
    let mine = match &talk.state {
        State::Human { agent, .. } if agent.id == by.id => Ok(()),
        State::Human { agent, .. } => Err(Refusal::Taken(agent.name.clone())),
        State::Resolved { .. } => Err(Refusal::Resolved),
        State::Bot | State::Queued { .. } => Err(Refusal::NotYours),
    };
    match command {
        Command::TakeOver => match mine {
            Ok(()) => Err(Refusal::Already),
            Err(Refusal::NotYours) => {
                Ok(vec![Event::TakenOver { by: by.clone() }, announce("taken-over", by, talk, book)])
            }
            Err(refusal) => Err(refusal),
        },
        Command::Say { client_id, text } => mine.map(|()| {
            vec![Event::Said {
                author: Author::Agent(by.clone()),
                text: text.clone(),
                choices: Vec::new(),
                citations: Vec::new(),
                answers: Some(talk.seq),
                client_id: Some(client_id.clone()),
            }]
        }),
        Command::Note { client_id, text } => {
            Ok(vec![Event::Noted { by: by.clone(), text: text.clone(), client_id: client_id.clone() }])
        }
        Command::Release => {
            mine.map(|()| vec![Event::Released { by: by.clone() }, announce("released", by, talk, book)])
        }
        Command::HandOff { team, note } => {
            if matches!(mine, Err(ref refusal) if *refusal != Refusal::NotYours) {
                return mine.map(|()| Vec::new());
            }
            if !book.teams.all.contains_key(team) {
                return Err(Refusal::NoSuchTeam(team.clone()));
            }
            if matches!(talk.state, State::Queued { .. }) && talk.team.as_deref() == Some(team) {
                return Err(Refusal::Already);
            }
            let (id, policy) = book.team(team);
            let reason = match note {
                Some(note) => format!("{} passed it on: {note}", by.name),
                None => format!("{} passed it on.", by.name),
            };
            Ok(vec![
                Event::HandedOff {
                    team: id.to_owned(),
                    priority: talk.priority,
                    reasons: vec![Reason::new("passed-on", reason)],
                    summary: talk
                        .handoff
                        .as_ref()
                        .map_or_else(String::new, |handoff| handoff.summary.clone()),
                    overdue_at: policy.map_or(now, |team| team.overdue_at(now)),
                    by: Some(by.clone()),
                },
                sentence(
                    "handoff",
                    talk,
                    book,
                    json!({"team": book.team_facts(id, talk.language(&book.desk.default_language), now)}),
                ),
            ])
        }
        Command::Resolve => match &talk.state {
            State::Resolved { .. } => Err(Refusal::Already),
            State::Human { agent, .. } if agent.id != by.id => Err(Refusal::Taken(agent.name.clone())),
            _ => {
                let mut events = vec![
                    sentence("resolved", talk, book, json!({"agent": {"name": by.name}})),
                    Event::Resolved { resolution: Resolution::Agent, by: Some(by.clone()) },
                ];
                events.extend(rating::request(talk, book));
                Ok(events)
            }
        },
        Command::Approve { approval, edits } => {
            let proposal = open_proposal(talk, *approval)?;
            for (name, value) in edits {
                let fits = proposal.editable.get(name).is_some_and(|old| is_alike(old, value));
                if !fits {
                    return Err(Refusal::NotEditable(name.clone()));
                }
            }
            Ok(vec![Event::Approved { approval: *approval, by: Some(by.clone()), edits: edits.clone() }])
        }
        Command::Reject { approval, reason } => {
            open_proposal(talk, *approval)?;
            let reason = reason.clone();
            Ok(vec![Event::Rejected { approval: *approval, by: Some(by.clone()), reason }])
        }
        Command::Start { trigger, input } => match mine {
            Err(Refusal::Taken(name)) => Err(Refusal::Taken(name)),
            _ => start(trigger, input, by, talk, book, now),
        },
        Command::Undo { act } => undo(talk, book, *act).map(|effect| vec![Event::Requested { effect }]),
    }
}

/// A proposal that waits for a word.
fn open_proposal(talk: &Conversation, approval: Seq) -> Result<&Proposal, Refusal> {
    let open = talk.open_approvals().find(|(seq, _)| *seq == approval);
    open.map(|(_, approval)| &approval.proposal).ok_or(Refusal::NothingToApprove)
}

/// A number stays a number, and a text does not become a book.
fn is_alike(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::String(_), Value::String(text)) => text.len() <= MAX_EDIT,
        (Value::Number(_), Value::Number(_)) | (Value::Bool(_), Value::Bool(_)) => true,
        _ => false,
    }
}

/// The bot has the conversation for as long as the playbook runs.
fn start(
    trigger: &str,
    input: &Value,
    by: &PersonRef,
    talk: &Conversation,
    book: &Playbook,
    now: Time,
) -> Result<Vec<Event>, Refusal> {
    let of_agents = book.triggers.get(trigger).filter(|trigger| matches!(trigger.on, On::Manual(_)));
    let trigger = of_agents.ok_or_else(|| Refusal::NoSuchPlaybook(trigger.to_owned()))?;
    if talk.runs().any(|run| Some(&run.playbook) == trigger.then.playbook.as_ref()) {
        return Err(Refusal::UnderWay);
    }
    let unfit = |why: String| Refusal::BadInput(why);
    let event = trigger.takes(input.clone()).map_err(|error| unfit(error.to_string()))?;
    if !trigger.wants(&event, now).map_err(unfit)? {
        return Err(unfit("The playbook is not for this: its condition does not hold.".to_owned()));
    }
    let mut events = Vec::new();
    let mut after = talk.clone();
    if matches!(talk.state, State::Human { .. } | State::Queued { .. }) {
        let released = Event::Released { by: by.clone() };
        after.apply(&Entry { seq: talk.seq + 1, at: now, event: released.clone() });
        events.push(released);
    }
    let fired = Fired { trigger, event: &event, occurrence: &by.name, may_speak: true };
    events.extend(triggered(&after, book, fired, now).map_err(unfit)?);
    Ok(events)
}

fn undo(talk: &Conversation, book: &Playbook, act: Seq) -> Result<Effect, Refusal> {
    let refused = |why: &str| Refusal::NotUndone(why.to_owned());
    let done = talk.done.iter().find(|done| done.seq == act).ok_or_else(|| refused("it was not done"))?;
    if done.undone {
        return Err(Refusal::Already);
    }
    let undo = book.actions.get(&done.action).and_then(|action| action.undo.as_ref());
    let undo = undo.ok_or_else(|| refused("no action undoes it"))?;
    let action = book.actions.get(&undo.action).ok_or_else(|| refused("no action undoes it"))?;
    let facts = Map::from_iter([
        ("input".to_owned(), done.input.clone()),
        ("output".to_owned(), done.output.clone()),
    ]);
    let input = templates::fill_all(&undo.with, &facts).map(Value::Object).map_err(Refusal::NotUndone)?;
    action.takes(&input).map_err(Refusal::NotUndone)?;
    let (action, version) = (action.id.clone(), action.version.clone());
    Ok(Effect::Act { action, version, input, undoes: Some(act) })
}

fn announce(reply: &str, by: &PersonRef, talk: &Conversation, book: &Playbook) -> Event {
    sentence(reply, talk, book, json!({"agent": {"name": by.name}}))
}

/// A sentence of the desk itself, in the customer's language.
fn sentence(reply: &str, talk: &Conversation, book: &Playbook, more: Value) -> Event {
    let mut facts = crate::triage::facts::of_conversation(talk, book).json();
    if let Value::Object(more) = more {
        facts.extend(more);
    }
    facts.insert("bot".to_owned(), json!({"name": book.desk.bot_name}));
    Event::Said {
        author: Author::System,
        text: book.say(reply, talk.language(&book.desk.default_language), &facts),
        choices: Vec::new(),
        citations: Vec::new(),
        answers: None,
        client_id: None,
    }
}
