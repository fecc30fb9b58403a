//! The details of a hand-off: never refused for their size, but cut.

use super::malformed;
use crate::error::WireError;
use crate::limits;
use crate::packed::Packed;
use crate::vocabulary::{ArchivedHandOffDetails, HandOffDetails, Language, TranscriptLine};
use std::collections::BTreeSet;

/// What is kept of the details of a hand-off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutDetails {
    /// The details within their limits; the same bytes as before when nothing was cut.
    pub details: Packed<HandOffDetails>,
    /// The bot's own name for the contact.
    pub contact_id: String,
    /// What the contact understands, as far as its fields tell.
    pub language: Option<Language>,
    /// Something was cut.
    pub truncated: bool,
}

/// Checks the details of a hand-off and cuts what is above its limit: of transcript, context and
/// fields the oldest entries, of a text its end.
///
/// # Errors
/// `malformed` or `limit_exceeded` when the bytes are no details, a name stands there twice, or the
/// contact's id is empty or too long.
pub fn cut_details(details: &Packed<HandOffDetails>) -> Result<CutDetails, WireError> {
    let archived =
        details.check().map_err(|_| malformed("details", "are no details of a hand-off"))?;
    super::length("details.contact.id", &archived.contact.id, 1, limits::CONTACT_ID_BYTES)?;
    super::distinct("details.contact.fields", names(&archived.contact.fields))?;
    super::distinct("details.context", names(&archived.context))?;
    let contact_id = archived.contact.id.to_string();
    let language = archived.contact.fields.iter().find(|field| field.0 == "language");
    let language = language.and_then(|field| Language::understood(&field.1));
    let within = is_within(archived);
    if within && details.bytes().len() <= honest_bytes(archived) {
        return Ok(CutDetails { details: details.clone(), contact_id, language, truncated: false });
    }
    let mut details =
        details.unpack().map_err(|_| malformed("details", "are no details of a hand-off"))?;
    cut_text(&mut details.contact.name, limits::CONTACT_NAME_BYTES);
    cut_text(&mut details.message_to_agent, limits::MESSAGE_TO_AGENT_BYTES);
    cut_entries(&mut details.contact.fields, limits::FIELDS);
    cut_entries(&mut details.context, limits::CONTEXT_ENTRIES);
    cut_transcript(&mut details.transcript);
    Ok(CutDetails { details: Packed::new(&details), contact_id, language, truncated: !within })
}

/// Is there nothing to cut? The same limits as the cuts below, read in the archived bytes.
fn is_within(details: &ArchivedHandOffDetails) -> bool {
    let entries = |found: usize, most: usize| found <= most;
    let fits = |name: &str, value: &str| {
        name.len() <= limits::FIELD_NAME_BYTES && value.len() <= limits::CONTEXT_VALUE_BYTES
    };
    let transcript: usize = details.transcript.iter().map(|line| line.text.len()).sum();
    details.contact.name.len() <= limits::CONTACT_NAME_BYTES
        && details.message_to_agent.len() <= limits::MESSAGE_TO_AGENT_BYTES
        && entries(details.contact.fields.len(), limits::FIELDS)
        && details.contact.fields.iter().all(|field| fits(&field.0, &field.1))
        && entries(details.context.len(), limits::CONTEXT_ENTRIES)
        && details.context.iter().all(|entry| fits(&entry.0, &entry.1))
        && entries(details.transcript.len(), limits::TRANSCRIPT_LINES)
        && transcript <= limits::TRANSCRIPT_BYTES
}

/// The most bytes that these details need: an archive may hold bytes that nothing refers to.
fn honest_bytes(details: &ArchivedHandOffDetails) -> usize {
    const ENTRY_BYTES: usize = 32;
    const ROOT_BYTES: usize = 256;
    let entries = |entries: &rkyv::vec::ArchivedVec<ArchivedEntry>| -> usize {
        entries.iter().map(|entry| entry.0.len() + entry.1.len() + ENTRY_BYTES).sum()
    };
    let transcript: usize =
        details.transcript.iter().map(|line| line.text.len() + ENTRY_BYTES).sum();
    ROOT_BYTES
        + details.contact.id.len()
        + details.contact.name.len()
        + details.message_to_agent.len()
        + entries(&details.contact.fields)
        + entries(&details.context)
        + transcript
}

type ArchivedEntry = rkyv::Archived<(String, String)>;

fn names(entries: &rkyv::vec::ArchivedVec<ArchivedEntry>) -> impl Iterator<Item = &str> {
    entries.iter().map(|entry| entry.0.as_str())
}

/// Keeps the newest lines that fit. A newest line that is too long alone loses its end.
fn cut_transcript(lines: &mut Vec<TranscriptLine>) {
    let surplus = lines.len().saturating_sub(limits::TRANSCRIPT_LINES);
    lines.drain(..surplus);
    if let Some(newest) = lines.last_mut() {
        cut_text(&mut newest.text, limits::TRANSCRIPT_BYTES);
    }
    let mut bytes = 0;
    let keep = lines.iter().rev().take_while(|line| {
        bytes += line.text.len();
        bytes <= limits::TRANSCRIPT_BYTES
    });
    let surplus = lines.len() - keep.count();
    lines.drain(..surplus);
}

fn cut_entries(entries: &mut Vec<(String, String)>, most: usize) {
    let surplus = entries.len().saturating_sub(most);
    entries.drain(..surplus);
    for (name, value) in entries.iter_mut() {
        cut_text(name, limits::FIELD_NAME_BYTES);
        cut_text(value, limits::CONTEXT_VALUE_BYTES);
    }
    // Names that differ behind the cut alone are the same now: the newest stays.
    let mut newer = BTreeSet::new();
    let mut kept: Vec<_> = std::mem::take(entries);
    kept.reverse();
    kept.retain(|(name, _)| newer.insert(name.clone()));
    kept.reverse();
    *entries = kept;
}

/// Cuts between two characters.
fn cut_text(text: &mut String, most: usize) {
    text.truncate(text.floor_char_boundary(most));
}

#[cfg(test)]
mod tests;
