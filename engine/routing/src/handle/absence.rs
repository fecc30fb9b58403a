//! Agents who are away for a bot.

use super::refusals::{no_agent, no_bot};
use super::{Answered, Turn, done};
use crate::event::{Absence, AbsenceSet, Event};
use crate::input::HandOff;
use crate::texts;
use relevo_wire::answer::Absent;
use relevo_wire::limits::TEXT_BYTES;
use relevo_wire::vocabulary::{Language, Text};
use relevo_wire::{AgentId, BotId, ErrorCode, QueueId, WireError};

impl Turn<'_> {
    /// Away from now on, or no longer; where it is so already, nothing is done.
    pub(super) fn set_absence(
        &mut self,
        agent: AgentId,
        bot: BotId,
        absence: Option<Absence>,
    ) -> Answered {
        if self.state.agents.get(agent).is_none() {
            return Err(no_agent());
        }
        if self.state.bots.get(bot).is_none() {
            return Err(no_bot());
        }
        if let Some(absence) = &absence {
            self.check_absence(agent, absence)?;
        }
        if self.state.directory.absence(agent, bot) == absence.as_ref() {
            return Ok(done());
        }
        let is_away = absence.is_some();
        self.emit(Event::AbsenceSet(AbsenceSet { agent, bot, absence }));
        if is_away {
            self.withdraw_offers_of(agent, bot);
        }
        Ok(done())
    }

    fn check_absence(&self, agent: AgentId, absence: &Absence) -> Result<(), WireError> {
        if absence.text.len() > TEXT_BYTES {
            let message = format!("at most {TEXT_BYTES} bytes, not {}", absence.text.len());
            return Err(WireError::field(ErrorCode::LimitExceeded, "text", message));
        }
        let Some(colleague) = absence.colleague else { return Ok(()) };
        if colleague == agent {
            let message = "the agent itself is no colleague: name another, or nobody";
            return Err(WireError::field(ErrorCode::Malformed, "colleague", message));
        }
        if self.state.agents.get(colleague).is_none() {
            let message = "no such agent is in the directory";
            return Err(WireError::field(ErrorCode::NotFound, "colleague", message));
        }
        Ok(())
    }

    /// Who has a ticket of the bot first that is meant for an agent: the agent, or its colleague while it
    /// is away.
    pub(super) fn stands_in(&self, agent: AgentId, bot: BotId) -> Option<AgentId> {
        match self.state.directory.absence(agent, bot) {
            Some(absence) => absence.colleague,
            None => Some(agent),
        }
    }

    /// What a bot is told whose hand-off prefers an agent who is away: in the agent's words, else in those
    /// of the hand-off, the queue, or the language.
    pub(super) fn absent(
        &self,
        input: &HandOff,
        queue: QueueId,
        language: Language,
    ) -> Option<Box<Absent>> {
        let id = input.preferred_agent?;
        let absence = self.state.directory.absence(id, input.bot)?;
        let agent = self.agent_name(id);
        let colleague = absence.colleague.filter(|id| self.state.agents.get(*id).is_some());
        let colleague = colleague.map(|colleague| self.agent_name(colleague));
        let own = || input.texts.iter().chain(self.state.texts_of(queue));
        let text = match &colleague {
            _ if !absence.text.is_empty() => absence.text.clone(),
            None => texts::told(own(), language, Text::Absent, &[("agent", &agent)]),
            Some(colleague) => {
                let values = [("agent", &*agent), ("colleague", colleague)];
                texts::told(own(), language, Text::AbsentColleague, &values)
            }
        };
        Some(Box::new(Absent { agent, text, colleague }))
    }
}
