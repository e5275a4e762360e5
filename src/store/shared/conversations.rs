//! Reading conversations and their log.

use super::{Connection, Store, budgets, commit, list};
use crate::domain::Time;
use crate::domain::conversation::{Conversation, FOLD_VERSION};
use crate::domain::event::Entry;
use crate::domain::ids::{ConversationId, Seq, UserId};
use crate::ports::storage::{
    Commit, CommitError, Committed, Conversations, Counts, Page, Row, RowFilter, Seen, Unavailable,
};
use crate::store::prepared::{ListRow, Prepared, asked};
use crate::store::values::{from_json, micros, parsed, plain, time};
use async_trait::async_trait;
use channels::Channel;

#[async_trait]
impl Conversations for Store {
    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        let finishes = commit.finishes.or(commit.buries.as_ref().map(|(place, _)| *place));
        let prepared = Prepared::new(commit).map_err(Unavailable::from)?;
        let committed =
            self.engine.write(prepared, |prepared, db| Box::pin(commit::commit(prepared, db))).await?;
        if let Some(place) = finishes {
            self.claimed().remove(&place);
        }
        Ok(committed)
    }

    async fn conversation(&self, id: ConversationId) -> Result<Option<Conversation>, Unavailable> {
        self.engine.read(id, |id, db| Box::pin(async move { Ok(conversation(*id, db).await?) })).await
    }

    async fn events(&self, id: ConversationId, after: Seq, limit: i64) -> Result<Vec<Entry>, Unavailable> {
        self.engine
            .read((id, after, limit), |(id, after, limit), db| {
                Box::pin(async move { Ok(log(*id, *after, *limit, db).await?) })
            })
            .await
    }

    async fn current(&self, channel: Channel, address: &str) -> Result<Option<ConversationId>, Unavailable> {
        self.engine
            .read((channel.name(), plain(address)), |(channel, address), db| {
                Box::pin(async move {
                    let found: Option<String> = sqlx::query_scalar(
                        "SELECT conversation FROM thread WHERE channel = $1 AND address = $2",
                    )
                    .bind(*channel)
                    .bind(address)
                    .fetch_optional(db)
                    .await?;
                    Ok(found.as_deref().map(parsed).transpose()?)
                })
            })
            .await
    }

    async fn beneath(&self, channel: Channel, address: &str) -> Result<Vec<ConversationId>, Unavailable> {
        self.engine
            .read((channel.name(), plain(address)), |(channel, address), db| {
                Box::pin(async move {
                    let found: Vec<String> = sqlx::query_scalar(
                        "SELECT conversation FROM thread WHERE channel = $1 AND (address = $2 OR \
                         (address > $2 AND substr(address, 1, length($2) + 1) = $2 || ':')) ORDER BY address",
                    )
                    .bind(*channel)
                    .bind(address)
                    .fetch_all(db)
                    .await?;
                    Ok(found.iter().map(|id| parsed(id)).collect::<Result<_, _>>()?)
                })
            })
            .await
    }

    async fn seen(&self, key: &str) -> Result<Option<Seen>, Unavailable> {
        self.engine
            .read(plain(key), |key, db| Box::pin(async move { Ok(commit::seen(key, db).await?) }))
            .await
    }

    async fn due(&self, now: Time, limit: i64) -> Result<Vec<ConversationId>, Unavailable> {
        self.ids("SELECT id FROM conversation WHERE due <= $1 ORDER BY due, id LIMIT $2", now, limit).await
    }

    async fn next_due(&self, now: Time) -> Result<Option<Time>, Unavailable> {
        self.engine
            .read(micros(now), |now, db| {
                Box::pin(async move {
                    let next: Option<i64> =
                        sqlx::query_scalar("SELECT MIN(due) FROM conversation WHERE due > $1")
                            .bind(*now)
                            .fetch_one(db)
                            .await?;
                    Ok(next.map(time).transpose()?)
                })
            })
            .await
    }

    async fn unanswered(&self, before: Time, limit: i64) -> Result<Vec<ConversationId>, Unavailable> {
        self.ids(
            "SELECT id FROM conversation WHERE unanswered_since < $1 ORDER BY unanswered_since, id LIMIT $2",
            before,
            limit,
        )
        .await
    }

    async fn rows(&self, filter: &RowFilter) -> Result<Page<Row>, Unavailable> {
        self.engine
            .read(filter.clone(), |filter, db| Box::pin(async move { Ok(list::rows(filter, db).await?) }))
            .await
    }

    async fn row(&self, id: ConversationId) -> Result<Option<Row>, Unavailable> {
        self.engine.read(id, |id, db| Box::pin(async move { Ok(list::row(*id, db).await?) })).await
    }

    async fn counts(&self, user: UserId) -> Result<Counts, Unavailable> {
        self.engine.read(user, |user, db| Box::pin(async move { Ok(list::counts(*user, db).await?) })).await
    }
}

