//! Whether the rows of a snapshot are a state that events can make. What is wrong behind a right
//! checksum is refused here: later a decision would trip over it.

use super::{AgentRow, BotRow, QueueRow, SnapshotError, SnapshotV1, invalid};
use crate::directory::Directory;
use crate::event::{Demand, QueueModeSet};
use crate::state::away::Away;
use crate::state::callbacks::Listed;
use crate::state::slab::Slot;
use crate::state::targets::TargetClock;
use crate::state::ticket::Ticket;
use relevo_wire::directory::Skill;
use relevo_wire::limits::{REQUIREMENTS, RINGS, SEATS, SKILL_LEVEL};
use relevo_wire::vocabulary::{QueueMode, TicketState, TicketTarget};
use relevo_wire::{AgentId, QueueId};
use rustc_hash::{FxHashMap, FxHashSet};

/// Numbers that count on must not come near their end.
const COUNT_MAX: u64 = 1 << 62;
const SHORT_COUNT_MAX: u32 = 1 << 31;

type Tickets<'a> = FxHashMap<Slot, &'a Ticket>;

/// Checks all rows against each other.
pub(super) fn rows(snapshot: &SnapshotV1, directory: &Directory) -> Result<(), SnapshotError> {
    let counts = directory.counts();
    if counts != (snapshot.bots.len(), snapshot.queues.len(), snapshot.agents.len()) {
        return Err(invalid("the directory has other numbers than the state"));
    }
    let tickets: Tickets<'_> =
        snapshot.tickets.iter().map(|(slot, ticket)| (*slot, ticket)).collect();
    for ticket in tickets.values() {
        references(ticket, directory, counts)?;
        life(ticket)?;
    }
    demands(snapshot)?;
    targets(&snapshot.targets, &tickets)?;
    aways(&snapshot.aways, &tickets)?;
    doors(snapshot, directory)?;
    blocks(snapshot, directory)?;
    callbacks(snapshot, directory)?;
    order(snapshot)?;
    totals(snapshot)?;
    last_agents(snapshot, counts)?;
    agents(&snapshot.agents, &tickets, directory)?;
    bots(&snapshot.bots, snapshot.totals.created)
}

/// A ticket names what the directory has, and an open one what still exists.
fn references(
    ticket: &Ticket,
    directory: &Directory,
    counts: (usize, usize, usize),
) -> Result<(), SnapshotError> {
    let agents = [ticket.agent.get(), ticket.reserved.get()];
    let excluded = ticket.asked.excluded().iter().map(|(agent, _)| agent);
    let offered = ticket.asked.offers().agents().iter().copied();
    let transfer = ticket.asked.transfer();
    let receiver = transfer.and_then(|transfer| transfer.agent.get());
    let mut agents = agents.into_iter().flatten().chain(excluded).chain(offered).chain(receiver);
    let target = transfer.map_or(ticket.queue, |transfer| transfer.queue);
    let known = (ticket.bot.0 as usize) < counts.0
        && directory.queue_bot(ticket.queue) == Some(ticket.bot)
        && directory.queue_bot(target) == Some(ticket.bot)
        && agents.all(|agent| (agent.0 as usize) < counts.2);
    let owner = ticket.owner().is_none_or(|agent| directory.agent(agent).is_some());
    let exists =
        directory.bot(ticket.bot).is_some() && directory.queue(ticket.queue).is_some() && owner;
    if known && (exists || !ticket.is_open()) {
        return Ok(());
    }
    Err(invalid("a ticket names what the directory does not have"))
}

