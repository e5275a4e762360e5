//! Effects: asked for with the events that cause them, done in order, by one, and never forgotten.

use super::desk::{Desk, agent, at, notify, received, said};
use super::on_both;
use channels::{Channel, Choice};
use deskhand::domain::effect::{Effect, Outcome};
use deskhand::domain::event::{Author, Event};
use deskhand::domain::ids::Place;
use deskhand::ports::storage::{Commit, CommitError, Count, Item};
use std::collections::BTreeSet;
use std::future::Future as _;
use std::task::{Context, Waker};

on_both![
    what_is_said_on_a_platform_is_to_be_sent,
    what_is_said_on_the_web_is_not_to_be_sent,
    effects_of_a_conversation_come_one_after_another,
    a_claimed_effect_is_nobody_elses,
    a_finished_effect_cannot_be_finished_again,
    an_effect_put_back_waits_and_holds_the_next_one_up,
    parts_that_have_gone_out_are_remembered_and_waiting_is_no_try,
    a_webhook_that_is_away_holds_up_no_answer,
    what_a_dead_process_was_sending_is_reported_and_not_claimed,
    a_claim_whose_caller_went_away_is_claimed_again,
    many_claimers_share_the_work_without_sharing_an_effect,
    the_beginning_of_a_try_is_known_to_the_next_one,
    a_dead_letter_waits_for_somebody_and_holds_up_only_its_ticket,
];

fn finish(talk: &deskhand::domain::conversation::Conversation, place: Place) -> Commit {
    let outcome = Outcome::Delivered { external_id: "9".into(), perhaps_twice: false };
    Commit::onto(talk, at(50), vec![Event::Finished { effect: place.seq, outcome }]).finishing(place)
}

fn places(items: &[Item]) -> Vec<Place> {
    items.iter().map(|item| item.place).collect()
}

async fn what_is_said_on_a_platform_is_to_be_sent(desk: Desk) {
    let talk = desk.talk(Channel::Telegram, "hi").await;
    let yes = Choice { id: "yes".into(), label: "Yes".into() };
    let mut question = said(Author::Bot, "Did that help?");
    if let Event::Said { choices, .. } = &mut question {
        choices.push(yes.clone());
    }
    let lines =
        vec![question, said(Author::Agent(agent("Ada")), "I'm here"), said(Author::System, "Ada joined")];
    let mut talk = desk.put(Commit::onto(&talk, at(1), lines)).await;
    assert_eq!(desk.store.waiting_effects().await.unwrap(), 3);
    let mut sent = Vec::new();
    while let Some(item) = desk.store.claim(at(2), 10).await.unwrap().pop() {
        talk = desk.put(finish(&talk, item.place)).await;
        let Effect::Send { author, text, choices, by_bot, .. } = item.effect else { panic!("{item:?}") };
        sent.push((item.place.seq, author, text, choices, by_bot));
    }
    assert_eq!(
        sent,
        [
            (3, "bot".into(), "Did that help?".into(), vec![yes], true),
            (4, "Ada".into(), "I'm here".into(), vec![], false),
            (5, "system".into(), "Ada joined".into(), vec![], false),
        ]
    );
}

async fn what_is_said_on_the_web_is_not_to_be_sent(desk: Desk) {
    let talk = desk.talk(Channel::Web, "hi").await;
    desk.put(Commit::onto(&talk, at(1), vec![said(Author::Bot, "Hello"), notify("a visitor")])).await;
    let items = desk.store.claim(at(1), 10).await.unwrap();
    assert_eq!(items.len(), 1);
    assert_eq!(items[0].place, Place { conversation: talk.id, seq: 4 });
    assert!(matches!(&items[0].effect, Effect::Notify { text, .. } if text == "a visitor"));
}

async fn effects_of_a_conversation_come_one_after_another(desk: Desk) {
    let one = desk.talk(Channel::Web, "one").await;
    let one = desk.put(Commit::onto(&one, at(1), vec![notify("1a"), notify("1b")])).await;
    let two = desk.talk(Channel::Web, "two").await;
    let two = desk.put(Commit::onto(&two, at(2), vec![notify("2a"), notify("2b")])).await;
    // Not before its time.
    assert_eq!(desk.store.claim(at(0), 10).await.unwrap(), []);
    assert_eq!(desk.store.next_effect_due(at(0)).await.unwrap(), Some(at(1)));
    let first = desk.store.claim(at(2), 10).await.unwrap();
    let heads = [Place { conversation: one.id, seq: 3 }, Place { conversation: two.id, seq: 3 }];
    assert_eq!(places(&first), heads);
    assert_eq!(desk.store.claim(at(2), 10).await.unwrap(), []);
    desk.put(finish(&one, heads[0])).await;
    let second = desk.store.claim(at(2), 10).await.unwrap();
    assert_eq!(places(&second), [Place { conversation: one.id, seq: 4 }]);
    assert_eq!(desk.store.waiting_effects().await.unwrap(), 3);
}

