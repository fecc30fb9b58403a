//! Tickets through the daemon: who may speak, where a ticket goes, who gets it, who sees it.

use relevo_client::{ClientError, MessageOptions};
use relevo_tests::harness::deployment::{TENANT, queue};
use relevo_tests::harness::party::{Held, assert_refused, hand_off};
use relevo_tests::harness::wait::{until_equal, within};
use relevo_tests::harness::{Agent, Deployment, Site};
use relevo_wire::answer::AgentsOnlineAnswer;
use relevo_wire::command::{HandOff, TransferTarget};
use relevo_wire::directory::{
    self, Delivery, Holiday, Hours, NobodyOnline, Object, OutsideHours, Queue,
};
use relevo_wire::error::{ErrorCode, Present};
use relevo_wire::ids::TicketId;
use relevo_wire::push::{EntryEvent, Transferred};
use relevo_wire::vocabulary::{
    Body, CloseReason, Holder, Intent, Outcome, Text, Texts, TicketState,
};

#[tokio::test]
async fn a_stale_author_is_told_who_has_the_conversation() {
    let deployment = Deployment::start(&Site::simple(&[("ana", 1), ("bea", 1)])).await;
    let bot = deployment.bot("shop").await;
    let accepted = bot.hand_over("c1").await;
    let hello = Body::text("one moment, please");
    let says =
        |epoch| bot.client.send_bot(accepted.ticket, epoch, MessageOptions::default(), &hello);
    assert_eq!(within("send", says(accepted.epoch)).await.unwrap().holder, Holder::Queue);

    let mut ana = deployment.online("ana").await;
    let held = ana.assigned().await;
    // The bot never talks over a human, and learns who has the conversation.
    let Err(ClientError::Refused(error)) = within("send", says(accepted.epoch)).await else {
        panic!("the bot talked over a human")
    };
    assert_eq!(error.code, ErrorCode::StaleEpoch);
    let present =
        Present { state: TicketState::Assigned, epoch: held.epoch, agent: Some("ana".into()) };
    assert_eq!(error.present, Some(present));
    assert_refused(within("send", says(held.epoch)).await, ErrorCode::WrongState);

    // Nor does another agent: not with an old epoch, not with the right one.
    let bea = deployment.online("bea").await;
    let old = Held { epoch: held.epoch - 1, ..held };
    assert_refused(bea.try_say(old, "hi").await, ErrorCode::StaleEpoch);
    assert_refused(bea.try_say(held, "hi").await, ErrorCode::HeldByOther);
    ana.say(held, "mine").await;
    let closing = bea.client.close_ticket(held.ticket, held.epoch, Vec::new());
    assert_refused(within("close", closing).await, ErrorCode::HeldByOther);
    ana.close(held).await;
    assert_refused(ana.try_say(held, "late").await, ErrorCode::StaleEpoch);
}

#[tokio::test]
async fn a_contact_has_one_open_ticket_a_bot() {
    let deployment = Deployment::start(&Site::simple(&[("ana", 1)])).await;
    let mut bot = deployment.bot("shop").await;
    let first = bot.hand_over("c1").await;
    let again = bot.hand_over("c1").await;
    assert_eq!((again.ticket, again.existing, again.number), (first.ticket, true, first.number));
    let other = bot.hand_over("c2").await;
    assert_eq!((other.existing, other.number, other.position), (false, first.number + 1, 2));
    within("leave", bot.client.customer_left("c1")).await.unwrap();
    let returned = bot.inbox.returned(first.ticket).await;
    assert_eq!((returned.reason, returned.outcome), (CloseReason::Client, Outcome::Lost));
    let anew = bot.hand_over("c1").await;
    assert_eq!((anew.existing, anew.ticket == first.ticket), (false, false));
    within("take back", bot.client.take_back(anew.ticket)).await.unwrap();
    let returned = bot.inbox.returned(anew.ticket).await;
    assert_eq!((returned.reason, returned.outcome), (CloseReason::Bot, Outcome::TakenBack));
}

