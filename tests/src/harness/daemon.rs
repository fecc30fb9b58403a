//! The daemon as a process: start, kill, signal, restart on the same directory and ports.

use super::config::Settings;
use super::wait::{PATIENCE, within};
use super::{binary, http};
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Instant;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

/// The exit code of an address that is taken.
const UNAVAILABLE: i32 = 69;

/// The line that `relevo serve` prints when it is ready.
#[derive(Debug, Clone, Deserialize)]
pub struct Ready {
    /// Where sessions connect.
    pub quic: SocketAddr,
    /// Where metrics are scraped.
    pub http: SocketAddr,
    /// SHA-256 of the certificate.
    pub fingerprint: String,
    /// The operator's key, on the first start.
    pub admin_key: Option<String>,
    /// What its memory never exceeds, by its own sum, in bytes.
    pub memory_bound_bytes: u64,
}

/// How the process ended.
#[derive(Debug)]
pub struct Ended {
    /// Its code; `None` for a signal.
    pub code: Option<i32>,
    /// What it wrote to standard output after (or without) its ready line.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

/// A daemon and its data directory. Dropping it kills the process and removes the directory.
#[derive(Debug)]
pub struct Daemon {
    settings: Settings,
    folder: TempDir,
    environment: Vec<(String, String)>,
    running: Option<Running>,
    starts: u32,
    ready: Ready,
}

#[derive(Debug)]
struct Running {
    child: Child,
    stdout: BufReader<tokio::process::ChildStdout>,
    log: PathBuf,
}

impl Daemon {
    /// Starts a daemon on an empty directory.
    ///
    /// # Panics
    /// It did not become ready.
    pub async fn start(settings: Settings) -> Self {
        Self::start_with(settings, |_, _| Vec::new()).await
    }

    /// Starts a daemon with variables in its environment, made for its disk and a folder beside it.
    ///
    /// # Panics
    /// It did not become ready.
    pub async fn start_with(
        settings: Settings,
        environment: impl FnOnce(&Path, &Path) -> Vec<(String, String)>,
    ) -> Self {
        let folder = tempfile::tempdir().expect("the system has a temporary folder");
        let environment = environment(&disk(folder.path()), folder.path());
        let (running, ready) =
            spawn(&settings, folder.path(), &environment, 0).await.unwrap_or_else(|ended| {
                panic!("the daemon did not become ready: {:?}\n{}", ended.code, ended.stderr)
            });
        let settings = Settings { listen: ready.quic, http: ready.http, ..settings };
        Self { settings, folder, environment, running: Some(running), starts: 1, ready }
    }

    /// What it printed when it was ready, the first time: the operator's key is among it.
    #[must_use]
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Its data directory.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        data(self.folder.path())
    }

    /// The folder in which the data directory is made, with nothing else in it.
    #[must_use]
    pub fn disk(&self) -> PathBuf {
        disk(self.folder.path())
    }

