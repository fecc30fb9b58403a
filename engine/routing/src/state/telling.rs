//! How a ticket's customer is told what there is to tell.

use relevo_wire::vocabulary::Language;
use rkyv::{Archive, Deserialize, Serialize};

/// In which language, and whether each new place in line. One byte: a ticket has no room for two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub(crate) struct Telling(u8);

impl Telling {
    pub(crate) fn new(language: Language, places: bool) -> Self {
        Self(language as u8 * 2 + u8::from(places))
    }

    pub(crate) fn language(self) -> Language {
        // Only a damaged snapshot holds another number.
        Language::ALL.get(usize::from(self.0 / 2)).copied().unwrap_or_default()
    }

    /// It hears of each new place in line.
    #[inline]
    pub(crate) fn places(self) -> bool {
        self.0 % 2 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_kept() {
        for (language, places) in Language::ALL.into_iter().flat_map(|l| [(l, false), (l, true)]) {
            let telling = Telling::new(language, places);
            assert_eq!((telling.language(), telling.places()), (language, places));
        }
    }
}
