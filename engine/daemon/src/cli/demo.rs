//! `relevo demo`

use crate::exit::Failure;
use clap::Args;

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// End after so many seconds instead of at Ctrl-C
    #[arg(long)]
    seconds: Option<u64>,
}

impl Demo {
    pub(super) fn run(&self) -> Result<(), Failure> {
        crate::demo::run(self.seconds)
    }
}
