//! Transfer: the child keeps its place, the giver is excluded, targets are checked.

use crate::common::*;
use relevo_routing::Input;
use relevo_routing::event::Event;
use relevo_routing::input::{HandOff, Target};
use relevo_wire::answer::Answer;
use relevo_wire::directory::{Bot, Object, Queue};
use relevo_wire::vocabulary::{CloseReason, Intent, Outcome, TicketState, Via};
use relevo_wire::{ErrorCode, TicketId};

/// Queues `q` with ana and bea, and `r` with cid; everybody online with one seat.
fn three() -> Desk {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    desk.agent("cid", 1);
    desk.queue("r", &["cid"], |_| {});
    desk.online("cid");
    desk
}

fn to_queue(desk: &Desk, agent: &str, ticket: TicketId, queue: &str) -> Input {
    desk.transfer(agent, ticket, Target::Queue(desk.queue_id(queue)))
}

fn to_agent(desk: &Desk, agent: &str, ticket: TicketId, to: &str) -> Input {
    desk.transfer(agent, ticket, Target::Agent(desk.agent_id(to)))
}

#[test]
fn a_transfer_closes_and_opens_a_child_that_keeps_its_place() {
    let mut desk = three();
    desk.now += SECOND;
    let ticket = desk.accepted(HandOff { priority: 3, ..hand_off(1) }).ticket;
    let arrived = desk.now;
    desk.wait(5 * SECOND);
    desk.reply("ana", ticket);
    desk.wait(5 * SECOND);
    let (events, answer) = desk.ask(to_queue(&desk, "ana", ticket, "r"));
    let [Event::Closed(closed), Event::TicketOpened(child), Event::Assigned(assigned)] =
        &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!((closed.reason, closed.outcome), (CloseReason::Transferred, Outcome::Transferred));
    assert_eq!((closed.child, closed.handle_us), (Some(child.ticket), Some(5 * SECOND)));
    assert_eq!((child.parent, child.via), (Some(ticket), Via::Transfer));
    assert_eq!((child.arrived, child.first_waiting_since), (arrived, arrived));
    assert_eq!((child.priority, child.queue, child.bot_number), (3, desk.queue_id("r"), 2));
    assert!(child.answered_before);
    assert_eq!((closed.epoch, child.epoch, assigned.epoch), (3, 3, 4), "parent 2, child 3");
    assert_eq!(assigned.agent, desk.agent_id("cid"));
    assert_eq!(assigned.waited_us, 0, "the child's own wait");
    let Answer::Transferred(transferred) = answer else { panic!("{answer:?}") };
    assert_eq!(transferred.child, child.ticket);
    assert_eq!(desk.customer(1, None).ticket, Some(child.ticket));
}

#[test]
fn the_child_stands_before_those_who_came_later() {
    let mut desk = three();
    let ticket = desk.hand_off(1);
    desk.wait(SECOND);
    let in_r = desk.hand_off_to(2, "r");
    let later = desk.hand_off_to(3, "r");
    let transfer = to_queue(&desk, "ana", ticket, "r");
    let child = desk.child(transfer);
    assert_eq!((desk.place(child).2, desk.place(later).2), (1, 2));
    assert_eq!(assignments(&desk.close("cid", in_r))[0].0, child);
}

#[test]
fn words_addressed_to_a_closed_parent_go_to_its_open_descendant() {
    let mut desk = three();
    let ticket = desk.hand_off(1);
    let in_r = desk.hand_off_to(2, "r");
    let transfer = to_queue(&desk, "ana", ticket, "r");
    let child = desk.child(transfer);
    let say = |epoch| Input::BotMessage { bot: BOT, ticket, epoch, client_message: None, bytes: 1 };
    let sent = desk.sent(say(3));
    assert_eq!(sent.ticket, Some(child));
    assert_eq!(desk.code(say(2)), ErrorCode::StaleEpoch);
    let stale = desk.refused(desk.agent_says("ana", ticket, 2));
    assert_eq!(stale.code, ErrorCode::StaleEpoch);
    desk.close("cid", in_r);
    let stale = desk.refused(desk.agent_says("ana", ticket, 2));
    let present = stale.present.expect("the present truth");
    assert_eq!(present.agent.as_deref(), Some("cid"), "the present owner's name");
    desk.events(Input::TakeBack { bot: BOT, ticket });
    assert_eq!(desk.place(child).0, TicketState::Closed);
}

