//! Training examples, and the rows they are read from.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A message and what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// What a customer might write.
    pub text: String,
    /// The intent's id; `None` marks a message that no intent covers (out of scope).
    pub intent: Option<String>,
}

/// What a model is trained from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingSet {
    /// The examples; their order is part of the model's identity.
    pub examples: Vec<Example>,
    /// Display names (a description may follow) by intent id. Each serves as one more example; where an intent has
    /// none, the words of its id do.
    pub names: BTreeMap<String, String>,
}

/// What is wrong with one line of a training file, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineError {
    /// Counted from 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// A sentence.
    pub message: String,
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 { f.write_str(&self.message) } else { write!(f, "{}: {}", self.line, self.message) }
    }
}

impl std::error::Error for LineError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    text: String,
    // A missing intent is a mistake, an intent of null is not.
    #[serde(deserialize_with = "Option::deserialize")]
    intent: Option<String>,
    #[serde(default)]
    name: Option<String>,
}

/// Longest message anybody may send; longer examples are refused.
const MOST_BYTES: usize = 16 * 1024;
/// Beyond this many, a reader fixes the first ones and tries again.
const MOST_ERRORS: usize = 100;

/// Reads rows of `{"text", "intent", "name"?}`, one JSON object a line; blank lines are skipped.
///
/// # Errors
/// Every line that can't be used (the first hundred), in the order of the file.
pub fn parse_jsonl(text: &str) -> Result<TrainingSet, Vec<LineError>> {
    let mut set = TrainingSet::default();
    let mut errors = Vec::new();
    let mut seen: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (at, line) in text.trim_start_matches('\u{FEFF}').lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        match read_row(line) {
            Ok(row) => {
                if let Some(intent) = &row.intent {
                    seen.entry(intent.clone()).or_insert((at + 1, 0)).1 += 1;
                    if let Some(name) = row.name.filter(|name| !name.trim().is_empty()) {
                        match set.names.get(intent) {
                            Some(other) if *other != name => errors.push(LineError {
                                line: at + 1,
                                message: format!(
                                    "intent \"{intent}\" is named \"{name}\" here and \"{other}\" before; use one name"
                                ),
                            }),
                            Some(_) => {}
                            None => {
                                set.names.insert(intent.clone(), name);
                            }
                        }
                    }
                }
                set.examples.push(Example { text: row.text, intent: row.intent });
            }
            Err(message) => errors.push(LineError { line: at + 1, message }),
        }
        if errors.len() >= MOST_ERRORS {
            break;
        }
    }
    if errors.is_empty() {
        if seen.is_empty() {
            let message = "there is no example with an intent; add rows like {\"text\": \"Where is my parcel?\", \
                           \"intent\": \"order_status\"}";
            errors.push(LineError { line: 0, message: message.to_owned() });
        }
        for (intent, (line, count)) in &seen {
            if *count == 1 {
                let message = format!(
                    "intent \"{intent}\" has one example; add another (five or more make it useful) or remove it"
                );
                errors.push(LineError { line: *line, message });
            }
        }
        errors.sort_by_key(|error| error.line);
    }
    if errors.is_empty() { Ok(set) } else { Err(errors) }
}

fn read_row(line: &str) -> Result<Row, String> {
    let row: Row = serde_json::from_str(line).map_err(|error| {
        let text = error.to_string();
        // The position within the line helps; its line number, always 1, would mislead.
        let text = text.replace(" at line 1 column ", ", at column ");
        format!("{text}; a row is {{\"text\": \"…\", \"intent\": \"…\" or null, \"name\"?: \"…\"}}")
    })?;
    if row.text.trim().is_empty() {
        return Err("\"text\" is empty; write what a customer would, or remove the row".to_owned());
    }
    if row.text.len() > MOST_BYTES {
        return Err(format!(
            "\"text\" has {} bytes; the most is {MOST_BYTES}, so shorten it",
            row.text.len()
        ));
    }
    if row.intent.as_ref().is_some_and(|intent| intent.trim().is_empty()) {
        return Err(
            "\"intent\" is empty; name the intent, or write null for an out-of-scope example".to_owned()
        );
    }
    if row.intent.is_none() && row.name.is_some() {
        return Err("\"name\" needs an intent; remove it from this out-of-scope row".to_owned());
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str) -> Vec<(usize, String)> {
        parse_jsonl(text).unwrap_err().into_iter().map(|error| (error.line, error.message)).collect()
    }

    #[test]
    fn rows_become_examples_and_names() {
        let set = parse_jsonl(
            "{\"text\": \"hi\", \"intent\": \"greet\", \"name\": \"Greeting\"}\n\n\
             {\"text\": \"hello\", \"intent\": \"greet\"}\n{\"text\": \"what is love\", \"intent\": null}\n",
        )
        .unwrap();
        assert_eq!(set.examples.len(), 3);
        assert_eq!(set.examples[2].intent, None);
        assert_eq!(set.names["greet"], "Greeting");
    }

    #[test]
    fn every_mistake_is_named_with_its_line() {
        let found = errors(
            "{\"text\": \"a\", \"intent\": \"x\", \"label\": 1}\n{\"text\": \"a\", \"intent\": \" \"}\n\
             {\"text\": \"\", \"intent\": \"x\"}\n{\"text\": \"a\"}\nnot json\n{\"text\": \"b\", \"intent\": null, \"name\": \"n\"}\n",
        );
        let lines: Vec<usize> = found.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 2, 3, 4, 5, 6]);
        assert!(
            found[0].1.contains("unknown field `label`") && found[0].1.contains("at column"),
            "{}",
            found[0].1
        );
        assert!(found[1].1.contains("null for an out-of-scope"));
        assert!(found[3].1.contains("missing field `intent`"), "{}", found[3].1);
    }

    #[test]
    fn an_intent_with_one_example_is_refused_where_it_stands() {
        let found = errors(
            "{\"text\": \"a\", \"intent\": \"x\"}\n{\"text\": \"b\", \"intent\": \"x\"}\n{\"text\": \"c\", \"intent\": \"y\"}\n",
        );
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, 3);
        assert!(found[0].1.contains("\"y\" has one example"));
    }

    #[test]
    fn a_file_without_intents_is_refused_as_a_whole() {
        assert_eq!(errors("{\"text\": \"a\", \"intent\": null}")[0].0, 0);
        assert_eq!(errors("")[0].0, 0);
    }
}
