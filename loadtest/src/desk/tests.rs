//! What the desks ask for, step by step.

use super::*;
use crate::bodies::Bodies;
use crate::checker::Counter;
use crate::phases::Phase;
use crate::plan::staff::Staff;
use crate::plan::{Plan, ServiceShape};
use crate::stamp::TicketStamp;
use crate::world::World;
use relevo_client::wire::Packed;
use relevo_client::wire::WireError;
use relevo_client::wire::answer::{Accepted, Done, Rejected, Sent};
use relevo_client::wire::push::{Assigned, Empty, EntryEvent, HandedOff, Message, Returned};
use relevo_client::wire::vocabulary::{
    Author, CloseReason, HandOffDetails, HandOffReason, Holder, Outcome,
};
use std::sync::Arc;

const TICKET: TicketId = TicketId(5);
const SERVICE_US: u64 = 1_000_000;

fn world(plan: impl FnOnce(&mut Plan)) -> Arc<World> {
    let mut of = Plan {
        seed: 1,
        bots: 1,
        queues_per_bot: 1,
        pull_share: 0.0,
        messages_per_ticket: 4,
        transfer_share: 0.0,
        leave_share: 0.0,
        patience_mean_us: 0,
        service: ServiceShape::LogNormal,
    };
    plan(&mut of);
    let staff = Staff { agents: 2, seats: 1, bots: 1, queues_per_bot: of.queues_per_bot };
    Arc::new(World::new(of, staff, Bodies::generated(1)).exact())
}

fn entry(number: u32, event: EntryEvent) -> Entry {
    Entry { ticket: TICKET, number, at: 100 * u64::from(number), event }
}

fn assigned(number: u32) -> Entry {
    entry(number, EntryEvent::Assigned(Assigned { agent: "agent-00000".into(), epoch: 2 }))
}

fn returned(number: u32, outcome: Outcome) -> Entry {
    let reason = CloseReason::Agent;
    entry(
        number,
        EntryEvent::Returned(Returned {
            reason,
            outcome,
            tags: Vec::new(),
            epoch: 3,
            reopen_until: None,
        }),
    )
}

fn empty(number: u32) -> Entry {
    entry(number, EntryEvent::Empty(Empty {}))
}

fn answered(tag: Tag, result: Result<Answer, ClientError>) -> Answered {
    Answered { tag, intended_us: 10, at_us: 50, result }
}

fn accepted() -> Result<Answer, ClientError> {
    Ok(Answer::Accepted(Accepted {
        ticket: TICKET,
        number: 1,
        existing: false,
        position: 0,
        estimated_wait: None,
        text: String::new(),
        truncated: false,
        epoch: 1,
        absent: None,
    }))
}

fn sent(number: u32) -> Result<Answer, ClientError> {
    Ok(Answer::Sent(Sent { holder: Holder::Agent, ticket: Some(TICKET), number, epoch: 2 }))
}

fn requests(actions: &mut Vec<Action>) -> Vec<(Tag, Box<Command>)> {
    let requests = actions.drain(..).filter_map(|action| match action {
        Action::Request { tag, command, .. } => Some((tag, command)),
        Action::Schedule { .. } => None,
    });
    requests.collect()
}

fn schedules(actions: &[Action]) -> Vec<(u64, Due)> {
    let schedules = actions.iter().filter_map(|action| match action {
        Action::Schedule { due_us, due } => Some((*due_us, *due)),
        Action::Request { .. } => None,
    });
    schedules.collect()
}

fn bot(world: &Arc<World>) -> BotDesk {
    BotDesk::new(0, Arc::clone(world))
}

fn arrive(desk: &mut BotDesk, actions: &mut Vec<Action>) {
    desk.due(Due::Arrival { index: 0, service_mean_us: SERVICE_US }, 10, actions);
    let tags: Vec<Tag> = requests(actions).into_iter().map(|(tag, _)| tag).collect();
    assert_eq!(tags, [Tag::HandOff(0)]);
}

#[test]
fn entries_that_come_before_the_answer_of_the_hand_off_are_not_lost() {
    let world = world(|_| {});
    let (mut desk, mut actions) = (bot(&world), Vec::new());
    arrive(&mut desk, &mut actions);
    desk.saw(empty(1), 20, &mut actions);
    desk.saw(assigned(2), 30, &mut actions);
    assert_eq!(world.recorder.whole(Phase::Assigned).len(), 0);
    desk.answered(answered(Tag::HandOff(0), accepted()), &mut actions);
    assert_eq!(world.recorder.whole(Phase::Assigned).len(), 1);
    assert_eq!(world.recorder.whole(Phase::HandOffAcknowledged).max(), 40);
    let waits = world.waits.as_ref().unwrap().lock().unwrap().clone();
    assert_eq!(waits.len(), 1);
    assert_eq!((waits[0].from, waits[0].waited_us, waits[0].left), (100, 100, false));
    assert_eq!(world.floor.waiting(), 0);
}

