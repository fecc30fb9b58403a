//! Names and places of everything inside a journal's directory, the lock, the `format` file, and the
//! syncs that make names durable. Knows no group.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::limits::FORMAT_VERSION;
use crate::place::GroupNumber;

const FORMAT_NAME: &str = "relevo-journal";

/// Why the directory was not taken.
#[derive(Debug, Error)]
pub enum ClaimError {
    /// Another process, or another journal of this process, has it.
    #[error("{dir}: the journal is in use by another process (its lock file is held)", dir = dir.display())]
    Busy {
        /// The journal's directory.
        dir: PathBuf,
    },
    /// There are files, but no journal.
    #[error("{dir}: not empty and not a journal: there is no file `format`, but `{found}`", dir = dir.display())]
    Foreign {
        /// The directory.
        dir: PathBuf,
        /// One of the names found.
        found: String,
    },
    /// Written by another version.
    #[error("{dir}: the journal has format {found}, this build reads and writes format {supported}", dir = dir.display())]
    Format {
        /// The directory.
        dir: PathBuf,
        /// What the file `format` says.
        found: String,
        /// What this build knows.
        supported: u16,
    },
    /// The operating system refused.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// File or directory.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> ClaimError {
    let path = path.to_path_buf();
    move |source| ClaimError::Io { path, source }
}

/// A journal's directory that this process holds. The lock goes with the value.
#[derive(Debug)]
pub(crate) struct Layout {
    dir: PathBuf,
    _lock: File,
}

/// Whether the directory held a journal before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// A journal of this format.
    Journal,
    /// Nothing, or a creation that was cut short.
    Nothing,
}

impl Layout {
    /// Takes the lock and looks at `format`. A refusal changes nothing on disk.
    pub(crate) fn claim(dir: &Path) -> Result<(Self, Found), ClaimError> {
        let found = look(dir)?;
        if found == Found::Nothing {
            create_dir(dir).map_err(failed(dir))?;
        }
        let lock_path = dir.join("lock");
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .map_err(failed(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(ClaimError::Busy { dir: dir.to_path_buf() });
            }
            Err(TryLockError::Error(source)) => return Err(failed(&lock_path)(source)),
        }
        // Only what is seen under the lock counts.
        let found = look(dir)?;
        Ok((Self { dir: dir.to_path_buf(), _lock: lock }, found))
    }

    /// Makes a new journal's fixed names durable, the file `format` last: a directory without it is
    /// a creation that was cut short and is begun again.
    pub(crate) fn create(&self) -> Result<(), ClaimError> {
        self.complete()?;
        // Its own name too: whoever finds `format` syncs nothing of this again.
        let parent = parent_of(&self.dir);
        sync_dir(parent).map_err(failed(parent))?;
        let text = format!("{FORMAT_NAME} {FORMAT_VERSION}\n");
        let path = self.dir.join("format");
        write_durably(&path, text.as_bytes()).map_err(failed(&path))
    }

    /// Makes the directories that are missing.
    pub(crate) fn complete(&self) -> Result<(), ClaimError> {
        for dir in [self.generations(), self.snapshots()] {
            create_dir(&dir).map_err(failed(&dir))?;
        }
        sync_dir(&self.dir).map_err(failed(&self.dir))
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn generations(&self) -> PathBuf {
        self.dir.join("generations")
    }

    pub(crate) fn generation(&self, first: GroupNumber) -> PathBuf {
        self.generations().join(numbered(first))
    }

    pub(crate) fn snapshots(&self) -> PathBuf {
        self.dir.join("snapshots")
    }

    pub(crate) fn watermark(&self) -> PathBuf {
        self.dir.join("watermark")
    }

    /// Where the newest generation is copied to before it is opened.
    pub(crate) fn aside(&self) -> PathBuf {
        self.dir.join("aside")
    }

    /// Where generations go that were given up.
    pub(crate) fn lost(&self) -> PathBuf {
        self.dir.join("lost")
    }
}

/// The name of a generation or snapshot: its group number in 20 digits, so that names sort.
pub(crate) fn numbered(number: GroupNumber) -> String {
    format!("{:020}", number.0)
}

/// The numbers among the names of a directory, in ascending order. Other names are passed over, and a
/// directory that is not there has none: a backup may leave out empty ones.
pub(crate) fn numbers_in(dir: &Path) -> io::Result<Vec<GroupNumber>> {
    let mut numbers = Vec::new();
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(numbers),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let name = entry?.file_name();
        let Some(name) = name.to_str() else { continue };
        if name.len() == 20
            && let Ok(number) = name.parse()
        {
            numbers.push(GroupNumber(number));
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Writes a file under a temporary name, syncs it, renames it, and syncs the directory.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("tmp");
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    sync_dir(parent_of(path))
}

pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

pub(crate) fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}

fn create_dir(dir: &Path) -> io::Result<()> {
    match fs::create_dir(dir) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Reads only.
fn look(dir: &Path) -> Result<Found, ClaimError> {
    let path = dir.join("format");
    match fs::read(&path) {
        Ok(text) => check_format(dir, &text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => look_for_foreign(dir),
        Err(source) => Err(failed(&path)(source)),
    }
}

fn check_format(dir: &Path, text: &[u8]) -> Result<Found, ClaimError> {
    let text = String::from_utf8_lossy(text);
    let version = text.strip_prefix(FORMAT_NAME).map(str::trim);
    if version == Some(FORMAT_VERSION.to_string().as_str()) {
        return Ok(Found::Journal);
    }
    let found = match version {
        Some(version) if !version.is_empty() => version.chars().take(32).collect(),
        Some(_) | None => "unknown".to_owned(),
    };
    Err(ClaimError::Format { dir: dir.to_path_buf(), found, supported: FORMAT_VERSION })
}

/// Without `format` only the leftovers of a creation that was cut short may be there.
fn look_for_foreign(dir: &Path) -> Result<Found, ClaimError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(source) => return Err(failed(dir)(source)),
    };
    for entry in entries {
        let entry = entry.map_err(failed(dir))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let leftover = match name.as_str() {
            "lock" | "format.tmp" | "watermark" => true,
            "generations" | "snapshots" => {
                fs::read_dir(entry.path()).map_err(failed(dir))?.next().is_none()
            }
            _ => false,
        };
        if !leftover {
            return Err(ClaimError::Foreign { dir: dir.to_path_buf(), found: name });
        }
    }
    Ok(Found::Nothing)
}
