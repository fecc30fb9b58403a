//! Offers: asked before assigned; accepted, declined, missed, withdrawn.

use crate::common::*;
use relevo_routing::Event;
use relevo_routing::event::Unreserved;
use relevo_routing::input::{HandOff, Input, Target};
use relevo_wire::answer::Answer;
use relevo_wire::vocabulary::{Intent, OfferEnd, Outcome, TicketState};
use relevo_wire::{AgentId, ErrorCode, TicketId};

/// Agents of one seat, online, in a queue that asks `at_once` of them for 20 s.
fn asking(agents: &[&str], at_once: u16) -> Desk {
    let mut desk = Desk::staffed(agents);
    desk.queue("q", agents, |queue| {
        queue.offer_seconds = 20;
        queue.offer_agents = at_once;
    });
    desk
}

fn offers(events: &[Event]) -> Vec<(TicketId, AgentId)> {
    let offered = events.iter().filter_map(|event| {
        if let Event::Offered(e) = event { Some((e.ticket, e.agent)) } else { None }
    });
    offered.collect()
}

fn ends(events: &[Event]) -> Vec<(AgentId, OfferEnd)> {
    let ended = events.iter().filter_map(|event| {
        if let Event::OfferEnded(e) = event { Some((e.agent, e.end)) } else { None }
    });
    ended.collect()
}

impl Desk {
    fn accept(&self, agent: &str, ticket: TicketId) -> Input {
        Input::Accept { agent: self.agent_id(agent), ticket }
    }

    fn decline(&self, agent: &str, ticket: TicketId) -> Input {
        Input::Decline { agent: self.agent_id(agent), ticket }
    }

    fn reason(&self, agent: &str, ticket: TicketId) -> String {
        let reasons = self.explain(ticket).agents;
        reasons.into_iter().find(|reason| reason.agent == agent).expect("a member").reason
    }
}

#[test]
fn a_ticket_is_the_agents_when_it_accepts() {
    let mut desk = asking(&["ana"], 1);
    let ticket = desk.hand_off(1);
    assert_eq!(desk.place(ticket), (TicketState::Offered, None, 0));
    assert_eq!(desk.epoch(ticket), 1, "nobody has it yet");
    let says = Input::BotMessage { bot: BOT, ticket, epoch: 1, client_message: None, bytes: 10 };
    desk.sent(says);
    desk.wait(7 * SECOND);
    let (events, answer) = desk.ask(desk.accept("ana", ticket));
    let [Event::Assigned(assigned)] = events[..] else { panic!("assigned, not {events:?}") };
    assert_eq!((assigned.epoch, assigned.waited_us), (2, 7 * SECOND));
    assert!(matches!(answer, Answer::Next(next) if next.ticket == ticket && next.epoch == 2));
    assert_eq!(desk.holder(ticket).as_deref(), Some("ana"));
    assert_eq!(desk.pass(60 * SECOND).len(), 1, "nothing but the missed target");
}

#[test]
fn who_accepts_twice_is_told_the_same() {
    let mut desk = asking(&["ana"], 1);
    let ticket = desk.hand_off(1);
    let (_, first) = desk.ask(desk.accept("ana", ticket));
    let (events, again) = desk.ask(desk.accept("ana", ticket));
    assert_eq!((events, again), (Vec::new(), first));
}

#[test]
fn an_offer_holds_a_seat() {
    let mut desk = asking(&["ana"], 1);
    let first = desk.hand_off(1);
    let second = desk.hand_off(2);
    assert_eq!(desk.reason("ana", first), "offered");
    assert_eq!(desk.place(second), (TicketState::Waiting, None, 1));
    assert_eq!(desk.tenant.stats().seats_used, 1);
    assert_eq!(desk.seats.word(0).expect("a word").view().used, 1);
}

