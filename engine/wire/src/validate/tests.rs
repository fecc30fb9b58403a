use super::*;
use crate::command::{
    AgentsOnline, Apply, Change, Close, CreateKey, Cursor, CustomerLeft, DeleteChange, HandOff,
    Hello, Next, NotifyWaiting, Put, PutChange, SetPresence, SetQueueMode, Transfer,
};
use crate::directory::{
    Agent, Bot, Fairness, Holiday, Hours, Member, Object, ObjectRef, Overflow, PriorityRule, Queue,
    Ring, Rule, Skill, Tenant, TicketTargets,
};
use crate::ids::TicketId;
use crate::packed::Packed;
use crate::vocabulary::{Body, HandOffReason, Intent, Language, Media, MessageKind, Role, Text};
use bytes::Bytes;

const TICKET: TicketId = TicketId(7);

fn refusal(refused: Command) -> (ErrorCode, String) {
    let error = command(&refused).expect_err("must be refused");
    assert!(!error.message.is_empty());
    (error.code, error.field)
}

fn too_long(field: &str) -> (ErrorCode, String) {
    (ErrorCode::LimitExceeded, field.into())
}

fn wrong(field: &str) -> (ErrorCode, String) {
    (ErrorCode::Malformed, field.into())
}

fn customer_says() -> Send {
    Send {
        ticket: None,
        contact: Some("c".into()),
        epoch: None,
        author: Author::Customer,
        client_message_id: None,
        at: None,
        body: Packed::new(&Body::text("hello")),
    }
}

fn agent_says() -> Send {
    let (ticket, epoch) = (Some(TICKET), Some(1));
    Send { ticket, epoch, author: Author::Agent, contact: None, ..customer_says() }
}

#[test]
fn lengths_are_allowed_up_to_the_limit_and_refused_by_name_above_it() {
    type Make = fn(String) -> Command;
    let cases: [(&str, usize, Make); 9] = [
        ("token", limits::TOKEN_BYTES, |token| {
            let (client, resume, more) = (String::new(), Vec::new(), false);
            Command::Hello(Hello { token, client, resume, more })
        }),
        ("contact", limits::CONTACT_ID_BYTES, |contact| {
            Command::CustomerLeft(CustomerLeft { contact })
        }),
        ("contact", limits::CONTACT_ID_BYTES, |contact| {
            Command::Send(Send { contact: Some(contact), ..customer_says() })
        }),
        ("client_message_id", limits::CLIENT_MESSAGE_ID_BYTES, |id| {
            Command::Send(Send { client_message_id: Some(id), ..agent_says() })
        }),
        ("queue", limits::NAME_BYTES, |queue| {
            Command::AgentsOnline(AgentsOnline { queue: Some(queue) })
        }),
        ("queue", 2 * limits::NAME_BYTES + 1, |queue| Command::Next(Next { queue: Some(queue) })),
        ("note", limits::NOTE_BYTES, |note| {
            let to = TransferTarget::Queue("q".into());
            Command::Transfer(Transfer { ticket: TICKET, epoch: 1, to, note })
        }),
        ("tags", limits::TAG_BYTES, |tag| {
            Command::Close(Close { ticket: TICKET, epoch: 1, tags: vec!["a".into(), tag] })
        }),
        ("reason", limits::NOTE_BYTES, |reason| {
            Command::SetPresence(SetPresence { intent: Intent::Paused, reason })
        }),
    ];
    for (field, most, make) in cases {
        assert_eq!(command(&make("x".repeat(most))), Ok(()), "{field}");
        assert_eq!(refusal(make("x".repeat(most + 1))), too_long(field));
    }
}

#[test]
fn counts_are_limited() {
    let cursor = Cursor { ticket: TICKET, received: 0 };
    let hello = |cursors| {
        let resume = vec![cursor; cursors];
        Command::Hello(Hello { token: "t".into(), client: String::new(), resume, more: false })
    };
    assert_eq!(command(&hello(1024)), Ok(()));
    assert_eq!(refusal(hello(1025)), too_long("resume"));
    let close =
        |tags| Command::Close(Close { ticket: TICKET, epoch: 1, tags: vec!["t".to_owned(); tags] });
    assert_eq!(command(&close(32)), Ok(()));
    assert_eq!(refusal(close(33)), too_long("tags"));
}

