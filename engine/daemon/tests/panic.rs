//! What a panic does to the process: this test runs itself again as the process that panics.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::{Command, Output};

/// Names what the child is to do; absent in the test itself.
const CHILD: &str = "RELEVO_TEST_PANICS_IN";

fn child(place: &str) -> Output {
    let itself = std::env::current_exe().unwrap();
    let arguments = ["--exact", "the_child", "--nocapture", "--test-threads=1"];
    Command::new(itself).args(arguments).env(CHILD, place).output().unwrap()
}

#[test]
fn the_child() {
    let Ok(place) = std::env::var(CHILD) else { return };
    relevo::exit::end_on_panic();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    if place == "session" {
        let ended = runtime.block_on(relevo::exit::contained(async { panic!("of a session") }));
        assert_eq!(ended, Err::<(), _>(relevo::exit::Panicked));
    } else {
        drop(std::thread::spawn(|| panic!("of a shard")).join());
    }
    println!("the child went on");
}

#[test]
fn a_panic_in_a_thread_ends_the_process_with_70() {
    let output = child("thread");
    assert_eq!(output.status.code(), Some(70));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("of a shard") && said.contains("tests/panic.rs:"), "{said}");
}

#[test]
fn a_panic_in_a_session_does_not() {
    let output = child("session");
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("the child went on"), "{said}");
}
