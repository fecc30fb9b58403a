//! How fast a line moves, and how long who stands in it will wait.
//!
//! **What is measured.** An assignment that leaves somebody waiting begins an interval, and the next
//! one ends it, unless the line ran empty, the hours closed the queue or nobody was online meanwhile.
//! Its length times the seats of the members online is what one ticket costs in *time of a seat*: for
//! agents who serve this queue alone it is the time that a ticket takes them, wrap-up too; for agents
//! who serve others as well it is longer by what those take of them, in the proportion in which they
//! really do. Seats that come or go change the estimate at once. Assignments at the same moment are
//! one: somebody came online and filled all his seats, which tells nothing of how fast they empty.
//!
//! **The model.** Many seats that empty independently make the line move like a Poisson process
//! (Palm, Khintchine), a step each `seat time / seats`. Of the latest assignments a share `f` was more
//! urgent than the ticket: as many of those to come go before it. So place `n` waits as long as a
//! queue M/M/1 with `n` customers and load `f` needs to empty: its mean is `n / (1 - f)` steps, its
//! squared coefficient of variation `(1 + f) / (1 - f) / n`. Without anybody more urgent that is the
//! Erlang distribution of `n` steps. The quantiles are those of the gamma distribution with this mean
//! and variance, by Wilson and Hilferty (1931): `mean × (1 - 1/9k + z/3√k)³` with `k` the inverse of
//! the squared coefficient and `z` the quantile of the normal distribution.
//!
//! **What corrects it.** Real lines differ: handle times vary less, customers leave, tickets age. So
//! `z` begins with the value of the normal distribution, and each wait that was estimated moves it
//! (Robbins and Monro, 1951): up where the wait was longer than told, down where it was not, in such
//! steps that it rests where half of the waits are below the one, and nine of ten below the other.

use super::maybe::MaybeTime;
use super::queues::Queue;
use crate::Micros;
use relevo_wire::EstimatedWait;
use rkyv::{Archive, Deserialize, Serialize};

/// Fewer intervals say nothing.
const FEWEST: u8 = 8;
/// As many intervals count, later ones more: each new one for this part, once there are so many.
const MEMORY: u8 = 32;
/// Of so many of the latest assignments the priority is known.
const LATEST: usize = 32;

/// How fast a line moves while somebody waits, and how right its estimates were.
#[derive(Debug, Clone, Copy, Default, Archive, Serialize, Deserialize)]
pub(crate) struct Pace {
    /// The latest assignment that left somebody waiting.
    pub(crate) last: MaybeTime,
    /// Smoothed time of a seat that one ticket costs, in microseconds; meaningless before the first
    /// interval.
    seat_us: Micros,
    /// How many intervals there were, as far as it matters.
    intervals: u8,
    /// Some ticket had another priority than 0.
    has_priorities: bool,
    half: Shift,
    most: Shift,
}

/// By how much a quantile has been corrected, in thousandths of a standard deviation.
#[derive(Debug, Clone, Copy, Default, Archive, Serialize, Deserialize)]
struct Shift(i16);

impl Shift {
    /// Beyond it an estimate would say nothing.
    const MOST: i16 = 2_500;

    fn move_by(&mut self, thousandths: i16) {
        self.0 = self.0.saturating_add(thousandths).clamp(-Self::MOST, Self::MOST);
    }
}

/// The priorities of the latest assignments that left somebody waiting.
#[derive(Debug, Clone, Copy, Default, Archive, Serialize, Deserialize)]
pub(crate) struct Urgency {
    priorities: [u16; LATEST],
    next: u8,
}

impl Pace {
    /// There are figures to estimate a wait from.
    pub(crate) fn is_known(&self) -> bool {
        self.intervals >= FEWEST
    }

    /// Nobody waits, or nobody can be served: the interval under way tells nothing.
    pub(crate) fn interrupt(&mut self) {
        self.last = MaybeTime::NONE;
    }

