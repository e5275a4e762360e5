//! Customers, uploads and releases.

use super::Unavailable;
use crate::domain::Time;
use crate::domain::customer::Customer;
use crate::domain::ids::{CustomerId, UploadId};
use crate::domain::release::{Content, ReleaseId};
use async_trait::async_trait;
use channels::Channel;

/// Who writes.
#[async_trait]
pub trait Customers: Send + Sync {
    /// The customer behind a platform's id.
    async fn customer_of(&self, channel: Channel, sender: &str) -> Result<Option<Customer>, Unavailable>;

    /// By id.
    async fn customer(&self, id: CustomerId) -> Result<Option<Customer>, Unavailable>;

    /// The customer of the desk owner's own id (signed identities only).
    async fn customer_by_external(&self, external: &str) -> Result<Option<Customer>, Unavailable>;

    /// Writes the record, whole.
    async fn put_customer(&self, customer: Customer, at: Time) -> Result<(), Unavailable>;

    /// Binds a platform's id to a customer, in place of whom it was bound to: only on proof that it is theirs.
    async fn rebind(&self, channel: Channel, sender: &str, customer: CustomerId) -> Result<(), Unavailable>;

    /// Binds a platform's id to a customer. The first binding wins; returns the customer it is bound to.
    async fn bind(
        &self,
        channel: Channel,
        sender: &str,
        customer: CustomerId,
    ) -> Result<CustomerId, Unavailable>;
}

/// A file from a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredUpload {
    /// Ours.
    pub id: UploadId,
    /// Who sent it.
    pub customer: CustomerId,
    /// Its name, as they gave it.
    pub name: String,
    /// The type found in its content.
    pub media_type: String,
    /// The bytes.
    pub content: Vec<u8>,
}

/// Files.
#[async_trait]
pub trait Uploads: Send + Sync {
    /// Keeps a file.
    async fn put_upload(&self, upload: StoredUpload, at: Time) -> Result<(), Unavailable>;

    /// Reads it.
    async fn upload(&self, id: UploadId) -> Result<Option<StoredUpload>, Unavailable>;
}

/// Releases: immutable, only ever added.
#[async_trait]
pub trait Releases: Send + Sync {
    /// Keeps a release; the same one again changes nothing.
    async fn put_release(&self, id: &ReleaseId, content: &Content, at: Time) -> Result<(), Unavailable>;

    /// Reads it.
    async fn release(&self, id: &ReleaseId) -> Result<Option<Content>, Unavailable>;
}
