//! The console's list: what is where, in which order, on which page, found by which words.

use super::desk::{Desk, agent, at, customer, handed_off, opening_of, received, said};
use super::on_both;
use channels::Channel;
use deskhand::domain::conversation::Conversation;
use deskhand::domain::event::{Author, Event, Resolution};
use deskhand::domain::ids::{ConversationId, UserId};
use deskhand::domain::ticket::Priority;
use deskhand::ports::storage::{Commit, Counts, RowFilter, View};

on_both![
    the_queue_is_urgent_first_then_longest_waiting,
    other_views_are_newest_first_and_counted,
    the_bot_is_told_what_is_due_and_when,
    messages_without_an_outcome_are_found,
    pages_have_no_gaps_and_no_repeats,
    a_cursor_that_makes_no_sense_means_the_first_page,
    search_finds_names_addresses_and_last_lines,
    search_takes_hostile_words_literally,
    a_new_name_is_found_at_once,
    a_conversation_without_a_customer_record_is_listed,
];

fn filter(view: View) -> RowFilter {
    RowFilter { view, search: None, cursor: None, limit: 50 }
}

async fn list(desk: &Desk, filter: &RowFilter) -> Vec<ConversationId> {
    let page = desk.store.rows(filter).await.unwrap();
    page.items.into_iter().map(|row| row.conversation.id).collect()
}

async fn found(desk: &Desk, words: &str) -> Vec<ConversationId> {
    list(desk, &RowFilter { search: Some(words.into()), ..filter(View::All) }).await
}

async fn then(desk: &Desk, talk: &Conversation, seconds: i64, event: Event) -> Conversation {
    desk.put(Commit::onto(talk, at(seconds), vec![event])).await
}

async fn the_queue_is_urgent_first_then_longest_waiting(desk: Desk) {
    let mut queued = Vec::new();
    for (seconds, priority) in [
        (10, Priority::Low),
        (20, Priority::Urgent),
        (30, Priority::Normal),
        (15, Priority::Urgent),
        (5, Priority::High),
    ] {
        let talk = desk.talk(Channel::Web, "help").await;
        queued.push(then(&desk, &talk, seconds, handed_off(priority)).await.id);
    }
    desk.talk(Channel::Web, "not queued").await;
    let expected = [queued[3], queued[1], queued[4], queued[2], queued[0]];
    assert_eq!(list(&desk, &filter(View::Queue)).await, expected);
    // Writing again while waiting does not lose the place.
    let talk = desk.read(queued[3]).await;
    then(&desk, &talk, 100, received("hello?")).await;
    assert_eq!(list(&desk, &filter(View::Queue)).await, expected);
}

async fn other_views_are_newest_first_and_counted(desk: Desk) {
    let (ada, bob) = (agent("Ada"), agent("Bob"));
    let bot = desk.talk(Channel::Web, "with the bot").await;
    let talk = desk.talk(Channel::Web, "with Ada").await;
    let with_ada = then(&desk, &talk, 10, Event::TakenOver { by: ada.clone() }).await;
    let talk = desk.talk(Channel::Web, "with Bob").await;
    let with_bob = then(&desk, &talk, 20, Event::TakenOver { by: bob }).await;
    let talk = desk.talk(Channel::Web, "settled").await;
    let settled =
        then(&desk, &talk, 30, Event::Resolved { resolution: Resolution::Agent, by: Some(ada.clone()) })
            .await;
    let talk = desk.talk(Channel::Web, "waiting").await;
    let queued = then(&desk, &talk, 40, handed_off(Priority::Normal)).await;
    assert_eq!(list(&desk, &filter(View::Bot)).await, [bot.id]);
    assert_eq!(list(&desk, &filter(View::Human)).await, [with_bob.id, with_ada.id]);
    assert_eq!(list(&desk, &filter(View::Mine(ada.id))).await, [with_ada.id]);
    assert_eq!(list(&desk, &filter(View::Resolved)).await, [settled.id]);
    assert_eq!(
        list(&desk, &filter(View::All)).await,
        [queued.id, settled.id, with_bob.id, with_ada.id, bot.id]
    );
    let counts = Counts { queue: 1, mine: 1, human: 2, bot: 1, resolved: 1 };
    assert_eq!(desk.store.counts(ada.id).await.unwrap(), counts);
    let stranger = UserId(super::desk::id());
    assert_eq!(desk.store.counts(stranger).await.unwrap(), Counts { mine: 0, ..counts });
    // A released conversation leaves its human's list.
    let released = then(&desk, &with_ada, 50, Event::Released { by: ada.clone() }).await;
    assert_eq!(list(&desk, &filter(View::Mine(ada.id))).await, []);
    assert_eq!(list(&desk, &filter(View::Bot)).await, [released.id, bot.id]);
}

