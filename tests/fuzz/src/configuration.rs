//! Configuration and directory files.

use crate::memory::Bound;
use relevo::config::{Config, Directory, Problems, effective_document};
use std::path::Path;

/// A key of four bytes (`a=1` and its end) is a place in a table with where it stands, and each
/// line may be a problem that is told in words.
const BOUND: Bound = Bound { per_byte: 512, fixed: 256 * 1024 };

/// Nothing is there: what a text names by a relative path is not found.
const FILE: &str = "/nowhere/relevo.toml";

pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let file = Path::new(FILE);
    let objects = BOUND.hold(bytes, || Directory::parse_objects(text, file));
    objects.map_or_else(told, drop);
    let config = match BOUND.hold(bytes, || Config::parse(text, file)) {
        Ok(config) => config,
        Err(problems) => return told(problems),
    };
    let document = effective_document(&config);
    let again = Config::parse(&document, file);
    assert_eq!(again, Ok(config), "what is in force reads back: {document}");
}

/// Every problem has its place and says something.
fn told(Problems(problems): Problems) {
    assert!(!problems.is_empty());
    for problem in problems {
        assert!(!problem.what.is_empty() && problem.to_string().starts_with("/"), "{problem:?}");
    }
}
