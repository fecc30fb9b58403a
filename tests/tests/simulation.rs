//! The simulator itself: the same seed is the same world, nothing is broken in a few of them, and
//! every kind of fault comes.

use relevo_tests::campaign::simulate::Run;
use relevo_tests::simulation::faults::Fault;
use relevo_tests::simulation::world::Tally;

const HOURS: f64 = 0.1;

fn run(seed: u64) -> Tally {
    let failed = match Run::new(seed, HOURS).run() {
        Ok(tally) => return tally,
        Err(failed) => failed,
    };
    let mut text = Vec::new();
    failed.explain(&mut text).expect("memory takes it");
    panic!("{}", String::from_utf8_lossy(&text));
}

#[test]
fn the_same_seed_gives_the_same_records() {
    let (first, again, other) = (run(1), run(1), run(2));
    assert_eq!(first, again);
    assert_ne!(first.hash, other.hash, "the seed matters");
}

/// A world that never comes to something proves nothing about it.
#[test]
fn a_few_worlds_hold_and_every_fault_comes() {
    let mut sum = Tally::default();
    (10..22).for_each(|seed| sum.add(&run(seed)));
    for fault in Fault::ALL {
        assert!(sum.faults.of(fault) > 0, "no {}: {}", fault.name(), sum.faults);
    }
    assert!(sum.tickets > 1_000 && sum.commands > 10_000, "{sum:?}");
    assert!(sum.forgotten > 0, "no log has let go of what is in a snapshot: {sum:?}");
}

#[test]
fn a_fault_is_known_by_its_name() {
    for fault in Fault::ALL {
        assert_eq!(Fault::named(fault.name()), Ok(fault));
    }
    assert!(Fault::named("rust").unwrap_err().contains("torn write"));
}
