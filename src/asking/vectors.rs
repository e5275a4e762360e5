//! Vectors of the articles' sections, and which sections are near to a question in meaning. Vectors are made once for
//! each text and model, kept in the database, and never leave this file; what stands on the log is an order of sections.

use super::{Asking, NoAnswer, Whom, With};
use crate::domain::consult::Consulted;
use crate::domain::ids::{ConversationId, CustomerId};
use crate::domain::release::ReleaseId;
use crate::playbook::Playbook;
use crate::playbook::knowledge::SectionId;
use crate::ports::storage::Spent;
use crate::triage::consult::{self, NO_VECTORS};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::prompt::Case;
use model::redact::Placeholders;
use model::{Answer, ModelError, Step};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use uuid::Uuid;

/// Texts in one request.
const BATCH: usize = 32;

/// How many sections are kept of an order, the nearest.
const KEPT: usize = 24;

/// The longest part of a section that is made a vector of, in characters.
const LONGEST: usize = 4000;

/// How long between two tries of a request.
const BETWEEN: Duration = Duration::from_secs(5);

/// How often a request is tried.
const TRIES: usize = 20;

type Vector = Arc<[f32]>;

/// The vectors of one release.
struct Shelf {
    release: ReleaseId,
    sections: Vec<(SectionId, Vector)>,
}

/// What there is.
#[derive(Default)]
pub(super) struct Vectors {
    shelf: Mutex<Option<Arc<Shelf>>>,
    /// One prepares at a time.
    preparing: tokio::sync::Mutex<()>,
}

impl Vectors {
    fn shelf(&self) -> MutexGuard<'_, Option<Arc<Shelf>>> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, book: &Playbook) -> Option<Arc<Shelf>> {
        self.shelf().as_ref().filter(|shelf| shelf.release == book.release).cloned()
    }
}

impl Asking {
    /// Has a vector made for each section of a release that has none yet. Without `llm.models.embed` there is nothing to
    /// do. What fails is tried again by the next call.
    pub async fn prepare(&self, book: &Playbook) {
        let Some(with) = &self.with else { return };
        let Some(model) = &with.terms.embedding_model else { return };
        let Ok(_alone) = with.vectors.preparing.try_lock() else { return };
        if with.vectors.of(book).is_some() {
            return;
        }
        let prefix = format!("vector:{model}:");
        let texts: Vec<(SectionId, String, String)> = book
            .knowledge
            .passages()
            .map(|(id, text)| {
                let text: String = text.chars().take(LONGEST).collect();
                (id, hex::encode(&Sha256::digest(text.as_bytes())[..16]), text)
            })
            .collect();
        let stored = match self.ledger.storage.recall(&prefix).await {
            Ok(stored) => stored,
            Err(error) => {
                tracing::warn!(%error, "the articles' vectors could not be read");
                return;
            }
        };
        let wanted: HashSet<&str> = texts.iter().map(|(_, hash, _)| hash.as_str()).collect();
        let mut known: HashMap<String, Vector> = HashMap::new();
        for (key, text) in stored {
            let hash = key.trim_start_matches(&prefix).to_owned();
            match written(&text).filter(|_| wanted.contains(hash.as_str())) {
                Some(vector) => drop(known.insert(hash, vector)),
                None => self.forget(&key).await,
            }
        }
        let missing: Vec<&(SectionId, String, String)> =
            texts.iter().filter(|(_, hash, _)| !known.contains_key(hash)).collect();
        for batch in missing.chunks(BATCH) {
            let Some(vectors) = self.vectors_of(with, book, batch).await else { return };
            for ((_, hash, _), vector) in batch.iter().zip(vectors) {
                let key = format!("{prefix}{hash}");
                if let Err(error) =
                    self.ledger.storage.remember(&key, &text_of(&vector), self.ledger.now()).await
                {
                    tracing::warn!(%error, "an article's vector could not be kept; it is made again after a restart");
                }
                known.insert(hash.clone(), vector);
            }
        }
        let sections =
            texts.into_iter().filter_map(|(id, hash, _)| Some((id, known.get(&hash)?.clone()))).collect();
        *with.vectors.shelf() = Some(Arc::new(Shelf { release: book.release.clone(), sections }));
    }

    async fn forget(&self, key: &str) {
        if let Err(error) = self.ledger.storage.forget(key).await {
            tracing::warn!(%error, "an old vector could not be forgotten");
        }
    }

