//! The words of a message as Telegram shows them, cut into parts. Plain text with entities beside it: there is no mark-up
//! in it that could break or be smuggled in.

use crate::{Outbound, split};
use teloxide::types::{MessageEntity, MessageEntityKind};

/// Telegram's limit, in UTF-16 units.
const LIMIT: usize = 4096;
/// The longest name shown above a message, in characters.
const NAME: usize = 64;

/// One part, ready to be sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    pub(super) text: String,
    pub(super) entities: Vec<MessageEntity>,
    /// Whether nothing follows it.
    pub(super) last: bool,
}

/// The part of that number, if there is one. The same message is always cut alike.
pub(super) fn part(message: &Outbound, number: usize) -> Option<Part> {
    let author: String = one_line(&message.author).chars().take(NAME).collect();
    let author = author.trim();
    let sources = message.citations.iter().map(|citation| {
        let url = citation.url.as_deref().unwrap_or_default();
        format!("Source: {} {url}", one_line(&citation.title)).trim_end().to_owned()
    });
    let mut whole = message.text.trim().to_owned();
    let sources: Vec<_> = sources.collect();
    if !sources.is_empty() {
        whole = format!("{whole}\n\n{}", sources.join("\n"));
    }
    if !author.is_empty() {
        whole = format!("{author}\n{whole}");
    }
    let parts = split(&whole, LIMIT);
    let text = (*parts.get(number)?).to_owned();
    let length = author.encode_utf16().count();
    let bold = (number == 0 && length > 0 && text.starts_with(author))
        .then(|| MessageEntity::new(MessageEntityKind::Bold, 0, length));
    Some(Part { text, entities: bold.into_iter().collect(), last: number + 1 == parts.len() })
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Channel, Citation};

    fn message(author: &str, text: &str) -> Outbound {
        Outbound {
            key: "k".to_owned(),
            channel: Channel::Telegram,
            address: "1".to_owned(),
            author: author.to_owned(),
            text: text.to_owned(),
            choices: Vec::new(),
            citations: Vec::new(),
            answers: None,
        }
    }

    #[test]
    fn the_author_stands_above_in_bold_counted_as_telegram_counts() {
        let part = part(&message("Ada 👩‍🚀", "Hello *there* <b>"), 0).unwrap();
        assert_eq!(part.text, "Ada 👩‍🚀\nHello *there* <b>");
        assert_eq!(part.entities, [MessageEntity::new(MessageEntityKind::Bold, 0, 9)]);
        assert!(part.last);
    }

    #[test]
    fn sources_stand_below() {
        let mut message = message("", "Within 30 days.");
        let cite = |url: Option<&str>| Citation {
            article: "refunds".to_owned(),
            title: "Refunds\nand returns".to_owned(),
            url: url.map(str::to_owned),
        };
        message.citations = vec![cite(Some("https://desk.example/refunds")), cite(None)];
        let expected = "Within 30 days.\n\nSource: Refunds and returns https://desk.example/refunds\nSource: Refunds and returns";
        assert_eq!(part(&message, 0).unwrap().text, expected);
    }

    #[test]
    fn a_long_message_comes_in_parts() {
        let message = message("Ada", &"word ".repeat(2000));
        let parts: Vec<_> = (0..).map_while(|number| part(&message, number)).collect();
        assert_eq!(parts.len(), 3);
        assert!(parts.iter().all(|part| part.text.encode_utf16().count() <= LIMIT));
        assert_eq!(parts.iter().map(|part| part.last).collect::<Vec<_>>(), [false, false, true]);
        assert_eq!(parts.iter().map(|part| part.text.matches("word").count()).sum::<usize>(), 2000);
    }
}
