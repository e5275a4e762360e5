//! Payloads that must be decoded first: base64, hexadecimal, percent signs, ROT13 of the whole.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

/// The shortest run of letters that is worth decoding.
const SHORTEST: usize = 24;

/// How many runs are decoded.
const RUNS: usize = 8;

/// Readable texts inside of a text.
pub(super) fn decode(text: &str) -> Vec<String> {
    let mut decoded = Vec::new();
    let is_inside = |letter: char| letter.is_ascii_alphanumeric() || "+/=-_".contains(letter);
    let runs = text.split(|letter: char| !is_inside(letter)).filter(|run| run.len() >= SHORTEST).take(RUNS);
    for run in runs {
        decoded.extend(base64(run).into_iter().chain(hexadecimal(run)).filter(|text| readable(text)));
    }
    if text.matches('%').count() >= 6 {
        decoded.extend(percent(text).filter(|text| readable(text)));
    }
    // ROT13 of anything is readable: it counts only when it says something that is looked for, which the caller sees.
    if text.len() < 2000 {
        decoded.push(text.chars().map(rot13).collect());
    }
    decoded
}

fn base64(run: &str) -> Option<String> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let run = run.replace('-', "+").replace('_', "/");
    let bytes = GeneralPurpose::new(&STANDARD, config).decode(run.trim_end_matches('=')).ok()?;
    String::from_utf8(bytes).ok()
}

fn hexadecimal(run: &str) -> Option<String> {
    String::from_utf8(hex::decode(run).ok()?).ok()
}

fn percent(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match pair
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok())
        {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(decoded).ok()
}

fn rot13(letter: char) -> char {
    let turn = |base: u8| char::from((letter as u8 - base + 13) % 26 + base);
    match letter {
        'a'..='z' => turn(b'a'),
        'A'..='Z' => turn(b'A'),
        other => other,
    }
}

/// Mostly letters and blanks: what was not encoded decodes to noise.
fn readable(text: &str) -> bool {
    let letters = text.chars().filter(|letter| letter.is_alphabetic() || letter.is_whitespace()).count();
    text.len() >= 8 && letters * 10 >= text.chars().count() * 7
}
