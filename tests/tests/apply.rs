//! The directory of a running daemon is brought to what a file says: all of it or nothing.

use relevo_client::AdminClient;
use relevo_tests::harness::daemon::{Ended, run};
use relevo_tests::harness::deployment::{TENANT, queue};
use relevo_tests::harness::{Deployment, Site};
use relevo_wire::answer::{Answer, Applied, DirectoryAnswer, Stored};
use relevo_wire::command::{Change, Command, ListDirectory, Put, PutChange};
use relevo_wire::directory::{Agent, Bot, Member, Object, Queue, Rule};
use relevo_wire::error::ErrorCode;
use relevo_wire::limits;
use std::fs;
use std::path::PathBuf;

/// A daemon, and the command line of its operator in a folder.
struct Office {
    deployment: Deployment,
    folder: tempfile::TempDir,
}

impl Office {
    async fn open(site: &Site) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { deployment: Deployment::start(site).await, folder }
    }

    fn file(&self, text: &str) -> String {
        let path: PathBuf = self.folder.path().join("directory.toml");
        fs::write(&path, text).expect("a temporary folder");
        path.to_str().expect("a plain name").to_owned()
    }

    async fn run(&self, arguments: &[&str]) -> Ended {
        let ready = self.deployment.daemon.ready();
        let (server, key) = (ready.quic.to_string(), self.deployment.operator_key());
        let to = ["--server", &server, "--fingerprint", &ready.fingerprint, "--key", key];
        run(&[arguments, &to[..]].concat()).await
    }

    async fn apply(&self, text: &str, more: &[&str]) -> Ended {
        let file = self.file(text);
        self.run(&[&["apply", "-f", &file], more].concat()).await
    }
}

