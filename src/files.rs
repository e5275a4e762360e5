//! Files from customers: what they are, their bytes say, not their sender. They are kept and never opened.

/// The types that a browser may offer and a widget takes.
pub const TYPES: &[&str] =
    &["image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain"];
/// What is said of a file that is none of those.
const UNKNOWN: &str = "application/octet-stream";
/// The longest name that is kept, in characters.
const MAX_NAME: usize = 120;
/// So much of a text is looked at for signs of markup.
const LOOKED_AT: usize = 4096;

/// The type of a file that a platform has taken already. It is only ever handed out to be saved.
#[must_use]
pub fn any_type(content: &[u8]) -> &'static str {
    let found = media_type(content).or_else(|| infer::get(content).map(|found| found.mime_type()));
    // What a browser could run is said to be nothing in particular.
    found.filter(|found| !found.contains("html") && !found.contains("xml")).unwrap_or(UNKNOWN)
}

/// What the bytes are, if that is taken. Plain text is UTF-8 without control characters that does not begin like
/// markup: HTML and SVG are not text here.
#[must_use]
pub fn media_type(content: &[u8]) -> Option<&'static str> {
    if let Some(found) = infer::get(content) {
        return TYPES.iter().find(|taken| **taken == found.mime_type()).copied();
    }
    let text = std::str::from_utf8(content).ok()?;
    let strange = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.contains(strange) {
        return None;
    }
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let begins: String = start.chars().take(LOOKED_AT).collect::<String>().to_lowercase();
    let markup = ["<svg", "<html", "<!doctype", "<script", "<iframe", "<body", "<head"];
    let looks_like_markup = begins.starts_with('<') || markup.iter().any(|tag| begins.contains(tag));
    (!looks_like_markup).then_some("text/plain")
}

/// A name without folders, without characters that hide what it is, with an ending that fits its type.
#[must_use]
pub fn safe_name(claimed: &str, media_type: &str) -> String {
    let last = claimed.rsplit(['/', '\\']).next().unwrap_or_default();
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let name: String = last.chars().filter(|c| !hidden(*c)).take(MAX_NAME).collect();
    let name = name.trim().trim_matches('.');
    let name = if name.is_empty() { "file" } else { name };
    let endings: &[&str] = match media_type {
        "image/png" => &["png"],
        "image/jpeg" => &["jpg", "jpeg"],
        "image/gif" => &["gif"],
        "image/webp" => &["webp"],
        "application/pdf" => &["pdf"],
        "text/plain" => &["txt", "log", "csv", "json", "md"],
        // Of other types the name says no less than we know.
        _ => &[],
    };
    let Some(usual) = endings.first() else { return name.to_owned() };
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase());
    if ending.is_some_and(|ending| endings.contains(&ending.as_str())) {
        name.to_owned()
    } else {
        format!("{name}.{usual}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_could_run_is_not_taken_under_any_name() {
        assert_eq!(media_type(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"), None);
        assert_eq!(media_type(b"\xef\xbb\xbf  <!DOCTYPE html><p>"), None);
        assert_eq!(media_type(b"<?xml version='1.0'?><svg/>"), None);
        assert_eq!(media_type(b"hello <script>alert(1)</script>"), None);
        assert_eq!(media_type(b"MZ\x90\x00\x03"), None);
        assert_eq!(media_type(b"#!/bin/sh\nrm -rf /"), None);
        assert_eq!(media_type(b"GIF89a\x01\x00\x01\x00"), Some("image/gif"));
        assert_eq!(media_type(b"line one\nline two < three"), Some("text/plain"));
        assert_eq!(media_type(b"a\0b"), None);
    }

    #[test]
    fn a_name_keeps_to_its_folder_and_its_type() {
        assert_eq!(safe_name("../../etc/passwd", "text/plain"), "passwd.txt");
        assert_eq!(safe_name("C:\\temp\\shot.PNG", "image/png"), "shot.PNG");
        assert_eq!(safe_name("page.html", "text/plain"), "page.html.txt");
        assert_eq!(safe_name("invoice\u{202e}fdp.exe", "application/pdf"), "invoicefdp.exe.pdf");
        assert_eq!(safe_name("..", "image/gif"), "file.gif");
        assert_eq!(safe_name("a\r\nb.txt", "text/plain"), "ab.txt");
    }
}
