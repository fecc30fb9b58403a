//! Opening hours in the core: what a hand-off gets outside them, and who still waits at closing time.

use crate::common::*;
use relevo_routing::event::{Event, HandOffRejected, Judgement, Rejection, TargetMissed};
use relevo_routing::input::{HandOff, Target};
use relevo_routing::{Input, Micros};
use relevo_wire::EstimatedWait;
use relevo_wire::answer::{Answer, Rejected};
use relevo_wire::directory::{self, AtClosing, Delivery, Hours, NobodyOnline, OutsideHours};
use relevo_wire::vocabulary::{CloseReason, Intent, Outcome, Text, Texts, TicketState};
use relevo_wire::{ErrorCode, QueueId, TicketId};

pub(crate) const HOUR: Micros = 3_600 * SECOND;
/// A Wednesday, 2023-11-15 17:00 UTC: an hour before the office closes.
const AFTERNOON: Micros = 1_700_067_600 * SECOND;
pub(crate) const CLOSES: Micros = AFTERNOON + HOUR;
pub(crate) const OPENS: Micros = CLOSES + 15 * HOUR;

pub(crate) fn office_hours() -> Hours {
    Hours { week: vec![("mon-fri".into(), vec!["09:00-18:00".into()])], ..Hours::default() }
}

/// The queue `q` with ana and bea of one seat each, an hour before it closes. Nobody is online.
pub(crate) fn office(change: impl FnOnce(&mut directory::Queue)) -> Desk {
    let mut desk = desk();
    desk.now = AFTERNOON;
    desk.agent("ana", 1);
    desk.agent("bea", 1);
    desk.queue("q", &["ana", "bea"], |queue| {
        queue.hours = Some(office_hours());
        change(queue);
    });
    desk
}

/// As [`office`], with an hour and a second gone: it has closed.
fn night(change: impl FnOnce(&mut directory::Queue)) -> Desk {
    let mut desk = office(change);
    desk.pass(HOUR + SECOND);
    desk
}

fn doors(events: &[Event]) -> Vec<(QueueId, bool, Option<Micros>)> {
    let doors = events.iter().filter_map(|event| {
        if let Event::QueueHours(e) = event { Some((e.queue, e.open, e.until)) } else { None }
    });
    doors.collect()
}

pub(crate) fn rejected(desk: &mut Desk, input: HandOff) -> (Vec<Event>, Rejected) {
    let (events, answer) = desk.ask(Input::HandOff(input));
    let Answer::Rejected(rejected) = answer else { panic!("{answer:?}") };
    (events, rejected)
}

fn is_open(desk: &Desk) -> bool {
    desk.tenant.queue_stats(desk.queue_id("q")).open
}

fn pull(desk: &mut Desk, agent: &str) -> Answer {
    let agent = desk.agent_id(agent);
    desk.ask(Input::Next { agent, queue: None }).1
}

pub(crate) fn state(desk: &Desk, ticket: TicketId) -> TicketState {
    desk.place(ticket).0
}

#[test]
fn a_queue_opens_and_closes_as_its_hours_say() {
    let mut desk = office(|_| {});
    let queue = desk.queue_id("q");
    assert!(is_open(&desk));
    assert_eq!(desk.tenant.next_deadline(), Some(CLOSES));
    assert_eq!(doors(&desk.pass(HOUR)), [(queue, false, Some(OPENS))]);
    assert!(!is_open(&desk), "agents_online says no");
    assert_eq!(doors(&desk.pass(15 * HOUR)), [(queue, true, Some(OPENS + 9 * HOUR))]);
    assert!(is_open(&desk));
}

