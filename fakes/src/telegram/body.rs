//! A call's parameters, from its query and a body of any kind that Telegram takes.

use super::spec::Spec;
use axum::{
    body::Body,
    extract::{FromRequest as _, Multipart},
    http::{Request, header::CONTENT_TYPE},
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What a call says.
#[derive(Debug, Default)]
pub(super) struct Params {
    pub(super) fields: Map<String, Value>,
    /// Uploaded files by field: name and content.
    pub(super) files: BTreeMap<String, (String, Vec<u8>)>,
    /// What could not be read.
    pub(super) broken: Option<String>,
}

/// The longest body, in bytes.
const LIMIT: usize = 60_000_000;

pub(super) async fn read(request: Request<Body>, method: &str, spec: Option<&Spec>) -> Params {
    let mut params = Params::default();
    if let Some(query) = request.uri().query() {
        params.text(serde_urlencoded::from_str(query).unwrap_or_default(), method, spec);
    }
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.to_ascii_lowercase();
    if kind.starts_with("multipart/") {
        if let Err(error) = multipart(request, &mut params, method, spec).await {
            params.broken = Some(error);
        }
        return params;
    }
    let body = match axum::body::to_bytes(request.into_body(), LIMIT).await {
        Ok(body) => body,
        Err(error) => return Params { broken: Some(error.to_string()), ..params },
    };
    if body.is_empty() {
        return params;
    }
    if kind.starts_with("application/json") {
        match serde_json::from_slice::<Map<String, Value>>(&body) {
            Ok(fields) => params.fields.extend(fields.into_iter().filter(|(_, value)| !value.is_null())),
            Err(error) => params.broken = Some(format!("can't parse request JSON object: {error}")),
        }
        // Objects may also come serialized within the JSON.
        if let Some(spec) = spec {
            for (name, value) in &mut params.fields {
                if let Some(text) = value.as_str().filter(|text| text.starts_with(['{', '['])) {
                    *value = spec.coerce(method, name, text);
                }
            }
        }
    } else {
        params.text(serde_urlencoded::from_bytes(&body).unwrap_or_default(), method, spec);
    }
    params
}

async fn multipart(
    request: Request<Body>,
    params: &mut Params,
    method: &str,
    spec: Option<&Spec>,
) -> Result<(), String> {
    // Read to its very end, or the link could not be used again.
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, LIMIT).await.map_err(|error| error.to_string())?;
    let request = Request::from_parts(head, Body::from(body));
    let mut form = Multipart::from_request(request, &()).await.map_err(|error| error.body_text())?;
    while let Some(field) = form.next_field().await.map_err(|error| error.body_text())? {
        let name = field.name().unwrap_or_default().to_owned();
        let file = field.file_name().map(str::to_owned);
        let content = field.bytes().await.map_err(|error| error.body_text())?;
        match file {
            Some(file) => {
                // A file that another field names by `attach://` is no parameter of its own.
                let attached = params
                    .fields
                    .values()
                    .any(|value| value.to_string().contains(&format!("attach://{name}")));
                if !attached
                    && spec.is_none_or(|spec| {
                        spec.check_request(method, &Map::new()).iter().any(|w| w.contains(&name))
                    })
                {
                    params.fields.insert(name.clone(), Value::String(format!("attach://{name}")));
                }
                params.files.insert(name, (file, content.to_vec()));
            }
            None => {
                let text = String::from_utf8_lossy(&content).into_owned();
                params.text(vec![(name, text)], method, spec);
            }
        }
    }
    Ok(())
}

impl Params {
    fn text(&mut self, pairs: Vec<(String, String)>, method: &str, spec: Option<&Spec>) {
        for (name, text) in pairs {
            let value = match spec {
                Some(spec) => spec.coerce(method, &name, &text),
                // Without the spec only what looks like it is more than text.
                None if text.starts_with(['{', '[']) => {
                    serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.clone()))
                }
                None if ["chat_id", "message_id", "offset", "timeout", "limit"].contains(&name.as_str()) => {
                    text.parse::<i64>().map_or_else(|_| Value::String(text.clone()), Value::from)
                }
                None => Value::String(text),
            };
            self.fields.insert(name, value);
        }
    }

    pub(super) fn str(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }

    pub(super) fn int(&self, name: &str) -> Option<i64> {
        let value = self.fields.get(name)?;
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|value| value == true || value == "true")
    }
}
