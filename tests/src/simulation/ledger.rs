//! What the log says, read back from its bytes: the judge of everything that a client is told.
//!
//! It knows the meaning of the events and nothing of how the daemon comes to them. Each record that
//! becomes durable is absorbed once, in order, and what must hold of it is checked against all
//! before it.

mod offers;
mod periods;
mod targets;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};

use relevo_journal::{Place, RecordBytes, Tail};
use relevo_routing::Event;
use relevo_routing::event::{Assigned, Closed, MessageStored, Progressed, TicketOpened};
use relevo_routing::input::Party;
use relevo_routing::record;
use relevo_wire::directory::Object;
use relevo_wire::ids::{AgentId, BotId, ContactKey, TenantId, TicketId};
use relevo_wire::packed::Packed;
use relevo_wire::vocabulary::{Author, Body, CloseReason, Silent, TicketState, TransferEnd};

use super::Violation;
use super::disk::Disk;
use periods::Periods;
pub use targets::Targets;
pub use tokens::{Token, Tokens};

/// An entry of a ticket's sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// It was handed over, again or by a transfer.
    HandedOff,
    /// Somebody said this.
    Message(Author, Token),
    /// This agent has it, with this epoch.
    Assigned(AgentId, u32),
    /// It went back to its line.
    Requeued(AgentId),
    /// It is on hold, or no longer.
    Held(bool),
    /// Its agent parked it.
    Parked,
    /// It came back, and is no longer this agent's.
    Unparked(AgentId),
    /// Somebody was told that he is awaited.
    Inactive(Silent),
    /// The receiver of a transfer is asked, or nobody has accepted it.
    TransferAsked(Option<TransferEnd>),
    /// Whoever waits was told this.
    Notified(String),
    /// It ended.
    Closed(CloseReason),
}

/// A ticket.
#[derive(Debug)]
pub struct Ticket {
    /// Its bot.
    pub bot: BotId,
    /// Its contact.
    pub contact: ContactKey,
    /// Its state.
    pub state: TicketState,
    /// Who has it.
    pub agent: Option<AgentId>,
    /// Who is asked whether they take it.
    pub offers: BTreeSet<AgentId>,
    /// For a transfer, while its agent has it.
    pub is_asked: bool,
    /// What was told of its targets.
    pub targets: Targets,
    /// Its epoch.
    pub epoch: u32,
    /// Its sequence, from number 1.
    pub entries: Vec<Entry>,
    progress: [(u32, u32); 2],
}

impl Ticket {
    /// Number of its last entry.
    #[must_use]
    pub fn last(&self) -> u32 {
        u32::try_from(self.entries.len()).expect("a ticket has fewer than 2^32 entries")
    }

    /// Up to which entry its bot has confirmed.
    #[must_use]
    pub fn confirmed_by_bot(&self) -> u32 {
        self.progress[0].0
    }

    /// An entry by its number.
    #[must_use]
    pub fn entry(&self, number: u32) -> Option<&Entry> {
        self.entries.get(number.checked_sub(1)? as usize)
    }

    /// Not over for its bot.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(self.state, TicketState::Wrapping | TicketState::Closed)
    }
}

/// A tenant.
#[derive(Debug, Default)]
pub struct Books {
    /// Its tickets, but for those that were forgotten.
    pub tickets: BTreeMap<TicketId, Ticket>,
    /// What was said, by author.
    pub tokens: Tokens,
    open: BTreeMap<(BotId, ContactKey), TicketId>,
    seats: BTreeMap<AgentId, u16>,
    seats_per_bot: BTreeMap<BotId, Option<u16>>,
    held: BTreeMap<AgentId, Vec<(TicketId, BotId)>>,
    periods: Periods,
    forgotten: BTreeSet<TicketId>,
}

/// Forgotten tickets that are still known to have been.
const FORGOTTEN: usize = 4096;

impl Books {
    /// Was there this ticket, and it was forgotten not long ago?
    #[must_use]
    pub fn was(&self, ticket: TicketId) -> bool {
        self.forgotten.contains(&ticket)
    }

    /// Tickets that an agent has.
    #[must_use]
    pub fn held_by(&self, agent: AgentId) -> usize {
        self.held.get(&agent).map_or(0, Vec::len)
    }
}

