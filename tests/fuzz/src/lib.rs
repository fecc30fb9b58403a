//! Every decoder of Relevo before hostile bytes. A target takes any bytes and panics at what must
//! not be: `cargo test` replays the corpus through all of them, `relevo-tests fuzz` looks for more.
//!
//! What each must show: no panic, no hang, no more memory than follows from the length of the input;
//! and what decodes encodes again to what decodes to the same value.

mod agreement;
mod configuration;
mod folds;
mod frames;
mod groups;
mod lines;
mod memory;
mod records;
mod rules;
mod snapshots;
mod tenants;

/// A decoder and how it is fed.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name: that of its corpus, of its dictionary, and on the command line.
    pub name: &'static str,
    /// Longest input that is tried, in bytes.
    pub longest: usize,
    run: fn(&[u8]),
}

/// Every target.
pub const TARGETS: [Target; 9] = [
    Target { name: "frames", longest: 8192, run: frames::run },
    Target { name: "lines", longest: 8192, run: lines::run },
    Target { name: "groups", longest: 16_384, run: groups::run },
    Target { name: "snapshots", longest: 16_384, run: snapshots::run },
    Target { name: "folds", longest: 16_384, run: folds::run },
    Target { name: "tenants", longest: 8192, run: tenants::run },
    Target { name: "records", longest: 8192, run: records::run },
    Target { name: "rules", longest: 4096, run: rules::run },
    Target { name: "configuration", longest: 8192, run: configuration::run },
];

impl Target {
    /// The target of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        TARGETS.into_iter().find(|target| target.name == name)
    }

    /// Decodes the bytes in every way that the target knows.
    ///
    /// # Panics
    /// Something is not as it must be: a finding.
    pub fn run(&self, bytes: &[u8]) {
        (self.run)(bytes);
    }
}
