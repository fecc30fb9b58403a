//! What the limits of the configuration refuse, and that it is taken again when there is room.

use relevo_tests::harness::deployment::{TENANT, queue};
use relevo_tests::harness::party::{assert_refused, hand_off};
use relevo_tests::harness::raw::{FRAMES, Raw};
use relevo_tests::harness::wait::until;
use relevo_tests::harness::{Deployment, Settings, Site};
use relevo_wire::command::{
    AgentsOnline, Change, Command, Next, PutChange, Receipt, Request, TransferTarget,
};
use relevo_wire::directory::{Agent, Bot, Object, Tenant};
use relevo_wire::error::ErrorCode;
use relevo_wire::ids::{RequestId, TicketId};
use relevo_wire::vocabulary::Role;
use relevo_wire::{Answer, frame, limits};

fn limits_of(more: &str) -> Settings {
    Settings { more: format!("[limits]\n{more}\n"), ..Settings::default() }
}

#[tokio::test]
async fn a_bot_that_opens_tickets_without_end_leaves_room_for_the_next() {
    let site = Site::simple(&[("ana", 1)]).bot("web", "chat").queue(queue("web", "chat", &[]));
    let deployment = Deployment::with(&site, limits_of("max_tickets = 1000")).await;
    let flood = deployment.bot("shop").await;
    let mut accepted = 0;
    // The count follows what is durable, and lags behind by what is under way: one at a time.
    let refused = loop {
        match flood.client.hand_off(hand_off(&format!("customer-{accepted}"))).await {
            Ok(_) => accepted += 1,
            Err(error) => break error,
        }
        assert!(accepted <= 1000, "nothing was refused");
    };
    assert_refused::<()>(Err(refused), ErrorCode::LimitExceeded);
    assert_eq!(accepted, 500, "alone it has half");
    let other = deployment.bot("web").await;
    other.hand_over("somebody").await;
    // What is over and confirmed makes room.
    flood.client.customer_left("customer-0").await.unwrap();
    let mut flood = flood;
    until("a ticket is forgotten", async || {
        flood.inbox.drain();
        flood.client.hand_off(hand_off("one more")).await.ok()
    })
    .await;
}

#[tokio::test]
async fn entries_are_refused_where_tickets_would_be_and_closes_go_on() {
    let site = Site::simple(&[("ana", 1)]);
    let deployment = Deployment::with(&site, limits_of("max_entries = 1000")).await;
    let bot = deployment.bot("shop").await;
    let handed = bot.hand_over("talkative").await;
    let text = relevo_wire::vocabulary::Body::text("x");
    let refused = loop {
        let options = relevo_client::MessageOptions::default();
        if let Err(error) = bot.client.send_customer("talkative", options, &text).await {
            break error;
        }
    };
    assert_refused::<()>(Err(refused), ErrorCode::LimitExceeded);
    bot.client.take_back(handed.ticket).await.unwrap();
}

#[tokio::test]
async fn a_party_has_so_many_sessions_and_one_that_ends_makes_room() {
    let deployment = Deployment::start(&Site::simple(&[("ana", 1)])).await;
    let server = deployment.daemon.ready().quic;
    let key = deployment.key(TENANT, "ana");
    let mut sessions = Vec::new();
    for _ in 0..limits::SESSIONS {
        let raw = Raw::connect(server, FRAMES).await;
        let lane = raw.hello(key).await;
        sessions.push((raw, lane));
    }
    let refused = Raw::connect(server, FRAMES).await;
    let mut lane = refused.lane().await;
    lane.ask(&relevo_tests::harness::raw::hello(key)).await;
    lane.refused(ErrorCode::LimitExceeded).await;
    // Others are let in, and so is this one when one of its own has ended.
    deployment.bot("shop").await;
    sessions.pop().expect("there are some").0.connection.close(0u32.into(), b"");
    let options = || deployment.options(key);
    until("a place is free", async || deployment.connector.agent(options()).await.ok()).await;
}

#[tokio::test]
async fn a_place_among_all_sessions_is_free_when_its_session_is_gone() {
    let settings = Settings { max_sessions: Some(3), ..Settings::default() };
    let site = Site::simple(&[("ana", 1)]);
    let deployment = Deployment::with(&site, settings).await;
    let options = || deployment.options(deployment.key(TENANT, "ana"));
    for _ in 0..5 {
        let mut sessions = Vec::new();
        for _ in 0..3 {
            let opened = async || deployment.connector.agent(options()).await.ok();
            sessions.push(until("a place is free", opened).await);
        }
        assert!(deployment.connector.agent(options()).await.is_err(), "a fourth was let in");
        for (client, _events) in sessions {
            client.close().await;
        }
    }
}

