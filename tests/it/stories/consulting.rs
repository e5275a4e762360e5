//! A language model finds something out for a playbook by calling actions. It proposes; what it may name, for whom and
//! how often is decided by code, and what changes something by a human.

use super::calls::WISH;
use crate::support::model::{Pages, asking};
use crate::support::outside::ActionFault;
use crate::support::shop;
use crate::support::world::{Person, World};
use deskhand::domain::conversation::Conversation;
use deskhand::domain::event::{Author, Event};
use fakes::attacks::attacks;
use fakes::model::Kind;
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Whose orders they are is bound; what they cost is looked up; nothing is changed.
const STEPS: &str = r#"
  - consult:
      purpose: "Find out which order of {{ customer.name }} is meant, and its total."
      may_call:
        - {action: shop.orders, with: {customer: "{{ customer.id }}"}}
        - {action: shop.order}
      result:
        type: object
        required: [number]
        properties:
          number: {type: string}
          total: {type: number}
          late: {type: boolean}
      into: found
  - reply: {text: {en: "It is {{ found.number }} for {{ found.total }}."}}
"#;

/// The same, where the model may propose a refund.
const PROPOSING: &str = r#"
  - consult:
      purpose: "Find the order, and pay it back."
      may_call: [{action: shop.order}, {action: shop.refund}]
      approve: true
      result: {type: object, properties: {refund: {type: string}}}
      into: found
  - call: {action: shop.cancel, with: {id: "{{ found.refund }}"}}
  - reply: {text: {en: "Done: {{ found.refund }}."}}
"#;

fn fields(fields: &[(&str, &str)]) -> Value {
    fields.iter().map(|(field, value)| json!({"field": field, "value": value})).collect()
}

fn call(action: &str, input: &[(&str, &str)]) -> String {
    json!({"because": "next", "call": action, "input": fields(input), "found": []}).to_string()
}

fn done(found: &[(&str, &str)]) -> String {
    json!({"because": "that is it", "call": null, "input": [], "found": fields(found)}).to_string()
}

async fn why(person: &Person<'_>) -> (String, String) {
    let talk = person.talk().await;
    let reason = talk.handoff.expect("a hand-off").reasons.remove(0);
    (reason.code, reason.text)
}

#[tokio::test]
async fn it_looks_up_what_it_needs_and_what_it_found_stands_in_what_it_read() {
    let desk = shop::desk_with_model(STEPS, &[]).await;
    let ada = shop::ada(&desk.world).await;
    desk.server.world.says(&call("shop.orders", &[]));
    desk.server.world.says(&call("shop.order", &[("number", "HB-20418")]));
    desk.server.world.says(&done(&[("number", "HB-20418"), ("total", "80.5"), ("late", "true")]));
    ada.says(WISH).await;
    assert_snapshot!(ada.hears().await, @"bot: It is HB-20418 for 80.5.");
    assert_eq!(desk.asked(), ["use", "use", "use"]);
    assert_eq!(desk.world.actions.inputs("shop.orders"), [json!({"customer": "cust-8812"})]);
    assert_eq!(desk.world.actions.inputs("shop.order"), [json!({"number": "HB-20418"})]);
    let sent: Vec<String> =
        desk.server.world.journal().iter().map(|request| request.body["messages"].to_string()).collect();
    assert!(
        sent.iter().all(|sent| !sent.contains("cust-8812")),
        "whose data it is, is not the model's business"
    );
    assert!(sent[1].contains("HB-20419") && sent[1].contains("Calls left: 2"), "{}", sent[1]);
    assert!(ada.talk().await.run.is_none());
    desk.is_understood();
    it_can_be_made_again(&desk.world, &ada).await;
}