#[tokio::test]
async fn a_contact_of_two_bots_has_a_ticket_with_each() {
    let site = Site::new(TENANT)
        .bot("shop", "sales")
        .bot("bank", "desk")
        .queue(queue("shop", "sales", &[]))
        .queue(queue("bank", "desk", &[]));
    let deployment = Deployment::start(&site).await;
    let mut shop = deployment.bot("shop").await;
    let mut bank = deployment.bot("bank").await;
    let of_shop = shop.hand_over("c1").await;
    let of_bank = bank.hand_over("c1").await;
    assert_eq!((of_shop.existing, of_bank.existing), (false, false));
    assert_ne!(of_shop.ticket, of_bank.ticket);
    assert_eq!((of_shop.number, of_bank.number), (1, 1), "each bot counts its own");
    for (bot, ticket) in [(&mut shop, of_shop.ticket), (&mut bank, of_bank.ticket)] {
        assert_eq!(bot.hand_over("c1").await.ticket, ticket);
        assert_eq!(bot.customer("c1", "hello").await.ticket, Some(ticket));
    }
}

#[tokio::test]
async fn a_transfer_to_a_queue_keeps_the_place_in_line() {
    let site = Site::new(TENANT)
        .agent("ana", 1)
        .agent("bea", 1)
        .bot("shop", "sales")
        .queue(queue("shop", "sales", &["ana"]))
        .queue(queue("shop", "claims", &["bea"]));
    let deployment = Deployment::start(&site).await;
    let mut bot = deployment.bot("shop").await;
    let mut ana = deployment.online("ana").await;
    // One who came first to sales; claims is busy, and another waits there already.
    bot.hand_over_to("first", "sales").await;
    let held = ana.assigned().await;
    let to_claims = || TransferTarget::Queue("claims".into());
    let refused = ana.client.transfer(held.ticket, held.epoch, to_claims(), "");
    assert_refused(within("nobody is there", refused).await, ErrorCode::WrongState);
    let mut bea = deployment.online("bea").await;
    bot.hand_over_to("busy", "claims").await;
    let busy = bea.assigned().await;
    let second = bot.hand_over_to("second", "claims").await;
    let child = ana.transfer(held, to_claims()).await;
    bea.close(busy).await;
    let got = bea.assigned().await;
    assert_eq!(got.ticket, child, "the place of the first is before that of the second");
    assert_eq!(got.epoch, held.epoch + 2, "a child starts one above its parent, then is assigned");

    // The bot learns of the child; the parent is over with it, without being returned.
    let (parent, told) = transferred(&mut bot.inbox).await;
    assert_eq!((parent, told.child, told.epoch), (held.ticket, child, held.epoch + 1));
    assert_eq!((told.from.as_str(), told.to.as_str()), ("shop/sales", "claims"));
    // The receiver reads the whole conversation, with the note.
    let EntryEvent::HandedOff(handed_off) = &bea.inbox.entries(child)[0].event else {
        panic!("the first entry is the hand-off")
    };
    assert_eq!((handed_off.parent, handed_off.note.as_str()), (Some(held.ticket), "note"));
    let history = within("read", bea.client.read(held.ticket, 0)).await.unwrap();
    assert!(matches!(history[0].event, EntryEvent::HandedOff(_)), "{history:?}");
    // Words to the closed parent go to the child.
    assert_eq!(bot.customer("first", "me again").await.ticket, Some(child));
    bea.inbox.message("me again").await;
    bea.say(got, "I have it now").await;
    bea.close(got).await;
    assert_eq!(bea.assigned().await.ticket, second.ticket);
    assert_eq!(bot.inbox.returned(child).await.outcome, Outcome::Attended);
}

