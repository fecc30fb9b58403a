//! What directory objects look like: small numbers that name and shape them.

use crate::bot_shape::{BotShape, bot_shape};
use crate::hours_shape::{HoursShape, hours_shape};
use crate::texts::{TextsShape, texts_shape};
use crate::waiting_shape::{WaitingShape, waiting_shape};
use proptest::prelude::*;
use proptest::sample::select;
use relevo_routing::event::Demand;
use relevo_wire::directory::{
    Agent, AgentGone, Bot, Delivery, Fairness, Hours, Member, NobodyOnline, Object, ObjectRef,
    Overflow, Queue, Ring, Skill, Strategy as Pick, Tenant,
};
use relevo_wire::vocabulary::Text;

/// Agents and queues that exist from the start; puts may make a few more.
pub(crate) const AGENTS: u8 = 4;
pub(crate) const QUEUES: u8 = 4;
pub(crate) const BOTS: u8 = 2;

#[derive(Debug, Clone)]
pub(crate) struct AgentShape {
    seats: u16,
    active: bool,
    accepts_tests: bool,
    skills: Vec<Skill>,
}

#[derive(Debug, Clone)]
pub(crate) struct QueueShape {
    strategy: Pick,
    delivery: Delivery,
    /// One bit for each agent.
    members: u8,
    /// By agent: level and delay; none where all are plain.
    grades: Option<Vec<(u8, u32)>>,
    preferred_wait_seconds: u32,
    ageing: u16,
    /// How long an offer stands, and to how many agents it is made.
    offer: (u32, u16),
    wrap_up_seconds: u32,
    gone: AgentGone,
    keep_seconds: u32,
    transfer_wait_seconds: u32,
    transfer_accept_seconds: u32,
    nobody_online: NobodyOnline,
    active: bool,
    /// One bit for each queue.
    targets: Option<u8>,
    threshold_seconds: u32,
    short_loss_seconds: u32,
    waiting: WaitingShape,
    hours: HoursShape,
    texts: TextsShape,
}

/// An object with the number that stands in its name.
#[derive(Debug, Clone)]
pub(crate) enum Shape {
    Tenant {
        active: bool,
        other_name: bool,
        /// Tickets and seconds.
        fairness: Option<(u16, u32)>,
    },
    Bot(u8, BotShape),
    Queue(u8, Box<QueueShape>),
    Agent(u8, AgentShape),
    /// Something that no directory takes.
    Wrong(u8),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Named {
    Tenant,
    Bot(u8),
    Queue(u8),
    Agent(u8),
}

/// How a tenant begins, and how tight its bounds are.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) bots: Vec<BotShape>,
    pub(crate) agents: Vec<AgentShape>,
    pub(crate) queues: Vec<QueueShape>,
    /// A tenant with a limit, or nothing said of it.
    pub(crate) tenant: Option<Shape>,
    /// Agents online from the start, one bit each.
    pub(crate) online: u8,
    pub(crate) tight: Tight,
}

/// Which bounds are so tight that a few actions come to them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tight {
    pub(crate) assignments: bool,
    pub(crate) memories: bool,
    pub(crate) unconfirmed: bool,
    pub(crate) objects: bool,
}

pub(crate) fn bot_name(number: u8) -> String {
    ["b", "c", "d"][usize::from(number % 3)].to_owned()
}

pub(crate) fn agent_name(number: u8) -> String {
    format!("a{number}")
}

/// Bot and name: the fourth queue is the second bot's, and the sixth has a name of the first bot's.
pub(crate) fn queue_name(number: u8) -> (String, String) {
    let (bot, name) = match number % 6 {
        3 => (1, 3),
        5 => (1, 0),
        other => (0, other),
    };
    (bot_name(bot), format!("q{name}"))
}

fn bits(set: u8) -> impl Iterator<Item = u8> {
    (0..8).filter(move |bit| set & (1 << bit) != 0)
}

impl AgentShape {
    pub(crate) fn object(&self, number: u8) -> Object {
        let mut agent = Agent::new(agent_name(number), self.seats);
        agent.active = self.active;
        agent.accepts_tests = self.accepts_tests;
        agent.skills.clone_from(&self.skills);
        Object::Agent(agent)
    }
}

impl QueueShape {
    fn member(&self, number: u8) -> Member {
        let plain = Member::from(agent_name(number));
        let Some(grades) = &self.grades else { return plain };
        let (level, delay_seconds) = grades[usize::from(number) % grades.len()];
        Member { level, delay_seconds, ..plain }
    }

