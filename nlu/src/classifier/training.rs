//! Training: networks for the model itself and for every fold, spread over threads, each job deterministic by itself.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use super::compact::Compact;
use super::confidence::{Scope, Witness};
use super::corpus::{Corpus, Known, MANY, Rows, Vocabulary};
use super::folds::Fold;
use super::head::Head;
use super::network::{self, Recipe};
use super::signs::{Desk, Panel};

/// Networks averaged in a model: the fewer the examples, the more they differ, and the less they cost.
fn panel_size(examples: usize) -> usize {
    if examples >= 1_500 { 2 } else { 3 }
}
/// Networks in a fold: one trusts itself about as far as two do, at half the cost.
const FOLD_PANEL: usize = 1;

/// What all networks are trained from.
pub(crate) struct Material<'a> {
    pub(crate) corpus: &'a Corpus,
    /// The class of each example; the names, as further examples, behind.
    pub(crate) labels: &'a [u16],
    /// How many of `labels` are examples that may be held out.
    pub(crate) examples: usize,
    /// The classes that are intents.
    pub(crate) intents: usize,
    /// Intents and, where there are out-of-scope examples, the background.
    pub(crate) classes: usize,
    /// How many texts behind the labelled ones are strangers', which no network is trained on.
    pub(crate) strangers: usize,
    pub(crate) seed: u64,
    pub(crate) threads: usize,
}

/// A panel with the vocabulary that its rows are numbered by.
pub(crate) struct Trained {
    pub(crate) vocabulary: Vocabulary,
    pub(crate) panel: Panel,
    pub(crate) witnesses: Vec<Witness>,
    /// The same texts, heard with their vectors; empty where there are none.
    pub(crate) embedded: Vec<Witness>,
}

/// One training run: which examples, which classes.
struct Run<'a> {
    material: &'a Material<'a>,
    train: Vec<u32>,
    held_out: Vec<u32>,
    /// Old class to this run's class; `u16::MAX` if left out.
    class: Vec<u16>,
    prepared: OnceLock<Prepared>,
    networks: Vec<OnceLock<Compact>>,
    trained: OnceLock<Trained>,
}

struct Prepared {
    vocabulary: Vocabulary,
    rows: Rows,
    labels: Vec<u16>,
}

impl<'a> Run<'a> {
    fn new(material: &'a Material<'a>, train: &[u32], held_out: Vec<u32>, panel: usize) -> Self {
        let mut class = vec![u16::MAX; material.classes];
        for &text in train {
            class[usize::from(material.labels[text as usize])] = 0;
        }
        for (next, class) in class.iter_mut().filter(|class| **class == 0).enumerate() {
            *class = next as u16;
        }
        let mut train = train.to_vec();
        let names = material.examples as u32..material.labels.len() as u32;
        train.extend(names.filter(|&name| class[usize::from(material.labels[name as usize])] != u16::MAX));
        let networks = (0..panel).map(|_| OnceLock::new()).collect();
        Run {
            material,
            train,
            held_out,
            class,
            prepared: OnceLock::new(),
            networks,
            trained: OnceLock::new(),
        }
    }

    fn intents(&self) -> usize {
        self.class[..self.material.intents].iter().filter(|&&class| class != u16::MAX).count()
    }

    fn classes(&self) -> usize {
        self.class.iter().filter(|&&class| class != u16::MAX).count()
    }

    fn prepare(&self) -> &Prepared {
        self.prepared.get_or_init(|| {
            let labels: Vec<u16> = self
                .train
                .iter()
                .map(|&text| self.class[usize::from(self.material.labels[text as usize])])
                .collect();
            let mut vocabulary = self.material.corpus.vocabulary(&self.train);
            if self.material.examples < MANY {
                self.material.corpus.favour_telling(&mut vocabulary, &self.train, &labels, self.classes());
            }
            let mut rows = Rows::default();
            for &text in &self.train {
                self.material.corpus.weigh(text, &vocabulary, &mut rows);
            }
            Prepared { vocabulary, rows, labels }
        })
    }

    fn train(&self, nth: usize, progress: &mut dyn FnMut(f32)) {
        let Prepared { vocabulary, rows, labels } = self.prepare();
        let seed = self.material.seed.wrapping_mul(1_000).wrapping_add(nth as u64);
        let features = vocabulary.features.len();
        let recipe = Recipe::for_examples(rows.len(), self.material.examples);
        self.networks[nth].get_or_init(|| {
            Compact::new(network::train(&recipe, rows, labels, features, self.classes(), seed, progress))
        });
    }

