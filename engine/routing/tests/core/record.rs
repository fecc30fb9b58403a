//! Bytes of records: golden, and read back.

use crate::common::*;
use relevo_routing::Event;
use relevo_routing::event::*;
use relevo_routing::input::{Key, Party};
use relevo_routing::record::{self, Actor, ActorKind, RecordHeader};
use relevo_wire::answer::{ChosenBy, PreferredBy};
use relevo_wire::directory::{
    Bot, Member, Object, ObjectRef, PriorityRule, Queue, Ring, Rule, Skill,
};
use relevo_wire::vocabulary::{
    Author, Callback, CloseReason, HandOffReason, Intent, Language, OfferEnd, Outcome, QueueMode,
    RequeueReason, Role, Silent, TargetState, TicketTarget, TransferEnd, UnparkCause, Via,
    WrapUpEnd,
};
use relevo_wire::{AgentId, BotId, ContactKey, EstimatedWait, QueueId, TenantId, TicketId};
use std::path::PathBuf;

const TICKET: TicketId = TicketId(0x018b_cfe5_6800_7000_8000_0000_0000_0001);
const CHILD: TicketId = TicketId(0x018b_cfe5_6800_7000_8000_0000_0000_0002);

fn header() -> RecordHeader {
    RecordHeader {
        tenant: TenantId(0x1122_3344_5566_7788),
        now: START,
        actor: Actor { kind: ActorKind::Agent, id: 7, session: 9 },
        request_id: 11,
        directory_version: 13,
    }
}

