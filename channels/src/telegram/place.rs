//! Addresses: `<chat>` in private, `<chat>:<user>` in a group, `<chat>:<user>:<thread>` in a forum's topic.

use std::fmt;

/// Where an answer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) chat: i64,
    /// In a group, whom it is for.
    pub(super) user: Option<i64>,
    /// In a forum, the topic.
    pub(super) thread: Option<i64>,
}

impl Place {
    pub(super) fn parse(address: &str) -> Option<Self> {
        let mut parts = address.split(':');
        let chat = parts.next()?.parse().ok()?;
        let user = parts.next().map(|user| user.parse().ok()).map_or(Some(None), |user| user.map(Some))?;
        let thread = parts.next().map(|id| id.parse().ok()).map_or(Some(None), |id| id.map(Some))?;
        parts.next().is_none().then_some(Self { chat, user, thread })
    }

    /// Groups and channels have negative ids.
    pub(super) fn is_group(&self) -> bool {
        self.chat < 0
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.chat)?;
        if let Some(user) = self.user {
            write!(f, ":{user}")?;
            if let Some(thread) = self.thread {
                write!(f, ":{thread}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_as_it_is_written() {
        for address in ["42", "-1001:42", "-1001:42:7"] {
            assert_eq!(Place::parse(address).unwrap().to_string(), address);
        }
        for wrong in ["", "x", "42:", "42:x", "1:2:3:4", "42 "] {
            assert_eq!(Place::parse(wrong), None, "{wrong}");
        }
    }
}
