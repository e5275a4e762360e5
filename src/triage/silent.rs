//! While the bot is switched off: messages are still received and triaged, but only for the agent who answers.

use super::Step;
use super::draft::Draft;
use super::handoff::{To, hand_off};
use super::judge::{self, Case};
use super::{playing, rules, waiting};
use crate::domain::Time;
use crate::domain::conversation::Conversation;
use crate::domain::event::Event;
use crate::domain::switch::{self, SwitchedOff};
use crate::playbook::Playbook;

/// What is done where the bot may say and do nothing: whatever comes up goes to a human.
pub(super) fn next(off: &SwitchedOff, talk: &Conversation, book: &Playbook, now: Time) -> Step {
    if let Some(message) = talk.pending.iter().find(|pending| !pending.decided) {
        return judge::message(message, talk, book, now);
    }
    // A message that a playbook owed its outcome to, or something that a playbook had waited for.
    if !talk.pending.is_empty() || playing::can_move(talk, now) {
        let mut draft = Draft::new(talk, book, now);
        hand_off(&mut draft, To::default(), vec![switch::reason(off)], Some("handoff"));
        return draft.done();
    }
    match waiting::for_silence(talk, now) {
        // Nobody is asked how it was.
        Step::Conclude(events) => {
            Step::Conclude(events.into_iter().filter(|event| !matches!(event, Event::RatingAsked)).collect())
        }
        step => step,
    }
}

/// The switch that keeps a message from the bot: of the whole bot, or of the playbook whose question it may answer.
pub(super) fn keeps(talk: &Conversation) -> Option<&SwitchedOff> {
    let muted = switch::muted(&talk.off, talk.channel);
    let asking = talk.run.as_ref().filter(|run| run.asks());
    muted.or_else(|| asking.and_then(|run| switch::stopped(&talk.off, run)))
}

/// Triages a message for the agent, and calls them: the decision says what the bot would have done.
pub(super) fn to_human(draft: &mut Draft<'_>, case: &Case<'_>, off: &SwitchedOff) {
    let demotions = draft.talk.context.as_ref().map_or(Vec::new(), |context| context.demotions.clone());
    let mut verdict = rules::judge(
        &case.facts,
        &case.meaning,
        false,
        rules::Limits { demotions: &demotions, off: &[] },
        draft.book,
    );
    verdict.reasons.insert(0, switch::reason(off));
    judge::held_back(draft, case, verdict);
}
