//! One article: front matter and Markdown, cut into sections of plain text.

use crate::playbook::fault::{Faults, unknown};
use crate::playbook::yaml::{self, Spanned};
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontMatter {
    title: String,
    language: String,
    #[serde(default)]
    intents: Vec<Spanned<String>>,
    url: Option<String>,
    #[serde(default)]
    audience: Audience,
    #[serde(default, rename = "updated")]
    _updated: Option<String>,
}

/// Who may read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Audience {
    /// Everybody.
    #[default]
    Customers,
    /// People at the desk, and the drafts that they ask for.
    Agents,
}

/// One article.
#[derive(Debug, Clone)]
pub struct Article {
    /// Its file's name without `.md`.
    pub slug: String,
    /// The slug without the language: translations share it.
    pub family: String,
    /// As people see it.
    pub title: String,
    /// ISO 639-1.
    pub language: String,
    /// The intents that it answers.
    pub intents: Vec<String>,
    /// A public address.
    pub url: Option<String>,
    /// Whether customers may be told what it says; else it is for people at the desk only.
    pub for_customers: bool,
    /// In order; the first may have no heading.
    pub sections: Vec<Section>,
}

/// A piece that can be quoted by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What stands above it.
    pub heading: String,
    /// Plain text.
    pub text: String,
}

/// Reads one article; `None`, with its faults noted, where it is none.
pub(super) fn read(path: &str, text: &str, intents: &[String], faults: &mut Faults) -> Option<Article> {
    let name = path.strip_prefix("knowledge/").unwrap_or(path).strip_suffix(".md")?;
    let text = text.replace("\r\n", "\n");
    let Some((head, body)) = text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")) else {
        faults.add(
            path,
            1,
            "an article begins with its front matter between two lines `---`: title, language, intents",
        );
        return None;
    };
    let front: FrontMatter = yaml::parse_from(path, head, 1, faults)?;
    for intent in front.intents.iter().filter(|intent| !intents.contains(&intent.value)) {
        let message = unknown("intent", &intent.value, intents.iter().map(String::as_str));
        faults.add(path, yaml::line(intent) + 1, message);
    }
    if let Some(url) = front.url.as_deref().filter(|url| !url.starts_with("https://")) {
        faults.add(path, 2, format!("\"{url}\" is no https address"));
    }
    let sections = sections(body);
    if sections.is_empty() {
        faults.add(path, 1, "the article is empty");
        return None;
    }
    let family = name.strip_suffix(&format!(".{}", front.language)).unwrap_or(name);
    Some(Article {
        slug: name.to_owned(),
        family: family.to_owned(),
        title: front.title,
        language: front.language,
        intents: front.intents.into_iter().map(|intent| intent.value).collect(),
        url: front.url,
        for_customers: front.audience == Audience::Customers,
        sections,
    })
}

/// Cuts Markdown at its second-level headings and takes the markup out.
fn sections(body: &str) -> Vec<Section> {
    let mut done = Vec::new();
    let mut current = Section { heading: String::new(), text: String::new() };
    let mut in_heading = false;
    let mut lists: Vec<Option<u64>> = Vec::new();
    let new_line = |text: &mut String, blank: bool| {
        let trimmed = text.trim_end().len();
        text.truncate(trimmed);
        if !text.is_empty() {
            text.push_str(if blank { "\n\n" } else { "\n" });
        }
    };
    for event in Parser::new_ext(body, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { level: HeadingLevel::H1 | HeadingLevel::H2, .. }) => {
                done.push(std::mem::replace(
                    &mut current,
                    Section { heading: String::new(), text: String::new() },
                ));
                in_heading = true;
            }
            Event::End(TagEnd::Heading(HeadingLevel::H1 | HeadingLevel::H2)) => in_heading = false,
            Event::Start(Tag::List(first)) => {
                new_line(&mut current.text, lists.is_empty());
                lists.push(first);
            }
            Event::End(TagEnd::List(_)) => drop(lists.pop()),
            Event::Start(Tag::Item) => {
                new_line(&mut current.text, false);
                let indent = "  ".repeat(lists.len().saturating_sub(1));
                match lists.last_mut() {
                    Some(Some(number)) => {
                        current.text.push_str(&format!("{indent}{number}. "));
                        *number += 1;
                    }
                    _ => current.text.push_str(&format!("{indent}• ")),
                }
            }
            Event::Start(Tag::Paragraph | Tag::Heading { .. } | Tag::CodeBlock(_) | Tag::BlockQuote(_))
                if lists.is_empty() =>
            {
                new_line(&mut current.text, true);
            }
            Event::Text(text) | Event::Code(text) => {
                if in_heading { &mut current.heading } else { &mut current.text }.push_str(&text);
            }
            Event::SoftBreak => current.text.push(' '),
            Event::HardBreak => current.text.push('\n'),
            Event::End(TagEnd::TableCell) => current.text.push_str("  "),
            Event::End(TagEnd::TableRow | TagEnd::TableHead) => new_line(&mut current.text, false),
            _ => {}
        }
    }
    done.push(current);
    done.into_iter()
        .map(|section| Section {
            heading: section.heading.trim().to_owned(),
            text: section.text.trim().to_owned(),
        })
        .filter(|section| !section.text.is_empty())
        .collect()
}
