//! The client message ids that a ticket remembers, so that a repeated send is recognised.

use relevo_wire::AgentId;
use relevo_wire::vocabulary::Author;
use rkyv::{Archive, Deserialize, Serialize};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// Up to so many ids a scan is faster than a map.
const SCANNED: usize = 48;

/// Ids of each author, the newest of them.
#[derive(Debug, Clone, Default, Archive, Serialize, Deserialize)]
pub(crate) struct RecentMessages {
    customer: RecentIds,
    agent: RecentIds,
    bot: RecentIds,
}

impl RecentMessages {
    /// Number of the entry that this id made.
    pub(crate) fn number(&self, author: Author, agent: Option<AgentId>, id: u128) -> Option<u32> {
        let ids = match author {
            Author::Customer => &self.customer,
            Author::Agent => &self.agent,
            Author::Bot | Author::System => &self.bot,
        };
        ids.number(key(agent, id))
    }

    /// Remembers an id, forgetting the author's oldest beyond `most`.
    pub(crate) fn remember(
        &mut self,
        author: Author,
        agent: Option<AgentId>,
        id: u128,
        number: u32,
        most: usize,
    ) {
        let ids = match author {
            Author::Customer => &mut self.customer,
            Author::Agent => &mut self.agent,
            Author::Bot | Author::System => &mut self.bot,
        };
        ids.remember(key(agent, id), number, most);
    }
}

/// Two agents may count their messages alike: an agent's number is part of the id.
fn key(agent: Option<AgentId>, id: u128) -> u128 {
    let agent = agent.map_or(0, |agent| u128::from(agent.0) + 1);
    id ^ agent.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
}

#[derive(Debug, Clone, Default, Archive, Serialize, Deserialize)]
struct RecentIds {
    order: VecDeque<(u128, u32)>,
    /// Of everything in `order`, once that is long.
    #[rkyv(with = rkyv::with::Skip)]
    index: Option<Box<FxHashMap<u128, u32>>>,
}

impl RecentIds {
    fn number(&self, key: u128) -> Option<u32> {
        match &self.index {
            Some(index) => index.get(&key).copied(),
            None => self.order.iter().find(|(known, _)| *known == key).map(|(_, number)| *number),
        }
    }

    fn remember(&mut self, key: u128, number: u32, most: usize) {
        self.order.push_back((key, number));
        if self.order.len() > most
            && let Some((oldest, _)) = self.order.pop_front()
            && let Some(index) = &mut self.index
        {
            index.remove(&oldest);
        }
        match &mut self.index {
            Some(index) => {
                index.insert(key, number);
            }
            None if self.order.len() > SCANNED => {
                self.index = Some(Box::new(self.order.iter().copied().collect()));
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_ids_are_remembered_and_older_ones_go() {
        let mut recent = RecentMessages::default();
        for number in 1..=200u32 {
            recent.remember(Author::Customer, None, u128::from(number), number, 100);
        }
        assert_eq!(recent.number(Author::Customer, None, 200), Some(200));
        assert_eq!(recent.number(Author::Customer, None, 101), Some(101));
        assert_eq!(recent.number(Author::Customer, None, 100), None);
    }

    #[test]
    fn authors_and_agents_do_not_meet() {
        let mut recent = RecentMessages::default();
        recent.remember(Author::Agent, Some(AgentId(1)), 7, 3, 10);
        assert_eq!(recent.number(Author::Agent, Some(AgentId(1)), 7), Some(3));
        assert_eq!(recent.number(Author::Agent, Some(AgentId(2)), 7), None);
        assert_eq!(recent.number(Author::Customer, None, 7), None);
    }
}