/// One of every event, every field with a value of its own.
pub(crate) fn samples() -> Vec<(&'static str, Event)> {
    let (bot, queue, agent) = (BotId(1), QueueId(2), AgentId(3));
    let contact = ContactKey(0x0f0e_0d0c_0b0a_0908_0706_0504_0302_0100);
    let key = Key {
        prefix: "rk_1".into(),
        sha256: [5; 32],
        role: Role::Agent,
        owner: "ana".into(),
        label: "phone".into(),
        created: START,
    };
    let mode = QueueMode::Drain;
    let words = NoticeWords { text: "later".into(), texts: vec![(Language::Es, "luego".into())] };
    let told = NoticeStep::Told { ticket: TICKET, number: 3, text: "luego".into() };
    vec![
        ("notice_begun", Event::Notice(Notice { queue, step: NoticeStep::Begun(words) })),
        ("notice_told", Event::Notice(Notice { queue, step: told })),
        ("notice_ended", Event::Notice(Notice { queue, step: NoticeStep::Ended })),
        (
            "queue_mode_set",
            Event::QueueModeSet(QueueModeSet {
                queue,
                mode,
                text: "back at four".into(),
                until: Some(START),
            }),
        ),
        (
            "object_put",
            Event::ObjectPut(ObjectPut {
                version: 4,
                id: 2,
                object: Box::new(Object::Queue(Queue {
                    members: vec![Member { agent: "ana".into(), level: 2, delay_seconds: 30 }],
                    ..Queue::new("b", "q")
                })),
            }),
        ),
        (
            "bot_put",
            Event::ObjectPut(ObjectPut {
                version: 6,
                id: 1,
                object: Box::new(Object::Bot(Bot {
                    last_agent: true,
                    time_zone: "America/Lima".into(),
                    guaranteed_share: Some(35),
                    rules: vec![Rule {
                        name: "r".into(),
                        when: "message exists".into(),
                        queue: Some("q".into()),
                        priority: Some(7),
                        skills: vec![Skill { name: "billing".into(), level: 3 }],
                        rings: vec![Ring { after_seconds: 30, skills: Vec::new() }],
                        preferred_agent: Some("ana".into()),
                    }],
                    priority_rules: vec![PriorityRule {
                        name: "p".into(),
                        queue: Some("q".into()),
                        when: "hour < 9".into(),
                        priority: 8,
                    }],
                    ..Bot::new("b", "q")
                })),
            }),
        ),
        (
            "object_deleted",
            Event::ObjectDeleted(ObjectDeleted {
                version: 5,
                id: 2,
                object: ObjectRef::Queue("b".into(), "q".into()),
            }),
        ),
        ("key_created", Event::KeyCreated(key)),
        ("key_revoked", Event::KeyRevoked(KeyRevoked { prefix: "rk_1".into() })),
        ("started", Event::Started(Started { down_us: 6 })),
        ("ready", Event::Ready(Ready { grace_until: START, starting_us: 7 })),
        ("bot_reachable", Event::BotReachable(BotReachable { bot })),
        ("bot_unreachable", Event::BotUnreachable(BotUnreachable { bot })),
        ("agent_reachable", Event::AgentReachable(AgentReachable { agent })),
        ("agent_grace", Event::AgentGrace(AgentGrace { agent, until: START })),
        (
            "agent_unreachable",
            Event::AgentUnreachable(AgentUnreachable { agent, presence_expires: START }),
        ),
        (
            "intent_set",
            Event::IntentSet(IntentSet {
                agent,
                intent: Intent::Paused,
                reason: "lunch".into(),
                cause: IntentCause::Agent,
            }),
        ),
        (
            "contact_blocked",
            Event::ContactBlocked(ContactBlocked { bot, contact, until: Some(START) }),
        ),
        (
            "contact_unblocked",
            Event::ContactUnblocked(ContactUnblocked { bot, contact, expired: true }),
        ),
        (
            "callback_listed",
            Event::CallbackListed(CallbackListed {
                bot,
                queue,
                contact,
                wish: Callback::Yes,
                ticket: Some(TICKET),
            }),
        ),
        ("callback_wished", Event::CallbackWished(CallbackWished { bot, contact, yes: true })),
        (
            "callback_ended",
            Event::CallbackEnded(CallbackEnded { bot, contact, end: CallbackEnd::Displaced }),
        ),
        (
            "ticket_opened",
            Event::TicketOpened(TicketOpened {
                ticket: TICKET,
                bot_number: 8,
                bot,
                contact,
                queue,
                via: Via::Transfer,
                reason: HandOffReason::Fallback,
                priority: 9,
                demand: Some(Box::new(Demand {
                    skills: vec![Skill { name: "billing".into(), level: 3 }],
                    rings: vec![Ring { after_seconds: 30, skills: Vec::new() }],
                })),
                test: true,
                position_updates: true,
                language: Language::PtBr,
                parent: Some(CHILD),
                reserved: Some((agent, START + 1)),
                excluded: Some((AgentId(4), START + 2)),
                arrived: START - 1,
                first_waiting_since: START - 2,
                waited_us: 7,
                target_at: Some(START + 3),
                answered_before: true,
                epoch: 5,
                bytes: 10,
                private: true,
                overflowed: Some((QueueId(6), OverflowReason::Full)),
                routed: Routed {
                    by: ChosenBy::Rule,
                    rules: Some(Box::new(RulesHeld {
                        version: 12,
                        at: START - 5,
                        language: Some("es".into()),
                        rule: Some((2, "gold".into())),
                        priority_rule: Some((0, "vip".into())),
                    })),
                    preferred: Some((AgentId(5), PreferredBy::LastAgent)),
                },
            }),
        ),
        (
            "hand_off_repeated",
            Event::HandOffRepeated(HandOffRepeated {
                ticket: TICKET,
                number: 2,
                reason: HandOffReason::Planned,
                bytes: 11,
            }),
        ),
        (
            "hand_off_rejected",
            Event::HandOffRejected(HandOffRejected {
                bot,
                queue,
                contact,
                reason: HandOffReason::Requested,
                rejection: Rejection::Inactive,
                test: true,
            }),
        ),
        (
            "message_stored",
            Event::MessageStored(MessageStored {
                ticket: TICKET,
                number: 3,
                author: Author::Agent,
                agent: Some(agent),
                client_message: Some(77),
                bytes: 12,
                first_response_us: Some(13),
                total_wait_us: Some(14),
                response_us: Some(15),
                judged: Some(Judgement::AnsweredInTarget),
            }),
        ),
        (
            "contact_message_stored",
            Event::ContactMessageStored(ContactMessageStored {
                bot,
                contact,
                client_message: Some(78),
                bytes: 16,
            }),
        ),
        (
            "assigned",
            Event::Assigned(Assigned {
                ticket: TICKET,
                number: 4,
                agent,
                epoch: 6,
                waited_us: 17,
                told: Some(EstimatedWait { p50_seconds: 18, p90_seconds: 40 }),
            }),
        ),
        (
            "requeued",
            Event::Requeued(Requeued {
                ticket: TICKET,
                number: 5,
                agent,
                reason: RequeueReason::AgentGone,
                epoch: 7,
                excluded_until: START + 4,
            }),
        ),
        (
            "overflowed",
            Event::Overflowed(Overflowed {
                ticket: TICKET,
                from: queue,
                to: QueueId(6),
                reason: OverflowReason::Timeout,
                priority: 800,
            }),
        ),
        ("relaxed", Event::Relaxed(Relaxed { ticket: TICKET, ring: 2 })),
        ("unreserved", Event::Unreserved(Unreserved { ticket: TICKET })),
        ("target_missed", Event::TargetMissed(TargetMissed { ticket: TICKET })),
        (
            "closed",
            Event::Closed(Closed {
                ticket: TICKET,
                number: 6,
                reason: CloseReason::Client,
                outcome: Outcome::AbandonedAnswered,
                epoch: 8,
                tags: vec!["sale".into(), "new".into()],
                child: Some(CHILD),
                waited_us: Some(18),
                handle_us: Some(19),
                judged: Some(Judgement::LostShort),
                wraps_until: Some(START + 20),
                owes_tags: true,
                reopen_until: Some(START + 3_600),
            }),
        ),
        ("offered", Event::Offered(Offered { ticket: TICKET, agent, until: START + 6 })),
        (
            "offer_ended",
            Event::OfferEnded(OfferEnded {
                ticket: TICKET,
                agent,
                end: OfferEnd::Missed,
                excluded_until: Some(START + 7),
            }),
        ),
        (
            "transfer_asked",
            Event::TransferAsked(TransferAsked {
                ticket: TICKET,
                number: 8,
                queue: QueueId(3),
                agent: Some(agent),
                wait_us: 30_000_000,
                private: true,
            }),
        ),
        (
            "transfer_ended",
            Event::TransferEnded(TransferEnded {
                ticket: TICKET,
                number: 9,
                end: TransferEnd::Declined,
            }),
        ),
        ("responding", Event::Responding(Responding { agent })),
        ("held", Event::Held(Held { ticket: TICKET, number: 8, on: true })),
        ("parked", Event::Parked(Parked { ticket: TICKET, number: 10, agent, until: START + 9 })),
        (
            "unparked",
            Event::Unparked(Unparked {
                ticket: TICKET,
                number: 11,
                agent,
                cause: UnparkCause::Customer,
                reserved: Some((agent, START + 11)),
            }),
        ),
        (
            "customer_away",
            Event::CustomerAway(CustomerAway {
                ticket: TICKET,
                until: START + 12,
                waited_us: 25,
                judged: Some(Judgement::LostInTarget),
            }),
        ),
        ("customer_back", Event::CustomerBack(CustomerBack { ticket: TICKET })),
        (
            "absence_set",
            Event::AbsenceSet(AbsenceSet {
                agent: AgentId(3),
                bot: BotId(1),
                absence: Some(Absence {
                    text: "back on Monday".to_owned(),
                    colleague: Some(AgentId(4)),
                }),
            }),
        ),
        (
            "inactive",
            Event::Inactive(Inactive {
                ticket: TICKET,
                number: 9,
                silent: Silent::Customer,
                text: "still there?".to_owned(),
            }),
        ),
        (
            "wrapped_up",
            Event::WrappedUp(WrappedUp {
                ticket: TICKET,
                agent,
                end: WrapUpEnd::Limit,
                tags: vec!["refund".into()],
                untagged: true,
            }),
        ),
        (
            "progressed",
            Event::Progressed(Progressed {
                ticket: TICKET,
                party: Party::Agent(agent),
                delivered: 20,
                read: 19,
            }),
        ),
        (
            "answered",
            Event::Answered(Answered {
                credential: 21,
                key: 22,
                digest: 23,
                answer: vec![1, 2, 3],
            }),
        ),
        ("forgotten", Event::Forgotten(Forgotten { ticket: TICKET })),
        (
            "queue_hours",
            Event::QueueHours(QueueHours { queue, open: false, until: Some(START + 5) }),
        ),
        (
            "target_moved",
            Event::TargetMoved(TargetMoved { ticket: TICKET, target_at: START + 6, closed_us: 24 }),
        ),
        (
            "target_told",
            Event::TargetTold(TargetTold {
                ticket: TICKET,
                which: TicketTarget::NextResponse,
                state: TargetState::AtRisk,
                due: START + 7,
            }),
        ),
    ]
}

