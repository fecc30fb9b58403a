//! Waiting tickets that require skills, found by what an agent can do.
//!
//! Tickets with the same requirements stand in one line. The lines are the nodes of a tree: the way
//! from the root is the requirements in rising order of their skills. An agent walks the branches of
//! what it can do and no others, and of these only where somebody stands who is more urgent than the
//! best found so far: each node knows the most urgent ticket below it.

use super::line::LineKey;
use super::skills::Need;
use super::slab::Slot;
use std::collections::BTreeMap;

type NodeId = u32;
const ROOT: NodeId = 0;

/// The tickets of a line that require something.
#[derive(Debug)]
pub(crate) struct Skilled {
    tickets: BTreeMap<LineKey, (Slot, NodeId)>,
    nodes: Vec<Node>,
    free: Vec<NodeId>,
}

#[derive(Debug)]
struct Node {
    parent: NodeId,
    /// The last step of the way here.
    need: Need,
    /// Of who stands here or below.
    least: LineKey,
    line: BTreeMap<LineKey, Slot>,
    /// In rising order; all of skills behind that of this node.
    children: Vec<(Need, NodeId)>,
}

impl Node {
    fn new(parent: NodeId, need: Need) -> Self {
        let (line, children) = (BTreeMap::new(), Vec::new());
        Self { parent, need, least: LineKey::LAST, line, children }
    }
}

impl Default for Skilled {
    fn default() -> Self {
        // Nobody looks at the step to the root.
        let nodes = vec![Node::new(ROOT, Need::NOTHING)];
        Self { tickets: BTreeMap::new(), nodes, free: Vec::new() }
    }
}

impl Skilled {
    pub(crate) fn tickets(&self) -> &BTreeMap<LineKey, (Slot, u32)> {
        &self.tickets
    }

    pub(crate) fn insert(&mut self, key: LineKey, slot: Slot, needs: &[Need]) {
        let node = needs.iter().fold(ROOT, |node, need| self.child(node, *need));
        self.tickets.insert(key, (slot, node));
        self.nodes[node as usize].line.insert(key, slot);
        self.note_urgent(node, key);
    }

    /// Whether it was there.
    pub(crate) fn remove(&mut self, key: LineKey) -> bool {
        let Some((_, node)) = self.tickets.remove(&key) else { return false };
        self.nodes[node as usize].line.remove(&key);
        self.note_gone(node, key);
        true
    }

    /// A ticket has another place.
    pub(crate) fn rekey(&mut self, from: LineKey, to: LineKey) {
        let Some((slot, node)) = self.tickets.remove(&from) else { return };
        self.tickets.insert(to, (slot, node));
        let line = &mut self.nodes[node as usize].line;
        line.insert(to, slot);
        line.remove(&from);
        self.note_urgent(node, to);
        self.note_gone(node, from);
    }

    /// The first ticket whose requirements these skills meet, of those that are accepted. `skills` in
    /// rising order.
    pub(crate) fn first_for(
        &self,
        skills: &[Need],
        accepts: impl Fn(Slot) -> bool,
    ) -> Option<(LineKey, Slot)> {
        let mut best = None;
        self.search(ROOT, skills, &accepts, &mut best);
        best
    }

    /// Those who require the same, in order.
    pub(crate) fn alike(&self, key: LineKey) -> impl Iterator<Item = Slot> {
        let node = self.tickets.get(&key).map(|(_, node)| &self.nodes[*node as usize]);
        node.into_iter().flat_map(|node| node.line.values().copied())
    }

    fn search(
        &self,
        node: NodeId,
        skills: &[Need],
        accepts: &impl Fn(Slot) -> bool,
        best: &mut Option<(LineKey, Slot)>,
    ) {
        let is_better = |key: LineKey, best: &Option<(LineKey, Slot)>| {
            best.is_none_or(|(found, _)| key < found)
        };
        let node = &self.nodes[node as usize];
        if node.least == LineKey::LAST || !is_better(node.least, best) {
            return;
        }
        let found = node.line.iter().find(|(_, slot)| accepts(**slot));
        if let Some((key, slot)) = found.filter(|(key, _)| is_better(**key, best)) {
            *best = Some((*key, *slot));
        }
        let mut children = &node.children[..];
        for (at, skill) in skills.iter().enumerate() {
            if children.is_empty() {
                return;
            }
            let begin = children.partition_point(|(need, _)| need.skill < skill.skill);
            children = &children[begin..];
            let end = children.partition_point(|(need, _)| need <= skill);
            for (_, child) in &children[..end] {
                self.search(*child, &skills[at + 1..], accepts, best);
            }
            children = &children[end..];
        }
    }

