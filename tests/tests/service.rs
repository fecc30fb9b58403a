//! How the process starts, refuses to start, and ends.

use relevo_client::ClientEvent;
use relevo_tests::harness::daemon::{Ended, run};
use relevo_tests::harness::raw::{FRAMES, Raw};
use relevo_tests::harness::tree::tree;
use relevo_tests::harness::wait::until_equal;
use relevo_tests::harness::{Deployment, Settings, Site};
use relevo_wire::error::ErrorCode;
use relevo_wire::push::EntryEvent;
use relevo_wire::vocabulary::Outcome;
use rustix::process::Signal;
use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use tokio::runtime::Builder;

/// A client whose machine stands still: it opened a session and from then on not even its transport
/// answers, so that a drain waits for it.
struct Frozen {
    thaw: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Frozen {
    fn connect(deployment: &Deployment) -> Self {
        let (server, key) = (deployment.daemon.ready().quic, deployment.operator_key().to_owned());
        let (is_frozen, frozen) = mpsc::channel();
        let (thaw, thawed) = mpsc::channel::<()>();
        let thread = thread::spawn(move || {
            let runtime = Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("the system gives threads");
            let session = runtime.block_on(async {
                let raw = Raw::connect(server, FRAMES).await;
                let lane = raw.hello(&key).await;
                (raw, lane)
            });
            is_frozen.send(()).expect("the test waits for it");
            // Nothing polls the runtime any more. The error is the other end's drop.
            let _ = thawed.recv();
            runtime.block_on(async { drop(session) });
        });
        frozen.recv().expect("the session opens");
        Self { thaw: Some(thaw), thread: Some(thread) }
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        self.thaw.take();
        if let Some(thread) = self.thread.take() {
            thread.join().expect("it does not panic");
        }
    }
}

async fn serve(folder: &Path, settings: &Settings) -> Ended {
    let config = folder.join("relevo.toml");
    fs::write(&config, settings.file(&folder.join("data"))).expect("a temporary folder");
    run(&["serve", "-c", config.to_str().expect("a plain name")]).await
}

#[tokio::test]
async fn a_drain_tells_everybody_and_ends_with_0() {
    let mut deployment = Deployment::start(&Site::simple(&[("ana", 1)])).await;
    let mut bot = deployment.bot("shop").await;
    bot.hand_over("c1").await;
    assert_eq!(deployment.daemon.get("/readyz").await.unwrap().0, 200);
    assert_eq!(deployment.daemon.get("/livez").await.unwrap().0, 200);
    deployment.daemon.signal(Signal::TERM);
    let told = |event: &ClientEvent| match event {
        ClientEvent::GoAway(told) => Some(told.reason.clone()),
        ClientEvent::Entry(_)
        | ClientEvent::Snapshot(_)
        | ClientEvent::Progress(_)
        | ClientEvent::Typing(_)
        | ClientEvent::Position(_)
        | ClientEvent::Presence(_)
        | ClientEvent::Offer(_)
        | ClientEvent::OfferEnded(_)
        | ClientEvent::WrapUp(_)
        | ClientEvent::Absence(_)
        | ClientEvent::Target(_)
        | ClientEvent::Disconnected { .. }
        | ClientEvent::Reconnected => None,
    };
    assert_eq!(bot.inbox.find("go away", told).await, "draining");
    let ended = deployment.daemon.ended().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    // Nothing is lost by a drain, and clients come back by themselves.
    deployment.daemon.restart().await;
    assert!(bot.hand_over("c1").await.existing);
}

#[tokio::test]
async fn a_draining_daemon_is_not_ready_and_a_second_signal_ends_it_at_once() {
    let settings = Settings { drain_seconds: 3000, ..Settings::default() };
    let mut deployment = Deployment::with(&Site::simple(&[("ana", 1)]), settings).await;
    let _frozen = Frozen::connect(&deployment);
    deployment.daemon.signal(Signal::TERM);
    let ready = async || deployment.daemon.get("/readyz").await.map_or(0, |answer| answer.0);
    until_equal("it is not ready", 503, ready).await;
    assert_eq!(deployment.daemon.get("/livez").await.unwrap().0, 200);
    assert!(deployment.daemon.has_ended().is_none());
    deployment.daemon.signal(Signal::TERM);
    assert_eq!(deployment.daemon.ended().await.code, Some(75));
}

#[tokio::test]
async fn a_session_that_stays_makes_the_drain_time_out() {
    let settings = Settings { drain_seconds: 1, ..Settings::default() };
    let mut deployment = Deployment::with(&Site::simple(&[("ana", 1)]), settings).await;
    let _frozen = Frozen::connect(&deployment);
    let ended = deployment.daemon.stop().await;
    assert_eq!(ended.code, Some(75), "{}", ended.stderr);
}

#[tokio::test]
async fn a_port_in_use_is_69_and_changes_nothing() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let listen = taken.local_addr().unwrap();
    let ended = serve(folder.path(), &Settings { listen, ..Settings::default() }).await;
    assert_eq!(ended.code, Some(69), "{}", ended.stderr);
    assert!(ended.stderr.contains(&listen.to_string()), "{}", ended.stderr);
    assert!(!folder.path().join("data").exists());

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let http = taken.local_addr().unwrap();
    let ended = serve(folder.path(), &Settings { http, ..Settings::default() }).await;
    assert_eq!(ended.code, Some(69), "{}", ended.stderr);
    assert!(!folder.path().join("data").exists());
}

