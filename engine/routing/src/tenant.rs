//! A tenant: the whole routing state of an organization as a plain value.

use crate::audit::{self, Audit};
use crate::directory::Directory;
use crate::event::Event;
use crate::handle::{Sessions, Turn};
use crate::input::Command;
pub use crate::origin::Origin;
use crate::origin::TicketIds;
use crate::positions;
use crate::seats::Seats;
pub use crate::settings::Settings;
use crate::snapshot::{self, SnapshotError};
use crate::state::State;
use crate::state::agents::Agent;
use crate::state::queues::Queue;
use crate::stats::{BotSeats, QueueAgents, QueueStats, Stats};
use crate::{Micros, Step};
use relevo_wire::push::Position;
use relevo_wire::vocabulary::{Intent, Reachability};
use relevo_wire::{AgentId, BotId, QueueId, TenantId};
use std::collections::BTreeMap;

/// Most tickets of a line that are looked at for the oldest: every step of a busy queue may ask.
const OLDEST_LOOKED_AT: usize = 64;

/// The state of one tenant. [`Tenant::handle`] decides, [`Tenant::apply`] changes.
#[derive(Debug)]
pub struct Tenant {
    id: TenantId,
    pub(crate) state: State,
    pub(crate) sessions: Sessions,
    pub(crate) ids: TicketIds,
}

impl Tenant {
    /// An empty tenant.
    #[must_use]
    pub fn new(id: TenantId, settings: Settings) -> Self {
        Self::with_state(id, State::new(settings))
    }

    /// Where the ids of new tickets are made: to be set once after every start.
    pub fn set_origin(&mut self, origin: Origin) {
        self.ids.set_origin(origin);
    }

    /// Decides one input: the events are already applied when this returns. `now` is never below
    /// that of an input or event before. `seats` are the tenant's own words, by agent number.
    pub fn handle(&mut self, now: Micros, seats: &mut Seats, command: Command) -> Step {
        self.state.age_lines(now);
        let assignments_left = self.state.settings.assignments_per_step;
        let turn = Turn {
            state: &mut self.state,
            sessions: &mut self.sessions,
            ids: &mut self.ids,
            seats,
            now,
            step: Step::default(),
            assignments_left,
            steps_left: assignments_left,
        };
        turn.decide(command)
    }

    /// Applies an event of the log: recovery, and the fold of a snapshot. Never what
    /// [`Tenant::handle`] has returned.
    ///
    /// # Panics
    /// The event names what this state does not have: events of another tenant, or not in order.
    pub fn apply(&mut self, now: Micros, event: &Event) {
        #[cfg(planted)]
        if crate::planted::is(crate::planted::Bug::ForgottenAnswers)
            && matches!(event, Event::Answered(_))
        {
            return;
        }
        self.state.apply(now, event);
        // What was matched stands in the log; the rest is found at `Input::Ready`.
        self.state.wake.clear();
    }