    /// That nothing but tickets hinders from being deleted.
    pub(crate) fn without_members(mut self) -> Self {
        self.members = 0;
        self
    }

    /// As one of the first queues, which are put one after the other: it can go on only to one that is
    /// there.
    fn at_first(mut self, number: u8) -> Self {
        let overflow = self.waiting.overflow.take();
        let overflow = overflow.filter(|_| (1..3).contains(&number));
        self.waiting.overflow = overflow.map(|(to, step)| (to % number, step));
        self
    }

    pub(crate) fn object(&self, number: u8) -> Object {
        let (bot, name) = queue_name(number);
        let mut queue = Queue::new(bot, name);
        queue.texts = self.texts.texts(&queue.name);
        queue.strategy = self.strategy;
        queue.delivery = self.delivery;
        queue.members = bits(self.members).map(|number| self.member(number)).collect();
        queue.preferred_wait_seconds = self.preferred_wait_seconds;
        queue.agent_gone = self.gone;
        (queue.offer_seconds, queue.offer_agents) = self.offer;
        queue.wrap_up_seconds = self.wrap_up_seconds;
        queue.ageing = self.ageing;
        queue.keep_seconds = self.keep_seconds;
        queue.transfer_wait_seconds = self.transfer_wait_seconds;
        queue.transfer_accept_seconds = self.transfer_accept_seconds;
        // Several are asked only where somebody is.
        if queue.offer_seconds == 0 && queue.transfer_accept_seconds == 0 {
            queue.offer_agents = 1;
        }
        queue.nobody_online = self.nobody_online;
        queue.active = self.active;
        queue.transfer_targets =
            self.targets.map(|targets| bits(targets).map(|bit| format!("q{bit}")).collect());
        queue.threshold_seconds = self.threshold_seconds;
        queue.short_loss_seconds = self.short_loss_seconds;
        self.waiting.put_into(&mut queue);
        self.hours.put_into(&mut queue);
        Object::Queue(queue)
    }
}

impl Shape {
    pub(crate) fn object(&self) -> Object {
        match self {
            Self::Tenant { active, other_name, fairness } => {
                let name = if *other_name { "other" } else { "acme" }.to_owned();
                let limit = |(tickets, seconds)| Fairness { tickets, seconds };
                Object::Tenant(Tenant { name, active: *active, fairness: fairness.map(limit) })
            }
            Self::Bot(number, bot) => bot.object(*number),
            Self::Queue(number, queue) => queue.object(*number),
            Self::Agent(number, agent) => agent.object(*number),
            Self::Wrong(which) => wrong(*which),
        }
    }
}

/// Longest period of a queue's own settings: a week.
const LONGEST_SECONDS: u32 = 7 * 24 * 3600;

fn wrong(which: u8) -> Object {
    let mut queue = Queue::new("b", "q0");
    let mut bot = Bot::new("b", "q0");
    let mut agent = Agent::new("a0", 1);
    match which % 27 {
        0 => return Object::Agent(Agent::new("a b", 1)),
        1 => return Object::Agent(Agent::new("a0", 4096)),
        2 => return Object::Tenant(Tenant::new("")),
        3 => queue.bot = "nobody".to_owned(),
        4 => queue.members = vec!["nobody".into()],
        5 => queue.members = vec!["a0".into(), Member { level: 2, ..Member::from("a0") }],
        6 => queue.threshold_seconds = 61,
        7 => queue.keep_seconds = u32::MAX,
        15 => queue.offer_seconds = 3601,
        16 => queue.offer_agents = 2,
        17 => queue.wrap_up_seconds = 3601,
        12 => queue.ageing = 1001,
        23 => queue.members = vec![Member { level: 11, ..Member::from("a0") }],
        24 => queue.preferred_wait_seconds = u32::MAX,
        13 => agent.skills = vec![Skill { name: "x".to_owned(), level: 11 }],
        14 => agent.skills = vec![Skill { name: "x".to_owned(), level: 1 }; 2],
        18 => queue.overflow = Some(Overflow::new("q0")),
        19 => queue.overflow = Some(Overflow { after_seconds: Some(0), ..Overflow::new("q1") }),
        20 => queue.max_waiting = Some(0),
        21 => queue.ttl_seconds = 0,
        22 => queue.max_wait_seconds = Some(LONGEST_SECONDS + 1),
        25 => queue.hours = Some(Hours { time_zone: Some("Mars".to_owned()), ..Hours::default() }),
        8 => queue.texts.set(None, Text::Offline, "x".repeat(1025)),
        9 => bot.priority_cap = 1001,
        10 => bot.seats_per_agent = Some(0),
        26 => bot.guaranteed_share = Some(101),
        _ => bot.channel = "a channel".to_owned(),
    }
    match which % 27 {
        9..=11 | 26 => Object::Bot(bot),
        13 | 14 => Object::Agent(agent),
        _ => Object::Queue(queue),
    }
}

