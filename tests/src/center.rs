//! A contact center without a daemon: the daemon's own shard driven by hand, at made-up times, for
//! records and snapshots that are real and the same each time.

use relevo::publish::outcome::{Asker, Outcome};
use relevo::shard::ShardInput;
use relevo::shard::machine::ShardMachine;
use relevo::shard::presence::Presences;
use relevo::tenants::tenant_id;
use relevo_journal::Submission;
use relevo_routing::Event;
use relevo_routing::event::{Assigned, Demand};
use relevo_routing::input::{Command, HandOff, Idempotency, Input, Key, Party, Target};
use relevo_routing::tenant::{Origin, Settings};
use relevo_wire::Packed;
use relevo_wire::directory::{
    Agent, AgentGone, Bot, Object, ObjectRef, Queue, Ring, Skill, Tenant,
};
use relevo_wire::ids::{AgentId, BotId, ContactKey, QueueId, SessionId, TenantId, TicketId};
use relevo_wire::vocabulary::{Body, Contact, HandOffDetails, HandOffReason, Intent, Role};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

const SECOND: u64 = 1_000_000;
const START: u64 = 1_760_000_000 * SECOND;
const SHOP: BotId = BotId(0);
const SUPPORT: QueueId = QueueId(1);
const CLOSED: QueueId = QueueId(2);
const ANA: AgentId = AgentId(0);
const BRUNO: AgentId = AgentId(1);

/// What a record has in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The encoded events.
    pub public: Vec<u8>,
    /// Body, details or note.
    pub private: Vec<u8>,
}

/// The records of a short day with every kind of event, the same each time.
#[must_use]
pub fn records() -> Vec<Record> {
    let mut center = Center::new();
    center.opens();
    center.serves();
    center.loses();
    center.restarts();
    center.records
}

/// The records of a center with one agent and three customers: little that holds much.
#[must_use]
pub fn few_records() -> Vec<Record> {
    let mut center = Center::new();
    for object in [
        Object::Agent(Agent::new("ana", 2)),
        Object::Bot(Bot::new("shop", "sales")),
        Object::Queue(Queue { members: vec!["ana".into()], ..Queue::new("shop", "sales") }),
    ] {
        center.give(Input::Put { object: Box::new(object), if_version: None });
    }
    center.comes(ANA, SessionId(1));
    let [first, _, _] = [1, 2, 3].map(|contact| center.hands_over(contact));
    center.customer_says(1, "where is my parcel");
    center.agent_says(first, "one moment, I look for it");
    center.give(Input::Progress { party: Party::Bot(SHOP), ticket: first, delivered: 4, read: 4 });
    center.closes(first, None);
    center.customer_says(2, "hello");
    center.give(Input::CustomerLeft { bot: SHOP, contact: ContactKey(2) });
    center.hands_over(4);
    center.customer_says(4, "I would like to know when you open");
    center.records
}

struct Center {
    machine: ShardMachine,
    presences: Arc<Presences>,
    tenant: TenantId,
    now: u64,
    held: BTreeMap<TicketId, Held>,
    records: Vec<Record>,
}

/// Who has a ticket, and its epoch.
#[derive(Debug, Clone, Copy)]
struct Held {
    agent: AgentId,
    epoch: u32,
}

impl Center {
    fn new() -> Self {
        let presences = Arc::<Presences>::default();
        let origin = Origin { start: 1, ..Origin::default() };
        let machine = ShardMachine::new([], Arc::clone(&presences), Settings::default(), origin);
        let (held, records) = (BTreeMap::new(), Vec::new());
        Self { machine, presences, tenant: tenant_id("acme"), now: START, held, records }
    }

    /// The directory, a key, and everybody at work.
    fn opens(&mut self) {
        let queue = |name: &str, members: &[&str]| Queue {
            members: members.iter().map(|member| (*member).into()).collect(),
            ..Queue::new("shop", name)
        };
        let requeueing =
            Queue { agent_gone: AgentGone::Requeue, ..queue("sales", &["ana", "bruno"]) };
        for object in [
            Object::Tenant(Tenant::new("acme")),
            Object::Agent(Agent { skills: vec![express(2)], ..Agent::new("ana", 2) }),
            Object::Agent(Agent::new("bruno", 1)),
            Object::Bot(Bot::new("shop", "sales")),
            Object::Queue(requeueing),
            Object::Queue(queue("support", &["bruno"])),
            Object::Queue(Queue { active: false, ..queue("closed", &[]) }),
        ] {
            self.give(Input::Put { object: Box::new(object), if_version: None });
        }
        self.give(Input::CreateKey(Key {
            prefix: "aaaaaaaaaaaa".into(),
            sha256: [7; 32],
            role: Role::Bot,
            owner: "shop".into(),
            label: "production".into(),
            created: self.now,
        }));
        self.give(Input::BotSessionOpened { bot: SHOP, session: SessionId(1) });
        self.comes(ANA, SessionId(2));
        self.comes(BRUNO, SessionId(3));
    }

