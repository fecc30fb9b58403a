//! Tickets parked until a time: by their agents, for whom they come back.

use crate::common::*;
use relevo_routing::event::{Absence, Event, Unparked};
use relevo_routing::input::{HandOff, Input, Target};
use relevo_routing::{Micros, Settings};
use relevo_wire::directory::{Agent, Inactivity, Object, ObjectRef};
use relevo_wire::limits::PARK_SECONDS;
use relevo_wire::vocabulary::{Holder, Intent, Outcome, TicketState, UnparkCause};
use relevo_wire::{AgentId, ErrorCode, TicketId};

const DAY: Micros = 86_400 * SECOND;

impl Desk {
    fn park(&self, agent: &str, ticket: TicketId, after: Micros) -> Input {
        let (agent, epoch) = (self.agent_id(agent), self.epoch(ticket));
        Input::Park { agent, ticket, epoch, until: self.now + after }
    }

    fn unpark(&self, agent: &str, ticket: TicketId) -> Input {
        Input::Unpark { agent: self.agent_id(agent), ticket, epoch: self.epoch(ticket) }
    }
}

/// `ana` and `bea` in a queue that waits 30 s for who is preferred; a ticket of `ana`'s is in service.
fn served() -> (Desk, TicketId) {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    desk.queue("q", &["ana", "bea"], |queue| queue.preferred_wait_seconds = 30);
    let ticket = desk.hand_off(1);
    desk.reply("ana", ticket);
    (desk, ticket)
}

/// As [`served`], and `ana` has parked it for an hour.
fn parked() -> (Desk, TicketId) {
    let (mut desk, ticket) = served();
    desk.events(desk.park("ana", ticket, 3_600 * SECOND));
    (desk, ticket)
}

fn unparked(events: &[Event]) -> Unparked {
    let unparked = events
        .iter()
        .find_map(|event| if let Event::Unparked(e) = event { Some(*e) } else { None });
    unparked.expect("it came back")
}

#[test]
fn a_parked_ticket_frees_its_seat_and_comes_back_at_its_time_to_the_same_agent() {
    let (mut desk, ticket) = served();
    let busy = desk.hand_off(2);
    assert_eq!(desk.holder(busy).as_deref(), Some("bea"));
    let next = desk.hand_off(3);
    assert_eq!(desk.place(next).0, TicketState::Waiting);
    let events = desk.events(desk.park("ana", ticket, 3_600 * SECOND));
    let ana = desk.agent_id("ana");
    assert_eq!(assignments(&events), [(next, ana)], "the seat is free");
    assert_eq!(desk.place(ticket), (TicketState::Parked, None, 0), "it stands in no line");
    assert_eq!((desk.epoch(ticket), desk.used("ana")), (2, 1));
    assert_eq!(desk.tenant.stats().tickets.parked, 1);
    assert_eq!(desk.tenant.queue_stats(desk.queue_id("q")).depth, 0, "it does not wait");
    let because = desk.explain(ticket).because;
    assert!(because.starts_with("ana has parked it for 3600 s more"), "{because}");
    desk.close("bea", busy);
    desk.close("ana", next);
    desk.wait(3_599 * SECOND);
    let events = desk.pass(SECOND);
    assert_eq!(unparked(&events).cause, UnparkCause::Time);
    assert_eq!(assignments(&events), [(ticket, ana)], "bea has been idle for as long");
    assert_eq!(desk.epoch(ticket), 3, "the assignment alone raises it");
    assert_eq!(desk.tenant.stats().tickets.parked, 0);
}

#[test]
fn words_of_the_customer_are_kept_and_bring_it_back_before_its_time() {
    let (mut desk, ticket) = parked();
    let sent = desk.customer(1, Some(7));
    assert_eq!((sent.ticket, sent.number, sent.holder), (Some(ticket), 5, Holder::Queue));
    assert_eq!(desk.holder(ticket).as_deref(), Some("ana"));
    assert_eq!(desk.reply("ana", ticket).number, 8, "words, back in line, assigned");
    assert_eq!(desk.customer(1, Some(7)).number, 5, "the same words again");
    assert_eq!(desk.place(ticket).0, TicketState::InService);
    desk.wait(DAY / 2);
}