#[track_caller]
fn ends(ended: &Ended, code: i32, lines: &[&str]) {
    let said = format!("{}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.code, Some(code), "{said}");
    for line in lines {
        assert!(said.lines().any(|said| said.starts_with(line)), "{line}: {said}");
    }
}

fn tenant() -> Option<String> {
    Some(TENANT.to_owned())
}

fn agent(name: &str, seats: u16) -> Object {
    Object::Agent(Agent::new(name, seats))
}

fn put(object: Object, if_version: Option<u64>) -> Change {
    Change::Put(PutChange { object: Box::new(object), if_version })
}

const FIRST: &str = "[[tenant]]\nname = \"blue\"\n[[agent]]\nname = \"ana\"\n[[agent]]\nname = \"bea\"\n\
    [[bot]]\nname = \"web\"\ndefault_queue = \"help\"\n\
    [[queue]]\nbot = \"web\"\nname = \"help\"\nmembers = [\"ana\", \"bea\"]\n";

#[tokio::test]
async fn a_file_becomes_the_directory_in_one_step_and_shows_what_it_changes() {
    let office = Office::open(&Site::simple(&[("ana", 1)])).await;
    let dry = office.apply(FIRST, &["--dry-run"]).await;
    ends(&dry, 2, &["+ tenant blue", "+ agent ana", "+ queue web/help", "dry run"]);
    let admin = office.deployment.admin().await;
    let list = async || admin.list_directory(Some("blue".into())).await;
    assert_eq!(list().await.unwrap_err().code(), Some(ErrorCode::NotFound), "it was a dry run");
    ends(&office.apply(FIRST, &[]).await, 0, &["+ bot web", "applied: 5 created"]);
    let first = list().await.unwrap();
    assert_eq!((first.version, first.objects.len()), (5, 5));

    ends(&office.apply(FIRST, &[]).await, 0, &["= 5 unchanged", "nothing to change"]);
    ends(&office.apply(FIRST, &["--dry-run"]).await, 0, &["= 5 unchanged"]);
    assert_eq!(list().await.unwrap(), first, "what changes nothing makes no version");

    // A forgotten line deletes nobody; `--prune` does, queues and members in one step.
    let second = FIRST
        .replace("[[agent]]\nname = \"bea\"\n", "")
        .replace("\"ana\", \"bea\"", "\"ana\"")
        .replace("name = \"ana\"\n", "name = \"ana\"\nseats = 4\n");
    let changes = ["~ agent ana: seats 3 -> 4", "~ queue web/help: members -bea"];
    let kept = office.apply(&second, &["--dry-run"]).await;
    ends(&kept, 2, &[&changes[..], &[". agent bea: not in the file, kept"]].concat());
    let pruned = office.apply(&second, &["--prune"]).await;
    ends(
        &pruned,
        0,
        &[&changes[..], &["- agent bea", "applied: 0 created, 2 changed, 1 deleted"]].concat(),
    );
    let third = "[[tenant]]\nname = \"blue\"\n[[agent]]\nname = \"ana\"\nseats = 4\n";
    let pruned = office.apply(third, &["--prune"]).await;
    ends(
        &pruned,
        0,
        &[
            "- queue web/help",
            "- bot web",
            "= 2 unchanged",
            "applied: 0 created, 0 changed, 2 deleted",
        ],
    );
    let left = list().await.unwrap();

    let Office { mut deployment, .. } = office;
    deployment.daemon.kill().await;
    deployment.daemon.restart().await;
    let admin = deployment.admin().await;
    assert_eq!(admin.list_directory(Some("blue".into())).await.unwrap(), left);
}

#[tokio::test]
async fn a_bad_file_changes_nothing_and_is_told_with_every_place() {
    let office = Office::open(&Site::simple(&[("ana", 1)])).await;
    let admin = office.deployment.admin().await;
    let before = admin.list_directory(tenant()).await.unwrap();
    let wrong = "[[agent]]\nname = \"bea\"\n\
                 [[queue]]\nbot = \"shop\"\nname = \"other\"\nmembers = [\"bea\", \"nobody\"]\n\
                 [[queue]]\nbot = \"shup\"\nname = \"third\"\n";
    let file = office.file(wrong);
    let apply = ["apply", "-f", &file, "--tenant", TENANT];
    let put = ["directory", "put", &file, "--tenant", TENANT];
    for command in [&apply[..], &put[..]] {
        let ended = office.run(command).await;
        assert_eq!(ended.code, Some(78), "{}", ended.stderr);
        for place in [
            "directory.toml:6:19: tenant \"acme\" has no agent named \"nobody\"",
            "directory.toml:8:7: tenant \"acme\" has no bot named \"shup\"; did you mean \"shop\"?",
        ] {
            assert!(ended.stderr.contains(place), "{place}: {}", ended.stderr);
        }
    }
    ends(
        &office.apply("", &["--tenant", TENANT, "--prune"]).await,
        78,
        &["relevo: the file has no object"],
    );
    let two =
        "[[agent]]\nname = \"x\"\ntenant = \"acme\"\n[[agent]]\nname = \"x\"\ntenant = \"blue\"\n";
    ends(
        &office.apply(two, &[]).await,
        78,
        &["relevo: the file has objects of more than one tenant"],
    );
    assert_eq!(admin.list_directory(tenant()).await.unwrap(), before);
}

#[tokio::test]
async fn who_serves_customers_is_not_pruned_and_then_nothing_is() {
    let office = Office::open(&Site::simple(&[("ana", 1)])).await;
    let ana = office.deployment.online("ana").await;
    let bot = office.deployment.bot("shop").await;
    bot.hand_over("c1").await;
    let admin = office.deployment.admin().await;
    let before = admin.list_directory(tenant()).await.unwrap();
    let file = "[[tenant]]\nname = \"acme\"\n[[agent]]\nname = \"new\"\n";
    for more in [&["--prune"][..], &["--prune", "--dry-run"]] {
        let ended = office.apply(file, more).await;
        ends(&ended, 1, &["+ agent new", "- agent ana"]);
        for part in ["queue shop/sales: ", "agent ana: ", "is in use", "nothing was applied"] {
            assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
        }
    }
    assert_eq!(admin.list_directory(tenant()).await.unwrap(), before);
    drop((ana, bot));
}

#[tokio::test]
async fn what_is_doubtful_is_told_alike_by_every_command_that_reads_it() {
    let office = Office::open(&Site::simple(&[("ana", 1)])).await;
    let text = "[[tenant]]\nname = \"blue\"\n[[bot]]\nname = \"web\"\ndefault_queue = \"help\"\n\
                [[bot.rules]]\nname = \"lost\"\nwhen = 'message contains \"x\"'\nqueue = \"nowhere\"\n\
                [[bot.rules]]\nname = \"late\"\nwhen = 'message contains \"x\"'\n\
                [[queue]]\nbot = \"web\"\nname = \"help\"\n";
    let file = office.file(text);
    let config = office.folder.path().join("relevo.toml");
    fs::write(&config, "[directory]\nfile = \"directory.toml\"\n").unwrap();
    let checked = run(&["check-config", "-c", config.to_str().unwrap()]).await;
    let doubts = |ended: &Ended| -> Vec<String> {
        assert!(matches!(ended.code, Some(0 | 2)), "{}{}", ended.stdout, ended.stderr);
        let lines = ended.stdout.lines().filter(|line| line.starts_with("doubtful: "));
        lines.map(str::to_owned).collect()
    };
    let expected = doubts(&checked);
    assert_eq!(expected.len(), 3, "{expected:#?}");
    assert_eq!(doubts(&office.run(&["apply", "--dry-run", "-f", &file]).await), expected);
    assert_eq!(doubts(&office.run(&["directory", "put", &file]).await), expected);
    assert_eq!(doubts(&office.run(&["apply", "-f", &file]).await), expected);
}

#[tokio::test]
async fn a_stale_version_refuses_all_and_a_repeated_command_is_answered_as_it_was() {
    let deployment = Deployment::start(&Site::simple(&[("ana", 1)])).await;
    let admin = deployment.admin().await;
    let listed = admin.list_directory(tenant()).await.unwrap();
    let ana = listed.objects.iter().find(|stored| matches!(stored.object, Object::Agent(_)));
    let version = ana.unwrap().version;
    let changes = || vec![put(agent("bea", 1), Some(0)), put(agent("ana", 2), Some(version))];
    // Somebody else is faster.
    let other = deployment.admin().await;
    let Stored { version: newer } = other.put(tenant(), agent("ana", 3), None).await.unwrap();
    let error = admin.apply(tenant(), changes(), false).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::VersionConflict));
    assert!(error.to_string().contains("changes[1].if_version"), "{error}");
    let now = admin.list_directory(tenant()).await.unwrap();
    assert_eq!(now.version, newer, "bea is not there");

    let guarded = |if_version| {
        let apply = relevo_wire::command::Apply {
            tenant: tenant(),
            changes: vec![put(agent("ana", 4), Some(if_version))],
            dry_run: false,
        };
        Command::Apply(apply)
    };
    let key = || Some("once".to_owned());
    let first = admin.request(guarded(newer), key()).await.unwrap();
    let expected = Applied { version: newer + 1, changed: 1, ..Applied::default() };
    assert_eq!(first, Answer::Applied(expected));
    assert_eq!(admin.request(guarded(newer), key()).await.unwrap(), first);
    let error = admin.request(guarded(newer + 1), key()).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::IdempotencyConflict));
    let single = || {
        Command::Put(Put {
            tenant: tenant(),
            object: Box::new(agent("new", 1)),
            if_version: Some(0),
        })
    };
    let first = admin.request(single(), Some("put".into())).await.unwrap();
    assert_eq!(admin.request(single(), Some("put".into())).await.unwrap(), first);
}

