//! A conversation: nothing but a fold of its events. It stays small however long the talk is, because it is stored
//! beside the log as a snapshot; the log remains the truth.

mod consulting;
mod due;
mod fold;
mod parts;

pub use parts::{Done, Handoff, Lookup, Occurrence};

use super::Time;
use super::approval::Approval;
use super::code::Tried;
use super::consult::{Asked, Memory, Standing};
use super::customer::{Account, Customer};
use super::decision::Decision;
use super::effect::{Effect, Outcome};
use super::event::{Demotion, DeskState, Entry, Event, Resolution};
use super::ids::{ConversationId, CustomerId, Seq};
use super::person::PersonRef;
use super::run::{Run, Waiting};
use super::switch::SwitchedOff;
use super::ticket::{Priority, TicketRef};
use channels::{Attachment, Channel, Choice};
use nlu::signals::Urgency;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Changes whenever the fold does: a snapshot of another version is thrown away and the log folded again.
pub const FOLD_VERSION: i64 = 8;

/// The state that everything is decided on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    /// Ours.
    pub id: ConversationId,
    /// The last event folded in.
    pub seq: Seq,
    /// Where.
    pub channel: Channel,
    /// Who.
    pub customer: CustomerId,
    /// Where answers go.
    pub address: String,
    /// The language they asked for.
    pub locale: Option<String>,
    /// The language they last wrote in, as far as it could be told.
    pub written_in: Option<String>,
    /// The page they were on.
    pub page: Option<String>,
    /// When it began.
    pub opened_at: Time,
    /// When the last event happened.
    pub updated_at: Time,
    /// Who has it.
    pub state: State,
    /// Messages of the customer.
    pub turns: u32,
    /// Messages of the bot.
    pub bot_turns: u32,
    /// Messages without an outcome yet, oldest first.
    pub pending: Vec<Pending>,
    /// The last lines said.
    pub recent: VecDeque<Line>,
    /// What was learned of the customer and the desk for the newest message.
    pub context: Option<Context>,
    /// Answers to the running playbook's questions, by step.
    pub lookups: BTreeMap<String, Lookup>,
    /// The playbook under way.
    pub run: Option<Run>,
    /// What came of the effects that the run waits for, by the place that asked.
    pub came: BTreeMap<Seq, Outcome>,
    /// Playbooks that wait at the side since the customer changed the subject, oldest first.
    pub aside: Vec<Run>,
    /// What humans were asked to approve, by the place that asked, until the playbook has taken in the answer.
    pub approvals: BTreeMap<Seq, Approval>,
    /// What happened outside and no playbook has taken in yet, oldest first.
    pub occurred: Vec<Occurrence>,
    /// What other systems have done for this conversation, oldest first.
    pub done: Vec<Done>,
    /// The buttons that the customer may press now.
    pub offered: Vec<Choice>,
    /// The newest decision and its place.
    pub decision: Option<(Seq, Box<Decision>)>,
    /// The intent that it is about: the last one the bot was sure of, else its first guess.
    pub about: Option<String>,
    /// The highest urgency so far.
    pub urgency: Option<Urgency>,
    /// How soon somebody should look.
    pub priority: Priority,
    /// Whose it is.
    pub team: Option<String>,
    /// Labels, in the order they came.
    pub tags: Vec<String>,
    /// The newest files that the customer sent.
    pub files: Vec<Attachment>,
    /// Tickets that stand.
    pub tickets: Vec<TicketRef>,
    /// Acts asked for and not finished.
    pub acts: BTreeMap<Seq, Effect>,
    /// How often an answer did not help.
    pub failed_answers: u32,
    /// Whether the bot has said that it is one.
    pub disclosed: bool,
    /// Whether a "did you mean" was asked already.
    pub clarified: bool,
    /// Whether a human was called before.
    pub handed_off_before: bool,
    /// Whether the customer came back after a resolution.
    pub reopened: bool,
    /// What the human was told at the last hand-off.
    pub handoff: Option<Handoff>,
    /// Silence until then counts as a resolution.
    pub silence_until: Option<Time>,
    /// 1 to 5.
    pub rating: Option<u8>,
    /// Whether the customer was asked how it was, and has not written since.
    pub rating_asked: bool,
    /// What came of the code in the message that is just being recorded.
    pub tried: Option<Tried>,
    /// The platform's id of the customer's newest message.
    pub heard: Option<String>,
    /// Why nobody can be reached at the address, while nobody can.
    pub unreachable: Option<String>,
    /// What is switched off, as of the last look.
    pub off: Vec<SwitchedOff>,
    /// What the language model was asked about messages that are not decided yet, and for the last hand-off.
    pub consulted: Vec<Asked>,
    /// What was said long ago, where a language model has summarised it.
    pub memory: Option<Memory>,
    /// What the language model has cost so far, in millionths of a US dollar.
    pub model_micros: u64,
}

