//! What `deskhand doctor` asks of Discord.

use super::Discord;
use super::rest::Ask;
use super::trouble::Trouble;
use serde::Deserialize;
use serenity::http::Route;

/// Flags of an application: it may read messages' content (verified, or unverified in few servers).
const MESSAGE_CONTENT: u64 = 1 << 18 | 1 << 19;

#[derive(Deserialize)]
struct Application {
    #[serde(default)]
    flags: u64,
}

#[derive(Deserialize)]
struct Door {
    session_start_limit: Starts,
}

#[derive(Deserialize)]
struct Starts {
    total: u64,
    remaining: u64,
}

impl Discord {
    /// Connects, and says who the bot is.
    ///
    /// # Errors
    /// The true cause of trouble and what to do, in a sentence.
    pub async fn examine(&self) -> Result<String, String> {
        let told = |trouble: Trouble| trouble.to_string();
        let me = self.introduce().await.map_err(told)?;
        let application: Application =
            self.rest.call(Ask::get(Route::Oauth2ApplicationCurrent)).await.map_err(told)?;
        if application.flags & MESSAGE_CONTENT == 0 {
            return Err(format!(
                "{} may not read messages: switch on the Message Content intent in the developer portal (Bot, \
                 Privileged Gateway Intents)",
                me.name
            ));
        }
        let door: Door = self.rest.call(Ask::get(Route::GatewayBot)).await.map_err(told)?;
        let Starts { total, remaining } = door.session_start_limit;
        if remaining == 0 {
            return Err(format!(
                "{} has used up all {total} connections of the day: another program uses its token",
                me.name
            ));
        }
        Ok(format!("{} ({}), {remaining} of {total} connections left today", me.name, me.id))
    }
}
