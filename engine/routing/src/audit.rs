//! The auditor: looks for waiting tickets beside agents who could have them.

use crate::Micros;
use crate::seats::Seats;
use crate::state::State;
use crate::state::slab::Slot;
use relevo_wire::directory::{AtClosing, Delivery};
use relevo_wire::vocabulary::{Intent, Reachability};
use relevo_wire::{AgentId, QueueId, TicketId};
use rustc_hash::FxHashMap;

/// Most tickets of one line that are held against one agent.
const LOOKED_AT: usize = 1_000;

/// What one turn of the auditor found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    /// Tickets that wait beside an eligible agent. Each is a fault of ours.
    pub violations: Vec<Violation>,
    /// Nothing was looked at: matching is not finished, a tick is due.
    pub unfinished: bool,
}

/// A waiting ticket and an agent who is eligible for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Violation {
    /// Its queue.
    pub queue: QueueId,
    /// Who waits.
    pub ticket: TicketId,
    /// Who could have it.
    pub agent: AgentId,
}

/// Walks `queues` queues from number `from` on, naively: every waiting ticket of a queue that
/// pushes beside every member, from the plainest facts. Shares no code with the matching.
pub(crate) fn audit(
    state: &State,
    seats: &Seats,
    from: usize,
    queues: usize,
    now: Micros,
) -> Audit {
    let mut violations = Vec::new();
    let fairness = state.directory.tenant().and_then(|tenant| tenant.object.fairness);
    let end = from.saturating_add(queues).min(state.queues.len());
    for number in from..end {
        let id = QueueId(u32::try_from(number).expect("queues are numbered by u32"));
        let queue = state.queues.at(id);
        let delays = delays_by_name(state, id);
        for agent in &queue.members {
            let name = state.directory.agent_name(*agent).unwrap_or_default();
            let delay_seconds = delays.get(name).copied().unwrap_or(0);
            let word = seats.word(agent.0 as usize).map(|word| word.view());
            let open = word.is_some_and(|word| word.is_open() && word.used < word.capacity);
            let entry = state.agents.at(*agent);
            let online = entry.exists && entry.active && entry.intent == Intent::Online;
            let is_recent = |at: &Micros, seconds: u32| {
                now.saturating_sub(*at) < Micros::from(seconds) * 1_000_000
            };
            let limited = fairness.is_some_and(|limit| {
                let recent = entry.latest.iter().filter(|at| is_recent(at, limit.seconds));
                recent.count() >= usize::from(limit.tickets)
            });
            let takes = !limited && !entry.not_responding;
            if !takes || !open || !online || entry.reachability != Reachability::Reachable {
                continue;
            }
            let may = |slot: Slot| {
                let ticket = state.tickets.at(slot);
                let cap = state.bots.at(ticket.bot).seats_per_agent.unwrap_or(u16::MAX);
                let seats = entry.tickets.iter().chain(&entry.offers);
                let same_bot = seats.filter(|own| state.tickets.at(**own).bot == ticket.bot);
                let mut exclusions = ticket.asked.excluded().iter();
                let excluded = exclusions.any(|(other, until)| other == *agent && until > now);
                let accepts = entry.accepts_tests || !ticket.test;
                let waited_seconds = now.saturating_sub(ticket.waiting_since) / 1_000_000;
                let chosen = ticket.reserved.get() == Some(*agent);
                accepts
                    && (chosen || waited_seconds >= u64::from(delay_seconds))
                    && !excluded
                    && state.directory.absence(*agent, ticket.bot).is_none()
                    && !waits_for_opening(state, slot)
                    && same_bot.count() < usize::from(cap)
                    && can(state, *agent, slot)
            };
            let line = queue.line.iter().chain(queue.tests.iter());
            let pushed = line.filter(|_| queue.delivery != Delivery::Pull);
            let reserved = entry.reserved.iter();
            for (_, slot) in pushed.chain(reserved).take(LOOKED_AT).filter(|(_, slot)| may(*slot)) {
                let ticket = state.tickets.at(slot).id;
                violations.push(Violation { queue: id, ticket, agent: *agent });
            }
        }
    }
    Audit { violations, unfinished: false }
}

/// The members of a queue who have a delay, as the directory wrote them.
fn delays_by_name(state: &State, id: QueueId) -> FxHashMap<&str, u32> {
    let object = state.directory.queue(id).map(|queue| &queue.object);
    let members = object.map_or(&[][..], |queue| &queue.members);
    let delayed = members.iter().filter(|member| member.delay_seconds > 0);
    delayed.map(|member| (member.agent.as_str(), member.delay_seconds)).collect()
}

/// The hours have its queue closed, and it is none of those who are served all the same.
fn waits_for_opening(state: &State, slot: Slot) -> bool {
    let ticket = state.tickets.at(slot);
    let queue = state.queues.at(ticket.queue);
    let object = state.directory.queue(ticket.queue).map(|queue| &queue.object);
    let finishes = object.is_some_and(|object| object.at_closing == AtClosing::Finish);
    queue.shut && !(finishes && ticket.order < queue.doors.shut_before)
}

/// By names, as the directory and the hand-off's rule wrote them.
fn can(state: &State, agent: AgentId, slot: Slot) -> bool {
    let ticket = state.tickets.at(slot);
    let Some(demand) = state.demands.get(ticket.demand) else { return true };
    let chosen = ticket.reserved.get() == Some(agent);
    let object = state.directory.agent(agent).map(|agent| &agent.object);
    let has = object.map_or(&[][..], |agent| &agent.skills);
    chosen
        || demand.of_ring(ticket.ring).iter().all(|required| {
            has.iter().any(|skill| skill.name == required.name && skill.level >= required.level)
        })
}
