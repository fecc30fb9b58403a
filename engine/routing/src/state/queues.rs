//! Queues: their lines, members and counters.

use super::bits::Bits;
use super::line::{Line, LineKey};
use super::maybe::{MaybeAgent, MaybeTime};
use super::oldest::Oldest;
use super::slab::Slot;
use super::ticket::Ticket;
use crate::Micros;
use relevo_wire::directory::{self, AgentGone, Delivery, NobodyOnline, Strategy};
use relevo_wire::{AgentId, BotId, QueueId};

/// All queues by number.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    list: Vec<Queue>,
    /// Heads of the ordinary lines of queues that push, close together: a freed agent looks at many.
    heads: Vec<Head>,
    changed: Vec<QueueId>,
}

/// The first of a line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    pub(crate) key: LineKey,
    pub(crate) slot: Slot,
}

impl Head {
    /// The line is empty, or its queue does not push.
    const NONE: Self = Self { key: LineKey::LAST, slot: Slot::MAX };
}

/// A queue: what of its directory object decides, and what it has.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) exists: bool,
    pub(crate) bot: BotId,
    pub(crate) active: bool,
    pub(crate) strategy: Strategy,
    pub(crate) delivery: Delivery,
    pub(crate) agent_gone: AgentGone,
    pub(crate) nobody_online: NobodyOnline,
    pub(crate) keep_us: Micros,
    pub(crate) transfer_wait_us: Micros,
    pub(crate) threshold_us: Micros,
    pub(crate) short_loss_us: Micros,
    /// In rising order.
    pub(crate) members: Vec<AgentId>,
    pub(crate) member_bits: Bits,
    pub(crate) line: Line,
    pub(crate) tests: Line,
    /// For `round_robin`: who was served last.
    pub(crate) last_served: MaybeAgent,
    pub(crate) pace: Pace,
    /// Members online, and those of them who accept tests.
    pub(crate) online: u32,
    pub(crate) online_for_tests: u32,
    /// Open tickets, tests too.
    pub(crate) open: u32,
    /// Without tests: in a line or reserved, and with an agent who has not written.
    pub(crate) waiting: u32,
    pub(crate) unanswered: u32,
    pub(crate) waits: Oldest,
    pub(crate) unanswered_since: Oldest,
    is_changed: bool,
}

/// How fast a line moves while somebody waits: for the estimated wait.
#[derive(Debug, Clone, Copy, Default, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub(crate) struct Pace {
    /// The latest assignment that left somebody waiting.
    pub(crate) last: MaybeTime,
    /// Smoothed time between two assignments, in microseconds.
    pub(crate) interval_us: MaybeTime,
}

impl Pace {
    /// An assignment was made; `waiting` are left.
    pub(crate) fn assigned(&mut self, now: Micros, waiting: u32) {
        if let Some(last) = self.last.get() {
            let interval = now.saturating_sub(last);
            let smoothed = self.interval_us.get().map_or(interval, |old| (old * 7 + interval) / 8);
            self.interval_us = MaybeTime::at(smoothed);
        }
        self.last = if waiting > 0 { MaybeTime::at(now) } else { MaybeTime::NONE };
    }

    /// Estimated wait at a place in line, in seconds; absent until there are figures.
    pub(crate) fn estimated_wait(&self, position: u32) -> Option<u32> {
        let interval = self.interval_us.get()?;
        let wait = interval.saturating_mul(u64::from(position)) / 1_000_000;
        Some(u32::try_from(wait).unwrap_or(u32::MAX))
    }
}

const SECOND: Micros = 1_000_000;

impl Queue {
    fn new(bot: BotId, object: &directory::Queue) -> Self {
        let mut queue = Self {
            exists: true,
            bot,
            active: true,
            strategy: object.strategy,
            delivery: object.delivery,
            agent_gone: object.agent_gone,
            nobody_online: object.nobody_online,
            keep_us: 0,
            transfer_wait_us: 0,
            threshold_us: 0,
            short_loss_us: 0,
            members: Vec::new(),
            member_bits: Bits::default(),
            line: Line::default(),
            tests: Line::default(),
            last_served: MaybeAgent::NONE,
            pace: Pace::default(),
            online: 0,
            online_for_tests: 0,
            open: 0,
            waiting: 0,
            unanswered: 0,
            waits: Oldest::default(),
            unanswered_since: Oldest::default(),
            is_changed: false,
        };
        queue.configure(object);
        queue
    }

