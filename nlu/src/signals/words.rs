//! A text as folded words: lower case, without accents, cut into clauses and sentences.

/// One word with its place in the text, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Number of the clause; clauses end at commas, brackets and the like, and with their sentence.
    pub(super) clause: u32,
    /// Number of the sentence.
    pub(super) sentence: u32,
    folded: (u32, u32),
}

/// A text cut into words.
pub(super) struct Words<'t> {
    pub(super) text: &'t str,
    pub(super) list: Vec<Word>,
    folded: String,
    /// For each sentence that has one, the sign that ends it.
    questions: Vec<u32>,
    /// How many exclamation marks there are.
    pub(super) exclamations: u32,
    /// Words of three letters or more written in capitals only.
    pub(super) shouted: u32,
}

impl<'t> Words<'t> {
    /// Cuts the text in one pass.
    pub(super) fn of(text: &'t str) -> Self {
        let mut words = Self {
            text,
            list: Vec::with_capacity(text.len() / 5 + 1),
            folded: String::with_capacity(text.len() + 8),
            questions: Vec::new(),
            exclamations: 0,
            shouted: 0,
        };
        let (mut clause, mut sentence) = (0, 0);
        let mut rest = text.char_indices().peekable();
        while let Some(&(at, c)) = rest.peek() {
            if is_letter(c) {
                words.take_word(at, &mut rest, clause, sentence);
                continue;
            }
            rest.next();
            let next = rest.peek().map(|&(_, n)| n);
            match c {
                ':' | ';' | '=' if emoticon(&text[at..]).is_some() => {
                    let (mark, len) = emoticon(&text[at..]).unwrap_or((":)", 2));
                    words.push(at, at + len, mark, clause, sentence);
                    for _ in 1..len {
                        rest.next();
                    }
                }
                '.' | ':' | ',' if next.is_some_and(|n| !n.is_whitespace() && n != '.') => {}
                '.' | '!' | '?' | '…' | '\n' | '。' | '！' | '？' | '¿' | '¡' => {
                    words.exclamations += u32::from(matches!(c, '!' | '！'));
                    if matches!(c, '?' | '？') && words.questions.last() != Some(&sentence) {
                        words.questions.push(sentence);
                    }
                    // Several signs in a row end one sentence; a question's sign stays with it.
                    if words.list.last().is_some_and(|w| w.sentence == sentence)
                        && !matches!(next, Some('!' | '?' | '.'))
                    {
                        sentence += 1;
                        clause += 1;
                    }
                }
                ',' | ';' | ':' | '(' | ')' | '–' | '—' | '"' | '،' | '、' => clause += 1,
                '-' if next == Some(' ') => clause += 1,
                c if is_pictograph(c) => {
                    let mut own = [0; 4];
                    words.push(at, at + c.len_utf8(), c.encode_utf8(&mut own), clause, sentence);
                }
                _ => {}
            }
        }
        words
    }

    /// The folded form of the word at `index`; empty past the end.
    pub(super) fn at(&self, index: usize) -> &str {
        self.list.get(index).map_or("", |w| &self.folded[w.folded.0 as usize..w.folded.1 as usize])
    }

    /// The text as written from the first to the last of these words.
    pub(super) fn span(&self, first: usize, last: usize) -> &'t str {
        match (self.list.get(first), self.list.get(last)) {
            (Some(a), Some(b)) if a.start <= b.end => &self.text[a.start..b.end],
            _ => "",
        }
    }

    /// Whether the sentence ends in a question mark.
    pub(super) fn is_question(&self, sentence: u32) -> bool {
        self.questions.binary_search(&sentence).is_ok()
    }

    /// The first word that ends after this byte.
    pub(super) fn index_at(&self, byte: usize) -> usize {
        self.list.partition_point(|w| w.end <= byte)
    }

    fn push(&mut self, start: usize, end: usize, folded: &str, clause: u32, sentence: u32) {
        let from = self.folded.len() as u32;
        self.folded.push_str(folded);
        let folded = (from, self.folded.len() as u32);
        self.list.push(Word { start, end, clause, sentence, folded });
    }

    fn take_word(
        &mut self,
        start: usize,
        rest: &mut std::iter::Peekable<std::str::CharIndices<'_>>,
        clause: u32,
        sentence: u32,
    ) {
        let from = self.folded.len();
        let (mut end, mut letters, mut capitals) = (start, 0_u32, 0_u32);
        while let Some(&(at, c)) = rest.peek() {
            if is_letter(c) {
                letters += u32::from(c.is_alphabetic());
                capitals += u32::from(c.is_uppercase());
                fold(c, &mut self.folded);
            } else if is_apostrophe(c) {
                // "can't" is one word, "j'ai" is two.
                let followed = self.text[at + c.len_utf8()..].chars().next().is_some_and(is_letter);
                if !followed {
                    break;
                }
                if is_elision(&self.folded[from..]) {
                    rest.next();
                    break;
                }
            } else {
                break;
            }
            end = at + c.len_utf8();
            rest.next();
        }
        self.shouted += u32::from(letters >= 3 && capitals == letters);
        let folded = (from as u32, self.folded.len() as u32);
        self.list.push(Word { start, end, clause, sentence, folded });
    }
}

