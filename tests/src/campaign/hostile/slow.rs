//! Clients that take their time: a byte a second, before `hello` and in the middle of a frame.

use super::attack::{Order, crowd};
use super::tally::Tallying;
use super::wire::{self, Net};
use crate::harness::raw::{FRAMES, hello as hello_of};
use crate::harness::wait::let_pass;
use std::time::Duration;

/// Between two bytes.
const BETWEEN: Duration = Duration::from_secs(1);

/// `hello`, a byte a second, with a good key: the connection ends 3 s after its handshake.
pub(super) async fn hello(order: &Order, tallying: &Tallying) {
    let net = Net::new(order.target.quic, FRAMES);
    let hello = wire::bytes(&hello_of(&order.target.bot_key));
    let (of_round, tally) = (net.clone(), tallying.clone());
    crowd(order, move |_| {
        let (net, tallying, hello) = (of_round.clone(), tally.clone(), hello.clone());
        async move {
            tallying.connection();
            let connection = match net.connect().await {
                Ok(connection) => connection,
                Err(end) => return tallying.expect(&["refused"], end),
            };
            let Ok((mut send, _recv)) = connection.open_bi().await else {
                return tallying.expect(&[LATE], wire::ended(&connection).await);
            };
            for byte in &hello {
                tokio::select! {
                    ended = wire::ended(&connection) => return tallying.expect(&[LATE], ended),
                    () = let_pass(BETWEEN) => {}
                }
                if send.write_all(&[*byte]).await.is_ok() {
                    tallying.sent(0, 1);
                }
            }
            tallying.violation("a hello that took minutes was let in");
        }
    })
    .await;
    net.close().await;
}

/// What a connection without `hello` is told.
const LATE: &str = "closed: hello must come within 3 s";
