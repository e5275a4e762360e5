//! Which words weighed how much: the network is linear around one text, so every logit is a sum over its words.

use serde::{Deserialize, Serialize};

use super::kernels::{dot, padded};
use super::model::{Model, Scratch};
use super::network::HIDDEN;

/// A word of the message and how much it weighed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The word as it was read (lower case).
    pub text: String,
    /// What it adds to the log-odds of the chosen intent against the runner-up; negative speaks for the runner-up.
    pub weight: f32,
}

impl Model {
    /// The words that weighed most, `most` at the utmost, the strongest first, whether for or against the chosen
    /// intent. Words the model doesn't know weigh nothing and are not named.
    pub fn explain(&self, text: &str, most: usize) -> Vec<Evidence> {
        let mut scratch = Scratch::default();
        let (known, tokens) = self.read(text, &mut scratch);
        let vector = self.vector(text);
        let vector = vector.as_ref().and_then(|vectors| vectors.get(0));
        let sight =
            self.panel.see(&scratch.features, &scratch.values, known, tokens, vector, &mut scratch.desk);
        let (chosen, rival) = (usize::from(sight.top[0].0), usize::from(sight.top[1].0));
        let weights = self.feature_weights(&scratch, chosen, rival);
        let mut words: Vec<(String, f64)> = Vec::new();
        let mut of_token: Vec<usize> = Vec::new();
        let mut read = Vec::new();
        self.reader.read(text, &mut scratch.page, |feature| {
            if let Some(at) =
                self.lookup.find(feature.hash).and_then(|n| scratch.features.binary_search(&n).ok())
            {
                read.push((at, feature.from, feature.to));
            }
        });
        for &token in &scratch.page.tokens.list {
            let word = scratch.page.tokens.word(token);
            let place = words.iter().position(|(known, _)| known == word).unwrap_or_else(|| {
                words.push((word.to_owned(), 0.0));
                words.len() - 1
            });
            of_token.push(place);
        }
        let mut times = vec![0_u32; weights.len()];
        read.iter().for_each(|&(at, ..)| times[at] += 1);
        for (at, from, to) in read {
            // A feature of two words is shared between them; of one that occurs twice, each occurrence has half.
            let half = 0.5 * f64::from(weights[at]) / f64::from(times[at]);
            for token in [from, to] {
                if let Some(place) = of_token.get(usize::from(token)).copied() {
                    words[place].1 += half;
                }
            }
        }
        words.retain(|(_, weight)| *weight != 0.0);
        words.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then_with(|| a.0.cmp(&b.0)));
        words.truncate(most);
        words.into_iter().map(|(text, weight)| Evidence { text, weight: weight as f32 }).collect()
    }

    /// What each feature of the text adds to logit(chosen) − logit(rival), averaged over the networks. With a single
    /// intent there is no rival, and the background or the intent's own logit is what is explained.
    fn feature_weights(&self, scratch: &Scratch, chosen: usize, rival: usize) -> Vec<f32> {
        let mut weights = vec![0.0; scratch.features.len()];
        let classes = self.panel.classes();
        let rival =
            if rival < classes { Some(rival) } else { (classes > self.intents.len()).then(|| classes - 1) };
        for network in &self.panel.networks {
            let width = padded(network.classes);
            let mut units = [0.0; HIDDEN];
            network.run(&scratch.features, &scratch.values, &mut units, &mut vec![0.0; width]);
            let mut slopes = [0.0_f32; HIDDEN];
            for (unit, slope) in slopes.iter_mut().enumerate().filter(|(unit, _)| units[*unit] > 0.0) {
                let row = &network.second[unit * width..][..width];
                *slope = row[chosen] - rival.map_or(0.0, |rival| row[rival]);
            }
            for ((weight, &feature), value) in weights.iter_mut().zip(&scratch.features).zip(&scratch.values)
            {
                let row: Vec<f32> = network.first[feature as usize * HIDDEN..][..HIDDEN]
                    .iter()
                    .map(|&byte| f32::from(byte))
                    .collect();
                let slope = dot(&row, &slopes) * network.scales[feature as usize];
                *weight += value * slope / self.panel.networks.len() as f32;
            }
        }
        weights
    }
}
