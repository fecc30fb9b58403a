//! A returning contact goes first to the agent who served it last.

use crate::common::*;
use relevo_routing::event::{Absence, Event};
use relevo_routing::input::{HandOff, Input, Target};
use relevo_routing::{Settings, Tenant};
use relevo_wire::AgentId;
use relevo_wire::answer::PreferredBy;
use relevo_wire::vocabulary::Intent;

/// A bot that asks for it; agents of three seats in its queue, online.
fn desk_of(agents: &[&str], settings: Settings) -> Desk {
    let mut desk = Desk::with(settings);
    desk.bot(|bot| bot.last_agent = true);
    for agent in agents {
        desk.agent(agent, 3);
    }
    desk.queue("q", agents, |queue| queue.preferred_wait_seconds = 20);
    for agent in agents {
        desk.online(agent);
    }
    desk
}

impl Desk {
    /// Serves a contact from hand-off to close.
    fn serve(&mut self, agent: &str, contact: u128) {
        let preferred_agent = Some(self.agent_id(agent));
        let ticket = self.accepted(HandOff { preferred_agent, ..hand_off(contact) }).ticket;
        self.reply(agent, ticket);
        self.close(agent, ticket);
    }

    /// Whom the hand-off of a contact prefers, and why.
    fn wish(&mut self, contact: u128) -> Option<(AgentId, PreferredBy)> {
        let events = self.events(Input::HandOff(hand_off(contact)));
        let Event::TicketOpened(opened) = &events[0] else { panic!("{events:?}") };
        opened.routed.preferred
    }

    fn goes_to(&mut self, contact: u128, agent: &str) {
        let ticket = self.hand_off(contact);
        assert_eq!(self.holder(ticket).as_deref(), Some(agent));
        self.close(agent, ticket);
    }
}

#[test]
fn a_returning_contact_goes_to_who_answered_it_last_whatever_the_strategy_says() {
    let mut desk = desk_of(&["ana", "bob"], Settings::default());
    desk.serve("bob", 1);
    desk.serve("ana", 2);
    desk.serve("ana", 1);
    desk.serve("bob", 1);
    assert_eq!(desk.wish(1), Some((desk.agent_id("bob"), PreferredBy::LastAgent)));
    let ticket = desk.tickets_of_contact(1);
    assert_eq!(desk.holder(ticket).as_deref(), Some("bob"));
    assert_eq!(desk.wish(2), Some((desk.agent_id("ana"), PreferredBy::LastAgent)));
    assert_eq!(desk.wish(3), None, "nobody has served it");
}

#[test]
fn a_full_last_agent_is_waited_for_as_long_as_the_queue_says() {
    let mut desk = desk_of(&["ana", "bob"], Settings::default());
    desk.serve("ana", 1);
    desk.agent("ana", 1);
    desk.accepted(HandOff { preferred_agent: Some(desk.agent_id("ana")), ..hand_off(2) });
    let ticket = desk.hand_off(1);
    assert_eq!(desk.holder(ticket), None, "bob is free and does not get it");
    assert_eq!(assignments(&desk.pass(19 * SECOND)), []);
    assert_eq!(assignments(&desk.pass(SECOND)), [(ticket, desk.agent_id("bob"))]);
}

#[test]
fn whoever_is_named_goes_before_the_last_agent() {
    let mut desk = desk_of(&["ana", "bob"], Settings::default());
    desk.serve("ana", 1);
    let preferred_agent = Some(desk.agent_id("bob"));
    let ticket = desk.accepted(HandOff { preferred_agent, ..hand_off(1) }).ticket;
    assert_eq!(desk.holder(ticket).as_deref(), Some("bob"));
}

/// A returning customer bound to an agent who is not there waits for nobody (Chatwoot #4158).
#[test]
fn a_last_agent_who_is_not_there_is_not_waited_for() {
    let mut desk = desk_of(&["ana", "bob"], Settings::default());
    let bob = desk.agent_id("bob");
    desk.serve("bob", 1);
    for intent in [Intent::Paused, Intent::Invisible, Intent::Offline] {
        desk.intent("bob", intent);
        desk.goes_to(1, "ana");
    }
    desk.intent("bob", Intent::Online);
    let away = Some(Absence { text: String::new(), colleague: None });
    desk.events(Input::SetAbsence { agent: bob, bot: BOT, absence: away, own: true });
    desk.goes_to(1, "ana");
    desk.events(Input::SetAbsence { agent: bob, bot: BOT, absence: None, own: true });
    desk.goes_to(1, "bob");
    desk.queue("q", &["ana"], |_| {});
    desk.goes_to(1, "ana");
}

