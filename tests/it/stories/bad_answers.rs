//! L3: every way in which a model server goes wrong, at every step, in the whole desk. A bad answer is as if there were
//! no model: the same decision, the same words, nothing done; and at most one more try is paid for.
//!
//! Once each by default. `DESKHAND_L3_ROUNDS=13 cargo test --test it stories::bad_answers -- --nocapture` runs each kind
//! a hundred times.

use super::calls::WISH;
use crate::support::model::ModelWorld;
use crate::support::shop;
use crate::support::world::{Person, World};
use deskhand::asking::{Piece, Whom};
use deskhand::domain::conversation::Conversation;
use deskhand::domain::event::{Entry, Event};
use deskhand::triage::assist;
use fakes::model::{Fate, Kind};
use futures::StreamExt as _;
use model::Step;
use serde_json::{Value, json};
use std::time::Duration;

/// One playbook for the steps that belong to playbooks: a number that nobody here can read, then a look-up.
const STEPS: &str = r#"
  - ask: {slot: seats, kind: number, text: {en: "How many seats?"}, again: {en: "A number, please."}}
  - consult:
      purpose: "Find the order."
      may_call: [{action: shop.orders, with: {customer: "{{ customer.id }}"}}, {action: shop.refund}]
      approve: true
      result: {type: object, required: [number], properties: {number: {type: string}}}
      into: found
      otherwise:
        - reply: {text: {en: "A colleague looks for it."}}
        - hand_off: {reason: "The order was not found."}
  - reply: {text: {en: "It is {{ found.number }}."}}
"#;

/// The classifier is not sure what this is about.
const UNSURE: &str = "the numbers in the pdf for my client are strange";
const EXPORT: &str = "How do I export a project to CSV?";