#[test]
fn what_is_declined_goes_to_somebody_else() {
    let mut desk = asking(&["ana", "bea"], 1);
    let ticket = desk.hand_off(1);
    let (ana, bea) = (desk.agent_id("ana"), desk.agent_id("bea"));
    desk.wait(5 * SECOND);
    let events = desk.events(desk.decline("ana", ticket));
    assert_eq!(ends(&events), [(ana, OfferEnd::Declined)]);
    assert_eq!(offers(&events), [(ticket, bea)]);
    assert_eq!(desk.reason("ana", ticket), "excluded");
    let events = desk.events(desk.decline("bea", ticket));
    assert_eq!(offers(&events), [], "nobody is asked twice at once");
    assert_eq!(desk.place(ticket).0, TicketState::Waiting);
    let (_, answer) = desk.ask(desk.accept("ana", ticket));
    let Answer::Error(error) = answer else { panic!("the offer is over") };
    assert_eq!(error.code, ErrorCode::WrongState);
    // A minute after it declined the first may be asked again, with the wait of all that time.
    let events = desk.pass(60 * SECOND);
    assert_eq!(offers(&events), [(ticket, ana)]);
    let events = desk.events(desk.accept("ana", ticket));
    let [Event::Assigned(assigned)] = events[..] else { panic!("assigned, not {events:?}") };
    assert_eq!(assigned.waited_us, 65 * SECOND, "a decline begins no wait anew");
}

#[test]
fn a_missed_offer_is_back_at_its_place_and_the_agent_is_asked_no_more() {
    let mut desk = asking(&["ana"], 1);
    let first = desk.hand_off(1);
    desk.now += SECOND;
    let second = desk.hand_off(2);
    let ana = desk.agent_id("ana");
    let events = desk.pass(19 * SECOND);
    assert_eq!(ends(&events), [(ana, OfferEnd::Missed)]);
    assert_eq!(offers(&events), [], "it is not there");
    assert_eq!(desk.place(first), (TicketState::Waiting, None, 1));
    assert_eq!(desk.place(second), (TicketState::Waiting, None, 2));
    assert_eq!(desk.reason("ana", second), "not_responding");
    assert_eq!(desk.tenant.queue_agents(desk.queue_id("q")).not_responding, 1);
    // A session that opens shows nobody, nor does a receipt.
    desk.connect("ana");
    let receipt = relevo_routing::input::Party::Agent(ana);
    desk.receipt(receipt, first, 1, 0);
    assert_eq!(desk.reason("ana", second), "not_responding");
    let events = desk.intent("ana", Intent::Online);
    assert!(matches!(events[0], Event::Responding(_)));
    assert_eq!(offers(&events), [(second, ana)], "the one that it missed is not for it now");
}

#[test]
fn whatever_an_agent_asks_shows_that_it_is_there() {
    for act in 0..4 {
        let mut desk = asking(&["ana"], 1);
        let ticket = desk.hand_off(1);
        let agent = desk.agent_id("ana");
        desk.pass(20 * SECOND);
        assert_eq!(desk.reason("ana", ticket), "not_responding");
        let input = match act {
            0 => Input::Next { agent, queue: None },
            1 => desk.accept("ana", ticket),
            2 => desk.decline("ana", ticket),
            _ => Input::Targets { agent, ticket },
        };
        let step = desk.handle(input);
        assert!(matches!(step.events[..], [Event::Responding(_)]), "act {act}: {step:?}");
        assert_eq!(desk.reason("ana", ticket), "excluded", "act {act}: and may have another");
    }
}

