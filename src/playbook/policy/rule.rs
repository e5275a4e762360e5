//! `policies/rules.yaml`: what the desk insists on, whatever the classifier says.

use super::intent::{AnswerFrom, HandOffTo, Then};
use crate::domain::ticket::Priority;
use crate::playbook::yaml::Spanned;
use nlu::signals::Urgency;
use schemars::JsonSchema;
use serde::Deserialize;

/// The whole file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RulesFile {
    /// In order: the first that concludes wins.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Kebab-case, stable: decisions name it.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// A CEL condition.
    #[schemars(with = "String")]
    pub when: Spanned<String>,
    /// What follows.
    pub then: Consequence,
    /// Why, in a sentence for people.
    pub because: String,
}

/// What a rule does: any modifiers, and at most one conclusion.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Consequence {
    /// At least this urgent.
    #[schemars(with = "Option<super::Level>")]
    pub urgency: Option<Urgency>,
    /// At least this soon.
    pub priority: Option<Priority>,
    /// Whose it is.
    pub team: Option<String>,
    /// Labels to add.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Concludes.
    pub hand_off: Option<HandOffTo>,
    /// Concludes.
    pub playbook: Option<String>,
    /// Concludes.
    pub answer: Option<AnswerFrom>,
    /// Concludes.
    pub reply: Option<String>,
}

impl Consequence {
    /// How many conclusions it has; more than one is a fault.
    #[must_use]
    pub fn conclusions(&self) -> Vec<Then> {
        let mut all = Vec::new();
        all.extend(self.hand_off.clone().map(Then::HandOff));
        all.extend(self.playbook.clone().map(Then::Playbook));
        all.extend(self.answer.clone().map(Then::Answer));
        all.extend(self.reply.clone().map(Then::Reply));
        all
    }

    /// Whether it does anything at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