/// All of it.
#[derive(Debug)]
pub struct Ledger {
    /// By tenant.
    pub books: BTreeMap<TenantId, Books>,
    /// Tickets made, over all.
    pub created: u64,
    /// Tickets closed, over all.
    pub closed: u64,
    /// Records absorbed.
    pub records: u64,
    /// Tickets that were forgotten since the last look.
    pub forgotten: Vec<TicketId>,
    /// Where the writer last stood between two records: a large one is read whole from there.
    tail: Tail,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            books: BTreeMap::new(),
            created: 0,
            closed: 0,
            records: 0,
            forgotten: Vec::new(),
            tail: Tail::EMPTY,
        }
    }
}

impl Ledger {
    /// Absorbs what is durable since the last time; `take` is given every record. The writer stands
    /// between two records now, or in the middle of a large one.
    ///
    /// # Errors
    /// Something does not hold.
    pub fn absorb(
        &mut self,
        disk: &Disk,
        is_between_records: bool,
        mut take: impl FnMut(Place, &RecordBytes) -> Result<(), Violation>,
    ) -> Result<(), Violation> {
        let tail = disk.each(self.tail, |place, bytes| {
            if bytes.number.0 <= self.records {
                return Ok(());
            }
            self.records = bytes.number.0;
            take(place, bytes)?;
            self.record(bytes)
        })?;
        if is_between_records {
            self.tail = tail;
        }
        Ok(())
    }

    /// Up to where all is absorbed.
    #[must_use]
    pub fn tail(&self) -> Tail {
        self.tail
    }

    fn record(&mut self, bytes: &RecordBytes) -> Result<(), Violation> {
        let (header, events) = record::decode(bytes.public())
            .map_err(|error| Violation::new("a durable record decodes", error))?;
        let books = self.books.entry(header.tenant).or_default();
        for event in &events {
            books.event(header.now, event, bytes.private()).map_err(|violation| {
                violation.at(format!("record {} of tenant {}", bytes.number.0, header.tenant.0))
            })?;
            if let Event::TicketOpened(_) = event {
                self.created += 1;
            } else if let Event::Closed(_) = event {
                self.closed += 1;
            } else if let Event::Forgotten(forgotten) = event {
                self.forgotten.push(forgotten.ticket);
            }
        }
        Ok(())
    }
}

/// A rule that is broken unless `holds`.
fn must(holds: bool, rule: &'static str, detail: impl FnOnce() -> String) -> Result<(), Violation> {
    if holds { Ok(()) } else { Err(Violation::new(rule, detail())) }
}

impl Books {
    fn event(&mut self, now: u64, event: &Event, private: &[u8]) -> Result<(), Violation> {
        self.periods.event(now, event)?;
        match event {
            Event::TicketOpened(e) => self.opened(e),
            Event::HandOffRepeated(e) => self.append(e.ticket, e.number, Entry::HandedOff),
            Event::MessageStored(e) => self.message(e, private),
            Event::ContactMessageStored(e) => {
                let token = token_in(private)?;
                self.tokens.recorded(Author::Customer, token, None)?;
                let open = self.open.get(&(e.bot, e.contact));
                must(open.is_none(), "words go to the open ticket", || format!("{token:?}"))
            }
            Event::Assigned(e) => self.assigned(*e),
            Event::Requeued(e) => {
                self.append(e.ticket, e.number, Entry::Requeued(e.agent))?;
                let ticket = self.ticket(e.ticket)?;
                let owner = ticket.agent.take();
                ticket.targets.end_responses();
                ticket.state = TicketState::Waiting;
                ticket.epoch = e.epoch;
                self.free(e.agent, e.ticket);
                must(owner == Some(e.agent), "only an owner gives a ticket away", || {
                    format!("{e:?}, owner {owner:?}")
                })
            }
            Event::Closed(e) => self.closed(e),
            Event::Offered(e) => self.offered(*e),
            Event::OfferEnded(e) => self.offer_ended(*e),
            Event::Held(e) => self.held(*e),
            Event::TransferAsked(e) => self.transfer_asked(*e),
            Event::TransferEnded(e) => self.transfer_ended(*e),
            Event::Parked(e) => self.parked(*e),
            Event::Unparked(e) => self.unparked(*e),
            Event::CustomerAway(e) => self.away(*e),
            Event::CustomerBack(e) => self.back(*e),
            Event::Inactive(e) => self.inactive(e),
            Event::Notice(e) => self.notice(e),
            Event::WrappedUp(e) => self.wrapped_up(e),
            Event::TargetTold(e) => self.target_told(*e),
            Event::Started(_) => {
                self.forget_offers();
                Ok(())
            }
            Event::Progressed(e) => self.progressed(e),
            Event::Forgotten(e) => {
                let ticket = self.tickets.remove(&e.ticket);
                self.forgotten.insert(e.ticket);
                if self.forgotten.len() > FORGOTTEN {
                    self.forgotten.pop_first();
                }
                let closed = ticket.as_ref().is_some_and(|t| t.state == TicketState::Closed);
                must(closed, "only closed tickets are forgotten", || format!("{e:?}: {ticket:?}"))
            }
            Event::ObjectPut(e) => {
                match &*e.object {
                    Object::Agent(agent) => {
                        let seats = if agent.active { agent.seats } else { 0 };
                        self.seats.insert(AgentId(e.id), seats);
                    }
                    Object::Bot(bot) => {
                        self.seats_per_bot.insert(BotId(e.id), bot.seats_per_agent);
                    }
                    Object::Tenant(_) | Object::Queue(_) => {}
                }
                Ok(())
            }
            Event::ObjectDeleted(_)
            | Event::KeyCreated(_)
            | Event::KeyRevoked(_)
            | Event::Ready(_)
            | Event::BotReachable(_)
            | Event::BotUnreachable(_)
            | Event::AgentReachable(_)
            | Event::AgentGrace(_)
            | Event::AgentUnreachable(_)
            | Event::IntentSet(_)
            | Event::AbsenceSet(_)
            | Event::ContactBlocked(_)
            | Event::ContactUnblocked(_)
            | Event::CallbackListed(_)
            | Event::CallbackWished(_)
            | Event::CallbackEnded(_)
            | Event::HandOffRejected(_)
            | Event::Unreserved(_)
            | Event::Relaxed(_)
            | Event::Responding(_)
            | Event::Overflowed(_)
            | Event::TargetMissed(_)
            | Event::Answered(_)
            | Event::QueueHours(_)
            | Event::QueueModeSet(_)
            | Event::TargetMoved(_) => Ok(()),
        }
    }

