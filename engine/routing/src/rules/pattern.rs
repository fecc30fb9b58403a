//! Patterns of `matches`: `*` is any text, `?` any one character, a backslash takes their meaning
//! away. A pattern is held against the whole text.
//!
//! Globs rather than regular expressions: rules are written by people of a contact center who know
//! `*` from everywhere, alternatives are said with `in` and `or`, and no regular expression engine is
//! linked into the core for them. A pattern is a set of places in one word, moved on once for each
//! character of the text (Shift-And): there is no backtracking, whatever the pattern.

use super::limits;
use super::text;

/// A part of a pattern as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Piece {
    /// A run of characters, in the form in which texts are compared.
    Run(String),
    /// `?`
    One,
    /// `*`; never two in a row.
    Any,
}

/// The pieces of a pattern, or what is wrong with it.
pub(super) fn pieces(written: &str, is_folded: bool) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut run = String::new();
    let mut signs = written.chars();
    while let Some(sign) = signs.next() {
        let piece = match sign {
            '*' => Piece::Any,
            '?' => Piece::One,
            '\\' => {
                run.push(signs.next().ok_or("the pattern ends in a backslash")?);
                continue;
            }
            other => {
                run.push(other);
                continue;
            }
        };
        push_run(&mut pieces, &mut run, is_folded);
        if piece != Piece::Any || pieces.last() != Some(&Piece::Any) {
            pieces.push(piece);
        }
    }
    push_run(&mut pieces, &mut run, is_folded);
    let characters: usize = pieces.iter().map(Piece::characters).sum();
    if characters > limits::PATTERN_CHARACTERS {
        return Err(format!("the pattern has {characters} characters besides *"));
    }
    Ok(pieces)
}

fn push_run(pieces: &mut Vec<Piece>, run: &mut String, is_folded: bool) {
    let normalized = text::normalized(run, is_folded);
    run.clear();
    if !normalized.is_empty() {
        pieces.push(Piece::Run(normalized));
    }
}

impl Piece {
    fn characters(&self) -> usize {
        match self {
            Self::Run(run) => run.chars().count(),
            Self::One => 1,
            Self::Any => 0,
        }
    }

    /// Of the run, 0 for what stands for others.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Run(run) => run.len(),
            Self::One | Self::Any => 0,
        }
    }
}

/// A pattern made ready. Bit `n` of a word stands for "the first `n` characters are found".
#[derive(Debug)]
pub(super) struct Pattern {
    /// For each ASCII character the places to which it leads.
    ascii: Box<[u64; 128]>,
    /// The same for the others that the pattern names, sorted.
    others: Vec<(char, u64)>,
    /// Places to which any character leads.
    one: u64,
    /// Places that hold over any text.
    any: u64,
    /// All of it is found.
    end: u64,
}

impl Pattern {
    pub(super) fn new(pieces: &[Piece]) -> Self {
        let (mut ascii, mut others) = (Box::new([0; 128]), Vec::<(char, u64)>::new());
        let (mut one, mut any, mut end) = (0, 0, 1_u64);
        for piece in pieces {
            match piece {
                Piece::Any => any |= end,
                Piece::One => {
                    end <<= 1;
                    one |= end;
                }
                Piece::Run(run) => {
                    for sign in run.chars() {
                        end <<= 1;
                        match others.binary_search_by_key(&sign, |(other, _)| *other) {
                            _ if sign.is_ascii() => ascii[sign as usize] |= end,
                            Ok(at) => others[at].1 |= end,
                            Err(at) => others.insert(at, (sign, end)),
                        }
                    }
                }
            }
        }
        Self { ascii, others, one, any, end }
    }

    /// One step for each character of the text at most.
    pub(super) fn matches(&self, text: &str) -> bool {
        let mut places = 1_u64;
        for sign in text.chars() {
            let led = match self.ascii.get(sign as usize) {
                Some(led) => *led,
                None => self
                    .others
                    .binary_search_by_key(&sign, |(other, _)| *other)
                    .map_or(0, |at| self.others[at].1),
            };
            places = ((places << 1) & (led | self.one)) | (places & self.any);
            if places == 0 {
                return false;
            }
        }
        places & self.end != 0
    }

    /// The longest run: a text without it does not match.
    pub(super) fn needed(pieces: &[Piece]) -> Option<&str> {
        let runs = pieces.iter().filter_map(|piece| match piece {
            Piece::Run(run) => Some(run.as_str()),
            Piece::One | Piece::Any => None,
        });
        runs.max_by_key(|run| run.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::new(&pieces(pattern, false).unwrap()).matches(text)
    }

    #[test]
    fn what_a_pattern_matches() {
        for (pattern, text) in [
            ("", ""),
            ("*", ""),
            ("*", "anything"),
            ("a*", "a"),
            ("*a", "banana"),
            ("b*n*a", "banana"),
            ("?", "é"),
            ("a?c*", "abcdef"),
            ("**a**", "a"),
            ("*aab", "aaaab"),
            ("a\\*b", "a*b"),
            ("\\\\?", "\\x"),
            ("ORDER*", "order 1"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("", "a"),
            ("a", ""),
            ("a*", "ba"),
            ("*a", "ab"),
            ("?", ""),
            ("?", "ab"),
            ("a?c", "ac"),
            ("a\\*b", "axb"),
            ("b*n*a", "bananas"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn the_longest_pattern_uses_every_bit() {
        let written = "?".repeat(limits::PATTERN_CHARACTERS);
        let text = "é".repeat(limits::PATTERN_CHARACTERS);
        assert!(matches(&written, &text));
        assert!(!matches(&written, &text[2..]));
        assert!(!matches(&written, &format!("{text}e")));
        let longer = pieces(&format!("{written}a"), false);
        assert_eq!(longer, Err("the pattern has 64 characters besides *".to_owned()));
        assert_eq!(pieces("a\\", false), Err("the pattern ends in a backslash".to_owned()));
    }
}
