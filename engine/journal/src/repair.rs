//! Goes on without what is damaged, once the operator accepted the loss. Nothing is destroyed: what
//! is given up is kept under `lost/`, and any crash on the way leaves a state that is refused or
//! given up again, never a wrong one.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::examine::{Damage, DamageKind, Examined};
use crate::generation::Generation;
use crate::layout::{Layout, numbered, numbers_in, sync_dir};
use crate::log::LogError;
use crate::place::GroupNumber;
use crate::trial::try_copy;
use crate::watermark::Watermark;

const DURING: &str = "give up the damaged part";

/// Makes the log end with the last good group.
pub(crate) fn give_up(
    layout: &Layout,
    generations: &[GroupNumber],
    examined: &Examined,
    damage: &Damage,
) -> Result<(), LogError> {
    make_lost(layout)?;
    let next = examined.tail.group.next();
    // A damaged one that begins behind a gap holds nothing to go on with either: under its name it would
    // be taken for the log's end, once the log comes to its number again.
    let useless = |first: GroupNumber| first > damage.generation || first > next;
    // Later generations go first, the newest first: what remains always is a beginning of the log.
    for &first in generations.iter().rev().filter(|&&first| useless(first)) {
        move_to_lost(layout, layout.generation(first), first)?;
    }
    set_snapshots_aside(layout, examined.tail.group)?;
    let damaged = generations.contains(&damage.generation) && !useless(damage.generation);
    let needs_rewrite = match &damage.kind {
        DamageKind::Unreadable(_)
        | DamageKind::Hole
        | DamageKind::Frame(_)
        | DamageKind::Parts(_)
        | DamageKind::Replaced
        | DamageKind::Blobs => true,
        DamageKind::BehindWatermark { .. } | DamageKind::NoWatermark => false,
    };
    if damaged && needs_rewrite {
        rewrite(layout, damage.generation, examined.tail.group)?;
    }
    Watermark::create(&layout.watermark(), examined.mark).map_err(LogError::io(DURING))?;
    sync_dir(layout.dir()).map_err(LogError::io(DURING))
}

/// Snapshots beyond the end that the log has now: all were passed over as damaged, and would count as
/// the newest.
fn set_snapshots_aside(layout: &Layout, last: GroupNumber) -> Result<(), LogError> {
    let snapshots = numbers_in(&layout.snapshots()).map_err(LogError::io(DURING))?;
    for &number in snapshots.iter().filter(|&&number| number > last) {
        move_to_lost(layout, layout.snapshots().join(numbered(number)), number)?;
    }
    sync_dir(&layout.snapshots()).map_err(LogError::io(DURING))
}

/// Puts a generation with only the good groups where the damaged one was, in one step.
fn rewrite(layout: &Layout, first: GroupNumber, last: GroupNumber) -> Result<(), LogError> {
    let fresh = layout.generations().join(format!("repair-{}", numbered(first)));
    if fresh.exists() {
        // A repair was cut short: this is half a copy, or already what it replaced.
        move_to_lost(layout, fresh.clone(), first)?;
    }
    let good = Arc::new(Generation::create_at(&fresh, first)?);
    if first <= last {
        let copied = try_copy(&layout.generation(first), first, &layout.aside(), |damaged| {
            copy_groups(damaged, &good, last)
        });
        copied.map_err(|error| LogError::Sled { during: DURING, message: error.to_string() })?;
    }
    good.sync_opened()?;
    drop(good);
    let place = layout.generation(first);
    renameat_with(CWD, &fresh, CWD, &place, RenameFlags::EXCHANGE)
        .map_err(|errno| LogError::Io { during: DURING, source: errno.into() })?;
    sync_dir(&layout.generations()).map_err(LogError::io(DURING))?;
    move_to_lost(layout, fresh, first)
}

/// Keeps what a repair that was cut short has left: half a copy, or what was replaced already.
pub(crate) fn keep_leftovers(layout: &Layout) -> Result<(), LogError> {
    let entries = fs::read_dir(layout.generations()).map_err(LogError::io(DURING))?;
    for entry in entries {
        let path = entry.map_err(LogError::io(DURING))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(first) = name.strip_prefix("repair-") {
            make_lost(layout)?;
            move_to_lost(layout, path, GroupNumber(first.parse().unwrap_or(0)))?;
        }
    }
    Ok(())
}

fn copy_groups(
    damaged: &Arc<Generation>,
    good: &Arc<Generation>,
    last: GroupNumber,
) -> Result<(), LogError> {
    for group in damaged.groups(GroupNumber::ZERO) {
        let (number, value) = group?;
        if number > last {
            break;
        }
        good.append(number, &value)?;
    }
    Ok(())
}

/// Its name must be there before anything is moved into it, also after a power cut.
fn make_lost(layout: &Layout) -> Result<(), LogError> {
    fs::create_dir_all(layout.lost())
        .and_then(|()| sync_dir(layout.dir()))
        .map_err(LogError::io(DURING))
}

fn move_to_lost(layout: &Layout, from: PathBuf, first: GroupNumber) -> Result<(), LogError> {
    let mut attempt = 0_u32;
    let target = loop {
        let target = layout.lost().join(format!("{}-{attempt}", numbered(first)));
        if !target.exists() {
            break target;
        }
        attempt += 1;
    };
    fs::rename(from, target).map_err(LogError::io(DURING))?;
    sync_dir(&layout.lost()).map_err(LogError::io(DURING))?;
    sync_dir(&layout.generations()).map_err(LogError::io(DURING))
}
