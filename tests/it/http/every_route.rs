//! What holds for every route of the OpenAPI document: who may use it, and from where. A route without a row here
//! fails the test, so that nobody adds one without deciding.

use crate::support::app::{App, Call};
use axum::http::Method;
use deskhand::domain::person::Role;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Anybody,
    Readers,
    Answerers,
    Admins,
}

/// Every route, who may use it, and a body that makes sense to it.
fn matrix() -> Vec<(Method, &'static str, Who, Value)> {
    use Who::{Admins, Answerers, Anybody, Readers};
    let written = json!({"id": "c1", "text": "Hello"});
    vec![
        (Method::POST, "/api/v1/session", Anybody, json!({"link": "x"})),
        (Method::GET, "/api/v1/session", Readers, Value::Null),
        (Method::DELETE, "/api/v1/session", Readers, Value::Null),
        (Method::GET, "/api/v1/conversations", Readers, Value::Null),
        (Method::GET, "/api/v1/conversations/{id}", Readers, Value::Null),
        (Method::GET, "/api/v1/conversations/{id}/events", Readers, Value::Null),
        (Method::GET, "/api/v1/conversations/{id}/decisions", Readers, Value::Null),
        (Method::GET, "/api/v1/conversations/{id}/uploads/{upload}", Readers, Value::Null),
        (Method::POST, "/api/v1/conversations/{id}/takeover", Answerers, json!({})),
        (Method::POST, "/api/v1/conversations/{id}/messages", Answerers, written.clone()),
        (Method::POST, "/api/v1/conversations/{id}/notes", Answerers, written),
        (Method::POST, "/api/v1/conversations/{id}/release-to-bot", Answerers, json!({})),
        (Method::POST, "/api/v1/conversations/{id}/handoff", Answerers, json!({"team": "support"})),
        (Method::POST, "/api/v1/conversations/{id}/resolution", Answerers, json!({})),
        (
            Method::POST,
            "/api/v1/conversations/{id}/approvals/{approval}",
            Answerers,
            json!({"approve": true}),
        ),
        (Method::POST, "/api/v1/conversations/{id}/acts/{act}/reversal", Answerers, json!({})),
        (Method::POST, "/api/v1/conversations/{id}/typing", Answerers, json!({})),
        (Method::POST, "/api/v1/conversations/{id}/drafts", Answerers, json!({"kind": "reply"})),
        (Method::GET, "/api/v1/tickets", Readers, Value::Null),
        (Method::PATCH, "/api/v1/tickets/{number}", Answerers, json!({"status": "solved"})),
        (Method::GET, "/api/v1/tickets/{number}", Readers, Value::Null),
        (
            Method::POST,
            "/api/v1/tickets/{number}/comments",
            Answerers,
            json!({"id": "c1", "text": "Looked at it."}),
        ),
        (Method::GET, "/api/v1/letters", Admins, Value::Null),
        (Method::POST, "/api/v1/letters/{id}/retry", Admins, json!({})),
        (Method::DELETE, "/api/v1/letters/{id}", Admins, Value::Null),
        (Method::GET, "/api/v1/teams", Readers, Value::Null),
        (Method::GET, "/api/v1/intents", Readers, Value::Null),
        (Method::GET, "/api/v1/platforms", Readers, Value::Null),
        (Method::GET, "/api/v1/model", Readers, Value::Null),
        (Method::GET, "/api/v1/approvals", Readers, Value::Null),
        (Method::GET, "/api/v1/playbooks", Readers, Value::Null),
        (Method::POST, "/api/v1/conversations/{id}/playbooks", Answerers, json!({"id": "none"})),
        (Method::GET, "/api/v1/triggers", Readers, Value::Null),
        (Method::GET, "/api/v1/triggers/firings", Admins, Value::Null),
        (Method::GET, "/api/v1/model/use", Admins, Value::Null),
        (Method::GET, "/api/v1/people", Readers, Value::Null),
        (Method::GET, "/api/v1/automation", Readers, Value::Null),
        (Method::GET, "/api/v1/activity", Readers, Value::Null),
        (Method::GET, "/api/v1/rules", Readers, Value::Null),
        (Method::GET, "/api/v1/demotions", Readers, Value::Null),
        (Method::POST, "/api/v1/demotions/{intent}/lift", Admins, json!({"because": "a test"})),
        (Method::GET, "/api/v1/switch", Readers, Value::Null),
        (
            Method::PUT,
            "/api/v1/switch",
            Admins,
            json!({"switch": "channel:discord", "on": false, "because": "a test"}),
        ),
        (Method::GET, "/api/v1/switch/changes", Readers, Value::Null),
        (Method::GET, "/api/v1/stream", Readers, Value::Null),
    ]
}

fn documented() -> BTreeSet<(String, String)> {
    let document: Value = serde_json::from_str(&deskhand::http::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().unwrap().keys().map(move |method| (method.to_uppercase(), path.clone()))
        })
        .collect()
}

/// The route with real ids in it.
fn call<'a>(app: &'a App, method: &Method, path: &str, body: &Value, talk: &str) -> Call<'a> {
    let path = path
        .replace("{id}", talk)
        .replace("{upload}", talk)
        .replace("{approval}", "3")
        .replace("{act}", "3")
        .replace("{intent}", "refund_request")
        .replace("{number}", "T-1001");
    let call = app.call(method.clone(), &path);
    if body.is_null() { call } else { call.json(body) }
}

