//! End-to-end tests and campaigns over real parts: the daemon as a process, QUIC, the disk.
//!
//! `tests/*.rs` hold what must always be true and runs with `cargo test`; the binary
//! `relevo-tests` runs the campaigns: crashes, power cuts, mass resumes, the order of syncs.

pub mod campaign;
pub mod center;
pub mod harness;
pub mod simulation;
