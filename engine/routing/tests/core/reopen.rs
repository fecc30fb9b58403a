//! A closed conversation that goes on: by words of the customer, or by its agent.

use crate::common::*;
use relevo_routing::event::{Event, TicketOpened};
use relevo_routing::input::{Input, Party};
use relevo_wire::answer::Answer;
use relevo_wire::directory::NobodyOnline;
use relevo_wire::vocabulary::{Holder, Intent, TicketState, Via};
use relevo_wire::{ErrorCode, TicketId};

/// `ana` and `bea` online, with a ticket that `ana` has closed; it can be reopened for 600 s.
fn closed_ticket() -> (Desk, TicketId) {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    desk.queue("q", &["ana", "bea"], |queue| {
        queue.reopen_seconds = 600;
        queue.preferred_wait_seconds = 30;
    });
    let ticket = desk.hand_off(1);
    desk.reply("ana", ticket);
    let end = closed(&desk.close("ana", ticket)).clone();
    assert_eq!(end.reopen_until, Some(desk.now + 600 * SECOND));
    (desk, ticket)
}

fn opened(events: &[Event]) -> &TicketOpened {
    let opened = events.iter().find_map(|event| {
        if let Event::TicketOpened(opened) = event { Some(opened) } else { None }
    });
    opened.expect("a ticket was opened")
}

fn words(desk: &mut Desk) -> (Vec<Event>, Holder) {
    let contact = relevo_wire::ContactKey(1);
    let input = Input::CustomerMessage { bot: BOT, contact, client_message: Some(7), bytes: 100 };
    let (events, answer) = desk.ask(input);
    let Answer::Sent(sent) = answer else { panic!("sent, not {answer:?}") };
    (events, sent.holder)
}

fn reopen(desk: &mut Desk, agent: &str, ticket: TicketId) -> Input {
    Input::Reopen { agent: desk.agent_id(agent), ticket }
}

#[test]
fn words_within_the_window_make_a_linked_episode_first_for_the_same_agent() {
    let (mut desk, ticket) = closed_ticket();
    desk.wait(599 * SECOND);
    let (events, holder) = words(&mut desk);
    assert_eq!(holder, Holder::Reopened);
    let episode = opened(&events);
    assert_eq!((episode.via, episode.parent), (Via::Reopen, Some(ticket)));
    assert_eq!(episode.target_at, None, "the conversation was judged at its end");
    let (episode, ana) = (episode.ticket, desk.agent_id("ana"));
    assert_eq!(assignments(&events), [(episode, ana)], "bea has been idle for longer");
    assert_eq!(desk.customer(1, Some(7)).ticket, Some(episode), "the same words again");
    assert_eq!(desk.customer(1, None).number, 4, "words in it: hand-off, first words, assignment");
}

#[test]
fn who_closed_it_is_waited_for_while_it_is_busy_and_not_when_it_is_away() {
    let (mut desk, _) = closed_ticket();
    let busy = desk.hand_off(2);
    let other = desk.hand_off(3);
    let (events, _) = words(&mut desk);
    let episode = opened(&events).ticket;
    assert_eq!(desk.place(episode).0, TicketState::Waiting);
    let holders = [desk.holder(busy), desk.holder(other)];
    assert!(holders.iter().all(Option::is_some), "both are busy");
    let hers = if holders[0].as_deref() == Some("ana") { other } else { busy };
    desk.close("bea", hers);
    assert_eq!(desk.holder(episode), None, "bea is free, and it waits for ana");
    let events = desk.pass(30 * SECOND);
    assert_eq!(assignments(&events), [(episode, desk.agent_id("bea"))]);

    let (mut desk, _) = closed_ticket();
    desk.intent("ana", Intent::Paused);
    let (events, _) = words(&mut desk);
    assert_eq!(assignments(&events), [(opened(&events).ticket, desk.agent_id("bea"))]);
}

#[test]
fn after_the_window_the_bot_has_the_conversation() {
    let (mut desk, ticket) = closed_ticket();
    desk.pass(600 * SECOND);
    assert_eq!(words(&mut desk).1, Holder::Bot);
    let input = reopen(&mut desk, "ana", ticket);
    assert_eq!(desk.code(input), ErrorCode::WrongState);
}

#[test]
fn only_what_its_agent_or_silence_closed_is_reopened() {
    let mut desk = Desk::staffed(&["ana"]);
    desk.queue("q", &["ana"], |queue| queue.reopen_seconds = 600);
    let ticket = desk.hand_off(1);
    desk.events(Input::TakeBack { bot: BOT, ticket });
    assert_eq!(words(&mut desk).1, Holder::Bot, "the bot took it back");
    desk.hand_off(1);
    desk.left(1);
    assert_eq!(desk.customer(1, None).holder, Holder::Bot, "the customer had left");
}

#[test]
fn words_reopen_nothing_where_the_queue_takes_no_hand_off() {
    let (mut desk, _) = closed_ticket();
    desk.queue("q", &["ana"], |queue| queue.nobody_online = NobodyOnline::Refuse);
    desk.intent("ana", Intent::Offline);
    assert_eq!(words(&mut desk).1, Holder::Bot);
    let (mut desk, _) = closed_ticket();
    desk.queue("q", &["ana"], |queue| queue.active = false);
    assert_eq!(words(&mut desk).1, Holder::Bot);
}

