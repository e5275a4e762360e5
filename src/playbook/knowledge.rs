//! `knowledge/*.md`: articles that the bot may quote, cut into sections and ranked by BM25. The index is part of
//! the release and works in memory: the same answer on every database, offline and in replay.

mod article;

pub use article::{Article, Section};

use super::fault::Faults;
use bm25::{Document, SearchEngine, SearchEngineBuilder, Tokenizer};
use channels::Citation;
use rust_stemmers::{Algorithm, Stemmer};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// The longest passage quoted, in characters.
const MAX_PASSAGE: usize = 1200;

/// How many sections of one article a reply may be written from.
const SECTIONS: usize = 3;

/// How near a score must come to the best one to count as a tie.
const NEAR: f32 = 0.7;

/// BM25's `b`. Sections are short already: a long one that holds the steps must not lose to a short aside.
const LENGTH_WEIGHT: f32 = 0.3;

/// A passage that answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Passage {
    /// The section's words, cut at a sentence where they are many.
    pub text: String,
    /// The section's heading.
    pub section: String,
    /// The source.
    pub citation: Citation,
    /// The share of the question's words, weighed by rarity, that the passage holds: 0 to 1.
    pub coverage: f32,
}

/// What a reply may be written from.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// The best sections of one article, in its order, each below its heading.
    pub text: String,
    /// ISO 639-1.
    pub language: String,
    /// Which article.
    pub citation: Citation,
}

/// A section of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SectionId {
    /// The article's file name without `.md`.
    pub article: String,
    /// Its place in the article, from 0.
    pub section: usize,
}

/// Two orders joined, by reciprocal ranks.
fn joined(by_words: Vec<usize>, by_meaning: Vec<usize>) -> Vec<usize> {
    if by_meaning.is_empty() {
        return by_words;
    }
    let mut weights: Vec<(usize, f32)> = Vec::new();
    for list in [by_words, by_meaning] {
        for (rank, place) in list.into_iter().enumerate() {
            let weight = 1.0 / (60.0 + rank as f32);
            match weights.iter_mut().find(|(known, _)| *known == place) {
                Some((_, sum)) => *sum += weight,
                None => weights.push((place, weight)),
            }
        }
    }
    weights.sort_by(|one, other| other.1.total_cmp(&one.1));
    weights.into_iter().map(|(place, _)| place).collect()
}

/// All articles.
pub struct Knowledge {
    articles: Vec<Article>,
    by_language: BTreeMap<String, Shelf>,
}

impl std::fmt::Debug for Knowledge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Knowledge({} articles)", self.articles.len())
    }
}

struct Shelf {
    engine: SearchEngine<usize, u32, Stems>,
    places: Vec<(usize, usize)>,
    stems: Vec<BTreeSet<String>>,
    tokenizer: Stems,
}

/// Words that say something, lower case, by their stems.
#[derive(Debug, Clone)]
struct Stems {
    language: String,
    silent: HashSet<String>,
}

impl Stems {
    fn new(language: &str) -> Self {
        // A language that has no list of its own hides nothing.
        let listed = ["en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "pl"].contains(&language);
        let silent = if listed { stop_words::get(language) } else { &[] };
        Self { language: language.to_owned(), silent: silent.iter().map(|word| (*word).to_owned()).collect() }
    }
}

impl Tokenizer for Stems {
    fn tokenize(&self, text: &str) -> Vec<String> {
        let stemmer = Stemmer::create(match self.language.as_str() {
            "de" => Algorithm::German,
            "fr" => Algorithm::French,
            "es" => Algorithm::Spanish,
            _ => Algorithm::English,
        });
        text.split(|letter: char| !letter.is_alphanumeric())
            .map(str::to_lowercase)
            .filter(|word| word.chars().count() > 1 && !self.silent.contains(word))
            .map(|word| stemmer.stem(&word).into_owned())
            .collect()
    }
}

impl Knowledge {
    /// Reads all articles: path → content.
    pub fn read<'a>(
        files: impl Iterator<Item = (&'a String, &'a String)>,
        intents: &[String],
        faults: &mut Faults,
    ) -> Self {
        let articles: Vec<Article> =
            files.filter_map(|(path, text)| article::read(path, text, intents, faults)).collect();
        let languages: BTreeSet<String> = articles.iter().map(|article| article.language.clone()).collect();
        let by_language =
            languages.into_iter().map(|language| (language.clone(), shelve(&articles, language))).collect();
        Self { articles, by_language }
    }

    /// Every article.
    #[must_use]
    pub fn articles(&self) -> &[Article] {
        &self.articles
    }

    /// Whether an article or a translation of it has that name.
    #[must_use]
    pub fn has(&self, family: &str) -> bool {
        self.articles.iter().any(|article| article.family == family)
    }

