//! A start: time down counts for no deadline that closes or moves a ticket, presence is remembered.

use crate::common::*;
use relevo_routing::event::{Event, Judgement, Ready};
use relevo_routing::input::Target;
use relevo_routing::{Input, Settings};
use relevo_wire::SessionId;
use relevo_wire::answer::Answer;
use relevo_wire::directory::NobodyOnline;
use relevo_wire::vocabulary::{Intent, TicketState};

#[test]
fn the_grace_period_of_every_agent_begins_when_the_daemon_is_ready() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    let ticket = desk.hand_off(1);
    desk.disconnect("bea", SessionId(2));
    desk.restart(3_600 * SECOND);
    assert_eq!(desk.tenant.next_deadline(), None, "nothing fires before the daemon is ready");
    desk.now += 100 * SECOND;
    assert_eq!(desk.events(Input::Tick), []);
    let events = desk.events(Input::Ready);
    let grace_until = desk.now + 30 * SECOND;
    let starting_us = 100 * SECOND;
    assert_eq!(events, [Event::Ready(Ready { grace_until, starting_us })]);
    assert_eq!(desk.holder(ticket).as_deref(), Some("ana"), "assigned to her before");
    let due = |events: &[Event]| {
        let gone = events.iter().filter(|event| matches!(event, Event::AgentUnreachable(_)));
        gone.count()
    };
    assert_eq!(due(&desk.pass(29 * SECOND)), 0);
    assert_eq!(due(&desk.pass(SECOND)), 2);
    assert_eq!(desk.place(ticket).0, TicketState::Waiting);
}

#[test]
fn until_it_ends_agents_with_intent_online_count_as_online_and_are_not_claimed() {
    let mut desk = Desk::staffed(&["ana"]);
    let queue = desk.queue("q", &["ana"], |queue| queue.nobody_online = NobodyOnline::Refuse);
    desk.agent("bea", 1);
    desk.connect("bea");
    desk.restart(SECOND);
    assert_eq!(desk.tenant.queue_stats(queue).online, 1);
    assert_eq!(desk.tenant.stats().agents.online, 1);
    desk.handle(Input::Ready);
    let ticket = desk.hand_off(1);
    assert_eq!(desk.holder(ticket), None);
    desk.connect("ana");
    assert_eq!(desk.holder(ticket).as_deref(), Some("ana"), "a reconnect, no login");

    desk.restart(SECOND);
    desk.handle(Input::Ready);
    desk.pass(30 * SECOND);
    let (_, answer) = desk.ask(Input::HandOff(hand_off(2)));
    assert!(matches!(answer, Answer::Rejected(_)), "unreachable now: {answer:?}");
}

#[test]
fn no_restart_changes_an_intent() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    desk.intent("bea", Intent::Paused);
    desk.restart(30 * 24 * 3600 * SECOND);
    desk.handle(Input::Ready);
    desk.connect("ana");
    desk.connect("bea");
    let agents = desk.tenant.stats().agents;
    assert_eq!((agents.online, agents.paused), (1, 1));
}

#[test]
fn seats_are_counted_from_the_tickets() {
    let mut desk = desk();
    desk.agent("ana", 2);
    desk.queue("q", &["ana"], |_| {});
    desk.online("ana");
    let first = desk.hand_off(1);
    desk.restart(SECOND);
    let view = desk.seats.word(0).expect("a word").view();
    assert_eq!((view.used, view.capacity), (1, 2));
    assert!(view.intent && view.grace && !view.reachable);
    desk.handle(Input::Ready);
    desk.connect("ana");
    let (second, third) = (desk.hand_off(2), desk.hand_off(3));
    assert_eq!(desk.holder(second).as_deref(), Some("ana"));
    assert_eq!(desk.holder(third), None);
    desk.close("ana", first);
    assert_eq!(desk.holder(third).as_deref(), Some("ana"));
}

#[test]
fn time_down_moves_the_deadlines_that_move_a_ticket() {
    let mut desk = Desk::staffed(&["ana"]);
    desk.agent("cid", 1);
    desk.queue("r", &["cid"], |_| {});
    desk.online("cid");
    let kept = desk.hand_off(1);
    desk.reply("ana", kept);
    desk.disconnect("ana", SessionId(1));
    desk.pass(30 * SECOND);
    desk.wait(100 * SECOND);
    let down = 10_000 * SECOND;
    desk.restart(down);
    desk.now += 50 * SECOND;
    desk.handle(Input::Ready);
    desk.connect("cid");
    // 100 s of 600 were over.
    desk.wait(499 * SECOND);
    assert_eq!(desk.holder(kept).as_deref(), Some("ana"));
    let events = desk.pass(SECOND);
    assert!(matches!(events[..], [Event::Requeued(_)]), "{events:?}");
}

