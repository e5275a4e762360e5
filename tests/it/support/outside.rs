//! The world outside, stateful, with a journal of what it accepted and faults that a story orders.

use async_trait::async_trait;
use channels::{Channel, Courier, DeliveryError, Outbound, Receipt};
use deskhand::domain::Time;
use deskhand::domain::customer::Account;
use deskhand::domain::ids::{CustomerId, Place};
use deskhand::domain::ticket::{NewTicket, TicketRef};
use deskhand::playbook::actions::Action;
use deskhand::ports::storage::Storage;
use deskhand::ports::{
    Actions, CallError, Directory, DirectoryError, Mail, MailError, Mailer, Notice, Notifier, NotifyError,
    TicketError, Tickets,
};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A customer directory that can be slow or away.
#[derive(Default)]
pub(crate) struct FakeDirectory {
    accounts: Mutex<Vec<Account>>,
    pub(crate) away: AtomicBool,
    pub(crate) slow_ms: AtomicU64,
    pub(crate) asked: AtomicU64,
}

impl FakeDirectory {
    pub(crate) fn add(&self, account: Account) {
        self.accounts.lock().expect("no panic").push(account);
    }

    async fn find(&self, wanted: impl Fn(&Account) -> bool) -> Result<Option<Account>, DirectoryError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(self.slow_ms.load(Ordering::SeqCst))).await;
        if self.away.load(Ordering::SeqCst) {
            return Err(DirectoryError("connection refused".to_owned()));
        }
        Ok(self.accounts.lock().expect("no panic").iter().find(|account| wanted(account)).cloned())
    }
}

#[async_trait]
impl Directory for FakeDirectory {
    async fn by_email(&self, email: &str) -> Result<Option<Account>, DirectoryError> {
        self.find(|account| account.email == email).await
    }

    async fn by_id(&self, id: &str) -> Result<Option<Account>, DirectoryError> {
        self.find(|account| account.id == id).await
    }
}

/// A mail server with a heap of letters.
#[derive(Default)]
pub(crate) struct FakeMailer {
    pub(crate) sent: Mutex<Vec<Mail>>,
    pub(crate) faults: Mutex<VecDeque<MailError>>,
}

#[async_trait]
impl Mailer for FakeMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        if let Some(fault) = self.faults.lock().expect("no panic").pop_front() {
            return Err(fault);
        }
        self.sent.lock().expect("no panic").push(mail.clone());
        Ok(())
    }
}

/// Other systems, behind actions: what they answer is ordered, what they did is kept, and the same key again gives the
/// same answer where the action says that it carries one.
#[derive(Default)]
pub(crate) struct FakeActions {
    answers: Mutex<HashMap<String, Value>>,
    pub(crate) faults: Mutex<VecDeque<ActionFault>>,
    /// What was really done or read: the action, its key and its input.
    pub(crate) journal: Mutex<Vec<(String, String, Value)>>,
    pub(crate) slow_ms: AtomicU64,
    pub(crate) at_once: AtomicU64,
    pub(crate) most_at_once: AtomicU64,
}

#[derive(Debug, Clone)]
pub(crate) enum ActionFault {
    Away,
    Busy(u64),
    Refuses,
    AnswerLost,
    Answers(Value),
}

impl FakeActions {
    pub(crate) fn answers(&self, action: &str, value: Value) {
        self.answers.lock().expect("no panic").insert(action.to_owned(), value);
    }

    pub(crate) fn will(&self, fault: ActionFault) {
        self.faults.lock().expect("no panic").push_back(fault);
    }

    /// How often an action was really run.
    pub(crate) fn times(&self, action: &str) -> usize {
        self.journal.lock().expect("no panic").iter().filter(|(one, ..)| one == action).count()
    }

    pub(crate) fn inputs(&self, action: &str) -> Vec<Value> {
        let journal = self.journal.lock().expect("no panic");
        journal.iter().filter(|(one, ..)| one == action).map(|(_, _, input)| input.clone()).collect()
    }
}

