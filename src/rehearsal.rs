//! A conversation without a world: the same judgement on a talk in memory, acting on nothing. Cases, `triage` and
//! replay are built on it.

use crate::domain::Time;
use crate::domain::consult::Standing;
use crate::domain::conversation::{Conversation, NotOpened};
use crate::domain::customer::{Account, Customer};
use crate::domain::decision::Decision;
use crate::domain::effect::{Effect, Outcome};
use crate::domain::event::{Answer, Demotion, DeskState, Entry, Event, Question};
use crate::domain::ids::{ConversationId, CustomerId};
use crate::domain::ticket::TicketRef;
use crate::playbook::Playbook;
use crate::playbook::policy::action::ActionKind;
use crate::triage::{self, Step};
use channels::{Attachment, Channel};
use chrono::TimeDelta;
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

/// More steps than any turn needs.
const MAX_STEPS: usize = 200;

/// One talk in memory.
pub struct Rehearsal<'a> {
    book: &'a Playbook,
    /// The state so far.
    pub talk: Conversation,
    now: Time,
    customer: Customer,
    account: Option<Account>,
    desk: DeskState,
    directory: &'a dyn Fn(&str) -> Option<Account>,
    outside: Outside<'a>,
    demotions: Vec<Demotion>,
    tickets: u32,
    incidents: BTreeMap<String, TicketRef>,
}

/// What other systems answer to an action and its input; `None` where nobody has said.
pub type Outside<'a> = &'a dyn Fn(&str, &Value) -> Option<Result<Value, String>>;

/// Why a rehearsal has no answer.
const UNSAID: &str = "nobody has said what the other system answers in this rehearsal";

/// Who writes, and how things stand.
pub struct Cast<'a> {
    /// Where from.
    pub channel: Channel,
    /// A name they gave.
    pub name: Option<String>,
    /// An address they gave.
    pub email: Option<String>,
    /// Whether it is verified.
    pub verified: bool,
    /// The account of a verified customer.
    pub account: Option<Account>,
    /// How things stand at the desk.
    pub desk: DeskState,
    /// The directory, by address.
    pub directory: &'a dyn Fn(&str) -> Option<Account>,
    /// Other systems.
    pub outside: Outside<'a>,
    /// Intents that may do less by themselves than their policy says.
    pub demotions: Vec<Demotion>,
}

impl<'a> Rehearsal<'a> {
    /// An empty talk.
    pub fn new(book: &'a Playbook, cast: Cast<'a>, now: Time) -> Result<Self, NotOpened> {
        let customer = Customer {
            id: CustomerId(Uuid::nil()),
            name: cast.name,
            email: cast.email,
            verified: cast.verified,
            external: None,
            locale: None,
        };
        let opened = Event::Opened {
            channel: cast.channel,
            customer: customer.id,
            address: "rehearsal".to_owned(),
            locale: None,
            page: None,
            follows: None,
        };
        let talk =
            Conversation::open(ConversationId(Uuid::nil()), &Entry { seq: 1, at: now, event: opened })?;
        Ok(Self {
            book,
            talk,
            now,
            customer,
            account: cast.account.filter(|_| cast.verified),
            desk: cast.desk,
            directory: cast.directory,
            outside: cast.outside,
            demotions: cast.demotions,
            tickets: 0,
            incidents: BTreeMap::new(),
        })
    }

    /// The customer writes; returns everything that followed.
    pub fn says(&mut self, text: &str, choice: Option<String>, attachments: Vec<Attachment>) -> Vec<Event> {
        self.now += TimeDelta::seconds(20);
        let received = Event::Received {
            external_id: String::new(),
            text: text.to_owned(),
            choice,
            attachments,
            quoted: None,
            edits: None,
        };
        let mut events = Vec::new();
        if matches!(self.talk.state, crate::domain::conversation::State::Resolved { .. }) {
            self.push(Event::Reopened, &mut events);
        }
        self.push(received, &mut events);
        self.settle(&mut events);
        events
    }

    /// Time goes by.
    pub fn waits(&mut self, span: TimeDelta) -> Vec<Event> {
        let until = self.now + span;
        let mut events = Vec::new();
        // Whatever falls due on the way happens in its own time.
        while let Some(due) = self.talk.due().filter(|due| *due <= until) {
            let before = self.talk.seq;
            self.now = self.now.max(due);
            self.settle(&mut events);
            if self.talk.seq == before {
                break;
            }
        }
        self.now = until;
        self.settle(&mut events);
        events
    }