    /// Whether an article of that name, in any language, is for people at the desk only.
    #[must_use]
    pub fn keeps(&self, family: &str) -> bool {
        self.articles.iter().any(|article| article.family == family && !article.for_customers)
    }

    /// The passage that answers best among the articles `allowed`, in `language` if there is one, else in `fallback`.
    /// Where no word matches, the first allowed article's beginning stands in: the intent already chose the article.
    #[must_use]
    pub fn answer(
        &self,
        question: &str,
        allowed: &dyn Fn(&Article) -> bool,
        language: &str,
        fallback: &str,
    ) -> Option<Passage> {
        [language, fallback].iter().find_map(|language| {
            let shelf = self.by_language.get(*language)?;
            let allowed_here = |place: &usize| allowed(&self.articles[shelf.places[*place].0]);
            let mut hits = shelf.engine.search(question, None);
            hits.retain(|hit| allowed_here(&hit.document.id));
            let place = match hits.first() {
                // An article begins with what most people ask: an earlier section of it wins a near tie.
                Some(best) => {
                    let article = shelf.places[best.document.id].0;
                    let same = hits.iter().filter(|hit| shelf.places[hit.document.id].0 == article);
                    same.filter(|hit| hit.score >= NEAR * best.score).map(|hit| hit.document.id).min()?
                }
                None => (0..shelf.places.len()).find(allowed_here)?,
            };
            Some(self.passage(shelf, place, question))
        })
    }

    /// The articles that a reply may be written from: those of the best sections, each once, best first, in `language`
    /// if any of them is, else in `fallback`.
    #[must_use]
    pub fn sources(
        &self,
        question: &str,
        allowed: &dyn Fn(&Article) -> bool,
        language: &str,
        fallback: &str,
        most: usize,
    ) -> Vec<Source> {
        self.sources_near(question, &[], allowed, language, fallback, most)
    }

    /// The same with sections that are near to the question in meaning, nearest first, joined with those that its words
    /// find by reciprocal ranks: a section's weight is the sum of 1 / (60 + its rank) over both lists (Cormack, Clarke
    /// and Büttcher 2009).
    #[must_use]
    pub fn sources_near(
        &self,
        question: &str,
        near: &[SectionId],
        allowed: &dyn Fn(&Article) -> bool,
        language: &str,
        fallback: &str,
        most: usize,
    ) -> Vec<Source> {
        let in_language = |language: &str| {
            let mut found: Vec<(usize, Vec<usize>)> = Vec::new();
            let shelf = self.by_language.get(language)?;
            let by_words = shelf.engine.search(question, None).into_iter().map(|hit| hit.document.id);
            for place in
                joined(by_words.collect(), near.iter().filter_map(|id| self.place(shelf, id)).collect())
            {
                let (article, section) = shelf.places[place];
                if !allowed(&self.articles[article]) {
                    continue;
                }
                match found.iter().position(|(known, _)| *known == article) {
                    Some(place) if found[place].1.len() < SECTIONS => found[place].1.push(section),
                    Some(_) => {}
                    None if found.len() < most => found.push((article, vec![section])),
                    None => {}
                }
            }
            (!found.is_empty()).then_some(found)
        };
        let found = in_language(language).or_else(|| in_language(fallback)).unwrap_or_default();
        found.into_iter().map(|(article, sections)| self.source(article, sections)).collect()
    }

    fn place(&self, shelf: &Shelf, id: &SectionId) -> Option<usize> {
        let named = |(article, section): &(usize, usize)| {
            self.articles[*article].slug == id.article && *section == id.section
        };
        shelf.places.iter().position(named)
    }

    /// Every section that customers may be told, with the text that its vector is made of.
    pub fn passages(&self) -> impl Iterator<Item = (SectionId, String)> {
        self.articles.iter().filter(|article| article.for_customers).flat_map(|article| {
            article.sections.iter().enumerate().map(|(section, of)| {
                let text = format!("{}\n{}\n{}", article.title, of.heading, of.text);
                (SectionId { article: article.slug.clone(), section }, text)
            })
        })
    }

    fn source(&self, article: usize, mut sections: Vec<usize>) -> Source {
        let article = &self.articles[article];
        sections.sort_unstable();
        let texts = sections.into_iter().map(|section| {
            let Section { heading, text } = &article.sections[section];
            if heading.is_empty() { shorten(text) } else { format!("{heading}\n{}", shorten(text)) }
        });
        Source {
            text: texts.collect::<Vec<_>>().join("\n\n"),
            language: article.language.clone(),
            citation: Citation {
                article: article.slug.clone(),
                title: article.title.clone(),
                url: article.url.clone(),
            },
        }
    }

