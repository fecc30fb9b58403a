//! Call-back lists, through the daemon.

use relevo_client::HandOffAnswer;
use relevo_tests::harness::deployment::{TENANT, queue};
use relevo_tests::harness::party::{assert_refused, hand_off_with};
use relevo_tests::harness::wait::within;
use relevo_tests::harness::{Deployment, Site};
use relevo_wire::directory::{Hours, Queue};
use relevo_wire::error::ErrorCode;
use relevo_wire::vocabulary::{Callback, Contact, HandOffDetails};

fn customer(id: &str, name: &str) -> HandOffDetails {
    let (id, name) = (id.to_owned(), name.to_owned());
    HandOffDetails {
        contact: Contact { id, name, fields: Vec::new() },
        message_to_agent: String::new(),
        transcript: Vec::new(),
        context: Vec::new(),
    }
}

#[tokio::test]
async fn who_comes_outside_the_hours_is_listed_with_name_address_and_wish() {
    let closed = Queue { hours: Some(Hours::default()), ..queue("shop", "sales", &[]) };
    let site = Site::new(TENANT).bot("shop", "sales").queue(closed);
    let mut deployment = Deployment::start(&site).await;
    let bot = deployment.bot("shop").await;
    for (id, name) in [("+55 1", "Ana Souza"), ("+55 2", ""), ("+55 3", "Bea")] {
        let hand_off = bot.client.hand_off(hand_off_with(customer(id, name)));
        let answer = within("hand off", hand_off).await.expect("answered");
        let HandOffAnswer::Rejected(rejected) = answer else { panic!("{answer:?}") };
        assert_eq!(rejected.reason, "out_of_hours");
    }
    within("wish", bot.client.want_callback("+55 1", true)).await.expect("noted");
    within("wish", bot.client.want_callback("+55 2", false)).await.expect("noted");
    let unknown = within("wish", bot.client.want_callback("+55 4", true)).await;
    assert_refused(unknown, ErrorCode::NotFound);
    deployment.crash().await;

    let admin = deployment.admin().await;
    let listed = admin.list_callbacks(Some(TENANT.to_owned()), Some("shop".to_owned()));
    let listed = within("list", listed).await.expect("listed");
    let shown: Vec<_> = listed
        .iter()
        .map(|entry| (entry.contact.as_str(), entry.name.as_str(), entry.callback))
        .collect();
    let expected = [
        ("+55 3", "Bea", Callback::NotAsked),
        ("+55 2", "", Callback::No),
        ("+55 1", "Ana Souza", Callback::Yes),
    ];
    assert_eq!(shown, expected, "newest first");
    assert!(listed.iter().all(|entry| (&*entry.bot, &*entry.queue) == ("shop", "sales")));
}
