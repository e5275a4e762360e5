//! From the settings to a language model behind its layers.

use crate::asking::{self, Asking, Terms};
use crate::config::{Config, Llm};
use crate::integrations::model_journal::{ModelJournal, NoJournal};
use crate::ledger::Ledger;
use crate::playbook::Playbook;
use crate::playbook::policy::guardrails::Retrieval;
use crate::ports::Clock;
use crate::triage::consult;
use anyhow::{Context as _, anyhow};
use model::layers::budget::{BudgetSettings, Limit, Spent};
use model::layers::journal::Sink;
use model::layers::prices::{Price, Prices};
use model::layers::stack::{self, Outside, Stack, StackSettings};
use model::openai::ServerSettings;
use model::prompt::Case;
use model::redact::{RedactionSettings, Redactor};
use model::{Ask, Limits, Message, Model as _, Role, Step};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

/// How long the doctor waits for an answer.
const EXAMINED_WITHIN: Duration = Duration::from_secs(15);

/// The language model of the settings, its books in order; or nobody.
pub(super) async fn open(config: &Config, ledger: &Ledger, book: &Playbook) -> anyhow::Result<Arc<Asking>> {
    if config.llm.base_url.is_none() {
        return Ok(Asking::off(ledger.clone()));
    }
    let journal: Arc<dyn Sink> = match config.llm.journal_days {
        0 => Arc::new(NoJournal),
        days => {
            let folder = config.data_dir.join("model-journal");
            Arc::new(ModelJournal::begin(folder, days, ledger.clock.clone()))
        }
    };
    let stack = build(&config.llm, ledger.clock.clone(), journal)?;
    let prices = prices(&config.llm);
    let most = dearest(&config.llm, &prices, book);
    asking::settle_books(ledger.storage.as_ref(), &stack.budget, ledger.now(), most).await?;
    let redaction =
        RedactionSettings { guess_names: config.llm.redact_names, ..RedactionSettings::default() };
    let terms = Terms {
        patience: Duration::from_millis(config.llm.patience_ms),
        at_once: config.llm.at_once,
        prices,
        embedding_model: config.llm.models.get(Step::Embed.name()).cloned(),
        redactor: Redactor::new(redaction).context("the patterns of redaction")?,
    };
    if book.guardrails.model.retrieval == Retrieval::Meaning && terms.embedding_model.is_none() {
        tracing::warn!(
            "guardrails.yaml wants articles found by meaning, and llm.models.embed is not set: they are found by words"
        );
    }
    Ok(Asking::new(ledger.clone(), stack, terms))
}

/// Asks each server once, as `doctor` does: what it says, or what is wrong in a sentence.
pub(super) async fn examine(llm: &Llm, clock: Arc<dyn Clock>) -> anyhow::Result<Result<(), String>> {
    // `serve` has done this before it gets here.
    drop(rustls::crypto::ring::default_provider().install_default());
    let stack = build(llm, clock, Arc::new(NoJournal))?;
    for (first, server) in stack.servers.iter().enumerate().map(|(place, server)| (place == 0, server)) {
        let chat = Ask {
            step: Step::Classify,
            prompt: "doctor".to_owned(),
            release: "doctor".to_owned(),
            conversation: "doctor".to_owned(),
            customer: "doctor".to_owned(),
            messages: vec![Message { role: Role::User, text: "Say ok.".to_owned() }],
            schema: None,
            streams: None,
            limits: Limits { max_tokens: 64, temperature: 0.0, timeout: EXAMINED_WITHIN },
        };
        let name = server.state().into_iter().next().map(|part| part.of).unwrap_or_default();
        let whom = Case { release: "doctor", conversation: "doctor", customer: "doctor" };
        let embed = (first && llm.models.contains_key(Step::Embed.name()))
            .then(|| consult::embedding(whom, ["ok".to_owned()]));
        for ask in std::iter::once(chat).chain(embed) {
            let step = ask.step;
            match tokio::time::timeout(EXAMINED_WITHIN, server.ask(ask)).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) if step == Step::Embed => {
                    return Ok(Err(format!("{name}, llm.models.embed: {error}")));
                }
                Ok(Err(error)) => return Ok(Err(format!("{name}: {error}"))),
                Err(_) => {
                    return Ok(Err(format!("{name}: no answer within {} s", EXAMINED_WITHIN.as_secs())));
                }
            }
        }
    }
    Ok(Ok(()))
}

