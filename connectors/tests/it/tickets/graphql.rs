//! A3 for Linear: every document and its variables are held to Linear's published schema (crate `linear-schema`, fetched
//! by scripts/linear-schema.sh into the target folder; it is not a dependency, since compiling it takes minutes).

use super::{key, system, ticket};
use apollo_compiler::request::coerce_variable_values;
use apollo_compiler::{ExecutableDocument, Schema};
use chrono::Utc;
use connectors::tickets::{Change, Priority, Status, comment, open};
use fakes::tickets::{Faults, TicketFake, Vendor};
use serde_json::Value;
use std::path::PathBuf;

fn schema() -> Option<String> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target"));
    let text = std::fs::read_to_string(target.join("linear.graphql")).ok();
    assert!(text.is_some() || std::env::var("CI").is_err(), "CI needs scripts/linear-schema.sh to have run");
    if text.is_none() {
        println!("SKIPPED: run scripts/linear-schema.sh to hold requests to Linear's schema");
    }
    text
}

#[tokio::test]
async fn no_document_breaks_linears_schema() {
    let Some(text) = schema() else { return };
    let schema =
        Schema::parse_and_validate(text, "linear.graphql").unwrap_or_else(|wrong| panic!("{}", wrong.errors));
    let check = |query: &str, variables: &Value| -> Result<(), String> {
        let document = ExecutableDocument::parse_and_validate(&schema, query, "sent.graphql")
            .map_err(|wrong| wrong.errors.to_string())?;
        let operation = document.operations.get(None).map_err(|_| "not one operation".to_owned())?;
        let variables = serde_json::from_value(variables.clone()).map_err(|error| error.to_string())?;
        coerce_variable_values(&schema, operation, &variables)
            .map(|_| ())
            .map_err(|wrong| format!("{wrong:?}"))
    };
    let fake = TicketFake::start(Vendor::Linear, Faults::default()).await.unwrap();
    let remote = system(Vendor::Linear, &fake);
    let opened = open(remote.as_ref(), &key("c:1"), &ticket("One"), None).await.unwrap();
    open(remote.as_ref(), &key("c:1"), &ticket("One"), Some(std::time::Duration::ZERO)).await.unwrap();
    comment(remote.as_ref(), &opened.id, &key("n:1"), "a", None).await.unwrap();
    comment(remote.as_ref(), &opened.id, &key("n:1"), "a", Some(std::time::Duration::ZERO)).await.unwrap();
    let change = Change { status: Some(Status::Solved), priority: Some(Priority::Urgent), at: Utc::now() };
    remote.change(&opened.id, &change).await.unwrap();
    remote.comments(&opened.id, Utc::now()).await.unwrap();
    let written = fake.desk.written();
    assert_eq!(written.len(), 7);
    let mut roots = Vec::new();
    for one in written {
        let sent: Value = serde_json::from_str(&one.body).unwrap();
        let query = sent["query"].as_str().unwrap();
        check(query, &sent["variables"]).unwrap_or_else(|wrong| panic!("{wrong}"));
        roots.push(query.split_whitespace().nth(1).unwrap().split('(').next().unwrap().to_owned());
        // Planted violations are caught.
        assert!(
            check(
                &query
                    .replace("identifier", "identifer")
                    .replace("success", "succes")
                    .replace("nodes { id", "nodes { idd"),
                &sent["variables"]
            )
            .is_err()
        );
        let mut wrong = sent["variables"].clone();
        match wrong.get_mut("input") {
            Some(input) => input["prioritee"] = 1.into(),
            None => wrong["id"] = serde_json::json!({}),
        }
        assert!(check(query, &wrong).is_err(), "{wrong}");
    }
    assert_eq!(roots, ["Create", "Find", "Comment", "FindComment", "States", "Update", "Comments"]);
    println!("A3 Linear: 7 operations, 0 violations");
}
