//! Opening hours: a queue is opened and closed as they say, and what happens at the closing.

use super::Turn;
use crate::event::{Event, ObjectPut, QueueHours};
use crate::hours::Schedule;
use crate::state::slab::Slot;
use crate::state::ticket::Ticket;
use relevo_wire::QueueId;
use relevo_wire::directory::Object;

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

    /// Tells what the hours of a queue say now, where that is something else than is known.
    pub(super) fn look_at_hours(&mut self, id: QueueId) {
        let Some(queue) = self.state.queues.get(id) else { return };
        let known = (!queue.shut, queue.doors.until.get());
        let directory = &self.state.directory;
        let zone = directory.bot(queue.bot).map_or("UTC", |bot| bot.object.time_zone.as_str());
        let hours = directory.queue(id).and_then(|queue| queue.object.hours.as_ref());
        let schedule = hours.and_then(|hours| Schedule::compile(hours, zone).ok());
        let (open, until) = schedule.map_or((true, None), |schedule| schedule.look(self.now));
        if known != (open, until) {
            self.emit(Event::QueueHours(QueueHours { queue: id, open, until }));
        }
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

    /// Until when a queue is closed by its hours, as people read it.
    pub(super) fn closed_until(&self, id: QueueId) -> String {
        match self.state.queues.at(id).doors.until.get() {
            Some(until) => format!("closed until {}", crate::hours::shown(until)),
            None => "closed, and its hours never open it".to_owned(),
        }
    }
}
