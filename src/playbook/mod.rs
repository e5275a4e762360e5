//! Editable text on its way to checked values: policies, replies, articles, the trained classifier.

pub mod actions;
pub mod condition;
mod conjuncts;
mod days;
pub mod facts;
pub mod fault;
pub mod knowledge;
mod lint;
pub mod policy;
pub mod procedures;
mod quick;
mod read;
pub mod replies;
pub mod schema;
pub(crate) mod shape;
pub mod templates;
pub mod triggers;
pub mod typing;
mod written;
pub mod yaml;

pub use read::{Trainer, examples, read};

use crate::domain::Time;
use crate::domain::release::{Content, ReleaseId};
use crate::domain::switch::Switch;
use ::model::grounded::Screen;
use ::model::injection::Detector;
use ::model::prompt::Prompts;
use actions::Action;
use chrono::Locale;
use condition::Condition;
use fault::Fault;
use knowledge::Knowledge;
use policy::case::Case;
use policy::desk::DeskPolicy;
use policy::guardrails::Guardrails;
use policy::intent::{Intent, Then};
use policy::rule::Consequence;
use policy::team::Team;
use procedures::CheckedProcedure;
use replies::Replies;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;
use triggers::CheckedTrigger;

/// A checked release: everything the bot judges by.
pub struct Playbook {
    /// Which.
    pub release: ReleaseId,
    /// Who this desk is.
    pub desk: DeskPolicy,
    /// What a language model may have a say in.
    pub guardrails: Guardrails,
    /// What a language model is told.
    pub prompts: Prompts,
    /// Compares drafts with their sources.
    pub screen: Screen,
    /// Notices texts that are meant for a language model.
    pub detector: Detector,
    /// Recorded answers of a language model that can be run, with their files.
    pub prompt_cases: Vec<(String, String)>,
    /// Who takes over.
    pub teams: Teams,
    /// By id.
    pub intents: BTreeMap<String, Intent>,
    /// In order.
    pub rules: Vec<CheckedRule>,
    /// By id.
    pub procedures: BTreeMap<String, CheckedProcedure>,
    /// By id.
    pub actions: BTreeMap<String, Action>,
    /// By id.
    pub triggers: BTreeMap<String, CheckedTrigger>,
    /// What can be said.
    pub replies: Replies,
    /// What can be quoted.
    pub knowledge: Knowledge,
    /// What understands.
    pub classifier: Arc<nlu::classifier::Model>,
    /// What is allowed, but perhaps not meant.
    pub warnings: Vec<Fault>,
    /// Examples that can be run, with their files.
    pub cases: Vec<(String, Case)>,
}

/// All teams.
#[derive(Debug)]
pub struct Teams {
    /// Where everything else goes.
    pub default: String,
    /// By id.
    pub all: BTreeMap<String, Team>,
}

/// A rule that was checked.
#[derive(Debug)]
pub struct CheckedRule {
    /// Stable.
    pub id: String,
    /// If.
    pub when: Condition,
    /// Then.
    pub consequence: Consequence,
    /// What it concludes, if it concludes.
    pub then: Option<Then>,
    /// Why.
    pub because: String,
}

impl Playbook {
    /// A team; the default one where the name is none of this release's.
    #[must_use]
    pub fn team<'a>(&'a self, id: &'a str) -> (&'a str, Option<&'a Team>) {
        match self.teams.all.get(id) {
            Some(team) => (id, Some(team)),
            None => (&self.teams.default, self.teams.all.get(&self.teams.default)),
        }
    }

    /// Whether there is such a thing to switch; what is wrong otherwise.
    pub fn knows(&self, switch: &Switch) -> Result<(), String> {
        let among = |thing: &str, id: &str, known: Vec<&String>| match known.iter().any(|one| *one == id) {
            true => Ok(()),
            false => Err(fault::unknown(thing, id, known.into_iter().map(String::as_str))),
        };
        match switch {
            Switch::All | Switch::Channel(_) => Ok(()),
            Switch::Intent(id) => among("intent", id, self.intents.keys().collect()),
            Switch::Action(id) => among("action", id, self.actions.keys().collect()),
            Switch::Playbook(id) => among("playbook", id, self.procedures.keys().collect()),
        }
    }

    /// An intent's name as people see it.
    #[must_use]
    pub fn intent_name<'a>(&'a self, id: &'a str) -> &'a str {
        self.intents.get(id).map_or(id, |intent| &intent.name)
    }

    /// Says a sentence. A template that fails all the same is replaced by the plain words that a human is coming,
    /// and by the bare minimum should even those fail.
    #[must_use]
    pub fn say(&self, id: &str, language: &str, facts: &Map<String, Value>) -> String {
        self.replies.say(id, language, facts).unwrap_or_else(|error| {
            tracing::error!(reply = id, language, error, "a sentence could not be said");
            self.replies
                .say("something-wrong", language, facts)
                .unwrap_or_else(|_| "Something went wrong here. A colleague will answer you.".to_owned())
        })
    }

    /// The facts about a team that sentences in `language` may use.
    #[must_use]
    pub fn team_facts(&self, id: &str, language: &str, now: Time) -> Value {
        let (_, team) = self.team(id);
        let locale = match language {
            "de" => Locale::de_DE,
            "fr" => Locale::fr_FR,
            "es" => Locale::es_ES,
            _ => Locale::en_GB,
        };
        let opens = team.and_then(|team| team.opens_at(now));
        let opens = opens.map(|at| at.format_localized("%A, %H:%M (%Z)", locale).to_string());
        json!({
            "name": team.map_or("", |team| &team.name),
            "open": team.is_none_or(|team| team.is_open(now)),
            "opens": opens.unwrap_or_default(),
        })
    }

    /// The nearest language that this desk speaks.
    #[must_use]
    pub fn spoken<'a>(&'a self, language: &str) -> &'a str {
        let short = language.split(['-', '_']).next().unwrap_or(language);
        let spoken = self.desk.languages.iter().find(|one| one.eq_ignore_ascii_case(short));
        spoken.unwrap_or(&self.desk.default_language)
    }
}

/// The first 16 hexadecimal digits of the SHA-256.
fn address(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes)[..8])
}

/// The content address of a whole release.
#[must_use]
pub fn address_of(content: &Content) -> String {
    let mut hash = Sha256::new();
    for (path, text) in content {
        // Lengths between the parts: no two contents run together to the same bytes.
        hash.update((path.len() as u64).to_be_bytes());
        hash.update(path.as_bytes());
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    hex::encode(&hash.finalize()[..8])
}
