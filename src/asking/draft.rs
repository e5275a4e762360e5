//! Drafts that a person asks for and sees while they are written.

use super::{Asking, Flying, NoAnswer, With, restored};
use crate::domain::conversation::Conversation;
use crate::domain::ids::{ConversationId, CustomerId};
use crate::playbook::Playbook;
use crate::ports::storage::Spent;
use futures::StreamExt;
use futures::stream::BoxStream;
use model::redact::Placeholders;
use model::{Answer, Delta, Step, Usage};
use serde_json::{Map, Value};
use std::sync::Arc;

/// The longest inside of a placeholder; what is longer is no placeholder.
const LONGEST: usize = 40;

/// For whom the model is asked.
#[derive(Debug, Clone, Copy)]
pub struct Whom<'a> {
    /// The conversation: one call in flight for each.
    pub conversation: ConversationId,
    /// The customer: limits are counted by customer.
    pub customer: CustomerId,
    /// The customer's name, if it is known: it is taken out of what is sent.
    pub name: Option<&'a str>,
}

impl<'a> Whom<'a> {
    /// The customer of a conversation.
    #[must_use]
    pub fn of(talk: &'a Conversation) -> Self {
        let record = talk.context.as_ref().and_then(|context| context.customer.as_ref());
        let name = record.and_then(|customer| customer.name.as_deref());
        Self { conversation: talk.id, customer: talk.customer, name }
    }
}

/// A piece of a draft.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// More words to show; provisional.
    Text(String),
    /// The whole answer, checked against the prompt's schema, with what it cost in millionths of a US dollar. It is
    /// the last piece, and replaces what was shown.
    Done {
        /// As the prompt's schema says; plain text is a string.
        answer: Value,
        /// Money.
        cost_micros: u64,
    },
}

/// A draft while it is written. It ends with [`Piece::Done`] or with an error; dropping it ends the call.
pub type Drafting = BoxStream<'static, Result<Piece, NoAnswer>>;

impl Asking {
    /// Begins a draft (`Step::Suggest`, `Step::Translate`, …) from the inputs that the step's prompt allows. What was
    /// taken out of the inputs is put back into the pieces: they are for an agent's eyes. Paid drafts are entered into
    /// the books, not into the log.
    pub fn draft(
        self: &Arc<Self>,
        step: Step,
        whom: Whom<'_>,
        book: &Playbook,
        inputs: &Map<String, Value>,
    ) -> Result<Drafting, NoAnswer> {
        let with = self.with.as_ref().ok_or_else(|| NoAnswer::new("model-off", "there is no model"))?;
        let mut placeholders = Placeholders::default();
        let ask = with.ask(step, whom, book, inputs, &mut placeholders)?;
        let mut pieces = with.stack.model.draft(ask.clone());
        let bill = Bill { asking: self.clone(), whom: (whom.conversation, whom.customer), step };
        let flying = Flying::new(self);
        let lost = ask.usage_at_most();
        Ok(Box::pin(async_stream::stream! {
            let _flying = flying;
            let mut shown = Shown::default();
            while let Some(piece) = pieces.next().await {
                match piece {
                    Ok(Delta::Text(text)) => {
                        let text = shown.more(&text, &placeholders);
                        if !text.is_empty() {
                            yield Ok(Piece::Text(text));
                        }
                    }
                    Ok(Delta::Done(answer)) => {
                        bill.heard(None, answer.cached);
                        bill.pay(answer.cost_micros, answer.usage).await;
                        yield whole(*answer, &placeholders);
                        return;
                    }
                    Err(error) => {
                        bill.heard(Some(&error), false);
                        let none = NoAnswer::of(&error, &ask);
                        bill.asking.tally.failed(step.name(), none.code);
                        bill.pay(bill.asking.price(none.usage), none.usage).await;
                        yield Err(none);
                        return;
                    }
                }
            }
            bill.pay(bill.asking.price(lost), lost).await;
            let none = NoAnswer::new("model-answer-invalid", "the draft was cut off");
            bill.asking.tally.failed(step.name(), none.code);
            yield Err(none);
        }))
    }
}

fn whole(answer: Answer, placeholders: &Placeholders) -> Result<Piece, NoAnswer> {
    let body = answer.json().cloned().or_else(|| answer.text().map(Value::from)).unwrap_or_default();
    let answered =
        restored(body, placeholders).map_err(|cause| NoAnswer::new("model-made-up-data", cause))?;
    Ok(Piece::Done { answer: answered, cost_micros: answer.cost_micros })
}

/// Words on their way to a screen: what may be the beginning of a placeholder is held back until it is whole.
#[derive(Default)]
struct Shown {
    held: String,
}

impl Shown {
    fn more(&mut self, text: &str, placeholders: &Placeholders) -> String {
        self.held.push_str(text);
        let open = self.held.rfind('⟦').filter(|at| {
            let inside = &self.held[*at..];
            !inside.contains('⟧') && inside.chars().count() <= LONGEST
        });
        let ready = match open {
            Some(at) => {
                let rest = self.held.split_off(at);
                std::mem::replace(&mut self.held, rest)
            }
            None => std::mem::take(&mut self.held),
        };
        placeholders.restore(&model::prompt::clean(&ready, usize::MAX))
    }
}

/// What a draft costs, entered however it ends.
struct Bill {
    asking: Arc<Asking>,
    whom: (ConversationId, CustomerId),
    step: Step,
}

impl Bill {
    fn heard(&self, error: Option<&model::ModelError>, cached: bool) {
        if let Some(With { health, .. }) = &self.asking.with {
            health.heard(error, cached);
        }
    }

    async fn pay(&self, micros: u64, usage: Usage) {
        let ledger = &self.asking.ledger;
        let spent = Spent {
            id: ledger.ids.id().to_string(),
            conversation: self.whom.0,
            customer: self.whom.1,
            step: self.step,
            at: ledger.now(),
            micros,
            tokens: usage.total(),
        };
        if usage.total() > 0
            && let Err(error) = ledger.storage.spend(&spent).await
        {
            tracing::warn!(%error, "what a draft cost could not be entered; this process still counts it");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::redact::{RedactionSettings, Redactor};

    #[test]
    fn a_placeholder_in_pieces_is_shown_whole_and_restored() {
        let redactor = Redactor::new(RedactionSettings::default()).unwrap();
        let mut placeholders = Placeholders::default();
        assert_eq!(redactor.text("write to ada@example.com", &mut placeholders), "write to ⟦email-1⟧");
        let mut shown = Shown::default();
        let pieces = ["I write to ⟦em", "ail", "-1⟧ now, ⟦not one"];
        let said: Vec<String> = pieces.iter().map(|piece| shown.more(piece, &placeholders)).collect();
        assert_eq!(said, ["I write to ", "", "ada@example.com now, "]);
        assert!(shown.more(&"x".repeat(60), &placeholders).starts_with("⟦not one"));
    }
}
