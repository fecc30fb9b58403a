//! Guaranteed shares of bots: who gets a seat that comes free.

use crate::common::*;
use relevo_routing::event::Event;
use relevo_routing::input::{HandOff, Input, Target};
use relevo_routing::stats::BotSeats;
use relevo_wire::answer::{Answer, NextAnswer};
use relevo_wire::command::{Change, PutChange};
use relevo_wire::directory::{Bot, Delivery, Member, Object, Queue, Strategy};
use relevo_wire::vocabulary::{Intent, TicketState};
use relevo_wire::{BotId, ErrorCode, TicketId};
use std::collections::VecDeque;

/// Bots `b`, `c`, `d`, .. with these shares, each with the queue `q` of these agents, who have so many
/// seats each and are online.
fn desk_with(shares: &[Option<u8>], agents: &[&str], seats: u16) -> Desk {
    let mut desk = desk();
    for agent in agents {
        desk.agent(agent, seats);
    }
    for (bot, share) in (0..).map(BotId).zip(shares) {
        put_bot(&mut desk, bot, *share);
        put_queue(&mut desk, bot, agents, |_| {});
    }
    for agent in agents {
        desk.online(agent);
    }
    desk
}

fn name(bot: BotId) -> String {
    ["b", "c", "d", "e"][bot.0 as usize].to_owned()
}

fn bot(id: BotId, share: Option<u8>) -> Object {
    Object::Bot(Bot { guaranteed_share: share, ..Bot::new(name(id), "q") })
}

fn queue(id: BotId, agents: &[&str]) -> Queue {
    let members = agents.iter().map(|agent| (*agent).into()).collect();
    Queue { members, ..Queue::new(name(id), "q") }
}

fn put_bot(desk: &mut Desk, id: BotId, share: Option<u8>) {
    desk.put(bot(id, share));
}

fn put_queue(desk: &mut Desk, id: BotId, agents: &[&str], change: impl FnOnce(&mut Queue)) {
    let mut queue = queue(id, agents);
    change(&mut queue);
    desk.put(Object::Queue(queue));
}

/// A hand-off of a bot; its contact is a new one.
fn hand_off_of(desk: &mut Desk, bot: BotId, priority: u16) -> TicketId {
    let contact = desk.log.len() as u128;
    desk.accepted(HandOff { bot, priority, ..hand_off(contact) }).ticket
}

fn hand_offs_of(desk: &mut Desk, bot: BotId, count: usize) -> VecDeque<TicketId> {
    (0..count).map(|_| hand_off_of(desk, bot, 500)).collect()
}

/// Who got the seat of a ticket that its agent closes.
fn heir(desk: &mut Desk, agent: &str, ticket: TicketId) -> Option<TicketId> {
    let assigned = assignments(&desk.close(agent, ticket));
    assert!(assigned.len() < 2, "one seat came free: {assigned:?}");
    assigned.first().map(|(ticket, _)| *ticket)
}

fn seats(desk: &Desk, bot: BotId) -> (u64, u64, u64) {
    let BotSeats { seats, guaranteed, used } = desk.tenant.bot_seats(bot);
    (seats, guaranteed, used)
}

const SECOND_BOT: BotId = BotId(1);
const THIRD_BOT: BotId = BotId(2);

#[test]
fn a_bot_below_its_share_goes_first_whatever_the_urgency_of_others() {
    let mut desk = desk_with(&[None, Some(50)], &["ana"], 4);
    let mut lent = hand_offs_of(&mut desk, BOT, 4);
    let urgent: Vec<TicketId> = (0..4).map(|_| hand_off_of(&mut desk, BOT, 1000)).collect();
    let waiting = [0; 3].map(|priority| hand_off_of(&mut desk, SECOND_BOT, priority));
    assert_eq!(seats(&desk, SECOND_BOT), (4, 2, 0));
    for expected in [waiting[0], waiting[1], urgent[0], urgent[1]] {
        let ticket = lent.pop_front().expect("four");
        assert_eq!(heir(&mut desk, "ana", ticket), Some(expected));
    }
    assert_eq!(seats(&desk, SECOND_BOT), (4, 2, 2), "beyond its share urgency decides again");
    assert_eq!(heir(&mut desk, "ana", waiting[0]), Some(waiting[2]), "it is below again");
}

