//! The journal's snapshot file, as it is and with its checksums made right.

use crate::folds;
use crate::memory::Bound;
use relevo_journal::SnapshotReader;
use std::io::{self, Read};

const HEADER_BYTES: usize = 68;
const CHUNK_HEAD_BYTES: usize = 8;
/// One chunk at a time, and the content that is collected here in a buffer that doubles.
const BOUND: Bound = Bound { per_byte: 4, fixed: 256 * 1024 };

pub(crate) fn run(bytes: &[u8]) {
    read(bytes);
    let Some(content) = read(&checked(bytes)) else { return };
    folds::run(&content);
}

/// The content of a file whose every check holds.
fn read(bytes: &[u8]) -> Option<Vec<u8>> {
    let read = BOUND.hold(bytes, || -> io::Result<Vec<u8>> {
        let mut reader = SnapshotReader::new(bytes)?;
        let mut content = Vec::new();
        reader.read_to_end(&mut content)?;
        assert_eq!(reader.read(&mut [0])?, 0, "the end stays the end");
        Ok(content)
    });
    let content = read.map_err(|error| assert!(!error.to_string().is_empty())).ok()?;
    assert!(content.len() < bytes.len(), "the content lies in the file");
    Some(content)
}

/// The file with the CRC of its header and of each chunk as they must be, and an end.
fn checked(bytes: &[u8]) -> Vec<u8> {
    let mut file = bytes.to_vec();
    if file.len() < HEADER_BYTES {
        return file;
    }
    let crc = crc32c::crc32c(&file[..64]);
    file[64..HEADER_BYTES].copy_from_slice(&crc.to_le_bytes());
    let mut at = HEADER_BYTES;
    for number in 0_u32.. {
        let Some(head) = file.get(at..).and_then(<[u8]>::first_chunk::<CHUNK_HEAD_BYTES>) else {
            break;
        };
        let [a, b, c, d, ..] = *head;
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        let Some(chunk) = file.get(at + CHUNK_HEAD_BYTES..at + CHUNK_HEAD_BYTES + length) else {
            break;
        };
        let crc = crc32c::crc32c(&number.to_le_bytes());
        let crc = crc32c::crc32c_append(crc, &(length as u64).to_le_bytes());
        let crc = crc32c::crc32c_append(crc, chunk);
        file[at + 4..at + CHUNK_HEAD_BYTES].copy_from_slice(&crc.to_le_bytes());
        at += CHUNK_HEAD_BYTES + length;
        if length == 0 {
            file.truncate(at);
            break;
        }
    }
    file
}
