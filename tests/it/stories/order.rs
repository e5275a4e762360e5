//! Messages of one conversation in order, one at a time; different conversations side by side.

use crate::support::world::World;
use deskhand::domain::event::Event;
use std::sync::atomic::Ordering;
use std::time::Duration;

#[tokio::test]
async fn messages_typed_fast_are_decided_in_order_and_each_once() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    for number in 0..9 {
        visitor.writes(&format!("thanks {number}")).await;
    }
    world.settles().await;
    let log = world.log(visitor.talk().await.id).await;
    let received: Vec<_> = log
        .iter()
        .filter(|entry| matches!(entry.event, Event::Received { .. }))
        .map(|entry| entry.seq)
        .collect();
    let decided: Vec<_> = log
        .iter()
        .filter_map(|entry| match &entry.event {
            Event::Decided { decision } => Some(decision.message),
            _ => None,
        })
        .collect();
    assert_eq!(received.len(), 9);
    let handed_off = log.iter().any(|entry| matches!(entry.event, Event::HandedOff { .. }));
    assert!(decided == received || handed_off, "decided {decided:?}, received {received:?}");
    assert!(decided.windows(2).all(|pair| pair[0] < pair[1]));
}

#[tokio::test]
async fn one_slow_conversation_holds_up_no_other() {
    let world = World::new().await;
    world.directory.slow_ms.store(2000, Ordering::SeqCst);
    let account = deskhand::domain::customer::Account {
        id: "c1".to_owned(),
        email: "slow@example.com".to_owned(),
        ..Default::default()
    };
    let slow = world.verified(account).await;
    slow.writes("How do I export a project to CSV?").await;
    while world.directory.asked.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let quick = world.visitor().await;
    quick.writes("How do I export a project to CSV?").await;
    while quick.talk().await.decision.is_none() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(slow.talk().await.decision.is_none(), "the quick one was answered while the slow one waited");
}

#[tokio::test]
async fn the_same_message_again_is_recorded_once() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let first = visitor.sends("same", "How do I export a project to CSV?", None).await;
    assert!(first.fresh);
    let arrival = visitor.arrival("same", "How do I export a project to CSV?", None);
    let again = futures::future::join_all((0..8).map(|_| world.desk.inbox.receive(&arrival))).await;
    for recorded in again {
        let recorded = recorded.unwrap();
        assert_eq!((recorded.seq, recorded.fresh), (first.seq, false));
    }
    world.settles().await;
    assert_eq!(visitor.talk().await.turns, 1);
    assert_eq!(visitor.hears().await.matches("bot: ").count(), 1);
}
