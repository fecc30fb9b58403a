//! Style as a test: what a compiler does not check and a reader should not have to.

use relevo::config::Config;
use relevo_tests::harness::binary;
use relevo_tests::harness::daemon::run;
use std::fs;
use std::path::{Path, PathBuf};

/// Most lines of a file.
const LINES: usize = 500;

/// What the core may not call or name: no tokio, sockets, files, clock, randomness, locks.
const BANNED_IN_THE_CORE: [&str; 13] = [
    "tokio",
    "async fn",
    "std::fs",
    "std::net",
    "std::io",
    "std::time",
    "Instant",
    "SystemTime",
    "rand::",
    "Mutex",
    "RwLock",
    "thread::spawn",
    "std::env",
];

fn folder_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the repository can be read") {
        let path = entry.expect("the repository can be read").path();
        let name = path.file_name().expect("an entry has a name").to_string_lossy().into_owned();
        let is_made = name == "target" || name == ".git" || name == "relevo-data";
        if path.is_dir() && !is_made {
            folder_files(&path, found);
        } else if path.is_file() {
            found.push(path);
        }
    }
}

/// Files of the repository with one of these ends, and their texts.
fn texts(ends: &[&str]) -> Vec<(String, String)> {
    let mut files = Vec::new();
    folder_files(binary::root(), &mut files);
    files
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| ends.iter().any(|e| end == *e)))
        .filter_map(|path| {
            let name = path.strip_prefix(binary::root()).expect("it stands in the repository");
            Some((name.to_string_lossy().into_owned(), fs::read_to_string(&path).ok()?))
        })
        .collect()
}