pub(crate) fn encoded(events: &[Event]) -> Vec<u8> {
    let mut bytes = Vec::new();
    record::encode(&mut bytes, &header(), events);
    bytes
}

/// The bytes of this version, as they were shipped. `RELEVO_WRITE_GOLDEN=1` writes those that are
/// missing, and never changes one.
#[test]
fn every_event_has_the_bytes_that_it_was_shipped_with() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v5");
    let write = std::env::var_os("RELEVO_WRITE_GOLDEN").is_some();
    for (name, event) in samples() {
        let path = folder.join(format!("{name}.record"));
        let bytes = encoded(std::slice::from_ref(&event));
        if write && !path.exists() {
            std::fs::create_dir_all(&folder).expect("the folder can be made");
            std::fs::write(&path, &bytes).expect("the file can be written");
        }
        let golden = std::fs::read(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        assert!(golden == bytes, "{name} is encoded in another way");
        let (decoded_header, events) = record::decode(&golden).expect("golden bytes decode");
        assert_eq!(decoded_header, header());
        assert_eq!(events, [event]);
    }
}

#[test]
fn every_kind_of_event_has_a_sample() {
    let first_bytes = |event: &Event| encoded(std::slice::from_ref(event))[51];
    let mut numbers: Vec<u8> = samples().iter().map(|(_, event)| first_bytes(event)).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let beyond = [34, 37, 38, 42, 43, 50, 51, 52, 53, 56, 58, 59];
    assert_eq!(numbers, (1..=31).chain(beyond).chain(60..=66).collect::<Vec<u8>>());
}

#[test]
fn a_record_holds_its_events_in_order() {
    let events: Vec<Event> = samples().into_iter().map(|(_, event)| event).collect();
    let bytes = encoded(&events);
    assert_eq!(record::decode(&bytes).expect("decodes"), (header(), events));
    assert_eq!(record::decode(&encoded(&[])).expect("decodes").1, []);
}
