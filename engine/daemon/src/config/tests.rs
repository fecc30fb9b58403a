//! Every message that a wrong file gets, with its exact place.

use super::*;
use crate::memory::Bound;
use std::fs;

fn parse(text: &str) -> Result<Config, Problems> {
    Config::parse(text, Path::new("relevo.toml"))
}

/// The problems as they are shown, without the file's name.
fn problems(text: &str) -> Vec<String> {
    let problems = parse(text).expect_err(text).0;
    let shown = problems.iter().map(Problem::to_string);
    shown.map(|line| line.strip_prefix("relevo.toml:").expect(&line).to_owned()).collect()
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    assert_eq!(problems(text), expected, "{text}");
}

const DIRECTORY: &str = r#"
[[tenant]]
name = "acme"

[[agent]]
name = "ana"

[[bot]]
name = "web"
default_queue = "sales"

[[queue]]
bot = "web"
name = "sales"
members = ["ana"]
"#;

#[test]
fn an_empty_file_is_the_defaults() {
    assert_eq!(parse("").unwrap(), Config::default());
}

#[test]
fn the_default_document_parses_to_the_defaults() {
    assert_eq!(parse(&default_document()).unwrap(), Config::default());
}

#[test]
fn every_example_in_the_default_document_is_a_valid_value() {
    let document = default_document();
    let set: Vec<&str> = document
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.split_once(" = ").is_some_and(|(name, _)| !name.contains(' ')) => {
                rest
            }
            _ => line,
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("directory.example.toml"), DIRECTORY).unwrap();
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.path().join("certificate.pem"), pair.cert.pem()).unwrap();
    fs::write(folder.path().join("key.pem"), pair.signing_key.serialize_pem()).unwrap();
    let config = Config::parse(&set.join("\n"), &folder.path().join("relevo.toml")).unwrap();
    assert_eq!(config.server.shards, Some(2));
    assert!(config.server.tls.is_some());
    assert_eq!(config.server.memory_max_bytes, Some(262_144 * MIB));
    assert_eq!(config.journal.reserve_bytes, Some(1024 * MIB));
    assert_eq!(config.directory.objects.len(), 4);
}

#[test]
fn what_is_in_force_reads_back_the_same() {
    let key = keys_document();
    let text = format!(
        "[server]\nlisten = \"[::]:0\"\nshards = 3\ngrace_seconds = 7\nmax_sessions = 100\n\
         memory_max_mib = 1000000\n\
         [journal]\ndirectory = \"/var/lib/relevo \\\"quoted\\\"\"\nretention = \"needed\"\n\
         [metrics]\nextra_buckets_seconds = [100, 7]\n[log]\nlevel = \"debug\"\n{DIRECTORY}\
         texts = {{ online = \"Ya le atiendo\" }}\ntransfer_targets = [\"sales\"]\n\
         threshold_seconds = 7\n{key}"
    );
    let config = parse(&text).unwrap();
    assert_eq!(config.metrics.extra_buckets_seconds, [7, 100]);
    let effective = effective_document(&config);
    assert_eq!(parse(&effective).unwrap(), config, "{effective}");
}

fn keys_document() -> String {
    let hash = "ab".repeat(32);
    format!(
        "[[key]]\nrole = \"bot\"\nowner = \"web\"\nprefix = \"abcdefghij22\"\nsha256 = \"{hash}\"\n\
         [[key]]\nrole = \"operator\"\nlabel = \"on call\"\nprefix = \"abcdefghij23\"\n\
         sha256 = \"{hash}\"\n"
    )
}

#[test]
fn objects_come_in_an_order_in_which_they_can_be_made() {
    let (bot, rest) = DIRECTORY.split_at(DIRECTORY.find("[[bot]]").unwrap());
    let config = parse(&format!("{rest}{bot}{}", keys_document())).unwrap();
    let kinds: Vec<&str> = config
        .directory
        .objects
        .iter()
        .map(|seed| {
            assert_eq!(seed.tenant, "acme");
            match seed.object {
                relevo_wire::directory::Object::Tenant(_) => "tenant",
                relevo_wire::directory::Object::Agent(_) => "agent",
                relevo_wire::directory::Object::Bot(_) => "bot",
                relevo_wire::directory::Object::Queue(_) => "queue",
            }
        })
        .collect();
    assert_eq!(kinds, ["tenant", "agent", "bot", "queue"]);
    assert_eq!(config.directory.keys[0].tenant, "acme");
    assert_eq!(config.directory.keys[1].tenant, "", "an operator belongs to no tenant");
}

