use crate::fake::{FakeServer, entry, summary, ticket};
use crate::{is_disconnected, open, take, take_until};
use relevo_client::wire::answer::{Accepted, Answer, Done, Sent};
use relevo_client::wire::command::{Command, Cursor};
use relevo_client::wire::error::{ErrorCode, WireError};
use relevo_client::wire::push::Push;
use relevo_client::wire::vocabulary::{Body, Holder, Role};
use relevo_client::{AgentClient, ClientEvent, Connector, Events, MessageOptions};

fn numbers(taken: Vec<(relevo_client::wire::TicketId, u32)>) -> Vec<u32> {
    taken.into_iter().map(|(_, number)| number).collect()
}

fn sent(ticket: u128, number: u32) -> Answer {
    let ticket = Some(relevo_client::wire::TicketId(ticket));
    Answer::Sent(Sent { holder: Holder::Agent, ticket, number, epoch: 1 })
}

#[tokio::test]
async fn entries_come_once_and_in_order_over_a_lost_connection() {
    let server = FakeServer::start();
    let (_client, mut events, mut session) = open(&server, server.options()).await;
    session.entries(ticket(1), &[1, 2, 3]).await;
    session.entries(ticket(2), &[1]).await;
    assert_eq!(numbers(take(&mut events, 4).await), [1, 2, 3, 1]);
    session.lose();

    let mut session = server.accept().await;
    let cursors = [(1, 3), (2, 1)].map(|(id, received)| Cursor { ticket: ticket(id), received });
    assert_eq!(session.cursors, cursors);
    session.welcome(Role::Bot, vec![summary(ticket(1), 0), summary(ticket(2), 1)]).await;
    // A server that does not know how far the client has come repeats some.
    session.entries(ticket(1), &[2, 3, 4, 5]).await;
    session.entries(ticket(2), &[2]).await;
    assert_eq!(numbers(take(&mut events, 3).await), [4, 5, 2]);
}

#[tokio::test]
async fn a_missing_entry_leads_to_a_new_connection_with_the_right_cursor() {
    let server = FakeServer::start();
    let (_client, mut events, mut session) = open(&server, server.options()).await;
    session.entries(ticket(1), &[1, 2, 4]).await;
    assert_eq!(take_until(&mut events, is_disconnected).await, [1, 2]);
    let mut session = server.accept().await;
    assert_eq!(session.cursors, [Cursor { ticket: ticket(1), received: 2 }]);
    session.welcome(Role::Bot, vec![summary(ticket(1), 2)]).await;
    session.entries(ticket(1), &[3, 4]).await;
    assert_eq!(numbers(take(&mut events, 2).await), [3, 4]);
}

#[tokio::test]
async fn a_new_ticket_of_ours_starts_at_one() {
    let server = FakeServer::start();
    let (client, mut events, mut session) = open(&server, server.options()).await;
    session.entries(ticket(1), &[2]).await;
    assert_eq!(take(&mut events, 1).await, [(ticket(1), 2)]);
    let handing_over =
        tokio::spawn(async move { client.hand_off(crate::repeats::hand_off()).await });
    let mut lane = session.lane().await;
    let id = lane.request().await.request_id;
    lane.answer(id, Answer::Accepted(accepted(1))).await;
    handing_over.await.unwrap().unwrap();
    assert_eq!(take_until(&mut events, is_disconnected).await, [] as [u32; 0]);
}

fn accepted(id: u128) -> Accepted {
    Accepted {
        ticket: ticket(id),
        number: 1,
        existing: false,
        position: 1,
        estimated_wait: None,
        text: String::new(),
        truncated: false,
        epoch: 1,
        absent: None,
    }
}

async fn agent(server: &FakeServer) -> (AgentClient, Events, crate::FakeSession) {
    let connector = Connector::new();
    let welcomed = async {
        let mut session = server.accept().await;
        session.welcome(Role::Agent, vec![summary(ticket(1), 4)]).await;
        session
    };
    let (opened, session) = tokio::join!(connector.agent(server.options()), welcomed);
    let (client, events) = opened.unwrap();
    (client, events, session)
}

