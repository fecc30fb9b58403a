//! Who gets new entries of a ticket as they come.
//!
//! A session goes live under its conversation's lock, in the same look in which it is shown its last
//! missed entry, and from the next number on. Publish appends an entry to the conversation first and
//! offers it to the live sessions later, under another look: the number tells those who were shown it
//! between the two.

use std::sync::Arc;

use crate::session::Session;

/// Sessions that get new entries as they come.
#[derive(Debug, Default)]
pub struct Live {
    bot_owner: Option<Arc<Session>>,
    /// The owner has caught up, and gets entries from this number on.
    bot_from: Option<u32>,
    agents: Vec<Follower>,
}

/// A session of the agent that has caught up.
#[derive(Debug)]
struct Follower {
    session: Arc<Session>,
    from: u32,
}

impl Live {
    /// The one session of the bot that has this ticket, live or catching up.
    #[must_use]
    pub fn bot_owner(&self) -> Option<&Arc<Session>> {
        self.bot_owner.as_ref()
    }

    /// Is this the session of the bot that has the ticket?
    #[must_use]
    pub fn is_owned_by(&self, session: &Arc<Session>) -> bool {
        self.bot_owner.as_ref().is_some_and(|owner| Arc::ptr_eq(owner, session))
    }

    /// Another session of the bot has the ticket, and is still to catch up.
    pub(super) fn give_to_bot(&mut self, owner: Option<Arc<Session>>) {
        self.bot_owner = owner;
        self.bot_from = None;
    }

    /// The bot's session gets entries from this number on.
    pub fn bot_follows(&mut self, from: u32) {
        self.bot_from = self.bot_owner.is_some().then_some(from);
    }

    /// A session of the agent gets entries from this number on.
    pub fn agent_follows(&mut self, session: &Arc<Session>, from: u32) {
        self.agents.push(Follower { session: Arc::clone(session), from });
    }

    /// Is this session live?
    #[must_use]
    pub fn has(&self, session: &Arc<Session>) -> bool {
        (self.bot_from.is_some() && self.is_owned_by(session))
            || self.agents().any(|other| Arc::ptr_eq(other, session))
    }

    /// The agent has the ticket no more.
    pub fn clear_agents(&mut self) {
        self.agents.clear();
    }

    /// A session of the agent is gone.
    pub fn remove_agent(&mut self, session: &Arc<Session>) {
        self.agents.retain(|other| !Arc::ptr_eq(&other.session, session));
    }

    /// Live sessions of the agent.
    pub fn agents(&self) -> impl Iterator<Item = &Arc<Session>> {
        self.agents.iter().map(|follower| &follower.session)
    }

    /// The bot's session, if it is live and lacks the entry of this number.
    #[must_use]
    pub fn bot_lacking(&self, number: u32) -> Option<&Arc<Session>> {
        self.bot_owner.as_ref().filter(|_| self.bot_from.is_some_and(|from| from <= number))
    }

    /// Live sessions of the agent that lack the entry of this number.
    pub fn agents_lacking(&self, number: u32) -> impl Iterator<Item = &Arc<Session>> {
        let lacking = move |follower: &&Follower| follower.from <= number;
        self.agents.iter().filter(lacking).map(|follower| &follower.session)
    }
}
