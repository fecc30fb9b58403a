//! Published numbers follow the state.

use crate::common::*;
use crate::hours::{CLOSES, HOUR, OPENS, office, office_hours};
use relevo_routing::Micros;
use relevo_routing::stats::{AgentStats, QueueAgents, QueueStats, TicketStats};
use relevo_wire::SessionId;
use relevo_wire::directory::{AtClosing, Object, OutsideHours, Overflow, Tenant};
use relevo_wire::vocabulary::Intent;

#[test]
fn a_queue_tells_depth_oldest_wait_oldest_unanswered_and_who_is_online() {
    let mut desk = Desk::staffed(&["ana"]);
    let queue = desk.queue_id("q");
    let at = |seconds: u64| Some(START + seconds * SECOND);
    desk.wait(SECOND);
    let first = desk.hand_off(1);
    desk.wait(SECOND);
    desk.hand_off(2);
    desk.wait(SECOND);
    desk.hand_off(3);
    let expected = QueueStats {
        open: true,
        depth: 2,
        oldest_waiting_since: at(2),
        oldest_unanswered: at(1),
        clocks_stopped_at: None,
        online: 1,
    };
    assert_eq!(desk.tenant.queue_stats(queue), expected);
    desk.reply("ana", first);
    assert_eq!(desk.tenant.queue_stats(queue).oldest_unanswered, None);
    desk.left(2);
    let stats = desk.tenant.queue_stats(queue);
    assert_eq!((stats.depth, stats.oldest_waiting_since), (1, at(3)));
    desk.wait(SECOND);
    desk.close("ana", first);
    let stats = desk.tenant.queue_stats(queue);
    assert_eq!((stats.depth, stats.oldest_waiting_since), (0, None));
    assert_eq!(stats.oldest_unanswered, at(4), "assigned, not arrived");
    desk.queue("q", &["ana"], |queue| queue.active = false);
    assert!(!desk.tenant.queue_stats(queue).open);
}

/// Bots that ask whether agents are online are answered from these numbers.
#[test]
fn a_queue_is_open_while_it_and_its_bot_and_the_tenant_are() {
    let mut desk = Desk::staffed(&["ana"]);
    let queue = desk.queue_id("q");
    let is_open = |desk: &mut Desk, expected| {
        assert_eq!(desk.tenant.take_changed_queues(), [queue], "whoever reads them is told");
        let stats = desk.tenant.queue_stats(queue);
        assert_eq!((stats.open, stats.online), (expected, 1));
    };
    is_open(&mut desk, true);
    for active in [false, true] {
        desk.queue("q", &["ana"], |queue| queue.active = active);
        is_open(&mut desk, active);
    }
    for active in [false, true] {
        desk.bot(|bot| bot.active = active);
        is_open(&mut desk, active);
    }
    for active in [false, true] {
        desk.put(Object::Tenant(Tenant { active, ..Tenant::new("t") }));
        is_open(&mut desk, active);
    }
}

#[test]
fn the_oldest_wait_is_not_the_first_in_line() {
    let mut desk = desk();
    let queue = desk.queue("q", &[], |_| {});
    desk.hand_off(1);
    desk.wait(SECOND);
    let urgent = relevo_routing::input::HandOff { priority: 9, ..hand_off(2) };
    desk.accepted(urgent);
    assert_eq!(desk.tenant.queue_stats(queue).oldest_waiting_since, Some(START));
    desk.left(1);
    assert_eq!(desk.tenant.queue_stats(queue).oldest_waiting_since, Some(START + SECOND));
}

/// As the service level counts: an alert on the longest wait is not to ring all night.
#[test]
fn oldest_moments_stand_still_while_the_queue_is_closed() {
    let mut desk = office(|queue| queue.at_closing = AtClosing::Carry);
    desk.online("ana");
    let queue = desk.queue_id("q");
    let oldest = |desk: &Desk| {
        let stats = desk.tenant.queue_stats(queue);
        (stats.oldest_waiting_since, stats.oldest_unanswered, stats.clocks_stopped_at)
    };
    desk.pass(HOUR - 20 * SECOND);
    desk.hand_off(1);
    desk.pass(5 * SECOND);
    desk.hand_off(2);
    let began = (Some(CLOSES - 15 * SECOND), Some(CLOSES - 20 * SECOND));
    assert_eq!(oldest(&desk), (began.0, began.1, None));
    desk.pass(8 * HOUR);
    assert_eq!(oldest(&desk), (began.0, began.1, Some(CLOSES)));
    desk.pass(8 * HOUR);
    let moved = |began: Option<Micros>| began.map(|at| at + (OPENS - CLOSES));
    assert_eq!(oldest(&desk), (moved(began.0), moved(began.1), None));
    desk.restart(SECOND);
    assert_eq!(oldest(&desk), (moved(began.0), moved(began.1), None), "the log knows it");
}

