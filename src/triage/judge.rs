//! One message: what it means, what the rules say, what is done.

use super::Step;
use super::answer;
use super::answering;
use super::coding;
use super::commands;
use super::consult;
use super::draft::Draft;
use super::facts;
use super::handoff::{To, hand_off};
use super::playing;
use super::pressed::{self, Pressed};
use super::rules::{self, Conclusion, Limits, Verdict};
use super::seen;
use super::silent;
use super::triggered;
use super::understand::{self, Understanding};
use super::writing::{self, Written};
use crate::domain::Time;
use crate::domain::conversation::{Conversation, Pending};
use crate::domain::decision::{Automation, Decision, Reason, Route};
use crate::domain::event::{Event, Question};
use crate::domain::run::Run;
use crate::playbook::Playbook;
use crate::playbook::facts::Facts;
use crate::playbook::policy::intent::{AnswerFrom, HandOffTo, Then};
use channels::Choice;
use model::Step as ModelStep;

/// How many intents a "did you mean" offers.
const OFFERED: usize = 3;

/// Judges one message that has had no decision yet.
pub(super) fn message(message: &Pending, talk: &Conversation, book: &Playbook, now: Time) -> Step {
    if talk.context.as_ref().is_none_or(|context| context.message != message.seq) {
        return Step::Ask(vec![Question::Context { message: message.seq }]);
    }
    if let Some(asked) = talk.consulting(message.seq).filter(|asked| now < asked.question.until) {
        return Step::Wait(Some(asked.question.until));
    }
    let press = pressed::find(message, talk);
    let meaning = match &press {
        Some(Pressed::Intent(intent)) if book.intents.contains_key(intent) => {
            understand::picked(intent, message, talk, book)
        }
        _ => understand::message(message, talk, book),
    };
    let mut draft = Draft::new(talk, book, now);
    let facts = facts::of_message(message, &meaning, talk, book);
    let case = Case { message, meaning, facts };
    if let Some(off) = silent::keeps(talk) {
        silent::to_human(&mut draft, &case, off);
        return draft.done();
    }
    if let Some(command) = commands::of(&message.text).filter(|_| press.is_none()) {
        commands::obey(command, &mut draft, &case);
        return draft.done();
    }
    match press {
        Some(Pressed::Helped) => pressed::helped(&mut draft, &case),
        Some(Pressed::DidNotHelp) => pressed::did_not_help(&mut draft, &case),
        Some(Pressed::NoneOfThese) => pressed::none_of_these(&mut draft, &case),
        Some(Pressed::Intent(_) | Pressed::Slot(_)) | None => {
            let by_file = message.attachments > 0 && triggered::by_files(&mut draft, &case);
            if by_file {
                // A trigger has given it its outcome.
            } else if message.text.is_empty() && press.is_none() {
                only_files(&mut draft, &case);
            } else if !coding::hears(&mut draft, &case, press.as_ref())
                && !answering::a_question(&mut draft, &case, press.as_ref())
            {
                let verdict =
                    rules::judge(&case.facts, &case.meaning, !talk.clarified, Limits::of(talk), book);
                match second_opinion(&draft, &case, press.as_ref(), &verdict) {
                    Some(asked) => drop(draft.push(asked)),
                    None => conclude(&mut draft, &case, verdict),
                }
            }
        }
    }
    if draft.talk.pending.iter().all(|pending| pending.decided)
        && let Some(asked) = consult::memory(&draft)
    {
        draft.push(asked);
    }
    draft.done()
}

/// Whether a language model is asked first what the message is about. What rules decide and what was pressed needs no
/// second opinion.
fn second_opinion(
    draft: &Draft<'_>,
    case: &Case<'_>,
    press: Option<&Pressed>,
    verdict: &Verdict,
) -> Option<Event> {
    if press.is_some() || !consult::wants_second_opinion(case, verdict.ruled, draft) {
        return None;
    }
    let reading = consult::reading(&case.meaning);
    consult::question(ModelStep::Classify, case.message, Vec::new(), Some(reading), draft)
}