#[tokio::test]
async fn a_data_directory_that_cannot_be_one_is_74() {
    // A file in the way: permissions would not stop a privileged user.
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("data"), "in the way").unwrap();
    let ended = serve(folder.path(), &Settings::default()).await;
    assert_eq!(ended.code, Some(74), "{}", ended.stderr);
    assert!(ended.stderr.contains("data"), "{}", ended.stderr);
    assert_eq!(fs::read_to_string(folder.path().join("data")).unwrap(), "in the way");
}

#[tokio::test]
async fn a_log_of_another_version_is_74_and_stays_as_it_is() {
    let mut deployment = Deployment::start(&Site::simple(&[("ana", 1)])).await;
    deployment.daemon.stop().await;
    let format = deployment.daemon.data().join("format");
    let ours = fs::read_to_string(&format).unwrap();
    fs::write(&format, "relevo-journal 999\n").unwrap();
    let before = tree(&deployment.daemon.data());
    let ended = deployment.daemon.try_restart().await.unwrap_err();
    assert_eq!(ended.code, Some(74), "{}", ended.stderr);
    assert!(ended.stderr.contains("999"), "{}", ended.stderr);
    assert!(tree(&deployment.daemon.data()) == before, "a refusal changed the directory");
    fs::write(&format, ours).unwrap();
    deployment.daemon.restart().await;
}

#[tokio::test]
async fn a_directory_that_another_daemon_has_is_74_and_that_one_notices_nothing() {
    let deployment = Deployment::start(&Site::simple(&[("ana", 1)])).await;
    let bot = deployment.bot("shop").await;
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("relevo.toml");
    fs::write(&config, Settings::default().file(&deployment.daemon.data())).unwrap();
    let ended = run(&["serve", "-c", config.to_str().unwrap()]).await;
    assert_eq!(ended.code, Some(74), "{}", ended.stderr);
    bot.hand_over("c1").await;
}

#[tokio::test]
async fn a_wrong_configuration_is_78_with_every_place() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("relevo.toml");
    let wrong = "[server]\nlisten = \"nowhere\"\nshards = 0\n\n[[bot]]\nname = \"shop\"\n\
                 tenant = \"acme\"\ndefault_queue = \"missing\"\n";
    fs::write(&config, wrong).unwrap();
    for command in ["serve", "check-config"] {
        let ended = run(&[command, "-c", config.to_str().unwrap()]).await;
        assert_eq!(ended.code, Some(78), "{command}: {}", ended.stderr);
        let said = format!("{}{}", ended.stdout, ended.stderr);
        for place in ["relevo.toml:2:", "relevo.toml:3:", "missing"] {
            assert!(said.contains(place), "{command}: {place}: {said}");
        }
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was made");
}

