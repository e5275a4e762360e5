//! `migrate` and `doctor`.

use super::{print, say};
use crate::app;
use crate::config::Config;
use crate::library;
use crate::playbook;
use anyhow::Result;
use serde_json::json;

/// `deskhand migrate`
pub(super) async fn migrate(config: &Config, as_json: bool) -> Result<bool> {
    let storage = app::open_storage(config).await?;
    if as_json {
        print(&json!({"database": storage.kind(), "migrated": true}).to_string())?;
    } else {
        say(&format!("The {} database is at this version.", storage.kind()));
    }
    Ok(true)
}

/// One finding of the doctor.
struct Finding {
    part: String,
    /// What is wrong and what to do; `None` where all is well.
    trouble: Option<String>,
}

/// `deskhand doctor`
pub(super) async fn doctor(config: Result<Config>, as_json: bool) -> Result<bool> {
    let mut findings = Vec::new();
    let mut found = |part: &str, result: Result<(), String>| {
        findings.push(Finding { part: part.to_owned(), trouble: result.err() })
    };
    match config {
        Err(error) => found("settings", Err(format!("{error:#}"))),
        Ok(config) => {
            found("settings", Ok(()));
            app::install_tls();
            found("data folder", writable(&config));
            found("database", database(&config).await);
            let book = content(&config);
            let lacking = book.as_ref().map(|(book, shipped)| {
                let lacking = app::lacking(book, &config);
                // The starter desk's secrets are those of a company that there is not.
                let secrets = if *shipped { Vec::new() } else { lacking.secrets };
                [lacking.unknown, secrets].concat()
            });
            found("content", book.as_ref().map(drop).map_err(Clone::clone));
            for missing in lacking.unwrap_or_default() {
                found("settings for the content", Err(missing));
            }
            found(
                "customer directory",
                app::directory(&config, false).map(drop).map_err(|error| format!("{error:#}")),
            );
            for (name, asked) in app::examine_databases(&config).await {
                found(&name, asked);
            }
            found("web address", free(&config).await);
            match app::examine(&config).await {
                Ok(platforms) => {
                    for (name, examined) in platforms {
                        found(name, examined.map(drop));
                    }
                }
                Err(error) => found("platforms", Err(format!("{error:#}"))),
            }
            if config.llm.base_url.is_some() {
                found("language model", language_model(&config).await);
            }
            for (name, examined) in app::examine_outside(&config).await {
                found(name, examined);
            }
        }
    }
    let well = findings.iter().all(|finding| finding.trouble.is_none());
    if as_json {
        let list: Vec<_> = findings
            .iter()
            .map(|finding| json!({"part": finding.part, "trouble": finding.trouble}))
            .collect();
        print(&json!({"ok": well, "findings": list}).to_string())?;
    } else {
        for finding in &findings {
            match &finding.trouble {
                None => print(&format!("ok       {}", finding.part))?,
                Some(trouble) => print(&format!("trouble  {}: {trouble}", finding.part))?,
            }
        }
    }
    Ok(well)
}

fn writable(config: &Config) -> Result<(), String> {
    let folder = &config.data_dir;
    let probe = folder.join(".doctor");
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&probe, b"ok"))
        .and_then(|()| std::fs::remove_file(&probe))
        .map_err(|error| {
            format!(
                "{} cannot be written: {error}. Set data_dir, or give the program the right to write there.",
                folder.display()
            )
        })
}

async fn database(config: &Config) -> Result<(), String> {
    let storage = app::open_beside(config).await.map_err(|error| format!("{error:#}"))?;
    storage.ping().await.map_err(|error| error.to_string())
}

/// The content, and whether it is the starter desk as it is shipped.
fn content(config: &Config) -> Result<(playbook::Playbook, bool), String> {
    let content = match app::content_folder(config.content_dir.clone()) {
        Some(folder) => library::load(&folder).map_err(|error| error.to_string())?,
        None => library::starter(),
    };
    let models = app::models(config).map_err(|error| format!("{error:#}"))?;
    match playbook::read(&content, &|set, options| models.train(set, options)) {
        Ok(book) => Ok((book, content == library::starter())),
        Err(faults) => {
            let first = faults.first().map(ToString::to_string).unwrap_or_default();
            Err(format!("{} faults, the first: {first}. `deskhand check` lists them all.", faults.len()))
        }
    }
}

async fn free(config: &Config) -> Result<(), String> {
    match tokio::net::TcpListener::bind(config.http.addr).await {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Err(format!(
            "{} is taken, perhaps by a Deskhand that runs already. Set http.addr.",
            config.http.addr
        )),
        Err(error) => Err(format!("{}: {error}. Set http.addr.", config.http.addr)),
    }
}

/// Asks the model once; it costs a few tokens.
async fn language_model(config: &Config) -> Result<(), String> {
    app::examine_model(config).await.map_err(|error| format!("{error:#}"))?
}
