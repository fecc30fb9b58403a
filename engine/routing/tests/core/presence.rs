//! Intent, reachability, grace, an agent who is gone, and several sessions.

use crate::common::*;
use relevo_routing::event::{AgentGrace, AgentReachable, Event, IntentCause, IntentSet, Requeued};
use relevo_routing::{Input, Reply};
use relevo_wire::directory::AgentGone;
use relevo_wire::vocabulary::{Intent, RequeueReason, TicketState};
use relevo_wire::{AgentId, BotId, SessionId};

fn requeued(events: &[Event]) -> Vec<Requeued> {
    let requeued = events.iter();
    requeued.filter_map(|e| if let Event::Requeued(e) = e { Some(*e) } else { None }).collect()
}

#[test]
fn the_first_session_after_offline_is_a_login_and_starts_invisible() {
    let mut desk = desk();
    let agent = desk.agent("ana", 1);
    let seen = desk.reachable_closes(agent);
    let step = desk.handle(Input::AgentSessionOpened { agent, session: SessionId(1), seen });
    let (intent, reason) = (Intent::Invisible, String::new());
    let expected = [
        Event::AgentReachable(AgentReachable { agent }),
        Event::IntentSet(IntentSet { agent, intent, reason, cause: IntentCause::Login }),
    ];
    assert_eq!(step.events[..], expected);
    assert!(matches!(step.reply, Some(Reply::Opened { intent: Some(Intent::Invisible) })));
}

#[test]
fn a_reconnect_is_no_login_and_a_second_device_changes_nothing() {
    let mut desk = Desk::staffed(&["ana"]);
    let ana = desk.agent_id("ana");
    let second = desk.connect("ana");
    let seen = desk.reachable_closes(ana);
    let lost = Input::AgentSessionLost { agent: ana, session: second, seen };
    assert_eq!(desk.events(lost), [], "another session is left");
    let (session, seen) = (SessionId(1), desk.reachable_closes(ana));
    let events = desk.events(Input::AgentSessionLost { agent: ana, session, seen });
    let until = desk.now + 30 * SECOND;
    assert_eq!(events, [Event::AgentGrace(AgentGrace { agent: ana, until })]);
    let seen = desk.reachable_closes(ana);
    let step = desk.handle(Input::AgentSessionOpened { agent: ana, session: SessionId(77), seen });
    assert_eq!(step.events[..], [Event::AgentReachable(AgentReachable { agent: ana })]);
    assert!(matches!(step.reply, Some(Reply::Opened { intent: Some(Intent::Online) })));
}

#[test]
fn neither_a_second_device_nor_a_reconnect_nor_a_restart_changes_that_an_agent_is_offline() {
    let offline = || {
        let mut desk = Desk::staffed(&["ana"]);
        let ticket = desk.hand_off(1);
        desk.reply("ana", ticket);
        desk.intent("ana", Intent::Offline);
        (desk, ticket)
    };
    let is_login = |desk: &mut Desk| {
        let (agent, session) = (desk.agent_id("ana"), SessionId(500));
        let seen = desk.reachable_closes(agent);
        let step = desk.handle(Input::AgentSessionOpened { agent, session, seen });
        step.events.iter().any(|event| matches!(event, Event::IntentSet(_)))
    };
    let (mut desk, ticket) = offline();
    assert!(!is_login(&mut desk), "a second device");
    let gone = requeued(&desk.pass(600 * SECOND));
    assert_eq!(gone.len(), 1, "it is gone for its tickets all the same");
    assert_eq!(gone[0].ticket, ticket);

    let (mut desk, _) = offline();
    desk.disconnect("ana", SessionId(1));
    assert!(!is_login(&mut desk), "a reconnect");

    let (mut desk, _) = offline();
    desk.restart(SECOND);
    desk.handle(Input::Ready);
    assert!(!is_login(&mut desk), "a reconnect after a restart");

    let (mut desk, _) = offline();
    desk.disconnect("ana", SessionId(1));
    desk.pass(30 * SECOND);
    assert!(is_login(&mut desk), "beyond the grace period it is one");
}