#[test]
fn a_customer_leaves_when_its_patience_ends_and_only_while_it_waits() {
    let world = world(|plan| plan.patience_mean_us = 1_000_000);
    let (mut desk, mut actions) = (bot(&world), Vec::new());
    arrive(&mut desk, &mut actions);
    desk.answered(answered(Tag::HandOff(0), accepted()), &mut actions);
    let patience = schedules(&actions).into_iter().find(|(_, due)| *due == Due::Patience(0));
    let (due_us, due) = patience.unwrap();
    requests(&mut actions);
    desk.due(due, due_us, &mut actions);
    assert!(matches!(requests(&mut actions)[..], [(Tag::CustomerLeft(0), _)]));
    // Told once.
    desk.due(due, due_us, &mut actions);
    assert!(requests(&mut actions).is_empty());
    desk.saw(empty(1), 20, &mut actions);
    desk.saw(returned(2, Outcome::Lost), 30, &mut actions);
    assert_eq!(world.tally.outcomes().get("lost"), Some(&1));
    assert_eq!(world.tally.open_now(), 0);

    let (mut desk, mut actions) = (bot(&world), Vec::new());
    arrive(&mut desk, &mut actions);
    desk.answered(answered(Tag::HandOff(0), accepted()), &mut actions);
    desk.saw(assigned(1), 20, &mut actions);
    requests(&mut actions);
    desk.due(due, due_us, &mut actions);
    assert!(requests(&mut actions).is_empty());
}

#[test]
fn a_customer_answers_the_agent_one_message_at_a_time() {
    let world = world(|_| {});
    let (mut desk, mut actions) = (bot(&world), Vec::new());
    arrive(&mut desk, &mut actions);
    desk.answered(answered(Tag::HandOff(0), accepted()), &mut actions);
    actions.clear();
    desk.due(Due::Writing(0), 60, &mut actions);
    let first = requests(&mut actions);
    desk.due(Due::Writing(0), 70, &mut actions);
    assert!(requests(&mut actions).is_empty(), "the first one has no answer yet");
    desk.answered(answered(first[0].0, sent(2)), &mut actions);
    let second = requests(&mut actions);
    assert!(matches!(second[..], [(Tag::CustomerMessage(id), _)] if id.ordinal == 1));
    // The plan has two messages of the customer.
    desk.answered(answered(second[0].0, sent(3)), &mut actions);
    desk.due(Due::Writing(0), 90, &mut actions);
    assert!(requests(&mut actions).is_empty());
}

fn agent(world: &Arc<World>) -> AgentDesk {
    AgentDesk::new(0, Arc::clone(world), None)
}

fn handed_off(transferred: bool) -> Entry {
    let stamp = TicketStamp { index: 0, intended_us: 10, service_mean_us: SERVICE_US, transferred };
    let details = HandOffDetails {
        context: vec![(crate::stamp::FIELD.into(), stamp.text())],
        ..HandOffDetails::default()
    };
    let event = EntryEvent::HandedOff(HandedOff {
        bot: "bot-000".into(),
        queue: "queue-00".into(),
        reason: HandOffReason::Planned,
        priority: 0,
        parent: transferred.then_some(TicketId(4)),
        note: if transferred { stamp.text() } else { String::new() },
        details: (!transferred).then(|| Packed::new(&details)),
    });
    entry(1, event)
}

/// Lets the desk do everything that it has asked for, as fast as the daemon could answer. Gives
/// back the commands and the times at which they were meant.
fn serve(desk: &mut AgentDesk, actions: &mut Vec<Action>) -> Vec<(&'static str, u64)> {
    let mut done = Vec::new();
    let mut number = 3;
    while let Some(action) = actions.pop() {
        match action {
            Action::Schedule { due_us, due } => desk.due(due, due_us, due_us, actions),
            Action::Request { tag, intended_us, .. } => {
                done.push((tag.command(), intended_us));
                let says = matches!(tag, Tag::AgentMessage(..));
                let result = if says { sent(number) } else { Ok(Answer::Done(Done {})) };
                number += 1;
                desk.answered(answered(tag, result), actions);
            }
        }
    }
    done
}

#[test]
fn an_agent_says_its_messages_in_time_and_closes_at_the_end_of_the_service() {
    let world = world(|_| {});
    let (mut desk, mut actions) = (agent(&world), Vec::new());
    desk.saw(&handed_off(false), 100, &mut actions);
    desk.saw(&assigned(2), 110, &mut actions);
    assert_eq!(world.recorder.whole(Phase::AgentNotified).max(), 100);
    assert_eq!(world.recorder.whole(Phase::NotifiedAtOnce).len(), 0, "it waited");
    let conversation = world.plan.conversation(0, SERVICE_US);
    let at = |ordinal| 110 + conversation.agent_message_after_us(ordinal);
    let expected = [
        ("send (agent)", at(0)),
        ("send (agent)", at(1)),
        ("close", 110 + conversation.service_us),
    ];
    assert_eq!(serve(&mut desk, &mut actions), expected);
}

