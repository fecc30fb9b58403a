//! Who was or is asked to take a ticket, in one box: most tickets are offered to nobody and exclude nobody.

use super::exclusions::Exclusions;
use super::offers::Offers;
use rkyv::{Archive, Deserialize, Serialize};

/// The offers and the exclusions of a ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub(crate) struct Asked(Option<Box<Both>>);

#[derive(Debug, Clone, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub(crate) struct Both {
    pub(crate) offers: Offers,
    pub(crate) excluded: Exclusions,
}

static NOBODY: Both = Both { offers: Offers::NONE, excluded: Exclusions::NONE };

impl Asked {
    pub(crate) fn new(excluded: Exclusions) -> Self {
        let mut asked = Self::default();
        asked.change(|both| both.excluded = excluded);
        asked
    }

    /// To whom it is offered.
    pub(crate) fn offers(&self) -> &Offers {
        &self.both().offers
    }

    /// Who gave it away and does not get it back for a while.
    pub(crate) fn excluded(&self) -> &Exclusions {
        &self.both().excluded
    }

    fn both(&self) -> &Both {
        self.0.as_deref().unwrap_or(&NOBODY)
    }

    /// Changes them; nothing is held of what is empty then.
    pub(crate) fn change<R>(&mut self, change: impl FnOnce(&mut Both) -> R) -> R {
        let mut both = self.0.take().map_or_else(Both::default, |both| *both);
        let result = change(&mut both);
        if !(both.offers.is_empty() && both.excluded.is_empty()) {
            self.0 = Some(Box::new(both));
        }
        result
    }
}
