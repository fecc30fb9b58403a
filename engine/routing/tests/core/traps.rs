//! Traps that other systems of the trade fell into, each named as their users tell it.

use crate::common::*;
use relevo_routing::Input;
use relevo_routing::event::{Demand, Event};
use relevo_routing::input::{HandOff, Target};
use relevo_routing::seats::{Claim, SeatWord};
use relevo_wire::answer::Answer;
use relevo_wire::directory::{Agent, Bot, Object, Overflow, Queue, Skill};
use relevo_wire::vocabulary::{Holder, Intent, Text, TicketState};
use relevo_wire::{ErrorCode, SessionId};
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Chatwoot #10583: a seat came free, whoever waited went on waiting, and the next newcomer got it.
#[test]
fn a_freed_seat_goes_to_who_waits_longest_and_never_to_a_newcomer() {
    let mut desk = desk();
    desk.agent("ana", 3);
    desk.queue("q", &["ana"], |_| {});
    desk.online("ana");
    let mut held: Vec<_> = (1..=3).map(|contact| desk.hand_off(contact)).collect();
    let mut waiting = Vec::new();
    for contact in 4..=20 {
        desk.wait(SECOND);
        waiting.push(desk.hand_off(contact));
        assert_eq!(desk.holder(waiting[waiting.len() - 1]), None, "all seats are taken");
        if contact % 2 == 0 {
            let next = waiting.remove(0);
            let freed = desk.close("ana", held.remove(0));
            assert_eq!(assignments(&freed), [(next, desk.agent_id("ana"))], "in the same step");
            held.push(next);
        }
    }
}

/// Chatwoot #10685, Live Helper Chat #1260: what came while nobody was there stayed where it was when
/// somebody came, or went out newest first.
#[test]
fn who_comes_online_gets_what_has_waited_in_the_order_in_which_it_came() {
    let mut desk = desk();
    desk.agent("ana", 2);
    desk.queue("q", &["ana"], |_| {});
    let ana = desk.agent_id("ana");
    let waiting: Vec<_> = (1..=3)
        .map(|contact| {
            desk.pass(90 * SECOND);
            desk.hand_off(contact)
        })
        .collect();
    desk.connect("ana");
    let events = desk.intent("ana", Intent::Online);
    assert_eq!(assignments(&events), [(waiting[0], ana), (waiting[1], ana)]);
}

/// Rocket.Chat #23563: an agent who had gone off was online again by opening the chat on a second
/// device, by loading the page anew, or by an update of the server.
#[test]
fn no_second_device_no_refresh_and_no_restart_sets_anybody_online() {
    for intent in [Intent::Paused, Intent::Invisible, Intent::Offline] {
        let mut desk = Desk::staffed(&["ana"]);
        desk.intent("ana", intent);
        let waiting = desk.hand_off(1);
        let is_left_alone = |desk: &Desk, when: &str| {
            assert_eq!(desk.holder(waiting), None, "{intent:?}, {when}");
            assert_eq!(desk.tenant.stats().agents.online, 0, "{intent:?}, {when}");
        };
        let phone = desk.connect("ana");
        is_left_alone(&desk, "a second device");
        desk.disconnect("ana", SessionId(1));
        desk.disconnect("ana", phone);
        desk.connect("ana");
        is_left_alone(&desk, "a page loaded anew");
        desk.restart(SECOND);
        desk.handle(Input::Ready);
        desk.connect("ana");
        is_left_alone(&desk, "a restart");
        desk.intent("ana", Intent::Online);
        assert_eq!(desk.holder(waiting).as_deref(), Some("ana"), "her own word does");
    }
}

/// The other half of the same: what an agent wants survives all three as it is.
#[test]
fn whoever_is_online_or_paused_is_so_after_a_refresh_and_a_restart() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    desk.intent("bea", Intent::Paused);
    let as_before = |desk: &Desk, when: &str| {
        let agents = desk.tenant.stats().agents;
        assert_eq!((agents.online, agents.paused, agents.invisible), (1, 1, 0), "{when}");
    };
    for (agent, session) in [("ana", 1), ("bea", 2)] {
        desk.disconnect(agent, SessionId(session));
        desk.wait(5 * SECOND);
        desk.connect(agent);
    }
    as_before(&desk, "pages loaded anew");
    desk.restart(3_600 * SECOND);
    desk.handle(Input::Ready);
    desk.connect("ana");
    desk.connect("bea");
    as_before(&desk, "a restart");
}

/// Rocket.Chat #18217: requests at the same moment each saw the same free seat, and an agent had more
/// conversations than allowed. `loom_seats.rs` tries every interleaving of a few threads; these are
/// real ones.
#[test]
fn no_seat_is_given_twice_however_many_ask_for_it_at_once() {
    const THREADS: usize = 8;
    const SEATS: u16 = 3;
    let word = SeatWord::new(SEATS);
    word.restore(0, SEATS, true, true, false);
    let (held, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let start = Barrier::new(THREADS);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                start.wait();
                for _ in 0..20_000 {
                    if word.claim().map(Claim::commit).is_some() {
                        let now = held.fetch_add(1, Ordering::SeqCst) + 1;
                        most.fetch_max(now, Ordering::SeqCst);
                        thread::yield_now();
                        held.fetch_sub(1, Ordering::SeqCst);
                        word.release();
                    }
                }
            });
        }
    });
    assert_eq!(most.into_inner(), usize::from(SEATS), "all seats at once, and never one more");
    assert_eq!(word.view().used, 0, "each was given back");
}

