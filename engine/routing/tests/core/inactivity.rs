//! Customers and agents who do not answer: a warning, then the end of it.

use crate::common::*;
use relevo_routing::event::Event;
use relevo_routing::input::{Input, Party};
use relevo_wire::directory::{Inactivity, Object};
use relevo_wire::vocabulary::{
    CloseReason, Outcome, RequeueReason, Silent, Text, Texts, TicketState,
};
use relevo_wire::{ErrorCode, SessionId, TicketId};

/// Of the bot.
const SESSION: SessionId = SessionId(1_000);

const RULES: Inactivity = Inactivity {
    client_warning_seconds: Some(100),
    client_close_seconds: Some(50),
    agent_alert_seconds: Some(40),
    agent_requeue_seconds: Some(30),
};

/// `ana` and `bea`, of whom only the first is online, a bot with a session, and a queue with every rule.
fn desk_with(rules: Inactivity) -> Desk {
    let mut desk = Desk::staffed(&["ana"]);
    desk.agent("bea", 1);
    desk.queue("q", &["ana", "bea"], |queue| {
        queue.inactivity = rules;
        queue.texts = Texts::default().with(Text::Inactive, "still there?");
        queue.keep_seconds = 3_600;
        queue.threshold_seconds = 86_400;
    });
    desk.handle(Input::BotSessionOpened { bot: BOT, session: SESSION });
    desk
}

/// With a ticket of which the agent has just written the first reply.
fn answered() -> (Desk, TicketId) {
    let mut desk = desk_with(RULES);
    let ticket = desk.hand_off(1);
    desk.reply("ana", ticket);
    (desk, ticket)
}

fn hold(desk: &mut Desk, ticket: TicketId, on: bool) {
    let (agent, epoch) = (desk.agent_id("ana"), desk.epoch(ticket));
    desk.events(Input::Hold { agent, ticket, epoch, on });
}

/// What silence alone has brought about: whose, and with a name for what became of it.
fn ends(events: &[Event]) -> Vec<&'static str> {
    let name = |event: &Event| {
        if let Event::Inactive(told) = event {
            return Some(if told.silent == Silent::Customer { "warned" } else { "alerted" });
        }
        if let Event::Closed(closed) = event {
            return (closed.reason == CloseReason::ClientInactivity).then_some("closed");
        }
        let Event::Requeued(requeued) = event else { return None };
        (requeued.reason == RequeueReason::AgentInactivity).then_some("requeued")
    };
    events.iter().filter_map(name).collect()
}

#[test]
fn a_silent_customer_is_warned_and_then_given_back_to_the_bot() {
    let (mut desk, ticket) = answered();
    desk.wait(99 * SECOND);
    let events = desk.pass(SECOND);
    let [Event::Inactive(warning)] = &events[..] else { panic!("a warning, not {events:?}") };
    assert_eq!((warning.ticket, warning.number), (ticket, 4), "both sides learn of it");
    assert_eq!((warning.silent, warning.text.as_str()), (Silent::Customer, "still there?"));
    desk.wait(49 * SECOND);
    let events = desk.pass(SECOND);
    let end = closed(&events);
    assert_eq!((end.reason, end.outcome), (CloseReason::ClientInactivity, Outcome::Attended));
    assert_eq!(desk.place(ticket).0, TicketState::Closed);
}

#[test]
fn a_silence_starts_at_the_first_message_that_is_not_answered_and_an_answer_ends_it() {
    let (mut desk, ticket) = answered();
    desk.wait(60 * SECOND);
    desk.reply("ana", ticket);
    assert_eq!(ends(&desk.pass(40 * SECOND)), ["warned"], "from the first one on");
    desk.reply("ana", ticket);
    desk.wait(30 * SECOND);
    desk.customer(1, None);
    desk.reply("ana", ticket);
    desk.wait(99 * SECOND);
    assert_eq!(ends(&desk.pass(SECOND)), ["warned"], "a new silence, and a new warning");
}

#[test]
fn what_no_human_wrote_neither_starts_nor_ends_a_silence() {
    let (mut desk, ticket) = answered();
    desk.wait(60 * SECOND);
    desk.receipt(Party::Bot(BOT), ticket, 3, 3);
    assert_eq!(ends(&desk.pass(40 * SECOND)), ["warned"]);
    desk.receipt(Party::Bot(BOT), ticket, 4, 4);
    assert_eq!(ends(&desk.pass(50 * SECOND)), ["closed"], "the warning itself started nothing");

    let mut desk = desk_with(Inactivity { agent_alert_seconds: None, ..Inactivity::default() });
    let ticket = desk.hand_off(2);
    desk.wait(3_600 * SECOND);
    assert_eq!(desk.place(ticket).0, TicketState::Assigned, "no human has written");
}

#[test]
fn on_hold_nobody_is_hurried() {
    let (mut desk, ticket) = answered();
    desk.wait(60 * SECOND);
    hold(&mut desk, ticket, true);
    desk.wait(500 * SECOND);
    hold(&mut desk, ticket, false);
    desk.wait(39 * SECOND);
    assert_eq!(ends(&desk.pass(SECOND)), ["warned"]);

    let (mut desk, ticket) = answered();
    hold(&mut desk, ticket, true);
    desk.customer(1, None);
    desk.wait(500 * SECOND);
    hold(&mut desk, ticket, false);
    desk.wait(39 * SECOND);
    assert_eq!(ends(&desk.pass(SECOND)), ["alerted"], "the agent's whole time begins then");
}

