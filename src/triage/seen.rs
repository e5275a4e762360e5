//! Which facts a decision looked at.

use crate::domain::customer::Account;
use crate::playbook::facts::Facts;
use serde_json::Value;

/// The facts that the rules looked at, as `name=value`; never the message itself.
/// Where several directories were asked, the one that knew is named.
pub(super) fn context(used: &[String], facts: &Facts, known: Option<&Account>) -> Vec<String> {
    let json = Value::Object(facts.json());
    let mut used: Vec<&String> = used.iter().filter(|path| *path != "message.text").collect();
    used.sort();
    used.dedup();
    used.iter()
        .map(|path| {
            let value = path.split('.').fold(&json, |value, part| &value[part]);
            let from = path.strip_prefix("customer.").and_then(|field| known?.from.get(field));
            let from = from.map(|from| format!(" (from {from})")).unwrap_or_default();
            match value {
                Value::String(text) => format!("{path}={text}{from}"),
                other => format!("{path}={other}{from}"),
            }
        })
        .collect()
}