#[tokio::test]
async fn a_transfer_to_a_full_agent_waits_for_it_at_its_place() {
    let site = Site::simple(&[("ana", 1), ("bea", 1)]);
    let deployment = Deployment::start(&site).await;
    let bot = deployment.bot("shop").await;
    let mut ana = deployment.online("ana").await;
    bot.hand_over("first").await;
    let first = ana.assigned().await;
    let mut bea = deployment.online("bea").await;
    bot.hand_over("second").await;
    let second = bea.assigned().await;
    let targets = within("targets", ana.client.targets(first.ticket)).await.unwrap();
    let of_bea = targets.agents.iter().find(|target| target.agent == "bea").unwrap();
    assert_eq!((of_bea.online, of_bea.free), (true, 0));
    let child = ana.transfer(first, TransferTarget::Agent("bea".into())).await;
    // A later one goes to whoever is free; the child waits for the agent it was given to.
    let third = bot.hand_over("third").await;
    assert_eq!(ana.assigned().await.ticket, third.ticket);
    bea.close(second).await;
    assert_eq!(bea.assigned().await.ticket, child);

    let foreign = within("transfer", {
        let to = TransferTarget::Queue("nowhere".into());
        bea.client.transfer(child, first.epoch + 2, to, "")
    });
    assert_refused(foreign.await, ErrorCode::NotFound);
}

#[tokio::test]
async fn agents_pull_the_most_urgent_ticket() {
    let pulled = Queue { delivery: Delivery::Pull, ..queue("shop", "sales", &["ana"]) };
    let site = Site::new(TENANT).agent("ana", 1).bot("shop", "sales").queue(pulled);
    let deployment = Deployment::start(&site).await;
    let bot = deployment.bot("shop").await;
    let ana = deployment.online("ana").await;
    assert_refused(within("next", ana.client.next(None)).await, ErrorCode::NothingWaiting);
    let normal = bot.hand_over("normal").await;
    let urgent = HandOff { priority: Some(10), ..hand_off("urgent") };
    let urgent = bot.hand_over_with(urgent).await;
    assert_eq!((normal.position, urgent.position), (1, 1));
    let next = within("next", ana.client.next(Some("shop/sales".into()))).await.unwrap();
    assert_eq!(next.ticket, urgent.ticket);
    assert_refused(within("next", ana.client.next(None)).await, ErrorCode::NoSeat);
    ana.close(Held { ticket: next.ticket, epoch: next.epoch }).await;
    let next = within("next", ana.client.next(None)).await.unwrap();
    assert_eq!(next.ticket, normal.ticket);
}

#[tokio::test]
async fn no_agent_has_more_tickets_than_seats_over_all_its_queues() {
    let members = ["ana", "bea"];
    let site = Site::new(TENANT)
        .agent("ana", 2)
        .agent("bea", 3)
        .bot("shop", "sales")
        .bot("bank", "desk")
        .queue(queue("shop", "sales", &members))
        .queue(queue("shop", "claims", &members))
        .queue(queue("bank", "desk", &members));
    let deployment = Deployment::start(&site).await;
    let (shop, bank) = (deployment.bot("shop").await, deployment.bot("bank").await);
    let mut agents = [deployment.online("ana").await, deployment.online("bea").await];
    for number in 0..4 {
        shop.hand_over_to(&format!("s{number}"), "sales").await;
        shop.hand_over_to(&format!("c{number}"), "claims").await;
        bank.hand_over(&format!("b{number}")).await;
    }
    let numbers = |waiting, assigned| [waiting, assigned, 0];
    let seen = async || deployment.status().await;
    until_equal("five seats are taken", numbers(7, 5), async || seen().await.tickets).await;
    assert_eq!(seen().await.seats, [5, 5]);
    let held = [take(&mut agents[0], 2).await, take(&mut agents[1], 3).await];
    // A seat that comes free is taken once; who is paused gets nothing.
    agents[0].presence(Intent::Paused).await;
    agents[0].close(held[0][0]).await;
    agents[1].close(held[1][0]).await;
    agents[1].assigned().await;
    until_equal("one seat stays free", numbers(6, 4), async || seen().await.tickets).await;
    agents[0].online().await;
    agents[0].assigned().await;
    until_equal("all are taken again", numbers(5, 5), async || seen().await.tickets).await;
}

