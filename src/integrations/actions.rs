//! Actions over HTTP, through the guard that lets nothing reach a network that the operator has not allowed.

use crate::playbook::actions::{Action, Body, Request};
use crate::playbook::policy::action::Auth;
use crate::ports::{Actions, CallError, Host};
use async_trait::async_trait;
use connectors::action::{self, ActionSpec, Rendered, Retries, Runner};
use connectors::guard::{Guard, Limits, Policy, State};
use connectors::trouble::{Advice, Trouble};
use reqwest::header::HeaderName;
use reqwest::{Method, StatusCode};
use secrecy::SecretString;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a host that fails is left alone.
const BREAK: Duration = Duration::from_secs(30);

/// The way out.
pub struct HttpActions {
    guard: Guard,
    runner: Runner,
    secrets: BTreeMap<String, SecretString>,
}

impl HttpActions {
    /// `allow` names hosts and networks that may be reached although they are private; `secrets` are those that actions
    /// name.
    pub fn new(allow: &[String], secrets: BTreeMap<String, SecretString>) -> Result<Self, String> {
        let policy = Policy::allowing(allow).map_err(|entry| entry.to_string())?;
        let guard = Guard::new(policy, Limits::default(), BREAK).map_err(|trouble| trouble.to_string())?;
        Ok(Self { runner: Runner::new(guard.clone()), guard, secrets })
    }

    fn secret(&self, name: &str) -> Result<SecretString, CallError> {
        let missing = || CallError::Refused(format!("the setting actions.secrets.{name} is missing"));
        self.secrets.get(name).cloned().ok_or_else(missing)
    }

    fn auth(&self, auth: Option<&Auth>) -> Result<action::Auth, CallError> {
        Ok(match auth {
            None => action::Auth::None,
            Some(Auth::Bearer(name)) => action::Auth::Bearer(self.secret(name)?),
            Some(Auth::Basic(basic)) => {
                action::Auth::Basic { user: basic.user.clone(), password: self.secret(&basic.password)? }
            }
            Some(Auth::Header(header)) => {
                action::Auth::Header { name: header.name.clone(), value: self.secret(&header.secret)? }
            }
        })
    }
}

/// One try: repetitions are the outbox's business.
fn spec(declared: &Action, method: &str) -> Result<ActionSpec, CallError> {
    let refused = |error: String| CallError::Refused(error);
    let header = declared.idempotency.as_deref().map(str::parse::<HeaderName>).transpose();
    let method = method.parse::<Method>().map_err(|error| refused(error.to_string()))?;
    Ok(ActionSpec {
        success: declared.success.iter().filter_map(|code| StatusCode::from_u16(*code).ok()).collect(),
        idempotency_header: header.map_err(|error| refused(error.to_string()))?,
        retries: Retries { tries: 1, ..Retries::default() },
        limits: Some(Limits { total: declared.timeout, ..Limits::default() }),
        ..ActionSpec::new(declared.id.clone(), method)
    })
}

#[async_trait]
impl Actions for HttpActions {
    async fn run(&self, key: &str, action: &Action, input: &Value) -> Result<Value, CallError> {
        let request = action.request(input).map_err(CallError::Refused)?;
        let Request::Http { method, url, headers, body } = request else {
            return Err(CallError::Refused(format!("{} is not done over HTTP", action.id)));
        };
        let body = match body {
            Body::Empty => action::Body::Empty,
            Body::Json(value) => action::Body::Json(value),
            Body::Form(fields) => action::Body::Form(fields),
        };
        let compiled = action::Action::compile(spec(action, method)?)
            .map_err(|faults| CallError::Refused(format!("{faults:?}")))?;
        let rendered = Rendered { url, headers, body, secrets: Vec::new() };
        let prepared = compiled.prepare(rendered, &self.auth(action.auth.as_ref())?, key).map_err(failure)?;
        let outcome = self.runner.run(&compiled, &prepared).await.map_err(failure)?;
        Ok(outcome.output)
    }

    fn hosts(&self) -> Vec<Host> {
        let views = self.guard.breakers().into_iter();
        views
            .map(|view| Host {
                rests_s: (view.state == State::Open).then_some(view.opens_in_s),
                name: view.host,
            })
            .collect()
    }
}

/// By what the caller can do.
pub(super) fn failure(trouble: Trouble) -> CallError {
    let cause = trouble.to_string();
    match trouble.advice() {
        Advice::Again => CallError::Retry(cause),
        Advice::AgainAfter(after) => CallError::Later { cause, after },
        Advice::LookFirst => CallError::InDoubt(cause),
        Advice::GiveUp => CallError::Refused(cause),
    }
}
