use crate::support::app::{Answer, App};
use deskhand::domain::person::Role;
use serde_json::{Value, json};

const ANGRY: &str = "I was charged twice and nobody answered my previous email.";

struct Case {
    app: App,
    token: String,
    talk: String,
    maria: String,
}

impl Case {
    /// A customer who was handed over.
    async fn queued() -> Self {
        let app = App::new().await;
        let token = app.visitor().await;
        app.says(&token, "m1", ANGRY).await;
        let talk = app.conversation(&token).await;
        let maria = app.signed_in("Maria", Role::Agent).await;
        Self { app, token, talk, maria }
    }

    async fn does(&self, cookie: &str, command: &str, body: Value) -> Answer {
        let path = format!("/api/v1/conversations/{}/{command}", self.talk);
        self.app.post(&path, body).cookie(cookie).own_page().send().await
    }

    async fn detail(&self) -> Value {
        self.app.get(&format!("/api/v1/conversations/{}", self.talk)).cookie(&self.maria).send().await.json()
    }

    async fn events(&self, query: &str) -> Value {
        self.app
            .get(&format!("/api/v1/conversations/{}/events?{query}", self.talk))
            .cookie(&self.maria)
            .send()
            .await
            .json()
    }
}

#[tokio::test]
async fn the_list_shows_who_waits_and_why_it_matters() {
    let case = Case::queued().await;
    let page = case.app.get("/api/v1/conversations?view=queue").cookie(&case.maria).send().await.json();
    assert_eq!(page["counts"], json!({"queue": 1, "mine": 0, "human": 0, "bot": 0, "resolved": 0}));
    let row = &page["items"][0];
    assert_eq!(row["id"], case.talk);
    assert_eq!((row["state"].as_str(), row["sentiment"].as_str()), (Some("queued"), Some("negative")));
    assert_eq!(row["preview"]["text"], ANGRY);
    assert!(
        row["intent"].is_string() && row["intent_name"].is_string() && row["team"]["name"].is_string(),
        "{row}"
    );
    assert!(row["waiting_since"].is_string() && row["due"].is_string());
    assert_eq!(row["assignee"], Value::Null);
    let none = case.app.get("/api/v1/conversations?view=resolved").cookie(&case.maria).send().await.json();
    assert_eq!(none["items"], json!([]));
    let found =
        case.app.get("/api/v1/conversations?q=charged%20twice").cookie(&case.maria).send().await.json();
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_details_say_why_and_what_is_known() {
    let case = Case::queued().await;
    let detail = case.detail().await;
    assert!(detail["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{detail}");
    let reason = &detail["reasons"][0];
    assert!(reason["code"].is_string() && reason["text"].is_string());
    assert_eq!((&detail["rating"], detail["language"].as_str()), (&Value::Null, Some("en")));
    let decisions = case
        .app
        .get(&format!("/api/v1/conversations/{}/decisions", case.talk))
        .cookie(&case.maria)
        .send()
        .await
        .json();
    let decision = &decisions["items"][0];
    assert_eq!(decision["route"], "handoff");
    for key in [
        "id",
        "at",
        "message",
        "intent",
        "confidence",
        "top",
        "urgency",
        "sentiment",
        "language",
        "entities",
        "automation",
        "reasons",
        "rules",
        "evidence",
        "context",
        "citations",
        "model",
        "release",
        "cost_usd",
        "latency_ms",
    ] {
        assert!(!decision[key].is_null(), "{key}: {decision}");
    }
    // Null where no few words decide, but never left out.
    assert!(decision.as_object().unwrap().contains_key("flip"), "{decision}");
    // The message it is about is one of the log, under that id.
    let events = case.events("after=0").await;
    let about = events["events"]
        .as_array()
        .unwrap()
        .iter()
        .find(|event| event["id"] == decision["message"])
        .expect("the message");
    assert_eq!(about["text"], ANGRY);
}

#[tokio::test]
async fn of_two_agents_one_gets_it_and_the_other_hears_who() {
    let case = Case::queued().await;
    let ben = case.app.signed_in("Ben", Role::Agent).await;
    let (first, second) =
        tokio::join!(case.does(&case.maria, "takeover", json!({})), case.does(&ben, "takeover", json!({})));
    let (won, lost) = if first.status == 200 { (first, second) } else { (second, first) };
    assert_eq!(won.status, 200, "{}", won.text());
    lost.is_problem(409, "taken");
    let winner = won.json()["assignee"]["name"].as_str().unwrap().to_owned();
    assert!(lost.json()["detail"].as_str().unwrap().contains(&winner));
    // The answer may be lost on the way: the same agent again is no conflict.
    let cookie = if winner == "Maria" { &case.maria } else { &ben };
    assert_eq!(case.does(cookie, "takeover", json!({})).await.status, 200);
    let other = if winner == "Maria" { &ben } else { &case.maria };
    case.does(other, "messages", json!({"id": "c1", "text": "Hello"})).await.is_problem(409, "not-yours");
    case.does(other, "resolution", json!({})).await.is_problem(409, "taken");
}

#[tokio::test]
async fn an_agents_words_are_sent_once_and_their_notes_stay_inside() {
    let case = Case::queued().await;
    case.does(&case.maria, "messages", json!({"id": "c0", "text": "Hello"}))
        .await
        .is_problem(409, "not-yours");
    assert_eq!(case.does(&case.maria, "takeover", json!({})).await.status, 200);
    let first = case.does(&case.maria, "messages", json!({"id": "c1", "text": " I refund it now. "})).await;
    assert_eq!(first.status, 201, "{}", first.text());
    let again = case.does(&case.maria, "messages", json!({"id": "c1", "text": "I refund it now."})).await;
    assert_eq!((again.status.as_u16(), again.json()), (201, first.json()));
    assert_eq!(
        case.does(&case.maria, "notes", json!({"id": "n1", "text": "Third time this month"})).await.status,
        201
    );
    let said: Vec<Value> =
        case.app.sees(&case.token).await.into_iter().filter(|event| event["from"] == "agent").collect();
    assert_eq!(said.len(), 1);
    assert_eq!(said[0]["text"], "I refund it now.");
    let events = case.events("after=0").await;
    let log = events["events"].as_array().unwrap();
    assert!(log.iter().any(|event| event["type"] == "message"
        && event["id"] == "c1"
        && event["author"]["name"] == "Maria"));
    assert!(log.iter().any(|event| event["type"] == "note" && event["id"] == "n1"));
    for (body, code) in [
        (json!({"id": "", "text": "x"}), "bad-id"),
        (json!({"id": "c2", "text": " "}), "empty"),
        (json!({"id": "c2", "text": "a\u{0}"}), "nul"),
    ] {
        case.does(&case.maria, "messages", body).await.is_problem(422, code);
    }
    case.does(&case.maria, "messages", json!({"id": "c2", "text": "x".repeat(16 * 1024 + 1)}))
        .await
        .is_problem(413, "too-long");
}

#[tokio::test]
async fn a_conversation_goes_to_another_team_back_to_the_bot_and_to_its_end() {
    let case = Case::queued().await;
    assert_eq!(case.does(&case.maria, "takeover", json!({})).await.json()["state"], "human");
    case.does(&case.maria, "handoff", json!({"team": "nobody"})).await.is_problem(422, "unknown-team");
    let teams = case.app.get("/api/v1/teams").cookie(&case.maria).send().await.json();
    let team = teams["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|team| team["id"] != case.app.world.library.current().teams.default)
        .unwrap()["id"]
        .clone();
    let handed = case.does(&case.maria, "handoff", json!({"team": team, "note": "Please look"})).await;
    assert_eq!(
        (handed.status.as_u16(), handed.json()["state"].as_str(), &handed.json()["team"]["id"]),
        (200, Some("queued"), &team)
    );
    assert_eq!(case.does(&case.maria, "takeover", json!({})).await.status, 200);
    assert_eq!(case.does(&case.maria, "release-to-bot", json!({})).await.json()["state"], "bot");
    assert_eq!(case.does(&case.maria, "takeover", json!({})).await.status, 200);
    for _ in 0..2 {
        assert_eq!(case.does(&case.maria, "resolution", json!({})).await.json()["state"], "resolved");
    }
    case.does(&case.maria, "takeover", json!({})).await.is_problem(409, "resolved");
    let events = case.events("after=0").await;
    let states: Vec<&str> = events["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["type"] == "state")
        .map(|event| event["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["bot", "queued", "human", "queued", "human", "bot", "human", "resolved"]);
    let rating = json!({"rating": 2, "comment": "Slow"});
    assert_eq!(case.app.post("/chat/v1/feedback", rating).bearer(&case.token).send().await.status, 204);
    assert_eq!(case.detail().await["rating"], json!({"score": 2, "comment": "Slow"}));
}

#[tokio::test]
async fn a_page_of_events_ends_only_where_the_log_does() {
    let case = Case::queued().await;
    case.does(&case.maria, "takeover", json!({})).await;
    let whole = case.events("after=0").await;
    let all = whole["events"].as_array().unwrap();
    let mut pieces = Vec::new();
    let mut after = 0;
    loop {
        let page = case.events(&format!("after={after}&limit=2")).await;
        let events = page["events"].as_array().unwrap().clone();
        after = page["next"].as_i64().unwrap();
        let last = events.len() < 2;
        pieces.extend(events);
        if last {
            break;
        }
    }
    assert_eq!(&pieces, all);
    assert_eq!(whole["next"], case.app.world.log(case.talk.parse().unwrap()).await.last().unwrap().seq);
}
