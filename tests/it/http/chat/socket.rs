use crate::support::app::App;
use deskhand::domain::person::Role;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

async fn dial(
    address: SocketAddr,
    query: &str,
    origin: Option<&str>,
    protocol: Option<&str>,
) -> Result<Socket, Error> {
    let mut request = format!("ws://{address}/chat/v1/socket{query}").into_client_request()?;
    if let Some(origin) = origin {
        request.headers_mut().insert("origin", HeaderValue::from_str(origin).unwrap());
    }
    if let Some(protocol) = protocol {
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_str(protocol).unwrap());
    }
    Ok(Socket(connect_async(request).await?.0))
}

impl Socket {
    async fn open(address: SocketAddr, query: &str) -> Self {
        dial(address, query, Some(&format!("http://{address}")), Some("deskhand.v1")).await.expect("a socket")
    }

    /// Opened, and let in.
    async fn ready(address: SocketAddr, token: &str, query: &str) -> (Self, Value) {
        let mut socket = Self::open(address, query).await;
        socket.says(&json!({"type": "hello", "token": token})).await;
        let ready = socket.hears().await;
        assert_eq!(ready["type"], "ready", "{ready}");
        (socket, ready)
    }

    async fn says(&mut self, frame: &Value) {
        self.0.send(Message::Text(frame.to_string().into())).await.unwrap();
    }

