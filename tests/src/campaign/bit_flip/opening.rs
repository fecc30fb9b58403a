//! Opens one damaged journal as the daemon does, and judges what came of it.

use super::damage::Damage;
use super::specimen::{Image, Past, image, options, saved, write};
use relevo::fold::Fold;
use relevo_journal::{GroupNumber, Hooks, OpenError, RecordError, Recovered, open};
use relevo_routing::tenant::Settings;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;

/// What came of an opening.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// Everything is there.
    Whole,
    /// The state is whole; some old record that only a reader asks for is refused to it.
    Unreadable,
    /// A right beginning that reaches the watermark; the report says where it ends.
    Prefix,
    /// It is not opened, and the message says where.
    Refused,
    /// Anything else.
    Fault(String),
}

/// Opens a damaged journal at `work`, where nothing is.
///
/// # Panics
/// It cannot be written there; or the journal panics, which ends this process.
pub fn judge(damaged: &Image, past: &Past, least: u64, damage: &Damage, work: &Path) -> Verdict {
    write(damaged, work);
    let verdict = match open(options(work)) {
        Ok(recovered) => recovered_well(recovered, past, least, damage),
        Err(error) if image(work) != *damaged => {
            Verdict::Fault(format!("refused, and the folder is another: {error}"))
        }
        Err(error) => refused_well(&error, work, past),
    };
    fs::remove_dir_all(work).expect("the journal can be removed");
    verdict
}

/// A refusal names the place.
fn refused_well(error: &OpenError, work: &Path, past: &Past) -> Verdict {
    let text = error.to_string();
    let last = past.records.last().map_or(0, |(place, _)| place.group.0);
    let named = match error {
        OpenError::Claim(_) => text.contains(&work.display().to_string()),
        OpenError::Damaged(damage) => {
            let place = format!("generation {}, group {}", damage.generation, damage.group);
            (1..=last + 1).contains(&damage.group.0) && text.contains(&place)
        }
        OpenError::Log(_) => false,
    };
    if named {
        Verdict::Refused
    } else {
        Verdict::Fault(format!("a refusal without place: {text}"))
    }
}

/// What was recovered is what was written, as far as the report says, and at least to the watermark.
fn recovered_well(mut recovered: Recovered, past: &Past, least: u64, damage: &Damage) -> Verdict {
    let report = recovered.report.clone();
    let (last, torn) = (report.last_record.0, report.torn_group);
    let mut fold = Fold::new(Settings::default(), 0);
    let mut next = 0;
    if let Some(mut snapshot) = recovered.snapshot.take() {
        next = snapshot.tail().record.0;
        if let Err(error) = fold.load(&mut snapshot) {
            return Verdict::Fault(format!("the snapshot that was taken is no fold: {error}"));
        }
    }
    let snapshot = report.snapshot;
    for item in recovered.records() {
        let (place, record) = match item {
            Ok(placed) => placed,
            Err(error) => return Verdict::Fault(format!("opened, and then: {error}")),
        };
        next += 1;
        let written = usize::try_from(next - 1).ok().and_then(|at| past.records.get(at));
        let same = written.is_some_and(|(known, written)| {
            (*known, &written.public[..], &written.private[..])
                == (place, record.public(), record.private())
        });
        if !same || record.number.0 != next {
            return Verdict::Fault(format!("record {next} at {place} is another than was written"));
        }
        if let Err(error) = fold.apply(place, &record) {
            return Verdict::Fault(format!("record {next} does not apply: {error}"));
        }
    }
    if next != last {
        return Verdict::Fault(format!("{next} records came, the report says {last}"));
    }
    if last < least {
        return Verdict::Fault(format!("{last} records, the watermark knows {least}"));
    }
    let all = past.records.len() as u64;
    if usize::try_from(last).ok().and_then(|last| past.states.get(last)) != Some(&saved(&fold)) {
        return Verdict::Fault(format!("the state after {last} records is another"));
    }
    if last < all {
        return Verdict::Prefix;
    }
    if let Some(torn) = torn {
        return Verdict::Fault(format!("nothing is missing, the report cuts group {torn}"));
    }
    // A generation below the snapshot is not looked at when the journal is opened.
    match generation_of(&damage.file).filter(|generation| Some(*generation) <= snapshot) {
        Some(unexamined) => read_by_place(recovered, past, unexamined),
        None => Verdict::Whole,
    }
}

/// The generation that a file belongs to.
fn generation_of(file: &Path) -> Option<GroupNumber> {
    let name = file.strip_prefix("generations").ok()?.iter().next()?.to_str()?;
    name.parse().ok().map(GroupNumber)
}

/// Reads the records of a generation where they lie, as catching up does: each is right, or refused.
fn read_by_place(recovered: Recovered, past: &Past, generation: GroupNumber) -> Verdict {
    let hooks = Hooks::<()> { sink: Box::new(drop), failed: Box::new(drop) };
    let handle = match recovered.start(hooks, None) {
        Ok(handle) => handle,
        Err(error) => return Verdict::Fault(format!("opened, and not started: {error}")),
    };
    let reader = handle.reader();
    let mut verdict = Verdict::Whole;
    for (place, written) in past.records.iter().filter(|(place, _)| place.group >= generation) {
        match reader.read(*place) {
            Ok(read) if (read.public(), read.private()) != (&written.public, &written.private) => {
                verdict = Verdict::Fault(format!("the record at {place} reads as another"));
                break;
            }
            Ok(_) => {}
            Err(RecordError::Log(_)) => {
                // sled does not open it: no record of it can be read.
                verdict = Verdict::Unreadable;
                break;
            }
            Err(
                RecordError::Frame { .. } | RecordError::Parts { .. } | RecordError::Absent { .. },
            ) => {
                verdict = Verdict::Unreadable;
            }
        }
    }
    match handle.close() {
        Ok(()) => verdict,
        Err(error) => Verdict::Fault(format!("opened, and not closed: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::bit_flip::damage::Change;
    use crate::campaign::bit_flip::specimen::{Left, make};

    #[test]
    fn the_judge_sees_another_record_another_state_and_a_loss_behind_the_watermark() {
        let folder = tempfile::tempdir().unwrap();
        let (specimen, work) = (folder.path().join("specimen"), folder.path().join("work"));
        make(&specimen, Left::Closed);
        let image = image(&specimen);
        let damage = Damage {
            left: Left::Closed,
            file: "watermark".into(),
            change: Change::Cut { length: 0 },
        };
        let read = || Past::read(&specimen, &work);
        let all = read().records.len() as u64;
        let judged = |past: &Past, least| judge(&image, past, least, &damage, &work);
        assert_eq!(judged(&read(), all), Verdict::Whole);

        let faults = |past: &Past, least| {
            let Verdict::Fault(why) = judged(past, least) else { return String::new() };
            why
        };
        assert_eq!(
            faults(&read(), all + 1),
            format!("{all} records, the watermark knows {}", all + 1)
        );
        let mut other = read();
        other.records.last_mut().unwrap().1.private.push(0);
        assert!(faults(&other, all).contains("another than was written"));
        let mut moved = read();
        moved.records.last_mut().unwrap().0.index += 1;
        assert!(faults(&moved, all).contains("another than was written"));
        let mut state = read();
        state.states.last_mut().unwrap().push(0);
        assert!(faults(&state, all).contains("the state after"));
        let mut less = read();
        less.records.pop();
        assert!(!faults(&less, 0).is_empty());
    }
}
