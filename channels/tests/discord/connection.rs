//! Every way in which the gateway loses a bot, and that nothing is lost with it.

use crate::support::{World, wait};
use channels::Health;
use fakes::discord::{Fault, Limits, Options, Trouble, Visit};
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::Duration;

fn identified(world: &World) -> usize {
    world.fake.journal().visits(|visit| *visit == Visit::Identified)
}

fn resumed(world: &World) -> usize {
    world.fake.journal().visits(|visit| matches!(visit, Visit::Resumed(_)))
}

fn wide() -> Options {
    Options { limits: Limits::wide(), ..Options::default() }
}

#[tokio::test]
async fn after_a_cut_the_session_is_resumed_where_discord_says_and_nothing_is_missed() {
    let world = World::new().await;
    let ada = world.fake.customer("Ada");
    ada.says("before");
    world.desk.holds(1).await;
    world.fake.gateway_down(true);
    ada.says("meanwhile");
    wait("tries", || world.fake.journal().visits(|visit| *visit == Visit::Refused) > 0).await;
    world.fake.gateway_down(false);
    ada.says("after");
    world.desk.holds(3).await;
    assert_eq!(world.desk.texts_of(ada.id), ["before", "meanwhile", "after"]);
    assert_eq!((identified(&world), resumed(&world)), (1, 1));
    assert!(world.fake.journal().gateway.contains(&Visit::Connected("/gateway/resume".into())));
    assert_eq!(
        world.fake.journal().visits(|visit| matches!(visit, Visit::Resumed(0))),
        0,
        "the sequence is told"
    );
    world.fake.journal().assert_clean();
}

#[tokio::test]
async fn what_discord_repeats_after_a_resume_does_no_harm() {
    let world = World::new().await;
    let ada = world.fake.customer("Ada");
    ada.says("one");
    ada.says("two");
    world.desk.holds(2).await;
    world.fake.repeat_after_resume(2);
    world.fake.cut();
    wait("the resume", || resumed(&world) == 1).await;
    ada.says("three");
    world.desk.holds(3).await;
    assert_eq!(world.desk.texts_of(ada.id), ["one", "two", "three"]);
}

#[tokio::test]
async fn op_7_op_9_and_closes_are_followed_as_discord_says() {
    let world = World::new().await;
    let ada = world.fake.customer("Ada");
    type Order = Box<dyn Fn(&World) -> usize>;
    let mut stories: Vec<(Order, bool)> = vec![
        (Box::new(|world| world.fake.ask_to_reconnect()), true),
        (Box::new(|world| world.fake.invalidate(true)), true),
        (Box::new(|world| world.fake.invalidate(false)), false),
    ];
    for code in [4000, 4001, 4002, 4005, 4008] {
        stories.push((Box::new(move |world| world.fake.close(code)), true));
    }
    for code in [4003, 4007, 4009] {
        stories.push((Box::new(move |world| world.fake.close(code)), false));
    }
    for (n, (order, resumes)) in stories.iter().enumerate() {
        let before = (identified(&world), resumed(&world));
        assert_eq!(order(&world), 1, "story {n}");
        ada.says(&format!("{n}"));
        wait("another connection", || {
            (identified(&world), resumed(&world)) != before && world.fake.connected() == 1
        })
        .await;
        let expected = if *resumes { (before.0, before.1 + 1) } else { (before.0 + 1, before.1) };
        assert_eq!((identified(&world), resumed(&world)), expected, "story {n}");
        world.desk.holds(n + 1).await;
    }
    let expected: Vec<_> = (0..stories.len()).map(|n| n.to_string()).collect();
    assert_eq!(world.desk.texts_of(ada.id), expected);
    world.fake.journal().assert_clean();
}

#[tokio::test]
async fn a_fatal_close_stops_the_bot_with_its_cause_and_no_further_try() {
    for code in [4004, 4010, 4011, 4012, 4013, 4014] {
        let mut world = World::with(wide()).await;
        world.fake.turn_away(Some(code));
        world.launch();
        let Health::Stopped { cause } = world.ended().await else { panic!("{code} is fatal") };
        assert!(cause.contains(&code.to_string()), "{cause}");
        assert_eq!(identified(&world), 1, "{code}");
    }
    // Discord's own reason for 4014, and while connected.
    let mut world = World::with(wide()).await;
    world.fake.allow_message_content(false);
    world.launch();
    let Health::Stopped { cause } = world.ended().await else { panic!("4014 is fatal") };
    assert!(cause.contains("switch on the Message Content intent in the developer portal"), "{cause}");
    world.fake.allow_message_content(true);
    world.start().await;
    world.fake.close(4004);
    assert!(matches!(world.ended().await, Health::Stopped { .. }));
    assert_eq!(identified(&world), 2);
}

