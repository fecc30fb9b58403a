use super::*;
use crate::error::ErrorCode;
use crate::vocabulary::{Author, Contact};
use bytes::Bytes;

fn details() -> HandOffDetails {
    HandOffDetails {
        contact: Contact { id: "+55 11".into(), name: "Ana".into(), fields: Vec::new() },
        ..HandOffDetails::default()
    }
}

fn cut(details: &HandOffDetails) -> (HandOffDetails, bool) {
    let cut = cut_details(&Packed::new(details)).expect("never refused for its size");
    assert_eq!(cut.contact_id, details.contact.id);
    (cut.details.unpack().expect("cut details are details"), cut.truncated)
}

fn line(text: &str) -> TranscriptLine {
    TranscriptLine { author: Author::Customer, at: 1, text: text.into() }
}

#[test]
fn details_within_their_limits_are_kept_byte_for_byte() {
    let kib = "x".repeat(1024);
    let details = HandOffDetails {
        transcript: vec![line(&kib); 256],
        context: (0..64).map(|at| (format!("{at:0>128}"), "v".repeat(4096))).collect(),
        message_to_agent: "x".repeat(64 * 1024),
        ..details()
    };
    let packed = Packed::new(&details);
    let cut = cut_details(&packed).unwrap();
    assert!(!cut.truncated);
    assert_eq!(cut.details, packed);
}

#[test]
fn the_newest_lines_of_a_transcript_are_kept() {
    let lines: Vec<_> = (0..300).map(|at| line(&at.to_string())).collect();
    let (kept, truncated) = cut(&HandOffDetails { transcript: lines.clone(), ..details() });
    assert!(truncated);
    assert_eq!(kept.transcript, lines[44..]);

    let kib = "x".repeat(1024);
    let mut lines = vec![line(&kib); 200];
    lines.push(line(&"y".repeat(200 * 1024)));
    let (kept, truncated) = cut(&HandOffDetails { transcript: lines.clone(), ..details() });
    assert!(truncated);
    assert_eq!(kept.transcript, lines[144..], "56 KiB stay beside the 200 KiB of the last line");

    let lines = vec![line("old"), line(&"é".repeat(140 * 1024))];
    let (kept, truncated) = cut(&HandOffDetails { transcript: lines, ..details() });
    assert!(truncated);
    assert_eq!(kept.transcript, [line(&"é".repeat(128 * 1024))]);
}

#[test]
fn entries_and_texts_are_cut_each_to_its_own_limit() {
    let entries: Vec<_> = (0..70).map(|at: u32| (at.to_string(), at.to_string())).collect();
    let (kept, truncated) = cut(&HandOffDetails { context: entries.clone(), ..details() });
    assert!(truncated);
    assert_eq!(kept.context, entries[6..]);

    let mut long = details();
    long.contact.fields = entries.clone();
    assert_eq!(cut(&long).0.contact.fields, entries[6..]);
    assert!(cut(&long).1);

    let long = [("k".repeat(200), "é".repeat(3000))];
    let (kept, truncated) = cut(&HandOffDetails { context: long.into(), ..details() });
    assert!(truncated);
    assert_eq!(kept.context, [("k".repeat(128), "é".repeat(2048))]);

    let mut named = details();
    named.contact.name = format!("x{}", "é".repeat(200));
    assert_eq!(cut(&named).0.contact.name, format!("x{}", "é".repeat(127)));
    let (kept, truncated) =
        cut(&HandOffDetails { message_to_agent: "m".repeat(65 * 1024), ..details() });
    assert_eq!((kept.message_to_agent.len(), truncated), (64 * 1024, true));
}

#[test]
fn details_with_a_name_twice_are_refused_as_no_line_could_carry_them() {
    let twice = || ["a", "b", "a"].map(|name| (name.to_owned(), String::new())).to_vec();
    let context = HandOffDetails { context: twice(), ..details() };
    let mut fields = details();
    fields.contact.fields = twice();
    for (details, field) in [(context, "details.context"), (fields, "details.contact.fields")] {
        let error = cut_details(&Packed::new(&details)).expect_err("must be refused");
        assert_eq!((error.code, &*error.field), (ErrorCode::Malformed, field));
    }
}

#[test]
fn of_names_that_are_the_same_once_cut_the_newest_stays() {
    let long = |end: &str| format!("{}{end}", "k".repeat(128));
    let entry = |name: String, value: &str| (name, value.to_owned());
    let context = vec![entry(long("a"), "1"), entry("other".into(), "2"), entry(long("b"), "3")];
    let (kept, truncated) = cut(&HandOffDetails { context, ..details() });
    assert!(truncated);
    assert_eq!(kept.context, [entry("other".into(), "2"), entry("k".repeat(128), "3")]);
}

#[test]
fn details_without_a_usable_contact_are_refused() {
    for (id, code) in
        [(String::new(), ErrorCode::Malformed), ("x".repeat(129), ErrorCode::LimitExceeded)]
    {
        let mut details = details();
        details.contact.id = id;
        let error = cut_details(&Packed::new(&details)).expect_err("no contact");
        assert_eq!((error.code, &*error.field), (code, "details.contact.id"));
    }
    let noise = Packed::from_bytes(Bytes::from_static(&[0xff; 64]));
    assert_eq!(cut_details(&noise).expect_err("noise").field, "details");
}

#[test]
fn bytes_that_nothing_refers_to_are_not_kept() {
    let honest = Packed::new(&details());
    let mut padded = vec![0; 512 * 1024];
    padded.extend_from_slice(honest.bytes());
    let padded = Packed::from_bytes(padded.into());
    assert!(padded.check().is_ok(), "an archive is read from its end");
    let cut = cut_details(&padded).unwrap();
    assert_eq!((cut.details, cut.truncated), (honest, false));
}

#[test]
fn the_language_of_a_contact_may_stand_among_its_fields() {
    let of = |fields: &[(&str, &str)]| {
        let fields = fields.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let details =
            HandOffDetails { contact: Contact { fields, ..details().contact }, ..details() };
        cut_details(&Packed::new(&details)).unwrap().language
    };
    assert_eq!(of(&[("city", "es"), ("language", "es-MX")]), Some(Language::Es));
    assert_eq!(of(&[("language", "ja")]), None);
    assert_eq!(of(&[]), None);
}
