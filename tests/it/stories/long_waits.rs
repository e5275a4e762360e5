//! Playbooks that wait for days, for events, and through restarts.

use super::calls::{WISH, ada};
use crate::support::shop;
use crate::support::world::{World, library_with};
use insta::assert_snapshot;
use serde_json::json;

const LATER: &str = r#"
  - reply: {text: {en: "We look into it and write in two days."}}
  - wait: {for: 2d}
  - call: {action: shop.order, with: {number: "HB-1"}, into: order}
  - reply: {text: {en: "Your order is {{ order.status }}."}}
"#;

#[tokio::test]
async fn two_days_later_the_bot_keeps_its_word_also_after_a_restart() {
    let world = shop::desk(LATER, "auto", true).await;
    let ada = ada(&world).await;
    ada.says(WISH).await;
    assert_snapshot!(ada.hears().await, @"bot: We look into it and write in two days.");
    world.wait(2 * 24 * 60 - 1);
    world.settles().await;
    assert_eq!(ada.hears().await, "", "silence settles nothing while the bot owes a word");
    let id = ada.talk().await.id;
    let library = world.library.clone();
    let world = world.restarts(library).await;
    world.actions.answers("shop.order", json!({"found": true, "status": "lost"}));
    world.settles().await;
    world.wait(1);
    world.settles().await;
    let log = serde_json::to_string(&world.log(id).await).unwrap();
    assert!(log.contains("Your order is lost."), "{log}");
}

#[tokio::test]
async fn a_playbook_that_was_changed_meanwhile_is_not_played_on() {
    let world = shop::desk(LATER, "auto", true).await;
    let ada = ada(&world).await;
    ada.says(WISH).await;
    let id = ada.talk().await.id;
    let (path, intent) = shop::intent("auto", true);
    let changed =
        format!("id: test-refund\nname: Refund\ndescription: A test.\nsteps:\n{}", LATER.replace("2d", "3d"));
    let library =
        library_with(&[shop::ORDERS, (path, &intent), ("policies/playbooks/test-refund.yaml", &changed)]);
    let world = world.restarts(library).await;
    world.wait(2 * 24 * 60);
    world.settles().await;
    let talk = world.ledger.conversation(id).await.unwrap().unwrap();
    assert_eq!(talk.handoff.unwrap().reasons[0].code, "playbook-changed");
}

const INCIDENT: &str = r#"
  - ticket: {title: "Outage", team: engineering, priority: urgent, incident: "outage", into: ticket}
  - reply: {text: {en: "It is known ({{ ticket.number }}). I'll write when it is over."}}
  - wait:
      event: ticket.solved
      at_most: 7d
      otherwise:
        - reply: {text: {en: "It still takes."}}
  - reply: {text: {en: "{{ ticket.number }} is over."}}
"#;

#[tokio::test]
async fn one_incident_one_ticket_and_everybody_is_told_when_it_is_solved() {
    let world = shop::desk(INCIDENT, "auto", true).await;
    let (one, two, three) = (ada(&world).await, ada(&world).await, ada(&world).await);
    // At once: whoever is first opens the ticket, the others wait for it.
    tokio::join!(one.writes(WISH), two.writes(WISH), three.writes(WISH));
    for _ in 0..200 {
        let mut waiting = 0;
        for person in [&one, &two, &three] {
            waiting += i32::from(!person.talk().await.tickets.is_empty());
        }
        if waiting == 3 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        world.clock_seconds(1);
    }
    world.settles().await;
    for person in [&one, &two, &three] {
        assert_eq!(person.hears().await, "bot: It is known (T-1001). I'll write when it is over.");
    }
    let hand = &world.desk.hand;
    let told = hand.occurred("1", "ticket.solved", "T-1001", &json!({})).await.unwrap();
    assert_eq!(told, 3);
    world.settles().await;
    for person in [&one, &two, &three] {
        assert_eq!(person.hears().await, "bot: T-1001 is over.");
    }
    // Told once, however often it is reported.
    hand.occurred("1", "ticket.solved", "T-1001", &json!({})).await.unwrap();
    world.settles().await;
    assert_eq!(one.hears().await, "");
    // The next outage is another matter.
    let four = ada(&world).await;
    four.says(WISH).await;
    assert_eq!(four.hears().await, "bot: It is known (T-1002). I'll write when it is over.");
}

#[tokio::test]
async fn an_event_that_does_not_come_in_time_is_not_waited_for_any_longer() {
    let world = shop::desk(INCIDENT, "auto", true).await;
    let ada = ada(&world).await;
    ada.says(WISH).await;
    ada.hears().await;
    world.wait(7 * 24 * 60);
    world.settles().await;
    assert_snapshot!(ada.hears().await, @r"
    bot: It still takes.
    bot: T-1001 is over.
    ");
}

#[tokio::test]
async fn a_ticket_that_is_solved_before_the_playbook_waits_for_it_is_not_waited_for() {
    let steps = r#"
  - ticket: {title: "Outage", team: engineering, incident: "outage", into: ticket}
  - ask: {slot: go, kind: yes_no, text: {en: "Shall I write when it is over?"}}
  - wait: {event: ticket.solved, at_most: 7d}
  - reply: {text: {en: "It is over."}}
"#;
    let world = shop::desk(steps, "auto", true).await;
    let ada = ada(&world).await;
    ada.says(WISH).await;
    assert_snapshot!(ada.hears().await, @"bot: Shall I write when it is over? [Yes] [No]");
    world.desk.hand.occurred("1", "ticket.solved", "T-1001", &json!({})).await.unwrap();
    world.settles().await;
    ada.says("yes please").await;
    assert_snapshot!(ada.hears().await, @r"
    bot: This is being seen to. You don't need to do anything; I'll write here as soon as there is news.
    bot: It is over.
    ");
}

#[tokio::test]
async fn an_event_of_another_thing_wakes_nobody() {
    let steps = r#"
  - wait: {event: order.shipped, about: "HB-1", at_most: 3d, into: parcel, brings: [code], tell: {en: "I'll write when it ships."}}
  - reply: {text: {en: "Shipped: {{ parcel.code }}"}}
"#;
    let world: World = shop::desk(steps, "auto", true).await;
    let ada = ada(&world).await;
    ada.says(WISH).await;
    assert_snapshot!(ada.hears().await, @"bot: I'll write when it ships.");
    let hand = &world.desk.hand;
    let data = json!({"code": "X1"});
    assert_eq!(hand.occurred("e1", "order.shipped", "HB-2", &data).await.unwrap(), 0);
    assert_eq!(hand.occurred("e2", "order.lost", "HB-1", &data).await.unwrap(), 0);
    assert_eq!(hand.occurred("e3", "order.shipped", "HB-1", &data).await.unwrap(), 1);
    world.settles().await;
    assert_snapshot!(ada.hears().await, @"bot: Shipped: X1");
}
