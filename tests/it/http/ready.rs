use crate::support::app::App;
use async_trait::async_trait;
use deskhand::playbook::actions::Action;
use deskhand::ports::{Actions, CallError, Host};
use serde_json::Value;
use std::sync::Arc;

/// A shop that failed too often, beside one that is well.
struct TwoShops;

#[async_trait]
impl Actions for TwoShops {
    async fn run(&self, _: &str, _: &Action, _: &Value) -> Result<Value, CallError> {
        Err(CallError::Retry("away".to_owned()))
    }

    fn hosts(&self) -> Vec<Host> {
        let host = |name: &str, rests_s| Host { name: name.to_owned(), rests_s };
        vec![host("shop.example:443", Some(12)), host("pay.example:443", None)]
    }
}

#[tokio::test]
async fn a_host_that_is_left_alone_is_named() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let app = App::with(|server| {
        server.actions = Some(Arc::new(TwoShops));
        server.metrics = Some(handle);
    })
    .await;
    let ready = app.get("/readyz").send().await;
    assert_eq!((ready.status.as_u16(), &ready.json()["status"]), (200, &serde_json::json!("degraded")));
    let part = ready.json()["parts"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(part["detail"], "failed too often: shop.example:443 is left alone for 12 s");
    // This test has one thread, so the recorder is everywhere in it.
    let recording = metrics::set_default_local_recorder(&recorder);
    let metrics = app.get("/metrics").send().await;
    drop(recording);
    assert!(
        metrics.text().contains("deskhand_host_left_alone{host=\"shop.example:443\"} 1"),
        "{}",
        metrics.text()
    );
}

#[tokio::test]
async fn a_desk_that_can_work_says_what_of_it_is_well() {
    let app = App::asleep().await;
    assert_eq!(app.get("/healthz").send().await.status, 200);
    let ready = app.get("/readyz").send().await;
    assert_eq!(ready.status, 200, "{}", ready.text());
    let parts = ready.json()["parts"].as_array().unwrap().clone();
    let names: Vec<&str> = parts.iter().map(|part| part["part"].as_str().unwrap()).collect();
    assert_eq!(names, ["database", "policies", "outbox", "dead letters", "server"]);
    assert!(parts.iter().all(
        |part| part["state"] == "ok" && part["detail"].as_str().is_some_and(|detail| !detail.is_empty())
    ));
}

#[tokio::test]
async fn without_its_database_it_lives_but_is_not_ready() {
    let app = App::asleep().await;
    app.world.ledger.storage.close().await;
    assert_eq!(app.get("/healthz").send().await.status, 200);
    let ready = app.get("/readyz").send().await;
    assert_eq!(ready.status, 503);
    assert_eq!(ready.header("retry-after"), "2");
    assert_eq!(ready.json()["status"], "down");
    assert_eq!(ready.json()["parts"][0]["state"], "down");
}

#[tokio::test]
async fn a_desk_that_goes_down_takes_no_new_work() {
    let app = App::asleep().await;
    app.stops();
    assert_eq!(app.get("/readyz").send().await.status, 503);
}

#[tokio::test]
async fn metrics_are_text_and_absent_where_nothing_counts() {
    let app = App::asleep().await;
    app.get("/metrics").send().await.is_problem(404, "not-found");
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let app = App::with(|server| server.metrics = Some(handle)).await;
    let metrics = app.get("/metrics").send().await;
    assert_eq!(metrics.status, 200);
    assert!(metrics.header("content-type").starts_with("text/plain"));
}
