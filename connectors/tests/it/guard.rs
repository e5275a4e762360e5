//! S7: nobody reaches what is not allowed, and an operator's word opens exactly what it names.

use crate::support::{Names, Reply, Server, guard, http, json, limits, tls};
use crate::targets::{LITERAL, NAMED, REDIRECTS};
use connectors::guard::State;
use connectors::{Guard, Limits, Method, Outgoing, Policy, Trouble};
use std::collections::HashMap;
use std::time::Duration;
use url::Url;

/// Listeners on the same port of IPv4 and IPv6 loopback, which must hear nothing.
async fn silent() -> (Vec<Server>, u16) {
    let four = Server::start(|_| json("200 OK", "{}")).await;
    let port = four.address.port();
    let six = Server::at(format!("[::1]:{port}").parse().unwrap(), |_| json("200 OK", "{}")).await;
    let two = Server::at(format!("127.0.0.2:{port}").parse().unwrap(), |_| json("200 OK", "{}")).await;
    (vec![four, six, two], port)
}

fn heard(servers: &[Server]) -> usize {
    servers.iter().map(Server::connections).sum()
}

fn get(url: &str) -> Outgoing {
    Outgoing::new(Method::GET, Url::parse(url).unwrap())
}

#[tokio::test]
async fn no_target_is_reached() {
    let (listeners, port) = silent().await;
    let names = NAMED.iter().map(|(name, ip)| (name.trim_end_matches('.'), vec![vec![*ip]]));
    let mut names: HashMap<&str, _> = names.collect();
    names.insert("localhost.", vec![vec!["127.0.0.1"]]);
    // Plain http is allowed, so that only the address can be the reason.
    let open = Policy::strict().with_plain_http(true);
    let guarded = guard(open.clone(), names);
    let mut refused = 0;
    for target in LITERAL {
        let target = target.replace("PORT", &port.to_string());
        // What is no address for the URL parser, nobody can send.
        let Ok(url) = Url::parse(&target) else { panic!("{target} is no URL: it tests nothing") };
        let trouble = guarded.send(Outgoing::new(Method::GET, url)).await.unwrap_err();
        assert!(matches!(trouble, Trouble::Blocked { .. }), "{target}: {trouble}");
        refused += 1;
    }
    for (name, _) in NAMED {
        let target = format!("http://{name}:{port}/");
        let trouble = guarded.send(get(&target)).await.unwrap_err();
        assert!(matches!(trouble, Trouble::Blocked { .. }), "{target}: {trouble}");
        refused += 1;
    }
    for location in REDIRECTS {
        let location = location.replace("PORT", &port.to_string());
        let answer = format!("location: {location}\r\n");
        let front = Server::start(move |_| http("302 Found", &answer, "")).await;
        let policy = Policy::allowing(["front.example"]).unwrap().with_plain_http(true);
        let names = HashMap::from([
            ("front.example", vec![vec!["127.0.0.1"]]),
            ("localhost", vec![vec!["127.0.0.1"]]),
        ]);
        let guarded = guard(policy, names);
        let target = format!("http://front.example:{}/", front.address.port());
        let trouble = guarded.send(get(&target)).await.unwrap_err();
        assert!(matches!(trouble, Trouble::Blocked { .. }), "{location}: {trouble}");
        assert_eq!(front.connections(), 1, "the redirect itself was followed from somewhere");
        refused += 1;
    }
    assert_eq!((refused, heard(&listeners)), (72, 0));
    // The listeners do hear what is allowed: the test can fail.
    let allowed = guard(Policy::allowing(["127.0.0.1", "::1", "127.0.0.2"]).unwrap(), HashMap::new());
    for host in ["127.0.0.1", "[::1]", "127.0.0.2"] {
        allowed.send(get(&format!("http://{host}:{port}/"))).await.unwrap();
    }
    assert_eq!(heard(&listeners), 3);
}

#[tokio::test]
async fn a_name_that_changes_its_mind_gains_nothing() {
    tls();
    let (listeners, port) = silent().await;
    let (victim, public) = (&listeners[0], &listeners[2]); // 127.0.0.2 plays the public address
    let names = Names::new(HashMap::from([
        ("rebind.example", vec![vec!["127.0.0.2"], vec!["127.0.0.1"]]),
        ("both.example", vec![vec!["127.0.0.1", "127.0.0.2"]]),
    ]));
    let policy = Policy::allowing(["127.0.0.2"]).unwrap().with_plain_http(true);
    let guarded = Guard::with_lookup(policy, limits(), Duration::from_secs(30), names.clone()).unwrap();
    let target = format!("http://rebind.example:{port}/");
    guarded.send(get(&target)).await.unwrap();
    assert_eq!(
        names.asked.lock().unwrap().len(),
        1,
        "what was checked is what was connected to: one look-up"
    );
    // The next connection asks anew, and the new answer is judged.
    let trouble = guarded.send(get(&target)).await.unwrap_err();
    assert!(matches!(trouble, Trouble::Blocked { .. }), "{trouble}");
    // Of several addresses only the allowed one is tried.
    guarded.send(get(&format!("http://both.example:{port}/"))).await.unwrap();
    assert_eq!((public.connections(), victim.connections()), (2, 0));
}

