//! Ends of a ticket: reasons, outcomes, clocks and the service level.

use crate::common::*;
use relevo_routing::Input;
use relevo_routing::event::{Closed, Event, Judgement};
use relevo_routing::input::{HandOff, Target};
use relevo_wire::answer::{Answer, Done};
use relevo_wire::directory::AgentGone;
use relevo_wire::vocabulary::{CloseReason, Intent, Outcome, TicketState};
use relevo_wire::{ContactKey, ErrorCode};

/// A desk with ana, who has the ticket of contact 1, answered if asked; `after` seconds later it
/// ends.
fn ended(
    answered: bool,
    after: u64,
    end: impl FnOnce(&mut Desk, relevo_wire::TicketId) -> Vec<Event>,
) -> Closed {
    let mut desk = Desk::staffed(&["ana"]);
    let ticket = desk.hand_off(1);
    if answered {
        desk.reply("ana", ticket);
    }
    desk.pass(after * SECOND);
    closed(&end(&mut desk, ticket)).clone()
}

#[test]
fn exactly_one_outcome_for_each_end() {
    let left = |desk: &mut Desk, _| desk.left(1);
    let back = |desk: &mut Desk, ticket| desk.events(Input::TakeBack { bot: BOT, ticket });
    let close = |desk: &mut Desk, ticket| desk.close("ana", ticket);
    let told = |closed: Closed| (closed.reason, closed.outcome);
    let (client, bot, agent) = (CloseReason::Client, CloseReason::Bot, CloseReason::Agent);
    assert_eq!(told(ended(false, 1, left)), (client, Outcome::AbandonedUnanswered));
    assert_eq!(told(ended(true, 1, left)), (client, Outcome::AbandonedAnswered));
    assert_eq!(told(ended(false, 1, back)), (bot, Outcome::TakenBack));
    assert_eq!(told(ended(true, 1, back)), (bot, Outcome::TakenBack));
    assert_eq!(told(ended(false, 1, close)), (agent, Outcome::Unserved));
    assert_eq!(told(ended(true, 1, close)), (agent, Outcome::Attended));

    let mut desk = desk();
    desk.queue("q", &[], |_| {});
    desk.hand_off(1);
    let events = desk.left(1);
    assert_eq!(closed(&events).outcome, Outcome::Lost);
    let stats = desk.tenant.stats();
    assert_eq!((stats.all.created, stats.all.closed_in_all()), (1, 1));
    assert_eq!(stats.all.closed[Outcome::Lost as usize], 1);
}

#[test]
fn who_leaves_a_line_after_an_agent_had_the_ticket_has_abandoned_it() {
    for (answered, outcome) in
        [(false, Outcome::AbandonedUnanswered), (true, Outcome::AbandonedAnswered)]
    {
        let mut desk = Desk::staffed(&["ana"]);
        desk.queue("q", &["ana"], |queue| queue.agent_gone = AgentGone::Requeue);
        let ticket = desk.hand_off(1);
        if answered {
            desk.reply("ana", ticket);
        }
        desk.intent("ana", Intent::Offline);
        assert_eq!(desk.place(ticket), (TicketState::Waiting, None, 1));
        assert_eq!(closed(&desk.left(1)).outcome, outcome);
    }
}

#[test]
fn a_customer_without_an_open_ticket_leaves_nothing() {
    let mut desk = Desk::staffed(&["ana"]);
    let (events, answer) = desk.ask(Input::CustomerLeft { bot: BOT, contact: ContactKey(1) });
    assert_eq!((events.len(), answer), (0, Answer::Done(Done {})));
}

#[test]
fn a_closed_ticket_is_not_closed_again() {
    let mut desk = Desk::staffed(&["ana"]);
    let ticket = desk.hand_off(1);
    desk.close("ana", ticket);
    let ana = desk.agent_id("ana");
    let close = |epoch| Input::Close { agent: ana, ticket, epoch, tags: Vec::new() };
    assert_eq!(desk.code(close(2)), ErrorCode::StaleEpoch);
    assert_eq!(desk.code(close(3)), ErrorCode::WrongState);
    assert_eq!(desk.code(Input::TakeBack { bot: BOT, ticket }), ErrorCode::WrongState);
}

#[test]
fn tags_come_with_the_close_and_are_bounded() {
    let mut desk = Desk::staffed(&["ana"]);
    let ticket = desk.hand_off(1);
    let ana = desk.agent_id("ana");
    let close = |tags: usize| {
        let tags = (0..tags).map(|tag| tag.to_string()).collect();
        Input::Close { agent: ana, ticket, epoch: 2, tags }
    };
    assert_eq!(desk.code(close(33)), ErrorCode::LimitExceeded);
    let events = desk.events(close(2));
    assert_eq!(closed(&events).tags, ["0", "1"]);
}

