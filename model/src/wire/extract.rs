//! Finding the one JSON object in what a model wrote: alone, in a code fence, or with prose around it.

/// The text of the object, or nothing if there is none or more than one: which one was meant is not guessed.
#[must_use]
pub fn object(text: &str) -> Option<&str> {
    let text = text.trim().trim_start_matches('\u{feff}').trim();
    // Open models think aloud first.
    let text = match text.strip_prefix("<think>").and_then(|rest| rest.split_once("</think>")) {
        Some((_, said)) => said.trim(),
        None => text,
    };
    let mut found = None;
    let mut rest = text;
    while let Some(begin) = rest.find('{') {
        let candidate = &rest[begin..];
        match end_of_object(candidate) {
            Some(end) => {
                // Braces in prose ("{name}") are no JSON.
                if serde_json::from_str::<serde::de::IgnoredAny>(&candidate[..end]).is_ok() {
                    if found.is_some() {
                        return None;
                    }
                    found = Some(&candidate[..end]);
                    rest = &candidate[end..];
                } else {
                    rest = &candidate[1..];
                }
            }
            // An object that never ends is not half an answer, it is none.
            None => return None,
        }
    }
    found
}

/// Where the object that the text begins with ends; braces within strings do not count.
fn end_of_object(text: &str) -> Option<usize> {
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' if !quoted => depth += 1,
            b'}' if !quoted => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_object_is_found_wherever_it_stands() {
        for text in [
            r#"{"a":"}"}"#,
            "```json\n{\"a\":\"}\"}\n```",
            "Sure! Here it is:\n{\"a\":\"}\"}\nHope that helps.",
            "For {name}: {\"a\":\"}\"}",
            "<think>perhaps {\"a\":1}</think>\n{\"a\":\"}\"}",
        ] {
            assert_eq!(object(text), Some(r#"{"a":"}"}"#), "{text}");
        }
    }

    #[test]
    fn half_an_object_or_two_are_none() {
        for text in ["", "no", r#"{"a": 1"#, r#"{"a":1} {"a":2}"#, "{not json}", r#"{"a":"\"}"#, "[1,2]"] {
            assert_eq!(object(text), None, "{text}");
        }
    }
}