/// A ticket's fields fit the state that it is in.
fn life(ticket: &Ticket) -> Result<(), SnapshotError> {
    let (held, closed) = (ticket.agent.is_some(), ticket.closed_at.is_some());
    let fits = match ticket.state {
        TicketState::Waiting | TicketState::Offered | TicketState::Away => !held && !closed,
        TicketState::Assigned
        | TicketState::InService
        | TicketState::OnHold
        | TicketState::Parked => held && !closed,
        TicketState::Wrapping => held && closed,
        TicketState::Closed => closed,
    };
    let is_offered = ticket.state == TicketState::Offered;
    let has_moment = match ticket.state {
        TicketState::Waiting | TicketState::Offered | TicketState::Away | TicketState::Wrapping => {
            ticket.by_state.is_some()
        }
        TicketState::Assigned | TicketState::InService | TicketState::OnHold => true,
        TicketState::Parked | TicketState::Closed => !ticket.by_state.is_some(),
    };
    let is_asked = ticket.asked.transfer().is_some();
    let asked_fits = !is_asked || (held && !closed);
    let is_asking = is_offered || is_asked;
    let fits = fits && asked_fits && is_asking != ticket.asked.offers().is_empty() && has_moment;
    let reserved_waits = ticket.is_nobodys() || !ticket.reserved.is_some();
    if fits && reserved_waits && ticket.last.max(ticket.epoch) < SHORT_COUNT_MAX {
        return Ok(());
    }
    Err(invalid("a ticket is in a state that its fields do not fit"))
}

/// What a ticket requires is there, once, and somebody requires it.
fn demands(snapshot: &SnapshotV1) -> Result<(), SnapshotError> {
    let mut left: FxHashSet<&Demand> = FxHashSet::default();
    if !snapshot.demands.iter().flatten().all(|demand| is_whole(demand) && left.insert(demand)) {
        return Err(invalid("a demand stands there twice, or is none that a rule can make"));
    }
    for (_, ticket) in snapshot.tickets.iter().filter(|(_, ticket)| ticket.demand.is_some()) {
        let demand = snapshot.demands.get(ticket.demand.index()).and_then(Option::as_ref);
        let demand = demand.filter(|demand| usize::from(ticket.ring) <= demand.rings.len());
        let is_kept = ticket.is_open() || ticket.reopens_until().is_some();
        let Some(demand) = demand.filter(|_| is_kept) else {
            return Err(invalid("a ticket requires what there is not"));
        };
        left.remove(demand);
    }
    if left.is_empty() { Ok(()) } else { Err(invalid("nobody requires a demand")) }
}

/// Each clock against a target is that of a ticket in which it can run, once.
fn targets(
    rows: &[(Slot, TicketTarget, TargetClock)],
    tickets: &Tickets<'_>,
) -> Result<(), SnapshotError> {
    let mut clocks = FxHashSet::default();
    let mut runs = |(slot, which, clock): &(Slot, TicketTarget, TargetClock)| {
        let Some(ticket) = tickets.get(slot) else { return false };
        let can_run = match which {
            TicketTarget::FirstResponse => ticket.state == TicketState::Assigned,
            TicketTarget::NextResponse => {
                ticket.is_in_service() && ticket.unanswered_since.is_some()
            }
            TicketTarget::Resolution => ticket.is_open() && ticket.first_response_at.is_some(),
        };
        can_run && clock.is_right() && clocks.insert((*slot, *which))
    };
    if rows.iter().all(&mut runs) {
        return Ok(());
    }
    Err(invalid("a clock runs against a target of no ticket that has one"))
}

/// Who is away is so once, and knows what he is to be measured by.
fn aways(rows: &[(Slot, Away)], tickets: &Tickets<'_>) -> Result<(), SnapshotError> {
    let rises = rows.windows(2).all(|two| two[0].0 < two[1].0);
    let is_right = |(slot, away): &(Slot, Away)| {
        let Some(ticket) = tickets.get(slot).filter(|ticket| ticket.is_away()) else {
            return false;
        };
        let runs = |clock: TargetClock| clock.is_right() && ticket.first_response_at.is_some();
        away.resolution.is_none_or(runs) && away.judged.is_some() == ticket.target_at.is_some()
    };
    let are_away = tickets.values().filter(|ticket| ticket.is_away()).count();
    if rises && rows.iter().all(is_right) && rows.len() == are_away {
        return Ok(());
    }
    Err(invalid("a customer is away from no ticket, or nobody knows since when"))
}

