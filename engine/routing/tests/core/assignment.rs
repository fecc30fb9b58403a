//! Who gets whom: eligibility, strategies, seats, work conservation.

use crate::common::*;
use relevo_routing::event::Event;
use relevo_routing::input::{HandOff, Target};
use relevo_routing::{Input, Settings};
use relevo_wire::TicketId;
use relevo_wire::answer::Answer;
use relevo_wire::directory::{Agent, Object, Strategy};
use relevo_wire::vocabulary::{Intent, TicketState};

#[test]
fn a_hand_off_is_assigned_at_once_when_an_agent_is_free() {
    let mut desk = Desk::staffed(&["ana"]);
    let ana = desk.agent_id("ana");
    let (events, _) = desk.ask(Input::HandOff(hand_off(1)));
    let [Event::TicketOpened(opened), Event::Assigned(assigned)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!((assigned.agent, assigned.number, assigned.waited_us), (ana, 2, 0));
    assert_eq!((opened.epoch, assigned.epoch), (1, 2));
    assert_eq!(desk.place(opened.ticket), (TicketState::Assigned, Some("ana".into()), 0));
}

#[test]
fn a_freed_agent_gets_the_ticket_that_waits_longest() {
    let mut desk = Desk::staffed(&["ana"]);
    let first = desk.hand_off(1);
    desk.wait(SECOND);
    let (second, third) = (desk.hand_off(2), desk.hand_off(3));
    assert_eq!(desk.place(third), (TicketState::Waiting, None, 2));
    let events = desk.close("ana", first);
    assert_eq!(assignments(&events), [(second, desk.agent_id("ana"))]);
    desk.intent("ana", Intent::Paused);
    let events = desk.close("ana", second);
    assert_eq!(assignments(&events), []);
}

#[test]
fn a_line_goes_by_priority_then_arrival_then_id() {
    let mut desk = Desk::staffed(&["ana"]);
    let first = desk.hand_off(1);
    let plain = desk.hand_off(2);
    let same_moment = desk.hand_off(3);
    desk.wait(SECOND);
    let later = desk.hand_off(4);
    let urgent = desk.accepted(HandOff { priority: 10, ..hand_off(5) }).ticket;
    let mut order = Vec::new();
    let mut held = first;
    for _ in 0..4 {
        held = assignments(&desk.close("ana", held))[0].0;
        order.push(held);
    }
    assert_eq!(order, [urgent, plain, same_moment, later]);
}

#[test]
fn a_freed_agent_takes_the_most_urgent_of_all_its_queues() {
    let mut desk = Desk::staffed(&["ana"]);
    desk.queue("r", &["ana"], |_| {});
    let first = desk.hand_off(1);
    let in_r = desk.hand_off_to(2, "r");
    desk.wait(SECOND);
    desk.hand_off(3);
    assert_eq!(assignments(&desk.close("ana", first))[0].0, in_r);
}

#[test]
fn least_active_counts_tickets_then_idle_time_then_number() {
    let mut desk = desk();
    for agent in ["ana", "bea", "cid"] {
        desk.agent(agent, 3);
    }
    desk.queue("q", &["ana", "bea", "cid"], |_| {});
    for agent in ["cid", "bea", "ana"] {
        desk.online(agent);
    }
    let mut next = |contact| {
        desk.now += SECOND;
        let ticket = desk.hand_off(contact);
        desk.holder(ticket).expect("assigned")
    };
    // Nobody had a ticket: by number; then by tickets; then who has been idle longest.
    assert_eq!([next(1), next(2), next(3), next(4)], ["ana", "bea", "cid", "ana"]);
    assert_eq!([next(5), next(6)], ["bea", "cid"]);
}

/// Of a queue with more members than are looked at one by one, as agents come, go, fill up and empty.
#[test]
fn a_large_queue_picks_as_a_small_one_does() {
    for strategy in [Strategy::LeastActive, Strategy::LongestIdle] {
        let mut desk = desk();
        let names: Vec<String> = (0..260).map(|number| format!("a{number:03}")).collect();
        for name in &names {
            desk.agent(name, 2);
        }
        let members: Vec<&str> = names.iter().step_by(2).map(String::as_str).collect();
        desk.queue("q", &members, |queue| queue.strategy = strategy);
        // Tickets held, the latest change of them, and whether it is there, of each member.
        let mut agents: Vec<(Vec<TicketId>, u64, bool)> = vec![(Vec::new(), 0, false); 130];
        let mut numbers = 1_u64;
        for contact in 1..250 {
            desk.now += SECOND;
            numbers = numbers.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = usize::try_from(numbers >> 33).expect("31 bits") % members.len();
            let (held, changed, there) = &mut agents[at];
            if *there && !held.is_empty() && contact % 3 > 0 {
                desk.close(members[at], held.remove(0));
                *changed = desk.now;
            } else if contact % 7 > 0 {
                *there = true;
                desk.online(members[at]);
            } else if *there {
                *there = false;
                desk.intent(members[at], Intent::Paused);
            }
            let key = |at: &usize| match strategy {
                Strategy::LongestIdle => (0, agents[*at].1, *at),
                Strategy::LeastActive | Strategy::RoundRobin | Strategy::MostSkilled => {
                    (agents[*at].0.len(), agents[*at].1, *at)
                }
            };
            let free = |at: &usize| agents[*at].2 && agents[*at].0.len() < 2;
            let Some(expected) = (0..members.len()).filter(free).min_by_key(key) else { continue };
            let ticket = desk.hand_off(contact);
            assert_eq!(desk.holder(ticket).as_deref(), Some(members[expected]), "{contact}");
            agents[expected].0.push(ticket);
            agents[expected].1 = desk.now;
        }
        let most = agents.iter().map(|(held, ..)| held.len()).max();
        assert_eq!(most, Some(2), "somebody was full");
    }
}

#[test]
fn a_closed_ticket_makes_an_agent_less_idle_than_one_that_had_none() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    let first = desk.hand_off(1);
    assert_eq!(desk.holder(first).as_deref(), Some("ana"));
    desk.close("ana", first);
    let second = desk.hand_off(2);
    assert_eq!(desk.holder(second).as_deref(), Some("bea"));
}

