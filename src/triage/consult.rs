//! Asking a language model: when, how long anybody waits for it, what it is shown, and what its second opinion says.
//! It never decides: what it says goes the same way as what the local classifier says.

use super::draft::Draft;
use super::joining::Certainty;
use super::judge::Case;
use super::playing;
use super::reading;
use super::understand::Understanding;
use super::writing;
use crate::domain::Time;
use crate::domain::consult::{Asked, Came, Consultation, LocalReading, Opinion, Standing};
use crate::domain::conversation::{Conversation, Line, Pending, State};
use crate::domain::decision::Reason;
use crate::domain::event::Event;
use crate::domain::ids::Seq;
use crate::domain::switch;
use crate::playbook::Playbook;
use crate::playbook::policy::intent::Engine;
use chrono::TimeDelta;
use model::Step;
use nlu::signals::{Sentiment, Urgency};
use serde_json::{Map, Value, json};

/// A question that could hardly be answered any more is not asked.
const SHORTEST: TimeDelta = TimeDelta::milliseconds(100);

/// Of the desk's time for an outcome, the model gets two thirds at most: the rest is for what is done without it.
const SHARE: (i32, i32) = (2, 3);

/// How long vectors may take.
const EMBEDDED_WITHIN: TimeDelta = TimeDelta::seconds(3);

/// Why there is no order by meaning, where the model has no fault in it: the articles' vectors are not there yet, or no
/// model makes any.
pub const NO_VECTORS: &str = "model-no-vectors";

/// A conversation with fewer words of the customer's is read faster than its summary.
const WORTH_A_SUMMARY: usize = 200;

/// After so many messages of the customer's since the last summary, another one is written.
const WORTH_A_MEMORY: u32 = 10;

/// How much of what was said before stands in a prompt, in characters: the newest lines, and of what was before them its
/// summary.
const EARLIER: usize = 1200;
const REMEMBERED: usize = 600;

/// The question, if it may be asked now.
pub(super) fn question(
    step: Step,
    message: &Pending,
    about: Vec<String>,
    reading: Option<LocalReading>,
    draft: &Draft<'_>,
) -> Option<Event> {
    let until = until(step, message, draft)?;
    let release = draft.book.release.clone();
    let reading = reading.map(Box::new);
    let question = Consultation { message: message.seq, step, until, about, release, reading };
    Some(Event::ModelAsked { question: Box::new(question) })
}

/// Until when somebody would wait; nothing where the model is not to be asked.
fn until(step: Step, message: &Pending, draft: &Draft<'_>) -> Option<Time> {
    let patience = patience(step, message.seq, draft)?;
    let until = (draft.now + patience).min(latest(message.at, draft));
    (until >= draft.now + SHORTEST).then_some(until)
}

/// How long a step may take: its prompt's time where the model is known to be well, little where that is unknown. One
/// failure is enough for one message.
fn patience(step: Step, message: Seq, draft: &Draft<'_>) -> Option<TimeDelta> {
    let whole = whole(step, draft.book)?;
    // Without vectors articles are found by their words: that is no failure of the model.
    let vectorless =
        |asked: &&Asked| !matches!(&asked.came, Some(Came::Failure { code }) if code == NO_VECTORS);
    match draft.talk.about(message).rfind(vectorless) {
        Some(Asked { came: Some(Came::Answer(_)), .. }) => Some(whole),
        Some(_) => None,
        None => match draft.talk.context.as_ref().map(|context| context.model).unwrap_or_default() {
            Standing::Off => None,
            Standing::Unproven { patience_ms } => {
                Some(TimeDelta::milliseconds(i64::from(patience_ms)).min(whole))
            }
            Standing::Well => Some(whole),
        },
    }
}

/// A step's own time.
fn whole(step: Step, book: &Playbook) -> Option<TimeDelta> {
    match step {
        Step::Embed => Some(EMBEDDED_WITHIN),
        _ => TimeDelta::from_std(book.prompts.of(step)?.limits.timeout).ok(),
    }
}

