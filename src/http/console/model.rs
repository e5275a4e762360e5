//! `/api/v1/model`: the language model, how it is and what it costs.

use crate::asking::Tallied;
use crate::http::Site;
use crate::http::extract::Json;
use crate::http::problem::{Problem, Result};
use crate::http::session::{Admin, Reader};
use axum::extract::State;
use chrono::NaiveTime;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The language model and how it is.
#[derive(Serialize, ToSchema)]
pub(super) struct LanguageModel {
    /// `off` (there is none), `ok`, or `degraded`: the desk goes on with local triage.
    state: &'static str,
    /// What it is, or the cause of the trouble.
    detail: String,
    /// Calls under way.
    in_flight: usize,
    /// Each layer between the desk and the servers.
    layers: Vec<Layer>,
}

/// A layer between the desk and the servers of language models.
#[derive(Serialize, ToSchema)]
struct Layer {
    name: &'static str,
    /// Which one, where there are several.
    of: String,
    healthy: bool,
    detail: String,
    /// What it counts since the process began, by name, as in `/metrics`.
    figures: BTreeMap<&'static str, f64>,
}

/// What the language model took.
#[derive(Serialize, ToSchema)]
pub(super) struct ModelUse {
    /// Spent today (UTC) in US dollars, over all processes.
    spent_usd: f64,
    /// What may be spent in a day; null without a limit.
    #[schema(required)]
    budget_usd: Option<f64>,
    /// Tokens of today, read and written.
    tokens: i64,
    #[schema(required)]
    budget_tokens: Option<i64>,
    /// Today, by job.
    steps: Vec<StepUse>,
    /// Calls that came to nothing since this process began, by job and cause.
    failures: Vec<StepFailures>,
}

/// What one job took today.
#[derive(Serialize, ToSchema)]
struct StepUse {
    /// Such as `classify` or `reply`.
    step: String,
    calls: i64,
    spent_usd: f64,
    tokens: i64,
    /// Calls of which it is not known what they cost: under way, or their process died.
    unknown: i64,
}

/// Calls that came to nothing.
#[derive(Serialize, ToSchema)]
struct StepFailures {
    step: &'static str,
    /// A stable code, such as `model-timed-out`.
    code: &'static str,
    count: u64,
}

/// How the language model is.
#[utoipa::path(get, operation_id = "show_model", path = "/model", tag = "model", responses((status = 200, body = LanguageModel), Problem))]
pub(super) async fn show(State(site): State<Site>, _: Reader) -> Json<LanguageModel> {
    let asking = &site.asking;
    let (state, detail) = match (asking.is_on(), asking.trouble()) {
        (false, _) => ("off", "There is no language model; the desk works with local triage.".to_owned()),
        (true, None) => ("ok", "The language model answers.".to_owned()),
        (true, Some(cause)) => (
            "degraded",
            format!("The language model is not answering: {cause}; the desk goes on with local triage."),
        ),
    };
    let layers = asking.state().into_iter().map(|part| Layer {
        name: part.part,
        of: part.of,
        healthy: part.healthy,
        detail: part.says,
        figures: part.figures.into_iter().collect(),
    });
    Json(LanguageModel { state, detail, in_flight: asking.in_flight(), layers: layers.collect() })
}

/// What the language model took today, against its budget.
#[utoipa::path(get, operation_id = "show_model_use", path = "/model/use", tag = "model", responses((status = 200, body = ModelUse), Problem))]
pub(super) async fn used(State(site): State<Site>, _: Admin) -> Result<Json<ModelUse>> {
    // The budget's day: that of UTC.
    let midnight = site.ledger.now().date_naive().and_time(NaiveTime::MIN).and_utc();
    let steps = site.ledger.storage.spent_by_step(midnight).await?;
    let figures: BTreeMap<_, _> = site.asking.state().into_iter().flat_map(|part| part.figures).collect();
    let failures = site.asking.failures();
    Ok(Json(ModelUse {
        spent_usd: dollars(steps.iter().map(|step| step.micros).sum()),
        budget_usd: figures.get("budget_usd").copied(),
        tokens: steps.iter().map(|step| step.tokens).sum(),
        budget_tokens: figures.get("budget_tokens").map(|tokens| *tokens as i64),
        steps: steps
            .into_iter()
            .map(|step| StepUse {
                spent_usd: dollars(step.micros),
                step: step.step,
                calls: step.calls,
                tokens: step.tokens,
                unknown: step.unknown,
            })
            .collect(),
        failures: failures
            .into_iter()
            .map(|Tallied { step, code, count }| StepFailures { step, code, count })
            .collect(),
    }))
}

fn dollars(micros: i64) -> f64 {
    micros as f64 / 1e6
}