async fn the_bot_is_told_what_is_due_and_when(desk: Desk) {
    let first = desk.talk(Channel::Web, "one").await;
    let talk = desk.talk(Channel::Web, "two").await;
    let queued = then(&desk, &talk, 10, handed_off(Priority::Normal)).await;
    // The first waits since 0; the second is told at 600 what to expect.
    assert_eq!(desk.store.due(at(0), 10).await.unwrap(), [first.id]);
    assert_eq!(desk.store.next_due(at(0)).await.unwrap(), Some(at(600)));
    assert_eq!(desk.store.due(at(600), 10).await.unwrap(), [first.id, queued.id]);
    assert_eq!(desk.store.due(at(600), 1).await.unwrap(), [first.id]);
    assert_eq!(desk.store.next_due(at(600)).await.unwrap(), None);
    let told = then(&desk, &queued, 601, Event::WentOverdue).await;
    assert_eq!(desk.store.due(at(9999), 10).await.unwrap(), [first.id]);
    then(&desk, &told, 700, received("hello?")).await;
    assert_eq!(desk.store.due(at(9999), 10).await.unwrap(), [first.id, told.id]);
    assert_eq!(desk.store.next_due(at(650)).await.unwrap(), Some(at(700)));
}

async fn messages_without_an_outcome_are_found(desk: Desk) {
    let waiting = desk.talk(Channel::Web, "one").await;
    let answered = desk.talk(Channel::Web, "two").await;
    assert_eq!(desk.store.unanswered(at(1), 10).await.unwrap(), [waiting.id, answered.id]);
    let mut answer = said(Author::Bot, "here you are");
    if let Event::Said { answers, .. } = &mut answer {
        *answers = Some(2);
    }
    then(&desk, &answered, 5, answer).await;
    assert_eq!(desk.store.unanswered(at(1), 10).await.unwrap(), [waiting.id]);
    assert_eq!(desk.store.unanswered(at(0), 10).await.unwrap(), []);
}

