//! Contacts in lists: who is blocked, and who is to be called back.
//!
//! A projection of durable events, as the conversations are. Who a contact is stands in the private part of
//! a record: a row holds the place of it in the log, and no word of it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use relevo_journal::{GroupNumber, Place};
use relevo_routing::Event;
use relevo_routing::event::CallbackListed;
use relevo_wire::directory::ObjectRef;
use relevo_wire::ids::{BotId, ContactKey, QueueId, TenantId, TicketId};
use relevo_wire::vocabulary::Callback;
use rkyv::rancor;
use rkyv::{Archive, Deserialize, Serialize};

use super::conversations::Record;
use super::saved::InvalidSaved;

/// Rows of a page: a hundred of the longest take a quarter of a frame.
const PAGE_ROWS: usize = 100;
/// Rows that are looked at for a page: one of a bot may find few of them its own.
const ROWS_LOOKED_AT: usize = 1_000;

/// Who is blocked, and why: the private part of the record.
#[derive(Debug, Archive, Serialize, Deserialize)]
pub(crate) struct Blocked {
    pub(crate) contact: String,
    pub(crate) reason: String,
}

/// The lists of every tenant.
#[derive(Debug, Default)]
pub(crate) struct Contacts(Mutex<BTreeMap<TenantId, Lists>>);

#[derive(Debug, Default)]
struct Lists {
    blocked: List<Until>,
    callbacks: List<CalledBack>,
}

/// In microseconds since 1970; none: until somebody unblocks it.
type Until = Option<u64>;

/// Which queue was closed, and what the customer wishes. The place is that of the hand-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub(crate) struct CalledBack {
    pub(crate) queue: QueueId,
    pub(crate) wish: Callback,
}

/// One list, in the order in which its rows came. A contact of a bot stands in it once.
#[derive(Debug)]
struct List<T> {
    next: u64,
    rows: BTreeMap<u64, Row<T>>,
    numbers: BTreeMap<(BotId, ContactKey), u64>,
}

/// A contact in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub(crate) struct Row<T> {
    pub(crate) bot: BotId,
    contact: ContactKey,
    /// When it came, in microseconds since 1970.
    pub(crate) at: u64,
    group: u64,
    index: u32,
    pub(crate) what: T,
}

/// A part of a list, newest first.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page<T> {
    pub(crate) rows: Vec<Row<T>>,
    /// Where the next begins; none: this is the last.
    pub(crate) next: Option<u64>,
}

#[derive(Archive, Serialize, Deserialize)]
struct Saved {
    tenant: TenantId,
    blocked: SavedList<Until>,
    callbacks: SavedList<CalledBack>,
}

#[derive(Archive, Serialize, Deserialize)]
struct SavedList<T> {
    next: u64,
    rows: Vec<(u64, Row<T>)>,
}

impl Contacts {
    /// Applies one event of a durable record. `hand_off_of` tells where the hand-off of a ticket is.
    pub(super) fn apply_event(
        &self,
        record: Record<'_>,
        event: &Event,
        hand_off_of: impl Fn(TicketId) -> Option<Place>,
    ) {
        if let Event::ContactBlocked(e) = event {
            let row = Row::new(record, e.bot, e.contact, e.until);
            self.change(record.tenant, |lists| lists.blocked.put(row));
        } else if let Event::ContactUnblocked(e) = event {
            self.change(record.tenant, |lists| lists.blocked.take(e.bot, e.contact));
        } else if let Event::CallbackListed(e) = event {
            let CallbackListed { bot, queue, contact, wish, ticket } = *e;
            let place = ticket.and_then(hand_off_of).unwrap_or(record.place);
            let row =
                Row::new(Record { place, ..record }, bot, contact, CalledBack { queue, wish });
            self.change(record.tenant, |lists| lists.callbacks.put(row));
        } else if let Event::CallbackWished(e) = event {
            self.change(record.tenant, |lists| {
                if let Some(row) = lists.callbacks.find(e.bot, e.contact) {
                    row.what.wish = e.yes.into();
                }
            });
        } else if let Event::CallbackEnded(e) = event {
            self.change(record.tenant, |lists| lists.callbacks.take(e.bot, e.contact));
        } else if let Event::ObjectDeleted(deleted) = event
            && let ObjectRef::Bot(_) = deleted.object
        {
            self.change(record.tenant, |lists| {
                lists.blocked.forget(BotId(deleted.id));
                lists.callbacks.forget(BotId(deleted.id));
            });
        }
    }

