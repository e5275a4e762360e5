//! Against a model server of somebody else's. `scripts/model-aimock.sh` starts it; without it these say that they are
//! skipped.

use super::support::{ask, prompts, settings_for, stack};
use fakes::model::Spec;
use futures::StreamExt;
use model::{Delta, Step};
use serde_json::Value;

fn server(name: &str) -> Option<String> {
    let url = std::env::var(name).ok();
    if url.is_none() {
        println!("skipped: {name} is not set; run scripts/model-aimock.sh");
    }
    url
}

/// The requests that aimock took down, held to OpenAI's specification.
async fn check_journal(url: &str) -> usize {
    let journal = reqwest::get(format!("{url}/v1/_requests")).await.unwrap().text().await.unwrap();
    let journal: Value = serde_json::from_str(&journal).unwrap();
    let spec = Spec::load().unwrap();
    let mut checked = 0;
    for entry in journal.as_array().unwrap() {
        let written = entry.to_string();
        assert!(!written.contains("sk-canary") || entry["headers"].to_string().contains("sk-canary"));
        assert!(!entry["body"].to_string().contains("sk-canary"), "no key in a prompt");
        if let Some(spec) = &spec {
            let mut body = entry["body"].clone();
            // aimock writes down what it made of the path, too.
            if let Some(body) = body.as_object_mut() {
                body.retain(|key, _| !key.starts_with('_'));
            }
            assert_eq!(spec.chat(&body), Vec::<String>::new(), "{body}");
            checked += 1;
        }
    }
    checked
}

#[tokio::test]
async fn aimock_in_fair_weather_answers_every_step_whole_and_streamed() {
    let Some(url) = server("AIMOCK_FAIR") else { return };
    let prompts = prompts();
    let (stack, _) = stack(&settings_for(&format!("{url}/v1")));
    for (number, step) in Step::ALL.into_iter().enumerate() {
        let whole = stack
            .model
            .ask(ask(&prompts, step, number))
            .await
            .unwrap_or_else(|error| panic!("{step}: {error}"));
        assert!(whole.json().is_some() && !whole.repaired);
        let pieces: Vec<_> = stack.model.draft(ask(&prompts, step, number)).collect().await;
        let Some(Ok(Delta::Done(streamed))) = pieces.last() else { panic!("{step}: {pieces:?}") };
        assert_eq!(streamed.json(), whole.json(), "{step}");
    }
    let checked = check_journal(&url).await;
    println!("aimock, fair weather: {checked} requests meet the specification");
}

#[tokio::test]
async fn aimock_in_foul_weather_gives_sound_answers_or_none() {
    let Some(url) = server("AIMOCK_FOUL") else { return };
    let calls: usize = std::env::var("AIMOCK_CALLS").ok().and_then(|text| text.parse().ok()).unwrap_or(300);
    let prompts = prompts();
    let (stack, pages) = stack(&settings_for(&format!("{url}/v1")));
    let (mut good, mut repaired) = (0, 0);
    for number in 0..calls {
        let step = Step::ALL[number % Step::ALL.len()];
        let question = ask(&prompts, step, number);
        match stack.model.ask(question.clone()).await {
            Ok(answer) => {
                let validator = jsonschema::validator_for(question.schema.as_deref().unwrap()).unwrap();
                assert!(answer.json().is_some_and(|value| value.is_object()), "only JSON that was checked");
                let mut value = answer.json().cloned().unwrap();
                model::wire::strict::drop_nulls(&mut value, question.schema.as_deref().unwrap());
                assert!(validator.is_valid(&value), "{value}");
                good += 1;
                repaired += usize::from(answer.repaired);
            }
            Err(error) => assert!(
                ["model-unavailable", "model-answer-invalid", "model-timed-out"].contains(&error.code()),
                "{error}"
            ),
        }
    }
    let written = pages.0.lock().unwrap().len();
    assert!(written <= 2 * calls, "one repair at most: {written} of {calls}");
    println!("aimock, foul weather: {calls} questions, {good} answered, {repaired} of them after a repair");
    println!("{} requests meet the specification", check_journal(&url).await);
}
