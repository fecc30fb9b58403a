//! What goes wrong, how often, and how often it did.

use std::fmt;

use crate::campaign::seeded::Seeded;

/// Every kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The daemon ends at any moment.
    Crash,
    /// The group under way at a crash is written in part.
    TornWrite,
    /// The log refuses a group: the daemon ends.
    SyncError,
    /// The disk is nearly full for a while.
    DiskFull,
    /// A connection breaks; what was on its way is lost.
    LostReply,
    /// A request is sent again though it was received.
    DoubledRequest,
    /// Nothing arrives at a client for a while.
    DelayedReply,
    /// A client takes nothing for a while.
    SlowConsumer,
    /// An agent or bot breaks off and stays away.
    Vanished,
    /// The wall clock steps, forward or back, between two lives of the daemon.
    ClockStep,
    /// The directory changes.
    DirectoryChange,
    /// A snapshot is made, and the log before it is no longer read.
    Snapshot,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Crash,
        Self::TornWrite,
        Self::SyncError,
        Self::DiskFull,
        Self::LostReply,
        Self::DoubledRequest,
        Self::DelayedReply,
        Self::SlowConsumer,
        Self::Vanished,
        Self::ClockStep,
        Self::DirectoryChange,
        Self::Snapshot,
    ];

    /// Reads [`Self::name`].
    ///
    /// # Errors
    /// There is no such fault; the text says which there are.
    pub fn named(name: &str) -> Result<Self, String> {
        let names = Self::ALL.map(Self::name).join(", ");
        let found = Self::ALL.into_iter().find(|fault| fault.name() == name.trim());
        found.ok_or_else(|| format!("there is no fault `{name}`, only {names}"))
    }

    /// How it is printed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::TornWrite => "torn write",
            Self::SyncError => "sync error",
            Self::DiskFull => "disk full",
            Self::LostReply => "lost reply",
            Self::DoubledRequest => "doubled request",
            Self::DelayedReply => "delayed reply",
            Self::SlowConsumer => "slow consumer",
            Self::Vanished => "vanished",
            Self::ClockStep => "clock step",
            Self::DirectoryChange => "directory change",
            Self::Snapshot => "snapshot",
        }
    }
}

/// How often each fault comes, in a million steps. Torn writes and clock steps come with crashes.
#[derive(Debug, Clone)]
pub struct Rates {
    of: Vec<(Fault, u64)>,
    total: u64,
}

impl Rates {
    /// All faults, each at a rate of its own that the seed draws: between a quarter and four times
    /// its usual one.
    #[must_use]
    pub fn drawn(random: &mut Seeded) -> Self {
        let usual = [
            (Fault::Crash, 120),
            (Fault::SyncError, 60),
            (Fault::DiskFull, 60),
            (Fault::LostReply, 300),
            (Fault::DoubledRequest, 500),
            (Fault::DelayedReply, 400),
            (Fault::SlowConsumer, 80),
            (Fault::Vanished, 80),
            (Fault::DirectoryChange, 100),
            (Fault::Snapshot, 100),
        ];
        let draw = |(fault, rate): (Fault, u64)| {
            let quarters = 1 << random.below(5);
            (fault, (rate * quarters / 4).max(1))
        };
        let of: Vec<(Fault, u64)> = usual.into_iter().map(draw).collect();
        let total = of.iter().map(|(_, rate)| rate).sum();
        Self { of, total }
    }

    /// Leaves out all others.
    pub fn allow(&mut self, faults: &[Fault]) {
        for (fault, rate) in &mut self.of {
            if !faults.contains(fault) {
                *rate = 0;
            }
        }
        self.total = self.of.iter().map(|(_, rate)| rate).sum();
    }

    /// The fault of this step, if it has one.
    pub fn next(&self, random: &mut Seeded) -> Option<Fault> {
        let mut at = random.below(1_000_000);
        if at >= self.total {
            return None;
        }
        for (fault, rate) in &self.of {
            if at < *rate {
                return Some(*fault);
            }
            at -= rate;
        }
        None
    }
}

/// How often each fault came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts([u64; Fault::ALL.len()]);

impl Counts {
    /// It came.
    pub fn count(&mut self, fault: Fault) {
        self.0[fault as usize] += 1;
    }

    /// How often it came.
    #[must_use]
    pub fn of(&self, fault: Fault) -> u64 {
        self.0[fault as usize]
    }

    /// Adds those of another run.
    pub fn add(&mut self, other: &Self) {
        for (sum, more) in self.0.iter_mut().zip(other.0) {
            *sum += more;
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, fault) in Fault::ALL.into_iter().enumerate() {
            let separator = if number == 0 { "" } else { ", " };
            write!(f, "{separator}{} {}", fault.name(), self.of(fault))?;
        }
        Ok(())
    }
}