    fn opened(&mut self, e: &TicketOpened) -> Result<(), Violation> {
        let ticket = Ticket {
            bot: e.bot,
            contact: e.contact,
            state: TicketState::Waiting,
            agent: None,
            offers: BTreeSet::new(),
            is_asked: false,
            targets: Targets::default(),
            epoch: e.epoch,
            entries: vec![Entry::HandedOff],
            progress: [(0, 0); 2],
        };
        let old = self.tickets.insert(e.ticket, ticket);
        must(old.is_none(), "ids are unique", || format!("{e:?}"))?;
        let other = self.open.insert((e.bot, e.contact), e.ticket);
        // A transfer's child is opened with the close of its parent, in one record.
        let replaces = other.is_none() || other == e.parent;
        must(replaces, "one open ticket a contact and bot", || format!("{e:?} beside {other:?}"))
    }

    fn message(&mut self, e: &MessageStored, private: &[u8]) -> Result<(), Violation> {
        let token = token_in(private)?;
        let place = Some((e.ticket, e.number));
        self.tokens.recorded(e.author, token, place)?;
        self.append(e.ticket, e.number, Entry::Message(e.author, token))?;
        let ticket = self.ticket(e.ticket)?;
        must(ticket.is_open(), "nothing is said in a closed ticket", || format!("{e:?}"))?;
        if e.author == Author::Agent {
            ticket.targets.end_responses();
            if ticket.state == TicketState::Assigned {
                ticket.state = TicketState::InService;
            }
            let owner = ticket.agent;
            let is_parked = ticket.state == TicketState::Parked;
            let is_owner = e.agent.is_some() && e.agent == owner && !is_parked;
            must(is_owner, "only the owner talks", || format!("{e:?}, owner {owner:?}"))?;
        }
        if e.author == Author::Bot {
            let owner = ticket.agent;
            must(owner.is_none(), "a bot never talks over a human", || {
                format!("{e:?}: {owner:?}")
            })?;
        }
        Ok(())
    }

