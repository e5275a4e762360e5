//! Commands and presses of buttons: acknowledged at once, since Discord waits 3 s, then handled like messages.

use super::hearing::Hearing;
use super::lanes::Again;
use super::places::{Channel as Place, Kind, Places, maybe_id};
use super::plain::cut;
use super::post::{Person, tidy};
use super::rest::Ask;
use super::trouble::Trouble;
use crate::{Channel, Inbound, Phrase};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use serenity::builder::{CreateInteractionResponse, CreateInteractionResponseMessage};
use serenity::http::Route;
use serenity::model::id::{ApplicationId, GuildId, InteractionId};
use std::time::Duration;
use tokio::time::Instant;

const COMMAND: u8 = 2;
const COMPONENT: u8 = 3;
const MENU: u8 = 3;
const EPHEMERAL: u32 = 1 << 6;
/// How long a token can be used.
const TOKEN_LIFE: Duration = Duration::from_secs(15 * 60);

/// A command or a press. It holds a token, so it is never printed.
#[derive(Clone, Deserialize)]
pub(super) struct Press {
    id: InteractionId,
    application_id: ApplicationId,
    #[serde(rename = "type")]
    kind: u8,
    token: String,
    #[serde(default, deserialize_with = "maybe_id")]
    channel_id: Option<u64>,
    #[serde(default)]
    channel: Option<Place>,
    #[serde(default)]
    guild_id: Option<GuildId>,
    #[serde(default)]
    member: Option<Member>,
    #[serde(default)]
    user: Option<Person>,
    #[serde(default)]
    locale: Option<String>,
    #[serde(default)]
    data: Data,
}

#[derive(Clone, Deserialize)]
struct Member {
    user: Person,
    #[serde(default)]
    nick: Option<String>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Data {
    name: String,
    options: Vec<Given>,
    custom_id: String,
    component_type: u8,
    values: Vec<Value>,
}

#[derive(Clone, Deserialize)]
struct Given {
    name: String,
    #[serde(default)]
    value: Value,
}

/// What is needed to acknowledge a press.
pub(super) struct Acknowledgement {
    id: InteractionId,
    token: String,
    body: CreateInteractionResponse,
}

impl Press {
    pub(super) fn guild_id(&self) -> Option<GuildId> {
        self.guild_id
    }

    /// Its channel, as far as it is told.
    pub(super) fn place(&self) -> Option<Place> {
        let guild_id = self.guild_id.map(GuildId::get);
        self.channel.clone().map(|place| Place { guild_id: place.guild_id.or(guild_id), ..place })
    }

    /// Whether it is something that we offer.
    pub(super) fn ours(&self) -> bool {
        matches!(self.kind, COMMAND | COMPONENT)
    }

    fn channel(&self) -> u64 {
        self.channel_id.or(self.channel.as_ref().map(|place| place.id)).unwrap_or_default()
    }

    fn person(&self) -> Option<&Person> {
        self.member.as_ref().map(|member| &member.user).or(self.user.as_ref())
    }

    /// A command's answer is shown to its author alone; a press changes nothing on the screen.
    pub(super) fn acknowledgement(&self) -> Acknowledgement {
        let body = match self.kind {
            COMPONENT => CreateInteractionResponse::Acknowledge,
            _ => CreateInteractionResponse::Defer(CreateInteractionResponseMessage::new().ephemeral(true)),
        };
        Acknowledgement { id: self.id, token: self.token.clone(), body }
    }

    /// The queue that it belongs in.
    pub(super) fn lane(&self, places: &Places) -> u64 {
        if self.opens(places) { self.id.get() } else { self.channel() }
    }

    /// Whether it is a command in a server's channel, which begins a thread.
    fn opens(&self, places: &Places) -> bool {
        let told = self.channel.as_ref().map(|place| Kind::of(place.kind));
        self.kind == COMMAND
            && self.guild_id.is_some()
            && told.or(places.kind(self.channel())) == Some(Kind::Text)
    }

    fn option(&self, name: &str) -> Option<&str> {
        let given = self.data.options.iter().find(|given| given.name == name)?;
        given.value.as_str().map(str::trim).filter(|value| !value.is_empty())
    }

    fn language(&self) -> Option<&str> {
        self.locale.as_deref().and_then(|locale| locale.split('-').next())
    }

