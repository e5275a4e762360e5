//! What went wrong with a call to the outside, named by what the caller can do about it.

use std::time::Duration;

/// A call that did not give what it was made for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The guard refuses this address; nothing was sent, and nothing will be until an operator allows it.
    #[error("{host} may not be reached: {why}")]
    Blocked {
        /// The host as the address names it.
        host: String,
        /// Why, and who can change it.
        why: String,
    },
    /// No request could be made of what was given; nothing was sent.
    #[error("the request can't be sent: {why}")]
    Unusable {
        /// What is wrong with it.
        why: String,
    },
    /// Nothing was done there; a later try may succeed.
    #[error("{why}")]
    Retry {
        /// What happened.
        why: String,
    },
    /// Nothing was done there; a try before `after` has passed is useless.
    #[error("{why}; wait {} s", after.as_secs())]
    Later {
        /// How long to wait.
        after: Duration,
        /// Who asked for it.
        why: String,
    },
    /// The request was written, and no clear answer came: it may have been done.
    #[error("it is not known whether it was done: {why}")]
    InDoubt {
        /// What happened.
        why: String,
    },
    /// It was understood and refused; the same request will never be taken.
    #[error("refused with status {status}: {body}")]
    Refused {
        /// The HTTP status, or SMTP's reply code.
        status: u16,
        /// The beginning of the answer, without control characters. It is not ours: show it to admins only.
        body: String,
    },
    /// The status was one of success and the answer longer than allowed.
    #[error("the answer is longer than {limit} bytes")]
    TooLarge {
        /// Bytes after decompression.
        limit: usize,
    },
    /// The status was one of success and the answer no JSON.
    #[error("the answer is no JSON: {why}")]
    NotJson {
        /// Where it stops being JSON.
        why: String,
    },
    /// The answer is JSON, but not what was promised.
    #[error("the answer is not of the promised shape: {why}")]
    Unexpected {
        /// What differs.
        why: String,
    },
}

/// Whether the remote side did what it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// It certainly did not.
    No,
    /// It may have.
    Maybe,
    /// It did, by its own status; only the answer is unusable.
    Yes,
}

/// What the caller should do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// The same request again, by the caller's own schedule.
    Again,
    /// The same request again, not before this time has passed.
    AgainAfter(Duration),
    /// Find out whether it was done before doing it again; where that can't be found out, show it to a human.
    LookFirst,
    /// No repetition helps: a human must change something.
    GiveUp,
}

impl Trouble {
    /// Whether it was done.
    #[must_use]
    pub fn done(&self) -> Done {
        match self {
            Self::Blocked { .. }
            | Self::Unusable { .. }
            | Self::Retry { .. }
            | Self::Later { .. }
            | Self::Refused { .. } => Done::No,
            Self::InDoubt { .. } => Done::Maybe,
            Self::TooLarge { .. } | Self::NotJson { .. } | Self::Unexpected { .. } => Done::Yes,
        }
    }

    /// What to do next.
    #[must_use]
    pub fn advice(&self) -> Advice {
        match self {
            Self::Retry { .. } => Advice::Again,
            Self::Later { after, .. } => Advice::AgainAfter(*after),
            Self::InDoubt { .. } | Self::TooLarge { .. } | Self::NotJson { .. } | Self::Unexpected { .. } => {
                Advice::LookFirst
            }
            Self::Blocked { .. } | Self::Unusable { .. } | Self::Refused { .. } => Advice::GiveUp,
        }
    }

    /// A stable name for metrics, logs and "why" cards.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Blocked { .. } => "blocked",
            Self::Unusable { .. } => "unusable",
            Self::Retry { .. } => "retry",
            Self::Later { .. } => "later",
            Self::InDoubt { .. } => "in-doubt",
            Self::Refused { .. } => "refused",
            Self::TooLarge { .. } => "too-large",
            Self::NotJson { .. } => "not-json",
            Self::Unexpected { .. } => "unexpected",
        }
    }

    /// The same trouble with every known secret in its words replaced.
    #[must_use]
    pub fn masked(self, mask: &crate::mask::Mask) -> Self {
        let hide = |text: String| mask.hide(&text);
        match self {
            Self::Blocked { host, why } => Self::Blocked { host: hide(host), why: hide(why) },
            Self::Unusable { why } => Self::Unusable { why: hide(why) },
            Self::Retry { why } => Self::Retry { why: hide(why) },
            Self::Later { after, why } => Self::Later { after, why: hide(why) },
            Self::InDoubt { why } => Self::InDoubt { why: hide(why) },
            Self::Refused { status, body } => Self::Refused { status, body: hide(body) },
            Self::TooLarge { limit } => Self::TooLarge { limit },
            Self::NotJson { why } => Self::NotJson { why: hide(why) },
            Self::Unexpected { why } => Self::Unexpected { why: hide(why) },
        }
    }

    /// Something in the answer is missing or of the wrong kind.
    pub(crate) fn unexpected(why: impl Into<String>) -> Self {
        Self::Unexpected { why: why.into() }
    }

    /// What was given makes no request.
    pub(crate) fn unusable(why: impl Into<String>) -> Self {
        Self::Unusable { why: why.into() }
    }
}
