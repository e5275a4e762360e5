//! A call of Telegram's webhook with anything in it: taken, refused or put off, and whatever reaches the desk is text
//! that the desk accepts.
#![no_main]

use async_trait::async_trait;
use channels::telegram::{Mode, Settings, Telegram};
use channels::{Attachment, Channel, Fact, File, Inbound, Intake, IntakeError, Phrase};
use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

struct Desk;

#[async_trait]
impl Intake for Desk {
    async fn accept(&self, inbound: Inbound) -> Result<(), IntakeError> {
        assert!(!inbound.sender.is_empty() && !inbound.address.is_empty() && !inbound.external_id.is_empty());
        assert!(!inbound.text.contains('\0'));
        Ok(())
    }
    async fn keep(&self, _: File) -> Result<Attachment, IntakeError> {
        Err(IntakeError::Refused("no files here".to_owned()))
    }
    async fn learn(&self, _: Channel, _: Fact) -> Result<(), IntakeError> {
        Ok(())
    }
    async fn remember(&self, _: &str, _: &str) -> Result<(), IntakeError> {
        Ok(())
    }
    async fn recall(&self, _: &str) -> Result<Vec<(String, String)>, IntakeError> {
        Ok(Vec::new())
    }
    fn phrase(&self, phrase: Phrase, _: Option<&str>) -> String {
        phrase.id().to_owned()
    }
    fn languages(&self) -> Vec<String> {
        vec!["en".to_owned()]
    }
}

fn bot() -> &'static (tokio::runtime::Runtime, Arc<Telegram>) {
    static BOT: OnceLock<(tokio::runtime::Runtime, Arc<Telegram>)> = OnceLock::new();
    BOT.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let settings = Settings {
            // Nobody listens there: what would be fetched is not to be had.
            api_url: Some("http://127.0.0.1:1".to_owned()),
            mode: Mode::Webhook { url: "https://desk.example/hooks/telegram".to_owned(), secret: SECRET.to_owned().into() },
            back_off: Duration::ZERO,
            second: Duration::from_millis(1),
            ..Settings::new("123456:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned().into())
        };
        let telegram = Telegram::new(settings, Arc::new(Desk)).expect("settings in order");
        (runtime, telegram)
    })
}

fuzz_target!(|body: &[u8]| {
    let (runtime, telegram) = bot();
    runtime.block_on(telegram.webhook(Some(SECRET.as_bytes()), body));
});
