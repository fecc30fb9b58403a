//! Where tickets go on that wait too long, or in vain.

use crate::common::*;
use relevo_routing::event::{Demand, Event, OverflowReason, Overflowed, Rejection};
use relevo_routing::input::{HandOff, Input, Target};
use relevo_wire::TicketId;
use relevo_wire::answer::{Answer, Rejected};
use relevo_wire::directory::{Agent, NobodyOnline, Object, ObjectRef, Overflow, Queue, Skill};
use relevo_wire::vocabulary::{Intent, Text, Texts, TicketState, Via};

/// A step that time alone brings.
fn after(to: &str, seconds: u32) -> Option<Overflow> {
    Some(Overflow { after_seconds: Some(seconds), ..Overflow::new(to) })
}

fn to(queue: &str) -> Option<Overflow> {
    Some(Overflow::new(queue))
}

/// Queues with one member each, of the same name, of one seat; each overflows to the next as said.
/// The last is put first, as a target must be there.
fn chain(steps: &[(&str, Option<Overflow>)], online: &[&str]) -> Desk {
    let mut desk = desk();
    for (name, overflow) in steps.iter().rev() {
        let agent = format!("a-{name}");
        desk.agent(&agent, 1);
        desk.queue(name, &[&agent], |queue| queue.overflow = overflow.clone());
    }
    for name in online {
        desk.online(&format!("a-{name}"));
    }
    desk
}

/// The agent of a queue has no seat left.
fn fill(desk: &mut Desk, queue: &str, contact: u128) -> TicketId {
    let ticket = desk.hand_off_to(contact, queue);
    assert_eq!(desk.holder(ticket), Some(format!("a-{queue}")));
    ticket
}

fn queue_of(desk: &Desk, ticket: TicketId) -> String {
    desk.explain(ticket).queue
}

fn overflows(events: &[Event]) -> Vec<Overflowed> {
    let all = events.iter();
    all.filter_map(|e| if let Event::Overflowed(e) = e { Some(*e) } else { None }).collect()
}

fn rejected(desk: &mut Desk, input: HandOff) -> (Vec<Event>, Rejected) {
    match desk.ask(Input::HandOff(input)) {
        (events, Answer::Rejected(rejected)) => (events, rejected),
        other => panic!("rejected was expected, not {other:?}"),
    }
}

#[test]
fn who_has_waited_for_the_time_of_the_step_goes_on_and_stays_the_same_ticket() {
    let mut desk = chain(&[("q", after("r", 60)), ("r", None)], &["q", "r"]);
    let priority = Some(Overflow { priority: Some(800), ..after("r", 60).expect("a step") });
    desk.queue("q", &["a-q"], |queue| queue.overflow = priority);
    fill(&mut desk, "q", 1);
    let served = fill(&mut desk, "r", 2);
    let (begun, waiting) = (desk.now, desk.hand_off(3));
    desk.pass(59 * SECOND);
    let later = desk.accepted(HandOff { priority: 900, ..hand_off(4) }).ticket;
    let later_at = desk.now;
    let events = desk.pass(SECOND);
    let (from, to) = (desk.queue_id("q"), desk.queue_id("r"));
    let reason = OverflowReason::Timeout;
    let first = Overflowed { ticket: waiting, from, to, reason, priority: 800 };
    assert_eq!(overflows(&events), [first]);
    assert_eq!(queue_of(&desk, waiting), "b/r");
    assert_eq!(desk.tenant.queue_stats(to).oldest_waiting_since, Some(begun), "the clock goes on");
    assert_eq!(desk.tenant.queue_stats(from).oldest_waiting_since, Some(later_at));
    let events = desk.pass(60 * SECOND);
    assert_eq!(overflows(&events)[0].priority, 900, "a higher priority stays");
    // The later one is more urgent by its own priority.
    assert_eq!((desk.place(later).2, desk.place(waiting).2), (1, 2));
    let events = desk.close("a-r", served);
    assert_eq!(assignments(&events), [(later, desk.agent_id("a-r"))]);
    let Event::Assigned(assigned) = &events[1] else { panic!("assigned, not {events:?}") };
    assert_eq!((assigned.waited_us, assigned.number, assigned.epoch), (61 * SECOND, 2, 2));
}

