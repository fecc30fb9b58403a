use super::*;
use relevo_wire::directory::Rule;
use relevo_wire::packed::Packed;
use relevo_wire::vocabulary::{Author, Contact, HandOffDetails, TranscriptLine};

fn rule(name: &str, when: &str, queue: &str) -> Rule {
    Rule { queue: Some(queue.into()), ..Rule::new(name, when) }
}

fn bot(time_zone: &str, rules: Vec<Rule>) -> Bot {
    Bot { time_zone: time_zone.into(), rules, ..Bot::new("shop", "help") }
}

fn details(lines: &[(Author, &str)]) -> Packed<HandOffDetails> {
    let line = |(author, text): &(Author, &str)| TranscriptLine {
        author: *author,
        at: 0,
        text: (*text).to_owned(),
    };
    let pair = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    Packed::new(&HandOffDetails {
        contact: Contact { id: "7".into(), name: "Ana".into(), fields: pair("city", "Lima") },
        message_to_agent: "she asked for billing".into(),
        transcript: lines.iter().map(line).collect(),
        context: pair("tier", "gold"),
    })
}

fn route<'r>(
    rules: &'r BotRules,
    details: &Packed<HandOffDetails>,
    now_us: u64,
) -> Option<Routed<'r>> {
    let details = details.check().unwrap();
    let (language, reason) = (Some("es"), HandOffReason::Requested);
    rules.route(HandedOver { details, language, reason, now_us })
}

fn queue_of(rules: &BotRules, details: &Packed<HandOffDetails>) -> Option<String> {
    route(rules, details, 0).map(|routed| routed.queue.unwrap().to_owned())
}

#[test]
fn a_rule_sees_the_hand_off_as_the_bot_told_it() {
    use Author::{Bot as B, Customer as C};
    let said = details(&[(C, "my invoice"), (B, "which one?"), (C, "the last"), (B, "a moment")]);
    for (when, holds) in [
        ("message equals \"the last\"", true),
        ("message contains \"invoice\"", false),
        ("message contains \"moment\"", false),
        ("contact.id equals \"7\" and contact.name equals \"ana\"", true),
        ("contact.city equals \"lima\"", true),
        ("context.tier equals \"gold\"", true),
        ("context.city exists", false),
        ("language equals \"es\"", true),
        ("reason equals \"requested\"", true),
    ] {
        let rules = BotRules::compile(&bot("UTC", vec![rule("r", when, "q")])).unwrap();
        assert_eq!(queue_of(&rules, &said).is_some(), holds, "{when}");
    }
    let silent = BotRules::compile(&bot("UTC", vec![rule("r", "message exists", "q")])).unwrap();
    assert_eq!(queue_of(&silent, &details(&[(B, "hello?")])), None);
}

#[test]
fn the_first_rule_that_matches_wins_and_says_what_follows() {
    let mut rules = vec![
        rule("never", "contact.city equals \"Cusco\"", "cusco"),
        rule("gold", "context.tier equals \"gold\"", "vip"),
        rule("lima", "contact.city equals \"Lima\"", "lima"),
    ];
    rules[1].priority = Some(900);
    let compiled = BotRules::compile(&bot("UTC", rules)).unwrap();
    let routed = route(&compiled, &details(&[]), 0);
    let routed = routed.map(|routed| (routed.rule, routed.queue, routed.priority));
    assert_eq!(routed, Some(("gold", Some("vip"), Some(900))));
}

fn priority_rule(name: &str, queue: Option<&str>, when: &str, priority: u16) -> PriorityRule {
    PriorityRule { name: name.into(), queue: queue.map(Into::into), when: when.into(), priority }
}

#[test]
fn the_first_priority_rule_that_matches_in_the_queue_says_the_priority() {
    let lima = "contact.city equals \"Lima\"";
    let rules = BotRules::compile(&Bot {
        priority_rules: vec![
            priority_rule("never", None, "contact.city equals \"Cusco\"", 1),
            priority_rule("vip", Some("vip"), lima, 900),
            priority_rule("cards", Some("cards"), lima, 500),
            priority_rule("lima", None, lima, 100),
        ],
        ..bot("UTC", Vec::new())
    })
    .unwrap();
    let said = details(&[]);
    let handed = HandedOver {
        details: said.check().unwrap(),
        language: None,
        reason: HandOffReason::Requested,
        now_us: 0,
    };
    let prioritized = |queue| {
        let found = rules.prioritize(handed, queue)?;
        Some((found.rule, found.priority))
    };
    assert_eq!(prioritized("vip"), Some(("vip", 900)));
    assert_eq!(prioritized("cards"), Some(("cards", 500)));
    assert_eq!(prioritized("help"), Some(("lima", 100)));
    assert!(rules.route(handed).is_none());
    // Of three with one condition each is for another queue: none stands in the shadow of another.
    assert_eq!(rules.warnings().count(), 0);
}

