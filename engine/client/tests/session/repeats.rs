use crate::fake::{FakeServer, ticket};
use crate::{come, open};
use relevo_client::wire::Packed;
use relevo_client::wire::answer::{Answer, Done, Rejected, Sent};
use relevo_client::wire::command::{Command, HandOff};
use relevo_client::wire::error::{ErrorCode, WireError};
use relevo_client::wire::vocabulary::{Body, HandOffDetails, HandOffReason, Holder};
use relevo_client::{ClientError, HandOffAnswer, MessageOptions};

pub(crate) fn hand_off() -> HandOff {
    HandOff {
        queue: None,
        reason: HandOffReason::Requested,
        details: Packed::new(&HandOffDetails::default()),
        priority: None,
        preferred_agent: None,
        language: None,
        texts: None,
        position_updates: false,
        test: false,
        dry_run: false,
    }
}

fn rejected() -> Rejected {
    Rejected { reason: "no_agent".into(), text: "sorry".into(), opens_at: None }
}

#[tokio::test]
async fn answers_go_to_their_requests_in_any_order() {
    let server = FakeServer::start();
    let (client, _events, session) = open(&server, server.options()).await;
    let left = client.clone();
    let first = tokio::spawn(async move { left.customer_left("a").await });
    let mut lane = session.lane().await;
    let first_id = lane.request().await.request_id;
    let second = tokio::spawn(async move { client.hand_off(hand_off()).await });
    let second_id = lane.request().await.request_id;
    lane.answer(second_id, Answer::Rejected(rejected())).await;
    assert_eq!(second.await.unwrap(), Ok(HandOffAnswer::Rejected(rejected())));
    let error = WireError::field(ErrorCode::NotFound, "contact", "nobody");
    lane.answer(first_id, Answer::Error(error.clone())).await;
    assert_eq!(first.await.unwrap(), Err(ClientError::Refused(error)));
}

#[tokio::test]
async fn an_answer_of_another_kind_is_an_error() {
    let server = FakeServer::start();
    let (client, _events, session) = open(&server, server.options()).await;
    let asking = tokio::spawn(async move { client.agents_online(None).await });
    let mut lane = session.lane().await;
    let id = lane.request().await.request_id;
    lane.answer(id, Answer::Done(Done {})).await;
    assert_eq!(asking.await.unwrap(), Err(ClientError::Unexpected("done")));
}

#[tokio::test]
async fn what_is_unanswered_is_repeated_in_order_and_the_same_after_a_lost_connection() {
    let server = FakeServer::start();
    let (client, _events, session) = open(&server, server.options()).await;
    let mut pending = Vec::new();
    for text in ["a", "b", "c", "d"] {
        let send = Command::Send(relevo_client::wire::command::Send {
            ticket: None,
            contact: Some("c".into()),
            epoch: None,
            author: relevo_client::wire::vocabulary::Author::Customer,
            client_message_id: Some(text.into()),
            at: None,
            body: Packed::new(&Body::text(text)),
        });
        pending.push(client.request_start(send, None).await.unwrap());
    }
    let handing_over = tokio::spawn(async move { client.hand_off(hand_off()).await });
    let mut lane = session.lane().await;
    let mut requests = Vec::new();
    for _ in 0..5 {
        requests.push(lane.request().await);
    }
    assert!(requests[4].idempotency_key.is_some());
    let sent = Sent { holder: Holder::Bot, ticket: None, number: 0, epoch: 0 };
    lane.answer(requests[1].request_id, Answer::Sent(sent.clone())).await;
    let b = pending.remove(1);
    assert_eq!(b.await, Ok(Answer::Sent(sent.clone())));
    session.lose();

    let session = server.welcome().await;
    let mut lane = session.lane().await;
    requests.remove(1);
    for request in &requests {
        assert_eq!(lane.request().await, *request);
    }
    for request in &requests[..3] {
        lane.answer(request.request_id, Answer::Sent(sent.clone())).await;
    }
    for pending in pending {
        assert_eq!(pending.await, Ok(Answer::Sent(sent.clone())));
    }
    lane.answer(requests[3].request_id, Answer::Rejected(rejected())).await;
    assert_eq!(handing_over.await.unwrap(), Ok(HandOffAnswer::Rejected(rejected())));
}

#[tokio::test]
async fn commands_get_keys_of_their_own_where_a_repeat_would_do_harm() {
    let server = FakeServer::start();
    let (client, _events, session) = open(&server, server.options()).await;
    let commands = tokio::spawn(async move {
        let body = Body::text("hi");
        let named = MessageOptions::id("channel-7");
        let _ = client.send_customer("c", named, &body).await;
        let _ = client.send_bot(ticket(1), 1, MessageOptions::default(), &body).await;
        let _ = client.take_back(ticket(1)).await;
        let _ = client.customer_left("c").await;
    });
    let mut lane = session.lane().await;
    let mut ids = Vec::new();
    for _ in 0..4 {
        let request = lane.request().await;
        let id = if let Command::Send(send) = request.command {
            send.client_message_id
        } else {
            request.idempotency_key
        };
        ids.push(id.expect("an id"));
        lane.answer(request.request_id, Answer::Done(Done {})).await;
    }
    commands.await.unwrap();
    assert_eq!(ids[0], "channel-7");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4);
}

#[tokio::test]
async fn what_is_too_long_or_no_request_is_not_even_sent() {
    let server = FakeServer::start();
    let (client, _events, _session) = open(&server, server.options()).await;
    let long = come(client.customer_left("x".repeat(70_000))).await;
    assert_eq!(long.unwrap_err().code(), Some(ErrorCode::LimitExceeded));
    let status = || Command::Status(relevo_client::wire::command::Status {});
    let key = client.request(status(), Some("k".repeat(65))).await;
    assert_eq!(key.unwrap_err().code(), Some(ErrorCode::LimitExceeded));
    let typing = relevo_client::wire::command::Typing { ticket: ticket(1) };
    let typing = client.request(Command::Typing(typing), None).await;
    assert_eq!(typing.unwrap_err().code(), Some(ErrorCode::Malformed));
}