#[test]
fn without_anybody_online_who_may_have_it_a_ticket_begins_in_the_queue_of_the_chain_that_takes_it()
{
    let mut desk = chain(&[("q", to("r")), ("r", to("s")), ("s", None)], &["s"]);
    let texts = |name: &str| Texts::default().with(Text::Online, format!("{name} comes"));
    let (of_q, of_s) = (texts("q"), texts("s"));
    desk.queue("q", &["a-q"], |queue| (queue.texts, queue.overflow) = (of_q, to("r")));
    desk.queue("s", &["a-s"], |queue| queue.texts = of_s);
    let dry = desk.accepted(HandOff { dry_run: true, ..hand_off(1) });
    let (events, answer) = desk.ask(Input::HandOff(hand_off(1)));
    let Answer::Accepted(accepted) = answer else { panic!("accepted was expected") };
    assert_eq!((accepted.text.as_str(), accepted.position), ("s comes", 0));
    assert_eq!(
        (dry.text, dry.position, dry.epoch),
        (accepted.text, 0, 2),
        "a dry run says the same"
    );
    let Event::TicketOpened(opened) = &events[0] else { panic!("opened, not {events:?}") };
    assert_eq!((opened.queue, opened.via), (desk.queue_id("s"), Via::HandOff));
    let reason = OverflowReason::NobodyOnline;
    assert_eq!(opened.overflowed, Some((desk.queue_id("q"), reason)));
    assert_eq!(desk.holder(accepted.ticket).as_deref(), Some("a-s"));
    // Seats do not matter: the agent is online.
    desk.online("a-q");
    let first = desk.hand_off(2);
    let second = desk.hand_off(3);
    assert_eq!((queue_of(&desk, first), queue_of(&desk, second)), ("b/q".into(), "b/q".into()));
}

#[test]
fn whoever_leaves_a_queue_last_sends_its_line_on() {
    let mut desk = chain(&[("q", to("r")), ("r", None)], &["q", "r"]);
    desk.agent("dan", 1);
    desk.queue("q", &["a-q", "dan"], |queue| queue.overflow = to("r"));
    desk.online("dan");
    let held = fill(&mut desk, "q", 1);
    desk.hand_off(2);
    fill(&mut desk, "r", 3);
    let (first, second) = (desk.hand_off(4), desk.hand_off(5));
    assert_eq!(overflows(&desk.intent("dan", Intent::Paused)), [], "one is still there");
    let events = desk.intent("a-q", Intent::Paused);
    let moved: Vec<_> = overflows(&events).iter().map(|e| (e.ticket, e.reason)).collect();
    let reason = OverflowReason::NobodyOnline;
    assert_eq!(moved, [(first, reason), (second, reason)], "in the order of the line");
    assert_eq!(desk.holder(held).as_deref(), Some("a-q"), "what an agent has stays");
}

#[test]
fn who_finds_no_queue_that_takes_him_stays_and_goes_on_when_one_does() {
    let mut desk = chain(&[("q", after("r", 30)), ("r", to("s")), ("s", None)], &[]);
    let first = desk.hand_off(1);
    assert_eq!(queue_of(&desk, first), "b/q", "nobody is online anywhere");
    assert_eq!(overflows(&desk.pass(60 * SECOND)), [], "nothing is lost");
    let because = desk.explain(first).because;
    assert!(
        because.contains("would go on to b/r, but no queue from there on takes it"),
        "{because}"
    );
    desk.connect("a-s");
    let events = desk.intent("a-s", Intent::Online);
    assert_eq!(overflows(&events).len(), 1, "at once, past a queue without anybody");
    assert_eq!(desk.holder(first).as_deref(), Some("a-s"));
}

#[test]
fn queues_that_are_closed_or_full_are_passed_over_and_a_place_that_comes_free_is_taken() {
    let mut desk = chain(&[("q", after("r", 30)), ("r", None)], &["q", "r"]);
    desk.queue("r", &["a-r"], |queue| queue.max_waiting = Some(1));
    fill(&mut desk, "q", 1);
    let held = fill(&mut desk, "r", 2);
    let (first, second) = (desk.hand_off(3), desk.hand_off(4));
    let events = desk.pass(30 * SECOND);
    assert_eq!(overflows(&events).iter().map(|e| e.ticket).collect::<Vec<_>>(), [first]);
    assert_eq!(queue_of(&desk, second), "b/q", "r is full");
    let events = desk.close("a-r", held);
    assert_eq!(overflows(&events).iter().map(|e| e.ticket).collect::<Vec<_>>(), [second]);
    assert_eq!((desk.holder(first), queue_of(&desk, second)), (Some("a-r".into()), "b/r".into()));
    let third = desk.hand_off(5);
    desk.queue("r", &["a-r"], |queue| queue.active = false);
    assert_eq!(overflows(&desk.pass(60 * SECOND)), [], "r is closed");
    let open = Object::Queue(Queue { members: vec!["a-r".into()], ..Queue::new("b", "r") });
    let events = desk.events(Input::Put { object: Box::new(open), if_version: None });
    assert_eq!(overflows(&events).iter().map(|e| e.ticket).collect::<Vec<_>>(), [third]);
}

