//! Queues: their lines, members and counters.

use super::bits::Bits;
use super::doors::Doors;
use super::head::Head;
use super::line::{Line, LineKey, Moved};
use super::maybe::{MaybeAgent, MaybeTime};
use super::oldest::Oldest;
use super::overflow::{Limit, Step};
use super::pace::{Pace, Urgency};
use super::positions::LineName;
use super::silences::Patience;
use super::skills::Need;
use super::slab::Slot;
use super::targets::Targets;
use super::ticket::Ticket;
use crate::Micros;
use relevo_wire::directory::{self, AgentGone, Delivery, NobodyOnline, Strategy};
use relevo_wire::vocabulary::{QueueMode, Silent};
use relevo_wire::{AgentId, BotId, QueueId};
use std::collections::BTreeSet;

/// All queues by number.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    list: Vec<Queue>,
    /// Heads of the ordinary lines of queues that push, close together: a freed agent looks at many.
    heads: Vec<Head>,
    changed: Vec<QueueId>,
    /// When the next ticket of a line comes to the highest priority.
    ages: BTreeSet<(Micros, LineName)>,
    /// Queues that overflow.
    steps: usize,
}

/// A queue: what of its directory object decides, and what it has.
///
/// The fields of every ticket's way stand together at the front, line by line of a cache: of thousands
/// of queues hardly one is in a cache when its turn comes.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Queue {
    pub(crate) bot: BotId,
    /// Open tickets, tests too.
    pub(crate) open: u32,
    /// Without tests: in a line or reserved, and with an agent who has not written.
    pub(crate) waiting: u32,
    pub(crate) unanswered: u32,
    /// For `round_robin`: who was served last.
    pub(crate) last_served: MaybeAgent,
    /// Members online, and those of them who accept tests.
    pub(crate) online: u32,
    pub(crate) online_for_tests: u32,
    /// Seats of the members online.
    pub(crate) seats: u32,
    pub(crate) exists: bool,
    pub(crate) active: bool,
    /// Closed by its hours or its mode.
    pub(crate) shut: bool,
    pub(crate) mode: QueueMode,
    /// Now, or at some time: its clocks stood still, or those of who has come from another queue.
    pub(crate) was_shut: bool,
    is_changed: bool,
    /// Some member has a level or a delay.
    pub(crate) has_grades: bool,
    has_delays: bool,
    /// It says something else than what is shipped: the directory has the words.
    pub(crate) has_texts: bool,
    /// It bears not every silence: `patience` says which.
    is_impatient: bool,
    pub(crate) mandatory_tags: bool,
    pub(crate) strategy: Strategy,
    pub(crate) delivery: Delivery,
    pub(crate) nobody_online: NobodyOnline,
    pub(crate) agent_gone: AgentGone,
    /// Beside so many waiting tickets it takes no new one.
    pub(crate) max_waiting: u32,
    /// When it looks at who waits longest: at his limit, or before it.
    pub(crate) looks_at: MaybeTime,
    // What an end reads too.
    /// None as long as it never had any.
    pub(crate) targets: Option<Box<Targets>>,
    /// How long an offer stands; 0: tickets are assigned at once.
    pub(crate) offer_us: Micros,
    pub(crate) wrap_up_us: Micros,
    pub(crate) reopen_us: Micros,
    pub(crate) threshold_us: Micros,
    pub(crate) short_loss_us: Micros,
    /// Where its tickets go on.
    pub(crate) step: Option<Step>,
    // What a ticket waits in.
    pub(crate) limit: Limit,
    pub(crate) line: Line,
    pub(crate) pace: Pace,
    pub(crate) waits: Oldest,
    // What an assignment reads and writes.
    pub(crate) unanswered_since: Oldest,
    /// In rising order.
    pub(crate) members: Vec<AgentId>,
    pub(crate) member_bits: Bits,
    // What few tickets need.
    pub(crate) tests: Line,
    /// To how many agents at once a ticket is offered.
    pub(crate) offer_agents: usize,
    /// How long who leaves while he waits keeps his place.
    pub(crate) resume_us: Micros,
    /// Of tests, which are not in `waits`.
    pub(crate) test_waits: Oldest,
    /// Queues that overflow to this one.
    feeders: Vec<QueueId>,
    pub(crate) keep_us: Micros,
    pub(crate) transfer_wait_us: Micros,
    /// How long a transfer into it waits for acceptance; 0: it needs none.
    pub(crate) accept_us: Micros,
    pub(crate) preferred_wait_us: Micros,
    /// After how much waiting a ticket reaches more members: in rising order, without 0.
    delays: Vec<Micros>,
    pub(crate) doors: Doors,
    patience: Patience,
    pub(crate) urgency: Urgency,
}