#[test]
fn a_priority_rule_that_can_never_match_is_doubtful() {
    let doubts = |first: Option<&str>, second: Option<&str>| {
        let when = "message exists";
        let priority_rules =
            vec![priority_rule("a", first, when, 1), priority_rule("b", second, when, 2)];
        let bot = Bot { priority_rules, ..bot("UTC", Vec::new()) };
        let rules = BotRules::compile(&bot).unwrap();
        rules.warnings().map(|(set, problem)| (set, problem.rule.clone())).collect::<Vec<_>>()
    };
    let second = vec![(Set::Priority, "b".to_owned())];
    assert_eq!(doubts(None, None), second);
    assert_eq!(doubts(None, Some("q")), second, "the first is for every queue");
    assert_eq!(doubts(Some("q"), Some("q")), second);
    assert_eq!(doubts(Some("q"), None), []);
    assert_eq!(doubts(Some("q"), Some("r")), []);
}

/// New York puts its clocks forward on 8 March 2026 at 07:00 UTC and back on 1 November at 06:00.
#[test]
fn the_clock_is_that_of_the_bots_time_zone_on_both_days_of_daylight_saving() {
    let at = |rules: &BotRules, text: &str| {
        let timestamp: Timestamp = text.parse().unwrap();
        let now_us = u64::try_from(timestamp.as_microsecond()).unwrap();
        route(rules, &details(&[]), now_us).is_some()
    };
    let rules =
        |zone: &str, when: &str| BotRules::compile(&bot(zone, vec![rule("r", when, "q")])).unwrap();
    for (moment, clock) in [
        ("2026-03-08T06:59:00Z", "01:59"),
        ("2026-03-08T07:00:00Z", "03:00"),
        ("2026-11-01T05:59:00Z", "01:59"),
        ("2026-11-01T06:00:00Z", "01:00"),
    ] {
        let when = format!("time equals \"{clock}\" and weekday equals \"sunday\"");
        assert!(at(&rules("America/New_York", &when), moment), "{moment} is not {clock}");
    }
    // Half an hour beside the full hours, and already tomorrow.
    let when = "time equals \"00:15\" and weekday equals \"thursday\"";
    assert!(at(&rules("Asia/Kolkata", when), "2026-07-01T18:45:00Z"));
    assert!(!at(&rules("UTC", when), "2026-07-01T18:45:00Z"));
}

#[test]
fn what_an_admin_puts_is_judged_as_a_whole() {
    let wrong = vec![rule("a", "message has \"x\"", "q"), rule("b", "hour > \"x\"", "q")];
    let error = check(&bot("UTC", wrong)).unwrap_err();
    assert_eq!((error.code, error.field.as_str()), (ErrorCode::Malformed, "object.bot.rules"));
    assert!(error.message.contains("rule \"a\":1:9"), "{}", error.message);
    assert!(error.message.contains("rule \"b\":1:8"), "{}", error.message);
    let wrong = vec![priority_rule("c", None, "hour > \"x\"", 1)];
    let error = check(&Bot { priority_rules: wrong, ..bot("UTC", Vec::new()) }).unwrap_err();
    assert_eq!(error.field, "object.bot.priority_rules");
    assert!(error.message.contains("priority rules:\nrule \"c\":1:8"), "{}", error.message);
    let error = check(&bot("America/Sao_Paolo", Vec::new())).unwrap_err();
    assert_eq!((error.code, error.field.as_str()), (ErrorCode::Malformed, "object.bot.time_zone"));
    let said = "there is no time zone \"America/Sao_Paolo\"; did you mean \"America/Sao_Paulo\"?";
    assert_eq!(error.message, said);
    let error = check(&bot("Mars/Base", Vec::new())).unwrap_err();
    assert!(error.message.ends_with("; write one as America/Sao_Paulo or UTC"), "{error}");
    let whole = bot("UTC", vec![rule("a", "message exists", "q")]);
    let bytes = bytes_of(&whole);
    check(&whole).unwrap();
    check_room(0, bytes, ALL_BYTES - bytes).unwrap();
    let error = check_room(0, bytes, ALL_BYTES - bytes + 1).unwrap_err();
    assert_eq!(error.code, ErrorCode::LimitExceeded);
    // Where there are too many already, none of them may grow and each may shrink.
    check_room(bytes, bytes, 2 * ALL_BYTES).unwrap();
    check_room(bytes - 1, bytes, 2 * ALL_BYTES).unwrap_err();
}

#[test]
fn problems_beyond_those_told_are_counted() {
    let wrong = (0..TOLD + 3).map(|number| rule(&format!("r{number}"), "nothing", "q")).collect();
    let error = check(&bot("UTC", wrong)).unwrap_err();
    let last = error.message.lines().last().unwrap();
    assert!(last.starts_with("and ") && last.ends_with(" more"), "{last}");
}

#[test]
fn a_bot_without_rules_has_none_to_compile() {
    assert!(Compiled::of(&bot("UTC", Vec::new())).is_none());
    let some = Compiled::of(&bot("UTC", vec![rule("a", "message exists", "q")])).unwrap();
    assert!(some.get().is_some());
    // What an older version let in is no reason to lose a customer.
    let broken = Compiled::of(&bot("UTC", vec![rule("a", "nonsense", "q")])).unwrap();
    assert!(broken.get().is_none());
}
