//! How soon a member of a queue gets its tickets.

use crate::Micros;
use relevo_wire::QueueId;
use relevo_wire::directory::Member;

/// Level and delay of an agent in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grade {
    /// The lowest goes first.
    pub(crate) level: u8,
    /// How long a ticket waits before it reaches the agent.
    pub(crate) delay_us: Micros,
}

impl Grade {
    /// Of members of whom nothing is said.
    pub(crate) const PLAIN: Self = Self { level: Member::LEVEL, delay_us: 0 };

    pub(crate) fn of(member: &Member) -> Self {
        let delay_us = Micros::from(member.delay_seconds) * 1_000_000;
        Self { level: member.level, delay_us }
    }
}

/// The grades of an agent by queue, but for those that are plain: none of most agents.
#[derive(Debug, Default)]
pub(crate) struct Grades(Vec<(QueueId, Grade)>);

impl Grades {
    /// Plain in every queue.
    #[inline]
    pub(crate) fn are_plain(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn of(&self, queue: QueueId) -> Grade {
        let at = self.0.binary_search_by_key(&queue, |(other, _)| *other);
        at.map_or(Grade::PLAIN, |at| self.0[at].1)
    }

    pub(crate) fn set(&mut self, queue: QueueId, grade: Grade) {
        let at = self.0.binary_search_by_key(&queue, |(other, _)| *other);
        match at {
            Ok(at) if grade == Grade::PLAIN => drop(self.0.remove(at)),
            Ok(at) => self.0[at].1 = grade,
            Err(_) if grade == Grade::PLAIN => {}
            Err(at) => self.0.insert(at, (queue, grade)),
        }
    }
}
