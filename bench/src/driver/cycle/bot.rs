//! The bot's side of cycles.

use super::super::ledger::{Ledger, Sequence};
use super::super::pace::{Due, Schedule, micros_since};
use super::super::session::{Session, decode, unexpected};
use super::{DRAIN, Ended, Pace, Run};
use crate::frames::{self, HandOffFrame};
use crate::lane::write_batch;
use anyhow::{Context, Result, bail, ensure};
use relevo_wire::answer::Accepted;
use relevo_wire::frame::{Header, ServerFrame, kind};
use relevo_wire::{Answer, TicketId};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::watch;

/// Hands off until the run drains; tells the agent how many tickets there were in all.
pub(super) async fn run(
    index: usize,
    mut session: Session,
    run: Arc<Run>,
    due: Arc<Due>,
    whole: Arc<AtomicU64>,
    total: watch::Sender<Option<u64>>,
) -> Result<Ended> {
    let mut schedule = match run.pace {
        Pace::InFlight(_) => None,
        Pace::PerSecond(rate) => {
            Some(Schedule::new(rate, index, run.senders, micros_since(run.origin)))
        }
    };
    let mut cycles = Cycles::new(index, run.contacts(), run.receipts);
    let mut batch = Vec::new();
    loop {
        if run.is(DRAIN) && cycles.under_way() == 0 {
            break;
        }
        if !run.is(DRAIN) {
            let now = micros_since(run.origin);
            while let Some(at) = schedule.as_mut().map_or(Some(now), |schedule| schedule.take(now))
            {
                // At a fixed rate this one is left out, and the rate is not reached.
                if !cycles.begin(&mut batch, at) {
                    break;
                }
            }
        }
        batch.append(&mut cycles.confirmed);
        write_batch(&mut session.send, &mut batch).await?;
        let frames = session.reader.read(|header, bytes| cycles.take(header, bytes));
        match &schedule {
            None => frames.await?,
            Some(schedule) => tokio::select! {
                read = frames => read?,
                () = due.wait_until(schedule.next_us()) => {}
            },
        }
        whole.store(cycles.whole, Ordering::Relaxed);
    }
    write_batch(&mut session.send, &mut cycles.confirmed).await?;
    total.send_replace(Some(cycles.whole));
    Ok(Ended::Bot { index, session, cycles: cycles.whole })
}

/// The tickets of one bot.
struct Cycles {
    frames: Vec<HandOffFrame>,
    /// Contacts without a ticket.
    free: Vec<usize>,
    ledger: Ledger,
    /// The contact of each request, by its slot.
    asked: Vec<usize>,
    tickets: FxHashMap<TicketId, Ticket>,
    /// Entries that came before the answer to their hand-off.
    whole: u64,
    receipts: bool,
    confirmed: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Ticket {
    contact: usize,
    entries: Sequence,
    assigned: bool,
}

impl Cycles {
    fn new(index: usize, contacts: usize, receipts: bool) -> Self {
        Self {
            frames: (0..contacts)
                .map(|contact| HandOffFrame::new(&format!("contact-{index:03}-{contact:05}")))
                .collect(),
            free: (0..contacts).rev().collect(),
            ledger: Ledger::new(contacts),
            asked: vec![0; contacts],
            tickets: FxHashMap::default(),
            whole: 0,
            receipts,
            confirmed: Vec::new(),
        }
    }

    fn under_way(&self) -> usize {
        self.frames.len() - self.free.len()
    }

    /// Hands a contact off; false when all are under way.
    fn begin(&mut self, out: &mut Vec<u8>, time_us: u64) -> bool {
        let Some(contact) = self.free.pop() else { return false };
        let Some(id) = self.ledger.open() else { return false };
        self.asked[Ledger::slot(id)] = contact;
        self.frames[contact].append(out, id, time_us);
        true
    }

    fn take(&mut self, header: Header, bytes: &[u8]) -> Result<()> {
        match header.kind {
            kind::ACCEPTED => self.accepted(header, bytes),
            kind::EMPTY | kind::ASSIGNED | kind::RETURNED => self.entry(header, bytes),
            kind::PROGRESS => Ok(()),
            _ => Err(unexpected(header, bytes)),
        }
    }

    fn accepted(&mut self, header: Header, bytes: &[u8]) -> Result<()> {
        let slot = self.ledger.close(frames::answered(bytes)?)?;
        let Some(ServerFrame::Answer(_, Answer::Accepted(accepted))) = decode(header, bytes)?
        else {
            bail!("the kind says accepted");
        };
        let Accepted { ticket, existing, .. } = accepted;
        ensure!(!existing, "{ticket} was open already: it was never returned");
        let contact = self.asked[slot];
        let new = Ticket { contact, entries: Sequence::from(1), assigned: false };
        ensure!(self.tickets.insert(ticket, new).is_none(), "{ticket} was accepted twice");
        Ok(())
    }

