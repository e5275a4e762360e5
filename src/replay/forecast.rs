//! What a release would pay a language model: the questions it would have asked about past messages, counted and
//! priced. Nobody is asked. Where the same question was asked in the same words, what it took is on record; else its
//! tokens are estimated, by how far estimates were off where there is a record.
//!
//! What follows from an answer that nobody has is not known, so there are two figures: the least (the model fails) and
//! the most (it agrees with the local classifier, and finds every answer in the articles).

use super::recorded::Recorded;
use super::{Decided, Witness, again, each_decision};
use crate::domain::Time;
use crate::domain::consult::{Asked, Consultation, Consulted, Standing};
use crate::domain::conversation::Conversation;
use crate::domain::event::{Answer, Entry, Event, Question};
use crate::domain::ids::ConversationId;
use crate::playbook::Playbook;
use crate::triage::consult;
use chrono::NaiveDate;
use model::layers::prices::Price;
use model::prompt::Case;
use model::{Step, Usage};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Questions and what they take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Bill {
    /// How many.
    pub questions: usize,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// US dollars at the prices of today.
    pub usd: f64,
}

/// What was paid, and the least and the most that would be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Bills {
    /// On record.
    pub then: Bill,
    /// If the model fails wherever nobody knows what it would say.
    pub least: Bill,
    /// If it agrees there, and answers.
    pub most: Bill,
}

/// The forecast.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Cost {
    /// The time that the conversations are from, in days.
    pub days: f64,
    /// Messages that were decided.
    pub decisions: usize,
    /// All steps together.
    pub all: Bills,
    /// By step.
    pub steps: BTreeMap<&'static str, Bills>,
    /// Of the questions that would be asked at least, how many are on record word for word.
    pub on_record: usize,
    /// Whether estimates could be held against records; else tokens are counted at the most they can be.
    pub measured: bool,
    /// The most that one day (UTC) would cost, in US dollars.
    pub dearest_day_usd: f64,
    /// Days on which the daily budget would not be enough for the most; none where there is no budget.
    pub days_over_budget: Option<usize>,
}

/// A question that would be asked.
struct Put {
    day: NaiveDate,
    step: Step,
    /// Recorded, or the most it can take.
    usage: Usage,
    recorded: bool,
}

/// What is counted, conversation by conversation.
#[derive(Default)]
pub struct Forecast {
    decisions: usize,
    began: Option<Time>,
    then: Vec<(Put, u64)>,
    least: Vec<Put>,
    most: Vec<Put>,
    /// Input tokens of questions on record: as estimated, and as they were.
    compared: (u64, u64),
    /// Answers on record by step: how many, and the tokens of all.
    written: BTreeMap<Step, (u64, u64)>,
}

impl Forecast {
    /// Adds a conversation. `since` leaves out what was decided before.
    pub fn add(&mut self, id: ConversationId, log: &[Entry], book: &Playbook, since: Option<Time>) {
        let recorded = Recorded::of(log);
        self.paid(log, since);
        each_decision(id, log, since, |decided| {
            let Decided { start, decision, index, .. } = decided;
            let at = log[index].at;
            self.decisions += 1;
            self.began = Some(self.began.map_or(at, |began| began.min(at)));
            for agrees in [false, true] {
                let mut witness = Assuming { recorded: &recorded, agrees, at, count: &mut *self };
                again(start.clone(), decision.message, at, &mut witness, book);
            }
        });
    }

    fn paid(&mut self, log: &[Entry], since: Option<Time>) {
        let step = |asked: i64| {
            log.iter().find(|entry| entry.seq == asked).and_then(|entry| match &entry.event {
                Event::ModelAsked { question } => Some(question.step),
                _ => None,
            })
        };
        for entry in log.iter().filter(|entry| since.is_none_or(|since| entry.at >= since)) {
            let (asked, usage, micros) = match &entry.event {
                Event::ModelAnswered { asked, answer } => (*asked, answer.usage, answer.cost_micros),
                Event::ModelFailed { asked, usage, cost_micros, .. } => (*asked, *usage, *cost_micros),
                _ => continue,
            };
            let Some(step) = step(asked) else { continue };
            if let (Event::ModelAnswered { answer, .. }, true) = (&entry.event, usage.output > 0) {
                let (count, tokens) = self.written.entry(step).or_default();
                let calls = u64::from(answer.calls.max(1));
                (*count, *tokens) = (*count + calls, *tokens + usage.output);
            }
            self.then.push((Put { day: entry.at.date_naive(), step, usage, recorded: true }, micros));
        }
    }

    /// The forecast, at these prices.
    #[must_use]
    pub fn cost(&self, prices: &dyn Fn(Step) -> Price, until: Time, daily_budget_usd: Option<f64>) -> Cost {
        let began = self.began.unwrap_or(until);
        let mut cost = Cost {
            days: ((until - began).num_seconds() as f64 / 86_400.0).max(1.0),
            decisions: self.decisions,
            measured: self.compared.0 > 0,
            on_record: self.least.iter().filter(|put| put.recorded).count(),
            ..Cost::default()
        };
        for (put, micros) in &self.then {
            let step = cost.steps.entry(put.step.name()).or_default();
            step.then.add(put.usage, *micros);
            cost.all.then.add(put.usage, *micros);
        }
        for put in &self.least {
            let usage = self.likely(put);
            let micros = prices(put.step).micros(usage);
            let step = cost.steps.entry(put.step.name()).or_default();
            step.least.add(usage, micros);
            cost.all.least.add(usage, micros);
        }
        let mut by_day: BTreeMap<NaiveDate, f64> = BTreeMap::new();
        for put in &self.most {
            let usage = self.likely(put);
            let micros = prices(put.step).micros(usage);
            let step = cost.steps.entry(put.step.name()).or_default();
            step.most.add(usage, micros);
            cost.all.most.add(usage, micros);
            *by_day.entry(put.day).or_default() += micros as f64 / 1e6;
        }
        cost.dearest_day_usd = by_day.values().copied().fold(0.0, f64::max);
        cost.days_over_budget =
            daily_budget_usd.map(|budget| by_day.values().filter(|usd| **usd > budget).count());
        cost
    }