/// Texts to be made vectors of.
#[must_use]
pub fn embedding(case: model::prompt::Case<'_>, texts: impl IntoIterator<Item = String>) -> model::Ask {
    model::Ask {
        step: Step::Embed,
        prompt: "embed".to_owned(),
        release: case.release.to_owned(),
        conversation: case.conversation.to_owned(),
        customer: case.customer.to_owned(),
        messages: texts.into_iter().map(|text| model::Message { role: model::Role::User, text }).collect(),
        schema: None,
        streams: None,
        limits: model::Limits {
            max_tokens: 0,
            temperature: 0.0,
            timeout: EMBEDDED_WITHIN.to_std().unwrap_or_default(),
        },
    }
}

/// The question of a playbook's step, for the message that began the playbook; `place` names the step and its round.
pub(super) fn inquire(message: Seq, place: String, fresh: bool, draft: &Draft<'_>) -> Option<(Event, Time)> {
    let prompt = draft.book.prompts.of(Step::Use)?;
    let whole = TimeDelta::from_std(prompt.limits.timeout).ok()?;
    let standing = draft.talk.context.as_ref().map(|context| context.model).unwrap_or_default();
    let patience = match standing {
        // It has just answered.
        _ if !fresh => whole,
        Standing::Off => return None,
        Standing::Unproven { patience_ms } => TimeDelta::milliseconds(i64::from(patience_ms)).min(whole),
        Standing::Well => whole,
    };
    // Nobody waits where every message has had its word: then each question has its own time.
    let since = draft.talk.unanswered_since().unwrap_or(draft.now);
    let until = (draft.now + patience).min(latest(since, draft));
    if until < draft.now + SHORTEST {
        return None;
    }
    let release = draft.book.release.clone();
    let question =
        Consultation { message, step: Step::Use, until, about: vec![place], release, reading: None };
    Some((Event::ModelAsked { question: Box::new(question) }, until))
}

/// The last moment at which a model may still answer about a message of that time.
fn latest(at: Time, draft: &Draft<'_>) -> Time {
    at + draft.book.desk.outcome_within.delta() * SHARE.0 / SHARE.1
}

/// Whether a second opinion on the intent is worth its price.
pub(super) fn wants_second_opinion(case: &Case<'_>, ruled: bool, draft: &Draft<'_>) -> bool {
    let (meaning, guardrails) = (&case.meaning, &draft.book.guardrails);
    let likeliest = meaning.top.first().and_then(|guess| draft.book.intents.get(&guess.intent));
    let engine = likeliest.and_then(|intent| intent.engine).unwrap_or(guardrails.engine);
    let unsure = match engine {
        Engine::Local => false,
        Engine::Model => true,
        Engine::Auto => !meaning.sure && meaning.confidence >= guardrails.model.uncertain_from,
    };
    let asked = draft.talk.about(case.message.seq).any(|asked| asked.question.step == Step::Classify);
    unsure && !ruled && !asked && !suspicious(meaning, draft.book) && !case.message.text.trim().is_empty()
}

/// Whether a message looks like an attempt to instruct the model: then the model has no part in it.
pub(super) fn suspicious(meaning: &Understanding, book: &Playbook) -> bool {
    meaning.injection >= book.guardrails.injection.limit
}

/// What the log keeps of a local reading before a model is asked.
pub(super) fn reading(meaning: &Understanding) -> LocalReading {
    LocalReading {
        intent: meaning.intent.clone(),
        confidence: meaning.confidence,
        urgency: meaning.urgency,
        sentiment: meaning.reading.sentiment,
        language: meaning.language.clone(),
    }
}

/// A summary for whoever takes over, unless nobody can write one now or there is too little to summarise.
pub(super) fn summary(draft: &Draft<'_>) -> Option<Event> {
    let words = draft.talk.recent.iter().filter(|line| line.from == "customer").map(|line| line.text.len());
    if words.sum::<usize>() < WORTH_A_SUMMARY { None } else { summarise(draft) }
}

