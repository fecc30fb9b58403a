//! Waiting tickets that require skills, found by what an agent can do.
//!
//! Tickets that require the same skills meet in a node of a tree, whose way from the root is these
//! skills in rising order; there those with the same levels stand in one line. An agent walks the
//! branches of what it can do and no others, and of these only where somebody stands who is more
//! urgent than the best found so far: of every branch the most urgent ticket is known beside the step
//! to it, so that hardly any memory is touched for a branch that is not taken.
//!
//! An agent with `k` skills meets at most as many nodes as there are sets of its skills that tickets
//! ask for: of ten skills, and three asked at once, 175.

use super::line::LineKey;
use super::skills::{Need, SkillId};
use super::slab::Slot;
use relevo_wire::limits::REQUIREMENTS;
use smallvec::SmallVec;
use std::collections::BTreeMap;

type NodeId = u32;
type LineId = u32;
/// Of the skills on the way to a node, in their order.
type Levels = [u8; REQUIREMENTS];
const ROOT: NodeId = 0;

/// The tickets of a line that require something.
#[derive(Debug)]
pub(crate) struct Skilled {
    tickets: BTreeMap<LineKey, Place>,
    nodes: Vec<Node>,
    free_nodes: Vec<NodeId>,
    lines: Vec<BTreeMap<LineKey, Slot>>,
    free_lines: Vec<LineId>,
}

/// Where a ticket stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) slot: Slot,
    node: NodeId,
    line: LineId,
}

#[derive(Debug)]
struct Node {
    parent: NodeId,
    /// The last step of the way here.
    skill: SkillId,
    /// Of who stands here or below.
    least: LineKey,
    here: Vec<Alike>,
    /// Steps on, in rising order, and beside each what is there: the steps alone are searched.
    steps: Vec<SkillId>,
    below: Vec<Branch>,
}

/// Those who require the same, at the same levels.
#[derive(Debug, Clone, Copy)]
struct Alike {
    first: LineKey,
    levels: Levels,
    line: LineId,
}

#[derive(Debug, Clone, Copy)]
struct Branch {
    least: LineKey,
    node: NodeId,
}

impl Node {
    fn new(parent: NodeId, skill: SkillId) -> Self {
        let (here, steps, below) = (Vec::new(), Vec::new(), Vec::new());
        Self { parent, skill, least: LineKey::LAST, here, steps, below }
    }

    fn find_least(&self) -> LineKey {
        let here = self.here.iter().map(|alike| alike.first);
        let below = self.below.iter().map(|branch| branch.least);
        here.chain(below).min().unwrap_or(LineKey::LAST)
    }
}

impl Default for Skilled {
    fn default() -> Self {
        Self {
            tickets: BTreeMap::new(),
            // Nobody looks at the step to the root.
            nodes: vec![Node::new(ROOT, Need::NOTHING.skill)],
            free_nodes: Vec::new(),
            lines: Vec::new(),
            free_lines: Vec::new(),
        }
    }
}

impl Skilled {
    pub(crate) fn tickets(&self) -> &BTreeMap<LineKey, Place> {
        &self.tickets
    }

    /// `needs` in rising order, at most [`REQUIREMENTS`].
    pub(crate) fn insert(&mut self, key: LineKey, slot: Slot, needs: &[Need]) {
        let node = needs.iter().fold(ROOT, |node, need| self.child(node, need.skill));
        let mut levels = Levels::default();
        for (level, need) in levels.iter_mut().zip(needs) {
            *level = need.level;
        }
        let line = self.line(node, levels);
        self.tickets.insert(key, Place { slot, node, line });
        self.enter(key, Place { slot, node, line });
    }

    /// Whether it was there.
    pub(crate) fn remove(&mut self, key: LineKey) -> bool {
        let Some(place) = self.tickets.remove(&key) else { return false };
        self.leave(key, place);
        true
    }

    /// A ticket has another place in the order.
    pub(crate) fn rekey(&mut self, from: LineKey, to: LineKey) {
        let Some(place) = self.tickets.remove(&from) else { return };
        self.tickets.insert(to, place);
        self.enter(to, place);
        self.leave(from, place);
    }

    /// The first ticket whose requirements these skills meet, of those that are accepted. `skills` in
    /// rising order.
    pub(crate) fn first_for(
        &self,
        skills: &[Need],
        accepts: impl Fn(Slot) -> bool,
    ) -> Option<(LineKey, Slot)> {
        let mut search = Search { tree: self, accepts, best: None };
        search.visit(ROOT, 0, Levels::default(), skills);
        search.best
    }

    /// Those who require the same as who has this place, in order.
    pub(crate) fn alike(&self, key: LineKey) -> impl Iterator<Item = Slot> {
        let line = self.tickets.get(&key).map(|place| &self.lines[place.line as usize]);
        line.into_iter().flat_map(|line| line.values().copied())
    }

    fn child(&mut self, parent: NodeId, skill: SkillId) -> NodeId {
        let entry = &self.nodes[parent as usize];
        let at = match entry.steps.binary_search(&skill) {
            Ok(at) => return entry.below[at].node,
            Err(at) => at,
        };
        let child = Node::new(parent, skill);
        let node = match self.free_nodes.pop() {
            Some(node) => {
                self.nodes[node as usize] = child;
                node
            }
            None => {
                self.nodes.push(child);
                number(self.nodes.len() - 1)
            }
        };
        let entry = &mut self.nodes[parent as usize];
        entry.steps.insert(at, skill);
        entry.below.insert(at, Branch { least: LineKey::LAST, node });
        node
    }

