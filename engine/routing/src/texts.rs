//! What customers are told, in their language.
//!
//! ```text
//! texts/en.ftl, es.ftl, pt-BR.ftl ──► shipped, made once
//! hand-off's own text, queue's own text, shipped one: the first that there is
//! ```
//!
//! A text without variables is one look-up in a table; the few with variables are put together by Fluent.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use relevo_wire::vocabulary::{Language, Text, Texts};
use std::sync::LazyLock;
use unic_langid::LanguageIdentifier;

/// What a customer is told who understands this language: the first of their own texts that there is,
/// else the shipped one. `values` are those of [`Text::variables`].
#[must_use]
pub fn told<'t>(
    own: impl IntoIterator<Item = &'t Texts>,
    language: Language,
    text: Text,
    values: &[(&'static str, &str)],
) -> String {
    debug_assert!(
        text.variables().iter().copied().eq(values.iter().map(|(name, _)| *name)),
        "{text:?} has other variables"
    );
    match own.into_iter().find_map(|texts| texts.said(language, text)) {
        Some(words) => filled(words, values),
        None if values.is_empty() => shipped(language, text).to_owned(),
        None => SHIPPED[language as usize].put_together(text, values),
    }
}

/// The text that is shipped in a language; of one with variables nothing.
#[must_use]
pub fn shipped(language: Language, text: Text) -> &'static str {
    &SHIPPED[language as usize].plain[text as usize]
}

/// Own words with values in the places that they name.
fn filled(words: &str, values: &[(&'static str, &str)]) -> String {
    let mut told = String::with_capacity(words.len());
    let mut rest = words;
    // Each value once and in its place: a name that looks like a variable is none.
    while let Some((before, after)) = rest.split_once('{').filter(|_| !values.is_empty()) {
        told.push_str(before);
        let named = after.split_once('}').and_then(|(name, rest)| {
            let (_, value) = values.iter().find(|(variable, _)| *variable == name)?;
            Some((value, rest))
        });
        rest = match named {
            Some((value, rest)) => {
                told.push_str(value);
                rest
            }
            None => {
                told.push('{');
                after
            }
        };
    }
    told.push_str(rest);
    told
}

/// What is shipped in a language.
struct Shipped {
    /// By number of the text; empty for one with variables.
    plain: [String; Text::ALL.len()],
    bundle: FluentBundle<FluentResource>,
}

static SHIPPED: LazyLock<[Shipped; Language::ALL.len()]> =
    LazyLock::new(|| Language::ALL.map(Shipped::of));

fn resource(language: Language) -> &'static str {
    match language {
        Language::En => include_str!("../texts/en.ftl"),
        Language::Es => include_str!("../texts/es.ftl"),
        Language::PtBr => include_str!("../texts/pt-BR.ftl"),
    }
}

impl Shipped {
    fn of(language: Language) -> Self {
        let tag: LanguageIdentifier = language.tag().parse().expect("our own tags are tags");
        let resource = FluentResource::try_new(resource(language).to_owned());
        let resource = resource.expect("a test reads each of our own resources");
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        // Marks around names would show in channels that know nothing of them.
        bundle.set_use_isolating(false);
        bundle.add_resource(resource).expect("a test looks for names that stand there twice");
        let plain = [const { String::new() }; Text::ALL.len()];
        let mut shipped = Self { plain, bundle };
        for text in Text::ALL.into_iter().filter(|text| text.variables().is_empty()) {
            shipped.plain[text as usize] = shipped.put_together(text, &[]);
        }
        shipped
    }

    fn put_together(&self, text: Text, values: &[(&'static str, &str)]) -> String {
        let message = self.bundle.get_message(text.name()).and_then(|message| message.value());
        let pattern = message.expect("a test looks for every text in every language");
        let mut arguments = FluentArgs::with_capacity(values.len());
        for (name, value) in values {
            arguments.set(*name, FluentValue::from(*value));
        }
        let mut errors = Vec::new();
        let told = self.bundle.format_pattern(pattern, Some(&arguments), &mut errors).into_owned();
        debug_assert!(errors.is_empty(), "{text:?}: {errors:?}");
        told
    }
}

#[cfg(test)]
mod tests;
