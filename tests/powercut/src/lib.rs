//! Stands between a process and its files (`LD_PRELOAD`) and writes down what it asks of the disk:
//! every write with its bytes, every new, changed or removed name, the beginning and end of every
//! sync. From that, and from nothing the process knows, `relevo-tests power-cut` works out what a
//! disk would still hold after the power failed. It changes no call, except that it offers no copy
//! inside the kernel, so that a copy is reads and writes.
//!
//! `POWERCUT_DIRECTORY`: what is watched (absolute, without links). `POWERCUT_LOG`: where to write.
//! Without them every call passes through. The records are in [`record`].
//!
//! Writes are noted before they are made and everything else after it succeeded, so that whatever
//! moment the process is killed at, the notes claim no more than what was done. Names and lengths
//! that are changed past the C library are noted too ([`trap`]); other calls past it are not seen: a
//! test compares the notes with the directory after a quiet end.

#![expect(unsafe_code, reason = "a library that stands in for libc's functions is made of it")]

mod note;
mod record;
mod trap;

use libc::{c_char, c_int, c_long, c_uint, iovec, mode_t, off_t, size_t, ssize_t};
use note::{Named, changed, name_of, named};
use record::Kind;
use std::slice;
use trap::OURS;

/// Runs before the process's `main`.
#[used]
#[unsafe(link_section = ".init_array")]
static BEGIN: extern "C" fn() = begin;

extern "C" fn begin() {
    if note::is_watching()
        && let Err(why) = trap::install()
    {
        // Notes that may lack something are worth nothing.
        note::complain(why);
        std::process::abort();
    }
}

// Each function below has the name, arguments and meaning that the C library gives it, so callers
// keep its contract: paths are strings that end with a zero, buffers are as long as they say,
// descriptors are plain numbers. That is all that the calls to the kernel need. `open` and `openat`
// are variadic in C; on the 64-bit ABIs of Linux their one optional argument arrives where a third
// or fourth fixed one would, and is garbage that the kernel ignores when the flags ask for no mode.

/// An argument that a call does not have.
const NONE: c_long = 0;

fn result_of(result: c_long) -> c_int {
    // -1 or a descriptor or 0: it fits.
    result as c_int
}

fn opened(result: c_int, flags: c_int) -> c_int {
    if result >= 0
        && flags & (libc::O_CREAT | libc::O_TRUNC) != 0
        && let Some(Named { path, inode }) = named(result)
    {
        let truncated = u64::from(flags & libc::O_TRUNC != 0);
        changed(Kind::Open, inode, truncated, &path, &[]);
    }
    result
}

/// See `open(2)`.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: the caller's arguments, as they are.
    unsafe { openat(libc::AT_FDCWD, path, flags, mode) }
}

/// See `open(2)`.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: the caller's arguments, as they are.
    unsafe { openat(libc::AT_FDCWD, path, flags, mode) }
}

/// See `openat(2)`.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn openat(
    folder: c_int,
    path: *const c_char,
    flags: c_int,
    mode: mode_t,
) -> c_int {
    // SAFETY: the caller's arguments, as they are.
    let result = unsafe { libc::syscall(libc::SYS_openat, folder, path, flags, mode as c_uint) };
    opened(result_of(result), flags)
}

/// See `openat(2)`.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn openat64(
    folder: c_int,
    path: *const c_char,
    flags: c_int,
    mode: mode_t,
) -> c_int {
    // SAFETY: the caller's arguments, as they are.
    unsafe { openat(folder, path, flags, mode) }
}

/// Notes bytes that are about to be written at `offset`.
unsafe fn writing(file: c_int, bytes: *const u8, length: size_t, offset: Option<off_t>) {
    let Some(Named { path, inode }) = named(file) else { return };
    // SAFETY: asking where the descriptor stands changes nothing.
    let at = offset.unwrap_or_else(|| unsafe {
        if libc::fcntl(file, libc::F_GETFL) & libc::O_APPEND == 0 {
            libc::lseek(file, 0, libc::SEEK_CUR)
        } else {
            note::length(file)
        }
    });
    // SAFETY: the caller's buffer is as long as it says.
    let bytes = unsafe { slice::from_raw_parts(bytes, length) };
    changed(Kind::Write, inode, at.unsigned_abs(), &path, bytes);
}

