//! Time and randomness, handed in so that everything else can be replayed.

use crate::domain::Time;
use uuid::Uuid;

/// What time it is.
pub trait Clock: Send + Sync {
    /// Now, in UTC.
    fn now(&self) -> Time;
}

/// Ids and secrets.
pub trait Ids: Send + Sync {
    /// A new id; later ids sort after earlier ones.
    fn id(&self) -> Uuid;

    /// 32 bytes that nobody can guess, as hexadecimal text.
    fn secret(&self) -> String;
}
