//! Guaranteed shares of bots, on a running daemon: who gets a seat, what the gauges show, what is
//! refused.

use relevo_tests::harness::deployment::{TENANT, queue};
use relevo_tests::harness::party::assert_refused;
use relevo_tests::harness::wait::{until_equal, within};
use relevo_tests::harness::{Deployment, Site};
use relevo_wire::directory::{Bot, Object};
use relevo_wire::error::ErrorCode;

fn bot(name: &str, share: Option<u8>) -> Object {
    Object::Bot(Bot { guaranteed_share: share, ..Bot::new(name, "help") })
}

/// Waits until the gauges of a bot show seats, those guaranteed, and those used.
async fn shown(deployment: &Deployment, bot: &str, expected: [f64; 3]) {
    let names = ["relevo_bot_seats", "relevo_bot_seats_guaranteed", "relevo_bot_seats_used"];
    until_equal(bot, expected, async || {
        let scrape = deployment.scrape().await;
        names.map(|name| scrape.sum(name, &[("tenant", TENANT), ("bot", bot)]))
    })
    .await;
}

#[tokio::test]
async fn a_bot_gets_its_share_of_the_seats_that_come_free_and_the_gauges_show_it() {
    let site = Site::new(TENANT)
        .agent("ana", 4)
        .bot("shop", "help")
        .bot("care", "help")
        .queue(queue("shop", "help", &["ana"]))
        .queue(queue("care", "help", &["ana"]));
    let mut deployment = Deployment::start(&site).await;
    let admin = deployment.admin().await;
    let put = async |object| admin.put(Some(TENANT.into()), object, None).await;
    within("put", put(bot("care", Some(50)))).await.expect("it is right");
    let (shop, care) = (deployment.bot("shop").await, deployment.bot("care").await);
    let mut ana = deployment.online("ana").await;
    let mut held = Vec::new();
    for contact in ["s1", "s2", "s3", "s4"] {
        let ticket = shop.hand_over(contact).await.ticket;
        held.push(ana.assigned().await);
        assert_eq!(held.last().map(|held| held.ticket), Some(ticket), "what is not used is lent");
    }
    let before = shop.hand_over("s5").await.ticket;
    let first = care.hand_over("c1").await.ticket;
    let second = care.hand_over("c2").await.ticket;
    let third = care.hand_over("c3").await.ticket;
    shown(&deployment, "care", [4.0, 2.0, 0.0]).await;
    shown(&deployment, "shop", [0.0, 0.0, 0.0]).await;
    for (expected, used) in [(first, 1.0), (second, 2.0), (before, 2.0), (third, 3.0)] {
        ana.close(held.remove(0)).await;
        assert_eq!(ana.assigned().await.ticket, expected);
        shown(&deployment, "care", [4.0, 2.0, used]).await;
    }

    let refused = within("put", put(bot("shop", Some(51)))).await;
    let said =
        "agent \"ana\" serves bots with guaranteed shares of 101 % in all (care 50 %, shop 51 %)";
    assert!(refused.as_ref().is_err_and(|error| error.to_string().contains(said)), "{refused:?}");
    assert_refused(refused, ErrorCode::LimitExceeded);

    deployment.crash().await;
    shown(&deployment, "care", [4.0, 2.0, 3.0]).await;
}
