//! Attacks on the handshake: begun and left, thousands at once, of a protocol that nobody speaks.

use super::attack::{Order, crowd};
use super::driven::Driven;
use super::tally::Tallying;
use super::wire::{self, LATE, Net, OUSTED, TURNED_AWAY};
use crate::harness::raw::FRAMES;

/// Handshakes that one round begins and leaves.
const LEFT: usize = 64;

/// First packets, and silence: of one half a retry is answered first. Their handshakes end after
/// 10 s, or when newer ones come.
pub(super) async fn half_open(order: &Order, tallying: &Tallying) {
    let (server, tally) = (order.target.quic, tallying.clone());
    crowd(order, move |number| {
        let tallying = tally.clone();
        async move {
            // Sockets stay open to the end of the round: nothing tells the daemon that nobody listens.
            let mut left = Vec::new();
            for at in 0..LEFT {
                let begun = async {
                    let mut driven = Driven::new(server, FRAMES).await?;
                    tallying.connection();
                    tallying.sent(1, driven.send_all().await?);
                    let answered = driven.receive().await?;
                    tallying.answer(if answered { "a first answer" } else { "nothing" });
                    if (number + at) % 2 == 0 {
                        // Only a retry makes it send again without being acknowledged.
                        tallying.sent(1, driven.send_all().await?);
                    }
                    Ok::<_, std::io::Error>(driven)
                };
                match begun.await {
                    Ok(driven) => left.push(driven),
                    Err(error) => tallying.violation(format!("no socket: {error}")),
                }
            }
        }
    })
    .await;
}

/// As many connections at once as the order says, none of which says hello.
pub(super) async fn many(order: &Order, tallying: &Tallying) {
    let net = Net::new(order.target.quic, FRAMES);
    let (of_round, tally) = (net.clone(), tallying.clone());
    crowd(order, move |_| {
        let (net, tallying) = (of_round.clone(), tally.clone());
        async move {
            tallying.connection();
            let end = match net.connect().await {
                Ok(connection) => wire::ended(&connection).await,
                Err(end) => end,
            };
            tallying.expect(&[&[LATE, OUSTED], &TURNED_AWAY[..]].concat(), end);
        }
    })
    .await;
    net.close().await;
}

/// Connections of another protocol: TLS says that there is none.
pub(super) async fn wrong_protocol(order: &Order, tallying: &Tallying) {
    /// The alert `no_application_protocol`.
    const ALERT: u8 = 120;
    let expected = format!("transport: {}", quinn::TransportErrorCode::crypto(ALERT));
    let net = Net::new(order.target.quic, b"h3");
    let (of_round, tally) = (net.clone(), tallying.clone());
    crowd(order, move |_| {
        let (net, tallying, expected) = (of_round.clone(), tally.clone(), expected.clone());
        async move {
            tallying.connection();
            let end = net.connect().await.map_or_else(|end| end, |_| "connected".into());
            tallying.expect(&[&[expected.as_str()], &TURNED_AWAY[..]].concat(), end);
        }
    })
    .await;
    net.close().await;
}
