//! What a note looks like: an 8-byte header (length of what follows it, u32; length of the path,
//! u16; kind, u16), inode (u64), number (u64), the path, the bytes. Integers are little-endian.
//! `relevo-tests` reads it with the same constants (`campaign/power_cut/notes.rs`).

/// What was done. The number is named in brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Kind {
    /// A file was opened to be made or emptied (1: emptied).
    Open = 1,
    /// These bytes are about to be written (at this offset).
    Write = 2,
    /// A file is about to get another length (this one).
    Truncate = 3,
    /// `fsync` begins (its token).
    SyncBegins = 4,
    /// `fdatasync` begins (its token).
    DataSyncBegins = 5,
    /// The sync with this token succeeded.
    SyncEnded = 6,
    /// A name was removed.
    Remove = 7,
    /// The path has the name in the bytes now (flags of `renameat2`).
    Rename = 8,
    /// A folder was made.
    MakeDirectory = 9,
}

/// Bytes of header, inode and number.
pub(crate) const FIXED_BYTES: usize = 24;

/// Everything before the path.
pub(crate) fn head(
    kind: Kind,
    inode: u64,
    number: u64,
    path: usize,
    bytes: usize,
) -> Option<[u8; FIXED_BYTES]> {
    let length = u32::try_from(FIXED_BYTES - 8 + path + bytes).ok()?;
    let path = u16::try_from(path).ok()?;
    let mut head = [0; FIXED_BYTES];
    head[..4].copy_from_slice(&length.to_le_bytes());
    head[4..6].copy_from_slice(&path.to_le_bytes());
    head[6..8].copy_from_slice(&(kind as u16).to_le_bytes());
    head[8..16].copy_from_slice(&inode.to_le_bytes());
    head[16..].copy_from_slice(&number.to_le_bytes());
    Some(head)
}
