//! Objects and credentials: put, changed, deleted, with clear errors.

use crate::common::*;
use relevo_routing::Input;
use relevo_routing::event::Event;
use relevo_routing::input::{Key, Target};
use relevo_wire::answer::{Answer, Stored};
use relevo_wire::directory::{Agent, Bot, Object, ObjectRef, Queue, Tenant};
use relevo_wire::vocabulary::{Role, Text, Texts};
use relevo_wire::{AgentId, BotId, ErrorCode, QueueId};

fn put(object: Object) -> Input {
    Input::Put { object: Box::new(object), if_version: None }
}

fn stored(desk: &mut Desk, input: Input) -> u64 {
    let answer = desk.ask(input).1;
    let Answer::Stored(Stored { version }) = answer else { panic!("{answer:?}") };
    version
}

fn wrong(desk: &mut Desk, object: Object) -> (ErrorCode, String) {
    let error = desk.refused(put(object));
    (error.code, error.field)
}

#[test]
fn numbers_are_dense_in_order_of_creation_and_names_find_them() {
    let mut desk = desk();
    assert_eq!(desk.agent("ana", 1), AgentId(0));
    assert_eq!(desk.agent("bea", 1), AgentId(1));
    assert_eq!(desk.agent("ana", 2), AgentId(0), "changed, not created");
    assert_eq!(desk.queue("q", &["bea", "ana"], |_| {}), QueueId(0));
    desk.put(Object::Bot(Bot::new("c", "q")));
    desk.put(Object::Queue(Queue::new("c", "q")));
    let directory = desk.tenant.directory();
    assert_eq!(directory.bot_id("c"), Some(BotId(1)));
    assert_eq!(directory.queue_at("c/q"), Some(QueueId(1)));
    assert_eq!(directory.queue_path(QueueId(1)), Some("c/q"));
    assert_eq!(directory.queue_bot(QueueId(1)), Some(BotId(1)));
    assert_eq!(directory.default_queue(BotId(1)), Some(QueueId(1)));
    assert_eq!(directory.agent(AgentId(0)).expect("put").object.seats, 2);
    let kinds: Vec<&str> = directory
        .objects()
        .iter()
        .map(|versioned| match &versioned.object {
            Object::Tenant(_) => "tenant",
            Object::Bot(_) => "bot",
            Object::Agent(_) => "agent",
            Object::Queue(_) => "queue",
        })
        .collect();
    assert_eq!(kinds, ["bot", "bot", "agent", "agent", "queue", "queue"]);
}

#[test]
fn versions_count_changes_and_guard_them() {
    let mut desk = desk();
    let ana = |seats| Object::Agent(Agent::new("ana", seats));
    let first = stored(&mut desk, put(ana(1)));
    assert_eq!(first, 2, "the bot was the first change");
    assert_eq!(desk.tenant.directory_version(), 2);
    let guarded =
        |object, version| Input::Put { object: Box::new(object), if_version: Some(version) };
    let error = desk.refused(guarded(ana(2), 0));
    assert_eq!((error.code, error.field.as_str()), (ErrorCode::VersionConflict, "if_version"));
    assert_eq!(stored(&mut desk, guarded(ana(2), first)), 3);
    assert_eq!(desk.code(guarded(ana(3), first)), ErrorCode::VersionConflict);
    let bea = Object::Agent(Agent::new("bea", 1));
    assert_eq!(desk.code(guarded(bea.clone(), 3)), ErrorCode::VersionConflict);
    assert_eq!(stored(&mut desk, guarded(bea, 0)), 4);
    let (events, answer) = desk.ask(put(ana(2)));
    assert_eq!((events.len(), answer), (0, Answer::Stored(Stored { version: 3 })), "unchanged");
}

