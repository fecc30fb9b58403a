//! A closed conversation goes on: by words of the customer and by its agent, through the daemon.

use relevo_tests::harness::deployment::{TENANT, queue};
use relevo_tests::harness::party::Held;
use relevo_tests::harness::wait::within;
use relevo_tests::harness::{Deployment, Site};
use relevo_wire::directory::Queue;
use relevo_wire::vocabulary::{Author, Holder};

fn site() -> Site {
    let sales = Queue { reopen_seconds: 3_600, ..queue("shop", "sales", &["ana"]) };
    Site::new(TENANT).agent("ana", 1).bot("shop", "sales").queue(sales)
}

#[tokio::test]
async fn words_after_the_close_go_to_the_same_agent_in_a_new_ticket_and_survive_a_restart() {
    let mut deployment = Deployment::start(&site()).await;
    let mut bot = deployment.bot("shop").await;
    let mut ana = deployment.online("ana").await;
    let first = bot.hand_over("c1").await;
    let mine = ana.assigned().await;
    ana.say(mine, "done, have a nice day").await;
    ana.close(mine).await;
    let end = bot.inbox.returned(first.ticket).await;
    assert!(end.reopen_until.is_some(), "the bot learns that it may go on");
    ana.inbox.returned(first.ticket).await;

    let sent = bot.customer("c1", "one more thing").await;
    let episode = sent.ticket.expect("it goes on in a ticket");
    assert_eq!((sent.holder, sent.number), (Holder::Reopened, 2));
    assert_ne!(episode, first.ticket);
    let again = ana.assigned().await;
    assert_eq!(again.ticket, episode);
    let entries = ana.client.read(episode, 0).await.expect("it is hers");
    let words = entries.iter().find_map(relevo_tests::harness::inbox::said);
    assert_eq!(words, Some((Author::Customer, "one more thing".to_owned())));
    let before = ana.client.read(first.ticket, 0).await.expect("the conversation is hers, too");
    assert!(before.iter().any(|e| relevo_tests::harness::inbox::said(e).is_some()));
    ana.say(again, "yes?").await;
    ana.close(again).await;
    bot.inbox.returned(episode).await;

    deployment.crash().await;
    let taken = within("reopen", ana.client.reopen(episode)).await.expect("there is still time");
    assert_eq!(ana.assigned().await, Held { ticket: taken.ticket, epoch: taken.epoch });
    let arrived =
        deployment.scrape().await.sum("relevo_tickets_arrived_total", &[("via", "reopen")]);
    assert_eq!(arrived, 1.0, "counted since the start");
}