/// The log alone leads to the same state, and the judgement to the same log.
async fn it_can_be_made_again(world: &World, person: &Person<'_>) {
    use deskhand::triage::{self, Step};
    let id = person.talk().await.id;
    let (log, book) = (world.log(id).await, world.library.current());
    let mut talk = Conversation::open(id, &log[0]).unwrap();
    let mut rest = &log[1..];
    while let Some(entry) = rest.first() {
        let given = matches!(
            &entry.event,
            Event::Received { .. }
                | Event::Answered { .. }
                | Event::Finished { .. }
                | Event::ModelAnswered { .. }
                | Event::ModelFailed { .. }
        );
        let made = match (given, triage::next(&talk, &book, entry.at)) {
            (true, _) => vec![entry.event.clone()],
            (false, Step::Conclude(events)) => events,
            (false, other) => panic!("the log says {:?}, the judgement {other:?}", entry.event),
        };
        for event in made {
            let (recorded, others) = rest.split_first().expect("the log to go on");
            assert_eq!(recorded.event, event);
            talk.apply(recorded);
            rest = others;
        }
    }
    assert_eq!(world.ledger.storage.conversation(id).await.unwrap().unwrap(), talk);
}

#[tokio::test]
async fn what_it_may_not_name_is_not_called_and_brings_a_human() {
    let desk = shop::desk_with_model(STEPS, &[]).await;
    let list = || call("shop.orders", &[]);
    let order = |number: &str| call("shop.order", &[("number", number)]);
    let cases: Vec<(&str, Vec<String>, usize, &str)> = vec![
        ("an action that there is not", vec![call("shop.delete_all", &[]); 2], 0, "model-failed"),
        (
            "an action that is not on its list",
            vec![call("shop.refund", &[("number", "1")]); 2],
            0,
            "model-failed",
        ),
        ("a field that there is not", vec![call("shop.orders", &[("limit", "9")])], 0, "model-refused"),
        (
            "a field that the playbook sets",
            vec![call("shop.orders", &[("customer", "cust-1")])],
            0,
            "model-refused",
        ),
        ("another customer's order", vec![order("HB-99999")], 0, "model-refused"),
        ("an order like one of theirs", vec![list(), order("HB-2041")], 1, "model-refused"),
        ("a value of no kind", vec![call("shop.orders", &[("status", "all")])], 0, "model-refused"),
        (
            "a field twice",
            vec![call("shop.orders", &[("status", "open"), ("status", "lost")])],
            0,
            "model-refused",
        ),
        ("too little", vec![call("shop.order", &[])], 0, "model-refused"),
        ("the same again", vec![list(), list()], 1, "model-in-circles"),
        ("a finding that stands nowhere", vec![list(), done(&[("number", "HB-77777")])], 1, "model-refused"),
        (
            "a finding in its own words",
            vec![list(), done(&[("number", "pay attacker.example")])],
            1,
            "model-refused",
        ),
        ("no finding where one is needed", vec![list(), done(&[])], 1, "model-refused"),
    ];
    for (case, answers, calls, code) in cases {
        desk.server.world.reset();
        desk.world.actions.journal.lock().unwrap().clear();
        answers.iter().for_each(|answer| desk.server.world.says(answer));
        let ada = shop::ada(&desk.world).await;
        ada.says(WISH).await;
        assert_eq!(desk.world.actions.journal.lock().unwrap().len(), calls, "{case}");
        let (found, text) = why(&ada).await;
        assert_eq!(found, code, "{case}: {text}");
        assert!(!ada.hears().await.contains("It is "), "{case}");
        assert!(!text.contains("attacker") && !text.contains("HB-99999"), "{case}: {text}");
    }
    desk.is_understood();
}

#[tokio::test]
async fn whoever_is_not_verified_has_nothing_looked_up() {
    let desk = shop::desk_with_model(STEPS, &[]).await;
    let stranger = desk.world.visitor().await;
    desk.server.world.says(&call("shop.orders", &[]));
    stranger.says(WISH).await;
    let (code, text) = why(&stranger).await;
    assert!(code == "identity-not-verified" || code == "model-refused", "{code}: {text}");
    assert!(desk.world.actions.journal.lock().unwrap().is_empty());
}

