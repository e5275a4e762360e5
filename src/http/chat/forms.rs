//! `POST /chat/v1/forms/{trigger}`: a form of the site begins a conversation, or goes into the one under way.

use super::messages::check_id;
use super::sessions::{self, Arrival};
use crate::http::Site;
use crate::http::caller::Caller;
use crate::http::extract::{Json, Path};
use crate::http::limits::caller_key;
use crate::http::problem::{Problem, Result};
use crate::playbook::policy::trigger::On;
use crate::triggers::Sent;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// A form as it comes in.
#[derive(Deserialize)]
pub(super) struct Form {
    /// The page's own id of the sending.
    id: String,
    /// What was filled in, as the trigger's `payload` says.
    values: Value,
    /// A name; never proof of anything.
    #[serde(default)]
    name: Option<String>,
    /// An address; never proof of anything.
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    locale: Option<String>,
    #[serde(default)]
    page: Option<String>,
}

/// It is on disk.
#[derive(Serialize)]
pub(super) struct Receipt {
    id: String,
    conversation: String,
    /// Opens the conversation in the widget.
    token: String,
}

/// Pages of the sites that may hold the widget may post forms, without cookies; where none is named, the desk's own alone.
pub(super) async fn of_other_sites(
    State(sites): State<Arc<[String]>>,
    request: Request,
    next: Next,
) -> Response {
    let origin = request.headers().get(ORIGIN).cloned();
    let origin = origin
        .filter(|origin| sites.iter().any(|site| site.as_bytes().eq_ignore_ascii_case(origin.as_bytes())));
    let asks = *request.method() == Method::OPTIONS;
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if asks {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
            let sent = HeaderValue::from_static("authorization, content-type");
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, sent);
            headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
        }
    }
    response
}

/// A browser asks whether a page may post; the answer is in the headers.
pub(super) async fn asked() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// Takes a form. The same id of the same visitor again changes nothing.
pub(super) async fn create(
    State(site): State<Site>,
    Path(id): Path<String>,
    caller: Caller,
    headers: HeaderMap,
    Json(form): Json<Form>,
) -> Result<(StatusCode, Json<Receipt>)> {
    site.limits.forms.check(&caller_key(caller.0))?;
    check_id(&form.id)?;
    let book = site.library.current();
    let trigger = book.triggers.get(&id).filter(|trigger| matches!(trigger.on, On::Form(_)));
    let trigger = trigger.ok_or_else(|| Problem::missing("form"))?;
    // Whatever is wrong is said before anybody gets a session for it.
    let unfit = |detail: String| Problem::field("values", "bad-values", detail);
    let values = trigger.takes(form.values).map_err(|error| unfit(error.to_string()))?;
    let arrival = Arrival::of_form(form.locale, form.page, form.name, form.email)?;
    let wants = trigger.wants(&values, site.ledger.now());
    if !wants.map_err(|error| Problem::internal(format!("the form {}: {error}", trigger.id)))? {
        return Err(unfit("This form does not take these values.".to_owned()));
    }
    let (customer, token) = sessions::arrive(&site, caller, &headers, &arrival).await?;
    let visit = arrival.visit();
    let sent =
        Sent { visitor: customer.id, id: form.id.clone(), values, locale: visit.locale, page: visit.page };
    let recorded = site.triggers.form(trigger, &sent).await?;
    let status = if recorded.fresh { StatusCode::ACCEPTED } else { StatusCode::OK };
    let conversation = recorded.conversation.to_string();
    Ok((status, Json(Receipt { id: form.id, conversation, token })))
}
