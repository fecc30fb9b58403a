//! Which files are watched, and the notes about them.

use super::record::{self, Kind};
use libc::{c_char, c_int, c_long, iovec, off_t, ssize_t};
use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// A watched file behind a descriptor.
pub(crate) struct Named {
    pub(crate) path: Vec<u8>,
    pub(crate) inode: u64,
}

struct Watch {
    directory: Vec<u8>,
    log: c_int,
}

fn watch() -> Option<&'static Watch> {
    static WATCH: OnceLock<Option<Watch>> = OnceLock::new();
    WATCH
        .get_or_init(|| {
            let directory = variable(c"POWERCUT_DIRECTORY")?;
            let mut path = variable(c"POWERCUT_LOG")?;
            path.push(0);
            let flags = libc::O_WRONLY | libc::O_APPEND | libc::O_CREAT | libc::O_CLOEXEC;
            // SAFETY: the path ends with a zero and lives through the call.
            let log = unsafe {
                libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags, 0o600)
            };
            (log >= 0).then_some(Watch { directory, log: log as c_int })
        })
        .as_ref()
}

/// Is anything watched?
pub(crate) fn is_watching() -> bool {
    watch().is_some()
}

/// Says why the process ends.
pub(crate) fn complain(why: &str) {
    // SAFETY: the text is as long as is said. Nothing can be done when it cannot be written.
    unsafe { libc::syscall(libc::SYS_write, libc::STDERR_FILENO, why.as_ptr(), why.len()) };
}

fn variable(name: &CStr) -> Option<Vec<u8>> {
    // SAFETY: the name ends with a zero; the environment is not changed by the watched process.
    let value = unsafe { libc::getenv(name.as_ptr()) };
    if value.is_null() {
        return None;
    }
    // SAFETY: a value of the environment is a string that ends with a zero.
    Some(unsafe { CStr::from_ptr(value) }.to_bytes().to_vec())
}

fn is_watched(path: &[u8]) -> bool {
    let Some(watch) = watch() else { return false };
    path.strip_prefix(watch.directory.as_slice())
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

/// The watched file behind a descriptor; `None` for everything else.
pub(crate) fn named(file: c_int) -> Option<Named> {
    watch()?;
    let path = path_of(file)?;
    if !is_watched(&path) {
        return None;
    }
    let inode = stat(file)?.st_ino;
    Some(Named { path, inode })
}

/// Length of the file behind a descriptor, in bytes.
pub(crate) fn length(file: c_int) -> off_t {
    stat(file).map_or(0, |stat| stat.st_size)
}

/// The inode at a path; 0 when there is nothing.
pub(crate) fn inode(path: &[u8]) -> u64 {
    let mut path = path.to_vec();
    path.push(0);
    let mut stat = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: the path ends with a zero; the kernel fills the whole structure when it says 0.
    unsafe {
        if libc::stat(path.as_ptr().cast(), stat.as_mut_ptr()) == 0 {
            stat.assume_init().st_ino
        } else {
            0
        }
    }
}

fn stat(file: c_int) -> Option<libc::stat> {
    let mut stat = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: the kernel fills the whole structure when it says 0.
    unsafe { (libc::fstat(file, stat.as_mut_ptr()) == 0).then(|| stat.assume_init()) }
}

fn path_of(file: c_int) -> Option<Vec<u8>> {
    let link = format!("/proc/self/fd/{file}\0");
    let mut path = vec![0_u8; 4096];
    // SAFETY: the link ends with a zero and the buffer is as long as is said.
    let length = unsafe {
        libc::syscall(
            libc::SYS_readlinkat,
            libc::AT_FDCWD,
            link.as_ptr(),
            path.as_mut_ptr(),
            path.len(),
        )
    };
    path.truncate(usize::try_from(length).ok()?);
    Some(path)
}

/// The whole name of a path as a call gives it, when it is watched.
///
/// # Safety
/// `path` is a string that ends with a zero.
pub(crate) unsafe fn name_of(folder: c_int, path: *const c_char) -> Option<Vec<u8>> {
    watch()?;
    // SAFETY: the caller's promise.
    let path = unsafe { CStr::from_ptr(path) }.to_bytes();
    let whole = if path.starts_with(b"/") {
        path.to_vec()
    } else {
        let mut whole = if folder == libc::AT_FDCWD { working_folder()? } else { path_of(folder)? };
        whole.push(b'/');
        whole.extend_from_slice(path);
        whole
    };
    is_watched(&whole).then_some(whole)
}

fn working_folder() -> Option<Vec<u8>> {
    let mut path = vec![0_u8; 4096];
    // SAFETY: the buffer is as long as is said.
    let length = unsafe { libc::syscall(libc::SYS_getcwd, path.as_mut_ptr(), path.len()) };
    // The kernel counts the zero at the end.
    path.truncate(usize::try_from(length).ok()?.checked_sub(1)?);
    Some(path)
}

/// A number that no other sync has.
pub(crate) fn token() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Appends a note, in one call, so that notes of several threads do not mix. Keeps `errno`.
pub(crate) fn changed(kind: Kind, inode: u64, number: u64, path: &[u8], bytes: &[u8]) {
    let Some(watch) = watch() else { return };
    let Some(head) = record::head(kind, inode, number, path.len(), bytes.len()) else { return };
    let part =
        |part: &[u8]| iovec { iov_base: part.as_ptr().cast_mut().cast(), iov_len: part.len() };
    let parts = [part(&head), part(path), part(bytes)];
    // SAFETY: errno is this thread's own; the parts live through the call, which only reads them.
    unsafe {
        let errno = *libc::__errno_location();
        let written =
            libc::syscall(libc::SYS_writev, watch.log, parts.as_ptr(), parts.len() as c_int);
        let whole = head.len() + path.len() + bytes.len();
        if written != whole as c_long {
            // A note that is cut would make every later one unreadable: better none of the rest.
            libc::abort();
        }
        *libc::__errno_location() = errno;
    }
}

/// Fails as the kernel would.
pub(crate) fn fail(errno: c_int) -> ssize_t {
    // SAFETY: errno is this thread's own.
    unsafe { *libc::__errno_location() = errno };
    -1
}
