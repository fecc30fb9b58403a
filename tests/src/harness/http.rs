//! One HTTP request over plain TCP.

use super::wait::within;
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// GET: status and body.
///
/// # Errors
/// Nobody listens, or the answer is no HTTP.
pub async fn get(address: SocketAddr, path: &str) -> io::Result<(u16, String)> {
    within("the HTTP listener answers", ask(address, path)).await
}

async fn ask(address: SocketAddr, path: &str) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let answer = String::from_utf8(answer).map_err(|_| invalid("the answer is not text"))?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| invalid("no head"))?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| invalid("no status"))?;
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    Ok((status, if chunked { unchunked(body)? } else { body.to_owned() }))
}

fn unchunked(mut body: &str) -> io::Result<String> {
    let mut whole = String::new();
    loop {
        let (length, rest) = body.split_once("\r\n").ok_or_else(|| invalid("no chunk"))?;
        let length =
            usize::from_str_radix(length.trim(), 16).map_err(|_| invalid("no chunk length"))?;
        if length == 0 {
            return Ok(whole);
        }
        whole.push_str(rest.get(..length).ok_or_else(|| invalid("a chunk is cut"))?);
        body = rest.get(length + 2..).ok_or_else(|| invalid("a chunk has no end"))?;
    }
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
