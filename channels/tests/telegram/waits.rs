//! Limits and waits that Telegram orders (bar.md T2). Telegram's second lasts 50 ms here.

use super::stage::{Stage, insist, message};
use channels::{Courier as _, DeliveryError, telegram::Telegram};
use fakes::telegram::{Options, Order, Trouble};
use futures::future::join_all;
use std::{sync::Arc, time::Duration};

fn flood(seconds: u64, whole_bot: bool) -> Trouble {
    Trouble::FloodWait { seconds, whole_bot }
}

fn later(outcome: Result<channels::Receipt, DeliveryError>) -> Duration {
    match outcome {
        Err(DeliveryError::Later { after, .. }) => after,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_chat_that_must_wait_waits_and_others_go_on() {
    let stage = Stage::set(Options::default(), |_| ()).await;
    let (ada, bo) = (stage.fake.customer("Ada"), stage.fake.customer("Bo"));
    stage.fake.order(Order::next("sendMessage", flood(60, false)).in_chat(ada.id));
    let after = later(stage.says(&ada.id.to_string(), "hello Ada").await);
    assert_eq!(after, Duration::from_secs(3), "Telegram's seconds last 50 ms here");
    assert!(later(stage.says(&ada.id.to_string(), "hello Ada").await) <= after);
    stage.says(&bo.id.to_string(), "hello Bo").await.unwrap();
    assert_eq!(stage.insists(&message(&ada.id.to_string(), "hello Ada")).await, Ok(2));
    assert_eq!((ada.hears().len(), bo.hears().len()), (1, 1));
    assert_eq!(stage.fake.journal().early, []);
    stage.fake.assert_clean();
}

#[tokio::test]
async fn a_wait_survives_a_restart() {
    let mut stage = Stage::set(Options::default(), |_| ()).await;
    let ada = stage.fake.customer("Ada");
    stage.fake.order(Order::next("sendMessage", flood(60, false)));
    later(stage.says(&ada.id.to_string(), "hello").await);
    stage.restart(|_| ());
    later(stage.says(&ada.id.to_string(), "hello").await);
    assert!(stage.insists(&message(&ada.id.to_string(), "hello")).await.is_ok());
    assert_eq!(ada.hears(), ["hello"]);
    assert_eq!(stage.fake.journal().early, []);
    assert_eq!(stage.fake.journal().calls("sendMessage").len(), 2);
    stage.fake.assert_clean();
}

#[tokio::test]
async fn a_flood_of_the_whole_bot_is_recognized_and_survives_a_restart() {
    // Long enough that a busy machine does not sleep through it.
    let second = Duration::from_millis(200);
    let options = Options { second, ..Options::default() };
    let mut stage = Stage::set(options, |settings| settings.second = second).await;
    let people: Vec<_> = (0..8).map(|number| stage.fake.customer(&format!("Customer {number}"))).collect();
    stage.fake.order(Order::next("sendMessage", flood(20, true)));
    for person in &people {
        later(stage.says(&person.id.to_string(), "hello").await);
    }
    assert_eq!(stage.fake.journal().calls("sendMessage").len(), 3, "the rest waits unasked");
    assert!(stage.desk.memory().contains_key("telegram/pause/all"));
    stage.restart(|settings| settings.second = second);
    for person in &people {
        later(stage.says(&person.id.to_string(), "hello").await);
    }
    assert_eq!(stage.fake.journal().calls("sendMessage").len(), 3);
    for person in &people {
        stage.insists(&message(&person.id.to_string(), "hello")).await.unwrap();
        assert_eq!(person.hears(), ["hello"]);
    }
    stage.fake.assert_clean();
}

#[tokio::test]
async fn our_own_pace_keeps_within_telegram_s_limits() {
    let options = Options { limits: true, ..Options::default() };
    let stage = Stage::set(options, |_| ()).await;
    let group = stage.fake.group("Harbor talk");
    let mut sends = Vec::new();
    for number in 0..40 {
        let person = stage.fake.customer(&format!("Customer {number}"));
        sends.push((person.id.to_string(), 3));
    }
    sends.push((format!("{}:7", group.id), 12));
    let all = sends.into_iter().map(|(address, count)| {
        let telegram = Arc::clone(&stage.telegram);
        async move {
            for number in 0..count {
                insist(&telegram, &message(&address, &format!("number {number}"))).await.unwrap();
            }
        }
    });
    join_all(all).await;
    let journal = stage.fake.journal();
    assert_eq!(journal.sent.len(), 132);
    let refused = journal.requests.iter().filter(|request| request.status == Some(429)).count();
    assert_eq!(refused, 0);
    stage.fake.assert_clean();
}

/// `SENDS=10000` for the figure.
#[tokio::test]
async fn with_a_tenth_of_all_sends_refused_everything_arrives_once_and_in_order() {
    let count: usize = std::env::var("SENDS").ok().and_then(|count| count.parse().ok()).unwrap_or(300);
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_120);
    println!("SEED={seed}");
    let options = Options { seed, second: Duration::from_millis(20), ..Options::default() };
    let stage = Stage::set(options.clone(), |settings| settings.second = options.second).await;
    // Waits of 1 to 30 seconds for a chat with 3 in 1000 sends each, so a tenth in all; now and then for the whole bot.
    for seconds in 1..=30 {
        stage.fake.order(Order::next("sendMessage", flood(seconds, false)).chance(0.0035).always());
    }
    stage.fake.order(Order::next("sendMessage", flood(10, true)).chance(0.002).always());
    let people: Vec<_> = (0..30).map(|number| stage.fake.customer(&format!("Customer {number}"))).collect();
    let all = people.iter().map(|person| {
        let telegram: Arc<Telegram> = Arc::clone(&stage.telegram);
        async move {
            for number in 0..count / 30 {
                insist(&telegram, &message(&person.id.to_string(), &format!("number {number}")))
                    .await
                    .unwrap();
            }
        }
    });
    join_all(all).await;
    let expected: Vec<_> = (0..count / 30).map(|number| format!("number {number}")).collect();
    assert!(people.iter().all(|person| person.hears() == expected));
    let journal = stage.fake.journal();
    let floods = journal.requests.iter().filter(|request| request.status == Some(429)).count();
    let told = journal.early.iter().filter(|early| early.told).count();
    println!(
        "{} sends, {} delivered, {floods} refused; before a known wait was over: {told}; in a wait of the whole bot: {}",
        journal.calls("sendMessage").len(),
        journal.sent.len(),
        journal.early.len() - told
    );
    assert!(floods > 0);
    assert_eq!(told, 0);
    stage.fake.assert_clean();
}

#[tokio::test]
async fn typing_does_not_disturb_a_wait() {
    let stage = Stage::set(Options::default(), |_| ()).await;
    let ada = stage.fake.customer("Ada");
    stage.fake.order(Order::next("sendMessage", flood(600, false)));
    later(stage.says(&ada.id.to_string(), "hello").await);
    stage.telegram.typing(&ada.id.to_string()).await;
    assert!(stage.fake.journal().calls("sendChatAction").is_empty());
    stage.fake.assert_clean();
}
