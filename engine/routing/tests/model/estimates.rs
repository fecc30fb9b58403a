//! How long who waits will wait. Whatever was measured of a line is kept, and looked through anew for
//! each estimate.

use crate::reference::Reference;
use crate::tickets::Ticket;
use relevo_routing::Micros;
use relevo_wire::{AgentId, EstimatedWait, QueueId, TicketId};

/// What is known of a line: every assignment that leaves somebody waiting begins a step, which the
/// next assignment ends.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pace {
    began: Option<Micros>,
    /// How long each step took, times the seats of the members online.
    steps: Vec<Micros>,
    /// Of every ticket whose assignment left somebody waiting.
    priorities: Vec<u16>,
    /// Of each wait that had been estimated, whether it was longer than either figure.
    longer: Vec<(bool, bool)>,
}

/// Steps that say something, and assignments that are looked at.
const FEWEST: usize = 8;
const LATEST: u64 = 32;

impl Pace {
    /// The mean of the first 32 steps; then a new one counts for a thirty-second part.
    fn step_us(&self) -> Option<Micros> {
        let smooth = |mean: u64, (before, step): (u64, &u64)| {
            let before = before.min(31);
            (mean * before + step) / (before + 1)
        };
        (self.steps.len() >= FEWEST).then(|| (0..).zip(&self.steps).fold(0, smooth))
    }

    /// Corrections of both figures in thousandths of a standard deviation.
    fn corrections(&self) -> (i64, i64) {
        self.longer.iter().fold((0, 0), |(half, most): (i64, i64), (longer, much_longer)| {
            let half = half + if *longer { 25 } else { -25 };
            let most = most + if *much_longer { 45 } else { -5 };
            (half.clamp(-2_500, 2_500), most.clamp(-2_500, 2_500))
        })
    }
}

impl Reference {
    /// A ticket of the queue, no test, was assigned after so much waiting.
    pub(crate) fn note_pace(&mut self, id: QueueId, ticket: TicketId, waited_us: Micros) {
        let (told, priority) = (self.ticket(ticket).told, self.ticket(ticket).priority);
        let goes_on = self.waiting_in(id) > 0 && !self.is_shut(id);
        let (now, seats) = (self.now, self.seats_online(id));
        let pace = &mut self.queues[id.0 as usize].pace;
        if let Some(began) = pace.began.filter(|began| *began < now) {
            pace.steps.push((now - began) * seats);
        }
        if let Some(told) = told {
            let is_longer = |seconds: u32| waited_us > u64::from(seconds) * 1_000_000;
            pace.longer.push((is_longer(told.p50_seconds), is_longer(told.p90_seconds)));
        }
        pace.began = goes_on.then_some(now);
        if goes_on {
            pace.priorities.push(priority);
        }
    }

    /// A step during which nobody waits, nobody is online or the queue is closed is none.
    pub(crate) fn forget_steps(&mut self) {
        for id in (0..self.queues.len()).map(|id| QueueId(u32::try_from(id).expect("few"))) {
            let is_one =
                self.waiting_in(id) > 0 && self.online_in(id, false) > 0 && !self.is_shut(id);
            if !is_one {
                self.queues[id.0 as usize].pace.began = None;
            }
        }
    }

    /// The daemon has been down: no step is under way, and what was told is forgotten.
    pub(crate) fn forget_estimates(&mut self) {
        self.queues.iter_mut().for_each(|queue| queue.pace.began = None);
        self.tickets.iter_mut().for_each(|ticket| ticket.told = None);
    }

    fn seats_online(&self, id: QueueId) -> u64 {
        let bot = self.queue_bot(id);
        let serves = |agent: &AgentId| self.is_online(*agent) && !self.is_absent(*agent, bot);
        let online = self.members(id).into_iter().filter(serves);
        online.filter_map(|agent: AgentId| Some(u64::from(self.agent(agent)?.seats))).sum()
    }

    /// What a ticket at a place in line is told.
    pub(crate) fn estimated_wait(&self, ticket: &Ticket, position: u32) -> Option<EstimatedWait> {
        let open = self.open_wait(ticket, position);
        if position == 0 || !self.is_held(ticket) {
            return open;
        }
        // Who waits until the queue opens waits that long, and then as others do.
        let until = self.queues[ticket.queue.0 as usize].until?;
        let seconds = u32::try_from(until.saturating_sub(self.now) / 1_000_000).expect("some days");
        Some(open.unwrap_or(EstimatedWait::NONE).after(seconds))
    }

    /// As if the queue were open.
    pub(crate) fn open_wait(&self, ticket: &Ticket, position: u32) -> Option<EstimatedWait> {
        if position == 0 {
            return Some(EstimatedWait::NONE);
        }
        let (pace, seats) =
            (&self.queues[ticket.queue.0 as usize].pace, self.seats_online(ticket.queue));
        let latest = pace.priorities.iter().rev().take(LATEST as usize);
        let urgent = latest.filter(|priority| **priority > ticket.priority).count() as u64;
        if ticket.test || ticket.reserved.is_some() || seats == 0 || urgent == LATEST {
            return None;
        }
        let position = u64::from(position);
        let mean_us = pace.step_us()? * position * LATEST / ((LATEST - urgent) * seats);
        let shape = position * 1_000 * (LATEST - urgent) / (LATEST + urgent);
        let (half, most) = pace.corrections();
        let p50_seconds = quantile(mean_us, shape.max(500), half);
        let p90_seconds = quantile(mean_us, shape.max(500), 1_282 + most).max(p50_seconds);
        Some(EstimatedWait { p50_seconds, p90_seconds })
    }
}

/// Wilson and Hilferty, in millionths: mean × (1 - 1/9k + z/3√k)³.
fn quantile(mean_us: u64, shape: u64, z: i64) -> u32 {
    let shape = i64::try_from(shape).expect("few wait");
    let root =
        1_000_000 - 1_000_000_000 / (9 * shape) + 1_000_000 * z / (3 * (shape * 1_000).isqrt());
    let root = i128::from(root.max(0));
    let million = 1_000_000_i128;
    let micros = i128::from(mean_us) * root * root / million * root / (million * million);
    u32::try_from((micros + million - 1) / million).expect("some days")
}
