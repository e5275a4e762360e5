//! Writing to a conversation: all or nothing, once, and never over somebody else's words.

use super::desk::{Desk, at, next, opening, received};
use super::on_both;
use channels::Channel;
use deskhand::domain::event::Event;
use deskhand::ports::storage::{Commit, CommitError};
use std::collections::BTreeSet;

on_both![
    what_was_written_is_read_back,
    a_commit_on_old_news_is_refused_whole,
    a_commit_to_a_conversation_that_is_not_there_is_refused,
    a_commit_with_a_gap_is_refused,
    sixteen_writers_lose_nothing,
    the_same_message_again_changes_nothing,
    the_same_message_thirty_two_times_at_once_is_recorded_once,
    a_used_key_is_reported_even_where_the_conversation_has_moved_on,
    a_refused_commit_does_not_use_up_its_key,
    two_first_messages_at_once_make_one_conversation,
    a_new_conversation_follows_the_one_it_names_or_none,
    many_events_fit_into_one_commit,
    hostile_text_comes_back_as_it_went_in,
];

async fn what_was_written_is_read_back(desk: Desk) {
    let talk = desk.talk(Channel::Web, "I was charged twice").await;
    let talk = desk.put(Commit::onto(&talk, at(5), vec![received("hello?"), Event::Reassured])).await;
    assert_eq!(talk.seq, 4);
    assert_eq!(desk.read(talk.id).await, talk);
    let log = desk.log(talk.id).await;
    assert_eq!(log.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(log[2].at, at(5));
    assert!(matches!(&log[2].event, Event::Received { text, .. } if text == "hello?"));
    let page = desk.store.events(talk.id, 1, 2).await.unwrap();
    assert_eq!(page, log[1..3]);
    assert_eq!(desk.store.current(Channel::Web, &talk.address).await.unwrap(), Some(talk.id));
    assert_eq!(desk.store.current(Channel::Telegram, &talk.address).await.unwrap(), None);
    let nobody = deskhand::domain::ids::ConversationId(super::desk::id());
    assert_eq!(desk.store.conversation(nobody).await.unwrap(), None);
    let reopened = desk.reopened().await;
    assert_eq!(reopened.read(talk.id).await, talk);
}

async fn a_commit_on_old_news_is_refused_whole(desk: Desk) {
    let old = desk.talk(Channel::Telegram, "one").await;
    let new = desk.put(Commit::onto(&old, at(1), vec![received("two")])).await;
    let late = Commit::onto(&old, at(2), vec![received("three"), super::desk::notify("look")]);
    assert_eq!(desk.store.commit(late).await, Err(CommitError::Conflict));
    assert_eq!(desk.read(old.id).await, new);
    assert_eq!(desk.log(old.id).await.len(), 3);
    assert_eq!(desk.store.waiting_effects().await.unwrap(), 0);
}

async fn a_commit_to_a_conversation_that_is_not_there_is_refused(desk: Desk) {
    let unwritten = opening(Channel::Web, "nowhere", None, "hi").after;
    let onto = Commit::onto(&unwritten, at(1), vec![received("two")]);
    assert_eq!(desk.store.commit(onto).await, Err(CommitError::Conflict));
    assert_eq!(desk.store.conversation(unwritten.id).await.unwrap(), None);
}

async fn a_commit_with_a_gap_is_refused(desk: Desk) {
    let talk = desk.talk(Channel::Web, "one").await;
    let mut gap = Commit::onto(&talk, at(1), vec![received("two"), received("three")]);
    gap.entries.remove(0);
    assert!(matches!(desk.store.commit(gap).await, Err(CommitError::Unavailable(_))));
    let mut headless = opening(Channel::Web, "elsewhere", None, "hi");
    headless.entries[0].event = Event::Reopened;
    assert!(matches!(desk.store.commit(headless).await, Err(CommitError::Unavailable(_))));
    assert_eq!(desk.read(talk.id).await, talk);
}

async fn sixteen_writers_lose_nothing(desk: Desk) {
    let talk = desk.talk(Channel::Web, "begin").await;
    let writers: Vec<_> = (0..16)
        .map(|writer| {
            let (store, id) = (desk.store.clone(), talk.id);
            tokio::spawn(async move {
                let mut conflicts = 0;
                for line in 0..5 {
                    loop {
                        let now = store.conversation(id).await.unwrap().unwrap();
                        let words = format!("{writer}:{line}");
                        match store.commit(Commit::onto(&now, at(line), vec![received(&words)])).await {
                            Ok(committed) => {
                                assert_eq!(committed.seq, now.seq + 1);
                                break;
                            }
                            Err(CommitError::Conflict) => conflicts += 1,
                            Err(other) => panic!("{other}"),
                        }
                    }
                }
                conflicts
            })
        })
        .collect();
    let mut conflicts = 0;
    for writer in writers {
        conflicts += writer.await.unwrap();
    }
    assert!(conflicts > 0, "sixteen writers on one conversation never met");
    let log = desk.log(talk.id).await;
    assert_eq!(log.iter().map(|entry| entry.seq).collect::<Vec<_>>(), (1..=82).collect::<Vec<_>>());
    let words: BTreeSet<_> = log
        .iter()
        .filter_map(|entry| match &entry.event {
            Event::Received { text, .. } => Some(text.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(words.len(), 81);
    assert_eq!(desk.read(talk.id).await.seq, 82);
}

async fn the_same_message_again_changes_nothing(desk: Desk) {
    let talk = desk.talk(Channel::Telegram, "one").await;
    let message = Commit::onto(&talk, at(1), vec![received("two")]).once("telegram:7:42".into());
    desk.put(message.clone()).await;
    let seen = desk.store.seen("telegram:7:42").await.unwrap().expect("a used key");
    assert_eq!((seen.conversation, seen.seq), (talk.id, 3));
    assert_eq!(desk.store.commit(message).await, Err(CommitError::Already(seen)));
    assert_eq!(desk.log(talk.id).await.len(), 3);
    assert_eq!(desk.store.seen("telegram:7:43").await.unwrap(), None);
}

async fn the_same_message_thirty_two_times_at_once_is_recorded_once(desk: Desk) {
    let address = format!("chat-{}", next());
    let commits: Vec<_> = (0..32)
        .map(|_| {
            // Each caller believes that it opens the conversation.
            let commit = opening(Channel::Telegram, &address, None, "hi").once("telegram:1:1".into());
            let store = desk.store.clone();
            tokio::spawn(async move { (commit.after.id, store.commit(commit).await) })
        })
        .collect();
    let (mut written, mut seen) = (Vec::new(), Vec::new());
    for commit in commits {
        match commit.await.unwrap() {
            (id, Ok(_)) => written.push(id),
            (_, Err(CommitError::Already(where_to))) => seen.push(where_to.conversation),
            (_, Err(other)) => panic!("{other}"),
        }
    }
    assert_eq!((written.len(), seen.len()), (1, 31));
    assert!(seen.iter().all(|id| *id == written[0]));
    assert_eq!(desk.log(written[0]).await.len(), 2);
}

async fn a_used_key_is_reported_even_where_the_conversation_has_moved_on(desk: Desk) {
    let talk = desk.talk(Channel::Telegram, "one").await;
    let message = Commit::onto(&talk, at(1), vec![received("two")]).once("k".into());
    let after = desk.put(message.clone()).await;
    desk.put(Commit::onto(&after, at(2), vec![received("three")])).await;
    assert!(matches!(desk.store.commit(message).await, Err(CommitError::Already(seen)) if seen.seq == 3));
}

async fn a_refused_commit_does_not_use_up_its_key(desk: Desk) {
    let talk = desk.talk(Channel::Telegram, "one").await;
    let after = desk.put(Commit::onto(&talk, at(1), vec![received("two")])).await;
    let late = Commit::onto(&talk, at(2), vec![received("three")]).once("k3".into());
    assert_eq!(desk.store.commit(late).await, Err(CommitError::Conflict));
    assert_eq!(desk.store.seen("k3").await.unwrap(), None);
    desk.put(Commit::onto(&after, at(2), vec![received("three")]).once("k3".into())).await;
}

async fn two_first_messages_at_once_make_one_conversation(desk: Desk) {
    for round in 0..10 {
        let address = format!("visitor-{round}");
        let (one, two) =
            (opening(Channel::Web, &address, None, "hi"), opening(Channel::Web, &address, None, "anybody?"));
        let (first, second) = (one.after.id, two.after.id);
        let (one, two) = tokio::join!(desk.store.commit(one), desk.store.commit(two));
        let (winner, loser) = match (one, two) {
            (Ok(_), Err(CommitError::Conflict)) => (first, second),
            (Err(CommitError::Conflict), Ok(_)) => (second, first),
            other => panic!("{other:?}"),
        };
        assert_eq!(desk.store.current(Channel::Web, &address).await.unwrap(), Some(winner));
        assert_eq!(desk.store.conversation(loser).await.unwrap(), None);
        assert!(desk.log(loser).await.is_empty());
    }
}

async fn a_new_conversation_follows_the_one_it_names_or_none(desk: Desk) {
    let first = desk.put(opening(Channel::Web, "ada", None, "one")).await;
    let stranger = deskhand::domain::ids::ConversationId(super::desk::id());
    let wrong = opening(Channel::Web, "ada", Some(stranger), "two");
    assert_eq!(desk.store.commit(wrong).await, Err(CommitError::Conflict));
    let second = desk.put(opening(Channel::Web, "ada", Some(first.id), "two")).await;
    assert_eq!(desk.store.current(Channel::Web, "ada").await.unwrap(), Some(second.id));
    // The older one is still there, and may still be written to.
    desk.put(Commit::onto(&first, at(9), vec![received("me again")])).await;
    let orphan = desk.put(opening(Channel::Web, "bob", Some(first.id), "hello")).await;
    assert_eq!(desk.store.current(Channel::Web, "bob").await.unwrap(), Some(orphan.id));
}

async fn many_events_fit_into_one_commit(desk: Desk) {
    let talk = desk.talk(Channel::Telegram, "begin").await;
    let lines = (0..2500).map(|line| super::desk::notify(&format!("line {line}"))).collect();
    let after = desk.put(Commit::onto(&talk, at(1), lines)).await;
    assert_eq!(after.seq, 2502);
    assert_eq!(desk.log(talk.id).await.len(), 2502);
    assert_eq!(desk.store.waiting_effects().await.unwrap(), 2500);
}

async fn hostile_text_comes_back_as_it_went_in(desk: Desk) {
    let words = "'; DROP TABLE event; -- \" \\ % _ \u{202e}\u{0} 😀 $1 ?1 {}";
    let address = "a'b\"c\\d%e_f😀";
    let talk = desk.put(opening(Channel::Discord, address, None, words)).await;
    assert_eq!(desk.read(talk.id).await, talk);
    assert_eq!(desk.store.current(Channel::Discord, address).await.unwrap(), Some(talk.id));
    assert!(matches!(&desk.log(talk.id).await[1].event, Event::Received { text, .. } if text == words));
}
