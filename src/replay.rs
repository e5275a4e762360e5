//! Past messages judged again by another release: what would have gone otherwise. Pure: a log goes in, differences
//! come out; nothing is asked and nothing is done.
//!
//! Each message is judged on the conversation as it really stood when the message was decided, with the answers that
//! were recorded then. So one changed decision does not spoil the comparison of those after it.

pub mod forecast;
mod recorded;
mod report;

pub use forecast::{Bill, Cost, Forecast};
pub use report::{Report, Shift};

use crate::domain::Time;
use crate::domain::consult::Asked;
use crate::domain::conversation::Conversation;
use crate::domain::decision::Decision;
use crate::domain::event::{Answer, Author, Entry, Event, Question};
use crate::domain::ids::{ConversationId, Seq};
use crate::domain::ticket::Priority;
use crate::playbook::Playbook;
use crate::triage::{self, Step};
use recorded::Recorded;
use serde::Serialize;

/// More steps than any turn needs.
const MAX_STEPS: usize = 200;

/// One message, decided then and decided now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Redecided {
    /// Whose conversation.
    pub conversation: ConversationId,
    /// The message's place in it.
    pub message: Seq,
    /// What it says.
    pub text: String,
    /// As the log has it.
    pub before: Verdict,
    /// As the other release has it; none where it would not decide by itself (it asks, or waits).
    pub after: Option<Verdict>,
    /// In what they differ; empty where they don't.
    pub differs: Vec<Difference>,
}

/// What came of a message.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// The decision, as the log keeps it.
    pub decision: Decision,
    /// Whose the conversation was then.
    pub team: Option<String>,
    /// How soon somebody should have looked.
    pub priority: Priority,
    /// What the bot said at once.
    pub says: Vec<String>,
}

/// One way in which two verdicts differ, the weightiest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Difference {
    /// What is done with the message.
    Route,
    /// How much the bot may do by itself.
    Automation,
    /// Whose it is.
    Team,
    /// How soon.
    Priority,
    /// How urgent.
    Urgency,
    /// What it is about.
    Intent,
    /// Which rules spoke.
    Rules,
    /// What the bot says.
    Words,
}

impl Difference {
    /// Its name in words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Route => "route",
            Self::Automation => "automation",
            Self::Team => "team",
            Self::Priority => "priority",
            Self::Urgency => "urgency",
            Self::Intent => "intent",
            Self::Rules => "rules",
            Self::Words => "words",
        }
    }
}

/// Judges every decided message of a conversation again. `since` leaves out those decided before.
#[must_use]
pub fn conversation(
    id: ConversationId,
    log: &[Entry],
    book: &Playbook,
    since: Option<Time>,
) -> Vec<Redecided> {
    let recorded = Recorded::of(log);
    let mut redecided = Vec::new();
    each_decision(id, log, since, |decided| {
        let Decided { start, decision, index, after: talk } = decided;
        let at = log[index].at;
        let before = as_it_was(&log[index..], decision, talk);
        let text = start.pending.iter().find(|pending| pending.seq == decision.message);
        let text = text.map(|pending| pending.text.clone()).unwrap_or_default();
        let after = again(start.clone(), decision.message, at, &mut &recorded, book);
        let differs = after.as_ref().map_or_else(|| vec![Difference::Route], |now| differ(&before, now));
        let message = decision.message;
        redecided.push(Redecided { conversation: id, message, text, before, after, differs });
    });
    redecided
}

/// A decision of a log, with the conversation as it stood around it.
struct Decided<'a> {
    /// Before anything was asked for the message.
    start: &'a Conversation,
    decision: &'a Decision,
    /// The decision's place among the entries.
    index: usize,
    /// With the decision.
    after: &'a Conversation,
}

