//! What no client of ours would send: it gets the error that has its name, the lane or session ends
//! if it must, and nobody else notices.

use relevo_client::HandOffAnswer;
use relevo_tests::campaign::hostile::attack::{Attack, run_into};
use relevo_tests::campaign::hostile::process;
use relevo_tests::campaign::hostile::tally::Tallying;
use relevo_tests::campaign::hostile::{Siege, tight};
use relevo_tests::harness::deployment::{TENANT, queue};
use relevo_tests::harness::party::{hand_off, large_hand_off};
use relevo_tests::harness::raw::{FRAMES, JSON, Lane, Raw, hello};
use relevo_tests::harness::wait::{PATIENCE, until, until_equal, within};
use relevo_tests::harness::{Deployment, Site};
use relevo_wire::command::{AgentsOnline, Command, Next, Request, Status, Typing};
use relevo_wire::error::ErrorCode;
use relevo_wire::frame::{self, HEADER_BYTES, ServerFrame, VERSION, kind};
use relevo_wire::ids::RequestId;
use relevo_wire::push::Push;
use relevo_wire::{Answer, limits};
use std::time::Instant;
use tokio::task::JoinSet;

/// Floods until one is too much.
const FLOODS: usize = 10;
/// Bots of which each hands over half a megabyte at once: three times the budget of 8 MiB.
const BOTS: usize = 48;

async fn deployment() -> Deployment {
    Deployment::start(&Site::simple(&[("ana", 1)])).await
}

async fn connect(deployment: &Deployment) -> Raw {
    Raw::connect(deployment.daemon.ready().quic, FRAMES).await
}

fn request(id: u64, command: Command) -> Request {
    Request { request_id: RequestId(id), idempotency_key: None, command }
}

fn ask(id: u64) -> Request {
    request(id, Command::AgentsOnline(AgentsOnline { queue: None }))
}

fn bytes(request: &Request) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame::write_request(&mut bytes, request);
    bytes
}

fn header(length: u32, kind: u16, version: u16) -> Vec<u8> {
    let mut bytes = length.to_le_bytes().to_vec();
    bytes.extend(kind.to_le_bytes());
    bytes.extend(version.to_le_bytes());
    bytes
}

/// The lane ends; nothing more comes on it.
async fn assert_over(mut lane: Lane) {
    while within("the lane ends", lane.frame()).await.is_some() {}
}

#[tokio::test]
async fn what_comes_before_hello_is_unauthenticated() {
    let deployment = deployment().await;
    let key = deployment.key(TENANT, "shop");
    // Wrong in its last character alone, whatever that is.
    let other = if key.ends_with('x') { 'y' } else { 'x' };
    let wrong_key = format!("{}{other}", &key[..key.len() - 1]);
    for first in [ask(7), hello(""), hello("nobody"), hello(&wrong_key), hello(&"k".repeat(9000))] {
        let raw = connect(&deployment).await;
        let mut lane = raw.lane().await;
        lane.ask(&first).await;
        assert_eq!(lane.refused(ErrorCode::Unauthenticated).await, first.request_id);
        assert_over(lane).await;
    }
    let rejected = [("reason", "unauthenticated")];
    let counted = async || deployment.scrape().await.sum("relevo_rejected_total", &rejected);
    until_equal("each is counted", 5.0, counted).await;
}

#[tokio::test]
async fn a_connection_that_says_nothing_ends_and_holds_nobody_up() {
    let deployment = deployment().await;
    let start = Instant::now();
    let silent = connect(&deployment).await;
    let mut lane = silent.lane().await;
    lane.write(&[1]).await;
    let bot = deployment.bot("shop").await;
    bot.hand_over("c1").await;
    silent.closed().await;
    assert!(start.elapsed().as_secs() >= 3, "hello may take 3 s");
}

