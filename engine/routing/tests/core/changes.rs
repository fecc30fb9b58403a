//! Several changes of the directory in one step: all of them or none.

use crate::common::*;
use relevo_routing::Input;
use relevo_routing::event::Event;
use relevo_routing::input::{Command, Idempotency, Key};
use relevo_wire::answer::{Answer, Applied};
use relevo_wire::command::{Change, DeleteChange, PutChange};
use relevo_wire::directory::{Agent, Bot, Object, ObjectRef, Queue, Tenant};
use relevo_wire::limits;
use relevo_wire::vocabulary::Role;
use relevo_wire::{AgentId, ErrorCode, QueueId, WireError};

fn put(object: Object) -> Change {
    Change::Put(PutChange { object: Box::new(object), if_version: None })
}

fn apply(changes: Vec<Change>) -> Input {
    Input::Apply { changes, dry_run: false }
}

fn put_at(object: Object, version: u64) -> Change {
    Change::Put(PutChange { object: Box::new(object), if_version: Some(version) })
}

fn delete(object: ObjectRef) -> Change {
    Change::Delete(DeleteChange { object, if_version: None })
}

fn agent(name: &str, seats: u16) -> Object {
    Object::Agent(Agent::new(name, seats))
}

fn queue(name: &str, members: &[&str]) -> Object {
    let members = members.iter().map(|member| (*member).into()).collect();
    Object::Queue(Queue { members, resume_seconds: 0, ..Queue::new("b", name) })
}

fn the_agent(name: &str) -> ObjectRef {
    ObjectRef::Agent(name.into())
}

fn the_queue(name: &str) -> ObjectRef {
    ObjectRef::Queue("b".into(), name.into())
}

fn applied(desk: &mut Desk, changes: Vec<Change>) -> Applied {
    let answer = desk.ask(apply(changes)).1;
    let Answer::Applied(applied) = answer else { panic!("{answer:?}") };
    applied
}

/// A refusal, which must leave the state as it was, to the byte.
fn refused(desk: &mut Desk, changes: Vec<Change>) -> WireError {
    let before = desk.tenant.snapshot();
    let error = desk.refused(apply(changes));
    assert!(desk.tenant.snapshot() == before, "a refusal changes nothing");
    error
}

#[test]
fn a_change_may_name_what_those_before_it_made() {
    let mut desk = desk();
    let changes = vec![
        put(Object::Tenant(Tenant::new("acme"))),
        put(agent("ana", 2)),
        put(Object::Bot(Bot::new("c", "help"))),
        put(Object::Queue(Queue { members: vec!["ana".into()], ..Queue::new("c", "help") })),
    ];
    let (events, answer) = desk.ask(apply(changes));
    let expected = Applied { version: 5, created: 4, changed: 0, deleted: 0, unchanged: 0 };
    assert_eq!(answer, Answer::Applied(expected));
    assert_eq!(events.len(), 4, "one step, and with it one record: {events:?}");
    assert_eq!(desk.tenant.directory_version(), 5);
    let directory = desk.tenant.directory();
    assert_eq!(directory.queue(QueueId(0)).expect("put").version, 5);
    assert_eq!(directory.queue_path(QueueId(0)), Some("c/help"));
    desk.online("ana");
    assert_eq!(desk.seats.word(0).expect("a word").view().capacity, 2);
    assert!(desk.replayed().snapshot() == desk.tenant.snapshot());
}

#[test]
fn the_order_of_the_list_is_the_order_of_the_changes() {
    let mut desk = desk();
    let changes = vec![put(queue("q", &["ana"])), put(agent("ana", 1))];
    let error = refused(&mut desk, changes);
    assert_eq!(error.code, ErrorCode::NotFound);
    assert_eq!(error.field, "changes[0].object.queue.members");
}

#[test]
fn whoever_an_apply_takes_from_its_queues_may_be_deleted_by_it() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    desk.queue("r", &["ana"], |_| {});
    let error = refused(&mut desk, vec![delete(the_agent("ana"))]);
    assert_eq!((error.code, &*error.field), (ErrorCode::WrongState, "changes[0].object"));
    let one_left = vec![put(queue("q", &["bea"])), delete(the_agent("ana"))];
    let error = refused(&mut desk, one_left);
    assert_eq!(error.field, "changes[1].object");
    assert!(error.message.contains("1 queues of which it is a member"), "{}", error.message);
    let all = vec![
        put(queue("q", &["bea"])),
        put(queue("r", &[])),
        delete(the_queue("r")),
        delete(the_agent("ana")),
    ];
    let expected = Applied { version: 9, created: 0, changed: 2, deleted: 2, unchanged: 0 };
    assert_eq!(applied(&mut desk, all), expected);
    assert_eq!(desk.tenant.directory().agent_id("ana"), None);
    assert_eq!(desk.seats.word(0).expect("a word").view().capacity, 0);
    assert!(desk.replayed().snapshot() == desk.tenant.snapshot());
}

