//! A shard as a plain state machine: tenants, their seats, and what becomes of an input.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use relevo_journal::Submission;
use relevo_routing::audit::Audit;
use relevo_routing::input::{Command, Input};
use relevo_routing::record::{self, Actor, ActorKind, RecordHeader};
use relevo_routing::seats::Seats;
use relevo_routing::stats::Stats;
use relevo_routing::tenant::{Origin, Settings, Tenant};
use relevo_wire::ids::{AgentId, QueueId, TenantId, TicketId};
use relevo_wire::push::Position;

use super::ShardInput;
use super::presence::Presences;
use crate::publish::outcome::{Asker, Outcome};
use crate::session::Party;
use crate::views::Views;

/// A tenant and the seat words of its agents.
#[derive(Debug)]
pub struct Slot {
    /// Its state.
    pub tenant: Tenant,
    /// Its seat words.
    pub seats: Seats,
    registered: usize,
    stats: Option<Stats>,
    audited: usize,
    watch: ViolationWatch,
}

impl Slot {
    fn new(tenant: Tenant, seats: Seats) -> Self {
        Self {
            tenant,
            seats,
            registered: 0,
            stats: None,
            audited: 0,
            watch: ViolationWatch::default(),
        }
    }
}

/// How long violations have lasted: a pair that is seen once and gone at the next look was between
/// two commands of a session that closed, not a lost wake-up.
#[derive(Debug, Default)]
struct ViolationWatch {
    since: BTreeMap<(QueueId, TicketId), u64>,
}

impl ViolationWatch {
    fn look(&mut self, audit: &Audit, queues: std::ops::Range<usize>, now: u64) {
        let found: BTreeSet<(QueueId, TicketId)> =
            audit.violations.iter().map(|violation| (violation.queue, violation.ticket)).collect();
        self.since.retain(|pair, _| !queues.contains(&(pair.0.0 as usize)) || found.contains(pair));
        for pair in found {
            self.since.entry(pair).or_insert(now);
        }
    }

    fn longest_us(&self, now: u64) -> u64 {
        self.since.values().map(|since| now.saturating_sub(*since)).max().unwrap_or(0)
    }
}

/// The state of a shard.
#[derive(Debug)]
pub struct ShardMachine {
    tenants: BTreeMap<TenantId, Slot>,
    presences: Arc<Presences>,
    settings: Settings,
    /// Where the next tenant makes its ids.
    next_origin: Origin,
    /// The tenant that was looked at last for places in line to tell.
    positions_told: TenantId,
}

impl ShardMachine {
    /// A shard with the tenants that recovery found.
    #[must_use]
    pub fn new(
        tenants: impl IntoIterator<Item = (TenantId, Tenant)>,
        presences: Arc<Presences>,
        settings: Settings,
        origin: Origin,
    ) -> Self {
        let mut machine = Self {
            tenants: BTreeMap::new(),
            presences,
            settings,
            next_origin: origin,
            positions_told: TenantId(0),
        };
        for (id, mut tenant) in tenants {
            tenant.set_origin(machine.next_origin);
            machine.next_origin.tenant += 1;
            let mut seats = Seats::default();
            tenant.restore_seats(&mut seats);
            let mut slot = Slot::new(tenant, seats);
            register(&machine.presences, id, &mut slot);
            machine.tenants.insert(id, slot);
        }
        machine
    }

    /// Decides one input. Every result is a submission, also a refusal or a read: an answer never
    /// overtakes the journal.
    pub fn handle(&mut self, now: u64, input: ShardInput) -> Submission<Outcome> {
        let ShardInput { tenant: id, command, private, asker, received, permit } = input;
        let slot = self.slot(id);
        let step = slot.tenant.handle(now, &mut slot.seats, command);
        register(&self.presences, id, self.tenants.get_mut(&id).expect("the slot was just used"));
        #[cfg(planted)]
        let step = overtake(step, &asker);
        let mut public = Vec::new();
        let mut private_bytes = Vec::new();
        if !step.events.is_empty() {
            let slot = &self.tenants[&id];
            let header = RecordHeader {
                tenant: id,
                now,
                actor: actor(&asker),
                request_id: request_id(&asker),
                directory_version: slot.tenant.directory_version(),
            };
            public.reserve(256);
            record::encode(&mut public, &header, &step.events);
            private_bytes.extend_from_slice(&private);
        }
        Submission {
            // What makes no record costs no sync: it gives its permit back at once.
            urgent: !step.lazy || step.events.is_empty(),
            public,
            private: private_bytes,
            payload: Outcome {
                tenant: id,
                now,
                events: step.events,
                private,
                reply: step.reply,
                asker,
                received,
                permit,
            },
        }
    }

