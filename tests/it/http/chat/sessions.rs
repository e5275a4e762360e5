use crate::support::app::App;
use serde_json::{Value, json};

#[tokio::test]
async fn a_visitor_is_greeted_and_told_what_they_may_send() {
    let app = App::asleep().await;
    let answer = app
        .post("/chat/v1/sessions", json!({"locale": "de-AT", "page": "https://shop.example/x?token=1#y"}))
        .send()
        .await;
    assert_eq!(answer.status, 201);
    let welcome = answer.json();
    assert_eq!(welcome["conversation"], Value::Null);
    let config = &welcome["config"];
    assert_eq!(config["language"], "de");
    assert_eq!(config["max_message_bytes"], 16_384);
    assert_eq!(config["max_upload_bytes"], 100_000);
    assert_eq!(config["identified"], false);
    assert!(config["greeting"].as_str().unwrap().contains("Harbor"));
    assert!(config["disclosure"].as_str().unwrap().contains("Bot"));
    assert!(
        config["upload_types"]
            .as_array()
            .unwrap()
            .iter()
            .all(|kind| kind != "image/svg+xml" && kind != "text/html")
    );
}

#[tokio::test]
async fn a_visitor_who_comes_back_finds_their_conversation() {
    let app = App::asleep().await;
    let first = app.post("/chat/v1/sessions", json!({})).send().await.json();
    let token = first["token"].as_str().unwrap();
    app.post("/chat/v1/messages", json!({"id": "a", "text": "Hello"})).bearer(token).send().await;
    let again = app.post("/chat/v1/sessions", json!({})).bearer(token).send().await.json();
    assert_eq!(again["token"], first["token"]);
    assert_eq!(again["visitor"], first["visitor"]);
    assert_eq!(again["conversation"]["state"], "bot");
    assert_eq!(again["conversation"]["seq"], 2);
    assert_eq!(again["conversation"]["agent"], Value::Null);
}

#[tokio::test]
async fn a_token_that_is_no_good_is_refused_and_not_replaced() {
    let app = App::asleep().await;
    for header in ["Bearer nonsense", "Bearer ", "Basic YTpi", "nonsense"] {
        let answer = app
            .post("/chat/v1/messages", json!({"id": "a", "text": "x"}))
            .header("authorization", header)
            .send()
            .await;
        answer.is_problem(401, "session-expired");
    }
    app.post("/chat/v1/sessions", json!({}))
        .bearer("nonsense")
        .send()
        .await
        .is_problem(401, "session-expired");
}

#[tokio::test]
async fn a_token_ends_after_ninety_days_and_is_renewed_before() {
    let app = App::asleep().await;
    let token = app.visitor().await;
    app.world.wait(61 * 24 * 60);
    let renewed = app.post("/chat/v1/sessions", json!({})).bearer(&token).send().await.json();
    let fresh = renewed["token"].as_str().unwrap();
    assert_ne!(fresh, token);
    app.world.wait(30 * 24 * 60);
    app.get("/chat/v1/events").bearer(&token).send().await.is_problem(401, "session-expired");
    assert_eq!(app.get("/chat/v1/events").bearer(fresh).send().await.status, 200);
}

#[tokio::test]
async fn what_a_visitor_says_of_themselves_is_kept_but_proves_nothing() {
    let app = App::asleep().await;
    let body = json!({"form": {"name": " Ada ", "email": "ada@example.com"}});
    let welcome = app.post("/chat/v1/sessions", body).send().await.json();
    assert_eq!(welcome["config"]["identified"], false);
    let id = welcome["visitor"].as_str().unwrap().parse().unwrap();
    let customer = app.world.ledger.storage.customer(id).await.unwrap().unwrap();
    assert_eq!(
        (customer.name.as_deref(), customer.email.as_deref(), customer.verified),
        (Some("Ada"), Some("ada@example.com"), false)
    );
}

#[tokio::test]
async fn a_form_that_is_none_is_refused() {
    let app = App::asleep().await;
    for (body, code) in [
        (json!({"form": {"email": "not an address"}}), "bad-email"),
        (json!({"form": {"name": "x".repeat(201)}}), "bad-field"),
        (json!({"form": {"name": "a\u{0}b"}}), "bad-field"),
        (json!({"locale": "x".repeat(36)}), "bad-field"),
        (json!({"form": "x"}), "bad-request"),
    ] {
        app.post("/chat/v1/sessions", body).send().await.is_problem(422, code);
    }
}

#[tokio::test]
async fn one_address_gets_only_so_many_new_visitors() {
    let app =
        App::with(|server| server.rates.sessions = deskhand::http::Rate { burst: 3, per_minute: 1 }).await;
    for _ in 0..3 {
        app.visitor().await;
    }
    let refused = app.post("/chat/v1/sessions", json!({})).send().await;
    refused.is_problem(429, "too-many");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    let elsewhere = app.post("/chat/v1/sessions", json!({})).from([198, 51, 100, 1]).send().await;
    assert_eq!(elsewhere.status, 201);
    // A header that anyone can write does not make somebody another.
    let forged =
        app.post("/chat/v1/sessions", json!({})).header("x-forwarded-for", "198.51.100.9").send().await;
    forged.is_problem(429, "too-many");
}
