//! From a question to the request of the chat completions API, in the words that a server understands.

use super::strict;
use crate::ask::{Ask, Message, Role};
use async_openai::types::chat::{
    ChatCompletionNamedToolChoice, ChatCompletionRequestAssistantMessage, ChatCompletionRequestMessage,
    ChatCompletionRequestSystemMessage, ChatCompletionRequestUserMessage, ChatCompletionStreamOptions,
    ChatCompletionTool, ChatCompletionToolChoiceOption, ChatCompletionTools, CreateChatCompletionRequest,
    FunctionName, FunctionObject, ResponseFormat, ResponseFormatJsonSchema,
};
use serde_json::Value;

/// How a server is told to answer in JSON, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// `response_format` of type `json_schema`, strict.
    Schema,
    /// `response_format` of type `json_object`, the schema in words.
    JsonObject,
    /// One tool that must be called, the schema as its parameters.
    Tool,
    /// The schema in words; the JSON is looked for in the answer.
    Plain,
}

impl Mode {
    /// What to try when a server does not know this one.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        match self {
            Self::Schema => Some(Self::JsonObject),
            Self::JsonObject => Some(Self::Tool),
            Self::Tool => Some(Self::Plain),
            Self::Plain => None,
        }
    }

    /// For state and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Schema => "json_schema",
            Self::JsonObject => "json_object",
            Self::Tool => "tool",
            Self::Plain => "plain",
        }
    }
}

/// What a server understands. It begins with the best and is lowered by the server's own refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// How JSON is asked for.
    pub mode: Mode,
    /// `max_completion_tokens` (newer OpenAI models) instead of `max_tokens` (everybody else).
    pub completion_tokens: bool,
    /// Whether a temperature may be given; reasoning models refuse it.
    pub temperature: bool,
    /// Whether the tokens of a stream may be asked for.
    pub stream_usage: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { mode: Mode::Schema, completion_tokens: false, temperature: true, stream_usage: true }
    }
}

/// The name of the tool in [`Mode::Tool`].
pub const TOOL: &str = "answer";

/// The request. Errors are schemas that strict mode can't say; checked prompts have none.
pub fn of(
    ask: &Ask,
    model: &str,
    dialect: Dialect,
    stream: bool,
) -> Result<CreateChatCompletionRequest, String> {
    let mut messages: Vec<Message> = ask.messages.clone();
    let mut request = CreateChatCompletionRequest { model: model.to_owned(), ..Default::default() };
    if let Some(schema) = &ask.schema {
        let strict = strict::of(schema)?;
        match dialect.mode {
            Mode::Schema => {
                let json_schema = ResponseFormatJsonSchema {
                    name: ask.step.name().to_owned(),
                    schema: strict,
                    strict: Some(true),
                    description: None,
                };
                request.response_format = Some(ResponseFormat::JsonSchema { json_schema });
            }
            Mode::JsonObject => {
                request.response_format = Some(ResponseFormat::JsonObject);
                say_schema(&mut messages, &strict);
            }
            Mode::Tool => {
                let function = FunctionObject {
                    name: TOOL.to_owned(),
                    description: Some("Gives the answer.".to_owned()),
                    parameters: Some(strict),
                    strict: None,
                };
                request.tools = Some(vec![ChatCompletionTools::Function(ChatCompletionTool { function })]);
                let function = FunctionName { name: TOOL.to_owned() };
                let choice = ChatCompletionNamedToolChoice { function };
                request.tool_choice = Some(ChatCompletionToolChoiceOption::Function(choice));
            }
            Mode::Plain => say_schema(&mut messages, &strict),
        }
    }
    request.messages = messages.into_iter().map(message).collect();
    limits(&mut request, ask, dialect);
    if stream {
        // With byot, nobody else sets it; without it a stream is silently empty.
        request.stream = Some(true);
        request.stream_options = dialect
            .stream_usage
            .then_some(ChatCompletionStreamOptions { include_usage: Some(true), include_obfuscation: None });
    }
    Ok(request)
}

#[allow(deprecated)] // max_tokens is what every server but OpenAI's newest knows
fn limits(request: &mut CreateChatCompletionRequest, ask: &Ask, dialect: Dialect) {
    if dialect.completion_tokens {
        request.max_completion_tokens = Some(ask.limits.max_tokens);
    } else {
        request.max_tokens = Some(ask.limits.max_tokens);
    }
    request.temperature = dialect.temperature.then_some(ask.limits.temperature);
}

fn message(message: Message) -> ChatCompletionRequestMessage {
    match message.role {
        Role::System => ChatCompletionRequestSystemMessage::from(message.text).into(),
        Role::User => ChatCompletionRequestUserMessage::from(message.text).into(),
        Role::Assistant => ChatCompletionRequestAssistantMessage::from(message.text).into(),
    }
}

/// Servers without schemas are told in words. The word JSON must occur, or OpenAI refuses `json_object`.
fn say_schema(messages: &mut [Message], schema: &Value) {
    let words = format!(
        "\n\nAnswer with exactly one JSON object and nothing else: no code fence, no comment. It meets this JSON \
         Schema:\n{schema}"
    );
    if let Some(system) = messages.iter_mut().find(|message| message.role == Role::System) {
        system.text.push_str(&words);
    }
}
