//! The thin binary: everything is in the library.

use std::process::ExitCode;

/// It asks for huge pages where the system gives them to who asks: a decision touches memory all over,
/// and a third to a half of its time went into finding where pages of 4 KiB lie.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    relevo::cli::main()
}
