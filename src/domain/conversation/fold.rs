//! What each event changes.

use super::{Context, Conversation, Done, Handoff, Line, Lookup, Occurrence, Pending, State};
use crate::domain::Time;
use crate::domain::approval::{Approval, Ruling};
use crate::domain::code::Tried;
use crate::domain::consult::{Came, Standing};
use crate::domain::effect::{Effect, Outcome};
use crate::domain::event::{Answer, Author, DeskState, Entry, Event, Question};
use crate::domain::ids::Seq;
use crate::domain::run::{Run, Waiting};
use channels::Choice;
use std::collections::BTreeMap;

/// How much of a waiting message is judged; the log keeps all of it. The snapshot is written with every commit.
const PENDING_CHARACTERS: usize = 4000;

/// How many lines of the talk the fold remembers.
const RECENT_LINES: usize = 24;

/// How many occurrences and finished acts the fold remembers.
const REMEMBERED: usize = 20;

impl Conversation {
    /// Folds one more event in.
    pub fn apply(&mut self, entry: &Entry) {
        self.seq = entry.seq;
        self.updated_at = entry.at;
        match &entry.event {
            Event::Opened { .. } => {}
            Event::Received { text, choice, attachments, external_id, .. } => {
                self.heard = Some(external_id.clone());
                self.unreachable = None;
                self.rating_asked = false;
                self.turns += 1;
                self.silence_until = None;
                let tried = self.tried.take();
                self.remember("customer", entry.at, text);
                attachments.iter().for_each(|file| remember(&mut self.files, file.clone()));
                match &mut self.state {
                    State::Bot => self.pending.push(Pending {
                        seq: entry.seq,
                        at: entry.at,
                        text: text.chars().take(PENDING_CHARACTERS).collect(),
                        choice: choice.clone(),
                        attachments: attachments.len(),
                        code: tried,
                        decided: false,
                    }),
                    // It is with people: their queue or their screen is the outcome.
                    State::Queued { wrote_again, .. } => *wrote_again = true,
                    State::Human { .. } | State::Resolved { .. } => {}
                }
            }
            Event::Answered { answer } => self.learn(answer),
            Event::ModelAsked { question } => self.asks_model(entry.seq, question),
            Event::ModelAnswered { asked, answer } => {
                self.model_came(*asked, Came::Answer(answer.clone()), answer.cost_micros);
            }
            Event::ModelFailed { asked, code, cost_micros, .. } => {
                self.model_came(*asked, Came::Failure { code: code.clone() }, *cost_micros);
            }
            Event::Decided { decision } => {
                self.model_done(decision.message);
                for pending in self.pending.iter_mut().filter(|pending| pending.seq <= decision.message) {
                    pending.decided = true;
                }
                self.urgency = self.urgency.max(Some(decision.urgency));
                if decision.in_scope || self.about.is_none() {
                    self.about.clone_from(&decision.intent);
                }
                if decision.language.is_some() {
                    self.written_in.clone_from(&decision.language);
                }
                self.decision = Some((entry.seq, decision.clone()));
                self.offered.clear();
            }
            Event::Said { author, text, choices, answers, .. } => {
                self.said(entry.at, author, text, choices, *answers)
            }
            Event::Progressed { run } => self.progressed(run.as_deref()),
            Event::PutAside => self.aside.extend(self.run.take()),
            Event::Resumed { message } => {
                if let Some(place) = self.aside.iter().position(|run| run.message == *message) {
                    self.run = Some(self.aside.remove(place));
                }
            }
            Event::ApprovalAsked { proposal } => {
                let approval = Approval { at: entry.at, proposal: (**proposal).clone(), ruling: None };
                self.approvals.insert(entry.seq, approval);
            }
            Event::Approved { approval, by, edits } => {
                let ruling =
                    Ruling { approved: true, by: by.clone(), edits: edits.clone(), reason: String::new() };
                self.ruled(*approval, ruling);
            }
            Event::Rejected { approval, by, reason } => {
                let ruling = Ruling {
                    approved: false,
                    by: by.clone(),
                    edits: BTreeMap::new(),
                    reason: reason.clone(),
                };
                self.ruled(*approval, ruling);
            }
            Event::Occurred { name, about, data } => {
                let happened = Occurrence { name: name.clone(), about: about.clone(), data: data.clone() };
                remember(&mut self.occurred, happened);
            }
            Event::Switched { off } => self.off.clone_from(off),
            Event::Marked { urgency, priority, team, tags } => {
                self.urgency = self.urgency.max(*urgency);
                self.priority = priority.unwrap_or(self.priority);
                if team.is_some() {
                    self.team.clone_from(team);
                }
                for tag in tags {
                    if !self.tags.contains(tag) {
                        self.tags.push(tag.clone());
                    }
                }
            }
            Event::Requested { effect } => {
                if let (State::Queued { ticket_asked, .. }, Effect::OpenTicket(_)) = (&mut self.state, effect)
                {
                    *ticket_asked = true;
                }
                if let Effect::Act { undoes: Some(seq), .. } = effect {
                    self.undone(*seq, true);
                }
                self.acts.insert(entry.seq, effect.clone());
            }
            Event::Finished { effect, outcome } => self.finished(*effect, outcome),
            Event::HandedOff { team, priority, reasons, summary, overdue_at, .. } => {
                self.bot_owes_nothing();
                self.handed_off_before = true;
                self.team = Some(team.clone());
                self.priority = *priority;
                self.handoff =
                    Some(Handoff { at: entry.at, reasons: reasons.clone(), summary: summary.clone() });
                self.state = State::Queued {
                    since: entry.at,
                    overdue_at: *overdue_at,
                    told: false,
                    wrote_again: false,
                    reassured: false,
                    ticket_asked: false,
                };
            }
            Event::AwaitsSilence { until } => self.silence_until = Some(*until),
            Event::WentOverdue => {
                if let State::Queued { told, .. } = &mut self.state {
                    *told = true;
                }
            }
            Event::Reassured => {
                if let State::Queued { reassured, .. } = &mut self.state {
                    *reassured = true;
                }
            }
            Event::TakenOver { by } => {
                self.bot_owes_nothing();
                self.handed_off_before = true;
                self.state = State::Human { agent: by.clone(), since: entry.at };
            }
            Event::Released { .. } => self.state = State::Bot,
            Event::Resolved { resolution, .. } => {
                self.bot_owes_nothing();
                self.state = State::Resolved { at: entry.at, resolution: *resolution };
            }
            Event::Reopened => {
                self.reopened = true;
                self.clarified = false;
                self.state = State::Bot;
            }
            Event::CodeTried { tried, .. } => {
                self.tried = Some(*tried);
                if let Tried::Right { .. } = tried {
                    // Whoever it was, more is true of them now.
                    self.context = None;
                }
            }
            Event::Joined { customer } => {
                self.customer = *customer;
                // What was learned of somebody else is not true of them.
                self.context = None;
            }
            Event::Moved { address } => self.address.clone_from(address),
            Event::Unreachable { cause } => self.unreachable = Some(cause.clone()),
            Event::Reachable => self.unreachable = None,
            Event::Noted { .. } | Event::Delayed { .. } | Event::Redriven { .. } => {}
            Event::RatingAsked => self.rating_asked = true,
            Event::Rated { rating, helpful, .. } => {
                self.rating = rating.or(self.rating);
                self.rating_asked = false;
                if *helpful == Some(false) {
                    self.failed_answers += 1;
                }
            }
        }
    }

