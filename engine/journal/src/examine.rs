//! Reads the generations that recovery needs, from copies, and says how far the log is good and what
//! ends it. Changes nothing but the copies.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use crate::frame::{FrameError, read_u32};
use crate::generation::Generation;
use crate::layout::Layout;
use crate::log::LogError;
use crate::place::{GroupNumber, Place, Tail};
use crate::record::{Assembler, RecordError};
use crate::trial::{TrialError, forget_cached, try_copy};
use crate::watermark::Mark;

/// What recovery counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counted {
    pub(crate) groups: u64,
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    pub(crate) last_generation_bytes: u64,
}

/// The log, as far as it was read.
#[derive(Debug)]
pub(crate) struct Examined {
    pub(crate) tail: Tail,
    /// Watermark that fits the tail.
    pub(crate) mark: Mark,
    pub(crate) counted: Counted,
    /// Number of a torn last group that must be passed over.
    pub(crate) torn: Option<GroupNumber>,
    pub(crate) damage: Option<Damage>,
}

/// Where and why the log cannot be trusted any further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// What is wrong.
    pub kind: DamageKind,
    /// First group number of the generation where it is wrong.
    pub generation: GroupNumber,
    /// The first group that cannot be used.
    pub group: GroupNumber,
    /// Groups from there on that are known to have been written; more may be lost after a power cut.
    pub lost_groups: u64,
}

/// What is wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DamageKind {
    /// sled cannot open or read a generation.
    #[error("the generation cannot be read: {0}")]
    Unreadable(String),
    /// A group is missing although later ones are there.
    #[error("the group is missing and later ones are there")]
    Hole,
    /// A group in the middle is damaged, or does not follow the one before.
    #[error("{0}")]
    Frame(FrameError),
    /// A record names parts that are not there.
    #[error("the record at {0} names parts that are not there")]
    Parts(Place),
    /// The log ends before the group up to which it is known to be durable.
    #[error("the log ends before it: groups up to {watermark} were durable")]
    BehindWatermark {
        /// Group of the watermark.
        watermark: GroupNumber,
    },
    /// The group of the watermark has other bytes than it had.
    #[error("the group is not the one that was written")]
    Replaced,
    /// The watermark cannot be read.
    #[error("the watermark file is missing or has no valid slot")]
    NoWatermark,
    /// sled moved pages out of its log, where they are not synced.
    #[error("blobs/ of the generation is not empty")]
    Blobs,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, generation, group, lost_groups } = self;
        write!(
            f,
            "generation {generation}, group {group}: {kind}; restore the directory from a backup, \
             or start with --accept-loss {lost_groups} to go on without group {group} and all after \
             it ({lost_groups} known)"
        )
    }
}

/// Reads every group after `start`, over the generations given, against the watermark.
pub(crate) fn examine(
    layout: &Layout,
    generations: &[GroupNumber],
    start: Tail,
    watermark: Option<Mark>,
) -> Result<Examined, LogError> {
    let mark = watermark.unwrap_or(Mark::EMPTY);
    // Of the group that a snapshot ends with nothing is read: what is known of it stays known.
    let value_crc = if mark.group == start.group { mark.value_crc } else { 0 };
    let mut examined = Examined {
        tail: start,
        mark: Mark { group: start.group, record: start.record, value_crc },
        counted: Counted::default(),
        torn: None,
        damage: None,
    };
    for (position, &first) in generations.iter().enumerate() {
        let end = generations.get(position + 1).copied();
        if end.is_some_and(|end| end <= examined.tail.group.next()) {
            continue;
        }
        if end.is_none() {
            // Where a sync failed there is no other.
            let during = "sync the newest generation";
            forget_cached(&layout.generation(first)).map_err(LogError::io(during))?;
        }
        let walk = Walk { first, end, mark };
        let walked = try_copy(&layout.generation(first), first, &layout.aside(), {
            let examined = &mut examined;
            move |generation| walk.walk(generation, examined)
        });
        match walked {
            Ok(()) => {}
            Err(TrialError::Copy(source)) => {
                let during = "copy a generation aside (it needs free space of its own size)";
                return Err(LogError::Io { during, source });
            }
            // Whoever is told of damage may give groups up for it.
            Err(TrialError::Log(error)) if error.is_of_the_system() => return Err(error),
            Err(error @ (TrialError::Log(_) | TrialError::Panic(_))) => {
                let highest = mark.group.max(highest_before(generations));
                let kind = DamageKind::Unreadable(error.to_string());
                examined.stop(kind, first, highest);
            }
        }
        if examined.damage.is_some() {
            let highest = mark.group.max(highest_before(generations));
            examined.count_lost(highest);
            return Ok(examined);
        }
    }
    let last = generations.last().copied().unwrap_or(examined.tail.group.next());
    if examined.tail.group < mark.group {
        let kind = DamageKind::BehindWatermark { watermark: mark.group };
        examined.stop(kind, last, mark.group);
    } else if watermark.is_none() {
        let tail = examined.tail.group;
        examined.stop(DamageKind::NoWatermark, last, tail);
    }
    Ok(examined)
}

