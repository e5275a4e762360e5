//! `POST /chat/v1/sessions`: a visitor arrives, comes back, or is introduced by their site.

use super::identity::{self, Identity};
use super::view::Speaker;
use super::visitor::{self, Visit, Visitor};
use crate::domain::conversation::{Conversation, State};
use crate::domain::customer::Customer;
use crate::domain::ids::CustomerId;
use crate::domain::switch;
use crate::http::Site;
use crate::http::caller::Caller;
use crate::http::extract::Json;
use crate::http::limits::caller_key;
use crate::http::problem::{Problem, Result};
use crate::http::session;
use crate::playbook::Playbook;
use crate::playbook::facts::{ConversationFacts, CustomerFacts, Facts};
use crate::ports::storage::{SessionKind, Unavailable};
use axum::extract;
use axum::http::{HeaderMap, StatusCode};
use channels::{Channel, MAX_MESSAGE_BYTES};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A visitor who comes back within this time finds their conversation.
const LIFE: TimeDelta = TimeDelta::days(90);
/// With less than this left, coming back gives a new token.
const RENEW_BELOW: TimeDelta = TimeDelta::days(30);
/// The longest value in the form, in characters.
const MAX_FIELD: usize = 200;
/// The longest address of a page, in bytes.
const MAX_PAGE: usize = 2000;

#[derive(Deserialize)]
pub(super) struct Arrival {
    #[serde(default)]
    identity: Option<String>,
    #[serde(default)]
    locale: Option<String>,
    #[serde(default)]
    page: Option<String>,
    #[serde(default)]
    form: Option<Form>,
}

/// What a visitor says of themselves: never proof of anything.
#[derive(Deserialize)]
struct Form {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    email: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Welcome {
    token: String,
    visitor: String,
    conversation: Option<Current>,
    config: Config,
}

#[derive(Serialize)]
struct Current {
    id: String,
    state: &'static str,
    seq: i64,
    agent: Option<Speaker>,
}

#[derive(Serialize)]
struct Config {
    desk: String,
    bot_name: String,
    language: String,
    greeting: String,
    disclosure: String,
    identified: bool,
    max_message_bytes: usize,
    max_upload_bytes: usize,
    upload_types: &'static [&'static str],
    /// Where the conversation can go on.
    channels: Vec<&'static str>,
}

/// Begins or resumes a visitor's session.
pub(super) async fn create(
    extract::State(site): extract::State<Site>,
    caller: Caller,
    headers: HeaderMap,
    Json(arrival): Json<Arrival>,
) -> Result<(StatusCode, Json<Welcome>)> {
    let arrival = arrival.checked()?;
    let (customer, token) = arrive(&site, caller, &headers, &arrival).await?;
    let talk = site.inbox.current(Channel::Web, &customer.id.to_string()).await?;
    let welcome = Welcome {
        token,
        visitor: customer.id.to_string(),
        conversation: talk.as_ref().map(Current::of),
        config: config(&site, &customer, arrival.locale.as_deref()).await?,
    };
    Ok((StatusCode::CREATED, Json(welcome)))
}

/// Who comes, and the token of their session.
pub(super) async fn arrive(
    site: &Site,
    caller: Caller,
    headers: &HeaderMap,
    arrival: &Arrival,
) -> Result<(Customer, String)> {
    let known = match session::bearer(headers) {
        Some(token) => Some(visitor::find(&site.ledger, token).await?.ok_or_else(visitor::expired)?),
        None => None,
    };
    let identity = arrival.identity.as_deref();
    let identity =
        identity.map(|token| identity::verify(token, &site.settings, site.ledger.now())).transpose()?;
    if known.is_none() {
        site.limits.sessions.check(&caller_key(caller.0))?;
    }
    let customer = who(site, known.as_ref().map(|visitor| visitor.id), identity, arrival).await?;
    let token = token_for(site, known.as_ref(), headers, customer.id).await?;
    site.visits.note(customer.id, Visit { locale: arrival.locale.clone(), page: arrival.page.clone() });
    Ok((customer, token))
}

impl Arrival {
    /// What comes with a form.
    pub(super) fn of_form(
        locale: Option<String>,
        page: Option<String>,
        name: Option<String>,
        email: Option<String>,
    ) -> Result<Self> {
        Self { identity: None, locale, page, form: Some(Form { name, email }) }.checked()
    }

    /// The language they ask for, and the page they are on.
    pub(super) fn visit(&self) -> Visit {
        Visit { locale: self.locale.clone(), page: self.page.clone() }
    }

    fn checked(mut self) -> Result<Self> {
        let fit = |field: &'static str, value: &mut Option<String>, longest: usize| -> Result<()> {
            if let Some(text) =
                value.take().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
            {
                if text.contains('\0') || text.chars().count() > longest {
                    return Err(Problem::field(
                        field,
                        "bad-field",
                        format!("\"{field}\" is too long or holds a NUL character."),
                    ));
                }
                *value = Some(text);
            }
            Ok(())
        };
        fit("locale", &mut self.locale, 35)?;
        fit("page", &mut self.page, MAX_PAGE)?;
        // What a page's address asks or points at may hold secrets of the site.
        if let Some(page) = &mut self.page {
            page.truncate(page.find(['?', '#']).unwrap_or(page.len()));
        }
        if let Some(form) = &mut self.form {
            fit("name", &mut form.name, MAX_FIELD)?;
            fit("email", &mut form.email, MAX_FIELD)?;
            if form
                .email
                .as_ref()
                .is_some_and(|email| !email.contains('@') || email.contains(char::is_whitespace))
            {
                return Err(Problem::field("email", "bad-email", "This is not an e-mail address."));
            }
        }
        Ok(self)
    }
}

