//! What was asked and answered at the time.

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
}

impl<'a> Recorded<'a> {
    pub(super) fn of(log: &'a [Entry]) -> Self {
        let answers = log.iter().filter_map(|entry| match &entry.event {
            Event::Answered { answer } => Some(answer.as_ref()),
            _ => None,
        });
        Self { answers: answers.collect() }
    }

    /// The answer to a question, as far as anybody knows.
    pub(super) fn to(&self, question: Question, book: &Playbook) -> Answer {
        let answered = self.answers.iter().find(|answer| fits(answer, &question, book));
        match answered {
            Some(answer) => (*answer).clone(),
            None => Answer::Unavailable { question, cause: NOT_ASKED.to_owned() },
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
