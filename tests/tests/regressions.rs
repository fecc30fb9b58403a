//! Faults that the simulator found, each as the few steps that it takes.

use relevo::publish::outcome::Asker;
use relevo::session::Party;
use relevo_routing::input::Input;
use relevo_routing::tenant::Settings;
use relevo_tests::simulation::daemon::{Daemon, Setup, Written};
use relevo_tests::simulation::disk::Disk;
use relevo_tests::simulation::link::Link;
use relevo_wire::command::{Command, HandOff, Request, Send, SetPresence};
use relevo_wire::directory::{Agent, Bot, Object, Queue};
use relevo_wire::frame::{self, ServerFrame};
use relevo_wire::ids::{AgentId, BotId, RequestId, TenantId};
use relevo_wire::limits;
use relevo_wire::packed::Packed;
use relevo_wire::push::Push;
use relevo_wire::vocabulary::{Author, Body, Contact, HandOffDetails, HandOffReason, Intent};

const TENANT: TenantId = TenantId(1);
const NOW: u64 = 1_700_000_000_000_000;
const BOT: Party = Party::Bot(BotId(0));
const AGENT: Party = Party::Agent(AgentId(0));

/// A daemon with a bot, its queue, and an agent who serves it.
struct Desk {
    daemon: Daemon,
    now: u64,
}

impl Desk {
    fn new(messages_memory_bytes: u64) -> Self {
        let setup = Setup {
            settings: Settings::default(),
            shards: 1,
            budget_entries: 64,
            messages_memory_bytes,
        };
        let mut disk = Disk::default();
        let restored = disk.restore(&setup.settings, messages_memory_bytes).expect("it is empty");
        let mut desk = Self { daemon: Daemon::start(restored, &disk.log, &setup, NOW), now: NOW };
        let mut queue = Queue::new("bot", "queue");
        queue.members.push("agent".into());
        let bot = Object::Bot(Bot::new("bot", "queue"));
        for object in [bot, Object::Agent(Agent::new("agent", 1)), Object::Queue(queue)] {
            desk.daemon.learn(
                TENANT,
                Input::Put { object: Box::new(object), if_version: None },
                Asker::Nobody,
            );
            desk.finish();
        }
        desk
    }

    fn open(&mut self, party: Party, name: &str) -> Link {
        let link = self.daemon.open(TENANT, party, name, &[]);
        self.finish();
        link
    }

    fn ask(&mut self, link: &mut Link, command: Command) {
        let mut bytes = Vec::new();
        let request = Request { request_id: RequestId(2), idempotency_key: None, command };
        frame::write_request(&mut bytes, &request);
        link.up.push_back(bytes);
        self.daemon.take_in(link, self.now).expect("a whole request");
        self.finish();
    }

    /// Until all that was asked is visible.
    fn finish(&mut self) {
        while self.daemon.turn(0, 64, self.now) || self.daemon.has_uncommitted() {
            self.daemon.commit();
            self.daemon.publish();
        }
    }

    /// Numbers of the entries that reach a session, in order.
    fn entries(&self, link: &Link) -> Vec<u32> {
        let mut bytes = Vec::new();
        while let Written::Bytes(more) = self.daemon.write(&link.session).expect("bodies are found")
        {
            bytes.extend(more);
        }
        let mut rest = bytes.as_slice();
        let mut numbers = Vec::new();
        while let Some((header, payload)) =
            frame::split(rest, |_| limits::SERVER_FRAME_BYTES).expect("within the limit")
        {
            rest = &rest[frame::HEADER_BYTES + payload.len()..];
            let read = frame::read_server_frame(header, payload).expect("the daemon's own");
            if let Some(ServerFrame::Push(Push::Entry(entry))) = read {
                numbers.push(entry.number);
            }
        }
        numbers
    }
}

fn hand_off() -> Command {
    let contact = Contact { id: "customer".to_owned(), ..Contact::default() };
    let details = HandOffDetails {
        contact,
        message_to_agent: String::new(),
        transcript: Vec::new(),
        context: Vec::new(),
    };
    Command::HandOff(HandOff {
        queue: None,
        reason: HandOffReason::Planned,
        details: Packed::new(&details),
        priority: None,
        preferred_agent: None,
        language: None,
        texts: None,
        position_updates: false,
        test: false,
        dry_run: false,
    })
}

fn online() -> Command {
    Command::SetPresence(SetPresence { intent: Intent::Online, reason: String::new() })
}

/// A record both opened the session and assigned the ticket: the ticket was begun twice, and the
/// second catch-up came among what was live.
#[test]
fn a_ticket_that_is_assigned_as_its_agent_comes_back_reaches_it_once() {
    let mut desk = Desk::new(1 << 20);
    let mut bot = desk.open(BOT, "bot");
    let mut agent = desk.open(AGENT, "agent");
    desk.ask(&mut agent, online());
    desk.daemon.lose(agent);
    desk.finish();
    desk.ask(&mut bot, hand_off());
    let agent = desk.open(AGENT, "agent");
    assert_eq!(desk.entries(&agent), [1, 2]);
}

/// The body had left the memory before it was shown: the entry was left out, and the next one came.
#[test]
fn a_message_larger_than_the_memory_for_bodies_reaches_those_who_are_live() {
    let mut desk = Desk::new(1_000);
    let mut bot = desk.open(BOT, "bot");
    let mut agent = desk.open(AGENT, "agent");
    desk.ask(&mut agent, online());
    desk.ask(&mut bot, hand_off());
    assert_eq!(desk.entries(&agent), [1, 2]);
    for bytes in [20_000, 20] {
        let send = Send {
            ticket: None,
            contact: Some("customer".to_owned()),
            epoch: None,
            author: Author::Customer,
            client_message_id: None,
            at: None,
            body: Packed::new(&Body::text("x".repeat(bytes))),
        };
        desk.ask(&mut bot, Command::Send(send));
    }
    assert_eq!(desk.entries(&agent), [3, 4]);
}