impl Named {
    pub(crate) fn reference(self) -> ObjectRef {
        match self {
            Self::Tenant => ObjectRef::Tenant("acme".to_owned()),
            Self::Bot(number) => ObjectRef::Bot(bot_name(number)),
            Self::Queue(number) => {
                let (bot, name) = queue_name(number);
                ObjectRef::Queue(bot, name)
            }
            Self::Agent(number) => ObjectRef::Agent(agent_name(number)),
        }
    }
}

/// True so often in a hundred, and false when a failure is made small.
pub(crate) fn seldom(in_hundred: u32) -> impl Strategy<Value = bool> {
    prop_oneof![100 - in_hundred => Just(false), in_hundred => Just(true)]
}

/// As [`seldom`] the other way round.
pub(crate) fn mostly(in_hundred: u32) -> impl Strategy<Value = bool> {
    seldom(100 - in_hundred).prop_map(|is_not| !is_not)
}

/// A set of the first so many numbers, each in it so often in a hundred.
fn some_of(count: u8, in_hundred: u32) -> impl Strategy<Value = u8> {
    let each = prop::collection::vec(mostly(in_hundred), usize::from(count));
    each.prop_map(|each| each.iter().rev().fold(0, |set, is_in| set << 1 | u8::from(*is_in)))
}

pub(crate) fn agent_shape() -> impl Strategy<Value = AgentShape> {
    let seats = prop_oneof![5 => 1..3_u16, 3 => Just(3), 1 => Just(0)];
    (seats, mostly(93), any::<bool>(), skills()).prop_map(
        |(seats, active, accepts_tests, skills)| AgentShape {
            seats,
            active,
            accepts_tests,
            skills,
        },
    )
}

/// Some of three skills, at one of three levels, in any order.
fn skills() -> impl Strategy<Value = Vec<Skill>> {
    let skill = |name: &'static str| {
        let level = prop_oneof![3 => Just(None), 4 => (1..4_u8).prop_map(Some)];
        level.prop_map(move |level| level.map(|level| Skill { name: name.to_owned(), level }))
    };
    (skill("x"), skill("y"), skill("z"), any::<bool>()).prop_map(|(x, y, z, turned)| {
        let mut skills: Vec<Skill> = [x, y, z].into_iter().flatten().collect();
        if turned {
            skills.reverse();
        }
        skills
    })
}

/// What a rule may require: mostly nothing; else skills, and up to two rings.
pub(crate) fn demand() -> BoxedStrategy<Option<Box<Demand>>> {
    let rings = prop::collection::vec((select(vec![1_u32, 5, 20, 60]), skills()), 0..3);
    let some = (skills(), rings).prop_map(|(skills, mut rings)| {
        rings.sort_by_key(|(after_seconds, _)| *after_seconds);
        rings.dedup_by_key(|(after_seconds, _)| *after_seconds);
        let ring = |(after_seconds, skills)| Ring { after_seconds, skills };
        Some(Box::new(Demand { skills, rings: rings.into_iter().map(ring).collect() }))
    });
    prop_oneof![3 => Just(None), 2 => some].boxed()
}