    fn child(&mut self, parent: NodeId, need: Need) -> NodeId {
        let children = &self.nodes[parent as usize].children;
        let at = match children.binary_search_by_key(&need, |(need, _)| *need) {
            Ok(at) => return children[at].1,
            Err(at) => at,
        };
        let node = Node::new(parent, need);
        let id = match self.free.pop() {
            Some(id) => {
                self.nodes[id as usize] = node;
                id
            }
            None => {
                self.nodes.push(node);
                NodeId::try_from(self.nodes.len() - 1).expect("fewer than there are tickets")
            }
        };
        self.nodes[parent as usize].children.insert(at, (need, id));
        id
    }

    /// Somebody stands here with this urgency.
    fn note_urgent(&mut self, mut id: NodeId, key: LineKey) {
        loop {
            let node = &mut self.nodes[id as usize];
            if key >= node.least {
                return;
            }
            node.least = key;
            if id == ROOT {
                return;
            }
            id = node.parent;
        }
    }

    /// Somebody with this urgency stands here no longer; what is empty goes.
    fn note_gone(&mut self, mut id: NodeId, key: LineKey) {
        loop {
            let node = &self.nodes[id as usize];
            let (parent, need) = (node.parent, node.need);
            let is_empty = node.line.is_empty() && node.children.is_empty();
            if is_empty && id != ROOT {
                let siblings = &mut self.nodes[parent as usize].children;
                siblings.retain(|(other, _)| *other != need);
                self.free.push(id);
            } else if node.least == key {
                let below =
                    node.children.iter().map(|(_, child)| self.nodes[*child as usize].least);
                let here = node.line.first_key_value().map(|(key, _)| *key);
                let least = below.chain(here).min().unwrap_or(LineKey::LAST);
                self.nodes[id as usize].least = least;
            } else {
                return;
            }
            if id == ROOT {
                return;
            }
            id = parent;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::skills::Skills;
    use super::*;
    use relevo_wire::directory::Skill;

    /// A sequence that looks random, so that a failure comes again.
    struct Random(u64);

    impl Random {
        fn below(&mut self, end: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (self.0 >> 33) % end
        }

        /// Up to so many different skills, in rising order.
        fn skills(&mut self, skills: &mut Skills, most: u64) -> Vec<Need> {
            let mut named: Vec<Skill> = Vec::new();
            for _ in 0..=self.below(most) {
                let name = format!("s{}", self.below(6));
                let level = 1 + u8::try_from(self.below(3)).unwrap();
                if named.iter().all(|skill| skill.name != name) {
                    named.push(Skill { name, level });
                }
            }
            skills.take(&named)
        }
    }

    fn meets(has: &[Need], needs: &[Need]) -> bool {
        let met = |need: &Need| has.iter().any(|h| h.skill == need.skill && h.level >= need.level);
        needs.iter().all(met)
    }

    #[test]
    fn the_tree_finds_what_walking_the_line_finds() {
        let (mut random, mut skills) = (Random(7), Skills::default());
        let mut tree = Skilled::default();
        let mut line: BTreeMap<LineKey, (Slot, Vec<Need>)> = BTreeMap::new();
        let (mut found, mut most_nodes) = (0, 0);
        for number in 0..20_000_u64 {
            // It grows, shrinks to nothing, and grows again.
            let grows = number % 4_000 < 2_000;
            if random.below(10) < if grows { 7 } else { 2 } {
                let key = LineKey::for_test(1 + random.below(500), number);
                let (slot, needs) =
                    (Slot::try_from(number).unwrap(), random.skills(&mut skills, 4));
                tree.insert(key, slot, &needs);
                line.insert(key, (slot, needs));
            } else if !line.is_empty() {
                let at = usize::try_from(random.below(line.len() as u64)).unwrap();
                let key = *line.keys().nth(at).unwrap();
                let ticket = line.remove(&key).unwrap();
                if random.below(4) == 0 && key.is_lacking() {
                    let highest = LineKey::for_test(0, number);
                    tree.rekey(key, highest);
                    line.insert(highest, ticket);
                } else {
                    assert!(tree.remove(key) && !tree.remove(key));
                }
            }
            let has = random.skills(&mut skills, 6);
            let refused = random.below(5);
            let accepts = |slot: Slot| u64::from(slot) % 5 != refused;
            let walked = line
                .iter()
                .find(|(_, (slot, needs))| accepts(*slot) && meets(&has, needs))
                .map(|(key, (slot, _))| (*key, *slot));
            assert_eq!(tree.first_for(&has, accepts), walked, "step {number}");
            assert_eq!(tree.tickets().len(), line.len());
            found += usize::from(walked.is_some());
            most_nodes = most_nodes.max(tree.nodes.len());
            if line.is_empty() {
                assert_eq!(tree.free.len() + 1, tree.nodes.len(), "an empty tree has its root");
            }
        }
        assert!(found > 5_000 && most_nodes > 100, "{found} found, {most_nodes} nodes");
    }
}