#[test]
fn longest_idle_looks_past_the_number_of_tickets() {
    let mut desk = desk();
    desk.agent("ana", 3);
    desk.agent("bea", 3);
    desk.queue("q", &["ana", "bea"], |queue| queue.strategy = Strategy::LongestIdle);
    desk.queue("only-ana", &["ana"], |_| {});
    desk.queue("only-bea", &["bea"], |_| {});
    desk.online("ana");
    desk.online("bea");
    desk.hand_off_to(1, "only-ana");
    desk.now += SECOND;
    desk.hand_off_to(2, "only-ana");
    desk.now += SECOND;
    desk.hand_off_to(3, "only-bea");
    desk.now += SECOND;
    // Ana has two tickets and bea one, but ana has been idle longer.
    let ticket = desk.hand_off(4);
    assert_eq!(desk.holder(ticket).as_deref(), Some("ana"));
    desk.now += SECOND;
    let ticket = desk.hand_off(5);
    assert_eq!(desk.holder(ticket).as_deref(), Some("bea"));
}

#[test]
fn round_robin_goes_on_after_the_one_served_last() {
    let mut desk = desk();
    for agent in ["ana", "bea", "cid"] {
        desk.agent(agent, 9);
    }
    desk.queue("q", &["ana", "bea", "cid"], |queue| queue.strategy = Strategy::RoundRobin);
    for agent in ["ana", "bea", "cid"] {
        desk.online(agent);
    }
    let served: Vec<String> = (1..=5)
        .map(|contact| {
            if contact == 4 {
                desk.intent("ana", Intent::Paused);
            }
            let ticket = desk.hand_off(contact);
            desk.holder(ticket).expect("assigned")
        })
        .collect();
    assert_eq!(served, ["ana", "bea", "cid", "bea", "cid"]);
}