    /// Blocked contacts of a bot, or of all: a page, before a number.
    pub(crate) fn blocked(
        &self,
        tenant: TenantId,
        bot: Option<BotId>,
        before: Option<u64>,
    ) -> Page<Until> {
        let lists = self.lock();
        let Some(lists) = lists.get(&tenant) else { return Page { rows: Vec::new(), next: None } };
        lists.blocked.page(bot, before)
    }

    /// As [`Self::blocked`], of those who are to be called back.
    pub(crate) fn callbacks(
        &self,
        tenant: TenantId,
        bot: Option<BotId>,
        before: Option<u64>,
    ) -> Page<CalledBack> {
        let lists = self.lock();
        let Some(lists) = lists.get(&tenant) else { return Page { rows: Vec::new(), next: None } };
        lists.callbacks.page(bot, before)
    }

    /// The lowest group of the log that says who one of them is.
    pub(super) fn first_group(&self) -> Option<GroupNumber> {
        let lists = self.lock();
        let groups = lists
            .values()
            .flat_map(|lists| [lists.blocked.first_group(), lists.callbacks.first_group()]);
        groups.flatten().min().map(GroupNumber)
    }

    /// All lists as bytes.
    pub(crate) fn save(&self) -> Vec<u8> {
        let lists = self.lock();
        let one = |(tenant, lists): (&TenantId, &Lists)| Saved {
            tenant: *tenant,
            blocked: lists.blocked.saved(),
            callbacks: lists.callbacks.saved(),
        };
        let saved: Vec<Saved> = lists.iter().map(one).collect();
        rkyv::to_bytes::<rancor::Error>(&saved)
            .expect("archiving plain numbers into memory cannot fail")
            .into_vec()
    }

    /// Puts saved lists in.
    pub(crate) fn load(&self, bytes: &[u8]) -> Result<(), InvalidSaved> {
        let saved = rkyv::from_bytes::<Vec<Saved>, rancor::Error>(bytes)
            .map_err(|error| InvalidSaved::new(&error))?;
        let mut lists = self.lock();
        for saved in saved {
            let Saved { tenant, blocked, callbacks } = saved;
            let (blocked, callbacks) = (List::loaded(blocked), List::loaded(callbacks));
            lists.insert(tenant, Lists { blocked, callbacks });
        }
        Ok(())
    }

    fn change(&self, tenant: TenantId, change: impl FnOnce(&mut Lists)) {
        change(self.lock().entry(tenant).or_default());
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<TenantId, Lists>> {
        self.0.lock().expect("nothing panics while it holds the lists")
    }
}

impl<T> Row<T> {
    fn new(record: Record<'_>, bot: BotId, contact: ContactKey, what: T) -> Self {
        let Place { group, index } = record.place;
        Self { bot, contact, at: record.now, group: group.0, index, what }
    }

    /// Where the log says who it is.
    pub(crate) fn place(&self) -> Place {
        Place { group: GroupNumber(self.group), index: self.index }
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { next: 0, rows: BTreeMap::new(), numbers: BTreeMap::new() }
    }
}

impl<T: Copy> List<T> {
    /// The newest from now on.
    fn put(&mut self, row: Row<T>) {
        self.take(row.bot, row.contact);
        self.numbers.insert((row.bot, row.contact), self.next);
        self.rows.insert(self.next, row);
        self.next += 1;
    }

    fn take(&mut self, bot: BotId, contact: ContactKey) {
        if let Some(number) = self.numbers.remove(&(bot, contact)) {
            self.rows.remove(&number);
        }
    }