#[tokio::test]
async fn a_directory_that_refers_to_nothing_is_refused_and_nothing_changes() {
    let deployment = Deployment::start(&Site::simple(&[("ana", 1)])).await;
    let admin = deployment.admin().await;
    let tenant = || Some("acme".to_owned());
    let before = admin.list_directory(tenant()).await.unwrap();
    let stray = relevo_tests::harness::deployment::queue("shop", "stray", &["nobody"]);
    let refused = admin.put(tenant(), relevo_wire::directory::Object::Queue(stray), None).await;
    let error = refused.unwrap_err();
    assert!(matches!(error.code(), Some(ErrorCode::NotFound | ErrorCode::Malformed)), "{error:?}");
    assert!(error.to_string().contains("nobody"), "{error}");
    assert_eq!(admin.list_directory(tenant()).await.unwrap(), before);
}

#[tokio::test]
async fn commands_work_against_a_running_daemon() {
    let mut site = Site::new("acme").bot("shop", "sales");
    let tester = relevo_wire::directory::Agent {
        accepts_tests: true,
        ..relevo_wire::directory::Agent::new("ana", 2)
    };
    site = site.agent_with(tester).queue(relevo_tests::harness::deployment::queue(
        "shop",
        "sales",
        &["ana"],
    ));
    let deployment = Deployment::start(&site).await;
    let ready = deployment.daemon.ready();
    let (server, fingerprint) = (ready.quic.to_string(), ready.fingerprint.clone());
    let key = deployment.operator_key();
    let common = ["--server", &server, "--fingerprint", &fingerprint, "--key", key];
    let ended = run(&[&["status"], &common[..]].concat()).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let http = ready.http.to_string();
    let ended = run(&["healthcheck", "--http", &http]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let bot = deployment.bot("shop").await;
    let ticket = bot.hand_over("c1").await.ticket.to_string();
    let ended = run(&[&["explain", &ticket], &common[..]].concat()).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("ana"), "who could have it and why not: {}", ended.stdout);

    // The probe goes the whole way, as a bot and as an agent.
    let keys = (deployment.key("acme", "shop"), deployment.key("acme", "ana"));
    let probe = ["probe", "--bot-key", keys.0, "--agent-key", keys.1];
    let ended = run(&[&probe[..], &common[..4]].concat()).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
}

#[tokio::test]
async fn a_probe_that_finds_no_agent_leaves_nobody_in_line() {
    // With a place that is kept for whoever leaves.
    let keeps = relevo_wire::directory::Queue {
        resume_seconds: 3600,
        ..relevo_tests::harness::deployment::queue("shop", "sales", &["ana"])
    };
    let site = Site::new("acme").agent("ana", 1).bot("shop", "sales").queue(keeps);
    let deployment = Deployment::start(&site).await;
    let mut bot = deployment.bot("shop").await;
    let ready = deployment.daemon.ready();
    let (server, fingerprint) = (ready.quic.to_string(), ready.fingerprint.clone());
    let keys = (deployment.key("acme", "shop"), deployment.key("acme", "ana"));
    let probe = ["probe", "--bot-key", keys.0, "--agent-key", keys.1, "--step-seconds", "1"];
    let at = ["--server", &server, "--fingerprint", &fingerprint];
    let ended = run(&[&probe[..], &at].concat()).await;
    assert_eq!(ended.code, Some(1), "ana accepts no tests: {}", ended.stdout);
    assert!(ended.stderr.contains("`accepts_tests`"), "it says what to look at: {}", ended.stderr);
    let outcome = |entry: &relevo_wire::push::Entry| {
        let EntryEvent::Returned(returned) = &entry.event else { return None };
        Some(returned.outcome)
    };
    let outcome = bot.inbox.find_entry("the end of the probe's ticket", outcome).await;
    assert_eq!(outcome, Outcome::TakenBack);
}
