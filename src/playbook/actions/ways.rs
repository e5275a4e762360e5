//! How actions are done: what can be told of each way without running it, and what is sent for one run.

use super::query;
use crate::playbook::policy::action::{ActionFile, ActionKind, Command, Http, Sql, Tool};
use crate::playbook::templates;
use serde_json::{Map, Value};

/// The longest that all arguments of a program may be together, in bytes.
const LONGEST_ARGS: usize = 32 * 1024;
/// Rows that a query may be allowed.
const ROWS: std::ops::RangeInclusive<u32> = 1..=200;

/// How an action is done.
#[derive(Debug, Clone, PartialEq)]
pub enum Via {
    /// An HTTP request.
    Http(Http),
    /// A query.
    Sql(Sql),
    /// A program of this machine.
    Command(Command),
    /// A tool of an MCP server.
    Tool(Tool),
    /// By the desk itself.
    BuiltIn,
}

/// What is sent for one run of an action.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Over HTTP.
    Http {
        /// The method.
        method: &'static str,
        /// The address.
        url: String,
        /// Headers of the action; those for authentication and the key are not among them.
        headers: Vec<(String, String)>,
        /// The body.
        body: Body,
    },
    /// To a database.
    Sql {
        /// Its name in the settings.
        database: String,
        /// The query.
        query: String,
        /// What takes the place of `$1`, `$2` ….
        params: Vec<Value>,
        /// Rows at most.
        max_rows: u32,
    },
    /// To a program.
    Command {
        /// Its whole path.
        program: String,
        /// Its arguments.
        args: Vec<String>,
        /// What it reads.
        stdin: Option<Value>,
    },
    /// To a tool.
    Tool {
        /// The server's name in the settings.
        server: String,
        /// The tool's name there.
        tool: String,
        /// What it takes.
        arguments: Map<String, Value>,
    },
}

/// A body.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// None.
    Empty,
    /// `application/json`.
    Json(Value),
    /// `application/x-www-form-urlencoded`.
    Form(Vec<(String, String)>),
}

/// What is sent, with the facts put into its templates.
pub(super) fn request(via: &Via, facts: &Map<String, Value>) -> Result<Request, String> {
    match via {
        Via::Http(http) => over_http(http, facts),
        Via::Sql(sql) => Ok(Request::Sql {
            database: sql.database.clone(),
            query: sql.query.clone(),
            params: sql.params.iter().map(|param| templates::fill(param, facts)).collect::<Result<_, _>>()?,
            max_rows: sql.max_rows,
        }),
        Via::Command(command) => to_program(command, facts),
        Via::Tool(tool) => Ok(Request::Tool {
            server: tool.server.clone(),
            tool: tool.tool.clone(),
            arguments: templates::fill_all(&tool.arguments, facts)?,
        }),
        Via::BuiltIn => Err("the desk does this itself".to_owned()),
    }
}

/// Arguments go to the program as they are. What a customer said must not become an option: one that begins with a
/// template may not begin with a dash.
fn to_program(command: &Command, facts: &Map<String, Value>) -> Result<Request, String> {
    let mut args = Vec::new();
    for source in &command.args {
        let arg = templates::render(source, facts)?;
        if arg.contains('\0') {
            return Err(format!("the argument {source:?} holds a NUL character"));
        }
        if arg.starts_with('-') && !source.trim_start().starts_with('-') {
            return Err(format!("the argument {source:?} would be an option, because it begins with a dash"));
        }
        args.push(arg);
    }
    if args.iter().map(String::len).sum::<usize>() > LONGEST_ARGS {
        return Err(format!("the arguments are longer than {LONGEST_ARGS} bytes"));
    }
    let stdin = command.stdin.as_ref().map(|value| templates::fill(value, facts)).transpose()?;
    Ok(Request::Command { program: command.program.clone(), args, stdin })
}

fn over_http(http: &Http, facts: &Map<String, Value>) -> Result<Request, String> {
    let text = |source: &String| templates::render(source, facts);
    let headers = http.headers.iter().map(|(name, value)| {
        let value = text(value)?;
        // A header with a line break would be two.
        match value.chars().any(char::is_control) {
            true => Err(format!("the header {name} holds a line break or another control character")),
            false => Ok((name.clone(), value)),
        }
    });
    let body = match (&http.body, &http.form) {
        (Some(body), _) => Body::Json(templates::fill(body, facts)?),
        (None, Some(form)) => Body::Form(
            form.iter()
                .map(|(name, value)| Ok((name.clone(), text(value)?)))
                .collect::<Result<_, String>>()?,
        ),
        (None, None) => Body::Empty,
    };
    Ok(Request::Http {
        method: http.method.name(),
        url: templates::render_address(&http.url, facts)?,
        headers: headers.collect::<Result<_, String>>()?,
        body,
    })
}

