//! The judge itself: what breaks Discord's spec is seen.

use crate::support::World;
use fakes::discord::{Fake, Options};
use serde_json::{Value, json};

fn judged() -> bool {
    let shared = std::env::var_os("DESKHAND_SHARED").map_or_else(
        || std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        std::path::PathBuf::from,
    );
    shared.join("specs/discord-openapi.json").exists()
}

async fn post(fake: &Fake, path: &str, body: &Value) -> u16 {
    let request = reqwest::Client::new().post(format!("{}/api/v10{path}", fake.url()));
    let request = request
        .header("authorization", format!("Bot {}", fake.token()))
        .header("content-type", "application/json");
    request.body(body.to_string()).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_wrong_request_is_caught() {
    if !judged() {
        println!("skipped: Discord's spec is absent");
        return;
    }
    let fake = Fake::start(Options::default()).await;
    let ada = fake.customer("Ada");
    let messages = format!("/channels/{}/messages", ada.direct);
    let wrong = [
        json!({"content": 5}),
        json!({"content": "x", "nonce": "longer than twenty-five characters"}),
        json!({"content": "x", "allowed_mentions": {"parse": ["nobody"]}}),
        json!({"content": "x", "components": [{"type": 1, "components": [{"type": 2, "style": 1, "custom_id": "x".repeat(101)}]}]}),
    ];
    assert_eq!(post(&fake, &messages, &json!({"content": "right"})).await, 200);
    fake.journal().assert_clean();
    for (n, body) in wrong.iter().enumerate() {
        post(&fake, &messages, body).await;
        assert!(fake.journal().violations.len() > n, "{body}");
    }
    let before = fake.journal().violations.len();
    post(&fake, "/no/such/route", &json!({})).await;
    post(&fake, &format!("{messages}?unheard=1"), &json!({"content": "x"})).await;
    assert!(fake.journal().violations.len() >= before + 2);
}

#[tokio::test]
async fn a_wrong_event_of_the_fake_is_caught() {
    if !judged() {
        println!("skipped: Discord's spec is absent");
        return;
    }
    let world = World::new().await;
    world
        .fake
        .customer("Ada")
        .posts(world.fake.channel("help"), "x", |message| message["attachments"] = json!([{"id": "1"}]));
    assert!(world.fake.journal().violations[0].contains("filename"));
}
