//! A commit made ready for the database, by the caller's own task: the one that writes has only to write.

use super::values::{from_json, json, micros, plain, searchable};
use crate::domain::conversation::{Conversation, FOLD_VERSION, State};
use crate::domain::decision::{Automation, Route};
use crate::domain::effect::{Effect, Outcome};
use crate::domain::event::{Entry, Event};
use crate::domain::ids::{Place, Seq};
use crate::domain::run::Waiting;
use crate::domain::ticket::Priority;
use crate::ports::storage::Commit;

pub(crate) struct Prepared {
    pub(crate) expected: Seq,
    pub(crate) row: ListRow,
    pub(crate) opens: Option<Opens>,
    /// The address that the platform gave to the conversation's place.
    pub(crate) moves_to: Option<String>,
    pub(crate) events: Vec<EventRow>,
    pub(crate) effects: Vec<EffectRow>,
    pub(crate) once: Option<String>,
    pub(crate) finishes: Option<Place>,
    pub(crate) switches: Option<i64>,
    pub(crate) buries: Option<(Place, String)>,
    /// Dead letters that somebody decided about: tried again, or given up.
    pub(crate) redrives: Vec<(Seq, bool)>,
    /// What its playbooks wait for outside, where this commit may have changed that.
    pub(crate) awaits: Option<Vec<(String, String)>>,
    /// Tickets that stand for it from this commit on.
    pub(crate) holds: Vec<String>,
    /// What waits for a human's word, where this commit may have changed that, with when it was asked for.
    pub(crate) approvals: Option<Vec<(Seq, i64)>>,
    /// What the bot did by itself, and what turned out to be wrong.
    pub(crate) marks: Vec<Mark>,
    /// Calls of a language model, and what came of them.
    pub(crate) calls: Vec<CallRow>,
}

/// An answer of the bot, or one that turned out to be wrong.
pub(crate) struct Mark {
    pub(crate) seq: Seq,
    pub(crate) intent: String,
    pub(crate) failed: bool,
    pub(crate) at: i64,
}

/// A call of a language model.
pub(crate) struct CallRow {
    pub(crate) id: String,
    pub(crate) conversation: String,
    pub(crate) customer: String,
    pub(crate) step: &'static str,
    pub(crate) at: i64,
    /// Money in millionths of a US dollar and tokens, once they are known.
    pub(crate) took: Option<(i64, i64)>,
}

/// The columns of the list.
pub(crate) struct ListRow {
    pub(crate) id: String,
    pub(crate) channel: &'static str,
    pub(crate) customer: String,
    pub(crate) last_seq: Seq,
    pub(crate) state: &'static str,
    pub(crate) team: Option<String>,
    pub(crate) assignee: Option<String>,
    pub(crate) priority_rank: i64,
    pub(crate) waiting_since: Option<i64>,
    pub(crate) due: Option<i64>,
    pub(crate) unanswered_since: Option<i64>,
    pub(crate) updated_at: i64,
    pub(crate) fold_version: i64,
    pub(crate) search: String,
    pub(crate) snapshot: String,
}

/// The thread that a new conversation takes over.
pub(crate) struct Opens {
    pub(crate) address: String,
    pub(crate) follows: Option<String>,
}

pub(crate) struct EventRow {
    pub(crate) seq: Seq,
    pub(crate) at: i64,
    pub(crate) kind: String,
    pub(crate) body: String,
}

pub(crate) struct EffectRow {
    pub(crate) seq: Seq,
    pub(crate) at: i64,
    pub(crate) lane: String,
    pub(crate) effect: String,
}

impl Prepared {
    /// Refuses a commit whose events do not lead from `expected` to `after`.
    pub(crate) fn new(commit: Commit) -> Result<Self, sqlx::Error> {
        let Commit { after, expected, entries, once, finishes, switches, buries } = commit;
        let follows_on = (expected + 1..).zip(&entries).all(|(seq, entry)| seq == entry.seq);
        let ends = entries.last().map_or(expected, |entry| entry.seq);
        if !follows_on || after.seq != ends || expected < 0 {
            return Err(sqlx::Error::Encode(
                format!("the events of this commit do not lead from {expected} to {}", after.seq).into(),
            ));
        }
        let opens = match (expected, entries.first().map(|entry| &entry.event)) {
            (0, Some(Event::Opened { follows, .. })) => Some(Opens {
                address: plain(&after.address),
                follows: follows.map(|conversation| conversation.to_string()),
            }),
            (0, _) => return Err(sqlx::Error::Encode("a new conversation begins with its opening".into())),
            _ => None,
        };
        let moved = entries.iter().any(|entry| matches!(entry.event, Event::Moved { .. }));
        let mut events = Vec::with_capacity(entries.len());
        let mut effects = Vec::new();
        for entry in &entries {
            let (seq, at, body) = (entry.seq, micros(entry.at), json(&entry.event)?);
            // JSON has no NaN: an event that could not be read back would close the conversation for good.
            from_json::<Event>(&body)?;
            events.push(EventRow { seq, at, kind: kind(&body).to_owned(), body });
            if let Some(effect) = Effect::of(entry, after.channel) {
                effects.push(EffectRow { seq, at, lane: plain(&effect.lane()), effect: json(&effect)? });
            }
        }
        let changes_waits = entries.iter().any(|entry| {
            matches!(
                entry.event,
                Event::Progressed { .. }
                    | Event::HandedOff { .. }
                    | Event::TakenOver { .. }
                    | Event::Resolved { .. }
            )
        });
        let holds = entries.iter().filter_map(|entry| match &entry.event {
            Event::Finished { outcome: Outcome::TicketOpened(ticket), .. } => Some(plain(&ticket.number)),
            _ => None,
        });
        let redrives = entries.iter().filter_map(|entry| match entry.event {
            Event::Redriven { effect, again, .. } => Some((effect, again)),
            _ => None,
        });
        Ok(Self {
            approvals: (changes_waits || rules_on(&entries)).then(|| asked(&after)),
            marks: marks(&entries, &after),
            redrives: redrives.collect(),
            buries: buries.map(|(place, cause)| (place, plain(&cause))),
            awaits: changes_waits.then(|| awaited(&after)),
            holds: holds.collect(),
            calls: entries.iter().filter_map(|entry| call(entry, &after)).collect(),
            expected,
            row: ListRow::new(&after)?,
            opens,
            moves_to: moved.then(|| plain(&after.address)),
            events,
            effects,
            once: once.as_deref().map(plain),
            finishes,
            switches,
        })
    }
}

