//! The kill switch under the log.

use super::desk::{Desk, at};
use super::on_both;
use channels::Channel;
use deskhand::domain::event::Event;
use deskhand::domain::switch::{Switch, SwitchedOff};
use deskhand::ports::storage::{Commit, CommitError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

on_both![
    what_is_off_stays_off_until_it_is_switched_on,
    a_commit_under_an_older_switchboard_is_a_conflict,
    no_automated_commit_follows_a_switch_that_was_recorded,
];

fn off(switch: Switch) -> SwitchedOff {
    SwitchedOff { switch, because: "it says nonsense".into(), by: "Maria\u{0}".into(), at: at(5) }
}

async fn what_is_off_stays_off_until_it_is_switched_on(desk: Desk) {
    assert_eq!(desk.store.switchboard().await.unwrap().off, []);
    assert!(desk.store.switch_off(&off(Switch::All)).await.unwrap());
    assert!(!desk.store.switch_off(&off(Switch::All)).await.unwrap());
    assert!(desk.store.switch_off(&off(Switch::Intent("refund_request".into()))).await.unwrap());
    let desk = desk.reopened().await;
    let board = desk.store.switchboard().await.unwrap();
    assert_eq!(board.version, 2);
    let switches: Vec<String> = board.off.iter().map(|off| off.switch.to_string()).collect();
    assert_eq!(switches, ["all", "intent:refund_request"]);
    assert_eq!(board.off[0].by, "Maria\u{fffd}");
    assert!(desk.store.switch_on(&Switch::All, "mended", "Ben", at(9)).await.unwrap());
    assert!(!desk.store.switch_on(&Switch::All, "mended", "Ben", at(9)).await.unwrap());
    let board = desk.store.switchboard().await.unwrap();
    assert_eq!((board.version, board.off.len()), (3, 1));
    let first = desk.store.desk_events(None, 2).await.unwrap();
    let kinds: Vec<(&str, &str)> =
        first.items.iter().map(|event| (event.kind.as_str(), event.subject.as_str())).collect();
    assert_eq!(kinds, [("switched-on", "all"), ("switched-off", "intent:refund_request")]);
    let rest = desk.store.desk_events(first.next.map(|next| next.parse().unwrap()), 2).await.unwrap();
    assert_eq!((rest.items.len(), rest.next), (1, None));
}

async fn a_commit_under_an_older_switchboard_is_a_conflict(desk: Desk) {
    let talk = desk.talk(Channel::Web, "hi").await;
    let version = desk.store.switchboard().await.unwrap().version;
    let events = || vec![Event::RatingAsked];
    desk.store.switch_off(&off(Switch::All)).await.unwrap();
    let late = desk.store.commit(Commit::onto(&talk, at(9), events()).under(version)).await;
    assert_eq!(late.unwrap_err(), CommitError::Conflict);
    // What people do asks no switch.
    let talk = desk.put(Commit::onto(&talk, at(9), events())).await;
    desk.store.commit(Commit::onto(&talk, at(10), events()).under(version + 1)).await.unwrap();
}

/// Many automated commits race with one switch: once `switch_off` has returned, none of them is written any more.
async fn no_automated_commit_follows_a_switch_that_was_recorded(desk: Desk) {
    let desk = Arc::new(desk);
    let recorded = Arc::new(AtomicBool::new(false));
    let mut racers = tokio::task::JoinSet::new();
    for number in 0..8 {
        let mut talk = desk.talk(Channel::Web, &format!("hi {number}")).await;
        let (desk, recorded) = (desk.clone(), recorded.clone());
        racers.spawn(async move {
            let version = 0;
            let mut written = 0;
            loop {
                let before = recorded.load(Ordering::SeqCst);
                let commit = Commit::onto(&talk, at(9), vec![Event::RatingAsked]).under(version);
                let after = commit.after.clone();
                match desk.store.commit(commit).await {
                    Ok(_) => {
                        assert!(!before, "an automated commit was begun after the switch and written");
                        written += 1;
                        talk = after;
                    }
                    Err(CommitError::Conflict) => return written,
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    desk.store.switch_off(&off(Switch::All)).await.unwrap();
    recorded.store(true, Ordering::SeqCst);
    let before = desk.store.rows(&all()).await.unwrap();
    let mut written = 0;
    while let Some(done) = racers.join_next().await {
        written += done.unwrap();
    }
    assert!(written > 0, "nothing raced");
    let after = desk.store.rows(&all()).await.unwrap();
    let places = |page: deskhand::ports::storage::Page<deskhand::ports::storage::Row>| {
        let mut places: Vec<_> =
            page.items.iter().map(|row| (row.conversation.id, row.conversation.seq)).collect();
        places.sort();
        places
    };
    assert_eq!(places(before), places(after), "the log has grown after the switch");
}

fn all() -> deskhand::ports::storage::RowFilter {
    use deskhand::ports::storage::{RowFilter, View};
    RowFilter { view: View::All, search: None, cursor: None, limit: 200 }
}
