//! A growing set of small numbers, one bit each.

/// Numbers from 0.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bits {
    words: Vec<u64>,
    count: usize,
}

impl Bits {
    /// Numbers in a word.
    pub(crate) const WORD: usize = 64;

    /// The word in which a number is.
    pub(crate) fn word_of(index: u32) -> usize {
        place(index).0
    }

    /// Puts `index` in or takes it out; whether that changed anything.
    pub(crate) fn set(&mut self, index: u32, holds: bool) -> bool {
        let (word, bit) = place(index);
        if word >= self.words.len() {
            if !holds {
                return false;
            }
            self.words.resize(word + 1, 0);
        }
        let before = self.words[word] & bit != 0;
        if before == holds {
            return false;
        }
        self.words[word] ^= bit;
        if holds {
            self.count += 1;
        } else {
            self.count -= 1;
        }
        true
    }

    pub(crate) fn holds(&self, index: u32) -> bool {
        let (word, bit) = place(index);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Calls `each` with every number that this set and all others hold, in rising order.
    pub(crate) fn for_each_common(&self, others: &[&Self], mut each: impl FnMut(u32)) {
        let words = others.iter().map(|other| other.words.len()).min();
        let words = &self.words[..self.words.len().min(words.unwrap_or(usize::MAX))];
        for (at, word) in words.iter().enumerate() {
            let common = others.iter().fold(*word, |common, other| common & other.words[at]);
            numbers(at, common, &mut each);
        }
    }

    /// What this set and another have in common, word by word.
    pub(crate) fn common_words(&self, other: &Self) -> impl Iterator<Item = u64> {
        self.words.iter().zip(&other.words).map(|(one, other)| one & other)
    }

    /// Calls `each` with every number of one word of the set, in rising order.
    pub(crate) fn for_each_in(&self, word: usize, each: impl FnMut(u32)) {
        numbers(word, self.words.get(word).copied().unwrap_or(0), each);
    }

    /// Whether `is_it` of any number that this set and all others hold.
    pub(crate) fn any_common(&self, others: &[&Self], is_it: impl Fn(u32) -> bool) -> bool {
        let words = others.iter().map(|other| other.words.len()).min();
        let words = &self.words[..self.words.len().min(words.unwrap_or(usize::MAX))];
        (0..).zip(words).any(|(at, word)| {
            let common = others.iter().fold(*word, |all, other| all & other.words[at as usize]);
            (0..64).filter(|bit| common & (1 << bit) != 0).any(|bit| is_it(at * 64 + bit))
        })
    }
}

/// Calls `each` with every number of a word at its place, in rising order.
#[inline]
pub(crate) fn numbers(at: usize, mut word: u64, mut each: impl FnMut(u32)) {
    let first = u32::try_from(at * Bits::WORD).expect("numbers are u32");
    while word != 0 {
        each(first + word.trailing_zeros());
        word &= word - 1;
    }
}

const fn place(index: u32) -> (usize, u64) {
    ((index / 64) as usize, 1 << (index % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_numbers_come_in_rising_order() {
        let (mut a, mut b) = (Bits::default(), Bits::default());
        for index in [3, 64, 65, 200, 700] {
            a.set(index, true);
        }
        for index in [0, 65, 3, 700, 64] {
            b.set(index, true);
        }
        b.set(64, false);
        let mut common = Vec::new();
        a.for_each_common(&[&b], |index| common.push(index));
        assert_eq!(common, [3, 65, 700]);
        let mut c = Bits::default();
        c.set(65, true);
        common.clear();
        a.for_each_common(&[&b, &c], |index| common.push(index));
        assert_eq!(common, [65]);
        assert!(a.any_common(&[&b], |index| index == 700));
        assert!(!a.any_common(&[&b, &c], |index| index != 65));
        common.clear();
        a.for_each_common(&[], |index| common.push(index));
        assert_eq!(common, [3, 64, 65, 200, 700]);
        assert!(a.holds(200) && !b.holds(200) && !b.holds(10_000));
    }

    #[test]
    fn a_set_is_empty_when_everything_is_taken_out() {
        let mut bits = Bits::default();
        assert!(!bits.set(5, false));
        assert!(bits.set(70, true) && !bits.set(70, true));
        assert!(!bits.is_empty());
        assert!(bits.set(70, false));
        assert!(bits.is_empty());
    }
}
