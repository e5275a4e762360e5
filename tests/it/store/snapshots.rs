//! The log is the truth; the snapshot beside it is only a short cut.

use super::desk::{Desk, agent, at, id, received};
use super::on_both;
use channels::{Channel, Choice, Citation};
use deskhand::domain::approval::{Proposal, Unanswered};
use deskhand::domain::consult::{Consultation, Consulted, Opinion, Standing};
use deskhand::domain::conversation::Conversation;
use deskhand::domain::customer::Account;
use deskhand::domain::decision::{Automation, Decision, Evidence, Guess, NearMiss, Reason, Route};
use deskhand::domain::effect::{Effect, Outcome};
use deskhand::domain::event::{Answer, Author, Demotion, DeskState, Event, Question, Resolution};
use deskhand::domain::release::ReleaseId;
use deskhand::domain::run::{Called, Calling, Inquiry, Run, Waiting};
use deskhand::domain::ticket::{NewTicket, Priority, TicketRef};
use deskhand::ports::storage::{Commit, CommitError, RowFilter, View};
use nlu::classifier::Flip;
use nlu::signals::{Sentiment, Urgency};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::json;

on_both![
    the_snapshot_is_the_fold_of_the_log_whatever_happens,
    what_could_not_be_read_back_is_not_written,
    a_snapshot_of_another_fold_is_not_used,
    a_snapshot_that_cannot_be_read_is_not_missed,
    the_list_is_brought_up_to_date_when_the_fold_has_changed,
];

async fn the_snapshot_is_the_fold_of_the_log_whatever_happens(desk: Desk) {
    // The same histories every time.
    let mut runner = TestRunner::deterministic();
    let histories = prop::collection::vec(prop::collection::vec(event(), 1..4), 1..10);
    for round in 0..48_i64 {
        let history = histories.new_tree(&mut runner).expect("a history").current();
        let channel = if round % 2 == 0 { Channel::Web } else { Channel::Telegram };
        let mut talk = desk.talk(channel, "hello").await;
        for (step, events) in (1..).zip(history) {
            // A clock that knows nanoseconds.
            let now = at(step) + chrono::TimeDelta::nanoseconds(123_456_789);
            let known = desk.read(talk.id).await;
            talk = desk.put(Commit::onto(&known, now, events)).await;
        }
        let stored = desk.read(talk.id).await;
        let folded = Conversation::fold(talk.id, &desk.log(talk.id).await).expect("a log");
        assert_eq!(stored, folded, "round {round}");
        assert_eq!(stored, talk, "round {round}");
    }
}

async fn what_could_not_be_read_back_is_not_written(desk: Desk) {
    let talk = desk.talk(Channel::Web, "one").await;
    let mut runner = TestRunner::deterministic();
    let mut broken = decision().new_tree(&mut runner).expect("a decision").current();
    broken.confidence = f32::NAN;
    let commit = Commit::onto(&talk, at(1), vec![Event::Decided { decision: Box::new(broken) }]);
    let refusal = desk.store.commit(commit).await.unwrap_err();
    assert!(
        matches!(&refusal, CommitError::Unavailable(cause) if cause.to_string().contains("f32")),
        "{refusal}"
    );
    assert_eq!(desk.read(talk.id).await, talk);
}

async fn a_snapshot_of_another_fold_is_not_used(desk: Desk) {
    let talk = desk.talk(Channel::Web, "one").await;
    let other = desk.talk(Channel::Web, "two").await;
    let lie = serde_json::to_string(&Conversation { turns: 99, ..talk.clone() }).unwrap();
    desk.tamper(&format!(
        "UPDATE conversation SET fold_version = 0, snapshot = '{lie}' WHERE id = '{}'",
        talk.id
    ))
    .await;
    assert_eq!(desk.read(talk.id).await, talk);
    let all = RowFilter { view: View::All, search: None, cursor: None, limit: 10 };
    let page = desk.store.rows(&all).await.unwrap();
    let listed: Vec<_> = page.items.into_iter().map(|row| row.conversation).collect();
    assert_eq!(listed, [other, talk.clone()]);
    // The next commit writes a good one.
    desk.put(Commit::onto(&talk, at(1), vec![received("more")])).await;
    assert_eq!(desk.read(talk.id).await.turns, 2);
}

async fn a_snapshot_that_cannot_be_read_is_not_missed(desk: Desk) {
    let talk = desk.talk(Channel::Web, "one").await;
    desk.tamper("UPDATE conversation SET snapshot = '{\"id\":'").await;
    assert_eq!(desk.read(talk.id).await, talk);
    assert_eq!(desk.store.row(talk.id).await.unwrap().unwrap().conversation, talk);
}

