//! The daemon as a process: how it starts, follows signals, and ends.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use serde_json::Value;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::net::UdpSocket;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use tempfile::TempDir;

const DIRECTORY: &str = r#"
[[tenant]]
name = "acme"

[[agent]]
name = "probe"
accepts_tests = true

[[bot]]
name = "web"
default_queue = "help"

[[queue]]
bot = "web"
name = "help"
members = ["probe"]

[[queue]]
bot = "web"
name = "ring"
members = ["probe"]
offer_seconds = 20
"#;

/// A daemon in a folder of its own, with whatever ports are free.
struct Daemon {
    child: Child,
    log: BufReader<ChildStderr>,
    ready: Value,
}

impl Daemon {
    fn start(folder: &Path) -> Self {
        Self::start_by(&mut serve(folder))
    }

    fn start_by(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready = serde_json::from_str(&line).unwrap_or_else(|_| {
            let mut said = String::new();
            while log.read_line(&mut said).unwrap() > 0 {}
            panic!("it did not start: {said}")
        });
        Self { child, log, ready }
    }

    fn key(&self, by: &str, tenant: &str, role: &str, owner: &str) -> String {
        let arguments = ["key", "create", "--tenant", tenant, "--role", role, "--owner", owner];
        let created = self.ask(by, &arguments);
        exits(&created, 0, "rlv_");
        text(&created).trim().to_owned()
    }

    fn told(&self, name: &str) -> &str {
        self.ready[name].as_str().unwrap()
    }

    fn signal(&self, signal: Signal) {
        kill_process(pid(&self.child), signal).unwrap();
    }

    /// Reads the log up to the line that says it.
    fn said(&mut self, what: &str) -> Value {
        loop {
            let mut line = String::new();
            assert_ne!(self.log.read_line(&mut line).unwrap(), 0, "the log ended before {what:?}");
            if line.contains(what) {
                return serde_json::from_str(&line).unwrap();
            }
        }
    }

    fn stop(self) {
        self.signal(Signal::TERM);
        self.ends(0);
    }

    fn ends(mut self, code: i32) {
        assert_eq!(self.child.wait().unwrap().code(), Some(code));
    }

    /// A client command with the operator's key.
    fn relevo(&self, key: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_relevo"));
        command
            .args(arguments)
            .env("RELEVO_SERVER", self.told("quic"))
            .env("RELEVO_FINGERPRINT", self.told("fingerprint"))
            .env("RELEVO_KEY", key);
        command
    }

