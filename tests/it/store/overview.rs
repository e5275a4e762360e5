//! What people who answer for the desk look at, on both databases.

use super::desk::{Desk, agent, at, customer, id, received};
use super::on_both;
use channels::Channel;
use deskhand::domain::consult::Consultation;
use deskhand::domain::effect::{Effect, Outcome};
use deskhand::domain::event::Event;
use deskhand::domain::ids::{Place, UserId};
use deskhand::domain::release::ReleaseId;
use deskhand::domain::ticket::{NewTicket, Outside, Priority};
use deskhand::ports::storage::{
    Commit, FiringFilter, Mirrored, RuleHits, Spent, TicketChange, TicketFilter, TicketRecord,
};
use model::Step;
use serde_json::json;

on_both![
    firings_of_one_instant_are_paged_without_gaps_and_counted,
    tickets_are_found_by_what_is_looked_for,
    a_ticket_waits_stands_or_is_stuck_outside,
    rules_are_counted_by_day_and_forgotten_after_a_while,
    calls_are_summed_up_by_job,
    deeds_leave_out_what_was_only_said,
];

async fn firings_of_one_instant_are_paged_without_gaps_and_counted(desk: Desk) {
    for row in 0..7 {
        desk.store.put_firing("poll", &format!("row/{row}"), &json!({}), at(5)).await.unwrap();
    }
    desk.store.put_firing("alarm", "a", &json!({}), at(5)).await.unwrap();
    desk.store.put_firing("alarm", "b", &json!({}), at(9)).await.unwrap();
    desk.store.firing_done("poll", "row/0", "In 1 conversation.").await.unwrap();
    desk.store.firing_done("poll", "row/1", "A template failed: no such name").await.unwrap();
    desk.store.firing_done("poll", "row/2", "Given up after 50 tries: away").await.unwrap();

    let mut filter = FiringFilter { trigger: None, cursor: None, limit: 2 };
    let mut seen = Vec::new();
    loop {
        let page = desk.store.firings(&filter).await.unwrap();
        seen.extend(page.items.into_iter().map(|firing| format!("{}:{}", firing.trigger, firing.occurrence)));
        filter.cursor = page.next;
        if filter.cursor.is_none() {
            break;
        }
    }
    let mut expected = vec!["alarm:b".to_owned(), "alarm:a".to_owned()];
    expected.extend((0..7).map(|row| format!("poll:row/{row}")));
    assert_eq!(seen, expected);
    let one = FiringFilter { trigger: Some("alarm".into()), cursor: Some("garbage".into()), limit: 10 };
    assert_eq!(desk.store.firings(&one).await.unwrap().items.len(), 2);

    let counts = desk.store.firing_counts(at(5)).await.unwrap();
    let poll = counts.iter().find(|count| count.trigger == "poll").unwrap();
    assert_eq!((poll.fired, poll.failed, poll.waiting, poll.last_at), (7, 2, 4, at(5)));
    let late = desk.store.firing_counts(at(6)).await.unwrap();
    assert_eq!((late.len(), late[0].trigger.as_str(), late[0].fired), (1, "alarm", 1));
}

fn ticket(title: &str, priority: Priority, team: &str) -> NewTicket {
    NewTicket { title: title.into(), body: "…".into(), priority, team: team.into(), incident: None }
}

async fn found(desk: &Desk, filter: TicketFilter) -> Vec<i64> {
    let filter = TicketFilter { limit: 50, ..filter };
    let page = desk.store.tickets(&filter).await.unwrap();
    page.items.into_iter().map(|ticket: TicketRecord| ticket.number).collect()
}

