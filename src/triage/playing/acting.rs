//! Asking other systems and having them do something, one at a time or together.

use super::player::{Flow, Player, failure, shown};
use crate::domain::approval::{Proposal, Unanswered};
use crate::domain::conversation::Lookup;
use crate::domain::decision::Automation;
use crate::domain::effect::{Effect, Outcome};
use crate::domain::event::{Event, Question};
use crate::domain::ids::Seq;
use crate::domain::run::Waiting;
use crate::domain::switch;
use crate::playbook::actions::{Action, CUSTOMERS_FIND};
use crate::playbook::policy::action::{ActionKind, OnFailure, Requirement};
use crate::playbook::policy::procedure::{Call, Step};
use crate::playbook::templates;
use crate::playbook::yaml::Spanned;
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How long a human has for what a playbook did not know that it must ask for.
const IMPLICIT_DEADLINE: TimeDelta = TimeDelta::hours(4);

/// Why a call does not come about.
pub(super) struct Failure {
    pub(super) code: &'static str,
    pub(super) cause: String,
}

/// What is to be done about a call.
pub(super) enum Plan {
    /// It is answered.
    Known(Value),
    /// It must be asked first.
    Ask(Question),
    /// Something is to be done.
    Do(Effect),
    /// Only if a human says so.
    Approve { name: String, input: Value, team: Option<String> },
}

