//! Single decisions where tickets require skills: microseconds, beside the same ones without.
//!
//! One queue that 15,000 agents serve, 500,000 tickets in its line. Agents hold 3 to 10 of 200 skills
//! at levels from 1 to 5, tickets ask for 1 to 3 of them at levels from 1 to 3; which ones follows a
//! Zipf distribution, so that few are asked for by many and many by few.

use super::Turns;
use super::decisions::{Desk, agent_name, private_part};
use super::workload::{Workload, mix};
use crate::report::{Required, Row, figure};
use crate::statistics::Spread;
use anyhow::{Result, ensure};
use hdrhistogram::Histogram;
use relevo_routing::event::Demand;
use relevo_wire::directory::{Agent, Object, Skill};
use std::time::Instant;

/// Tickets in line when the measurement begins.
const WAITING: u32 = 500_000;
/// Skills that there are.
const SKILLS: u64 = 200;
/// What one decision may cost, the slowest in a hundred aside, in microseconds.
const P99_US: f64 = 50.0;
/// Of a hundred tickets so many at least must be beyond an agent chosen by chance.
const UNSERVABLE_PERCENT: u64 = 30;
/// Rounds between two looks at the clock that ends a run.
const ROUND: usize = 64;

/// One row for a seat that comes free and one for a hand-off.
///
/// # Errors
/// The router refused what it must take, or the tickets do not ask for enough.
pub fn rows(turns: Turns) -> Result<Vec<Row>> {
    let unservable = unservable_percent();
    ensure!(unservable >= UNSERVABLE_PERCENT, "an agent can serve all but {unservable} %");
    let mut skilled =
        Line::new(|at| Some(Box::new(Demand { skills: asked(at), rings: Vec::new() })))?;
    let mut plain = Line::new(|_| None)?;
    let mut all = [(); 4].map(|()| Vec::new());
    let mut worst = [(); 2].map(|()| Vec::new());
    for _ in 0..turns.pairs {
        let (plain_freed, plain_handed) = plain.run(turns)?;
        let (freed, handed) = skilled.run(turns)?;
        for (rows, times) in all.iter_mut().zip([&freed, &plain_freed, &handed, &plain_handed]) {
            rows.push(times.value_at_quantile(0.99) as f64 / 1e3);
        }
        for (rows, times) in worst.iter_mut().zip([&freed, &handed]) {
            rows.push(times.value_at_quantile(0.5) as f64 / 1e3);
        }
    }
    for desk in [&skilled.desk, &plain.desk] {
        desk.check()?;
    }
    let [freed, plain_freed, handed, plain_handed] = all;
    let row = |name: &str, measured: &[f64], raw: &[f64], p50: &[f64]| {
        let p50 = Spread::of(p50).map_or_else(String::new, |spread| figure(spread.median));
        Row::beside(format!("skills: {name}"), "µs p99", measured, "without skills", raw)
            .judged(Required::AtMost(P99_US), turns.claim, None)
            .note("p50, µs", p50)
            .note("tickets that an agent chosen by chance cannot serve", format!("{unservable} %"))
    };
    Ok(vec![
        row("a seat comes free", &freed, &plain_freed, &worst[0]),
        row("a hand-off", &handed, &plain_handed, &worst[1]),
    ])
}

struct Line<D> {
    desk: Desk,
    demand: D,
    handed_off: u64,
    private: Vec<u8>,
}

impl<D: Fn(u64) -> Option<Box<Demand>>> Line<D> {
    fn new(demand: D) -> Result<Self> {
        let workload = Workload::one_line();
        let mut desk = Desk::new(&workload)?;
        for agent in 0..workload.agents {
            let skills = held(u64::from(agent));
            let agent = Agent { skills, ..Agent::new(agent_name(agent), workload.seats) };
            desk.put(Object::Agent(agent))?;
        }
        let mut line = Self { desk, demand, handed_off: 0, private: private_part() };
        while line.desk.waiting() < WAITING {
            line.hand_off()?;
        }
        Ok(line)
    }

    fn hand_off(&mut self) -> Result<()> {
        let demand = (self.demand)(self.handed_off);
        self.handed_off += 1;
        self.desk.hand_off_to(0, 0, demand, &self.private)
    }

    /// Closes and hand-offs in turns, each by itself.
    fn run(&mut self, turns: Turns) -> Result<(Histogram<u64>, Histogram<u64>)> {
        let mut freed = Histogram::new_with_bounds(1, 60_000_000_000, 3)?;
        let mut handed = freed.clone();
        let began = Instant::now();
        while began.elapsed() < turns.each {
            for _ in 0..ROUND {
                let call_began = Instant::now();
                self.desk.close_oldest()?;
                freed.saturating_record(u64::try_from(call_began.elapsed().as_nanos())?);
                let demand = (self.demand)(self.handed_off);
                self.handed_off += 1;
                let call_began = Instant::now();
                self.desk.hand_off_to(0, 0, demand, &self.private)?;
                handed.saturating_record(u64::try_from(call_began.elapsed().as_nanos())?);
            }
        }
        Ok((freed, handed))
    }
}

/// 3 to 10 skills of an agent.
fn held(agent: u64) -> Vec<Skill> {
    let seed = mix(agent ^ 0xa6e7);
    some(seed, 3 + usize::try_from(seed % 8).expect("few"), 5)
}

/// 1 to 3 skills that a ticket asks for.
fn asked(ticket: u64) -> Vec<Skill> {
    let seed = mix(ticket ^ 0x71c7e7);
    some(seed, 1 + usize::try_from(seed % 3).expect("few"), 3)
}

/// So many different skills, by a Zipf distribution, at levels up to the highest.
fn some(seed: u64, count: usize, levels: u64) -> Vec<Skill> {
    let mut skills: Vec<Skill> = Vec::with_capacity(count);
    for draw in 0.. {
        if skills.len() == count {
            break;
        }
        let name = format!("skill-{}", zipf(mix(seed.wrapping_add(draw))));
        let level = 1 + mix(seed ^ draw.rotate_left(32)) % levels;
        if skills.iter().all(|skill| skill.name != name) {
            skills.push(Skill { name, level: u8::try_from(level).expect("few levels") });
        }
    }
    skills
}

/// The rank of a skill: the n-th is drawn 1/n as often as the first.
fn zipf(random: u64) -> u64 {
    let all: f64 = (1..=SKILLS).map(|rank| 1.0 / rank as f64).sum();
    let mut left = (random >> 11) as f64 / (1_u64 << 53) as f64 * all;
    for rank in 1..SKILLS {
        left -= 1.0 / rank as f64;
        if left < 0.0 {
            return rank;
        }
    }
    SKILLS
}

/// Of a hundred pairs of an agent and a ticket, drawn by chance, in how many it cannot serve it.
fn unservable_percent() -> u64 {
    const PAIRS: u64 = 10_000;
    let cannot = |pair: &u64| {
        let has = held(mix(*pair) % 15_000);
        asked(*pair).iter().any(|required| {
            has.iter().all(|skill| skill.name != required.name || skill.level < required.level)
        })
    };
    (0..PAIRS).filter(cannot).count() as u64 * 100 / PAIRS
}