    fn entry(&mut self, header: Header, bytes: &[u8]) -> Result<()> {
        let (id, number, _) = frames::entry(bytes)?;
        let ticket = self.tickets.get_mut(&id).with_context(|| {
            format!("an entry of {id}, which is not open: it came twice or before its answer")
        })?;
        // The bot's own hand-off is entry 1: its answer may stand for it.
        if ticket.entries.next() == 1 && number == 2 {
            ticket.entries = Sequence::from(2);
        }
        ticket.entries.take(number.into()).with_context(|| id.to_string())?;
        match header.kind {
            kind::ASSIGNED => {
                ensure!(!ticket.assigned, "{id} was assigned twice");
                ticket.assigned = true;
            }
            kind::RETURNED => {
                ensure!(ticket.assigned, "{id} came back without an agent");
                self.free.push(ticket.contact);
                self.tickets.remove(&id);
                self.whole += 1;
                if self.receipts {
                    frames::append_receipt(&mut self.confirmed, id, number);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use relevo_wire::push::{Assigned, Empty, Returned};
    use relevo_wire::vocabulary::{CloseReason, Outcome};
    use relevo_wire::{Entry, EntryEvent, RequestId, frame};

    const TICKET: TicketId = TicketId(5);

    fn take(cycles: &mut Cycles, write: impl FnOnce(&mut Vec<u8>)) -> Result<()> {
        let mut bytes = Vec::new();
        write(&mut bytes);
        let (header, payload) = frame::split(&bytes, |h| h.length as usize).unwrap().unwrap();
        cycles.take(header, payload)
    }

    fn accept(cycles: &mut Cycles, request: u64) -> Result<()> {
        let accepted = Accepted {
            ticket: TICKET,
            number: 1,
            existing: false,
            position: 0,
            estimated_wait: None,
            text: String::new(),
            truncated: false,
            epoch: 1,
            absent: None,
        };
        take(cycles, |out| {
            frame::write_answer(out, RequestId(request), &Answer::Accepted(accepted));
        })
    }

    fn entry(cycles: &mut Cycles, number: u32, event: EntryEvent) -> Result<()> {
        take(cycles, |out| {
            frame::write_entry(out, &Entry { ticket: TICKET, number, at: 0, event });
        })
    }

    fn assigned() -> EntryEvent {
        EntryEvent::Assigned(Assigned { agent: "agent".to_owned(), epoch: 2 })
    }

    fn returned() -> EntryEvent {
        EntryEvent::Returned(Returned {
            reason: CloseReason::Agent,
            outcome: Outcome::Unserved,
            tags: Vec::new(),
            epoch: 3,
            reopen_until: None,
        })
    }

    fn begun() -> (Cycles, u64) {
        let mut cycles = Cycles::new(0, 1, true);
        let mut out = Vec::new();
        assert!(cycles.begin(&mut out, 7));
        assert!(!cycles.begin(&mut out, 7), "one contact is one cycle");
        let (header, payload) = frame::split(&out, |h| h.length as usize).unwrap().unwrap();
        let request = frame::read_request(header, payload).unwrap();
        (cycles, request.request_id.0)
    }

    #[test]
    fn a_whole_cycle_counts_once_and_frees_its_contact() {
        for entries in [vec![(1, EntryEvent::Empty(Empty {}))], vec![]] {
            let (mut cycles, request) = begun();
            accept(&mut cycles, request).unwrap();
            for (number, event) in entries {
                entry(&mut cycles, number, event).unwrap();
            }
            entry(&mut cycles, 2, assigned()).unwrap();
            assert_eq!((cycles.whole, cycles.under_way()), (0, 1));
            entry(&mut cycles, 3, returned()).unwrap();
            assert_eq!((cycles.whole, cycles.under_way()), (1, 0));
            assert!(!cycles.confirmed.is_empty(), "the end is confirmed");
        }
    }

    #[test]
    fn what_is_doubled_lost_or_out_of_order_fails() {
        let (mut cycles, request) = begun();
        assert!(entry(&mut cycles, 2, assigned()).is_err(), "before the answer");
        accept(&mut cycles, request).unwrap();
        assert!(accept(&mut cycles, request).is_err(), "the answer twice");
        assert!(entry(&mut cycles, 3, assigned()).is_err(), "entry 2 lost");
        entry(&mut cycles, 2, assigned()).unwrap();
        assert!(entry(&mut cycles, 2, assigned()).is_err(), "entry 2 twice");
        assert!(entry(&mut cycles, 3, assigned()).is_err(), "assigned twice");
        let (mut cycles, request) = begun();
        accept(&mut cycles, request).unwrap();
        assert!(entry(&mut cycles, 2, returned()).is_err(), "returned without an agent");
    }
}
