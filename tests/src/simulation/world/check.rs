//! What must hold after each step.

use relevo_wire::ids::AgentId;

use relevo::fold::Fold;

use super::{Violation, World};
use crate::simulation::daemon::Daemon;
use crate::simulation::disk::Restored;

impl World {
    /// Of a shard that has just had its turn: seats are what the tickets say, and no waiting ticket
    /// stands beside an agent who could take it.
    pub(super) fn check_shard(&self, number: usize) -> Result<(), Violation> {
        let Some(daemon) = &self.daemon else { return Ok(()) };
        if !daemon.is_idle(number, self.now) {
            return Ok(());
        }
        for (id, slot) in daemon.shards[number].machine.slots() {
            let audit = slot.tenant.audit(&slot.seats, 0, usize::MAX, self.now);
            if let Some(violation) = audit.violations.first() {
                let detail = format!("tenant {}: {violation:?}", id.0);
                return Err(Violation::new("no ticket waits beside an eligible agent", detail));
            }
            for (agent, _) in slot.tenant.directory().agents() {
                let used = slot.seats.word(agent.0 as usize).map_or(0, |word| word.view().used);
                let tickets = slot.tenant.tickets_of(AgentId(agent.0));
                if usize::from(used) != tickets {
                    let detail = format!("tenant {}, agent {}: {used} of {tickets}", id.0, agent.0);
                    return Err(Violation::new("a seat is taken for each ticket", detail));
                }
            }
        }
        Ok(())
    }

    /// What was read back after a crash is what the log says from its beginning.
    pub(super) fn check_restored(&self, restored: &Restored) -> Result<(), Violation> {
        let rule = "recovery gives the state of the log";
        let saved = |fold: &Fold| {
            let mut bytes = Vec::new();
            fold.save(&mut bytes).map(|()| bytes).map_err(|error| Violation::new(rule, error))
        };
        if restored.tail != self.ledger.tail() || saved(&restored.fold)? != saved(&self.shadow)? {
            return Err(Violation::new(rule, format!("up to {}", restored.tail.group)));
        }
        Ok(())
    }

    /// A snapshot made of the one before is the one that the whole log gives.
    pub(super) fn check_snapshot(&mut self) -> Result<(), Violation> {
        let rule = "a snapshot is the fold of the log";
        // A generation ends between two records.
        if !self.daemon.as_ref().is_none_or(Daemon::is_between_records) {
            return Ok(());
        }
        self.absorb()?;
        let (bytes, tail) = self.disk.snapshot(&self.setup.settings)?;
        let mut expected = Vec::new();
        self.shadow.save(&mut expected).map_err(|error| Violation::new(rule, error))?;
        if tail != self.ledger.tail() || bytes != expected {
            return Err(Violation::new(rule, format!("up to {}", tail.group)));
        }
        Ok(())
    }
}
