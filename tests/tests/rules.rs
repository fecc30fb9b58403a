//! Routing rules of a bot through the daemon: which queue a hand-off goes to, and what an admin is told.

use relevo_tests::harness::binary;
use relevo_tests::harness::daemon::run;
use relevo_tests::harness::deployment::{TENANT, queue};
use relevo_tests::harness::party::hand_off_with;
use relevo_tests::harness::{Deployment, Site};
use relevo_wire::command::HandOff;
use relevo_wire::directory::{
    Agent, Bot, Object, PriorityRule, Queue, Ring, Rule, Skill, Strategy,
};
use relevo_wire::error::ErrorCode;
use relevo_wire::vocabulary::{Author, Contact, HandOffDetails, Text, Texts, TranscriptLine};

fn rule(name: &str, when: &str, queue: &str) -> Rule {
    Rule { queue: Some(queue.into()), ..Rule::new(name, when) }
}

fn bot(rules: Vec<Rule>) -> Object {
    Object::Bot(Bot { rules, ..Bot::new("shop", "help") })
}

/// Each queue answers with its name.
fn site() -> Site {
    ["help", "billing"].into_iter().fold(Site::new(TENANT).bot("shop", "help"), |site, name| {
        let texts = Texts::default().with(Text::Online, name).with(Text::Offline, name);
        site.queue(Queue { texts, ..queue("shop", name, &[]) })
    })
}

fn said(contact: &str, text: &str) -> HandOff {
    let contact = Contact { id: contact.into(), name: String::new(), fields: Vec::new() };
    let line = TranscriptLine { author: Author::Customer, at: 0, text: text.into() };
    hand_off_with(HandOffDetails { contact, transcript: vec![line], ..HandOffDetails::default() })
}

#[tokio::test]
async fn a_hand_off_goes_where_the_first_rule_that_matches_says() {
    let mut deployment = Deployment::start(&site()).await;
    let admin = deployment.admin().await;
    let tenant = || Some(TENANT.to_owned());
    let rules = vec![
        rule("invoices", "message contains \"invoice\" fold", "billing"),
        Rule {
            skills: vec![Skill { name: "klingon".into(), level: 1 }],
            ..rule("nowhere", "message contains \"lost\"", "no-such-queue")
        },
    ];
    admin.put(tenant(), bot(rules), None).await.unwrap();
    let shop = deployment.bot("shop").await;
    let went = async |hand_off| shop.hand_over_with(hand_off).await.text;
    assert_eq!(went(said("c1", "About my INVOICE")).await, "billing");
    assert_eq!(went(said("c2", "hello")).await, "help");
    // The bot's own word goes before the rules.
    assert_eq!(went(HandOff { queue: Some("help".into()), ..said("c3", "invoice") }).await, "help");
    // A rule that names no queue of the bot loses nobody: what it requires was for another queue.
    let lost = shop.hand_over_with(said("c4", "I am lost")).await;
    assert_eq!(lost.text, "help");
    let because = admin.explain(lost.ticket).await.unwrap().because;
    assert!(!because.contains("requires"), "{because}");
    assert_eq!(went(HandOff { dry_run: true, ..said("c5", "invoice") }).await, "billing");

    // After a restart they are the same, and after a change at once the new ones.
    deployment.daemon.kill().await;
    deployment.daemon.restart().await;
    let (admin, shop) = (deployment.admin().await, deployment.bot("shop").await);
    assert_eq!(shop.hand_over_with(said("c6", "invoice")).await.text, "billing");
    admin.put(tenant(), bot(Vec::new()), None).await.unwrap();
    assert_eq!(shop.hand_over_with(said("c7", "invoice")).await.text, "help");
}

#[tokio::test]
async fn priority_rules_say_who_goes_first_whichever_way_a_queue_was_found() {
    let deployment = Deployment::start(&site()).await;
    let admin = deployment.admin().await;
    let urgent = |name: &str, queue: Option<&str>, word: &str, priority| PriorityRule {
        name: name.into(),
        queue: queue.map(Into::into),
        when: format!("message contains \"{word}\""),
        priority,
    };
    let rules = Bot {
        rules: vec![Rule {
            priority: Some(300),
            ..rule("invoices", "message contains \"invoice\"", "billing")
        }],
        priority_rules: vec![
            urgent("fraud", Some("billing"), "fraud", 1000),
            urgent("asap", None, "asap", 500),
        ],
        ..Bot::new("shop", "help")
    };
    admin.put(Some(TENANT.to_owned()), Object::Bot(rules), None).await.unwrap();
    let shop = deployment.bot("shop").await;
    let place = async |hand_off| shop.hand_over_with(hand_off).await.position;
    // Nobody serves the queues: places tell the order.
    assert_eq!(place(said("c1", "invoice")).await, 1, "300, by the routing rule");
    assert_eq!(place(said("c2", "invoice, asap")).await, 1, "500: before the routing rule's word");
    assert_eq!(place(said("c3", "invoice, fraud, asap")).await, 1, "1000: the first that matches");
    assert_eq!(place(said("c4", "invoice, asap")).await, 3, "500, after the first of 500");
    let named = |contact, text| HandOff { queue: Some("billing".into()), ..said(contact, text) };
    assert_eq!(place(named("c5", "fraud")).await, 2, "1000 in a queue that the hand-off names");
    assert_eq!(place(said("c6", "hello")).await, 1, "0, in the other queue");
    assert_eq!(place(said("c7", "fraud")).await, 2, "0: the rule is for another queue");
    assert_eq!(place(said("c8", "asap")).await, 1, "500, by default in the other queue");
}