#[test]
fn a_message_names_what_its_author_needs_and_nothing_else() {
    assert_eq!(command(&Command::Send(customer_says())), Ok(()));
    assert_eq!(command(&Command::Send(agent_says())), Ok(()));
    let refused = |send: Send| refusal(Command::Send(send));
    assert_eq!(refused(Send { contact: None, ..customer_says() }), wrong("contact"));
    assert_eq!(refused(Send { contact: Some(String::new()), ..customer_says() }), wrong("contact"));
    assert_eq!(refused(Send { epoch: Some(1), ..customer_says() }), wrong("epoch"));
    assert_eq!(refused(Send { ticket: None, ..agent_says() }), wrong("ticket"));
    assert_eq!(refused(Send { epoch: None, ..agent_says() }), wrong("epoch"));
    assert_eq!(refused(Send { contact: Some("c".into()), ..agent_says() }), wrong("contact"));
    assert_eq!(refused(Send { author: Author::System, ..agent_says() }), wrong("author"));
}

fn body(kind: MessageKind, text: &str, media: Option<Media>, fields: &[(&str, &str)]) -> Body {
    let fields = fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    Body { kind, text: text.into(), media, fields }
}

fn photo() -> Option<Media> {
    let (url, mime) = ("https://x/y".into(), "image/jpeg".into());
    Some(Media { url, mime, bytes: 1, sha256: Some("0f".repeat(32)) })
}

#[test]
fn a_body_has_what_its_kind_needs() {
    let place = &[("latitude", "-23.55"), ("longitude", "179.9")];
    let good = [
        body(MessageKind::Text, "hello", None, &[]),
        body(MessageKind::Text, "hello", None, &[("a", "b")]),
        body(MessageKind::Image, "", photo(), &[]),
        body(MessageKind::Document, "caption", photo(), &[]),
        body(MessageKind::Location, "", None, place),
        body(MessageKind::ContactCard, "", None, &[("name", "A"), ("phone", "1")]),
        body(MessageKind::InteractiveReply, "", None, &[("id", "1"), ("title", "yes")]),
        body(MessageKind::Template, "", None, &[("name", "t"), ("language", "es"), ("1", "x")]),
    ];
    for body in good {
        assert_eq!(super::body(&Packed::new(&body)), Ok(()), "{body:?}");
    }
    let mime = |mime: &str| photo().map(|photo| Media { mime: mime.into(), ..photo });
    let sha256 = |digits: &str| photo().map(|photo| Media { sha256: Some(digits.into()), ..photo });
    let bad = [
        ("body.text", body(MessageKind::Text, "", None, &[])),
        ("body.media", body(MessageKind::Text, "a", photo(), &[])),
        ("body.media", body(MessageKind::Audio, "a", None, &[])),
        ("body.media.mime", body(MessageKind::Image, "", mime("jpeg"), &[])),
        ("body.media.sha256", body(MessageKind::Image, "", sha256("00"), &[])),
        ("body.media.sha256", body(MessageKind::Image, "", sha256(&"zz".repeat(32)), &[])),
        ("body.fields", body(MessageKind::Location, "", None, &place[..1])),
        ("body.fields", body(MessageKind::Location, "", None, &[place[0], ("longitude", "NaN")])),
        ("body.fields", body(MessageKind::Location, "", None, &[place[0], ("longitude", "181")])),
        ("body.fields", body(MessageKind::Template, "", None, &[("name", "t")])),
        ("body.fields", body(MessageKind::ContactCard, "", None, &[("name", "t"), ("", "b")])),
        ("body.media", body(MessageKind::Template, "", photo(), &[("name", "t")])),
    ];
    for (field, body) in bad {
        let error = super::body(&Packed::new(&body)).expect_err("must be refused");
        assert_eq!((error.code, &*error.field), (ErrorCode::Malformed, field), "{body:?}");
    }
}

#[test]
fn a_body_with_a_field_twice_is_refused_as_no_line_could_carry_it() {
    let twice = body(MessageKind::Text, "hello", None, &[("a", "1"), ("b", "2"), ("a", "3")]);
    let error = super::body(&Packed::new(&twice)).expect_err("must be refused");
    assert_eq!((error.code, &*error.field), (ErrorCode::Malformed, "body.fields"));
    let once = body(MessageKind::Text, "hello", None, &[("a", "1"), ("b", "1")]);
    assert_eq!(super::body(&Packed::new(&once)), Ok(()));
}

