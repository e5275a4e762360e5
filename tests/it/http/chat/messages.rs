use crate::support::app::App;
use serde_json::json;

#[tokio::test]
async fn a_message_that_is_sent_again_is_recorded_once() {
    let app = App::asleep().await;
    let token = app.visitor().await;
    let body = json!({"id": "m-1", "text": "Where is my invoice?"});
    let first = app.post("/chat/v1/messages", body.clone()).bearer(&token).send().await;
    assert_eq!(first.status, 202);
    assert_eq!(first.json(), json!({"id": "m-1", "seq": 2}));
    for _ in 0..3 {
        let again = app.post("/chat/v1/messages", body.clone()).bearer(&token).send().await;
        assert_eq!(again.status, 200);
        assert_eq!(again.json(), json!({"id": "m-1", "seq": 2}));
    }
    assert_eq!(app.sees(&token).await.iter().filter(|event| event["type"] == "message").count(), 1);
}

#[tokio::test]
async fn twenty_copies_at_once_are_still_one_message() {
    let app = App::asleep().await;
    let token = app.visitor().await;
    let body = json!({"id": "m-1", "text": "Hello"});
    let calls = (0..20).map(|_| app.post("/chat/v1/messages", body.clone()).bearer(&token).send());
    let answers = futures::future::join_all(calls).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 202).count(), 1);
    assert!(answers.iter().all(|answer| answer.json()["seq"] == 2));
}

#[tokio::test]
async fn the_same_id_from_two_visitors_is_two_messages() {
    let app = App::asleep().await;
    let (ada, bob) = (app.visitor().await, app.visitor().await);
    for token in [&ada, &bob] {
        let answer =
            app.post("/chat/v1/messages", json!({"id": "same", "text": "Hello"})).bearer(token).send().await;
        assert_eq!(answer.status, 202);
    }
}

#[tokio::test]
async fn what_is_no_message_is_refused_with_a_sentence() {
    let app = App::asleep().await;
    let token = app.visitor().await;
    let cases = [
        (json!({"id": "", "text": "x"}), 422, "bad-id"),
        (json!({"id": "x".repeat(65), "text": "x"}), 422, "bad-id"),
        (json!({"id": "a\nb", "text": "x"}), 422, "bad-id"),
        (json!({"id": "a"}), 422, "empty"),
        (json!({"id": "a", "text": " \n "}), 422, "empty"),
        (json!({"id": "a", "text": "a\u{0}b"}), 422, "nul"),
        (json!({"id": "a", "text": "x".repeat(16 * 1024 + 1)}), 413, "too-long"),
        (json!({"id": "a", "choice": "slot:x"}), 422, "bad-choice"),
        (json!({"id": "a", "choice": "x".repeat(300), "text": "x"}), 422, "bad-choice"),
        (json!({"id": "a", "attachments": ["nonsense"]}), 422, "no-such-file"),
        (json!({"id": "a", "attachments": ["1", "2", "3", "4", "5", "6"]}), 422, "too-many-files"),
        (json!({"id": 5, "text": "x"}), 422, "bad-request"),
        (json!({"text": "x"}), 422, "bad-request"),
    ];
    for (body, status, code) in cases {
        app.post("/chat/v1/messages", body).bearer(&token).send().await.is_problem(status, code);
    }
    assert!(app.sees(&token).await.is_empty());
    let longest = json!({"id": "a", "text": "\u{1}".repeat(16 * 1024)});
    assert_eq!(app.post("/chat/v1/messages", longest).bearer(&token).send().await.status, 202);
}

#[tokio::test]
async fn a_visitor_who_floods_is_slowed_and_others_are_not() {
    let app = App::with(App::usual_rates).await;
    let (ada, bob) = (app.visitor().await, app.visitor().await);
    let mut refused = 0;
    for number in 0..15 {
        let answer = app
            .post("/chat/v1/messages", json!({"id": format!("m{number}"), "text": "x"}))
            .bearer(&ada)
            .send()
            .await;
        if answer.status == 429 {
            answer.is_problem(429, "too-many");
            assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
            refused += 1;
        }
    }
    assert!(refused >= 4, "{refused}");
    assert_eq!(
        app.post("/chat/v1/messages", json!({"id": "b", "text": "x"})).bearer(&bob).send().await.status,
        202
    );
}

#[tokio::test]
async fn with_the_database_away_nothing_is_acknowledged() {
    let app = App::asleep().await;
    let token = app.visitor().await;
    app.world.ledger.storage.close().await;
    let answer = app.post("/chat/v1/messages", json!({"id": "a", "text": "x"})).bearer(&token).send().await;
    answer.is_problem(503, "unavailable");
    assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
    // What went wrong inside stays inside.
    assert!(
        !answer.text().to_lowercase().contains("database") && !answer.text().to_lowercase().contains("pool"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn a_pressed_button_may_come_without_its_words() {
    let app = App::new().await;
    let token = app.visitor().await;
    app.says(&token, "m1", "How do I export a project to CSV?").await;
    let seen = app.sees(&token).await;
    let choices = seen
        .iter()
        .rev()
        .find_map(|event| event["choices"].as_array().filter(|choices| !choices.is_empty()))
        .expect("an answer with buttons");
    let (id, label) = (choices[0]["id"].clone(), choices[0]["label"].clone());
    let answer = app.post("/chat/v1/messages", json!({"id": "m2", "choice": id})).bearer(&token).send().await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    let seen = app.sees(&token).await;
    assert!(seen.iter().any(|event| event["from"] == "customer" && event["text"] == label), "{seen:?}");
}
