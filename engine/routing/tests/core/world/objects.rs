//! Directory objects of the random world, and what its hand-offs require.

use super::{AGENTS, QUEUES, World};
use relevo_routing::event::Demand;
use relevo_routing::input::Input;
use relevo_wire::directory::{
    Agent, AgentGone, AtClosing, Bot, Delivery, Fairness, Hours, Inactivity, Member, NobodyOnline,
    Object, ObjectRef, OutsideHours, Overflow, Queue, Ring, Skill, Strategy, Tenant, TicketTargets,
};

impl World {
    /// Mostly nothing; else a skill at some level, relaxed once or not at all.
    pub(super) fn demand(&mut self) -> Option<Box<Demand>> {
        if self.chance(60) {
            return None;
        }
        let skills = vec![self.skill()];
        let ring = |skills| Ring { after_seconds: 20, skills };
        let rings = match self.below(3) {
            0 => Vec::new(),
            1 => vec![ring(Vec::new())],
            _ => vec![ring(vec![self.skill()])],
        };
        Some(Box::new(Demand { skills, rings }))
    }

    /// None, one or two.
    pub(super) fn skills(&mut self) -> Vec<Skill> {
        let (one, other) = (self.skill(), self.skill());
        let mut skills = vec![one, other];
        skills.dedup_by(|a, b| a.name == b.name);
        skills.truncate(usize::try_from(self.below(3)).expect("small"));
        skills
    }

    fn skill(&mut self) -> Skill {
        let name = ["x", "y"][usize::try_from(self.below(2)).expect("small")].to_owned();
        Skill { name, level: 1 + u8::try_from(self.below(3)).expect("small") }
    }

    pub(super) fn directory(&mut self) -> Input {
        let object = match self.below(9) {
            0..3 => {
                let queue = self.below(QUEUES);
                Object::Queue(self.some_queue(queue))
            }
            3..5 => {
                let id = self.below(AGENTS);
                let mut agent = Agent::new(format!("a{id}"), 0);
                agent.seats = u16::try_from(self.below(4)).expect("small");
                agent.active = self.chance(90);
                agent.accepts_tests = self.chance(50);
                agent.skills = self.skills();
                Object::Agent(agent)
            }
            5..7 => {
                let is_first = self.chance(40);
                let mut bot = if is_first { Bot::new("b", "q") } else { Bot::new("c", "q3") };
                bot.seats_per_agent = (!is_first && self.chance(50)).then_some(1);
                bot.active = is_first || self.chance(80);
                // Together they are sometimes more than all, and refused.
                let share = [20, 50, 60][usize::try_from(self.below(3)).expect("small")];
                bot.guaranteed_share = self.chance(70).then_some(share);
                bot.last_agent = self.chance(80);
                Object::Bot(bot)
            }
            7 => {
                let tickets = 1 + u16::try_from(self.below(3)).expect("small");
                let fairness = self.chance(70).then_some(Fairness { tickets, seconds: 20 });
                Object::Tenant(Tenant { fairness, ..Tenant::new("t") })
            }
            _ => {
                let name = format!("a{}", self.below(AGENTS));
                // Deleted ones would leave the numbers that this world draws: only refusals.
                let in_use = self.desk.tenant.directory().queues().any(|(_, queue)| {
                    queue.object.members.iter().any(|member| member.agent == name)
                });
                if in_use {
                    return Input::Delete { object: ObjectRef::Agent(name) };
                }
                Object::Agent(Agent::new(name, 2))
            }
        };
        Input::Put { object: Box::new(object), if_version: None }
    }

    /// Open and closed by turns of some minutes, for the world lasts an hour or so.
    fn some_hours(&mut self) -> Hours {
        let mut open = Vec::new();
        for hour in 8..23 {
            let minute = self.below(40);
            open.push(format!("{hour:02}:{minute:02}-{hour:02}:{:02}", minute + 15));
        }
        Hours { week: vec![("mon-sun".to_owned(), open)], ..Hours::default() }
    }

