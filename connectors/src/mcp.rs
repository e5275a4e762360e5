//! Tools of MCP servers, over HTTP through the guard or as a program of this machine. A server is connected to for one
//! call and let go. It gets nothing of ours: no roots, no sampling, no elicitation; and what a tool says is data.

mod http;

use crate::child::Child;
use crate::guard::excerpt;
use crate::trouble::Trouble;
use http::Guarded;
use rmcp::ServiceExt;
use rmcp::model::{CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock};
use rmcp::service::{RoleClient, RunningService, ServiceError};
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::transport::streamable_http_client::{
    StreamableHttpClientTransport, StreamableHttpClientTransportConfig,
};
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// The longest that a server may say at once, in bytes.
pub const LARGEST: usize = 256 * 1024;

/// Where a server is.
#[derive(Debug, Clone)]
pub enum Place {
    /// A program, named by its whole path, with its arguments.
    Program(PathBuf, Vec<String>),
    /// An address, with what is shown as a bearer token. Its host may be private: the operator names it.
    Http(Url, Option<SecretString>),
}

/// A server.
#[derive(Debug, Clone)]
pub struct Server {
    place: Place,
    http: Option<Guarded>,
}

impl Server {
    /// A server; nothing is asked of it yet.
    pub fn new(place: Place) -> Result<Self, Trouble> {
        let http = match &place {
            Place::Program(..) => None,
            Place::Http(url, token) => Some(Guarded::new(url, token.clone())?),
        };
        Ok(Self { place, http })
    }

    /// Calls a tool. What is wrong before the call was made is [`Trouble::Retry`]; what is lost after it, nobody knows.
    pub async fn call(
        &self,
        tool: &str,
        arguments: Map<String, Value>,
        limit: Duration,
    ) -> Result<Value, Trouble> {
        let until = tokio::time::Instant::now() + limit;
        // Lives as long as the connection; then it is killed.
        let mut program = None;
        let connecting = async {
            match (&self.place, &self.http) {
                (Place::Program(path, args), _) => {
                    let (child, pipes) = Child::start(path, args, &[]).map_err(|error| error.to_string())?;
                    let transport = AsyncRwTransport::<RoleClient, _, _>::new(pipes.stdout, pipes.stdin);
                    program = Some((child, pipes.stderr));
                    ().serve(transport.with_max_line_length(LARGEST)).await.map_err(|error| error.to_string())
                }
                (Place::Http(url, _), Some(guarded)) => {
                    let config = StreamableHttpClientTransportConfig::with_uri(url.as_str());
                    let transport = StreamableHttpClientTransport::with_client(guarded.within(limit), config);
                    ().serve(transport).await.map_err(|error| error.to_string())
                }
                (Place::Http(..), None) => Err("it is not set up".to_owned()),
            }
        };
        let away = |why: String| Trouble::Retry {
            why: format!("the MCP server can't be reached: {}", excerpt(&why)),
        };
        let running: RunningService<RoleClient, ()> = match tokio::time::timeout_at(until, connecting).await {
            Ok(connected) => connected.map_err(away)?,
            Err(_) => return Err(away(format!("no answer within {limit:?}"))),
        };
        let params = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        let called = tokio::time::timeout_at(until, running.call_tool_once(params)).await;
        let doubt = |why: String| Trouble::InDoubt { why: format!("the tool {tool}: {}", excerpt(&why)) };
        let outcome = match called {
            Ok(Ok(CallToolResponse::Complete(result))) => read(tool, *Box::new(result)),
            Ok(Ok(_)) => Err(Trouble::unexpected(format!("the tool {tool} asks back instead of answering"))),
            Ok(Err(ServiceError::McpError(error))) => Err(refused(tool, &error.message)),
            Ok(Err(error)) => Err(doubt(error.to_string())),
            Err(_) => Err(doubt(format!("no answer within {limit:?}"))),
        };
        // A farewell is polite; whoever does not take it is not waited for.
        drop(tokio::time::timeout(Duration::from_millis(500), running.cancel()).await);
        drop(program);
        outcome
    }
}

fn refused(tool: &str, why: &str) -> Trouble {
    Trouble::Refused { status: 0, body: format!("the tool {tool} says: {}", excerpt(why)) }
}

/// What a tool answered: its structured content, a text that is JSON, or the texts as they are.
fn read(tool: &str, result: CallToolResult) -> Result<Value, Trouble> {
    let texts: Vec<String> = result
        .content
        .iter()
        .filter_map(|block| match block {
            ContentBlock::Text(text) => Some(text.text.clone()),
            _ => None,
        })
        .collect();
    if result.is_error == Some(true) {
        return Err(refused(tool, &texts.join(" ")));
    }
    let value = match (result.structured_content, &texts[..]) {
        (Some(value), _) => value,
        (None, [text]) => serde_json::from_str::<Value>(text)
            .ok()
            .filter(|value| value.is_object() || value.is_array())
            .unwrap_or_else(|| json!({"text": text})),
        (None, texts) => json!({"text": texts.join("\n")}),
    };
    match value.to_string().len() {
        length if length > LARGEST => Err(Trouble::TooLarge { limit: LARGEST }),
        _ => Ok(value),
    }
}
