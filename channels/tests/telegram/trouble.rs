//! The platform's trouble, named by its true cause and survived (bar.md T1).

use super::stage::{SECRET, Stage, message, settings, until};
use channels::{
    Courier as _, Health,
    telegram::{Mode, Telegram},
};
use fakes::telegram::{Options, Order, Trouble};
use std::time::Duration;

#[tokio::test]
async fn another_poller_is_named_and_outlived() {
    let stage = Stage::new().await;
    let ada = stage.fake.customer("Ada");
    stage.feels("@harbor_bot").await;
    stage.fake.rival_polls(true);
    stage.feels("Another program polls with this bot's token").await;
    until("asked for the cause", || !stage.fake.journal().calls("getWebhookInfo").is_empty()).await;
    ada.says("is anybody there?");
    stage.fake.rival_polls(false);
    stage.feels("@harbor_bot by long polling").await;
    until("heard", || stage.desk.count() == 1).await;
    no_update_is_ever_dropped(&stage);
    stage.fake.assert_clean();
}

#[tokio::test]
async fn a_webhook_set_elsewhere_is_named_and_left_alone() {
    let stage = Stage::new().await;
    stage.feels("@harbor_bot").await;
    stage.fake.somebody_sets_webhook("https://other.example/secret-path");
    stage.feels("A webhook is set to other.example").await;
    let Health::Degraded { cause } = stage.health() else { panic!("{:?}", stage.health()) };
    assert!(!cause.contains("secret-path"));
    stage.fake.customer("Ada").says("hello");
    let error = stage.telegram.examine().await.unwrap_err();
    assert!(error.contains("a webhook is set to other.example"), "{error}");
    assert_eq!(stage.fake.webhook_url(), "https://other.example/secret-path");
    stage.fake.somebody_sets_webhook("");
    stage.feels("@harbor_bot by long polling").await;
    until("heard", || stage.desk.count() == 1).await;
    no_update_is_ever_dropped(&stage);
    stage.fake.assert_clean();
}

#[tokio::test]
async fn our_own_webhook_of_earlier_days_is_removed() {
    let mut stage = Stage::set(Options::default(), |settings| {
        settings.own_webhook = Some("https://desk.example/hooks/telegram".to_owned());
    })
    .await;
    stage.fake.somebody_sets_webhook("https://desk.example/hooks/telegram");
    stage.fake.customer("Ada").says("written meanwhile");
    stage.run();
    until("heard", || stage.desk.count() == 1).await;
    assert_eq!(stage.fake.webhook_url(), "");
    no_update_is_ever_dropped(&stage);
    stage.fake.assert_clean();
}

#[tokio::test]
async fn a_revoked_token_is_named_and_taken_again() {
    let stage = Stage::new().await;
    stage.feels("@harbor_bot").await;
    stage.fake.revoke_token(true);
    stage.feels("refuses the token").await;
    let error = stage.telegram.examine().await.unwrap_err();
    assert!(error.contains("revoked"), "{error}");
    let error = stage.says("5", "hello").await.unwrap_err();
    assert!(matches!(error, channels::DeliveryError::Retry { .. }), "{error}");
    stage.fake.revoke_token(false);
    stage.feels("@harbor_bot by long polling").await;
    stage.fake.assert_clean();
}

#[tokio::test]
async fn outages_are_named_and_outlived() {
    let stage = Stage::new().await;
    stage.feels("@harbor_bot").await;
    let ada = stage.fake.customer("Ada");
    for (trouble, words) in [
        (Trouble::Gateway { code: 502 }, "502"),
        (Trouble::CutBefore, "no answer from Telegram"),
        (Trouble::CutAfter, "no answer from Telegram"),
        (Trouble::Nonsense, "not Telegram's"),
        (Trouble::FloodWait { seconds: 1, whole_bot: true }, "429"),
    ] {
        stage.fake.order(Order::next("getUpdates", trouble).always());
        let before = stage.desk.count();
        // Ends the poll that is open, so that the next one meets the trouble.
        ada.says("hello");
        stage.feels(words).await;
        stage.fake.cancel_orders();
        ada.says("again");
        until("heard", || stage.desk.count() == before + 2).await;
        stage.feels("@harbor_bot").await;
    }
    stage.fake.assert_clean();
}

