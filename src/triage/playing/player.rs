//! One playbook going on.

use super::{asking, lead_back};
use crate::domain::Time;
use crate::domain::conversation::Conversation;
use crate::domain::decision::Reason;
use crate::domain::effect::Effect;
use crate::domain::event::{Event, Question};
use crate::domain::run::{Run, Waiting};
use crate::domain::switch;
use crate::domain::ticket::{NewTicket, Priority};
use crate::playbook::condition::Asked;
use crate::playbook::policy::action::OnFailure;
use crate::playbook::policy::procedure::{HandOff, Notify, Set, Step, Ticket, Words};
use crate::playbook::procedures::CheckedProcedure;
use crate::playbook::{Playbook, templates};
use crate::triage::Step as Next;
use crate::triage::answer;
use crate::triage::draft::Draft;
use crate::triage::facts;
use crate::triage::handoff::{To, hand_off};
use serde_json::{Map, Value, json};

/// Where a step leads.
pub(super) enum Flow {
    /// To be done (again).
    Here,
    /// To the step after it.
    Next,
    /// Into one of its arms.
    Into(usize),
    /// Nowhere for now: everything is said in the draft.
    Stop,
    /// Nowhere before these are answered.
    Ask(Vec<Question>),
}

/// A playbook going on.
pub(super) struct Player<'a> {
    pub(super) draft: Draft<'a>,
    pub(super) run: Run,
    pub(super) procedure: &'a CheckedProcedure,
    spoke: bool,
}

/// The playbook of a run, unless it was changed since.
pub(in crate::triage) fn procedure_of<'a>(run: &Run, book: &'a Playbook) -> Option<&'a CheckedProcedure> {
    book.procedures.get(&run.playbook).filter(|procedure| procedure.version == run.version)
}

/// Goes on until something has to be waited for.
pub(in crate::triage) fn advance(talk: &Conversation, book: &Playbook, now: Time) -> Next {
    let mut draft = Draft::new(talk, book, now);
    let Some(run) = talk.run.clone() else { return Next::Wait(None) };
    let Some(procedure) = procedure_of(&run, book) else {
        let reason =
            Reason::new("playbook-changed", "The playbook was changed while it ran; a human goes on.");
        hand_off(&mut draft, To::default(), vec![reason], Some("handoff"));
        return draft.done();
    };
    if let Some(off) = switch::stopped(&talk.off, &run) {
        hand_off(&mut draft, To::default(), vec![switch::reason(off)], Some("handoff"));
        return draft.done();
    }
    let mut player = Player { draft, run, procedure, spoke: false };
    let mut flow = player.take_in();
    loop {
        match flow {
            Flow::Here => {}
            Flow::Next => match procedure.after(&player.run.path) {
                Some(path) => player.run.path = path,
                None => player.run.path.clear(),
            },
            Flow::Into(arm) => player.run.path.extend([arm, 0]),
            Flow::Stop => return player.draft.done(),
            Flow::Ask(questions) if player.draft.is_empty() => return Next::Ask(questions),
            Flow::Ask(_) => {
                // What was done so far is kept; the next look asks.
                player.pause(Waiting::Nothing);
                return player.draft.done();
            }
        }
        flow = match procedure.step(&player.run.path) {
            Some(step) => player.perform(step),
            None => player.end(),
        };
    }
}

