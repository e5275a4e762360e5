//! The check of triggers' files.

use super::CheckedTrigger;
use super::moments::Moments;
use crate::domain::decision::Automation;
use crate::playbook::actions::{compiled, query};
use crate::playbook::condition::{Condition, MoreNames};
use crate::playbook::fault::{Faults, Spot, unknown};
use crate::playbook::policy::procedure::Words;
use crate::playbook::policy::trigger::{FindBy, Hook, On, Outcome, Poll, Signature, TriggerFile};
use crate::playbook::procedures::CheckedProcedure;
use crate::playbook::replies::{self, Replies};
use crate::playbook::shape;
use crate::playbook::typing::Scope;
use crate::playbook::yaml::{self, Spanned};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// The largest request that a trigger may take, in bytes.
const MOST_BYTES: usize = 256 * 1024;
/// How old a signed request may be at most.
const OLDEST: Duration = Duration::from_secs(3600);

/// How often a database may be polled.
const OFTEN: std::ops::RangeInclusive<Duration> = Duration::from_secs(10)..=Duration::from_secs(86_400);
/// The most rows that are read at once.
const MOST_ROWS: u32 = 500;
/// How long a polled database may be waited for.
const SLOWEST: Duration = Duration::from_secs(30);

/// Names that `/hooks/…` has already.
const TAKEN: &[&str] = &["telegram", "discord", "tickets"];

/// What a trigger may refer to.
pub struct Known<'a> {
    /// The desk's teams.
    pub teams: &'a [String],
    /// The desk's intents.
    pub intents: &'a [String],
    /// The desk's sentences.
    pub replies: &'a Replies,
    /// The desk's playbooks.
    pub procedures: &'a BTreeMap<String, CheckedProcedure>,
    /// The language that everything must be said in.
    pub language: &'a str,
}

/// Checks one trigger.
pub fn check(
    file: &str,
    text: &str,
    known: &Known<'_>,
    faults: &mut Faults,
) -> Option<(String, CheckedTrigger)> {
    let parsed: TriggerFile = yaml::parse(file, text, faults)?;
    let id = parsed.id.value.clone();
    let (line, on_line) = (yaml::spot(&parsed.id), yaml::spot(&parsed.on));
    if file != format!("policies/triggers/{id}.yaml") {
        faults.add(file, line, format!("the trigger \"{id}\" belongs into policies/triggers/{id}.yaml"));
    }
    let kebab = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if id.is_empty() || id.len() > 64 || !id.chars().all(kebab) {
        faults.add(
            file,
            line,
            "an id has 1 to 64 small letters, digits and hyphens: it stands in an address",
        );
    }
    if TAKEN.contains(&id.as_str()) {
        faults.add(file, line, format!("\"{id}\" is taken: /hooks/{id} belongs to the desk itself"));
    }
    let payload = match (&parsed.payload, &parsed.on.value) {
        (Some(payload), On::Ticket(_) | On::File(_) | On::Schedule(_)) => {
            faults.add(
                file,
                yaml::spot(payload),
                "what this brings is known: `payload` is for hooks, forms and agents",
            );
            payload.value.clone()
        }
        (Some(payload), _) => payload.value.clone(),
        (None, on) => brings(on),
    };
    let takes = match compiled(&payload) {
        Ok(takes) => takes,
        Err(message) => {
            let line = parsed.payload.as_ref().map_or(line, yaml::spot);
            faults.add(file, line, format!("is no JSON Schema: {message}"));
            return None;
        }
    };
    let mut kinds = MoreNames::new();
    let sample = shape::describe("event", &payload, &mut kinds);
    let sample = Map::from_iter([("event".to_owned(), sample)]);
    let mut check = Check { file, known, faults, kinds, sample };
    let moments = check.on(&parsed.on.value, on_line);
    let when = parsed.when.as_ref().and_then(|when| check.condition(when, true));
    let each = check.find(&parsed.find, &parsed.on.value, on_line);
    if let Some(about) = &parsed.about {
        check.template(about, line);
    }
    check.then(&parsed.then, &parsed.on.value);
    Some((
        id.clone(),
        CheckedTrigger {
            event: parsed.event.unwrap_or_else(|| id.clone()),
            id,
            name: parsed.name,
            description: parsed.description,
            on: parsed.on.value,
            find: parsed.find.into_iter().map(|find| find.value).collect(),
            then: parsed.then.value,
            payload,
            about: parsed.about,
            takes,
            when,
            each,
            moments,
        },
    ))
}

