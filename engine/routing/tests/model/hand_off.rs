//! A bot hands a customer over.

use crate::overflow::Waiter;
use crate::reference::{Answered, Reference};
use crate::refusals::{no_bot, refused};
use crate::texts::told;
use crate::tickets::{Ticket, Unconfirmed};
use relevo_routing::event::{
    Demand, HandOffRejected, HandOffRepeated, OverflowReason, Rejection, Routed, TicketOpened,
};
use relevo_routing::input::HandOff;
use relevo_routing::{Event, Micros};
use relevo_wire::answer::{Accepted, Answer, ChosenBy, Rejected};
use relevo_wire::directory::{NobodyOnline, OutsideHours};
use relevo_wire::vocabulary::{Language, Text, Via};
use relevo_wire::{AgentId, ErrorCode, QueueId, TicketId, WireError};

/// Which text the customer gets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    Online,
    Offline,
    Full,
    Closed,
    SwitchedOff,
}

impl Reference {
    pub(crate) fn hand_off(&mut self, input: &HandOff) -> Answered {
        if input.dry_run {
            return self.as_if_handed_over(input);
        }
        if self.bot(input.bot).is_none() {
            return Err(no_bot());
        }
        if let Some(ticket) = self.open_of(input.bot, input.contact) {
            return self.hand_over_again(input, ticket);
        }
        let named = self.queue_for(input)?;
        if self.is_blocked(input.bot, input.contact) {
            return Ok(self.reject(input, named, Rejection::Blocked));
        }
        let cap = self.bot(input.bot).map_or(0, |bot| bot.priority_cap);
        let priority = input.priority_of_rule.unwrap_or(input.priority.min(cap));
        let demand = demand_for(input, named);
        let waiter = Waiter::of_hand_off(input.test, demand.as_deref(), priority);
        let past = self.past(input, named, &waiter);
        let place = past.and_then(|reason| Some((self.taker(named, &waiter)?, reason)));
        let ticket = match place {
            Some(((queue, priority), reason)) if self.is_active(named) => {
                self.hand_over(input, (named, queue), priority, Some(reason))
            }
            _ => {
                if let Some(rejection) = self.rejection(input.test, named) {
                    return Ok(self.reject(input, named, rejection));
                }
                self.hand_over(input, (named, named), priority, None)
            }
        };
        self.settle();
        let position = self.position(ticket);
        let told = self.open_wait(self.ticket(ticket), position).filter(|_| position > 0);
        self.ticket_mut(ticket).told = told;
        Ok(self.accepted(input, ticket, false))
    }

    /// A dry run answers the same and changes nothing: it is carried out on a copy. The ticket that
    /// is not made has no id.
    fn as_if_handed_over(&self, input: &HandOff) -> Answered {
        let mut copy = self.clone();
        if let Some(open) = self.open_of(input.bot, input.contact)
            && self.ticket(open).away.is_some()
        {
            copy.as_if_in_line(open);
        }
        let mut answer = copy.hand_off(&HandOff { dry_run: false, ..input.clone() })?;
        if let Answer::Accepted(accepted) = &mut answer
            && !accepted.existing
        {
            accepted.ticket = TicketId(0);
        }
        Ok(answer)
    }

    /// Only one open ticket per contact and bot: what was said is appended, nothing else changes.
    fn hand_over_again(&mut self, input: &HandOff, id: TicketId) -> Answered {
        self.check_unconfirmed(self.ticket(id), true, input.bytes)?;
        let ticket = self.ticket_mut(id);
        ticket.last += 1;
        let number = ticket.last;
        ticket.unconfirmed.push(Unconfirmed { for_agent: true, number, bytes: input.bytes });
        let (reason, bytes) = (input.reason, input.bytes);
        self.emit(Event::HandOffRepeated(HandOffRepeated { ticket: id, number, reason, bytes }));
        if self.ticket(id).away.is_some() {
            self.return_to_line(id);
            self.settle();
        }
        Ok(self.accepted(input, id, true))
    }