#[test]
fn a_hold_moves_a_warning_that_is_due_already_by_as_long_as_it_lasts() {
    let (mut desk, ticket) = answered();
    let due = desk.now + 100 * SECOND;
    desk.now = due + 3 * SECOND;
    assert_eq!(desk.tenant.next_deadline(), Some(due), "nobody has looked yet");
    hold(&mut desk, ticket, true);
    assert_ne!(desk.tenant.next_deadline(), Some(due));
    desk.now += 7 * SECOND;
    hold(&mut desk, ticket, false);
    assert_eq!(desk.tenant.next_deadline(), Some(due + 7 * SECOND));
}

#[test]
fn an_agent_who_does_not_answer_is_told_and_then_loses_the_ticket() {
    let mut desk = desk_with(RULES);
    let ticket = desk.hand_off(1);
    let later = desk.hand_off(2);
    desk.wait(39 * SECOND);
    let events = desk.pass(SECOND);
    let [Event::Inactive(alert)] = &events[..] else { panic!("an alert, not {events:?}") };
    assert_eq!((alert.ticket, alert.silent, alert.text.as_str()), (ticket, Silent::Agent, ""));
    desk.wait(29 * SECOND);
    let events = desk.pass(SECOND);
    assert_eq!(ends(&events), ["requeued"]);
    let ana = desk.agent_id("ana");
    assert_eq!(assignments(&events), [(later, ana)], "she is excluded from what she lost");
    assert_eq!(desk.place(ticket), (TicketState::Waiting, None, 1), "at its place");
    desk.online("bea");
    assert_eq!(desk.holder(ticket).as_deref(), Some("bea"));
}

#[test]
fn in_service_an_agents_silence_starts_at_the_first_message_that_it_has_not_answered() {
    let (mut desk, ticket) = answered();
    desk.wait(90 * SECOND);
    desk.customer(1, None);
    desk.wait(30 * SECOND);
    desk.customer(1, None);
    assert_eq!(ends(&desk.pass(10 * SECOND)), ["alerted"], "from the first one on");
    desk.reply("ana", ticket);
    desk.wait(99 * SECOND);
    assert_eq!(ends(&desk.pass(SECOND)), ["warned"], "it is the customer's turn");
}

#[test]
fn time_in_which_the_daemon_was_down_counts_for_no_silence() {
    let (mut desk, ticket) = answered();
    desk.wait(60 * SECOND);
    desk.restart(1_000 * SECOND);
    desk.now += 100 * SECOND;
    desk.events(Input::Ready);
    desk.handle(Input::BotSessionOpened { bot: BOT, session: SESSION });
    desk.connect("ana");
    desk.wait(39 * SECOND);
    assert_eq!(ends(&desk.pass(SECOND)), ["warned"]);
    desk.customer(1, None);
    desk.wait(30 * SECOND);
    desk.restart(1_000 * SECOND);
    desk.events(Input::Ready);
    desk.connect("ana");
    desk.wait(9 * SECOND);
    assert_eq!(ends(&desk.pass(SECOND)), ["alerted"]);
    assert_eq!(desk.holder(ticket).as_deref(), Some("ana"));
}

#[test]
fn a_customer_whose_bot_is_away_is_not_silent() {
    let (mut desk, _) = answered();
    desk.wait(60 * SECOND);
    desk.handle(Input::BotSessionLost { bot: BOT, session: SESSION });
    desk.wait(500 * SECOND);
    desk.handle(Input::BotSessionOpened { bot: BOT, session: SESSION });
    desk.wait(39 * SECOND);
    assert_eq!(ends(&desk.pass(SECOND)), ["warned"]);
    desk.handle(Input::BotSessionLost { bot: BOT, session: SESSION });
    desk.wait(500 * SECOND);
    desk.handle(Input::BotSessionOpened { bot: BOT, session: SESSION });
    assert_eq!(ends(&desk.pass(50 * SECOND)), ["closed"]);
}

#[test]
fn an_agent_without_a_session_is_not_silent() {
    let mut desk = desk_with(RULES);
    let ticket = desk.hand_off(1);
    desk.reply("ana", ticket);
    desk.customer(1, None);
    desk.wait(30 * SECOND);
    desk.disconnect("ana", SessionId(1));
    let events = desk.pass(400 * SECOND);
    assert_eq!(ends(&events), [""; 0], "beyond the grace period too");
    desk.connect("ana");
    desk.wait(9 * SECOND);
    assert_eq!(ends(&desk.pass(SECOND)), ["alerted"]);
}

#[test]
fn without_a_second_time_a_warning_is_all() {
    let rules = Inactivity { client_close_seconds: None, agent_requeue_seconds: None, ..RULES };
    let mut desk = desk_with(rules);
    let ticket = desk.hand_off(1);
    assert_eq!(ends(&desk.pass(3_600 * SECOND)), ["alerted"]);
    desk.reply("ana", ticket);
    assert_eq!(ends(&desk.pass(3_600 * SECOND)), ["warned"]);
    assert_eq!(desk.place(ticket).0, TicketState::InService);
}

#[test]
fn rules_that_cannot_be_are_refused_with_what_is_missing() {
    let mut desk = desk_with(RULES);
    let put = |inactivity| {
        let mut queue = relevo_wire::directory::Queue::new("b", "q");
        queue.inactivity = inactivity;
        Input::Put { object: Box::new(Object::Queue(queue)), if_version: None }
    };
    let lone = Inactivity { client_close_seconds: Some(5), ..Inactivity::default() };
    let error = desk.refused(put(lone));
    assert_eq!(
        (error.code, error.field.as_str()),
        (ErrorCode::Malformed, "inactivity.client_close_seconds")
    );
    assert!(error.message.contains("client_warning_seconds"), "{error}");
    let never = Inactivity { agent_alert_seconds: Some(0), ..Inactivity::default() };
    let error = desk.refused(put(never));
    assert_eq!(error.field, "inactivity.agent_alert_seconds");
}
