//! Dead letters, as an admin sees and decides about them.

use super::support::{redmine, tickets, until};
use crate::support::app::App;
use crate::support::world::{World, shipped};
use deskhand::domain::person::Role;
use fakes::tickets::Faults;
use serde_json::{Value, json};
use std::time::Duration;

/// A desk whose ticket system refuses, with one ticket that it did not take.
async fn refused() -> (App, fakes::tickets::TicketFake, String) {
    let (fake, tracker) = redmine(Faults { refused: 1.0, ..Faults::default() }).await;
    let storage = deskhand::store::open("sqlite::memory:").await.unwrap();
    let world = World::beside(storage, None, shipped(), true, Some(tracker)).await;
    let ticketing = world.desk.ticketing.clone();
    let app = App::over(world, |server| server.ticketing = ticketing);
    let token = app.visitor().await;
    app.says(&token, "m1", "I can't log in to my account").await;
    app.says(&token, "m2", "ada@example.com").await;
    until("the dead letter", async || app.world.ledger.storage.dead_letters().await.unwrap() == 1).await;
    (app, fake, token)
}

async fn letters(app: &App, cookie: &str) -> Vec<Value> {
    let answer = app.get("/api/v1/letters").cookie(cookie).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_ticket_that_is_refused_there_stands_here_and_is_tried_again_when_an_admin_says_so() {
    let (app, fake, token) = refused().await;
    let seen = app.sees(&token).await;
    assert!(
        seen.iter().any(|event| event["text"].as_str().is_some_and(|text| text.contains("T-1001"))),
        "the customer was told our number: {seen:?}"
    );
    let ready = app.get("/readyz").send().await.json();
    let part = ready["parts"].as_array().unwrap().iter().find(|part| part["part"] == "dead letters").unwrap();
    assert!(part["state"] == "degraded" && part["detail"].as_str().unwrap().starts_with("1 "), "{part}");

    let cookie = app.signed_in("Ada", Role::Admin).await;
    let shown = letters(&app, &cookie).await;
    let letter = &shown[0];
    assert_eq!((&letter["kind"], &letter["attempts"]), (&json!("mirror"), &json!(1)), "{letter}");
    assert!(letter["cause"].as_str().unwrap().contains("422"), "{letter}");
    let retry = format!("/api/v1/letters/{}/retry", letter["id"].as_str().unwrap());
    // It is asked for by the desk's own page, by an admin, or not at all.
    assert_eq!(app.post(&retry, json!({})).cookie(&cookie).send().await.status, 403);
    let ben = app.signed_in("Ben", Role::Agent).await;
    assert_eq!(app.post(&retry, json!({})).cookie(&ben).own_page().send().await.status, 403);

    fake.desk.will(Faults::default());
    assert_eq!(app.post(&retry, json!({})).cookie(&cookie).own_page().send().await.status, 204);
    // Its last try may have done it, so it is looked for until that must have come to light.
    for _ in 0..40 {
        app.world.clock_seconds(1);
        tokio::time::sleep(Duration::from_millis(50)).await;
        if tickets(&app.world).await[0].outside.is_some() {
            break;
        }
    }
    app.world.settles().await;
    assert_eq!(fake.desk.tickets().len(), 1);
    assert!(letters(&app, &cookie).await.is_empty());
    let again = app.post(&retry, json!({})).cookie(&cookie).own_page().send().await;
    again.is_problem(404, "not-found");
    let history = app.get("/api/v1/tickets/T-1001").cookie(&cookie).send().await.json();
    let lines: Vec<&str> =
        history["history"].as_array().unwrap().iter().filter_map(|line| line["what"].as_str()).collect();
    assert!(lines[0].starts_with("Opened: ") && lines[1] == "Stands in redmine as #1", "{lines:?}");
}

#[tokio::test]
async fn a_letter_that_is_given_up_is_gone_and_the_comments_behind_it_say_why_they_were_not_made() {
    let (app, fake, _) = refused().await;
    let cookie = app.signed_in("Ada", Role::Admin).await;
    let comment = json!({"id": "c1", "text": "Called them."});
    for _ in 0..2 {
        let call = app.post("/api/v1/tickets/T-1001/comments", comment.clone());
        assert_eq!(call.cookie(&cookie).own_page().send().await.status, 204);
    }
    let shown = letters(&app, &cookie).await;
    assert_eq!((shown.len(), &shown[0]["behind"]), (1, &json!(1)), "the same comment twice is one");
    let path = format!("/api/v1/letters/{}", shown[0]["id"].as_str().unwrap());
    let call = app.call(axum::http::Method::DELETE, &path).cookie(&cookie).own_page();
    assert_eq!(call.send().await.status, 204);
    app.world.settles().await;
    assert!(letters(&app, &cookie).await.is_empty() && fake.desk.tickets().is_empty());
    let talk = shown[0]["conversation"].as_str().unwrap();
    let log = app.get(&format!("/api/v1/conversations/{talk}/events?after=0")).cookie(&cookie).send().await;
    assert!(log.text().contains("the ticket does not stand there"), "{}", log.text());
    let history = app.get("/api/v1/tickets/T-1001").cookie(&cookie).send().await.json();
    let told = history["history"].as_array().unwrap().iter().filter(|line| line["what"] == "Called them.");
    assert_eq!(told.count(), 1);
}