#[test]
fn a_queue_may_keep_who_comes_whoever_is_online() {
    let keeps = Overflow { when_nobody_online: false, ..after("s", 60).expect("a step") };
    let mut desk = chain(&[("q", to("r")), ("r", Some(keeps)), ("s", None)], &["s"]);
    let ticket = desk.hand_off(1);
    assert_eq!(queue_of(&desk, ticket), "b/r");
    let events = desk.pass(60 * SECOND);
    assert_eq!(overflows(&events)[0].reason, OverflowReason::Timeout);
    assert_eq!(desk.holder(ticket).as_deref(), Some("a-s"));
}

#[test]
fn a_reserved_ticket_stays_and_its_step_counts_from_when_it_joins_the_line() {
    let mut desk = chain(&[("q", after("r", 30)), ("r", None)], &["q", "r"]);
    desk.agent("dan", 1);
    desk.queue("q", &["a-q", "dan"], |queue| queue.overflow = after("r", 30));
    let held = fill(&mut desk, "q", 1);
    desk.online("dan");
    let busy = desk.hand_off(2);
    assert_eq!(desk.holder(busy).as_deref(), Some("dan"));
    fill(&mut desk, "r", 3);
    let child = desk.transfer("a-q", held, Target::Agent(desk.agent_id("dan")));
    let child = desk.child(child);
    fill(&mut desk, "q", 4);
    assert_eq!(overflows(&desk.pass(60 * SECOND)), [], "it waits for dan for 60 s");
    assert_eq!(overflows(&desk.pass(29 * SECOND)), []);
    let events = desk.pass(SECOND);
    assert_eq!(overflows(&events).iter().map(|e| e.ticket).collect::<Vec<_>>(), [child]);
}

#[test]
fn a_ticket_that_goes_back_to_its_line_begins_its_step_anew() {
    let mut desk = chain(&[("q", after("r", 30)), ("r", None)], &["q", "r"]);
    desk.agent("dan", 1);
    desk.queue("q", &["a-q", "dan"], |queue| queue.overflow = after("r", 30));
    fill(&mut desk, "r", 1);
    let ticket = fill(&mut desk, "q", 2);
    desk.online("dan");
    desk.hand_off(3);
    desk.pass(100 * SECOND);
    let events = desk.intent("a-q", Intent::Offline);
    assert!(matches!(events[1], Event::Requeued(_)), "{events:?}");
    assert_eq!(overflows(&desk.pass(29 * SECOND)), []);
    assert_eq!(overflows(&desk.pass(SECOND))[0].ticket, ticket);
}

#[test]
fn a_changed_step_holds_for_who_waits_already() {
    let mut desk = chain(&[("q", after("r", 600)), ("r", None)], &["q", "r"]);
    fill(&mut desk, "q", 1);
    fill(&mut desk, "r", 2);
    let ticket = desk.hand_off(3);
    desk.pass(20 * SECOND);
    desk.queue("q", &["a-q"], |queue| queue.overflow = after("r", 30));
    let because = desk.explain(ticket).because;
    assert!(because.contains("; after 10 s more it goes to b/r"), "{because}");
    assert_eq!(overflows(&desk.pass(10 * SECOND)).len(), 1);
}

#[test]
fn a_step_moves_by_the_time_in_which_the_daemon_was_down() {
    let mut desk = chain(&[("q", after("r", 60)), ("r", None)], &["q", "r"]);
    fill(&mut desk, "q", 1);
    fill(&mut desk, "r", 2);
    let ticket = desk.hand_off(3);
    desk.pass(20 * SECOND);
    desk.restart(500 * SECOND);
    desk.now += 5 * SECOND;
    desk.handle(Input::Ready);
    desk.connect("a-q");
    desk.connect("a-r");
    assert_eq!(overflows(&desk.pass(39 * SECOND)), []);
    assert_eq!(overflows(&desk.pass(SECOND))[0].ticket, ticket);
}

