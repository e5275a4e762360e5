//! Articles found by meaning as well as by words. The fake server's vectors count letters, so an article of the same
//! letters in other words is near in its "meaning" and shares no word with the question.

use crate::support::model::ModelWorld;
use crate::support::world::{library_with, shipped_but};
use deskhand::domain::event::Event;
use fakes::model::Kind;
use model::Step;

const QUESTION: &str = "How do I export a project to CSV?";
/// The question's letters, none of its words.
const TWIN: (&str, &str) = (
    "knowledge/twin.md",
    "---\ntitle: Who\nlanguage: en\nintents: [export_data]\n---\n\nprexot jeprotc svoc odi woh: a to.\n",
);
const MEANING: (&str, &str) = ("policies/guardrails.yaml", "model: { retrieval: meaning, summaries: false }");
const WORDS: (&str, &str) = ("policies/guardrails.yaml", "model: { summaries: false }");

async fn desk(guardrails: (&str, &str), vectors: bool) -> ModelWorld {
    let intent = "policies/intents/export-data.yaml";
    let both = shipped_but(intent, &[("[export-data]", "[export-data, twin]")]);
    let desk = ModelWorld::with(library_with(&[guardrails, TWIN, (intent, &both)]), |settings| {
        if vectors {
            settings.servers[0].models.insert(Step::Embed, "fake-embed".to_owned());
        }
    })
    .await;
    desk.world.desk.asking.prepare(&desk.world.library.current()).await;
    desk
}

impl ModelWorld {
    fn embedded(&self) -> usize {
        self.server.world.journal().iter().filter(|request| request.path.ends_with("/embeddings")).count()
    }

    /// The articles that the reply was to be written from.
    fn shown(&self) -> String {
        let journal = self.server.world.journal();
        let reply = journal.iter().find(|request| request.body.to_string().contains("The articles:"));
        reply.map(|request| request.body.to_string()).unwrap_or_default()
    }
}

#[tokio::test]
async fn an_article_that_shares_no_word_with_the_question_is_found_by_meaning() {
    let desk = desk(MEANING, true).await;
    let batches = desk.embedded();
    assert!(batches > 0, "every section has its vector");
    let visitor = desk.world.visitor().await;
    visitor.says(QUESTION).await;
    assert_eq!(desk.embedded(), batches + 1);
    assert!(desk.shown().contains("Article twin"), "{}", desk.shown());
    let log = desk.world.log(visitor.talk().await.id).await;
    let steps: Vec<Step> = log
        .iter()
        .filter_map(|entry| match &entry.event {
            Event::ModelAsked { question } => Some(question.step),
            _ => None,
        })
        .collect();
    assert_eq!(steps[..2], [Step::Embed, Step::Reply]);
    // What stands on the log is an order, not vectors.
    let order = log.iter().find_map(|entry| match &entry.event {
        Event::ModelAnswered { answer, .. } => Some(answer.body.clone()),
        _ => None,
    });
    assert_eq!(order.unwrap()["near"][0]["article"], "twin");
    desk.is_understood();

    // The vectors are kept: after them nothing is asked for the articles.
    let stored = desk.world.ledger.storage.recall("vector:fake-embed:").await.unwrap();
    assert!(stored.len() > 100, "{}", stored.len());
}

#[tokio::test]
async fn by_words_alone_it_is_not_found_and_nothing_is_embedded() {
    let desk = desk(WORDS, true).await;
    let batches = desk.embedded();
    desk.world.visitor().await.says(QUESTION).await;
    assert_eq!(desk.embedded(), batches);
    assert!(desk.shown().contains("Article ") && !desk.shown().contains("Article twin"), "{}", desk.shown());
}

#[tokio::test]
async fn without_vectors_articles_are_found_by_words_and_the_model_still_writes() {
    for kind in [None, Some(Kind::ContextLength400)] {
        let desk = desk(MEANING, kind.is_some()).await;
        desk.server.world.then([kind]);
        let visitor = desk.world.visitor().await;
        visitor.says(QUESTION).await;
        assert_ne!(visitor.hears().await, "", "{kind:?}");
        if kind.is_none() {
            assert!(desk.shown().contains("Article "), "nobody makes vectors: the words decide");
        }
        desk.is_understood();
    }
}

#[tokio::test]
async fn personal_data_is_in_no_text_that_is_made_a_vector_of() {
    let desk = desk(MEANING, true).await;
    let visitor = desk.world.visitor().await;
    visitor.says(&format!("{QUESTION} Send it to jane.doe@example.com")).await;
    let journal = desk.server.world.journal();
    let sent = journal.iter().rfind(|request| request.path.ends_with("/embeddings")).unwrap();
    assert!(sent.body.to_string().contains("⟦email-1⟧") && !sent.body.to_string().contains("jane.doe"));
    let pages = format!("{:?}", desk.pages.0.lock().unwrap());
    assert!(
        pages.contains(r#"Some("vectors")"#) && !pages.contains(r#"{\"vectors\":"#),
        "no vectors in the journal"
    );
}