#[test]
fn a_body_is_limited_in_bytes_and_checked_as_bytes() {
    let text = |bytes| Packed::new(&Body::text("x".repeat(bytes)));
    let room = limits::MESSAGE_BYTES - text(1024).bytes().len() + 1024;
    assert_eq!(super::body(&text(room)), Ok(()));
    let error = super::body(&text(room + 1)).expect_err("one byte too many");
    assert_eq!((error.code, &*error.field), (ErrorCode::LimitExceeded, "body"));
    let noise = Packed::from_bytes(Bytes::from_static(&[0xff; 64]));
    assert_eq!(super::body(&noise).expect_err("noise").field, "body");
}

#[test]
fn directory_objects_keep_to_their_ranges() {
    let refused = |object| {
        refusal(Command::Put(Put { tenant: None, object: Box::new(object), if_version: None }))
    };
    let tenant = |name: &str| Object::Tenant(Tenant::new(name));
    assert_eq!(refused(tenant("a b")), wrong("object.tenant.name"));
    assert_eq!(refused(tenant("")), wrong("object.tenant.name"));
    assert_eq!(refused(tenant(&"x".repeat(65))), too_long("object.tenant.name"));
    for (tickets, seconds) in [(0, 1), (1001, 1), (1, 0), (1, 3601)] {
        let fairness = Some(Fairness { tickets, seconds });
        let tenant = Object::Tenant(Tenant { fairness, ..Tenant::new("t") });
        assert_eq!(refused(tenant), wrong("object.tenant.fairness"));
    }
    for seats in [0, 4096] {
        assert_eq!(refused(Object::Agent(Agent::new("a", seats))), wrong("object.agent.seats"));
    }
    let bot = || Bot::new("b", "q");
    let capped = Bot { priority_cap: 1001, ..bot() };
    assert_eq!(refused(Object::Bot(capped)), wrong("object.bot.priority_cap"));
    for share in [0, 101] {
        let share = Bot { guaranteed_share: Some(share), ..bot() };
        assert_eq!(refused(Object::Bot(share)), wrong("object.bot.guaranteed_share"));
    }
    let seats = Bot { seats_per_agent: Some(0), ..bot() };
    assert_eq!(refused(Object::Bot(seats)), wrong("object.bot.seats_per_agent"));
    let members = Queue { members: vec!["ok".into(), "not ok".into()], ..Queue::new("b", "q") };
    assert_eq!(refused(Object::Queue(members)), wrong("object.queue.members"));
    let member = |level, delay_seconds| Member { agent: "ok".into(), level, delay_seconds };
    let members = |member| Object::Queue(Queue { members: vec![member], ..Queue::new("b", "q") });
    for member in [member(0, 0), member(11, 0), member(1, 604_801)] {
        assert_eq!(refused(members(member)), wrong("object.queue.members"));
    }
    let most =
        Put { tenant: None, object: Box::new(members(member(10, 604_800))), if_version: None };
    assert_eq!(command(&Command::Put(most)), Ok(()));
    let threshold = Queue { threshold_seconds: 0, ..Queue::new("b", "q") };
    assert_eq!(refused(Object::Queue(threshold)), wrong("object.queue.threshold_seconds"));
    let ageing = Queue { ageing: 1001, ..Queue::new("b", "q") };
    assert_eq!(refused(Object::Queue(ageing)), wrong("object.queue.ageing"));
    let with = |week: &[&str], holidays: usize| {
        let week = week.iter().map(|days| ((*days).into(), vec!["9-10".into(); 16])).collect();
        let holidays = vec![Holiday::default(); holidays];
        let hours = Some(Hours { time_zone: None, week, holidays });
        refused(Object::Queue(Queue { hours, ..Queue::new("b", "q") }))
    };
    assert_eq!(with(&["sat", "mon"], 0), wrong("object.queue.hours.week"));
    assert_eq!(with(&["mon", "mon"], 0), wrong("object.queue.hours.week"));
    assert_eq!(with(&["mon", ""], 0), wrong("object.queue.hours.week"));
    assert_eq!(with(&["mon"], 401), too_long("object.queue.hours.holidays"));
    let prioritized = |rule: PriorityRule| Bot { priority_rules: vec![rule], ..bot() };
    let rule = || PriorityRule {
        name: "r".into(),
        queue: Some("q".into()),
        when: "message exists".into(),
        priority: 1000,
    };
    let too_urgent = prioritized(PriorityRule { priority: 1001, ..rule() });
    assert_eq!(refused(Object::Bot(too_urgent)), wrong("object.bot.priority_rules.priority"));
    let nowhere = prioritized(PriorityRule { queue: Some("a b".into()), ..rule() });
    assert_eq!(refused(Object::Bot(nowhere)), wrong("object.bot.priority_rules.queue"));
    let empty = prioritized(PriorityRule { when: String::new(), ..rule() });
    assert_eq!(refused(Object::Bot(empty)), wrong("object.bot.priority_rules.when"));
    let routing = || Rule::new("r", "message exists");
    let nobody = Rule { preferred_agent: Some("a b".into()), ..routing() };
    let nobodys = Bot { rules: vec![nobody], ..bot() };
    assert_eq!(refused(Object::Bot(nobodys)), wrong("object.bot.rules.preferred_agent"));
    let skill = |name: &str, level| Skill { name: name.into(), level };
    for (skills, what) in [
        (vec![skill("x", 0)], wrong("object.agent.skills")),
        (vec![skill("x", 11)], wrong("object.agent.skills")),
        (vec![skill("a b", 1)], wrong("object.agent.skills")),
        (vec![skill("x", 1), skill("x", 2)], wrong("object.agent.skills")),
        ((0..65).map(|at| skill(&format!("s{at}"), 1)).collect(), too_long("object.agent.skills")),
    ] {
        assert_eq!(refused(Object::Agent(Agent { skills, ..Agent::new("a", 1) })), what);
    }
    let ring = |after_seconds| Ring { after_seconds, skills: Vec::new() };
    for (rings, what) in [
        (vec![ring(0)], wrong("object.bot.rules.rings")),
        (vec![ring(9), ring(9)], wrong("object.bot.rules.rings")),
        (vec![ring(604_801)], wrong("object.bot.rules.rings")),
        ((1..10).map(ring).collect(), too_long("object.bot.rules.rings")),
    ] {
        let rule = Rule { rings, ..routing() };
        assert_eq!(refused(Object::Bot(Bot { rules: vec![rule], ..bot() })), what);
    }
    let skills = (0..9).map(|at| skill(&format!("s{at}"), 1)).collect();
    let many_needs = Bot { rules: vec![Rule { skills, ..routing() }], ..bot() };
    assert_eq!(refused(Object::Bot(many_needs)), too_long("object.bot.rules.skills"));
    // Both kinds share the bytes of a bot's conditions.
    let long = "x".repeat(limits::CONDITION_BYTES);
    let many = vec![PriorityRule { when: long.clone(), ..rule() }; 65];
    let of_rules = vec![Rule { when: long, ..routing() }; 64];
    let full = Bot { priority_rules: many, rules: of_rules, ..bot() };
    assert_eq!(refused(Object::Bot(full)), too_long("object.bot.rules"));
    let object = Object::Queue(Queue::new("b", "q"));
    assert_eq!(
        command(&Command::Put(Put { tenant: None, object: Box::new(object), if_version: None })),
        Ok(())
    );
    let key = CreateKey {
        tenant: Some(String::new()),
        role: Role::Admin,
        owner: String::new(),
        label: String::new(),
    };
    assert_eq!(refusal(Command::CreateKey(key)), wrong("tenant"));
}

