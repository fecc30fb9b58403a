//! A disk as it would be after the power failed, worked out from the notes of what was asked of it.
//!
//! Of a file that was written since its last sync, each 4 KiB page is at the cut the old one or the
//! new one. A name that was made since the last sync of its folder is not there; one that was
//! removed or replaced since then is the old or the new one. Only a sync that came back counts, and
//! it counts for what was written before it began.

use super::notes::Note;
use crate::campaign::seeded::Seeded;
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What a disk writes at once.
const PAGE_BYTES: usize = 4096;

/// Number of a file or folder.
type Node = usize;

/// A folder of the disk and everything below it.
#[derive(Debug)]
pub struct Disk {
    root: PathBuf,
    nodes: Vec<Content>,
    by_inode: HashMap<u64, Node>,
    syncing: HashMap<u64, (Node, Captured)>,
    data_syncs: DataSyncs,
}

/// Whether `fdatasync` does what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataSyncs {
    /// It makes data durable.
    Count,
    /// It does nothing: as if the call were not there.
    AreNothing,
}

#[derive(Debug)]
enum Content {
    File(File),
    Folder(Folder),
}

#[derive(Debug, Default)]
struct File {
    live: Vec<u8>,
    durable: Vec<u8>,
    /// Pages that differ, with the count of their writes.
    dirty: BTreeMap<usize, u64>,
    writes: u64,
}

#[derive(Debug, Default)]
struct Folder {
    live: BTreeMap<OsString, Node>,
    durable: BTreeMap<OsString, Node>,
}

/// What a sync will have made durable when it comes back.
#[derive(Debug)]
enum Captured {
    File { length: usize, pages: Vec<(usize, u64, Vec<u8>)> },
    Folder(BTreeMap<OsString, Node>),
}

