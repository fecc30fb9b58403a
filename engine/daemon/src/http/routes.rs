//! What is answered.

use crate::metrics::{GaugeView, Metrics, text};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing};
use serde::Serialize;
use std::fmt;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// What the answers are made of. Cheap to clone.
#[derive(Clone)]
pub struct HttpState {
    metrics: Arc<Metrics>,
    view: Arc<dyn Fn() -> GaugeView + Send + Sync>,
    live: Arc<dyn Fn() -> Health + Send + Sync>,
    ready: Arc<dyn Fn() -> Health + Send + Sync>,
    /// A scrape is work of milliseconds: one at a time.
    scrape: Arc<Semaphore>,
}

impl HttpState {
    /// Asks `view` at each scrape, `live` and `ready` at each probe. None of them may block.
    pub fn new(
        metrics: Arc<Metrics>,
        view: impl Fn() -> GaugeView + Send + Sync + 'static,
        live: impl Fn() -> Health + Send + Sync + 'static,
        ready: impl Fn() -> Health + Send + Sync + 'static,
    ) -> Self {
        Self {
            metrics,
            view: Arc::new(view),
            live: Arc::new(live),
            ready: Arc::new(ready),
            scrape: Arc::new(Semaphore::new(1)),
        }
    }
}

impl fmt::Debug for HttpState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpState").finish_non_exhaustive()
    }
}

/// An answer to a probe: good when there is no reason against it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Health {
    /// Why not, each a short sentence; empty when all is well.
    pub reasons: Vec<String>,
}

impl Health {
    /// All is well.
    #[must_use]
    pub fn good() -> Self {
        Self::default()
    }

    /// Not now.
    #[must_use]
    pub fn bad(reason: impl Into<String>) -> Self {
        Self { reasons: vec![reason.into()] }
    }
}

#[derive(Serialize)]
struct HealthBody {
    status: &'static str,
    reasons: Vec<String>,
}

pub(super) fn router(state: HttpState) -> Router {
    Router::new()
        .route("/metrics", routing::get(metrics))
        .route("/livez", routing::get(live))
        .route("/readyz", routing::get(ready))
        .route("/admin/latency", routing::get(latency))
        .fallback(not_found)
        .with_state(state)
}

async fn metrics(State(state): State<HttpState>) -> Response {
    let permit = Arc::clone(&state.scrape);
    let permit = permit.acquire_owned().await.expect("the semaphore is never closed");
    let text = tokio::task::spawn_blocking(move || {
        let text = state.metrics.render(&(state.view)());
        drop(permit);
        text
    });
    match text.await {
        Ok(text) => ([(header::CONTENT_TYPE, text::CONTENT_TYPE)], text).into_response(),
        Err(_panicked_or_shut_down) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn live(State(state): State<HttpState>) -> Response {
    health((state.live)())
}

async fn ready(State(state): State<HttpState>) -> Response {
    health((state.ready)())
}

async fn latency(State(state): State<HttpState>) -> Response {
    Json(state.metrics.latency()).into_response()
}

async fn not_found() -> Response {
    let paths = "not found; there are /metrics, /livez, /readyz and /admin/latency\n";
    (StatusCode::NOT_FOUND, paths).into_response()
}

fn health(Health { reasons }: Health) -> Response {
    let (code, status) = if reasons.is_empty() {
        (StatusCode::OK, "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
    };
    (code, Json(HealthBody { status, reasons })).into_response()
}