    /// Its configuration file.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        config(self.folder.path())
    }

    /// What the next start is configured with.
    pub fn settings(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// The number of the process.
    ///
    /// # Panics
    /// It is not running.
    #[must_use]
    pub fn pid(&self) -> u32 {
        let running = self.running.as_ref().expect("the daemon is running");
        running.child.id().expect("a process that was not waited for has a number")
    }

    /// Ends the process at once, as `kill -9`, and waits for it.
    pub async fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            // Both fail only when it has ended by itself, which is as good.
            let _ = running.child.start_kill();
            let _ = running.child.wait().await;
        }
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// It is not running.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("the number of a process is positive"), signal)
            .expect("an own child can be signalled");
    }

    /// Waits until the process has ended by itself.
    ///
    /// # Panics
    /// It is not running, or does not end.
    pub async fn ended(&mut self) -> Ended {
        let running = self.running.take().expect("the daemon is running");
        within("the daemon ends", running.ended()).await
    }

    /// SIGTERM, and waits for the end.
    ///
    /// # Panics
    /// It does not end.
    pub async fn stop(&mut self) -> Ended {
        self.signal(Signal::TERM);
        self.ended().await
    }

    /// Starts again on the same directory and ports; gives back the new line.
    ///
    /// # Panics
    /// It is running, or did not become ready.
    pub async fn restart(&mut self) -> Ready {
        let ready = self.try_restart().await;
        ready.unwrap_or_else(|ended| {
            panic!("the daemon did not become ready again: {:?}\n{}", ended.code, ended.stderr)
        })
    }

    /// Starts again; gives back how it ended when it did not become ready.
    ///
    /// # Errors
    /// It ended.
    ///
    /// # Panics
    /// It is running.
    pub async fn try_restart(&mut self) -> Result<Ready, Ended> {
        assert!(self.running.is_none(), "the daemon is running");
        let start = Instant::now();
        loop {
            let number = self.starts;
            self.starts += 1;
            match spawn(&self.settings, self.folder.path(), &self.environment, number).await {
                Ok((running, ready)) => {
                    self.running = Some(running);
                    return Ok(ready);
                }
                // Another process's client may hold the port for a moment: it was free for anybody.
                Err(ended) if ended.code == Some(UNAVAILABLE) && start.elapsed() < PATIENCE => {}
                Err(ended) => return Err(ended),
            }
        }
    }

    /// Has the process ended by itself?
    pub fn has_ended(&mut self) -> Option<ExitStatus> {
        let running = self.running.as_mut()?;
        running.child.try_wait().expect("an own child can be asked")
    }

    /// What the running process has logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        let running = self.running.as_ref();
        running.and_then(|running| fs::read_to_string(&running.log).ok()).unwrap_or_default()
    }

    /// GET of a path of the HTTP listener: status and body.
    ///
    /// # Errors
    /// The listener does not answer.
    pub async fn get(&self, path: &str) -> std::io::Result<(u16, String)> {
        http::get(self.ready.http, path).await
    }
}

impl Running {
    async fn ended(mut self) -> Ended {
        let status = self.child.wait().await.expect("an own child can be waited for");
        let mut stdout = String::new();
        self.stdout.read_to_string(&mut stdout).await.expect("standard output is text");
        let stderr = fs::read_to_string(&self.log).expect("the log was made at the start");
        Ended { code: status.code(), stdout, stderr }
    }
}

/// Runs `relevo` with these arguments to its end.
///
/// # Panics
/// It cannot be run, or does not end.
pub async fn run(arguments: &[&str]) -> Ended {
    let mut command = Command::new(binary::relevo());
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    for variable in ["RELEVO_SERVER", "RELEVO_FINGERPRINT", "RELEVO_KEY"] {
        command.env_remove(variable);
    }
    let output = within("the command ends", command.output()).await;
    let output = output.expect("the daemon's binary can be run");
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

async fn spawn(
    settings: &Settings,
    folder: &Path,
    environment: &[(String, String)],
    number: u32,
) -> Result<(Running, Ready), Ended> {
    let config = config(folder);
    fs::create_dir_all(disk(folder)).expect("the temporary folder can be written");
    fs::write(&config, settings.file(&data(folder))).expect("the temporary folder can be written");
    let log = folder.join(format!("log-{number}"));
    let stderr = File::create(&log).expect("the temporary folder can be written");
    let mut child = Command::new(binary::relevo())
        .arg("serve")
        .arg("-c")
        .arg(&config)
        .args(settings.accept_loss.map(|groups| format!("--accept-loss={groups}")))
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(stderr)
        .kill_on_drop(true)
        .spawn()
        .expect("the daemon's binary can be run");
    let stdout = child.stdout.take().expect("standard output is piped");
    let mut running = Running { child, stdout: BufReader::new(stdout), log };
    let mut line = String::new();
    let read = within("the daemon is ready or ends", running.stdout.read_line(&mut line)).await;
    read.expect("standard output is text");
    match serde_json::from_str(&line) {
        Ok(ready) => Ok((running, ready)),
        Err(_) => {
            let mut ended = within("the daemon ends", running.ended()).await;
            ended.stdout.insert_str(0, &line);
            Err(ended)
        }
    }
}

/// The part of the folder that is the daemon's disk: nothing else is in it.
fn disk(folder: &Path) -> PathBuf {
    folder.join("disk")
}

fn data(folder: &Path) -> PathBuf {
    disk(folder).join("data")
}

fn config(folder: &Path) -> PathBuf {
    folder.join("relevo.toml")
}