async fn tickets_are_found_by_what_is_looked_for(desk: Desk) {
    let ada = customer(Some("Ada Lovelace"), Some("ada@example.com"));
    desk.store.put_customer(ada.clone(), at(0)).await.unwrap();
    let key = |seq| Place { conversation: deskhand::domain::ids::ConversationId(id()), seq };
    let bob = deskhand::domain::ids::CustomerId(id());
    let open = async |seq, whose, title, priority, team| {
        desk.store.open_ticket(key(seq), whose, &ticket(title, priority, team), at(seq)).await.unwrap().number
    };
    let one = open(1, ada.id, "Charged twice, 100% wrong", Priority::High, "billing").await;
    let two = open(2, bob, "Locked out", Priority::Normal, "support").await;
    let three = open(3, bob, "Charged once", Priority::Low, "billing").await;
    let ben = UserId(id());
    let assigned = TicketChange { assignee: Some(Some(ben)), ..TicketChange::default() };
    desk.store.change_ticket(two, &assigned, at(9)).await.unwrap();
    let there = Outside { system: "zammad".into(), id: "9".into(), number: "ZD-77".into(), url: None };
    desk.store.mirror_ticket(three, &there, at(9)).await.unwrap();

    let search = |words: &str| TicketFilter { search: Some(words.into()), ..TicketFilter::default() };
    assert_eq!(found(&desk, search("CHARGED")).await, [three, one]);
    assert_eq!(found(&desk, search("charged lovelace")).await, [one], "each word must be found");
    assert_eq!(found(&desk, search("ada@example.com")).await, [one]);
    assert_eq!(found(&desk, search(&format!("t-{two}"))).await, [two]);
    assert_eq!(found(&desk, search("zd-77")).await, [three]);
    assert_eq!(found(&desk, search("100%")).await, [one]);
    assert_eq!(found(&desk, search("%")).await, [one], "a sign of the pattern is itself");
    assert_eq!(found(&desk, search("' OR 1=1 --")).await, Vec::<i64>::new());
    let of = |team: &str| TicketFilter { team: Some(team.into()), ..TicketFilter::default() };
    assert_eq!(found(&desk, of("billing")).await, [three, one]);
    let high = TicketFilter { priority: Some(Priority::High), ..of("billing") };
    assert_eq!(found(&desk, high).await, [one]);
    let bens = TicketFilter { assignee: Some(Some(ben)), ..TicketFilter::default() };
    assert_eq!(found(&desk, bens).await, [two]);
    let nobodys = TicketFilter { assignee: Some(None), ..TicketFilter::default() };
    assert_eq!(found(&desk, nobodys).await, [three, one]);
}

async fn a_ticket_waits_stands_or_is_stuck_outside(desk: Desk) {
    let talk = desk.talk(Channel::Web, "hi").await;
    let mut numbers = Vec::new();
    for seq in 1..=4 {
        let key = Place { conversation: talk.id, seq };
        let new = ticket("x", Priority::Normal, "support");
        numbers.push(desk.store.open_ticket(key, talk.customer, &new, at(0)).await.unwrap().number);
    }
    let there = Outside { system: "zammad".into(), id: "9".into(), number: "9".into(), url: None };
    for number in [numbers[1], numbers[3]] {
        desk.store.mirror_ticket(number, &there, at(0)).await.unwrap();
    }
    let comment = |number: i64| Event::Requested {
        effect: Effect::Comment {
            ticket: format!("T-{number}"),
            text: "more".into(),
            status: None,
            priority: None,
        },
    };
    // The third waits; the fourth stands there, but a comment of it is stuck.
    let asked = vec![comment(numbers[2]), comment(numbers[3])];
    let talk = desk.put(Commit::onto(&talk, at(1), asked)).await;
    let claimed = desk.store.claim(at(2), 10).await.unwrap();
    assert_eq!(claimed.len(), 2);
    let (waits, stuck) = (claimed[0].place, claimed[1].place);
    desk.store.put_back(waits, at(60), "503", deskhand::ports::storage::Count::Tried).await.unwrap();
    let failed = Event::Finished { effect: stuck.seq, outcome: Outcome::Failed { cause: "410".into() } };
    let mut commit = Commit::onto(&talk, at(3), vec![failed]);
    commit.buries = Some((stuck, "410".into()));
    desk.put(commit).await;

    let standing = |mirrored| TicketFilter { mirrored: Some(mirrored), ..TicketFilter::default() };
    assert_eq!(found(&desk, standing(Mirrored::No)).await, [numbers[0]]);
    assert_eq!(found(&desk, standing(Mirrored::Yes)).await, [numbers[1]]);
    assert_eq!(found(&desk, standing(Mirrored::Waiting)).await, [numbers[2]]);
    assert_eq!(found(&desk, standing(Mirrored::Failed)).await, [numbers[3]]);
    let places: Vec<_> = numbers.iter().map(|number| (*number, talk.id)).collect();
    let untaken = desk.store.untaken(&places).await.unwrap();
    assert_eq!(untaken.len(), 2);
    assert_eq!((untaken[0].number, untaken[0].dead, untaken[0].cause.as_str()), (numbers[2], false, "503"));
    assert_eq!((untaken[0].due, untaken[0].place), (at(60), waits));
    assert_eq!((untaken[1].number, untaken[1].dead, untaken[1].cause.as_str()), (numbers[3], true, "410"));
}

