//! A daemon that is killed and started again: what its clients notice, and what no deadline may.

use relevo_client::wire::Answer;
use relevo_tests::harness::deployment::{TENANT, queue};
use relevo_tests::harness::inbox::said;
use relevo_tests::harness::party::{assert_refused, hand_off};
use relevo_tests::harness::wait::{let_pass, until_equal, within};
use relevo_tests::harness::{Deployment, Settings, Site};
use relevo_wire::command::{Command, TransferTarget};
use relevo_wire::directory::{AgentGone, Queue};
use relevo_wire::error::ErrorCode;
use relevo_wire::ids::TicketId;
use relevo_wire::push::EntryEvent;
use relevo_wire::vocabulary::{Intent, Outcome};
use std::time::{Duration, Instant};

#[tokio::test]
async fn after_kill_9_everybody_goes_on_where_they_were() {
    let mut deployment = Deployment::start(&Site::simple(&[("ana", 2)])).await;
    let mut bot = deployment.bot("shop").await;
    let mut ana = deployment.online("ana").await;
    bot.hand_over("c1").await;
    let held = ana.assigned().await;
    ana.say(held, "before").await;
    bot.inbox.message("before").await;
    for round in 0..3 {
        deployment.crash().await;
        // The same sessions, without a word to them; nobody's intent has changed.
        bot.customer("c1", &format!("customer {round}")).await;
        ana.inbox.message(&format!("customer {round}")).await;
        ana.say(held, &format!("agent {round}")).await;
        bot.inbox.message(&format!("agent {round}")).await;
    }
    let status = deployment.status().await;
    assert_eq!((status.tickets, status.seats), ([0, 0, 1], [1, 2]));
    let waits_for_nobody = bot.hand_over("c2").await;
    assert_eq!(ana.assigned().await.ticket, waits_for_nobody.ticket);
    ana.close(held).await;
    assert_eq!(bot.inbox.returned(held.ticket).await.outcome, Outcome::Attended);
    ana.inbox.returned(held.ticket).await;
    bot.inbox.assert_dense(held.ticket, 10);
    ana.inbox.assert_dense(held.ticket, 10);
}

#[tokio::test]
async fn another_number_of_shards_serves_the_same_tickets() {
    let mut deployment = Deployment::start(&Site::simple(&[("ana", 2)])).await;
    let other = Site::new("umbrella").agent("eve", 1).bot("spy", "desk").queue(queue(
        "spy",
        "desk",
        &["eve"],
    ));
    deployment.put(&other).await;
    let (shop, spy) = (deployment.bot("shop").await, deployment.bot_of("umbrella", "spy").await);
    let first = shop.hand_over("c1").await;
    let second = spy.hand_over("c1").await;
    for shards in [1, 5] {
        deployment.daemon.kill().await;
        deployment.daemon.settings().shards = shards;
        deployment.daemon.restart().await;
        assert_eq!(shop.hand_over("c1").await.ticket, first.ticket);
        assert_eq!(spy.hand_over("c1").await.ticket, second.ticket);
    }
    let mut ana = deployment.online("ana").await;
    assert_eq!(ana.assigned().await.ticket, first.ticket);
}

#[tokio::test]
async fn the_same_key_gets_the_first_answer_also_after_a_restart() {
    let mut deployment = Deployment::start(&Site::simple(&[("ana", 1)])).await;
    let mut bot = deployment.bot("shop").await;
    let ask = async |contact: &str, client: &relevo_client::BotClient| {
        let command = Command::HandOff(hand_off(contact));
        within("hand-off", client.request(command, Some("key-1".into()))).await
    };
    let first = ask("c1", &bot.client).await.unwrap();
    let Answer::Accepted(accepted) = &first else { panic!("{first:?}") };
    within("take back", bot.client.take_back(accepted.ticket)).await.unwrap();
    bot.inbox.returned(accepted.ticket).await;
    // The ticket is over; without the key it would be made anew.
    assert_eq!(ask("c1", &bot.client).await.unwrap(), first);
    deployment.crash().await;
    assert_eq!(ask("c1", &bot.client).await.unwrap(), first);
    assert_refused(ask("c2", &bot.client).await, ErrorCode::IdempotencyConflict);
    assert_eq!(deployment.status().await.tickets, [0, 0, 0]);
}

#[tokio::test]
async fn an_agent_who_is_gone_beyond_the_grace_period_loses_what_it_has_not_answered() {
    let site = Site::simple(&[("ana", 2), ("bea", 2)]);
    let deployment = Deployment::with(&site, Settings::grace_seconds(1)).await;
    let mut bot = deployment.bot("shop").await;
    let mut ana = deployment.online("ana").await;
    bot.hand_over("unanswered").await;
    let unanswered = ana.assigned().await;
    bot.hand_over("answered").await;
    let answered = ana.assigned().await;
    ana.say(answered, "I am here").await;
    let mut bea = deployment.online("bea").await;
    ana.client.close().await;
    // The one without a first reply goes to who is there; the one in service is kept.
    assert_eq!(bea.assigned().await.ticket, unanswered.ticket);
    assert_eq!(deployment.status().await.tickets, [0, 1, 1]);
    // Who comes back has what it kept; it has not to go online again.
    let mut ana = deployment.agent("ana").await;
    assert_eq!(ana.client.welcome().intent, Some(Intent::Online));
    ana.say(answered, "back again").await;
    assert_refused(ana.try_say(unanswered, "mine?").await, ErrorCode::StaleEpoch);
    bot.inbox.message("back again").await;
}

