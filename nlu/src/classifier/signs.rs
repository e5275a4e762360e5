//! What a panel of networks makes of one text: its intents in order, and the signs by which trust is judged.

use super::compact::Compact;
use super::corpus::{Known, Rows};
use super::head::Head;
use super::kernels::{dot, padded, softmax};
use super::network::HIDDEN;

pub(crate) const SIGNS: usize = 12;
/// How many guesses are kept.
pub(crate) const TOP: usize = 3;
/// Log-odds beyond this tell nothing more.
const MOST_LOG_ODDS: f32 = 12.0;

/// One text, judged but not yet trusted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sight {
    /// The likeliest classes with their logits, best first; a class of `u16::MAX` fills up where there are fewer.
    pub(crate) top: [(u16, f32); TOP],
    /// ln Σ eᶻ over all classes, the background included.
    pub(crate) log_sum: f32,
    pub(crate) signs: [f32; SIGNS],
}

/// Networks that were trained alike and are averaged.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Panel {
    pub(crate) networks: Vec<Compact>,
    /// The classes that are intents; one more, if the networks have it, is the background of out-of-scope texts.
    pub(crate) intents: usize,
    /// Each intent's mean direction of hidden units, of length 1: `intents` rows of `networks · HIDDEN`.
    pub(crate) centres: Vec<f32>,
    /// What texts' vectors say, where training had vectors.
    pub(crate) head: Option<Head>,
}

/// Working memory, reused from text to text.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    units: Vec<[f32; HIDDEN]>,
    logits: Vec<f32>,
    chances: Vec<f32>,
}

impl Panel {
    /// Puts networks together; `rows` and `labels` are what they were trained on.
    pub(crate) fn new(networks: Vec<Compact>, intents: usize, rows: &Rows, labels: &[u16]) -> Self {
        let width = networks.len() * HIDDEN;
        let mut panel = Panel { networks, intents, centres: vec![0.0; intents * width], head: None };
        let mut desk = Desk::default();
        for (text, &label) in labels.iter().enumerate().filter(|(_, label)| usize::from(**label) < intents) {
            let (features, values) = rows.row(text);
            panel.run(features, values, &mut desk);
            let length = length(&desk.units).max(1e-6);
            let centre = &mut panel.centres[usize::from(label) * width..][..width];
            for (sum, unit) in centre.iter_mut().zip(desk.units.as_flattened()) {
                *sum += unit / length;
            }
        }
        for centre in panel.centres.chunks_exact_mut(width.max(1)) {
            let length = dot(centre, centre).sqrt().max(1e-6);
            centre.iter_mut().for_each(|value| *value /= length);
        }
        panel
    }

    pub(crate) fn classes(&self) -> usize {
        self.networks.first().map_or(0, |network| network.classes)
    }

    /// Mean logits (padding behind) and every network's hidden units, into `desk`.
    fn run(&self, features: &[u32], values: &[f32], desk: &mut Desk) {
        desk.units.clear();
        desk.units.resize(self.networks.len(), [0.0; HIDDEN]);
        desk.logits.clear();
        desk.logits.resize(padded(self.classes()), 0.0);
        for (network, units) in self.networks.iter().zip(&mut desk.units) {
            network.run(features, values, units, &mut desk.logits);
        }
        let share = 1.0 / self.networks.len() as f32;
        desk.logits.iter_mut().for_each(|logit| *logit *= share);
    }

    /// Judges one text; `tokens` is how many it has, `vector` what it is to the head, if it is to be asked.
    pub(crate) fn see(
        &self,
        features: &[u32],
        values: &[f32],
        known: Known,
        tokens: usize,
        vector: Option<&[f32]>,
        desk: &mut Desk,
    ) -> Sight {
        self.run(features, values, desk);
        if let Some((head, vector)) = self.head.as_ref().zip(vector) {
            head.join(vector, &mut desk.logits, &mut desk.chances);
        }
        let classes = self.classes();
        desk.chances.clear();
        desk.chances.extend_from_slice(&desk.logits);
        let log_sum = softmax(&mut desk.chances, classes);
        let mut top = [(u16::MAX, f32::NEG_INFINITY); TOP];
        for (class, &logit) in desk.logits[..self.intents].iter().enumerate() {
            if logit > top[TOP - 1].1 {
                let place = top.iter().position(|&(_, other)| logit > other).unwrap_or(TOP - 1);
                top.copy_within(place..TOP - 1, place + 1);
                top[place] = (class as u16, logit);
            }
        }
        let (best, largest) = top[0];
        let rival = desk.logits[..classes]
            .iter()
            .enumerate()
            .filter(|(class, _)| *class != usize::from(best))
            .fold(f32::NEG_INFINITY, |rival, (_, &logit)| rival.max(logit));
        let margin = if rival.is_finite() { largest - rival } else { MOST_LOG_ODDS };
        let entropy: f32 = desk.chances[..classes]
            .iter()
            .map(|&chance| if chance > 0.0 { -chance * libm::logf(chance) } else { 0.0 })
            .sum();
        let log_chance = largest - log_sum;
        let others: f32 = desk.chances[..classes]
            .iter()
            .enumerate()
            .filter(|(c, _)| *c != usize::from(best))
            .map(|(_, p)| p)
            .sum();
        let log_odds = (log_chance - libm::logf(others.max(1e-9))).clamp(-MOST_LOG_ODDS, MOST_LOG_ODDS);
        let background = if classes > self.intents { desk.logits[self.intents] - log_sum } else { 0.0 };
        let units = desk.units.as_flattened();
        let width = units.len();
        let size = length(&desk.units);
        let centre = &self.centres[usize::from(best) * width..][..width];
        let cosine = if size > 0.0 { dot(units, centre) / size } else { 0.0 };
        let signs = [
            log_odds,
            log_chance,
            entropy,
            largest,
            log_sum,
            margin,
            cosine,
            size / (self.networks.len() as f32).sqrt(),
            known.stems,
            known.grams,
            libm::logf(1.0 + tokens as f32),
            background.max(-MOST_LOG_ODDS),
        ];
        Sight { top, log_sum, signs }
    }
}

fn length(units: &[[f32; HIDDEN]]) -> f32 {
    let units = units.as_flattened();
    dot(units, units).sqrt()
}
