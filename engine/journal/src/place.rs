//! Numbers that name groups, records and the place of a record: plain values without behaviour.

use std::fmt;

/// Number of a group. The first group of a journal is 1; 0 stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct GroupNumber(pub u64);

impl GroupNumber {
    /// The tail of an empty journal.
    pub const ZERO: Self = Self(0);

    /// The number after this one. The greatest number, which only damage can write, stays.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for GroupNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Number of a record. The first record of a journal is 1 and the numbers are dense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RecordNumber(pub u64);

impl RecordNumber {
    /// The last record of an empty journal.
    pub const ZERO: Self = Self(0);

    /// The number after this one. The greatest number, which only damage can write, stays.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for RecordNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a record stands: its group and its position among the group's entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Group that holds the record (for a record in parts: the entry that names them).
    pub group: GroupNumber,
    /// Position in the group, from 0. Parts take positions too.
    pub index: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.group, self.index)
    }
}

/// SHA-256 of a group; each group carries the one of the group before.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct GroupHash(pub [u8; 32]);

impl GroupHash {
    /// Stands before the first group.
    pub const ZERO: Self = Self([0; 32]);
}

impl fmt::Debug for GroupHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

/// Where a log ends: what the next group must follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tail {
    /// Last group.
    pub group: GroupNumber,
    /// Last record in or before that group.
    pub record: RecordNumber,
    /// Hash of that group.
    pub hash: GroupHash,
}

impl Tail {
    /// The tail of an empty log.
    pub const EMPTY: Self =
        Self { group: GroupNumber::ZERO, record: RecordNumber::ZERO, hash: GroupHash::ZERO };
}
