//! What the verdict says of planted faults.

use super::*;
use crate::checker::Counter;
use crate::soak::sample::Threads;

const SESSIONS: u64 = 54;
const CORES: u32 = 2;
/// Hand-offs per second, and bytes of the log.
const RATE: u64 = 20;
const LOG: u64 = 50_000;

/// A life of ten minutes at an honest load.
fn honest(life: u32) -> Vec<Sample> {
    let from = f64::from(life) * 600.0;
    let generations = |second| (600 * u64::from(life) + second) * LOG / GENERATION_BYTES;
    (0..600u64)
        .map(|second| Sample {
            at_s: from + second as f64,
            life,
            settled: second >= 60,
            // The log and a kibibyte for each conversation.
            resident_bytes: 60 * MIB + second * (LOG + RATE * 1024),
            descriptors: 40 + second % 2 + generations(second) * PER_GENERATION,
            threads: Threads { runtime: 3 + second % 2, sled: 7, others: 5 },
            // As measured: twice the log of both lives, and segments.
            disk_bytes: 16 * MIB + 2 * (600 * u64::from(life) + second) * LOG,
            generations: 1 + generations(second),
            sessions: SESSIONS,
            log_bytes: second * LOG,
            accepted: second * RATE,
            rate: RATE as f64,
            ..Sample::default()
        })
        .collect()
}

/// What does not hold when every sample of two honest lives is changed.
fn broken(change: impl Fn(&mut Sample)) -> Vec<String> {
    let mut samples = [honest(0), honest(1)].concat();
    samples.iter_mut().for_each(change);
    let lines = usage(&samples, SESSIONS, CORES).into_iter();
    lines.filter(|line| !line.holds).map(|line| line.what).collect()
}

#[test]
fn an_honest_load_holds_in_every_line() {
    assert_eq!(broken(|_| {}), [""; 0]);
    let lines = usage(&[honest(0), honest(1)].concat(), SESSIONS, CORES);
    let names: Vec<&str> = lines.iter().map(|line| line.what.as_str()).collect();
    let usage = ["descriptors", "threads", "threads of sled", "threads of the runtime"];
    let disk = ["log on disk", "generations", "snapshots"];
    assert_eq!(names, [&["memory, life 1", "memory, life 2"], &usage[..], &disk].concat());
}

#[test]
fn a_leak_of_memory_is_seen_in_the_life_that_has_it() {
    let leak = |life: u32, kib: u64| {
        move |sample: &mut Sample| {
            if sample.life == life {
                sample.resident_bytes += sample.accepted * kib * 1024;
            }
        }
    };
    assert_eq!(broken(leak(0, 4)), ["memory, life 1"]);
    // In the second life a generation is begun.
    assert_eq!(broken(leak(1, 7)), ["memory, life 2"]);
}

#[test]
fn memory_of_the_log_beyond_the_open_generations_is_a_leak() {
    // The log takes 8 MiB a second: many generations in a life, of which five may be in memory.
    let grow = |per_second: u64| {
        move |sample: &mut Sample| {
            let second = sample.accepted / RATE;
            sample.log_bytes = second * 8 * MIB;
            sample.generations = (1 + sample.log_bytes / GENERATION_BYTES).min(KEPT_GENERATIONS);
            let open = sample.generations.min(OPEN_GENERATIONS);
            sample.descriptors = 40 + (open - 1) * PER_GENERATION;
            sample.disk_bytes = sample.generations * GENERATION_BYTES;
            sample.resident_bytes = 60 * MIB + second * per_second;
        }
    };
    assert_eq!(broken(grow(MIB / 2)), [""; 0]);
    assert_eq!(broken(grow(MIB)), ["memory, life 1", "memory, life 2"]);
}

#[test]
fn a_descriptor_that_stays_is_seen_within_a_life_and_across_lives() {
    let within = |sample: &mut Sample| sample.descriptors += sample.log_bytes / (LOG * 300);
    assert_eq!(broken(within), ["descriptors"]);
    let across = |sample: &mut Sample| sample.descriptors += u64::from(sample.life);
    assert_eq!(broken(across), ["descriptors"]);
    let generation = |held: u64| {
        move |sample: &mut Sample| {
            sample.descriptors += u64::from(sample.life) * held;
            sample.generations += u64::from(sample.life);
            sample.snapshots = 1;
        }
    };
    assert_eq!(broken(generation(PER_GENERATION + PER_FOLD)), [""; 0]);
    assert_eq!(broken(generation(PER_GENERATION + PER_FOLD + 1)), ["descriptors"]);
}

