use crate::support::app::App;
use axum::http::Method;
use deskhand::domain::person::Role;
use serde_json::{Value, json};

#[tokio::test]
async fn pages_of_conversations_follow_each_other_without_gaps() {
    let app = App::asleep().await;
    for number in 0..7 {
        let token = app.visitor().await;
        app.post("/chat/v1/messages", json!({"id": "m", "text": format!("Message {number}")}))
            .bearer(&token)
            .send()
            .await;
        app.world.wait(1);
    }
    let maria = app.signed_in("Maria", Role::Agent).await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app
            .get(&format!("/api/v1/conversations?view=bot&limit=3{cursor}"))
            .cookie(&maria)
            .send()
            .await
            .json();
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 3);
        seen.extend(items.iter().map(|row| row["preview"]["text"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let expected: Vec<String> = (0..7).rev().map(|number| format!("Message {number}")).collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_ticket_is_listed_and_changed() {
    let app = App::new().await;
    let token = app
        .post("/chat/v1/sessions", json!({"form": {"name": "Ada", "email": "ada@example.com"}}))
        .send()
        .await
        .json()["token"]
        .as_str()
        .unwrap()
        .to_owned();
    app.says(&token, "m1", "I want to talk to a human").await;
    // Nobody takes over: a ticket stands for it.
    app.world.wait(60 * 24);
    app.world.settles().await;
    let maria = app.signed_in("Maria", Role::Agent).await;
    let page = app.get("/api/v1/tickets?status=open").cookie(&maria).send().await.json();
    let ticket = &page["items"][0];
    assert_eq!(ticket["number"], "T-1001");
    assert_eq!(ticket["customer"]["name"], "Ada");
    assert_eq!(ticket["conversation"], app.conversation(&token).await);
    assert!(ticket["team"]["name"].is_string() && ticket["priority"].is_string());

    assert_eq!(ticket["mirror"], json!({"state": "here", "cause": null, "until": null, "letter": null}));
    let found = async |query: &str| {
        let page = app.get(&format!("/api/v1/tickets?{query}")).cookie(&maria).send().await.json();
        page["items"].as_array().unwrap_or_else(|| panic!("{page}")).len()
    };
    for fits in ["q=ada", "q=T-1001", "mirror=here", "assignee=", "q=ada&status=open&mirror=here"] {
        assert_eq!(found(fits).await, 1, "{fits}");
    }
    for other in ["q=bob", "mirror=there", "mirror=failed", "team=nobody", "status=solved"] {
        assert_eq!(found(other).await, 0, "{other}");
    }
    for wrong in ["assignee=nobody", "mirror=somewhere", "q=%00", "priority=soon"] {
        let answer = app.get(&format!("/api/v1/tickets?{wrong}")).cookie(&maria).send().await;
        answer.is_problem(400, "bad-query");
    }
    let detail = app.get("/api/v1/tickets/T-1001").cookie(&maria).send().await.json();
    assert_eq!(detail["conversations"].as_array().unwrap().len(), 1);
    assert_eq!(detail["conversations"][0]["name"], "Ada");

    let change = |number: &str, body: Value| {
        app.call(Method::PATCH, &format!("/api/v1/tickets/{number}")).json(&body).cookie(&maria).own_page()
    };
    let changed = change("T-1001", json!({"status": "solved", "priority": "urgent"})).send().await;
    assert_eq!(
        (changed.json()["status"].as_str(), changed.json()["priority"].as_str()),
        (Some("solved"), Some("urgent"))
    );
    change("T-9999", json!({"status": "solved"})).send().await.is_problem(404, "not-found");
    change("T-1001", json!({})).send().await.is_problem(422, "nothing");
    change("T-1001", json!({"status": "gone"})).send().await.is_problem(422, "bad-request");
    let open = app.get("/api/v1/tickets?status=open").cookie(&maria).send().await.json();
    assert_eq!(open["items"], json!([]));
    let detail = app
        .get(&format!("/api/v1/conversations/{}", app.conversation(&token).await))
        .cookie(&maria)
        .send()
        .await
        .json();
    assert_eq!(detail["tickets"][0]["status"], "solved");
}

#[tokio::test]
async fn teams_and_intents_are_those_of_the_release_in_force() {
    let app = App::asleep().await;
    let maria = app.signed_in("Maria", Role::Analyst).await;
    let book = app.world.library.current();
    let teams = app.get("/api/v1/teams").cookie(&maria).send().await.json();
    assert_eq!(teams["items"].as_array().unwrap().len(), book.teams.all.len());
    let intents = app.get("/api/v1/intents").cookie(&maria).send().await.json();
    let intents = intents["items"].as_array().unwrap();
    assert_eq!(intents.len(), book.intents.len());
    for intent in intents {
        assert!(
            (0.0..=1.0).contains(&intent["threshold"].as_f64().unwrap())
                && intent["examples"].as_u64().unwrap() >= 15,
            "{intent}"
        );
    }
}
