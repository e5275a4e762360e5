//! Answering from the desk's own articles, always with the source.

use super::draft::Draft;
use crate::domain::event::Event;
use crate::playbook::Playbook;
use crate::playbook::knowledge::{Article, Passage};
use crate::playbook::policy::intent::AnswerFrom;
use channels::{Choice, Citation};
use serde_json::json;

/// The id of the button that says the answer helped.
pub(super) const HELPED: &str = "answer:yes";
/// The id of the button that says it did not.
pub(super) const DID_NOT_HELP: &str = "answer:no";

/// How much of the question a passage must hold where nothing but the words chose it.
const MIN_COVERAGE: f32 = 0.35;

/// The passage that answers, if one does.
pub(super) fn find(
    from: &AnswerFrom,
    question: &str,
    intent: Option<&str>,
    language: &str,
    book: &Playbook,
) -> Option<Passage> {
    let lists = allowed(from, intent);
    let passage = book.knowledge.answer(question, &lists, language, &book.desk.default_language)?;
    let chosen_by_policy = from.articles.is_some() || intent.is_some();
    (chosen_by_policy || covers(&passage)).then_some(passage)
}

/// Whether the passage's own words show that it answers.
pub(super) fn covers(passage: &Passage) -> bool {
    passage.coverage >= MIN_COVERAGE
}

/// The articles that may answer. What is for people at the desk only is left out before anything is ranked.
pub(super) fn allowed(from: &AnswerFrom, intent: Option<&str>) -> impl Fn(&Article) -> bool {
    move |article| {
        let named = match (&from.articles, intent) {
            (Some(families), _) => families.contains(&article.family),
            (None, Some(intent)) => article.intents.iter().any(|one| one == intent),
            (None, None) => true,
        };
        named && article.for_customers
    }
}

/// Quotes the passage and asks whether it helped.
pub(super) fn quote(draft: &mut Draft<'_>, passage: Passage) {
    let article = json!({"title": passage.citation.title, "text": passage.text, "section": passage.section});
    let text = format!(
        "{}\n\n{}",
        draft.sentence("answer", &[("article", article)]),
        draft.sentence("answer-check", &[])
    );
    with_question(draft, text, vec![passage.citation]);
}

/// Says an answer that ends with the question whether it helped, and the buttons for it.
pub(super) fn with_question(draft: &mut Draft<'_>, text: String, citations: Vec<Citation>) {
    let choices = vec![
        Choice { id: HELPED.to_owned(), label: draft.sentence("answer-yes", &[]) },
        Choice { id: DID_NOT_HELP.to_owned(), label: draft.sentence("answer-no", &[]) },
    ];
    draft.say_text(text, choices, citations);
    await_silence(draft);
}

/// From here on, silence counts as an assumed resolution.
pub(super) fn await_silence(draft: &mut Draft<'_>) {
    let until = draft.now + draft.book.desk.assume_resolved_after.delta();
    draft.push(Event::AwaitsSilence { until });
}