impl Disk {
    /// Takes what stands in a folder as durable.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn load(root: &Path, data_syncs: DataSyncs) -> io::Result<Self> {
        let mut disk = Self {
            root: root.to_path_buf(),
            nodes: Vec::new(),
            by_inode: HashMap::new(),
            syncing: HashMap::new(),
            data_syncs,
        };
        disk.load_node(root)?;
        Ok(disk)
    }

    /// Takes what a process did.
    ///
    /// # Errors
    /// It names what the disk does not know: the notes are not whole.
    pub fn apply(&mut self, note: Note) -> Result<(), String> {
        match note {
            Note::Open { path, inode, emptied } => self.opened(&path, inode, emptied),
            Note::Write { inode, offset, bytes } => {
                let offset = usize::try_from(offset).map_err(|error| error.to_string())?;
                self.file(inode)?.write(offset, &bytes);
                Ok(())
            }
            Note::Truncate { inode, length } => {
                let length = usize::try_from(length).map_err(|error| error.to_string())?;
                self.file(inode)?.resize(length);
                Ok(())
            }
            Note::SyncBegins { inode, token, data_only } => {
                if !(data_only && self.data_syncs == DataSyncs::AreNothing) {
                    let node = self.known(inode)?;
                    self.syncing.insert(token, (node, self.nodes[node].capture()));
                }
                Ok(())
            }
            Note::SyncEnded { token } => {
                if let Some((node, captured)) = self.syncing.remove(&token) {
                    self.nodes[node].synced(captured);
                }
                Ok(())
            }
            Note::Remove { path } => {
                let (folder, name) = self.folder_of(&path)?;
                folder.live.remove(&name).map(drop).ok_or_else(|| unknown(&path))
            }
            Note::Rename { from, to, swapped } => self.renamed(&from, &to, swapped),
            Note::MakeFolder { path, inode } => {
                let node = self.add(inode, Content::Folder(Folder::default()));
                let (folder, name) = self.folder_of(&path)?;
                folder.live.insert(name, node);
                Ok(())
            }
        }
    }

    /// Everything as the process sees it.
    #[must_use]
    pub fn live(&self) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        let mut found = BTreeMap::new();
        self.walk(
            0,
            &self.root,
            &mut |folder| folder.live.clone(),
            &mut |file| file.live.clone(),
            &mut found,
        );
        found
    }

    /// Everything as a disk might have it after the power failed. Of the pages and names that may
    /// be old or new, about `new_in_a_thousand` are new.
    pub fn cut(
        &self,
        random: &mut Seeded,
        new_in_a_thousand: u64,
    ) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        let mut found = BTreeMap::new();
        let (mut names, mut pages) = (random.fork(), random.fork());
        self.walk(
            0,
            &self.root,
            &mut |folder| folder.cut(&mut names, new_in_a_thousand),
            &mut |file| file.cut(&mut pages, new_in_a_thousand),
            &mut found,
        );
        found
    }

    fn load_node(&mut self, path: &Path) -> io::Result<Node> {
        let metadata = fs::metadata(path)?;
        if !metadata.is_dir() {
            let live = fs::read(path)?;
            let file = File { durable: live.clone(), live, ..File::default() };
            return Ok(self.add(metadata.ino(), Content::File(file)));
        }
        let node = self.add(metadata.ino(), Content::Folder(Folder::default()));
        let mut names = BTreeMap::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            names.insert(entry.file_name(), self.load_node(&entry.path())?);
        }
        self.nodes[node] = Content::Folder(Folder { live: names.clone(), durable: names });
        Ok(node)
    }

    fn add(&mut self, inode: u64, content: Content) -> Node {
        self.nodes.push(content);
        let node = self.nodes.len() - 1;
        self.by_inode.insert(inode, node);
        node
    }

    fn opened(&mut self, path: &Path, inode: u64, emptied: bool) -> Result<(), String> {
        let known = self.by_inode.get(&inode).copied();
        let (folder, name) = self.folder_of(path)?;
        let here = folder.live.get(&name).copied();
        if here.is_none() || here != known {
            // The number of a removed file may come again for a new one.
            let node = self.add(inode, Content::File(File::default()));
            let (folder, name) = self.folder_of(path)?;
            folder.live.insert(name, node);
        } else if emptied {
            self.file(inode)?.resize(0);
        }
        Ok(())
    }

    fn renamed(&mut self, from: &Path, to: &Path, swapped: bool) -> Result<(), String> {
        let (folder, name) = self.folder_of(from)?;
        let node = folder.live.remove(&name).ok_or_else(|| unknown(from))?;
        let (folder, name) = self.folder_of(to)?;
        let before = folder.live.insert(name, node);
        if swapped {
            let before = before.ok_or_else(|| unknown(to))?;
            let (folder, name) = self.folder_of(from)?;
            folder.live.insert(name, before);
        }
        Ok(())
    }

    fn known(&self, inode: u64) -> Result<Node, String> {
        self.by_inode.get(&inode).copied().ok_or_else(|| format!("no file has inode {inode}"))
    }

    fn file(&mut self, inode: u64) -> Result<&mut File, String> {
        let node = self.known(inode)?;
        match &mut self.nodes[node] {
            Content::File(file) => Ok(file),
            Content::Folder(_) => Err(format!("inode {inode} is a folder")),
        }
    }

    /// The folder that a path stands in, and its name there.
    fn folder_of(&mut self, path: &Path) -> Result<(&mut Folder, OsString), String> {
        let inside = path.strip_prefix(&self.root).map_err(|_| unknown(path))?;
        let name = inside.file_name().ok_or_else(|| unknown(path))?.to_owned();
        let mut node = 0;
        for part in inside.parent().into_iter().flat_map(Path::iter) {
            node = match &self.nodes[node] {
                Content::Folder(folder) => *folder.live.get(part).ok_or_else(|| unknown(path))?,
                Content::File(_) => return Err(unknown(path)),
            };
        }
        match &mut self.nodes[node] {
            Content::Folder(folder) => Ok((folder, name)),
            Content::File(_) => Err(unknown(path)),
        }
    }

    fn walk(
        &self,
        node: Node,
        path: &Path,
        names: &mut impl FnMut(&Folder) -> BTreeMap<OsString, Node>,
        bytes: &mut impl FnMut(&File) -> Vec<u8>,
        found: &mut BTreeMap<PathBuf, Option<Vec<u8>>>,
    ) {
        match &self.nodes[node] {
            Content::File(file) => {
                found.insert(path.to_path_buf(), Some(bytes(file)));
            }
            Content::Folder(folder) => {
                if node != 0 {
                    found.insert(path.to_path_buf(), None);
                }
                for (name, child) in names(folder) {
                    self.walk(child, &path.join(name), names, bytes, found);
                }
            }
        }
    }
}

