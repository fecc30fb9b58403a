//! A world from a seed: tenants on three shards, their bots and agents, a daemon and its disk.

mod check;
mod fail;
mod settle;
mod setup;

use std::collections::{BTreeMap, BTreeSet};

use relevo::fold::Fold;
use relevo::session::Party as Who;
use relevo_wire::ids::TenantId;

use super::Violation;
use super::daemon::{Daemon, Setup, Taken, Written};
use super::device::Device;
use super::disk::Disk;
use super::faults::{Counts, Fault, Rates};
use super::ledger::Ledger;
use super::party::Party;
use super::trace::Trace;
use crate::campaign::seeded::Seeded;

const SECOND_US: u64 = 1_000_000;
/// When simulated time begins.
const BEGIN_US: u64 = 1_700_000_000 * SECOND_US;
/// Between two rests, in which everything has to come to its end.
const REST_EVERY_US: u64 = 600 * SECOND_US;

/// What a run came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Simulated time, in microseconds.
    pub simulated_us: u64,
    /// Steps.
    pub steps: u64,
    /// Commands that clients gave.
    pub commands: u64,
    /// Durable records.
    pub records: u64,
    /// Tickets made.
    pub tickets: u64,
    /// Groups that the log has let go of.
    pub forgotten: u64,
    /// Faults by kind.
    pub faults: Counts,
    /// Hash of all records.
    pub hash: u64,
}

impl Tally {
    /// Adds what another run came to.
    pub fn add(&mut self, other: &Self) {
        self.simulated_us += other.simulated_us;
        self.steps += other.steps;
        self.commands += other.commands;
        self.records += other.records;
        self.tickets += other.tickets;
        self.forgotten += other.forgotten;
        self.faults.add(&other.faults);
        self.hash ^= other.hash;
    }
}

/// A world.
pub struct World {
    random: Seeded,
    setup: Setup,
    rates: Rates,
    allowed: Vec<Fault>,
    now: u64,
    disk: Disk,
    daemon: Option<Daemon>,
    /// When a daemon that is down comes up again.
    up_at: u64,
    full_until: u64,
    parties: Vec<Party>,
    devices: Vec<Device>,
    ledger: Ledger,
    /// The log applied from its beginning, without a snapshot or a restart.
    shadow: Fold,
    tenants: BTreeSet<TenantId>,
    large_until: BTreeMap<usize, u64>,
    next_rest: u64,
    /// Time that only the wall clock's steps made: nobody lived it.
    stepped_us: u64,
    tally: Tally,
    trace: Trace,
}

impl World {
    /// The world of a seed, with its directory, its daemon up.
    ///
    /// # Errors
    /// It does not come up.
    pub fn new(seed: u64) -> Result<Self, Violation> {
        let mut random = Seeded::new(seed);
        let setup = setup::daemon(&mut random);
        let rates = Rates::drawn(&mut random);
        let mut disk = Disk::default();
        let restored = disk.restore(&setup.settings, setup.messages_memory_bytes)?;
        let daemon = Daemon::start(restored, &disk.log, &setup, BEGIN_US);
        let shadow = Fold::new(setup.settings.clone(), 0);
        let mut world = Self {
            random,
            setup,
            rates,
            allowed: Fault::ALL.to_vec(),
            now: BEGIN_US,
            disk,
            daemon: Some(daemon),
            up_at: 0,
            full_until: 0,
            parties: Vec::new(),
            devices: Vec::new(),
            ledger: Ledger::default(),
            shadow,
            tenants: BTreeSet::new(),
            large_until: BTreeMap::new(),
            next_rest: BEGIN_US + REST_EVERY_US,
            stepped_us: 0,
            trace: Trace::default(),
            tally: Tally { hash: 0xcbf2_9ce4_8422_2325, ..Tally::default() },
        };
        world.people();
        // The directory is durable before anything goes wrong.
        for shard in 0..world.setup.shards {
            world.turn(shard, usize::MAX)?;
        }
        while world.daemon.as_ref().is_some_and(Daemon::has_uncommitted) {
            world.commit()?;
            world.publish()?;
        }
        Ok(world)
    }

    /// Keeps the last lines of what happens, from now on.
    pub fn trace(&mut self) {
        self.trace = Trace::on();
    }

    /// What happened last.
    pub fn happened(&self) -> impl Iterator<Item = &str> {
        self.trace.lines()
    }

    /// Only these faults happen from now on.
    pub fn allow(&mut self, faults: &[Fault]) {
        self.rates.allow(faults);
        self.allowed = faults.to_vec();
    }

