//! Whose matter an event is.

use super::{Triggers, Undone, is_open};
use crate::domain::conversation::{Conversation, State};
use crate::domain::customer::Customer;
use crate::domain::ids::ConversationId;
use crate::playbook::Playbook;
use crate::playbook::policy::trigger::{Each, FindBy, Held};
use crate::playbook::templates;
use crate::playbook::triggers::{CheckedTrigger, names};
use crate::ports::storage::{Firing, RowFilter, Unavailable, View};
use crate::triage::facts;
use crate::triage::triggered::is_private;
use std::time::Duration;

/// How long the customer directory may take.
const ASK_LIMIT: Duration = Duration::from_secs(3);
/// So many of a customer's conversations are looked through.
const LOOKED_THROUGH: i64 = 20;
/// So many conversations one moment of a schedule may concern.
const MOST: usize = 1000;

/// A conversation that an event concerns.
pub(super) struct Target {
    pub(super) place: Place,
    /// Whether the customer may be spoken to about it there.
    pub(super) may_speak: bool,
}

/// Where.
pub(super) enum Place {
    /// In this conversation.
    Talk(ConversationId),
    /// In a new one that follows this.
    New(ConversationId),
}

impl Triggers {
    /// The first of the trigger's ways that leads to somebody.
    pub(super) async fn find(
        &self,
        trigger: &CheckedTrigger,
        firing: &Firing,
        book: &Playbook,
    ) -> Result<Vec<Target>, Undone> {
        let names = names(&firing.event);
        let rendered = |source: &str| templates::render(source, &names).map_err(Undone::Template);
        let by_ticket = [FindBy::Ticket("{{ event.number }}".to_owned())];
        // A ticket's event says itself which ticket it is about.
        let ways = if trigger.find.is_empty() { &by_ticket[..] } else { &trigger.find };
        for way in ways {
            let found = match way {
                FindBy::CustomerId(source) => {
                    let id = rendered(source)?;
                    let customer = match id.is_empty() {
                        true => None,
                        false => self.ledger.storage.customer_by_external(&id).await?,
                    };
                    self.of_customer(customer.filter(|customer| customer.verified), trigger, book).await?
                }
                FindBy::Email(source) => {
                    let email = rendered(source)?.to_lowercase();
                    let customer = self.by_email(&email).await?;
                    self.of_customer(customer, trigger, book).await?
                }
                FindBy::Ticket(source) => self.concerned("ticket.", &rendered(source)?).await?,
                FindBy::Waiting(source) => self.concerned(&trigger.event, &rendered(source)?).await?,
                FindBy::Each(each) => self.each(each, trigger, book).await?,
            };
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    /// What somebody once wrote of themselves proves nothing: only an address that a signed identity or the directory
    /// vouches for leads to anybody.
    async fn by_email(&self, email: &str) -> Result<Option<Customer>, Undone> {
        if email.is_empty() {
            return Ok(None);
        }
        if let Some(customer) = self.ledger.storage.customer_by_verified_email(email).await? {
            return Ok(Some(customer));
        }
        let account = match tokio::time::timeout(ASK_LIMIT, self.directory.by_email(email)).await {
            Ok(Ok(account)) => account,
            Ok(Err(error)) => return Err(Unavailable(error.to_string()).into()),
            Err(_) => return Err(Unavailable("the customer directory is too slow".to_owned()).into()),
        };
        match account.filter(|account| !account.id.is_empty()) {
            Some(account) => Ok(self
                .ledger
                .storage
                .customer_by_external(&account.id)
                .await?
                .filter(|customer| customer.verified)),
            None => Ok(None),
        }
    }

    /// The customer's conversation under way, a private one first; else, where the trigger opens one, the last place at
    /// which only they read.
    async fn of_customer(
        &self,
        customer: Option<Customer>,
        trigger: &CheckedTrigger,
        book: &Playbook,
    ) -> Result<Vec<Target>, Undone> {
        let Some(customer) = customer else { return Ok(Vec::new()) };
        let mut talks: Vec<Conversation> = Vec::new();
        for id in self.ledger.storage.conversations_of(customer.id, LOOKED_THROUGH).await? {
            talks.extend(self.ledger.conversation(id).await?.filter(|talk| talk.unreachable.is_none()));
        }
        let private = |talk: &&Conversation| is_private(talk.channel, &talk.address);
        let under_way = || talks.iter().filter(|talk| is_open(talk));
        if let Some(talk) = under_way().find(private).or_else(|| under_way().next()) {
            return Ok(vec![Target { place: Place::Talk(talk.id), may_speak: private(&talk) }]);
        }
        let Some(last) = talks.iter().find(private).filter(|_| trigger.then.open) else {
            return Ok(Vec::new());
        };
        let recent = match &last.state {
            State::Resolved { at, .. } => self.ledger.now() - *at <= book.desk.reopen_within.delta(),
            _ => true,
        };
        let place = if recent { Place::Talk(last.id) } else { Place::New(last.id) };
        Ok(vec![Target { place, may_speak: true }])
    }

    /// Conversations that asked for it themselves.
    async fn concerned(&self, name: &str, about: &str) -> Result<Vec<Target>, Undone> {
        if about.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.ledger.storage.concerned(name, about).await?;
        Ok(found.into_iter().map(|id| Target { place: Place::Talk(id), may_speak: true }).collect())
    }

    async fn each(
        &self,
        each: &Each,
        trigger: &CheckedTrigger,
        book: &Playbook,
    ) -> Result<Vec<Target>, Undone> {
        let view = match each.state {
            Held::Bot => View::Bot,
            Held::Queued => View::Queue,
            Held::Human => View::Human,
        };
        let mut filter = RowFilter { view, search: None, cursor: None, limit: 200 };
        let mut found = Vec::new();
        loop {
            let page = self.ledger.storage.rows(&filter).await?;
            for row in page.items {
                let mut facts = facts::of_conversation(&row.conversation, book);
                // As of now, not as of the last word.
                facts.message.at = self.ledger.now();
                facts.conversation.age_minutes =
                    (self.ledger.now() - row.conversation.opened_at).num_minutes().max(0);
                if trigger.means(&facts).map_err(Undone::Template)? {
                    found.push(Target { place: Place::Talk(row.conversation.id), may_speak: true });
                }
            }
            if found.len() >= MOST {
                tracing::warn!(
                    trigger = trigger.id,
                    most = MOST,
                    "a schedule concerns too many conversations at once"
                );
                found.truncate(MOST);
                return Ok(found);
            }
            match page.next {
                Some(next) => filter.cursor = Some(next),
                None => return Ok(found),
            }
        }
    }
}