#[test]
fn who_has_missed_an_offer_is_not_waited_for() {
    let mut desk = desk_of(&["ana", "bob"], Settings::default());
    desk.serve("bob", 1);
    desk.queue("q", &["ana", "bob"], |queue| queue.offer_seconds = 5);
    let ticket = desk.hand_off(1);
    desk.pass(5 * SECOND);
    desk.left(1);
    assert_eq!(desk.explain(ticket).agents[1].reason, "not_responding");
    let events = desk.events(Input::HandOff(hand_off(1)));
    let Event::TicketOpened(opened) = &events[0] else { panic!("{events:?}") };
    assert_eq!(opened.reserved, None);
    assert!(opened.routed.preferred.is_some(), "it is told all the same");
}

#[test]
fn only_an_answer_serves_and_no_test_does() {
    let mut desk = desk_of(&["ana"], Settings::default());
    let ticket = desk.hand_off(1);
    desk.close("ana", ticket);
    assert_eq!(desk.wish(1), None, "she never wrote");
    let mut agent = relevo_wire::directory::Agent::new("ana", 3);
    agent.accepts_tests = true;
    desk.put(relevo_wire::directory::Object::Agent(agent));
    let test = desk.accepted(HandOff { test: true, ..hand_off(2) }).ticket;
    desk.reply("ana", test);
    desk.close("ana", test);
    assert_eq!(desk.wish(2), None);
}

#[test]
fn the_child_of_a_transfer_is_served_by_who_answers_there() {
    let mut desk = desk_of(&["ana", "bob"], Settings::default());
    let preferred_agent = Some(desk.agent_id("ana"));
    let ticket = desk.accepted(HandOff { preferred_agent, ..hand_off(1) }).ticket;
    desk.reply("ana", ticket);
    let to = Target::Agent(desk.agent_id("bob"));
    let child = desk.child(desk.transfer("ana", ticket, to));
    desk.reply("bob", child);
    desk.close("bob", child);
    assert_eq!(desk.wish(1).map(|(agent, _)| agent), Some(desk.agent_id("bob")));
}

#[test]
fn a_bot_that_does_not_ask_remembers_nobody() {
    let mut desk = desk_of(&["ana"], Settings::default());
    desk.serve("ana", 1);
    desk.bot(|_| {});
    assert_eq!(desk.wish(1), None);
    desk.left(1);
    desk.serve("ana", 1);
    desk.bot(|bot| bot.last_agent = true);
    assert_eq!(desk.wish(1), None, "what was before is forgotten");
}

#[test]
fn the_memory_is_bounded_in_age_and_number_and_outlives_a_restart() {
    let last_agent_us = 100 * SECOND;
    let settings = Settings { last_agents: 2, last_agent_us, ..Settings::default() };
    let mut desk = desk_of(&["ana"], settings);
    for contact in [1, 2, 1, 3] {
        desk.serve("ana", contact);
        desk.wait(SECOND);
    }
    desk.restart(0);
    desk.handle(Input::Ready);
    desk.connect("ana");
    let copy = Tenant::from_snapshot(&desk.tenant.snapshot(), desk.tenant.settings().clone());
    desk.tenant = copy.expect("a snapshot reads back");
    assert_eq!(desk.wish(2), None, "two others were served later");
    desk.pass(97 * SECOND);
    let mut knows = |contact| {
        let knows = desk.wish(contact).is_some();
        desk.left(contact);
        knows
    };
    assert!(knows(1), "99 s ago");
    desk.pass(SECOND);
    let mut knows = |contact| desk.wish(contact).is_some();
    assert!(!knows(1), "100 s ago");
    assert!(knows(3), "99 s ago");
}
