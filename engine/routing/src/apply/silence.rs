//! Silences begin, end, stand still, and fall due.

use crate::Micros;
use crate::event::Inactive;
use crate::state::State;
use crate::state::maybe::MaybeTime;
use crate::state::silences::{NOTHING_LEFT, Silences};
use crate::state::slab::Slot;
use crate::state::timers::Timer;
use relevo_wire::vocabulary::Silent;
use relevo_wire::{AgentId, BotId};

impl State {
    pub(super) fn inactive(&mut self, now: Micros, event: &Inactive) {
        let slot = self.slot(event.ticket);
        self.tickets.at_mut(slot).last = event.number;
        self.end_silence(slot);
        self.begin_silence(now, slot, true);
    }

    /// Somebody is awaited from now on; `warned`: and has been told so.
    pub(super) fn begin_silence(&mut self, now: Micros, slot: Slot, warned: bool) {
        let ticket = self.tickets.at_mut(slot);
        ticket.warned = warned;
        let Some(silent) = ticket.awaited() else { return };
        let patience = self.queues.at(ticket.queue).patience(silent, warned);
        let left = patience.map(|patience| NOTHING_LEFT + patience);
        self.tickets.at_mut(slot).set_silent_until(left.into());
        if !self.tickets.at(slot).silence_stands() {
            self.time_silence(now, slot);
        }
    }

    /// Nobody is awaited any more; before the ticket changes, as it tells who was.
    pub(super) fn end_silence(&mut self, slot: Slot) {
        let ticket = self.tickets.at(slot);
        if ticket.awaited().is_none() {
            return;
        }
        if let Some(until) = ticket.silent_until()
            && !ticket.silence_stands()
        {
            self.change_silences(slot, |silences| silences.remove(until, slot));
        }
        self.tickets.at_mut(slot).set_silent_until(MaybeTime::NONE);
    }

    /// Of a silence that stands from now on, what is left is kept.
    pub(super) fn pause_silence(&mut self, now: Micros, slot: Slot) {
        let Some(until) = self.tickets.at(slot).silent_until() else { return };
        let mut left = 0;
        self.change_silences(slot, |silences| {
            silences.remove(until, slot);
            left = (NOTHING_LEFT + until).saturating_sub(silences.read(now));
        });
        self.tickets.at_mut(slot).set_silent_until(MaybeTime::at(left));
    }

    /// What is left of a silence goes on by the clock of who is awaited.
    pub(super) fn time_silence(&mut self, now: Micros, slot: Slot) {
        let Some(left) = self.tickets.at(slot).silent_until() else { return };
        let mut until = 0;
        self.change_silences(slot, |silences| {
            until = (silences.read(now) + left).saturating_sub(NOTHING_LEFT);
            silences.add(until, slot);
        });
        self.tickets.at_mut(slot).set_silent_until(MaybeTime::at(until));
    }

    /// What is derived from a ticket that a snapshot held.
    pub(super) fn silence_restored(&mut self, slot: Slot) {
        let ticket = self.tickets.at(slot);
        if ticket.awaited().is_none() || ticket.silence_stands() {
            return;
        }
        if let Some(until) = ticket.silent_until() {
            self.change_silences(slot, |silences| silences.add(until, slot));
        }
    }

    /// A bot, with its customers, can act or can no longer.
    pub(super) fn bot_can_act(&mut self, at: Micros, id: BotId, can: bool) {
        let silences = &mut self.bots.at_mut(id).silences;
        let before = silences.next();
        if can {
            silences.go_on(at)
        } else {
            silences.stop(at)
        }
        let after = silences.next();
        self.retime(before, after, Timer::CustomerSilence(id));
    }

    /// An agent can act or can no longer.
    pub(super) fn agent_can_act(&mut self, at: Micros, id: AgentId, can: bool) {
        let silences = &mut self.agents.at_mut(id).silences;
        let before = silences.next();
        if can {
            silences.go_on(at)
        } else {
            silences.stop(at)
        }
        let after = silences.next();
        self.retime(before, after, Timer::AgentSilence(id));
    }

    /// Changes the silences of who is awaited in a ticket.
    fn change_silences(&mut self, slot: Slot, change: impl FnOnce(&mut Silences)) {
        let ticket = self.tickets.at(slot);
        let (silences, timer) = match ticket.awaited() {
            Some(Silent::Customer) => {
                let bot = ticket.bot;
                (&mut self.bots.at_mut(bot).silences, Timer::CustomerSilence(bot))
            }
            Some(Silent::Agent) => {
                let agent = ticket.agent.get().expect("an assigned ticket names its agent");
                (&mut self.agents.at_mut(agent).silences, Timer::AgentSilence(agent))
            }
            None => return,
        };
        let before = silences.next();
        change(silences);
        let after = silences.next();
        self.retime(before, after, timer);
    }

    /// One timer stands for all silences of a party. One that has just run out is no longer there.
    fn retime(&mut self, before: Option<Micros>, after: Option<Micros>, timer: Timer) {
        if let Some(before) = before {
            self.timers.clear(before, timer);
        }
        if let Some(after) = after {
            self.timers.set(after, timer);
        }
    }
}
