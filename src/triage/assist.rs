//! What a person at the desk asks the language model for: the inputs of a draft and of a translation. Nothing of it
//! is said before that person has read it.

use super::consult::script;
use crate::domain::conversation::Conversation;
use crate::playbook::Playbook;
use serde_json::{Map, Value, json};

/// How many articles a draft is written from.
const ARTICLES: usize = 4;

/// What a draft of a reply is made of. `note` is what the agent wants it to say.
#[must_use]
pub fn reply(talk: &Conversation, note: Option<&str>, book: &Playbook) -> Map<String, Value> {
    let fallback = &book.desk.default_language;
    let language = book.spoken(talk.language(fallback)).to_owned();
    let question = talk.recent.iter().rev().find(|line| line.from == "customer");
    let words = question.map_or("", |line| line.text.as_str());
    let sources = book.knowledge.sources(words, &|_| true, &language, fallback, ARTICLES);
    let articles = sources.into_iter().map(
        |source| json!({"id": source.citation.article, "title": source.citation.title, "text": source.text}),
    );
    let articles: Vec<Value> = articles.collect();
    let mut inputs = Map::new();
    inputs.insert("conversation".to_owned(), json!(script(talk.recent.iter())));
    inputs.insert("language".to_owned(), json!(language));
    inputs.insert("tone".to_owned(), json!(book.guardrails.model.tone));
    if let Some(note) = note {
        inputs.insert("note".to_owned(), json!(note));
    }
    if !articles.is_empty() {
        inputs.insert("articles".to_owned(), Value::Array(articles));
    }
    inputs
}

/// What a translation into the customer's language is made of.
#[must_use]
pub fn translation(talk: &Conversation, text: &str, book: &Playbook) -> Map<String, Value> {
    let to = talk.language(&book.desk.default_language);
    Map::from_iter([("text".to_owned(), json!(text)), ("to".to_owned(), json!(to))])
}