#[tokio::test]
async fn a_silent_gateway_is_left_after_a_beat_without_an_answer() {
    let mut world = World::with(Options { heartbeat: Duration::from_millis(80), ..wide() }).await;
    world.start().await;
    let ada = world.fake.customer("Ada");
    wait("a beat", || world.fake.journal().visits(|visit| *visit == Visit::Beat) > 2).await;
    assert_eq!((identified(&world), resumed(&world)), (1, 0), "a gateway that answers is not left");
    world.fake.go_silent();
    let beats = world.fake.journal().visits(|visit| *visit == Visit::Beat);
    ada.says("can you hear me?");
    world.desk.holds(1).await;
    // At most one beat was sent in vain: within two intervals it was left.
    let journal = world.fake.journal();
    let resume = journal.gateway.iter().position(|visit| matches!(visit, Visit::Resumed(_))).unwrap();
    let vain = journal.gateway[..resume].iter().filter(|visit| **visit == Visit::Beat).count() - beats;
    assert!(vain <= 1, "{vain}");
}

#[tokio::test]
async fn a_heartbeat_that_discord_asks_for_comes_at_once() {
    let world = World::new().await;
    let beats = || world.fake.journal().visits(|visit| *visit == Visit::Beat);
    let before = beats();
    world.fake.ask_for_heartbeat();
    wait("the beat", || beats() > before).await;
}

#[tokio::test]
async fn after_a_session_was_lost_the_history_tells_what_was_missed() {
    let mut world = World::new().await;
    let (ada, bob, cleo) =
        (world.fake.customer("Ada"), world.fake.customer("Bob"), world.fake.customer("Cleo"));
    let help = world.fake.channel("help");
    ada.says("direct 1");
    let thread = bob.asks_in(help, "thread 1");
    world.desk.holds(2).await;
    world.stop().await;
    world.fake.forget_sessions();
    for n in 2..=150 {
        ada.says(&format!("direct {n}"));
    }
    bob.says_in(thread, "thread 2");
    world.fake.archive(thread, false);
    let quiet = world.fake.channel("a new channel");
    cleo.says_in(quiet, "not for the bot");
    let mention = cleo.asks_in(quiet, "mention 1");
    world.start().await;
    ada.says("direct 151");
    world.desk.holds(154).await;
    let expected: Vec<_> = (1..=151).map(|n| format!("direct {n}")).collect();
    assert_eq!(world.desk.texts_of(ada.id), expected);
    assert_eq!(world.desk.texts_of(bob.id), ["thread 1", "thread 2"]);
    assert_eq!(world.desk.texts_of(cleo.id), ["mention 1"]);
    assert_eq!(world.fake.threads(quiet)[0].0, mention);
    world.fake.journal().assert_clean();
}

#[tokio::test]
async fn the_first_words_of_somebody_new_are_not_lost_in_an_outage() {
    let mut world = World::new().await;
    let (ada, bob) = (world.fake.customer("Ada"), world.fake.customer("Bob"));
    bob.says("somebody known");
    world.desk.holds(1).await;
    world.stop().await;
    world.fake.forget_sessions();
    ada.says("is anybody there?");
    world.start().await;
    // No event tells of Ada's channel until she writes again.
    ada.says("hello?");
    world.desk.holds(3).await;
    assert_eq!(world.desk.texts_of(ada.id), ["is anybody there?", "hello?"]);
}

#[tokio::test]
async fn what_was_said_before_the_bots_first_start_is_not_answered() {
    let mut world = World::with(wide()).await;
    let (ada, help) = (world.fake.customer("Ada"), world.fake.channel("help"));
    ada.says("years ago");
    ada.asks_in(help, "years ago");
    tokio::time::sleep(Duration::from_millis(5)).await;
    world.start().await;
    ada.says("today");
    world.desk.holds(1).await;
    assert_eq!(world.desk.texts_of(ada.id), ["today"]);
}

#[tokio::test]
async fn a_killed_bot_resumes_the_session_of_its_former_life() {
    let mut world = World::new().await;
    let (ada, help) = (world.fake.customer("Ada"), world.fake.channel("help"));
    ada.says("one");
    world.desk.holds(1).await;
    wait("a remembered session", || world.desk.memory.lock().unwrap().contains_key("discord/session")).await;
    world.kill().await;
    // A command is in no history: only the session can tell it again.
    ada.says("two");
    let command = ada.commands(help, "support", &[("message", "three")]);
    world.start().await;
    world.desk.holds(3).await;
    wait("the answer", || ada.answered(command).is_some_and(|answered| answered.followed_up == 1)).await;
    assert_eq!((identified(&world), resumed(&world)), (1, 1));
}

