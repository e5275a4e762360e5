//! Tools of MCP servers: only those that the settings allow, server by server.

use super::actions::failure;
use crate::ports::CallError;
use connectors::mcp::Server;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// The servers that may be asked, by name, each with the tools that may be called.
#[derive(Default)]
pub struct Tools {
    servers: BTreeMap<String, (Server, Vec<String>)>,
}

impl Tools {
    /// None but these.
    #[must_use]
    pub fn new(servers: BTreeMap<String, (Server, Vec<String>)>) -> Self {
        Self { servers }
    }

    /// Calls one.
    pub async fn call(
        &self,
        server: &str,
        tool: &str,
        arguments: Map<String, Value>,
        limit: Duration,
    ) -> Result<Value, CallError> {
        let Some((place, allowed)) = self.servers.get(server) else {
            return Err(CallError::Refused(format!("the setting mcp.{server} is missing")));
        };
        if !allowed.iter().any(|name| name == tool) {
            let text =
                format!("the tool {tool} is not allowed; the setting mcp.{server}.tools lists what is");
            return Err(CallError::Refused(text));
        }
        place.call(tool, arguments, limit).await.map_err(failure)
    }
}
