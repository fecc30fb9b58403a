//! A bot hands a customer over.

use super::refusals::no_bot;
use super::{Answered, Turn};
use crate::Micros;
use crate::event::{
    Demand, Event, HandOffRejected, HandOffRepeated, OverflowReason, Rejection, Routed,
    TicketOpened,
};
use crate::input::HandOff;
use crate::overflow::Waiter;
use crate::state::demands::MaybeDemand;
use crate::state::overflow::Step;
use crate::state::positions::Told;
use crate::state::queues::Queue;
use crate::state::skills::Need;
use crate::state::slab::Slot;
use crate::state::ticket::Ticket;
use crate::texts;
use relevo_wire::answer::{Accepted, Answer, ChosenBy, PreferredBy, Rejected};
use relevo_wire::directory::{NobodyOnline, OutsideHours};
use relevo_wire::vocabulary::{Language, Text, Via};
use relevo_wire::{AgentId, ErrorCode, QueueId, TicketId, WireError};

/// Which text the customer gets.
#[derive(Debug, Clone, Copy)]
enum Said {
    Online,
    Offline,
    Full,
    Closed,
    SwitchedOff,
}

impl Said {
    fn text(self) -> Text {
        match self {
            Self::Online => Text::Online,
            Self::Offline => Text::Offline,
            Self::Full => Text::Full,
            Self::Closed => Text::Closed,
            Self::SwitchedOff => Text::HelpDeskOff,
        }
    }
}

/// Epoch of a ticket that a hand-off opens: it has been accepted once.
const FIRST_EPOCH: u32 = 1;

/// Where the ticket of a hand-off begins to wait.
struct Place {
    /// By the bot, a rule or default.
    named: QueueId,
    queue: QueueId,
    priority: u16,
    /// Why it is another one than that named.
    reason: Option<OverflowReason>,
}

