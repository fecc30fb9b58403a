//! How long somebody has been silent: every time in which he could not answer is remembered, and taken
//! off.

use crate::hand_off::seconds;
use crate::reference::Reference;
use crate::texts::told;
use crate::tickets::Ticket;
use relevo_routing::event::Inactive;
use relevo_routing::{Event, Micros};
use relevo_wire::TicketId;
use relevo_wire::vocabulary::{CloseReason, RequeueReason, Silent, Text, TicketState};

/// From, and to when: some times in which nothing counts.
pub(crate) type Pauses = Vec<(Micros, Option<Micros>)>;

/// Somebody is awaited.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Silence {
    pub(crate) silent: Silent,
    since: Micros,
    /// After how much of it something happens; never where the queue does not say.
    borne_us: Option<Micros>,
    warned: bool,
}

pub(crate) fn begin_pause(pauses: &mut Pauses, at: Micros) {
    if pauses.last().is_none_or(|(_, to)| to.is_some()) {
        pauses.push((at, None));
    }
}

pub(crate) fn end_pause(pauses: &mut Pauses, at: Micros) {
    if let Some((_, to @ None)) = pauses.last_mut() {
        *to = Some(at);
    }
}

impl Reference {
    pub(crate) fn begin_silence(&mut self, id: TicketId, silent: Silent, warned: bool) {
        let rules = self.queue(self.ticket(id).queue).map(|queue| queue.inactivity);
        let rules = rules.unwrap_or_default();
        let borne = match (silent, warned) {
            (Silent::Customer, false) => rules.client_warning_seconds,
            (Silent::Customer, true) => rules.client_close_seconds,
            (Silent::Agent, false) => rules.agent_alert_seconds,
            (Silent::Agent, true) => rules.agent_requeue_seconds,
        };
        let (since, borne_us) = (self.now, borne.map(seconds));
        self.ticket_mut(id).silence = Some(Silence { silent, since, borne_us, warned });
    }

    /// When a silence is no longer borne; none as long as nothing counts.
    pub(crate) fn silence_ends(&self, ticket: &Ticket) -> Option<(Silent, Micros)> {
        let silence = ticket.silence?;
        let party = match silence.silent {
            Silent::Customer => &self.bots[ticket.bot.0 as usize].away,
            Silent::Agent => &self.at(ticket.agent?).away,
        };
        // A customer whose ticket may go on elsewhere is not hurried.
        let asked = ticket.asked.iter().filter(|_| silence.silent == Silent::Customer);
        let pauses = party.iter().chain(&ticket.holds).chain(asked);
        if pauses.clone().any(|(_, to)| to.is_none()) {
            return None;
        }
        let mut clipped: Vec<(Micros, Micros)> = pauses
            .filter_map(|(from, to)| Some(((*from).max(silence.since), (*to)?)))
            .filter(|(from, to)| from < to)
            .collect();
        clipped.sort_unstable();
        let mut paused_us = 0;
        let mut until = 0;
        for (from, to) in clipped {
            paused_us += to.saturating_sub(from.max(until));
            until = until.max(to);
        }
        Some((silence.silent, silence.since + silence.borne_us? + paused_us))
    }

    pub(crate) fn silence_over(&mut self, id: TicketId) {
        let silence = self.ticket(id).silence.expect("somebody is awaited");
        match silence.silent {
            Silent::Customer if silence.warned => {
                self.close(id, CloseReason::ClientInactivity, &[], None);
            }
            Silent::Agent if silence.warned => self.requeue(id, RequeueReason::AgentInactivity),
            silent @ (Silent::Customer | Silent::Agent) => {
                let ticket = self.ticket(id);
                let queue = self.queue(ticket.queue).expect("a queue with tickets stays");
                let text = match silent {
                    Silent::Customer => told(None, &queue.texts, ticket.language, Text::Inactive),
                    Silent::Agent => String::new(),
                };
                let ticket = self.ticket_mut(id);
                ticket.last += 1;
                let number = ticket.last;
                self.begin_silence(id, silent, true);
                self.emit(Event::Inactive(Inactive { ticket: id, number, silent, text }));
            }
        }
    }

    /// Somebody has said something: whoever was awaited is no longer, and the other one is.
    pub(crate) fn answered_silence(&mut self, id: TicketId, is_human: bool) {
        let awaited = if is_human { Silent::Agent } else { Silent::Customer };
        let was = self.ticket(id).silence.map(|silence| silence.silent);
        if was == Some(awaited) {
            let other = if is_human { Silent::Customer } else { Silent::Agent };
            self.begin_silence(id, other, false);
        }
    }

    pub(crate) fn note_hold(&mut self, id: TicketId) {
        let now = self.now;
        let ticket = self.ticket_mut(id);
        if ticket.state == TicketState::OnHold {
            begin_pause(&mut ticket.holds, now);
        } else {
            end_pause(&mut ticket.holds, now);
        }
    }
}
