//! The daemon under load: started here on a temporary directory, or running already.

use anyhow::{Context, Result, bail};
use std::net::SocketAddr;
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
/// Name of the daemon's binary.
const BINARY: &str = "relevo";

/// Where the daemon is and how it is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// QUIC.
    pub quic: SocketAddr,
    /// `/metrics` and the rest; absent when it is not known.
    pub http: Option<SocketAddr>,
    /// SHA-256 of its certificate, in hexadecimal.
    pub fingerprint: String,
    /// Key of an admin or operator.
    pub admin_key: String,
}

/// A daemon that was started here. Killed when dropped.
#[derive(Debug)]
pub struct Daemon {
    /// Where it is.
    pub target: Target,
    child: Child,
    directory: TempDir,
}

impl Daemon {
    /// Starts a daemon on a temporary directory and free ports of loopback.
    ///
    /// # Errors
    /// There is no binary, it ends at once, or it says nothing usable within 30 s; its own last
    /// words are in the error.
    pub async fn start(binary: Option<&Path>) -> Result<Self> {
        let binary = binary.map_or_else(beside, |path| {
            // It runs in another folder.
            path.canonicalize().with_context(|| format!("{}", path.display()))
        })?;
        let directory = tempfile::Builder::new().prefix("relevo-loadtest-").tempdir()?;
        let config = directory.path().join("relevo.toml");
        std::fs::write(&config, configuration())?;
        let log = std::fs::File::create(directory.path().join("log"))?;
        let mut child = Command::new(&binary)
            .arg("serve")
            .arg("-c")
            .arg(&config)
            .current_dir(directory.path())
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
                if let Some(target) = parse(&line) {
                    return Ok(Some(target));
                }
            }
            Ok::<_, std::io::Error>(None)
        })
        .await;
        let target = match said {
            Ok(Ok(Some(target))) => target,
            Ok(Ok(None)) => bail!("the daemon ended at once: {}", last_words(directory.path())),
            Ok(Err(error)) => return Err(error).context("the daemon's standard output"),
            Err(_) => bail!("the daemon said nothing for 30 s: {}", last_words(directory.path())),
        };
        // What it says from now on is read and thrown away, so that its pipe never fills.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { target, child, directory })
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
    pub async fn stop(mut self) -> Result<()> {
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

/// Everything else is the daemon's default: what is measured is what runs.
fn configuration() -> &'static str {
    "[server]\n\
     listen = \"127.0.0.1:0\"\n\
     http = \"127.0.0.1:0\"\n\
     \n\
     [journal]\n\
     directory = \"data\"\n\
     \n\
     [log]\n\
     level = \"warn\"\n"
}

/// Reads the line in which `serve` says where it listens.
fn parse(line: &str) -> Option<Target> {
    let value: serde_json::Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
    Some(Target {
        quic: text("quic")?.parse().ok()?,
        http: text("http").and_then(|address| address.parse().ok()),
        fingerprint: text("fingerprint")?,
        admin_key: text("admin_key")?,
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
        let target = parse(line).unwrap();
        assert_eq!(target.quic.port(), 7443);
        assert_eq!(target.http.unwrap().port(), 9464);
        assert_eq!((target.fingerprint.as_str(), target.admin_key.as_str()), ("ab", "k"));
        for other in ["", "ready", "{}", r#"{"quic":"nowhere","fingerprint":"","admin_key":""}"#] {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
