//! One service episode of a contact: a ticket, and the tickets of a conversation.

use crate::acceptance::Transfer;
use crate::away::Away;
use crate::reference::Reference;
use crate::silence::{Pauses, Silence};
use crate::targets::TargetClock;
use relevo_routing::Micros;
use relevo_routing::event::{Demand, Forgotten, TicketOpened};
use relevo_routing::{Event, input::Party};
use relevo_wire::vocabulary::{Author, HandOffReason, Language, TicketState};
use relevo_wire::{AgentId, BotId, ContactKey, EstimatedWait, QueueId, TicketId};
use std::cmp::Reverse;

#[derive(Debug, Clone)]
pub(crate) struct Ticket {
    pub(crate) id: TicketId,
    pub(crate) bot_number: u64,
    pub(crate) bot: BotId,
    pub(crate) contact: ContactKey,
    pub(crate) queue: QueueId,
    pub(crate) reason: HandOffReason,
    pub(crate) priority: u16,
    /// What it requires as long as it is open, and which ring it is in, from 0.
    pub(crate) demand: Option<Box<Demand>>,
    pub(crate) ring: u8,
    pub(crate) test: bool,
    pub(crate) position_updates: bool,
    pub(crate) parent: Option<TicketId>,
    pub(crate) child: Option<TicketId>,
    pub(crate) state: TicketState,
    pub(crate) epoch: u32,
    /// Number of the last entry.
    pub(crate) last: u32,
    /// Who has it or has parked it, or had it when it was closed.
    pub(crate) agent: Option<AgentId>,
    /// Which of all assignments the present one is.
    pub(crate) assignment: u64,
    pub(crate) ever_assigned: bool,
    /// Closed without a tag that its queue wants, and being wrapped up.
    pub(crate) owes_tags: bool,
    /// What its customer said since it waits.
    pub(crate) wants_callback: Option<bool>,
    /// Waits for this agent alone, until then.
    pub(crate) reserved: Option<(AgentId, Micros)>,
    pub(crate) excluded: Vec<Exclusion>,
    /// Who is asked whether they take it, until then.
    pub(crate) offers: Vec<AgentId>,
    pub(crate) offered_until: Option<Micros>,
    /// The transfer for which they are asked while an agent has it.
    pub(crate) transfer: Option<Transfer>,
    /// Its customer left, and what is known of that.
    pub(crate) away: Option<Away>,
    /// Its agent has parked it until then.
    pub(crate) parked_until: Option<Micros>,
    /// Closed, and its agent keeps the seat until then.
    pub(crate) wraps_until: Option<Micros>,
    /// Closed, and can be reopened until then.
    pub(crate) reopen_until: Option<Micros>,
    /// A tick has seen that this time is over.
    pub(crate) reopen_is_over: bool,
    /// Of the moments at which it comes to more members, a tick has looked at those up to this.
    pub(crate) looked_at: Option<Micros>,
    /// What it was told when it was handed over, while it waits.
    pub(crate) told: Option<EstimatedWait>,
    /// A gone agent keeps it until then.
    pub(crate) kept_until: Option<Micros>,
    /// Place in line, inherited by a child.
    pub(crate) arrived: Micros,
    pub(crate) opened_at: Micros,
    pub(crate) waiting_since: Micros,
    /// How long the conversation waited before that.
    pub(crate) waited_us: Micros,
    /// `waiting_since` without the time in which the daemon was down: limits count from here.
    pub(crate) limits_from: Micros,
    /// Since when it is in its queue's line, likewise: the overflow's time counts from here.
    pub(crate) step_from: Micros,
    /// That time is over, and a tick has looked at it since.
    pub(crate) step_is_over: bool,
    /// When the conversation first began to wait.
    pub(crate) first_waiting_since: Micros,
    pub(crate) assigned_at: Option<Micros>,
    pub(crate) first_response_at: Option<Micros>,
    /// The first customer message that no agent has answered.
    pub(crate) unanswered_since: Option<Micros>,
    pub(crate) closed_at: Option<Micros>,
    /// The last moment within the service level, as long as the conversation is not judged.
    pub(crate) target_at: Option<Micros>,
    /// How long its queue had been closed in all when that was said, or is closed by then.
    pub(crate) closed_told: Micros,
    /// Queues in which it was before, and since when it is in the present one.
    pub(crate) been_in: Vec<crate::clocks::Stay>,
    pub(crate) in_queue_since: Micros,
    /// Somebody human wrote in an earlier ticket of the conversation.
    pub(crate) answered_before: bool,
    pub(crate) language: Language,
    pub(crate) bot_progress: Progress,
    pub(crate) agent_progress: Progress,
    pub(crate) unconfirmed: Vec<Unconfirmed>,
    pub(crate) client_messages: Vec<ClientMessage>,
    /// Whose answer is awaited.
    pub(crate) silence: Option<Silence>,
    /// When it was on hold, and when its transfer was asked.
    pub(crate) holds: Pauses,
    pub(crate) asked: Pauses,
    /// What runs against the targets of its queue.
    pub(crate) targets: Vec<TargetClock>,
}

