//! The next generation, made beside the writer while the present one fills.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crate::generation::Generation;
use crate::layout::numbered;
use crate::log::LogError;
use crate::place::GroupNumber;
use crate::store::Store;
use crate::trial::panic_text;

/// A generation that is being made, or was. Dropped without [`Self::take`] it is nothing.
#[derive(Debug)]
pub(crate) struct Spare {
    thread: Option<JoinHandle<Result<Generation, LogError>>>,
}

impl Spare {
    /// Lets go of the generation `behind`, and makes the one after `present`. Nothing of that where the
    /// system gives no thread.
    pub(crate) fn begin(
        store: Arc<Store>,
        present: GroupNumber,
        behind: Option<GroupNumber>,
    ) -> Self {
        let thread = thread::Builder::new().name("journal-spare".to_owned()).spawn(move || {
            if let Some(behind) = behind {
                store.release(behind);
            }
            let generations = store.layout().generations();
            Generation::prepare(&generations, &format!("after-{}", numbered(present)))
        });
        if let Err(error) = &thread {
            tracing::warn!(%error, "no thread makes a generation ahead");
        }
        Self { thread: thread.ok() }
    }

    /// A thread is at it, or was.
    pub(crate) fn is_begun(&self) -> bool {
        self.thread.is_some()
    }

    /// The generation, when it is whole. Who makes it without is told why it cannot be.
    pub(crate) fn take(mut self) -> Option<Generation> {
        self.join()
    }

    fn join(&mut self) -> Option<Generation> {
        match self.thread.take()?.join() {
            Ok(Ok(generation)) => Some(generation),
            Ok(Err(error)) => {
                tracing::warn!(%error, "no generation was made ahead");
                None
            }
            Err(panic) => {
                let panic = panic_text(panic.as_ref());
                tracing::warn!(panic, "no generation was made ahead");
                None
            }
        }
    }
}

impl Drop for Spare {
    fn drop(&mut self) {
        if let Some(generation) = self.join() {
            generation.discard();
        }
    }
}
