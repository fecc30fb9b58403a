//! Files in the data directory that say what a start has begun: the next one finds them where it was
//! not ended, and ends it.
//!
//! Each is durable before that begins, and goes durably behind its end. Who writes them holds the log,
//! and with it the directory's lock.

use std::io;
use std::path::{Path, PathBuf};

use super::StartError;
use crate::files;

/// Longest text of one, in MiB.
const MIB_MAX: u64 = 1;

/// One such file.
#[derive(Debug)]
pub(super) struct Marker(PathBuf);

impl Marker {
    /// There while the bootstrap directory is not all in the log.
    pub(super) fn bootstrap(data: &Path) -> Self {
        Self(data.join("bootstrap-unfinished"))
    }

    /// There from before an operator's key is made until it was shown; holds the key's prefix.
    pub(super) fn untold_key(data: &Path) -> Self {
        Self(data.join("operator-key-untold"))
    }

    /// What it says, if it is there.
    pub(super) fn read(&self) -> Result<Option<String>, StartError> {
        match files::read(&self.0, MIB_MAX) {
            Ok(text) => Ok(Some(String::from_utf8_lossy(&text).trim().to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed(error)),
        }
    }

    pub(super) fn write(&self, text: &str) -> Result<(), StartError> {
        files::replace(&self.0, text, 0o600).map_err(|error| self.failed(error))
    }

    pub(super) fn remove(&self) -> Result<(), StartError> {
        files::remove(&self.0).map_err(|error| self.failed(error))
    }

    fn failed(&self, error: io::Error) -> StartError {
        StartError::Marker { file: self.0.clone(), error }
    }
}
