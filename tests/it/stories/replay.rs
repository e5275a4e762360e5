//! An admin changes the desk and sees what past conversations would have become.

use crate::support::world::{World, library_with, shipped_but};
use deskhand::domain::decision::Route;
use deskhand::domain::event::Entry;
use deskhand::domain::ids::ConversationId;
use deskhand::playbook::Playbook;
use deskhand::replay::{self, Difference, Report};

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
