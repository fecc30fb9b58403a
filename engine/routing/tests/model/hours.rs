//! Opening hours: found by looking at the clock minute by minute. In the months of the model no clock
//! changes; what happens when one does is tested by itself (`tests/core/schedule.rs`).

use crate::reference::Reference;
use crate::tickets::Ticket;
use relevo_routing::event::QueueHours;
use relevo_routing::{Event, Micros};
use relevo_wire::directory::{AtClosing, Hours, Object, OutsideHours};
use relevo_wire::vocabulary::QueueMode;
use relevo_wire::{QueueId, TicketId};

const MINUTE: u64 = 60_000_000;
const DAY: u64 = 24 * 60;
/// Every day of the model is like the other but for one or two: what does not change in so many
/// minutes does not.
const LOOKED_AHEAD: u64 = 4 * DAY;

/// The minute of wall time in a zone, counted from 1970.
fn wall(zone: &str, at: Micros) -> u64 {
    let utc = at / MINUTE;
    match zone {
        "UTC" => utc,
        "Europe/Madrid" => utc + 60,
        "America/Bogota" => utc - 5 * 60,
        other => panic!("no queue of the model is in {other}"),
    }
}

fn minute_of_day(text: &str) -> u64 {
    let (hour, minute) = text.split_once(':').expect("a time");
    hour.parse::<u64>().expect("hours") * 60 + minute.parse::<u64>().expect("minutes")
}

/// All days of the week are alike, and a holiday is a day of November 2023.
fn intervals(hours: &Hours, day: u64) -> &[String] {
    const FIRST_OF_NOVEMBER_2023: u64 = 19_662;
    let date = format!("2023-11-{:02}", day - FIRST_OF_NOVEMBER_2023 + 1);
    let holiday = hours.holidays.iter().find(|holiday| holiday.date.as_ref() == Some(&date));
    let week = hours.week.first().map(|(_, open)| open);
    holiday.map(|holiday| &holiday.open).or(week).map_or(&[], |open| open)
}

fn is_open(hours: &Hours, bot_zone: &str, at: Micros) -> bool {
    let wall = wall(hours.time_zone.as_deref().unwrap_or(bot_zone), at);
    let today = wall / DAY;
    [today - 1, today].into_iter().any(|day| {
        intervals(hours, day).iter().any(|interval| {
            let (opens, closes) = interval.split_once('-').expect("two times");
            let (opens, closes) = (minute_of_day(opens), minute_of_day(closes));
            let closes = if closes < opens { closes + DAY } else { closes };
            (day * DAY + opens..day * DAY + closes).contains(&wall)
        })
    })
}

fn minutes_after(at: Micros) -> impl Iterator<Item = Micros> {
    let next_minute = at - at % MINUTE + MINUTE;
    (0..LOOKED_AHEAD).map(move |minute| next_minute + minute * MINUTE)
}

impl Reference {
    fn is_open_by_hours(&self, id: QueueId, at: Micros) -> bool {
        let zone = self.bot(self.queue_bot(id)).map_or("UTC", |bot| &bot.time_zone);
        let hours = self.queue(id).and_then(|queue| queue.hours.as_ref());
        hours.is_none_or(|hours| is_open(hours, zone, at))
    }

    /// When its hours have it open, from a moment on.
    pub(crate) fn opening_from(&self, id: QueueId, at: Micros) -> Option<Micros> {
        let mut moments = std::iter::once(at).chain(minutes_after(at));
        moments.find(|at| self.is_open_by_hours(id, *at))
    }

    /// A put may have changed the hours of a queue, or the clock by which they are read.
    pub(crate) fn look_at_hours_of(&mut self, object: &Object, number: usize) {
        let number = u32::try_from(number).expect("few objects");
        match object {
            Object::Queue(_) => self.look_at_hours(QueueId(number)),
            Object::Bot(_) => {
                for queue in self.queues_of(relevo_wire::BotId(number)) {
                    let hours = self.queue(queue).and_then(|queue| queue.hours.as_ref());
                    if hours.is_some_and(|hours| hours.time_zone.is_none()) {
                        self.look_at_hours(queue);
                    }
                }
            }
            Object::Tenant(_) | Object::Agent(_) => {}
        }
    }

    /// Where a queue is open or closed now, or until another time, an event tells it.
    pub(crate) fn look_at_hours(&mut self, id: QueueId) {
        self.look_at_hours_as_of(id, self.now);
    }

    /// Whatever hours did while the daemon was down, they did then.
    pub(crate) fn pass_doors(&mut self, id: QueueId, down_since: Micros) {
        while let Some(at) = self.queues[id.0 as usize].until
            && (down_since..=self.now).contains(&at)
            && self.queue(id).is_some()
            && self.mode(id) != QueueMode::Closed
        {
            self.look_at_hours_as_of(id, at);
        }
    }

