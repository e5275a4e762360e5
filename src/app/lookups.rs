//! What is looked up in systems of the desk's owner, as the settings open them.

use crate::config::Config;
use crate::demo;
use crate::integrations::actions::HttpActions;
use crate::integrations::databases::Databases;
use crate::integrations::directories::{Admitted, Directories, HttpDirectory, Source, SqlDirectory};
use crate::integrations::directory_file::DirectoryFile;
use crate::integrations::programs::Programs;
use crate::integrations::systems::Systems;
use crate::integrations::tools::Tools;
use crate::ports::{Directory, Queries, Query};
use anyhow::{Context as _, anyhow};
use connectors::mcp::{Place, Server};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// How long the doctor waits for a database.
const DOCTOR_PATIENCE: Duration = Duration::from_secs(3);

/// The customer directories of the settings as one; in the demo, sample customers where none is set.
pub fn directory(config: &Config, demo: bool) -> anyhow::Result<Arc<dyn Directory>> {
    let settings = &config.directory;
    let timeout = Duration::from_millis(settings.timeout_ms);
    let age = Duration::from_secs(settings.cache_seconds);
    let mut sources = Vec::new();
    if let Some(file) = &settings.file {
        let directory = DirectoryFile::open(file.clone()).context("directory.file")?;
        // It is in memory anyway, and an edit is to count at once.
        sources.push(Source::new("file", Arc::new(directory), Duration::ZERO));
    }
    if let Some(sql) = settings.sql.clone() {
        let databases: Arc<dyn Queries> = Arc::new(databases(config)?);
        let directory = SqlDirectory::new(databases, sql.database, sql.by_email, sql.by_id, timeout);
        sources.push(Source::new("sql", Arc::new(directory.map_err(|why| anyhow!(why))?), age));
    }
    if let Some(http) = settings.http.clone() {
        super::install_tls();
        let token = http.token.as_ref();
        let directory = HttpDirectory::new(http.by_email, http.by_id, token, http.fields, timeout);
        sources.push(Source::new("http", Arc::new(directory.map_err(|why| anyhow!(why))?), age));
    }
    if sources.is_empty() {
        let directory =
            if demo { DirectoryFile::from_text(demo::CUSTOMERS)? } else { DirectoryFile::empty() };
        return Ok(Arc::new(directory));
    }
    Ok(Arc::new(Directories::new(sources, timeout, Admitted::new(settings.fields.clone()))))
}

/// Other systems, as the settings open them.
pub fn systems(config: &Config) -> anyhow::Result<Systems> {
    let http = HttpActions::new(&config.actions.allow, config.actions.secrets.clone());
    Ok(Systems {
        http: http.map_err(|error| anyhow!("actions.allow: {error}"))?,
        databases: Arc::new(databases(config)?),
        programs: Programs::new(config.actions.commands.clone()),
        tools: tools(config)?,
    })
}

/// The MCP servers, and what of them may be called.
fn tools(config: &Config) -> anyhow::Result<Tools> {
    let mut servers = BTreeMap::new();
    for (name, settings) in &config.mcp {
        let place = match (&settings.url, settings.command.split_first()) {
            (Some(url), _) => {
                let url = Url::parse(url).with_context(|| format!("mcp.{name}.url"))?;
                Place::Http(url, settings.token.clone())
            }
            (None, Some((program, args))) => Place::Program(program.into(), args.to_vec()),
            (None, None) => continue,
        };
        let server = Server::new(place).map_err(|trouble| anyhow!("mcp.{name}: {trouble}"))?;
        servers.insert(name.clone(), (server, settings.tools.clone()));
    }
    Ok(Tools::new(servers))
}

/// Asks each database for a one; what is wrong with it.
pub async fn examine_databases(config: &Config) -> Vec<(String, Result<(), String>)> {
    let databases = match databases(config) {
        Ok(databases) => databases,
        Err(error) => return vec![("databases".to_owned(), Err(format!("{error:#}")))],
    };
    let databases = &databases;
    let asked = databases.names().map(|name| async move {
        let query =
            Query { database: name, text: "SELECT 1", params: &[], max_rows: 1, timeout: DOCTOR_PATIENCE };
        let answer = databases.select(query).await.map(drop).map_err(|error| error.to_string());
        (format!("database {name}"), answer)
    });
    futures::future::join_all(asked).await
}

/// The databases that may be read.
pub fn databases(config: &Config) -> anyhow::Result<Databases> {
    let urls = config.databases.iter().map(|(name, database)| (name, &database.url));
    Databases::new(urls).map_err(|error| anyhow!(error))
}
