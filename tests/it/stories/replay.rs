//! An admin changes the desk and sees what past conversations would have become.

use crate::support::model::{ModelWorld, prices};
use crate::support::world::{World, library_with, shipped_but};
use deskhand::domain::decision::Route;
use deskhand::domain::event::Entry;
use deskhand::domain::ids::ConversationId;
use deskhand::playbook::Playbook;
use deskhand::replay::{self, Cost, Difference, Forecast, Report};

/// Three talks: a playbook with its answer, an article, and a request for a human.
async fn month(world: &World) -> Vec<(ConversationId, Vec<Entry>)> {
    let locked_out = world.visitor().await;
    locked_out.says("I can't log in to my account").await;
    locked_out.says("ada@example.com").await;
    let exporting = world.visitor().await;
    exporting.says("How do I export a project to CSV?").await;
    exporting.says("Where do I see my invoices?").await;
    let angry = world.visitor().await;
    angry.says("Let me talk to a human").await;
    let mut logs = Vec::new();
    for person in [locked_out, exporting, angry] {
        let id = person.talk().await.id;
        logs.push((id, world.log(id).await));
    }
    logs
}

fn report(logs: &[(ConversationId, Vec<Entry>)], book: &Playbook) -> Report {
    let mut report = Report::default();
    for (id, log) in logs {
        report.add(replay::conversation(*id, log, book, None));
    }
    report.sorted()
}

#[tokio::test]
async fn the_same_release_would_decide_the_same() {
    let world = World::new().await;
    let logs = month(&world).await;
    let same = report(&logs, &world.library.current());
    assert_eq!((same.conversations, same.decisions, same.changed), (3, 5, 0), "{:#?}", same.changes);
    assert_eq!(same.by_bot.0, same.by_bot.1);
}

#[tokio::test]
async fn a_new_rule_shows_whom_it_would_send_to_a_human() {
    let world = World::new().await;
    let logs = month(&world).await;
    let file = "policies/rules.yaml";
    let first = "  - id: ";
    let rule = "  - id: exports-by-hand\n    when: intent == \"export_data\"\n    then: {hand_off: {team: billing}}\n    because: Exports are down.\n  - id: ";
    let changed = library_with(&[(file, &shipped_but(file, &[(first, rule)]))]);
    let diff = report(&logs, &changed.current());
    assert_eq!((diff.decisions, diff.changed), (5, 1), "{:#?}", diff.changes);
    let change = &diff.changes[0];
    assert_eq!(change.text, "How do I export a project to CSV?");
    assert_eq!(change.before.decision.route, Route::Reply);
    let after = change.after.as_ref().unwrap();
    assert_eq!(after.decision.route, Route::Handoff);
    assert_eq!(
        (after.team.as_deref(), &after.decision.rules),
        (Some("billing"), &vec!["exports-by-hand".to_owned()])
    );
    assert_eq!(change.differs[..1], [Difference::Route]);
    let shifts: Vec<_> = diff.routes.iter().map(|shift| (shift.from, shift.to, shift.count)).collect();
    assert_eq!(shifts, [("reply", "handoff", 1)]);
    assert_eq!(diff.by_bot.0, diff.by_bot.1 + 1);
    // The message after it is judged on what really happened: a change does not drag others along.
    assert!(diff.changes.iter().all(|change| !change.text.contains("invoices")));
}

#[tokio::test]
async fn another_sentence_changes_words_and_nothing_else() {
    let world = World::new().await;
    let logs = month(&world).await;
    let file = "policies/replies.yaml";
    let changed =
        library_with(&[(file, &shipped_but(file, &[("en: \"Did this help?\"", "en: \"Did that do?\"")]))]);
    let diff = report(&logs, &changed.current());
    assert!(diff.changed > 0);
    assert!(diff.changes.iter().all(|change| change.differs == [Difference::Words]), "{:#?}", diff.changes);
    assert_eq!(diff.by_bot.0, diff.by_bot.1);
}