#[async_trait]
impl Actions for FakeActions {
    async fn run(&self, key: &str, action: &Action, input: &Value) -> Result<Value, CallError> {
        // What would be sent can be made.
        action.request(input).map_err(CallError::Refused)?;
        let now = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(now, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(self.slow_ms.load(Ordering::SeqCst))).await;
        self.at_once.fetch_sub(1, Ordering::SeqCst);
        let fault = self.faults.lock().expect("no panic").pop_front();
        match &fault {
            Some(ActionFault::Away) => return Err(CallError::Retry("503 from the shop".to_owned())),
            Some(ActionFault::Busy(seconds)) => {
                let after = Duration::from_secs(*seconds);
                return Err(CallError::Later { cause: "429 from the shop".to_owned(), after });
            }
            Some(ActionFault::Refuses) => {
                return Err(CallError::Refused("422: no such order".to_owned()));
            }
            _ => {}
        }
        {
            let mut journal = self.journal.lock().expect("no panic");
            let known = action.idempotency.is_some() && journal.iter().any(|(_, one, _)| one == key);
            if !known {
                journal.push((action.id.clone(), key.to_owned(), input.clone()));
            }
        }
        match fault {
            Some(ActionFault::AnswerLost) => Err(CallError::InDoubt("the link was cut.".to_owned())),
            Some(ActionFault::Answers(value)) => Ok(value),
            _ => Ok(self
                .answers
                .lock()
                .expect("no panic")
                .get(&action.id)
                .cloned()
                .unwrap_or_else(|| action.sample())),
        }
    }
}

/// The built-in tickets, behind a line that can break before and after the ticket was opened.
pub(crate) struct FakeTickets {
    storage: Arc<dyn Storage>,
    pub(crate) faults: Mutex<VecDeque<TicketFault>>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum TicketFault {
    Away,
    AnswerLost,
    Refuses,
}

impl FakeTickets {
    pub(crate) fn new(storage: Arc<dyn Storage>) -> Self {
        Self { storage, faults: Mutex::default() }
    }

    pub(crate) fn will(&self, fault: TicketFault) {
        self.faults.lock().expect("no panic").push_back(fault);
    }
}

#[async_trait]
impl Tickets for FakeTickets {
    async fn open(
        &self,
        key: Place,
        customer: CustomerId,
        ticket: &NewTicket,
        at: Time,
    ) -> Result<TicketRef, TicketError> {
        let fault = self.faults.lock().expect("no panic").pop_front();
        match fault {
            Some(TicketFault::Away) => {
                return Err(TicketError::Retry("503 from the ticket system".to_owned()));
            }
            Some(TicketFault::Refuses) => {
                return Err(TicketError::Refused("422: no such project".to_owned()));
            }
            _ => {}
        }
        let opened = self.storage.open_ticket(key, customer, ticket, at).await;
        let opened = opened.map_err(|error| TicketError::Retry(error.to_string()))?;
        match fault {
            Some(TicketFault::AnswerLost) => Err(TicketError::Retry("the link was cut".to_owned())),
            _ => Ok(opened.reference()),
        }
    }
}

/// Remembers what teams were told, in the console and by its channels.
#[derive(Default)]
pub(crate) struct FakeNotifier {
    pub(crate) told: Mutex<Vec<Notice>>,
    /// The channels that are set up, with what each has told and what goes wrong with it next.
    pub(crate) channels: Mutex<BTreeMap<&'static str, FakeChannel>>,
}

#[derive(Default)]
pub(crate) struct FakeChannel {
    pub(crate) told: Vec<String>,
    pub(crate) faults: VecDeque<NotifyError>,
}

#[async_trait]
impl Notifier for FakeNotifier {
    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        self.told.lock().expect("no panic").push(notice.clone());
        Ok(())
    }

