//! How far the trained threshold moves when two examples are taken away:
//! `cargo run -p nlu --release --example stability FILE.jsonl…` trains each set eight times and prints one row a set.
#![allow(clippy::print_stdout)] // a table

use std::error::Error;

use nlu::classifier::{LineError, TrainOptions, parse_jsonl, train};

const RUNS: usize = 8;

fn main() -> Result<(), Box<dyn Error>> {
    println!(
        "| set | examples | threshold, mean | standard deviation | lowest | highest |\n|---|---|---|---|---|---|"
    );
    for path in std::env::args().skip(1) {
        let first = |errors: Vec<LineError>| errors.first().map_or_else(String::new, LineError::to_string);
        let set = parse_jsonl(&std::fs::read_to_string(&path)?)
            .map_err(|errors| format!("{path}: {}", first(errors)))?;
        let mut thresholds = Vec::new();
        for run in 0..RUNS {
            let mut fewer = set.clone();
            for step in [7_919, 104_729] {
                let at = (run * step + step / 2) % fewer.examples.len();
                fewer.examples.remove(at);
            }
            thresholds.push(f64::from(train(&fewer, &TrainOptions::default(), &|_| {})?.threshold()));
        }
        let mean = thresholds.iter().sum::<f64>() / RUNS as f64;
        let variance = thresholds.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / (RUNS - 1) as f64;
        let lowest = thresholds.iter().copied().fold(1.0, f64::min);
        let highest = thresholds.iter().copied().fold(0.0, f64::max);
        println!(
            "| {path} | {} | {mean:.3} | {:.4} | {lowest:.3} | {highest:.3} |",
            set.examples.len(),
            variance.sqrt()
        );
    }
    Ok(())
}
