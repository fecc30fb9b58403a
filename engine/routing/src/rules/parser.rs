//! Tokens as a tree: recursive descent, no deeper than [`limits::DEPTH`].
//!
//! ```text
//! condition  = all { "or" all }
//! all        = part { "and" part }
//! part       = "not" part | "(" condition ")" | comparison
//! comparison = field "exists"
//!            | field "in" "[" value { "," value } "]" [ "fold" ]
//!            | field operator value [ "fold" ]
//! field      = word [ "." ( word | text ) ]
//! value      = text | number
//! ```
//!
//! After a fault the parser goes on at the next `and`, `or` or `)`, so that one reading finds them
//! all; what it could read in spite of faults is still given, for the types to be checked.

use super::lexer::{Kind, Token, tokens};
use super::limits;
use super::problem::{Faults, nearest, shown, suggestion};
use super::syntax::{
    AND, Comparison, Expression, FOLD, Field, Literal, NOT, OR, Operator, Place, Quoted, Value,
};

/// Fields that stand alone, and the two that have names.
const FIELDS: [&str; 8] =
    ["message", "contact", "context", "hour", "time", "weekday", "language", "reason"];

/// What could be read. The tree is whole where no fault was added.
pub(super) fn parse(text: &str, faults: &mut Faults) -> Option<Expression> {
    if text.len() > limits::CONDITION_BYTES {
        let what = format!("the condition has {} bytes", text.len());
        faults.add(0, what, format!("at most {}", limits::CONDITION_BYTES));
        return None;
    }
    let tokens = tokens(text, faults);
    if let [only] = &tokens[..] {
        let hint = "write what must hold, such as message contains \"invoice\"";
        faults.add(only.at, "the condition is empty", hint);
        return None;
    }
    let mut parser = Parser { tokens, next: 0, depth: 0, comparisons: 0, faults };
    parser.condition_to_the_end()
}

/// Where the tree is cut off: too deep or too large. The rest is not read.
struct TooMuch;

/// A part, if it could be read.
type Part = Result<Option<Expression>, TooMuch>;

struct Parser<'a, 'f> {
    tokens: Vec<Token<'a>>,
    next: usize,
    depth: usize,
    comparisons: usize,
    faults: &'f mut Faults,
}

