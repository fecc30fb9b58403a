//! Records: what a writer hands in, what comes out again, and how large ones are cut into parts and
//! put together. Knows entries of a group, no log and no thread.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use thiserror::Error;

use crate::frame::{DecodedGroup, Entry, EntryKind, FrameError, decode, read_u32, read_u64};
use crate::limits::{PARTS_MAX, RECORD_BYTES_MAX, WHOLE_RECORD_BYTES_MAX};
use crate::log::{GroupSource, LogError};
use crate::place::{GroupNumber, Place, RecordNumber, Tail};

/// One unit of the log as its writer hands it in.
///
/// With `public` and `private` empty it is an answer without a record: it takes its place in the
/// order and is delivered with its group, but leaves no bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission<T> {
    /// Bytes that the hash chain covers.
    pub public: Vec<u8>,
    /// Bytes of which the hash chain covers only the digest.
    pub private: Vec<u8>,
    /// Whether somebody waits. Submissions that are not urgent ride with the next group, or are
    /// committed after [`crate::Options::lazy_interval`].
    pub urgent: bool,
    /// Comes back with the group.
    pub payload: T,
}

impl<T> Submission<T> {
    pub(crate) fn bytes(&self) -> usize {
        self.public.len() + self.private.len()
    }

    pub(crate) fn is_record(&self) -> bool {
        self.bytes() > 0
    }

    pub(crate) fn is_large(&self) -> bool {
        self.bytes() > WHOLE_RECORD_BYTES_MAX
    }
}

/// A record as it lies in the log. Cheap to clone.
#[derive(Clone)]
pub struct RecordBytes {
    /// Number of the record.
    pub number: RecordNumber,
    /// Schema version under which the record was written, as its writer gave it.
    pub schema: u16,
    value: Arc<[u8]>,
    public: Range<usize>,
    private: Range<usize>,
}

impl RecordBytes {
    /// Bytes that the hash chain covers.
    #[must_use]
    pub fn public(&self) -> &[u8] {
        &self.value[self.public.clone()]
    }

    /// Bytes of which the hash chain covers only the digest.
    #[must_use]
    pub fn private(&self) -> &[u8] {
        &self.value[self.private.clone()]
    }
}

impl fmt::Debug for RecordBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordBytes")
            .field("number", &self.number)
            .field("public", &self.public.len())
            .field("private", &self.private.len())
            .finish_non_exhaustive()
    }
}

/// Why the entries of a log do not make records.
#[derive(Debug, Error)]
pub enum RecordError {
    /// A group is damaged or does not follow the one before.
    #[error("group {group}: {source}")]
    Frame {
        /// Number under which the log holds the group.
        group: GroupNumber,
        /// What is wrong with it.
        source: FrameError,
    },
    /// An entry names parts that are not there.
    #[error("record at {place} names parts that are not in the log")]
    Parts {
        /// Place of the naming entry.
        place: Place,
    },
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// There is no record at this place.
    #[error("no durable record at {place}")]
    Absent {
        /// The place asked for.
        place: Place,
    },
}

/// Bytes of the entry that names parts: count, totals, places.
pub(crate) fn name_parts(parts: &[Place], public_bytes: usize, private_bytes: usize) -> Vec<u8> {
    let mut name = Vec::with_capacity(20 + parts.len() * 12);
    let count = u32::try_from(parts.len()).expect("a record has few parts");
    name.extend_from_slice(&count.to_le_bytes());
    name.extend_from_slice(&(public_bytes as u64).to_le_bytes());
    name.extend_from_slice(&(private_bytes as u64).to_le_bytes());
    for part in parts {
        name.extend_from_slice(&part.group.0.to_le_bytes());
        name.extend_from_slice(&part.index.to_le_bytes());
    }
    name
}

struct PartNames {
    places: Vec<Place>,
    public_bytes: usize,
    private_bytes: usize,
}

