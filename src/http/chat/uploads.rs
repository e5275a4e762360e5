//! Files from visitors. What a file is, its bytes say, not its sender; nothing that a browser could run is taken, and
//! nothing is ever shown inline.

use super::visitor::Visitor;
use crate::domain::ids::{CustomerId, UploadId};
use crate::http::Site;
use crate::http::download;
use crate::http::extract::{Json, Path};
use crate::http::problem::{Problem, Result};
use crate::ports::storage::StoredUpload;
use axum::extract::State;
use axum::extract::multipart::{Field, Multipart, MultipartError, MultipartRejection};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use channels::Attachment;
use uuid::Uuid;

/// The types that are taken.
pub(super) const TYPES: &[&str] =
    &["image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain"];
/// What a form adds around a file.
pub(super) const FORM_OVERHEAD: usize = 64 * 1024;
/// The longest name that is kept, in characters.
const MAX_NAME: usize = 120;
/// So much of a text is looked at for signs of markup.
const LOOKED_AT: usize = 4096;

/// Keeps a file.
pub(super) async fn create(
    State(site): State<Site>,
    visitor: Visitor,
    headers: HeaderMap,
    form: std::result::Result<Multipart, MultipartRejection>,
) -> Result<(StatusCode, Json<Attachment>)> {
    site.limits.uploads.check(&visitor.id)?;
    let most = site.settings.max_upload_bytes;
    let announced =
        headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > most + FORM_OVERHEAD) {
        return Err(too_large(most));
    }
    let mut form = form.map_err(|_| no_form())?;
    let mut field = loop {
        match form.next_field().await.map_err(|error| broken(&error, most))? {
            Some(field) if field.name() == Some("file") => break field,
            Some(_) => {}
            None => {
                return Err(Problem::field("file", "no-file", "Send one file in the form field \"file\"."));
            }
        }
    };
    let claimed = field.file_name().unwrap_or_default().to_owned();
    let content = read(&mut field, most).await?;
    let media_type = media_type(&content).ok_or_else(|| {
        let detail = format!("Files of this kind are not taken. Taken are: {}.", TYPES.join(", "));
        Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "upload-type", detail)
    })?;
    let upload = StoredUpload {
        id: UploadId(site.ledger.ids.id()),
        customer: visitor.id,
        name: safe_name(&claimed, media_type),
        media_type: media_type.to_owned(),
        content,
    };
    let attachment = attachment(&upload);
    site.ledger.storage.put_upload(upload, site.ledger.now()).await?;
    Ok((StatusCode::CREATED, Json(attachment)))
}

/// Gives a visitor their own file back.
pub(super) async fn show(
    State(site): State<Site>,
    visitor: Visitor,
    Path(id): Path<Uuid>,
) -> Result<Response> {
    let upload = own(&site, visitor.id, UploadId(id)).await?;
    download::attachment(upload.ok_or_else(|| Problem::missing("file"))?)
}

/// The files that a message names, which must be the visitor's own.
pub(super) async fn attachments(
    site: &Site,
    visitor: CustomerId,
    ids: Vec<String>,
    most: usize,
) -> Result<Vec<Attachment>> {
    if ids.len() > most {
        return Err(Problem::field(
            "attachments",
            "too-many-files",
            format!("A message takes up to {most} files."),
        ));
    }
    let mut attachments = Vec::with_capacity(ids.len());
    for id in ids {
        let upload = match id.parse() {
            Ok(id) => own(site, visitor, id).await?,
            Err(_) => None,
        };
        let missing =
            || Problem::field("attachments", "no-such-file", "One of the files is not there. Send it again.");
        attachments.push(attachment(&upload.ok_or_else(missing)?));
    }
    Ok(attachments)
}

async fn own(site: &Site, visitor: CustomerId, id: UploadId) -> Result<Option<StoredUpload>> {
    Ok(site.ledger.storage.upload(id).await?.filter(|upload| upload.customer == visitor))
}

fn attachment(upload: &StoredUpload) -> Attachment {
    Attachment {
        id: upload.id.to_string(),
        name: upload.name.clone(),
        media_type: upload.media_type.clone(),
        size: upload.content.len() as u64,
    }
}

/// Stops reading with the first byte that is too many.
async fn read(field: &mut Field<'_>, most: usize) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|error| broken(&error, most))? {
        if content.len() + chunk.len() > most {
            return Err(too_large(most));
        }
        content.extend_from_slice(&chunk);
    }
    if content.is_empty() {
        return Err(Problem::field("file", "no-file", "The file is empty."));
    }
    Ok(content)
}

/// What the bytes are, if that is taken. Plain text is UTF-8 without control characters that does not begin like
/// markup: HTML and SVG are not text here.
fn media_type(content: &[u8]) -> Option<&'static str> {
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
fn safe_name(claimed: &str, media_type: &str) -> String {
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
        _ => &["txt", "log", "csv", "json", "md"],
    };
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase());
    if ending.is_some_and(|ending| endings.contains(&ending.as_str())) {
        name.to_owned()
    } else {
        format!("{name}.{}", endings[0])
    }
}

fn too_large(most: usize) -> Problem {
    Problem::too_large(format!("The file is too large. The limit is {} MiB.", most / (1024 * 1024)))
}

fn no_form() -> Problem {
    let detail = "Send the file as multipart/form-data in the field \"file\".";
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-multipart", detail)
}

fn broken(error: &MultipartError, most: usize) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        too_large(most)
    } else {
        Problem::bad("bad-form", "The form is broken or ended before it was complete.")
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
