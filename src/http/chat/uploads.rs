//! Files from visitors. What a file is, its bytes say, not its sender; nothing that a browser could run is taken, and
//! nothing is ever shown inline.

use super::visitor::Visitor;
use crate::domain::ids::{CustomerId, UploadId};
use crate::files::{TYPES, media_type, safe_name};
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

/// What a form adds around a file.
pub(super) const FORM_OVERHEAD: usize = 64 * 1024;

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