    fn channels(&self) -> Vec<String> {
        self.channels.lock().expect("no panic").keys().map(|name| (*name).to_owned()).collect()
    }

    async fn tell(&self, channel: &str, notice: &Notice) -> Result<(), NotifyError> {
        let mut channels = self.channels.lock().expect("no panic");
        let Some(channel) = channels.get_mut(channel) else {
            return Err(NotifyError::Refused(format!("{channel} is not set up")));
        };
        match channel.faults.pop_front() {
            Some(fault) => Err(fault),
            None => {
                channel.told.push(notice.text.clone());
                Ok(())
            }
        }
    }
}

/// A platform that must be pushed to and takes no key: the same message sent twice is there twice.
pub(crate) struct FakeCourier {
    channel: Channel,
    pub(crate) accepted: Mutex<Vec<Outbound>>,
    pub(crate) faults: Mutex<VecDeque<DeliveryFault>>,
    /// While set, sends hang after they were accepted.
    pub(crate) hangs: AtomicBool,
    /// The longest part it takes, in UTF-16 units.
    pub(crate) longest: AtomicU64,
    /// Where somebody was shown to be writing.
    pub(crate) shown: Mutex<Vec<String>>,
}

#[derive(Debug, Clone)]
pub(crate) enum DeliveryFault {
    /// Refused for now.
    FloodWait(u64),
    /// Accepted, but the answer is lost.
    AnswerLost,
    /// Refused for good.
    Blocked,
    /// The address has a zero at its end now.
    Moved,
    /// Taken by nobody: the platform does not like this message.
    Disliked,
}

impl FakeCourier {
    pub(crate) fn new(channel: Channel) -> Self {
        Self {
            channel,
            accepted: Mutex::default(),
            faults: Mutex::default(),
            hangs: AtomicBool::new(false),
            longest: AtomicU64::new(4096),
            shown: Mutex::default(),
        }
    }

    pub(crate) fn will(&self, fault: DeliveryFault) {
        self.faults.lock().expect("no panic").push_back(fault);
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        self.accepted.lock().expect("no panic").iter().map(|message| message.text.clone()).collect()
    }
}

#[async_trait]
impl Courier for FakeCourier {
    fn channel(&self) -> Channel {
        self.channel
    }

    fn repeats_safely(&self) -> bool {
        false
    }

    async fn deliver(&self, message: &Outbound, part: usize) -> Result<Receipt, DeliveryError> {
        let fault = self.faults.lock().expect("no panic").pop_front();
        match fault {
            Some(DeliveryFault::FloodWait(seconds)) => {
                let cause = "429 Too Many Requests".to_owned();
                return Err(DeliveryError::Later { cause, after: Duration::from_secs(seconds) });
            }
            Some(DeliveryFault::Blocked) => {
                let cause = "403: bot was blocked by the user".to_owned();
                return Err(DeliveryError::Unreachable { cause });
            }
            Some(DeliveryFault::Disliked) => {
                return Err(DeliveryError::GiveUp { cause: "400: text is not what it should be".to_owned() });
            }
            Some(DeliveryFault::Moved) => {
                return Err(DeliveryError::Moved { to: format!("{}0", message.address) });
            }
            _ => {}
        }
        let parts: Vec<&str> = channels::split(&message.text, self.longest.load(Ordering::SeqCst) as usize);
        let number = {
            let mut accepted = self.accepted.lock().expect("no panic");
            accepted.push(Outbound { text: parts[part].to_owned(), ..message.clone() });
            accepted.len()
        };
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        match fault {
            Some(DeliveryFault::AnswerLost) => {
                Err(DeliveryError::InDoubt { cause: "the link was cut".to_owned() })
            }
            _ => Ok(Receipt { external_id: number.to_string(), more: part + 1 < parts.len() }),
        }
    }

    async fn typing(&self, address: &str) {
        self.shown.lock().expect("no panic").push(address.to_owned());
    }
}
