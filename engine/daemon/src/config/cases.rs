//! Cases of routing rules: a file of `[[case]]`, each a hand-off and what must follow from it.

use super::problem::{Problems, Report};
use super::reader::{Located, Section};
use super::{read, read_tables, skills};
use jiff::civil::DateTime;
use relevo_routing::rules::REASONS;
use relevo_wire::directory::Skill;
use relevo_wire::limits;
use relevo_wire::vocabulary::HandOffReason;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

/// A hand-off as a case or a command line writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hand {
    /// Name of the tenant; absent: the only one there is.
    pub(crate) tenant: Option<String>,
    /// Name of the bot; absent: the only one there is.
    pub(crate) bot: Option<String>,
    /// The customer's last message.
    pub(crate) message: Option<String>,
    pub(crate) language: Option<String>,
    /// `id`, `name` and any other field.
    pub(crate) contact: Vec<(String, String)>,
    pub(crate) context: Vec<(String, String)>,
    pub(crate) reason: HandOffReason,
    /// On the clock of the bot's time zone.
    pub(crate) at: DateTime,
}

/// What must follow; at least one is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expected {
    /// The rule that matches; empty: none.
    pub(crate) rule: Option<String>,
    pub(crate) queue: Option<String>,
    /// The priority rule that matches; empty: none.
    pub(crate) priority_rule: Option<String>,
    pub(crate) priority: Option<u16>,
    /// What the ticket must require at first; empty: nothing.
    pub(crate) skills: Option<Vec<Skill>>,
    /// The agent whom the rule prefers; empty: none.
    pub(crate) preferred_agent: Option<String>,
}

/// A case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) hand: Hand,
    pub(crate) expected: Expected,
    /// Its file and line.
    pub(crate) place: String,
}

/// When a hand-off happens that does not say it: a Wednesday at noon.
pub(crate) fn noon() -> DateTime {
    DateTime::constant(2026, 7, 1, 12, 0, 0, 0)
}

/// Reads a file of cases.
///
/// # Errors
/// Every problem, with its place and what would be right.
pub(crate) fn load(file: &Path) -> Result<Vec<Case>, Problems> {
    parse(&read(file)?, file)
}

/// Reads a text as if it stood in `file`.
///
/// # Errors
/// Every problem, with its place and what would be right.
pub(crate) fn parse(text: &str, file: &Path) -> Result<Vec<Case>, Problems> {
    let report = Report::new(file, text);
    let cases = read_tables(text, &report, |document| {
        let place = |table: &Section<'_>| report.place(table.span());
        let (mut names, mut cases) = (BTreeSet::new(), Vec::new());
        for table in document.tables("case") {
            let Some((case, name)) = case(place(&table), table) else { continue };
            if !names.insert(case.name.clone()) {
                let what = format!("a second case {:?}", case.name);
                document.problem(&name, what, "give each a name of its own");
            }
            cases.push(case);
        }
        if cases.is_empty() {
            document.problem(&(0..0), "there is no case", "add a [[case]] with a name");
        }
        cases
    });
    let problems = report.into_problems();
    if problems.is_empty() { Ok(cases) } else { Err(Problems(problems)) }
}

/// A case, and where its name stands.
fn case(place: String, section: Section<'_>) -> Option<(Case, Range<usize>)> {
    let text = |name| section.text(name).map(|text| text.value);
    let name = section.required_text("name");
    let hand = Hand {
        tenant: text("tenant"),
        bot: text("bot"),
        message: text("message"),
        language: text("language"),
        contact: section.pairs("contact"),
        context: section.pairs("context"),
        reason: section.choice("reason", HandOffReason::Requested, &REASONS),
        at: section.text("at").map_or_else(noon, |at| read_moment(&section, &at)),
    };
    let expected = Expected {
        rule: text("rule"),
        queue: text("queue"),
        priority_rule: text("priority_rule"),
        priority: section
            .optional_number("priority", 0..=limits::PRIORITY, "a priority")
            .map(|priority| priority.value),
        skills: section.has("skills").then(|| skills::skills(&section, limits::REQUIREMENTS)),
        preferred_agent: text("preferred_agent"),
    };
    let Expected { rule, queue, priority_rule, priority, skills, preferred_agent } = &expected;
    let texts = [rule, queue, priority_rule, preferred_agent];
    if texts.iter().all(|text| text.is_none()) && priority.is_none() && skills.is_none() {
        let right = "add rule = \"..\" (empty: none matches), queue = \"..\", priority_rule = \"..\", \
                     priority = .., skills = [..] or preferred_agent = \"..\"";
        section.problem(section.span(), "the case expects nothing", right);
    }
    section.finish();
    let Located { value: name, span } = name?;
    Some((Case { name, hand, expected, place }, span))
}

/// How a time is written.
pub(crate) const MOMENT: &str = "write it as 2026-07-01T18:30, on the bot's clock";

/// A date and a time and nothing else: an offset or a zone would be another clock than the bot's.
pub(crate) fn moment(text: &str) -> Option<DateTime> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"-T:".contains(&byte));
    let time = text.split_once('T')?.1;
    let moment: DateTime =
        (is_plain && !time.contains('-')).then(|| text.parse().ok()).flatten()?;
    (moment.year() > 1970).then_some(moment)
}

fn read_moment(section: &Section<'_>, at: &Located<String>) -> DateTime {
    moment(&at.value).unwrap_or_else(|| {
        let what = format!("at cannot be {:?}", super::reader::shown(&at.value));
        section.problem(&at.span, what, MOMENT);
        noon()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_case_has_a_name_of_its_own() {
        let text = "[[case]]\nname = \"a\"\nrule = \"\"\n[[case]]\nname = \"a\"\nrule = \"r\"\n";
        let problems = parse(text, Path::new("c")).unwrap_err();
        let shown: Vec<String> = problems.0.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["c:5:8: a second case \"a\"; give each a name of its own"]);
    }

    #[test]
    fn a_time_is_one_of_the_bots_clock() {
        assert_eq!(moment("2026-07-01T12:00"), Some(noon()));
        assert_eq!(moment("2026-07-01T12:00:00"), Some(noon()));
        for text in [
            "18:30",
            "2026-07-01",
            "2026-07-01T25:00",
            "1969-07-01T12:00",
            "2026-07-01T20:00Z",
            "2026-07-01T20:00+09:00",
            "2026-07-01T20:00-05:00",
            "2026-07-01T20:00[Asia/Tokyo]",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }
}
