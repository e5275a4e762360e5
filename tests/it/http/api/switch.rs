use crate::support::app::App;
use axum::http::Method;
use deskhand::domain::person::Role;
use serde_json::json;

const SWITCH: &str = "/api/v1/switch";

#[tokio::test]
async fn an_admin_switches_off_and_on_and_everybody_sees_it() {
    let app = App::new().await;
    let maria = app.signed_in("Maria", Role::Admin).await;
    let off = json!({"switch": "all", "on": false, "because": "it says nonsense"});
    let put = |body: &serde_json::Value| app.call(Method::PUT, SWITCH).json(body).cookie(&maria).own_page();
    for _ in 0..2 {
        let answer = put(&off).send().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["off"].as_array().unwrap().len(), 1);
    }
    let ben = app.signed_in("Ben", Role::Analyst).await;
    let seen = app.get(SWITCH).cookie(&ben).send().await.json();
    assert_eq!(seen["off"][0]["switch"], "all");
    assert_eq!(seen["off"][0]["by"], "Maria");
    assert_eq!(seen["off"][0]["because"], "it says nonsense");
    let token = app.visitor().await;
    app.says(&token, "m1", "How do I export a project to CSV?").await;
    let said = app.sees(&token).await;
    assert!(said.iter().all(|event| event["from"] != "bot"), "{said:?}");
    let on = put(&json!({"switch": "all", "on": true, "because": "mended"})).send().await.json();
    assert_eq!(on["off"], json!([]));
    let changes = app.get("/api/v1/switch/changes").cookie(&ben).send().await.json();
    let kinds: Vec<&str> =
        changes["items"].as_array().unwrap().iter().map(|change| change["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["switched-on", "switched-off"]);
}

#[tokio::test]
async fn only_an_admin_on_our_own_page_who_says_why_may_switch_what_there_is() {
    let app = App::asleep().await;
    let off = |switch: &str, because: &str| json!({"switch": switch, "on": false, "because": because});
    let ben = app.signed_in("Ben", Role::Agent).await;
    let put =
        |cookie: &str, body: serde_json::Value| app.call(Method::PUT, SWITCH).json(&body).cookie(cookie);
    put(&ben, off("all", "x")).own_page().send().await.is_problem(403, "role");
    app.call(Method::PUT, SWITCH)
        .json(&off("all", "x"))
        .own_page()
        .send()
        .await
        .is_problem(401, "signed-out");
    let maria = app.signed_in("Maria", Role::Admin).await;
    put(&maria, off("all", "x")).send().await.is_problem(403, "cross-site");
    put(&maria, off("all", "  ")).own_page().send().await.is_problem(422, "bad-reason");
    put(&maria, off("everything", "x")).own_page().send().await.is_problem(422, "unknown-switch");
    let mistyped = put(&maria, off("intent:refund_requst", "x")).own_page().send().await;
    mistyped.is_problem(422, "unknown-switch");
    assert!(mistyped.text().contains("did you mean \\\"refund_request\\\"?"), "{}", mistyped.text());
    let seen = app.get(SWITCH).cookie(&maria).send().await.json();
    assert_eq!(seen["off"], json!([]));
}