    /// Runs what is due. Each tenant's timers make records of their own.
    pub fn tick(&mut self, now: u64, received: Instant) -> Vec<Submission<Outcome>> {
        let due: Vec<TenantId> = self
            .tenants
            .iter()
            .filter(|(_, slot)| slot.tenant.next_deadline().is_some_and(|at| at <= now))
            .map(|(id, _)| *id)
            .collect();
        due.into_iter().map(|id| self.handle(now, from_nobody(id, Input::Tick, received))).collect()
    }

    /// Gives every tenant the same input, such as the start.
    pub fn all(&mut self, now: u64, received: Instant, input: &Input) -> Vec<Submission<Outcome>> {
        let ids: Vec<TenantId> = self.tenants.keys().copied().collect();
        ids.into_iter()
            .map(|id| self.handle(now, from_nobody(id, input.clone(), received)))
            .collect()
    }

    /// When the next timer is due, in microseconds since 1970.
    #[must_use]
    pub fn next_deadline(&self) -> Option<u64> {
        self.tenants.values().filter_map(|slot| slot.tenant.next_deadline()).min()
    }

    /// How late the timers are that are due now, the first of each tenant, in microseconds: at most since
    /// the shard began, as before that nobody was there to be late. What is due at once is no timer.
    pub fn late_us(&self, now: u64, began: u64) -> impl Iterator<Item = u64> + use<'_> {
        let first = self.tenants.values().filter_map(|slot| slot.tenant.next_deadline());
        let due = first.filter(move |at| (1..=now).contains(at));
        due.map(move |at| now.saturating_sub(at.max(began)))
    }

    /// The tenants, for views and the auditor.
    pub fn slots(&self) -> impl Iterator<Item = (&TenantId, &Slot)> {
        self.tenants.iter()
    }

    /// Stores what has changed since the last call where every thread reads it.
    pub fn publish(&mut self, views: &Views) {
        for (id, slot) in &mut self.tenants {
            let changed = slot.tenant.take_changed_queues();
            if changed.is_empty() && slot.stats == Some(*slot.tenant.stats()) {
                continue;
            }
            for queue in changed {
                views.store_queue(*id, queue, &slot.tenant.queue_stats(queue));
            }
            slot.stats = Some(*slot.tenant.stats());
            views.store_tenant(*id, *slot.tenant.stats());
        }
    }

    /// Looks at a part of the queues, so that `turns` calls look at all: what their members do, and
    /// whether a waiting ticket and an agent who could take it coexist; and at the shares of all bots.
    pub fn audit(&mut self, views: &Views, now: u64, turns: usize) {
        for (id, slot) in &mut self.tenants {
            let queues = slot.tenant.directory().counts().1;
            let part = queues.div_ceil(turns);
            let from = slot.audited;
            for number in from..queues.min(from + part) {
                let queue = QueueId(u32::try_from(number).expect("queues are numbered by u32"));
                views.store_agents(*id, queue, slot.tenant.queue_agents(queue));
            }
            let audit = slot.tenant.audit(&slot.seats, from, part, now);
            slot.audited = if from + part >= queues { 0 } else { from + part };
            slot.watch.look(&audit, from..from + part, now);
            views.store_violation_us(*id, slot.watch.longest_us(now));
            views.store_shares(*id, slot.tenant.shares());
        }
    }

    /// Places in line to tell now, after a look at `places` places of all tenants together. Begins
    /// behind the tenant that the last call ended with, so that none waits for another's long line.
    pub fn positions(&mut self, now: u64, places: usize) -> Vec<Position> {
        let mut found = Vec::new();
        let mut left = places;
        let last = self.positions_told;
        let behind = (Bound::Excluded(last), Bound::Unbounded);
        let before = (Bound::Unbounded, Bound::Included(last));
        for part in [behind, before] {
            for (id, slot) in self.tenants.range_mut(part) {
                if left == 0 {
                    return found;
                }
                left -= slot.tenant.look_at_positions(now, left, &mut found);
                self.positions_told = *id;
            }
        }
        found
    }

    fn slot(&mut self, id: TenantId) -> &mut Slot {
        self.tenants.entry(id).or_insert_with(|| {
            let mut tenant = Tenant::new(id, self.settings.clone());
            tenant.set_origin(self.next_origin);
            self.next_origin.tenant += 1;
            Slot::new(tenant, Seats::default())
        })
    }
}

/// Answers what made no event at once.
#[cfg(planted)]
fn overtake(mut step: relevo_routing::Step, asker: &Asker) -> relevo_routing::Step {
    use relevo_routing::planted::{Bug, is};
    if is(Bug::AnswerOvertakes)
        && step.events.is_empty()
        && let Asker::Request { session, lane, request, .. } = asker
        && let Some(relevo_routing::Reply::Answer(answer)) = step.reply.take()
    {
        lane.append_now(|out| session.codec.write_answer(out, *request, &answer));
    }
    step
}

