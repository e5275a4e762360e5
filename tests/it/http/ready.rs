use crate::support::app::App;

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
