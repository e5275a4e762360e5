//! What sets the desk off beside messages: playbooks that agents start, triggers and what set them off.

use super::automation::LATELY_DAYS;
use super::conversations::{detail, within};
use super::view::row::Detail;
use crate::desk::Command;
use crate::domain::Time;
use crate::domain::ids::ConversationId;
use crate::http::Site;
use crate::http::extract::{Json, Path, Query};
use crate::http::problem::{Problem, Result};
use crate::http::session::{Admin, Answerer, Reader};
use crate::playbook::policy::trigger::On;
use crate::playbook::triggers::CheckedTrigger;
use crate::ports::storage::{FiringFilter, PollHealth};
use axum::extract::State;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

#[derive(Serialize, ToSchema)]
pub(super) struct Playbooks {
    items: Vec<Startable>,
}

/// A playbook that an agent may start.
#[derive(Serialize, ToSchema)]
struct Startable {
    /// Names it when it is started.
    id: String,
    name: String,
    description: String,
    /// JSON Schema of what it takes.
    #[schema(value_type = Object)]
    input: Value,
}

/// What an agent starts.
#[derive(Deserialize, ToSchema)]
pub(super) struct Start {
    /// Which, of `GET /playbooks`.
    id: String,
    /// What it takes.
    #[serde(default)]
    #[schema(value_type = Object)]
    input: Option<Value>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Triggers {
    items: Vec<Trigger>,
}

/// A trigger.
#[derive(Serialize, ToSchema)]
struct Trigger {
    id: String,
    name: String,
    description: String,
    /// `hook`, `schedule`, `poll`, `form`, `ticket`, `file` or `manual`.
    kind: &'static str,
    /// Of a schedule, when it fires next.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    next: Option<Time>,
    /// Of a hook, whether its secret is set: without it every request is refused.
    #[schema(required)]
    ready: Option<bool>,
    /// What the last 30 days came to.
    lately: Lately,
    /// Of a poll, how it is; null before its first look.
    #[schema(required)]
    poll: Option<Poll>,
}

/// How the polling of a database is.
#[derive(Serialize, ToSchema)]
struct Poll {
    /// When it last worked; null where it never has.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    looked_at: Option<Time>,
    /// When it is looked again.
    #[schema(value_type = String, format = DateTime)]
    next: Time,
    /// Tries in a row that came to nothing.
    failures: i64,
    /// What is wrong, as a sentence; null where all is well.
    #[schema(required)]
    trouble: Option<String>,
}

impl Poll {
    fn of(trigger: &CheckedTrigger, polls: &[PollHealth]) -> Option<Self> {
        let polled = matches!(trigger.on, On::Poll(_));
        let poll = polls.iter().find(|poll| polled && poll.trigger == trigger.id)?;
        Some(Self {
            looked_at: poll.looked_at,
            next: poll.due,
            failures: poll.failures,
            trouble: poll.trouble.clone(),
        })
    }
}

/// How often a trigger went off, and what came of it.
#[derive(Serialize, ToSchema)]
#[schema(as = TriggerLately)]
struct Lately {
    /// Forms, files and agents set triggers off within a conversation, whose log tells of it: they are not counted here.
    counted: bool,
    fired: i64,
    #[schema(required, value_type = Option<String>, format = DateTime)]
    last_at: Option<Time>,
    /// Occurrences that came to nothing, for good: a template failed, or it was given up.
    failed: i64,
    /// Occurrences that are not through yet.
    waiting: i64,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct FiringsQuery {
    /// Only of this trigger.
    trigger: Option<String>,
    /// Where the page begins: `next` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 where absent.
    limit: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct FiringPage {
    items: Vec<Firing>,
    #[schema(required)]
    next: Option<String>,
}

/// Something that set a trigger off.
#[derive(Serialize, ToSchema)]
struct Firing {
    trigger: String,
    /// What tells it from others.
    occurrence: String,
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// What came of it; null while it is worked on.
    #[schema(required)]
    outcome: Option<String>,
    tries: i64,
}

/// The playbooks that agents may start.
#[utoipa::path(get, operation_id = "list_playbooks", path = "/playbooks", tag = "desk", responses((status = 200, body = Playbooks), Problem))]
pub(super) async fn playbooks(State(site): State<Site>, _: Reader) -> Json<Playbooks> {
    let book = site.library.current();
    let manual = book.triggers.values().filter(|trigger| matches!(trigger.on, On::Manual(_)));
    let items = manual.map(|trigger| Startable {
        id: trigger.id.clone(),
        name: trigger.name.clone(),
        description: trigger.description.clone(),
        input: trigger.payload.clone(),
    });
    Json(Playbooks { items: items.collect() })
}

/// Has the bot run a playbook in a conversation; it has the conversation for that.
#[utoipa::path(post, operation_id = "start_playbook", path = "/conversations/{id}/playbooks", tag = "conversations", params(("id" = String, Path)), request_body = Start, responses((status = 200, body = Detail), Problem))]
pub(super) async fn start(
    State(site): State<Site>,
    who: Answerer,
    Path(id): Path<Uuid>,
    Json(start): Json<Start>,
) -> Result<Json<Detail>> {
    let id = ConversationId(id);
    let input = start.input.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
    site.hand.act(id, &who.person(), &Command::Start { trigger: start.id, input }).await?;
    Ok(Json(detail(&site, id).await?))
}

/// All triggers.
#[utoipa::path(get, operation_id = "list_triggers", path = "/triggers", tag = "desk", responses((status = 200, body = Triggers), Problem))]
pub(super) async fn list(State(site): State<Site>, _: Reader) -> Result<Json<Triggers>> {
    let book = site.library.current();
    let now = site.ledger.now();
    let polls = site.ledger.storage.polls().await?;
    let counts = site.ledger.storage.firing_counts(now - TimeDelta::days(LATELY_DAYS)).await?;
    let items = book.triggers.values().map(|trigger| {
        let count = counts.iter().find(|count| count.trigger == trigger.id);
        Trigger {
            id: trigger.id.clone(),
            name: trigger.name.clone(),
            description: trigger.description.clone(),
            kind: trigger.on.name(),
            next: trigger.next_moment(now),
            ready: match &trigger.on {
                On::Hook(hook) => Some(site.settings.hook_secrets.contains_key(&hook.secret)),
                _ => None,
            },
            lately: Lately {
                counted: !matches!(trigger.on, On::Form(_) | On::File(_) | On::Manual(_)),
                fired: count.map_or(0, |count| count.fired),
                last_at: count.map(|count| count.last_at),
                failed: count.map_or(0, |count| count.failed),
                waiting: count.map_or(0, |count| count.waiting),
            },
            poll: Poll::of(trigger, &polls),
        }
    });
    Ok(Json(Triggers { items: items.collect() }))
}

/// What set triggers off, newest first.
#[utoipa::path(get, operation_id = "list_firings", path = "/triggers/firings", tag = "desk", params(FiringsQuery), responses((status = 200, body = FiringPage), Problem))]
pub(super) async fn firings(
    State(site): State<Site>,
    _: Admin,
    Query(query): Query<FiringsQuery>,
) -> Result<Json<FiringPage>> {
    let filter =
        FiringFilter { trigger: query.trigger, cursor: query.cursor, limit: within(query.limit, 50, 200)? };
    let page = site.ledger.storage.firings(&filter).await?;
    let items = page.items.into_iter().map(|firing| Firing {
        trigger: firing.trigger,
        occurrence: firing.occurrence,
        at: firing.at,
        outcome: firing.outcome,
        tries: firing.attempts,
    });
    Ok(Json(FiringPage { items: items.collect(), next: page.next }))
}