#[test]
fn who_joins_a_queue_in_the_same_apply_is_in_use() {
    let mut desk = desk();
    let changes = vec![put(agent("ana", 1)), put(queue("q", &["ana"])), delete(the_agent("ana"))];
    let error = refused(&mut desk, changes);
    assert_eq!((error.code, &*error.field), (ErrorCode::WrongState, "changes[2].object"));
    let whole =
        vec![put(agent("ana", 1)), put(queue("q", &["ana"])), delete(ObjectRef::Bot("b".into()))];
    let error = refused(&mut desk, whole);
    assert!(error.message.contains("1 queues"), "{}", error.message);
}

#[test]
fn all_failures_are_told_at_once_and_what_hangs_on_them_is_not() {
    let mut desk = desk();
    let changes = vec![
        put(agent("ana", 5_000)),
        put(queue("q", &["ana"])),
        put(agent("bea", 1)),
        put(queue("r", &["eve"])),
        delete(the_agent("nobody")),
    ];
    let error = refused(&mut desk, changes);
    assert_eq!(
        (error.code, &*error.field),
        (ErrorCode::Malformed, "changes[0].object.agent.seats")
    );
    let fields: Vec<&str> =
        error.message.lines().skip(1).filter_map(|line| line.split(": ").next()).collect();
    let expected =
        ["changes[0].object.agent.seats", "changes[3].object.queue.members", "changes[4].object"];
    assert_eq!(fields, expected, "{}", error.message);
    assert!(error.message.contains("queue b/r: no agent is named \"eve\""), "{}", error.message);
    // A bot that fails takes its queues with it, and no other's.
    let bot = Object::Bot(Bot { priority_cap: 2_000, ..Bot::new("c", "x") });
    let error = refused(&mut desk, vec![put(bot), put(Object::Queue(Queue::new("c", "x")))]);
    assert_eq!(error.field, "changes[0].object.bot.priority_cap");
    assert_eq!(error.message.lines().count(), 1, "{}", error.message);
}

#[test]
fn what_changes_nothing_makes_no_event_and_no_version() {
    let mut desk = Desk::staffed(&["ana"]);
    let version = desk.tenant.directory_version();
    let same = vec![put(agent("ana", 1)), put(queue("q", &["ana"]))];
    let (events, answer) = desk.ask(apply(same));
    let expected = Applied { version, unchanged: 2, ..Applied::default() };
    assert_eq!((events.len(), answer), (0, Answer::Applied(expected)));
    let (events, _) = desk.ask(apply(Vec::new()));
    assert_eq!(events.len(), 0);
    let mixed = vec![put(agent("ana", 1)), put(agent("ana", 2)), put(agent("bea", 1))];
    let expected =
        Applied { version: version + 2, created: 1, changed: 1, deleted: 0, unchanged: 1 };
    assert_eq!(applied(&mut desk, mixed), expected);
}

#[test]
fn a_dry_run_answers_as_if_and_changes_nothing() {
    let mut desk = Desk::staffed(&["ana"]);
    let before = desk.tenant.snapshot();
    let dry = |changes| Input::Apply { changes, dry_run: true };
    let changes =
        || vec![put(agent("bea", 1)), put(queue("q", &["bea"])), delete(the_agent("ana"))];
    let (events, answer) = desk.ask(dry(changes()));
    let expected = Applied { version: 6, created: 1, changed: 1, deleted: 1, unchanged: 0 };
    assert_eq!((events.len(), answer), (0, Answer::Applied(expected)));
    assert!(desk.tenant.snapshot() == before);
    let error = desk.refused(dry(vec![delete(the_agent("ana"))]));
    assert_eq!(error.code, ErrorCode::WrongState);
    assert_eq!(applied(&mut desk, changes()), expected);
}