fn build(llm: &Llm, clock: Arc<dyn Clock>, journal: Arc<dyn Sink>) -> anyhow::Result<Stack> {
    let mut settings = StackSettings::new(servers(llm), prices(llm));
    let micros = |usd: Option<f64>| Limit { micros: usd.map(|usd| (usd * 1e6) as u64), tokens: None };
    settings.attempt = Duration::from_millis(llm.attempt_timeout_ms);
    settings.budget = BudgetSettings {
        day: Limit { tokens: llm.daily_tokens, ..micros(llm.daily_budget_usd) },
        conversation: micros(llm.conversation_budget_usd),
        customer: micros(llm.customer_budget_usd),
    };
    settings.at_once = llm.at_once;
    settings.a_minute = NonZeroU32::new(llm.calls_per_minute).unwrap_or(NonZeroU32::MIN);
    let outside =
        Outside { now: Arc::new(move || clock.now().into()), jitter: Arc::new(rand::random::<f64>), journal };
    stack::build(&settings, &outside).map_err(|error| anyhow!("{error}"))
}

fn servers(llm: &Llm) -> Vec<ServerSettings> {
    let mut servers = Vec::new();
    if let (Some(url), Some(model)) = (&llm.base_url, &llm.model) {
        let mut server = ServerSettings::new("llm", url, llm.api_key.clone(), model);
        server.key_header.clone_from(&llm.key_header);
        server.headers = llm.headers.clone().into_iter().collect();
        server.query = llm.query.clone().into_iter().collect();
        let named = |step: &Step| Some((*step, llm.models.get(step.name())?.clone()));
        server.models = Step::ALL.iter().chain(&[Step::Embed]).filter_map(named).collect();
        servers.push(server);
    }
    if let (Some(url), Some(model)) = (&llm.fallback.base_url, &llm.fallback.model) {
        let mut server = ServerSettings::new("llm.fallback", url, llm.fallback.api_key.clone(), model);
        server.key_header = llm.fallback.key_header.clone().unwrap_or_else(|| llm.key_header.clone());
        servers.push(server);
    }
    servers
}

fn prices(llm: &Llm) -> Prices {
    let price =
        |price: &crate::config::Price| Price { input_usd: price.input_usd, output_usd: price.output_usd };
    let mut models: std::collections::BTreeMap<String, Price> =
        llm.prices.iter().map(|(model, own)| (model.clone(), price(own))).collect();
    // A model without a price of its own is taken to cost as much as the dearest that has one.
    let dearest = models.values().copied().reduce(Price::dearer).unwrap_or(Prices::free().otherwise);
    let otherwise = models.remove("default").unwrap_or(dearest);
    Prices { models, otherwise }
}

/// The price of each step's model.
pub fn price_of(llm: &Llm) -> impl Fn(Step) -> Price {
    let prices = prices(llm);
    let models: std::collections::BTreeMap<Step, String> = Step::ALL
        .iter()
        .chain(&[Step::Embed])
        .filter_map(|step| Some((*step, llm.models.get(step.name()).or(llm.model.as_ref())?.clone())))
        .collect();
    move |step| models.get(&step).map_or(prices.otherwise, |model| prices.of(model))
}

/// The most that one call of this release may cost.
fn dearest(llm: &Llm, prices: &Prices, book: &Playbook) -> Spent {
    let used = book.prompts.all().map(|prompt| model::Usage {
        input: prompt.max_chars as u64,
        output: u64::from(prompt.limits.max_tokens),
        estimated: true,
    });
    let usage = used.max_by_key(|usage| usage.total()).unwrap_or_default();
    let named = llm.model.iter().chain(llm.models.values()).chain(&llm.fallback.model);
    let micros = named.map(|model| prices.of(model).micros(usage)).max().unwrap_or(0);
    Spent { micros, tokens: usage.total() }
}
