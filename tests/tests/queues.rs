//! Whoever runs the desk acts on queues, through the daemon.

use relevo_client::{AdminClient, ClientEvent, Connector, HandOffAnswer};
use relevo_tests::harness::deployment::{TENANT, queue};
use relevo_tests::harness::party::{assert_refused, hand_off};
use relevo_tests::harness::wait::within;
use relevo_tests::harness::{Deployment, Site};
use relevo_wire::answer::{AgentsOnlineAnswer, Rejected};
use relevo_wire::command::{Change, NotifyWaiting, PutChange, SetQueueMode};
use relevo_wire::directory::{Object, Queue};
use relevo_wire::error::ErrorCode;
use relevo_wire::push::EntryEvent;
use relevo_wire::vocabulary::{Author, Body, QueueMode, Role};

/// 2099-06-01 09:00 UTC.
const LATER: u64 = 4_083_987_600_000_000;

/// A session of an admin of the tenant.
async fn supervisor(deployment: &Deployment) -> AdminClient {
    let operator = deployment.admin().await;
    let key = operator.create_key(Some(TENANT.into()), Role::Admin, "", "desk");
    let key = within("key", key).await.expect("the operator may make keys").key;
    let connector = Connector::new();
    within("admin", connector.admin(deployment.options(&key))).await.expect("the admin is let in")
}

fn set(mode: QueueMode, until: Option<u64>) -> SetQueueMode {
    let text = if mode == QueueMode::Open { "" } else { "We are on an outing." };
    SetQueueMode { queue: "shop/sales".into(), mode, text: text.into(), until }
}

async fn rejected(deployment: &Deployment, contact: &str) -> Rejected {
    let bot = deployment.bot("shop").await;
    match within("hand-off", bot.client.hand_off(hand_off(contact))).await.expect("an answer") {
        HandOffAnswer::Rejected(rejected) => rejected,
        accepted @ HandOffAnswer::Accepted(_) => panic!("{accepted:?}"),
    }
}

#[tokio::test]
async fn a_mode_is_set_at_run_time_outlives_a_crash_and_an_apply_and_ends_by_a_word() {
    let sales = queue("shop", "sales", &["ana"]);
    let mut deployment = Deployment::start(&Site::simple(&[("ana", 1)])).await;
    let bot = deployment.bot("shop").await;
    let waits = bot.hand_over("c1").await;
    let admin = supervisor(&deployment).await;
    within("drain", admin.set_queue_mode(set(QueueMode::Drain, Some(LATER)))).await.expect("may");
    let refused = rejected(&deployment, "c2").await;
    assert_eq!((refused.reason.as_str(), refused.opens_at), ("out_of_hours", Some(LATER)));
    assert_eq!(refused.text, "We are on an outing.");
    let online = async |deployment: &Deployment| {
        let bot = deployment.bot("shop").await;
        within("ask", bot.client.agents_online(None)).await.expect("an answer")
    };

    deployment.crash().await;
    let object = Object::Queue(sales);
    let operator = deployment.admin().await;
    within("put", operator.put(Some(TENANT.into()), object, None)).await.expect("it may");
    assert_eq!(rejected(&deployment, "c2").await.opens_at, Some(LATER), "it still drains");
    let mut ana = deployment.online("ana").await;
    assert_eq!(ana.assigned().await.ticket, waits.ticket, "who waited is served to the end");
    assert_eq!(online(&deployment).await, AgentsOnlineAnswer::No);

    let admin = supervisor(&deployment).await;
    within("open", admin.set_queue_mode(set(QueueMode::Open, None))).await.expect("she may");
    let bot = deployment.bot("shop").await;
    assert_eq!(bot.hand_over("c2").await.position, 1);
}

#[tokio::test]
async fn an_admin_of_the_tenant_sets_modes_and_nobody_else() {
    let deployment = Deployment::start(&Site::simple(&[("ana", 1)])).await;
    let drain = || set(QueueMode::Drain, None);
    let operator = deployment.admin().await;
    let refused = within("refused", operator.set_queue_mode(drain())).await;
    assert_refused(refused, ErrorCode::Forbidden);
    let admin = supervisor(&deployment).await;
    let nowhere = SetQueueMode { queue: "shop/nowhere".into(), ..drain() };
    assert_refused(within("unknown", admin.set_queue_mode(nowhere)).await, ErrorCode::NotFound);
    let over = set(QueueMode::Closed, Some(1));
    assert_refused(within("over", admin.set_queue_mode(over)).await, ErrorCode::Malformed);
}

#[tokio::test]
async fn labels_are_kept_listed_and_compared() {
    let label = |value: &str| vec![("city".to_owned(), value.to_owned())];
    let mut deployment = Deployment::start(&Site::simple(&[("ana", 1)])).await;
    let sales = Queue { labels: label("Lima"), ..queue("shop", "sales", &["ana"]) };
    let put = |queue: Queue| PutChange { object: Box::new(Object::Queue(queue)), if_version: None };
    let admin = supervisor(&deployment).await;
    for (queue, changed) in [(sales.clone(), 1), (sales.clone(), 0)] {
        let applied =
            within("apply", admin.apply(None, vec![Change::Put(put(queue))], false)).await;
        assert_eq!(applied.expect("she may").changed, changed);
    }
    deployment.crash().await;
    let admin = supervisor(&deployment).await;
    let listed = within("list", admin.list_directory(None)).await.expect("she may").objects;
    assert!(listed.iter().any(|stored| stored.object == Object::Queue(sales.clone())));
}

#[tokio::test]
async fn whoever_waits_is_told_through_the_bot_and_the_agent_reads_it_later() {
    let deployment = Deployment::start(&Site::simple(&[("ana", 1)])).await;
    let mut bot = deployment.bot("shop").await;
    let waits = bot.hand_over("c1").await;
    let admin = supervisor(&deployment).await;
    let notice = NotifyWaiting {
        queue: "shop/sales".into(),
        text: "It takes longer today.".into(),
        texts: Vec::new(),
    };
    let told = within("notify", admin.notify_waiting(notice)).await.expect("she may");
    assert_eq!(told.tickets, 1);
    let said = |event: &ClientEvent| {
        let ClientEvent::Entry(entry) = event else { return None };
        let EntryEvent::Message(message) = &entry.event else { return None };
        let body: Body = message.body.unpack().expect("a body");
        Some((entry.ticket, message.author, body.text))
    };
    let expected = (waits.ticket, Author::System, "It takes longer today.".to_owned());
    assert_eq!(bot.inbox.find("the notice", said).await, expected);
    let mut ana = deployment.online("ana").await;
    assert_eq!(ana.inbox.find("the notice", said).await, expected);
}