#[test]
fn a_put_tells_at_once_what_the_hours_say_now_and_only_where_that_is_something_else() {
    let mut desk = office(|_| {});
    let queue = desk.queue_id("q");
    let mut put = |change: &dyn Fn(&mut directory::Queue)| {
        let mut object = directory::Queue::new("b", "q");
        object.hours = Some(office_hours());
        change(&mut object);
        let object = directory::Object::Queue(object);
        doors(&desk.events(Input::Put { object: Box::new(object), if_version: None }))
    };
    let open = |text: &str| {
        Some(Hours { week: vec![("wed".into(), vec![text.into()])], ..Hours::default() })
    };
    assert_eq!(put(&|queue| queue.ageing = 1), [], "the hours are the same");
    let until = Some(CLOSES + HOUR);
    assert_eq!(put(&|queue| queue.hours = open("09:00-19:00")), [(queue, true, until)]);
    assert_eq!(put(&|queue| queue.hours = None), [(queue, true, None)]);
    assert_eq!(put(&|queue| queue.hours = Some(Hours::default())), [(queue, false, None)]);
    let until = Some(AFTERNOON + 5 * HOUR);
    assert_eq!(put(&|queue| queue.hours = open("22:00-23:00")), [(queue, false, until)]);
}

#[test]
fn hours_without_a_zone_of_their_own_follow_the_clock_of_the_bot() {
    let mut desk = office(|_| {});
    let queue = desk.queue_id("q");
    let mut put = |zone: &str| {
        let mut bot = directory::Bot::new("b", "q");
        bot.time_zone = zone.to_owned();
        let object = directory::Object::Bot(bot);
        doors(&desk.events(Input::Put { object: Box::new(object), if_version: None }))
    };
    assert_eq!(put("Europe/Madrid"), [(queue, false, Some(OPENS - HOUR))], "an hour ahead");
    assert_eq!(put("America/Bogota"), [(queue, true, Some(CLOSES + 5 * HOUR))]);
    let mut own = office(|queue| {
        queue.hours = Some(Hours { time_zone: Some("UTC".into()), ..office_hours() });
    });
    let mut bot = directory::Bot::new("b", "q");
    bot.time_zone = "Europe/Madrid".into();
    let object = directory::Object::Bot(bot);
    assert_eq!(doors(&own.events(Input::Put { object: Box::new(object), if_version: None })), []);
}

#[test]
fn a_hand_off_outside_the_hours_is_refused_with_text_and_time_and_counted() {
    let mut desk = night(|_| {});
    desk.online("ana");
    let (events, refused) = rejected(&mut desk, hand_off(1));
    assert_eq!((refused.reason.as_str(), refused.opens_at), ("out_of_hours", Some(OPENS)));
    assert_eq!(
        refused.text,
        "We are closed at the moment. Please write to us again during our opening hours."
    );
    let [Event::HandOffRejected(HandOffRejected { rejection, .. }), Event::CallbackListed(_)] =
        events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(rejection, Rejection::OutOfHours);
    let texts = Texts::default().with(Text::Closed, "mañana a las nueve");
    let own = HandOff { texts: Some(texts), dry_run: true, ..hand_off(1) };
    let (events, refused) = rejected(&mut desk, own);
    assert_eq!((events.len(), refused.text.as_str()), (0, "mañana a las nueve"));
}

#[test]
fn a_queue_may_take_hand_offs_outside_its_hours_which_wait_until_it_opens() {
    let mut desk = night(|queue| {
        queue.outside_hours = OutsideHours::Queue;
        queue.nobody_online = NobodyOnline::Refuse;
        queue.texts = Texts::default().with(Text::Closed, "We answer at nine");
    });
    let dry = desk.accepted(HandOff { dry_run: true, ..hand_off(1) });
    let accepted = desk.accepted(hand_off(1));
    assert_eq!((accepted.text.as_str(), accepted.position), ("We answer at nine", 1));
    let opens = Some(EstimatedWait::NONE.after(15 * 3_600 - 1));
    assert_eq!(accepted.estimated_wait, opens, "the queue opens at nine");
    assert_eq!((dry.text, dry.position, dry.epoch), (accepted.text, 1, 1));
    assert_eq!(dry.estimated_wait, accepted.estimated_wait);
    desk.online("ana");
    assert_eq!(state(&desk, accepted.ticket), TicketState::Waiting, "ana is there all the same");
    assert_eq!(desk.accepted(HandOff { dry_run: true, ..hand_off(2) }).position, 2);
    let because = desk.explain(accepted.ticket).because;
    assert!(because.starts_with("its queue is closed until 2023-11-16T09:00:00Z"), "{because}");
    let events = desk.pass(15 * HOUR);
    assert_eq!(assignments(&events), [(accepted.ticket, desk.agent_id("ana"))]);
}

