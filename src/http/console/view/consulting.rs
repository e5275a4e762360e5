//! What a language model was asked and what it said, in a line for whoever reads the conversation.

use crate::domain::consult::{Consultation, Consulted};
use crate::playbook::Playbook;
use model::Step;
use serde_json::Value;

/// How much of an answer is shown, in characters.
const SHOWN: usize = 600;

/// What is asked, with what was known before.
pub(super) fn asked(question: &Consultation, book: &Playbook) -> String {
    let what = match question.step {
        Step::Classify => "for a second opinion on the intent",
        Step::Extract => "for a value in the message",
        Step::Summarise => "for a summary",
        Step::Reply => "for an answer from the articles",
        Step::Suggest => "for a draft",
        Step::Translate => "for a translation",
        Step::Screen => "whether the draft says what its sources say",
        Step::Use => "what to look up next for the playbook",
        Step::Embed => "which articles are near to the message in meaning",
    };
    let read = question.reading.as_ref().map(|reading| {
        let intent = reading.intent.as_deref().map_or("nothing of this desk's", |id| book.intent_name(id));
        let urgency = crate::triage::facts::urgency_name(reading.urgency);
        format!(
            " Read locally: {intent}, {} % sure, urgency {urgency}.",
            (reading.confidence * 100.0).floor()
        )
    });
    format!("The language model is asked {what}.{}", read.unwrap_or_default())
}

/// The call that it proposes; what becomes of it is told by what comes after.
fn proposed(answer: &Consulted) -> Option<String> {
    let action = answer.body["call"].as_str()?;
    let text = |field: &Value, name: &str| field[name].as_str().unwrap_or_default().to_owned();
    let input = answer.body["input"].as_array().into_iter().flatten();
    let input: Vec<String> =
        input.map(|field| format!("{}: {}", text(field, "field"), text(field, "value"))).collect();
    Some(format!("{action} ({}) ", input.join(", ")))
}

/// What it said and what that took.
pub(super) fn answered(answer: &Consulted) -> String {
    let text = |name: &str| answer.body[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let said = ["reply", "summary", "translation", "because", "verdict"].iter().find_map(|name| text(name));
    let intent = match &answer.body["intent"] {
        Value::String(intent) => format!("{intent}: "),
        _ => String::new(),
    };
    let intent = proposed(answer).unwrap_or(intent);
    let said: String = said.unwrap_or_default().chars().take(SHOWN).collect();
    let cost = answer.cost_micros as f64 / 1e6;
    format!("{} answered: {intent}{said} ({} ms, {cost:.4} USD)", answer.model, answer.latency_ms)
}
