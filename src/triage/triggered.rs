//! What a trigger does in a conversation, pure: the event is noted, and what the trigger's file says follows from it.

use super::answer;
use super::draft::Draft;
use super::handoff::{To, hand_off};
use super::judge::Case;
use super::playing;
use crate::domain::Time;
use crate::domain::conversation::{Conversation, State};
use crate::domain::decision::{Automation, Reason, Route};
use crate::domain::effect::Effect;
use crate::domain::event::Event;
use crate::domain::ids::Seq;
use crate::domain::run::{Run, Waiting};
use crate::domain::switch;
use crate::playbook::policy::procedure::Words;
use crate::playbook::policy::trigger::{On, PassOn};
use crate::playbook::triggers::{self, CheckedTrigger};
use crate::playbook::{Playbook, templates};
use channels::{Attachment, Channel, accept_text};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The longest text of an event that the log keeps, in characters; the whole event is kept beside it.
const LONGEST: usize = 400;
/// The most values of an event that the log keeps.
const MOST: usize = 40;

/// A trigger that went off.
#[derive(Debug, Clone, Copy)]
pub struct Fired<'a> {
    /// Which.
    pub trigger: &'a CheckedTrigger,
    /// The checked event.
    pub event: &'a Value,
    /// What tells it from others.
    pub occurrence: &'a str,
    /// Whether the customer may be spoken to about it where this conversation is: not in front of a group.
    pub may_speak: bool,
}

/// Whether only the customer reads what is said at an address. Where nobody can tell, others may.
#[must_use]
pub fn is_private(channel: Channel, address: &str) -> bool {
    match channel {
        Channel::Web => true,
        Channel::Telegram => !address.starts_with('-') && !address.contains(':'),
        Channel::Discord => false,
    }
}

/// The events that follow in a conversation. An error is a template that failed: nothing is done.
pub fn triggered(
    talk: &Conversation,
    book: &Playbook,
    fired: Fired<'_>,
    now: Time,
) -> Result<Vec<Event>, String> {
    let then = &fired.trigger.then;
    let mut draft = Draft::new(talk, book, now);
    let goes_on = then.say.is_some() || then.playbook.is_some() || then.hand_off.is_some();
    if matches!(talk.state, State::Resolved { .. }) && goes_on && fired.may_speak && !draft.is_muted() {
        draft.push(Event::Reopened);
    }
    let seq = note(&mut draft, fired)?;
    if draft.talk.state != State::Bot || !fired.may_speak {
        return Ok(draft.into_events());
    }
    if let Some(off) = switch::muted(&draft.talk.off, draft.talk.channel).cloned() {
        // Whoever sent a form waits for somebody; others asked for nothing.
        if matches!(fired.trigger.on, On::Form(_) | On::Manual(_)) {
            hand_off(&mut draft, To::default(), vec![switch::reason(&off)], Some("handoff"));
        }
        return Ok(draft.into_events());
    }
    carry_out(&mut draft, fired, seq)?;
    Ok(draft.into_events())
}

/// Files that a customer sent set triggers off. True if one of them gives the message its outcome: only where nothing
/// was written, for words say better what is wanted.
pub(super) fn by_files(draft: &mut Draft<'_>, case: &Case<'_>) -> bool {
    let (book, count) = (draft.book, case.message.attachments);
    let files: Vec<Attachment> = draft.talk.files.iter().rev().take(count).rev().cloned().collect();
    let mut concludes = None;
    for trigger in book.triggers.values() {
        let On::File(wanted) = &trigger.on else { continue };
        for file in files.iter().filter(|file| wanted.means(&file.media_type, file.size)) {
            let event = json!({"id": file.id, "name": file.name, "type": file.media_type, "size": file.size});
            let fired = Fired { trigger, event: &event, occurrence: &file.id, may_speak: true };
            let noted = trigger.wants(&event, draft.now).and_then(|wants| match wants {
                true => note(draft, fired).map(Some),
                false => Ok(None),
            });
            match noted {
                Ok(Some(seq)) => drop(concludes.get_or_insert((trigger, event, seq, file.id.clone()))),
                Ok(None) => {}
                Err(error) => tracing::error!(trigger = trigger.id, error, "a trigger could not be set off"),
            }
        }
    }
    let Some((trigger, event, seq, id)) = concludes.filter(|_| case.message.text.is_empty()) else {
        return false;
    };
    let then = &trigger.then;
    if then.playbook.is_none() && then.say.is_none() && then.hand_off.is_none() {
        return false;
    }
    let reason = Reason::new("file-sent", format!("The customer sent a file: {}.", trigger.name));
    let route = match (&then.playbook, &then.hand_off) {
        (Some(_), _) => Route::Act,
        (None, Some(_)) => Route::Handoff,
        _ => Route::Reply,
    };
    case.decide(draft, route, vec![reason]);
    let fired = Fired { trigger, event: &event, occurrence: &id, may_speak: true };
    if let Err(error) = carry_out(draft, fired, seq) {
        tracing::error!(trigger = trigger.id, error, "a trigger could not be carried out");
        let reason = Reason::new("trigger-failed", format!("The trigger {} failed: {error}", trigger.name));
        hand_off(draft, To::default(), vec![reason], Some("handoff"));
    }
    true
}

