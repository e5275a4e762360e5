//! What a language model may cost in calls, tokens and waiting, and a server that is left alone while it fails.

use crate::support::model::ModelWorld;
use crate::support::world::library_with;
use chrono::TimeDelta;
use fakes::model::Kind;
use model::layers::breaker::BreakerSettings;
use std::num::NonZeroU32;
use std::time::Duration;

const UNSURE: &str = "the numbers in the pdf for my client are strange";
/// The model is asked about every message, and only what it is about.
const ALWAYS: (&str, &str) =
    ("policies/guardrails.yaml", "engine: model\nmodel: { replies: false, summaries: false }");

impl ModelWorld {
    /// The circuit as `/readyz` and `/metrics` show it: whether all is well, and its words.
    fn circuit(&self) -> (bool, String) {
        let parts = self.world.desk.asking.state();
        let part = parts.into_iter().find(|part| part.part == "breaker").expect("a breaker");
        (part.healthy, part.says)
    }

    /// So many customers write one message each.
    async fn hears_from(&self, customers: usize) {
        for _ in 0..customers {
            self.world.visitor().await.says(UNSURE).await;
        }
    }
}

#[tokio::test]
async fn a_server_that_fails_is_left_alone_tried_now_and_then_and_trusted_again() {
    let probe_every = Duration::from_secs(2);
    let desk = ModelWorld::with(library_with(&[ALWAYS]), |settings| {
        settings.breaker = BreakerSettings { probe_every, ..BreakerSettings::default() };
    })
    .await;
    assert!(desk.circuit().0);
    desk.server.world.always(Some(Kind::Error500));
    // Only a few customers a second are kept waiting to find out, so it takes a while.
    while desk.circuit().0 {
        desk.hears_from(1).await;
        assert!(desk.server.world.count() <= 20, "opens within twenty calls: {}", desk.circuit().1);
    }
    assert!(desk.world.desk.asking.trouble().is_some(), "the console shows a banner");

    // It is well again, and found out by one call at a time: three that go well.
    desk.server.world.always(None);
    for good in 1..=3 {
        let before = desk.server.world.count();
        desk.hears_from(3).await;
        assert_eq!(desk.server.world.count(), before, "nobody asks while it is left alone");
        while desk.server.world.count() == before {
            tokio::time::sleep(probe_every / 8).await;
            desk.hears_from(2).await;
        }
        let probes = desk.server.world.count() - before;
        match good {
            3 => assert!(probes <= 2, "the third probe closes the circuit"),
            _ => assert_eq!(probes, 1, "one probe in {probe_every:?}"),
        }
    }
    let before = desk.server.world.count();
    desk.hears_from(5).await;
    assert_eq!(desk.server.world.count(), before + 5);
    assert!(desk.circuit().0 && desk.world.desk.asking.trouble().is_none());
    desk.is_understood();
}

#[tokio::test]
async fn a_customer_who_writes_and_writes_has_twenty_calls_a_minute_and_takes_nobody_elses() {
    let desk = ModelWorld::with(library_with(&[ALWAYS]), |settings| {
        settings.a_minute = NonZeroU32::new(20).unwrap();
    })
    .await;
    let begun = std::time::Instant::now();
    let loud = desk.world.visitor().await;
    for number in 0..60 {
        // Answered from an article whether or not the model is asked: the bot stays in the talk.
        desk.thinks(Some("export_data"), "sure");
        loud.says(&format!("How do I export project {number} to CSV?")).await;
    }
    // One more for every three seconds that this has taken.
    let allowed = 20 + begun.elapsed().as_secs() as usize / 3 + 1;
    let calls = desk.server.world.count();
    assert!((20..=allowed).contains(&calls), "{calls} calls, {allowed} allowed");
    assert_eq!(desk.server.world.most_at_once(), 1);
    let log = desk.world.log(loud.talk().await.id).await;
    let limited = log.iter().filter(|entry| {
        matches!(&entry.event, deskhand::domain::event::Event::ModelFailed { code, .. } if code == "model-rate-limited")
    });
    assert!(limited.count() > 0, "what was not asked says why");
    desk.hears_from(3).await;
    assert_eq!(desk.server.world.count(), calls + 3, "others have their own share");
}

#[tokio::test]
async fn a_day_s_tokens_are_never_overdrawn_whatever_customers_write() {
    const TOKENS: u64 = 40_000;
    let desk = ModelWorld::with(library_with(&[ALWAYS]), |settings| {
        settings.budget.day.tokens = Some(TOKENS);
    })
    .await;
    // The longest message that is taken, of letters that are several tokens each.
    let bomb = "🤯".repeat(16 * 1024 / 4);
    for _ in 0..30 {
        let visitor = desk.world.visitor().await;
        visitor.says(&bomb).await;
        assert!(visitor.talk().await.pending.is_empty(), "triaged all the same");
    }
    let now = desk.world.ledger.now();
    let spent = desk.world.ledger.storage.spending(now - TimeDelta::days(1), now - TimeDelta::days(1)).await;
    let tokens: u64 = spent.unwrap().iter().map(|one| one.tokens).sum();
    assert!(desk.server.world.count() > 0 && tokens > 0 && tokens <= TOKENS, "{tokens} tokens");
    let before = desk.server.world.count();
    desk.hears_from(5).await;
    assert_eq!(desk.server.world.count(), before, "the day is over for the model");
    let banner = desk.world.desk.asking.trouble().unwrap_or_default();
    assert!(banner.contains("budget"), "{banner}");
}
