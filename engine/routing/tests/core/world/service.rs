//! What must hold of offers, of holds, of silences, and of wrapping up.

use super::{Known, QUEUES, World};
use crate::common::SECOND;
use relevo_routing::event::{
    Absence, CustomerAway, CustomerBack, Held, Inactive, Notice, NoticeStep, NoticeWords,
    OfferEnded, Offered, Overflowed, Parked, QueueModeSet, TargetTold, TransferAsked,
    TransferEnded, Unparked, WrappedUp,
};
use relevo_routing::input::Input;
use relevo_wire::vocabulary::{QueueMode, Silent, TicketState, TicketTarget};
use relevo_wire::{AgentId, BotId, QueueId, TicketId};

impl World {
    pub(super) fn absence(&mut self) -> Input {
        let bot = BotId(u32::try_from(self.below(2)).expect("small"));
        let agent = self.agent();
        let colleague = Some(self.agent()).filter(|colleague| *colleague != agent);
        let absence = self.chance(50).then(|| Absence { text: String::new(), colleague });
        Input::SetAbsence { agent, bot, absence, own: true }
    }

    pub(super) fn hold_or_park(&mut self, agent: AgentId, ticket: TicketId, epoch: u32) -> Input {
        if self.tickets[&ticket].state == TicketState::Parked {
            return Input::Unpark { agent, ticket, epoch };
        }
        if self.chance(50) {
            return Input::Hold { agent, ticket, epoch, on: self.chance(50) };
        }
        let until = self.desk.now + self.below(60) * SECOND;
        Input::Park { agent, ticket, epoch, until }
    }

    pub(super) fn parked(&mut self, e: &Parked) {
        self.entry(e.ticket, e.number);
        let known = self.known(e.ticket);
        assert_eq!(known.agent, Some(e.agent), "only its agent parks a ticket");
        assert!(matches!(known.state, TicketState::InService | TicketState::OnHold));
        known.end_responses();
        known.state = TicketState::Parked;
    }

    pub(super) fn unparked(&mut self, e: &Unparked) {
        self.entry(e.ticket, e.number);
        let known = self.known(e.ticket);
        assert_eq!(known.state, TicketState::Parked);
        assert_eq!(known.agent.take(), Some(e.agent));
        known.state = TicketState::Waiting;
    }

    pub(super) fn away(&mut self, e: &CustomerAway) {
        let now = self.desk.now;
        let known = self.known(e.ticket);
        assert!(known.agent.is_none() && known.offers.is_empty(), "nobody has it");
        assert_eq!(std::mem::replace(&mut known.state, TicketState::Away), TicketState::Waiting);
        assert!(e.until > now, "the place is kept for a while");
    }

    pub(super) fn back(&mut self, e: &CustomerBack) {
        let known = self.known(e.ticket);
        assert_eq!(std::mem::replace(&mut known.state, TicketState::Waiting), TicketState::Away);
    }

    pub(super) fn overflowed(&mut self, e: &Overflowed) {
        let (from, to) = [e.from, e.to].map(|q| self.desk.tenant.directory().queue_bot(q)).into();
        let known = self.known(e.ticket);
        assert_eq!(known.state, TicketState::Waiting);
        assert_eq!((from, to), (Some(known.bot), Some(known.bot)));
    }

    /// Who waits and who is away, as the numbers tell it, tests apart.
    pub(super) fn check_waiting(&self, when: &str) {
        let count = |state| {
            let found = self.tickets.values().filter(|known| known.state == state && !known.test);
            u32::try_from(found.count()).expect("few tickets")
        };
        let tenant = &self.desk.tenant;
        let stats = tenant.stats().tickets;
        let numbers = (stats.waiting, stats.offered, stats.away);
        let [waiting, offered, away] =
            [TicketState::Waiting, TicketState::Offered, TicketState::Away].map(count);
        assert_eq!(numbers, (waiting, offered, away), "{when}");
        let queues = tenant.directory().queues();
        let depth: u32 = queues.map(|(queue, _)| tenant.queue_stats(queue).depth).sum();
        assert_eq!(depth, waiting + offered, "{when}: who is away counts in no line");
    }

    /// Mostly for a while: a center that nobody comes into proves little.
    pub(super) fn queue_mode(&mut self) -> Input {
        let queue = QueueId(u32::try_from(self.below(QUEUES)).expect("small"));
        let mode = [QueueMode::Open, QueueMode::Drain, QueueMode::Closed][self.below(3) as usize];
        let is_open = mode == QueueMode::Open;
        let for_us = if self.chance(80) { 30 * SECOND } else { 3_600 * SECOND };
        let until = (!is_open).then(|| self.desk.now + 1 + self.below(for_us));
        let text = if !is_open && self.chance(50) { "back soon" } else { "" };
        Input::SetQueueMode(QueueModeSet { queue, mode, text: text.to_owned(), until })
    }

