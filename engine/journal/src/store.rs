//! All generations of a journal: which there are, which are open. Shared by the writer, by readers
//! of old records and by the thread that folds snapshots.
//!
//! It opens sealed generations when somebody reads them and closes them again; it decides nothing
//! about what may be removed.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::generation::{Generation, remove_dir};
use crate::layout::{Layout, sync_dir};
use crate::limits::OPEN_SEALED_GENERATIONS_MAX;
use crate::log::{GroupSource, Groups, LogError};
use crate::place::GroupNumber;
use crate::trial::{TrialError, guarded, try_copy};

const OPENING: &str = "open a sealed generation";

#[derive(Debug)]
pub(crate) struct Store {
    layout: Layout,
    slots: Mutex<BTreeMap<GroupNumber, Arc<Slot>>>,
    /// Sealed generations that are open, the last used last.
    recent: Mutex<VecDeque<Arc<Slot>>>,
}

#[derive(Debug)]
struct Slot {
    first: GroupNumber,
    opened: Mutex<Opened>,
}

#[derive(Debug)]
enum Opened {
    /// Not looked at since the start: sled may panic at it, or wipe what it takes for torn.
    Untried,
    No,
    Yes(Arc<Generation>),
    /// Tried, and this is wrong with it: each reader would copy it anew to find the same.
    Damaged(String),
    /// Its files are gone: opening it would make an empty one.
    Removed,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every critical section leaves its map or list whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    /// Knows the generations of the numbers given; opens none. Those that hold `tried` or later groups
    /// were examined.
    pub(crate) fn new(layout: Layout, generations: &[GroupNumber], tried: GroupNumber) -> Self {
        let nexts = generations.iter().skip(1).map(Some).chain([None]);
        let slots = generations.iter().zip(nexts).map(|(&first, next)| {
            let untried = next.is_some_and(|next| *next <= tried);
            let opened = if untried { Opened::Untried } else { Opened::No };
            (first, Arc::new(Slot { first, opened: Mutex::new(opened) }))
        });
        let slots = slots.collect();
        Self { layout, slots: Mutex::new(slots), recent: Mutex::new(VecDeque::new()) }
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// First group numbers of the generations, ascending.
    pub(crate) fn generations(&self) -> Vec<GroupNumber> {
        lock(&self.slots).keys().copied().collect()
    }

    /// Adds a generation that its writer holds open.
    pub(crate) fn add(&self, generation: &Arc<Generation>) {
        let first = generation.first();
        let opened = Mutex::new(Opened::Yes(Arc::clone(generation)));
        lock(&self.slots).insert(first, Arc::new(Slot { first, opened }));
    }

    /// The writer no longer needs this generation open.
    pub(crate) fn release(&self, first: GroupNumber) {
        let slot = lock(&self.slots).get(&first).cloned();
        if let Some(slot) = slot {
            self.used(&slot);
        }
    }

    /// The generation with this first group, opened when it is not.
    pub(crate) fn open(&self, first: GroupNumber) -> Result<Option<Arc<Generation>>, LogError> {
        let Some(slot) = lock(&self.slots).get(&first).cloned() else { return Ok(None) };
        self.open_slot(&slot)
    }

    fn open_slot(&self, slot: &Arc<Slot>) -> Result<Option<Arc<Generation>>, LogError> {
        let next = {
            let slots = lock(&self.slots);
            slots.range(slot.first.next()..).next().map(|(first, _)| *first)
        };
        let generation = {
            let mut opened = lock(&slot.opened);
            if let (Opened::Untried, Some(next)) = (&*opened, next) {
                *opened = match self.try_whole(slot.first, next)? {
                    None => Opened::No,
                    Some(damage) => Opened::Damaged(damage),
                };
            }
            match &*opened {
                Opened::Damaged(damage) => {
                    return Err(LogError::Sled { during: OPENING, message: damage.clone() });
                }
                Opened::Yes(generation) => Arc::clone(generation),
                Opened::Removed => return Ok(None),
                Opened::No | Opened::Untried => {
                    let dir = self.layout.generation(slot.first);
                    let generation = guarded(|| Generation::open(&dir, slot.first));
                    let generation = Arc::new(generation.map_err(unreadable)?);
                    *opened = Opened::Yes(Arc::clone(&generation));
                    generation
                }
            }
        };
        if next.is_some() {
            self.used(slot);
        }
        Ok(Some(generation))
    }

    /// Looks at a copy of a sealed generation, as opening it is to cost none of its groups: what is
    /// wrong with it, if anything. An error is the system's, and passes.
    fn try_whole(&self, first: GroupNumber, next: GroupNumber) -> Result<Option<String>, LogError> {
        // A crash leaves it to the next start, which removes what is new.
        let aside = self.layout.generations().join(format!("new-trial-{}", first.0));
        let whole = try_copy(&self.layout.generation(first), first, &aside, |copy| {
            let mut expected = first;
            for group in copy.groups(first) {
                let (number, _) = group?;
                if number != expected || number >= next {
                    break;
                }
                expected = number.next();
            }
            Ok(expected)
        });
        match whole {
            Ok(reached) if reached < next => {
                Ok(Some(format!("generation {first} is damaged: group {reached} cannot be read")))
            }
            Ok(_) => Ok(None),
            Err(TrialError::Copy(source)) => Err(LogError::Io { during: OPENING, source }),
            Err(TrialError::Log(error)) if error.is_of_the_system() => Err(error),
            Err(error @ (TrialError::Log(_) | TrialError::Panic(_))) => Ok(Some(error.to_string())),
        }
    }

    /// Notes that a sealed generation was used, and closes those unused for longest.
    fn used(&self, slot: &Arc<Slot>) {
        let mut recent = lock(&self.recent);
        recent.retain(|other| other.first != slot.first);
        recent.push_back(Arc::clone(slot));
        let mut surplus = recent.len().saturating_sub(OPEN_SEALED_GENERATIONS_MAX);
        recent.retain(|slot| {
            let close = surplus > 0 && close_unused(slot);
            surplus -= usize::from(close);
            !close
        });
    }

    /// Every group in `from..=upto`, over all generations, in order. Keys that a generation holds
    /// beyond the first group of the next one were cut and are not seen.
    pub(crate) fn read(&self, from: GroupNumber, upto: GroupNumber) -> Groups<'_> {
        let generations = self.generations();
        let mut spans = Vec::new();
        for (position, &first) in generations.iter().enumerate() {
            let end = generations.get(position + 1).map_or(upto.next(), |next| *next);
            let (start, end) = (first.max(from), end.min(upto.next()));
            if start < end {
                spans.push((first, start, end));
            }
        }
        let groups =
            spans.into_iter().flat_map(move |(first, start, end)| -> Groups<'_> {
                match self.open(first) {
                    Ok(Some(generation)) => Box::new(generation.groups(start).take_while(
                        move |group| !matches!(group, Ok((number, _)) if *number >= end),
                    )),
                    Ok(None) => Box::new(std::iter::empty()),
                    Err(error) => Box::new(std::iter::once(Err(error))),
                }
            });
        Box::new(groups)
    }

    /// Removes the generations whose every group is at or below `upto`; never the newest one.
    pub(crate) fn truncate(&self, upto: GroupNumber) -> Result<(), LogError> {
        for pair in self.generations().windows(2) {
            if pair[1] <= upto.next() {
                self.remove(pair[0])?;
            }
        }
        Ok(())
    }

    /// Removes a generation from disk. The one that is written is never handed in.
    fn remove(&self, first: GroupNumber) -> Result<(), LogError> {
        let during = "remove an old generation";
        let Some(slot) = lock(&self.slots).remove(&first) else { return Ok(()) };
        lock(&self.recent).retain(|other| other.first != first);
        // A reader that holds it open keeps its files until it lets go.
        *lock(&slot.opened) = Opened::Removed;
        let dir = self.layout.generation(first);
        // Under another name first: half a generation must never have a generation's name.
        let doomed = self.layout.generations().join(format!("old-{}", first.0));
        remove_dir(&doomed).map_err(LogError::io(during))?;
        fs::rename(&dir, &doomed).map_err(LogError::io(during))?;
        sync_dir(&self.layout.generations()).map_err(LogError::io(during))?;
        remove_dir(&doomed).map_err(LogError::io(during))
    }
}