fn rounds() -> usize {
    std::env::var("DESKHAND_L3_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(1)
}

/// What a customer and a colleague see of a conversation.
#[derive(Debug, PartialEq)]
struct Seen {
    state: String,
    team: Option<String>,
    priority: String,
    urgency: String,
    intent: Option<String>,
    route: &'static str,
    rules: Vec<String>,
    reasons: Vec<String>,
    said: Vec<String>,
    slots: String,
    handed_off: String,
    requested: usize,
    approvals: usize,
}

fn seen(talk: &Conversation, log: &[Entry]) -> Seen {
    let (_, decision) = talk.decision.as_ref().expect("a decision");
    // What the decision says of the model, nobody says who has none.
    let own = |code: &&String| {
        !code.starts_with("model-") && !code.starts_with("reply-") && *code != "slot-refused"
    };
    let codes: Vec<String> = decision.reasons.iter().map(|reason| reason.code.clone()).collect();
    let said = log.iter().filter_map(|entry| match &entry.event {
        Event::Said { text, .. } => Some(text.clone()),
        _ => None,
    });
    // What was not found is the same whatever the model's part in it was.
    let summary = talk.handoff.iter().flat_map(|handoff| handoff.summary.lines());
    let summary: Vec<&str> = summary.filter(|line| !line.starts_with("Found (failure)")).collect();
    Seen {
        state: talk.state.name().to_owned(),
        team: talk.team.clone(),
        priority: talk.priority.name().to_owned(),
        urgency: format!("{:?}", talk.urgency),
        intent: decision.intent.clone(),
        route: decision.route.name(),
        rules: decision.rules.clone(),
        reasons: codes.iter().filter(own).cloned().collect(),
        said: said.collect(),
        slots: format!("{:?}", talk.run.as_ref().map(|run| &run.slots)),
        handed_off: summary.join("\n"),
        requested: log.iter().filter(|entry| matches!(entry.event, Event::Requested { .. })).count(),
        approvals: talk.approvals.len(),
    }
}

/// The conversation in which a step is asked for, until just before; then the message that asks.
fn story(step: Step) -> (Vec<&'static str>, String) {
    let long = || {
        "I want to talk to a human. ".to_owned()
            + &"My invoice was wrong in May and again in June, and nobody has answered my letters. ".repeat(3)
    };
    match step {
        Step::Classify => (vec![], UNSURE.to_owned()),
        Step::Extract => (vec![WISH], "there are two of us in the team".to_owned()),
        Step::Use => (vec![WISH], "2".to_owned()),
        Step::Summarise => (vec![], long()),
        Step::Reply | Step::Screen | Step::Suggest | Step::Translate | Step::Embed => {
            (vec![], EXPORT.to_owned())
        }
    }
}

/// What comes of the story without any model.
async fn without(step: Step) -> Seen {
    let world = World::of(shop::library(STEPS, "auto", true, &[])).await;
    shop::opens(&world);
    let ada = shop::ada(&world).await;
    let (before, message) = story(step);
    for text in before {
        ada.says(text).await;
    }
    ada.says(&message).await;
    let talk = ada.talk().await;
    seen(&talk, &world.log(talk.id).await)
}

async fn desk() -> ModelWorld {
    let library = shop::library(STEPS, "auto", true, &[]);
    let desk = ModelWorld::with(library, |settings| settings.attempt = Duration::from_millis(250)).await;
    shop::opens(&desk.world);
    desk.server.world.late(Duration::from_millis(600));
    desk
}

/// Whether an answer may be used in spite of the fault. Where every text is as good as another, an order that puts one
/// into the place of another does no harm.
fn is_usable(step: Step, kind: Kind) -> bool {
    let any_text = matches!(step, Step::Summarise | Step::Suggest);
    kind.fate() == Fate::Usable || any_text && matches!(kind, Kind::WrongEnum | Kind::ForeignId)
}

/// A good call, after which the model is known to answer: whoever comes next waits for it.
async fn is_well(desk: &ModelWorld, person: &Person<'_>) {
    let talk = person.talk().await;
    let book = desk.world.library.current();
    let inputs = assist::translation(&talk, "hello", &book);
    let asking = &desk.world.desk.asking;
    let mut draft = asking.draft(Step::Translate, Whom::of(&talk), &book, &inputs).expect("a draft");
    while let Some(piece) = draft.next().await {
        piece.expect("a translation");
    }
}

/// One draft for an agent; whether it came to a whole answer.
async fn drafted(desk: &ModelWorld, person: &Person<'_>, step: Step) -> bool {
    let talk = person.talk().await;
    let book = desk.world.library.current();
    let inputs = match step {
        Step::Suggest => assist::reply(&talk, None, &book),
        _ => assist::translation(&talk, "Please wait.", &book),
    };
    let asking = &desk.world.desk.asking;
    let Ok(mut draft) = asking.draft(step, Whom::of(&talk), &book, &inputs) else { return false };
    let mut whole = false;
    while let Some(piece) = draft.next().await {
        whole = matches!(piece, Ok(Piece::Done { .. }));
    }
    whole
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_model_server_answers_at_any_step_the_desk_does_as_without_it() {
    let mut runs = 0;
    let mut most = 0;
    // One step alone, while something is looked for.
    let only = std::env::var("DESKHAND_L3_STEP").ok();
    for step in Step::ALL.into_iter().filter(|step| only.as_ref().is_none_or(|only| only == step.name())) {
        let local = without(step).await;
        let desk = desk().await;
        let first = shop::ada(&desk.world).await;
        first.says("hello").await;
        for kind in Kind::ALL {
            for _ in 0..rounds() {
                one(step, kind, &desk, &first, &local, &mut most).await;
                runs += 1;
            }
        }
        assert_eq!(desk.world.actions.times("shop.refund"), 0, "{step}");
        desk.is_understood();
    }
    eprintln!(
        "L3: {runs} bad answers ({} kinds at {} steps), at most {most} calls for one, 0 acts, every decision as without a model",
        Kind::ALL.len(),
        Step::ALL.len()
    );
}

async fn one(step: Step, kind: Kind, desk: &ModelWorld, first: &Person<'_>, local: &Seen, most: &mut usize) {
    let server = &desk.server.world;
    server.reset();
    is_well(desk, first).await;
    let ada = shop::ada(&desk.world).await;
    let (before, message) = story(step);
    for text in before {
        ada.says(text).await;
    }
    if matches!(step, Step::Suggest | Step::Translate) {
        // What is drafted for an agent is not the customer's matter, and nothing of it stands on the log.
        server.reset();
        ada.says("I want to talk to a human").await;
        let log = desk.world.log(ada.talk().await.id).await;
        server.reset();
        server.always(Some(kind));
        let whole = drafted(desk, &ada, step).await;
        server.always(None);
        *most = (*most).max(server.count());
        let calls = server.count();
        assert!((1..=3).contains(&calls), "{step} {kind:?}: {calls} calls");
        // A stream has no such message, and its pieces may be long as long as its words are not.
        let not_in_streams = matches!(kind, Kind::ForeignTool | Kind::TenMegabytes);
        assert!(!whole || not_in_streams || is_usable(step, kind), "{step} {kind:?} passed");
        assert_eq!(desk.world.log(ada.talk().await.id).await, log, "{step} {kind:?}");
        return;
    }
    server.reset();
    if step == Step::Screen {
        let passage = json!({"answerable": true, "citations": ["export-data"],
            "reply": "Open the project and choose the three dots at the upper right, then Export."});
        server.says(&passage.to_string());
        server.then([None]);
    }
    server.always(Some(kind));
    ada.says(&message).await;
    server.always(None);
    let talk = ada.talk().await;
    let log = desk.world.log(talk.id).await;
    let asked: Vec<Step> = log
        .iter()
        .filter_map(|entry| match &entry.event {
            Event::ModelAsked { question } => Some(question.step),
            _ => None,
        })
        .collect();
    assert!(asked.contains(&step), "{step} {kind:?}: asked {asked:?}");
    // One try and one repair; where a server knows no json_schema, the other way of asking is one more.
    let calls = server.count().div_ceil(asked.len());
    *most = (*most).max(calls);
    assert!(calls <= 3, "{step} {kind:?}: {} calls for {asked:?}", server.count());
    let mut now = seen(&talk, &log);
    if step == Step::Use {
        // When the decision is made, the model is asked: what comes of that is not known yet.
        now.route = local.route;
    }
    assert_eq!((now.requested, now.approvals), (local.requested, local.approvals), "{step} {kind:?}");
    if !is_usable(step, kind) {
        assert_eq!(now, *local, "{step} {kind:?}");
    }
    let folded = Conversation::fold(talk.id, &log).expect("a log");
    assert_eq!(folded, talk, "{step} {kind:?}");
    let _: Value = serde_json::to_value(&log).expect("a log that can be written");
}