fn read_part_names(name: &[u8]) -> Option<PartNames> {
    if name.len() < 20 {
        return None;
    }
    let count = read_u32(name, 0) as usize;
    if count > PARTS_MAX || name.len() != 20 + count * 12 {
        return None;
    }
    let public_bytes = usize::try_from(read_u64(name, 4)).ok()?;
    let private_bytes = usize::try_from(read_u64(name, 12)).ok()?;
    if public_bytes.checked_add(private_bytes)? > RECORD_BYTES_MAX {
        return None;
    }
    let places = (0..count)
        .map(|part| 20 + part * 12)
        .map(|at| Place { group: GroupNumber(read_u64(name, at)), index: read_u32(name, at + 8) })
        .collect();
    Some(PartNames { places, public_bytes, private_bytes })
}

/// A part that waits for its name.
struct Part {
    place: Place,
    value: Arc<[u8]>,
    public: Range<usize>,
    private: Range<usize>,
}

/// Bytes and where the public and the private ones lie in them.
type Joined = (Arc<[u8]>, Range<usize>, Range<usize>);

fn join_parts(names: &PartNames, parts: &[Part]) -> Option<Joined> {
    if !names.places.iter().eq(parts.iter().map(|part| &part.place)) {
        return None;
    }
    let total = |range: fn(&Part) -> &Range<usize>| -> usize {
        parts.iter().map(|part| range(part).len()).sum()
    };
    // What the name states takes memory only when it is there.
    if total(|part| &part.public) != names.public_bytes
        || total(|part| &part.private) != names.private_bytes
    {
        return None;
    }
    let mut bytes = Vec::with_capacity(names.public_bytes + names.private_bytes);
    for part in parts {
        bytes.extend_from_slice(&part.value[part.public.clone()]);
    }
    let public = 0..bytes.len();
    for part in parts {
        bytes.extend_from_slice(&part.value[part.private.clone()]);
    }
    let private = public.end..bytes.len();
    Some((Arc::from(bytes), public, private))
}

/// Checks groups one after the other against the tail before them, and hands out their records.
pub(crate) struct Assembler {
    tail: Tail,
    parts: Vec<Part>,
}

/// One record and its place.
pub(crate) type Placed = (Place, RecordBytes);

impl Assembler {
    pub(crate) fn new(tail: Tail) -> Self {
        Self { tail, parts: Vec::new() }
    }

    pub(crate) fn tail(&self) -> Tail {
        self.tail
    }

    /// Takes the group that follows the tail. On an error the tail stays where it is.
    pub(crate) fn group(
        &mut self,
        number: GroupNumber,
        value: &Arc<[u8]>,
        records: &mut impl FnMut(Placed),
    ) -> Result<(), RecordError> {
        let framed = |source| RecordError::Frame { group: number, source };
        let decoded = decode(value).map_err(framed)?;
        if decoded.group != number {
            let (found, expected) = (decoded.group, number);
            return Err(framed(FrameError::Number { found, expected }));
        }
        let tail = decoded.follow(value, &self.tail).map_err(framed)?;
        self.entries(&decoded, value, records)?;
        self.tail = tail;
        Ok(())
    }

    fn entries(
        &mut self,
        decoded: &DecodedGroup,
        value: &Arc<[u8]>,
        records: &mut impl FnMut(Placed),
    ) -> Result<(), RecordError> {
        let mut number = decoded.first_record;
        for (index, entry) in (0..).zip(&decoded.entries) {
            let place = Place { group: decoded.group, index };
            match entry.kind {
                EntryKind::Part => {
                    self.parts.push(part(place, value, entry));
                    // Unnamed parts of crashed writers must not pile up over many restarts.
                    if self.parts.len() > 2 * PARTS_MAX {
                        self.parts.drain(..self.parts.len() - PARTS_MAX);
                    }
                    continue;
                }
                EntryKind::Whole => {
                    // The writer finishes one record before the next: these have no name to come.
                    self.parts.clear();
                    records((place, whole(decoded.schema, number, value, entry)));
                }
                EntryKind::Named => {
                    let names = read_part_names(&value[entry.public.clone()])
                        .ok_or(RecordError::Parts { place })?;
                    // Parts of a writer that crashed may stand before those of its successor.
                    let unnamed = self.parts.len().saturating_sub(names.places.len());
                    let (value, public, private) = join_parts(&names, &self.parts[unnamed..])
                        .ok_or(RecordError::Parts { place })?;
                    self.parts.clear();
                    let schema = decoded.schema;
                    records((place, RecordBytes { number, schema, value, public, private }));
                }
            }
            number = number.next();
        }
        Ok(())
    }
}

