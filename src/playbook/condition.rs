//! Conditions in CEL: checked against the vocabulary when they are read, total when they are asked.

use super::conjuncts;
use super::days::{days_since, months_since};
use super::facts::{Facts, Kind};
use super::quick::Quick;
use super::typing::{self, Scope};
use cel::objects::Key;
use cel::{Context, IdedExpr, Program, Value};
use regex::Regex;
use serde::Serialize;
use serde_json::Map;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// The longest condition, in bytes: nesting is bounded by length, and the parser's stack by nesting.
const MAX_SOURCE: usize = 4096;

/// A condition that was checked.
pub struct Condition {
    source: String,
    /// What must hold together.
    parts: Vec<Part>,
    facts: Vec<String>,
}

/// One of the things that must hold together.
struct Part {
    /// As it is written.
    source: String,
    /// In one spelling, where it has one.
    spelt: Option<String>,
    test: Test,
}

enum Test {
    Quick(Quick),
    Cel(Box<IdedExpr>),
}

/// What a condition comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held<'a> {
    /// It holds.
    Yes,
    /// It does not.
    No,
    /// It would, but for this one of several parts.
    But(&'a str),
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl Condition {
    /// Reads a condition and checks every name and every comparison in it.
    pub fn parse(source: &str, scope: &Scope<'_>) -> Result<Self, String> {
        if source.len() > MAX_SOURCE {
            return Err(format!(
                "a condition may have at most {MAX_SOURCE} characters; split it into several rules"
            ));
        }
        let program = Program::compile(source).map_err(|errors| {
            let first = errors.errors.first();
            let place = first.map(|error| format!(" (character {})", error.pos.1.max(1))).unwrap_or_default();
            let what = first.map_or_else(|| errors.to_string(), |error| error.msg.clone());
            format!("cannot be read as a condition{place}: {what}")
        })?;
        let facts = typing::check(program.expression(), scope)?;
        let nodes = conjuncts::of(program.expression());
        let texts = conjuncts::texts(source);
        // Where the two disagree, a part is called by the whole.
        let text = |index: usize| if texts.len() == nodes.len() { texts[index] } else { source.trim() };
        let parts = nodes
            .iter()
            .enumerate()
            .map(|(index, node)| Part {
                source: text(index).to_owned(),
                spelt: conjuncts::spelt(node),
                test: match Quick::of(node) {
                    Some(quick) => Test::Quick(quick),
                    None => Test::Cel(Box::new((*node).clone())),
                },
            })
            .collect();
        let condition = Self { source: source.to_owned(), parts, facts };
        // A dry run finds what only running finds, such as a bad pattern in rx().
        let sample = Asked::new(&Facts::sample(), scope.sample);
        for part in &condition.parts {
            condition.part(part, &sample)?;
        }
        Ok(condition)
    }

    /// As it is written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it holds. An error can only come of what was not checkable before, such as a value saved by a step.
    pub fn ask(&self, asked: &Asked) -> Result<bool, String> {
        self.weigh(asked).map(|held| held == Held::Yes)
    }

    /// The same, and what is missing where only one part is. What does not hold outweighs what cannot be asked.
    pub fn weigh(&self, asked: &Asked) -> Result<Held<'_>, String> {
        let mut missing = None;
        let mut failed = None;
        // The quick ones first: two that do not hold settle it.
        let quick = |part: &&Part| matches!(part.test, Test::Quick(_));
        let slow = |part: &&Part| matches!(part.test, Test::Cel(_));
        for part in self.parts.iter().filter(quick).chain(self.parts.iter().filter(slow)) {
            match self.part(part, asked) {
                Ok(true) => {}
                Ok(false) if missing.is_some() => return Ok(Held::No),
                Ok(false) => missing = Some(part),
                Err(error) => failed = Some(error),
            }
        }
        match (missing, failed) {
            (Some(missing), None) if self.parts.len() > 1 => Ok(Held::But(&missing.source)),
            (Some(_), _) => Ok(Held::No),
            (None, Some(error)) => Err(error),
            (None, None) => Ok(Held::Yes),
        }
    }

    fn part(&self, part: &Part, asked: &Asked) -> Result<bool, String> {
        match &part.test {
            Test::Quick(quick) => Ok(quick.holds(&asked.facts)),
            Test::Cel(node) => match asked.context().resolve(node) {
                Ok(Value::Bool(holds)) => Ok(holds),
                Ok(other) => Err(format!("`{}` gives {other:?}, not yes or no", self.source)),
                Err(error) => Err(format!("`{}` cannot be asked: {error}", self.source)),
            },
        }
    }

    /// The facts it looks at, as paths.
    #[must_use]
    pub fn facts(&self) -> &[String] {
        &self.facts
    }

    /// Whether it surely holds wherever `other` does: it asks for nothing that the other does not ask for.
    #[must_use]
    pub fn follows_from(&self, other: &Self) -> bool {
        self.parts
            .iter()
            .all(|part| part.spelt.is_some() && other.parts.iter().any(|theirs| theirs.spelt == part.spelt))
    }
}