    pub(super) fn notice_to_all(&mut self) -> Input {
        let queue = QueueId(u32::try_from(self.below(QUEUES)).expect("small"));
        let words = NoticeWords { text: "later".into(), texts: Vec::new() };
        Input::NotifyWaiting { queue, words }
    }

    pub(super) fn notice(&mut self, e: &Notice) {
        let NoticeStep::Told { ticket, number, text } = &e.step else { return };
        assert_eq!(text, "later");
        self.entry(*ticket, *number);
        let known = self.known(*ticket);
        let waits = matches!(known.state, TicketState::Waiting | TicketState::Offered);
        assert!(waits && known.agent.is_none(), "only who waits is told");
    }

    pub(super) fn offered(&mut self, e: &Offered) {
        let known = self.known(e.ticket);
        let is_held = known.agent.is_some();
        assert_eq!(is_held, known.is_asked, "what somebody has is offered for a transfer only");
        assert_ne!(known.agent, Some(e.agent), "nobody gives a ticket to itself");
        let waits = matches!(known.state, TicketState::Waiting | TicketState::Offered);
        assert!(is_held || waits, "what nobody waits for is not offered");
        assert!(!known.offers.contains(&e.agent), "nobody is asked twice at once");
        known.offers.push(e.agent);
        if !is_held {
            known.state = TicketState::Offered;
        }
    }

    pub(super) fn offer_ended(&mut self, e: &OfferEnded) {
        let known = self.known(e.ticket);
        assert!(known.offers.contains(&e.agent), "what ends has begun");
        known.offers.retain(|agent| *agent != e.agent);
        if known.offers.is_empty() && !known.is_asked {
            known.state = TicketState::Waiting;
        }
    }

    pub(super) fn transfer_asked(&mut self, e: &TransferAsked) {
        self.entry(e.ticket, e.number);
        let known = self.known(e.ticket);
        assert!(known.agent.is_some() && !known.is_asked, "one transfer of who has it");
        known.is_asked = true;
    }

    pub(super) fn transfer_ended(&mut self, e: &TransferEnded) {
        self.entry(e.ticket, e.number);
        let known = self.known(e.ticket);
        assert!(known.is_asked && known.offers.is_empty(), "nobody is asked any more");
        known.is_asked = false;
    }

    pub(super) fn held(&mut self, e: &Held) {
        self.entry(e.ticket, e.number);
        let (from, to) = if e.on {
            (TicketState::InService, TicketState::OnHold)
        } else {
            (TicketState::OnHold, TicketState::InService)
        };
        assert_eq!(std::mem::replace(&mut self.known(e.ticket).state, to), from);
    }

    pub(super) fn inactive(&mut self, e: &Inactive) {
        self.entry(e.ticket, e.number);
        let known = self.known(e.ticket);
        match e.silent {
            Silent::Customer => {
                assert_eq!(known.state, TicketState::InService);
                assert!(!known.is_asked, "no customer is hurried while a transfer is asked");
            }
            Silent::Agent => assert!(known.agent.is_some(), "an agent is awaited who has it"),
        }
        assert_ne!(known.state, TicketState::OnHold, "nobody is hurried on hold");
    }

    pub(super) fn wrapped_up(&mut self, e: &WrappedUp) {
        let known = self.known(e.ticket);
        assert_eq!(known.state, TicketState::Wrapping);
        assert_eq!(known.agent, Some(e.agent));
        known.state = TicketState::Closed;
    }

    pub(super) fn target_told(&mut self, e: &TargetTold) {
        let known = self.known(e.ticket);
        let fits = match e.which {
            TicketTarget::FirstResponse => known.state == TicketState::Assigned,
            TicketTarget::NextResponse => {
                matches!(known.state, TicketState::InService | TicketState::OnHold)
            }
            TicketTarget::Resolution => known.is_open() && known.state != TicketState::Away,
        };
        assert!(fits, "{:?} is no target of a ticket that is {:?}", e.which, known.state);
        assert!(!known.told.contains(&(e.which, e.state)), "nothing is told twice");
        known.told.push((e.which, e.state));
    }
}

impl Known {
    /// Whatever was told of a response's target is of the past.
    pub(super) fn end_responses(&mut self) {
        self.told.retain(|(which, _)| *which == TicketTarget::Resolution);
    }
}
