//! Sees calls that reach the kernel past the C library, as those of `rustix` do: a seccomp filter
//! stops every call that changes a name or a length and was not made here, and its signal's handler
//! makes it through this library. One that the notes have no word for ends the process: it would not
//! be in them.

use super::{ftruncate, mkdirat, renameat2, unlinkat};
use libc::{c_int, c_long, c_uint, c_ushort, c_void, sock_filter, sock_fprog, ucontext_t};
use std::mem;
use std::ptr;

/// The sixth argument of this library's own calls: the kernel looks at five at most.
pub(crate) const OURS: c_long = 0x0ff5_1de5;

/// Calls that are made again here.
const NOTED: [c_long; 4] =
    [libc::SYS_renameat2, libc::SYS_unlinkat, libc::SYS_mkdirat, libc::SYS_ftruncate];
/// Calls that no note tells of.
const UNKNOWN: [c_long; 4] =
    [libc::SYS_linkat, libc::SYS_symlinkat, libc::SYS_truncate, libc::SYS_fallocate];

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xc000_00b7;

// Where a filter finds what it looks at (`struct seccomp_data`, little-endian).
const NUMBER_AT: u32 = 0;
const ARCHITECTURE_AT: u32 = 4;
const SIXTH_ARGUMENT_AT: u32 = 16 + 5 * 8;

/// Begins to look, before the process's `main`. Nothing is watched when this fails.
pub(crate) fn install() -> Result<(), &'static str> {
    let mut action: libc::sigaction = no_action();
    action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
    action.sa_sigaction =
        trapped as extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) as usize;
    // SAFETY: the action is whole, and its handler is of the kind that its flags say.
    if unsafe { libc::sigaction(libc::SIGSYS, &action, ptr::null_mut()) } != 0 {
        return Err("powercut: no handler for SIGSYS\n");
    }
    let mut code = filter();
    let length = c_ushort::try_from(code.len()).expect("a few instructions");
    let program = sock_fprog { len: length, filter: code.as_mut_ptr() };
    // SAFETY: plain numbers, and a program that lives through the call, which copies it.
    let installed = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &program) == 0
    };
    if installed { Ok(()) } else { Err("powercut: the kernel takes no seccomp filter\n") }
}

fn no_action() -> libc::sigaction {
    // SAFETY: the structure is numbers, flags and an empty set of signals, all of which may be zero.
    unsafe { mem::zeroed() }
}

fn filter() -> Vec<sock_filter> {
    let step = |code: c_uint, jt: usize, jf: usize, k: u32| sock_filter {
        code: u16::try_from(code).expect("an instruction"),
        jt: u8::try_from(jt).expect("a near jump"),
        jf: u8::try_from(jf).expect("a near jump"),
        k,
    };
    let load = |at| step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, at);
    let equal = |k, jt, jf| step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, jt, jf, k);
    let give = |action| step(libc::BPF_RET | libc::BPF_K, 0, 0, action);
    let mut code = vec![
        load(ARCHITECTURE_AT),
        equal(ARCHITECTURE, 1, 0),
        give(libc::SECCOMP_RET_TRAP),
        load(NUMBER_AT),
    ];
    let numbers: Vec<c_long> = NOTED.into_iter().chain(UNKNOWN).collect();
    for (at, number) in numbers.iter().enumerate() {
        // Over the other numbers and the way out of the list.
        code.push(equal(u32::try_from(*number).expect("a small number"), numbers.len() - at, 0));
    }
    code.extend([
        give(libc::SECCOMP_RET_ALLOW),
        load(SIXTH_ARGUMENT_AT),
        equal(u32::try_from(OURS).expect("32 bits"), 0, 1),
        give(libc::SECCOMP_RET_ALLOW),
        give(libc::SECCOMP_RET_TRAP),
    ]);
    code
}

/// Makes the call that the filter stopped. It was made at that very instruction, in no other code of
/// the C library: what is called here may allocate.
extern "C" fn trapped(_signal: c_int, _info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel hands a handler of this kind the registers of the thread, for it to change.
    let context = unsafe { &mut *context.cast::<ucontext_t>() };
    let (number, [a, b, c, d, e]) = call(context);
    // SAFETY: the arguments are those with which the process has called the kernel.
    let (result, errno) = unsafe {
        let before = *libc::__errno_location();
        let result = match number {
            libc::SYS_renameat2 => {
                renameat2(a as c_int, b as *const _, c as c_int, d as *const _, e as c_uint)
            }
            libc::SYS_unlinkat => unlinkat(a as c_int, b as *const _, c as c_int),
            libc::SYS_mkdirat => mkdirat(a as c_int, b as *const _, c as libc::mode_t),
            libc::SYS_ftruncate => ftruncate(a as c_int, b),
            _ => {
                super::note::complain("powercut: a call that the notes have no word for\n");
                libc::abort()
            }
        };
        let errno = *libc::__errno_location();
        *libc::__errno_location() = before;
        (c_long::from(result), c_long::from(errno))
    };
    give_back(context, if result < 0 { -errno } else { result });
}

#[cfg(target_arch = "x86_64")]
fn call(context: &ucontext_t) -> (c_long, [c_long; 5]) {
    let registers = &context.uc_mcontext.gregs;
    let of = |register: c_int| registers[register as usize];
    let arguments = [libc::REG_RDI, libc::REG_RSI, libc::REG_RDX, libc::REG_R10, libc::REG_R8];
    (of(libc::REG_RAX), arguments.map(of))
}

#[cfg(target_arch = "x86_64")]
fn give_back(context: &mut ucontext_t, result: c_long) {
    context.uc_mcontext.gregs[libc::REG_RAX as usize] = result;
}

#[cfg(target_arch = "aarch64")]
fn call(context: &ucontext_t) -> (c_long, [c_long; 5]) {
    let registers = &context.uc_mcontext.regs;
    (registers[8] as c_long, [0, 1, 2, 3, 4].map(|at: usize| registers[at] as c_long))
}

#[cfg(target_arch = "aarch64")]
fn give_back(context: &mut ucontext_t, result: c_long) {
    context.uc_mcontext.regs[0] = result as u64;
}
