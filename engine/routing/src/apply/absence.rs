//! Agents who are away for a bot: they count as nobody there.

use crate::event::{AbsenceSet, Event};
use crate::state::State;
use relevo_wire::{AgentId, BotId};

impl State {
    pub(super) fn absence_set(&mut self, event: &Event, set: &AbsenceSet) {
        self.directory.apply(event);
        self.set_absent(set.agent, set.bot, set.absence.is_some());
    }

    /// The agent no longer counts in the queues of the bot, or counts again.
    pub(crate) fn set_absent(&mut self, id: AgentId, bot: BotId, absent: bool) {
        if self.agents.is_absent(id, bot) == absent {
            return;
        }
        self.agents.set_absent(id, bot, absent);
        self.follow_shares(id, self.agents.at(id).counted);
        let agent = self.agents.at(id);
        let (online, for_tests) = (agent.counted.online, agent.counted.online_for_tests);
        let seats = agent.counted.seats_online();
        for queue in self.agents.at(id).queues.clone() {
            let entry = self.queues.at_mut(queue);
            if entry.bot != bot {
                continue;
            }
            if absent {
                entry.online -= u32::from(online);
                entry.online_for_tests -= u32::from(for_tests);
                entry.seats -= seats;
                if entry.online == 0 {
                    entry.pace.interrupt();
                }
            } else {
                entry.online += u32::from(online);
                entry.online_for_tests += u32::from(for_tests);
                entry.seats += seats;
            }
            self.queues.note_changed(queue);
        }
        self.presence_changed(id, !absent, absent);
        self.wake_agent(id);
    }
}
