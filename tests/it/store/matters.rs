//! What concerns more than one conversation.

use super::desk::{Desk, at};
use super::on_both;
use channels::Channel;
use deskhand::domain::decision::Automation;
use deskhand::domain::event::{Demotion, Event};
use deskhand::domain::ids::Place;
use deskhand::domain::run::{Run, Waiting};
use deskhand::domain::ticket::{Priority, TicketRef};
use deskhand::ports::storage::{Commit, Incident};

on_both![
    whoever_waits_for_an_event_is_found_until_they_wait_no_more,
    one_opens_the_ticket_of_a_matter_and_the_others_join,
    many_who_report_at_once_get_one_opener,
    a_demotion_stands_until_it_is_lifted,
];

fn waiting(message: i64, about: &str) -> Run {
    Run {
        playbook: "p".into(),
        version: "v".into(),
        message,
        path: vec![0],
        slots: [].into(),
        saved: [].into(),
        inquiry: None,
        waiting: Waiting::Event { name: "order.shipped".into(), about: about.into(), until: at(900) },
        intent: None,
        automation: Automation::Auto,
        approved: None,
        returned: false,
    }
}

async fn whoever_waits_for_an_event_is_found_until_they_wait_no_more(desk: Desk) {
    let one = desk.talk(Channel::Web, "one").await;
    let two = desk.talk(Channel::Web, "two").await;
    let waits = |run: Run| vec![Event::Progressed { run: Some(Box::new(run)) }];
    let one = desk.put(Commit::onto(&one, at(2), waits(waiting(1, "A-1\u{0}")))).await;
    // One waits in front, another at the side.
    let two = desk.put(Commit::onto(&two, at(2), waits(waiting(1, "A-1\u{0}")))).await;
    let mut more = vec![Event::PutAside];
    more.extend(waits(waiting(2, "A-2")));
    let two = desk.put(Commit::onto(&two, at(3), more)).await;
    let desk = desk.reopened().await;
    let found = desk.store.concerned("order.shipped", "A-1\u{0}").await.unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(desk.store.concerned("order.shipped", "A-2").await.unwrap(), [two.id]);
    assert_eq!(desk.store.concerned("order.lost", "A-2").await.unwrap(), []);
    desk.put(Commit::onto(&one, at(4), vec![Event::Progressed { run: None }])).await;
    assert_eq!(desk.store.concerned("order.shipped", "A-1\u{0}").await.unwrap(), [two.id]);
    let ben = super::desk::agent("Ben");
    desk.put(Commit::onto(&two, at(5), vec![Event::TakenOver { by: ben }])).await;
    assert_eq!(desk.store.concerned("order.shipped", "A-1\u{0}").await.unwrap(), []);
}

fn ticket(number: &str) -> TicketRef {
    TicketRef {
        number: number.into(),
        title: "Outage".into(),
        priority: Priority::High,
        joined: false,
        outside: None,
        late: false,
    }
}

async fn one_opens_the_ticket_of_a_matter_and_the_others_join(desk: Desk) {
    let (one, two) = (desk.talk(Channel::Web, "one").await, desk.talk(Channel::Web, "two").await);
    let (first, second) = (Place { conversation: one.id, seq: 9 }, Place { conversation: two.id, seq: 7 });
    let store = &desk.store;
    assert_eq!(store.join_incident("outage", first, at(1)).await.unwrap(), Incident::Yours);
    // The process died and asks again.
    assert_eq!(store.join_incident("outage", first, at(1)).await.unwrap(), Incident::Yours);
    assert_eq!(store.join_incident("outage", second, at(1)).await.unwrap(), Incident::Opening);
    assert_eq!(store.join_incident("other", second, at(1)).await.unwrap(), Incident::Yours);
    store.incident_given_up("other", second).await.unwrap();
    store.incident_opened("outage", first, &ticket("T-1")).await.unwrap();
    // What stands is not given up any more.
    store.incident_given_up("outage", first).await.unwrap();
    let joined = TicketRef { joined: true, ..ticket("T-1") };
    assert_eq!(store.join_incident("outage", second, at(2)).await.unwrap(), Incident::Stands(joined));
    // Both are concerned, though no playbook of theirs waits yet.
    assert_eq!(store.concerned("ticket.solved", "T-1").await.unwrap().len(), 2);
    assert_eq!(store.concerned("order.shipped", "T-1").await.unwrap(), []);
    store.incident_over("T-1").await.unwrap();
    assert_eq!(store.join_incident("outage", second, at(3)).await.unwrap(), Incident::Yours);
}

async fn many_who_report_at_once_get_one_opener(desk: Desk) {
    let mut places = Vec::new();
    for _ in 0..12 {
        places.push(Place { conversation: desk.talk(Channel::Web, "down").await.id, seq: 2 });
    }
    let joined = futures::future::join_all(
        places.iter().map(|place| desk.store.join_incident("outage", *place, at(1))),
    )
    .await;
    let yours = joined.iter().filter(|one| **one == Ok(Incident::Yours)).count();
    let opening = joined.iter().filter(|one| **one == Ok(Incident::Opening)).count();
    assert_eq!((yours, opening), (1, 11));
}

async fn a_demotion_stands_until_it_is_lifted(desk: Desk) {
    let demotion = |to, because: &str| Demotion { intent: "refund".into(), to, because: because.into() };
    desk.store.demote(&demotion(Automation::Approve, "first"), at(1)).await.unwrap();
    desk.store.demote(&demotion(Automation::Observe, "second"), at(2)).await.unwrap();
    let desk = desk.reopened().await;
    assert_eq!(desk.store.demotions().await.unwrap(), [demotion(Automation::Observe, "second")]);
    desk.store.restore_level("refund", "mended", "Maria", at(9)).await.unwrap();
    assert_eq!(desk.store.demotions().await.unwrap(), []);
}
