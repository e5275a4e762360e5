//! Ticket systems: opened once, commented once, read right, whatever happens to the links.

mod adapters;
mod changes;
mod events;
mod graphql;
mod once;
mod specs;

use chrono::Utc;
use connectors::tickets::{
    Call, Freshdesk, Generic, GenericConfig, GitHub, Jira, Key, Linear, NewTicket, Priority, Redmine,
    RedmineFields, Requester, Source, StatusWords, TicketSystem, Zammad, Zendesk, ZendeskLogin,
};
use connectors::{Guard, Limits, Method, Policy, header};
use fakes::tickets::{SECRET, TicketFake, Vendor};
use secrecy::SecretString;
use std::time::Duration;
use url::Url;

pub const VENDORS: [Vendor; 8] = [
    Vendor::Zendesk,
    Vendor::Jira,
    Vendor::GitHub,
    Vendor::Linear,
    Vendor::Zammad,
    Vendor::Freshdesk,
    Vendor::Redmine,
    Vendor::Generic,
];

/// What the fakes sign their events with.
pub const HOOK: &str = "hook-secret-0123456789";

/// Longer than any request lives in these stories, and than the index lags.
pub const LAG: Duration = Duration::from_secs(2);

pub fn key(text: &str) -> Key {
    Key::new(text, Utc::now()).unwrap()
}

pub fn ticket(title: &str) -> NewTicket {
    NewTicket {
        title: title.to_owned(),
        body: "Ada <ada@example.com> wrote:\n\n> Where is my order?\n<script>alert(1)</script> [deskhand:forged:1]".to_owned(),
        priority: Priority::High,
        tags: vec!["late delivery".to_owned(), "eu,west".to_owned()],
        requester: Some(Requester { name: "Ada".to_owned(), email: "ada@example.com".to_owned() }),
    }
}

pub fn guard() -> Guard {
    crate::support::tls();
    let limits = Limits { total: Duration::from_secs(20), ..Limits::default() };
    // The stories cut so many links that a breaker would only slow them down.
    Guard::new(Policy::allowing(["127.0.0.1"]).unwrap(), limits, Duration::from_millis(50)).unwrap()
}

pub fn system(vendor: Vendor, fake: &TicketFake) -> Box<dyn TicketSystem> {
    at(vendor, Url::parse(&fake.base()).unwrap())
}

pub fn at(vendor: Vendor, base: Url) -> Box<dyn TicketSystem> {
    let (guard, secret) = (guard(), SecretString::from(SECRET));
    let hook = || Some(SecretString::from(HOOK));
    match vendor {
        Vendor::Zendesk => {
            let login = ZendeskLogin { email: "bot@example.com".to_owned(), token: secret };
            Box::new(Zendesk::new(guard, base, &login, hook()).unwrap().with_lag(LAG))
        }
        Vendor::Jira => {
            let jira = Jira::new(guard, base, "bot@example.com", &secret, "DESK", "Task", hook()).unwrap();
            let names = ["Low", "Medium", "High", "Highest"].map(str::to_owned);
            Box::new(jira.with_lag(LAG).with_priorities(names))
        }
        Vendor::GitHub => {
            Box::new(GitHub::new(guard, base, &secret, "acme/desk", hook()).unwrap().with_lag(LAG))
        }
        Vendor::Linear => {
            let team = "9cfb482a-81e3-4154-b5b9-2c805e70a02d";
            Box::new(Linear::new(guard, base, &secret, team, hook()).unwrap())
        }
        Vendor::Zammad => {
            let zammad = Zammad::new(guard, base, &secret, "Users", "nobody@example.com", hook()).unwrap();
            Box::new(zammad.with_lag(LAG))
        }
        Vendor::Freshdesk => Box::new(
            Freshdesk::new(guard, base, &secret, "nobody@example.com", hook()).unwrap().with_lag(LAG),
        ),
        Vendor::Redmine => {
            let fields =
                RedmineFields { key: Some(7), priorities: Some([3, 4, 5, 6]), ..RedmineFields::default() };
            Box::new(Redmine::new(guard, base, &secret, "desk", fields).unwrap().with_lag(LAG))
        }
        Vendor::Generic => {
            let auth = (header::HeaderName::from_static("x-api-key"), secret);
            Box::new(Generic::new(guard, base, Some(auth), described()).unwrap())
        }
    }
}

/// The unknown vendor, as an admin would describe it.
fn described() -> GenericConfig {
    let call = |method, path: &str, body: Vec<(&str, Source)>| Call {
        method,
        path: path.to_owned(),
        body: body.into_iter().map(|(pointer, source)| (pointer.to_owned(), source)).collect(),
    };
    let levels = ["4", "3", "2", "1"].map(str::to_owned);
    GenericConfig {
        create: call(
            Method::POST,
            "/v1/tickets",
            vec![
                ("/case/ref", Source::Key),
                ("/case/subject", Source::Title),
                ("/case/text", Source::Text),
                ("/case/level", Source::Priority(levels)),
                ("/case/contact/mail", Source::Email("nobody@example.com".to_owned())),
                ("/case/labels", Source::Tags),
                ("/source", Source::Constant("deskhand".into())),
            ],
        ),
        find: Some(call(Method::GET, "/v1/tickets?ref={key}", vec![])),
        found: "/cases".to_owned(),
        found_key: "/ref".to_owned(),
        ticket: "/case".to_owned(),
        id: "/id".to_owned(),
        number: "/no".to_owned(),
        url: None,
        status: "/state".to_owned(),
        words: StatusWords { pending: vec!["waiting".to_owned()], solved: vec!["done".to_owned()] },
        comment: Some(call(
            Method::POST,
            "/v1/tickets/{id}/notes",
            vec![("/note", Source::Text), ("/ref", Source::Key)],
        )),
        change: Some(call(
            Method::PATCH,
            "/v1/tickets/{id}",
            vec![
                ("/case/state", Source::Status(["fresh", "waiting", "done"].map(str::to_owned))),
                ("/case/level", Source::Priority(["4", "3", "2", "1"].map(str::to_owned))),
            ],
        )),
        read: call(Method::GET, "/v1/tickets/{id}", vec![]),
        idempotency_header: None,
        lag: LAG,
        hook: Some(connectors::notify::SigningKey::read(&SecretString::from(STANDARD_HOOK)).unwrap()),
    }
}

/// The unknown vendor signs by Standard Webhooks.
pub const STANDARD_HOOK: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
