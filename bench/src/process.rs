//! Servers as processes of their own: what is measured never shares an address space, an allocator
//! or a runtime with the driver.

use crate::bare::{Bare, Listening};
use crate::transport::{self, Target};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Ports and data directory of a daemon that is measured; everything else as it comes.
const CONFIG: &str = r#"[server]
listen = "127.0.0.1:0"
http = "127.0.0.1:0"

[journal]
directory = "data"
"#;

/// The line that `relevo serve` prints when it listens.
#[derive(Debug, Deserialize)]
pub struct Relevo {
    /// Where it takes sessions.
    pub quic: SocketAddr,
    /// Where it shows metrics.
    pub http: SocketAddr,
    /// SHA-256 of its certificate.
    pub fingerprint: String,
    /// The operator's first key.
    pub admin_key: String,
}

/// A running server; it ends with this value.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// How it is reached.
    pub target: Target,
}

impl Server {
    /// Starts a bare server with so many worker threads; a log is made in `directory`.
    ///
    /// # Errors
    /// It did not start or printed no address.
    pub fn bare(bare: Bare, threads: usize, directory: &Path) -> Result<Self> {
        let program = std::env::current_exe().context("cannot find this program")?;
        let mut command = Command::new(program);
        command.args(["bare", bare.name(), "--threads", &threads.to_string(), "--directory"]);
        command.arg(directory);
        let (child, line) = start(command)?;
        let listening: Listening =
            serde_json::from_str(&line).with_context(|| format!("no address in `{line}`"))?;
        let target = Target {
            address: listening.address.parse()?,
            fingerprint: transport::parse_fingerprint(&listening.fingerprint)?,
        };
        Ok(Self { child, target })
    }

    /// Starts Relevo on an empty `directory` of its own, on free ports of the loopback, with
    /// `limits` as the lines of that section.
    ///
    /// # Errors
    /// It did not start or did not say where it listens.
    pub fn relevo(program: &Path, directory: &Path, limits: &str) -> Result<(Self, Relevo)> {
        let file = directory.join("relevo.toml");
        std::fs::write(&file, format!("{CONFIG}\n[limits]\n{limits}\n"))
            .with_context(|| format!("cannot write {}", file.display()))?;
        let mut command = Command::new(program);
        command.arg("serve").arg("-c").arg(&file);
        let log = File::create(directory.join("relevo.log"))?;
        command.stderr(log);
        let (child, line) = start(command)?;
        let relevo: Relevo =
            serde_json::from_str(&line).with_context(|| format!("not understood: `{line}`"))?;
        let target = Target {
            address: relevo.quic,
            fingerprint: transport::parse_fingerprint(&relevo.fingerprint)?,
        };
        Ok((Self { child, target }, relevo))
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

/// Processor time that a process has used so far, all threads, in seconds (to 10 ms).
///
/// # Errors
/// There is no such process.
pub fn processor_seconds(id: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))
        .with_context(|| format!("no process {id}"))?;
    // The name in brackets may hold anything: the fields behind it are numbers.
    let (_, fields) = stat.rsplit_once(')').context("no name in /proc/PID/stat")?;
    let mut times = fields.split_whitespace().skip(11);
    let mut next = || times.next().and_then(|field| field.parse::<f64>().ok());
    let (user, system) = next().zip(next()).context("no times in /proc/PID/stat")?;
    Ok((user + system) / rustix::param::clock_ticks_per_second() as f64)
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing left to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a server and gives it with the first line that it prints. Its standard input stays open as
/// long as this process lives.
pub(crate) fn start(mut command: Command) -> Result<(Child, String)> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {:?}", command.get_program()))?;
    let out = child.stdout.take().expect("its output is piped");
    let mut out = BufReader::new(out);
    let mut line = String::new();
    let read = out.read_line(&mut line);
    // Whatever it prints later must not block it.
    std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
    if let Err(error) = checked(read, &line) {
        let _ = child.kill();
        let _ = child.wait();
        return Err(error.context(format!("{:?} did not start", command.get_program())));
    }
    Ok((child, line))
}

fn checked(read: std::io::Result<usize>, line: &str) -> Result<()> {
    read.context("cannot read what it prints")?;
    ensure!(line.ends_with('\n'), "it ended before it printed where it listens");
    Ok(())
}