#[test]
fn it_never_takes_its_agent_above_its_seats_and_joins_the_line_at_its_place_after_a_while() {
    let (mut desk, ticket) = parked();
    let mine = desk.hand_off(2);
    let other = desk.hand_off(3);
    let waiting = desk.hand_off(4);
    assert_eq!([desk.used("ana"), desk.used("bea")], [1, 1]);
    desk.customer(1, None);
    assert_eq!(desk.used("ana"), 1, "both are full");
    assert_eq!(desk.place(ticket), (TicketState::Waiting, None, 1), "in a line of ana's own");
    assert_eq!(desk.place(waiting).2, 1, "and before nobody in the queue's");
    let hers = if desk.holder(mine).as_deref() == Some("ana") { other } else { mine };
    desk.wait(29 * SECOND);
    desk.pass(SECOND);
    assert_eq!([desk.place(ticket).2, desk.place(waiting).2], [1, 2], "it came first of all");
    desk.close("bea", hers);
    assert_eq!(desk.holder(ticket).as_deref(), Some("bea"));
}

#[test]
fn a_time_that_is_over_or_too_far_and_one_ticket_too_many_are_refused() {
    let (mut desk, ticket) = served();
    let refusals =
        [(0, "until", ErrorCode::Malformed), (8 * DAY, "until", ErrorCode::LimitExceeded)];
    for (after, field, code) in refusals {
        let refused = desk.refused(desk.park("ana", ticket, after));
        assert_eq!((refused.code, refused.field.as_str()), (code, field), "{refused}");
    }
    desk.events(desk.park("ana", ticket, Micros::from(PARK_SECONDS) * SECOND));

    let settings = Settings { parked_per_agent: 1, ..Settings::default() };
    let mut desk = Desk::with(settings);
    desk.agent("ana", 2);
    desk.queue("q", &["ana"], |_| {});
    desk.online("ana");
    let (one, two) = (desk.hand_off(1), desk.hand_off(2));
    assert_eq!(
        desk.code(desk.park("ana", one, SECOND)),
        ErrorCode::WrongState,
        "nobody has answered it yet"
    );
    desk.reply("ana", one);
    desk.reply("ana", two);
    desk.events(desk.park("ana", one, SECOND));
    let refused = desk.refused(desk.park("ana", two, SECOND));
    assert_eq!(refused.code, ErrorCode::LimitExceeded, "{refused}");
    desk.close("ana", one);
    desk.events(desk.park("ana", two, SECOND));
}

#[test]
fn who_parked_it_closes_and_transfers_it_at_once_and_writes_only_after_taking_it_up() {
    let (mut desk, ticket) = parked();
    let says = desk.agent_says("ana", ticket, 2);
    assert_eq!(desk.code(says), ErrorCode::WrongState, "parking ends first");
    let hold = Input::Hold { agent: desk.agent_id("ana"), ticket, epoch: 2, on: true };
    assert_eq!(desk.code(hold), ErrorCode::WrongState);
    assert_eq!(desk.code(desk.park("ana", ticket, SECOND)), ErrorCode::WrongState);
    let refused = desk.refused(desk.unpark("bea", ticket));
    assert_eq!(refused.code, ErrorCode::WrongState, "it is not bea's");
    assert_eq!(refused.present.expect("the truth").agent.as_deref(), Some("ana"));
    let stale = Input::Unpark { agent: desk.agent_id("ana"), ticket, epoch: 1 };
    assert_eq!(desk.code(stale), ErrorCode::StaleEpoch);
    let bot = Input::BotMessage { bot: BOT, ticket, epoch: 2, client_message: None, bytes: 9 };
    assert_eq!(desk.code(bot), ErrorCode::WrongState, "the conversation is ana's");
    let end = closed(&desk.close("ana", ticket)).clone();
    assert_eq!((end.outcome, end.waited_us, end.wraps_until), (Outcome::Attended, None, None));
    desk.wait(2 * 3_600 * SECOND);

    let (mut desk, ticket) = parked();
    let to = Target::Agent(desk.agent_id("bea"));
    let child = desk.child(desk.transfer("ana", ticket, to));
    assert_eq!(desk.holder(child).as_deref(), Some("bea"));

    let (mut desk, ticket) = parked();
    desk.events(desk.unpark("ana", ticket));
    assert_eq!((desk.holder(ticket).as_deref(), desk.epoch(ticket)), (Some("ana"), 3));
    assert_eq!(desk.code(desk.unpark("ana", ticket)), ErrorCode::WrongState, "not parked any more");
}

#[test]
fn who_parked_it_takes_it_up_with_a_free_seat_only() {
    let (mut desk, ticket) = parked();
    let (one, two) = (desk.hand_off(2), desk.hand_off(3));
    let hers = if desk.holder(one).as_deref() == Some("ana") { one } else { two };
    assert_eq!(desk.code(desk.unpark("ana", ticket)), ErrorCode::NoSeat);
    desk.close("ana", hers);
    desk.intent("ana", Intent::Paused);
    assert_eq!(desk.code(desk.unpark("ana", ticket)), ErrorCode::WrongState, "she is not there");
    assert_eq!(desk.place(ticket).0, TicketState::Parked);
}