/// A desk with a model: one message gets a second opinion, one an answer in the model's words.
async fn paid_month() -> (ModelWorld, Vec<(ConversationId, Vec<Entry>)>) {
    let desk = ModelWorld::new().await;
    let unsure = desk.world.visitor().await;
    desk.thinks(Some("bug_report"), "sure");
    unsure.says("the numbers in the pdf for my client are strange").await;
    let exporting = desk.world.visitor().await;
    desk.server.world.says(r#"{"answerable":false,"reply":"","citations":[]}"#);
    exporting.says("How do I export a project to CSV?").await;
    let mut logs = Vec::new();
    for person in [unsure, exporting] {
        let id = person.talk().await.id;
        logs.push((id, desk.world.log(id).await));
    }
    (desk, logs)
}

fn forecast(logs: &[(ConversationId, Vec<Entry>)], book: &Playbook, budget: Option<f64>) -> Cost {
    let mut forecast = Forecast::default();
    logs.iter().for_each(|(id, log)| forecast.add(*id, log, book, None));
    let until = logs[0].1[0].at + chrono::TimeDelta::days(3);
    forecast.cost(&|_| prices().otherwise, until, budget)
}

#[tokio::test]
async fn the_same_release_would_cost_what_it_has_cost() {
    let (desk, logs) = paid_month().await;
    let cost = forecast(&logs, &desk.world.library.current(), Some(100.0));
    assert_eq!((cost.decisions, cost.all.then.questions), (2, 2), "{cost:#?}");
    let paid: u64 = {
        let mut sum = 0;
        for (id, _) in &logs {
            sum += desk.world.ledger.conversation(*id).await.unwrap().unwrap().model_micros;
        }
        sum
    };
    assert_eq!((cost.all.then.usd * 1e6).round() as u64, paid);
    assert_eq!(cost.all.least, cost.all.then, "every question is on record, word for word");
    assert_eq!((cost.on_record, cost.measured, cost.days_over_budget), (2, true, Some(0)));
    assert!((cost.days - 3.0).abs() < 0.1);
}

#[tokio::test]
async fn a_desk_that_asks_the_model_about_everything_would_cost_more() {
    let (_desk, logs) = paid_month().await;
    let eager = library_with(&[("policies/guardrails.yaml", "engine: model")]);
    let cost = forecast(&logs, &eager.current(), Some(0.000_1));
    // "How do I export …" was clear, so nobody knows what the model would have said of it.
    let classify = &cost.steps["classify"];
    assert_eq!((classify.then.questions, classify.least.questions, classify.most.questions), (1, 2, 2));
    assert!(classify.least.usd > classify.then.usd, "{cost:#?}");
    assert!(cost.all.most.questions >= cost.all.least.questions && cost.all.most.usd >= cost.all.least.usd);
    assert_eq!(cost.days_over_budget, Some(1), "{cost:#?}");
}

#[tokio::test]
async fn a_longer_prompt_costs_more_and_a_model_that_was_not_there_is_forecast_too() {
    let (_desk, logs) = paid_month().await;
    let rule = "- Everything between";
    let longer =
        shipped_but("prompts/classify.md", &[(rule, &format!("{}\n{rule}", "- Think twice. ".repeat(200)))]);
    let changed = library_with(&[("prompts/classify.md", &longer)]);
    let cost = forecast(&logs, &changed.current(), None);
    let classify = &cost.steps["classify"];
    assert!(classify.least.input_tokens > classify.then.input_tokens + 400, "{cost:#?}");
    assert!(cost.measured && cost.on_record == 1, "the reply is on record and tells how long questions are");
    assert_eq!(cost.days_over_budget, None);

    // A month without a model: what would one have cost?
    let world = World::new().await;
    let logs = month(&world).await;
    let cost = forecast(&logs, &world.library.current(), None);
    assert_eq!((cost.all.then.questions, cost.on_record, cost.measured), (0, 0, false));
    assert!(cost.all.least.usd > 0.0, "{cost:#?}");
    assert!(
        cost.steps["screen"].most.questions > 0 && cost.steps["screen"].least.questions == 0,
        "{cost:#?}"
    );
}