/// Facts, ready for any number of conditions.
pub struct Asked {
    facts: Facts,
    more: Map<String, serde_json::Value>,
    /// Made only where a condition is not plain.
    context: OnceCell<Context<'static, 'static>>,
}

impl Asked {
    /// `more` are names beside the vocabulary: slots and what steps have saved.
    #[must_use]
    pub fn new(facts: &Facts, more: &Map<String, serde_json::Value>) -> Self {
        Self { facts: facts.clone(), more: more.clone(), context: OnceCell::new() }
    }

    fn context(&self) -> &Context<'static, 'static> {
        self.context.get_or_init(|| context(&self.facts, &self.more))
    }
}

fn context(facts: &Facts, more: &Map<String, serde_json::Value>) -> Context<'static, 'static> {
    let mut context = Context::default();
    if let Err(error) = context.add_function("rx", rx) {
        tracing::error!(%error, "rx() could not be declared: conditions that use it will not hold");
    }
    let now = facts.message.at;
    if let Err(error) =
        context.add_function("days_since", move |day: Arc<String>| -> i64 { days_since(&day, now) })
    {
        tracing::error!(%error, "days_since() could not be declared: conditions that use it will not hold");
    }
    if let Err(error) =
        context.add_function("months_since", move |day: Arc<String>| -> i64 { months_since(&day, now) })
    {
        tracing::error!(%error, "months_since() could not be declared: conditions that use it will not hold");
    }
    let (message, context_of) = (&facts.message, &mut context);
    add(context_of, "intent", &facts.intent);
    add(context_of, "intent_name", &facts.intent_name);
    add(context_of, "intent_risk", &facts.intent_risk);
    add(context_of, "confidence", &facts.confidence);
    add(context_of, "in_scope", &facts.in_scope);
    add(context_of, "urgency", &facts.urgency);
    add(context_of, "sentiment", &facts.sentiment);
    add(context_of, "entities", &facts.entities);
    add(context_of, "customer", &facts.customer);
    add(context_of, "conversation", &facts.conversation);
    add(context_of, "desk", &facts.desk);
    // An instant is no text.
    let texts = [("text", &message.text), ("channel", &message.channel), ("language", &message.language)];
    let mut map: HashMap<Key, Value> =
        texts.into_iter().map(|(name, text)| (name.into(), Value::from(text.as_str()))).collect();
    map.insert("at".into(), Value::Timestamp(message.at.fixed_offset()));
    map.insert("injection".into(), Value::Float(message.injection));
    context.add_variable_from_value("message", Value::Map(map.into()));
    for (name, value) in more {
        add(&mut context, name, value);
    }
    context
}

fn add(context: &mut Context<'static, 'static>, name: &str, value: &impl Serialize) {
    if let Ok(value) = cel::to_value(value) {
        context.add_variable_from_value(name.to_owned(), value);
    }
}

