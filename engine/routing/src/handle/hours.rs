//! Opening hours: a queue is opened and closed as they and its mode say, and what happens at the closing.

use super::Turn;
use crate::Micros;
use crate::event::{Event, ObjectPut, QueueHours};
use crate::hours::Schedule;
use crate::state::slab::Slot;
use crate::state::ticket::Ticket;
use relevo_wire::QueueId;
use relevo_wire::directory::Object;
use relevo_wire::vocabulary::QueueMode;

/// Most changes of a queue that are told after a downtime: a month of them. Then it is as it is now.
const PASSED: usize = 64;

impl Turn<'_> {
    /// Queues whose hours an object that is put may change: itself, or those of a bot that are read by
    /// its clock.
    pub(super) fn queues_with_hours_of(&self, event: &Event) -> Vec<QueueId> {
        let Event::ObjectPut(ObjectPut { id, object, .. }) = event else { return Vec::new() };
        let read_by_bot = |queue: &QueueId| {
            let object = self.state.directory.queue(*queue).map(|queue| &queue.object);
            let hours = object.and_then(|object| object.hours.as_ref());
            hours.is_some_and(|hours| hours.time_zone.is_none())
        };
        match &**object {
            Object::Queue(_) => vec![QueueId(*id)],
            Object::Bot(_) => {
                let queues = self.state.queues_of(relevo_wire::BotId(*id));
                queues.filter(read_by_bot).collect()
            }
            Object::Tenant(_) | Object::Agent(_) => Vec::new(),
        }
    }

    /// Tells what hours and mode make of a queue now, where that is something else than is known.
    pub(super) fn look_at_doors(&mut self, id: QueueId) {
        self.look_at_doors_as_of(id, self.now);
    }

    /// A queue whose hours opened or closed it while the daemon was down did so then: each change is
    /// told by an event of its own, which counts from the time that the one before it named.
    pub(super) fn pass_doors(&mut self, id: QueueId, down_since: Micros) {
        for _ in 0..PASSED {
            let Some(queue) = self.state.queues.get(id) else { return };
            let until = queue.doors.until.get();
            let Some(at) = until.filter(|at| (down_since..=self.now).contains(at)) else { return };
            if queue.mode == QueueMode::Closed {
                return;
            }
            self.look_at_doors_as_of(id, at);
        }
    }

    fn look_at_doors_as_of(&mut self, id: QueueId, at: Micros) {
        let Some(queue) = self.state.queues.get(id) else { return };
        let known = (!queue.shut, queue.doors.until.get());
        let closed = self.state.modes.of(id).filter(|set| set.mode == QueueMode::Closed);
        let (open, until) = match closed.map(|set| set.until) {
            Some(until) => (false, until.and_then(|until| self.opening_from(id, until))),
            None => self.schedule(id).map_or((true, None), |schedule| schedule.look(at)),
        };
        if known != (open, until) {
            self.emit(Event::QueueHours(QueueHours { queue: id, open, until }));
        }
    }

    /// When the hours of a queue have it open, from a moment on.
    pub(super) fn opening_from(&self, id: QueueId, at: Micros) -> Option<Micros> {
        match self.schedule(id).map_or((true, None), |schedule| schedule.look(at)) {
            (true, _) => Some(at),
            (false, opening) => opening,
        }
    }

    fn schedule(&self, id: QueueId) -> Option<Schedule> {
        let directory = &self.state.directory;
        let bot = directory.bot(self.state.queues.at(id).bot);
        let zone = bot.map_or("UTC", |bot| bot.object.time_zone.as_str());
        let hours = directory.queue(id)?.object.hours.as_ref()?;
        Schedule::compile(hours, zone).ok()
    }

    /// Closes the ticket of the first who waited when the queue closed. A tick comes for each.
    pub(super) fn turn_away(&mut self, id: QueueId) {
        if let Some(slot) = self.first_left(id) {
            self.close_out_of_hours(slot);
        }
    }

    fn first_left(&self, id: QueueId) -> Option<Slot> {
        let queue = self.state.queues.at(id);
        let mut line = queue.line.iter().chain(queue.tests.iter()).map(|(_, slot)| slot);
        line.find(|slot| queue.doors.was_here(self.state.tickets.at(*slot)))
    }

    /// Whether a waiting ticket waits until its queue opens.
    pub(crate) fn is_held(&self, ticket: &Ticket) -> bool {
        self.state.queues.at(ticket.queue).holds(ticket)
    }
}