    /// Whatever the bot owed, somebody else owes now, or nobody any more.
    fn bot_owes_nothing(&mut self) {
        self.pending.clear();
        // A summary that is being written still serves whoever takes over.
        self.consulted.retain(|asked| asked.question.step == model::Step::Summarise);
        self.run = None;
        self.aside.clear();
        self.approvals.clear();
        self.lookups.clear();
        self.offered.clear();
        self.silence_until = None;
    }

    fn learn(&mut self, answer: &Answer) {
        match answer {
            Answer::Context { message, customer, account, desk, demotions, model } => {
                self.context = Some(Context {
                    message: *message,
                    customer: Some(customer.clone()),
                    account: account.clone(),
                    desk: *desk,
                    demotions: demotions.clone(),
                    trouble: None,
                    model: *model,
                });
            }
            Answer::Account { step, account } => {
                self.lookups
                    .insert(step.clone(), Lookup::Answered { account: account.clone().map(Box::new) });
            }
            Answer::Called { step, output } => {
                self.lookups.insert(step.clone(), Lookup::Called { output: output.clone() });
            }
            Answer::Unavailable { question: Question::Context { message }, cause } => {
                self.context = Some(Context {
                    message: *message,
                    customer: None,
                    account: None,
                    desk: DeskState::default(),
                    demotions: Vec::new(),
                    trouble: Some(cause.clone()),
                    model: Standing::Off,
                });
            }
            Answer::Unavailable {
                question: Question::Account { step, .. } | Question::Call { step, .. },
                cause,
            } => {
                self.lookups.insert(step.clone(), Lookup::Unavailable { cause: cause.clone() });
            }
        }
    }

