//! Attacks by what is said: JSON nested beyond reason, keys and ids that are not the attacker's, more
//! hand-offs than there is budget for.

use super::attack::{Order, crowd};
use super::streams::session;
use super::tally::Tallying;
use super::target::Target;
use super::wire::{self, Answers, NO_SESSION, Net};
use crate::harness::party::{hand_off, large_hand_off};
use crate::harness::raw::{FRAMES, JSON, hello};
use relevo_wire::command::{
    Close, Command, Read, Request, Send, TakeBack, Targets, Transfer, TransferTarget,
};
use relevo_wire::ids::{RequestId, TicketId};
use relevo_wire::packed::Packed;
use relevo_wire::vocabulary::{Author, Body};
use std::sync::Arc;

/// Bytes of a nested line.
const NESTED_BYTES: usize = 64 * 1024;
/// Hand-offs that one round sends before it looks at what came back.
const AT_ONCE: u64 = 2000;
/// A hand-off in so many is as large as it may be.
const LARGE_EVERY: u64 = 50;

/// Lines of 64 KiB of nesting, in every place in which a value may stand: each is malformed and ends
/// its lane, and the session goes on.
pub(super) async fn nesting(order: &Order, tallying: &Tallying) {
    let net = Net::new(order.target.quic, JSON);
    let (of_round, tally, key) = (net.clone(), tallying.clone(), order.target.bot_key.clone());
    crowd(order, move |_| {
        let (net, tallying, key) = (of_round.clone(), tally.clone(), key.clone());
        async move {
            if let Err(end) = nested(&net, &key, &tallying).await {
                tallying.expect(&NO_SESSION, end);
            }
        }
    })
    .await;
    net.close().await;
}

async fn nested(net: &Net, key: &str, tallying: &Tallying) -> Result<(), String> {
    let told = |error: quinn::ConnectionError| wire::end(&error);
    let deep = |open: &str, close: &str| {
        let depth = NESTED_BYTES / (open.len() + close.len());
        open.repeat(depth) + "1" + &close.repeat(depth)
    };
    let values = [deep("[", "]"), deep("{\"a\":", "}"), "[".repeat(NESTED_BYTES)];
    tallying.connection();
    let connection = net.connect().await?;
    let opened = connection.open_bi().await.map_err(told)?;
    let (mut first, mut answers) = (opened.0, Answers::new(opened.1));
    let hello = format!("{{\"type\":\"hello\",\"request_id\":1,\"token\":\"{key}\"}}\n");
    first.write_all(hello.as_bytes()).await.map_err(|error| error.to_string())?;
    tallying.expect(&["welcome"], answers.line_name().await);
    for value in &values {
        let lines = [
            format!("{value}\n"),
            format!("{{\"type\":{value},\"request_id\":2}}\n"),
            format!("{{\"request_id\":{value},\"type\":\"hand_off\"}}\n"),
            format!("{{\"type\":\"hand_off\",\"request_id\":2,\"details\":{value}}}\n"),
            format!("{{\"type\":\"send\",\"request_id\":2,\"unknown\":{value}}}\n"),
        ];
        for line in lines {
            let (mut send, recv) = connection.open_bi().await.map_err(told)?;
            send.write_all(line.as_bytes()).await.map_err(|error| error.to_string())?;
            tallying.sent(1, line.len());
            tallying.expect(&["malformed"], Answers::new(recv).line_name().await);
        }
    }
    let asks = b"{\"type\":\"agents_online\",\"request_id\":3}\n";
    first.write_all(asks).await.map_err(|error| error.to_string())?;
    tallying.expect(&["agents_online"], answers.line_name().await);
    connection.close(0u32.into(), b"");
    Ok(())
}

/// Keys that were revoked, damaged, made up or of nobody; and with a good key, whatever names another
/// tenant's ticket: it is answered like a ticket that does not exist.
pub(super) async fn foreign(order: &Order, tallying: &Tallying) {
    let net = Net::new(order.target.quic, FRAMES);
    let (of_round, tally) = (net.clone(), tallying.clone());
    let target = Arc::new(order.target.clone());
    crowd(order, move |_| {
        let (net, tallying, target) = (of_round.clone(), tally.clone(), Arc::clone(&target));
        async move {
            for key in bad_keys(&target) {
                if let Err(end) = unknown_key(&net, &key, &tallying).await {
                    tallying.expect(&NO_SESSION, end);
                }
            }
            for (key, commands) in [
                (&target.bot_key, of_a_bot as fn(TicketId, u32) -> Vec<Command>),
                (&target.agent_key, of_an_agent),
            ] {
                if let Err(end) = other_tenants(&net, key, &target, commands, &tallying).await {
                    tallying.expect(&NO_SESSION, end);
                }
            }
        }
    })
    .await;
    net.close().await;
}

fn bad_keys(target: &Target) -> Vec<String> {
    let good = &target.bot_key;
    let last = if good.ends_with('a') { "b" } else { "a" };
    vec![
        target.revoked_key.clone(),
        format!("{}{last}", &good[..good.len() - 1]),
        good.replace("bot", "operator"),
        good[..good.len() / 2].to_owned(),
        String::new(),
        "'; drop table tenants; --".into(),
        "\u{0}".repeat(64),
        good.repeat(30),
    ]
}