#[test]
fn waits_and_responses_are_measured_where_they_end() {
    let mut desk = Desk::staffed(&["ana"]);
    let held = desk.hand_off(9);
    let ticket = desk.hand_off(1);
    desk.wait(10 * SECOND);
    desk.customer(1, None);
    let events = desk.close("ana", held);
    let [_, Event::Assigned(assigned)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(assigned.waited_us, 10 * SECOND);
    desk.wait(4 * SECOND);
    let first = desk.reply("ana", ticket);
    assert_eq!(first.first_response_us, Some(4 * SECOND), "from the assignment");
    assert_eq!(first.total_wait_us, Some(14 * SECOND), "from the first wait");
    assert_eq!(first.response_us, None, "responses are those after the first reply");
    assert_eq!(first.judged, Some(Judgement::AnsweredInTarget));
    desk.wait(SECOND);
    desk.customer(1, None);
    desk.wait(2 * SECOND);
    desk.customer(1, None);
    desk.wait(3 * SECOND);
    let second = desk.reply("ana", ticket);
    assert_eq!((second.first_response_us, second.total_wait_us), (None, None));
    assert_eq!(second.response_us, Some(5 * SECOND), "from the first unanswered message");
    assert_eq!(desk.reply("ana", ticket).response_us, None, "nothing was unanswered");
    desk.wait(SECOND);
    let events = desk.close("ana", ticket);
    assert_eq!(closed(&events).handle_us, Some(7 * SECOND), "from the first response");
    assert_eq!(closed(&events).waited_us, None);
}

#[test]
fn the_bots_words_stop_no_clock() {
    let mut desk = Desk::staffed(&["ana"]);
    desk.hand_off(9);
    let ticket = desk.hand_off(1);
    let say = Input::BotMessage { bot: BOT, ticket, epoch: 1, client_message: None, bytes: 1 };
    let events = desk.events(say);
    let [Event::MessageStored(stored)] = &events[..] else { panic!("{events:?}") };
    assert_eq!((stored.first_response_us, stored.total_wait_us, stored.judged), (None, None, None));
}

#[test]
fn a_conversation_is_judged_once_and_at_the_threshold() {
    let mut desk = Desk::staffed(&["ana"]);
    let ticket = desk.hand_off(1);
    // An answer at the very moment is in time; a microsecond later the threshold has passed.
    assert_eq!(desk.tenant.next_deadline(), Some(desk.now + 60 * SECOND + 1));
    let events = desk.pass(60 * SECOND + 1);
    let [Event::TargetMissed(missed)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(missed.ticket, ticket);
    assert_eq!(desk.reply("ana", ticket).judged, None, "whatever comes later");
    assert_eq!(closed(&desk.close("ana", ticket)).judged, None);

    let ticket = desk.hand_off(2);
    desk.wait(60 * SECOND);
    assert_eq!(desk.reply("ana", ticket).judged, Some(Judgement::AnsweredInTarget));
}

#[test]
fn who_leaves_is_lost_in_target_short_or_missed() {
    let left = |after| {
        let mut desk = desk();
        desk.queue("q", &[], |_| {});
        desk.hand_off(1);
        desk.now += after;
        closed(&desk.left(1)).judged
    };
    assert_eq!(left(4_999_999), Some(Judgement::LostShort));
    assert_eq!(left(5 * SECOND), Some(Judgement::LostInTarget));
    assert_eq!(left(60 * SECOND), Some(Judgement::LostInTarget));
    // The tick has not come yet.
    assert_eq!(left(60 * SECOND + 1), Some(Judgement::Missed));
}

#[test]
fn an_end_unserved_is_missed_at_once() {
    let back = |desk: &mut Desk, ticket| desk.events(Input::TakeBack { bot: BOT, ticket });
    let close = |desk: &mut Desk, ticket| desk.close("ana", ticket);
    assert_eq!(ended(false, 1, back).judged, Some(Judgement::Missed));
    assert_eq!(ended(false, 1, close).judged, Some(Judgement::Missed));
    assert_eq!(ended(true, 1, close).judged, None, "judged by the answer");
}

#[test]
fn a_transfer_judges_nothing_and_the_child_goes_on_with_the_same_threshold() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    let ticket = desk.hand_off(1);
    let target_at = desk.now + 60 * SECOND;
    desk.wait(10 * SECOND);
    let (events, _) = desk.ask(desk.transfer("ana", ticket, Target::Agent(desk.agent_id("bea"))));
    let [Event::Closed(closed), Event::TicketOpened(child), _] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!((closed.judged, child.target_at), (None, Some(target_at)));
    let first = desk.reply("bea", child.ticket);
    assert_eq!(
        (first.judged, first.total_wait_us),
        (Some(Judgement::AnsweredInTarget), Some(10 * SECOND))
    );
    let (events, _) =
        desk.ask(desk.transfer("bea", child.ticket, Target::Agent(desk.agent_id("ana"))));
    let [_, Event::TicketOpened(grandchild), _] = &events[..] else { panic!("{events:?}") };
    assert_eq!((grandchild.target_at, grandchild.answered_before), (None, true));
    let answer = desk.reply("ana", grandchild.ticket);
    assert_eq!((answer.judged, answer.total_wait_us), (None, None), "once per conversation");
    assert_eq!(answer.first_response_us, Some(0), "once per ticket");
}

#[test]
fn tests_are_never_judged() {
    let mut desk = desk();
    desk.queue("q", &[], |_| {});
    let (events, _) = desk.ask(Input::HandOff(HandOff { test: true, ..hand_off(1) }));
    let [Event::TicketOpened(opened)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(opened.target_at, None);
    desk.wait(100 * SECOND);
    assert_eq!(closed(&desk.left(1)).judged, None);
}
