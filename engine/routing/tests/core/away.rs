//! Customers who leave while they wait: the place is kept for a while, and found again.

use crate::common::*;
use relevo_routing::event::{CustomerAway, CustomerBack, Event, Judgement, OfferEnded};
use relevo_routing::input::{HandOff, Input};
use relevo_routing::{Micros, Tenant};
use relevo_wire::answer::Answer;
use relevo_wire::directory::{self, AgentGone, Delivery};
use relevo_wire::vocabulary::{CloseReason, Holder, Intent, OfferEnd, Outcome, TicketState};
use relevo_wire::{ContactKey, ErrorCode, TicketId};

/// `ana` and `bea` of one seat each, not yet there, in a queue that keeps places for a minute.
pub(crate) fn desk_with(change: impl FnOnce(&mut directory::Queue)) -> Desk {
    let mut desk = desk();
    desk.agent("ana", 1);
    desk.agent("bea", 1);
    keeping(&mut desk, "q", change);
    desk
}

pub(crate) fn keeping(desk: &mut Desk, name: &str, change: impl FnOnce(&mut directory::Queue)) {
    desk.queue(name, &["ana", "bea"], |queue| {
        queue.resume_seconds = 60;
        change(queue);
    });
}

/// The customer leaves, and his ticket keeps its place.
pub(crate) fn goes(desk: &mut Desk, contact: u128) -> CustomerAway {
    match &desk.left(contact)[..] {
        [.., Event::CustomerAway(away)] => *away,
        other => panic!("he was to be away, not {other:?}"),
    }
}

/// The customer writes.
pub(crate) fn writes(desk: &mut Desk, contact: u128) -> Vec<Event> {
    let contact = ContactKey(contact);
    desk.events(Input::CustomerMessage { bot: BOT, contact, client_message: None, bytes: 100 })
}

pub(crate) fn comes_back(ticket: TicketId) -> Event {
    Event::CustomerBack(CustomerBack { ticket })
}

/// A log and a snapshot give the same tenant.
pub(crate) fn is_kept(desk: &Desk) {
    let bytes = desk.tenant.snapshot();
    assert!(desk.replayed().snapshot() == bytes, "the log gives the same state");
    let read = Tenant::from_snapshot(&bytes, desk.tenant.settings().clone()).expect("valid");
    assert!(read.snapshot() == bytes, "the snapshot reads back");
    assert_eq!(read.stats(), desk.tenant.stats());
}

fn at_end(desk: &mut Desk, time: Micros) -> relevo_routing::event::Closed {
    desk.wait(time - 1);
    closed(&desk.pass(1)).clone()
}

#[test]
fn who_leaves_while_he_waits_is_in_no_line_and_words_bring_him_back_to_his_place() {
    let mut desk = desk_with(|_| {});
    let [one, two, three] = [1, 2, 3].map(|contact| {
        desk.pass(SECOND);
        desk.hand_off(contact)
    });
    desk.pass(20 * SECOND);
    let away = goes(&mut desk, 2);
    let until = desk.now + 60 * SECOND;
    let (waited_us, judged) = (21 * SECOND, Some(Judgement::LostInTarget));
    assert_eq!(away, CustomerAway { ticket: two, until, waited_us, judged });
    assert_eq!(desk.place(two), (TicketState::Away, None, 0));
    assert_eq!([desk.place(one).2, desk.place(three).2], [1, 2]);
    let queue = desk.queue_id("q");
    let (depth, away) = (desk.tenant.queue_stats(queue).depth, desk.tenant.stats().tickets.away);
    assert_eq!((depth, away), (2, 1));
    is_kept(&desk);
    desk.wait(10 * SECOND);
    let because = desk.explain(two).because;
    assert!(because.contains("has the same place if he is back within 50 s, until "), "{because}");

    let sent = desk.customer(2, Some(7));
    assert_eq!((sent.ticket, sent.number, sent.epoch), (Some(two), 2, 1));
    assert_eq!(sent.holder, Holder::Queue);
    assert_eq!(desk.place(two), (TicketState::Waiting, None, 2), "before who came later");
    assert_eq!(desk.place(three).2, 3);
    assert_eq!(desk.tenant.stats().tickets.away, 0);
    is_kept(&desk);
    assert_eq!(desk.customer(2, Some(7)), sent, "the same words again");
    desk.online("ana");
    desk.online("bea");
    let assigned = [one, two].map(|ticket| desk.holder(ticket));
    assert_eq!(assigned, [Some("ana".to_owned()), Some("bea".to_owned())]);
}

#[test]
fn a_hand_off_brings_him_back_as_a_repeated_one() {
    let mut desk = desk_with(|_| {});
    let ticket = desk.hand_off(1);
    desk.hand_off(2);
    goes(&mut desk, 1);
    desk.pass(59 * SECOND);
    let before = desk.tenant.snapshot();
    let dry_run = desk.accepted(HandOff { dry_run: true, ..hand_off(1) });
    assert!(desk.tenant.snapshot() == before, "a dry run changes nothing");
    let accepted = desk.accepted(hand_off(1));
    assert_eq!(accepted, dry_run);
    let told = (accepted.ticket, accepted.existing, accepted.position, accepted.epoch);
    assert_eq!(told, (ticket, true, 1, 1));
    assert_eq!(desk.place(ticket), (TicketState::Waiting, None, 1));
    is_kept(&desk);
    assert_eq!(desk.tenant.stats().all.created, 2, "no ticket is made");
}