impl Player<'_> {
    /// Takes in what has come of what the run waited for.
    fn take_in(&mut self) -> Flow {
        let waiting = std::mem::replace(&mut self.run.waiting, Waiting::Nothing);
        match waiting {
            Waiting::Nothing => Flow::Here,
            Waiting::Slot { .. } => Flow::Stop,
            Waiting::Code { seq, .. } => self.no_code_came(seq),
            Waiting::Effect { seq } => self.effect_came(seq),
            Waiting::Effects { awaited } => self.effects_came(&awaited),
            Waiting::Approval { seq, .. } => self.ruled(seq),
            Waiting::Moment { .. } => Flow::Next,
            Waiting::Event { name, about, .. } => self.occurred(&name, &about),
            Waiting::Model { seq, .. } => self.model_said(seq),
        }
    }

    fn perform(&mut self, step: &Step) -> Flow {
        match step {
            Step::Ask(ask) if self.run.slots.contains_key(&ask.slot) => Flow::Next,
            Step::Ask(ask) => {
                self.pause(Waiting::Slot { slot: ask.slot.clone(), tries: 1 });
                asking::question(&mut self.draft, &self.run, ask, &ask.text, None);
                Flow::Stop
            }
            Step::Call(call) => self.call(call),
            Step::Consult(consult) => self.consult(consult),
            Step::Set(set) => self.set(set),
            Step::Branch(branch) => {
                self.branch(&branch.when.value, [branch.then.len(), branch.otherwise.len()])
            }
            Step::Approve(approve) => self.approve(approve),
            Step::Verify(verify) => self.verify(verify),
            Step::Wait(wait) => self.wait(wait),
            Step::Together(steps) => self.together(steps),
            Step::Ticket(ticket) => {
                let effect = Effect::OpenTicket(self.new_ticket(ticket));
                let seq = self.draft.push(Event::Requested { effect });
                self.pause(Waiting::Effect { seq });
                Flow::Stop
            }
            Step::Notify(notify) => {
                let effect = self.notice(notify);
                self.draft.push(Event::Requested { effect });
                Flow::Next
            }
            Step::Reply(reply) => {
                let text = words(&self.draft, &self.run, &reply.text);
                self.draft.say_text(text, Vec::new(), Vec::new());
                self.spoke = true;
                Flow::Next
            }
            Step::HandOff(to) => self.hand_off(to),
            Step::Resolve(_) => self.end(),
            Step::Include(part) if part.steps.is_empty() => Flow::Next,
            Step::Include(_) => Flow::Into(0),
        }
    }

    /// Keeps where the run stands.
    pub(super) fn pause(&mut self, waiting: Waiting) {
        self.run.waiting = waiting;
        self.draft.push(Event::Progressed { run: Some(Box::new(self.run.clone())) });
    }

    fn set(&mut self, set: &Set) -> Flow {
        if set.urgency.is_some() || set.priority.is_some() || set.team.is_some() || !set.tags.is_empty() {
            self.draft.push(Event::Marked {
                urgency: set.urgency,
                priority: set.priority,
                team: set.team.clone(),
                tags: set.tags.clone(),
            });
        }
        let facts = self.facts();
        for (name, source) in &set.vars {
            match templates::fill(source, &facts) {
                Ok(value) => drop(self.run.saved.insert(name.clone(), value)),
                Err(error) => {
                    return self.stuck("template-failed", &format!("`{name}` could not be set: {error}"));
                }
            }
        }
        Flow::Next
    }

    fn branch(&mut self, when: &str, lengths: [usize; 2]) -> Flow {
        let asked = Asked::new(
            &facts::of_conversation(&self.draft.talk, self.draft.book),
            &names(&self.run, self.procedure),
        );
        let holds = self
            .procedure
            .condition(when)
            .map_or_else(|| Err("the condition is gone".to_owned()), |condition| condition.ask(&asked));
        match holds {
            Ok(holds) => {
                let arm = usize::from(!holds);
                if lengths[arm] == 0 { Flow::Next } else { Flow::Into(arm) }
            }
            Err(error) => {
                tracing::error!(playbook = self.run.playbook, error, "a branch could not be decided");
                self.stuck("branch-failed", "The playbook could not tell which way to go.")
            }
        }
    }

    fn hand_off(&mut self, to: &HandOff) -> Flow {
        let text = self.template(&to.reason);
        let to = To { team: to.team.clone(), priority: to.priority };
        let tell = if self.spoke { None } else { Some("handoff") };
        self.pass_on(to, Reason::new("playbook-handoff", text), tell)
    }

    /// The playbook cannot go on; a human does.
    pub(super) fn stuck(&mut self, code: &str, text: &str) -> Flow {
        self.pass_on(To::default(), Reason::new(code, text), Some("handoff"))
    }

    /// The same for an action, which may say who goes on.
    pub(super) fn failed(&mut self, to: &OnFailure, code: &str, text: &str) -> Flow {
        let to = To { team: to.team.clone(), priority: to.priority };
        self.pass_on(to, Reason::new(code, text), Some("handoff"))
    }

    fn pass_on(&mut self, to: To, reason: Reason, tell: Option<&str>) -> Flow {
        // The run is in the summary, so it ends with the hand-off and not before.
        self.pause(Waiting::Nothing);
        hand_off(&mut self.draft, to, vec![reason], tell);
        Flow::Stop
    }

    /// The playbook is through. Should it have said nothing, a human says it.
    fn end(&mut self) -> Flow {
        if self.owes() {
            let text = format!("The playbook {} ended without a word to the customer.", self.run.playbook);
            return self.stuck("playbook-said-nothing", &text);
        }
        self.draft.push(Event::Progressed { run: None });
        answer::await_silence(&mut self.draft);
        lead_back(&mut self.draft);
        Flow::Stop
    }

    /// Whether a message of the customer waits for a word.
    pub(super) fn owes(&self) -> bool {
        self.draft.talk.pending.iter().any(|pending| pending.decided)
    }

    /// Before a long wait the customer hears something: the step's words, or the desk's own where they would hear
    /// nothing.
    pub(super) fn tell(&mut self, own: Option<&Words>, general: &str) {
        match own {
            Some(own) => {
                let text = words(&self.draft, &self.run, own);
                self.draft.say_text(text, Vec::new(), Vec::new());
            }
            None if self.owes() => self.draft.say(general, &[], Vec::new()),
            None => {}
        }
    }

    pub(super) fn notice(&self, notify: &Notify) -> Effect {
        let text = self.template(&notify.text);
        let priority = self.draft.talk.priority.max(by_urgency(&self.draft.talk));
        Effect::Notify { team: notify.team.clone(), text, priority }
    }

    pub(super) fn new_ticket(&self, ticket: &Ticket) -> NewTicket {
        let talk = &self.draft.talk;
        let team = ticket.team.clone().or_else(|| talk.team.clone());
        let told = self.run.slots.iter().filter(|(_, value)| !value.is_null());
        let told: Vec<String> = told.map(|(slot, value)| format!("{slot}: {}", shown(value))).collect();
        let wrote: Vec<&str> = talk
            .recent
            .iter()
            .filter(|line| line.from == "customer")
            .map(|line| line.text.as_str())
            .collect();
        NewTicket {
            title: self.template(&ticket.title),
            body: match &ticket.body {
                Some(body) => self.template(body),
                None => format!("{}\n\n{}", wrote.join("\n"), told.join("\n")).trim().to_owned(),
            },
            priority: ticket.priority.unwrap_or_else(|| talk.priority.max(by_urgency(talk))),
            team: team.unwrap_or_else(|| self.draft.book.teams.default.clone()),
            incident: ticket.incident.as_ref().map(|incident| self.template(incident)),
        }
    }

    /// A template of the playbook. It was tried when the playbook was checked; should it fail, its source says more
    /// than nothing.
    pub(super) fn template(&self, source: &str) -> String {
        templates::render(source, &self.facts()).unwrap_or_else(|error| {
            tracing::error!(playbook = self.run.playbook, error, "a template could not be filled in");
            source.to_owned()
        })
    }

    /// Everything that a template of the playbook may speak of.
    pub(super) fn facts(&self) -> Map<String, Value> {
        let mut facts = self.draft.facts(&[]);
        facts.extend(names(&self.run, self.procedure));
        facts
    }
}

