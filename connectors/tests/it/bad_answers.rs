//! Every way to answer badly ends in a typed trouble that says what the caller can do.

use crate::support::{Reply, Server, guard, http, json};
use connectors::action::{Action, ActionSpec, Auth, Body, Rendered, Retries, Runner};
use connectors::{Done, Method, Policy, Trouble};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::HashMap;
use std::io::Write;
use std::time::Duration;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn order(method: Method) -> Action {
    let mut spec = ActionSpec::new("order", method);
    spec.output = Some(serde_json::json!({
        "type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}, "additionalProperties": false,
    }));
    spec.retries = Retries { tries: 1, ..Retries::default() };
    spec.limits = Some(connectors::Limits { total: Duration::from_millis(700), ..crate::support::limits() });
    Action::compile(spec).unwrap()
}

async fn trouble(reply: impl Fn() -> Reply + Send + Sync + 'static, method: Method) -> Trouble {
    let server = Server::start(move |_| reply()).await;
    let runner = Runner::new(server.guard());
    let action = order(method);
    let rendered = Rendered {
        url: server.url("/").into(),
        body: Body::Json(serde_json::json!({})),
        ..Rendered::default()
    };
    let prepared = action.prepare(rendered, &Auth::None, "k").unwrap();
    runner.run(&action, &prepared).await.unwrap_err()
}

const JSON: &str = "content-type: application/json\r\n";
const GZIP: &str = "content-type: application/json\r\ncontent-encoding: gzip\r\n";

#[tokio::test]
async fn twenty_six_bad_answers_to_a_post() {
    type Make = Box<dyn Fn() -> Reply + Send + Sync>;
    let raw = |text: &'static str| -> Make { Box::new(move || Reply::Bytes(text.as_bytes().to_vec())) };
    let ok = |body: &'static [u8]| -> Make { Box::new(move || http("200 OK", JSON, body)) };
    let status = |line: &'static str| -> Make { Box::new(move || json(line, r#"{"error":"no"}"#)) };
    let bomb = gzip(&vec![b' '; 32 << 20]);
    let kinds: Vec<(&str, Make, &str)> = vec![
        ("cut without a word", Box::new(|| Reply::Cut), "in-doubt"),
        ("no HTTP", raw("SSH-2.0-OpenSSH\r\n"), "in-doubt"),
        ("cut in the headers", raw("HTTP/1.1 200 OK\r\ncontent-"), "in-doubt"),
        ("cut in the body", raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\":"), "in-doubt"),
        ("broken chunks", raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}"), "in-doubt"),
        (
            "silence in the body",
            Box::new(|| Reply::ThenSilence(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec())),
            "in-doubt",
        ),
        ("an announced flood", raw("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n{"), "too-large"),
        ("a flood", Box::new(|| http("200 OK", JSON, vec![b' '; 65 * 1024])), "too-large"),
        ("a compressed bomb", Box::new(move || http("200 OK", GZIP, &bomb)), "too-large"),
        ("no gzip", Box::new(|| http("200 OK", GZIP, "{\"id\":1}")), "in-doubt"),
        ("half a gzip", Box::new(|| http("200 OK", GZIP, &gzip(&[b'1'; 4096])[..20])), "in-doubt"),
        (
            "a page",
            Box::new(|| http("200 OK", "content-type: text/html\r\n", "<html>Sign in</html>")),
            "not-json",
        ),
        ("cut JSON", ok(b"{\"id\": 1"), "not-json"),
        ("two JSONs", ok(b"{\"id\":1}{\"id\":2}"), "not-json"),
        ("invalid UTF-8", ok(b"{\"id\":\"\xff\xfe\"}"), "not-json"),
        ("a byte-order mark", ok(b"\xef\xbb\xbf{\"id\":1}"), "not-json"),
        ("NaN", ok(b"{\"id\":NaN}"), "not-json"),
        ("a deep nest", Box::new(|| http("200 OK", JSON, "[".repeat(20_000))), "not-json"),
        ("the wrong kind", ok(b"{\"id\":\"1\"}"), "unexpected"),
        ("a missing field", ok(b"{}"), "unexpected"),
        ("a field too many", ok(b"{\"id\":1,\"error\":\"x\"}"), "unexpected"),
        ("nothing", ok(b""), "unexpected"),
        ("unauthorized", status("401 Unauthorized"), "refused"),
        ("unprocessable", status("422 Unprocessable Entity"), "refused"),
        ("an error of theirs", status("500 Internal Server Error"), "in-doubt"),
        ("a gateway's despair", status("504 Gateway Timeout"), "in-doubt"),
    ];
    assert_eq!(kinds.len(), 26);
    for (name, make, expected) in kinds {
        let trouble = trouble(make, Method::POST).await;
        assert_eq!(trouble.code(), expected, "{name}: {trouble}");
        assert_ne!((trouble.done(), expected), (Done::No, "in-doubt"), "{name}");
    }
}

#[tokio::test]
async fn the_same_doubts_about_a_get_are_none() {
    assert_eq!(trouble(|| Reply::Cut, Method::GET).await.code(), "retry");
    assert_eq!(trouble(|| json("504 Gateway Timeout", "{}"), Method::GET).await.code(), "retry");
    let busy = || http("429 Too Many Requests", "retry-after: 120\r\n", "");
    let trouble = trouble(busy, Method::GET).await;
    assert_eq!(trouble.advice(), connectors::Advice::AgainAfter(Duration::from_secs(120)));
}

#[tokio::test]
async fn a_refused_connection_was_no_try() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let guarded = guard(Policy::allowing(["127.0.0.1"]).unwrap(), HashMap::new());
    let request =
        connectors::Outgoing::new(Method::POST, url::Url::parse(&format!("http://{address}/")).unwrap());
    let trouble = guarded.send(request).await.unwrap_err();
    assert_eq!((trouble.code(), trouble.done()), ("retry", Done::No));
}
