//! What each adapter writes and how it reads, against its vendor's fake.

use super::{VENDORS, at, key, system, ticket};
use crate::support::{Server, http, json};
use connectors::tickets::{Priority, Status, comment, open};
use connectors::{Advice, Trouble};
use fakes::tickets::{Faults, TicketFake, Vendor};
use serde_json::Value;
use std::time::Duration;

#[tokio::test]
async fn a_ticket_is_opened_found_commented_and_read() {
    for vendor in VENDORS {
        let fake = TicketFake::start(vendor, Faults::default()).await.unwrap();
        let remote = system(vendor, &fake);
        let (one, other) = (key("c:1"), key("c:11"));
        assert_eq!(remote.find(&one).await.unwrap(), None, "{vendor:?}");
        let opened = open(remote.as_ref(), &one, &ticket("Where is\nmy order?"), None).await.unwrap();
        assert_eq!(remote.find(&one).await.unwrap().as_ref(), Some(&opened), "{vendor:?}");
        assert_eq!(remote.find(&other).await.unwrap(), None, "{vendor:?}: a key is no prefix");
        assert_eq!(
            remote.find(&key("forged:1")).await.unwrap(),
            None,
            "{vendor:?}: a customer's marker marks nothing"
        );
        assert_eq!(
            (opened.status, remote.status(&opened.id).await.unwrap()),
            (Status::Open, Status::Open),
            "{vendor:?}"
        );
        assert!(opened.number.ends_with('1'), "{vendor:?}: {}", opened.number);
        comment(remote.as_ref(), &opened.id, &key("n:1"), "Solved, <b>I think</b>", None).await.unwrap();
        if vendor != Vendor::Generic {
            assert!(remote.has_comment(&opened.id, &key("n:1")).await.unwrap(), "{vendor:?}");
            assert!(!remote.has_comment(&opened.id, &key("n:2")).await.unwrap(), "{vendor:?}");
        }
        assert_eq!(fake.desk.tickets()[0].title, "Where is my order?", "{vendor:?}");
        assert_eq!(*fake.desk.violations(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn priorities_have_the_vendors_words() {
    let words: [(Vendor, &str, [&str; 4]); 7] = [
        (Vendor::Zendesk, "/ticket/priority", ["low", "normal", "high", "urgent"]),
        (Vendor::Jira, "/fields/priority/name", ["Low", "Medium", "High", "Highest"]),
        (
            Vendor::GitHub,
            "/labels/3",
            ["priority: low", "priority: normal", "priority: high", "priority: urgent"],
        ),
        (Vendor::Linear, "/variables/input/priority", ["4", "3", "2", "1"]),
        (Vendor::Zammad, "/priority", ["1 low", "2 normal", "3 high", "3 high"]),
        (Vendor::Freshdesk, "/priority", ["1", "2", "3", "4"]),
        (Vendor::Generic, "/case/level", ["4", "3", "2", "1"]),
    ];
    for (vendor, pointer, expected) in words {
        let fake = TicketFake::start(vendor, Faults::default()).await.unwrap();
        let remote = system(vendor, &fake);
        for (number, priority) in Priority::ALL.into_iter().enumerate() {
            let mut ticket = ticket("One");
            ticket.priority = priority;
            remote.create(&key(&format!("c:{number}")), &ticket).await.unwrap();
        }
        let sent: Vec<String> = fake
            .desk
            .written()
            .iter()
            .map(|written| {
                let body: Value = serde_json::from_str(&written.body).unwrap();
                let value = body.pointer(pointer).unwrap_or_else(|| panic!("{vendor:?}: {body}")).clone();
                value.as_str().map_or_else(|| value.to_string(), str::to_owned)
            })
            .collect();
        assert_eq!(sent, expected, "{vendor:?}");
    }
}

#[tokio::test]
async fn statuses_have_our_words() {
    use Status::{Open, Pending, Solved};
    let issue = |status: &str| format!(r#"{{"fields":{{"status":{status}}}}}"#);
    let told: Vec<(Vendor, Vec<(String, Status)>)> = vec![
        (Vendor::Zendesk, [("new", Open), ("open", Open), ("pending", Pending), ("hold", Pending), ("solved", Solved), ("closed", Solved)]
            .map(|(word, status)| (format!(r#"{{"ticket":{{"status":"{word}"}}}}"#), status)).to_vec()),
        (Vendor::Jira, [
            (r#"{"name":"To Do","statusCategory":{"key":"new"}}"#, Open),
            (r#"{"name":"In Arbeit","statusCategory":{"key":"indeterminate"}}"#, Open),
            (r#"{"name":"Waiting for customer","statusCategory":{"key":"indeterminate"}}"#, Pending),
            (r#"{"name":"Fertig","statusCategory":{"key":"done"}}"#, Solved),
        ].map(|(status, meaning)| (issue(status), meaning)).to_vec()),
        (Vendor::GitHub, [("open", Open), ("closed", Solved)].map(|(word, status)| (format!(r#"{{"state":"{word}"}}"#), status)).to_vec()),
        (Vendor::Linear, [("triage", Open), ("started", Open), ("completed", Solved), ("canceled", Solved)]
            .map(|(word, status)| (format!(r#"{{"data":{{"issues":{{"nodes":[{{"state":{{"type":"{word}","name":"x"}}}}]}}}}}}"#), status)).to_vec()),
        (Vendor::Zammad, [("new", Open), ("open", Open), ("pending reminder", Pending), ("pending close", Pending), ("closed", Solved), ("merged", Solved)]
            .map(|(word, status)| (format!(r#"{{"state":"{word}"}}"#), status)).to_vec()),
        (Vendor::Freshdesk, [(2, Open), (3, Pending), (4, Solved), (5, Solved), (6, Pending), (7, Pending), (12, Open)]
            .map(|(number, status)| (format!(r#"{{"status":{number}}}"#), status)).to_vec()),
        (Vendor::Redmine, [("New\",\"is_closed\":false,\"x\":\"", Open), ("Feedback", Pending), ("Rejected\",\"is_closed\":true,\"x\":\"", Solved)]
            .map(|(name, status)| (format!(r#"{{"issue":{{"status":{{"name":"{name}"}}}}}}"#), status)).to_vec()),
        (Vendor::Generic, [("fresh", Open), ("Waiting", Pending), ("done", Solved)]
            .map(|(word, status)| (format!(r#"{{"case":{{"state":"{word}"}}}}"#), status)).to_vec()),
    ];
    for (vendor, cases) in told {
        for (body, expected) in cases {
            let answer = body.clone();
            let server = Server::start(move |_| json("200 OK", &answer)).await;
            let id = serde_json::from_str(r#""1""#).unwrap();
            assert_eq!(at(vendor, server.url("/")).status(&id).await, Ok(expected), "{vendor:?} {body}");
        }
    }
}

#[tokio::test]
async fn refusals_and_waits_come_through_typed_and_without_secrets() {
    for vendor in VENDORS {
        let refused = Server::start(|_| {
            json("422 Unprocessable Entity", r#"{"error":"token fake-secret-0123456789 may not"}"#)
        })
        .await;
        let trouble = at(vendor, refused.url("/")).create(&key("c:1"), &ticket("One")).await.unwrap_err();
        assert!(
            matches!(&trouble, Trouble::Refused { status: 422, body } if !body.contains("fake-secret")),
            "{vendor:?} {trouble}"
        );
        let busy = Server::start(|_| http("429 Too Many Requests", "retry-after: 42\r\n", "")).await;
        let trouble = at(vendor, busy.url("/")).create(&key("c:1"), &ticket("One")).await.unwrap_err();
        assert_eq!(trouble.advice(), Advice::AgainAfter(Duration::from_secs(42)), "{vendor:?}");
        let page =
            Server::start(|_| http("200 OK", "content-type: text/html\r\n", "<html>Sign in</html>")).await;
        let trouble = at(vendor, page.url("/")).create(&key("c:1"), &ticket("One")).await.unwrap_err();
        assert_eq!((trouble.code(), trouble.advice()), ("not-json", Advice::LookFirst), "{vendor:?}");
        let empty = Server::start(|_| json("200 OK", "{}")).await;
        let remote = at(vendor, empty.url("/"));
        assert_eq!(
            remote.create(&key("c:1"), &ticket("One")).await.unwrap_err().code(),
            "unexpected",
            "{vendor:?}"
        );
        assert_eq!(
            remote.find(&key("c:1")).await.unwrap_err().code(),
            "unexpected",
            "{vendor:?}: no list is not an empty list"
        );
    }
}

/// An id from an answer becomes part of addresses.
#[tokio::test]
async fn an_id_that_is_a_path_is_refused() {
    let evil = r#"{"id":"../../admin","number":"..","key":"../x","ticket":{"id":"a/b"},"issue":{"id":"a?b"},"identifier":"x","case":{"id":"a#b","no":1,"state":"x"},"data":{"issueCreate":{"issue":{"id":"../","identifier":"D-1"}}}}"#;
    for vendor in VENDORS {
        let server = Server::start(move |_| json("201 Created", evil)).await;
        let trouble = at(vendor, server.url("/")).create(&key("c:1"), &ticket("One")).await.unwrap_err();
        assert_eq!(trouble.code(), "unexpected", "{vendor:?}");
    }
}

/// Vendors that ignore what they do not know answer a filter with everything: none of it is ours.
#[tokio::test]
async fn a_filter_that_is_ignored_finds_nothing() {
    let zendesk = r#"{"tickets":[{"id":1,"external_id":null,"status":"new"},{"id":2,"external_id":"c:2","status":"new"}]}"#;
    let redmine = r#"{"issues":[{"id":1,"custom_fields":[{"id":7,"value":"c:2"}],"status":{"name":"New"}}]}"#;
    let generic = r#"{"cases":[{"id":"1","no":1,"state":"x","ref":"c:2"}]}"#;
    let jira = r#"{"issues":[{"id":"1","key":"D-1","fields":{"labels":["deskhand-c-2"]}}]}"#;
    for (vendor, answer) in [
        (Vendor::Zendesk, zendesk),
        (Vendor::Redmine, redmine),
        (Vendor::Generic, generic),
        (Vendor::Jira, jira),
    ] {
        let server = Server::start(move |_| json("200 OK", answer)).await;
        assert_eq!(at(vendor, server.url("/")).find(&key("c:1")).await, Ok(None), "{vendor:?}");
    }
    let zammad = Server::start(|n| match n {
        0 => json("200 OK", r#"[{"id":9,"number":"96009","state":"new"}]"#),
        _ => json("200 OK", r#"{"tags":["deskhand","deskhand-c-2"]}"#),
    })
    .await;
    assert_eq!(at(Vendor::Zammad, zammad.url("/")).find(&key("c:1")).await, Ok(None));
}
