//! What can be told of a query without running it. The database is opened for reading only as well; this is for the
//! author, who learns of a mistake with its place.

use std::collections::BTreeSet;

/// Words by which a SELECT changes or locks something. Columns of these names are written in double quotes.
const CHANGES: &[&str] = &["insert", "update", "delete", "merge", "into"];

/// Whether it is one `SELECT` (or `WITH … SELECT`) with exactly these parameters.
pub fn check(query: &str, params: usize) -> Result<(), String> {
    if query.contains("{{") || query.contains("{%") {
        return Err("`query` is no template: what customers say goes into `params`, as $1, $2 …".to_owned());
    }
    let bare = bare(query)?;
    let bare = bare.trim().trim_end_matches(';');
    if bare.contains(';') {
        return Err("`query` is one SELECT: a second statement follows the `;`".to_owned());
    }
    let lower = bare.to_ascii_lowercase();
    let mut words = lower.split(|letter: char| !(letter.is_alphanumeric() || matches!(letter, '_' | '$')));
    let first = words.clone().find(|word| !word.is_empty()).unwrap_or_default();
    if !["select", "with"].contains(&first) {
        return Err("`query` is one SELECT".to_owned());
    }
    if let Some(word) = words.find(|word| CHANGES.contains(word)) {
        return Err(format!(
            "`query` only reads: \"{word}\" is not for reading; a column of that name is written in double quotes"
        ));
    }
    let named: BTreeSet<usize> = lower.split('$').skip(1).map_while(number).collect();
    if named.len() == params && named.iter().copied().eq(1..=params) {
        return Ok(());
    }
    let named: Vec<String> = named.iter().map(|number| format!("${number}")).collect();
    Err(format!("`params` has {params} values, the query names others: {}", named.join(", ")))
}

fn number(text: &str) -> Option<usize> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

/// The query with its texts, quoted names and comments left out.
fn bare(query: &str) -> Result<String, String> {
    let mut bare = String::with_capacity(query.len());
    let mut rest = query;
    while let Some(letter) = rest.chars().next() {
        let end = match letter {
            '\'' | '"' => closing(rest, letter)?,
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => {
                rest.find("*/").map(|end| end + 2).ok_or("a comment in `query` has no end")?
            }
            '$' if !rest[1..].starts_with(|next: char| next.is_ascii_digit()) => {
                return Err("write texts in `query` in single quotes; $ is for parameters".to_owned());
            }
            '\0' => return Err("`query` holds a NUL character".to_owned()),
            other => {
                bare.push(other);
                rest = &rest[other.len_utf8()..];
                continue;
            }
        };
        bare.push(' ');
        rest = &rest[end..];
    }
    Ok(bare)
}

/// Where a quoted text ends; the quote twice is one within it.
fn closing(text: &str, quote: char) -> Result<usize, String> {
    let mut at = 1;
    while let Some(found) = text[at..].find(quote) {
        at += found + 1;
        if !text[at..].starts_with(quote) {
            return Ok(at);
        }
        at += 1;
    }
    Err("a text in `query` has no end".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_select_is_taken_however_it_is_written() {
        for (query, params) in [
            ("select 1", 0),
            ("SELECT id, 'drop; $9' AS \"update\" FROM orders WHERE number = $1;", 1),
            (
                "-- delete\nWITH a AS (SELECT $2::int) SELECT * FROM a, b /* insert; */ WHERE x = $1 AND y = $2",
                2,
            ),
            ("select updated_at, set_by from t where a = 'it''s'", 0),
            ("(select 1)", 0),
        ] {
            assert_eq!(check(query, params), Ok(()), "{query}");
        }
    }

    #[test]
    fn all_else_is_refused_in_a_sentence() {
        for (query, params, why) in [
            ("", 0, "one SELECT"),
            ("delete from orders", 0, "one SELECT"),
            ("select 1; select 2", 0, "a second statement"),
            ("with gone as (delete from orders returning *) select * from gone", 0, "\"delete\""),
            ("select * into copy_of from orders", 0, "\"into\""),
            ("select * from orders for update", 0, "\"update\""),
            ("select * from orders where n = $1", 0, "others: $1"),
            ("select * from orders where n = $2", 1, "others: $2"),
            ("select * from orders where n = '$1'", 1, "has 1 values"),
            ("select '{{ input.n }}'", 0, "no template"),
            ("select $$x$$", 0, "single quotes"),
            ("select 'x", 0, "no end"),
            ("select 1 /* x", 0, "no end"),
        ] {
            let refused = check(query, params).unwrap_err();
            assert!(refused.contains(why), "{query}: {refused}");
        }
    }
}