/// The generation after the last group of a sealed one proves that this group was written.
fn highest_before(generations: &[GroupNumber]) -> GroupNumber {
    generations.last().map_or(GroupNumber::ZERO, |last| GroupNumber(last.0.saturating_sub(1)))
}

impl Examined {
    fn stop(&mut self, kind: DamageKind, generation: GroupNumber, highest: GroupNumber) {
        let group = self.tail.group.next();
        self.damage = Some(Damage { kind, generation, group, lost_groups: 0 });
        self.count_lost(highest);
    }

    fn count_lost(&mut self, highest: GroupNumber) {
        let good = self.tail.group.0;
        if let Some(damage) = &mut self.damage {
            damage.lost_groups = damage.lost_groups.max(highest.0.saturating_sub(good));
        }
    }
}

/// One generation on the way.
#[derive(Debug, Clone, Copy)]
struct Walk {
    first: GroupNumber,
    /// First group of the next generation; `None` in the newest one.
    end: Option<GroupNumber>,
    mark: Mark,
}

impl Walk {
    fn walk(self, generation: &Arc<Generation>, examined: &mut Examined) -> Result<(), LogError> {
        let highest = generation.last()?.unwrap_or(examined.tail.group);
        if generation.has_blobs()? {
            examined.stop(DamageKind::Blobs, self.first, highest);
            return Ok(());
        }
        let mut assembler = Assembler::new(examined.tail);
        examined.counted.last_generation_bytes = 0;
        for group in generation.groups(examined.tail.group.next()) {
            let (number, value) = group?;
            if self.end.is_some_and(|end| number >= end) {
                break;
            }
            if let Some(kind) = self.take(number, &value, &mut assembler, examined) {
                if self.is_torn(number, highest, &kind) {
                    examined.torn = Some(number);
                } else {
                    examined.stop(kind, self.first, highest);
                }
                return Ok(());
            }
        }
        if let Some(end) = self.end
            && examined.tail.group.next() < end
        {
            examined.stop(DamageKind::Hole, self.first, end);
        }
        Ok(())
    }

    /// Takes one group, or says what is wrong with it.
    fn take(
        self,
        number: GroupNumber,
        value: &Arc<[u8]>,
        assembler: &mut Assembler,
        examined: &mut Examined,
    ) -> Option<DamageKind> {
        if number != assembler.tail().group.next() {
            return Some(DamageKind::Hole);
        }
        let mut records = 0;
        match assembler.group(number, value, &mut |_| records += 1) {
            Ok(()) => {}
            Err(RecordError::Frame { source, .. }) => return Some(DamageKind::Frame(source)),
            Err(RecordError::Parts { place } | RecordError::Absent { place }) => {
                return Some(DamageKind::Parts(place));
            }
            Err(RecordError::Log(error)) => return Some(DamageKind::Unreadable(error.to_string())),
        }
        let value_crc = read_u32(value, 36);
        let is_known = number == self.mark.group && self.mark.value_crc != 0;
        if is_known && value_crc != self.mark.value_crc {
            return Some(DamageKind::Replaced);
        }
        let counted = &mut examined.counted;
        counted.groups += 1;
        counted.records += records;
        counted.bytes += value.len() as u64;
        counted.last_generation_bytes += value.len() as u64;
        examined.tail = assembler.tail();
        let record = examined.tail.record;
        examined.mark = Mark { group: number, record, value_crc };
        None
    }

    /// Only bytes that were never whole may be cut: the last group of the log, beyond the watermark.
    fn is_torn(self, number: GroupNumber, highest: GroupNumber, kind: &DamageKind) -> bool {
        let torn_bytes =
            matches!(kind, DamageKind::Frame(FrameError::Length { .. } | FrameError::Crc { .. }));
        torn_bytes && self.end.is_none() && number == highest && number > self.mark.group
    }
}