/// A message with what is known of it.
pub(super) struct Case<'a> {
    pub(super) message: &'a Pending,
    pub(super) meaning: Understanding,
    pub(super) facts: Facts,
}

impl Case<'_> {
    /// The decision, as the log keeps it.
    pub(super) fn decision(&self, draft: &Draft<'_>, route: Route, reasons: Vec<Reason>) -> Decision {
        let meaning = &self.meaning;
        Decision {
            message: self.message.seq,
            at: draft.now,
            intent: meaning.intent.clone(),
            confidence: meaning.confidence,
            threshold: meaning.threshold,
            in_scope: meaning.sure,
            top: meaning.top.clone(),
            urgency: meaning.urgency,
            urgency_signals: meaning.reading.urgency_signals.clone(),
            sentiment: meaning.reading.sentiment,
            sentiment_signals: meaning.reading.sentiment_signals.clone(),
            language: meaning.language.clone(),
            entities: meaning.reading.entities.clone(),
            route,
            automation: Automation::Auto,
            reasons,
            rules: Vec::new(),
            near: Vec::new(),
            evidence: meaning.evidence.clone(),
            opinions: meaning.opinions.clone(),
            injection: meaning.injection,
            flip: meaning.flip.clone(),
            context: self.read_by(draft, draft.talk.run.as_ref().map(|run| run.playbook.as_str()), &[]),
            citations: Vec::new(),
            draft: None,
            model: meaning.model.clone(),
            release: draft.book.release.clone(),
            cost_usd: consult::cost_usd(self.message.seq, &draft.talk),
            latency_ms: (draft.now - self.message.at).num_milliseconds().max(0),
        }
    }

    /// The facts that were looked at, by rules and by the playbook that is set to work.
    fn read_by(&self, draft: &Draft<'_>, playbook: Option<&str>, rules: &[String]) -> Vec<String> {
        let known = draft.talk.context.as_ref().and_then(|context| context.account.as_ref());
        let procedure = playbook.and_then(|id| draft.book.procedures.get(id));
        let read = procedure.map_or(&[][..], |procedure| &procedure.reads);
        seen::context(&[rules, read].concat(), &self.facts, known)
    }

    /// Records the decision.
    pub(super) fn decide(&self, draft: &mut Draft<'_>, route: Route, reasons: Vec<Reason>) {
        let decision = self.decision(draft, route, reasons);
        draft.push(Event::Decided { decision: Box::new(decision) });
    }

    fn by_verdict(&self, draft: &Draft<'_>, route: Route, verdict: &Verdict) -> Decision {
        let mut decision = self.decision(draft, route, verdict.reasons.clone());
        decision.urgency = verdict.urgency;
        decision.automation = verdict.automation;
        decision.rules.clone_from(&verdict.rules);
        decision.near.clone_from(&verdict.near);
        let known = draft.talk.context.as_ref().and_then(|context| context.account.as_ref());
        let started = match &verdict.conclusion {
            Conclusion::Then(Then::Playbook(id)) => Some(id.as_str()),
            _ => None,
        };
        decision.context = self.read_by(draft, started, &verdict.used);
        for missing in known.into_iter().flat_map(|account| &account.missing) {
            let text = format!("Part of what is known of the customer could not be asked: {missing}");
            decision.reasons.push(Reason::new("directory-unavailable", text));
        }
        decision.reasons.extend(consult::troubles(self.message.seq, &draft.talk));
        if let Some(trouble) = draft.talk.context.as_ref().and_then(|context| context.trouble.clone()) {
            let text = format!("What is known of the customer could not be asked: {trouble}");
            decision.reasons.push(Reason::new("directory-unavailable", text));
        }
        decision
    }
}

/// Files without a word are for a human to open.
fn only_files(draft: &mut Draft<'_>, case: &Case<'_>) {
    let reason =
        Reason::new("attachment-only", "The customer sent a file without a word; the bot opens no files.");
    case.decide(draft, Route::Handoff, vec![reason.clone()]);
    hand_off(draft, To::default(), vec![reason], Some("attachment-received"));
}

