//! The two messages that the mission names, told to the shipped desk, offline.

use crate::support::world::World;
use deskhand::domain::customer::Account;
use deskhand::domain::decision::Route;
use deskhand::domain::ticket::Priority;
use insta::assert_snapshot;
use nlu::signals::{Sentiment, Urgency};

#[tokio::test]
async fn charged_twice_and_ignored_goes_to_billing_at_once() {
    let world = World::new().await;
    let ada = world.visitor().await;
    ada.says("I was charged twice and nobody answered my previous email.").await;
    assert_snapshot!(
        ada.hears().await,
        @"bot: I'm passing you to a person in our Billing team, who will answer here in this chat. They see what you've written, so you don't have to repeat it."
    );
    let decision = ada.decision().await;
    assert_eq!(decision.intent.as_deref(), Some("duplicate_charge"));
    assert_eq!(decision.route, Route::Handoff);
    assert_eq!(decision.sentiment, Sentiment::Negative);
    assert!(decision.urgency >= Urgency::Medium);
    let talk = ada.talk().await;
    assert_eq!(talk.state.name(), "queued");
    assert_eq!(talk.team.as_deref(), Some("billing"));
    assert_snapshot!(talk.handoff.unwrap().summary, @r"
    About: Charged twice
    Customer wrote: I was charged twice and nobody answered my previous email.
    Why you: This customer has written before and got no answer; the next one comes from a person, not from a bot with questions.
    ");
}

#[tokio::test]
async fn locked_out_before_a_demo_is_prepared_and_handed_over() {
    let world = World::new().await;
    world.directory.add(Account {
        id: "cus_1".to_owned(),
        email: "jonas.weber@example.com".to_owned(),
        name: "Jonas Weber".to_owned(),
        tier: "business".to_owned(),
        status: "locked".to_owned(),
        ..Account::default()
    });
    let jonas = world.visitor().await;
    jonas.says("Hi, I can't access my account. I have a client demo in 30 minutes and I need this fixed urgently.").await;
    let decision = jonas.decision().await;
    assert_eq!(decision.intent.as_deref(), Some("account_access"));
    assert_eq!(decision.urgency, Urgency::High);
    assert_eq!(decision.route, Route::Ask, "the e-mail is unknown, so it is asked for");
    assert_snapshot!(
        jonas.hears().await,
        @"bot: Sorry you can't get in, let's get this moving. Which e-mail address do you sign in with?"
    );

    jonas.says("sure, jonas.weber@example.com").await;
    assert_snapshot!(
        jonas.hears().await,
        @"bot: Thank you. I've opened ticket T-1001 with high priority and alerted our Account Access team. If there is an account under jonas.weber@example.com, they will check that it's yours and help you back in. Nobody from Harbor will ask for your password."
    );
    let talk = jonas.talk().await;
    assert_eq!(talk.state.name(), "queued");
    assert_eq!(talk.team.as_deref(), Some("identity"));
    assert_eq!(talk.tickets.len(), 1);
    assert!(talk.tickets[0].priority >= Priority::High);
    assert!(talk.priority >= Priority::High);
    let told = world.notifier.told.lock().unwrap().clone();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].team, "identity");
    assert_snapshot!(talk.handoff.unwrap().summary, @r"
    About: Can't get into the account
    Mentions: jonas.weber@example.com
    Customer wrote: Hi, I can't access my account. I have a client demo in 30 minutes and I need this fixed urgently. / sure, jonas.weber@example.com
    Told the bot: email jonas.weber@example.com
    Bot was doing: Account access
    Found (account): available yes, found yes, name Jonas Weber, status locked, tier business
    Found (ticket): number T-1001, title Can't get in: jonas.weber@example.com
    Tickets: T-1001
    Why you: The customer can't get in; the ticket is open, and what the directory says about the address is in the note to the team.
    ");
}

#[tokio::test]
async fn nobody_learns_whether_an_account_exists() {
    let world = World::new().await;
    world.directory.add(Account {
        id: "cus_1".to_owned(),
        email: "known@example.com".to_owned(),
        status: "active".to_owned(),
        ..Account::default()
    });
    let mut answers = Vec::new();
    for address in ["known@example.com", "unknown@example.com"] {
        let stranger = world.visitor().await;
        stranger.says("I can't log in to my account").await;
        stranger.hears().await;
        stranger.says(address).await;
        let answer = stranger.hears().await.replace(address, "ADDRESS");
        let number = stranger.talk().await.tickets[0].number.clone();
        answers.push(answer.replace(&number, "NUMBER"));
    }
    assert_eq!(answers[0], answers[1]);
}
