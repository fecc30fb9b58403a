//! A ticket explained through the daemon: the rules of its hand-off, and past instants from the log, of
//! a running daemon and from the directory of one that was killed.

use relevo_tests::harness::daemon::run;
use relevo_tests::harness::deployment::{TENANT, queue};
use relevo_tests::harness::party::hand_off_with;
use relevo_tests::harness::{Deployment, Site};
use relevo_wire::answer::{ChosenBy, Explained, MatchedRule};
use relevo_wire::command::HandOff;
use relevo_wire::directory::{Bot, Object, Rule};
use relevo_wire::error::ErrorCode;
use relevo_wire::vocabulary::{Author, Contact, HandOffDetails, TicketState, TranscriptLine};

fn rule(name: &str, when: &str, queue: &str) -> Rule {
    Rule { queue: Some(queue.into()), ..Rule::new(name, when) }
}

fn shop(rules: Vec<Rule>) -> Object {
    Object::Bot(Bot { rules, ..Bot::new("shop", "help") })
}

fn said(contact: &str, text: &str) -> HandOff {
    let contact = Contact { id: contact.into(), name: String::new(), fields: Vec::new() };
    let line = TranscriptLine { author: Author::Customer, at: 0, text: text.into() };
    hand_off_with(HandOffDetails { contact, transcript: vec![line], ..HandOffDetails::default() })
}

async fn site() -> Deployment {
    let site = Site::new(TENANT)
        .bot("shop", "help")
        .agent("ana", 1)
        .queue(queue("shop", "help", &["ana"]))
        .queue(queue("shop", "billing", &["ana"]));
    let deployment = Deployment::start(&site).await;
    let rules = vec![
        rule("lost", "message contains \"lost\"", "help"),
        rule("invoices", "message contains \"invoice\" fold", "billing"),
    ];
    let admin = deployment.admin().await;
    admin.put(Some(TENANT.to_owned()), shop(rules), None).await.expect("it is answered");
    deployment
}

#[tokio::test]
async fn each_rule_that_was_tried_is_told_also_after_a_restart_and_a_change() {
    let mut deployment = site().await;
    let bot = deployment.bot("shop").await;
    let ticket = bot.hand_over_with(said("c1", "secret INVOICE")).await.ticket;
    let named = HandOff { queue: Some("help".into()), ..said("c2", "invoice") };
    let named = bot.hand_over_with(named).await.ticket;
    let invoices = Some(MatchedRule { number: 2, name: "invoices".into() });
    let admin = deployment.admin().await;
    let then =
        admin.explain(ticket).await.expect("it is answered").routing.expect("the record is there");
    assert_eq!((then.chosen_by, &then.rule), (ChosenBy::Rule, &invoices));
    let tried: Vec<(&str, bool)> =
        then.tried.iter().map(|rule| (rule.name.as_str(), rule.matched)).collect();
    assert_eq!(tried, [("lost", false), ("invoices", true)]);
    assert_eq!(then.tried[0].because, ["message contains \"lost\" is false"]);
    assert!(!format!("{then:?}").contains("secret"), "no word of the customer");
    let by_bot =
        admin.explain(named).await.expect("it is answered").routing.expect("the record is there");
    assert_eq!((by_bot.chosen_by, by_bot.tried.len()), (ChosenBy::Bot, 0));

    deployment.daemon.kill().await;
    deployment.daemon.restart().await;
    let admin = deployment.admin().await;
    assert_eq!(admin.explain(ticket).await.expect("it is answered").routing, Some(then.clone()));
    let other = vec![rule("everybody", "hour <= 23", "help")];
    admin.put(Some(TENANT.to_owned()), shop(other), None).await.expect("it is answered");
    let changed =
        admin.explain(ticket).await.expect("it is answered").routing.expect("the record is there");
    assert_eq!((&changed.rule, changed.rules_version), (&invoices, then.rules_version));
    assert!(changed.tried_version > Some(then.rules_version), "{changed:?}");
    assert_eq!(changed.tried[0].name, "everybody");
}

#[tokio::test]
async fn a_past_instant_is_explained_while_the_daemon_runs_and_after_it_was_killed() {
    let mut deployment = site().await;
    let bot = deployment.bot("shop").await;
    let ticket = bot.hand_over_with(said("c1", "invoice")).await.ticket;
    let admin = deployment.admin().await;
    let waiting = admin.explain(ticket).await.expect("it is answered");
    assert_eq!(waiting.state, TicketState::Waiting);
    let mut agent = deployment.online("ana").await;
    assert_eq!(agent.assigned().await.ticket, ticket);
    let assigned = admin.explain(ticket).await.expect("it is answered");
    assert_eq!(assigned.state, TicketState::Assigned);

    // From the log it is as it was explained while it was so.
    assert_eq!(admin.explain_at(ticket, waiting.at).await.expect("it is answered"), waiting);
    assert_eq!(admin.explain_at(ticket, assigned.at).await.expect("it is answered"), assigned);
    // The instant before the assignment shows who else could have had it.
    let before = assigned.assigned_at.expect("it is assigned") - 1;
    assert_eq!(
        admin.explain_at(ticket, before).await.expect("it is answered").state,
        TicketState::Waiting
    );
    let code = async |at| {
        let refused = admin.explain_at(ticket, at).await.expect_err("it cannot be explained");
        let relevo_client::ClientError::Refused(refused) = refused else { panic!("{refused}") };
        (refused.code, refused.field)
    };
    assert_eq!(code(waiting.at + 3_600_000_000).await, (ErrorCode::Malformed, "at".into()));
    assert_eq!(code(0).await, (ErrorCode::NotFound, "ticket".into()));

    let ready = deployment.daemon.ready();
    let (server, fingerprint) = (ready.quic.to_string(), ready.fingerprint.clone());
    let key = deployment.operator_key().to_owned();
    let remote = ["--server", &server, "--fingerprint", &fingerprint, "--key", &key];
    let ticket = ticket.to_string();
    let instant = |explained: &Explained| {
        let at = i64::try_from(explained.at).unwrap();
        jiff::Timestamp::from_microsecond(at).unwrap().to_string()
    };
    let at = instant(&waiting);
    let living = run(&[&["explain", &ticket, "--at", &at], &remote[..]].concat()).await;
    assert_eq!(living.code, Some(0), "{}", living.stderr);
    for told in ["waiting in shop/billing, place 1", &at, "ana", "2 invoices  yes"] {
        assert!(living.stdout.contains(told), "{told}: {}", living.stdout);
    }

    // Its directory says the same, once nobody has it.
    let data = deployment.daemon.data().display().to_string();
    let offline = ["explain", &ticket, "--data", &data, "--at", &at];
    let busy = run(&offline).await;
    assert_eq!(busy.code, Some(74), "{}", busy.stderr);
    assert!(busy.stderr.contains("leave --data out"), "{}", busy.stderr);
    deployment.daemon.kill().await;
    let stopped = run(&offline).await;
    assert_eq!((stopped.code, &stopped.stdout), (Some(0), &living.stdout), "{}", stopped.stderr);
    let at_the_end = run(&offline[..4]).await;
    assert!(
        at_the_end.stdout.contains("assigned in shop/billing, with ana"),
        "{}",
        at_the_end.stdout
    );
    // It was opened as at a start, and starts.
    deployment.daemon.restart().await;
}