impl Player<'_> {
    pub(super) fn call(&mut self, call: &Call) -> Flow {
        let key = self.step_key(None);
        match self.plan(call, key) {
            Ok(Plan::Known(value)) => {
                self.save(call.into.as_ref(), value);
                Flow::Next
            }
            Ok(Plan::Ask(question)) => Flow::Ask(vec![question]),
            Ok(Plan::Do(effect)) => {
                let seq = self.draft.push(Event::Requested { effect });
                self.pause(Waiting::Effect { seq });
                Flow::Stop
            }
            Ok(Plan::Approve { name, input, team }) => self.ask_first(&name, &input, team),
            Err(failure) => self.call_failed(call, &failure),
        }
    }

    /// Steps that do not depend on each other: first everything is asked at once, then everything is done at once.
    pub(super) fn together(&mut self, steps: &[Spanned<Step>]) -> Flow {
        let mut questions = Vec::new();
        let mut effects: Vec<(usize, Effect)> = Vec::new();
        let mut known = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            match &step.value {
                Step::Call(call) => match self.plan(call, self.step_key(Some(index))) {
                    Ok(Plan::Known(value)) => known.push((call.into.as_ref(), value)),
                    Ok(Plan::Ask(question)) => questions.push(question),
                    Ok(Plan::Do(effect)) => effects.push((index, effect)),
                    Ok(Plan::Approve { name, input, team }) => return self.ask_first(&name, &input, team),
                    Err(failure) => return self.call_failed(call, &failure),
                },
                Step::Ticket(ticket) => effects.push((index, Effect::OpenTicket(self.new_ticket(ticket)))),
                Step::Notify(notify) => effects.push((index, self.notice(notify))),
                _ => {}
            }
        }
        if !questions.is_empty() {
            return Flow::Ask(questions);
        }
        known.into_iter().for_each(|(into, value)| self.save(into, value));
        if effects.is_empty() {
            return Flow::Next;
        }
        let awaited = effects
            .into_iter()
            .map(|(index, effect)| (self.draft.push(Event::Requested { effect }), index))
            .collect();
        self.pause(Waiting::Effects { awaited });
        Flow::Stop
    }

    fn plan(&self, call: &Call, key: String) -> Result<Plan, Failure> {
        let input = templates::fill_all(&call.with, &self.facts())
            .map(Value::Object)
            .map_err(|cause| Failure { code: "template-failed", cause })?;
        self.gates(&call.action, input, key, self.level() < Automation::Auto)
    }

    /// What is to be done about a call: every gate that stands before an action stands here. What changes something is
    /// asked of a human first where `asks` says so.
    pub(super) fn gates(&self, action: &str, input: Value, key: String, asks: bool) -> Result<Plan, Failure> {
        let failed = |code, cause: String| Failure { code, cause };
        let found = self.draft.book.actions.get(action);
        let action = found.ok_or_else(|| failed("action-unknown", format!("there is no action {action}")))?;
        self.allowed(action)?;
        action.takes(&input).map_err(|error| failed("input-mismatch", error))?;
        if action.id == CUSTOMERS_FIND {
            return Ok(match self.draft.talk.lookups.get(&key) {
                Some(found) => Plan::Known(account(found)),
                None => {
                    let email = input["email"].as_str().unwrap_or_default().to_owned();
                    Plan::Ask(Question::Account { email, step: key })
                }
            });
        }
        match (action.kind, self.draft.talk.lookups.get(&key)) {
            (ActionKind::Read, Some(Lookup::Called { output })) => Ok(Plan::Known(output.clone())),
            (ActionKind::Read, Some(Lookup::Unavailable { cause })) => {
                Err(failed("lookup-failed", cause.clone()))
            }
            (ActionKind::Read, _) => {
                Ok(Plan::Ask(Question::Call { action: action.id.clone(), input, step: key }))
            }
            (ActionKind::Act, _) if asks && self.run.approved != Some(true) => {
                let team = action.on_failure.team.clone();
                Ok(Plan::Approve { name: action.name.clone(), input, team })
            }
            (ActionKind::Act, _) => Ok(Plan::Do(Effect::Act {
                action: action.id.clone(),
                version: action.version.clone(),
                input,
                undoes: None,
            })),
        }
    }

    /// Who it may be done for, and whether anything may be done at all.
    fn allowed(&self, action: &Action) -> Result<(), Failure> {
        if let Some(off) = switch::action(&self.draft.talk.off, &action.id) {
            return Err(Failure { code: "switched-off", cause: off.sentence() });
        }
        if action.requires == Some(Requirement::Verified) && !self.is_verified() {
            let cause = format!("{} is only for customers whose identity was verified", action.name);
            return Err(Failure { code: "identity-not-verified", cause });
        }
        if action.kind == ActionKind::Act && self.run.approved == Some(false) {
            let cause = format!("{} was not approved", action.name);
            return Err(Failure { code: "not-approved", cause });
        }
        Ok(())
    }

    /// Whether the customer has shown who they are.
    pub(super) fn is_verified(&self) -> bool {
        let context = self.draft.talk.context.as_ref();
        context.and_then(|context| context.customer.as_ref()).is_some_and(|customer| customer.verified)
    }

    /// How much the run may do by itself now: what its intent was demoted to since counts, too.
    fn level(&self) -> Automation {
        let demotions = self.draft.talk.context.iter().flat_map(|context| &context.demotions);
        demotions
            .filter(|demotion| Some(&demotion.intent) == self.run.intent.as_ref())
            .map(|demotion| demotion.to)
            .fold(self.run.automation, Automation::min)
    }

    /// The intent may act only once a human approves, and the playbook has asked none.
    pub(super) fn ask_first(&mut self, name: &str, input: &Value, team: Option<String>) -> Flow {
        let fields = input.as_object().into_iter().flatten();
        let details: Vec<String> = fields.map(|(name, value)| format!("{name}: {}", shown(value))).collect();
        let talk = &self.draft.talk;
        let team =
            team.or_else(|| talk.team.clone()).unwrap_or_else(|| self.draft.book.teams.default.clone());
        let proposal = Proposal {
            title: format!("{name} ({})", self.procedure.name),
            details: details.join("\n"),
            team,
            editable: BTreeMap::new(),
            until: self.draft.now + IMPLICIT_DEADLINE,
            default: Unanswered::HandOff,
        };
        self.propose(proposal, None)
    }

    /// What came of the effect that the step asked for.
    pub(super) fn effect_came(&mut self, seq: Seq) -> Flow {
        let outcome = self.draft.talk.came.get(&seq).cloned();
        let step = self.procedure.step(&self.run.path);
        match (step, outcome) {
            (Some(step @ Step::Consult(consult)), Some(outcome)) => match self.take_outcome(step, &outcome) {
                Ok(()) => Flow::Here,
                Err(cause) => self.found_nothing(consult, Failure { code: "act-failed", cause }),
            },
            (Some(step), Some(outcome)) => match self.take_outcome(step, &outcome) {
                Ok(()) => Flow::Next,
                Err(cause) => match step {
                    Step::Call(call) => self.call_failed(call, &Failure { code: "act-failed", cause }),
                    _ => self.act_failed(&OnFailure::default(), &cause),
                },
            },
            _ => self.act_failed(&OnFailure::default(), "the result was not what the playbook waits for"),
        }
    }

    /// The same for steps that ran together: the first that failed brings a human.
    pub(super) fn effects_came(&mut self, awaited: &[(Seq, usize)]) -> Flow {
        let steps = match self.procedure.step(&self.run.path) {
            Some(Step::Together(steps)) => steps,
            _ => return self.act_failed(&OnFailure::default(), "the playbook waits for something else"),
        };
        let mut failed = None;
        for (seq, index) in awaited {
            let (Some(step), Some(outcome)) = (steps.get(*index), self.draft.talk.came.get(seq).cloned())
            else {
                continue;
            };
            if let Err(cause) = self.take_outcome(&step.value, &outcome) {
                failed.get_or_insert((&step.value, cause));
            }
        }
        match failed {
            None => Flow::Next,
            Some((Step::Call(call), cause)) => self.call_failed(call, &Failure { code: "act-failed", cause }),
            Some((_, cause)) => self.act_failed(&OnFailure::default(), &cause),
        }
    }

    fn take_outcome(&mut self, step: &Step, outcome: &Outcome) -> Result<(), String> {
        match (step, outcome) {
            (Step::Ticket(ticket), Outcome::TicketOpened(opened)) => {
                let value = json!({"number": opened.shown(), "title": opened.title, "joined": opened.joined});
                self.save(Some(&ticket.into), value);
                Ok(())
            }
            (Step::Call(call), Outcome::Acted { output }) => {
                self.save(call.into.as_ref(), output.clone());
                Ok(())
            }
            (Step::Consult(_), Outcome::Acted { output }) => {
                self.came_of_call(output.clone(), true);
                Ok(())
            }
            (Step::Notify(_), _) => Ok(()),
            (_, Outcome::Failed { cause } | Outcome::InDoubt { cause }) => Err(cause.clone()),
            (_, Outcome::Dropped) => Err("it was not done any more".to_owned()),
            _ => Err("the result was not what the playbook waits for".to_owned()),
        }
    }

    fn save(&mut self, into: Option<&String>, value: Value) {
        if let Some(into) = into {
            self.run.saved.insert(into.clone(), value);
        }
    }

    fn call_failed(&mut self, call: &Call, why: &Failure) -> Flow {
        if !call.otherwise.is_empty() {
            self.run.saved.insert("failure".to_owned(), failure(&call.action, &why.cause));
            return Flow::Into(1);
        }
        let action = self.draft.book.actions.get(&call.action);
        let (name, to) = action.map_or((call.action.as_str(), OnFailure::default()), |action| {
            (action.name.as_str(), action.on_failure.clone())
        });
        let text = format!("\"{name}\" could not be done: {}", why.cause);
        self.failed(&to, why.code, &text)
    }

    fn act_failed(&mut self, to: &OnFailure, cause: &str) -> Flow {
        self.failed(to, "act-failed", &format!("A step of the playbook could not be done: {cause}"))
    }

    /// The place of a step, so that each asks once.
    pub(super) fn step_key(&self, inner: Option<usize>) -> String {
        let path: Vec<String> = self.run.path.iter().chain(&inner).map(usize::to_string).collect();
        format!("{}/{}", self.run.key(), path.join("."))
    }
}

fn account(found: &Lookup) -> Value {
    let (account, available) = match found {
        Lookup::Answered { account } => (account.as_deref().cloned(), true),
        Lookup::Called { .. } | Lookup::Unavailable { .. } => (None, false),
    };
    let there = account.is_some();
    let account = account.unwrap_or_default();
    json!({
        "found": there,
        "available": available,
        "status": account.status,
        "name": account.name,
        "tier": account.tier,
        "plan": account.plan,
        "company": account.company,
    })
}
