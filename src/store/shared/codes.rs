//! One-time codes.

use super::Store;
use crate::domain::Time;
use crate::domain::ids::{CustomerId, Place};
use crate::ports::storage::{Claims, CodeTry, Codes, IssuedCode, Unavailable};
use crate::store::values::{micros, parsed, plain, time};
use async_trait::async_trait;

#[async_trait]
impl Codes for Store {
    async fn claims(&self, customer: CustomerId, claim: &str, since: Time) -> Result<Claims, Unavailable> {
        self.engine
            .read((customer, plain(claim), micros(since)), |(customer, claim, since), db| {
                Box::pin(async move {
                    let (by_customer, for_account) = sqlx::query_as(
                        "SELECT count(CASE WHEN customer = $1 THEN 1 END), count(CASE WHEN claim = $2 THEN 1 END) \
                         FROM code_claim WHERE at >= $3",
                    )
                    .bind(customer.to_string())
                    .bind(claim)
                    .bind(*since)
                    .fetch_one(db)
                    .await?;
                    Ok(Claims { by_customer, for_account })
                })
            })
            .await
    }

    async fn note_claim(
        &self,
        place: Place,
        customer: CustomerId,
        claim: &str,
        at: Time,
        forget: Time,
    ) -> Result<(), Unavailable> {
        self.engine
            .write(
                (place, customer, plain(claim), micros(at), micros(forget)),
                |(place, customer, claim, at, forget), db| {
                    Box::pin(async move {
                        sqlx::query("DELETE FROM code_claim WHERE at < $1")
                            .bind(*forget)
                            .execute(&mut *db)
                            .await?;
                        sqlx::query(
                            "INSERT INTO code_claim (conversation, seq, customer, claim, at) \
                             VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
                        )
                        .bind(place.conversation.to_string())
                        .bind(place.seq)
                        .bind(customer.to_string())
                        .bind(claim)
                        .bind(*at)
                        .execute(db)
                        .await?;
                        Ok(())
                    })
                },
            )
            .await
    }

    async fn withdraw_claim(&self, place: Place) -> Result<(), Unavailable> {
        self.engine
            .write(place, |place, db| {
                Box::pin(async move {
                    sqlx::query("DELETE FROM code_claim WHERE conversation = $1 AND seq = $2")
                        .bind(place.conversation.to_string())
                        .bind(place.seq)
                        .execute(db)
                        .await?;
                    Ok(())
                })
            })
            .await
    }

    async fn put_code(&self, code: IssuedCode) -> Result<(), Unavailable> {
        self.engine
            .write(code, |code, db| {
                Box::pin(async move {
                    sqlx::query(
                        "INSERT INTO code (customer, conversation, seq, hash, account, expires_at, tries, taken) \
                         VALUES ($1, $2, $3, $4, $5, $6, 0, 0) ON CONFLICT (customer) DO UPDATE SET \
                         conversation = excluded.conversation, seq = excluded.seq, hash = excluded.hash, \
                         account = excluded.account, expires_at = excluded.expires_at, tries = 0, taken = 0, \
                         last_by = NULL",
                    )
                    .bind(code.customer.to_string())
                    .bind(code.place.conversation.to_string())
                    .bind(code.place.seq)
                    .bind(&code.hash)
                    .bind(plain(&code.account))
                    .bind(micros(code.expires_at))
                    .execute(db)
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    async fn code(&self, customer: CustomerId, now: Time) -> Result<Option<IssuedCode>, Unavailable> {
        self.engine
            .read((customer, micros(now)), |(customer, now), db| {
                Box::pin(async move {
                    let found: Option<(String, i64, String, String, i64)> = sqlx::query_as(
                        "SELECT conversation, seq, hash, account, expires_at FROM code \
                         WHERE customer = $1 AND expires_at > $2",
                    )
                    .bind(customer.to_string())
                    .bind(*now)
                    .fetch_optional(db)
                    .await?;
                    let Some((conversation, seq, hash, account, expires_at)) = found else { return Ok(None) };
                    let place = Place { conversation: parsed(&conversation)?, seq };
                    let expires_at = time(expires_at)?;
                    Ok(Some(IssuedCode { customer: *customer, place, hash, account, expires_at }))
                })
            })
            .await
    }

    async fn try_code(
        &self,
        place: Place,
        customer: CustomerId,
        by: &str,
        right: bool,
        most: i64,
    ) -> Result<CodeTry, Unavailable> {
        self.engine
            .write((place, customer, plain(by), right, most), |(place, customer, by, right, most), db| {
                Box::pin(async move {
                    let counted: Option<i64> = sqlx::query_scalar(
                        "UPDATE code SET tries = tries + 1, last_by = $4, taken = $5 \
                         WHERE customer = $1 AND conversation = $2 AND seq = $3 AND taken = 0 AND tries < $6 \
                         AND (last_by IS NULL OR last_by <> $4) RETURNING tries",
                    )
                    .bind(customer.to_string())
                    .bind(place.conversation.to_string())
                    .bind(place.seq)
                    .bind(by)
                    .bind(i64::from(*right))
                    .bind(*most)
                    .fetch_optional(&mut *db)
                    .await?;
                    if let Some(tries) = counted {
                        return Ok(CodeTry::Counted(tries));
                    }
                    let before: Option<(i64, i64)> = sqlx::query_as(
                        "SELECT taken, tries FROM code WHERE customer = $1 AND conversation = $2 AND seq = $3 \
                         AND last_by = $4",
                    )
                    .bind(customer.to_string())
                    .bind(place.conversation.to_string())
                    .bind(place.seq)
                    .bind(by)
                    .fetch_optional(db)
                    .await?;
                    Ok(match before {
                        Some((taken, tries)) => CodeTry::Before { taken: taken != 0, tries },
                        None => CodeTry::Gone,
                    })
                })
            })
            .await
    }
}
