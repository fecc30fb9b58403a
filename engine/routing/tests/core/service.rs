//! On hold, and wrapping up after the close.

use crate::common::*;
use relevo_routing::Event;
use relevo_routing::input::{Input, Target};
use relevo_wire::vocabulary::{Intent, Outcome, TicketState, WrapUpEnd};
use relevo_wire::{ErrorCode, TicketId};

impl Desk {
    fn hold(&self, agent: &str, ticket: TicketId, on: bool) -> Input {
        let (agent, epoch) = (self.agent_id(agent), self.epoch(ticket));
        Input::Hold { agent, ticket, epoch, on }
    }

    fn wrapped(&self, agent: &str, ticket: TicketId) -> Input {
        Input::WrapUpDone { agent: self.agent_id(agent), ticket, tags: Vec::new() }
    }

    pub(crate) fn used(&self, agent: &str) -> u16 {
        let word = self.seats.word(self.agent_id(agent).0 as usize);
        word.expect("a word").view().used
    }
}

/// `ana` with one seat in a queue that lets her wrap up for 30 s, and her ticket in service.
fn wrapping() -> (Desk, TicketId) {
    let mut desk = Desk::staffed(&["ana"]);
    desk.queue("q", &["ana"], |queue| queue.wrap_up_seconds = 30);
    let ticket = desk.hand_off(1);
    desk.reply("ana", ticket);
    (desk, ticket)
}

fn wrap_up_ends(events: &[Event]) -> Vec<WrapUpEnd> {
    let ended = events
        .iter()
        .filter_map(|event| if let Event::WrappedUp(e) = event { Some(e.end) } else { None });
    ended.collect()
}

#[test]
fn a_ticket_in_service_goes_on_hold_and_back_and_keeps_its_seat() {
    let mut desk = Desk::staffed(&["ana"]);
    let ticket = desk.hand_off(1);
    let refused = desk.refused(desk.hold("ana", ticket, true));
    assert_eq!(refused.code, ErrorCode::WrongState, "it is not in service yet");
    desk.reply("ana", ticket);
    let events = desk.events(desk.hold("ana", ticket, true));
    let [Event::Held(held)] = events[..] else { panic!("held, not {events:?}") };
    assert_eq!((held.number, held.on), (4, true), "both sides learn of it");
    assert_eq!(desk.events(desk.hold("ana", ticket, true)), [], "it is so already");
    assert_eq!(desk.place(ticket).0, TicketState::OnHold);
    assert_eq!((desk.used("ana"), desk.epoch(ticket)), (1, 2));
    desk.reply("ana", ticket);
    assert_eq!(desk.place(ticket).0, TicketState::OnHold, "a word takes nobody off hold");
    desk.events(desk.hold("ana", ticket, false));
    assert_eq!(desk.place(ticket).0, TicketState::InService);
    let epoch = desk.epoch(ticket) - 1;
    let stale = Input::Hold { agent: desk.agent_id("ana"), ticket, epoch, on: true };
    assert_eq!(desk.code(stale), ErrorCode::StaleEpoch);
}

#[test]
fn what_is_on_hold_is_kept_for_an_agent_who_is_gone() {
    let mut desk = Desk::staffed(&["ana"]);
    let ticket = desk.hand_off(1);
    desk.reply("ana", ticket);
    desk.events(desk.hold("ana", ticket, true));
    desk.intent("ana", Intent::Offline);
    assert_eq!(desk.holder(ticket).as_deref(), Some("ana"));
    desk.pass(600 * SECOND);
    assert_eq!(desk.place(ticket).0, TicketState::Waiting);
}

#[test]
fn the_seat_stays_taken_until_the_agent_has_wrapped_up() {
    let (mut desk, ticket) = wrapping();
    desk.now += 10 * SECOND;
    let events = desk.close("ana", ticket);
    let end = closed(&events);
    assert_eq!((end.outcome, end.handle_us), (Outcome::Attended, Some(10 * SECOND)));
    assert_eq!(end.wraps_until, Some(desk.now + 30 * SECOND));
    assert_eq!(desk.explain(ticket).state, TicketState::Wrapping);
    assert_eq!(desk.used("ana"), 1);
    let next = desk.hand_off(2);
    assert_eq!(desk.place(next).0, TicketState::Waiting, "the seat is taken");
    let events = desk.events(desk.wrapped("ana", ticket));
    assert_eq!(wrap_up_ends(&events), [WrapUpEnd::Done]);
    assert_eq!(desk.holder(next).as_deref(), Some("ana"));
    assert_eq!(desk.events(desk.wrapped("ana", ticket)), [], "it is over already");
    assert_eq!(desk.explain(ticket).state, TicketState::Closed);
}