#[test]
fn what_a_bot_does_not_use_others_borrow_and_nobody_loses_a_ticket_for_it() {
    let mut desk = desk_with(&[None, Some(100)], &["ana", "bea"], 2);
    let lent = hand_offs_of(&mut desk, BOT, 4);
    let held = lent.iter().filter(|ticket| desk.holder(**ticket).is_some());
    assert_eq!(held.count(), 4, "no seat is held idle for a share");
    let waiting = hand_off_of(&mut desk, SECOND_BOT, 1000);
    assert_eq!(desk.holder(waiting), None);
    assert_eq!(desk.pass(60 * SECOND), [], "who has a ticket keeps it");
    assert_eq!(heir(&mut desk, "ana", lent[0]), Some(waiting));
    let idle = desk.hand_off(99);
    assert_eq!(heir(&mut desk, "bea", lent[1]), Some(idle), "nobody of the other waits");
}

#[test]
fn of_several_below_their_shares_the_one_that_lacks_most_in_proportion_goes_first() {
    let mut desk = desk_with(&[None, Some(20), Some(60)], &["ana"], 10);
    let mut lent = hand_offs_of(&mut desk, BOT, 10);
    let [few, many] = [SECOND_BOT, THIRD_BOT].map(|bot| hand_offs_of(&mut desk, bot, 10));
    assert_eq!((seats(&desk, SECOND_BOT).1, seats(&desk, THIRD_BOT).1), (2, 6));
    let mut got = Vec::new();
    while let Some(ticket) = lent.pop_front() {
        got.extend(heir(&mut desk, "ana", ticket));
    }
    // Both have nothing, then a half and nothing, a half and a third, and so on; a tie is the lower's.
    let in_turn = [few[0], many[0], many[1], many[2], few[1], many[3], many[4], many[5]];
    assert_eq!(got[..8], in_turn);
    assert_eq!(got[8..], [few[2], few[3]], "with all shares kept the one who came first");
}

/// The bound, for bots with all kinds of shares: while a bot is below its share, its first ticket gets at
/// the latest the seat after all those that the other bots lack, however many others wait.
#[test]
fn the_first_ticket_of_a_bot_below_its_share_waits_for_no_more_seats_than_the_others_lack() {
    for shares in [[10, 20, 70], [30, 30, 30], [1, 98, 1], [50, 25, 25], [5, 5, 90]] {
        for late in 1..=3 {
            let mut desk = desk_with(
                &[None, Some(shares[0]), Some(shares[1]), Some(shares[2])],
                &["ana"],
                100,
            );
            let mut lent = hand_offs_of(&mut desk, BOT, 100);
            for other in [0, 1, 2, 3].map(BotId).into_iter().filter(|bot| bot.0 != late) {
                hand_offs_of(&mut desk, other, 120);
            }
            let late = BotId(late);
            let first = hand_off_of(&mut desk, late, 0);
            let lacks = |bot: BotId| seats(&desk, bot).1 - seats(&desk, bot).2;
            assert!(lacks(late) > 0);
            let others = [1, 2, 3].map(BotId).into_iter().filter(|bot| *bot != late);
            let bound = others.map(lacks).sum::<u64>() + 1;
            let mut seat = 1;
            while heir(&mut desk, "ana", lent.pop_front().expect("a hundred")) != Some(first) {
                seat += 1;
            }
            assert!(seat <= bound, "{shares:?}, {late:?}: seat {seat} of at most {bound}");
        }
    }
}

