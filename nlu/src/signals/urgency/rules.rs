//! Signals of urgency by rule. Harm (outage, lock-out, fraud, …) nearly makes a message high alone; ordinary trouble
//! makes it medium; pressure (deadline, blocked work, explicit words) lifts either; questions, what-ifs, what is over
//! and "not urgent" take back.

use std::collections::BTreeMap;

use crate::signals::entities::deadline_weight;
use crate::signals::lexicon::{Hit, Table};
use crate::signals::{Entity, EntityKind, Heard, Hints, Signal, shortened};

/// What the rules found.
pub(super) struct Ruled {
    pub(super) signals: Vec<Signal>,
    /// All signals weighed together: below about 0.3 low, from about 0.9 high.
    pub(super) score: f32,
    /// The weight of the harm that stands.
    pub(super) harm: f32,
}

/// What a code does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Harm,
    Ordinary,
    Pressure,
    Relief,
}

fn role(code: &str) -> Role {
    match code {
        "outage" | "locked-out" | "fraud" | "data-leak" | "data-loss" | "payment-stop" => Role::Harm,
        "fault" | "billing" | "delivery" | "request" | "repeat-contact" | "complaint" => Role::Ordinary,
        "not-urgent" | "resolved" | "hypothetical" | "condition" | "question" | "thanks" => Role::Relief,
        _ => Role::Pressure,
    }
}

/// One term with what is left of its weight.
struct Weighed<'l> {
    hit: Hit<'l>,
    weight: f32,
}

/// Applies the rules to a text.
pub(super) fn apply(heard: &Heard<'_, '_, '_>, entities: &[Entity], hints: &Hints<'_>) -> Ruled {
    let hits = contested(heard.table(Table::Urgency).collect());
    let (relief, grounds): (Vec<Hit<'_>>, Vec<Hit<'_>>) =
        hits.into_iter().partition(|h| role(&h.entry.code) == Role::Relief);
    let relief: Vec<Hit<'_>> = relief.into_iter().filter(|h| holds(heard, h)).collect();
    let mut taken: BTreeMap<&str, (f32, usize, usize)> = BTreeMap::new();
    let mut weighed = Vec::with_capacity(grounds.len());
    for hit in grounds {
        let (factor, because) = damped(heard, &relief, &hit);
        let weight = hit.entry.weight * factor;
        if let Some((code, first, last)) = because {
            let slot = taken.entry(code).or_insert((0.0, first, last));
            slot.0 = slot.0.min(weight - hit.entry.weight);
        }
        weighed.push(Weighed { hit, weight });
    }
    let mut signals: Vec<Signal> = taken
        .into_iter()
        .map(|(code, (weight, first, last))| heard.signal(code, first, last, weight))
        .collect();
    let best = best_by_code(&weighed);
    signals.extend(best.values().map(|w| heard.signal(&w.hit.entry.code, w.hit.first, w.hit.last, w.weight)));

    let of = |wanted: Role| {
        let mut all: Vec<f32> =
            best.values().filter(|w| role(&w.hit.entry.code) == wanted).map(|w| w.weight).collect();
        all.sort_by(|a, b| b.total_cmp(a));
        all
    };
    let harm = tops(&of(Role::Harm), 0.3);
    let ordinary = tops(&of(Role::Ordinary), 0.15).min(0.75);
    let base = harm.max(ordinary) + 0.2 * harm.min(ordinary);
    let pressure = |code: &str| best.get(code).map_or(0.0, |w| w.weight);
    let due = nearest_deadline(entities, hints).map_or(pressure("deadline"), |(weight, entity)| {
        signals.retain(|s| s.code != "deadline");
        signals.push(Signal { code: "deadline".into(), text: shortened(&entity.text), weight });
        weight.max(pressure("deadline"))
    });
    let work = pressure("blocked-work");
    let safety = pressure("safety").max(pressure("stakes"));
    let now = pressure("imminent").max(pressure("queue")) + 0.5 * pressure("imminent").min(pressure("queue"));
    let trouble = base.max(work);
    let lifted = if trouble >= 0.3 { 1.0 } else { 0.5 };
    let mut score = base
        + work * if base >= 0.3 { 0.7 } else { 1.0 }
        + pressure("explicit-urgent")
        + lifted * (due + pressure("live-event") * 0.9)
        + if trouble >= 0.3 { (now - 0.5 * due).max(0.0) } else { 0.0 }
        + if trouble >= 0.3 {
            pressure("many-affected") + safety
        } else {
            0.2 * pressure("many-affected") + 0.6 * safety
        };

    let grave =
        ["fraud", "data-leak", "data-loss"].iter().any(|c| best.get(c).is_some_and(|w| w.weight >= 0.8));
    for code in ["question", "not-urgent"] {
        let strongest = relief
            .iter()
            .filter(|h| h.entry.code == code)
            .min_by(|a, b| a.entry.weight.total_cmp(&b.entry.weight));
        if let Some(hit) = strongest {
            // A question beside real harm is a cry for help, not a how-to.
            let share = match code {
                "question" if harm >= 0.8 || work >= 0.8 => 0.0,
                "not-urgent" if grave => 0.3,
                _ => 1.0,
            };
            score += hit.entry.weight * share;
            signals.push(heard.signal(code, hit.first, hit.last, hit.entry.weight * share));
        }
    }
    for code in ["resolved", "thanks"] {
        if let Some(hit) = relief.iter().find(|h| h.entry.code == code)
            && !signals.iter().any(|s| s.code == code)
        {
            signals.push(heard.signal(code, hit.first, hit.last, 0.0));
        }
    }
    signals.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()).then_with(|| a.code.cmp(&b.code)));
    Ruled { signals, score, harm }
}

