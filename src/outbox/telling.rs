//! Telling teams: in every console at once, then by each channel for itself, so that one that is away holds up no other
//! and none is told twice for another's sake.

use super::{Dispatcher, TRY_LIMIT, Try, again, done, no_answer};
use crate::domain::conversation::Conversation;
use crate::domain::effect::{Effect, Outcome};
use crate::domain::event::Event;
use crate::domain::ticket::Priority;
use crate::ports::storage::{Count, Item};
use crate::ports::{Notice, NotifyError};

impl Dispatcher {
    pub(super) fn notice(
        &self,
        item: &Item,
        talk: &Conversation,
        team: &str,
        text: &str,
        priority: Priority,
    ) -> Notice {
        Notice {
            key: item.place,
            team: team.to_owned(),
            text: text.to_owned(),
            priority,
            conversation: talk.id,
            at: self.ledger.now(),
        }
    }

    /// Shows it in the consoles, and asks for each of the team's channels.
    pub(super) async fn notify(
        &self,
        item: &Item,
        talk: &Conversation,
        team: &str,
        text: &str,
        priority: Priority,
    ) -> Try {
        let notice = self.notice(item, talk, team, text, priority);
        let told = match tokio::time::timeout(TRY_LIMIT, self.world.notifier.notify(&notice)).await {
            Ok(told) => told,
            Err(_) => return no_answer(),
        };
        if let Err(error) = told {
            return trouble(error);
        }
        let book = self.library.current();
        let chosen = book.team(team).1.and_then(|team| team.notify.as_ref());
        let channels = match chosen {
            Some(chosen) => chosen.iter().map(|channel| channel.name().to_owned()).collect(),
            None => self.world.notifier.channels(),
        };
        let tell = |channel: String| {
            let (team, text) = (team.to_owned(), text.to_owned());
            Event::Requested { effect: Effect::Tell { channel, team, text, priority } }
        };
        Try::Done(Outcome::Notified, channels.into_iter().map(tell).collect())
    }

    /// Tells the team by one channel.
    pub(super) async fn tell(&self, channel: &str, notice: &Notice) -> Try {
        match tokio::time::timeout(TRY_LIMIT, self.world.notifier.tell(channel, notice)).await {
            Ok(Ok(())) => done(Outcome::Notified),
            Ok(Err(error)) => trouble(error),
            Err(_) => no_answer(),
        }
    }
}

fn trouble(error: NotifyError) -> Try {
    match error {
        NotifyError::Retry(cause) => again(cause),
        NotifyError::Later { cause, after } => Try::Again { cause, count: Count::Tried, after: Some(after) },
        NotifyError::Refused(cause) => Try::Dead(cause),
    }
}