#[test]
fn an_agent_reopens_what_it_closed_and_has_it_at_once() {
    let (mut desk, ticket) = closed_ticket();
    let input = reopen(&mut desk, "bea", ticket);
    assert_eq!(desk.code(input), ErrorCode::WrongState, "it was not hers");
    let input = reopen(&mut desk, "ana", ticket);
    let events = desk.events(input);
    let episode = opened(&events).ticket;
    assert_eq!(assignments(&events), [(episode, desk.agent_id("ana"))]);
    let input = reopen(&mut desk, "ana", ticket);
    assert_eq!(desk.code(input), ErrorCode::WrongState, "it goes on already");
    desk.reply("ana", ticket);
    assert_eq!(desk.place(episode).0, TicketState::InService, "words to the parent go to it");
}

#[test]
fn an_agent_reopens_only_with_a_free_seat_and_while_there_is_no_other_ticket() {
    let (mut desk, ticket) = closed_ticket();
    desk.intent("bea", Intent::Paused);
    desk.hand_off(2);
    let input = reopen(&mut desk, "ana", ticket);
    assert_eq!(desk.code(input), ErrorCode::NoSeat);
    let (mut desk, ticket) = closed_ticket();
    desk.hand_off(1);
    let input = reopen(&mut desk, "ana", ticket);
    assert_eq!(desk.code(input), ErrorCode::WrongState, "the contact has another ticket");
}

#[test]
fn what_can_be_reopened_is_remembered_until_then_and_forgotten_at_the_end() {
    let (mut desk, ticket) = closed_ticket();
    let last = 4;
    desk.receipt(Party::Bot(BOT), ticket, last, last);
    let ana = Party::Agent(desk.agent_id("ana"));
    assert_eq!(desk.receipt(ana, ticket, last, last).events.len(), 1, "it is not forgotten yet");
    desk.restart(10 * SECOND);
    desk.events(Input::Ready);
    let events = desk.pass(600 * SECOND);
    let forgotten = |event: &Event| matches!(event, Event::Forgotten(e) if e.ticket == ticket);
    assert!(events.iter().any(forgotten), "nobody reopens it any more: {events:?}");
}

#[test]
fn an_episode_asks_for_the_skills_that_the_conversation_asked_for() {
    let (mut desk, _) = closed_ticket();
    let demand = relevo_routing::event::Demand {
        skills: vec![relevo_wire::directory::Skill { name: "x".to_owned(), level: 1 }],
        rings: Vec::new(),
    };
    let mut skilled = relevo_wire::directory::Agent::new("cai", 1);
    skilled.skills = demand.skills.clone();
    desk.put(relevo_wire::directory::Object::Agent(skilled));
    desk.queue("q", &["ana", "bea", "cai"], |queue| queue.reopen_seconds = 600);
    desk.online("cai");
    let input =
        relevo_routing::input::HandOff { demand: Some(Box::new(demand.clone())), ..hand_off(1) };
    let ticket = desk.accepted(input).ticket;
    assert_eq!(desk.holder(ticket).as_deref(), Some("cai"));
    desk.close("cai", ticket);
    desk.intent("cai", Intent::Paused);
    let (events, _) = words(&mut desk);
    assert_eq!(opened(&events).demand.as_deref(), Some(&demand));
    assert_eq!(assignments(&events), [], "ana and bea do not have the skill");
}

#[test]
fn a_ticket_that_came_since_ends_the_window_even_when_it_is_forgotten() {
    let (mut desk, ticket) = closed_ticket();
    for agent in ["ana", "bea"] {
        desk.intent(agent, Intent::Paused);
    }
    let later = desk.hand_off(1);
    let last = closed(&desk.events(Input::TakeBack { bot: BOT, ticket: later })).number;
    let step = desk.receipt(Party::Bot(BOT), later, last, last);
    assert!(matches!(step.events[..], [Event::Progressed(_), Event::Forgotten(_)]));
    desk.intent("ana", Intent::Online);
    let input = reopen(&mut desk, "ana", ticket);
    assert_eq!(desk.code(input), ErrorCode::WrongState);
    assert_eq!(words(&mut desk).1, Holder::Bot);
}

/// Bot and agent have everything of the closed ticket.
fn confirm(desk: &mut Desk, ticket: TicketId) {
    let ana = Party::Agent(desk.agent_id("ana"));
    desk.receipt(Party::Bot(BOT), ticket, 4, 4);
    assert_eq!(desk.receipt(ana, ticket, 4, 4).events.len(), 1, "it can be reopened");
}

fn forgets(events: &[Event], ticket: TicketId) -> bool {
    events.iter().any(|event| matches!(event, Event::Forgotten(e) if e.ticket == ticket))
}

#[test]
fn what_goes_on_in_another_ticket_is_forgotten_at_once_where_all_have_everything() {
    let (mut desk, ticket) = closed_ticket();
    confirm(&mut desk, ticket);
    let (events, holder) = words(&mut desk);
    assert_eq!(holder, Holder::Reopened);
    assert!(forgets(&events, ticket), "reopened by words: {events:?}");

    let (mut desk, ticket) = closed_ticket();
    confirm(&mut desk, ticket);
    let input = reopen(&mut desk, "ana", ticket);
    assert!(forgets(&desk.events(input), ticket), "reopened by its agent");

    let (mut desk, ticket) = closed_ticket();
    confirm(&mut desk, ticket);
    let events = desk.events(Input::HandOff(hand_off(1)));
    assert!(forgets(&events, ticket), "another ticket came since: {events:?}");

    let (mut desk, ticket) = closed_ticket();
    let (events, _) = words(&mut desk);
    assert!(!forgets(&events, ticket), "somebody has not everything yet");
}
