//! What set triggers off, and what is counted, on both databases.

use super::desk::{Desk, at};
use super::on_both;
use channels::Channel;
use deskhand::domain::approval::{Proposal, Unanswered};
use deskhand::domain::customer::Customer;
use deskhand::domain::event::Event;
use deskhand::domain::ids::CustomerId;
use deskhand::ports::storage::{Commit, FiringFilter, RuleHits};
use serde_json::json;
use uuid::Uuid;

on_both![
    an_occurrence_is_recorded_once_and_worked_on_until_it_is_done,
    a_moment_fires_once_however_many_look_at_it,
    only_a_verified_address_finds_a_customer,
    what_waits_for_a_word_is_listed_until_it_is_said,
    rules_are_counted,
];

async fn an_occurrence_is_recorded_once_and_worked_on_until_it_is_done(desk: Desk) {
    let event = json!({"data": {"invoice": "HB-1\u{0}"}});
    assert!(desk.store.put_firing("paid", "evt\u{0}", &event, at(1)).await.unwrap());
    assert!(!desk.store.put_firing("paid", "evt\u{0}", &json!({}), at(2)).await.unwrap());
    assert!(desk.store.put_firing("failed", "evt\u{0}", &event, at(2)).await.unwrap());
    let desk = desk.reopened().await;
    assert_eq!(desk.store.due_firings(at(1), 10).await.unwrap().len(), 1);
    let due = desk.store.due_firings(at(5), 10).await.unwrap();
    assert_eq!((due.len(), due[0].trigger.as_str(), &due[0].event), (2, "paid", &event));
    desk.store.firing_later("paid", &due[0].occurrence, at(100)).await.unwrap();
    desk.store.firing_done("failed", &due[1].occurrence, "done\u{0}").await.unwrap();
    assert_eq!(desk.store.due_firings(at(99), 10).await.unwrap(), []);
    assert_eq!(desk.store.due_firings(at(100), 10).await.unwrap()[0].attempts, 1);
    let first = FiringFilter { limit: 1, ..FiringFilter::default() };
    let page = desk.store.firings(&first).await.unwrap();
    assert_eq!(page.items[0].outcome.as_deref(), Some("done\u{fffd}"));
    let rest = desk.store.firings(&FiringFilter { cursor: page.next, ..first }).await.unwrap();
    assert_eq!((rest.items.len(), rest.next), (1, None));
}

async fn a_moment_fires_once_however_many_look_at_it(desk: Desk) {
    assert_eq!(desk.store.schedule("nine").await.unwrap(), None);
    desk.store.advance_schedule("nine", at(1), None).await.unwrap();
    let looks = (0..8).map(|_| desk.store.advance_schedule("nine", at(10), Some(at(9))));
    let fired = futures::future::join_all(looks).await;
    assert_eq!(fired.into_iter().filter(|fired| *fired.as_ref().unwrap()).count(), 1);
    assert_eq!(desk.store.schedule("nine").await.unwrap(), Some(at(10)));
    // A clock that is behind takes nothing back.
    desk.store.advance_schedule("nine", at(5), None).await.unwrap();
    assert_eq!(desk.store.schedule("nine").await.unwrap(), Some(at(10)));
}

async fn only_a_verified_address_finds_a_customer(desk: Desk) {
    let customer = |number: u128, verified: bool| Customer {
        id: CustomerId(Uuid::from_u128(number)),
        name: None,
        email: Some("Ada@Example.com".into()),
        verified,
        external: None,
        locale: None,
    };
    desk.store.put_customer(customer(1, false), at(1)).await.unwrap();
    assert_eq!(desk.store.customer_by_verified_email("ada@example.com").await.unwrap(), None);
    desk.store.put_customer(customer(2, true), at(1)).await.unwrap();
    let found = desk.store.customer_by_verified_email("ada@example.com").await.unwrap().unwrap();
    assert_eq!(found.id, CustomerId(Uuid::from_u128(2)));
    desk.store.put_customer(customer(2, false), at(2)).await.unwrap();
    assert_eq!(desk.store.customer_by_verified_email("ada@example.com").await.unwrap(), None);
    let talk = desk.talk(Channel::Web, "hi").await;
    assert_eq!(desk.store.conversations_of(talk.customer, 5).await.unwrap(), [talk.id]);
}

async fn what_waits_for_a_word_is_listed_until_it_is_said(desk: Desk) {
    let proposal = Proposal {
        title: "Refund".into(),
        details: "49 EUR".into(),
        team: "billing".into(),
        editable: [].into(),
        until: at(900),
        default: Unanswered::Reject,
    };
    let mut talks = Vec::new();
    for number in 0..3 {
        let talk = desk.talk(Channel::Web, &format!("hi {number}")).await;
        let asked = Event::ApprovalAsked { proposal: Box::new(proposal.clone()) };
        talks.push(desk.put(Commit::onto(&talk, at(10 + number), vec![asked])).await);
    }
    let first = desk.store.approvals(None, 2).await.unwrap();
    let ids: Vec<_> = first.items.iter().map(|(row, seq)| (row.conversation.id, *seq)).collect();
    assert_eq!(ids, [(talks[0].id, talks[0].seq), (talks[1].id, talks[1].seq)]);
    let rest = desk.store.approvals(first.next.as_deref(), 2).await.unwrap();
    assert_eq!((rest.items.len(), rest.next), (1, None));
    let rejected = Event::Rejected { approval: talks[0].seq, by: None, reason: "no".into() };
    desk.put(Commit::onto(&talks[0], at(20), vec![rejected])).await;
    let desk = desk.reopened().await;
    assert_eq!(desk.store.approvals(None, 10).await.unwrap().items.len(), 2);
    assert_eq!(desk.store.approvals(Some("nonsense"), 10).await.unwrap().items.len(), 2);
}

async fn rules_are_counted(desk: Desk) {
    let hits =
        |rule: &str, hits: i64, seconds: i64| RuleHits { rule: rule.into(), hits, last_at: at(seconds) };
    desk.store.count_rules(&[hits("b", 2, 1), hits("a", 1, 1)]).await.unwrap();
    desk.store.count_rules(&[hits("b", 3, 5)]).await.unwrap();
    assert_eq!(desk.store.rule_hits().await.unwrap(), [hits("a", 1, 1), hits("b", 5, 5)]);
}
