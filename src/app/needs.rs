//! What the policies take from the settings: databases, servers of tools, programs, secrets. What is missing is known
//! before anybody waits for it.

use crate::config::Config;
use crate::playbook::Playbook;
use crate::playbook::actions::Via;
use crate::playbook::policy::action::Auth;
use crate::playbook::policy::trigger::On;
use std::path::Path;

/// What the settings lack for these policies, each as a sentence.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Lacking {
    /// Names of things that are nowhere: what names them can never work, and the start is refused.
    pub unknown: Vec<String>,
    /// Secrets that are not set: what needs them is refused by the other side, or refuses it, until they are.
    pub secrets: Vec<String>,
}

/// Compares what the policies name with what the settings have.
#[must_use]
pub fn lacking(book: &Playbook, config: &Config) -> Lacking {
    let mut lacking = Lacking::default();
    for action in book.actions.values() {
        let who = format!("the action {}", action.id);
        match &action.via {
            Via::Sql(sql) => lacking.database(&who, &sql.database, config),
            Via::Command(command) => {
                let known = config.actions.commands.iter().any(|known| known == Path::new(&command.program));
                if !known {
                    let program = &command.program;
                    lacking
                        .unknown
                        .push(format!("{who} runs {program}, which actions.commands does not allow"));
                }
            }
            Via::Tool(tool) => match config.mcp.get(&tool.server) {
                None => {
                    let server = &tool.server;
                    lacking
                        .unknown
                        .push(format!("{who} names the server {server}, and there is no [mcp.{server}]"));
                }
                Some(server) if !server.tools.contains(&tool.tool) => lacking.unknown.push(format!(
                    "{who} calls the tool {}, which mcp.{}.tools does not allow",
                    tool.tool, tool.server
                )),
                Some(_) => {}
            },
            Via::Http(_) | Via::BuiltIn => {}
        }
        let secret = action.auth.as_ref().map(|auth| match auth {
            Auth::Bearer(name) => name,
            Auth::Basic(basic) => &basic.password,
            Auth::Header(header) => &header.secret,
        });
        if let Some(name) = secret.filter(|name| !config.actions.secrets.contains_key(*name)) {
            lacking.secrets.push(format!("{who} needs the secret {name}: set actions.secrets.{name}"));
        }
    }
    for trigger in book.triggers.values() {
        let who = format!("the trigger {}", trigger.id);
        match &trigger.on {
            On::Poll(poll) => lacking.database(&who, &poll.database, config),
            On::Hook(hook) if !config.hooks.secrets.contains_key(&hook.secret) => {
                let name = &hook.secret;
                lacking.secrets.push(format!(
                    "{who} refuses every request until its secret {name} is set: set hooks.secrets.{name}"
                ));
            }
            _ => {}
        }
    }
    lacking
}

impl Lacking {
    fn database(&mut self, who: &str, name: &str, config: &Config) {
        if !config.databases.contains_key(name) {
            self.unknown.push(format!(
                "{who} reads the database {name}, and the setting databases.{name}.url is missing"
            ));
        }
    }
}