#[test]
fn the_limit_ends_the_wrap_up() {
    let (mut desk, ticket) = wrapping();
    desk.close("ana", ticket);
    let next = desk.hand_off(2);
    desk.wait(29 * SECOND);
    let events = desk.pass(SECOND);
    assert_eq!(wrap_up_ends(&events), [WrapUpEnd::Limit]);
    assert_eq!(assignments(&events), [(next, desk.agent_id("ana"))]);
}

#[test]
fn an_agent_who_goes_wraps_nothing_up() {
    let (mut desk, ticket) = wrapping();
    desk.close("ana", ticket);
    let events = desk.intent("ana", Intent::Offline);
    assert_eq!(wrap_up_ends(&events), [WrapUpEnd::AgentGone]);
    assert_eq!(desk.used("ana"), 0);

    let (mut desk, ticket) = wrapping();
    desk.intent("ana", Intent::Offline);
    let events = desk.left(1);
    assert_eq!(closed(&events).wraps_until, None, "who is gone already begins none");
    assert_eq!(desk.explain(ticket).state, TicketState::Closed);
}

#[test]
fn to_bot_and_customer_the_ticket_is_over_at_its_close() {
    let (mut desk, ticket) = wrapping();
    desk.close("ana", ticket);
    let stats = *desk.tenant.stats();
    assert_eq!((stats.tickets.wrapping, stats.tickets.in_service), (1, 0));
    assert_eq!(stats.all.closed_in_all(), 1);
    let said = desk.customer(1, None);
    assert_eq!(said.ticket, None, "the bot has the conversation");
    let new = desk.hand_off(1);
    assert_ne!(new, ticket, "a hand-off meanwhile makes a new ticket");
    let again = Input::Close { agent: desk.agent_id("ana"), ticket, epoch: 3, tags: Vec::new() };
    assert_eq!(desk.code(again), ErrorCode::WrongState);
}

#[test]
fn only_what_was_in_service_is_wrapped_up_and_not_what_goes_on() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    desk.queue("q", &["ana", "bea"], |queue| queue.wrap_up_seconds = 30);
    let unanswered = desk.hand_off(1);
    let events = desk.close("ana", unanswered);
    assert_eq!(closed(&events).wraps_until, None);
    let ticket = desk.hand_off(2);
    let holder = desk.holder(ticket).expect("somebody has it");
    desk.reply(&holder, ticket);
    let to = desk.agent_id(if holder == "ana" { "bea" } else { "ana" });
    let step = desk.events(desk.transfer(&holder, ticket, Target::Agent(to)));
    assert_eq!(closed(&step).wraps_until, None);
    assert_eq!(desk.used(&holder), 0);
}

#[test]
fn a_wrap_up_survives_a_restart_and_is_forgotten_after_it_only() {
    let (mut desk, ticket) = wrapping();
    desk.close("ana", ticket);
    let (bot, agent) = (relevo_routing::input::Party::Bot(BOT), desk.agent_id("ana"));
    desk.receipt(bot, ticket, 9, 9);
    desk.receipt(relevo_routing::input::Party::Agent(agent), ticket, 9, 9);
    assert_eq!(desk.explain(ticket).state, TicketState::Wrapping, "its seat is still taken");
    desk.restart(0);
    assert_eq!((desk.used("ana"), desk.tenant.stats().seats_used), (1, 1));
    desk.handle(Input::Ready);
    let events = desk.pass(30 * SECOND);
    assert_eq!(wrap_up_ends(&events).len(), 1);
    assert!(events.iter().any(|event| matches!(event, Event::Forgotten(e) if e.ticket == ticket)));
}