#[test]
fn objects_are_checked_with_the_field_that_is_wrong() {
    let mut desk = desk();
    let malformed = |field: &str| (ErrorCode::Malformed, field.to_owned());
    let missing = |field: &str| (ErrorCode::NotFound, field.to_owned());
    for name in ["", "a b", "ä", "x/y", &"n".repeat(65)] {
        assert_eq!(wrong(&mut desk, Object::Agent(Agent::new(name, 1))), malformed("name"));
    }
    let longest = Agent::new("n".repeat(64), 4095);
    desk.put(Object::Agent(longest));
    assert_eq!(wrong(&mut desk, Object::Agent(Agent::new("ana", 4096))), malformed("seats"));

    let bot = |change: &dyn Fn(&mut Bot)| {
        let mut bot = Bot::new("c", "q");
        change(&mut bot);
        Object::Bot(bot)
    };
    assert_eq!(wrong(&mut desk, bot(&|b| b.priority_cap = 1001)), malformed("priority_cap"));
    for share in [0, 101] {
        let share = bot(&|b| b.guaranteed_share = Some(share));
        assert_eq!(wrong(&mut desk, share), malformed("guaranteed_share"));
    }
    let no_seats = bot(&|b| b.seats_per_agent = Some(0));
    assert_eq!(wrong(&mut desk, no_seats), malformed("seats_per_agent"));
    assert_eq!(wrong(&mut desk, bot(&|b| b.default_queue.clear())), malformed("default_queue"));

    let queue = |change: &dyn Fn(&mut Queue)| {
        let mut queue = Queue::new("b", "q");
        change(&mut queue);
        Object::Queue(queue)
    };
    assert_eq!(wrong(&mut desk, queue(&|q| q.bot = "nobody".into())), missing("bot"));
    assert_eq!(wrong(&mut desk, queue(&|q| q.members = vec!["eve".into()])), missing("members"));
    desk.agent("ana", 1);
    let twice = queue(&|q| q.members = vec!["ana".into(), "ana".into()]);
    assert_eq!(wrong(&mut desk, twice), malformed("members"));
    let threshold = queue(&|q| q.threshold_seconds = 61);
    assert_eq!(wrong(&mut desk, threshold), malformed("threshold_seconds"));
    let keep = queue(&|q| q.keep_seconds = u32::MAX);
    assert_eq!(wrong(&mut desk, keep), malformed("keep_seconds"));
    let long = queue(&|q| q.texts = Texts::default().with(Text::Online, "x".repeat(1025)));
    assert_eq!(wrong(&mut desk, long), (ErrorCode::LimitExceeded, "texts.online".to_owned()));
    desk.put(queue(&|q| q.transfer_targets = Some(vec!["not-yet".into()])));
}

#[test]
fn what_is_in_use_is_not_deleted_and_the_counts_say_why() {
    let mut desk = Desk::staffed(&["ana"]);
    let ticket = desk.hand_off(1);
    let waiting = desk.hand_off(2);
    let mut refused = |object: ObjectRef| {
        let error = desk.refused(Input::Delete { object });
        assert_eq!(error.code, ErrorCode::WrongState);
        error.message
    };
    let agent = || ObjectRef::Agent("ana".into());
    let queue = || ObjectRef::Queue("b".into(), "q".into());
    let message = refused(agent());
    assert!(message.contains("1 open tickets and 1 queues"), "{message}");
    let message = refused(queue());
    assert!(message.contains("2 open tickets and 1 members"), "{message}");
    let message = refused(ObjectRef::Bot("b".into()));
    assert!(message.contains("1 queues"), "{message}");

    desk.queue("q", &[], |_| {});
    desk.close("ana", ticket);
    desk.events(Input::Delete { object: agent() });
    desk.events(Input::TakeBack { bot: BOT, ticket: waiting });
    desk.events(Input::Delete { object: queue() });
    desk.events(Input::Delete { object: ObjectRef::Bot("b".into()) });
    let directory = desk.tenant.directory();
    assert_eq!(directory.agent_id("ana"), None);
    assert_eq!(directory.agent_name(AgentId(0)), Some("ana"), "what was said stays readable");
    assert_eq!(directory.objects(), []);
    let stats = desk.tenant.stats();
    assert_eq!((stats.seats, stats.bots_unreachable), (0, 0));
    assert_eq!(stats.agents, Default::default());
    assert_eq!(desk.seats.word(0).expect("a word").view().capacity, 0);
}

