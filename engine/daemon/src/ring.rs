//! The command ring of one shard: many producers, one consumer, no lock.
//!
//! Two lanes lead to the consumer:
//!
//! | lane | carries | bound |
//! |---|---|---|
//! | commands | what sessions ask for | the ring's capacity |
//! | internal | what the daemon itself learns: a session opened or lost, a directory change, a timer, the presence of an agent whose command found no budget | none of its own: at most one entry is pending per session, version, ticket or lane |
//!
//! The internal lane is drained first, but for the end of a session, which comes behind what the
//! session had said; it refuses nothing, because what it carries has happened
//! and cannot be turned away. Its producers keep the promise of one pending entry; the ring only
//! relies on it.
//!
//! A push into a full command lane comes back as `Err`. In the daemon it does not occur: a ring
//! holds as many entries as the admission budget gives out, and every command holds a permit.
//! The bound is there so that a mistake shows as a refusal and not as memory.
//!
//! The consumer is one thread of its own, which parks when there is nothing to do; how it is
//! woken, once per batch and never in vain, is in the private module `bell`. A producer that is
//! preempted in the middle of a push holds up the consumer, not the other producers: that is
//! crossbeam's `ArrayQueue`.
//!
//! The ring knows nothing of commands and decides nothing about them.

mod bell;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use crossbeam::queue::{ArrayQueue, SegQueue};
use crossbeam::sync::{Parker, Unparker};

use bell::Bell;

/// Makes a ring whose command lane holds `capacity` entries.
///
/// # Panics
/// If `capacity` is zero.
#[must_use]
pub fn ring<T>(capacity: usize) -> (Producer<T>, Consumer<T>) {
    let parker = Parker::new();
    let shared = Arc::new(Shared {
        commands: ArrayQueue::new(capacity),
        internal: SegQueue::new(),
        bell: Bell::new(),
        unparker: parker.unparker().clone(),
    });
    (Producer { shared: Arc::clone(&shared) }, Consumer { shared, parker, end: None })
}

struct Shared<T> {
    commands: ArrayQueue<T>,
    internal: SegQueue<Learnt<T>>,
    bell: Bell,
    unparker: Unparker,
}

/// An entry of the internal lane.
enum Learnt<T> {
    /// At once.
    First(T),
    /// Behind the commands that are there.
    Behind(T),
}

impl<T> Shared<T> {
    fn ring_bell(&self) {
        if self.bell.ring() {
            self.unparker.unpark();
        }
    }

    fn depth(&self) -> usize {
        self.internal.len() + self.commands.len()
    }

    fn has_work(&self) -> bool {
        !self.internal.is_empty() || !self.commands.is_empty()
    }
}

/// The end that sessions and the daemon hold. Cheap to clone.
pub struct Producer<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Producer<T> {
    /// Puts a command behind all others and wakes the consumer if it sleeps.
    ///
    /// # Errors
    /// The command itself, if the lane is full.
    pub fn push(&self, command: T) -> Result<(), T> {
        self.shared.commands.push(command)?;
        self.shared.ring_bell();
        Ok(())
    }

    /// Pushes commands from the front, in order, until none is left or the lane is full, and
    /// wakes the consumer once. What did not fit stays in `commands`; the number that did is
    /// returned. Commands of other producers may come between.
    pub fn push_many(&self, commands: &mut VecDeque<T>) -> usize {
        let mut pushed = 0;
        while let Some(command) = commands.pop_front() {
            if let Err(refused) = self.shared.commands.push(command) {
                commands.push_front(refused);
                break;
            }
            pushed += 1;
        }
        if pushed > 0 {
            self.shared.ring_bell();
        }
        pushed
    }

    /// Puts what the daemon has learnt into the internal lane and wakes the consumer if it
    /// sleeps. The caller has at most one entry pending per session, version or ticket.
    pub fn push_internal(&self, learnt: T) {
        self.shared.internal.push(Learnt::First(learnt));
        self.shared.ring_bell();
    }

    /// As [`Self::push_internal`], for the end of a session: it comes behind the commands that are
    /// in the ring already, the session's own among them.
    pub fn push_end(&self, learnt: T) {
        self.shared.internal.push(Learnt::Behind(learnt));
        self.shared.ring_bell();
    }

    /// Makes the present or next [`Consumer::park_until`] return though there is no work, for
    /// what the consumer learns elsewhere, such as the order to stop.
    pub fn wake(&self) {
        self.shared.unparker.unpark();
    }

    /// Entries in both lanes, for metrics: other threads change it while it is counted.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.shared.depth()
    }
}

impl<T> Clone for Producer<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T> fmt::Debug for Producer<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Producer").field("depth", &self.depth()).finish_non_exhaustive()
    }
}

/// The end that the shard's thread holds. There is one.
pub struct Consumer<T> {
    shared: Arc<Shared<T>>,
    parker: Parker,
    /// An end, and how many commands come before it.
    end: Option<(T, usize)>,
}

impl<T> Consumer<T> {
    /// Appends at most `max` entries to `batch`, the internal lane first, each lane in its
    /// order, and returns how many. Never waits.
    pub fn drain(&mut self, max: usize, batch: &mut Vec<T>) -> usize {
        let before = batch.len();
        batch.extend(std::iter::from_fn(|| self.next()).take(max));
        batch.len() - before
    }

