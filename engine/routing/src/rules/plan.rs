//! What is looked at, field by field: every different predicate of a set is one atom, numbered, and
//! all atoms of a field are decided in one walk over its text.

use super::decimal::Decimal;
use super::pattern::Pattern;
use super::predicate::{ClockTest, Predicate, TextTest, View};
use super::syntax::{Field, Order};
use aho_corasick::nfa::contiguous::NFA;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::hash_map::Entry;

/// The number of a predicate.
pub(super) type Atom = u32;

/// Everything that a set of conditions asks.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// How many there are.
    pub(super) atoms: usize,
    /// By place in `texts`.
    pub(super) message: Option<usize>,
    pub(super) language: Option<usize>,
    pub(super) contact: FxHashMap<String, usize>,
    pub(super) context: FxHashMap<String, usize>,
    pub(super) texts: Vec<TextPlan>,
    pub(super) clock: Vec<(ClockTest, Atom)>,
    /// Bits of reasons.
    pub(super) reasons: Vec<(u8, Atom)>,
}

/// What is asked of one field.
#[derive(Debug, Default)]
pub(super) struct TextPlan {
    pub(super) exists: Option<Atom>,
    pub(super) numbers: Vec<(Order, Decimal, Atom)>,
    pub(super) plain: Option<ViewPlan>,
    pub(super) folded: Option<ViewPlan>,
}

/// What is asked of one form of a text.
#[derive(Debug, Default)]
pub(super) struct ViewPlan {
    /// What is true of a text that is just this.
    pub(super) whole: FxHashMap<String, Vec<Atom>>,
    pub(super) parts: Option<NFA>,
    /// By the automaton's number of the literal.
    pub(super) literals: Vec<LiteralPlan>,
    pub(super) patterns: Vec<(Pattern, Atom)>,
    /// Patterns without a literal that a text must have.
    pub(super) always: Vec<usize>,
}

/// What follows when a literal is found in a text.
#[derive(Debug, Default)]
pub(super) struct LiteralPlan {
    pub(super) length: usize,
    pub(super) contains: Option<Atom>,
    pub(super) starts_with: Option<Atom>,
    /// These may match.
    pub(super) patterns: Vec<usize>,
}

/// Numbers predicates, equal ones alike.
#[derive(Debug, Default)]
pub(super) struct Planner {
    known: FxHashMap<Predicate, Atom>,
    in_order: Vec<Predicate>,
    fields: FxHashSet<Field>,
    /// Of all different predicates.
    pub(super) literal_bytes: usize,
    /// Patterns among them.
    pub(super) patterns: usize,
}

impl Planner {
    pub(super) fn atom(&mut self, predicate: &Predicate) -> Atom {
        if let Some(atom) = self.known.get(predicate) {
            return *atom;
        }
        let atom = Atom::try_from(self.in_order.len()).expect("limits: below 2^31 comparisons");
        self.literal_bytes += predicate.literal_bytes();
        self.patterns += usize::from(matches!(predicate, Predicate::Text(_, TextTest::Matches(_))));
        if let Some(field) = predicate.optional_field() {
            self.fields.insert(field.clone());
        }
        self.known.insert(predicate.clone(), atom);
        self.in_order.push(predicate.clone());
        atom
    }

    /// Different fields that may be missing.
    pub(super) fn fields(&self) -> usize {
        self.fields.len()
    }

    pub(super) fn finish(self) -> Plan {
        let mut plan = Plan { atoms: self.in_order.len(), ..Plan::default() };
        let mut views: FxHashMap<View, ViewPlanner> = FxHashMap::default();
        let mut views_in_order = Vec::new();
        for (atom, predicate) in (0..).zip(self.in_order) {
            match predicate {
                Predicate::Exists(field) => {
                    let text = plan.text(&field);
                    plan.texts[text].exists = Some(atom);
                }
                Predicate::Number(field, order, number) => {
                    let text = plan.text(&field);
                    plan.texts[text].numbers.push((order, number, atom));
                }
                Predicate::Text(view, test) => {
                    let planner = match views.entry(view) {
                        Entry::Occupied(found) => found.into_mut(),
                        Entry::Vacant(free) => {
                            views_in_order.push(free.key().clone());
                            free.insert(ViewPlanner::default())
                        }
                    };
                    planner.add(test, atom);
                }
                Predicate::Clock(test) => plan.clock.push((test, atom)),
                Predicate::Reasons(bits) => plan.reasons.push((bits, atom)),
            }
        }
        for view in views_in_order {
            let planned = views.remove(&view).map(ViewPlanner::finish);
            let text = plan.text(&view.field);
            let text = &mut plan.texts[text];
            *(if view.is_folded { &mut text.folded } else { &mut text.plain }) = planned;
        }
        plan
    }
}

impl Plan {
    /// The place of a field's text.
    fn text(&mut self, field: &Field) -> usize {
        let new = self.texts.len();
        let place = match field {
            Field::Message => *self.message.get_or_insert(new),
            Field::Language => *self.language.get_or_insert(new),
            Field::Contact(name) => *self.contact.entry(name.clone()).or_insert(new),
            Field::Context(name) => *self.context.entry(name.clone()).or_insert(new),
            Field::Reason | Field::Hour | Field::Time | Field::Weekday => {
                unreachable!("these are no texts: the check makes other predicates of them")
            }
        };
        if place == new {
            self.texts.push(TextPlan::default());
        }
        place
    }
}

#[derive(Debug, Default)]
struct ViewPlanner {
    view: ViewPlan,
    known: FxHashMap<String, usize>,
    texts: Vec<String>,
}

impl ViewPlanner {
    fn add(&mut self, test: TextTest, atom: Atom) {
        match test {
            TextTest::IsOneOf(literals) => {
                for literal in literals {
                    self.view.whole.entry(literal).or_default().push(atom);
                }
            }
            TextTest::Contains(literal) => self.literal(&literal).contains = Some(atom),
            TextTest::StartsWith(literal) => self.literal(&literal).starts_with = Some(atom),
            TextTest::Matches(pieces) => {
                let pattern = self.view.patterns.len();
                self.view.patterns.push((Pattern::new(&pieces), atom));
                match Pattern::needed(&pieces) {
                    Some(literal) => self.literal(literal).patterns.push(pattern),
                    None => self.view.always.push(pattern),
                }
            }
        }
    }

    fn literal(&mut self, text: &str) -> &mut LiteralPlan {
        let place = match self.known.get(text) {
            Some(place) => *place,
            None => {
                let place = self.texts.len();
                self.known.insert(text.to_owned(), place);
                self.texts.push(text.to_owned());
                let literal = LiteralPlan { length: text.len(), ..LiteralPlan::default() };
                self.view.literals.push(literal);
                place
            }
        };
        &mut self.view.literals[place]
    }

    fn finish(mut self) -> ViewPlan {
        if !self.texts.is_empty() {
            let automaton = NFA::new(&self.texts);
            self.view.parts = Some(automaton.expect("limits: far fewer states than it can number"));
        }
        self.view
    }
}
