//! What the bot still does while a customer waits, and when silence settles a matter.

use super::Step;
use super::draft::Draft;
use crate::domain::Time;
use crate::domain::conversation::{Conversation, State};
use crate::domain::effect::Effect;
use crate::domain::event::{Author, Event, Resolution};
use crate::domain::run::Run;
use crate::domain::ticket::NewTicket;
use crate::playbook::Playbook;
use serde_json::json;

/// A customer waits for a human: they are reassured once, and told what to expect when nobody comes in time.
pub(super) fn in_queue(talk: &Conversation, book: &Playbook, now: Time) -> Step {
    let State::Queued { overdue_at, told, wrote_again, reassured, ticket_asked, .. } = &talk.state else {
        return Step::Wait(None);
    };
    let mut draft = Draft::new(talk, book, now);
    if *wrote_again && !reassured {
        if !draft.is_muted() {
            let text = draft.sentence("still-waiting", &[]);
            draft.push(system(text));
        }
        draft.push(Event::Reassured);
        return draft.done();
    }
    if *told {
        return Step::Wait(None);
    }
    if now < *overdue_at {
        return Step::Wait(Some(*overdue_at));
    }
    if talk.opening_ticket() {
        return Step::Wait(None);
    }
    if talk.tickets.is_empty() && !ticket_asked {
        draft.push(Event::Requested { effect: Effect::OpenTicket(ticket_of(talk, book)) });
        return draft.done();
    }
    if draft.is_muted() {
        draft.push(Event::WentOverdue);
        return draft.done();
    }
    let team = talk.team.as_deref().unwrap_or(&book.teams.default);
    let language = draft.language();
    let own_words = book.team(team).1.and_then(|team| team.expect.get(&language));
    let ticket = talk.tickets.last().map_or("", |ticket| ticket.shown());
    let facts =
        [("ticket", json!({"number": ticket, "title": ""})), ("team", book.team_facts(team, &language, now))];
    let general = draft.sentence("handoff-overdue", &facts);
    let text = match own_words {
        Some(words) => format!("{words}\n\n{general}"),
        None => general,
    };
    draft.push(system(text));
    draft.push(Event::WentOverdue);
    draft.done()
}

/// The ticket that stands when nobody could take over.
fn ticket_of(talk: &Conversation, book: &Playbook) -> NewTicket {
    let about = talk.about.as_deref().map_or("A customer is waiting", |intent| book.intent_name(intent));
    let words = talk.recent.iter().find(|line| line.from == "customer").map_or("", |line| &line.text);
    let words = brief(words);
    NewTicket {
        title: if words.is_empty() { about.to_owned() } else { format!("{about}: {words}") },
        body: talk.handoff.as_ref().map(|handoff| handoff.summary.clone()).unwrap_or_default(),
        priority: talk.priority,
        team: talk.team.clone().unwrap_or_else(|| book.teams.default.clone()),
        incident: None,
    }
}

/// At most 80 characters, ending with a whole word.
fn brief(words: &str) -> String {
    let Some((end, _)) = words.char_indices().nth(80) else { return words.to_owned() };
    let cut = &words[..end];
    format!("{} …", cut.rsplit_once(' ').map_or(cut, |(whole, _)| whole))
}

fn system(text: String) -> Event {
    Event::Said {
        author: Author::System,
        text,
        choices: Vec::new(),
        citations: Vec::new(),
        answers: None,
        client_id: None,
    }
}

/// Silence after an answer counts as an assumed resolution.
pub(super) fn for_silence(talk: &Conversation, now: Time) -> Step {
    match talk.silence() {
        Some(until) if until <= now => Step::Conclude(vec![
            Event::Resolved { resolution: Resolution::Assumed, by: None },
            Event::RatingAsked,
        ]),
        until => Step::Wait(talk.runs().filter_map(Run::until).chain(until).min()),
    }
}
