//! What a device does of itself.

use relevo::session::Party as Who;
use relevo_wire::command::{
    Accept, Close, Command, CustomerLeft, Decline, HandOff, Hold, Next, Park, Receipt, Reopen,
    Send, SetAbsence, SetPresence, TakeBack, Transfer, TransferTarget, Unhold, Unpark,
    WantCallback, WrapUpDone,
};
use relevo_wire::ids::TicketId;
use relevo_wire::packed::Packed;
use relevo_wire::vocabulary::{Author, Body, Contact, HandOffDetails, HandOffReason, Intent};

use super::{Device, UNANSWERED, What};
use crate::campaign::seeded::Seeded;
use crate::simulation::ledger::Token;
use crate::simulation::party::Party;

/// For how long a ticket is parked.
const PARKED_US: u64 = 20_000_000;

impl Device {
    /// One act, or none. `has_large` makes large messages likely.
    pub fn act(&mut self, party: &mut Party, random: &mut Seeded, has_large: bool) -> bool {
        if !self.is_welcome || self.pending.len() >= UNANSWERED {
            return false;
        }
        if random.chance(300) && self.confirm(random) {
            return true;
        }
        match party.who {
            Who::Bot(_) => self.act_as_bot(party, random, has_large),
            Who::Agent(_) => self.act_as_agent(party, random, has_large),
            Who::Admin => return false,
        }
        true
    }

    fn act_as_bot(&mut self, party: &mut Party, random: &mut Seeded, has_large: bool) {
        // The words of one customer come through one program, or their order would mean nothing.
        let own = party.contacts.len() / party.devices;
        let at = self.position * own + pick(random, own);
        let contact = &mut party.contacts[at];
        match random.below(100) {
            0..25 => {
                let details = HandOffDetails {
                    contact: Contact { id: contact.id.clone(), ..Contact::default() },
                    message_to_agent: String::new(),
                    transcript: Vec::new(),
                    context: Vec::new(),
                };
                let queue = random.chance(500).then(|| {
                    let queue = &party.queues[pick(random, party.queues.len())];
                    queue.split_once('/').map_or(queue.as_str(), |(_, name)| name).to_owned()
                });
                let hand_off = HandOff {
                    queue,
                    reason: HandOffReason::Requested,
                    details: Packed::new(&details),
                    priority: random.chance(100).then_some(300),
                    preferred_agent: random.chance(100).then(|| "a0".to_owned()),
                    language: random.chance(300).then(|| "es-MX".to_owned()),
                    texts: None,
                    position_updates: random.chance(200),
                    test: false,
                    dry_run: random.chance(20),
                };
                let what = if hand_off.dry_run { What::Other } else { What::HandOff };
                self.ask(Command::HandOff(hand_off), what);
            }
            25..80 => {
                contact.written += 1;
                let token = Token { source: contact.source, count: contact.written };
                let send = Send {
                    contact: Some(contact.id.clone()),
                    ..message(Author::Customer, token, size(random, has_large))
                };
                self.ask(Command::Send(send), What::Message(token));
            }
            80..88 => {
                let Some((ticket, epoch)) = any(&party.tickets, random) else { return };
                let token = self.token();
                let send = Send {
                    ticket: Some(ticket),
                    epoch: Some(epoch),
                    ..message(Author::Bot, token, 30)
                };
                self.ask(Command::Send(send), What::Message(token));
            }
            88..91 => {
                let want = WantCallback { contact: contact.id.clone(), yes: random.chance(500) };
                self.ask(Command::WantCallback(want), What::Other);
            }
            91..95 => {
                let left = CustomerLeft { contact: contact.id.clone() };
                self.ask(Command::CustomerLeft(left), What::Other);
            }
            _ => {
                let Some((ticket, _)) = any(&party.tickets, random) else { return };
                self.ask(Command::TakeBack(TakeBack { ticket }), What::Other);
            }
        }
    }

