use crate::fake::FakeServer;
use crate::{come, open, take_until};
use relevo_client::wire::answer::Answer;
use relevo_client::wire::error::{ErrorCode, WireError};
use relevo_client::wire::ids::TicketId;
use relevo_client::wire::push::{GoAway, Position, Push};
use relevo_client::wire::vocabulary::Role;
use relevo_client::{ClientError, ClientEvent, ConnectError, Connector, Options, Reconnect, Trust};
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

#[tokio::test]
async fn hello_carries_the_key_and_welcome_can_be_read() {
    let server = FakeServer::start();
    let (client, _events, session) = open(&server, server.options()).await;
    assert_eq!(session.token, "secret");
    assert_eq!(session.cursors, []);
    assert_eq!(client.welcome().server, "fake");
}

#[tokio::test]
async fn a_certificate_is_believed_by_fingerprint_or_root_and_no_other() {
    let server = FakeServer::start();
    let roots = |server: &FakeServer| Trust::Roots(vec![server.certificate.clone()]);
    open(&server, Options { trust: roots(&server), ..server.options() }).await;
    let other = FakeServer::start();
    for trust in [other.trust(), roots(&other)] {
        let options = Options { trust, ..server.options() };
        let connector = Connector::new();
        let (opened, ()) = tokio::join!(connector.bot(options), server.refused_by_client());
        let error = opened.expect_err("another certificate");
        assert!(matches!(error, ConnectError::Unreachable { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_refused_hello_and_a_key_of_another_role_are_told_by_name() {
    let server = FakeServer::start();
    let connector = Connector::new();
    let refuse = async {
        let mut session = server.accept().await;
        let error = WireError::new(ErrorCode::Unauthenticated, "no such key");
        session.pushes.answer(session.hello_id, Answer::Error(error)).await;
        session
    };
    let (opened, _session) = tokio::join!(connector.bot(server.options()), refuse);
    let Err(ConnectError::Refused(error)) = opened else { panic!("refused") };
    assert_eq!(error.code, ErrorCode::Unauthenticated);

    let (opened, _session) = tokio::join!(connector.agent(server.options()), server.welcome());
    assert!(matches!(opened, Err(ConnectError::Role(Role::Bot))));
}

#[tokio::test]
async fn a_server_that_does_not_answer_hello_is_given_up() {
    let server = FakeServer::start();
    let connect_timeout = Duration::from_millis(50);
    let connector = Connector::new();
    let options = Options { connect_timeout, ..server.options() };
    let (opened, ()) = tokio::join!(connector.bot(options), server.silent());
    assert!(matches!(opened, Err(ConnectError::Unreachable { .. })));
}

#[tokio::test]
async fn a_session_that_must_not_reconnect_ends_with_its_connection() {
    let server = FakeServer::start();
    let options = Options { reconnect: Reconnect::Never, ..server.options() };
    let (client, mut events, session) = open(&server, options).await;
    let (online, ()) = tokio::join!(client.agents_online(None), async {
        session.lane().await.request().await;
        session.lose();
    });
    assert!(matches!(online, Err(ClientError::Closed(_))), "{online:?}");
    while come(events.next()).await.is_some() {}
    assert!(events.end_reason().is_some());
    assert!(matches!(client.agents_online(None).await, Err(ClientError::Closed(_))));
}

#[tokio::test]
async fn a_place_in_line_comes_as_an_event_of_its_own() {
    let server = FakeServer::start();
    let (_client, mut events, mut session) = open(&server, server.options()).await;
    take_until(&mut events, |event| matches!(event, ClientEvent::Snapshot(_))).await;
    let place = Position { ticket: TicketId(1), position: 3, estimated_wait: None };
    session.pushes.push(Push::Position(place.clone())).await;
    assert_eq!(come(events.next()).await, Some(ClientEvent::Position(place)));
}

#[tokio::test]
async fn told_to_go_away_a_session_comes_back_with_what_was_unanswered() {
    let server = FakeServer::start();
    let (client, mut events, mut session) = open(&server, server.options()).await;
    let asking = tokio::spawn(async move { client.agents_online(None).await });
    let mut lane = session.lane().await;
    let first = lane.request().await;
    let go_away = GoAway { reason: "draining".into(), reconnect_after_ms: 1 };
    session.pushes.push(Push::GoAway(go_away)).await;

    let session = server.welcome().await;
    let mut lane = session.lane().await;
    assert_eq!(lane.request().await, first);
    lane.answer(first.request_id, online()).await;
    assert!(asking.await.unwrap().is_ok());
    take_until(&mut events, |event| matches!(event, ClientEvent::GoAway(_))).await;
    take_until(&mut events, |event| *event == ClientEvent::Reconnected).await;
}

#[tokio::test]
async fn a_request_that_a_draining_server_refuses_is_repeated_by_the_next_connection() {
    let server = FakeServer::start();
    let (client, _events, mut session) = open(&server, server.options()).await;
    let asking = tokio::spawn(async move { client.agents_online(None).await });
    let mut lane = session.lane().await;
    let first = lane.request().await;
    let error = WireError::new(ErrorCode::Draining, "connect elsewhere");
    lane.answer(first.request_id, Answer::Error(error)).await;
    let go_away = GoAway { reason: "draining".into(), reconnect_after_ms: 1 };
    session.pushes.push(Push::GoAway(go_away)).await;

    let session = server.welcome().await;
    let mut lane = session.lane().await;
    assert_eq!(lane.request().await, first);
    lane.answer(first.request_id, online()).await;
    assert!(asking.await.expect("asked").is_ok());
}

#[tokio::test]
async fn without_another_connection_a_draining_server_is_told_to_the_program() {
    let server = FakeServer::start();
    let options = Options { reconnect: Reconnect::Never, ..server.options() };
    let (client, _events, session) = open(&server, options).await;
    let asking = tokio::spawn(async move { client.agents_online(None).await });
    let mut lane = session.lane().await;
    let request = lane.request().await;
    let error = WireError::new(ErrorCode::Draining, "connect elsewhere");
    lane.answer(request.request_id, Answer::Error(error.clone())).await;
    assert_eq!(asking.await.expect("asked"), Err(ClientError::Refused(error)));
}

#[tokio::test]
async fn a_revoked_key_and_a_refused_return_end_the_session() {
    let server = FakeServer::start();
    let (_client, mut events, mut session) = open(&server, server.options()).await;
    let go_away = GoAway { reason: "revoked".into(), reconnect_after_ms: 1 };
    session.pushes.push(Push::GoAway(go_away)).await;
    while come(events.next()).await.is_some() {}
    assert_eq!(events.end_reason().as_deref(), Some("told to go away: revoked"));

    let (_client, mut events, session) = open(&server, server.options()).await;
    session.lose();
    let mut session = server.accept().await;
    let error = WireError::new(ErrorCode::Unauthenticated, "revoked meanwhile");
    session.pushes.answer(session.hello_id, Answer::Error(error)).await;
    while come(events.next()).await.is_some() {}
    assert!(events.end_reason().is_some());
}

#[tokio::test]
async fn a_refusal_for_now_is_tried_again() {
    let server = FakeServer::start();
    let (_client, mut events, session) = open(&server, server.options()).await;
    session.lose();
    let mut session = server.accept().await;
    let error = WireError::new(ErrorCode::Unavailable, "not ready");
    session.pushes.answer(session.hello_id, Answer::Error(error)).await;
    let _session = server.welcome().await;
    take_until(&mut events, |event| *event == ClientEvent::Reconnected).await;
}

#[tokio::test]
async fn closing_waits_for_answers_and_takes_no_further_request() {
    let server = FakeServer::start();
    let (client, mut events, session) = open(&server, server.options()).await;
    let asking = client.clone();
    let asking = tokio::spawn(async move { asking.agents_online(None).await });
    let mut lane = session.lane().await;
    let request = lane.request().await;
    let mut closing = pin!(client.close());
    assert!(closing.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert!(matches!(client.agents_online(None).await, Err(ClientError::Closed(_))));
    lane.answer(request.request_id, online()).await;
    assert!(asking.await.unwrap().is_ok());
    closing.await;
    while come(events.next()).await.is_some() {}
    assert_eq!(events.end_reason().as_deref(), Some("closed by this program"));
}

fn online() -> Answer {
    Answer::AgentsOnline(relevo_client::wire::answer::AgentsOnlineAnswer::Yes)
}
