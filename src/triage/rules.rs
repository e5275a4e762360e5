//! Deciding: facts in, verdict out, with the rules that fired and the reasons. The same for the live path, the
//! command line, cases and replay.

use super::facts::urgency_name;
use super::understand::Understanding;
use crate::domain::conversation::Conversation;
use crate::domain::decision::{Automation, NearMiss, Reason};
use crate::domain::event::Demotion;
use crate::domain::switch::{self, SwitchedOff};
use crate::domain::ticket::Priority;
use crate::playbook::Playbook;
use crate::playbook::condition::{Asked, Held};
use crate::playbook::facts::Facts;
use crate::playbook::policy::intent::{HandOffTo, Intent, Risk, Then};
use nlu::signals::Urgency;
use serde_json::Map;

/// How many rules that nearly fired are told.
const NEAR: usize = 8;

/// What keeps the bot from doing by itself what its policies say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits<'a> {
    /// Intents that burnt their error budget.
    pub(super) demotions: &'a [Demotion],
    /// What an admin has switched off.
    pub(super) off: &'a [SwitchedOff],
}

impl<'a> Limits<'a> {
    pub(super) fn of(talk: &'a Conversation) -> Self {
        let demotions = talk.context.as_ref().map_or(&[][..], |context| &context.demotions);
        Self { demotions, off: &talk.off }
    }
}

/// What is to be done with a message.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Verdict {
    pub(super) conclusion: Conclusion,
    pub(super) automation: Automation,
    pub(super) reasons: Vec<Reason>,
    pub(super) rules: Vec<String>,
    /// Rules that would have fired but for one condition.
    pub(super) near: Vec<NearMiss>,
    /// Whether a rule concluded, and not the intent's own policy.
    pub(super) ruled: bool,
    /// The facts that rules looked at.
    pub(super) used: Vec<String>,
    pub(super) urgency: Urgency,
    pub(super) priority: Option<Priority>,
    pub(super) team: Option<String>,
    pub(super) tags: Vec<String>,
    /// What was decided but may not be done without a human.
    pub(super) held_back: Option<Then>,
}

/// How it ends.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Conclusion {
    Then(Then),
    /// Ask which of the likeliest intents is meant.
    Clarify,
}

/// Judges one message.
pub(super) fn judge(
    facts: &Facts,
    meaning: &Understanding,
    may_clarify: bool,
    limits: Limits<'_>,
    book: &Playbook,
) -> Verdict {
    let mut facts = facts.clone();
    let mut verdict = Verdict {
        conclusion: Conclusion::Then(Then::HandOff(HandOffTo::default())),
        automation: Automation::Auto,
        reasons: Vec::new(),
        rules: Vec::new(),
        near: Vec::new(),
        ruled: false,
        used: Vec::new(),
        urgency: meaning.urgency,
        priority: None,
        team: None,
        tags: Vec::new(),
        held_back: None,
    };
    let mut asked = Asked::new(&facts, &Map::new());
    for rule in &book.rules {
        match rule.when.weigh(&asked) {
            Ok(Held::No) => continue,
            Ok(Held::But(missing)) => {
                if verdict.near.len() < NEAR {
                    verdict.near.push(NearMiss { rule: rule.id.clone(), missing: missing.to_owned() });
                }
                continue;
            }
            Ok(Held::Yes) => {}
            Err(error) => {
                // A rule that cannot be asked may be the one that forbids: a human decides.
                tracing::error!(rule = rule.id, error, "a rule could not be asked");
                verdict
                    .reasons
                    .push(Reason::new("rule-failed", format!("The rule {} could not be asked.", rule.id)));
                verdict.rules.push(rule.id.clone());
                verdict.ruled = true;
                return verdict;
            }
        }
        verdict.rules.push(rule.id.clone());
        verdict.used.extend(rule.when.facts().iter().cloned());
        verdict.reasons.push(Reason::new(&rule.id, &rule.because));
        let consequence = &rule.consequence;
        verdict.priority = verdict.priority.max(consequence.priority);
        if consequence.team.is_some() {
            verdict.team.clone_from(&consequence.team);
        }
        verdict.tags.extend(consequence.tags.iter().cloned());
        if let Some(urgency) = consequence.urgency.filter(|urgency| *urgency > verdict.urgency) {
            verdict.urgency = urgency;
            urgency_name(urgency).clone_into(&mut facts.urgency);
            asked = Asked::new(&facts, &Map::new());
        }
        if let Some(then) = &rule.then {
            verdict.conclusion = Conclusion::Then(then.clone());
            verdict.ruled = true;
            return by_automation(verdict, meaning, limits, book);
        }
    }
    by_intent(verdict, meaning, may_clarify, limits, book)
}

