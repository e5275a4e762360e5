//! The words of the edge, from its own sources.

#[path = "../../channels/src/intake.rs"]
mod intake;
#[path = "../../channels/src/text.rs"]
mod text;
#[path = "../../channels/src/words.rs"]
mod words;

pub use intake::{Fact, File, Intake, IntakeError, Phrase};
pub use text::{MAX_MESSAGE_BYTES, TextError, accept_text};
pub use words::{Attachment, Channel, Choice, Citation, Inbound, Profile};
