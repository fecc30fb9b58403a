//! Load on the bare echo: every connection sends a message, waits for it, sends the next.

use super::{DRAIN_LIMIT, Window};
use crate::transport::Target;
use anyhow::{Context, Result, ensure};
use quinn::Endpoint;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;
use tokio::task::JoinSet;

/// One connection and its lane.
#[derive(Debug)]
pub struct Echo {
    _connection: quinn::Connection,
    send: quinn::SendStream,
    receive: quinn::RecvStream,
}

/// Opens so many connections.
///
/// # Errors
/// The server cannot be reached.
pub async fn connect(endpoint: &Endpoint, target: &Target, count: usize) -> Result<Vec<Echo>> {
    let mut echoes = Vec::with_capacity(count);
    for _ in 0..count {
        let connection = endpoint.connect(target.address, "localhost")?.await?;
        let (send, receive) = connection.open_bi().await?;
        echoes.push(Echo { _connection: connection, send, receive });
    }
    Ok(echoes)
}

/// Round trips a second over all connections; gives the connections back.
///
/// # Errors
/// A connection ended, or something else came back than was sent.
pub async fn run(
    echoes: Vec<Echo>,
    message_bytes: usize,
    window: Window,
) -> Result<(f64, Vec<Echo>)> {
    let stop = Arc::new(AtomicBool::new(false));
    let counters: Vec<Arc<AtomicU64>> = echoes.iter().map(|_| Arc::default()).collect();
    let mut tasks = JoinSet::new();
    for (echo, counter) in echoes.into_iter().zip(&counters) {
        tasks.spawn(round_trips(echo, message_bytes, Arc::clone(counter), Arc::clone(&stop)));
    }
    let total = || counters.iter().map(|counter| counter.load(Ordering::Relaxed)).sum::<u64>();
    tokio::time::sleep(window.warm_up).await;
    let (began, before) = (Instant::now(), total());
    tokio::time::sleep(window.measured).await;
    let rate = (total() - before) as f64 / began.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    let joined = tokio::time::timeout(DRAIN_LIMIT, tasks.join_all()).await;
    let echoes = joined.context("an echo never came back")?.into_iter().collect::<Result<_>>()?;
    Ok((rate, echoes))
}

/// One round trip on each connection, so that its lane is open on both sides.
///
/// # Errors
/// A connection ended.
pub async fn once(mut echoes: Vec<Echo>, message_bytes: usize) -> Result<Vec<Echo>> {
    let mut back = vec![0; message_bytes];
    for echo in &mut echoes {
        echo.send.write_all(&back).await?;
        echo.receive.read_exact(&mut back).await?;
    }
    Ok(echoes)
}

async fn round_trips(
    mut echo: Echo,
    message_bytes: usize,
    counter: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
) -> Result<Echo> {
    let mut message = vec![b'x'; message_bytes];
    let mut back = vec![0; message_bytes];
    let mut sent = 0_u64;
    while !stop.load(Ordering::Relaxed) {
        sent += 1;
        message[..8].copy_from_slice(&sent.to_le_bytes());
        echo.send.write_all(&message).await?;
        echo.receive.read_exact(&mut back).await?;
        ensure!(message == back, "something else came back than was sent");
        counter.store(sent, Ordering::Relaxed);
    }
    Ok(echo)
}
