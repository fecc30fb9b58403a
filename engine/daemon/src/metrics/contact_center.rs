//! Counts durable events for supervisors. Publish calls it behind the durable cursor; a replay
//! never does, so counters start at zero with the process. Measured times and judgements come with
//! the events; nothing is computed twice here. Test tickets count in the probe's figures alone.

use super::board::{Board, BoardMaker, Change, QueueEntry};
use super::labels::{self, Direction, HandOffResult};
use super::names::contact_center as names;
use super::recorder::Exporter;
use super::series::{Lost, QueueSeries};
use super::view::GaugeView;
use ::metrics::{Counter, Gauge, Histogram};
use arc_swap::ArcSwap;
use relevo_routing::Micros;
use relevo_routing::event::{
    Assigned, Closed, Event, HandOffRejected, Judgement, MessageStored, Rejection, TicketOpened,
};
use relevo_wire::vocabulary::{Author, Outcome};
use relevo_wire::{QueueId, TenantId};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the caller knows of the ticket that an event names, as it was *before* the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TicketFacts {
    /// Its queue.
    pub queue: QueueId,
    /// A test.
    pub test: bool,
    /// Its conversation has had an agent.
    pub assigned_before: bool,
    /// Its conversation's target has passed ([`Event::TargetMissed`] was seen).
    pub target_missed: bool,
}

/// The consumer.
#[derive(Debug)]
pub struct ContactCenter {
    exporter: Arc<Exporter>,
    board: ArcSwap<Board>,
    maker: Mutex<BoardMaker>,
    probe: Probe,
}

#[derive(Debug)]
struct Probe {
    opened: Counter,
    wait: Histogram,
    first_response: Histogram,
    last_attended: Gauge,
}

impl ContactCenter {
    pub(super) fn new(exporter: Arc<Exporter>) -> Self {
        let (maker, board) = BoardMaker::new(&exporter);
        let probe = Probe::new(&exporter);
        Self { exporter, board: ArcSwap::from_pointee(board), maker: Mutex::new(maker), probe }
    }

    /// Takes every queue of the directory, as at the start. For a change of one there are
    /// [`Self::put_queue`] and [`Self::remove_queue`], which cost no walk of the directory.
    pub fn set_directory(&self, queues: &[QueueEntry]) {
        let mut maker = self.maker();
        let change = queues
            .iter()
            .fold(maker.retain(queues), |all, queue| all.max(maker.put(queue.clone())));
        self.publish(&mut maker, change);
    }

    /// A queue was created or changed.
    pub fn put_queue(&self, queue: QueueEntry) {
        let mut maker = self.maker();
        let change = maker.put(queue);
        self.publish(&mut maker, change);
    }

    /// A queue was deleted.
    pub fn remove_queue(&self, tenant: TenantId, queue: QueueId) {
        let mut maker = self.maker();
        let change = maker.remove(tenant, queue);
        self.publish(&mut maker, change);
    }

