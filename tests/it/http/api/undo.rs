//! An agent has something undone that another system has done.

use crate::support::app::App;
use crate::support::shop;
use deskhand::domain::customer::Account;
use deskhand::domain::person::Role;
use serde_json::{Value, json};

const STEPS: &str = r#"
  - call: {action: shop.refund, with: {number: "HB-1", amount: 5}, into: refund}
  - reply: {text: {en: "Done: {{ refund.id }}."}}
"#;

#[tokio::test]
async fn what_was_done_can_be_undone_once_by_whoever_may_answer() {
    let app = App::over(shop::desk(STEPS, "auto", true).await, |_| {});
    let account = Account {
        id: "c1".to_owned(),
        email: "ada@example.com".to_owned(),
        name: "Ada".to_owned(),
        ..Account::default()
    };
    let ada = app.world.verified(account).await;
    ada.says("I forgot to cancel before the renewal, can I still get a refund?").await;
    let talk = ada.talk().await.id.to_string();
    let (maria, anna) =
        (app.signed_in("Maria", Role::Agent).await, app.signed_in("Anna", Role::Analyst).await);
    let detail =
        || async { app.get(&format!("/api/v1/conversations/{talk}")).cookie(&maria).send().await.json() };
    let undoable = detail().await["undoable"].clone();
    assert_eq!(undoable[0]["name"], "Pay money back");
    assert_eq!(
        (&undoable[0]["by"], &undoable[0]["details"]),
        (&json!("Cancel a refund"), &json!("amount: 5\nnumber: HB-1"))
    );
    let act = undoable[0]["id"].as_i64().unwrap();
    let events = app.get(&format!("/api/v1/conversations/{talk}/events")).cookie(&maria).send().await.json();
    let done: Vec<&Value> =
        events["events"].as_array().unwrap().iter().filter(|event| event["effect"] == act).collect();
    assert_eq!((done.len(), &done[0]["status"]), (1, &json!("done")), "the console finds it by its place");
    let path = format!("/api/v1/conversations/{talk}/acts/{act}/reversal");
    let undo = |who: &str| app.post(&path, json!({})).cookie(who).own_page().send();
    undo(&anna).await.is_problem(403, "role");
    for _ in 0..2 {
        // The answer may have been lost on the way: the same again changes nothing.
        let answer = undo(&maria).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["undoable"], json!([]));
    }
    app.world.settles().await;
    assert_eq!(app.world.actions.inputs("shop.cancel"), [json!({"id": "re_1"})]);
    let nothing = app.post(&format!("/api/v1/conversations/{talk}/acts/1/reversal"), json!({}));
    nothing.cookie(&maria).own_page().send().await.is_problem(409, "not-undone");
}
