//! Opens sessions: the sockets and TLS configurations that many of them share.

use crate::client::Client;
use crate::events::{Events, Open};
use crate::options::{Options, Trust};
use crate::roles::{AdminClient, AgentClient, BotClient};
use crate::session::{self, Session};
use crate::shared::Shared;
use crate::tls;
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Endpoint, EndpointConfig, TransportConfig, VarInt};
use relevo_wire::error::WireError;
use relevo_wire::vocabulary::Role;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Socket buffers that a connector asks for, in bytes; the kernel may give less.
const SOCKET_BUFFER_BYTES: usize = 4 * 1024 * 1024;
/// Configurations that are kept; sessions rarely differ in more than role.
const CONFIGS: usize = 16;

/// Opens sessions over one UDP socket per address family, made when it is first needed. Cheap to
/// clone; to spread thousands of sessions over several sockets, make several.
#[derive(Debug, Clone, Default)]
pub struct Connector {
    shared: Arc<Mutex<Opened>>,
}

#[derive(Debug, Default)]
struct Opened {
    v4: Option<Endpoint>,
    v6: Option<Endpoint>,
    configs: Vec<(ConfigKey, ClientConfig)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct ConfigKey {
    trust: Trust,
    idle_timeout: Duration,
    keep_alive_interval: Duration,
    bot: bool,
}

/// Why no session was opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No UDP socket.
    #[error("no UDP socket: {0}")]
    Socket(#[from] io::Error),
    /// The certificates to be believed cannot be used.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// The idle timeout is too long for QUIC.
    #[error("the idle timeout is too long")]
    IdleTimeout,
    /// Address or server name cannot be used.
    #[error("{server}: {reason}")]
    Address {
        /// The address.
        server: SocketAddr,
        /// What is wrong with it.
        reason: String,
    },
    /// The daemon was not reached, or ended the attempt.
    #[error("{server}: {reason}")]
    Unreachable {
        /// The address.
        server: SocketAddr,
        /// What happened.
        reason: String,
    },
    /// The daemon refused the session.
    #[error("refused: {0}")]
    Refused(WireError),
    /// The key is of another role.
    #[error("the key is one of role {found}, which cannot open this session", found = .0.name())]
    Role(Role),
}

impl Connector {
    /// A connector without sockets yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens a session of a bot.
    ///
    /// # Errors
    /// See [`ConnectError`]; the first attempt is not repeated.
    pub async fn bot(&self, options: Options) -> Result<(BotClient, Events), ConnectError> {
        let (client, events) = self.open(options, &[Role::Bot]).await?;
        Ok((BotClient::new(client), events))
    }

    /// Opens a session of an agent.
    ///
    /// # Errors
    /// See [`ConnectError`]; the first attempt is not repeated.
    pub async fn agent(&self, options: Options) -> Result<(AgentClient, Events), ConnectError> {
        let (client, events) = self.open(options, &[Role::Agent]).await?;
        Ok((AgentClient::new(client), events))
    }

    /// Opens a session of a tenant's admin or the daemon's operator.
    ///
    /// # Errors
    /// See [`ConnectError`]; the first attempt is not repeated.
    pub async fn admin(&self, options: Options) -> Result<AdminClient, ConnectError> {
        let (client, _events) = self.open(options, &[Role::Admin, Role::Operator]).await?;
        Ok(AdminClient::new(client))
    }

    async fn open(
        &self,
        options: Options,
        roles: &'static [Role],
    ) -> Result<(Client, Events), ConnectError> {
        let endpoint = self.endpoint(options.server)?;
        let config = self.config(&options, roles.contains(&Role::Bot))?;
        let receipts = options.receipts;
        let route = session::Route { endpoint, config, options, roles };
        let live = Box::pin(route.connect(&[])).await?;
        let shared = Arc::new(Shared::new(live.welcome.clone(), receipts));
        let open = Arc::new(Open(Arc::clone(&shared)));
        let session = Session::new(Arc::clone(&shared), route);
        tokio::spawn(session.run(live));
        let events = Events { shared: Arc::clone(&shared), _open: Arc::clone(&open) };
        Ok((Client { shared, _open: open }, events))
    }

    fn endpoint(&self, server: SocketAddr) -> Result<Endpoint, ConnectError> {
        let mut opened = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let (slot, any) = match server {
            SocketAddr::V4(_) => (&mut opened.v4, SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))),
            SocketAddr::V6(_) => (&mut opened.v6, SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0))),
        };
        if let Some(endpoint) = slot {
            return Ok(endpoint.clone());
        }
        let socket = UdpSocket::bind(any)?;
        for (which, set) in [
            (
                "receive",
                rustix::net::sockopt::set_socket_recv_buffer_size(&socket, SOCKET_BUFFER_BYTES),
            ),
            (
                "send",
                rustix::net::sockopt::set_socket_send_buffer_size(&socket, SOCKET_BUFFER_BYTES),
            ),
        ] {
            if let Err(error) = set {
                tracing::debug!(%error, which, "the socket keeps its default buffer");
            }
        }
        let runtime = Arc::new(quinn::TokioRuntime);
        let endpoint = Endpoint::new(EndpointConfig::default(), None, socket, runtime)?;
        Ok(slot.insert(endpoint).clone())
    }

    /// The configuration for these options: one for all sessions alike, for it is large.
    fn config(&self, options: &Options, bot: bool) -> Result<ClientConfig, ConnectError> {
        let key = ConfigKey {
            trust: options.trust.clone(),
            idle_timeout: options.idle_timeout,
            keep_alive_interval: options.keep_alive_interval,
            bot,
        };
        let mut opened = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, config)) = opened.configs.iter().find(|(known, _)| *known == key) {
            return Ok(config.clone());
        }
        let crypto = QuicClientConfig::try_from(tls::client_config(&key.trust)?)
            .expect("a TLS 1.3 configuration has the initial cipher suite of QUIC");
        let mut config = ClientConfig::new(Arc::new(crypto));
        config.transport_config(Arc::new(transport(&key)?));
        opened.configs.truncate(CONFIGS - 1);
        opened.configs.push((key, config.clone()));
        Ok(config)
    }
}

fn transport(key: &ConfigKey) -> Result<TransportConfig, ConnectError> {
    let (stream_window, window) =
        if key.bot { (256 * 1024, 1024 * 1024) } else { (64 * 1024, 256 * 1024) };
    let idle = key.idle_timeout.try_into().map_err(|_| ConnectError::IdleTimeout)?;
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_bidi_streams(VarInt::from_u32(0))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .datagram_receive_buffer_size(None)
        .stream_receive_window(VarInt::from_u32(stream_window))
        .receive_window(VarInt::from_u32(window))
        .send_window(u64::from(window))
        .max_idle_timeout(Some(idle))
        .keep_alive_interval(Some(key.keep_alive_interval));
    Ok(transport)
}
