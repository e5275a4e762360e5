//! Agents, admins, and everybody's sessions.

use super::desk::{Desk, at, id};
use super::on_both;
use deskhand::domain::ids::UserId;
use deskhand::domain::person::Role;
use deskhand::ports::storage::{Session, SessionKind, User};

on_both![
    a_person_is_found_by_address_in_any_case,
    the_same_address_again_changes_the_person_and_keeps_the_id,
    people_are_listed_by_name,
    a_session_opens_only_what_it_is_for_and_only_until_it_ends,
    a_session_is_noted_as_used_and_never_as_used_earlier,
    a_link_works_once_even_when_followed_sixteen_times_at_once,
    signing_somebody_out_leaves_others_in,
    ended_sessions_are_swept,
];

fn person(email: &str, name: &str) -> User {
    User {
        id: UserId(id()),
        email: email.into(),
        name: name.into(),
        role: Role::Agent,
        password: Some("$argon2id$…".into()),
    }
}

fn session(hash: &str, kind: SessionKind, subject: uuid::Uuid) -> Session {
    Session { hash: hash.into(), kind, subject, expires_at: at(3600), used_at: at(0) }
}

async fn a_person_is_found_by_address_in_any_case(desk: Desk) {
    let ada = person("ada@example.com", "Ada");
    assert_eq!(desk.store.put_user(ada.clone(), at(0)).await.unwrap(), ada.id);
    assert_eq!(desk.store.user_by_email("Ada@Example.COM").await.unwrap(), Some(ada.clone()));
    assert_eq!(desk.store.user(ada.id).await.unwrap(), Some(ada));
    assert_eq!(desk.store.user_by_email("' OR 1=1 --").await.unwrap(), None);
    assert_eq!(desk.store.user(UserId(id())).await.unwrap(), None);
}

async fn the_same_address_again_changes_the_person_and_keeps_the_id(desk: Desk) {
    let ada = person("ada@example.com", "Ada");
    desk.store.put_user(ada.clone(), at(0)).await.unwrap();
    let changed = User { role: Role::Admin, password: None, ..person("ADA@example.com", "Ada L.") };
    assert_eq!(desk.store.put_user(changed.clone(), at(1)).await.unwrap(), ada.id);
    let expected = User { id: ada.id, email: ada.email, ..changed };
    assert_eq!(desk.store.users().await.unwrap(), [expected]);
}

async fn people_are_listed_by_name(desk: Desk) {
    for (email, name) in [("1@x", "zoe"), ("2@x", "Émile"), ("3@x", "Bob"), ("4@x", "ada"), ("5@x", "bob")] {
        desk.store.put_user(person(email, name), at(0)).await.unwrap();
    }
    let names: Vec<_> = desk.store.users().await.unwrap().into_iter().map(|user| user.name).collect();
    assert_eq!(names, ["ada", "Bob", "bob", "zoe", "Émile"]);
}

async fn a_session_opens_only_what_it_is_for_and_only_until_it_ends(desk: Desk) {
    let visitor = session("aa", SessionKind::Visitor, id());
    desk.store.put_session(visitor.clone()).await.unwrap();
    let found = |hash: &'static str, kind, now| {
        let store = desk.store.clone();
        async move { store.session(hash, kind, now).await.unwrap() }
    };
    assert_eq!(found("aa", SessionKind::Visitor, at(10)).await, Some(visitor));
    assert_eq!(found("aa", SessionKind::Console, at(10)).await, None);
    assert_eq!(found("bb", SessionKind::Visitor, at(10)).await, None);
    assert_eq!(found("aa", SessionKind::Visitor, at(3600)).await, None);
}

async fn a_session_is_noted_as_used_and_never_as_used_earlier(desk: Desk) {
    desk.store.put_session(session("aa", SessionKind::Console, id())).await.unwrap();
    desk.store.touch_session("aa", at(60)).await.unwrap();
    desk.store.touch_session("aa", at(30)).await.unwrap();
    desk.store.touch_session("nobody's", at(30)).await.unwrap();
    let found = desk.store.session("aa", SessionKind::Console, at(61)).await.unwrap().unwrap();
    assert_eq!(found.used_at, at(60));
}

async fn a_link_works_once_even_when_followed_sixteen_times_at_once(desk: Desk) {
    desk.store.put_session(session("cc", SessionKind::Link, id())).await.unwrap();
    let uses: Vec<_> = (0..16)
        .map(|_| {
            let store = desk.store.clone();
            tokio::spawn(async move { store.end_session("cc").await.unwrap() })
        })
        .collect();
    let mut worked = 0;
    for used in uses {
        worked += u32::from(used.await.unwrap());
    }
    assert_eq!(worked, 1);
}

async fn signing_somebody_out_leaves_others_in(desk: Desk) {
    let (ada, bob) = (id(), id());
    for (hash, kind, subject) in [
        ("a1", SessionKind::Console, ada),
        ("a2", SessionKind::Console, ada),
        ("a3", SessionKind::Link, ada),
        ("a4", SessionKind::Visitor, ada),
        ("b1", SessionKind::Console, bob),
    ] {
        desk.store.put_session(session(hash, kind, subject)).await.unwrap();
    }
    desk.store.end_sessions_of(UserId(ada)).await.unwrap();
    let mut left = Vec::new();
    for (hash, kind) in [
        ("a1", SessionKind::Console),
        ("a2", SessionKind::Console),
        ("a3", SessionKind::Link),
        ("a4", SessionKind::Visitor),
        ("b1", SessionKind::Console),
    ] {
        left.extend(desk.store.session(hash, kind, at(1)).await.unwrap().map(|session| session.hash));
    }
    assert_eq!(left, ["a4", "b1"]);
}

async fn ended_sessions_are_swept(desk: Desk) {
    desk.store.put_session(session("old", SessionKind::Console, id())).await.unwrap();
    let long = Session { expires_at: at(9999), ..session("long", SessionKind::Console, id()) };
    desk.store.put_session(long).await.unwrap();
    desk.store.sweep_sessions(at(3600)).await.unwrap();
    assert!(!desk.store.end_session("old").await.unwrap());
    assert!(desk.store.end_session("long").await.unwrap());
}
