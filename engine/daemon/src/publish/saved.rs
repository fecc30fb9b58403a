//! Conversations in a snapshot: their sequences with the places of their bodies, never the bodies.

use relevo_journal::{GroupNumber, Place};
use relevo_wire::ids::{AgentId, BotId, QueueId, TenantId, TicketId};
use relevo_wire::vocabulary::TicketState;
use rkyv::rancor;
use rkyv::{Archive, Deserialize, Serialize};

use super::conversation::{Conversation, Private, Progress, Stored, What};
use super::conversations::Conversations;
use super::live::Live;
use super::targets::Told;

/// The section holds no conversations.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct InvalidSaved(String);

impl InvalidSaved {
    pub(super) fn new(error: &rancor::Error) -> Self {
        Self(error.to_string())
    }
}

#[derive(Archive, Serialize, Deserialize)]
struct SavedEntry {
    at: u64,
    group: u64,
    index: u32,
    private: bool,
    what: What,
}

#[derive(Archive, Serialize, Deserialize)]
struct SavedConversation {
    ticket: TicketId,
    tenant: TenantId,
    bot: BotId,
    queue: QueueId,
    parent: Option<TicketId>,
    reopened: Option<TicketId>,
    agent: Option<AgentId>,
    state: TicketState,
    wraps_until: u64,
    untagged: bool,
    epoch: u32,
    test: bool,
    had_agent: bool,
    target_missed: bool,
    told: Vec<Told>,
    bot_progress: Progress,
    agent_progress: Progress,
    forgotten: bool,
    entries: Vec<SavedEntry>,
}

/// All conversations as bytes, in order of ticket: a parent before its children.
pub(crate) fn save(conversations: &Conversations) -> Vec<u8> {
    let saved: Vec<SavedConversation> = conversations
        .sorted()
        .into_iter()
        .filter_map(|ticket| conversations.read(ticket, |c| save_one(ticket, c)))
        .collect();
    rkyv::to_bytes::<rancor::Error>(&saved)
        .expect("archiving plain numbers and strings into memory cannot fail")
        .into_vec()
}

/// Puts saved conversations in.
pub(crate) fn load(conversations: &Conversations, bytes: &[u8]) -> Result<(), InvalidSaved> {
    let saved = rkyv::from_bytes::<Vec<SavedConversation>, rancor::Error>(bytes)
        .map_err(|error| InvalidSaved::new(&error))?;
    for saved in saved {
        conversations.insert(saved.ticket, load_one(saved));
    }
    Ok(())
}

fn save_one(ticket: TicketId, c: &Conversation) -> SavedConversation {
    let entry = |stored: &Stored| SavedEntry {
        at: stored.at,
        group: stored.place.group.0,
        index: stored.place.index,
        private: stored.private != Private::None,
        what: stored.what.clone(),
    };
    SavedConversation {
        ticket,
        tenant: c.tenant,
        bot: c.bot,
        queue: c.queue,
        parent: c.parent(),
        reopened: c.reopened.as_deref().copied(),
        agent: c.agent,
        state: c.state,
        wraps_until: c.wraps_until,
        untagged: c.untagged,
        epoch: c.epoch,
        test: c.test,
        had_agent: c.had_agent,
        target_missed: c.target_missed,
        told: c.told.list().to_vec(),
        #[cfg(not(planted))]
        bot_progress: c.bot_progress,
        #[cfg(planted)]
        bot_progress: if relevo_routing::planted::is(relevo_routing::planted::Bug::SnapshotProgress)
        {
            Progress::default()
        } else {
            c.bot_progress
        },
        agent_progress: c.agent_progress,
        forgotten: c.forgotten,
        entries: c.entries.iter().map(entry).collect(),
    }
}

fn load_one(saved: SavedConversation) -> Conversation {
    let entry = |entry: SavedEntry| Stored {
        at: entry.at,
        place: Place { group: GroupNumber(entry.group), index: entry.index },
        private: if entry.private { Private::Logged } else { Private::None },
        what: entry.what,
    };
    Conversation {
        tenant: saved.tenant,
        bot: saved.bot,
        queue: saved.queue,
        parent: saved.parent.map(Box::new),
        reopened: saved.reopened.map(Box::new),
        agent: saved.agent,
        state: saved.state,
        wraps_until: saved.wraps_until,
        untagged: saved.untagged,
        epoch: saved.epoch,
        test: saved.test,
        had_agent: saved.had_agent,
        target_missed: saved.target_missed,
        told: saved.told.into(),
        bot_progress: saved.bot_progress,
        agent_progress: saved.agent_progress,
        forgotten: saved.forgotten,
        // Counted as the children are put in: they come later in order of ticket.
        children: 0,
        entries: saved.entries.into_iter().map(entry).collect(),
        live: Live::default(),
    }
}
