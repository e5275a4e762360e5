//! What a message to a customer looks like on Discord: parts, buttons, sources, a nonce.

use super::plain::{cut, plain, units};
use crate::{Choice, Outbound, split};
use serenity::builder::{
    CreateActionRow, CreateAllowedMentions, CreateButton, CreateMessage, CreateSelectMenu,
    CreateSelectMenuKind, CreateSelectMenuOption,
};
use serenity::model::application::ButtonStyle;
use serenity::model::channel::{MessageFlags, MessageReference, MessageReferenceKind, Nonce};
use serenity::model::id::{ChannelId, MessageId};
use sha2::{Digest as _, Sha256};
use std::collections::HashSet;

/// The longest message, in characters; counted in UTF-16 units, which are never fewer.
const LONGEST: usize = 2_000;
/// The most buttons below each other in one row; more become a menu.
const BUTTONS: usize = 5;
/// The most entries of a menu.
const ENTRIES: usize = 25;
/// The longest id of a button or an entry.
const LONGEST_ID: usize = 100;

/// The id of a menu, whose entries carry the choices.
pub(super) const MENU: &str = "choices";

/// A message cut into what Discord takes. The same message is always cut alike.
pub(super) fn parts(message: &Outbound, me: &str) -> Vec<String> {
    let mut head = String::new();
    let author = message.author.trim();
    if !author.is_empty() && !author.eq_ignore_ascii_case(me) {
        head = format!("**{}**: ", plain(&cut(&author.replace('\n', " "), 100)));
    }
    let mut parts: Vec<String> = Vec::new();
    let room = LONGEST - units(&head);
    fit(&message.text, room, room, &mut parts);
    if let Some(first) = parts.first_mut() {
        first.insert_str(0, &head);
    }
    for line in citations(message).into_iter().chain(leftovers(message)) {
        match parts.last_mut().filter(|last| units(last) + 1 + units(&line) <= LONGEST) {
            Some(last) => {
                last.push('\n');
                last.push_str(&line);
            }
            None => parts.push(line),
        }
    }
    parts
}

/// Cuts plain text so that each part still fits into `room` once it is escaped.
fn fit(text: &str, room: usize, limit: usize, parts: &mut Vec<String>) {
    for part in split(text, limit) {
        let safe = plain(part);
        if units(&safe) <= room || limit < 4 {
            parts.push(safe);
        } else {
            fit(part, room, limit / 2, parts);
        }
    }
}

/// Sources, one a line; angle brackets keep Discord from showing a preview.
fn citations(message: &Outbound) -> Vec<String> {
    let line = |citation: &crate::Citation| {
        let title = plain(&cut(&citation.title.replace('\n', " "), 200));
        let url = citation.url.as_deref().filter(|url| {
            (url.starts_with("https://") || url.starts_with("http://"))
                && url.len() <= 1_000
                && !url.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>'))
        });
        url.map_or_else(|| title.clone(), |url| format!("{title}: <{url}>"))
    };
    message.citations.iter().map(line).collect()
}

fn fits(choice: &Choice) -> bool {
    (1..=LONGEST_ID).contains(&units(&choice.id)) && !choice.label.trim().is_empty()
}

/// The choices that can be shown as buttons or entries, each id once.
fn shown(message: &Outbound) -> Vec<&Choice> {
    let mut seen = HashSet::new();
    message.choices.iter().filter(|choice| fits(choice) && seen.insert(&choice.id)).take(ENTRIES).collect()
}

/// Choices that cannot, as lines that a customer can copy.
fn leftovers(message: &Outbound) -> Vec<String> {
    let shown = shown(message);
    let left = message.choices.iter().filter(|choice| !shown.iter().any(|known| known.id == choice.id));
    left.map(|choice| format!("• {}", plain(&cut(&choice.label.replace('\n', " "), 200)))).collect()
}