#[test]
fn a_ticket_that_is_opened_and_assigned_at_one_time_did_not_wait() {
    let world = world(|_| {});
    let (mut desk, mut actions) = (agent(&world), Vec::new());
    let opened = handed_off(false);
    desk.saw(&opened, 100, &mut actions);
    desk.saw(&Entry { at: opened.at, ..assigned(2) }, 110, &mut actions);
    assert_eq!(world.recorder.whole(Phase::NotifiedAtOnce).max(), 100);
}

#[test]
fn a_transfer_splits_the_work_between_two_agents() {
    let world = world(|plan| {
        plan.transfer_share = 1.0;
        plan.messages_per_ticket = 8;
    });
    let conversation = world.plan.conversation(0, SERVICE_US);
    let (mut first, mut actions) = (agent(&world), Vec::new());
    first.saw(&handed_off(false), 100, &mut actions);
    first.saw(&assigned(2), 110, &mut actions);
    let done = serve(&mut first, &mut actions);
    let commands: Vec<_> = done.iter().map(|(command, _)| *command).collect();
    assert_eq!(commands, ["send (agent)", "send (agent)", "transfer"]);
    let (mut second, mut actions) = (agent(&world), Vec::new());
    second.saw(&handed_off(true), conversation.service_us, &mut actions);
    second.saw(&assigned(2), conversation.service_us, &mut actions);
    let done = serve(&mut second, &mut actions);
    let commands: Vec<_> = done.iter().map(|(command, _)| *command).collect();
    assert_eq!(commands, ["send (agent)", "send (agent)", "close"]);
    let left_us = conversation.service_us - conversation.service_us / 2;
    assert_eq!(done[2].1, conversation.service_us + left_us);
    assert!(done.is_sorted_by_key(|(_, at_us)| *at_us));
}

#[test]
fn a_refused_transfer_leaves_the_work_where_it_is() {
    let world = world(|plan| plan.transfer_share = 1.0);
    let (mut desk, mut actions) = (agent(&world), Vec::new());
    desk.saw(&handed_off(false), 100, &mut actions);
    desk.saw(&assigned(2), 110, &mut actions);
    actions.clear();
    let refused = WireError::new(ErrorCode::WrongState, "nobody is online there");
    let refused = answered(Tag::Transfer(TICKET), Err(ClientError::Refused(refused)));
    desk.answered(refused, &mut actions);
    let commands: Vec<_> =
        serve(&mut desk, &mut actions).iter().map(|(command, _)| *command).collect();
    assert_eq!(commands, ["send (agent)", "send (agent)", "close"]);
}

#[test]
fn a_close_that_a_draining_daemon_refuses_is_made_again() {
    let world = world(|_| {});
    let (mut desk, mut actions) = (agent(&world), Vec::new());
    desk.saw(&handed_off(false), 100, &mut actions);
    desk.saw(&assigned(2), 110, &mut actions);
    serve(&mut desk, &mut actions);
    let refused = WireError::new(ErrorCode::Draining, "connect elsewhere");
    let refused = answered(Tag::Close(TICKET), Err(ClientError::Refused(refused)));
    desk.answered(refused, &mut actions);
    let commands: Vec<_> =
        serve(&mut desk, &mut actions).iter().map(|(command, _)| *command).collect();
    assert_eq!(commands, ["close"]);
}

fn refused(code: ErrorCode) -> Result<Answer, ClientError> {
    Err(ClientError::Refused(WireError::new(code, "no")))
}

#[test]
fn a_run_in_which_a_customer_s_message_or_leaving_is_refused_fails() {
    let world = world(|_| {});
    let (mut desk, mut actions) = (bot(&world), Vec::new());
    arrive(&mut desk, &mut actions);
    desk.answered(answered(Tag::HandOff(0), accepted()), &mut actions);
    actions.clear();
    desk.due(Due::Writing(0), 60, &mut actions);
    let (message, _) = requests(&mut actions).remove(0);
    assert_eq!(world.tally.failures(), [""; 0]);
    // A customer's words are never stale: without a ticket the bot has them.
    desk.answered(answered(message, refused(ErrorCode::StaleEpoch)), &mut actions);
    desk.answered(answered(Tag::CustomerLeft(0), refused(ErrorCode::NotFound)), &mut actions);
    let [leaving, message] = world.tally.failures().try_into().unwrap();
    assert!(leaving.contains("1 x customer_left: not_found"), "{leaving}");
    assert!(message.contains("1 x send (customer): stale_epoch"), "{message}");
    let done = answered(Tag::CustomerMessage(customer_message()), Ok(Answer::Done(Done {})));
    desk.answered(done, &mut actions);
    let failures = world.tally.failures();
    assert!(failures.iter().any(|why| why.contains("send (customer): answered with done")));
}