#[test]
fn a_pause_has_a_reason_and_another_reason_is_news() {
    let mut desk = Desk::staffed(&["ana"]);
    let agent = desk.agent_id("ana");
    let mut pause = |reason: &str| {
        let seen = desk.seats.word(0).expect("a word").close_intent();
        let (intent, reason) = (Intent::Paused, reason.to_owned());
        desk.events(Input::SetPresence { agent, intent, reason, seen })
    };
    let set = |reason: &str| {
        let (intent, reason) = (Intent::Paused, reason.to_owned());
        Event::IntentSet(IntentSet { agent, intent, reason, cause: IntentCause::Agent })
    };
    assert_eq!(pause("lunch"), [set("lunch")]);
    assert_eq!(pause("lunch"), []);
    assert_eq!(pause("training"), [set("training")]);
    assert_eq!(desk.tenant.stats().agents.paused, 1);
}

#[test]
fn who_lost_a_ticket_may_have_it_again_when_another_had_it() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    let ticket = desk.hand_off(1);
    desk.intent("ana", Intent::Offline);
    assert_eq!(desk.holder(ticket).as_deref(), Some("bea"));
    desk.intent("ana", Intent::Online);
    desk.wait(SECOND);
    // Within the 60 s of the first loss.
    let events = desk.intent("bea", Intent::Offline);
    assert_eq!(assignments(&events), [(ticket, desk.agent_id("ana"))]);
}

#[test]
fn in_the_grace_period_an_agent_keeps_its_tickets_and_gets_no_new_ones() {
    let mut desk = desk();
    desk.agent("ana", 2);
    let queue = desk.queue("q", &["ana"], |_| {});
    let session = desk.online("ana");
    let first = desk.hand_off(1);
    desk.disconnect("ana", session);
    assert_eq!(desk.tenant.queue_stats(queue).online, 0);
    let second = desk.hand_off(2);
    desk.wait(29 * SECOND);
    assert_eq!(desk.holder(first).as_deref(), Some("ana"));
    assert_eq!(desk.holder(second), None);
    desk.connect("ana");
    assert_eq!(desk.holder(second).as_deref(), Some("ana"));
    assert_eq!(requeued(&desk.pass(40 * SECOND)), [], "the grace period ended with the session");
}

