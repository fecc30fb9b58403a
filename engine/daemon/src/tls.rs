//! The daemon's certificate and its rustls configuration, built by hand: TLS 1.3 only, ring, no
//! 0-RTT, both ALPNs, and a resolver whose certificate can be replaced while connections live.

use crate::config::TlsFiles;
use crate::files;
use crate::keys::hex;
use arc_swap::ArcSwap;
use ring::{digest, hmac};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig};
use rustls::sign::CertifiedKey;
use rustls::{SignatureScheme, version};
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// ALPN of rkyv frames.
pub const ALPN_FRAMES: &[u8] = b"relevo/1";
/// ALPN of JSON lines.
pub const ALPN_JSON: &[u8] = b"relevo-json/1";

/// Folder of the development certificate in the data directory.
const FOLDER: &str = "tls";
/// Largest PEM file that is read.
const PEM_MIB_MAX: u64 = 1;

/// The certificate in use, replaceable by [`Tls::reload`]. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Tls {
    files: TlsFiles,
    resolver: Arc<Resolver>,
    /// A development certificate that is not on disk yet.
    made: Option<Arc<Made>>,
    reset_secret: ResetSecret,
}

/// A certificate that cannot be used: which file, why, and what would be right.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{} cannot be read: {error}; name a PEM file that this user may read", file.display())]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// There is no certificate in the file.
    #[error(
        "{} holds no certificate in PEM; it should begin with -----BEGIN CERTIFICATE-----",
        file.display()
    )]
    NoCertificate {
        /// Which.
        file: PathBuf,
    },
    /// There is no private key in the file.
    #[error(
        "{} holds no private key in PEM; it should begin with -----BEGIN PRIVATE KEY-----",
        file.display()
    )]
    NoKey {
        /// Which.
        file: PathBuf,
    },
    /// The key is of a kind that is not served.
    #[error("{} is no P-256 or Ed25519 key; make one of these", file.display())]
    KeyKind {
        /// Which.
        file: PathBuf,
    },
    /// Certificate and key belong to different pairs, or the certificate is damaged.
    #[error(
        "{} is not the key of the first certificate in {}; name the two files of one pair",
        key.display(), certificate.display()
    )]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// The development certificate cannot be made or stored.
    #[error("the development certificate {} cannot be made: {why}", file.display())]
    Development {
        /// Where it should stand.
        file: PathBuf,
        /// Why.
        why: String,
    },
}

impl TlsError {
    /// The file that it is about.
    #[must_use]
    pub fn file(&self) -> &Path {
        match self {
            Self::Unreadable { file, .. }
            | Self::NoCertificate { file }
            | Self::NoKey { file }
            | Self::KeyKind { file }
            | Self::Mismatch { key: file, .. }
            | Self::Development { file, .. } => file,
        }
    }
}

/// Reads a certificate chain and its key, and checks that they belong together.
///
/// # Errors
/// See [`TlsError`].
pub fn read_files(files: &TlsFiles) -> Result<CertifiedKey, TlsError> {
    parse(files, &read(&files.certificate)?, &read(&files.key)?)
}

impl Tls {
    /// Takes the configured files, or without any the development certificate of the data directory.
    /// When there is none it makes one, in memory: a start that fails leaves nothing on disk.
    ///
    /// # Errors
    /// See [`TlsError`].
    pub fn open(files: Option<&TlsFiles>, data_directory: &Path) -> Result<Self, TlsError> {
        let development = data_directory.join(FOLDER);
        let development = TlsFiles {
            certificate: development.join("development.crt"),
            key: development.join("development.key"),
        };
        let (files, made) = match files {
            Some(files) => (files.clone(), None),
            None if development.certificate.exists() => (development, None),
            None => {
                let made = Made::new(&development)?;
                (development, Some(Arc::new(made)))
            }
        };
        let (certificate, key) = match &made {
            Some(made) => (made.certificate.clone().into_bytes(), made.key.clone().into_bytes()),
            None => (read(&files.certificate)?, read(&files.key)?),
        };
        let pair = parse(&files, &certificate, &key)?;
        let resolver = Arc::new(Resolver(ArcSwap::from_pointee(pair)));
        Ok(Self { files, resolver, made, reset_secret: ResetSecret::of(&key) })
    }

    /// Stores the certificate that [`Tls::open`] made, if it made one. The data directory must
    /// exist. To be called before anybody can connect.
    ///
    /// # Errors
    /// It cannot be stored.
    pub fn keep(&self) -> Result<(), TlsError> {
        let Some(made) = &self.made else { return Ok(()) };
        made.store(&self.files).map_err(|error| TlsError::Development {
            file: self.files.certificate.clone(),
            why: error.to_string(),
        })
    }

