//! Reads the notes that the library of `tests/powercut` makes of a process's writes and syncs.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// Bytes of header, inode and number.
const FIXED_BYTES: usize = 24;
/// The flag of `renameat2` that swaps two names.
const EXCHANGE: u64 = 2;

/// What was asked of the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// A file was opened to be made or emptied.
    Open {
        /// Its name.
        path: PathBuf,
        /// Its number.
        inode: u64,
        /// It is empty now.
        emptied: bool,
    },
    /// Bytes were about to be written.
    Write {
        /// Where.
        inode: u64,
        /// From here on.
        offset: u64,
        /// These.
        bytes: Vec<u8>,
    },
    /// A file was about to get another length.
    Truncate {
        /// Which.
        inode: u64,
        /// This one.
        length: u64,
    },
    /// A sync began.
    SyncBegins {
        /// Of which file or folder.
        inode: u64,
        /// What its end is known by.
        token: u64,
        /// `fdatasync`.
        data_only: bool,
    },
    /// A sync succeeded.
    SyncEnded {
        /// Which.
        token: u64,
    },
    /// A name was removed.
    Remove {
        /// The name.
        path: PathBuf,
    },
    /// A name was changed.
    Rename {
        /// What it was.
        from: PathBuf,
        /// What it is.
        to: PathBuf,
        /// Both names stay and have swapped what they name.
        swapped: bool,
    },
    /// A folder was made.
    MakeFolder {
        /// Its name.
        path: PathBuf,
        /// Its number.
        inode: u64,
    },
}

/// Reads the notes of a file. One that was cut short by the end of the process is the last.
///
/// # Errors
/// The file cannot be read, or holds what is no note.
pub fn read(file: &Path) -> io::Result<Vec<Note>> {
    let bytes = fs::read(file)?;
    let mut rest = bytes.as_slice();
    let mut notes = Vec::new();
    while let Some((note, after)) = next(rest)? {
        notes.push(note);
        rest = after;
    }
    Ok(notes)
}

fn next(bytes: &[u8]) -> io::Result<Option<(Note, &[u8])>> {
    let Some(head) = bytes.first_chunk::<FIXED_BYTES>() else { return Ok(None) };
    let [a, b, c, d, e, f, g, h, numbers @ ..] = *head;
    let length = u32::from_le_bytes([a, b, c, d]) as usize;
    let path = usize::from(u16::from_le_bytes([e, f]));
    let kind = u16::from_le_bytes([g, h]);
    let Some(body) = bytes.get(FIXED_BYTES..8 + length) else { return Ok(None) };
    let inode = u64::from_le_bytes(*numbers.first_chunk().expect("two numbers"));
    let number = u64::from_le_bytes(*numbers.last_chunk().expect("two numbers"));
    let (path, rest) =
        body.split_at_checked(path).ok_or_else(|| invalid("a path is longer than its note"))?;
    let name = |bytes: &[u8]| PathBuf::from(std::ffi::OsString::from_vec(bytes.to_vec()));
    let note = match kind {
        1 => Note::Open { path: name(path), inode, emptied: number != 0 },
        2 => Note::Write { inode, offset: number, bytes: rest.to_vec() },
        3 => Note::Truncate { inode, length: number },
        4 | 5 => Note::SyncBegins { inode, token: number, data_only: kind == 5 },
        6 => Note::SyncEnded { token: number },
        7 => Note::Remove { path: name(path) },
        8 => Note::Rename { from: name(path), to: name(rest), swapped: number & EXCHANGE != 0 },
        9 => Note::MakeFolder { path: name(path), inode },
        _ => return Err(invalid("a note of an unknown kind")),
    };
    Ok(Some((note, &bytes[8 + length..])))
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
