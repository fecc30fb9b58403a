//! Who of the members who may have a ticket: what the strategies compare and go through.

use crate::handle::Turn;
use crate::state::bits::Bits;
use crate::state::loads::Compared;
use crate::state::queues::Queue;
use crate::state::skills::Need;
use crate::state::ticket::Ticket;
use relevo_wire::AgentId;
use smallvec::SmallVec;

/// Up to so many members are looked at one by one; more are met through the bit sets.
const FEW_MEMBERS: usize = 128;

impl Turn<'_> {
    /// The least loaded of all members who may have the ticket; ties go to the lowest number.
    pub(super) fn least_loaded(
        &self,
        queue: &Queue,
        ticket: &Ticket,
        needs: &[Need],
        compared: Compared,
    ) -> Option<AgentId> {
        let loads = self.state.agents.loads();
        let has_many = queue.members.len() > FEW_MEMBERS;
        if has_many && !queue.has_grades && needs.is_empty() && self.takes_any(queue, ticket) {
            let available = self.state.agents.available();
            return loads.least(available, &queue.member_bits, compared).map(AgentId);
        }
        self.least(queue, ticket, needs, |agent| compared.of(loads.of(agent)))
    }

    /// The least of all members who may have the ticket; ties go to the lowest number.
    pub(super) fn least<Key: Ord>(
        &self,
        queue: &Queue,
        ticket: &Ticket,
        needs: &[Need],
        key: impl Fn(u32) -> Key,
    ) -> Option<AgentId> {
        let mut best: Option<(Key, u32)> = None;
        self.for_each_candidate(queue, ticket, needs, |agent| {
            let key = key(agent);
            if best.as_ref().is_none_or(|(least, _)| key < *least) {
                best = Some((key, agent));
            }
        });
        best.map(|(_, agent)| AgentId(agent))
    }

    /// The next number after the one served last, around the end.
    pub(super) fn next_in_turn(
        &self,
        queue: &Queue,
        ticket: &Ticket,
        needs: &[Need],
    ) -> Option<AgentId> {
        let last = queue.last_served.get();
        let (mut first, mut next) = (None, None);
        self.for_each_candidate(queue, ticket, needs, |agent| {
            let agent = AgentId(agent);
            first = first.or(Some(agent));
            if next.is_none() && last.is_none_or(|last| agent > last) {
                next = Some(agent);
            }
        });
        next.or(first)
    }

    /// Every available member of the lowest level at which one may have the ticket, in rising order.
    pub(super) fn for_each_candidate(
        &self,
        queue: &Queue,
        ticket: &Ticket,
        needs: &[Need],
        mut each: impl FnMut(u32),
    ) {
        if !queue.has_grades {
            return self.for_each_able(queue, ticket, needs, each);
        }
        let least = self.least_level_in(queue, ticket, needs);
        self.for_each_able(queue, ticket, needs, |agent| {
            if least == Some(self.level(AgentId(agent), ticket.queue)) {
                each(agent);
            }
        });
    }

    /// Every available member who may have the ticket, in rising order.
    pub(super) fn for_each_able(
        &self,
        queue: &Queue,
        ticket: &Ticket,
        needs: &[Need],
        mut each: impl FnMut(u32),
    ) {
        let takes_any = self.takes_any(queue, ticket);
        let available = self.state.agents.available();
        let mut offer = |agent: u32| {
            if takes_any || self.may_have(AgentId(agent), ticket) {
                each(agent);
            }
        };
        let skills = &self.state.skills;
        if queue.members.len() > FEW_MEMBERS {
            let mut sets: SmallVec<[&Bits; 4]> = SmallVec::from_slice(&[&queue.member_bits]);
            for need in needs {
                let Some(holders) = skills.holders(*need) else { return };
                sets.push(holders);
            }
            available.for_each_common(&sets, offer);
            return;
        }
        for agent in &queue.members {
            if available.holds(agent.0) && skills.suffice(agent.0, needs) {
                offer(agent.0);
            }
        }
    }

    /// Every available member may have the ticket, skills aside: nobody needs to be looked at.
    fn takes_any(&self, queue: &Queue, ticket: &Ticket) -> bool {
        !ticket.test
            && ticket.asked.excluded().is_empty()
            && ticket.asked.offers().is_empty()
            && !queue.has_delays()
            && !self.state.agents.any_absent()
            && self.state.bots.at(ticket.bot).seats_per_agent.is_none()
    }
}
