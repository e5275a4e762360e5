//! What the core needs of the world, as traits. Adapters implement them; only `app` knows which.

pub mod actions;
pub mod clock;
pub mod directory;
pub mod mail;
pub mod notify;
pub mod storage;
pub mod tickets;
pub mod tracker;

pub use actions::{ActionError, Actions};
pub use clock::{Clock, Ids};
pub use directory::{Directory, DirectoryError};
pub use mail::{Mail, MailError, Mailer};
pub use notify::{Notice, Notifier, NotifyError};
pub use tickets::{TicketError, Tickets};
pub use tracker::{Heard, Mirrored, Tracker, TrackerError, Unheard};
