//! `relevo demo`

use crate::exit::Failure;

pub(super) fn run() -> Result<(), Failure> {
    crate::demo::run()
}
