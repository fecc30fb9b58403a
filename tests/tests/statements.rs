//! The table of statements (`statements.md`): each has a test that is there and runs, or says why not.

use relevo_tests::harness::binary;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// Why a statement may be without a test.
const REASONS: [&str; 2] = ["not built: ", "not tested: "];

/// One row of the table.
struct Statement {
    /// Its line in the table, from 1.
    line: usize,
    words: String,
    /// `path/of/file.rs::name`; none where a reason stands.
    tests: Vec<String>,
    /// Empty where tests stand.
    reason: String,
}

/// The statements by section, in the order of the table, and what is wrong with its form.
fn table() -> (Vec<(String, Vec<Statement>)>, Vec<String>) {
    let path = binary::root().join("tests/tests/statements.md");
    let text = fs::read_to_string(path).expect("the table can be read");
    let mut sections: Vec<(String, Vec<Statement>)> = Vec::new();
    let mut wrong = Vec::new();
    for (line, row) in text.lines().enumerate().map(|(at, row)| (at + 1, row)) {
        if let Some(title) = row.strip_prefix("## ") {
            sections.push((title.to_owned(), Vec::new()));
            continue;
        }
        if !row.starts_with('|') || row.starts_with("|---") || row.starts_with("| statement |") {
            continue;
        }
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let (Some((_, statements)), [words, proof]) = (sections.last_mut(), &cells[..]) else {
            wrong.push(format!("line {line}: two columns below a section are expected"));
            continue;
        };
        let is_reason = REASONS.iter().any(|reason| proof.starts_with(reason));
        let tests = if is_reason { Vec::new() } else { proof.split(", ").collect() };
        let (names, odd): (Vec<&str>, Vec<&str>) = tests.into_iter().partition(|test| {
            test.len() > 2 && test.starts_with('`') && test.ends_with('`') && test.contains("::")
        });
        if !odd.is_empty() {
            wrong.push(format!("line {line}: neither a test nor a reason: {odd:?}"));
        }
        statements.push(Statement {
            line,
            words: (*words).to_owned(),
            tests: names.iter().map(|name| name.trim_matches('`').to_owned()).collect(),
            reason: if is_reason { (*proof).to_owned() } else { String::new() },
        });
    }
    (sections, wrong)
}

/// Whether a source has a test of this name that runs.
fn has_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let declared = lines.iter().position(|line| {
        let line = line.strip_prefix("async ").unwrap_or(line);
        line.strip_prefix("fn ").is_some_and(|rest| rest.starts_with(&format!("{name}(")))
    });
    let Some(declared) = declared else { return false };
    let above = lines[..declared].iter().rev();
    let attributes: Vec<&&str> = above.take_while(|line| line.starts_with("#[")).collect();
    let is_test = |line: &str| line == "#[test]" || line.starts_with("#[tokio::test");
    attributes.iter().any(|line| is_test(line))
        && !attributes.iter().any(|line| line.starts_with("#[ig"))
}

#[test]
fn every_statement_has_a_test_that_runs_or_says_why_not() {
    let (sections, mut wrong) = table();
    let mut sources: BTreeMap<String, Option<String>> = BTreeMap::new();
    for statement in sections.iter().flat_map(|(_, statements)| statements) {
        for test in &statement.tests {
            let (path, name) = test.split_once("::").expect("the table was read so");
            let source = sources
                .entry(path.to_owned())
                .or_insert_with(|| fs::read_to_string(binary::root().join(path)).ok());
            let is_there = source.as_ref().is_some_and(|source| has_test(source, name));
            if !is_there {
                wrong.push(format!("line {}: there is no test {test}", statement.line));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn sections_are_in_order_and_no_statement_stands_twice() {
    let (sections, _) = table();
    let numbers: Vec<u32> = sections
        .iter()
        .map(|(title, _)| title.split('.').next().and_then(|number| number.parse().ok()))
        .map(|number| number.expect("a section has a number"))
        .collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
    let mut seen = BTreeSet::new();
    let statements = sections.iter().flat_map(|(_, statements)| statements);
    let twice: Vec<&str> = statements
        .map(|statement| statement.words.as_str())
        .filter(|words| words.is_empty() || !seen.insert(words.to_lowercase()))
        .collect();
    assert_eq!(twice, [""; 0]);
}

#[test]
fn the_table_says_how_much_is_proved() {
    let (sections, _) = table();
    let (mut proved, mut all) = (0, 0);
    let mut reasons: BTreeMap<&str, u32> = BTreeMap::new();
    for (title, statements) in &sections {
        let without = statements.iter().filter(|statement| statement.tests.is_empty()).count();
        let (here, with) = (statements.len(), statements.len() - without);
        println!("{title}: {with} of {here} proved");
        (proved, all) = (proved + with, all + here);
        for statement in statements.iter().filter(|statement| statement.tests.is_empty()) {
            *reasons.entry(&statement.reason).or_default() += 1;
        }
    }
    println!("{proved} of {all} statements proved, {} not:", all - proved);
    for (reason, times) in reasons {
        println!("  {times} {reason}");
    }
    assert!(proved > 100, "the table was not found: {proved} of {all}");
}

#[test]
fn a_test_is_one_that_is_marked_and_not_left_out() {
    let left_out = ["#[ig", "nore]"].concat();
    let source = format!(
        "fn helper() {{}}\n#[test]\nfn good() {{}}\n#[tokio::test]\nasync fn also() {{}}\n\
         #[test]\n{left_out}\nfn not_run() {{}}\n    #[test]\n    fn of_many(\n"
    );
    let found = ["good", "also", "of_many", "helper", "not_run", "goo", "missing"];
    let found = found.map(|name| has_test(&source, name));
    assert_eq!(found, [true, true, true, false, false, false, false]);
}
