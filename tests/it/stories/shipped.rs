//! The playbooks that ship, on the shipped desk, with the systems they speak to.

use super::calls::{WISH, ada};
use crate::support::outside::ActionFault;
use crate::support::world::World;
use channels::{Attachment, Channel, Inbound};
use deskhand::desk::Command;
use deskhand::domain::customer::Account;
use deskhand::domain::ids::CustomerId;
use deskhand::inbox::Arrival;
use insta::assert_snapshot;
use serde_json::json;
use std::collections::BTreeMap;

#[tokio::test]
async fn a_refund_over_the_limit_is_made_once_billing_agrees() {
    let world = World::new().await;
    world.actions.answers(
        "invoices.find",
        json!({"found": true, "total": 180.0, "currency": "EUR", "paid_on": "2026-02-20"}),
    );
    world.actions.answers("refunds.create", json!({"id": "re_78"}));
    let ada = ada(&world).await;
    ada.says(&format!("{WISH} It is invoice HB-20418.")).await;
    assert_snapshot!(ada.hears().await, @"bot: The invoice was 180.0 EUR. How much of it is the refund about?");
    ada.says("120 euros").await;
    assert_snapshot!(ada.hears().await, @"bot: Refunds of this size a colleague in Billing has to agree to. I've asked, and I'll write here as soon as they have decided.");
    let talk = ada.talk().await;
    let (approval, asked) = talk.open_approvals().next().unwrap();
    assert_snapshot!(asked.proposal.title, @"Refund 120.0 EUR of HB-20418 to Ada");
    world.wait(60);
    let edits = BTreeMap::from([("amount".to_owned(), json!(100))]);
    world.agent("Ben").commands(&ada, Command::Approve { approval, edits }).await.unwrap();
    world.settles().await;
    assert_eq!(world.actions.inputs("refunds.create"), [json!({"invoice": "HB-20418", "amount": 100})]);
    assert_snapshot!(ada.hears().await, @"bot: 100 EUR of invoice HB-20418 are on their way back (re_78). Depending on your bank it takes up to ten days.");
}

#[tokio::test]
async fn a_stranger_gets_no_refund_and_learns_nothing_of_invoices() {
    let world = World::new().await;
    let stranger = world.visitor().await;
    stranger.says(&format!("{WISH} It is invoice HB-20418, 20 euros.")).await;
    let talk = stranger.talk().await;
    assert_eq!((talk.state.name(), talk.team.as_deref()), ("queued", Some("billing")));
    assert!(world.actions.journal.lock().unwrap().is_empty(), "nothing was asked and nothing done");
    assert!(!stranger.hears().await.contains("HB-20418"));
}

#[tokio::test]
async fn an_order_is_told_to_its_verified_owner_and_again_when_it_ships() {
    let world = World::new().await;
    world
        .actions
        .answers("orders.find", json!({"found": true, "status": "in-work", "expected_on": "2026-03-09"}));
    let ada = ada(&world).await;
    ada.says("Where is my order A-10493?").await;
    assert_snapshot!(ada.hears().await, @"bot: Order A-10493 is being prepared and should leave by 2026-03-09. I'll write here when it ships.");
    world.wait(3 * 24 * 60);
    world.settles().await;
    let data = json!({"tracking": "TR-9"});
    world.desk.hand.occurred("e1", "order.shipped", "A-10493", &data).await.unwrap();
    world.settles().await;
    assert_snapshot!(ada.hears().await, @"bot: Good news: order A-10493 is on its way; its tracking number is TR-9.");
    let stranger = world.visitor().await;
    stranger.says("Where is my order A-10493?").await;
    assert!(stranger.hears().await.contains("code"), "a code by e-mail is offered");
    stranger.says("No").await;
    assert_eq!(world.actions.times("orders.find"), 1, "for her alone");
    assert_eq!(stranger.talk().await.state.name(), "queued");
}

