//! QUIC endpoints for both sides of a measurement, with the daemon's transport settings.
//!
//! The bare servers and the driver share these functions, so that the raw limit and Relevo differ in
//! nothing but what stands behind the socket.

use anyhow::{Context, Result, bail};
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn::{ClientConfig, Endpoint, EndpointConfig, ServerConfig, TransportConfig, VarInt};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

/// The protocol that both servers speak.
pub const ALPN: &[u8] = b"relevo/1";

/// Receive window of a stream, in bytes.
const STREAM_WINDOW_BYTES: u32 = 64 * 1024;
/// Receive window of an agent's connection, in bytes; every connection starts with it.
const AGENT_WINDOW_BYTES: u32 = 256 * 1024;
/// Receive window of a bot's connection, in bytes.
const BOT_WINDOW_BYTES: u32 = 1024 * 1024;
/// What may be on its way to one peer, in bytes.
const SEND_WINDOW_BYTES: u64 = 256 * 1024;
/// Socket buffers asked for, in bytes; the kernel may clamp them.
const SOCKET_BUFFER_BYTES: usize = 4 * 1024 * 1024;
/// Most lanes of a session.
const LANES: u32 = relevo_wire::limits::LANES;

/// What a client needs to reach a server and to know it.
#[derive(Debug, Clone)]
pub struct Target {
    /// Where it listens.
    pub address: SocketAddr,
    /// SHA-256 of its certificate.
    pub fingerprint: [u8; 32],
}

/// A server endpoint on a free port of the loopback, with a fresh certificate.
///
/// # Errors
/// The socket or the certificate could not be made.
pub fn server() -> Result<(Endpoint, Target)> {
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])
        .context("cannot make a certificate")?;
    let certificate = certified.cert.der().clone();
    let fingerprint = fingerprint_of(&certificate);
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der()));
    let mut tls = rustls::ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    tls.alpn_protocols = vec![ALPN.to_vec()];
    let mut config = ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls)?));
    config.transport_config(Arc::new(transport()));
    let endpoint = Endpoint::new(
        EndpointConfig::default(),
        Some(config),
        socket()?,
        Arc::new(quinn::TokioRuntime),
    )?;
    let address = endpoint.local_addr()?;
    Ok((endpoint, Target { address, fingerprint }))
}

/// A client endpoint on a free port of the loopback that trusts `target` alone.
///
/// # Errors
/// The socket could not be made.
pub fn client(target: &Target) -> Result<Endpoint> {
    let mut tls = rustls::ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Pinned { fingerprint: target.fingerprint }))
        .with_no_client_auth();
    tls.alpn_protocols = vec![ALPN.to_vec()];
    let mut config = ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls)?));
    config.transport_config(Arc::new(transport()));
    let mut endpoint =
        Endpoint::new(EndpointConfig::default(), None, socket()?, Arc::new(quinn::TokioRuntime))?;
    endpoint.set_default_client_config(config);
    Ok(endpoint)
}

/// Raises a connection's window to a bot's, as a server does after `hello`.
pub fn widen_for_bot(connection: &quinn::Connection) {
    connection.set_receive_window(VarInt::from_u32(BOT_WINDOW_BYTES));
}

/// Reads a fingerprint: 64 hexadecimal digits, with or without colons and a leading `sha256:`.
///
/// # Errors
/// It is none.
pub fn parse_fingerprint(text: &str) -> Result<[u8; 32]> {
    let lower = text.trim().to_ascii_lowercase();
    let digits: String = lower
        .strip_prefix("sha256:")
        .or_else(|| lower.strip_prefix("sha-256:"))
        .unwrap_or(&lower)
        .chars()
        .filter(|c| *c != ':')
        .collect();
    if digits.len() != 64 || !digits.is_ascii() {
        bail!("a fingerprint has 64 hexadecimal digits, `{text}` has {}", digits.len());
    }
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * at..2 * at + 2], 16)
            .with_context(|| format!("`{text}` is no fingerprint"))?;
    }
    Ok(bytes)
}

/// Writes a fingerprint as [`parse_fingerprint`] reads it.
#[must_use]
pub fn show_fingerprint(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn fingerprint_of(certificate: &CertificateDer<'_>) -> [u8; 32] {
    let digest = ring::digest::digest(&ring::digest::SHA256, certificate);
    digest.as_ref().try_into().expect("SHA-256 has 32 bytes")
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn transport() -> TransportConfig {
    let mut config = TransportConfig::default();
    config
        .max_concurrent_bidi_streams(VarInt::from_u32(LANES))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .datagram_receive_buffer_size(None)
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW_BYTES))
        .receive_window(VarInt::from_u32(AGENT_WINDOW_BYTES))
        .send_window(SEND_WINDOW_BYTES)
        .keep_alive_interval(Some(Duration::from_secs(5)))
        .max_idle_timeout(Some(VarInt::from_u32(30_000).into()));
    config
}

fn socket() -> Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot bind a UDP socket")?;
    rustix::net::sockopt::set_socket_recv_buffer_size(&socket, SOCKET_BUFFER_BYTES)?;
    rustix::net::sockopt::set_socket_send_buffer_size(&socket, SOCKET_BUFFER_BYTES)?;
    Ok(socket)
}

/// Trusts the one certificate whose fingerprint the server printed.
#[derive(Debug)]
struct Pinned {
    fingerprint: [u8; 32],
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if fingerprint_of(end_entity) == self.fingerprint {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(rustls::CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::PeerIncompatible::Tls12NotOffered.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signed,
            &provider().signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_reads_back_in_every_usual_form() {
        let bytes: [u8; 32] = std::array::from_fn(|at| u8::try_from(at * 7).unwrap());
        let plain = show_fingerprint(&bytes);
        assert_eq!(parse_fingerprint(&plain).unwrap(), bytes);
        let colons: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        assert_eq!(parse_fingerprint(&colons.join(":")).unwrap(), bytes);
        assert_eq!(parse_fingerprint(&format!("sha256:{plain}")).unwrap(), bytes);
        assert!(parse_fingerprint(&plain[2..]).is_err());
        assert!(parse_fingerprint(&plain.replace('0', "g")).is_err());
    }
}