#[test]
fn of_several_who_are_asked_at_once_the_first_has_it() {
    let mut desk = asking(&["ana", "bea", "eva"], 2);
    let ticket = desk.hand_off(1);
    let [ana, bea, eva] = ["ana", "bea", "eva"].map(|name| desk.agent_id(name));
    assert_eq!(desk.tenant.stats().seats_used, 2, "a seat of each");
    let second = desk.hand_off(2);
    assert_eq!(desk.reason("eva", second), "offered", "it is asked for the next one alone");
    assert_ne!(desk.reason("ana", second), "offered", "its only seat is held");
    let events = desk.events(desk.accept("bea", ticket));
    assert_eq!(assignments(&events), [(ticket, bea)]);
    assert_eq!(ends(&events), [(ana, OfferEnd::Taken)]);
    assert_eq!(desk.holder(ticket).as_deref(), Some("bea"));
    let refused = desk.refused(desk.accept("ana", ticket));
    assert_eq!(refused.code, ErrorCode::WrongState);
    assert_eq!(refused.present.expect("the truth").agent.as_deref(), Some("bea"));
    assert_eq!(desk.seats.word(ana.0 as usize).expect("a word").view().used, 0);
    let third = desk.hand_off(3);
    assert_eq!(desk.reason("ana", third), "offered", "its seat is free again");
    assert_eq!(desk.reason("eva", second), "offered", "{eva:?} is still asked");
}

#[test]
fn one_who_declines_leaves_the_offer_to_the_others() {
    let mut desk = asking(&["ana", "bea"], 2);
    let ticket = desk.hand_off(1);
    let events = desk.events(desk.decline("ana", ticket));
    assert_eq!(events.len(), 1);
    assert_eq!(desk.place(ticket).0, TicketState::Offered);
    desk.events(desk.accept("bea", ticket));
    assert_eq!(desk.holder(ticket).as_deref(), Some("bea"));
}

#[test]
fn who_is_no_longer_there_for_new_tickets_is_asked_no_longer() {
    type Leave = fn(&mut Desk) -> Vec<Event>;
    let ways: [(&str, Leave); 4] = [
        ("paused", |desk| desk.intent("ana", Intent::Paused)),
        ("invisible", |desk| desk.intent("ana", Intent::Invisible)),
        ("offline", |desk| desk.intent("ana", Intent::Offline)),
        ("gone", |desk| {
            let session = relevo_wire::SessionId(1);
            desk.disconnect("ana", session)
        }),
    ];
    for (way, leave) in ways {
        let mut desk = asking(&["ana", "bea"], 1);
        let ticket = desk.hand_off(1);
        let (ana, bea) = (desk.agent_id("ana"), desk.agent_id("bea"));
        let events = leave(&mut desk);
        assert_eq!(ends(&events), [(ana, OfferEnd::Withdrawn)], "{way}");
        assert_eq!(offers(&events), [(ticket, bea)], "{way}");
        assert_eq!(desk.seats.word(0).expect("a word").view().used, 0, "{way}");
        assert_ne!(desk.reason("ana", ticket), "not_responding", "{way}: it missed nothing");
    }
}

#[test]
fn a_customer_who_leaves_while_it_is_offered_is_lost_and_the_seats_are_free() {
    let mut desk = asking(&["ana", "bea"], 2);
    desk.hand_off(1);
    let events = desk.left(1);
    assert_eq!(closed(&events).outcome, Outcome::Lost);
    assert_eq!(desk.tenant.stats().seats_used, 0);
    for agent in 0..2 {
        assert_eq!(desk.seats.word(agent).expect("a word").view().used, 0);
    }
    assert_eq!(desk.pass(30 * SECOND), [], "no offer ends once more");
}

#[test]
fn an_offered_ticket_counts_as_waiting() {
    let mut desk = asking(&["ana"], 1);
    desk.hand_off(1);
    let q = desk.queue_id("q");
    assert_eq!(desk.tenant.queue_stats(q).depth, 1);
    assert_eq!(desk.tenant.queue_stats(q).oldest_waiting_since, Some(START));
    assert_eq!(desk.tenant.stats().tickets.offered, 1);
}

#[test]
fn what_is_pulled_is_not_offered() {
    let mut desk = desk();
    let agent = desk.agent("ana", 1);
    desk.queue("q", &["ana"], |queue| {
        queue.delivery = relevo_wire::directory::Delivery::Pull;
        queue.offer_seconds = 20;
    });
    desk.online("ana");
    let ticket = desk.hand_off(1);
    assert_eq!(desk.place(ticket).0, TicketState::Waiting);
    let events = desk.events(Input::Next { agent, queue: None });
    assert_eq!(assignments(&events), [(ticket, agent)]);
}