#[test]
fn who_waits_at_closing_time_is_still_served_and_nobody_new_comes() {
    let mut desk = office(|queue| queue.outside_hours = OutsideHours::Queue);
    let (first, second) = (desk.hand_off(1), desk.hand_off(2));
    desk.pass(HOUR + SECOND);
    let late = desk.accepted(HandOff { priority: 1000, ..hand_off(3) }).ticket;
    desk.online("ana");
    assert_eq!(desk.holder(first).as_deref(), Some("ana"), "not the one who came late");
    let events = desk.close("ana", first);
    assert_eq!(assignments(&events), [(second, desk.agent_id("ana"))]);
    assert_eq!(assignments(&desk.close("ana", second)), []);
    assert_eq!(state(&desk, late), TicketState::Waiting);
    let events = desk.pass(15 * HOUR);
    assert_eq!(assignments(&events), [(late, desk.agent_id("ana"))]);
}

#[test]
fn who_comes_back_to_the_line_after_closing_time_has_been_there_before() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    let ticket = desk.hand_off(1);
    let mut closed = |at_closing| {
        desk.queue("q", &["ana", "bea"], |queue| {
            queue.hours = Some(Hours::default());
            queue.at_closing = at_closing;
        });
    };
    closed(AtClosing::Finish);
    desk.intent("ana", Intent::Offline);
    assert_eq!(desk.holder(ticket).as_deref(), Some("bea"), "served all the same");
    desk.queue("q", &["ana", "bea"], |queue| {
        queue.hours = Some(Hours::default());
        queue.at_closing = AtClosing::Carry;
    });
    desk.intent("bea", Intent::Offline);
    desk.online("ana");
    assert_eq!(state(&desk, ticket), TicketState::Waiting, "carried");
    let because = desk.explain(ticket).because;
    assert!(because.starts_with("its queue is closed, and its hours never open it"), "{because}");
    desk.queue("q", &["ana", "bea"], |queue| queue.hours = Some(Hours::default()));
    assert_eq!(desk.holder(ticket).as_deref(), Some("ana"), "the queue's word is another now");
}

#[test]
fn who_waits_may_be_carried_over_the_night_at_the_same_place() {
    let mut desk = office(|queue| {
        queue.at_closing = AtClosing::Carry;
        queue.outside_hours = OutsideHours::Queue;
    });
    let first = desk.hand_off(1);
    desk.pass(HOUR + SECOND);
    let second = desk.hand_off(2);
    desk.online("ana");
    desk.online("bea");
    assert_eq!((desk.place(first).2, desk.place(second).2), (1, 2), "nobody was assigned");
    let events = desk.pass(15 * HOUR);
    let assigned: Vec<TicketId> = assignments(&events).iter().map(|(ticket, _)| *ticket).collect();
    assert_eq!(assigned, [first, second]);
}

/// A Friday at 17:00, an hour before the office closes for the weekend.
const FRIDAY: Micros = AFTERNOON + 2 * 24 * HOUR;
const MONDAY: Micros = FRIDAY + 64 * HOUR;

#[test]
fn no_limit_of_waiting_runs_while_the_place_is_kept_until_the_queue_opens() {
    let mut desk = office(|queue| {
        queue.at_closing = AtClosing::Carry;
        queue.outside_hours = OutsideHours::Queue;
    });
    desk.pass(FRIDAY - desk.now);
    let first = desk.hand_off(1);
    desk.pass(2 * HOUR);
    let second = desk.hand_off(2);
    desk.restart(HOUR);
    desk.events(Input::Ready);
    let because = desk.explain(first).because;
    assert!(!because.contains("expires"), "{because}");
    let mut events = desk.pass(MONDAY - SECOND - desk.now);
    desk.online("ana");
    desk.online("bea");
    events.extend(desk.pass(SECOND));
    assert!(!events.iter().any(|event| matches!(event, Event::Closed(_))), "{events:?}");
    let assigned: Vec<TicketId> = assignments(&events).iter().map(|(ticket, _)| *ticket).collect();
    assert_eq!(assigned, [first, second]);
}

