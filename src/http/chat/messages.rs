//! A visitor's message, by `POST /chat/v1/messages` or over the socket: acknowledged when it is on disk, and recorded
//! once however often it is sent.

use super::uploads;
use super::visitor::Visitor;
use crate::domain::ids::CustomerId;
use crate::http::Site;
use crate::http::extract::Json;
use crate::http::problem::{Problem, Result};
use crate::inbox::Arrival;
use axum::extract::State;
use axum::http::StatusCode;
use channels::{Channel, Inbound, TextError, accept_text};
use serde::{Deserialize, Serialize};

/// The longest id of a message or a choice, in characters.
const MAX_ID: usize = 64;
/// The longest id of a choice.
const MAX_CHOICE: usize = 200;
/// The most files with one message.
const MAX_ATTACHMENTS: usize = 5;

/// A message as it comes in.
#[derive(Debug, Deserialize)]
pub struct Message {
    /// The client's own id.
    pub id: String,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    choice: Option<String>,
    #[serde(default)]
    attachments: Option<Vec<String>>,
}

/// The message is on disk.
#[derive(Debug, Serialize)]
pub(super) struct Receipt {
    id: String,
    seq: i64,
}

/// Records a message.
pub(super) async fn create(
    State(site): State<Site>,
    visitor: Visitor,
    Json(message): Json<Message>,
) -> Result<(StatusCode, Json<Receipt>)> {
    let id = message.id.clone();
    let (seq, fresh) = record(&site, visitor.id, message).await?;
    let status = if fresh { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, Json(Receipt { id, seq })))
}

/// Records a message; returns its place and whether it is new.
pub(super) async fn record(site: &Site, visitor: CustomerId, message: Message) -> Result<(i64, bool)> {
    check_id(&message.id)?;
    site.limits.messages.check(&visitor)?;
    let choice = message.choice.filter(|choice| !choice.is_empty());
    if choice.as_ref().is_some_and(|choice| choice.len() > MAX_CHOICE || choice.contains('\0')) {
        return Err(Problem::field("choice", "bad-choice", "There is no such choice."));
    }
    let attachments =
        uploads::attachments(site, visitor, message.attachments.unwrap_or_default(), MAX_ATTACHMENTS).await?;
    let text = match accept_text(message.text.as_deref().unwrap_or_default()) {
        Ok(text) => text.to_owned(),
        Err(TextError::Empty) if !attachments.is_empty() => String::new(),
        // The button's own words, where the widget did not send them.
        Err(TextError::Empty) => match &choice {
            Some(choice) => label(site, visitor, choice).await?,
            None => return Err(TextError::Empty.into()),
        },
        Err(error) => return Err(error.into()),
    };
    let address = visitor.to_string();
    let visit = site.visits.of(visitor, &site.ledger).await?;
    let said = Inbound::new(Channel::Web, message.id, address.clone(), address, text);
    let inbound = Inbound { choice, attachments, ..said };
    let arrival = Arrival { inbound, customer: visitor, locale: visit.locale, page: visit.page };
    let recorded = site.inbox.receive(&arrival).await?;
    Ok((recorded.seq, recorded.fresh))
}

pub(super) fn check_id(id: &str) -> Result<()> {
    if id.is_empty() || id.chars().count() > MAX_ID || id.chars().any(char::is_control) {
        let detail =
            format!("A message needs an id of 1 to {MAX_ID} characters, none of them a control character.");
        return Err(Problem::field("id", "bad-id", detail));
    }
    Ok(())
}

async fn label(site: &Site, visitor: CustomerId, choice: &str) -> Result<String> {
    let talk = site.inbox.current(Channel::Web, &visitor.to_string()).await?;
    talk.and_then(|talk| talk.offered.into_iter().find(|offered| offered.id == choice))
        .map(|offered| offered.label)
        .ok_or_else(|| {
            Problem::field(
                "choice",
                "bad-choice",
                "This choice is not offered any more. Please write instead.",
            )
        })
}