fn part(place: Place, value: &Arc<[u8]>, entry: &Entry) -> Part {
    let (public, private) = (entry.public.clone(), entry.private.clone());
    Part { place, value: Arc::clone(value), public, private }
}

fn whole(schema: u16, number: RecordNumber, value: &Arc<[u8]>, entry: &Entry) -> RecordBytes {
    let (public, private) = (entry.public.clone(), entry.private.clone());
    RecordBytes { number, schema, value: Arc::clone(value), public, private }
}

/// Reads one record by its place, with its parts.
///
/// # Errors
/// There is none, or the log cannot be read.
pub fn read_record(source: &dyn GroupSource, place: Place) -> Result<RecordBytes, RecordError> {
    let (decoded, value) = read_group(source, place)?;
    let at = place.index as usize;
    let Some(entry) = decoded.entries.get(at) else { return Err(RecordError::Absent { place }) };
    let before = decoded.entries[..at].iter().filter(|entry| entry.kind != EntryKind::Part).count();
    let number = RecordNumber(decoded.first_record.0 + before as u64);
    match entry.kind {
        EntryKind::Part => Err(RecordError::Absent { place }),
        EntryKind::Whole => Ok(whole(decoded.schema, number, &value, entry)),
        EntryKind::Named => {
            let names = read_part_names(&value[entry.public.clone()])
                .ok_or(RecordError::Parts { place })?;
            let parts = names
                .places
                .iter()
                .map(|&part_place| read_part(source, part_place))
                .collect::<Result<Vec<_>, _>>()?;
            let (value, public, private) =
                join_parts(&names, &parts).ok_or(RecordError::Parts { place })?;
            Ok(RecordBytes { number, schema: decoded.schema, value, public, private })
        }
    }
}

fn read_part(source: &dyn GroupSource, place: Place) -> Result<Part, RecordError> {
    let (decoded, value) = read_group(source, place)?;
    match decoded.entries.get(place.index as usize) {
        Some(entry) if entry.kind == EntryKind::Part => Ok(part(place, &value, entry)),
        Some(_) | None => Err(RecordError::Parts { place }),
    }
}

fn read_group(
    source: &dyn GroupSource,
    place: Place,
) -> Result<(DecodedGroup, Arc<[u8]>), RecordError> {
    let Some(value) = source.group(place.group)? else {
        return Err(RecordError::Absent { place });
    };
    let decoded =
        decode(&value).map_err(|source| RecordError::Frame { group: place.group, source })?;
    Ok((decoded, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::GroupBuilder;

    fn assemble(named: &[u32], totals: (usize, usize)) -> Result<usize, RecordError> {
        let mut builder = GroupBuilder::new(64 * 1024);
        let group = GroupNumber(1);
        builder.push(EntryKind::Part, b"first ", b"");
        builder.push(EntryKind::Part, b"second", b"private");
        let places: Vec<_> = named.iter().map(|&index| Place { group, index }).collect();
        builder.push(EntryKind::Named, &name_parts(&places, totals.0, totals.1), b"");
        let (value, _) = builder.seal(1, &Tail::EMPTY);
        let value = Arc::from(value);
        let mut records = 0;
        Assembler::new(Tail::EMPTY).group(group, &value, &mut |_| records += 1)?;
        Ok(records)
    }

    #[test]
    fn only_the_parts_that_are_there_make_a_record() {
        assert_eq!(assemble(&[0, 1], (12, 7)).unwrap(), 1);
        assert_eq!(assemble(&[1], (6, 7)).unwrap(), 1);
        for (named, totals) in [
            (&[1, 0][..], (12, 7)),
            (&[0], (6, 0)),
            (&[0, 1, 2], (12, 7)),
            (&[0, 1], (11, 8)),
            (&[0, 1], (12, 8)),
        ] {
            let refused = assemble(named, totals);
            assert!(matches!(refused, Err(RecordError::Parts { .. })), "{named:?} {totals:?}");
        }
    }
}
