//! Two processes over one database, with one token: one listens and sends, the other stands by and takes over.

use crate::support::postgres;
use crate::support::process::Place;
use fakes::telegram;
use std::time::{Duration, Instant};

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
    let first = one.start(None);
    one.answering().await;
    let ada = fake.customer("Ada");
    ada.says("How do I export a project to CSV?");
    hears(&ada, 1).await;
    let _second = other.start(None);
    other.answering().await;
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