/// The status alone; a stream never ends, so its body is not read.
async fn status(call: Call<'_>) -> u16 {
    call.head().await.as_u16()
}

async fn talk(app: &App) -> String {
    let token = app.visitor().await;
    app.post("/chat/v1/messages", json!({"id": "m1", "text": "Hello"})).bearer(&token).send().await;
    app.conversation(&token).await
}

#[test]
fn every_documented_route_stands_in_the_matrix() {
    let rows: BTreeSet<(String, String)> =
        matrix().iter().map(|(method, path, ..)| (method.to_string(), (*path).to_owned())).collect();
    assert_eq!(rows, documented());
}

#[tokio::test]
async fn each_role_may_do_what_the_matrix_says_and_no_more() {
    for (method, path, who, body) in matrix() {
        // A desk of its own for each: signing out and taking over change what comes after.
        let app = App::asleep().await;
        let talk = talk(&app).await;
        let anonymous = status(call(&app, &method, path, &body, &talk).own_page()).await;
        assert_eq!(anonymous, 401, "{method} {path}, signed out");
        if who == Who::Anybody {
            continue;
        }
        for role in [Role::Analyst, Role::Agent, Role::Admin] {
            let cookie = app.signed_in(role.name(), role).await;
            let got = status(call(&app, &method, path, &body, &talk).cookie(&cookie).own_page()).await;
            if who == Who::Answerers && role == Role::Analyst || who == Who::Admins && role != Role::Admin {
                assert_eq!(got, 403, "{method} {path} as {}", role.name());
            } else {
                assert!(![401, 403].contains(&got) && got < 500, "{method} {path} as {}: {got}", role.name());
            }
        }
        // A customer's token opens nothing here.
        let visitor = app.visitor().await;
        let as_cookie = format!("deskhand={visitor}");
        let got =
            status(call(&app, &method, path, &body, &talk).bearer(&visitor).cookie(&as_cookie).own_page())
                .await;
        assert_eq!(got, 401, "{method} {path} as a visitor");
    }
}

#[tokio::test]
async fn nothing_is_changed_from_another_sites_page() {
    let app = App::asleep().await;
    let talk = talk(&app).await;
    let cookie = app.signed_in("Maria", Role::Admin).await;
    let foreign: [&[(&'static str, &str)]; 7] = [
        &[],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site"), ("origin", "http://desk.example")],
        &[("origin", "https://evil.example")],
        &[("origin", "http://desk.example.evil.example")],
        &[("origin", "null")],
    ];
    let changing: Vec<_> = matrix().into_iter().filter(|(method, ..)| *method != Method::GET).collect();
    assert!(changing.len() >= 10);
    for (method, path, _, body) in changing {
        for headers in foreign {
            let mut request = call(&app, &method, path, &body, &talk).cookie(&cookie);
            for (name, value) in headers {
                request = request.header(name, value);
            }
            request.send().await.is_problem(403, "cross-site");
        }
        // As a form would send it.
        let form = app
            .call(method.clone(), &path.replace("{id}", &talk))
            .cookie(&cookie)
            .header("origin", "https://evil.example");
        form.body("application/x-www-form-urlencoded", "text=x").send().await.is_problem(403, "cross-site");
    }
    let detail = app.get(&format!("/api/v1/conversations/{talk}")).cookie(&cookie).send().await.json();
    assert_eq!((detail["state"].as_str(), detail["seq"].as_i64()), (Some("bot"), Some(2)));
    // From our own page, by either sign of it.
    for (name, value) in
        [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "none"), ("origin", "http://desk.example")]
    {
        let done = app
            .post(&format!("/api/v1/conversations/{talk}/takeover"), json!({}))
            .cookie(&cookie)
            .header(name, value)
            .send()
            .await;
        assert_eq!(done.status, 200, "{}", done.text());
    }
}

#[test]
fn the_consoles_copy_of_the_document_is_this_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/web/src/console/api/openapi.json");
    let copy = std::fs::read_to_string(path).unwrap();
    assert!(
        copy.trim_end() == deskhand::http::openapi(),
        "run: deskhand openapi > web/src/console/api/openapi.json, then npm --prefix web run api"
    );
}

#[tokio::test]
async fn the_document_describes_us_and_every_answer_that_goes_wrong() {
    let app = App::asleep().await;
    let served = app.get("/api/v1/openapi.json").send().await;
    assert_eq!(served.text(), deskhand::http::openapi());
    let document = served.json();
    assert_eq!(document["info"]["title"], "Deskhand");
    assert!(!served.text().to_lowercase().contains("juhani") && !served.text().contains("utoipa"));
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            // Generated clients take two of one name for the same.
            assert!(names.insert(operation["operationId"].to_string()), "{method} {path}");
            let content = &operation["responses"]["default"]["content"]["application/problem+json"];
            assert_eq!(content["schema"]["$ref"], "#/components/schemas/Problem", "{method} {path}");
        }
    }
    // No reference leads nowhere.
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for part in served.text().split("#/components/schemas/").skip(1) {
        let name = part.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
}
