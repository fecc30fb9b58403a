//! How the client commands reach a running daemon, and what its refusals become.

use crate::exit::{Exit, Failure};
use clap::Args;
use relevo_client::wire::error::ErrorCode;
use relevo_client::{AdminClient, ClientError, ConnectError, Connector, Options, Reconnect, Trust};
use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::str::FromStr;
use tokio::runtime::Builder;

/// Where the daemon is. A command line is seen by every user of a machine and stays in the history
/// of the shell: secrets are better given by the environment.
#[derive(Debug, Args)]
pub(super) struct Remote {
    /// Address of the daemon
    #[arg(
        long,
        value_name = "HOST:PORT",
        env = "RELEVO_SERVER",
        hide_env_values = true,
        default_value = "127.0.0.1:7443"
    )]
    server: String,
    /// SHA-256 of its certificate, as `relevo serve` prints it
    #[arg(long, value_name = "HEX", env = "RELEVO_FINGERPRINT", hide_env_values = true)]
    fingerprint: String,
}

/// Where the daemon is, and an admin's or operator's key.
#[derive(Debug, Args)]
pub(super) struct Admin {
    #[command(flatten)]
    remote: Remote,
    /// Key of an admin or an operator
    #[arg(long, value_name = "KEY", env = "RELEVO_KEY", hide_env_values = true)]
    key: Secret,
}

impl Admin {
    /// Of a command that may also do without a daemon, and declares these by itself.
    pub(super) fn of(server: String, fingerprint: String, key: Secret) -> Self {
        Self { remote: Remote { server, fingerprint }, key }
    }
}

/// A key as it was given. `Debug` does not show it.
#[derive(Clone)]
pub(super) struct Secret(String);

impl FromStr for Secret {
    type Err = std::convert::Infallible;

    /// Takes any text: a refusal here would repeat it on the terminal.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.trim().to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Remote {
    /// Options of a session with this key: one connection, and its loss ends the command.
    pub(super) fn options(
        &self,
        key: &Secret,
        options: impl FnOnce(SocketAddr, Trust, String) -> Options,
    ) -> Result<Options, Failure> {
        key.0
            .parse::<crate::keys::Key>()
            .map_err(|error| Failure::new(Exit::Refused, format!("the key is none: {error}")))?;
        let trust = Trust::fingerprint(&self.fingerprint)
            .map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
        Ok(Options {
            reconnect: Reconnect::Never,
            client: concat!("relevo/", env!("CARGO_PKG_VERSION")).into(),
            ..options(self.address()?, trust, key.0.clone())
        })
    }

    fn address(&self) -> Result<SocketAddr, Failure> {
        let server = &self.server;
        let unknown = |why: String| {
            let right = "write a host and a port, such as 127.0.0.1:7443";
            Failure::new(Exit::Usage, format!("--server {server}: {why}; {right}"))
        };
        let mut found = server.to_socket_addrs().map_err(|error| unknown(error.to_string()))?;
        found.next().ok_or_else(|| unknown("no such host".into()))
    }
}

impl Admin {
    /// Opens a session of the admin.
    pub(super) async fn connect(&self) -> Result<AdminClient, Failure> {
        let options = self.remote.options(&self.key, Options::agent)?;
        Connector::new().admin(options).await.map_err(unconnected)
    }
}

/// Runs a command that talks to the daemon.
pub(super) fn block_on<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        Failure::new(Exit::Panic, format!("the system gives no event loop: {error}"))
    })?;
    runtime.block_on(command)
}

/// Why there is no session.
pub(super) fn unconnected(error: ConnectError) -> Failure {
    let exit = match &error {
        ConnectError::Refused(refused) => refused_exit(refused.code, Exit::Unavailable),
        ConnectError::Role(_) => Exit::Refused,
        ConnectError::Address { .. } => Exit::Usage,
        ConnectError::Socket(_)
        | ConnectError::Tls(_)
        | ConnectError::IdleTimeout
        | ConnectError::Unreachable { .. } => Exit::Unavailable,
    };
    let mut message = error.to_string();
    // What rustls says of any certificate that is not the pinned one.
    if message.contains("invalid peer certificate") {
        message += "; is it the fingerprint that this daemon printed?";
    }
    Failure::new(exit, message)
}

/// Why a request came to nothing.
pub(super) fn unanswered(error: ClientError) -> Failure {
    let exit = match &error {
        ClientError::Refused(refused) => refused_exit(refused.code, Exit::Failed),
        ClientError::Closed(_) | ClientError::GivenUp => Exit::Unavailable,
        ClientError::Unexpected(_) | ClientError::Restless => Exit::Failed,
    };
    Failure::new(exit, error.to_string())
}

fn refused_exit(code: ErrorCode, otherwise: Exit) -> Exit {
    match code {
        ErrorCode::Unauthenticated | ErrorCode::Forbidden => Exit::Refused,
        ErrorCode::Unavailable | ErrorCode::Draining | ErrorCode::Overloaded => Exit::Unavailable,
        ErrorCode::Malformed
        | ErrorCode::NotFound
        | ErrorCode::StaleEpoch
        | ErrorCode::WrongState
        | ErrorCode::VersionConflict
        | ErrorCode::NoSeat
        | ErrorCode::NothingWaiting
        | ErrorCode::HeldByOther
        | ErrorCode::WindowExpired
        | ErrorCode::TemplateParameters
        | ErrorCode::IdempotencyConflict
        | ErrorCode::LimitExceeded
        | ErrorCode::StorageFull
        | ErrorCode::VersionUnsupported
        | ErrorCode::Internal => otherwise,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use relevo_client::wire::WireError;

    #[test]
    fn a_refused_credential_and_a_daemon_that_is_away_have_codes_of_their_own() {
        let refused = |code| WireError::new(code, "no");
        for (code, connecting, asking) in [
            (ErrorCode::Unauthenticated, Exit::Refused, Exit::Refused),
            (ErrorCode::Forbidden, Exit::Refused, Exit::Refused),
            (ErrorCode::Draining, Exit::Unavailable, Exit::Unavailable),
            (ErrorCode::NotFound, Exit::Unavailable, Exit::Failed),
        ] {
            assert_eq!(unconnected(ConnectError::Refused(refused(code))).exit, connecting);
            assert_eq!(unanswered(ClientError::Refused(refused(code))).exit, asking);
        }
        assert_eq!(unanswered(ClientError::Closed("gone".into())).exit, Exit::Unavailable);
    }

    #[test]
    fn a_key_is_never_shown() {
        let secret: Secret = " rlv_admin_x \n".parse().unwrap();
        assert_eq!(secret.0, "rlv_admin_x");
        assert_eq!(format!("{secret:?}"), "Secret(..)");
    }
}