    /// Counts one durable event of a tenant. `at` is the time of its record; `facts` are needed
    /// for every event that names a ticket and were true before it. Answers the direction of a
    /// message.
    pub fn observe(
        &self,
        tenant: TenantId,
        at: Micros,
        event: &Event,
        facts: Option<TicketFacts>,
    ) -> Option<Direction> {
        let board = self.board.load();
        let count = Count { center: self, board: &board, tenant, at };
        match event {
            Event::TicketOpened(opened) => count.opened(opened),
            Event::HandOffRejected(rejected) => count.rejected(rejected),
            Event::HandOffRepeated(repeated) => {
                if let Some(queue) = count.queue(facts) {
                    queue.hand_off(repeated.reason, HandOffResult::Existing);
                }
            }
            Event::Assigned(assigned) => count.assigned(assigned, facts),
            Event::Offered(_) => {
                if let Some(queue) = count.queue(facts) {
                    queue.offers_made.increment(1);
                }
            }
            Event::OfferEnded(ended) => {
                if let Some(queue) = count.queue(facts) {
                    queue.offer_ended(ended.end);
                }
            }
            Event::Overflowed(overflowed) => {
                if let Some(queue) = count.queue(facts) {
                    queue.overflowed(overflowed.reason);
                    board
                        .queue(tenant, overflowed.to)
                        .arrived(relevo_wire::vocabulary::Via::Overflow);
                }
            }
            Event::Inactive(inactive) => {
                if let Some(queue) = count.queue(facts) {
                    queue.warned(inactive.silent);
                }
            }
            Event::TargetTold(told) => {
                if let Some(queue) = count.queue(facts) {
                    queue.target_told(told.which, told.state);
                }
            }
            Event::Requeued(requeued) => {
                if let Some(queue) = count.queue(facts) {
                    queue.requeued(requeued.reason);
                }
            }
            Event::TargetMissed(_) => {
                if let (Some(queue), Some(facts)) = (count.queue(facts), facts) {
                    judge(queue, Judgement::Missed, facts.assigned_before);
                }
            }
            Event::Closed(closed) => count.closed(closed, facts),
            Event::MessageStored(message) => {
                count.message(message, facts);
                return Some(match message.author {
                    Author::Customer => Direction::Inbound,
                    Author::Agent | Author::Bot | Author::System => Direction::Outbound,
                });
            }
            Event::ContactMessageStored(_) => return Some(Direction::Inbound),
            Event::ObjectPut(_)
            | Event::ObjectDeleted(_)
            | Event::KeyCreated(_)
            | Event::KeyRevoked(_)
            | Event::Started(_)
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
            | Event::Unreserved(_)
            | Event::Relaxed(_)
            | Event::Responding(_)
            | Event::Held(_)
            | Event::TransferAsked(_)
            | Event::TransferEnded(_)
            | Event::Parked(_)
            | Event::Unparked(_)
            | Event::CustomerAway(_)
            | Event::CustomerBack(_)
            | Event::WrappedUp(_)
            | Event::Progressed(_)
            | Event::Answered(_)
            | Event::Forgotten(_)
            | Event::QueueHours(_)
            | Event::Notice(_)
            | Event::QueueModeSet(_)
            | Event::TargetMoved(_) => {}
        }
        None
    }

    /// Sets every contact-center gauge and gives `render` what it is to be.
    pub(super) fn render(&self, view: &GaugeView) -> String {
        let maker = self.maker();
        view.set(&self.board.load(), &maker);
        maker.without_retired(self.exporter.render())
    }

    fn publish(&self, maker: &mut BoardMaker, change: Change) {
        match change {
            Change::Nothing => {}
            Change::Rest => maker.set_rest_target(&self.board.load()),
            Change::Board => self.board.store(Arc::new(maker.board(&self.exporter))),
        }
    }

    fn maker(&self) -> MutexGuard<'_, BoardMaker> {
        // A board is stored whole or not at all.
        self.maker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One event's way into the series.
struct Count<'a> {
    center: &'a ContactCenter,
    board: &'a Board,
    tenant: TenantId,
    at: Micros,
}

