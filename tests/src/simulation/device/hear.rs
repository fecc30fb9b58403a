//! What reaches a device, judged against the ledger.

use relevo::session::Party as Who;
use relevo_wire::Answer;
use relevo_wire::answer::TicketSummary;
use relevo_wire::error::{ErrorCode, WireError};
use relevo_wire::frame::{self, ServerFrame};
use relevo_wire::ids::{RequestId, TicketId};
use relevo_wire::limits;
use relevo_wire::push::{Entry, EntryEvent, Push};
use relevo_wire::vocabulary::{Author, Body, CloseReason, Intent, TicketState};

use super::{Device, Stream, What};
use crate::simulation::Violation;
use crate::simulation::ledger::{Books, Entry as Logged, Token};
use crate::simulation::party::Party;

/// A refusal that asks for a repeat waits so long.
const REPEAT_US: u64 = 50_000;

impl Device {
    /// Takes bytes from its connection.
    ///
    /// # Errors
    /// What they say does not hold.
    pub fn hear(
        &mut self,
        party: &mut Party,
        books: &mut Books,
        bytes: &[u8],
        now: u64,
    ) -> Result<(), Violation> {
        self.buffer.extend_from_slice(bytes);
        let buffer = std::mem::take(&mut self.buffer);
        let mut rest = buffer.as_slice();
        let failed = |error: WireError| Violation::new("the daemon's frames decode", error);
        while let Some((header, payload)) =
            frame::split(rest, |_| limits::SERVER_FRAME_BYTES).map_err(failed)?
        {
            rest = &rest[frame::HEADER_BYTES + payload.len()..];
            let frame = frame::read_server_frame(header, payload).map_err(failed)?;
            self.heard.push(short(&frame));
            match frame {
                Some(ServerFrame::Answer(id, answer)) => {
                    self.answered(party, books, id, answer, now).map_err(|violation| {
                        violation.at(format!("{}, request {}", party.name, id.0))
                    })?;
                }
                Some(ServerFrame::Push(push)) => {
                    self.pushed(party, books, push)
                        .map_err(|violation| violation.at(party.name.clone()))?;
                }
                None => return Err(Violation::new("the daemon's frames decode", header.kind)),
            }
        }
        self.buffer = rest.to_vec();
        Ok(())
    }

    fn answered(
        &mut self,
        party: &mut Party,
        books: &mut Books,
        id: RequestId,
        answer: Answer,
        now: u64,
    ) -> Result<(), Violation> {
        if let Answer::Welcome(_) = answer {
            self.is_welcome = true;
            return Ok(());
        }
        let at = self.pending.iter().position(|pending| pending.id == id);
        let what = match at {
            Some(at) => self.pending[at].what,
            // The lane's end, or the answer to a repeat.
            None => {
                let again = self.last_answered.as_ref().filter(|last| last.id == id);
                let Some(again) = again else { return Ok(()) };
                again.what
            }
        };
        if let Answer::Error(error) = &answer {
            if is_postponed(error.code) {
                if let Some(at) = at {
                    let pending = &mut self.pending[at];
                    (pending.is_sent, pending.not_before) = (false, now + REPEAT_US);
                }
                return Ok(());
            }
            if let (What::Message(token), Some(_)) = (what, at) {
                books.tokens.refused(token)?;
            }
        }
        if let Some(at) = at {
            self.last_answered = self.pending.remove(at);
        }
        judge(party, books, what, &answer)?;
        if let Answer::Sent(sent) = &answer
            && let Some(ticket) = sent.ticket
        {
            self.told(party, books, ticket, sent.number);
        }
        if let (What::Presence(online), Answer::Done(_)) = (what, &answer) {
            self.is_online = online;
        }
        Ok(())
    }

