//! The bytes of every message: a client of yesterday must understand the server of today.

use crate::samples::{Sample, samples};
use relevo_wire::catalogue::KINDS;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::PathBuf;

/// Compares with the file of this name, or writes it when `RELEVO_BLESS=1`.
pub(crate) fn compare(path: &str, now: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var("RELEVO_BLESS").is_ok_and(|bless| bless == "1") {
        std::fs::write(&path, now).expect("the file can be written");
        return;
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    let changed = golden.lines().zip(now.lines()).find(|(golden, now)| golden != now);
    assert!(
        golden == now,
        "{} differs; first change:\n- {}\n+ {}\nIf it is meant, run with RELEVO_BLESS=1.",
        path.display(),
        changed.map_or("(length)", |(golden, _)| golden),
        changed.map_or("(length)", |(_, now)| now),
    );
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}

#[test]
fn frames_keep_their_bytes() {
    let mut now = String::new();
    for sample in samples() {
        let frame = sample.frame();
        writeln!(now, "{:#06x} {} {}", sample.kind(), sample.name(), hexadecimal(&frame))
            .expect("a string takes everything");
    }
    compare("tests/golden/frames.txt", &now);
}

#[test]
fn lines_keep_their_bytes() {
    let now: String = samples().iter().map(Sample::line).collect();
    compare("tests/golden/lines.jsonl", &now);
}

#[test]
fn golden_frames_and_lines_still_read_as_what_they_were() {
    let read = |path: &str| {
        std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path))
            .expect("the golden file is there")
    };
    let (frames, lines) = (read("tests/golden/frames.txt"), read("tests/golden/lines.jsonl"));
    assert_eq!(frames.lines().count(), samples().len());
    assert_eq!(lines.lines().count(), samples().len());
    for ((sample, frame), line) in samples().iter().zip(frames.lines()).zip(lines.lines()) {
        let digits = frame.rsplit(' ').next().expect("bytes come last");
        let bytes: Vec<u8> = (0..digits.len() / 2)
            .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).expect("hexadecimal"))
            .collect();
        let from_client = sample.is_from_client();
        assert_eq!(Sample::read_frame(&bytes, from_client), Ok(Some(sample.clone())), "{frame}");
        let read = Sample::read_line(line.as_bytes(), from_client);
        assert_eq!(read, Ok(Some(sample.clone())), "{line}");
    }
}

#[test]
fn every_kind_has_its_sample_and_its_row_in_the_catalogue() {
    let samples: BTreeSet<(u16, &str)> =
        samples().iter().map(|sample| (sample.kind(), sample.name())).collect();
    let rows: BTreeSet<(u16, &str)> = KINDS.iter().map(|kind| (kind.number, kind.name)).collect();
    assert_eq!(samples, rows);
}
