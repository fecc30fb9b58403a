//! Agents who are away for a bot.

use crate::action::agent;
use crate::ask::Ask;
use crate::reference::{Answered, Reference, done};
use crate::refusals::{no_agent, no_bot, refused};
use crate::shapes::mostly;
use crate::texts::told_absent;
use crate::tickets::Ticket;
use proptest::prelude::*;
use relevo_routing::Event;
use relevo_routing::event::{Absence, AbsenceSet};
use relevo_routing::input::HandOff;
use relevo_wire::answer::Absent;
use relevo_wire::limits::TEXT_BYTES;
use relevo_wire::vocabulary::{OfferEnd, TransferEnd};
use relevo_wire::{AgentId, BotId, ErrorCode, TicketId};

pub(crate) fn absence() -> impl Strategy<Value = Ask> {
    let colleague = prop_oneof![1 => Just(None), 2 => agent().prop_map(Some)];
    let how = (any::<bool>(), mostly(60), mostly(70));
    (agent(), 0..3_u8, colleague, how).prop_map(|(agent, bot, colleague, (words, on, own))| {
        Ask::SetAbsence { agent, bot, colleague, words, on, own }
    })
}

impl Reference {
    /// Of agents and bots that are still there.
    pub(crate) fn absence(&self, agent: AgentId, bot: BotId) -> Option<&Absence> {
        let set = self.absences.iter().find(|set| (set.agent, set.bot) == (agent, bot))?;
        let both = self.agent(agent).is_some() && self.bot(bot).is_some();
        set.absence.as_ref().filter(|_| both)
    }

    pub(crate) fn is_absent(&self, agent: AgentId, bot: BotId) -> bool {
        self.absence(agent, bot).is_some()
    }

    pub(crate) fn set_absence(
        &mut self,
        agent: AgentId,
        bot: BotId,
        absence: Option<&Absence>,
    ) -> Answered {
        if self.agent(agent).is_none() {
            return Err(no_agent());
        }
        if self.bot(bot).is_none() {
            return Err(no_bot());
        }
        if absence.is_some_and(|absence| absence.text.len() > TEXT_BYTES) {
            return Err(refused(ErrorCode::LimitExceeded, "text"));
        }
        match absence.and_then(|absence| absence.colleague) {
            Some(colleague) if colleague == agent => {
                return Err(refused(ErrorCode::Malformed, "colleague"));
            }
            Some(colleague) if self.agent(colleague).is_none() => {
                return Err(refused(ErrorCode::NotFound, "colleague"));
            }
            Some(_) | None => {}
        }
        if self.absence(agent, bot) == absence {
            return Ok(done());
        }
        let set = AbsenceSet { agent, bot, absence: absence.cloned() };
        self.absences.retain(|other| (other.agent, other.bot) != (agent, bot));
        self.absences.push(set.clone());
        self.emit(Event::AbsenceSet(set));
        if absence.is_some() {
            let asked = self.tickets.iter().filter(|t| t.bot == bot && t.offers.contains(&agent));
            let asked: Vec<TicketId> = asked.map(|ticket| ticket.id).collect();
            for id in asked {
                self.end_offer(id, agent, OfferEnd::Withdrawn);
                self.go_on_asking(id, TransferEnd::Unavailable);
            }
        }
        Ok(done())
    }

    /// For whom a ticket waits that is meant for an agent.
    pub(crate) fn stands_in(&self, agent: AgentId, bot: BotId) -> Option<AgentId> {
        self.absence(agent, bot).map_or(Some(agent), |absence| absence.colleague)
    }

    /// In the agent's words; else in those that any text may have, with the names in them.
    pub(crate) fn told_absent(&self, input: &HandOff, ticket: &Ticket) -> Option<Box<Absent>> {
        let id = input.preferred_agent?;
        let absence = self.absence(id, input.bot)?;
        let agent = self.agent_name(id);
        let colleague = absence.colleague.filter(|id| self.agent(*id).is_some());
        let colleague = colleague.map(|colleague| self.agent_name(colleague));
        let text = if absence.text.is_empty() {
            let queue = self.queue(ticket.queue).expect("the queue exists");
            let own = input.texts.as_ref();
            told_absent(own, &queue.texts, ticket.language, &agent, colleague.as_deref())
        } else {
            absence.text.clone()
        };
        Some(Box::new(Absent { agent, text, colleague }))
    }
}
