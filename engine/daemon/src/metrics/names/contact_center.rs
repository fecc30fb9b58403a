//! What a supervisor asks: waits, answers, ends, service levels, people.

use super::{Buckets, Metric, Unit, counter, gauge, seconds};

const QUEUE: &[&str] = &["tenant", "bot", "queue"];

/// Waiting since to the end of the wait.
pub const QUEUE_WAIT_SECONDS: Metric = seconds(
    "relevo_queue_wait_seconds",
    Buckets::ContactCenter,
    &["tenant", "bot", "queue", "outcome"],
    "Time from when a ticket last began to wait until it was assigned, or ended as the outcome says.",
);
/// Latest assignment to the first human message.
pub const FIRST_RESPONSE_SECONDS: Metric = seconds(
    "relevo_first_response_seconds",
    Buckets::ContactCenter,
    QUEUE,
    "Time from the latest assignment of a ticket to its first human message.",
);
/// First wait of the conversation to its first human message.
pub const TOTAL_WAIT_SECONDS: Metric = seconds(
    "relevo_total_wait_seconds",
    Buckets::ContactCenter,
    QUEUE,
    "Time from the first wait of a conversation to its first human message, once a conversation.",
);
/// Per interaction after the first reply.
pub const RESPONSE_SECONDS: Metric = seconds(
    "relevo_response_seconds",
    Buckets::ContactCenter,
    QUEUE,
    "Time from the first unanswered customer message to the human answer, after the first reply.",
);
/// First response to closed.
pub const HANDLE_SECONDS: Metric = seconds(
    "relevo_handle_seconds",
    Buckets::ContactCenter,
    QUEUE,
    "Time from the first human message of a ticket to its close.",
);
/// Tickets that began to exist.
pub const TICKETS_ARRIVED: Metric = counter(
    "relevo_tickets_arrived_total",
    &["tenant", "bot", "queue", "via"],
    "Tickets made, by how they came into the line.",
);
/// Tickets that ended.
pub const TICKETS_CLOSED: Metric = counter(
    "relevo_tickets_closed_total",
    &["tenant", "bot", "queue", "reason", "outcome"],
    "Tickets closed, by closing reason and outcome.",
);
/// The customer left after an assignment.
pub const TICKETS_ABANDONED: Metric = counter(
    "relevo_tickets_abandoned_total",
    &["tenant", "bot", "queue", "answered"],
    "Tickets whose customer left after an assignment, after (yes) or before (no) the first reply.",
);
/// Estimated waits, held against those that came.
pub const WAIT_ESTIMATES: Metric = counter(
    "relevo_wait_estimates_total",
    &["tenant", "bot", "queue", "told", "result"],
    "Waits up to an assignment that a hand-off was told an estimate of: within it or beyond. Of p50 half should be within, of p90 nine of ten.",
);
/// Tickets that went on to another queue.
pub const TICKETS_OVERFLOWED: Metric = counter(
    "relevo_tickets_overflowed_total",
    &["tenant", "bot", "queue", "reason"],
    "Tickets of the queue that went on to another: timeout, nobody_online, or at the hand-off full or out_of_hours.",
);
/// Customers warned, and agents told, that they are awaited.
pub const INACTIVITY_WARNINGS: Metric = counter(
    "relevo_inactivity_warnings_total",
    &["tenant", "bot", "queue", "reason"],
    "Warnings by the queue's rules of inactivity, by who was silent (reason): customer or agent.",
);
/// Targets of tickets that agents have. The service level of conversations has series of its own.
pub const TARGETS_TOLD: Metric = counter(
    "relevo_ticket_targets_told_total",
    &["tenant", "bot", "queue", "reason", "result"],
    "Targets of tickets that agents were told of, by target (reason): first_response, next_response, resolution; at_risk at 80 % of the time, missed after all of it.",
);
/// Tickets that went back to their line.
pub const TICKETS_REQUEUED: Metric = counter(
    "relevo_tickets_requeued_total",
    &["tenant", "bot", "queue", "reason"],
    "Tickets that an agent had and that went back to their line: agent_gone, agent_removed, agent_inactivity.",
);
/// What became of hand-offs.
pub const HAND_OFFS: Metric = counter(
    "relevo_hand_offs_total",
    &["tenant", "bot", "queue", "reason", "result"],
    "Hand-offs that routing decided, by the bot's reason and what became of them.",
);
/// Offers of tickets to agents.
pub const OFFERS_MADE: Metric = counter(
    "relevo_offers_made_total",
    QUEUE,
    "Offers of tickets to agents, one for each agent asked; those not ended were accepted.",
);
/// Offers that nobody accepted.
pub const OFFERS_ENDED: Metric = counter(
    "relevo_offers_ended_total",
    &["tenant", "bot", "queue", "result"],
    "Offers that ended without this agent accepting: declined, missed, withdrawn, taken by another, closed.",
);
/// Judged: answered in time.
pub const ANSWERED_IN_TARGET: Metric = counter(
    "relevo_tickets_answered_in_target_total",
    QUEUE,
    "Conversations whose first human message came within the queue's target.",
);
/// Judged: missed.
pub const TARGET_MISSED: Metric = counter(
    "relevo_tickets_target_missed_total",
    QUEUE,
    "Conversations without a human message when the target passed, or ended unserved before it.",
);
/// Judged: the customer left first.
pub const LOST_IN_TARGET: Metric = counter(
    "relevo_tickets_lost_in_target_total",
    &["tenant", "bot", "queue", "short"],
    "Conversations whose customer left before the target, short ones (yes) told apart.",
);
/// Judged by assignment: in time.
pub const ASSIGNED_IN_TARGET: Metric = counter(
    "relevo_tickets_assigned_in_target_total",
    QUEUE,
    "Conversations that got their first agent within the queue's target.",
);
/// Judged by assignment: missed.
pub const ASSIGNMENT_TARGET_MISSED: Metric = counter(
    "relevo_tickets_assignment_target_missed_total",
    QUEUE,
    "Conversations without an agent when the target passed, or ended unserved before it.",
);
/// Judged by assignment: the customer left first.
pub const ASSIGNMENT_LOST_IN_TARGET: Metric = counter(
    "relevo_tickets_assignment_lost_in_target_total",
    &["tenant", "bot", "queue", "short"],
    "Conversations whose customer left before the target and before an assignment.",
);
/// Tickets in line.
pub const QUEUE_DEPTH: Metric =
    gauge("relevo_queue_depth", Unit::Things, QUEUE, "Tickets waiting in the line now.");
