//! Calling a human, with everything the human needs.

use super::consult;
use super::draft::Draft;
use super::playing::shown;
use crate::domain::conversation::Conversation;
use crate::domain::decision::Reason;
use crate::domain::event::Event;
use crate::domain::ticket::Priority;
use crate::playbook::Playbook;
use nlu::signals::Urgency;
use std::fmt::Write;

/// To whom and how soon.
#[derive(Debug, Clone, Default)]
pub(super) struct To {
    pub(super) team: Option<String>,
    pub(super) priority: Option<Priority>,
}

/// Puts the conversation into a team's queue and tells the customer, unless the bot has just spoken of it.
pub(super) fn hand_off(draft: &mut Draft<'_>, to: To, reasons: Vec<Reason>, tell: Option<&str>) {
    let book = draft.book;
    let about = draft.talk.about.as_ref().and_then(|intent| book.intents.get(intent));
    let intents_team = about.map(|intent| intent.team.value.clone());
    let wanted = to.team.or_else(|| draft.talk.team.clone()).or(intents_team).unwrap_or_default();
    let (team, policy) = book.team(&wanted);
    let by_urgency = match draft.talk.urgency {
        Some(Urgency::High) => Priority::High,
        _ => Priority::Normal,
    };
    let priority = to.priority.unwrap_or(Priority::Low).max(draft.talk.priority).max(by_urgency);
    let open = policy.is_none_or(|team| team.is_open(draft.now));
    let overdue_at = policy.map_or(draft.now, |team| team.overdue_at(draft.now));
    let summary = summary(&draft.talk, book, &reasons);
    // The words come first: they give the messages their outcome in the customer's eyes.
    if let Some(reply) = tell {
        let reply = if reply == "handoff" && !open { "handoff-closed" } else { reply };
        let team_facts = book.team_facts(team, &draft.language(), draft.now);
        draft.say(reply, &[("team", team_facts)], Vec::new());
    }
    draft.push(Event::HandedOff { team: team.to_owned(), priority, reasons, summary, overdue_at, by: None });
    if let Some(asked) = consult::summary(draft) {
        // It improves the summary when it comes; nobody waits for it.
        draft.push(asked);
    }
}

/// What the human needs to know, in plain lines.
fn summary(talk: &Conversation, book: &Playbook, reasons: &[Reason]) -> String {
    let mut lines = String::new();
    let mut line = |label: &str, text: &str| {
        if !text.is_empty() {
            // Writing into a String cannot fail.
            writeln!(lines, "{label}: {text}").unwrap_or_default();
        }
    };
    line("About", talk.about.as_deref().map_or("", |intent| book.intent_name(intent)));
    if let Some((_, decision)) = &talk.decision {
        let found: Vec<String> = decision.entities.iter().map(|entity| entity.text.clone()).collect();
        line("Mentions", &found.join(", "));
    }
    let asked: Vec<&str> =
        talk.recent.iter().filter(|line| line.from == "customer").map(|line| line.text.as_str()).collect();
    let asked = asked.get(asked.len().saturating_sub(3)..).unwrap_or_default();
    line("Customer wrote", &asked.join(" / "));
    if let Some(run) = &talk.run {
        let told: Vec<String> = run
            .slots
            .iter()
            .map(|(slot, value)| (slot, shown(value)))
            .filter(|(_, value)| !value.is_empty())
            .map(|(slot, value)| format!("{slot} {value}"))
            .collect();
        line("Told the bot", &told.join(", "));
        let procedure = book.procedures.get(&run.playbook);
        line("Bot was doing", procedure.map_or(run.playbook.as_str(), |procedure| &procedure.name));
        for called in run.inquiry.iter().flat_map(|inquiry| &inquiry.calls) {
            let action = book.actions.get(&called.call.action);
            let name = action.map_or(called.call.action.as_str(), |action| &action.name);
            line(&format!("Looked up ({name})"), &brief(&called.output));
        }
        for (name, value) in &run.saved {
            line(&format!("Found ({name})"), &brief(value));
        }
    }
    for act in talk.done.iter().filter(|act| !act.undone) {
        let action = book.actions.get(&act.action);
        let undo = if action.is_some_and(|action| action.undo.is_some()) { " (can be undone)" } else { "" };
        line("Done already", &format!("{}{undo}", action.map_or(act.action.as_str(), |action| &action.name)));
    }
    for (_, approval) in talk.open_approvals() {
        line("Not approved yet", &approval.proposal.title);
    }
    for aside in &talk.aside {
        let procedure = book.procedures.get(&aside.playbook);
        line("Also open", procedure.map_or(aside.playbook.as_str(), |procedure| &procedure.name));
    }
    if let Some(context) = &talk.context {
        if let Some(account) = &context.account {
            let parts = [&account.name, &account.company, &account.tier, &account.status];
            let known: Vec<&str> =
                parts.iter().map(|part| part.as_str()).filter(|part| !part.is_empty()).collect();
            line("Account", &known.join(", "));
        }
        line("Missing", context.trouble.as_deref().unwrap_or_default());
    }
    let tickets: Vec<&str> = talk.tickets.iter().map(|ticket| ticket.shown()).collect();
    line("Tickets", &tickets.join(", "));
    let why: Vec<&str> = reasons.iter().map(|reason| reason.text.as_str()).collect();
    line("Why you", &why.join(" "));
    lines.trim_end().to_owned()
}

fn brief(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Object(map) => {
            // Whether a ticket is shared says nothing to whoever takes over.
            let told = map.iter().filter(|(name, _)| *name != "joined");
            let parts = told.filter_map(|(name, value)| match value {
                serde_json::Value::String(text) if !text.is_empty() => Some(format!("{name} {text}")),
                serde_json::Value::Number(number) => Some(format!("{name} {number}")),
                serde_json::Value::Bool(yes) => Some(format!("{name} {}", if *yes { "yes" } else { "no" })),
                _ => None,
            });
            parts.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}
