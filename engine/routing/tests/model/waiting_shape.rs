//! How long and how many may wait in the queues of the model, and where they go on.

use crate::shapes::mostly;
use proptest::prelude::*;
use proptest::sample::select;
use relevo_wire::directory::{Inactivity, Overflow, Queue, TicketTargets};

/// How long and how many may wait in a queue, and where they go on.
#[derive(Debug, Clone)]
pub(crate) struct WaitingShape {
    /// The target by the number in its name.
    pub(crate) overflow: Option<(u8, Overflow)>,
    max_waiting: Option<u32>,
    max_wait_seconds: Option<u32>,
    ttl_seconds: u32,
    inactivity: Inactivity,
    reopen_seconds: u32,
    resume_seconds: u32,
    targets: TicketTargets,
    mandatory_tags: bool,
}

impl WaitingShape {
    pub(crate) fn put_into(&self, queue: &mut Queue) {
        let to = |to: u8| format!("q{to}");
        queue.overflow =
            self.overflow.clone().map(|(number, step)| Overflow { to: to(number), ..step });
        queue.max_waiting = self.max_waiting;
        queue.max_wait_seconds = self.max_wait_seconds;
        queue.ttl_seconds = self.ttl_seconds;
        queue.inactivity = self.inactivity;
        queue.reopen_seconds = self.reopen_seconds;
        queue.resume_seconds = self.resume_seconds;
        queue.targets = self.targets;
        queue.mandatory_tags = self.mandatory_tags;
    }
}

pub(crate) fn waiting_shape() -> impl Strategy<Value = WaitingShape> {
    let step = (
        0..6_u8,
        select(vec![None, Some(1_u32), Some(5), Some(20), Some(60)]),
        mostly(75),
        select(vec![None, None, Some(3_u16), Some(800)]),
    );
    let step = step.prop_map(|(to, after_seconds, when_nobody_online, priority)| {
        let step = Overflow { after_seconds, when_nobody_online, priority, ..Overflow::new("") };
        (to, step)
    });
    let overflow = prop_oneof![2 => Just(None), 3 => step.prop_map(Some)];
    let most = prop_oneof![5 => Just(None), 3 => (1..3_u32).prop_map(Some)];
    let wait = prop_oneof![5 => Just(None), 2 => select(vec![1_u32, 20, 60]).prop_map(Some)];
    let ttl = prop_oneof![5 => Just(86_400), 2 => select(vec![5_u32, 20, 600])];
    let reopen = prop_oneof![1 => Just(0), 2 => select(vec![5_u32, 60, 3_600, 86_400])];
    let resume = prop_oneof![1 => Just(0), 2 => select(vec![5_u32, 20, 60, 3_600])];
    let waits = (most, wait, ttl, resume);
    (overflow, waits, inactivity(), reopen, targets(), mostly(35)).prop_map(
        |(overflow, waits, inactivity, reopen_seconds, targets, mandatory_tags)| {
            let (max_waiting, max_wait_seconds, ttl_seconds, resume_seconds) = waits;
            WaitingShape {
                overflow,
                max_waiting,
                max_wait_seconds,
                ttl_seconds,
                inactivity,
                reopen_seconds,
                resume_seconds,
                targets,
                mandatory_tags,
            }
        },
    )
}

/// Mostly so short that a few actions come to it. Only what goes back to its line, to be assigned anew at
/// once, takes its time: a day would be full of it.
fn inactivity() -> impl Strategy<Value = Inactivity> {
    let first = || select(vec![1_u32, 20, 60]);
    let client = (first(), select(vec![None, Some(1_u32), Some(20), Some(60)]));
    let agent = (first(), select(vec![None, Some(3_600_u32)]));
    let client = prop_oneof![1 => Just(None), 1 => client.prop_map(Some)];
    let agent = prop_oneof![1 => Just(None), 1 => agent.prop_map(Some)];
    (client, agent).prop_map(|(client, agent)| Inactivity {
        client_warning_seconds: client.map(|(first, _)| first),
        client_close_seconds: client.and_then(|(_, then)| then),
        agent_alert_seconds: agent.map(|(first, _)| first),
        agent_requeue_seconds: agent.and_then(|(_, then)| then),
    })
}

fn targets() -> impl Strategy<Value = TicketTargets> {
    let time = || select(vec![None, Some(1_u32), Some(5), Some(30), Some(600)]);
    let some = (time(), time(), time()).prop_map(|(first, next, whole)| TicketTargets {
        first_response_seconds: first,
        next_response_seconds: next,
        resolution_seconds: whole,
    });
    prop_oneof![1 => Just(TicketTargets::default()), 2 => some]
}
