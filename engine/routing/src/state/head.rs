//! The first of a line: what a freed agent looks at in many queues.

use super::line::{Line, LineKey, Rank};
use super::slab::Slot;
use crate::Micros;

/// The first of a line who requires no skill.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    pub(super) key: LineKey,
    pub(super) ageing: u16,
    /// Somebody in the line requires skills.
    pub(crate) has_skilled: bool,
    pub(crate) slot: Slot,
}

impl Head {
    /// The line is empty, or its queue does not push.
    pub(super) const NONE: Self =
        Self { key: LineKey::LAST, ageing: 0, has_skilled: false, slot: Slot::MAX };

    pub(super) fn of(line: &Line) -> Self {
        let ageing = line.ageing();
        let head = line.plain_head();
        let head = head.map_or(Self::NONE, |(key, slot)| Self { key, ageing, slot, ..Self::NONE });
        Self { has_skilled: line.skilled().is_some(), ..head }
    }

    /// Its urgency; [`Rank::LAST`] of an empty line.
    #[inline]
    pub(crate) fn rank(self, now: Micros) -> Rank {
        self.key.rank(self.ageing, now)
    }
}
