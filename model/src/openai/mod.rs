//! Any OpenAI-compatible server behind the port, through async-openai. One call is one attempt: retries, limits and
//! checks are decorators.

mod config;
mod dialect;
mod events;
mod service;

pub use config::{ServerSettings, SettingError};
pub use service::WallClock;

use crate::ask::{Answer, Ask, Body, Step, Usage};
use crate::error::{ModelError, Paid};
use crate::port::{Delta, Draft, Model, PartState};
use crate::wire::embeddings;
use crate::wire::failure::{HttpFailure, LinkFailure};
use crate::wire::partial::PartialString;
use crate::wire::request::{self, Dialect};
use crate::wire::response::{self, Pieces, Said};
use async_openai::Client;
use async_openai::error::OpenAIError;
use async_openai::types::embeddings::{CreateEmbeddingRequest, EmbeddingInput, EncodingFormat};
use async_trait::async_trait;
use dialect::Dialects;
use events::Mark;
use futures::StreamExt;
use serde_json::{Value, json};
use std::pin::Pin;
use std::sync::Arc;

/// How often one question may be put in simpler words before the server is called unusable.
const LOWERINGS: usize = 6;

type Pieceful = Pin<Box<dyn futures::Stream<Item = Result<Value, OpenAIError>> + Send>>;

/// One server.
#[derive(Clone)]
pub struct OpenAi {
    server: Arc<Server>,
}

struct Server {
    settings: ServerSettings,
    whole: Client<config::Checked>,
    streaming: Client<config::Checked>,
    dialects: Dialects,
}

impl OpenAi {
    /// Checks the settings; calls nobody. A TLS provider must be installed before.
    pub fn new(settings: ServerSettings, now: WallClock) -> Result<Self, SettingError> {
        let config = config::Checked::new(&settings)?;
        let wrong = |setting, message: String| SettingError { setting, message };
        let mut client = reqwest::Client::builder()
            .connect_timeout(settings.connect_timeout)
            .read_timeout(settings.read_timeout)
            // A redirect would carry the customer's words to whoever is named in it.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy();
        if let Some(proxy) = &settings.proxy {
            let proxy = reqwest::Proxy::all(proxy).map_err(|error| wrong("llm.proxy", error.to_string()))?;
            client = client.proxy(proxy);
        }
        let client = client.build().map_err(|error| wrong("llm.base_url", error.to_string()))?;
        let service = |events| service::Http {
            client: client.clone(),
            max_response: settings.max_response,
            now: now.clone(),
            events,
        };
        let with = |events| Client::build(client.clone(), config.clone()).with_http_service(service(events));
        let server =
            Server { whole: with(false), streaming: with(true), dialects: Dialects::default(), settings };
        Ok(Self { server: Arc::new(server) })
    }

    /// Every model that may be asked.
    #[must_use]
    pub fn models(&self) -> Vec<String> {
        let settings = &self.server.settings;
        std::iter::once(&settings.model).chain(settings.models.values()).cloned().collect()
    }
}

impl Server {
    /// How to ask next after a refusal: in simpler words, if it was refused for words that the server does not know.
    fn simpler(&self, ask: &Ask, dialect: Dialect, failure: &Failure) -> Result<Dialect, ModelError> {
        match failure {
            Failure::Http(refused) => {
                refused.lowered(dialect, ask.schema.is_some()).ok_or_else(|| refused.error())
            }
            other => Err(other.error()),
        }
    }

    async fn whole(&self, ask: &Ask) -> Result<Answer, ModelError> {
        let model = self.settings.model_for(ask.step);
        let mut dialect = self.dialects.of(model);
        for _ in 0..LOWERINGS {
            let request = request::of(ask, model, dialect, false).map_err(misconfigured)?;
            let answer: Result<Value, OpenAIError> = self.whole.chat().create_byot(request).await;
            match answer {
                Ok(answer) => {
                    self.dialects.remember(model, dialect);
                    return Ok(self.answer(ask, response::read(&answer)?));
                }
                Err(error) => dialect = self.simpler(ask, dialect, &failure(&error))?,
            }
        }
        Err(misconfigured("the server refuses every way to ask".to_owned()))
    }

    /// One vector for each message's text.
    async fn embed(&self, ask: &Ask) -> Result<Answer, ModelError> {
        let Some(model) = self.settings.models.get(&Step::Embed) else {
            return Err(misconfigured("no model for embeddings is set".to_owned()));
        };
        let texts: Vec<String> = ask.messages.iter().map(|message| message.text.clone()).collect();
        let expected = texts.len();
        let request = CreateEmbeddingRequest {
            model: model.clone(),
            input: EmbeddingInput::StringArray(texts),
            encoding_format: Some(EncodingFormat::Float),
            user: None,
            dimensions: None,
        };
        let answer: Result<Value, OpenAIError> = self.whole.embeddings().create_byot(request).await;
        let answer = answer.map_err(|error| failure(&error).error())?;
        let vectors = embeddings::read(&answer, expected)?;
        let estimate = Usage { input: ask.tokens_at_most(), output: 0, estimated: true };
        Ok(Answer {
            body: Body::Json(json!({"vectors": vectors})),
            server: self.settings.name.clone(),
            model: model.clone(),
            usage: embeddings::usage(&answer).unwrap_or(estimate),
            cost_micros: 0,
            calls: 1,
            repaired: false,
            cached: false,
        })
    }

