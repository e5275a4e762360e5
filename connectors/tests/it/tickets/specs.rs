//! A3: what we write is what the vendors' own specs allow; and so is what the fakes answer.

use super::{key, system, ticket};
use connectors::tickets::{comment, open};
use fakes::tickets::{Faults, TicketFake, Vendor, spec};
use serde_json::{Value, json};

/// The specs lie beside the repository; without them nothing can be checked.
fn specs_are_here() -> bool {
    let here = spec::of(Vendor::GitHub).is_some() && spec::of(Vendor::Jira).is_some();
    assert!(here || std::env::var("CI").is_err(), "CI needs ../shared/specs");
    if !here {
        println!(
            "SKIPPED: ../shared/specs is not here, so requests to GitHub and Jira are not held to their specs"
        );
    }
    here
}

#[tokio::test]
async fn no_request_breaks_its_vendors_spec() {
    if !specs_are_here() {
        return;
    }
    for vendor in [Vendor::GitHub, Vendor::Jira] {
        let fake = TicketFake::start(vendor, Faults::default()).await.unwrap();
        let remote = system(vendor, &fake);
        for (number, title) in ["", "a", "é🙂\u{202e}\0\n", &"long ".repeat(500)].into_iter().enumerate() {
            let mut ticket = ticket(title);
            ticket.body = title.repeat(3);
            let opened = open(remote.as_ref(), &key(&format!("c:{number}")), &ticket, None).await.unwrap();
            comment(remote.as_ref(), &opened.id, &key(&format!("n:{number}")), title, None).await.unwrap();
            assert!(remote.has_comment(&opened.id, &key(&format!("n:{number}"))).await.unwrap());
            remote.status(&opened.id).await.unwrap();
            remote.find(&key(&format!("c:{number}"))).await.unwrap().unwrap();
        }
        println!(
            "A3 {vendor:?}: {} requests, {} violations",
            fake.desk.written().len(),
            fake.desk.violations().len()
        );
        assert_eq!(*fake.desk.violations(), Vec::<String>::new(), "{vendor:?}");
    }
}

#[test]
fn a_planted_violation_is_caught() {
    if !specs_are_here() {
        return;
    }
    let github = spec::of(Vendor::GitHub).unwrap();
    let issues = "/repos/acme/desk/issues";
    assert_eq!(github.request("POST", issues, Some(&json!({"title": "x", "labels": ["a"]}))), Ok(()));
    assert_eq!(github.request("POST", issues, Some(&json!({"title": "x", "assignee": null}))), Ok(()));
    for wrong in [
        json!({}),
        json!({"title": null}),
        json!({"title": "x", "body": 1}),
        json!({"title": "x", "labels": "a"}),
    ] {
        assert!(github.request("POST", issues, Some(&wrong)).is_err(), "{wrong}");
    }
    assert!(
        github.request("PUT", issues, None).is_err()
            && github.request("GET", "/repos/acme/desk/nothing", None).is_err()
    );
    let jira = spec::of(Vendor::Jira).unwrap();
    for wrong in
        [json!({"fields": []}), json!({"properties": {"key": "a"}}), json!({"properties": [{"name": "a"}]})]
    {
        assert!(jira.request("POST", "/rest/api/3/issue", Some(&wrong)).is_err(), "{wrong}");
    }
    assert!(jira.request("POST", "/rest/api/3/search", Some(&json!({"jql": 1}))).is_err());
}

#[tokio::test]
async fn the_fakes_answer_as_the_specs_say() {
    if !specs_are_here() {
        return;
    }
    crate::support::tls();
    let client = reqwest::Client::new();
    let document = json!({"type": "doc", "version": 1, "content": []});
    let calls: [(Vendor, &str, &str, Value, u16); 12] = [
        (
            Vendor::GitHub,
            "POST",
            "/repos/acme/desk/issues",
            json!({"title": "a", "body": "b", "labels": ["c"]}),
            201,
        ),
        (Vendor::GitHub, "POST", "/repos/acme/desk/issues", json!({"title": ""}), 422),
        (Vendor::GitHub, "GET", "/repos/acme/desk/issues", Value::Null, 200),
        (Vendor::GitHub, "GET", "/repos/acme/desk/issues/1", Value::Null, 200),
        (Vendor::GitHub, "GET", "/repos/acme/desk/issues/9", Value::Null, 404),
        (Vendor::GitHub, "POST", "/repos/acme/desk/issues/1/comments", json!({"body": "b"}), 201),
        (Vendor::GitHub, "GET", "/repos/acme/desk/issues/1/comments", Value::Null, 200),
        (
            Vendor::Jira,
            "POST",
            "/rest/api/3/issue",
            json!({"fields": {"summary": "a", "description": document}}),
            201,
        ),
        (Vendor::Jira, "POST", "/rest/api/3/issue", json!({"fields": {}}), 400),
        (Vendor::Jira, "GET", "/rest/api/3/issue/10001", Value::Null, 200),
        (Vendor::Jira, "POST", "/rest/api/3/issue/10001/comment", json!({"body": document}), 201),
        (Vendor::Jira, "GET", "/rest/api/3/issue/10001/comment", Value::Null, 200),
    ];
    let github = TicketFake::start(Vendor::GitHub, Faults::default()).await.unwrap();
    let jira = TicketFake::start(Vendor::Jira, Faults::default()).await.unwrap();
    for (vendor, method, path, body, status) in calls {
        let fake = if vendor == Vendor::GitHub { &github } else { &jira };
        let mut request = client
            .request(method.parse().unwrap(), format!("{}{path}", fake.base()))
            .header("user-agent", "test")
            .header("content-type", "application/json");
        request = match vendor {
            Vendor::GitHub => request.bearer_auth(fakes::tickets::SECRET),
            _ => request.basic_auth("bot@example.com", Some(fakes::tickets::SECRET)),
        };
        if !body.is_null() {
            request = request.body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{method} {path}");
        let body: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        assert_eq!(spec::of(vendor).unwrap().response(method, path, status, &body), Ok(()), "{body}");
    }
}
