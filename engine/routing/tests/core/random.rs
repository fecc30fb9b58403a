//! Random commands: after every step the invariants hold, and the log gives the same state.

use crate::common::*;
use crate::world::World;
use relevo_routing::{Event, Settings, Tenant, record};
use std::collections::BTreeSet;

const SEEDS: u64 = 60;
const STEPS: usize = 500;

#[test]
fn invariants_hold_after_every_step() {
    for seed in 0..SEEDS {
        let mut world = World::new(seed);
        for step in 0..STEPS {
            world.step();
            world.check(&format!("seed {seed}, step {step}"));
        }
    }
}

#[test]
fn the_log_gives_the_same_state_and_the_snapshot_the_same_tenant() {
    for seed in 100..100 + SEEDS {
        let mut world = World::new(seed);
        for step in 0..STEPS {
            world.step();
            if step % 50 == 49 {
                let live = &world.desk.tenant;
                let bytes = live.snapshot();
                let replayed = world.desk.replayed();
                assert!(replayed.snapshot() == bytes, "seed {seed}, step {step}: replayed");
                let read = Tenant::from_snapshot(&bytes, live.settings().clone()).expect("valid");
                assert!(read.snapshot() == bytes, "seed {seed}, step {step}: read back");
                for other in [&replayed, &read] {
                    assert_eq!(other.stats(), live.stats(), "seed {seed}, step {step}");
                    for (queue, _) in live.directory().queues() {
                        assert_eq!(other.queue_stats(queue), live.queue_stats(queue));
                        assert_eq!(other.queue_agents(queue), live.queue_agents(queue));
                    }
                    for (bot, _) in live.directory().bots() {
                        assert_eq!(other.bot_seats(bot), live.bot_seats(bot));
                    }
                }
            }
        }
    }
}

#[test]
fn the_same_commands_give_the_same_bytes() {
    let run = |seed| {
        let mut world = World::new(seed);
        for _ in 0..STEPS {
            world.step();
        }
        (world.desk.log, world.desk.tenant.snapshot())
    };
    for seed in 200..205 {
        assert!(run(seed) == run(seed), "seed {seed}");
    }
    assert!(run(200) != run(201), "the seed matters");
}

#[test]
fn a_snapshot_in_the_middle_of_the_log_changes_nothing() {
    for seed in 300..320 {
        let mut world = World::new(seed);
        for _ in 0..STEPS {
            world.step();
        }
        let log = &world.desk.log;
        let half = world.desk.replay(new_tenant(), &log[..log.len() / 2]);
        let half = Tenant::from_snapshot(&half.snapshot(), Settings::default()).expect("valid");
        let whole = world.desk.replay(half, &log[log.len() / 2..]);
        assert!(whole.snapshot() == world.desk.tenant.snapshot(), "seed {seed}");
    }
}

/// A world that never comes to something proves nothing about it.
#[test]
fn the_random_world_comes_to_every_end() {
    let mut seen = BTreeSet::new();
    for seed in 0..2 * SEEDS {
        let mut world = World::new(seed);
        for _ in 0..STEPS {
            world.step();
        }
        for bytes in &world.desk.log {
            let (_, events) = record::decode(bytes).expect("a record");
            seen.extend(events.iter().map(told));
        }
    }
    for expected in [
        "Lost Some(LostInTarget)",
        "Lost Some(LostShort)",
        "Lost Some(Missed)",
        "AbandonedUnanswered Some(LostInTarget)",
        "AbandonedAnswered None",
        "TakenBack Some(Missed)",
        "Transferred None",
        "Attended None",
        "Unserved None",
        "HandOff reserved: false",
        "Reopen reserved: false",
        "Reopen reserved: true",
        "Transfer reserved: false",
        "Transfer reserved: true",
        "Customer",
        "Agent",
        "Bot",
        "Requeued",
        "Unreserved",
        "TargetMissed",
        "HandOffRejected",
        "HandOffRepeated",
        "ContactMessageStored",
        "AgentUnreachable",
        "Answered",
        "Progressed",
        "Started",
        "OfferEnded Declined",
        "OfferEnded Missed",
        "OfferEnded Withdrawn",
        "Responding",
        "Held",
        "Parked",
        "CustomerAway",
        "CustomerBack",
        "Unparked Time",
        "Unparked Customer",
        "Unparked Agent",
        "Inactive",
        "AbsenceSet",
        "ContactBlocked",
        "ContactUnblocked",
        "CallbackListed",
        "CallbackWished",
        "CallbackEnded",
        "WrappedUp Done",
        "WrappedUp Limit",
        "WrappedUp AgentGone",
        "Overflowed",
        "QueueHours",
        "Notice Begun",
        "Notice Ended",
        "Notice Told",
        "QueueModeSet Closed",
        "QueueModeSet Drain",
        "QueueModeSet Open",
        "TargetMoved",
        "TargetTold AtRisk",
        "TargetTold Missed",
    ] {
        assert!(seen.contains(expected), "never came to {expected:?}, only to {seen:?}");
    }
}

/// What of an event the world must come to.
fn told(event: &Event) -> String {
    if let Event::Closed(closed) = event {
        return format!("{:?} {:?}", closed.outcome, closed.judged);
    }
    if let Event::TicketOpened(opened) = event {
        return format!("{:?} reserved: {}", opened.via, opened.reserved.is_some());
    }
    if let Event::OfferEnded(ended) = event {
        return format!("OfferEnded {:?}", ended.end);
    }
    if let Event::TargetTold(told) = event {
        return format!("TargetTold {:?}", told.state);
    }
    if let Event::WrappedUp(ended) = event {
        return format!("WrappedUp {:?}", ended.end);
    }
    if let Event::Unparked(back) = event {
        return format!("Unparked {:?}", back.cause);
    }
    if let Event::MessageStored(stored) = event {
        return format!("{:?}", stored.author);
    }
    if let Event::Notice(notice) = event {
        let step = format!("Notice {:?}", notice.step);
        return step.split(['(', '{']).next().unwrap_or_default().trim_end().to_owned();
    }
    if let Event::QueueModeSet(set) = event {
        return format!("QueueModeSet {:?}", set.mode);
    }
    format!("{event:?}").split('(').next().unwrap_or_default().to_owned()
}
