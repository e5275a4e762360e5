//! Commands, buttons and menus.

use crate::support::{World, choices, message, wait};
use fakes::discord::{Fault, Trouble};
use std::time::Duration;

#[tokio::test]
async fn a_command_is_acknowledged_before_the_desk_has_it_and_followed_up_after() {
    let world = World::new().await;
    let (ada, help) = (world.fake.customer("Ada"), world.fake.channel("help"));
    *world.desk.slow.lock().unwrap() = Duration::from_millis(700);
    let command = ada.commands(help, "support", &[("message", "My export fails")]);
    wait("the acknowledgement", || ada.answered(command).is_some()).await;
    assert_eq!(world.desk.count(), 0, "the desk is still at it");
    assert_eq!(ada.answered(command).unwrap().kind, 5);
    assert!(ada.hears_in(help).is_empty());
    wait("the follow-up", || ada.answered(command).unwrap().followed_up == 1).await;
    let (heard, thread) = (&world.desk.all()[0], &world.fake.threads(help)[0]);
    assert_eq!((heard.text.as_str(), heard.address.clone()), ("My export fails", thread.0.to_string()));
    assert_eq!((thread.1, thread.3.contains(&ada.id)), (true, true), "private, and the customer is in it");
    let shown = &ada.hears_in(help)[0];
    assert_eq!((shown.content.clone(), shown.ephemeral), (format!("thread-opened:en <#{}>", thread.0), true));
    ada.says_in(thread.0, "It says 402");
    world.desk.holds(2).await;
    world.fake.journal().assert_clean();
}

#[tokio::test]
async fn where_private_threads_are_forbidden_a_public_one_is_opened() {
    let world = World::new().await;
    let (ada, help) = (world.fake.customer("Ada"), world.fake.channel("help"));
    world.fake.forbid_threads(help, true);
    ada.commands(help, "support", &[]);
    world.desk.holds(1).await;
    assert!(!world.fake.threads(help)[0].1);
    assert_eq!(world.desk.texts_of(ada.id), ["/start"]);
}

#[tokio::test]
async fn a_command_told_twice_or_after_a_crash_opens_one_thread() {
    let mut world = World::new().await;
    let (ada, help) = (world.fake.customer("Ada"), world.fake.channel("help"));
    ada.commands(help, "support", &[]);
    world.desk.holds(1).await;
    world.fake.repeat_after_resume(5);
    world.fake.cut();
    ada.says("next");
    world.desk.holds(2).await;
    world.kill().await;
    world.start().await;
    ada.says("and next");
    world.desk.holds(3).await;
    assert_eq!(world.fake.threads(help).len(), 1);
}

#[tokio::test]
async fn commands_in_direct_messages_belong_to_that_conversation() {
    let world = World::new().await;
    let ada = world.fake.customer("Ada");
    ada.speaks("de");
    ada.commands(ada.direct, "support", &[("code", "XYZ-1")]);
    ada.commands(ada.direct, "human", &[]);
    ada.commands(ada.direct, "help", &[]);
    world.desk.holds(3).await;
    let heard = world.desk.all();
    assert_eq!(world.desk.texts_of(ada.id), ["/start", "/human", "/help"]);
    assert_eq!((heard[0].link.as_deref(), heard[1].link.as_deref()), (Some("XYZ-1"), None));
    assert!(heard.iter().all(|inbound| inbound.address == ada.direct.to_string()));
    assert_eq!(heard[0].profile.locale.as_deref(), Some("de"));
    wait("the answers", || ada.hears().len() == 3).await;
    assert!(ada.hears().iter().all(|shown| shown.content == "noted:de" && shown.ephemeral));
    world.fake.journal().assert_clean();
}