/// Only hours and modes shut a queue, and open it again.
fn doors(snapshot: &SnapshotV1, directory: &Directory) -> Result<(), SnapshotError> {
    let rises = snapshot.modes.windows(2).all(|two| two[0].queue < two[1].queue);
    let is_open = |set: &QueueModeSet| set.mode == QueueMode::Open;
    let exists = |set: &QueueModeSet| directory.queue(set.queue).is_some();
    if !rises || snapshot.modes.iter().any(|set| is_open(set) || !exists(set)) {
        return Err(invalid("a queue has no such mode"));
    }
    let rises = snapshot.notices.windows(2).all(|two| two[0].0 < two[1].0);
    if !rises || snapshot.notices.iter().any(|(id, _)| directory.queue(*id).is_none()) {
        return Err(invalid("a notice is to no queue"));
    }
    let is_closed = |id| {
        let set = snapshot.modes.binary_search_by_key(&id, |set| set.queue);
        set.is_ok_and(|at| snapshot.modes[at].mode == QueueMode::Closed)
    };
    let created = snapshot.totals.created;
    let is_right = |(id, row): (QueueId, &QueueRow)| {
        let queue = directory.queue(id).map(|queue| &queue.object);
        let is_plain = !row.shut && !row.doors_until.is_some();
        let has_hours = queue.is_some_and(|queue| queue.hours.is_some());
        // Nothing but its mode closes it, and a closed one is shut.
        let is_so = if is_closed(id) { row.shut } else { is_plain || has_hours };
        is_so && row.shut_before <= if row.shut { created } else { 0 }
    };
    if (0..).map(QueueId).zip(&snapshot.queues).all(is_right) {
        return Ok(());
    }
    Err(invalid("a queue is open or closed as neither hours nor mode make it"))
}

/// Contacts of bots that are there are blocked, each once.
fn blocks(snapshot: &SnapshotV1, directory: &Directory) -> Result<(), SnapshotError> {
    let in_order = snapshot
        .blocks
        .is_sorted_by(|one, other| (one.bot, one.contact) < (other.bot, other.contact));
    if in_order && snapshot.blocks.iter().all(|block| directory.bot(block.bot).is_some()) {
        return Ok(());
    }
    Err(invalid("a contact is blocked twice, or of a bot that is not there"))
}

/// Contacts of bots that are there stand in their lists, each once.
fn callbacks(snapshot: &SnapshotV1, directory: &Directory) -> Result<(), SnapshotError> {
    let mut found = FxHashSet::default();
    let is_new =
        |row: &Listed| found.insert((row.bot, row.contact)) && directory.bot(row.bot).is_some();
    let in_order = snapshot.callbacks.is_sorted_by_key(|row| row.at);
    if in_order && snapshot.callbacks.iter().all(is_new) {
        return Ok(());
    }
    Err(invalid("a contact stands in a call-back list twice, or in that of no bot"))
}

/// Within the bounds of a rule, each skill once.
fn is_whole(demand: &Demand) -> bool {
    let is_set = |skills: &[Skill]| {
        let mut names = FxHashSet::default();
        let mut is_right = |skill: &Skill| {
            (1..=SKILL_LEVEL).contains(&skill.level) && names.insert(skill.name.clone())
        };
        skills.len() <= REQUIREMENTS && skills.iter().all(&mut is_right)
    };
    demand.rings.len() <= RINGS
        && is_set(&demand.skills)
        && demand.rings.iter().all(|ring| is_set(&ring.skills))
}

/// Ids and places are each ticket's own, and a child comes after its parent.
fn order(snapshot: &SnapshotV1) -> Result<(), SnapshotError> {
    let tickets = || snapshot.tickets.iter().map(|(_, ticket)| ticket);
    let mut places = FxHashSet::default();
    let mut by_id = FxHashMap::default();
    for ticket in tickets() {
        let is_new = places.insert(ticket.order) && by_id.insert(ticket.id, ticket.order).is_none();
        if !is_new || ticket.order >= snapshot.totals.created {
            return Err(invalid("two tickets have the same id or place"));
        }
    }
    let later = |ticket: &Ticket| {
        let child = ticket.child.get().and_then(|child| by_id.get(&child));
        child.is_none_or(|order| *order > ticket.order)
    };
    if tickets().all(later) { Ok(()) } else { Err(invalid("a ticket comes before its parent")) }
}

