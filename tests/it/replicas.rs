//! Two processes over one database, with one token: one listens and sends, the other stands by and takes over.

use crate::chaos::Place;
use crate::support::postgres;
use fakes::telegram;
use std::process::Child;
use std::time::{Duration, Instant};

/// A process that does not outlive its story, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().expect("the process to be there");
        self.0.wait().expect("the process to end");
    }
}

async fn answers(place: &Place) {
    while !place.answers() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn hears(ada: &telegram::Customer, times: usize) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while ada.hears().len() < times {
        assert!(Instant::now() < deadline, "{:?}", ada.hears());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_replicas_one_polls_and_the_other_takes_over_when_it_is_killed() {
    let Some(cluster) = postgres::shared() else { return };
    let database = cluster.database().await;
    let fake = telegram::Fake::start(telegram::Options::default()).await.unwrap();
    let replica = || {
        let mut place = Place::new(Some(database.clone()));
        place.env =
            vec![("DESKHAND_TELEGRAM__TOKEN", fake.token()), ("DESKHAND_TELEGRAM__API_URL", fake.url())];
        place
    };
    let (one, other) = (replica(), replica());
    let first = Running(one.start(None));
    answers(&one).await;
    let ada = fake.customer("Ada");
    ada.says("How do I export a project to CSV?");
    hears(&ada, 1).await;
    let _second = Running(other.start(None));
    answers(&other).await;
    ada.says("Hey, where can I download the invoice of last month as a PDF?");
    hears(&ada, 2).await;
    drop(first);
    let began = Instant::now();
    ada.says("how can i invite a new colleague to our workspace");
    hears(&ada, 3).await;
    println!("taken over and answered {:?} after kill -9", began.elapsed());
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(ada.hears().len(), 3, "each message was answered once");
    let conflicts = fake.journal().requests.iter().filter(|request| request.status == Some(409)).count();
    assert_eq!(conflicts, 0, "never did two of them poll at once");
    fake.assert_clean();
}
