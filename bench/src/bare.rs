//! The raw limits over QUIC: servers with the daemon's transport and nothing behind it.

pub mod echo;
pub mod logged;
pub mod relay;

use crate::transport::{self, Target};
use anyhow::Result;
use clap::ValueEnum;
use quinn::Endpoint;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::io::Write;
use std::path::Path;

/// Which bare server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Bare {
    /// Forwards A → B and acknowledges A.
    Relay,
    /// As the relay, from a log on disk.
    Logged,
    /// Sends back what it got.
    Echo,
}

impl Bare {
    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Relay => "relay",
            Self::Logged => "logged",
            Self::Echo => "echo",
        }
    }
}

/// The line that a bare server prints when it listens.
#[derive(Debug, Serialize, Deserialize)]
pub struct Listening {
    /// Where.
    pub address: String,
    /// SHA-256 of its certificate in hexadecimal.
    pub fingerprint: String,
}

/// Serves until the process ends. A log is made in `directory`.
///
/// # Errors
/// The endpoint or the log could not be made.
pub async fn serve(bare: Bare, directory: &Path) -> Result<()> {
    let (endpoint, target) = transport::server()?;
    announce(&target)?;
    match bare {
        Bare::Relay => {
            let pairs = relay::Pairs::default();
            accept(endpoint, move |connection| relay::session(connection, pairs.clone())).await;
        }
        Bare::Logged => {
            let relay = logged::Relay::new(&directory.join("log"))?;
            accept(endpoint, move |connection| logged::session(connection, relay.clone())).await;
        }
        Bare::Echo => accept(endpoint, echo::session).await,
    }
    Ok(())
}

fn announce(target: &Target) -> Result<()> {
    let listening = Listening {
        address: target.address.to_string(),
        fingerprint: transport::show_fingerprint(&target.fingerprint),
    };
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, &listening)?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

/// Runs `session` for every connection. A session that fails ends alone: what its peer misses fails
/// the peer's own accounting.
async fn accept<S: Future<Output = Result<()>> + Send + 'static>(
    endpoint: Endpoint,
    session: impl Fn(quinn::Connection) -> S,
) {
    while let Some(incoming) = endpoint.accept().await {
        let Ok(connecting) = incoming.accept() else { continue };
        let Ok(connection) = connecting.await else { continue };
        tokio::spawn(session(connection));
    }
}