async fn a_claimed_effect_is_nobody_elses(desk: Desk) {
    for word in ["a", "b", "c"] {
        let talk = desk.talk(Channel::Web, word).await;
        desk.put(Commit::onto(&talk, at(1), vec![notify(word)])).await;
    }
    let two = desk.store.claim(at(1), 2).await.unwrap();
    let one = desk.store.claim(at(1), 2).await.unwrap();
    assert_eq!((two.len(), one.len()), (2, 1));
    let all: BTreeSet<_> = places(&two).into_iter().chain(places(&one)).collect();
    assert_eq!(all.len(), 3);
    assert_eq!(desk.store.claim(at(9), 10).await.unwrap(), []);
    // An engine that begins now finds what the one before it was doing.
    let left: BTreeSet<_> = places(&desk.store.interrupted().await.unwrap()).into_iter().collect();
    assert_eq!(left, all);
}

async fn a_finished_effect_cannot_be_finished_again(desk: Desk) {
    let talk = desk.talk(Channel::Web, "hi").await;
    let talk = desk.put(Commit::onto(&talk, at(1), vec![notify("x")])).await;
    let place = Place { conversation: talk.id, seq: 3 };
    // Nobody has claimed it yet.
    assert_eq!(desk.store.commit(finish(&talk, place)).await, Err(CommitError::Conflict));
    desk.store.claim(at(1), 1).await.unwrap();
    let done = desk.put(finish(&talk, place)).await;
    assert_eq!(desk.store.commit(finish(&done, place)).await, Err(CommitError::Conflict));
    assert_eq!(desk.read(talk.id).await, done);
    assert_eq!(desk.store.waiting_effects().await.unwrap(), 0);
}

async fn an_effect_put_back_waits_and_holds_the_next_one_up(desk: Desk) {
    let talk = desk.talk(Channel::Web, "hi").await;
    let talk = desk.put(Commit::onto(&talk, at(1), vec![notify("x"), notify("y")])).await;
    let place = Place { conversation: talk.id, seq: 3 };
    for attempt in 0..3 {
        let now = at(1 + 100 * attempt);
        let items = desk.store.claim(now, 10).await.unwrap();
        assert_eq!(places(&items), [place]);
        assert_eq!(items[0].attempts, attempt);
        desk.store.put_back(place, at(101 + 100 * attempt), "it's down: 503 \0", Count::Tried).await.unwrap();
        // The later one could go, but must not overtake.
        assert_eq!(desk.store.claim(now, 10).await.unwrap(), []);
        assert_eq!(desk.store.next_effect_due(now).await.unwrap(), Some(at(101 + 100 * attempt)));
    }
    // A commit that comes too late for a row that was put back.
    assert_eq!(desk.store.commit(finish(&talk, place)).await, Err(CommitError::Conflict));
    assert_eq!(desk.store.interrupted().await.unwrap(), []);
}

async fn parts_that_have_gone_out_are_remembered_and_waiting_is_no_try(desk: Desk) {
    let talk = desk.talk(Channel::Telegram, "hi").await;
    let talk = desk.put(Commit::onto(&talk, at(1), vec![said(Author::Bot, "a long one")])).await;
    let place = Place { conversation: talk.id, seq: 3 };
    desk.store.claim(at(1), 1).await.unwrap();
    desk.store.progressed(place, 2).await.unwrap();
    desk.store.put_back(place, at(2), "429", Count::Waited).await.unwrap();
    let again = desk.store.claim(at(2), 1).await.unwrap();
    assert_eq!((again[0].attempts, again[0].progress, again[0].doubts), (0, 2, 0));
}

