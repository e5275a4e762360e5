use crate::support::app::App;
use deskhand::domain::person::Role;
use serde_json::{Value, json};
use std::time::Duration;

async fn events(app: &App, token: &str, query: &str) -> Value {
    let answer = app.get(&format!("/chat/v1/events?{query}")).bearer(token).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn seqs(events: &Value) -> Vec<i64> {
    events["events"].as_array().unwrap().iter().filter_map(|event| event["seq"].as_i64()).collect()
}

#[tokio::test]
async fn catching_up_from_any_place_gives_exactly_what_came_after_it() {
    let app = App::new().await;
    let token = app.visitor().await;
    for (number, text) in ["How do I export a project to CSV?", "I want to talk to a human", "Are you there?"]
        .iter()
        .enumerate()
    {
        app.says(&token, &format!("m{number}"), text).await;
    }
    let talk = app.conversation(&token).await;
    let all = seqs(&events(&app, &token, "after=0").await);
    assert!(all.len() >= 5, "{all:?}");
    assert!(all.windows(2).all(|pair| pair[0] < pair[1]), "{all:?}");
    for after in 0..=*all.last().unwrap() {
        let expected: Vec<i64> = all.iter().copied().filter(|seq| *seq > after).collect();
        assert_eq!(
            seqs(&events(&app, &token, &format!("after={after}&conversation={talk}")).await),
            expected
        );
    }
}

#[tokio::test]
async fn the_bots_thoughts_and_the_agents_notes_are_not_among_the_events() {
    let app = App::new().await;
    let token = app.visitor().await;
    app.says(&token, "m1", "I was charged twice and nobody answered my previous email.").await;
    let talk = app.conversation(&token).await;
    let agent = app.signed_in("Maria", Role::Agent).await;
    let note = json!({"id": "n1", "text": "The customer is a pirate."});
    let answer =
        app.post(&format!("/api/v1/conversations/{talk}/notes"), note).cookie(&agent).own_page().send().await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let seen = events(&app, &token, "after=0").await.to_string();
    for secret in [
        "pirate",
        "decision",
        "reasons",
        "summary",
        "confidence",
        "maria@",
        "charged_twice",
        "duplicate_charge",
    ] {
        assert!(!seen.contains(secret), "{secret}: {seen}");
    }
}

#[tokio::test]
async fn a_handed_over_customer_is_told_where_they_stand_and_who_comes() {
    let app = App::new().await;
    let token = app.visitor().await;
    app.says(&token, "m1", "I want to talk to a human").await;
    let seen = app.sees(&token).await;
    let queued = seen.iter().find(|event| event["state"] == "queued").expect("a queued state");
    assert_eq!(queued["position"], 1);
    assert!(queued["expected_wait_s"].as_i64().unwrap() > 0);
    let talk = app.conversation(&token).await;
    let agent = app.signed_in("Maria", Role::Agent).await;
    for (command, body) in [
        ("takeover", json!({})),
        ("messages", json!({"id": "c1", "text": "Hello, I am Maria."})),
        ("resolution", json!({})),
    ] {
        let answer = app
            .post(&format!("/api/v1/conversations/{talk}/{command}"), body)
            .cookie(&agent)
            .own_page()
            .send()
            .await;
        assert!(answer.status.is_success(), "{}", answer.text());
    }
    let seen = app.sees(&token).await;
    // The wait was true then; it is not told to somebody who does not wait any more.
    assert_eq!(seen.iter().find(|event| event["state"] == "queued").unwrap()["position"], Value::Null);
    let human = seen.iter().find(|event| event["state"] == "human").unwrap();
    assert_eq!(human["agent"], json!({"name": "Maria"}));
    let said = seen.iter().find(|event| event["from"] == "agent").unwrap();
    assert_eq!(
        (said["text"].as_str(), &said["author"]),
        (Some("Hello, I am Maria."), &json!({"name": "Maria"}))
    );
    let [.., resolved, asked] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!(resolved["state"], "resolved");
    assert_eq!(asked["type"], "rating_request");
    assert!(asked["seq"].as_i64() > resolved["seq"].as_i64());
}

#[tokio::test]
async fn a_long_poll_answers_as_soon_as_something_comes() {
    let app = App::asleep().await;
    let token = app.visitor().await;
    let poll = events(&app, &token, "after=0&wait=25");
    let write = async {
        // The poll is waiting by then, or finds it at its first look; both must work.
        tokio::time::sleep(Duration::from_millis(50)).await;
        app.post("/chat/v1/messages", json!({"id": "m1", "text": "Hello"})).bearer(&token).send().await
    };
    let (found, written) = tokio::time::timeout(Duration::from_secs(20), async { tokio::join!(poll, write) })
        .await
        .expect("not the whole wait");
    assert_eq!(written.status, 202);
    let found = found["events"].as_array().unwrap().clone();
    assert_eq!(found[0]["type"], "conversation");
    assert_eq!(found[1]["text"], "Hello");
}

#[tokio::test]
async fn a_long_poll_hears_typing_and_ends_when_the_desk_goes_down() {
    let app = App::asleep().await;
    let token = app.visitor().await;
    app.post("/chat/v1/messages", json!({"id": "m1", "text": "Hello"})).bearer(&token).send().await;
    let talk = app.conversation(&token).await;
    let agent = app.signed_in("Maria", Role::Agent).await;
    app.post(&format!("/api/v1/conversations/{talk}/takeover"), json!({}))
        .cookie(&agent)
        .own_page()
        .send()
        .await;
    let end = app.sees(&token).await.last().unwrap()["seq"].as_i64().unwrap();
    let query = format!("after={end}&wait=25&conversation={talk}");
    let types = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        app.post(&format!("/api/v1/conversations/{talk}/typing"), json!({}))
            .cookie(&agent)
            .own_page()
            .send()
            .await
    };
    let both = async { tokio::join!(events(&app, &token, &query), types) };
    let (found, _) = tokio::time::timeout(Duration::from_secs(20), both).await.expect("not the whole wait");
    assert_eq!(found["events"], json!([{"type": "typing", "from": "agent"}]));
    assert_eq!(found["next"], end);
    let stops = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        app.stops();
    };
    let both = async { tokio::join!(events(&app, &token, &query), stops) };
    let (found, ()) = tokio::time::timeout(Duration::from_secs(20), both).await.expect("not the whole wait");
    assert_eq!(found["events"], json!([]));
}

