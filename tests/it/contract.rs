//! One story that every channel passes, with the real binary: say and hear, order, the same again, a cut, a rate
//! limit, a person with too much to say, a file, a choice, stars.

use crate::support::process::Place;
use async_trait::async_trait;
use fakes::discord::{Fault, Trouble as DiscordTrouble};
use fakes::telegram::{Order, Trouble};
use fakes::{discord, telegram};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How a customer uses a channel.
#[async_trait]
trait Side: Send + Sync {
    async fn says(&self, text: &str);
    /// The platform, or the customer's own app, delivers the last message once more.
    async fn last_again(&self);
    async fn sends_file(&self, name: &str, content: &[u8], text: &str);
    /// Everything that was said to the customer.
    async fn hears(&self) -> Vec<String>;
    /// Presses a button of the last message that has some.
    async fn presses(&self, label: &str);
    /// Cuts the link once.
    fn cut(&self);
    /// The next message to the customer is refused for now.
    fn flood(&self);
}

struct OnTelegram {
    fake: telegram::Fake,
    ada: telegram::Customer,
}

#[async_trait]
impl Side for OnTelegram {
    async fn says(&self, text: &str) {
        self.ada.says(text);
    }

    async fn last_again(&self) {
        self.fake.offer_again(1);
    }

    async fn sends_file(&self, name: &str, content: &[u8], text: &str) {
        self.ada.sends_file("document", name, content, text);
    }

    async fn hears(&self) -> Vec<String> {
        self.ada.hears()
    }

    async fn presses(&self, label: &str) {
        assert!(self.ada.presses(label).is_some(), "no button {label}: {:?}", self.ada.buttons());
    }

    fn cut(&self) {
        self.fake.order(Order::next("getUpdates", Trouble::CutBefore));
    }

    fn flood(&self) {
        self.fake.order(Order::next("sendMessage", Trouble::FloodWait { seconds: 2, whole_bot: false }));
    }
}

struct OnDiscord {
    fake: discord::Fake,
    ada: discord::Customer,
    last: Mutex<u64>,
}

#[async_trait]
impl Side for OnDiscord {
    async fn says(&self, text: &str) {
        *self.last.lock().unwrap() = self.ada.says(text);
    }

    async fn last_again(&self) {
        let last = *self.last.lock().unwrap();
        self.fake.tell("MESSAGE_CREATE", &self.fake.told(self.ada.direct, last));
    }

    async fn sends_file(&self, name: &str, content: &[u8], text: &str) {
        self.ada.sends_file(self.ada.direct, text, name, content, content.len());
    }

    async fn hears(&self) -> Vec<String> {
        self.ada.hears().into_iter().map(|shown| shown.content).collect()
    }

    async fn presses(&self, label: &str) {
        let shown = self.ada.hears();
        let rows = |components: &Value| -> Vec<Value> {
            let rows = components.as_array().cloned().unwrap_or_default();
            rows.iter().flat_map(|row| row["components"].as_array().cloned().unwrap_or_default()).collect()
        };
        let found = shown.iter().rev().find_map(|shown| {
            let buttons = rows(&shown.components);
            let button = buttons.iter().find(|button| button["label"] == label)?;
            Some((shown.id, button["custom_id"].as_str()?.to_owned()))
        });
        let (message, id) = found.unwrap_or_else(|| panic!("no button {label}"));
        self.ada.presses(self.ada.direct, message, &id);
    }

    fn cut(&self) {
        self.fake.cut();
    }

    fn flood(&self) {
        let wait = DiscordTrouble::Early(Duration::from_millis(300), false);
        self.fake.order(Fault::on("POST", "/messages", wait).times(1));
    }
}

struct OnTheWeb {
    client: reqwest::Client,
    base: String,
    token: String,
    last: Mutex<Value>,
}

impl OnTheWeb {
    async fn new(place: &Place) -> Self {
        let client = reqwest::Client::new();
        let begun = client.post(place.url("/chat/v1/sessions")).json(&json!({"locale": "en"})).send();
        let session: Value = begun.await.unwrap().json().await.unwrap();
        let token = session["token"].as_str().unwrap().to_owned();
        Self { client, base: place.url(""), token, last: Mutex::default() }
    }

    async fn post(&self, message: Value) {
        let path = format!("{}/chat/v1/messages", self.base);
        let posted = self.client.post(path).bearer_auth(&self.token).json(&message).send().await.unwrap();
        assert!(posted.status().is_success(), "{}", posted.text().await.unwrap());
        *self.last.lock().unwrap() = message;
    }

    async fn events(&self) -> Vec<Value> {
        let path = format!("{}/chat/v1/events?after=0&wait=0", self.base);
        let page = self.client.get(path).bearer_auth(&self.token).send().await.unwrap();
        page.json::<Value>().await.unwrap()["events"].as_array().unwrap().clone()
    }

    fn id() -> String {
        uuid::Uuid::new_v4().to_string()
    }
}

#[async_trait]
impl Side for OnTheWeb {
    async fn says(&self, text: &str) {
        self.post(json!({"id": Self::id(), "text": text})).await;
    }