async fn a_webhook_that_is_away_holds_up_no_answer(desk: Desk) {
    let talk = desk.talk(Channel::Telegram, "hi").await;
    let talk = desk.put(Commit::onto(&talk, at(1), vec![notify("x"), said(Author::Bot, "hello")])).await;
    let items = desk.store.claim(at(1), 10).await.unwrap();
    assert_eq!(items.len(), 2);
    desk.store.put_back(Place { conversation: talk.id, seq: 3 }, at(900), "503", Count::Tried).await.unwrap();
    let talk = desk.put(finish(&talk, Place { conversation: talk.id, seq: 4 })).await;
    desk.put(Commit::onto(&talk, at(2), vec![said(Author::Bot, "and more")])).await;
    assert_eq!(
        places(&desk.store.claim(at(3), 10).await.unwrap()),
        [Place { conversation: talk.id, seq: 6 }]
    );
}

async fn what_a_dead_process_was_sending_is_reported_and_not_claimed(desk: Desk) {
    let one = desk.talk(Channel::Telegram, "one").await;
    let one =
        desk.put(Commit::onto(&one, at(1), vec![said(Author::Bot, "1a"), said(Author::Bot, "1b")])).await;
    let two = desk.talk(Channel::Telegram, "two").await;
    let two = desk.put(Commit::onto(&two, at(1), vec![said(Author::Bot, "2a")])).await;
    let waiting = desk.talk(Channel::Telegram, "three").await;
    let claimed = desk.store.claim(at(1), 10).await.unwrap();
    let desk = desk.reopened().await;
    desk.put(Commit::onto(&waiting, at(1), vec![said(Author::Bot, "3a")])).await;
    let interrupted = desk.store.interrupted().await.unwrap();
    assert_eq!(interrupted, claimed);
    // They are in doubt: nobody claims them, nor what comes after them.
    let free = desk.store.claim(at(9), 10).await.unwrap();
    assert_eq!(places(&free), [Place { conversation: waiting.id, seq: 3 }]);
    let place_one = Place { conversation: one.id, seq: 3 };
    let in_doubt =
        Event::Finished { effect: 3, outcome: Outcome::InDoubt { cause: "the process ended".into() } };
    desk.put(Commit::onto(&one, at(5), vec![in_doubt]).finishing(place_one)).await;
    let place_two = Place { conversation: two.id, seq: 3 };
    desk.store.put_back(place_two, at(6), "the process ended", Count::InDoubt).await.unwrap();
    // Of the dead process nothing is left; what this one claimed meanwhile is its own.
    assert_eq!(desk.store.interrupted().await.unwrap(), free);
    let again = desk.store.claim(at(9), 10).await.unwrap();
    assert_eq!(places(&again), [Place { conversation: one.id, seq: 4 }, place_two]);
    assert_eq!((again[1].attempts, again[1].doubts), (1, 1));
}

