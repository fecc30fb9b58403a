//! Reads single figures from the daemon's metrics: what a commit looks like under load.

use anyhow::{Context, Result};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Sum of all series of a metric at this moment.
///
/// # Errors
/// The daemon does not answer or has no such metric.
pub fn sum(address: SocketAddr, name: &str) -> Result<f64> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    find(&text, name).with_context(|| format!("{address} exports no {name}"))
}

fn find(text: &str, name: &str) -> Option<f64> {
    let values = text.lines().filter_map(|line| {
        let rest = line.strip_prefix(name)?;
        if !rest.starts_with([' ', '{']) {
            return None;
        }
        rest.rsplit(' ').next()?.parse::<f64>().ok()
    });
    values.fold(None, |sum: Option<f64>, value| Some(sum.unwrap_or(0.0) + value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_series_of_one_name_are_summed_and_no_other() {
        let text =
            "# HELP a_total help\na_total{x=\"1\"} 2\na_total{x=\"2 3\"} 3.5\na_total_b 7\nb 1\n";
        assert_eq!(find(text, "a_total"), Some(5.5));
        assert_eq!(find(text, "b"), Some(1.0));
        assert_eq!(find(text, "c"), None);
    }
}
