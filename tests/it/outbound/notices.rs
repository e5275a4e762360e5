//! Teams are told by every channel that is set up, each for itself.

use super::support::until;
use crate::support::outside::FakeChannel;
use crate::support::world::World;
use deskhand::domain::event::Event;
use deskhand::domain::person::PersonRef;
use deskhand::library::starter;
use deskhand::ports::NotifyError;
use std::time::Duration;

/// Somebody is locked out: a playbook tells the team.
async fn locked_out(world: &World) {
    let visitor = world.visitor().await;
    visitor.says("I can't log in to my account").await;
    visitor.writes("ada@example.com").await;
    until("the console is told", async || !world.notifier.told.lock().unwrap().is_empty()).await;
}

fn set_up(world: &World, name: &'static str, faults: impl IntoIterator<Item = NotifyError>) {
    let channel = FakeChannel { told: Vec::new(), faults: faults.into_iter().collect() };
    world.notifier.channels.lock().unwrap().insert(name, channel);
}

fn told(world: &World, name: &str) -> usize {
    world.notifier.channels.lock().unwrap()[name].told.len()
}

#[tokio::test]
async fn a_channel_that_is_away_holds_up_no_other_and_none_is_told_twice() {
    let world = World::new().await;
    let away = || NotifyError::Retry("503".to_owned());
    let asked = NotifyError::Later { cause: "429".to_owned(), after: Duration::from_secs(120) };
    set_up(&world, "slack", [away(), asked]);
    set_up(&world, "email", []);
    locked_out(&world).await;
    until("e-mail is told", async || told(&world, "email") == 1).await;
    assert_eq!(told(&world, "slack"), 0);
    world.clock_seconds(6);
    until("the second try", async || world.notifier.channels.lock().unwrap()["slack"].faults.is_empty())
        .await;
    world.clock_seconds(110);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(told(&world, "slack"), 0, "Slack asked for two minutes");
    world.wait(10);
    until("Slack is told", async || told(&world, "slack") == 1).await;
    world.settles().await;
    assert_eq!((told(&world, "slack"), told(&world, "email")), (1, 1));
}

#[tokio::test]
async fn a_notice_that_nobody_takes_is_kept_until_somebody_has_it_tried_again() {
    let world = World::new().await;
    set_up(&world, "slack", (0..8).map(|_| NotifyError::Retry("503".to_owned())));
    locked_out(&world).await;
    for _ in 0..60 {
        world.wait(60);
        tokio::time::sleep(Duration::from_millis(40)).await;
        if world.ledger.storage.dead_letters().await.unwrap() == 1 {
            break;
        }
    }
    world.settles().await;
    let letter = world.ledger.storage.letters(None, 10).await.unwrap().items.remove(0);
    assert_eq!((letter.cause.as_str(), letter.attempts), ("503", 8));
    let ben = PersonRef { id: deskhand::domain::ids::UserId(world.ledger.ids.id()), name: "Ben".to_owned() };
    assert!(world.desk.hand.redrive(letter.place, &ben, true).await.unwrap());
    until("Slack is told at last", async || told(&world, "slack") == 1).await;
    world.settles().await;
    assert!(
        !world.desk.hand.redrive(letter.place, &ben, true).await.unwrap(),
        "it is no dead letter any more"
    );
    let log = world.log(letter.place.conversation).await;
    assert!(log.iter().any(|entry| matches!(entry.event, Event::Redriven { again: true, .. })));
}

#[tokio::test]
async fn a_team_is_told_by_the_channels_that_it_names_and_by_no_other() {
    let teams = starter().remove("policies/teams.yaml").unwrap();
    let teams = teams.replace("    takeover_within", "    notify: [email, discord]\n    takeover_within");
    let world = World::with(&[("policies/teams.yaml", &teams)]).await;
    set_up(&world, "slack", []);
    set_up(&world, "email", []);
    locked_out(&world).await;
    until("e-mail is told", async || told(&world, "email") == 1).await;
    // Discord is named, and nobody has set it up: that is seen, not swallowed.
    until("a dead letter", async || world.ledger.storage.dead_letters().await.unwrap() == 1).await;
    let letter = world.ledger.storage.letters(None, 10).await.unwrap().items.remove(0);
    assert!(letter.cause.contains("discord is not set up"), "{}", letter.cause);
    assert_eq!(told(&world, "slack"), 0);
}
