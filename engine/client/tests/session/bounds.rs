use crate::fake::{FakeLane, FakeServer, FakeSession, entry, summary, ticket};
use crate::{come, is_disconnected, open, take, take_until};
use relevo_client::wire::answer::{Answer, Done};
use relevo_client::wire::command::{Command, Receipt};
use relevo_client::wire::ids::RequestId;
use relevo_client::wire::push::{Entry, EntryEvent, Message, Push};
use relevo_client::wire::vocabulary::{Author, Body, Role};
use relevo_client::wire::{Packed, TicketId};
use relevo_client::{BotClient, ClientEvent, Options, Receipts};
use std::collections::BTreeMap;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

fn left() -> Command {
    Command::CustomerLeft(relevo_client::wire::command::CustomerLeft { contact: "c".into() })
}

#[tokio::test]
async fn a_caller_waits_while_1024_requests_are_unanswered() {
    let server = FakeServer::start();
    let (client, _events, session) = open(&server, server.options()).await;
    let mut pending = Vec::new();
    for _ in 0..1024 {
        pending.push(client.request_start(left(), None).await.unwrap());
    }
    // A task that has done much is made to wait by tokio as well: start afresh.
    tokio::task::yield_now().await;
    let mut one_more = pin!(client.request_start(left(), None));
    let mut context = Context::from_waker(Waker::noop());
    assert!(matches!(one_more.as_mut().poll(&mut context), Poll::Pending));
    let mut lane = session.lane().await;
    let first = lane.request().await;
    lane.answer(first.request_id, Answer::Done(Done {})).await;
    let last = come(one_more).await.unwrap();
    for _ in 1..1024 {
        lane.request().await;
    }
    let request = lane.request().await;
    lane.answer(request.request_id, Answer::Done(Done {})).await;
    assert!(come(last).await.is_ok());
}

/// An entry of about 1 KiB.
fn large(number: u32) -> Push {
    let body = Packed::new(&Body::text("x".repeat(1000)));
    let event = EntryEvent::Message(Message { author: Author::Customer, agent: None, body });
    Push::Entry(Entry { ticket: ticket(1), number, at: 0, event })
}

#[tokio::test]
async fn a_program_that_takes_no_events_slows_the_server_and_still_gets_its_answers() {
    const ENTRIES: u32 = 5000;
    let server = FakeServer::start();
    let (client, mut events, mut session) = open(&server, server.options()).await;
    let connection = session.connection.clone();
    let (written, mut progress) = tokio::sync::watch::channel(0);
    let pushing = tokio::spawn(async move {
        for number in 1..=ENTRIES {
            session.pushes.push(large(number)).await;
            written.send_replace(number);
        }
        session
    });
    progress.wait_for(|number| *number >= 400).await.unwrap();
    let left = client.clone();
    let asking = tokio::spawn(async move { left.customer_left("c").await });
    let (id, mut lane) = lane_of(&connection).await;
    lane.answer(id, Answer::Done(Done {})).await;
    assert_eq!(come(asking).await.unwrap(), Ok(()));
    // Until the server comes no further: windows and events are full.
    let mut before = 0;
    while before < *progress.borrow() {
        before = *progress.borrow();
        assert!(before < ENTRIES, "everything was taken");
        for _ in 0..100 {
            let left = client.clone();
            let asking = tokio::spawn(async move { left.customer_left("c").await });
            let id = lane.request().await.request_id;
            lane.answer(id, Answer::Done(Done {})).await;
            assert_eq!(come(asking).await.unwrap(), Ok(()));
        }
    }
    assert!(!pushing.is_finished());
    let taken = take(&mut events, ENTRIES as usize).await;
    assert!(taken.into_iter().map(|(_, number)| number).eq(1..=ENTRIES));
    pushing.await.unwrap();
}

async fn lane_of(connection: &quinn::Connection) -> (RequestId, FakeLane) {
    let mut lane = FakeLane::new(connection.accept_bi().await.unwrap());
    (lane.request().await.request_id, lane)
}

#[tokio::test]
async fn a_program_that_takes_no_events_gets_its_answers_from_the_next_connection() {
    // One less than there is room for, with the snapshot.
    const QUEUED: u32 = 254;
    let server = FakeServer::start();
    let (client, mut events, mut session) = open(&server, server.options()).await;
    let numbers: Vec<u32> = (1..=300).collect();
    session.entries(ticket(1), &numbers[..QUEUED as usize]).await;
    let mut lane = all_read(&client, &mut session).await;
    let asking = tokio::spawn(async move { client.customer_left("c").await });
    let first = lane.request().await;
    for _ in 0..3 {
        session.lose();
        session = server.welcome().await;
        lane = session.lane().await;
        assert_eq!(lane.request().await, first);
    }
    lane.answer(first.request_id, Answer::Done(Done {})).await;
    assert_eq!(come(asking).await.expect("asked"), Ok(()));

    let taken = take_until(&mut events, is_disconnected).await;
    assert!(taken.into_iter().eq(1..=QUEUED));
    assert_eq!(come(events.next()).await, Some(ClientEvent::Reconnected), "three losses are one");
    assert!(matches!(come(events.next()).await, Some(ClientEvent::Snapshot(_))));
    session.entries(ticket(1), &numbers[QUEUED as usize..]).await;
    let rest = take(&mut events, 300 - QUEUED as usize).await;
    assert!(rest.into_iter().map(|(_, number)| number).eq(QUEUED + 1..=300));
}

