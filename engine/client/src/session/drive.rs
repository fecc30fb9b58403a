//! One connection at work: commands out, answers and pushes in.

use super::connect::{CHUNK_BYTES, Lane, Live};
use super::written::Written;
use super::{Ended, Session, connection_reason, read_reason, write_reason};
use crate::backoff::Backoff;
use crate::client::{ClientError, write};
use crate::events::ClientEvent;
use crate::options::{Receipts, Reconnect};
use crate::shared::HELLO_ID;
use crate::unanswered::{Kind, Reply, Waiting};
use bytes::Bytes;
use quinn::{Chunk, Connection, ReadError, RecvStream, SendStream, WriteError};
use relevo_wire::answer::Answer;
use relevo_wire::command::{Command, Receipt};
use relevo_wire::error::{ErrorCode, WireError};
use relevo_wire::frame::ServerFrame;
use relevo_wire::ids::RequestId;
use relevo_wire::push::{Entry, Push, Snapshot};
use std::collections::VecDeque;
use std::future::pending;
use std::time::Duration;
use tokio::time::Instant;

/// Entries held back behind holes; then the session stops reading pushes until answers fill them.
const HELD_ENTRIES: usize = 256;
/// Most frames that one write takes.
const FRAMES_PER_WRITE: usize = 256;
/// How long closing waits for what is unanswered, and then for the server to have everything.
const CLOSE_WAIT: Duration = Duration::from_secs(5);
/// Waits before a lane that was closed as overloaded is replaced.
const LANE_WAIT: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// The commands' side of a connection.
struct Commands {
    lane: Option<Lane>,
    frames: VecDeque<Bytes>,
    /// A lane that was closed is replaced at this time.
    open_at: Option<Instant>,
    backoff: Backoff,
    /// What the server said when it closed the lane.
    lane_error: Option<WireError>,
    /// Receipts are written at this time.
    receipts_at: Option<Instant>,
    written: Written,
    close_by: Option<Instant>,
}

/// What the task woke for.
enum Woken {
    Shared,
    Written(Result<usize, WriteError>),
    Answers(Result<Option<Chunk>, ReadError>),
    Pushes(Result<Option<Chunk>, ReadError>),
    Opened(Result<Lane, quinn::ConnectionError>),
    Lost(quinn::ConnectionError),
    Time,
}

impl Session {
    /// Works on one connection until it ends.
    pub(super) async fn drive(&mut self, live: Live) -> Ended {
        let Live { connection, mut pushes, welcome: _ } = live;
        let mut commands = Commands::new();
        let ended = match self.work(&connection, &mut pushes, &mut commands).await {
            Ok(never) => match never {},
            Err(ended) => ended,
        };
        let (code, reason) = match &ended {
            Ended::Closed => {
                finish(&mut pushes, &mut commands).await;
                (0, "")
            }
            Ended::Final(reason) | Ended::Lost { reason, .. } => {
                (ErrorCode::Malformed.close_code(), reason.as_str())
            }
        };
        // Without effect on a connection that is lost already.
        connection.close(code.into(), reason.as_bytes());
        ended
    }

    async fn work(
        &mut self,
        connection: &Connection,
        pushes: &mut Lane,
        commands: &mut Commands,
    ) -> Result<std::convert::Infallible, Ended> {
        loop {
            self.take_shared(commands)?;
            let reading = self.read_pushes(pushes)?;
            let (timer, open) = commands.next(self.unanswered.is_empty());
            let Commands { lane, frames, .. } = commands;
            let (send, recv) = match lane {
                Some(lane) => (Some(&mut lane.send), Some(&mut lane.recv)),
                None => (None, None),
            };
            let woken = tokio::select! {
                biased;
                () = self.shared.wake.notified() => Woken::Shared,
                written = write_some(send, frames) => Woken::Written(written),
                chunk = read_some(recv) => Woken::Answers(chunk),
                chunk = read_some(Some(&mut pushes.recv)), if reading => Woken::Pushes(chunk),
                opened = connection.open_bi(), if open => Woken::Opened(opened.map(Lane::new)),
                error = connection.closed(), if !reading => Woken::Lost(error),
                () = sleep_until(timer), if timer.is_some() => Woken::Time,
            };
            match woken {
                Woken::Shared | Woken::Time => {}
                Woken::Written(Ok(frames)) => drop(commands.frames.drain(..frames)),
                Woken::Written(Err(error)) => {
                    let code =
                        if let WriteError::Stopped(code) = &error { Some(*code) } else { None };
                    self.lane_closed(commands, code, &write_reason(&error))?;
                }
                Woken::Answers(Ok(Some(chunk))) => self.read_answers(commands, chunk.bytes)?,
                Woken::Answers(Ok(None)) => self.lane_closed(commands, None, "lane closed")?,
                Woken::Answers(Err(error)) => {
                    let code = if let ReadError::Reset(code) = &error { Some(*code) } else { None };
                    self.lane_closed(commands, code, &read_reason(&error))?;
                }
                Woken::Pushes(Ok(Some(chunk))) => pushes.inbound.push(chunk.bytes),
                Woken::Pushes(Ok(None)) => {
                    return Err(Ended::lost("the server closed the lane of the pushes"));
                }
                Woken::Pushes(Err(error)) => return Err(Ended::lost(read_reason(&error))),
                Woken::Opened(Ok(lane)) => self.opened(commands, lane),
                Woken::Opened(Err(error)) | Woken::Lost(error) => {
                    return Err(Ended::lost(connection_reason(&error)));
                }
            }
        }
    }