    /// The queue named, or that of a rule while there is one, or the bot's default; of this bot only.
    fn queue_for(&self, input: &HandOff) -> Result<QueueId, WireError> {
        let default = || self.queue_id(input.bot, &self.bot(input.bot)?.default_queue);
        let of_bot = |id: &QueueId| self.queue(*id).is_some() && self.queue_bot(*id) == input.bot;
        let of_rule = || input.queue_of_rule.filter(of_bot);
        let queue = input.queue.or_else(of_rule).or_else(default);
        queue.filter(of_bot).ok_or_else(|| refused(ErrorCode::NotFound, "queue"))
    }

    pub(crate) fn rejection(&self, test: bool, queue: QueueId) -> Option<Rejection> {
        if !self.is_active(queue) {
            return Some(Rejection::Inactive);
        }
        if !self.admits(queue) {
            return match self.outside(queue) {
                OutsideHours::Refuse | OutsideHours::Overflow => Some(Rejection::OutOfHours),
                OutsideHours::Queue => self.is_full(queue, test).then_some(Rejection::QueueFull),
            };
        }
        let refuses = match self.queue(queue)?.nobody_online {
            NobodyOnline::Refuse => true,
            NobodyOnline::Queue => false,
        };
        let is_nobody_online = self.online_in(queue, test) == 0;
        if refuses && is_nobody_online {
            return Some(Rejection::NoAgent);
        }
        self.is_full(queue, test).then_some(Rejection::QueueFull)
    }

    /// Why a hand-off should not stay in the queue named, if another one takes it.
    fn past(&self, input: &HandOff, named: QueueId, waiter: &Waiter) -> Option<OverflowReason> {
        let queue = self.queue(named)?;
        let overflow = queue.overflow.as_ref()?;
        match self.outside(named) {
            OutsideHours::Refuse if !self.admits(named) => return None,
            OutsideHours::Overflow if !self.admits(named) => {
                return Some(OverflowReason::OutOfHours);
            }
            OutsideHours::Refuse | OutsideHours::Queue | OutsideHours::Overflow => {}
        }
        if self.is_full(named, input.test) {
            return Some(OverflowReason::Full);
        }
        let is_in_vain =
            overflow.when_nobody_online && self.admits(named) && !self.is_attended(named, waiter);
        is_in_vain.then_some(OverflowReason::NobodyOnline)
    }

    fn reject(&mut self, input: &HandOff, queue: QueueId, rejection: Rejection) -> Answer {
        self.emit(Event::HandOffRejected(HandOffRejected {
            bot: input.bot,
            queue,
            contact: input.contact,
            reason: input.reason,
            rejection,
            test: input.test,
        }));
        if rejection == Rejection::OutOfHours && !input.test {
            self.list_callback(input.bot, input.contact, queue, None, None);
        }
        let reason = match rejection {
            Rejection::NoAgent => "no_agent",
            Rejection::Inactive => "queue_inactive",
            Rejection::QueueFull => "queue_full",
            Rejection::OutOfHours => "out_of_hours",
            Rejection::Blocked => "blocked",
        };
        let said = match rejection {
            Rejection::NoAgent => Said::Offline,
            Rejection::Inactive | Rejection::Blocked => Said::SwitchedOff,
            Rejection::QueueFull => Said::Full,
            Rejection::OutOfHours => Said::Closed,
        };
        let text = self.text(input, queue, self.language(input), said);
        let is_closed = rejection == Rejection::OutOfHours;
        let opens_at = self.opens_at(queue).filter(|_| is_closed);
        Answer::Rejected(Rejected { reason: reason.to_owned(), text, opens_at })
    }

    fn hand_over(
        &mut self,
        input: &HandOff,
        (named, queue): (QueueId, QueueId),
        priority: u16,
        past: Option<OverflowReason>,
    ) -> TicketId {
        let now = self.now;
        let wish = self.wish(input);
        let threshold_us = self.queue(queue).map_or(0, |queue| seconds(queue.threshold_seconds));
        let opened = TicketOpened {
            ticket: self.fresh_id(),
            bot_number: self.bots[input.bot.0 as usize].tickets + 1,
            bot: input.bot,
            contact: input.contact,
            queue,
            via: Via::HandOff,
            reason: input.reason,
            priority,
            demand: demand_for(input, named),
            test: input.test,
            position_updates: input.position_updates,
            language: self.language(input),
            parent: None,
            reserved: self.preferred(wish.map(|(agent, _)| agent), input.test, queue),
            excluded: None,
            arrived: now,
            first_waiting_since: now,
            waited_us: 0,
            target_at: (!input.test).then_some(now + threshold_us),
            answered_before: false,
            epoch: 1,
            bytes: input.bytes,
            private: input.bytes > 0,
            overflowed: past.map(|reason| (named, reason)),
            routed: Routed {
                by: if input.queue.is_some() {
                    ChosenBy::Bot
                } else if input.queue_of_rule == Some(named) {
                    ChosenBy::Rule
                } else {
                    ChosenBy::DefaultQueue
                },
                rules: input.rules.clone(),
                preferred: wish,
            },
        };
        self.open(opened)
    }

