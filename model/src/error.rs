//! Why there is no answer, typed by what the caller can do. The words are for logs and admins; customers never see them.

use crate::ask::{Ask, Usage};
use std::time::Duration;

/// What a caller does about an error. In every case the desk goes on: the model is never needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Decide without the model now; nobody need do anything.
    GoOnWithout,
    /// Decide without the model now; the same question may be asked later.
    Later(Duration),
    /// Decide without the model now, and tell an admin: it will not mend itself.
    TellAdmin,
}

/// Whether a failed call may have cost money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paid {
    /// Surely not: it was refused before the model worked.
    No,
    /// Perhaps: it is counted at what was reserved.
    Perhaps,
}

/// No answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The server can't be reached or failed.
    #[error("the model server failed: {cause}")]
    Unavailable {
        /// In words.
        cause: String,
        /// A server that answered 503 at once charges nothing; a cut link may.
        paid: Paid,
    },
    /// The time of the step is used up.
    #[error("the model did not answer in time")]
    TimedOut,
    /// Too many calls, by the server's count or by ours.
    #[error("too many calls: {cause}")]
    Busy {
        /// Whose limit.
        cause: String,
        /// When to come back, if it was said.
        after: Option<Duration>,
    },
    /// One customer caused more calls than the desk allows; it says nothing of the server.
    #[error("this customer caused too many calls in a minute")]
    RateLimited {
        /// Until the next one.
        after: Duration,
    },
    /// The server failed too often lately and is left alone.
    #[error("the model server is left alone after too many failures")]
    Open {
        /// Until the next probe.
        after: Duration,
    },
    /// The model or the server's filter would not answer.
    #[error("the model refused: {why}")]
    Refused {
        /// In its own words, cut.
        why: String,
    },
    /// There was an answer, and it is not usable, also after one repair.
    #[error("the model's answer is not usable: {fault}")]
    Invalid {
        /// What is wrong, as it is told to the model for the repair.
        fault: String,
    },
    /// The input does not fit into the model.
    #[error("the input is too long for the model")]
    TooLong,
    /// Nothing more is spent.
    #[error("the budget is used up: {scope}")]
    OverBudget {
        /// `day`, `conversation` or `customer`.
        scope: &'static str,
        /// When the day ends.
        after: Option<Duration>,
    },
    /// A wrong key, an unknown model, a refused request: an admin must look.
    #[error("the model server does not accept our calls: {cause}")]
    Misconfigured {
        /// In words.
        cause: String,
    },
}

impl ModelError {
    /// What to do about it.
    #[must_use]
    pub fn then(&self) -> Then {
        match self {
            Self::Busy { after, .. } => Then::Later(after.unwrap_or(Duration::from_secs(5))),
            Self::Open { after } | Self::RateLimited { after } => Then::Later(*after),
            Self::OverBudget { after: Some(after), .. } => Then::Later(*after),
            Self::Misconfigured { .. } => Then::TellAdmin,
            Self::Unavailable { .. }
            | Self::TimedOut
            | Self::Refused { .. }
            | Self::Invalid { .. }
            | Self::TooLong
            | Self::OverBudget { after: None, .. } => Then::GoOnWithout,
        }
    }

    /// A stable code for reasons, metrics and the journal.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } => "model-unavailable",
            Self::TimedOut => "model-timed-out",
            Self::Busy { .. } => "model-busy",
            Self::RateLimited { .. } => "model-rate-limited",
            Self::Open { .. } => "model-circuit-open",
            Self::Refused { .. } => "model-refused",
            Self::Invalid { .. } => "model-answer-invalid",
            Self::TooLong => "model-input-too-long",
            Self::OverBudget { .. } => "model-over-budget",
            Self::Misconfigured { .. } => "model-misconfigured",
        }
    }

    /// Whether the same call may go better in a moment.
    #[must_use]
    pub const fn worth_retrying(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Busy { .. })
    }

    /// Whether it speaks against the server's health. A refusal or a bad answer to one question does not.
    #[must_use]
    pub const fn server_fault(&self) -> bool {
        matches!(
            self,
            Self::Unavailable { .. } | Self::TimedOut | Self::Busy { .. } | Self::Misconfigured { .. }
        )
    }

    /// What a failed call is counted at: everything it could have used, or nothing.
    #[must_use]
    pub fn lost(&self, ask: &Ask) -> Usage {
        match self.paid() {
            Paid::No => Usage::default(),
            Paid::Perhaps => ask.usage_at_most(),
        }
    }

    /// Whether money may have gone.
    #[must_use]
    pub const fn paid(&self) -> Paid {
        match self {
            Self::Unavailable { paid, .. } => *paid,
            Self::TimedOut | Self::Refused { .. } | Self::Invalid { .. } => Paid::Perhaps,
            Self::Busy { .. }
            | Self::RateLimited { .. }
            | Self::Open { .. }
            | Self::TooLong
            | Self::OverBudget { .. }
            | Self::Misconfigured { .. } => Paid::No,
        }
    }
}
