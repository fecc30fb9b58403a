//! Authors, epochs, repeats, progress, and how long a closed ticket is remembered.

use crate::common::*;
use relevo_routing::event::Event;
use relevo_routing::input::{Party, Target};
use relevo_routing::{Input, Settings, Tenant};
use relevo_wire::answer::Answer;
use relevo_wire::vocabulary::{Author, Holder, Intent, TicketState};
use relevo_wire::{BotId, ContactKey, ErrorCode, TicketId};

fn bot_says(ticket: TicketId, epoch: u32) -> Input {
    Input::BotMessage { bot: BOT, ticket, epoch, client_message: None, bytes: 10 }
}

#[test]
fn the_answer_says_who_has_the_conversation() {
    let mut desk = Desk::staffed(&["ana"]);
    let sent = desk.customer(1, None);
    assert_eq!((sent.holder, sent.ticket, sent.number), (Holder::Bot, None, 0));
    let first = desk.hand_off(1);
    let sent = desk.customer(1, None);
    assert_eq!((sent.holder, sent.ticket), (Holder::Agent, Some(first)));
    assert_eq!((sent.number, sent.epoch), (3, 2));
    let second = desk.hand_off(2);
    let sent = desk.customer(2, None);
    assert_eq!((sent.holder, sent.ticket), (Holder::Queue, Some(second)));
    assert_eq!((sent.number, sent.epoch), (2, 1));
    desk.close("ana", first);
    assert_eq!(desk.customer(1, None).holder, Holder::Bot);
}

#[test]
fn a_bot_may_speak_while_its_ticket_waits_and_not_from_the_assignment() {
    let mut desk = Desk::staffed(&["ana"]);
    let first = desk.hand_off(1);
    let second = desk.hand_off(2);
    let events = desk.events(bot_says(second, 1));
    let [Event::MessageStored(stored)] = &events[..] else { panic!("{events:?}") };
    assert_eq!((stored.author, stored.agent, stored.number), (Author::Bot, None, 2));
    desk.close("ana", first);

    let stale = desk.refused(bot_says(second, 1));
    assert_eq!((stale.code, stale.field.as_str()), (ErrorCode::StaleEpoch, "epoch"));
    let present = stale.present.expect("the present truth");
    assert_eq!((present.state, present.epoch), (TicketState::Assigned, 2));
    assert_eq!(present.agent.as_deref(), Some("ana"));
    let late = desk.refused(bot_says(second, 2));
    assert_eq!(late.code, ErrorCode::WrongState);
    assert_eq!(late.present.expect("the present truth").agent.as_deref(), Some("ana"));
}

#[test]
fn only_the_owner_with_the_present_epoch_speaks() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    let ticket = desk.hand_off(1);
    let code = |desk: &mut Desk, agent, epoch| desk.code(desk.agent_says(agent, ticket, epoch));
    assert_eq!(code(&mut desk, "ana", 1), ErrorCode::StaleEpoch);
    assert_eq!(code(&mut desk, "bea", 2), ErrorCode::HeldByOther);
    desk.reply("ana", ticket);
    assert_eq!(desk.place(ticket).0, TicketState::InService);
    desk.close("ana", ticket);
    assert_eq!(code(&mut desk, "ana", 2), ErrorCode::StaleEpoch, "the close raised it");
    assert_eq!(code(&mut desk, "ana", 3), ErrorCode::WrongState);
}

#[test]
fn an_id_of_another_tenant_or_bot_is_not_found() {
    let mut desk = Desk::staffed(&["ana"]);
    let ticket = desk.hand_off(1);
    let unknown = TicketId(77);
    assert_eq!(desk.code(desk.agent_says("ana", unknown, 1)), ErrorCode::NotFound);
    assert_eq!(desk.code(bot_says(unknown, 1)), ErrorCode::NotFound);
    assert_eq!(desk.code(Input::TakeBack { bot: BotId(5), ticket }), ErrorCode::NotFound);
    assert_eq!(desk.code(Input::Explain { ticket: unknown }), ErrorCode::NotFound);
}