impl GroupSource for Store {
    fn group(&self, number: GroupNumber) -> Result<Option<Arc<[u8]>>, LogError> {
        let slot = {
            let slots = lock(&self.slots);
            slots.range(..=number).next_back().map(|(_, slot)| Arc::clone(slot))
        };
        match slot {
            Some(slot) => match self.open_slot(&slot)? {
                Some(generation) => generation.get(number),
                None => Ok(None),
            },
            None => Ok(None),
        }
    }
}

/// Closes under the slot's lock, so that nobody opens the directory while sled still has it.
fn close_unused(slot: &Slot) -> bool {
    let mut opened = lock(&slot.opened);
    match &*opened {
        Opened::Yes(generation) if Arc::strong_count(generation) > 1 => false,
        Opened::Yes(_) => {
            *opened = Opened::No;
            true
        }
        Opened::Untried | Opened::No | Opened::Damaged(_) | Opened::Removed => true,
    }
}

/// A sealed generation is opened long after recovery looked at the log's end: what is wrong with it must
/// reach its reader as an error.
fn unreadable(error: TrialError) -> LogError {
    match error {
        TrialError::Copy(source) => LogError::Io { during: OPENING, source },
        TrialError::Log(error) => error,
        error @ TrialError::Panic(_) => {
            LogError::Sled { during: OPENING, message: error.to_string() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_comes_late_does_not_bring_a_removed_generation_back() {
        let dir = tempfile::tempdir().unwrap();
        let (layout, _) = Layout::claim(dir.path()).unwrap();
        layout.complete().unwrap();
        let path = layout.generation(GroupNumber(1));
        let store = Store::new(layout, &[], GroupNumber::ZERO);
        for first in [1, 5] {
            let generations = store.layout().generations();
            let generation = Generation::create(&generations, GroupNumber(first)).unwrap();
            store.add(&Arc::new(generation));
        }
        let late = lock(&store.slots).get(&GroupNumber(1)).cloned().unwrap();
        store.truncate(GroupNumber(4)).unwrap();
        assert!(store.open_slot(&late).unwrap().is_none());
        assert!(!path.exists());
        assert_eq!(store.generations(), [GroupNumber(5)]);
    }

    #[test]
    fn a_damaged_generation_is_tried_once_and_told_to_each_who_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let (layout, _) = Layout::claim(dir.path()).unwrap();
        layout.complete().unwrap();
        let generations = [GroupNumber(1), GroupNumber(5)];
        for first in generations {
            drop(Generation::create(&layout.generations(), first).unwrap());
        }
        let damaged = layout.generation(generations[0]);
        let store = Store::new(layout, &generations, GroupNumber(9));
        let first = store.open(generations[0]).unwrap_err().to_string();
        assert!(first.ends_with("generation 1 is damaged: group 1 cannot be read"), "{first}");
        // Who looks again finds something else.
        fs::remove_dir_all(damaged).unwrap();
        assert_eq!(store.open(generations[0]).unwrap_err().to_string(), first);
    }
}