#[tokio::test]
async fn a_malformed_frame_ends_its_lane_and_nothing_else() {
    let deployment = deployment().await;
    let raw = connect(&deployment).await;
    let mut first = raw.hello(deployment.key(TENANT, "shop")).await;
    let whole = bytes(&ask(9));
    let mut cut_payload = whole.clone();
    cut_payload.truncate(HEADER_BYTES + 9);
    cut_payload[..4].copy_from_slice(&9_u32.to_le_bytes());
    let mut other_version = whole.clone();
    other_version[6..8].copy_from_slice(&(VERSION + 1).to_le_bytes());
    let mut unknown_kind = whole.clone();
    unknown_kind[4..6].copy_from_slice(&0x0fff_u16.to_le_bytes());
    let cases = [
        (cut_payload, ErrorCode::Malformed),
        (other_version, ErrorCode::VersionUnsupported),
        (unknown_kind, ErrorCode::Malformed),
        ([header(3, kind::SEND, VERSION), vec![0; 3]].concat(), ErrorCode::Malformed),
        (header(u32::MAX, kind::SEND, VERSION), ErrorCode::LimitExceeded),
        (header(limits::FRAME_BYTES as u32 + 1, kind::SEND, VERSION), ErrorCode::LimitExceeded),
        (
            header(limits::HAND_OFF_BYTES as u32 + 1, kind::HAND_OFF, VERSION),
            ErrorCode::LimitExceeded,
        ),
    ];
    for (bytes, code) in cases {
        let mut lane = raw.lane().await;
        lane.write(&bytes).await;
        lane.refused(code).await;
        assert_over(lane).await;
        // The session's other lanes go on.
        first.ask(&ask(10)).await;
        assert!(matches!(first.answer().await, (RequestId(10), Answer::AgentsOnline(_))));
    }
}

