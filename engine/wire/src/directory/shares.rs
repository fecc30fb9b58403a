//! Guaranteed shares that cannot all be kept: an agent has no more than 100 % of its seats.

use super::{Bot, Queue};
use crate::limits::SHARE_PERCENT;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// An agent who serves bots whose guaranteed shares add up to more than 100 %. Written as
/// `agent "ana" serves bots with guaranteed shares of 110 % in all (shop 60 %, web 50 %)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overshared<'d> {
    /// Name of the agent.
    pub agent: &'d str,
    /// The bots that it serves and their shares, in the order of their names.
    pub bots: Vec<(&'d str, u8)>,
}

impl Overshared<'_> {
    /// What the shares add up to, in percent.
    #[must_use]
    pub fn sum(&self) -> u32 {
        self.bots.iter().map(|(_, share)| u32::from(*share)).sum()
    }
}

impl fmt::Display for Overshared<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (agent, sum) = (self.agent, self.sum());
        let bots: Vec<String> =
            self.bots.iter().map(|(bot, share)| format!("{bot} {share} %")).collect();
        let bots = bots.join(", ");
        write!(f, "agent {agent:?} serves bots with guaranteed shares of {sum} % in all ({bots})")
    }
}

/// Every such agent of a tenant's directory, in the order of their names.
#[must_use]
pub fn overshared<'d>(
    bots: impl IntoIterator<Item = &'d Bot>,
    queues: impl IntoIterator<Item = &'d Queue>,
) -> Vec<Overshared<'d>> {
    let share = |bot: &'d Bot| Some((bot.name.as_str(), bot.guaranteed_share?));
    let shares: BTreeMap<&str, u8> = bots.into_iter().filter_map(share).collect();
    let mut served: BTreeMap<&str, BTreeSet<(&str, u8)>> = BTreeMap::new();
    for queue in queues {
        let Some((bot, share)) = shares.get_key_value(queue.bot.as_str()) else { continue };
        for member in &queue.members {
            served.entry(&member.agent).or_default().insert((bot, *share));
        }
    }
    let all = served
        .into_iter()
        .map(|(agent, bots)| Overshared { agent, bots: bots.into_iter().collect() });
    all.filter(|agent| agent.sum() > u32::from(SHARE_PERCENT)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bot(name: &str, share: u8) -> Bot {
        Bot { guaranteed_share: Some(share), ..Bot::new(name, "q") }
    }

    fn queue(bot: &str, name: &str, members: &[&str]) -> Queue {
        let members = members.iter().map(|member| (*member).into()).collect();
        Queue { members, ..Queue::new(bot, name) }
    }

    #[test]
    fn the_shares_of_the_bots_that_an_agent_serves_count_once_each() {
        let bots = [bot("web", 60), bot("shop", 40), bot("app", 1), Bot::new("fax", "q")];
        let queues = [
            queue("web", "q", &["ana", "bo"]),
            queue("web", "r", &["ana"]),
            queue("shop", "q", &["ana", "cy"]),
            queue("fax", "q", &["ana", "bo", "cy"]),
        ];
        assert_eq!(overshared(&bots, &queues), [], "60 % and 40 %, and web only once");
        let more = [queue("app", "q", &["cy", "ana"]), queue("app", "r", &["ana"])];
        let found = overshared(&bots, queues.iter().chain(&more));
        let [ana] = &found[..] else { panic!("{found:?}") };
        let said = "agent \"ana\" serves bots with guaranteed shares of 101 % in all \
                    (app 1 %, shop 40 %, web 60 %)";
        assert_eq!((ana.agent, ana.sum(), ana.to_string().as_str()), ("ana", 101, said));
    }
}
