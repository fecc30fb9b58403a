//! Reads the daemon's `/metrics`: what no client can see of it, such as how its own auditor judges
//! work conservation.

use anyhow::{Context, Result, bail};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The auditor's gauge: for how long a ticket and an agent who may have it have waited.
const GAUGE: &str = "relevo_work_conservation_violation_seconds";
/// Longest answer that is read, in bytes.
const ANSWER_BYTES: u64 = 16 * 1024 * 1024;
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(5);

/// The greatest value of the auditor's gauge; absent when the daemon does not export it.
///
/// # Errors
/// The daemon does not answer, or not with 200.
pub async fn work_conservation_seconds(http: SocketAddr) -> Result<Option<f64>> {
    Ok(greatest(&metrics(http).await?, GAUGE))
}

/// Everything that the daemon exports.
///
/// # Errors
/// The daemon does not answer, or not with 200.
pub async fn metrics(http: SocketAddr) -> Result<String> {
    tokio::time::timeout(ANSWER, get(http, "/metrics"))
        .await
        .context("/metrics took more than 5 s")?
}

/// The sum of all series of a name; 0 when there is none.
#[must_use]
pub fn sum(text: &str, name: &str) -> f64 {
    values(text, name).sum()
}

async fn get(http: SocketAddr, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(http).await.with_context(|| format!("http {http}"))?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {http}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES).read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").context("no HTTP answer")?;
    let status = head.split_whitespace().nth(1).unwrap_or_default();
    if status != "200" {
        bail!("{path} answers {status}");
    }
    Ok(body.to_owned())
}

fn greatest(text: &str, name: &str) -> Option<f64> {
    values(text, name).reduce(f64::max)
}

fn values<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = f64> + 'a {
    text.lines().filter_map(move |line| {
        let rest = line.strip_prefix(name)?;
        let value = match rest.strip_prefix('{') {
            Some(labels) => labels.rsplit_once('}')?.1,
            None => rest.strip_prefix(' ')?,
        };
        value.split_whitespace().next()?.parse::<f64>().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_value_of_a_gauge_is_found_with_and_without_labels() {
        let text = "# HELP g help\n# TYPE g gauge\ng 0\ng{shard=\"0\"} 0.25\ng{shard=\"}1\"} 1.5\n\
                    g_other 9\nh 7\n";
        assert_eq!(greatest(text, "g"), Some(1.5));
        assert_eq!(greatest(text, "h"), Some(7.0));
        assert_eq!(greatest(text, "i"), None);
        assert_eq!((sum(text, "g"), sum(text, "i")), (1.75, 0.0));
    }
}