fn put(object: Object) -> Change {
    Change::Put(PutChange { object: Box::new(object), if_version: None })
}

fn apply(changes: Vec<Change>) -> Command {
    Command::Apply(Apply { tenant: None, changes, dry_run: false })
}

#[test]
fn changes_are_checked_all_at_once_and_counted() {
    let agent = |name: &str| put(Object::Agent(Agent::new(name, 1)));
    let delete = |name: &str| {
        Change::Delete(DeleteChange { object: ObjectRef::Agent(name.into()), if_version: None })
    };
    assert_eq!(command(&apply(vec![agent("ana"), delete("ana")])), Ok(()));
    assert_eq!(refusal(apply(Vec::new())), wrong("changes"));
    let most = vec![agent("ana"); limits::CHANGES];
    assert_eq!(command(&apply(most.clone())), Ok(()));
    let beyond = [most, vec![agent("ana")]].concat();
    assert_eq!(refusal(apply(beyond)), too_long("changes"));
    let wrong = apply(vec![agent("ana"), agent("a b"), delete("")]);
    let error = command(&wrong).unwrap_err();
    assert_eq!(error.field, "changes[1].object.agent.name");
    assert!(error.message.contains("\nchanges[2].object: "), "{}", error.message);
}

#[test]
fn steps_and_limits_of_waiting_keep_to_their_ranges() {
    let put = |queue| {
        command(&Command::Put(Put {
            tenant: None,
            object: Box::new(Object::Queue(queue)),
            if_version: None,
        }))
    };
    let step = |change: fn(&mut Overflow)| {
        let mut overflow = Overflow::new("night");
        change(&mut overflow);
        Queue { overflow: Some(overflow), ..Queue::new("b", "q") }
    };
    assert_eq!(put(step(|_| {})), Ok(()));
    let queue = || Queue::new("b", "q");
    let targets = |[first_response_seconds, next_response_seconds, resolution_seconds]: [_; 3]| {
        let targets =
            TicketTargets { first_response_seconds, next_response_seconds, resolution_seconds };
        Queue { targets, ..queue() }
    };
    assert_eq!(put(targets([Some(1), Some(604_800), None])), Ok(()));
    for (field, queue) in [
        ("overflow.to", step(|step| step.to = "not ok".into())),
        ("overflow.after_seconds", step(|step| step.after_seconds = Some(0))),
        ("overflow.after_seconds", step(|step| step.after_seconds = Some(604_801))),
        ("overflow.priority", step(|step| step.priority = Some(1001))),
        ("max_waiting", Queue { max_waiting: Some(0), ..queue() }),
        ("max_wait_seconds", Queue { max_wait_seconds: Some(0), ..queue() }),
        ("ttl_seconds", Queue { ttl_seconds: 0, ..queue() }),
        ("ttl_seconds", Queue { ttl_seconds: 604_801, ..queue() }),
        ("targets.first_response_seconds", targets([Some(0), None, None])),
        ("targets.next_response_seconds", targets([None, Some(604_801), None])),
        ("targets.resolution_seconds", targets([Some(1), Some(604_800), Some(0)])),
    ] {
        let error = put(queue).expect_err("must be refused");
        let field = format!("object.queue.{field}");
        assert_eq!((error.code, error.field), (ErrorCode::Malformed, field));
    }
}

