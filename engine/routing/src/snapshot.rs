//! The state as bytes.

/// Why bytes are no snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Too short, or not a snapshot at all.
    #[error("these bytes are no snapshot of a tenant")]
    NotASnapshot,
    /// Another layout.
    #[error("snapshots of version 1 are understood, not {0}")]
    Version(u16),
    /// The check of the content failed.
    #[error("the snapshot's content is not valid: {0}")]
    Invalid(String),
}