    pub(super) fn put_queue(&mut self, number: u64) {
        let queue = self.some_queue(number);
        self.desk.put(Object::Queue(queue));
    }

    fn some_queue(&mut self, number: u64) -> Queue {
        // Queues 3 and 4 belong to the second bot.
        let bot = if number < 3 { "b" } else { "c" };
        let name = if number == 0 { "q".to_owned() } else { format!("q{number}") };
        let mut queue = Queue::new(bot, name);
        let strategies = [
            Strategy::LeastActive,
            Strategy::LongestIdle,
            Strategy::RoundRobin,
            Strategy::MostSkilled,
        ];
        queue.strategy = strategies[usize::try_from(self.below(4)).expect("small")];
        queue.delivery = if self.chance(70) {
            Delivery::Push
        } else if self.chance(50) {
            Delivery::Pull
        } else {
            Delivery::Both
        };
        queue.agent_gone = if self.chance(70) { AgentGone::Keep } else { AgentGone::Requeue };
        if self.chance(50) {
            queue.inactivity = Inactivity {
                client_warning_seconds: Some(20),
                client_close_seconds: self.chance(50).then_some(10),
                agent_alert_seconds: Some(15),
                agent_requeue_seconds: self.chance(50).then_some(15),
            };
        }
        if self.chance(50) {
            queue.targets = TicketTargets {
                first_response_seconds: Some(10),
                next_response_seconds: Some(20),
                resolution_seconds: self.chance(50).then_some(60),
            };
        }
        queue.reopen_seconds = if self.chance(50) { 60 } else { 0 };
        queue.resume_seconds = [0, 5, 60][usize::try_from(self.below(3)).expect("small")];
        if self.chance(40) {
            queue.offer_seconds = 10;
            queue.offer_agents = 1 + u16::try_from(self.below(3)).expect("small");
        }
        if self.chance(40) {
            queue.transfer_accept_seconds = 10;
        }
        queue.wrap_up_seconds = if self.chance(40) { 15 } else { 0 };
        queue.mandatory_tags = self.chance(20);
        queue.keep_seconds = 60;
        queue.nobody_online =
            if self.chance(90) { NobodyOnline::Queue } else { NobodyOnline::Refuse };
        queue.active = self.chance(95);
        self.some_waiting(number, &mut queue);
        // Half of the queues have plain members only.
        let plain = self.chance(50);
        if self.chance(30) {
            queue.hours = Some(self.some_hours());
        }
        let outside = [OutsideHours::Queue, OutsideHours::Refuse, OutsideHours::Overflow];
        queue.outside_hours = outside[usize::try_from(self.below(3)).expect("small")];
        let at_closing = [AtClosing::Finish, AtClosing::Carry, AtClosing::Close];
        queue.at_closing = at_closing[usize::try_from(self.below(3)).expect("small")];
        for agent in 0..AGENTS {
            if self.chance(60) {
                let mut member = Member::from(format!("a{agent}"));
                if !plain {
                    member.level = if self.chance(60) { 1 } else { 2 };
                    member.delay_seconds =
                        [0, 0, 5, 40][usize::try_from(self.below(4)).expect("small")];
                }
                queue.members.push(member);
            }
        }
        queue
    }

    /// Each but the first of a bot may overflow to the one before it: nowhere in a circle.
    fn some_waiting(&mut self, number: u64, queue: &mut Queue) {
        let before = match number {
            1 => Some("q"),
            2 => Some("q1"),
            4 => Some("q3"),
            _ => None,
        };
        if let Some(before) = before.filter(|_| self.chance(60)) {
            queue.overflow = Some(Overflow {
                after_seconds: self.chance(60).then_some(20),
                when_nobody_online: self.chance(70),
                priority: self.chance(30).then_some(500),
                ..Overflow::new(before)
            });
        }
        queue.max_waiting = self.chance(30).then_some(2);
        queue.max_wait_seconds = self.chance(20).then_some(60);
        queue.ttl_seconds = if self.chance(80) { 86_400 } else { 600 };
    }
}
