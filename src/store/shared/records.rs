//! Uploads and releases.

use super::Store;
use crate::domain::Time;
use crate::domain::ids::UploadId;
use crate::domain::release::{Content, ReleaseId};
use crate::ports::storage::{Releases, StoredUpload, Unavailable, Uploads};
use crate::store::values::{from_json, json, micros, parsed, plain};
use async_trait::async_trait;

#[async_trait]
impl Uploads for Store {
    async fn put_upload(&self, upload: StoredUpload, at: Time) -> Result<(), Unavailable> {
        self.engine
            .write((upload, micros(at)), |(upload, at), db| {
                Box::pin(async move {
                    sqlx::query(
                        "INSERT INTO upload (id, customer, name, media_type, created_at, content) \
                         VALUES ($1, $2, $3, $4, $5, $6)",
                    )
                    .bind(upload.id.to_string())
                    .bind(upload.customer.to_string())
                    .bind(plain(&upload.name))
                    .bind(plain(&upload.media_type))
                    .bind(*at)
                    .bind(&upload.content)
                    .execute(db)
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    async fn upload(&self, id: UploadId) -> Result<Option<StoredUpload>, Unavailable> {
        self.engine
            .read(id, |id, db| {
                Box::pin(async move {
                    let found: Option<(String, String, String, Vec<u8>)> = sqlx::query_as(
                        "SELECT customer, name, media_type, content FROM upload WHERE id = $1",
                    )
                    .bind(id.to_string())
                    .fetch_optional(db)
                    .await?;
                    let Some((customer, name, media_type, content)) = found else { return Ok(None) };
                    Ok(Some(StoredUpload {
                        id: *id,
                        customer: parsed(&customer)?,
                        name,
                        media_type,
                        content,
                    }))
                })
            })
            .await
    }
}

#[async_trait]
impl Releases for Store {
    async fn put_release(&self, id: &ReleaseId, content: &Content, at: Time) -> Result<(), Unavailable> {
        let content = json(content)?;
        self.engine
            .write((plain(&id.0), content, micros(at)), |(id, content, at), db| {
                Box::pin(async move {
                    sqlx::query(
                        "INSERT INTO release (id, content, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                    )
                    .bind(id)
                    .bind(content)
                    .bind(*at)
                    .execute(db)
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    async fn release(&self, id: &ReleaseId) -> Result<Option<Content>, Unavailable> {
        self.engine
            .read(plain(&id.0), |id, db| {
                Box::pin(async move {
                    let found: Option<String> =
                        sqlx::query_scalar("SELECT content FROM release WHERE id = $1")
                            .bind(id)
                            .fetch_optional(db)
                            .await?;
                    Ok(found.as_deref().map(from_json).transpose()?)
                })
            })
            .await
    }
}