    fn passage(&self, shelf: &Shelf, place: usize, question: &str) -> Passage {
        let (article, section) = shelf.places[place];
        let article = &self.articles[article];
        let section = &article.sections[section];
        let asked: BTreeSet<String> = shelf.tokenizer.tokenize(question).into_iter().collect();
        let rarity = |stem: &str| {
            let holding = shelf.stems.iter().filter(|stems| stems.contains(stem)).count() as f32;
            (1.0 + shelf.stems.len() as f32 / (1.0 + holding)).ln()
        };
        let total: f32 = asked.iter().map(|stem| rarity(stem)).sum();
        let held: f32 =
            asked.iter().filter(|stem| shelf.stems[place].contains(*stem)).map(|stem| rarity(stem)).sum();
        Passage {
            text: shorten(&section.text),
            section: section.heading.clone(),
            citation: Citation {
                article: article.slug.clone(),
                title: article.title.clone(),
                url: article.url.clone(),
            },
            coverage: if total > 0.0 { held / total } else { 0.0 },
        }
    }
}

fn shelve(articles: &[Article], language: String) -> Shelf {
    let tokenizer = Stems::new(&language);
    let mut places = Vec::new();
    let mut texts = Vec::new();
    for (index, article) in articles.iter().enumerate().filter(|(_, article)| article.language == language) {
        let has_headings = article.sections.iter().any(|section| !section.heading.is_empty());
        for (number, section) in article.sections.iter().enumerate() {
            if has_headings && section.heading.is_empty() {
                // The introduction says what the article is about; the answers stand below its headings.
                continue;
            }
            places.push((index, number));
            // A heading says more of what a section answers than any line of it.
            texts.push(format!("{}\n{1}\n{1}\n{2}", article.title, section.heading, section.text));
        }
    }
    let stems: Vec<BTreeSet<String>> =
        texts.iter().map(|text| tokenizer.tokenize(text).into_iter().collect()).collect();
    let documents: Vec<Document<usize>> =
        texts.into_iter().enumerate().map(|(place, text)| Document::new(place, text)).collect();
    let engine =
        SearchEngineBuilder::<usize, u32, Stems>::with_tokenizer_and_documents(tokenizer.clone(), documents)
            .b(LENGTH_WEIGHT)
            .build();
    Shelf { engine, places, stems, tokenizer }
}

/// At most [`MAX_PASSAGE`] characters, ending with a whole line or sentence.
fn shorten(text: &str) -> String {
    let Some((end, _)) = text.char_indices().nth(MAX_PASSAGE) else { return text.to_owned() };
    let cut = &text[..end];
    let whole = cut.rfind(['\n', '.']).map_or(cut, |at| &cut[..=at]);
    format!("{} …", whole.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knowledge() -> Knowledge {
        let files = [
            (
                "knowledge/export-data.md",
                "---\ntitle: Export your data\nlanguage: en\nintents: [export_data]\n---\nYou own your data.\n\n## Export a report\n\n1. Open the **report**.\n2. Choose *Export as CSV*.\n\n## Export a workspace\n\nAsk an owner for the `archive`.\n",
            ),
            (
                "knowledge/export-data.de.md",
                "---\ntitle: Daten exportieren\nlanguage: de\nintents: [export_data]\n---\n## Bericht exportieren\n\nÖffnen Sie den Bericht.\n",
            ),
        ];
        let files: Vec<(String, String)> =
            files.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let mut faults = Faults::default();
        let knowledge =
            Knowledge::read(files.iter().map(|(a, b)| (a, b)), &["export_data".to_owned()], &mut faults);
        assert_eq!(faults.sorted(), []);
        knowledge
    }

    #[test]
    fn the_section_that_answers_is_quoted_in_plain_text() {
        let passage = knowledge().answer("how do I get a report as csv?", &|_| true, "en", "en").unwrap();
        assert_eq!(passage.section, "Export a report");
        assert_eq!(passage.text, "1. Open the report.\n2. Choose Export as CSV.");
        assert_eq!(passage.citation.article, "export-data");
        assert!(passage.coverage > 0.3, "{}", passage.coverage);
        assert!(knowledge().answer("what is the weather", &|_| true, "en", "en").unwrap().coverage < 0.2);
    }

    #[test]
    fn an_answer_is_in_the_customers_language_where_there_is_one() {
        let answer =
            |language| knowledge().answer("Bericht", &|_| true, language, "en").unwrap().citation.article;
        assert_eq!(answer("de"), "export-data.de");
        assert_eq!(answer("fr"), "export-data");
        assert_eq!(knowledge().answer("report", &|_| false, "en", "en"), None);
    }
}