#[tokio::test]
async fn nobody_at_home_is_named() {
    let mut stage = Stage::set(Options::default(), |_| ()).await;
    let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    stage.restart(|settings| settings.api_url = Some(format!("http://{port}")));
    stage.feels("Telegram can't be reached").await;
    let error = stage.telegram.examine().await.unwrap_err();
    assert!(error.contains("can't be reached") && error.contains(&port.to_string()), "{error}");
    assert!(!error.contains("fake-telegram-token"), "{error}");
}

#[tokio::test]
async fn stopped_it_stands_by_and_can_be_run_again() {
    let mut stage = Stage::new().await;
    stage.feels("@harbor_bot").await;
    stage.stop().await;
    assert_eq!(stage.health(), Health::Standby);
    stage.fake.customer("Ada").says("hello");
    assert_eq!(stage.desk.count(), 0);
    // Standing by, it still speaks.
    stage.telegram.deliver(&message(&stage.fake.customer("Ada").id.to_string(), "hi"), 0).await.unwrap();
    stage.run();
    until("heard", || stage.desk.count() == 1).await;
    stage.fake.assert_clean();
}

#[tokio::test]
async fn the_doctor_says_who_the_bot_is() {
    let stage = Stage::set(Options::default(), |_| ()).await;
    assert_eq!(stage.telegram.examine().await.as_deref(), Ok("@harbor_bot by long polling"));
    let mut hooked = settings(&stage.fake, &Options::default());
    hooked.mode = Mode::Webhook {
        url: "https://desk.example/hooks/telegram".to_owned(),
        secret: SECRET.to_owned().into(),
    };
    let hooked = Telegram::new(hooked, stage.desk.clone()).unwrap();
    assert!(hooked.examine().await.unwrap_err().contains("no webhook is set yet"));
    stage.fake.somebody_sets_webhook("https://desk.example/hooks/telegram");
    assert_eq!(hooked.examine().await.as_deref(), Ok("@harbor_bot by webhook"));
    assert!(
        !format!("{hooked:?}").contains("fake-telegram-token") && !format!("{hooked:?}").contains(SECRET)
    );
    stage.fake.assert_clean();
}

/// bar.md T1 with real seconds and the settings as they ship; prints figures and asserts none:
/// `cargo test -p channels --test telegram -- --ignored --nocapture sixty`.
#[tokio::test]
#[ignore = "takes two minutes of real time"]
async fn sixty_seconds_of_a_rival_and_of_a_webhook() {
    let options = Options { second: Duration::from_secs(1), ..Options::default() };
    let fake = fakes::telegram::Fake::start(options).await.unwrap();
    let mut settings = channels::telegram::Settings::new(fake.token().into());
    settings.api_url = Some(fake.url());
    let desk = std::sync::Arc::new(super::desk::Desk::default());
    let telegram = Telegram::new(settings, desk).unwrap();
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    let running = tokio::spawn(telegram.clone().run(stopped));
    let feels = async |words: &str| {
        let from = tokio::time::Instant::now();
        let said = |health: &Health| format!("{health:?}").contains(words);
        telegram.health().wait_for(said).await.unwrap();
        from.elapsed()
    };
    println!("connected after {:?}", feels("Connected").await);
    for (name, words) in [("rival", "Another program"), ("webhook", "A webhook is set")] {
        let before = fake.calls();
        match name {
            "rival" => fake.rival_polls(true),
            _ => fake.somebody_sets_webhook("https://other.example/x"),
        }
        println!("{name}: degraded after {:?}", feels(words).await);
        tokio::time::sleep(Duration::from_secs(60)).await;
        println!("{name}: {} calls in 60 s", fake.calls() - before);
        fake.rival_polls(false);
        fake.somebody_sets_webhook("");
        println!("{name}: connected again after {:?}", feels("Connected").await);
    }
    running.abort();
    fake.assert_clean();
}

fn no_update_is_ever_dropped(stage: &Stage) {
    for request in stage.fake.journal().requests {
        assert!(request.params.get("drop_pending_updates").is_none(), "{request:?}");
        assert!(request.params.get("offset").is_none_or(|offset| offset.as_i64() > Some(0)), "{request:?}");
    }
}
