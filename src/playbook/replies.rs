//! `policies/replies.yaml`: every sentence that the bot can say, by language.

use super::facts::Facts;
use super::fault::{Faults, Spot, unknown};
use super::policy::ByLanguage;
use super::templates::{self, environment, plain};
use super::yaml::{self, Spanned};
use channels::Phrase;
use minijinja::Environment;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The sentences that the code itself says.
pub const REQUIRED: &[&str] = &[
    "greeting",
    "thanks",
    "disclosure",
    "handoff",
    "handoff-closed",
    "handoff-overdue",
    "taken-over",
    "released",
    "resolved",
    "reopened",
    "clarify",
    "clarify-none",
    "answer",
    "answer-check",
    "answer-yes",
    "answer-no",
    "still-waiting",
    "ask-again",
    "too-many-tries",
    "rating-request",
    "attachment-received",
    "something-wrong",
    "approval-pending",
    "still-working",
    "back-to",
    "yes",
    "no",
];

/// Sentences that the program says where they are there, and stays silent where not; the button of optional questions
/// then has none.
const OPTIONAL: &[&str] = &["ticket-solved", "not-at-hand"];

/// Whether the program itself may say it. The platforms' sentences may be missing: they have plain words of their own.
pub(super) fn is_the_programs(id: &str) -> bool {
    REQUIRED.contains(&id) || OPTIONAL.contains(&id) || Phrase::ALL.iter().any(|phrase| phrase.id() == id)
}

/// `policies/replies.yaml`.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RepliesFile {
    /// By id, by language.
    #[schemars(with = "BTreeMap<String, ByLanguage>")]
    replies: BTreeMap<String, Spanned<ByLanguage>>,
}

/// The checked sentences.
pub struct Replies {
    templates: Environment<'static>,
    languages: BTreeMap<String, Vec<String>>,
    places: BTreeMap<String, Spot>,
    default_language: String,
}

impl std::fmt::Debug for Replies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Replies").field(&self.languages).finish()
    }
}

impl Replies {
    /// Reads and tries every sentence.
    pub fn read(file: &str, text: &str, default_language: &str, faults: &mut Faults) -> Self {
        let mut templates = environment();
        let mut languages = BTreeMap::new();
        let mut places = BTreeMap::new();
        let replies =
            yaml::parse::<RepliesFile>(file, text, faults).map(|file| file.replies).unwrap_or_default();
        for (id, by_language) in &replies {
            let line = yaml::spot(by_language);
            if !by_language.value.contains_key(default_language) {
                faults.add(
                    file,
                    line,
                    format!("\"{id}\" has no text in the desk's language, {default_language}"),
                );
            }
            for (language, text) in &by_language.value {
                let name = format!("{id}/{language}");
                if let Err(error) = templates.add_template_owned(name.clone(), text.clone()) {
                    faults.add(file, line, format!("\"{id}\" in {language}: {}", plain(&error)));
                } else if let Err(message) = try_out(&templates, &name) {
                    faults.add(file, line, format!("\"{id}\" in {language}: {message}"));
                }
            }
            places.insert(id.clone(), line);
            languages.insert(id.clone(), by_language.value.keys().cloned().collect());
        }
        if faults.is_empty() {
            for id in REQUIRED.iter().filter(|id| !replies.contains_key(**id)) {
                faults.add(file, 1, format!("the sentence \"{id}\" is missing; the bot needs it"));
            }
        }
        Self { templates, languages, places, default_language: default_language.to_owned() }
    }

    /// Whether there is such a sentence.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.languages.contains_key(id)
    }

    /// All sentences, with their places.
    pub(super) fn places(&self) -> impl Iterator<Item = (&str, Spot)> {
        self.places.iter().map(|(id, place)| (id.as_str(), *place))
    }

    /// The ids of all sentences.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.languages.keys().map(String::as_str)
    }

    /// A sentence in the nearest language there is. Templates were tried when they were read; should one fail all
    /// the same, its error is returned for the log and the caller says something plainer.
    pub fn say(&self, id: &str, language: &str, facts: &Map<String, Value>) -> Result<String, String> {
        let there = self.languages.get(id).ok_or_else(|| format!("there is no sentence \"{id}\""))?;
        let short = language.split(['-', '_']).next().unwrap_or(language);
        let language = if there.iter().any(|one| one == short) { short } else { &self.default_language };
        let template =
            self.templates.get_template(&format!("{id}/{language}")).map_err(|error| plain(&error))?;
        let text = template.render(minijinja::value::Serde(facts)).map_err(|error| plain(&error))?;
        Ok(text.trim().to_owned())
    }
}

/// Tries a small template on the sample.
pub fn try_template(source: &str, more: &Map<String, Value>) -> Result<(), String> {
    let mut facts = sample();
    facts.extend(more.clone());
    templates::render(source, &facts).map(drop)
}

/// Tries a value of templates on the sample, and returns what it gives.
pub fn try_value(source: &Value, more: &Map<String, Value>) -> Result<Value, String> {
    let mut facts = sample();
    facts.extend(more.clone());
    templates::fill(source, &facts)
}

fn try_out(templates: &Environment<'_>, name: &str) -> Result<(), String> {
    let template = templates.get_template(name).map_err(|error| plain(&error))?;
    let sample = sample();
    for path in template.undeclared_variables(true) {
        let root = path.split('.').next().unwrap_or(&path);
        let known = match (sample.get(root), path.split_once('.')) {
            (Some(Value::Object(inner)), Some((_, rest))) => {
                root == "slots" || inner.contains_key(rest.split('.').next().unwrap_or(rest))
            }
            (found, _) => found.is_some(),
        };
        if !known {
            return Err(unknown("fact", &path, paths(&sample).iter().map(String::as_str)));
        }
    }
    // Slots are whatever playbooks ask for; strictly undefined ones are found by the check of the playbook.
    if template.undeclared_variables(true).iter().any(|path| path.starts_with("slots.")) {
        return Ok(());
    }
    let text = template.render(minijinja::value::Serde(&sample)).map_err(|error| plain(&error))?;
    if text.trim().is_empty() { Err("says nothing".to_owned()) } else { Ok(()) }
}

/// What every sentence may speak of.
pub(super) fn sample() -> Map<String, Value> {
    let mut sample = Facts::sample().json();
    sample.insert("slots".to_owned(), json!({}));
    sample.insert("ticket".to_owned(), json!({"number": "T-1001", "title": "A ticket"}));
    sample.insert("team".to_owned(), json!({"name": "Support", "opens": "Monday, 09:00", "open": true}));
    sample.insert("agent".to_owned(), json!({"name": "Ben"}));
    sample.insert(
        "article".to_owned(),
        json!({"title": "An article", "text": "Its words.", "section": "Steps"}),
    );
    sample.insert("bot".to_owned(), json!({"name": "Assistant"}));
    sample.insert(
        "files".to_owned(),
        json!([{"id": "1", "name": "screen.png", "type": "image/png", "size": 1}]),
    );
    sample.insert("matter".to_owned(), json!({"name": "Refund"}));
    sample
}

fn paths(sample: &Map<String, Value>) -> Vec<String> {
    let inner = |name: &String, value: &Value| match value {
        Value::Object(inner) => inner.keys().map(|key| format!("{name}.{key}")).collect(),
        _ => vec![name.clone()],
    };
    sample.iter().flat_map(|(name, value)| inner(name, value)).collect()
}
