//! The values that labels may have: closed lists, so that no series can be made from outside.

use relevo_routing::event::OverflowReason;
use relevo_wire::Command;
use relevo_wire::vocabulary::{
    CloseReason, HandOffReason, OfferEnd, Outcome, RequeueReason, Silent, TargetState,
    TicketTarget, Via,
};

/// Name of a command, as it stands in the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum CommandName {
    Hello,
    Cursors,
    Read,
    Send,
    Receipt,
    Typing,
    HandOff,
    AgentsOnline,
    CustomerLeft,
    TakeBack,
    SetPresence,
    Next,
    Targets,
    Transfer,
    Close,
    Accept,
    Decline,
    Hold,
    Unhold,
    Park,
    Unpark,
    WrapUpDone,
    Reopen,
    SetAbsence,
    BlockContact,
    UnblockContact,
    ListBlocked,
    WantCallback,
    ListCallbacks,
    SetQueueMode,
    NotifyWaiting,
    Explain,
    Put,
    Delete,
    ListDirectory,
    CreateKey,
    ListKeys,
    RevokeKey,
    Status,
    Apply,
}

impl CommandName {
    /// Every command of this version.
    pub const ALL: [Self; 40] = [
        Self::Hello,
        Self::Cursors,
        Self::Read,
        Self::Send,
        Self::Receipt,
        Self::Typing,
        Self::HandOff,
        Self::AgentsOnline,
        Self::CustomerLeft,
        Self::TakeBack,
        Self::SetPresence,
        Self::Next,
        Self::Targets,
        Self::Transfer,
        Self::Close,
        Self::Accept,
        Self::Decline,
        Self::Hold,
        Self::Unhold,
        Self::Park,
        Self::Unpark,
        Self::WrapUpDone,
        Self::Reopen,
        Self::SetAbsence,
        Self::BlockContact,
        Self::UnblockContact,
        Self::ListBlocked,
        Self::WantCallback,
        Self::ListCallbacks,
        Self::SetQueueMode,
        Self::NotifyWaiting,
        Self::Explain,
        Self::Put,
        Self::Delete,
        Self::ListDirectory,
        Self::CreateKey,
        Self::ListKeys,
        Self::RevokeKey,
        Self::Status,
        Self::Apply,
    ];

    /// The label's value.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hello => "hello",
            Self::Cursors => "cursors",
            Self::Read => "read",
            Self::Send => "send",
            Self::Receipt => "receipt",
            Self::Typing => "typing",
            Self::HandOff => "hand_off",
            Self::AgentsOnline => "agents_online",
            Self::CustomerLeft => "customer_left",
            Self::TakeBack => "take_back",
            Self::SetPresence => "set_presence",
            Self::Next => "next",
            Self::Targets => "targets",
            Self::Transfer => "transfer",
            Self::Close => "close",
            Self::Accept => "accept",
            Self::Decline => "decline",
            Self::Hold => "hold",
            Self::Unhold => "unhold",
            Self::Park => "park",
            Self::Unpark => "unpark",
            Self::WrapUpDone => "wrap_up_done",
            Self::Reopen => "reopen",
            Self::SetAbsence => "set_absence",
            Self::BlockContact => "block_contact",
            Self::UnblockContact => "unblock_contact",
            Self::ListBlocked => "list_blocked",
            Self::WantCallback => "want_callback",
            Self::ListCallbacks => "list_callbacks",
            Self::SetQueueMode => "set_queue_mode",
            Self::NotifyWaiting => "notify_waiting",
            Self::Explain => "explain",
            Self::Put => "put",
            Self::Delete => "delete",
            Self::ListDirectory => "list_directory",
            Self::CreateKey => "create_key",
            Self::ListKeys => "list_keys",
            Self::RevokeKey => "revoke_key",
            Self::Status => "status",
            Self::Apply => "apply",
        }
    }
}

