//! Power cuts below the process.

pub mod disk;
pub mod notes;
