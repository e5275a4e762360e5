//! `/api/v1/activity`: what the desk did by itself lately, and what it was kept from doing.

use super::conversations::{effects, within};
use super::view::event::{self, Around, Event};
use super::view::row::Row;
use crate::domain::effect::Outcome;
use crate::domain::event::{Entry, Event as Happened};
use crate::http::Site;
use crate::http::extract::{Json, Query};
use crate::http::problem::{Problem, Result};
use crate::http::session::Reader;
use crate::playbook::Playbook;
use crate::ports::storage::{Row as StoredRow, RowFilter, View};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The newest of a conversation that are looked at: who needs more opens it.
const PER_TALK: i64 = 30;
/// So many conversations are looked through for one page.
const LOOKED_THROUGH: usize = 400;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ActivityQuery {
    /// Only these; all where absent.
    #[param(inline)]
    only: Option<Only>,
    /// Where the page begins: `next` of the page before.
    cursor: Option<String>,
    /// How many conversations, 1 to 50; 20 where absent. A page may hold fewer, or none, and not be the last.
    limit: Option<i64>,
}

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Only {
    /// What was done in other systems, tickets and notices among them.
    Done,
    /// What the bot wanted and was not allowed, what people rejected, what failed.
    TurnedDown,
}

#[derive(Serialize, ToSchema)]
pub(super) struct ActivityPage {
    items: Vec<Activity>,
    #[schema(required)]
    next: Option<String>,
}

/// What the desk did in one conversation.
#[derive(Serialize, ToSchema)]
struct Activity {
    conversation: Row,
    /// The newest first.
    deeds: Vec<Deed>,
}

/// Something the desk decided, did, or was kept from doing.
#[derive(Serialize, ToSchema)]
struct Deed {
    /// Whether it was not allowed, was rejected, or failed.
    turned_down: bool,
    /// What a person's word was about; null elsewhere, where the event says it itself.
    #[schema(required)]
    about: Option<String>,
    event: Event,
}

/// A page of conversations in which the desk did something, the one that changed last first.
#[utoipa::path(get, operation_id = "list_activity", path = "/activity", tag = "automation", params(ActivityQuery), responses((status = 200, body = ActivityPage), Problem))]
pub(super) async fn list(
    State(site): State<Site>,
    _: Reader,
    Query(query): Query<ActivityQuery>,
) -> Result<Json<ActivityPage>> {
    let limit = within(query.limit, 20, 50)?;
    let book = site.library.current();
    let (mut items, mut seen, mut cursor) = (Vec::new(), 0, query.cursor);
    // As many conversations as are still wanted: the cursor then stands where the page ends.
    while let wanted @ 1.. = limit - i64::try_from(items.len()).unwrap_or(limit) {
        let filter = RowFilter { view: View::All, search: None, cursor, limit: wanted };
        let page = site.ledger.storage.rows(&filter).await?;
        seen += page.items.len();
        for row in &page.items {
            let deeds = deeds(&site, row, query.only, &book).await?;
            if !deeds.is_empty() {
                items.push(Activity { conversation: Row::of(row, &book), deeds });
            }
        }
        cursor = page.next;
        if cursor.is_none() || seen >= LOOKED_THROUGH {
            break;
        }
    }
    Ok(Json(ActivityPage { items, next: cursor }))
}

async fn deeds(site: &Site, row: &StoredRow, only: Option<Only>, book: &Playbook) -> Result<Vec<Deed>> {
    let id = row.conversation.id;
    let mut entries = site.ledger.storage.deeds(id, PER_TALK).await?;
    entries.retain(|entry| match only {
        None => true,
        Some(Only::TurnedDown) => turned_down(entry),
        Some(Only::Done) => done(entry),
    });
    let (asked, came) = effects(site, id, &entries).await?;
    let around = Around { book, channel: row.conversation.channel, asked, came };
    let mut deeds = Vec::with_capacity(entries.len());
    for entry in &entries {
        let Some(event) = event::of(entry, &around) else { continue };
        let about = asked_about(site, row, entry).await?;
        deeds.push(Deed { turned_down: turned_down(entry), about, event });
    }
    Ok(deeds)
}

/// What somebody approved or rejected.
async fn asked_about(site: &Site, row: &StoredRow, entry: &Entry) -> Result<Option<String>> {
    let (Happened::Approved { approval, .. } | Happened::Rejected { approval, .. }) = &entry.event else {
        return Ok(None);
    };
    let asked = site.ledger.storage.events(row.conversation.id, approval - 1, 1).await?.pop();
    Ok(asked.and_then(|asked| match asked.event {
        Happened::ApprovalAsked { proposal } => Some(proposal.title),
        _ => None,
    }))
}

/// Why the bot did less than it would have: codes of reasons.
const KEPT: [&str; 6] = [
    "risk-capped",
    "automation-demoted",
    "switched-off",
    "reply-refused",
    "identity-not-verified",
    "injection-suspected",
];

fn turned_down(entry: &Entry) -> bool {
    match &entry.event {
        Happened::Decided { decision } => decision
            .reasons
            .iter()
            .any(|reason| reason.code.starts_with("automation-") || KEPT.contains(&reason.code.as_str())),
        Happened::Rejected { .. } => true,
        Happened::Redriven { again, .. } => !again,
        Happened::Finished { outcome, .. } => matches!(
            outcome,
            Outcome::Failed { .. } | Outcome::InDoubt { .. } | Outcome::Dropped | Outcome::CodeUnsent { .. }
        ),
        _ => false,
    }
}

fn done(entry: &Entry) -> bool {
    match &entry.event {
        Happened::Approved { .. } => true,
        Happened::Finished { outcome, .. } => {
            !turned_down(entry) && !matches!(outcome, Outcome::Delivered { .. })
        }
        _ => false,
    }
}
