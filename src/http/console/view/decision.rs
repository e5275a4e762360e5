//! A decision of the bot, with its why.

use super::{Sentiment, Urgency};
use crate::domain::Time;
use crate::domain::consult::Opinion as DomainOpinion;
use crate::domain::decision::{
    Automation as DomainAutomation, Decision as Domain, Reason as DomainReason, Route as DomainRoute,
};
use crate::domain::ids::Seq;
use channels::Citation as DomainCitation;
use nlu::classifier::Flip as DomainFlip;
use nlu::signals::Signal as DomainSignal;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What the bot decided about a message, and why.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(in crate::http) struct Decision {
    id: String,
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// The id of the message it is about.
    message: String,
    #[schema(required)]
    intent: Option<String>,
    /// The calibrated probability that the intent is right.
    confidence: f32,
    /// What it had to reach.
    threshold: f32,
    in_scope: bool,
    top: Vec<Guess>,
    #[schema(inline)]
    urgency: Urgency,
    urgency_signals: Vec<Signal>,
    #[schema(inline)]
    sentiment: Sentiment,
    sentiment_signals: Vec<Signal>,
    #[schema(required)]
    language: Option<String>,
    /// By kind; several of one kind as a list.
    entities: BTreeMap<String, Value>,
    #[schema(inline)]
    route: Route,
    #[schema(inline)]
    automation: Automation,
    reasons: Vec<Reason>,
    rules: Vec<String>,
    evidence: Vec<Evidence>,
    /// The words without which the message would have been taken otherwise, where a few decide.
    #[schema(required)]
    flip: Option<Flip>,
    /// The opinions that the confidence was joined from; empty where only the classifier was asked.
    opinions: Vec<Opinion>,
    /// How much the message looks like an attempt to instruct a language model, 0 to 1.
    injection: f32,
    /// The facts that were looked at, as `name=value`.
    context: Vec<String>,
    citations: Vec<Citation>,
    /// What the bot would have said or done where it was not allowed to.
    #[schema(required)]
    draft: Option<String>,
    model: String,
    release: String,
    cost_usd: f64,
    latency_ms: i64,
}

/// Why: a stable code, and a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(in crate::http) struct Reason {
    code: String,
    text: String,
}

impl Reason {
    pub(in crate::http::console) fn of(reason: &DomainReason) -> Self {
        Self { code: reason.code.clone(), text: reason.text.clone() }
    }
}

/// An intent that it may be.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(in crate::http) struct Guess {
    intent: String,
    confidence: f32,
}

/// One of several opinions on the intent.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(in crate::http) struct Opinion {
    /// The classifier, or a language model with its prompt.
    by: String,
    /// Null: none of the desk's matters.
    #[schema(required)]
    intent: Option<String>,
    /// Its probability, where it gives one.
    #[schema(required)]
    confidence: Option<f32>,
    /// How sure it says it is: `sure`, `likely` or `guess`.
    #[schema(required)]
    certainty: Option<String>,
    /// In its own words.
    #[schema(required)]
    because: Option<String>,
}

impl Opinion {
    fn of(opinion: &DomainOpinion) -> Self {
        let DomainOpinion { by, intent, confidence, certainty, because } = opinion.clone();
        Self { by, intent, confidence, certainty, because }
    }
}

/// A word that spoke for (above 0) or against.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(in crate::http) struct Evidence {
    text: String,
    weight: f32,
}

/// A smaller message that would have been taken otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(in crate::http) struct Flip {
    /// The words taken away, one to three.
    without: Vec<String>,
    /// The likeliest intent then.
    intent: String,
    confidence: f32,
    /// Whether that would have been enough to act.
    sure: bool,
}

/// Words that showed urgency or mood.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(in crate::http) struct Signal {
    code: String,
    text: String,
    weight: f32,
}

/// Where words come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(in crate::http) struct Citation {
    title: String,
    #[schema(required)]
    url: Option<String>,
    article: String,
}

