//! What agents do with a conversation. Repeating a command that was done changes nothing and succeeds: the answer may
//! have been lost on the way.

use super::conversations::{detail, existing};
use super::view::row::Detail;
use crate::desk::{Command, Refusal};
use crate::domain::conversation::State as Held;
use crate::domain::ids::{ConversationId, Seq};
use crate::hand::HandError;
use crate::http::Site;
use crate::http::extract::{Json, Path};
use crate::http::problem::{Problem, Result};
use crate::http::session::Answerer;
use axum::extract::State;
use axum::http::StatusCode;
use channels::accept_text;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// The longest id of a message or note, in characters.
const MAX_ID: usize = 64;

/// Text to the customer or to colleagues.
#[derive(Deserialize, ToSchema)]
pub(super) struct Written {
    /// The console's own id, 1 to 64 characters: the same again changes nothing.
    id: String,
    /// Plain text, at most 16 KiB.
    text: String,
}

/// Where to.
#[derive(Deserialize, ToSchema)]
pub(super) struct Transfer {
    /// The team's id.
    team: String,
    /// A word to the colleagues.
    #[serde(default)]
    note: Option<String>,
}

/// A word on a proposal.
#[derive(Deserialize, ToSchema)]
pub(super) struct Ruling {
    /// Whether it may be done.
    approve: bool,
    /// What was changed before, by name.
    #[serde(default)]
    #[schema(value_type = Object)]
    edits: BTreeMap<String, Value>,
    /// Why not.
    #[serde(default)]
    reason: Option<String>,
}

/// It is on disk.
#[derive(Serialize, ToSchema)]
pub(super) struct Recorded {
    /// Its place in the log.
    seq: i64,
}

/// Takes the conversation over; the bot is mute from then on.
#[utoipa::path(post, operation_id = "take_over", path = "/conversations/{id}/takeover", tag = "conversations", params(("id" = String, Path)), responses((status = 200, body = Detail), Problem))]
pub(super) async fn take_over(
    State(site): State<Site>,
    who: Answerer,
    Path(id): Path<Uuid>,
) -> Result<Json<Detail>> {
    command(&site, &who, id, Command::TakeOver).await
}

/// Gives it back to the bot.
#[utoipa::path(post, operation_id = "release_to_bot", path = "/conversations/{id}/release-to-bot", tag = "conversations", params(("id" = String, Path)), responses((status = 200, body = Detail), Problem))]
pub(super) async fn release(
    State(site): State<Site>,
    who: Answerer,
    Path(id): Path<Uuid>,
) -> Result<Json<Detail>> {
    command(&site, &who, id, Command::Release).await
}

/// Puts it into a team's queue.
#[utoipa::path(post, operation_id = "hand_off", path = "/conversations/{id}/handoff", tag = "conversations", params(("id" = String, Path)), request_body = Transfer, responses((status = 200, body = Detail), Problem))]
pub(super) async fn hand_off(
    State(site): State<Site>,
    who: Answerer,
    Path(id): Path<Uuid>,
    Json(transfer): Json<Transfer>,
) -> Result<Json<Detail>> {
    let note = match transfer.note.as_deref().filter(|note| !note.trim().is_empty()) {
        Some(note) => Some(accept_text(note)?.to_owned()),
        None => None,
    };
    command(&site, &who, id, Command::HandOff { team: transfer.team, note }).await
}

/// Approves or rejects what a playbook is about to do.
#[utoipa::path(post, operation_id = "rule_on", path = "/conversations/{id}/approvals/{approval}", tag = "conversations", params(("id" = String, Path), ("approval" = i64, Path)), request_body = Ruling, responses((status = 200, body = Detail), Problem))]
pub(super) async fn rule(
    State(site): State<Site>,
    who: Answerer,
    Path((id, approval)): Path<(Uuid, Seq)>,
    Json(ruling): Json<Ruling>,
) -> Result<Json<Detail>> {
    let ruled = if ruling.approve {
        Command::Approve { approval, edits: ruling.edits }
    } else {
        let reason = match ruling.reason.as_deref().filter(|reason| !reason.trim().is_empty()) {
            Some(reason) => accept_text(reason)?.to_owned(),
            None => String::new(),
        };
        Command::Reject { approval, reason }
    };
    command(&site, &who, id, ruled).await
}

