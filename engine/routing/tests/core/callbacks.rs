//! Call-back lists: who came outside the hours, or waited at closing time.

use crate::common::*;
use crate::hours::{HOUR, OPENS, office, rejected};
use relevo_routing::event::{CallbackEnd, CallbackEnded, CallbackListed};
use relevo_routing::input::{HandOff, Input};
use relevo_routing::{Event, Micros, Settings};
use relevo_wire::directory::{AtClosing, Object, ObjectRef, OutsideHours, Queue};
use relevo_wire::vocabulary::Callback;
use relevo_wire::{ContactKey, ErrorCode, TicketId};

const DAY: Micros = 24 * HOUR;

fn want(contact: u128, yes: bool) -> Input {
    Input::WantCallback { bot: BOT, contact: ContactKey(contact), yes }
}

/// The office at night, which refuses.
fn night() -> Desk {
    let mut desk = office(|queue| queue.at_closing = AtClosing::Close);
    desk.pass(HOUR + SECOND);
    desk
}

/// Who came onto the list: contact, wish, ticket.
fn listed(events: &[Event]) -> Vec<(u128, Callback, Option<TicketId>)> {
    let listed = events.iter().filter_map(|event| {
        let Event::CallbackListed(CallbackListed { contact, wish, ticket, .. }) = event else {
            return None;
        };
        Some((contact.0, *wish, *ticket))
    });
    listed.collect()
}

/// Who left it, and why.
fn ended(events: &[Event]) -> Vec<(u128, CallbackEnd)> {
    let ended = events.iter().filter_map(|event| {
        let Event::CallbackEnded(CallbackEnded { contact, end, .. }) = event else { return None };
        Some((contact.0, *end))
    });
    ended.collect()
}

#[test]
fn who_is_refused_outside_the_hours_stands_in_the_list() {
    let mut desk = night();
    let (events, _) = rejected(&mut desk, hand_off(1));
    assert_eq!(listed(&events), [(1, Callback::NotAsked, None)]);
    let (events, _) = rejected(&mut desk, HandOff { test: true, ..hand_off(2) });
    assert_eq!(listed(&events), [], "a test is nobody to call back");
    let (events, _) = rejected(&mut desk, HandOff { dry_run: true, ..hand_off(3) });
    assert_eq!(events, []);
}

#[test]
fn who_is_closed_at_closing_time_stands_in_the_list_with_his_wish() {
    let mut desk = office(|queue| queue.at_closing = AtClosing::Close);
    let tickets = [1, 2, 3].map(|contact| desk.hand_off(contact));
    desk.events(want(2, true));
    desk.events(want(3, true));
    desk.events(want(3, false));
    assert_eq!(desk.events(want(3, false)), [], "that is known");
    let events = desk.pass(HOUR + SECOND);
    let wishes = [Callback::NotAsked, Callback::Yes, Callback::No];
    let expected = [0, 1, 2].map(|nth| (nth as u128 + 1, wishes[nth], Some(tickets[nth])));
    assert_eq!(listed(&events), expected);
}

#[test]
fn the_wish_of_who_stands_in_the_list_is_noted_there_and_kept_when_he_comes_again() {
    let mut desk = night();
    rejected(&mut desk, hand_off(1));
    desk.events(want(1, true));
    assert_eq!(desk.events(want(1, true)), []);
    desk.restart(SECOND);
    desk.events(Input::Ready);
    let (events, _) = rejected(&mut desk, hand_off(1));
    assert_eq!(listed(&events), [(1, Callback::Yes, None)]);
}

#[test]
fn who_neither_waits_nor_stands_in_the_list_has_no_wish() {
    let mut desk = office(|_| {});
    let refused = desk.refused(want(1, true));
    assert_eq!((refused.code, refused.field.as_str()), (ErrorCode::NotFound, "contact"));
    desk.online("ana");
    desk.hand_off(1);
    assert_eq!(desk.code(want(1, true)), ErrorCode::NotFound, "an agent has it");
}

#[test]
fn a_wish_ends_with_the_waiting() {
    let mut desk = office(|queue| queue.at_closing = AtClosing::Close);
    let ticket = desk.hand_off(1);
    desk.events(want(1, true));
    desk.online("ana");
    desk.reply("ana", ticket);
    desk.close("ana", ticket);
    desk.pass(HOUR + SECOND);
    let (events, _) = rejected(&mut desk, hand_off(1));
    assert_eq!(listed(&events), [(1, Callback::NotAsked, None)]);
}

#[test]
fn who_is_served_leaves_the_list() {
    let mut desk = night();
    for contact in [1, 2] {
        rejected(&mut desk, hand_off(contact));
    }
    desk.pass(OPENS - desk.now);
    desk.hand_off(1);
    desk.online("ana");
    let events = desk.log.last().map(|bytes| relevo_routing::record::decode(bytes));
    let events = events.expect("a record").expect("it decodes").1;
    assert_eq!(ended(&events), [(1, CallbackEnd::Served)]);
    assert_eq!(desk.code(want(1, true)), ErrorCode::NotFound);
    desk.events(want(2, true));
}

#[test]
fn nobody_stands_in_the_list_for_longer_than_a_week() {
    let mut desk = night();
    rejected(&mut desk, hand_off(1));
    desk.now += SECOND;
    rejected(&mut desk, hand_off(2));
    desk.now += SECOND;
    rejected(&mut desk, hand_off(1));
    assert_eq!(ended(&desk.pass(7 * DAY - 2 * SECOND)), []);
    assert_eq!(ended(&desk.pass(SECOND)), [(2, CallbackEnd::Expired)]);
    assert_eq!(ended(&desk.pass(SECOND)), [(1, CallbackEnd::Expired)]);
}

#[test]
fn the_oldest_make_room_of_a_bot_and_of_all() {
    for settings in [
        Settings { callbacks_per_bot: 2, ..Settings::default() },
        Settings { callbacks: 2, ..Settings::default() },
    ] {
        let mut desk = Desk::with(settings);
        desk.queue("q", &[], |queue| {
            queue.hours = Some(Default::default());
            queue.outside_hours = OutsideHours::Refuse;
        });
        for contact in [1, 2, 1] {
            let (events, _) = rejected(&mut desk, hand_off(contact));
            assert_eq!(ended(&events), [], "who comes again takes no room");
        }
        let (events, _) = rejected(&mut desk, hand_off(3));
        assert_eq!(ended(&events), [(2, CallbackEnd::Displaced)]);
    }
}

#[test]
fn a_list_goes_with_its_bot() {
    let mut desk = desk();
    desk.put(Object::Queue(Queue { hours: Some(Default::default()), ..Queue::new("b", "q") }));
    rejected(&mut desk, hand_off(1));
    desk.events(Input::Delete { object: ObjectRef::Queue("b".into(), "q".into()) });
    desk.events(Input::Delete { object: ObjectRef::Bot("b".into()) });
    assert_eq!(desk.pass(8 * DAY), []);
    desk.restart(SECOND);
}
