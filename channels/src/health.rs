//! How a platform's adapter is, for `/readyz`, `deskhand doctor` and the console.

/// From best to worst.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// Not tried yet, or another replica holds the platform.
    Standby,
    /// It hears and speaks; who it is there.
    Connected {
        /// E.g. "@harbor_bot by long polling".
        detail: String,
    },
    /// It does not for now, and goes on trying.
    Degraded {
        /// The true cause and what to do, in a sentence.
        cause: String,
    },
    /// It has given up until an admin acts.
    Stopped {
        /// The true cause and what to do, in a sentence.
        cause: String,
    },
}
