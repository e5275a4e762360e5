//! L3: every way of going wrong, at every step, whole and streamed. `FAULT_ROUNDS` says how often (default 1; the bar
//! wants 100).

use super::support::{ask, prompts, settings, stack};
use fakes::model::{Fate, Kind, Manner, Server};
use futures::StreamExt;
use model::{Answer, Ask, Delta, Draft, ModelError, Step};
use std::time::Duration;

fn rounds() -> usize {
    std::env::var("FAULT_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

async fn end(mut draft: Draft) -> Result<Answer, ModelError> {
    while let Some(piece) = draft.next().await {
        if let Delta::Done(answer) = piece? {
            return Ok(*answer);
        }
    }
    panic!("a draft that ends without saying how")
}

/// What is used is whole and allowed, whatever was sent.
fn is_sound(ask: &Ask, answer: &Answer) {
    let value = answer.json().expect("only checked JSON comes out");
    let schema = ask.schema.as_deref().unwrap();
    let validator = jsonschema::validator_for(schema).unwrap();
    assert!(validator.is_valid(value), "{}: {value}", ask.step);
    let known = schema["properties"].as_object().unwrap();
    assert!(value.as_object().unwrap().keys().all(|key| known.contains_key(key)), "{value}");
    assert!(!value.to_string().contains("rm -rf"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_kinds_at_all_steps_end_in_a_sound_answer_or_an_error() {
    let server = Server::start().await.unwrap();
    server.world.late(Duration::from_secs(60));
    let prompts = prompts();
    let mut number = 0;
    for round in 0..rounds() {
        for kind in Kind::ALL {
            // Those that only patience shows take a second each: at one step, in one round.
            // A fresh stack: nothing was learned from another kind.
            let (stack, pages) = stack(&settings(&server));
            let steps = if kind.is_slow() { &Step::ALL[..1] } else { &Step::ALL[..] };
            if kind.is_slow() && round > 0 {
                continue;
            }
            for step in steps {
                for streamed in [false, true] {
                    server.world.reset();
                    server.world.always(Some(kind));
                    number += 1;
                    let mut ask = ask(&prompts, *step, number);
                    ask.limits.timeout = Duration::from_millis(1500);
                    let answer = if streamed {
                        end(stack.model.draft(ask.clone())).await
                    } else {
                        stack.model.ask(ask.clone()).await
                    };
                    let what = format!("{kind:?} at {step}, streamed {streamed}: {answer:?}");
                    if let Ok(answer) = &answer {
                        is_sound(&ask, answer);
                        assert_ne!(answer.calls, 0);
                    }
                    // Two tries of an attempt and one repair of it, and a lowering of the dialect.
                    assert!(server.world.count() <= 5, "{what}: {} requests", server.world.count());
                    assert_eq!(server.world.faults(), Vec::<String>::new(), "{what}");
                    if *step == Step::Classify && !streamed {
                        assert_eq!(answer.is_ok(), kind.fate() == Fate::Usable, "{what}");
                    }
                }
            }
            assert!(pages.0.lock().unwrap().len() >= steps.len());
        }
    }
}

#[tokio::test]
async fn a_single_bad_answer_is_repaired_and_costs_two_calls() {
    let server = Server::start().await.unwrap();
    let prompts = prompts();
    let (stack, pages) = stack(&settings(&server));
    for (number, kind) in [
        Kind::WrongEnum,
        Kind::Prose,
        Kind::DuplicateKeys,
        Kind::HalfObject,
        Kind::FinishLength,
        Kind::EmptyChoices,
        Kind::InvalidUtf8,
    ]
    .into_iter()
    .enumerate()
    {
        server.world.then([Some(kind), None]);
        let answer = stack.model.ask(ask(&prompts, Step::Classify, number)).await.unwrap();
        assert!(answer.repaired, "{kind:?}");
    }
    assert_eq!(pages.0.lock().unwrap().len(), 14, "a repair is in the journal too");
    assert_eq!(server.world.faults(), Vec::<String>::new());
}

#[tokio::test]
async fn each_error_says_what_can_be_done() {
    let server = Server::start().await.unwrap();
    let prompts = prompts();
    for (kind, code) in [
        (Kind::Refusal, "model-refused"),
        (Kind::FinishContentFilter, "model-refused"),
        (Kind::Revoked401, "model-misconfigured"),
        (Kind::NoModel404, "model-misconfigured"),
        (Kind::Quota429, "model-misconfigured"),
        (Kind::Redirect, "model-misconfigured"),
        (Kind::TooLarge413, "model-input-too-long"),
        (Kind::ContextLength400, "model-input-too-long"),
        (Kind::RetryAfterDate, "model-busy"),
        (Kind::Plain429, "model-busy"),
        (Kind::ErrorUnder200, "model-unavailable"),
        (Kind::Gateway502Html, "model-unavailable"),
        (Kind::Reset, "model-unavailable"),
        (Kind::NotJson, "model-unavailable"),
        (Kind::TenMegabytes, "model-answer-invalid"),
        (Kind::WrongEnum, "model-answer-invalid"),
        (Kind::Hang, "model-timed-out"),
        (Kind::SlowDrip, "model-timed-out"),
    ] {
        let (stack, _) = stack(&settings(&server));
        server.world.reset();
        server.world.always(Some(kind));
        let error = stack.model.ask(ask(&prompts, Step::Classify, 0)).await.unwrap_err();
        assert_eq!(error.code(), code, "{kind:?}: {error}");
        assert!(!format!("{error} {error:?}").contains("sk-canary"));
    }
}

#[tokio::test]
async fn a_model_that_obeys_the_attack_gives_away_nothing_that_it_was_not_given() {
    let server = Server::start().await.unwrap();
    server.world.manner(Manner::Obey);
    let prompts = prompts();
    let (stack, pages) = stack(&settings(&server));
    for (number, step) in Step::ALL.into_iter().enumerate() {
        // Its words may be anything; their form and every id in them may not.
        if let Ok(answer) = stack.model.ask(ask(&prompts, step, number)).await {
            is_sound(&ask(&prompts, step, number), &answer);
        }
    }
    let written = serde_json::to_string(&*pages.0.lock().unwrap()).unwrap();
    assert!(!written.contains("sk-canary"), "no key in any prompt");
}
