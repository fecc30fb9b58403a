//! A condition's text as tokens.
//!
//! What is written as in other languages (`==`, `&&`, 'x') is a fault and yet gives the token that was
//! meant, so that one slip makes one fault.

use super::decimal::Decimal;
use super::limits;
use super::problem::{Faults, shown};
use super::syntax::{Order, begins_word, continues_word};

/// A token and where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind<'a>,
    pub(super) at: usize,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    Word(&'a str),
    Text(String),
    Number(Decimal),
    Order(Order),
    Open,
    Close,
    OpenList,
    CloseList,
    Comma,
    Dot,
    /// Something whose fault is noted already.
    Faulty,
    /// Behind the last.
    End,
}

/// Signs of other languages: what they are called here, and the token that was meant.
const FOREIGN: [(&str, &str); 8] = [
    ("==", "equals"),
    ("=", "equals"),
    ("!=", "not_equals"),
    ("<>", "not_equals"),
    ("&&", "and"),
    ("||", "or"),
    ("!", "not"),
    ("~", "matches"),
];

/// All tokens, with [`Kind::End`] as the last.
pub(super) fn tokens<'a>(text: &'a str, faults: &mut Faults) -> Vec<Token<'a>> {
    let mut lexer = Lexer { text, at: 0, faults };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_space();
        let at = lexer.at;
        let kind = lexer.next();
        let is_end = kind == Kind::End;
        tokens.push(Token { kind, at });
        if is_end {
            return tokens;
        }
    }
}

struct Lexer<'a, 'f> {
    text: &'a str,
    at: usize,
    faults: &'f mut Faults,
}

impl<'a> Lexer<'a, '_> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Moves behind as many characters as `belongs` says, and gives them.
    fn take(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|sign| !belongs(sign)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// The next token; moves on by at least one character until the end.
    fn next(&mut self) -> Kind<'a> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Kind::End };
        let second = rest[first.len_utf8()..].chars().next();
        if begins_word(first) {
            return Kind::Word(self.take(continues_word));
        }
        let is_signed = matches!(first, '-' | '+') && second.is_some_and(|s| s.is_ascii_digit());
        if first.is_ascii_digit() || is_signed {
            return self.number();
        }
        if let Some(close) = closing_quote(first) {
            return self.quoted(first, close);
        }
        if let Some((sign, meant)) = FOREIGN.iter().find(|(sign, _)| rest.starts_with(sign)) {
            let hint = format!("write {meant}");
            self.faults.add(self.at, format!("{sign} is no operator here"), hint);
            self.at += sign.len();
            return Kind::Word(meant);
        }
        let (kind, length) = match (first, second) {
            ('<', Some('=')) => (Kind::Order(Order::AtMost), 2),
            ('<', _) => (Kind::Order(Order::Below), 1),
            ('>', Some('=')) => (Kind::Order(Order::AtLeast), 2),
            ('>', _) => (Kind::Order(Order::Above), 1),
            ('(', _) => (Kind::Open, 1),
            (')', _) => (Kind::Close, 1),
            ('[', _) => (Kind::OpenList, 1),
            (']', _) => (Kind::CloseList, 1),
            (',', _) => (Kind::Comma, 1),
            ('.', _) => (Kind::Dot, 1),
            (other, _) => {
                let what = format!("{other:?} means nothing here");
                self.faults.add(self.at, what, "write texts in quotes: \"...\"");
                (Kind::Faulty, other.len_utf8())
            }
        };
        self.at += length;
        kind
    }

    fn number(&mut self) -> Kind<'a> {
        let begin = self.at;
        self.at += 1;
        self.take(|sign| sign.is_alphanumeric() || sign == '.' || sign == '_');
        let written = &self.text[begin..self.at];
        let Some(number) = Decimal::parse(written) else {
            let what = format!("{:?} is no number", shown(written));
            self.faults.add(begin, what, "write a number as 12 or 12.5, a time as \"18:30\"");
            return Kind::Faulty;
        };
        Kind::Number(number)
    }

    fn quoted(&mut self, open: char, close: char) -> Kind<'a> {
        let begin = self.at;
        if open != '"' {
            self.faults.add(begin, format!("{open} is no quote here"), "write straight quotes: \"");
        }
        self.at += open.len_utf8();
        let mut text = String::new();
        loop {
            let Some(sign) = self.rest().chars().next().filter(|sign| *sign != '\n') else {
                self.faults.add(begin, "the text is not closed", "end it with \" on the same line");
                return Kind::Faulty;
            };
            let at = self.at;
            self.at += sign.len_utf8();
            if sign == close {
                self.check_length(begin, text.len());
                return Kind::Text(text);
            }
            if sign == '\\' {
                self.escape(at, &mut text);
            } else {
                text.push(sign);
            }
        }
    }

    fn escape(&mut self, at: usize, text: &mut String) {
        let Some(sign) = self.rest().chars().next().filter(|sign| *sign != '\n') else { return };
        self.at += sign.len_utf8();
        match sign {
            '"' | '\\' => text.push(sign),
            'n' => text.push('\n'),
            't' => text.push('\t'),
            other => {
                let what = format!("\\{other} means nothing in a text");
                self.faults.add(at, what, "one of: \\\" \\\\ \\n \\t; a backslash itself is \\\\");
            }
        }
    }

    fn check_length(&mut self, begin: usize, length: usize) {
        let most = limits::LITERAL_BYTES;
        if length > most {
            let what = format!("the text has {length} bytes");
            self.faults.add(begin, what, format!("at most {most}"));
        }
    }
}

/// What ends a text that begins so, also where the quote is none of this language.
fn closing_quote(open: char) -> Option<char> {
    match open {
        '"' | '\'' | '`' => Some(open),
        '“' | '”' => Some('”'),
        '‘' | '’' => Some('’'),
        '«' => Some('»'),
        _ => None,
    }
}