    fn line(&mut self, node: NodeId, levels: Levels) -> LineId {
        let here = &mut self.nodes[node as usize].here;
        if let Some(alike) = here.iter().find(|alike| alike.levels == levels) {
            return alike.line;
        }
        let line = self.free_lines.pop().unwrap_or_else(|| {
            self.lines.push(BTreeMap::new());
            number(self.lines.len() - 1)
        });
        here.push(Alike { first: LineKey::LAST, levels, line });
        line
    }

    fn enter(&mut self, key: LineKey, place: Place) {
        self.lines[place.line as usize].insert(key, place.slot);
        let here = &mut self.nodes[place.node as usize].here;
        if let Some(alike) = here.iter_mut().find(|alike| alike.line == place.line) {
            alike.first = alike.first.min(key);
        }
        let mut node = place.node;
        while key < self.nodes[node as usize].least {
            node = self.set_least(node, key);
        }
    }

    fn leave(&mut self, key: LineKey, place: Place) {
        let line = &mut self.lines[place.line as usize];
        line.remove(&key);
        let first = line.first_key_value().map(|(key, _)| *key);
        let here = &mut self.nodes[place.node as usize].here;
        if let Some(at) = here.iter().position(|alike| alike.line == place.line) {
            match first {
                Some(first) => here[at].first = first,
                None => {
                    here.swap_remove(at);
                    self.free_lines.push(place.line);
                }
            }
        }
        let mut node = place.node;
        loop {
            let entry = &self.nodes[node as usize];
            if entry.here.is_empty() && entry.below.is_empty() && node != ROOT {
                node = self.cut(node);
                continue;
            }
            if entry.least != key {
                return;
            }
            let least = entry.find_least();
            let parent = self.set_least(node, least);
            if node == ROOT {
                return;
            }
            node = parent;
        }
    }

    /// Notes who is the most urgent here or below; gives back the parent.
    fn set_least(&mut self, node: NodeId, least: LineKey) -> NodeId {
        let entry = &mut self.nodes[node as usize];
        entry.least = least;
        let (parent, skill) = (entry.parent, entry.skill);
        if node != ROOT {
            let parent = &mut self.nodes[parent as usize];
            if let Ok(at) = parent.steps.binary_search(&skill) {
                parent.below[at].least = least;
            }
        }
        parent
    }

    /// Takes an empty node out of the tree; gives back its parent.
    fn cut(&mut self, node: NodeId) -> NodeId {
        let Node { parent, skill, .. } = self.nodes[node as usize];
        let entry = &mut self.nodes[parent as usize];
        if let Ok(at) = entry.steps.binary_search(&skill) {
            entry.steps.remove(at);
            entry.below.remove(at);
        }
        self.free_nodes.push(node);
        parent
    }
}

/// A walk through the branches that an agent can do.
struct Search<'t, A> {
    tree: &'t Skilled,
    accepts: A,
    best: Option<(LineKey, Slot)>,
}

impl<A: Fn(Slot) -> bool> Search<'_, A> {
    /// `has` are the agent's levels in the skills on the way here, and `skills` what may follow.
    fn visit(&mut self, node: NodeId, depth: usize, has: Levels, skills: &[Need]) {
        let node = &self.tree.nodes[node as usize];
        for alike in &node.here {
            let suffice = || alike.levels.iter().zip(&has).all(|(needs, has)| needs <= has);
            if self.is_better(alike.first) && suffice() {
                self.look(alike.line);
            }
        }
        if node.steps.is_empty() {
            return;
        }
        let mut branches: SmallVec<[(LineKey, NodeId, usize); 10]> = SmallVec::new();
        let mut begin = 0;
        for (at, skill) in skills.iter().enumerate() {
            let found = node.steps[begin..].binary_search(&skill.skill);
            begin += found.unwrap_or_else(|at| at);
            if found.is_ok() && self.is_better(node.below[begin].least) {
                branches.push((node.below[begin].least, node.below[begin].node, at));
            }
        }
        // The most urgent first: it leaves the least to look at in the others.
        branches.sort_unstable();
        for (least, child, at) in branches {
            if !self.is_better(least) {
                return;
            }
            let mut has = has;
            has[depth] = skills[at].level;
            self.visit(child, depth + 1, has, &skills[at + 1..]);
        }
    }

    fn is_better(&self, key: LineKey) -> bool {
        self.best.is_none_or(|(best, _)| key < best)
    }

    /// The first of a line who is accepted, where that is better.
    fn look(&mut self, line: LineId) {
        let mut line = self.tree.lines[line as usize].iter();
        let found = line.find(|(_, slot)| (self.accepts)(**slot));
        if let Some((key, slot)) = found.filter(|(key, _)| self.is_better(**key)) {
            self.best = Some((*key, *slot));
        }
    }
}

fn number(index: usize) -> u32 {
    u32::try_from(index).expect("fewer than there are tickets")
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
        let (mut found, mut most_lines) = (0, 0);
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
            most_lines = most_lines.max(tree.lines.len());
            if line.is_empty() {
                assert_eq!(tree.free_nodes.len() + 1, tree.nodes.len(), "the root alone is left");
                assert_eq!(tree.free_lines.len(), tree.lines.len());
            }
        }
        assert!(found > 5_000 && most_lines > 100, "{found} found, {most_lines} lines");
    }
}
