//! `action run`: asks another system from the command line, or shows what would be sent.

use super::print;
use crate::app;
use crate::config::Config;
use crate::library;
use crate::playbook::actions::{Action, Body, Request};
use crate::playbook::policy::action::{ActionKind, Auth};
use crate::playbook::{self, Playbook};
use crate::ports::Actions as _;
use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::{Value, json};
use std::path::PathBuf;

/// `deskhand action run`
pub(super) async fn run(
    config: &Config,
    folder: &Option<PathBuf>,
    id: &str,
    input: &str,
    dry: bool,
) -> Result<bool> {
    let input: Value = serde_json::from_str(input).context("--input is no JSON")?;
    let book = read(config, folder)?;
    let action = book.actions.get(id);
    let action = action.ok_or_else(|| {
        let known: Vec<&str> = book.actions.keys().map(String::as_str).collect();
        anyhow!("there is no action {id}; there are {}", known.join(", "))
    })?;
    action.takes(&input).map_err(|why| anyhow!("--input is not what {id} takes: {why}"))?;
    let request = action.request(&input).map_err(|why| anyhow!("{id}: {why}"))?;
    if dry {
        print(&preview(action, request).to_string())?;
        return Ok(true);
    }
    if action.kind == ActionKind::Act {
        bail!(
            "{id} changes something: only a conversation has it done. With --dry, what it would send is shown."
        );
    }
    app::install_tls();
    let asked = app::systems(config)?;
    let asked = tokio::time::timeout(action.timeout, asked.run("command-line", action, &input)).await;
    let output = asked.map_err(|_| anyhow!("{id}: no answer within {} s", action.timeout.as_secs_f32()))?;
    let output = output.map_err(|error| anyhow!("{id}: {error}"))?;
    let output = action.gives(output).map_err(|why| anyhow!("{id}: the answer is not as promised: {why}"))?;
    print(&output.to_string())?;
    Ok(true)
}

fn read(config: &Config, folder: &Option<PathBuf>) -> Result<Playbook> {
    let content = match folder {
        Some(folder) => library::load(folder)?,
        None => library::starter(),
    };
    let models = app::models(config)?;
    playbook::read(&content, &|set, options| models.train(set, options)).map_err(|faults| {
        let first = faults.first().map(ToString::to_string).unwrap_or_default();
        anyhow!("the policies have {} faults, the first: {first}", faults.len())
    })
}

/// What would be sent, as JSON.
fn preview(action: &Action, request: Request) -> Value {
    let secret = |name: &str| format!("<actions.secrets.{name}>");
    match request {
        Request::Http { method, url, headers, body } => {
            let mut shown: serde_json::Map<String, Value> =
                headers.into_iter().map(|(name, value)| (name, json!(value))).collect();
            match &action.auth {
                None => {}
                Some(Auth::Bearer(name)) => {
                    shown.insert("Authorization".to_owned(), json!(format!("Bearer {}", secret(name))));
                }
                Some(Auth::Basic(basic)) => {
                    let pair = format!("Basic {}:{}", basic.user, secret(&basic.password));
                    shown.insert("Authorization".to_owned(), json!(pair));
                }
                Some(Auth::Header(header)) => {
                    shown.insert(header.name.clone(), json!(secret(&header.secret)));
                }
            }
            if let Some(name) = &action.idempotency {
                shown.insert(name.clone(), json!("<the run's key>"));
            }
            let body = match body {
                Body::Empty => Value::Null,
                Body::Json(value) => value,
                Body::Form(fields) => fields.into_iter().map(|(name, value)| json!([name, value])).collect(),
            };
            json!({"http": {"method": method, "url": url, "headers": shown, "body": body}})
        }
        Request::Sql { database, query, params, max_rows } => {
            json!({"sql": {"database": database, "query": query, "params": params, "max_rows": max_rows}})
        }
        Request::Command { program, args, stdin } => {
            json!({"command": {"program": program, "args": args, "stdin": stdin}})
        }
        Request::Tool { server, tool, arguments } => {
            json!({"mcp": {"server": server, "tool": tool, "arguments": arguments}})
        }
    }
}