    fn look_at_hours_as_of(&mut self, id: QueueId, at: Micros) {
        let Some(object) = self.queue(id) else { return };
        let closed = (self.mode(id) == QueueMode::Closed).then(|| self.mode_until(id));
        let is_open_now = closed.is_none() && self.is_open_by_hours(id, at);
        let has_hours = object.hours.is_some();
        let until = match closed {
            Some(until) => until.and_then(|until| self.opening_from(id, until)),
            None => {
                let mut minutes = minutes_after(at).filter(|_| has_hours);
                minutes.find(|at| self.is_open_by_hours(id, *at) != is_open_now)
            }
        };
        let newest = self.newest_id();
        let queue = &mut self.queues[id.0 as usize];
        if (!queue.is_shut, queue.until) == (is_open_now, until) {
            return;
        }
        if is_open_now && queue.is_shut {
            self.begin_held_steps(id);
            self.move_held_limits(id);
        }
        let queue = &mut self.queues[id.0 as usize];
        let has_moved = is_open_now == queue.is_shut;
        if has_moved {
            queue.newest_before = newest;
            match queue.closings.last_mut().filter(|_| is_open_now) {
                Some(closing) => closing.1 = Some(at),
                None => queue.closings.push((at, None)),
            }
        }
        queue.is_shut = !is_open_now;
        queue.until = until;
        if has_moved {
            self.look_again(id);
        }
        self.emit(Event::QueueHours(QueueHours { queue: id, open: is_open_now, until }));
    }

    /// Who has waited until the queue opens has the whole time of its step from then on.
    fn begin_held_steps(&mut self, id: QueueId) {
        let overflows = self.queue(id).map(|queue| queue.outside_hours);
        if overflows == Some(OutsideHours::Overflow) {
            return;
        }
        let is_held = |ticket: &&Ticket| {
            let is_in_line = ticket.is_waiting() && ticket.reserved.is_none();
            let is_away = ticket.away.is_some() && ticket.reserved.is_none();
            (is_in_line || is_away) && ticket.queue == id && self.is_held(ticket)
        };
        let held: Vec<TicketId> =
            self.tickets.iter().filter(is_held).map(|ticket| ticket.id).collect();
        let now = self.now;
        for ticket in held {
            let ticket = self.ticket_mut(ticket);
            (ticket.step_from, ticket.step_is_over) = (now, false);
        }
    }

    /// Who has waited until the queue opens has as much time left as when he began to.
    fn move_held_limits(&mut self, id: QueueId) {
        self.held_in(id).into_iter().for_each(|ticket| self.move_limits(ticket));
    }

    /// Likewise who need not wait for that any longer, as the queue's object is another.
    pub(crate) fn move_limits_of_released(&mut self, held: Vec<TicketId>) {
        for ticket in held {
            if !self.is_held(self.ticket(ticket)) {
                self.move_limits(ticket);
            }
        }
    }

    /// Who waits until the queue opens, his customer away or not.
    pub(crate) fn held_in(&self, id: QueueId) -> Vec<TicketId> {
        let is_held = |ticket: &&Ticket| {
            (ticket.is_unassigned() || ticket.away.is_some())
                && ticket.queue == id
                && self.is_held(ticket)
        };
        self.tickets.iter().filter(is_held).map(|ticket| ticket.id).collect()
    }

    /// The time since the closing counts for no limit of waiting.
    pub(crate) fn move_limits(&mut self, id: TicketId) {
        let ticket = self.ticket(id);
        let closings = &self.queues[ticket.queue.0 as usize].closings;
        let shut_since = closings.last().expect("it is closed").0;
        let held_us = self.now - shut_since.max(ticket.waiting_since);
        let now = self.now;
        let ticket = self.ticket_mut(id);
        // Where the daemon was down meanwhile that time is moved already.
        ticket.limits_from = now.min(ticket.limits_from + held_us);
    }

    pub(crate) fn is_shut(&self, id: QueueId) -> bool {
        self.queues[id.0 as usize].is_shut
    }

    fn at_closing(&self, id: QueueId) -> AtClosing {
        self.queue(id).map_or(AtClosing::Finish, |queue| queue.at_closing)
    }

    /// A waiting ticket that nobody gets before its queue opens.
    pub(crate) fn is_held(&self, ticket: &Ticket) -> bool {
        self.is_shut(ticket.queue)
            && match self.at_closing(ticket.queue) {
                AtClosing::Finish => !self.was_here(ticket),
                AtClosing::Carry | AtClosing::Close => true,
            }
    }

    fn was_here(&self, ticket: &Ticket) -> bool {
        ticket.id <= self.queues[ticket.queue.0 as usize].newest_before
    }

    /// Of a closed queue that closes the tickets of those who still wait in its lines: the first.
    pub(crate) fn first_to_turn_away(&self, id: QueueId) -> Option<TicketId> {
        let turns_away = match self.at_closing(id) {
            AtClosing::Close => self.queue(id).is_some() && self.is_shut(id),
            AtClosing::Finish | AtClosing::Carry => false,
        };
        let in_line = self.tickets.iter().filter(|ticket| {
            ticket.is_waiting() && ticket.queue == id && ticket.reserved.is_none()
        });
        let left = in_line.filter(|ticket| turns_away && self.was_here(ticket));
        left.min_by_key(|ticket| (ticket.test, self.urgency(ticket))).map(|ticket| ticket.id)
    }

    pub(crate) fn turn_away(&mut self, id: QueueId) {
        if let Some(ticket) = self.first_to_turn_away(id) {
            self.close_out_of_hours(ticket);
        }
    }
}