/// Waits until the session has read all that was pushed to it; the lane of its commands.
async fn all_read(client: &BotClient, session: &mut FakeSession) -> FakeLane {
    let client = client.clone();
    let asking = tokio::spawn(async move { client.customer_left("c").await });
    let mut lane = session.lane().await;
    let id = lane.request().await.request_id;
    session.pushes.answer(id, Answer::Done(Done {})).await;
    assert_eq!(come(asking).await.expect("asked"), Ok(()));
    lane
}

/// Receipts until each ticket is confirmed up to its number; how many frames it took.
async fn receipts(lane: &mut FakeLane, wanted: &[(TicketId, u32)]) -> usize {
    let mut confirmed = BTreeMap::new();
    let mut frames = 0;
    while !wanted.iter().all(|(ticket, number)| confirmed.get(ticket) == Some(number)) {
        let Command::Receipt(Receipt { ticket, delivered, .. }) = lane.request().await.command
        else {
            panic!("only receipts")
        };
        assert!(confirmed.insert(ticket, delivered).is_none_or(|before| before < delivered));
        frames += 1;
    }
    frames
}

#[tokio::test]
async fn what_the_program_took_is_confirmed_in_few_frames_and_what_it_did_not_is_not() {
    let server = FakeServer::start();
    let receipts_of_64 = Receipts::Automatic { interval: Duration::from_secs(600), entries: 64 };
    let options = Options { receipts: receipts_of_64, ..server.options() };
    let (_client, mut events, mut session) = open(&server, options).await;
    let numbers: Vec<u32> = (1..=64).collect();
    session.entries(ticket(1), &numbers).await;
    session.entries(ticket(2), &[1]).await;
    for _ in 0..64 {
        take(&mut events, 1).await;
        // The session gets its turn after each, and has nothing to write before the last.
        tokio::task::yield_now().await;
    }
    let mut lane = session.lane().await;
    assert_eq!(receipts(&mut lane, &[(ticket(1), 64)]).await, 1);
    session.entries(ticket(3), &numbers[..63]).await;
    take(&mut events, 64).await;
    assert_eq!(receipts(&mut lane, &[(ticket(2), 1), (ticket(3), 63)]).await, 2);
}

fn automatic(server: &FakeServer) -> Options {
    Options { receipts: Receipts::default(), ..server.options() }
}

#[tokio::test]
async fn a_single_entry_is_confirmed_after_the_interval() {
    let server = FakeServer::start();
    let (_client, mut events, mut session) = open(&server, automatic(&server)).await;
    session.entries(ticket(1), &[1]).await;
    take(&mut events, 1).await;
    let mut lane = session.lane().await;
    assert_eq!(receipts(&mut lane, &[(ticket(1), 1)]).await, 1);
}

#[tokio::test]
async fn receipts_lost_with_a_connection_are_told_again() {
    let server = FakeServer::start();
    let (_client, mut events, mut session) = open(&server, automatic(&server)).await;
    session.entries(ticket(1), &[1, 2, 3]).await;
    take(&mut events, 3).await;
    let mut lane = session.lane().await;
    receipts(&mut lane, &[(ticket(1), 3)]).await;
    session.lose();
    let mut session = server.accept().await;
    session.welcome(Role::Bot, vec![summary(ticket(1), 1)]).await;
    take_until(&mut events, is_disconnected).await;
    let mut lane = session.lane().await;
    assert_eq!(receipts(&mut lane, &[(ticket(1), 3)]).await, 1);
}

#[tokio::test]
async fn what_was_not_taken_is_not_confirmed_by_a_new_connection() {
    let server = FakeServer::start();
    let (client, mut events, mut session) = open(&server, automatic(&server)).await;
    session.entries(ticket(1), &[1, 2, 3, 4, 5]).await;
    let _lane = all_read(&client, &mut session).await;
    take(&mut events, 2).await;
    session.lose();
    let mut session = server.accept().await;
    session.welcome(Role::Bot, vec![summary(ticket(1), 0)]).await;
    let mut lane = session.lane().await;
    let receipt = Receipt { ticket: ticket(1), delivered: 2, read: 0 };
    assert_eq!(lane.request().await.command, Command::Receipt(receipt));
    take(&mut events, 3).await;
    receipts(&mut lane, &[(ticket(1), 5)]).await;
}

#[tokio::test]
async fn nothing_is_confirmed_by_a_new_connection_once_the_events_are_dropped() {
    let server = FakeServer::start();
    let (client, events, mut session) = open(&server, automatic(&server)).await;
    session.entries(ticket(1), &[1, 2]).await;
    let _lane = all_read(&client, &mut session).await;
    drop(events);
    session.lose();
    let mut session = server.accept().await;
    session.welcome(Role::Bot, vec![summary(ticket(1), 0)]).await;
    let mut lane = all_read(&client, &mut session).await;
    // Closing writes every receipt that there is.
    let closing = tokio::spawn(async move { client.close().await });
    assert_eq!(lane.next_request().await, None);
    come(closing).await.expect("closed");
}

#[tokio::test]
async fn manual_receipts_say_what_the_program_says() {
    let server = FakeServer::start();
    let (client, mut events, mut session) = open(&server, server.options()).await;
    session.pushes.push(Push::Entry(entry(ticket(1), 1))).await;
    session.pushes.push(Push::Entry(entry(ticket(1), 2))).await;
    take(&mut events, 2).await;
    client.receipt(ticket(1), 1, 1);
    let request = session.lane().await.request().await;
    let receipt = Receipt { ticket: ticket(1), delivered: 1, read: 1 };
    assert_eq!(request.command, Command::Receipt(receipt));
}