async fn the_list_is_brought_up_to_date_when_the_fold_has_changed(desk: Desk) {
    let mut talks = Vec::new();
    for _ in 0..150 {
        talks.push(desk.talk(Channel::Web, "one").await.id);
    }
    desk.tamper("UPDATE conversation SET fold_version = 0, due = NULL, state = 'resolved', search = ''")
        .await;
    assert_eq!(desk.store.due(at(9), 500).await.unwrap(), []);
    let desk = desk.reopened().await;
    assert_eq!(desk.store.due(at(9), 500).await.unwrap(), talks);
    let found = RowFilter { view: View::Bot, search: Some("one".into()), cursor: None, limit: 200 };
    assert_eq!(desk.store.rows(&found).await.unwrap().items.len(), 150);
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z ]{0,20}", "\\PC{0,20}", Just("\0\u{202e}\"\\'".to_owned())]
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.1 + 0.2), 0.0..1.0_f64, Just(1e-300), Just(1e38)]
}

fn priority() -> impl Strategy<Value = Priority> {
    prop::sample::select(vec![Priority::Low, Priority::Normal, Priority::High, Priority::Urgent])
}

fn author() -> impl Strategy<Value = Author> {
    prop_oneof![Just(Author::Bot), Just(Author::System), text().prop_map(|name| Author::Agent(agent(&name)))]
}

fn decision() -> impl Strategy<Value = Decision> {
    (0..9_i64, number(), number(), text(), prop::option::of(text())).prop_map(
        |(message, confidence, cost_usd, word, intent)| Decision {
            message,
            at: at(message),
            intent: intent.clone(),
            confidence: confidence as f32,
            threshold: 0.7,
            in_scope: true,
            top: intent.into_iter().map(|intent| Guess { intent, confidence: confidence as f32 }).collect(),
            urgency: Urgency::High,
            urgency_signals: Vec::new(),
            sentiment: Sentiment::Negative,
            sentiment_signals: Vec::new(),
            language: None,
            entities: Vec::new(),
            route: Route::Reply,
            automation: Automation::Auto,
            reasons: vec![Reason::new("why", word.clone())],
            rules: vec![word.clone()],
            flip: Some(Flip {
                without: vec![word.clone()],
                intent: word.clone(),
                confidence: confidence as f32,
                sure: message % 2 == 0,
            }),
            opinions: vec![Opinion {
                by: word.clone(),
                intent: Some(word.clone()),
                confidence: Some(confidence as f32),
                certainty: None,
                because: Some(word.clone()),
            }],
            injection: confidence as f32,
            near: vec![NearMiss { rule: word.clone(), missing: word.clone() }],
            evidence: vec![Evidence { text: word, weight: -(confidence as f32) }],
            context: Vec::new(),
            citations: Vec::new(),
            draft: None,
            model: "m".into(),
            release: ReleaseId("r".into()),
            cost_usd,
            latency_ms: 3,
        },
    )
}

fn run() -> impl Strategy<Value = Run> {
    (text(), number(), 0..9_i64).prop_map(|(word, number, seq)| Run {
        playbook: word.clone(),
        version: "v".into(),
        message: seq,
        path: vec![1, 0],
        slots: [(word.clone(), word.clone().into())].into(),
        saved: [("n".into(), json!({ "x": number, "y": [word, seq] }))].into(),
        inquiry: Some(Box::new(Inquiry {
            calls: vec![Called {
                call: Calling { action: word.clone(), input: json!({ "x": number }) },
                output: json!([word]),
                went_well: seq % 2 == 0,
            }],
            next: (seq % 3 == 0).then(|| Calling { action: word.clone(), input: json!({}) }),
            proposed: seq % 2 == 0,
            before: Some(true),
        })),
        waiting: match seq % 5 {
            0 => Waiting::Effect { seq },
            1 => Waiting::Event { name: word.clone(), about: word.clone(), until: at(seq) },
            2 => Waiting::Approval { seq, until: at(seq) },
            3 => Waiting::Model { seq, until: at(seq) },
            _ => Waiting::Slot { slot: word.clone(), tries: 1 },
        },
        intent: Some(word),
        automation: Automation::Approve,
        approved: Some(seq % 2 == 0),
        returned: seq % 2 == 1,
    })
}