/// The longest wait.
pub const OLDEST_WAITING_SINCE: Metric = gauge(
    "relevo_queue_oldest_waiting_since_timestamp_seconds",
    Unit::Timestamp,
    QUEUE,
    "When the longest wait began, later by what was closed since; 0 when none counts, or closed.",
);
/// The oldest assignment without a reply.
pub const OLDEST_UNANSWERED: Metric = gauge(
    "relevo_queue_oldest_unanswered_timestamp_seconds",
    Unit::Timestamp,
    QUEUE,
    "When the oldest assigned ticket without a reply was assigned, likewise; 0 when none counts.",
);
/// Whether the queue takes tickets.
pub const QUEUE_OPEN: Metric = gauge(
    "relevo_queue_open",
    Unit::Things,
    QUEUE,
    "Open queues behind the series: 0 or 1 for a queue with a series of its own.",
);
/// The service-level threshold.
pub const QUEUE_TARGET_SECONDS: Metric = gauge(
    "relevo_queue_target_seconds",
    Unit::Seconds,
    QUEUE,
    "Service-level threshold of the queue, to the first human message; the longest of __other__.",
);
/// Members of a queue.
pub const QUEUE_AGENTS: Metric = gauge(
    "relevo_queue_agents",
    Unit::Things,
    &["tenant", "bot", "queue", "state"],
    "Members of the queue by what they could take now; those offline are not counted.",
);
/// Open tickets.
pub const TICKETS: Metric = gauge(
    "relevo_tickets",
    Unit::Things,
    &["tenant", "bot", "queue", "state"],
    "Open tickets by state, those offered among the waiting, and closed ones that are wrapped up.",
);
/// Agents of a tenant.
pub const AGENTS: Metric = gauge(
    "relevo_agents",
    Unit::Things,
    &["tenant", "state"],
    "Agents by intent, those who want to work and cannot be reached apart.",
);
/// Bots of a tenant.
pub const BOTS: Metric = gauge(
    "relevo_bots",
    Unit::Things,
    &["tenant", "bot", "state"],
    "Active bots by whether they have a session.",
);
/// Seats of the agents who serve a bot.
pub const BOT_SEATS: Metric = gauge(
    "relevo_bot_seats",
    Unit::Things,
    &["tenant", "bot"],
    "Seats of the agents online who serve the bot; 0 for a bot without a guaranteed share.",
);
/// Seats that a bot is guaranteed.
pub const BOT_SEATS_GUARANTEED: Metric = gauge(
    "relevo_bot_seats_guaranteed",
    Unit::Things,
    &["tenant", "bot"],
    "Seats of these that the bot's guaranteed share comes to, rounded down.",
);
/// Seats that a bot's tickets use.
pub const BOT_SEATS_USED: Metric = gauge(
    "relevo_bot_seats_used",
    Unit::Things,
    &["tenant", "bot"],
    "Seats of these that the bot's tickets use: more than are guaranteed are borrowed.",
);
/// Seats of the agents who take tickets.
pub const SEATS: Metric = gauge(
    "relevo_seats",
    Unit::Things,
    &["tenant"],
    "Seats of the agents who are online and can be reached.",
);
/// Seats taken.
pub const SEATS_USED: Metric =
    gauge("relevo_seats_used", Unit::Things, &["tenant"], "Seats taken, of all agents.");
