//! Opens a copy of a generation before the original is touched: sled writes when it opens a
//! directory, and may panic when the directory is damaged.
//!
//! Whatever happens to the copy, the original stays as it is. A panic on the trial's own thread
//! becomes an error and prints nothing; a panic on a thread of sled's pool is printed by the hook
//! and comes back as sled's error. What a trial cannot catch is an abort.

use std::any::Any;
use std::cell::Cell;
use std::fs::{self, File};
use std::io;
use std::panic;
use std::path::Path;
use std::sync::{Arc, Once};
use std::thread;

use rustix::fs::{Advice, fadvise};
use thiserror::Error;

use crate::generation::{Generation, remove_dir};
use crate::log::LogError;
use crate::place::GroupNumber;

/// Why a copy of a generation could not be examined.
#[derive(Debug, Error)]
pub(crate) enum TrialError {
    #[error("copying it aside: {0}")]
    Copy(io::Error),
    #[error("{0}")]
    Log(#[from] LogError),
    #[error("sled panicked: {0}")]
    Panic(String),
}

/// Copies the generation to `aside`, opens the copy and lets `examine` look at it.
pub(crate) fn try_copy<R: Send>(
    generation: &Path,
    first: GroupNumber,
    aside: &Path,
    examine: impl FnOnce(&Arc<Generation>) -> Result<R, LogError> + Send,
) -> Result<R, TrialError> {
    remove_dir(aside).map_err(TrialError::Copy)?;
    if let Err(error) = copy_dir(generation, aside) {
        // For want of space, as like as not. What stays is removed at the next start.
        let _ = remove_dir(aside);
        return Err(TrialError::Copy(error));
    }
    let result = guarded(|| {
        let generation = Arc::new(Generation::open(aside, first)?);
        examine(&generation)
    });
    remove_dir(aside).map_err(TrialError::Copy)?;
    result
}

/// Lets the next reader of a generation read the disk. What a failed sync has left in memory may never
/// have come to it, and is taken for written from then on: what is read of the newest generation must be
/// what is there after a power cut.
pub(crate) fn forget_cached(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            let file = File::open(entry.path())?;
            file.sync_all()?;
            fadvise(&file, 0, None, Advice::DontNeed)?;
        }
    }
    Ok(())
}

/// Runs on a thread of its own, so that silence about its panics concerns nobody else.
pub(crate) fn guarded<R: Send>(
    work: impl FnOnce() -> Result<R, LogError> + Send,
) -> Result<R, TrialError> {
    silence_hook();
    thread::scope(|scope| {
        let trial = thread::Builder::new().name("journal-trial".to_owned());
        let spawned = trial.spawn_scoped(scope, || {
            SILENT.set(true);
            work()
        });
        match spawned.map_err(TrialError::Copy)?.join() {
            Ok(result) => result.map_err(TrialError::Log),
            Err(panic) => Err(TrialError::Panic(panic_text(panic.as_ref()))),
        }
    })
}

thread_local! {
    static SILENT: Cell<bool> = const { Cell::new(false) };
}

/// The hook is the process's: ours asks whether the thread is a trial and else hands on to the hook
/// that was there. It is put in place once, and stays.
fn silence_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !SILENT.get() {
                before(info);
            }
        }));
    });
}

/// The message of a panic.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "without a message".to_owned())
}

fn copy_dir(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_dir(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_with_its_message() {
        let panicked = guarded(|| -> Result<(), LogError> { panic!("page {} is torn", 7) });
        assert!(matches!(panicked, Err(TrialError::Panic(text)) if text == "page 7 is torn"));
        assert!(guarded(|| Ok(())).is_ok());
    }

    #[test]
    fn the_original_stays_as_it_is_and_the_copy_goes() {
        let dir = tempfile::tempdir().unwrap();
        let (original, aside) = (dir.path().join("original"), dir.path().join("aside"));
        fs::create_dir(&original).unwrap();
        fs::write(original.join("conf"), b"a damaged configuration").unwrap();
        fs::write(original.join("db"), vec![7; 1000]).unwrap();
        let tried = try_copy(&original, GroupNumber(1), &aside, |_| Ok(()));
        assert!(matches!(tried, Err(TrialError::Log(_))));
        assert_eq!(fs::read_dir(&original).unwrap().count(), 2);
        assert!(!aside.exists());
    }

    #[test]
    fn a_copy_that_was_cut_short_takes_no_space() {
        let dir = tempfile::tempdir().unwrap();
        let (original, aside) = (dir.path().join("original"), dir.path().join("aside"));
        fs::create_dir(&original).unwrap();
        fs::write(original.join("db"), vec![7; 1000]).unwrap();
        std::os::unix::fs::symlink("nowhere", original.join("conf")).unwrap();
        let tried = try_copy(&original, GroupNumber(1), &aside, |_| Ok(()));
        assert!(matches!(tried, Err(TrialError::Copy(_))));
        assert!(!aside.exists());
    }
}