const SECOND: Micros = 1_000_000;

impl Queue {
    fn new(bot: BotId, object: &directory::Queue) -> Self {
        Self {
            exists: true,
            bot,
            active: true,
            shut: false,
            mode: QueueMode::Open,
            was_shut: false,
            doors: Doors::default(),
            patience: Patience::default(),
            is_impatient: false,
            strategy: object.strategy,
            delivery: object.delivery,
            agent_gone: object.agent_gone,
            nobody_online: object.nobody_online,
            offer_us: 0,
            offer_agents: 1,
            wrap_up_us: 0,
            mandatory_tags: false,
            reopen_us: 0,
            resume_us: 0,
            max_waiting: u32::MAX,
            looks_at: MaybeTime::NONE,
            limit: Limit::of(object),
            step: None,
            test_waits: Oldest::default(),
            feeders: Vec::new(),
            keep_us: 0,
            transfer_wait_us: 0,
            accept_us: 0,
            preferred_wait_us: 0,
            has_grades: false,
            has_delays: false,
            delays: Vec::new(),
            threshold_us: 0,
            short_loss_us: 0,
            members: Vec::new(),
            member_bits: Bits::default(),
            line: Line::with_ageing(object.ageing),
            tests: Line::with_ageing(object.ageing),
            last_served: MaybeAgent::NONE,
            pace: Pace::default(),
            urgency: Urgency::default(),
            targets: None,
            online: 0,
            online_for_tests: 0,
            seats: 0,
            open: 0,
            waiting: 0,
            unanswered: 0,
            waits: Oldest::default(),
            unanswered_since: Oldest::default(),
            is_changed: false,
            has_texts: false,
        }
    }

    fn configure(&mut self, object: &directory::Queue) {
        self.exists = true;
        self.active = object.active;
        self.strategy = object.strategy;
        self.delivery = object.delivery;
        self.agent_gone = object.agent_gone;
        self.nobody_online = object.nobody_online;
        self.has_texts = !object.texts.is_empty();
        self.offer_us = Micros::from(object.offer_seconds) * SECOND;
        self.offer_agents = usize::from(object.offer_agents);
        self.reopen_us = Micros::from(object.reopen_seconds) * SECOND;
        self.resume_us = Micros::from(object.resume_seconds) * SECOND;
        self.wrap_up_us = Micros::from(object.wrap_up_seconds) * SECOND;
        self.mandatory_tags = object.mandatory_tags;
        self.max_waiting = object.max_waiting.unwrap_or(u32::MAX);
        self.limit = Limit::of(object);
        self.patience = Patience::of(&object.inactivity);
        self.is_impatient = self.patience.ends();
        self.set_targets(object.targets);
        self.doors.outside = object.outside_hours;
        self.doors.at_closing = object.at_closing;
        self.keep_us = Micros::from(object.keep_seconds) * SECOND;
        self.transfer_wait_us = Micros::from(object.transfer_wait_seconds) * SECOND;
        self.accept_us = Micros::from(object.transfer_accept_seconds) * SECOND;
        self.preferred_wait_us = Micros::from(object.preferred_wait_seconds) * SECOND;
        self.threshold_us = Micros::from(object.threshold_seconds) * SECOND;
        self.short_loss_us = Micros::from(object.short_loss_seconds) * SECOND;
    }

    /// How long a silence is borne until the next thing happens to who is silent.
    #[inline]
    pub(crate) fn patience(&self, silent: Silent, warned: bool) -> Option<Micros> {
        if self.is_impatient { self.patience.with(silent, warned) } else { None }
    }

    /// Some member is reached only by who has waited for a while.
    #[inline]
    pub(crate) fn has_delays(&self) -> bool {
        self.has_delays
    }

    pub(crate) fn delays(&self) -> &[Micros] {
        &self.delays
    }

    /// In rising order, without 0.
    pub(crate) fn set_delays(&mut self, delays: Vec<Micros>) {
        self.has_delays = !delays.is_empty();
        self.delays = delays;
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

    fn line_mut(&mut self, test: bool) -> &mut Line {
        if test { &mut self.tests } else { &mut self.line }
    }

    /// Takes no further ticket; tests take nobody's place.
    pub(crate) fn is_full_for(&self, test: bool) -> bool {
        !test && self.waiting >= self.max_waiting
    }

    /// The head of the line as those who push see it.
    fn head(&self) -> Head {
        if !self.pushes() || !self.serves_line(false) {
            return Head::NONE;
        }
        let all = !self.shut || self.doors.served(false) as usize == self.line.len();
        // Some are to be passed over: whoever looks must look at each.
        if all { Head::of(&self.line) } else { Head { has_skilled: true, ..Head::NONE } }
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
        }
        self.at_mut(id).configure(object);
        self.find_head(id);
        self.note_changed(id);
    }

