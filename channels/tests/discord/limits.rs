//! Rate limits: kept before Discord has to remind us, and obeyed when it does.

use crate::support::{World, deliver, message};
use channels::{Courier as _, DeliveryError};
use fakes::discord::{Fault, Limits, Options, Trouble};
use std::sync::Arc;
use std::time::Duration;

/// C4: sends over many conversations, on a fake with Discord's own limits scaled down by ten, or at full scale with
/// `DISCORD_SENDS=1000`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_sends_meet_almost_no_429_and_none_comes_too_early() {
    let sends = std::env::var("DISCORD_SENDS").ok().and_then(|sends| sends.parse().ok());
    let limits = match sends {
        Some(_) => Limits::default(),
        None => Limits { messages: (5, Duration::from_millis(500)), ..Limits::default() },
    };
    let (sends, talks) = (sends.unwrap_or(120), 40);
    let mut world = World::with(Options { limits, ..Options::default() }).await;
    world.start().await;
    let mut talking = Vec::new();
    for talk in 0..talks {
        let customer = world.fake.customer(&format!("customer {talk}"));
        let bot = Arc::clone(&world.bot);
        talking.push(tokio::spawn(async move {
            for n in (talk..sends).step_by(talks) {
                deliver(&bot, &message(&format!("{n}"), customer.direct, &format!("{n}"))).await.unwrap();
            }
            customer
                .hears()
                .into_iter()
                .map(|shown| shown.content.parse::<usize>().unwrap())
                .collect::<Vec<_>>()
        }));
    }
    let mut shown = 0;
    for talk in talking {
        let heard = talk.await.unwrap();
        assert!(heard.is_sorted());
        shown += heard.len();
    }
    let journal = world.fake.journal();
    let (early, asked) = (journal.early, journal.answered(429));
    println!(
        "C4: {sends} sends in {talks} conversations: {asked} answers 429 of {} requests, {early} too early",
        journal.requests.len()
    );
    assert_eq!(shown, sends);
    assert!(asked * 100 < sends, "{asked}");
    assert_eq!(early, 0);
    assert_eq!(world.fake.refused_requests(), asked);
    journal.assert_clean();
}

#[tokio::test]
async fn a_channel_that_must_wait_holds_up_no_other() {
    let world = World::new().await;
    let (ada, bob) = (world.fake.customer("Ada"), world.fake.customer("Bob"));
    world
        .fake
        .order(Fault::on("POST", "/messages", Trouble::Early(Duration::from_millis(1_500), false)).times(1));
    let Err(DeliveryError::Later { after, .. }) = world.bot.deliver(&message("a", ada.direct, "a"), 0).await
    else {
        panic!("429 is a wait")
    };
    assert!(after >= Duration::from_millis(1_500));
    let again = world.bot.deliver(&message("a", ada.direct, "a"), 0).await;
    assert!(matches!(again, Err(DeliveryError::Later { .. })), "our own pacing knows it now: {again:?}");
    world.bot.deliver(&message("b", bob.direct, "b"), 0).await.unwrap();
    world.send(&message("a", ada.direct, "a")).await.unwrap();
    let journal = world.fake.journal();
    assert_eq!((journal.early, journal.answered(429), ada.hears().len()), (0, 1, 1));
    journal.assert_clean();
}

#[tokio::test]
async fn a_wait_of_the_whole_bot_holds_everywhere_and_after_a_restart() {
    for trouble in
        [Trouble::Early(Duration::from_millis(1_500), true), Trouble::Cloudflare(Duration::from_secs(2))]
    {
        let mut world = World::new().await;
        let (ada, bob) = (world.fake.customer("Ada"), world.fake.customer("Bob"));
        world.fake.order(Fault::on("POST", "/messages", trouble).times(1));
        assert!(matches!(
            world.bot.deliver(&message("a", ada.direct, "a"), 0).await,
            Err(DeliveryError::Later { .. })
        ));
        assert!(matches!(
            world.bot.deliver(&message("b", bob.direct, "b"), 0).await,
            Err(DeliveryError::Later { .. })
        ));
        let remembered = || world.desk.memory.lock().unwrap().contains_key("discord/paused-until");
        crate::support::wait("the wait to be remembered", remembered).await;
        world.kill().await;
        world.start().await;
        world.send(&message("a", ada.direct, "a")).await.unwrap();
        world.send(&message("b", bob.direct, "b")).await.unwrap();
        let journal = world.fake.journal();
        assert_eq!((journal.early, journal.answered(429)), (0, 1));
        journal.assert_clean();
    }
}

#[tokio::test]
async fn refused_requests_stop_long_before_discord_bans() {
    let mut world = World::with(Options { limits: Limits::wide(), ..Options::default() }).await;
    world.settings.most_refused = 50;
    world.kill().await;
    world.start().await;
    let ada = world.fake.customer("Ada");
    ada.blocks(true);
    let mut held = 0;
    for n in 0..100 {
        match world.bot.deliver(&message(&format!("{n}"), ada.direct, "x"), 0).await {
            Err(DeliveryError::Unreachable { .. }) => {}
            Err(DeliveryError::Later { .. }) => held += 1,
            other => panic!("{other:?}"),
        }
        if held > 3 {
            break;
        }
    }
    assert!(held > 0 && world.fake.refused_requests() <= 50, "{}", world.fake.refused_requests());
    let health = world.bot.health();
    let told = || format!("{:?}", health.borrow()).contains("banned");
    crate::support::wait("the cause in the health", told).await;
}