    /// Takes what the program has put in line.
    fn take_shared(&mut self, commands: &mut Commands) -> Result<(), Ended> {
        let now = Instant::now();
        let mut state = self.shared.state();
        if std::mem::take(&mut state.cut) {
            return Err(Ended::lost("cut by this program"));
        }
        let outgoing = state.take_outgoing();
        let due = state.confirm_now || commands.receipts_at.is_some_and(|at| at <= now);
        let receipts = if due || state.closing {
            state.confirm_now = false;
            state.unconfirmed = 0;
            std::mem::take(&mut state.receipts)
        } else {
            std::collections::HashMap::new()
        };
        let waiting = !state.receipts.is_empty();
        let next_request = state.next_request;
        let closing = state.closing;
        drop(state);
        for request in outgoing {
            if commands.lane.is_some() || request.reply.is_none() {
                commands.frames.push_back(request.frame.clone());
            }
            if let Some((kind, reply, cost)) = request.reply {
                let attempts = u8::from(commands.lane.is_some());
                let waiting = Waiting { frame: request.frame, kind, reply, cost, attempts };
                self.unanswered.insert(request.id, waiting);
            }
        }
        for (ticket, progress) in receipts {
            let delivered = self.tickets.confirmable(ticket, progress.delivered);
            let receipt = Receipt { ticket, delivered, read: progress.read };
            commands.written.put(receipt.clone(), next_request);
            commands.frames.push_back(write(Command::Receipt(receipt), None).into());
        }
        commands.receipts_at = match self.route.options.receipts {
            Receipts::Automatic { interval, .. } if waiting => {
                Some(commands.receipts_at.filter(|at| *at > now).unwrap_or(now + interval))
            }
            Receipts::Automatic { .. } | Receipts::Manual => None,
        };
        if closing {
            let by = *commands.close_by.get_or_insert(now + CLOSE_WAIT);
            let idle = self.unanswered.is_empty() && commands.frames.is_empty();
            if idle || by <= now {
                return Err(Ended::Closed);
            }
        }
        Ok(())
    }

    /// A new lane repeats everything that is unanswered, in order.
    fn opened(&mut self, commands: &mut Commands, lane: Lane) {
        let (frames, given_up) = self.unanswered.repeat();
        for waiting in given_up {
            self.shared.give_back(waiting.cost);
            let _ = waiting.reply.send(Err(ClientError::GivenUp));
        }
        // What stands in line without an answer (receipts, hints) goes behind.
        for frame in frames.into_iter().rev() {
            commands.frames.push_front(frame);
        }
        commands.written.moved_behind(self.shared.state().next_request);
        commands.lane = Some(lane);
        commands.open_at = None;
    }

    /// The lane is closed. Requests are repeated until they are answered; receipts, which have no
    /// answer, are written again if they may be lost.
    fn lane_closed(
        &self,
        commands: &mut Commands,
        code: Option<quinn::VarInt>,
        reason: &str,
    ) -> Result<(), Ended> {
        commands.lane_closed(code, reason)?;
        for receipt in commands.written.take() {
            self.shared.confirm(receipt.ticket, receipt.delivered, receipt.read);
        }
        Ok(())
    }

    fn has_room(&self) -> bool {
        self.tickets.held() < HELD_ENTRIES && self.shared.state().has_room()
    }

