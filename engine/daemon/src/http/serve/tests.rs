use super::*;
use crate::http::Health;
use crate::metrics::{ContactCenterBuckets, GaugeView, Metrics, Phase, scrape_names};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Nothing here takes a second; what hangs fails by this.
const HANGS: Duration = Duration::from_secs(60);

struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

impl Server {
    async fn start(limits: Limits) -> Self {
        let metrics =
            Arc::new(Metrics::new(&ContactCenterBuckets::new(&[]).expect("no bounds"), "1.2.3"));
        metrics.record(Phase::Commit, &[1_000_000]);
        let view = || GaugeView { outbox_bytes: 4711, ..GaugeView::default() };
        let ready = || Health::bad("the log is being read");
        let state = HttpState::new(metrics, view, Health::good, ready);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            let _ = stopped.await;
        };
        let ended = tokio::spawn(serve_within(limits, listener, state, shutdown));
        Self { address, stop, ended }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Status line and headers, and body, of one request on a connection of its own.
    async fn ask(&self, request: &str) -> (String, String) {
        let mut stream = self.connect().await;
        let request = format!("{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = String::from_utf8(read_to_end(&mut stream).await).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        (head.to_lowercase(), body.to_owned())
    }
}

async fn read_to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(HANGS, stream.read_to_end(&mut bytes)).await;
    // A reset ends a connection as well as an orderly end.
    let _ = read.expect("the server ends the connection");
    bytes
}

#[tokio::test]
async fn metrics_are_text_with_the_view_of_this_moment() {
    let server = Server::start(Limits::default()).await;
    let (head, body) = server.ask("GET /metrics").await;
    assert!(head.starts_with("http/1.1 200 "), "{head}");
    assert!(head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"), "{head}");
    assert!(scrape_names(&body).unwrap().contains("relevo_commit_seconds"));
    assert!(body.contains("\nrelevo_outbox_bytes 4711\n"));
    assert!(body.contains("\nrelevo_build_info{version=\"1.2.3\"} 1\n"));
}

#[tokio::test]
async fn probes_say_why_not() {
    let server = Server::start(Limits::default()).await;
    let (head, body) = server.ask("GET /livez").await;
    assert!(head.starts_with("http/1.1 200 "), "{head}");
    assert_eq!(body, r#"{"status":"ok","reasons":[]}"#);
    let (head, body) = server.ask("GET /readyz").await;
    assert!(head.starts_with("http/1.1 503 "), "{head}");
    assert_eq!(body, r#"{"status":"unavailable","reasons":["the log is being read"]}"#);
}

#[tokio::test]
async fn latency_is_json_with_every_phase() {
    let server = Server::start(Limits::default()).await;
    let (head, body) = server.ask("GET /admin/latency").await;
    assert!(head.contains("content-type: application/json"), "{head}");
    let report: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(report["unit"], "us");
    for phase in Phase::ALL {
        let count = u64::from(phase == Phase::Commit);
        assert_eq!(report["phases"][phase.name()]["whole"]["count"], count, "{}", phase.name());
    }
    let p50 = report["phases"]["commit"]["whole"]["p50"].as_f64().unwrap();
    assert!((999.0..=1001.0).contains(&p50), "{p50}");
}

#[tokio::test]
async fn other_paths_and_methods_are_refused() {
    let server = Server::start(Limits::default()).await;
    let (head, body) = server.ask("GET /").await;
    assert!(head.starts_with("http/1.1 404 ") && body.contains("/metrics"), "{head} {body}");
    let (head, _) = server.ask("POST /metrics").await;
    assert!(head.starts_with("http/1.1 405 "), "{head}");
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let server = Server::start(Limits::default()).await;
    let (head, _) = server.ask(&format!("GET /livez?{}", "x".repeat(HEAD_BYTES))).await;
    assert!(head.starts_with("http/1.1 431 ") || head.starts_with("http/1.1 414 "), "{head}");
    let many = "a: b\r\n".repeat(HEADERS + 1);
    let (head, _) = server.ask(&format!("GET /livez HTTP/1.1\r\n{many}x: ")).await;
    assert!(head.starts_with("http/1.1 431 "), "{head}");
}

#[tokio::test]
async fn half_a_head_is_not_waited_for() {
    let soon = Duration::from_millis(20);
    let server = Server::start(Limits { head_timeout: soon, ..Limits::default() }).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /livez HTTP/1.1\r\nHo").await.unwrap();
    assert!(!read_to_end(&mut stream).await.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn a_connection_ends_by_its_lifetime() {
    let limits = Limits {
        connection_lifetime: Duration::from_millis(20),
        head_timeout: 10 * HANGS,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let mut stream = server.connect().await;
    assert_eq!(read_to_end(&mut stream).await, b"");
}

#[tokio::test]
async fn connections_that_stall_keep_no_probe_waiting() {
    let limits = Limits { connections: 2, head_timeout: 10 * HANGS, ..Limits::default() };
    let server = Server::start(limits).await;
    let mut kept = server.connect().await;
    kept.write_all(b"GET").await.unwrap();
    for _ in 0..3 {
        let mut stalled = server.connect().await;
        stalled.write_all(b"GET /livez HT").await.unwrap();
        let (head, _) = server.ask("GET /livez").await;
        assert!(head.starts_with("http/1.1 200 "), "{head}");
    }
    assert_eq!(read_to_end(&mut kept).await, b"", "the oldest went");
}

#[tokio::test]
async fn a_shutdown_ends_idle_connections_and_the_listener() {
    let limits = Limits { head_timeout: 10 * HANGS, ..Limits::default() };
    let Server { address, stop, ended } = Server::start(limits).await;
    let mut idle = TcpStream::connect(address).await.unwrap();
    // It is accepted when one that came after it is answered.
    let mut later = TcpStream::connect(address).await.unwrap();
    later.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert!(read_to_end(&mut later).await.starts_with(b"HTTP/1.1 200 "), "one request each");
    stop.send(()).unwrap();
    tokio::time::timeout(HANGS, ended).await.expect("serve returns").unwrap();
    assert_eq!(read_to_end(&mut idle).await, b"");
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens");
}