    /// Whoever is preferred has it first for a while: a member who is online and could ever have it.
    pub(crate) fn preferred(
        &self,
        agent: Option<AgentId>,
        test: bool,
        id: QueueId,
    ) -> Option<(AgentId, Micros)> {
        let bot = self.queue_bot(id);
        let stands_in = self.stands_in(agent?, bot);
        let preferred = stands_in.filter(|agent| self.members(id).contains(agent))?;
        let agent = self.agent(preferred)?;
        let could = agent.seats > 0 && (agent.accepts_tests || !test);
        let until = self.now + seconds(self.queue(id)?.preferred_wait_seconds);
        let is_there = self.is_online(preferred) && self.at(preferred).is_responding;
        (could && is_there && !self.is_absent(preferred, bot)).then_some((preferred, until))
    }

    /// A ticket is made and waits.
    pub(crate) fn open(&mut self, opened: TicketOpened) -> TicketId {
        let id = opened.ticket;
        self.bots[opened.bot.0 as usize].tickets += 1;
        self.ever.created += 1;
        let before = self.newest_of(opened.bot, opened.contact).map(|ticket| ticket.id);
        if let Some(before) = before {
            self.ticket_mut(before).reopen_until = None;
        }
        let mut ticket = Ticket::opened(&opened, self.now);
        ticket.closed_told = self.closed_since(opened.queue, 0);
        self.tickets.push(ticket);
        self.begins_to_wait(id);
        self.emit(Event::TicketOpened(opened));
        if let Some(before) = before.filter(|before| self.ticket(*before).is_confirmed(self.now)) {
            self.forget(before);
        }
        id
    }

    fn accepted(&self, input: &HandOff, id: TicketId, existing: bool) -> Answer {
        let (ticket, position) = (self.ticket(id), self.position(id));
        let is_online = self.online_in(ticket.queue, ticket.test) > 0;
        let said = match ticket.is_waiting() && self.is_held(ticket) {
            true => Said::Closed,
            false if is_online => Said::Online,
            false => Said::Offline,
        };
        Answer::Accepted(Accepted {
            ticket: id,
            number: ticket.bot_number,
            existing,
            position,
            estimated_wait: self.estimated_wait(ticket, position),
            text: self.text(input, ticket.queue, ticket.language, said),
            truncated: input.truncated,
            epoch: ticket.epoch,
            absent: self.told_absent(input, ticket),
        })
    }

    /// As the hand-off says, else as the bot does.
    fn language(&self, input: &HandOff) -> Language {
        let of_bot = self.bot(input.bot).map(|bot| bot.language);
        input.language.or(of_bot).expect("the bot exists")
    }

    fn text(&self, input: &HandOff, queue: QueueId, language: Language, said: Said) -> String {
        let texts = &self.queue(queue).expect("the queue exists").texts;
        let text = match said {
            Said::Online => Text::Online,
            Said::Offline => Text::Offline,
            Said::Full => Text::Full,
            Said::Closed => Text::Closed,
            Said::SwitchedOff => Text::HelpDeskOff,
        };
        let of_mode = self.words_of_mode(queue, said);
        of_mode.unwrap_or_else(|| told(input.texts.as_ref(), texts, language, text))
    }
}

pub(crate) fn seconds(seconds: u32) -> u64 {
    u64::from(seconds) * 1_000_000
}

/// What a rule requires is for the queue that it names, and goes along from there.
fn demand_for(input: &HandOff, named: QueueId) -> Option<Box<Demand>> {
    let is_meant = input.queue_of_rule.is_none_or(|of_rule| of_rule == named);
    input.demand.clone().filter(|_| is_meant)
}
