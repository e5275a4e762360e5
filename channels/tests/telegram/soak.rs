//! Every request follows the vendor's spec (bar.md T5), and a request that does not is caught.

use super::stage::{Stage, choice, insist, message, until};
use channels::DeliveryError;
use fakes::telegram::{Options, Order, Trouble};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_planted_request_that_breaks_the_spec_is_caught() {
    let stage = Stage::set(Options::default(), |_| ()).await;
    let ada = stage.fake.customer("Ada");
    let url = format!("{}/bot{}/sendMessage", stage.fake.url(), stage.fake.token());
    let client = reqwest::Client::new();
    let post =
        async |body: serde_json::Value| client.post(&url).json(&body).send().await.unwrap().status().as_u16();
    assert_eq!(post(json!({"chat_id": ada.id, "text": "fine"})).await, 200);
    stage.fake.assert_clean();
    post(json!({"chat_id": ada.id, "text": "bad", "parse_mod": "HTML"})).await;
    post(json!({"chat_id": ada.id, "text": 5})).await;
    post(json!({"text": "nobody"})).await;
    let violations = stage.fake.journal().violations;
    if fakes::telegram::locate_spec().exists() {
        let expected = [
            "request: sendMessage.parse_mod: unknown",
            "request: sendMessage.text: not String: 5",
            "request: sendMessage.chat_id: missing",
        ];
        assert_eq!(violations, expected);
    }
}

/// A busy life of a bot: `CALLS=10000` for the figure.
#[tokio::test]
async fn a_busy_life_follows_the_spec_in_every_call() {
    let calls: usize = std::env::var("CALLS").ok().and_then(|count| count.parse().ok()).unwrap_or(400);
    let second = Duration::from_millis(2);
    let options = Options { second, limits: true, ..Options::default() };
    let mut stage = Stage::set(options, |settings| settings.second = second).await;
    stage.run();
    let mut dice = StdRng::seed_from_u64(5);
    for (trouble, chance) in [
        (Trouble::FloodWait { seconds: 2, whole_bot: false }, 0.01),
        (Trouble::Gateway { code: 502 }, 0.01),
        (Trouble::CutBefore, 0.005),
        (Trouble::CutAfter, 0.005),
        (Trouble::Refuse { code: 400, description: "Bad Request: can't parse entities".to_owned() }, 0.01),
    ] {
        stage.fake.order(Order::next("sendMessage", trouble).chance(chance).always());
    }
    let group = stage.fake.group("Harbor talk");
    let mut said = 0;
    let (mut doubts, mut given_up) = (0, 0);
    for round in 0.. {
        if stage.fake.calls() >= calls {
            break;
        }
        let person = stage.fake.customer(&format!("Customer {}", round % 50));
        let person = if dice.random_bool(0.1) { person.in_group(&group) } else { person };
        let address = match person.chat == group.id {
            true => format!("{}:{}", group.id, person.id),
            false => person.id.to_string(),
        };
        match dice.random_range(0..10) {
            0 => drop(person.sends_file("photo", "", b"jpeg", "@harbor_bot look")),
            1 => drop(person.sends_file("document", "bill.pdf", b"pdf", "@harbor_bot look")),
            2 => {
                let id = person.says("@harbor_bot a mistake");
                person.edits(id, "@harbor_bot corrected");
                said += 1;
            }
            3 => drop(person.says("/start abc")),
            _ => drop(person.says("@harbor_bot hello there")),
        }
        said += 1;
        let mut answer = message(&address, &"word ".repeat(dice.random_range(1..1500)));
        answer.author = if dice.random_bool(0.5) { "Bo 👩‍🚀".to_owned() } else { String::new() };
        answer.answers = Some(dice.random_range(1..50).to_string());
        if dice.random_bool(0.3) {
            answer.choices = vec![choice("yes", "Yes"), choice(&"long".repeat(30), "No")];
        }
        channels::Courier::typing(&*stage.telegram, &address).await;
        match insist(&stage.telegram, &answer).await {
            Ok(_) => {
                if !answer.choices.is_empty() && person.presses("No").is_some() {
                    said += 1;
                }
            }
            Err(DeliveryError::InDoubt { .. }) => doubts += 1,
            // The order for it strikes plain messages, too.
            Err(DeliveryError::GiveUp { cause }) if cause.contains("parse entities") => given_up += 1,
            Err(error) => panic!("{error}"),
        }
    }
    stage.fake.cancel_orders();
    until("all heard", || stage.desk.count() == said && stage.fake.waiting() == 0).await;
    let journal = stage.fake.journal();
    println!(
        "{} calls, {} messages heard, {} sent, {doubts} in doubt, {given_up} given up, {} violations",
        journal.requests.len(),
        said,
        journal.sent.len(),
        journal.violations.len()
    );
    stage.fake.assert_clean();
}
