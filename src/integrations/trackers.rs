//! The ticket system of the settings.

use super::tracker::RemoteTracker;
use crate::config::{TicketSystemName as Name, Tickets};
use connectors::guard::{Guard, Limits, Policy};
use connectors::header::HeaderName;
use connectors::notify::SigningKey;
use connectors::tickets::{
    Call, Freshdesk, Generic, GenericConfig, GitHub, Jira, Linear, Redmine, RedmineFields, Source,
    StatusWords, TicketSystem, Zammad, Zendesk, ZendeskLogin,
};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use url::Url;

/// How long a system that fails is left alone.
const BREAK: Duration = Duration::from_secs(30);

/// The system of the settings; nothing where tickets are our own only. The error names the setting.
pub fn tracker(settings: &Tickets, public_url: &str) -> Result<Option<RemoteTracker>, String> {
    if settings.system == Name::Builtin {
        return Ok(None);
    }
    let base = need(&settings.base_url, "base_url")?;
    let base = Url::parse(base).map_err(|error| format!("tickets.base_url: {error}"))?;
    // The operator names one host; no admin and no customer has a say in it.
    let policy = Policy::allowing(base.host_str()).map_err(|entry| format!("tickets.base_url: {entry}"))?;
    policy.judge(&base).map_err(|trouble| format!("tickets.base_url: {trouble}"))?;
    let guard = Guard::new(policy, Limits::default(), BREAK).map_err(|trouble| trouble.to_string())?;
    let hook = settings.webhook_secret.clone();
    let tells = hook.is_some() && settings.system != Name::Redmine;
    let system = system(settings, guard, base, hook)?;
    let tracker = RemoteTracker::new(settings.system.name(), system, tells, public_url);
    Ok(Some(tracker.with_files_up_to(settings.max_file_bytes)))
}

fn need<'a, T>(value: &'a Option<T>, key: &str) -> Result<&'a T, String> {
    value.as_ref().ok_or_else(|| format!("tickets.{key} is missing: this ticket system needs it"))
}

fn system(
    settings: &Tickets,
    guard: Guard,
    base: Url,
    hook: Option<SecretString>,
) -> Result<Box<dyn TicketSystem>, String> {
    let token = need(&settings.token, "token")?;
    let account = || need(&settings.account, "account");
    let project = || need(&settings.project, "project");
    let settle = settings.settle_seconds.map(Duration::from_secs);
    let wrong = |trouble: connectors::Trouble| format!("tickets: {trouble}");
    /// The vendor's own time where nothing is set.
    macro_rules! settling {
        ($system:expr) => {{
            let system = $system.map_err(wrong)?;
            match settle {
                Some(lag) => Box::new(system.with_lag(lag)) as Box<dyn TicketSystem>,
                None => Box::new(system),
            }
        }};
    }
    Ok(match settings.system {
        Name::Builtin => return Err("tickets.system is \"builtin\"".to_owned()),
        Name::Zendesk => {
            let login = ZendeskLogin { email: account()?.clone(), token: token.clone() };
            settling!(Zendesk::new(guard, base, &login, hook))
        }
        Name::Jira => {
            let kind = settings.issue_type.as_str();
            let jira = Jira::new(guard, base, account()?, token, project()?, kind, hook).map_err(wrong)?;
            let jira = match names(settings)? {
                Some(names) => jira.with_priorities(names),
                None => jira,
            };
            settling!(Ok::<_, connectors::Trouble>(jira))
        }
        Name::Github => settling!(GitHub::new(guard, base, token, project()?, hook)),
        Name::Linear => Box::new(Linear::new(guard, base, token, project()?, hook).map_err(wrong)?),
        Name::Zammad => settling!(Zammad::new(guard, base, token, project()?, account()?, hook)),
        Name::Freshdesk => {
            let freshdesk = Freshdesk::new(guard, base, token, account()?, hook).map_err(wrong)?;
            let freshdesk = match &settings.key_field {
                Some(field) => freshdesk.with_field(field),
                None => freshdesk,
            };
            settling!(Ok::<_, connectors::Trouble>(freshdesk))
        }
        Name::Redmine => {
            let number = |text: &String, key: &str| {
                text.parse::<u64>()
                    .map_err(|_| format!("tickets.{key}: Redmine's are numbers, not \"{text}\""))
            };
            let priorities = match names(settings)? {
                Some(names) => {
                    let [low, normal, high, urgent] = &names;
                    let read = |text| number(text, "priorities");
                    Some([read(low)?, read(normal)?, read(high)?, read(urgent)?])
                }
                None => None,
            };
            let key = settings.key_field.as_ref().map(|text| number(text, "key_field")).transpose()?;
            let fields = RedmineFields { tracker: None, priorities, statuses: statuses(settings)?, key };
            settling!(Redmine::new(guard, base, token, project()?, fields))
        }
        Name::Generic => {
            let described = described(need(&settings.generic, "generic")?)?;
            let auth = (described.header()?, described.value(token));
            let config = described.config(settle, hook)?;
            Box::new(Generic::new(guard, base, Some(auth), config).map_err(wrong)?)
        }
    })
}