    /// The tokens that a question is likely to take.
    fn likely(&self, put: &Put) -> Usage {
        if put.recorded {
            return put.usage;
        }
        let (estimated, really) = self.compared;
        let input = match estimated {
            0 => put.usage.input,
            _ => (put.usage.input as f64 * really as f64 / estimated as f64).ceil() as u64,
        };
        let output = match self.written.get(&put.step) {
            Some((count, tokens)) => tokens.div_ceil(*count),
            None => put.usage.output,
        };
        Usage { input, output, estimated: true }
    }
}

impl Bill {
    fn add(&mut self, usage: Usage, micros: u64) {
        self.questions += 1;
        self.input_tokens += usage.input;
        self.output_tokens += usage.output;
        self.usd += micros as f64 / 1e6;
    }
}

/// Answers from the record; where there is none, by an assumption. Counts what is asked.
struct Assuming<'a, 'b> {
    recorded: &'a Recorded<'b>,
    agrees: bool,
    at: Time,
    count: &'a mut Forecast,
}

impl Witness for Assuming<'_, '_> {
    fn to(&mut self, question: Question, book: &Playbook) -> Answer {
        let mut recorded = self.recorded;
        match recorded.to(question, book) {
            // Also of the time when there was no model, it is asked what one would cost.
            Answer::Context { message, customer, account, desk, demotions, .. } => {
                Answer::Context { message, customer, account, desk, demotions, model: Standing::Well }
            }
            other => other,
        }
    }

    fn of_model(&mut self, asked: Asked, talk: &Conversation, book: &Playbook) -> Event {
        let inputs = consult::inputs(&asked, talk, book);
        let Asked { seq: asked, question, .. } = asked;
        let whom = Case { release: "forecast", conversation: "forecast", customer: "forecast" };
        let prompt = book.prompts.of(question.step);
        let ask = match (question.step, &inputs) {
            (Step::Embed, Some(inputs)) => {
                Some(consult::embedding(whom, [inputs["message"].as_str().unwrap_or_default().to_owned()]))
            }
            (_, Some(inputs)) => prompt.and_then(|prompt| prompt.ask(whom, inputs, None).ok()),
            (_, None) => None,
        };
        let came = self.recorded.same(&question);
        let answered = match came {
            Some(Event::ModelAnswered { answer, .. }) => Some(answer),
            _ => None,
        };
        if let Some(ask) = &ask {
            let at_most = ask.usage_at_most();
            let same_words = answered.filter(|answer| answer.prompt == ask.prompt);
            // What came from the cache, or took several calls, says nothing of the words' length.
            if let Some(answer) =
                same_words.filter(|answer| !self.agrees && answer.calls == 1 && !answer.usage.estimated)
            {
                self.count.compared.0 += at_most.input;
                self.count.compared.1 += answer.usage.input;
            }
            let put = Put {
                day: self.at.date_naive(),
                step: question.step,
                usage: same_words.map_or(at_most, |answer| answer.usage),
                recorded: same_words.is_some(),
            };
            match self.agrees {
                true => self.count.most.push(put),
                false => self.count.least.push(put),
            }
        }
        let assumed = || assumed(&question, &inputs.map(Value::Object).unwrap_or_default());
        let answer = match answered {
            Some(answer) => Some(answer.clone()),
            None if self.agrees => assumed().map(|body| Box::new(by_nobody(body, ask.map(|ask| ask.prompt)))),
            None => None,
        };
        match answer {
            Some(answer) => Event::ModelAnswered { asked, answer },
            None => Event::ModelFailed {
                asked,
                code: "model-not-asked-then".to_owned(),
                cause: "nobody knows what the model would have said".to_owned(),
                usage: Usage::default(),
                cost_micros: 0,
            },
        }
    }
}

/// The answer after which the most is asked: what the classifier holds likeliest; the first article's first words.
fn assumed(question: &Consultation, inputs: &Value) -> Option<Value> {
    match question.step {
        Step::Classify => {
            let reading = question.reading.as_ref()?;
            Some(json!({
                "intent": reading.intent, "certainty": "sure", "because": "",
                "urgency": reading.urgency, "sentiment": reading.sentiment,
            }))
        }
        Step::Reply => {
            let article = inputs["articles"].get(0)?;
            let words = article["text"].as_str()?.lines().map(str::trim).find(|line| line.ends_with('.'));
            Some(json!({"answerable": true, "reply": words?, "citations": [article["id"]]}))
        }
        Step::Embed => Some(json!({"near": []})),
        Step::Screen => Some(json!({"verdict": "pass", "problems": []})),
        _ => None,
    }
}

fn by_nobody(body: Value, prompt: Option<String>) -> Consulted {
    Consulted {
        server: String::new(),
        model: String::new(),
        prompt: prompt.unwrap_or_default(),
        usage: Usage::default(),
        cost_micros: 0,
        calls: 0,
        latency_ms: 0,
        body,
    }
}
