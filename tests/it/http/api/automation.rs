//! What an admin asks: what does my desk do by itself, what did it do lately, what was turned down and why.

use crate::support::app::App;
use axum::http::Method;
use deskhand::domain::decision::Automation;
use deskhand::domain::event::Demotion;
use deskhand::domain::person::Role;
use serde_json::{Value, json};

fn named<'a>(items: &'a Value, key: &str, name: &str) -> &'a Value {
    let items = items["items"].as_array().unwrap();
    items.iter().find(|item| item[key] == name).unwrap_or_else(|| panic!("{name} in {items:?}"))
}

#[tokio::test]
async fn a_demoted_intent_says_why_until_an_admin_lifts_it() {
    let app = App::new().await;
    let maria = app.signed_in("Maria", Role::Admin).await;
    let levels = async || app.get("/api/v1/automation").cookie(&maria).send().await.json();
    let before = levels().await;
    let book = app.world.library.current();
    assert_eq!(before["items"].as_array().unwrap().len(), book.intents.len());
    let (id, _) = book.intents.iter().find(|(_, intent)| intent.automation == Automation::Auto).unwrap();
    let intent = named(&before, "intent", id);
    assert_eq!((&intent["policy"], &intent["demoted"]), (&json!("auto"), &Value::Null));
    assert!(!intent["then"].as_str().unwrap().is_empty());

    let demotion =
        Demotion { intent: id.clone(), to: Automation::Suggest, because: "9 of 20 were wrong.".into() };
    app.world.ledger.storage.demote(&demotion, app.world.ledger.now()).await.unwrap();
    let intent = levels().await;
    let intent = named(&intent, "intent", id);
    assert_eq!((&intent["now"], &intent["demoted"]), (&json!("suggest"), &json!("suggest")));
    assert_eq!(intent["because"]["text"], "9 of 20 were wrong.");

    let lift = format!("/api/v1/demotions/{id}/lift");
    let lifted = app.call(Method::POST, &lift).json(&json!({"because": "mended"})).cookie(&maria).own_page();
    assert_eq!(lifted.send().await.json()["items"], json!([]));
    assert_eq!(named(&levels().await, "intent", id)["demoted"], Value::Null);
    let changes = app.get("/api/v1/switch/changes").cookie(&maria).send().await.json();
    assert_eq!((&changes["items"][0]["kind"], &changes["items"][0]["by"]), (&json!("restored"), &json!("Maria")));
}

#[tokio::test]
async fn rules_tell_their_condition_and_what_follows() {
    let app = App::new().await;
    let maria = app.signed_in("Maria", Role::Analyst).await;
    let rules = app.get("/api/v1/rules").cookie(&maria).send().await.json();
    let book = app.world.library.current();
    let ids: Vec<&str> =
        rules["items"].as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(ids, book.rules.iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>(), "in their order");
    for rule in rules["items"].as_array().unwrap() {
        assert!(!rule["when"].as_str().unwrap().is_empty() && !rule["then"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_was_decided_is_listed_and_what_was_turned_down_can_be_asked_for_alone() {
    let app = App::new().await;
    let maria = app.signed_in("Maria", Role::Analyst).await;
    let activity = async |query: &str| {
        let answer = app.get(&format!("/api/v1/activity{query}")).cookie(&maria).send().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    };
    assert_eq!(activity("").await, json!({"items": [], "next": null}));
    let first = app.visitor().await;
    app.says(&first, "m1", "How do I export a project to CSV?").await;
    app.world.wait(1);
    let second = app.visitor().await;
    app.says(&second, "m1", "Where can I find my invoices?").await;
    let all = activity("").await;
    let talks: Vec<&Value> = all["items"].as_array().unwrap().iter().map(|one| &one["conversation"]["id"]).collect();
    assert_eq!(talks, [&json!(app.conversation(&second).await), &json!(app.conversation(&first).await)]);
    assert_eq!(all["items"][0]["deeds"][0]["event"]["type"], "decision");
    assert_eq!(activity("?only=turned-down").await["items"], json!([]));
    // One at a time, and no gap between.
    let page = activity("?limit=1").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    let rest = activity(&format!("?limit=1&cursor={}", page["next"].as_str().unwrap())).await;
    assert_eq!(rest["items"][0]["conversation"]["id"], json!(app.conversation(&first).await));

    // Switched off, the bot holds back what it would have said.
    let admin = app.signed_in("Ada", Role::Admin).await;
    let off = json!({"switch": "all", "on": false, "because": "it says nonsense"});
    app.call(Method::PUT, "/api/v1/switch").json(&off).cookie(&admin).own_page().send().await;
    let third = app.visitor().await;
    app.says(&third, "m1", "How do I export a project to CSV?").await;
    let down = activity("?only=turned-down").await;
    assert_eq!(down["items"][0]["conversation"]["id"], json!(app.conversation(&third).await));
    let deeds = down["items"][0]["deeds"].as_array().unwrap();
    assert!(deeds.iter().all(|deed| deed["turned_down"] == true), "{deeds:?}");
    let codes = deeds[0]["event"]["decision"]["reasons"].as_array().unwrap();
    assert!(codes.iter().any(|reason| reason["code"] == "switched-off"), "{codes:?}");
    assert_eq!(activity("?only=done").await["items"].as_array().map(Vec::len), Some(0));
    app.get("/api/v1/activity?only=all").cookie(&maria).send().await.is_problem(400, "bad-query");
}

#[tokio::test]
async fn only_those_who_answer_are_offered_as_assignees() {
    let app = App::new().await;
    let maria = app.signed_in("Maria", Role::Agent).await;
    app.user("Ana Lyst", Role::Analyst).await;
    let people = app.get("/api/v1/people").cookie(&maria).send().await.json();
    let names: Vec<&Value> = people["items"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, [&json!("Maria")]);
    assert!(people["items"][0].get("email").is_none());
}
