//! Silent customers and agents through the daemon: who is told what, and what becomes of the ticket.

use relevo_tests::harness::deployment::{TENANT, queue};
use relevo_tests::harness::{Deployment, Inbox, Site};
use relevo_wire::directory::{Inactivity, Queue};
use relevo_wire::push::{Entry, EntryEvent, Inactive, Requeued};
use relevo_wire::vocabulary::{CloseReason, Outcome, RequeueReason, Silent, Text, Texts};

fn site(inactivity: Inactivity) -> Site {
    let texts = Texts::default().with(Text::Inactive, "still there?");
    let sales = Queue { inactivity, texts, ..queue("shop", "sales", &["ana"]) };
    Site::new(TENANT).agent("ana", 1).bot("shop", "sales").queue(sales)
}

async fn told(inbox: &mut Inbox) -> Inactive {
    let pick = |entry: &Entry| {
        if let EntryEvent::Inactive(told) = &entry.event { Some(told.clone()) } else { None }
    };
    inbox.find_entry("that somebody is silent", pick).await
}

#[tokio::test]
async fn a_silent_customer_is_warned_in_the_queues_words_and_goes_back_to_the_bot() {
    let deployment = Deployment::start(&site(Inactivity {
        client_warning_seconds: Some(1),
        client_close_seconds: Some(1),
        ..Inactivity::default()
    }))
    .await;
    let mut bot = deployment.bot("shop").await;
    let mut ana = deployment.online("ana").await;
    let ticket = bot.hand_over("c1").await.ticket;
    let mine = ana.assigned().await;
    ana.say(mine, "what is your order number?").await;
    for inbox in [&mut bot.inbox, &mut ana.inbox] {
        let warning = told(inbox).await;
        assert_eq!((warning.silent, warning.text.as_str()), (Silent::Customer, "still there?"));
        let end = inbox.returned(ticket).await;
        assert_eq!((end.reason, end.outcome), (CloseReason::ClientInactivity, Outcome::Attended));
    }
    let labels = [("tenant", TENANT), ("bot", "shop"), ("queue", "sales"), ("reason", "customer")];
    let scrape = deployment.scrape().await;
    assert_eq!(scrape.sum("relevo_inactivity_warnings_total", &labels), 1.0);
}

#[tokio::test]
async fn an_agent_who_does_not_answer_is_told_alone_and_loses_the_ticket() {
    let deployment = Deployment::start(&site(Inactivity {
        agent_alert_seconds: Some(1),
        agent_requeue_seconds: Some(1),
        ..Inactivity::default()
    }))
    .await;
    let mut bot = deployment.bot("shop").await;
    let mut ana = deployment.online("ana").await;
    bot.hand_over("c1").await;
    ana.assigned().await;
    let alert = told(&mut ana.inbox).await;
    assert_eq!((alert.silent, alert.text.as_str()), (Silent::Agent, ""));
    let requeued = |entry: &Entry| {
        if let EntryEvent::Requeued(told) = &entry.event { Some(told.clone()) } else { None }
    };
    for inbox in [&mut ana.inbox, &mut bot.inbox] {
        let Requeued { agent, reason, .. } = inbox.find_entry("requeued", requeued).await;
        assert_eq!((agent.as_str(), reason), ("ana", RequeueReason::AgentInactivity));
    }
    let labels = [("tenant", TENANT), ("bot", "shop"), ("reason", "agent_inactivity")];
    let scrape = deployment.scrape().await;
    assert_eq!(scrape.sum("relevo_tickets_requeued_total", &labels), 1.0);
}