#[tokio::test]
async fn the_longest_apply_is_one_record_of_the_log_and_one_more_change_is_too_much() {
    let mut deployment = Deployment::start(&Site::new(TENANT)).await;
    let admin = deployment.admin().await;
    let agents = |count: usize| -> Vec<Change> {
        (0..count)
            .map(|at| put(agent(&format!("agent-with-a-name-of-{at:010}"), 1), Some(0)))
            .collect()
    };
    let error = admin.apply(tenant(), agents(limits::CHANGES + 1), false).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::LimitExceeded));
    assert!(error.to_string().contains("(changes): at most 4096"), "{error}");
    let applied = admin.apply(tenant(), agents(limits::CHANGES), false).await.unwrap();
    assert_eq!(applied.created as usize, limits::CHANGES);
    // As many bytes as may be: members of queues.
    let members: Vec<Member> =
        (0..2_000).map(|at| format!("agent-with-a-name-of-{at:010}").into()).collect();
    let queues = |count: usize| {
        let bot = put(Object::Bot(Bot::new("web", "q0")), None);
        let queue = |at| Queue { members: members.clone(), ..queue("web", &format!("q{at}"), &[]) };
        let queues = (0..count).map(|at| put(Object::Queue(queue(at)), None));
        std::iter::once(bot).chain(queues).collect::<Vec<_>>()
    };
    let error = admin.apply(tenant(), queues(12), false).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::LimitExceeded), "{error}");
    admin.apply(tenant(), queues(11), false).await.unwrap();
    let listed = admin.list_directory(tenant()).await.unwrap();
    assert_eq!(listed.objects.len(), 1 + limits::CHANGES + 12);
    deployment.daemon.kill().await;
    deployment.daemon.restart().await;
    assert_eq!(deployment.admin().await.list_directory(tenant()).await.unwrap(), listed);
}