    fn assigned(&mut self, e: Assigned) -> Result<(), Violation> {
        self.append(e.ticket, e.number, Entry::Assigned(e.agent, e.epoch))?;
        let ticket = self.ticket(e.ticket)?;
        let bot = ticket.bot;
        let was_asked = ticket.offers.remove(&e.agent);
        let waited = ticket.agent.is_none()
            && ticket.offers.is_empty()
            && ticket.state == if was_asked { TicketState::Offered } else { TicketState::Waiting };
        let rises = e.epoch > ticket.epoch;
        ticket.agent = Some(e.agent);
        ticket.state = TicketState::Assigned;
        ticket.epoch = e.epoch;
        must(waited, "no ticket has two owners", || format!("{e:?}"))?;
        must(rises, "the epoch rises at an assignment", || format!("{e:?}"))?;
        // Whoever was asked had the seat held.
        if was_asked { Ok(()) } else { self.take_seat(e.agent, e.ticket, bot) }
    }

    /// Capacity holds in the moment in which a seat is taken.
    fn take_seat(&mut self, agent: AgentId, ticket: TicketId, bot: BotId) -> Result<(), Violation> {
        let held = self.held.entry(agent).or_default();
        held.push((ticket, bot));
        let seats = self.seats.get(&agent).copied().unwrap_or(0);
        let fits = held.len() <= usize::from(seats);
        must(fits, "no agent is above capacity", || format!("{agent:?}: {seats} seats, {held:?}"))?;
        let of_bot = held.iter().filter(|(_, other)| *other == bot).count();
        let cap = self.seats_per_bot.get(&bot).copied().flatten().unwrap_or(u16::MAX);
        must(of_bot <= usize::from(cap), "no agent is above a bot's cap", || {
            format!("{agent:?}, {bot:?}: {of_bot} of {cap}")
        })
    }

    fn closed(&mut self, e: &Closed) -> Result<(), Violation> {
        self.append(e.ticket, e.number, Entry::Closed(e.reason))?;
        let ticket = self.ticket(e.ticket)?;
        let was_open = ticket.is_open();
        let (owner, key) = (ticket.agent.take(), (ticket.bot, ticket.contact));
        let wraps = e.wraps_until.is_some();
        ticket.state = if wraps { TicketState::Wrapping } else { TicketState::Closed };
        ticket.epoch = e.epoch;
        let accepted = std::mem::take(&mut ticket.offers);
        let was_asked = std::mem::take(&mut ticket.is_asked);
        let most = usize::from(was_asked && e.child.is_some());
        must(accepted.len() == most, "what is over is offered to nobody", || format!("{e:?}"))?;
        // Who accepted a transfer has the child with the seat that was held.
        accepted.iter().for_each(|agent| self.free(*agent, e.ticket));
        if let Some(owner) = owner.filter(|_| !wraps) {
            self.free(owner, e.ticket);
        }
        if self.open.get(&key) == Some(&e.ticket) {
            self.open.remove(&key);
        }
        must(was_open, "a ticket ends once", || format!("{e:?}"))
    }

    fn progressed(&mut self, e: &Progressed) -> Result<(), Violation> {
        let side = match e.party {
            Party::Bot(_) => 0,
            Party::Agent(_) => 1,
        };
        let ticket = self.ticket(e.ticket)?;
        let (delivered, read) = ticket.progress[side];
        let known = e.delivered <= ticket.last() && e.read <= ticket.last();
        ticket.progress[side] = (e.delivered, e.read);
        must(known, "nobody confirms what is not there", || format!("{e:?}"))?;
        // Another agent begins anew.
        let forward = side == 1 || (e.delivered >= delivered && e.read >= read);
        must(forward, "progress never goes back", || format!("{e:?} after {delivered}, {read}"))
    }

    fn append(&mut self, id: TicketId, number: u32, entry: Entry) -> Result<(), Violation> {
        let ticket = self.ticket(id)?;
        let last = ticket.last();
        ticket.entries.push(entry);
        must(number == last + 1, "entries are dense", || format!("{id}: {number} after {last}"))
    }

    fn ticket(&mut self, id: TicketId) -> Result<&mut Ticket, Violation> {
        let found = self.tickets.get_mut(&id);
        found.ok_or_else(|| Violation::new("events name known tickets", id))
    }

    fn free(&mut self, agent: AgentId, ticket: TicketId) {
        if let Some(held) = self.held.get_mut(&agent) {
            held.retain(|(other, _)| *other != ticket);
        }
    }
}

fn token_in(private: &[u8]) -> Result<Token, Violation> {
    let body = Packed::<Body>::from_bytes(private.to_vec().into()).unpack();
    let body = body.map_err(|error| Violation::new("a recorded body is whole", error))?;
    Token::parse(&body.text)
        .ok_or_else(|| Violation::new("a recorded body is what was sent", body.text))
}