#[test]
fn the_limit_of_waiting_goes_on_in_the_morning_where_it_stopped() {
    let mut desk = office(|queue| {
        queue.at_closing = AtClosing::Carry;
        queue.outside_hours = OutsideHours::Queue;
        queue.max_wait_seconds = Some(1_800);
    });
    desk.pass(HOUR - 600 * SECOND);
    let evening = desk.hand_off(1);
    desk.pass(2 * HOUR);
    let night = desk.hand_off(2);
    let mut ends = Vec::new();
    while ends.len() < 2 {
        let at = desk.tenant.next_deadline().expect("limits are due");
        for event in desk.pass(at.saturating_sub(desk.now)) {
            if let Event::Closed(closed) = event {
                ends.push((desk.now - OPENS, closed.ticket, closed.reason));
            }
        }
    }
    let no_agent = CloseReason::NoAgent;
    let minutes = [(1_200 * SECOND, evening, no_agent), (1_800 * SECOND, night, no_agent)];
    assert_eq!(ends, minutes);
}

#[test]
fn who_waits_may_be_closed_a_few_at_a_time_and_who_comes_later_is_not() {
    let mut desk = office(|queue| {
        queue.at_closing = AtClosing::Close;
        queue.outside_hours = OutsideHours::Queue;
    });
    let many = desk.tenant.settings().deadlines_per_tick as u128 + 5;
    let waiting: Vec<TicketId> = (0..many).map(|contact| desk.hand_off(contact)).collect();
    desk.pass(HOUR - 1);
    desk.now = CLOSES;
    let events = desk.events(Input::Tick);
    let closed = events.iter().filter(|event| matches!(event, Event::Closed(_))).count();
    assert_eq!(closed + 1, desk.tenant.settings().deadlines_per_tick, "bounded");
    assert_eq!(desk.tenant.next_deadline(), Some(0), "the rest at once");
    let late = desk.hand_off(many);
    desk.restart(0);
    desk.events(Input::Ready);
    let events = desk.pass(SECOND);
    let last = events.iter().rfind(|event| matches!(event, Event::Closed(_)));
    let Some(Event::Closed(last)) = last else { panic!("{events:?}") };
    assert_eq!(last.ticket, waiting[waiting.len() - 1], "in the order of the line");
    assert_eq!((last.reason, last.outcome), (CloseReason::OutOfHours, Outcome::Unserved));
    assert_eq!(desk.place(late), (TicketState::Waiting, None, 1));
    desk.pass(61 * SECOND);
    assert_eq!(desk.tenant.next_deadline(), Some(OPENS));
}

#[test]
fn tickets_in_service_are_not_touched() {
    for at_closing in [AtClosing::Finish, AtClosing::Carry, AtClosing::Close] {
        let mut desk = office(|queue| queue.at_closing = at_closing);
        desk.online("ana");
        let ticket = desk.hand_off(1);
        desk.reply("ana", ticket);
        desk.pass(HOUR + SECOND);
        assert_eq!(desk.place(ticket).0, TicketState::InService);
        desk.reply("ana", ticket);
        let closed = closed(&desk.close("ana", ticket)).clone();
        assert_eq!((closed.reason, closed.outcome), (CloseReason::Agent, Outcome::Attended));
    }
}

#[test]
fn nobody_is_pulled_out_of_a_closed_queue_but_who_waited_before() {
    for (at_closing, pulled) in [(AtClosing::Finish, true), (AtClosing::Carry, false)] {
        let mut desk = office(|queue| {
            queue.delivery = Delivery::Pull;
            queue.at_closing = at_closing;
            queue.outside_hours = OutsideHours::Queue;
        });
        let first = desk.hand_off(1);
        desk.pass(HOUR + SECOND);
        desk.hand_off(2);
        desk.online("ana");
        desk.online("bea");
        let answer = pull(&mut desk, "ana");
        assert_eq!(matches!(&answer, Answer::Next(next) if next.ticket == first), pulled);
        let Answer::Error(error) = pull(&mut desk, "bea") else { panic!("nothing waits for bea") };
        assert_eq!(error.code, ErrorCode::NothingWaiting);
    }
}