#[test]
fn deleted_numbers_are_not_used_again() {
    let mut desk = desk();
    desk.agent("ana", 1);
    desk.events(Input::Delete { object: ObjectRef::Agent("ana".into()) });
    assert_eq!(desk.agent("ana", 1), AgentId(1));
    desk.queue("q", &["ana"], |_| {});
    desk.online("ana");
    let ticket = desk.hand_off(1);
    assert_eq!(desk.holder(ticket).as_deref(), Some("ana"));
    assert!(desk.replayed().snapshot() == desk.tenant.snapshot());
}

#[test]
fn an_agent_for_whom_a_ticket_is_reserved_is_in_use() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    let ticket = desk.hand_off(1);
    let held = desk.hand_off(2);
    assert_eq!(desk.holder(held).as_deref(), Some("bea"));
    let transfer = desk.transfer("ana", ticket, Target::Agent(desk.agent_id("bea")));
    desk.child(transfer);
    desk.close("bea", held);
    desk.queue("q", &[], |_| {});
    let error = desk.refused(Input::Delete { object: ObjectRef::Agent("bea".into()) });
    assert!(error.message.contains("1 open tickets"), "{}", error.message);
}

#[test]
fn a_tenant_is_an_object_whose_name_stays() {
    let mut desk = Desk::with(relevo_routing::Settings::default());
    let tenant = |name: &str| Object::Tenant(Tenant::new(name));
    desk.put(tenant("acme"));
    assert_eq!(desk.tenant.directory().tenant_name(), Some("acme"));
    assert_eq!(wrong(&mut desk, tenant("other")), (ErrorCode::WrongState, "name".to_owned()));
    let delete = |name: &str| Input::Delete { object: ObjectRef::Tenant(name.into()) };
    assert_eq!(desk.code(delete("other")), ErrorCode::NotFound);
    assert_eq!(desk.code(delete("acme")), ErrorCode::WrongState, "it has a bot");
    desk.events(Input::Delete { object: ObjectRef::Bot("b".into()) });
    desk.events(delete("acme"));
    assert_eq!(desk.tenant.directory().tenant_name(), None);
}

#[test]
fn credentials_need_their_owner_and_go_with_it() {
    let mut desk = desk();
    desk.agent("ana", 1);
    let key = |prefix: &str, role, owner: &str| Key {
        prefix: prefix.into(),
        sha256: [7; 32],
        role,
        owner: owner.into(),
        label: String::new(),
        created: START,
    };
    let error = desk.refused(Input::CreateKey(key("p", Role::Agent, "eve")));
    assert_eq!((error.code, error.field.as_str()), (ErrorCode::NotFound, "owner"));
    desk.events(Input::CreateKey(key("p1", Role::Agent, "ana")));
    desk.events(Input::CreateKey(key("p2", Role::Bot, "b")));
    desk.events(Input::CreateKey(key("p3", Role::Admin, "")));
    let error = desk.refused(Input::CreateKey(key("p1", Role::Admin, "")));
    assert_eq!((error.code, error.field.as_str()), (ErrorCode::VersionConflict, "prefix"));
    assert_eq!(desk.tenant.directory().key("p2").expect("stored").role, Role::Bot);
    desk.events(Input::RevokeKey { prefix: "p2".into() });
    assert_eq!(desk.code(Input::RevokeKey { prefix: "p2".into() }), ErrorCode::NotFound);
    let events = desk.events(Input::Delete { object: ObjectRef::Agent("ana".into()) });
    assert!(matches!(events[..], [Event::ObjectDeleted(_), Event::KeyRevoked(_)]), "{events:?}");
    let left: Vec<&str> = desk.tenant.directory().keys().map(|key| key.prefix.as_str()).collect();
    assert_eq!(left, ["p3"]);
}

#[test]
fn the_directory_alone_follows_the_same_events() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    desk.queue("q", &[], |_| {});
    desk.events(Input::Delete { object: ObjectRef::Agent("ana".into()) });
    let mut projection = relevo_routing::directory::Directory::default();
    for bytes in &desk.log {
        let (_, events) = relevo_routing::record::decode(bytes).expect("a record");
        for event in &events {
            projection.apply(event);
        }
    }
    let directory = desk.tenant.directory();
    assert_eq!(projection.objects(), directory.objects());
    assert_eq!(projection.version(), directory.version());
    assert_eq!(projection.agent_name(AgentId(0)), Some("ana"));
}
