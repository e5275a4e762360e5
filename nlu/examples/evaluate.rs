//! Measures the classifier on the dev parts of the shared data and prints one Markdown table.
//!
//! `cargo run -p nlu --release --example evaluate [banking77 | clinc150 | bitext …] [cross] [few] [seed=N]`
//! It trains on the train parts alone, with default options; with few examples a class, three times on different ones,
//! and prints means. No intent has a display name here; the words of its id serve as one.
//! With `cross` dev is left alone: the train parts are cut into five, each measured in turn (with few examples a class,
//! all that were not drawn are). Choices are made on that, and dev only reports. `few` leaves out full data.
#![allow(clippy::print_stdout, clippy::disallowed_methods)] // a stopwatch that prints

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use nlu::classifier::{Example, Judgement, Model, TrainOptions, TrainingSet, parse_jsonl, train};

/// Out of scope in CLINC150's own test: 1,000 of 5,500.
const OUT_SHARE: f64 = 1_000.0 / 5_500.0;
const DRAWS: usize = 3;
const CUTS: usize = 5;
const FIGURES: usize = 11;

fn main() -> Result<(), Box<dyn Error>> {
    let (seeds, wanted): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|a| a.starts_with("seed="));
    let cross = wanted.iter().any(|argument| argument == "cross");
    let few = wanted.iter().any(|argument| argument == "few");
    let wanted: Vec<String> =
        wanted.into_iter().filter(|argument| argument != "cross" && argument != "few").collect();
    let seed =
        seeds.first().map_or(Ok(TrainOptions::default().seed), |seed| seed["seed=".len()..].parse())?;
    let options = TrainOptions { seed, ..TrainOptions::default() };
    println!(
        "| set | acc | ECE in scope | ECE with out of scope | AUROC | c95 | c98 | own threshold | its precision | handled | rejected | training s |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
    for set in ["banking77", "clinc150", "bitext"] {
        if !wanted.is_empty() && !wanted.iter().any(|name| name == set) {
            continue;
        }
        let all = load(set, "train")?;
        let dev = if cross { TrainingSet::default() } else { load(set, "dev")? };
        for shots in [0, 10, 5].into_iter().filter(|&shots| shots > 0 || !few) {
            let draws = match (shots, cross) {
                (0, true) => CUTS,
                (0, false) => 1,
                _ => DRAWS,
            };
            let mut sums = [0.0; FIGURES];
            for draw in 0..draws {
                let drawn = |nth: usize| draw * shots <= nth && nth < (draw + 1) * shots;
                let (training, rest) = match shots {
                    0 if cross => parted(&all, |nth| nth % CUTS != draw),
                    0 => (all.clone(), TrainingSet::default()),
                    _ => parted(&all, drawn),
                };
                let dev = if cross { &rest } else { &dev };
                let start = Instant::now();
                let model = train(&training, &options, &|_| {})?;
                let seconds = start.elapsed().as_secs_f64();
                let figures = measure(&model, dev, seconds);
                sums.iter_mut().zip(figures).for_each(|(sum, figure)| *sum += figure / draws as f64);
            }
            let cells: Vec<String> = sums.iter().map(|figure| format!("{figure:.2}")).collect();
            let name = if shots == 0 { set.to_owned() } else { format!("{set}, {shots} a class") };
            println!("| {name} | {} |", cells.join(" | "));
        }
    }
    Ok(())
}

fn load(set: &str, part: &str) -> Result<TrainingSet, Box<dyn Error>> {
    let shared = std::env::var_os("DESKHAND_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")), PathBuf::from);
    let path = shared.join("data").join(set).join(format!("{part}.jsonl"));
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(parse_jsonl(&text).map_err(|errors| format!("{}: {:?}", path.display(), errors.first()))?)
}

/// The examples that are the wanted ones of their intent, counted from 0, and the others.
fn parted(set: &TrainingSet, wanted: impl Fn(usize) -> bool) -> (TrainingSet, TrainingSet) {
    let mut seen: BTreeMap<Option<String>, usize> = BTreeMap::new();
    let taken = |example: &Example| {
        let nth = seen.entry(example.intent.clone()).or_insert(0);
        *nth += 1;
        wanted(*nth - 1)
    };
    let (examples, others) = set.examples.iter().cloned().partition(taken);
    (
        TrainingSet { examples, names: set.names.clone() },
        TrainingSet { examples: others, ..Default::default() },
    )
}

