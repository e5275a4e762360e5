//! One-time codes: counted, taken once, and forgotten.

use super::desk::{Desk, at};
use super::on_both;
use channels::Channel;
use deskhand::domain::ids::{CustomerId, Place};
use deskhand::ports::storage::{Claims, CodeTry, IssuedCode};
use uuid::Uuid;

on_both![
    a_code_is_taken_once_and_only_while_it_is_good,
    a_message_counts_once_and_no_more_than_may,
    many_at_once_do_not_get_more_tries,
    claims_are_counted_by_customer_and_by_account,
];

fn customer(number: u128) -> CustomerId {
    CustomerId(Uuid::from_u128(number))
}

async fn issued(desk: &Desk, seq: i64) -> IssuedCode {
    let talk = desk.talk(Channel::Web, &format!("talk {seq}")).await;
    let place = Place { conversation: talk.id, seq };
    let code = IssuedCode {
        customer: customer(1),
        place,
        hash: "h\u{e9}".to_owned(),
        account: "{}".to_owned(),
        expires_at: at(600),
    };
    desk.store.put_code(code.clone()).await.unwrap();
    code
}

async fn a_code_is_taken_once_and_only_while_it_is_good(desk: Desk) {
    let code = issued(&desk, 5).await;
    assert_eq!(desk.store.code(customer(1), at(599)).await.unwrap(), Some(code.clone()));
    assert_eq!(desk.store.code(customer(1), at(600)).await.unwrap(), None);
    assert_eq!(desk.store.code(customer(2), at(1)).await.unwrap(), None);
    let tried = |by: &'static str, right| desk.store.try_code(code.place, customer(1), by, right, 5);
    assert_eq!(tried("m1", true).await.unwrap(), CodeTry::Counted(1));
    assert_eq!(tried("m1", true).await.unwrap(), CodeTry::Before { taken: true, tries: 1 });
    assert_eq!(tried("m2", true).await.unwrap(), CodeTry::Gone, "it works once");
    let next = issued(&desk, 6).await;
    assert_eq!(tried("m3", true).await.unwrap(), CodeTry::Gone, "another took its place");
    let tried = desk.store.try_code(next.place, customer(1), "m3", true, 5).await;
    assert_eq!(tried.unwrap(), CodeTry::Counted(1));
}

async fn a_message_counts_once_and_no_more_than_may(desk: Desk) {
    let code = issued(&desk, 5).await;
    let tried = |by: &'static str, right| desk.store.try_code(code.place, customer(1), by, right, 2);
    assert_eq!(tried("m1", false).await.unwrap(), CodeTry::Counted(1));
    assert_eq!(tried("m1", false).await.unwrap(), CodeTry::Before { taken: false, tries: 1 });
    assert_eq!(tried("m2", false).await.unwrap(), CodeTry::Counted(2));
    assert_eq!(tried("m3", true).await.unwrap(), CodeTry::Gone);
}

async fn many_at_once_do_not_get_more_tries(desk: Desk) {
    let code = issued(&desk, 5).await;
    let store = &desk.store;
    let tries = (0..20).map(|number| {
        let place = code.place;
        async move { store.try_code(place, customer(1), &format!("m{number}"), false, 5).await.unwrap() }
    });
    let all = futures::future::join_all(tries).await;
    assert_eq!(all.iter().filter(|tried| matches!(tried, CodeTry::Counted(_))).count(), 5);
}

async fn claims_are_counted_by_customer_and_by_account(desk: Desk) {
    let talk = desk.talk(Channel::Web, "talk").await;
    let place = |seq| Place { conversation: talk.id, seq };
    for (seq, by, claim, when) in
        [(1, 1, "email:a", 10), (2, 1, "email:b", 20), (3, 2, "email:a", 30), (3, 2, "email:a", 40)]
    {
        desk.store.note_claim(place(seq), customer(by), claim, at(when), at(0)).await.unwrap();
    }
    let claims = |by, claim: &'static str, since| desk.store.claims(customer(by), claim, at(since));
    assert_eq!(claims(1, "email:a", 0).await.unwrap(), Claims { by_customer: 2, for_account: 2 });
    assert_eq!(claims(2, "email:a", 15).await.unwrap(), Claims { by_customer: 1, for_account: 1 });
    desk.store.withdraw_claim(place(3)).await.unwrap();
    assert_eq!(claims(2, "email:a", 0).await.unwrap(), Claims { by_customer: 0, for_account: 1 });
    desk.store.note_claim(place(9), customer(3), "email:c", at(50), at(15)).await.unwrap();
    assert_eq!(
        claims(1, "email:a", 0).await.unwrap(),
        Claims { by_customer: 1, for_account: 0 },
        "the old are forgotten"
    );
}