#[test]
fn a_share_comes_before_levels_and_before_what_is_reserved_for_the_agent() {
    let mut desk = desk_with(&[None, Some(50)], &["ana", "bea"], 2);
    put_queue(&mut desk, SECOND_BOT, &["ana"], |queue| {
        queue.members = vec![Member { level: 5, ..Member::from("ana") }];
    });
    let lent = hand_offs_of(&mut desk, BOT, 4);
    let to_ana = desk.transfer("bea", lent[1], Target::Agent(desk.agent_id("ana")));
    let reserved = desk.child(to_ana);
    let waiting = hand_off_of(&mut desk, SECOND_BOT, 0);
    assert_eq!(desk.place(reserved).0, TicketState::Waiting);
    assert_eq!(heir(&mut desk, "ana", lent[0]), Some(waiting));
    assert_eq!(heir(&mut desk, "ana", lent[2]), Some(reserved));
}

#[test]
fn what_is_reserved_for_the_agent_goes_by_the_shares_of_its_bots_too() {
    let mut desk = desk_with(&[None, Some(50)], &["ana"], 2);
    let lent = hand_offs_of(&mut desk, BOT, 2);
    let ana = Some(desk.agent_id("ana"));
    let prefers = |bot, contact| HandOff { bot, preferred_agent: ana, ..hand_off(contact) };
    let first = desk.accepted(prefers(BOT, 900)).ticket;
    let second = desk.accepted(prefers(SECOND_BOT, 901)).ticket;
    assert_eq!(heir(&mut desk, "ana", lent[0]), Some(second));
    assert_eq!(heir(&mut desk, "ana", lent[1]), Some(first));
}

#[test]
fn an_agent_who_pulls_gets_a_ticket_of_the_bot_below_its_share() {
    let mut desk = desk_with(&[None, Some(50)], &["ana"], 2);
    for bot in [BOT, SECOND_BOT] {
        put_queue(&mut desk, bot, &["ana"], |queue| queue.delivery = Delivery::Pull);
    }
    let urgent = hand_off_of(&mut desk, BOT, 1000);
    let waiting = [0, 0].map(|priority| hand_off_of(&mut desk, SECOND_BOT, priority));
    for expected in [waiting[0], urgent] {
        let next = Input::Next { agent: desk.agent_id("ana"), queue: None };
        let Answer::Next(NextAnswer { ticket, .. }) = desk.ask(next).1 else { panic!("a ticket") };
        assert_eq!(ticket, expected);
    }
}

#[test]
fn many_who_come_at_once_meet_as_if_one_after_the_other() {
    let mut desk = desk_with(&[None, Some(25), Some(50)], &["ana", "bea"], 2);
    put_queue(&mut desk, BOT, &["ana", "bea"], |queue| queue.strategy = Strategy::LongestIdle);
    for agent in ["ana", "bea"] {
        desk.intent(agent, Intent::Paused);
    }
    let urgent = [900, 1000].map(|priority| hand_off_of(&mut desk, BOT, priority));
    let few = hand_offs_of(&mut desk, SECOND_BOT, 2);
    let many = hand_offs_of(&mut desk, THIRD_BOT, 2);
    let got = |events: &[Event]| -> Vec<TicketId> {
        assignments(events).into_iter().map(|(ticket, _)| ticket).collect()
    };
    // Of two seats a quarter is none.
    assert_eq!(got(&desk.intent("ana", Intent::Online)), [many[0], urgent[1]]);
    assert_eq!(got(&desk.intent("bea", Intent::Online)), [few[0], many[1]]);
}

