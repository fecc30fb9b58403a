//! A returning customer and the agent who served it last, through the daemon.

use relevo_tests::harness::deployment::{TENANT, queue};
use relevo_tests::harness::{Deployment, Site};
use relevo_wire::answer::PreferredBy;
use relevo_wire::directory::{Bot, Object};
use relevo_wire::vocabulary::Intent;

#[tokio::test]
async fn a_returning_customer_goes_to_who_served_it_last_while_that_one_is_there() {
    let site = Site::new(TENANT).agent("ana", 2).agent("bea", 2).bot("shop", "sales").queue(queue(
        "shop",
        "sales",
        &["ana", "bea"],
    ));
    let mut deployment = Deployment::start(&site).await;
    let shop = Object::Bot(Bot { last_agent: true, ..Bot::new("shop", "sales") });
    let admin = deployment.admin().await;
    admin.put(Some(TENANT.to_owned()), shop, None).await.expect("it is answered");
    let bot = deployment.bot("shop").await;
    let mut bea = deployment.online("bea").await;
    bot.hand_over("c1").await;
    let held = bea.assigned().await;
    bea.say(held, "hello").await;
    bea.close(held).await;
    deployment.online("ana").await;
    deployment.crash().await;
    let bot = deployment.bot("shop").await;
    let mut ana = deployment.agent("ana").await;
    let mut bea = deployment.agent("bea").await;

    let back = bot.hand_over("c1").await;
    // What she had before the crash is told again.
    let mut held = bea.assigned().await;
    while held.ticket != back.ticket {
        held = bea.assigned().await;
    }
    let admin = deployment.admin().await;
    let explained = admin.explain(back.ticket).await.expect("it is answered");
    let routing = explained.routing.expect("the record is there");
    assert_eq!(routing.preferred_agent.as_deref(), Some("bea"));
    assert_eq!(routing.preferred_by, Some(PreferredBy::LastAgent));
    let because = &routing.because;
    assert!(because.contains("bea served the contact last, and was to have it first"), "{because}");
    bea.close(held).await;

    bea.presence(Intent::Paused).await;
    let back = bot.hand_over("c1").await;
    assert_eq!(ana.assigned().await.ticket, back.ticket, "nobody waits for who is not there");
}
