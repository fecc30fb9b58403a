//! What is damaged: one bit of one byte, or the end of a file, at every place there is.

use super::specimen::{Image, Left, image};
use crate::campaign::seeded::Seeded;
use std::fmt;
use std::path::{Path, PathBuf};

/// One damage of one journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Which journal.
    pub left: Left,
    /// The file, from the journal's folder.
    pub file: PathBuf,
    /// What becomes of it.
    pub change: Change,
}

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// One bit is another.
    Flip {
        /// Which byte.
        at: usize,
        /// Which bit of it.
        bit: u8,
    },
    /// It ends here.
    Cut {
        /// Bytes that are left.
        length: usize,
    },
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { left, file, change } = self;
        write!(f, "{}/{}: ", left.name(), file.display())?;
        match change {
            Change::Flip { at, bit } => write!(f, "bit {bit} of byte {at} flipped"),
            Change::Cut { length } => write!(f, "cut to {length} bytes"),
        }
    }
}

impl Damage {
    /// Damages a journal.
    ///
    /// # Panics
    /// It is another journal's damage.
    pub fn apply(&self, image: &mut Image) {
        let file = image.get_mut(&self.file).and_then(Option::as_mut);
        let bytes = file.expect("the damage was made for this journal");
        match self.change {
            Change::Flip { at, bit } => bytes[at] ^= 1 << bit,
            Change::Cut { length } => bytes.truncate(length),
        }
    }
}

/// Which damages are done.
#[derive(Debug, Clone, Copy)]
pub struct Choice {
    /// What chance is made of.
    pub seed: u64,
    /// Each so-many-th damage, beginning at one that the seed says.
    pub sample: u64,
    /// Each bit of a byte instead of one by chance.
    pub all_bits: bool,
}

/// Of zeros in a row so many are taken, and then one each so many bytes: sled fills a segment of
/// 8 MiB with them, and the slots of a watermark lie 4 KiB apart.
const ZEROS: usize = 64;
const ZEROS_STEP: usize = 64 * 1024;

/// The damages to the specimens below `folder`, the same each time.
#[must_use]
pub fn chosen(folder: &Path, choice: Choice) -> Vec<Damage> {
    let mut random = Seeded::new(choice.seed);
    let mut all = Vec::new();
    for left in Left::ALL {
        for (file, bytes) in image(&folder.join(left.name())) {
            let places = places(&bytes.unwrap_or_default());
            let damage = |change| Damage { left, file: file.clone(), change };
            for at in &places {
                let one = u8::try_from(random.below(8)).expect("below 8");
                let bits = if choice.all_bits { 0..8 } else { one..one + 1 };
                all.extend(bits.map(|bit| damage(Change::Flip { at: *at, bit })));
            }
            all.extend(places.iter().map(|length| damage(Change::Cut { length: *length })));
        }
    }
    let first = choice.seed % choice.sample;
    (0..).zip(all).filter(|(n, _)| n % choice.sample == first).map(|(_, damage)| damage).collect()
}

/// The bytes that are damaged: all but most of the zeros of a long row.
fn places(bytes: &[u8]) -> Vec<usize> {
    let mut zeros = 0;
    let mut places = Vec::new();
    for (at, byte) in bytes.iter().enumerate() {
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        if zeros <= ZEROS || zeros % ZEROS_STEP == 0 {
            places.push(at);
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_damaged_but_most_of_a_long_row_of_zeros() {
        let bytes = [&[1; 100][..], &[0; 64], &[1; 10]].concat();
        assert_eq!(places(&bytes), (0..174).collect::<Vec<_>>());
        let bytes = [&[1; 10][..], &[0; 200_000], &[1; 5]].concat();
        let written = (0..10).chain(200_010..200_015);
        let zeros = (10..74).chain([65_545, 131_081, 196_617]);
        let mut expected: Vec<usize> = written.chain(zeros).collect();
        expected.sort_unstable();
        assert_eq!(places(&bytes), expected);
    }
}
