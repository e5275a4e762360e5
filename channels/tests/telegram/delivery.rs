//! Nothing lost, nothing recorded twice, nothing out of order (bar.md D2, D3), by polling and by webhook.

use super::stage::{Stage, until};
use channels::IntakeError;
use fakes::telegram::{Fake, Options, Order, Trouble};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use std::time::Duration;

/// How many messages a story sends: `MESSAGES=10000` for the figure.
fn messages() -> usize {
    std::env::var("MESSAGES").ok().and_then(|count| count.parse().ok()).unwrap_or(300)
}

fn seed() -> u64 {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_120);
    println!("SEED={seed}");
    seed
}

/// Customers write in turns of bursts; what each wrote, in order.
fn everybody_writes(fake: &Fake, count: usize, dice: &mut StdRng) -> Vec<(String, Vec<String>)> {
    let people: Vec<_> =
        (0..count.div_ceil(20)).map(|number| fake.customer(&format!("Customer {number}"))).collect();
    let mut written: Vec<(String, Vec<String>)> =
        people.iter().map(|person| (person.id.to_string(), Vec::new())).collect();
    for number in 0..count {
        let who = dice.random_range(0..people.len());
        let text = format!("message {number}");
        people[who].says(&text);
        written[who].1.push(text);
    }
    written
}

fn assert_all_heard(stage: &Stage, written: &[(String, Vec<String>)]) {
    for (address, texts) in written {
        assert_eq!(stage.desk.texts(address), *texts, "from {address}");
    }
    let count: usize = written.iter().map(|(_, texts)| texts.len()).sum();
    assert_eq!(stage.desk.count(), count);
}

#[tokio::test]
async fn polled_updates_that_come_up_to_five_times_are_recorded_once() {
    let mut stage = Stage::new().await;
    let written = everybody_writes(&stage.fake, messages(), &mut StdRng::seed_from_u64(seed()));
    until("heard", || stage.desk.count() == messages()).await;
    stage.fake.offer_again(2);
    until("offered again", || stage.desk.offered() >= messages() * 3).await;
    stage.restart(|_| ());
    stage.fake.offer_again(2);
    until("offered again", || stage.fake.waiting() == 0 && stage.desk.offered() >= messages() * 5).await;
    assert_all_heard(&stage, &written);
    println!("{} offered, {} recorded", stage.desk.offered(), stage.desk.count());
    stage.fake.assert_clean();
}

#[tokio::test]
async fn called_updates_that_come_up_to_five_times_at_once_are_recorded_once() {
    let (stage, hooks) = Stage::hooked(Options::default()).await;
    stage.fake.webhook_repeats(3);
    let written = everybody_writes(&stage.fake, messages(), &mut StdRng::seed_from_u64(seed()));
    until("heard", || stage.desk.count() == messages() && stage.fake.waiting() == 0).await;
    let again = channels::telegram::Telegram::new(
        {
            let mut settings = super::stage::settings(&stage.fake, &Options::default());
            settings.mode = channels::telegram::Mode::Webhook {
                url: hooks.url.clone(),
                secret: super::stage::SECRET.to_owned().into(),
            };
            settings
        },
        stage.desk.clone(),
    );
    hooks.serve(again.unwrap());
    stage.fake.offer_again(2);
    until("offered again", || stage.desk.offered() >= messages() * 5).await;
    assert_all_heard(&stage, &written);
    println!("{} offered, {} recorded", stage.desk.offered(), stage.desk.count());
    stage.fake.assert_clean();
}

#[tokio::test]
async fn killed_in_the_middle_of_batches_nothing_is_lost() {
    let mut stage = Stage::new().await;
    let mut dice = StdRng::seed_from_u64(seed());
    let mut written = everybody_writes(&stage.fake, messages(), &mut dice);
    let mut kills = 0;
    while stage.desk.count() < messages() {
        tokio::time::sleep(Duration::from_micros(dice.random_range(0..30_000))).await;
        stage.restart(|_| ());
        kills += 1;
    }
    until("acknowledged", || stage.fake.waiting() == 0).await;
    // Others take over while it is written.
    for (address, texts) in everybody_writes(&stage.fake, messages(), &mut dice) {
        let own = written.iter_mut().find(|(known, _)| *known == address).unwrap();
        own.1.extend(texts);
        if dice.random_bool(0.3) {
            stage.stop().await;
            stage.run();
        }
    }
    until("heard", || stage.desk.count() == 2 * messages()).await;
    assert_all_heard(&stage, &written);
    println!("{kills} kills, {} offered, {} recorded", stage.desk.offered(), stage.desk.count());
    stage.fake.assert_clean();
}

#[tokio::test]
async fn a_failing_database_and_a_failing_link_lose_nothing_and_keep_the_order() {
    let stage = Stage::new().await;
    let mut dice = StdRng::seed_from_u64(seed());
    stage.desk.meets((0..messages()).map(|_| IntakeError::TryAgain).take(messages() / 10));
    for trouble in [Trouble::CutAfter, Trouble::CutBefore, Trouble::Gateway { code: 502 }, Trouble::Nonsense]
    {
        stage.fake.order(Order::next("getUpdates", trouble).chance(0.05).always());
    }
    let written = everybody_writes(&stage.fake, messages(), &mut dice);
    until("heard", || stage.desk.count() == messages()).await;
    assert_all_heard(&stage, &written);
    stage.fake.assert_clean();
}

#[tokio::test]
async fn the_offset_rises_only_over_what_is_stored() {
    let mut stage = Stage::set(Options::default(), |_| ()).await;
    let (ada, bo) = (stage.fake.customer("Ada"), stage.fake.customer("Bo"));
    ada.says("first");
    stage.run();
    until("acknowledged", || stage.fake.waiting() == 0).await;
    stage.stop().await;
    bo.says("second");
    ada.says("third");
    stage.desk.down(true);
    stage.run();
    stage.feels("can't be stored").await;
    assert_eq!((stage.desk.count(), stage.fake.waiting()), (1, 2));
    stage.desk.down(false);
    until("heard", || stage.desk.count() == 3 && stage.fake.waiting() == 0).await;
    stage.feels("@harbor_bot").await;
    stage.fake.assert_clean();
}
