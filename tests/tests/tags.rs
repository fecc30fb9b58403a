//! Tags that a queue wants, through the daemon.

use relevo_client::ClientEvent;
use relevo_tests::harness::deployment::{TENANT, queue};
use relevo_tests::harness::party::assert_refused;
use relevo_tests::harness::wait::within;
use relevo_tests::harness::{Deployment, Inbox, Site};
use relevo_wire::directory::Queue;
use relevo_wire::error::ErrorCode;
use relevo_wire::push::WrapUp;

async fn wrap_up(inbox: &mut Inbox) -> WrapUp {
    let pick = |event: &ClientEvent| {
        if let ClientEvent::WrapUp(wrap_up) = event { Some(wrap_up.clone()) } else { None }
    };
    inbox.find("a wrap-up", pick).await
}

#[tokio::test]
async fn a_tag_that_the_queue_wants_is_asked_for_until_it_is_given() {
    let sales =
        Queue { mandatory_tags: true, wrap_up_seconds: 3600, ..queue("shop", "sales", &["ana"]) };
    let site = Site::new(TENANT).agent("ana", 2).bot("shop", "sales").queue(sales);
    let deployment = Deployment::start(&site).await;
    let bot = deployment.bot("shop").await;
    let mut ana = deployment.online("ana").await;
    bot.hand_over("c1").await;
    let held = ana.assigned().await;
    let untagged =
        within("close", ana.client.close_ticket(held.ticket, held.epoch, Vec::new())).await;
    assert_refused(untagged, ErrorCode::Malformed);
    ana.say(held, "hello").await;
    within("close", ana.client.close_ticket(held.ticket, held.epoch, Vec::new()))
        .await
        .expect("closed");
    assert!(wrap_up(&mut ana.inbox).await.untagged, "the agent is told what is missing");

    let mut phone = deployment.agent("ana").await;
    assert!(wrap_up(&mut phone.inbox).await.untagged, "on every device");
    let untagged = within("done", phone.client.wrap_up_done(held.ticket)).await;
    assert_refused(untagged, ErrorCode::Malformed);
    let tags = vec!["refund".to_owned()];
    within("done", phone.client.wrap_up_done_with(held.ticket, tags)).await.expect("wrapped up");
    let ended = wrap_up(&mut phone.inbox).await;
    assert_eq!((ended.until, ended.untagged), (None, false));
}