/// Who has the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum State {
    /// The bot.
    Bot,
    /// Nobody yet: it waits for a human.
    Queued {
        /// Since when.
        since: Time,
        /// When the customer is told what to expect.
        overdue_at: Time,
        /// Whether that was done.
        told: bool,
        /// Whether the customer wrote meanwhile.
        wrote_again: bool,
        /// Whether they were told that nothing is lost.
        reassured: bool,
        /// Whether a ticket was asked for since.
        ticket_asked: bool,
    },
    /// A human.
    Human {
        /// Who.
        agent: PersonRef,
        /// Since when.
        since: Time,
    },
    /// Settled.
    Resolved {
        /// When.
        at: Time,
        /// How we know.
        resolution: Resolution,
    },
}

impl State {
    /// The name used in the API and the database.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::Queued { .. } => "queued",
            Self::Human { .. } => "human",
            Self::Resolved { .. } => "resolved",
        }
    }
}

/// A message that waits for its outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Its place.
    pub seq: Seq,
    /// When it came.
    pub at: Time,
    /// What it says; at most its first 4,000 characters.
    pub text: String,
    /// The button pressed.
    pub choice: Option<String>,
    /// How many files came with it.
    pub attachments: usize,
    /// What came of the code that it held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Tried>,
    /// Whether the bot has decided about it: then a playbook owes the outcome.
    pub decided: bool,
}

/// One line of the talk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// `customer`, `bot`, `agent` or `system`.
    pub from: String,
    /// When.
    pub at: Time,
    /// What; cut at 500 characters.
    pub text: String,
}

/// What was learned for one message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Context {
    /// The message.
    pub message: Seq,
    /// The customer record.
    pub customer: Option<Customer>,
    /// The account of a verified customer.
    pub account: Option<Account>,
    /// How things stand at the desk.
    pub desk: DeskState,
    /// Intents that may do less by themselves than their policy says.
    pub demotions: Vec<Demotion>,
    /// Why the directory could not be asked, if it could not.
    pub trouble: Option<String>,
    /// How the language model stood.
    pub model: Standing,
}

/// A log that is not one of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the log of a conversation begins with its opening")]
pub struct NotOpened;