#[test]
fn its_customer_may_leave_and_the_bot_may_take_it_back() {
    let (mut desk, _) = parked();
    assert_eq!(closed(&desk.left(1)).outcome, Outcome::AbandonedAnswered);
    desk.wait(2 * 3_600 * SECOND);
    let (mut desk, ticket) = parked();
    let events = desk.events(Input::TakeBack { bot: BOT, ticket });
    assert_eq!(closed(&events).outcome, Outcome::TakenBack);
    let next = desk.hand_off(1);
    assert_ne!(next, ticket);
}

#[test]
fn a_repeated_hand_off_leaves_it_parked() {
    let (mut desk, ticket) = parked();
    let accepted = desk.accepted(HandOff { bytes: 8, ..hand_off(1) });
    assert_eq!((accepted.ticket, accepted.existing, accepted.position), (ticket, true, 0));
    assert_eq!(desk.place(ticket).0, TicketState::Parked);
}

#[test]
fn it_stays_parked_when_its_agent_goes_and_comes_back_to_its_line() {
    let ways: [fn(&mut Desk); 3] = [
        |desk| drop(desk.intent("ana", Intent::Offline)),
        |desk| {
            let agent = desk.agent_id("ana");
            let absence = Some(Absence { text: String::new(), colleague: None });
            desk.events(Input::SetAbsence { agent, bot: BOT, absence, own: true });
        },
        |desk| {
            desk.queue("q", &["bea"], |_| {});
        },
    ];
    for leave in ways {
        let (mut desk, ticket) = parked();
        leave(&mut desk);
        assert_eq!(desk.place(ticket).0, TicketState::Parked);
        desk.customer(1, None);
        assert_eq!(
            desk.holder(ticket).as_deref(),
            Some("bea"),
            "nobody waits for who is not there"
        );
    }
    let (mut desk, ticket) = parked();
    desk.queue("q", &["bea"], |_| {});
    let delete = Input::Delete { object: ObjectRef::Agent("ana".to_owned()) };
    let refused = desk.refused(delete);
    assert!(refused.message.contains("1 tickets that it has parked"), "{refused}");
    desk.put(Object::Agent(Agent { active: false, ..Agent::new("ana", 1) }));
    let code = desk.code(desk.unpark("ana", ticket));
    assert_eq!(code, ErrorCode::WrongState);
}

#[test]
fn its_time_passes_while_the_daemon_is_down_and_it_comes_back_at_the_start() {
    let (mut desk, ticket) = parked();
    desk.wait(3_000 * SECOND);
    desk.restart(100 * SECOND);
    desk.handle(Input::Ready);
    assert_eq!(desk.place(ticket).0, TicketState::Parked);
    assert_eq!(desk.tenant.stats().tickets.parked, 1);
    desk.online("ana");
    let events = desk.pass(501 * SECOND);
    assert_eq!(
        assignments(&events),
        [(ticket, desk.agent_id("ana"))],
        "not moved by what was down"
    );

    let (mut desk, ticket) = parked();
    desk.restart(DAY);
    let events = desk.handle(Input::Ready).events;
    assert_eq!(events.iter().filter(|e| matches!(e, Event::Unparked(_))).count(), 0);
    let events = desk.pass(0);
    assert_eq!(unparked(&events).cause, UnparkCause::Time);
    assert_eq!(desk.place(ticket).0, TicketState::Waiting, "and waits for somebody to come");
}

#[test]
fn nobody_is_silent_and_nothing_expires_while_it_is_parked() {
    let mut desk = Desk::staffed(&["ana"]);
    let set = |desk: &mut Desk, ttl_seconds: u32| {
        desk.queue("q", &["ana"], |queue| {
            queue.ttl_seconds = ttl_seconds;
            queue.inactivity = Inactivity {
                client_warning_seconds: Some(60),
                client_close_seconds: Some(60),
                agent_alert_seconds: Some(60),
                agent_requeue_seconds: Some(60),
            };
        });
    };
    set(&mut desk, 120);
    let ticket = desk.hand_off(1);
    desk.reply("ana", ticket);
    desk.wait(59 * SECOND);
    desk.events(desk.park("ana", ticket, 3_600 * SECOND));
    desk.wait(3_599 * SECOND);
    let events = desk.pass(SECOND);
    assert_eq!(assignments(&events), [(ticket, AgentId(0))]);
    desk.wait(59 * SECOND);
    let events = desk.pass(SECOND);
    assert!(matches!(events[..], [Event::Inactive(_)]), "from the assignment on: {events:?}");
}