#[test]
fn what_the_log_keeps_of_a_change_is_bounded_whatever_codec_it_came_in() {
    let members = |count: usize| (0..count).map(|at| format!("{at:064}")).collect::<Vec<_>>();
    let queue = |count| {
        let listed = members(count);
        Object::Queue(Queue {
            transfer_targets: Some(listed.clone()),
            members: listed.into_iter().map(Member::from).collect(),
            ..Queue::new("b", "q")
        })
    };
    let single =
        |object| Command::Put(Put { tenant: None, object: Box::new(object), if_version: None });
    assert_eq!(command(&single(queue(7_000))), Ok(()));
    assert_eq!(refusal(single(queue(7_500))), too_long("object"));
    assert_eq!(command(&apply(vec![put(queue(3_500)), put(queue(3_500))])), Ok(()));
    assert_eq!(refusal(apply(vec![put(queue(4_000)), put(queue(4_000))])), too_long("changes"));
}

#[test]
fn a_hand_off_is_checked_without_its_details() {
    let hand_off = |priority, language: &str| {
        Command::HandOff(HandOff {
            queue: None,
            reason: HandOffReason::Planned,
            details: Packed::from_bytes(Bytes::new()),
            priority: Some(priority),
            language: Some(language.into()),
            preferred_agent: None,
            texts: None,
            position_updates: false,
            test: false,
            dry_run: false,
        })
    };
    assert_eq!(command(&hand_off(1000, "pt-BR")), Ok(()));
    assert_eq!(refusal(hand_off(1001, "es")), wrong("priority"));
    assert_eq!(refusal(hand_off(0, "")), wrong("language"));
}