#[test]
fn an_agent_who_is_full_is_waited_for_and_then_the_queue() {
    let mut desk = three();
    let held = desk.hand_off_to(9, "r");
    let ticket = desk.hand_off(1);
    let transfer = to_agent(&desk, "ana", ticket, "cid");
    let (events, answer) = desk.ask(transfer);
    let Answer::Transferred(transferred) = answer else { panic!("{answer:?}") };
    let [_, Event::TicketOpened(child)] = &events[..] else { panic!("{events:?}") };
    let cid = desk.agent_id("cid");
    assert_eq!(child.reserved, Some((cid, desk.now + 60 * SECOND)));
    assert_eq!(child.queue, desk.queue_id("r"), "a queue of the agent");
    let child = transferred.child;
    let explained = desk.explain(child);
    assert!(explained.because.contains("cid"), "{}", explained.because);

    // Another ticket of the queue comes first in line, the reserved one first to its agent.
    let events = desk.close("cid", held);
    assert_eq!(assignments(&events), [(child, cid)]);
}

#[test]
fn when_the_time_is_over_the_child_joins_its_queue_at_its_place() {
    let mut desk = three();
    desk.agent("dan", 1);
    desk.queue("r", &["cid", "dan"], |queue| queue.transfer_wait_seconds = 20);
    desk.hand_off_to(9, "r");
    let ticket = desk.hand_off(1);
    let transfer = to_agent(&desk, "ana", ticket, "cid");
    let child = desk.child(transfer);
    desk.online("dan");
    assert_eq!(desk.holder(child), None, "it is reserved for another");
    let events = desk.pass(20 * SECOND);
    let [Event::Unreserved(unreserved), Event::Assigned(assigned)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!((unreserved.ticket, assigned.ticket), (child, child));
    assert_eq!(assigned.agent, desk.agent_id("dan"));
    assert_eq!(assigned.waited_us, 20 * SECOND);
}

#[test]
fn a_transfer_to_an_agent_prefers_the_tickets_own_queue() {
    let mut desk = three();
    desk.queue("r", &["bea", "cid"], |_| {});
    let ticket = desk.hand_off(1);
    let (events, _) = desk.ask(to_agent(&desk, "ana", ticket, "bea"));
    let [_, Event::TicketOpened(child), Event::Assigned(assigned)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(child.queue, desk.queue_id("q"));
    assert_eq!(assigned.agent, desk.agent_id("bea"));
}

#[test]
fn the_giver_is_excluded_for_60_seconds() {
    let mut desk = Desk::staffed(&["ana"]);
    let ticket = desk.hand_off(1);
    let transfer = to_queue(&desk, "ana", ticket, "q");
    let child = desk.child(transfer);
    assert_eq!(desk.holder(child), None);
    let reasons: Vec<String> =
        desk.explain(child).agents.into_iter().map(|agent| agent.reason).collect();
    assert_eq!(reasons, ["excluded"]);
    desk.wait(59 * SECOND);
    let events = desk.pass(SECOND);
    assert_eq!(assignments(&events), [(child, desk.agent_id("ana"))]);
}

#[test]
fn an_excluded_agent_takes_what_stands_behind() {
    let mut desk = Desk::staffed(&["ana"]);
    let ticket = desk.hand_off(1);
    let waiting = desk.hand_off(2);
    let transfer = to_queue(&desk, "ana", ticket, "q");
    let (events, _) = desk.ask(transfer);
    assert_eq!(assignments(&events), [(waiting, desk.agent_id("ana"))]);
}

#[test]
fn the_giver_may_have_it_again_when_another_had_it() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    let ticket = desk.hand_off(1);
    let first = desk.child(to_agent(&desk, "ana", ticket, "bea"));
    let second = desk.child(to_agent(&desk, "bea", first, "ana"));
    assert_eq!(desk.holder(second).as_deref(), Some("ana"), "within the 60 s");
}

#[test]
fn targets_are_of_the_same_bot_allowed_open_and_staffed() {
    let mut desk = three();
    desk.put(Object::Bot(Bot::new("other", "q")));
    desk.put(Object::Queue(Queue::new("other", "foreign")));
    desk.agent("eve", 1);
    let foreign = desk.tenant.directory().queue_at("other/foreign").expect("put");
    desk.queue("empty", &["eve"], |_| {});
    desk.queue("shut", &["cid"], |queue| queue.active = false);
    let allow = |queue: &mut Queue| {
        queue.transfer_targets = Some(vec!["q".into(), "empty".into(), "shut".into()]);
    };
    desk.queue("q", &["ana", "bea"], allow);
    let ticket = desk.hand_off(1);
    let error = |desk: &mut Desk, to| {
        let error = desk.refused(desk.transfer("ana", ticket, to));
        assert_eq!(error.field, "to");
        (error.code, error.message)
    };
    let queue = |desk: &Desk, name| Target::Queue(desk.queue_id(name));
    assert_eq!(error(&mut desk, Target::Queue(foreign)).0, ErrorCode::NotFound);
    let to = queue(&desk, "r");
    assert_eq!(error(&mut desk, to).0, ErrorCode::Forbidden);
    let to = queue(&desk, "shut");
    let (code, message) = error(&mut desk, to);
    assert_eq!(code, ErrorCode::WrongState);
    assert!(message.contains("closed"), "{message}");
    let to = queue(&desk, "empty");
    let (code, message) = error(&mut desk, to);
    assert_eq!(code, ErrorCode::WrongState);
    assert!(message.contains("nobody"), "{message}");
    let agent = |desk: &Desk, name| Target::Agent(desk.agent_id(name));
    let to = agent(&desk, "ana");
    assert_eq!(error(&mut desk, to).0, ErrorCode::WrongState, "to itself");
    let to = agent(&desk, "cid");
    assert_eq!(error(&mut desk, to).0, ErrorCode::Forbidden, "only through r and shut");
    let to = agent(&desk, "eve");
    assert_eq!(error(&mut desk, to).0, ErrorCode::WrongState, "not online");
    desk.agent("fay", 1);
    let to = agent(&desk, "fay");
    assert_eq!(error(&mut desk, to).0, ErrorCode::NotFound, "serves no queue of the bot");
    desk.intent("bea", Intent::Paused);
    let to = agent(&desk, "bea");
    assert_eq!(error(&mut desk, to).0, ErrorCode::WrongState, "paused");
    assert_eq!(desk.holder(ticket).as_deref(), Some("ana"), "a refusal leaves it there");
}

#[test]
fn only_the_owner_transfers() {
    let mut desk = three();
    let ticket = desk.hand_off(1);
    let transfer = to_queue(&desk, "bea", ticket, "r");
    assert_eq!(desk.code(transfer), ErrorCode::HeldByOther);
    let old = to_queue(&desk, "ana", ticket, "r");
    desk.close("ana", ticket);
    assert_eq!(desk.code(old), ErrorCode::StaleEpoch);
}

#[test]
fn targets_lists_allowed_queues_and_their_members_with_free_seats() {
    let mut desk = three();
    desk.queue("shut", &["cid"], |queue| queue.active = false);
    let ticket = desk.hand_off(1);
    let ana = desk.agent_id("ana");
    let (events, answer) = desk.ask(Input::Targets { agent: ana, ticket });
    assert_eq!(events, []);
    let Answer::Targets(targets) = answer else { panic!("{answer:?}") };
    let queues: Vec<_> =
        targets.queues.iter().map(|q| (q.queue.as_str(), q.open, q.online)).collect();
    assert_eq!(queues, [("q", true, 2), ("r", true, 1), ("shut", false, 1)]);
    let agents: Vec<_> =
        targets.agents.iter().map(|a| (a.agent.as_str(), a.online, a.free)).collect();
    assert_eq!(agents, [("bea", true, 1), ("cid", true, 1)], "without the asker");
    let bea = desk.agent_id("bea");
    assert_eq!(desk.code(Input::Targets { agent: bea, ticket }), ErrorCode::WrongState);
}