#[test]
fn unknown_keys_get_the_nearest_name() {
    check(
        "[server]\nlisten = \"127.0.0.1:1\"\n  lisen = 3\nport = 7443\n",
        &[
            "3:3: unknown key \"lisen\" in [server]; did you mean listen?",
            "4:1: unknown key \"port\" in [server]; it may have: grace_seconds, \
             presence_expiry_seconds, memory_max_mib, listen, http, tls_certificate_file, \
             tls_key_file, shards, position_interval_seconds, drain_seconds, max_sessions",
        ],
    );
    check("[sever]\n", &["1:2: unknown key \"sever\" in the file; did you mean server?"]);
    check(
        "[limits]\ngrace_seconds = 3\n",
        &["2:1: unknown key \"grace_seconds\" in [limits]; it may have: messages_memory_mib, \
           buffers_mib, max_tickets, max_entries, max_objects, max_tenants, budget_entries, \
           budget_mib"],
    );
}

#[test]
fn wrong_types_and_values_out_of_range_say_what_would_be_right() {
    check(
        "[server]\ngrace_seconds = \"30s\"\nshards = 0\nlisten = \"localhost\"\nhttp = 9464\n",
        &[
            "2:17: grace_seconds is a string; write seconds from 1 to 3600",
            "3:10: shards cannot be 0; write threads from 1 to 256",
            "4:10: listen cannot be \"localhost\"; write an address and a port, such as \
             \"127.0.0.1:7443\" or \"[::]:7443\"",
            "5:8: http is an integer; write a text in quotes",
        ],
    );
    check(
        "[server]\nmax_sessions = 99999999999999999999\ndrain_seconds = -1\n",
        &[
            "2:16: max_sessions cannot be 99999999999999999999; write sessions from 1 to 1000000",
            "3:17: drain_seconds cannot be -1; write seconds from 1 to 3600",
        ],
    );
    check("server = 3\n", &["1:10: server is an integer; write a table: [server]"]);
    check("bot = 3\n", &["1:7: bot is an integer; write each one as a table of its own: [[bot]]"]);
    check(
        "[log]\nlevel = \"debu\"\nformat = \"xml\"\n",
        &[
            "2:9: level cannot be \"debu\"; did you mean \"debug\"? One of: error, warn, info, \
             debug, trace",
            "3:10: format cannot be \"xml\"; one of: auto, text, json",
        ],
    );
    check(
        "[metrics]\nextra_buckets_seconds = [7, 0, \"9\"]\n",
        &[
            "2:29: extra_buckets_seconds cannot be 0; write seconds from 1 to 604800",
            "2:32: extra_buckets_seconds is a string; write seconds from 1 to 604800",
        ],
    );
}

#[test]
fn values_that_contradict_each_other_are_refused() {
    check(
        "[server]\ngrace_seconds = 120\npresence_expiry_seconds = 100\n",
        &[
            "3:27: presence_expiry_seconds is not above grace_seconds (120); an agent expires after \
           its grace period is over",
        ],
    );
    check(
        "[server]\ntls_key_file = \"key.pem\"\n",
        &["2:16: tls_key_file without tls_certificate_file; name both, or neither for a \
           development certificate"],
    );
}

#[test]
fn limits_that_add_up_to_more_memory_than_may_be_are_refused() {
    let of = |max: u64| format!("[server]\nmax_sessions = 500\nmemory_max_mib = {max}\n");
    let least = Bound::of(&parse("[server]\nmax_sessions = 500\n").unwrap()).mib();
    assert!(parse(&of(least)).is_ok());
    let refused = problems(&of(least - 1));
    assert_eq!(refused.len(), 1, "{refused:?}");
    let said = format!(
        "3:18: memory_max_mib = {} is below the {least} that the limits add up to; write at least \
         that, or lower max_sessions or [limits] (in MiB: ",
        least - 1
    );
    assert!(refused[0].starts_with(&said), "{refused:?}");
}