fn event() -> impl Strategy<Value = Event> {
    let answer = prop_oneof![
        (1..9_i64, text()).prop_map(|(message, name)| Answer::Context {
            message,
            customer: super::desk::customer(Some(&name), None),
            account: Some(Account { name, ..Account::default() }),
            desk: DeskState { queue_length: message, agents_online: 1 },
            demotions: vec![Demotion { intent: "i".into(), to: Automation::Observe, because: "b".into() }],
            model: Standing::Unproven { patience_ms: 7 },
        }),
        text().prop_map(|step| Answer::Account { step, account: None }),
        (text(), text()).prop_map(|(step, word)| Answer::Called { step, output: json!({"word": word}) }),
        (text(), text()).prop_map(|(step, cause)| Answer::Unavailable {
            question: Question::Account { email: "a@b.c".into(), step },
            cause,
        }),
    ];
    let effect = prop_oneof![
        text().prop_map(|text| Effect::Notify { team: "t".into(), text, priority: Priority::Low }),
        (text(), priority()).prop_map(|(title, priority)| Effect::OpenTicket(NewTicket {
            title,
            body: String::new(),
            priority,
            team: "t".into(),
            incident: None,
        })),
        (text(), text()).prop_map(|(action, word)| Effect::Act {
            action,
            version: "v".into(),
            input: json!({"word": word}),
            undoes: None
        }),
    ];
    let outcome = prop_oneof![
        Just(Outcome::Dropped),
        text().prop_map(|word| Outcome::Acted { output: json!([word, null, 1.5]) }),
        text().prop_map(|cause| Outcome::Failed { cause }),
        text().prop_map(|title| Outcome::TicketOpened(TicketRef {
            number: "T-1".into(),
            title,
            priority: Priority::Low,
            joined: false,
            outside: None,
            late: false,
        })),
    ];
    prop_oneof![
        text().prop_map(|words| received(&words)),
        Just(Event::PutAside),
        (1..9_i64).prop_map(|message| Event::Resumed { message }),
        (text(), 1..9_i64).prop_map(|(title, seq)| Event::ApprovalAsked {
            proposal: Box::new(Proposal {
                title: title.clone(),
                details: title.clone(),
                team: "t".into(),
                editable: [("word".to_owned(), json!(title))].into(),
                until: at(seq),
                default: Unanswered::HandOff,
            })
        }),
        (1..40_i64, text()).prop_map(|(approval, reason)| Event::Rejected { approval, by: None, reason }),
        (1..40_i64, text()).prop_map(|(approval, word)| Event::Approved {
            approval,
            by: None,
            edits: [("word".to_owned(), json!(word))].into()
        }),
        (text(), text()).prop_map(|(name, about)| Event::Occurred { name, about, data: json!({"x": 1}) }),
        answer.prop_map(|answer| Event::Answered { answer: Box::new(answer) }),
        (1..9_i64, text(), prop::sample::select(model::Step::ALL.to_vec())).prop_map(
            |(message, id, step)| {
                let question = Consultation {
                    message,
                    step,
                    until: at(message + 5),
                    about: vec![id],
                    release: ReleaseId("r".into()),
                    reading: None,
                };
                Event::ModelAsked { question: Box::new(question) }
            }
        ),
        (1..40_i64, text()).prop_map(|(asked, word)| Event::ModelAnswered {
            asked,
            answer: Box::new(Consulted {
                server: word.clone(),
                model: word.clone(),
                prompt: "p".into(),
                usage: model::Usage { input: 1, output: 2, estimated: false },
                cost_micros: 3,
                calls: 1,
                latency_ms: 4,
                body: json!({"summary": word, "wants": "x", "open": ["y"]}),
            }),
        }),
        (1..40_i64, text()).prop_map(|(asked, cause)| Event::ModelFailed {
            asked,
            code: "model-busy".into(),
            cause,
            usage: model::Usage::default(),
            cost_micros: 1,
        }),
        decision().prop_map(|decision| Event::Decided { decision: Box::new(decision) }),
        (author(), text(), text(), prop::option::of(1..9_i64)).prop_map(|(author, text, label, answers)| {
            Event::Said {
                author,
                text,
                choices: vec![Choice { id: "1".into(), label: label.clone() }],
                citations: vec![Citation { article: label.clone(), title: label, url: None }],
                answers,
                client_id: None,
            }
        }),
        prop::option::of(run()).prop_map(|run| Event::Progressed { run: run.map(Box::new) }),
        (prop::option::of(priority()), text()).prop_map(|(priority, tag)| Event::Marked {
            urgency: Some(Urgency::Low),
            priority,
            team: None,
            tags: vec![tag],
        }),
        effect.prop_map(|effect| Event::Requested { effect }),
        (1..9_i64, outcome).prop_map(|(effect, outcome)| Event::Finished { effect, outcome }),
        (text(), priority()).prop_map(|(summary, priority)| Event::HandedOff {
            team: "t".into(),
            priority,
            reasons: Vec::new(),
            summary,
            overdue_at: at(700),
            by: None,
        }),
        Just(Event::AwaitsSilence { until: at(800) }),
        Just(Event::WentOverdue),
        Just(Event::Reassured),
        text().prop_map(|name| Event::TakenOver { by: agent(&name) }),
        text().prop_map(|name| Event::Released { by: agent(&name) }),
        Just(Event::Resolved { resolution: Resolution::Assumed, by: None }),
        Just(Event::Reopened),
        text().prop_map(|text| Event::Noted { by: agent("Ada"), text, client_id: id().to_string() }),
        prop::option::of(1..=5_u8).prop_map(|rating| Event::Rated {
            helpful: Some(false),
            rating,
            comment: None
        }),
    ]
}