impl Turn<'_> {
    pub(super) fn hand_off(&mut self, input: &HandOff) -> Answered {
        if self.state.bots.get(input.bot).is_none() {
            return Err(no_bot());
        }
        let open = self.state.tickets.open_of(input.bot, input.contact);
        #[cfg(planted)]
        let open = open.filter(|_| !crate::planted::is(crate::planted::Bug::SecondTicket));
        if let Some(slot) = open {
            return self.repeated_hand_off(input, slot);
        }
        let named = self.queue_of(input)?;
        let place = match self.place_of(input, named) {
            Ok(place) => place,
            Err(rejection) => return Ok(self.reject(input, named, rejection)),
        };
        if input.dry_run {
            return Ok(self.as_if_accepted(input, &place));
        }
        let slot = self.open(input, &place);
        self.settle();
        let accepted = self.accepted(input, slot, false);
        self.note_told(slot, &accepted);
        self.note_estimate(slot, accepted.position);
        Ok(Answer::Accepted(accepted))
    }

    /// Only one open ticket per contact and bot: the transcript is appended, nothing else changes.
    fn repeated_hand_off(&mut self, input: &HandOff, slot: Slot) -> Answered {
        let ticket = self.state.tickets.at(slot);
        self.check_unconfirmed(&ticket.for_agent, input.bytes)?;
        let (ticket, number) = (ticket.id, ticket.last + 1);
        if !input.dry_run {
            let (reason, bytes) = (input.reason, input.bytes);
            let repeated = HandOffRepeated { ticket, number, reason, bytes };
            self.emit_of(slot, Event::HandOffRepeated(repeated));
            if self.state.tickets.at(slot).is_away() {
                self.come_back(slot);
                self.settle();
            }
        }
        let accepted = self.accepted(input, slot, true);
        if !input.dry_run {
            self.note_told(slot, &accepted);
        }
        Ok(Answer::Accepted(accepted))
    }

    /// The queue named, or that of a rule while there is one, or the bot's default; of this bot only.
    fn queue_of(&self, input: &HandOff) -> Result<QueueId, WireError> {
        let of_bot = |queue: &QueueId| {
            self.state.queues.get(*queue).is_some_and(|queue| queue.bot == input.bot)
        };
        let queue = input
            .queue
            .or_else(|| input.queue_of_rule.filter(of_bot))
            .or_else(|| self.state.directory.default_queue(input.bot));
        queue.filter(of_bot).ok_or_else(|| {
            let message = match input.queue {
                Some(_) => "the bot has no such queue".to_owned(),
                None => {
                    let bot = self.state.directory.bot(input.bot);
                    let name = bot.map_or("", |bot| bot.object.default_queue.as_str());
                    format!("the bot's default queue {name:?} is not in the directory")
                }
            };
            WireError::field(ErrorCode::NotFound, "queue", message)
        })
    }

    /// The queue named; or, where it is closed by its hours or its mode and says so, where nobody is online who
    /// could have the ticket, or the line is full, the first of its chain that takes it.
    fn place_of(&self, input: &HandOff, named: QueueId) -> Result<Place, Rejection> {
        if self.is_blocked(input.bot, input.contact) {
            return Err(Rejection::Blocked);
        }
        if !self.state.is_active(named) {
            return Err(Rejection::Inactive);
        }
        let queue = self.state.queues.at(named);
        if !queue.admits() && queue.outside() == OutsideHours::Refuse {
            return Err(Rejection::OutOfHours);
        }
        let is_full = queue.is_full_for(input.test);
        let priority = self.priority_of(input);
        if let Some(step) = queue.step
            && let Some(place) = self.place_in_chain(input, named, step, is_full)
        {
            return Ok(place);
        }
        match self.rejection(named, input.test) {
            Some(rejection) => Err(rejection),
            None => Ok(Place { named, queue: named, priority, reason: None }),
        }
    }

    /// Why a queue takes no further ticket itself, whatever its chain does.
    pub(super) fn rejection(&self, id: QueueId, test: bool) -> Option<Rejection> {
        if !self.state.is_active(id) {
            return Some(Rejection::Inactive);
        }
        let queue = self.state.queues.at(id);
        if !queue.admits() {
            // Whoever waits until it opens needs nobody online now.
            match queue.outside() {
                OutsideHours::Refuse | OutsideHours::Overflow => {
                    return Some(Rejection::OutOfHours);
                }
                OutsideHours::Queue => {}
            }
        } else if queue.online_for(test) == 0 {
            match queue.nobody_online {
                NobodyOnline::Refuse => return Some(Rejection::NoAgent),
                NobodyOnline::Queue => {}
            }
        }
        queue.is_full_for(test).then_some(Rejection::QueueFull)
    }

    fn place_in_chain(
        &self,
        input: &HandOff,
        named: QueueId,
        step: Step,
        is_full: bool,
    ) -> Option<Place> {
        let demand = self.demand_of(input, named);
        let needs = self.state.skills.find(demand.map_or(&[], |demand| &demand.skills));
        let waiter = Waiter {
            test: input.test,
            needs: needs.as_deref(),
            ticket: None,
            priority: self.priority_of(input),
            now: self.now,
        };
        let queue = self.state.queues.at(named);
        let is_attended = || !queue.admits() || self.state.is_attended(named, &waiter);
        let reason = if !queue.admits() && queue.outside() == OutsideHours::Overflow {
            OverflowReason::OutOfHours
        } else if is_full {
            OverflowReason::Full
        } else if step.when_nobody_online && !is_attended() {
            OverflowReason::NobodyOnline
        } else {
            return None;
        };
        let (queue, priority) = self.state.taker(named, &waiter)?;
        Some(Place { named, queue, priority, reason: Some(reason) })
    }

    fn priority_of(&self, input: &HandOff) -> u16 {
        let cap = self.state.bots.at(input.bot).priority_cap;
        input.priority_of_rule.unwrap_or(input.priority.min(cap))
    }

    /// Where the rule's queue is gone, what the rule requires may be nobody's in the one named.
    fn demand_of<'i>(&self, input: &'i HandOff, named: QueueId) -> Option<&'i Demand> {
        let is_meant = input.queue_of_rule.is_none_or(|of_rule| of_rule == named);
        input.demand.as_deref().filter(|_| is_meant)
    }

    fn reject(&mut self, input: &HandOff, queue: QueueId, rejection: Rejection) -> Answer {
        if !input.dry_run {
            self.emit(Event::HandOffRejected(HandOffRejected {
                bot: input.bot,
                queue,
                contact: input.contact,
                reason: input.reason,
                rejection,
                test: input.test,
            }));
            if rejection == Rejection::OutOfHours && !input.test {
                self.list_callback((input.bot, input.contact), queue, None, None);
            }
        }
        let reason = match rejection {
            Rejection::NoAgent => "no_agent",
            Rejection::Inactive => "queue_inactive",
            Rejection::QueueFull => "queue_full",
            Rejection::OutOfHours => "out_of_hours",
            Rejection::Blocked => "blocked",
        };
        let (said, opens_at) = match rejection {
            Rejection::NoAgent => (Said::Offline, None),
            // Nobody tells a customer that he is blocked.
            Rejection::Inactive | Rejection::Blocked => (Said::SwitchedOff, None),
            Rejection::QueueFull => (Said::Full, None),
            Rejection::OutOfHours => (Said::Closed, self.opens_at(queue)),
        };
        let text = self.text(input, queue, self.language(input), said);
        Answer::Rejected(Rejected { reason: reason.to_owned(), text, opens_at })
    }

    fn open(&mut self, input: &HandOff, place: &Place) -> Slot {
        let ticket = self.ids.next(self.now);
        self.emit_opened(self.opening(input, place, ticket))
    }

    fn opening(&self, input: &HandOff, place: &Place, ticket: TicketId) -> TicketOpened {
        let bot = self.state.bots.at(input.bot);
        let queue = self.state.queues.at(place.queue);
        let target_at = (!input.test).then(|| self.now.saturating_add(queue.threshold_us));
        let wish = self.wish(input);
        TicketOpened {
            ticket,
            bot_number: bot.tickets + 1,
            bot: input.bot,
            contact: input.contact,
            queue: place.queue,
            via: Via::HandOff,
            reason: input.reason,
            priority: place.priority,
            demand: self.demand_of(input, place.named).map(|demand| Box::new(demand.clone())),
            test: input.test,
            position_updates: input.position_updates,
            language: self.language(input),
            parent: None,
            reserved: self.preferred(wish.map(|(agent, _)| agent), place.queue, input.test),
            excluded: None,
            arrived: self.now,
            first_waiting_since: self.now,
            waited_us: 0,
            target_at,
            answered_before: false,
            epoch: FIRST_EPOCH,
            bytes: input.bytes,
            private: input.bytes > 0,
            overflowed: place.reason.map(|reason| (place.named, reason)),
            routed: Routed {
                by: chosen_by(input, place.named),
                rules: input.rules.clone(),
                preferred: wish,
            },
        }
    }

    /// Who is to have it first, and why: whoever is named, else whoever served the contact last.
    fn wish(&self, input: &HandOff) -> Option<(AgentId, PreferredBy)> {
        let named = input.preferred_agent.map(|agent| (agent, PreferredBy::Named));
        named.or_else(|| {
            let last = self.state.last_agents.of(input.bot, input.contact, self.now);
            last.map(|agent| (agent, PreferredBy::LastAgent))
        })
    }

    /// The preferred agent and until when it is waited for; none where it could not have the ticket now
    /// but for a seat: nobody waits for who is not there.
    pub(super) fn preferred(
        &self,
        agent: Option<AgentId>,
        id: QueueId,
        test: bool,
    ) -> Option<(AgentId, Micros)> {
        let agent = self.stands_in(agent?, self.state.queues.at(id).bot)?;
        let entry = self.state.agents.get(agent)?;
        let could = entry.attends()
            && entry.seats > 0
            && entry.queues.binary_search(&id).is_ok()
            && (!test || entry.accepts_tests)
            && !self.state.agents.is_absent(agent, self.state.queues.at(id).bot);
        let wait_us = self.state.queues.at(id).preferred_wait_us;
        could.then(|| (agent, self.now.saturating_add(wait_us)))
    }

    fn accepted(&self, input: &HandOff, slot: Slot, existing: bool) -> Accepted {
        let mut ticket = self.state.tickets.at(slot);
        let as_if_back = ticket.is_away().then(|| self.as_if_back(ticket));
        if let Some(as_if_back) = &as_if_back {
            ticket = as_if_back;
        }
        let position = self.position_hint(ticket);
        let queue = self.state.queues.at(ticket.queue);
        let said = said(queue, ticket);
        Accepted {
            ticket: ticket.id,
            number: ticket.bot_number,
            existing,
            position,
            estimated_wait: self.state.estimated_wait(ticket, position, self.now),
            text: self.text(input, ticket.queue, ticket.telling.language(), said),
            truncated: input.truncated,
            epoch: ticket.epoch,
            absent: self.absent(input, ticket.queue, ticket.telling.language()),
        }
    }

    /// The answer tells the place: the first push waits its time from here on.
    fn note_told(&mut self, slot: Slot, accepted: &Accepted) {
        let ticket = self.state.tickets.at(slot);
        if ticket.telling.places() && ticket.is_waiting() {
            let (position, wait) = (accepted.position, accepted.estimated_wait);
            self.state.positions.tell(slot, Told { position, wait, at: self.now });
        }
    }

    /// What a hand-off would be answered; there is no ticket, so its id is nil.
    fn as_if_accepted(&mut self, input: &HandOff, place: &Place) -> Answer {
        let id = place.queue;
        let opening = self.opening(input, place, TicketId(0));
        let order = self.state.tickets.totals.created;
        let as_if = Ticket::opened(&opening, self.now, order, MaybeDemand::NONE);
        let required = opening.demand.as_ref().map_or(&[][..], |demand| &demand.skills);
        let assigned = if as_if.reserved.is_some() {
            self.would_be_assigned(&as_if, &[])
        } else {
            // Where nobody knows a skill, nobody has it.
            let needs = self.state.skills.find(required);
            self.state.queues.at(id).pushes()
                && needs.is_some_and(|needs| self.would_be_assigned(&as_if, &needs))
        };
        let queue = self.state.queues.at(id);
        let line = self.state.line_of(&as_if);
        let position = if assigned { 0 } else { line.position_hint(line.key_at(&as_if, self.now)) };
        let said = said(queue, &as_if);
        Answer::Accepted(Accepted {
            ticket: TicketId(0),
            number: as_if.bot_number,
            existing: false,
            position,
            estimated_wait: self.state.estimated_wait(&as_if, position, self.now),
            text: self.text(input, id, opening.language, said),
            truncated: input.truncated,
            epoch: FIRST_EPOCH + u32::from(assigned && queue.offer_us == 0),
            absent: self.absent(input, id, opening.language),
        })
    }

    /// Whether a claim would succeed: with the agent picked first, or with the next one where a
    /// session has just closed the word.
    fn would_be_assigned(&mut self, as_if: &Ticket, needs: &[Need]) -> bool {
        while let Some(agent) = self.pick(as_if, needs) {
            if self.is_open(agent) {
                return true;
            }
            self.leave_alone(agent);
        }
        false
    }

    /// Place in its line; 0 when it does not wait.
    fn position_hint(&self, ticket: &Ticket) -> u32 {
        if !ticket.is_waiting() {
            return 0;
        }
        let line = self.state.line_of(ticket);
        line.position_hint(line.key(ticket))
    }

    /// What the contact understands, as far as anybody knows.
    fn language(&self, input: &HandOff) -> Language {
        input.language.unwrap_or(self.state.bots.at(input.bot).language)
    }

    fn text(&self, input: &HandOff, queue: QueueId, language: Language, said: Said) -> String {
        match self.state.modes.of(queue).filter(|mode| !mode.text.is_empty()) {
            Some(mode) if matches!(said, Said::Closed) => mode.text.clone(),
            Some(_) | None => {
                let own = input.texts.iter().chain(self.state.texts_of(queue));
                texts::told(own, language, said.text(), &[])
            }
        }
    }
}

/// Who chose this queue.
fn chosen_by(input: &HandOff, named: QueueId) -> ChosenBy {
    match (input.queue, input.queue_of_rule) {
        (Some(_), _) => ChosenBy::Bot,
        (None, Some(of_rule)) if of_rule == named => ChosenBy::Rule,
        (None, _) => ChosenBy::DefaultQueue,
    }
}

/// What is said to who has been taken in.
fn said(queue: &Queue, ticket: &Ticket) -> Said {
    if ticket.is_waiting() && queue.holds(ticket) {
        Said::Closed
    } else if queue.online_for(ticket.test) > 0 {
        Said::Online
    } else {
        Said::Offline
    }
}