async fn page(admin: &AdminClient, after: Option<u32>) -> DirectoryAnswer {
    let list = Command::ListDirectory(ListDirectory { tenant: tenant(), after });
    match admin.request(list, None).await {
        Ok(Answer::Directory(page)) => page,
        other => panic!("a page was expected, not {other:?}"),
    }
}

#[tokio::test]
async fn a_directory_longer_than_an_answer_is_listed_in_pages_of_its_version() {
    let site = Site::simple(&[("ana", 1)]).bot("second", "help").bot("third", "help");
    let deployment = Deployment::start(&site).await;
    let admin = deployment.admin().await;
    let long = |number: usize| {
        let parts: Vec<String> = (0..200).map(|at| format!("context.f>{at}{number:03}")).collect();
        let when = parts.join(" or ");
        Rule::new(format!("r{number}"), when)
    };
    let rules: Vec<Rule> = (0..130).map(long).collect();
    for name in ["shop", "second", "third"] {
        let bot = Object::Bot(Bot { rules: rules.clone(), ..Bot::new(name, "sales") });
        admin.put(tenant(), bot, None).await.unwrap();
    }
    let listed = admin.list_directory(tenant()).await.unwrap();
    assert_eq!(listed.objects.len(), 6, "tenant, bots, agent, queue");

    let first = page(&admin, None).await;
    let mut objects = first.objects.clone();
    let mut next = first.next;
    assert!(next.is_some(), "three bots of half a MiB are more than one page");
    while let Some(after) = next {
        assert_eq!(after as usize, objects.len());
        let further = page(&admin, Some(after)).await;
        assert_eq!(further.version, first.version);
        objects.extend(further.objects);
        next = further.next;
    }
    assert_eq!((first.version, objects), (listed.version, listed.objects));
    // Behind the last there is nothing, and what changes meanwhile is seen by the version.
    assert_eq!(page(&admin, Some(1_000)).await.objects, []);
    admin.put(tenant(), agent("bea", 1), None).await.unwrap();
    assert_eq!(page(&admin, first.next).await.version, first.version + 1);
}

/// A record of many groups: the first of them hold nothing that anybody waits for.
#[tokio::test]
async fn every_group_of_a_large_change_is_counted() {
    let office = Office::open(&Site::simple(&[("ana", 1)])).await;
    let figures = async || {
        let scrape = office.deployment.scrape().await;
        ["relevo_journal_bytes_total", "relevo_fsync_seconds_count"]
            .map(|name| scrape.sum(name, &[]))
    };
    let name = |number: u32| format!("{number:0>60}");
    let agents: String =
        (0..3_000).map(|number| format!("[[agent]]\nname = \"{}\"\n", name(number))).collect();
    let [bytes, groups] = figures().await;
    ends(&office.apply(&agents, &["--tenant", TENANT]).await, 0, &["applied: 3000 created"]);
    let [bytes_after, groups_after] = figures().await;
    let names = 3_000.0 * 60.0;
    assert!(bytes_after - bytes > names, "{} bytes", bytes_after - bytes);
    let least = (names / relevo_journal::GROUP_BYTES_MAX as f64).ceil();
    assert!(groups_after - groups >= least, "{} groups", groups_after - groups);
}
