//! Who was or is asked to take a ticket, in one box: most tickets are offered to nobody and exclude nobody.

use super::exclusions::Exclusions;
use super::maybe::MaybeAgent;
use super::offers::Offers;
use crate::Micros;
use relevo_wire::QueueId;
use rkyv::{Archive, Deserialize, Serialize};

/// A transfer that its receiver has to accept. It stands as long as somebody is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub(crate) struct AskedTransfer {
    /// Into this queue.
    pub(crate) queue: QueueId,
    /// To this agent alone.
    pub(crate) agent: MaybeAgent,
    /// For how long each is asked.
    pub(crate) wait_us: Micros,
    pub(crate) since: Micros,
}

/// The offers and the exclusions of a ticket, and the transfer for which they are made while an agent
/// has it: then the giver is excluded, and whoever was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub(crate) struct Asked(Option<Box<Both>>);

#[derive(Debug, Clone, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub(crate) struct Both {
    pub(crate) offers: Offers,
    pub(crate) excluded: Exclusions,
    pub(crate) transfer: Option<AskedTransfer>,
}

static NOBODY: Both = Both { offers: Offers::NONE, excluded: Exclusions::NONE, transfer: None };

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

    /// The transfer that is asked.
    pub(crate) fn transfer(&self) -> Option<AskedTransfer> {
        self.both().transfer
    }

    /// Nobody is asked any more, and nobody excluded.
    pub(crate) fn forget(&mut self) {
        self.0 = None;
    }

    fn both(&self) -> &Both {
        self.0.as_deref().unwrap_or(&NOBODY)
    }

    /// Changes them; nothing is held of what is empty then.
    pub(crate) fn change<R>(&mut self, change: impl FnOnce(&mut Both) -> R) -> R {
        let mut both = self.0.take().map_or_else(Both::default, |both| *both);
        let result = change(&mut both);
        let is_empty = both.offers.is_empty() && both.excluded.is_empty();
        if !is_empty || both.transfer.is_some() {
            self.0 = Some(Box::new(both));
        }
        result
    }
}
