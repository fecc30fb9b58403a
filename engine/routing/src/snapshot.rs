//! The state as bytes, versioned and checked: same state, same bytes.
//!
//! ```text
//! "RLVT" │ version u16 little-endian │ rkyv bytes of the version's struct
//! ```
//!
//! Only what events decide is written. Lines, counters, timers and bit sets are rebuilt.

mod check;

use crate::Micros;
use crate::directory::{Directory, DirectoryRows};
use crate::event::{Demand, QueueModeSet};
use crate::settings::Settings;
use crate::state::State;
use crate::state::away::Away;
use crate::state::blocks::Block;
use crate::state::callbacks::{Listed, Wish};
use crate::state::contacts::ContactMessages;
use crate::state::demands::Demands;
use crate::state::fairness::Limit;
use crate::state::idempotency::{Idempotencies, Remembered};
use crate::state::last_agents::{LastAgents, Served};
use crate::state::maybe::{MaybeAgent, MaybeTime};
use crate::state::notices::Running;
use crate::state::pace::{Pace, Urgency};
use crate::state::silences::Clock;
use crate::state::slab::{Slab, Slot};
use crate::state::targets::{TargetClock, Targets};
use crate::state::ticket::Ticket;
use crate::state::tickets::Tickets;
use crate::state::timers::Timer;
use crate::stats::Totals;
use relevo_wire::vocabulary::{Intent, Reachability, TicketState, TicketTarget};
use relevo_wire::{AgentId, BotId, ContactKey, QueueId, TenantId};
use rkyv::rancor;
use rkyv::{Archive, Deserialize, Serialize};

const MAGIC: [u8; 4] = *b"RLVT";
const VERSION: u16 = 5;

/// Why bytes are no snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Too short, or not a snapshot at all.
    #[error("these bytes are no snapshot of a tenant")]
    NotASnapshot,
    /// Another layout.
    #[error("snapshots of version {VERSION} are understood, not {0}")]
    Version(u16),
    /// The check of the content failed.
    #[error("the snapshot's content is not valid: {0}")]
    Invalid(String),
}

#[derive(Archive, Serialize, Deserialize)]
struct SnapshotV1 {
    tenant: TenantId,
    directory: DirectoryRows,
    bots: Vec<BotRow>,
    queues: Vec<QueueRow>,
    modes: Vec<QueueModeSet>,
    notices: Vec<(QueueId, Running)>,
    agents: Vec<AgentRow>,
    tickets: Vec<(Slot, Ticket)>,
    aways: Vec<(Slot, Away)>,
    /// Clocks against targets, by queue.
    targets: Vec<(Slot, TicketTarget, TargetClock)>,
    demands: Vec<Option<Demand>>,
    free: Vec<Slot>,
    totals: Totals,
    answers: Vec<Remembered>,
    contact_messages: Vec<u128>,
    blocks: Vec<Block>,
    last_agents: Vec<(ContactKey, Served)>,
    callbacks: Vec<Listed>,
    wishes: Vec<Wish>,
    starting_since: MaybeTime,
}

#[derive(Archive, Serialize, Deserialize)]
struct BotRow {
    reachable: bool,
    clock: Clock,
    tickets: u64,
}

#[derive(Archive, Serialize, Deserialize)]
struct QueueRow {
    last_served: MaybeAgent,
    pace: Pace,
    urgency: Urgency,
    shut: bool,
    shut_before: u64,
    doors_until: MaybeTime,
    shut_since: Micros,
    shut_us: Micros,
}

#[derive(Archive, Serialize, Deserialize)]
struct AgentRow {
    intent: Intent,
    reason: String,
    reachability: Reachability,
    deadline: MaybeTime,
    restarting: bool,
    last_ticket_at: Micros,
    not_responding: bool,
    clock: Clock,
    latest: Vec<Micros>,
    tickets: Vec<Slot>,
}

pub(crate) fn write(tenant: TenantId, state: &State) -> Vec<u8> {
    encode(&rows(tenant, state))
}

