use crate::support::app::App;
use deskhand::domain::event::Event;
use serde_json::json;

#[tokio::test]
async fn a_rating_is_kept_with_its_comment() {
    let app = App::asleep().await;
    let token = app.visitor().await;
    let rating = json!({"rating": 4, "comment": " Quick, thanks "});
    app.post("/chat/v1/feedback", rating.clone())
        .bearer(&token)
        .send()
        .await
        .is_problem(409, "no-conversation");
    app.post("/chat/v1/messages", json!({"id": "m1", "text": "Hello"})).bearer(&token).send().await;
    assert_eq!(app.post("/chat/v1/feedback", rating).bearer(&token).send().await.status, 204);
    let log = app.world.log(app.conversation(&token).await.parse().unwrap()).await;
    let kept = Event::Rated { helpful: None, rating: Some(4), comment: Some("Quick, thanks".to_owned()) };
    assert_eq!(log.last().unwrap().event, kept);
}

#[tokio::test]
async fn that_it_helped_settles_the_matter() {
    let app = App::new().await;
    let token = app.visitor().await;
    app.says(&token, "m1", "How do I export a project to CSV?").await;
    assert_eq!(
        app.post("/chat/v1/feedback", json!({"helpful": true})).bearer(&token).send().await.status,
        204
    );
    let state = app.post("/chat/v1/sessions", json!({})).bearer(&token).send().await.json();
    assert_eq!(state["conversation"]["state"], "resolved");
}

#[tokio::test]
async fn what_is_no_rating_is_refused() {
    let app = App::asleep().await;
    let token = app.visitor().await;
    for body in [
        json!({}),
        json!({"rating": 0}),
        json!({"rating": 6}),
        json!({"rating": 3, "helpful": true}),
        json!({"comment": "x"}),
    ] {
        app.post("/chat/v1/feedback", body).bearer(&token).send().await.is_problem(422, "bad-rating");
    }
    for body in
        [json!({"rating": "five"}), json!({"rating": 4.5}), json!({"rating": -1}), json!({"rating": 300})]
    {
        app.post("/chat/v1/feedback", body).bearer(&token).send().await.is_problem(422, "bad-request");
    }
    let long = json!({"rating": 5, "comment": "x".repeat(4001)});
    app.post("/chat/v1/feedback", long).bearer(&token).send().await.is_problem(413, "too-large");
}