    async fn vectors_of(
        &self,
        with: &With,
        book: &Playbook,
        batch: &[&(SectionId, String, String)],
    ) -> Option<Vec<Vector>> {
        let case = Case { release: &book.release.0, conversation: "knowledge", customer: "knowledge" };
        let ask = consult::embedding(case, batch.iter().map(|(_, _, text)| text.clone()));
        for _ in 0..TRIES {
            match with.stack.model.ask(ask.clone()).await {
                Ok(answer) => {
                    self.pay_for_articles(&answer).await;
                    return vectors(&answer);
                }
                Err(error @ (ModelError::Misconfigured { .. } | ModelError::OverBudget { .. })) => {
                    tracing::warn!(%error, "the articles have no vectors: they are found by their words");
                    return None;
                }
                Err(error) => {
                    let after = match error.then() {
                        model::Then::Later(after) => after.max(BETWEEN),
                        _ => BETWEEN,
                    };
                    tokio::time::sleep(after).await;
                }
            }
        }
        tracing::warn!("the articles have no vectors yet: the model does not answer");
        None
    }

    async fn pay_for_articles(&self, answer: &Answer) {
        let spent = Spent {
            id: self.ledger.ids.id().to_string(),
            conversation: ConversationId(Uuid::nil()),
            customer: CustomerId(Uuid::nil()),
            step: Step::Embed,
            at: self.ledger.now(),
            micros: answer.cost_micros,
            tokens: answer.usage.total(),
        };
        if let Err(error) = self.ledger.storage.spend(&spent).await {
            tracing::warn!(%error, "what vectors cost could not be entered; this process still counts it");
        }
    }

    /// The sections nearest to a text, as `{"near": […]}`.
    pub(super) async fn nearest(
        &self,
        whom: Whom<'_>,
        book: &Playbook,
        text: &str,
    ) -> Result<Consulted, NoAnswer> {
        let none = |cause: &str| NoAnswer::new(NO_VECTORS, cause);
        let with = self.with.as_ref().ok_or_else(|| none("there is no model"))?;
        if with.terms.embedding_model.is_none() {
            return Err(none("llm.models.embed is not set"));
        }
        let shelf = with.vectors.of(book).ok_or_else(|| none("the articles' vectors are not there yet"))?;
        let redactor = with.terms.redactor.with_names(whom.name.map(str::to_owned));
        let text = redactor.text(text, &mut Placeholders::default());
        let (conversation, customer) = (whom.conversation.to_string(), whom.customer.to_string());
        let case = Case { release: &book.release.0, conversation: &conversation, customer: &customer };
        let ask = consult::embedding(case, [text]);
        let answer = with.stack.model.ask(ask.clone()).await;
        with.health.heard(answer.as_ref().err(), false);
        let answer = answer.map_err(|error| NoAnswer::of(&error, &ask))?;
        let fits = |vector: &Vector| shelf.sections.iter().all(|(_, other)| other.len() == vector.len());
        let asked = vectors(&answer).and_then(|vectors| vectors.into_iter().next()).filter(fits);
        let asked = asked.ok_or_else(|| NoAnswer {
            usage: answer.usage,
            ..none("the question's vector is not like those of the articles")
        })?;
        let mut near: Vec<(f32, &SectionId)> =
            shelf.sections.iter().map(|(id, vector)| (dot(&asked, vector), id)).collect();
        near.sort_by(|one, other| other.0.total_cmp(&one.0));
        let near: Vec<&SectionId> = near.into_iter().take(KEPT).map(|(_, id)| id).collect();
        Ok(Consulted {
            server: answer.server,
            model: answer.model,
            prompt: ask.prompt,
            usage: answer.usage,
            cost_micros: answer.cost_micros,
            calls: answer.calls,
            latency_ms: 0,
            body: json!({"near": near}),
        })
    }
}

/// Of length one, so that a product tells the angle.
fn vectors(answer: &Answer) -> Option<Vec<Vector>> {
    let all: Vec<Vec<f32>> = serde_json::from_value(answer.json()?["vectors"].clone()).ok()?;
    let unit = |vector: Vec<f32>| -> Vector {
        let length = dot(&vector, &vector).sqrt().max(f32::MIN_POSITIVE);
        vector.into_iter().map(|number| number / length).collect()
    };
    Some(all.into_iter().map(unit).collect())
}

fn dot(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

fn text_of(vector: &[f32]) -> String {
    STANDARD.encode(vector.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>())
}

fn written(text: &str) -> Option<Vector> {
    let bytes = STANDARD.decode(text).ok()?;
    let numbers = bytes.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]));
    let vector: Vector = numbers.collect();
    (!vector.is_empty() && vector.iter().all(|number| number.is_finite())).then_some(vector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_is_the_same_after_it_was_kept() {
        let vector: Vector = vec![0.25, -1.5, 3.0e-5].into();
        assert_eq!(written(&text_of(&vector)), Some(vector));
        assert_eq!((written(""), written("no base64!"), written(&text_of(&[f32::NAN]))), (None, None, None));
    }
}
