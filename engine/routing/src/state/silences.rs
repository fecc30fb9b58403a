//! Silences in which somebody is awaited: each by the clock of the one who should answer, the bot for
//! its customer or the agent. The clock stands still while that one cannot act, which moves all the
//! deadlines of a bot with a hundred thousand tickets by nothing but that.

use super::maybe::MaybeTime;
use super::slab::Slot;
use super::ticket::Ticket;
use crate::Micros;
use relevo_wire::directory::Inactivity;
use relevo_wire::vocabulary::{Silent, TicketState};
use std::collections::BTreeSet;

/// The clock of a party, and the tickets in which it is awaited.
#[derive(Debug)]
pub(crate) struct Silences {
    clock: Clock,
    due: BTreeSet<(Micros, Slot)>,
}

/// What a snapshot holds of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub(crate) struct Clock {
    /// Since when it stands still.
    stands_since: MaybeTime,
    /// How long it stood still in all before that.
    stood_us: Micros,
}

impl Default for Silences {
    /// Of who has never been there.
    fn default() -> Self {
        let clock = Clock { stands_since: MaybeTime::at(0), stood_us: 0 };
        Self { clock, due: BTreeSet::new() }
    }
}

impl Silences {
    pub(crate) fn clock(&self) -> Clock {
        self.clock
    }

    pub(crate) fn set_clock(&mut self, clock: Clock) {
        self.clock = clock;
    }

    /// What the clock says.
    pub(crate) fn read(&self, now: Micros) -> Micros {
        let until = self.clock.stands_since.get().unwrap_or(now);
        until.saturating_sub(self.clock.stood_us)
    }

    /// The party can no longer act.
    pub(crate) fn stop(&mut self, at: Micros) {
        if !self.clock.stands_since.is_some() {
            self.clock.stands_since = MaybeTime::at(at);
        }
    }

    /// The party can act again.
    pub(crate) fn go_on(&mut self, now: Micros) {
        if let Some(since) = self.clock.stands_since.get() {
            self.clock.stands_since = MaybeTime::NONE;
            let stood_us = now.saturating_sub(since);
            self.clock.stood_us = self.clock.stood_us.saturating_add(stood_us);
        }
    }

    pub(crate) fn add(&mut self, until: Micros, slot: Slot) {
        self.due.insert((until, slot));
    }

    pub(crate) fn remove(&mut self, until: Micros, slot: Slot) {
        self.due.remove(&(until, slot));
    }

    /// The ticket that is due first.
    pub(crate) fn first(&self) -> Option<Slot> {
        self.due.first().map(|(_, slot)| *slot)
    }

    /// When that is; none while the clock stands still.
    pub(crate) fn next(&self) -> Option<Micros> {
        let (until, _) = self.due.first()?;
        let goes = !self.clock.stands_since.is_some();
        goes.then(|| until.saturating_add(self.clock.stood_us))
    }
}

/// What is left of a silence that stands is kept above this: one that stands when it is over already
/// keeps below it by how much, and is due as much later as it stood.
pub(crate) const NOTHING_LEFT: Micros = 1 << 62;

/// After how much silence something happens, in a queue: first a warning, and so long after it the end.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Patience {
    customer: [MaybeTime; 2],
    agent: [MaybeTime; 2],
}

impl Patience {
    pub(crate) fn of(rules: &Inactivity) -> Self {
        let us = |seconds: Option<u32>| seconds.map(|seconds| Micros::from(seconds) * 1_000_000);
        let times = rules.times().map(|(_, seconds)| us(seconds).into());
        let [client_warning, client_close, agent_alert, agent_requeue] = times;
        Self { customer: [client_warning, client_close], agent: [agent_alert, agent_requeue] }
    }

    /// Something happens after some silence.
    pub(super) fn ends(&self) -> bool {
        self.customer.iter().chain(&self.agent).any(|time| time.is_some())
    }

    /// Until the next thing happens to who is silent.
    pub(super) fn with(&self, silent: Silent, warned: bool) -> Option<Micros> {
        let times = match silent {
            Silent::Customer => self.customer,
            Silent::Agent => self.agent,
        };
        times[usize::from(warned)].get()
    }
}

impl Ticket {
    /// Whose answer is awaited while an agent has it.
    pub(crate) fn awaited(&self) -> Option<Silent> {
        match self.state {
            TicketState::Assigned => Some(Silent::Agent),
            TicketState::InService | TicketState::OnHold => {
                let asked = self.unanswered_since.is_some();
                Some(if asked { Silent::Agent } else { Silent::Customer })
            }
            TicketState::Waiting
            | TicketState::Offered
            | TicketState::Parked
            | TicketState::Away
            | TicketState::Wrapping
            | TicketState::Closed => None,
        }
    }

    /// Silence counts for nothing: it is on hold, or the customer is awaited while a transfer is asked.
    pub(crate) fn silence_stands(&self) -> bool {
        let is_asked = || self.asked.transfer().is_some();
        self.state == TicketState::OnHold
            || (self.awaited() == Some(Silent::Customer) && is_asked())
    }

    /// Until when silence is borne, by the clock of who is awaited; while it stands, how much longer
    /// above [`NOTHING_LEFT`].
    pub(crate) fn silent_until(&self) -> Option<Micros> {
        debug_assert!(self.awaited().is_some(), "nobody is awaited before a human has it");
        MaybeTime::from_raw(self.reserved_until).get()
    }

    pub(crate) fn set_silent_until(&mut self, until: MaybeTime) {
        debug_assert!(self.awaited().is_some(), "nobody is awaited before a human has it");
        self.reserved_until = until.raw();
    }
}
