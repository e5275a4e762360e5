//! Secrets and personal data on every way through the real binary, its log at its most talkative: none of them comes to
//! light anywhere but where it belongs.

use crate::support::process::{PASSWORD, Place};
use fakes::{discord, model, telegram};
use regex::Regex;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

/// What customers write about themselves; in the desk's database, and nowhere else.
const PERSONAL: [&str; 4] =
    ["jane.canary@example.com", "4242 4242 4242 4242", "+49 151 23456789", "DE89 3704 0044 0532 0130 00"];

/// Settings that hold a secret, each with a word that stands nowhere else.
const SECRETS: [(&str, &str); 10] = [
    ("DESKHAND_LLM__API_KEY", "sk-canary-model-4f7a"),
    ("DESKHAND_WIDGET__IDENTITY_SECRET", "canary-identity-0123456789abcdefghij"),
    ("DESKHAND_HOOKS__SECRETS__BILLING", "whsec_Y2FuYXJ5LWhvb2stc2VjcmV0LW51bWJlci1vbmUtMDE="),
    ("DESKHAND_ACTIONS__SECRETS__CRM", "canary-crm-token-77"),
    ("DESKHAND_ACTIONS__SECRETS__SHOP", "canary-shop-token-78"),
    ("DESKHAND_TICKETS__TOKEN", "canary-zendesk-token"),
    ("DESKHAND_NOTIFY__WEBHOOK_SECRET", "whsec_Y2FuYXJ5LW5vdGlmeS1zZWNyZXQtbnVtYmVyLXR3bzI="),
    ("DESKHAND_NOTIFY__SLACK_URL", "http://127.0.0.1:9/services/canary-slack"),
    ("DESKHAND_EMAIL__PASSWORD", "canary-mail-password"),
    ("DESKHAND_DATABASES__SHOP__URL", "postgres://reader:canary-sql-password@127.0.0.1:9/shop"),
];

/// Everything that could be read by somebody who should not.
#[derive(Default)]
struct Seen(Vec<(String, Vec<u8>)>);

impl Seen {
    fn keep(&mut self, place: &str, bytes: impl Into<Vec<u8>>) {
        self.0.push((place.to_owned(), bytes.into()));
    }

