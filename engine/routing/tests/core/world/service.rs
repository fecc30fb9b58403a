//! What must hold of offers, of holds, of silences, and of wrapping up.

use super::World;
use relevo_routing::event::{
    Absence, Held, Inactive, OfferEnded, Offered, TransferAsked, TransferEnded, WrappedUp,
};
use relevo_routing::input::Input;
use relevo_wire::BotId;
use relevo_wire::vocabulary::{Silent, TicketState};

impl World {
    pub(super) fn absence(&mut self) -> Input {
        let bot = BotId(u32::try_from(self.below(2)).expect("small"));
        let agent = self.agent();
        let colleague = Some(self.agent()).filter(|colleague| *colleague != agent);
        let absence = self.chance(50).then(|| Absence { text: String::new(), colleague });
        Input::SetAbsence { agent, bot, absence, own: true }
    }

    pub(super) fn offered(&mut self, e: &Offered) {
        let known = self.known(e.ticket);
        let is_held = known.agent.is_some();
        assert_eq!(is_held, known.is_asked, "what somebody has is offered for a transfer only");
        assert_ne!(known.agent, Some(e.agent), "nobody gives a ticket to itself");
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
}
