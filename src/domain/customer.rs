//! What is known of a customer.

use super::ids::CustomerId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A customer as the desk knows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Ours.
    pub id: CustomerId,
    /// A name they gave or the platform showed: hostile text, never proof of anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// An address they gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether a signed identity vouches for `email` and `external`.
    #[serde(default)]
    pub verified: bool,
    /// The id in the desk owner's own systems, from a signed identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external: Option<String>,
    /// The language they asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

/// What a directory says of an account.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Account {
    /// The id there.
    pub id: String,
    /// The address it is found by.
    pub email: String,
    /// The person's name.
    #[serde(default)]
    pub name: String,
    /// The company.
    #[serde(default)]
    pub company: String,
    /// E.g. `free`, `team`, `business`, `enterprise`.
    #[serde(default)]
    pub tier: String,
    /// The plan's name.
    #[serde(default)]
    pub plan: String,
    /// Preferred language.
    #[serde(default)]
    pub language: String,
    /// E.g. `active`, `locked`, `suspended`, `trial`.
    #[serde(default)]
    pub status: String,
    /// Customer since, as the directory writes it.
    #[serde(default)]
    pub since: String,
    /// Open tickets, as the directory counts them.
    #[serde(default)]
    pub open_tickets: i64,
    /// Which directory each field came from, where there are several.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub from: BTreeMap<String, String>,
    /// Directories that did not answer, with why: what they know is not there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Anything else it knows.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub more: BTreeMap<String, String>,
}
