use super::*;
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::parser;
use std::collections::BTreeSet;

/// Names of variables in a pattern, also those in the branches of a choice.
fn variables(pattern: &Pattern<&str>, found: &mut BTreeSet<String>) {
    let mut inline = |expression: &InlineExpression<&str>| {
        let InlineExpression::VariableReference { id } = expression else {
            panic!("nothing else has its place in these texts: {expression:?}")
        };
        found.insert(id.name.to_owned());
    };
    let mut branches = Vec::new();
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { .. } => {}
            PatternElement::Placeable { expression: Expression::Inline(expression) } => {
                inline(expression);
            }
            PatternElement::Placeable { expression: Expression::Select { selector, variants } } => {
                inline(selector);
                branches.extend(variants.iter().map(|variant| &variant.value));
            }
        }
    }
    for branch in branches {
        variables(branch, found);
    }
}

#[test]
fn every_language_has_every_text_with_its_variables_and_no_other() {
    for language in Language::ALL {
        let resource = parser::parse(resource(language)).expect("a resource without faults");
        let mut names = Vec::new();
        for entry in &resource.body {
            if matches!(entry, Entry::Comment(_)) {
                continue;
            }
            let Entry::Message(message) = entry else { panic!("{language:?}: {entry:?}") };
            let name = message.id.name;
            let text = Text::named(name).unwrap_or_else(|| panic!("{name} is no text"));
            let mut found = BTreeSet::new();
            variables(message.value.as_ref().expect("a message says something"), &mut found);
            let known = text.variables().iter().map(ToString::to_string).collect();
            assert_eq!(found, known, "{language:?} {name}");
            assert!(message.attributes.is_empty(), "{language:?} {name}");
            names.push(name);
        }
        assert_eq!(names, Text::ALL.map(Text::name), "{language:?}: each once, in one order");
    }
}

fn value(variable: &str) -> &'static str {
    match variable {
        "agent" => "Ana",
        "colleague" => "Bruno",
        other => panic!("{other} has no value here"),
    }
}

#[test]
fn every_text_is_told_in_every_language() {
    let mut all = BTreeSet::new();
    for (language, text) in Language::ALL.into_iter().flat_map(|l| Text::ALL.map(|text| (l, text)))
    {
        let values: Vec<_> = text.variables().iter().map(|name| (*name, value(name))).collect();
        let told = told([], language, text, &values);
        for (_, value) in &values {
            assert!(told.contains(value), "{told}");
        }
        assert!(!told.contains(['{', '}', '$', '\u{2068}', '\n']), "{told}");
        assert!(told.len() > 20 && told.len() < relevo_wire::limits::TEXT_BYTES, "{told}");
        if values.is_empty() {
            assert_eq!(told, shipped(language, text));
        }
        assert!(all.insert(told), "{language:?} {text:?} is said elsewhere");
    }
}

/// Blip Desk's own words, and those that this daemon has had from its beginning.
#[test]
fn the_english_defaults_are_those_of_the_trade() {
    for (text, words) in [
        (Text::Online, "Let's send you to an available agent"),
        (
            Text::Offline,
            "There are no agents available at this time. When one becomes available, we'll connect you.",
        ),
        (Text::Inactive, "Are you still there? Without an answer we will end this conversation."),
        (Text::Full, "All our agents are busy at the moment. Please try again later."),
        (
            Text::Closed,
            "We are closed at the moment. Please write to us again during our opening hours.",
        ),
    ] {
        assert_eq!(shipped(Language::En, text), words);
    }
}

#[test]
fn own_texts_go_before_the_shipped_ones() {
    let queue = Texts::default()
        .with(Text::Online, "hi")
        .with_in(Language::Es, Text::Online, "hola")
        .with_in(Language::Es, Text::Full, "luego");
    let hand_off = Texts::default().with(Text::Online, "here").with(Text::Offline, "");
    let said = |language, text| told([&hand_off, &queue], language, text, &[]);
    assert_eq!(said(Language::Es, Text::Online), "here", "for every language, of the hand-off");
    assert_eq!(said(Language::Es, Text::Offline), "", "nothing to be said");
    assert_eq!(said(Language::Es, Text::Full), "luego");
    assert_eq!(said(Language::PtBr, Text::Full), shipped(Language::PtBr, Text::Full));
    assert_eq!(told([&queue], Language::Es, Text::Online, &[]), "hola");
    assert_eq!(told([&queue], Language::PtBr, Text::Online, &[]), "hi");
}

#[test]
fn own_words_have_values_in_the_places_that_they_name() {
    let told = |words: &str, agent, colleague| {
        let texts = Texts::default().with(Text::AbsentColleague, words);
        let values = [("agent", agent), ("colleague", colleague)];
        told([&texts], Language::En, Text::AbsentColleague, &values)
    };
    assert_eq!(told("{colleague} for {agent}: {agent}!", "Ana", "Bo"), "Bo for Ana: Ana!");
    assert_eq!(told("{agent}", "{colleague}", "Bo"), "{colleague}", "a name is no variable");
    assert_eq!(told("{ {agent} } {x} {agent", "Ana", "Bo"), "{ Ana } {x} {agent");
    let texts = Texts::default().with(Text::Online, "{customer}, hi {");
    assert_eq!(super::told([&texts], Language::En, Text::Online, &[]), "{customer}, hi {");
}