#[tokio::test]
async fn a_bot_that_stops_can_go_on_later() {
    let mut world = World::new().await;
    let ada = world.fake.customer("Ada");
    ada.says("one");
    world.desk.holds(1).await;
    world.stop().await;
    assert_eq!(*world.bot.health().borrow(), Health::Standby);
    // 1000 would end the session.
    wait("the close", || world.fake.journal().gateway.contains(&Visit::Left(Some(4900)))).await;
    ada.says("two");
    world.start().await;
    world.desk.holds(2).await;
    assert_eq!((identified(&world), resumed(&world)), (1, 1));
}

#[tokio::test]
async fn gateway_and_history_together_double_nothing() {
    let world = World::new().await;
    let ada = world.fake.customer("Ada");
    for n in 0..20 {
        let id = ada.says(&format!("{n}"));
        if n % 5 == 0 {
            world.fake.invalidate(false);
        }
        for _ in 0..n % 3 {
            world.fake.tell("MESSAGE_CREATE", &world.fake.told(ada.direct, id));
        }
    }
    world.desk.holds(20).await;
    world.connected().await;
    ada.says("20");
    world.desk.holds(21).await;
    let expected: Vec<_> = (0..21).map(|n| n.to_string()).collect();
    assert_eq!(world.desk.texts_of(ada.id), expected);
    world.fake.journal().assert_clean();
}

#[tokio::test]
async fn no_session_is_started_when_discord_allows_none() {
    let mut world =
        World::with(Options { starts: 0, starts_reset: Duration::from_millis(50), ..wide() }).await;
    world.launch();
    let health = world.bot.health();
    wait(
        "its cause",
        || matches!(&*health.borrow(), Health::Degraded { cause } if cause.contains("no further connection")),
    )
    .await;
    assert_eq!(identified(&world), 0);
    assert!(world.bot.examine().await.unwrap_err().contains("another program uses its token"));
    world.fake.set_starts(1);
    world.connected().await;
    assert_eq!(identified(&world), 1);
}

#[tokio::test]
async fn an_api_that_is_down_is_waited_for_and_a_revoked_token_is_not() {
    let mut world = World::with(wide()).await;
    world.fake.order(Fault::on("GET", "", Trouble::Refuse(503, 0)).times(3));
    world.start().await;
    world.stop().await;
    world.fake.revoke(true);
    world.launch();
    let Health::Stopped { cause } = world.ended().await else {
        panic!("nothing helps against a revoked token")
    };
    assert!(cause.contains("developer portal"), "{cause}");
    assert!(world.bot.examine().await.unwrap_err().contains("token"));
    assert_eq!(identified(&world), 1);
}

#[tokio::test]
async fn the_doctor_says_who_the_bot_is_or_what_is_wrong() {
    let world = World::with(wide()).await;
    let told = world.bot.examine().await.unwrap();
    assert!(told.starts_with("Harbor") && told.contains("1000 of 1000"), "{told}");
    world.fake.allow_message_content(false);
    assert!(world.bot.examine().await.unwrap_err().contains("Message Content"));
    world.fake.journal().assert_clean();
}

/// Counts what is logged.
struct Lines(Mutex<Vec<String>>);

impl tracing::Subscriber for &'static Lines {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() <= tracing::Level::INFO && metadata.target().starts_with("channels")
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        self.0.lock().unwrap().push(format!("{event:?}"));
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test]
async fn a_gateway_that_is_down_is_asked_rarely_and_logged_once() {
    let lines: &'static Lines = Box::leak(Box::new(Lines(Mutex::default())));
    let _guard = tracing::subscriber::set_default(lines);
    let world = World::new().await;
    let ada = world.fake.customer("Ada");
    world.fake.gateway_down(true);
    let refused = || world.fake.journal().visits(|visit| *visit == Visit::Refused);
    wait("tries", || refused() >= 25).await;
    ada.says("meanwhile");
    world.fake.gateway_down(false);
    world.desk.holds(1).await;
    let logged = lines.0.lock().unwrap().clone();
    assert!(logged.len() < 6, "{logged:#?}");
    assert!(!logged.iter().any(|line| line.contains(world.fake.token())), "{logged:#?}");
    assert_eq!(world.desk.repeats.load(Ordering::SeqCst), 0);
}
