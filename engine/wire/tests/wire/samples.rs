//! One message of every kind.

mod contacts;
mod pushes;

use pushes::pushes;
use relevo_wire::answer::*;
use relevo_wire::command::*;
use relevo_wire::directory::{
    Agent, Bot, Holiday, Hours, Inactivity, Member, Object, ObjectRef, Overflow, Queue,
    TicketTargets, Versioned,
};
use relevo_wire::error::{ErrorCode, Present, WireError};
use relevo_wire::frame::{self, HEADER_BYTES, Header};
use relevo_wire::ids::{RequestId, SessionId, TicketId};
use relevo_wire::push::*;
use relevo_wire::vocabulary::*;
use relevo_wire::{Answer, Command, EstimatedWait, Packed, json};

/// A message of either direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sample {
    Request(Request),
    Answer(RequestId, Answer),
    Push(Push),
}

impl Sample {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Request(request) => request.command.name(),
            Self::Answer(_, answer) => answer.name(),
            Self::Push(Push::Entry(entry)) => entry.event.name(),
            Self::Push(push) => push.name(),
        }
    }

    pub(crate) fn frame(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Request(request) => frame::write_request(&mut out, request),
            Self::Answer(id, answer) => frame::write_answer(&mut out, *id, answer),
            Self::Push(push) => frame::write_push(&mut out, push),
        }
        out
    }

    pub(crate) fn line(&self) -> String {
        let mut out = Vec::new();
        match self {
            Self::Request(request) => json::write_request_line(&mut out, request),
            Self::Answer(id, answer) => json::write_answer_line(&mut out, *id, answer),
            Self::Push(push) => json::write_push_line(&mut out, push),
        }
        String::from_utf8(out).expect("JSON is UTF-8")
    }

    pub(crate) fn kind(&self) -> u16 {
        Header::read(&self.frame()).expect("a whole frame").kind
    }

    /// Reads what [`Sample::frame`] wrote.
    pub(crate) fn read_frame(bytes: &[u8], from_client: bool) -> Result<Option<Self>, WireError> {
        let limit = |_| usize::MAX;
        let Some((header, payload)) = frame::split(bytes, limit)? else { return Ok(None) };
        assert_eq!(bytes.len(), HEADER_BYTES + payload.len());
        if from_client {
            let request = frame::read_request(header, payload).map_err(|(_, error)| error)?;
            return Ok(Some(Self::Request(request)));
        }
        Ok(frame::read_server_frame(header, payload)?.map(Self::from))
    }

    /// Reads what [`Sample::line`] wrote.
    pub(crate) fn read_line(line: &[u8], from_client: bool) -> Result<Option<Self>, WireError> {
        if from_client {
            let request = json::read_request_line(line).map_err(|(_, error)| error)?;
            return Ok(Some(Self::Request(request)));
        }
        Ok(json::read_server_line(line)?.map(Self::from))
    }

    pub(crate) fn is_from_client(&self) -> bool {
        match self {
            Self::Request(_) => true,
            Self::Answer(..) | Self::Push(_) => false,
        }
    }
}

impl From<frame::ServerFrame> for Sample {
    fn from(frame: frame::ServerFrame) -> Self {
        match frame {
            frame::ServerFrame::Answer(id, answer) => Self::Answer(id, answer),
            frame::ServerFrame::Push(push) => Self::Push(push),
        }
    }
}

/// Of somebody third in line.
const WAIT: EstimatedWait = EstimatedWait { p50_seconds: 40, p90_seconds: 95 };
const AT: u64 = 1_760_000_000_000_000;

fn ticket() -> TicketId {
    TicketId(0x0199_c3a0_7e00_7000_8000_0000_0000_0001)
}

