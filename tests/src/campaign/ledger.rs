//! What was acknowledged, what each party saw, and whether the two agree.
//!
//! Texts are unique, so a text that a party saw twice was stored twice. Times of entries are the
//! daemon's own: an agent's tickets at any moment are counted from them.

use relevo_wire::ids::TicketId;
use relevo_wire::push::{Entry, EntryEvent};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A session's party, by name.
pub type Party = String;

/// A message that the daemon said it has.
#[derive(Debug, Clone)]
struct Said {
    ticket: TicketId,
    number: u32,
    text: String,
    by_agent: bool,
}

/// An entry as a party saw it.
#[derive(Debug, Clone)]
struct Seen {
    number: u32,
    at: u64,
    what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Hidden,
    HandedOff,
    Message(String),
    Assigned(String),
    Requeued(String),
    Transferred(TicketId),
    Returned,
}

/// Everything that the clients of a campaign were told.
#[derive(Debug, Default)]
pub struct Ledger {
    accepted: BTreeMap<TicketId, Party>,
    said: Vec<Said>,
    /// Tickets whose close was acknowledged.
    closed: Vec<TicketId>,
    seen: HashMap<(Party, TicketId), Vec<Seen>>,
    own: HashMap<(Party, TicketId), BTreeMap<u32, String>>,
    bot_of: HashMap<TicketId, Party>,
    seats: BTreeMap<Party, u32>,
    violations: Vec<String>,
}

/// How much a ledger holds: an empty one would prove nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Acknowledged hand-offs.
    pub tickets: usize,
    /// Acknowledged messages.
    pub messages: usize,
    /// Acknowledged closes.
    pub closes: usize,
}

impl Ledger {
    /// An agent and its seats.
    pub fn agent(&mut self, agent: &str, seats: u32) {
        self.seats.insert(agent.to_owned(), seats);
    }

    /// A hand-off was acknowledged.
    pub fn accepted(&mut self, bot: &str, ticket: TicketId) {
        self.bot_of.insert(ticket, bot.to_owned());
        if self.accepted.insert(ticket, bot.to_owned()).is_some() {
            self.violations.push(format!("{ticket}: two hand-offs were told that they made it"));
        }
    }

    /// A message was acknowledged.
    pub fn said(&mut self, by: &str, by_agent: bool, ticket: TicketId, number: u32, text: &str) {
        self.said.push(Said { ticket, number, text: text.to_owned(), by_agent });
        let own = self.own.entry((by.to_owned(), ticket)).or_default();
        if own.insert(number, text.to_owned()).is_some_and(|before| before != text) {
            self.violations.push(format!("{ticket}: two messages of {by} have number {number}"));
        }
    }

    /// A close was acknowledged.
    pub fn closed(&mut self, ticket: TicketId) {
        self.closed.push(ticket);
    }

    /// Something that must not be.
    pub fn violation(&mut self, what: String) {
        self.violations.push(what);
    }

    /// An entry came to a session.
    pub fn saw(&mut self, party: &str, is_bot: bool, entry: &Entry) {
        let what = match &entry.event {
            // The campaign's agents put nothing on hold, and its queues have no rules of inactivity.
            EntryEvent::Empty(_)
            | EntryEvent::Held(_)
            | EntryEvent::TransferAsked(_)
            | EntryEvent::Parked(_)
            | EntryEvent::Unparked(_)
            | EntryEvent::Inactive(_) => What::Hidden,
            EntryEvent::HandedOff(_) => What::HandedOff,
            EntryEvent::Message(message) => match message.body.unpack() {
                Ok(body) => What::Message(body.text),
                Err(error) => {
                    self.violations.push(format!("{}: {error}", entry.ticket));
                    return;
                }
            },
            EntryEvent::Assigned(assigned) => What::Assigned(assigned.agent.clone()),
            EntryEvent::Requeued(requeued) => {
                // Agents are back within their grace period, and none of the down time counts.
                let agent = &requeued.agent;
                self.violations.push(format!("{}: {agent} counts as gone", entry.ticket));
                What::Requeued(agent.clone())
            }
            EntryEvent::Transferred(transferred) => {
                if is_bot {
                    self.bot_of.entry(transferred.child).or_insert_with(|| party.to_owned());
                }
                What::Transferred(transferred.child)
            }
            EntryEvent::Returned(_) => What::Returned,
        };
        if is_bot {
            self.bot_of.entry(entry.ticket).or_insert_with(|| party.to_owned());
        }
        let seen = self.seen.entry((party.to_owned(), entry.ticket)).or_default();
        if let Some(last) = seen.last().filter(|last| last.number >= entry.number) {
            let (ticket, number, last) = (entry.ticket, entry.number, last.number);
            self.violations.push(format!("{ticket}: {party} saw {number} after {last}"));
        }
        seen.push(Seen { number: entry.number, at: entry.at, what });
    }

    /// How much was acknowledged so far.
    #[must_use]
    pub fn size(&self) -> Size {
        Size { tickets: self.accepted.len(), messages: self.said.len(), closes: self.closed.len() }
    }

    /// What was acknowledged up to `size` and has not reached the other party: an agent's words and
    /// closes have to reach the bot. (A customer's reach an agent when there is one: see
    /// [`Ledger::check`].)
    #[must_use]
    pub fn missing(&self, size: Size) -> Vec<String> {
        let words = self.said[..size.messages].iter().filter(|said| said.by_agent);
        let words = words.filter(|said| {
            let what = What::Message(said.text.clone());
            !self.bot_saw(said.ticket, |seen| seen.number == said.number && seen.what == what)
        });
        let words = words.map(|said| format!("{}: {:?} is missing", said.ticket, said.text));
        let ends = self.closed[..size.closes].iter();
        let ends =
            ends.filter(|ticket| !self.bot_saw(**ticket, |seen| seen.what == What::Returned));
        words.chain(ends.map(|ticket| format!("{ticket}: its close is missing"))).collect()
    }

