//! How much personal data is found: the table of S10, measured on Presidio's labelled sentences.
//!
//! ```text
//! cargo run -p model --release --example redaction [FILE] [--missed]
//! ```

use model::redact::{RedactionSettings, Redactor};
use serde_json::Value;
use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let missed = args.iter().any(|arg| arg == "--missed");
    let shared = std::env::var("DESKHAND_SHARED")
        .map_or_else(|_| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let file = args.iter().find(|arg| !arg.starts_with("--")).map_or_else(
        || shared.join("data/presidio-research/synth_dataset_v2_first_1000.json"),
        PathBuf::from,
    );
    let rows: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(file)?)?;
    let redactor = Redactor::new(RedactionSettings::default())?;
    let mut found: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let (mut tokens, mut false_tokens) = (0_usize, 0_usize);
    for row in &rows {
        let text = row["full_text"].as_str().unwrap_or_default();
        let chars: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let taken: Vec<_> = redactor.find(text).into_iter().map(|found| (found.at, found.kind)).collect();
        let hidden = |at: usize| taken.iter().any(|(range, _)| range.contains(&at));
        let mut labelled = Vec::new();
        for span in row["spans"].as_array().into_iter().flatten() {
            let at = |name: &str| {
                span[name].as_u64().and_then(|n| usize::try_from(n).ok()).and_then(|n| chars.get(n))
            };
            let (Some(&begin), Some(&end)) = (at("start_position"), at("end_position")) else { continue };
            let kind = span["entity_type"].as_str().unwrap_or_default().to_owned();
            labelled.push(begin..end);
            let bytes = text[begin..end].char_indices().filter(|(_, letter)| letter.is_alphanumeric());
            let whole = bytes.map(|(offset, _)| begin + offset).all(hidden);
            let (all, right) = found.entry(kind.clone()).or_default();
            *all += 1;
            *right += usize::from(whole);
            if missed && !whole {
                writeln!(out, "{kind}: {:?}", &text[begin..end])?;
            }
        }
        let mut at = 0;
        for token in text.split_inclusive(char::is_whitespace) {
            let (begin, end) = (at, at + token.trim_end().len());
            at += token.len();
            if begin == end {
                continue;
            }
            tokens += 1;
            let is_labelled = labelled.iter().any(|range| range.start < end && begin < range.end);
            let is_hidden = taken.iter().any(|(range, _)| range.start < end && begin < range.end);
            if is_hidden && !is_labelled {
                false_tokens += 1;
                if missed {
                    writeln!(out, "FALSE {token:?} in {text:?}")?;
                }
            }
        }
    }
    writeln!(out, "| labelled as | spans | wholly hidden | recall |\n|---|---|---|---|")?;
    for (kind, (all, right)) in &found {
        writeln!(out, "| {kind} | {all} | {right} | {:.1} % |", 100.0 * *right as f64 / *all as f64)?;
    }
    let share = 100.0 * false_tokens as f64 / tokens as f64;
    writeln!(
        out,
        "\nfalse redaction: {false_tokens} of {tokens} tokens ({share:.2} %) outside of every label"
    )?;
    benign(&mut out, &redactor, &shared, missed)
}

/// What customers write of their cards and orders without giving them away: hardly anything should be taken out.
fn benign(
    out: &mut impl Write,
    redactor: &Redactor,
    shared: &std::path::Path,
    missed: bool,
) -> Result<(), Box<dyn Error>> {
    for file in ["banking77/dev.jsonl", "bitext/dev.jsonl", "clinc150/dev.jsonl"] {
        let (mut tokens, mut taken) = (0_usize, 0_usize);
        for line in std::fs::read_to_string(shared.join("data").join(file))?.lines() {
            let row: Value = serde_json::from_str(line)?;
            let text = row["text"].as_str().unwrap_or_default();
            tokens += text.split_whitespace().count();
            for found in redactor.find(text) {
                taken += text[found.at.clone()].split_whitespace().count();
                if missed {
                    writeln!(out, "{file}: {:?} {:?}", found.kind, &text[found.at])?;
                }
            }
        }
        let share = 100.0 * taken as f64 / tokens as f64;
        writeln!(out, "{file}: {taken} of {tokens} tokens taken out ({share:.2} %)")?;
    }
    Ok(())
}
