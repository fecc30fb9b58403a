//! Attacks on the HTTP listener: heads that never end, connections that never ask. A probe beside them
//! is answered in time.

use super::attack::{Order, crowd};
use super::tally::Tallying;
use super::wire::PATIENCE;
use crate::harness::wait::let_pass;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Between two bytes, and between two probes.
const BETWEEN: Duration = Duration::from_secs(1);
/// How long a silent connection is: longer than the listener waits for a head.
const SILENT: Duration = Duration::from_secs(30);
/// A probe that is not answered by then is not answered.
const PROBE_PATIENCE: Duration = Duration::from_secs(30);

/// Heads that come a byte a second.
pub(super) async fn slow_heads(order: &Order, tallying: &Tallying) {
    beside_probes(order, tallying, b"GET /metrics HTTP/1.1\r\nX-Slow: ").await;
}

/// Connections that say nothing.
pub(super) async fn silent(order: &Order, tallying: &Tallying) {
    beside_probes(order, tallying, b"").await;
}

/// Connections that begin with `head`, go on a byte a second if it is one, and wait for their end;
/// probes meanwhile.
async fn beside_probes(order: &Order, tallying: &Tallying, head: &'static [u8]) {
    let (address, tally) = (order.target.http, tallying.clone());
    let attack = crowd(order, move |_| {
        let tallying = tally.clone();
        async move {
            tallying.connection();
            match timeout(PATIENCE * 4, stall(address, head, &tallying)).await {
                Ok(Ok(status)) => tallying.expect(&["closed", "408"], status),
                // A reset is a close that came while a byte was on its way.
                Ok(Err(_)) => tallying.answer("closed"),
                Err(_) => tallying.violation("a connection was never closed"),
            }
        }
    });
    tokio::select! {
        () = attack => {}
        () = probes(address, tallying) => {}
    }
}

/// Until the daemon ends it: what it answered.
async fn stall(address: SocketAddr, head: &[u8], tallying: &Tallying) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(head).await?;
    tallying.sent(u64::from(!head.is_empty()), head.len());
    let mut answer = Vec::new();
    let (mut reading, mut writing) = stream.split();
    let trickle = async {
        if head.is_empty() {
            // By then it was closed, unless the listener never had it: then a byte is answered by a
            // reset.
            let_pass(SILENT).await;
        }
        loop {
            let_pass(BETWEEN).await;
            if writing.write_all(b"x").await.is_err() {
                std::future::pending::<()>().await;
            }
            tallying.sent(0, 1);
        }
    };
    tokio::select! {
        read = reading.read_to_end(&mut answer) => drop(read?),
        () = trickle => {}
    }
    let text = String::from_utf8_lossy(&answer);
    Ok(text.split(' ').nth(1).unwrap_or("closed").to_owned())
}

/// Asks whether the daemon lives, for ever.
async fn probes(address: SocketAddr, tallying: &Tallying) {
    loop {
        let_pass(BETWEEN).await;
        match timeout(PROBE_PATIENCE, probe(address)).await {
            Ok(Ok(answer)) if answer.contains(" 200 ") => tallying.answer("probe: 200"),
            Ok(Ok(answer)) => tallying.violation(format!("a probe was answered {answer:?}")),
            Ok(Err(error)) => tallying.violation(format!("a probe failed: {error}")),
            Err(_) => tallying.violation("a probe was not answered"),
        }
    }
}

async fn probe(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = b"GET /livez HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