/// Settles it.
#[utoipa::path(post, operation_id = "resolve", path = "/conversations/{id}/resolution", tag = "conversations", params(("id" = String, Path)), responses((status = 200, body = Detail), Problem))]
pub(super) async fn resolve(
    State(site): State<Site>,
    who: Answerer,
    Path(id): Path<Uuid>,
) -> Result<Json<Detail>> {
    command(&site, &who, id, Command::Resolve).await
}

/// Answers the customer.
#[utoipa::path(post, operation_id = "write_message", path = "/conversations/{id}/messages", tag = "conversations", params(("id" = String, Path)), request_body = Written, responses((status = 201, body = Recorded), Problem))]
pub(super) async fn say(
    State(site): State<Site>,
    who: Answerer,
    Path(id): Path<Uuid>,
    Json(written): Json<Written>,
) -> Result<(StatusCode, Json<Recorded>)> {
    let (client_id, text) = written.checked()?;
    write(&site, &who, id, Command::Say { client_id, text }).await
}

/// Writes something that the customer never sees.
#[utoipa::path(post, operation_id = "write_note", path = "/conversations/{id}/notes", tag = "conversations", params(("id" = String, Path)), request_body = Written, responses((status = 201, body = Recorded), Problem))]
pub(super) async fn note(
    State(site): State<Site>,
    who: Answerer,
    Path(id): Path<Uuid>,
    Json(written): Json<Written>,
) -> Result<(StatusCode, Json<Recorded>)> {
    let (client_id, text) = written.checked()?;
    write(&site, &who, id, Command::Note { client_id, text }).await
}

/// Shows the customer that somebody is writing. Only whoever has the conversation is shown.
#[utoipa::path(post, operation_id = "show_typing", path = "/conversations/{id}/typing", tag = "conversations", params(("id" = String, Path)), responses((status = 204, description = "Passed on"), Problem))]
pub(super) async fn typing(
    State(site): State<Site>,
    who: Answerer,
    Path(id): Path<Uuid>,
) -> Result<StatusCode> {
    let talk = existing(&site, ConversationId(id)).await?.conversation;
    if matches!(&talk.state, Held::Human { agent, .. } if agent.id == who.0.id) {
        site.ledger.hub.shows_writing(&talk, false);
    }
    Ok(StatusCode::NO_CONTENT)
}

impl Written {
    fn checked(self) -> Result<(String, String)> {
        if self.id.is_empty() || self.id.chars().count() > MAX_ID || self.id.chars().any(char::is_control) {
            let detail = format!("An id has 1 to {MAX_ID} characters, none of them a control character.");
            return Err(Problem::field("id", "bad-id", detail));
        }
        let text = accept_text(&self.text)?.to_owned();
        Ok((self.id, text))
    }
}

/// Has something undone that another system has done, once.
#[utoipa::path(post, operation_id = "undo_act", path = "/conversations/{id}/acts/{act}/reversal", tag = "conversations", params(("id" = String, Path), ("act" = i64, Path)), responses((status = 200, body = Detail), Problem))]
pub(super) async fn undo(
    State(site): State<Site>,
    who: Answerer,
    Path((id, act)): Path<(Uuid, Seq)>,
) -> Result<Json<Detail>> {
    command(&site, &who, id, Command::Undo { act }).await
}

async fn command(site: &Site, who: &Answerer, id: Uuid, command: Command) -> Result<Json<Detail>> {
    let id = ConversationId(id);
    match site.hand.act(id, &who.person(), &command).await {
        Ok(_) | Err(HandError::Refused(Refusal::Already)) => Ok(Json(detail(site, id).await?)),
        Err(error) => Err(error.into()),
    }
}

async fn write(
    site: &Site,
    who: &Answerer,
    id: Uuid,
    command: Command,
) -> Result<(StatusCode, Json<Recorded>)> {
    let done: std::result::Result<(_, Seq), HandError> =
        site.hand.act(ConversationId(id), &who.person(), &command).await;
    match done {
        Ok((_, seq)) => Ok((StatusCode::CREATED, Json(Recorded { seq }))),
        // For a writer it is one and the same: they do not have it.
        Err(HandError::Refused(refusal @ Refusal::Taken(_))) => {
            Err(Problem::conflict("not-yours", refusal.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}
