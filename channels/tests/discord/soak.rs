//! Long runs with faults of every kind; short by default.
//! C1 at full size: `DISCORD_SOAK_MESSAGES=5000 DISCORD_SOAK_FAULTS=100 cargo test -p channels --test discord soak -- --nocapture`.

use crate::support::World;
use fakes::discord::{Fault, Limits, Options, Trouble, Visit};
use std::collections::BTreeMap;
use std::time::Duration;

fn size(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(usual)
}

/// A small generator, so that a run is repeated by its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_doubled_or_out_of_order_however_the_link_breaks() {
    let (messages, faults) = (size("DISCORD_SOAK_MESSAGES", 400), size("DISCORD_SOAK_FAULTS", 25));
    let seed = size("DISCORD_SOAK_SEED", 7);
    let options = Options {
        heartbeat: Duration::from_millis(60),
        limits: Limits::wide(),
        starts: 100_000,
        ..Options::default()
    };
    let mut world = World::with(options).await;
    world.start().await;
    world.fake.repeat_after_resume(3);
    world.fake.order(Fault::on("GET", "/messages", Trouble::Refuse(502, 0)).chance(0.05));
    world.fake.order(Fault::on("POST", "/threads", Trouble::CutAfter).chance(0.05));
    let mut dice = Dice(seed as u64);
    let help = world.fake.channel("help");
    let people: Vec<_> = (0..20).map(|n| world.fake.customer(&format!("customer {n}"))).collect();
    let mut threads = BTreeMap::new();
    let mut said: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    // Discord lists no direct messages to a bot: those of somebody unknown, in a lost session, are found when they
    // write again. Here everybody is known.
    for customer in people.iter().step_by(2) {
        customer.says("hello");
        said.entry(customer.id).or_default().push("hello".into());
    }
    world.desk.holds(said.len()).await;
    let (mut struck, every) = (0, (messages / faults).max(1));
    for n in 0..messages {
        let who = dice.roll(people.len());
        let (customer, text) = (&people[who], format!("message {n}"));
        // Half of them write directly, half in a thread that a mention opens.
        if who.is_multiple_of(2) {
            customer.says(&text);
        } else if let Some(thread) = threads.get(&who) {
            customer.says_in(*thread, &text);
        } else {
            let thread = customer.asks_in(help, &text);
            crate::support::wait("the thread", || {
                world.fake.threads(help).iter().any(|known| known.0 == thread)
            })
            .await;
            threads.insert(who, thread);
        }
        said.entry(customer.id).or_default().push(text);
        if n % every == every / 2 {
            // Each fault strikes a bot that is connected.
            crate::support::wait("a connection", || world.fake.connected() == 1).await;
            match dice.roll(10) {
                0 => drop(world.fake.ask_to_reconnect()),
                1 => drop(world.fake.invalidate(true)),
                2 => drop(world.fake.invalidate(false)),
                3 => drop(world.fake.close([4000, 4001, 4002, 4003, 4005, 4007, 4008, 4009][dice.roll(8)])),
                4 => drop(world.fake.go_silent()),
                5 => {
                    world.kill().await;
                    world.start().await;
                }
                6 => {
                    world.fake.gateway_down(true);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    world.fake.forget_sessions();
                    world.fake.gateway_down(false);
                }
                _ => drop(world.fake.cut()),
            }
            struck += 1;
        }
        if dice.roll(4) == 0 {
            tokio::time::sleep(Duration::from_millis(dice.roll(6) as u64)).await;
        }
    }
    world.fake.heal();
    let all_here =
        || said.iter().all(|(customer, texts)| world.desk.texts_of(*customer).len() >= texts.len());
    for _ in 0..2_000 {
        if all_here() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for (customer, texts) in &said {
        assert_eq!(&world.desk.texts_of(*customer), texts, "seed {seed}");
    }
    assert_eq!(world.desk.count(), said.values().map(Vec::len).sum::<usize>(), "doubled");
    let journal = world.fake.journal();
    let count = |of: fn(&Visit) -> bool| journal.visits(of);
    println!(
        "C1: seed {seed}: {messages} messages, {struck} faults: 0 lost, 0 doubled, 0 out of order; {} identifies, {} resumes, {} refused resumes, {} requests, {} violations",
        count(|visit| *visit == Visit::Identified),
        count(|visit| matches!(visit, Visit::Resumed(_))),
        count(|visit| *visit == Visit::ResumeRefused),
        journal.requests.len(),
        journal.violations.len(),
    );
    journal.assert_clean();
}

/// D3: bursts of many conversations at once, while the desk fails now and then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bursts_keep_their_order_in_every_conversation() {
    let (people, each) = (size("DISCORD_BURST_PEOPLE", 50), 20);
    let world = World::new().await;
    let people: Vec<_> = (0..people).map(|n| world.fake.customer(&format!("customer {n}"))).collect();
    let mut dice = Dice(3);
    for n in 0..each {
        for customer in &people {
            customer.says(&format!("{n}"));
        }
        world.desk.trouble.store(dice.roll(20), std::sync::atomic::Ordering::SeqCst);
    }
    world.desk.holds(people.len() * each).await;
    let expected: Vec<_> = (0..each).map(|n| n.to_string()).collect();
    for customer in &people {
        assert_eq!(world.desk.texts_of(customer.id), expected);
    }
    world.fake.journal().assert_clean();
}
