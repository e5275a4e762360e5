//! Where platforms put what came in: finds out which customer writes, keeps files, and passes messages to the inbox.

use crate::domain::customer::Customer;
use crate::domain::event::{Author, Event};
use crate::domain::ids::{ConversationId, CustomerId, UploadId};
use crate::domain::switch;
use crate::files;
use crate::hand::{Hand, HandError, Rating};
use crate::inbox::{Arrival, Inbox};
use crate::ledger::{Ledger, PATIENCE};
use crate::library::{self, Library};
use crate::playbook::fault::Faults;
use crate::playbook::replies::Replies;
use crate::ports::storage::{Commit, CommitError, Session, SessionKind, StoredUpload, Unavailable};
use crate::triage::rating;
use async_trait::async_trait;
use channels::{Attachment, Channel, Fact, File, Inbound, Intake, IntakeError, Phrase};
use serde_json::{Map, json};
use std::sync::{Arc, LazyLock};

/// Where the sentences of platforms are taken from that a desk has not written itself.
const STARTER: &str = "policies/replies.yaml";

static SENTENCES: LazyLock<Replies> = LazyLock::new(|| {
    let text = library::starter().remove(STARTER).unwrap_or_default();
    Replies::read(STARTER, &text, "en", &mut Faults::default())
});

/// The desk's side of every platform.
#[derive(Clone)]
pub struct Reception {
    ledger: Ledger,
    library: Arc<Library>,
    inbox: Inbox,
    hand: Hand,
}

impl From<Unavailable> for IntakeError {
    fn from(error: Unavailable) -> Self {
        tracing::warn!(%error, "what came in could not be stored; the platform must offer it again");
        Self::TryAgain
    }
}

impl Reception {
    /// A reception.
    #[must_use]
    pub fn new(ledger: Ledger, library: Arc<Library>) -> Self {
        let inbox = Inbox::new(ledger.clone(), library.clone());
        let hand = Hand::new(ledger.clone(), library.clone());
        Self { ledger, library, inbox, hand }
    }

    /// The customer behind a sender; a new record for a new one.
    async fn customer(&self, inbound: &Inbound) -> Result<CustomerId, Unavailable> {
        let storage = &self.ledger.storage;
        let profile = &inbound.profile;
        if let Some(mut known) = storage.customer_of(inbound.channel, &inbound.sender).await? {
            // Only what was missing: a name that the site vouches for is better than one the platform shows.
            let before = known.clone();
            known.name = known.name.or_else(|| profile.name.clone());
            known.locale = known.locale.or_else(|| profile.locale.clone());
            if known != before {
                storage.put_customer(known.clone(), self.ledger.now()).await?;
            }
            return Ok(known.id);
        }
        self.new_customer(inbound.channel, &inbound.sender, profile.name.clone(), profile.locale.clone())
            .await
    }

    async fn new_customer(
        &self,
        channel: Channel,
        sender: &str,
        name: Option<String>,
        locale: Option<String>,
    ) -> Result<CustomerId, Unavailable> {
        let id = CustomerId(self.ledger.ids.id());
        let customer = Customer { id, name, email: None, verified: false, external: None, locale };
        self.ledger.storage.put_customer(customer, self.ledger.now()).await?;
        self.ledger.storage.bind(channel, sender, id).await
    }

    /// Stars for a conversation that was asked for some; true if the message was that.
    async fn rated(&self, inbound: &Inbound) -> Result<bool, Unavailable> {
        let Some(talk) = self.inbox.current(inbound.channel, &inbound.address).await? else {
            return Ok(false);
        };
        let Some(stars) = rating::given(inbound.choice.as_deref(), &inbound.text, talk.rating_asked) else {
            return Ok(false);
        };
        let rating = Rating { helpful: None, rating: Some(stars), comment: None };
        let once = format!("rating/{}/{}", talk.id, inbound.external_id);
        match self.hand.rate(talk.id, &rating, Some(&once)).await {
            Ok(_) => Ok(true),
            Err(HandError::Unavailable(error)) => Err(error),
            Err(HandError::Refused(_) | HandError::NotFound) => Ok(false),
        }
    }

    /// The customer whom a code was given to, if it may join this sender to them. It works once.
    async fn holder(&self, code: &str, inbound: &Inbound) -> Result<Option<CustomerId>, Unavailable> {
        let storage = &self.ledger.storage;
        let hash = Session::hash_of(code);
        let Some(session) = storage.session(&hash, SessionKind::Join, self.ledger.now()).await? else {
            return Ok(None);
        };
        if !storage.end_session(&hash).await? {
            return Ok(None);
        }
        let holder = CustomerId(session.subject);
        // Whoever has proved who they are is not made nobody by a link that somebody else sent them.
        let verified = |customer: Option<Customer>| customer.is_some_and(|customer| customer.verified);
        let known = verified(storage.customer_of(inbound.channel, &inbound.sender).await?);
        let better = verified(storage.customer(holder).await?);
        Ok((better || !known).then_some(holder))
    }

    /// Says in the conversation that a code did nothing.
    async fn say_expired(
        &self,
        id: ConversationId,
        channel: Channel,
        locale: Option<&str>,
    ) -> Result<(), Unavailable> {
        let board = self.ledger.storage.switchboard().await?;
        if switch::muted(&board.on(channel), channel).is_some() {
            return Ok(());
        }
        let said = Event::Said {
            author: Author::System,
            text: self.phrase(Phrase::LinkExpired, locale),
            choices: Vec::new(),
            citations: Vec::new(),
            answers: None,
            client_id: None,
        };
        self.note(id, &said).await
    }

