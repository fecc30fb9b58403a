//! What sessions of a real daemon are told, and what is counted of what they say.

mod support;

use relevo_client::wire::command::{Command, HandOff};
use relevo_client::wire::error::ErrorCode;
use relevo_client::wire::ids::TicketId;
use relevo_client::wire::packed::Packed;
use relevo_client::wire::vocabulary::{Contact, HandOffDetails, HandOffReason, Intent};
use relevo_client::{AdminClient, ClientEvent, HandOffAnswer};
use support::{Desk, TENANT};

/// Looks that something is given to come about, each of them a whole request.
const LOOKS: usize = 1_000;

async fn until(admin: &AdminClient, what: &str, is: impl Fn() -> bool) {
    for _ in 0..LOOKS {
        if is() {
            return;
        }
        admin.status().await.expect("it is answered");
    }
    panic!("{what}: not within {LOOKS} looks");
}

fn hand_off(contact: &str) -> HandOff {
    let details = HandOffDetails {
        contact: Contact { id: contact.into(), name: String::new(), fields: Vec::new() },
        message_to_agent: String::new(),
        transcript: Vec::new(),
        context: Vec::new(),
    };
    HandOff {
        queue: None,
        reason: HandOffReason::Requested,
        details: Packed::new(&details),
        priority: None,
        preferred_agent: None,
        language: None,
        texts: None,
        position_updates: false,
        test: false,
        dry_run: false,
    }
}

#[tokio::test]
async fn every_command_of_a_session_is_counted_once_by_its_answer() {
    let desk = Desk::start(|_| {}).await;
    let (bot, _events) = desk.bot().await;
    let (agent, _events) = desk.agent().await;
    desk.stranger().await;
    bot.agents_online(None).await.expect("it is answered");
    bot.typing(TicketId(7));
    agent.receipt(TicketId(7), 1, 1);
    let refused = bot.hand_off(HandOff { queue: Some("nowhere".into()), ..hand_off("ben") }).await;
    assert_eq!(refused.expect_err("no such queue").code(), Some(ErrorCode::NotFound));
    let forbidden = agent.request(Command::HandOff(hand_off("ben")), None).await;
    assert_eq!(forbidden.expect_err("for bots").code(), Some(ErrorCode::Forbidden));
    desk.admin.list_keys(Some(TENANT.into())).await.expect("it is answered");
    let counted = |command: &str, result: &str| {
        let labels = [("command", command), ("result", result)];
        desk.scrape().value("relevo_commands_total", &labels).unwrap_or_default()
    };
    // A receipt has no answer that could be awaited.
    until(&desk.admin, "a receipt", || counted("receipt", "ok") > 0.0).await;
    for (command, result, count) in [
        ("hello", "ok", 3),
        ("hello", "unauthenticated", 1),
        ("agents_online", "ok", 1),
        ("typing", "ok", 1),
        ("receipt", "ok", 1),
        ("hand_off", "not_found", 1),
        ("hand_off", "forbidden", 1),
        ("hand_off", "ok", 0),
        ("list_keys", "ok", 1),
        ("put", "ok", 4),
        ("create_key", "ok", 2),
    ] {
        let found = counted(command, result);
        assert_eq!(found.to_bits(), f64::from(count).to_bits(), "{command} {result}: {found}");
    }
}

#[tokio::test]
async fn a_session_whose_opening_makes_an_offer_is_told_of_it_once() {
    let desk = Desk::start(|queue| queue.offer_seconds = 600).await;
    let (agent, events) = desk.agent().await;
    agent.set_presence(Intent::Online, "").await.expect("it is taken");
    agent.close().await;
    drop((agent, events));
    let unreachable = [("tenant", TENANT), ("state", "unreachable")];
    let is_gone = || desk.scrape().value("relevo_agents", &unreachable) == Some(1.0);
    until(&desk.admin, "the agent is gone", is_gone).await;
    let (bot, _events) = desk.bot().await;
    let answer = bot.hand_off(hand_off("ben")).await.expect("it is answered");
    let HandOffAnswer::Accepted(accepted) = answer else { panic!("{answer:?}") };
    let (agent, mut events) = desk.agent().await;
    // A push behind all that the opening told.
    agent.set_presence(Intent::Paused, "lunch").await.expect("it is taken");
    let mut offers = Vec::new();
    loop {
        let event = events.next().await.expect("the session is open");
        if let ClientEvent::Offer(offer) = event {
            offers.push(offer.ticket);
        } else if let ClientEvent::Presence(presence) = event
            && presence.intent == Intent::Paused
        {
            break;
        }
    }
    assert_eq!(offers, [accepted.ticket]);
}
