//! Seeds of the corpora: the golden files of wire, journal and routing, the day of a small center,
//! and the configuration that is shipped.

use relevo::config::default_document;
use relevo::fold::{Fold, Folder};
use relevo_journal::{
    Committer, GROUP_BYTES_MAX, GroupNumber, Log, MemoryLog, Records, Submission, Tail,
};
use relevo_routing::record::SCHEMA_VERSION;
use relevo_routing::tenant::Settings;
use relevo_tests::center::{self, Record};
use relevo_tests::harness::binary::root;
use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

/// Seeds by name.
pub(crate) type Seeds = Vec<(String, Vec<u8>)>;

/// The seeds of a target.
pub(crate) fn of(target: &str) -> Seeds {
    match target {
        "frames" => frames(),
        "lines" => lines(),
        "groups" => groups(),
        "snapshots" => vec![("day".into(), snapshot())],
        "folds" => vec![("day".into(), fold()), ("empty".into(), saved(&empty()))],
        "tenants" => vec![("day".into(), tenant())],
        "records" => records(),
        "rules" => rules(),
        "configuration" => configuration(),
        other => panic!("{other} has no seeds"),
    }
}

/// Words of a target whose input is text, or has a beginning of its own.
pub(crate) fn words(target: &str) -> Option<BTreeSet<String>> {
    let words = match target {
        "lines" => lines().iter().flat_map(|(_, line)| words_of_json(line)).collect(),
        "rules" => rules().iter().flat_map(|(_, text)| words_of_rule(text)).collect(),
        "configuration" => configuration()
            .iter()
            .flat_map(|(_, text)| words_of_toml(&String::from_utf8_lossy(text)))
            .collect(),
        _ => return None,
    };
    Some(words)
}

/// A dictionary of libFuzzer.
pub(crate) fn dictionary(words: &BTreeSet<String>) -> String {
    let byte = |byte: u8| match byte {
        b'"' | b'\\' => format!("\\{}", byte as char),
        b' '..=b'~' => (byte as char).to_string(),
        other => format!("\\x{other:02x}"),
    };
    words
        .iter()
        .map(|word| format!("\"{}\"\n", word.bytes().map(byte).collect::<String>()))
        .collect()
}

fn read(path: &str) -> Vec<u8> {
    fs::read(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// `0x0001 hello 1f00..`, a line each; a name that comes again has the line's number with it.
fn frames() -> Seeds {
    let text = String::from_utf8(read("engine/wire/tests/golden/frames.txt")).unwrap();
    let frames = text.lines().enumerate().map(|(number, line)| {
        let [_, name, digits] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("a golden frame has three parts: {line}")
        };
        let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
        let bytes = (0..digits.len()).step_by(2).map(byte).collect();
        (format!("{number:02}-{name}"), bytes)
    });
    frames.collect()
}

fn lines() -> Seeds {
    let text = String::from_utf8(read("engine/wire/tests/golden/lines.jsonl")).unwrap();
    let names = frames().into_iter().map(|(name, _)| name);
    names.zip(text.lines().map(|line| line.as_bytes().to_vec())).collect()
}

fn records() -> Seeds {
    let folder = root().join("engine/routing/tests/golden/v5");
    let mut seeds = Seeds::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        seeds.push((name, fs::read(path).unwrap()));
    }
    let longest = center::records().into_iter().max_by_key(|record| record.public.len());
    seeds.push(("longest-of-a-day".into(), longest.unwrap().public));
    seeds.sort();
    seeds
}

/// Each operator on each kind of field, and what it is held against.
fn rules() -> Seeds {
    let conditions = [
        "message contains \"invoice\" fold and not contact.f in [\"Lima\", \"Cusco\"]",
        "(context.f equals \"gold\" or context.\"a b\" >= 1000.5) and time >= \"18:30\"",
        "message starts_with \"h\" or message matches \"*a?b*\" or message not_contains \"x\"",
        "language not_equals \"es\" and hour in [8, 9, 10] and hour < 20",
        // Printed, each tab is two signs.
        &format!("message equals \"{}\"", "\t".repeat(100)),
        "weekday equals \"monday\" or reason equals \"planned\" or contact.f exists",
    ];
    let said = |(number, condition): (usize, &str)| {
        (format!("{number}"), format!("{condition}\0My Ínvoice a-b\01000.50").into_bytes())
    };
    conditions.into_iter().enumerate().map(said).collect()
}