fn rows(tenant: TenantId, state: &State) -> SnapshotV1 {
    let bots = state.bots.iter();
    let queues = (0..state.queues.len()).map(|id| {
        let id = u32::try_from(id).expect("queues are numbered by u32");
        state.queues.at(QueueId(id))
    });
    let agents = state.agents.iter();
    SnapshotV1 {
        tenant,
        directory: state.directory.rows(),
        bots: bots
            .map(|(_, bot)| BotRow {
                reachable: bot.reachable,
                clock: bot.silences.clock(),
                tickets: bot.tickets,
            })
            .collect(),
        queues: queues
            .map(|queue| QueueRow {
                last_served: queue.last_served,
                pace: queue.pace,
                urgency: queue.urgency,
                shut: queue.shut,
                shut_before: queue.doors.shut_before,
                doors_until: queue.doors.until,
                shut_since: queue.doors.shut_since,
                shut_us: queue.doors.shut_us,
            })
            .collect(),
        modes: state.modes.iter().cloned().collect(),
        notices: state.notices.iter().map(|(id, running)| (*id, running.clone())).collect(),
        agents: agents
            .map(|(_, agent)| AgentRow {
                intent: agent.intent,
                reason: agent.reason.clone(),
                reachability: agent.reachability,
                deadline: agent.deadline,
                restarting: agent.restarting,
                last_ticket_at: agent.last_ticket_at,
                not_responding: agent.not_responding,
                clock: agent.silences.clock(),
                latest: agent.latest.iter().collect(),
                tickets: agent.tickets.to_vec(),
            })
            .collect(),
        tickets: state.tickets.slab().iter().map(|(slot, t)| (slot, t.clone())).collect(),
        aways: state.aways.iter().collect(),
        targets: targets(state),
        demands: state.demands.rows(),
        free: state.tickets.slab().free().to_vec(),
        totals: state.tickets.totals,
        answers: state.idempotencies.in_order().cloned().collect(),
        contact_messages: state.contact_messages.in_order(),
        blocks: state.blocks.rows(),
        last_agents: state.last_agents.iter().collect(),
        callbacks: state.callbacks.rows(),
        wishes: state.callbacks.wishes(),
        starting_since: state.starting_since,
    }
}

fn targets(state: &State) -> Vec<(Slot, TicketTarget, TargetClock)> {
    let queues = state.queues.ids().filter_map(|id| state.queues.at(id).targets.as_deref());
    queues.flat_map(Targets::running).collect()
}

fn encode(snapshot: &SnapshotV1) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    rkyv::api::high::to_bytes_in::<_, rancor::Error>(snapshot, &mut bytes)
        .expect("archiving plain strings and numbers into memory cannot fail");
    bytes
}

pub(crate) fn read(bytes: &[u8], settings: Settings) -> Result<(TenantId, State), SnapshotError> {
    let content = bytes.strip_prefix(&MAGIC).ok_or(SnapshotError::NotASnapshot)?;
    let (version, content) = content.split_first_chunk().ok_or(SnapshotError::NotASnapshot)?;
    let version = u16::from_le_bytes(*version);
    if version != VERSION {
        return Err(SnapshotError::Version(version));
    }
    let snapshot = rkyv::from_bytes::<SnapshotV1, rancor::Error>(content)
        .map_err(|error| SnapshotError::Invalid(error.to_string()))?;
    let tenant = snapshot.tenant;
    Ok((tenant, restore(snapshot, settings)?))
}

