//! The edge: what every platform's messages look like to the desk, and what the desk asks of a platform.
//!
//! The web channel *pulls*: a visitor's socket reads the event log itself, so there is nothing to send and nothing
//! to lose. Telegram and Discord *push*: a [`Courier`] carries each message out.

mod courier;
mod text;
mod words;

pub use courier::{Courier, DeliveryError, Outbound, Receipt};
pub use text::{MAX_MESSAGE_BYTES, TextError, accept_text};
pub use words::{Attachment, Channel, Choice, Citation, Inbound, Intake, IntakeError};