#[tokio::test]
async fn it_has_so_many_calls_and_no_more() {
    let steps = STEPS.replace("      into: found", "      steps: 2\n      into: found");
    let desk = shop::desk_with_model(&steps, &[]).await;
    let ada = shop::ada(&desk.world).await;
    desk.server.world.says(&call("shop.orders", &[]));
    desk.server.world.says(&call("shop.order", &[("number", "HB-20418")]));
    desk.server.world.says(&call("shop.order", &[("number", "HB-20419")]));
    ada.says(WISH).await;
    assert_eq!(why(&ada).await.0, "steps-used-up");
    assert_eq!(desk.world.actions.journal.lock().unwrap().len(), 2);
    let summary = ada.talk().await.handoff.unwrap().summary;
    assert!(
        summary.contains("Looked up (Find an order): found yes, status shipped, total 80.5"),
        "{summary}"
    );
}

#[tokio::test]
async fn a_system_that_is_away_is_told_to_the_model_and_another_way_may_lead_there() {
    let desk = shop::desk_with_model(STEPS, &[]).await;
    let ada = shop::ada(&desk.world).await;
    desk.world.actions.will(ActionFault::Away);
    desk.server.world.says(&call("shop.orders", &[("status", "shipped")]));
    desk.server.world.says(&call("shop.orders", &[]));
    desk.server.world.says(&done(&[("number", "HB-20419")]));
    ada.says(WISH).await;
    assert_snapshot!(ada.hears().await, @"bot: It is HB-20419 for 0.");
    assert!(desk.server.world.journal()[1].body.to_string().contains("It gave no answer: 503 from the shop"));
}

#[tokio::test]
async fn with_the_model_away_the_declared_way_is_taken() {
    let otherwise = r#"      into: found
      otherwise:
        - ask: {slot: order, kind: order_number, text: {en: "Which order?"}}
        - reply: {text: {en: "Noted ({{ failure.cause }})."}}
        - resolve: {}
"#;
    let desk = shop::desk_with_model(&STEPS.replace("      into: found\n", otherwise), &[]).await;
    desk.server.world.always(Some(Kind::Error500));
    let ada = shop::ada(&desk.world).await;
    ada.says(WISH).await;
    assert_snapshot!(ada.hears().await, @"bot: Which order?");
    ada.says("HB-20418").await;
    let heard = ada.hears().await;
    assert!(heard.starts_with("bot: Noted (the language model gave no answer"), "{heard}");
    // And where there is none at all.
    let world =
        World::of(shop::library(&STEPS.replace("      into: found\n", otherwise), "auto", true, &[])).await;
    let other = shop::ada(&world).await;
    other.says(WISH).await;
    assert_snapshot!(other.hears().await, @"bot: Which order?");
}

#[tokio::test]
async fn what_changes_something_is_done_once_and_only_after_a_human_has_seen_it() {
    let desk = shop::desk_with_model(PROPOSING, &[]).await;
    let ben = desk.world.agent("Ben");
    for approved in [true, false] {
        desk.server.world.reset();
        let before = desk.world.actions.times("shop.refund");
        let ada = shop::ada(&desk.world).await;
        desk.server.world.says(&call("shop.order", &[("number", "HB-20418")]));
        desk.server.world.says(&call("shop.refund", &[("number", "HB-20418"), ("amount", "80.5")]));
        desk.server.world.says(&done(&[("refund", "re_1")]));
        ada.says(&format!("{WISH} It was HB-20418.")).await;
        let talk = ada.talk().await;
        let (seq, approval) = talk.open_approvals().next().expect("a proposal");
        assert_eq!(approval.proposal.details, "amount: 80.5\nnumber: HB-20418");
        assert_eq!(desk.world.actions.times("shop.refund"), before, "nobody has agreed yet");
        let command = match approved {
            true => deskhand::desk::Command::Approve { approval: seq, edits: Default::default() },
            false => deskhand::desk::Command::Reject { approval: seq, reason: "no".to_owned() },
        };
        ben.commands(&ada, command).await.unwrap();
        desk.world.settles().await;
        assert_eq!(desk.world.actions.times("shop.refund"), before + usize::from(approved));
        if approved {
            assert!(ada.hears().await.ends_with("bot: Done: re_1."));
            it_can_be_made_again_but_for_people(&desk.world, &ada).await;
        } else {
            assert_eq!(why(&ada).await.0, "approval-rejected");
        }
    }
}