fn from_nobody(tenant: TenantId, input: Input, received: Instant) -> ShardInput {
    ShardInput {
        tenant,
        command: Command { idempotency: None, input },
        private: Bytes::new(),
        asker: Asker::Nobody,
        received,
        permit: None,
    }
}

/// Makes the words of new agents findable for their sessions.
fn register(presences: &Presences, tenant: TenantId, slot: &mut Slot) {
    while let Some(word) = slot.seats.word(slot.registered) {
        let agent = AgentId(u32::try_from(slot.registered).expect("agents are numbered by u32"));
        presences.insert(tenant, agent, word);
        slot.registered += 1;
    }
}

fn actor(asker: &Asker) -> Actor {
    let Some(session) = asker.session() else {
        return Actor { kind: ActorKind::Daemon, id: 0, session: 0 };
    };
    let (kind, id) = match session.party {
        Party::Bot(bot) => (ActorKind::Bot, bot.0),
        Party::Agent(agent) => (ActorKind::Agent, agent.0),
        Party::Admin => (ActorKind::Admin, 0),
    };
    Actor { kind, id, session: session.id.0 }
}

fn request_id(asker: &Asker) -> u64 {
    match asker {
        Asker::Request { request, .. } | Asker::Opened { request, .. } => request.0,
        Asker::Silent { .. } | Asker::Lost(_) | Asker::Daemon(_) | Asker::Nobody => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use relevo_routing::Event;
    use relevo_routing::audit::Violation;
    use relevo_routing::input::HandOff;
    use relevo_routing::seats::SeatWord;
    use relevo_wire::directory::{Agent, Bot, Object, Queue};
    use relevo_wire::ids::{BotId, ContactKey, SessionId};
    use relevo_wire::vocabulary::{HandOffReason, Intent};

    const NOW: u64 = 1_700_000_000_000_000;
    const BOT: BotId = BotId(0);

    fn give(machine: &mut ShardMachine, tenant: TenantId, input: Input) -> Submission<Outcome> {
        machine.handle(NOW, from_nobody(tenant, input, Instant::now()))
    }

    fn hand_off(contact: u128) -> HandOff {
        HandOff {
            bot: BOT,
            contact: ContactKey(contact),
            queue: None,
            queue_of_rule: None,
            reason: HandOffReason::Requested,
            priority: 0,
            priority_of_rule: None,
            preferred_agent: None,
            demand: None,
            language: None,
            rules: None,
            texts: None,
            truncated: false,
            position_updates: true,
            test: false,
            dry_run: false,
            bytes: 0,
        }
    }

    /// So many tickets that asked, less the first.
    fn line(machine: &mut ShardMachine, tenant: TenantId, tickets: u128) -> Vec<TicketId> {
        for object in [Object::Bot(Bot::new("b", "q")), Object::Queue(Queue::new("b", "q"))] {
            give(machine, tenant, Input::Put { object: Box::new(object), if_version: None });
        }
        give(machine, tenant, Input::BotSessionOpened { bot: BOT, session: SessionId(1) });
        let mut waiting = Vec::new();
        for contact in 0..tickets {
            let events = give(machine, tenant, Input::HandOff(hand_off(contact))).payload.events;
            waiting.extend(events.iter().filter_map(|event| {
                if let Event::TicketOpened(opened) = event { Some(opened.ticket) } else { None }
            }));
        }
        give(machine, tenant, Input::CustomerLeft { bot: BOT, contact: ContactKey(0) });
        waiting.split_off(1)
    }

    /// The simulator found it: ids came from the first bits of the tenants' own, so that tickets of
    /// two tenants who handed over in one millisecond could be one in the conversations.
    #[test]
    fn tickets_of_two_tenants_never_have_one_id() {
        let origin = Origin { start: 1, ..Origin::default() };
        let mut machine = ShardMachine::new([], Arc::default(), Settings::default(), origin);
        let mut of = |tenant| line(&mut machine, TenantId(tenant), 3);
        let (first, second) = (of(1), of(2));
        assert!(first.iter().all(|ticket| !second.contains(ticket)), "{first:?} {second:?}");
    }

    #[test]
    fn nobody_waits_for_the_long_line_of_another_tenant() {
        let settings = Settings::default();
        let later = NOW + settings.position_interval_us;
        let origin = Origin { start: 1, ..Origin::default() };
        let mut machine = ShardMachine::new([], Arc::default(), settings, origin);
        let long = line(&mut machine, TenantId(1), 100);
        let short = line(&mut machine, TenantId(2), 3);
        let mut told = |places| {
            let places = machine.positions(later, places).into_iter();
            places.map(|told| (told.ticket, told.position)).collect::<Vec<_>>()
        };
        assert_eq!(told(0), []);
        assert_eq!(told(2), [(long[0], 1), (long[1], 2)]);
        assert_eq!(told(3), [(short[0], 1), (short[1], 2), (long[2], 3)]);
        assert_eq!(told(1_000).len(), long.len() - 3);
    }

    /// A word opens behind the state's back, and nobody looks for a ticket: one round of the auditor
    /// sees it, in whichever queue it is, and the figure rises until the ticket has its agent.
    #[test]
    fn a_lost_wake_up_shows_within_a_round_of_the_auditor() {
        const TURNS: usize = 3;
        let origin = Origin { start: 1, ..Origin::default() };
        let (tenant, agent) = (TenantId(1), AgentId(0));
        let mut machine = ShardMachine::new([], Arc::default(), Settings::default(), origin);
        let put = |machine: &mut ShardMachine, object| {
            give(machine, tenant, Input::Put { object: Box::new(object), if_version: None });
        };
        put(&mut machine, Object::Bot(Bot::new("b", "q4")));
        put(&mut machine, Object::Agent(Agent::new("ana", 1)));
        for number in 0..5 {
            let members = vec!["ana".into()];
            let queue = Queue { members, ..Queue::new("b", format!("q{number}")) };
            put(&mut machine, Object::Queue(queue));
        }
        let word = Arc::clone(machine.tenants[&tenant].seats.word(0).expect("the agent's word"));
        let online = |word: &SeatWord| {
            let (intent, reason) = (Intent::Online, String::new());
            Input::SetPresence { agent, intent, reason, seen: word.view().intent_closes }
        };
        let seen = word.view().reachable_closes;
        let opened = Input::AgentSessionOpened { agent, session: SessionId(1), seen };
        give(&mut machine, tenant, opened);
        give(&mut machine, tenant, online(&word));
        let views = Views::default();
        let round = |machine: &mut ShardMachine, now| {
            (0..TURNS).for_each(|_| machine.audit(&views, now, TURNS));
            views.violation_us()
        };
        word.close_intent();
        give(&mut machine, tenant, Input::HandOff(hand_off(1)));
        assert_eq!(round(&mut machine, NOW), 0, "nobody is there");
        word.restore(0, 1, true, true, false);
        assert_eq!(round(&mut machine, NOW), 0, "it has lasted no time yet");
        assert_eq!(round(&mut machine, NOW + 1_000_000), 1_000_000);
        assert_eq!(round(&mut machine, NOW + 3_000_000), 3_000_000);
        give(&mut machine, tenant, online(&word));
        assert_eq!(round(&mut machine, NOW + 4_000_000), 0, "the ticket has its agent");
    }

    #[test]
    fn timers_are_late_by_the_time_since_they_were_due() {
        let origin = Origin::default();
        let mut machine = ShardMachine::new([], Arc::default(), Settings::default(), origin);
        for tenant in [TenantId(1), TenantId(2)] {
            for object in [Object::Bot(Bot::new("b", "q")), Object::Queue(Queue::new("b", "q"))] {
                give(
                    &mut machine,
                    tenant,
                    Input::Put { object: Box::new(object), if_version: None },
                );
            }
        }
        let late =
            |machine: &ShardMachine, now, began| machine.late_us(now, began).collect::<Vec<_>>();
        give(&mut machine, TenantId(1), Input::HandOff(hand_off(1)));
        machine.tick(NOW, Instant::now());
        let due = machine.next_deadline().expect("who waits has a target");
        assert!(late(&machine, due - 1, NOW).is_empty());
        assert_eq!(late(&machine, due, NOW), [0]);
        assert_eq!(late(&machine, due + 7, NOW), [7], "the other tenant has none");
        assert_eq!(late(&machine, due + 7, due + 5), [2], "it passed while the daemon was down");
        give(&mut machine, TenantId(2), Input::HandOff(hand_off(1)));
        machine.tick(NOW, Instant::now());
        assert_eq!(late(&machine, due + 7, NOW), [7, 7]);
    }

    /// On a busy queue there is another ticket at every look, and the first still waits.
    #[test]
    fn a_violation_lasts_while_others_join_it() {
        let mut watch = ViolationWatch::default();
        let mut audit = Audit::default();
        for (seconds, ticket) in [(0, 1), (1, 2), (2, 3)] {
            let (ticket, agent) = (TicketId(ticket), AgentId(0));
            audit.violations.push(Violation { queue: QueueId(0), ticket, agent });
            let now = NOW + seconds * 1_000_000;
            watch.look(&audit, 0..1, now);
            assert_eq!(watch.longest_us(now), seconds * 1_000_000);
        }
        audit.violations.remove(0);
        watch.look(&audit, 0..1, NOW + 2_000_000);
        assert_eq!(watch.longest_us(NOW + 2_000_000), 1_000_000, "the second came later");
    }
}