#[tokio::test]
async fn whether_agents_are_online_follows_who_is_there() {
    let refusing =
        Queue { nobody_online: NobodyOnline::Refuse, ..queue("shop", "night", &["bea"]) };
    let site = Site::simple(&[("ana", 1)]).agent("bea", 1).queue(refusing);
    let deployment = Deployment::start(&site).await;
    let bot = deployment.bot("shop").await;
    let ask = async |queue: Option<&str>| {
        within("ask", bot.client.agents_online(queue.map(Into::into))).await.unwrap()
    };
    assert_eq!(ask(None).await, AgentsOnlineAnswer::No);
    assert_eq!(ask(Some("nowhere")).await, AgentsOnlineAnswer::Unknown);
    let ana = deployment.online("ana").await;
    assert_eq!(ask(None).await, AgentsOnlineAnswer::Yes);
    assert_eq!(ask(Some("night")).await, AgentsOnlineAnswer::No);
    // Seats do not matter, a pause does.
    bot.hand_over("c1").await;
    assert_eq!(ask(None).await, AgentsOnlineAnswer::Yes);
    ana.presence(Intent::Paused).await;
    assert_eq!(ask(None).await, AgentsOnlineAnswer::No);
    let refused = HandOff { queue: Some("night".into()), ..hand_off("c2") };
    match within("hand-off", bot.client.hand_off(refused)).await.unwrap() {
        relevo_client::HandOffAnswer::Rejected(rejected) => assert_eq!(rejected.reason, "no_agent"),
        accepted @ relevo_client::HandOffAnswer::Accepted(_) => panic!("{accepted:?}"),
    }
}

#[tokio::test]
async fn a_queue_outside_its_hours_says_when_it_opens_and_opens_when_they_change() {
    /// 2099-06-01 04:00 in Bogota.
    const OPENS: u64 = 4_083_987_600_000_000;
    let day = Holiday {
        date: Some("2099-06-01".into()),
        open: vec!["04:00-10:00".into()],
        ..Holiday::default()
    };
    let hours =
        Hours { time_zone: Some("America/Bogota".into()), holidays: vec![day], ..Hours::default() };
    let night = Queue { hours: Some(hours), ..queue("shop", "night", &["ana"]) };
    let waits = Queue { outside_hours: OutsideHours::Queue, name: "waits".into(), ..night.clone() };
    let site = Site::simple(&[("ana", 2)]).queue(night).queue(waits.clone());
    let deployment = Deployment::start(&site).await;
    let bot = deployment.bot("shop").await;
    let mut ana = deployment.online("ana").await;
    let online = within("ask", bot.client.agents_online(Some("night".into()))).await.unwrap();
    assert_eq!(online, AgentsOnlineAnswer::No);
    let hand_over = async |contact: &str, queue: &str| {
        let input = HandOff { queue: Some(queue.into()), ..hand_off(contact) };
        within("hand-off", bot.client.hand_off(input)).await.unwrap()
    };
    let relevo_client::HandOffAnswer::Rejected(rejected) = hand_over("c1", "night").await else {
        panic!("it is closed")
    };
    assert_eq!((rejected.reason.as_str(), rejected.opens_at), ("out_of_hours", Some(OPENS)));
    let relevo_client::HandOffAnswer::Accepted(accepted) = hand_over("c2", "waits").await else {
        panic!("it may wait")
    };
    assert_eq!((accepted.position, accepted.text), (1, rejected.text));
    let admin = deployment.admin().await;
    let open = Object::Queue(Queue { hours: None, ..waits });
    within("put", admin.put(Some(TENANT.into()), open, None)).await.unwrap();
    assert_eq!(ana.assigned().await.ticket, accepted.ticket);
}