#[tokio::test]
async fn skills_of_a_rule_choose_the_agent_and_rings_widen_the_choice() {
    let skill = |level| Skill { name: "billing".into(), level };
    let agent = |name: &str, skills| Agent { skills, ..Agent::new(name, 1) };
    let site = Site::new(TENANT)
        .bot("shop", "help")
        .agent_with(agent("ana", vec![skill(2)]))
        .agent_with(agent("bea", vec![skill(5)]))
        .queue(Queue { strategy: Strategy::MostSkilled, ..queue("shop", "help", &["ana", "bea"]) });
    let deployment = Deployment::start(&site).await;
    let admin = deployment.admin().await;
    let billing = Rule {
        skills: vec![skill(5)],
        rings: vec![Ring { after_seconds: 2, skills: vec![skill(2)] }],
        ..rule("billing", "message exists", "help")
    };
    admin.put(Some(TENANT.to_owned()), bot(vec![billing]), None).await.unwrap();
    let shop = deployment.bot("shop").await;
    let (mut ana, mut bea) = (deployment.online("ana").await, deployment.online("bea").await);
    let first = shop.hand_over_with(said("c1", "my invoice")).await.ticket;
    assert_eq!(bea.assigned().await.ticket, first, "only bea can");
    // Bea has no seat left, and ana comes within reach by waiting alone.
    let second = shop.hand_over_with(said("c2", "my invoice")).await;
    assert_eq!(second.position, 1, "it waits, though ana is free");
    assert_eq!(ana.assigned().await.ticket, second.ticket);
}

#[tokio::test]
async fn a_rule_and_before_it_the_hand_off_prefer_an_agent() {
    let site = Site::new(TENANT).bot("shop", "help").agent("ana", 9).agent("bea", 9);
    let deployment = Deployment::start(&site.queue(queue("shop", "help", &["ana", "bea"]))).await;
    let admin = deployment.admin().await;
    let to_bea =
        Rule { preferred_agent: Some("bea".into()), ..rule("bea", "message exists", "help") };
    admin.put(Some(TENANT.to_owned()), bot(vec![to_bea]), None).await.unwrap();
    let shop = deployment.bot("shop").await;
    let (mut ana, mut bea) = (deployment.online("ana").await, deployment.online("bea").await);
    for contact in ["c1", "c2"] {
        let ticket = shop.hand_over_with(said(contact, "hello")).await.ticket;
        assert_eq!(bea.assigned().await.ticket, ticket, "the rule's, full as she may be");
    }
    let asked = |name: &str| HandOff { preferred_agent: Some(name.into()), ..said("c3", "hello") };
    let error = shop.client.hand_off(asked("eve")).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::NotFound));
    assert!(error.to_string().contains("(preferred_agent): no agent is named `eve`"), "{error}");
    let ticket = shop.hand_over_with(asked("ana")).await.ticket;
    assert_eq!(ana.assigned().await.ticket, ticket, "the hand-off's own");
}

#[tokio::test]
async fn rules_that_are_wrong_are_refused_all_at_once_and_change_nothing() {
    let deployment = Deployment::start(&site()).await;
    let admin = deployment.admin().await;
    let tenant = || Some(TENANT.to_owned());
    let before = admin.list_directory(tenant()).await.unwrap();
    let wrong = vec![
        rule("first", "message has \"x\"", "help"),
        rule("second", "contact.age > \"old\"", "help"),
        rule("second", "message exists", "help"),
    ];
    let error = admin.put(tenant(), bot(wrong), None).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::Malformed));
    let said = error.to_string();
    for place in ["rule \"first\":1:9", "rule \"second\":1:15", "rule 2 has this name too"] {
        assert!(said.contains(place), "{place}: {said}");
    }
    let zone = Object::Bot(Bot { time_zone: "Mars/Base".into(), ..Bot::new("shop", "help") });
    let error = admin.put(tenant(), zone, None).await.unwrap_err();
    assert!(error.to_string().contains("Mars/Base"), "{error}");
    assert_eq!(admin.list_directory(tenant()).await.unwrap(), before);
}

