//! `serve --demo`: a sample desk with simulated visitors. They come in by the same door as everybody else.

use crate::domain::conversation::State;
use crate::domain::customer::Customer;
use crate::domain::ids::{ConversationId, CustomerId, UserId};
use crate::domain::person::Role;
use crate::http::sign_in::issue_link;
use crate::inbox::{Arrival, Inbox};
use crate::ledger::Ledger;
use crate::ports::storage::{Unavailable, User};
use channels::{Channel, Inbound};
use serde::Deserialize;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The sample customers.
pub const CUSTOMERS: &str = include_str!("demo/customers.yaml");
const VISITORS: &str = include_str!("demo/visitors.yaml");

/// Pause between two arrivals.
const BETWEEN: Duration = Duration::from_secs(4);

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Visitor {
    name: String,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    identified: bool,
    locale: String,
    #[serde(default = "pause")]
    pause_s: u64,
    says: Vec<String>,
}

fn pause() -> u64 {
    8
}

/// The sample agent, and a link that signs them in once.
pub async fn agent_link(ledger: &Ledger) -> Result<String, Unavailable> {
    let robin = User {
        id: UserId(ledger.ids.id()),
        email: "robin@harbor.example".to_owned(),
        name: "Robin".to_owned(),
        role: Role::Admin,
        password: None,
    };
    let id = ledger.storage.put_user(robin, ledger.now()).await?;
    issue_link(ledger, id, chrono::TimeDelta::hours(24)).await
}

/// Lets the visitors come, once; a desk that has conversations already is left as it is.
pub async fn visit(inbox: Inbox, ledger: Ledger, stop: watch::Receiver<bool>) {
    if let Err(error) = arrive(inbox, ledger, stop).await {
        tracing::warn!(%error, "the simulated visitors stayed away");
    }
}

async fn arrive(inbox: Inbox, ledger: Ledger, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
    let visitors: Vec<Visitor> = serde_saphyr::from_str(VISITORS)?;
    let counts = ledger.storage.counts(UserId(uuid::Uuid::nil())).await?;
    if counts.queue + counts.human + counts.bot + counts.resolved > 0 {
        return Ok(());
    }
    let mut talking = JoinSet::new();
    for visitor in visitors {
        talking.spawn(talk(visitor, inbox.clone(), ledger.clone()));
        tokio::select! {
            () = tokio::time::sleep(BETWEEN) => {}
            _ = stop.changed() => return Ok(()),
        }
    }
    tokio::select! {
        () = async { while talking.join_next().await.is_some() {} } => {}
        _ = stop.changed() => {}
    }
    Ok(())
}

async fn talk(visitor: Visitor, inbox: Inbox, ledger: Ledger) {
    if let Err(error) = lines(&visitor, &inbox, &ledger).await {
        tracing::warn!(%error, "a simulated visitor gave up");
    }
}

async fn lines(visitor: &Visitor, inbox: &Inbox, ledger: &Ledger) -> Result<(), Unavailable> {
    let id = ledger.ids.id();
    let customer = Customer {
        id: CustomerId(id),
        name: Some(visitor.name.clone()),
        email: visitor.email.clone(),
        verified: visitor.identified,
        external: None,
        locale: Some(visitor.locale.clone()),
    };
    let customer_id = customer.id;
    ledger.storage.put_customer(customer, ledger.now()).await?;
    ledger.storage.bind(Channel::Web, &id.to_string(), customer_id).await?;
    for (number, line) in visitor.says.iter().enumerate() {
        let arrival = Arrival {
            inbound: Inbound::new(
                Channel::Web,
                format!("demo-{number}"),
                id.to_string(),
                id.to_string(),
                line.clone(),
            ),
            customer: customer_id,
            locale: Some(visitor.locale.clone()),
            page: Some("https://harbor.example/pricing".to_owned()),
        };
        let recorded = inbox.receive(&arrival).await?;
        tokio::time::sleep(Duration::from_secs(visitor.pause_s)).await;
        if with_human(recorded.conversation, ledger).await? {
            break;
        }
    }
    Ok(())
}

/// Simulated visitors fall silent once a human is there: the rest is for you to play.
async fn with_human(id: ConversationId, ledger: &Ledger) -> Result<bool, Unavailable> {
    let talk = ledger.conversation(id).await?;
    Ok(talk.is_some_and(|talk| matches!(talk.state, State::Human { .. })))
}