async fn rules_are_counted_by_day_and_forgotten_after_a_while(desk: Desk) {
    const DAY: i64 = 86_400;
    let count = async |rule: &str, hits, seconds| {
        let fired = [RuleHits { rule: rule.into(), hits, last_at: at(seconds) }];
        desk.store.count_rules(&fired).await.unwrap();
    };
    count("legal", 2, 0).await;
    count("legal", 3, 60).await;
    count("outage", 1, 60).await;
    count("legal", 4, 40 * DAY).await;
    let of = |name: &str, hits: i64| (name.to_owned(), hits);
    assert_eq!(desk.store.rules_lately(at(0)).await.unwrap(), [of("legal", 9), of("outage", 1)]);
    assert_eq!(desk.store.rules_lately(at(10 * DAY)).await.unwrap(), [of("legal", 4)]);
    count("legal", 1, 100 * DAY).await;
    assert_eq!(desk.store.rules_lately(at(0)).await.unwrap(), [of("legal", 5), of("outage", 1)]);
    let ever = desk.store.rule_hits().await.unwrap();
    assert_eq!(ever.iter().find(|one| one.rule == "legal").unwrap().hits, 10, "the whole forgets nothing");
}

async fn calls_are_summed_up_by_job(desk: Desk) {
    let talk = desk.talk(Channel::Web, "one").await;
    let spend = async |name: &str, step, seconds, micros| {
        let spent = Spent {
            id: name.into(),
            conversation: talk.id,
            customer: talk.customer,
            step,
            at: at(seconds),
            micros,
            tokens: 10,
        };
        desk.store.spend(&spent).await.unwrap();
    };
    spend("yesterday", Step::Suggest, 1, 1_000).await;
    spend("a", Step::Suggest, 10, 30).await;
    spend("b", Step::Suggest, 11, 40).await;
    let question = Consultation {
        message: 2,
        step: Step::Classify,
        until: at(900),
        about: Vec::new(),
        release: ReleaseId("r".into()),
        reading: None,
    };
    desk.put(Commit::onto(&talk, at(12), vec![Event::ModelAsked { question: Box::new(question) }])).await;
    let steps = desk.store.spent_by_step(at(5)).await.unwrap();
    let of = |name: &str| steps.iter().find(|step| step.step == name).unwrap();
    assert_eq!(steps.len(), 2);
    assert_eq!((of("suggest").calls, of("suggest").micros, of("suggest").tokens), (2, 70, 20));
    assert_eq!((of("classify").calls, of("classify").unknown, of("suggest").unknown), (1, 1, 0));
}

async fn deeds_leave_out_what_was_only_said(desk: Desk) {
    let talk = desk.talk(Channel::Web, "one").await;
    let rejected = Event::Rejected { approval: 9, by: Some(agent("Ben")), reason: "no".into() };
    let occurred = Event::Occurred { name: "order.late".into(), about: "HB-1".into(), data: json!({}) };
    let talk = desk.put(Commit::onto(&talk, at(1), vec![received("two"), rejected, received("three")])).await;
    desk.put(Commit::onto(&talk, at(2), vec![occurred])).await;
    let deeds = desk.store.deeds(talk.id, 10).await.unwrap();
    assert_eq!(deeds.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [6, 4]);
    assert_eq!(desk.store.deeds(talk.id, 1).await.unwrap().len(), 1);
}