async fn say(client: AgentClient, text: &str) -> Sent {
    let (options, body) = (MessageOptions::default(), Body::text(text));
    client.send(ticket(1), 2, options, &body).await.unwrap()
}

#[tokio::test]
async fn an_entry_behind_an_own_message_waits_for_the_answer() {
    let server = FakeServer::start();
    let (client, mut events, mut session) = agent(&server).await;
    let saying = tokio::spawn(say(client.clone(), "five"));
    let mut lane = session.lane().await;
    let request = lane.request().await;
    // 5 is the message itself; 6 overtakes its answer.
    session.entries(ticket(1), &[6, 7]).await;
    session.pushes.push(Push::Entry(entry(ticket(2), 1))).await;
    assert_eq!(take(&mut events, 1).await, [(ticket(2), 1)], "6 and 7 wait");
    assert!(events.try_next().is_none());
    lane.answer(request.request_id, sent(1, 5)).await;
    assert_eq!(numbers(take(&mut events, 2).await), [6, 7]);
    assert_eq!(saying.await.unwrap().number, 5);

    let saying = tokio::spawn(say(client, "nine"));
    let request = lane.request().await;
    lane.answer(request.request_id, sent(1, 9)).await;
    saying.await.unwrap();
    session.entries(ticket(1), &[8, 10]).await;
    assert_eq!(numbers(take(&mut events, 2).await), [8, 10], "9 is known before 8 comes");
    session.lose();
    let session = server.accept().await;
    let cursors = [(1, 10), (2, 1)].map(|(id, received)| Cursor { ticket: ticket(id), received });
    assert_eq!(session.cursors, cursors);
}

#[tokio::test]
async fn a_hole_that_no_send_can_fill_any_more_is_a_gap() {
    let server = FakeServer::start();
    let (client, mut events, mut session) = agent(&server).await;
    let saying = tokio::spawn(async move {
        client.send(ticket(1), 2, MessageOptions::default(), &Body::text("refused")).await
    });
    let mut lane = session.lane().await;
    let request = lane.request().await;
    session.entries(ticket(1), &[6]).await;
    session.entries(ticket(2), &[1]).await;
    assert_eq!(take(&mut events, 1).await, [(ticket(2), 1)]);
    let error = WireError::new(ErrorCode::StaleEpoch, "another has it");
    lane.answer(request.request_id, Answer::Error(error)).await;
    assert_eq!(take_until(&mut events, is_disconnected).await, [] as [u32; 0]);
    let session = server.accept().await;
    assert_eq!(session.cursors[0], Cursor { ticket: ticket(1), received: 4 });
    saying.await.unwrap().expect_err("refused");
}

#[tokio::test]
async fn an_own_message_whose_answer_was_lost_is_there_once() {
    let server = FakeServer::start();
    let (client, mut events, session) = agent(&server).await;
    let saying = tokio::spawn(say(client, "five"));
    let first = session.lane().await.request().await;
    session.lose();

    let mut session = server.accept().await;
    assert_eq!(session.cursors, [Cursor { ticket: ticket(1), received: 4 }]);
    session.welcome(Role::Agent, vec![summary(ticket(1), 4)]).await;
    let mut lane = session.lane().await;
    assert_eq!(lane.request().await, first, "with the same client message id");
    lane.answer(first.request_id, sent(1, 5)).await;
    assert_eq!(saying.await.unwrap().number, 5);
    session.entries(ticket(1), &[5, 6]).await;
    assert_eq!(numbers(take(&mut events, 1).await), [6]);
}