    fn next(&mut self) -> Option<T> {
        loop {
            if let Some((_, before_it)) = &mut self.end {
                let command = if *before_it > 0 { self.shared.commands.pop() } else { None };
                if command.is_some() {
                    *before_it -= 1;
                    return command;
                }
                return self.end.take().map(|(end, _)| end);
            }
            match self.shared.internal.pop() {
                Some(Learnt::First(learnt)) => return Some(learnt),
                // What the session had said was in the ring before this.
                Some(Learnt::Behind(end)) => self.end = Some((end, self.shared.commands.len())),
                None => return self.shared.commands.pop(),
            }
        }
    }

    /// Sleeps until there is work, [`Producer::wake`] was called or the deadline has passed;
    /// returns at once if that is so already. It may also return for nothing, so the caller
    /// drains and looks at its clock again.
    pub fn park_until(&mut self, deadline: Option<Instant>) {
        let park = || match deadline {
            Some(deadline) => self.parker.park_deadline(deadline),
            None => self.parker.park(),
        };
        self.shared.bell.sleep(|| self.shared.has_work(), park);
    }

    /// Entries in both lanes, for metrics: other threads change it while it is counted.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.shared.depth()
    }
}

impl<T> fmt::Debug for Consumer<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Consumer").field("depth", &self.depth()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn drained<T>(consumer: &mut Consumer<T>, max: usize) -> Vec<T> {
        let mut batch = Vec::new();
        assert_eq!(consumer.drain(max, &mut batch), batch.len());
        batch
    }

    #[test]
    fn the_internal_lane_goes_first() {
        let (producer, mut consumer) = ring(4);
        producer.push(1).unwrap();
        producer.push(2).unwrap();
        producer.push_internal(10);
        producer.push_internal(11);
        assert_eq!(producer.depth(), 4);
        assert_eq!(drained(&mut consumer, 3), [10, 11, 1]);
        assert_eq!(drained(&mut consumer, 3), [2]);
        assert_eq!(drained(&mut consumer, 3), [0; 0]);
    }

    #[test]
    fn the_end_of_a_session_comes_behind_what_it_had_said() {
        let (producer, mut consumer) = ring(4);
        producer.push(1).unwrap();
        producer.push(2).unwrap();
        producer.push_end(20);
        producer.push_internal(10);
        assert_eq!(drained(&mut consumer, 1), [1]);
        // What comes later may not hold it up.
        producer.push(3).unwrap();
        assert_eq!(drained(&mut consumer, 9), [2, 20, 10, 3]);
        producer.push_end(21);
        assert_eq!(drained(&mut consumer, 9), [21]);
        assert_eq!(drained(&mut consumer, 9), [0; 0]);
    }

    #[test]
    fn a_drain_appends() {
        let (producer, mut consumer) = ring(2);
        producer.push(2).unwrap();
        let mut batch = vec![1];
        assert_eq!(consumer.drain(9, &mut batch), 1);
        assert_eq!(batch, [1, 2]);
    }

    #[test]
    fn a_full_lane_gives_the_command_back_and_takes_what_is_internal() {
        let (producer, mut consumer) = ring(1);
        producer.push(1).unwrap();
        assert_eq!(producer.push(2), Err(2));
        producer.push_internal(3);
        assert_eq!(drained(&mut consumer, 9), [3, 1]);
        producer.push(2).unwrap();
    }

    #[test]
    fn many_keep_their_order_and_what_does_not_fit() {
        let (producer, mut consumer) = ring(3);
        let mut commands: VecDeque<_> = (0..5).collect();
        assert_eq!(producer.push_many(&mut commands), 3);
        assert_eq!(commands, [3, 4]);
        assert_eq!(drained(&mut consumer, 9), [0, 1, 2]);
        assert_eq!(producer.push_many(&mut commands), 2);
        assert_eq!(producer.push_many(&mut commands), 0);
    }

    #[test]
    fn a_park_with_work_or_after_a_wake_returns() {
        let (producer, mut consumer) = ring(1);
        producer.push(1).unwrap();
        consumer.park_until(None);
        drained(&mut consumer, 1);
        producer.wake();
        consumer.park_until(None);
        consumer.park_until(Some(Instant::now()));
    }

    #[test]
    fn every_entry_arrives_once_and_in_its_producers_order() {
        const PRODUCERS: usize = 4;
        const EACH: usize = 20_000;
        let (producer, mut consumer) = ring(64);
        let consuming = thread::spawn(move || {
            let mut next = [0; PRODUCERS];
            let mut batch = Vec::new();
            while next.iter().sum::<usize>() < PRODUCERS * EACH {
                consumer.park_until(None);
                consumer.drain(16, &mut batch);
                for (from, number) in batch.drain(..) {
                    assert_eq!(number, next[from], "out of order");
                    next[from] += 1;
                }
            }
        });
        thread::scope(|scope| {
            for from in 0..PRODUCERS {
                let producer = producer.clone();
                scope.spawn(move || {
                    for number in 0..EACH {
                        while producer.push((from, number)).is_err() {
                            thread::yield_now();
                        }
                    }
                });
            }
        });
        consuming.join().unwrap();
    }
}