    /// The next frame, or the close that comes instead.
    async fn next(&mut self) -> Result<Value, u16> {
        loop {
            let frame =
                tokio::time::timeout(Duration::from_secs(30), self.0.next()).await.expect("a frame in time");
            match frame {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => return Err(frame.map_or(0, |frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(0),
            }
        }
    }

    async fn hears(&mut self) -> Value {
        self.next().await.expect("a frame, not a close")
    }

    /// Frames up to one of that kind.
    async fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut heard = Vec::new();
        loop {
            let frame = self.hears().await;
            let last = frame["type"] == kind;
            heard.push(frame);
            if last {
                return heard;
            }
        }
    }
}

#[tokio::test]
async fn a_conversation_over_a_socket() {
    let app = App::new().await;
    let address = app.listens().await;
    let token = app.visitor().await;
    let (mut socket, ready) = Socket::ready(address, &token, "?after=0").await;
    assert_eq!((&ready["conversation"], &ready["next"]), (&Value::Null, &json!(0)));
    socket.says(&json!({"type": "ping"})).await;
    assert_eq!(socket.hears().await, json!({"type": "pong"}));
    socket.says(&json!({"type": "message", "id": "m1", "text": "I want to talk to a human"})).await;
    assert_eq!(socket.hears().await, json!({"type": "ack", "id": "m1", "seq": 2}));
    let heard = socket.until("state").await;
    assert_eq!(heard[0]["type"], "conversation");
    assert_eq!((heard[1]["from"].as_str(), heard[1]["id"].as_str()), (Some("customer"), Some("m1")));
    // The same id again: the same answer, and nothing new.
    socket.says(&json!({"type": "message", "id": "m1", "text": "I want to talk to a human"})).await;
    assert_eq!(socket.until("ack").await.last().unwrap()["seq"], 2);

    let talk = app.conversation(&token).await;
    let agent = app.signed_in("Maria", Role::Agent).await;
    for (command, body) in
        [("takeover", json!({})), ("typing", json!({})), ("messages", json!({"id": "c1", "text": "Hello"}))]
    {
        let answer = app
            .post(&format!("/api/v1/conversations/{talk}/{command}"), body)
            .cookie(&agent)
            .own_page()
            .send()
            .await;
        assert!(answer.status.is_success(), "{}", answer.text());
    }
    let mut heard = Vec::new();
    while !heard.iter().any(|frame: &Value| frame["from"] == "agent" && frame["type"] == "message") {
        heard.push(socket.hears().await);
    }
    assert!(heard.iter().any(|frame| frame["state"] == "human"), "{heard:?}");
}

#[tokio::test]
async fn what_is_refused_names_its_message_and_the_line_stays() {
    let app = App::with(App::usual_rates).await;
    let address = app.listens().await;
    let token = app.visitor().await;
    let (mut socket, _) = Socket::ready(address, &token, "").await;
    socket.says(&json!({"type": "message", "id": "m1", "text": "a\u{0}b"})).await;
    let refused = socket.hears().await;
    assert_eq!(
        (refused["type"].as_str(), refused["id"].as_str(), refused["problem"]["code"].as_str()),
        (Some("refused"), Some("m1"), Some("nul"))
    );
    socket.says(&json!({"type": "message", "id": 5})).await;
    let refused = socket.hears().await;
    assert_eq!((&refused["id"], refused["problem"]["code"].as_str()), (&Value::Null, Some("bad-frame")));
    socket.says(&json!({"type": "dance"})).await;
    let mut limited = None;
    for number in 0..15 {
        socket.says(&json!({"type": "message", "id": format!("n{number}"), "text": "x"})).await;
        loop {
            let frame = socket.hears().await;
            if frame["type"] == "refused" {
                limited = Some(frame);
            } else if frame["type"] != "ack" {
                continue;
            }
            break;
        }
    }
    let limited = limited.expect("one too many");
    assert_eq!(limited["problem"]["status"], 429);
    assert!(limited["problem"]["retry_after"].as_u64().unwrap() >= 1);
}

#[tokio::test]
async fn a_cut_line_loses_nothing_and_doubles_nothing() {
    let app = App::new().await;
    let address = app.listens().await;
    let token = app.visitor().await;
    let mut seen: Vec<i64> = Vec::new();
    let mut talk = String::new();
    for round in 0..6 {
        let after = seen.last().copied().unwrap_or(0);
        let known = if talk.is_empty() { String::new() } else { format!("&conversation={talk}") };
        let (mut socket, _) = Socket::ready(address, &token, &format!("?after={after}{known}")).await;
        // Said while this line is up; it is cut after a different number of frames each time.
        let text = if round == 0 { "I want to talk to a human" } else { "Still there?" };
        app.post("/chat/v1/messages", json!({"id": format!("m{round}"), "text": text}))
            .bearer(&token)
            .send()
            .await;
        for _ in 0..=round % 3 {
            let frame = socket.hears().await;
            if let Some(seq) = frame["seq"].as_i64() {
                seen.push(seq);
            } else if frame["type"] == "conversation" {
                talk = frame["id"].as_str().unwrap().to_owned();
            }
        }
        drop(socket);
        app.post("/chat/v1/messages", json!({"id": format!("between{round}"), "text": "And now?"}))
            .bearer(&token)
            .send()
            .await;
        app.world.settles().await;
    }
    let all: Vec<i64> = app.sees(&token).await.iter().filter_map(|event| event["seq"].as_i64()).collect();
    let after = seen.last().copied().unwrap();
    let (mut socket, _) =
        Socket::ready(address, &token, &format!("?after={after}&conversation={talk}")).await;
    while seen.last() != all.last() {
        seen.extend(socket.hears().await["seq"].as_i64());
    }
    assert_eq!(seen, all);
}

#[tokio::test]
async fn only_pages_that_may_hold_the_widget_open_a_socket() {
    let app =
        App::with(|server| server.settings.allowed_origins = vec!["https://shop.example".to_owned()]).await;
    let address = app.listens().await;
    let own = format!("http://{address}");
    for allowed in [own.as_str(), "https://shop.example", "http://desk.example"] {
        assert!(dial(address, "", Some(allowed), Some("deskhand.v1")).await.is_ok(), "{allowed}");
    }
    for refused in [
        Some("https://evil.example"),
        Some("https://shop.example.evil.example"),
        Some("null"),
        Some("http://shop.example"),
        None,
    ] {
        match dial(address, "", refused, Some("deskhand.v1")).await {
            Err(Error::Http(answer)) => assert_eq!(answer.status(), 403, "{refused:?}"),
            other => panic!("{refused:?}: {:?}", other.map(|_| "open")),
        }
    }
    for protocol in [None, Some("other")] {
        assert!(
            matches!(dial(address, "", Some(&own), protocol).await, Err(Error::Http(answer)) if answer.status() == 400),
            "{protocol:?}"
        );
    }
}

#[tokio::test]
async fn a_token_counts_only_in_the_first_frame() {
    let app = App::asleep().await;
    let address = app.listens().await;
    let token = app.visitor().await;
    for first in [
        json!({"type": "hello", "token": "nonsense"}),
        json!({"type": "ping"}),
        json!({"token": token}),
        json!([]),
    ] {
        let mut socket = Socket::open(address, "").await;
        socket.says(&first).await;
        assert_eq!(socket.next().await, Err(4401), "{first}");
    }
    let mut socket = Socket::open(address, &format!("?token={token}")).await;
    socket.says(&json!({"type": "message", "id": "m1", "text": "Hello"})).await;
    assert_eq!(socket.next().await, Err(4401));
    app.world.wait(91 * 24 * 60);
    let mut socket = Socket::open(address, "").await;
    socket.says(&json!({"type": "hello", "token": token})).await;
    assert_eq!(socket.next().await, Err(4401));
}

#[tokio::test]
async fn what_is_no_frame_ends_the_line() {
    let app = App::asleep().await;
    let address = app.listens().await;
    let token = app.visitor().await;
    let (mut socket, _) = Socket::ready(address, &token, "").await;
    socket.0.send(Message::Text("{nonsense".into())).await.unwrap();
    assert_eq!(socket.next().await, Err(1003));
    let (mut socket, _) = Socket::ready(address, &token, "").await;
    socket.0.send(Message::Binary(vec![0xff, 0xfe].into())).await.unwrap();
    assert_eq!(socket.next().await, Err(1003));
    let (mut socket, _) = Socket::ready(address, &token, "").await;
    let large = json!({"type": "message", "id": "m1", "text": "x".repeat(70_000)}).to_string();
    // The server may hang up while it is still being sent.
    drop(socket.0.send(Message::Text(large.into())).await);
    assert!(socket.next().await.is_err());
    assert!(app.sees(&token).await.is_empty());
}

#[tokio::test]
async fn a_visitor_holds_only_so_many_sockets() {
    let app = App::with(|server| server.rates.sockets = 2).await;
    let address = app.listens().await;
    let token = app.visitor().await;
    let (one, _) = Socket::ready(address, &token, "").await;
    let (_two, _) = Socket::ready(address, &token, "").await;
    let mut three = Socket::open(address, "").await;
    three.says(&json!({"type": "hello", "token": token})).await;
    assert_eq!(three.next().await, Err(4429));
    drop(one);
    loop {
        let mut again = Socket::open(address, "").await;
        again.says(&json!({"type": "hello", "token": token})).await;
        if again.next().await.is_ok() {
            break;
        }
    }
}

#[tokio::test]
async fn a_desk_that_goes_down_says_so() {
    let app = App::asleep().await;
    let address = app.listens().await;
    let token = app.visitor().await;
    let (mut socket, _) = Socket::ready(address, &token, "").await;
    app.stops();
    assert_eq!(socket.next().await, Err(1012));
}

#[tokio::test]
async fn who_does_not_read_is_cut_and_finds_everything_when_they_come_back() {
    let app = App::with(|server| {
        server.rates.slow_after = Duration::from_millis(300);
        server.rates.messages = deskhand::http::Rate { burst: 2000, per_minute: 2000 };
    })
    .await;
    let address = app.listens().await;
    let token = app.visitor().await;
    let text = "x".repeat(16 * 1024);
    app.post("/chat/v1/messages", json!({"id": "first", "text": "Hello"})).bearer(&token).send().await;
    // With a human it is their turn: nothing piles up that the bot would owe an answer to.
    let (agent, talk) = (app.signed_in("Maria", Role::Agent).await, app.conversation(&token).await);
    app.post(&format!("/api/v1/conversations/{talk}/takeover"), json!({}))
        .cookie(&agent)
        .own_page()
        .send()
        .await;
    let before = app.sees(&token).await.last().unwrap()["seq"].as_i64().unwrap();
    // More than both sides' buffers hold.
    for number in 0..700 {
        let answer = app
            .post("/chat/v1/messages", json!({"id": format!("m{number}"), "text": text}))
            .bearer(&token)
            .send()
            .await;
        assert_eq!(answer.status, 202);
    }
    let position = |after: i64| format!("?after={after}&conversation={talk}");
    let (mut socket, _) = Socket::ready(address, &token, &position(before)).await;
    while app.connections.count() > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut seen = Vec::new();
    while let Ok(frame) = socket.next().await {
        seen.extend(frame["seq"].as_i64());
    }
    assert!(seen.len() < 700, "nothing was held back: {}", seen.len());
    let after = seen.last().copied().unwrap_or(before);
    let (mut socket, _) = Socket::ready(address, &token, &position(after)).await;
    while seen.last() != Some(&(before + 700)) {
        seen.extend(socket.hears().await["seq"].as_i64());
    }
    assert_eq!(seen, (before + 1..=before + 700).collect::<Vec<_>>());
}
