use crate::fake::{FakeServer, ticket};
use crate::{is_disconnected, open, take, take_until};
use relevo_client::wire::answer::{Answer, Done};
use relevo_client::wire::command::{Command, Receipt};
use relevo_client::wire::error::{ErrorCode, WireError};
use relevo_client::wire::ids::RequestId;
use relevo_client::{Options, Receipts};

fn left(contact: &str) -> Command {
    Command::CustomerLeft(relevo_client::wire::command::CustomerLeft { contact: contact.into() })
}

#[tokio::test]
async fn an_overloaded_lane_is_replaced_and_repeats_in_order_on_the_same_connection() {
    let server = FakeServer::start();
    let (client, mut events, mut session) = open(&server, server.options()).await;
    let mut pending = Vec::new();
    for contact in ["a", "b", "c"] {
        pending.push(client.request_start(left(contact), None).await.unwrap());
    }
    let mut lane = session.lane().await;
    let first = lane.request().await;
    let second = lane.request().await;
    lane.answer(first.request_id, Answer::Done(Done {})).await;
    assert!(pending.remove(0).await.is_ok());
    lane.overloaded();

    let mut lane = session.lane().await;
    assert_eq!(lane.request().await, second);
    let third = lane.request().await;
    assert_eq!(third.command, left("c"));
    lane.answer(second.request_id, Answer::Done(Done {})).await;
    // The other way to close a lane: an error that answers no request, then the end.
    let error = WireError::new(ErrorCode::Overloaded, "no budget for 250 ms");
    lane.answer(RequestId(0), Answer::Error(error)).await;
    lane.send.finish().unwrap();

    let mut lane = session.lane().await;
    assert_eq!(lane.request().await, third);
    lane.answer(third.request_id, Answer::Done(Done {})).await;
    for pending in pending {
        assert!(pending.await.is_ok());
    }
    session.entries(ticket(1), &[1]).await;
    assert_eq!(take(&mut events, 1).await, [(ticket(1), 1)], "pushes go on all the while");
}

#[tokio::test]
async fn receipts_lost_with_an_overloaded_lane_are_told_again() {
    let server = FakeServer::start();
    let options = Options { receipts: Receipts::default(), ..server.options() };
    let (client, mut events, mut session) = open(&server, options).await;
    session.entries(ticket(1), &[1]).await;
    session.entries(ticket(2), &[1]).await;
    take(&mut events, 1).await;
    let mut lane = session.lane().await;
    assert_eq!(lane.request().await.command, receipt(1));
    // Answered on this lane: what was written before it was read.
    let read = client.request_start(left("a"), None).await.expect("open");
    let first = lane.request().await;
    lane.answer(first.request_id, Answer::Done(Done {})).await;
    assert!(read.await.is_ok());
    take(&mut events, 1).await;
    assert_eq!(lane.request().await.command, receipt(2));
    let pending = client.request_start(left("b"), None).await.expect("open");
    let request = lane.request().await;
    lane.overloaded();

    let mut lane = session.lane().await;
    assert_eq!(lane.request().await, request);
    assert_eq!(lane.request().await.command, receipt(2));
    lane.answer(request.request_id, Answer::Done(Done {})).await;
    assert!(pending.await.is_ok());
    let last = client.request_start(left("c"), None).await.expect("open");
    assert_eq!(lane.request().await.command, left("c"), "no further receipt");
    drop(last);
}

fn receipt(id: u128) -> Command {
    Command::Receipt(Receipt { ticket: ticket(id), delivered: 1, read: 0 })
}

#[tokio::test]
async fn a_lane_closed_for_another_reason_ends_the_connection() {
    let server = FakeServer::start();
    let (client, mut events, session) = open(&server, server.options()).await;
    let _pending = client.request_start(left("a"), None).await.unwrap();
    let mut lane = session.lane().await;
    let request = lane.request().await;
    let error = WireError::new(ErrorCode::Malformed, "what is this?");
    lane.answer(RequestId(0), Answer::Error(error)).await;
    lane.send.finish().unwrap();
    take_until(&mut events, is_disconnected).await;
    let session = server.welcome().await;
    assert_eq!(session.lane().await.request().await, request);
}

#[tokio::test]
async fn a_late_answer_to_what_was_repeated_is_left_out() {
    let server = FakeServer::start();
    let (client, _events, session) = open(&server, server.options()).await;
    let pending = client.request_start(left("a"), None).await.unwrap();
    let mut lane = session.lane().await;
    let request = lane.request().await;
    for _ in 0..3 {
        lane.answer(request.request_id, Answer::Done(Done {})).await;
    }
    assert!(pending.await.is_ok());
    let pending = client.request_start(left("b"), None).await.unwrap();
    let request = lane.request().await;
    lane.answer(request.request_id, Answer::Done(Done {})).await;
    assert!(pending.await.is_ok());
}