#[test]
fn entries_are_dense_from_the_hand_off() {
    let mut desk = Desk::staffed(&["ana"]);
    let first = desk.hand_off(9);
    let ticket = desk.hand_off(1);
    assert_eq!(desk.customer(1, None).number, 2);
    desk.hand_off(1);
    desk.close("ana", first);
    assert_eq!(desk.reply("ana", ticket).number, 5, "repeated hand-off 3, assigned 4");
    assert_eq!(closed(&desk.close("ana", ticket)).number, 6);
}

#[test]
fn a_repeated_send_is_answered_with_its_first_number_and_leaves_no_event() {
    let mut desk = Desk::staffed(&["ana"]);
    let ticket = desk.hand_off(1);
    let first = desk.customer(1, Some(5));
    desk.customer(1, Some(6));
    let ana = desk.agent_id("ana");
    let say = |id| Input::AgentMessage {
        agent: ana,
        ticket,
        epoch: 2,
        client_message: Some(id),
        bytes: 1,
    };
    let agents = desk.sent(say(5));
    assert_ne!(agents.number, first.number, "another author's id");
    for _ in 0..2 {
        let contact = ContactKey(1);
        let again =
            Input::CustomerMessage { bot: BOT, contact, client_message: Some(5), bytes: 100 };
        let (events, answer) = desk.ask(again);
        assert_eq!(events, []);
        assert_eq!(answer, Answer::Sent(first.clone()));
        let (events, answer) = desk.ask(say(5));
        assert_eq!(events, []);
        assert_eq!(answer, Answer::Sent(agents.clone()));
    }
    desk.close("ana", ticket);
    let (events, answer) = desk.ask(say(5));
    assert_eq!(events, [], "also after the close");
    let Answer::Sent(sent) = answer else { panic!("{answer:?}") };
    assert_eq!(sent.number, agents.number);
    assert_eq!(desk.customer(1, Some(5)).number, first.number);
}

#[test]
fn a_repeat_is_recognised_across_hand_off_and_transfer() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    let outside = desk.customer(1, Some(1));
    let ticket = desk.hand_off(1);
    assert_eq!(desk.customer(1, Some(1)), outside, "said before the hand-off");
    let inside = desk.customer(1, Some(2));
    let transfer = desk.transfer("ana", ticket, Target::Agent(desk.agent_id("bea")));
    desk.child(transfer);
    let again = desk.customer(1, Some(2));
    assert_eq!((again.ticket, again.number), (Some(ticket), inside.number));
}

#[test]
fn as_many_client_message_ids_are_remembered_as_promised() {
    let settings = Settings { message_ids_per_ticket: 100, ..Settings::default() };
    let mut desk = Desk::with(settings);
    desk.queue("q", &[], |_| {});
    desk.hand_off(1);
    let first = desk.customer(1, Some(1)).number;
    for id in 2..=100 {
        desk.customer(1, Some(id));
    }
    assert_eq!(desk.customer(1, Some(1)).number, first);
    desk.customer(1, Some(101));
    assert_ne!(desk.customer(1, Some(1)).number, first, "the oldest went");
}