#[tokio::test]
async fn asking_for_a_human_in_a_channel_goes_to_the_thread_there_is() {
    let world = World::new().await;
    let (ada, help) = (world.fake.customer("Ada"), world.fake.channel("help"));
    let thread = ada.asks_in(help, "hello?");
    world.desk.holds(1).await;
    ada.commands(help, "human", &[]);
    world.desk.holds(2).await;
    assert_eq!(world.desk.all()[1].address, thread.to_string());
    assert_eq!(world.fake.threads(help).len(), 1);
}

#[tokio::test]
async fn buttons_and_menus_bring_the_choice_back() {
    let world = World::new().await;
    let ada = world.fake.customer("Ada");
    let mut told = message("few", ada.direct, "Which?");
    told.choices = choices(5);
    world.send(&told).await.unwrap();
    (told.key, told.choices) = ("many".into(), choices(6));
    world.send(&told).await.unwrap();
    let heard = ada.hears();
    let row = |n: usize| heard[n].components[0]["components"].clone();
    assert_eq!((row(0).as_array().unwrap().len(), row(1)[0]["options"].as_array().unwrap().len()), (5, 6));
    let press = ada.presses(ada.direct, heard[0].id, row(0)[2]["custom_id"].as_str().unwrap());
    let value = row(1)[0]["options"][5]["value"].as_str().unwrap().to_owned();
    let pick = ada.picks(ada.direct, heard[1].id, row(1)[0]["custom_id"].as_str().unwrap(), &value);
    world.desk.holds(2).await;
    let picked: Vec<_> =
        world.desk.all().into_iter().map(|inbound| (inbound.external_id, inbound.choice)).collect();
    assert_eq!(
        picked,
        [(format!("i/{press}"), Some("choice-2".into())), (format!("i/{pick}"), Some("choice-5".into())),]
    );
    wait("the answers", || {
        [press, pick].iter().all(|id| ada.answered(*id).is_some_and(|it| it.followed_up == 1))
    })
    .await;
    assert_eq!(ada.answered(press).unwrap().kind, 6);
    world.fake.journal().assert_clean();
}

#[tokio::test]
async fn a_stranger_cannot_press_the_buttons_of_somebodys_thread() {
    let world = World::new().await;
    let (ada, bob) = (world.fake.customer("Ada"), world.fake.customer("Bob"));
    let thread = ada.asks_in(world.fake.channel("help"), "hello?");
    world.desk.holds(1).await;
    let mut told = message("few", thread, "Which?");
    told.choices = choices(2);
    world.send(&told).await.unwrap();
    let shown = ada.hears_in(thread)[0].id;
    let strange = bob.presses(thread, shown, "choice-0");
    ada.presses(thread, shown, "choice-1");
    world.desk.holds(2).await;
    wait("the acknowledgement", || bob.answered(strange).is_some()).await;
    assert_eq!(world.desk.all()[1].choice.as_deref(), Some("choice-1"));
}

#[tokio::test]
async fn an_acknowledgement_that_is_lost_or_late_does_not_lose_the_press() {
    let world = World::new().await;
    let ada = world.fake.customer("Ada");
    world.fake.order(Fault::on("POST", "/callback", Trouble::CutBefore).times(1));
    let press = ada.presses(ada.direct, 1, "choice-1");
    wait("the second acknowledgement", || ada.answered(press).is_some()).await;
    world.fake.order(Fault::on("POST", "/callback", Trouble::Refuse(404, 10062)).times(1));
    ada.presses(ada.direct, 1, "choice-2");
    world.desk.holds(2).await;
}

#[tokio::test]
async fn the_menu_of_commands_speaks_the_desks_languages() {
    let world = World::new().await;
    let commands = world.fake.commands();
    let names: Vec<_> = commands.iter().map(|command| command["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["support", "human", "help"]);
    assert_eq!(commands[0]["description"], "command-start:en");
    assert_eq!(commands[1]["description_localizations"]["de"], "command-human:de");
    assert_eq!(commands[0]["options"][0]["description_localizations"]["en-GB"], "support-option:en");
    world.fake.journal().assert_clean();
}
