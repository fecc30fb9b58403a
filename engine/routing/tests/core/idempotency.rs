//! Commands with a key are done once.

use crate::common::*;
use relevo_routing::event::Event;
use relevo_routing::input::{Command, HandOff, Idempotency, Input};
use relevo_routing::{Reply, Step};
use relevo_wire::ErrorCode;
use relevo_wire::answer::Answer;
use relevo_wire::vocabulary::Intent;

fn keyed(desk: &mut Desk, key: u128, digest: u128, input: Input) -> Step {
    let idempotency = Some(Idempotency { credential: 1, key, digest });
    desk.command(Command { idempotency, input })
}

fn answer(step: Step) -> Answer {
    let Some(Reply::Answer(answer)) = step.reply else { panic!("{step:?}") };
    answer
}

#[test]
fn the_same_key_and_content_get_the_first_answer_again() {
    let mut desk = Desk::staffed(&["ana"]);
    let first = keyed(&mut desk, 5, 1, Input::HandOff(hand_off(1)));
    assert!(matches!(first.events.last(), Some(Event::Answered(_))));
    let first = answer(first);
    let Answer::Accepted(accepted) = &first else { panic!("{first:?}") };
    desk.close("ana", accepted.ticket);
    let again = keyed(&mut desk, 5, 1, Input::HandOff(hand_off(1)));
    assert_eq!(again.events[..], []);
    assert_eq!(answer(again), first);

    desk.restart(SECOND);
    let again = keyed(&mut desk, 5, 1, Input::HandOff(hand_off(1)));
    assert_eq!(answer(again), first, "also after a restart");
    desk.now += 24 * 3600 * SECOND;
    let later = keyed(&mut desk, 5, 1, Input::HandOff(hand_off(1)));
    assert_ne!(answer(later), first, "24 hours later it is a new one");
}

#[test]
fn the_same_key_with_other_content_is_a_conflict() {
    let mut desk = Desk::staffed(&["ana"]);
    keyed(&mut desk, 5, 1, Input::HandOff(hand_off(1)));
    let other = keyed(&mut desk, 5, 2, Input::HandOff(hand_off(2)));
    assert_eq!(other.events[..], []);
    let Answer::Error(error) = answer(other) else { panic!("a conflict") };
    assert_eq!(error.code, ErrorCode::IdempotencyConflict);
    let idempotency = Some(Idempotency { credential: 2, key: 5, digest: 2 });
    let step = desk.command(Command { idempotency, input: Input::HandOff(hand_off(2)) });
    assert!(matches!(answer(step), Answer::Accepted(_)), "another credential's key is another");
}

#[test]
fn a_refusal_is_not_remembered_and_reads_take_no_key() {
    let mut desk = Desk::staffed(&["ana"]);
    let ana = desk.agent_id("ana");
    let next = || Input::Next { agent: ana, queue: None };
    let step = keyed(&mut desk, 5, 1, next());
    assert_eq!(step.events[..], []);
    assert!(matches!(answer(step), Answer::Error(_)));
    let intent = Input::SetPresence {
        agent: ana,
        intent: Intent::Paused,
        reason: "lunch".into(),
        seen: desk.seats.word(0).expect("a word").close_intent(),
    };
    assert!(matches!(answer(keyed(&mut desk, 5, 1, intent)), Answer::Done(_)), "tried again");
    let dry = Input::HandOff(HandOff { dry_run: true, ..hand_off(1) });
    assert_eq!(keyed(&mut desk, 6, 1, dry).events[..], []);
}

#[test]
fn a_pause_that_is_not_carried_out_again_leaves_no_agent_closed() {
    let mut desk = Desk::staffed(&["ana"]);
    let ana = desk.agent_id("ana");
    let pause = |desk: &mut Desk, digest| {
        // The session closes the word before its command comes.
        let seen = desk.seats.word(0).expect("a word").close_intent();
        let reason = "lunch".to_owned();
        let input = Input::SetPresence { agent: ana, intent: Intent::Paused, reason, seen };
        keyed(desk, 5, digest, input)
    };
    pause(&mut desk, 1);
    desk.intent("ana", Intent::Online);
    let waiting = {
        let first = desk.hand_off(1);
        assert_eq!(desk.holder(first).as_deref(), Some("ana"));
        desk.hand_off(2)
    };
    let repeated = pause(&mut desk, 1);
    assert_eq!(repeated.events[..], []);
    assert!(matches!(answer(repeated), Answer::Done(_)), "the first answer again");
    let first = desk.tickets_of_contact(1);
    assert_eq!(assignments(&desk.close("ana", first)), [(waiting, ana)], "she is online");

    assert!(matches!(answer(pause(&mut desk, 2)), Answer::Error(_)), "the key is taken");
    let third = desk.hand_off(3);
    desk.close("ana", waiting);
    assert_eq!(desk.holder(third).as_deref(), Some("ana"));
}