    async fn note(&self, id: ConversationId, event: &Event) -> Result<(), Unavailable> {
        for _ in 0..PATIENCE {
            let Some(talk) = self.ledger.conversation(id).await? else { return Ok(()) };
            let known = match event {
                Event::Unreachable { .. } => talk.unreachable.is_some(),
                Event::Reachable => talk.unreachable.is_none(),
                Event::Moved { address } => talk.address == *address,
                Event::Joined { customer } => talk.customer == *customer,
                _ => false,
            };
            if known {
                return Ok(());
            }
            let now = self.ledger.now().max(talk.updated_at);
            match self.ledger.commit(Commit::onto(&talk, now, vec![event.clone()])).await {
                Ok(_) | Err(CommitError::Already(_)) => return Ok(()),
                Err(CommitError::Conflict) => {}
                Err(CommitError::Unavailable(error)) => return Err(error),
            }
        }
        Err(Unavailable("somebody was always faster".to_owned()))
    }
}

#[async_trait]
impl Intake for Reception {
    async fn accept(&self, inbound: Inbound) -> Result<(), IntakeError> {
        if self.rated(&inbound).await? {
            return Ok(());
        }
        let joins = match &inbound.link {
            Some(code) => self.holder(code, &inbound).await?,
            None => None,
        };
        if let Some(customer) = joins {
            self.ledger.storage.rebind(inbound.channel, &inbound.sender, customer).await?;
            if let Some(talk) = self.inbox.current(inbound.channel, &inbound.address).await? {
                self.note(talk.id, &Event::Joined { customer }).await?;
            }
            metrics::counter!("deskhand_identities_joined_total").increment(1);
        }
        let customer = self.customer(&inbound).await?;
        let locale = inbound.profile.locale.clone();
        let (channel, refused) = (inbound.channel, inbound.link.is_some() && joins.is_none());
        let arrival = Arrival { inbound, customer, locale: locale.clone(), page: None };
        let recorded = self.inbox.receive(&arrival).await?;
        if refused && recorded.fresh {
            self.say_expired(recorded.conversation, channel, locale.as_deref()).await?;
        }
        Ok(())
    }

    async fn keep(&self, file: File) -> Result<Attachment, IntakeError> {
        let storage = &self.ledger.storage;
        let customer = match storage.customer_of(file.channel, &file.sender).await? {
            Some(customer) => customer.id,
            None => self.new_customer(file.channel, &file.sender, None, None).await?,
        };
        let media_type = files::any_type(&file.content);
        let upload = StoredUpload {
            id: UploadId(self.ledger.ids.id()),
            customer,
            name: files::safe_name(&file.name, media_type),
            media_type: media_type.to_owned(),
            content: file.content,
        };
        let attachment = Attachment {
            id: upload.id.to_string(),
            name: upload.name.clone(),
            media_type: upload.media_type.clone(),
            size: upload.content.len() as u64,
        };
        storage.put_upload(upload, self.ledger.now()).await?;
        Ok(attachment)
    }

    async fn learn(&self, channel: Channel, fact: Fact) -> Result<(), IntakeError> {
        let (address, event) = match fact {
            Fact::Unreachable { address, cause } => (address, Event::Unreachable { cause }),
            Fact::Reachable { address } => (address, Event::Reachable),
            Fact::Moved { from, to } => (from, Event::Moved { address: to }),
        };
        for id in self.ledger.storage.beneath(channel, &address).await? {
            let event = match (&event, self.ledger.conversation(id).await?) {
                // Of a group only the beginning of each writer's address changes.
                (Event::Moved { address: to }, Some(talk)) => {
                    Event::Moved { address: talk.address.replacen(&address, to, 1) }
                }
                (event, _) => event.clone(),
            };
            self.note(id, &event).await?;
        }
        Ok(())
    }

    async fn remember(&self, key: &str, value: &str) -> Result<(), IntakeError> {
        Ok(self.ledger.storage.remember(key, value, self.ledger.now()).await?)
    }

    async fn recall(&self, prefix: &str) -> Result<Vec<(String, String)>, IntakeError> {
        Ok(self.ledger.storage.recall(prefix).await?)
    }

    fn phrase(&self, phrase: Phrase, locale: Option<&str>) -> String {
        let book = self.library.current();
        let language = book.spoken(locale.unwrap_or(&book.desk.default_language)).to_owned();
        let facts: Map<String, serde_json::Value> =
            Map::from_iter([("desk".to_owned(), json!({"name": book.desk.name}))]);
        let own = book.replies.say(phrase.id(), &language, &facts);
        let said = own.or_else(|_| SENTENCES.say(phrase.id(), &language, &facts));
        said.unwrap_or_else(|error| {
            tracing::error!(error, phrase = phrase.id(), "a sentence of the platforms could not be said");
            book.desk.name.clone()
        })
    }

    fn languages(&self) -> Vec<String> {
        let book = self.library.current();
        let own = &book.desk.default_language;
        let others = book.desk.languages.iter().filter(|language| *language != own);
        std::iter::once(own).chain(others).cloned().collect()
    }
}