    fn said(&mut self, at: Time, author: &Author, text: &str, choices: &[Choice], answers: Option<Seq>) {
        let from = match author {
            Author::Bot => "bot",
            Author::Agent(_) => "agent",
            Author::System => "system",
        };
        self.remember(from, at, text);
        if *author == Author::Bot {
            self.bot_turns += 1;
            self.disclosed = true;
            self.offered = choices.to_vec();
            self.clarified |= choices.len() > 1 && choices[0].id.starts_with("intent:");
        }
        if let Some(seq) = answers {
            self.pending.retain(|pending| pending.seq > seq);
        }
    }

    fn finished(&mut self, effect: Seq, outcome: &Outcome) {
        let asked = self.acts.remove(&effect);
        if let Some(Effect::Act { undoes: Some(seq), .. }) = &asked {
            self.undone(*seq, matches!(outcome, Outcome::Acted { .. } | Outcome::InDoubt { .. }));
        }
        if let Outcome::TicketOpened(ticket) = outcome {
            self.tickets.push(ticket.clone());
        }
        if let Outcome::Mirrored { number, outside } = outcome {
            for ticket in self.tickets.iter_mut().filter(|ticket| ticket.number == *number) {
                ticket.outside = Some(outside.clone());
                ticket.late = true;
            }
        }
        if let (Outcome::Acted { output }, Some(Effect::Act { action, input, .. })) = (outcome, asked) {
            let done = Done { seq: effect, action, input, output: output.clone(), undone: false };
            remember(&mut self.done, done);
        }
        let awaited = self.run.as_ref().is_some_and(|run| match &run.waiting {
            Waiting::Effect { seq } => *seq == effect,
            // Whether a code was sent is nobody's business; only what fails for everybody is.
            Waiting::Code { seq, .. } => *seq == effect && matches!(outcome, Outcome::Failed { .. }),
            Waiting::Effects { awaited } => awaited.iter().any(|(seq, _)| *seq == effect),
            _ => false,
        });
        if awaited {
            self.came.insert(effect, outcome.clone());
        }
    }

    fn progressed(&mut self, run: Option<&Run>) {
        // What the run had waited for is taken in by its going on.
        if let Some(Run { waiting: Waiting::Event { name, about, .. }, .. }) = &self.run {
            self.occurred.retain(|one| one.name != *name || one.about != *about);
        }
        self.run = run.cloned();
        self.came.clear();
        let under_way: Vec<String> = self.runs().map(|run| format!("{}/", run.key())).collect();
        self.lookups.retain(|step, _| under_way.iter().any(|run| step.starts_with(run.as_str())));
        let awaited: Vec<Seq> = self
            .runs()
            .filter_map(|run| match run.waiting {
                Waiting::Approval { seq, .. } => Some(seq),
                _ => None,
            })
            .collect();
        self.approvals.retain(|seq, _| awaited.contains(seq));
        self.inquiries_done();
    }

    fn ruled(&mut self, approval: Seq, ruling: Ruling) {
        if let Some(approval) = self.approvals.get_mut(&approval) {
            // The first word counts.
            approval.ruling.get_or_insert(ruling);
        }
    }

    fn undone(&mut self, seq: Seq, so: bool) {
        self.done.iter_mut().filter(|done| done.seq == seq).for_each(|done| done.undone = so);
    }

    fn remember(&mut self, from: &str, at: Time, text: &str) {
        if text.is_empty() {
            return;
        }
        if self.recent.len() == RECENT_LINES {
            self.recent.pop_front();
        }
        let text = text.chars().take(500).collect();
        self.recent.push_back(Line { from: from.to_owned(), at, text });
    }
}

fn remember<T>(list: &mut Vec<T>, one: T) {
    if list.len() == REMEMBERED {
        list.remove(0);
    }
    list.push(one);
}
