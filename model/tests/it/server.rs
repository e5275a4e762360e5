//! The adapter and the stack against a server: dialects, streams, embeddings, the breaker, the limits.

use super::support::{ask, prompts, server_settings, settings, stack};
use fakes::model::{Kind, Server};
use futures::StreamExt;
use model::layers::budget::{BudgetSettings, Limit};
use model::layers::prices::{Price, Prices};
use model::openai::OpenAi;
use model::{Ask, Delta, Message, Model, Role, Step};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

fn adapter(server: &Server) -> OpenAi {
    OpenAi::new(server_settings(server), Arc::new(|| SystemTime::UNIX_EPOCH)).unwrap()
}

#[tokio::test]
async fn every_request_meets_the_specification_at_every_step_and_in_every_dialect() {
    let server = Server::start().await.unwrap();
    assert!(server.world.has_spec() || std::env::var_os("CI").is_none(), "the specification is absent");
    let prompts = prompts();
    let (stack, _) = stack(&settings(&server));
    for (number, step) in Step::ALL.into_iter().enumerate() {
        let answer = stack.model.ask(ask(&prompts, step, number)).await.unwrap();
        assert!(answer.json().is_some() && answer.usage.input > 0 && !answer.usage.estimated);
        let plain = Ask { schema: None, streams: None, ..ask(&prompts, step, number) };
        assert_eq!(stack.model.ask(plain).await.unwrap().text(), Some("All is well."));
    }
    server.world.always(Some(Kind::NoSchema));
    let lowered = adapter(&server);
    for (number, step) in Step::ALL.into_iter().enumerate() {
        lowered.ask(ask(&prompts, step, number)).await.unwrap();
    }
    assert_eq!(lowered.state()[0].says, "fake: json_object");
    // One refusal taught it; no later call tried the schema again.
    let refused = server
        .world
        .journal()
        .iter()
        .filter(|request| {
            request.kind.is_some()
                && request.body.pointer("/response_format/type") == Some(&"json_schema".into())
        })
        .count();
    assert_eq!(refused, 1);
    assert_eq!(server.world.faults(), Vec::<String>::new());
    assert!(
        server
            .world
            .journal()
            .iter()
            .all(|request| request.authorization.as_deref() == Some("Bearer sk-canary"))
    );
}

