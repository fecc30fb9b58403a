//! A ticket parked until a time, through the daemon.

use relevo_tests::harness::deployment::{TENANT, queue};
use relevo_tests::harness::inbox::said;
use relevo_tests::harness::wait::within;
use relevo_tests::harness::{Deployment, Site};
use relevo_wire::ErrorCode;
use relevo_wire::vocabulary::{Author, Holder};
use std::time::{Duration, SystemTime};

fn site() -> Site {
    Site::new(TENANT).agent("ana", 1).bot("shop", "sales").queue(queue("shop", "sales", &["ana"]))
}

/// An hour from now, in microseconds since 1970.
fn in_an_hour() -> u64 {
    let at = SystemTime::now() + Duration::from_secs(3_600);
    let since = at.duration_since(SystemTime::UNIX_EPOCH).expect("it is after 1970");
    u64::try_from(since.as_micros()).expect("it is not far in the future")
}

#[tokio::test]
async fn a_parked_ticket_comes_back_to_its_agent_with_the_words_of_its_customer_and_survives_a_restart()
 {
    let mut deployment = Deployment::start(&site()).await;
    let mut bot = deployment.bot("shop").await;
    let mut ana = deployment.online("ana").await;
    let first = bot.hand_over("c1").await;
    let mine = ana.assigned().await;
    ana.say(mine, "I ask the workshop, until later").await;
    let park = ana.client.park(mine.ticket, mine.epoch, in_an_hour());
    within("park", park).await.expect("it is in service");
    let next = bot.hand_over("c2").await;
    let other = ana.assigned().await;
    assert_eq!(other.ticket, next.ticket, "the seat is free");
    let late = ana.try_say(mine, "hello?").await.expect_err("it is parked");
    assert_eq!(late.code(), Some(ErrorCode::WrongState));

    deployment.crash().await;
    let scrape = deployment.scrape().await;
    assert_eq!(scrape.sum("relevo_tickets", &[("state", "parked")]), 1.0);
    let taken = ana.client.unpark(mine.ticket, mine.epoch);
    let refused = within("unpark", taken).await.expect_err("her seat is in use");
    assert_eq!(refused.code(), Some(ErrorCode::NoSeat));
    ana.say(other, "yes, we have it").await;
    ana.close(other).await;
    let sent = bot.customer("c1", "any news?").await;
    assert_eq!((sent.ticket, sent.holder), (Some(first.ticket), Holder::Queue));
    let back = ana.assigned().await;
    assert_eq!((back.ticket, back.epoch), (first.ticket, mine.epoch + 1));
    let entries = ana.client.read(first.ticket, 0).await.expect("it is hers");
    let words = entries.iter().filter_map(said).next_back();
    assert_eq!(words, Some((Author::Customer, "any news?".to_owned())));
}
