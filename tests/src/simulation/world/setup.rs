//! Who lives in the world, and how its daemon is set up.

use relevo::publish::outcome::Asker;
use relevo::session::Party as Who;
use relevo_routing::event::{NoticeWords, QueueModeSet};
use relevo_routing::input::Input;
use relevo_routing::tenant::Settings;
use relevo_wire::directory::{
    Agent, AgentGone, AtClosing, Bot, Delivery, Fairness, Hours, Inactivity, Member, Object,
    OutsideHours, Overflow, PriorityRule, Queue, Ring, Rule, Skill, Strategy, Tenant,
    TicketTargets,
};
use relevo_wire::ids::{AgentId, BotId, QueueId, TenantId};
use relevo_wire::vocabulary::{Language, QueueMode};

use super::{Setup, World};
use crate::campaign::seeded::Seeded;
use crate::simulation::device::Device;
use crate::simulation::party::{Contact, Party};

/// At least three, so that tenants of different shards meet in one journal.
const SHARDS: usize = 3;
const TENANTS: u64 = 4;
const BOTS: u32 = 2;
const AGENTS: u32 = 4;
const QUEUES: usize = 2;
const CONTACTS: usize = 5;

pub(super) fn daemon(random: &mut Seeded) -> Setup {
    Setup {
        settings: Settings::default(),
        shards: SHARDS,
        // Small ones are run dry.
        budget_entries: 16 << random.below(6),
        // Few bodies in memory: the rest is read from the log.
        messages_memory_bytes: 4_096 << random.below(10),
    }
}