#[test]
fn only_seats_of_agents_online_who_serve_the_bot_are_shared() {
    let mut desk = desk_with(&[None, Some(50)], &["ana", "bea"], 4);
    desk.agent("eve", 4);
    desk.online("eve");
    assert_eq!(seats(&desk, BOT), (0, 0, 0), "nothing is counted for a bot without a share");
    assert_eq!(seats(&desk, SECOND_BOT), (8, 4, 0), "eve serves another");
    let ticket = hand_off_of(&mut desk, SECOND_BOT, 0);
    let holder = desk.holder(ticket).expect("there are seats");
    let other = if holder == "ana" { "bea" } else { "ana" };
    assert_eq!(seats(&desk, SECOND_BOT), (8, 4, 1));
    desk.intent(&holder, Intent::Paused);
    assert_eq!(seats(&desk, SECOND_BOT), (4, 2, 0), "the seat in use is none of these");
    desk.intent(&holder, Intent::Online);
    desk.agent(&holder, 5);
    assert_eq!(seats(&desk, SECOND_BOT), (9, 4, 1), "rounded down");
    let absence = Some(relevo_routing::event::Absence { text: String::new(), colleague: None });
    let (agent, own) = (desk.agent_id(&holder), true);
    desk.events(Input::SetAbsence { agent, bot: SECOND_BOT, absence, own });
    assert_eq!(seats(&desk, SECOND_BOT), (4, 2, 0));
    desk.events(Input::SetAbsence { agent, bot: SECOND_BOT, absence: None, own });
    put_queue(&mut desk, SECOND_BOT, &[other, "eve"], |_| {});
    assert_eq!(seats(&desk, SECOND_BOT), (8, 4, 0));
    put_bot(&mut desk, SECOND_BOT, None);
    assert_eq!(seats(&desk, SECOND_BOT), (0, 0, 0));
    put_bot(&mut desk, SECOND_BOT, Some(10));
    assert_eq!(seats(&desk, SECOND_BOT), (8, 0, 0));
}

#[test]
fn offers_and_wrap_ups_use_the_seats_that_they_hold() {
    let mut desk = desk_with(&[None, Some(100)], &["ana", "bea"], 1);
    put_queue(&mut desk, SECOND_BOT, &["ana", "bea"], |queue| {
        (queue.offer_seconds, queue.offer_agents, queue.wrap_up_seconds) = (20, 2, 30);
    });
    let ticket = hand_off_of(&mut desk, SECOND_BOT, 0);
    assert_eq!(seats(&desk, SECOND_BOT), (2, 2, 2));
    desk.events(Input::Accept { agent: desk.agent_id("ana"), ticket });
    assert_eq!(seats(&desk, SECOND_BOT), (2, 2, 1));
    desk.reply("ana", ticket);
    desk.close("ana", ticket);
    assert_eq!(seats(&desk, SECOND_BOT), (2, 2, 1));
    desk.pass(30 * SECOND);
    assert_eq!(seats(&desk, SECOND_BOT), (2, 2, 0));
}

#[test]
fn shares_of_more_than_all_seats_of_an_agent_are_refused_with_agent_and_sum() {
    let mut desk = desk_with(&[Some(60), Some(40)], &["ana", "bea"], 3);
    put_bot(&mut desk, THIRD_BOT, Some(40));
    put_queue(&mut desk, THIRD_BOT, &[], |_| {});
    put_queue(&mut desk, BOT, &["ana"], |_| {});
    let mut refused = |object, field: &str, said: &str| {
        let error = desk.refused(Input::Put { object: Box::new(object), if_version: None });
        assert_eq!((error.code, &*error.field), (ErrorCode::LimitExceeded, field));
        assert_eq!(error.message, said);
    };
    refused(
        bot(SECOND_BOT, Some(41)),
        "guaranteed_share",
        "agent \"ana\" serves bots with guaranteed shares of 101 % in all (b 60 %, c 41 %): at most \
         100 %",
    );
    refused(
        Object::Queue(queue(THIRD_BOT, &["bea", "ana"])),
        "members",
        "agent \"ana\" serves bots with guaranteed shares of 140 % in all (b 60 %, c 40 %, d 40 %): \
         at most 100 %",
    );
    put_queue(&mut desk, THIRD_BOT, &["bea"], |_| {});
    put_queue(&mut desk, BOT, &["ana"], |queue| queue.reopen_seconds = 5);
}

