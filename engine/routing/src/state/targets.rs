//! Targets of a queue's tickets, and the clocks that run against them. They run by the clock of the
//! queue, which stands still while its hours have it closed: that moves the deadlines of all of them,
//! however many, by nothing but that. A queue that never had a target has none of this.

use super::queues::Queue;
use super::slab::Slot;
use crate::Micros;
use relevo_wire::directory::TicketTargets;
use relevo_wire::vocabulary::{TargetState, TicketTarget};
use rkyv::{Archive, Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

const SECOND: Micros = 1_000_000;

/// What a queue demands of its agents, and its tickets of which something is demanded.
#[derive(Debug, Default)]
pub(crate) struct Targets {
    /// In the order of [`TicketTarget`].
    times: [Option<Micros>; 3],
    running: BTreeMap<(Slot, TicketTarget), TargetClock>,
    due: BTreeSet<(Micros, Slot, TicketTarget)>,
}

/// A clock that runs against a target. Its moments are those of the queue's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub(crate) struct TargetClock {
    /// From here on it is at risk.
    risk: Micros,
    /// The last moment in time.
    due: Micros,
    /// What was told of it.
    told: Option<TargetState>,
}

impl TargetClock {
    fn new(began: Micros, time: Micros) -> Self {
        Self {
            risk: began.saturating_add(time / 5 * 4),
            due: began.saturating_add(time),
            told: None,
        }
    }

    pub(crate) fn due(&self) -> Micros {
        self.due
    }

    /// When something is to be told of it.
    fn tells_at(&self) -> Option<Micros> {
        match self.told {
            None => Some(self.risk),
            Some(TargetState::AtRisk) => Some(self.due.saturating_add(1)),
            Some(TargetState::Missed) => None,
        }
    }

    /// What there is to tell of it.
    pub(crate) fn state(&self, now: Micros) -> TargetState {
        if now > self.due { TargetState::Missed } else { TargetState::AtRisk }
    }

    /// Read from a snapshot, it may be none that events make.
    pub(crate) fn is_right(&self) -> bool {
        self.risk <= self.due
    }

    /// As long before its end by a clock that shows `now` where the old one shows `then`.
    fn moved(self, then: Micros, now: Micros) -> Self {
        // Below zero where the time is over: the difference is what counts.
        let moved = |moment: Micros| moment.wrapping_sub(then).wrapping_add(now);
        Self { risk: moved(self.risk), due: moved(self.due), told: self.told }
    }
}

impl Targets {
    /// The time of a target that begins now.
    pub(crate) fn time(&self, which: TicketTarget) -> Option<Micros> {
        self.times[which as usize]
    }

    pub(crate) fn insert(&mut self, slot: Slot, which: TicketTarget, clock: TargetClock) {
        self.running.insert((slot, which), clock);
        if let Some(at) = clock.tells_at() {
            self.due.insert((at, slot, which));
        }
    }

    pub(crate) fn remove(&mut self, slot: Slot, which: TicketTarget) -> Option<TargetClock> {
        let clock = self.running.remove(&(slot, which))?;
        if let Some(at) = clock.tells_at() {
            self.due.remove(&(at, slot, which));
        }
        Some(clock)
    }

    pub(crate) fn running(
        &self,
    ) -> impl Iterator<Item = (Slot, TicketTarget, TargetClock)> + use<'_> {
        self.running.iter().map(|((slot, which), clock)| (*slot, *which, *clock))
    }

    /// Those of one ticket.
    pub(crate) fn of(&self, slot: Slot) -> impl Iterator<Item = (TicketTarget, TargetClock)> {
        let of = (slot, TicketTarget::FirstResponse)..=(slot, TicketTarget::Resolution);
        self.running.range(of).map(|((_, which), clock)| (*which, *clock))
    }

    /// Of which something is to be told first.
    pub(crate) fn first(&self) -> Option<(Slot, TicketTarget, TargetClock)> {
        let (_, slot, which) = self.due.first()?;
        Some((*slot, *which, *self.running.get(&(*slot, *which))?))
    }
}

impl Queue {
    /// The targets follow the directory object; what runs goes on as it began.
    pub(super) fn set_targets(&mut self, object: TicketTargets) {
        if self.targets.is_some() || object != TicketTargets::default() {
            let times = object.times().map(|(_, time)| Some(Micros::from(time?) * SECOND));
            self.targets.get_or_insert_default().times = times;
        }
    }

    /// What the clock of its targets shows.
    pub(crate) fn target_clock(&self, now: Micros) -> Micros {
        now.saturating_sub(self.closed_us(now))
    }

    /// When something is to be told of a target; not before it opens.
    pub(crate) fn tells_at(&self) -> Option<Micros> {
        let (at, ..) = self.targets.as_ref()?.due.first()?;
        (!self.shut).then(|| at.saturating_add(self.doors.shut_us))
    }

    /// A clock begins.
    pub(crate) fn begin_target(&mut self, now: Micros, slot: Slot, which: TicketTarget) {
        let began = self.target_clock(now);
        let Some(targets) = &mut self.targets else { return };
        if let Some(time) = targets.time(which) {
            targets.insert(slot, which, TargetClock::new(began, time));
        }
    }

    /// A clock goes on here that another queue had, whose clock shows `then`.
    pub(crate) fn take_target(
        &mut self,
        now: Micros,
        then: Micros,
        (slot, which, clock): (Slot, TicketTarget, TargetClock),
    ) {
        let clock = clock.moved(then, self.target_clock(now));
        self.targets.get_or_insert_default().insert(slot, which, clock);
    }

    /// Something was told of a clock.
    pub(crate) fn target_told(&mut self, slot: Slot, which: TicketTarget, state: TargetState) {
        let Some(targets) = &mut self.targets else { return };
        if let Some(clock) = targets.remove(slot, which) {
            targets.insert(slot, which, TargetClock { told: Some(state), ..clock });
        }
    }
}