fn restore(mut snapshot: SnapshotV1, settings: Settings) -> Result<State, SnapshotError> {
    let mut state = State::new(settings);
    state.directory = Directory::from_rows(std::mem::take(&mut snapshot.directory))
        .ok_or_else(|| invalid("the directory names an object twice, or one that is not there"))?;
    check::rows(&snapshot, &state.directory)?;
    let tenant = state.directory.tenant();
    state.fairness = tenant.and_then(|tenant| tenant.object.fairness).map(Limit::from);
    state.starting_since = snapshot.starting_since;
    state.idempotencies = Idempotencies::restore(&state.settings, snapshot.answers);
    let most = state.settings.contact_message_ids;
    state.contact_messages = ContactMessages::restore(snapshot.contact_messages, most);
    state.change_blocks(|blocks| snapshot.blocks.iter().for_each(|block| blocks.put(*block)));
    let (most, kept_us) = (state.settings.last_agents, state.settings.last_agent_us);
    state.last_agents = LastAgents::restore(snapshot.last_agents, most, kept_us);
    restore_callbacks(&mut state, &snapshot.callbacks, &snapshot.wishes);
    restore_bots(&mut state, &snapshot.bots);
    let agent_tickets = restore_agents(&mut state, snapshot.agents);
    restore_absences(&mut state);
    restore_queues(&mut state, &snapshot.queues);
    snapshot.modes.into_iter().for_each(|set| state.set_mode(set));
    for (queue, running) in snapshot.notices {
        state.run_notice(queue, running);
    }
    state.demands = Demands::restore(snapshot.demands, &mut state.skills);
    let slab = Slab::restore(snapshot.tickets, snapshot.free)
        .ok_or_else(|| invalid("tickets and free places overlap or leave holes"))?;
    state.tickets = Tickets::restore(slab, snapshot.totals);
    restore_tickets(&mut state);
    for (slot, away) in snapshot.aways {
        state.put_away(slot, away);
    }
    for (slot, which, clock) in snapshot.targets {
        state.target_restored(slot, which, clock);
    }
    give_tickets(&mut state, &agent_tickets);
    state.wake.clear();
    Ok(state)
}

fn restore_callbacks(state: &mut State, listed: &[Listed], wishes: &[Wish]) {
    state.change_callbacks(|callbacks| {
        listed.iter().for_each(|row| callbacks.put(*row));
        for Wish { bot, contact, yes } in wishes {
            callbacks.set_wish(*bot, *contact, *yes);
        }
    });
}

fn restore_bots(state: &mut State, rows: &[BotRow]) {
    for (id, row) in (0..).map(BotId).zip(rows) {
        // A deleted bot is put without its configuration: nothing asks for it any more.
        let object = state.directory.bot(id).map(|bot| bot.object.clone());
        let exists = object.is_some();
        let placeholder = || relevo_wire::directory::Bot::new("", "");
        state.bots.put(id, &object.unwrap_or_else(placeholder));
        let bot = state.bots.at_mut(id);
        bot.exists = exists;
        bot.reachable = row.reachable;
        bot.silences.set_clock(row.clock);
        bot.tickets = row.tickets;
        state.stats.bots_reachable += u32::from(exists && row.reachable);
        state.stats.bots_unreachable += u32::from(exists && !row.reachable);
    }
}

/// The agents, and the tickets of each in order.
fn restore_agents(state: &mut State, rows: Vec<AgentRow>) -> Vec<Vec<Slot>> {
    let mut tickets = Vec::with_capacity(rows.len());
    for (id, row) in (0..).map(AgentId).zip(rows) {
        let object = state.directory.agent(id).map(|agent| agent.object.clone());
        let agent = state.agents.put(id);
        agent.exists = object.is_some();
        let mut skills = Vec::new();
        if let Some(object) = object {
            agent.active = object.active;
            agent.seats = object.seats;
            agent.accepts_tests = object.accepts_tests;
            skills = object.skills;
        }
        agent.intent = row.intent;
        agent.reason = row.reason;
        agent.reachability = row.reachability;
        agent.deadline = row.deadline;
        agent.restarting = row.restarting;
        agent.last_ticket_at = row.last_ticket_at;
        agent.not_responding = row.not_responding;
        agent.silences.set_clock(row.clock);
        agent.latest = row.latest.into();
        tickets.push(row.tickets);
        if let Some(at) = row.deadline.get() {
            let timer = match row.reachability {
                Reachability::Reachable | Reachability::Grace => Timer::Grace(id),
                Reachability::Unreachable => Timer::Presence(id),
            };
            state.timers.set(at, timer);
        }
        state.set_skills(id, &skills);
        state.follow_fairness(id);
        state.agents.note_load(id);
        state.refresh_agent(id);
    }
    tickets
}

