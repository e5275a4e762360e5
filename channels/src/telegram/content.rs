//! What a message holds beside its words: a file to fetch, or something that is told in words.

use super::wire::Message;
use serde::Deserialize;
use serde_json::Value;

/// What a message is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// Words only.
    Words,
    /// A file, with an emoji in place of words for stickers.
    File(Media, Option<String>),
    /// Something that is told in words an agent can read and open.
    Told(String),
    /// A place that moves: each step of it comes as an edit.
    LivePlace(String),
    /// News of the chat, not of the customer.
    Service,
}

/// A file at Telegram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Media {
    pub(super) file_id: String,
    /// Hostile text.
    pub(super) name: String,
    /// Bytes, where Telegram tells.
    pub(super) size: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Stored {
    file_id: String,
    #[serde(default)]
    file_size: Option<u64>,
    #[serde(default)]
    file_name: Option<String>,
    #[serde(default)]
    emoji: Option<String>,
    #[serde(default)]
    is_animated: bool,
    #[serde(default)]
    is_video: bool,
    #[serde(default)]
    width: u64,
    #[serde(default)]
    height: u64,
}

/// Fields that tell of a message without being its content.
const ABOUT: [&str; 30] = [
    "date",
    "edit_date",
    "sender_chat",
    "sender_boost_count",
    "sender_business_bot",
    "sender_tag",
    "business_connection_id",
    "forward_origin",
    "forward_from",
    "forward_from_chat",
    "forward_date",
    "external_reply",
    "reply_to_story",
    "reply_to_checklist_task_id",
    "reply_to_poll_option_id",
    "via_bot",
    "has_protected_content",
    "is_from_offline",
    "is_paid_post",
    "media_group_id",
    "author_signature",
    "paid_star_count",
    "link_preview_options",
    "suggested_post_info",
    "effect_id",
    "show_caption_above_media",
    "has_media_spoiler",
    "direct_messages_topic",
    "guest_query_id",
    "guest_bot_caller_user",
];

/// News that nobody wrote: it starts no conversation.
const SERVICE: [&str; 34] = [
    "new_chat_members",
    "left_chat_member",
    "new_chat_title",
    "new_chat_photo",
    "delete_chat_photo",
    "group_chat_created",
    "supergroup_chat_created",
    "channel_chat_created",
    "message_auto_delete_timer_changed",
    "pinned_message",
    "successful_payment",
    "refunded_payment",
    "connected_website",
    "write_access_allowed",
    "proximity_alert_triggered",
    "boost_added",
    "chat_background_set",
    "chat_owner_left",
    "chat_owner_changed",
    "checklist_tasks_done",
    "checklist_tasks_added",
    "direct_message_price_changed",
    "forum_topic_created",
    "forum_topic_edited",
    "forum_topic_closed",
    "forum_topic_reopened",
    "general_forum_topic_hidden",
    "general_forum_topic_unhidden",
    "giveaway_created",
    "paid_message_price_changed",
    "video_chat_scheduled",
    "video_chat_started",
    "video_chat_ended",
    "video_chat_participants_invited",
];

/// Reads what a message holds; files of at most `limit` bytes are preferred where there is a choice of sizes.
pub(super) fn of(message: &Message, limit: u64) -> Content {
    let rest = &message.rest;
    if SERVICE.iter().any(|kind| rest.contains_key(*kind)) {
        return Content::Service;
    }
    file(message, limit).or_else(|| told(message)).unwrap_or_else(|| {
        let unknown = rest.keys().find(|key| !ABOUT.contains(&key.as_str()));
        match unknown {
            // A kind that is newer than this program: an agent is told at least that it was there.
            Some(kind) if message.text.is_none() => Content::Told(format!("📎 {}", kind.replace('_', " "))),
            _ => Content::Words,
        }
    })
}

fn file(message: &Message, limit: u64) -> Option<Content> {
    let rest = &message.rest;
    let id = message.message_id;
    if let Some(photo) = rest.get("photo").and_then(|sizes| largest(sizes, limit)) {
        return Some(media(photo, format!("photo-{id}.jpg")));
    }
    // An animation comes as a document, too.
    let kinds = [
        ("animation", "mp4"),
        ("document", "bin"),
        ("video", "mp4"),
        ("video_note", "mp4"),
        ("audio", "mp3"),
        ("voice", "ogg"),
        ("sticker", "webp"),
    ];
    kinds.into_iter().find_map(|(kind, extension)| {
        let stored: Stored = serde_json::from_value(rest.get(kind)?.clone()).ok()?;
        let extension = match &stored {
            Stored { is_animated: true, .. } => "tgs",
            Stored { is_video: true, .. } => "webm",
            _ => extension,
        };
        Some(media(stored, format!("{}-{id}.{extension}", kind.replace('_', "-"))))
    })
}

