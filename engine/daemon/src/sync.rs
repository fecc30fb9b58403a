//! The locks and flags of what a model checks: std's, or under `--cfg shuttle` those whose
//! interleavings the model chooses (`publish/tests/model.rs`).
//!
//! What is used here must be used in all of a modelled path: a model runs its threads on one, so a
//! lock that it does not know would stop it for good.

#[cfg(not(shuttle))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic::AtomicBool};

#[cfg(shuttle)]
pub(crate) use shuttle::sync::{Mutex, MutexGuard, atomic::AtomicBool};
