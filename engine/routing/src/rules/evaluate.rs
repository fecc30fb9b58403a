//! The truth of every atom for one hand-off.
//!
//! Steps are bounded by the limits, whoever wrote rules and hand-off: one walk over each field that
//! some rule looks at; at each byte as many finds as there are literals of different lengths that end
//! there; each pattern once, a step for each character.

use super::check::REASONS;
use super::decimal::Decimal;
use super::facts::{Facts, Moment, Weekday};
use super::limits;
use super::plan::{Atom, Plan, TextPlan, ViewPlan};
use super::predicate::ClockTest;
use super::text;
use aho_corasick::Anchored;
use aho_corasick::automaton::Automaton;
use aho_corasick::nfa::contiguous::NFA;
use smallvec::{SmallVec, smallvec};

/// A bit for each atom.
#[derive(Debug)]
pub(super) struct Truths(SmallVec<[u64; 64]>);

impl Truths {
    fn new(atoms: usize) -> Self {
        Self(smallvec![0; atoms.div_ceil(64)])
    }

    pub(super) fn holds(&self, atom: Atom) -> bool {
        self.0[(atom / 64) as usize] & 1 << (atom % 64) != 0
    }

    fn set(&mut self, atom: Atom) {
        self.0[(atom / 64) as usize] |= 1 << (atom % 64);
    }
}

/// Texts in the forms in which they are compared; the room is used again for each field.
#[derive(Default)]
struct Room {
    plain: String,
    folded: String,
}

/// Looks at every field that the plan asks for, once.
pub(super) fn truths(plan: &Plan, facts: &Facts<'_>) -> Truths {
    let mut truths = Truths::new(plan.atoms);
    for (test, atom) in &plan.clock {
        if holds_now(test, facts.moment) {
            truths.set(*atom);
        }
    }
    let reason = REASONS.iter().position(|(_, reason)| *reason == facts.reason);
    for (bits, atom) in &plan.reasons {
        if reason.is_some_and(|at| bits & 1 << at != 0) {
            truths.set(*atom);
        }
    }
    let mut room = Room::default();
    for (text_plan, value) in plan.texts.iter().zip(values(plan, facts)) {
        if let Some(text) = value {
            look_at(text_plan, text, &mut room, &mut truths);
        }
    }
    truths
}

/// The texts that the plan asks for, in its order, as far as they are looked at.
fn values<'a>(plan: &Plan, facts: &Facts<'a>) -> SmallVec<[Option<&'a str>; 32]> {
    let mut values: SmallVec<[Option<&str>; 32]> = smallvec![None; plan.texts.len()];
    if let Some(place) = plan.message {
        values[place] = facts.message.map(|text| text::cut(text, limits::MESSAGE_BYTES));
    }
    if let Some(place) = plan.language {
        values[place] = facts.language.map(|text| text::cut(text, limits::FIELD_BYTES));
    }
    for (places, entries) in [(&plan.contact, facts.contact), (&plan.context, facts.context)] {
        if places.is_empty() {
            continue;
        }
        let entries = (0..limits::ENTRIES).map_while(|index| entries.at(index));
        for (name, text) in entries {
            if let Some(place) = places.get(name) {
                values[*place].get_or_insert(text::cut(text, limits::FIELD_BYTES));
            }
        }
    }
    values
}

/// The number that a text is, if it is one; space around it does not count.
pub(super) fn number(text: &str) -> Option<Decimal> {
    Decimal::parse(text.trim())
}

fn look_at(plan: &TextPlan, text: &str, room: &mut Room, truths: &mut Truths) {
    if let Some(atom) = plan.exists {
        truths.set(atom);
    }
    if !plan.numbers.is_empty()
        && let Some(number) = number(text)
    {
        for (order, limit, atom) in &plan.numbers {
            if order.holds(number, *limit) {
                truths.set(*atom);
            }
        }
    }
    if plan.plain.is_none() && plan.folded.is_none() {
        return;
    }
    text::write_plain(text, &mut room.plain);
    if let Some(view) = &plan.plain {
        look_at_view(view, &room.plain, truths);
    }
    if let Some(view) = &plan.folded {
        text::write_folded(&room.plain, &mut room.folded);
        look_at_view(view, &room.folded, truths);
    }
}

fn look_at_view(view: &ViewPlan, text: &str, truths: &mut Truths) {
    for atom in view.whole.get(text).into_iter().flatten() {
        truths.set(*atom);
    }
    let try_pattern = |pattern: usize, truths: &mut Truths| {
        let (pattern, atom) = &view.patterns[pattern];
        if pattern.matches(text) {
            truths.set(*atom);
        }
    };
    for pattern in &view.always {
        try_pattern(*pattern, truths);
    }
    let Some(automaton) = &view.parts else { return };
    let mut found = Truths::new(view.literals.len());
    for_each_find(automaton, text, |number, end| {
        if found.holds(number) {
            return;
        }
        // A literal that the text starts with is found there first.
        found.set(number);
        let literal = &view.literals[number as usize];
        if let Some(atom) = literal.contains {
            truths.set(atom);
        }
        if let Some(atom) = literal.starts_with.filter(|_| end == literal.length) {
            truths.set(atom);
        }
        for pattern in &literal.patterns {
            try_pattern(*pattern, truths);
        }
    });
}

/// Calls `each` with every literal that stands somewhere in the text, and where it ends.
fn for_each_find(automaton: &NFA, text: &str, mut each: impl FnMut(u32, usize)) {
    let Ok(mut state) = automaton.start_state(Anchored::No) else {
        unreachable!("the automaton is built for searches that are not anchored")
    };
    for (at, byte) in text.bytes().enumerate() {
        state = automaton.next_state(Anchored::No, state, byte);
        if automaton.is_special(state) && automaton.is_match(state) {
            for index in 0..automaton.match_len(state) {
                each(automaton.match_pattern(state, index).as_u32(), at + 1);
            }
        }
    }
}

fn holds_now(test: &ClockTest, moment: Moment) -> bool {
    match test {
        ClockTest::Hours(bits) => bits & 1 << moment.hour() != 0,
        ClockTest::Weekdays(bits) => {
            let day = Weekday::ALL.iter().position(|day| *day == moment.weekday());
            day.is_some_and(|day| bits & 1 << day != 0)
        }
        ClockTest::Time(order, limit) => order.holds(moment.minute_of_day(), *limit),
        ClockTest::TimeIsOneOf(minutes) => minutes.binary_search(&moment.minute_of_day()).is_ok(),
    }
}