impl World {
    pub(super) fn people(&mut self) {
        let mut source = 0;
        let mut next = || {
            source += 1;
            source
        };
        for number in 1..=TENANTS {
            let tenant = TenantId(number);
            self.tenants.insert(tenant);
            let bots: Vec<String> = (0..BOTS).map(|bot| format!("b{bot}")).collect();
            let agents: Vec<String> = (0..AGENTS).map(|agent| format!("a{agent}")).collect();
            let names = |bot: &String| -> Vec<String> {
                (0..QUEUES).map(|queue| format!("{bot}/q{queue}")).collect()
            };
            let all: Vec<String> = bots.iter().flat_map(names).collect();
            for (id, name) in (0..BOTS).zip(&bots) {
                let contacts = (0..CONTACTS).map(|contact| Contact {
                    id: format!("{name}-c{contact}"),
                    source: next(),
                    written: 0,
                });
                let contacts = contacts.collect();
                // The second bot runs two programs.
                let devices = 1 + id as usize;
                let who = Who::Bot(BotId(id));
                self.party(tenant, who, name, contacts, names(name), &agents, devices, &mut next);
            }
            for (id, name) in (0..AGENTS).zip(&agents) {
                // The first agent has a browser and a phone.
                let devices = if id == 0 { 2 } else { 1 };
                let who = Who::Agent(AgentId(id));
                self.party(tenant, who, name, Vec::new(), all.clone(), &agents, devices, &mut next);
            }
            // One tenant limits the new tickets of an agent.
            let fairness = (number == TENANTS).then_some(Fairness { tickets: 2, seconds: 5 });
            let object = Tenant { fairness, ..Tenant::new(format!("t{number}")) };
            self.put(tenant, Object::Tenant(object));
            for bot in &bots {
                let last_agent = self.random.chance(500);
                let bot = Bot { last_agent, ..Bot::new(bot.clone(), "q0") };
                self.put(tenant, Object::Bot(with_rules(bot)));
            }
            for agent in &agents {
                let seats = 1 + u16::try_from(self.random.below(3)).expect("few");
                let skills = self.some_skills();
                self.put(
                    tenant,
                    Object::Agent(Agent { skills, ..Agent::new(agent.clone(), seats) }),
                );
            }
            for queue in &all {
                let queue = self.some_queue(queue, &agents);
                self.put(tenant, Object::Queue(queue));
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "called in one place, a column each")]
    fn party(
        &mut self,
        tenant: TenantId,
        who: Who,
        name: &str,
        contacts: Vec<Contact>,
        queues: Vec<String>,
        colleagues: &[String],
        devices: usize,
        next: &mut impl FnMut() -> u32,
    ) {
        let number = self.parties.len();
        self.parties.push(Party {
            tenant,
            who,
            name: name.to_owned(),
            received: Default::default(),
            contacts,
            tickets: Default::default(),
            ended: None,
            colleagues: colleagues.to_vec(),
            queues,
            devices,
        });
        self.devices.extend((0..devices).map(|position| Device::new(number, position, next())));
    }

    /// A change of the directory: an admin's, who does not wait for it.
    pub(super) fn change_directory(&mut self) {
        let tenant = TenantId(1 + self.random.below(TENANTS));
        match self.random.below(10) {
            0 | 1 => return self.set_queue_mode(tenant),
            2 => return self.notify_waiting(tenant),
            _ => {}
        }
        let agents: Vec<String> = (0..AGENTS).map(|agent| format!("a{agent}")).collect();
        let object = match self.random.below(4) {
            0 => {
                let name = format!("a{}", self.random.below(AGENTS.into()));
                let seats = u16::try_from(self.random.below(4)).expect("few");
                let mut agent = Agent::new(name, seats);
                agent.active = self.random.chance(950);
                agent.skills = self.some_skills();
                Object::Agent(agent)
            }
            1 => {
                let mut bot = Bot::new(format!("b{}", self.random.below(BOTS.into())), "q0");
                bot.seats_per_agent = self.random.chance(300).then_some(1);
                bot.last_agent = self.random.chance(500);
                bot.guaranteed_share = self.random.chance(500).then_some(50);
                Object::Bot(with_rules(bot))
            }
            _ => {
                let bot = self.random.below(BOTS.into());
                let queue = self.random.below(QUEUES as u64);
                Object::Queue(self.some_queue(&format!("b{bot}/q{queue}"), &agents))
            }
        };
        self.put(tenant, object);
    }

    fn notify_waiting(&mut self, tenant: TenantId) {
        let queue = self.some_queue_id();
        let texts = vec![(Language::Es, "un momento".to_owned())];
        let words = NoticeWords { text: "one moment".to_owned(), texts };
        if let Some(daemon) = &self.daemon {
            daemon.learn(tenant, Input::NotifyWaiting { queue, words }, Asker::Nobody);
        }
    }

    fn some_queue_id(&mut self) -> QueueId {
        let queues = u64::from(BOTS) * QUEUES as u64;
        QueueId(u32::try_from(self.random.below(queues)).expect("few"))
    }

    /// For up to half a minute, for longer than the world lasts, or until another word.
    fn set_queue_mode(&mut self, tenant: TenantId) {
        let queue = self.some_queue_id();
        let mode = QueueMode::ALL[usize::try_from(self.random.below(3)).expect("three")];
        let until = match self.random.below(10) {
            _ if mode == QueueMode::Open => None,
            0 => None,
            1 => Some(self.now + 3_600_000_000),
            _ => Some(self.now + 1 + self.random.below(30_000_000)),
        };
        let set = QueueModeSet { queue, mode, text: String::new(), until };
        if let Some(daemon) = &self.daemon {
            daemon.learn(tenant, Input::SetQueueMode(set), Asker::Nobody);
        }
    }

    fn some_skills(&mut self) -> Vec<Skill> {
        let level = u8::try_from(self.random.below(4)).expect("few");
        (level > 0).then(|| spanish(level)).into_iter().collect()
    }

    fn put(&mut self, tenant: TenantId, object: Object) {
        if let Some(daemon) = &self.daemon {
            daemon.learn(
                tenant,
                Input::Put { object: Box::new(object), if_version: None },
                Asker::Nobody,
            );
        }
    }

    fn some_queue(&mut self, name: &str, agents: &[String]) -> Queue {
        let (bot, name) = name.split_once('/').expect("queues are named bot/queue");
        let random = &mut self.random;
        let mut queue = Queue::new(bot, name);
        let strategies = [Strategy::LeastActive, Strategy::LongestIdle, Strategy::RoundRobin];
        queue.strategy = strategies[usize::try_from(random.below(3)).expect("three")];
        queue.delivery = match random.below(10) {
            0..7 => Delivery::Push,
            7 => Delivery::Pull,
            _ => Delivery::Both,
        };
        queue.agent_gone = if random.chance(700) { AgentGone::Keep } else { AgentGone::Requeue };
        if random.chance(350) {
            queue.offer_seconds = 1 + u32::try_from(random.below(20)).expect("few");
            queue.offer_agents = 1 + u16::try_from(random.below(3)).expect("few");
        }
        if random.chance(300) {
            queue.transfer_accept_seconds = 1 + u32::try_from(random.below(20)).expect("few");
        }
        queue.wrap_up_seconds = if random.chance(300) { 10 } else { 0 };
        queue.mandatory_tags = random.chance(200);
        queue.keep_seconds = 60;
        if random.chance(400) {
            // It is 22:13: closed and open by turns for the quarter of an hour that the world lasts.
            let turns = (15..45).step_by(3).map(|minute| {
                let closes = minute + 1 + random.below(2);
                format!("22:{minute}-22:{closes}")
            });
            let open = [String::from("21:00-22:14")].into_iter().chain(turns).collect();
            queue.hours = Some(Hours { week: vec![("mon-sun".into(), open)], ..Hours::default() });
            let at_closing = [AtClosing::Finish, AtClosing::Carry, AtClosing::Close];
            queue.at_closing = at_closing[usize::try_from(random.below(3)).expect("three")];
            let outside = [OutsideHours::Refuse, OutsideHours::Queue, OutsideHours::Overflow];
            queue.outside_hours = outside[usize::try_from(random.below(3)).expect("three")];
        }
        queue.ageing = [0, 0, 10, 1000][usize::try_from(random.below(4)).expect("four")];
        if name == "q1" && random.chance(600) {
            let after_seconds = random.chance(700).then_some(15);
            queue.overflow = Some(Overflow { after_seconds, ..Overflow::new("q0") });
        }
        queue.max_wait_seconds = random.chance(300).then_some(120);
        queue.resume_seconds = [0, 10, 60][usize::try_from(random.below(3)).expect("three")];
        queue.reopen_seconds = [0, 60, 600][usize::try_from(random.below(3)).expect("three")];
        if random.chance(500) {
            queue.inactivity = Inactivity {
                client_warning_seconds: Some(30),
                client_close_seconds: random.chance(500).then_some(20),
                agent_alert_seconds: Some(20),
                agent_requeue_seconds: random.chance(500).then_some(20),
            };
        }
        if random.chance(500) {
            queue.targets = TicketTargets {
                first_response_seconds: Some(10),
                next_response_seconds: Some(15),
                resolution_seconds: random.chance(500).then_some(60),
            };
        }
        let is_graded = random.chance(500);
        for agent in agents {
            let mut member = Member::from(agent.as_str());
            if is_graded {
                member.level = 1 + u8::try_from(random.below(2)).expect("two");
                member.delay_seconds =
                    [0, 0, 5, 40][usize::try_from(random.below(4)).expect("four")];
            }
            queue.members.extend(random.chance(750).then_some(member));
        }
        queue
    }
}

/// Some customers require a skill, for a while; some are urgent, in one queue or in all.
fn with_rules(bot: Bot) -> Bot {
    let rings = vec![
        Ring { after_seconds: 10, skills: vec![spanish(1)] },
        Ring { after_seconds: 40, skills: Vec::new() },
    ];
    let rule = Rule {
        skills: vec![spanish(3)],
        rings,
        preferred_agent: Some("a1".into()),
        ..Rule::new("skilled", "contact.id matches \"*1\"")
    };
    let urgent = |name: &str, queue: Option<&str>, when: &str| PriorityRule {
        name: name.into(),
        queue: queue.map(Into::into),
        when: when.into(),
        priority: 500,
    };
    let priority_rules = vec![
        urgent("first", Some("q1"), "contact.id exists"),
        urgent("second", None, "contact.id matches \"*2\""),
    ];
    Bot { rules: vec![rule], priority_rules, ..bot }
}

fn spanish(level: u8) -> Skill {
    Skill { name: "es".into(), level }
}
