//! Contacts who are blocked, through the daemon.

use relevo_client::HandOffAnswer;
use relevo_tests::harness::Deployment;
use relevo_tests::harness::Site;
use relevo_tests::harness::deployment::{TENANT, queue};
use relevo_tests::harness::party::{assert_refused, hand_off};
use relevo_tests::harness::wait::within;
use relevo_wire::command::BlockContact;
use relevo_wire::error::ErrorCode;

fn site() -> Site {
    let site = Site::new(TENANT).agent("ana", 1).bot("shop", "sales").bot("bank", "desk");
    site.queue(queue("shop", "sales", &["ana"])).queue(queue("bank", "desk", &["ana"]))
}

fn block(bot: &str, contact: &str) -> BlockContact {
    BlockContact {
        tenant: Some(TENANT.into()),
        bot: bot.into(),
        contact: contact.into(),
        reason: "insults".into(),
        until: None,
    }
}

#[tokio::test]
async fn a_blocked_contact_is_refused_counted_and_listed_until_it_is_unblocked() {
    let mut deployment = Deployment::start(&site()).await;
    let tenant = || Some(TENANT.to_owned());
    let admin = deployment.admin().await;
    for contact in ["c1", "c2"] {
        within("block", admin.block_contact(block("shop", contact))).await.expect("blocked");
    }
    within("block", admin.block_contact(block("bank", "c3"))).await.expect("blocked");
    deployment.crash().await;

    let bot = deployment.bot("shop").await;
    let answer = within("hand off", bot.client.hand_off(hand_off("c1"))).await.expect("answered");
    let HandOffAnswer::Rejected(rejected) = answer else { panic!("{answer:?}") };
    assert_eq!(rejected.reason, "blocked");
    bot.hand_over("c3").await;
    let labels = [("bot", "shop"), ("result", "blocked")];
    let counted = deployment.scrape().await.sum("relevo_hand_offs_total", &labels);
    assert_eq!(counted, 1.0);

    let admin = deployment.admin().await;
    let listed = within("list", admin.list_blocked(tenant(), None)).await.expect("listed");
    let who = |blocked: &relevo_wire::answer::BlockedContact| {
        (blocked.bot.clone(), blocked.contact.clone(), blocked.reason.clone())
    };
    let expected = [("bank", "c3"), ("shop", "c2"), ("shop", "c1")]
        .map(|(bot, contact)| (bot.to_owned(), contact.to_owned(), "insults".to_owned()));
    assert_eq!(listed.iter().map(who).collect::<Vec<_>>(), expected, "newest first");
    within("unblock", admin.unblock_contact(tenant(), "shop", "c1")).await.expect("unblocked");
    let listed = admin.list_blocked(tenant(), Some("shop".to_owned()));
    assert_eq!(within("list", listed).await.expect("listed").len(), 1);
    bot.hand_over("c1").await;

    let unknown = within("unblock", admin.unblock_contact(tenant(), "shop", "c1")).await;
    assert_refused(unknown, ErrorCode::NotFound);
    let unknown = within("block", admin.block_contact(block("other", "c1"))).await;
    assert_refused(unknown, ErrorCode::NotFound);
}