#[test]
fn texts_are_bounded_and_name_only_what_they_may() {
    let queue = |texts: Texts| {
        let object = Object::Queue(Queue { texts, ..Queue::new("b", "q") });
        Command::Put(Put { tenant: None, object: Box::new(object), if_version: None })
    };
    let long = "x".repeat(limits::TEXT_BYTES + 1);
    assert_eq!(
        refusal(queue(Texts::default().with(Text::Full, &long))),
        too_long("object.queue.texts.full")
    );
    let texts = Texts::default().with_in(Language::PtBr, Text::Closed, long);
    assert_eq!(refusal(queue(texts)), too_long("object.queue.texts.pt-BR.closed"));
    let texts = Texts::default().with_in(Language::Es, Text::Absent, "{agente} no está");
    let refused = command(&queue(texts)).expect_err("no such variable");
    assert_eq!(
        (refused.code, &*refused.field),
        (ErrorCode::Malformed, "object.queue.texts.es.absent")
    );
    assert_eq!(refused.message, "{agente} is nothing: it may have {agent}");
    let texts =
        Texts::default().with(Text::Absent, "{agent} is out").with(Text::Online, "{customer}");
    assert_eq!(command(&queue(texts)), Ok(()));
}

#[test]
fn an_open_queue_has_no_text_and_no_time() {
    let set = |mode, text: &str, until| {
        let queue = "b/q".into();
        Command::SetQueueMode(SetQueueMode { queue, mode, text: text.into(), until })
    };
    for mode in [QueueMode::Drain, QueueMode::Closed] {
        assert_eq!(command(&set(mode, "back at four", Some(1))), Ok(()));
        let long = "x".repeat(limits::TEXT_BYTES + 1);
        assert_eq!(refusal(set(mode, &long, None)), too_long("text"));
    }
    assert_eq!(command(&set(QueueMode::Open, "", None)), Ok(()));
    assert_eq!(refusal(set(QueueMode::Open, "hello", None)), wrong("text"));
    assert_eq!(refusal(set(QueueMode::Open, "", Some(1))), wrong("until"));
}

#[test]
fn the_labels_of_a_queue_are_few_and_short_and_each_stands_once() {
    let put = |labels: &[(&str, &str)]| {
        let labels = labels.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let queue = Queue { labels: labels.collect(), ..Queue::new("b", "q") };
        let object = Box::new(Object::Queue(queue));
        Command::Put(Put { tenant: None, object, if_version: None })
    };
    const FIELD: &str = "object.queue.labels";
    assert_eq!(command(&put(&[("city", "Lima"), ("team", "")])), Ok(()));
    assert_eq!(refusal(put(&[("team", ""), ("city", "Lima")])), wrong(FIELD));
    assert_eq!(refusal(put(&[("city", "a"), ("city", "b")])), wrong(FIELD));
    assert_eq!(refusal(put(&[("two words", "a")])), wrong(FIELD));
    let long = "x".repeat(limits::LABEL_BYTES + 1);
    assert_eq!(refusal(put(&[("city", &long)])), too_long(FIELD));
    let names: Vec<String> = (10..=10 + limits::LABELS).map(|at| format!("l{at}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    assert_eq!(refusal(put(&many)), too_long(FIELD));
}

#[test]
fn a_notice_has_words_and_only_for_languages_that_there_are() {
    let notify = |text: &str, texts: &[(&str, &str)]| {
        let texts = texts.iter().map(|(language, text)| ((*language).into(), (*text).into()));
        let (queue, text) = ("b/q".into(), text.into());
        Command::NotifyWaiting(NotifyWaiting { queue, text, texts: texts.collect() })
    };
    assert_eq!(command(&notify("later", &[("es", "luego"), ("pt-BR", "depois")])), Ok(()));
    assert!(command(&notify("", &[])).is_err());
    assert!(command(&notify("later", &[("es", "")])).is_err());
    assert_eq!(refusal(notify(&"x".repeat(limits::TEXT_BYTES + 1), &[])), too_long("text"));
    assert_eq!(refusal(notify("later", &[("de", "später")])), wrong("texts"));
    assert_eq!(refusal(notify("later", &[("es", "a"), ("es", "b")])), wrong("texts"));
}