/// Slots and what steps have saved.
pub(super) fn names(run: &Run, procedure: &CheckedProcedure) -> Map<String, Value> {
    let mut names: Map<String, Value> =
        run.saved.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    names.insert("slots".to_owned(), Value::Object(procedure.slots_of(&run.slots)));
    names
}

/// What is said, in the customer's language.
pub(in crate::triage) fn words(draft: &Draft<'_>, run: &Run, words: &Words) -> String {
    let more = procedure_of(run, draft.book).map(|procedure| names(run, procedure)).unwrap_or_default();
    match words {
        Words::Id(id) => {
            let more: Vec<(&str, Value)> =
                more.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
            draft.sentence(id, &more)
        }
        Words::Inline(by_language) => {
            let language = draft.language();
            let own = by_language.get(&language);
            let text = own.or_else(|| by_language.get(&draft.book.desk.default_language));
            let mut facts = draft.facts(&[]);
            facts.extend(more);
            templates::render(text.map_or("", String::as_str), &facts).unwrap_or_else(|error| {
                tracing::error!(playbook = run.playbook, error, "a sentence could not be said");
                draft.sentence("something-wrong", &[])
            })
        }
    }
}

pub(super) fn by_urgency(talk: &Conversation) -> Priority {
    match talk.urgency {
        Some(nlu::signals::Urgency::High) => Priority::High,
        _ => Priority::Normal,
    }
}

/// A value in words.
pub(in crate::triage) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// What a rejected step's names are where nothing came of it.
pub(super) fn failure(action: &str, cause: &str) -> Value {
    json!({"action": action, "cause": cause})
}