/// Chatwoot #4158, Rocket.Chat #20965: whoever came back got the agent of the last time, though that
/// one had gone home, and was told that nobody was there.
#[test]
fn a_returning_customer_is_not_bound_to_an_agent_who_is_gone() {
    for is_away in [Intent::Offline, Intent::Paused, Intent::Invisible] {
        let mut desk = Desk::staffed(&["ana", "bea"]);
        let first = desk.hand_off(1);
        assert_eq!(desk.holder(first).as_deref(), Some("ana"));
        desk.reply("ana", first);
        desk.close("ana", first);
        desk.intent("ana", is_away);
        assert_eq!(desk.customer(1, None).holder, Holder::Bot, "nobody is bound by words alone");
        let again = desk.accepted(hand_off(1));
        assert_eq!(again.text, english(Text::Online), "somebody is there");
        assert_eq!(desk.holder(again.ticket).as_deref(), Some("bea"));

        // With nobody else there it waits for whoever comes first.
        desk.close("bea", again.ticket);
        desk.intent("bea", is_away);
        let waiting = desk.accepted(hand_off(1));
        assert_eq!((waiting.text, waiting.position), (english(Text::Offline), 1));
        assert_eq!(desk.place(waiting.ticket), (TicketState::Waiting, None, 1));
        desk.intent("bea", Intent::Online);
        assert_eq!(desk.holder(waiting.ticket).as_deref(), Some("bea"));
    }
}

/// Rocket.Chat PR 22043: a chat forwarded to a department that takes nobody was in no line any more.
#[test]
fn a_transfer_that_is_refused_leaves_the_ticket_where_it_was() {
    let mut desk = Desk::staffed(&["ana"]);
    for agent in ["cid", "dan"] {
        desk.agent(agent, 1);
    }
    desk.put(Object::Bot(Bot::new("other", "q")));
    desk.put(Object::Queue(Queue::new("other", "foreign")));
    desk.queue("shut", &["cid"], |queue| queue.active = false);
    desk.queue("empty", &["dan"], |_| {});
    desk.queue("unlisted", &["cid"], |_| {});
    let listed = Some(vec!["shut".to_owned(), "empty".to_owned()]);
    desk.queue("q", &["ana"], |queue| queue.transfer_targets = listed);
    desk.online("cid");
    let ticket = desk.hand_off(1);
    desk.reply("ana", ticket);
    let foreign = desk.tenant.directory().queue_at("other/foreign").expect("it was put");
    let queue = |desk: &Desk, name| Target::Queue(desk.queue_id(name));
    let targets = [
        (Target::Queue(foreign), ErrorCode::NotFound),
        (queue(&desk, "unlisted"), ErrorCode::Forbidden),
        (queue(&desk, "shut"), ErrorCode::WrongState),
        (queue(&desk, "empty"), ErrorCode::WrongState),
        (Target::Agent(desk.agent_id("dan")), ErrorCode::WrongState),
    ];
    for (to, code) in targets {
        let before = desk.tenant.snapshot();
        assert_eq!(desk.code(desk.transfer("ana", ticket, to)), code, "{to:?}");
        assert!(desk.tenant.snapshot() == before, "{to:?}: something changed");
    }
    assert_eq!(desk.customer(1, None).holder, Holder::Agent);
    desk.reply("ana", ticket);
}

/// The same trap a moment later: the queue took the ticket and then everybody there was gone, or the
/// queue was switched off.
#[test]
fn a_ticket_whose_new_queue_then_takes_nobody_still_waits_there() {
    let mut desk = Desk::staffed(&["ana"]);
    desk.agent("cid", 1);
    desk.queue("r", &["cid"], |_| {});
    desk.online("cid");
    let busy = desk.hand_off_to(9, "r");
    let ticket = desk.hand_off(1);
    let transfer = desk.transfer("ana", ticket, Target::Queue(desk.queue_id("r")));
    let child = desk.child(transfer);
    desk.intent("cid", Intent::Offline);
    desk.queue("r", &["cid"], |queue| queue.active = false);
    assert_eq!(desk.place(child), (TicketState::Waiting, None, 2), "behind who came before");
    assert_eq!(desk.customer(1, None).ticket, Some(child));
    desk.pass(60 * SECOND);
    desk.intent("cid", Intent::Online);
    assert_eq!(desk.holder(busy).as_deref(), Some("cid"), "her exclusion is over");
    assert_eq!(assignments(&desk.close("cid", busy)), [(child, desk.agent_id("cid"))]);
}

