//! The daemon under load: started here on a temporary directory, or running already.

use anyhow::{Context, Result, bail};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How long a daemon may take to say where it listens.
const START: Duration = Duration::from_secs(30);
/// How long a daemon may take to end.
const END: Duration = Duration::from_secs(30);
/// The tenant of a run that names none.
pub const TENANT: &str = "loadtest";
/// Name of the daemon's binary.
const BINARY: &str = "relevo";
/// Names of its configuration and of its data within its folder.
const CONFIG: &str = "relevo.toml";
const DATA: &str = "data";

/// Where the daemon is and how it is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// QUIC.
    pub quic: SocketAddr,
    /// `/metrics` and the rest; absent when it is not known.
    pub http: Option<SocketAddr>,
    /// SHA-256 of its certificate, in hexadecimal.
    pub fingerprint: String,
    /// Key of an operator.
    pub admin_key: String,
    /// The tenant of the run.
    pub tenant: String,
}

/// A daemon that was started here. Killed when dropped.
#[derive(Debug)]
pub struct Daemon {
    /// Where it is.
    pub target: Target,
    binary: PathBuf,
    /// What its configuration says beside the addresses.
    settings: String,
    child: Child,
    directory: TempDir,
}

/// What `serve` says of itself.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    quic: SocketAddr,
    http: Option<SocketAddr>,
    fingerprint: String,
    /// Only at its first start.
    admin_key: Option<String>,
}

impl Daemon {
    /// Starts a daemon on a temporary directory and free ports of loopback. `settings` are keys of
    /// the configuration's `[journal]`, and sections behind it; with none it has every default, so
    /// that what is measured is what runs.
    ///
    /// # Errors
    /// There is no binary, it ends at once, or it says nothing usable within 30 s; its own last
    /// words are in the error.
    pub async fn start(binary: Option<&Path>, settings: &str) -> Result<Self> {
        let binary = binary.map_or_else(beside, |path| {
            // It runs in another folder.
            path.canonicalize().with_context(|| format!("{}", path.display()))
        })?;
        let directory = tempfile::Builder::new().prefix("relevo-loadtest-").tempdir()?;
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        std::fs::write(directory.path().join(CONFIG), configuration(any, any, settings))?;
        let (child, said) = launch(&binary, directory.path()).await?;
        let Said { quic, http, fingerprint, admin_key } = said;
        let admin_key = admin_key.context("the daemon told no key")?;
        let tenant = TENANT.to_owned();
        let target = Target { quic, http, fingerprint, admin_key, tenant };
        Ok(Self { target, binary, settings: settings.to_owned(), child, directory })
    }

    /// Starts the daemon that has ended once more, on the same directory and addresses.
    ///
    /// # Errors
    /// As [`Daemon::start`]; or it is another one than before by its certificate.
    pub async fn start_again(&mut self) -> Result<()> {
        let Target { quic, http, fingerprint, .. } = &self.target;
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let text = configuration(*quic, http.unwrap_or(any), &self.settings);
        std::fs::write(self.directory.path().join(CONFIG), text)?;
        let (child, said) = launch(&self.binary, self.directory.path()).await?;
        if said.fingerprint != *fingerprint {
            bail!("the daemon has another certificate than before");
        }
        self.child = child;
        Ok(())
    }

    /// Its process; absent once it has ended.
    #[must_use]
    pub fn process(&self) -> Option<u32> {
        self.child.id()
    }

