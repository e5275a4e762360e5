//! An answer in a model's words: written from the desk's articles and nothing else, compared with them, checked by a
//! second question, and only then said. Whatever is doubtful falls back to quoting the passage itself.

use super::answer;
use super::consult;
use super::draft::Draft;
use super::judge::Case;
use crate::domain::consult::{Asked, Consultation};
use crate::domain::conversation::{Conversation, Pending};
use crate::domain::decision::Reason;
use crate::domain::event::Event;
use crate::domain::ids::Seq;
use crate::playbook::Playbook;
use crate::playbook::knowledge::{Article, SectionId, Source};
use crate::playbook::policy::guardrails::Retrieval;
use crate::playbook::policy::intent::AnswerFrom;
use channels::Citation;
use model::Step;
use model::grounded;
use serde_json::{Value, json};

/// How many articles a reply may be written from.
const ARTICLES: usize = 4;

/// What becomes of an answer.
pub(super) enum Written {
    /// The model is asked first.
    Ask(Event),
    /// This is said, with its sources.
    Say {
        /// The words.
        text: String,
        /// The sources.
        citations: Vec<Citation>,
        /// Why it may be said.
        reason: Reason,
    },
    /// The passage is quoted, and why, where a model had a part in it.
    Quote(Option<Reason>),
    /// The model says that no article answers this.
    Unanswerable(Reason),
}

/// The next step towards an answer from these articles.
pub(super) fn answer(draft: &Draft<'_>, case: &Case<'_>, from: &AnswerFrom) -> Written {
    let book = draft.book;
    if !book.guardrails.model.replies || book.prompts.of(Step::Reply).is_none() {
        return Written::Quote(None);
    }
    if consult::suspicious(&case.meaning, book) {
        let text =
            "The message looks like an attempt to instruct a language model: none has a part in the answer.";
        return Written::Quote(Some(Reason::new("injection-suspected", text)));
    }
    let Some(reply) = of_step(Step::Reply, case.message.seq, &draft.talk) else {
        let fresh = draft.talk.about(case.message.seq).next().is_none();
        let reading = fresh.then(|| consult::reading(&case.meaning));
        let meaning = book.guardrails.model.retrieval == Retrieval::Meaning;
        if meaning && of_step(Step::Embed, case.message.seq, &draft.talk).is_none() {
            let asked = consult::question(Step::Embed, case.message, Vec::new(), reading, draft);
            return asked.map_or(Written::Quote(None), Written::Ask);
        }
        let found = sources(case.message, from, intent(case), &draft.talk, book);
        let ids: Vec<String> = found.into_iter().map(|source| source.citation.article).collect();
        let asked = (!ids.is_empty())
            .then(|| consult::question(Step::Reply, case.message, ids, reading, draft))
            .flatten();
        return asked.map_or(Written::Quote(None), Written::Ask);
    };
    let Some(answer) = reply.answer().filter(|_| reply.question.release == book.release) else {
        return Written::Quote(None);
    };
    if answer.body["answerable"] != Value::Bool(true) {
        let text = "The language model finds no answer in the articles.";
        return Written::Unanswerable(Reason::new("reply-unanswerable", text));
    }
    match grounds(&answer.body, reply, case, draft) {
        Err(why) => Written::Quote(Some(Reason::new("reply-refused", why))),
        Ok((text, citations, needs_model)) => screened(draft, case, reply, text, citations, needs_model),
    }
}

