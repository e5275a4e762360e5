//! A conversation without a world: the same judgement on a talk in memory, acting on nothing. Cases, `triage` and
//! replay are built on it.

use crate::domain::Time;
use crate::domain::conversation::{Conversation, NotOpened};
use crate::domain::customer::{Account, Customer};
use crate::domain::decision::Decision;
use crate::domain::effect::{Effect, Outcome};
use crate::domain::event::{Answer, DeskState, Entry, Event, Question};
use crate::domain::ids::{ConversationId, CustomerId};
use crate::domain::ticket::TicketRef;
use crate::playbook::Playbook;
use crate::triage::{self, Step};
use channels::{Attachment, Channel};
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
    tickets: u32,
}

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
            tickets: 0,
        })
    }

    /// The customer writes; returns everything that followed.
    pub fn says(&mut self, text: &str, choice: Option<String>, attachments: Vec<Attachment>) -> Vec<Event> {
        self.now += chrono::TimeDelta::seconds(20);
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
        for _ in 0..MAX_STEPS {
            match triage::next(&self.talk, self.book, self.now) {
                Step::Wait(_) => break,
                Step::Ask(question) => {
                    let answer = Box::new(self.answer(question));
                    self.push(Event::Answered { answer }, &mut events);
                }
                Step::Conclude(more) => {
                    let mut came = Vec::new();
                    for event in more {
                        let act = self.outcome_of(&event);
                        self.push(event, &mut events);
                        came.extend(act.map(|outcome| Event::Finished { effect: self.talk.seq, outcome }));
                    }
                    came.into_iter().for_each(|finished| self.push(finished, &mut events));
                }
            }
        }
        events
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
            },
            Question::Account { email, step } => Answer::Account { step, account: (self.directory)(&email) },
        }
    }

    fn outcome_of(&mut self, event: &Event) -> Option<Outcome> {
        match event {
            Event::Requested { effect: Effect::OpenTicket(ticket) } => {
                self.tickets += 1;
                Some(Outcome::TicketOpened(TicketRef {
                    number: format!("T-{}", self.tickets),
                    title: ticket.title.clone(),
                    priority: ticket.priority,
                }))
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
