//! Offers, hold and wrap-up through the daemon: on every device of an agent, over a reconnect, in the
//! metrics.

use relevo_client::ClientEvent;
use relevo_tests::harness::deployment::{TENANT, queue};
use relevo_tests::harness::party::{Held, assert_refused};
use relevo_tests::harness::wait::within;
use relevo_tests::harness::{Agent, Deployment, Inbox, Site};
use relevo_wire::directory::Queue;
use relevo_wire::error::ErrorCode;
use relevo_wire::ids::TicketId;
use relevo_wire::push::{EntryEvent, Offer};
use relevo_wire::vocabulary::{OfferEnd, Outcome};

/// Agents of one seat in a queue that asks two of them at once, and lets them wrap up.
fn site() -> Site {
    let members = ["ana", "bea"];
    let asks = Queue {
        offer_seconds: 3600,
        offer_agents: 2,
        wrap_up_seconds: 3600,
        ..queue("shop", "sales", &members)
    };
    let site = members.iter().fold(Site::new(TENANT), |site, name| site.agent(name, 1));
    site.bot("shop", "sales").queue(asks)
}

async fn offered(inbox: &mut Inbox) -> Offer {
    let pick = |event: &ClientEvent| {
        if let ClientEvent::Offer(offer) = event { Some(offer.clone()) } else { None }
    };
    inbox.find("an offer", pick).await
}

/// How it ended; absent: it was accepted.
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

/// Until when something is wrapped up; absent: it is over.
async fn wraps(inbox: &mut Inbox) -> (TicketId, Option<u64>) {
    let pick = |event: &ClientEvent| {
        if let ClientEvent::WrapUp(wrap) = event { Some((wrap.ticket, wrap.until)) } else { None }
    };
    inbox.find("a wrap-up", pick).await
}

async fn held(inbox: &mut Inbox) -> bool {
    let pick = |entry: &relevo_wire::push::Entry| {
        if let EntryEvent::Held(held) = &entry.event { Some(held.on) } else { None }
    };
    inbox.find_entry("hold", pick).await
}

async fn accept(agent: &mut Agent, ticket: TicketId) -> Held {
    let taken = within("accept", agent.client.accept(ticket)).await.expect("it is offered");
    let assigned = agent.assigned().await;
    assert_eq!((taken.ticket, taken.epoch), (assigned.ticket, assigned.epoch));
    assigned
}

#[tokio::test]
async fn two_are_asked_and_the_first_to_accept_has_it() {
    let deployment = Deployment::start(&site()).await;
    let mut bot = deployment.bot("shop").await;
    let mut ana = deployment.online("ana").await;
    let mut bea = deployment.online("bea").await;
    let accepted = bot.hand_over("c1").await;
    assert_eq!(accepted.epoch, 1, "nobody has it yet");
    let offer = offered(&mut ana.inbox).await;
    assert_eq!((offer.ticket, offer.bot.as_str()), (accepted.ticket, "shop"));
    assert_eq!((offer.queue.as_str(), offer.priority), ("sales", 0));
    assert_eq!(offered(&mut bea.inbox).await.until, offer.until, "both for the same time");

    // Another device of hers is told too, and one that comes back.
    let mut phone = deployment.agent("ana").await;
    assert_eq!(offered(&mut phone.inbox).await, offer);

    let mine = accept(&mut bea, offer.ticket).await;
    for inbox in [&mut ana.inbox, &mut phone.inbox] {
        assert_eq!(offer_ended(inbox).await, (offer.ticket, Some(OfferEnd::Taken)));
    }
    assert_refused(
        within("too late", ana.client.accept(offer.ticket)).await,
        ErrorCode::WrongState,
    );
    bea.say(mine, "hello").await;

    // The next is for ana, who declines: nobody else is free, so that it waits.
    let next = bot.hand_over("c2").await;
    assert_eq!(offered(&mut ana.inbox).await.ticket, next.ticket);
    within("decline", ana.client.decline(next.ticket)).await.expect("it is offered");
    assert_eq!(offer_ended(&mut ana.inbox).await, (next.ticket, Some(OfferEnd::Declined)));
    let again = within("again", ana.client.decline(next.ticket)).await;
    assert_refused(again, ErrorCode::WrongState);

    // A customer who leaves ends the offer of whoever is asked.
    within("leave", bot.client.customer_left("c2")).await.expect("it is taken");
    assert_eq!(bot.inbox.returned(next.ticket).await.outcome, Outcome::Lost);
    let third = bot.hand_over("c3").await;
    assert_eq!(offered(&mut ana.inbox).await.ticket, third.ticket);
    within("leave", bot.client.customer_left("c3")).await.expect("it is taken");
    assert_eq!(offer_ended(&mut ana.inbox).await, (third.ticket, Some(OfferEnd::Closed)));

    let scrape = deployment.scrape().await;
    let queue = [("tenant", TENANT), ("bot", "shop"), ("queue", "sales")];
    assert_eq!(scrape.sum("relevo_offers_made_total", &queue), 4.0);
    for (end, count) in [("taken", 1.0), ("declined", 1.0), ("closed", 1.0)] {
        let labels = [queue[0], queue[1], queue[2], ("result", end)];
        assert_eq!(scrape.sum("relevo_offers_ended_total", &labels), count, "{end}");
    }
}

#[tokio::test]
async fn hold_is_seen_by_both_sides_and_the_seat_is_kept_until_it_is_wrapped_up() {
    let deployment = Deployment::start(&site()).await;
    let mut bot = deployment.bot("shop").await;
    let mut ana = deployment.online("ana").await;
    let ticket = bot.hand_over("c1").await.ticket;
    let mine = accept(&mut ana, ticket).await;
    let early = within("hold", ana.client.hold(ticket, mine.epoch)).await;
    assert_refused(early, ErrorCode::WrongState);
    ana.say(mine, "one moment").await;
    within("hold", ana.client.hold(ticket, mine.epoch)).await.expect("it is in service");
    assert!(held(&mut ana.inbox).await && held(&mut bot.inbox).await);
    within("unhold", ana.client.unhold(ticket, mine.epoch)).await.expect("it is on hold");
    assert!(!held(&mut ana.inbox).await && !held(&mut bot.inbox).await);

    ana.close(mine).await;
    assert_eq!(bot.inbox.returned(ticket).await.outcome, Outcome::Attended);
    let (wrapped, until) = wraps(&mut ana.inbox).await;
    assert!(wrapped == ticket && until.is_some());
    // Whoever comes meanwhile waits, though she is online; a device that comes is told why.
    let next = bot.hand_over("c1").await;
    assert!(!next.existing && next.position == 1, "to the bot it is over");
    let mut phone = deployment.agent("ana").await;
    assert_eq!(wraps(&mut phone.inbox).await, (ticket, until));
    // Both sides may have all of it by now: then it is forgotten with the end of the wrap-up.
    within("done", ana.client.wrap_up_done(ticket)).await.expect("it is hers");
    assert_eq!(wraps(&mut phone.inbox).await, (ticket, None));
    assert_eq!(offered(&mut ana.inbox).await.ticket, next.ticket);
}