/// A summary of a talk that has become long: lines that are forgotten soon, in few words. Nobody waits for it.
pub(super) fn memory(draft: &Draft<'_>) -> Option<Event> {
    let talk = &draft.talk;
    let since = talk.memory.as_ref().map_or(0, |memory| memory.turns);
    let waits = |asked: &Asked| asked.question.step == Step::Summarise && draft.now < asked.question.until;
    let asked = talk.consulted.iter().any(waits);
    let due = talk.state == State::Bot && talk.turns >= since + WORTH_A_MEMORY && !asked;
    due.then(|| summarise(draft)).flatten()
}

fn summarise(draft: &Draft<'_>) -> Option<Event> {
    let talk = &draft.talk;
    let prompt = draft.book.prompts.of(Step::Summarise).filter(|_| draft.book.guardrails.model.summaries)?;
    let well = talk.context.as_ref().is_some_and(|context| context.model != Standing::Off);
    // While the bot is off, nobody is asked for it either.
    let off = switch::muted(&talk.off, talk.channel).is_some();
    if off || !draft.consults || !well {
        return None;
    }
    let question = Consultation {
        message: talk.seq,
        step: Step::Summarise,
        until: draft.now + TimeDelta::from_std(prompt.limits.timeout).ok()?,
        about: Vec::new(),
        release: draft.book.release.clone(),
        reading: None,
    };
    Some(Event::ModelAsked { question: Box::new(question) })
}

/// What the model holds a message to be about, checked once more against the release in force.
pub(super) struct SecondOpinion {
    pub(super) intent: Option<String>,
    pub(super) certainty: Certainty,
    pub(super) urgency: Urgency,
    pub(super) sentiment: Sentiment,
    pub(super) opinion: Opinion,
}

/// The second opinion on a message, if there is one that can be used.
pub(super) fn second_opinion(message: Seq, talk: &Conversation, book: &Playbook) -> Option<SecondOpinion> {
    let asked = talk.about(message).find(|asked| asked.question.step == Step::Classify)?;
    let answer = asked.answer().filter(|_| asked.question.release == book.release)?;
    let body = &answer.body;
    let intent = match &body["intent"] {
        Value::Null => None,
        Value::String(intent) if book.intents.contains_key(intent) => Some(intent.clone()),
        _ => return None,
    };
    let certainty = body["certainty"].as_str()?;
    Some(SecondOpinion {
        intent: intent.clone(),
        certainty: Certainty::named(certainty)?,
        urgency: serde_json::from_value(body["urgency"].clone()).ok()?,
        sentiment: serde_json::from_value(body["sentiment"].clone()).ok()?,
        opinion: Opinion {
            by: format!("{} ({})", answer.model, answer.prompt),
            intent,
            confidence: None,
            certainty: Some(certainty.to_owned()),
            because: body["because"].as_str().map(|words| model::prompt::clean(words, 300)),
        },
    })
}

/// What the decision says of questions that came to nothing.
pub(super) fn troubles(message: Seq, talk: &Conversation) -> Option<Reason> {
    let asked = talk.about(message).find(|asked| asked.answer().is_none())?;
    Some(match &asked.came {
        Some(Came::Failure { code }) => {
            let text = format!("The language model gave no {} that can be used.", thing(asked.question.step));
            Reason::new(code, text)
        }
        _ => {
            let text = format!("The language model gave no {} in time.", thing(asked.question.step));
            Reason::new("model-late", text)
        }
    })
}

fn thing(step: Step) -> &'static str {
    match step {
        Step::Classify => "second opinion",
        Step::Reply | Step::Suggest => "draft",
        Step::Screen => "check of the draft",
        Step::Summarise => "summary",
        Step::Translate => "translation",
        Step::Extract => "value",
        Step::Use => "next step",
        Step::Embed => "order of the articles by meaning",
    }
}