/// Every ticket is open or closed.
fn totals(snapshot: &SnapshotV1) -> Result<(), SnapshotError> {
    let remembered = snapshot.tickets.len() as u64;
    let open = snapshot.tickets.iter().filter(|(_, ticket)| ticket.is_open()).count() as u64;
    let closed = snapshot.totals.closed.iter().try_fold(0, |sum: u64, n| sum.checked_add(*n));
    let created = snapshot.totals.created;
    let balanced = closed.is_some_and(|closed| {
        closed.checked_add(open) == Some(created) && remembered - open <= closed
    });
    if balanced && created < COUNT_MAX {
        return Ok(());
    }
    Err(invalid("the tickets do not add up"))
}

/// In the order of their times, each contact once, of bots and agents that the directory has.
fn last_agents(
    snapshot: &SnapshotV1,
    (bots, _, agents): (usize, usize, usize),
) -> Result<(), SnapshotError> {
    let rows = &snapshot.last_agents;
    let mut contacts = FxHashSet::default();
    let known = rows.iter().all(|(contact, served)| {
        (served.bot.0 as usize) < bots
            && (served.agent.0 as usize) < agents
            && contacts.insert(*contact)
    });
    if known && rows.is_sorted_by_key(|(contact, served)| (served.at, *contact)) {
        return Ok(());
    }
    Err(invalid("who served a contact last is not known, or out of order"))
}

/// Each held ticket is with its agent, once; deleted agents have nothing.
fn agents(
    rows: &[AgentRow],
    tickets: &Tickets<'_>,
    directory: &Directory,
) -> Result<(), SnapshotError> {
    let mut given = FxHashSet::default();
    let fairness = directory.tenant().and_then(|tenant| tenant.object.fairness);
    let most = fairness.map_or(0, |fairness| usize::from(fairness.tickets));
    for (id, row) in (0..).map(AgentId).zip(rows) {
        let object = directory.agent(id).map(|agent| &agent.object);
        if object.is_some_and(|agent| agent.seats > SEATS) || row.tickets.len() > usize::from(SEATS)
        {
            return Err(invalid("an agent has more seats than there can be"));
        }
        if object.is_none() && (row.deadline.is_some() || !row.tickets.is_empty()) {
            return Err(invalid("a deleted agent is at work"));
        }
        if row.latest.len() > most || !row.latest.is_sorted() {
            return Err(invalid("an agent had more tickets than the fairness limit counts"));
        }
        let holds = |slot: &Slot| tickets.get(slot).and_then(|t| t.seated()) == Some(id);
        if !row.tickets.iter().all(|slot| holds(slot) && given.insert(*slot)) {
            return Err(invalid("an agent has a ticket of another"));
        }
    }
    let held = tickets.values().filter(|ticket| ticket.seated().is_some()).count();
    if held == given.len() { Ok(()) } else { Err(invalid("a ticket is with nobody")) }
}

fn bots(rows: &[BotRow], created: u64) -> Result<(), SnapshotError> {
    let counted = rows.iter().all(|row| row.tickets <= created);
    if counted { Ok(()) } else { Err(invalid("a bot has more tickets than there are")) }
}

#[cfg(test)]
mod tests {
    use super::super::{encode, read, rows};
    use super::*;
    use crate::input::{Command, HandOff, Input};
    use crate::seats::{CloseCount, Seats};
    use crate::settings::Settings;
    use crate::state::asked::AskedTransfer;
    use crate::state::last_agents::Served;
    use crate::state::maybe::{MaybeAgent, MaybeTime};
    use crate::tenant::Tenant;
    use relevo_wire::directory::{Agent, Bot, Object, Queue};
    use relevo_wire::vocabulary::{HandOffReason, Intent};
    use relevo_wire::{BotId, ContactKey, QueueId, SessionId, TenantId, TicketId};

