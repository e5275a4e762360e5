//! Figures of `nlu::signals` on `data/urgency.jsonl`: macro-F1 and recall by half, language, speed.
//! `cargo run --release -p nlu --example signals`; `-- errors` lists what is wrong in the half for tuning (never the
//! held one); `-- read "text"` shows one reading; `-- file x.jsonl` measures another set of the same form, and
//! `-- errors x.jsonl` lists what is wrong in its half for tuning. `data/mood.jsonl` has moods only.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a measuring tool for developers"
)]

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use nlu::signals::{Hints, Reading, Sentiment, Urgency, read};
use serde::Deserialize;

#[derive(Deserialize)]
struct Message {
    text: String,
    #[serde(default)]
    urgency: Option<Urgency>,
    language: String,
    sentiment: Sentiment,
    #[serde(default = "held")]
    half: String,
}

fn held() -> String {
    "held".into()
}

fn main() {
    let now: DateTime<Utc> = "2026-11-20T10:00:00Z".parse().unwrap();
    let hints = Hints { now, utc_offset_minutes: 60, language: None };
    let start = Instant::now();
    nlu::signals::warm_up();
    println!("lists compiled and models learned in {:?}", start.elapsed());
    let mode = std::env::args().nth(1).unwrap_or_default();
    if mode == "read" {
        println!("{:#?}", read(&std::env::args().nth(2).unwrap_or_default(), &hints));
        return;
    }
    let given = std::env::args().nth(2).map(|path| std::fs::read_to_string(path).unwrap());
    let file = given.as_deref().unwrap_or(include_str!("../data/urgency.jsonl"));
    let messages: Vec<Message> = file.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let read_all = || messages.iter().map(|m| (m, read(&m.text, &hints))).collect::<Vec<_>>();
    let readings = read_all();
    if mode == "errors" {
        errors(&readings);
    }
    for half in ["tune", "held"] {
        let of: Vec<_> = readings.iter().filter(|(m, _)| m.half == half).collect();
        if of.is_empty() {
            continue;
        }
        let urgency = |language: &str| -> Vec<_> {
            let spoken = of.iter().filter(|(m, _)| language.is_empty() || m.language == language);
            spoken.filter_map(|(m, r)| Some((m.urgency? as usize, r.urgency as usize))).collect()
        };
        let mood: Vec<_> = of.iter().map(|(m, r)| (m.sentiment as usize, r.sentiment as usize)).collect();
        let spoken = of.iter().filter(|(m, r)| r.language.as_deref() == Some(m.language.as_str())).count();
        println!("{half}: {} messages", of.len());
        for language in
            ["", "en", "de", "fr", "es"].into_iter().filter(|language| !urgency(language).is_empty())
        {
            println!("  urgency {language:2} {}", figures(&urgency(language), ["low", "medium", "high"]));
        }
        println!("  sentiment  {}", figures(&mood, ["negative", "neutral", "positive"]));
        println!("  language   {:.1} % right", 100.0 * spoken as f64 / of.len() as f64);
    }
    speed(&messages, &hints);
}

/// Macro-F1, accuracy and each class's precision and recall.
fn figures(pairs: &[(usize, usize)], names: [&str; 3]) -> String {
    let mut f1 = 0.0;
    let mut classes = String::new();
    for (class, name) in names.iter().enumerate() {
        let hit = pairs.iter().filter(|(w, g)| *w == class && *g == class).count() as f64;
        let recall = hit / pairs.iter().filter(|(w, _)| *w == class).count().max(1) as f64;
        let precision = hit / pairs.iter().filter(|(_, g)| *g == class).count().max(1) as f64;
        f1 += if hit > 0.0 { 2.0 * precision * recall / (precision + recall) / 3.0 } else { 0.0 };
        classes += &format!("  {name} P {precision:.3} R {recall:.3}");
    }
    let right = pairs.iter().filter(|(w, g)| w == g).count() as f64 / pairs.len() as f64;
    format!("macro-F1 {f1:.3}  accuracy {right:.3} {classes}")
}

fn errors(readings: &[(&Message, Reading)]) {
    for (m, r) in readings.iter().filter(|(m, _)| m.half == "tune") {
        let show = |signals: &[nlu::signals::Signal]| {
            signals
                .iter()
                .map(|s| format!("{}:{:.2}:{}", s.code, s.weight, s.text))
                .collect::<Vec<_>>()
                .join(" | ")
        };
        if let Some(urgency) = m.urgency.filter(|&urgency| urgency != r.urgency) {
            println!(
                "URGENCY {:?} for {:?}: {}\n    {}",
                r.urgency,
                urgency,
                m.text,
                show(&r.urgency_signals)
            );
        }
        if r.sentiment != m.sentiment {
            println!(
                "MOOD {:?} for {:?}: {}\n    {}",
                r.sentiment,
                m.sentiment,
                m.text,
                show(&r.sentiment_signals)
            );
        }
        if r.language.as_deref() != Some(m.language.as_str()) {
            println!("LANGUAGE {:?} {:.2} for {}: {}", r.language, r.language_confidence, m.language, m.text);
        }
    }
}

fn speed(messages: &[Message], hints: &Hints<'_>) {
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..50 {
        for m in messages.iter().filter(|m| (80..=120).contains(&m.text.len())) {
            let start = Instant::now();
            std::hint::black_box(read(&m.text, hints));
            times.push(start.elapsed());
        }
    }
    times.sort_unstable();
    if times.is_empty() {
        return;
    }
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!("speed on {} readings of 80–120 bytes: median {:?}, p99 {:?}", times.len(), at(0.5), at(0.99));
    for (name, text) in [
        ("16 KiB of a", "a".repeat(16384)),
        ("16 KiB of prose", "Nobody answered, and the export is still broken. ".repeat(334)),
    ] {
        let start = Instant::now();
        std::hint::black_box(read(&text, hints));
        println!("{name}: {:?}", start.elapsed());
    }
}