fn media(stored: Stored, fallback: String) -> Content {
    let name = stored.file_name.filter(|name| !name.trim().is_empty()).unwrap_or(fallback);
    Content::File(Media { file_id: stored.file_id, name, size: stored.file_size }, stored.emoji)
}

/// The largest size within the limit, or the smallest where none is.
fn largest(sizes: &Value, limit: u64) -> Option<Stored> {
    let mut sizes: Vec<Stored> = serde_json::from_value(sizes.clone()).ok()?;
    sizes.sort_by_key(|size| size.width * size.height);
    let best = sizes.iter().rposition(|size| size.file_size.is_none_or(|bytes| bytes <= limit)).unwrap_or(0);
    (best < sizes.len()).then(|| sizes.swap_remove(best))
}

fn told(message: &Message) -> Option<Content> {
    let rest = &message.rest;
    let words = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().trim().to_owned();
    let place = |value: &Value| {
        let (lat, lon) = (value["latitude"].as_f64()?, value["longitude"].as_f64()?);
        Some(format!("📍 https://www.openstreetmap.org/?mlat={lat}&mlon={lon}#map=16/{lat}/{lon}"))
    };
    if let Some(venue) = rest.get("venue") {
        let named = format!("{}, {}", words(venue, "title"), words(venue, "address"));
        return Some(Content::Told(format!("{}\n{named}", place(&venue["location"])?)));
    }
    if let Some(location) = rest.get("location") {
        let place = place(location)?;
        let live = location["live_period"].is_u64();
        return Some(if live { Content::LivePlace(place) } else { Content::Told(place) });
    }
    if let Some(contact) = rest.get("contact") {
        let name = format!("{} {}", words(contact, "first_name"), words(contact, "last_name"));
        return Some(Content::Told(format!("👤 {}, {}", name.trim(), words(contact, "phone_number"))));
    }
    if let Some(poll) = rest.get("poll") {
        let options =
            poll["options"].as_array()?.iter().map(|option| format!("\n– {}", words(option, "text")));
        return Some(Content::Told(format!("📊 {}{}", words(poll, "question"), options.collect::<String>())));
    }
    let dice = rest.get("dice")?;
    Some(Content::Told(format!("{} {}", words(dice, "emoji"), dice["value"])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn content(mut of_it: Value, limit: u64) -> Content {
        let about =
            json!({"message_id": 9, "date": 1, "chat": {"id": 5, "type": "private"}, "media_group_id": "1"});
        for (key, value) in about.as_object().unwrap() {
            of_it[key] = value.clone();
        }
        of(&serde_json::from_value(of_it).unwrap(), limit)
    }

    fn named(content: Content) -> (String, String) {
        match content {
            Content::File(media, _) => (media.file_id, media.name),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_largest_photo_that_fits_is_taken() {
        let size = |id: &str, width: u64, bytes: u64| json!({"file_id": id, "file_unique_id": id, "width": width, "height": width, "file_size": bytes});
        let photo = json!({"photo": [size("s", 90, 1_000), size("l", 900, 100_000), size("m", 300, 10_000)]});
        assert_eq!(named(content(photo.clone(), 1_000_000)), ("l".to_owned(), "photo-9.jpg".to_owned()));
        assert_eq!(named(content(photo.clone(), 50_000)).0, "m");
        assert_eq!(named(content(photo, 10)).0, "s");
    }

    #[test]
    fn every_file_has_a_name() {
        let file = |kind: &str, more: Value| {
            let mut file = json!({"file_id": "f", "file_unique_id": "u"});
            file.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            named(content(json!({kind: file}), 1)).1
        };
        assert_eq!(file("document", json!({"file_name": "bill.pdf"})), "bill.pdf");
        assert_eq!(file("document", json!({})), "document-9.bin");
        assert_eq!(file("voice", json!({})), "voice-9.ogg");
        assert_eq!(file("video_note", json!({})), "video-note-9.mp4");
        assert_eq!(file("sticker", json!({"is_animated": true})), "sticker-9.tgs");
    }

    #[test]
    fn what_has_no_file_is_told_in_words() {
        let told = |of_it| match content(of_it, 1) {
            Content::Told(text) | Content::LivePlace(text) => text,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            told(json!({"location": {"latitude": 59.91, "longitude": 10.75}})),
            "📍 https://www.openstreetmap.org/?mlat=59.91&mlon=10.75#map=16/59.91/10.75"
        );
        assert_eq!(told(json!({"contact": {"first_name": "Ada", "phone_number": "+47 1"}})), "👤 Ada, +47 1");
        assert_eq!(
            told(json!({"poll": {"question": "Tea?", "options": [{"text": "yes"}, {"text": "no"}]}})),
            "📊 Tea?\n– yes\n– no"
        );
        assert_eq!(told(json!({"hologram": {"file_id": "x"}})), "📎 hologram");
        assert_eq!(content(json!({"new_chat_title": "x"}), 1), Content::Service);
        assert_eq!(content(json!({"text": "hi", "glitter": true}), 1), Content::Words);
    }
}
