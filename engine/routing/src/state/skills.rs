//! Skills by number, and who has them. Derived from the directory and the tickets: no snapshot holds
//! the numbers.

use super::bits::Bits;
use relevo_wire::directory::Skill;
use rustc_hash::FxHashMap;
use std::cmp::Ordering;
use std::sync::Arc;

/// A skill, as long as somebody has or requires it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SkillId(u32);

/// The newest first. What is common is named early: a way that begins with what is rare soon leads to
/// few tickets, and most of them are for whoever came so far.
impl Ord for SkillId {
    fn cmp(&self, other: &Self) -> Ordering {
        other.0.cmp(&self.0)
    }
}

impl PartialOrd for SkillId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A skill with a level: of an agent, or required at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Need {
    pub(crate) skill: SkillId,
    pub(crate) level: u8,
}

impl Need {
    pub(crate) const NOTHING: Self = Self { skill: SkillId(0), level: 0 };
}

/// All skills of a tenant.
#[derive(Debug, Default)]
pub(crate) struct Skills {
    list: Vec<Entry>,
    ids: FxHashMap<Arc<str>, SkillId>,
    free: Vec<SkillId>,
    /// Skills that some agent has.
    held: usize,
}

#[derive(Debug)]
struct Entry {
    name: Arc<str>,
    /// By how many agents and demands.
    uses: u32,
    holders: u32,
    /// By level from 1: who has at least this much.
    at_least: Vec<Bits>,
}

impl Skills {
    /// Numbers for what somebody has or requires, in their order, until they are dropped again.
    pub(crate) fn take(&mut self, skills: &[Skill]) -> Vec<Need> {
        let need = |skill: &Skill| Need { skill: self.take_one(&skill.name), level: skill.level };
        let mut needs: Vec<Need> = skills.iter().map(need).collect();
        needs.sort_unstable();
        needs
    }

    /// As [`Self::take`], of what is known already; none where some skill is not.
    pub(crate) fn find(&self, skills: &[Skill]) -> Option<Vec<Need>> {
        let need = |skill: &Skill| {
            Some(Need { skill: *self.ids.get(skill.name.as_str())?, level: skill.level })
        };
        let mut needs = skills.iter().map(need).collect::<Option<Vec<Need>>>()?;
        needs.sort_unstable();
        Some(needs)
    }

    pub(crate) fn drop(&mut self, needs: &[Need]) {
        for need in needs {
            let entry = &mut self.list[need.skill.0 as usize];
            entry.uses -= 1;
            if entry.uses == 0 {
                self.ids.remove(&entry.name);
                self.free.push(need.skill);
            }
        }
    }

    /// An agent has these skills, or has them no longer.
    pub(crate) fn hold(&mut self, agent: u32, needs: &[Need], holds: bool) {
        for need in needs {
            let entry = &mut self.list[need.skill.0 as usize];
            let levels = usize::from(need.level);
            if entry.at_least.len() < levels {
                entry.at_least.resize_with(levels, Bits::default);
            }
            for bits in &mut entry.at_least[..levels] {
                bits.set(agent, holds);
            }
            let before = entry.holders;
            entry.holders = if holds { before + 1 } else { before - 1 };
            self.held = self.held + usize::from(entry.holders > 0) - usize::from(before > 0);
        }
    }

    /// Who has at least this; nobody, where no agent does.
    pub(crate) fn holders(&self, need: Need) -> Option<&Bits> {
        let index = usize::from(need.level).checked_sub(1)?;
        self.list[need.skill.0 as usize].at_least.get(index)
    }

    /// Whether the agent has all of it.
    pub(crate) fn suffice(&self, agent: u32, needs: &[Need]) -> bool {
        needs.iter().all(|need| self.holders(*need).is_some_and(|holders| holders.holds(agent)))
    }

    /// How many different skills agents have.
    pub(crate) fn held(&self) -> usize {
        self.held
    }

    /// Whether some agent has it.
    pub(crate) fn is_held(&self, name: &str) -> bool {
        let id = self.ids.get(name);
        id.is_some_and(|id| self.list[id.0 as usize].holders > 0)
    }

    fn take_one(&mut self, name: &str) -> SkillId {
        if let Some(id) = self.ids.get(name) {
            self.list[id.0 as usize].uses += 1;
            return *id;
        }
        let name: Arc<str> = name.into();
        let entry = Entry { name: Arc::clone(&name), uses: 1, holders: 0, at_least: Vec::new() };
        let id = self.free.pop().unwrap_or_else(|| {
            SkillId(u32::try_from(self.list.len()).expect("names are bounded far below 2^32"))
        });
        match self.list.get_mut(id.0 as usize) {
            Some(free) => *free = entry,
            None => self.list.push(entry),
        }
        self.ids.insert(name, id);
        id
    }
}