    /// Conversations that are served, transferred, repeated, taken back.
    fn serves(&mut self) {
        let [first, second, third, waiting] = [1, 2, 3, 4].map(|contact| self.hands_over(contact));
        self.customer_says(1, "where is my parcel");
        self.agent_says(first, "one moment, I look for it");
        self.give(Input::Progress {
            party: Party::Bot(SHOP),
            ticket: first,
            delivered: 4,
            read: 4,
        });
        self.bot_says(waiting, "you are the next");
        self.customer_says(4, "I wait");
        self.hands_over(4);
        self.closes(first, Some(9));
        // Bruno has one seat, which the second takes: the fourth waits for him alone, in vain.
        self.agent_says(second, "good morning");
        self.transfers(waiting, Target::Agent(BRUNO));
        self.agent_says(third, "I give you to a colleague");
        self.transfers(third, Target::Queue(SUPPORT));
        let fifth = self.hands_over(5);
        self.give(Input::TakeBack { bot: SHOP, ticket: fifth });
        self.customer_says(9, "nobody has this conversation");
        for party in [Party::Bot(SHOP), Party::Agent(ANA), Party::Agent(BRUNO)] {
            self.give(Input::Progress { party, ticket: first, delivered: 9, read: 9 });
        }
    }

    /// Customers who leave, agents who vanish, time that passes.
    fn loses(&mut self) {
        self.hands_over(6);
        self.give(Input::CustomerLeft { bot: SHOP, contact: ContactKey(6) });
        self.hands_over(7);
        let refused = HandOff { queue: Some(CLOSED), ..hand_off(8) };
        self.give(Input::HandOff(refused));
        let lost = self.presences.session_lost(self.tenant, ANA).expect("ana was put");
        self.give(Input::AgentSessionLost { agent: ANA, session: SessionId(2), seen: lost });
        self.pass(120 * SECOND);
        self.hands_over(10);
        self.pass(600 * SECOND);
        self.comes(ANA, SessionId(4));
        self.pauses(BRUNO);
        self.give(Input::BotSessionLost { bot: SHOP, session: SessionId(1) });
    }

    /// The daemon starts again; then something is deleted.
    fn restarts(&mut self) {
        self.now += SECOND;
        self.give(Input::Started { down_us: SECOND });
        self.now += SECOND;
        self.give(Input::Ready);
        self.hands_over(11);
        self.give(Input::RevokeKey { prefix: "aaaaaaaaaaaa".into() });
        self.give(Input::Delete { object: ObjectRef::Queue("shop".into(), "closed".into()) });
    }

    fn hands_over(&mut self, contact: u128) -> TicketId {
        let details = HandOffDetails {
            contact: Contact {
                id: format!("+5511999990{contact:03}"),
                name: "Ana Souza".into(),
                fields: vec![],
            },
            message_to_agent: "wants to change the delivery".into(),
            transcript: vec![],
            context: vec![("order".into(), "4711".into())],
        };
        let details = Packed::new(&details);
        let outcome = self.say(Input::HandOff(hand_off(contact)), details.bytes());
        let ticket = outcome.events.iter().find_map(|event| {
            if let Event::TicketOpened(opened) = event { Some(opened.ticket) } else { None }
        });
        ticket.unwrap_or(TicketId(0))
    }

    fn customer_says(&mut self, contact: u128, text: &str) {
        let body = Packed::new(&Body::text(text));
        let (contact, bytes) = (ContactKey(contact), length(&body));
        let client_message = Some(contact.0 << 64 | u128::from(bytes));
        let input = Input::CustomerMessage { bot: SHOP, contact, client_message, bytes };
        self.say(input, body.bytes());
    }

    fn bot_says(&mut self, ticket: TicketId, text: &str) {
        let body = Packed::new(&Body::text(text));
        // Nobody has had it yet.
        let (epoch, bytes) = (1, length(&body));
        let input = Input::BotMessage { bot: SHOP, ticket, epoch, client_message: Some(1), bytes };
        self.say(input, body.bytes());
    }