impl Store {
    async fn ids(&self, sql: &'static str, at: Time, limit: i64) -> Result<Vec<ConversationId>, Unavailable> {
        self.engine
            .read((sql, micros(at), limit.max(0)), |(sql, at, limit), db| {
                Box::pin(async move {
                    let found: Vec<String> =
                        sqlx::query_scalar(*sql).bind(*at).bind(*limit).fetch_all(db).await?;
                    Ok(found.iter().map(|id| parsed(id)).collect::<Result<_, _>>()?)
                })
            })
            .await
    }

    /// Folds the conversations again whose snapshots are of another version of the fold, so that the columns of the
    /// list agree with it. Returns how many those were.
    pub(super) async fn refold(&self) -> Result<u64, Unavailable> {
        let mut folded = 0;
        // Ends where nothing can be folded: what is unreadable stays as it is.
        while let Some(stale) = self.stale().await? {
            let written: u64 = self
                .engine
                .write::<_, _, Unavailable>(stale, |stale, db| {
                    Box::pin(async move {
                        let mut written = 0;
                        for id in stale {
                            match fold(parsed(id)?, db).await {
                                Ok(Some(talk)) => {
                                    let row = ListRow::new(&talk)?;
                                    budgets::ask(&row.id, &asked(&talk), db).await?;
                                    written += u64::from(commit::rewrite(&row, row.last_seq, db).await?);
                                }
                                Ok(None) => {}
                                Err(sqlx::Error::Decode(error)) => {
                                    tracing::error!(conversation = %id, %error, "a log is unreadable");
                                }
                                Err(error) => return Err(error.into()),
                            }
                        }
                        Ok(written)
                    })
                })
                .await?;
            if written == 0 {
                break;
            }
            folded += written;
        }
        Ok(folded)
    }

    async fn stale(&self) -> Result<Option<Vec<String>>, Unavailable> {
        self.engine
            .read((), |(), db| {
                Box::pin(async move {
                    // Two ranges, because an index serves them and not an inequality.
                    let found: Vec<String> = sqlx::query_scalar(
                        "SELECT id FROM conversation WHERE fold_version < $1 OR fold_version > $1 LIMIT 100",
                    )
                    .bind(FOLD_VERSION)
                    .fetch_all(db)
                    .await?;
                    Ok((!found.is_empty()).then_some(found))
                })
            })
            .await
    }
}

async fn conversation(id: ConversationId, db: &mut Connection) -> Result<Option<Conversation>, sqlx::Error> {
    let found: Option<(i64, String)> =
        sqlx::query_as("SELECT fold_version, snapshot FROM conversation WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(&mut *db)
            .await?;
    let Some((version, snapshot)) = found else { return Ok(None) };
    restore(id, version, &snapshot, db).await.map(Some)
}

/// The state out of its snapshot, or out of the log where the snapshot is not of this program's fold.
pub(super) async fn restore(
    id: ConversationId,
    version: i64,
    snapshot: &str,
    db: &mut Connection,
) -> Result<Conversation, sqlx::Error> {
    if version == FOLD_VERSION {
        match from_json(snapshot) {
            Ok(talk) => return Ok(talk),
            Err(error) => {
                tracing::warn!(conversation = %id, %error, "a snapshot is unreadable; the log is folded")
            }
        }
    }
    fold(id, db).await?.ok_or(sqlx::Error::RowNotFound)
}

async fn fold(id: ConversationId, db: &mut Connection) -> Result<Option<Conversation>, sqlx::Error> {
    let entries = log(id, 0, i64::MAX, db).await?;
    if entries.is_empty() {
        return Ok(None);
    }
    Conversation::fold(id, &entries).map(Some).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

async fn log(
    id: ConversationId,
    after: Seq,
    limit: i64,
    db: &mut Connection,
) -> Result<Vec<Entry>, sqlx::Error> {
    let rows: Vec<(i64, i64, String)> = sqlx::query_as(
        "SELECT seq, at, body FROM event WHERE conversation = $1 AND seq > $2 ORDER BY seq LIMIT $3",
    )
    .bind(id.to_string())
    .bind(after)
    .bind(limit.max(0))
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|(seq, at, body)| Ok(Entry { seq, at: time(at)?, event: from_json(&body)? }))
        .collect()
}
