//! `classify`: trains from labelled rows, then judges texts from standard input. `intents report`: how good the
//! desk's own examples are.

use super::content::print_faults;
use super::{print, say};
use crate::library;
use crate::playbook;
use anyhow::Context as _;
use nlu::classifier::report::{Report, report};
use nlu::classifier::{Model, TrainOptions, TrainingSet, parse_jsonl, train};
use serde_json::json;
use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// `deskhand classify`
pub(super) fn run(file: &Path, calibrate: bool, share: f64, precision: f64) -> anyhow::Result<bool> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let set = match parse_jsonl(&text) {
        Ok(set) => set,
        Err(errors) => {
            for error in errors {
                print(&format!("{}:{}: {}", file.display(), error.line, error.message))?;
            }
            return Ok(false);
        }
    };
    let options = TrainOptions {
        calibrate,
        out_of_scope_share: share,
        target_precision: precision,
        ..TrainOptions::default()
    };
    let model =
        train(&set, &options, &progress()).map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().split(b'\n') {
        let line = line.context("standard input")?;
        // A text that is no UTF-8 is judged by what can be read of it: the answer is an honest low confidence.
        let text = String::from_utf8_lossy(&line);
        match writeln!(out, "{}", judged(&model, text.trim_end_matches('\r'))) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(true),
            other => other?,
        }
    }
    out.flush()?;
    Ok(true)
}

fn judged(model: &Model, text: &str) -> serde_json::Value {
    let judged = model.judge(text);
    let top: Vec<_> = judged
        .top
        .iter()
        .map(|guess| json!({"intent": guess.intent, "confidence": guess.confidence}))
        .collect();
    json!({"intent": judged.intent, "confidence": judged.confidence, "in_scope": judged.in_scope, "top": top})
}

/// A bar on a terminal, nothing elsewhere.
fn progress() -> impl Fn(f32) + Sync {
    let terminal = std::io::stderr().is_terminal();
    move |share| {
        if terminal {
            let filled = (share.clamp(0.0, 1.0) * 40.0) as usize;
            let end = if share >= 1.0 { "\n" } else { "" };
            // A bar that cannot be drawn harms nothing.
            drop(write!(
                std::io::stderr(),
                "\rtraining [{:40}] {:3.0} %{end}",
                "=".repeat(filled),
                share * 100.0
            ));
        }
    }
}

/// `deskhand intents report`
pub(super) fn intents_report(folder: &Option<PathBuf>, as_json: bool) -> anyhow::Result<bool> {
    let content = match folder {
        Some(folder) => library::load(folder)?,
        None => library::starter(),
    };
    let set: TrainingSet = match playbook::examples(&content) {
        Ok(set) => set,
        Err(faults) => {
            print_faults(folder.as_deref(), &faults)?;
            return Ok(false);
        }
    };
    let report = report(&set, &TrainOptions::default(), &progress())?;
    if as_json {
        print(&serde_json::to_string(&report)?)?;
    } else {
        print(&as_text(&report))?;
        say("Every figure is from examples held out of training. More and more varied examples raise them.");
    }
    Ok(true)
}

fn as_text(report: &Report) -> String {
    let percent = |share: f64| format!("{:5.1} %", share * 100.0);
    let maybe = |share: Option<f64>| {
        share.map_or_else(|| "     –".to_owned(), |share| format!("{:6.1}", share * 100.0))
    };
    let mut text = format!(
        "{} examples of {} intents, {} out of scope\naccuracy {}   macro-F1 {}   calibration error {}   threshold {:.2}\n",
        report.examples,
        report.intents.len(),
        report.out_of_scope_examples,
        percent(report.accuracy),
        percent(report.macro_f1),
        percent(report.calibration_error),
        report.threshold
    );
    for coverage in &report.coverage {
        text += &format!(
            "at {} precision {} of the messages can be handled\n",
            percent(coverage.precision),
            percent(coverage.coverage)
        );
    }
    text += "\nintent                         examples  precision  recall      F1\n";
    for intent in &report.intents {
        text += &format!(
            "{:30} {:8}     {}  {}  {}\n",
            intent.intent,
            intent.examples,
            maybe(intent.precision),
            maybe(intent.recall),
            maybe(intent.f1)
        );
    }
    text += "\nconfidence   right   examples\n";
    for bin in report.reliability.iter().filter(|bin| bin.examples > 0) {
        text +=
            &format!("{:4.2}–{:4.2}   {}  {:6}\n", bin.from, bin.to, maybe(Some(bin.accuracy)), bin.examples);
    }
    if !report.confusions.is_empty() {
        text += "\ntaken for one another:\n";
        for pair in report.confusions.iter().take(12) {
            text += &format!("  {} taken for {}: {}\n", pair.intent, pair.taken_for, pair.times);
            for example in &pair.examples {
                text += &format!("      \"{}\"\n", example.text);
            }
        }
    }
    if !report.near_duplicates.is_empty() {
        text += "\nnearly the same in different intents:\n";
        for pair in report.near_duplicates.iter().take(12) {
            for (intent, example) in pair.intents.iter().zip(&pair.texts) {
                text += &format!("  {}: \"{example}\"\n", intent.as_deref().unwrap_or("out of scope"));
            }
        }
    }
    if !report.too_few_examples.is_empty() {
        text += &format!("\ntoo few examples: {}\n", report.too_few_examples.join(", "));
    }
    text
}
