//! Targets of tickets through the daemon: who is told that one is missed, and what a restart makes of it.

use relevo_client::ClientEvent;
use relevo_tests::harness::deployment::{TENANT, queue};
use relevo_tests::harness::{Deployment, Inbox, Site};
use relevo_wire::directory::{Queue, TicketTargets};
use relevo_wire::push::Target;
use relevo_wire::vocabulary::{TargetState, TicketTarget};

fn site() -> Site {
    let targets = TicketTargets {
        first_response_seconds: Some(1),
        next_response_seconds: Some(1),
        resolution_seconds: None,
    };
    let sales = Queue { targets, ..queue("shop", "sales", &["ana"]) };
    Site::new(TENANT).agent("ana", 1).bot("shop", "sales").queue(sales)
}

fn target(event: &ClientEvent) -> Option<Target> {
    if let ClientEvent::Target(target) = event { Some(target.clone()) } else { None }
}

/// Of a machine that is slow it may be told alone, without the risk before it.
async fn missed(inbox: &mut Inbox) -> Target {
    let is_missed =
        |event: &ClientEvent| target(event).filter(|target| target.state == TargetState::Missed);
    inbox.find("that a target is missed", is_missed).await
}

/// Which targets a session was told of so far.
fn told_of(inbox: &Inbox, which: TicketTarget) -> usize {
    let told = inbox.others().iter().filter_map(target);
    told.filter(|target| target.which == which && target.state == TargetState::Missed).count()
}

#[tokio::test]
async fn who_misses_a_target_is_told_so_once_on_every_device_and_whoever_comes_later_too() {
    let mut deployment = Deployment::start(&site()).await;
    let mut bot = deployment.bot("shop").await;
    let mut ana = deployment.online("ana").await;
    let mut phone = deployment.agent("ana").await;
    let ticket = bot.hand_over("c1").await.ticket;
    let mine = ana.assigned().await;
    let first = missed(&mut ana.inbox).await;
    assert_eq!((first.ticket, first.which), (ticket, TicketTarget::FirstResponse));
    assert_eq!(missed(&mut phone.inbox).await, first);
    let labels = [("queue", "sales"), ("reason", "first_response"), ("result", "missed")];
    let scrape = deployment.scrape().await;
    assert_eq!(scrape.sum("relevo_ticket_targets_told_total", &labels), 1.0);

    deployment.crash().await;
    let mut tablet = deployment.agent("ana").await;
    assert_eq!(missed(&mut tablet.inbox).await, first, "a restart ends nothing");
    tablet.say(mine, "here I am").await;
    bot.customer("c1", "at last!").await;
    let next = missed(&mut tablet.inbox).await;
    assert_eq!((next.ticket, next.which), (ticket, TicketTarget::NextResponse));
    assert!(next.due > first.due);
    assert_eq!(told_of(&tablet.inbox, TicketTarget::FirstResponse), 1, "not a second time");
    let scrape = deployment.scrape().await;
    assert_eq!(scrape.sum("relevo_ticket_targets_told_total", &labels), 0.0, "nor counted again");

    let mut desktop = deployment.agent("ana").await;
    assert_eq!(missed(&mut desktop.inbox).await, next);
    assert_eq!(told_of(&desktop.inbox, TicketTarget::FirstResponse), 0, "it was answered");
    let admin = deployment.admin().await;
    let because = admin.explain(ticket).await.expect("it is remembered").because;
    assert!(because.contains("its next response was due"), "{because}");
}
