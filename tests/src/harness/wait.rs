//! Waiting for what can be seen, with a bound.

use std::fmt::Debug;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// How long anything may take before a test gives up: far above what it takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// Pause between two looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// Looks until `look` finds something.
///
/// # Panics
/// Nothing was found within [`PATIENCE`].
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        sleep(BETWEEN_LOOKS).await;
    }
}

/// Looks until `look` gives `expected`.
///
/// # Panics
/// It did not within [`PATIENCE`].
pub async fn until_equal<T: PartialEq + Debug>(
    what: &str,
    expected: T,
    mut look: impl AsyncFnMut() -> T,
) {
    let start = Instant::now();
    loop {
        let found = look().await;
        if found == expected {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "{what}: {found:?}, not {expected:?}");
        sleep(BETWEEN_LOOKS).await;
    }
}

/// Waits for a future.
///
/// # Panics
/// It took longer than [`PATIENCE`].
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what}: not within {PATIENCE:?}"),
    }
}

/// Lets real time pass where time itself is the subject: a deadline that must or must not come.
pub async fn let_pass(time: Duration) {
    sleep(time).await;
}
