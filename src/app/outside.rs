//! The systems that the desk tells and asks, connected as the settings say.

use crate::config::Config;
use crate::integrations::mail::{PostOffice, SmtpMailer};
use crate::integrations::notifier::{self, Channels, Means};
use crate::integrations::trackers;
use crate::ports::{Clock, Mailer, Tracker};
use anyhow::anyhow;
use std::sync::Arc;

/// Who sends letters; nobody where no mail server is set.
pub fn mailer(config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<Option<Arc<dyn Mailer>>> {
    let office = PostOffice::of(&config.email).map_err(|cause| anyhow!(cause))?;
    Ok(office.map(|office| Arc::new(SmtpMailer::new(office, clock)) as Arc<dyn Mailer>))
}

/// Where tickets stand beside our own; nowhere where they are ours alone.
pub(super) fn tracker(config: &Config) -> anyhow::Result<Option<Arc<dyn Tracker>>> {
    let tracker = trackers::tracker(&config.tickets, &config.public_url()).map_err(|cause| anyhow!(cause))?;
    Ok(tracker.map(|tracker| Arc::new(tracker) as Arc<dyn Tracker>))
}

/// How teams are told beside the console.
pub(super) fn channels(config: &Config) -> anyhow::Result<Channels> {
    let means = Means {
        office: PostOffice::of(&config.email).map_err(|cause| anyhow!(cause))?,
        telegram: config.telegram.token.as_ref().map(|token| (token, config.telegram.api_url.as_deref())),
    };
    notifier::channels(&config.notify, means).map_err(|cause| anyhow!(cause))
}

/// Tries each system that is set, without creating anything there; what it is, and what is wrong.
pub async fn examine_outside(config: &Config) -> Vec<(&'static str, Result<(), String>)> {
    let mut found = Vec::new();
    match PostOffice::of(&config.email) {
        Ok(None) => {}
        Ok(Some(office)) => found.push(("e-mail", office.examine().await)),
        Err(cause) => found.push(("e-mail", Err(cause))),
    }
    match tracker(config) {
        Ok(None) => {}
        Ok(Some(tracker)) => found.push(("ticket system", tracker.examine().await)),
        Err(cause) => found.push(("ticket system", Err(cause.to_string()))),
    }
    match channels(config) {
        Ok(channels) => {
            for (name, channel) in channels {
                found.push((name, channel.examine().await.map_err(|trouble| trouble.to_string())));
            }
        }
        Err(cause) => found.push(("notices", Err(cause.to_string()))),
    }
    found
}
