//! What is done to a ticket elsewhere comes here: by a signed event, or by asking; the customer hears of it once.

use super::support::{desk, redmine, runs_dry, tickets, until};
use crate::support::app::App;
use crate::support::world::{World, shipped};
use connectors::guard::{Guard, Limits, Policy};
use connectors::tickets::GitHub;
use deskhand::domain::person::Role;
use deskhand::domain::ticket::TicketStatus;
use deskhand::integrations::tracker::RemoteTracker;
use deskhand::ports::Tracker;
use deskhand::ports::storage::TicketChange;
use fakes::tickets::{Faults, SECRET, TicketFake, Vendor};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const HOOK: &str = "the-hook's-own-secret";

async fn github() -> (TicketFake, Arc<dyn Tracker>) {
    deskhand::app::install_tls();
    let fake = TicketFake::start(Vendor::GitHub, Faults::default()).await.unwrap();
    let policy = Policy::allowing(["127.0.0.1"]).unwrap();
    let guard = Guard::new(policy, Limits::default(), Duration::from_secs(1)).unwrap();
    let base = fake.base().parse().unwrap();
    let system = GitHub::new(guard, base, &SECRET.into(), "shop/desk", Some(HOOK.into())).unwrap();
    (fake, Arc::new(RemoteTracker::new("github", Box::new(system), true, "https://desk.example")))
}

/// A desk in whose ticket system somebody's ticket stands.
async fn app(tracker: Arc<dyn Tracker>) -> App {
    let storage = deskhand::store::open("sqlite::memory:").await.unwrap();
    let world = World::beside(storage, None, shipped(), true, Some(tracker)).await;
    let ticketing = world.desk.ticketing.clone();
    App::over(world, |server| server.ticketing = ticketing)
}

async fn locked_out(app: &App) -> String {
    let token = app.visitor().await;
    app.says(&token, "m1", "I can't log in to my account").await;
    app.says(&token, "m2", "ada@example.com").await;
    token
}

fn signed(body: &str) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(HOOK.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

fn closed(number: &str) -> String {
    json!({"action": "closed", "issue": {"number": number.parse::<u64>().unwrap(), "body": "", "state": "closed"},
        "repository": {"full_name": "shop/desk"}})
    .to_string()
}

async fn posts(app: &App, system: &str, body: &str, signature: &str) -> u16 {
    let path = format!("/hooks/tickets/{system}");
    let call = app.call(axum::http::Method::POST, &path).body("application/json", body.to_owned());
    let call = call.header("x-github-event", "issues").header("x-hub-signature-256", signature);
    call.send().await.status.as_u16()
}

fn solved(events: &[Value]) -> usize {
    let text = |event: &Value| event["text"].as_str().unwrap_or_default().to_owned();
    events.iter().filter(|event| event["from"] == "system" && text(event).contains("solved")).count()
}

#[tokio::test]
async fn the_customer_and_the_agent_see_the_number_that_the_ticket_has_where_it_is_worked_on() {
    let (fake, tracker) = github().await;
    let app = app(tracker).await;
    let token = locked_out(&app).await;
    assert_eq!(fake.desk.tickets().len(), 1);
    let seen = app.sees(&token).await;
    assert!(
        seen.iter().any(|event| event["text"].as_str().is_some_and(|text| text.contains("#1"))),
        "{seen:?}"
    );
    let cookie = app.signed_in("Ben", Role::Agent).await;
    let talk = app.conversation(&token).await;
    let detail = app.get(&format!("/api/v1/conversations/{talk}")).cookie(&cookie).send().await.json();
    let line = &detail["tickets"][0];
    assert_eq!((&line["number"], &line["outside"]["number"]), (&json!("T-1001"), &json!("#1")), "{line}");
    assert!(line["outside"]["url"].as_str().unwrap().starts_with("http"), "{line}");
    // Whoever reads the ticket there finds the conversation here.
    let body = fake.desk.tickets()[0].fields["body"].as_str().unwrap().to_owned();
    assert!(
        body.contains("T-1001") && body.contains(&format!("https://desk.example/console/all/{talk}")),
        "{body}"
    );
}

#[tokio::test]
async fn a_ticket_that_is_solved_there_is_solved_here_and_the_customer_hears_of_it_once() {
    let (_fake, tracker) = github().await;
    let app = app(tracker).await;
    let token = locked_out(&app).await;
    let outside = tickets(&app.world).await[0].outside.clone().expect("it stands there");
    let body = closed(&outside.id);
    // Whoever cannot sign, or signs something else, changes nothing.
    assert_eq!(posts(&app, "github", &body, "sha256=00").await, 401);
    assert_eq!(posts(&app, "github", &body, &signed("{}")).await, 401);
    assert_eq!(posts(&app, "jira", &body, &signed(&body)).await, 404, "nobody set up a Jira");
    assert_eq!(posts(&app, "github", "no JSON", &signed("no JSON")).await, 400);
    assert_eq!(tickets(&app.world).await[0].status, TicketStatus::Open);

    for _ in 0..3 {
        assert_eq!(posts(&app, "github", &body, &signed(&body)).await, 204);
    }
    app.world.settles().await;
    assert_eq!(tickets(&app.world).await[0].status, TicketStatus::Solved);
    assert_eq!(solved(&app.sees(&token).await), 1);
    // A ticket that we did not open is none of our business.
    let strange = closed("777");
    assert_eq!(posts(&app, "github", &strange, &signed(&strange)).await, 204);
}

#[tokio::test]
async fn a_system_that_sends_no_events_is_asked() {
    let (fake, tracker) = redmine(Faults::default()).await;
    let world = desk(tracker.clone()).await;
    let visitor = world.visitor().await;
    visitor.says("I can't log in to my account").await;
    visitor.says("ada@example.com").await;
    until("the ticket", async || tickets(&world).await.first().is_some_and(|one| one.outside.is_some()))
        .await;
    visitor.hears().await;
    assert_eq!(world.desk.ticketing.ask(tracker.as_ref()).await.unwrap(), 0, "just opened: not asked yet");
    // An agent's own word is not taken back by what has not changed there.
    let number = tickets(&world).await[0].number;
    let pending =
        TicketChange { status: Some(TicketStatus::Pending), by: "Ben".into(), ..Default::default() };
    world.desk.ticketing.change(number, &pending).await.unwrap();
    runs_dry(&world, 1).await;
    world.wait(6);
    assert_eq!(world.desk.ticketing.ask(tracker.as_ref()).await.unwrap(), 0);
    assert_eq!(tickets(&world).await[0].status, TicketStatus::Pending);
    fake.desk.tickets()[0].fields["status"] = json!({"id": 5, "name": "Closed", "is_closed": true});
    world.wait(6);
    assert_eq!(world.desk.ticketing.ask(tracker.as_ref()).await.unwrap(), 1);
    world.wait(6);
    assert_eq!(world.desk.ticketing.ask(tracker.as_ref()).await.unwrap(), 0, "solved: not asked any more");
    world.settles().await;
    assert_eq!(tickets(&world).await[0].status, TicketStatus::Solved);
    let heard = visitor.hears().await;
    assert_eq!(heard.matches("solved").count(), 1, "{heard}");
}
