//! Answers to a playbook's questions that a language model reads out of the customer's words, where nobody else could.
//! Its value passes what a value that was read here passes, and it must stand in those words.

use super::consult;
use super::draft::Draft;
use super::finding;
use super::judge::Case;
use super::playing::{self, Fill};
use super::slots;
use crate::domain::consult::{Asked, Consultation};
use crate::domain::conversation::{Conversation, Pending};
use crate::domain::decision::Reason;
use crate::domain::event::Event;
use crate::domain::run::Run;
use crate::playbook::Playbook;
use crate::playbook::policy::intent::Engine;
use crate::playbook::policy::procedure::{Ask, SlotKind};
use crate::playbook::procedures::CheckedProcedure;
use chrono::{Datelike as _, NaiveDate};
use model::Step;
use model::prompt::clean;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// How much of the customer's words the decision repeats, in characters.
const QUOTED: usize = 120;

/// How far from today a day may lie that was told in words ("last Friday").
const FAR: i64 = 400;

/// What a language model makes of a message that is no answer by itself.
pub(super) enum Read {
    /// It is asked first.
    Ask(Event),
    /// It found something.
    Found {
        /// What that is to the question.
        fill: Fill,
        /// Answers to questions that would come later.
        ahead: BTreeMap<String, Value>,
        /// Who read it, and where.
        reason: Reason,
    },
    /// Nothing that can be used, and why, where it had a part in it.
    Nothing(Option<Reason>),
}

/// The next step towards an answer.
pub(super) fn answer(draft: &Draft<'_>, case: &Case<'_>, run: &Run, ask: &Ask) -> Read {
    let message = case.message.seq;
    let Some(procedure) = playing::procedure_of(run, draft.book) else { return Read::Nothing(None) };
    let asked = draft.talk.about(message).rfind(|asked| asked.question.step == Step::Extract);
    let Some(asked) = asked else {
        let question = wants(draft, case, run, ask).then(|| {
            let about = form(run, ask, procedure);
            consult::question(
                Step::Extract,
                case.message,
                about,
                Some(consult::reading(&case.meaning)),
                draft,
            )
        });
        return question.flatten().map_or(Read::Nothing(None), Read::Ask);
    };
    let Some(answer) = asked.answer().filter(|_| asked.question.release == draft.book.release) else {
        return Read::Nothing(consult::troubles(message, &draft.talk));
    };
    let found = |ask: &Ask| found(ask, procedure, asked, case);
    let (value, quote) = match found(ask) {
        None => return Read::Nothing(None),
        Some(Err(why)) => return Read::Nothing(Some(Reason::new("slot-refused", why))),
        Some(Ok(found)) => found,
    };
    let ahead = asked.question.about.iter().filter(|slot| **slot != ask.slot).filter_map(|slot| {
        let (value, _) = found(procedure.ask_of(slot)?)?.ok()?;
        Some((slot.clone(), value))
    });
    let text = format!(
        "A language model ({}, {}) read the {} in the customer's words: \"{quote}\".",
        answer.model,
        answer.prompt,
        ask.slot.replace('_', " ")
    );
    Read::Found {
        fill: playing::checked(draft, run, ask, value),
        ahead: ahead.collect(),
        reason: Reason::new("slot-read-by-model", text),
    }
}

/// Whether it is worth its price.
fn wants(draft: &Draft<'_>, case: &Case<'_>, run: &Run, ask: &Ask) -> bool {
    let guardrails = &draft.book.guardrails;
    let intent = run.intent.as_ref().and_then(|intent| draft.book.intents.get(intent));
    let engine = intent.and_then(|intent| intent.engine).unwrap_or(guardrails.engine);
    guardrails.model.slots
        && engine != Engine::Local
        && !consult::suspicious(&case.meaning, draft.book)
        && !slots::is_without(ask, case, None)
        && case.message.text.chars().any(char::is_alphanumeric)
}

/// The slots that are looked for: the one that was asked for, then what the playbook would ask later, where a program
/// can tell whether it stands in the words.
fn form(run: &Run, ask: &Ask, procedure: &CheckedProcedure) -> Vec<String> {
    let later = procedure.asks().into_iter().filter(|other| {
        let tells = !matches!(other.kind, SlotKind::Text | SlotKind::Choice | SlotKind::YesNo);
        tells && other.check.is_none() && other.slot != ask.slot && !run.slots.contains_key(&other.slot)
    });
    std::iter::once(&ask.slot).chain(later.map(|other| &other.slot)).cloned().collect()
}

/// What the prompt is filled with beside the message.
pub(super) fn inputs(
    question: &Consultation,
    message: &Pending,
    talk: &Conversation,
    book: &Playbook,
) -> Option<Map<String, Value>> {
    let run = talk.run.as_ref().filter(|run| run.asks())?;
    let procedure = playing::procedure_of(run, book)?;
    let draft = Draft::new(talk, book, message.at);
    let slot = |id: &String| {
        let ask = procedure.ask_of(id)?;
        let question = playing::words(&draft, run, &ask.text);
        Some(json!({"id": id, "question": question, "format": format_of(ask, &draft.language())}))
    };
    let slots: Option<Vec<Value>> = question.about.iter().map(slot).collect();
    let today = message.at.with_timezone(&book.desk.timezone).date_naive();
    let mut inputs = Map::new();
    inputs.insert("message".to_owned(), json!(message.text));
    inputs.insert("today".to_owned(), json!(today.to_string()));
    inputs.insert("slots".to_owned(), Value::Array(slots?));
    Some(inputs)
}

