//! An article of anything, and what it answers.
#![no_main]

#[path = "../desk/mod.rs"]
mod desk;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut content = desk::content();
    content.insert("knowledge/anything.md".to_owned(), text.to_owned());
    content.insert("knowledge/anything.de.md".to_owned(), text.to_owned());
    if let Ok(book) = desk::read(&content) {
        for article in book.knowledge.articles() {
            assert!(!article.family.is_empty());
        }
    }
});
