//! Whoever runs the desk opens, drains or closes a queue. Closed by its mode is what closed by its hours
//! is: a second source of the same fact.

use super::{Answered, Turn, done};
use crate::Micros;
use crate::event::{Event, QueueModeSet};
use crate::hours::shown;
use relevo_wire::limits::TEXT_BYTES;
use relevo_wire::vocabulary::QueueMode;
use relevo_wire::{ErrorCode, QueueId, WireError};

impl Turn<'_> {
    /// From now on, until the time told; where it is so already, nothing is done.
    pub(super) fn set_queue_mode(&mut self, set: QueueModeSet) -> Answered {
        if self.state.queues.get(set.queue).is_none() {
            let message = "no such queue is in the directory";
            return Err(WireError::field(ErrorCode::NotFound, "queue", message));
        }
        self.check_mode(&set)?;
        let is_so = match self.state.modes.of(set.queue) {
            Some(known) => *known == set,
            None => set.mode == QueueMode::Open,
        };
        if !is_so {
            self.change_mode(set);
        }
        Ok(done())
    }

    fn check_mode(&self, set: &QueueModeSet) -> Result<(), WireError> {
        if set.text.len() > TEXT_BYTES {
            let message = format!("at most {TEXT_BYTES} bytes, not {}", set.text.len());
            return Err(WireError::field(ErrorCode::LimitExceeded, "text", message));
        }
        let refused = |field, message| Err(WireError::field(ErrorCode::Malformed, field, message));
        let only = "belongs to drain and closed: an open queue goes by its hours".to_owned();
        match set.until {
            _ if set.mode == QueueMode::Open && !set.text.is_empty() => refused("text", only),
            Some(_) if set.mode == QueueMode::Open => refused("until", only),
            Some(until) if until <= self.now => {
                let (until, now) = (shown(until), shown(self.now));
                refused("until", format!("must lie ahead: {until} is over, it is {now}"))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The time of a mode is over: the queue goes by its hours again.
    pub(super) fn mode_over(&mut self, queue: QueueId) {
        let mode = QueueMode::Open;
        self.change_mode(QueueModeSet { queue, mode, text: String::new(), until: None });
    }

    fn change_mode(&mut self, set: QueueModeSet) {
        let queue = set.queue;
        self.emit(Event::QueueModeSet(set));
        self.look_at_doors(queue);
    }

    /// When a queue that takes nobody now takes somebody again, by its hours and its mode; none: nobody
    /// knows.
    pub(super) fn opens_at(&self, id: QueueId) -> Option<Micros> {
        match self.state.modes.of(id).filter(|set| set.mode == QueueMode::Drain) {
            Some(drain) => self.opening_from(id, drain.until?),
            None => self.state.queues.at(id).doors.until.get(),
        }
    }

    /// Why a queue takes nobody, and until when, as people read it.
    pub(super) fn closed_until(&self, id: QueueId) -> String {
        let does = match self.state.queues.at(id).mode {
            QueueMode::Open => "closed",
            QueueMode::Drain => "set to drain",
            QueueMode::Closed => "set to closed",
        };
        match (self.opens_at(id), self.state.modes.of(id)) {
            (Some(until), _) => format!("{does} until {}", shown(until)),
            (None, Some(mode)) if mode.until.is_none() => format!("{does} until it is opened"),
            (None, Some(_) | None) => format!("{does}, and its hours never open it"),
        }
    }
}