#[test]
fn a_step_moves_a_bounded_number_and_a_tick_the_rest_at_once() {
    let settings = relevo_routing::Settings { assignments_per_step: 2, ..Default::default() };
    let mut desk = Desk::with(settings);
    for name in ["r", "q"] {
        desk.agent(&format!("a-{name}"), 1);
        let overflow = if name == "q" { to("r") } else { None };
        desk.queue(name, &[&format!("a-{name}")], |queue| queue.overflow = overflow);
        desk.online(&format!("a-{name}"));
        fill(&mut desk, name, name.len() as u128 * 10 + u128::from(name == "q"));
    }
    for contact in 1..=5 {
        desk.hand_off(contact);
    }
    let mut moved = vec![overflows(&desk.intent("a-q", Intent::Paused)).len()];
    while desk.tenant.next_deadline() == Some(0) {
        assert!(desk.tenant.audit(&desk.seats, 0, 2, desk.now).unfinished);
        moved.push(overflows(&desk.events_of_session(Input::Tick)).len());
    }
    assert_eq!(moved, [2, 2, 1]);
}

#[test]
fn a_refusal_comes_only_when_the_whole_chain_has_nobody() {
    let mut desk = chain(&[("q", to("r")), ("r", None)], &["r"]);
    let refuses = NobodyOnline::Refuse;
    desk.queue("q", &["a-q"], |queue| (queue.nobody_online, queue.overflow) = (refuses, to("r")));
    let ticket = desk.hand_off(1);
    assert_eq!(queue_of(&desk, ticket), "b/r");
    desk.intent("a-r", Intent::Paused);
    assert_eq!(rejected(&mut desk, hand_off(2)).1.reason, "no_agent");
}

#[test]
fn a_full_line_overflows_or_is_refused_with_its_text() {
    let mut desk = chain(&[("q", None), ("r", None)], &["q", "r"]);
    desk.queue("q", &["a-q"], |queue| queue.max_waiting = Some(2));
    fill(&mut desk, "q", 1);
    desk.hand_off(2);
    desk.hand_off(3);
    let (events, answer) = rejected(&mut desk, hand_off(4));
    let [Event::HandOffRejected(event)] = &events[..] else { panic!("one, not {events:?}") };
    assert_eq!(event.rejection, Rejection::QueueFull);
    assert_eq!((answer.reason.as_str(), answer.text), ("queue_full", english(Text::Full)));
    let own = Texts::default().with(Text::Full, "try tomorrow");
    let answer = rejected(&mut desk, HandOff { texts: Some(own), ..hand_off(4) }).1;
    assert_eq!(answer.text, "try tomorrow");
    let test = desk.accepted(HandOff { test: true, ..hand_off(5) });
    assert_eq!(test.position, 1, "a test takes nobody's place");
    desk.queue("q", &["a-q"], |queue| (queue.max_waiting, queue.overflow) = (Some(2), to("r")));
    let ticket = desk.hand_off(4);
    assert_eq!(queue_of(&desk, ticket), "b/r");
}

#[test]
fn what_goes_back_to_a_full_line_has_its_place() {
    let mut desk = chain(&[("q", None)], &["q"]);
    desk.queue("q", &["a-q"], |queue| queue.max_waiting = Some(1));
    let held = fill(&mut desk, "q", 1);
    desk.hand_off(2);
    desk.intent("a-q", Intent::Offline);
    assert_eq!(desk.place(held), (TicketState::Waiting, None, 1));
}

#[test]
fn a_target_must_be_another_queue_of_the_bot_and_lead_back_to_none() {
    let mut desk = chain(&[("q", to("r")), ("r", to("s")), ("s", None)], &[]);
    let put = |name: &str, overflow| {
        let object = Object::Queue(Queue { overflow, ..Queue::new("b", name) });
        Input::Put { object: Box::new(object), if_version: None }
    };
    let error = desk.refused(put("s", to("q")));
    assert_eq!(error.field, "overflow.to");
    assert!(error.message.contains("s -> q -> r -> s"), "{}", error.message);
    let error = desk.refused(put("s", to("s")));
    assert!(error.message.contains("s -> s"), "{}", error.message);
    let error = desk.refused(put("s", to("t")));
    assert!(error.message.contains("no queue named \"t\""), "{}", error.message);
    let deleted = Input::Delete { object: ObjectRef::Queue("b".into(), "s".into()) };
    desk.queue("s", &[], |_| {});
    let error = desk.refused(deleted.clone());
    assert!(error.message.contains("1 queues that overflow to it"), "{}", error.message);
    desk.queue("r", &[], |_| {});
    desk.events(deleted);
}