impl From<&Command> for CommandName {
    fn from(command: &Command) -> Self {
        match command {
            Command::Hello(_) => Self::Hello,
            Command::Cursors(_) => Self::Cursors,
            Command::Read(_) => Self::Read,
            Command::Send(_) => Self::Send,
            Command::Receipt(_) => Self::Receipt,
            Command::Typing(_) => Self::Typing,
            Command::HandOff(_) => Self::HandOff,
            Command::AgentsOnline(_) => Self::AgentsOnline,
            Command::CustomerLeft(_) => Self::CustomerLeft,
            Command::TakeBack(_) => Self::TakeBack,
            Command::SetPresence(_) => Self::SetPresence,
            Command::Next(_) => Self::Next,
            Command::Targets(_) => Self::Targets,
            Command::Transfer(_) => Self::Transfer,
            Command::Close(_) => Self::Close,
            Command::Accept(_) => Self::Accept,
            Command::Decline(_) => Self::Decline,
            Command::Hold(_) => Self::Hold,
            Command::Unhold(_) => Self::Unhold,
            Command::Park(_) => Self::Park,
            Command::Unpark(_) => Self::Unpark,
            Command::WrapUpDone(_) => Self::WrapUpDone,
            Command::Reopen(_) => Self::Reopen,
            Command::SetAbsence(_) => Self::SetAbsence,
            Command::BlockContact(_) => Self::BlockContact,
            Command::UnblockContact(_) => Self::UnblockContact,
            Command::ListBlocked(_) => Self::ListBlocked,
            Command::WantCallback(_) => Self::WantCallback,
            Command::ListCallbacks(_) => Self::ListCallbacks,
            Command::SetQueueMode(_) => Self::SetQueueMode,
            Command::NotifyWaiting(_) => Self::NotifyWaiting,
            Command::Explain(_) => Self::Explain,
            Command::Put(_) => Self::Put,
            Command::Delete(_) => Self::Delete,
            Command::ListDirectory(_) => Self::ListDirectory,
            Command::CreateKey(_) => Self::CreateKey,
            Command::ListKeys(_) => Self::ListKeys,
            Command::RevokeKey(_) => Self::RevokeKey,
            Command::Status(_) => Self::Status,
            Command::Apply(_) => Self::Apply,
        }
    }
}

/// Which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Of a customer.
    Inbound,
    /// To a customer.
    Outbound,
}

impl Direction {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Inbound, Self::Outbound];

    /// The label's value.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

/// How a session is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// QUIC with rkyv frames.
    Quic,
    /// QUIC with JSON lines.
    QuicJson,
}

impl Transport {
    /// Every transport of this version.
    pub const ALL: [Self; 2] = [Self::Quic, Self::QuicJson];

    /// The label's value.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Quic => "quic",
            Self::QuicJson => "quic_json",
        }
    }
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionEnd {
    /// The client closed it.
    Client,
    /// Nothing was heard for the idle timeout, or the connection broke.
    Lost,
    /// It did not read what it was sent.
    SlowConsumer,
    /// It broke the protocol.
    Protocol,
    /// Its credential was ended.
    Revoked,
    /// The daemon shuts down.
    Draining,
    /// A fault of the daemon.
    Internal,
}

impl SessionEnd {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::Client,
        Self::Lost,
        Self::SlowConsumer,
        Self::Protocol,
        Self::Revoked,
        Self::Draining,
        Self::Internal,
    ];

    /// The label's value.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Lost => "lost",
            Self::SlowConsumer => "slow_consumer",
            Self::Protocol => "protocol",
            Self::Revoked => "revoked",
            Self::Draining => "draining",
            Self::Internal => "internal",
        }
    }
}

/// What became of a hand-off that routing decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HandOffResult {
    Accepted,
    Existing,
    NoAgent,
    Inactive,
    QueueFull,
    OutOfHours,
    Blocked,
}

impl HandOffResult {
    pub(super) const ALL: [Self; 7] = [
        Self::Accepted,
        Self::Existing,
        Self::NoAgent,
        Self::Inactive,
        Self::QueueFull,
        Self::OutOfHours,
        Self::Blocked,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Existing => "existing",
            Self::NoAgent => "no_agent",
            Self::Inactive => "inactive",
            Self::QueueFull => "queue_full",
            Self::OutOfHours => "out_of_hours",
            Self::Blocked => "blocked",
        }
    }
}

pub(super) const OVERFLOW_REASONS: [OverflowReason; 4] = [
    OverflowReason::Timeout,
    OverflowReason::NobodyOnline,
    OverflowReason::Full,
    OverflowReason::OutOfHours,
];

pub(super) fn overflow_reason(reason: OverflowReason) -> &'static str {
    match reason {
        OverflowReason::Timeout => "timeout",
        OverflowReason::NobodyOnline => "nobody_online",
        OverflowReason::Full => "full",
        OverflowReason::OutOfHours => "out_of_hours",
    }
}

pub(super) const SILENT: [Silent; 2] = [Silent::Customer, Silent::Agent];

pub(super) fn silent(silent: Silent) -> &'static str {
    match silent {
        Silent::Customer => "customer",
        Silent::Agent => "agent",
    }
}

pub(super) const TICKET_TARGETS: [TicketTarget; 3] =
    [TicketTarget::FirstResponse, TicketTarget::NextResponse, TicketTarget::Resolution];

pub(super) fn ticket_target(which: TicketTarget) -> &'static str {
    match which {
        TicketTarget::FirstResponse => "first_response",
        TicketTarget::NextResponse => "next_response",
        TicketTarget::Resolution => "resolution",
    }
}