    /// When an `Input::Tick` is needed, at or after it. None between `Started` and `Ready`.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Micros> {
        if self.state.starting_since.is_some() {
            return None;
        }
        if !self.state.wake.is_empty() {
            return Some(0);
        }
        self.state.timers.next()
    }

    /// Counts the seat words from the tickets, after recovery and before any session.
    pub fn restore_seats(&self, seats: &mut Seats) {
        for (id, agent) in self.state.agents.iter() {
            let capacity = if agent.exists && agent.active { agent.seats } else { 0 };
            let used = u16::try_from(agent.tickets.len()).unwrap_or(u16::MAX);
            #[cfg(planted)]
            let used =
                if crate::planted::is(crate::planted::Bug::UncountedSeats) { 0 } else { used };
            let wants = agent.exists && agent.intent == Intent::Online;
            let grace = agent.reachability == Reachability::Grace;
            let word = seats.ensure(id.0 as usize, capacity);
            word.restore(used, capacity, wants, false, grace);
        }
    }

    /// The state as bytes: same state, same bytes.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        snapshot::write(self.id, &self.state)
    }

    /// Reads [`Tenant::snapshot`]. Seats and the origin of ids are to be set as after a start.
    ///
    /// # Errors
    /// The bytes are damaged, or of another version.
    pub fn from_snapshot(bytes: &[u8], settings: Settings) -> Result<Self, SnapshotError> {
        let (id, state) = snapshot::read(bytes, settings)?;
        Ok(Self::with_state(id, state))
    }

    /// Whose state it is.
    #[must_use]
    pub fn id(&self) -> TenantId {
        self.id
    }

    /// The periods and bounds.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.state.settings
    }

    /// Objects, names, keys.
    #[must_use]
    pub fn directory(&self) -> &Directory {
        &self.state.directory
    }

    /// Version of the directory, for the header of records.
    #[must_use]
    pub fn directory_version(&self) -> u64 {
        self.state.directory.version()
    }

    /// Looks for waiting tickets beside eligible agents, in `queues` queues from number
    /// `queue_from` on. To be called between inputs, a few queues a turn.
    #[must_use]
    pub fn audit(&self, seats: &Seats, queue_from: usize, queues: usize, now: Micros) -> Audit {
        let due = self.next_deadline();
        if due == Some(0) {
            return Audit { violations: Vec::new(), unfinished: true };
        }
        // What time alone made possible since the last tick is the next tick's work.
        let now = due.map_or(now, |due| now.min(due.saturating_sub(1)));
        audit::audit(&self.state, seats, queue_from, queues, now)
    }

    /// Adds to `found` the places in line that are to be told now: of waiting tickets that asked,
    /// where the place is another than was told last, each at most once in
    /// [`Settings::position_interval_us`]. Walks at most `places` places of the lines in which
    /// somebody asked, goes on there with the next call, begins anew at most once a second, and
    /// gives back how many places it walked. Every place told is exact; a ticket is looked at as
    /// often as the calls come round to it, so that those of very long lines are told less often.
    /// Changes nothing that an event or a snapshot tells of. To be called between inputs.
    pub fn look_at_positions(
        &mut self,
        now: Micros,
        places: usize,
        found: &mut Vec<Position>,
    ) -> usize {
        self.state.age_lines(now);
        positions::look(&mut self.state, now, places, found)
    }

    /// Numbers of the tenant.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.state.stats
    }

    /// Numbers of a queue; all zero for one that does not exist.
    #[must_use]
    pub fn queue_stats(&self, queue: QueueId) -> QueueStats {
        let Some(entry) = self.state.queues.get(queue) else { return QueueStats::default() };
        QueueStats {
            open: self.state.is_open(queue),
            depth: entry.waiting,
            oldest_waiting_since: self.oldest_waiting_since(entry),
            oldest_unanswered: entry
                .unanswered_since
                .first()
                .map(|(at, slot)| entry.by_clock(at, self.state.tickets.at(slot))),
            clocks_stopped_at: entry.shut.then_some(entry.doors.shut_since),
            online: entry.online,
        }
    }

    /// By its clock the first to wait is the oldest, but where he has come from a queue that was closed
    /// longer: those behind him may be older, as long as they began before what is found.
    fn oldest_waiting_since(&self, queue: &Queue) -> Option<Micros> {
        let mut oldest = None;
        for (at, slot) in queue.waits.iter().take(OLDEST_LOOKED_AT) {
            if oldest.is_some_and(|oldest| oldest <= at) {
                break;
            }
            let since = queue.by_clock(at, self.state.tickets.at(slot));
            oldest = Some(oldest.map_or(since, |oldest: Micros| oldest.min(since)));
        }
        oldest
    }

    /// What the members of a queue do. Walks them: for a scrape, not for every step.
    #[must_use]
    pub fn queue_agents(&self, queue: QueueId) -> QueueAgents {
        let mut counts = QueueAgents::default();
        let Some(queue) = self.state.queues.get(queue) else { return counts };
        for id in &queue.members {
            let agent = self.state.agents.at(*id);
            let count = match (agent.intent, agent.reachability) {
                _ if !agent.active => &mut counts.offline,
                // Whatever else it does, the queues of this bot have nothing of it.
                _ if self.state.agents.is_absent(*id, queue.bot) => &mut counts.offline,
                (Intent::Offline, _) => &mut counts.offline,
                (_, Reachability::Unreachable | Reachability::Grace) => &mut counts.unreachable,
                (Intent::Paused, _) => &mut counts.paused,
                (Intent::Invisible, _) => &mut counts.invisible,
                (Intent::Online, _) if agent.not_responding => &mut counts.not_responding,
                (Intent::Online, _) if agent.free_seats() > 0 => &mut counts.available,
                (Intent::Online, _) => &mut counts.full,
            };
            *count += 1;
        }
        counts
    }

    /// What a bot has of the seats of the agents online who serve it.
    #[must_use]
    pub fn bot_seats(&self, bot: BotId) -> BotSeats {
        let Some(share) = self.state.bots.get(bot).map(|bot| bot.share) else {
            return BotSeats::default();
        };
        BotSeats { seats: share.seats, guaranteed: share.guaranteed(), used: share.used }
    }

    /// As [`Tenant::bot_seats`], of every bot with a guaranteed share.
    #[must_use]
    pub fn shares(&self) -> BTreeMap<BotId, BotSeats> {
        if !self.state.bots.any_shares() {
            return BTreeMap::new();
        }
        let bots = self.state.bots.iter().filter(|(_, bot)| bot.share.is_some());
        bots.map(|(id, _)| (id, self.bot_seats(id))).collect()
    }

    /// How many seats of an agent tickets and offers take; 0 for one that does not exist.
    #[must_use]
    pub fn tickets_of(&self, agent: AgentId) -> usize {
        self.state.agents.get(agent).map_or(0, Agent::seats_used)
    }

    /// Queues whose [`Tenant::queue_stats`] have changed since the last call, each once.
    pub fn take_changed_queues(&mut self) -> Vec<QueueId> {
        self.state.queues.take_changed()
    }

    fn with_state(id: TenantId, state: State) -> Self {
        Self { id, state, sessions: Sessions::default(), ids: TicketIds::default() }
    }
}
