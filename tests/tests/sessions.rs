//! Sessions: several of one party, lost ones, slow ones, and what each of them gets.

use relevo_client::{ClientEvent, MessageOptions, Options, Receipts, Reconnect};
use relevo_tests::harness::deployment::TENANT;
use relevo_tests::harness::inbox::said;
use relevo_tests::harness::party::hand_off;
use relevo_tests::harness::raw::{FRAMES, Raw};
use relevo_tests::harness::wait::{until, until_equal};
use relevo_tests::harness::{Deployment, Site};
use relevo_wire::Answer;
use relevo_wire::command::{Command, Cursor, Cursors, Hello, Request, SetPresence};
use relevo_wire::error::ErrorCode;
use relevo_wire::frame::{self, ServerFrame};
use relevo_wire::ids::RequestId;
use relevo_wire::push::{Entry, Push};
use relevo_wire::vocabulary::{Author, Body, Intent, Outcome, Role};

#[tokio::test]
async fn each_session_of_an_agent_gets_everything() {
    let deployment = Deployment::start(&Site::simple(&[("ana", 1)])).await;
    let mut bot = deployment.bot("shop").await;
    let mut browser = deployment.online("ana").await;
    let mut phone = deployment.agent("ana").await;
    // A second device changes no intent.
    assert_eq!(phone.client.welcome().intent, Some(Intent::Online));
    bot.hand_over("c1").await;
    let held = browser.assigned().await;
    assert_eq!(phone.assigned().await, held);
    browser.say(held, "from the browser").await;
    phone.inbox.message("from the browser").await;
    phone.say(held, "from the phone").await;
    browser.inbox.message("from the phone").await;
    bot.customer("c1", "to both").await;
    browser.inbox.message("to both").await;
    phone.inbox.message("to both").await;
    // One of them goes: the agent is still there.
    browser.client.close().await;
    phone.close(held).await;
    bot.hand_over("c2").await;
    let next = phone.assigned().await;
    phone.inbox.assert_dense(held.ticket, 6);
    // A device that comes later reads all of what is open.
    let mut browser = deployment.agent("ana").await;
    assert_eq!(browser.assigned().await, next);
    browser.inbox.assert_dense(next.ticket, 2);
}

#[tokio::test]
async fn a_bots_other_session_takes_over_what_a_lost_one_had() {
    let deployment = Deployment::start(&Site::simple(&[("ana", 1)])).await;
    let mut first = deployment.bot("shop").await;
    let mut second = deployment.bot("shop").await;
    let mut ana = deployment.online("ana").await;
    first.hand_over("c1").await;
    let held = ana.assigned().await;
    ana.say(held, "to the first").await;
    first.inbox.message("to the first").await;
    first.client.close().await;
    ana.say(held, "to the second").await;
    second.inbox.message("to the second").await;
    ana.close(held).await;
    assert_eq!(second.inbox.returned(held.ticket).await.outcome, Outcome::Attended);
    second.inbox.drain();
    let to_first =
        second.inbox.entries(held.ticket).iter().filter_map(said).any(|s| s.1 == "to the first");
    assert!(!to_first, "what the first session had confirmed came again");
}

#[tokio::test]
async fn a_lost_connection_loses_nothing_and_repeats_nothing() {
    let deployment = Deployment::start(&Site::simple(&[("ana", 1)])).await;
    let mut bot = deployment.bot("shop").await;
    let mut ana = deployment.online("ana").await;
    bot.hand_over("c1").await;
    let held = ana.assigned().await;
    for round in 0..5 {
        ana.client.cut_connection();
        bot.client.cut_connection();
        for word in 0..10 {
            bot.customer("c1", &format!("customer {round} {word}")).await;
            ana.say(held, &format!("agent {round} {word}")).await;
        }
    }
    ana.close(held).await;
    bot.inbox.returned(held.ticket).await;
    ana.inbox.returned(held.ticket).await;
    let last = 2 + 5 * 10 * 2 + 1;
    bot.inbox.assert_dense(held.ticket, last);
    ana.inbox.assert_dense(held.ticket, last);
    assert_words(bot.inbox.entries(held.ticket), Author::Agent, "agent");
    assert_words(ana.inbox.entries(held.ticket), Author::Customer, "customer");
    let lost =
        ana.inbox.others().iter().filter(|e| matches!(e, ClientEvent::Disconnected { .. })).count();
    assert!(lost >= 1, "the connection was never cut: the test shows nothing");
}

