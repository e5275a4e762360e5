//! Effects waiting to be done.
//!
//! A claim is written before anything is sent, so the table may say `sending` where this process knows of no claim:
//! the caller went away, or the answer to the `COMMIT` was lost. Nothing was sent then, and the next claim takes it
//! back. What another process left in `sending` is another matter: see [`Outbox::interrupted`].

use super::{Connection, Db, SKIP_LOCKED, Store, letters};
use crate::domain::Time;
use crate::domain::ids::{ConversationId, Place};
use crate::ports::storage::{Count, Item, Letter, Outbox, Page, Unavailable};
use crate::store::values::{from_json, micros, parsed, plain, time};
use async_trait::async_trait;
use sqlx::{FromRow, QueryBuilder};

/// A row that is being sent.
#[derive(FromRow)]
struct Columns {
    conversation: String,
    seq: i64,
    effect: String,
    /// The one under way counts.
    attempts: i64,
    due: i64,
    progress: i64,
    doubts: i64,
    created_at: i64,
    began: Option<i64>,
    tried: Option<i64>,
    redriven: i64,
}

#[async_trait]
impl Outbox for Store {
    async fn claim(&self, now: Time, limit: i64) -> Result<Vec<Item>, Unavailable> {
        // One at a time: a claim that is on disk but not yet in `claimed` would look like one that nobody knows of.
        let _turn = self.claiming.lock().await;
        let known: Vec<Place> = self.claimed().keys().copied().collect();
        let claim = Claim { owner: self.owner.clone(), known, now: micros(now), limit: limit.max(0) };
        let items: Result<_, Unavailable> =
            self.engine.write(claim, |claim, db| Box::pin(async move { Ok(claim.take(db).await?) })).await;
        let items = items?;
        self.claimed().extend(items.iter().map(|item| (item.place, item.attempts)));
        Ok(items)
    }

    async fn put_back(&self, place: Place, due: Time, cause: &str, count: Count) -> Result<(), Unavailable> {
        let attempt = self.claimed().get(&place).copied();
        let (untried, doubts) = match count {
            Count::Tried => (0_i64, 0_i64),
            Count::Waited => (1, 0),
            Count::InDoubt => (0, 1),
        };
        self.engine
            .write::<_, _, Unavailable>(
                (place, micros(due), plain(cause), untried, doubts),
                |(place, due, cause, untried, doubts), db| {
                    Box::pin(async move {
                        sqlx::query(
                            "UPDATE outbox SET state = 'pending', owner = NULL, due = $3, cause = $4, \
                             attempts = attempts - $5, doubts = doubts + $6, \
                             tried = CASE WHEN $6 = 1 THEN began ELSE tried END \
                             WHERE conversation = $1 AND seq = $2 AND state = 'sending'",
                        )
                        .bind(place.conversation.to_string())
                        .bind(place.seq)
                        .bind(*due)
                        .bind(cause)
                        .bind(*untried)
                        .bind(*doubts)
                        .execute(db)
                        .await?;
                        Ok(())
                    })
                },
            )
            .await?;
        let mut claimed = self.claimed();
        // It may have been claimed again meanwhile.
        if attempt.is_some() && claimed.get(&place).copied() == attempt {
            claimed.remove(&place);
        }
        Ok(())
    }

