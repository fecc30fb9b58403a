//! Texts as they are compared: without case, and with `fold` without accents.
//!
//! Case: each character is replaced by its Unicode lowercase, one by one and without context; the
//! final sigma counts as a sigma. Lowercase rather than case folding: it is what the standard library
//! has, and the two differ in letters (ß and ss, Cherokee) that nobody of the trade expects to be one.
//! Then canonical composition (NFC), so that an accent is the same whether the channel sends it as one
//! character or as two.
//!
//! `fold` takes away the combining accents (U+0300 to U+036F) of every character: é is e, ñ is n, ç is
//! c. Letters of their own (ø, ł, ß) stay, and so do the marks of other scripts, which are vowels.

use std::ops::RangeInclusive;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::decompose_canonical;

/// Accents of Latin, Greek and Cyrillic letters.
const ACCENTS: RangeInclusive<char> = '\u{300}'..='\u{36f}';

/// The text as far as it is looked at, cut at a character.
pub(super) fn cut(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes { text } else { &text[..text.floor_char_boundary(bytes)] }
}

/// Writes the form in which case does not count.
pub(super) fn write_plain(text: &str, out: &mut String) {
    out.clear();
    if text.is_ascii() {
        out.push_str(text);
        out.make_ascii_lowercase();
        return;
    }
    let mut is_composed = true;
    for sign in text.chars().flat_map(char::to_lowercase) {
        // Below the first combining mark every text is composed.
        is_composed &= sign < *ACCENTS.start();
        out.push(if sign == 'ς' { 'σ' } else { sign });
    }
    if !is_composed {
        *out = out.nfc().collect();
    }
}

/// Writes the form in which accents do not count either, of a plain form.
pub(super) fn write_folded(plain: &str, out: &mut String) {
    out.clear();
    if plain.is_ascii() {
        out.push_str(plain);
        return;
    }
    for sign in plain.chars() {
        fold(sign, out);
    }
}

fn fold(sign: char, out: &mut String) {
    if sign.is_ascii() {
        out.push(sign);
        return;
    }
    let begin = out.len();
    let mut is_accented = false;
    decompose_canonical(sign, |part| {
        if ACCENTS.contains(&part) {
            is_accented = true;
        } else {
            out.push(part);
        }
    });
    if !is_accented {
        out.truncate(begin);
        out.push(sign);
    }
}

/// A literal in the form in which texts are compared with it.
pub(super) fn normalized(text: &str, is_folded: bool) -> String {
    let mut plain = String::new();
    write_plain(text, &mut plain);
    if !is_folded {
        return plain;
    }
    let mut folded = String::new();
    write_folded(&plain, &mut folded);
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_composition_do_not_count() {
        for (left, right) in [
            ("CRÉDITO", "crédito"),
            ("cre\u{301}dito", "crédito"),
            ("ΟΔΟΣ", "οδος"),
            ("İ", "i\u{307}"),
            ("Straße", "STRAẞE"),
            ("ЙОД", "и\u{306}од"),
        ] {
            assert_eq!(normalized(left, false), normalized(right, false), "{left} {right}");
        }
        for (left, right) in [("crédito", "credito"), ("strasse", "straße"), ("año", "ano")] {
            assert_ne!(normalized(left, false), normalized(right, false), "{left} {right}");
        }
    }

    #[test]
    fn fold_takes_accents_away_and_nothing_else() {
        for (text, folded) in [
            ("CRÉDITO", "credito"),
            ("e\u{301}\u{302}", "e"),
            ("\u{301}", ""),
            ("São José, ação", "sao jose, acao"),
            ("ΆΈ", "αε"),
            ("Łódź, ø", "łodz, ø"),
            ("한국", "한국"),
            ("हिन्दी", "हिन्दी"),
            ("ế", "e"),
        ] {
            assert_eq!(normalized(text, true), folded, "{text}");
        }
    }

    #[test]
    fn a_text_is_cut_at_a_character() {
        assert_eq!(cut("aéb", 2), "a");
        assert_eq!(cut("aéb", 3), "aé");
        assert_eq!(cut("aéb", 9), "aéb");
    }
}