#[test]
fn a_ticket_for_one_agent_is_offered_to_it_alone_and_joins_the_line_when_its_time_is_over() {
    let mut desk = asking(&["ana", "bea", "eva"], 3);
    desk.queue("q", &["ana", "bea", "eva"], |queue| {
        queue.offer_seconds = 20;
        queue.offer_agents = 3;
        queue.transfer_wait_seconds = 10;
    });
    let ticket = desk.hand_off(1);
    desk.events(desk.accept("ana", ticket));
    let bea = desk.agent_id("bea");
    let child = desk.child(desk.transfer("ana", ticket, Target::Agent(bea)));
    assert_eq!(desk.reason("bea", child), "offered");
    assert_eq!(desk.reason("eva", child), "reserved_for_other");
    let events = desk.pass(10 * SECOND);
    assert!(matches!(events[..], [Event::Unreserved(_)]), "the offer stands: {events:?}");
    let events = desk.events(desk.decline("bea", child));
    assert_eq!(offers(&events), [(child, desk.agent_id("eva"))]);
}

#[test]
fn nobody_waits_on_for_the_one_agent_who_would_not_have_it() {
    for is_missed in [false, true] {
        let mut desk = asking(&["ana", "bea"], 1);
        let (ana, bea) = (desk.agent_id("ana"), desk.agent_id("bea"));
        let hand_off = HandOff { preferred_agent: Some(ana), ..hand_off(1) };
        let ticket = desk.accepted(hand_off).ticket;
        assert_eq!(desk.reason("ana", ticket), "offered");
        let (end, events) = if is_missed {
            (OfferEnd::Missed, desk.pass(20 * SECOND))
        } else {
            (OfferEnd::Declined, desk.events(desk.decline("ana", ticket)))
        };
        assert_eq!(ends(&events), [(ana, end)]);
        assert_eq!(events[1], Event::Unreserved(Unreserved { ticket }));
        assert_eq!(offers(&events), [(ticket, bea)]);
    }
    let mut desk = asking(&["ana", "bea"], 1);
    let preferred_agent = Some(desk.agent_id("ana"));
    let ticket = desk.accepted(HandOff { preferred_agent, ..hand_off(1) }).ticket;
    let events = desk.intent("ana", Intent::Paused);
    assert_eq!(offers(&events), [], "who only pauses may come back for it");
    assert_eq!(desk.reason("bea", ticket), "reserved_for_other");
}

#[test]
fn a_restart_ends_every_offer_and_blames_nobody() {
    let mut desk = asking(&["ana"], 1);
    let ticket = desk.hand_off(1);
    desk.restart(60 * SECOND);
    assert_eq!(desk.place(ticket).0, TicketState::Waiting);
    desk.handle(Input::Ready);
    let session = relevo_wire::SessionId(99);
    let (agent, seen) = (desk.agent_id("ana"), desk.reachable_closes(AgentId(0)));
    let events = desk.events_of_session(Input::AgentSessionOpened { agent, session, seen });
    assert_eq!(offers(&events), [(ticket, agent)], "asked anew, for the whole time");
    let Some(Event::Offered(offered)) = events.last() else { panic!("offered: {events:?}") };
    assert_eq!(offered.until, desk.now + 20 * SECOND);
}

#[test]
fn an_offer_that_is_not_possible_is_refused_by_name() {
    let mut desk = desk();
    let mut queue = relevo_wire::directory::Queue::new("b", "q");
    for (seconds, agents, field) in [
        (3_601, 1, "offer_seconds"),
        (0, 2, "offer_agents"),
        (5, 0, "offer_agents"),
        (5, 17, "offer_agents"),
    ] {
        queue.offer_seconds = seconds;
        queue.offer_agents = agents;
        let object = relevo_wire::directory::Object::Queue(queue.clone());
        let refused = desk.refused(Input::Put { object: Box::new(object), if_version: None });
        assert!(refused.field.ends_with(field), "{refused}");
    }
}
