//! Whether words in a group are for the bot, and what is left of them without its name.

use super::wire::{Entity, User};
use std::ops::Range;

/// The words as the desk should read them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) text: String,
    /// What followed `/start`: a code that joins the sender to a customer known elsewhere.
    pub(super) link: Option<String>,
}

/// A private message: all of it is for the bot.
pub(super) fn in_private(text: &str) -> Words {
    command(text).map_or_else(|| plain(text), |(name, _, rest)| words(&name, rest))
}

/// A message in a group, if it names the bot, replies to it or is a command that may be for it.
pub(super) fn in_group(text: &str, entities: &[Entity], me: &User, replies_to_me: bool) -> Option<Words> {
    if let Some((name, bot, rest)) = command(text) {
        let ours =
            bot.is_none_or(|bot| me.username.as_deref().is_some_and(|me| me.eq_ignore_ascii_case(bot)));
        // A code that a whole group can read proves nothing of who sent it.
        return ours.then(|| Words { link: None, ..words(&name, rest) });
    }
    let mut mentions: Vec<_> = entities.iter().filter_map(|entity| mention(text, entity, me)).collect();
    mentions.dedup();
    if mentions.is_empty() {
        return replies_to_me.then(|| plain(text));
    }
    let mut stripped = text.to_owned();
    for range in mentions.into_iter().rev() {
        // Entities of hostile make may overlap: each is taken only from what is still there.
        if stripped.is_char_boundary(range.start) && stripped.is_char_boundary(range.end.min(stripped.len()))
        {
            stripped.replace_range(range.start..range.end.min(stripped.len()), "");
        }
    }
    let stripped =
        stripped.trim_matches(|c: char| c.is_whitespace() || c == ',' || c == ':').replace("  ", " ");
    Some(plain(if stripped.is_empty() { text } else { &stripped }))
}

fn plain(text: &str) -> Words {
    Words { text: text.trim().to_owned(), link: None }
}

/// The words of a command, without the bot's name.
fn words(name: &str, rest: &str) -> Words {
    if name == "/start" {
        let payload = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let link =
            (!rest.is_empty() && rest.len() <= 64 && rest.chars().all(payload)).then(|| rest.to_owned());
        if link.is_some() || rest.is_empty() {
            return Words { text: name.to_owned(), link };
        }
    }
    plain(&format!("{name} {rest}"))
}

/// `/name@bot rest` as (`/name`, `bot`, `rest`); the name in lower case.
fn command(text: &str) -> Option<(String, Option<&str>, &str)> {
    let text = text.trim();
    let (head, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let (name, bot) = head.split_once('@').map_or((head, None), |(name, bot)| (name, Some(bot)));
    let letters = name.strip_prefix('/')?;
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (!letters.is_empty() && letters.len() <= 32 && letters.chars().all(fits))
        .then(|| (name.to_ascii_lowercase(), bot, rest.trim()))
}

/// Where the bot is named by this entity.
fn mention(text: &str, entity: &Entity, me: &User) -> Option<Range<usize>> {
    let range = bytes(text, entity.offset, entity.length)?;
    let named = match entity.kind.as_str() {
        "mention" => {
            let name = text.get(range.clone())?.strip_prefix('@')?;
            me.username.as_deref().is_some_and(|me| me.eq_ignore_ascii_case(name))
        }
        "text_mention" => entity.user.as_ref().is_some_and(|user| user.id == me.id),
        _ => false,
    };
    named.then_some(range)
}

/// A range of UTF-16 units as one of bytes; none where it does not fall between characters.
fn bytes(text: &str, offset: usize, length: usize) -> Option<Range<usize>> {
    let (mut units, mut start, mut end) = (0, None, None);
    let wanted = offset.checked_add(length)?;
    for (at, c) in text.char_indices().map(|(at, c)| (at, Some(c))).chain([(text.len(), None)]) {
        start = start.or((units == offset).then_some(at));
        end = end.or((units == wanted).then_some(at));
        units += c.map_or(0, char::len_utf16);
    }
    Some(start?..end?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn me() -> User {
        User {
            id: 1,
            is_bot: true,
            first_name: "Harbor".to_owned(),
            last_name: None,
            username: Some("harbor_bot".to_owned()),
            language_code: None,
        }
    }

    fn at(offset: usize, length: usize) -> Vec<Entity> {
        vec![Entity { kind: "mention".to_owned(), offset, length, user: None }]
    }

    fn said(text: &str, entities: &[Entity], reply: bool) -> Option<String> {
        in_group(text, entities, &me(), reply).map(|words| words.text)
    }

    #[test]
    fn in_a_group_only_what_names_the_bot_is_for_it() {
        assert_eq!(said("good morning all", &[], false), None);
        assert_eq!(said("good morning", &[], true).as_deref(), Some("good morning"));
        assert_eq!(
            said("@harbor_bot, my order is late", &at(0, 11), false).as_deref(),
            Some("my order is late")
        );
        assert_eq!(said("👋 @Harbor_Bot help", &at(3, 11), false).as_deref(), Some("👋 help"));
        assert_eq!(said("@other_bot help", &at(0, 10), false), None);
        assert_eq!(said("@harbor_bot", &at(0, 11), false).as_deref(), Some("@harbor_bot"));
        assert_eq!(said("/human@harbor_bot", &[], false).as_deref(), Some("/human"));
        assert_eq!(said("/human@other_bot", &[], true), None);
        assert_eq!(said("/help", &[], false).as_deref(), Some("/help"));
        let start = in_group("/start@harbor_bot code", &[], &me(), false);
        assert_eq!(start, Some(Words { text: "/start".to_owned(), link: None }));
    }

    #[test]
    fn a_start_carries_its_code() {
        let words =
            |text: &str, link: Option<&str>| Words { text: text.to_owned(), link: link.map(str::to_owned) };
        assert_eq!(in_private("/start"), words("/start", None));
        assert_eq!(in_private("/start abc-DEF_1"), words("/start", Some("abc-DEF_1")));
        assert_eq!(in_private("/START@harbor_bot abc"), words("/start", Some("abc")));
        assert_eq!(in_private("/start with the refund"), words("/start with the refund", None));
        assert_eq!(in_private("/human"), words("/human", None));
        assert_eq!(in_private("/weather in Oslo"), words("/weather in Oslo", None));
        assert_eq!(in_private("/ alone"), words("/ alone", None));
    }

    #[test]
    fn entities_that_lie_do_no_harm() {
        for (offset, length) in [(0, 99), (99, 1), (1, 1), (usize::MAX, 2), (0, 1)] {
            assert_eq!(said("👋 hello", &at(offset, length), false), None);
        }
        let twice = [at(0, 11), at(0, 11)].concat();
        assert!(said("@harbor_bot hi", &twice, false).is_some());
    }
}
