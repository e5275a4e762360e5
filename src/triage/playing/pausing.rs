//! Long waits: for a human's word, for a moment, for something that happens outside.

use super::player::{Flow, Player, by_urgency, shown};
use crate::domain::approval::{Proposal, Ruling, Unanswered};
use crate::domain::effect::Effect;
use crate::domain::event::Event;
use crate::domain::ids::Seq;
use crate::domain::run::Waiting;
use crate::playbook::policy::procedure::{Approve, Step, Wait, Words};
use crate::playbook::templates;
use serde_json::{Map, Value, json};

/// Why an approval that nobody gave was rejected.
const NOBODY: &str = "Nobody decided in time.";

impl Player<'_> {
    pub(super) fn approve(&mut self, approve: &Approve) -> Flow {
        let editable = match templates::fill_all(&approve.editable, &self.facts()) {
            Ok(editable) => editable.into_iter().collect(),
            Err(error) => {
                return self.stuck("template-failed", &format!("A proposal could not be made: {error}"));
            }
        };
        let proposal = Proposal {
            title: self.template(&approve.title),
            details: self.template(&approve.details),
            team: approve.team.clone(),
            editable,
            until: self.draft.now + approve.deadline.delta(),
            default: approve.default,
        };
        self.propose(proposal, approve.tell.as_ref())
    }

    /// Asks a human, tells their team, and tells the customer.
    pub(super) fn propose(&mut self, proposal: Proposal, tell: Option<&Words>) -> Flow {
        let until = proposal.until;
        let notice = Effect::Notify {
            team: proposal.team.clone(),
            text: format!("To be approved: {}\n{}", proposal.title, proposal.details).trim().to_owned(),
            priority: self.draft.talk.priority.max(by_urgency(&self.draft.talk)),
        };
        self.tell(tell, "approval-pending");
        let seq = self.draft.push(Event::ApprovalAsked { proposal: Box::new(proposal) });
        self.pause(Waiting::Approval { seq, until });
        self.draft.push(Event::Requested { effect: notice });
        Flow::Stop
    }

    /// A human decided, or the time ran out.
    pub(super) fn ruled(&mut self, seq: Seq) -> Flow {
        let Some(approval) = self.draft.talk.approvals.get(&seq).cloned() else {
            return self.stuck("approval-lost", "What was to be approved is not there any more.");
        };
        let proposal = approval.proposal;
        let ruling = match (approval.ruling, proposal.default) {
            (Some(ruling), _) => ruling,
            (None, Unanswered::HandOff) => {
                let text = format!("Nobody decided in time about: {}", proposal.title);
                return self.stuck("approval-overdue", &text);
            }
            (None, Unanswered::Approve) => {
                self.draft.push(Event::Approved { approval: seq, by: None, edits: Default::default() });
                Ruling { approved: true, by: None, edits: Default::default(), reason: String::new() }
            }
            (None, Unanswered::Reject) => {
                let reason = NOBODY.to_owned();
                self.draft.push(Event::Rejected { approval: seq, by: None, reason: reason.clone() });
                Ruling { approved: false, by: None, edits: Default::default(), reason }
            }
        };
        self.run.approved = Some(ruling.approved);
        match self.procedure.step(&self.run.path) {
            Some(Step::Approve(approve)) => {
                let mut answer = Map::new();
                for (name, value) in proposal.editable {
                    let decided = ruling.edits.get(&name).cloned().unwrap_or(value);
                    answer.insert(name, decided);
                }
                answer.insert("approved".to_owned(), json!(ruling.approved));
                let by = ruling.by.as_ref().map_or("", |by| by.name.as_str());
                answer.insert("by".to_owned(), json!(by));
                answer.insert("reason".to_owned(), json!(ruling.reason));
                self.run.saved.insert(approve.into.clone(), Value::Object(answer));
                match ruling.approved || approve.otherwise.is_empty() {
                    true => Flow::Next,
                    false => Flow::Into(1),
                }
            }
            // The playbook did not know that it had to ask: its step is done now, or not at all.
            _ if ruling.approved => Flow::Here,
            _ => {
                let by = ruling.by.map_or_else(|| "Nobody".to_owned(), |by| by.name);
                let text = format!("{by} rejected \"{}\": {}", proposal.title, ruling.reason);
                self.stuck("approval-rejected", &text)
            }
        }
    }

    pub(super) fn wait(&mut self, wait: &Wait) -> Flow {
        let waiting = match (&wait.span, &wait.event, &wait.at_most) {
            (Some(span), ..) => Waiting::Moment { until: self.draft.now + span.delta() },
            (None, Some(event), Some(at_most)) => {
                let about = self.template(wait.about.as_deref().unwrap_or("{{ ticket.number }}"));
                // A ticket goes by our number, however it was called.
                let about = self.draft.talk.ticket_called(&about).map_or(about.clone(), str::to_owned);
                Waiting::Event { name: event.clone(), about, until: self.draft.now + at_most.delta() }
            }
            _ => return Flow::Next,
        };
        self.tell(wait.tell.as_ref(), "still-working");
        self.pause(waiting);
        Flow::Stop
    }

    /// It happened, or the time ran out.
    pub(super) fn occurred(&mut self, name: &str, about: &str) -> Flow {
        let happened = self.draft.talk.occurrence(name, about).cloned();
        let step = match self.procedure.step(&self.run.path) {
            Some(Step::Wait(wait)) => wait,
            _ => return self.stuck("wait-lost", "The playbook waits for something else."),
        };
        match happened {
            Some(happened) => {
                if let Some(into) = &step.into {
                    let brought =
                        step.brings.iter().map(|name| (name.clone(), json!(shown(&happened.data[name]))));
                    self.run.saved.insert(into.clone(), Value::Object(brought.collect()));
                }
                // Taken in: it does not wake another wait of the same kind.
                self.run.waiting = Waiting::Nothing;
                self.draft.push(Event::Progressed { run: Some(Box::new(self.run.clone())) });
                Flow::Next
            }
            None if step.otherwise.is_empty() => {
                let of = shown(&json!(about));
                self.stuck("wait-timed-out", &format!("Waited in vain for {name} ({of})."))
            }
            None => Flow::Into(1),
        }
    }
}