/// The customer behind an arrival; their record is written where it has changed.
async fn who(
    site: &Site,
    known: Option<CustomerId>,
    identity: Option<Identity>,
    arrival: &Arrival,
) -> Result<Customer> {
    let storage = &site.ledger.storage;
    let mut before = match known {
        Some(id) => storage.customer(id).await?,
        None => None,
    };
    if let Some(identity) = &identity {
        before = introduced(site, before, identity).await?;
    }
    let mut customer = before.clone().unwrap_or_else(|| Customer {
        id: known.filter(|_| identity.is_none()).unwrap_or_else(|| CustomerId(site.ledger.ids.id())),
        name: None,
        email: None,
        verified: false,
        external: None,
        locale: None,
    });
    let locale =
        arrival.locale.clone().or_else(|| identity.as_ref().and_then(|identity| identity.locale.clone()));
    customer.locale = locale.or(customer.locale);
    if let Some(Identity { sub, email, name, .. }) = identity {
        customer.external = Some(sub);
        customer.verified = true;
        customer.email =
            email.or(customer.email.filter(|_| before.as_ref().is_some_and(|before| before.verified)));
        customer.name = name.or(customer.name);
    } else if let Some(form) = arrival.form.as_ref().filter(|_| !customer.verified) {
        customer.name = form.name.clone().or(customer.name);
        customer.email = form.email.clone().or(customer.email);
    }
    if before.as_ref() != Some(&customer) {
        storage.put_customer(customer.clone(), site.ledger.now()).await?;
    }
    if before.is_none() {
        storage.bind(Channel::Web, &customer.id.to_string(), customer.id).await?;
    }
    Ok(customer)
}

/// Whose record a signed identity means. A visitor who was anonymous keeps the conversation they are in; another
/// person's conversation is never handed to whoever shares their browser.
async fn introduced(
    site: &Site,
    visitor: Option<Customer>,
    identity: &Identity,
) -> std::result::Result<Option<Customer>, Unavailable> {
    let same = visitor.as_ref().is_some_and(|visitor| visitor.external.as_deref() == Some(&identity.sub));
    if same {
        return Ok(visitor);
    }
    let recorded = site.ledger.storage.customer_by_external(&identity.sub).await?;
    let Some(anonymous) = visitor.filter(|visitor| visitor.external.is_none()) else { return Ok(recorded) };
    if recorded.is_none() {
        return Ok(Some(anonymous));
    }
    let talk = site.inbox.current(Channel::Web, &anonymous.id.to_string()).await?;
    let under_way = talk.is_some_and(|talk| !matches!(talk.state, State::Resolved { .. }));
    Ok(if under_way { Some(anonymous) } else { recorded })
}

/// The token they came with, unless it is another's or soon at its end.
async fn token_for(
    site: &Site,
    known: Option<&Visitor>,
    headers: &HeaderMap,
    customer: CustomerId,
) -> Result<String> {
    let fresh = known.filter(|visitor| {
        visitor.id == customer && visitor.session.expires_at - site.ledger.now() > RENEW_BELOW
    });
    match (fresh, session::bearer(headers)) {
        (Some(_), Some(token)) => Ok(token.to_owned()),
        _ => Ok(session::begin(&site.ledger, SessionKind::Visitor, customer.0, LIFE).await?),
    }
}

impl Current {
    fn of(talk: &Conversation) -> Self {
        Self {
            id: talk.id.to_string(),
            state: talk.state.name(),
            seq: talk.seq,
            agent: talk.agent().map(|agent| Speaker { name: agent.name.clone() }),
        }
    }
}

async fn config(site: &Site, customer: &Customer, locale: Option<&str>) -> Result<Config> {
    let board = site.ledger.storage.switchboard().await?;
    // A bot that is off neither greets nor says what it is.
    let silent = switch::muted(&board.on(Channel::Web), Channel::Web).is_some();
    let book = site.library.current();
    let asked = locale.or(customer.locale.as_deref()).unwrap_or(&book.desk.default_language);
    let language = book.spoken(asked).to_owned();
    let facts = facts(&book, customer, site).json();
    let mut facts = facts;
    facts.insert("bot".to_owned(), json!({"name": book.desk.bot_name}));
    let say = |id: &str| if silent { String::new() } else { book.say(id, &language, &facts) };
    Ok(Config {
        desk: book.desk.name.clone(),
        bot_name: book.desk.bot_name.clone(),
        greeting: say("greeting"),
        disclosure: say("disclosure"),
        language: language.clone(),
        identified: customer.verified,
        max_message_bytes: MAX_MESSAGE_BYTES,
        max_upload_bytes: site.settings.max_upload_bytes,
        upload_types: crate::files::TYPES,
        channels: site.platforms.health().iter().map(|(channel, _)| channel.name()).collect(),
    })
}

/// The facts before anything was said.
fn facts(book: &Playbook, customer: &Customer, site: &Site) -> Facts {
    let now = site.ledger.now();
    let mut facts = Facts::sample();
    facts.message.text = String::new();
    facts.message.at = now;
    facts.intent = String::new();
    facts.intent_name = String::new();
    facts.confidence = 0.0;
    facts.in_scope = false;
    facts.conversation = ConversationFacts::default();
    facts.customer = CustomerFacts {
        verified: customer.verified,
        name: customer.name.clone().unwrap_or_default(),
        email: customer.email.clone().unwrap_or_default(),
        ..CustomerFacts::default()
    };
    facts.desk.name.clone_from(&book.desk.name);
    facts.desk.open = book.team(&book.teams.default).1.is_none_or(|team| team.is_open(now));
    facts.desk.agents_online = site.ledger.hub.agents_online();
    facts
}