    /// Something happens outside.
    pub fn occurs(&mut self, name: &str, about: &str, data: Value) -> Vec<Event> {
        self.happens(vec![Event::Occurred { name: name.to_owned(), about: about.to_owned(), data }])
    }

    /// Events that others than the bot bring about; returns them and everything that followed.
    pub fn happens(&mut self, more: Vec<Event>) -> Vec<Event> {
        self.now += TimeDelta::seconds(20);
        let mut events = Vec::new();
        more.into_iter().for_each(|event| self.push(event, &mut events));
        self.settle(&mut events);
        events
    }

    /// When it is in the rehearsal.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now
    }

    fn settle(&mut self, events: &mut Vec<Event>) {
        for _ in 0..MAX_STEPS {
            match triage::next(&self.talk, self.book, self.now) {
                Step::Wait(_) => break,
                Step::Ask(questions) => {
                    for question in questions {
                        let answer = Box::new(self.answer(question));
                        self.push(Event::Answered { answer }, events);
                    }
                }
                Step::Conclude(more) => {
                    let mut came = Vec::new();
                    for event in more {
                        let act = self.outcome_of(&event);
                        self.push(event, events);
                        came.extend(act.map(|outcome| Event::Finished { effect: self.talk.seq, outcome }));
                    }
                    came.into_iter().for_each(|finished| self.push(finished, events));
                }
            }
        }
    }

    fn push(&mut self, event: Event, events: &mut Vec<Event>) {
        self.talk.apply(&Entry { seq: self.talk.seq + 1, at: self.now, event: event.clone() });
        events.push(event);
    }

    fn answer(&self, question: Question) -> Answer {
        match question {
            Question::Context { message } => Answer::Context {
                message,
                customer: self.customer.clone(),
                account: self.account.clone(),
                desk: self.desk,
                demotions: self.demotions.clone(),
                // A rehearsal asks nobody.
                model: Standing::Off,
            },
            Question::Account { email, step } => Answer::Account { step, account: (self.directory)(&email) },
            Question::Call { ref action, ref input, ref step } => match self.asks(action, input) {
                Ok(output) => Answer::Called { step: step.clone(), output },
                Err(cause) => Answer::Unavailable { question, cause },
            },
        }
    }

    /// What another system answers. Where nobody has said, what is done is taken to succeed with a sample of what the
    /// action promises; what is asked has no answer.
    fn asks(&self, action: &str, input: &Value) -> Result<Value, String> {
        let action = self.book.actions.get(action).ok_or_else(|| format!("there is no action {action}"))?;
        match ((self.outside)(&action.id, input), action.kind) {
            (Some(said), _) => {
                action.gives(said?).map_err(|why| format!("the answer is not as the action promises: {why}"))
            }
            (None, ActionKind::Act) => Ok(action.sample()),
            (None, ActionKind::Read) => Err(UNSAID.to_owned()),
        }
    }

    fn outcome_of(&mut self, event: &Event) -> Option<Outcome> {
        match event {
            Event::Requested { effect: Effect::OpenTicket(ticket) } => {
                let known = ticket.incident.as_ref().and_then(|key| self.incidents.get(key));
                if let Some(known) = known {
                    return Some(Outcome::TicketOpened(TicketRef { joined: true, ..known.clone() }));
                }
                self.tickets += 1;
                let opened = TicketRef {
                    number: format!("T-{}", self.tickets),
                    title: ticket.title.clone(),
                    priority: ticket.priority,
                    joined: false,
                    outside: None,
                    late: false,
                };
                if let Some(key) = &ticket.incident {
                    self.incidents.insert(key.clone(), opened.clone());
                }
                Some(Outcome::TicketOpened(opened))
            }
            Event::Requested { effect: Effect::Act { action, input, .. } } => {
                Some(match self.asks(action, input) {
                    Ok(output) => Outcome::Acted { output },
                    Err(cause) => Outcome::Failed { cause },
                })
            }
            Event::Requested { effect: Effect::Notify { .. } } => Some(Outcome::Notified),
            _ => None,
        }
    }
}

/// The first decision among events.
#[must_use]
pub fn decision(events: &[Event]) -> Option<&Decision> {
    events.iter().find_map(|event| match event {
        Event::Decided { decision } => Some(decision.as_ref()),
        _ => None,
    })
}