/// Every word of five rounds of ten, each once, in order.
fn assert_words(entries: &[Entry], author: Author, who: &str) {
    let words: Vec<String> = (entries.iter().filter_map(said))
        .filter(|(said_by, _)| *said_by == author)
        .map(|(_, text)| text)
        .collect();
    let all = (0..5).flat_map(|round| (0..10).map(move |word| (round, word)));
    let expected: Vec<String> = all.map(|(round, word)| format!("{who} {round} {word}")).collect();
    assert_eq!(words, expected);
}

#[tokio::test]
async fn a_receiver_that_does_not_read_is_sent_away_and_resumes() {
    let deployment = Deployment::start(&Site::simple(&[("ana", 1), ("bea", 1)])).await;
    let mut bot = deployment.bot("shop").await;
    let mut ana = deployment.online("ana").await;
    bot.hand_over("c1").await;
    let held = ana.assigned().await;
    // Confirmed with the session's end.
    ana.client.close().await;
    let mut bea = deployment.online("bea").await;
    bot.hand_over("c2").await;
    let other = bea.assigned().await;

    // The same agent on a connection that never reads again after its hello.
    let raw = Raw::connect(deployment.daemon.ready().quic, FRAMES).await;
    let lane = raw.hello(deployment.key(TENANT, "ana")).await;
    let text = "x".repeat(60 * 1024);
    let mut sent = 0_u32;
    // 256 KiB of windows, 1 MiB of outbox, and what is said while nobody has noticed.
    until("the daemon sends the reader away", async || {
        bot.client
            .send_customer("c1", MessageOptions::default(), &Body::text(&text))
            .await
            .inspect(|_| sent += 1)
            .ok();
        raw.connection.close_reason()
    })
    .await;
    drop(lane);
    let slow = async || deployment.scrape().await.sum("relevo_slow_consumers_total", &[]);
    until_equal("it counts as slow", 1.0, slow).await;
    // Nobody else noticed, and by cursor all of it is there.
    bot.customer("c2", "still here?").await;
    bea.inbox.message("still here?").await;
    bea.say(other, "yes").await;
    let mut ana = deployment.agent("ana").await;
    let last = bot.customer("c1", "the last word").await;
    ana.inbox.message("the last word").await;
    // Hand-off and assignment were confirmed; everything after them comes, in order.
    let numbers: Vec<u32> = ana.inbox.entries(held.ticket).iter().map(|e| e.number).collect();
    assert_eq!(numbers, (3..=last.number).collect::<Vec<_>>());
    let long = ana.inbox.entries(held.ticket).iter().filter_map(said).filter(|s| s.1 == text);
    assert_eq!(long.count() as u32, sent);
}

#[tokio::test]
async fn a_cursor_says_where_to_go_on() {
    let deployment = Deployment::start(&Site::simple(&[("ana", 1)])).await;
    let key = deployment.key(TENANT, "ana");
    // Nothing is confirmed: the daemon knows only what a cursor tells.
    let manual = Options {
        receipts: Receipts::Manual,
        reconnect: Reconnect::Never,
        ..deployment.options(key)
    };
    let mut bot = deployment.bot("shop").await;
    let mut ana = deployment.agent_with("ana", manual).await;
    ana.online().await;
    bot.hand_over("c1").await;
    let held = ana.assigned().await;
    ana.say(held, "three").await;
    ana.say(held, "four").await;
    ana.client.close().await;
    for received in 0..=4 {
        let raw = Raw::connect(deployment.daemon.ready().quic, FRAMES).await;
        let mut lane = raw.lane().await;
        let cursor = Cursor { ticket: held.ticket, received };
        let client = String::new();
        let hello = Hello { token: key.into(), client, resume: vec![cursor], more: false };
        let command = Command::Hello(hello);
        lane.ask(&Request { request_id: RequestId(1), idempotency_key: None, command }).await;
        // What is said now ends what was missed.
        let text = format!("after {received}");
        let last = bot.customer("c1", &text).await.number;
        let mut numbers = Vec::new();
        loop {
            match lane.frame().await.expect("the lane is open") {
                ServerFrame::Push(Push::Entry(entry)) => {
                    numbers.push(entry.number);
                    if said(&entry).is_some_and(|(_, said)| said == text) {
                        break;
                    }
                }
                ServerFrame::Push(_) | ServerFrame::Answer(..) => {}
            }
        }
        assert_eq!(numbers, (received + 1..=last).collect::<Vec<_>>());
        raw.connection.close(0_u32.into(), b"");
    }
}