/// Does what the verdict says.
fn conclude(draft: &mut Draft<'_>, case: &Case<'_>, verdict: Verdict) {
    match verdict.conclusion.clone() {
        Conclusion::Clarify => clarify(draft, case, &verdict),
        Conclusion::Then(Then::HandOff(to)) => to_human(draft, case, &verdict, to, verdict.reasons.clone()),
        Conclusion::Then(Then::Reply(reply)) => {
            record(draft, case.by_verdict(draft, Route::Reply, &verdict), &verdict);
            draft.say(&reply, &[], Vec::new());
            answer::await_silence(draft);
            playing::lead_back(draft);
        }
        Conclusion::Then(Then::Answer(from)) => from_article(draft, case, &verdict, &from),
        Conclusion::Then(Then::Playbook(id)) => run_playbook(draft, case, &verdict, &id),
    }
}

fn run_playbook(draft: &mut Draft<'_>, case: &Case<'_>, verdict: &Verdict, id: &str) {
    let open = draft.talk.runs().find(|run| run.playbook == id).cloned();
    if let Some(open) = open {
        already_open(draft, case, verdict, &open);
        return;
    }
    if draft.talk.run.is_some() {
        // It waits for the world or for a human, and goes on when they have spoken.
        draft.push(Event::PutAside);
    }
    let run = playing::start(id, verdict.automation, case, draft);
    let route = playing::route(&run, draft);
    record(draft, case.by_verdict(draft, route, verdict), verdict);
    draft.push(Event::Progressed { run: Some(Box::new(run)) });
}

/// The customer comes back to what is under way: the open question is put again, or they hear that it is being seen to.
fn already_open(draft: &mut Draft<'_>, case: &Case<'_>, verdict: &Verdict, open: &Run) {
    let asked = playing::asked(open, draft.book).filter(|_| open.asks());
    let route = if asked.is_some() { Route::Ask } else { Route::Reply };
    let mut decision = case.by_verdict(draft, route, verdict);
    let reason = Reason::new("already-under-way", "The customer asks for what the bot is doing already.");
    decision.reasons.push(reason);
    record(draft, decision, verdict);
    match asked {
        Some(ask) => {
            if draft.talk.run.as_ref().is_none_or(|run| run.message != open.message) {
                if draft.talk.run.is_some() {
                    draft.push(Event::PutAside);
                }
                draft.push(Event::Resumed { message: open.message });
            }
            playing::ask_again(draft, open.clone(), &ask, 1, Some(&ask.text));
        }
        None => draft.say("still-working", &[], Vec::new()),
    }
}

/// Records the decision and what it changes about the conversation.
fn record(draft: &mut Draft<'_>, decision: Decision, verdict: &Verdict) {
    let intents_team = decision
        .intent
        .as_ref()
        .filter(|_| decision.in_scope)
        .and_then(|intent| draft.book.intents.get(intent))
        .map(|intent| intent.team.value.clone());
    draft.push(Event::Decided { decision: Box::new(decision) });
    let team = verdict.team.clone().or(intents_team);
    if verdict.priority.is_some() || team != draft.talk.team || !verdict.tags.is_empty() {
        let marked = Event::Marked {
            urgency: None,
            priority: verdict.priority.filter(|priority| *priority > draft.talk.priority),
            team,
            tags: verdict.tags.clone(),
        };
        draft.push(marked);
    }
}

fn to_human(draft: &mut Draft<'_>, case: &Case<'_>, verdict: &Verdict, to: HandOffTo, reasons: Vec<Reason>) {
    let mut decision = case.by_verdict(draft, Route::Handoff, verdict);
    let more = decision.reasons.split_off(verdict.reasons.len());
    decision.reasons = reasons.iter().cloned().chain(more).collect();
    decision.draft = verdict.held_back.as_ref().map(|then| intention(draft, case, then));
    record(draft, decision, verdict);
    hand_off(draft, To { team: to.team, priority: to.priority }, reasons, Some("handoff"));
}