    /// Reads the files again; connections that are open keep the certificate that they saw.
    ///
    /// # Errors
    /// See [`TlsError`]; the certificate in use stays.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.resolver.0.store(Arc::new(read_files(&self.files)?));
        Ok(())
    }

    /// SHA-256 of the server's own certificate in hexadecimal: what a client may pin.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let pair = self.resolver.0.load();
        let own = pair.cert.first().expect("a pair without a certificate is refused");
        hex(digest::digest(&digest::SHA256, own).as_ref())
    }

    /// A secret that lives as long as the key's file: what stateless resets are made
    /// from, so that a restarted daemon can tell clients of the one before it that their
    /// connections are gone, at their first packet and not at their idle timeout.
    #[must_use]
    pub fn reset_secret(&self) -> [u8; 32] {
        self.reset_secret.0
    }

    /// A configuration for QUIC that follows every later [`Tls::reload`].
    #[must_use]
    pub fn server_config(&self) -> ServerConfig {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&version::TLS13])
            .expect("ring has cipher suites of TLS 1.3")
            .with_no_client_auth()
            .with_cert_resolver(self.resolver.clone());
        // 0-RTT data can be replayed by anybody who saw it.
        config.max_early_data_size = 0;
        config.alpn_protocols = vec![ALPN_FRAMES.to_vec(), ALPN_JSON.to_vec()];
        config
    }
}

#[derive(Clone, Copy)]
struct ResetSecret([u8; 32]);

impl ResetSecret {
    fn of(key_file: &[u8]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key_file);
        let tag = hmac::sign(&key, b"relevo: stateless resets");
        Self(tag.as_ref().try_into().expect("a tag of HMAC-SHA-256 has 32 bytes"))
    }
}

impl fmt::Debug for ResetSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResetSecret").finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Resolver(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Resolver {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn parse(files: &TlsFiles, certificate: &[u8], key: &[u8]) -> Result<CertifiedKey, TlsError> {
    let file = &files.certificate;
    let chain: Result<Vec<_>, PemError> = CertificateDer::pem_slice_iter(certificate).collect();
    let chain = chain.ok().filter(|chain: &Vec<CertificateDer<'static>>| !chain.is_empty());
    let chain = chain.ok_or_else(|| TlsError::NoCertificate { file: file.clone() })?;
    let file = &files.key;
    let key =
        PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::NoKey { file: file.clone() })?;
    let key = provider().key_provider.load_private_key(key);
    let served = [SignatureScheme::ECDSA_NISTP256_SHA256, SignatureScheme::ED25519];
    let key = key.ok().filter(|key| key.choose_scheme(&served).is_some());
    let key = key.ok_or_else(|| TlsError::KeyKind { file: file.clone() })?;
    let pair = CertifiedKey::new(chain, key);
    match pair.keys_match() {
        Ok(()) => Ok(pair),
        Err(_) => Err(TlsError::Mismatch {
            certificate: files.certificate.clone(),
            key: files.key.clone(),
        }),
    }
}

fn read(file: &Path) -> Result<Vec<u8>, TlsError> {
    files::read(file, PEM_MIB_MAX)
        .map_err(|error| TlsError::Unreadable { file: file.to_owned(), error })
}

/// A development certificate and its key, PEM.
struct Made {
    certificate: String,
    key: String,
}

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Made(..)")
    }
}

impl Made {
    fn new(files: &TlsFiles) -> Result<Self, TlsError> {
        let names = ["localhost", "127.0.0.1", "::1"].map(String::from);
        let pair = rcgen::generate_simple_self_signed(names).map_err(|error| {
            TlsError::Development { file: files.certificate.clone(), why: error.to_string() }
        })?;
        Ok(Self { certificate: pair.cert.pem(), key: pair.signing_key.serialize_pem() })
    }

    /// The certificate is renamed into place last: where it is, its key is. Durably: a client that
    /// pinned it finds it again after a power cut too.
    fn store(&self, paths: &TlsFiles) -> io::Result<()> {
        if let Some(folder) = paths.key.parent() {
            match fs::DirBuilder::new().mode(0o700).create(folder) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                Ok(()) | Err(_) => {}
            }
            files::sync_names(folder)?;
        }
        files::replace(&paths.key, &self.key, 0o600)?;
        files::replace(&paths.certificate, &self.certificate, 0o644)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use tempfile::TempDir;

    fn folder() -> TempDir {
        tempfile::tempdir().unwrap()
    }

    fn written(folder: &Path, name: &str, text: &str) -> PathBuf {
        let file = folder.join(name);
        fs::write(&file, text).unwrap();
        file
    }

    fn pair(folder: &Path, name: &str, algorithm: &'static rcgen::SignatureAlgorithm) -> TlsFiles {
        let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
        let certificate = rcgen::CertificateParams::new(vec!["a.test".into()])
            .unwrap()
            .self_signed(&key)
            .unwrap();
        TlsFiles {
            certificate: written(folder, &format!("{name}.crt"), &certificate.pem()),
            key: written(folder, &format!("{name}.key"), &key.serialize_pem()),
        }
    }