/// What the questions about a message have cost, in US dollars.
pub(super) fn cost_usd(message: Seq, talk: &Conversation) -> f64 {
    let micros: u64 = talk.about(message).filter_map(Asked::answer).map(|answer| answer.cost_micros).sum();
    micros as f64 / 1e6
}

/// What the prompt of a question is filled with; nothing where there is nothing to ask about any more.
#[must_use]
pub fn inputs(asked: &Asked, talk: &Conversation, book: &Playbook) -> Option<Map<String, Value>> {
    let question = &asked.question;
    if question.step == Step::Summarise {
        let language = book.desk.default_language.clone();
        let before = talk.memory.as_ref().map_or("", |memory| memory.text.as_str());
        let conversation = script(talk.recent.iter());
        return Some(object(json!({"conversation": conversation, "before": before, "language": language})));
    }
    if question.step == Step::Use {
        return playing::inquiry(asked.seq, talk, book);
    }
    let message = talk.pending.iter().find(|pending| pending.seq == question.message)?;
    let earlier = earlier(message, talk);
    Some(match question.step {
        Step::Classify => {
            let intents = book.intents.iter().map(
                |(id, intent)| json!({"id": id, "name": intent.name, "description": intent.description}),
            );
            object(
                json!({"message": message.text, "earlier": earlier, "intents": intents.collect::<Value>()}),
            )
        }
        Step::Reply => {
            let articles = writing::articles(question, message, talk, book)?;
            let language = writing::language(message, talk, book);
            object(json!({
                "message": message.text,
                "earlier": earlier,
                "language": language,
                "desk_name": book.desk.name,
                "tone": book.guardrails.model.tone,
                "articles": articles,
            }))
        }
        Step::Screen => {
            let articles = writing::articles(question, message, talk, book)?;
            let draft = writing::drafted(message.seq, talk)?;
            object(json!({"draft": draft, "question": message.text, "articles": articles}))
        }
        Step::Extract => {
            let mut inputs = reading::inputs(question, message, talk, book)?;
            inputs.extend((!earlier.is_empty()).then(|| ("earlier".to_owned(), json!(earlier))));
            inputs
        }
        Step::Embed => object(json!({"message": message.text})),
        Step::Summarise | Step::Suggest | Step::Translate | Step::Use => return None,
    })
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(mut map) => {
            // What is optional and empty is left out: a prompt says nothing of it.
            map.retain(|_, value| value.as_str() != Some(""));
            map
        }
        _ => Map::new(),
    }
}

/// What was said before a message: the newest lines, and where older ones are left out, their summary.
fn earlier(message: &Pending, talk: &Conversation) -> String {
    let is_own = |line: &Line| {
        line.from == "customer" && line.at == message.at && message.text.starts_with(&line.text)
    };
    let own = talk.recent.iter().rposition(is_own);
    let before = own.unwrap_or(talk.recent.len());
    let mut left = EARLIER;
    let fits = |line: &&Line| {
        let length = line.text.chars().count() + 10;
        let fits = length <= left;
        left = left.saturating_sub(length);
        fits
    };
    let newest = talk.recent.iter().take(before).rev().take_while(fits).count();
    let lines = script(talk.recent.iter().take(before).skip(before - newest));
    let older = newest < before || talk.turns > talk.recent.len() as u32;
    match talk.memory.as_ref().filter(|_| older) {
        Some(memory) => {
            let text: String = memory.text.chars().take(REMEMBERED).collect();
            format!("Summary of what was before: {}\n{lines}", text.replace('\n', " "))
        }
        None => lines,
    }
}

/// Lines as a model reads them.
pub fn script<'a>(lines: impl Iterator<Item = &'a Line>) -> String {
    let lines = lines.map(|line| {
        let who = match line.from.as_str() {
            "customer" => "Customer",
            "agent" => "Agent",
            "bot" => "Bot",
            _ => "Desk",
        };
        format!("{who}: {}", line.text)
    });
    lines.collect::<Vec<_>>().join("\n")
}