    async fn progressed(&self, place: Place, parts: i64) -> Result<(), Unavailable> {
        self.engine
            .write((place, parts), |(place, parts), db| {
                Box::pin(async move {
                    sqlx::query(
                        "UPDATE outbox SET progress = $3 WHERE conversation = $1 AND seq = $2 AND state = 'sending'",
                    )
                    .bind(place.conversation.to_string())
                    .bind(place.seq)
                    .bind(*parts)
                    .execute(db)
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    async fn interrupted(&self) -> Result<Vec<Item>, Unavailable> {
        let ours: Vec<Place> = self.claimed().keys().copied().collect();
        let of = |whose: &'static str| async move {
            self.engine
                .read((self.owner.clone(), whose), |(owner, whose), db| {
                    Box::pin(async move {
                        let rows: Vec<Columns> = sqlx::query_as(*whose).bind(owner).fetch_all(db).await?;
                        Ok(items(rows)?)
                    })
                })
                .await
        };
        let mut interrupted =
            of("SELECT conversation, seq, effect, attempts, due, progress, doubts, created_at, began, tried, redriven FROM outbox \
             WHERE state = 'sending' AND owner <> $1 ORDER BY due, conversation, seq")
            .await?;
        let own: Result<Vec<Item>, Unavailable> =
            of("SELECT conversation, seq, effect, attempts, due, progress, doubts, created_at, began, tried, redriven FROM outbox \
             WHERE state = 'sending' AND owner = $1 ORDER BY due, conversation, seq")
            .await;
        // What this process never heard of claiming was never sent: the next claim takes it back.
        interrupted.extend(own?.into_iter().filter(|item| ours.contains(&item.place)));
        Ok(interrupted)
    }

    async fn next_effect_due(&self, now: Time) -> Result<Option<Time>, Unavailable> {
        self.engine
            .read(micros(now), |now, db| {
                Box::pin(async move {
                    let next: Option<i64> = sqlx::query_scalar(
                        "SELECT MIN(o.due) FROM outbox o WHERE o.state = 'pending' AND o.due > $1 AND NOT EXISTS \
                         (SELECT 1 FROM outbox e WHERE e.conversation = o.conversation AND e.lane = o.lane AND e.seq < o.seq \
                         AND (e.state <> 'dead' OR e.lane LIKE 'mirror/%'))",
                    )
                    .bind(*now)
                    .fetch_one(db)
                    .await?;
                    Ok(next.map(time).transpose()?)
                })
            })
            .await
    }

    async fn waiting_effects(&self) -> Result<i64, Unavailable> {
        self.engine
            .read((), |(), db| {
                Box::pin(async move {
                    let count = "SELECT COUNT(*) FROM outbox WHERE state <> 'dead'";
                    Ok(sqlx::query_scalar(count).fetch_one(db).await?)
                })
            })
            .await
    }

    async fn letters(&self, cursor: Option<&str>, limit: i64) -> Result<Page<Letter>, Unavailable> {
        self.engine
            .read((cursor.map(str::to_owned), limit), |(cursor, limit), db| {
                Box::pin(async move { Ok(letters::letters(cursor.as_deref(), *limit, db).await?) })
            })
            .await
    }

    async fn letter(&self, place: Place) -> Result<Option<Letter>, Unavailable> {
        self.engine
            .read(place, |place, db| Box::pin(async move { Ok(letters::one(*place, db).await?) }))
            .await
    }

    async fn is_waiting(&self, conversation: ConversationId, lane: &str) -> Result<bool, Unavailable> {
        self.engine
            .read((conversation.to_string(), plain(lane)), |(conversation, lane), db| {
                Box::pin(async move {
                    let count = "SELECT COUNT(*) FROM outbox WHERE conversation = $1 AND lane = $2";
                    let waiting: i64 =
                        sqlx::query_scalar(count).bind(conversation).bind(lane).fetch_one(db).await?;
                    Ok(waiting > 0)
                })
            })
            .await
    }

    async fn dead_letters(&self) -> Result<i64, Unavailable> {
        self.engine
            .read((), |(), db| {
                Box::pin(async move {
                    let count = "SELECT COUNT(*) FROM outbox WHERE state = 'dead'";
                    Ok(sqlx::query_scalar(count).fetch_one(db).await?)
                })
            })
            .await
    }
}

struct Claim {
    owner: String,
    known: Vec<Place>,
    now: i64,
    limit: i64,
}

impl Claim {
    async fn take(&self, db: &mut Connection) -> Result<Vec<Item>, sqlx::Error> {
        self.take_back(db).await?;
        let mut claim = QueryBuilder::<Db>::new(
            "WITH picked AS MATERIALIZED (SELECT o.conversation, o.seq FROM outbox o \
             WHERE o.state = 'pending' AND o.due <= ",
        );
        claim.push_bind(self.now);
        claim.push(
            " AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.conversation = o.conversation AND e.lane = o.lane AND e.seq < o.seq \
             AND (e.state <> 'dead' OR e.lane LIKE 'mirror/%')) \
             ORDER BY o.due, o.conversation, o.seq LIMIT ",
        );
        claim.push_bind(self.limit).push(SKIP_LOCKED);
        claim.push(") UPDATE outbox SET state = 'sending', attempts = outbox.attempts + 1, owner = ");
        claim.push_bind(&self.owner).push(", began = ").push_bind(self.now);
        claim.push(
            " FROM picked WHERE outbox.conversation = picked.conversation AND outbox.seq = picked.seq \
             RETURNING outbox.conversation, outbox.seq, outbox.effect, outbox.attempts, outbox.due, \
             outbox.progress, outbox.doubts, outbox.created_at, outbox.began, outbox.tried, outbox.redriven",
        );
        let mut rows: Vec<Columns> = claim.build_query_as().fetch_all(db).await?;
        rows.sort_by(|a, b| (a.due, &a.conversation, a.seq).cmp(&(b.due, &b.conversation, b.seq)));
        items(rows)
    }

    /// Claims of this process that it never heard of.
    async fn take_back(&self, db: &mut Connection) -> Result<(), sqlx::Error> {
        let sending: Vec<(String, i64)> =
            sqlx::query_as("SELECT conversation, seq FROM outbox WHERE state = 'sending' AND owner = $1")
                .bind(&self.owner)
                .fetch_all(&mut *db)
                .await?;
        for (conversation, seq) in sending {
            let place = Place { conversation: parsed(&conversation)?, seq };
            if !self.known.contains(&place) {
                sqlx::query(
                    "UPDATE outbox SET state = 'pending', owner = NULL, attempts = attempts - 1 \
                     WHERE conversation = $1 AND seq = $2 AND state = 'sending'",
                )
                .bind(conversation)
                .bind(seq)
                .execute(&mut *db)
                .await?;
            }
        }
        Ok(())
    }
}

fn items(rows: Vec<Columns>) -> Result<Vec<Item>, sqlx::Error> {
    rows.into_iter()
        .map(|row| {
            Ok(Item {
                place: Place { conversation: parsed(&row.conversation)?, seq: row.seq },
                effect: from_json(&row.effect)?,
                attempts: row.attempts - 1,
                progress: row.progress,
                doubts: row.doubts,
                asked_at: time(row.created_at)?,
                began: time(row.began.unwrap_or(row.due))?,
                tried: row.tried.map(time).transpose()?,
                redriven: row.redriven != 0,
            })
        })
        .collect()
}
