//! The table of seat words that a shard's thread owns.

use std::sync::Arc;

use super::SeatWord;

/// The words of all agents of one shard, by the shard's own dense index.
///
/// The table belongs to the shard's thread; what others hold are `Arc`s of single words, so that
/// growing it moves nothing that anyone reads. Words are never taken away: an agent that is
/// deleted stays behind closed, with a capacity of nought.
#[derive(Debug, Default)]
pub struct Seats {
    words: Vec<Arc<SeatWord>>,
}

impl Seats {
    /// An empty table.
    #[must_use]
    pub const fn new() -> Self {
        Self { words: Vec::new() }
    }

    /// The word at `index` with this capacity; made, closed, if it is not there yet.
    ///
    /// Indexes are dense: words missing below `index` are made too, without seats.
    pub fn ensure(&mut self, index: usize, capacity: u16) -> &Arc<SeatWord> {
        if index < self.words.len() {
            self.words[index].set_capacity(capacity);
        } else {
            self.words.resize_with(index, || Arc::new(SeatWord::new(0)));
            self.words.push(Arc::new(SeatWord::new(capacity)));
        }
        &self.words[index]
    }

    /// The word at `index`, if the table reaches that far.
    #[must_use]
    pub fn word(&self, index: usize) -> Option<&Arc<SeatWord>> {
        self.words.get(index)
    }

    /// How many words there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there is no word yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// All words in order of their index, for readers that sum them up.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<SeatWord>> {
        self.words.iter()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_table_grows_without_moving_words() {
        let mut seats = Seats::new();
        let first = Arc::clone(seats.ensure(0, 2));
        assert_eq!(seats.ensure(5, 4).view().capacity, 4);
        assert_eq!(seats.len(), 6);
        assert!(Arc::ptr_eq(&first, seats.ensure(0, 3)));
        assert_eq!(first.view().capacity, 3);
        assert_eq!(seats.word(3).map(|word| word.view().capacity), Some(0));
        assert!(seats.word(6).is_none());
    }
}
