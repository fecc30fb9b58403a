//! Places of clients whom nobody knows yet. There are only so many; whoever comes when all are taken
//! gets the place of the one who has had it longest. A client that means it is through in a few round
//! trips, one that stalls is first in line to go: so stalled ones keep nobody out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::oneshot;

/// The places.
#[derive(Debug)]
pub(crate) struct Lobby {
    most: usize,
    guests: Mutex<Guests>,
}

#[derive(Debug, Default)]
struct Guests {
    next: u64,
    /// By the order in which they came. Who is dropped here has lost its place.
    here: BTreeMap<u64, oneshot::Sender<()>>,
}

/// A place, left when dropped.
#[derive(Debug)]
pub(crate) struct Guest {
    lobby: Arc<Lobby>,
    number: u64,
    lost: oneshot::Receiver<()>,
}

impl Lobby {
    /// So many places.
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, guests: Mutex::default() })
    }

    /// Takes a place, of the one who has had it longest if none is free.
    pub(crate) fn enter(self: &Arc<Self>) -> Guest {
        let (sender, lost) = oneshot::channel();
        let mut guests = self.lock();
        if guests.here.len() >= self.most {
            guests.here.pop_first();
        }
        let number = guests.next;
        guests.next += 1;
        guests.here.insert(number, sender);
        drop(guests);
        Guest { lobby: Arc::clone(self), number, lost }
    }

    /// How many places are taken.
    pub(crate) fn len(&self) -> usize {
        self.lock().here.len()
    }

    fn lock(&self) -> MutexGuard<'_, Guests> {
        self.guests.lock().expect("nothing panics while it holds the lobby")
    }
}

impl Guest {
    /// Does something while it has its place; `None` when it has lost it.
    pub(crate) async fn during<T>(&mut self, stays: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = stays => Some(done),
            _ = &mut self.lost => None,
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.lobby.lock().here.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    #[tokio::test]
    async fn whoever_comes_last_gets_the_place_of_who_came_first() {
        let lobby = Lobby::new(2);
        let (mut first, mut second) = (lobby.enter(), lobby.enter());
        assert_eq!(second.during(ready(2)).await, Some(2));
        let mut third = lobby.enter();
        assert_eq!(lobby.len(), 2);
        assert_eq!(first.during(pending::<()>()).await, None);
        assert_eq!(second.during(ready(2)).await, Some(2), "its place is its own");
        assert_eq!(third.during(ready(3)).await, Some(3));
    }

    #[tokio::test]
    async fn a_place_that_is_left_is_free() {
        let lobby = Lobby::new(1);
        drop(lobby.enter());
        let mut stays = lobby.enter();
        assert_eq!(stays.during(ready(1)).await, Some(1));
        let next = lobby.enter();
        assert_eq!(stays.during(pending::<()>()).await, None);
        drop(stays);
        assert_eq!(lobby.len(), 1, "who has lost its place does not leave another's");
        drop(next);
        assert_eq!(lobby.len(), 0);
    }
}