/// The largest and a share of the rest.
fn tops(sorted: &[f32], share: f32) -> f32 {
    sorted.first().map_or(0.0, |first| first + share * sorted[1..].iter().sum::<f32>().min(1.0))
}

/// Where relief and a ground overlap, the longer term is meant: "not urgent" over "urgent", "what do I do" over "what do".
fn contested(hits: Vec<Hit<'_>>) -> Vec<Hit<'_>> {
    let words = hits.iter().map(|h| h.last + 1).max().unwrap_or(0);
    let mut longest = [vec![0_usize; words], vec![0_usize; words]];
    let side = |h: &Hit<'_>| usize::from(role(&h.entry.code) == Role::Relief);
    for hit in &hits {
        for word in &mut longest[side(hit)][hit.first..=hit.last] {
            *word = (*word).max(hit.last - hit.first + 1);
        }
    }
    hits.into_iter()
        .filter(|h| {
            let length = h.last - h.first + 1;
            let rival = longest[1 - side(h)][h.first..=h.last].iter().copied().max().unwrap_or(0);
            rival < length || (rival == length && side(h) == 1)
        })
        .collect()
}

/// Relief that is itself negated ("not fixed") is none.
fn holds(heard: &Heard<'_, '_, '_>, hit: &Hit<'_>) -> bool {
    hit.entry.code != "resolved" || heard.negation.of_words(heard.words, hit.first, hit.last).is_none()
}

/// What is left of a ground's weight, and which words took the rest.
fn damped<'l>(
    heard: &Heard<'_, '_, '_>,
    relief: &[Hit<'l>],
    hit: &Hit<'l>,
) -> (f32, Option<(&'l str, usize, usize)>) {
    if let Some((first, last)) = heard.negation.of_words(heard.words, hit.first, hit.last)
        && negatable(&hit.entry.code)
    {
        return (0.0, Some(("negated", first.min(hit.first), last.max(hit.last))));
    }
    let (Some(here), words) = (heard.words.list.get(hit.first), heard.words) else { return (1.0, None) };
    let at =
        |h: &Hit<'_>| words.list.get(h.first).map(|w| (w.clause, w.sentence)).unwrap_or((u32::MAX, u32::MAX));
    let asked = words.is_question(here.sentence)
        || relief.iter().any(|h| h.entry.code == "question" && at(h).1 == here.sentence);
    let mut left = (1.0, None);
    for other in relief {
        let (clause, sentence) = at(other);
        let before = other.first <= hit.first && sentence == here.sentence;
        let factor = match other.entry.code.as_str() {
            "resolved" if other.last >= hit.first => 0.1,
            "resolved" if clause == here.clause && !heard.negation.joined(other.last, hit.first) => 0.1,
            "hypothetical" if before => other.entry.weight,
            "condition" if before && asked => other.entry.weight,
            "question" if before && clause == here.clause && !why(heard, here.sentence, hit.first) => 0.45,
            _ => 1.0,
        };
        if factor < left.0 {
            left = (factor, Some((other.entry.code.as_str(), other.first, other.last)));
        }
    }
    left
}

/// Codes that a negator before them turns off; the terms of the others hold their own negation.
fn negatable(code: &str) -> bool {
    !matches!(code, "repeat-contact" | "many-affected" | "delivery" | "deadline" | "request")
}

/// Whether the sentence asks why, so that what follows is a fact.
fn why(heard: &Heard<'_, '_, '_>, sentence: u32, before: usize) -> bool {
    (before.saturating_sub(8)..before)
        .filter(|&i| heard.words.list[i].sentence == sentence)
        .any(|i| matches!(heard.words.at(i), "why" | "warum" | "wieso" | "weshalb" | "pourquoi"))
}

fn best_by_code<'w, 'l>(weighed: &'w [Weighed<'l>]) -> BTreeMap<&'l str, &'w Weighed<'l>> {
    let mut best: BTreeMap<&'l str, &'w Weighed<'l>> = BTreeMap::new();
    for one in weighed.iter().filter(|w| w.weight > 0.0) {
        let slot = best.entry(one.hit.entry.code.as_str()).or_insert(one);
        if one.weight > slot.weight {
            *slot = one;
        }
    }
    best
}

fn nearest_deadline<'e>(entities: &'e [Entity], hints: &Hints<'_>) -> Option<(f32, &'e Entity)> {
    entities
        .iter()
        .filter(|e| e.kind == EntityKind::Deadline)
        .filter_map(|e| Some((deadline_weight(e, hints.now)?, e)))
        .max_by(|a, b| a.0.total_cmp(&b.0))
}