/// What can be told without running it.
pub(super) fn plausible(via: &Via, file: &ActionFile) -> Result<(), String> {
    match via {
        Via::Http(http) => plausible_http(http),
        Via::Sql(sql) => plausible_sql(sql, file),
        Via::Command(command) => plausible_command(command, file),
        Via::Tool(tool) => plausible_tool(tool, file),
        Via::BuiltIn => Ok(()),
    }
}

fn plausible_http(http: &Http) -> Result<(), String> {
    let rest = http.url.strip_prefix("https://").or_else(|| http.url.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    if host.is_empty() || host.contains(['{', '@', ' ']) {
        return Err("`url` begins with https:// and a host that is no template".to_owned());
    }
    if http.body.is_some() && http.form.is_some() {
        return Err("a request has a `body` or a `form`, not both".to_owned());
    }
    Ok(())
}

fn plausible_sql(sql: &Sql, file: &ActionFile) -> Result<(), String> {
    if file.kind != ActionKind::Read {
        return Err("`sql` only reads: the action is of `kind: read`".to_owned());
    }
    if !ROWS.contains(&sql.max_rows) {
        return Err(format!("`max_rows` is {} to {}", ROWS.start(), ROWS.end()));
    }
    only_over_http(file)?;
    query::check(&sql.query, sql.params.len())
}

fn plausible_command(command: &Command, file: &ActionFile) -> Result<(), String> {
    if !command.program.starts_with('/') || command.program.contains(['{', '\0']) {
        return Err("`program` is a whole path such as /opt/desk/stock, and no template".to_owned());
    }
    if file.idempotency.as_ref().is_some_and(|name| !is_variable(name)) {
        return Err("`idempotency` names a variable such as RUN_KEY, not one that programs heed".to_owned());
    }
    match &file.auth {
        Some(_) => Err("`auth` is for `http`; a command gets no secrets".to_owned()),
        None if !file.success.is_empty() => {
            Err("`success` is for `http`: a command succeeds with 0".to_owned())
        }
        None => Ok(()),
    }
}

fn plausible_tool(tool: &Tool, file: &ActionFile) -> Result<(), String> {
    let templated = |name: &str| name.is_empty() || name.contains('{');
    if templated(&tool.server) || templated(&tool.tool) {
        return Err("`server` and `tool` are names, and no templates".to_owned());
    }
    if file.idempotency.is_some() {
        return Err("MCP has no key for repetitions: leave `idempotency` out".to_owned());
    }
    only_over_http(file)
}

fn only_over_http(file: &ActionFile) -> Result<(), String> {
    match (&file.auth, file.success.is_empty()) {
        (None, true) => Ok(()),
        _ => {
            Err("`auth` and `success` are for `http`; what opens the rest stands in the settings".to_owned())
        }
    }
}

/// Upper case, and none by which the loader or a shell could be led astray.
fn is_variable(name: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_';
    name.starts_with(|letter: char| letter.is_ascii_uppercase())
        && name.chars().all(fits)
        && !name.starts_with("LD_")
        && !["PATH", "IFS", "ENV", "BASH_ENV", "HOME", "SHELL"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn args(args: &[&str], sku: &str) -> Result<Vec<String>, String> {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        let command = Command { program: "/opt/stock".to_owned(), args, stdin: None };
        let facts = Map::from_iter([("input".to_owned(), json!({"sku": sku}))]);
        match to_program(&command, &facts)? {
            Request::Command { args, .. } => Ok(args),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_a_customer_types_is_one_argument_and_never_an_option() {
        let typed = "A 1; rm -rf / $(id) 'x' \"y\"";
        assert_eq!(args(&["--sku", "{{ input.sku }}"], typed).unwrap(), ["--sku", typed]);
        assert_eq!(args(&["--sku={{ input.sku }}"], "--all").unwrap(), ["--sku=--all"]);
        for typed in ["--all", " -x"] {
            assert!(args(&["--sku", "{{ input.sku }}"], typed).unwrap_err().contains("begins with a dash"));
        }
        assert!(args(&["{{ input.sku }}"], "a\0b").unwrap_err().contains("NUL"));
        assert!(
            args(&["{{ input.sku }}"], &"x".repeat(LONGEST_ARGS + 1)).unwrap_err().contains("longer than")
        );
    }
}
