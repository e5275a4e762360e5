//! What is looked up in systems of the desk's owner, as the settings open them.

use crate::config::Config;
use crate::demo;
use crate::integrations::actions::HttpActions;
use crate::integrations::databases::Databases;
use crate::integrations::directory_file::DirectoryFile;
use crate::integrations::programs::Programs;
use crate::integrations::systems::Systems;
use crate::ports::Directory;
use anyhow::{Context as _, anyhow};
use std::sync::Arc;

/// The customer directory of the settings; in the demo, sample customers where none is set.
pub fn directory(config: &Config, demo: bool) -> anyhow::Result<Arc<dyn Directory>> {
    Ok(match &config.directory.file {
        Some(file) => Arc::new(DirectoryFile::open(file.clone()).context("directory.file")?),
        None if demo => Arc::new(DirectoryFile::from_text(demo::CUSTOMERS)?),
        None => Arc::new(DirectoryFile::empty()),
    })
}

/// Other systems, as the settings open them.
pub(super) fn systems(config: &Config) -> anyhow::Result<Systems> {
    let http = HttpActions::new(&config.actions.allow, config.actions.secrets.clone());
    Ok(Systems {
        http: http.map_err(|error| anyhow!("actions.allow: {error}"))?,
        databases: Arc::new(databases(config)?),
        programs: Programs::new(config.actions.commands.clone()),
    })
}

/// The databases that may be read.
pub fn databases(config: &Config) -> anyhow::Result<Databases> {
    let urls = config.databases.iter().map(|(name, database)| (name, &database.url));
    Databases::new(urls).map_err(|error| anyhow!(error))
}