#[test]
fn text_that_is_no_toml_is_shown_where_it_breaks_and_the_rest_is_still_read() {
    let found = problems("[server]\nshards = \n[log]\nlevel = 3\n");
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].starts_with("2:") && found[0].contains("not TOML"), "{found:#?}");
    assert_eq!(found[1], "4:9: level is an integer; write a text in quotes");
}

#[test]
fn names_are_not_called_missing_when_a_line_could_not_be_read() {
    let broken = DIRECTORY.replace("name = \"ana\"", "name = \"ana");
    let found = problems(&broken);
    assert!(!found.iter().any(|line| line.contains("has no agent named")), "{found:#?}");
}

#[test]
fn columns_count_characters() {
    check(
        "[log]\n\"ñandú\" = 1\nlevel = [\"añó\", 2]\n",
        &[
            "2:1: unknown key \"ñandú\" in [log]; it may have: level, format",
            "3:9: level is an array; write a text in quotes",
        ],
    );
    check(
        "[[tenant]]\nname = \"a\"\n[[agent]]\nname = \"ñ\" \n",
        &["4:8: name cannot be \"ñ\"; 1 to 64 characters of a-z A-Z 0-9 . _ -"],
    );
    check(
        "metrics = { extra_buckets_seconds = [ \"ñññ\", 0 ] }\n",
        &[
            "1:39: extra_buckets_seconds is a string; write seconds from 1 to 604800",
            "1:46: extra_buckets_seconds cannot be 0; write seconds from 1 to 604800",
        ],
    );
}

#[test]
fn a_directory_that_refers_to_nothing_is_refused() {
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "default_queue = \"sales\"",
            "default_queue = \"sale\"",
            &["10:17: bot \"web\" has no queue named \"sale\"; did you mean \"sales\"?"],
        ),
        (
            "default_queue = \"sales\"\n",
            "",
            &[
                "8:1: [[bot]] has no default_queue; add \
           default_queue = \"..\"",
                "12:7: tenant \"acme\" has no bot named \"web\"; add a [[bot]] \
           of that name, or name another",
            ],
        ),
        (
            "members = [\"ana\"]",
            "members = [\"ana\", \"bob\", \"ana\"]",
            &[
                "15:19: tenant \"acme\" has no agent named \"bob\"; add a [[agent]] of that name, \
                 or name another",
                "15:26: agent \"ana\" is named twice; name each once",
            ],
        ),
        (
            "members = [\"ana\"]",
            "transfer_targets = [\"support\"]",
            &[
                "15:21: bot \"web\" has no queue named \"support\"; add a [[queue]] of that name, or \
               name another",
            ],
        ),
        (
            "bot = \"web\"\n",
            "bot = \"wed\"\n",
            &[
                "10:17: bot \"web\" has no queue named \"sales\"; add a [[queue]] of that name, or \
                 name another",
                "13:7: tenant \"acme\" has no bot named \"wed\"; did you mean \"web\"?",
            ],
        ),
        (
            "name = \"ana\"\n",
            "name = \"ana\"\ntenant = \"acne\"\n",
            &[
                "7:10: the file has no tenant named \"acne\"; did you mean \"acme\"?",
                "16:12: tenant \"acme\" has no agent named \"ana\"; add a [[agent]] of that name, \
                 or name another",
            ],
        ),
    ];
    for (from, to, expected) in cases {
        assert!(DIRECTORY.contains(from), "{from}");
        check(&DIRECTORY.replacen(from, to, 1), expected);
    }
}

#[test]
fn a_name_stands_once() {
    let second_queue = "[[queue]]\nbot = \"web\"\nname = \"sales\"\n";
    check(
        &format!("{DIRECTORY}{second_queue}"),
        &["18:8: a second queue of bot \"web\" \"sales\"; give each a name of its own"],
    );
    let again = "[[tenant]]\nname = \"acme\"\n[[agent]]\ntenant = \"acme\"\nname = \"ana\"\n";
    check(
        &format!(
            "{}{again}",
            DIRECTORY.replace("]]\nname = \"ana", "]]\ntenant = \"acme\"\nname = \"ana")
        ),
        &[
            "9:1: no tenant is named; add tenant = \"..\": the file has more than one",
            "13:1: no tenant is named; add tenant = \"..\": the file has more than one",
            "18:8: a second tenant \"acme\"; give each a name of its own",
            "21:8: a second agent \"ana\"; give each a name of its own",
        ],
    );
}