#[tokio::test]
async fn nobody_is_online_where_the_help_desk_is_switched_off() {
    let deployment = Deployment::start(&Site::simple(&[("ana", 1)])).await;
    let admin = deployment.admin().await;
    let bot = deployment.bot("shop").await;
    let _ana = deployment.online("ana").await;
    let sales = |active| Queue { active, ..queue("shop", "sales", &["ana"]) };
    let shop = |active| directory::Bot { active, ..directory::Bot::new("shop", "sales") };
    let acme = |active| directory::Tenant { active, ..directory::Tenant::new(TENANT) };
    let switched = |active| {
        [Object::Queue(sales(active)), Object::Bot(shop(active)), Object::Tenant(acme(active))]
    };
    for (off, on) in switched(false).into_iter().zip(switched(true)) {
        for (object, expected) in [(off, AgentsOnlineAnswer::No), (on, AgentsOnlineAnswer::Yes)] {
            admin.put(Some(TENANT.into()), object, None).await.unwrap();
            let answer = within("ask", bot.client.agents_online(None)).await.unwrap();
            assert_eq!(answer, expected);
        }
    }
}

#[tokio::test]
async fn a_test_goes_to_who_accepts_tests_and_counts_nowhere_else() {
    let tester = directory::Agent { accepts_tests: true, ..directory::Agent::new("bea", 1) };
    let site = Site::new(TENANT)
        .agent("ana", 5)
        .agent_with(tester)
        .bot("shop", "sales")
        .queue(queue("shop", "sales", &["ana", "bea"]));
    let deployment = Deployment::start(&site).await;
    let mut bot = deployment.bot("shop").await;
    let _ana = deployment.online("ana").await;
    let test = bot.hand_over_with(HandOff { test: true, ..hand_off("probe") }).await;
    assert_eq!(test.position, 1, "who is there accepts no tests");
    let mut bea = deployment.online("bea").await;
    let held = bea.assigned().await;
    assert_eq!(held.ticket, test.ticket);
    bea.say(held, "pong").await;
    bea.close(held).await;
    bot.inbox.returned(held.ticket).await;
    let scrape = deployment.scrape().await;
    for name in ["relevo_first_response_seconds_count", "relevo_tickets_closed_total"] {
        assert_eq!(scrape.sum(name, &[("tenant", TENANT)]), 0.0, "{name}");
    }
}

#[tokio::test]
async fn another_tenants_ids_are_like_ids_that_do_not_exist() {
    let mut deployment = Deployment::start(&Site::simple(&[("ana", 1)])).await;
    let foreign = Site::new("umbrella").agent("eve", 1).bot("spy", "desk").queue(queue(
        "spy",
        "desk",
        &["eve"],
    ));
    deployment.put(&foreign).await;
    let bot = deployment.bot("shop").await;
    let mut ana = deployment.online("ana").await;
    bot.hand_over("c1").await;
    let held = ana.assigned().await;

    let eve = deployment.agent_of("umbrella", "eve").await;
    let spy = deployment.bot_of("umbrella", "spy").await;
    let unknown = Held { ticket: TicketId(held.ticket.0 ^ 1), ..held };
    let as_unknown = |result: Result<(), ClientError>, at: TicketId| match result {
        Err(ClientError::Refused(error)) => {
            (error.code, error.field, error.message.replace(&at.to_string(), "ID"), error.present)
        }
        other => panic!("{other:?}"),
    };
    let mut answers = Vec::new();
    for held in [held, unknown] {
        let (ticket, epoch) = (held.ticket, held.epoch);
        let to = TransferTarget::Queue("desk".into());
        let hello = Body::text("hello");
        let options = MessageOptions::default;
        let asked = [
            eve.try_say(held, "hello").await.map(drop),
            eve.client.close_ticket(ticket, epoch, Vec::new()).await,
            eve.client.transfer(ticket, epoch, to, "").await.map(drop),
            eve.client.targets(ticket).await.map(drop),
            eve.client.read(ticket, 0).await.map(drop),
            spy.client.take_back(ticket).await,
            spy.client.send_bot(ticket, epoch, options(), &hello).await.map(drop),
        ];
        answers.push(asked.map(|result| as_unknown(result, ticket)));
    }
    let unknown = answers.pop().unwrap();
    assert_eq!(answers.pop().unwrap(), unknown);
    assert!(unknown.iter().all(|(code, ..)| *code == ErrorCode::NotFound), "{unknown:?}");
    ana.say(held, "nothing happened").await;
}

