//! What sets the desk off beside messages: playbooks that agents start, triggers and what set them off, rules and how
//! often they fired.

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
use axum::extract::State;
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

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct FiringsQuery {
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

#[derive(Serialize, ToSchema)]
pub(super) struct Rules {
    items: Vec<Rule>,
}

/// A rule of the release in force.
#[derive(Serialize, ToSchema)]
struct Rule {
    id: String,
    because: String,
    /// How often it has fired; 0 is a dead rule.
    hits: i64,
    #[schema(required, value_type = Option<String>, format = DateTime)]
    last_at: Option<Time>,
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
    let polls = site.ledger.storage.polls().await?;
    let items = book.triggers.values().map(|trigger| Trigger {
        id: trigger.id.clone(),
        name: trigger.name.clone(),
        description: trigger.description.clone(),
        kind: trigger.on.name(),
        next: trigger.next_moment(site.ledger.now()),
        ready: match &trigger.on {
            On::Hook(hook) => Some(site.settings.hook_secrets.contains_key(&hook.secret)),
            _ => None,
        },
        poll: polls.iter().find(|poll| poll.trigger == trigger.id && matches!(trigger.on, On::Poll(_))).map(
            |poll| Poll {
                looked_at: poll.looked_at,
                next: poll.due,
                failures: poll.failures,
                trouble: poll.trouble.clone(),
            },
        ),
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
    let cursor = query.cursor.and_then(|cursor| cursor.parse().ok());
    let page = site.ledger.storage.firings(cursor, within(query.limit, 50, 200)?).await?;
    let items = page.items.into_iter().map(|firing| Firing {
        trigger: firing.trigger,
        occurrence: firing.occurrence,
        at: firing.at,
        outcome: firing.outcome,
        tries: firing.attempts,
    });
    Ok(Json(FiringPage { items: items.collect(), next: page.next }))
}

/// The rules in force, and how often each has fired.
#[utoipa::path(get, operation_id = "list_rules", path = "/rules", tag = "desk", responses((status = 200, body = Rules), Problem))]
pub(super) async fn rules(State(site): State<Site>, _: Reader) -> Result<Json<Rules>> {
    let book = site.library.current();
    let hits = site.ledger.storage.rule_hits().await?;
    let items = book.rules.iter().map(|rule| {
        let counted = hits.iter().find(|hits| hits.rule == rule.id);
        Rule {
            id: rule.id.clone(),
            because: rule.because.clone(),
            hits: counted.map_or(0, |counted| counted.hits),
            last_at: counted.map(|counted| counted.last_at),
        }
    });
    Ok(Json(Rules { items: items.collect() }))
}

#[derive(Deserialize, ToSchema)]
pub(super) struct Lifted {
    /// Why, for colleagues; at most 500 characters.
    because: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Demotions {
    items: Vec<Demotion>,
}

/// An intent that may do less by itself than its policy says.
#[derive(Serialize, ToSchema)]
struct Demotion {
    intent: String,
    /// `observe`, `suggest` or `approve`.
    to: &'static str,
    because: String,
}

/// Intents that burnt their error budget.
#[utoipa::path(get, operation_id = "list_demotions", path = "/demotions", tag = "desk", responses((status = 200, body = Demotions), Problem))]
pub(super) async fn demotions(State(site): State<Site>, _: Reader) -> Result<Json<Demotions>> {
    standing(&site).await
}

/// Lets an intent do again what its policy says; its budget begins anew.
#[utoipa::path(post, operation_id = "lift_demotion", path = "/demotions/{intent}/lift", tag = "desk", params(("intent" = String, Path)), request_body = Lifted, responses((status = 200, body = Demotions), Problem))]
pub(super) async fn lift(
    State(site): State<Site>,
    Admin(who): Admin,
    Path(intent): Path<String>,
    Json(lifted): Json<Lifted>,
) -> Result<Json<Demotions>> {
    let because = lifted.because.trim();
    if because.is_empty() || because.chars().count() > 500 || because.contains('\0') {
        let detail = "Say why in 1 to 500 characters: colleagues read it.";
        return Err(Problem::field("because", "bad-reason", detail));
    }
    site.ledger.storage.restore_level(&intent, because, &who.name, site.ledger.now()).await?;
    standing(&site).await
}

async fn standing(site: &Site) -> Result<Json<Demotions>> {
    let demotions = site.ledger.storage.demotions().await?.into_iter();
    let items = demotions.map(|demotion| Demotion {
        intent: demotion.intent,
        to: demotion.to.name(),
        because: demotion.because,
    });
    Ok(Json(Demotions { items: items.collect() }))
}
