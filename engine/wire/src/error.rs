//! The one table of errors.

use rkyv::{Archive, Deserialize, Serialize};
use std::fmt;

/// Name of an error. Names and numbers are stable.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The frame cannot be read, or a field is out of its range.
    Malformed,
    /// No valid credential.
    Unauthenticated,
    /// The credential does not allow it.
    Forbidden,
    /// No such object within the caller's tenant.
    NotFound,
    /// The author's epoch is not the present one.
    StaleEpoch,
    /// The ticket or object is not in a state that allows it.
    WrongState,
    /// The object has changed since the version named.
    VersionConflict,
    /// The agent has no free seat.
    NoSeat,
    /// The line is empty for this agent.
    NothingWaiting,
    /// Another agent holds the conversation.
    HeldByOther,
    /// Free text outside the channel's reply window.
    WindowExpired,
    /// A template without all its variables.
    TemplateParameters,
    /// The same idempotency key with other content.
    IdempotencyConflict,
    /// A limit was passed.
    LimitExceeded,
    /// No budget now: repeat later.
    Overloaded,
    /// The log has failed, or the daemon is not ready.
    Unavailable,
    /// The disk is nearly full.
    StorageFull,
    /// The daemon is shutting down: connect elsewhere.
    Draining,
    /// A frame version that this daemon does not know.
    VersionUnsupported,
    /// A fault of the daemon.
    Internal,
}

impl ErrorCode {
    /// Every code, in the order of the table.
    pub const ALL: [Self; 20] = [
        Self::Malformed,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::StaleEpoch,
        Self::WrongState,
        Self::VersionConflict,
        Self::NoSeat,
        Self::NothingWaiting,
        Self::HeldByOther,
        Self::WindowExpired,
        Self::TemplateParameters,
        Self::IdempotencyConflict,
        Self::LimitExceeded,
        Self::Overloaded,
        Self::Unavailable,
        Self::StorageFull,
        Self::Draining,
        Self::VersionUnsupported,
        Self::Internal,
    ];

    /// The name as it stands in the protocol and in labels.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// The HTTP status beside it.
    #[must_use]
    pub fn http_status(self) -> u16 {
        self.row().1
    }

    /// The code with which a QUIC lane or connection is closed for this reason: 1 for `malformed`
    /// and on, in the order of the table. 0 stands for a close without a fault.
    #[must_use]
    pub fn close_code(self) -> u32 {
        self as u32 + 1
    }

    /// The reason behind the code of a closed QUIC lane or connection.
    #[must_use]
    pub fn from_close_code(code: u64) -> Option<Self> {
        let at = usize::try_from(code.checked_sub(1)?).ok()?;
        Self::ALL.get(at).copied()
    }

    fn row(self) -> (&'static str, u16) {
        match self {
            Self::Malformed => ("malformed", 400),
            Self::Unauthenticated => ("unauthenticated", 401),
            Self::Forbidden => ("forbidden", 403),
            Self::NotFound => ("not_found", 404),
            Self::StaleEpoch => ("stale_epoch", 409),
            Self::WrongState => ("wrong_state", 409),
            Self::VersionConflict => ("version_conflict", 412),
            Self::NoSeat => ("no_seat", 409),
            Self::NothingWaiting => ("nothing_waiting", 404),
            Self::HeldByOther => ("held_by_other", 409),
            Self::WindowExpired => ("window_expired", 409),
            Self::TemplateParameters => ("template_parameters", 422),
            Self::IdempotencyConflict => ("idempotency_conflict", 409),
            Self::LimitExceeded => ("limit_exceeded", 413),
            Self::Overloaded => ("overloaded", 429),
            Self::Unavailable => ("unavailable", 503),
            Self::StorageFull => ("storage_full", 507),
            Self::Draining => ("draining", 503),
            Self::VersionUnsupported => ("version_unsupported", 400),
            Self::Internal => ("internal", 500),
        }
    }
}

/// An error as an answer carries it.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
pub struct WireError {
    /// Which.
    pub code: ErrorCode,
    /// The field it is about, or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub field: String,
    /// What is wrong and what would be right.
    pub message: String,
    /// For `stale_epoch` and `wrong_state`: the present truth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub present: Option<Present>,
}

/// The present truth about a ticket.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
pub struct Present {
    /// Its state.
    pub state: crate::vocabulary::TicketState,
    /// Its epoch.
    pub epoch: u32,
    /// Name of the agent who has it, if one has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

impl WireError {
    /// An error about no field in particular.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, field: String::new(), message: message.into(), present: None }
    }

    /// An error about a field.
    #[must_use]
    pub fn field(code: ErrorCode, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, field: field.into(), message: message.into(), present: None }
    }
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code.name())?;
        if !self.field.is_empty() {
            write!(f, " ({})", self.field)?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for WireError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_code_names_the_error_it_was_made_from() {
        for (at, code) in ErrorCode::ALL.into_iter().enumerate() {
            assert_eq!(code.close_code() as usize, at + 1, "{}", code.name());
            assert_eq!(ErrorCode::from_close_code(u64::from(code.close_code())), Some(code));
        }
        assert_eq!(ErrorCode::from_close_code(0), None);
        assert_eq!(ErrorCode::from_close_code(21), None);
        assert_eq!(ErrorCode::from_close_code(u64::MAX), None);
    }
}
