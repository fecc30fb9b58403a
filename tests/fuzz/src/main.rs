//! The targets under libFuzzer; `RELEVO_FUZZ_TARGET` says which. Built and run by `relevo-tests fuzz`.
#![no_main]

use relevo_fuzz::Target;
use std::env;
use std::sync::LazyLock;

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = env::var("RELEVO_FUZZ_TARGET").unwrap_or_default();
    Target::named(&name).unwrap_or_else(|| panic!("RELEVO_FUZZ_TARGET names no target: {name:?}"))
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| TARGET.run(bytes));
