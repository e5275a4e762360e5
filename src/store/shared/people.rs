//! Agents, admins, and everybody's sessions.

use super::{Connection, Db, Store};
use crate::domain::Time;
use crate::domain::ids::UserId;
use crate::domain::person::Role;
use crate::ports::storage::{People, Session, SessionKind, Unavailable, User};
use crate::store::values::{micros, named, parsed, plain, time};
use async_trait::async_trait;
use sqlx::{FromRow, QueryBuilder};

#[async_trait]
impl People for Store {
    async fn put_user(&self, user: User, at: Time) -> Result<UserId, Unavailable> {
        self.engine
            .write((user, micros(at)), |(user, at), db| {
                Box::pin(async move {
                    let id: String = sqlx::query_scalar(
                        "INSERT INTO person (id, email, name, role, password, created_at, updated_at) \
                         VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (email) DO UPDATE SET \
                         name = excluded.name, role = excluded.role, password = excluded.password, \
                         updated_at = excluded.updated_at RETURNING id",
                    )
                    .bind(user.id.to_string())
                    .bind(plain(&user.email).to_lowercase())
                    .bind(plain(&user.name))
                    .bind(user.role.name())
                    .bind(&user.password)
                    .bind(*at)
                    .fetch_one(db)
                    .await?;
                    Ok(parsed(&id)?)
                })
            })
            .await
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<User>, Unavailable> {
        let mut found = self.people(" WHERE email = ", Some(plain(email).to_lowercase())).await?;
        Ok(found.pop())
    }

    async fn user(&self, id: UserId) -> Result<Option<User>, Unavailable> {
        let mut found = self.people(" WHERE id = ", Some(id.to_string())).await?;
        Ok(found.pop())
    }

    async fn users(&self) -> Result<Vec<User>, Unavailable> {
        let mut users = self.people("", None).await?;
        // Not in SQL: databases differ in what comes after what.
        users.sort_by_cached_key(|user| (user.name.to_lowercase(), user.email.clone()));
        Ok(users)
    }

    async fn put_session(&self, session: Session) -> Result<(), Unavailable> {
        self.engine
            .write(session, |session, db| {
                Box::pin(async move {
                    sqlx::query(
                        "INSERT INTO session (hash, kind, subject, expires_at, used_at) VALUES ($1, $2, $3, $4, $5)",
                    )
                    .bind(&session.hash)
                    .bind(session.kind.name())
                    .bind(session.subject.to_string())
                    .bind(micros(session.expires_at))
                    .bind(micros(session.used_at))
                    .execute(db)
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    async fn session(
        &self,
        hash: &str,
        kind: SessionKind,
        now: Time,
    ) -> Result<Option<Session>, Unavailable> {
        self.engine
            .read((plain(hash), kind, micros(now)), |(hash, kind, now), db| {
                Box::pin(async move {
                    let found: Option<(String, i64, i64)> = sqlx::query_as(
                        "SELECT subject, expires_at, used_at FROM session \
                         WHERE hash = $1 AND kind = $2 AND expires_at > $3",
                    )
                    .bind(hash)
                    .bind(kind.name())
                    .bind(*now)
                    .fetch_optional(db)
                    .await?;
                    let Some((subject, expires_at, used_at)) = found else { return Ok(None) };
                    Ok(Some(Session {
                        hash: hash.clone(),
                        kind: *kind,
                        subject: parsed(&subject)?,
                        expires_at: time(expires_at)?,
                        used_at: time(used_at)?,
                    }))
                })
            })
            .await
    }

    async fn touch_session(&self, hash: &str, used_at: Time) -> Result<(), Unavailable> {
        self.engine
            .write((plain(hash), micros(used_at)), |(hash, used_at), db| {
                Box::pin(async move {
                    sqlx::query("UPDATE session SET used_at = $2 WHERE hash = $1 AND used_at < $2")
                        .bind(hash)
                        .bind(*used_at)
                        .execute(db)
                        .await?;
                    Ok(())
                })
            })
            .await
    }

    async fn end_session(&self, hash: &str) -> Result<bool, Unavailable> {
        self.forget("DELETE FROM session WHERE hash = $1", plain(hash)).await.map(|ended| ended > 0)
    }

    async fn end_sessions_of(&self, user: UserId) -> Result<(), Unavailable> {
        // A link would open the console as well.
        let sql = "DELETE FROM session WHERE subject = $1 AND kind IN ('console', 'link')";
        self.forget(sql, user.to_string()).await.map(|_| ())
    }

    async fn sweep_sessions(&self, now: Time) -> Result<(), Unavailable> {
        self.engine
            .write(micros(now), |now, db| {
                Box::pin(async move {
                    sqlx::query("DELETE FROM session WHERE expires_at <= $1").bind(*now).execute(db).await?;
                    Ok(())
                })
            })
            .await
    }
}

impl Store {
    async fn people(&self, condition: &'static str, value: Option<String>) -> Result<Vec<User>, Unavailable> {
        self.engine
            .read((condition, value), |(condition, value), db| {
                Box::pin(async move { Ok(people(condition, value.as_ref(), db).await?) })
            })
            .await
    }

    async fn forget(&self, sql: &'static str, value: String) -> Result<u64, Unavailable> {
        self.engine
            .write((sql, value), |(sql, value), db| {
                Box::pin(async move { Ok(sqlx::query(*sql).bind(value).execute(db).await?.rows_affected()) })
            })
            .await
    }
}

#[derive(FromRow)]
struct Columns {
    id: String,
    email: String,
    name: String,
    role: String,
    password: Option<String>,
}

async fn people(
    condition: &str,
    value: Option<&String>,
    db: &mut Connection,
) -> Result<Vec<User>, sqlx::Error> {
    let mut query = QueryBuilder::<Db>::new("SELECT id, email, name, role, password FROM person");
    query.push(condition);
    if let Some(value) = value {
        query.push_bind(value);
    }
    let rows: Vec<Columns> = query.build_query_as().fetch_all(db).await?;
    rows.into_iter()
        .map(|row| {
            Ok(User {
                id: parsed(&row.id)?,
                email: row.email,
                name: row.name,
                role: named(&row.role, Role::from_name)?,
                password: row.password,
            })
        })
        .collect()
}
