//! Drafts for the agent, shown while the language model writes them. Nothing is sent: a person reads it first.

use super::conversations::existing;
use crate::asking::{Piece, Whom};
use crate::domain::ids::ConversationId;
use crate::http::Site;
use crate::http::extract::{Json, Path};
use crate::http::problem::{Problem, Result};
use crate::http::session::Answerer;
use crate::triage::assist;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use channels::accept_text;
use futures::{Stream, StreamExt as _};
use model::Step;
use serde::Deserialize;
use serde_json::{Value, json};
use std::convert::Infallible;
use utoipa::ToSchema;
use uuid::Uuid;

/// What is to be written.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Wanted {
    /// A reply to the customer's last message.
    Reply {
        /// What it should say, in the agent's words; at most 1,000 characters.
        #[serde(default)]
        note: Option<String>,
    },
    /// The agent's text in the customer's language.
    Translation {
        /// The text; at most 6,000 characters.
        text: String,
    },
}

/// Writes, piece by piece: events `text` (`{"text"}`: more words, provisional), then `done` (`{"text","missing"}`: the
/// whole checked text) or `failed` (`{"code","detail"}`).
#[utoipa::path(post, operation_id = "draft", path = "/conversations/{id}/drafts", tag = "conversations", params(("id" = String, Path)), request_body = Wanted, responses((status = 200, body = String, content_type = "text/event-stream"), Problem))]
pub(super) async fn create(
    State(site): State<Site>,
    _who: Answerer,
    Path(id): Path<Uuid>,
    Json(wanted): Json<Wanted>,
) -> Result<Sse<impl Stream<Item = std::result::Result<Event, Infallible>>>> {
    let talk = existing(&site, ConversationId(id)).await?.conversation;
    let book = site.library.current();
    let (step, inputs, field) = match &wanted {
        Wanted::Reply { note } => {
            let note = note.as_deref().map(str::trim).filter(|note| !note.is_empty());
            let note = note.map(|note| short("note", note, 1_000)).transpose()?;
            (Step::Suggest, assist::reply(&talk, note, &book), "reply")
        }
        Wanted::Translation { text } => {
            (Step::Translate, assist::translation(&talk, short("text", text, 6_000)?, &book), "translation")
        }
    };
    let pieces =
        site.asking.draft(step, Whom::of(&talk), &book, &inputs).map_err(|none| refused(none.code))?;
    let events = pieces.map(move |piece| {
        let (kind, data) = match piece {
            Ok(Piece::Text(text)) => ("text", json!({"text": text})),
            Ok(Piece::Done { answer, .. }) => {
                let missing = answer.get("missing").cloned().unwrap_or_else(|| json!([]));
                (
                    "done",
                    json!({"text": answer.get(field).cloned().unwrap_or(Value::Null), "missing": missing}),
                )
            }
            Err(none) => {
                tracing::warn!(code = none.code, cause = %none, "a draft came to nothing");
                ("failed", json!({"code": none.code, "detail": sentence(none.code)}))
            }
        };
        Ok(Event::default().event(kind).data(data.to_string()))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

fn short<'a>(field: &'static str, text: &'a str, most: usize) -> Result<&'a str> {
    let text = accept_text(text)?;
    if text.chars().count() > most {
        let message = format!("That is longer than {most} characters; shorten it.");
        return Err(Problem::field(field, "too-long", message));
    }
    Ok(text)
}

fn refused(code: &'static str) -> Problem {
    let status = match code {
        "model-off" | "model-no-prompt" => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Problem::new(status, code, sentence(code))
}

/// What an agent is told; what the server said is in the log.
fn sentence(code: &str) -> &'static str {
    match code {
        "model-off" | "model-no-prompt" => "This desk has no language model that writes this.",
        "model-over-budget" => "The budget for the language model is used up. Write it yourself.",
        "model-rate-limited" => {
            "The language model was asked very often for this customer. Wait a minute, then try again."
        }
        "model-refused" | "model-answer-invalid" | "model-made-up-data" => {
            "The language model wrote nothing that can be used. Try again, or write it yourself."
        }
        "model-input-too-long" | "model-input-unfit" => {
            "That is too much for the language model. Shorten it."
        }
        _ => "The language model does not answer at the moment. Try again later, or write it yourself.",
    }
}
