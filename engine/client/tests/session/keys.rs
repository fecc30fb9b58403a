//! What changes something carries a key, so that its repeat after a lost connection does it once: an
//! offer that was accepted may be closed by then, or another device have set another presence.

use crate::fake::{FakeServer, FakeSession, ticket};
use crate::{come, open};
use relevo_client::wire::answer::{Answer, Done, NextAnswer};
use relevo_client::wire::vocabulary::{Intent, Role};
use relevo_client::{AgentClient, ClientError, Connector, Events};

async fn agent(server: &FakeServer) -> (AgentClient, Events, FakeSession) {
    let welcomed = async {
        let mut session = server.accept().await;
        session.welcome(Role::Agent, vec![]).await;
        session
    };
    let connector = Connector::new();
    let (opened, session) = tokio::join!(connector.agent(server.options()), welcomed);
    let (client, events) = opened.unwrap();
    (client, events, session)
}

/// Does what is asked carry a key?
async fn has_key<T>(
    session: &FakeSession,
    answer: Answer,
    asked: impl Future<Output = Result<T, ClientError>>,
) -> bool {
    let (asked, has_key) = tokio::join!(asked, async {
        let mut lane = session.lane().await;
        let request = come(lane.request()).await;
        lane.answer(request.request_id, answer).await;
        request.idempotency_key.is_some()
    });
    assert!(asked.is_ok(), "it has the answer of its command");
    has_key
}

#[tokio::test]
async fn an_agents_commands_carry_keys() {
    let server = FakeServer::start();
    for command in 0..5 {
        let (client, _events, session) = agent(&server).await;
        let done = Answer::Done(Done {});
        let next = Answer::Next(NextAnswer { ticket: ticket(1), epoch: 2 });
        let has_key = match command {
            0 => has_key(&session, done, client.set_presence(Intent::Online, "")).await,
            1 => has_key(&session, next, client.accept(ticket(1))).await,
            2 => has_key(&session, done, client.wrap_up_done(ticket(1))).await,
            3 => has_key(&session, done, client.go_away_for("shop", "", None)).await,
            _ => has_key(&session, done, client.come_back_for("shop")).await,
        };
        assert!(has_key, "command {command}");
    }
}

#[tokio::test]
async fn a_bots_wish_carries_a_key() {
    let server = FakeServer::start();
    let (client, _events, session) = open(&server, server.options()).await;
    assert!(has_key(&session, Answer::Done(Done {}), client.want_callback("ben", true)).await);
}
