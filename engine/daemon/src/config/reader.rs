//! Reads the tables of a TOML text key by key, and notes everything that is wrong on the way.
//!
//! A getter never fails: it notes the problem and answers the default, so that one reading finds
//! every error. The names that were asked for are the names that exist: what is left over is
//! unknown.

use super::problem::Report;
use relevo_routing::rules::nearest;
use std::cell::RefCell;
use std::fmt::Display;
use std::ops::{Range, RangeInclusive};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Located<T> {
    pub(crate) value: T,
    pub(crate) span: Range<usize>,
}

/// An entry of a list that holds both.
pub(crate) enum TextOrTable<'a> {
    Text(Located<String>),
    Table(Section<'a>),
}

/// A table, or the place where one might have been.
pub(crate) struct Section<'a> {
    report: &'a Report<'a>,
    /// As people write it: `[server]`.
    title: String,
    span: Range<usize>,
    table: Option<&'a DeTable<'a>>,
    known: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    /// The whole text.
    pub(crate) fn document(report: &'a Report<'a>, table: &'a DeTable<'a>) -> Self {
        Self::new(report, "the file".into(), 0..0, Some(table))
    }

    fn new(
        report: &'a Report<'a>,
        title: String,
        span: Range<usize>,
        table: Option<&'a DeTable<'a>>,
    ) -> Self {
        Self { report, title, span, table, known: RefCell::default() }
    }

    /// Where the table begins.
    pub(crate) fn span(&self) -> &Range<usize> {
        &self.span
    }

    /// A table below this one.
    pub(crate) fn section(&self, name: &'static str) -> Self {
        let title = match self.title.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(outer) if !outer.starts_with('[') => format!("[{outer}.{name}]"),
            _ => format!("[{name}]"),
        };
        let Some(value) = self.value(name) else {
            return Self::new(self.report, title, self.span.clone(), None);
        };
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.mismatch(name, value, &format!("write a table: {title}"));
        }
        Self::new(self.report, title, value.span(), table)
    }

    /// Every `[[name]]` below this table.
    pub(crate) fn tables(&self, name: &'static str) -> Vec<Self> {
        let title = self.title_of(name);
        let Some(value) = self.value(name) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            self.mismatch(name, value, &format!("write each one as a table of its own: {title}"));
            return Vec::new();
        };
        let tables = array.iter().filter_map(|entry| match entry.get_ref().as_table() {
            Some(table) => Some(Self::new(self.report, title.clone(), entry.span(), Some(table))),
            None => {
                self.mismatch(name, entry, &format!("write each one as a table: {title}"));
                None
            }
        });
        tables.collect()
    }

    /// How one of the tables `name` below this one is called.
    fn title_of(&self, name: &str) -> String {
        match self.title.strip_prefix("[[").and_then(|rest| rest.strip_suffix("]]")) {
            Some(outer) => format!("[[{outer}.{name}]]"),
            None => format!("[[{name}]]"),
        }
    }

    /// A list of texts and tables that may be absent; `shape` is how an entry may look.
    pub(crate) fn texts_or_tables(
        &self,
        name: &'static str,
        shape: &str,
    ) -> Option<Vec<TextOrTable<'a>>> {
        let title = self.title_of(name);
        let value = self.value(name)?;
        let right = format!("write a list of {shape}");
        let Some(array) = value.get_ref().as_array() else {
            self.mismatch(name, value, &right);
            return None;
        };
        let entries = array.iter().filter_map(|entry| {
            if let Some(text) = entry.get_ref().as_str() {
                let (value, span) = (text.to_owned(), entry.span());
                return Some(TextOrTable::Text(Located { value, span }));
            }
            let Some(table) = entry.get_ref().as_table() else {
                self.mismatch(name, entry, &right);
                return None;
            };
            let table = Self::new(self.report, title.clone(), entry.span(), Some(table));
            Some(TextOrTable::Table(table))
        });
        Some(entries.collect())
    }

    /// A whole number; `unit` as in "a whole number of seconds".
    pub(crate) fn number<N>(
        &self,
        name: &'static str,
        default: N,
        range: RangeInclusive<N>,
        unit: &str,
    ) -> N
    where
        N: TryFrom<i128> + PartialOrd + Display + Copy,
    {
        self.optional_number(name, range, unit).map_or(default, |found| found.value)
    }

    /// A whole number that may be absent.
    pub(crate) fn optional_number<N>(
        &self,
        name: &'static str,
        range: RangeInclusive<N>,
        unit: &str,
    ) -> Option<Located<N>>
    where
        N: TryFrom<i128> + PartialOrd + Display + Copy,
    {
        let value = self.value(name)?;
        self.as_number(name, value, &range, unit)
    }

    /// A list of whole numbers; absent: empty.
    pub(crate) fn numbers<N>(
        &self,
        name: &'static str,
        range: RangeInclusive<N>,
        unit: &str,
    ) -> Vec<Located<N>>
    where
        N: TryFrom<i128> + PartialOrd + Display + Copy,
    {
        let Some(value) = self.value(name) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            self.mismatch(name, value, &format!("write a list of {unit}: {name} = [..]"));
            return Vec::new();
        };
        array.iter().filter_map(|entry| self.as_number(name, entry, &range, unit)).collect()
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self, name: &'static str, default: bool) -> bool {
        let Some(value) = self.value(name) else { return default };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.mismatch(name, value, "write true or false");
            default
        })
    }

    /// A text that may be absent.
    pub(crate) fn text(&self, name: &'static str) -> Option<Located<String>> {
        let value = self.value(name)?;
        self.as_text(name, value)
    }

    /// A text that must be there.
    pub(crate) fn required_text(&self, name: &'static str) -> Option<Located<String>> {
        self.require(name, "\"..\"");
        self.text(name)
    }

    pub(crate) fn required_number<N>(
        &self,
        name: &'static str,
        range: RangeInclusive<N>,
        unit: &str,
    ) -> Option<Located<N>>
    where
        N: TryFrom<i128> + PartialOrd + Display + Copy,
    {
        self.require(name, &format!("{} to {}", range.start(), range.end()));
        self.optional_number(name, range, unit)
    }

    /// Whether there is such a key.
    pub(crate) fn has(&self, name: &'static str) -> bool {
        self.value(name).is_some()
    }

    fn require(&self, name: &'static str, value: &str) {
        if self.value(name).is_none() && self.table.is_some() {
            let what = format!("{} has no {name}", self.title);
            self.report.add(&self.span, what, format!("add {name} = {value}"));
        }
    }

    /// A list of texts that may be absent.
    pub(crate) fn texts(&self, name: &'static str) -> Option<Vec<Located<String>>> {
        let value = self.value(name)?;
        let Some(array) = value.get_ref().as_array() else {
            self.mismatch(name, value, &format!("write a list of texts: {name} = [\"..\"]"));
            return None;
        };
        Some(array.iter().filter_map(|entry| self.as_text(name, entry)).collect())
    }

    /// A table of texts that may be absent, in the order of its keys.
    pub(crate) fn pairs(&self, name: &'static str) -> Vec<(String, String)> {
        let pairs = self.located_pairs(name).into_iter();
        pairs.map(|(key, value)| (key.value, value.value)).collect()
    }

    /// The same, with the places.
    pub(crate) fn located_pairs(
        &self,
        name: &'static str,
    ) -> Vec<(Located<String>, Located<String>)> {
        let Some(value) = self.value(name) else { return Vec::new() };
        let Some(table) = value.get_ref().as_table() else {
            self.mismatch(name, value, &format!("write {name} = {{ key = \"..\" }}"));
            return Vec::new();
        };
        let pair = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
            let text: &std::borrow::Cow<'_, str> = key.get_ref();
            let value = self.as_text(text, value)?;
            Some((Located { value: text.to_string(), span: key.span() }, value))
        };
        table.iter().filter_map(pair).collect()
    }

    /// A table of lists of texts that may be absent, in the order of its keys.
    pub(crate) fn lists(&self, name: &'static str) -> Vec<(Located<String>, Vec<Located<String>>)> {
        let Some(value) = self.value(name) else { return Vec::new() };
        let Some(table) = value.get_ref().as_table() else {
            self.mismatch(name, value, &format!("write {name} = {{ key = [\"..\"] }}"));
            return Vec::new();
        };
        let mut lists = Vec::new();
        for (key, value) in table {
            let text: &std::borrow::Cow<'_, str> = key.get_ref();
            let Some(array) = value.get_ref().as_array() else {
                self.mismatch(text, value, "write a list of texts: [\"..\"]");
                continue;
            };
            let list = array.iter().filter_map(|entry| self.as_text(text, entry)).collect();
            lists.push((Located { value: text.to_string(), span: key.span() }, list));
        }
        lists.sort_by(|(one, _), (other, _): &(Located<String>, _)| one.value.cmp(&other.value));
        lists
    }

    /// One of a few words.
    pub(crate) fn choice<T: Copy>(
        &self,
        name: &'static str,
        default: T,
        words: &[(&'static str, T)],
    ) -> T {
        self.optional_choice(name, words).map_or(default, |found| found.value)
    }

    /// One of a few words, or nothing.
    pub(crate) fn optional_choice<T: Copy>(
        &self,
        name: &'static str,
        words: &[(&'static str, T)],
    ) -> Option<Located<T>> {
        let text = self.text(name)?;
        let found = words.iter().find(|(word, _)| *word == text.value);
        if let Some((_, value)) = found {
            return Some(Located { value: *value, span: text.span });
        }
        let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let right = match nearest(&text.value, &names) {
            Some(near) => format!("did you mean \"{near}\"? One of: {}", names.join(", ")),
            None => format!("one of: {}", names.join(", ")),
        };
        self.report.add(&text.span, format!("{name} cannot be {:?}", shown(&text.value)), right);
        None
    }

    /// Notes a problem of a value of this table.
    pub(crate) fn problem(
        &self,
        span: &Range<usize>,
        what: impl Into<String>,
        right: impl Into<String>,
    ) {
        self.report.add(span, what, right);
    }

    /// The place of a line and column inside a text, both from 1, the column in characters; nothing
    /// where the file does not hold the text as it is.
    pub(crate) fn inside(
        &self,
        text: &Located<String>,
        line: usize,
        column: usize,
    ) -> Option<Range<usize>> {
        self.report.inside(text, line, column)
    }

    /// Notes every key that nobody asked for. To be called when the table is read.
    pub(crate) fn finish(self) {
        let Some(table) = self.table else { return };
        let known = self.known.borrow();
        for (key, _) in table {
            let name: &str = key.get_ref();
            if known.contains(&name) {
                continue;
            }
            self.report.add_with(&key.span(), || {
                let right = match nearest(name, &known) {
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("it may have: {}", known.join(", ")),
                };
                (format!("unknown key {:?} in {}", shown(name), self.title), right)
            });
        }
    }

    fn value(&self, name: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        let mut known = self.known.borrow_mut();
        if !known.contains(&name) {
            known.push(name);
        }
        self.table.and_then(|table| table.get(name))
    }

    fn as_number<N>(
        &self,
        name: &str,
        value: &Spanned<DeValue<'_>>,
        range: &RangeInclusive<N>,
        unit: &str,
    ) -> Option<Located<N>>
    where
        N: TryFrom<i128> + PartialOrd + Display + Copy,
    {
        let (least, most) = (range.start(), range.end());
        let right = format!("write {unit} from {least} to {most}");
        let Some(integer) = value.get_ref().as_integer() else {
            self.mismatch(name, value, &right);
            return None;
        };
        let number = i128::from_str_radix(integer.as_str(), integer.radix()).ok();
        let number = number.and_then(|number| N::try_from(number).ok());
        match number.filter(|number| range.contains(number)) {
            Some(number) => Some(Located { value: number, span: value.span() }),
            None => {
                let what = format!("{name} cannot be {}", shown(integer.as_str()));
                self.report.add(&value.span(), what, right);
                None
            }
        }
    }

    fn as_text(&self, name: &str, value: &Spanned<DeValue<'_>>) -> Option<Located<String>> {
        let Some(text) = value.get_ref().as_str() else {
            self.mismatch(name, value, "write a text in quotes");
            return None;
        };
        Some(Located { value: text.to_owned(), span: value.span() })
    }

    fn mismatch(&self, name: &str, value: &Spanned<DeValue<'_>>, right: &str) {
        let kind = value.get_ref().type_str();
        let article = if kind.starts_with(['a', 'i']) { "an" } else { "a" };
        self.report.add(&value.span(), format!("{name} is {article} {kind}"), right);
    }
}

/// Cuts what somebody wrote to a length that fits a message. Of a key nothing is repeated.
pub(crate) fn shown(text: &str) -> String {
    if text.contains(crate::keys::MARK) {
        return format!("{}...", crate::keys::MARK);
    }
    const CHARACTERS_MAX: usize = 64;
    match text.char_indices().nth(CHARACTERS_MAX) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use relevo_routing::rules::nearest;

    #[test]
    fn the_nearest_name_is_near() {
        let names = ["listen", "shards", "grace_seconds"];
        assert_eq!(nearest("lisen", &names), Some("listen"));
        assert_eq!(nearest("shard", &names), Some("shards"));
        assert_eq!(nearest("grace_second", &names), Some("grace_seconds"));
        assert_eq!(nearest("colour", &names), None);
    }
}
