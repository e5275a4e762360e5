//! `/api/v1/letters`: what could not be done outside in all its tries, until somebody decides about it.

use super::conversations::within;
use super::view::effects::about;
use crate::domain::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{ConversationId, Place};
use crate::domain::person::PersonRef;
use crate::hand::HandError;
use crate::http::Site;
use crate::http::extract::{Json, Path, Query};
use crate::http::problem::{Problem, Result};
use crate::http::session::Admin;
use crate::ports::storage::Letter as Stored;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct LettersQuery {
    /// Where the page begins: `next` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 where absent.
    limit: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct LetterPage {
    items: Vec<Letter>,
    #[schema(required)]
    next: Option<String>,
}

/// A dead letter: something that the desk was to do outside and could not.
#[derive(Serialize, ToSchema)]
struct Letter {
    id: String,
    /// `mirror`, `comment`, `tell` or `act`.
    kind: &'static str,
    /// What, as a sentence.
    what: String,
    /// Of an action, what it takes: a line for each value.
    details: String,
    /// To whom: a ticket system, a channel, an action.
    to: String,
    /// Why the last try came to nothing.
    cause: String,
    /// How often it was tried.
    attempts: i64,
    conversation: String,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    asked_at: Time,
    /// Since when it is not tried any more.
    #[schema(value_type = String, format = DateTime)]
    died_at: Time,
    /// How much waits behind it.
    behind: i64,
}

/// A page of dead letters, the newest first.
#[utoipa::path(get, operation_id = "list_letters", path = "/letters", tag = "letters", params(LettersQuery), responses((status = 200, body = LetterPage), Problem))]
pub(super) async fn list(
    State(site): State<Site>,
    _: Admin,
    Query(query): Query<LettersQuery>,
) -> Result<Json<LetterPage>> {
    let limit = within(query.limit, 50, 200)?;
    let page = site.ledger.storage.letters(query.cursor.as_deref(), limit).await?;
    let items = page.items.iter().map(|stored| letter(&site, stored)).collect();
    Ok(Json(LetterPage { items, next: page.next }))
}

/// Has it tried again, from the beginning of its timetable.
#[utoipa::path(post, operation_id = "retry_letter", path = "/letters/{id}/retry", tag = "letters", params(("id" = String, Path)), responses((status = 204), Problem))]
pub(super) async fn retry(
    State(site): State<Site>,
    who: Admin,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    decide(&site, &who, &id, true).await
}

/// Gives it up for good.
#[utoipa::path(delete, operation_id = "give_up_letter", path = "/letters/{id}", tag = "letters", params(("id" = String, Path)), responses((status = 204), Problem))]
pub(super) async fn give_up(
    State(site): State<Site>,
    who: Admin,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    decide(&site, &who, &id, false).await
}

async fn decide(site: &Site, who: &Admin, id: &str, again: bool) -> Result<StatusCode> {
    let missing = || Problem::missing("dead letter");
    let place = place(id).ok_or_else(missing)?;
    let by = PersonRef { id: who.0.id, name: who.0.name.clone() };
    match site.hand.redrive(place, &by, again).await {
        Ok(true) => Ok(StatusCode::NO_CONTENT),
        Ok(false) | Err(HandError::NotFound | HandError::Refused(_)) => Err(missing()),
        Err(HandError::Unavailable(error)) => Err(error.into()),
    }
}

fn letter(site: &Site, stored: &Stored) -> Letter {
    let book = site.library.current();
    Letter {
        id: format!("{}.{}", stored.place.conversation, stored.place.seq),
        kind: stored.effect.name(),
        what: about(&stored.effect, &book),
        details: details(&stored.effect),
        to: to(stored, &book),
        cause: stored.cause.clone(),
        attempts: stored.attempts,
        conversation: stored.place.conversation.to_string(),
        asked_at: stored.asked_at,
        died_at: stored.died_at,
        behind: stored.behind,
    }
}

/// Two letters of one action are told apart by what it was to take.
fn details(effect: &Effect) -> String {
    let Effect::Act { input, .. } = effect else { return String::new() };
    let fields = input.as_object().into_iter().flatten().take(12).map(|(name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{}: {}", name.replace('_', " "), value.chars().take(200).collect::<String>())
    });
    fields.collect::<Vec<_>>().join("\n")
}

fn to(stored: &Stored, book: &crate::playbook::Playbook) -> String {
    match &stored.effect {
        Effect::Tell { channel, team, .. } => {
            let (_, known) = book.team(team);
            format!("{} by {channel}", known.map_or(team.as_str(), |team| &team.name))
        }
        Effect::Mirror(_) | Effect::Comment { .. } | Effect::Attach { .. } => "the ticket system".to_owned(),
        Effect::Act { action, .. } => action.clone(),
        Effect::Send { .. } | Effect::SendCode { .. } => "the customer".to_owned(),
        Effect::OpenTicket(_) => "our tickets".to_owned(),
        Effect::Notify { team, .. } => team.clone(),
    }
}

/// `CONVERSATION.SEQ`
fn place(id: &str) -> Option<Place> {
    let (conversation, seq) = id.split_once('.')?;
    Some(Place { conversation: conversation.parse::<ConversationId>().ok()?, seq: seq.parse().ok()? })
}
