//! Who works where: names of bots, queues and agents, and the members of each queue.
//!
//! An agent serves every queue of its own bot and of the next one, so that fairness has to hold
//! over queues and bots.

use super::Plan;

/// The people and lines of a run.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Staff {
    /// How many agents.
    pub agents: u32,
    /// Tickets that an agent may have at once.
    pub seats: u16,
    /// How many bots.
    pub bots: u32,
    /// Queues of each bot.
    pub queues_per_bot: u32,
}

impl Staff {
    /// All seats.
    #[must_use]
    pub fn seats_in_all(&self) -> u64 {
        u64::from(self.agents) * u64::from(self.seats)
    }

    /// Name of a bot.
    #[must_use]
    pub fn bot(&self, bot: u32) -> String {
        format!("bot-{bot:03}")
    }

    /// Name of a queue within its bot.
    #[must_use]
    pub fn queue(&self, plan: &Plan, queue: u32) -> String {
        if plan.pulls(queue) { "pull".into() } else { format!("queue-{queue:02}") }
    }

    /// Name of an agent.
    #[must_use]
    pub fn agent(&self, agent: u32) -> String {
        format!("agent-{agent:05}")
    }

    /// The number of an agent's name; absent for a name that this run did not give.
    #[must_use]
    pub fn agent_of(&self, name: &str) -> Option<u32> {
        let agent = name.strip_prefix("agent-")?.parse().ok()?;
        (agent < self.agents && self.agent(agent) == name).then_some(agent)
    }

    /// The bots whose queues an agent serves: its own and the next one.
    #[must_use]
    pub fn bots_of(&self, agent: u32) -> [u32; 2] {
        let own = agent % self.bots;
        [own, (own + 1) % self.bots]
    }

    /// The agents who serve the queues of a bot, in order, none twice.
    pub fn members(&self, bot: u32) -> impl Iterator<Item = u32> + '_ {
        (0..self.agents).filter(move |agent| self.bots_of(*agent).contains(&bot))
    }

    /// A colleague within the same bot, picked by a number; absent when there is none.
    #[must_use]
    pub fn colleague(&self, bot: u32, agent: u32, number: u64) -> Option<u32> {
        let colleagues = self.members(bot).filter(|member| *member != agent).count();
        let pick = number.checked_rem(colleagues as u64)?;
        let pick = usize::try_from(pick).expect("below a count of agents");
        self.members(bot).filter(|member| *member != agent).nth(pick)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_agent_serves_its_bot_and_the_next_one() {
        let staff = Staff { agents: 10, seats: 3, bots: 4, queues_per_bot: 2 };
        assert_eq!(staff.members(0).collect::<Vec<_>>(), [0, 3, 4, 7, 8]);
        for agent in 0..10 {
            for bot in staff.bots_of(agent) {
                assert!(staff.members(bot).any(|member| member == agent));
            }
        }
        let alone = Staff { agents: 3, seats: 1, bots: 1, queues_per_bot: 1 };
        assert_eq!(alone.members(0).collect::<Vec<_>>(), [0, 1, 2]);
    }

    #[test]
    fn a_name_leads_back_to_its_agent_and_a_foreign_one_to_nobody() {
        let staff = Staff { agents: 10, seats: 3, bots: 4, queues_per_bot: 2 };
        assert_eq!(staff.agent_of(&staff.agent(7)), Some(7));
        for foreign in ["agent-00010", "agent-7", "agent-x", "bot-001", ""] {
            assert_eq!(staff.agent_of(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn a_colleague_is_another_member_of_the_same_bot() {
        let staff = Staff { agents: 10, seats: 3, bots: 4, queues_per_bot: 2 };
        for number in 0..20 {
            let colleague = staff.colleague(0, 3, number).unwrap();
            assert_ne!(colleague, 3);
            assert!(staff.members(0).any(|member| member == colleague));
        }
        let alone = Staff { agents: 1, seats: 3, bots: 1, queues_per_bot: 1 };
        assert_eq!(alone.colleague(0, 0, 5), None);
    }
}
