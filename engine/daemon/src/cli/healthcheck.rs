//! `relevo healthcheck`: one HTTP request over plain TCP, for containers without curl.

use super::output;
use crate::exit::{Exit, Failure};
use clap::Args;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The daemon answers at once or is not well.
const PATIENCE: Duration = Duration::from_secs(3);
/// Longest answer that is read, in bytes: the reasons of not being ready are a few lines.
const ANSWER_BYTES_MAX: u64 = 16 * 1024;

#[derive(Debug, Args)]
pub(super) struct Healthcheck {
    /// HTTP address of the daemon
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9464")]
    http: SocketAddr,
}

impl Healthcheck {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let answer = self.ask().map_err(|error| {
            Failure::new(Exit::Unavailable, format!("{} does not answer: {error}", self.http))
        })?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.lines().next().unwrap_or_default();
        match status.split(' ').nth(1) {
            Some("200") => output::line("ready"),
            Some(code) => {
                let message = format!("not ready ({code}): {}", body.trim());
                Err(Failure::new(Exit::Failed, message))
            }
            None => {
                let message = format!("{} does not speak HTTP", self.http);
                Err(Failure::new(Exit::Unavailable, message))
            }
        }
    }

    fn ask(&self) -> io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&self.http, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let request =
            format!("GET /readyz HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.http);
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}
