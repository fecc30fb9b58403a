//! The periods and bounds of a tenant, each with the source of its default.

use crate::Micros;

const SECOND: Micros = 1_000_000;
const HOUR: Micros = 3_600 * SECOND;

/// Periods in microseconds, bounds in pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How long an agent without a session keeps its tickets and counts as gone to nobody.
    /// 30 s: a phone changes networks or a browser reloads in less.
    pub grace_us: Micros,
    /// An agent unreachable for longer becomes `offline`. 1 h: longer than a meeting, shorter than
    /// the night.
    pub presence_expiry_us: Micros,
    /// Who gave a ticket away does not get it back so long, unless another had it. 60 s: as long as
    /// a transfer waits for its agent.
    pub exclusion_us: Micros,
    /// How long a closed ticket stays resumable when a party does not confirm it. 24 h: what the
    /// protocol promises.
    pub closed_retention_us: Micros,
    /// Most closed tickets that stay resumable; beyond it the oldest go first. 1,000,000: about
    /// 300 MB.
    pub closed_tickets: usize,
    /// How long an idempotency key is kept. 24 h: what the protocol promises.
    pub idempotency_us: Micros,
    /// Most idempotency keys, oldest out first. 1,000,000 in the daemon: the shell divides it when
    /// it serves several tenants.
    pub idempotency_keys: usize,
    /// Most idempotency keys of one credential, oldest out first. 100,000: a tenth of all.
    pub idempotency_keys_per_credential: usize,
    /// Most tickets that an agent has parked at once. 100: each takes memory for up to a week, and more
    /// nobody keeps in mind.
    pub parked_per_agent: u32,
    /// Client message ids that are remembered per ticket and author. 1,024: more than a client
    /// keeps unanswered.
    pub message_ids_per_ticket: usize,
    /// Channel message ids of customers without a ticket that are remembered in all. 65,536: a
    /// minute of a thousand repeats a second.
    pub contact_message_ids: usize,
    /// Most contacts of a tenant that are blocked at once; one more is refused. 10,000: people decide on
    /// each.
    pub blocked_contacts: usize,
    /// How long it is remembered who served a contact last, where its bot asks. 30 days: whoever comes
    /// back later has another matter.
    pub last_agent_us: Micros,
    /// Most contacts of whom that is remembered, longest ago out first. 500,000: some 45 MB.
    pub last_agents: usize,
    /// How long a contact stands in a call-back list. 7 days: who was not called by then has asked elsewhere.
    pub callbacks_us: Micros,
    /// Most contacts in the call-back list of a bot, oldest out first. 10,000: more than people call back
    /// in a week.
    pub callbacks_per_bot: usize,
    /// Most contacts in the call-back lists of all bots of a tenant, oldest out first. 100,000.
    pub callbacks: usize,
    /// Most private bytes of a ticket that a party has not confirmed. 4 MiB: 64 messages of the
    /// greatest length.
    pub unconfirmed_bytes: u32,
    /// Service-level thresholds that a queue may have, in seconds: the bucket bounds of the metrics.
    /// The shell adds those of `extra_buckets`.
    pub thresholds_seconds: Vec<u32>,
    /// Most bots, queues and agents ever put, each. 1,000,000: an agent takes some 300 bytes.
    pub objects: usize,
    /// Most stored credentials. 100,000.
    pub keys: usize,
    /// A waiting ticket that asked is told its place in line at most once in this time. 10 s: what
    /// the protocol promises.
    pub position_interval_us: Micros,
    /// Most deadlines that one tick handles, so that a record stays small; the next tick goes on at
    /// once. 256: some 16 KiB of events.
    pub deadlines_per_tick: usize,
    /// Most assignments that one step makes beyond the one that an agent pulls, and most tickets that
    /// it moves on to other queues; what is left is done by a tick at once. 256: as above.
    pub assignments_per_step: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            grace_us: 30 * SECOND,
            presence_expiry_us: HOUR,
            exclusion_us: 60 * SECOND,
            closed_retention_us: 24 * HOUR,
            closed_tickets: 1_000_000,
            idempotency_us: 24 * HOUR,
            idempotency_keys: 1_000_000,
            idempotency_keys_per_credential: 100_000,
            parked_per_agent: 100,
            message_ids_per_ticket: 1_024,
            contact_message_ids: 65_536,
            blocked_contacts: 10_000,
            last_agent_us: 30 * 24 * HOUR,
            last_agents: 500_000,
            callbacks_us: 7 * 24 * HOUR,
            callbacks_per_bot: 10_000,
            callbacks: 100_000,
            unconfirmed_bytes: 4 * 1024 * 1024,
            thresholds_seconds: vec![
                1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1200, 1800, 3600, 7200,
                14400, 28800, 86400,
            ],
            objects: 1_000_000,
            keys: 100_000,
            position_interval_us: 10 * SECOND,
            deadlines_per_tick: 256,
            assignments_per_step: 256,
        }
    }
}