/// See `write(2)`.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn write(file: c_int, bytes: *const u8, length: size_t) -> ssize_t {
    // SAFETY: the caller's arguments, as they are.
    unsafe {
        writing(file, bytes, length, None);
        libc::syscall(libc::SYS_write, file, bytes, length) as ssize_t
    }
}

/// See `pwrite(2)`.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite(
    file: c_int,
    bytes: *const u8,
    length: size_t,
    offset: off_t,
) -> ssize_t {
    // SAFETY: the caller's arguments, as they are.
    unsafe {
        writing(file, bytes, length, Some(offset));
        libc::syscall(libc::SYS_pwrite64, file, bytes, length, offset) as ssize_t
    }
}

/// See `pwrite(2)`.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite64(
    file: c_int,
    bytes: *const u8,
    length: size_t,
    offset: off_t,
) -> ssize_t {
    // SAFETY: the caller's arguments, as they are.
    unsafe { pwrite(file, bytes, length, offset) }
}

/// Writes the parts one after the other, as the caller would have to after a short write.
unsafe fn write_parts(
    parts: *const iovec,
    count: c_int,
    mut one: impl FnMut(*const u8, size_t, off_t) -> ssize_t,
) -> ssize_t {
    let count = usize::try_from(count).unwrap_or(0);
    // SAFETY: the caller's list is as long as it says.
    let parts = unsafe { slice::from_raw_parts(parts, count) };
    let mut written: ssize_t = 0;
    for part in parts.iter().filter(|part| part.iov_len > 0) {
        let now = one(part.iov_base.cast(), part.iov_len, written as off_t);
        if now < 0 {
            return if written == 0 { now } else { written };
        }
        written += now;
        if now.unsigned_abs() < part.iov_len {
            break;
        }
    }
    written
}

/// See `writev(2)`.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn writev(file: c_int, parts: *const iovec, count: c_int) -> ssize_t {
    if named(file).is_none() {
        // SAFETY: the caller's arguments, as they are.
        return unsafe { libc::syscall(libc::SYS_writev, file, parts, count) } as ssize_t;
    }
    // SAFETY: each part is a buffer of the caller's.
    unsafe { write_parts(parts, count, |bytes, length, _| write(file, bytes, length)) }
}

/// See `pwritev(2)`.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwritev(
    file: c_int,
    parts: *const iovec,
    count: c_int,
    offset: off_t,
) -> ssize_t {
    // SAFETY: each part is a buffer of the caller's.
    unsafe {
        write_parts(parts, count, |bytes, length, at| pwrite(file, bytes, length, offset + at))
    }
}

/// See `pwritev(2)`.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwritev64(
    file: c_int,
    parts: *const iovec,
    count: c_int,
    offset: off_t,
) -> ssize_t {
    // SAFETY: the caller's arguments, as they are.
    unsafe { pwritev(file, parts, count, offset) }
}

/// See `ftruncate(2)`.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ftruncate(file: c_int, length: off_t) -> c_int {
    if let Some(Named { path, inode }) = named(file) {
        changed(Kind::Truncate, inode, length.unsigned_abs(), &path, &[]);
    }
    // SAFETY: plain numbers.
    result_of(unsafe { libc::syscall(libc::SYS_ftruncate, file, length, NONE, NONE, NONE, OURS) })
}

/// See `ftruncate(2)`.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ftruncate64(file: c_int, length: off_t) -> c_int {
    // SAFETY: the caller's arguments, as they are.
    unsafe { ftruncate(file, length) }
}

/// Syncs between two notes: only what was noted before the first is durable after the second.
fn synced(file: c_int, call: c_long, data_only: bool) -> c_int {
    // SAFETY: plain numbers.
    let sync = || result_of(unsafe { libc::syscall(call, file) });
    let Some(Named { path, inode }) = named(file) else { return sync() };
    let token = note::token();
    let kind = if data_only { Kind::DataSyncBegins } else { Kind::SyncBegins };
    changed(kind, inode, token, &path, &[]);
    let result = sync();
    if result == 0 {
        changed(Kind::SyncEnded, inode, token, &path, &[]);
    }
    result
}