#[test]
fn one_stale_version_refuses_the_whole() {
    let mut desk = desk();
    applied(&mut desk, vec![put_at(agent("ana", 1), 0), put_at(agent("bea", 1), 0)]);
    let version =
        |desk: &Desk, id| desk.tenant.directory().agent(AgentId(id)).expect("put").version;
    let (ana, bea) = (version(&desk, 0), version(&desk, 1));
    let error =
        refused(&mut desk, vec![put_at(agent("ana", 2), ana), put_at(agent("bea", 2), ana)]);
    assert_eq!(error.code, ErrorCode::VersionConflict);
    assert_eq!(error.field, "changes[1].if_version");
    let stale = Change::Delete(DeleteChange { object: the_agent("bea"), if_version: Some(ana) });
    let error = refused(&mut desk, vec![stale]);
    assert_eq!((error.code, &*error.field), (ErrorCode::VersionConflict, "changes[0].if_version"));
    let right = Change::Delete(DeleteChange { object: the_agent("bea"), if_version: Some(bea) });
    assert_eq!(applied(&mut desk, vec![put_at(agent("ana", 2), ana), right]).deleted, 1);
}

#[test]
fn credentials_end_with_their_owner_also_where_the_name_comes_back() {
    let mut desk = desk();
    applied(&mut desk, vec![put(agent("ana", 1)), put(agent("bea", 1))]);
    for (prefix, owner) in [("p3", "ana"), ("p1", "bea"), ("p2", "ana")] {
        desk.events(Input::CreateKey(Key {
            prefix: prefix.into(),
            sha256: [7; 32],
            role: Role::Agent,
            owner: owner.into(),
            label: String::new(),
            created: START,
        }));
    }
    let changes = vec![delete(the_agent("ana")), put(agent("ana", 2))];
    let events = desk.events(apply(changes));
    let ended: Vec<&str> = events
        .iter()
        .filter_map(|event| if let Event::KeyRevoked(e) = event { Some(&*e.prefix) } else { None })
        .collect();
    assert_eq!(ended, ["p2", "p3"]);
    let left: Vec<&str> = desk.tenant.directory().keys().map(|key| key.prefix.as_str()).collect();
    assert_eq!(left, ["p1"]);
    assert_eq!(desk.tenant.directory().agent_id("ana"), Some(AgentId(2)), "another number");
    assert!(desk.replayed().snapshot() == desk.tenant.snapshot());
}

#[test]
fn more_credentials_than_a_record_holds_are_not_ended_at_once() {
    let mut desk = desk();
    desk.agent("ana", 1);
    for number in 0..16_385 {
        // As from the log: a command counts all that there are.
        let key = Key {
            prefix: format!("p{number:05}"),
            sha256: [7; 32],
            role: Role::Agent,
            owner: "ana".into(),
            label: String::new(),
            created: START,
        };
        desk.tenant.apply(START, &Event::KeyCreated(key));
    }
    let error = refused(&mut desk, vec![delete(the_agent("ana"))]);
    assert_eq!((error.code, &*error.field), (ErrorCode::LimitExceeded, "changes"));
    let error = desk.refused(Input::Delete { object: the_agent("ana") });
    assert_eq!((error.code, &*error.field), (ErrorCode::LimitExceeded, "object"));
    desk.events(Input::RevokeKey { prefix: "p00000".into() });
    assert_eq!(applied(&mut desk, vec![delete(the_agent("ana"))]).deleted, 1);
    assert_eq!(desk.tenant.directory().keys().count(), 0);
    let record = desk.log.last().expect("a record").len();
    assert!(record < 1024 * 1024, "{record} bytes beside as many of changes");
}

#[test]
fn a_repeat_with_its_key_is_done_once() {
    let mut desk = desk();
    let key = Idempotency { credential: 1, key: 2, digest: 3 };
    let mut send = |changes| {
        let input = apply(changes);
        let step = desk.command(Command { idempotency: Some(key), input });
        (step.events.len(), format!("{:?}", step.reply))
    };
    let changes = || vec![put_at(agent("ana", 1), 0), put_at(queue("q", &["ana"]), 0)];
    let (events, first) = send(changes());
    assert_eq!(events, 3, "and the answer");
    assert_eq!(send(changes()), (0, first));
}

#[test]
fn what_waits_is_matched_when_all_changes_are_made() {
    let mut desk = Desk::staffed(&[]);
    let ticket = desk.hand_off(1);
    desk.agent("ana", 1);
    desk.online("ana");
    assert_eq!(desk.holder(ticket), None);
    applied(&mut desk, vec![put(agent("bea", 1)), put(queue("q", &["bea", "ana"]))]);
    assert_eq!(desk.holder(ticket).as_deref(), Some("ana"));
}

#[test]
fn a_list_has_an_end() {
    let mut desk = desk();
    let changes = vec![put(agent("ana", 1)); limits::CHANGES + 1];
    let error = refused(&mut desk, changes);
    assert_eq!((error.code, &*error.field), (ErrorCode::LimitExceeded, "changes"));
}
