//! Contacts who are blocked.

use crate::common::*;
use relevo_routing::event::{ContactUnblocked, HandOffRejected, Rejection};
use relevo_routing::input::{HandOff, Input};
use relevo_routing::{Event, Settings};
use relevo_wire::answer::{Answer, Rejected};
use relevo_wire::directory::{Bot, Object, ObjectRef, Queue};
use relevo_wire::vocabulary::{Holder, Language, Text, TicketState};
use relevo_wire::{BotId, ContactKey, ErrorCode};

fn block(contact: u128, until: Option<u64>) -> Input {
    Input::BlockContact { bot: BOT, contact: ContactKey(contact), until }
}

fn unblock(contact: u128) -> Input {
    Input::UnblockContact { bot: BOT, contact: ContactKey(contact) }
}

impl Desk {
    fn is_refused(&mut self, input: HandOff) -> Rejected {
        let (events, answer) = self.ask(Input::HandOff(input.clone()));
        let Answer::Rejected(rejected) = answer else { panic!("{answer:?}") };
        let (bot, contact, reason, test) = (input.bot, input.contact, input.reason, input.test);
        let queue = self.queue_id("q");
        let rejection = Rejection::Blocked;
        let counted = HandOffRejected { bot, queue, contact, reason, rejection, test };
        let expected = [Event::HandOffRejected(counted)];
        assert_eq!(events, if input.dry_run { &[][..] } else { &expected });
        rejected
    }
}

#[test]
fn the_hand_off_of_a_blocked_contact_is_refused_as_such_until_somebody_unblocks_it() {
    let mut desk = Desk::staffed(&["ana"]);
    desk.events(block(1, None));
    let rejected = desk.is_refused(hand_off(1));
    assert_eq!((rejected.reason.as_str(), rejected.opens_at), ("blocked", None));
    let told = relevo_routing::texts::shipped(Language::En, Text::HelpDeskOff);
    assert_eq!(rejected.text, told, "nobody tells a customer that he is blocked");
    desk.is_refused(HandOff { dry_run: true, ..hand_off(1) });
    desk.is_refused(HandOff { test: true, ..hand_off(1) });
    desk.restart(SECOND);
    desk.events(Input::Ready);
    desk.is_refused(hand_off(1));
    desk.hand_off(2);
    desk.events(unblock(1));
    desk.hand_off(1);
}

#[test]
fn a_block_ends_by_itself_at_its_time() {
    let mut desk = Desk::staffed(&["ana"]);
    desk.events(block(1, Some(desk.now + 60 * SECOND)));
    desk.events(block(2, Some(desk.now + 60 * SECOND)));
    desk.events(block(3, Some(desk.now + 90 * SECOND)));
    desk.wait(60 * SECOND - 1);
    desk.is_refused(hand_off(1));
    desk.now += 1;
    desk.hand_off(1);
    let ended = |contact| {
        let contact = ContactKey(contact);
        Event::ContactUnblocked(ContactUnblocked { bot: BOT, contact, expired: true })
    };
    assert_eq!(desk.pass(0), [ended(1), ended(2)], "the hand-off did not wait for the tick");
    desk.is_refused(hand_off(3));
    assert_eq!(desk.pass(30 * SECOND), [ended(3)]);
}

#[test]
fn who_is_blocked_again_has_the_new_end() {
    let mut desk = Desk::staffed(&["ana"]);
    desk.events(block(1, Some(desk.now + 60 * SECOND)));
    desk.events(block(1, None));
    desk.wait(60 * SECOND);
    desk.is_refused(hand_off(1));
    desk.events(block(1, Some(desk.now + SECOND)));
    assert_eq!(desk.pass(SECOND).len(), 1);
    desk.hand_off(1);
}

#[test]
fn an_open_ticket_is_not_touched_by_a_block() {
    let mut desk = Desk::staffed(&["ana"]);
    let ticket = desk.hand_off(1);
    let waiting = desk.hand_off(2);
    desk.events(block(1, None));
    desk.events(block(2, None));
    assert!(desk.accepted(hand_off(1)).existing);
    assert_eq!(desk.customer(1, None).holder, Holder::Agent);
    desk.reply("ana", ticket);
    desk.close("ana", ticket);
    assert_eq!(desk.holder(waiting).as_deref(), Some("ana"), "who waits is served");
    assert_eq!(desk.place(waiting).0, TicketState::Assigned);
    desk.is_refused(hand_off(1));
}

#[test]
fn the_words_of_a_blocked_contact_reopen_nothing_but_its_agent_may() {
    let mut desk = desk();
    desk.agent("ana", 1);
    desk.queue("q", &["ana"], |queue| queue.reopen_seconds = 600);
    desk.online("ana");
    let ticket = desk.hand_off(1);
    desk.reply("ana", ticket);
    desk.close("ana", ticket);
    desk.events(block(1, None));
    assert_eq!(desk.customer(1, None).holder, Holder::Bot);
    let agent = desk.agent_id("ana");
    let answer = desk.ask(Input::Reopen { agent, ticket }).1;
    assert!(matches!(answer, Answer::Next(_)), "{answer:?}");
}

#[test]
fn a_block_is_of_one_bot_and_goes_with_it() {
    let mut desk = Desk::with(Settings { blocked_contacts: 1, ..Settings::default() });
    desk.queue("q", &[], |_| {});
    desk.put(Object::Bot(Bot::new("c", "r")));
    desk.put(Object::Queue(Queue::new("c", "r")));
    let other = BotId(1);
    let blocked = Input::BlockContact { bot: other, contact: ContactKey(1), until: None };
    desk.events(blocked.clone());
    desk.hand_off(1);
    assert_eq!(desk.code(block(2, None)), ErrorCode::LimitExceeded);
    desk.events(Input::Delete { object: ObjectRef::Queue("c".into(), "r".into()) });
    desk.events(Input::Delete { object: ObjectRef::Bot("c".into()) });
    assert_eq!(desk.code(blocked), ErrorCode::NotFound);
    desk.events(block(2, None));
    desk.restart(SECOND);
}

#[test]
fn the_number_of_blocks_is_bounded_and_one_more_is_refused() {
    let mut desk = Desk::with(Settings { blocked_contacts: 2, ..Settings::default() });
    desk.queue("q", &[], |_| {});
    desk.events(block(1, None));
    desk.events(block(2, None));
    let refused = desk.refused(block(3, None));
    assert_eq!((refused.code, refused.field.as_str()), (ErrorCode::LimitExceeded, "contact"));
    assert!(refused.message.contains("at most 2 contacts"), "{}", refused.message);
    desk.events(block(2, Some(desk.now + SECOND)));
    desk.pass(SECOND);
    desk.events(block(3, None));
}

#[test]
fn a_block_that_is_over_before_it_begins_and_one_that_is_not_there_are_refused() {
    let mut desk = desk();
    let refused = desk.refused(block(1, Some(desk.now)));
    assert_eq!((refused.code, refused.field.as_str()), (ErrorCode::Malformed, "until"));
    let refused = desk.refused(unblock(1));
    assert_eq!((refused.code, refused.field.as_str()), (ErrorCode::NotFound, "contact"));
}
