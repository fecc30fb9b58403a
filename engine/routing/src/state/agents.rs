//! Agents: presence, seats in use, and who is available.

use super::bits::Bits;
use super::fairness::Latest;
use super::grades::Grades;
use super::line::Line;
use super::loads::{Load, Loads};
use super::maybe::MaybeTime;
use super::silences::Silences;
use super::skills::Need;
use super::slab::Slot;
use crate::Micros;
use relevo_wire::vocabulary::{Intent, Reachability};
use relevo_wire::{AgentId, BotId, QueueId};
use smallvec::SmallVec;

/// All agents by number.
#[derive(Debug, Default)]
pub(crate) struct Agents {
    list: Vec<Agent>,
    /// Online, reachable, with a free seat, and not closing.
    available: Bits,
    /// Who counts as online and has missed no offer: seats aside, who could have a ticket.
    pub(crate) attending: Bits,
    /// How many absences there are: as long as there is none, nobody looks for one.
    absences: usize,
    loads: Loads,
}

/// An agent: what of its directory object decides, and what it does.
///
/// Of thousands of agents hardly one is in a cache when its turn comes: what every ticket reads and
/// writes stands together at the front, in three lines of it.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Agent {
    pub(crate) exists: bool,
    pub(crate) active: bool,
    pub(crate) accepts_tests: bool,
    pub(crate) intent: Intent,
    pub(crate) reachability: Reachability,
    /// The grace period is one after a start: the agent counts as online.
    pub(crate) restarting: bool,
    /// It let an offer pass and has done nothing since.
    pub(crate) not_responding: bool,
    /// Its session has closed the seat word, and the command that tells why is on its way. Known
    /// only while the daemon runs.
    pub(crate) closing: bool,
    pub(crate) seats: u16,
    /// How it is counted.
    pub(crate) counted: Counted,
    /// Tickets that take a seat, in the order of their assignment: open ones, and closed ones that it
    /// wraps up.
    pub(crate) tickets: SmallVec<[Slot; 4]>,
    /// Tickets offered to it: each holds a seat.
    pub(crate) offers: SmallVec<[Slot; 4]>,
    /// Seats in use, by bot.
    per_bot: SmallVec<[(BotId, u16); 2]>,
    /// Queues it serves, in rising order.
    pub(crate) queues: Vec<QueueId>,
    /// It has had as many as the limit allows; none once a tick has seen that the time is over.
    pub(crate) limited_until: MaybeTime,
    /// When it last got a ticket or was rid of one.
    pub(crate) last_ticket_at: Micros,
    /// How soon it gets the tickets of each.
    pub(crate) grades: Grades,
    /// Tickets waiting for this agent alone.
    pub(crate) reserved: Line,
    /// Tickets that it has parked.
    pub(crate) parked: u32,
    /// End of the grace period, or of the intent while unreachable.
    pub(crate) deadline: MaybeTime,
    pub(crate) reason: String,
    /// When it got its latest tickets, as far as the fairness limit counts them.
    pub(crate) latest: Latest,
    /// The bots for which it is away.
    pub(crate) absent_for: SmallVec<[BotId; 2]>,
    /// Its own, by a clock that stands still while it has no session.
    pub(crate) silences: Silences,
    /// What it can do, in rising order.
    pub(crate) skills: Vec<Need>,
    /// Bots with a guaranteed share in whose seats its own are counted: those that it serves, while it is
    /// online.
    pub(crate) shared_by: SmallVec<[BotId; 2]>,
}

/// How an agent stands in the counters of tenant and queues.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) class: Option<Class>,
    pub(crate) online: bool,
    pub(crate) online_for_tests: bool,
    pub(crate) seats: u16,
}

impl Counted {
    /// Seats that serve queues.
    pub(crate) fn seats_online(self) -> u32 {
        if self.online { u32::from(self.seats) } else { 0 }
    }
}

/// What an active agent does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Online,
    Paused,
    Invisible,
    Offline,
    Unreachable,
}