#[tokio::test]
async fn an_operators_word_opens_what_it_names_and_no_more() {
    let (listeners, port) = silent().await;
    let names = || {
        HashMap::from([("crm.internal", vec![vec!["127.0.0.1"]]), ("hr.internal", vec![vec!["127.0.0.1"]])])
    };
    let by_host = guard(Policy::allowing(["crm.internal"]).unwrap(), names());
    assert!(by_host.send(get(&format!("http://crm.internal:{port}/"))).await.is_ok());
    assert!(by_host.send(get(&format!("http://hr.internal:{port}/"))).await.is_err());
    assert!(by_host.send(get(&format!("http://127.0.0.1:{port}/"))).await.is_err());
    let by_range = guard(Policy::allowing(["127.0.0.0/31"]).unwrap().with_plain_http(true), names());
    assert!(by_range.send(get(&format!("http://hr.internal:{port}/"))).await.is_ok());
    assert!(by_range.send(get(&format!("http://127.0.0.2:{port}/"))).await.is_err());
    assert_eq!(heard(&listeners), 2);
}

#[tokio::test]
async fn secrets_stay_with_their_host() {
    let other = Server::start(|_| json("200 OK", "{}")).await;
    let there = format!("location: http://other.example:{}/next?b=2\r\n", other.address.port());
    let front = Server::start(move |n| match n {
        0 => http("307 Temporary Redirect", "location: /again\r\n", ""),
        _ => http("302 Found", &there, ""),
    })
    .await;
    let names = HashMap::from([
        ("front.example", vec![vec!["127.0.0.1"]]),
        ("other.example", vec![vec!["127.0.0.1"]]),
    ]);
    let guarded = guard(Policy::allowing(["*.example"]).unwrap(), names);
    let mut request = get(&format!("http://front.example:{}/", front.address.port()));
    for (name, value) in [("authorization", "Bearer t0ken"), ("x-api-key", "k3y"), ("cookie", "c=1")] {
        request.headers.insert(name, value.parse().unwrap());
    }
    guarded.send(request).await.unwrap();
    assert!(front.requests().iter().all(|request| request.contains("t0ken") && request.contains("k3y")));
    let told = other.requests().remove(0);
    assert!(
        told.starts_with("GET /next?b=2 ")
            && !told.contains("t0ken")
            && !told.contains("k3y")
            && !told.contains("c=1")
    );
}

#[tokio::test]
async fn what_changes_something_is_not_carried_elsewhere() {
    let other = Server::start(|_| json("200 OK", "{}")).await;
    for status in
        ["301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"]
    {
        let there = format!("location: {}\r\n", other.url("/"));
        let front = Server::start(move |_| http(status, &there, "")).await;
        let request = Outgoing::new(Method::POST, front.url("/")).json(&serde_json::json!({}));
        let trouble = front.guard().send(request).await.unwrap_err();
        let expected = if status.starts_with("303") { "in-doubt" } else { "refused" };
        assert_eq!(trouble.code(), expected, "{status}");
    }
    assert_eq!(other.connections(), 0);
    // Its own host may ask for the same request at another path.
    let front = Server::start(|n| match n {
        0 => http("308 Permanent Redirect", "location: /v2\r\n", ""),
        _ => json("200 OK", "{}"),
    })
    .await;
    front
        .guard()
        .send(Outgoing::new(Method::POST, front.url("/v1")).json(&serde_json::json!({"a": 1})))
        .await
        .unwrap();
    assert!(front.requests()[1].starts_with("POST /v2 ") && front.requests()[1].ends_with(r#"{"a":1}"#));
}

#[tokio::test]
async fn redirects_end() {
    let front = Server::start(|_| http("302 Found", "location: /round\r\n", "")).await;
    let trouble = front.guard().send(Outgoing::new(Method::GET, front.url("/"))).await.unwrap_err();
    assert_eq!(trouble.code(), "refused");
    assert_eq!(front.connections(), 4, "the request and three redirects");
}

#[tokio::test]
async fn a_host_that_is_down_is_left_alone_and_probed() {
    tls();
    let down =
        Server::start(|n| if n < 11 { json("503 Service Unavailable", "{}") } else { json("200 OK", "{}") })
            .await;
    let policy = Policy::allowing(["127.0.0.1"]).unwrap();
    let guarded = Guard::new(policy, Limits::default(), Duration::from_millis(200)).unwrap();
    let call = || guarded.send(Outgoing::new(Method::GET, down.url("/")));
    for _ in 0..11 {
        assert_eq!(call().await.unwrap().status, 503);
    }
    assert!(matches!(call().await.unwrap_err(), Trouble::Later { .. }));
    assert_eq!(down.connections(), 11, "nobody waits for it");
    let view = &guarded.breakers()[0];
    assert_eq!(
        (view.state, view.failures, view.host.as_str()),
        (State::Open, 11, down.address.to_string().as_str())
    );
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert_eq!(call().await.unwrap().status, 200);
    assert_eq!(guarded.breakers()[0].state, State::Closed);
}

#[tokio::test]
async fn a_silent_host_is_given_up() {
    tls();
    let silent = Server::start(|_| Reply::ThenSilence(Vec::new())).await;
    let limits = Limits { total: Duration::from_millis(200), ..Limits::default() };
    let policy = Policy::allowing(["127.0.0.1"]).unwrap();
    let guarded = Guard::new(policy, limits, Duration::from_secs(30)).unwrap();
    let read = guarded.send(Outgoing::new(Method::GET, silent.url("/"))).await.unwrap_err();
    assert_eq!(read.code(), "retry");
    let write = guarded.send(Outgoing::new(Method::POST, silent.url("/"))).await.unwrap_err();
    assert_eq!(write.code(), "in-doubt", "it was written: nobody knows");
}
