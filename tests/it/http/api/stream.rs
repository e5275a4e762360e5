use crate::support::app::App;
use axum::body::BodyDataStream;
use axum::http::Method;
use deskhand::domain::person::Role;
use futures::StreamExt;
use serde_json::{Value, json};
use std::time::Duration;
use tower::ServiceExt;

/// Events as they come in.
struct Listening {
    body: BodyDataStream,
    text: String,
}

impl Listening {
    async fn to(app: &App, cookie: &str) -> Self {
        let request = axum::http::Request::builder()
            .uri("/api/v1/stream")
            .header("cookie", cookie)
            .body(axum::body::Body::empty())
            .unwrap();
        let response = app.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body().into_data_stream(), text: String::new() }
    }

    /// The next event with its data; nothing at the end.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let line = |name: &str| {
                    event
                        .lines()
                        .find_map(|line| line.strip_prefix(name).map(|value| value.trim().to_owned()))
                };
                let found = (
                    line("event:").unwrap_or_default(),
                    line("data:").map_or(Value::Null, |data| serde_json::from_str(&data).unwrap()),
                );
                self.text = rest.to_owned();
                return Some(found);
            }
            let chunk = tokio::time::timeout(Duration::from_secs(30), self.body.next())
                .await
                .expect("something in time")?;
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
    }

    async fn until(&mut self, wanted: impl Fn(&str, &Value) -> bool) -> Value {
        loop {
            let (name, data) = self.next().await.expect("the stream to go on");
            if wanted(&name, &data) {
                return data;
            }
        }
    }
}

#[tokio::test]
async fn the_console_hears_what_happens_as_it_happens() {
    let app = App::new().await;
    let maria = app.signed_in("Maria", Role::Agent).await;
    let mut listening = Listening::to(&app, &maria).await;
    let hello = listening.next().await.unwrap();
    assert_eq!((hello.0.as_str(), hello.1["user"]["name"].as_str()), ("hello", Some("Maria")));
    let token = app.visitor().await;
    app.says(&token, "m1", "I want to talk to a human").await;
    let row = listening.until(|name, data| name == "conversation" && data["state"] == "queued").await;
    assert_eq!(row["preview"]["text"], "I want to talk to a human");
    assert_eq!(app.post("/chat/v1/typing", json!({})).bearer(&token).send().await.status, 204);
    let typing = listening.until(|name, _| name == "typing").await;
    assert_eq!(typing, json!({"conversation": row["id"], "from": "customer"}));
}

#[tokio::test]
async fn an_open_console_counts_as_somebody_there_unless_they_only_read() {
    let app = App::asleep().await;
    let maria = app.signed_in("Maria", Role::Agent).await;
    let reader = app.signed_in("Rita", Role::Analyst).await;
    let online = || app.world.ledger.hub.agents_online();
    let one = Listening::to(&app, &maria).await;
    let two = Listening::to(&app, &reader).await;
    assert_eq!(online(), 1);
    drop((one, two));
    assert_eq!(online(), 0);
}

#[tokio::test]
async fn the_stream_ends_with_the_session_and_with_the_desk() {
    let app = App::asleep().await;
    let maria = app.signed_in("Maria", Role::Agent).await;
    let mut listening = Listening::to(&app, &maria).await;
    listening.next().await.unwrap();
    app.stops();
    assert!(listening.next().await.is_none());
    app.call(Method::GET, "/api/v1/stream").send().await.is_problem(401, "signed-out");
}
