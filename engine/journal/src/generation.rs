//! One generation: a sled directory, and the only file that calls sled.
//!
//! Used of sled: open, insert, get, range, last, flush. Not used: batches, transactions, removal,
//! subscriptions, ids. `flush` is not trusted to sync: on Linux it ends in `sync_file_range`. Every
//! append ends in `fdatasync` on a descriptor of our own.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::layout::{numbered, parent_of, sync_dir};
use crate::limits::{CACHE_BYTES, SEGMENT_BYTES};
use crate::log::LogError;
use crate::place::GroupNumber;
use crate::sled_pool;

/// sled's own background tasks may hold a dropped database's file for some milliseconds.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(crate) struct Generation {
    first: GroupNumber,
    dir: PathBuf,
    db: sled::Db,
    file: File,
}

impl Generation {
    /// Makes an empty generation whose name and files are durable.
    ///
    /// It comes under a temporary name and is renamed when it is whole, so a directory with a
    /// generation's name always is one.
    pub(crate) fn create(parent: &Path, first: GroupNumber) -> Result<Self, LogError> {
        Self::prepare(parent, &numbered(first))?.named(parent, first)
    }

    /// Makes an empty generation whose files are durable. Its name is none yet: no other that is open
    /// may have had the same, as sled remembers it.
    pub(crate) fn prepare(parent: &Path, name: &str) -> Result<Self, LogError> {
        let temporary = parent.join(format!("new-{name}"));
        remove_dir(&temporary).map_err(LogError::io("remove a leftover generation"))?;
        // Nothing is in it: any number does.
        let made = Self::create_at(&temporary, GroupNumber(0))
            .and_then(|generation| generation.sync_opened().map(|()| generation));
        if made.is_err() {
            // Where it failed for want of space, it gives back what it took.
            let _ = remove_dir(&temporary);
        }
        made
    }

    /// Gives a prepared generation its name, and makes that durable.
    pub(crate) fn named(mut self, parent: &Path, first: GroupNumber) -> Result<Self, LogError> {
        let during = "create a generation";
        let dir = parent.join(numbered(first));
        // It may have lain ready for long. Should a power cut take this, it is sealed too early.
        let conf = File::options().write(true).open(self.dir.join("conf"));
        conf.and_then(|conf| conf.set_modified(SystemTime::now())).map_err(LogError::io(during))?;
        fs::rename(&self.dir, &dir).map_err(LogError::io(during))?;
        sync_dir(parent).map_err(LogError::io(during))?;
        self.dir = dir;
        self.first = first;
        Ok(self)
    }

    /// Removes a prepared generation that is not needed. What stays is removed at the next start.
    pub(crate) fn discard(self) {
        let dir = self.dir.clone();
        drop(self);
        let _ = remove_dir(&dir);
    }

    /// Makes an empty generation under any name, not yet synced.
    pub(crate) fn create_at(dir: &Path, first: GroupNumber) -> Result<Self, LogError> {
        fs::create_dir(dir).map_err(LogError::io("create a generation"))?;
        Self::with_sled(dir, first)
    }

    /// Opens a generation. sled writes into the directory when it opens it, and may panic when it
    /// is damaged: the caller tried a copy before.
    pub(crate) fn open(dir: &Path, first: GroupNumber) -> Result<Self, LogError> {
        // sled would make what is missing, and an empty log would stand for a lost one.
        for name in ["conf", "db"] {
            fs::metadata(dir.join(name)).map_err(LogError::io("open a generation"))?;
        }
        remove_cut_short(dir).map_err(LogError::io("remove what sled left half written"))?;
        Self::with_sled(dir, first)
    }

    fn with_sled(dir: &Path, first: GroupNumber) -> Result<Self, LogError> {
        let db = open_sled(dir)?;
        let path = dir.join("db");
        let file = File::options()
            .read(true)
            .write(true)
            .open(path)
            .map_err(LogError::io("open a generation's file"))?;
        Ok(Self { first, dir: dir.to_path_buf(), db, file })
    }

    pub(crate) fn first(&self) -> GroupNumber {
        self.first
    }

    /// Writes one group and makes it durable; returns the time in the sync alone.
    pub(crate) fn append(&self, number: GroupNumber, value: &[u8]) -> Result<Duration, LogError> {
        sled_pool::call(|| {
            self.db.insert(key(number), value).map_err(LogError::sled("insert a group"))?;
            self.db.flush().map_err(LogError::sled("flush a group"))
        })?;
        let start = Instant::now();
        self.sync()?;
        Ok(start.elapsed())
    }

    /// Frees the processor from sled's idle threads: for a generation that is written to.
    pub(crate) fn shrink_pool(&self) {
        sled_pool::shrink(&self.db);
    }