/// The draft's words and sources, if the draft says what they say; else what is wrong with it.
fn grounds(
    body: &Value,
    reply: &Asked,
    case: &Case<'_>,
    draft: &Draft<'_>,
) -> Result<(String, Vec<Citation>, bool), String> {
    let book = draft.book;
    let text = body["reply"].as_str().unwrap_or_default().trim().to_owned();
    let cited: Vec<String> = body["citations"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    let sources = given(&reply.question, case.message, &draft.talk, book)
        .ok_or("The articles it was written from are no longer there.")?;
    let language = language(case.message, &draft.talk, book);
    let texts: Vec<String> =
        sources.iter().map(|source| format!("{}\n{}", source.citation.title, source.text)).collect();
    let compared: Vec<grounded::Source<'_>> = sources
        .iter()
        .zip(&texts)
        .map(|(source, text)| grounded::Source {
            id: &source.citation.article,
            text,
            language: &source.language,
        })
        .collect();
    let report =
        book.screen.look(grounded::Draft { text: &text, citations: &cited, language: &language }, &compared);
    if let Some(problem) = report.problems.first() {
        let kind = serde_json::to_value(problem.kind).ok();
        let kind = kind.as_ref().and_then(Value::as_str).unwrap_or("problem").replace('-', " ");
        return Err(format!("The language model's draft was not said: {kind}: \"{}\".", problem.quote));
    }
    let written = nlu::signals::read(
        &text,
        &nlu::signals::Hints { now: draft.now, utc_offset_minutes: 0, language: Some(&language) },
    );
    if written.language.as_deref().is_some_and(|found| found != language) {
        return Err("The language model's draft was not said: it is in another language.".to_owned());
    }
    let citations = sources.into_iter().map(|source| source.citation);
    let citations = citations.filter(|citation| cited.contains(&citation.article)).collect();
    Ok((text, citations, report.needs_model))
}

/// The second check, by a question of its own.
fn screened(
    draft: &Draft<'_>,
    case: &Case<'_>,
    reply: &Asked,
    text: String,
    citations: Vec<Citation>,
    needs_model: bool,
) -> Written {
    let say = |text: String, how: &str| {
        let reason = Reason::new(
            "reply-written",
            format!("A language model wrote it from the articles named; {how}."),
        );
        Written::Say { text, citations: citations.clone(), reason }
    };
    let refused = |why: &str| Written::Quote(Some(Reason::new("reply-refused", why)));
    match of_step(Step::Screen, case.message.seq, &draft.talk) {
        None if draft.book.prompts.of(Step::Screen).is_none() => match needs_model {
            // Words of two languages can't be compared by a program.
            true => refused("The draft could not be compared with articles in another language."),
            false => say(text, "its words and numbers stand in them"),
        },
        None => {
            let about = reply.question.about.clone();
            let asked = consult::question(Step::Screen, case.message, about, None, draft);
            asked.map_or_else(|| refused("There was no time to check the draft."), Written::Ask)
        }
        Some(screen) => {
            match screen.answer().map(|answer| (&answer.body["verdict"], &answer.body["problems"])) {
                Some((Value::String(verdict), Value::Array(problems)))
                    if verdict == "pass" && problems.is_empty() =>
                {
                    say(text, "its words and numbers stand in them, and a second check found nothing wrong")
                }
                Some(_) => refused("The language model's draft was not said: its check found a problem."),
                None => refused("The language model's draft was not said: its check came to nothing."),
            }
        }
    }
}

/// Says it and asks whether it helped.
pub(super) fn say(draft: &mut Draft<'_>, text: &str, citations: Vec<Citation>) {
    let text = format!("{text}\n\n{}", draft.sentence("answer-check", &[]));
    answer::with_question(draft, text, citations);
}

fn of_step(step: Step, message: Seq, talk: &Conversation) -> Option<&Asked> {
    talk.about(message).rfind(|asked| asked.question.step == step)
}

/// The draft that was written for a message.
pub(super) fn drafted(message: Seq, talk: &Conversation) -> Option<String> {
    of_step(Step::Reply, message, talk)?.answer()?.body["reply"].as_str().map(str::to_owned)
}

/// The language that a message is answered in.
pub(super) fn language(message: &Pending, talk: &Conversation, book: &Playbook) -> String {
    let hints = nlu::signals::Hints {
        now: message.at,
        utc_offset_minutes: 0,
        language: Some(talk.language(&book.desk.default_language)),
    };
    let read = nlu::signals::read(&message.text, &hints).language;
    let own = read.unwrap_or_else(|| talk.language(&book.desk.default_language).to_owned());
    book.spoken(&own).to_owned()
}

fn intent<'a>(case: &'a Case<'_>) -> Option<&'a str> {
    case.meaning.intent.as_deref().filter(|_| case.meaning.sure)
}

fn sources(
    message: &Pending,
    from: &AnswerFrom,
    intent: Option<&str>,
    talk: &Conversation,
    book: &Playbook,
) -> Vec<Source> {
    let allowed = answer::allowed(from, intent);
    let language = language(message, talk, book);
    found(message, &allowed, &language, talk, book)
}

/// The articles that are looked at, by words, and by meaning where an order by meaning is on record.
fn found(
    message: &Pending,
    allowed: &dyn Fn(&Article) -> bool,
    language: &str,
    talk: &Conversation,
    book: &Playbook,
) -> Vec<Source> {
    let near = of_step(Step::Embed, message.seq, talk)
        .filter(|asked| asked.question.release == book.release)
        .and_then(|asked| serde_json::from_value(asked.answer()?.body["near"].clone()).ok());
    let near: Vec<SectionId> = near.unwrap_or_default();
    let fallback = &book.desk.default_language;
    book.knowledge.sources_near(&message.text, &near, allowed, language, fallback, ARTICLES)
}

/// The articles of a question, cut to the same sections as when it was asked: the same words find the same.
fn given(
    question: &Consultation,
    message: &Pending,
    talk: &Conversation,
    book: &Playbook,
) -> Option<Vec<Source>> {
    let named = |article: &Article| question.about.contains(&article.slug);
    let language = language(message, talk, book);
    let all = found(message, &named, &language, talk, book);
    let whole = question.release == book.release && all.len() == question.about.len();
    whole.then_some(all)
}

/// The articles of a question, as its prompt takes them.
pub(super) fn articles(
    question: &Consultation,
    message: &Pending,
    talk: &Conversation,
    book: &Playbook,
) -> Option<Value> {
    let sources = given(question, message, talk, book)?;
    let list = sources.into_iter().map(
        |source| json!({"id": source.citation.article, "title": source.citation.title, "text": source.text}),
    );
    Some(list.collect())
}