#[test]
fn skills_are_kept_on_the_way_and_decide_who_takes_a_ticket() {
    let mut desk = chain(&[("q", to("r")), ("r", to("s")), ("s", None)], &["q", "r", "s"]);
    let skills = vec![Skill { name: "es".into(), level: 3 }];
    let agent = Object::Agent(Agent { skills: skills.clone(), ..Agent::new("a-s", 1) });
    desk.put(agent);
    let demand = Some(Box::new(Demand { skills, rings: Vec::new() }));
    let queue_of_rule = Some(desk.queue_id("q"));
    let input = HandOff { demand, queue_of_rule, ..hand_off(1) };
    let ticket = desk.accepted(input).ticket;
    assert_eq!(desk.holder(ticket).as_deref(), Some("a-s"), "q and r have nobody who can");
}

#[test]
fn who_asked_is_told_his_place_in_the_line_that_he_went_on_to() {
    let mut desk = chain(&[("q", after("r", 30)), ("r", None)], &["q", "r"]);
    let session = relevo_wire::SessionId(9_000);
    desk.handle(Input::BotSessionOpened { bot: BOT, session });
    fill(&mut desk, "q", 1);
    fill(&mut desk, "r", 2);
    let asks = desk.accepted(HandOff { position_updates: true, ..hand_off(3) });
    desk.hand_off_to(4, "r");
    assert_eq!(asks.position, 1);
    desk.pass(30 * SECOND);
    let mut told = Vec::new();
    desk.tenant.look_at_positions(desk.now, usize::MAX, &mut told);
    assert_eq!(told, [], "it came before who waited there: the same place");
    desk.now += 1;
    let urgent = HandOff { queue: Some(desk.queue_id("r")), priority: 9, ..hand_off(5) };
    desk.accepted(urgent);
    desk.pass(11 * SECOND);
    desk.tenant.look_at_positions(desk.now, usize::MAX, &mut told);
    let told: Vec<_> = told.iter().map(|told| (told.ticket, told.position)).collect();
    assert_eq!(told, [(asks.ticket, 2)]);
}

/// Two queues whose agents have no seat left, `count` tickets of the first waiting for a place in the
/// second that holds one.
fn long_line(count: u128) -> (Desk, Vec<TicketId>, TicketId) {
    let mut desk = chain(&[("q", after("r", 30)), ("r", None)], &["q", "r"]);
    desk.queue("r", &["a-r"], |queue| queue.max_waiting = Some(1));
    fill(&mut desk, "q", 1);
    let held = fill(&mut desk, "r", 2);
    let waiting: Vec<TicketId> = (0..count).map(|at| desk.hand_off(10 + at)).collect();
    desk.pass(30 * SECOND);
    while desk.tenant.next_deadline() == Some(0) {
        desk.events_of_session(Input::Tick);
    }
    (desk, waiting, held)
}

#[test]
fn each_place_that_comes_free_goes_to_the_first_of_a_line_however_long_and_is_little_work() {
    let (mut desk, waiting, mut held) = long_line(6_000);
    assert_eq!(queue_of(&desk, waiting[0]), "b/r");
    for at in 1..4 {
        let events = desk.close("a-r", held);
        held = waiting[at - 1];
        let moved: Vec<_> = overflows(&events).iter().map(|e| e.ticket).collect();
        assert_eq!(moved, [waiting[at]]);
        assert_ne!(desk.tenant.next_deadline(), Some(0), "nobody else is left to be judged");
    }
}

#[test]
fn of_those_whose_time_is_over_at_once_the_first_in_line_takes_the_place() {
    let mut desk = chain(&[("q", after("r", 30)), ("r", None)], &["q", "r"]);
    desk.queue("r", &["a-r"], |queue| queue.max_waiting = Some(1));
    fill(&mut desk, "q", 1);
    fill(&mut desk, "r", 2);
    desk.hand_off(3);
    let urgent = desk.accepted(HandOff { priority: 900, ..hand_off(4) }).ticket;
    let events = desk.pass(30 * SECOND);
    assert_eq!(overflows(&events).iter().map(|e| e.ticket).collect::<Vec<_>>(), [urgent]);
}
