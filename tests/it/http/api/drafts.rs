//! An agent has the language model write, reads while it does, and sends only what they want.

use crate::support::app::App;
use crate::support::model::ModelWorld;
use deskhand::domain::person::Role;
use fakes::model::{Kind, World as Thinking};
use serde_json::{Value, json};

struct Drafting {
    app: App,
    model: fakes::model::Server,
    cookie: String,
    path: String,
}

/// Robin has taken over a talk about a declined card.
async fn robin() -> Drafting {
    let ModelWorld { world, server, .. } = ModelWorld::new().await;
    let asking = world.desk.asking.clone();
    let app = App::over(world, |server| server.asking = asking);
    let token = app.visitor().await;
    app.says(
        &token,
        "m1",
        "Let me talk to a human: my card 4111 1111 1111 1111 was declined, write to ada@example.com",
    )
    .await;
    let conversation = app.conversation(&token).await;
    let cookie = app.signed_in("Robin", Role::Agent).await;
    let taken = app.post(&format!("/api/v1/conversations/{conversation}/takeover"), json!({}));
    assert_eq!(taken.cookie(&cookie).own_page().send().await.status, 200);
    let path = format!("/api/v1/conversations/{conversation}/drafts");
    server.world.reset();
    Drafting { app, model: server, cookie, path }
}

impl Drafting {
    fn thinks(&self) -> &Thinking {
        &self.model.world
    }

    /// The events of a draft, in order.
    async fn writes(&self, wanted: Value) -> Vec<(String, Value)> {
        let answer = self.app.post(&self.path, wanted).cookie(&self.cookie).own_page().send().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("content-type"), "text/event-stream");
        let text = answer.text();
        let events = text.split("\n\n").filter(|block| block.contains("data:")).map(|block| {
            let line =
                |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            (line("event:").trim().to_owned(), serde_json::from_str(line("data:")).unwrap())
        });
        events.collect()
    }

    /// What the server was shown last.
    fn shown(&self) -> String {
        self.thinks().journal().last().map(|request| request.body.to_string()).unwrap_or_default()
    }
}

#[tokio::test]
async fn a_reply_comes_word_by_word_and_is_sent_by_nobody() {
    let desk = robin().await;
    let draft = json!({"reply": "Write to ⟦email-1⟧? I can see that the card was declined.", "missing": ["The reason"]});
    desk.thinks().says(&draft.to_string());
    let events = desk.writes(json!({"kind": "reply", "note": "be brief"})).await;
    let (last, before) = events.split_last().unwrap();
    let whole = "Write to ada@example.com? I can see that the card was declined.";
    assert_eq!((last.0.as_str(), &last.1), ("done", &json!({"text": whole, "missing": ["The reason"]})));
    assert!(before.len() > 1 && before.iter().all(|(kind, _)| kind == "text"), "{events:?}");
    let pieces: String = before.iter().filter_map(|(_, data)| data["text"].as_str()).collect();
    assert_eq!(pieces, whole);
    // What left the machine names neither address nor card; the note went along.
    let shown = desk.shown();
    assert!(!shown.contains("ada@example.com") && !shown.contains("4111 1111"), "{shown}");
    assert!(shown.contains("be brief"));
    assert_eq!(desk.thinks().faults(), Vec::<String>::new());
    // Nothing was said: a person decides.
    let events = desk.path.replace("/drafts", "/events");
    let log = desk.app.get(&events).cookie(&desk.cookie).send().await.json();
    assert!(!log.to_string().contains("I can see that"), "{log}");
}

#[tokio::test]
async fn the_agents_words_in_the_customers_language() {
    let desk = robin().await;
    desk.thinks().says(&json!({"translation": "Ich sehe es mir an.", "from": "en"}).to_string());
    let events = desk.writes(json!({"kind": "translation", "text": "I am looking into it."})).await;
    assert_eq!(events.last().unwrap().1["text"], "Ich sehe es mir an.");
    assert!(desk.shown().contains("I am looking into it."));
}

#[tokio::test]
async fn what_goes_wrong_is_a_sentence_and_no_half_answer() {
    let desk = robin().await;
    for kind in [Kind::Unavailable503, Kind::Error500, Kind::Refusal, Kind::HtmlPage, Kind::HalfObject] {
        desk.thinks().always(Some(kind));
        let events = desk.writes(json!({"kind": "reply"})).await;
        let (name, data) = events.last().unwrap();
        assert_eq!(name, "failed", "{kind:?}: {events:?}");
        assert!(data["code"].as_str().unwrap().starts_with("model-"), "{data}");
        assert!(data["detail"].as_str().unwrap().ends_with('.'), "{data}");
        assert!(events.iter().all(|(name, _)| name != "done"));
    }
}

#[tokio::test]
async fn a_desk_without_a_model_says_so() {
    let app = App::new().await;
    let token = app.visitor().await;
    app.says(&token, "m1", "Hello").await;
    let path = format!("/api/v1/conversations/{}/drafts", app.conversation(&token).await);
    let cookie = app.signed_in("Robin", Role::Agent).await;
    let ask = |body: Value| app.post(&path, body).cookie(&cookie).own_page().send();
    ask(json!({"kind": "reply"})).await.is_problem(409, "model-off");
    ask(json!({"kind": "translation", "text": "x".repeat(6_001)})).await.is_problem(422, "too-long");
    let elsewhere = format!("/api/v1/conversations/{}/drafts", uuid::Uuid::nil());
    let nowhere = app.post(&elsewhere, json!({"kind": "reply"})).cookie(&cookie).own_page().send().await;
    assert_eq!(nowhere.status, 404);
}