    /// Puts the panel together and shows it the held-out texts.
    fn finish(&mut self) {
        self.prepare();
        let Some(Prepared { vocabulary, rows, labels }) = self.prepared.take() else { return };
        let networks = self.networks.iter_mut().filter_map(OnceLock::take).collect();
        let mut panel = Panel::new(networks, self.intents(), &rows, &labels);
        let vectors = self.material.corpus.vectors.as_ref();
        panel.head = vectors
            .map(|vectors| Head::train(vectors, &self.train, &labels, self.classes(), self.material.seed));
        let witnesses = self.hear(&panel, &vocabulary, false);
        let embedded = if panel.head.is_some() { self.hear(&panel, &vocabulary, true) } else { Vec::new() };
        self.trained.get_or_init(|| Trained { vocabulary, panel, witnesses, embedded });
    }

    fn hear(&self, panel: &Panel, vocabulary: &Vocabulary, embedded: bool) -> Vec<Witness> {
        let mut original = vec![0; panel.classes()];
        for (old, &new) in self.class.iter().enumerate().filter(|(_, new)| **new != u16::MAX) {
            original[usize::from(new)] = old as u16;
        }
        let mut desk = Desk::default();
        let mut rows = Rows::default();
        let mut hear = |&example: &u32| {
            let label = self.material.labels.get(example as usize).copied();
            rows.clear();
            let known: Known = self.material.corpus.weigh(example, vocabulary, &mut rows);
            let tokens = usize::from(self.material.corpus.tokens[example as usize]);
            let vectors = self.material.corpus.vectors.as_ref().filter(|_| embedded);
            let vector = vectors.and_then(|vectors| vectors.get(example as usize));
            let mut sight = panel.see(&rows.features, &rows.values, known, tokens, vector, &mut desk);
            for (class, _) in sight.top.iter_mut().filter(|(class, _)| *class != u16::MAX) {
                *class = original[usize::from(*class)];
            }
            let scope = match label.map(usize::from) {
                None => Scope::Stranger,
                Some(label) if label >= self.material.intents => Scope::Out,
                Some(label) if self.class[label] == u16::MAX => Scope::LeftOut,
                Some(_) => Scope::In,
            };
            Witness { sight, label, scope, example }
        };
        self.held_out.iter().map(&mut hear).collect()
    }
}

/// Trains the model's own panel on everything, and one panel a fold; returns them in that order.
pub(crate) fn run(material: &Material<'_>, folds: &[Fold], progress: &(dyn Fn(f32) + Sync)) -> Vec<Trained> {
    let everything: Vec<u32> = (0..material.examples as u32).collect();
    let mut runs = vec![Run::new(material, &everything, Vec::new(), panel_size(material.examples))];
    let strangers = material.labels.len() as u32..(material.labels.len() + material.strangers) as u32;
    runs.extend(folds.iter().enumerate().map(|(nth, fold)| {
        // Each fold meets its share of strangers.
        let met = strangers.clone().filter(|stranger| *stranger as usize % folds.len() == nth);
        Run::new(material, &fold.train, fold.held_out.iter().copied().chain(met).collect(), FOLD_PANEL)
    }));
    let jobs: Vec<(usize, usize)> = runs
        .iter()
        .enumerate()
        .flat_map(|(at, run)| (0..run.networks.len()).map(move |nth| (at, nth)))
        .collect();
    let cost = |(run, _): (usize, usize)| runs[run].train.len() as f32;
    let all: f32 = jobs.iter().map(|&job| cost(job)).sum::<f32>().max(1.0);
    let done = Mutex::new(0.0_f32);
    let report = |part: f32| {
        // Called under the lock, so that a caller sees rising numbers only.
        let mut done = done.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *done += part / all;
        progress(done.min(1.0));
    };
    spread(material.threads, jobs.len(), |job| {
        let (run, nth) = jobs[job];
        let mut reported = 0.0;
        runs[run].train(nth, &mut |share| {
            report((share - reported) * cost(jobs[job]));
            reported = share;
        });
    });
    let runs: Vec<Mutex<Run<'_>>> = runs.into_iter().map(Mutex::new).collect();
    spread(material.threads, runs.len(), |at| {
        runs[at].lock().unwrap_or_else(std::sync::PoisonError::into_inner).finish();
    });
    runs.into_iter()
        .filter_map(|run| {
            run.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).trained.into_inner()
        })
        .collect()
}

/// Runs `work` for every number below `count` on so many threads; zero means as many as the machine has.
pub(crate) fn spread(threads: usize, count: usize, work: impl Fn(usize) + Sync) {
    let threads = match threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        some => some,
    };
    let next = AtomicUsize::new(0);
    let worker = || {
        loop {
            let job = next.fetch_add(1, Ordering::Relaxed);
            if job >= count {
                return;
            }
            work(job);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.min(count) {
            scope.spawn(worker);
        }
        worker();
    });
}