pub(crate) fn queue_shape() -> impl Strategy<Value = QueueShape> {
    let members = prop_oneof![
        8 => some_of(AGENTS, 70),
        1 => Just(0),
        1 => any::<u8>(),
    ];
    let gone = select(vec![AgentGone::Keep, AgentGone::Keep, AgentGone::Requeue]);
    let picks = (
        select(vec![Pick::LeastActive, Pick::LongestIdle, Pick::RoundRobin, Pick::MostSkilled]),
        prop_oneof![
            6 => Just(Delivery::Push),
            2 => Just(Delivery::Both),
            3 => Just(Delivery::Pull)
        ],
        members,
        mostly(94),
        select(vec![0_u16, 0, 0, 1, 10, 100, 1000]),
    );
    let grade = (select(vec![1_u8, 1, 2, 3]), select(vec![0_u32, 0, 0, 1, 5, 20, 60]));
    let graded = prop::collection::vec(grade, usize::from(AGENTS)).prop_map(Some);
    let grades = prop_oneof![1 => Just(None), 1 => graded];
    let periods = (
        select(vec![600_u32, 60, 0]),
        (select(vec![60_u32, 20, 0]), select(vec![0_u32, 0, 5, 20])),
        select(vec![60_u32, 1, 5]),
        select(vec![5_u32, 0]),
        select(vec![(0_u32, 1_u16), (0, 1), (0, 2), (20, 1), (5, 1), (20, 2), (20, 3)]),
        select(vec![0_u32, 0, 5, 60, 600]),
        select(vec![30_u32, 5, 0]),
    );
    let refuses = seldom(15)
        .prop_map(|refuses| if refuses { NobodyOnline::Refuse } else { NobodyOnline::Queue });
    let targets = prop_oneof![3 => Just(None), 1 => any::<u8>().prop_map(Some)];
    let turns = (hours_shape(), texts_shape());
    (picks, periods, gone, refuses, targets, waiting_shape(), grades, turns).prop_map(
        |(picks, periods, gone, nobody_online, targets, waiting, grades, (hours, texts))| {
            let (strategy, delivery, members, active, ageing) = picks;
            let (keep, wait, threshold, short_loss, offer, wrap_up_seconds, preferred_wait_seconds) =
                periods;
            QueueShape {
                strategy,
                delivery,
                members,
                grades,
                preferred_wait_seconds,
                ageing,
                offer,
                wrap_up_seconds,
                gone,
                keep_seconds: keep,
                transfer_wait_seconds: wait.0,
                transfer_accept_seconds: wait.1,
                nobody_online,
                active,
                targets,
                threshold_seconds: threshold,
                short_loss_seconds: short_loss,
                waiting,
                hours,
                texts,
            }
        },
    )
}

/// Mostly with a limit that a few tickets come to.
fn tenant() -> impl Strategy<Value = Shape> {
    let limit = (1..4_u16, select(vec![1_u32, 20, 60]));
    let fairness = prop_oneof![1 => Just(None), 3 => limit.prop_map(Some)];
    (mostly(80), seldom(20), fairness).prop_map(|(active, other_name, fairness)| Shape::Tenant {
        active,
        other_name,
        fairness,
    })
}

pub(crate) fn shape() -> BoxedStrategy<Shape> {
    prop_oneof![
        1 => tenant(),
        4 => (0..3_u8, bot_shape()).prop_map(|(number, bot)| Shape::Bot(number, bot)),
        8 => (0..6_u8, queue_shape()).prop_map(|(number, queue)| Shape::Queue(number, Box::new(queue))),
        6 => (0..8_u8, agent_shape()).prop_map(|(number, agent)| Shape::Agent(number, agent)),
        4 => any::<u8>().prop_map(Shape::Wrong),
    ]
    .boxed()
}

pub(crate) fn named() -> impl Strategy<Value = Named> {
    prop_oneof![
        1 => Just(Named::Tenant),
        2 => (0..3_u8).prop_map(Named::Bot),
        3 => (0..6_u8).prop_map(Named::Queue),
        3 => (0..8_u8).prop_map(Named::Agent),
    ]
}

pub(crate) fn setup() -> BoxedStrategy<Setup> {
    let tight = (seldom(30), seldom(30), seldom(30), seldom(35)).prop_map(
        |(assignments, memories, unconfirmed, objects)| Tight {
            assignments,
            memories,
            unconfirmed,
            objects,
        },
    );
    let several = |count: u8| usize::from(count);
    (
        prop::collection::vec(bot_shape(), several(BOTS)),
        prop::collection::vec(agent_shape(), several(AGENTS)),
        prop::collection::vec(queue_shape(), several(QUEUES)),
        prop_oneof![4 => Just(None), 1 => tenant().prop_map(Some)],
        some_of(AGENTS, 85),
        tight,
    )
        .prop_map(|(bots, agents, queues, tenant, online, tight)| Setup {
            bots,
            agents,
            queues: (0..).zip(queues).map(|(number, queue)| queue.at_first(number)).collect(),
            tenant,
            online,
            tight,
        })
        .boxed()
}
