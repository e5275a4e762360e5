//! Small values that outlive the process.

use super::desk::{Desk, at};
use super::on_both;

on_both!(what_is_remembered_is_recalled_by_its_beginning_also_after_a_restart);

async fn what_is_remembered_is_recalled_by_its_beginning_also_after_a_restart(desk: Desk) {
    for (key, value) in
        [("discord/last/2", "b"), ("discord/last/1", "a"), ("discord/lasting", "c"), ("d%_", "x")]
    {
        desk.store.remember(key, value, at(1)).await.unwrap();
    }
    desk.store.remember("discord/last/1", "a2", at(2)).await.unwrap();
    desk.store.forget("discord/lasting").await.unwrap();
    let desk = desk.reopened().await;
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let recalled = desk.store.recall("discord/last/").await.unwrap();
    assert_eq!(recalled, [pair("discord/last/1", "a2"), pair("discord/last/2", "b")]);
    assert_eq!(desk.store.recall("d%").await.unwrap(), [pair("d%_", "x")]);
    assert_eq!(desk.store.recall("nothing").await.unwrap(), []);
}
