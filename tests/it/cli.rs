//! The commands as a person meets them: what they print, and how they end.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

fn deskhand(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_deskhand"))
        .args(arguments)
        .current_dir(folder)
        .env("DESKHAND_DATA_DIR", folder.join("data"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The shipped desk, to be spoiled.
fn content() -> TempDir {
    let folder = TempDir::new().unwrap();
    for (path, text) in deskhand::library::starter() {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn spoil(folder: &TempDir, file: &str, from: &str, to: &str) {
    let path = folder.path().join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} holds no {from}");
    std::fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn check_names_file_line_and_what_was_meant() {
    let folder = content();
    assert_eq!(deskhand(folder.path(), &["check"], "").status.code(), Some(0));
    spoil(
        &folder,
        "policies/rules.yaml",
        "customer.tier == \"enterprise\"",
        "customer.tierr == \"enterprise\"",
    );
    spoil(&folder, "policies/intents/invoice-copy.yaml", "team: billing", "team: biling");
    spoil(&folder, "policies/teams.yaml", "takeover_within: 5m", "takeover_within: soon");
    let checked = deskhand(folder.path(), &["check"], "");
    assert_eq!(checked.status.code(), Some(1));
    assert!(
        out(&checked).contains("policies/teams.yaml:") && out(&checked).contains("write e.g. 30s"),
        "{}",
        out(&checked)
    );
    spoil(&folder, "policies/teams.yaml", "takeover_within: soon", "takeover_within: 5m");
    let checked = out(&deskhand(folder.path(), &["check"], ""));
    let line = |words: &str| {
        checked.lines().find(|line| line.contains(words)).unwrap_or_else(|| panic!("{checked}"))
    };
    assert!(line("customer.tierr").starts_with("policies/rules.yaml:"));
    assert!(line("customer.tierr").contains("did you mean \"customer.tier\""));
    assert!(line("biling").starts_with("policies/intents/invoice-copy.yaml:4:"), "{}", line("biling"));
    assert!(line("biling").contains("did you mean \"billing\""));
    let started = deskhand(folder.path(), &["serve"], "");
    assert_eq!(started.status.code(), Some(1));
    assert!(
        err(&started).contains("policies/rules.yaml:"),
        "a start with broken policies is refused: {}",
        err(&started)
    );
}

#[test]
fn a_playbook_that_leaves_the_customer_alone_is_refused() {
    let folder = content();
    let silent = "id: silent\nname: Silent\ndescription: Says nothing.\nsteps:\n  - set: {tags: [x]}\n";
    std::fs::write(folder.path().join("policies/playbooks/silent.yaml"), silent).unwrap();
    let checked = out(&deskhand(folder.path(), &["check"], ""));
    assert!(
        checked.contains("policies/playbooks/silent.yaml:5:") && checked.contains("not every path"),
        "{checked}"
    );
}

#[test]
fn cases_that_do_not_hold_are_told_with_what_came_instead() {
    let folder = content();
    assert_eq!(deskhand(folder.path(), &["test"], "").status.code(), Some(0));
    spoil(&folder, "policies/cases/how-to.yaml", "intent: password_reset", "intent: invoice_copy");
    let tested = deskhand(folder.path(), &["test", "--json"], "");
    assert_eq!(tested.status.code(), Some(1));
    let report: Value = serde_json::from_str(&out(&tested)).unwrap();
    assert_eq!(report["failed"], 1);
}

#[test]
fn triage_decides_and_acts_on_nothing() {
    let folder = content();
    let lines = "I was charged twice and nobody answered my previous email.\n{\"text\": \"How do I export a project to CSV?\"}\n\n{\"txt\": 1}\n";
    let triaged = deskhand(folder.path(), &["triage"], lines);
    assert_eq!(triaged.status.code(), Some(1), "one line was no message");
    assert!(err(&triaged).contains("line 4"), "{}", err(&triaged));
    let decisions: Vec<Value> =
        out(&triaged).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(decisions.len(), 2);
    assert_eq!((&decisions[0]["route"], &decisions[0]["team"]), (&json!("handoff"), &json!("billing")));
    assert_eq!(decisions[1]["route"], "reply");
    assert!(!folder.path().join("data/deskhand.db").exists());
}

#[test]
fn classify_learns_from_rows_and_says_what_is_wrong_with_them() {
    let folder = TempDir::new().unwrap();
    let rows: String = (0..6)
        .flat_map(|n| {
            [("pay", format!("how do I pay bill {n}")), ("login", format!("cannot log in from device {n}"))]
        })
        .map(|(intent, text)| format!("{}\n", json!({"text": text, "intent": intent})))
        .collect();
    std::fs::write(folder.path().join("rows.jsonl"), &rows).unwrap();
    let judged = deskhand(folder.path(), &["classify", "--train", "rows.jsonl"], "I want to pay my bill\n\n");
    let lines: Vec<Value> = out(&judged).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["intent"], "pay");
    assert!(lines[0]["confidence"].as_f64().unwrap() <= 1.0 && lines[0]["in_scope"].is_boolean());
    assert_eq!(lines[0]["top"].as_array().unwrap().len(), 2);
    assert_eq!(lines.len(), 2, "an empty line is judged, too");
    std::fs::write(folder.path().join("rows.jsonl"), rows + "{\"text\": \"x\", \"intnt\": \"pay\"}\n")
        .unwrap();
    let refused = deskhand(folder.path(), &["classify", "--train", "rows.jsonl"], "");
    assert_eq!(refused.status.code(), Some(1));
    assert!(out(&refused).contains("rows.jsonl:13:"), "{}", out(&refused));
}

#[test]
fn wrong_use_and_wrong_settings_end_differently() {
    let folder = TempDir::new().unwrap();
    assert_eq!(deskhand(folder.path(), &["serv"], "").status.code(), Some(2));
    assert_eq!(deskhand(folder.path(), &["--help"], "").status.code(), Some(0));
    std::fs::write(folder.path().join("deskhand.toml"), "[http]\nadr = \"127.0.0.1:1\"\n").unwrap();
    let refused = deskhand(folder.path(), &["serve"], "");
    assert_eq!(refused.status.code(), Some(1));
    assert!(err(&refused).contains("adr") && err(&refused).contains("addr"), "{}", err(&refused));
    std::fs::write(folder.path().join("deskhand.toml"), "").unwrap();
    let wrong = deskhand(folder.path(), &["user", "add", "--email", "nobody", "--role", "agent"], "");
    assert!(err(&wrong).contains("--email"), "{}", err(&wrong));
    let short = deskhand(
        folder.path(),
        &["user", "add", "--email", "a@b.c", "--role", "agent", "--password-stdin"],
        "short\n",
    );
    assert_eq!(short.status.code(), Some(1));
    assert!(err(&short).contains("too short"), "{}", err(&short));
}

#[test]
fn the_doctor_says_what_is_wrong_in_a_sentence() {
    let folder = TempDir::new().unwrap();
    std::fs::write(
        folder.path().join("deskhand.toml"),
        "[http]\naddr = \"127.0.0.1:0\"\n[directory]\nfile = \"nowhere.yaml\"\n",
    )
    .unwrap();
    let examined = deskhand(folder.path(), &["doctor"], "");
    assert_eq!(examined.status.code(), Some(1));
    let findings = out(&examined);
    assert!(
        findings.contains("ok       database") && findings.contains("trouble  customer directory"),
        "{findings}"
    );
    assert!(findings.contains("nowhere.yaml"), "{findings}");
    let postgres = "[database]\nurl = \"postgres://nobody:hunter2@127.0.0.1:1/none\"\n";
    std::fs::write(folder.path().join("deskhand.toml"), postgres).unwrap();
    let findings = out(&deskhand(folder.path(), &["doctor", "--json"], ""));
    let findings: Value = serde_json::from_str(&findings).unwrap();
    assert_eq!(findings["ok"], false);
    assert!(!findings.to_string().contains("hunter2"), "a password is never repeated");
}

/// What customers write is nobody's business in a log, at any level that an operator would use.
#[tokio::test]
async fn no_message_and_no_name_is_ever_logged() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let folder = TempDir::new().unwrap();
    let mut server = Command::new(env!("CARGO_BIN_EXE_deskhand"))
        .arg("serve")
        .current_dir(folder.path())
        .env("DESKHAND_DATA_DIR", folder.path())
        .env("DESKHAND_HTTP__ADDR", "127.0.0.1:0")
        .env("DESKHAND_LOG__FILTER", "debug")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = server.stderr.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        log.read_to_string(&mut text).unwrap();
        text
    });
    let words = BufReader::new(server.stdout.take().unwrap());
    let line = words.lines().map_while(Result::ok).find(|line| line.contains("http://")).unwrap();
    let url = line
        .split_whitespace()
        .find(|word| word.starts_with("http://"))
        .unwrap()
        .trim_end_matches("/console")
        .to_owned();
    let client = reqwest::Client::new();
    let form = json!({"form": {"name": "Canary Name", "email": "canary@example.com"}});
    let session: Value = client
        .post(format!("{url}/chat/v1/sessions"))
        .json(&form)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let token = session["token"].as_str().unwrap();
    let message = json!({"id": "1", "text": "How do I export the canary project to CSV?"});
    client.post(format!("{url}/chat/v1/messages")).bearer_auth(token).json(&message).send().await.unwrap();
    let events = format!("{url}/chat/v1/events?after=2&wait=20");
    let page: Value = client.get(events).bearer_auth(token).send().await.unwrap().json().await.unwrap();
    assert!(page.to_string().contains("\"bot\""), "{page}");
    server.kill().unwrap();
    server.wait().unwrap();
    let log = reader.join().unwrap();
    assert!(log.lines().count() > 3, "the log says something: {log}");
    for secret in ["canary project", "Canary Name", "canary@example.com", token] {
        assert!(!log.contains(secret), "the log holds \"{secret}\"");
    }
}

#[test]
fn replay_says_what_is_wrong_with_what_it_was_given() {
    let folder = TempDir::new().unwrap();
    let said = |arguments: &[&str]| {
        let output = deskhand(folder.path(), arguments, "");
        assert_eq!(output.status.code(), Some(1));
        err(&output)
    };
    assert!(said(&["replay", "--from", "soon", "--against", "."]).contains("--from: \"soon\": expected all"));
    let unknown = said(&["replay", "--from", "all", "--against", "0123456789abcdef"]);
    assert!(unknown.contains("neither a folder nor a release that this desk has known"), "{unknown}");
    let free = said(&["replay", "--from", "all", "--against", ".", "--cost"]);
    assert!(free.contains("--cost: llm.prices is missing"), "{free}");
}

#[test]
fn policies_that_name_a_database_which_the_settings_lack_do_not_go_into_force() {
    let folder = content();
    let trigger = r#"
id: order-late
name: An order is late
description: The shop's database says so.
on:
  poll: {database: shop, query: "SELECT id, email FROM orders", every: 5m, key: id}
event: order.late
payload:
  type: object
  required: [email]
  properties: {email: {type: string}}
find:
  - email: "{{ event.email }}"
then:
  tags: [late-order]
"#;
    let triggers = folder.path().join("policies/triggers");
    std::fs::create_dir_all(&triggers).unwrap();
    std::fs::write(triggers.join("order-late.yaml"), trigger).unwrap();
    let checked = deskhand(folder.path(), &["check"], "");
    assert_eq!(
        checked.status.code(),
        Some(0),
        "the settings are none of check's business: {}",
        out(&checked)
    );
    for command in ["serve", "doctor"] {
        let refused = deskhand(folder.path(), &[command], "");
        let said = out(&refused) + &err(&refused);
        assert_eq!(refused.status.code(), Some(1), "{command}: {said}");
        let expected =
            "the trigger order-late reads the database shop, and the setting databases.shop.url is missing";
        assert!(said.contains(expected), "{command}: {said}");
    }
}