async fn take(agent: &mut Agent, tickets: usize) -> Vec<Held> {
    let mut held = Vec::new();
    for _ in 0..tickets {
        held.push(agent.assigned().await);
    }
    held
}

async fn transferred(inbox: &mut relevo_tests::harness::Inbox) -> (TicketId, Transferred) {
    inbox
        .find_entry("transferred", |entry| match &entry.event {
            EntryEvent::Transferred(told) => Some((entry.ticket, told.clone())),
            EntryEvent::Empty(_)
            | EntryEvent::HandedOff(_)
            | EntryEvent::Message(_)
            | EntryEvent::Assigned(_)
            | EntryEvent::Requeued(_)
            | EntryEvent::Held(_)
            | EntryEvent::Parked(_)
            | EntryEvent::Unparked(_)
            | EntryEvent::Inactive(_)
            | EntryEvent::TransferAsked(_)
            | EntryEvent::Returned(_) => None,
        })
        .await
}

/// Nobody is in `sales`; later its only agent is busy. In `night` nobody ever comes.
#[tokio::test]
async fn who_waits_in_vain_goes_on_along_the_chain_or_back_to_the_bot() {
    let overflow =
        directory::Overflow { after_seconds: Some(1), ..directory::Overflow::new("backup") };
    let texts = Texts::default().with(Text::Online, "backup comes");
    let sales = Queue { overflow: Some(overflow), ..queue("shop", "sales", &["ana"]) };
    let night = Queue { max_wait_seconds: Some(1), ..queue("shop", "night", &[]) };
    let site = Site::new(TENANT)
        .agent("ana", 1)
        .agent("bea", 1)
        .bot("shop", "sales")
        .queue(Queue { texts, ..queue("shop", "backup", &["bea"]) })
        .queue(sales)
        .queue(night);
    let deployment = Deployment::start(&site).await;
    let mut bot = deployment.bot("shop").await;
    let mut bea = deployment.online("bea").await;
    let first = bot.hand_over("c1").await;
    assert_eq!(first.text, "backup comes");
    let held = bea.assigned().await;
    assert_eq!(held.ticket, first.ticket);

    let mut ana = deployment.online("ana").await;
    let second = bot.hand_over("c2").await;
    assert_eq!(ana.assigned().await.ticket, second.ticket);
    let third = bot.hand_over("c3").await;
    let overflowed = async |reason| {
        let labels = [("queue", "sales"), ("reason", reason)];
        deployment.scrape().await.sum("relevo_tickets_overflowed_total", &labels)
    };
    until_equal("it goes on", 1.0, async || overflowed("timeout").await).await;
    assert_eq!(overflowed("nobody_online").await, 1.0);
    bea.close(held).await;
    assert_eq!(bea.assigned().await.ticket, third.ticket);

    let fourth = bot.hand_over_to("c4", "night").await;
    let returned = bot.inbox.returned(fourth.ticket).await;
    assert_eq!((returned.reason, returned.outcome), (CloseReason::NoAgent, Outcome::Unserved));
}
