//! The accept loop: at most so many connections, each with so long for a head and so long to live.

use super::routes::{self, HttpState};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

/// Longest head of a request, in bytes.
const HEAD_BYTES: usize = 16 * 1024;
/// Most connections at once; more wait in the kernel's backlog.
pub(crate) const CONNECTIONS: usize = 64;
/// What a connection may hold, in bytes: a head in a buffer that may have doubled, and a scrape.
pub(crate) const CONNECTION_BYTES: u64 = (2 * HEAD_BYTES) as u64 + 8 * 1024 * 1024;
/// Most header lines of a request.
const HEADERS: usize = 64;
/// How long requests under way may take after the shutdown began.
const DRAIN: Duration = Duration::from_secs(2);
/// Pause after a failed accept: usually there are no descriptors, which passes.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `shutdown`; then accepts no more, finishes what is under way and returns within
/// 2 s.
pub async fn serve(listener: TcpListener, state: HttpState, shutdown: impl Future<Output = ()>) {
    serve_within(Limits::default(), listener, state, shutdown).await;
}

/// What clients may take.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Most connections at once; more wait in the kernel's backlog.
    connections: usize,
    /// Longest time to the end of a request's head; a kept-alive connection is idle no longer.
    head_timeout: Duration,
    /// Longest life of a connection: who does not read the answer is disconnected by this.
    connection_lifetime: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: CONNECTIONS,
            head_timeout: Duration::from_secs(20),
            connection_lifetime: Duration::from_secs(120),
        }
    }
}

async fn serve_within(
    limits: Limits,
    listener: TcpListener,
    state: HttpState,
    shutdown: impl Future<Output = ()>,
) {
    let service = TowerToHyperService::new(routes::router(state));
    let permits = Arc::new(Semaphore::new(limits.connections));
    let (stop, stopped) = watch::channel(false);
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            (stream, permit) = accept(&listener, &permits) => {
                let stopped = stopped.clone();
                connections.spawn(connection(stream, service.clone(), limits, stopped, permit));
            }
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let _ = stop.send(true);
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN, drained).await.is_err() {
        tracing::warn!(left = connections.len(), "HTTP connections did not end in time");
        connections.shutdown().await;
    }
}

/// The next connection and its place. Nothing is lost when it is dropped before it is done.
async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> (TcpStream, OwnedSemaphorePermit) {
    let permit = Arc::clone(permits).acquire_owned().await.expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, permit),
            Err(error) => {
                tracing::warn!(%error, "HTTP accept failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    service: TowerToHyperService<axum::Router>,
    limits: Limits,
    mut stopped: watch::Receiver<bool>,
    permit: OwnedSemaphorePermit,
) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEADERS)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let alive = async {
        tokio::select! {
            // What a client does wrong is its own affair, and a broken connection is no news.
            _ended = connection.as_mut() => return,
            _stopped = stopped.wait_for(|stop| *stop) => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ended = connection.await;
    };
    let _outlived = tokio::time::timeout(limits.connection_lifetime, alive).await;
    drop(permit);
}

#[cfg(test)]
mod tests;
