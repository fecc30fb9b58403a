//! Entries as a party sees them: with names, and empty where they are not for it.

use bytes::Bytes;
use relevo_routing::directory::Directory;
use relevo_routing::event::Absence;
use relevo_wire::ids::{AgentId, BotId, QueueId, TicketId};
use relevo_wire::packed::Packed;
use relevo_wire::push::{
    self, Assigned, Empty, Entry, EntryEvent, HandedOff, Held, Inactive, Message, Offer, Parked,
    Requeued, Returned, TransferAsked, Transferred, Unparked,
};
use relevo_wire::vocabulary::{Author, Body, HandOffReason, Silent};

use super::conversation::{Conversation, Private, Stored, What};

/// Which side of a ticket reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The bot, for its customer.
    Bot,
    /// Agents.
    Agent,
}

/// The entry of this number; `None` when its private part must first be read from the log.
#[must_use]
pub fn entry(
    conversation: &Conversation,
    directory: &Directory,
    side: Side,
    ticket: TicketId,
    number: u32,
) -> Option<Entry> {
    entry_with(conversation, directory, side, ticket, number, None)
}

/// As [`entry`], with the private part that was read from the log.
#[must_use]
pub fn entry_with(
    conversation: &Conversation,
    directory: &Directory,
    side: Side,
    ticket: TicketId,
    number: u32,
    given: Option<Bytes>,
) -> Option<Entry> {
    let stored = &conversation.entries[number as usize - 1];
    let is_for_agents = matches!(
        stored.what,
        What::HandedOff { .. }
            | What::Inactive { silent: Silent::Agent, .. }
            | What::TransferAsked { .. }
            | What::TransferEnded(_)
    );
    let event = match side {
        Side::Bot if is_for_agents => EntryEvent::Empty(Empty {}),
        Side::Bot | Side::Agent => event(conversation, directory, stored, given)?,
    };
    Some(Entry { ticket, number, at: stored.at, event })
}

fn event(
    conversation: &Conversation,
    directory: &Directory,
    stored: &Stored,
    given: Option<Bytes>,
) -> Option<EntryEvent> {
    let private = match &stored.private {
        Private::None => None,
        Private::Here(bytes) => Some(bytes.clone()),
        Private::Logged => Some(given?),
    };
    Some(match &stored.what {
        What::HandedOff { reason, priority } => {
            let (note, details) = match (conversation.parent(), private) {
                (Some(_), words) => (words.map_or_else(String::new, note), None),
                (None, details) => (String::new(), details.map(Packed::from_bytes)),
            };
            EntryEvent::HandedOff(HandedOff {
                bot: bot_name(directory, conversation.bot),
                queue: queue_name(directory, conversation.queue),
                reason: *reason,
                priority: *priority,
                parent: conversation.parent(),
                note,
                details,
            })
        }
        What::Message { author, agent } => EntryEvent::Message(Message {
            author: *author,
            agent: agent.map(|agent| agent_name(directory, agent)),
            body: Packed::from_bytes(private.unwrap_or_default()),
        }),
        What::Assigned { agent, epoch } => {
            EntryEvent::Assigned(Assigned { agent: agent_name(directory, *agent), epoch: *epoch })
        }
        What::Requeued { agent, reason, epoch } => EntryEvent::Requeued(Requeued {
            agent: agent_name(directory, *agent),
            reason: *reason,
            epoch: *epoch,
        }),
        What::Transferred(child) => EntryEvent::Transferred(Transferred {
            from: format!(
                "{}/{}",
                bot_name(directory, conversation.bot),
                queue_name(directory, conversation.queue)
            ),
            to: child.agent.map_or_else(
                || queue_name(directory, child.queue),
                |agent| agent_name(directory, agent),
            ),
            child: child.ticket,
            epoch: child.epoch,
        }),
        What::Held { on } => EntryEvent::Held(Held { on: *on }),
        What::Parked { until } => EntryEvent::Parked(Parked { until: *until }),
        What::Unparked { agent, cause } => {
            EntryEvent::Unparked(Unparked { agent: agent_name(directory, *agent), cause: *cause })
        }
        What::Inactive { silent, text } => {
            let text = text.as_deref().cloned().unwrap_or_default();
            EntryEvent::Inactive(Inactive { silent: *silent, text })
        }
        What::TransferAsked { queue, agent, seconds } => {
            let to = agent.map(|agent| agent_name(directory, agent));
            EntryEvent::TransferAsked(TransferAsked {
                to: to.unwrap_or_else(|| queue_name(directory, *queue)),
                seconds: *seconds,
                note: private.map_or_else(String::new, note),
                end: None,
            })
        }
        What::TransferEnded(end) => EntryEvent::TransferAsked(TransferAsked {
            to: String::new(),
            seconds: 0,
            note: String::new(),
            end: Some(*end),
        }),
        What::Notified { text } => EntryEvent::Message(Message {
            author: Author::System,
            agent: None,
            body: Packed::new(&Body::text(text.as_str())),
        }),
        What::Returned { reason, outcome, tags, epoch, reopen_until } => {
            EntryEvent::Returned(Returned {
                reason: *reason,
                outcome: *outcome,
                tags: tags.as_deref().cloned().unwrap_or_default(),
                epoch: *epoch,
                reopen_until: Some(*reopen_until).filter(|until| *until > 0),
            })
        }
    })
}

/// What a giver says to the receiver.
fn note(private: Bytes) -> String {
    String::from_utf8_lossy(&private).into_owned()
}

/// An offer as the agent sees it.
#[must_use]
pub fn offer(
    conversation: &Conversation,
    directory: &Directory,
    ticket: TicketId,
    until: u64,
) -> Offer {
    let first = conversation.entries.first().map(|stored| &stored.what);
    let (reason, priority) = match first {
        Some(What::HandedOff { reason, priority }) => (*reason, *priority),
        _ => (HandOffReason::Planned, 0),
    };
    Offer {
        ticket,
        bot: bot_name(directory, conversation.bot),
        queue: queue_name(directory, conversation.queue),
        reason,
        priority,
        until,
    }
}

/// An absence as its agent sees it.
#[must_use]
pub fn absence(directory: &Directory, bot: BotId, absence: Option<&Absence>) -> push::Absence {
    let colleague = absence.and_then(|absence| absence.colleague);
    push::Absence {
        bot: bot_name(directory, bot),
        on: absence.is_some(),
        text: absence.map_or_else(String::new, |absence| absence.text.clone()),
        colleague: colleague.map(|colleague| agent_name(directory, colleague)),
    }
}

/// Name of a bot; its number when it is no longer in the directory.
#[must_use]
pub fn bot_name(directory: &Directory, bot: BotId) -> String {
    directory.bot_name(bot).map_or_else(|| format!("#{}", bot.0), str::to_owned)
}

/// Name of a queue; its number when it is no longer in the directory.
#[must_use]
pub fn queue_name(directory: &Directory, queue: QueueId) -> String {
    directory.queue_name(queue).map_or_else(|| format!("#{}", queue.0), str::to_owned)
}

/// Name of an agent; its number when it is no longer in the directory.
#[must_use]
pub fn agent_name(directory: &Directory, agent: AgentId) -> String {
    directory.agent_name(agent).map_or_else(|| format!("#{}", agent.0), str::to_owned)
}
