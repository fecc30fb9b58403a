//! Clients that take their time: a byte a second, before `hello` and in the middle of a frame.

use super::attack::{Order, crowd};
use super::streams::session;
use super::tally::Tallying;
use super::wire::{self, Answers, LATE, NO_SESSION, Net, OUSTED, TURNED_AWAY};
use crate::harness::raw::{FRAMES, hello as hello_of};
use crate::harness::wait::let_pass;
use relevo_wire::frame::{VERSION, kind};
use relevo_wire::limits;
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
                Err(end) => return tallying.expect(&TURNED_AWAY, end),
            };
            let Ok((mut send, _recv)) = connection.open_bi().await else {
                return tallying.expect(&[LATE, OUSTED, "reset"], wire::ended(&connection).await);
            };
            for byte in &hello {
                tokio::select! {
                    ended = wire::ended(&connection) => return tallying.expect(&[LATE, OUSTED, "reset"], ended),
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

/// The head of a large frame, and then a byte a second: the lane ends 30 s after the frame began.
pub(super) async fn frame(order: &Order, tallying: &Tallying) {
    let mut head = (limits::FRAME_BYTES as u32).to_le_bytes().to_vec();
    head.extend(kind::SEND.to_le_bytes());
    head.extend(VERSION.to_le_bytes());
    let net = Net::new(order.target.quic, FRAMES);
    let (of_round, tally, key) = (net.clone(), tallying.clone(), order.target.bot_key.clone());
    crowd(order, move |_| {
        let (net, tallying, key, head) =
            (of_round.clone(), tally.clone(), key.clone(), head.clone());
        async move {
            let (connection, _first, _answers) = match session(&net, &key, &tallying).await {
                Ok(opened) => opened,
                Err(end) => return tallying.expect(&NO_SESSION, end),
            };
            let Ok((mut lane, recv)) = connection.open_bi().await else {
                return tallying.violation("no second lane");
            };
            let mut answers = Answers::new(recv);
            let written = lane.write_all(&head).await;
            tallying.sent(1, head.len());
            let trickle = async {
                while written.is_ok() {
                    let_pass(BETWEEN).await;
                    if lane.write_all(&[0]).await.is_err() {
                        break;
                    }
                    tallying.sent(0, 1);
                }
                // The lane is over: its answer is on its way.
                std::future::pending::<()>().await;
            };
            tokio::select! {
                name = answers.name() => tallying.expect(&["limit_exceeded"], name),
                () = trickle => {}
            }
            connection.close(0u32.into(), b"");
        }
    })
    .await;
    net.close().await;
}
