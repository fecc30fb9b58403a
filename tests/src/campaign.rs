//! Campaigns: a loaded daemon and what happens to it, and a ledger that says what must still be true.

pub mod bit_flip;
pub mod crash;
pub mod fuzz;
pub mod hostile;
pub mod ledger;
pub mod power_cut;
pub mod resume;
pub mod seeded;
pub mod simulate;
pub mod syncs;
pub mod traffic;