/// The key was looked at when the hello began, and its revocation found no session to end.
#[tokio::test]
async fn a_key_that_is_revoked_while_its_session_opens_opens_none() {
    let deployment = Deployment::start(&Site::simple(&[("ana", 1)])).await;
    let admin = deployment.admin().await;
    let tenant = || Some(TENANT.to_owned());
    for (role, owner) in [(Role::Agent, "ana"), (Role::Bot, "shop"), (Role::Admin, "")] {
        let made = admin.create_key(tenant(), role, owner, "a test").await;
        let made = made.expect("the operator may make keys");
        let raw = Raw::connect(deployment.daemon.ready().quic, FRAMES).await;
        let mut lane = raw.lane().await;
        let (client, resume) = (String::new(), Vec::new());
        let hello = Hello { token: made.key, client, resume, more: true };
        let command = Command::Hello(hello);
        lane.ask(&Request { request_id: RequestId(1), idempotency_key: None, command }).await;
        admin.revoke_key(tenant(), made.prefix).await.expect("the key is there");
        let command = Command::Cursors(Cursors { resume: Vec::new(), more: false });
        let mut more = Vec::new();
        let request = Request { request_id: RequestId(1), idempotency_key: None, command };
        frame::write_request(&mut more, &request);
        // Where the revocation was there before the hello, nobody reads on.
        drop(lane.send.write_all(&more).await);
        let told = loop {
            match lane.frame().await.expect("the client is told why") {
                ServerFrame::Push(Push::GoAway(told)) => break told.reason,
                ServerFrame::Answer(_, Answer::Error(error)) => break error.code.name().to_owned(),
                ServerFrame::Push(_) | ServerFrame::Answer(..) => {}
            }
        };
        assert!(told == "revoked" || told == "unauthenticated", "{told}");
        raw.closed().await;
    }
}

#[tokio::test]
async fn a_session_that_is_revoked_and_not_gone_yet_asks_in_vain() {
    let deployment = Deployment::start(&Site::simple(&[("ana", 1)])).await;
    let admin = deployment.admin().await;
    let tenant = || Some(TENANT.to_owned());
    let made = admin.create_key(tenant(), Role::Agent, "ana", "a test").await;
    let made = made.expect("the operator may make keys");
    let mut bot = deployment.bot("shop").await;
    let _ana = deployment.online("ana").await;
    bot.hand_over("c1").await;
    let raw = Raw::connect(deployment.daemon.ready().quic, FRAMES).await;
    let _unread = raw.hello(&made.key).await;
    // More than the windows hold: the daemon waits for the client before it ends the connection.
    for _ in 0..10 {
        bot.customer("c1", &"x".repeat(60 * 1024)).await;
    }
    let mut lane = raw.lane().await;
    let ask = |id| {
        let command =
            Command::SetPresence(SetPresence { intent: Intent::Online, reason: String::new() });
        Request { request_id: RequestId(id), idempotency_key: None, command }
    };
    lane.ask(&ask(2)).await;
    assert!(matches!(lane.answer().await, (RequestId(2), Answer::Done(_))));
    admin.revoke_key(tenant(), made.prefix).await.expect("the key is there");
    lane.ask(&ask(3)).await;
    assert_eq!(lane.refused(ErrorCode::Unauthenticated).await, RequestId(3));
}

#[tokio::test]
async fn a_lane_whose_client_has_said_all_is_answered() {
    let deployment = Deployment::start(&Site::simple(&[("ana", 1)])).await;
    let raw = Raw::connect(deployment.daemon.ready().quic, FRAMES).await;
    let first = raw.hello(deployment.key(TENANT, "shop")).await;
    // The first lane last: its end is that of the session.
    for (number, mut lane) in [raw.lane().await, raw.lane().await, first].into_iter().enumerate() {
        let command = Command::HandOff(hand_off(&format!("c{number}")));
        let id = RequestId(7);
        lane.ask(&Request { request_id: id, idempotency_key: None, command }).await;
        lane.send.finish().expect("the lane is open");
        assert!(matches!(lane.answer().await, (RequestId(7), Answer::Accepted(_))), "{number}");
    }
}
