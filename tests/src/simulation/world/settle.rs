//! A rest: nothing new is asked and nothing goes wrong, until all is done that was begun.

use relevo::session::Party as Who;

use relevo_wire::ids::TicketId;
use std::collections::BTreeSet;

use super::{Violation, World};

/// Rounds in which everything must have come to its end.
const ROUNDS: usize = 2_000;
const ROUND_US: u64 = 60_000;

impl World {
    pub(super) fn rest(&mut self) -> Result<(), Violation> {
        self.full_until = 0;
        for device in &mut self.devices {
            device.away_until = device.away_until.min(self.now);
            if let Some(link) = &mut device.link {
                (link.stalled_until, link.delayed_until) = (0, 0);
            }
        }
        let mut quiet = 0;
        for _ in 0..ROUNDS {
            self.tally.steps += 1;
            self.now += ROUND_US;
            quiet = if self.round()? { 0 } else { quiet + 1 };
            if quiet == 3 {
                return self.check_rest();
            }
        }
        Err(Violation::new("everything comes to its end", self.unfinished()))
    }

    /// Every stage once, to the right. True when something moved.
    fn round(&mut self) -> Result<bool, Violation> {
        let before = (self.ledger.records, self.now);
        if self.daemon.is_none() {
            self.now = self.now.max(self.up_at);
            self.start()?;
            return Ok(true);
        }
        if let Some(daemon) = &mut self.daemon {
            daemon.is_storage_full = false;
        }
        let mut moved = false;
        for number in 0..self.devices.len() {
            if self.devices[number].link.is_none() {
                moved = true;
                self.connect(number)?;
            }
            let device = &mut self.devices[number];
            device.confirm_all();
            moved |= device.flush(self.now);
            moved |= !device.pending.is_empty();
            while device_has_requests(&self.devices[number]) {
                let waiting = self.devices[number].link.as_ref().map_or(0, |link| link.up.len());
                self.take_in(number)?;
                let left = self.devices[number].link.as_ref().map_or(0, |link| link.up.len());
                moved = true;
                if left == waiting {
                    break;
                }
            }
        }
        for shard in 0..self.setup.shards {
            let mut turns = 0;
            while let Some(daemon) = &mut self.daemon
                && !daemon.is_idle(shard, self.now)
            {
                daemon.turn(shard, 64, self.now);
                moved = true;
                turns += 1;
                if turns == ROUNDS {
                    return Err(Violation::new("a shard comes to its end", shard));
                }
            }
            self.check_shard(shard)?;
        }
        while self.daemon.as_ref().is_some_and(super::Daemon::has_uncommitted) {
            self.commit()?;
            self.publish()?;
        }
        for number in 0..self.devices.len() {
            for _ in 0..ROUNDS {
                if !self.write(number)? {
                    break;
                }
                moved = true;
            }
            while self.devices[number].link.as_ref().is_some_and(|link| !link.down.is_empty()) {
                self.hear(number)?;
                moved = true;
            }
            // An end that was written is heard.
            self.hear(number)?;
        }
        Ok(moved || before.0 != self.ledger.records)
    }

    /// After a rest: every request is answered, and every party has what the log holds for it.
    fn check_rest(&mut self) -> Result<(), Violation> {
        let waits = self.unfinished();
        if !waits.is_empty() {
            return Err(Violation::new("every request is answered", waits));
        }
        let open = self.ledger.books.values().flat_map(|books| books.tickets.values());
        let open = open.filter(|ticket| ticket.is_open()).count() as u64;
        if self.ledger.created != self.ledger.closed + open {
            let detail =
                format!("{} made, {} closed, {open} open", self.ledger.created, self.ledger.closed);
            return Err(Violation::new("no ticket vanishes", detail));
        }
        for party in &self.parties {
            let Some(books) = self.ledger.books.get(&party.tenant) else { continue };
            for (id, ticket) in &books.tickets {
                let concerned = match party.who {
                    Who::Bot(bot) => ticket.bot == bot,
                    Who::Agent(agent) => ticket.agent == Some(agent),
                    Who::Admin => false,
                };
                let received = party.received.get(id).copied().unwrap_or(0);
                if concerned && received != ticket.last() {
                    let detail = format!(
                        "{} of tenant {}, {id}: {received} of {}",
                        party.name,
                        party.tenant.0,
                        ticket.last()
                    );
                    return Err(Violation::new("every party gets every entry", detail));
                }
            }
        }
        self.check_offers()?;
        self.check_live()
    }

    /// Every program of an agent knows the offers that stand, and no others.
    fn check_offers(&self) -> Result<(), Violation> {
        for device in self.devices.iter().filter(|device| device.is_welcome()) {
            let party = &self.parties[device.party];
            let Who::Agent(agent) = party.who else { continue };
            let Some(books) = self.ledger.books.get(&party.tenant) else { continue };
            let stands = books.tickets.iter().filter(|(_, t)| t.offers.contains(&agent));
            let stands: BTreeSet<TicketId> = stands.map(|(id, _)| *id).collect();
            if stands != device.offers {
                let detail = format!(
                    "{} of tenant {}: {stands:?}, told {:?}",
                    party.name, party.tenant.0, device.offers
                );
                return Err(Violation::new("an agent is told what it is offered", detail));
            }
        }
        Ok(())
    }

    /// With nothing under way, the live state is the log's.
    fn check_live(&self) -> Result<(), Violation> {
        let Some(daemon) = &self.daemon else { return Ok(()) };
        for shard in &daemon.shards {
            for (id, slot) in shard.machine.slots() {
                let shadow = self.shadow.tenants.get(id).map(relevo_routing::Tenant::snapshot);
                if shadow != Some(slot.tenant.snapshot()) {
                    let detail = format!("tenant {}", id.0);
                    return Err(Violation::new("the live state is the log's", detail));
                }
            }
        }
        Ok(())
    }

    fn unfinished(&self) -> String {
        let waiting = self.devices.iter().filter(|device| !device.pending.is_empty());
        let shown = waiting.map(|device| {
            let party = &self.parties[device.party];
            format!("{} of tenant {}: {:?}; ", party.name, party.tenant.0, device.pending.front())
        });
        shown.take(3).collect()
    }
}

fn device_has_requests(device: &super::Device) -> bool {
    device.link.as_ref().is_some_and(|link| !link.up.is_empty())
}