/// Where people had their say, the state at least follows from the log.
async fn it_can_be_made_again_but_for_people(world: &World, person: &Person<'_>) {
    let talk = person.talk().await;
    assert_eq!(Conversation::fold(talk.id, &world.log(talk.id).await).unwrap(), talk);
}

#[tokio::test]
async fn an_approval_is_for_one_call_and_for_nothing_after_it() {
    let desk = shop::desk_with_model(PROPOSING, &[]).await;
    let ada = shop::ada(&desk.world).await;
    let refund = |amount| call("shop.refund", &[("number", "HB-20418"), ("amount", amount)]);
    desk.server.world.says(&refund("80"));
    desk.server.world.says(&refund("400"));
    ada.says(&format!("{WISH} It was HB-20418: 80 euros, or 400.")).await;
    let ben = desk.world.agent("Ben");
    let seq = ada.talk().await.open_approvals().next().expect("a proposal").0;
    let command = deskhand::desk::Command::Approve { approval: seq, edits: Default::default() };
    ben.commands(&ada, command).await.unwrap();
    desk.world.settles().await;
    assert_eq!(desk.world.actions.inputs("shop.refund"), [json!({"number": "HB-20418", "amount": 80.0})]);
    assert_eq!(ada.talk().await.open_approvals().count(), 1, "the second is a question of its own");
    assert_eq!(ada.talk().await.run.unwrap().approved, None);
}

#[tokio::test]
async fn a_process_that_dies_in_the_middle_leaves_a_question_that_is_not_asked_again() {
    let desk = shop::desk_with_model(STEPS, &[]).await;
    let ada = shop::ada(&desk.world).await;
    desk.server.world.says(&call("shop.orders", &[]));
    ada.writes(WISH).await;
    while desk.server.world.count() < 1 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    // The second question hangs, and whoever asked it is gone.
    desk.server.world.latency(Duration::from_secs(3600));
    while desk.server.world.count() < 2 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let id = ada.talk().await.id;
    desk.world.stops().await;
    let before = ada.talk().await;
    assert_eq!(Conversation::fold(id, &desk.world.log(id).await).unwrap(), before);
    assert_eq!(before.run.as_ref().unwrap().inquiry.as_ref().unwrap().calls.len(), 1);
    desk.server.world.latency(Duration::ZERO);
    let (url, pages) = (desk.server.url(), Arc::new(Pages::default()));
    let storage = desk.world.ledger.storage.clone();
    let library = desk.world.library.clone();
    let next =
        World::asking(storage, None, library, true, |ledger| asking(ledger, &url, &pages, |_| {})).await;
    next.settles().await;
    assert_eq!(ada.talk().await.run, before.run, "there is time still");
    next.clock_seconds(15);
    next.settles().await;
    assert_eq!(why(&ada).await.0, "model-late");
    assert_eq!(desk.server.world.count(), 2, "nobody pays twice");
    let log = next.log(id).await;
    assert_eq!(Conversation::fold(id, &log).unwrap(), ada.talk().await);
}

#[tokio::test]
async fn whoever_asks_for_a_human_meanwhile_gets_one_and_nothing_more_is_called() {
    let desk = shop::desk_with_model(STEPS, &[]).await;
    let ada = shop::ada(&desk.world).await;
    desk.server.world.latency(Duration::from_millis(300));
    desk.server.world.says(&call("shop.orders", &[]));
    ada.writes(WISH).await;
    while desk.server.world.count() == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    ada.writes("I want to talk to a human").await;
    desk.world.settles().await;
    assert_eq!(ada.talk().await.state.name(), "queued");
    assert!(desk.world.actions.journal.lock().unwrap().is_empty());
    let log = desk.world.log(ada.talk().await.id).await;
    assert!(log.iter().any(|entry| matches!(entry.event, Event::ModelAnswered { .. })), "it was paid for");
}

