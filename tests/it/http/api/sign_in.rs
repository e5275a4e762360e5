use crate::support::app::{Answer, App};
use chrono::TimeDelta;
use deskhand::domain::person::Role;
use deskhand::http::sign_in;
use serde_json::{Value, json};

async fn with_password(app: &App, email: &str, password: &str) -> Answer {
    app.post("/api/v1/session", json!({"email": email, "password": password})).own_page().send().await
}

#[tokio::test]
async fn a_password_opens_the_console_and_only_the_right_one() {
    let app = App::asleep().await;
    app.user_with("Maria", Role::Agent, Some("correct horse battery")).await;
    let wrong = with_password(&app, "maria@desk.example", "wrong horse battery").await;
    let nobody = with_password(&app, "nobody@desk.example", "correct horse battery").await;
    wrong.is_problem(401, "bad-credentials");
    // Whether there is such an account, the answer does not tell.
    assert_eq!(wrong.body, nobody.body);
    let right = with_password(&app, " Maria@Desk.Example ", "correct horse battery").await;
    assert_eq!(right.status, 200, "{}", right.text());
    let user = &right.json()["user"];
    assert_eq!(
        (user["name"].as_str(), user["email"].as_str(), user["role"].as_str()),
        (Some("Maria"), Some("maria@desk.example"), Some("agent"))
    );
    let set = right.header("set-cookie");
    assert!(
        set.starts_with("deskhand=")
            && set.contains("HttpOnly")
            && set.contains("SameSite=Lax")
            && set.contains("Path=/"),
        "{set}"
    );
    let me = app.get("/api/v1/session").cookie(&right.cookie()).send().await;
    assert_eq!(me.json(), right.json());
}

#[tokio::test]
async fn who_has_no_password_cannot_guess_one() {
    let app = App::asleep().await;
    app.user("Robin", Role::Admin).await;
    for password in ["", "no account has this password", "null"] {
        with_password(&app, "robin@desk.example", password).await.is_problem(401, "bad-credentials");
    }
}

#[tokio::test]
async fn short_and_endless_passwords_are_refused() {
    for password in ["short".to_owned(), "x".repeat(513)] {
        assert_eq!(sign_in::hash_password(password).await, Err(sign_in::PasswordError::Length));
    }
    let hash = sign_in::hash_password("a good enough one".to_owned()).await.unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
}

#[tokio::test]
async fn over_tls_the_cookie_is_bound_to_the_host() {
    let app = App::with(|server| server.settings.public_url = "https://desk.example".to_owned()).await;
    let cookie = app.signed_in("Maria", Role::Agent).await;
    assert!(cookie.starts_with("__Host-deskhand="), "{cookie}");
    assert_eq!(app.get("/api/v1/session").cookie(&cookie).send().await.status, 200);
    // The same token under the plain name is nobody.
    let plain = cookie.replace("__Host-", "");
    app.get("/api/v1/session").cookie(&plain).send().await.is_problem(401, "signed-out");
}

#[tokio::test]
async fn a_link_signs_in_once_and_for_a_while() {
    let app = App::asleep().await;
    let user = app.user("Robin", Role::Admin).await;
    let link = sign_in::issue_link(&app.world.ledger, user, TimeDelta::minutes(15)).await.unwrap();
    let used = app.post("/api/v1/session", json!({"link": link})).own_page();
    assert_eq!(used.send().await.status, 200);
    let again = app.post("/api/v1/session", json!({"link": link})).own_page().send().await;
    again.is_problem(401, "bad-credentials");
    assert!(again.json()["detail"].as_str().unwrap().contains("link"));

    let old = sign_in::issue_link(&app.world.ledger, user, TimeDelta::minutes(15)).await.unwrap();
    app.world.wait(16);
    app.post("/api/v1/session", json!({"link": old}))
        .own_page()
        .send()
        .await
        .is_problem(401, "bad-credentials");

    // Of many who use it at once, one gets in.
    let link = sign_in::issue_link(&app.world.ledger, user, TimeDelta::minutes(15)).await.unwrap();
    let calls = (0..8).map(|_| app.post("/api/v1/session", json!({"link": link})).own_page().send());
    let answers = futures::future::join_all(calls).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
}

#[tokio::test]
async fn one_kind_of_token_opens_nothing_of_another_kind() {
    let app = App::asleep().await;
    let user = app.user("Robin", Role::Admin).await;
    let link = sign_in::issue_link(&app.world.ledger, user, TimeDelta::minutes(15)).await.unwrap();
    let visitor = app.visitor().await;
    let console = app.signed_in("Maria", Role::Agent).await;
    let console = console.strip_prefix("deskhand=").unwrap();
    for token in [&link, &visitor] {
        app.get("/api/v1/session")
            .cookie(&format!("deskhand={token}"))
            .send()
            .await
            .is_problem(401, "signed-out");
    }
    for token in [link.as_str(), console] {
        app.get("/chat/v1/events").bearer(token).send().await.is_problem(401, "session-expired");
    }
    for token in [visitor.as_str(), console] {
        app.post("/api/v1/session", json!({"link": token}))
            .own_page()
            .send()
            .await
            .is_problem(401, "bad-credentials");
    }
}