#[test]
fn strategies_hold_in_a_queue_of_many_members() {
    let names: Vec<String> = (0..300).map(|number| format!("a{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for (strategy, expected) in [
        (Strategy::LeastActive, "a3"),
        (Strategy::LongestIdle, "a3"),
        (Strategy::RoundRobin, "a200"),
    ] {
        let mut desk = desk();
        for name in &names {
            desk.agent(name, 2);
        }
        desk.queue("q", &names, |queue| queue.strategy = strategy);
        desk.online("a150");
        desk.hand_off(1);
        desk.online("a3");
        desk.online("a200");
        let ticket = desk.hand_off(2);
        assert_eq!(desk.holder(ticket).as_deref(), Some(expected), "{strategy:?}");
    }
}

#[test]
fn seats_are_capped_over_all_bots_and_per_bot() {
    let mut desk = desk();
    desk.agent("ana", 3);
    desk.bot(|bot| bot.seats_per_agent = Some(2));
    desk.queue("q", &["ana"], |_| {});
    desk.online("ana");
    let first = desk.hand_off(1);
    desk.hand_off(2);
    let third = desk.hand_off(3);
    assert_eq!(desk.holder(third), None, "two of this bot");
    desk.close("ana", first);
    assert_eq!(desk.holder(third).as_deref(), Some("ana"), "a seat of the bot came free");

    let fourth = desk.hand_off(4);
    assert_eq!(desk.holder(fourth), None);
    desk.bot(|bot| bot.seats_per_agent = None);
    assert_eq!(desk.holder(fourth).as_deref(), Some("ana"), "the cap was lifted");
    let fifth = desk.hand_off(5);
    assert_eq!(desk.holder(fifth), None, "three seats in all");
    desk.agent("ana", 4);
    assert_eq!(desk.holder(fifth).as_deref(), Some("ana"), "a fourth seat");
}

#[test]
fn a_lowered_capacity_keeps_what_is_held_and_gives_nothing_new() {
    let mut desk = desk();
    desk.agent("ana", 2);
    desk.queue("q", &["ana"], |_| {});
    desk.online("ana");
    let (first, second) = (desk.hand_off(1), desk.hand_off(2));
    desk.agent("ana", 1);
    let third = desk.hand_off(3);
    assert_eq!(assignments(&desk.close("ana", first)), []);
    assert_eq!(assignments(&desk.close("ana", second)), [(third, desk.agent_id("ana"))]);
}

#[test]
fn an_inactive_agent_keeps_its_tickets_and_gets_no_new_ones() {
    let mut desk = desk();
    desk.agent("ana", 2);
    desk.queue("q", &["ana"], |_| {});
    desk.online("ana");
    let first = desk.hand_off(1);
    desk.put(Object::Agent(Agent { active: false, ..Agent::new("ana", 2) }));
    let second = desk.hand_off(2);
    assert_eq!(desk.holder(first).as_deref(), Some("ana"));
    assert_eq!(desk.holder(second), None);
    desk.reply("ana", first);
    desk.agent("ana", 2);
    assert_eq!(desk.holder(second).as_deref(), Some("ana"));
}

#[test]
fn only_members_get_the_tickets_of_a_queue() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    desk.queue("q", &["ana"], |_| {});
    let (first, second) = (desk.hand_off(1), desk.hand_off(2));
    assert_eq!(desk.holder(first).as_deref(), Some("ana"));
    assert_eq!(desk.holder(second), None, "bea is free, and no member");
    desk.queue("q", &["bea"], |_| {});
    assert_eq!(desk.holder(second).as_deref(), Some("bea"));
    assert_eq!(desk.holder(first).as_deref(), Some("ana"), "what she has she keeps");
    let third = desk.hand_off(3);
    desk.close("ana", first);
    assert_eq!(desk.holder(third), None, "ana is a member no more");
}

#[test]
fn new_members_take_what_waits_as_the_strategy_says() {
    let mut desk = desk();
    for agent in ["ana", "bea"] {
        desk.agent(agent, 2);
    }
    desk.queue("q", &[], |_| {});
    desk.online("ana");
    desk.online("bea");
    let tickets: Vec<_> = (1..=3).map(|contact| desk.hand_off(contact)).collect();
    desk.queue("q", &["ana", "bea"], |_| {});
    let holders: Vec<_> = tickets.iter().map(|ticket| desk.holder(*ticket)).collect();
    let named = |name: &str| Some(name.to_owned());
    assert_eq!(holders, [named("ana"), named("bea"), named("ana")]);
}

#[test]
fn a_bounded_number_is_assigned_in_a_step_and_a_tick_goes_on() {
    let settings = Settings { assignments_per_step: 2, ..Settings::default() };
    let mut desk = Desk::with(settings);
    desk.agent("ana", 9);
    desk.queue("q", &["ana"], |_| {});
    for contact in 1..=5 {
        desk.hand_off(contact);
    }
    desk.connect("ana");
    assert_eq!(assignments(&desk.intent("ana", Intent::Online)).len(), 2);
    assert_eq!(desk.tenant.next_deadline(), Some(0));
    assert!(desk.tenant.audit(&desk.seats, 0, 9, desk.now).unfinished);
    assert_eq!(assignments(&desk.handle(Input::Tick).events).len(), 2);
    assert_eq!(assignments(&desk.handle(Input::Tick).events).len(), 1);
    assert_ne!(desk.tenant.next_deadline(), Some(0));
}