    fn find(&mut self, bot: BotId, contact: ContactKey) -> Option<&mut Row<T>> {
        self.rows.get_mut(self.numbers.get(&(bot, contact))?)
    }

    /// The bot is gone.
    fn forget(&mut self, bot: BotId) {
        self.rows.retain(|_, row| row.bot != bot);
        self.numbers.retain(|(of, _), _| *of != bot);
    }

    fn page(&self, bot: Option<BotId>, before: Option<u64>) -> Page<T> {
        let mut rows = Vec::new();
        let newest_first = self.rows.range(..before.unwrap_or(u64::MAX)).rev();
        for (looked_at, (number, row)) in newest_first.enumerate() {
            if looked_at == ROWS_LOOKED_AT || rows.len() == PAGE_ROWS {
                return Page { rows, next: Some(number + 1) };
            }
            rows.extend(Some(*row).filter(|row| bot.is_none_or(|bot| bot == row.bot)));
        }
        Page { rows, next: None }
    }

    fn first_group(&self) -> Option<u64> {
        self.rows.values().map(|row| row.group).min()
    }

    fn saved(&self) -> SavedList<T> {
        let rows = self.rows.iter().map(|(number, row)| (*number, *row)).collect();
        SavedList { next: self.next, rows }
    }

    fn loaded(saved: SavedList<T>) -> Self {
        let rows = saved.rows.iter();
        let numbers = rows.map(|(number, row)| ((row.bot, row.contact), *number)).collect();
        Self { next: saved.next, rows: saved.rows.into_iter().collect(), numbers }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(bot: u32, contact: u128) -> Row<Until> {
        let (bot, contact) = (BotId(bot), ContactKey(contact));
        Row { bot, contact, at: 1, group: 10 - contact.0 as u64 % 10, index: 0, what: None }
    }

    fn contacts(page: &Page<Until>) -> Vec<u128> {
        page.rows.iter().map(|row| row.contact.0).collect()
    }

    #[test]
    fn the_newest_comes_first_and_nobody_stands_in_a_list_twice() {
        let mut list = List::default();
        (1..=3).for_each(|contact| list.put(row(0, contact)));
        list.put(row(0, 2));
        list.put(row(1, 3));
        assert_eq!(contacts(&list.page(None, None)), [3, 2, 3, 1]);
        list.take(BotId(0), ContactKey(2));
        assert_eq!(contacts(&list.page(Some(BotId(0)), None)), [3, 1]);
        assert_eq!(list.first_group(), Some(7));
        list.forget(BotId(0));
        assert_eq!(contacts(&list.page(None, None)), [3]);
    }

    #[test]
    fn pages_are_bounded_and_lead_to_the_end_of_the_list() {
        let mut list = List::default();
        (0..2_500).for_each(|contact| list.put(row(u32::from(contact % 500 == 0), contact)));
        for (bot, expected) in [(None, 2_500), (Some(BotId(1)), 5)] {
            let (mut found, mut before) = (0, None);
            loop {
                let page = list.page(bot, before);
                assert!(page.rows.len() <= PAGE_ROWS);
                found += page.rows.len();
                if page.next.is_none() {
                    break;
                }
                assert!(before.is_none_or(|before| page.next < Some(before)), "it goes on");
                before = page.next;
            }
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn what_is_saved_is_loaded() {
        let (one, other) = (Contacts::default(), Contacts::default());
        one.change(TenantId(1), |lists| (1..=3).for_each(|n| lists.blocked.put(row(0, n))));
        one.change(TenantId(1), |lists| lists.blocked.take(BotId(0), ContactKey(2)));
        other.load(&one.save()).expect("what was saved");
        assert_eq!(other.save(), one.save());
        other.change(TenantId(1), |lists| lists.blocked.put(row(0, 1)));
        assert_eq!(contacts(&other.blocked(TenantId(1), None, None)), [1, 3]);
    }
}