#[tokio::test]
async fn a_session_that_was_planted_is_not_the_one_that_counts() {
    let app = App::asleep().await;
    let user = app.user("Maria", Role::Agent).await;
    let planted = app.signed_in("Mallory", Role::Analyst).await;
    let link = sign_in::issue_link(&app.world.ledger, user, TimeDelta::minutes(15)).await.unwrap();
    let answer = app.post("/api/v1/session", json!({"link": link})).cookie(&planted).own_page().send().await;
    let fresh = answer.cookie();
    assert_ne!(fresh, planted);
    app.get("/api/v1/session").cookie(&planted).send().await.is_problem(401, "signed-out");
    assert_eq!(app.get("/api/v1/session").cookie(&fresh).send().await.json()["user"]["name"], "Maria");
}

#[tokio::test]
async fn signing_out_ends_the_session_everywhere() {
    let app = App::asleep().await;
    let cookie = app.signed_in("Maria", Role::Agent).await;
    let out = app.call(axum::http::Method::DELETE, "/api/v1/session").cookie(&cookie).own_page().send().await;
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    app.get("/api/v1/session").cookie(&cookie).send().await.is_problem(401, "signed-out");
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_and_at_the_latest_after_a_week() {
    let app = App::asleep().await;
    let idle = app.signed_in("Maria", Role::Agent).await;
    let busy = app.signed_in("Ben", Role::Agent).await;
    for hour in 1..=167 {
        app.world.wait(60);
        let status = app.get("/api/v1/session").cookie(&busy).send().await.status;
        assert_eq!(status, 200, "hour {hour}");
        if hour == 13 {
            app.get("/api/v1/session").cookie(&idle).send().await.is_problem(401, "signed-out");
        }
    }
    app.world.wait(61);
    app.get("/api/v1/session").cookie(&busy).send().await.is_problem(401, "signed-out");
}

#[tokio::test]
async fn who_is_no_longer_trusted_is_out_at_once() {
    let app = App::asleep().await;
    let user = app.user("Maria", Role::Agent).await;
    let link = sign_in::issue_link(&app.world.ledger, user, TimeDelta::minutes(15)).await.unwrap();
    let cookie = app.post("/api/v1/session", json!({"link": link})).own_page().send().await.cookie();
    let left = sign_in::issue_link(&app.world.ledger, user, TimeDelta::minutes(15)).await.unwrap();
    app.world.ledger.storage.end_sessions_of(user).await.unwrap();
    app.get("/api/v1/session").cookie(&cookie).send().await.is_problem(401, "signed-out");
    app.post("/api/v1/session", json!({"link": left}))
        .own_page()
        .send()
        .await
        .is_problem(401, "bad-credentials");
}

#[tokio::test]
async fn guessing_is_slowed_after_ten_tries_whatever_is_guessed() {
    let app = App::with(App::usual_rates).await;
    let mut answers = Vec::new();
    for _ in 0..14 {
        answers.push(with_password(&app, "maria@desk.example", &"x".repeat(600)).await);
    }
    let refused: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert!((3..=4).contains(&refused.len()), "{}", refused.len());
    refused[0].is_problem(429, "too-many");
    assert!(refused[0].header("retry-after").parse::<u64>().unwrap() >= 1);
    // Another account from there, and that account from elsewhere, still may.
    with_password(&app, "ben@desk.example", &"x".repeat(600)).await.is_problem(401, "bad-credentials");
    let body = json!({"email": "maria@desk.example", "password": "x".repeat(600)});
    app.post("/api/v1/session", body)
        .own_page()
        .from([198, 51, 100, 1])
        .send()
        .await
        .is_problem(401, "bad-credentials");
    // But one address does not get to try all accounts.
    let mut spraying = 0;
    for number in 0..60 {
        let answer = with_password(&app, &format!("user{number}@desk.example"), &"x".repeat(600)).await;
        spraying += usize::from(answer.status == 429);
    }
    assert!(spraying >= 15, "{spraying}");
}

#[tokio::test]
async fn neither_tokens_nor_passwords_are_kept() {
    let app = App::new().await;
    app.user_with("Maria", Role::Agent, Some("correct horse battery")).await;
    let token = app.visitor().await;
    let cookie = with_password(&app, "maria@desk.example", "correct horse battery").await.cookie();
    let cookie = cookie.strip_prefix("deskhand=").unwrap();
    let storage = &app.world.ledger.storage;
    for (secret, kind) in [
        (token.as_str(), deskhand::ports::storage::SessionKind::Visitor),
        (cookie, deskhand::ports::storage::SessionKind::Console),
    ] {
        assert_eq!(secret.len(), 64);
        assert!(storage.session(secret, kind, app.world.ledger.now()).await.unwrap().is_none());
    }
    let maria = storage.user_by_email("maria@desk.example").await.unwrap().unwrap();
    assert!(!maria.password.unwrap().contains("horse"));
    assert_eq!(app.get("/api/v1/session").send().await.json()["errors"], Value::Null);
}
