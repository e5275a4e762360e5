//! Signed events from outside, and forms of the site.

use crate::support::app::{Answer, App};
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use deskhand::domain::person::Role;
use deskhand::domain::switch::SwitchedOff;
use deskhand::ports::storage::FiringFilter;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

const KEY: &[u8] = b"the secret of billing";

async fn app() -> App {
    App::with(|server| {
        let secret = format!("whsec_{}", STANDARD.encode(KEY));
        server.settings.hook_secrets.insert("billing".to_owned(), secret.into());
    })
    .await
}

fn signed(id: &str, at: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY).unwrap();
    mac.update(format!("{id}.{at}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

async fn posts(app: &App, trigger: &str, id: &str, age: i64, body: &str, signature: Option<&str>) -> Answer {
    let at = app.world.ledger.now().timestamp() - age;
    let signature = signature.map_or_else(|| signed(id, at, body), str::to_owned);
    app.call(axum::http::Method::POST, &format!("/hooks/{trigger}"))
        .body("application/json", body.to_owned())
        .header("webhook-id", id)
        .header("webhook-timestamp", &at.to_string())
        .header("webhook-signature", &signature)
        .send()
        .await
}

fn event() -> String {
    json!({"type": "invoice.payment_failed", "data": {"invoice": "HB-1"}}).to_string()
}

#[tokio::test]
async fn a_signed_event_is_taken_once_and_is_on_disk_by_then() {
    let app = app().await;
    let first = posts(&app, "invoice-payment-failed", "msg_1", 0, &event(), None).await;
    assert_eq!((first.status.as_u16(), first.json()), (202, json!({"id": "msg_1", "again": false})));
    let again = posts(&app, "invoice-payment-failed", "msg_1", 10, &event(), None).await;
    assert_eq!((again.status.as_u16(), again.json()), (200, json!({"id": "msg_1", "again": true})));
    let maria = app.signed_in("Maria", Role::Admin).await;
    let listed = app.get("/api/v1/triggers/firings").cookie(&maria).send().await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed["items"][0]["occurrence"], "msg_1");
    assert_eq!(listed["items"][0]["outcome"], Value::Null);
    app.world.desk.triggers.round().await.unwrap();
    let listed = app.get("/api/v1/triggers/firings").cookie(&maria).send().await.json();
    assert_eq!(listed["items"][0]["outcome"], "Nobody was found whose matter it is.");
    let triggers = app.get("/api/v1/triggers").cookie(&maria).send().await.json();
    let hook = triggers["items"].as_array().unwrap().iter().find(|one| one["id"] == "invoice-paid").unwrap();
    assert_eq!((hook["kind"].as_str(), hook["ready"].as_bool()), (Some("hook"), Some(true)));
}

#[tokio::test]
async fn whoever_has_not_signed_learns_nothing() {
    let app = app().await;
    let mut refused = Vec::new();
    for (trigger, age, signature) in [
        ("invoice-payment-failed", 0, Some("v1,AAAA")),
        ("invoice-payment-failed", 0, Some("nonsense")),
        ("invoice-payment-failed", 301, None),
        ("invoice-payment-failed", -301, None),
        ("no-such-trigger", 0, None),
        ("start-refund", 0, None),
        ("contact-sales", 0, None),
    ] {
        let answer = posts(&app, trigger, "msg_1", age, &event(), signature).await;
        answer.is_problem(401, "forged");
        refused.push(answer.text());
    }
    refused.dedup();
    assert_eq!(refused.len(), 1, "all the same: {refused:?}");
    // A secret that is not set opens nothing, however the request is signed.
    let unset = App::asleep().await;
    posts(&unset, "invoice-payment-failed", "msg_1", 0, &event(), None).await.is_problem(401, "forged");
}

#[tokio::test]
async fn a_signed_event_that_is_none_is_refused_with_what_is_wrong() {
    let app = app().await;
    let post = |id: &'static str, body: String| {
        let app = &app;
        async move { posts(app, "invoice-payment-failed", id, 0, &body, None).await }
    };
    post("a", "{".to_owned()).await.is_problem(422, "bad-event");
    post("b", "[]".to_owned()).await.is_problem(422, "bad-event");
    let missing = post("c", json!({"type": "invoice.payment_failed", "data": {}}).to_string()).await;
    missing.is_problem(422, "bad-event");
    assert!(missing.text().contains("invoice"), "{}", missing.text());
    let other = post("d", json!({"type": "hunter2", "data": {"invoice": "HB-1"}}).to_string()).await;
    other.is_problem(422, "bad-event");
    assert!(!other.text().contains("hunter2"), "what came is not repeated");
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    post("e", deep).await.is_problem(422, "bad-event");
    let large = json!({"type": "x".repeat(70_000)}).to_string();
    post("f", large).await.is_problem(413, "too-large");
    post("g", "x".repeat(300_000)).await.is_problem(413, "too-large");
    assert_eq!(
        app.world
            .ledger
            .storage
            .firings(&FiringFilter { limit: 10, ..FiringFilter::default() })
            .await
            .unwrap()
            .items,
        []
    );
}