async fn a_claim_whose_caller_went_away_is_claimed_again(desk: Desk) {
    for round in 0..20 {
        let talk = desk.talk(Channel::Web, "hi").await;
        let talk = desk.put(Commit::onto(&talk, at(1), vec![notify("x")])).await;
        let mut abandoned = Box::pin(desk.store.claim(at(1), 10));
        let mut heard = false;
        for _ in 0..=round % 4 {
            heard = abandoned.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
            if heard {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(abandoned);
        if heard {
            // It was answered after all: nothing to take back in this round.
            desk.store
                .put_back(Place { conversation: talk.id, seq: 3 }, at(1), "", Count::Tried)
                .await
                .unwrap();
        }
        // Postgres may still be rolling the abandoned one back, or committing it.
        let mut item = None;
        for _ in 0..2_000 {
            item = desk.store.claim(at(1), 10).await.unwrap().pop();
            if item.is_some() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        let item = item.expect("the effect to be claimed again");
        assert_eq!(item.attempts, i64::from(heard), "nothing was sent in between");
        desk.put(finish(&talk, item.place)).await;
    }
}

async fn many_claimers_share_the_work_without_sharing_an_effect(desk: Desk) {
    for _ in 0..40 {
        let talk = desk.talk(Channel::Web, "hi").await;
        desk.put(Commit::onto(&talk, at(1), vec![notify("x"), notify("y"), received("z")])).await;
    }
    let claimers: Vec<_> = (0..8)
        .map(|_| {
            let store = desk.store.clone();
            tokio::spawn(async move {
                let mut done = Vec::new();
                loop {
                    let items = store.claim(at(1), 3).await.unwrap();
                    if items.is_empty() && store.waiting_effects().await.unwrap() == 0 {
                        return done;
                    }
                    for item in items {
                        let talk = store.conversation(item.place.conversation).await.unwrap().unwrap();
                        store.commit(finish(&talk, item.place)).await.unwrap();
                        done.push(item.place);
                    }
                }
            })
        })
        .collect();
    let mut done = Vec::new();
    for claimer in claimers {
        done.extend(claimer.await.unwrap());
    }
    assert_eq!(done.len(), 80);
    assert_eq!(done.iter().collect::<BTreeSet<_>>().len(), 80);
}

/// A system takes no word of ours, and nobody knows whether it took the ticket: the next try knows when that was.
async fn the_beginning_of_a_try_is_known_to_the_next_one(desk: Desk) {
    let talk = desk.talk(Channel::Web, "hi").await;
    desk.put(Commit::onto(&talk, at(1), vec![notify("1")])).await;
    let first = desk.store.claim(at(10), 1).await.unwrap().remove(0);
    assert_eq!((first.asked_at, first.began, first.tried), (at(1), at(10), None));
    desk.store.put_back(first.place, at(20), "refused", Count::Tried).await.unwrap();
    let second = desk.store.claim(at(20), 1).await.unwrap().remove(0);
    assert_eq!((second.began, second.tried), (at(20), None), "what was surely not done leaves no doubt");
    desk.store.put_back(second.place, at(30), "cut", Count::InDoubt).await.unwrap();
    let third = desk.store.claim(at(30), 1).await.unwrap().remove(0);
    assert_eq!((third.began, third.tried), (at(30), Some(at(20))));
    desk.store.put_back(third.place, at(40), "wait", Count::Waited).await.unwrap();
    let fourth = desk.store.claim(at(40), 1).await.unwrap().remove(0);
    assert_eq!((fourth.tried, fourth.attempts), (Some(at(20)), 2), "waiting is no try");
}

async fn a_dead_letter_waits_for_somebody_and_holds_up_only_its_ticket(desk: Desk) {
    let comment = |ticket: &str, text: &str| Event::Requested {
        effect: Effect::Comment { ticket: ticket.into(), text: text.into(), status: None, priority: None },
    };
    let talk = desk.talk(Channel::Web, "hi").await;
    let asked = vec![comment("T-1", "a"), comment("T-1", "b"), comment("T-2", "c")];
    let talk = desk.put(Commit::onto(&talk, at(1), asked)).await;
    let claimed = desk.store.claim(at(2), 10).await.unwrap();
    assert_eq!(claimed.len(), 2, "one for each ticket");
    let place = Place { conversation: talk.id, seq: 3 };
    let failed = Event::Finished { effect: 3, outcome: Outcome::Failed { cause: "503".into() } };
    let mut commit = Commit::onto(&talk, at(3), vec![failed]);
    commit.buries = Some((place, "503".into()));
    let talk = desk.put(commit).await;
    let talk = desk.put(finish(&talk, Place { seq: 5, ..place })).await;

    assert!(desk.store.claim(at(99), 10).await.unwrap().is_empty(), "what comes after it waits");
    assert_eq!(
        (desk.store.dead_letters().await.unwrap(), desk.store.waiting_effects().await.unwrap()),
        (1, 1)
    );
    let page = desk.store.letters(None, 10).await.unwrap();
    let letter = &page.items[0];
    assert_eq!((letter.place, letter.cause.as_str(), letter.behind), (place, "503", 1));
    assert_eq!((letter.asked_at, letter.died_at, letter.attempts), (at(1), at(3), 1));
    assert_eq!(desk.store.letter(place).await.unwrap().as_ref(), Some(letter));

    let again = |again| Event::Redriven { effect: 3, again, by: agent("Ben") };
    let talk = desk.put(Commit::onto(&talk, at(100), vec![again(true)])).await;
    assert_eq!(desk.store.dead_letters().await.unwrap(), 0);
    let item = desk.store.claim(at(100), 10).await.unwrap().remove(0);
    assert!(
        item.place == place && item.redriven && item.attempts == 0 && item.tried == Some(at(2)),
        "{item:?}"
    );
    // Nobody decides about what is no dead letter.
    let twice = desk.store.commit(Commit::onto(&talk, at(101), vec![again(true)])).await;
    assert_eq!(twice.unwrap_err(), CommitError::Conflict);

    let mut commit = Commit::onto(&talk, at(102), vec![received("Hello?")]);
    commit.buries = Some((place, "503".into()));
    let talk = desk.put(commit).await;
    desk.put(Commit::onto(&talk, at(103), vec![again(false)])).await;
    assert_eq!(desk.store.letter(place).await.unwrap(), None);
    let next = desk.store.claim(at(104), 10).await.unwrap();
    assert_eq!(places(&next), [Place { seq: 4, ..place }], "given up: the next one may go");
}
