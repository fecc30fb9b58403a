//! Transfers that the receiver has to accept: the ticket stays with its agent until then.

use crate::common::*;
use relevo_routing::event::{Event, QueueModeSet};
use relevo_routing::input::{Input, Target};
use relevo_routing::{Settings, Tenant};
use relevo_wire::answer::{Answer, NextAnswer, TransferredAnswer};
use relevo_wire::directory::{Fairness, Inactivity, Object};
use relevo_wire::vocabulary::{
    CloseReason, Intent, OfferEnd, Outcome, QueueMode, Silent, TicketState, TransferEnd,
};
use relevo_wire::{AgentId, ErrorCode, TicketId};

/// Ana has an answered ticket in `q`; `r`, with these members of one seat, asks `at_once` of them for
/// 20 s.
fn asking(members: &[&str], at_once: u16) -> (Desk, TicketId) {
    let mut desk = Desk::staffed(&["ana"]);
    for member in members {
        desk.agent(member, 1);
    }
    desk.queue("r", members, |queue| {
        queue.transfer_accept_seconds = 20;
        queue.offer_agents = at_once;
    });
    for member in members {
        desk.online(member);
    }
    let ticket = desk.hand_off(1);
    desk.reply("ana", ticket);
    (desk, ticket)
}

fn offers(events: &[Event]) -> Vec<AgentId> {
    let offered = events
        .iter()
        .filter_map(|event| if let Event::Offered(e) = event { Some(e.agent) } else { None });
    offered.collect()
}

fn ends(events: &[Event]) -> Vec<TransferEnd> {
    let ended = events
        .iter()
        .filter_map(|event| if let Event::TransferEnded(e) = event { Some(e.end) } else { None });
    ended.collect()
}

fn offer_ends(events: &[Event]) -> Vec<(AgentId, OfferEnd)> {
    let ended = events.iter().filter_map(|event| {
        if let Event::OfferEnded(e) = event { Some((e.agent, e.end)) } else { None }
    });
    ended.collect()
}

impl Desk {
    fn to_r(&self, ticket: TicketId) -> Input {
        self.transfer("ana", ticket, Target::Queue(self.queue_id("r")))
    }

    fn accept_transfer(&mut self, agent: &str, ticket: TicketId) -> (Vec<Event>, NextAnswer) {
        let input = Input::Accept { agent: self.agent_id(agent), ticket };
        let (events, Answer::Next(next)) = self.ask(input) else { panic!("it may be accepted") };
        (events, next)
    }

    fn decline_transfer(&mut self, agent: &str, ticket: TicketId) -> Vec<Event> {
        self.events(Input::Decline { agent: self.agent_id(agent), ticket })
    }

    fn seats_of(&self, agent: &str) -> u16 {
        self.seats.word(self.agent_id(agent).0 as usize).expect("a word").view().used
    }

    fn is_with_ana(&self, ticket: TicketId) -> bool {
        self.place(ticket) == (TicketState::InService, Some("ana".to_owned()), 0)
    }
}

