//! Rules held against a hand-off: microseconds, beside writing the same texts once in lower case.

use super::Turns;
use crate::report::{Required, Row, figure};
use crate::statistics::Spread;
use anyhow::{Result, anyhow, ensure};
use hdrhistogram::Histogram;
use relevo_routing::rules::{Conditions, Facts, Moment, Weekday, limits};
use relevo_wire::vocabulary::HandOffReason;
use std::hint::black_box;
use std::time::Instant;

/// Rules of each set.
const RULES: usize = 1_000;
/// What a thousand rules may cost a hand-off that is like most, in microseconds.
const TYPICAL_US: f64 = 20.0;
/// Hand-offs between two looks at the clock that ends a run.
const ROUND: usize = 64;

/// A set of rules and a hand-off that none of them matches: all are tried.
struct Case {
    name: &'static str,
    required: Required,
    conditions: Vec<String>,
    message: String,
    contact: Vec<(String, String)>,
    context: Vec<(String, String)>,
}

impl Case {
    fn facts(&self) -> Result<Facts<'_>> {
        let moment = Moment::new(Weekday::Thursday, 10, 15);
        Ok(Facts {
            message: Some(&self.message),
            language: Some("es"),
            contact: &self.contact,
            context: &self.context,
            reason: HandOffReason::Planned,
            moment: moment.ok_or_else(|| anyhow!("10:15 is a time"))?,
        })
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        let entries = self.contact.iter().chain(&self.context);
        entries.map(|(_, value)| value.as_str()).chain([self.message.as_str()])
    }
}

/// One row a case.
///
/// # Errors
/// A set does not compile, or a rule matches.
pub fn rows(turns: Turns) -> Result<Vec<Row>> {
    [typical(), worst()].into_iter().map(|case| row(&case, turns)).collect()
}

fn row(case: &Case, turns: Turns) -> Result<Row> {
    let rules = compiled(case)?;
    let facts = case.facts()?;
    ensure!(rules.first(&facts, None).is_none(), "a rule matches: not all are tried");
    let mut lower = String::new();
    let (mut raw, mut p50, mut p99) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..turns.pairs {
        let plain = nanoseconds(turns, || {
            for text in case.texts() {
                lower.clear();
                lower.push_str(black_box(text));
                lower.make_ascii_lowercase();
                black_box(&lower);
            }
        })?;
        let evaluated = nanoseconds(turns, || {
            black_box(rules.first(black_box(&facts), None));
        })?;
        raw.push(plain.value_at_quantile(0.5) as f64 / 1e3);
        p50.push(evaluated.value_at_quantile(0.5) as f64 / 1e3);
        p99.push(evaluated.value_at_quantile(0.99) as f64 / 1e3);
    }
    let p99 = Spread::of(&p99).map_or_else(String::new, |spread| figure(spread.median));
    Ok(Row::beside(format!("rules: {}", case.name), "µs p50", &p50, "lower case", &raw)
        .judged(case.required, turns.claim, None)
        .note("p99 of a hand-off, µs", p99)
        .note("rules, bytes of the hand-off", {
            let bytes: usize = case.texts().map(str::len).sum();
            format!("{}, {bytes}", rules.len())
        }))
}

fn compiled(case: &Case) -> Result<Conditions> {
    let names: Vec<String> = (0..case.conditions.len()).map(|at| format!("rule {at}")).collect();
    let named = names.iter().map(String::as_str).zip(case.conditions.iter().map(String::as_str));
    Conditions::compile(named).map_err(|problems| anyhow!("{problems}"))
}

/// Each call by itself, for the time of a turn.
fn nanoseconds(turns: Turns, mut call: impl FnMut()) -> Result<Histogram<u64>> {
    let mut times = Histogram::new_with_bounds(1, 60_000_000_000, 3)?;
    let began = Instant::now();
    // Nothing here waits: a fifth of the others' time settles it.
    while began.elapsed() < turns.each / 5 {
        for _ in 0..ROUND {
            let call_began = Instant::now();
            call();
            times.saturating_record(u64::try_from(call_began.elapsed().as_nanos())?);
        }
    }
    Ok(times)
}

fn entries(count: usize, name: &str, value: impl Fn(usize) -> String) -> Vec<(String, String)> {
    (0..count).map(|at| (format!("{name}{at}"), value(at))).collect()
}

/// What a large bot has: words in the message, a city, a tier, amounts, hours.
fn typical() -> Case {
    let condition = |at: usize| match at % 5 {
        0 => format!("message contains \"producto {at}\" fold or message contains \"código {at}\""),
        1 => format!("contact.f{} in [\"Lima {at}\", \"Cusco {at}\"] and hour >= 8", at % 6),
        2 => format!("context.k{} equals \"plan {at}\" and not weekday equals \"sunday\"", at % 8),
        3 => format!("context.k{} > {} and message not_contains \"{at}\"", at % 8, 1_000_000 + at),
        _ => format!("message starts_with \"quiero {at}\" and language equals \"es\""),
    };
    let message = "Buenos días, quiero saber por qué mi última factura llegó con un cargo que no \
                   reconozco; ya llamé dos veces y nadie me dio una solución. ¿Pueden revisarlo hoy \
                   mismo, por favor? Gracias.";
    Case {
        name: "1,000 over a typical hand-off",
        required: Required::AtMost(TYPICAL_US),
        conditions: (0..RULES).map(condition).collect(),
        message: message.to_owned(),
        contact: entries(6, "f", |at| format!("valor número {at}")),
        context: entries(8, "k", |at| format!("{}", 1_000 * at)),
    }
}

/// Whatever costs most within the limits: texts that are cut, none of them ASCII, literals inside
/// literals, as many patterns as may be, each of which must be tried to the end.
fn worst() -> Case {
    let condition = |at: usize| match at {
        at if at < limits::PATTERNS => {
            let pattern = format!("*a?{}*b{at}", "a".repeat(at % 48));
            format!("message matches \"{pattern}\" fold")
        }
        at if at < 2 * limits::PATTERNS => {
            let text = "a".repeat(at % limits::LITERAL_BYTES + 1);
            format!("message contains \"{text}\" fold and message contains \"é{at}\"")
        }
        at => {
            let field = at % 100;
            let text = "a".repeat(at % limits::LITERAL_BYTES + 1);
            format!(
                "context.k{field} contains \"{text}\" and context.k{field} contains \"é{at}\" fold"
            )
        }
    };
    Case {
        name: "1,000 at their worst",
        required: Required::Nothing,
        conditions: (0..RULES).map(condition).collect(),
        message: format!("É{}", "Áa".repeat(limits::MESSAGE_BYTES)),
        contact: Vec::new(),
        context: entries(100, "k", |_| format!("É{}", "a".repeat(limits::FIELD_BYTES))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_every_case_is_tried() {
        for case in [typical(), worst()] {
            let rules = compiled(&case).unwrap();
            let explanation = rules.explain(&case.facts().unwrap(), None);
            assert_eq!(explanation.tried.len(), RULES, "{}", case.name);
        }
    }
}
