//! What was asked and answered at the time.

use super::Witness;
use crate::domain::consult::{Asked, Consultation};
use crate::domain::conversation::Conversation;
use crate::domain::event::{Answer, Entry, Event, Question};
use crate::domain::ids::Seq;
use crate::playbook::Playbook;

/// Why a question has no answer.
const NOT_ASKED: &str = "this was not asked at the time, so nobody knows what would have been answered";

/// The message whose judgement begins with this event.
pub(super) fn begins(event: &Event) -> Option<Seq> {
    let Event::Answered { answer } = event else { return None };
    match answer.as_ref() {
        Answer::Context { message, .. }
        | Answer::Unavailable { question: Question::Context { message }, .. } => Some(*message),
        _ => None,
    }
}

/// The answers of a log, by their questions.
pub(super) struct Recorded<'a> {
    answers: Vec<&'a Answer>,
    /// What a language model was asked, and the event that tells what came of it.
    consulted: Vec<(&'a Consultation, &'a Event)>,
}

impl<'a> Recorded<'a> {
    pub(super) fn of(log: &'a [Entry]) -> Self {
        let answers = log.iter().filter_map(|entry| match &entry.event {
            Event::Answered { answer } => Some(answer.as_ref()),
            _ => None,
        });
        let came = |seq: Seq| {
            log.iter().map(|entry| &entry.event).find(|event| match event {
                Event::ModelAnswered { asked, .. } | Event::ModelFailed { asked, .. } => *asked == seq,
                _ => false,
            })
        };
        let consulted = log.iter().filter_map(|entry| match &entry.event {
            Event::ModelAsked { question } => Some((question.as_ref(), came(entry.seq)?)),
            _ => None,
        });
        Self { answers: answers.collect(), consulted: consulted.collect() }
    }

    /// What came of the same question about the same message, if it was asked.
    pub(super) fn same(&self, question: &Consultation) -> Option<&'a Event> {
        let same = |one: &Consultation| {
            (one.message, one.step, &one.about) == (question.message, question.step, &question.about)
        };
        self.consulted.iter().find(|(one, _)| same(one)).map(|(_, came)| *came)
    }
}

impl Witness for &Recorded<'_> {
    /// As far as anybody knows.
    fn to(&mut self, question: Question, book: &Playbook) -> Answer {
        let answered = self.answers.iter().find(|answer| fits(answer, &question, book));
        match answered {
            Some(answer) => (*answer).clone(),
            None => Answer::Unavailable { question, cause: NOT_ASKED.to_owned() },
        }
    }

    /// What it said at the time; nobody is asked anew.
    fn of_model(&mut self, asked: Asked, _: &Conversation, _: &Playbook) -> Event {
        let Asked { seq: asked, question, .. } = asked;
        match self.same(&question).cloned() {
            Some(Event::ModelAnswered { answer, .. }) => Event::ModelAnswered { asked, answer },
            Some(Event::ModelFailed { code, cause, usage, cost_micros, .. }) => {
                Event::ModelFailed { asked, code, cause, usage, cost_micros }
            }
            _ => Event::ModelFailed {
                asked,
                code: "model-not-asked-then".to_owned(),
                cause: NOT_ASKED.to_owned(),
                usage: model::Usage::default(),
                cost_micros: 0,
            },
        }
    }
}

fn fits(answer: &Answer, question: &Question, book: &Playbook) -> bool {
    match (answer, question) {
        (Answer::Context { message: of, .. }, Question::Context { message }) => of == message,
        (Answer::Account { step: of, account }, Question::Account { email, step }) => match account {
            Some(account) => account.email.eq_ignore_ascii_case(email),
            None => of == step,
        },
        // Another release may ask another system at the same place.
        (Answer::Called { step: of, output }, Question::Call { action, step, .. }) => {
            of == step && book.actions.get(action).is_some_and(|action| action.gives(output.clone()).is_ok())
        }
        (Answer::Unavailable { question: of, .. }, question) => of == question,
        _ => false,
    }
}