    /// Tickets that are not over yet, as the bots see it.
    #[must_use]
    pub fn open(&self) -> Vec<TicketId> {
        let over = |seen: &Seen| matches!(seen.what, What::Returned | What::Transferred(_));
        self.bot_of.keys().filter(|ticket| !self.bot_saw(**ticket, over)).copied().collect()
    }

    /// Everything that is wrong, once every ticket is over.
    #[must_use]
    pub fn check(&self) -> Vec<String> {
        let mut wrong = self.violations.clone();
        wrong.extend(self.missing(self.size()));
        wrong.extend(self.open().iter().map(|ticket| format!("{ticket}: it never ended")));
        self.check_customers(&mut wrong);
        self.check_sequences(&mut wrong);
        self.check_agreement(&mut wrong);
        self.check_seats(&mut wrong);
        self.check_conservation(&mut wrong);
        wrong
    }

    fn bot_saw(&self, ticket: TicketId, is: impl Fn(&Seen) -> bool) -> bool {
        let bot = self.bot_of.get(&ticket);
        let seen = bot.and_then(|bot| self.seen.get(&(bot.clone(), ticket)));
        seen.is_some_and(|seen| seen.iter().any(is))
    }

    /// A customer's acknowledged words reach the agent who closes the ticket.
    fn check_customers(&self, wrong: &mut Vec<String>) {
        for said in self.said.iter().filter(|said| !said.by_agent) {
            let what = What::Message(said.text.clone());
            let reached = self.seen.iter().any(|((_, ticket), seen)| {
                *ticket == said.ticket
                    && seen.iter().any(|seen| seen.number == said.number && seen.what == what)
            });
            if !reached {
                wrong.push(format!("{}: the customer's {:?} is missing", said.ticket, said.text));
            }
        }
    }

    /// What a party saw and what it said make up a dense sequence, and no text is there twice.
    fn check_sequences(&self, wrong: &mut Vec<String>) {
        for ((party, ticket), seen) in &self.seen {
            let own = self.own.get(&(party.clone(), *ticket));
            let mut numbers: BTreeSet<u32> = seen.iter().map(|seen| seen.number).collect();
            numbers.extend(own.into_iter().flat_map(|own| own.keys()));
            let dense = numbers.iter().copied().eq(1..=numbers.len() as u32);
            if !dense {
                wrong.push(format!("{ticket}: {party} has {numbers:?}"));
            }
            let mut texts = BTreeSet::new();
            for seen in seen {
                if let What::Message(text) = &seen.what
                    && !texts.insert(text)
                {
                    wrong.push(format!("{ticket}: {party} saw {text:?} twice"));
                }
            }
        }
    }

    /// Under one number every party saw the same, and what was acknowledged under it.
    fn check_agreement(&self, wrong: &mut Vec<String>) {
        let mut known: HashMap<(TicketId, u32), What> = HashMap::new();
        for said in &self.said {
            known.insert((said.ticket, said.number), What::Message(said.text.clone()));
        }
        for ((party, ticket), seen) in &self.seen {
            for seen in seen.iter().filter(|seen| seen.what != What::Hidden) {
                let first =
                    known.entry((*ticket, seen.number)).or_insert_with(|| seen.what.clone());
                if *first != seen.what {
                    let number = seen.number;
                    wrong.push(format!(
                        "{ticket}: number {number} is {first:?} and, for {party}, {:?}",
                        seen.what
                    ));
                }
            }
        }
    }

    /// At no moment had an agent more tickets than seats.
    fn check_seats(&self, wrong: &mut Vec<String>) {
        let mut changes: BTreeMap<&str, Vec<(u64, i32)>> = BTreeMap::new();
        for ((party, ticket), seen) in &self.seen {
            if self.bot_of.get(ticket) != Some(party) {
                continue;
            }
            let mut holder: Option<&str> = None;
            for seen in seen {
                let next = match &seen.what {
                    What::Assigned(agent) => Some(agent.as_str()),
                    What::Requeued(_) | What::Transferred(_) | What::Returned => None,
                    What::Hidden | What::HandedOff | What::Message(_) => continue,
                };
                if let Some(before) = holder.take() {
                    changes.entry(before).or_default().push((seen.at, -1));
                }
                if let Some(next) = next {
                    changes.entry(next).or_default().push((seen.at, 1));
                }
                holder = next;
            }
        }
        for (agent, mut changes) in changes {
            // A seat that comes free and is taken in one decision has one time: free first.
            changes.sort_unstable();
            let seats = self.seats.get(agent).copied().unwrap_or(0);
            let mut held = 0_i64;
            let most = changes.iter().map(|(_, change)| {
                held += i64::from(*change);
                held
            });
            let most = most.max().unwrap_or(0);
            if most > i64::from(seats) {
                wrong.push(format!("{agent} had {most} tickets with {seats} seats"));
            }
        }
    }

    /// Every ticket that is over was handed off, or is the child of one that was transferred.
    fn check_conservation(&self, wrong: &mut Vec<String>) {
        let children: BTreeSet<TicketId> = self
            .seen
            .values()
            .flatten()
            .filter_map(|seen| match seen.what {
                What::Transferred(child) => Some(child),
                What::Hidden
                | What::HandedOff
                | What::Message(_)
                | What::Assigned(_)
                | What::Requeued(_)
                | What::Returned => None,
            })
            .collect();
        for ticket in self.bot_of.keys() {
            if !self.accepted.contains_key(ticket) && !children.contains(ticket) {
                wrong.push(format!("{ticket}: nobody was told that it was made"));
            }
        }
    }
}
