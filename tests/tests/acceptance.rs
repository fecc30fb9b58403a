//! Transfers that the receiver has to accept, through the daemon: who is asked, what the giver is told,
//! and what it leaves behind.

use relevo_client::ClientEvent;
use relevo_tests::harness::deployment::{TENANT, queue};
use relevo_tests::harness::party::assert_refused;
use relevo_tests::harness::wait::within;
use relevo_tests::harness::{Deployment, Inbox, Site};
use relevo_wire::command::TransferTarget;
use relevo_wire::directory::Queue;
use relevo_wire::error::ErrorCode;
use relevo_wire::ids::TicketId;
use relevo_wire::push::{EntryEvent, TransferAsked};
use relevo_wire::vocabulary::{OfferEnd, TransferEnd};

fn site() -> Site {
    let asks = Queue { transfer_accept_seconds: 3600, ..queue("shop", "billing", &["bea"]) };
    Site::new(TENANT)
        .agent("ana", 1)
        .agent("bea", 1)
        .bot("shop", "sales")
        .queue(queue("shop", "sales", &["ana"]))
        .queue(asks)
}

async fn offered(inbox: &mut Inbox) -> TicketId {
    let pick = |event: &ClientEvent| {
        if let ClientEvent::Offer(offer) = event { Some(offer.ticket) } else { None }
    };
    inbox.find("an offer", pick).await
}

async fn offer_ended(inbox: &mut Inbox) -> (TicketId, Option<OfferEnd>) {
    let pick = |event: &ClientEvent| {
        if let ClientEvent::OfferEnded(ended) = event {
            Some((ended.ticket, ended.end))
        } else {
            None
        }
    };
    inbox.find("the end of an offer", pick).await
}

async fn told(inbox: &mut Inbox) -> TransferAsked {
    let pick = |entry: &relevo_wire::push::Entry| {
        if let EntryEvent::TransferAsked(told) = &entry.event { Some(told.clone()) } else { None }
    };
    inbox.find_entry("what became of the transfer", pick).await
}

#[tokio::test]
async fn the_giver_keeps_the_ticket_until_the_receiver_accepts_and_is_told_why_not() {
    let deployment = Deployment::start(&site()).await;
    let mut bot = deployment.bot("shop").await;
    let mut ana = deployment.online("ana").await;
    let mut bea = deployment.online("bea").await;
    let ticket = bot.hand_over("c1").await.ticket;
    let held = ana.assigned().await;
    ana.say(held, "hello").await;

    let to = || TransferTarget::Queue("billing".into());
    let transfer = |note| ana.client.transfer(ticket, held.epoch, to(), note);
    let answer = within("transfer", transfer("wants a refund")).await.expect("it is asked");
    assert_eq!(answer.child, ticket, "it stays");
    assert!(answer.asked_until.is_some());
    let asked = told(&mut ana.inbox).await;
    assert_eq!((asked.to.as_str(), asked.seconds, asked.end), ("billing", 3600, None));
    assert_eq!(asked.note, "wants a refund");
    assert_eq!(offered(&mut bea.inbox).await, ticket);
    let second = within("transfer", ana.client.transfer(ticket, held.epoch, to(), "")).await;
    assert_refused(second, ErrorCode::WrongState);

    within("decline", bea.client.decline(ticket)).await.expect("it is offered");
    assert_eq!(offer_ended(&mut bea.inbox).await, (ticket, Some(OfferEnd::Declined)));
    assert_eq!(told(&mut ana.inbox).await.end, Some(TransferEnd::Declined));
    ana.say(held, "one moment").await;

    let again = ana.client.transfer(ticket, held.epoch, to(), "");
    within("transfer", again).await.expect("it is asked");
    assert_eq!(told(&mut ana.inbox).await.end, None);
    assert_eq!(offered(&mut bea.inbox).await, ticket);
    let next = within("accept", bea.client.accept(ticket)).await.expect("it is offered");
    assert_ne!(next.ticket, ticket, "it goes on in a child");
    assert_eq!(offer_ended(&mut bea.inbox).await, (ticket, None));
    let taken = bea.assigned().await;
    assert_eq!((taken.ticket, taken.epoch), (next.ticket, next.epoch));
    bea.say(taken, "hello from billing").await;
    let sent = bot.customer("c1", "thank you").await;
    assert_eq!(sent.ticket, Some(taken.ticket));
    bea.close(taken).await;
}