    fn pushed(&mut self, party: &mut Party, books: &Books, push: Push) -> Result<(), Violation> {
        match push {
            Push::Entry(entry) => self.entry(party, books, &entry),
            Push::Snapshot(snapshot) => {
                if let Who::Agent(_) = party.who {
                    for summary in &snapshot.tickets {
                        hold(party, summary);
                    }
                }
                Ok(())
            }
            Push::Presence(presence) => {
                self.is_online = presence.intent == Intent::Online;
                Ok(())
            }
            Push::Offer(offer) => {
                self.offers.insert(offer.ticket);
                Ok(())
            }
            Push::OfferEnded(ended) => {
                self.offers.remove(&ended.ticket);
                Ok(())
            }
            Push::WrapUp(wrap_up) => {
                if wrap_up.until.is_some() {
                    self.wrapping.insert(wrap_up.ticket);
                } else {
                    self.wrapping.remove(&wrap_up.ticket);
                }
                Ok(())
            }
            Push::Target(target) => {
                let ticket = books.tickets.get(&target.ticket);
                if books.was(target.ticket) || ticket.is_some_and(|t| t.targets.told(&target)) {
                    return Ok(());
                }
                let rule = "of a target is told what the log tells";
                Err(Violation::new(rule, format!("{target:?}: {ticket:?}")))
            }
            Push::Progress(_)
            | Push::Typing(_)
            | Push::Position(_)
            | Push::Absence(_)
            | Push::GoAway(_) => Ok(()),
        }
    }

    fn entry(&mut self, party: &mut Party, books: &Books, entry: &Entry) -> Result<(), Violation> {
        let (ticket, number) = (entry.ticket, entry.number);
        if books.was(ticket) {
            // Another program of the party has confirmed it, and it is forgotten.
            return Ok(());
        }
        let known = party.received.get(&ticket).copied().unwrap_or(0);
        if !self.is_told_already(ticket, number) {
            let cursor = self.cursors.get(&ticket).copied();
            let next = self.streams.get(&ticket).map(|stream| stream.next);
            let fits = match next {
                Some(next) if next == number => true,
                // Where several programs share the tickets, one takes over what another was given:
                // never more than nothing may be missing in all of them together.
                Some(_) => party.devices > 1 && number <= known + 1,
                None if party.devices == 1 && cursor.is_some() => {
                    Some(number) == cursor.map(|received| received + 1)
                }
                // What was confirmed does not come again unless a cursor asks for it.
                None => {
                    let confirmed = self.confirmed_before.get(&ticket).copied().unwrap_or(0);
                    number <= known + 1 && (cursor.is_some() || number > confirmed)
                }
            };
            // An agent that is given a ticket (again) gets all of it, and of those that it came from,
            // beside what a resume still owes it of them: some entries come once more, none is
            // left out.
            let is_over = books.tickets.get(&ticket).is_some_and(|t| !t.is_open());
            let own = self.received.get(&ticket).copied().unwrap_or(0);
            let is_history = number == 1 || number == own + 1 || (is_over && number <= known);
            let owed = self.owed(ticket);
            let is_owed = (owed.0..owed.1).contains(&number);
            let is_agents = matches!(party.who, Who::Agent(_)) && (is_history || is_owed);
            if !(fits || is_agents) {
                let detail = format!("{ticket}: {number}, {next:?}, {cursor:?}, known {known}");
                return Err(Violation::new("a receiver gets exactly what it missed", detail));
            }
            let stream = match next {
                // What it is given anew goes on behind it.
                Some(next) if is_owed && next != number => {
                    Stream { next, told_from: next, owed: (number + 1, owed.1) }
                }
                Some(_) | None => Stream { next: number + 1, told_from: number + 1, owed },
            };
            self.streams.insert(ticket, stream);
        }
        self.came(party, ticket, number);
        if self.ahead.get(&ticket) == Some(&(number + 1)) {
            self.ahead.remove(&ticket);
            let owed = self.owed(ticket);
            self.streams.insert(ticket, Stream { next: number + 2, told_from: number + 1, owed });
            self.came(party, ticket, number + 1);
        }
        judge_entry(party, books, entry)?;
        follow(party, entry);
        Ok(())
    }