    fn configure(&mut self, object: &directory::Queue) {
        self.exists = true;
        self.active = object.active;
        self.strategy = object.strategy;
        self.delivery = object.delivery;
        self.agent_gone = object.agent_gone;
        self.nobody_online = object.nobody_online;
        self.keep_us = Micros::from(object.keep_seconds) * SECOND;
        self.transfer_wait_us = Micros::from(object.transfer_wait_seconds) * SECOND;
        self.threshold_us = Micros::from(object.threshold_seconds) * SECOND;
        self.short_loss_us = Micros::from(object.short_loss_seconds) * SECOND;
    }

    pub(crate) fn pushes(&self) -> bool {
        match self.delivery {
            Delivery::Push | Delivery::Both => true,
            Delivery::Pull => false,
        }
    }

    pub(crate) fn is_pulled(&self) -> bool {
        match self.delivery {
            Delivery::Pull | Delivery::Both => true,
            Delivery::Push => false,
        }
    }

    pub(crate) fn line_for(&self, test: bool) -> &Line {
        if test { &self.tests } else { &self.line }
    }

    pub(crate) fn online_for(&self, test: bool) -> u32 {
        if test { self.online_for_tests } else { self.online }
    }
}

impl Queues {
    pub(crate) fn get(&self, queue: QueueId) -> Option<&Queue> {
        self.list.get(queue.0 as usize).filter(|queue| queue.exists)
    }

    #[inline]
    pub(crate) fn at(&self, queue: QueueId) -> &Queue {
        &self.list[queue.0 as usize]
    }

    #[inline]
    pub(crate) fn at_mut(&mut self, queue: QueueId) -> &mut Queue {
        &mut self.list[queue.0 as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// Creates or changes a queue; its members are set apart.
    pub(crate) fn put(&mut self, id: QueueId, bot: BotId, object: &directory::Queue) {
        if id.0 as usize == self.list.len() {
            self.list.push(Queue::new(bot, object));
            self.heads.push(Head::NONE);
        } else {
            self.at_mut(id).configure(object);
        }
        let queue = self.at(id);
        let head = queue.line.head().filter(|_| queue.pushes());
        self.heads[id.0 as usize] = head.map_or(Head::NONE, |(key, slot)| Head { key, slot });
        self.note_changed(id);
    }

    pub(crate) fn delete(&mut self, id: QueueId) {
        self.at_mut(id).exists = false;
        self.note_changed(id);
    }

    #[inline]
    pub(crate) fn head(&self, queue: QueueId) -> Head {
        self.heads[queue.0 as usize]
    }

    /// A ticket gets its place in the line.
    pub(crate) fn enter(&mut self, ticket: &Ticket, slot: Slot) {
        let key = LineKey::of(ticket);
        let queue = &mut self.list[ticket.queue.0 as usize];
        if ticket.test {
            queue.tests.insert(key, slot);
            return;
        }
        queue.line.insert(key, slot);
        if queue.pushes() {
            let head = &mut self.heads[ticket.queue.0 as usize];
            if key < head.key {
                *head = Head { key, slot };
            }
        }
    }

    /// A ticket leaves the line.
    pub(crate) fn leave(&mut self, ticket: &Ticket) {
        let key = LineKey::of(ticket);
        let queue = &mut self.list[ticket.queue.0 as usize];
        if ticket.test {
            queue.tests.remove(key);
            return;
        }
        queue.line.remove(key);
        let head = &mut self.heads[ticket.queue.0 as usize];
        if head.key == key {
            *head = queue.line.head().map_or(Head::NONE, |(key, slot)| Head { key, slot });
        }
    }

    /// The published numbers of a queue are no longer what they were.
    #[inline]
    pub(crate) fn note_changed(&mut self, queue: QueueId) {
        let entry = &mut self.list[queue.0 as usize];
        if !entry.is_changed {
            entry.is_changed = true;
            self.changed.push(queue);
        }
    }

    pub(crate) fn take_changed(&mut self) -> Vec<QueueId> {
        let changed = std::mem::take(&mut self.changed);
        for queue in &changed {
            self.list[queue.0 as usize].is_changed = false;
        }
        changed
    }

    /// Every queue that exists.
    pub(crate) fn ids(&self) -> impl Iterator<Item = QueueId> + use<> {
        let existing: Vec<QueueId> =
            (0..).zip(&self.list).filter(|(_, q)| q.exists).map(|(id, _)| QueueId(id)).collect();
        existing.into_iter()
    }
}
