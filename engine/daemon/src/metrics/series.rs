//! The registered handles of one queue, one bot, one tenant. Series that this version can feed
//! exist from the start with 0, so that a rate sees the first event; others when first needed.

use super::labels::{
    self, HAND_OFF_REASONS, HandOffResult, OFFER_ENDS, OVERFLOW_REASONS, REQUEUE_REASONS, SILENT,
    TARGET_STATES, TICKET_TARGETS,
};
use super::names::contact_center as names;
use super::recorder::Exporter;
use ::metrics::{Counter, Gauge, Histogram};
use relevo_routing::Micros;
use relevo_routing::event::OverflowReason;
use relevo_wire::EstimatedWait;
use relevo_wire::vocabulary::{
    CloseReason, OfferEnd, Outcome, RequeueReason, Silent, TargetState, TicketTarget, Via,
};

/// States of the members of a queue.
pub(super) const QUEUE_AGENT_STATES: [&str; 6] =
    ["available", "full", "not_responding", "paused", "invisible", "unreachable"];
/// States of the agents of a tenant.
pub(super) const AGENT_STATES: [&str; 5] =
    ["online", "paused", "invisible", "offline", "unreachable"];
/// States of open tickets.
pub(super) const TICKET_STATES: [&str; 7] =
    ["waiting", "assigned", "in_service", "on_hold", "parked", "away", "wrapping"];
/// States of bots.
pub(super) const BOT_STATES: [&str; 2] = ["reachable", "unreachable"];

/// What `relevo_queue_wait_seconds` ends with while nothing but an assignment or a loss is common.
const USUAL_WAITS: [&str; 2] = ["assigned", "lost"];

/// How tickets of this version end.
const USUAL_ENDS: [(CloseReason, Outcome); 9] = [
    (CloseReason::Agent, Outcome::Attended),
    (CloseReason::Agent, Outcome::Unserved),
    (CloseReason::Client, Outcome::Lost),
    (CloseReason::Client, Outcome::AbandonedUnanswered),
    (CloseReason::Bot, Outcome::TakenBack),
    (CloseReason::Transferred, Outcome::Transferred),
    (CloseReason::Client, Outcome::AbandonedAnswered),
    (CloseReason::NoAgent, Outcome::Unserved),
    (CloseReason::Expired, Outcome::Unserved),
];

/// Handles of a queue, or of the rest.
#[derive(Debug)]
pub(super) struct QueueSeries {
    names: [String; 3],
    pub(super) wait_assigned: Histogram,
    pub(super) wait_lost: Histogram,
    pub(super) first_response: Histogram,
    pub(super) total_wait: Histogram,
    pub(super) response: Histogram,
    pub(super) handle: Histogram,
    pub(super) abandoned_answered: Counter,
    pub(super) abandoned_unanswered: Counter,
    pub(super) answered_in_target: Counter,
    pub(super) target_missed: Counter,
    pub(super) lost_in_target: Lost,
    pub(super) assigned_in_target: Counter,
    pub(super) assignment_target_missed: Counter,
    pub(super) assignment_lost_in_target: Lost,
    pub(super) depth: Gauge,
    pub(super) oldest_waiting_since: Gauge,
    pub(super) oldest_unanswered: Gauge,
    pub(super) open: Gauge,
    pub(super) target: Gauge,
    pub(super) agents: [Gauge; QUEUE_AGENT_STATES.len()],
    pub(super) tickets: [Gauge; TICKET_STATES.len()],
    pub(super) offers_made: Counter,
    hand_offs: [[Counter; HandOffResult::ALL.len()]; HAND_OFF_REASONS.len()],
    arrived_hand_off: Counter,
    arrived_transfer: Counter,
    arrived_reopen: Counter,
    arrived_overflow: Counter,
    overflowed: [Counter; OVERFLOW_REASONS.len()],
    /// By figure, then within it and beyond.
    estimates: [[Counter; 2]; 2],
    offers_ended: [Counter; OFFER_ENDS.len()],
    warned: [Counter; SILENT.len()],
    /// By target, then by state.
    targets: [[Counter; TARGET_STATES.len()]; TICKET_TARGETS.len()],
    requeued: [Counter; REQUEUE_REASONS.len()],
    closed: Vec<((CloseReason, Outcome), Counter)>,
}

/// Losses within the target, short ones apart.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) short: Counter,
    pub(super) other: Counter,
}