    pub(crate) fn sync(&self) -> Result<(), LogError> {
        self.file.sync_data().map_err(LogError::io("fdatasync of a generation"))
    }

    /// Makes durable what sled wrote when it opened the directory.
    pub(crate) fn sync_opened(&self) -> Result<(), LogError> {
        let during = "sync an opened generation";
        sled_pool::call(|| self.db.flush()).map_err(LogError::sled(during))?;
        sync_tree(&self.dir).map_err(LogError::io(during))?;
        sync_dir(parent_of(&self.dir)).map_err(LogError::io(during))
    }

    pub(crate) fn get(&self, number: GroupNumber) -> Result<Option<Arc<[u8]>>, LogError> {
        let value = self.db.get(key(number)).map_err(LogError::sled("read a group"))?;
        Ok(value.map(|value| Arc::from(&value[..])))
    }

    /// Groups from `from` on, in order.
    pub(crate) fn groups(
        self: &Arc<Self>,
        from: GroupNumber,
    ) -> impl Iterator<Item = Result<(GroupNumber, Arc<[u8]>), LogError>> + use<> {
        // An iterator of sled keeps the directory locked: it must count as a user.
        let user = Arc::clone(self);
        self.db.range(key(from)..).map(move |item| {
            let _ = &user;
            let (key, value) = item.map_err(LogError::sled("read groups"))?;
            Ok((number_of(&key), Arc::from(&value[..])))
        })
    }

    pub(crate) fn last(&self) -> Result<Option<GroupNumber>, LogError> {
        let last = self.db.last().map_err(LogError::sled("read the last group"))?;
        Ok(last.map(|(key, _)| number_of(&key)))
    }

    /// Whether sled moved a page out of its log, where it is never synced.
    pub(crate) fn has_blobs(&self) -> Result<bool, LogError> {
        let mut blobs =
            fs::read_dir(self.dir.join("blobs")).map_err(LogError::io("look into blobs/"))?;
        Ok(blobs.next().is_some())
    }

    /// Time since the generation got its name; zero when the clock was set back.
    pub(crate) fn age(&self) -> Result<Duration, LogError> {
        // sled writes `conf` once, when it makes the directory, and [`Self::named`] dates it.
        let made = fs::metadata(self.dir.join("conf")).and_then(|conf| conf.modified());
        let made = made.map_err(LogError::io("look at a generation's age"))?;
        Ok(SystemTime::now().duration_since(made).unwrap_or_default())
    }
}

/// Removes a directory with what it holds; one that is not there is fine.
pub(crate) fn remove_dir(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn open_sled(dir: &Path) -> Result<sled::Db, LogError> {
    let config = sled::Config::new()
        .path(dir)
        .flush_every_ms(None)
        .segment_size(SEGMENT_BYTES)
        .cache_capacity(CACHE_BYTES);
    let start = Instant::now();
    loop {
        match sled_pool::call(|| config.open()) {
            Ok(db) => return Ok(db),
            Err(sled::Error::Io(error))
                if error.to_string().contains("could not acquire lock")
                    && start.elapsed() < LOCK_PATIENCE =>
            {
                thread::sleep(Duration::from_millis(1));
            }
            Err(error) => return Err(LogError::sled("open a generation")(error)),
        }
    }
}

/// sled writes a snapshot of its own where it opens a directory, under a name of its own until it is
/// whole; at the next time it takes that for the newest snapshot all the same, and what a crash or a
/// full disk has cut short for damage. All that it would say stands in the log.
fn remove_cut_short(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Syncs every file of a directory and of those below it, and the directories.
fn sync_tree(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            sync_tree(&path)?;
        } else {
            File::open(&path)?.sync_all()?;
        }
    }
    sync_dir(dir)
}

fn key(number: GroupNumber) -> [u8; 8] {
    number.0.to_be_bytes()
}

/// A key of another length is not ours; it becomes a number that no group has.
fn number_of(key: &[u8]) -> GroupNumber {
    GroupNumber(key.try_into().map_or(u64::MAX, u64::from_be_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generation_that_lay_ready_for_a_day_is_new_when_it_gets_its_name() {
        let day = Duration::from_secs(24 * 60 * 60);
        let dir = tempfile::tempdir().unwrap();
        let spare = Generation::prepare(dir.path(), "after-0").unwrap();
        let conf = File::options().write(true).open(dir.path().join("new-after-0/conf")).unwrap();
        conf.set_modified(SystemTime::now() - day).unwrap();
        assert!(spare.age().unwrap() >= day);
        let named = spare.named(dir.path(), GroupNumber(1)).unwrap();
        assert!(named.age().unwrap() < day);
    }
}