impl Agent {
    fn new() -> Self {
        Self {
            exists: true,
            active: true,
            seats: 0,
            accepts_tests: false,
            intent: Intent::Offline,
            reason: String::new(),
            reachability: Reachability::Unreachable,
            deadline: MaybeTime::NONE,
            restarting: false,
            last_ticket_at: 0,
            latest: Latest::default(),
            limited_until: MaybeTime::NONE,
            tickets: SmallVec::new(),
            offers: SmallVec::new(),
            parked: 0,
            not_responding: false,
            absent_for: SmallVec::new(),
            silences: Silences::default(),
            reserved: Line::default(),
            skills: Vec::new(),
            queues: Vec::new(),
            grades: Grades::default(),
            per_bot: SmallVec::new(),
            shared_by: SmallVec::new(),
            closing: false,
            counted: Counted::default(),
        }
    }

    /// Takes tickets, seats aside: for answers, not for claims.
    pub(crate) fn is_online(&self) -> bool {
        let reachable = match self.reachability {
            Reachability::Reachable => true,
            Reachability::Grace => self.restarting,
            Reachability::Unreachable => false,
        };
        self.exists && self.active && self.intent == Intent::Online && reachable
    }

    /// Takes new tickets, seats and the seat word aside.
    pub(crate) fn is_serving(&self) -> bool {
        self.is_online() && self.reachability == Reachability::Reachable
    }

    /// Whoever waits for it does not wait in vain, seats aside.
    pub(crate) fn attends(&self) -> bool {
        self.is_online() && !self.not_responding
    }

    /// Could be claimed, but for the seat word.
    pub(crate) fn is_available(&self) -> bool {
        let takes = !self.not_responding && !self.closing && !self.limited_until.is_some();
        self.is_serving() && takes && self.free_seats() > 0
    }

    pub(crate) fn free_seats(&self) -> usize {
        usize::from(self.seats).saturating_sub(self.seats_used())
    }

    /// Seats that tickets and offers take.
    pub(crate) fn seats_used(&self) -> usize {
        self.tickets.len() + self.offers.len()
    }

    /// Gone: not at work, or without a session beyond the grace period.
    pub(crate) fn is_gone(&self) -> bool {
        self.intent == Intent::Offline || self.reachability == Reachability::Unreachable
    }

    /// Seats that tickets and offers of a bot take.
    pub(crate) fn tickets_of(&self, bot: BotId) -> u16 {
        self.per_bot.iter().find(|(other, _)| *other == bot).map_or(0, |(_, count)| *count)
    }

    /// How it is to be counted.
    pub(crate) fn count(&self) -> Counted {
        if !self.exists || !self.active {
            return Counted::default();
        }
        let online = self.is_online();
        let class = match (self.intent, self.reachability) {
            (Intent::Offline, _) => Class::Offline,
            (_, Reachability::Unreachable) => Class::Unreachable,
            (Intent::Online, _) if online => Class::Online,
            (Intent::Online, _) => Class::Unreachable,
            (Intent::Paused, _) => Class::Paused,
            (Intent::Invisible, _) => Class::Invisible,
        };
        Counted {
            class: Some(class),
            online,
            online_for_tests: online && self.accepts_tests,
            seats: self.seats,
        }
    }
}

impl Agents {
    pub(crate) fn get(&self, agent: AgentId) -> Option<&Agent> {
        self.list.get(agent.0 as usize).filter(|agent| agent.exists)
    }

    #[inline]
    pub(crate) fn at(&self, agent: AgentId) -> &Agent {
        &self.list[agent.0 as usize]
    }

    #[inline]
    pub(crate) fn at_mut(&mut self, agent: AgentId) -> &mut Agent {
        &mut self.list[agent.0 as usize]
    }

    pub(crate) fn available(&self) -> &Bits {
        &self.available
    }

    pub(crate) fn loads(&self) -> &Loads {
        &self.loads
    }