#[tokio::test]
async fn a_new_conversation_is_announced_after_the_rest_of_the_old_one() {
    let app = App::new().await;
    let token = app.visitor().await;
    app.says(&token, "m1", "I want to talk to a human").await;
    let old = app.conversation(&token).await;
    let agent = app.signed_in("Maria", Role::Agent).await;
    let read = events(&app, &token, &format!("after=0&conversation={old}")).await["next"].as_i64().unwrap();
    for command in ["takeover", "resolution"] {
        app.post(&format!("/api/v1/conversations/{old}/{command}"), json!({}))
            .cookie(&agent)
            .own_page()
            .send()
            .await;
    }
    app.world.wait(100 * 24 * 60 / 2);
    let token = app.post("/chat/v1/sessions", json!({})).bearer(&token).send().await.json()["token"]
        .as_str()
        .unwrap()
        .to_owned();
    app.says(&token, "m2", "Hello again").await;
    let new = app.conversation(&token).await;
    assert_ne!(new, old);
    let rest = events(&app, &token, &format!("after={read}&conversation={old}")).await;
    let kinds: Vec<&str> = rest["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["state"].as_str().or(event["type"].as_str()).unwrap())
        .collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "resolved").count(), 1, "{kinds:?}");
    assert!(!kinds.contains(&"conversation"), "{kinds:?}");
    let end = rest["next"].as_i64().unwrap();
    let next = events(&app, &token, &format!("after={end}&conversation={old}")).await;
    assert_eq!(next["events"][0], json!({"type": "conversation", "id": new}));
    assert_eq!(next["events"][1]["text"], "Hello again");
}

#[tokio::test]
async fn another_visitors_conversation_is_not_to_be_had() {
    let app = App::asleep().await;
    let (ada, bob) = (app.visitor().await, app.visitor().await);
    app.post("/chat/v1/messages", json!({"id": "m1", "text": "My secret"})).bearer(&ada).send().await;
    let talk = app.conversation(&ada).await;
    let found = events(&app, &bob, &format!("after=0&conversation={talk}")).await;
    assert_eq!(found["events"], json!([]));
    for query in ["after=x", "wait=26", "wait=-1", "conversation=nonsense", "after=99999999999999999999"] {
        app.get(&format!("/chat/v1/events?{query}")).bearer(&ada).send().await.is_problem(400, "bad-query");
    }
}
