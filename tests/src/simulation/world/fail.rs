//! Faults as they happen.

use super::{SECOND_US, Violation, World};
use crate::simulation::daemon::Daemon;
use crate::simulation::disk::Torn;
use crate::simulation::faults::Fault;

impl World {
    pub(super) fn fail(&mut self, fault: Fault) -> Result<(), Violation> {
        match fault {
            Fault::Crash | Fault::SyncError if self.daemon.is_none() => return Ok(()),
            Fault::Crash => self.crash()?,
            Fault::SyncError => {
                if !self.sync_error()? {
                    return Ok(());
                }
            }
            // They come with a crash.
            Fault::TornWrite | Fault::ClockStep => return Ok(()),
            Fault::DiskFull => {
                self.full_until = self.now + self.random.below(20 * SECOND_US);
            }
            Fault::LostReply => {
                let device = self.device();
                if self.devices[device].link.is_none() {
                    return Ok(());
                }
                let away = self.random.below(2 * SECOND_US);
                self.cut(device, away);
            }
            Fault::DoubledRequest => {
                let (device, pick) = (self.device(), self.below(64));
                if !self.devices[device].repeat(pick) {
                    return Ok(());
                }
            }
            Fault::DelayedReply => {
                let (device, until) = (self.device(), self.now + self.random.below(5 * SECOND_US));
                let Some(link) = &mut self.devices[device].link else { return Ok(()) };
                link.delayed_until = until;
            }
            Fault::SlowConsumer => {
                let (device, until) = (self.device(), self.now + self.random.below(90 * SECOND_US));
                let Some(link) = &mut self.devices[device].link else { return Ok(()) };
                link.stalled_until = until;
                // What the others write meanwhile is large, so that much gathers.
                let tenant = self.parties[self.devices[device].party].tenant;
                for (number, other) in self.devices.iter().enumerate() {
                    if self.parties[other.party].tenant == tenant {
                        self.large_until.insert(number, until);
                    }
                }
            }
            Fault::Vanished => {
                let device = self.device();
                let away = match self.random.below(10) {
                    // Longer than an intent outlives its agent.
                    0 => 3_700 * SECOND_US,
                    1..4 => 90 * SECOND_US,
                    _ => 25 * SECOND_US,
                };
                let away = self.random.below(away);
                self.cut(device, away);
            }
            Fault::DirectoryChange => self.change_directory(),
            Fault::Snapshot => self.snapshot()?,
        }
        if let Some(daemon) = &mut self.daemon {
            daemon.is_storage_full = self.full_until > self.now;
        }
        self.tally.faults.count(fault);
        self.trace.line(|| format!("{} {}", self.now, fault.name()));
        Ok(())
    }

    /// The daemon is gone, in the middle of whatever it did: mostly of a commit, whose last write is
    /// torn then.
    fn crash(&mut self) -> Result<(), Violation> {
        let in_commit = self.random.chance(950);
        if in_commit {
            self.stir()?;
        }
        let Some(mut daemon) = self.daemon.take() else { return Ok(()) };
        let before = self.disk.log.tail();
        let is_committing = in_commit && daemon.commit() == Some(true);
        // Answers alone need no group.
        let may_tear = self.allowed.contains(&Fault::TornWrite);
        if may_tear && is_committing && self.disk.log.tail() > before {
            let torn = match self.random.below(10) {
                0..9 => Torn::Part,
                _ if self.random.chance(500) => Torn::Lost,
                _ => Torn::Whole,
            };
            self.disk.tear(torn, &mut self.random);
            if torn == Torn::Part {
                self.tally.faults.count(Fault::TornWrite);
            }
        }
        drop(daemon);
        self.all_lost()
    }

    /// Lets clients and shards work until something waits for a commit, for some rounds at most.
    fn stir(&mut self) -> Result<(), Violation> {
        while self.daemon.as_mut().and_then(Daemon::publish).is_some_and(|number| {
            self.disk.visible = number;
            true
        }) {}
        for _ in 0..4 {
            if self.daemon.as_ref().is_none_or(Daemon::has_records) {
                break;
            }
            for number in 0..self.devices.len() {
                self.act(number)?;
                self.take_in(number)?;
            }
            for shard in 0..self.setup.shards {
                self.turn(shard, 16)?;
            }
        }
        Ok(())
    }

    /// The log refuses a group: the daemon tells nobody of it, commits nothing after it and ends.
    fn sync_error(&mut self) -> Result<bool, Violation> {
        self.stir()?;
        let Some(daemon) = &mut self.daemon else { return Ok(false) };
        self.disk.log.fail_after(0);
        let committed = daemon.commit();
        self.disk.log.fail_after(u64::MAX);
        match committed {
            None => return Ok(false),
            Some(true) => return self.absorb().map(|()| false),
            Some(false) => {}
        }
        if !daemon.is_poisoned() {
            return Err(Violation::new("a failed log commits nothing more", "it did"));
        }
        self.daemon = None;
        self.all_lost()?;
        Ok(true)
    }

    fn all_lost(&mut self) -> Result<(), Violation> {
        for number in 0..self.devices.len() {
            // Some of what was on its way still arrives.
            for _ in 0..self.random.below(4) {
                self.hear(number)?;
            }
            let away = self.random.below(3 * SECOND_US);
            self.cut(number, away);
        }
        let down = match self.random.below(10) {
            0 => 100 * SECOND_US,
            1..4 => 10 * SECOND_US,
            _ => SECOND_US,
        };
        self.up_at = self.now + self.random.below(down);
        if self.random.chance(200) && self.allowed.contains(&Fault::ClockStep) {
            self.tally.faults.count(Fault::ClockStep);
            if self.random.chance(500) {
                // Back: the daemon goes on just after the last record, not before it.
                self.up_at = self.now + 1;
            } else {
                let step_us = self.random.below(1_800 * SECOND_US);
                self.up_at += step_us;
                self.stepped_us += step_us;
            }
        }
        Ok(())
    }

    fn snapshot(&mut self) -> Result<(), Violation> {
        self.check_snapshot()
    }
}