    fn inbound(&self, person: &Person, address: u64) -> Option<Inbound> {
        let (text, choice) = match (self.kind, self.data.component_type) {
            (COMPONENT, MENU) => (String::new(), Some(self.data.values.first()?.as_str()?.to_owned())),
            (COMPONENT, _) => (String::new(), Some(self.data.custom_id.clone())),
            _ => match self.data.name.as_str() {
                "human" => ("/human".into(), None),
                "help" => ("/help".into(), None),
                "support" => (self.option("message").map_or_else(|| "/start".into(), tidy), None),
                _ => return None,
            },
        };
        let mut profile = person.profile(self.locale.clone());
        if let Some(nick) =
            self.member.as_ref().and_then(|member| member.nick.as_deref()).filter(|nick| !nick.is_empty())
        {
            profile.name = Some(cut(nick, 100));
        }
        Some(Inbound {
            channel: Channel::Discord,
            external_id: format!("i/{}", self.id),
            sender: person.id.to_string(),
            address: address.to_string(),
            text,
            choice,
            attachments: Vec::new(),
            profile,
            quoted: None,
            edits: None,
            link: self.option("code").map(|code| cut(code, 200)),
        })
    }
}

impl Hearing {
    /// Tells Discord that we are at it; nothing else may come before.
    pub(super) async fn acknowledge(&self, press: Acknowledgement) {
        let route = Route::InteractionResponse { interaction_id: press.id, token: &press.token };
        for _ in 0..3 {
            let Ok(ask) = Ask::with(Method::POST, route, &press.body) else { return };
            match self.bot.rest.tell_now(ask).await {
                Err(Trouble::Down(cause)) => {
                    tracing::debug!("an interaction could not be acknowledged: {cause}")
                }
                // Heard a second time, or too late: it is handled all the same.
                Err(trouble) => return tracing::debug!("an interaction was not acknowledged: {trouble}"),
                Ok(()) => return,
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    pub(super) async fn take_press(
        &self,
        press: &Press,
        since: Instant,
        ready: &mut Option<Inbound>,
    ) -> Result<(), Again> {
        let Some(person) = press.person().filter(|person| !person.bot) else { return Ok(()) };
        if ready.is_none() {
            let owner = self.places().owner(press.channel());
            if press.kind == COMPONENT && owner.is_some_and(|owner| owner != person.id.get()) {
                return Ok(());
            }
            let address = self.address(press, person).await?;
            *ready = press.inbound(person, address);
        }
        let Some(inbound) = ready else { return Ok(()) };
        self.accept(inbound).await?;
        if since.elapsed() < TOKEN_LIFE {
            self.follow_up(press, &inbound.address).await;
        }
        Ok(())
    }

    /// Where the conversation is: here, or in a thread that is found or opened.
    async fn address(&self, press: &Press, person: &Person) -> Result<u64, Again> {
        let channel = press.channel();
        let opens = press.opens(&self.places());
        if !opens {
            self.settle(channel, person.id).await?;
            return Ok(channel);
        }
        if press.data.name != "support"
            && let Some(guild) = press.guild_id
            && let Some(thread) = self.places().newest_thread(person.id.get(), guild.get())
        {
            return Ok(thread);
        }
        // The same command may be told twice, and its thread must not be opened twice.
        let key = format!("discord/slash/{}", press.id);
        let known = self.bot.recall_number(&key).await.map_err(|_| Again(Duration::ZERO))?;
        if let Some(thread) = known {
            return Ok(thread);
        }
        let thread = self.open_thread_for(channel, person.id, press.language()).await?;
        self.bot.intake.remember(&key, &thread.to_string()).await.map_err(|_| Again(Duration::ZERO))?;
        Ok(thread)
    }

    /// The answer that its author alone sees.
    async fn follow_up(&self, press: &Press, address: &str) {
        let elsewhere = address != press.channel().to_string();
        let phrase = if elsewhere { Phrase::ThreadOpened } else { Phrase::Noted };
        let mut content = self.bot.intake.phrase(phrase, press.language());
        if elsewhere {
            content = format!("{content} <#{address}>");
        }
        let (application_id, token) = (press.application_id, press.token.as_str());
        let quiet = json!({"parse": []});
        let ask = match press.kind {
            COMPONENT => Ask::with(
                Method::POST,
                Route::WebhookFollowupMessages { application_id, token },
                &json!({"content": cut(&content, 2_000), "flags": EPHEMERAL, "allowed_mentions": quiet}),
            ),
            _ => Ask::with(
                Method::PATCH,
                Route::WebhookOriginalInteractionResponse { application_id, token },
                &json!({"content": cut(&content, 2_000), "allowed_mentions": quiet}),
            ),
        };
        let Ok(ask) = ask else { return };
        if let Err(trouble) = self.bot.rest.tell_now(ask).await {
            tracing::debug!("an interaction was not followed up: {trouble}");
        }
    }
}
