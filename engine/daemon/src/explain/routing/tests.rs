//! Who chose a ticket's queue, and each rule that was tried.

use super::*;
use crate::publish::tests::scene::opened;
use relevo_routing::event::{ObjectPut, Routed};
use relevo_routing::record::{Actor, ActorKind, RecordHeader};
use relevo_wire::directory::{Bot, Object, PriorityRule, Queue, Rule};
use relevo_wire::vocabulary::{Author, Contact, TranscriptLine};
use relevo_wire::{QueueId, TenantId};

const TICKET: TicketId = TicketId(7);
/// A Wednesday at noon.
const NOON_US: u64 = 1_782_907_200_000_000;

/// The directory with bot `shop` of this version and its queues `help` and `billing`.
fn directory(version: u64, bot: &Bot) -> Directory {
    let mut directory = Directory::default();
    let objects = [
        (0, Object::Bot(bot.clone())),
        (0, Object::Queue(Queue::new("shop", "help"))),
        (1, Object::Queue(Queue::new("shop", "billing"))),
    ];
    for (id, object) in objects {
        directory.apply(&Event::ObjectPut(ObjectPut { version, id, object: Box::new(object) }));
    }
    directory
}

fn shop(rules: &[(&str, &str)]) -> Bot {
    let rule = |(name, when): &(&str, &str)| Rule {
        queue: Some("billing".into()),
        ..Rule::new(*name, *when)
    };
    Bot { rules: rules.iter().map(rule).collect(), ..Bot::new("shop", "help") }
}

fn held(by: ChosenBy, rules: Option<RulesHeld>) -> Held {
    let details = HandOffDetails {
        contact: Contact {
            id: "c1".into(),
            name: String::new(),
            fields: vec![("city".into(), "Lima".into())],
        },
        transcript: vec![TranscriptLine {
            author: Author::Customer,
            at: 0,
            text: "secret invoice".into(),
        }],
        context: vec![("tier".into(), "gold".into())],
        ..HandOffDetails::default()
    };
    let Event::TicketOpened(opened) = opened(TICKET, None) else { panic!("it opens a ticket") };
    let routed = Routed { by, rules: rules.map(Box::new), preferred: None };
    let opened = TicketOpened { bot: BotId(0), queue: QueueId(1), routed, ..opened };
    let actor = Actor { kind: ActorKind::Bot, id: 0, session: 1 };
    let header = RecordHeader {
        tenant: TenantId(1),
        now: NOON_US + 5,
        actor,
        request_id: 1,
        directory_version: 12,
    };
    let mut public = Vec::new();
    record::encode(&mut public, &header, &[Event::TicketOpened(opened)]);
    Held::of(TICKET, &public, Packed::new(&details).bytes()).expect("the record opens it")
}

fn rules_held(rule: Option<(u32, &str)>) -> RulesHeld {
    RulesHeld {
        version: 12,
        at: NOON_US,
        language: Some("es".into()),
        rule: rule.map(|(index, name)| (index, name.into())),
        priority_rule: None,
    }
}

fn tried(explained: &RoutingExplained) -> Vec<(u32, &str, bool, String)> {
    let tried = explained.tried.iter();
    tried.map(|t| (t.number, t.name.as_str(), t.matched, t.because.join("; "))).collect()
}

const RULES: [(&str, &str); 4] = [
    ("night", "hour >= 22"),
    ("english", "language equals \"en\""),
    ("gold", "context.tier equals \"gold\" and message contains \"invoice\""),
    ("late", "reason equals \"planned\""),
];

#[test]
fn each_rule_up_to_the_one_that_matched_says_what_made_it_so() {
    let bot = shop(&RULES);
    let rules = BotRules::compile(&bot).unwrap();
    let held = held(ChosenBy::Rule, Some(rules_held(Some((2, "gold")))));
    let explained = routing(&held, &directory(12, &bot), Some(&rules));
    assert_eq!(
        tried(&explained),
        [
            (1, "night", false, "hour >= 22 is false".to_owned()),
            (2, "english", false, "language equals \"en\" is false".to_owned()),
            (
                3,
                "gold",
                true,
                "context.tier equals \"gold\" is true; message contains \"invoice\" is true"
                    .to_owned()
            ),
        ]
    );
    assert_eq!(explained.rule, Some(MatchedRule { number: 3, name: "gold".into() }));
    assert_eq!((explained.rules_version, explained.tried_version), (12, Some(12)));
    assert_eq!(
        explained.because,
        "rule 3 \"gold\" chose its queue; the rules below are those of the hand-off (version 12 of \
         the bot)"
    );
    assert!(!format!("{explained:?}").contains("secret"), "no word of the customer comes out");
}