    /// An interval ends, if one was under way and took time.
    fn step(&mut self, now: Micros, seats: u32) {
        let Some(last) = self.last.get().filter(|last| *last < now) else { return };
        let sample = (now - last).saturating_mul(u64::from(seats));
        let old = u64::from(self.intervals.min(MEMORY - 1));
        self.seat_us = self.seat_us.saturating_mul(old).saturating_add(sample) / (old + 1);
        self.intervals = self.intervals.saturating_add(1).min(MEMORY);
    }

    /// A wait came that had been estimated.
    fn judge(&mut self, waited_us: Micros, told: EstimatedWait) {
        let is_over = |seconds: u32| waited_us > u64::from(seconds) * 1_000_000;
        self.half.move_by(if is_over(told.p50_seconds) { 25 } else { -25 });
        self.most.move_by(if is_over(told.p90_seconds) { 45 } else { -5 });
    }

    /// For a place from 1 on, if as many of the latest [`LATEST`] tickets were more urgent.
    fn estimate(&self, position: u32, seats: u32, urgent: u32) -> Option<EstimatedWait> {
        const LATEST: u32 = self::LATEST as u32;
        let others = LATEST - urgent;
        if !self.is_known() || seats == 0 || others == 0 {
            return None;
        }
        let (position, others) = (u64::from(position), u64::from(others));
        let steps = position.saturating_mul(u64::from(LATEST));
        let mean_us = self.seat_us.saturating_mul(steps) / (others * u64::from(seats));
        let shape = position.saturating_mul(1_000 * others) / u64::from(LATEST + urgent);
        let half = quantile(mean_us, shape, i64::from(self.half.0));
        let most = quantile(mean_us, shape, 1_282 + i64::from(self.most.0));
        Some(EstimatedWait { p50_seconds: half, p90_seconds: most.max(half) })
    }
}

/// Quantile of a gamma distribution in seconds, rounded up; `shape` and `z` in thousandths.
fn quantile(mean_us: Micros, shape: u64, z: i64) -> u32 {
    const ONE: i64 = 1_000_000;
    // For less the approximation is none, and for more it is a normal distribution of no width.
    let shape = shape.clamp(500, 1_000_000_000);
    let root = (shape * 1_000).isqrt() as i64;
    let factor = ONE - ONE * 1_000 / (9 * shape as i64) + ONE * z / (3 * root);
    let factor = u128::from(factor.max(0).unsigned_abs());
    let one = u128::from(ONE.unsigned_abs());
    let quantile_us = (u128::from(mean_us) * factor * factor / one) * factor / (one * one);
    u32::try_from(quantile_us.div_ceil(one)).unwrap_or(u32::MAX)
}

impl Urgency {
    fn note(&mut self, priority: u16) {
        self.priorities[usize::from(self.next) % LATEST] = priority;
        self.next = (self.next + 1) % LATEST as u8;
    }

    fn above(&self, priority: u16) -> u32 {
        self.priorities.iter().map(|other| u32::from(*other > priority)).sum()
    }
}

impl Queue {
    /// A ticket of this queue was assigned, and others are left; it waited after it was told an
    /// estimate or none.
    pub(crate) fn note_assigned(
        &mut self,
        now: Micros,
        priority: u16,
        waited_us: Micros,
        told: Option<EstimatedWait>,
    ) {
        self.pace.step(now, self.seats);
        if let Some(told) = told {
            self.pace.judge(waited_us, told);
        }
        if self.waiting == 0 || self.shut {
            self.pace.interrupt();
            return;
        }
        self.pace.last = MaybeTime::at(now);
        self.pace.has_priorities |= priority > 0;
        if self.pace.has_priorities {
            self.urgency.note(priority);
        }
    }

    /// Estimated wait at a place from 1 on; none until there are figures, and while nobody is online.
    pub(crate) fn estimated_wait(&self, position: u32, priority: u16) -> Option<EstimatedWait> {
        let urgent = if self.pace.has_priorities { self.urgency.above(priority) } else { 0 };
        self.pace.estimate(position, self.seats, urgent)
    }
}