    /// Where tickets of a queue go on from now on.
    pub(crate) fn set_step(&mut self, id: QueueId, step: Option<Step>) {
        let before = std::mem::replace(&mut self.at_mut(id).step, step);
        if let Some(before) = before {
            self.steps -= 1;
            self.at_mut(before.to).feeders.retain(|feeder| *feeder != id);
        }
        if let Some(step) = step {
            self.steps += 1;
            self.at_mut(step.to).feeders.push(id);
        }
    }

    /// Any queue overflows.
    pub(crate) fn has_steps(&self) -> bool {
        self.steps > 0
    }

    /// Queues that overflow to this one.
    pub(crate) fn feeders(&self, id: QueueId) -> &[QueueId] {
        &self.at(id).feeders
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
    pub(crate) fn enter(&mut self, ticket: &Ticket, slot: Slot, needs: &[Need]) -> LineKey {
        let queue = &mut self.list[ticket.queue.0 as usize];
        let pushes = queue.pushes();
        let line = queue.line_mut(ticket.test);
        let key = line.key(ticket);
        let before = line.ages_at();
        line.insert(key, slot, needs);
        let (ageing, after) = (line.ageing(), line.ages_at());
        if queue.shut {
            queue.doors.left[usize::from(ticket.test)] += u32::from(queue.doors.was_here(ticket));
            self.find_head(ticket.queue);
        } else if pushes && !ticket.test {
            let head = &mut self.heads[ticket.queue.0 as usize];
            if !needs.is_empty() {
                head.has_skilled = true;
            } else if key < head.key {
                *head = Head { key, ageing, slot, ..*head };
            }
        }
        self.note_age(ticket.queue, ticket.test, before, after);
        key
    }

    /// A ticket leaves the line.
    pub(crate) fn leave(&mut self, ticket: &Ticket) -> LineKey {
        let queue = &mut self.list[ticket.queue.0 as usize];
        let shut = queue.shut;
        if shut {
            queue.doors.left[usize::from(ticket.test)] -= u32::from(queue.doors.was_here(ticket));
        }
        let line = queue.line_mut(ticket.test);
        let key = line.key(ticket);
        let before = line.ages_at();
        line.remove(key);
        let after = line.ages_at();
        if shut {
            self.find_head(ticket.queue);
        } else if !ticket.test {
            let head = &mut self.heads[ticket.queue.0 as usize];
            if head.key == key || head.has_skilled {
                *head = Head::of(line);
            }
        }
        self.note_age(ticket.queue, ticket.test, before, after);
        key
    }

    /// Takes everybody out of the lines of a queue, which age so from now on; gives back who it was.
    pub(crate) fn empty_lines(&mut self, id: QueueId, ageing: u16) -> Vec<Slot> {
        let mut slots = Vec::new();
        self.at_mut(id).doors.left = [0, 0];
        for test in [false, true] {
            let line = self.at_mut(id).line_mut(test);
            let line = std::mem::replace(line, Line::with_ageing(ageing));
            self.note_age(id, test, line.ages_at(), None);
            slots.extend(line.iter().map(|(_, slot)| slot));
        }
        self.find_head(id);
        slots
    }

    /// A line in which somebody has come to the highest priority by now.
    pub(crate) fn next_to_age(&self, now: Micros) -> Option<LineName> {
        self.ages.first().filter(|(at, _)| *at <= now).map(|(_, line)| *line)
    }

    /// Moves those who have come to the highest priority in a line by now.
    pub(crate) fn age(&mut self, name: LineName, now: Micros) -> Vec<Moved> {
        let (id, test) = match name {
            LineName::Queue(id) => (id, false),
            LineName::Tests(id) => (id, true),
            // Tickets of several queues wait for an agent: there they do not age.
            LineName::Agent(_) => return Vec::new(),
        };
        let line = self.at_mut(id).line_mut(test);
        if line.ageing() == 0 {
            return Vec::new();
        }
        let before = line.ages_at();
        let moved = line.age(now);
        let after = line.ages_at();
        if !moved.is_empty() {
            self.note_age(id, test, before, after);
            self.find_head(id);
        }
        moved
    }

    fn note_age(&mut self, id: QueueId, test: bool, before: Option<Micros>, after: Option<Micros>) {
        if before == after {
            return;
        }
        let name = if test { LineName::Tests(id) } else { LineName::Queue(id) };
        if let Some(before) = before {
            self.ages.remove(&(before, name));
        }
        if let Some(after) = after {
            self.ages.insert((after, name));
        }
    }

    pub(super) fn find_head(&mut self, id: QueueId) {
        self.heads[id.0 as usize] = self.at(id).head();
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