#[test]
fn a_transfer_to_a_closed_queue_is_refused_with_the_time_at_which_it_opens() {
    let mut desk = night(|_| {});
    desk.agent("cid", 1);
    desk.queue("r", &["cid"], |_| {});
    desk.online("ana");
    desk.online("cid");
    let ticket = desk.hand_off_to(1, "r");
    let targets = [Target::Queue(desk.queue_id("q")), Target::Agent(desk.agent_id("ana"))];
    for to in targets {
        let error = desk.refused(desk.transfer("cid", ticket, to));
        assert_eq!((error.code, error.field.as_str()), (ErrorCode::WrongState, "to"));
        assert!(error.message.contains("closed until 2023-11-16T09:00:00Z"), "{}", error.message);
    }
    let agent = desk.agent_id("cid");
    let (_, answer) = desk.ask(Input::Targets { agent, ticket });
    let Answer::Targets(targets) = answer else { panic!("{answer:?}") };
    let open: Vec<(&str, bool)> =
        targets.queues.iter().map(|queue| (queue.queue.as_str(), queue.open)).collect();
    assert_eq!(open, [("q", false), ("r", true)]);
    assert_eq!(targets.agents, [], "ana serves closed queues only");
}

#[test]
fn a_ticket_that_waits_for_one_agent_waits_for_the_queue_too() {
    let mut desk = office(|queue| queue.at_closing = AtClosing::Carry);
    desk.queue("q", &["ana", "bea"], |queue| {
        queue.hours = Some(office_hours());
        queue.at_closing = AtClosing::Carry;
        queue.transfer_wait_seconds = 3 * 24 * 3_600;
    });
    desk.online("ana");
    desk.online("bea");
    let (first, second) = (desk.hand_off(1), desk.hand_off(2));
    let (ana, bea) = (desk.holder(first).expect("ana"), desk.holder(second).expect("bea"));
    assert_eq!((ana.as_str(), bea.as_str()), ("ana", "bea"));
    let child = desk.child(desk.transfer("ana", first, Target::Agent(desk.agent_id("bea"))));
    desk.pass(HOUR + SECOND);
    assert_eq!(assignments(&desk.close("bea", second)), [], "closed");
    let events = desk.pass(15 * HOUR);
    assert_eq!(assignments(&events), [(child, desk.agent_id("bea"))]);
}

#[test]
fn when_a_queue_opens_also_who_is_no_member_any_more_gets_what_waits_for_it() {
    let with = |members: &'static [&'static str]| {
        move |desk: &mut Desk| {
            desk.queue("q", members, |queue| {
                queue.hours = Some(office_hours());
                queue.at_closing = AtClosing::Carry;
                queue.transfer_wait_seconds = 3 * 24 * 3_600;
            })
        }
    };
    let mut desk = office(|_| {});
    with(&["ana", "bea"])(&mut desk);
    desk.online("ana");
    desk.online("bea");
    let (first, second) = (desk.hand_off(1), desk.hand_off(2));
    let child = desk.child(desk.transfer("ana", first, Target::Agent(desk.agent_id("bea"))));
    desk.pass(HOUR + SECOND);
    with(&["ana"])(&mut desk);
    assert_eq!(assignments(&desk.close("bea", second)), [], "closed");
    let events = desk.pass(15 * HOUR);
    assert_eq!(assignments(&events), [(child, desk.agent_id("bea"))]);
}

#[test]
fn who_waits_for_the_opening_hides_nobody_who_need_not() {
    let mut desk = office(|queue| queue.outside_hours = OutsideHours::Queue);
    desk.online("ana");
    let ticket = desk.hand_off(1);
    desk.pass(HOUR + SECOND);
    let late = desk.accepted(HandOff { priority: 1000, ..hand_off(2) }).ticket;
    desk.online("bea");
    let events = desk.intent("ana", Intent::Offline);
    assert_eq!(assignments(&events), [(ticket, desk.agent_id("bea"))]);
    assert_eq!(state(&desk, late), TicketState::Waiting);
}