#[tokio::test]
async fn the_grace_period_begins_when_the_daemon_is_back() {
    let grace = Duration::from_secs(6);
    let site = Site::simple(&[("ana", 1), ("bea", 1)]);
    let mut deployment = Deployment::with(&site, Settings::grace_seconds(grace.as_secs())).await;
    let mut bot = deployment.bot("shop").await;
    let mut ana = deployment.online("ana").await;
    bot.hand_over("c1").await;
    let held = ana.assigned().await;
    let mut bea = deployment.online("bea").await;
    deployment.daemon.kill().await;
    // Both agents are without a session for longer than they may be while the daemon is up.
    let_pass(grace + Duration::from_secs(1)).await;
    deployment.daemon.restart().await;
    ana.client.cut_connection();
    bea.client.cut_connection();
    ana.say(held, "still mine").await;
    bot.inbox.message("still mine").await;
    bot.inbox.assert_dense(held.ticket, 3);
    let kept =
        bot.inbox.entries(held.ticket).iter().all(|e| !matches!(e.event, EntryEvent::Requeued(_)));
    assert!(kept, "{:?}", bot.inbox.entries(held.ticket));
    // And who was there before is still: the next one needs nobody to go online again.
    bot.hand_over("c2").await;
    bea.assigned().await;
}

#[tokio::test]
async fn a_deadline_that_moves_a_ticket_stands_still_while_the_daemon_is_down() {
    let wait = Duration::from_secs(4);
    let down = Duration::from_secs(5);
    let sales = Queue {
        transfer_wait_seconds: 4,
        agent_gone: AgentGone::Keep,
        ..queue("shop", "sales", &["ana", "bea", "cai"])
    };
    let site = Site::new(TENANT)
        .agent("ana", 1)
        .agent("bea", 1)
        .agent("cai", 1)
        .bot("shop", "sales")
        .queue(sales);
    let mut deployment = Deployment::start(&site).await;
    let bot = deployment.bot("shop").await;
    let mut ana = deployment.online("ana").await;
    bot.hand_over("c1").await;
    let first = ana.assigned().await;
    let mut bea = deployment.online("bea").await;
    bot.hand_over("c2").await;
    bea.assigned().await;
    // Given to one who is full: it waits for her that long, then anybody may have it.
    let child = ana.transfer(first, TransferTarget::Agent("bea".into())).await;
    let mut cai = deployment.online("cai").await;
    deployment.daemon.kill().await;
    let killed = Instant::now();
    let_pass(down).await;
    let was_down = killed.elapsed();
    deployment.daemon.restart().await;
    assert_eq!(cai.assigned().await.ticket, child);
    let entries = cai.inbox.entries(child);
    let waited = Duration::from_micros(entries[1].at - entries[0].at);
    assert!(waited >= wait + was_down, "it waited {waited:?}, and {was_down:?} do not count");
}

#[tokio::test]
async fn a_login_starts_invisible_and_no_restart_changes_what_an_agent_wants() {
    let mut deployment = Deployment::start(&Site::simple(&[("ana", 1), ("bea", 1)])).await;
    let ana = deployment.agent("ana").await;
    assert_eq!(ana.client.welcome().intent, Some(Intent::Invisible));
    let bea = deployment.online("bea").await;
    bea.presence(Intent::Paused).await;
    deployment.crash().await;
    let agents = async || deployment.status().await.agents;
    until_equal("one is paused, one invisible", [0, 1, 1, 0], agents).await;
    ana.online().await;
    assert_eq!(deployment.status().await.agents, [1, 1, 0, 0]);
}

#[tokio::test]
async fn what_was_said_while_the_bot_was_away_waits_for_it() {
    let mut deployment = Deployment::start(&Site::simple(&[("ana", 1)])).await;
    let bot = deployment.bot("shop").await;
    let mut ana = deployment.online("ana").await;
    bot.hand_over("c1").await;
    let held = ana.assigned().await;
    bot.client.close().await;
    ana.say(held, "one").await;
    deployment.crash().await;
    ana.say(held, "two").await;
    let mut bot = deployment.bot("shop").await;
    bot.inbox.message("two").await;
    let texts = |ticket: TicketId| bot.inbox.entries(ticket).iter().filter_map(said).map(|s| s.1);
    assert_eq!(texts(held.ticket).collect::<Vec<_>>(), ["one", "two"]);
}
