use crate::support::app::{Answer, App};
use deskhand::domain::person::Role;
use serde_json::json;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

fn form(name: &str, kind: &str, content: &[u8]) -> Vec<u8> {
    let head = format!(
        "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n"
    );
    [head.as_bytes(), content, b"\r\n--XX--\r\n"].concat()
}

async fn upload(app: &App, token: &str, name: &str, kind: &str, content: &[u8]) -> Answer {
    let call = app.call(axum::http::Method::POST, "/chat/v1/uploads").bearer(token);
    call.body("multipart/form-data; boundary=XX", form(name, kind, content)).send().await
}

#[tokio::test]
async fn a_picture_goes_with_a_message_and_can_be_saved_by_both_sides() {
    let app = App::asleep().await;
    let token = app.visitor().await;
    let answer = upload(&app, &token, "shot.png", "image/png", PNG).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let file = answer.json();
    assert_eq!(
        (file["name"].as_str(), file["type"].as_str(), file["size"].as_u64()),
        (Some("shot.png"), Some("image/png"), Some(PNG.len() as u64))
    );
    let id = file["id"].as_str().unwrap();
    let message = json!({"id": "m1", "attachments": [id]});
    assert_eq!(app.post("/chat/v1/messages", message).bearer(&token).send().await.status, 202);
    assert_eq!(app.sees(&token).await.last().unwrap()["attachments"], json!([file]));

    let talk = app.conversation(&token).await;
    let agent = app.signed_in("Maria", Role::Agent).await;
    let theirs = app.get(&format!("/chat/v1/uploads/{id}")).bearer(&token).send().await;
    let agents = app.get(&format!("/api/v1/conversations/{talk}/uploads/{id}")).cookie(&agent).send().await;
    for download in [theirs, agents] {
        assert_eq!(download.status, 200);
        assert_eq!(download.body, PNG);
        assert_eq!(download.header("content-disposition"), "attachment; filename*=UTF-8''shot.png");
        assert_eq!(download.header("content-type"), "image/png");
        assert_eq!(download.header("x-content-type-options"), "nosniff");
        assert!(download.header("content-security-policy").contains("sandbox"));
    }
}

#[tokio::test]
async fn nobody_gets_anothers_file() {
    let app = App::asleep().await;
    let (ada, bob) = (app.visitor().await, app.visitor().await);
    let id = upload(&app, &ada, "a.png", "image/png", PNG).await.json()["id"].as_str().unwrap().to_owned();
    app.get(&format!("/chat/v1/uploads/{id}")).bearer(&bob).send().await.is_problem(404, "not-found");
    app.post("/chat/v1/messages", json!({"id": "m1", "attachments": [id]}))
        .bearer(&bob)
        .send()
        .await
        .is_problem(422, "no-such-file");
    app.post("/chat/v1/messages", json!({"id": "m1", "text": "Hello"})).bearer(&bob).send().await;
    let talk = app.conversation(&bob).await;
    let agent = app.signed_in("Maria", Role::Agent).await;
    let wrong = app.get(&format!("/api/v1/conversations/{talk}/uploads/{id}")).cookie(&agent).send().await;
    wrong.is_problem(404, "not-found");
}

#[tokio::test]
async fn what_a_browser_could_run_is_not_taken_whatever_it_says_it_is() {
    let app = App::asleep().await;
    let tricks: [(&str, &str, &[u8]); 7] = [
        (
            "x.svg",
            "image/svg+xml",
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        ),
        ("x.png", "image/png", b"<svg onload='alert(1)'/>"),
        ("x.html", "text/html", b"<!doctype html><script>alert(1)</script>"),
        ("x.txt", "text/plain", b"hello <script>alert(1)</script>"),
        ("x.txt", "text/plain", b"<?xml version='1.0'?><x/>"),
        ("x.pdf", "application/pdf", b"PK\x03\x04zip"),
        ("x.exe", "image/png", b"MZ\x90\0\x03\0\0\0"),
    ];
    for (name, kind, content) in tricks {
        let token = app.visitor().await;
        upload(&app, &token, name, kind, content).await.is_problem(415, "upload-type");
    }
}

#[tokio::test]
async fn a_name_cannot_climb_hide_or_break_a_header() {
    let app = App::asleep().await;
    let token = app.visitor().await;
    for (claimed, kept) in [
        ("../../../etc/passwd.png", "passwd.png"),
        ("..\\..\\boot.ini", "boot.ini.png"),
        ("a\u{202e}gnp.exe", "agnp.exe.png"),
        ("grüße ☃.png", "grüße ☃.png"),
    ] {
        let file = upload(&app, &token, claimed, "image/png", PNG).await.json();
        assert_eq!(file["name"], kept);
        let id = file["id"].as_str().unwrap();
        let download = app.get(&format!("/chat/v1/uploads/{id}")).bearer(&token).send().await;
        assert!(
            download.header("content-disposition").starts_with("attachment; filename*=UTF-8''"),
            "{claimed}"
        );
        assert!(download.header("content-disposition").is_ascii());
    }
}

#[tokio::test]
async fn a_file_that_is_too_large_is_refused_before_it_is_kept() {
    let app = App::asleep().await;
    let token = app.visitor().await;
    let large = [PNG, &vec![0; 100_001][..]].concat();
    upload(&app, &token, "a.png", "image/png", &large).await.is_problem(413, "too-large");
    // Announced as far too large, it is not read at all.
    let call = app
        .call(axum::http::Method::POST, "/chat/v1/uploads")
        .bearer(&token)
        .header("content-length", "10737418240");
    call.body("multipart/form-data; boundary=XX", form("a.png", "image/png", PNG))
        .send()
        .await
        .is_problem(413, "too-large");
    // Without an end and without a length, reading stops at the limit.
    let endless =
        futures::stream::repeat_with(|| Ok::<_, std::io::Error>(axum::body::Bytes::from(vec![0_u8; 8192])));
    let head =
        futures::stream::iter([Ok(axum::body::Bytes::from(form("a.png", "image/png", PNG)[..100].to_vec()))]);
    let body = axum::body::Body::from_stream(futures::StreamExt::chain(head, endless));
    let call = app.call(axum::http::Method::POST, "/chat/v1/uploads").bearer(&token);
    call.body("multipart/form-data; boundary=XX", body).send().await.is_problem(413, "too-large");
}

#[tokio::test]
async fn what_is_no_form_is_refused() {
    let app = App::asleep().await;
    let token = app.visitor().await;
    let post = || app.call(axum::http::Method::POST, "/chat/v1/uploads").bearer(&token);
    post().body("application/json", "{}").send().await.is_problem(415, "not-multipart");
    post().body("multipart/form-data; boundary=XX", "--XX--\r\n").send().await.is_problem(422, "no-file");
    post()
        .body("multipart/form-data; boundary=XX", "--XX\r\nnonsense")
        .send()
        .await
        .is_problem(400, "bad-form");
    upload(&app, &token, "a.png", "image/png", b"").await.is_problem(422, "no-file");
    let anonymous = app.call(axum::http::Method::POST, "/chat/v1/uploads");
    anonymous
        .body("multipart/form-data; boundary=XX", form("a.png", "image/png", PNG))
        .send()
        .await
        .is_problem(401, "session-expired");
}