    fn ask(&self, key: &str, arguments: &[&str]) -> Output {
        self.relevo(key, arguments).output().unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It has ended already when the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

fn serve(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_relevo"));
    command
        .args(["serve", "-c", "relevo.toml"])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A folder with a configuration; its log is as the test says.
fn folder(server: &str, rest: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    configure(folder.path(), server, rest);
    folder
}

fn configure(folder: &Path, server: &str, rest: &str) {
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\nhttp = \"127.0.0.1:0\"\nshards = 1\n{server}\n{rest}\n"
    );
    fs::write(folder.join("relevo.toml"), text).unwrap();
}

#[track_caller]
fn exits(output: &Output, code: i32, said: &str) {
    let all = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{all}");
    assert!(all.contains(said), "{all:?} should say {said:?}");
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_restart_keeps_the_certificate_and_tells_no_key_again() {
    let folder = folder("", "");
    let first = Daemon::start(folder.path());
    let (fingerprint, key) = (first.told("fingerprint").to_owned(), first.told("admin_key"));
    assert!(key.starts_with("rlv_operator_"), "{key}");
    let key = key.to_owned();
    first.stop();
    let second = Daemon::start(folder.path());
    assert_eq!(second.told("fingerprint"), fingerprint);
    assert!(second.ready["admin_key"].is_null());
    exits(&second.ask(&key, &["status"]), 0, "ready");
    second.signal(Signal::INT);
    second.ends(0);
}

#[test]
fn a_probe_goes_the_whole_way_with_keys_that_the_daemon_made() {
    let folder = folder("", DIRECTORY);
    let daemon = Daemon::start(folder.path());
    let key = daemon.told("admin_key").to_owned();
    let create = |role, owner| daemon.key(&key, "acme", role, owner);
    let (bot, agent) = (create("bot", "web"), create("agent", "probe"));
    let mut probe = daemon.relevo(&key, &["probe"]);
    let output =
        probe.env("RELEVO_BOT_KEY", &bot).env("RELEVO_AGENT_KEY", &agent).output().unwrap();
    exits(&output, 0, "returned to the bot");
    // Where the ticket is offered first, the probe's agent accepts.
    let mut ring = daemon.relevo(&key, &["probe", "--queue", "ring"]);
    let output = ring.env("RELEVO_BOT_KEY", &bot).env("RELEVO_AGENT_KEY", &agent).output().unwrap();
    exits(&output, 0, "returned to the bot");
    let listed = daemon.ask(&key, &["key", "list", "--tenant", "acme"]);
    exits(&listed, 0, "probe");
    let prefix = bot.split('_').nth(2).unwrap();
    assert!(text(&listed).contains(prefix) && !text(&listed).contains(&bot));
    exits(&daemon.ask(&key, &["key", "revoke", "--tenant", "acme", prefix]), 0, prefix);
    let output = probe.output().unwrap();
    exits(&output, 77, "unauthenticated");
    exits(&daemon.ask(&agent, &["status"]), 77, "role agent");
}

#[test]
fn the_example_directory_can_be_probed() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/directory.example.toml");
    let folder = folder("", &fs::read_to_string(example).unwrap());
    let daemon = Daemon::start(folder.path());
    let key = daemon.told("admin_key");
    let bot = daemon.key(key, "example", "bot", "whatsapp");
    let agent = daemon.key(key, "example", "agent", "probe");
    let keys = ["--bot-key", &bot, "--agent-key", &agent];
    let probe = daemon.ask(key, &[&["probe", "--queue", "probe"], &keys[..]].concat());
    exits(&probe, 0, "returned to the bot");
}

#[test]
fn the_directory_reads_back_as_a_file_that_can_be_put_again() {
    let folder = folder("", DIRECTORY);
    let daemon = Daemon::start(folder.path());
    let key = daemon.told("admin_key").to_owned();
    let list = || {
        let listed = daemon.ask(&key, &["directory", "list", "--tenant", "acme"]);
        exits(&listed, 0, "[[queue]]");
        text(&listed)
    };
    let before = list();
    let file = folder.path().join("again.toml");
    fs::write(&file, &before).unwrap();
    let put = daemon.ask(&key, &["directory", "put", file.to_str().unwrap()]);
    exits(&put, 0, "nothing to change");
    let again = daemon.ask(&key, &["apply", "--dry-run", "--prune", "-f", file.to_str().unwrap()]);
    exits(&again, 0, "nothing to change");
    let without_versions = |text: &str| {
        text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(without_versions(&list()), without_versions(&before));
    let delete =
        |kind, name| daemon.ask(&key, &["directory", "delete", "--tenant", "acme", kind, name]);
    exits(&delete("agent", "probe"), 1, "in use");
    exits(&delete("agent", "nobody"), 1, "not_found");
    let healthy = Command::new(env!("CARGO_BIN_EXE_relevo"))
        .args(["healthcheck", "--http", daemon.told("http")])
        .output()
        .unwrap();
    exits(&healthy, 0, "ready");
}

#[test]
fn a_port_in_use_ends_with_69_and_leaves_nothing_behind() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let text = format!("[server]\nlisten = \"{address}\"\nhttp = \"127.0.0.1:0\"\n");
    fs::write(folder.path().join("relevo.toml"), text).unwrap();
    exits(&serve(folder.path()).output().unwrap(), 69, &address);
    assert!(!folder.path().join("relevo-data").exists());
}

#[test]
fn a_data_directory_that_cannot_be_one_ends_with_74_and_is_not_touched() {
    let folder = folder("", "");
    let data = folder.path().join("relevo-data");
    fs::write(&data, "a file").unwrap();
    exits(&serve(folder.path()).output().unwrap(), 74, "relevo-data");
    assert_eq!(fs::read_to_string(&data).unwrap(), "a file");
    fs::remove_file(&data).unwrap();
    fs::create_dir(&data).unwrap();
    fs::write(data.join("format"), "relevo-journal 99\n").unwrap();
    exits(&serve(folder.path()).output().unwrap(), 74, "99");
    assert_eq!(fs::read_to_string(data.join("format")).unwrap(), "relevo-journal 99\n");
    assert!(!data.join("tls").exists());
}

#[test]
fn a_damaged_log_ends_with_74_and_is_given_up_by_whoever_accepts_the_loss() {
    let folder = folder("", DIRECTORY);
    let first = Daemon::start(folder.path());
    let key = first.told("admin_key").to_owned();
    first.stop();
    let data = folder.path().join("relevo-data");
    let generation = fs::read_dir(data.join("generations")).unwrap().next().unwrap().unwrap();
    fs::write(generation.path().join("conf"), "not sled's configuration").unwrap();
    let refused = serve(folder.path()).output().unwrap();
    exits(&refused, 74, "--accept-loss ");
    let said = String::from_utf8(refused.stderr).unwrap();
    let groups = said.split("--accept-loss ").nth(1).unwrap().split(' ').next().unwrap();
    let fewer = (groups.parse::<u64>().unwrap() - 1).to_string();
    exits(&serve(folder.path()).args(["--accept-loss", &fewer]).output().unwrap(), 74, groups);
    assert!(!data.join("lost").exists(), "a refusal changes nothing");
    let second = Daemon::start_by(serve(folder.path()).args(["--accept-loss", groups]));
    let new_key = second.told("admin_key").to_owned();
    exits(&second.ask(&key, &["status"]), 77, "unauthenticated");
    exits(&second.ask(&new_key, &["status"]), 0, "ready");
    second.stop();
    assert_eq!(fs::read_dir(data.join("lost")).unwrap().count(), 1);
}

#[test]
fn a_second_daemon_on_the_same_data_ends_with_74() {
    let folder = folder("", "");
    let first = Daemon::start(folder.path());
    exits(&serve(folder.path()).output().unwrap(), 74, "");
    first.stop();
}

#[test]
fn a_hangup_reads_the_log_level_again_and_keeps_it_when_the_file_is_wrong() {
    let folder = folder("", "[log]\nlevel = \"error\"");
    let mut daemon = Daemon::start(folder.path());
    configure(folder.path(), "", "[log]\nlevel = \"info\"");
    daemon.signal(Signal::HUP);
    let reloaded = daemon.said("reloaded");
    assert_eq!(
        (&reloaded["configuration"], &reloaded["certificate"]),
        (&true.into(), &true.into())
    );
    configure(folder.path(), "", "[log]\nlevel = \"loud\"");
    daemon.signal(Signal::HUP);
    let refused = daemon.said("the configuration in force stays");
    assert!(refused["failure"].as_str().unwrap().contains("level cannot be"), "{refused}");
    assert_eq!(daemon.said("reloaded")["configuration"], false);
    configure(folder.path(), "max_sessions = 5", "");
    daemon.signal(Signal::HUP);
    daemon.said("takes a restart");
    daemon.stop();
}

#[test]
fn a_hangup_takes_a_renewed_certificate() {
    let renew = |folder: &Path| {
        let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(folder.join("c.pem"), pair.cert.pem()).unwrap();
        fs::write(folder.join("k.pem"), pair.signing_key.serialize_pem()).unwrap();
    };
    let folder = tempfile::tempdir().unwrap();
    renew(folder.path());
    configure(folder.path(), "tls_certificate_file = \"c.pem\"\ntls_key_file = \"k.pem\"", "");
    let mut daemon = Daemon::start(folder.path());
    let (first, key) = (daemon.told("fingerprint").to_owned(), daemon.told("admin_key").to_owned());
    renew(folder.path());
    daemon.signal(Signal::HUP);
    let second = daemon.said("reloaded")["fingerprint"].as_str().unwrap().to_owned();
    assert_ne!(second, first);
    exits(&daemon.ask(&key, &["status"]), 69, "is it the fingerprint");
    daemon.ready["fingerprint"] = second.into();
    exits(&daemon.ask(&key, &["status"]), 0, "ready");
}

#[test]
fn a_session_that_does_not_go_lets_the_drain_end_with_75() {
    let folder = folder("drain_seconds = 1", "");
    let daemon = Daemon::start(folder.path());
    let key = daemon.told("admin_key").to_owned();
    let mut watching = daemon.relevo(&key, &["status", "--watch", "--json"]);
    let mut watching = watching.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(watching.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("\"ready\":true"), "{line}");
    kill_process(pid(&watching), Signal::STOP).unwrap();
    waitpid(Some(pid(&watching)), WaitOptions::UNTRACED).unwrap();
    daemon.signal(Signal::TERM);
    daemon.ends(75);
    watching.kill().unwrap();
    watching.wait().unwrap();
}

/// Cut short in the middle: it was refused there, and for good nobody put the rest in.
#[test]
fn a_bootstrap_that_was_cut_short_is_done_again_by_the_next_start() {
    let folder = folder("", &format!("{}{DIRECTORY}", skilled(1_001)));
    exits(&serve(folder.path()).output().expect("it runs"), 78, "agent a15: ");
    configure(folder.path(), "", &format!("{}{DIRECTORY}", skilled(1_000)));
    let daemon = Daemon::start(folder.path());
    let key = daemon.told("admin_key").to_owned();
    let list = ["directory", "list", "--tenant", "acme"];
    let listed = daemon.ask(&key, &list);
    for object in ["a15", "probe", "web", "help"] {
        exits(&listed, 0, &format!("name = \"{object}\""));
    }
    daemon.stop();
    // Done is done: what a later file says is no part of it.
    configure(folder.path(), "", &DIRECTORY.replace("probe", "later"));
    let daemon = Daemon::start(folder.path());
    assert!(!text(&daemon.ask(&key, &list)).contains("later"));
    daemon.stop();
}

/// Agents who have so many different skills in all, 64 each.
fn skilled(skills: usize) -> String {
    let skill = |number| format!("[[agent.skills]]\nname = \"s{number}\"\nlevel = 1\n");
    let skills: Vec<String> = (0..skills).map(skill).collect();
    let agent = |(number, has): (usize, &[String])| {
        format!("[[agent]]\nname = \"a{number}\"\n{}", has.concat())
    };
    skills.chunks(64).enumerate().map(agent).collect()
}

#[test]
fn a_bootstrap_that_was_cut_short_behind_its_keys_takes_them_for_made() {
    let made = Command::new(env!("CARGO_BIN_EXE_relevo"))
        .args(["key", "generate", "--role", "bot", "--owner", "web"])
        .output()
        .expect("it runs");
    let made = text(&made);
    let (_, seed) = made.split_once("\n\n").expect("the key comes first");
    let folder = folder("", &format!("{DIRECTORY}{seed}"));
    let first = Daemon::start(folder.path());
    let key = first.told("admin_key").to_owned();
    first.stop();
    let marker = folder.path().join("relevo-data/bootstrap-unfinished");
    assert!(!marker.exists(), "nothing is left to do");
    fs::write(&marker, "").expect("the data directory is there");
    let second = Daemon::start(folder.path());
    assert!(!marker.exists(), "nothing is left to do");
    let listed = text(&second.ask(&key, &["key", "list", "--tenant", "acme"]));
    assert_eq!(listed.matches(" bot ").count(), 1, "{listed}");
    second.stop();
}

/// There it was in the log, and nobody knew it.
#[test]
fn an_operator_key_that_was_never_shown_is_replaced() {
    let folder = folder("", "");
    let full = File::options().write(true).open("/dev/full").expect("Linux has it");
    exits(&serve(folder.path()).stdout(full).output().expect("it runs"), 1, "cannot write");
    // A reader that has gone away was shown nothing either.
    let (reader, writer) = io::pipe().expect("the system has pipes");
    drop(reader);
    let mut child = serve(folder.path()).stdout(writer).spawn().expect("it runs");
    let mut log = BufReader::new(child.stderr.take().expect("it is piped")).lines();
    let is_up = |line: &io::Result<String>| {
        line.as_ref().is_ok_and(|line| line.contains("the limits bound the memory"))
    };
    assert!(log.any(|line| is_up(&line)));
    kill_process(pid(&child), Signal::TERM).expect("it runs");
    assert_eq!(child.wait().expect("it is a child").code(), Some(0));

    let shown = Daemon::start(folder.path());
    let key = shown.told("admin_key").to_owned();
    let listed = shown.ask(&key, &["key", "list"]);
    exits(&listed, 0, key.split('_').nth(2).expect("a key has a prefix"));
    assert_eq!(text(&listed).matches("first start").count(), 1, "{}", text(&listed));
    shown.stop();
    let later = Daemon::start(folder.path());
    assert!(later.ready["admin_key"].is_null(), "shown once");
    exits(&later.ask(&key, &["status"]), 0, "ready");
}

#[test]
fn a_file_that_says_something_else_than_the_log_is_warned_of() {
    let seed = "[[key]]\nrole = \"admin\"\nprefix = \"abcdefghij22\"\nsha256 = \"";
    let seed = format!("{seed}{}\"\n", "ab".repeat(32));
    let folder = folder("", DIRECTORY);
    let first = Daemon::start(folder.path());
    first.stop();
    let other = DIRECTORY.replace("[[bot]]", "seats = 9\n[[agent]]\nname = \"ana\"\n\n[[bot]]");
    let other = other.replace("name = \"acme\"", "name = \"acme\"\nactive = false");
    configure(folder.path(), "", &format!("{other}{seed}"));
    let mut second = Daemon::start(folder.path());
    second.signal(Signal::TERM);
    let warned = second.said("relevo apply");
    assert_eq!(warned["level"], "WARN");
    let differs = warned["differs"].as_str().expect("it names them");
    assert_eq!(
        differs,
        "tenant acme (differs), agent probe of acme (differs), agent ana of acme (missing), key \
         abcdefghij22 (missing)"
    );
    second.ends(0);
    configure(folder.path(), "", DIRECTORY);
    let mut third = Daemon::start(folder.path());
    third.signal(Signal::TERM);
    let mut said = String::new();
    while third.log.read_line(&mut said).expect("the log is text") > 0 {}
    assert!(!said.contains("WARN"), "{said}");
}

#[test]
fn a_threshold_that_the_metrics_add_is_one_for_queues_too() {
    let extra = "[metrics]\nextra_buckets_seconds = [7]\n";
    let folder = folder("", &format!("{extra}{DIRECTORY}threshold_seconds = 7\n"));
    let daemon = Daemon::start(folder.path());
    daemon.stop();
}

/// It was told as a configuration that is wrong, and such a one nobody starts again.
#[test]
fn a_log_that_fails_in_the_first_start_ends_it_with_74() {
    let folder = folder("", DIRECTORY);
    let served = serve(folder.path());
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e", "inject=fdatasync:error=EIO"]);
    strace.arg(served.get_program()).args(served.get_args()).current_dir(folder.path());
    match strace.output() {
        Ok(output) => exits(&output, 74, "fdatasync of a generation"),
        Err(error) => println!("not tried: no strace: {error}"),
    }
}
