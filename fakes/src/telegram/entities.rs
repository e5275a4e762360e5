//! Formatted text: HTML, MarkdownV2 or given entities, counted in UTF-16 units. What can't be parsed is refused as
//! Telegram refuses it.

use super::{answer::Refusal, body::Params};
use serde_json::{Value, json};

/// The plain text and its entities.
pub(super) fn formatted(
    params: &Params,
    text: &str,
    entities: &str,
) -> Result<(String, Vec<Value>), Refusal> {
    let text = params.str(text).unwrap_or_default();
    match params.str("parse_mode").map(str::to_ascii_lowercase).as_deref() {
        Some("html") => html(text),
        Some("markdownv2") => markdown(text),
        Some("markdown" | "") | None => given(text, params.fields.get(entities)),
        Some(_) => Err(Refusal::bad("unsupported parse_mode")),
    }
}

fn cannot(why: &str) -> Refusal {
    Refusal::bad(&format!("can't parse entities: {why}"))
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

fn given(text: &str, entities: Option<&Value>) -> Result<(String, Vec<Value>), Refusal> {
    let entities = entities.and_then(Value::as_array).cloned().unwrap_or_default();
    let length = i64::try_from(units(text)).unwrap_or(i64::MAX);
    for entity in &entities {
        let (offset, size) =
            (entity["offset"].as_i64().unwrap_or(-1), entity["length"].as_i64().unwrap_or(-1));
        if offset < 0 || size <= 0 || offset + size > length {
            return Err(cannot("entity beyond the end of the text"));
        }
    }
    Ok((text.to_owned(), entities))
}

/// An entity that is still open: its type, where it began, its link.
type Open = (&'static str, usize, Option<String>);

fn close(out: &str, (kind, offset, url): Open, entities: &mut Vec<Value>) {
    let length = units(out) - offset;
    if length > 0 {
        let mut entity = json!({"type": kind, "offset": offset, "length": length});
        if let Some(url) = url {
            entity["url"] = url.into();
        }
        entities.push(entity);
    }
}

fn html(text: &str) -> Result<(String, Vec<Value>), Refusal> {
    let (mut out, mut entities, mut open) = (String::new(), Vec::new(), Vec::<(String, Open)>::new());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c == '&' {
            let named = [("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"), ("&quot;", "\"")];
            if let Some((name, plain)) = named.into_iter().find(|(name, _)| rest.starts_with(name)) {
                out.push_str(plain);
                rest = &rest[name.len()..];
                continue;
            }
        }
        if c != '<' {
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        }
        let end = rest.find('>').ok_or_else(|| cannot("unclosed start tag"))?;
        let tag = &rest[1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            match open.pop() {
                Some((opened, entity)) if opened == name => close(&out, entity, &mut entities),
                _ => return Err(cannot(&format!("unexpected end tag \"{name}\""))),
            }
            continue;
        }
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        let kind = match name {
            "b" | "strong" => "bold",
            "i" | "em" => "italic",
            "u" | "ins" => "underline",
            "s" | "strike" | "del" => "strikethrough",
            "code" => "code",
            "pre" => "pre",
            "tg-spoiler" => "spoiler",
            "blockquote" => "blockquote",
            "a" => "text_link",
            _ => return Err(cannot(&format!("unsupported start tag \"{name}\""))),
        };
        let url = attributes.strip_prefix("href=\"").and_then(|url| url.strip_suffix('"')).map(str::to_owned);
        open.push((name.to_owned(), (kind, units(&out), url)));
    }
    match open.pop() {
        Some((name, _)) => Err(cannot(&format!("can't find end tag corresponding to start tag \"{name}\""))),
        None => Ok((out, entities)),
    }
}

fn markdown(text: &str) -> Result<(String, Vec<Value>), Refusal> {
    let (mut out, mut entities, mut open) = (String::new(), Vec::new(), Vec::<(&str, Open)>::new());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let code = open.last().is_some_and(|(mark, _)| *mark == "`" || *mark == "```");
        if c == '\\' {
            let escaped = rest[1..].chars().next().ok_or_else(|| cannot("character '\\' is at the end"))?;
            out.push(escaped);
            rest = &rest[1 + escaped.len_utf8()..];
            continue;
        }
        let marks = [
            ("```", "pre"),
            ("`", "code"),
            ("__", "underline"),
            ("||", "spoiler"),
            ("*", "bold"),
            ("_", "italic"),
            ("~", "strikethrough"),
        ];
        let mark =
            marks.into_iter().find(|(mark, _)| rest.starts_with(mark) && (!code || mark.starts_with('`')));
        if let Some((mark, kind)) = mark {
            match open.last() {
                Some((last, _)) if *last == mark => {
                    if let Some((_, entity)) = open.pop() {
                        close(&out, entity, &mut entities);
                    }
                }
                _ => open.push((mark, (kind, units(&out), None))),
            }
            rest = &rest[mark.len()..];
            continue;
        }
        if !code && c == '[' {
            open.push(("[", ("text_link", units(&out), None)));
            rest = &rest[1..];
            continue;
        }
        if !code && c == ']' && rest.starts_with("](") && open.last().is_some_and(|(mark, _)| *mark == "[") {
            let end = rest.find(')').ok_or_else(|| cannot("can't find end of a URL"))?;
            if let Some((_, (kind, offset, _))) = open.pop() {
                close(&out, (kind, offset, Some(rest[2..end].to_owned())), &mut entities);
            }
            rest = &rest[end + 1..];
            continue;
        }
        if !code && "]()>#+-=|{}.!".contains(c) {
            return Err(cannot(&format!(
                "character '{c}' is reserved and must be escaped with the preceding '\\'"
            )));
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    match open.pop() {
        Some((mark, _)) => Err(cannot(&format!("can't find end of the entity that begins with '{mark}'"))),
        None => Ok((out, entities)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_entities_or_is_refused() {
        let (text, entities) = html("Hi <b>Ada 👋</b> &amp; <a href=\"https://x.y\">all</a>").unwrap();
        assert_eq!(text, "Hi Ada 👋 & all");
        assert_eq!(entities[0], json!({"type": "bold", "offset": 3, "length": 6}));
        assert_eq!(entities[1]["url"], "https://x.y");
        assert!(html("a <b>b").is_err() && html("a </b>").is_err() && html("<blink>x</blink>").is_err());
        let (text, entities) = markdown("*Hi* _you_ [x](https://y) \\.").unwrap();
        assert_eq!((text.as_str(), entities.len()), ("Hi you x .", 3));
        assert!(markdown("a.b").is_err() && markdown("*a").is_err());
        assert!(given("ab", Some(&json!([{"type": "bold", "offset": 1, "length": 5}]))).is_err());
    }
}
