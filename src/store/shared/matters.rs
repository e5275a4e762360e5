//! What concerns more than one conversation.

use super::switches::{Change, note};
use super::{Connection, Store};
use crate::domain::Time;
use crate::domain::decision::Automation;
use crate::domain::event::Demotion;
use crate::domain::ids::{ConversationId, Place};
use crate::domain::ticket::TicketRef;
use crate::ports::storage::{Incident, Matters, Unavailable};
use crate::store::values::{from_json, json, micros, parsed, plain};
use async_trait::async_trait;

#[async_trait]
impl Matters for Store {
    async fn concerned(&self, name: &str, about: &str) -> Result<Vec<ConversationId>, Unavailable> {
        // A ticket's events concern everybody whom it stands for, also where no playbook waits yet.
        let holds = if name.starts_with("ticket.") { plain(about) } else { String::new() };
        self.engine
            .read((plain(name), plain(about), holds), |(name, about, holds), db| {
                Box::pin(async move {
                    let rows: Vec<String> = sqlx::query_scalar(
                        "SELECT conversation FROM awaited WHERE name = $1 AND about = $2 \
                         UNION SELECT conversation FROM holder WHERE number = $3 ORDER BY 1",
                    )
                    .bind(name)
                    .bind(about)
                    .bind(holds)
                    .fetch_all(db)
                    .await?;
                    Ok(rows.iter().map(|id| parsed(id)).collect::<Result<_, _>>()?)
                })
            })
            .await
    }

    async fn join_incident(&self, key: &str, place: Place, at: Time) -> Result<Incident, Unavailable> {
        self.engine
            .write((plain(key), place, micros(at)), |(key, place, at), db| {
                Box::pin(async move { Ok(join(key, *place, *at, db).await?) })
            })
            .await
    }

    async fn incident_opened(&self, key: &str, place: Place, ticket: &TicketRef) -> Result<(), Unavailable> {
        let ticket = ticket.clone();
        self.engine
            .write((plain(key), place, ticket), |(key, place, ticket), db| {
                Box::pin(async move {
                    sqlx::query(
                        "UPDATE incident SET ticket = $4, number = $5 WHERE key = $1 AND conversation = $2 AND seq = $3",
                    )
                    .bind(key)
                    .bind(place.conversation.to_string())
                    .bind(place.seq)
                    .bind(json(ticket)?)
                    .bind(&ticket.number)
                    .execute(&mut *db)
                    .await?;
                    Ok(hold(&ticket.number, place.conversation, db).await?)
                })
            })
            .await
    }

    async fn incident_given_up(&self, key: &str, place: Place) -> Result<(), Unavailable> {
        self.engine
            .write((plain(key), place), |(key, place), db| {
                Box::pin(async move {
                    sqlx::query(
                        "DELETE FROM incident WHERE key = $1 AND conversation = $2 AND seq = $3 AND number IS NULL",
                    )
                    .bind(key)
                    .bind(place.conversation.to_string())
                    .bind(place.seq)
                    .execute(db)
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    async fn incident_over(&self, number: &str) -> Result<(), Unavailable> {
        self.engine
            .write(plain(number), |number, db| {
                Box::pin(async move {
                    sqlx::query("DELETE FROM incident WHERE number = $1").bind(number).execute(db).await?;
                    Ok(())
                })
            })
            .await
    }

    async fn demotions(&self) -> Result<Vec<Demotion>, Unavailable> {
        self.engine
            .read((), |(), db| {
                Box::pin(async move {
                    let rows: Vec<(String, String, String)> =
                        sqlx::query_as("SELECT intent, level, because FROM automation_level ORDER BY intent")
                            .fetch_all(db)
                            .await?;
                    let demotions = rows.into_iter().map(|(intent, level, because)| {
                        // A level that this program does not know allows the least.
                        let to = Automation::from_name(&level).unwrap_or(Automation::Observe);
                        Demotion { intent, to, because }
                    });
                    Ok(demotions.collect())
                })
            })
            .await
    }

    async fn demote(&self, demotion: &Demotion, at: Time) -> Result<(), Unavailable> {
        self.engine
            .write((demotion.clone(), at), |(demotion, at), db| {
                Box::pin(async move {
                    sqlx::query(
                        "INSERT INTO automation_level (intent, level, because, at) VALUES ($1, $2, $3, $4) \
                         ON CONFLICT (intent) DO UPDATE SET level = excluded.level, because = excluded.because, \
                         at = excluded.at",
                    )
                    .bind(plain(&demotion.intent))
                    .bind(demotion.to.name())
                    .bind(plain(&demotion.because))
                    .bind(micros(*at))
                    .execute(&mut *db)
                    .await?;
                    let because = &demotion.because;
                    let change = Change { kind: "demoted", subject: &demotion.intent, because, by: "", at: *at };
                    Ok(note(change, db).await?)
                })
            })
            .await
    }

    async fn restore_level(
        &self,
        intent: &str,
        because: &str,
        by: &str,
        at: Time,
    ) -> Result<(), Unavailable> {
        self.engine
            .write((plain(intent), because.to_owned(), by.to_owned(), at), |(intent, because, by, at), db| {
                Box::pin(async move {
                    let lifted = sqlx::query("DELETE FROM automation_level WHERE intent = $1")
                        .bind(intent)
                        .execute(&mut *db)
                        .await?;
                    if lifted.rows_affected() == 0 {
                        return Ok(());
                    }
                    sqlx::query(
                        "INSERT INTO lifted (intent, at) VALUES ($1, $2) ON CONFLICT (intent) DO UPDATE SET at = excluded.at",
                    )
                    .bind(intent)
                    .bind(micros(*at))
                    .execute(&mut *db)
                    .await?;
                    let change = Change { kind: "restored", subject: intent, because, by, at: *at };
                    Ok(note(change, db).await?)
                })
            })
            .await
    }
}

/// Whoever inserts the row opens the ticket; in Postgres another who inserts the same waits for that.
async fn join(key: &str, place: Place, at: i64, db: &mut Connection) -> Result<Incident, sqlx::Error> {
    let conversation = place.conversation.to_string();
    sqlx::query(
        "INSERT INTO incident (key, conversation, seq, opened_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    )
    .bind(key)
    .bind(&conversation)
    .bind(place.seq)
    .bind(at)
    .execute(&mut *db)
    .await?;
    let (opener, seq, ticket): (String, i64, Option<String>) =
        sqlx::query_as("SELECT conversation, seq, ticket FROM incident WHERE key = $1")
            .bind(key)
            .fetch_one(&mut *db)
            .await?;
    match ticket {
        Some(ticket) => {
            let ticket = TicketRef { joined: true, ..from_json(&ticket)? };
            hold(&ticket.number, place.conversation, db).await?;
            Ok(Incident::Stands(ticket))
        }
        None if opener == conversation && seq == place.seq => Ok(Incident::Yours),
        None => Ok(Incident::Opening),
    }
}

/// The ticket stands for this conversation.
pub(super) async fn hold(
    number: &str,
    conversation: ConversationId,
    db: &mut Connection,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO holder (number, conversation) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(number)
        .bind(conversation.to_string())
        .execute(db)
        .await?;
    Ok(())
}