impl QueueSeries {
    pub(super) fn new(exporter: &Exporter, queue: [&str; 3]) -> Self {
        let with = |value| [queue[0], queue[1], queue[2], value];
        let counter = |metric| exporter.counter(metric, &queue);
        let histogram = |metric| exporter.histogram(metric, &queue);
        let gauge = |metric| exporter.gauge(metric, &queue);
        let wait = |outcome| exporter.histogram(&names::QUEUE_WAIT_SECONDS, &with(outcome));
        let abandoned =
            |answered| exporter.counter(&names::TICKETS_ABANDONED, &with(labels::yes_no(answered)));
        let lost = |metric| Lost {
            short: exporter.counter(metric, &with(labels::yes_no(true))),
            other: exporter.counter(metric, &with(labels::yes_no(false))),
        };
        let [wait_assigned, wait_lost] = USUAL_WAITS.map(wait);
        Self {
            names: queue.map(String::from),
            wait_assigned,
            wait_lost,
            first_response: histogram(&names::FIRST_RESPONSE_SECONDS),
            total_wait: histogram(&names::TOTAL_WAIT_SECONDS),
            response: histogram(&names::RESPONSE_SECONDS),
            handle: histogram(&names::HANDLE_SECONDS),
            abandoned_answered: abandoned(true),
            abandoned_unanswered: abandoned(false),
            answered_in_target: counter(&names::ANSWERED_IN_TARGET),
            target_missed: counter(&names::TARGET_MISSED),
            lost_in_target: lost(&names::LOST_IN_TARGET),
            assigned_in_target: counter(&names::ASSIGNED_IN_TARGET),
            assignment_target_missed: counter(&names::ASSIGNMENT_TARGET_MISSED),
            assignment_lost_in_target: lost(&names::ASSIGNMENT_LOST_IN_TARGET),
            depth: gauge(&names::QUEUE_DEPTH),
            oldest_waiting_since: gauge(&names::OLDEST_WAITING_SINCE),
            oldest_unanswered: gauge(&names::OLDEST_UNANSWERED),
            open: gauge(&names::QUEUE_OPEN),
            target: gauge(&names::QUEUE_TARGET_SECONDS),
            agents: QUEUE_AGENT_STATES
                .map(|state| exporter.gauge(&names::QUEUE_AGENTS, &with(state))),
            tickets: TICKET_STATES.map(|state| exporter.gauge(&names::TICKETS, &with(state))),
            offers_made: counter(&names::OFFERS_MADE),
            hand_offs: HAND_OFF_REASONS.map(|reason| {
                HandOffResult::ALL.map(|result| {
                    let reason = labels::hand_off_reason(reason);
                    let values = [queue[0], queue[1], queue[2], reason, result.name()];
                    exporter.counter(&names::HAND_OFFS, &values)
                })
            }),
            arrived_hand_off: arrived(exporter, queue, Via::HandOff),
            arrived_transfer: arrived(exporter, queue, Via::Transfer),
            arrived_reopen: arrived(exporter, queue, Via::Reopen),
            arrived_overflow: arrived(exporter, queue, Via::Overflow),
            offers_ended: OFFER_ENDS
                .map(|end| exporter.counter(&names::OFFERS_ENDED, &with(labels::offer_end(end)))),
            warned: SILENT.map(|silent| {
                let silent = labels::silent(silent);
                exporter.counter(&names::INACTIVITY_WARNINGS, &with(silent))
            }),
            targets: TICKET_TARGETS.map(|which| {
                TARGET_STATES.map(|state| {
                    let (which, state) =
                        (labels::ticket_target(which), labels::target_state(state));
                    let values = [queue[0], queue[1], queue[2], which, state];
                    exporter.counter(&names::TARGETS_TOLD, &values)
                })
            }),
            requeued: REQUEUE_REASONS.map(|reason| {
                let reason = labels::requeue_reason(reason);
                exporter.counter(&names::TICKETS_REQUEUED, &with(reason))
            }),
            overflowed: OVERFLOW_REASONS.map(|reason| {
                let reason = labels::overflow_reason(reason);
                exporter.counter(&names::TICKETS_OVERFLOWED, &with(reason))
            }),
            estimates: ["p50", "p90"].map(|told| {
                ["within", "beyond"].map(|result| {
                    let values = [queue[0], queue[1], queue[2], told, result];
                    exporter.counter(&names::WAIT_ESTIMATES, &values)
                })
            }),
            closed: USUAL_ENDS
                .map(|(reason, outcome)| {
                    ((reason, outcome), closed(exporter, queue, reason, outcome))
                })
                .into(),
        }
    }

    /// Counts a hand-off.
    pub(super) fn hand_off(
        &self,
        reason: relevo_wire::vocabulary::HandOffReason,
        result: HandOffResult,
    ) {
        self.hand_offs[reason as usize][result as usize].increment(1);
    }