/// Lines outside comments, with their numbers from 1.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// The part of a source before its tests.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    let mut wrong = Vec::new();
    for (name, text) in texts(&["rs"]) {
        let lines = text.lines().count();
        if lines > LINES {
            wrong.push(format!("{name}: {lines} lines, at most {LINES}"));
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn the_core_calls_nothing_of_the_world() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (name, text) in texts(&["rs"]) {
        if !name.starts_with("engine/routing/src/") {
            continue;
        }
        seen += 1;
        for (number, line) in code(without_tests(&text)) {
            for banned in BANNED_IN_THE_CORE.iter().filter(|banned| line.contains(**banned)) {
                wrong.push(format!("{name}:{number}: {banned}"));
            }
        }
    }
    assert!(seen > 20, "the core was not found");
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn the_core_iterates_no_hash_map() {
    let mut wrong = Vec::new();
    for (name, text) in texts(&["rs"]) {
        if !name.starts_with("engine/routing/src/") {
            continue;
        }
        let text = without_tests(&text);
        for map in hash_maps(text) {
            for (number, line) in code(text) {
                let iterates = [
                    ".iter()",
                    ".keys()",
                    ".values()",
                    ".drain()",
                    ".into_iter()",
                    ".iter_mut()",
                    ".values_mut()",
                    ".retain(",
                ];
                let called = iterates.iter().any(|call| line.contains(&format!("{map}{call}")));
                let is_looped = line.contains(" in ")
                    && [format!("&{map} "), format!("self.{map} "), format!("&self.{map} ")]
                        .iter()
                        .any(|over| line.contains(over.as_str()));
                if called || is_looped {
                    wrong.push(format!("{name}:{number}: {}", line.trim()));
                }
            }
        }
    }
    assert_eq!(wrong, [""; 0], "the order of a hash map is nobody's decision");
}

/// Names of fields and variables that are hash maps or hash sets.
fn hash_maps(text: &str) -> Vec<String> {
    let declared = code(text).filter_map(|(_, line)| {
        let (name, kind) = line.split_once(": ").or_else(|| line.split_once(" = "))?;
        let kind = kind.trim_start_matches("Option<").trim_start_matches("Box<");
        let is_hashed = kind.trim_start_matches("Fx").starts_with("Hash");
        let name = name.trim().rsplit([' ', '(']).next()?;
        is_hashed.then(|| name.to_owned())
    });
    declared.filter(|name| !name.is_empty() && !name.contains(':')).collect()
}

#[test]
fn nothing_is_left_for_later() {
    let later = ["TO", "DO"].concat();
    let repair = ["FIX", "ME"].concat();
    let ignored = ["#[ig", "nore"].concat();
    let mut wrong = Vec::new();
    for (name, text) in texts(&["rs", "toml", "md", "sh"]) {
        for (number, line) in text.lines().enumerate() {
            let words = [&later, &repair, &ignored];
            // `allTODOs` is a word; a note stands alone.
            let has = |word: &&String| {
                line.match_indices(word.as_str())
                    .any(|(at, _)| !line[..at].ends_with(|sign: char| sign.is_alphanumeric()))
            };
            if words.iter().any(has) {
                wrong.push(format!("{name}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn no_test_sleeps() {
    // Where time itself is the subject it is `let_pass` of the harness, and says so.
    let allowed = ["tests/src/harness/wait.rs", "tests/src/campaign/traffic.rs"];
    let sleep = ["sle", "ep("].concat();
    let mut wrong = Vec::new();
    for (name, text) in texts(&["rs"]) {
        let is_test_file = name.contains("/tests/") || name.starts_with("tests/");
        if !is_test_file || allowed.contains(&name.as_str()) || name.contains("loom") {
            continue;
        }
        for (number, line) in code(&text).filter(|(_, line)| line.contains(&sleep)) {
            wrong.push(format!("{name}:{number}: {}", line.trim()));
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn every_configuration_file_loads() {
    let folder = binary::root().join("config");
    let main = folder.join("relevo.toml");
    Config::load(&main).unwrap_or_else(|problems| panic!("{problems}"));
    let mut loaded = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "toml") || path == main {
            continue;
        }
        let objects = relevo::config::Directory::load_objects(&path);
        let objects = objects.unwrap_or_else(|problems| panic!("{problems}"));
        assert!(!objects.objects.is_empty(), "{}", path.display());
        loaded += 1;
    }
    assert!(loaded > 0, "there is an example of a directory");
    let dashboard = fs::read_to_string(folder.join("grafana/relevo.json")).unwrap();
    serde_json::from_str::<serde_json::Value>(&dashboard).unwrap();
}

#[test]
fn the_repository_names_nothing_outside_itself() {
    // Absolute places of some machine, and folders beside the repository.
    let places = ["/wo", "/ho", "/ro", "/Us"];
    let rests = ["rk/", "me/", "ot/", "ers/"];
    let outside: Vec<String> = places.iter().zip(rests).map(|(a, b)| format!("{a}{b}")).collect();
    let beside = ["../sha", "red"].concat();
    let mut wrong = Vec::new();
    for (name, text) in texts(&["rs", "toml", "md", "yml", "json", "sh"]) {
        for (number, line) in text.lines().enumerate() {
            let absolute = outside.iter().any(|place| {
                line.match_indices(place.as_str()).any(|(at, _)| {
                    !line[..at]
                        .ends_with(|sign: char| sign.is_alphanumeric() || "_-.}/".contains(sign))
                })
            });
            if absolute || line.contains(&beside) {
                wrong.push(format!("{name}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[tokio::test]
async fn every_command_of_the_readme_is_there() {
    let readme = fs::read_to_string(binary::root().join("README.md")).unwrap();
    let mut commands = Vec::new();
    for line in readme.lines() {
        let line = line.trim_start_matches("target/release/").split('#').next().unwrap_or("");
        if let Some(rest) = line.strip_prefix("relevo ") {
            let words = rest.split_whitespace();
            let is_word =
                |word: &&str| word.chars().all(|sign| sign.is_ascii_lowercase() || sign == '-');
            let words: Vec<&str> = words.collect();
            let named = words.iter().take(2).take_while(|w| is_word(w) && !w.starts_with('-'));
            let named: Vec<String> = named.map(ToString::to_string).collect();
            let options =
                words.iter().filter(|word| word.starts_with("--")).map(ToString::to_string);
            commands.push((named, options.collect::<Vec<String>>()));
        }
    }
    assert!(commands.len() >= 8, "the README's commands were not found: {commands:?}");
    for (named, options) in commands {
        let mut arguments: Vec<&str> = named.iter().map(String::as_str).collect();
        arguments.push("--help");
        let help = run(&arguments).await;
        assert_eq!(help.code, Some(0), "relevo {named:?}: {}", help.stderr);
        for option in options {
            assert!(help.stdout.contains(&option), "relevo {named:?} has no {option}");
        }
    }
}