/// No rule concluded: the intent's own policy does, if the bot is sure enough.
fn by_intent(
    mut verdict: Verdict,
    meaning: &Understanding,
    may_clarify: bool,
    limits: Limits<'_>,
    book: &Playbook,
) -> Verdict {
    let percent = |share: f32| (share * 100.0).floor();
    match meaning.intent.as_ref().and_then(|id| book.intents.get(id)) {
        Some(intent) if meaning.sure => {
            verdict.conclusion = Conclusion::Then(intent.then.value.clone());
            let text = format!(
                "{} with {} %, {} % needed.",
                intent.name,
                percent(meaning.confidence),
                percent(meaning.threshold)
            );
            verdict.reasons.push(Reason::new("confident", text));
            by_automation(verdict, meaning, limits, book)
        }
        Some(intent) => {
            let text = format!(
                "Perhaps {}, but only {} % sure; {} % needed.",
                intent.name,
                percent(meaning.confidence),
                percent(meaning.threshold)
            );
            verdict.reasons.push(Reason::new("low-confidence", text));
            if may_clarify {
                verdict.conclusion = Conclusion::Clarify;
            }
            verdict
        }
        None => {
            let text = format!(
                "Nothing that this desk handles, as far as the bot can tell ({} % sure).",
                percent(meaning.confidence)
            );
            verdict.reasons.push(Reason::new("out-of-scope", text));
            verdict
        }
    }
}

/// What the intent's automation level does not allow goes to a human, with the bot's intention as a draft. At "approve"
/// a playbook runs, and stops for a human's word before it acts: see `playing`.
fn by_automation(
    mut verdict: Verdict,
    meaning: &Understanding,
    limits: Limits<'_>,
    book: &Playbook,
) -> Verdict {
    let intent = meaning.intent.as_ref().filter(|_| meaning.sure).and_then(|id| book.intents.get(id));
    if let Conclusion::Then(then) = &verdict.conclusion
        && let Some(off) = switched_off(then, intent, limits.off)
    {
        verdict.reasons.push(switch::reason(off));
        verdict.held_back = Some(then.clone());
        verdict.conclusion = Conclusion::Then(Then::HandOff(HandOffTo::default()));
    }
    let Some(intent) = intent else { return verdict };
    let (level, why) = level_of(intent, limits.demotions);
    verdict.automation = level;
    let Conclusion::Then(then) = &verdict.conclusion else { return verdict };
    let allowed = match then {
        Then::HandOff(_) => true,
        Then::Playbook(_) => level >= Automation::Approve,
        Then::Reply(_) | Then::Answer(_) => level == Automation::Auto,
    };
    verdict.reasons.extend(why);
    if !allowed {
        let text = format!("{} is at level \"{}\": a human decides.", intent.name, level.name());
        verdict.reasons.push(Reason::new(&format!("automation-{}", level.name()), text));
        verdict.held_back = Some(then.clone());
        verdict.conclusion = Conclusion::Then(Then::HandOff(HandOffTo::default()));
    }
    verdict
}

/// The switch that forbids what was concluded, if one does.
fn switched_off<'a>(then: &Then, intent: Option<&Intent>, off: &'a [SwitchedOff]) -> Option<&'a SwitchedOff> {
    let by_intent = intent.and_then(|intent| switch::intent(off, &intent.id.value));
    match then {
        Then::HandOff(_) => None,
        Then::Playbook(id) => by_intent.or_else(|| switch::playbook(off, id)),
        Then::Reply(_) | Then::Answer(_) => by_intent,
    }
}

/// How much may be done by itself about an intent, and why less than its policy says: a high risk is capped unless the
/// desk accepts it, and a burnt error budget demotes.
#[must_use]
pub fn level_of(intent: &Intent, demotions: &[Demotion]) -> (Automation, Option<Reason>) {
    let mut level = intent.automation;
    let mut why = None;
    if intent.risk == Risk::High && !intent.risk_accepted && level > Automation::Approve {
        level = Automation::Approve;
        let text = format!("{} is of high risk: nothing is done without a human's approval.", intent.name);
        why = Some(Reason::new("risk-capped", text));
    }
    for demotion in demotions.iter().filter(|demotion| demotion.intent == intent.id.value) {
        if demotion.to < level {
            level = demotion.to;
            why = Some(Reason::new("automation-demoted", &demotion.because));
        }
    }
    (level, why)
}