#[tokio::test]
async fn an_outage_has_one_ticket_and_everybody_is_told_when_it_is_solved() {
    let world = World::new().await;
    let mut people = Vec::new();
    for _ in 0..3 {
        let person = world.visitor().await;
        person.says("Harbor is down for our whole office, nobody can load anything!").await;
        assert!(person.hears().await.contains("T-1001"));
        people.push(person);
    }
    let alerts =
        world.notifier.told.lock().unwrap().iter().filter(|notice| notice.team == "engineering").count();
    assert_eq!(alerts, 1, "the first report alerts, the others join");
    let filter = deskhand::ports::storage::TicketFilter { limit: 50, ..Default::default() };
    assert_eq!(world.ledger.storage.tickets(&filter).await.unwrap().items.len(), 1);
    world.desk.hand.occurred("1", "ticket.solved", "T-1001", &json!({})).await.unwrap();
    world.settles().await;
    for person in &people {
        assert!(person.hears().await.contains("It is solved: our engineers have closed T-1001."));
        assert_eq!(person.talk().await.state.name(), "bot");
    }
}

#[tokio::test]
async fn whoever_wants_to_talk_before_cancelling_gets_a_person_and_the_others_are_cancelled() {
    let world = World::new().await;
    world.actions.answers("subscriptions.cancel", json!({"ends_on": "2026-03-31"}));
    let (one, two) = (ada(&world).await, ada(&world).await);
    for person in [&one, &two] {
        person.says("I would like to cancel our subscription.").await;
        person.says("It costs too much").await;
        assert!(person.hears().await.ends_with("Would you like that? [Yes] [No]"));
    }
    one.presses("slot:yes").await;
    let talk = one.talk().await;
    assert_eq!((talk.state.name(), talk.team.as_deref()), ("queued", Some("billing")));
    two.presses("slot:no").await;
    assert_eq!(world.actions.times("subscriptions.cancel"), 0, "not before Billing agrees");
    let (approval, _) =
        two.talk().await.open_approvals().next().map(|(seq, one)| (seq, one.clone())).unwrap();
    two.hears().await;
    world.agent("Ben").commands(&two, Command::Approve { approval, edits: BTreeMap::new() }).await.unwrap();
    world.settles().await;
    assert_snapshot!(two.hears().await, @"bot: Your subscription is cancelled and ends on 2026-03-31 (T-1002). Until then everything works as before, and you can export your data at any time.");
    // Billing changes its mind.
    let act = two.talk().await.done[0].seq;
    world.agent("Ben").commands(&two, Command::Undo { act }).await.unwrap();
    world.settles().await;
    assert_eq!(world.actions.inputs("subscriptions.resume"), [json!({"email": "ada@example.com"})]);
}

#[tokio::test]
async fn a_bug_goes_to_the_tracker_with_its_files() {
    let world = World::new().await;
    let account = Account {
        id: "c1".to_owned(),
        email: "ada@example.com".to_owned(),
        name: "Ada".to_owned(),
        ..Account::default()
    };
    let ada = world.verified(account).await;
    ada.says("Hi, I want to report a bug in the calendar.").await;
    ada.hears().await;
    let mut inbound = Inbound::new(
        Channel::Web,
        "m9".to_owned(),
        ada.id.to_string(),
        ada.id.to_string(),
        "Dragging a task to another day puts it back.".to_owned(),
    );
    inbound.attachments = vec![Attachment {
        id: "u1".to_owned(),
        name: "calendar.png".to_owned(),
        media_type: "image/png".to_owned(),
        size: 812,
    }];
    let arrival = Arrival { inbound, customer: CustomerId(ada.id), locale: None, page: None };
    world.desk.inbox.receive(&arrival).await.unwrap();
    world.settles().await;
    let filed = world.actions.inputs("issues.create");
    assert_eq!(
        filed[0]["files"],
        json!([{"id": "u1", "name": "calendar.png", "type": "image/png", "size": 812}])
    );
    assert_eq!(filed[0]["title"], "Bug: Dragging a task to another day puts it back.");
    assert!(ada.hears().await.contains("T-1001"));
    // Without the tracker nothing is lost.
    let other = world.visitor().await;
    other.says("Hi, I want to report a bug in the calendar.").await;
    world.actions.will(ActionFault::Refuses);
    other.says("Dragging a task to another day puts it back.").await;
    assert!(other.hears().await.contains("T-1002"));
    assert!(other.talk().await.tags.contains(&"not-in-tracker".to_owned()));
}