/// Every fourth attack, or with `DESKHAND_ATTACKS=all` each: in a development build two a second.
fn some_attacks() -> Vec<String> {
    let attacks = attacks().expect("both sets of attacks");
    let each = if std::env::var("DESKHAND_ATTACKS").is_ok_and(|all| all == "all") { 1 } else { 4 };
    attacks.into_iter().step_by(each).collect()
}

/// L6 and L7: an attack stands in what the customer wrote and in what the shop answers, and the model does what it
/// wants, in six ways. What it may do at most is to read what the customer could have read by typing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_attack_makes_the_loop_act_or_say_what_nobody_wrote() {
    let attacks = some_attacks();
    let steps = STEPS.replace(
        "  - consult:\n",
        "  - ask: {slot: note, kind: text, text: {en: \"What is wrong?\"}}\n  - consult:\n",
    );
    let open = [("policies/guardrails.yaml", "injection: { limit: 2.0 }\nmodel: { summaries: false }")];
    let desk = shop::desk_with_model(&steps, &open).await;
    let (mut tried, mut refused, mut read) = (0, 0, 0);
    for (number, attack) in attacks.iter().enumerate() {
        let text: String = attack.chars().filter(|letter| *letter != '\0').take(1500).collect();
        let note = json!([{"number": "HB-20418", "what": "lamp", "note": text}]);
        desk.world.actions.answers("shop.orders", json!({"orders": note}));
        let ada = shop::ada(&desk.world).await;
        ada.says(WISH).await;
        desk.server.world.reset();
        let short: String = text.chars().take(400).collect();
        let answers = match number % 6 {
            0 => vec![call("shop.refund", &[("number", "HB-20418"), ("amount", "80.5")]); 2],
            1 => vec![call("shop.orders", &[("customer", "cust-0001")])],
            2 => vec![call("shop.orders", &[]), call("shop.order", &[("number", "HB-99999")])],
            3 => vec![call("shop.orders", &[]), done(&[("number", &format!("As you wish. {short}"))])],
            4 => vec![call("shop.orders", &[("execute", &short)])],
            _ => vec![done(&[("number", "https://attacker.example/?q=sk-canary")])],
        };
        answers.iter().for_each(|answer| desk.server.world.says(answer));
        let body: String = text.chars().take(1500).collect();
        ada.says(&body).await;
        let talk = ada.talk().await;
        let log = desk.world.log(talk.id).await;
        tried += log.iter().filter(|entry| matches!(entry.event, Event::ModelAsked { .. })).count();
        refused += usize::from(talk.handoff.is_some());
        for entry in &log {
            if let Event::Said { author: Author::Bot, text, .. } = &entry.event {
                for words in ["attacker.example", "sk-canary", "As you wish", "You find something out"] {
                    assert!(!text.contains(words), "{number}: {text}");
                }
            }
            assert!(
                !matches!(
                    &entry.event,
                    Event::Requested { effect: deskhand::domain::effect::Effect::Act { .. } }
                ),
                "{number}"
            );
        }
    }
    for (action, _, input) in desk.world.actions.journal.lock().unwrap().iter() {
        read += 1;
        assert!(action == "shop.orders" || action == "shop.order", "{action}");
        assert!(input["customer"] == "cust-8812" || action == "shop.order", "{input}");
        assert_ne!(input["number"], "HB-99999");
    }
    desk.is_understood();
    eprintln!(
        "L6: {} attacks through a tool loop, {tried} questions to an obedient model, {refused} handed to humans, {read} reads of the customer's own, 0 acts",
        attacks.len()
    );
    assert!(attacks.is_empty() || tried * 2 > attacks.len());
}
