//! Nothing passes here that does not meet its schema. A bad answer is shown to the model once, with what is wrong; a
//! second bad answer is an error.

use crate::ask::{Answer, Ask, Body, Message, Role, Step};
use crate::error::ModelError;
use crate::port::{Delta, Draft, Model, PartState};
use crate::prompt;
use crate::validate::Schema;
use async_trait::async_trait;
use futures::StreamExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The most of a bad answer that is shown again, in characters.
const SHOWN: usize = 4000;

/// The longest text without a schema, in characters for each token that was allowed.
const CHARS_PER_TOKEN: usize = 12;

/// Checks and repairs.
pub struct Checked {
    inner: Arc<dyn Model>,
    figures: Arc<Figures>,
}

#[derive(Debug, Default)]
struct Figures {
    good: AtomicU64,
    repaired: AtomicU64,
    invalid: AtomicU64,
}

impl Checked {
    /// Around `inner`.
    pub fn new(inner: Arc<dyn Model>) -> Self {
        Self { inner, figures: Arc::default() }
    }
}

/// The answer with its checked body, or what is wrong with it.
fn check(ask: &Ask, answer: Answer) -> Result<Answer, Box<(Answer, String)>> {
    let Body::Unchecked(text) = &answer.body else { return Ok(answer) };
    let body = match &ask.schema {
        Some(schema) => {
            let schema = match Schema::new(schema.clone()) {
                Ok(schema) => schema,
                Err(_) => return Err(Box::new((answer, "the schema cannot be used".to_owned()))),
            };
            schema.check(text).map(Body::Json)
        }
        None => check_text(ask, text).map(Body::Text),
    };
    match body {
        Ok(body) => Ok(Answer { body, ..answer }),
        Err(fault) => Err(Box::new((answer, fault))),
    }
}

fn check_text(ask: &Ask, text: &str) -> Result<String, String> {
    let most = ask.limits.max_tokens as usize * CHARS_PER_TOKEN;
    let cleaned = prompt::clean(text, most + 1);
    if cleaned.trim().is_empty() {
        Err("the answer is empty".to_owned())
    } else if text.contains('\u{fffd}') {
        Err("the answer holds bytes that are no text".to_owned())
    } else if cleaned.chars().count() > most {
        Err("the answer is far too long".to_owned())
    } else {
        Ok(cleaned.trim().to_owned())
    }
}

/// The question again, with the bad answer and what is wrong with it. The answer is shown as data.
fn again(ask: &Ask, said: Option<&str>, fault: &str) -> Ask {
    let mut ask = ask.clone();
    if let Some(said) = said {
        ask.messages.push(Message { role: Role::Assistant, text: prompt::clean(said, SHOWN) });
    }
    let form =
        if ask.schema.is_some() { "one JSON object that meets the schema" } else { "the text asked for" };
    let text =
        format!("That answer cannot be used: {fault}. Answer again, briefly, with {form} and nothing else.");
    ask.messages.push(Message { role: Role::User, text });
    ask
}

impl Figures {
    fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// What the first try means.
enum First {
    Good(Answer),
    /// No repair mends it.
    Failed(ModelError),
    /// Ask this, and add what the bad answer cost.
    Repair(Ask, Option<Answer>),
}

fn first(ask: &Ask, answer: Result<Answer, ModelError>) -> First {
    match answer {
        Ok(answer) => match check(ask, answer) {
            Ok(answer) => First::Good(answer),
            Err(bad) => {
                let (bad, fault) = *bad;
                let said = match &bad.body {
                    Body::Unchecked(text) => Some(text.as_str()),
                    Body::Json(_) | Body::Text(_) => None,
                };
                First::Repair(again(ask, said, &fault), Some(bad))
            }
        },
        Err(ModelError::Invalid { fault }) => First::Repair(again(ask, None, &fault), None),
        Err(other) => First::Failed(other),
    }
}

/// What the second try means.
fn second(ask: &Ask, answer: Answer, bad: Option<Answer>) -> Result<Answer, ModelError> {
    let answer = check(ask, answer).map_err(|bad| ModelError::Invalid { fault: bad.1 })?;
    let (usage, cost, calls) =
        bad.map_or((Default::default(), 0, 1), |bad| (bad.usage, bad.cost_micros, bad.calls));
    Ok(Answer {
        usage: answer.usage.plus(usage),
        cost_micros: answer.cost_micros.saturating_add(cost),
        calls: answer.calls + calls,
        repaired: true,
        ..answer
    })
}

#[async_trait]
impl Model for Checked {
    async fn ask(&self, ask: Ask) -> Result<Answer, ModelError> {
        // The adapter has checked vectors already, and no words would mend them.
        if ask.step == Step::Embed {
            return self.inner.ask(ask).await;
        }
        let (repair, bad) = match first(&ask, self.inner.ask(ask.clone()).await) {
            First::Good(answer) => {
                Figures::add(&self.figures.good);
                return Ok(answer);
            }
            First::Failed(error) => return Err(error),
            First::Repair(repair, bad) => (repair, bad),
        };
        let answer = self.inner.ask(repair).await.and_then(|answer| second(&ask, answer, bad));
        Figures::add(if answer.is_ok() { &self.figures.repaired } else { &self.figures.invalid });
        answer
    }