#[test]
fn a_reservation_stands_still_while_the_daemon_is_down() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    desk.hand_off(9);
    let held = desk.hand_off(8);
    assert_eq!(desk.holder(held).as_deref(), Some("bea"));
    let ticket = desk.tickets_of_contact(9);
    let transfer = desk.transfer("ana", ticket, Target::Agent(desk.agent_id("bea")));
    let child = desk.child(transfer);
    desk.wait(20 * SECOND);
    desk.restart(1_000 * SECOND);
    desk.handle(Input::Ready);
    desk.connect("bea");
    desk.connect("ana");
    assert_eq!(desk.holder(child), None, "ana's exclusion is over, the reservation is not");
    let unreserved =
        |events: &[Event]| events.iter().any(|event| matches!(event, Event::Unreserved(_)));
    assert!(!unreserved(&desk.pass(39 * SECOND)));
    assert!(unreserved(&desk.pass(SECOND)));
    assert_eq!(desk.holder(child).as_deref(), Some("ana"));
}

#[test]
fn wait_and_response_clocks_go_on_while_the_daemon_is_down() {
    let mut desk = Desk::staffed(&["ana"]);
    let ticket = desk.hand_off(1);
    desk.restart(10 * SECOND);
    desk.handle(Input::Ready);
    desk.connect("ana");
    let reply = desk.reply("ana", ticket);
    assert_eq!(reply.first_response_us, Some(10 * SECOND));
    desk.restart(100 * SECOND);
    desk.handle(Input::Ready);

    let missed = desk.hand_off(2);
    desk.restart(61 * SECOND);
    desk.handle(Input::Ready);
    let events = desk.events(Input::Tick);
    let [Event::TargetMissed(event)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(event.ticket, missed);
    assert_eq!(closed(&desk.left(2)).judged, None::<Judgement>);
}

#[test]
fn presence_expiry_does_not_count_time_in_which_nobody_could_connect() {
    let mut desk = Desk::staffed(&["ana"]);
    desk.disconnect("ana", SessionId(1));
    desk.pass(30 * SECOND);
    desk.wait(1_000 * SECOND);
    desk.restart(24 * 3600 * SECOND);
    desk.handle(Input::Ready);
    desk.wait(2_599 * SECOND);
    let events = desk.pass(SECOND);
    assert!(matches!(events[..], [Event::IntentSet(_)]), "{events:?}");
}

#[test]
fn bots_are_unreachable_until_their_session_comes() {
    let mut desk = desk();
    desk.handle(Input::BotSessionOpened { bot: BOT, session: SessionId(1) });
    desk.restart(SECOND);
    assert_eq!(desk.tenant.stats().bots_unreachable, 1);
    let events =
        desk.events_of_session(Input::BotSessionOpened { bot: BOT, session: SessionId(2) });
    assert_eq!(events.len(), 1);
}

#[test]
fn ids_of_two_starts_do_not_meet() {
    let mut desk = Desk::staffed(&[]);
    let first = desk.hand_off(1);
    desk.restart(0);
    desk.handle(Input::Ready);
    assert_ne!(desk.hand_off(2), first, "in the same microsecond");
}

#[test]
fn ready_runs_one_matching_pass() {
    let settings = Settings { assignments_per_step: 2, ..Settings::default() };
    let mut desk = Desk::with(settings);
    desk.agent("ana", 9);
    desk.queue("q", &["ana"], |_| {});
    for contact in 1..=4 {
        desk.hand_off(contact);
    }
    desk.online("ana");
    assert_eq!(desk.tenant.stats().tickets.waiting, 2, "a tick would go on");
    // Recovery knows of nothing left to match; here even the session has come already.
    desk.tenant = desk.replayed();
    let events = desk.events_of_session(Input::Ready);
    assert_eq!(assignments(&events).len(), 2);
}

#[test]
fn a_session_that_comes_before_ready_is_served() {
    let mut desk = Desk::staffed(&["ana"]);
    desk.hand_off(1);
    let waiting = desk.hand_off(2);
    desk.restart(0);
    desk.connect("ana");
    let first = desk.tickets_of_contact(1);
    desk.close("ana", first);
    assert_eq!(desk.holder(waiting).as_deref(), Some("ana"));
}
