//! What was said, how far it has come, and what was answered.

use super::Judgement;
use crate::Micros;
use crate::input::Party;
use relevo_wire::vocabulary::Author;
use relevo_wire::{AgentId, BotId, ContactKey, TicketId};
use rkyv::{Archive, Deserialize, Serialize};

/// Somebody said something in a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct MessageStored {
    /// The ticket.
    pub ticket: TicketId,
    /// Number of this entry.
    pub number: u32,
    /// Who.
    pub author: Author,
    /// Which agent, if an agent did.
    pub agent: Option<AgentId>,
    /// Digest of the client's message id.
    pub client_message: Option<u128>,
    /// Length of the packed body in bytes: the private part.
    pub bytes: u32,
    /// Latest assignment to this first human message of the ticket, in microseconds.
    pub first_response_us: Option<Micros>,
    /// First wait of the conversation to its first human message, in microseconds.
    pub total_wait_us: Option<Micros>,
    /// First unanswered customer message to this human one after the first reply, in microseconds.
    pub response_us: Option<Micros>,
    /// The judgement that it brings.
    pub judged: Option<Judgement>,
}

/// A customer said something while its bot has the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ContactMessageStored {
    /// The bot.
    pub bot: BotId,
    /// The contact.
    pub contact: ContactKey,
    /// Digest of the channel's message id.
    pub client_message: Option<u128>,
    /// Length of the packed body in bytes: the private part.
    pub bytes: u32,
}

/// A party has come further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Progressed {
    /// The ticket.
    pub ticket: TicketId,
    /// Who.
    pub party: Party,
    /// Entries up to this number have arrived.
    pub delivered: u32,
    /// Messages up to this number were read.
    pub read: u32,
}

/// An idempotent command was answered.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Answered {
    /// Digest of the credential.
    pub credential: u64,
    /// Digest of the key.
    pub key: u128,
    /// Digest of the command's content.
    pub digest: u128,
    /// The answer's frame, with request id 0.
    pub answer: Vec<u8>,
}