    /// An own message reaches its author's session in the answer; a catch-up that was under way
    /// brings it again.
    fn is_told_already(&mut self, ticket: TicketId, number: u32) -> bool {
        let Some(stream) = self.streams.get_mut(&ticket) else { return false };
        let told = (stream.told_from..stream.next).contains(&number);
        if told {
            stream.told_from = number + 1;
        }
        told
    }

    /// The entries that answers have told of, and that have not come themselves.
    fn owed(&self, ticket: TicketId) -> (u32, u32) {
        let Some(stream) = self.streams.get(&ticket) else { return (0, 0) };
        if stream.told_from < stream.next { (stream.told_from, stream.next) } else { stream.owed }
    }

    /// The answer to an own message counts as its entry.
    fn told(&mut self, party: &mut Party, books: &Books, ticket: TicketId, number: u32) {
        if books.was(ticket) {
            return;
        }
        let known = party.received.get(&ticket).copied().unwrap_or(0);
        let next = match self.streams.get(&ticket) {
            Some(stream) => stream.next,
            None => self.cursors.get(&ticket).copied().unwrap_or(known) + 1,
        };
        // One of several programs goes on where another was cut off.
        let takes_over = party.devices > 1 && number == known + 1;
        if next == number || takes_over {
            let stream = self.streams.entry(ticket).or_insert(Stream {
                next,
                told_from: next,
                owed: (0, 0),
            });
            if next != number {
                stream.told_from = number;
            }
            stream.next = number + 1;
            self.came(party, ticket, number);
        } else if number == next + 1 {
            // Words that reopened a conversation: the answer is there before the first entry.
            self.ahead.insert(ticket, number);
        }
    }

    fn came(&mut self, party: &mut Party, ticket: TicketId, number: u32) {
        let known = party.received.entry(ticket).or_insert(0);
        if number <= *known + 1 {
            *known = number.max(*known);
        }
        let own = self.received.entry(ticket).or_insert(0);
        *own = number.max(*own);
    }
}

/// A frame in the trace: bodies in full help nobody.
fn short(frame: &Option<ServerFrame>) -> String {
    match frame {
        Some(ServerFrame::Push(Push::Entry(entry))) => {
            let (ticket, number, name) = (entry.ticket, entry.number, entry.event.name());
            format!("{ticket} {number} {name}")
        }
        Some(ServerFrame::Answer(id, answer)) => format!("{}: {answer:?}", id.0),
        Some(ServerFrame::Push(push)) => push.name().to_owned(),
        None => String::new(),
    }
}

/// Refusals that say nothing about the command: it is repeated, with its key.
fn is_postponed(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::Overloaded
            | ErrorCode::StorageFull
            | ErrorCode::Unavailable
            | ErrorCode::Draining
    )
}

/// Does what an answer promises stand in the log?
fn judge(party: &mut Party, books: &Books, what: What, answer: &Answer) -> Result<(), Violation> {
    let rule = "what is acknowledged is durable";
    match (what, answer) {
        (What::HandOff, Answer::Accepted(accepted)) => {
            if !books.tickets.contains_key(&accepted.ticket) && !books.was(accepted.ticket) {
                return Err(Violation::new(rule, accepted.ticket));
            }
            party.tickets.insert(accepted.ticket, accepted.epoch);
        }
        (What::Message(token), Answer::Sent(sent)) => {
            let place = sent.ticket.filter(|_| sent.number > 0).map(|ticket| (ticket, sent.number));
            books.tokens.told(token, place)?;
        }
        // It stays with its agent until its receiver accepts.
        (What::Transfer(ticket), Answer::Transferred(answer))
            if answer.asked_until.is_some() && books.was_asked(ticket) => {}
        (What::Close(ticket), Answer::Done(_))
        | (What::Transfer(ticket), Answer::Transferred(_)) => {
            let open = books.tickets.get(&ticket);
            if open.is_some_and(|ticket| ticket.is_open()) {
                return Err(Violation::new(rule, ticket));
            }
            party.tickets.remove(&ticket);
        }
        (_, Answer::Error(error)) => {
            if let (
                ErrorCode::StaleEpoch | ErrorCode::NotFound | ErrorCode::WrongState,
                What::Close(ticket) | What::Transfer(ticket),
            ) = (error.code, what)
            {
                party.tickets.remove(&ticket);
            }
        }
        _ => {}
    }
    Ok(())
}