    fn draft(&self, ask: Ask) -> Draft {
        let (inner, figures) = (self.inner.clone(), self.figures.clone());
        Box::pin(async_stream::stream! {
            let mut draft = inner.draft(ask.clone());
            let mut whole = None;
            while let Some(piece) = draft.next().await {
                match piece {
                    Ok(Delta::Text(text)) => yield Ok(Delta::Text(text)),
                    Ok(Delta::Done(answer)) => whole = Some(Ok(*answer)),
                    Err(error) => whole = Some(Err(error)),
                }
            }
            let cut = || Err(ModelError::Invalid { fault: "the answer was cut off before its end".to_owned() });
            match first(&ask, whole.unwrap_or_else(cut)) {
                First::Good(answer) => {
                    Figures::add(&figures.good);
                    yield Ok(Delta::Done(Box::new(answer)));
                }
                First::Failed(error) => yield Err(error),
                // The repair is not streamed: what was shown is replaced by the whole answer.
                First::Repair(repair, bad) => {
                    let answer = inner.ask(repair).await.and_then(|answer| second(&ask, answer, bad));
                    Figures::add(if answer.is_ok() { &figures.repaired } else { &figures.invalid });
                    yield answer.map(|answer| Delta::Done(Box::new(answer)));
                }
            }
        })
    }

    fn state(&self) -> Vec<PartState> {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (good, repaired, invalid) =
            (read(&self.figures.good), read(&self.figures.repaired), read(&self.figures.invalid));
        let own = PartState {
            part: "answers",
            of: String::new(),
            healthy: true,
            says: format!("{good} good, {repaired} after a repair, {invalid} unusable"),
            figures: vec![
                ("answers_good", good as f64),
                ("answers_repaired", repaired as f64),
                ("answers_invalid", invalid as f64),
            ],
        };
        std::iter::once(own).chain(self.inner.state()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{Scripted, ask, down, pieces};
    use serde_json::json;

    fn json_ask() -> Ask {
        let schema = json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "string", "enum": ["x"]}}});
        Ask { schema: Some(Arc::new(schema)), ..ask() }
    }

    #[tokio::test]
    async fn a_bad_answer_is_repaired_once_with_the_fault_named() {
        let inner = Scripted::new().answers(r#"{"a":"evil"}"#).answers(r#"{"a":"x"}"#);
        let answer = Checked::new(inner.clone()).ask(json_ask()).await.unwrap();
        assert_eq!(answer.json(), Some(&json!({"a": "x"})));
        assert!(answer.repaired && answer.calls == 2 && answer.usage.input == 200);
        let asked = inner.asked.lock().unwrap();
        assert!(asked[1].messages[3].text.contains("/a is none of the allowed values"));
    }

    #[tokio::test]
    async fn a_second_bad_answer_is_an_error_and_half_an_answer_is_none() {
        for text in [r#"{"a":"#, "no", r#"{"a":"x","a":"x"}"#, r#"{"a":"y"}"#] {
            let inner = Scripted::new().answers(text);
            let error = Checked::new(inner.clone()).ask(json_ask()).await.unwrap_err();
            assert_eq!((error.code(), inner.count()), ("model-answer-invalid", 2), "{text}");
            let inner = Scripted::new().answers(text);
            let (_, end) = pieces(Checked::new(inner.clone()).draft(json_ask())).await;
            assert_eq!((end.unwrap_err().code(), inner.count()), ("model-answer-invalid", 2), "{text}");
        }
    }

    #[tokio::test]
    async fn other_errors_are_not_repaired_and_texts_are_cleaned() {
        let inner = Scripted::new().fails(down());
        assert_eq!(Checked::new(inner.clone()).ask(json_ask()).await, Err(down()));
        assert_eq!(inner.count(), 1);
        let inner = Scripted::new().answers(" hi\u{202e} there ");
        assert_eq!(Checked::new(inner).ask(ask()).await.unwrap().text(), Some("hi there"));
    }
}
