//! What holds for every verdict: the same facts give the same one, and no policy reaches an action that the automation
//! level, the identity or a human's word forbids.

use crate::support::shop;
use channels::Channel;
use deskhand::cases;
use deskhand::desk::{self, Command};
use deskhand::domain::Time;
use deskhand::domain::decision::Automation;
use deskhand::domain::effect::Effect;
use deskhand::domain::event::{Demotion, DeskState, Event};
use deskhand::domain::ids::UserId;
use deskhand::domain::person::PersonRef;
use deskhand::domain::release::Content;
use deskhand::library::{ModelCache, starter};
use deskhand::playbook::policy::action::{ActionKind, Requirement};
use deskhand::playbook::policy::intent::{Risk, Then};
use deskhand::playbook::{self, Playbook};
use deskhand::rehearsal::{Cast, Rehearsal, decision};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

fn read(content: &Content) -> Playbook {
    let models = ModelCache::new(Some(std::env::temp_dir().join("deskhand-test-models")));
    playbook::read(content, &|set, options| models.train(set, options))
        .unwrap_or_else(|faults| panic!("{faults:#?}"))
}

fn cast(verified: bool, demotions: Vec<Demotion>) -> Cast<'static> {
    Cast {
        channel: Channel::Web,
        name: Some("Ada".to_owned()),
        email: Some("ada@example.com".to_owned()),
        verified,
        account: None,
        desk: DeskState { queue_length: 0, agents_online: 1 },
        directory: &|_| None,
        outside: &|_, _| None,
        demotions,
    }
}

fn start() -> Time {
    "2026-03-04T09:00:00Z".parse().unwrap()
}

#[test]
fn the_same_message_gets_the_same_decision_a_thousand_times_in_whatever_order_files_are_read() {
    let book = read(&starter());
    let texts = [
        "I forgot to cancel before the renewal, can I still get a refund? It was 450 euros.",
        "Harbor is down for our whole office, nobody can load anything!",
        "I can't get in and have a demo in 30 minutes",
    ];
    let decide = |book: &Playbook, text: &str| {
        let mut rehearsal = Rehearsal::new(book, cast(true, Vec::new()), start()).unwrap();
        serde_json::to_string(&rehearsal.says(text, None, Vec::new())).unwrap()
    };
    let first: Vec<String> = texts.iter().map(|text| decide(&book, text)).collect();
    for _ in 0..1000 {
        for (text, first) in texts.iter().zip(&first) {
            assert_eq!(decide(&book, text), *first);
        }
    }
    // The order in which files are found: backwards, and from the middle.
    let files: Vec<(String, String)> = starter().into_iter().collect();
    let middle = files.len() / 2;
    let backwards: Content = files.iter().rev().cloned().collect();
    let turned: Content = files[middle..].iter().chain(&files[..middle]).cloned().collect();
    for content in [backwards, turned] {
        let book = read(&content);
        for (text, first) in texts.iter().zip(&first) {
            assert_eq!(decide(&book, text), *first);
        }
    }
}

#[test]
fn what_nearly_fired_is_named_with_what_was_missing() {
    let book = read(&starter());
    let mut rehearsal = Rehearsal::new(&book, cast(true, Vec::new()), start()).unwrap();
    let events = rehearsal.says("Could I please get a refund of 19 euros for last month?", None, Vec::new());
    let near = &decision(&events).unwrap().near;
    let large = near.iter().find(|near| near.rule == "large-refund").unwrap_or_else(|| panic!("{near:?}"));
    assert_eq!(large.missing, "entities.amount > 200.0");
    let angry = near.iter().find(|near| near.rule == "angry-customer").unwrap_or_else(|| panic!("{near:?}"));
    assert_eq!(angry.missing, "sentiment == \"negative\"");
}

/// One playbook in many shapes: with and without a proposal, the act alone or beside others.
fn steps(asks: bool, together: bool) -> String {
    let act = "call: {action: shop.refund, with: {number: \"HB-1\", amount: 12}, into: refund}";
    let ask = "  - approve: {title: x, details: x, team: billing, deadline: 1h, into: word}\n";
    let act = match together {
        true => format!("  - together:\n      - {act}\n      - notify: {{team: billing, text: x}}\n"),
        false => format!("  - {act}\n"),
    };
    format!("{}{act}  - reply: {{text: thanks}}\n", if asks { ask } else { "" })
}

fn book() -> Playbook {
    let mut content = starter();
    for (path, text) in [shop::REFUND, shop::CANCEL] {
        content.insert(path.to_owned(), text.to_owned());
    }
    for (asks, together) in [(false, false), (false, true), (true, false), (true, true)] {
        let id = format!("shape-{}-{}", u8::from(asks), u8::from(together));
        let text = format!("id: {id}\nname: Shape\ndescription: A test.\nsteps:\n{}", steps(asks, together));
        content.insert(format!("policies/playbooks/{id}.yaml"), text);
    }
    read(&content)
}

/// What a policy says and who asks.
#[derive(Debug, Clone)]
struct Setting {
    automation: Automation,
    risk: Risk,
    risk_accepted: bool,
    demoted_to: Option<Automation>,
    by_rule: bool,
    asks: bool,
    together: bool,
    requires: Option<Requirement>,
    action_risk: Risk,
    verified: bool,
    /// What a human says, if one is asked.
    word: Option<bool>,
}