    fn read_answers(&mut self, commands: &mut Commands, chunk: Bytes) -> Result<(), Ended> {
        let Some(lane) = &mut commands.lane else { return Ok(()) };
        lane.inbound.push(chunk);
        while let Some(frame) = lane.inbound.next().map_err(Ended::lost)? {
            match frame {
                ServerFrame::Answer(RequestId(0), Answer::Error(error)) => {
                    commands.lane_error = Some(error);
                }
                ServerFrame::Answer(id, answer) => {
                    commands.backoff.succeeded();
                    commands.written.answered(id.0);
                    self.answered(id, answer)?;
                }
                ServerFrame::Push(Push::Entry(entry)) => {
                    if let Some(entry) = self.unanswered.read(entry) {
                        let ticket = entry.ticket;
                        let reason = format!("an entry of ticket {ticket} came on a wrong lane");
                        return Err(Ended::lost(reason));
                    }
                }
                ServerFrame::Push(_) => return Err(Ended::lost("a push came on a wrong lane")),
            }
        }
        Ok(())
    }

    /// Gives an answer to whom it belongs.
    fn answered(&mut self, id: RequestId, answer: Answer) -> Result<(), Ended> {
        if let Answer::Error(error) = &answer
            && error.code == ErrorCode::Draining
            && self.route.options.reconnect != Reconnect::Never
        {
            // Not carried out, and `go_away` follows: the next connection repeats it.
            return Ok(());
        }
        let Some((waiting, entries)) = self.unanswered.answered(id.0) else {
            // A late answer to what was repeated, or to `hello`.
            return Ok(());
        };
        let reply = if let Answer::Error(error) = answer {
            Err(ClientError::Refused(error))
        } else {
            Ok(answer)
        };
        let mut due = Vec::new();
        let followed = self.follow(waiting.kind, reply.as_ref().ok(), &mut due);
        self.shared.give_back(waiting.cost);
        let _ = waiting.reply.send(reply.map(|answer| Reply { answer, entries }));
        self.give(due);
        followed.map_err(Ended::lost)
    }

    /// What an answer says about the sequence of a ticket.
    fn follow(
        &mut self,
        kind: Kind,
        answer: Option<&Answer>,
        due: &mut Vec<Entry>,
    ) -> Result<(), crate::tickets::Gap> {
        match kind {
            Kind::Send => {
                if let Some(Answer::Sent(sent)) = answer
                    && let Some(ticket) = sent.ticket.filter(|_| sent.number > 0)
                {
                    self.tickets.sent(ticket, sent.number);
                }
                let next_request = self.shared.state().next_request;
                self.tickets.settle(self.unanswered.sends(next_request), due)
            }
            Kind::HandOff => match answer {
                Some(Answer::Accepted(accepted)) if !accepted.existing => {
                    self.tickets.opened(accepted.ticket)
                }
                Some(_) | None => Ok(()),
            },
            Kind::Read(_) | Kind::Other => Ok(()),
        }
    }

    /// Decodes what has come, as far as there is room for it. Tells whether that was all.
    fn read_pushes(&mut self, lane: &mut Lane) -> Result<bool, Ended> {
        while self.has_room() {
            let Some(frame) = lane.inbound.next().map_err(Ended::lost)? else { return Ok(true) };
            match frame {
                ServerFrame::Answer(RequestId(0) | HELLO_ID, Answer::Error(error)) => {
                    return Err(Ended::lost(error));
                }
                ServerFrame::Answer(id, answer) => self.answered(id, answer)?,
                ServerFrame::Push(push) => self.pushed(push)?,
            }
        }
        Ok(false)
    }

    fn pushed(&mut self, push: Push) -> Result<(), Ended> {
        let event = match push {
            Push::Entry(entry) => return self.entry(entry),
            Push::Snapshot(snapshot) => {
                self.snapshot(&snapshot);
                ClientEvent::Snapshot(snapshot)
            }
            Push::Progress(progress) => ClientEvent::Progress(progress),
            Push::Typing(typing) => ClientEvent::Typing(typing),
            Push::Position(position) => ClientEvent::Position(position),
            Push::Presence(presence) => ClientEvent::Presence(presence),
            Push::Offer(offer) => ClientEvent::Offer(offer),
            Push::OfferEnded(ended) => ClientEvent::OfferEnded(ended),
            Push::WrapUp(wrap_up) => ClientEvent::WrapUp(wrap_up),
            Push::Absence(absence) => ClientEvent::Absence(absence),
            Push::Target(target) => ClientEvent::Target(target),
            Push::GoAway(go_away) => {
                self.tell_now(ClientEvent::GoAway(go_away.clone()));
                let reason = format!("told to go away: {}", go_away.reason);
                return Err(if matches!(&*go_away.reason, "revoked" | "superseded") {
                    Ended::Final(reason)
                } else {
                    let wait = Duration::from_millis(go_away.reconnect_after_ms.into());
                    Ended::Lost { reason, wait: Some(wait) }
                });
            }
        };
        self.tell_now(event);
        Ok(())
    }