impl<'a> Parser<'a, '_> {
    fn kind(&self) -> &Kind<'a> {
        &self.tokens[self.next].kind
    }

    fn word(&self) -> Option<&'a str> {
        if let Kind::Word(word) = self.kind() { Some(word) } else { None }
    }

    fn at(&self) -> usize {
        self.tokens[self.next].at
    }

    /// Moves behind the present token, never behind the end.
    fn advance(&mut self) {
        self.next = (self.next + 1).min(self.tokens.len() - 1);
    }

    fn takes(&mut self, kind: &Kind<'_>) -> bool {
        let is_it = self.kind() == kind;
        if is_it {
            self.advance();
        }
        is_it
    }

    fn takes_word(&mut self, word: &str) -> bool {
        self.takes(&Kind::Word(word))
    }

    fn fault(&mut self, what: impl Into<String>, hint: impl Into<String>) {
        self.faults.add(self.at(), what, hint);
    }

    /// The fault of a token that does not belong here, unless the lexer has noted one.
    fn unexpected(&mut self, expected: &str, hint: impl Into<String>) {
        if *self.kind() != Kind::Faulty {
            let what = format!("{expected} is expected, not {}", described(self.kind()));
            self.fault(what, hint);
        }
    }

    /// Goes on at the next place where a part may begin or end.
    fn recover(&mut self) {
        while !matches!(self.kind(), Kind::End | Kind::Close | Kind::Word(AND | OR)) {
            self.advance();
        }
    }

    fn condition_to_the_end(&mut self) -> Option<Expression> {
        let mut read = self.condition().ok()?;
        while *self.kind() != Kind::End {
            if *self.kind() == Kind::Close {
                self.fault("this ) closes nothing", "remove it, or open it with (");
                self.advance();
            } else if !matches!(self.kind(), Kind::Word(AND | OR)) {
                self.unexpected("and, or or the end", self.hint_between_parts());
                self.recover();
                continue;
            }
            // What follows is read for its faults.
            if matches!(self.kind(), Kind::Word(AND | OR)) {
                self.advance();
                let rest = self.condition().ok()?;
                read = Some(Expression::All(read.into_iter().chain(rest).collect()));
            }
        }
        read
    }

    fn hint_between_parts(&self) -> String {
        if *self.kind() == Kind::Comma {
            return "values in a list: in [\"a\", \"b\"]".to_owned();
        }
        match self.word().and_then(|word| nearest(word, &[AND, OR, FOLD])) {
            Some(near) => format!("did you mean {near}?"),
            None => "join comparisons with and, or".to_owned(),
        }
    }

    fn condition(&mut self) -> Part {
        self.joined(OR, Self::all, Expression::Any)
    }

    fn all(&mut self) -> Part {
        self.joined(AND, Self::part, Expression::All)
    }

    fn joined(
        &mut self,
        word: &str,
        read: impl Fn(&mut Self) -> Part,
        join: impl Fn(Vec<Expression>) -> Expression,
    ) -> Part {
        let mut parts: Vec<Expression> = Vec::new();
        loop {
            parts.extend(read(self)?);
            if !self.takes_word(word) {
                break;
            }
        }
        parts.shrink_to_fit();
        Ok(if parts.len() > 1 { Some(join(parts)) } else { parts.pop() })
    }

    fn part(&mut self) -> Part {
        if *self.kind() == Kind::Open {
            return self.enclosed();
        }
        if self.word() != Some(NOT) {
            return self.comparison();
        }
        self.deeper()?;
        let part = self.part()?;
        self.depth -= 1;
        Ok(part.map(|part| Expression::Not(Box::new(part))))
    }

    fn enclosed(&mut self) -> Part {
        let opened = self.at();
        self.deeper()?;
        let inner = self.condition()?;
        while !matches!(self.kind(), Kind::Close | Kind::End) {
            self.unexpected("and, or or )", self.hint_between_parts());
            self.recover();
            if matches!(self.kind(), Kind::Word(_)) {
                self.advance();
                self.condition()?;
            }
        }
        if !self.takes(&Kind::Close) {
            self.faults.add(opened, "this ( is not closed", "close it with )");
        }
        self.depth -= 1;
        Ok(inner)
    }

    /// Moves behind what nests.
    fn deeper(&mut self) -> Result<(), TooMuch> {
        self.depth += 1;
        if self.depth > limits::DEPTH {
            let hint = format!("at most {} deep", limits::DEPTH);
            self.fault("the condition nests too deep", hint);
            return Err(TooMuch);
        }
        self.advance();
        Ok(())
    }

    fn comparison(&mut self) -> Part {
        self.comparisons += 1;
        if self.comparisons > limits::COMPARISONS {
            let hint = format!("at most {}; split it into rules", limits::COMPARISONS);
            self.fault("the condition has too many comparisons", hint);
            return Err(TooMuch);
        }
        let read = self.well_formed_comparison();
        if read.is_none() {
            self.recover();
        }
        Ok(read.map(Expression::Comparison))
    }

    /// Nothing, and a fault, where it is none.
    fn well_formed_comparison(&mut self) -> Option<Comparison> {
        let place = Place(self.at());
        // An operator is only looked for behind something that was meant as a field.
        let field = self.field()?;
        let operator_place = Place(self.at());
        let operator = self.operator(field.as_ref())?;
        let values = match operator {
            Operator::Exists => Vec::new(),
            Operator::In => self.list()?,
            Operator::Equals
            | Operator::NotEquals
            | Operator::Contains
            | Operator::NotContains
            | Operator::StartsWith
            | Operator::Matches
            | Operator::Order(_) => vec![self.value(operator.name())?],
        };
        let fold = self.takes_word(FOLD);
        Some(Comparison { field: field?, operator, values, fold, place, operator_place })
    }

    /// Outer nothing: no field was meant. Inner nothing: one that there is not; the fault is noted,
    /// and the comparison can be read on.
    fn field(&mut self) -> Option<Option<Field>> {
        let at = self.at();
        let &Kind::Word(word) = self.kind() else {
            self.unexpected("a field", format!("one of: {}", FIELDS.join(", ")));
            return None;
        };
        if matches!(word, AND | OR) {
            self.unexpected("a field", format!("one of: {}", FIELDS.join(", ")));
            return None;
        }
        self.advance();
        let name = if self.takes(&Kind::Dot) { Some(self.name(word)?) } else { None };
        let field = match (word, name) {
            ("contact", Some(name)) => Field::Contact(name),
            ("context", Some(name)) => Field::Context(name),
            ("contact" | "context", None) => {
                let what = format!("{word} needs the name of a field");
                self.faults.add(at, what, format!("write {word}.name or {word}.\"a name\""));
                return Some(None);
            }
            ("message", None) => Field::Message,
            ("language", None) => Field::Language,
            ("reason", None) => Field::Reason,
            ("hour", None) => Field::Hour,
            ("time", None) => Field::Time,
            ("weekday", None) => Field::Weekday,
            (known, Some(_)) if FIELDS.contains(&known) => {
                let hint = "only contact and context have fields";
                self.faults.add(at, format!("{known} has no fields"), hint);
                return Some(None);
            }
            (unknown, _) => {
                let what = format!("there is no field {:?}", shown(unknown));
                self.faults.add(at, what, suggestion(unknown, &FIELDS));
                return Some(None);
            }
        };
        Some(Some(field))
    }

    /// The name behind a dot.
    fn name(&mut self, map: &str) -> Option<String> {
        let text = if let Kind::Text(text) = self.kind() { Some(text.as_str()) } else { None };
        let Some(name) = text.or(self.word()).map(str::to_owned) else {
            let hint = format!("write {}.name or {}.\"a name\"", shown(map), shown(map));
            self.unexpected("the name of a field", hint);
            return None;
        };
        if name.is_empty() || name.len() > limits::FIELD_NAME_BYTES {
            let what = format!("the name of a field has {} bytes", name.len());
            self.fault(what, format!("1 to {}", limits::FIELD_NAME_BYTES));
        }
        self.advance();
        Some(name)
    }

    fn operator(&mut self, field: Option<&Field>) -> Option<Operator> {
        let field = field.map_or("the field".to_owned(), |field| shown(&field.to_string()));
        if self.word() == Some(NOT) {
            self.misplaced_not(&field);
        }
        let operator = self.written_operator();
        if operator.is_some() {
            self.advance();
            return operator;
        }
        let names = Operator::WORDS.map(|(name, _)| name);
        match self.word() {
            Some(AND | OR) => {
                let hint = format!("to ask whether it is there: {field} exists");
                self.unexpected("an operator", hint);
            }
            Some(word) => {
                let what = format!("there is no operator {:?}", shown(word));
                self.fault(what, suggestion(word, &names));
            }
            None => {
                let hint = format!("one of: {}, <, <=, >, >=", names.join(", "));
                self.unexpected("an operator", hint);
            }
        }
        None
    }

    fn written_operator(&self) -> Option<Operator> {
        if let Kind::Order(order) = self.kind() {
            return Some(Operator::Order(*order));
        }
        self.word().and_then(Operator::of_word)
    }

    /// `x not contains y`: a fault, and read on as if it were meant so.
    fn misplaced_not(&mut self, field: &str) {
        let at = self.at();
        self.advance();
        let hint = match self.word() {
            Some("equals") => "write not_equals".to_owned(),
            Some("contains") => "write not_contains".to_owned(),
            _ => format!("write not before the field: not {field} ..."),
        };
        self.faults.add(at, "not stands before a comparison, not in it", hint);
    }

    fn list(&mut self) -> Option<Vec<Literal>> {
        let hint = "write in [\"a\", \"b\"]";
        if !self.takes(&Kind::OpenList) {
            self.unexpected("[", hint);
            return None;
        }
        let mut values = Vec::new();
        loop {
            if values.len() == limits::VALUES {
                let hint = format!("at most {}; split it with or", limits::VALUES);
                self.fault("the list has too many values", hint);
                return None;
            }
            values.push(self.value("in [")?);
            if self.takes(&Kind::CloseList) {
                values.shrink_to_fit();
                return Some(values);
            }
            if !self.takes(&Kind::Comma) {
                self.unexpected(", or ]", hint);
                return None;
            }
        }
    }

    fn value(&mut self, after: &str) -> Option<Literal> {
        let place = Place(self.at());
        let written = match self.kind() {
            Kind::Text(text) => Some(Value::Text(text.clone())),
            Kind::Number(number) => Some(Value::Number(*number)),
            Kind::Word(_)
            | Kind::Order(_)
            | Kind::Open
            | Kind::Close
            | Kind::OpenList
            | Kind::CloseList
            | Kind::Comma
            | Kind::Dot
            | Kind::Faulty
            | Kind::End => None,
        };
        let value = match (written, self.word()) {
            (Some(value), _) => value,
            (None, Some(word)) if !matches!(word, AND | OR | NOT) => {
                let what = format!("{:?} is no value", shown(word));
                self.fault(what, format!("write it in quotes: {}", Quoted(&shown(word))));
                Value::Text(word.to_owned())
            }
            (None, _) => {
                self.unexpected(&format!("a value after {after}"), "write \"text\" or a number");
                return None;
            }
        };
        self.advance();
        Some(Literal { value, place })
    }
}

/// A token as a message names it.
fn described(kind: &Kind<'_>) -> String {
    match kind {
        Kind::Word(word) => shown(word),
        Kind::Text(text) => Quoted(&shown(text)).to_string(),
        Kind::Number(number) => number.to_string(),
        Kind::Order(order) => Operator::Order(*order).name().to_owned(),
        Kind::Open => "(".to_owned(),
        Kind::Close => ")".to_owned(),
        Kind::OpenList => "[".to_owned(),
        Kind::CloseList => "]".to_owned(),
        Kind::Comma => ",".to_owned(),
        Kind::Dot => ".".to_owned(),
        Kind::Faulty => "this".to_owned(),
        Kind::End => "the end".to_owned(),
    }
}