struct Judged {
    in_scope: bool,
    right: bool,
    weight: f64,
    judgement: Judgement,
}

/// In percent, in the order of the table's columns.
fn measure(model: &Model, dev: &TrainingSet, seconds: f64) -> [f64; FIGURES] {
    let inside = dev.examples.iter().filter(|example| example.intent.is_some()).count() as f64;
    let outside = dev.examples.len() as f64 - inside;
    let weight_out = if outside > 0.0 { inside * OUT_SHARE / (1.0 - OUT_SHARE) / outside } else { 0.0 };
    let judge = |example: &Example| {
        let judgement = model.judge(&example.text);
        let in_scope = example.intent.is_some();
        let right = example.intent.as_deref() == Some(&judgement.intent);
        Judged { in_scope, right, weight: if in_scope { 1.0 } else { weight_out }, judgement }
    };
    let mut judged: Vec<Judged> = dev.examples.iter().map(judge).collect();
    judged.sort_by(|a, b| b.judgement.confidence.total_cmp(&a.judgement.confidence));
    let handled: Vec<&Judged> = judged.iter().filter(|text| text.judgement.in_scope).collect();
    let sum = |texts: &[&Judged], of: fn(&Judged) -> bool| -> f64 {
        texts.iter().filter(|text| of(text)).map(|text| text.weight).sum()
    };
    let all: Vec<&Judged> = judged.iter().collect();
    [
        100.0 * sum(&all, |text| text.right) / inside,
        calibration_error(judged.iter().filter(|text| text.in_scope)),
        calibration_error(judged.iter()),
        auroc(&judged),
        coverage(&judged, inside, 0.95),
        coverage(&judged, inside, 0.98),
        100.0 * f64::from(model.threshold()),
        100.0 * sum(&handled, |text| text.right) / sum(&handled, |_| true).max(1e-9),
        100.0 * sum(&handled, |text| text.in_scope) / inside,
        if outside > 0.0 {
            100.0 - 100.0 * sum(&handled, |text| !text.in_scope) / (outside * weight_out)
        } else {
            0.0
        },
        seconds,
    ]
}

/// Fifteen equal bins.
fn calibration_error<'a>(texts: impl Iterator<Item = &'a Judged>) -> f64 {
    let mut bins = [0.0; 15];
    let mut all = 0.0;
    for text in texts {
        let confidence = f64::from(text.judgement.confidence);
        bins[((confidence * 15.0) as usize).min(14)] +=
            text.weight * (confidence - f64::from(u8::from(text.right)));
        all += text.weight;
    }
    100.0 * bins.iter().map(|bin| bin.abs()).sum::<f64>() / all
}

fn auroc(judged: &[Judged]) -> f64 {
    let confidence = |wanted: bool| -> Vec<f32> {
        judged.iter().filter(|text| text.in_scope == wanted).map(|text| text.judgement.confidence).collect()
    };
    let (inside, outside) = (confidence(true), confidence(false));
    let wins: f64 = outside
        .iter()
        .flat_map(|out| {
            inside.iter().map(move |inside| {
                if inside > out {
                    1.0
                } else if inside == out {
                    0.5
                } else {
                    0.0
                }
            })
        })
        .sum();
    100.0 * wins / (inside.len() * outside.len()).max(1) as f64
}

/// The share of in-scope texts that can be handled at a precision, an out-of-scope text handled being an error.
fn coverage(judged: &[Judged], inside: f64, precision: f64) -> f64 {
    let (mut right, mut all, mut handled, mut best) = (0.0, 0.0, 0.0, 0.0);
    for text in judged {
        all += text.weight;
        right += if text.right { text.weight } else { 0.0 };
        handled += f64::from(u8::from(text.in_scope));
        if right >= precision * all {
            best = handled;
        }
    }
    100.0 * best / inside
}