    /// Runs for so many microseconds of simulated time, and comes to rest; or for so many steps.
    ///
    /// # Errors
    /// Something does not hold.
    pub fn run(&mut self, simulated_us: u64, steps: u64) -> Result<(), Violation> {
        let end = self.lived_us() + simulated_us;
        while self.lived_us() < end {
            if self.tally.steps >= steps {
                return Ok(());
            }
            let done = if self.now >= self.next_rest {
                self.next_rest = self.now + REST_EVERY_US;
                self.rest()
            } else {
                self.step()
            };
            done.map_err(|violation| violation.at(format!("step {}", self.tally.steps)))?;
        }
        self.rest().map_err(|violation| violation.at("the last rest".to_owned()))
    }

    /// What it came to so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        Tally {
            simulated_us: self.lived_us(),
            records: self.ledger.records,
            tickets: self.ledger.created,
            forgotten: self.disk.forgotten,
            ..self.tally.clone()
        }
    }

    fn lived_us(&self) -> u64 {
        (self.now - BEGIN_US).saturating_sub(self.stepped_us)
    }

    fn step(&mut self) -> Result<(), Violation> {
        self.tally.steps += 1;
        self.now += self.random.below(2_000);
        if let Some(fault) = self.rates.next(&mut self.random) {
            return self.fail(fault);
        }
        if self.daemon.is_none() {
            if self.now < self.up_at {
                // Nobody does anything but wait.
                self.now = self.up_at;
                return Ok(());
            }
            return self.start();
        }
        match self.random.below(100) {
            0..16 => {
                let device = self.device();
                self.act(device)
            }
            16..32 => {
                let device = self.device();
                self.take_in(device)
            }
            32..46 => {
                let shard = self.below(self.setup.shards);
                let most = 1 + self.below(16);
                self.turn(shard, most)
            }
            46..58 => self.commit(),
            58..66 => self.publish(),
            66..82 => {
                let device = self.device();
                self.write(device).map(|_| ())
            }
            82..98 => {
                let device = self.device();
                self.hear(device)
            }
            98 => {
                self.now += self.random.below(200_000);
                Ok(())
            }
            _ => {
                // Long enough for reservations and grace periods to end, now and then.
                let is_long = self.random.chance(10);
                self.now += self.random.below(if is_long { 40 * SECOND_US } else { SECOND_US });
                Ok(())
            }
        }
    }

    fn act(&mut self, number: usize) -> Result<(), Violation> {
        let device = &mut self.devices[number];
        if device.link.is_none() {
            return self.connect(number);
        }
        let has_large = self.large_until.get(&number).is_some_and(|until| *until > self.now);
        let party = &mut self.parties[device.party];
        device.clock = self.now;
        if device.act(party, &mut self.random, has_large) {
            self.tally.commands += 1;
            self.trace.line(|| {
                format!(
                    "{} t{} {} asks {:?}",
                    self.now,
                    party.tenant.0,
                    party.name,
                    device.pending.back()
                )
            });
        }
        device.flush(self.now);
        Ok(())
    }

    fn connect(&mut self, number: usize) -> Result<(), Violation> {
        let device = &mut self.devices[number];
        let Some(daemon) = &mut self.daemon else { return Ok(()) };
        if self.now >= device.away_until {
            let party = &self.parties[device.party];
            let resume = device.resume();
            let link = daemon.open(party.tenant, party.who, &party.name, &resume);
            let mut confirmed = BTreeMap::new();
            if let (Who::Bot(bot), Some(books)) = (party.who, self.ledger.books.get(&party.tenant))
            {
                let own = books.tickets.iter().filter(|(_, ticket)| ticket.bot == bot);
                confirmed.extend(own.map(|(id, ticket)| (*id, ticket.confirmed_by_bot())));
            }
            device.connected(link, confirmed);
        }
        Ok(())
    }

    fn take_in(&mut self, number: usize) -> Result<(), Violation> {
        let Some(daemon) = &mut self.daemon else { return Ok(()) };
        let Some(link) = &mut self.devices[number].link else { return Ok(()) };
        // Frames that came at once are taken at once.
        for _ in 0..=self.random.below(6) {
            match daemon.take_in(link, self.now)? {
                Taken::One => {}
                Taken::Postponed(words) => {
                    let books = self.ledger.books.entry(link.session.tenant).or_default();
                    words.into_iter().for_each(|token| books.tokens.postponed(token));
                }
                Taken::Nothing => break,
            }
        }
        Ok(())
    }

    fn turn(&mut self, shard: usize, most: usize) -> Result<(), Violation> {
        let Some(daemon) = &mut self.daemon else { return Ok(()) };
        daemon.turn(shard, most, self.now);
        self.check_shard(shard)
    }

    fn commit(&mut self) -> Result<(), Violation> {
        let Some(daemon) = &mut self.daemon else { return Ok(()) };
        match daemon.commit() {
            Some(true) => self.absorb(),
            Some(false) => Err(Violation::new("a log that was not told to fail does not", "")),
            None => Ok(()),
        }
    }

    fn publish(&mut self) -> Result<(), Violation> {
        let Some(daemon) = &mut self.daemon else { return Ok(()) };
        if let Some(number) = daemon.publish() {
            self.disk.visible = number;
        }
        Ok(())
    }

    /// One turn of a session's writer. True when it had something to do.
    fn write(&mut self, number: usize) -> Result<bool, Violation> {
        let Some(daemon) = &self.daemon else { return Ok(false) };
        let Some(link) = &mut self.devices[number].link else { return Ok(false) };
        if link.stalled_until > self.now || link.is_ended {
            return Ok(false);
        }
        match daemon.write(&link.session)? {
            Written::Nothing => return Ok(false),
            Written::Bytes(bytes) if bytes.is_empty() => {}
            Written::Bytes(bytes) => link.down.push_back(bytes),
            Written::End(_) => link.is_ended = true,
        }
        Ok(true)
    }

    fn hear(&mut self, number: usize) -> Result<(), Violation> {
        let device = &mut self.devices[number];
        let Some(link) = &mut device.link else { return Ok(()) };
        if link.delayed_until > self.now || link.stalled_until > self.now {
            return Ok(());
        }
        let Some(bytes) = link.down.pop_front() else {
            if link.is_ended {
                self.cut(number, 0);
            }
            return Ok(());
        };
        let party = &mut self.parties[device.party];
        let books = self.ledger.books.entry(party.tenant).or_default();
        let heard = device.hear(party, books, &bytes, self.now);
        self.trace.line(|| {
            let heard = device.heard.drain(..).collect::<Vec<_>>().join(" | ");
            format!("{} t{} {} hears {heard}", self.now, party.tenant.0, party.name)
        });
        device.heard.clear();
        heard?;
        device.flush(self.now);
        Ok(())
    }

    /// A connection breaks: what is on its way in it is lost.
    fn cut(&mut self, number: usize, away_us: u64) {
        self.trace.line(|| {
            let party = &self.parties[self.devices[number].party];
            format!("{} t{} {} is cut off", self.now, party.tenant.0, party.name)
        });
        let Some(link) = self.devices[number].disconnected(self.now + away_us) else { return };
        if let Some(daemon) = &mut self.daemon {
            daemon.lose(link);
        }
    }

    fn start(&mut self) -> Result<(), Violation> {
        self.trace.line(|| format!("{} start", self.now));
        let bodies = self.setup.messages_memory_bytes;
        let restored = self.disk.restore(&self.setup.settings, bodies)?;
        self.absorb()?;
        self.check_restored(&restored)?;
        let mut daemon = Daemon::start(restored, &self.disk.log, &self.setup, self.now);
        daemon.is_storage_full = self.full_until > self.now;
        self.daemon = Some(daemon);
        Ok(())
    }

    /// What has become durable goes to the ledger and the shadow.
    fn absorb(&mut self) -> Result<(), Violation> {
        let (hash, trace, shadow) = (&mut self.tally.hash, &mut self.trace, &mut self.shadow);
        let is_between = self.daemon.as_ref().is_none_or(Daemon::is_between_records);
        self.ledger.absorb(&self.disk, is_between, |place, record| {
            let bytes = record.public();
            trace.line(|| format!("    durable: {:?}", relevo_routing::record::decode(bytes)));
            for byte in bytes {
                *hash = (*hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
            let applied = shadow.apply(place, record);
            applied.map_err(|error| Violation::new("a durable record applies", error))
        })?;
        for ticket in self.ledger.forgotten.drain(..) {
            self.parties.iter_mut().for_each(|party| party.forget(ticket));
            self.devices.iter_mut().for_each(|device| device.forget(ticket));
        }
        Ok(())
    }

    fn device(&mut self) -> usize {
        self.below(self.devices.len())
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.random.below(end as u64)).expect("below a length")
    }
}