#[test]
fn a_bounded_number_of_deadlines_is_handled_in_a_tick_and_the_next_goes_on() {
    let settings = Settings { deadlines_per_tick: 2, ..Settings::default() };
    let mut desk = Desk::with(settings);
    desk.queue("q", &[], |_| {});
    for contact in 1..=5 {
        desk.hand_off(contact);
    }
    desk.now += 61 * SECOND;
    let mut missed = Vec::new();
    while desk.tenant.next_deadline().is_some_and(|at| at <= desk.now) {
        let events = desk.handle(Input::Tick).events;
        assert!(events.iter().all(|event| matches!(event, Event::TargetMissed(_))), "{events:?}");
        missed.push(events.len());
    }
    assert_eq!(missed, [2, 2, 1]);
}

#[test]
fn who_has_just_pressed_pause_is_not_assigned_to() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    let ana = desk.agent_id("ana");
    // The session has closed the word; its command is still in the ring.
    let seen = desk.seats.word(ana.0 as usize).expect("a word").close_intent();
    let first = desk.hand_off(1);
    assert_eq!(desk.holder(first).as_deref(), Some("bea"));
    let second = desk.hand_off(2);
    assert_eq!(desk.holder(second), None);
    let (intent, reason) = (Intent::Paused, String::new());
    desk.events(Input::SetPresence { agent: ana, intent, reason, seen });
    let events = desk.intent("ana", Intent::Online);
    assert_eq!(assignments(&events), [(second, ana)]);
}

#[test]
fn the_auditor_sees_a_lost_wake_up() {
    let mut desk = Desk::staffed(&["ana"]);
    let ana = desk.agent_id("ana");
    desk.seats.word(ana.0 as usize).expect("a word").close_intent();
    let ticket = desk.hand_off(1);
    assert_eq!(desk.holder(ticket), None);
    assert_eq!(desk.tenant.audit(&desk.seats, 0, 9, desk.now).violations, []);
    // A word that somebody opens behind the state's back: nobody looks for a ticket.
    desk.seats.word(ana.0 as usize).expect("a word").restore(0, 1, true, true, false);
    let violations = desk.tenant.audit(&desk.seats, 0, 9, desk.now).violations;
    let [violation] = &violations[..] else { panic!("{violations:?}") };
    assert_eq!((violation.ticket, violation.agent), (ticket, ana));
    assert_eq!(desk.tenant.audit(&desk.seats, 1, 9, desk.now).violations, [], "other queues");
}

#[test]
fn a_ticket_that_begins_to_wait_is_not_served_before_a_more_urgent_one() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    let (ana, bea) = (desk.agent_id("ana"), desk.agent_id("bea"));
    let plain = desk.hand_off(1);
    let urgent = desk.accepted(HandOff { priority: 5, ..hand_off(2) }).ticket;
    let queue = Target::Queue(desk.queue_id("q"));
    let urgent = desk.child(desk.transfer("bea", urgent, queue));
    assert_eq!(desk.holder(urgent), None, "bea gave it away, ana is full");
    // One transfer makes two assignments possible: ana's seat comes free, and a ticket bea may have.
    let (events, answer) = desk.ask(desk.transfer("ana", plain, queue));
    let Answer::Transferred(plain) = answer else { panic!("{answer:?}") };
    assert_eq!(assignments(&events), [(urgent, ana), (plain.child, bea)]);
}

#[test]
fn a_new_ticket_waits_behind_those_whom_a_full_step_has_left() {
    let settings = Settings { assignments_per_step: 2, ..Settings::default() };
    let mut desk = Desk::with(settings);
    desk.agent("ana", 9);
    desk.queue("q", &["ana"], |_| {});
    let waiting: Vec<_> = (1..=5).map(|contact| desk.hand_off(contact)).collect();
    desk.connect("ana");
    assert_eq!(assignments(&desk.intent("ana", Intent::Online)).len(), 2);
    // The hand-off comes before the tick that would go on.
    let (events, answer) = desk.ask(Input::HandOff(hand_off(6)));
    let Answer::Accepted(accepted) = answer else { panic!("{answer:?}") };
    let served: Vec<_> = assignments(&events).iter().map(|(ticket, _)| *ticket).collect();
    assert_eq!(served, waiting[2..4], "the next two in line");
    assert_eq!(accepted.position, 2);
    let served = assignments(&desk.handle(Input::Tick).events);
    assert_eq!(
        served.iter().map(|(ticket, _)| *ticket).collect::<Vec<_>>(),
        [waiting[4], accepted.ticket]
    );
}