/// Rocket.Chat #22505: open chats of an agent who had gone were to go on in the same department, and
/// stayed with the agent because they were in it already.
#[test]
fn tickets_of_an_agent_who_is_gone_go_on_in_the_same_queue() {
    let mut desk = desk();
    for agent in ["ana", "bea"] {
        desk.agent(agent, 2);
    }
    desk.queue("q", &["ana", "bea"], |_| {});
    desk.online("ana");
    let tickets = [desk.hand_off(1), desk.accepted(HandOff { priority: 5, ..hand_off(2) }).ticket];
    desk.online("bea");
    desk.disconnect("ana", SessionId(1));
    let events = desk.pass(30 * SECOND);
    let requeued = events.iter().filter(|event| matches!(event, Event::Requeued(_)));
    assert_eq!(requeued.count(), 2);
    for ticket in tickets {
        assert_eq!(desk.holder(ticket).as_deref(), Some("bea"));
        assert_eq!(desk.explain(ticket).queue, "b/q");
    }
}

/// Twilio TaskRouter: timeouts of a workflow's steps were added up or not, depending on who read the
/// page: each is that of its own step.
#[test]
fn the_time_of_a_step_counts_from_when_it_began() {
    let mut desk = desk();
    let step = |to: &str, seconds| Overflow { after_seconds: Some(seconds), ..Overflow::new(to) };
    for (name, overflow) in [("s", None), ("r", Some(step("s", 30))), ("q", Some(step("r", 60)))] {
        let agent = format!("of-{name}");
        desk.agent(&agent, 1);
        desk.queue(name, &[&agent], |queue| queue.overflow = overflow);
        desk.online(&agent);
        desk.hand_off_to(100 + u128::from(name.as_bytes()[0]), name);
    }
    let ticket = desk.hand_off(1);
    for (time, queue) in [(59, "b/q"), (1, "b/r"), (29, "b/r"), (1, "b/s"), (600, "b/s")] {
        desk.pass(time * SECOND);
        assert_eq!(desk.explain(ticket).queue, queue);
    }
}

/// Twilio TaskRouter: somebody online who could not have the task counted as available, and the task
/// was not passed on.
#[test]
fn who_may_not_have_a_ticket_does_not_hold_it_back() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    desk.queue("r", &["bea"], |_| {});
    let step = || Some(Overflow::new("r"));
    desk.queue("q", &["ana"], |queue| queue.overflow = step());
    let skills = vec![Skill { name: "es".to_owned(), level: 1 }];
    let es = Object::Agent(Agent { skills: skills.clone(), ..Agent::new("bea", 3) });
    desk.put(es);
    let demand = Some(Box::new(Demand { skills: skills.clone(), rings: Vec::new() }));
    let ticket = desk.accepted(HandOff { demand: demand.clone(), ..hand_off(1) }).ticket;
    assert_eq!(desk.holder(ticket).as_deref(), Some("bea"), "ana has not the skill");
    let ticket = desk.accepted(HandOff { test: true, ..hand_off(2) }).ticket;
    assert_eq!(desk.explain(ticket).queue, "b/q", "nobody of the chain takes tests");
    let held = desk.hand_off(3);
    let own = Target::Queue(desk.queue_id("q"));
    let child = desk.transfer("ana", held, own);
    let child = desk.child(child);
    assert_eq!(desk.holder(child).as_deref(), Some("bea"), "ana has just given it away");
    desk.agent("ana", 0);
    let full = desk.hand_off(4);
    assert_eq!(desk.explain(full).queue, "b/q", "a seat is no matter of this");
    // She loses what the ticket requires while it waits.
    let able = Object::Agent(Agent { skills, ..Agent::new("ana", 0) });
    desk.put(able);
    let waiting = desk.accepted(HandOff { demand, ..hand_off(5) }).ticket;
    assert_eq!(desk.explain(waiting).queue, "b/q");
    desk.agent("ana", 0);
    assert_eq!(desk.explain(waiting).queue, "b/r");
}

/// Rocket.Chat #22043: a transfer to a department whose line was full took the conversation from its
/// agent all the same, and nobody had it.
#[test]
fn a_transfer_to_a_full_line_leaves_the_ticket_with_its_agent() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    desk.queue("q", &["ana"], |_| {});
    desk.queue("r", &["bea"], |queue| queue.max_waiting = Some(1));
    let held = desk.hand_off(1);
    desk.hand_off_to(2, "r");
    desk.hand_off_to(3, "r");
    let to = Target::Queue(desk.queue_id("r"));
    let error = desk.refused(desk.transfer("ana", held, to));
    assert_eq!((error.code, error.field.as_str()), (ErrorCode::WrongState, "to"));
    assert_eq!(error.message, "that queue is full: 1 wait in it, and it takes 1");
    assert_eq!(desk.holder(held).as_deref(), Some("ana"));
    let ticket = held;
    let Answer::Targets(targets) =
        desk.ask(Input::Targets { agent: desk.agent_id("ana"), ticket }).1
    else {
        panic!("targets were expected")
    };
    let open: Vec<bool> = targets.queues.iter().map(|queue| queue.open).collect();
    assert_eq!(open, [true, false], "as `targets` tells before");
}