    /// Whether that changed anything.
    pub(crate) fn set_available(&mut self, id: AgentId, is_available: bool) -> bool {
        let is_changed = self.available.set(id.0, is_available);
        if is_changed && is_available {
            self.loads.entered(id.0);
        } else if is_changed {
            self.loads.left(id.0, &self.available);
        }
        is_changed
    }

    /// Every agent ever, deleted ones too.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (AgentId, &Agent)> {
        (0..).zip(&self.list).map(|(id, agent)| (AgentId(id), agent))
    }

    /// The agent with this number, made if it is the next.
    pub(crate) fn put(&mut self, id: AgentId) -> &mut Agent {
        if id.0 as usize == self.list.len() {
            self.list.push(Agent::new());
            self.loads.push();
        }
        self.at_mut(id)
    }

    /// Somebody is away for some bot.
    pub(crate) fn any_absent(&self) -> bool {
        self.absences > 0
    }

    /// The agent is away for the bot.
    #[inline]
    pub(crate) fn is_absent(&self, id: AgentId, bot: BotId) -> bool {
        self.absences > 0 && self.at(id).absent_for.contains(&bot)
    }

    pub(crate) fn set_absent(&mut self, id: AgentId, bot: BotId, absent: bool) {
        let absent_for = &mut self.at_mut(id).absent_for;
        let before = absent_for.len();
        absent_for.retain(|other| *other != bot);
        if absent {
            absent_for.push(bot);
        }
        let after = absent_for.len();
        self.absences = self.absences + after - before;
    }

    pub(crate) fn forget_absences(&mut self, id: AgentId) {
        let absent_for = std::mem::take(&mut self.at_mut(id).absent_for);
        self.absences -= absent_for.len();
    }

    pub(crate) fn forget_absences_for(&mut self, bot: BotId) {
        for number in 0..self.list.len() {
            let id = AgentId(u32::try_from(number).expect("agents are numbered by u32"));
            self.set_absent(id, bot, false);
        }
    }

    /// A ticket is the agent's.
    pub(crate) fn give(&mut self, id: AgentId, slot: Slot, bot: BotId) {
        self.at_mut(id).tickets.push(slot);
        self.count_in(id, bot);
    }

    /// A ticket is no longer the agent's.
    pub(crate) fn take(&mut self, id: AgentId, slot: Slot, bot: BotId) {
        let agent = self.at_mut(id);
        let at = agent.tickets.iter().position(|other| *other == slot);
        agent.tickets.remove(at.expect("a ticket is with the agent that it names"));
        self.count_out(id, bot);
    }

    /// A ticket is offered to the agent.
    pub(crate) fn offer(&mut self, id: AgentId, slot: Slot, bot: BotId) {
        self.at_mut(id).offers.push(slot);
        self.count_in(id, bot);
    }

    /// An offer is over.
    pub(crate) fn take_offer(&mut self, id: AgentId, slot: Slot, bot: BotId) {
        let agent = self.at_mut(id);
        let at = agent.offers.iter().position(|other| *other == slot);
        agent.offers.remove(at.expect("an offer is with the agent that it names"));
        self.count_out(id, bot);
    }

    fn count_in(&mut self, id: AgentId, bot: BotId) {
        let per_bot = &mut self.at_mut(id).per_bot;
        match per_bot.iter_mut().find(|(other, _)| *other == bot) {
            Some((_, count)) => *count += 1,
            None => per_bot.push((bot, 1)),
        }
        self.note_load(id);
    }

    fn count_out(&mut self, id: AgentId, bot: BotId) {
        let agent = self.at_mut(id);
        let at = agent.per_bot.iter().position(|(other, _)| *other == bot);
        let at = at.expect("a ticket is counted with its bot");
        agent.per_bot[at].1 -= 1;
        if agent.per_bot[at].1 == 0 {
            agent.per_bot.remove(at);
        }
        self.note_load(id);
    }

    /// The load follows tickets and time.
    pub(crate) fn note_load(&mut self, id: AgentId) {
        let agent = self.at(id);
        let load = Load::new(agent.seats_used(), agent.last_ticket_at);
        self.loads.set(id.0, load, &self.available);
    }
}