    /// Counts a ticket made, or one that came from another queue.
    pub(super) fn arrived(&self, via: Via) {
        match via {
            Via::HandOff => self.arrived_hand_off.increment(1),
            Via::Transfer => self.arrived_transfer.increment(1),
            Via::Reopen => self.arrived_reopen.increment(1),
            Via::Overflow => self.arrived_overflow.increment(1),
        }
    }

    /// Counts a ticket closed.
    pub(super) fn closed(&self, exporter: &Exporter, reason: CloseReason, outcome: Outcome) {
        match self.closed.iter().find(|(end, _)| *end == (reason, outcome)) {
            Some((_, counter)) => counter.increment(1),
            None => closed(exporter, self.names(), reason, outcome).increment(1),
        }
    }

    /// Counts an offer that ended without an acceptance.
    pub(super) fn offer_ended(&self, end: OfferEnd) {
        self.offers_ended[end as usize].increment(1);
    }

    /// Counts a warning to who is silent.
    pub(super) fn warned(&self, silent: Silent) {
        self.warned[silent as usize].increment(1);
    }

    /// Counts a target that is at risk, or missed.
    pub(super) fn target_told(&self, which: TicketTarget, state: TargetState) {
        self.targets[which as usize][state as usize].increment(1);
    }

    /// Counts a ticket that went back to its line.
    pub(super) fn requeued(&self, reason: RequeueReason) {
        self.requeued[reason as usize].increment(1);
    }

    /// Counts a ticket that went on to another queue.
    pub(super) fn overflowed(&self, reason: OverflowReason) {
        self.overflowed[reason as usize].increment(1);
    }

    /// Holds a wait against what was told of it.
    pub(super) fn wait_estimated(&self, waited_us: Micros, told: EstimatedWait) {
        for (seconds, results) in
            [told.p50_seconds, told.p90_seconds].into_iter().zip(&self.estimates)
        {
            let is_beyond = waited_us > Micros::from(seconds) * 1_000_000;
            results[usize::from(is_beyond)].increment(1);
        }
    }

    /// The wait of a ticket that ended while it waited.
    pub(super) fn wait_ended(&self, exporter: &Exporter, outcome: Outcome, seconds: f64) {
        if outcome == Outcome::Lost {
            self.wait_lost.record(seconds);
        } else {
            let [tenant, bot, queue] = self.names();
            let values = [tenant, bot, queue, labels::outcome(outcome)];
            exporter.histogram(&names::QUEUE_WAIT_SECONDS, &values).record(seconds);
        }
    }

    fn names(&self) -> [&str; 3] {
        [&self.names[0], &self.names[1], &self.names[2]]
    }
}

fn arrived(exporter: &Exporter, [tenant, bot, queue]: [&str; 3], via: Via) -> Counter {
    exporter.counter(&names::TICKETS_ARRIVED, &[tenant, bot, queue, labels::via(via)])
}

fn closed(
    exporter: &Exporter,
    [tenant, bot, queue]: [&str; 3],
    reason: CloseReason,
    outcome: Outcome,
) -> Counter {
    let values = [tenant, bot, queue, labels::close_reason(reason), labels::outcome(outcome)];
    exporter.counter(&names::TICKETS_CLOSED, &values)
}

/// Handles of a bot, or of the rest.
#[derive(Debug)]
pub(super) struct BotSeries {
    pub(super) states: [Gauge; BOT_STATES.len()],
    /// In all, guaranteed, used.
    pub(super) seats: [Gauge; 3],
}

impl BotSeries {
    pub(super) fn new(exporter: &Exporter, [tenant, bot]: [&str; 2]) -> Self {
        let seats = [&names::BOT_SEATS, &names::BOT_SEATS_GUARANTEED, &names::BOT_SEATS_USED];
        Self {
            states: BOT_STATES.map(|state| exporter.gauge(&names::BOTS, &[tenant, bot, state])),
            seats: seats.map(|metric| exporter.gauge(metric, &[tenant, bot])),
        }
    }
}

/// Handles of a tenant, or of the rest.
#[derive(Debug)]
pub(super) struct TenantSeries {
    pub(super) agents: [Gauge; AGENT_STATES.len()],
    pub(super) seats: Gauge,
    pub(super) seats_used: Gauge,
}

impl TenantSeries {
    pub(super) fn new(exporter: &Exporter, tenant: &str) -> Self {
        Self {
            agents: AGENT_STATES.map(|state| exporter.gauge(&names::AGENTS, &[tenant, state])),
            seats: exporter.gauge(&names::SEATS, &[tenant]),
            seats_used: exporter.gauge(&names::SEATS_USED, &[tenant]),
        }
    }
}