impl Count<'_> {
    /// The series of a real ticket.
    fn queue(&self, facts: Option<TicketFacts>) -> Option<&QueueSeries> {
        let facts = facts.filter(|facts| !facts.test)?;
        Some(self.board.queue(self.tenant, facts.queue))
    }

    fn opened(&self, opened: &TicketOpened) {
        if opened.test {
            self.center.probe.opened.increment(1);
            return;
        }
        let queue = self.board.queue(self.tenant, opened.queue);
        queue.arrived(opened.via);
        if opened.via == relevo_wire::vocabulary::Via::HandOff {
            queue.hand_off(opened.reason, HandOffResult::Accepted);
        }
        if let Some((from, reason)) = opened.overflowed {
            self.board.queue(self.tenant, from).overflowed(reason);
        }
    }

    fn rejected(&self, rejected: &HandOffRejected) {
        if !rejected.test {
            let result = match rejected.rejection {
                Rejection::NoAgent => HandOffResult::NoAgent,
                Rejection::Inactive => HandOffResult::Inactive,
                Rejection::QueueFull => HandOffResult::QueueFull,
                Rejection::OutOfHours => HandOffResult::OutOfHours,
                Rejection::Blocked => HandOffResult::Blocked,
            };
            self.board.queue(self.tenant, rejected.queue).hand_off(rejected.reason, result);
        }
    }

    fn assigned(&self, assigned: &Assigned, facts: Option<TicketFacts>) {
        let Some(facts) = facts else { return };
        if facts.test {
            self.center.probe.wait.record(seconds(assigned.waited_us));
            return;
        }
        let queue = self.board.queue(self.tenant, facts.queue);
        queue.wait_assigned.record(seconds(assigned.waited_us));
        if let Some(told) = assigned.told {
            queue.wait_estimated(assigned.waited_us, told);
        }
        if !facts.assigned_before && !facts.target_missed {
            queue.assigned_in_target.increment(1);
        }
    }

    fn message(&self, message: &MessageStored, facts: Option<TicketFacts>) {
        let Some(facts) = facts else { return };
        if facts.test {
            if let Some(first_response_us) = message.first_response_us {
                self.center.probe.first_response.record(seconds(first_response_us));
            }
            return;
        }
        let queue = self.board.queue(self.tenant, facts.queue);
        for (time, histogram) in [
            (message.first_response_us, &queue.first_response),
            (message.total_wait_us, &queue.total_wait),
            (message.response_us, &queue.response),
        ] {
            if let Some(time) = time {
                histogram.record(seconds(time));
            }
        }
        if let Some(judgement) = message.judged {
            judge(queue, judgement, facts.assigned_before);
        }
    }

    fn closed(&self, closed: &Closed, facts: Option<TicketFacts>) {
        let Some(facts) = facts else { return };
        let exporter = &self.center.exporter;
        if facts.test {
            let outcome = labels::outcome(closed.outcome);
            exporter.counter(&names::PROBE_TICKETS_CLOSED, &[outcome]).increment(1);
            if closed.outcome == Outcome::Attended {
                self.center.probe.last_attended.set(seconds(self.at));
            }
            return;
        }
        let queue = self.board.queue(self.tenant, facts.queue);
        queue.closed(exporter, closed.reason, closed.outcome);
        match closed.outcome {
            Outcome::AbandonedAnswered => queue.abandoned_answered.increment(1),
            Outcome::AbandonedUnanswered => queue.abandoned_unanswered.increment(1),
            Outcome::Transferred
            | Outcome::Lost
            | Outcome::TakenBack
            | Outcome::Attended
            | Outcome::Unserved => {}
        }
        if let Some(waited_us) = closed.waited_us {
            queue.wait_ended(exporter, closed.outcome, seconds(waited_us));
        }
        if let Some(handle_us) = closed.handle_us {
            queue.handle.record(seconds(handle_us));
        }
        if let Some(judgement) = closed.judged {
            judge(queue, judgement, facts.assigned_before);
        }
    }
}

impl Probe {
    fn new(exporter: &Exporter) -> Self {
        for outcome in ["attended", "unserved"] {
            let _ = exporter.counter(&names::PROBE_TICKETS_CLOSED, &[outcome]);
        }
        Self {
            opened: exporter.counter(&names::PROBE_TICKETS_OPENED, &[]),
            wait: exporter.histogram(&names::PROBE_WAIT_SECONDS, &[]),
            first_response: exporter.histogram(&names::PROBE_FIRST_RESPONSE_SECONDS, &[]),
            last_attended: exporter.gauge(&names::PROBE_LAST_ATTENDED, &[]),
        }
    }
}

/// Counts the judgement of a conversation; by assignment too, if it never had an agent. One that
/// had was judged by assignment when it got its first.
fn judge(queue: &QueueSeries, judgement: Judgement, assigned_before: bool) {
    let lost = |lost: &Lost, short: bool| {
        if short { &lost.short } else { &lost.other }.increment(1);
    };
    match judgement {
        Judgement::AnsweredInTarget => queue.answered_in_target.increment(1),
        Judgement::Missed => {
            queue.target_missed.increment(1);
            if !assigned_before {
                queue.assignment_target_missed.increment(1);
            }
        }
        Judgement::LostInTarget | Judgement::LostShort => {
            let short = judgement == Judgement::LostShort;
            lost(&queue.lost_in_target, short);
            if !assigned_before {
                lost(&queue.assignment_lost_in_target, short);
            }
        }
    }
}

fn seconds(micros: Micros) -> f64 {
    micros as f64 / 1e6
}

#[cfg(test)]
mod tests;