/// Is an entry what the log says?
fn judge_entry(party: &Party, books: &Books, entry: &Entry) -> Result<(), Violation> {
    let Some(ticket) = books.tickets.get(&entry.ticket) else {
        return Err(Violation::new("what is shown is durable", format!("{entry:?}")));
    };
    let logged = ticket.entry(entry.number);
    let same = match (&entry.event, logged) {
        (_, None) => false,
        (EntryEvent::Empty(_), Some(_)) => true,
        (EntryEvent::HandedOff(_), Some(logged)) => *logged == Logged::HandedOff,
        (EntryEvent::Message(message), Some(Logged::Message(author, token))) => {
            let body: Option<Body> = message.body.unpack().ok();
            let said = body.and_then(|body| Token::parse(&body.text));
            message.author == *author && said == Some(*token)
        }
        (EntryEvent::Message(message), Some(Logged::Notified(text))) => {
            let body: Option<Body> = message.body.unpack().ok();
            message.author == Author::System && body.is_some_and(|body| body.text == *text)
        }
        (EntryEvent::Assigned(assigned), Some(Logged::Assigned(_, epoch))) => {
            assigned.epoch == *epoch
        }
        (EntryEvent::Requeued(_), Some(logged)) => matches!(logged, Logged::Requeued(_)),
        (EntryEvent::Transferred(_), Some(logged)) => {
            *logged == Logged::Closed(CloseReason::Transferred)
        }
        (EntryEvent::Held(held), Some(logged)) => *logged == Logged::Held(held.on),
        (EntryEvent::Parked(_), Some(logged)) => *logged == Logged::Parked,
        (EntryEvent::Unparked(_), Some(logged)) => matches!(logged, Logged::Unparked(_)),
        (EntryEvent::Inactive(told), Some(logged)) => *logged == Logged::Inactive(told.silent),
        (EntryEvent::TransferAsked(told), Some(logged)) => {
            *logged == Logged::TransferAsked(told.end)
        }
        (EntryEvent::Returned(_), Some(logged)) => matches!(logged, Logged::Closed(_)),
        (EntryEvent::Message(_) | EntryEvent::Assigned(_), Some(_)) => false,
    };
    if same {
        return Ok(());
    }
    let detail = format!("{}: {entry:?}, the log says {logged:?}", party.name);
    Err(Violation::new("what is shown is durable", detail))
}

fn hold(party: &mut Party, summary: &TicketSummary) {
    if matches!(summary.state, TicketState::Wrapping | TicketState::Closed) {
        party.tickets.remove(&summary.ticket);
    } else {
        party.tickets.insert(summary.ticket, summary.epoch);
    }
}

/// What a party believes to have.
fn follow(party: &mut Party, entry: &Entry) {
    let is_bot = matches!(party.who, Who::Bot(_));
    match &entry.event {
        EntryEvent::Assigned(assigned) => {
            if is_bot || assigned.agent == party.name {
                party.tickets.insert(entry.ticket, assigned.epoch);
            } else {
                party.tickets.remove(&entry.ticket);
            }
        }
        EntryEvent::Requeued(requeued) => {
            if is_bot {
                party.tickets.insert(entry.ticket, requeued.epoch);
            } else {
                party.tickets.remove(&entry.ticket);
            }
        }
        EntryEvent::Unparked(_) if !is_bot => {
            party.tickets.remove(&entry.ticket);
        }
        EntryEvent::Transferred(_) | EntryEvent::Returned(_) => {
            party.tickets.remove(&entry.ticket);
            party.ended = Some(entry.ticket);
        }
        EntryEvent::Empty(_)
        | EntryEvent::Message(_)
        | EntryEvent::HandedOff(_)
        | EntryEvent::Held(_)
        | EntryEvent::TransferAsked(_)
        | EntryEvent::Parked(_)
        | EntryEvent::Unparked(_)
        | EntryEvent::Inactive(_) => {}
    }
}