    /// One agent with one seat and its ticket, and one customer who waits.
    fn snapshot() -> SnapshotV1 {
        let (bot, agent) = (BotId(0), AgentId(0));
        let hand_off = |contact| HandOff {
            bot,
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
            position_updates: false,
            test: false,
            dry_run: false,
            bytes: 1,
        };
        let (seen, reason) = (CloseCount::default(), String::new());
        let members = vec!["ana".into()];
        let put = |object| Input::Put { object: Box::new(object), if_version: None };
        let mut tenant = Tenant::new(TenantId(1), Settings::default());
        let mut seats = Seats::new();
        for input in [
            put(Object::Agent(Agent::new("ana", 1))),
            put(Object::Bot(Bot::new("b", "q"))),
            put(Object::Queue(Queue { members, ..Queue::new("b", "q") })),
            Input::AgentSessionOpened { agent, session: SessionId(1), seen },
            Input::SetPresence { agent, intent: Intent::Online, reason, seen },
            Input::HandOff(hand_off(1)),
            Input::HandOff(hand_off(2)),
        ] {
            tenant.handle(1_000_000, &mut seats, Command { idempotency: None, input });
        }
        let (id, state) = read(&tenant.snapshot(), Settings::default()).unwrap();
        rows(id, &state)
    }

    #[test]
    fn a_state_that_no_events_make_is_refused_behind_right_checksums() {
        type Change = fn(&mut SnapshotV1);
        let changes: [(&str, Change); 25] = [
            ("has other numbers", |s| s.agents.clear()),
            ("does not have", |s| s.tickets[0].1.bot = BotId(7)),
            ("does not have", |s| s.tickets[1].1.reserved = AgentId(7).into()),
            ("do not fit", |s| s.tickets[1].1.state = TicketState::Assigned),
            ("do not fit", |s| s.tickets[1].1.state = TicketState::Closed),
            ("do not fit", |s| s.tickets[0].1.agent = MaybeAgent::NONE),
            ("do not fit", |s| s.tickets[0].1.closed_at = MaybeTime::at(7)),
            ("do not fit", |s| s.tickets[0].1.reserved = AgentId(0).into()),
            ("do not fit", |s| s.tickets[1].1.epoch = u32::MAX),
            ("do not fit", |s| s.tickets[1].1.last = u32::MAX),
            ("do not fit", |s| {
                let (queue, agent) = (QueueId(0), MaybeAgent::NONE);
                let transfer = AskedTransfer { queue, agent, wait_us: 1, since: 1 };
                s.tickets[1].1.asked.change(|both| both.transfer = Some(transfer));
            }),
            ("away from no ticket", |s| s.tickets[1].1.state = TicketState::Away),
            ("away from no ticket", |s| {
                let (waited_us, judged, resolution) = (0, None, None);
                let away = Away { since: 1, until: 2, waited_us, judged, resolution };
                s.aways.push((s.tickets[1].0, away));
            }),
            ("the same id", |s| s.tickets[1].1.id = s.tickets[0].1.id),
            ("the same id", |s| s.tickets[1].1.order = 0),
            ("before its parent", |s| s.tickets[1].1.child = Some(s.tickets[0].1.id).into()),
            ("before its parent", |s| s.tickets[0].1.child = Some(s.tickets[0].1.id).into()),
            ("do not add up", |s| s.totals.created += 1),
            ("do not add up", |s| s.totals.closed = [u64::MAX; 7]),
            ("a ticket of another", |s| s.agents[0].tickets = vec![0, 0]),
            ("a ticket of another", |s| s.agents[0].tickets = vec![1]),
            ("is with nobody", |s| s.agents[0].tickets.clear()),
            ("than the fairness limit counts", |s| s.agents[0].latest = vec![7]),
            ("served a contact last", |s| {
                let served = Served { bot: BotId(0), agent: AgentId(7), at: 1 };
                s.last_agents.push((ContactKey(1), served));
            }),
            ("more tickets than there are", |s| s.bots[0].tickets = 3),
        ];
        let restored = |snapshot: &SnapshotV1| read(&encode(snapshot), Settings::default());
        assert!(restored(&snapshot()).is_ok());
        for (at, (says, change)) in changes.into_iter().enumerate() {
            let mut snapshot = snapshot();
            change(&mut snapshot);
            let error = restored(&snapshot).err().unwrap_or_else(|| panic!("change {at}: {says}"));
            assert!(error.to_string().contains(says), "change {at}: {error}, not {says}");
        }
    }

    #[test]
    fn a_child_that_is_forgotten_is_no_fault() {
        let mut snapshot = snapshot();
        snapshot.tickets[1].1.child = Some(TicketId(99)).into();
        assert!(read(&encode(&snapshot), Settings::default()).is_ok());
    }
}
