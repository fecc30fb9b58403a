//! The write-ahead log of Relevo: group commit on sled, recovery, durable cursor.
//!
//! ```text
//! shards ─submit─► one queue ─► Committer ─► Log (sled + fdatasync) ─► durable cursor ─► sink
//! ```
//! What is handed in comes out at the sink, in order, after it is durable. Records are opaque bytes:
//! the journal knows no ticket, and no tokio either; its threads are plain threads.
//!
//! It must not deliver a group before its sync returned, repeat a write that failed, delete a key, or
//! start on a log that it cannot prove to be a whole beginning of what was written.
mod committer;
mod cursor;
mod examine;
mod fold;
mod frame;
mod generation;
mod handle;
mod history;
mod layout;
mod limits;
mod log;
mod memory;
mod options;
mod place;
#[cfg(planted)]
pub mod planted;
mod queue;
mod record;
mod recovery;
mod repair;
mod replay;
mod sled_log;
mod sled_pool;
mod snapshot;
mod spare;
mod start;
mod storage;
mod store;
mod trial;
mod watermark;
mod writer;

pub use committer::{CommitError, Committer, Delivery, Group};
pub use cursor::{JournalState, StorageState};
pub use examine::{Damage, DamageKind};
pub use fold::{Fold, FoldError, FoldItem, Folding, SnapshotReport};
pub use frame::FrameError;
pub use handle::{CloseError, JournalHandle, JournalReader, SubmitError};
pub use history::{History, HistoryRecords};
pub use layout::ClaimError;
pub use limits::{
    FORMAT_VERSION, GROUP_BYTES_MAX, GROUP_BYTES_MIN, OPEN_GENERATION_BYTES, OPEN_GENERATIONS_MAX,
    PART_BYTES, PARTS_MAX, RECORD_BYTES_MAX, WHOLE_RECORD_BYTES_MAX,
};
pub use log::{Appended, GroupSource, Groups, Log, LogError};
pub use memory::MemoryLog;
pub use options::{Options, Retention};
pub use place::{GroupHash, GroupNumber, Place, RecordNumber, Tail};
pub use record::{RecordBytes, RecordError, Submission, read_record};
pub use recovery::{OpenError, Recovered, RecoveryReport, open};
pub use replay::Records;
pub use snapshot::SnapshotReader;
pub use start::StartError;
pub use writer::{FailedHook, Failure, Hooks, WriterOptions, start_on, yield_to_all};
