//! The accept loop: at most so many connections, each for one request, with so long for its head and so
//! long to live. One more takes the place of the oldest: a probe is answered however many stall.

use super::routes::{self, HttpState};
use crate::lobby::{Guest, Lobby};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

/// Longest head of a request, in bytes.
const HEAD_BYTES: usize = 16 * 1024;
/// Most connections of which the head is not whole, and as many that are answered.
pub(crate) const CONNECTIONS: usize = 64;
/// What a connection may hold, in bytes: a head in a buffer that may have doubled, and a scrape.
pub(crate) const CONNECTION_BYTES: u64 = (2 * HEAD_BYTES) as u64 + 8 * 1024 * 1024;
/// Most header lines of a request.
const HEADERS: usize = 64;
/// How long requests under way may take after the shutdown began.
const DRAIN: Duration = Duration::from_secs(2);
/// After so many accepts the listener rests, so that a flood of connections takes no more than a part
/// of a core: 1,600 a second.
const ACCEPTS: u32 = 32;
/// How long it rests.
const ACCEPTS_PAUSE: Duration = Duration::from_millis(20);
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
    /// Most connections of which the head is not whole, and as many that are answered; the oldest goes
    /// when one more comes.
    connections: usize,
    /// Longest time to the end of a request's head.
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
    let router = routes::router(state);
    let (asking, asked) = (Lobby::new(limits.connections), Lobby::new(limits.connections));
    let (stop, stopped) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut accepted = 0_u32;
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            stream = accept(&listener) => {
                let places = (asking.enter(), Arc::clone(&asked));
                let connection = connection(stream, router.clone(), limits, stopped.clone(), places);
                connections.spawn(connection);
                accepted += 1;
                if accepted.is_multiple_of(ACCEPTS) {
                    tokio::time::sleep(ACCEPTS_PAUSE).await;
                }
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

/// The next connection. Nothing is lost when it is dropped before it is done.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                tracing::warn!(%error, "HTTP accept failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// One request of one connection. It has a place among those who are asking until its head is whole,
/// and then one among those who are answered.
async fn connection(
    stream: TcpStream,
    router: axum::Router,
    limits: Limits,
    mut stopped: watch::Receiver<bool>,
    (mut asking, asked): (Guest, Arc<Lobby>),
) {
    let head_is_whole = Arc::new(Notify::new());
    let told = Arc::clone(&head_is_whole);
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |request| {
        told.notify_one();
        router.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEADERS)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    // What a client does wrong is its own affair, and a broken connection is no news.
    let alive = async {
        tokio::select! {
            _ended = connection.as_mut() => return,
            place = asking.during(head_is_whole.notified()) => {
                if place.is_none() {
                    return;
                }
            }
            _stopped = stopped.wait_for(|stop| *stop) => {}
        }
        drop(asking);
        let mut place = asked.enter();
        let answered = async {
            tokio::select! {
                _ended = connection.as_mut() => return,
                _stopped = stopped.wait_for(|stop| *stop) => {}
            }
            connection.as_mut().graceful_shutdown();
            let _ended = connection.await;
        };
        place.during(answered).await;
    };
    let _outlived = tokio::time::timeout(limits.connection_lifetime, alive).await;
}

#[cfg(test)]
mod tests;
