//! The screen on the desk's own articles: what stands in an article passes with it as its source, and hardly ever with
//! another one.

use super::support::files;
use model::grounded::{Draft, LEAST_SUPPORT, Report, Screen, Source};

/// Body and language of every shipped article.
fn articles() -> Vec<(String, String)> {
    let body = |(path, text): (String, String)| {
        let body = text.splitn(3, "---\n").nth(2).unwrap_or_else(|| panic!("{path} has no head")).to_owned();
        let language =
            path.trim_end_matches(".md").rsplit_once('.').map_or("en", |(_, language)| language).to_owned();
        (body, language)
    };
    files("knowledge").into_iter().map(body).collect()
}

/// The longest paragraph, at most 600 characters of it.
fn passage(body: &str) -> &str {
    let longest =
        body.split("\n\n").filter(|part| !part.starts_with('#')).max_by_key(|part| part.len()).unwrap();
    longest
        .char_indices()
        .nth(600)
        .map_or(longest, |(at, _)| &longest[..longest[..at].rfind(['.', '\n']).unwrap_or(at) + 1])
}

#[test]
fn an_article_supports_itself_and_hardly_another() {
    let screen = Screen::new(LEAST_SUPPORT).unwrap();
    let articles = articles();
    let citations = ["a".to_owned()];
    let look = |text: &str, (body, language): &(String, String)| -> Report {
        let sources = [Source { id: "a", text: body, language }];
        screen.look(Draft { text, citations: &citations, language }, &sources)
    };
    let (mut others, mut wrongly) = (0, 0);
    for (number, article) in articles.iter().enumerate() {
        let report = look(passage(&article.0), article);
        assert!(report.passes(), "{:?}", report.problems);
        for (other, cited) in articles.iter().enumerate() {
            if other != number && cited.1 == article.1 {
                others += 1;
                wrongly += usize::from(look(passage(&article.0), cited).passes());
            }
        }
    }
    println!(
        "{} articles support themselves; {wrongly} of {others} passages pass with another article",
        articles.len()
    );
    // Short introductions of one product share their words; the model's own screen is there for those.
    assert!(wrongly * 100 <= others * 4, "{wrongly} of {others}");
}
