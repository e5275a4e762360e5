//! What a visitor does beside writing: typing, and saying how it was.

use super::visitor::Visitor;
use crate::domain::ids::ConversationId;
use crate::hand::Rating;
use crate::http::Site;
use crate::http::extract::Json;
use crate::http::problem::{Problem, Result};
use crate::hub::DeskSignal;
use axum::extract::State;
use axum::http::StatusCode;
use channels::{Channel, accept_text};
use serde::Deserialize;

/// The longest comment, in bytes.
const MAX_COMMENT: usize = 4000;

/// Tells the desk that the visitor is writing; not kept, and not missed when it is one too many.
pub(super) async fn typing(State(site): State<Site>, visitor: Visitor) -> Result<StatusCode> {
    if site.limits.gestures.check(&visitor.id).is_ok()
        && let Some(talk) = site.ledger.storage.current(Channel::Web, &visitor.id.to_string()).await?
    {
        is_typing(&site, talk);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Passes it on.
pub(super) fn is_typing(site: &Site, talk: ConversationId) {
    site.ledger.hub.tell_desk(DeskSignal::Typing(talk));
}

/// Either of the two.
#[derive(Deserialize)]
pub(super) struct Feedback {
    #[serde(default)]
    helpful: Option<bool>,
    #[serde(default)]
    rating: Option<u8>,
    #[serde(default)]
    comment: Option<String>,
}

/// Keeps what the visitor says of the help they got.
pub(super) async fn feedback(
    State(site): State<Site>,
    visitor: Visitor,
    Json(feedback): Json<Feedback>,
) -> Result<StatusCode> {
    let Feedback { helpful, rating, comment } = feedback;
    if helpful.is_some() == rating.is_some() {
        return Err(Problem::field("rating", "bad-rating", "Send either \"helpful\" or \"rating\"."));
    }
    if rating.is_some_and(|rating| !(1..=5).contains(&rating)) {
        return Err(Problem::field("rating", "bad-rating", "A rating is a whole number from 1 to 5."));
    }
    let comment = match comment.as_deref().filter(|comment| !comment.trim().is_empty()) {
        Some(comment) if comment.len() > MAX_COMMENT => {
            return Err(Problem::too_large("The comment is too long. Please shorten it."));
        }
        Some(comment) => Some(accept_text(comment)?.to_owned()),
        None => None,
    };
    site.limits.gestures.check(&visitor.id)?;
    let talk = site.ledger.storage.current(Channel::Web, &visitor.id.to_string()).await?;
    let talk =
        talk.ok_or_else(|| Problem::conflict("no-conversation", "There is no conversation to rate yet."))?;
    site.hand.rate(talk, &Rating { helpful, rating, comment }, None).await?;
    Ok(StatusCode::NO_CONTENT)
}