#[test]
fn who_came_while_the_queue_was_closed_has_waited_since_it_opened() {
    let mut desk = office(|queue| queue.outside_hours = OutsideHours::Queue);
    desk.pass(2 * HOUR);
    desk.hand_off(1);
    let queue = desk.queue_id("q");
    let oldest = |desk: &Desk| desk.tenant.queue_stats(queue).oldest_waiting_since;
    assert_eq!(oldest(&desk), Some(CLOSES), "it has not waited at all, as the clock stands still");
    desk.pass(15 * HOUR);
    assert_eq!(oldest(&desk), Some(OPENS));
}

#[test]
fn who_comes_from_a_closed_queue_hides_nobody_who_waits_longer() {
    let mut desk = office(|_| {});
    desk.agent("cid", 1);
    let r = desk.queue("r", &["cid"], |_| {});
    desk.queue("q", &[], |queue| {
        queue.hours = Some(office_hours());
        queue.outside_hours = OutsideHours::Queue;
        queue.overflow = Some(Overflow { after_seconds: Some(60), ..Overflow::new("r") });
    });
    desk.pass(2 * HOUR);
    desk.hand_off(1);
    desk.pass(14 * HOUR);
    desk.online("cid");
    desk.hand_off_to(3, "r");
    desk.hand_off_to(2, "r");
    let came = desk.now;
    desk.pass(2 * HOUR);
    let stats = desk.tenant.queue_stats(r);
    assert_eq!((stats.depth, stats.oldest_waiting_since), (2, Some(came)));
}

#[test]
fn agents_and_tickets_are_counted_by_what_they_do() {
    let mut desk = desk();
    for agent in ["ana", "bea", "cid", "dan", "eve"] {
        desk.agent(agent, 2);
    }
    let queue = desk.queue("q", &["ana", "bea", "cid", "dan", "eve"], |_| {});
    for agent in ["ana", "bea", "dan"] {
        desk.online(agent);
    }
    desk.intent("bea", Intent::Paused);
    desk.connect("cid");
    desk.disconnect("dan", SessionId(3));
    let expected = AgentStats { online: 1, paused: 1, invisible: 1, offline: 1, unreachable: 1 };
    assert_eq!(desk.tenant.stats().agents, expected);
    let agents = desk.tenant.queue_agents(queue);
    let none = QueueAgents::default();
    let expected =
        QueueAgents { available: 1, paused: 1, invisible: 1, unreachable: 1, offline: 1, ..none };
    assert_eq!(agents, expected);

    let first = desk.hand_off(1);
    desk.hand_off(2);
    desk.hand_off(3);
    desk.reply("ana", first);
    let stats = *desk.tenant.stats();
    let expected = TicketStats { waiting: 1, assigned: 1, in_service: 1, ..Default::default() };
    assert_eq!(stats.tickets, expected);
    assert_eq!((stats.seats, stats.seats_used), (10, 2));
    let agents = desk.tenant.queue_agents(queue);
    assert_eq!((agents.available, agents.full), (0, 1));
    desk.left(3);
    assert_eq!(desk.tenant.stats().tickets.resumable, 1);

    let seats_online = |desk: &Desk| desk.tenant.stats().seats_online;
    assert_eq!(seats_online(&desk), 2, "of ana alone");
    desk.agent("ana", 3);
    assert_eq!(seats_online(&desk), 3);
    desk.intent("bea", Intent::Online);
    assert_eq!(seats_online(&desk), 5);
    for agent in ["ana", "bea"] {
        desk.intent(agent, Intent::Offline);
    }
    assert_eq!((seats_online(&desk), desk.tenant.stats().seats), (0, 11));
}

#[test]
fn changed_queues_are_told_once() {
    let mut desk = Desk::staffed(&["ana"]);
    let (q, r) = (desk.queue_id("q"), desk.queue("r", &[], |_| {}));
    desk.tenant.take_changed_queues();
    desk.hand_off(1);
    desk.customer(1, None);
    assert_eq!(desk.tenant.take_changed_queues(), [q]);
    assert_eq!(desk.tenant.take_changed_queues(), []);
    desk.hand_off_to(2, "r");
    desk.intent("ana", Intent::Paused);
    let mut changed = desk.tenant.take_changed_queues();
    changed.sort_unstable();
    assert_eq!(changed, [q, r]);
}
