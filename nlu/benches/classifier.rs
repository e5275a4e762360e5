//! How fast the classifier is, against the limits of issue 3: `cargo bench -p nlu --bench classifier [FILE.jsonl…]`.
//! Prints a Markdown table; training sets named as arguments are measured too. Without the shared data only those are.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods)] // a stopwatch that prints

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nlu::classifier::{LineError, Model, TrainOptions, TrainingSet, parse_jsonl, train};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let shared = std::env::var_os("DESKHAND_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    println!(
        "| set | examples | intents | training s | CPU s | one text µs: median | p99 | loading ms | size MB |\n|---|---|---|---|---|---|---|---|---|"
    );
    let arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).map(PathBuf::from);
    let clinc = shared.join("data/clinc150");
    if clinc.is_dir() {
        let all = load(&clinc.join("train.jsonl"))?;
        let dev = load(&clinc.join("dev.jsonl"))?;
        measure("clinc150", &all, &dev)?;
        measure("30 intents of clinc150, 30 a class", &desk(&all, 30, 30), &dev)?;
    } else {
        eprintln!("{} is not there: CLINC150 is skipped", clinc.display());
    }
    for path in arguments {
        let set = load(&path)?;
        measure(&path.display().to_string(), &set, &set)?;
    }
    Ok(())
}

fn load(path: &Path) -> Result<TrainingSet, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let first = |errors: Vec<LineError>| errors.first().map_or_else(String::new, LineError::to_string);
    Ok(parse_jsonl(&text).map_err(|errors| format!("{}: {}", path.display(), first(errors)))?)
}

/// A smaller desk cut from a larger one.
fn desk(set: &TrainingSet, intents: usize, shots: usize) -> TrainingSet {
    let mut counts = std::collections::BTreeMap::new();
    let mut small = TrainingSet::default();
    for example in &set.examples {
        let known = counts.len();
        let count = match &example.intent {
            Some(intent) if known < intents || counts.contains_key(intent) => {
                counts.entry(intent.clone()).or_insert(0)
            }
            _ => continue,
        };
        *count += 1;
        if *count <= shots {
            small.examples.push(example.clone());
        }
    }
    small
}

fn measure(name: &str, set: &TrainingSet, texts: &TrainingSet) -> Result<(), Box<dyn std::error::Error>> {
    let busy = cpu_seconds();
    let start = Instant::now();
    let model = train(set, &TrainOptions::default(), &|_| {})?;
    let training = start.elapsed();
    let busy =
        cpu_seconds().zip(busy).map_or("–".to_owned(), |(after, before)| format!("{:.2}", after - before));
    let bytes = model.to_bytes();
    let start = Instant::now();
    let model = Model::from_bytes(&bytes)?;
    let loading = start.elapsed();
    let mut times: Vec<Duration> = Vec::new();
    for round in 0..3 {
        for example in &texts.examples {
            let start = Instant::now();
            std::hint::black_box(model.judge(std::hint::black_box(&example.text)));
            if round > 0 {
                times.push(start.elapsed());
            }
        }
    }
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e6;
    println!(
        "| {name} | {} | {} | {:.2} | {busy} | {:.1} | {:.1} | {:.1} | {:.1} |",
        set.examples.len(),
        model.intents().count(),
        training.as_secs_f64(),
        at(0.5),
        at(0.99),
        loading.as_secs_f64() * 1e3,
        bytes.len() as f64 / 1e6,
    );
    Ok(())
}

/// Processor time of this process, where the system tells (Linux): on a busy machine it says more than the clock.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let ticks: f64 = fields.next()?.parse::<f64>().ok()? + fields.next()?.parse::<f64>().ok()?;
    Some(ticks / 100.0)
}
