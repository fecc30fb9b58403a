//! A customer who leaves the line and finds his place again, through the daemon.

use relevo_tests::harness::deployment::{TENANT, queue};
use relevo_tests::harness::wait::within;
use relevo_tests::harness::{Deployment, Site};
use relevo_wire::directory::Queue;
use relevo_wire::vocabulary::Holder;

#[tokio::test]
async fn who_leaves_the_line_is_back_at_his_place_by_words_and_by_a_hand_off_and_after_a_restart() {
    let sales = Queue { resume_seconds: 3_600, ..queue("shop", "sales", &["ana"]) };
    let site = Site::new(TENANT).agent("ana", 1).bot("shop", "sales").queue(sales);
    let mut deployment = Deployment::start(&site).await;
    let mut bot = deployment.bot("shop").await;
    let first = bot.hand_over("c1").await;
    let second = bot.hand_over("c2").await;
    assert_eq!((first.position, second.position), (1, 2));

    within("leave", bot.client.customer_left("c1")).await.expect("it is taken");
    let third = bot.hand_over("c3").await;
    assert_eq!(third.position, 2, "who is away counts in no line");
    let sent = bot.customer("c1", "here again").await;
    assert_eq!((sent.ticket, sent.holder), (Some(first.ticket), Holder::Queue));

    within("leave", bot.client.customer_left("c1")).await.expect("it is taken");
    deployment.crash().await;
    let scrape = deployment.scrape().await;
    assert_eq!(scrape.sum("relevo_tickets", &[("state", "away")]), 1.0);
    let again = bot.hand_over("c1").await;
    assert_eq!((again.ticket, again.existing), (first.ticket, true));
    assert_eq!((again.position, again.epoch), (1, first.epoch));

    let mut ana = deployment.online("ana").await;
    for expected in [first.ticket, second.ticket, third.ticket] {
        let held = ana.assigned().await;
        assert_eq!(held.ticket, expected);
        ana.say(held, "hello").await;
        ana.close(held).await;
    }
}
