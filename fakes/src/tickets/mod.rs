//! Ticket systems on this machine, each with its vendor's routes, statuses and error bodies, as far as a bot that opens,
//! finds, comments and reads tickets sees them.
//!
//! GitHub and Jira are held to their published specs ([`spec`]); the others are written from public documentation
//! (developer.zendesk.com, developers.freshdesk.com, docs.zammad.org and Zammad's source, redmine.org's wiki,
//! linear.app/developers) and can be no better than that. What each one accepted is in its [`Desk`], which is the
//! tests' oracle; what goes wrong on the way is drawn by seed from [`Faults`].

#![allow(clippy::disallowed_methods)] // a vendor has a clock of its own

mod answer;
mod desk;
mod freshdesk;
mod generic;
mod github;
mod jira;
mod linear;
mod link;
pub mod proxy;
mod redmine;
pub mod smtp;
pub mod spec;
mod zammad;
mod zendesk;

pub use desk::{Desk, Faults, Ticket, Written};

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use desk::Fate;
use link::{CutListener, Wire};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;

/// Whose ticket system it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vendor {
    /// Zendesk Support.
    Zendesk,
    /// Jira Cloud.
    Jira,
    /// GitHub issues.
    GitHub,
    /// Linear.
    Linear,
    /// Zammad.
    Zammad,
    /// Freshdesk.
    Freshdesk,
    /// Redmine, with the custom field 7.
    Redmine,
    /// Nobody's: `/tickets`.
    Generic,
}

/// The secret that every fake asks for, in its vendor's way.
pub const SECRET: &str = "fake-secret-0123456789";

/// A running fake.
pub struct TicketFake {
    /// Where it listens.
    pub address: SocketAddr,
    /// What it holds.
    pub desk: Arc<Desk>,
    vendor: Vendor,
}

impl TicketFake {
    /// Starts one; it runs until the runtime ends.
    pub async fn start(vendor: Vendor, faults: Faults) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let desk = Arc::new(Desk::new(faults));
        let routes: Router<Arc<Desk>> = match vendor {
            Vendor::Zendesk => zendesk::routes(),
            Vendor::Jira => jira::routes(),
            Vendor::GitHub => github::routes(),
            Vendor::Linear => linear::routes(),
            Vendor::Zammad => zammad::routes(),
            Vendor::Freshdesk => freshdesk::routes(),
            Vendor::Redmine => redmine::routes(),
            Vendor::Generic => generic::routes(),
        };
        let app = routes
            // The journal has its own.
            .layer(axum::extract::DefaultBodyLimit::disable())
            .layer(from_fn_with_state((desk.clone(), vendor), journal))
            .with_state(desk.clone())
            .into_make_service_with_connect_info::<Wire>();
        tokio::spawn(async move { axum::serve(CutListener(listener), app).await });
        Ok(Self { address, desk, vendor })
    }

    /// Somebody who works there comments on a ticket; the comment's id.
    pub fn somebody_writes(&self, number: u64, author: &str, text: &str, public: bool) -> String {
        let id = 900 + self.desk.ticket(number).map_or(0, |ticket| ticket.comments.len());
        let at = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let comment = match self.vendor {
            Vendor::Zendesk => {
                json!({"id": id, "author_id": 77, "fake_author": author, "body": text, "public": public, "created_at": at})
            }
            Vendor::Jira => json!({
                "id": id.to_string(), "author": {"displayName": author}, "jsdPublic": public, "created": at,
                "body": {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [{"type": "text", "text": text}]}]},
            }),
            Vendor::GitHub => {
                json!({"id": id, "user": {"login": author}, "body": text, "created_at": at, "updated_at": at})
            }
            Vendor::Linear => {
                json!({"id": id.to_string(), "user": {"name": author}, "body": text, "createdAt": at})
            }
            Vendor::Zammad => json!({
                "id": id, "from": author, "sender": "Agent", "content_type": "text/html", "internal": !public,
                "body": format!("<div>{}</div>", text.replace('&', "&amp;").replace('<', "&lt;")), "created_at": at,
            }),
            Vendor::Freshdesk => {
                json!({"id": id, "from_email": author, "body_text": text, "private": !public, "created_at": at})
            }
            Vendor::Redmine => {
                json!({"id": id, "user": {"id": 2, "name": author}, "notes": text, "private_notes": !public, "created_on": at})
            }
            Vendor::Generic => json!({"note": text}),
        };
        self.desk.comment(number, comment);
        id.to_string()
    }

    /// Its address as a base.
    #[must_use]
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Everything passes here: the request is noted, held to the spec where there is one, and meets its fate.
async fn journal(
    State((desk, vendor)): State<(Arc<Desk>, Vendor)>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, 12 << 20).await else {
        return answer::problem(400, "the body can't be read");
    };
    let (method, path) = (parts.method.to_string(), parts.uri.path().to_owned());
    let kind = parts.headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if let Some(violation) = spec::violation(vendor, &method, &path, kind, &body) {
        desk.violations().push(violation);
    }
    desk.note(Written {
        method: method.clone(),
        path,
        query: parts.uri.query().unwrap_or_default().to_owned(),
        body: String::from_utf8_lossy(&body).into_owned(),
    });
    if !desk.authorized(vendor, &parts.headers) {
        return answer::problem(401, "who are you?");
    }
    let fate = desk.fate(method != "GET");
    match fate {
        Fate::CutBefore => {
            wire.cut();
            return answer::problem(500, "nobody reads this");
        }
        Fate::Answer(status) => return desk::refusal(status),
        Fate::Pass | Fate::CutAfter | Fate::Slow(_) => {}
    }
    let response = next.run(Request::from_parts(parts, body.into())).await;
    match fate {
        Fate::CutAfter => wire.cut(),
        Fate::Slow(time) => tokio::time::sleep(time).await,
        _ => {}
    }
    response.into_response()
}
