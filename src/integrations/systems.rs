//! Other systems, each by the way that its action names: HTTP, a database, a program, a tool.

use super::actions::HttpActions;
use super::programs::{Programs, Run};
use super::tools::Tools;
use crate::playbook::actions::{Action, Request, Via};
use crate::ports::{Actions, CallError, Host, Queries, Query, QueryError};
use async_trait::async_trait;
use serde_json::{Value, json};
use std::sync::Arc;

/// All ways out.
pub struct Systems {
    /// Over HTTP.
    pub http: HttpActions,
    /// Databases.
    pub databases: Arc<dyn Queries>,
    /// Programs.
    pub programs: Programs,
    /// Tools of MCP servers.
    pub tools: Tools,
}

#[async_trait]
impl Actions for Systems {
    async fn run(&self, key: &str, action: &Action, input: &Value) -> Result<Value, CallError> {
        if matches!(action.via, Via::Http(_)) {
            return self.http.run(key, action, input).await;
        }
        match action.request(input).map_err(CallError::Refused)? {
            Request::Http { .. } => self.http.run(key, action, input).await,
            Request::Sql { database, query, params, max_rows } => {
                let asked = Query {
                    database: &database,
                    text: &query,
                    params: &params,
                    max_rows,
                    timeout: action.timeout,
                };
                let rows = self.databases.select(asked).await.map_err(failure)?;
                let mut answer = json!({"found": !rows.is_empty(), "count": rows.len()});
                // One row is what most lookups are after: it has a name of its own.
                if let Some(first) = rows.first() {
                    answer["row"] = Value::Object(first.clone());
                }
                answer["rows"] = rows.into_iter().map(Value::Object).collect();
                Ok(answer)
            }
            Request::Command { program, args, stdin } => {
                let variable = action.idempotency.as_deref().map(|name| (name, key));
                let stdin = stdin.as_ref();
                let timeout = action.timeout;
                self.programs.run(Run { program: &program, args: &args, stdin, variable, timeout }).await
            }
            Request::Tool { server, tool, arguments } => {
                self.tools.call(&server, &tool, arguments, action.timeout).await
            }
        }
    }

    fn hosts(&self) -> Vec<Host> {
        self.http.hosts()
    }
}

fn failure(error: QueryError) -> CallError {
    match error {
        QueryError::Away(cause) => CallError::Retry(cause),
        QueryError::Refused(cause) => CallError::Refused(cause),
    }
}