#[test]
fn the_ticket_stays_with_its_agent_until_the_receiver_accepts() {
    let (mut desk, ticket) = asking(&["bea"], 1);
    let bea = desk.agent_id("bea");
    let (events, answer) = desk.ask(desk.to_r(ticket));
    let [Event::TransferAsked(asked), Event::Offered(offered)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!((asked.queue, asked.agent), (desk.queue_id("r"), None));
    assert_eq!((offered.agent, offered.until), (bea, desk.now + 20 * SECOND));
    let asked_until = Some(offered.until);
    let Answer::Transferred(told) = answer else { panic!("{answer:?}") };
    assert_eq!(told, TransferredAnswer { child: ticket, asked_until });
    assert!(desk.is_with_ana(ticket));
    assert_eq!((desk.seats_of("ana"), desk.seats_of("bea")), (1, 1), "who is asked holds a seat");
    let because = desk.explain(ticket).because;
    assert!(because.contains("its transfer to b/r is asked of bea for 20 s more"), "{because}");
    desk.wait(5 * SECOND);
    desk.reply("ana", ticket);

    let epoch = desk.epoch(ticket);
    let (events, next) = desk.accept_transfer("bea", ticket);
    let [Event::Closed(closed), Event::TicketOpened(child), Event::Assigned(assigned)] =
        &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!((closed.reason, closed.outcome), (CloseReason::Transferred, Outcome::Transferred));
    assert_eq!((closed.child, child.parent), (Some(child.ticket), Some(ticket)));
    assert_eq!((child.queue, child.epoch), (desk.queue_id("r"), epoch + 1));
    assert_eq!((assigned.ticket, assigned.agent), (child.ticket, bea));
    assert_eq!((next.ticket, next.epoch), (child.ticket, assigned.epoch));
    assert_eq!((desk.seats_of("ana"), desk.seats_of("bea")), (0, 1), "one seat for one ticket");
    let (events, again) = desk.accept_transfer("bea", ticket);
    assert_eq!((events, again.ticket), (vec![], child.ticket), "told once more");
    assert_eq!(desk.customer(1, None).ticket, Some(child.ticket));
}

#[test]
fn a_refusal_leaves_it_there_with_the_reason() {
    let (mut desk, ticket) = asking(&["bea"], 1);
    desk.events(desk.to_r(ticket));
    let events = desk.decline_transfer("bea", ticket);
    assert_eq!(ends(&events), [TransferEnd::Declined]);
    assert!(desk.is_with_ana(ticket));
    assert_eq!((desk.seats_of("ana"), desk.seats_of("bea")), (1, 0));
    desk.wait(30 * SECOND);
    let events = desk.events(desk.to_r(ticket));
    assert_eq!(offers(&events), [desk.agent_id("bea")], "another transfer asks anew");
}

#[test]
fn a_timeout_leaves_it_there_and_who_let_it_pass_is_not_responding() {
    let (mut desk, ticket) = asking(&["bea"], 1);
    desk.events(desk.to_r(ticket));
    desk.wait(20 * SECOND - 1);
    let events = desk.pass(1);
    assert_eq!(offer_ends(&events), [(desk.agent_id("bea"), OfferEnd::Missed)]);
    assert_eq!(ends(&events), [TransferEnd::Missed]);
    assert!(desk.is_with_ana(ticket));
    let refused = desk.refused(desk.to_r(ticket));
    assert_eq!((refused.code, refused.field.as_str()), (ErrorCode::WrongState, "to"));
    let other = desk.hand_off_to(2, "r");
    assert_eq!(desk.explain(other).agents[0].reason, "not_responding");
}

#[test]
fn others_are_asked_one_after_the_other_each_once_and_for_the_whole_time() {
    let (mut desk, ticket) = asking(&["bea", "cid", "dan"], 1);
    let [bea, cid, dan] = ["bea", "cid", "dan"].map(|agent| desk.agent_id(agent));
    assert_eq!(offers(&desk.events(desk.to_r(ticket))), [bea]);
    desk.wait(15 * SECOND);
    assert_eq!(offers(&desk.decline_transfer("bea", ticket)), [cid]);
    desk.wait(20 * SECOND - 1);
    let events = desk.pass(1);
    assert_eq!((offers(&events), ends(&events)), (vec![dan], vec![]));
    let events = desk.intent("dan", Intent::Paused);
    assert_eq!((offers(&events), ends(&events)), (vec![], vec![TransferEnd::Unavailable]));
    assert!(desk.is_with_ana(ticket));
}

#[test]
fn several_are_asked_at_once_and_the_first_has_it() {
    let (mut desk, ticket) = asking(&["bea", "cid", "dan"], 2);
    let [bea, cid] = ["bea", "cid"].map(|agent| desk.agent_id(agent));
    assert_eq!(offers(&desk.events(desk.to_r(ticket))), [bea, cid]);
    let (events, next) = desk.accept_transfer("cid", ticket);
    assert_eq!(offer_ends(&events), [(bea, OfferEnd::Taken)]);
    assert_eq!(desk.holder(next.ticket).as_deref(), Some("cid"));
    assert_eq!((desk.seats_of("bea"), desk.seats_of("cid")), (0, 1));
}

#[test]
fn an_agent_is_asked_alone_and_one_without_a_seat_not_at_all() {
    let (mut desk, ticket) = asking(&["bea", "cid"], 2);
    let bea = desk.agent_id("bea");
    let to = Target::Agent(bea);
    let events = desk.events(desk.transfer("ana", ticket, to));
    assert_eq!(offers(&events), [bea]);
    assert_eq!(ends(&desk.decline_transfer("bea", ticket)), [TransferEnd::Declined]);
    desk.intent("cid", Intent::Paused);
    desk.hand_off_to(2, "r");
    let refused = desk.refused(desk.transfer("ana", ticket, to));
    assert!(refused.message.contains("no free seat"), "{refused}");
    let refused = desk.refused(desk.to_r(ticket));
    assert!(refused.message.contains("nobody in that queue has a free seat"), "{refused}");
}

#[test]
fn a_second_transfer_is_refused_and_the_giver_may_withdraw_the_first() {
    let (mut desk, ticket) = asking(&["bea"], 1);
    desk.events(desk.to_r(ticket));
    let refused = desk.refused(desk.to_r(ticket));
    assert_eq!(refused.code, ErrorCode::WrongState);
    assert!(refused.message.contains("its transfer to b/r is asked already"), "{refused}");
    let events = desk.decline_transfer("ana", ticket);
    assert_eq!(offer_ends(&events), [(desk.agent_id("bea"), OfferEnd::Withdrawn)]);
    assert_eq!(ends(&events), [TransferEnd::Withdrawn]);
    assert!(desk.is_with_ana(ticket));
    assert_eq!(desk.seats_of("bea"), 0);
    let refused = desk.code(Input::Accept { agent: desk.agent_id("bea"), ticket });
    assert_eq!(refused, ErrorCode::WrongState);
}

#[test]
fn what_is_asked_is_not_parked_and_what_is_parked_asks_nobody() {
    let (mut desk, ticket) = asking(&["bea"], 1);
    let park = |desk: &Desk| Input::Park {
        agent: desk.agent_id("ana"),
        ticket,
        epoch: desk.epoch(ticket),
        until: desk.now + 600 * SECOND,
    };
    desk.events(desk.to_r(ticket));
    let refused = desk.refused(park(&desk));
    assert_eq!(refused.code, ErrorCode::WrongState);
    assert!(refused.message.contains("its transfer to b/r is asked already"), "{refused}");
    desk.decline_transfer("ana", ticket);
    desk.events(park(&desk));
    let events = desk.events(desk.to_r(ticket));
    assert_eq!(
        (offers(&events), assignments(&events).len()),
        (vec![], 1),
        "nobody has it meanwhile"
    );
    let child = closed(&events).child.expect("it goes on");
    assert_eq!(desk.holder(child).as_deref(), Some("bea"));
}

#[test]
fn whatever_ends_the_ticket_withdraws_what_is_asked() {
    type End = fn(&Desk, TicketId) -> Input;
    let ends: [End; 3] = [
        |_, _| Input::CustomerLeft { bot: BOT, contact: relevo_wire::ContactKey(1) },
        |_, ticket| Input::TakeBack { bot: BOT, ticket },
        |desk, ticket| {
            let (agent, epoch) = (desk.agent_id("ana"), desk.epoch(ticket));
            Input::Close { agent, ticket, epoch, tags: Vec::new() }
        },
    ];
    for end in ends {
        let (mut desk, ticket) = asking(&["bea"], 1);
        desk.events(desk.to_r(ticket));
        let events = desk.events(end(&desk, ticket));
        assert_eq!(offer_ends(&events), [(desk.agent_id("bea"), OfferEnd::Closed)]);
        assert!(matches!(events.last(), Some(Event::Closed(_))), "{events:?}");
        assert_eq!((desk.seats_of("ana"), desk.seats_of("bea")), (0, 0));
        assert_eq!(assignments(&desk.pass(60 * SECOND)), []);
    }
}

#[test]
fn a_customer_is_not_hurried_meanwhile() {
    let (mut desk, ticket) = asking(&["bea"], 1);
    desk.queue("q", &["ana"], |queue| {
        queue.inactivity = Inactivity {
            client_warning_seconds: Some(10),
            client_close_seconds: Some(10),
            ..Inactivity::default()
        };
    });
    desk.online("ana");
    let session = relevo_wire::SessionId(77);
    desk.handle(Input::BotSessionOpened { bot: BOT, session });
    desk.customer(1, None);
    desk.reply("ana", ticket);
    desk.wait(8 * SECOND);
    desk.events(desk.to_r(ticket));
    desk.wait(15 * SECOND);
    desk.decline_transfer("bea", ticket);
    desk.wait(2 * SECOND - 1);
    let events = desk.pass(1);
    let [Event::Inactive(told)] = &events[..] else { panic!("{events:?}") };
    assert_eq!((told.ticket, told.silent), (ticket, Silent::Customer), "what was left goes on");
}

#[test]
fn where_the_giver_is_gone_it_waits_in_the_target_queue_or_in_its_own() {
    let gone = |target_is_there: bool| {
        let (mut desk, ticket) = asking(&["bea", "cid"], 1);
        desk.events(desk.to_r(ticket));
        if !target_is_there {
            desk.intent("cid", Intent::Paused);
            desk.queue("r", &["bea", "cid"], |queue| {
                queue.transfer_accept_seconds = 20;
                queue.active = false;
            });
        }
        desk.queue("q", &["ana"], |queue| {
            queue.agent_gone = relevo_wire::directory::AgentGone::Requeue;
        });
        let events = desk.intent("ana", Intent::Offline);
        assert_eq!(offer_ends(&events), [(desk.agent_id("bea"), OfferEnd::Withdrawn)]);
        assert_eq!(ends(&events), [TransferEnd::GiverGone]);
        (desk, ticket, events)
    };
    let (desk, ticket, events) = gone(true);
    let closed = closed(&events);
    assert_eq!((closed.ticket, closed.reason), (ticket, CloseReason::Transferred));
    let child = closed.child.expect("it goes on");
    assert_eq!(desk.explain(child).queue, "b/r");
    assert_eq!(assignments(&events).len(), 1, "as one that waits there: nobody is asked");
    let (desk, ticket, events) = gone(false);
    assert!(events.iter().any(|event| matches!(event, Event::Requeued(e) if e.ticket == ticket)));
    assert_eq!(
        (desk.place(ticket).0, desk.explain(ticket).queue),
        (TicketState::Waiting, "b/q".into())
    );
}

#[test]
fn a_refusal_while_the_giver_is_gone_does_not_leave_it_there() {
    let (mut desk, ticket) = asking(&["bea"], 1);
    desk.events(desk.to_r(ticket));
    let events = desk.intent("ana", Intent::Offline);
    assert_eq!(ends(&events), [], "kept: the transfer goes on being asked");
    let events = desk.decline_transfer("bea", ticket);
    assert_eq!(ends(&events), [TransferEnd::Declined]);
    let child = closed(&events).child.expect("it goes on");
    assert_eq!(desk.place(child), (TicketState::Waiting, None, 1));
    let reasons = desk.explain(child).agents;
    assert_eq!(reasons[0].reason, "excluded", "who declined is not given it at once");
}

#[test]
fn who_pauses_while_the_giver_is_gone_has_refused_nothing() {
    let (mut desk, ticket) = asking(&["bea", "cid"], 1);
    desk.events(desk.to_r(ticket));
    desk.intent("ana", Intent::Offline);
    let events = desk.decline_transfer("bea", ticket);
    assert_eq!(offers(&events), [desk.agent_id("cid")]);
    let events = desk.intent("cid", Intent::Paused);
    assert_eq!(ends(&events), [TransferEnd::Unavailable]);
    let child = closed(&events).child.expect("it goes on");
    assert_eq!(desk.place(child).0, TicketState::Waiting);
    let reasons = desk.explain(child).agents.into_iter().map(|agent| agent.reason);
    assert_eq!(reasons.collect::<Vec<_>>(), ["excluded", "paused"], "bea has refused it");
    desk.online("cid");
    assert_eq!(desk.holder(child).as_deref(), Some("cid"));
}

#[test]
fn a_restart_ends_it_and_the_giver_keeps_it() {
    let (mut desk, ticket) = asking(&["bea"], 1);
    desk.events(desk.to_r(ticket));
    let copy = Tenant::from_snapshot(&desk.tenant.snapshot(), Settings::default());
    assert!(copy.expect("a snapshot reads back").snapshot() == desk.tenant.snapshot());
    let tenant = desk.replayed();
    assert!(tenant.snapshot() == desk.tenant.snapshot(), "recovery gives the same state");
    let mut seats = relevo_routing::seats::Seats::new();
    tenant.restore_seats(&mut seats);
    (desk.tenant, desk.seats) = (tenant, seats);
    let events = desk.events(Input::Started { down_us: 3_600 * SECOND });
    assert_eq!(ends(&events), [TransferEnd::Restarted]);
    assert!(desk.is_with_ana(ticket));
    assert_eq!((desk.seats_of("ana"), desk.seats_of("bea")), (1, 0));
    desk.handle(Input::Ready);
    desk.connect("ana");
    desk.connect("bea");
    assert_eq!(offers(&desk.events(desk.to_r(ticket))), [desk.agent_id("bea")]);
}

#[test]
fn a_snapshot_taken_meanwhile_leaves_no_deadline_behind() {
    let read_back = |desk: &mut Desk| {
        let copy = Tenant::from_snapshot(&desk.tenant.snapshot(), Settings::default());
        desk.tenant = copy.expect("a snapshot reads back");
    };
    let declined = |is_asked: bool| {
        let (mut desk, ticket) = asking(&["bea"], 1);
        if !is_asked {
            read_back(&mut desk);
        }
        desk.events(desk.to_r(ticket));
        if is_asked {
            read_back(&mut desk);
        }
        desk.decline_transfer("bea", ticket);
        desk.tenant.next_deadline()
    };
    assert_eq!(declined(true), declined(false));
}

#[test]
fn an_accepted_transfer_is_one_new_ticket() {
    let (mut desk, ticket) = asking(&["bea"], 1);
    desk.agent("bea", 3);
    let fairness = Some(Fairness { tickets: 2, seconds: 600 });
    desk.put(Object::Tenant(relevo_wire::directory::Tenant {
        fairness,
        ..relevo_wire::directory::Tenant::new("t")
    }));
    desk.events(desk.to_r(ticket));
    desk.accept_transfer("bea", ticket);
    let second = desk.hand_off_to(2, "r");
    assert_eq!(desk.holder(second).as_deref(), Some("bea"));
    let third = desk.hand_off_to(3, "r");
    assert_eq!(desk.holder(third), None, "two are enough");
}

#[test]
fn the_giver_is_not_asked_itself() {
    let (mut desk, ticket) = asking(&["bea"], 1);
    desk.agent("ana", 3);
    desk.queue("r", &["ana", "bea"], |queue| queue.transfer_accept_seconds = 20);
    assert_eq!(offers(&desk.events(desk.to_r(ticket))), [desk.agent_id("bea")]);
    let events = desk.decline_transfer("bea", ticket);
    assert_eq!(ends(&events), [TransferEnd::Declined]);
}

#[test]
fn a_giver_who_is_silent_does_not_get_it_back() {
    let (mut desk, ticket) = asking(&["bea"], 1);
    desk.queue("r", &["ana", "bea"], |queue| queue.transfer_accept_seconds = 20);
    desk.queue("q", &["ana"], |queue| {
        queue.inactivity = Inactivity {
            agent_alert_seconds: Some(10),
            agent_requeue_seconds: Some(10),
            ..Inactivity::default()
        };
    });
    desk.customer(1, None);
    desk.pass(10 * SECOND);
    let asked = desk.to_r(ticket);
    assert_eq!(offers(&desk.events(asked)), [desk.agent_id("bea")]);
    let events = desk.pass(10 * SECOND);
    let child = closed(&events).child.expect("it goes on");
    assert_eq!(assignments(&events), [(child, desk.agent_id("bea"))]);
}

#[test]
fn who_was_asked_when_the_giver_went_has_refused_nothing() {
    let (mut desk, ticket) = asking(&["bea"], 1);
    desk.queue("q", &["ana"], |queue| {
        queue.agent_gone = relevo_wire::directory::AgentGone::Requeue;
    });
    let asked = desk.to_r(ticket);
    desk.events(asked);
    let events = desk.intent("ana", Intent::Offline);
    let child = closed(&events).child.expect("it goes on");
    assert_eq!(assignments(&events), [(child, desk.agent_id("bea"))]);
}

#[test]
fn nobody_further_is_asked_once_the_target_takes_nobody() {
    let (mut desk, ticket) = asking(&["bea", "cid"], 1);
    let asked = desk.to_r(ticket);
    desk.events(asked);
    let queue = desk.queue_id("r");
    let (mode, text, until) = (QueueMode::Drain, String::new(), None);
    desk.events(Input::SetQueueMode(QueueModeSet { queue, mode, text, until }));
    let events = desk.decline_transfer("bea", ticket);
    assert_eq!((offers(&events), ends(&events)), (vec![], vec![TransferEnd::Declined]));
    assert!(desk.is_with_ana(ticket));
}

#[test]
fn who_is_asked_has_that_ticket_as_far_as_the_limit_counts() {
    let (mut desk, ticket) = asking(&["bea"], 1);
    desk.agent("bea", 3);
    let fairness = Some(Fairness { tickets: 1, seconds: 600 });
    let tenant = relevo_wire::directory::Tenant::new("t");
    desk.put(Object::Tenant(relevo_wire::directory::Tenant { fairness, ..tenant }));
    let asked = desk.to_r(ticket);
    desk.events(asked);
    let second = desk.hand_off_to(2, "r");
    assert_eq!(desk.holder(second), None);
    let (_, next) = desk.accept_transfer("bea", ticket);
    assert_eq!(desk.holder(next.ticket).as_deref(), Some("bea"));
    assert_eq!(desk.holder(second), None, "once, not twice: and still at the limit");
    desk.pass(599 * SECOND);
    assert_eq!(desk.holder(second), None);
    desk.pass(SECOND);
    assert_eq!(desk.holder(second).as_deref(), Some("bea"), "it counts from the question on");
}