/// Notes the event, its labels, and tells the team.
fn note(draft: &mut Draft<'_>, fired: Fired<'_>) -> Result<Seq, String> {
    let Fired { trigger, event, occurrence, .. } = fired;
    let then = &trigger.then;
    let about = trigger.about(event, occurrence)?;
    let text = match &then.notify {
        Some(tell) => Some((tell.team.clone(), templates::render(&tell.text, &facts(draft, event))?)),
        None => None,
    };
    let data = kept(event, &mut { MOST });
    let seq = draft.push(Event::Occurred { name: trigger.event.clone(), about, data });
    let priority = then.priority.filter(|priority| *priority > draft.talk.priority);
    if priority.is_some() || !then.tags.is_empty() {
        draft.push(Event::Marked { urgency: None, priority, team: None, tags: then.tags.clone() });
    }
    if let Some((team, text)) = text {
        let priority = then.priority.unwrap_or(draft.talk.priority);
        let text = text.chars().take(2000).collect();
        draft.push(Event::Requested { effect: Effect::Notify { team, text, priority } });
    }
    Ok(seq)
}

fn carry_out(draft: &mut Draft<'_>, fired: Fired<'_>, seq: Seq) -> Result<(), String> {
    let then = &fired.trigger.then;
    if let Some(words) = &then.say {
        let text = said(draft, words, fired.event)?;
        draft.say_text(text, Vec::new(), Vec::new());
    }
    if let Some(PassOn { team, priority, reason }) = &then.hand_off {
        let text = templates::render(reason, &facts(draft, fired.event))?;
        let to = To { team: team.clone(), priority: *priority };
        let tell = if then.say.is_some() { None } else { Some("handoff") };
        hand_off(draft, to, vec![Reason::new("trigger", cut(&text))], tell);
        return Ok(());
    }
    match &then.playbook {
        Some(playbook) => start(draft, fired, playbook, seq),
        None => {
            if then.say.is_some() && draft.talk.run.is_none() && draft.talk.pending.is_empty() {
                answer::await_silence(draft);
            }
            Ok(())
        }
    }
}

/// Starts a playbook, unless it is under way already.
fn start(draft: &mut Draft<'_>, fired: Fired<'_>, id: &str, seq: Seq) -> Result<(), String> {
    let Some(procedure) = draft.book.procedures.get(id) else {
        return Err(format!("there is no playbook {id}"));
    };
    if draft.talk.runs().any(|run| run.playbook == id) {
        return Ok(());
    }
    if draft.talk.run.is_some() {
        if draft.talk.aside.len() >= playing::ASIDE {
            let text = "The customer has more open matters than a bot should juggle.";
            hand_off(draft, To::default(), vec![Reason::new("too-many-matters", text)], Some("handoff"));
            return Ok(());
        }
        draft.push(Event::PutAside);
    }
    let given = templates::fill_all(&fired.trigger.then.with, &facts(draft, fired.event))?;
    let slots = given.into_iter().filter_map(|(slot, value)| {
        let value = procedure.ask_of(&slot).and_then(|ask| super::slots::fitting(ask, procedure, &value))?;
        Some((slot, value))
    });
    let run = Run {
        playbook: id.to_owned(),
        version: procedure.version.clone(),
        message: seq,
        path: vec![0],
        slots: slots.collect(),
        saved: BTreeMap::new(),
        waiting: Waiting::Nothing,
        inquiry: None,
        intent: None,
        automation: fired.trigger.then.automation.unwrap_or(Automation::Approve),
        approved: None,
        returned: false,
    };
    draft.push(Event::Progressed { run: Some(Box::new(run)) });
    Ok(())
}

/// A sentence to the customer, rendered strictly: a value that is missing stops it, and what comes out is a message like
/// any other or none.
fn said(draft: &Draft<'_>, words: &Words, event: &Value) -> Result<String, String> {
    let facts = facts(draft, event);
    let text = match words {
        Words::Id(id) => draft.book.replies.say(id, &draft.language(), &facts)?,
        Words::Inline(by_language) => {
            let own = by_language.get(&draft.language());
            let text = own.or_else(|| by_language.get(&draft.book.desk.default_language));
            templates::render(text.map_or("", String::as_str), &facts)?
        }
    };
    accept_text(&text).map(str::to_owned).map_err(|error| error.to_string())
}

fn facts(draft: &Draft<'_>, event: &Value) -> Map<String, Value> {
    let mut facts = draft.facts(&[]);
    facts.extend(triggers::names(event));
    facts
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

/// What of an event is kept in the conversation: it is written with every commit, so it must stay small.
fn kept(value: &Value, left: &mut usize) -> Value {
    if *left == 0 {
        return Value::Null;
    }
    *left -= 1;
    match value {
        Value::String(text) => Value::String(cut(&text.replace('\0', ""))),
        Value::Array(list) => list.iter().take(10).map(|one| kept(one, left)).collect(),
        Value::Object(map) => {
            let few = map.iter().take(MOST);
            few.map(|(name, value)| (cut(&name.replace('\0', "")), kept(value, left))).collect()
        }
        other => other.clone(),
    }
}