#[tokio::test]
async fn what_a_role_may_not_do_is_forbidden_and_a_second_hello_is_no_command() {
    let deployment = deployment().await;
    let raw = connect(&deployment).await;
    let key = deployment.key(TENANT, "shop");
    let mut lane = raw.hello(key).await;
    lane.ask(&request(2, Command::Next(Next { queue: None }))).await;
    assert_eq!(lane.refused(ErrorCode::Forbidden).await, RequestId(2));
    lane.ask(&request(3, Command::Status(Status {}))).await;
    assert_eq!(lane.refused(ErrorCode::Forbidden).await, RequestId(3));
    lane.ask(&ask(4)).await;
    assert!(matches!(lane.answer().await, (RequestId(4), Answer::AgentsOnline(_))));
    let again = Request { request_id: RequestId(5), ..hello(key) };
    lane.ask(&again).await;
    match lane.answer().await {
        (RequestId(5), Answer::Error(error)) => {
            assert!(
                matches!(error.code, ErrorCode::Malformed | ErrorCode::WrongState),
                "{error:?}"
            );
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_unknown_protocol_gets_no_connection() {
    let deployment = deployment().await;
    let refused = Raw::try_connect(deployment.daemon.ready().quic, b"h3").await;
    assert!(refused.is_err());
    deployment.bot("shop").await.hand_over("c1").await;
}

#[tokio::test]
async fn json_that_is_none_is_told_by_name_and_place() {
    let deployment = deployment().await;
    let key = deployment.key(TENANT, "shop");
    let lines = [
        ("{", "malformed"),
        ("[]", "malformed"),
        ("{\"type\":\"fly\",\"request_id\":5}", "malformed"),
        ("{\"type\":\"agents_online\",\"request_id\":5,\"colour\":\"red\"}", "malformed"),
    ];
    for (line, code) in lines {
        let raw = Raw::connect(deployment.daemon.ready().quic, JSON).await;
        let mut lane = raw.lane().await;
        let hello = format!("{{\"type\":\"hello\",\"request_id\":1,\"token\":\"{key}\"}}\n");
        lane.write(hello.as_bytes()).await;
        assert_eq!(lane.line().await.expect("an answer")["answer"], "welcome");
        lane.write(format!("{line}\n").as_bytes()).await;
        let error = loop {
            let line = lane.line().await.expect("the error comes before the end");
            if line["type"] == "error" {
                break line;
            }
        };
        assert_eq!(error["code"], code, "{line}: {error}");
        if line.contains("colour") {
            assert!(error.to_string().contains("colour"), "{error}");
        }
    }
    // A line longer than any may be.
    let raw = Raw::connect(deployment.daemon.ready().quic, JSON).await;
    let mut lane = raw.lane().await;
    lane.write(&vec![b' '; limits::HELLO_BYTES + 1]).await;
    assert_eq!(lane.line().await.expect("an error")["code"], "limit_exceeded");
}

#[tokio::test]
async fn more_lanes_than_allowed_are_not_opened() {
    let deployment = deployment().await;
    let raw = connect(&deployment).await;
    let _first = raw.hello(deployment.key(TENANT, "shop")).await;
    let mut lanes = Vec::new();
    for number in 1..u64::from(limits::LANES) {
        let mut lane = raw.lane().await;
        lane.ask(&ask(number)).await;
        assert!(matches!(lane.answer().await, (_, Answer::AgentsOnline(_))));
        lanes.push(lane);
    }
    // The transport itself allows no more until one is closed.
    let mut opening = Box::pin(raw.connection.open_bi());
    let is_held = std::future::poll_fn(|context| {
        std::task::Poll::Ready(opening.as_mut().poll(context).is_pending())
    });
    assert!(is_held.await, "a lane too many was allowed");
}

/// An attack in small: what must hold holds, and a bot, an agent and whoever comes anew are served
/// beside it.
async fn skirmish(attack: Attack, crowd: usize, answered: &[&str]) {
    let siege = Siege::new(tight()).await;
    let tally = siege.skirmish(attack, crowd).await;
    assert_eq!(tally.violations, [""; 0]);
    for name in answered {
        assert!(tally.count(name) > 0, "nobody was answered {name}: {tally}");
    }
}

#[tokio::test]
async fn handshakes_that_stall_keep_nobody_out() {
    let siege = Siege::new(tight()).await;
    let order = siege.order(Attack::HalfOpen, 20, 10 * PATIENCE, 1);
    let tallying = Tallying::default();
    let newcomer = async {
        // Many more than may be in progress.
        let begun = async || (tallying.tally().count("a first answer") > 1000).then_some(());
        until("handshakes stall", begun).await;
        let deployment = &siege.deployment;
        until("somebody new is let in", async || {
            let options = deployment.options(deployment.key(TENANT, "shop"));
            deployment.connector.bot(options).await.ok()
        })
        .await
    };
    tokio::select! {
        () = run_into(&order, &tallying) => panic!("the attack ended first"),
        _ = newcomer => {}
    }
}

#[tokio::test]
async fn stalled_handshakes_are_forgotten() {
    skirmish(Attack::HalfOpen, 5, &["a first answer"]).await;
}

#[tokio::test]
async fn many_connections_at_once_are_taken_or_turned_away() {
    skirmish(Attack::ManyConnects, 1500, &["closed: hello must come within 3 s"]).await;
}

#[tokio::test]
async fn connections_of_another_protocol_are_told_so() {
    skirmish(
        Attack::WrongProtocol,
        20,
        &["transport: the cryptographic handshake failed: error 120"],
    )
    .await;
}

#[tokio::test]
async fn early_data_is_neither_offered_nor_carried_out_nor_when_replayed() {
    skirmish(
        Attack::EarlyData,
        2,
        &["no early data offered", "early data refused", "not carried out"],
    )
    .await;
}

#[tokio::test]
async fn a_hello_that_drips_is_not_waited_for() {
    skirmish(Attack::SlowHello, 50, &["closed: hello must come within 3 s"]).await;
}

#[tokio::test]
async fn a_frame_that_drips_ends_its_lane() {
    skirmish(Attack::SlowFrame, 20, &["limit_exceeded"]).await;
}

#[tokio::test]
async fn lanes_full_of_half_frames_take_no_more_than_the_buffers() {
    skirmish(Attack::AllLanes, 20, &["overloaded", "held", "agents_online"]).await;
}

#[tokio::test]
async fn gaps_that_are_never_filled_are_held_and_forgotten() {
    let siege = Siege::new(tight()).await;
    let tally = siege.skirmish(Attack::Gaps, 3).await;
    assert_eq!(tally.violations, [""; 0]);
    let held = tally.count("held");
    assert_eq!(held, 2, "two keep to the limit, and one does not: {tally}");
}

#[tokio::test]
async fn a_byte_does_not_hold_the_train_that_it_came_in() {
    let siege = Siege::new(tight()).await;
    let pid = siege.deployment.daemon.pid();
    let before = process::peak_bytes(pid);
    let tally = siege.skirmish(Attack::Pins, 2).await;
    assert_eq!(tally.violations, [""; 0]);
    let more = process::peak_bytes(pid) - before.min(process::peak_bytes(pid));
    assert!(more * 4 < tally.bytes, "{more} bytes more for {} that were sent", tally.bytes);
}

#[tokio::test]
async fn clients_that_never_read_are_cut_off() {
    skirmish(Attack::NeverRead, 20, &["closed: slow_consumer", "sent"]).await;
}

#[tokio::test]
async fn nesting_is_malformed_at_any_depth_and_place() {
    skirmish(Attack::Nesting, 4, &["malformed", "agents_online"]).await;
}

#[tokio::test]
async fn what_is_not_ones_own_cannot_be_told_from_what_is_not_there() {
    skirmish(Attack::Foreign, 2, &["unauthenticated", "not_found"]).await;
}

#[tokio::test]
async fn a_flood_of_one_bot_waits_for_its_share() {
    skirmish(Attack::Flood, 4, &["accepted"]).await;
}

#[tokio::test]
async fn hand_offs_without_budget_are_answered_overloaded_and_nobody_is_cut_off() {
    let name = |bot: usize| format!("bot-{bot}");
    let site = (0..BOTS).fold(Site::new(TENANT).agent("ana", 1), |site, bot| {
        site.bot(&name(bot), "sales").queue(queue(&name(bot), "sales", &["ana"]))
    });
    let deployment = Deployment::with(&site, tight()).await;
    let mut bots = Vec::new();
    for bot in 0..BOTS {
        bots.push(deployment.bot(&name(bot)).await);
    }
    // A daemon that gets its turns more often than those who flood it refuses nothing.
    for round in 0..FLOODS {
        let mut asking = JoinSet::new();
        for (number, bot) in bots.iter().enumerate() {
            let (client, large) =
                (bot.client.clone(), large_hand_off(&format!("{round}-{number}")));
            asking.spawn(async move { client.hand_off(large).await });
        }
        let mut overloaded = 0;
        while let Some(answer) = within("each is answered", asking.join_next()).await {
            match answer.unwrap() {
                Ok(HandOffAnswer::Accepted(_)) => {}
                Err(error) if error.code() == Some(ErrorCode::Overloaded) => overloaded += 1,
                other => panic!("neither accepted nor overloaded: {other:?}"),
            }
        }
        for (number, bot) in bots.iter().enumerate() {
            let again = bot.client.hand_off(hand_off(&format!("{round}-{number}-again"))).await;
            assert!(matches!(again, Ok(HandOffAnswer::Accepted(_))), "{again:?}");
        }
        if overloaded > 0 {
            return;
        }
    }
    panic!("nobody was answered overloaded in {FLOODS} floods");
}

#[tokio::test]
async fn http_heads_that_drip_keep_no_probe_waiting() {
    skirmish(Attack::SlowHeads, 100, &["closed", "probe: 200"]).await;
}

#[tokio::test]
async fn silent_http_connections_keep_no_probe_waiting() {
    skirmish(Attack::SilentHttp, 100, &["closed", "probe: 200"]).await;
}

/// Hints that nobody had to take made their receiver a slow one.
#[tokio::test]
async fn a_flood_of_typing_makes_nobody_a_slow_consumer() {
    let deployment = deployment().await;
    let mut bot = deployment.bot("shop").await;
    let mut ana = deployment.online("ana").await;
    let ticket = bot.hand_over("c1").await.ticket;
    ana.assigned().await;
    // Another device of hers, which does not read for now.
    let reader = connect(&deployment).await;
    let mut unread = reader.hello(deployment.key(TENANT, "ana")).await;
    let flood = connect(&deployment).await;
    let mut lane = flood.hello(deployment.key(TENANT, "shop")).await;
    let hints = bytes(&request(0, Command::Typing(Typing { ticket }))).repeat(1000);
    for _ in 0..60 {
        lane.write(&hints).await;
    }
    lane.ask(&ask(2)).await;
    assert!(matches!(lane.answer().await, (RequestId(2), Answer::AgentsOnline(_))));
    let said = bot.customer("c1", "still there?").await;
    loop {
        match unread.frame().await.expect("nobody sent her away") {
            ServerFrame::Push(Push::Entry(entry)) if entry.number == said.number => break,
            ServerFrame::Push(_) | ServerFrame::Answer(..) => {}
        }
    }
}
