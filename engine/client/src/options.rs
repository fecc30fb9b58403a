//! What a session is opened with.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

/// What a session is opened with.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the daemon listens.
    pub server: SocketAddr,
    /// The name that its certificate is checked against; no matter with [`Trust::Fingerprint`].
    pub server_name: String,
    /// Which certificate is believed.
    pub trust: Trust,
    /// The credential.
    pub key: String,
    /// Name and version of the program, for the daemon's log.
    pub client: String,
    /// What a lost connection leads to.
    pub reconnect: Reconnect,
    /// Who tells the daemon that entries have arrived.
    pub receipts: Receipts,
    /// The connection counts as lost after so long without a packet.
    pub idle_timeout: Duration,
    /// An idle connection sends a packet this often.
    pub keep_alive_interval: Duration,
    /// An attempt to connect, `welcome` included, may take this long.
    pub connect_timeout: Duration,
}

/// Which certificate is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// The one with this SHA-256: what `relevo serve` prints.
    Fingerprint([u8; 32]),
    /// Those that these certificates signed.
    Roots(Vec<CertificateDer<'static>>),
}

/// What a lost connection leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reconnect {
    /// The session ends; what was unanswered fails.
    Never,
    /// Attempts with full jitter: each waits a random time of up to `base` doubled with every
    /// failure, at most `cap`, and longer where the server asks for it. They end with the first that
    /// succeeds, or is refused for good: the key is none any more, or of another role.
    FullJitter {
        /// Longest wait before the first attempt.
        base: Duration,
        /// Longest wait before any attempt.
        cap: Duration,
    },
}

/// Who tells the daemon that entries have arrived. It keeps an entry until it knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipts {
    /// The client: of every entry that [`crate::Events::next`] gave out, coalesced.
    Automatic {
        /// At most this long after the entry.
        interval: Duration,
        /// Or once so many entries were given out.
        entries: u32,
    },
    /// The program, with `receipt`, when it has done what an entry asks: what it has not confirmed comes
    /// again to the next session.
    Manual,
}

impl Default for Reconnect {
    fn default() -> Self {
        Self::FullJitter { base: Duration::from_millis(100), cap: Duration::from_secs(10) }
    }
}

impl Default for Receipts {
    fn default() -> Self {
        Self::Automatic { interval: Duration::from_millis(50), entries: 64 }
    }
}

impl Options {
    /// Options of a bot: idle 30 s, keep-alive 10 s, every other default.
    #[must_use]
    pub fn bot(server: SocketAddr, trust: Trust, key: impl Into<String>) -> Self {
        Self {
            idle_timeout: Duration::from_secs(30),
            keep_alive_interval: Duration::from_secs(10),
            ..Self::agent(server, trust, key)
        }
    }

    /// Options of an agent or an admin: idle 15 s, keep-alive 5 s, every other default.
    #[must_use]
    pub fn agent(server: SocketAddr, trust: Trust, key: impl Into<String>) -> Self {
        Self {
            server,
            server_name: "localhost".into(),
            trust,
            key: key.into(),
            client: concat!("relevo-client/", env!("CARGO_PKG_VERSION")).into(),
            reconnect: Reconnect::default(),
            receipts: Receipts::default(),
            idle_timeout: Duration::from_secs(15),
            keep_alive_interval: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
        }
    }
}

/// The text is no SHA-256 in hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint is the SHA-256 of the certificate: 64 hexadecimal digits, colons allowed")]
pub struct InvalidFingerprint;

impl Trust {
    /// Reads a fingerprint as `relevo serve` prints it.
    ///
    /// # Errors
    /// The text is not 64 hexadecimal digits, with or without colons.
    pub fn fingerprint(text: &str) -> Result<Self, InvalidFingerprint> {
        let digits: Vec<u8> = text
            .trim()
            .chars()
            .filter(|c| *c != ':')
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<_>>()
            .ok_or(InvalidFingerprint)?;
        let bytes: Vec<u8> =
            digits.chunks(2).map(|pair| pair[0] << 4 | pair[pair.len() - 1]).collect();
        if digits.len() != 64 {
            return Err(InvalidFingerprint);
        }
        bytes.try_into().map(Self::Fingerprint).map_err(|_| InvalidFingerprint)
    }

    /// Believes what the certificates of a PEM file signed, or the file's own certificate.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else than certificates.
    pub fn certificate_file(path: impl AsRef<Path>) -> Result<Self, rustls::pki_types::pem::Error> {
        CertificateDer::pem_file_iter(path)?.collect::<Result<_, _>>().map(Self::Roots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_reads_with_and_without_colons_and_refuses_the_rest() {
        let plain = "00ff".repeat(16);
        let colons = vec!["00:FF"; 16].join(":");
        let mut bytes = [0; 32];
        bytes.iter_mut().skip(1).step_by(2).for_each(|byte| *byte = 0xff);
        assert_eq!(Trust::fingerprint(&plain), Ok(Trust::Fingerprint(bytes)));
        assert_eq!(Trust::fingerprint(&format!(" {colons}\n")), Ok(Trust::Fingerprint(bytes)));
        for wrong in ["", "00", &plain[1..], &format!("{plain}00"), &plain.replace('f', "g")] {
            assert_eq!(Trust::fingerprint(wrong), Err(InvalidFingerprint), "{wrong}");
        }
    }
}
