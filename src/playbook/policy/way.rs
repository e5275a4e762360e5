//! How an action is done: over HTTP, by a query, by a program of this machine, or by a tool of an MCP server.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// An HTTP request. Texts are templates over `input`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// The method.
    pub method: Method,
    /// The address. What templates put into it is percent-encoded; scheme and host are no templates.
    pub url: String,
    /// Headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// A JSON body. A text that is one `{{ expression }}` and nothing else keeps its type.
    pub body: Option<Value>,
    /// The fields of a form, instead of a JSON body.
    pub form: Option<BTreeMap<String, String>>,
}

/// A method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs)]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// As it is sent.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Whether the same request twice is as good as once (RFC 9110, 9.2.2).
    #[must_use]
    pub fn is_idempotent(self) -> bool {
        !matches!(self, Self::Post | Self::Patch)
    }
}

/// A query.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sql {
    /// The database, by its name in the settings.
    pub database: String,
    /// One `SELECT`, with `$1`, `$2` … for the parameters. No template: what customers say never becomes SQL.
    pub query: String,
    /// The parameters, as templates over `input`.
    #[serde(default)]
    pub params: Vec<Value>,
    /// Rows at most, 1 to 200; more are a failure, never cut off.
    #[serde(default = "twenty")]
    pub max_rows: u32,
}

fn twenty() -> u32 {
    20
}

/// A program on this machine. There is no shell: every argument arrives as it is.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// Its whole path; the settings must allow it.
    pub program: String,
    /// Its arguments, as templates over `input`. One that begins with a template may not become an option.
    #[serde(default)]
    pub args: Vec<String>,
    /// JSON that it reads from standard input, as templates; nothing where absent.
    pub stdin: Option<Value>,
}

/// A tool of an MCP server.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// The server, by its name in the settings.
    pub server: String,
    /// The tool's name there; the settings must allow it.
    pub tool: String,
    /// What it takes, as templates over `input`.
    #[serde(default)]
    pub arguments: BTreeMap<String, Value>,
}