    /// The agent who has a ticket says something in it.
    fn agent_says(&mut self, ticket: TicketId, text: &str) {
        let body = Packed::new(&Body::text(text));
        let (Held { agent, epoch }, bytes) = (self.held[&ticket], length(&body));
        let input = Input::AgentMessage { agent, ticket, epoch, client_message: Some(2), bytes };
        self.say(input, body.bytes());
    }

    fn transfers(&mut self, ticket: TicketId, to: Target) {
        let Held { agent, epoch } = self.held[&ticket];
        let input = Input::Transfer { agent, ticket, epoch, to, note: true };
        self.say(input, b"asks for a refund");
    }

    fn closes(&mut self, ticket: TicketId, key: Option<u128>) {
        let Held { agent, epoch } = self.held[&ticket];
        let input = Input::Close { agent, ticket, epoch, tags: vec!["refund".into()] };
        self.tell(key, input, &[]);
    }

    fn comes(&mut self, agent: AgentId, session: SessionId) {
        let seen = self.presences.session_opened(self.tenant, agent).expect("the agent was put");
        self.give(Input::AgentSessionOpened { agent, session, seen });
        let seen = self.presences.intent(self.tenant, agent, true).expect("the agent was put");
        let (intent, reason) = (Intent::Online, String::new());
        self.give(Input::SetPresence { agent, intent, reason, seen });
    }

    fn pauses(&mut self, agent: AgentId) {
        let seen = self.presences.intent(self.tenant, agent, false).expect("the agent was put");
        let (intent, reason) = (Intent::Paused, "lunch".into());
        self.give(Input::SetPresence { agent, intent, reason, seen });
    }

    fn pass(&mut self, time: u64) {
        let until = self.now + time;
        while let Some(at) = self.machine.next_deadline().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.give(Input::Tick);
        }
        self.now = until;
    }

    fn give(&mut self, input: Input) -> Outcome {
        self.tell(None, input, &[])
    }

    fn say(&mut self, input: Input, private: &[u8]) -> Outcome {
        self.tell(None, input, private)
    }

    /// One input a millisecond; what it recorded is kept.
    fn tell(&mut self, key: Option<u128>, input: Input, private: &[u8]) -> Outcome {
        self.now += 1000;
        let idempotency = key.map(|key| Idempotency { credential: 1, key, digest: key });
        let submission = self.machine.handle(
            self.now,
            ShardInput {
                tenant: self.tenant,
                command: Command { idempotency, input },
                private: private.to_vec().into(),
                asker: Asker::Nobody,
                received: Instant::now(),
                permit: None,
            },
        );
        let Submission { public, private, payload: outcome, .. } = submission;
        for event in &outcome.events {
            if let Event::Assigned(assigned) = event {
                let Assigned { ticket, agent, epoch, .. } = *assigned;
                self.held.insert(ticket, Held { agent, epoch });
            }
        }
        if !public.is_empty() {
            self.records.push(Record { public, private });
        }
        outcome
    }
}

fn express(level: u8) -> Skill {
    Skill { name: "express".into(), level }
}

fn hand_off(contact: u128) -> HandOff {
    HandOff {
        bot: SHOP,
        contact: ContactKey(contact),
        queue: None,
        queue_of_rule: None,
        reason: HandOffReason::Requested,
        priority: 0,
        priority_of_rule: None,
        preferred_agent: None,
        // The last of a long day asks for more than anybody can, and later for less.
        demand: (contact == 10).then(|| {
            Box::new(Demand {
                skills: vec![express(3)],
                rings: vec![Ring { after_seconds: 60, skills: vec![express(1)] }],
            })
        }),
        language: None,
        rules: None,
        texts: None,
        truncated: false,
        position_updates: true,
        test: false,
        dry_run: false,
        bytes: 200,
    }
}

fn length(body: &Packed<Body>) -> u32 {
    u32::try_from(body.bytes().len()).expect("the texts here are short")
}

#[cfg(test)]
mod tests {
    use super::*;
    use relevo_routing::record;
    use std::collections::BTreeSet;

    #[test]
    fn a_day_has_every_kind_of_event_and_is_the_same_each_time() {
        let day = records();
        assert_eq!(day, records());
        let mut kinds = BTreeSet::new();
        for Record { public, .. } in &day {
            let (_, events) = record::decode(public).unwrap();
            kinds.extend(events.iter().map(std::mem::discriminant).map(|kind| format!("{kind:?}")));
        }
        assert_eq!(kinds.len(), 26, "{kinds:?}");
    }
}
