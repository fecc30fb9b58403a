//! The agent's side of cycles: what it is assigned, it closes at once.

use super::super::latencies;
use super::super::ledger::{Ledger, Sequence};
use super::super::pace::micros_since;
use super::super::session::{Session, decode, unexpected};
use super::{Ended, MEASURED, Run};
use crate::frames;
use crate::lane::write_batch;
use anyhow::{Context, Result, bail, ensure};
use hdrhistogram::Histogram;
use relevo_wire::command::Close;
use relevo_wire::frame::{self, Header, ServerFrame, kind};
use relevo_wire::{Command, EntryEvent, Push, Request, RequestId, TicketId};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use tokio::sync::watch;

/// Closes without an answer, at most: an agent's seats.
const CLOSES: usize = 4096;

/// Closes what comes until the bot has told how many there were in all, and all of them are over.
pub(super) async fn run(
    index: usize,
    mut session: Session,
    run: Arc<Run>,
    mut total: watch::Receiver<Option<u64>>,
) -> Result<Ended> {
    let mut desk = Desk {
        ledger: Ledger::new(CLOSES),
        tickets: FxHashMap::default(),
        closed: 0,
        batch: Vec::new(),
        notified: latencies(),
        run,
    };
    let mut told = None;
    while told.is_none_or(|told| desk.closed < told) || desk.ledger.outstanding() > 0 {
        let frames = session.reader.read(|header, bytes| desk.take(header, bytes));
        if told.is_some() {
            frames.await?;
        } else {
            tokio::select! {
                read = frames => read?,
                changed = total.changed() => {
                    changed.context("the bot ended early")?;
                    told = *total.borrow_and_update();
                }
            }
        }
        write_batch(&mut session.send, &mut desk.batch).await?;
    }
    Ok(Ended::Agent { index, session, closed: desk.closed, notified: desk.notified })
}

struct Desk {
    ledger: Ledger,
    tickets: FxHashMap<TicketId, Ticket>,
    closed: u64,
    batch: Vec<u8>,
    notified: Histogram<u64>,
    run: Arc<Run>,
}

#[derive(Debug, Clone, Copy)]
struct Ticket {
    entries: Sequence,
    handed_off_us: u64,
    assigned: bool,
}

impl Desk {
    fn take(&mut self, header: Header, bytes: &[u8]) -> Result<()> {
        match header.kind {
            kind::DONE => self.ledger.close(frames::answered(bytes)?).map(|_| ()),
            kind::HANDED_OFF => self.handed_off(bytes),
            kind::EMPTY | kind::ASSIGNED | kind::RETURNED => self.entry(header, bytes),
            kind::PROGRESS => Ok(()),
            _ => Err(unexpected(header, bytes)),
        }
    }

    fn handed_off(&mut self, bytes: &[u8]) -> Result<()> {
        let (id, number, payload) = frames::entry(bytes)?;
        ensure!(number == 1, "{id} was handed off as entry {number}");
        let handed_off_us = frames::hand_off_time(payload)?;
        let new = Ticket { entries: Sequence::from(2), handed_off_us, assigned: false };
        ensure!(self.tickets.insert(id, new).is_none(), "{id} was handed off twice");
        Ok(())
    }

    fn entry(&mut self, header: Header, bytes: &[u8]) -> Result<()> {
        let (id, number, _) = frames::entry(bytes)?;
        let ticket = self.tickets.get_mut(&id).with_context(|| {
            format!("an entry of {id}, which this agent has not: it came twice or too early")
        })?;
        ticket.entries.take(number.into()).with_context(|| id.to_string())?;
        match header.kind {
            kind::ASSIGNED => {
                ensure!(!ticket.assigned, "{id} was assigned twice");
                ticket.assigned = true;
                if self.run.is(MEASURED) {
                    let now = micros_since(self.run.origin);
                    self.notified.saturating_record(now.saturating_sub(ticket.handed_off_us));
                }
                self.close(id, epoch(header, bytes)?)
            }
            kind::RETURNED => {
                ensure!(ticket.assigned, "{id} ended without having been assigned");
                self.tickets.remove(&id);
                self.closed += 1;
                if self.run.receipts {
                    frames::append_receipt(&mut self.batch, id, number);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn close(&mut self, ticket: TicketId, epoch: u32) -> Result<()> {
        let id = self.ledger.open().context("more tickets than an agent has seats")?;
        let command = Command::Close(Close { ticket, epoch, tags: Vec::new() });
        let request = Request { request_id: RequestId(id), idempotency_key: None, command };
        frame::write_request(&mut self.batch, &request);
        Ok(())
    }
}

fn epoch(header: Header, bytes: &[u8]) -> Result<u32> {
    match decode(header, bytes)? {
        Some(ServerFrame::Push(Push::Entry(entry))) => match entry.event {
            EntryEvent::Assigned(assigned) => Ok(assigned.epoch),
            EntryEvent::Empty(_)
            | EntryEvent::HandedOff(_)
            | EntryEvent::Message(_)
            | EntryEvent::Requeued(_)
            | EntryEvent::Held(_)
            | EntryEvent::Parked(_)
            | EntryEvent::Unparked(_)
            | EntryEvent::Inactive(_)
            | EntryEvent::TransferAsked(_)
            | EntryEvent::Transferred(_)
            | EntryEvent::Returned(_) => bail!("the kind says assigned"),
        },
        Some(ServerFrame::Answer(..) | ServerFrame::Push(_)) | None => {
            bail!("the kind says assigned")
        }
    }
}
