//! `next`: an agent pulls the most urgent ticket that it may serve.

use crate::reference::{Answered, Reference};
use crate::refusals::{no_agent, refused};
use crate::tickets::Ticket;
use relevo_wire::answer::{Answer, NextAnswer};
use relevo_wire::{AgentId, ErrorCode, QueueId, WireError};

impl Reference {
    pub(crate) fn next(&mut self, agent: AgentId, queue: Option<QueueId>) -> Answered {
        let Some(object) = self.agent(agent) else { return Err(no_agent()) };
        let accepts_tests = object.accepts_tests;
        let mut queues = self.queues_served_by(agent);
        if let Some(queue) = queue {
            queues.retain(|served| *served == queue);
            if queues.is_empty() {
                return Err(refused(ErrorCode::NotFound, "queue"));
            }
            if !self.is_pulled(queue) {
                return Err(refused(ErrorCode::WrongState, "queue"));
            }
        }
        queues.retain(|queue| self.is_pulled(*queue));
        if !self.is_serving(agent) || !self.at(agent).word.is_open() {
            return Err(WireError::new(ErrorCode::WrongState, ""));
        }
        if self.free_seats(agent) == 0 {
            return Err(WireError::new(ErrorCode::NoSeat, ""));
        }
        if self.limited_until(agent).is_some() {
            return Err(WireError::new(ErrorCode::NoSeat, ""));
        }
        let in_line = |ticket: &&Ticket| {
            ticket.is_waiting()
                && !self.is_held(ticket)
                && ticket.reserved.is_none()
                && queues.contains(&ticket.queue)
                && (accepts_tests || !ticket.test)
        };
        let waiting: Vec<&Ticket> = self.tickets.iter().filter(in_line).collect();
        let mut possible: Vec<&Ticket> = waiting.clone();
        possible.retain(|ticket| self.may_have(agent, ticket));
        let most_urgent = possible.iter().min_by_key(|ticket| {
            (self.by_share(ticket.bot), self.level_in(ticket, agent), self.urgency(ticket))
        });
        if let Some(id) = most_urgent.map(|ticket| ticket.id) {
            self.assign(id, agent);
            let epoch = self.ticket(id).epoch;
            return Ok(Answer::Next(NextAnswer { ticket: id, epoch }));
        }
        // Where somebody waits and the bot's own cap is reached, that is the reason.
        let is_capped = waiting.iter().any(|ticket| self.is_capped(agent, ticket.bot));
        let code = if is_capped { ErrorCode::NoSeat } else { ErrorCode::NothingWaiting };
        Err(WireError::new(code, ""))
    }
}