fn format_of(ask: &Ask, language: &str) -> String {
    let plain = match ask.kind {
        SlotKind::Email => "An e-mail address.",
        SlotKind::OrderNumber => "An order number.",
        SlotKind::InvoiceNumber => "An invoice number.",
        SlotKind::Text => "Text.",
        SlotKind::Number => "A number, in digits.",
        SlotKind::Amount => "A sum of money, in digits, without the currency.",
        SlotKind::Date => "A day, as YYYY-MM-DD.",
        SlotKind::YesNo => "yes or no.",
        SlotKind::Pattern => return format!("What matches {}", ask.rx.as_deref().unwrap_or_default()),
        SlotKind::Choice => {
            let label = |choice: &crate::playbook::policy::procedure::Option_| {
                let label = choice.label.get(language).or_else(|| choice.label.values().next());
                format!("{} ({})", choice.id, label.map_or("", String::as_str))
            };
            return format!("One of: {}", ask.choices.iter().map(label).collect::<Vec<_>>().join(", "));
        }
    };
    plain.to_owned()
}

/// The value that the model reports for a slot with the customer's words for it; what is wrong with it, or nothing
/// where it reports none.
fn found(
    ask: &Ask,
    procedure: &CheckedProcedure,
    asked: &Asked,
    case: &Case<'_>,
) -> Option<Result<(Value, String), String>> {
    let body = &asked.answer()?.body;
    let mut entries = body["values"].as_array()?.iter().filter(|entry| entry["slot"] == ask.slot.as_str());
    let entry = entries.next()?;
    let slot = ask.slot.replace('_', " ");
    if entries.next().is_some() {
        return Some(Err(format!("The language model named more than one {slot}; none was used.")));
    }
    let text = |name: &str| entry[name].as_str().unwrap_or_default().trim().to_owned();
    let (said, quote) = (text("value"), text("quote"));
    let words = &case.message.text;
    let value =
        finding::stands(&quote, words).then(|| supported(ask, procedure, &said, &quote, case)).flatten();
    Some(match value {
        Some(value) => Ok((value, clean(&quote, QUOTED))),
        None => Err(format!(
            "The language model named a {slot} that does not stand so in the customer's words; it was not used."
        )),
    })
}

/// The value, if it is of the slot's kind and the customer's words hold it.
fn supported(
    ask: &Ask,
    procedure: &CheckedProcedure,
    said: &str,
    quote: &str,
    case: &Case<'_>,
) -> Option<Value> {
    let words = &case.message.text;
    match ask.kind {
        SlotKind::Email => {
            let address = said.to_lowercase();
            (slots::is_address(&address) && finding::address_stands(&address, words)).then(|| json!(address))
        }
        SlotKind::OrderNumber | SlotKind::InvoiceNumber => {
            let number = slots::bare_number(said).filter(|number| finding::stands(number, words))?;
            // One number, not a sentence that holds one.
            (slots::bare_number(said)? == said.to_uppercase()).then(|| json!(number))
        }
        SlotKind::Number | SlotKind::Amount => {
            let number = said.parse().ok().or_else(|| slots::figure(said));
            let number =
                number.filter(|number: &f64| number.is_finite() && finding::number_stands(*number, words));
            number.map(|number| json!(number))
        }
        SlotKind::Date => {
            let day: NaiveDate = said.parse().ok()?;
            dated(day, quote, case).then(|| json!(day.to_string()))
        }
        SlotKind::Pattern => {
            let pattern = ask.rx.as_ref().and_then(|rx| procedure.pattern(rx))?;
            let found = pattern.captures(said)?;
            let kept = found.get(1).or_else(|| found.get(0))?.as_str();
            finding::stands(kept, words).then(|| json!(kept))
        }
        SlotKind::YesNo => match said.to_lowercase().as_str() {
            // A word of denial is never a yes, whoever reads it so.
            "yes" | "true" if !slots::denies(words) => Some(json!(true)),
            "no" | "false" => Some(json!(false)),
            _ => None,
        },
        SlotKind::Choice => {
            ask.choices.iter().find(|choice| choice.id == said).map(|choice| json!(choice.id))
        }
        SlotKind::Text => finding::stands(said, words).then(|| json!(said)),
    }
}

/// Whether the words can mean this day: digits among them hold its number, words alone mean a day near today.
fn dated(day: NaiveDate, quote: &str, case: &Case<'_>) -> bool {
    if quote.contains(|letter: char| letter.is_ascii_digit()) {
        let groups = quote.split(|letter: char| !letter.is_ascii_digit());
        return groups.filter_map(|group| group.parse::<u32>().ok()).any(|number| number == day.day());
    }
    (day - case.message.at.date_naive()).num_days().abs() <= FAR
}