fn names(settings: &Tickets) -> Result<Option<[String; 4]>, String> {
    let Some(names) = &settings.priorities else { return Ok(None) };
    let four = <[String; 4]>::try_from(names.clone());
    four.map(Some).map_err(|_| "tickets.priorities: four are expected, the lowest first".to_owned())
}

fn statuses(settings: &Tickets) -> Result<Option<[String; 3]>, String> {
    let Some(names) = &settings.statuses else { return Ok(None) };
    let three = <[String; 3]>::try_from(names.clone());
    three.map(Some).map_err(|_| "tickets.statuses: three are expected: open, pending, solved".to_owned())
}

/// A ticket system of no known vendor, as its file describes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Described {
    /// The header that carries `tickets.token`.
    #[serde(default = "authorization")]
    auth_header: String,
    /// What stands before it, such as `Bearer `.
    #[serde(default)]
    auth_prefix: String,
    create: DescribedCall,
    find: Option<DescribedCall>,
    #[serde(default)]
    found: String,
    #[serde(default)]
    found_key: String,
    #[serde(default)]
    ticket: String,
    id: String,
    number: String,
    url: Option<String>,
    status: String,
    #[serde(default)]
    pending: Vec<String>,
    solved: Vec<String>,
    comment: Option<DescribedCall>,
    change: Option<DescribedCall>,
    read: DescribedCall,
    idempotency_header: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DescribedCall {
    method: String,
    path: String,
    /// JSON pointer into the body → what goes there.
    #[serde(default)]
    body: BTreeMap<String, DescribedSource>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum DescribedSource {
    Key,
    Title,
    Text,
    Tags,
    Priority([String; 4]),
    Status([String; 3]),
    Email(String),
    Constant(Value),
}

fn authorization() -> String {
    "authorization".to_owned()
}

fn described(file: &Path) -> Result<Described, String> {
    let at = format!("tickets.generic: {}", file.display());
    let text = std::fs::read_to_string(file).map_err(|error| format!("{at}: {error}"))?;
    serde_saphyr::from_str(&text).map_err(|error| format!("{at}: {error}"))
}

impl Described {
    fn header(&self) -> Result<HeaderName, String> {
        self.auth_header
            .parse()
            .map_err(|_| format!("tickets.generic: \"{}\" is no header", self.auth_header))
    }

    fn value(&self, token: &SecretString) -> SecretString {
        use secrecy::ExposeSecret as _;
        SecretString::from(format!("{}{}", self.auth_prefix, token.expose_secret()))
    }

    fn config(self, settle: Option<Duration>, hook: Option<SecretString>) -> Result<GenericConfig, String> {
        let header = |text: String| {
            text.parse().map_err(|_| format!("tickets.generic: idempotency_header: \"{text}\" is no header"))
        };
        let hook = hook.as_ref().map(SigningKey::read).transpose();
        Ok(GenericConfig {
            create: self.create.call()?,
            find: self.find.map(DescribedCall::call).transpose()?,
            found: self.found,
            found_key: self.found_key,
            ticket: self.ticket,
            id: self.id,
            number: self.number,
            url: self.url,
            status: self.status,
            words: StatusWords { pending: self.pending, solved: self.solved },
            comment: self.comment.map(DescribedCall::call).transpose()?,
            change: self.change.map(DescribedCall::call).transpose()?,
            read: self.read.call()?,
            idempotency_header: self.idempotency_header.map(header).transpose()?,
            lag: settle.unwrap_or_default(),
            hook: hook.map_err(|error| format!("tickets.webhook_secret: {error}"))?,
        })
    }
}

impl DescribedCall {
    fn call(self) -> Result<Call, String> {
        let method = self.method.to_uppercase();
        let method = method.parse().map_err(|_| format!("tickets.generic: \"{method}\" is no method"))?;
        let body = self.body.into_iter().map(|(pointer, source)| {
            let source = match source {
                DescribedSource::Key => Source::Key,
                DescribedSource::Title => Source::Title,
                DescribedSource::Text => Source::Text,
                DescribedSource::Tags => Source::Tags,
                DescribedSource::Priority(words) => Source::Priority(words),
                DescribedSource::Status(words) => Source::Status(words),
                DescribedSource::Email(otherwise) => Source::Email(otherwise),
                DescribedSource::Constant(value) => Source::Constant(value),
            };
            (pointer, source)
        });
        Ok(Call { method, path: self.path, body: body.collect() })
    }
}
