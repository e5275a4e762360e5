//! `/api/v1/conversations`: the list, one of them, its log, its decisions, its files.

use super::view::decision::Decision;
use super::view::event::{self, Around, Event};
use super::view::row::{Detail, Row};
use crate::domain::event::{Entry, Event as Happened};
use crate::domain::ids::{ConversationId, Seq, UploadId};
use crate::http::Site;
use crate::http::download;
use crate::http::extract::{Json, Path, Query};
use crate::http::problem::{Problem, Result};
use crate::http::session::Reader;
use crate::ports::storage::{Row as StoredRow, RowFilter, TicketFilter, View};
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// The log is read in pages of this many.
const PAGE: i64 = 500;
/// The longest search, in characters.
const MAX_SEARCH: usize = 200;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Which; all where absent.
    #[param(inline)]
    view: Option<ViewName>,
    /// Words in the customer's name or address or in the last lines.
    q: Option<String>,
    /// Where the page begins: `next` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 where absent.
    limit: Option<i64>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum ViewName {
    Queue,
    Mine,
    Human,
    Bot,
    Resolved,
    All,
}

#[derive(Serialize, ToSchema)]
pub(super) struct RowPage {
    items: Vec<Row>,
    #[schema(required)]
    next: Option<String>,
    counts: Counts,
}

/// How many there are in each view.
#[derive(Serialize, ToSchema)]
struct Counts {
    queue: i64,
    mine: i64,
    human: i64,
    bot: i64,
    resolved: i64,
}

/// A page of conversations, and how many there are in each view.
#[utoipa::path(get, operation_id = "list_conversations", path = "/conversations", tag = "conversations", params(ListQuery), responses((status = 200, body = RowPage), Problem))]
pub(super) async fn list(
    State(site): State<Site>,
    reader: Reader,
    Query(query): Query<ListQuery>,
) -> Result<Json<RowPage>> {
    let view = match query.view.unwrap_or(ViewName::All) {
        ViewName::Queue => View::Queue,
        ViewName::Mine => View::Mine(reader.user.id),
        ViewName::Human => View::Human,
        ViewName::Bot => View::Bot,
        ViewName::Resolved => View::Resolved,
        ViewName::All => View::All,
    };
    let search = query.q.map(|q| q.trim().to_owned()).filter(|q| !q.is_empty());
    if search.as_ref().is_some_and(|q| q.chars().count() > MAX_SEARCH || q.contains('\0')) {
        return Err(Problem::bad("bad-query", "The search is too long or holds a NUL character."));
    }
    let filter = RowFilter { view, search, cursor: query.cursor, limit: within(query.limit, 50, 200)? };
    let storage = &site.ledger.storage;
    let page = storage.rows(&filter).await?;
    let counts = storage.counts(reader.user.id).await?;
    let book = site.library.current();
    Ok(Json(RowPage {
        items: page.items.iter().map(|row| Row::of(row, &book)).collect(),
        next: page.next,
        counts: Counts {
            queue: counts.queue,
            mine: counts.mine,
            human: counts.human,
            bot: counts.bot,
            resolved: counts.resolved,
        },
    }))
}

/// One conversation, with everything an agent needs to know.
#[utoipa::path(get, operation_id = "show_conversation", path = "/conversations/{id}", tag = "conversations", params(("id" = String, Path)), responses((status = 200, body = Detail), Problem))]
pub(super) async fn show(State(site): State<Site>, _: Reader, Path(id): Path<Uuid>) -> Result<Json<Detail>> {
    Ok(Json(detail(&site, ConversationId(id)).await?))
}

/// The details as they are now.
pub(super) async fn detail(site: &Site, id: ConversationId) -> Result<Detail> {
    let storage = &site.ledger.storage;
    let row = storage.row(id).await?.ok_or_else(|| Problem::missing("conversation"))?;
    let filter = TicketFilter { conversation: Some(id), limit: 50, ..TicketFilter::default() };
    let tickets = storage.tickets(&filter).await?.items;
    let comment = match row.conversation.rating {
        Some(_) => comment(site, id).await?,
        None => None,
    };
    Ok(Detail::of(&row, &tickets, comment, &site.library.current()))
}

