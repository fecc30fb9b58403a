//! The content of a snapshot: every tenant's state and the conversations.

use crate::memory::Bound;
use relevo::fold::{Fold, FoldError};
use relevo_routing::tenant::Settings;

/// As that of a tenant, for each of its sections.
const BOUND: Bound = Bound { per_byte: 64, fixed: 1024 * 1024 };

pub(crate) fn run(bytes: &[u8]) {
    let Some(fold) = loaded(bytes) else { return };
    let again = saved(&fold);
    let reloaded = loaded(&again).expect("what was written is read");
    assert!(saved(&reloaded) == again, "the same state has the same bytes");
}

/// A fold as it is loaded from a snapshot.
pub(crate) fn loaded(bytes: &[u8]) -> Option<Fold> {
    let load = || -> Result<Fold, FoldError> {
        let mut fold = Fold::new(Settings::default(), 0);
        fold.load(&mut &*bytes)?;
        Ok(fold)
    };
    let read = BOUND.hold(bytes, load);
    read.map_err(|error| assert!(!error.to_string().is_empty())).ok()
}

fn saved(fold: &Fold) -> Vec<u8> {
    let mut bytes = Vec::new();
    fold.save(&mut bytes).expect("memory takes everything");
    bytes
}
