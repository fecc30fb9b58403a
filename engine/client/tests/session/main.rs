//! The client against a fake server over real sockets: nothing lost, nothing twice, in order.

#![expect(clippy::unwrap_used, reason = "a test's own machinery fails the test when it fails")]

mod bounds;
mod fake;
mod keys;
mod lanes;
mod opening;
mod pages;
mod repeats;
mod resume;

use fake::{FakeServer, FakeSession};
use relevo_client::wire::ids::TicketId;
use relevo_client::{BotClient, ClientEvent, Connector, Events, Options};
use std::time::Duration;

/// Waits, but not for ever: what never comes fails the test instead of hanging it.
pub(crate) async fn come<T>(coming: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), coming).await.expect("it never came")
}

/// A bot's session with the given options, and the server's side of it.
pub(crate) async fn open(
    server: &FakeServer,
    options: Options,
) -> (BotClient, Events, FakeSession) {
    let connector = Connector::new();
    let (opened, session) = tokio::join!(connector.bot(options), server.welcome());
    let (client, events) = opened.unwrap();
    (client, events, session)
}

/// The next entries of any ticket, with all other events left out.
pub(crate) async fn take(events: &mut Events, count: usize) -> Vec<(TicketId, u32)> {
    let mut taken = Vec::new();
    while taken.len() < count {
        if let ClientEvent::Entry(entry) = come(events.next()).await.expect("the session goes on") {
            taken.push((entry.ticket, entry.number));
        }
    }
    taken
}

/// Waits for a particular event and gives back the entries before it.
pub(crate) async fn take_until(events: &mut Events, last: fn(&ClientEvent) -> bool) -> Vec<u32> {
    let mut taken = Vec::new();
    loop {
        let event = come(events.next()).await.expect("the session goes on");
        if last(&event) {
            return taken;
        }
        if let ClientEvent::Entry(entry) = event {
            taken.push(entry.number);
        }
    }
}

pub(crate) fn is_disconnected(event: &ClientEvent) -> bool {
    matches!(event, ClientEvent::Disconnected { .. })
}