/// Test tickets opened.
pub const PROBE_TICKETS_OPENED: Metric =
    counter("relevo_probe_tickets_opened_total", &[], "Test tickets made.");
/// Test tickets closed.
pub const PROBE_TICKETS_CLOSED: Metric =
    counter("relevo_probe_tickets_closed_total", &["outcome"], "Test tickets closed, by outcome.");
/// Wait of test tickets.
pub const PROBE_WAIT_SECONDS: Metric = seconds(
    "relevo_probe_wait_seconds",
    Buckets::Engine,
    &[],
    "Time from when a test ticket last began to wait until it was assigned.",
);
/// First response of test tickets.
pub const PROBE_FIRST_RESPONSE_SECONDS: Metric = seconds(
    "relevo_probe_first_response_seconds",
    Buckets::Engine,
    &[],
    "Time from the latest assignment of a test ticket to its first human message.",
);
/// Last good probe.
pub const PROBE_LAST_ATTENDED: Metric = gauge(
    "relevo_probe_last_attended_timestamp_seconds",
    Unit::Timestamp,
    &[],
    "When a test ticket last ended after a human message; 0 for never since the start.",
);

/// Everything of this page.
pub const ALL: &[Metric] = &[
    QUEUE_WAIT_SECONDS,
    FIRST_RESPONSE_SECONDS,
    TOTAL_WAIT_SECONDS,
    RESPONSE_SECONDS,
    HANDLE_SECONDS,
    TICKETS_ARRIVED,
    TICKETS_CLOSED,
    TICKETS_ABANDONED,
    WAIT_ESTIMATES,
    TICKETS_OVERFLOWED,
    INACTIVITY_WARNINGS,
    TARGETS_TOLD,
    TICKETS_REQUEUED,
    HAND_OFFS,
    OFFERS_MADE,
    OFFERS_ENDED,
    ANSWERED_IN_TARGET,
    TARGET_MISSED,
    LOST_IN_TARGET,
    ASSIGNED_IN_TARGET,
    ASSIGNMENT_TARGET_MISSED,
    ASSIGNMENT_LOST_IN_TARGET,
    QUEUE_DEPTH,
    OLDEST_WAITING_SINCE,
    OLDEST_UNANSWERED,
    QUEUE_OPEN,
    QUEUE_TARGET_SECONDS,
    QUEUE_AGENTS,
    TICKETS,
    AGENTS,
    BOTS,
    BOT_SEATS,
    BOT_SEATS_GUARANTEED,
    BOT_SEATS_USED,
    SEATS,
    SEATS_USED,
    PROBE_TICKETS_OPENED,
    PROBE_TICKETS_CLOSED,
    PROBE_WAIT_SECONDS,
    PROBE_FIRST_RESPONSE_SECONDS,
    PROBE_LAST_ATTENDED,
];