async fn unknown_key(net: &Net, key: &str, tallying: &Tallying) -> Result<(), String> {
    tallying.connection();
    let connection = net.connect().await?;
    let (mut send, recv) = connection.open_bi().await.map_err(|error| wire::end(&error))?;
    let bytes = wire::bytes(&hello(key));
    send.write_all(&bytes).await.map_err(|error| error.to_string())?;
    tallying.sent(1, bytes.len());
    tallying.expect(&["unauthenticated"], Answers::new(recv).name().await);
    connection.close(0u32.into(), b"");
    Ok(())
}

fn of_a_bot(ticket: TicketId, epoch: u32) -> Vec<Command> {
    vec![
        Command::Send(send(ticket, epoch, Author::Bot)),
        Command::TakeBack(TakeBack { ticket }),
        Command::Read(Read { ticket, after: 0 }),
    ]
}

fn of_an_agent(ticket: TicketId, epoch: u32) -> Vec<Command> {
    let to = || TransferTarget::Queue("sales".into());
    vec![
        Command::Send(send(ticket, epoch, Author::Agent)),
        Command::Read(Read { ticket, after: 0 }),
        Command::Targets(Targets { ticket }),
        Command::Transfer(Transfer { ticket, epoch, to: to(), note: String::new() }),
        Command::Close(Close { ticket, epoch, tags: Vec::new() }),
    ]
}

fn send(ticket: TicketId, epoch: u32, author: Author) -> Send {
    Send {
        ticket: Some(ticket),
        contact: None,
        epoch: Some(epoch),
        author,
        client_message_id: None,
        at: None,
        body: Packed::new(&Body::text("let me in")),
    }
}

/// What is said of another tenant's ticket, and of one that nobody has: word for word the same.
async fn other_tenants(
    net: &Net,
    key: &str,
    target: &Target,
    commands: fn(TicketId, u32) -> Vec<Command>,
    tallying: &Tallying,
) -> Result<(), String> {
    let (foreign, epoch) = target.foreign_ticket;
    let nobodys = TicketId(foreign.0 ^ 1);
    let (connection, mut lane, mut answers) = session(net, key, tallying).await?;
    for (of_another, of_nobody) in
        commands(foreign, epoch).into_iter().zip(commands(nobodys, epoch))
    {
        let mut said = Vec::new();
        for (ticket, command) in [(foreign, of_another), (nobodys, of_nobody)] {
            let request = Request { request_id: RequestId(2), idempotency_key: None, command };
            let bytes = wire::bytes(&request);
            lane.write_all(&bytes).await.map_err(|error| error.to_string())?;
            tallying.sent(1, bytes.len());
            let answer = answers.next().await?;
            if let relevo_wire::Answer::Error(error) = answer {
                tallying.expect(&["not_found"], error.code.name());
                said.push(error.to_string().replace(&ticket.to_string(), "the ticket"));
            } else {
                tallying.violation(format!("a foreign ticket: {}", answer.name()));
            }
        }
        if said.first() != said.last() {
            tallying.violation(format!("a foreign ticket can be told from none: {said:?}"));
        }
    }
    connection.close(0u32.into(), b"");
    Ok(())
}

/// More hand-offs than there is budget for, small and large, with and without idempotency keys: each
/// is accepted, or answered by what there is too much of.
pub(super) async fn flood(order: &Order, tallying: &Tallying) {
    let net = Net::new(order.target.quic, FRAMES);
    let (of_round, tally) = (net.clone(), tallying.clone());
    let (key, seed) = (order.target.bot_key.clone(), order.seed);
    let round = Arc::new(std::sync::atomic::AtomicU64::new(0));
    crowd(order, move |number| {
        let (net, tallying, key) = (of_round.clone(), tally.clone(), key.clone());
        let round = round.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        async move {
            let (connection, mut lane, mut answers) = match session(&net, &key, &tallying).await {
                Ok(opened) => opened,
                Err(end) => return tallying.expect(&NO_SESSION, end),
            };
            let sending = async {
                for id in 0..AT_ONCE {
                    let contact = format!("{seed}-{number}-{round}-{id}");
                    let hand_off = if id % LARGE_EVERY == 0 {
                        large_hand_off(&contact)
                    } else {
                        hand_off(&contact)
                    };
                    let key = (id % 4 == 0).then(|| format!("{number}-{round}-{id}"));
                    let request = Request {
                        request_id: RequestId(id + 2),
                        idempotency_key: key,
                        command: Command::HandOff(hand_off),
                    };
                    let bytes = wire::bytes(&request);
                    if lane.write_all(&bytes).await.is_err() {
                        return;
                    }
                    tallying.sent(1, bytes.len());
                }
            };
            let reading = async {
                for _ in 0..AT_ONCE {
                    let name = answers.name().await;
                    let is_over =
                        !matches!(name.as_str(), "accepted" | "overloaded" | "limit_exceeded");
                    tallying.expect(&["accepted", "overloaded", "limit_exceeded"], name);
                    if is_over {
                        return;
                    }
                }
            };
            tokio::join!(sending, reading);
            connection.close(0u32.into(), b"");
        }
    })
    .await;
    net.close().await;
}