#[test]
fn shares_that_change_together_are_held_against_the_sum_at_the_end() {
    let mut desk = desk_with(&[Some(60), Some(40)], &["ana", "bea", "eve"], 3);
    let put = |object| Change::Put(PutChange { object: Box::new(object), if_version: None });
    let apply = |changes| Input::Apply { changes, dry_run: false };
    let swapped = vec![put(bot(SECOND_BOT, Some(60))), put(bot(BOT, Some(40)))];
    desk.events(apply(swapped));
    let agents = ["bea", "ana"];
    let more = vec![
        put(bot(BOT, Some(10))),
        put(bot(THIRD_BOT, Some(31))),
        put(Object::Queue(queue(THIRD_BOT, &agents))),
        put(bot(BOT, None)),
        put(bot(BOT, Some(10))),
        put(bot(THIRD_BOT, Some(30))),
    ];
    desk.events(apply(more));
    let too_many = vec![
        put(bot(SECOND_BOT, Some(90))),
        put(bot(THIRD_BOT, Some(31))),
        put(Object::Queue(queue(THIRD_BOT, &agents))),
    ];
    let error = desk.refused(apply(too_many));
    let field = "changes[1].object.bot.guaranteed_share";
    assert_eq!((error.code, &*error.field), (ErrorCode::LimitExceeded, field));
    let said = "bot d: agent \"ana\" serves bots with guaranteed shares of 131 % in all (b 10 %, \
                c 90 %, d 31 %): at most 100 %; 1 more agents serve too many";
    assert_eq!(error.message, said);
}

#[test]
fn explain_tells_whose_ticket_goes_first_for_its_share() {
    let mut desk = desk_with(&[None, Some(50), Some(50)], &["ana"], 4);
    let lent = hand_offs_of(&mut desk, BOT, 4);
    let waiting = hand_off_of(&mut desk, BOT, 1000);
    let said = "goes first";
    assert!(!desk.explain(waiting).because.contains(said), "nobody of the others waits");
    let needy = hand_off_of(&mut desk, SECOND_BOT, 0);
    let because = desk.explain(waiting).because;
    let first = "; a ticket of bot c goes first, which uses 0 of the 2 seats guaranteed to it";
    assert!(because.contains(first), "{because}");
    let because = desk.explain(needy).because;
    assert!(because.contains("; its bot uses 0 of the 2 seats guaranteed to it"), "{because}");
    assert!(!because.contains(said), "{because}");
    assert_eq!(heir(&mut desk, "ana", lent[0]), Some(needy));
    let other = hand_off_of(&mut desk, SECOND_BOT, 0);
    hand_off_of(&mut desk, THIRD_BOT, 0);
    let because = desk.explain(other).because;
    let first = "its bot uses 1 of the 2 seats guaranteed to it; a ticket of bot d goes first, which \
                 uses 0 of the 2 seats guaranteed to it";
    assert!(because.contains(first), "{because}");
}

#[test]
fn the_seats_of_the_shares_are_the_same_after_a_restart() {
    let mut desk = desk_with(&[None, Some(30), Some(70)], &["ana", "bea"], 5);
    for bot in [BOT, SECOND_BOT, THIRD_BOT] {
        hand_offs_of(&mut desk, bot, 2);
    }
    let before = [SECOND_BOT, THIRD_BOT].map(|bot| seats(&desk, bot));
    assert_eq!(before, [(10, 3, 2), (10, 7, 2)]);
    let read = relevo_routing::Tenant::from_snapshot(
        &desk.tenant.snapshot(),
        desk.tenant.settings().clone(),
    );
    let read = read.expect("valid");
    for bot in [SECOND_BOT, THIRD_BOT] {
        assert_eq!(read.bot_seats(bot), desk.tenant.bot_seats(bot));
    }
    desk.restart(SECOND);
    desk.handle(Input::Ready);
    assert_eq!(
        [SECOND_BOT, THIRD_BOT].map(|bot| seats(&desk, bot)),
        before,
        "they count as online"
    );
}
