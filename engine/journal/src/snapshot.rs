//! Snapshot files: plain files that hold a user's bytes in chunks with a CRC each, behind a header
//! that says up to which group they are the fold of the log.
//!
//! ```text
//! 0   "rlvsnap1" │ format version u16 │ schema version u16 │ 0 u32
//! 16  last group u64 │ last record u64 │ hash of that group, 32 bytes │ CRC-32C u32
//! 68  chunks: length u32 │ CRC-32C of chunk number, length and bytes u32 │ bytes
//!     a chunk of length 0 ends the file
//! ```
//! A file is written under a temporary name, synced, renamed, and its directory synced: one that has
//! its name is whole, or damaged, never half-written.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use crate::frame::{read_u16, read_u32, read_u64};
use crate::layout::{numbered, numbers_in, sync_dir};
use crate::limits::{
    FORMAT_VERSION, SNAPSHOT_CHUNK_BYTES, SNAPSHOT_REST_MAX, SNAPSHOT_SYNC_BYTES, SNAPSHOTS_KEPT,
};
use crate::place::{GroupHash, GroupNumber, RecordNumber, Tail};

const MAGIC: &[u8; 8] = b"rlvsnap1";
const HEADER_BYTES: usize = 68;

/// The bytes of a snapshot, in order; each chunk is checked before it is handed out.
#[derive(Debug)]
pub struct SnapshotReader<R = BufReader<File>> {
    tail: Tail,
    schema: u16,
    file: R,
    chunk: Vec<u8>,
    read: usize,
    chunks: u32,
    ended: bool,
}

impl SnapshotReader {
    /// Opens a file as [`Self::new`] does.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Self::new(BufReader::with_capacity(SNAPSHOT_CHUNK_BYTES, File::open(path)?))
    }
}

impl<R: Read> SnapshotReader<R> {
    /// Reads the header of a snapshot file and checks it; its chunks are checked as they are read.
    ///
    /// # Errors
    /// The header is damaged, or cannot be read.
    pub fn new(mut file: R) -> io::Result<Self> {
        let mut header = [0; HEADER_BYTES];
        file.read_exact(&mut header)?;
        if &header[..8] != MAGIC || read_u32(&header, 64) != crc32c::crc32c(&header[..64]) {
            return Err(damaged("the header of the snapshot is damaged"));
        }
        if read_u16(&header, 8) != FORMAT_VERSION {
            return Err(damaged("the snapshot has another format version"));
        }
        let mut hash = GroupHash::ZERO;
        hash.0.copy_from_slice(&header[32..64]);
        let tail = Tail {
            group: GroupNumber(read_u64(&header, 16)),
            record: RecordNumber(read_u64(&header, 24)),
            hash,
        };
        let schema = read_u16(&header, 10);
        Ok(Self { tail, schema, file, chunk: Vec::new(), read: 0, chunks: 0, ended: false })
    }

    /// The group, record and hash up to which this is the fold of the log.
    pub fn tail(&self) -> Tail {
        self.tail
    }

    /// Schema version of its writer.
    pub fn schema(&self) -> u16 {
        self.schema
    }

