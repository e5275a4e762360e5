//! The edge: what every platform's messages look like to the desk, and what the desk asks of a platform.
//!
//! The web channel *pulls*: a visitor's socket reads the event log itself, so there is nothing to send and nothing
//! to lose. Telegram and Discord *push*: a [`Courier`] carries each message out.

mod courier;
pub mod discord;
mod health;
mod intake;
mod platform;
mod split;
pub mod telegram;
mod text;
mod words;

pub use courier::{Courier, DeliveryError, Outbound, Receipt};
pub use health::Health;
pub use intake::{Fact, File, Intake, IntakeError, Phrase};
pub use platform::{Heard, Platform};
pub use split::split;
pub use text::{MAX_MESSAGE_BYTES, TextError, accept_text};
pub use words::{Attachment, Channel, Choice, Citation, Inbound, Profile};