/// Folds a whole term the way words are folded, for lexicons and tests.
pub(super) fn folded(term: &str) -> String {
    let mut out = String::with_capacity(term.len());
    term.chars().filter(|&c| !is_apostrophe(c)).for_each(|c| fold(c, &mut out));
    out
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || (!c.is_ascii() && (c.is_alphanumeric() || is_mark(c)))
}

/// Combining accents, as decomposed text has them.
fn is_mark(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | 'ʼ' | '´' | '`')
}

fn is_elision(word: &str) -> bool {
    matches!(
        word,
        "c" | "d" | "j" | "l" | "m" | "n" | "s" | "t" | "qu" | "jusqu" | "lorsqu" | "puisqu" | "aujourd"
    )
}

fn is_pictograph(c: char) -> bool {
    matches!(u32::from(c), 0x2600..=0x27bf | 0x1f300..=0x1faff)
}

/// Whether the text opens with an emoticon: what it stands for, and its length.
fn emoticon(text: &str) -> Option<(&'static str, usize)> {
    let bytes = text.as_bytes();
    let nose = usize::from(bytes.get(1) == Some(&b'-'));
    let ends = bytes.get(2 + nose).is_none_or(|b| !b.is_ascii_alphanumeric());
    match bytes.get(1 + nose)? {
        b')' => Some((":)", 2 + nose)),
        b'D' | b'P' | b'p' if ends && bytes[0] != b'=' => Some((":)", 2 + nose)),
        b'(' => Some((":(", 2 + nose)),
        b'/' if ends && text.get(1..3) != Some("//") => Some((":(", 2 + nose)),
        _ => None,
    }
}

/// Lower case without accents; umlauts as people type them without the key ("ue"), which German lexicons expect.
fn fold(c: char, out: &mut String) {
    if c.is_ascii() {
        out.push(c.to_ascii_lowercase());
        return;
    }
    match c {
        'à' | 'á' | 'â' | 'ã' | 'å' | 'À' | 'Á' | 'Â' | 'Ã' | 'Å' => out.push('a'),
        'è' | 'é' | 'ê' | 'ë' | 'È' | 'É' | 'Ê' | 'Ë' => out.push('e'),
        'ì' | 'í' | 'î' | 'ï' | 'Ì' | 'Í' | 'Î' | 'Ï' => out.push('i'),
        'ò' | 'ó' | 'ô' | 'õ' | 'Ò' | 'Ó' | 'Ô' | 'Õ' => out.push('o'),
        'ù' | 'ú' | 'û' | 'Ù' | 'Ú' | 'Û' => out.push('u'),
        'ñ' | 'Ñ' => out.push('n'),
        'ç' | 'Ç' => out.push('c'),
        'ä' | 'Ä' | 'æ' | 'Æ' => out.push_str("ae"),
        'ö' | 'Ö' | 'œ' | 'Œ' => out.push_str("oe"),
        'ü' | 'Ü' => out.push_str("ue"),
        'ß' | 'ẞ' => out.push_str("ss"),
        '\u{308}' if out.ends_with(['a', 'o', 'u']) => out.push('e'),
        c if is_mark(c) => {}
        c => out.extend(c.to_lowercase()),
    }
}