#[test]
fn a_restart_finds_at_once_what_the_hours_say() {
    let mut desk = office(|_| {});
    desk.restart(2 * HOUR);
    assert!(!is_open(&desk), "before anybody asks");
    desk.events(Input::Ready);
    assert_eq!(desk.tenant.next_deadline(), Some(OPENS));
    desk.restart(SECOND);
    assert!(!is_open(&desk), "the log knows that it is closed");
}

#[test]
fn hours_that_are_wrong_are_refused_with_everything_that_is_wrong() {
    let mut desk = desk();
    let mut queue = directory::Queue::new("b", "q");
    queue.hours = Some(Hours {
        time_zone: Some("Europe/Madird".into()),
        week: vec![("mon".into(), vec!["nine to five".into()])],
        ..Hours::default()
    });
    let object = directory::Object::Queue(queue);
    let error = desk.refused(Input::Put { object: Box::new(object), if_version: None });
    assert_eq!((error.code, error.field.as_str()), (ErrorCode::Malformed, "hours"));
    let lines: Vec<&str> = error.message.lines().collect();
    assert!(lines[0].contains("did you mean \"Europe/Madrid\"?"), "{lines:?}");
    assert!(lines[1].starts_with("week.mon[0]: \"nine to five\" is no interval"), "{lines:?}");
}

#[test]
fn wait_response_and_target_clocks_stop_while_the_queue_is_closed() {
    let mut desk = night(|queue| queue.outside_hours = OutsideHours::Queue);
    let ticket = desk.hand_off(1);
    let events = desk.pass(15 * HOUR);
    assert!(!events.iter().any(|event| matches!(event, Event::TargetMissed(_))), "{events:?}");
    // It opened a second ago: the customer has waited for a second, not for the night.
    desk.online("ana");
    assert_eq!(desk.holder(ticket).as_deref(), Some("ana"));
    desk.wait(20 * SECOND);
    let stored = desk.reply("ana", ticket);
    assert_eq!(stored.total_wait_us, Some(21 * SECOND));
    assert_eq!(stored.first_response_us, Some(20 * SECOND));
    assert_eq!(stored.judged, Some(Judgement::AnsweredInTarget));
}

#[test]
fn a_target_that_the_night_interrupts_goes_on_in_the_morning() {
    let mut desk = office(|queue| queue.at_closing = AtClosing::Carry);
    desk.pass(HOUR - 20 * SECOND);
    let ticket = desk.hand_off(1);
    let missed = |events: &[Event]| events.contains(&Event::TargetMissed(TargetMissed { ticket }));
    assert!(!missed(&desk.pass(15 * HOUR + 60 * SECOND)), "20 s before the night, 40 s after it");
    assert!(missed(&desk.pass(1)));
    desk.online("ana");
    let (_, answer) = desk.ask(Input::Explain { ticket });
    let Answer::Explained(explained) = answer else { panic!("{answer:?}") };
    assert_eq!(explained.agent.as_deref(), Some("ana"));
}

#[test]
fn a_conversation_takes_its_clocks_along_to_another_queue() {
    let mut desk = night(|queue| queue.outside_hours = OutsideHours::Queue);
    desk.agent("cid", 1);
    desk.queue("r", &["cid"], |_| {});
    desk.online("cid");
    let ticket = desk.hand_off(1);
    desk.pass(15 * HOUR + 9 * SECOND);
    desk.online("ana");
    desk.wait(10 * SECOND);
    let queue = desk.queue_id("r");
    let child = desk.child(desk.transfer("ana", ticket, Target::Queue(queue)));
    desk.wait(30 * SECOND);
    let stored = desk.reply("cid", child);
    assert_eq!(stored.total_wait_us, Some(50 * SECOND), "10, 10 and 30");
    assert_eq!(stored.judged, Some(Judgement::AnsweredInTarget));
}