    fn entry(&mut self, mut entry: Entry) -> Result<(), Ended> {
        if self.unanswered.is_reading(entry.ticket)
            && self.tickets.is_past(entry.ticket, entry.number)
        {
            match self.unanswered.read(entry) {
                None => return Ok(()),
                Some(unread) => entry = unread,
            }
        }
        let mut due = Vec::new();
        let next_request = self.shared.state().next_request;
        let result = self.tickets.entry(entry, self.unanswered.sends(next_request), &mut due);
        self.give(due);
        result.map_err(Ended::lost)
    }

    fn snapshot(&mut self, snapshot: &Snapshot) {
        let automatic = matches!(self.route.options.receipts, Receipts::Automatic { .. });
        let mut state = self.shared.state();
        let untaken = state.first_untaken();
        for summary in &snapshot.tickets {
            let given = self.tickets.listed(summary);
            if let Some(given) = given.filter(|_| automatic && !state.events_dropped) {
                let first = untaken.get(&summary.ticket);
                let taken = first.map_or(given, |first| given.min(first - 1));
                if taken > summary.confirmed {
                    state.progressed(summary.ticket, taken, 0);
                    // The receipts' timer is set where the task looks at what it shares.
                    self.shared.wake.notify_one();
                }
            }
        }
        drop(state);
        if snapshot.last {
            self.tickets.snapshot_complete();
        }
    }

    fn give(&self, entries: Vec<Entry>) {
        if entries.is_empty() {
            return;
        }
        let mut state = self.shared.state();
        for entry in entries {
            state.push_event(ClientEvent::Entry(entry));
        }
        drop(state);
        self.shared.ready.notify_one();
    }

    fn tell_now(&self, event: ClientEvent) {
        self.shared.state().push_event(event);
        self.shared.ready.notify_one();
    }
}

impl Commands {
    fn new() -> Self {
        let (base, cap) = LANE_WAIT;
        Self {
            lane: None,
            frames: VecDeque::new(),
            open_at: None,
            backoff: Backoff::new(base, cap),
            lane_error: None,
            receipts_at: None,
            written: Written::default(),
            close_by: None,
        }
    }

    /// When to wake without a cause, and whether a lane is to be opened.
    fn next(&self, nothing_unanswered: bool) -> (Option<Instant>, bool) {
        let wanted = self.lane.is_none() && !(nothing_unanswered && self.frames.is_empty());
        let open = wanted && self.open_at.is_none_or(|at| at <= Instant::now());
        let open_at = self.open_at.filter(|_| wanted && !open);
        let timer = [self.receipts_at, self.close_by, open_at].into_iter().flatten().min();
        (timer, open)
    }

    /// The lane is closed: for want of budget, then another one takes over; or else for good.
    fn lane_closed(&mut self, code: Option<quinn::VarInt>, reason: &str) -> Result<(), Ended> {
        let said = self.lane_error.take();
        let code = match (code, &said) {
            (Some(code), _) => ErrorCode::from_close_code(code.into_inner()),
            (None, Some(error)) => Some(error.code),
            (None, None) => None,
        };
        if code != Some(ErrorCode::Overloaded) {
            return Err(Ended::lost(said.map_or_else(|| reason.to_owned(), |e| e.to_string())));
        }
        self.lane = None;
        self.frames.clear();
        self.open_at = Some(Instant::now() + self.backoff.wait());
        Ok(())
    }
}

async fn write_some(
    lane: Option<&mut SendStream>,
    frames: &mut VecDeque<Bytes>,
) -> Result<usize, WriteError> {
    match lane {
        Some(lane) if !frames.is_empty() => {
            let frames = frames.make_contiguous();
            let most = frames.len().min(FRAMES_PER_WRITE);
            lane.write_chunks(&mut frames[..most]).await.map(|written| written.chunks)
        }
        Some(_) | None => pending().await,
    }
}

async fn read_some(lane: Option<&mut RecvStream>) -> Result<Option<Chunk>, ReadError> {
    match lane {
        Some(lane) => lane.read_chunk(CHUNK_BYTES, true).await,
        None => pending().await,
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => pending().await,
    }
}

/// Lets the server have everything before the connection is closed: closing throws away what is
/// not yet acknowledged.
async fn finish(pushes: &mut Lane, commands: &mut Commands) {
    let lanes = std::iter::once(pushes).chain(commands.lane.as_mut());
    for lane in lanes {
        if lane.send.finish().is_ok() {
            let _ = tokio::time::timeout(CLOSE_WAIT, lane.send.stopped()).await;
        }
    }
}
