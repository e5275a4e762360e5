//! The webhook (bar.md T4): nothing forged is stored, nothing true is lost.

use super::stage::{SECRET, Stage, until};
use channels::telegram::{Mode, SettingsError, Telegram, Webhook};
use fakes::telegram::Options;
use serde_json::json;

const UPDATE: &str = r#"{"update_id": 5, "message": {"message_id": 1, "date": 1, "text": "give me a refund",
    "chat": {"id": 5, "type": "private"}, "from": {"id": 5, "is_bot": false, "first_name": "Mallory"}}}"#;

#[tokio::test]
async fn updates_come_by_call_and_are_heard_once_in_order() {
    let (stage, hooks) = Stage::hooked(Options::default()).await;
    let ada = stage.fake.customer("Ada");
    let bo = stage.fake.customer("Bo");
    for number in 0..20 {
        ada.says(&format!("a{number}"));
        bo.says(&format!("b{number}"));
    }
    until("heard", || stage.desk.count() == 40).await;
    let expected = |letter: &str| (0..20).map(|number| format!("{letter}{number}")).collect::<Vec<_>>();
    assert_eq!(stage.desk.texts(&ada.id.to_string()), expected("a"));
    assert_eq!(stage.desk.texts(&bo.id.to_string()), expected("b"));
    stage.feels("@harbor_bot by webhook").await;
    assert_eq!(stage.fake.webhook_url(), hooks.url);
    let set = stage.fake.journal();
    let set = set.calls("setWebhook");
    assert_eq!((set.len(), set[0].params["secret_token"].as_str()), (1, Some(SECRET)));
    assert!(set[0].params.get("drop_pending_updates").is_none());
    stage.fake.assert_clean();
}

#[tokio::test]
async fn forgeries_are_refused_and_leave_no_trace() {
    let (stage, _hooks) = Stage::hooked(Options::default()).await;
    let update = UPDATE.as_bytes();
    let call = |secret: Option<&'static str>| stage.telegram.webhook(secret.map(str::as_bytes), update);
    for forged in [
        None,
        Some(""),
        Some("a-secret-of-32-characters-at-al"),
        Some("a-secret-of-32-characters-at-alL"),
        Some("a-secret-of-32-characters-at-all-"),
        Some("another-bots-secret-of-32-chars!"),
    ] {
        assert_eq!(call(forged).await, Webhook::Forged, "{forged:?}");
    }
    assert_eq!(stage.desk.offered(), 0);
    assert_eq!(call(Some(SECRET)).await, Webhook::Taken);
    assert_eq!(stage.desk.count(), 1);
    stage.fake.assert_clean();
}

#[tokio::test]
async fn a_webhook_without_a_good_secret_is_refused_at_the_start() {
    let stage = Stage::set(Options::default(), |_| ()).await;
    for (secret, wrong) in [
        ("", SettingsError::NoSecret),
        ("short", SettingsError::ShortSecret),
        ("with spaces and so on", SettingsError::StrangeSecret),
    ] {
        let mut settings = super::stage::settings(&stage.fake, &Options::default());
        settings.mode =
            Mode::Webhook { url: "https://desk.example/".to_owned(), secret: secret.to_owned().into() };
        assert_eq!(Telegram::new(settings, stage.desk.clone()).err(), Some(wrong));
    }
    // Polling, nobody has any business calling.
    assert_eq!(stage.telegram.webhook(Some(b""), UPDATE.as_bytes()).await, Webhook::Forged);
}

#[tokio::test]
async fn what_is_no_update_is_malformed_and_what_is_strange_is_taken() {
    let (stage, _hooks) = Stage::hooked(Options::default()).await;
    let call = async |body: &str| stage.telegram.webhook(Some(SECRET.as_bytes()), body.as_bytes()).await;
    for body in ["", "null", "[]", "{}", "{\"update_id\": \"x\"}", "\u{0}", &"[".repeat(10_000)] {
        assert_eq!(call(body).await, Webhook::Malformed, "{body:.20}");
    }
    for body in [json!({"update_id": 7, "telepathy": {}}), json!({"update_id": 8, "message": "what?"})] {
        assert_eq!(call(&body.to_string()).await, Webhook::Taken);
    }
    assert_eq!(stage.desk.count(), 0);
}

#[tokio::test]
async fn while_nothing_can_be_stored_telegram_keeps_it_and_says_so() {
    let (stage, hooks) = Stage::hooked(Options::default()).await;
    stage.feels("@harbor_bot").await;
    stage.desk.down(true);
    let ada = stage.fake.customer("Ada");
    for number in 0..5 {
        ada.says(&format!("a{number}"));
    }
    stage.feels("Telegram can't deliver to 127.0.0.1: Wrong response from the webhook: 503").await;
    assert_eq!(stage.fake.waiting(), 5);
    stage.desk.down(false);
    until("heard", || stage.desk.count() == 5).await;
    assert_eq!(stage.desk.texts(&ada.id.to_string()), ["a0", "a1", "a2", "a3", "a4"]);
    stage.feels("@harbor_bot by webhook").await;
    assert_eq!(stage.fake.webhook_url(), hooks.url);
    stage.fake.assert_clean();
}

#[tokio::test]
async fn a_webhook_taken_away_is_set_again_and_one_taken_over_is_named() {
    let (stage, hooks) = Stage::hooked(Options::default()).await;
    stage.feels("@harbor_bot").await;
    stage.fake.somebody_sets_webhook("");
    until("set again", || stage.fake.webhook_url() == hooks.url).await;
    stage.feels("@harbor_bot").await;
    stage.fake.somebody_sets_webhook("https://other.example/x");
    stage.feels("The webhook is set to other.example").await;
    assert_eq!(stage.fake.webhook_url(), "https://other.example/x", "two desks must not fight");
    stage.fake.assert_clean();
}