    async fn pieces(&self, ask: &Ask) -> Result<Pieceful, ModelError> {
        let model = self.settings.model_for(ask.step);
        let mut dialect = self.dialects.of(model);
        for _ in 0..LOWERINGS {
            let request = request::of(ask, model, dialect, true).map_err(misconfigured)?;
            let pieces = self.streaming.chat().create_stream_byot::<_, Value>(request).await;
            match pieces {
                Ok(pieces) => {
                    self.dialects.remember(model, dialect);
                    return Ok(pieces);
                }
                Err(error) => dialect = self.simpler(ask, dialect, &failure(&error))?,
            }
        }
        Err(misconfigured("the server refuses every way to ask".to_owned()))
    }

    fn answer(&self, ask: &Ask, said: Said) -> Answer {
        let estimate = Usage {
            input: ask.tokens_at_most(),
            output: (said.text.chars().count() as u64).div_ceil(3),
            estimated: true,
        };
        Answer {
            body: Body::Unchecked(said.text),
            server: self.settings.name.clone(),
            model: said.model.unwrap_or_else(|| self.settings.model_for(ask.step).to_owned()),
            usage: said.usage.unwrap_or(estimate),
            cost_micros: 0,
            calls: 1,
            repaired: false,
            cached: false,
        }
    }
}

#[async_trait]
impl Model for OpenAi {
    async fn ask(&self, ask: Ask) -> Result<Answer, ModelError> {
        match ask.step {
            Step::Embed => self.server.embed(&ask).await,
            _ => self.server.whole(&ask).await,
        }
    }

    fn draft(&self, ask: Ask) -> Draft {
        let server = self.server.clone();
        Box::pin(async_stream::try_stream! {
            let mut stream = server.pieces(&ask).await?;
            let mut pieces = Pieces::default();
            let mut shown = ask.streams.as_deref().map(PartialString::new);
            while let Some(piece) = stream.next().await {
                let piece = piece.map_err(|error| failure(&error).error())?;
                match Mark::of(&piece) {
                    None => {
                        let words = pieces.push(&piece)?;
                        let words = match (&mut shown, &ask.schema) {
                            (Some(shown), Some(_)) => shown.push(&words),
                            (None, Some(_)) => String::new(),
                            (_, None) => words,
                        };
                        if !words.is_empty() {
                            yield Delta::Text(words);
                        }
                    }
                    Some(Mark::Done) => {
                        pieces.done();
                        break;
                    }
                    Some(Mark::Unreadable) => Err(LinkFailure::NotJson.error())?,
                    Some(Mark::TooLarge) => Err(LinkFailure::TooLarge(server.settings.max_response).error())?,
                    Some(Mark::Broken) => Err(LinkFailure::Broken.error())?,
                }
            }
            yield Delta::Done(Box::new(server.answer(&ask, pieces.whole()?)));
        })
    }

    fn state(&self) -> Vec<PartState> {
        let dialects = self.server.dialects.all();
        let says = match dialects.is_empty() {
            true => "not asked yet".to_owned(),
            false => {
                let each =
                    dialects.iter().map(|(model, dialect)| format!("{model}: {}", dialect.mode.name()));
                each.collect::<Vec<_>>().join(", ")
            }
        };
        vec![PartState {
            part: "server",
            of: self.server.settings.name.clone(),
            healthy: true,
            says,
            figures: Vec::new(),
        }]
    }
}

/// A call that failed, before it is known what it means.
enum Failure {
    Http(HttpFailure),
    Link(LinkFailure),
    Request(String),
}

impl Failure {
    fn error(&self) -> ModelError {
        match self {
            Self::Http(failure) => failure.error(),
            Self::Link(failure) => failure.error(),
            Self::Request(cause) => misconfigured(cause.clone()),
        }
    }
}

fn misconfigured(cause: String) -> ModelError {
    ModelError::Misconfigured { cause }
}

fn failure(error: &OpenAIError) -> Failure {
    match error {
        OpenAIError::Boxed(inner) => {
            if let Some(failure) = inner.downcast_ref::<HttpFailure>() {
                return Failure::Http(failure.clone());
            }
            Failure::Link(inner.downcast_ref::<LinkFailure>().cloned().unwrap_or(LinkFailure::Broken))
        }
        OpenAIError::Reqwest(error) => Failure::Link(service::link(error)),
        OpenAIError::InvalidArgument(cause) => Failure::Request(cause.clone()),
        OpenAIError::ApiError(error) => Failure::Http(HttpFailure {
            status: error.status_code.as_u16(),
            retry_after: None,
            body: error.api_error.message.clone(),
        }),
        _ => Failure::Link(LinkFailure::NotJson),
    }
}

/// For errors that money was surely not spent on.
#[must_use]
pub fn not_set_up() -> ModelError {
    ModelError::Unavailable { cause: "no model server is set up".to_owned(), paid: Paid::No }
}