fn unknown(path: &Path) -> String {
    format!("{}: the disk knows no such name", path.display())
}

impl Content {
    fn capture(&self) -> Captured {
        match self {
            Self::Folder(folder) => Captured::Folder(folder.live.clone()),
            Self::File(file) => {
                let page =
                    |(page, writes): (&usize, &u64)| (*page, *writes, file.page(*page).to_vec());
                Captured::File {
                    length: file.live.len(),
                    pages: file.dirty.iter().map(page).collect(),
                }
            }
        }
    }

    fn synced(&mut self, captured: Captured) {
        match (self, captured) {
            (Self::Folder(folder), Captured::Folder(names)) => folder.durable = names,
            (Self::File(file), Captured::File { length, pages }) => {
                file.durable.resize(length, 0);
                for (page, writes, bytes) in pages {
                    if bytes.is_empty() {
                        continue;
                    }
                    let at = page * PAGE_BYTES;
                    file.durable[at..at + bytes.len()].copy_from_slice(&bytes);
                    if file.dirty.get(&page) == Some(&writes) {
                        file.dirty.remove(&page);
                    }
                }
            }
            (Self::Folder(_), Captured::File { .. }) | (Self::File(_), Captured::Folder(_)) => {}
        }
    }
}

impl File {
    fn page(&self, page: usize) -> &[u8] {
        let start = (page * PAGE_BYTES).min(self.live.len());
        let end = (start + PAGE_BYTES).min(self.live.len());
        &self.live[start..end]
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        if bytes.is_empty() {
            return;
        }
        if self.live.len() < end {
            self.live.resize(end, 0);
        }
        self.live[offset..end].copy_from_slice(bytes);
        self.touch(offset / PAGE_BYTES..=(end - 1) / PAGE_BYTES);
    }

    fn resize(&mut self, length: usize) {
        let before = self.live.len();
        self.live.resize(length, 0);
        // What is cut off and grown again reads as zeros: those pages are other ones.
        let (from, to) = (before.min(length), before.max(length));
        if from < to {
            self.touch(from / PAGE_BYTES..=(to - 1) / PAGE_BYTES);
        }
    }

    fn touch(&mut self, pages: impl Iterator<Item = usize>) {
        self.writes += 1;
        let writes = self.writes;
        self.dirty.extend(pages.map(|page| (page, writes)));
    }

    fn cut(&self, random: &mut Seeded, new_in_a_thousand: u64) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        if self.live.len() < bytes.len() && random.chance(new_in_a_thousand) {
            bytes.truncate(self.live.len());
        }
        for page in self.dirty.keys() {
            let new = self.page(*page);
            if new.is_empty() || !random.chance(new_in_a_thousand) {
                continue;
            }
            let (start, end) = (page * PAGE_BYTES, page * PAGE_BYTES + new.len());
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[start..end].copy_from_slice(new);
        }
        bytes
    }
}

impl Folder {
    fn cut(&self, random: &mut Seeded, new_in_a_thousand: u64) -> BTreeMap<OsString, Node> {
        let mut names = BTreeMap::new();
        for (name, node) in &self.durable {
            let now = self.live.get(name);
            if now == Some(node) || !random.chance(new_in_a_thousand) {
                names.insert(name.clone(), *node);
            } else if let Some(now) = now {
                names.insert(name.clone(), *now);
            }
        }
        names
    }
}

/// Puts these files and folders where `root` is, instead of what is there.
///
/// # Errors
/// The folder cannot be written.
pub fn replace(root: &Path, content: &BTreeMap<PathBuf, Option<Vec<u8>>>) -> io::Result<()> {
    fs::remove_dir_all(root)?;
    fs::create_dir(root)?;
    // A folder sorts before what stands in it.
    for (path, bytes) in content {
        match bytes {
            None => fs::create_dir(path)?,
            Some(bytes) => fs::write(path, bytes)?,
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "disk_tests.rs"]
mod tests;
