//! How the process ends: exit codes, and panics.
//!
//! A panic in a session ends that session; anywhere else the state of the process is in doubt, so
//! it ends with 70 and the next start recovers from the log.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::Cell;
use std::fmt;
use std::io::Write;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::pin::Pin;
use std::process::ExitCode;
use std::task::{Context, Poll};

/// Exit codes, mostly those of `sysexits.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// The answer is no: not ready, refused by the daemon, a step of the probe failed.
    Failed = 1,
    /// A dry run found differences.
    Differs = 2,
    /// The command line is wrong.
    Usage = 64,
    /// An address cannot be bound, or the daemon cannot be reached.
    Unavailable = 69,
    /// A panic: a fault of relevo.
    Panic = 70,
    /// The data directory or its disk.
    Storage = 74,
    /// A drain did not finish in time, or was cut short by a second signal.
    DrainTimedOut = 75,
    /// The credential was refused.
    Refused = 77,
    /// The configuration is wrong.
    Configuration = 78,
}

/// The codes as `--help` shows them.
pub const HELP: &str = "Exit codes:
   0  done
   1  the answer is no: not ready, refused by the daemon, a step of the probe failed
   2  a dry run found differences
  64  the command line is wrong
  69  an address cannot be bound, or the daemon cannot be reached
  70  a panic: a fault of relevo
  74  the data directory or its disk failed
  75  a drain did not finish in time, or was cut short by a second signal
  77  the credential was refused
  78  the configuration is wrong";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The code.
    pub exit: Exit,
    /// What, where, and what would be right; empty when it has been said.
    pub message: String,
}

impl Failure {
    /// A failure with its message.
    #[must_use]
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

thread_local! {
    /// This thread is polling a future whose panic is its own affair.
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// From now on a panic ends the process with [`Exit::Panic`], unless it is [`contained`].
///
/// Of the message only what is fixed in the source is shown: a formatted one may quote what a
/// customer wrote.
pub fn end_on_panic() {
    std::panic::set_hook(Box::new(|panic| {
        let contained = CONTAINED.get();
        report(panic, contained);
        if !contained {
            std::process::exit(i32::from(Exit::Panic as u8));
        }
    }));
}

/// A contained future panicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it panicked")]
pub struct Panicked;

/// A future whose panic ends only itself: a session. It is boxed at once: who awaits it has no room for
/// it beside, 3 KB a session else.
///
/// # Errors
/// It panicked; the log says where.
pub fn contained<F: Future>(future: F) -> Contained<F> {
    Contained(Box::pin(future))
}

/// See [`contained`].
#[must_use = "it does nothing unless it is awaited"]
#[derive(Debug)]
pub struct Contained<F>(Pin<Box<F>>);

impl<F: Future> Future for Contained<F> {
    type Output = Result<F::Output, Panicked>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let before = CONTAINED.replace(true);
        // A future that panicked is never polled again: nothing of it is seen broken.
        let polled = catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(context)));
        CONTAINED.set(before);
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(_) => Poll::Ready(Err(Panicked)),
        }
    }
}

fn report(panic: &PanicHookInfo<'_>, contained: bool) {
    let place = panic.location().map_or("an unknown place".to_owned(), ToString::to_string);
    let what = fixed_message(panic.payload());
    let backtrace = Backtrace::force_capture();
    if tracing::dispatcher::has_been_set() {
        tracing::error!(%place, what, contained, %backtrace, "panic");
    } else {
        let mut stderr = std::io::stderr().lock();
        // There is nobody left to tell when this fails.
        let _ = writeln!(stderr, "relevo: panic at {place}: {what}\n{backtrace}");
    }
}

fn fixed_message(payload: &(dyn Any + Send)) -> &'static str {
    payload.downcast_ref::<&'static str>().copied().unwrap_or("(a formatted message is not shown)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block_on<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    #[test]
    fn the_help_names_every_code() {
        let codes: Vec<u8> = HELP
            .lines()
            .skip(1)
            .map(|line| line.split_whitespace().next().unwrap().parse().unwrap())
            .collect();
        let all = [
            Exit::Done,
            Exit::Failed,
            Exit::Differs,
            Exit::Usage,
            Exit::Unavailable,
            Exit::Panic,
            Exit::Storage,
            Exit::DrainTimedOut,
            Exit::Refused,
            Exit::Configuration,
        ];
        assert_eq!(codes, all.map(|exit| exit as u8));
    }

    #[test]
    fn who_awaits_what_is_contained_has_no_room_for_it() {
        let large = async {
            let held = [1_u8; 4096];
            tokio::task::yield_now().await;
            held.len()
        };
        assert!(size_of_val(&large) > 4096);
        let large = contained(large);
        assert_eq!(size_of_val(&large), size_of::<usize>());
        assert_eq!(block_on(large), Ok(4096));
    }

    #[test]
    fn a_contained_panic_ends_the_future_alone() {
        let ended = block_on(contained(async {
            tokio::task::yield_now().await;
            assert!(CONTAINED.get(), "while it is polled");
            panic!("a fault of one session");
        }));
        assert_eq!(ended, Err::<(), _>(Panicked));
        assert!(!CONTAINED.get(), "and not after it");
        assert_eq!(block_on(contained(async { 3 })), Ok(3));
    }

    #[test]
    fn a_formatted_message_is_not_shown() {
        let said = String::from("my number is 12345");
        let formatted = catch_unwind(|| panic!("{said}")).unwrap_err();
        assert!(!fixed_message(&*formatted).contains("12345"));
        let fixed = catch_unwind(|| panic!("a fixed message")).unwrap_err();
        assert_eq!(fixed_message(&*fixed), "a fixed message");
    }
}