    fn act_as_agent(&mut self, party: &mut Party, random: &mut Seeded, has_large: bool) {
        if !self.is_online || random.chance(10) {
            let online = random.chance(900);
            let intent = if online { Intent::Online } else { Intent::Paused };
            let set = SetPresence { intent, reason: String::new() };
            self.ask(Command::SetPresence(set), What::Presence(online));
            return;
        }
        let offer = self.offers.iter().nth(pick(random, self.offers.len().max(1))).copied();
        if let Some(ticket) = offer.filter(|_| random.chance(600)) {
            if random.chance(750) {
                self.ask(Command::Accept(Accept { ticket }), What::Other);
            } else {
                self.ask(Command::Decline(Decline { ticket }), What::Other);
            }
            return;
        }
        if let Some(ticket) = self.wrapping.first().copied().filter(|_| random.chance(300)) {
            self.wrapping.remove(&ticket);
            self.ask(
                Command::WrapUpDone(WrapUpDone { ticket, tags: vec!["t".to_owned()] }),
                What::Other,
            );
            return;
        }
        if random.chance(8) {
            let on = random.chance(500);
            let colleague = party.colleagues[pick(random, party.colleagues.len())].clone();
            let colleague = Some(colleague).filter(|colleague| on && *colleague != party.name);
            let bot = format!("b{}", random.below(2));
            let (text, agent, tenant) = (String::new(), None, None);
            let set = SetAbsence { bot, on, text, colleague, agent, tenant };
            self.ask(Command::SetAbsence(set), What::Other);
            return;
        }
        if let Some(ticket) = party.ended.filter(|_| random.chance(60)) {
            party.ended = None;
            self.ask(Command::Reopen(Reopen { ticket }), What::Other);
            return;
        }
        let Some((ticket, epoch)) = any(&party.tickets, random) else {
            if random.chance(300) {
                self.ask(Command::Next(Next { queue: None }), What::Other);
            }
            return;
        };
        let epoch = epoch.saturating_sub(u32::from(random.chance(30)));
        match random.below(100) {
            0..62 => {
                let token = self.token();
                let send = Send {
                    ticket: Some(ticket),
                    epoch: Some(epoch),
                    ..message(Author::Agent, token, size(random, has_large))
                };
                self.ask(Command::Send(send), What::Message(token));
            }
            62..64 => self.ask(Command::Hold(Hold { ticket, epoch }), What::Other),
            64..66 => self.ask(Command::Unhold(Unhold { ticket, epoch }), What::Other),
            66 => {
                let until = self.clock + PARKED_US;
                self.ask(Command::Park(Park { ticket, epoch, until }), What::Other);
            }
            67 => self.ask(Command::Unpark(Unpark { ticket, epoch }), What::Other),
            68..88 => {
                let tags = if random.chance(700) { vec!["t".to_owned()] } else { Vec::new() };
                let close = Close { ticket, epoch, tags };
                self.ask(Command::Close(close), What::Close(ticket));
            }
            _ => {
                let to = if random.chance(500) {
                    let queue = &party.queues[pick(random, party.queues.len())];
                    TransferTarget::Queue(queue.clone())
                } else {
                    let colleague = &party.colleagues[pick(random, party.colleagues.len())];
                    TransferTarget::Agent(colleague.clone())
                };
                let transfer = Transfer { ticket, epoch, to, note: String::new() };
                self.ask(Command::Transfer(transfer), What::Transfer(ticket));
            }
        }
    }

    /// Confirms what it got of one ticket.
    fn confirm(&mut self, random: &mut Seeded) -> bool {
        let behind = self.received.iter().filter(|(ticket, received)| {
            self.confirmed.get(ticket).is_none_or(|confirmed| confirmed < received)
        });
        let behind: Vec<(TicketId, u32)> = behind.map(|(t, n)| (*t, *n)).collect();
        let Some(&(ticket, received)) = behind.get(pick(random, behind.len().max(1))) else {
            return false;
        };
        let read = received - u32::from(random.chance(200)).min(received);
        self.tell(Command::Receipt(Receipt { ticket, delivered: received, read }));
        self.confirmed.insert(ticket, received);
        true
    }

    /// Confirms all that it got.
    pub fn confirm_all(&mut self) {
        if !self.is_welcome {
            return;
        }
        let received = self.received.clone();
        for (ticket, received) in received {
            if self.confirmed.insert(ticket, received) != Some(received) {
                let receipt = Receipt { ticket, delivered: received, read: received };
                self.tell(Command::Receipt(receipt));
            }
        }
    }

    fn token(&mut self) -> Token {
        self.written += 1;
        Token { source: self.source, count: self.written }
    }
}

fn message(author: Author, token: Token, bytes: usize) -> Send {
    Send {
        ticket: None,
        contact: None,
        epoch: None,
        author,
        client_message_id: Some(format!("{}-{}", token.source, token.count)),
        at: None,
        body: Packed::new(&Body::text(token.text(bytes))),
    }
}

fn size(random: &mut Seeded, has_large: bool) -> usize {
    match random.below(1000) {
        // Above what one group takes whole: written in parts.
        0..2 => 55_000,
        2..20 => 2_000,
        20..400 if has_large => 30_000,
        _ => 12 + pick(random, 60),
    }
}

fn pick(random: &mut Seeded, end: usize) -> usize {
    usize::try_from(random.below(end as u64)).expect("below a length")
}

fn any(
    tickets: &std::collections::BTreeMap<TicketId, u32>,
    random: &mut Seeded,
) -> Option<(TicketId, u32)> {
    let at = pick(random, tickets.len().max(1));
    tickets.iter().nth(at).map(|(ticket, epoch)| (*ticket, *epoch))
}