/// `rx(text, pattern)`: as `matches`, but each pattern is compiled once.
fn rx(text: Arc<String>, pattern: Arc<String>) -> Result<bool, cel::ExecutionError> {
    static COMPILED: Mutex<Option<HashMap<String, Regex>>> = Mutex::new(None);
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let compiled = compiled.get_or_insert_default();
    if let Some(regex) = compiled.get(pattern.as_str()) {
        return Ok(regex.is_match(&text));
    }
    let regex = Regex::new(&pattern).map_err(|error| {
        cel::ExecutionError::function_error("rx", format!("{pattern:?} is no pattern: {error}"))
    })?;
    let found = regex.is_match(&text);
    compiled.insert(pattern.as_ref().clone(), regex);
    Ok(found)
}

/// What a name beside the vocabulary is.
pub type MoreNames = std::collections::BTreeMap<String, Kind>;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(source: &str) -> Result<Condition, String> {
        let intents = vec!["invoice_copy".to_owned(), "refund_request".to_owned()];
        let more =
            MoreNames::from([("slots.email".to_owned(), Kind::Text), ("account".to_owned(), Kind::Anything)]);
        let sample =
            serde_json::json!({"slots": {"email": "a@b.c"}, "account": {"found": true, "status": "locked"}});
        let serde_json::Value::Object(sample) = sample else { unreachable!() };
        Condition::parse(source, &Scope { intents: &intents, more: &more, sample: &sample })
    }

    fn holds(source: &str) -> bool {
        let more =
            serde_json::json!({"slots": {"email": "a@b.c"}, "account": {"found": true, "status": "locked"}});
        let serde_json::Value::Object(more) = more else { unreachable!() };
        parse(source).unwrap().ask(&Asked::new(&Facts::sample(), &more)).unwrap()
    }

    #[test]
    fn conditions_speak_of_facts() {
        assert!(holds(r#"intent == "invoice_copy" && confidence > 0.9"#));
        assert!(holds(r#"urgency in ["low", "medium"] && !customer.verified"#));
        assert!(holds(r#"rx(message.text, "(?i)where is .* invoice")"#));
        assert!(holds(r#"entities.amount < 200 && entities.amount < 200.5"#));
        assert!(holds(r#"message.at < timestamp("2026-01-01T00:00:00Z")"#));
        assert!(holds(r#"account.status == "locked" && slots.email != """#));
        assert!(holds("conversation.tags.size() == 0"));
        assert!(holds(r#"!conversation.tags.exists(t, t == "outage")"#));
        assert!(holds(r#"message.text.contains("invoice") ? desk.open : false"#));
        assert!(!holds(r#"customer.tier == "enterprise""#));
        // The sample's message came on the first day of 1970.
        assert!(holds(r#"months_since("1969-07-01") == 6 && months_since("1969-07-02") < 6"#));
        assert!(holds(r#"days_since("1969-10-03") == 90 && days_since(customer.since) < 0"#));
    }

    fn weigh(source: &str) -> String {
        let condition = parse(source).unwrap();
        let asked = Asked::new(&Facts::sample(), &Map::new());
        match condition.weigh(&asked).unwrap() {
            Held::But(missing) => missing.to_owned(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn what_nearly_holds_says_what_is_missing() {
        assert_eq!(weigh(r#"intent == "invoice_copy" && urgency  ==  "high""#), r#"urgency  ==  "high""#);
        assert_eq!(
            weigh(r#"intent == "invoice_copy" && message.text.size() > 500"#),
            "message.text.size() > 500"
        );
        assert_eq!(weigh(r#"intent == "refund_request" && urgency == "high" && in_scope"#), "No");
        assert_eq!(weigh(r#"urgency == "high""#), "No", "of one part nothing is nearly true");
        assert_eq!(weigh("true"), "Yes");
    }

    #[test]
    fn one_condition_may_follow_from_another() {
        let follows = |one: &str, other: &str| parse(one).unwrap().follows_from(&parse(other).unwrap());
        assert!(follows(r#"urgency=="high""#, r#"( urgency == "high" ) && in_scope"#));
        assert!(follows("true", "in_scope"));
        assert!(!follows(r#"urgency == "high" && in_scope"#, r#"urgency == "high""#));
        assert!(!follows(r#"urgency == "low""#, r#"urgency == "high""#));
    }

    #[test]
    fn cel_knows_every_fact() {
        let asked = Asked::new(&Facts::sample(), &Map::new());
        for (path, _) in crate::playbook::facts::VOCABULARY {
            let found = Program::compile(path).unwrap().execute(asked.context());
            assert!(found.is_ok(), "{path}: {found:?}");
        }
    }

    /// The quick way and CEL's own give the same.
    #[test]
    fn quick_conditions_are_what_cel_says_they_are() {
        let mut facts = vec![Facts::sample(), Facts::sample(), Facts::sample()];
        facts[1].urgency = "high".to_owned();
        facts[1].entities.amount = 200.0;
        facts[1].conversation.tags = vec!["outage".to_owned()];
        facts[1].customer.verified = true;
        facts[2].message.text = "Wo ist meine Rechnung?".to_owned();
        facts[2].conversation.turns = -3;
        facts[2].intent = String::new();
        for source in [
            r#"urgency == "high""#,
            r#""high" != urgency"#,
            "entities.amount >= 200",
            "200.0 < entities.amount",
            "entities.amount > 199.5 && entities.amount < 201",
            "conversation.turns < 0",
            "conversation.turns == 1",
            r#"urgency in ["low", "high"]"#,
            r#"!(intent in ["invoice_copy"])"#,
            r#""outage" in conversation.tags"#,
            "customer.verified",
            "!customer.verified || in_scope",
            "customer.verified == false",
            "in_scope != true",
            r#"rx(message.text, "(?i)where|wo\\b")"#,
            r#"message.text.matches("^W")"#,
            r#"message.text.contains("Rechnung") && !message.text.startsWith("Where")"#,
            r#"message.text.endsWith("?")"#,
            r#"message.language < "f""#,
            "false || confidence > 0.92",
            r#"message.text.size() > 20 && size(message.text) < 21"#,
            "conversation.tags.size() == 1",
            r#"message.at < timestamp("2026-01-01T00:00:00Z")"#,
            r#"timestamp("1970-01-01T00:00:00Z") == message.at"#,
        ] {
            let condition = parse(source).unwrap();
            assert!(condition.parts.iter().all(|part| matches!(part.test, Test::Quick(_))), "{source}");
            let program = Program::compile(source).unwrap();
            for facts in &facts {
                let asked = Asked::new(facts, &Map::new());
                let own = condition.ask(&asked).unwrap();
                assert_eq!(program.execute(asked.context()), Ok(Value::Bool(own)), "{source}");
            }
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_a_reason() {
        let refused = |source: &str| parse(source).unwrap_err();
        assert!(refused(r#"customer.tierr == "free""#).contains("did you mean \"customer.tier\""));
        assert!(refused("urgency > 5").contains("compares"), "{}", refused("urgency > 5"));
        assert!(refused("urgency == 5").contains("compares"));
        assert!(refused(r#"urgency == "hihg""#).contains("did you mean \"high\""));
        assert!(refused(r#"intent == "invoice_cpoy""#).contains("did you mean \"invoice_copy\""));
        assert!(refused("confidence").contains("yes or no"));
        assert!(refused("customer.verified && 3").contains("yes or no"));
        assert!(refused("custmer.verified").contains("unknown fact"));
        assert!(refused(r#"rx(message.text, "(")"#).contains("pattern"));
        assert!(refused("intent == ").contains("cannot be read"));
        assert!(refused(r#"launch(message.text)"#).contains("unknown function"));
        assert!(refused(&format!("{}true", "true && ".repeat(600))).contains("at most"));
    }
}
