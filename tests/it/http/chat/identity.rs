//! Identities that a site signs, and those that it does not.

use crate::support::app::App;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

const SECRET: &str = "the secret of the site";

fn signed(app: &App, secret: &str, sub: &str, more: &Value) -> String {
    let mut claims = json!({"sub": sub, "exp": app.world.ledger.now().timestamp() + 300});
    for (name, value) in more.as_object().into_iter().flatten() {
        claims[name] = value.clone();
    }
    jsonwebtoken::encode(&Header::default(), &claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

async fn arrives(app: &App, token: Option<&str>, identity: &str) -> Value {
    let call = app.post("/chat/v1/sessions", json!({"identity": identity}));
    let call = match token {
        Some(token) => call.bearer(token),
        None => call,
    };
    let answer = call.send().await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn a_signed_customer_is_the_same_on_every_device() {
    let app = App::asleep().await;
    let ada = signed(&app, SECRET, "u-1", &json!({"email": "ada@example.com", "name": "Ada"}));
    let phone = arrives(&app, None, &ada).await;
    assert_eq!(phone["config"]["identified"], true);
    app.post("/chat/v1/messages", json!({"id": "a", "text": "Hello"}))
        .bearer(phone["token"].as_str().unwrap())
        .send()
        .await;
    let laptop = arrives(&app, None, &ada).await;
    assert_eq!(laptop["visitor"], phone["visitor"]);
    assert_ne!(laptop["token"], phone["token"]);
    assert!(laptop["conversation"]["id"].is_string());
    let customer = app.world.ledger.storage.customer_by_external("u-1").await.unwrap().unwrap();
    assert!(customer.verified);
    assert_eq!(customer.email.as_deref(), Some("ada@example.com"));
}

#[tokio::test]
async fn forged_expired_and_foreign_identities_are_refused() {
    let app = App::asleep().await;
    let now = app.world.ledger.now().timestamp();
    let good = signed(&app, SECRET, "u-1", &json!({}));
    let (head, rest) = good.split_once('.').unwrap();
    let (body, _) = rest.split_once('.').unwrap();
    let bad = [
        signed(&app, "another secret", "u-1", &json!({})),
        signed(&app, SECRET, "u-1", &json!({"exp": now - 61})),
        signed(&app, SECRET, "u-1", &json!({"nbf": now + 120})),
        signed(&app, SECRET, "u-1", &json!({"aud": "https://other.example"})),
        signed(&app, SECRET, "", &json!({})),
        format!("{head}.{body}."),
        format!("eyJhbGciOiJub25lIn0.{body}."),
        good[..good.len() - 3].to_owned(),
        "nonsense".to_owned(),
        String::new(),
    ];
    for identity in &bad {
        app.post("/chat/v1/sessions", json!({"identity": identity}))
            .send()
            .await
            .is_problem(422, "bad-identity");
    }
    assert!(app.world.ledger.storage.customer_by_external("u-1").await.unwrap().is_none());
    arrives(&app, None, &signed(&app, "the secret before that", "u-1", &json!({}))).await;
}

#[tokio::test]
async fn without_a_secret_nobody_is_identified() {
    let app = App::with(|server| {
        server.settings.identity_secret = None;
        server.settings.identity_previous_secret = None;
    })
    .await;
    let empty = signed(&app, "", "u-1", &json!({}));
    app.post("/chat/v1/sessions", json!({"identity": empty})).send().await.is_problem(422, "bad-identity");
}

#[tokio::test]
async fn an_anonymous_visitor_who_signs_in_keeps_the_conversation() {
    let app = App::asleep().await;
    let token = app.visitor().await;
    app.post("/chat/v1/messages", json!({"id": "a", "text": "Hello"})).bearer(&token).send().await;
    let talk = app.conversation(&token).await;
    let known =
        arrives(&app, Some(&token), &signed(&app, SECRET, "u-1", &json!({"email": "ada@example.com"}))).await;
    assert_eq!(known["token"], token);
    assert_eq!(known["conversation"]["id"], talk);
    assert_eq!(known["config"]["identified"], true);
}

#[tokio::test]
async fn a_conversation_under_way_goes_on_though_the_customer_was_here_before() {
    let app = App::asleep().await;
    let ada = signed(&app, SECRET, "u-1", &json!({"email": "ada@example.com"}));
    let before = arrives(&app, None, &ada).await;
    // Without a word said yet, the record from before is theirs.
    let idle = app.visitor().await;
    assert_eq!(arrives(&app, Some(&idle), &ada).await["visitor"], before["visitor"]);
    // In the middle of a conversation, the conversation goes on, now verified.
    let token = app.visitor().await;
    app.post("/chat/v1/messages", json!({"id": "a", "text": "Hello"})).bearer(&token).send().await;
    let talk = app.conversation(&token).await;
    let known = arrives(&app, Some(&token), &ada).await;
    assert_eq!(known["conversation"]["id"], talk);
    assert_eq!(known["config"]["identified"], true);
}

#[tokio::test]
async fn who_shares_a_browser_does_not_share_a_conversation() {
    let app = App::asleep().await;
    let ada = arrives(&app, None, &signed(&app, SECRET, "u-1", &json!({"name": "Ada"}))).await;
    let token = ada["token"].as_str().unwrap();
    app.post("/chat/v1/messages", json!({"id": "a", "text": "My card ends in 4242"}))
        .bearer(token)
        .send()
        .await;
    let bob = arrives(&app, Some(token), &signed(&app, SECRET, "u-2", &json!({"name": "Bob"}))).await;
    assert_ne!(bob["visitor"], ada["visitor"]);
    assert_ne!(bob["token"], ada["token"]);
    assert_eq!(bob["conversation"], Value::Null);
    assert!(app.sees(bob["token"].as_str().unwrap()).await.is_empty());
}

#[tokio::test]
async fn an_address_that_was_only_claimed_is_not_vouched_for_later() {
    let app = App::asleep().await;
    let body = json!({"form": {"email": "ceo@victim.example"}});
    let token = app.post("/chat/v1/sessions", body).send().await.json()["token"].as_str().unwrap().to_owned();
    let known = arrives(&app, Some(&token), &signed(&app, SECRET, "u-1", &json!({}))).await;
    let id = known["visitor"].as_str().unwrap().parse().unwrap();
    let customer = app.world.ledger.storage.customer(id).await.unwrap().unwrap();
    assert!(customer.verified);
    assert_eq!(customer.email, None);
    // And a form does not overwrite what a signature vouches for.
    let body = json!({"form": {"email": "ceo@victim.example", "name": "Mallory"}});
    app.post("/chat/v1/sessions", body).bearer(known["token"].as_str().unwrap()).send().await;
    let customer = app.world.ledger.storage.customer(id).await.unwrap().unwrap();
    assert_eq!((customer.email, customer.name), (None, None));
}