impl Conversation {
    /// Folds a whole log.
    pub fn fold<'a>(
        id: ConversationId,
        entries: impl IntoIterator<Item = &'a Entry>,
    ) -> Result<Self, NotOpened> {
        let mut entries = entries.into_iter();
        let first = entries.next().ok_or(NotOpened)?;
        let mut talk = Self::open(id, first)?;
        for entry in entries {
            talk.apply(entry);
        }
        Ok(talk)
    }

    /// The conversation as its first event makes it.
    pub fn open(id: ConversationId, first: &Entry) -> Result<Self, NotOpened> {
        let Event::Opened { channel, customer, address, locale, page, .. } = &first.event else {
            return Err(NotOpened);
        };
        Ok(Self {
            id,
            seq: first.seq,
            channel: *channel,
            customer: *customer,
            address: address.clone(),
            locale: locale.clone(),
            written_in: None,
            page: page.clone(),
            opened_at: first.at,
            updated_at: first.at,
            state: State::Bot,
            turns: 0,
            bot_turns: 0,
            pending: Vec::new(),
            recent: VecDeque::new(),
            context: None,
            lookups: BTreeMap::new(),
            run: None,
            came: BTreeMap::new(),
            aside: Vec::new(),
            approvals: BTreeMap::new(),
            occurred: Vec::new(),
            done: Vec::new(),
            offered: Vec::new(),
            decision: None,
            about: None,
            urgency: None,
            priority: Priority::Normal,
            team: None,
            tags: Vec::new(),
            files: Vec::new(),
            tickets: Vec::new(),
            acts: BTreeMap::new(),
            failed_answers: 0,
            disclosed: false,
            clarified: false,
            handed_off_before: false,
            reopened: false,
            handoff: None,
            silence_until: None,
            rating: None,
            rating_asked: false,
            tried: None,
            heard: None,
            unreachable: None,
            off: Vec::new(),
            consulted: Vec::new(),
            memory: None,
            model_micros: 0,
        })
    }

    /// Whether a playbook waits for the outcome of an act: later messages wait with it.
    #[must_use]
    pub fn acting(&self) -> bool {
        self.run.as_ref().is_some_and(|run| {
            matches!(run.waiting, Waiting::Effect { .. } | Waiting::Effects { .. }) && !self.has_come(run)
        })
    }

    /// The playbooks under way: the one in front, then those at the side, the newest first.
    pub fn runs(&self) -> impl Iterator<Item = &Run> {
        self.run.iter().chain(self.aside.iter().rev())
    }

    /// Whether what the run waits for is there; the passing of time is not looked at.
    #[must_use]
    pub fn has_come(&self, run: &Run) -> bool {
        match &run.waiting {
            Waiting::Nothing => true,
            Waiting::Slot { .. } | Waiting::Moment { .. } => false,
            Waiting::Effect { seq } | Waiting::Code { seq, .. } => self.came.contains_key(seq),
            Waiting::Effects { awaited } => awaited.iter().all(|(seq, _)| self.came.contains_key(seq)),
            Waiting::Approval { seq, .. } => {
                self.approvals.get(seq).is_some_and(|approval| approval.ruling.is_some())
            }
            Waiting::Event { name, about, .. } => self.occurrence(name, about).is_some(),
            Waiting::Model { seq, .. } => self.inquired(*seq).is_some_and(|asked| asked.came.is_some()),
        }
    }

    /// What happened of that name to that thing, and was not taken in yet.
    #[must_use]
    pub fn occurrence(&self, name: &str, about: &str) -> Option<&Occurrence> {
        self.occurred.iter().find(|one| one.name == name && one.about == about)
    }

    /// Until when the customer's silence is waited for. It settles nothing while a playbook waits for the world or for
    /// a human.
    #[must_use]
    pub fn silence(&self) -> Option<Time> {
        self.silence_until.filter(|_| self.runs().all(Run::asks))
    }

    /// Proposals that nobody has ruled on yet.
    pub fn open_approvals(&self) -> impl Iterator<Item = (Seq, &Approval)> {
        let open = self.approvals.iter().filter(|(_, approval)| approval.ruling.is_none());
        open.map(|(seq, approval)| (*seq, approval))
    }

    /// The effect that was to send the code that a playbook waits for.
    #[must_use]
    pub fn awaits_code(&self) -> Option<Seq> {
        self.runs().find_map(|run| match run.waiting {
            Waiting::Code { seq, .. } => Some(seq),
            _ => None,
        })
    }

    /// Our number of the ticket that somebody calls so: by ours, or by the one it has elsewhere.
    #[must_use]
    pub fn ticket_called(&self, name: &str) -> Option<&str> {
        let called = |ticket: &&TicketRef| {
            ticket.number == name || ticket.outside.as_ref().is_some_and(|outside| outside.number == name)
        };
        self.tickets.iter().rev().find(called).map(|ticket| ticket.number.as_str())
    }

    /// Whether a ticket is on its way.
    #[must_use]
    pub fn opening_ticket(&self) -> bool {
        self.acts.values().any(|act| matches!(act, Effect::OpenTicket(_)))
    }

    /// Since when the oldest message has had no outcome.
    #[must_use]
    pub fn unanswered_since(&self) -> Option<Time> {
        self.pending.first().map(|pending| pending.at)
    }

    /// The human who has it.
    #[must_use]
    pub fn agent(&self) -> Option<&PersonRef> {
        match &self.state {
            State::Human { agent, .. } => Some(agent),
            _ => None,
        }
    }

    /// The language to answer in: the one last written in, else the one asked for.
    #[must_use]
    pub fn language<'a>(&'a self, default: &'a str) -> &'a str {
        self.written_in.as_deref().or(self.locale.as_deref()).unwrap_or(default)
    }
}
