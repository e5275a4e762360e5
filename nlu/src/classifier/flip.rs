//! What would have changed the verdict: the fewest words without which the same model decides otherwise.

use serde::{Deserialize, Serialize};

use super::explain::Evidence;
use super::model::{Judgement, Model, Scratch};

/// The heaviest words that are tried one by one; each costs one more judgement.
const MOST_TRIED: usize = 6;
/// More words taken away together would be another message, not a smaller one.
const MOST_TOGETHER: usize = 3;

/// A change of the message that would have changed the verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flip {
    /// The words (as they were read, in lower case) without which it would have been so; one to three.
    pub without: Vec<String>,
    /// The likeliest intent's id then.
    pub intent: String,
    /// The probability, 0 to 1, that it is right.
    pub confidence: f32,
    /// Whether that would have been enough to act.
    pub sure: bool,
}

impl Model {
    /// The fewest words whose absence gives another verdict, a verdict being the likeliest intent where its confidence
    /// reaches `threshold` of that intent, and "not sure" elsewhere. `evidence` is what [`Model::explain`] says of
    /// `text`. Nothing where no one word of the heaviest six, nor the heaviest two or three together, decide.
    ///
    /// Costs up to nine judgements, each with a vector where an embedder is attached.
    pub fn flip(&self, text: &str, evidence: &[Evidence], threshold: impl Fn(&str) -> f32) -> Option<Flip> {
        let sure = |judged: &Judgement| judged.confidence >= threshold(&judged.intent);
        let mut scratch = Scratch::default();
        scratch.page.tokens.read(text);
        let whole = self.judge_tokens(self.vector(text).as_ref(), &mut scratch);
        let was_sure = sure(&whole);
        // What spoke for the verdict first; where there was none, whatever stood in the way of one.
        let mut words: Vec<&str> =
            evidence.iter().filter(|w| w.weight > 0.0).map(|w| w.text.as_str()).collect();
        let heaviest = words.len().min(MOST_TOGETHER);
        words.extend(evidence.iter().filter(|w| w.weight <= 0.0).map(|w| w.text.as_str()));
        words.truncate(MOST_TRIED);
        let one_by_one = words.iter().map(std::slice::from_ref);
        let together = (2..=heaviest).map(|count| &words[..count]);
        for without in one_by_one.chain(together) {
            scratch.page.tokens.read(text);
            scratch.page.tokens.remove(without);
            if scratch.page.tokens.list.is_empty() {
                continue;
            }
            let vector = self.embedder.as_ref().and_then(|_| self.vector(&scratch.page.tokens.joined()));
            let judged = self.judge_tokens(vector.as_ref(), &mut scratch);
            let now_sure = sure(&judged);
            if now_sure != was_sure || (was_sure && judged.intent != whole.intent) {
                return Some(Flip {
                    without: without.iter().map(|&word| word.to_owned()).collect(),
                    intent: judged.intent,
                    confidence: judged.confidence,
                    sure: now_sure,
                });
            }
        }
        None
    }
}