#[test]
fn the_same_name_may_stand_in_two_tenants() {
    let both = "[[tenant]]\nname = \"a\"\n[[tenant]]\nname = \"b\"\n\
                [[agent]]\ntenant = \"a\"\nname = \"ana\"\n[[agent]]\ntenant = \"b\"\nname = \"ana\"\n";
    assert_eq!(parse(both).unwrap().directory.objects.len(), 4);
}

#[test]
fn a_threshold_is_a_bucket_bound() {
    let text = DIRECTORY.to_owned() + "threshold_seconds = 75\n";
    check(
        &text,
        &[
            "16:21: threshold_seconds = 75 is no bucket bound; one of 1 2 5 10 15 20 30 45 60 90 120 \
           180 300 600 1200 1800 3600 7200 14400 28800 86400, or add it to [metrics] \
           extra_buckets_seconds",
        ],
    );
    assert!(parse(&format!("[metrics]\nextra_buckets_seconds = [75]\n{text}")).is_ok());
}

#[test]
fn objects_know_every_field_and_no_other() {
    let text = "[[tenant]]\nname = \"acme\"\nplan = \"gold\"\n[[agent]]\nname = \"a b\"\nseats = 5000\n\
                languages = []\n";
    check(
        text,
        &[
            "3:1: unknown key \"plan\" in [[tenant]]; it may have: name, active, fairness",
            "5:8: name cannot be \"a b\"; 1 to 64 characters of a-z A-Z 0-9 . _ -",
            "6:9: seats cannot be 5000; write seats from 1 to 4095",
            "7:1: unknown key \"languages\" in [[agent]]; it may have: tenant, name, active, seats, \
             accepts_tests, skills",
        ],
    );
    check(
        &format!("{DIRECTORY}texts = {{ onlin = \"x\" }}\nstrategy = \"random\"\n"),
        &[
            "16:11: unknown key \"onlin\" in [texts]; did you mean online?",
            "17:12: strategy cannot be \"random\"; one of: least_active, longest_idle, round_robin, most_skilled",
        ],
    );
}

#[test]
fn keys_stand_as_hashes_of_somebody_who_exists() {
    let hash = "ab".repeat(32);
    let text = format!(
        "{DIRECTORY}[[key]]\nrole = \"bot\"\nowner = \"wed\"\nprefix = \"abcdefghij22\"\nsha256 = \
         \"{hash}\"\n[[key]]\nrole = \"agent\"\nprefix = \"abcdefghij22\"\nsha256 = \"{hash}\"\n\
         [[key]]\nrole = \"admin\"\nowner = \"ana\"\nprefix = \"x\"\nsha256 = \"12\"\n[[key]]\n\
         [[key]]\nrole = \"operator\"\ntenant = \"acme\"\nprefix = \"abcdefghij24\"\nsha256 = \
         \"{hash}\"\n"
    );
    check(
        &text,
        &[
            "18:9: tenant \"acme\" has no bot named \"wed\"; did you mean \"web\"?",
            "21:1: a key of role agent without an owner; add owner = the name of the agent",
            "23:10: a second key with the prefix \"abcdefghij22\"; give each a name of its own",
            "28:10: prefix is not that of a key; the 12 characters after the role: \
             rlv_bot_PREFIX_...",
            "29:10: sha256 is not a SHA-256; write the 64 hexadecimal digits that `relevo key generate` prints",
            "30:1: [[key]] has no prefix; add prefix = \"..\"",
            "30:1: [[key]] has no sha256; add sha256 = \"..\"",
            "30:1: [[key]] has no role; add role = \"bot\"",
            "33:10: a key of role operator with a tenant; leave tenant out, or make it an admin's",
        ],
    );
}

#[test]
fn a_key_that_was_pasted_whole_is_not_repeated() {
    let secret = "rlv_bot_abcdefghij23_abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst";
    let text = format!(
        "{DIRECTORY}[[key]]\nrole = \"bot\"\nowner = \"{secret}\"\nprefix = \"{secret}\"\n\
         sha256 = \"{secret}\"\nkey = \"{secret}\"\n"
    );
    let found = problems(&text);
    assert_eq!(found.len(), 4, "{found:#?}");
    assert!(!found.iter().any(|line| line.contains(&secret[21..50])), "{found:#?}");
}