    fn kept(data: &Path) -> Tls {
        let tls = Tls::open(None, data).unwrap();
        tls.keep().unwrap();
        tls
    }

    #[test]
    fn the_development_certificate_is_made_once_and_its_key_is_private() {
        let data = folder();
        let first = kept(data.path());
        let again = kept(data.path());
        assert_eq!(first.fingerprint(), again.fingerprint());
        assert_eq!(first.fingerprint().len(), 64);
        first.reload().unwrap();
        assert_eq!(first.fingerprint(), again.fingerprint());
        let mode =
            |name| fs::metadata(data.path().join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode("tls/development.key"), 0o600);
        assert_eq!(mode("tls"), 0o700);
        assert_ne!(first.fingerprint(), kept(folder().path()).fingerprint());
    }

    #[test]
    fn nothing_is_written_before_it_is_kept() {
        let data = folder();
        Tls::open(None, data.path()).unwrap();
        assert_eq!(fs::read_dir(data.path()).unwrap().count(), 0);
        let error = Tls::open(None, &data.path().join("none")).unwrap().keep().unwrap_err();
        assert!(error.to_string().contains("none/tls/development.crt cannot be made"), "{error}");
    }

    #[test]
    fn a_development_certificate_cut_short_is_made_anew_and_a_lost_key_is_said() {
        let data = folder();
        let first = kept(data.path()).fingerprint();
        fs::remove_file(data.path().join("tls/development.crt")).unwrap();
        let second = kept(data.path()).fingerprint();
        assert_ne!(first, second);
        fs::remove_file(data.path().join("tls/development.key")).unwrap();
        let error = Tls::open(None, data.path()).unwrap_err();
        assert!(error.to_string().contains("development.key cannot be read"), "{error}");
    }

    #[test]
    fn the_configuration_is_tls_13_without_early_data() {
        let data = folder();
        let config = Tls::open(None, data.path()).unwrap().server_config();
        assert_eq!(config.max_early_data_size, 0);
        assert_eq!(config.alpn_protocols, [b"relevo/1".to_vec(), b"relevo-json/1".to_vec()]);
        assert!(quinn::crypto::rustls::QuicServerConfig::try_from(config).is_ok());
    }

    #[test]
    fn p256_and_ed25519_are_served_and_p384_is_not() {
        let data = folder();
        for (name, algorithm, served) in [
            ("p256", &rcgen::PKCS_ECDSA_P256_SHA256, true),
            ("ed25519", &rcgen::PKCS_ED25519, true),
            ("p384", &rcgen::PKCS_ECDSA_P384_SHA384, false),
        ] {
            let opened = Tls::open(Some(&pair(data.path(), name, algorithm)), data.path());
            match opened {
                Ok(_) => assert!(served, "{name}"),
                Err(error) => {
                    assert!(!served, "{name}: {error}");
                    assert!(matches!(error, TlsError::KeyKind { .. }), "{error}");
                }
            }
        }
    }

    #[test]
    fn each_unusable_file_is_named_with_what_would_be_right() {
        let data = folder();
        let good = pair(data.path(), "good", &rcgen::PKCS_ECDSA_P256_SHA256);
        let other = pair(data.path(), "other", &rcgen::PKCS_ECDSA_P256_SHA256);
        let noise = written(data.path(), "noise.pem", "this is not PEM");
        let cases = [
            (data.path().join("none.pem"), good.key.clone(), "none.pem cannot be read"),
            (noise.clone(), good.key.clone(), "noise.pem holds no certificate in PEM"),
            (good.key.clone(), good.key.clone(), "good.key holds no certificate in PEM"),
            (good.certificate.clone(), noise, "noise.pem holds no private key in PEM"),
            (good.certificate.clone(), good.certificate, "good.crt holds no private key in PEM"),
            (other.certificate, good.key, "good.key is not the key of the first"),
        ];
        for (certificate, key, expected) in cases {
            let error = read_files(&TlsFiles { certificate, key }).unwrap_err().to_string();
            assert!(error.contains(expected), "{error:?} should say {expected:?}");
        }
    }

    #[test]
    fn a_reload_takes_new_files_and_keeps_the_old_certificate_when_they_are_bad() {
        let data = folder();
        let files = pair(data.path(), "server", &rcgen::PKCS_ECDSA_P256_SHA256);
        let tls = Tls::open(Some(&files), data.path()).unwrap();
        let first = tls.fingerprint();
        pair(data.path(), "server", &rcgen::PKCS_ED25519);
        tls.reload().unwrap();
        let second = tls.fingerprint();
        assert_ne!(first, second);
        fs::write(&files.key, "broken").unwrap();
        tls.reload().unwrap_err();
        assert_eq!(tls.fingerprint(), second);
    }
}
