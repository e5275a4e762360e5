//! One action: what it takes, what it sends, how often, what it gives.

use crate::support::{Reply, Server, http, json};
use connectors::action::{Action, ActionSpec, Auth, Body, Rendered, Retries, Runner};
use connectors::{Method, Trouble, header};
use secrecy::SecretString;
use serde_json::json as value;
use std::time::Duration;

fn action(method: Method, key: bool) -> Action {
    let mut spec = ActionSpec::new("refund", method);
    spec.input =
        Some(value!({"type": "object", "required": ["order"], "properties": {"order": {"type": "string"}}}));
    spec.retries = Retries { tries: 3, pause: Duration::from_millis(1), longest: Duration::from_secs(2) };
    spec.idempotency_header = key.then(|| header::HeaderName::from_static("idempotency-key"));
    Action::compile(spec).unwrap()
}

fn rendered(server: &Server) -> Rendered {
    Rendered {
        url: server.url("/refunds").into(),
        body: Body::Json(value!({"order": "A-1"})),
        ..Rendered::default()
    }
}

/// How many requests it takes until the end, and the end.
async fn story(
    action: &Action,
    script: impl Fn(usize) -> Reply + Send + Sync + 'static,
) -> (usize, Result<u32, Trouble>) {
    let server = Server::start(script).await;
    let prepared = action.prepare(rendered(&server), &Auth::None, "run-1").unwrap();
    let outcome = Runner::new(server.guard()).run(action, &prepared).await;
    let keys: Vec<bool> =
        server.requests().iter().map(|request| request.contains("idempotency-key: run-1")).collect();
    assert!(keys.iter().all(|sent| *sent == action.spec().idempotency_header.is_some()));
    (server.requests().len(), outcome.map(|outcome| outcome.tries))
}

#[tokio::test]
async fn only_what_may_be_repeated_is_repeated() {
    let flaky = |n| if n < 2 { json("503 Service Unavailable", "{}") } else { json("200 OK", r#"{"id":1}"#) };
    assert_eq!(story(&action(Method::POST, true), flaky).await, (3, Ok(3)));
    assert_eq!(story(&action(Method::PUT, false), flaky).await, (3, Ok(3)));
    let (sent, outcome) = story(&action(Method::POST, false), flaky).await;
    assert_eq!((sent, outcome.unwrap_err().code()), (1, "in-doubt"));
}

#[tokio::test]
async fn only_what_may_pass_is_repeated() {
    for (status, tries) in [
        ("500 Internal Server Error", 1),
        ("400 Bad Request", 1),
        ("401 Unauthorized", 1),
        ("409 Conflict", 1),
        ("422 Unprocessable Entity", 1),
        ("429 Too Many Requests", 3),
        ("502 Bad Gateway", 3),
        ("503 Service Unavailable", 3),
        ("504 Gateway Timeout", 3),
    ] {
        let (sent, outcome) = story(&action(Method::POST, true), move |_| json(status, "{}")).await;
        assert_eq!(sent, tries, "{status}");
        assert!(outcome.is_err());
    }
}

#[tokio::test]
async fn a_wait_that_was_asked_for_is_kept_or_handed_on() {
    let short =
        |n| if n == 0 { http("429 Too Many", "retry-after: 1\r\n", "") } else { json("200 OK", "{}") };
    assert_eq!(story(&action(Method::POST, true), short).await, (2, Ok(2)));
    let (sent, outcome) =
        story(&action(Method::POST, true), |_| http("429 Too Many", "retry-after: 90\r\n", "")).await;
    let expected = Trouble::Later {
        after: Duration::from_secs(90),
        why: "the answer was 429 Too Many Requests".to_owned(),
    };
    assert_eq!((sent, outcome), (1, Err(expected)));
}

#[test]
fn what_it_takes_is_checked() {
    let action = action(Method::POST, false);
    assert!(action.check_input(&value!({"order": "A-1"})).is_ok());
    let mismatches = action.check_input(&value!({"order": 7})).unwrap_err();
    assert_eq!(mismatches[0].to_string(), r#"/order: 7 is not of type "string""#);
}

#[test]
fn a_dry_run_shows_everything_but_secrets() {
    let secret = SecretString::from("s3cr3t/key");
    let rendered = Rendered {
        url: "https://api.example/refunds?key=s3cr3t%2Fkey&order=A-1".to_owned(),
        headers: vec![
            ("X-Api-Key".to_owned(), "s3cr3t/key".to_owned()),
            ("X-Desk".to_owned(), "main".to_owned()),
        ],
        body: Body::Form(vec![
            ("k".to_owned(), "s3cr3t/key".to_owned()),
            ("order".to_owned(), "A-1".to_owned()),
        ]),
        secrets: vec![secret],
    };
    let auth = Auth::Basic { user: "desk".to_owned(), password: SecretString::from("hunter22") };
    let preview = action(Method::POST, true).prepare(rendered, &auth, "run-1").unwrap().preview();
    insta::assert_snapshot!(format!("{preview:#?}"), @r#"
    Preview {
        method: "POST",
        url: "https://api.example/refunds?key=••••&order=A-1",
        headers: {
            "authorization": "••••",
            "content-type": "application/x-www-form-urlencoded",
            "idempotency-key": "run-1",
            "x-api-key": "••••",
            "x-desk": "main",
        },
        body: "k=••••&order=A-1",
    }
    "#);
}

#[test]
fn a_template_that_gives_nonsense_sends_nothing() {
    let action = action(Method::POST, true);
    let prepare = |url: &str, name: &str, text: &str| {
        let rendered = Rendered {
            url: url.to_owned(),
            headers: vec![(name.to_owned(), text.to_owned())],
            secrets: vec![SecretString::from("s3cr3t")],
            ..Rendered::default()
        };
        action.prepare(rendered, &Auth::None, "k").map(|_| ()).unwrap_err().to_string()
    };
    insta::assert_snapshot!(prepare("not an address s3cr3t", "a", "b"), @"the request can't be sent: `not an address ••••` is no address: relative URL without a base");
    insta::assert_snapshot!(prepare("https://a.example", "a b", "c"), @"the request can't be sent: `a b` is no name of a header");
    insta::assert_snapshot!(prepare("https://a.example", "x", "1\r\ny: 2"), @"the request can't be sent: the header `x` holds a line break or another control character");
    insta::assert_snapshot!(prepare("https://a.example", "Host", "b"), @"the request can't be sent: the header `host` can't be set by an action");
}

#[tokio::test]
async fn a_secret_that_comes_back_is_hidden() {
    let server = Server::start(|_| json("403 Forbidden", r#"{"error":"key s3cr3t is not valid"}"#)).await;
    let action = action(Method::POST, false);
    let prepared =
        action.prepare(rendered(&server), &Auth::Bearer(SecretString::from("s3cr3t")), "k").unwrap();
    let trouble = Runner::new(server.guard()).run(&action, &prepared).await.unwrap_err();
    assert_eq!(trouble.to_string(), r#"refused with status 403: {"error":"key •••• is not valid"}"#);
    assert!(server.requests()[0].contains("authorization: Bearer s3cr3t"));
}