    async fn last_again(&self) {
        let last = self.last.lock().unwrap().clone();
        self.post(last).await;
    }

    async fn sends_file(&self, name: &str, content: &[u8], text: &str) {
        let boundary = "a-boundary";
        let mut body = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(content);
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        let sent = self
            .client
            .post(format!("{}/chat/v1/uploads", self.base))
            .bearer_auth(&self.token)
            .header("content-type", format!("multipart/form-data; boundary={boundary}"))
            .body(body)
            .send();
        let upload: Value = sent.await.unwrap().json().await.unwrap();
        self.post(json!({"id": Self::id(), "text": text, "attachments": [upload["id"]]})).await;
    }

    async fn hears(&self) -> Vec<String> {
        let said = |event: &Value| event["type"] == "message" && event["from"] != "customer";
        let events = self.events().await;
        events
            .iter()
            .filter(|event| said(event))
            .map(|event| event["text"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn presses(&self, label: &str) {
        if let Some(stars) = label.strip_suffix(" ★") {
            let path = format!("{}/chat/v1/feedback", self.base);
            let rating = json!({"rating": stars.parse::<u8>().unwrap()});
            let rated = self.client.post(path).bearer_auth(&self.token).json(&rating).send().await.unwrap();
            assert!(rated.status().is_success());
            return;
        }
        let events = self.events().await;
        let choices =
            events.iter().flat_map(|event| event["choices"].as_array().cloned().unwrap_or_default());
        let mut choices: Vec<Value> = choices.filter(|choice| choice["label"] == label).collect();
        let choice = choices.pop().expect("the button");
        self.post(json!({"id": Self::id(), "text": label, "choice": choice["id"]})).await;
    }

    fn cut(&self) {}

    fn flood(&self) {}
}

/// Waits until something that contains these words was heard so often; returns all that was heard.
async fn heard(side: &dyn Side, words: &str, times: usize) -> Vec<String> {
    let deadline = Instant::now() + Duration::from_secs(40);
    loop {
        let all = side.hears().await;
        if all.iter().filter(|text| text.contains(words)).count() >= times {
            return all;
        }
        assert!(Instant::now() < deadline, "\"{words}\" was not heard {times} times: {all:#?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Ben at the desk.
struct Agent<'a> {
    client: reqwest::Client,
    cookie: String,
    place: &'a Place,
}

impl<'a> Agent<'a> {
    async fn new(place: &'a Place) -> Self {
        let client = reqwest::Client::new();
        let cookie = place.signs_in(&client).await;
        Self { client, cookie, place }
    }

    async fn post(&self, path: &str, body: Value) {
        let call = self.client.post(self.place.url(path)).header("sec-fetch-site", "same-origin");
        let answer = call.header("cookie", &self.cookie).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
    }

    async fn get(&self, path: &str) -> Value {
        let call = self.client.get(self.place.url(path)).header("cookie", &self.cookie);
        call.send().await.unwrap().json().await.unwrap()
    }

    /// The customer's stars have arrived.
    async fn sees_stars(&self, stars: u8) {
        let all = self.get("/api/v1/conversations?view=all").await;
        let id = all["items"][0]["id"].as_str().expect("a conversation").to_owned();
        for _ in 0..400 {
            let page = self.get(&format!("/api/v1/conversations/{id}/events?after=0")).await;
            if page["events"].as_array().unwrap().iter().any(|event| event["rating"] == stars) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no stars");
    }

    /// The conversation that waits.
    async fn waiting(&self) -> String {
        for _ in 0..400 {
            let queue = self.get("/api/v1/conversations?view=queue").await;
            if let Some(id) = queue["items"][0]["id"].as_str() {
                return id.to_owned();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("nobody waits");
    }
}

async fn passes(place: &Place, side: &dyn Side) {
    // Say and hear, and the same message again changes nothing.
    side.says("How do I export a project to CSV?").await;
    heard(side, "CSV", 1).await;
    side.last_again().await;
    // In order, in a burst, over a cut, and not before a platform that asks for patience.
    side.cut();
    side.flood();
    side.says("Hey, where can I download the invoice of last month as a PDF?").await;
    side.says("how can i invite a new colleague to our workspace").await;
    let all = heard(side, "Members", 1).await;
    let place_of = |topic: &str| all.iter().position(|text| text.contains(topic)).expect("an answer");
    assert!(place_of("CSV") < place_of("Invoices") && place_of("Invoices") < place_of("Members"), "{all:#?}");
    assert_eq!(all.iter().filter(|text| text.contains("CSV")).count(), 1, "{all:#?}");
    assert_eq!(all.len(), 3, "{all:#?}");

    // A choice settles it, and stars are asked for and taken there.
    let ben = Agent::new(place).await;
    side.presses("Yes, thank you").await;
    heard(side, "is marked as resolved", 1).await;
    if !place.env.is_empty() {
        heard(side, "One tap", 1).await;
    }
    side.presses("4 ★").await;
    ben.sees_stars(4).await;

    // A file, and a person; who has more to say than fits one message.
    side.sends_file("error.txt", b"error 4711 in line 3", "I want to talk to a human about this file").await;
    let id = ben.waiting().await;
    let events = ben.get(&format!("/api/v1/conversations/{id}/events?after=0")).await;
    let files: Vec<&Value> = events["events"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|event| event["attachments"].as_array().into_iter().flatten())
        .collect();
    assert_eq!(files.len(), 1, "{events}");
    assert_eq!(files[0]["name"], "error.txt");
    ben.post(&format!("/api/v1/conversations/{id}/takeover"), json!({})).await;
    ben.post(
        &format!("/api/v1/conversations/{id}/notes"),
        json!({"id": "n1", "text": "Looks like the old bug."}),
    )
    .await;
    let long: String = (0..900).map(|line| format!("Step {line}: press it.\n")).collect();
    assert!(long.len() < 16 * 1024 + 4096);
    let long: String = long.chars().take(15_000).collect::<String>() + " END";
    ben.post(&format!("/api/v1/conversations/{id}/messages"), json!({"id": "a1", "text": long})).await;
    let all = heard(side, "END", 1).await;
    let steps = |text: &str| text.matches("Step ").count();
    assert_eq!(
        all.iter().map(|text| steps(text)).sum::<usize>(),
        steps(&long),
        "nothing lost, nothing twice"
    );
    assert!(!all.iter().any(|text| text.contains("old bug")), "a note is never shown");

    ben.post(&format!("/api/v1/conversations/{id}/resolution"), json!({})).await;
    heard(side, "is marked as resolved", 2).await;
}

/// Runs the binary over a platform.
async fn with(place: &Place, story: impl AsyncFnOnce(&Place)) {
    place.agent();
    let _running = place.start(None);
    place.answering().await;
    story(place).await;
}

fn tls() {
    // Only the first caller installs it; the others find it there.
    drop(rustls::crypto::ring::default_provider().install_default());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_widget_keeps_the_contract() {
    tls();
    let place = Place::new(None);
    with(&place, async |place| passes(place, &OnTheWeb::new(place).await).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn telegram_keeps_the_contract() {
    tls();
    let fake = telegram::Fake::start(telegram::Options::default()).await.unwrap();
    let mut place = Place::new(None);
    place.env = vec![("DESKHAND_TELEGRAM__TOKEN", fake.token()), ("DESKHAND_TELEGRAM__API_URL", fake.url())];
    let side = OnTelegram { ada: fake.customer("Ada"), fake };
    with(&place, async |place| passes(place, &side).await).await;
    side.fake.assert_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn telegram_by_webhook_keeps_the_contract_and_forgers_are_turned_away() {
    tls();
    let fake = telegram::Fake::start(telegram::Options::default()).await.unwrap();
    let mut place = Place::new(None);
    let secret = "a-secret-of-the-desk";
    place.env = vec![
        ("DESKHAND_TELEGRAM__TOKEN", fake.token()),
        ("DESKHAND_TELEGRAM__API_URL", fake.url()),
        ("DESKHAND_TELEGRAM__MODE", "webhook".to_owned()),
        ("DESKHAND_TELEGRAM__WEBHOOK_SECRET", secret.to_owned()),
        ("DESKHAND_HTTP__PUBLIC_URL", place.url("")),
    ];
    let side = OnTelegram { ada: fake.customer("Ada"), fake };
    with(&place, async |place| {
        let client = reqwest::Client::new();
        let update = json!({"update_id": 1, "message": {"message_id": 1, "date": 1, "text": "forged",
            "chat": {"id": 5, "type": "private", "first_name": "M"}, "from": {"id": 5, "is_bot": false, "first_name": "M"}}});
        for shown in [None, Some(""), Some("a-secret-of-the-des"), Some("another-secret-entirely")] {
            let mut call = client.post(place.url("/hooks/telegram")).json(&update);
            if let Some(shown) = shown {
                call = call.header("X-Telegram-Bot-Api-Secret-Token", shown);
            }
            assert_eq!(call.send().await.unwrap().status(), 401, "{shown:?}");
        }
        let garbage = client.post(place.url("/hooks/telegram")).header("X-Telegram-Bot-Api-Secret-Token", secret);
        assert_eq!(garbage.body("no JSON").send().await.unwrap().status(), 400);
        passes(place, &side).await;
    })
    .await;
    side.fake.assert_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn discord_keeps_the_contract() {
    tls();
    let fake = discord::Fake::start(discord::Options::default()).await;
    let mut place = Place::new(None);
    place.env =
        vec![("DESKHAND_DISCORD__TOKEN", fake.token().to_owned()), ("DESKHAND_DISCORD__API_URL", fake.url())];
    let side = OnDiscord { ada: fake.customer("Ada"), fake, last: Mutex::default() };
    with(&place, async |place| {
        // Whoever writes to a bot that is not there yet for the first time cannot be found by it.
        let begun = Instant::now();
        while side.fake.connected() == 0 {
            assert!(begun.elapsed() < Duration::from_secs(120), "the bot never connects");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        passes(place, &side).await;
    })
    .await;
    side.fake.journal().assert_clean();
}