/// Who gave a ticket away does not get it back until then.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exclusion {
    pub(crate) agent: AgentId,
    pub(crate) until: Micros,
    /// A tick has looked at the ticket since.
    pub(crate) is_over: bool,
}

/// How far a party has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) delivered: u32,
    pub(crate) read: u32,
}

/// An entry with private bytes that its receiver has not confirmed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unconfirmed {
    pub(crate) for_agent: bool,
    pub(crate) number: u32,
    pub(crate) bytes: u32,
}

/// A message with an id of its author's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientMessage {
    pub(crate) author: Author,
    pub(crate) agent: Option<AgentId>,
    pub(crate) id: u128,
    pub(crate) number: u32,
}

impl Ticket {
    pub(crate) fn opened(event: &TicketOpened, now: Micros) -> Self {
        let excluded = event.excluded;
        Self {
            id: event.ticket,
            bot_number: event.bot_number,
            bot: event.bot,
            contact: event.contact,
            queue: event.queue,
            reason: event.reason,
            priority: event.priority,
            demand: event.demand.clone(),
            ring: 0,
            test: event.test,
            position_updates: event.position_updates,
            parent: event.parent,
            child: None,
            state: TicketState::Waiting,
            epoch: event.epoch,
            last: 1,
            agent: None,
            assignment: 0,
            ever_assigned: false,
            owes_tags: false,
            wants_callback: None,
            reserved: event.reserved,
            excluded: excluded
                .map(|(agent, until)| Exclusion { agent, until, is_over: false })
                .into_iter()
                .collect(),
            offers: Vec::new(),
            offered_until: None,
            transfer: None,
            away: None,
            parked_until: None,
            wraps_until: None,
            reopen_until: None,
            reopen_is_over: false,
            looked_at: None,
            told: None,
            kept_until: None,
            arrived: event.arrived,
            opened_at: now,
            waiting_since: now,
            waited_us: event.waited_us,
            limits_from: now,
            step_from: now,
            step_is_over: false,
            first_waiting_since: event.first_waiting_since,
            assigned_at: None,
            first_response_at: None,
            unanswered_since: None,
            closed_at: None,
            target_at: event.target_at,
            closed_told: 0,
            been_in: Vec::new(),
            in_queue_since: now,
            answered_before: event.answered_before,
            language: event.language,
            bot_progress: Progress::default(),
            agent_progress: Progress::default(),
            unconfirmed: vec![Unconfirmed { for_agent: true, number: 1, bytes: event.bytes }],
            client_messages: Vec::new(),
            silence: None,
            holds: Vec::new(),
            asked: Vec::new(),
            targets: Vec::new(),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.closed_at.is_none()
    }

    /// Nobody has it yet, whether or not somebody is asked; its customer is there.
    pub(crate) fn is_unassigned(&self) -> bool {
        self.is_nobodys() && self.away.is_none()
    }

    /// As [`Ticket::is_unassigned`], or its customer is away.
    pub(crate) fn is_nobodys(&self) -> bool {
        self.is_open() && self.agent.is_none()
    }

    pub(crate) fn is_waiting(&self) -> bool {
        self.state == TicketState::Waiting
    }

    /// Whose it is now, in a seat or parked.
    pub(crate) fn owner(&self) -> Option<AgentId> {
        self.agent.filter(|_| self.is_open())
    }

    /// Who has it now.
    pub(crate) fn holder(&self) -> Option<AgentId> {
        self.owner().filter(|_| self.state != TicketState::Parked)
    }

    /// Whose seat it takes: who has it, or wraps it up.
    pub(crate) fn seated(&self) -> Option<AgentId> {
        self.agent.filter(|_| !matches!(self.state, TicketState::Parked | TicketState::Closed))
    }

    /// When its requirements are relaxed next, if ever.
    pub(crate) fn relaxes_at(&self) -> Option<Micros> {
        let demand = self.demand.as_ref().filter(|_| self.is_nobodys())?;
        let next = demand.rings.get(usize::from(self.ring))?;
        Some(self.waiting_since + u64::from(next.after_seconds) * 1_000_000)
    }

    pub(crate) fn excludes(&self, agent: AgentId, now: Micros) -> bool {
        self.excluded.iter().any(|excluded| excluded.agent == agent && now < excluded.until)
    }

    /// Somebody human has written in this ticket or before it.
    pub(crate) fn answered_ever(&self) -> bool {
        self.answered_before || self.first_response_at.is_some()
    }

    pub(crate) fn progress_of(&self, party: Party) -> Option<Progress> {
        match party {
            Party::Bot(bot) => (self.bot == bot).then_some(self.bot_progress),
            Party::Agent(agent) => (self.agent == Some(agent)).then_some(self.agent_progress),
        }
    }

    /// It is over for good, and every party has everything.
    pub(crate) fn is_confirmed(&self, now: Micros) -> bool {
        let agent_has_all = self.agent.is_none() || self.agent_progress.delivered == self.last;
        self.state == TicketState::Closed
            && self.reopen_until.is_none_or(|until| until <= now)
            && self.bot_progress.delivered == self.last
            && agent_has_all
    }
}

impl Reference {
    /// The least is the most urgent: effective priority descending, arrived, id. Who waits in a queue
    /// gains its ageing in points a minute, for all the time that the conversation has waited; nobody
    /// comes to more than the highest priority. Here in points times the microseconds of a minute.
    pub(crate) fn urgency(&self, ticket: &Ticket) -> (Reverse<u64>, Micros, TicketId) {
        const MINUTE: u64 = 60_000_000;
        let queue = self.queue(ticket.queue).filter(|_| ticket.reserved.is_none());
        let ageing = queue.map_or(0, |queue| u64::from(queue.ageing));
        let waited = ticket.waited_us + (self.now - ticket.waiting_since);
        let effective = u64::from(ticket.priority) * MINUTE + ageing * waited;
        (Reverse(effective.min(1_000 * MINUTE)), ticket.arrived, ticket.id)
    }

