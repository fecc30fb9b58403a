//! The bare echo: every byte goes back. The measure of whether the bare relay is a strong limit.

use anyhow::Result;
use bytes::Bytes;

/// Serves one connection until it ends.
///
/// # Errors
/// The connection ended.
pub async fn session(connection: quinn::Connection) -> Result<()> {
    let (mut send, mut receive) = connection.accept_bi().await?;
    let mut chunks = [const { Bytes::new() }; 32];
    while let Some(count) = receive.read_chunks(&mut chunks).await? {
        send.write_all_chunks(&mut chunks[..count]).await?;
    }
    Ok(())
}