#[test]
fn unanswered_tickets_of_an_unreachable_agent_go_back_to_their_place_at_once() {
    let mut desk = Desk::staffed(&["ana"]);
    let ana = desk.agent_id("ana");
    let ticket = desk.hand_off(1);
    desk.wait(SECOND);
    let later = desk.hand_off(2);
    desk.disconnect("ana", SessionId(1));
    desk.wait(29 * SECOND);
    let events = desk.pass(SECOND);
    let [Event::AgentUnreachable(gone), Event::Requeued(requeued)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(gone.presence_expires, desk.now + 3600 * SECOND);
    let expected = Requeued {
        ticket,
        number: 3,
        agent: ana,
        reason: RequeueReason::AgentGone,
        epoch: 3,
        excluded_until: desk.now + 60 * SECOND,
    };
    assert_eq!(*requeued, expected);
    assert_eq!((desk.place(ticket).2, desk.place(later).2), (1, 2), "its original place");
    let stats = desk.tenant.queue_stats(desk.queue_id("q"));
    assert_eq!(stats.oldest_waiting_since, Some(desk.now - 30 * SECOND), "its wait is a new one");
    desk.connect("ana");
    assert_eq!(desk.holder(later).as_deref(), Some("ana"), "excluded from what it lost");
}

#[test]
fn tickets_in_service_are_kept_and_then_requeued() {
    let mut desk = Desk::staffed(&["ana"]);
    let ticket = desk.hand_off(1);
    desk.reply("ana", ticket);
    desk.disconnect("ana", SessionId(1));
    assert_eq!(requeued(&desk.pass(30 * SECOND)), []);
    desk.wait(599 * SECOND);
    assert_eq!(desk.place(ticket).0, TicketState::InService);
    let events = desk.pass(SECOND);
    let [Event::Requeued(requeued)] = &events[..] else { panic!("{events:?}") };
    assert_eq!((requeued.ticket, requeued.reason), (ticket, RequeueReason::AgentGone));
}

#[test]
fn who_comes_back_in_time_keeps_them() {
    let mut desk = Desk::staffed(&["ana"]);
    let ticket = desk.hand_off(1);
    desk.reply("ana", ticket);
    desk.disconnect("ana", SessionId(1));
    desk.pass(500 * SECOND);
    desk.connect("ana");
    desk.wait(1_000 * SECOND);
    assert_eq!(desk.holder(ticket).as_deref(), Some("ana"));
    desk.reply("ana", ticket);
}

#[test]
fn a_queue_may_requeue_what_is_in_service_at_once() {
    let mut desk = Desk::staffed(&["ana"]);
    desk.queue("q", &["ana"], |queue| queue.agent_gone = AgentGone::Requeue);
    let ticket = desk.hand_off(1);
    desk.reply("ana", ticket);
    desk.disconnect("ana", SessionId(1));
    assert_eq!(requeued(&desk.pass(30 * SECOND)).len(), 1);
    assert_eq!(desk.place(ticket).0, TicketState::Waiting);
}

#[test]
fn offline_is_gone_without_a_grace_period() {
    let mut desk = desk();
    desk.agent("ana", 2);
    desk.queue("q", &["ana"], |_| {});
    desk.online("ana");
    let (served, unanswered) = (desk.hand_off(1), desk.hand_off(2));
    desk.reply("ana", served);
    let events = desk.intent("ana", Intent::Offline);
    assert_eq!(requeued(&events).iter().map(|e| e.ticket).collect::<Vec<_>>(), [unanswered]);
    desk.pass(300 * SECOND);
    desk.intent("ana", Intent::Paused);
    desk.wait(600 * SECOND);
    assert_eq!(desk.holder(served).as_deref(), Some("ana"), "back before the time was over");
    desk.intent("ana", Intent::Offline);
    assert_eq!(requeued(&desk.pass(600 * SECOND)).len(), 1);
}

#[test]
fn the_time_of_keeping_runs_from_the_first_moment_of_being_gone() {
    let mut desk = Desk::staffed(&["ana"]);
    let ticket = desk.hand_off(1);
    desk.reply("ana", ticket);
    desk.intent("ana", Intent::Offline);
    desk.pass(100 * SECOND);
    desk.disconnect("ana", SessionId(1));
    assert_eq!(requeued(&desk.pass(499 * SECOND)), []);
    assert_eq!(requeued(&desk.pass(SECOND)).len(), 1, "not anew when it became unreachable");
}

#[test]
fn paused_and_invisible_keep_their_tickets_and_may_go_on_talking() {
    for intent in [Intent::Paused, Intent::Invisible] {
        let mut desk = desk();
        desk.agent("ana", 2);
        desk.queue("q", &["ana"], |_| {});
        desk.online("ana");
        let ticket = desk.hand_off(1);
        assert_eq!(requeued(&desk.intent("ana", intent)), []);
        desk.reply("ana", ticket);
        let second = desk.hand_off(2);
        assert_eq!(desk.holder(second), None);
    }
}

#[test]
fn a_first_reply_by_the_new_agent_is_needed_again_after_a_requeue() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    desk.queue("q", &["ana", "bea"], |queue| queue.agent_gone = AgentGone::Requeue);
    let ticket = desk.hand_off(1);
    desk.reply("ana", ticket);
    let events = desk.intent("ana", Intent::Offline);
    assert_eq!(assignments(&events), [(ticket, desk.agent_id("bea"))]);
    assert_eq!(desk.place(ticket).0, TicketState::Assigned);
    let reply = desk.reply("bea", ticket);
    assert_eq!(reply.first_response_us, None, "first response is once per ticket");
    assert_eq!(desk.place(ticket).0, TicketState::InService);
}

