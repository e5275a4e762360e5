//! How fast policies are read, checked and asked: a verdict of a desk with 200 rules, and reading one with 1,000.
//!
//! `cargo bench --bench policies` prints a table for docs/benchmarks.md, on one core.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement, run by hand"
)]

use deskhand::domain::release::Content;
use deskhand::library::{ModelCache, starter};
use deskhand::playbook::condition::{Asked, Held};
use deskhand::playbook::facts::Facts;
use deskhand::playbook::{self, Playbook};
use serde_json::Map;
use std::fmt::Write;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// What may be asked for: most of it plain, some of it for CEL alone.
const PARTS: &[&str] = &[
    "urgency == \"high\"",
    "customer.tier in [\"business\", \"enterprise\"]",
    "entities.amount > NN.5",
    "conversation.failed_answers >= 2",
    "!customer.verified",
    "rx(message.text, \"(?i)\\\\bword-NN\\\\b\")",
    "message.text.contains(\"word NN\")",
    "sentiment == \"negative\"",
    "desk.queue_length > NN",
    "!desk.open || customer.open_tickets > 3",
    "\"tag-NN\" in conversation.tags",
    "message.at > timestamp(\"2026-01-01T00:00:00Z\")",
    "message.text.size() > 4NN",
    "conversation.tags.exists(tag, tag.startsWith(\"vip-NN\"))",
];

/// The starter desk with so many rules more before its own; none concludes, so that every one is asked.
fn desk(rules: usize) -> Content {
    let mut content = starter();
    let own = content.remove("policies/rules.yaml").expect("the starter's rules");
    let (head, own) = own.split_once("rules:\n").expect("rules");
    let mut text = format!("{head}rules:\n");
    for number in 0..rules {
        let part = |step: usize| {
            PARTS[(number * 7 + step * 5) % PARTS.len()].replace("NN", &(number % 90 + 10).to_string())
        };
        writeln!(
            text,
            "  - id: made-{number}\n    when: '{} && {} && {}'\n    then: {{tags: [made-{number}]}}\n    because: A measurement.",
            part(0),
            part(1),
            part(2)
        )
        .expect("a text grows");
    }
    content.insert("policies/rules.yaml".to_owned(), text + own);
    content
}

fn read(content: &Content, models: &ModelCache) -> Playbook {
    playbook::read(content, &|set, options| models.train(set, options)).unwrap_or_else(|faults| {
        faults.iter().take(5).for_each(|fault| println!("{fault}"));
        panic!("the measured desk is not in order")
    })
}

fn message() -> Facts {
    let mut facts = Facts::sample();
    facts.message.text =
        "Hello, could you please check something? Our September invoice seems to have been charged \
                          twice, and we would like to know what to do about it before the end of the month."
            .to_owned();
    facts.urgency = "high".to_owned();
    facts.customer.tier = "business".to_owned();
    facts.entities.amount = 120.0;
    facts
}

/// Every rule is weighed as a verdict weighs it.
fn weigh_all(book: &Playbook, facts: &Facts) -> usize {
    let asked = Asked::new(facts, &Map::new());
    let held = |rule: &&playbook::CheckedRule| matches!(rule.when.weigh(&asked), Ok(Held::Yes));
    book.rules.iter().filter(held).count()
}

fn main() {
    let models = ModelCache::new(Some(std::env::temp_dir().join("deskhand-bench-models")));
    let small = desk(200);
    let book = read(&small, &models);
    let facts = message();
    let mut times: Vec<Duration> = (0..3000)
        .map(|_| {
            let begun = Instant::now();
            black_box(weigh_all(black_box(&book), black_box(&facts)));
            begun.elapsed()
        })
        .collect();
    times.sort();
    let micros = |share: f64| times[(times.len() as f64 * share) as usize].as_secs_f64() * 1e6;
    println!(
        "| a verdict of {} rules | median {:.1} µs | p99 {:.1} µs | limit 100 µs |",
        book.rules.len(),
        micros(0.5),
        micros(0.99)
    );

    if std::env::args().any(|argument| argument == "--parts") {
        let one = |rule: &playbook::CheckedRule, facts: &Facts| {
            let asked = Asked::new(facts, &Map::new());
            let begun = Instant::now();
            for _ in 0..200 {
                black_box(rule.when.weigh(black_box(&asked)).is_ok());
            }
            begun.elapsed().as_secs_f64() * 1e6 / 200.0
        };
        let mut by_time: Vec<(f64, &str)> =
            book.rules.iter().map(|rule| (one(rule, &facts), rule.id.as_str())).collect();
        by_time.sort_by(|a, b| b.0.total_cmp(&a.0));
        println!("{:?}", &by_time[..25]);
        println!("sum {}", by_time.iter().map(|(time, _)| time).sum::<f64>());
    }
    let plain = starter();
    let large = desk(1000);
    let timed = |content: &Content| -> f64 {
        let mut times: Vec<f64> = (0..7)
            .map(|_| {
                let begun = Instant::now();
                black_box(read(content, &models));
                begun.elapsed().as_secs_f64()
            })
            .collect();
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    // The classifier is the same for both and comes from the cache.
    let (without, with) = (timed(&plain), timed(&large));
    println!("| reading and checking the starter desk | {without:.3} s | | |");
    println!(
        "| the same with 1,000 rules more | {with:.3} s ({:.3} s for the rules) | | limit 1 s |",
        with - without
    );
}