#[tokio::test]
async fn a_ticket_that_is_kept_for_its_child_keeps_no_place() {
    let settings = Settings { max_sessions: Some(4), ..Settings::default() };
    let site = Site::simple(&[("ana", 2)]).agent("bea", 1);
    let site = site.queue(queue("shop", "claims", &["bea"]));
    let deployment = Deployment::with(&site, settings).await;
    let mut ana = deployment.online("ana").await;
    let _bea = deployment.online("bea").await;
    let mut bot = deployment.bot("shop").await;
    let parent = bot.hand_over("c1").await.ticket;
    let held = ana.assigned().await;
    ana.transfer(held, TransferTarget::Queue("claims".into())).await;
    // Both sides have confirmed all of it when the core has forgotten it.
    let admin = deployment.admin().await;
    until("the parent is forgotten", async || {
        bot.inbox.drain();
        ana.inbox.drain();
        admin.explain(parent).await.is_err().then_some(())
    })
    .await;
    admin.close().await;
    bot.client.close().await;
    drop(bot);
    let options = || deployment.options(deployment.key(TENANT, "shop"));
    let mut sessions = Vec::new();
    for _ in 0..2 {
        let opened = async || deployment.connector.bot(options()).await.ok();
        sessions.push(until("a place is free", opened).await);
    }
}

#[tokio::test]
async fn tenants_and_objects_are_so_many_and_those_that_are_there_may_change() {
    let limits = limits_of("max_tenants = 2\nmax_objects = 100");
    let deployment = Deployment::with(&Site::simple(&[("ana", 1)]), limits).await;
    let admin = deployment.admin().await;
    let put = async |tenant: &str, object| admin.put(Some(tenant.into()), object, None).await;
    let tenant = |name: &str| Object::Tenant(Tenant::new(name));
    put("second", tenant("second")).await.unwrap();
    assert_refused(put("third", tenant("third")).await, ErrorCode::LimitExceeded);
    put("second", tenant("second")).await.unwrap();
    let agent = |number: usize| Object::Agent(Agent::new(format!("agent-{number}"), 1));
    // A bot, a queue and an agent are there.
    for number in 3..98 {
        put("second", agent(number)).await.unwrap();
    }
    // Two more are left: what is new in an apply is counted together, and what is there is not new.
    let apply = async |numbers: &[usize]| {
        let change = |number: &usize| {
            Change::Put(PutChange { object: Box::new(agent(*number)), if_version: None })
        };
        let changes = numbers.iter().map(change).collect();
        admin.apply(Some("second".into()), changes, false).await
    };
    let error = apply(&[98, 3, 98, 99, 100]).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::LimitExceeded));
    assert!(error.to_string().contains("changes[4].object"), "{error}");
    assert_eq!(apply(&[98, 3, 98, 99]).await.unwrap().created, 2);
    assert_refused(put(TENANT, agent(0)).await, ErrorCode::LimitExceeded);
    assert_refused(
        put(TENANT, Object::Bot(Bot::new("another", "sales"))).await,
        ErrorCode::LimitExceeded,
    );
    put("second", agent(50)).await.unwrap();
    let key = admin.create_key(Some(TENANT.into()), Role::Agent, "ana", "test").await;
    assert!(key.is_ok(), "{key:?}");
}

fn receipts(ticket: TicketId, numbers: std::ops::Range<u32>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for delivered in numbers {
        let command = Command::Receipt(Receipt { ticket, delivered, read: 0 });
        let request = Request { request_id: RequestId(0), idempotency_key: None, command };
        frame::write_request(&mut bytes, &request);
    }
    bytes
}

fn request(id: u64, command: Command) -> Request {
    Request { request_id: RequestId(id), idempotency_key: None, command }
}

/// Receipts waited for the next commit with the budget that they had taken.
#[tokio::test]
async fn receipts_that_change_nothing_hold_no_budget() {
    let limits = limits_of("budget_entries = 1024");
    let deployment = Deployment::with(&Site::simple(&[("ana", 1)]), limits).await;
    let raw = Raw::connect(deployment.daemon.ready().quic, FRAMES).await;
    let mut lane = raw.hello(deployment.key(TENANT, "ana")).await;
    lane.write(&receipts(TicketId(7), 0..1100)).await;
    lane.ask(&request(2, Command::Next(Next { queue: None }))).await;
    match lane.answer().await {
        (RequestId(2), Answer::Error(error)) => assert_ne!(error.code, ErrorCode::Overloaded),
        (id, answer) => assert_eq!(id, RequestId(2), "{answer:?}"),
    }
}

#[tokio::test]
async fn receipts_in_a_row_are_committed_when_a_lane_waits_for_budget() {
    let limits = limits_of("budget_entries = 1024");
    let deployment = Deployment::with(&Site::simple(&[("ana", 1)]), limits).await;
    let options = relevo_client::Options {
        receipts: relevo_client::Receipts::Manual,
        ..deployment.options(deployment.key(TENANT, "shop"))
    };
    let (client, _events) = deployment.connector.bot(options).await.expect("it is let in");
    let handed = match client.hand_off(hand_off("c1")).await {
        Ok(relevo_client::HandOffAnswer::Accepted(handed)) => handed,
        other => panic!("{other:?}"),
    };
    let text = relevo_wire::vocabulary::Body::text("x");
    // More entries than the share of a bot, a quarter of the budget.
    for _ in 0..400 {
        let options = relevo_client::MessageOptions::default();
        client.send_customer("c1", options, &text).await.expect("it is taken");
    }
    let raw = Raw::connect(deployment.daemon.ready().quic, FRAMES).await;
    let mut lane = raw.hello(deployment.key(TENANT, "shop")).await;
    lane.write(&receipts(handed.ticket, 1..400)).await;
    lane.ask(&request(2, Command::AgentsOnline(AgentsOnline { queue: None }))).await;
    assert!(matches!(lane.answer().await, (RequestId(2), Answer::AgentsOnline(_))));
}