/// See `fsync(2)`.
#[unsafe(no_mangle)]
pub extern "C" fn fsync(file: c_int) -> c_int {
    synced(file, libc::SYS_fsync, false)
}

/// See `fdatasync(2)`.
#[unsafe(no_mangle)]
pub extern "C" fn fdatasync(file: c_int) -> c_int {
    synced(file, libc::SYS_fdatasync, true)
}

/// See `mkdir(2)`.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mkdir(path: *const c_char, mode: mode_t) -> c_int {
    // SAFETY: the caller's arguments, as they are.
    unsafe { mkdirat(libc::AT_FDCWD, path, mode) }
}

/// See `mkdirat(2)`.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mkdirat(folder: c_int, path: *const c_char, mode: mode_t) -> c_int {
    // SAFETY: the caller's arguments, as they are.
    let result = result_of(unsafe {
        libc::syscall(libc::SYS_mkdirat, folder, path, mode as c_uint, NONE, NONE, OURS)
    });
    if result == 0 {
        // SAFETY: the path is a string that ends with a zero.
        if let Some(path) = unsafe { name_of(folder, path) } {
            changed(Kind::MakeDirectory, note::inode(&path), 0, &path, &[]);
        }
    }
    result
}

/// See `unlink(2)`.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn unlink(path: *const c_char) -> c_int {
    // SAFETY: the caller's arguments, as they are.
    unsafe { unlinkat(libc::AT_FDCWD, path, 0) }
}

/// See `rmdir(2)`.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rmdir(path: *const c_char) -> c_int {
    // SAFETY: the caller's arguments, as they are.
    unsafe { unlinkat(libc::AT_FDCWD, path, libc::AT_REMOVEDIR) }
}

/// See `unlinkat(2)`.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn unlinkat(folder: c_int, path: *const c_char, flags: c_int) -> c_int {
    // SAFETY: the caller's arguments, as they are.
    let result = result_of(unsafe {
        libc::syscall(libc::SYS_unlinkat, folder, path, flags, NONE, NONE, OURS)
    });
    if result == 0 {
        // SAFETY: the path is a string that ends with a zero.
        if let Some(path) = unsafe { name_of(folder, path) } {
            changed(Kind::Remove, 0, 0, &path, &[]);
        }
    }
    result
}

/// See `rename(2)`.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    // SAFETY: the caller's arguments, as they are.
    unsafe { renameat2(libc::AT_FDCWD, from, libc::AT_FDCWD, to, 0) }
}

/// See `renameat(2)`.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn renameat(
    from_folder: c_int,
    from: *const c_char,
    to_folder: c_int,
    to: *const c_char,
) -> c_int {
    // SAFETY: the caller's arguments, as they are.
    unsafe { renameat2(from_folder, from, to_folder, to, 0) }
}

/// See `renameat2(2)`.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn renameat2(
    from_folder: c_int,
    from: *const c_char,
    to_folder: c_int,
    to: *const c_char,
    flags: c_uint,
) -> c_int {
    // SAFETY: the caller's arguments, as they are.
    let result = result_of(unsafe {
        libc::syscall(libc::SYS_renameat2, from_folder, from, to_folder, to, flags, OURS)
    });
    if result == 0 {
        // SAFETY: the paths are strings that end with a zero.
        let names = unsafe { (name_of(from_folder, from), name_of(to_folder, to)) };
        if let (Some(from), Some(to)) = names {
            changed(Kind::Rename, 0, u64::from(flags), &from, &to);
        }
    }
    result
}

/// No copy inside the kernel: callers fall back to reads and writes.
#[unsafe(no_mangle)]
pub extern "C" fn copy_file_range(
    _from: c_int,
    _from_offset: *mut off_t,
    _to: c_int,
    _to_offset: *mut off_t,
    _length: size_t,
    _flags: c_uint,
) -> ssize_t {
    note::fail(libc::ENOSYS)
}

/// No copy inside the kernel: callers fall back to reads and writes.
#[unsafe(no_mangle)]
pub extern "C" fn sendfile64(
    _to: c_int,
    _from: c_int,
    _offset: *mut off_t,
    _length: size_t,
) -> ssize_t {
    note::fail(libc::EINVAL)
}