/// What the desk's own triggers bring.
fn brings(on: &On) -> Value {
    let text = json!({"type": "string"});
    match on {
        On::Ticket(_) => {
            json!({"type": "object", "properties": {"number": text, "title": text, "status": text, "text": text}})
        }
        On::File(_) => {
            json!({"type": "object", "properties": {"id": text, "name": text, "type": text, "size": {"type": "integer"}}})
        }
        On::Schedule(_) => json!({"type": "object", "properties": {"at": text}}),
        On::Hook(_) | On::Poll(_) | On::Form(_) | On::Manual(_) => json!({"type": "object"}),
    }
}

struct Check<'a> {
    file: &'a str,
    known: &'a Known<'a>,
    faults: &'a mut Faults,
    kinds: MoreNames,
    sample: Map<String, Value>,
}

impl Check<'_> {
    fn on(&mut self, on: &On, line: Spot) -> Option<Moments> {
        match on {
            On::Hook(hook) => self.hook(hook, line),
            On::Poll(poll) => self.poll(poll, line),
            On::Schedule(schedule) => match Moments::parse(&schedule.cron, schedule.zone.as_deref()) {
                Ok(moments) => return Some(moments),
                Err(message) => self.fault(line, message),
            },
            On::File(file) => {
                for kind in file.types.iter().filter(|kind| kind.split('/').count() != 2) {
                    self.fault(
                        line,
                        format!("\"{kind}\" is no media type; write e.g. application/pdf or image/*"),
                    );
                }
            }
            On::Form(_) | On::Manual(_) | On::Ticket(_) => {}
        }
        None
    }

    fn hook(&mut self, hook: &Hook, line: Spot) {
        if hook.secret.is_empty()
            || !hook.secret.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        {
            self.fault(line, "`secret` is a name in the settings: letters, digits and _");
        }
        if hook.max_bytes.is_some_and(|most| most == 0 || most > MOST_BYTES) {
            self.fault(line, format!("`max_bytes` is 1 to {MOST_BYTES}"));
        }
        if hook.tolerance.is_some_and(|tolerance| tolerance.0.is_zero() || tolerance.0 > OLDEST) {
            self.fault(line, "`tolerance` is more than nothing and at most 1h");
        }
        if let Signature::Plain(plain) = &hook.signature
            && (plain.header.is_empty()
                || !plain.header.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-'))
        {
            self.fault(line, format!("\"{}\" is no name of a header", plain.header));
        }
        if let Some(id) = &hook.id {
            self.template(id, line);
        }
    }

    fn poll(&mut self, poll: &Poll, line: Spot) {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        if poll.database.is_empty() || !poll.database.chars().all(|letter| plain(letter) || letter == '-') {
            self.fault(line, "`database` is a name in the settings: letters, digits, - and _");
        }
        for column in [Some(&poll.key), poll.cursor.as_ref()].into_iter().flatten() {
            if column.is_empty() || column.len() > 63 || !column.chars().all(plain) {
                self.fault(line, format!("\"{column}\" is no name of a column: letters, digits and _"));
            }
        }
        if let Err(message) = query::check(&poll.query, 0) {
            self.fault(line, message);
        }
        if !OFTEN.contains(&poll.every.0) {
            self.fault(line, "`every` is 10s to 1d");
        }
        if poll.max_rows.is_some_and(|rows| !(1..=MOST_ROWS).contains(&rows)) {
            self.fault(line, format!("`max_rows` is 1 to {MOST_ROWS}"));
        }
        if poll.timeout.is_some_and(|timeout| timeout.0.is_zero() || timeout.0 > SLOWEST) {
            self.fault(line, "`timeout` is more than nothing and at most 30s");
        }
    }

    fn find(&mut self, find: &[Spanned<FindBy>], on: &On, on_line: Spot) -> Option<Condition> {
        let here = matches!(on, On::Form(_) | On::File(_) | On::Manual(_));
        match find.first() {
            Some(first) if here => {
                self.fault(
                    yaml::spot(first),
                    "the conversation is known: `find` is for hooks, schedules, polls and tickets",
                );
            }
            None if matches!(on, On::Hook(_) | On::Schedule(_) | On::Poll(_)) => {
                self.fault(
                    on_line,
                    "`find` says whose matter it is: customer_id, email, ticket, waiting or each",
                );
            }
            _ => {}
        }
        let mut each = None;
        for by in find {
            let line = yaml::spot(by);
            match &by.value {
                FindBy::CustomerId(source)
                | FindBy::Email(source)
                | FindBy::Ticket(source)
                | FindBy::Waiting(source) => {
                    self.template(source, line);
                }
                FindBy::Each(all) => {
                    if !matches!(on, On::Schedule(_)) || find.len() > 1 {
                        self.fault(line, "`each` is for schedules, and stands alone");
                    }
                    each = all.when.as_ref().and_then(|when| self.condition(when, false));
                }
            }
        }
        each
    }

    fn then(&mut self, then: &Spanned<Outcome>, on: &On) {
        let (line, then) = (yaml::spot(then), &then.value);
        if *then == Outcome::default() && !matches!(on, On::Hook(_) | On::Poll(_) | On::Ticket(_)) {
            self.fault(line, "the trigger does nothing");
        }
        if let Some(words) = &then.say {
            self.words(words, line);
        }
        if then.hand_off.is_some() && then.playbook.is_some() {
            self.fault(line, "a trigger starts a playbook or hands off, not both");
        }
        if matches!(on, On::Form(_)) && then.hand_off.is_none() && then.playbook.is_none() {
            self.fault(line, "whoever sends a form waits for an answer: start a playbook, or hand off");
        }
        if matches!(on, On::Manual(_)) && then.playbook.is_none() {
            self.fault(line, "an agent starts a playbook: name it");
        }
        if then.open && matches!(on, On::Form(_) | On::File(_) | On::Manual(_) | On::Ticket(_)) {
            self.fault(line, "there is a conversation already: `open` is for hooks, schedules and polls");
        }
        if then.automation.is_some_and(|level| level < Automation::Approve) {
            self.fault(line, "`automation` is approve or auto");
        }
        if let Some(tell) = &then.notify {
            self.team(&tell.team, line);
            self.template(&tell.text, line);
        }
        if let Some(to) = &then.hand_off {
            to.team.iter().for_each(|team| self.team(team, line));
            self.template(&to.reason, line);
        }
        match &then.playbook {
            Some(id) => match self.known.procedures.get(id) {
                Some(procedure) => {
                    for slot in then.with.keys().filter(|slot| !procedure.slots.contains_key(*slot)) {
                        let known = procedure.slots.keys().map(String::as_str);
                        self.fault(line, format!("the playbook {id}: {}", unknown("slot", slot, known)));
                    }
                }
                None => {
                    let known = self.known.procedures.keys().map(String::as_str);
                    self.fault(line, unknown("playbook", id, known));
                }
            },
            None if then.with.is_empty() && then.automation.is_none() => {}
            None => self.fault(line, "`with` and `automation` belong to `playbook`"),
        }
        for source in then.with.values() {
            if let Err(message) = replies::try_value(source, &self.sample) {
                self.fault(line, format!("the template {source}: {message}"));
            }
        }
    }

    /// A condition; over the event alone, or over the facts of a conversation.
    fn condition(&mut self, source: &Spanned<String>, over_event: bool) -> Option<Condition> {
        let (none, nothing) = (MoreNames::new(), Map::new());
        let (more, sample) = if over_event { (&self.kinds, &self.sample) } else { (&none, &nothing) };
        let scope = Scope { intents: self.known.intents, more, sample };
        match Condition::parse(&source.value, &scope) {
            Ok(condition) => match condition.facts().first().filter(|_| over_event) {
                Some(fact) => {
                    let message = format!("only `event` is known here, not `{fact}`: nobody was found yet");
                    self.fault(yaml::spot(source), message);
                    None
                }
                None => Some(condition),
            },
            Err(message) => {
                self.fault(yaml::spot(source), message);
                None
            }
        }
    }

    fn words(&mut self, words: &Words, line: Spot) {
        match words {
            Words::Id(id) if self.known.replies.has(id) => {}
            Words::Id(id) => self.fault(line, unknown("reply", id, self.known.replies.ids())),
            Words::Inline(by_language) => {
                if !by_language.contains_key(self.known.language) {
                    self.fault(line, format!("has no text in the desk's language, {}", self.known.language));
                }
                by_language.values().for_each(|text| self.template(text, line));
            }
        }
    }

    fn team(&mut self, id: &str, line: Spot) {
        if !self.known.teams.iter().any(|team| team == id) {
            self.fault(line, unknown("team", id, self.known.teams.iter().map(String::as_str)));
        }
    }

    fn template(&mut self, source: &str, line: Spot) {
        if let Err(message) = replies::try_template(source, &self.sample) {
            self.fault(line, format!("the template {source:?}: {message}"));
        }
    }

    fn fault(&mut self, line: Spot, message: impl Into<String>) {
        self.faults.add(self.file, line, message);
    }
}