    /// Where its journal lies.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.directory.path().join(DATA)
    }

    /// Kills it as a crash does: SIGKILL.
    ///
    /// # Errors
    /// It cannot be killed.
    pub async fn kill(&mut self) -> Result<()> {
        self.child.kill().await.context("the daemon cannot be killed")
    }

    /// Resident memory in bytes and processor time in seconds, as far as the kernel tells.
    #[must_use]
    pub fn usage(&self) -> Option<crate::machine::Usage> {
        crate::machine::Usage::of(self.child.id()?)
    }

    /// Has the daemon ended by itself?
    pub fn has_ended(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok()??;
        Some(format!("the daemon ended ({status}): {}", last_words(self.directory.path())))
    }

    /// Ends it in good order.
    ///
    /// # Errors
    /// It does not end within 30 s, or not with 0.
    pub async fn stop(&mut self) -> Result<()> {
        let Some(id) = self.child.id() else { bail!("the daemon had ended before") };
        // The standard library sends no SIGTERM, and every system has `kill`.
        Command::new("kill").arg("-TERM").arg(id.to_string()).status().await?;
        let status = tokio::time::timeout(END, self.child.wait())
            .await
            .context("the daemon did not end within 30 s of SIGTERM")??;
        if !status.success() {
            bail!("the daemon ended with {status}: {}", last_words(self.directory.path()));
        }
        Ok(())
    }
}

fn beside() -> Result<PathBuf> {
    let own = std::env::current_exe().context("where this program lies")?;
    let binary = own.with_file_name(BINARY);
    if !binary.is_file() {
        bail!(
            "there is no {} (build it: cargo build --release -p relevo); or name one with --daemon \
             PATH, or a running daemon with --target",
            binary.display()
        );
    }
    Ok(binary)
}

/// Starts the process and waits until it says where it listens.
async fn launch(binary: &Path, directory: &Path) -> Result<(Child, Said)> {
    let log = std::fs::File::options().create(true).append(true).open(directory.join("log"))?;
    let mut child = Command::new(binary)
        .arg("serve")
        .arg("-c")
        .arg(directory.join(CONFIG))
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("{} cannot be started", binary.display()))?;
    let stdout = child.stdout.take().context("the daemon has no standard output")?;
    let mut lines = BufReader::new(stdout).lines();
    let said = tokio::time::timeout(START, async {
        while let Some(line) = lines.next_line().await? {
            if let Some(said) = parse(&line) {
                return Ok(Some(said));
            }
        }
        Ok::<_, std::io::Error>(None)
    })
    .await;
    let said = match said {
        Ok(Ok(Some(said))) => said,
        Ok(Ok(None)) => bail!("the daemon ended at once: {}", last_words(directory)),
        Ok(Err(error)) => return Err(error).context("the daemon's standard output"),
        Err(_) => bail!("the daemon said nothing for 30 s: {}", last_words(directory)),
    };
    // What it says from now on is read and thrown away, so that its pipe never fills.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok((child, said))
}

fn configuration(quic: SocketAddr, http: SocketAddr, settings: &str) -> String {
    format!(
        "[server]\n\
         listen = \"{quic}\"\n\
         http = \"{http}\"\n\
         \n\
         [log]\n\
         level = \"warn\"\n\
         \n\
         [journal]\n\
         directory = \"{DATA}\"\n\
         {settings}"
    )
}

/// Reads the line in which `serve` says where it listens.
fn parse(line: &str) -> Option<Said> {
    let value: serde_json::Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
    Some(Said {
        quic: text("quic")?.parse().ok()?,
        http: text("http").and_then(|address| address.parse().ok()),
        fingerprint: text("fingerprint")?,
        admin_key: text("admin_key"),
    })
}

fn last_words(directory: &Path) -> String {
    let log = std::fs::read_to_string(directory.join("log")).unwrap_or_default();
    let lines: Vec<&str> = log.lines().rev().take(5).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_serve_is_read_and_others_are_not() {
        let line = r#"{"quic":"127.0.0.1:7443","http":"127.0.0.1:9464","fingerprint":"ab","admin_key":"k","more":1}"#;
        let said = parse(line).unwrap();
        assert_eq!(said.quic.port(), 7443);
        assert_eq!(said.http.unwrap().port(), 9464);
        assert_eq!((said.fingerprint.as_str(), said.admin_key.as_deref()), ("ab", Some("k")));
        let again = parse(r#"{"quic":"127.0.0.1:7443","fingerprint":"ab"}"#).unwrap();
        assert_eq!((again.http, again.admin_key), (None, None));
        for other in ["", "ready", "{}", r#"{"quic":"nowhere","fingerprint":"","admin_key":""}"#] {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