#[test]
fn a_directory_file_is_read_beside_the_configuration_and_its_problems_carry_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let main = folder.path().join("relevo.toml");
    let other = folder.path().join("people.toml");
    fs::write(&main, "[directory]\nfile = \"people.toml\"\n[log]\nlevel = 3\n").unwrap();
    fs::write(&other, DIRECTORY.replace("[\"ana\"]", "[\"ann\"]")).unwrap();
    let problems = Config::load(&main).unwrap_err().0;
    let shown: Vec<String> = problems.iter().map(Problem::to_string).collect();
    assert_eq!(
        shown,
        [
            format!("{}:4:9: level is an integer; write a text in quotes", main.display()),
            format!(
                "{}:15:12: tenant \"acme\" has no agent named \"ann\"; did you mean \"ana\"?",
                other.display()
            ),
        ]
    );
    fs::write(&main, "[directory]\nfile = \"people.toml\"\n[[tenant]]\nname = \"x\"\n").unwrap();
    let both = Config::load(&main).unwrap_err().0.remove(0).to_string();
    assert!(both.ends_with("keep them in one place"), "{both}");
    fs::write(&other, DIRECTORY).unwrap();
    fs::write(&main, "[directory]\nfile = \"people.toml\"\n").unwrap();
    let config = Config::load(&main).unwrap();
    assert_eq!(config.directory.file, Some(other.clone()));
    assert_eq!(config.journal.directory, folder.path().join("./relevo-data"));
    fs::remove_file(&other).unwrap();
    let missing = Config::load(&main).unwrap_err().to_string();
    assert!(missing.contains(":2:8: the directory file ") && missing.contains("No such file"));
}

#[test]
fn bad_tls_files_are_shown_at_the_key_that_names_them() {
    let folder = tempfile::tempdir().unwrap();
    let main = folder.path().join("relevo.toml");
    let text = "[server]\ntls_certificate_file = \"c.pem\"\ntls_key_file = \"k.pem\"\n";
    fs::write(&main, text).unwrap();
    let first = Config::load(&main).unwrap_err().to_string();
    assert!(first.contains(":2:24: ") && first.contains("c.pem cannot be read"), "{first}");
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.path().join("c.pem"), pair.cert.pem()).unwrap();
    let second = Config::load(&main).unwrap_err().to_string();
    assert!(second.contains(":3:16: ") && second.contains("k.pem cannot be read"), "{second}");
}

#[test]
fn a_file_that_cannot_be_read_is_one_problem() {
    let problem = Config::load(Path::new("/nowhere/relevo.toml")).unwrap_err().to_string();
    assert_eq!(
        problem,
        "/nowhere/relevo.toml: cannot be read: No such file or directory (os error 2); name a TOML \
         file that this user may read"
    );
}

#[test]
fn a_file_full_of_problems_reports_a_bounded_number() {
    let text: String = (0..1000).map(|at| format!("unknown_{at} = 1\n")).collect();
    let found = problems(&text);
    assert_eq!(found.len(), 200);
    assert!(found.iter().any(|line| line.contains("the rest is not shown")));
}

#[test]
fn a_file_of_objects_alone_may_refer_to_what_is_already_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("queue.toml");
    fs::write(&file, "[[queue]]\nbot = \"web\"\nname = \"vip\"\nmembers = [\"ana\"]\n").unwrap();
    let found = Directory::load_objects(&file).unwrap();
    assert_eq!(found.objects.len(), 1);
    assert_eq!(found.objects[0].tenant, "");
    fs::write(&file, "[[queue]]\nname = \"vip\"\n[server]\n").unwrap();
    assert_eq!(Directory::load_objects(&file).unwrap_err().0.len(), 2);
}

#[test]
fn extra_bounds_are_few() {
    let seventeen: Vec<u32> = (1..=17).collect();
    check(
        &format!("[metrics]\nextra_buckets_seconds = {seventeen:?}\n"),
        &["2:81: extra_buckets_seconds has 17 bounds; at most 16"],
    );
}
