//! Turns groups back into records, in order, checking every group on the way.

use std::collections::VecDeque;

use crate::log::Groups;
use crate::place::Tail;
use crate::record::{Assembler, Placed, RecordError};

/// Records of a log, in order. After an error it ends.
pub struct Records<'a> {
    groups: Groups<'a>,
    assembler: Assembler,
    ready: VecDeque<Placed>,
    failed: bool,
}

impl<'a> Records<'a> {
    /// Records of `groups`, which must follow `tail`: the log's beginning is [`Tail::EMPTY`].
    pub fn new(groups: Groups<'a>, tail: Tail) -> Self {
        Self { groups, assembler: Assembler::new(tail), ready: VecDeque::new(), failed: false }
    }

    /// Last group whose records were all taken in; the last of the log once the iterator ended.
    pub fn tail(&self) -> Tail {
        self.assembler.tail()
    }

    fn next_group(&mut self) -> Option<Result<(), RecordError>> {
        let ready = &mut self.ready;
        let taken = self.groups.next()?.map_err(RecordError::Log).and_then(|(number, value)| {
            self.assembler.group(number, &value, &mut |placed| ready.push_back(placed))
        });
        Some(taken)
    }
}

impl Iterator for Records<'_> {
    type Item = Result<Placed, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(placed) = self.ready.pop_front() {
                return Some(Ok(placed));
            }
            if self.failed {
                return None;
            }
            if let Err(error) = self.next_group()? {
                self.failed = true;
                return Some(Err(error));
            }
        }
    }
}
