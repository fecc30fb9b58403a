//! The past as far as the log still holds it: snapshots, and every record after each. Read beside the
//! writer, off the hot path; it changes nothing.

use std::io;
use std::sync::Arc;

use crate::layout::numbers_in;
use crate::place::{GroupNumber, Place, Tail};
use crate::record::{RecordBytes, RecordError, read_record};
use crate::replay::Records;
use crate::snapshot::{SnapshotReader, checked_at};
use crate::store::Store;

/// What a journal still holds, up to one group.
///
/// Snapshots and generations that are replaced meanwhile go away under it: a read then ends with an
/// error, never with a hole.
pub struct History {
    store: Arc<Store>,
    upto: GroupNumber,
}

impl History {
    pub(crate) fn new(store: Arc<Store>, upto: GroupNumber) -> Self {
        Self { store, upto }
    }

    /// Whether the log is there from its beginning, so that no snapshot is needed.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.holds_after(Tail::EMPTY)
    }

    /// The good snapshots, oldest first, after each of which every record is there.
    ///
    /// # Errors
    /// The directory cannot be read. A damaged snapshot is passed over.
    pub fn snapshots(&self) -> io::Result<Vec<SnapshotReader>> {
        let dir = self.store.layout().snapshots();
        let good = |number| match checked_at(&dir, number) {
            Ok(snapshot) => Some(snapshot),
            Err(error) => {
                tracing::warn!(snapshot = %number, %error, "passing over a snapshot");
                None
            }
        };
        let all = numbers_in(&dir)?.into_iter().filter_map(good);
        Ok(all.filter(|snapshot| self.holds_after(snapshot.tail())).collect())
    }

    /// Every record after a snapshot's tail, or after [`Tail::EMPTY`], in order, up to the end of this
    /// history. Ends with an error when less is there.
    pub fn records(&self, after: Tail) -> HistoryRecords<'_> {
        let groups = self.store.read(after.group.next(), self.upto);
        HistoryRecords { records: Records::new(groups, after), upto: self.upto, ended: false }
    }

    /// Reads one record.
    ///
    /// # Errors
    /// [`RecordError::Absent`] when it is not there, or no longer.
    pub fn read(&self, place: Place) -> Result<RecordBytes, RecordError> {
        if place.group > self.upto {
            return Err(RecordError::Absent { place });
        }
        read_record(self.store.as_ref(), place)
    }

    fn holds_after(&self, tail: Tail) -> bool {
        let first = self.store.generations().first().copied();
        tail.group >= self.upto || first.is_some_and(|first| first <= tail.group.next())
    }
}

/// Records of a history, in order. After an error it ends.
pub struct HistoryRecords<'a> {
    records: Records<'a>,
    upto: GroupNumber,
    ended: bool,
}

impl Iterator for HistoryRecords<'_> {
    type Item = <Records<'static> as Iterator>::Item;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        if let Some(item) = self.records.next() {
            self.ended = item.is_err();
            return Some(item);
        }
        self.ended = true;
        // A generation that was removed meanwhile looks like an end.
        let reached = self.records.tail().group;
        let place = Place { group: reached.next(), index: 0 };
        (reached < self.upto).then_some(Err(RecordError::Absent { place }))
    }
}
