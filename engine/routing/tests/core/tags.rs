//! Tags that a queue wants at the close.

use crate::common::*;
use relevo_routing::input::{Command, Idempotency, Input};
use relevo_routing::{Event, Reply};
use relevo_wire::answer::Answer;
use relevo_wire::vocabulary::{Intent, TicketState, WrapUpEnd};
use relevo_wire::{ErrorCode, TicketId};

fn closing(desk: &Desk, ticket: TicketId, tags: &[&str]) -> Input {
    let (agent, epoch) = (desk.agent_id("ana"), desk.epoch(ticket));
    Input::Close { agent, ticket, epoch, tags: tags.iter().map(ToString::to_string).collect() }
}

fn wrapped(desk: &Desk, ticket: TicketId, tags: &[&str]) -> Input {
    let tags = tags.iter().map(ToString::to_string).collect();
    Input::WrapUpDone { agent: desk.agent_id("ana"), ticket, tags }
}

/// How the wrap-up ended: with these tags, and marked or not.
fn ended(events: &[Event]) -> Vec<(WrapUpEnd, Vec<String>, bool)> {
    let ended = events.iter().filter_map(|event| {
        let Event::WrappedUp(e) = event else { return None };
        Some((e.end, e.tags.clone(), e.untagged))
    });
    ended.collect()
}

/// `ana` with a ticket in service in a queue that wants tags.
fn in_service(wrap_up_seconds: u32) -> (Desk, TicketId) {
    let mut desk = Desk::staffed(&["ana"]);
    desk.queue("q", &["ana"], |queue| {
        queue.mandatory_tags = true;
        queue.wrap_up_seconds = wrap_up_seconds;
    });
    let ticket = desk.hand_off(1);
    desk.reply("ana", ticket);
    (desk, ticket)
}

#[test]
fn without_a_wrap_up_the_close_needs_a_tag() {
    let (mut desk, ticket) = in_service(0);
    let refused = desk.refused(closing(&desk, ticket, &[]));
    assert_eq!((refused.code, refused.field.as_str()), (ErrorCode::Malformed, "tags"));
    assert!(refused.message.contains("at least one tag"), "{}", refused.message);
    desk.events(closing(&desk, ticket, &["refund"]));
    assert_eq!(desk.place(ticket).0, TicketState::Closed);
}

#[test]
fn what_nobody_wraps_up_needs_its_tag_at_the_close_too() {
    let mut desk = Desk::staffed(&["ana"]);
    desk.queue("q", &["ana"], |queue| {
        queue.mandatory_tags = true;
        queue.wrap_up_seconds = 30;
    });
    let ticket = desk.hand_off(1);
    let refused = desk.code(closing(&desk, ticket, &[]));
    assert_eq!(refused, ErrorCode::Malformed, "without a reply there is no wrap-up");
    desk.events(closing(&desk, ticket, &["spam"]));
}

#[test]
fn with_a_wrap_up_the_tag_may_come_at_its_end() {
    let (mut desk, ticket) = in_service(30);
    desk.events(closing(&desk, ticket, &[]));
    let refused = desk.refused(wrapped(&desk, ticket, &[]));
    assert_eq!((refused.code, refused.field.as_str()), (ErrorCode::Malformed, "tags"));
    let many: Vec<String> = (0..33).map(|tag| tag.to_string()).collect();
    let agent = desk.agent_id("ana");
    assert_eq!(
        desk.code(Input::WrapUpDone { agent, ticket, tags: many }),
        ErrorCode::LimitExceeded
    );
    desk.restart(SECOND);
    desk.events(Input::Ready);
    let events = desk.events(wrapped(&desk, ticket, &["refund"]));
    assert_eq!(ended(&events), [(WrapUpEnd::Done, vec!["refund".to_owned()], false)]);
    assert_eq!(desk.events(wrapped(&desk, ticket, &[])), [], "it is over already");
}

#[test]
fn what_has_no_tag_at_the_limit_or_when_its_agent_goes_is_marked_untagged() {
    let (mut desk, ticket) = in_service(30);
    desk.events(closing(&desk, ticket, &[]));
    assert_eq!(ended(&desk.pass(30 * SECOND)), [(WrapUpEnd::Limit, Vec::new(), true)]);
    let ticket = desk.hand_off(2);
    desk.reply("ana", ticket);
    desk.left(2);
    let events = desk.intent("ana", Intent::Offline);
    assert_eq!(ended(&events), [(WrapUpEnd::AgentGone, Vec::new(), true)]);
}

#[test]
fn what_has_its_tag_or_needs_none_is_not_marked() {
    let (mut desk, ticket) = in_service(30);
    desk.events(closing(&desk, ticket, &["refund"]));
    assert_eq!(ended(&desk.pass(30 * SECOND)), [(WrapUpEnd::Limit, Vec::new(), false)]);
    let ticket = desk.hand_off(2);
    desk.queue("q", &["ana"], |queue| queue.wrap_up_seconds = 30);
    desk.reply("ana", ticket);
    desk.events(closing(&desk, ticket, &[]));
    assert_eq!(ended(&desk.pass(30 * SECOND)), [(WrapUpEnd::Limit, Vec::new(), false)]);
}

#[test]
fn tags_that_come_after_the_end_of_the_wrap_up_are_refused_and_not_dropped() {
    let (mut desk, ticket) = in_service(30);
    desk.events(closing(&desk, ticket, &[]));
    let keyed = |input| Command {
        idempotency: Some(Idempotency { credential: 1, key: 2, digest: 3 }),
        input,
    };
    let done = keyed(wrapped(&desk, ticket, &["refund"]));
    assert_eq!(ended(&desk.command(done.clone()).events).len(), 1);
    let again = desk.command(done);
    assert!(matches!(again.reply, Some(Reply::Answer(Answer::Done(_)))), "{:?}", again.reply);
    let refused = desk.refused(wrapped(&desk, ticket, &["late"]));
    assert_eq!(refused.code, ErrorCode::WrongState);
    assert!(refused.message.contains("over"), "{}", refused.message);
    assert_eq!(desk.events(wrapped(&desk, ticket, &[])), [], "without tags nothing is lost");
}
