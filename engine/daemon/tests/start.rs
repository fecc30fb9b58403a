//! The start of a daemon, from inside the process.

use relevo::config::Config;
use relevo::runtime::Daemon;
use relevo::tls::Tls;
use std::time::Duration;

/// It is seen by whoever connects, and may be pinned.
#[test]
fn the_certificate_is_on_disk_before_anybody_can_connect() {
    let folder = tempfile::tempdir().expect("the system has a temporary folder");
    let data = folder.path().join("data");
    let mut config = Config::default();
    config.server.listen.set_port(0);
    config.server.http.set_port(0);
    config.journal.directory = data.clone();
    let tls = Tls::open(None, &data).expect("a certificate can be made");
    let runtime = tokio::runtime::Runtime::new().expect("the system gives threads");
    runtime.block_on(async {
        let daemon = Daemon::start(&config, &tls).await.expect("nothing is in its way");
        let kept = Tls::open(None, &data).expect("what is on disk is whole");
        assert_eq!(kept.fingerprint(), tls.fingerprint());
        daemon.drain(Duration::from_secs(5)).await;
    });
}
