//! What the desk may do by itself: intents with their levels and what keeps them below, rules with how often they
//! fired, demotions and how an admin lifts them.

use super::view::Named;
use super::view::decision::Reason;
use crate::domain::Time;
use crate::domain::switch::Switch;
use crate::http::Site;
use crate::http::extract::{Json, Path};
use crate::http::problem::{Problem, Result};
use crate::http::session::{Admin, Reader};
use crate::playbook::policy::intent::{Engine, Intent, Then};
use crate::playbook::{CheckedRule, Playbook};
use crate::triage::level_of;
use axum::extract::State;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far back overviews look.
pub(super) const LATELY_DAYS: i64 = 30;

#[derive(Serialize, ToSchema)]
pub(super) struct Rules {
    /// In the order in which they are asked. A rule that an earlier one makes pointless is refused before a release
    /// takes force, so there is none here.
    items: Vec<Rule>,
}

/// A rule of the release in force.
#[derive(Serialize, ToSchema)]
struct Rule {
    id: String,
    because: String,
    /// Its condition, as it is written.
    when: String,
    /// What follows, in words.
    then: String,
    /// Whether it ends the judgement of a message.
    concludes: bool,
    /// How often it has fired; 0 is a dead rule.
    hits: i64,
    /// How often in the last 30 days.
    lately: i64,
    #[schema(required, value_type = Option<String>, format = DateTime)]
    last_at: Option<Time>,
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

#[derive(Serialize, ToSchema)]
pub(super) struct Levels {
    items: Vec<Level>,
}

/// How much the desk may do by itself about an intent.
#[derive(Serialize, ToSchema)]
struct Level {
    intent: String,
    name: String,
    team: Named,
    /// What is done once the bot is sure, in words.
    then: String,
    /// `low`, `medium` or `high`.
    risk: &'static str,
    /// Whether the desk accepts that it runs without approval although its risk is high.
    risk_accepted: bool,
    /// What its policy says: `observe`, `suggest`, `approve` or `auto`.
    policy: &'static str,
    /// What holds now.
    now: &'static str,
    /// Why that is less than its policy says.
    #[schema(required)]
    because: Option<Reason>,
    /// What it was demoted to, and lifting would end.
    #[schema(required)]
    demoted: Option<&'static str>,
    /// Whether it is switched off.
    off: bool,
    /// `local`, `model` or `auto`; null where the desk's default holds.
    #[schema(required)]
    engine: Option<&'static str>,
    /// The probability needed to act.
    threshold: f32,
    #[schema(required)]
    budget: Option<Budget>,
}

/// How many answers may turn out to be wrong.
#[derive(Serialize, ToSchema)]
#[schema(as = ErrorBudget)]
struct Budget {
    /// The share that may, 0 to 1.
    allowed: f64,
    /// Nothing is concluded from fewer answers.
    of_at_least: i64,
    /// How far back is counted, in days.
    days: f64,
    /// Answers in that time, or since a demotion was lifted.
    answers: i64,
    /// How many of them turned out to be wrong.
    failures: i64,
    /// What it is demoted to when it is burnt.
    demotes_to: &'static str,
}

/// The rules in force, and how often each has fired.
#[utoipa::path(get, operation_id = "list_rules", path = "/rules", tag = "automation", responses((status = 200, body = Rules), Problem))]
pub(super) async fn rules(State(site): State<Site>, _: Reader) -> Result<Json<Rules>> {
    let book = site.library.current();
    let storage = &site.ledger.storage;
    let hits = storage.rule_hits().await?;
    let lately = storage.rules_lately(site.ledger.now() - TimeDelta::days(LATELY_DAYS)).await?;
    let items = book.rules.iter().map(|rule| {
        let counted = hits.iter().find(|hits| hits.rule == rule.id);
        Rule {
            id: rule.id.clone(),
            because: rule.because.clone(),
            when: rule.when.source().to_owned(),
            then: consequence(rule, &book),
            concludes: rule.then.is_some(),
            hits: counted.map_or(0, |counted| counted.hits),
            lately: lately.iter().find(|(id, _)| *id == rule.id).map_or(0, |(_, hits)| *hits),
            last_at: counted.map(|counted| counted.last_at),
        }
    });
    Ok(Json(Rules { items: items.collect() }))
}

/// How much the desk may do by itself about each intent.
#[utoipa::path(get, operation_id = "list_levels", path = "/automation", tag = "automation", responses((status = 200, body = Levels), Problem))]
pub(super) async fn levels(State(site): State<Site>, _: Reader) -> Result<Json<Levels>> {
    let book = site.library.current();
    let storage = &site.ledger.storage;
    let demotions = storage.demotions().await?;
    let off = storage.switchboard().await?.off;
    let mut items = Vec::with_capacity(book.intents.len());
    for (id, intent) in &book.intents {
        let (now, because) = level_of(intent, &demotions);
        let demoted = demotions.iter().filter(|demotion| demotion.intent == *id).map(|one| one.to).min();
        items.push(Level {
            intent: id.clone(),
            name: intent.name.clone(),
            team: Named::team(&intent.team.value, &book),
            then: conclusion(&intent.then.value, &book),
            risk: intent.risk.name(),
            risk_accepted: intent.risk_accepted,
            policy: intent.automation.name(),
            now: now.name(),
            because: because.as_ref().map(Reason::of),
            demoted: demoted.map(|level| level.name()),
            off: off.iter().any(|one| matches!(&one.switch, Switch::Intent(other) if other == id)),
            engine: intent.engine.map(|engine| match engine {
                Engine::Local => "local",
                Engine::Model => "model",
                Engine::Auto => "auto",
            }),
            threshold: intent.threshold.as_ref().map_or(book.classifier.threshold(), |own| own.value),
            budget: budget(&site, intent).await?,
        });
    }
    Ok(Json(Levels { items }))
}

async fn budget(site: &Site, intent: &Intent) -> Result<Option<Budget>> {
    let Some(budget) = &intent.error_budget else { return Ok(None) };
    let within = budget.value.within.delta();
    let since = site.ledger.now().checked_sub_signed(within).unwrap_or(Time::MIN_UTC);
    let marks = site.ledger.storage.marks(&intent.id.value, since).await?;
    Ok(Some(Budget {
        allowed: budget.value.failures,
        of_at_least: budget.value.of_at_least,
        days: within.as_seconds_f64() / 86_400.0,
        answers: marks.answers,
        failures: marks.failures,
        demotes_to: budget.value.demote_to.name(),
    }))
}

/// Intents that burnt their error budget.
#[utoipa::path(get, operation_id = "list_demotions", path = "/demotions", tag = "automation", responses((status = 200, body = Demotions), Problem))]
pub(super) async fn demotions(State(site): State<Site>, _: Reader) -> Result<Json<Demotions>> {
    standing(&site).await
}

/// Lets an intent do again what its policy says; its budget begins anew.
#[utoipa::path(post, operation_id = "lift_demotion", path = "/demotions/{intent}/lift", tag = "automation", params(("intent" = String, Path)), request_body = Lifted, responses((status = 200, body = Demotions), Problem))]
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
    tracing::warn!(intent, by = %who.id, "a demotion was lifted");
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

/// What ends the judgement, in words.
fn conclusion(then: &Then, book: &Playbook) -> String {
    match then {
        Then::HandOff(to) => match &to.team {
            Some(team) => format!("Hands over to {}", Named::team(team, book).name),
            None => "Hands over to a person".to_owned(),
        },
        Then::Playbook(id) => {
            let name = book.procedures.get(id).map_or(id.as_str(), |playbook| &playbook.name);
            format!("Runs the playbook “{name}”")
        }
        Then::Answer(from) => match &from.articles {
            Some(articles) => format!("Answers from {}", articles.join(", ")),
            None => "Answers from the articles".to_owned(),
        },
        Then::Reply(id) => format!("Says “{id}”"),
    }
}

/// What a rule does, in words.
fn consequence(rule: &CheckedRule, book: &Playbook) -> String {
    let does = &rule.consequence;
    let mut parts = Vec::new();
    parts.extend(rule.then.as_ref().map(|then| conclusion(then, book)));
    parts.extend(
        does.urgency
            .map(|urgency| format!("urgency at least {}", crate::triage::facts::urgency_name(urgency))),
    );
    parts.extend(does.priority.map(|priority| format!("priority at least {}", priority.name())));
    parts.extend(does.team.as_ref().map(|team| format!("team {}", Named::team(team, book).name)));
    parts.extend(does.tags.iter().map(|tag| format!("tag {tag}")));
    parts.join(", ")
}
