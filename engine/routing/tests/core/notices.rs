//! What those who wait in a queue are told.

use crate::common::*;
use relevo_routing::event::{Event, Notice, NoticeStep, NoticeWords};
use relevo_routing::input::HandOff;
use relevo_routing::{Input, Micros, Settings, Tenant};
use relevo_wire::answer::{Answer, Notifying};
use relevo_wire::directory::Inactivity;
use relevo_wire::vocabulary::Language;
use relevo_wire::{ErrorCode, QueueId, TicketId};

/// The queue `q` with ana of one seat, who is not there.
fn line() -> Desk {
    let mut desk = desk();
    desk.agent("ana", 1);
    desk.queue("q", &["ana"], |_| {});
    desk
}

fn words() -> NoticeWords {
    NoticeWords { text: "later".into(), texts: vec![(Language::Es, "luego".into())] }
}

fn notify(desk: &mut Desk) -> u32 {
    let queue = desk.queue_id("q");
    let (_, answer) = desk.ask(Input::NotifyWaiting { queue, words: words() });
    let Answer::Notifying(Notifying { tickets }) = answer else { panic!("{answer:?}") };
    tickets
}

fn told(events: &[Event]) -> Vec<(TicketId, u32, &str)> {
    let told = events.iter().filter_map(|event| {
        if let Event::Notice(Notice { step: NoticeStep::Told { ticket, number, text }, .. }) = event
        {
            Some((*ticket, *number, text.as_str()))
        } else {
            None
        }
    });
    told.collect()
}

fn ended(events: &[Event]) -> bool {
    let last = |event: &Event| matches!(event, Event::Notice(n) if n.step == NoticeStep::Ended);
    events.iter().any(last)
}

#[test]
fn everybody_who_waits_is_told_in_the_language_of_each_and_who_comes_later_is_not() {
    let mut desk = line();
    let first = desk.hand_off(1);
    let spanish = HandOff { language: Some(Language::Es), ..hand_off(2) };
    let second = desk.accepted(spanish).ticket;
    desk.accepted(HandOff { test: true, ..hand_off(3) });
    assert_eq!(notify(&mut desk), 2, "a test is nobody");
    desk.hand_off(4);
    let events = desk.pass(0);
    assert_eq!(told(&events), [(first, 2, "later"), (second, 2, "luego")]);
    assert!(ended(&events));
    desk.wait(SECOND);
}

#[test]
fn whoever_has_an_agent_or_has_left_before_the_turn_comes_is_not_told() {
    let mut desk = line();
    let served = desk.hand_off(1);
    desk.hand_off(2);
    let waits = desk.hand_off(3);
    assert_eq!(notify(&mut desk), 3);
    desk.online("ana");
    assert_eq!(desk.holder(served).as_deref(), Some("ana"));
    desk.left(2);
    let events = desk.pass(0);
    assert_eq!(told(&events), [(waits, 2, "later")]);
}

#[test]
fn a_step_tells_a_bounded_number_and_a_restart_goes_on_where_it_was() {
    let mut desk = line();
    let most = desk.tenant.settings().deadlines_per_tick;
    let all: Vec<TicketId> = (0..most as u128 + 5).map(|contact| desk.hand_off(contact)).collect();
    assert_eq!(notify(&mut desk) as usize, all.len());
    let first = desk.handle(Input::Tick).events;
    assert_eq!(told(&first).len(), most);
    let bytes = desk.tenant.snapshot();
    let read = Tenant::from_snapshot(&bytes, Settings::default()).expect("valid");
    assert!(read.snapshot() == bytes && desk.replayed().snapshot() == bytes);
    desk.restart(SECOND);
    desk.handle(Input::Ready);
    let rest = desk.pass(SECOND);
    assert_eq!(told(&rest).len(), 5);
    assert!(ended(&rest));
    let both = told(&first).into_iter().chain(told(&rest)).map(|(ticket, ..)| ticket);
    assert_eq!(both.collect::<Vec<_>>(), all, "each once, the oldest first");
}

#[test]
fn a_second_notice_waits_for_the_end_of_the_first() {
    let mut desk = line();
    let queue = desk.queue_id("q");
    assert_eq!(notify(&mut desk), 0, "nobody waits, and nothing runs");
    desk.hand_off(1);
    notify(&mut desk);
    let again = || Input::NotifyWaiting { queue, words: words() };
    assert_eq!(desk.code(again()), ErrorCode::WrongState);
    desk.pass(0);
    assert_eq!(notify(&mut desk), 1);
}

#[test]
fn a_notice_stops_no_clock_and_hurries_nobody() {
    let waited = |notifies: bool| -> (Option<Micros>, Vec<Event>) {
        let mut desk = line();
        desk.queue("q", &["ana"], |queue| {
            queue.inactivity = Inactivity { agent_alert_seconds: Some(5), ..Inactivity::default() };
        });
        desk.hand_off(1);
        desk.pass(SECOND);
        if notifies {
            notify(&mut desk);
        }
        desk.pass(SECOND);
        desk.connect("ana");
        let events = desk.intent("ana", relevo_wire::vocabulary::Intent::Online);
        let waited = events.iter().find_map(|event| {
            if let Event::Assigned(e) = event { Some(e.waited_us) } else { None }
        });
        let later = desk.pass(5 * SECOND);
        let inactive = later.into_iter().filter(|event| matches!(event, Event::Inactive(_)));
        (waited, inactive.collect())
    };
    let (told, plain) = (waited(true), waited(false));
    assert_eq!(told.0, plain.0);
    assert_eq!((told.1.len(), plain.1.len()), (1, 1));
}

#[test]
fn what_cannot_be_said_is_refused() {
    let mut desk = line();
    let queue = desk.queue_id("q");
    let mut refused = |queue, text: String, texts| {
        let words = NoticeWords { text, texts };
        let error = desk.refused(Input::NotifyWaiting { queue, words });
        (error.code, error.field)
    };
    let of = |code, field: &str| (code, field.to_owned());
    let unknown = refused(QueueId(9), "later".into(), Vec::new());
    assert_eq!(unknown, of(ErrorCode::NotFound, "queue"));
    assert_eq!(refused(queue, String::new(), Vec::new()), of(ErrorCode::Malformed, "text"));
    let long = refused(queue, "x".repeat(1_025), Vec::new());
    assert_eq!(long, of(ErrorCode::LimitExceeded, "text"));
    let empty = vec![(Language::Es, String::new())];
    assert_eq!(refused(queue, "later".into(), empty), of(ErrorCode::Malformed, "texts"));
}