#[test]
fn a_ticket_holds_a_bounded_amount_that_its_receiver_has_not_confirmed() {
    let settings = Settings { unconfirmed_bytes: 500, ..Settings::default() };
    let mut desk = Desk::with(settings);
    desk.agent("ana", 1);
    desk.queue("q", &["ana"], |_| {});
    desk.online("ana");
    let ticket = desk.hand_off(1);
    for _ in 0..3 {
        desk.customer(1, None);
    }
    let contact = ContactKey(1);
    let more = Input::CustomerMessage { bot: BOT, contact, client_message: None, bytes: 1 };
    assert_eq!(desk.code(more.clone()), ErrorCode::LimitExceeded);
    for _ in 0..5 {
        desk.reply("ana", ticket);
    }
    assert_eq!(desk.code(desk.agent_says("ana", ticket, 2)), ErrorCode::LimitExceeded);
    let ana = Party::Agent(desk.agent_id("ana"));
    desk.receipt(ana, ticket, 3, 0);
    desk.sent(more);
    assert_eq!(
        desk.code(desk.agent_says("ana", ticket, 2)),
        ErrorCode::LimitExceeded,
        "each direction for itself"
    );
    desk.receipt(Party::Bot(BOT), ticket, 9, 0);
    desk.reply("ana", ticket);
}

#[test]
fn a_receipt_that_is_followed_by_assignments_asks_for_their_sync() {
    let mut desk = Desk::with(Settings { assignments_per_step: 2, ..Settings::default() });
    desk.agent("ana", 9);
    desk.queue("q", &["ana"], |_| {});
    for contact in 1..=4 {
        desk.hand_off(contact);
    }
    desk.online("ana");
    let step = desk.receipt(Party::Bot(BOT), TicketId(7), 1, 0);
    assert_eq!(assignments(&step.events).len(), 2, "what the step before had no room for");
    assert!(!step.lazy);
}

#[test]
fn progress_never_goes_back_and_says_nothing_twice() {
    let mut desk = Desk::staffed(&["ana"]);
    let ticket = desk.hand_off(1);
    for _ in 0..5 {
        desk.customer(1, None);
    }
    let ana = Party::Agent(desk.agent_id("ana"));
    let mut told = |party, delivered, read| {
        let step = desk.receipt(party, ticket, delivered, read);
        assert!(step.lazy && step.reply.is_none(), "receipts ask for no sync and get no answer");
        step.events.iter().find_map(|event| {
            if let Event::Progressed(p) = event { Some((p.delivered, p.read)) } else { None }
        })
    };
    assert_eq!(told(ana, 4, 3), Some((4, 3)));
    assert_eq!(told(ana, 4, 3), None);
    assert_eq!(told(ana, 2, 1), None);
    assert_eq!(told(ana, 1, 4), Some((4, 4)));
    assert_eq!(told(ana, 0, 6), Some((6, 6)), "what was read has arrived");
    assert_eq!(told(ana, 100, 100), Some((7, 7)), "not beyond the last entry");
    assert_eq!(told(Party::Bot(BOT), 3, 0), Some((3, 0)), "each party for itself");
    assert_eq!(told(Party::Bot(BotId(9)), 5, 0), None);
    assert_eq!(told(Party::Agent(relevo_wire::AgentId(9)), 5, 0), None);
}

#[test]
fn a_new_agent_has_confirmed_nothing() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    let ticket = desk.hand_off(1);
    let (ana, bea) = (Party::Agent(desk.agent_id("ana")), Party::Agent(desk.agent_id("bea")));
    assert_eq!(desk.receipt(ana, ticket, 2, 0).events.len(), 1);
    desk.intent("ana", Intent::Offline);
    assert_eq!(desk.holder(ticket).as_deref(), Some("bea"));
    assert_eq!(desk.receipt(bea, ticket, 1, 0).events.len(), 1, "it begins at nothing");
    assert_eq!(desk.receipt(ana, ticket, 4, 0).events.len(), 0, "no longer a party");
}

