//! One process acts; another takes its place.

use super::desk::Desk;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_processes_on_one_server_one_leads_until_it_is_gone() {
    let Some(first) = Desk::postgres().await else { return };
    let second = deskhand::store::open(&first.url).await.unwrap();
    let mut lead = first.store.lead().await.unwrap().expect("the lead");
    assert!(second.lead().await.unwrap().is_none());
    assert!(lead.stands().await);
    drop(lead);
    // The server notices a closed connection by itself.
    let mut taken = None;
    for _ in 0..500 {
        taken = second.lead().await.unwrap();
        if taken.is_some() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(taken.is_some(), "nobody leads");
    assert!(first.store.lead().await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_cut_off_from_the_server_leads_no_more() {
    let Some(desk) = Desk::postgres().await else { return };
    let mut lead = desk.store.lead().await.unwrap().expect("the lead");
    desk.tamper(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = \
                 (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    .await;
    assert!(!lead.stands().await);
}

#[tokio::test]
async fn whoever_has_the_file_leads() {
    let desk = Desk::sqlite().await;
    assert!(desk.store.lead().await.unwrap().expect("the lead").stands().await);
}
