//! What the language model was asked, and what that changes.

use super::{Conversation, State};
use crate::domain::consult::{Asked, Came, Consultation, Consulted, Memory};
use crate::domain::ids::Seq;
use crate::domain::run::Waiting;
use model::Step;
use serde_json::Value;

impl Conversation {
    /// The question about a message that the bot waits for, as long as nothing has come of it.
    #[must_use]
    pub fn consulting(&self, message: Seq) -> Option<&Asked> {
        self.about(message).find(|asked| asked.came.is_none())
    }

    /// Everything that was asked about a message before it is decided, oldest first.
    pub fn about(&self, message: Seq) -> impl DoubleEndedIterator<Item = &Asked> {
        let of_message = move |asked: &&Asked| asked.question.message == message && is_of_message(asked);
        self.consulted.iter().filter(of_message)
    }

    /// What was asked for a playbook's step, at this place.
    #[must_use]
    pub fn inquired(&self, seq: Seq) -> Option<&Asked> {
        self.consulted.iter().find(|asked| asked.seq == seq && asked.question.step == Step::Use)
    }

    /// A playbook went on: its questions are over, but for those that a playbook waits on.
    pub(super) fn inquiries_done(&mut self) {
        let awaited: Vec<Seq> = self
            .runs()
            .filter_map(|run| match run.waiting {
                Waiting::Model { seq, .. } => Some(seq),
                _ => None,
            })
            .collect();
        self.consulted.retain(|asked| asked.question.step != Step::Use || awaited.contains(&asked.seq));
    }

    pub(super) fn asks_model(&mut self, seq: Seq, question: &Consultation) {
        if let Some(reading) = &question.reading {
            // What is known without the model counts at once: for the queue, and if nothing comes of the question.
            self.urgency = self.urgency.max(Some(reading.urgency));
        }
        if question.step == Step::Summarise {
            self.consulted.retain(|asked| asked.question.step != Step::Summarise);
        }
        self.consulted.push(Asked { seq, question: question.clone(), came: None });
    }

    /// What came counts once, and only while somebody waits for it. The money counts in any case.
    pub(super) fn model_came(&mut self, seq: Seq, came: Came, cost_micros: u64) {
        self.model_micros = self.model_micros.saturating_add(cost_micros);
        let Some(place) = self.consulted.iter().position(|asked| asked.seq == seq && asked.came.is_none())
        else {
            return;
        };
        if self.consulted[place].question.step != Step::Summarise {
            self.consulted[place].came = Some(came);
            return;
        }
        let asked = self.consulted.remove(place);
        let Came::Answer(answer) = came else { return };
        if let Some(text) = answer.body["summary"].as_str() {
            let up_to = asked.question.message;
            self.memory = Some(Memory { up_to, turns: self.turns, text: text.trim().to_owned() });
        }
        // Who has it by themselves needs no brief.
        if let (State::Queued { .. } | State::Human { .. }, Some(handoff)) = (&self.state, &mut self.handoff)
        {
            handoff.summary = improved(&answer, &handoff.summary);
        }
    }

    /// The messages are decided: what was asked about them is over.
    pub(super) fn model_done(&mut self, message: Seq) {
        self.consulted.retain(|asked| !is_of_message(asked) || asked.question.message > message);
    }
}

/// Whether a question is about a message, and over once that is decided.
fn is_of_message(asked: &Asked) -> bool {
    !matches!(asked.question.step, Step::Summarise | Step::Use)
}

/// The model's summary above what the desk itself knows, which stays whole.
fn improved(answer: &Consulted, local: &str) -> String {
    let text = |name: &str| answer.body[name].as_str().unwrap_or_default().trim().to_owned();
    let list = |name: &str| {
        let entries = answer.body[name].as_array().into_iter().flatten().filter_map(Value::as_str);
        entries.map(str::trim).filter(|entry| !entry.is_empty()).collect::<Vec<_>>().join("; ")
    };
    let lines = [
        ("In short (language model)", text("summary")),
        ("Wants", text("wants")),
        ("Tried", list("tried")),
        ("Open", list("open")),
    ];
    let lines = lines.iter().filter(|(_, said)| !said.is_empty());
    let mut all: Vec<String> =
        lines.map(|(label, said)| format!("{label}: {}", said.replace('\n', " "))).collect();
    all.push(local.to_owned());
    all.join("\n")
}
