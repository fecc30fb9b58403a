//! Measurements without a network: decisions, rules, codec, journal.

pub mod codec;
pub mod commit;
pub mod decisions;
pub mod journal;
pub mod plain_loop;
pub mod rules;
pub mod skills;
pub mod workload;

use crate::report::Row;
use anyhow::Result;
use std::path::Path;
use std::time::Duration;

/// How long and how often everything is measured.
#[derive(Debug, Clone, Copy)]
pub struct Turns {
    /// Alternating pairs of raw limit and Relevo.
    pub pairs: usize,
    /// Length of each run.
    pub each: Duration,
    /// Long enough for a claim.
    pub claim: bool,
}

/// Everything whose name contains `only`, on the disk of `directory`.
///
/// # Errors
/// A measurement failed.
pub fn all(turns: Turns, only: &str, directory: &Path) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for shape in [workload::Shape::LineLong, workload::Shape::LineEmpty] {
        if shape.name().contains(only) {
            rows.push(decisions::row(shape, turns)?);
        }
    }
    if "rules".contains(only) {
        rows.extend(rules::rows(turns)?);
    }
    if "skills".contains(only) {
        rows.extend(skills::rows(turns)?);
    }
    if "codec".contains(only) {
        rows.extend(codec::rows(turns)?);
    }
    if "journal".contains(only) {
        rows.push(journal::row(turns, directory)?);
    }
    Ok(rows)
}