    pub(crate) fn find(&self, id: TicketId) -> Option<&Ticket> {
        self.tickets.iter().find(|ticket| ticket.id == id)
    }

    /// A ticket that is remembered.
    pub(crate) fn ticket(&self, id: TicketId) -> &Ticket {
        self.find(id).expect("the ticket is remembered")
    }

    pub(crate) fn ticket_mut(&mut self, id: TicketId) -> &mut Ticket {
        let found = self.tickets.iter_mut().find(|ticket| ticket.id == id);
        found.expect("the ticket is remembered")
    }

    /// The newest remembered ticket of a bot's contact.
    pub(crate) fn newest_of(&self, bot: BotId, contact: ContactKey) -> Option<&Ticket> {
        let mut newest_first = self.tickets.iter().rev();
        newest_first.find(|ticket| (ticket.bot, ticket.contact) == (bot, contact))
    }

    pub(crate) fn open_of(&self, bot: BotId, contact: ContactKey) -> Option<TicketId> {
        let newest = self.newest_of(bot, contact).filter(|ticket| ticket.is_open());
        newest.map(|ticket| ticket.id)
    }

    /// Where a conversation goes on after its transfers, as far as it is remembered.
    pub(crate) fn latest(&self, id: TicketId) -> TicketId {
        let child = self.ticket(id).child.filter(|child| self.find(*child).is_some());
        child.map_or(id, |child| self.latest(child))
    }

    /// Tickets that take a seat of an agent in the order of their assignment.
    pub(crate) fn held_by(&self, agent: AgentId) -> Vec<TicketId> {
        let mut held: Vec<&Ticket> =
            self.tickets.iter().filter(|ticket| ticket.seated() == Some(agent)).collect();
        held.sort_by_key(|ticket| ticket.assignment);
        held.iter().map(|ticket| ticket.id).collect()
    }

    /// Seats of an agent that tickets and offers take.
    pub(crate) fn seats_used(&self, agent: AgentId, is_it: impl Fn(&Ticket) -> bool) -> usize {
        let takes =
            |ticket: &&Ticket| ticket.seated() == Some(agent) || ticket.offers.contains(&agent);
        self.tickets.iter().filter(takes).filter(|ticket| is_it(ticket)).count()
    }

    /// Whether two waiting tickets stand in the same line: those reserved for an agent in the
    /// agent's own, tests in one of their own.
    fn same_line(one: &Ticket, other: &Ticket) -> bool {
        let agent = |ticket: &Ticket| ticket.reserved.map(|(agent, _)| agent);
        let line = |ticket: &Ticket| (ticket.queue, ticket.test);
        agent(one) == agent(other) && (agent(one).is_some() || line(one) == line(other))
    }

    /// Place in line, from 1; 0 when it does not wait.
    pub(crate) fn position(&self, id: TicketId) -> u32 {
        let ticket = self.ticket(id);
        if !ticket.is_waiting() {
            return 0;
        }
        let before = self.tickets.iter().filter(|other| {
            other.is_waiting()
                && Self::same_line(ticket, other)
                && self.urgency(other) < self.urgency(ticket)
        });
        u32::try_from(before.count() + 1).expect("few tickets")
    }

    pub(crate) fn forget(&mut self, id: TicketId) {
        self.tickets.retain(|ticket| ticket.id != id);
        self.emit(Event::Forgotten(Forgotten { ticket: id }));
    }

    /// Of more closed tickets than may stay, the one that was closed first goes.
    pub(crate) fn bound_closed(&mut self) {
        let closed: Vec<&Ticket> = self.tickets.iter().filter(|ticket| !ticket.is_open()).collect();
        if closed.len() <= self.settings.closed_tickets {
            return;
        }
        let forgettable = closed.iter().filter(|ticket| ticket.state == TicketState::Closed);
        let first = forgettable.min_by_key(|ticket| {
            let told = self.witnessed(|event| {
                matches!(event, Event::Forgotten(forgotten) if forgotten.ticket == ticket.id)
            });
            (ticket.closed_at, told, ticket.id)
        });
        if let Some(id) = first.map(|ticket| ticket.id) {
            self.forget(id);
        }
    }
}