/// A verdict that may not be carried out: a human decides, and reads what the bot would have done.
pub(super) fn held_back(draft: &mut Draft<'_>, case: &Case<'_>, mut verdict: Verdict) {
    let to = match verdict.conclusion.clone() {
        Conclusion::Then(Then::HandOff(to)) => to,
        Conclusion::Then(then) => {
            verdict.held_back = Some(then);
            HandOffTo::default()
        }
        Conclusion::Clarify => HandOffTo::default(),
    };
    let reasons = verdict.reasons.clone();
    to_human(draft, case, &verdict, to, reasons);
}

/// What the bot would have done, for the agent who decides instead.
fn intention(draft: &Draft<'_>, case: &Case<'_>, then: &Then) -> String {
    match then {
        Then::Reply(reply) => draft.sentence(reply, &[]),
        Then::Answer(from) => passage(draft, case, from).map(|passage| passage.text).unwrap_or_default(),
        Then::Playbook(id) => {
            let name = draft.book.procedures.get(id).map_or(id.as_str(), |procedure| &procedure.name);
            format!("Run the playbook \"{name}\".")
        }
        Then::HandOff(_) => String::new(),
    }
}

fn passage(
    draft: &Draft<'_>,
    case: &Case<'_>,
    from: &AnswerFrom,
) -> Option<crate::playbook::knowledge::Passage> {
    let language = case.meaning.language.clone().unwrap_or_else(|| draft.language());
    let intent = case.meaning.intent.as_deref().filter(|_| case.meaning.sure);
    answer::find(from, &case.facts.message.text, intent, draft.book.spoken(&language), draft.book)
}

fn from_article(draft: &mut Draft<'_>, case: &Case<'_>, verdict: &Verdict, from: &AnswerFrom) {
    let mut verdict = verdict.clone();
    let found = passage(draft, case, from);
    let quoted = match writing::answer(draft, case, from) {
        Written::Ask(asked) => {
            draft.push(asked);
            return;
        }
        Written::Say { text, citations, reason } => {
            verdict.reasons.push(reason);
            let mut decision = case.by_verdict(draft, Route::Reply, &verdict);
            decision.citations.clone_from(&citations);
            record(draft, decision, &verdict);
            writing::say(draft, &text, citations);
            return;
        }
        Written::Quote(why) => {
            verdict.reasons.extend(why);
            found
        }
        Written::Unanswerable(why) => {
            verdict.reasons.push(why);
            // Two against one: the passage is quoted only where its own words speak for it.
            found.filter(answer::covers)
        }
    };
    match quoted {
        Some(passage) => {
            let mut decision = case.by_verdict(draft, Route::Reply, &verdict);
            decision.citations = vec![passage.citation.clone()];
            record(draft, decision, &verdict);
            answer::quote(draft, passage);
        }
        None => {
            verdict.reasons.push(Reason::new(
                "no-article",
                "No article answers this; the bot does not answer from nothing.",
            ));
            let reasons = verdict.reasons.clone();
            to_human(draft, case, &verdict, HandOffTo::default(), reasons);
        }
    }
}

fn clarify(draft: &mut Draft<'_>, case: &Case<'_>, verdict: &Verdict) {
    let mut choices: Vec<Choice> = case
        .meaning
        .top
        .iter()
        .take(OFFERED)
        .filter(|guess| draft.book.intents.contains_key(&guess.intent))
        .map(|guess| Choice {
            id: format!("intent:{}", guess.intent),
            label: draft.book.intent_name(&guess.intent).to_owned(),
        })
        .collect();
    choices.push(Choice { id: pressed::NONE.to_owned(), label: draft.sentence("clarify-none", &[]) });
    record(draft, case.by_verdict(draft, Route::Ask, verdict), verdict);
    draft.say("clarify", &[], choices);
}
