//! Measures the classifier on the dev parts of the shared data and prints one Markdown table.
//! `cargo run -p nlu --release --example evaluate [quick]`; never trains on dev.
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use nlu::classifier::{Example, Judgement, Model, TrainOptions, TrainingSet, parse_jsonl, train};

fn shared() -> PathBuf {
    std::env::var_os("DESKHAND_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data")),
        |dir| PathBuf::from(dir).join("data"),
    )
}

fn load(set: &str, part: &str) -> TrainingSet {
    let path = shared().join(set).join(format!("{part}.jsonl"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    parse_jsonl(&text).unwrap_or_else(|errors| panic!("{}: {}", path.display(), errors[0]))
}

/// The first `shots` examples of every intent.
fn few(set: &TrainingSet, shots: usize) -> TrainingSet {
    let mut seen: BTreeMap<Option<String>, usize> = BTreeMap::new();
    let keep = |example: &&Example| {
        let count = seen.entry(example.intent.clone()).or_insert(0);
        *count += 1;
        *count <= shots
    };
    TrainingSet { examples: set.examples.iter().filter(keep).cloned().collect(), names: set.names.clone() }
}

struct Figures {
    accuracy: f64,
    ece: f64,
    ece_stream: f64,
    auroc: f64,
    c95: f64,
    c98: f64,
    own_precision: f64,
    own_handled: f64,
    own_rejected: f64,
}

fn measure(model: &Model, dev: &TrainingSet) -> Figures {
    let judged: Vec<(&Example, Judgement)> = dev.examples.iter().map(|e| (e, model.judge(&e.text))).collect();
    let right =
        |(example, judgement): &(&Example, Judgement)| example.intent.as_deref() == Some(&judgement.intent);
    let inside: Vec<_> = judged.iter().filter(|(e, _)| e.intent.is_some()).collect();
    let outside: Vec<_> = judged.iter().filter(|(e, _)| e.intent.is_none()).collect();
    let ece = |texts: &[(f32, bool)]| {
        let mut bins = [(0.0, 0.0); 15];
        for &(confidence, right) in texts {
            let bin = &mut bins[((confidence * 15.0) as usize).min(14)];
            bin.0 += f64::from(confidence);
            bin.1 += f64::from(u8::from(right));
        }
        bins.iter().map(|(said, was)| (said - was).abs()).sum::<f64>() / texts.len() as f64
    };
    let of = |texts: &[&(&Example, Judgement)]| {
        texts.iter().map(|t| (t.1.confidence, right(t))).collect::<Vec<_>>()
    };
    // The stream holds one out-of-scope text in five if there are any.
    let share = if outside.is_empty() { 0.0 } else { 1.0 / 5.5 };
    let weight_out = if outside.is_empty() {
        0.0
    } else {
        inside.len() as f64 * share / (1.0 - share) / outside.len() as f64
    };
    let mut sorted: Vec<_> = judged.iter().collect();
    sorted.sort_by(|a, b| b.1.confidence.total_cmp(&a.1.confidence));
    let coverage = |precision: f64| {
        let (mut good, mut all, mut handled, mut best) = (0.0, 0.0, 0, 0);
        for text in &sorted {
            let weight = if text.0.intent.is_some() { 1.0 } else { weight_out };
            all += weight;
            good += if right(text) { weight } else { 0.0 };
            handled += usize::from(text.0.intent.is_some());
            if good >= precision * all {
                best = handled;
            }
        }
        best as f64 / inside.len() as f64
    };
    let mut wins = 0.0;
    for o in &outside {
        for i in &inside {
            wins += if i.1.confidence > o.1.confidence {
                1.0
            } else if i.1.confidence == o.1.confidence {
                0.5
            } else {
                0.0
            };
        }
    }
    let handled: Vec<_> = judged.iter().filter(|t| t.1.in_scope).collect();
    let handled_weight: f64 =
        handled.iter().map(|t| if t.0.intent.is_some() { 1.0 } else { weight_out }).sum();
    let handled_right = handled.iter().filter(|t| right(t)).count() as f64;
    Figures {
        accuracy: inside.iter().filter(|t| right(t)).count() as f64 / inside.len() as f64,
        ece: ece(&of(&inside)),
        ece_stream: ece(&of(&judged.iter().collect::<Vec<_>>())),
        auroc: wins / (outside.len().max(1) * inside.len()) as f64,
        c95: coverage(0.95),
        c98: coverage(0.98),
        own_precision: handled_right / handled_weight.max(1e-9),
        own_handled: inside.iter().filter(|t| t.1.in_scope).count() as f64 / inside.len() as f64,
        own_rejected: outside.iter().filter(|t| !t.1.in_scope).count() as f64 / outside.len().max(1) as f64,
    }
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    println!(
        "| set | examples | acc | ECE in scope | ECE stream | AUROC | c95 | c98 | own threshold: value, precision, handled, rejected | training s | size MB |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for set in ["banking77", "clinc150", "bitext"] {
        let (all, dev) = (load(set, "train"), load(set, "dev"));
        for shots in [0, 10, 5] {
            let name = if shots == 0 { set.to_owned() } else { format!("{set}, {shots} a class") };
            if !wanted.is_empty() && !wanted.iter().any(|w| *w == format!("{set}{shots}")) {
                continue;
            }
            let training = if shots == 0 { all.clone() } else { few(&all, shots) };
            #[allow(clippy::disallowed_methods)] // a stopwatch is what this program is
            let start = Instant::now();
            let model =
                train(&training, &TrainOptions::default(), &|_| {}).unwrap_or_else(|error| panic!("{error}"));
            let seconds = start.elapsed().as_secs_f64();
            let f = measure(&model, &dev);
            println!(
                "| {name} | {} | {:.2} | {:.2} | {:.2} | {:.2} | {:.1} | {:.1} | {:.3}, {:.1}, {:.1}, {:.1} | {seconds:.2} | {:.1} |",
                training.examples.len(),
                100.0 * f.accuracy,
                100.0 * f.ece,
                100.0 * f.ece_stream,
                100.0 * f.auroc,
                100.0 * f.c95,
                100.0 * f.c98,
                model.threshold(),
                100.0 * f.own_precision,
                100.0 * f.own_handled,
                100.0 * f.own_rejected,
                model.to_bytes().len() as f64 / 1e6,
            );
        }
    }
}