#[test]
fn a_closed_ticket_is_forgotten_when_both_parties_have_confirmed_it() {
    let mut desk = Desk::staffed(&["ana"]);
    let ticket = desk.hand_off(1);
    let last = closed(&desk.close("ana", ticket)).number;
    let ana = Party::Agent(desk.agent_id("ana"));
    desk.receipt(Party::Bot(BOT), ticket, last, 0);
    desk.receipt(ana, ticket, last - 1, 0);
    assert_eq!(desk.explain(ticket).state, TicketState::Closed);
    let step = desk.receipt(ana, ticket, last, 0);
    assert!(matches!(step.events[..], [Event::Progressed(_), Event::Forgotten(_)]));
    assert_eq!(desk.code(Input::Explain { ticket }), ErrorCode::NotFound);

    let second = desk.hand_off(2);
    let third = desk.hand_off(3);
    let last = closed(&desk.left(3)).number;
    let step = desk.receipt(Party::Bot(BOT), third, last, 0);
    assert_eq!(step.events.len(), 2, "no agent ever had it");
    assert_eq!(desk.holder(second).as_deref(), Some("ana"));
}

#[test]
fn a_closed_ticket_is_forgotten_after_24_hours_or_when_there_are_too_many() {
    let settings = Settings { closed_tickets: 2, ..Settings::default() };
    let mut desk = Desk::with(settings);
    desk.queue("q", &[], |queue| (queue.threshold_seconds, queue.ttl_seconds) = (1, 7 * 86_400));
    let tickets: Vec<TicketId> = (1..=3).map(|contact| desk.hand_off(contact)).collect();
    let mut forgotten = Vec::new();
    for contact in 1..=3 {
        desk.now += SECOND;
        let events = desk.left(contact);
        forgotten.extend(events.iter().filter_map(|event| {
            if let Event::Forgotten(forgotten) = event { Some(forgotten.ticket) } else { None }
        }));
    }
    assert_eq!(forgotten, tickets[..1], "the oldest closed goes first");
    assert_eq!(desk.tenant.next_deadline(), Some(desk.now - SECOND + 24 * 3600 * SECOND));
    let events = desk.pass(24 * 3600 * SECOND);
    assert_eq!(events.len(), 2);
    assert_eq!(desk.code(Input::Explain { ticket: tickets[2] }), ErrorCode::NotFound);
}

#[test]
fn a_forgotten_ticket_does_not_hide_the_one_before_it() {
    let mut desk = Desk::staffed(&[]);
    let first = desk.hand_off(1);
    let said = desk.customer(1, Some(5));
    desk.left(1);
    let second = desk.hand_off(1);
    let last = closed(&desk.left(1)).number;
    let step = desk.receipt(Party::Bot(BOT), second, last, 0);
    assert!(matches!(step.events[..], [Event::Progressed(_), Event::Forgotten(_)]));
    let again = desk.customer(1, Some(5));
    assert_eq!((again.ticket, again.number), (Some(first), said.number));
    // What a snapshot gives back says the same.
    let settings = desk.tenant.settings().clone();
    desk.tenant = Tenant::from_snapshot(&desk.tenant.snapshot(), settings).expect("valid");
    assert_eq!(desk.customer(1, Some(5)), again);
}

#[test]
fn tickets_of_a_contact_are_forgotten_in_any_order() {
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut desk = Desk::staffed(&[]);
        let tickets: Vec<(TicketId, u32)> = (0..3)
            .map(|id| {
                let ticket = desk.hand_off(1);
                desk.customer(1, Some(id));
                (ticket, closed(&desk.left(1)).number)
            })
            .collect();
        let mut left: Vec<usize> = vec![0, 1, 2];
        for forgotten in order {
            let (ticket, last) = tickets[forgotten];
            assert_eq!(desk.receipt(Party::Bot(BOT), ticket, last, 0).events.len(), 2);
            left.retain(|other| *other != forgotten);
            let Some(newest) = left.last() else { continue };
            let again = desk.customer(1, Some(*newest as u128));
            assert_eq!(again.ticket, Some(tickets[*newest].0), "{order:?}, without {forgotten}");
        }
        assert_eq!(desk.customer(1, Some(9)).ticket, None);
        let next = desk.hand_off(1);
        assert_eq!(desk.customer(1, Some(0)).ticket, Some(next));
    }
}
