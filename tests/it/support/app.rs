//! The desk as browsers reach it: the real router over a world.

use super::world::World;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use deskhand::domain::ids::UserId;
use deskhand::domain::person::Role;
use deskhand::http::{Connections, Rates, Server, Settings, sign_in};
use deskhand::ports::storage::User;
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower::ServiceExt;

pub(crate) struct App {
    pub(crate) world: World,
    pub(crate) router: Router,
    /// Open sockets and streams.
    pub(crate) connections: Connections,
    stop: watch::Sender<bool>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl App {
    /// A desk whose engines run.
    pub(crate) async fn new() -> Self {
        Self::over(World::new().await, |_| {})
    }

    /// A desk whose engines sleep: only what people do happens.
    pub(crate) async fn asleep() -> Self {
        Self::over(World::asleep().await, |_| {})
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Server)) -> Self {
        Self::over(World::asleep().await, change)
    }

    pub(crate) fn over(world: World, change: impl FnOnce(&mut Server)) -> Self {
        let (stop, stopping) = watch::channel(false);
        let settings = Settings {
            public_url: "http://desk.example".to_owned(),
            identity_secret: Some("the secret of the site".into()),
            identity_previous_secret: Some("the secret before that".into()),
            max_upload_bytes: 100_000,
            ..Settings::default()
        };
        let (inbox, hand) = (world.desk.inbox.clone(), world.desk.hand.clone());
        let triggers = world.desk.triggers.clone();
        let mut server = Server::new(
            world.ledger.clone(),
            world.library.clone(),
            inbox,
            hand,
            triggers,
            settings,
            None,
            stopping,
        );
        server.rates.messages = deskhand::http::Rate { burst: 200, per_minute: 200 };
        change(&mut server);
        let connections = server.connections.clone();
        Self { connections, router: deskhand::http::router(server), world, stop }
    }

    /// The rates that are shipped.
    pub(crate) fn usual_rates(server: &mut Server) {
        server.rates = Rates::default();
    }

    /// The desk goes down.
    pub(crate) fn stops(&self) {
        self.stop.send_replace(true);
    }

    /// Listens on a port of its own, for sockets.
    pub(crate) async fn listens(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = self.router.clone().into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        address
    }

    pub(crate) fn get(&self, path: &str) -> Call<'_> {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str, body: Value) -> Call<'_> {
        self.call(Method::POST, path).json(&body)
    }

    pub(crate) fn call(&self, method: Method, path: &str) -> Call<'_> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "desk.example")
            .body(Body::empty())
            .unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([203, 0, 113, 7], 40_000))));
        Call { app: self, request }
    }

    /// A new visitor: their token.
    pub(crate) async fn visitor(&self) -> String {
        let answer = self.post("/chat/v1/sessions", json!({"locale": "en"})).send().await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    /// Somebody at the desk, without a password.
    pub(crate) async fn user(&self, name: &str, role: Role) -> UserId {
        self.user_with(name, role, None).await
    }

    pub(crate) async fn user_with(&self, name: &str, role: Role, password: Option<&str>) -> UserId {
        let password = match password {
            Some(password) => Some(sign_in::hash_password(password.to_owned()).await.unwrap()),
            None => None,
        };
        let user = User {
            id: UserId(self.world.ledger.ids.id()),
            email: format!("{}@desk.example", name.to_lowercase()),
            name: name.to_owned(),
            role,
            password,
        };
        self.world.ledger.storage.put_user(user, self.world.ledger.now()).await.unwrap()
    }

    /// Signs somebody in by a link: their cookie.
    pub(crate) async fn signed_in(&self, name: &str, role: Role) -> String {
        let user = self.user(name, role).await;
        let link =
            sign_in::issue_link(&self.world.ledger, user, chrono::TimeDelta::minutes(15)).await.unwrap();
        let answer = self.post("/api/v1/session", json!({"link": link})).own_page().send().await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.cookie()
    }

    /// Writes as a visitor, and waits until the desk has come to rest.
    pub(crate) async fn says(&self, token: &str, id: &str, text: &str) -> Value {
        let answer =
            self.post("/chat/v1/messages", json!({"id": id, "text": text})).bearer(token).send().await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
        self.world.settles().await;
        answer.json()
    }

    /// Everything the visitor sees.
    pub(crate) async fn sees(&self, token: &str) -> Vec<Value> {
        let answer = self.get("/chat/v1/events?after=0").bearer(token).send().await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()["events"].as_array().unwrap().clone()
    }

    /// The id of the visitor's conversation.
    pub(crate) async fn conversation(&self, token: &str) -> String {
        let answer = self.post("/chat/v1/sessions", json!({})).bearer(token).send().await;
        answer.json()["conversation"]["id"].as_str().unwrap().to_owned()
    }
}

/// A request on its way.
pub(crate) struct Call<'a> {
    app: &'a App,
    request: Request<Body>,
}

impl Call<'_> {
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.request
            .headers_mut()
            .append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn cookie(self, cookie: &str) -> Self {
        self.header("cookie", cookie)
    }

    /// As one of the desk's own pages sends it.
    pub(crate) fn own_page(self) -> Self {
        self.header("sec-fetch-site", "same-origin")
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub(crate) fn body(mut self, kind: &str, body: impl Into<Body>) -> Self {
        *self.request.body_mut() = body.into();
        self.header("content-type", kind)
    }

    /// Comes from another address.
    pub(crate) fn from(mut self, address: [u8; 4]) -> Self {
        self.request.extensions_mut().insert(ConnectInfo(SocketAddr::from((address, 40_000))));
        self
    }

    /// Only the status: what streams has no end to read to.
    pub(crate) async fn head(self) -> StatusCode {
        self.app.router.clone().oneshot(self.request).await.unwrap().status()
    }

    pub(crate) async fn send(self) -> Answer {
        let (head, body) = self.app.router.clone().oneshot(self.request).await.unwrap().into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: head.status, headers: head.headers, body }
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The cookie that was set, as it is sent back.
    pub(crate) fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap().to_owned()
    }

    /// Holds that this is a problem document with that status and code.
    #[track_caller]
    pub(crate) fn is_problem(&self, status: u16, code: &str) {
        let context = format!("{} {}", self.status, self.text());
        assert_eq!(self.status.as_u16(), status, "{context}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{context}");
        let document = self.json();
        assert_eq!(document["code"], code, "{context}");
        assert_eq!(document["status"], status, "{context}");
        assert!(document["detail"].as_str().is_some_and(|detail| detail.ends_with('.')), "{context}");
        assert!(document["title"].is_string() && document["type"].is_string(), "{context}");
    }
}