fn setting() -> impl Strategy<Value = Setting> {
    let levels = || {
        prop::sample::select(vec![
            Automation::Observe,
            Automation::Suggest,
            Automation::Approve,
            Automation::Auto,
        ])
    };
    let risk = || prop::sample::select(vec![Risk::Low, Risk::Medium, Risk::High]);
    let policy = (levels(), risk(), any::<bool>(), prop::option::of(levels()), any::<bool>());
    let action = (any::<bool>(), any::<bool>(), prop::option::of(Just(Requirement::Verified)), risk());
    (policy, action, any::<bool>(), prop::option::of(any::<bool>())).prop_map(
        |(policy, action, verified, word)| {
            let (automation, risk, risk_accepted, demoted_to, by_rule) = policy;
            let (asks, together, requires, action_risk) = action;
            Setting {
                automation,
                risk,
                risk_accepted,
                demoted_to,
                by_rule,
                asks,
                together,
                requires,
                action_risk,
                verified,
                word,
            }
        },
    )
}

/// Puts a setting into force, lets the customer ask, and returns everything that happened.
fn play(book: &mut Playbook, setting: &Setting) -> Vec<Event> {
    let id = format!("shape-{}-{}", u8::from(setting.asks), u8::from(setting.together));
    let intent = book.intents.get_mut("refund_request").unwrap();
    intent.automation = setting.automation;
    intent.risk = setting.risk;
    intent.risk_accepted = setting.risk_accepted;
    intent.then.value =
        if setting.by_rule { Then::Reply("thanks".to_owned()) } else { Then::Playbook(id.clone()) };
    let rule = book.rules.iter_mut().find(|rule| rule.id == "large-refund").unwrap();
    rule.then = Some(Then::Playbook(id));
    let action = book.actions.get_mut("shop.refund").unwrap();
    assert_eq!(action.kind, ActionKind::Act);
    action.requires = setting.requires;
    action.risk = setting.action_risk;
    let demotions = setting.demoted_to.map(|to| Demotion {
        intent: "refund_request".to_owned(),
        to,
        because: "Too many were wrong.".to_owned(),
    });
    let cast = cast(setting.verified, demotions.into_iter().collect());
    let mut rehearsal = Rehearsal::new(book, cast, start()).unwrap();
    let sum = if setting.by_rule { 450 } else { 45 };
    let text = format!("I forgot to cancel before the renewal, can I still get a refund of {sum} euros?");
    let mut events = rehearsal.says(&text, None, Vec::new());
    assert_eq!(decision(&events).unwrap().intent.as_deref(), Some("refund_request"));
    // Each proposal is ruled on as the setting says; without a word the time runs out.
    while let Some((approval, _)) = rehearsal.talk.open_approvals().last() {
        let command = match setting.word {
            Some(true) => Command::Approve { approval, edits: BTreeMap::new() },
            Some(false) => Command::Reject { approval, reason: "no".to_owned() },
            None => {
                events.extend(rehearsal.waits(chrono::TimeDelta::hours(5)));
                assert_eq!(rehearsal.talk.open_approvals().count(), 0, "nobody decides for ever");
                break;
            }
        };
        let by = PersonRef { id: UserId(uuid::Uuid::nil()), name: "Ben".to_owned() };
        let ruled = desk::decide(&command, &by, &rehearsal.talk, book, rehearsal.now()).unwrap();
        events.extend(rehearsal.happens(ruled));
    }
    events
}

#[test]
fn no_policy_reaches_an_action_that_is_forbidden() {
    let mut book = book();
    let (mut acted, mut held) = (0, 0);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..1500 {
        let setting = proptest::strategy::ValueTree::current(&setting().new_tree(&mut runner).unwrap());
        let events = play(&mut book, &setting);
        let act =
            events.iter().position(|event| matches!(event, Event::Requested { effect: Effect::Act { .. } }));
        // Written here once more, as the issue says it and not as the code does.
        let capped = match setting.risk == Risk::High && !setting.risk_accepted {
            true => setting.automation.min(Automation::Approve),
            false => setting.automation,
        };
        let level = setting.demoted_to.map_or(capped, |to| capped.min(to));
        let approved = setting.word == Some(true);
        let must_ask = level < Automation::Auto || setting.asks;
        let allowed = level >= Automation::Approve
            && (setting.requires.is_none() || setting.verified)
            && (!must_ask || approved);
        assert_eq!(act.is_some(), allowed, "{setting:?}\n{events:#?}");
        if let Some(act) = act {
            let word = events.iter().position(|event| matches!(event, Event::Approved { by: Some(_), .. }));
            assert!(!must_ask || word.is_some_and(|word| word < act), "the word comes first: {setting:?}");
            acted += 1;
        } else {
            held += 1;
        }
        // Nobody is left without a word.
        let heard = events.iter().any(|event| matches!(event, Event::Said { .. } | Event::HandedOff { .. }));
        assert!(heard, "{setting:?}");
    }
    assert!(acted > 100 && held > 100, "both happen: {acted} and {held}");
}

#[test]
fn a_case_that_names_an_unknown_action_or_does_two_things_at_once_is_told() {
    let mut content = starter();
    let text = r#"
cases:
  - name: unknown action
    outside: {refunds.creat: {gives: {}}}
    talk: [{says: hello}]
  - name: two at once
    talk: [{says: hello, waits: 3d}]
  - name: nothing to approve
    talk: [{approves: {}}]
"#;
    content.insert("policies/cases/wrong.yaml".to_owned(), text.to_owned());
    let book = read(&content);
    let misses: Vec<String> = cases::run(&book)
        .into_iter()
        .filter(|outcome| outcome.file.ends_with("wrong.yaml"))
        .flat_map(|outcome| outcome.misses.into_iter().map(|miss| miss.message))
        .collect();
    let all = json!(misses).to_string();
    for expected in ["did you mean", "each turn is one of", "nothing to approve"] {
        assert!(all.contains(expected), "{all}");
    }
}
