//! The daemon's runtime behind [`Service`].

use super::{Announcement, Service};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::runtime::{Daemon, DrainOutcome, Fatal, StartError};
use crate::tls::Tls;
use std::time::Duration;

pub(super) async fn start(config: &Config, tls: &Tls) -> Result<Daemon, Failure> {
    Box::pin(Daemon::start(config, tls)).await.map_err(|error| failed(&error))
}

/// Its operator key was shown, if it made one.
pub(super) fn shown(daemon: &Daemon) -> Result<(), Failure> {
    daemon.operator_key_shown().map_err(|error| failed(&error))
}

fn failed(error: &StartError) -> Failure {
    let exit = match error {
        StartError::Recover(_)
        | StartError::Tls(_)
        | StartError::LogFailed
        | StartError::Marker { .. } => Exit::Storage,
        StartError::Bind(_) | StartError::Http { .. } => Exit::Unavailable,
        StartError::Bootstrap(_) => Exit::Configuration,
        StartError::Thread(_) => Exit::Panic,
    };
    Failure::new(exit, error.to_string())
}

impl Service for Daemon {
    fn announcement(&self) -> Announcement {
        Announcement {
            quic: self.quic_address(),
            http: self.http_address(),
            operator_key: self.operator_key().map(str::to_owned),
        }
    }

    fn reloaded(&self, successful: bool) {
        Self::reloaded(self, successful);
    }

    async fn failed(&self) -> Exit {
        exit_of(Self::failed(self).await)
    }

    async fn drain(self, patience: Duration) -> Exit {
        match Self::drain(self, patience).await {
            DrainOutcome::Clean => Exit::Done,
            DrainOutcome::TimedOut => Exit::DrainTimedOut,
            DrainOutcome::Failed(fatal) => exit_of(fatal),
        }
    }
}

fn exit_of(fatal: Fatal) -> Exit {
    match fatal {
        Fatal::Storage => Exit::Storage,
        Fatal::Panic => Exit::Panic,
    }
}