fn words_of_rule(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let condition = text.split('\0').next().unwrap_or_default().to_owned();
    condition
        .split([' ', '(', ')', ','])
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The day in groups of five records.
fn day() -> (MemoryLog, Tail) {
    let log = MemoryLog::new();
    let mut committer = Committer::new(log.clone(), Tail::EMPTY, SCHEMA_VERSION, GROUP_BYTES_MAX);
    for group in center::records().chunks(5) {
        committer.push(group.iter().cloned().map(submission));
        committer.commit().unwrap();
    }
    let tail = committer.tail();
    (log, tail)
}

fn submission(Record { public, private }: Record) -> Submission<()> {
    Submission { public, private, urgent: true, payload: () }
}

fn bytes(log: &MemoryLog, groups: usize) -> Vec<u8> {
    let groups = log.read(GroupNumber(1)).unwrap().take(groups);
    groups.flat_map(|group| group.unwrap().1.to_vec()).collect()
}

fn groups() -> Seeds {
    let golden =
        [1, 2].map(|n| read(&format!("engine/journal/tests/golden/format_1_group_{n}.bin")));
    let [first, second] = &golden;
    vec![
        ("golden-both".into(), [&first[..], second].concat()),
        ("golden-first".into(), first.clone()),
        ("golden-second".into(), second.clone()),
        ("day".into(), bytes(&day().0, 3)),
        ("parts".into(), parts()),
    ]
}

/// A record whose parts lie in one group before it, as far as a group of hand-made entries shows it:
/// real parts are 48 KiB each.
fn parts() -> Vec<u8> {
    let entry = |kind: u8, public: &[u8], private: &[u8]| {
        let mut entry = vec![kind];
        for bytes in [public, private] {
            entry.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_le_bytes());
            entry.extend_from_slice(bytes);
        }
        entry
    };
    let frame = |number: u64, entries: &[u8]| {
        let mut group = vec![0; 72];
        let length = u32::try_from(group.len() + entries.len()).unwrap();
        group[0] = 1;
        group[4..8].copy_from_slice(&length.to_le_bytes());
        group[8..16].copy_from_slice(&number.to_le_bytes());
        group[16..24].copy_from_slice(&1_u64.to_le_bytes());
        group.extend_from_slice(entries);
        group
    };
    let place = |index: u32| [&1_u64.to_le_bytes()[..], &index.to_le_bytes()].concat();
    let named = [
        &2_u32.to_le_bytes()[..],
        &12_u64.to_le_bytes(),
        &7_u64.to_le_bytes(),
        &place(0),
        &place(1),
    ];
    let part_entries = [entry(2, b"first ", b""), entry(2, b"second", b"private")].concat();
    // Numbers, chain and checksums are the target's to make right.
    [frame(1, &part_entries), frame(2, &entry(3, &named.concat(), b""))].concat()
}

fn empty() -> Fold {
    Fold::new(Settings::default(), 0)
}

fn saved(fold: &Fold) -> Vec<u8> {
    let mut bytes = Vec::new();
    fold.save(&mut bytes).unwrap();
    bytes
}

/// The day as a snapshot holds it, made by the daemon's own folder.
fn fold() -> Vec<u8> {
    let (log, _) = day();
    let mut items = Records::new(log.read(GroupNumber(1)).unwrap(), Tail::EMPTY);
    let mut out = Vec::new();
    relevo_journal::Fold::fold(
        &mut Folder::new(Settings::default(), Arc::default()),
        None,
        &mut items,
        &mut out,
    )
    .unwrap();
    out
}

fn tenant() -> Vec<u8> {
    let mut fold = empty();
    fold.load(&mut &self::fold()[..]).unwrap();
    let (_, tenant) = fold.tenants.pop_first().unwrap();
    tenant.snapshot()
}

/// A snapshot file as the journal wrote it.
fn snapshot() -> Vec<u8> {
    use relevo_tests::campaign::bit_flip::specimen::{Left, make};
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    make(&journal, Left::Closed);
    let snapshots = fs::read_dir(journal.join("snapshots")).unwrap();
    let newest = snapshots.map(|entry| entry.unwrap().path()).max().unwrap();
    fs::read(newest).unwrap()
}

fn configuration() -> Seeds {
    let uncommented: String = default_document()
        .lines()
        .filter(|line| !line.contains("_file") && !line.starts_with("# file"))
        .map(|line| match line.strip_prefix("# ") {
            Some(example) if example.split(' ').nth(1) == Some("=") => format!("{example}\n"),
            Some(_) => String::new(),
            None => format!("{line}\n"),
        })
        .collect();
    let directory = read("config/directory.example.toml");
    let without_comments: String = String::from_utf8(directory)
        .unwrap()
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| format!("{line}\n"))
        .collect();
    vec![
        ("defaults".into(), uncommented.into_bytes()),
        ("directory".into(), without_comments.into_bytes()),
        ("empty".into(), Vec::new()),
    ]
}

fn words_of_json(line: &[u8]) -> Vec<String> {
    fn collect(value: &serde_json::Value, words: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(fields) => {
                for (name, value) in fields {
                    words.push(format!("\"{name}\":"));
                    collect(value, words);
                }
            }
            serde_json::Value::Array(values) => {
                values.iter().for_each(|value| collect(value, words));
            }
            serde_json::Value::String(text) if text.len() <= 40 => {
                words.push(format!("\"{text}\""));
            }
            serde_json::Value::String(_)
            | serde_json::Value::Null
            | serde_json::Value::Bool(_)
            | serde_json::Value::Number(_) => {}
        }
    }
    let mut words =
        ["null", "true", "false", "[]", "{}", "\\u0000", "\\ud800"].map(str::to_owned).to_vec();
    collect(&serde_json::from_slice(line).unwrap(), &mut words);
    words
}

fn words_of_toml(text: &str) -> Vec<String> {
    let mut words =
        ["'''", "\"\"\"", "[[", "]]", " = { ", "0x", "1e400", "nan"].map(str::to_owned).to_vec();
    for line in text.lines() {
        match line.split_once(" = ") {
            Some((name, value)) => words.extend([format!("{name} = "), value.to_owned()]),
            None => words.push(line.to_owned()),
        }
    }
    words.retain(|word| (1..=64).contains(&word.len()));
    words
}
