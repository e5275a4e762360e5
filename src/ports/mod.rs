//! What the core needs of the world, as traits. Adapters implement them; only `app` knows which.

pub mod actions;
pub mod call;
pub mod clock;
pub mod directory;
pub mod mail;
pub mod notify;
pub mod queries;
pub mod storage;
pub mod tickets;
pub mod tracker;

pub use actions::{Actions, Host};
pub use call::CallError;
pub use clock::{Clock, Ids};
pub use directory::{Directory, DirectoryError};
pub use mail::{Mail, MailError, Mailer};
pub use notify::{Notice, Notifier, NotifyError};
pub use queries::{Part, Queries, Query, QueryError};
pub use tickets::{TicketError, Tickets};
pub use tracker::{Heard, Mirrored, Remark, Tracker, Unheard};