impl Citation {
    pub(super) fn of(citation: &DomainCitation) -> Self {
        Self { title: citation.title.clone(), url: citation.url.clone(), article: citation.article.clone() }
    }
}

/// What is done with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Route {
    Reply,
    Act,
    Ask,
    Ticket,
    Handoff,
}

/// How much the bot was allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Automation {
    Observe,
    Suggest,
    Approve,
    Auto,
}

/// The id under which the console knows a message or a decision: its place.
pub(super) fn id_of(seq: Seq) -> String {
    seq.to_string()
}

impl Decision {
    /// The decision that stands at `seq`.
    pub(in crate::http::console) fn of(seq: Seq, decision: &Domain) -> Self {
        let signals = |signals: &[DomainSignal]| signals.iter().map(Signal::of).collect();
        Self {
            id: id_of(seq),
            at: decision.at,
            message: id_of(decision.message),
            intent: decision.intent.clone(),
            confidence: decision.confidence,
            threshold: decision.threshold,
            in_scope: decision.in_scope,
            top: decision
                .top
                .iter()
                .map(|guess| Guess { intent: guess.intent.clone(), confidence: guess.confidence })
                .collect(),
            urgency: decision.urgency.into(),
            urgency_signals: signals(&decision.urgency_signals),
            sentiment: decision.sentiment.into(),
            sentiment_signals: signals(&decision.sentiment_signals),
            language: decision.language.clone(),
            entities: entities(decision),
            route: decision.route.into(),
            automation: decision.automation.into(),
            reasons: decision.reasons.iter().map(Reason::of).collect(),
            rules: decision.rules.clone(),
            evidence: decision
                .evidence
                .iter()
                .map(|word| Evidence { text: word.text.clone(), weight: word.weight })
                .collect(),
            flip: decision.flip.as_ref().map(Flip::of),
            opinions: decision.opinions.iter().map(Opinion::of).collect(),
            injection: decision.injection,
            context: decision.context.clone(),
            citations: decision.citations.iter().map(Citation::of).collect(),
            draft: decision.draft.clone(),
            model: decision.model.clone(),
            release: decision.release.to_string(),
            cost_usd: decision.cost_usd,
            latency_ms: decision.latency_ms,
        }
    }
}

impl Flip {
    fn of(flip: &DomainFlip) -> Self {
        let DomainFlip { without, intent, confidence, sure } = flip.clone();
        Self { without, intent, confidence, sure }
    }
}

impl Signal {
    fn of(signal: &DomainSignal) -> Self {
        Self { code: signal.code.clone(), text: signal.text.clone(), weight: signal.weight }
    }
}

fn entities(decision: &Domain) -> BTreeMap<String, Value> {
    let mut by_kind: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for entity in &decision.entities {
        // Kinds have one name, the one they are recorded by.
        if let Ok(Value::String(kind)) = serde_json::to_value(entity.kind) {
            by_kind.entry(kind).or_default().push(Value::String(entity.value.clone()));
        }
    }
    by_kind
        .into_iter()
        .map(|(kind, mut values)| match values.len() {
            1 => (kind, values.remove(0)),
            _ => (kind, Value::Array(values)),
        })
        .collect()
}

impl From<DomainRoute> for Route {
    fn from(route: DomainRoute) -> Self {
        match route {
            DomainRoute::Reply => Self::Reply,
            DomainRoute::Act => Self::Act,
            DomainRoute::Ask => Self::Ask,
            DomainRoute::Ticket => Self::Ticket,
            DomainRoute::Handoff => Self::Handoff,
        }
    }
}

impl From<DomainAutomation> for Automation {
    fn from(automation: DomainAutomation) -> Self {
        match automation {
            DomainAutomation::Observe => Self::Observe,
            DomainAutomation::Suggest => Self::Suggest,
            DomainAutomation::Approve => Self::Approve,
            DomainAutomation::Auto => Self::Auto,
        }
    }
}