impl ListRow {
    pub(crate) fn new(talk: &Conversation) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: talk.id.to_string(),
            channel: talk.channel.name(),
            customer: talk.customer.to_string(),
            last_seq: talk.seq,
            state: talk.state.name(),
            team: talk.team.as_deref().map(plain),
            assignee: talk.agent().map(|agent| agent.id.to_string()),
            priority_rank: Priority::Urgent as i64 - talk.priority as i64,
            waiting_since: match &talk.state {
                State::Queued { since, .. } => Some(micros(*since)),
                _ => None,
            },
            due: talk.due().map(micros),
            unanswered_since: talk.unanswered_since().map(micros),
            updated_at: micros(talk.updated_at),
            fold_version: FOLD_VERSION,
            search: searchable(talk.recent.iter().map(|line| line.text.as_str())),
            snapshot: json(talk)?,
        })
    }
}

fn rules_on(entries: &[Entry]) -> bool {
    let rules = |event: &Event| {
        matches!(event, Event::ApprovalAsked { .. } | Event::Approved { .. } | Event::Rejected { .. })
    };
    entries.iter().any(|entry| rules(&entry.event))
}

/// What waits for a human's word.
pub(crate) fn asked(talk: &Conversation) -> Vec<(Seq, i64)> {
    talk.open_approvals().map(|(seq, approval)| (seq, micros(approval.at))).collect()
}

/// What the bot answered or did by itself counts for its intent; that it did not help, that the customer came back with
/// it, or that an agent had to correct it, counts against it.
fn marks(entries: &[Entry], after: &Conversation) -> Vec<Mark> {
    let mut marks = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let (intent, failed) = match &entry.event {
            Event::Decided { decision }
                if decision.in_scope
                    && decision.automation >= Automation::Approve
                    && matches!(decision.route, Route::Reply | Route::Act) =>
            {
                (decision.intent.clone(), false)
            }
            Event::Rated { helpful: Some(false), .. } => (after.about.clone(), true),
            Event::Rejected { by: Some(_), .. } => (after.about.clone(), true),
            Event::Approved { edits, by: Some(_), .. } if !edits.is_empty() => (after.about.clone(), true),
            // Not where a trigger opened it again.
            Event::Reopened
                if entries
                    .get(index + 1)
                    .is_some_and(|next| matches!(next.event, Event::Received { .. })) =>
            {
                (after.about.clone(), true)
            }
            _ => continue,
        };
        if let Some(intent) = intent {
            marks.push(Mark { seq: entry.seq, intent: plain(&intent), failed, at: micros(entry.at) });
        }
    }
    marks
}

/// A question is entered without what it takes, which an outcome adds; its step was entered with the question.
fn call(entry: &Entry, talk: &Conversation) -> Option<CallRow> {
    let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let (seq, step, took) = match &entry.event {
        Event::ModelAsked { question } => (entry.seq, question.step.name(), None),
        Event::ModelAnswered { asked, answer } => {
            (*asked, "", Some((whole(answer.cost_micros), whole(answer.usage.total()))))
        }
        Event::ModelFailed { asked, usage, cost_micros, .. } => {
            (*asked, "", Some((whole(*cost_micros), whole(usage.total()))))
        }
        _ => return None,
    };
    Some(CallRow {
        id: format!("{}/{seq}", talk.id),
        conversation: talk.id.to_string(),
        customer: talk.customer.to_string(),
        step,
        at: micros(entry.at),
        took,
    })
}

fn awaited(talk: &Conversation) -> Vec<(String, String)> {
    let mut awaited: Vec<_> = talk
        .runs()
        .filter_map(|run| match &run.waiting {
            Waiting::Event { name, about, .. } => Some((plain(name), plain(about))),
            _ => None,
        })
        .collect();
    awaited.sort();
    awaited.dedup();
    awaited
}

/// The event's name, which its JSON begins with.
fn kind(body: &str) -> &str {
    body.strip_prefix("{\"type\":\"").and_then(|rest| rest.split('"').next()).unwrap_or_default()
}
