//! What a directory says of somebody, as an account: only what the desk lets in, and nothing too long.

use crate::domain::customer::Account;
use serde_json::Value;
use std::collections::BTreeMap;

/// The longest value, in characters.
const LONGEST: usize = 200;

/// The fields that the desk lets in.
#[derive(Debug, Clone, Default)]
pub struct Admitted(Vec<String>);

type TextField = (&'static str, fn(&mut Account) -> &mut String);

const TEXTS: [TextField; 7] = [
    ("name", |account| &mut account.name),
    ("company", |account| &mut account.company),
    ("tier", |account| &mut account.tier),
    ("plan", |account| &mut account.plan),
    ("language", |account| &mut account.language),
    ("status", |account| &mut account.status),
    ("since", |account| &mut account.since),
];

const OPEN_TICKETS: &str = "open_tickets";

impl Admitted {
    /// Only these.
    #[must_use]
    pub fn new(fields: Vec<String>) -> Self {
        Self(fields)
    }

    fn has(&self, field: &str) -> bool {
        self.0.iter().any(|admitted| admitted == field)
    }

    /// The account without what is not let in; each field says where it came from, if that has a name.
    pub(super) fn only(&self, mut account: Account, name: Option<&str>) -> Account {
        let mut from = BTreeMap::new();
        for (field, of) in TEXTS {
            let text = of(&mut account);
            if !self.has(field) {
                text.clear();
            }
            if let (false, Some(name)) = (text.is_empty(), name) {
                from.insert(field.to_owned(), name.to_owned());
            }
        }
        if !self.has(OPEN_TICKETS) {
            account.open_tickets = 0;
        }
        if let (true, Some(name)) = (account.open_tickets != 0, name) {
            from.insert(OPEN_TICKETS.to_owned(), name.to_owned());
        }
        account.from = from;
        account.more.clear();
        account
    }
}

/// What the first did not know, the next may.
pub(super) fn fill_in(known: &mut Account, mut more: Account) {
    for (field, of) in TEXTS {
        if of(known).is_empty() {
            *of(known) = std::mem::take(of(&mut more));
            known.from.extend(more.from.remove_entry(field));
        }
    }
    if known.open_tickets == 0 {
        known.open_tickets = more.open_tickets;
        known.from.extend(more.from.remove_entry(OPEN_TICKETS));
    }
}

/// An account of what stands at each field; nothing where there is no id or no address.
pub(super) fn account(value: impl Fn(&str) -> Option<Value>) -> Option<Account> {
    let mut account = Account {
        id: text(value("id")),
        email: text(value("email")).to_lowercase(),
        open_tickets: number(value(OPEN_TICKETS)),
        ..Account::default()
    };
    for (field, of) in TEXTS {
        *of(&mut account) = text(value(field));
    }
    (!account.id.is_empty() && !account.email.is_empty()).then_some(account)
}

fn text(value: Option<Value>) -> String {
    let text = match value {
        Some(Value::String(text)) => text,
        Some(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
        _ => return String::new(),
    };
    text.trim().chars().filter(|letter| !letter.is_control()).take(LONGEST).collect()
}

fn number(value: Option<Value>) -> i64 {
    match value {
        Some(Value::Number(number)) => number.as_i64().unwrap_or_default(),
        Some(Value::String(text)) => text.trim().parse().unwrap_or_default(),
        _ => 0,
    }
}