#[test]
fn nothing_is_recorded_when_nothing_changes() {
    let mut desk = Desk::staffed(&["ana"]);
    assert_eq!(desk.intent("ana", Intent::Online), []);
    let ana = desk.agent_id("ana");
    let seen = desk.reachable_closes(ana);
    let lost = Input::AgentSessionLost { agent: ana, session: SessionId(99), seen };
    assert_eq!(desk.events(lost), [], "a session that nobody knew");
    assert_eq!(desk.events(Input::BotSessionLost { bot: BOT, session: SessionId(99) }), []);
    let lost = Input::AgentSessionLost { agent: AgentId(9), session: SessionId(1), seen };
    assert_eq!(desk.events(lost), []);
}

#[test]
fn unreachable_for_an_hour_becomes_offline() {
    let mut desk = Desk::staffed(&["ana"]);
    desk.disconnect("ana", SessionId(1));
    desk.pass(30 * SECOND);
    desk.wait(3599 * SECOND);
    let events = desk.pass(SECOND);
    let [Event::IntentSet(set)] = &events[..] else { panic!("{events:?}") };
    assert_eq!((set.intent, set.cause), (Intent::Offline, IntentCause::Expired));
    assert_eq!(desk.tenant.stats().agents.offline, 1);
    let ticket = desk.hand_off(1);
    desk.connect("ana");
    assert_eq!(desk.holder(ticket), None, "a login, so invisible");
    desk.intent("ana", Intent::Online);
    assert_eq!(desk.holder(ticket).as_deref(), Some("ana"));
}

#[test]
fn a_bot_is_unreachable_without_a_session_and_its_tickets_stay() {
    let mut desk = Desk::staffed(&["ana"]);
    let session = |desk: &mut Desk, open: bool, id| {
        let session = SessionId(id);
        let input = if open {
            Input::BotSessionOpened { bot: BOT, session }
        } else {
            Input::BotSessionLost { bot: BOT, session }
        };
        desk.events(input).len()
    };
    assert_eq!(desk.tenant.stats().bots_unreachable, 1);
    assert_eq!(session(&mut desk, true, 1), 1);
    assert_eq!(session(&mut desk, true, 2), 0, "several sessions");
    assert_eq!(desk.tenant.stats().bots_reachable, 1);
    let ticket = desk.hand_off(1);
    assert_eq!(session(&mut desk, false, 1), 0);
    assert_eq!(session(&mut desk, false, 2), 1);
    desk.reply("ana", ticket);
    assert_eq!(desk.place(ticket).0, TicketState::InService);
    let unknown = Input::BotSessionOpened { bot: BotId(9), session: SessionId(3) };
    assert_eq!(desk.code(unknown), relevo_wire::ErrorCode::NotFound);
}

#[test]
fn a_lost_session_closes_the_agent_before_its_command_comes() {
    let mut desk = Desk::staffed(&["ana"]);
    let ana = desk.agent_id("ana");
    let seen = desk.seats.word(ana.0 as usize).expect("a word").close_reachable();
    let ticket = desk.hand_off(1);
    assert_eq!(desk.holder(ticket), None);
    // The session was lost beside a second one that had just opened: the agent is reachable.
    let live = desk.connect("ana");
    assert_eq!(desk.holder(ticket).as_deref(), Some("ana"), "the open has seen the close");
    let session = SessionId(1);
    assert_eq!(desk.events(Input::AgentSessionLost { agent: ana, session, seen }), []);
    assert_eq!(desk.disconnect("ana", live).len(), 1);
}

#[test]
fn an_intent_set_without_a_session_expires_too() {
    let mut desk = Desk::staffed(&["ana"]);
    desk.intent("ana", Intent::Offline);
    desk.disconnect("ana", SessionId(1));
    desk.pass(30 * SECOND);
    desk.wait(3_600 * SECOND);
    desk.intent("ana", Intent::Online);
    desk.wait(3_599 * SECOND);
    let events = desk.pass(SECOND);
    let [Event::IntentSet(set)] = &events[..] else { panic!("{events:?}") };
    assert_eq!((set.intent, set.cause), (Intent::Offline, IntentCause::Expired));
}