#[tokio::test]
async fn what_read_asks_for_comes_with_its_answer_and_not_as_events() {
    let server = FakeServer::start();
    let (client, mut events, mut session) = agent(&server).await;
    let reading = tokio::spawn(async move { client.read(ticket(9), 1).await });
    let mut lane = session.lane().await;
    let request = lane.request().await;
    let Command::Read(read) = &request.command else { panic!("read") };
    assert_eq!((read.ticket, read.after), (ticket(9), 1));
    for number in [2, 3] {
        lane.push(Push::Entry(entry(ticket(9), number))).await;
    }
    lane.answer(request.request_id, Answer::Done(Done {})).await;
    let entries = reading.await.unwrap().unwrap();
    assert_eq!(entries, [entry(ticket(9), 2), entry(ticket(9), 3)]);
    session.entries(ticket(1), &[5]).await;
    assert_eq!(take(&mut events, 1).await, [(ticket(1), 5)]);
}

#[tokio::test]
async fn many_cursors_are_told_in_several_frames() {
    let server = FakeServer::start();
    let connector = Connector::new();
    let open_tickets = || (0..2500).map(|id| summary(ticket(id), 3)).collect::<Vec<_>>();
    let welcomed = async {
        let mut session = server.accept().await;
        session.welcome(Role::Bot, open_tickets()).await;
        session
    };
    let (opened, session) = tokio::join!(connector.bot(server.options()), welcomed);
    let (_client, mut events) = opened.unwrap();
    let whole = |event: &ClientEvent| matches!(event, ClientEvent::Snapshot(part) if part.last);
    take_until(&mut events, whole).await;
    session.lose();
    let session = server.accept().await;
    assert_eq!(session.cursor_frames, 3);
    assert_eq!(session.cursors.len(), 2500);
    assert!(session.cursors.iter().all(|cursor| cursor.received == 3));
}

#[tokio::test]
async fn what_a_snapshot_leaves_out_and_a_later_one_brings_back_still_comes_once() {
    let server = FakeServer::start();
    let (_client, mut events, mut session) = open(&server, server.options()).await;
    session.entries(ticket(1), &[1]).await;
    session.entries(ticket(2), &[1]).await;
    take(&mut events, 2).await;
    session.lose();
    let mut session = server.accept().await;
    assert_eq!(session.cursors.len(), 2);
    session.welcome(Role::Bot, vec![summary(ticket(2), 1)]).await;
    let whole = |event: &ClientEvent| matches!(event, ClientEvent::Snapshot(part) if part.last);
    take_until(&mut events, is_disconnected).await;
    take_until(&mut events, whole).await;
    // The server was killed with receipts that no sync had carried: ticket 1 is there again.
    session.lose();
    let mut session = server.accept().await;
    assert_eq!(session.cursors.len(), 2);
    session.welcome(Role::Bot, vec![summary(ticket(1), 0), summary(ticket(2), 1)]).await;
    take_until(&mut events, is_disconnected).await;
    take_until(&mut events, whole).await;
    session.entries(ticket(1), &[1, 2]).await;
    assert_eq!(numbers(take(&mut events, 1).await), [2]);
}

#[tokio::test]
async fn a_ticket_that_comes_back_from_another_session_goes_on_where_that_one_was() {
    let server = FakeServer::start();
    let (_client, mut events, mut session) = open(&server, server.options()).await;
    session.entries(ticket(1), &[1, 2, 3]).await;
    take(&mut events, 3).await;
    session.lose();
    // Another session of the bot has the ticket now, and confirms 4 and 5 before it goes.
    let mut session = server.welcome().await;
    take_until(&mut events, is_disconnected).await;
    session.entries(ticket(1), &[6, 7]).await;
    assert_eq!(take_until(&mut events, |event| is_entry(event, 7)).await, [6]);
    // From then on it is followed as any other.
    session.entries(ticket(1), &[9]).await;
    assert_eq!(take_until(&mut events, is_disconnected).await, [] as [u32; 0]);
}

fn is_entry(event: &ClientEvent, number: u32) -> bool {
    assert!(!is_disconnected(event), "{event:?}");
    matches!(event, ClientEvent::Entry(entry) if entry.number == number)
}