#[test]
fn a_generation_of_an_earlier_life_may_come_to_memory_when_it_is_folded() {
    let folded = |generations: u64| {
        move |sample: &mut Sample| {
            let second = sample.accepted / RATE;
            sample.log_bytes = second * MIB / 32;
            sample.disk_bytes = sample.log_bytes;
            sample.generations = generations;
            sample.snapshots = 1;
            sample.descriptors = 40 + (generations - 1) * PER_GENERATION;
            sample.resident_bytes = 60 * MIB + second * MIB / 4;
        }
    };
    assert_eq!(broken(folded(3)), [""; 0]);
    assert_eq!(broken(folded(1)), ["memory, life 1", "memory, life 2"]);
}

#[test]
fn a_thread_that_stays_is_seen_and_one_that_goes_is_none() {
    assert_eq!(broken(|sample| sample.threads.others += u64::from(sample.life)), ["threads"]);
    assert_eq!(
        broken(|sample| sample.threads.others += u64::from(sample.descriptors == 41)),
        [""; 0]
    );
    // A generation has none.
    let generation = |sample: &mut Sample| {
        sample.threads.others += u64::from(sample.life);
        sample.generations += u64::from(sample.life);
    };
    assert_eq!(broken(generation), ["threads"]);
}

#[test]
fn the_pool_of_sled_may_be_larger_in_a_later_life_but_does_not_grow_in_one() {
    assert_eq!(broken(|sample| sample.threads.sled += 2 * u64::from(sample.life)), [""; 0]);
    let grows = |sample: &mut Sample| sample.threads.sled += sample.log_bytes / (LOG * 300);
    assert_eq!(broken(grows), ["threads of sled"]);
}

#[test]
fn the_runtime_may_have_a_thread_more_in_a_later_life_but_no_more_than_it_was_given() {
    let more = |count: u64| move |sample: &mut Sample| sample.threads.runtime += count;
    assert_eq!(broken(|sample| sample.threads.runtime += u64::from(sample.life)), [""; 0]);
    assert_eq!(broken(more(14)), [""; 0]);
    assert_eq!(broken(more(15)), ["threads of the runtime"]);
    // Under another name they would be counted with the others.
    assert_eq!(broken(|sample| sample.threads.runtime = 0), ["threads of the runtime"]);
}

#[test]
fn a_log_that_takes_more_than_it_was_given_is_seen() {
    assert_eq!(broken(|sample| sample.disk_bytes += 50 * MIB), ["log on disk"]);
    assert_eq!(broken(|sample| sample.generations += 3), ["generations"]);
    assert_eq!(broken(|sample| sample.snapshots += 4), ["snapshots"]);
}

#[test]
fn a_log_of_which_nothing_is_removed_is_seen() {
    let kept = |generations: u64, on_disk: u64| {
        move |sample: &mut Sample| {
            sample.log_bytes *= 40;
            let begun = 1 + sample.log_bytes / GENERATION_BYTES;
            sample.generations = begun.min(generations);
            sample.disk_bytes = begun.min(on_disk) * GENERATION_BYTES * DISK_FACTOR;
            sample.snapshots = 2;
        }
    };
    assert_eq!(broken(kept(33, 33)), [""; 0]);
    assert_eq!(broken(kept(34, 34)), ["generations"]);
    assert_eq!(broken(kept(24, 32)), ["log on disk"]);
}

#[test]
fn nothing_measured_is_a_failure() {
    assert_eq!(broken(|sample| sample.settled = false), ["memory"]);
    assert_eq!(broken(|sample| sample.sessions -= 1), ["memory"]);
    assert!(!usage(&[], SESSIONS, CORES)[0].holds);
    assert!(correctness(&Verdict::default()).iter().all(|line| !line.holds));
}

#[test]
fn a_violation_a_lost_hand_off_and_a_failure_are_told() {
    let mut verdict = Verdict::default();
    for counter in Counter::ALL {
        verdict.checked(counter, 10);
    }
    assert!(correctness(&verdict).iter().all(|line| line.holds));
    verdict.violated(Counter::Lost, "gone".into());
    let wrong: Vec<Line> = correctness(&verdict).into_iter().filter(|line| !line.holds).collect();
    assert_eq!(wrong.len(), 1);
    assert_eq!(wrong[0].what, Counter::Lost.name());
    assert!(hand_offs(990, 1000).holds && !hand_offs(989, 1000).holds && !hand_offs(0, 0).holds);
    assert!(failures(&[])[0].holds && !failures(&["no".into()])[0].holds);
}

#[test]
fn a_kind_that_was_planned_and_never_happened_is_told() {
    let kinds = |restarts, storms, changes| Kinds { restarts, storms, changes };
    assert!(happened(kinds(2, 3, 30), kinds(1, 1, 1)).holds);
    assert!(happened(kinds(0, 1, 10), kinds(0, 1, 10)).holds);
    for missing in [kinds(0, 3, 30), kinds(2, 0, 30), kinds(2, 3, 0)] {
        assert!(!happened(kinds(2, 3, 30), missing).holds, "{missing:?}");
    }
}
