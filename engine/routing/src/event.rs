//! What became true: the facts that the log keeps and `apply` reads.
//!
//! An event carries what it changes, so that `apply` needs nothing but the state and the event, and
//! the measured times, so that nobody computes them twice. Bodies and personal fields are not here:
//! a record has one private part, and `private` says that an event refers to it.

mod absence;
mod away;
mod contacts;
mod directory;
mod hours;
mod message;
mod notice;
mod offers;
mod parking;
mod presence;
mod silence;
mod targets;
mod ticket;

pub use absence::{Absence, AbsenceSet};
pub use away::{CustomerAway, CustomerBack};
pub use contacts::{
    CallbackEnd, CallbackEnded, CallbackListed, CallbackWished, ContactBlocked, ContactUnblocked,
};
pub use directory::{KeyRevoked, ObjectDeleted, ObjectPut};
pub use hours::{QueueHours, QueueModeSet, TargetMoved};
pub use message::{Answered, ContactMessageStored, MessageStored, Progressed};
pub use notice::{Notice, NoticeStep, NoticeWords};
pub use offers::{Held, OfferEnded, Offered, Responding, TransferAsked, TransferEnded, WrappedUp};
pub use parking::{Parked, Unparked};
pub use presence::{
    AgentGrace, AgentReachable, AgentUnreachable, BotReachable, BotUnreachable, IntentCause,
    IntentSet, Ready, Started,
};
pub use silence::Inactive;
pub use targets::TargetTold;
pub use ticket::{
    Assigned, Closed, Demand, Forgotten, HandOffRejected, HandOffRepeated, Judgement,
    OverflowReason, Overflowed, Rejection, Relaxed, Requeued, Routed, RulesHeld, TargetMissed,
    TicketOpened, Unreserved,
};

use crate::input::Key;

/// A fact. Each variant is encoded by itself, with a number and a version of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A directory object was created or changed.
    ObjectPut(ObjectPut),
    /// A directory object was deleted.
    ObjectDeleted(ObjectDeleted),
    /// A credential was made.
    KeyCreated(Key),
    /// A credential was ended.
    KeyRevoked(KeyRevoked),
    /// The daemon started after some time down.
    Started(Started),
    /// The daemon takes sessions: every agent's grace period runs from now.
    Ready(Ready),
    /// A bot has its first session.
    BotReachable(BotReachable),
    /// A bot has lost its last session.
    BotUnreachable(BotUnreachable),
    /// An agent has its first session.
    AgentReachable(AgentReachable),
    /// An agent has lost its last session: the grace period runs.
    AgentGrace(AgentGrace),
    /// The grace period is over.
    AgentUnreachable(AgentUnreachable),
    /// An agent's intent changed.
    IntentSet(IntentSet),
    /// An agent is away for a bot, or no longer.
    AbsenceSet(AbsenceSet),
    /// A contact is blocked.
    ContactBlocked(ContactBlocked),
    /// A contact is blocked no longer.
    ContactUnblocked(ContactUnblocked),
    /// A contact stands in a call-back list.
    CallbackListed(CallbackListed),
    /// A customer was asked whether he wants to be called back.
    CallbackWished(CallbackWished),
    /// A contact no longer stands in a call-back list.
    CallbackEnded(CallbackEnded),
    /// A ticket was made and waits.
    TicketOpened(TicketOpened),
    /// The bot handed an already waiting or served contact over again.
    HandOffRepeated(HandOffRepeated),
    /// A hand-off was refused; no ticket was made.
    HandOffRejected(HandOffRejected),
    /// Somebody said something in a ticket.
    MessageStored(MessageStored),
    /// A customer said something while its bot has the conversation.
    ContactMessageStored(ContactMessageStored),
    /// An agent has the ticket.
    Assigned(Assigned),
    /// The ticket went back to its line.
    Requeued(Requeued),
    /// A ticket reserved for one agent joins its queue: the time is over.
    Unreserved(Unreserved),
    /// The next ring of a waiting ticket begins: it requires something else.
    Relaxed(Relaxed),
    /// A ticket is offered to an agent.
    Offered(Offered),
    /// An offer is over, and the agent has not got the ticket.
    OfferEnded(OfferEnded),
    /// An agent who had missed an offer did something.
    Responding(Responding),
    /// A ticket is on hold, or no longer.
    Held(Held),
    /// A ticket is parked: nobody has it in a seat.
    Parked(Parked),
    /// A parked ticket waits again.
    Unparked(Unparked),
    /// The receiver is asked to accept a transfer.
    TransferAsked(TransferAsked),
    /// Nobody has accepted it.
    TransferEnded(TransferEnded),
    /// A customer left while the ticket waited: it keeps its place for a while.
    CustomerAway(CustomerAway),
    /// A customer who had left is back at his place.
    CustomerBack(CustomerBack),
    /// Customer or agent has been silent for too long.
    Inactive(Inactive),
    /// The wrap-up of a closed ticket is over.
    WrappedUp(WrappedUp),
    /// A waiting ticket went on to another queue.
    Overflowed(Overflowed),

    /// The service-level threshold passed without a human message.
    TargetMissed(TargetMissed),
    /// The ticket ended.
    Closed(Closed),
    /// A party has come further.
    Progressed(Progressed),
    /// An idempotent command was answered.
    Answered(Answered),
    /// A closed ticket is no longer resumable and leaves memory.
    Forgotten(Forgotten),

    /// A queue was opened or closed by its hours or its mode.
    QueueHours(QueueHours),
    /// Whoever runs the desk, or the end of the time told then, has set a queue's mode.
    QueueModeSet(QueueModeSet),
    /// Those who wait in a queue are told something.
    Notice(Notice),
    /// The service-level threshold passes later: the queue was closed.
    TargetMoved(TargetMoved),

    /// A target of a ticket is at risk or missed.
    TargetTold(TargetTold),
}
