//! The binary as a user meets it: what it prints, and the code with which it ends.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;
use tempfile::TempDir;

/// Runs the binary in a folder, without what the tester's own environment says.
fn relevo_in(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_relevo"));
    for name in ["SERVER", "FINGERPRINT", "KEY", "BOT_KEY", "AGENT_KEY"] {
        command.env_remove(format!("RELEVO_{name}"));
    }
    command.args(arguments).current_dir(folder).output().unwrap()
}

fn relevo(arguments: &[&str]) -> Output {
    relevo_in(Path::new("/"), arguments)
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[track_caller]
fn ends(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{}{}", stdout(output), stderr(output));
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

const FINGERPRINT: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const KEY: &str = "rlv_admin_abcdefghij23_abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst";

/// Each help page stands in `tests/help`; `RELEVO_WRITE_HELP=1 cargo test` writes them anew.
#[test]
fn the_help_pages_are_those_on_record() {
    let pages: &[&[&str]] = &[
        &[],
        &["serve"],
        &["check-config"],
        &["config"],
        &["config", "print"],
        &["key"],
        &["key", "create"],
        &["key", "list"],
        &["key", "revoke"],
        &["key", "generate"],
        &["apply"],
        &["directory"],
        &["directory", "put"],
        &["directory", "list"],
        &["directory", "delete"],
        &["queue"],
        &["queue", "mode"],
        &["queue", "notify"],
        &["rules"],
        &["rules", "test"],
        &["rules", "explain"],
        &["status"],
        &["contact"],
        &["contact", "block"],
        &["contact", "unblock"],
        &["contact", "blocked"],
        &["callbacks"],
        &["explain"],
        &["probe"],
        &["demo"],
        &["healthcheck"],
    ];
    let records = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help");
    for page in pages {
        let output = relevo(&[page, &["--help"][..]].concat());
        ends(&output, 0);
        let record = records.join(format!("{}.txt", [&["relevo"], *page].concat().join("-")));
        if std::env::var_os("RELEVO_WRITE_HELP").is_some() {
            fs::write(&record, stdout(&output)).unwrap();
        }
        let recorded = fs::read_to_string(&record).unwrap();
        assert_eq!(stdout(&output), recorded, "{}", record.display());
    }
}

#[test]
fn version_says_what_it_is() {
    for arguments in [["version"], ["--version"]] {
        let output = relevo(&arguments);
        ends(&output, 0);
        assert!(stdout(&output).starts_with(concat!("relevo ", env!("CARGO_PKG_VERSION"))));
    }
}

#[test]
fn a_wrong_command_line_ends_with_64() {
    let wrong: &[&[&str]] = &[
        &[],
        &["sevre"],
        &["serve", "--colour"],
        &["config"],
        &["status"],
        &["status", "--fingerprint", FINGERPRINT],
        &["status", "--key", KEY],
        &["status", "--fingerprint", "12", "--key", KEY],
        &["explain", "12", "--fingerprint", FINGERPRINT, "--key", KEY],
        &["directory", "delete", "queue", "web", "--fingerprint", FINGERPRINT, "--key", KEY],
        &["queue", "mode", "b/q", "shut", "--fingerprint", FINGERPRINT, "--key", KEY],
        &[
            "queue",
            "mode",
            "b/q",
            "drain",
            "--for",
            "1d",
            "--fingerprint",
            FINGERPRINT,
            "--key",
            KEY,
        ],
        &["key", "revoke", KEY, "--fingerprint", FINGERPRINT, "--key", KEY],
        &["key", "generate", "--role", "bot"],
        &["key", "generate", "--role", "admin", "--owner", "ana"],
        &["key", "generate", "--role", "operator", "--tenant", "acme"],
        &["healthcheck", "--http", "localhost"],
    ];
    for arguments in wrong {
        let output = relevo(arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}: {}", stderr(&output));
        assert!(!stderr(&output).is_empty(), "{arguments:?}");
        assert!(!stderr(&output).contains("234567abc"), "{arguments:?} repeats a key");
    }
}

#[test]
fn a_bad_configuration_ends_with_78_and_every_problem() {
    let folder = folder();
    fs::write(folder.path().join("relevo.toml"), "[server]\nshards = 0\nlisen = 1\n").unwrap();
    let commands: [&[&str]; 3] = [
        &["check-config", "-c", "relevo.toml"],
        &["config", "print", "-c", "relevo.toml"],
        &["serve", "-c", "relevo.toml"],
    ];
    for arguments in commands {
        let output = relevo_in(folder.path(), arguments);
        ends(&output, 78);
        let said = stderr(&output);
        assert!(said.contains("relevo.toml:2:10: shards cannot be 0"), "{said}");
        assert!(said.contains("relevo.toml:3:1: unknown key \"lisen\""), "{said}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was made");
    ends(&relevo_in(folder.path(), &["check-config", "-c", "none.toml"]), 78);
}

#[test]
fn the_printed_defaults_are_a_good_configuration_and_the_documented_example() {
    let folder = folder();
    let printed = relevo(&["config", "default"]);
    ends(&printed, 0);
    fs::write(folder.path().join("relevo.toml"), stdout(&printed)).unwrap();
    ends(&relevo_in(folder.path(), &["check-config", "-c", "relevo.toml"]), 0);
    let example = fs::read_to_string(repository().join("config/relevo.toml")).unwrap();
    assert_eq!(example, stdout(&printed), "config/relevo.toml is `relevo config default`");
    let effective = relevo_in(folder.path(), &["config", "print", "-c", "relevo.toml"]);
    ends(&effective, 0);
    assert_eq!(stdout(&effective), stdout(&relevo(&["config", "print"])));
}

#[test]
fn the_example_directory_is_good() {
    let folder = folder();
    let example = repository().join("config/directory.example.toml").canonicalize().unwrap();
    let text = format!("[directory]\nfile = {:?}\n", example.display().to_string());
    fs::write(folder.path().join("relevo.toml"), text).unwrap();
    let output = relevo_in(folder.path(), &["check-config", "-c", "relevo.toml"]);
    ends(&output, 0);
    assert!(stdout(&output).contains("11 objects"), "{}", stdout(&output));
}

#[test]
fn a_generated_key_comes_with_the_table_that_a_directory_file_needs() {
    let folder = folder();
    let output = relevo(&["key", "generate", "--role", "agent", "--owner", "ana"]);
    ends(&output, 0);
    let printed = stdout(&output);
    let (key, table) = printed.split_once("\n\n").unwrap();
    assert!(key.starts_with("rlv_agent_"), "{printed}");
    assert!(!table.contains(key), "{printed}");
    let text = format!("[[tenant]]\nname = \"acme\"\n[[agent]]\nname = \"ana\"\n{table}");
    fs::write(folder.path().join("relevo.toml"), text).unwrap();
    let checked = relevo_in(folder.path(), &["check-config", "-c", "relevo.toml"]);
    ends(&checked, 0);
    assert!(stdout(&checked).contains("2 objects, 1 keys"), "{}", stdout(&checked));
}

#[test]
fn a_key_that_is_none_ends_with_77() {
    let output = relevo(&["status", "--fingerprint", FINGERPRINT, "--key", "rlv_admin_12"]);
    ends(&output, 77);
}

#[test]
fn a_daemon_that_is_not_there_ends_with_69() {
    // A socket that nobody reads: packets to it are lost without an error.
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let server = silent.local_addr().unwrap().to_string();
    let output =
        relevo(&["status", "--server", &server, "--fingerprint", FINGERPRINT, "--key", KEY]);
    ends(&output, 69);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    ends(&relevo(&["healthcheck", "--http", &closed]), 69);
}

/// A server that gives one answer to one request.
fn http(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut byte = [0];
        while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
            request.extend(byte);
        }
        assert!(request.starts_with(b"GET /readyz HTTP/1.1\r\n"));
        stream.write_all(answer.as_bytes()).unwrap();
    });
    address
}