#[tokio::test]
async fn a_draft_comes_word_by_word_and_ends_with_the_whole_answer() {
    let server = Server::start().await.unwrap();
    let prompts = prompts();
    let (stack, _) = stack(&settings(&server));
    for kind in [None, Some(Kind::KeepAlive)] {
        server.world.reset();
        server.world.always(kind);
        server.world.says(r#"{"answerable":true,"reply":"Open the report.\nChoose \"Export\" – done ✓","citations":["export-data"]}"#);
        let mut draft = stack.model.draft(ask(&prompts, Step::Reply, 1));
        let (mut words, mut pieces, mut whole) = (String::new(), 0, None);
        while let Some(piece) = draft.next().await {
            match piece.unwrap() {
                Delta::Text(text) => {
                    words.push_str(&text);
                    pieces += 1;
                }
                Delta::Done(answer) => whole = Some(answer),
            }
        }
        let whole = whole.unwrap();
        assert_eq!(words, "Open the report.\nChoose \"Export\" – done ✓");
        assert_eq!(whole.json().unwrap()["reply"], words.as_str());
        assert!(pieces > 4);
        assert_eq!(server.world.journal()[0].body["stream"], true);
    }
    assert_eq!(server.world.faults(), Vec::<String>::new());
}

#[tokio::test]
async fn a_cut_stream_is_no_answer_and_its_repair_is_whole() {
    let server = Server::start().await.unwrap();
    let prompts = prompts();
    let (stack, _) = stack(&settings(&server));
    server.world.then([Some(Kind::CutBeforeDone), None]);
    let draft = stack.model.draft(ask(&prompts, Step::Summarise, 1));
    let last = draft.collect::<Vec<_>>().await.pop().unwrap().unwrap();
    let Delta::Done(answer) = last else { panic!("{last:?}") };
    assert!(answer.repaired);
}

#[tokio::test]
async fn embeddings_come_in_order_and_broken_ones_do_not_come() {
    let server = Server::start().await.unwrap();
    let adapter = adapter(&server);
    let mut question = ask(&prompts(), Step::Classify, 1);
    question.step = Step::Embed;
    let said = |text: &str| Message { role: Role::User, text: text.to_owned() };
    question.messages = ["aab", "b", "aab"].map(said).to_vec();
    let answer = adapter.ask(question.clone()).await.unwrap();
    let vectors = &answer.json().unwrap()["vectors"];
    assert_eq!((vectors[0] == vectors[2], vectors[0] == vectors[1]), (true, false));
    assert!(answer.usage.input > 0 && !answer.usage.estimated && answer.model == "fake-embed");
    for kind in [Kind::Error500, Kind::Revoked401, Kind::Plain429, Kind::ContextLength400] {
        server.world.then([Some(kind)]);
        assert!(adapter.ask(question.clone()).await.is_err());
    }
    assert_eq!(server.world.faults(), Vec::<String>::new());
}

#[tokio::test]
async fn l2_a_server_that_is_down_is_left_alone() {
    let server = Server::start().await.unwrap();
    let prompts = prompts();
    let mut settings = settings(&server);
    settings.breaker = Default::default();
    let (stack, _) = stack(&settings);
    server.world.always(Some(Kind::Error500));
    let mut open = 0;
    for number in 0..200 {
        let error = stack.model.ask(ask(&prompts, Step::Classify, number)).await.unwrap_err();
        open += usize::from(error.code() == "model-circuit-open");
    }
    assert!(server.world.count() <= 20, "{} calls", server.world.count());
    assert!(open >= 180, "{open}");
    let state = stack.model.state();
    let breaker = state.iter().find(|part| part.part == "breaker").unwrap();
    assert!(!breaker.healthy && breaker.says.starts_with("open"), "{breaker:?}");
}

#[tokio::test]
async fn l4_one_customer_cannot_use_up_the_desk() {
    let server = Server::start().await.unwrap();
    let prompts = prompts();
    let mut settings = settings(&server);
    settings.a_minute = NonZeroU32::new(20).unwrap();
    let price = Price { input_usd: 1.0, output_usd: 4.0 };
    settings.prices = Prices { models: BTreeMap::from([("fake".to_owned(), price)]), otherwise: price };
    settings.budget =
        BudgetSettings { day: Limit { micros: Some(200_000), tokens: None }, ..Default::default() };
    let (stack, _) = stack(&settings);
    let flood = |number| Ask {
        customer: "mallory".to_owned(),
        conversation: "m".to_owned(),
        ..ask(&prompts, Step::Classify, number)
    };
    let mut answered = 0;
    for number in 0..1000 {
        answered += usize::from(stack.model.ask(flood(number)).await.is_ok());
    }
    assert!((20..=22).contains(&answered), "{answered}");
    let ada = stack.model.ask(ask(&prompts, Step::Classify, 1)).await.unwrap();
    assert!(ada.cost_micros > 0, "others are served, and it is counted");
    // The day's money: never more than the limit, and refused within a call of it.
    let mut last = 0;
    while let Ok(answer) = stack.model.ask(ask(&prompts, Step::Classify, 1000 + last)).await {
        assert!(answer.cost_micros > 0);
        last += 1;
    }
    let spent = stack.budget.today().micros;
    assert!(spent <= 200_000 && spent > 190_000, "{spent}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_model_does_not_hold_up_other_conversations() {
    let server = Server::start().await.unwrap();
    let prompts = prompts();
    let (stack, _) = stack(&settings(&server));
    server.world.latency(Duration::from_millis(200));
    let all = (0..16).map(|number| stack.model.ask(ask(&prompts, Step::Classify, number)));
    assert!(futures::future::join_all(all).await.iter().all(Result::is_ok));
    assert_eq!(server.world.most_at_once(), 16, "side by side");
    let one = Ask { conversation: "one".to_owned(), ..ask(&prompts, Step::Classify, 99) };
    let other = |step| Ask { conversation: "one".to_owned(), ..ask(&prompts, step, 98) };
    let before = server.world.count();
    let (first, second, third) = tokio::join!(
        stack.model.ask(one),
        stack.model.ask(other(Step::Screen)),
        stack.model.ask(other(Step::Translate))
    );
    assert!(first.is_ok() && second.is_ok() && third.is_ok() && server.world.count() == before + 3);
}