fn each_decision(id: ConversationId, log: &[Entry], since: Option<Time>, mut judge: impl FnMut(Decided<'_>)) {
    let Some(first) = log.first() else { return };
    let Ok(mut talk) = Conversation::open(id, first) else { return };
    // Where a message's judgement began: before anything was asked for it.
    let mut began: Option<(Seq, Conversation)> = None;
    for (index, entry) in log.iter().enumerate().skip(1) {
        if let Some(message) = recorded::begins(&entry.event)
            && began.as_ref().is_none_or(|(of, _)| *of != message)
        {
            began = Some((message, talk.clone()));
        }
        let decided = match &entry.event {
            Event::Decided { decision } if since.is_none_or(|since| entry.at >= since) => Some(decision),
            _ => None,
        };
        talk.apply(entry);
        if let Some(decision) = decided
            && let Some((_, start)) = began.as_ref().filter(|(message, _)| *message == decision.message)
        {
            judge(Decided { start, decision, index, after: &talk });
        }
    }
}

/// Who answers what is asked while a message is judged again.
trait Witness {
    fn to(&mut self, question: Question, book: &Playbook) -> Answer;

    /// What came of a question to a language model. `talk` is the state after everything that was concluded with it.
    fn of_model(&mut self, asked: Asked, talk: &Conversation, book: &Playbook) -> Event;
}

/// The recorded verdict: the decision and what was committed together with it.
fn as_it_was(from: &[Entry], decision: &Decision, at: &Conversation) -> Verdict {
    let mut talk = at.clone();
    let moment = from.first().map(|entry| entry.at);
    let together = || {
        let more = from.iter().skip(1);
        more.take_while(|entry| Some(entry.at) == moment && !comes_from_outside(&entry.event))
    };
    together().for_each(|entry| talk.apply(entry));
    let says = together().filter_map(|entry| said(&entry.event)).collect();
    Verdict { decision: decision.clone(), team: talk.team, priority: talk.priority, says }
}

/// Whether an event begins something new, however soon it follows.
fn comes_from_outside(event: &Event) -> bool {
    matches!(
        event,
        Event::Received { .. }
            | Event::CodeTried { .. }
            | Event::Finished { .. }
            | Event::ModelAnswered { .. }
            | Event::ModelFailed { .. }
            | Event::Occurred { .. }
            | Event::Approved { .. }
            | Event::Rejected { .. }
            | Event::TakenOver { .. }
            | Event::Released { .. }
            | Event::Reopened
    )
}

/// The verdict of another release on the same message.
fn again(
    mut talk: Conversation,
    message: Seq,
    at: Time,
    witness: &mut dyn Witness,
    book: &Playbook,
) -> Option<Verdict> {
    let (mut decision, mut says) = (None, Vec::new());
    for _ in 0..MAX_STEPS {
        let events = match triage::next(&talk, book, at) {
            Step::Wait(_) => break,
            Step::Ask(questions) => questions
                .into_iter()
                .map(|question| Event::Answered { answer: Box::new(witness.to(question, book)) })
                .collect(),
            Step::Conclude(events) => events,
        };
        let mut asked = Vec::new();
        for event in events {
            match &event {
                Event::Decided { decision: of } if of.message == message => {
                    decision = Some(of.as_ref().clone());
                }
                // The next message's turn: not ours.
                Event::Decided { .. } => return verdict(decision, says, &talk),
                other => says.extend(decision.as_ref().and_then(|_| said(other))),
            }
            let entry = Entry { seq: talk.seq + 1, at, event };
            talk.apply(&entry);
            if let Event::ModelAsked { question } = entry.event {
                asked.push(Asked { seq: entry.seq, question: *question, came: None });
            }
        }
        for asked in asked {
            let event = witness.of_model(asked, &talk, book);
            talk.apply(&Entry { seq: talk.seq + 1, at, event });
        }
    }
    verdict(decision, says, &talk)
}

fn verdict(decision: Option<Decision>, says: Vec<String>, talk: &Conversation) -> Option<Verdict> {
    Some(Verdict { decision: decision?, team: talk.team.clone(), priority: talk.priority, says })
}

fn said(event: &Event) -> Option<String> {
    match event {
        Event::Said { author: Author::Bot | Author::System, text, .. } => Some(text.clone()),
        _ => None,
    }
}

fn differ(before: &Verdict, after: &Verdict) -> Vec<Difference> {
    let (then, now) = (&before.decision, &after.decision);
    let all = [
        (Difference::Route, then.route != now.route),
        (Difference::Automation, then.automation != now.automation),
        (Difference::Team, before.team != after.team),
        (Difference::Priority, before.priority != after.priority),
        (Difference::Urgency, then.urgency != now.urgency),
        (Difference::Intent, (&then.intent, then.in_scope) != (&now.intent, now.in_scope)),
        (Difference::Rules, then.rules != now.rules),
        (Difference::Words, before.says != after.says),
    ];
    all.into_iter().filter(|(_, differs)| *differs).map(|(difference, _)| difference).collect()
}