#[test]
fn where_the_bot_has_changed_since_what_is_tried_says_so() {
    let now = shop(&RULES[2..]);
    let rules = BotRules::compile(&now).unwrap();
    let held = held(ChosenBy::Rule, Some(rules_held(Some((2, "gold")))));
    let explained = routing(&held, &directory(15, &now), Some(&rules));
    // What is recorded stays what it was.
    assert_eq!(explained.rule, Some(MatchedRule { number: 3, name: "gold".into() }));
    assert_eq!((explained.rules_version, explained.tried_version), (12, Some(15)));
    assert_eq!(explained.tried[0].number, 1, "the third of then is the first of now");
    assert!(explained.because.contains("changed since"), "{}", explained.because);
    let gone = routing(&held, &directory(16, &shop(&[])), None);
    assert_eq!((gone.tried_version, gone.tried.len()), (None, 0));
    assert!(gone.because.contains("no rules any more"), "{}", gone.because);
}

#[test]
fn who_chose_the_queue_without_a_rule_is_said_too() {
    let bot = Bot {
        priority_rules: vec![
            PriorityRule {
                name: "vip".into(),
                queue: Some("billing".into()),
                when: "contact.city equals \"Cusco\"".into(),
                priority: 9,
            },
            PriorityRule {
                name: "all".into(),
                queue: None,
                when: "hour <= 23".into(),
                priority: 5,
            },
        ],
        ..shop(&RULES)
    };
    let rules = BotRules::compile(&bot).unwrap();
    let (directory, rules) = (directory(12, &bot), Some(&rules));
    let said = RulesHeld { priority_rule: Some((1, "all".into())), ..rules_held(None) };
    let named = routing(&held(ChosenBy::Bot, Some(said)), &directory, rules);
    assert!(named.because.starts_with("the hand-off named its queue"), "{}", named.because);
    assert!(named.because.contains("priority rule 2 \"all\""), "{}", named.because);
    assert_eq!(named.tried, []);
    let matched: Vec<bool> = named.priority_tried.iter().map(|rule| rule.matched).collect();
    assert_eq!(matched, [false, true]);
    let because = |by, rules| routing(&held(by, rules), &directory, None).because;
    let default = because(ChosenBy::DefaultQueue, Some(rules_held(None)));
    assert!(default.starts_with("no rule matched"), "{default}");
    let no_queue = because(ChosenBy::DefaultQueue, Some(rules_held(Some((0, "night")))));
    assert!(no_queue.starts_with("rule 1 \"night\" matched and gave it no queue"), "{no_queue}");
    assert!(because(ChosenBy::DefaultQueue, None).starts_with("the bot had no rules"));
    assert!(because(ChosenBy::Agent, None).starts_with("an agent transferred it there"));
    assert!(because(ChosenBy::Reopened, None).starts_with("a closed ticket was reopened"));
}

#[test]
fn more_rules_than_an_answer_has_room_for_are_counted() {
    let name = |number: usize| format!("{number:0>100}");
    let names: Vec<String> = (0..limits::RULES).map(name).collect();
    let all: Vec<(&str, &str)> =
        names.iter().map(|name| (name.as_str(), "context.a equals \"b\"")).collect();
    let bot = shop(&all);
    let rules = BotRules::compile(&bot).unwrap();
    let held = held(ChosenBy::DefaultQueue, Some(rules_held(None)));
    let explained = routing(&held, &directory(12, &bot), Some(&rules));
    assert_eq!(explained.tried.len() + explained.omitted as usize, limits::RULES);
    assert!(explained.omitted > 0 && explained.tried.len() > 500);
    let bytes: usize = explained.tried.iter().map(|rule| rule.name.len()).sum();
    assert!(bytes < TOLD_BYTES);
}

#[test]
fn whom_it_was_for_first_is_said_with_what_came_of_it() {
    let (named, last) = (PreferredBy::Named, PreferredBy::LastAgent);
    let said = [
        preferred_said("ana", last, Some("ana")),
        preferred_said("ana", last, None),
        preferred_said("ana", named, Some("bea")),
    ];
    assert_eq!(
        said,
        [
            "; ana served the contact last, and was to have it first",
            "; ana served the contact last, but was not there to be waited for",
            "; ana was named as the preferred agent, is away, and bea was to have it first instead",
        ]
    );
}