async fn pages_have_no_gaps_and_no_repeats(desk: Desk) {
    for number in 0..57_i64 {
        let talk = desk.talk(Channel::Web, "help").await;
        let priority =
            [Priority::Low, Priority::Urgent, Priority::Normal][usize::try_from(number % 3).unwrap()];
        // Many share a moment, so that only the id tells them apart.
        then(&desk, &talk, number / 10, handed_off(priority)).await;
    }
    for view in [View::Queue, View::All] {
        let whole = list(&desk, &RowFilter { limit: 200, ..filter(view) }).await;
        assert_eq!(whole.len(), 57);
        let (mut paged, mut cursor, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = desk.store.rows(&RowFilter { cursor, limit: 10, ..filter(view) }).await.unwrap();
            paged.extend(page.items.into_iter().map(|row| row.conversation.id));
            pages += 1;
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(paged, whole, "{view:?}");
        assert_eq!(pages, 6);
    }
    let exactly = desk.store.rows(&RowFilter { limit: 57, ..filter(View::All) }).await.unwrap();
    assert_eq!(exactly.next, None);
}

async fn a_cursor_that_makes_no_sense_means_the_first_page(desk: Desk) {
    for _ in 0..3 {
        desk.talk(Channel::Web, "help").await;
    }
    let first = list(&desk, &filter(View::All)).await;
    let page = desk.store.rows(&RowFilter { limit: 1, ..filter(View::All) }).await.unwrap();
    let good = page.next.unwrap();
    let half = good[..good.len() / 2].to_owned();
    let hostile = hex::encode("n:0:0:' OR 1=1 --\0");
    for cursor in ["", "zz", "€€€", "00", "6e3a", &half, &hostile, "' OR 1=1 --"] {
        let asked = RowFilter { cursor: Some(cursor.to_owned()), ..filter(View::All) };
        assert_eq!(list(&desk, &asked).await, first, "{cursor:?}");
    }
    // A cursor of another list is of no use in this one.
    let talk = desk.read(first[0]).await;
    then(&desk, &talk, 1, handed_off(Priority::Urgent)).await;
    let asked = RowFilter { cursor: Some(good), ..filter(View::Queue) };
    assert_eq!(list(&desk, &asked).await, [first[0]]);
}

async fn search_finds_names_addresses_and_last_lines(desk: Desk) {
    let ada = customer(Some("Ada Löwe"), Some("ada@Example.com"));
    desk.store.put_customer(ada.clone(), at(0)).await.unwrap();
    let hers = desk.put(opening_of(ada.id, Channel::Web, "v1", None, "My invoice is WRONG")).await;
    let other = desk.talk(Channel::Web, "Where is my invoice?").await;
    let other = then(&desk, &other, 1, said(Author::Bot, "In the mail.")).await;
    assert_eq!(found(&desk, "LÖWE").await, [hers.id]);
    assert_eq!(found(&desk, "ada@example.COM").await, [hers.id]);
    assert_eq!(found(&desk, "wrong").await, [hers.id]);
    assert_eq!(found(&desk, "in the mail").await, [other.id]);
    assert_eq!(found(&desk, "invoice").await, [other.id, hers.id]);
    // Every word must be somewhere, each where it likes.
    assert_eq!(found(&desk, "  invoice   löwe ").await, [hers.id]);
    assert_eq!(found(&desk, "invoice refund").await, []);
    assert_eq!(found(&desk, "   ").await, [other.id, hers.id]);
    let bots = RowFilter { search: Some("invoice".into()), ..filter(View::Resolved) };
    assert_eq!(list(&desk, &bots).await, []);
}

async fn search_takes_hostile_words_literally(desk: Desk) {
    let words = ["100%", "snake_case", "it's", "say\"so\"", "back\\slash", "bang!", "😀", "$1"];
    let mut talks = Vec::new();
    for word in words {
        talks.push(desk.talk(Channel::Web, &format!("before {word} after")).await.id);
    }
    desk.talk(Channel::Web, "100 snakeXcase backslash").await;
    for (word, talk) in words.iter().zip(talks) {
        assert_eq!(found(&desk, word).await, [talk], "{word}");
    }
    assert_eq!(found(&desk, "%%%%").await, []);
    assert_eq!(found(&desk, "a\0b").await, []);
    assert_eq!(found(&desk, &"q7 ".repeat(50_000)).await, []);
    assert_eq!(found(&desk, &"%_".repeat(50_000)).await, []);
}

async fn a_new_name_is_found_at_once(desk: Desk) {
    let mut guest = customer(None, None);
    desk.store.put_customer(guest.clone(), at(0)).await.unwrap();
    let talk = desk.put(opening_of(guest.id, Channel::Web, "v1", None, "hi")).await;
    assert_eq!(found(&desk, "grace").await, []);
    guest.name = Some("Grace".into());
    desk.store.put_customer(guest.clone(), at(1)).await.unwrap();
    assert_eq!(found(&desk, "grace").await, [talk.id]);
    assert_eq!(desk.store.row(talk.id).await.unwrap().unwrap().customer, guest);
    guest.name = Some("Hopper".into());
    desk.store.put_customer(guest, at(2)).await.unwrap();
    assert_eq!(found(&desk, "grace").await, []);
}

async fn a_conversation_without_a_customer_record_is_listed(desk: Desk) {
    let talk = desk.talk(Channel::Web, "who am I?").await;
    let row = desk.store.row(talk.id).await.unwrap().expect("a row");
    assert_eq!(row.customer.id, talk.customer);
    assert_eq!(row.conversation, talk);
    assert_eq!(found(&desk, "who").await, [talk.id]);
    assert_eq!(desk.store.row(ConversationId(super::desk::id())).await.unwrap(), None);
}
