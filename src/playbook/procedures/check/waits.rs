//! The check of steps that wait long: approvals, moments, events.

use super::{Check, End};
use crate::playbook::facts::Kind;
use crate::playbook::fault::Spot;
use crate::playbook::policy::procedure::{Approve, Wait};
use crate::playbook::procedures::names::Names;
use serde_json::{Value, json};

impl Check<'_> {
    pub(super) fn approve(&mut self, approve: &Approve, line: Spot) -> Option<(End, Names)> {
        self.template(&approve.title, line);
        self.template(&approve.details, line);
        self.team(&approve.team, line);
        approve.tell.iter().for_each(|words| self.words(words, line));
        self.span(approve.deadline, line);
        let text = |name: &str| (name.to_owned(), Kind::Text, json!("sample"));
        let mut parts = vec![("approved".to_owned(), Kind::Bool, json!(true)), text("by"), text("reason")];
        for (name, source) in &approve.editable {
            let value = self.value(source, line);
            if ["approved", "by", "reason"].contains(&name.as_str()) {
                self.fault(line, format!("\"{name}\" is set by the answer itself; take another name"));
            }
            let kind = match &value {
                Value::Number(_) => Kind::Number,
                Value::Bool(_) => Kind::Bool,
                _ => Kind::Text,
            };
            parts.push((name.clone(), kind, value));
        }
        self.save(&approve.into, line, |names| names.save(&approve.into, parts));
        self.otherwise(&approve.otherwise, None, true)
    }

    pub(super) fn wait(&mut self, wait: &Wait, line: Spot) -> Option<(End, Names)> {
        wait.tell.iter().for_each(|words| self.words(words, line));
        wait.span.into_iter().chain(wait.at_most).for_each(|span| self.span(span, line));
        match (&wait.span, &wait.event, &wait.at_most) {
            (Some(_), None, None) => {
                if wait.about.is_some()
                    || wait.into.is_some()
                    || !wait.brings.is_empty()
                    || !wait.otherwise.is_empty()
                {
                    self.fault(
                        line,
                        "`about`, `into`, `brings` and `otherwise` belong to waiting for an event",
                    );
                }
                return None;
            }
            (None, Some(event), Some(_)) => {
                let about = match &wait.about {
                    Some(about) => about.as_str(),
                    None if event.starts_with("ticket.") => "{{ ticket.number }}",
                    None => {
                        self.fault(line, "`about` says to what it happens, such as an order's number");
                        ""
                    }
                };
                self.template(about, line);
            }
            _ => self.fault(line, "waits `for` a time, or for an `event` with `at_most`"),
        }
        let missed = self.otherwise(&wait.otherwise, None, true);
        if let Some(into) = &wait.into {
            let parts = wait.brings.iter().map(|name| (name.clone(), Kind::Text, json!("sample")));
            self.save(into, line, |names| names.save(into, parts));
        }
        missed
    }
}