    fn folder(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => self.folder(&path),
                false => self.keep(&path.display().to_string(), fs::read(&path).unwrap()),
            }
        }
    }

    /// Where a word stands, but for places that may hold it.
    fn places(&self, word: &str, allowed: &dyn Fn(&str) -> bool) -> Vec<&str> {
        let bytes = word.as_bytes();
        let holds = |text: &[u8]| text.windows(bytes.len()).any(|window| window == bytes);
        let found = self.0.iter().filter(|(place, text)| !allowed(place) && holds(text));
        found.map(|(place, _)| place.as_str()).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_and_nobody_s_data_comes_to_light() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let telegram = telegram::Fake::start(telegram::Options::default()).await.unwrap();
    let discord = discord::Fake::start(discord::Options::default()).await;
    let llm = model::Server::start().await.unwrap();
    let mut place = Place::new(None);
    let logs = place.folder().join("the.log");
    place.log = Some(File::create(&logs).unwrap());
    place.env = SECRETS.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
    place.env.extend([
        ("DESKHAND_LOG__FILTER", "debug".to_owned()),
        ("DESKHAND_TELEGRAM__TOKEN", telegram.token()),
        ("DESKHAND_TELEGRAM__API_URL", telegram.url()),
        ("DESKHAND_DISCORD__TOKEN", discord.token().to_owned()),
        ("DESKHAND_DISCORD__API_URL", discord.url()),
        ("DESKHAND_LLM__BASE_URL", llm.url()),
        ("DESKHAND_LLM__MODEL", "fake".to_owned()),
        ("DESKHAND_TICKETS__SYSTEM", "zendesk".to_owned()),
        ("DESKHAND_TICKETS__BASE_URL", "http://127.0.0.1:9".to_owned()),
        ("DESKHAND_TICKETS__ACCOUNT", "bot@example.com".to_owned()),
        ("DESKHAND_NOTIFY__WEBHOOK_URL", "http://127.0.0.1:9/notices".to_owned()),
        ("DESKHAND_EMAIL__HOST", "127.0.0.1".to_owned()),
        ("DESKHAND_EMAIL__PORT", "9".to_owned()),
        ("DESKHAND_EMAIL__FROM", "desk@example.com".to_owned()),
        ("DESKHAND_EMAIL__USER", "desk".to_owned()),
    ]);
    place.agent();
    let running = place.start(None);
    place.answering().await;
    let client = reqwest::Client::new();
    let lives = client.get(place.url("/healthz")).send().await;
    assert!(lives.is_ok(), "{lives:?}\n{}", fs::read_to_string(&logs).unwrap());
    until("the bot is on Discord", || discord.connected() > 0).await;
    let mut seen = Seen::default();

    // A customer on each channel tells the bot more than it needs, and asks for a human, who gets a summary.
    let wish = "I want to talk to a human. My invoice was wrong in May and again in June. ".repeat(4);
    let text = format!("{wish} I am {}", PERSONAL.join(", "));
    let begun = client.post(place.url("/chat/v1/sessions")).json(&json!({"locale": "en"})).send();
    let session: Value = begun.await.unwrap().json().await.unwrap();
    let token = session["token"].as_str().unwrap().to_owned();
    let message = json!({"id": "m1", "text": text});
    let posted = client.post(place.url("/chat/v1/messages")).bearer_auth(&token).json(&message).send();
    assert!(posted.await.unwrap().status().is_success());
    let (tess, dana) = (telegram.customer("Tess"), discord.customer("Dana"));
    tess.says(&text);
    dana.says(&text);
    until("the desk answers on both platforms", || !tess.hears().is_empty() && !dana.hears().is_empty())
        .await;
    until("the model is asked", || llm.world.count() >= 1).await;

    // People at the desk, and everybody who asks wrongly.
    let cookie = place.signs_in(&client).await;
    let open = ["/healthz", "/readyz", "/metrics", "/nowhere", "/console", "/widget.js"];
    for path in open {
        seen.keep(path, client.get(place.url(path)).send().await.unwrap().bytes().await.unwrap());
    }
    let get = |path: &str| client.get(place.url(path)).header("cookie", &cookie).send();
    for path in ["/api/v1/model", "/api/v1/triggers", "/api/v1/letters", "/api/v1/switch", "/api/v1/session"]
    {
        seen.keep(path, get(path).await.unwrap().bytes().await.unwrap());
    }
    let wrong = json!({"email": "ben@example.com", "password": format!("{PASSWORD}-wrong")});
    for (path, body) in [
        ("/api/v1/session", wrong.to_string()),
        ("/api/v1/session", format!("{{\"password\": \"{PASSWORD}\"")),
        ("/chat/v1/messages", format!("{{\"token\": \"{token}\"}}")),
        ("/chat/v1/sessions", format!("{{\"identity\": \"{token}\"}}")),
        ("/hooks/nothing", "{}".to_owned()),
        ("/hooks/telegram", "{}".to_owned()),
    ] {
        let call = client.post(place.url(path)).header("sec-fetch-site", "same-origin");
        let answer = call.header("content-type", "application/json").body(body).send().await.unwrap();
        assert!(!answer.status().is_success(), "{path}");
        seen.keep(&format!("{path}, refused"), answer.bytes().await.unwrap());
    }
    for request in llm.world.journal() {
        assert_eq!(request.authorization.as_deref(), Some("Bearer sk-canary-model-4f7a"));
        seen.keep("a prompt", request.body.to_string());
    }
    seen.keep("what Tess hears", tess.hears().join("\n"));
    seen.keep("what Dana hears", format!("{:?}", dana.hears()));
    running.killed();
    seen.folder(place.folder());

    let log = fs::read_to_string(&logs).unwrap();
    assert!(log.contains("DEBUG"), "the log is at its most talkative");
    assert!(seen.0.iter().any(|(place, _)| place.contains("model-journal")), "the journal is among them");
    let cookie = cookie.split_once('=').unwrap().1.to_owned();
    let mut secrets: Vec<String> = SECRETS.iter().map(|(_, secret)| secret_part(secret)).collect();
    secrets.extend([telegram.token(), discord.token().to_owned(), token, cookie, PASSWORD.to_owned()]);
    let nowhere = |_: &str| false;
    let shown: Vec<_> = secrets.iter().map(|secret| (secret, seen.places(secret, &nowhere))).collect();
    assert!(shown.iter().all(|(_, places)| places.is_empty()), "{shown:#?}");
    let database = |place: &str| place.contains("deskhand.db");
    let shown: Vec<_> = PERSONAL.iter().map(|data| (data, seen.places(data, &database))).collect();
    assert!(shown.iter().all(|(_, places)| places.is_empty()), "{shown:#?}");
    // The places are looked into rightly: what must stand there does.
    assert!(!seen.places(PERSONAL[0], &nowhere).is_empty(), "the database holds what the customer wrote");
    assert!(!seen.places("⟦email-1⟧", &|place| place != "a prompt").is_empty());
}

/// The part of an address that is secret.
fn secret_part(value: &str) -> String {
    let password = Regex::new(":([^:@/]+)@").unwrap();
    match password.captures(value) {
        Some(found) => found[1].to_owned(),
        None => value.rsplit("/services/").next().unwrap_or(value).to_owned(),
    }
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..600 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not within half a minute: {what}");
}