/// What came with the newest rating.
async fn comment(site: &Site, id: ConversationId) -> Result<Option<String>> {
    let log = entries(site, id, 0).await?;
    Ok(log
        .into_iter()
        .rev()
        .find_map(|entry| match entry.event {
            Happened::Rated { rating: Some(_), comment, .. } => Some(comment),
            _ => None,
        })
        .flatten())
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct EventQuery {
    /// Events after this place; 0 is the beginning.
    after: Option<i64>,
    /// 1 to 500; 500 where absent.
    limit: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct EventPage {
    events: Vec<Event>,
    /// Where the next page begins.
    next: i64,
}

/// What happened after a place in the log, oldest first. Fewer than `limit` events are the end of it.
#[utoipa::path(get, operation_id = "list_events", path = "/conversations/{id}/events", tag = "conversations", params(("id" = String, Path), EventQuery), responses((status = 200, body = EventPage), Problem))]
pub(super) async fn events(
    State(site): State<Site>,
    _: Reader,
    Path(id): Path<Uuid>,
    Query(query): Query<EventQuery>,
) -> Result<Json<EventPage>> {
    let row = existing(&site, ConversationId(id)).await?;
    let limit = usize::try_from(within(query.limit, PAGE, PAGE)?).map_err(Problem::internal)?;
    let id = row.conversation.id;
    let book = site.library.current();
    let mut next = query.after.unwrap_or(0).max(0);
    let mut events = Vec::new();
    // What agents do not see must not make a page look like the last one.
    loop {
        let page = site.ledger.storage.events(id, next, PAGE).await?;
        let last = i64::try_from(page.len()).is_ok_and(|read| read < PAGE);
        let (asked, came) = effects(&site, id, &page).await?;
        let around = Around { book: &book, channel: row.conversation.channel, asked, came };
        for entry in &page {
            next = entry.seq;
            events.extend(event::of(entry, &around));
            if events.len() == limit {
                return Ok(Json(EventPage { events, next }));
            }
        }
        if last {
            return Ok(Json(EventPage { events, next }));
        }
    }
}

type Effects = (HashMap<Seq, crate::domain::effect::Effect>, HashMap<Seq, crate::domain::effect::Outcome>);

/// What the effects were that finish among these entries, and what came of those asked for among them.
pub(super) async fn effects(site: &Site, id: ConversationId, page: &[Entry]) -> Result<Effects> {
    let (mut asked, mut came) = (HashMap::new(), HashMap::new());
    let by_place: HashMap<Seq, &Entry> = page.iter().map(|entry| (entry.seq, entry)).collect();
    for entry in page {
        let Happened::Finished { effect, outcome } = &entry.event else { continue };
        came.insert(*effect, outcome.clone());
        let before = match by_place.get(effect) {
            Some(entry) => Some((*entry).clone()),
            None => site.ledger.storage.events(id, effect - 1, 1).await?.pop(),
        };
        if let Some(Happened::Requested { effect: wanted }) = before.map(|entry| entry.event) {
            asked.insert(*effect, wanted);
        }
    }
    Ok((asked, came))
}

#[derive(Serialize, ToSchema)]
pub(super) struct Decisions {
    items: Vec<Decision>,
}

/// Every decision of the bot in a conversation, oldest first.
#[utoipa::path(get, operation_id = "list_decisions", path = "/conversations/{id}/decisions", tag = "conversations", params(("id" = String, Path)), responses((status = 200, body = Decisions), Problem))]
pub(super) async fn decisions(
    State(site): State<Site>,
    _: Reader,
    Path(id): Path<Uuid>,
) -> Result<Json<Decisions>> {
    let row = existing(&site, ConversationId(id)).await?;
    let log = entries(&site, row.conversation.id, 0).await?;
    let items = log.iter().filter_map(|entry| match &entry.event {
        Happened::Decided { decision } => Some(Decision::of(entry.seq, decision)),
        _ => None,
    });
    Ok(Json(Decisions { items: items.collect() }))
}

/// A file that the customer sent; always to be saved.
#[utoipa::path(get, operation_id = "download_upload", path = "/conversations/{id}/uploads/{upload}", tag = "conversations", params(("id" = String, Path), ("upload" = String, Path)),
    responses((status = 200, description = "The file, as an attachment", content_type = "application/octet-stream", body = Vec<u8>), Problem))]
pub(super) async fn upload(
    State(site): State<Site>,
    _: Reader,
    Path((id, upload)): Path<(Uuid, Uuid)>,
) -> Result<Response> {
    let row = existing(&site, ConversationId(id)).await?;
    let upload = site.ledger.storage.upload(UploadId(upload)).await?;
    let theirs = upload.filter(|upload| upload.customer == row.conversation.customer);
    download::attachment(theirs.ok_or_else(|| Problem::missing("file"))?)
}

/// The conversation, or 404.
pub(super) async fn existing(site: &Site, id: ConversationId) -> Result<StoredRow> {
    site.ledger.storage.row(id).await?.ok_or_else(|| Problem::missing("conversation"))
}

/// The log from a place to its end.
async fn entries(site: &Site, id: ConversationId, after: Seq) -> Result<Vec<Entry>> {
    let (mut log, mut after) = (Vec::new(), after);
    loop {
        let page = site.ledger.storage.events(id, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(log) };
        after = last.seq;
        log.extend(page);
    }
}

/// A limit from outside.
pub(super) fn within(limit: Option<i64>, default: i64, most: i64) -> Result<i64> {
    match limit {
        None => Ok(default),
        Some(limit) if (1..=most).contains(&limit) => Ok(limit),
        Some(_) => Err(Problem::bad("bad-query", format!("\"limit\" is a number from 1 to {most}."))),
    }
}