fn child() -> TicketId {
    TicketId(0x0199_c3a0_7e00_7000_8000_0000_0000_0002)
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn details() -> HandOffDetails {
    HandOffDetails {
        contact: Contact {
            id: "+5511999990000".into(),
            name: "Ana Souza".into(),
            fields: pairs(&[("city", "São Paulo")]),
        },
        message_to_agent: "wants to change the delivery".into(),
        transcript: vec![TranscriptLine {
            author: Author::Customer,
            at: AT,
            text: "I want to talk to somebody".into(),
        }],
        context: pairs(&[("order", "4711"), ("plan", "gold")]),
    }
}

fn photo() -> Body {
    let (url, mime) = ("https://cdn.example/1.jpg".into(), "image/jpeg".into());
    let media = Some(Media { url, mime, bytes: 48_213, sha256: Some("0f".repeat(32)) });
    Body { kind: MessageKind::Image, text: "the parcel".into(), media, fields: vec![] }
}

fn keyed(command: Command) -> Request {
    Request { idempotency_key: Some("order-4711".into()), ..plain(command) }
}

fn plain(command: Command) -> Request {
    Request { request_id: RequestId(7), idempotency_key: None, command }
}

/// One request of every command, and a second where a command is used in two ways.
fn requests() -> Vec<Request> {
    let cursor = Cursor { ticket: ticket(), received: 12 };
    let from_customer = Send {
        ticket: None,
        contact: Some("+5511999990000".into()),
        epoch: None,
        author: Author::Customer,
        client_message_id: Some("wamid.HBgN".into()),
        at: Some(AT),
        body: Packed::new(&photo()),
    };
    let from_agent = Send {
        ticket: Some(ticket()),
        contact: None,
        epoch: Some(2),
        author: Author::Agent,
        client_message_id: Some("m-1".into()),
        at: None,
        body: Packed::new(&Body::text("Hello, how can I help?")),
    };
    let hand_off = HandOff {
        queue: Some("sales".into()),
        reason: HandOffReason::Requested,
        details: Packed::new(&details()),
        priority: Some(100),
        preferred_agent: Some("ana".into()),
        language: Some("pt-BR".into()),
        texts: Some(
            Texts::default()
                .with(Text::Online, "one moment")
                .with_in(Language::PtBr, Text::Online, "um momento")
                .with_in(Language::PtBr, Text::Closed, "escreva às nove"),
        ),
        position_updates: true,
        test: false,
        dry_run: false,
    };
    let tenant = || Some("acme".to_owned());
    vec![
        plain(Command::Hello(Hello {
            token: "rk_4f2a.secret".into(),
            client: "shop-bot/1.4".into(),
            resume: vec![cursor],
            more: true,
        })),
        plain(Command::Cursors(Cursors { resume: vec![cursor], more: false })),
        plain(Command::Read(Read { ticket: ticket(), after: 3 })),
        plain(Command::Send(from_customer)),
        plain(Command::Send(from_agent)),
        plain(Command::Receipt(Receipt { ticket: ticket(), delivered: 12, read: 9 })),
        plain(Command::Typing(Typing { ticket: ticket() })),
        keyed(Command::HandOff(hand_off)),
        plain(Command::AgentsOnline(AgentsOnline { queue: Some("sales".into()) })),
        keyed(Command::CustomerLeft(CustomerLeft { contact: "+5511999990000".into() })),
        keyed(Command::TakeBack(TakeBack { ticket: ticket() })),
        plain(Command::SetPresence(SetPresence { intent: Intent::Paused, reason: "lunch".into() })),
        keyed(Command::Next(Next { queue: Some("shop/sales".into()) })),
        plain(Command::Targets(Targets { ticket: ticket() })),
        keyed(Command::Transfer(Transfer {
            ticket: ticket(),
            epoch: 2,
            to: TransferTarget::Queue("support".into()),
            note: "asks for a refund".into(),
        })),
        keyed(Command::Close(Close { ticket: ticket(), epoch: 2, tags: vec!["refund".into()] })),
        keyed(Command::Accept(Accept { ticket: ticket() })),
        keyed(Command::Decline(Decline { ticket: ticket() })),
        keyed(Command::Hold(Hold { ticket: ticket(), epoch: 2 })),
        keyed(Command::Unhold(Unhold { ticket: ticket(), epoch: 2 })),
        keyed(Command::Park(Park { ticket: ticket(), epoch: 2, until: 1_760_000_600_000_000 })),
        keyed(Command::Unpark(Unpark { ticket: ticket(), epoch: 2 })),
        keyed(Command::WrapUpDone(WrapUpDone { ticket: ticket(), tags: vec!["refund".into()] })),
        keyed(Command::Reopen(Reopen { ticket: ticket() })),
        keyed(Command::SetAbsence(SetAbsence {
            bot: "shop".into(),
            on: true,
            text: "back on Monday".into(),
            colleague: Some("bea".into()),
            agent: None,
            tenant: None,
        })),
        keyed(Command::NotifyWaiting(NotifyWaiting {
            queue: "shop/sales".into(),
            text: "It takes longer today.".into(),
            texts: vec![("es".into(), "Hoy tardamos más.".into())],
        })),
        keyed(Command::SetQueueMode(SetQueueMode {
            queue: "shop/sales".into(),
            mode: QueueMode::Closed,
            text: "We are back at four.".into(),
            until: Some(1_757_000_000_000_000),
        })),
        plain(Command::Explain(Explain { ticket: ticket(), at: None })),
        plain(Command::Explain(Explain { ticket: ticket(), at: Some(1_757_000_000_000_000) })),
        keyed(Command::Put(Put {
            tenant: tenant(),
            object: Box::new(Object::Queue(Queue {
                members: vec![
                    "ana".into(),
                    Member { agent: "bea".into(), level: 2, delay_seconds: 30 },
                ],
                overflow: Some(Overflow {
                    after_seconds: Some(60),
                    priority: Some(800),
                    ..Overflow::new("backup")
                }),
                max_waiting: Some(200),
                max_wait_seconds: Some(1800),
                labels: vec![("city".into(), "Lima".into()), ("team".into(), "ventas".into())],
                hours: Some(hours()),
                inactivity: Inactivity {
                    client_warning_seconds: Some(300),
                    client_close_seconds: Some(120),
                    agent_alert_seconds: Some(60),
                    agent_requeue_seconds: None,
                },
                targets: TicketTargets {
                    first_response_seconds: Some(60),
                    next_response_seconds: Some(120),
                    resolution_seconds: None,
                },
                ..queue()
            })),
            if_version: Some(0),
        })),
        keyed(Command::Delete(Delete {
            tenant: tenant(),
            object: ObjectRef::Queue("shop".into(), "sales".into()),
        })),
        plain(Command::ListDirectory(ListDirectory { tenant: tenant(), after: Some(100) })),
        keyed(Command::CreateKey(CreateKey {
            tenant: tenant(),
            role: Role::Bot,
            owner: "shop".into(),
            label: "production".into(),
        })),
        plain(Command::ListKeys(ListKeys { tenant: tenant() })),
        keyed(Command::RevokeKey(RevokeKey { tenant: tenant(), prefix: "rk_4f2a".into() })),
        plain(Command::Status(Status {})),
        keyed(Command::Apply(Apply {
            tenant: tenant(),
            changes: vec![
                Change::Put(PutChange {
                    object: Box::new(Object::Agent(Agent::new("ana", 4))),
                    if_version: Some(8),
                }),
                Change::Put(PutChange {
                    object: Box::new(Object::Bot(Bot {
                        guaranteed_share: Some(40),
                        ..Bot::new("shop", "sales")
                    })),
                    if_version: None,
                }),
                Change::Delete(DeleteChange {
                    object: ObjectRef::Queue("shop".into(), "old".into()),
                    if_version: None,
                }),
            ],
            dry_run: false,
        })),
    ]
}

fn queue() -> Queue {
    Queue::new("shop", "sales")
}

fn hours() -> Hours {
    let open = |intervals: &[&str]| intervals.iter().map(ToString::to_string).collect();
    Hours {
        time_zone: Some("America/Sao_Paulo".into()),
        week: vec![
            ("mon-fri".into(), open(&["09:00-12:00", "13:00-18:00"])),
            ("sat".into(), open(&["09:00-13:00"])),
        ],
        holidays: vec![Holiday {
            date: Some("2026-12-25".into()),
            name: "Christmas".into(),
            ..Holiday::default()
        }],
    }
}

fn summary() -> TicketSummary {
    TicketSummary {
        ticket: ticket(),
        bot: "shop".into(),
        queue: "sales".into(),
        state: TicketState::InService,
        epoch: 2,
        last: 14,
        confirmed: 12,
    }
}

fn answers() -> Vec<Answer> {
    let stale = WireError {
        code: ErrorCode::StaleEpoch,
        field: "epoch".into(),
        message: "the epoch is 3, not 2".into(),
        present: Some(Present {
            state: TicketState::Assigned,
            epoch: 3,
            agent: Some("bruno".into()),
        }),
    };
    vec![
        Answer::Done(Done {}),
        Answer::Error(stale),
        Answer::Welcome(Welcome {
            session: SessionId(42),
            server: "0.1.0".into(),
            role: Role::Agent,
            tenant: "acme".into(),
            name: "ana".into(),
            now: AT,
            intent: Some(Intent::Online),
            tickets: 1,
            message_bytes: 65_536,
            lanes: 16,
            idempotency_seconds: 86_400,
        }),
        Answer::Accepted(Accepted {
            ticket: ticket(),
            number: 1001,
            existing: false,
            position: 3,
            estimated_wait: Some(WAIT),
            text: "Let's send you to an available agent".into(),
            truncated: false,
            epoch: 1,
            absent: None,
        }),
        Answer::Rejected(Rejected {
            reason: "no_agent".into(),
            text: "There are no agents available at this time.".into(),
            opens_at: Some(AT),
        }),
        Answer::AgentsOnline(AgentsOnlineAnswer::Yes),
        Answer::Sent(Sent { holder: Holder::Agent, ticket: Some(ticket()), number: 13, epoch: 2 }),
        Answer::Next(NextAnswer { ticket: ticket(), epoch: 2 }),
        Answer::Targets(TargetsAnswer {
            queues: vec![QueueTarget { queue: "support".into(), open: true, online: 4 }],
            agents: vec![AgentTarget { agent: "bruno".into(), online: true, free: 2 }],
        }),
        Answer::Transferred(TransferredAnswer {
            child: child(),
            asked_until: Some(1_757_000_030_000_000),
        }),
        Answer::Explained(Explained {
            ticket: ticket(),
            state: TicketState::Waiting,
            queue: "shop/sales".into(),
            position: 1,
            because: "every member is at capacity".into(),
            at: 1_757_000_000_000_000,
            agent: None,
            assigned_at: None,
            routing: Some(Box::new(RoutingExplained {
                chosen_by: ChosenBy::Rule,
                because: "rule 2 chose the queue".into(),
                preferred_agent: Some("ana".into()),
                preferred_by: Some(PreferredBy::LastAgent),
                rule: Some(MatchedRule { number: 2, name: "gold".into() }),
                priority_rule: None,
                rules_version: 7,
                tried_version: Some(7),
                tried: vec![
                    TriedRule {
                        number: 1,
                        name: "night".into(),
                        matched: false,
                        because: vec!["hour >= 22 is false".into()],
                    },
                    TriedRule {
                        number: 2,
                        name: "gold".into(),
                        matched: true,
                        because: vec!["context.tier equals \"gold\" is true".into()],
                    },
                ],
                priority_tried: Vec::new(),
                omitted: 0,
            })),
            agents: vec![AgentReason { agent: "ana".into(), reason: "no_seat".into() }],
        }),
        Answer::Stored(Stored { version: 8 }),
        Answer::Directory(DirectoryAnswer {
            version: 12,
            objects: vec![Versioned { version: 8, object: Object::Agent(Agent::new("ana", 3)) }],
            next: Some(101),
        }),
        Answer::Key(KeyCreated { key: "rk_4f2a.secret".into(), prefix: "rk_4f2a".into() }),
        Answer::Keys(Keys {
            keys: vec![KeyInfo {
                prefix: "rk_4f2a".into(),
                role: Role::Bot,
                owner: "shop".into(),
                label: "production".into(),
                created: AT,
            }],
        }),
        Answer::Status(StatusReport {
            server: "0.1.0".into(),
            ready: true,
            uptime_us: 3_600_000_000,
            sessions: [3, 20, 1],
            tickets: [5, 2, 31],
            agents: [18, 1, 1, 0],
            seats: [33, 60],
            durable_record: 90_210,
            queues: vec![QueueStatus {
                queue: "acme/shop/sales".into(),
                waiting: 5,
                oldest_waiting_us: 12_000_000,
                online: 18,
            }],
        }),
        Answer::Notifying(Notifying { tickets: 12 }),
        Answer::Applied(Applied { version: 14, created: 0, changed: 1, deleted: 1, unchanged: 0 }),
    ]
}

/// Every kind of message, in the order of the catalogue.
pub(crate) fn samples() -> Vec<Sample> {
    let requests = requests().into_iter().chain(contacts::requests()).map(Sample::Request);
    let answers = answers().into_iter().chain(contacts::answers());
    let answers = answers.map(|answer| Sample::Answer(RequestId(7), answer));
    requests.chain(answers).chain(pushes().into_iter().map(Sample::Push)).collect()
}