    fn next_chunk(&mut self) -> io::Result<()> {
        let mut head = [0; 8];
        self.file.read_exact(&mut head)?;
        let length = read_u32(&head, 0);
        if length as usize > SNAPSHOT_CHUNK_BYTES {
            return Err(damaged("a chunk of the snapshot has an impossible length"));
        }
        self.chunk.resize(length as usize, 0);
        self.file.read_exact(&mut self.chunk)?;
        if read_u32(&head, 4) != chunk_crc(self.chunks, &self.chunk) {
            return Err(damaged("a chunk of the snapshot is damaged"));
        }
        self.chunks += 1;
        self.read = 0;
        if length == 0 {
            self.ended = true;
            if self.file.read(&mut [0])? > 0 {
                return Err(damaged("the snapshot goes on behind its end"));
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for SnapshotReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.read == self.chunk.len() && !self.ended {
            self.next_chunk()?;
        }
        let bytes = out.len().min(self.chunk.len() - self.read);
        out[..bytes].copy_from_slice(&self.chunk[self.read..self.read + bytes]);
        self.read += bytes;
        Ok(bytes)
    }
}

/// What was found in the directory of snapshots.
#[derive(Debug, Default)]
pub(crate) struct FoundSnapshots {
    pub(crate) newest: Option<SnapshotReader>,
    /// Snapshots that failed their checks and were passed over.
    pub(crate) damaged: Vec<GroupNumber>,
}

/// Finds the newest snapshot whose every chunk is good.
///
/// # Errors
/// The system refused the directory or a file in it.
pub(crate) fn newest(dir: &Path) -> io::Result<FoundSnapshots> {
    let mut found = FoundSnapshots::default();
    for number in numbers_in(dir)?.into_iter().rev() {
        let path = dir.join(numbered(number));
        match checked(&path, number) {
            Ok(()) => {
                found.newest = Some(SnapshotReader::open(&path)?);
                return Ok(found);
            }
            Err(error) if is_damage(&error) => {
                tracing::warn!(snapshot = %number, %error, "passing over a damaged snapshot");
                found.damaged.push(number);
            }
            // Whoever is told of damage may give groups up for it.
            Err(error) => {
                let message = format!("{}: {error}", path.display());
                return Err(io::Error::new(error.kind(), message));
            }
        }
    }
    Ok(found)
}

/// The snapshot of this number, every chunk of which is good.
pub(crate) fn checked_at(dir: &Path, number: GroupNumber) -> io::Result<SnapshotReader> {
    let path = dir.join(numbered(number));
    checked(&path, number)?;
    SnapshotReader::open(&path)
}

fn checked(path: &Path, number: GroupNumber) -> io::Result<()> {
    let mut reader = SnapshotReader::open(path)?;
    if reader.tail.group != number {
        return Err(damaged("the snapshot has another group than its name says"));
    }
    io::copy(&mut reader, &mut io::sink()).map(drop)
}

/// A snapshot on its way to disk. Dropped without [`Self::publish`] it is nothing.
#[derive(Debug)]
pub(crate) struct SnapshotWriter {
    dir: PathBuf,
    temporary: PathBuf,
    file: File,
    chunk: Vec<u8>,
    chunks: u32,
    bytes: u64,
    /// Written since the last sync.
    unsynced: usize,
    /// Who closes the journal waits for the snapshot that is under way: it rests no more.
    closing: Arc<AtomicBool>,
    published: bool,
}

impl Drop for SnapshotWriter {
    fn drop(&mut self) {
        if !self.published {
            // What stays is removed at the next start.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

impl SnapshotWriter {
    pub(crate) fn create(dir: &Path, closing: Arc<AtomicBool>) -> io::Result<Self> {
        let temporary = dir.join("next.tmp");
        let mut file = File::create(&temporary)?;
        // The header is known when the fold has reached its last group.
        file.write_all(&[0; HEADER_BYTES])?;
        let chunk = Vec::with_capacity(SNAPSHOT_CHUNK_BYTES);
        Ok(Self {
            dir: dir.to_path_buf(),
            temporary,
            file,
            chunk,
            chunks: 0,
            bytes: 0,
            unsynced: 0,
            closing,
            published: false,
        })
    }

    /// Makes the snapshot durable under its name; returns its bytes.
    pub(crate) fn publish(mut self, tail: Tail, schema: u16) -> io::Result<u64> {
        use std::os::unix::fs::FileExt;
        if !self.chunk.is_empty() {
            self.write_chunk()?;
        }
        self.write_chunk()?;
        self.file.write_all_at(&header(tail, schema), 0)?;
        self.file.sync_all()?;
        fs::rename(&self.temporary, self.dir.join(numbered(tail.group)))?;
        self.published = true;
        sync_dir(&self.dir)?;
        Ok(self.bytes)
    }

    fn write_chunk(&mut self) -> io::Result<()> {
        let length = u32::try_from(self.chunk.len()).expect("chunks are 64 KiB at most");
        self.file.write_all(&length.to_le_bytes())?;
        self.file.write_all(&chunk_crc(self.chunks, &self.chunk).to_le_bytes())?;
        self.file.write_all(&self.chunk)?;
        self.bytes += u64::from(length);
        self.chunks += 1;
        self.unsynced += self.chunk.len();
        self.chunk.clear();
        if self.unsynced >= SNAPSHOT_SYNC_BYTES {
            self.trickle()?;
        }
        Ok(())
    }

    /// Makes durable what is written, and leaves the disk to the log for as long: all of a snapshot in
    /// one sync would hold up every commit until it is through.
    fn trickle(&mut self) -> io::Result<()> {
        let began = Instant::now();
        self.file.sync_data()?;
        self.unsynced = 0;
        if !self.closing.load(Ordering::Acquire) {
            thread::sleep(began.elapsed().min(SNAPSHOT_REST_MAX));
        }
        Ok(())
    }
}

impl Write for SnapshotWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(SNAPSHOT_CHUNK_BYTES - self.chunk.len());
        self.chunk.extend_from_slice(&bytes[..taken]);
        if self.chunk.len() == SNAPSHOT_CHUNK_BYTES {
            self.write_chunk()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Removes the damaged ones, and of the others all but the last two snapshots. Returns the older of those
/// that stay, when both are there.
pub(crate) fn prune(dir: &Path, damaged: &[GroupNumber]) -> io::Result<Option<GroupNumber>> {
    for number in damaged {
        fs::remove_file(dir.join(numbered(*number)))?;
    }
    let numbers = numbers_in(dir)?;
    let kept_from = numbers.len().saturating_sub(SNAPSHOTS_KEPT);
    for number in &numbers[..kept_from] {
        fs::remove_file(dir.join(numbered(*number)))?;
    }
    let kept = &numbers[kept_from..];
    Ok(if kept.len() == SNAPSHOTS_KEPT { kept.first().copied() } else { None })
}

/// Bytes of the largest snapshot on disk.
pub(crate) fn largest_bytes(dir: &Path) -> io::Result<u64> {
    let mut largest = 0;
    for number in numbers_in(dir)? {
        largest = largest.max(fs::metadata(dir.join(numbered(number)))?.len());
    }
    Ok(largest)
}

fn header(tail: Tail, schema: u16) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(MAGIC);
    header[8..10].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
    header[10..12].copy_from_slice(&schema.to_le_bytes());
    header[16..24].copy_from_slice(&tail.group.0.to_le_bytes());
    header[24..32].copy_from_slice(&tail.record.0.to_le_bytes());
    header[32..64].copy_from_slice(&tail.hash.0);
    let crc = crc32c::crc32c(&header[..64]);
    header[64..].copy_from_slice(&crc.to_le_bytes());
    header
}

fn chunk_crc(number: u32, bytes: &[u8]) -> u32 {
    let crc = crc32c::crc32c(&number.to_le_bytes());
    let crc = crc32c::crc32c_append(crc, &(bytes.len() as u64).to_le_bytes());
    crc32c::crc32c_append(crc, bytes)
}

/// Whether the bytes are wrong; else the system refused to give them.
fn is_damage(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
}

fn damaged(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(dir: &Path, content: &[u8]) -> PathBuf {
        let tail =
            Tail { group: GroupNumber(7), record: RecordNumber(9), hash: GroupHash([3; 32]) };
        let mut writer = SnapshotWriter::create(dir, Arc::default()).unwrap();
        writer.write_all(content).unwrap();
        writer.publish(tail, 5).unwrap();
        dir.join(numbered(tail.group))
    }

    fn content(path: &Path) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        SnapshotReader::open(path)?.read_to_end(&mut content).map(|_| content)
    }

    #[test]
    fn content_of_every_length_around_a_chunk_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        for length in [0, 1, SNAPSHOT_CHUNK_BYTES - 1, SNAPSHOT_CHUNK_BYTES, 200_000] {
            let bytes: Vec<u8> = (0..length).map(|at| (at * 7 % 251) as u8).collect();
            let path = write(dir.path(), &bytes);
            assert_eq!(content(&path).unwrap(), bytes);
            let reader = SnapshotReader::open(&path).unwrap();
            assert_eq!((reader.tail().group.0, reader.tail().record.0, reader.schema()), (7, 9, 5));
        }
    }

    #[test]
    fn a_large_snapshot_is_on_disk_before_it_ends() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = SnapshotWriter::create(dir.path(), Arc::default()).unwrap();
        for _ in 0..100 {
            writer.write_all(&[7; SNAPSHOT_CHUNK_BYTES]).unwrap();
            assert!(writer.unsynced < SNAPSHOT_SYNC_BYTES);
        }
    }

    #[test]
    fn every_flipped_byte_and_every_shorter_or_longer_file_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let path = write(dir.path(), b"the fold of the past");
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            fs::write(&path, flipped).unwrap();
            assert!(content(&path).is_err(), "byte {at}");
        }
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            assert!(content(&path).is_err(), "length {length}");
        }
        fs::write(&path, [&whole[..], b"x"].concat()).unwrap();
        assert!(content(&path).is_err());
    }

    #[test]
    fn chunks_that_changed_places_are_found() {
        let dir = tempfile::tempdir().unwrap();
        let chunk = SNAPSHOT_CHUNK_BYTES;
        let path = write(dir.path(), &[vec![1; chunk], vec![2; chunk]].concat());
        let mut bytes = fs::read(&path).unwrap();
        let (first, second) = bytes[HEADER_BYTES..].split_at_mut(chunk + 8);
        first.swap_with_slice(&mut second[..chunk + 8]);
        fs::write(&path, bytes).unwrap();
        assert!(content(&path).is_err());
    }
}
