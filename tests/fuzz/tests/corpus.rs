//! The corpus: real encodings of everything that the decoders read, and what once was a finding.
#![allow(clippy::unwrap_used, reason = "this is a test, though clippy does not see it")]

mod seeds;

use relevo_fuzz::TARGETS;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Names of what a folder holds, sorted.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn every_target_holds_for_its_corpus() {
    for target in TARGETS {
        let corpus = folder("corpus").join(target.name);
        let inputs = names(&corpus);
        assert!(!inputs.is_empty(), "{}: no corpus", target.name);
        for input in inputs {
            let bytes = fs::read(corpus.join(&input)).unwrap();
            assert!(
                bytes.len() <= target.longest,
                "{}/{input}: {} bytes",
                target.name,
                bytes.len()
            );
            // A panic is caught by the test's own thread only: this says which input it was.
            println!("{}/{input}", target.name);
            target.run(&bytes);
        }
    }
    let corpora: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(names(&folder("corpus")), corpora, "each corpus has its target");
}

/// Changed bytes show at once, without waiting for a longer search.
#[test]
fn every_target_holds_for_its_seeds_with_single_bytes_changed() {
    for target in TARGETS {
        for (name, seed) in seeds::of(target.name) {
            let step = (seed.len() / 200).max(1);
            for at in (0..seed.len()).step_by(step) {
                for flip in [0x01, 0x80, 0xff] {
                    let mut changed = seed.clone();
                    changed[at] ^= flip;
                    println!("{}/{name}: byte {at} with {flip:#x}", target.name);
                    target.run(&changed);
                }
            }
        }
    }
}

/// `RELEVO_BLESS=1` writes the seeds; what else a corpus holds stays.
#[test]
fn the_seeds_are_the_encodings_of_today() {
    let bless = std::env::var("RELEVO_BLESS").is_ok_and(|bless| bless == "1");
    for target in TARGETS {
        for (name, seed) in seeds::of(target.name) {
            let path = folder("corpus").join(target.name).join(&name);
            if bless {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, &seed).unwrap();
            }
            let kept = fs::read(&path).unwrap_or_default();
            assert!(kept == seed, "{} is another: if it is meant, RELEVO_BLESS=1", path.display());
        }
        if let Some(words) = seeds::words(target.name) {
            let path = folder("dictionaries").join(target.name);
            let dictionary = seeds::dictionary(&words);
            if bless {
                fs::write(&path, &dictionary).unwrap();
            }
            let kept = fs::read_to_string(&path).unwrap_or_default();
            assert!(kept == dictionary, "{}: RELEVO_BLESS=1", path.display());
        }
    }
}