#[tokio::test]
async fn a_form_begins_a_conversation_that_its_sender_can_open() {
    let app = App::asleep().await;
    let form = json!({"id": "f1", "name": "Ada", "email": "ada@example.com", "locale": "de",
        "values": {"seats": 40, "message": "<script>Hello</script>", "company": "Acme"}});
    let sent = app.post("/chat/v1/forms/contact-sales", form.clone()).send().await;
    assert_eq!(sent.status.as_u16(), 202, "{}", sent.text());
    let token = sent.json()["token"].as_str().unwrap().to_owned();
    let again = app.post("/chat/v1/forms/contact-sales", form).bearer(&token).send().await;
    assert_eq!((again.status.as_u16(), &again.json()["conversation"]), (200, &sent.json()["conversation"]));
    assert_eq!(app.conversation(&token).await, sent.json()["conversation"].as_str().unwrap());
    let seen = app.sees(&token).await;
    assert!(seen.iter().any(|event| event["type"] == "state" && event["state"] == "queued"), "{seen:?}");
    let maria = app.signed_in("Maria", Role::Agent).await;
    let id = app.conversation(&token).await;
    let detail = app.get(&format!("/api/v1/conversations/{id}")).cookie(&maria).send().await.json();
    assert_eq!(detail["team"]["id"], "sales");
    assert_eq!(detail["customer"]["name"], "Ada");
    assert!(detail["reasons"][0]["text"].as_str().unwrap().contains("40 seats (Acme)"), "{detail}");
}

#[tokio::test]
async fn a_form_that_does_not_fit_is_refused_and_nobody_gets_a_session() {
    let app = App::asleep().await;
    let sends = |trigger: &str, values: Value| {
        app.post(&format!("/chat/v1/forms/{trigger}"), json!({"id": "f1", "values": values})).send()
    };
    sends("nothing", json!({})).await.is_problem(404, "not-found");
    sends("invoice-paid", json!({})).await.is_problem(404, "not-found");
    sends("contact-sales", json!({"seats": 0, "message": "x"})).await.is_problem(422, "bad-values");
    sends("contact-sales", json!({"seats": 5})).await.is_problem(422, "bad-values");
    sends("contact-sales", json!({"seats": 5, "message": "x", "admin": true}))
        .await
        .is_problem(422, "bad-values");
    for _ in 0..20 {
        sends("contact-sales", json!({})).await;
    }
    sends("contact-sales", json!({"seats": 5, "message": "x"})).await.is_problem(429, "too-many");
    assert_eq!(
        app.world
            .ledger
            .storage
            .counts(deskhand::domain::ids::UserId(uuid::Uuid::nil()))
            .await
            .unwrap()
            .queue,
        0
    );
}

const SITE: &str = "https://www.example.com";

#[tokio::test]
async fn a_page_of_a_site_that_may_hold_the_widget_posts_forms_and_no_other_does() {
    let app = App::with(|server| server.settings.allowed_origins = vec![SITE.to_owned()]).await;
    let path = "/chat/v1/forms/contact-sales";
    let asks = async |origin: &str, path: &str| {
        let call = app.call(Method::OPTIONS, path).header("origin", origin);
        let call = call.header("access-control-request-method", "POST");
        call.header("access-control-request-headers", "content-type").send().await
    };
    let allowed = asks(SITE, path).await;
    assert_eq!(allowed.header("access-control-allow-origin"), SITE);
    assert_eq!(allowed.header("access-control-allow-methods"), "POST");
    assert!(allowed.header("access-control-allow-headers").contains("content-type"));
    assert_eq!(asks("https://evil.example", path).await.header("access-control-allow-origin"), "");
    // Nothing else of the chat is open to pages of other sites.
    assert_eq!(asks(SITE, "/chat/v1/messages").await.header("access-control-allow-origin"), "");
    let form = json!({"id": "f1", "values": {"seats": 20, "message": "Do you have a discount?"}});
    let sent = app.post(path, form.clone()).header("origin", SITE).send().await;
    assert_eq!((sent.status.as_u16(), sent.header("access-control-allow-origin")), (202, SITE));
    assert_eq!(sent.header("access-control-allow-credentials"), "", "no cookie goes along");
}

#[tokio::test]
async fn a_bot_that_is_off_does_not_greet() {
    let app = App::new().await;
    let greets = async || app.post("/chat/v1/sessions", json!({})).send().await.json()["config"].clone();
    assert_ne!(greets().await["greeting"], "");
    let off = SwitchedOff {
        switch: "all".parse().unwrap(),
        because: "it says nonsense".to_owned(),
        by: "Maria".to_owned(),
        at: app.world.ledger.now(),
    };
    assert!(app.world.ledger.storage.switch_off(&off).await.unwrap());
    let config = greets().await;
    assert_eq!((&config["greeting"], &config["disclosure"]), (&json!(""), &json!("")));
}