#[test]
fn nobody_has_it_while_he_is_away_and_whoever_is_free_at_once_when_he_is_back() {
    let mut desk = desk_with(|_| {});
    let ticket = desk.hand_off(1);
    goes(&mut desk, 1);
    desk.online("ana");
    assert_eq!(desk.place(ticket).0, TicketState::Away, "nobody is given to ana");
    let events = writes(&mut desk, 1);
    assert_eq!(events[1], comes_back(ticket));
    assert_eq!(assignments(&events), [(ticket, desk.agent_id("ana"))]);
    assert_eq!(desk.tenant.audit(&desk.seats, 0, usize::MAX, desk.now).violations, []);

    desk.hand_off(2);
    goes(&mut desk, 2);
    desk.online("bea");
    let accepted = desk.accepted(hand_off(2));
    let told = (accepted.existing, accepted.position, accepted.epoch);
    assert_eq!(told, (true, 0, 2), "bea has it before the answer is given");
}

#[test]
fn nobody_pulls_who_is_away_and_no_notice_comes_to_him() {
    let mut desk = desk_with(|queue| queue.delivery = Delivery::Pull);
    let ticket = desk.hand_off(1);
    desk.online("ana");
    goes(&mut desk, 1);
    let next = Input::Next { agent: desk.agent_id("ana"), queue: None };
    assert_eq!(desk.code(next.clone()), ErrorCode::NothingWaiting);
    let words = relevo_routing::event::NoticeWords { text: "soon".into(), texts: Vec::new() };
    let notice = Input::NotifyWaiting { queue: desk.queue_id("q"), words };
    let Answer::Notifying(notifying) = desk.ask(notice).1 else { panic!("it is taken") };
    assert_eq!(notifying.tickets, 0);
    writes(&mut desk, 1);
    desk.events(next);
    assert_eq!(desk.holder(ticket).as_deref(), Some("ana"));
}

#[test]
fn offers_of_who_leaves_are_withdrawn() {
    let mut desk = desk_with(|queue| {
        (queue.offer_seconds, queue.offer_agents) = (30, 2);
    });
    desk.online("ana");
    desk.online("bea");
    let ticket = desk.hand_off(1);
    assert_eq!((desk.place(ticket).0, desk.used("bea")), (TicketState::Offered, 1));
    let events = desk.left(1);
    let ended = |agent: &str, desk: &Desk| {
        let (agent, end) = (desk.agent_id(agent), OfferEnd::Withdrawn);
        Event::OfferEnded(OfferEnded { ticket, agent, end, excluded_until: None })
    };
    assert_eq!(events[..2], [ended("ana", &desk), ended("bea", &desk)]);
    assert_eq!((desk.place(ticket).0, events.len()), (TicketState::Away, 3));
    assert_eq!([desk.used("ana"), desk.used("bea")], [0, 0]);
    let accept = Input::Accept { agent: desk.agent_id("ana"), ticket };
    let refused = desk.refused(accept);
    assert!(refused.message.contains("its customer has left, and may come back"), "{refused}");
    is_kept(&desk);
    writes(&mut desk, 1);
    assert_eq!(desk.place(ticket).0, TicketState::Offered);
}

#[test]
fn what_somebody_has_or_has_parked_is_closed_at_once() {
    let mut desk = desk_with(|_| {});
    desk.online("ana");
    let assigned = |desk: &mut Desk| desk.hand_off(1);
    let ticket = assigned(&mut desk);
    assert_eq!(closed(&desk.left(1)).outcome, Outcome::AbandonedUnanswered);
    assert_eq!(desk.place(ticket).0, TicketState::Closed);
    let ticket = assigned(&mut desk);
    desk.reply("ana", ticket);
    let (agent, epoch) = (desk.agent_id("ana"), desk.epoch(ticket));
    desk.events(Input::Hold { agent, ticket, epoch, on: true });
    assert_eq!(closed(&desk.left(1)).outcome, Outcome::AbandonedAnswered);
    let ticket = assigned(&mut desk);
    desk.reply("ana", ticket);
    let (epoch, until) = (desk.epoch(ticket), desk.now + 600 * SECOND);
    desk.events(Input::Park { agent, ticket, epoch, until });
    assert_eq!(closed(&desk.left(1)).outcome, Outcome::AbandonedAnswered);
}

#[test]
fn without_a_window_a_ticket_is_lost_at_once() {
    let mut desk = desk_with(|queue| queue.resume_seconds = 0);
    desk.hand_off(1);
    let events = desk.left(1);
    assert_eq!((closed(&events).outcome, events.len()), (Outcome::Lost, 1));
}

