//! The systems that the desk tells and asks, connected as the settings say.

use crate::config::Config;
use crate::integrations::mail::{PostOffice, SmtpMailer};
use crate::ports::{Clock, Mailer};
use anyhow::anyhow;
use std::sync::Arc;

/// Who sends letters; nobody where no mail server is set.
pub fn mailer(config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<Option<Arc<dyn Mailer>>> {
    let office = PostOffice::of(&config.email).map_err(|cause| anyhow!(cause))?;
    Ok(office.map(|office| Arc::new(SmtpMailer::new(office, clock)) as Arc<dyn Mailer>))
}

/// Tries each system that is set, without creating anything there; what it is, and what is wrong.
pub async fn examine_outside(config: &Config) -> Vec<(&'static str, Result<(), String>)> {
    let mut found = Vec::new();
    match PostOffice::of(&config.email) {
        Ok(None) => {}
        Ok(Some(office)) => found.push(("e-mail", office.examine().await)),
        Err(cause) => found.push(("e-mail", Err(cause))),
    }
    found
}