#[test]
fn the_healthcheck_tells_ready_from_not_ready() {
    let ready = http("HTTP/1.1 200 OK\r\n\r\nready\n");
    ends(&relevo(&["healthcheck", "--http", &ready]), 0);
    let not_ready = http("HTTP/1.1 503 Service Unavailable\r\n\r\ndraining\n");
    let output = relevo(&["healthcheck", "--http", &not_ready]);
    ends(&output, 1);
    assert!(stderr(&output).contains("draining"), "{}", stderr(&output));
    ends(&relevo(&["healthcheck", "--http", &http("SSH-2.0-x\r\n")]), 69);
}

#[test]
fn objects_with_problems_never_reach_a_daemon() {
    let folder = folder();
    let put = |text: &str| {
        fs::write(folder.path().join("objects.toml"), text).unwrap();
        let arguments = ["directory", "put", "objects.toml", "--fingerprint", FINGERPRINT];
        relevo_in(folder.path(), &[&arguments[..], &["--key", KEY]].concat())
    };
    let output = put("[[agent]]\nname = \"ana\"\nseats = 0\n");
    ends(&output, 78);
    assert!(stderr(&output).contains("objects.toml:3:9: seats cannot be 0"), "{}", stderr(&output));
    let hash = "ab".repeat(32);
    let key =
        format!("[[key]]\nrole = \"admin\"\nprefix = \"abcdefghij23\"\nsha256 = \"{hash}\"\n");
    let output = put(&key);
    ends(&output, 78);
    assert!(stderr(&output).contains("relevo key create"), "{}", stderr(&output));
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_relevo"));
    let output = command.args(["config", "default"]).stdout(writer).output().unwrap();
    ends(&output, 0);
}
