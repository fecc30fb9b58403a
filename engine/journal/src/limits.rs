//! Every size and time that bounds the journal, in one place, with the assertions between them.
//!
//! Nothing here is configuration: what an operator may change is in [`crate::Options`].

use std::time::Duration;

/// Version of everything the journal writes: directory layout, frames, watermark, snapshots.
pub const FORMAT_VERSION: u16 = 1;

/// Largest value of one group, frame included, in bytes.
///
/// sled puts pages above a quarter of a segment into files that it never syncs. A leaf holds up to
/// 17 values: 17 × 64 KiB stays below a quarter of a segment of 8 MiB.
///
/// One insert, flush and sync against a bare file with the same bytes and sync (p50 of 2,100 each, in
/// turns in one run; 2 cores, ext4; `examples/group_commit.rs` prints it):
///
/// | group | journal | p99 | bare file | ratio |
/// |---|---|---|---|---|
/// | 200 B | 0.19 ms | 0.3 ms | 0.13 ms | 1.5 |
/// | 4 KiB | 0.30 ms | 0.6 ms | 0.17 ms | 1.7 |
/// | 16 KiB | 0.25 ms | 0.9 ms | 0.23 ms | 1.1 |
/// | 64 KiB | 0.33 ms | 2.2 ms | 0.24 ms | 1.4 |
///
/// In groups of 64 KiB that is 590,000 durable events of 200 B each second (bare file 1,300,000); with
/// both cores taken by others 360,000 (790,000).
pub const GROUP_BYTES_MAX: usize = 64 * 1024;

/// Smallest permitted group limit in bytes: one part and its frame must fit.
pub const GROUP_BYTES_MIN: usize = PART_BYTES + 1024;

/// Records whose public and private bytes together exceed this many bytes are written as parts.
pub const WHOLE_RECORD_BYTES_MAX: usize = 48 * 1024;

/// Bytes of a record that one part carries at most.
pub const PART_BYTES: usize = 48 * 1024;

/// Largest record, public and private bytes together, in bytes. A larger one is refused at
/// submission.
pub const RECORD_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Parts that one record may name.
pub const PARTS_MAX: usize = RECORD_BYTES_MAX / PART_BYTES + 1;

/// sled's segment size in bytes. It is fixed for the life of a generation.
pub(crate) const SEGMENT_BYTES: usize = 8 * 1024 * 1024;

/// sled's page cache in bytes. The writer touches only the last leaf; readers of old records come
/// seldom.
pub(crate) const CACHE_BYTES: u64 = 32 * 1024 * 1024;

/// How many sealed generations stay open for [`crate::JournalReader`].
pub(crate) const OPEN_SEALED_GENERATIONS_MAX: usize = 2;

/// How many generations are open at once: the one that is written, the next one, the one before until
/// the next is begun, and sealed ones.
pub const OPEN_GENERATIONS_MAX: u64 = OPEN_SEALED_GENERATIONS_MAX as u64 + 3;

/// A generation is sealed when its groups have this many bytes. sled keeps nearly all of an open one in
/// memory ([`OPEN_GENERATION_BYTES`]): of 500,000 waiting tickets with 0.54 KB of log each, generations
/// of 256 MiB kept a third of all memory. A new one costs the writer a rename; it is made beside it.
pub(crate) const GENERATION_BYTES: u64 = 32 * 1024 * 1024;

/// A snapshot is made when the sealed generations behind the last one have this many bytes: making one
/// reads all of the state, and recovery reads at most about twice as much of the log.
pub(crate) const SNAPSHOT_EVERY_BYTES: u64 = 256 * 1024 * 1024;

/// What an open generation takes of memory, in bytes. sled 0.34.7 divides its cache among 256 parts
/// and notes 64 uses in each before it lets anything go, so that hardly a page of 64 KiB groups ever
/// leaves: 250 MiB of 256 stayed. A tenth for its pages' heads, and three buffers of a segment.
pub const OPEN_GENERATION_BYTES: u64 = GENERATION_BYTES * 11 / 10 + 3 * SEGMENT_BYTES as u64;

/// Snapshots that stay on disk.
pub(crate) const SNAPSHOTS_KEPT: usize = 2;

/// Bytes of content in one chunk of a snapshot file; each chunk has its own CRC.
pub(crate) const SNAPSHOT_CHUNK_BYTES: usize = 64 * 1024;

/// Bytes of a snapshot that are made durable at once: what a commit beside it waits for at most. 1 MiB
/// is sixteen of the largest groups.
pub(crate) const SNAPSHOT_SYNC_BYTES: usize = 1024 * 1024;

/// Longest rest after such a sync. A disk that takes longer for 1 MiB stands still by itself.
pub(crate) const SNAPSHOT_REST_MAX: Duration = Duration::from_secs(1);

/// The writer comes round at least this often, also without work: liveness, lazy submissions and
/// free space are looked at then.
pub(crate) const IDLE_TURN: Duration = Duration::from_secs(1);

const _: () = assert!(17 * GROUP_BYTES_MAX < SEGMENT_BYTES / 4);
const _: () = assert!(WHOLE_RECORD_BYTES_MAX + 1024 <= GROUP_BYTES_MIN);
const _: () = assert!(GROUP_BYTES_MIN <= GROUP_BYTES_MAX);
const _: () = assert!(RECORD_BYTES_MAX <= u32::MAX as usize);