fn rows(message: &Outbound) -> Vec<CreateActionRow> {
    let choices = shown(message);
    match choices.len() {
        0 => Vec::new(),
        1..=BUTTONS => {
            let button = |choice: &&Choice| {
                CreateButton::new(&choice.id).label(cut(choice.label.trim(), 80)).style(ButtonStyle::Primary)
            };
            vec![CreateActionRow::Buttons(choices.iter().map(button).collect())]
        }
        _ => {
            let entry =
                |choice: &&Choice| CreateSelectMenuOption::new(cut(choice.label.trim(), 100), &choice.id);
            let options = choices.iter().map(entry).collect();
            vec![CreateActionRow::SelectMenu(CreateSelectMenu::new(
                MENU,
                CreateSelectMenuKind::String { options },
            ))]
        }
    }
}

/// The request's body for one part.
pub(super) fn body(
    message: &Outbound,
    content: String,
    part: usize,
    last: bool,
    channel: ChannelId,
) -> CreateMessage {
    let mut body = CreateMessage::new()
        .content(content)
        .allowed_mentions(CreateAllowedMentions::new())
        .flags(MessageFlags::SUPPRESS_EMBEDS)
        .nonce(Nonce::String(nonce(&message.key, part)))
        .enforce_nonce(true);
    let answered = message
        .answers
        .as_deref()
        .and_then(|id| id.split('/').next()?.parse::<u64>().ok())
        .filter(|id| *id != 0);
    if let Some(id) = answered.filter(|_| part == 0) {
        let reference = MessageReference::new(MessageReferenceKind::Default, channel);
        body = body.reference_message(reference.message_id(MessageId::new(id)).fail_if_not_exists(false));
    }
    if last {
        body = body.components(rows(message));
    }
    body
}

/// The name under which Discord shows a part once however often it is sent (for some minutes): at most 25
/// characters, so longer ones are hashed.
fn nonce(key: &str, part: usize) -> String {
    let whole = format!("{key}/{part}");
    if whole.len() <= 25 {
        return whole;
    }
    Sha256::digest(whole.as_bytes()).iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Channel, Citation};
    use proptest::prelude::*;

    fn message(text: &str) -> Outbound {
        Outbound {
            key: "0190e7b1-8c2f-7000-8000-000000000001".into(),
            channel: Channel::Discord,
            address: "1".into(),
            author: String::new(),
            text: text.into(),
            choices: Vec::new(),
            citations: Vec::new(),
            answers: None,
        }
    }

    #[test]
    fn agents_are_named_and_sources_linked_without_a_preview() {
        let mut told = message("Press *Export*.");
        told.author = "Ana_M".into();
        told.citations = vec![
            Citation {
                article: "a".into(),
                title: "Export".into(),
                url: Some("https://h.example/export".into()),
            },
            Citation {
                article: "b".into(),
                title: "No [link]".into(),
                url: Some("javascript:alert(1)".into()),
            },
        ];
        let expected = "**Ana\\_M**: Press \\*Export\\*.\nExport: <https://h.example/export>\nNo \\[link\\]";
        assert_eq!(parts(&told, "Harbor"), [expected]);
        told.author = "harbor".into();
        assert!(
            parts(&told, "Harbor")[0].starts_with("Press"),
            "the bot's name stands beside its messages already"
        );
    }

    #[test]
    fn choices_that_fit_nowhere_are_still_offered() {
        let mut told = message("Which?");
        told.choices = (0..27).map(|n| Choice { id: n.to_string(), label: format!("Choice {n}") }).collect();
        told.choices[3].id = "x".repeat(101);
        assert_eq!(parts(&told, "")[0], "Which?\n• Choice 3\n• Choice 26");
    }

    #[test]
    fn nonces_are_short_stable_and_different_for_each_part() {
        assert_eq!(nonce("m1", 0), "m1/0");
        let long = message("").key;
        assert_eq!(nonce(&long, 0), nonce(&long, 0));
        assert_ne!(nonce(&long, 0), nonce(&long, 1));
        assert!(nonce(&long, 12).len() <= 25);
    }

    proptest! {
        #[test]
        fn every_part_fits(text in "([a-z*_ \n😀|<@]{0,60}){0,120}", author in "[a-z*]{0,12}") {
            let mut told = message(&text);
            told.author = author;
            for part in parts(&told, "bot") {
                prop_assert!(units(&part) <= LONGEST, "{}", units(&part));
            }
        }
    }
}