#[test]
fn when_the_window_is_over_it_is_lost_as_of_when_he_left() {
    let mut desk = desk_with(|queue| queue.threshold_seconds = 60);
    desk.hand_off(1);
    desk.pass(30 * SECOND);
    let away = goes(&mut desk, 1);
    let settings = desk.tenant.settings().clone();
    let read = Tenant::from_snapshot(&desk.tenant.snapshot(), settings).expect("valid");
    assert_eq!(read.next_deadline(), Some(away.until), "a snapshot knows when");
    let end = at_end(&mut desk, 60 * SECOND);
    assert_eq!((end.reason, end.outcome), (CloseReason::Client, Outcome::Lost));
    assert_eq!((end.waited_us, end.epoch, end.number), (Some(30 * SECOND), 2, 2));
    assert_eq!(end.judged, Some(Judgement::LostInTarget), "he left within the threshold");
    assert_eq!(desk.tenant.stats().tickets.away, 0);
    is_kept(&desk);
    let sent = desk.customer(1, None);
    assert_eq!((sent.holder, sent.ticket), (Holder::Bot, None), "only now is it lost");

    for (waited, judged) in [(4, Judgement::LostShort), (61, Judgement::Missed)] {
        desk.hand_off(2);
        desk.pass(waited * SECOND);
        let missed = waited > 60;
        let expected = (!missed).then_some(judged);
        assert_eq!(goes(&mut desk, 2).judged, expected, "what was missed before is judged");
        assert_eq!(at_end(&mut desk, 60 * SECOND).judged, expected);
    }
}

#[test]
fn who_had_an_agent_before_has_abandoned_it_by_then() {
    let mut desk = desk_with(|queue| queue.agent_gone = AgentGone::Requeue);
    desk.online("ana");
    let ticket = desk.hand_off(1);
    desk.reply("ana", ticket);
    desk.pass(10 * SECOND);
    desk.intent("ana", Intent::Offline);
    desk.pass(5 * SECOND);
    goes(&mut desk, 1);
    let end = at_end(&mut desk, 60 * SECOND);
    assert_eq!((end.reason, end.outcome), (CloseReason::Client, Outcome::AbandonedAnswered));
    assert_eq!((end.waited_us, end.handle_us), (Some(5 * SECOND), Some(15 * SECOND)));
}

#[test]
fn time_in_which_the_daemon_is_down_counts_for_no_window() {
    let mut desk = desk_with(|_| {});
    let ticket = desk.hand_off(1);
    goes(&mut desk, 1);
    desk.pass(20 * SECOND);
    desk.restart(3_600 * SECOND);
    desk.now += 100 * SECOND;
    assert_eq!(desk.events(Input::Tick), [], "nothing is due before the daemon is ready");
    desk.handle(Input::Ready);
    is_kept(&desk);
    assert_eq!(desk.place(ticket).0, TicketState::Away);
    let end = at_end(&mut desk, 40 * SECOND);
    assert_eq!((end.outcome, end.waited_us), (Outcome::Lost, Some(0)));
}

#[test]
fn the_bot_takes_it_back_at_once_and_may_speak_meanwhile() {
    let mut desk = desk_with(|_| {});
    let ticket = desk.hand_off(1);
    desk.pass(10 * SECOND);
    goes(&mut desk, 1);
    desk.pass(10 * SECOND);
    let says = Input::BotMessage { bot: BOT, ticket, epoch: 1, client_message: None, bytes: 9 };
    assert_eq!(desk.sent(says).holder, Holder::Queue);
    assert_eq!(desk.place(ticket).0, TicketState::Away, "what the bot says brings nobody back");
    let events = desk.events(Input::TakeBack { bot: BOT, ticket });
    let end = closed(&events);
    assert_eq!((end.reason, end.outcome), (CloseReason::Bot, Outcome::TakenBack));
    assert_eq!((end.waited_us, end.judged), (Some(10 * SECOND), Some(Judgement::Missed)));
    is_kept(&desk);
    assert_eq!(desk.tenant.stats().tickets.away, 0);
    assert_ne!(desk.hand_off(1), ticket);
}

#[test]
fn leaving_twice_changes_nothing() {
    let mut desk = desk_with(|_| {});
    desk.hand_off(1);
    goes(&mut desk, 1);
    desk.pass(50 * SECOND);
    assert_eq!(desk.left(1), []);
    assert_eq!(at_end(&mut desk, 10 * SECOND).outcome, Outcome::Lost);
    assert_eq!(desk.left(1), []);
}

#[test]
fn who_is_back_may_leave_again_and_has_the_whole_window() {
    let mut desk = desk_with(|_| {});
    let ticket = desk.hand_off(1);
    goes(&mut desk, 1);
    desk.pass(50 * SECOND);
    writes(&mut desk, 1);
    desk.pass(SECOND);
    assert_eq!(goes(&mut desk, 1).waited_us, 51 * SECOND, "the clock of the wait went on");
    desk.pass(59 * SECOND);
    assert_eq!(desk.place(ticket).0, TicketState::Away);
}
