//! What people say: generated texts whose lengths are distributed as in real chats, or texts from
//! a file.

use crate::random::{Purpose, stream};
use rand::RngExt;
use rand::rngs::SmallRng;

/// Lengths in bytes of 4,745 messages between people who ask for help and people who give it
/// (irc-disentanglement, Kummerfeld et al. 2019): share of the messages, and the length up to
/// which they reach. Mean 51.
const LENGTHS: [(f64, f64); 17] = [
    (0.0, 1.0),
    (0.01, 2.0),
    (0.05, 3.0),
    (0.1, 6.0),
    (0.2, 14.0),
    (0.3, 21.0),
    (0.4, 29.0),
    (0.5, 36.0),
    (0.6, 46.0),
    (0.7, 58.0),
    (0.8, 77.0),
    (0.9, 110.0),
    (0.95, 151.0),
    (0.99, 250.0),
    (0.999, 415.0),
    (0.9999, 435.0),
    (1.0, 436.0),
];
/// How many texts are generated; messages repeat them.
const POOL: usize = 4096;
/// Most texts that a file may hold.
const FILE_TEXTS: usize = 1_000_000;
/// Longest text of a file in bytes: room is left for the stamp of the load test.
const TEXT_BYTES: usize = 60 * 1024;
/// Made into words of one to three.
const SYLLABLES: [&str; 24] = [
    "la", "me", "to", "ri", "no", "sa", "de", "ku", "pi", "ve", "lo", "tan", "ser", "mi", "ca",
    "ro", "gen", "pa", "lu", "ti", "fo", "ne", "dar", "si",
];

/// Texts to be said.
#[derive(Debug, Clone)]
pub struct Bodies {
    texts: Vec<String>,
}

/// The texts of a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidBodies {
    /// Not what it should be.
    #[error("must be a JSON array of strings: {0}")]
    Json(#[from] serde_json::Error),
    /// Too few or too many.
    #[error("{0} texts, must be 1 to {FILE_TEXTS}")]
    Count(usize),
    /// One is too short or too long.
    #[error("text {at} (from 1) has {bytes} bytes, must have 1 to {TEXT_BYTES}")]
    Length {
        /// Which, from 1.
        at: usize,
        /// Its length.
        bytes: usize,
    },
}

impl Bodies {
    /// Generated texts of a seed.
    #[must_use]
    pub fn generated(seed: u64) -> Self {
        let mut random = stream(seed, Purpose::Bodies, 0);
        Self { texts: (0..POOL).map(|_| text(&mut random)).collect() }
    }

    /// Texts of a seed that all have this many bytes.
    #[must_use]
    pub fn of_length(seed: u64, bytes: usize) -> Self {
        let short = Self::generated(seed).texts;
        let long = |at: usize| {
            let mut text = String::with_capacity(bytes);
            let words = short.iter().cycle().skip(at);
            words
                .take_while(|word| {
                    text.push_str(word);
                    text.push(' ');
                    text.len() < bytes
                })
                .for_each(drop);
            text.truncate(bytes);
            text
        };
        Self { texts: (0..POOL / 16).map(long).collect() }
    }

    /// The texts of a JSON array.
    ///
    /// # Errors
    /// It is no array of strings, has none or too many, or one is empty or too long.
    pub fn parse(json: &str) -> Result<Self, InvalidBodies> {
        let texts: Vec<String> = serde_json::from_str(json)?;
        if texts.is_empty() || texts.len() > FILE_TEXTS {
            return Err(InvalidBodies::Count(texts.len()));
        }
        let odd = texts.iter().position(|text| text.is_empty() || text.len() > TEXT_BYTES);
        match odd {
            Some(at) => Err(InvalidBodies::Length { at: at + 1, bytes: texts[at].len() }),
            None => Ok(Self { texts }),
        }
    }

    /// The text that a number stands for.
    #[must_use]
    pub fn pick(&self, number: u64) -> &str {
        &self.texts[usize::try_from(number % self.texts.len() as u64).expect("below a length")]
    }

    /// Mean length of the texts, in bytes.
    #[must_use]
    pub fn mean_bytes(&self) -> f64 {
        self.texts.iter().map(String::len).sum::<usize>() as f64 / self.texts.len() as f64
    }
}

/// The length up to which a share of the messages reaches, in bytes.
fn length(share: f64) -> usize {
    let after = LENGTHS.partition_point(|(upto, _)| *upto < share).clamp(1, LENGTHS.len() - 1);
    let (low_share, low) = LENGTHS[after - 1];
    let (high_share, high) = LENGTHS[after];
    let length = low + (high - low) * (share - low_share) / (high_share - low_share);
    length.round() as usize
}

fn text(random: &mut SmallRng) -> String {
    let bytes = length(random.random());
    let mut text = String::with_capacity(bytes + 8);
    while text.len() < bytes {
        if !text.is_empty() {
            text.push(' ');
        }
        for _ in 0..random.random_range(1..=3) {
            text.push_str(SYLLABLES[random.random_range(0..SYLLABLES.len())]);
        }
    }
    text.truncate(bytes);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_lengths_are_those_of_real_chats() {
        let bodies = Bodies::generated(1);
        let mut lengths: Vec<usize> = bodies.texts.iter().map(String::len).collect();
        lengths.sort_unstable();
        // Median 36, nine tenths within 110, mean 51, longest 436: each within a tenth or so.
        assert!((32..=40).contains(&lengths[POOL / 2]), "{}", lengths[POOL / 2]);
        assert!((100..=120).contains(&lengths[POOL * 9 / 10]), "{}", lengths[POOL * 9 / 10]);
        assert!((47.0..=56.0).contains(&bodies.mean_bytes()), "{}", bodies.mean_bytes());
        assert!(lengths[0] >= 1 && lengths[POOL - 1] <= 436);
    }

    #[test]
    fn a_seed_gives_the_same_texts_and_another_seed_others() {
        assert_eq!(Bodies::generated(4).texts, Bodies::generated(4).texts);
        assert_ne!(Bodies::generated(4).texts, Bodies::generated(5).texts);
    }

    #[test]
    fn a_file_gives_its_texts_or_says_what_is_wrong() {
        let bodies = Bodies::parse(r#"["one","zwei"]"#).unwrap();
        assert_eq!((bodies.pick(0), bodies.pick(1), bodies.pick(2)), ("one", "zwei", "one"));
        assert!(matches!(Bodies::parse("{}"), Err(InvalidBodies::Json(_))));
        assert!(matches!(Bodies::parse("[]"), Err(InvalidBodies::Count(0))));
        let empty = Bodies::parse(r#"["a",""]"#);
        assert!(matches!(empty, Err(InvalidBodies::Length { at: 2, bytes: 0 })));
    }
}