#[tokio::test]
async fn cases_are_held_against_a_directory_file_without_a_daemon() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let directory = file(
        "directory.toml",
        "[[tenant]]\nname = \"acme\"\n[[bot]]\nname = \"shop\"\ndefault_queue = \"help\"\n\
         time_zone = \"America/Lima\"\n\
         [[bot.rules]]\nname = \"late\"\nwhen = 'time >= \"18:00\"'\nqueue = \"night\"\npriority = 7\n\
         [[queue]]\nbot = \"shop\"\nname = \"help\"\n[[queue]]\nbot = \"shop\"\nname = \"night\"\n",
    );
    let holds = file(
        "holds.toml",
        "[[case]]\nname = \"evening\"\nat = \"2026-07-01T18:00\"\nrule = \"late\"\nqueue = \"night\"\n\
         priority = 7\n[[case]]\nname = \"noon\"\nrule = \"\"\nqueue = \"help\"\n",
    );
    let differs =
        file("differs.toml", "[[case]]\nname = \"noon\"\nrule = \"late\"\nqueue = \"night\"\n");
    let broken = file("broken.toml", "[[case]]\nname = \"x\"\nat = \"late\"\n");
    let test = async |cases: &str| run(&["rules", "test", "-d", &directory, cases]).await;

    let ended = test(&holds).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("2 cases: 2 held, 0 failed"), "{}", ended.stdout);
    let ended = test(&differs).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    for line in
        ["differs.toml:1: \"noon\"", "expected \"late\", found none", "expected night, found help"]
    {
        assert!(ended.stdout.contains(line), "{line}: {}", ended.stdout);
    }
    let ended = test(&broken).await;
    assert_eq!(ended.code, Some(78), "{}", ended.stdout);
    for place in ["broken.toml:1:", "broken.toml:3:6"] {
        assert!(ended.stderr.contains(place), "{place}: {}", ended.stderr);
    }
    let at = "2026-07-01T17:59";
    let ended = run(&["rules", "explain", "-d", &directory, "--at", at]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for line in ["\"late\" does not match", "1:1 time >= \"18:00\" is false", "queue help"] {
        assert!(ended.stdout.contains(line), "{line}: {}", ended.stdout);
    }
}

#[tokio::test]
async fn the_cases_of_every_example_come_out_as_they_say() {
    let folder = binary::root().join("config/examples");
    let mut examples = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let cases = entry.unwrap().path();
        let name = cases.to_str().unwrap();
        let Some(stem) = name.strip_suffix(".cases.toml") else { continue };
        let ended = run(&["rules", "test", "-d", &format!("{stem}.toml"), name]).await;
        assert_eq!(ended.code, Some(0), "{name}: {}{}", ended.stdout, ended.stderr);
        assert!(!ended.stdout.contains("doubtful"), "{name}: {}", ended.stdout);
        examples += 1;
    }
    assert!(examples > 0, "there is an example");
}

#[tokio::test]
async fn every_example_is_taken_whole_without_a_doubt_and_a_second_time_changes_nothing() {
    let root = binary::root();
    let mut files = vec![root.join("config/directory.example.toml")];
    let examples = std::fs::read_dir(root.join("config/examples")).unwrap();
    files.extend(examples.map(|entry| entry.unwrap().path()).filter(|path| {
        let name = path.to_str().unwrap();
        name.ends_with(".toml") && !name.ends_with(".cases.toml")
    }));
    assert!(files.len() >= 5, "{files:?}");
    for file in files {
        let file = file.to_str().unwrap();
        let deployment = Deployment::start(&Site::new(TENANT)).await;
        let ready = deployment.daemon.ready();
        let (server, key) = (ready.quic.to_string(), deployment.operator_key());
        let to = ["--server", &server, "--fingerprint", &ready.fingerprint, "--key", key];
        for last in ["applied: ", "nothing to change"] {
            let ended = run(&[&["directory", "put", file], &to[..]].concat()).await;
            let said = format!("{file}: {}{}", ended.stdout, ended.stderr);
            assert_eq!(ended.code, Some(0), "{said}");
            assert!(ended.stdout.lines().any(|line| line.starts_with(last)), "{said}");
            assert!(!ended.stdout.contains("doubtful"), "{said}");
        }
    }
}