fn restore_absences(state: &mut State) {
    let agents: Vec<AgentId> = state.directory.agents().map(|(id, _)| id).collect();
    for agent in agents {
        let bots: Vec<BotId> = state.directory.absences_of(agent).map(|(bot, _)| bot).collect();
        bots.into_iter().for_each(|bot| state.agents.set_absent(agent, bot, true));
    }
}

fn restore_queues(state: &mut State, rows: &[QueueRow]) {
    for (id, row) in (0..).map(QueueId).zip(rows) {
        let bot = state.directory.queue_bot(id).expect("the directory has as many queues");
        let object = state.directory.queue(id).map(|queue| queue.object.clone());
        let exists = object.is_some();
        let placeholder = || relevo_wire::directory::Queue::new("", "");
        let object = object.unwrap_or_else(placeholder);
        state.queues.put(id, bot, &object);
        state.set_members(id, &object.members);
        let queue = state.queues.at_mut(id);
        queue.exists = exists;
        queue.last_served = row.last_served;
        queue.pace = row.pace;
        queue.urgency = row.urgency;
        state.queues.set_closed(id, row.shut_us, row.shut_since);
        state.queues.set_shut(id, row.shut, row.shut_before);
        state.set_doors_until(id, row.doors_until);
        state.bots.at_mut(bot).queues += u32::from(exists);
    }
    let queues: Vec<(QueueId, relevo_wire::directory::Queue)> =
        state.directory.queues().map(|(id, queue)| (id, queue.object.clone())).collect();
    for (id, object) in queues {
        state.set_step(id, &object);
    }
}

/// Lines, clocks, counters and timers, in the order in which they would have come about.
fn restore_tickets(state: &mut State) {
    state.stats.all = state.tickets.totals;
    let began = |ticket: &Ticket| match ticket.state {
        TicketState::Waiting | TicketState::Offered => ticket.waiting_since,
        TicketState::Assigned => ticket.assigned_at.get().unwrap_or_default(),
        TicketState::InService
        | TicketState::OnHold
        | TicketState::Parked
        | TicketState::Away
        | TicketState::Wrapping
        | TicketState::Closed => 0,
    };
    let mut in_order: Vec<(Micros, u64, Slot)> = state
        .tickets
        .slab()
        .iter()
        .map(|(slot, ticket)| (began(ticket), ticket.order, slot))
        .collect();
    in_order.sort_unstable();
    for (_, _, slot) in in_order {
        state.ticket_restored(slot);
    }
}

fn give_tickets(state: &mut State, agent_tickets: &[Vec<Slot>]) {
    for (id, slots) in (0..).map(AgentId).zip(agent_tickets) {
        for slot in slots {
            let bot = state.tickets.at(*slot).bot;
            state.agents.give(id, *slot, bot);
            state.seat_taken(id, bot);
        }
        state.refresh_agent(id);
    }
    let offered: Vec<(Slot, BotId, Vec<AgentId>)> = state
        .tickets
        .slab()
        .iter()
        .filter(|(_, ticket)| !ticket.asked.offers().is_empty())
        .map(|(slot, ticket)| (slot, ticket.bot, ticket.asked.offers().agents().to_vec()))
        .collect();
    for (slot, bot, agents) in offered {
        for agent in agents {
            state.agents.offer(agent, slot, bot);
            state.seat_taken(agent, bot);
            state.refresh_agent(agent);
        }
    }
}

fn invalid(what: &str) -> SnapshotError {
    SnapshotError::Invalid(what.to_owned())
}
