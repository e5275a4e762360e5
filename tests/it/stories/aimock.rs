//! The whole desk with a model server of somebody else's. `scripts/model-aimock.sh` starts it; without it these say that
//! they are skipped.

use crate::support::model::{Pages, asking};
use crate::support::world::{World, library_with};
use deskhand::domain::event::Event;
use model::layers::breaker::BreakerSettings;
use model::layers::retry::RetrySettings;
use std::sync::Arc;
use tempfile::TempDir;

const UNSURE: &str = "the numbers in the pdf for my client are strange";

/// A desk that asks the server of this variable about every message.
async fn desk(variable: &str) -> Option<World> {
    let Ok(url) = std::env::var(variable) else {
        println!("skipped: {variable} is not set; run scripts/model-aimock.sh");
        return None;
    };
    let folder = TempDir::new().unwrap();
    let file = format!("sqlite:{}", folder.path().join("deskhand.db").display());
    let storage = deskhand::store::open(&file).await.unwrap();
    let library = library_with(&[("policies/guardrails.yaml", "engine: model")]);
    let ask = |ledger: &_| {
        asking(ledger, &format!("{url}/v1"), &Arc::new(Pages::default()), |settings| {
            settings.retry = RetrySettings::default();
            // In this weather it would stay open, and nothing would be learned.
            settings.breaker = BreakerSettings { share: 1.0, ..BreakerSettings::default() };
        })
    };
    Some(World::asking(storage, Some(folder), library, true, ask).await)
}

#[tokio::test]
async fn aimock_in_fair_weather_gives_second_opinions() {
    let Some(world) = desk("AIMOCK_FAIR").await else { return };
    let visitor = world.visitor().await;
    visitor.says(UNSURE).await;
    let decision = visitor.decision().await;
    assert_eq!(
        (decision.intent.as_deref(), decision.opinions.len()),
        (Some("bug_report"), 2),
        "{decision:?}"
    );
}

#[tokio::test]
async fn aimock_in_foul_weather_leaves_every_message_with_an_outcome_and_nothing_done() {
    let Some(world) = desk("AIMOCK_FOUL").await else { return };
    let calls: usize = std::env::var("AIMOCK_CALLS").ok().and_then(|text| text.parse().ok()).unwrap_or(300);
    let (mut opinions, mut none, mut acts) = (0, 0, 0);
    for number in 0..calls {
        let visitor = world.visitor().await;
        visitor.says(&format!("{UNSURE} ({number})")).await;
        let talk = visitor.talk().await;
        let log = world.log(talk.id).await;
        assert!(talk.pending.is_empty() || talk.run.is_some(), "{number} has no outcome: {log:#?}");
        assert_ne!(visitor.hears().await, "", "{number} hears nothing");
        for entry in log {
            match entry.event {
                Event::Decided { decision } if decision.opinions.len() > 1 => {
                    assert_eq!(
                        decision.opinions[1].intent.as_deref(),
                        Some("bug_report"),
                        "half an answer was used"
                    );
                    opinions += 1;
                }
                Event::Decided { .. } => none += 1,
                Event::Requested { .. } => acts += 1,
                _ => {}
            }
        }
    }
    println!(
        "aimock, foul weather, the desk: {calls} messages, {opinions} second opinions, {none} without, {acts} acts"
    );
    assert!(opinions > 0 && acts == 0);
}