fn customer_message() -> MessageId {
    let stamp =
        crate::stamp::MessageStamp { index: 0, by_customer: true, ordinal: 0, intended_us: 1 };
    stamp.into()
}

#[test]
fn a_hand_off_may_be_refused_for_want_of_room_and_for_nothing_else() {
    let world = world(|_| {});
    let (mut desk, mut actions) = (bot(&world), Vec::new());
    arrive(&mut desk, &mut actions);
    desk.answered(answered(Tag::HandOff(0), refused(ErrorCode::Overloaded)), &mut actions);
    assert_eq!(world.tally.failures(), [""; 0]);
    assert_eq!(world.tally.errors().get("hand_off: overloaded"), Some(&1));
    arrive(&mut desk, &mut actions);
    let rejected = Rejected { reason: "blocked".into(), text: String::new(), opens_at: None };
    desk.answered(answered(Tag::HandOff(0), Ok(Answer::Rejected(rejected))), &mut actions);
    assert!(world.tally.failures()[0].contains("1 x hand_off: rejected: blocked"));
}

#[test]
fn what_crosses_with_the_other_side_is_expected_of_agents_and_other_refusals_are_not() {
    let world = world(|_| {});
    let (mut desk, mut actions) = (agent(&world), Vec::new());
    let message = Tag::AgentMessage(TICKET, customer_message());
    let crossings = [
        (message, ErrorCode::StaleEpoch),
        (Tag::Close(TICKET), ErrorCode::NotFound),
        (Tag::Close(TICKET), ErrorCode::Draining),
        (Tag::Transfer(TICKET), ErrorCode::WrongState),
        (Tag::Pull, ErrorCode::NothingWaiting),
        (Tag::Pull, ErrorCode::NoSeat),
    ];
    for (tag, code) in crossings {
        desk.answered(answered(tag, refused(code)), &mut actions);
    }
    assert_eq!(world.tally.failures(), [""; 0]);
    for (tag, code) in [
        (message, ErrorCode::WrongState),
        (message, ErrorCode::LimitExceeded),
        (Tag::Close(TICKET), ErrorCode::Internal),
        (Tag::Transfer(TICKET), ErrorCode::Forbidden),
        (Tag::Pull, ErrorCode::Overloaded),
    ] {
        let before = world.tally.failures().len();
        desk.answered(answered(tag, refused(code)), &mut actions);
        assert_eq!(world.tally.failures().len(), before + 1, "{tag:?} {code:?}");
    }
    desk.answered(answered(Tag::Presence, Err(ClientError::GivenUp)), &mut actions);
    assert!(world.tally.failures().iter().any(|why| why.contains("set_presence")));
}

#[test]
fn the_way_of_a_message_counts_from_when_it_was_meant_and_not_before_the_assignment() {
    let world = world(|_| {});
    let (mut desk, mut actions) = (agent(&world), Vec::new());
    let message = |number, ordinal| {
        let stamp =
            crate::stamp::MessageStamp { index: 0, by_customer: true, ordinal, intended_us: 200 };
        let body = Packed::new(&stamp.body("hello"));
        let message = Message { author: Author::Customer, agent: None, body };
        entry(number, EntryEvent::Message(message))
    };
    desk.saw(&handed_off(false), 100, &mut actions);
    desk.saw(&message(2, 0), 210, &mut actions);
    assert_eq!(world.recorder.whole(Phase::RelayOneWay).len(), 0);
    desk.saw(&assigned(3), 220, &mut actions);
    desk.saw(&message(4, 1), 230, &mut actions);
    assert_eq!(world.recorder.whole(Phase::RelayOneWay).max(), 30);
    let (verdict, _) = world.checker.finish();
    assert_eq!(verdict.count(Counter::Altered).checked, 2);
}

#[test]
fn where_the_daemon_s_clock_counts_the_close_leaves_earlier_by_its_way() {
    let world = world(|_| {});
    (0..10_000).for_each(|_| world.closed_after(2_000));
    assert!((1_900..=2_000).contains(&world.lead_us()), "{}", world.lead_us());
    let (mut desk, mut actions) = (agent(&world), Vec::new());
    desk.saw(&handed_off(false), 100, &mut actions);
    desk.saw(&assigned(2), 110, &mut actions);
    let lead_us = world.lead_us();
    let close = serve(&mut desk, &mut actions).pop();
    let service_us = world.plan.conversation(0, SERVICE_US).service_us;
    assert_eq!(close, Some(("close", 110 + service_us - lead_us)));
}
