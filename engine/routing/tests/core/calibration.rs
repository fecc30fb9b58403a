//! Estimated waits in a simulated center: what was told, held against the waits that came.

use crate::common::*;
use relevo_routing::Input;
use relevo_routing::input::HandOff;
use relevo_wire::answer::Answer;
use relevo_wire::{EstimatedWait, TicketId};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// Numbers that are the same in every run.
struct Chance(u64);

impl Chance {
    /// Uniform in (0, 1].
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    fn exponential(&mut self, mean_s: f64) -> u64 {
        (-self.uniform().ln() * mean_s * 1e6) as u64
    }
}

#[derive(Debug, Clone, Copy)]
enum Service {
    Exponential,
    Constant,
}

/// Queue and priority.
type Class = (&'static str, u16);

const TICKETS: u32 = 6_000;
const HANDLE_S: f64 = 300.0;
const SHARED: usize = 8;
const OWN: usize = 4;

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Happens {
    Arrival,
    Close(String, TicketId, u32),
}

#[derive(Debug, Default)]
struct Score {
    judged: u32,
    within_p50: u32,
    within_p90: u32,
    unknown: u32,
    waited_s: f64,
    /// Between the wait and the half that was told.
    off_s: f64,
}

impl Score {
    fn add(&mut self, waited_s: f64, told: EstimatedWait) {
        self.judged += 1;
        self.within_p50 += u32::from(waited_s <= f64::from(told.p50_seconds));
        self.within_p90 += u32::from(waited_s <= f64::from(told.p90_seconds));
        self.waited_s += waited_s;
        self.off_s += (waited_s - f64::from(told.p50_seconds)).abs();
    }

    fn and(self, other: &Self) -> Self {
        Self {
            judged: self.judged + other.judged,
            within_p50: self.within_p50 + other.within_p50,
            within_p90: self.within_p90 + other.within_p90,
            unknown: self.unknown + other.unknown,
            waited_s: self.waited_s + other.waited_s,
            off_s: self.off_s + other.off_s,
        }
    }

    /// Shares within the half and within nine of ten.
    fn shares(&self) -> (f64, f64) {
        let judged = f64::from(self.judged.max(1));
        (f64::from(self.within_p50) / judged, f64::from(self.within_p90) / judged)
    }
}

/// `SHARED` agents serve both queues, `OWN` more only the first. A fifth of the customers is urgent.
/// For a while more come than can be served, then fewer.
fn simulate(seed: u64, service: Service, tickets: u32) -> BTreeMap<Class, Score> {
    let mut desk = desk();
    let mut chance = Chance(seed);
    desk.bot(|bot| bot.priority_cap = 1000);
    let names: Vec<String> = (0..SHARED + OWN).map(|agent| format!("a{agent}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.iter().for_each(|name| _ = desk.agent(name, 1));
    desk.queue("q", &names, |_| {});
    desk.queue("r", &names[..SHARED], |_| {});
    let queues = [desk.queue_id("q"), desk.queue_id("r")];
    names.iter().for_each(|name| _ = desk.online(name));
    let name_of: BTreeMap<_, _> = names.iter().map(|name| (desk.agent_id(name), *name)).collect();
    let mut scores: BTreeMap<Class, Score> = BTreeMap::new();
    let mut told: BTreeMap<TicketId, (u64, EstimatedWait, Class)> = BTreeMap::new();
    let mut agenda = BinaryHeap::from([Reverse((desk.now, Happens::Arrival))]);
    let mut contact = 0;
    while let Some(Reverse((at, happens))) = agenda.pop() {
        desk.pass(at - desk.now);
        let events = match happens {
            Happens::Arrival => {
                contact += 1;
                if contact > tickets {
                    break;
                }
                let is_busy = (at / (7_200 * SECOND)).is_multiple_of(2);
                let load = if is_busy { 1.15 } else { 0.85 };
                let gap_s = HANDLE_S / (load * names.len() as f64);
                agenda.push(Reverse((at + chance.exponential(gap_s), Happens::Arrival)));
                let queue = usize::from(chance.uniform() < 0.4);
                let priority = if chance.uniform() < 0.2 { 10 } else { 0 };
                let input =
                    HandOff { queue: Some(queues[queue]), priority, ..hand_off(contact.into()) };
                let (events, answer) = desk.ask(Input::HandOff(input));
                let Answer::Accepted(accepted) = answer else { panic!("{answer:?}") };
                if accepted.position > 0 {
                    let class = (["q", "r"][queue], priority);
                    match accepted.estimated_wait {
                        Some(wait) => _ = told.insert(accepted.ticket, (at, wait, class)),
                        None => scores.entry(class).or_default().unknown += 1,
                    }
                }
                events
            }
            Happens::Close(agent, ticket, epoch) => {
                let agent = desk.agent_id(&agent);
                desk.events(Input::Close { agent, ticket, epoch, tags: Vec::new() })
            }
        };
        for event in events {
            let relevo_routing::Event::Assigned(assigned) = event else { continue };
            let service_us = match service {
                Service::Exponential => chance.exponential(HANDLE_S),
                Service::Constant => (HANDLE_S * 1e6) as u64,
            };
            let agent = name_of[&assigned.agent].to_owned();
            let close = Happens::Close(agent, assigned.ticket, assigned.epoch);
            agenda.push(Reverse((at + service_us, close)));
            let remembered = told.remove(&assigned.ticket);
            assert_eq!(assigned.told, remembered.map(|(_, wait, _)| wait));
            if let Some((since, wait, class)) = remembered {
                scores.entry(class).or_default().add((at - since) as f64 / 1e6, wait);
            }
        }
    }
    scores
}

#[test]
fn what_is_told_comes_true_as_often_as_it_says() {
    for service in [Service::Exponential, Service::Constant] {
        for seed in [7, 11] {
            let scores = simulate(seed, service, TICKETS);
            for (class, score) in &scores {
                let (half, most) = score.shares();
                assert!((0.35..0.75).contains(&half), "{service:?} {seed} {class:?}: {half}");
                assert!((0.8..=1.0).contains(&most), "{service:?} {seed} {class:?}: {most}");
            }
            let all = scores.values().fold(Score::default(), Score::and);
            let (half, most) = all.shares();
            assert!((0.45..0.55).contains(&half), "{service:?} {seed}: {half}");
            assert!((0.87..0.93).contains(&most), "{service:?} {seed}: {most}");
            assert!(all.judged > 5_000 && all.unknown < 100, "{service:?} {seed}: {all:?}");
            // Right on average is not enough: a wait is not far from what was told.
            assert!(all.off_s < all.waited_s / 3.0, "{service:?} {seed}: {all:?}");
        }
    }
}
