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
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

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
