//! Plain text stays plain: nothing that somebody wrote becomes formatting, a mention or a hidden link.

/// What begins a web address, which is left whole: a backslash would break it.
const WEB: [&str; 2] = ["https://", "http://"];

/// Text that Discord shows as it is written.
pub(super) fn plain(text: &str) -> String {
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

fn line(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 8);
    let body = line.trim_start();
    out.push_str(&line[..line.len() - body.len()]);
    // Headings, small print and quotes begin a line.
    if body.starts_with(['#', '>']) || body.starts_with("-#") {
        out.push('\\');
    }
    let mut rest = body;
    while let Some(next) = rest.chars().next() {
        if WEB.iter().any(|web| rest.starts_with(web)) {
            let end = rest
                .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '|' | ')' | ']'))
                .unwrap_or(rest.len());
            out.push_str(&rest[..end]);
            rest = &rest[end..];
            continue;
        }
        if matches!(next, '\\' | '*' | '_' | '~' | '`' | '|' | '<' | '[' | ']') {
            out.push('\\');
        }
        out.push(next);
        // Discord reads @everyone and @here wherever they stand; they ping nobody, and now do not look as if they did.
        if rest.starts_with("@everyone") || rest.starts_with("@here") {
            out.push('\u{200b}');
        }
        rest = &rest[next.len_utf8()..];
    }
    out
}

/// The length that Discord's limit is compared with here: UTF-16 units, of which there are never fewer than characters.
pub(super) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The first `limit` characters.
pub(super) fn cut(text: &str, limit: usize) -> String {
    text.chars().take(limit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_written_becomes_formatting_or_a_mention() {
        assert_eq!(plain("2 * 3 * 4 = ~24~ || x ||"), r"2 \* 3 \* 4 = \~24\~ \|\| x \|\|");
        assert_eq!(plain("# Title\n> quoted\n-# small\n- item"), "\\# Title\n\\> quoted\n\\-# small\n- item");
        assert_eq!(plain("<@1> <@&2> <#3> </x:4>"), r"\<@1> \<@&2> \<#3> \</x:4>");
        assert_eq!(plain("@everyone, ask help@harbor.example"), "@\u{200b}everyone, ask help@harbor.example");
        assert_eq!(plain("[your bank](https://evil.example)"), r"\[your bank\](https://evil.example)");
    }

    #[test]
    fn a_web_address_still_works() {
        assert_eq!(plain("see https://a.example/b_c_d?e=*f*"), "see https://a.example/b_c_d?e=*f*");
    }
}
