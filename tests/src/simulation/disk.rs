//! What survives a crash: the log in memory, and the snapshots.

use relevo::fold::Fold;
use relevo_journal::{
    FrameError, GroupNumber, GroupSource, Log, LogError, MemoryLog, Place, RecordBytes,
    RecordError, Records, Tail,
};
use relevo_routing::tenant::Settings;

use super::Violation;
use crate::campaign::seeded::Seeded;

/// Smallest piece that a disk writes whole.
const SECTOR_BYTES: usize = 512;

/// The disk of a simulated daemon.
#[derive(Debug, Default)]
pub struct Disk {
    /// Its log.
    pub log: MemoryLog,
    /// Last group that was made visible: nothing up to it may ever be missing.
    pub visible: GroupNumber,
    /// Groups that the log has let go of.
    pub forgotten: u64,
    snapshot: Option<(Tail, Vec<u8>)>,
    /// Where the generations that the log still holds end: a snapshot was made at each.
    sealed: Vec<GroupNumber>,
}

/// How the end of the log is left by a crash in the middle of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Torn {
    /// Some of the group's sectors were written.
    Part,
    /// None.
    Lost,
    /// All: durable, and nobody was told.
    Whole,
}

/// State that was read back.
#[derive(Debug)]
pub struct Restored {
    /// The fold of snapshot and log.
    pub fold: Fold,
    /// Where the log goes on.
    pub tail: Tail,
}

impl Disk {
    /// Leaves the last group as a crash leaves it.
    pub fn tear(&self, torn: Torn, random: &mut Seeded) {
        let last = self.log.tail();
        match torn {
            Torn::Whole => {}
            Torn::Lost => self.log.crash(GroupNumber(last.0 - 1)),
            Torn::Part => {
                let group = self.log.group(last).ok().flatten();
                let mut value = group.expect("the last group is there").to_vec();
                // A log that was appended to keeps its length and lacks sectors, or ends early.
                if random.chance(300) {
                    value.truncate(below(random, value.len()));
                } else {
                    let first = below(random, value.len());
                    let end = (first / SECTOR_BYTES + 1) * SECTOR_BYTES;
                    let end = end.min(value.len());
                    // Zeroes over zeroes change nothing: one byte always differs.
                    let other = !value[first];
                    value[first..end].fill(0);
                    value[first] = other;
                }
                self.log.damage(last, &value);
            }
        }
    }

    /// Recovers as the daemon does: the newest snapshot, then every record after it; a last group
    /// that is not whole is cut.
    ///
    /// # Errors
    /// Something visible is missing, or a record cannot be applied.
    pub fn restore(&mut self, settings: &Settings, bodies: u64) -> Result<Restored, Violation> {
        let mut fold = Fold::new(settings.clone(), bodies);
        let mut start = Tail::EMPTY;
        if let Some((tail, bytes)) = &self.snapshot {
            start = *tail;
            let loaded = fold.load(&mut bytes.as_slice());
            loaded.map_err(|error| Violation::new("a snapshot reads back", error))?;
        }
        let tail = self.each(start, |place, record| {
            let applied = fold.apply(place, record);
            applied.map_err(|error| Violation::new("a durable record applies", error))
        })?;
        if tail.group < self.visible {
            let lost = format!("up to {} of {}", tail.group, self.visible);
            return Err(Violation::new("nothing visible is lost", lost));
        }
        self.log.crash(tail.group);
        Ok(Restored { fold, tail })
    }

    /// Every record after `start`, up to the end or a torn last group.
    ///
    /// # Errors
    /// Of `take`; or a group that is not the last is damaged.
    pub fn each(
        &self,
        start: Tail,
        mut take: impl FnMut(Place, &RecordBytes) -> Result<(), Violation>,
    ) -> Result<Tail, Violation> {
        let failed = |error| Violation::new("the log reads back", error);
        let groups = self.log.read(start.group.next()).map_err(failed)?;
        let mut records = Records::new(groups, start);
        for item in records.by_ref() {
            match item {
                Ok((place, record)) => take(place, &record)?,
                Err(RecordError::Frame {
                    group,
                    source: FrameError::Length { .. } | FrameError::Crc { .. },
                }) if group == self.log.tail() && group > self.visible => break,
                Err(error) => return Err(Violation::new("the log reads back", error)),
            }
        }
        Ok(records.tail())
    }

    /// Makes the next snapshot of the one before and what was logged since, and lets go of what is
    /// not needed. Gives back its bytes and where it ends.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn snapshot(&mut self, settings: &Settings) -> Result<(&[u8], Tail), Violation> {
        let Restored { fold, tail } = self.restore(settings, 0)?;
        let mut bytes = Vec::new();
        fold.save(&mut bytes).map_err(|error| Violation::new("a snapshot is written", error))?;
        self.sealed.push(tail.group);
        if let Some((older, _)) = &self.snapshot {
            let needed = fold.conversations.first_group().unwrap_or(tail.group.next());
            let upto = older.group.min(GroupNumber(needed.0 - 1));
            self.forget(upto).map_err(|error| Violation::new("a log lets go", error))?;
        }
        let (tail, bytes) = self.snapshot.insert((tail, bytes));
        Ok((bytes, *tail))
    }

    /// Lets go of whole generations, as the journal with the retention `needed` does: those behind
    /// the older of two snapshots that no conversation has an entry in.
    fn forget(&mut self, upto: GroupNumber) -> Result<(), LogError> {
        let kept = self.sealed.partition_point(|last| *last <= upto);
        let Some(last) = self.sealed.drain(..kept).next_back() else { return Ok(()) };
        self.log.truncate(last)?;
        self.forgotten = last.0;
        Ok(())
    }
}

fn below(random: &mut Seeded, end: usize) -> usize {
    usize::try_from(random.below(end as u64)).expect("below a length")
}