pub(super) const TARGET_STATES: [TargetState; 2] = [TargetState::AtRisk, TargetState::Missed];

pub(super) fn target_state(state: TargetState) -> &'static str {
    match state {
        TargetState::AtRisk => "at_risk",
        TargetState::Missed => "missed",
    }
}

pub(super) const REQUEUE_REASONS: [RequeueReason; 3] =
    [RequeueReason::AgentGone, RequeueReason::AgentRemoved, RequeueReason::AgentInactivity];

pub(super) fn requeue_reason(reason: RequeueReason) -> &'static str {
    match reason {
        RequeueReason::AgentGone => "agent_gone",
        RequeueReason::AgentRemoved => "agent_removed",
        RequeueReason::AgentInactivity => "agent_inactivity",
    }
}

pub(super) const HAND_OFF_REASONS: [HandOffReason; 3] =
    [HandOffReason::Planned, HandOffReason::Fallback, HandOffReason::Requested];

pub(super) fn hand_off_reason(reason: HandOffReason) -> &'static str {
    match reason {
        HandOffReason::Planned => "planned",
        HandOffReason::Fallback => "fallback",
        HandOffReason::Requested => "requested",
    }
}

pub(super) fn via(via: Via) -> &'static str {
    match via {
        Via::HandOff => "hand_off",
        Via::Transfer => "transfer",
        Via::Reopen => "reopen",
        Via::Overflow => "overflow",
    }
}

pub(super) fn close_reason(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Agent => "agent",
        CloseReason::Client => "client",
        CloseReason::ClientInactivity => "client_inactivity",
        CloseReason::AgentInactivity => "agent_inactivity",
        CloseReason::Bot => "bot",
        CloseReason::Transferred => "transferred",
        CloseReason::Expired => "expired",
        CloseReason::NoAgent => "no_agent",
        CloseReason::OutOfHours => "out_of_hours",
        CloseReason::QueueFull => "queue_full",
        CloseReason::Supervisor => "supervisor",
    }
}

/// Every end of an offer without an acceptance, in the order of its variants.
pub(super) const OFFER_ENDS: [OfferEnd; 5] =
    [OfferEnd::Declined, OfferEnd::Missed, OfferEnd::Withdrawn, OfferEnd::Taken, OfferEnd::Closed];

/// How an offer ended without an acceptance.
pub(super) fn offer_end(end: OfferEnd) -> &'static str {
    match end {
        OfferEnd::Declined => "declined",
        OfferEnd::Missed => "missed",
        OfferEnd::Withdrawn => "withdrawn",
        OfferEnd::Taken => "taken",
        OfferEnd::Closed => "closed",
    }
}

/// As [`super::names::contact_center::TICKETS_CLOSED`] has it: whether an abandoned one was
/// answered is told by a metric of its own.
pub(super) fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Transferred => "transferred",
        Outcome::Lost => "lost",
        Outcome::AbandonedUnanswered | Outcome::AbandonedAnswered => "abandoned",
        Outcome::TakenBack => "taken_back",
        Outcome::Attended => "attended",
        Outcome::Unserved => "unserved",
    }
}

pub(super) fn yes_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_numbered_as_listed_and_named_as_in_the_protocol() {
        for (index, command) in CommandName::ALL.into_iter().enumerate() {
            assert_eq!(command as usize, index);
            let debug = format!("{command:?}");
            let mut snake = String::new();
            for (at, letter) in debug.char_indices() {
                if letter.is_uppercase() && at > 0 {
                    snake.push('_');
                }
                snake.push(letter.to_ascii_lowercase());
            }
            assert_eq!(command.name(), snake);
        }
    }

    #[test]
    fn lists_are_in_the_order_of_their_numbers() {
        assert!(Direction::ALL.into_iter().enumerate().all(|(i, d)| d as usize == i));
        assert!(Transport::ALL.into_iter().enumerate().all(|(i, t)| t as usize == i));
        assert!(SessionEnd::ALL.into_iter().enumerate().all(|(i, e)| e as usize == i));
        assert!(HandOffResult::ALL.into_iter().enumerate().all(|(i, r)| r as usize == i));
        assert!(OVERFLOW_REASONS.into_iter().enumerate().all(|(i, r)| r as usize == i));
        assert!(SILENT.into_iter().enumerate().all(|(i, silent)| silent as usize == i));
        assert!(TICKET_TARGETS.into_iter().enumerate().all(|(i, which)| which as usize == i));
        assert!(TARGET_STATES.into_iter().enumerate().all(|(i, state)| state as usize == i));
        assert!(REQUEUE_REASONS.into_iter().enumerate().all(|(i, r)| r as usize == i));
        assert!(HAND_OFF_REASONS.into_iter().enumerate().all(|(i, r)| r as usize == i));
    }
}
