//! Who writes.

use super::{Connection, Store};
use crate::domain::Time;
use crate::domain::customer::Customer;
use crate::domain::ids::CustomerId;
use crate::ports::storage::{Customers, Unavailable};
use crate::store::values::{from_json, json, micros, parsed, plain, searchable};
use async_trait::async_trait;
use channels::Channel;

#[async_trait]
impl Customers for Store {
    async fn customer_of(&self, channel: Channel, sender: &str) -> Result<Option<Customer>, Unavailable> {
        self.engine
            .read((channel.name(), plain(sender)), |(channel, sender), db| {
                Box::pin(async move {
                    let found: Option<String> = sqlx::query_scalar(
                        "SELECT c.record FROM sender s JOIN customer c ON c.id = s.customer \
                         WHERE s.channel = $1 AND s.sender = $2",
                    )
                    .bind(*channel)
                    .bind(sender)
                    .fetch_optional(db)
                    .await?;
                    Ok(record(found)?)
                })
            })
            .await
    }

    async fn customer(&self, id: CustomerId) -> Result<Option<Customer>, Unavailable> {
        self.engine
            .read(id.to_string(), |id, db| {
                Box::pin(async move {
                    let found = sqlx::query_scalar("SELECT record FROM customer WHERE id = $1")
                        .bind(id)
                        .fetch_optional(db)
                        .await?;
                    Ok(record(found)?)
                })
            })
            .await
    }

    async fn customer_by_external(&self, external: &str) -> Result<Option<Customer>, Unavailable> {
        self.engine
            .read(plain(external), |external, db| {
                Box::pin(async move {
                    // Two first visits at once may have made two records; all agree on the older one.
                    let found = sqlx::query_scalar(
                        "SELECT record FROM customer WHERE external = $1 ORDER BY created_at, id LIMIT 1",
                    )
                    .bind(external)
                    .fetch_optional(db)
                    .await?;
                    Ok(record(found)?)
                })
            })
            .await
    }

    async fn put_customer(&self, customer: Customer, at: Time) -> Result<(), Unavailable> {
        self.engine
            .write((customer, micros(at)), |(customer, at), db| {
                Box::pin(async move { Ok(put(customer, *at, db).await?) })
            })
            .await
    }

    async fn rebind(&self, channel: Channel, sender: &str, customer: CustomerId) -> Result<(), Unavailable> {
        self.engine
            .write((channel.name(), plain(sender), customer), |(channel, sender, customer), db| {
                Box::pin(async move {
                    sqlx::query(
                        "INSERT INTO sender (channel, sender, customer) VALUES ($1, $2, $3) \
                         ON CONFLICT (channel, sender) DO UPDATE SET customer = excluded.customer",
                    )
                    .bind(*channel)
                    .bind(sender)
                    .bind(customer.to_string())
                    .execute(db)
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    async fn bind(
        &self,
        channel: Channel,
        sender: &str,
        customer: CustomerId,
    ) -> Result<CustomerId, Unavailable> {
        self.engine
            .write((channel.name(), plain(sender), customer), |(channel, sender, customer), db| {
                Box::pin(async move {
                    sqlx::query(
                        "INSERT INTO sender (channel, sender, customer) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                    )
                    .bind(*channel)
                    .bind(sender)
                    .bind(customer.to_string())
                    .execute(&mut *db)
                    .await?;
                    let bound: String =
                        sqlx::query_scalar("SELECT customer FROM sender WHERE channel = $1 AND sender = $2")
                            .bind(*channel)
                            .bind(sender)
                            .fetch_one(db)
                            .await?;
                    Ok(parsed(&bound)?)
                })
            })
            .await
    }
}

async fn put(customer: &Customer, at: i64, db: &mut Connection) -> Result<(), sqlx::Error> {
    let searched = [&customer.name, &customer.email, &customer.external];
    sqlx::query(
        "INSERT INTO customer (id, external, created_at, updated_at, search, record, verified_email) \
         VALUES ($1, $2, $3, $3, $4, $5, $6) \
         ON CONFLICT (id) DO UPDATE SET external = excluded.external, updated_at = excluded.updated_at, \
         search = excluded.search, record = excluded.record, verified_email = excluded.verified_email",
    )
    .bind(customer.id.to_string())
    .bind(customer.external.as_deref().map(plain))
    .bind(at)
    .bind(searchable(searched.into_iter().flatten().map(String::as_str)))
    .bind(json(customer)?)
    .bind(customer.email.as_deref().filter(|_| customer.verified).map(|email| plain(&email.to_lowercase())))
    .execute(db)
    .await?;
    Ok(())
}

fn record(found: Option<String>) -> Result<Option<Customer>, sqlx::Error> {
    found.as_deref().map(from_json).transpose()
}
