//! Directory objects in TOML: `[[tenant]]`, `[[agent]]`, `[[bot]]`, `[[queue]]` and `[[key]]`.
//!
//! `tenant` may be left out where the file has exactly one tenant. A key stands here as its hash,
//! never as itself.

use super::reader::{Located, Section, shown};
use super::{hours, inactivity, labels, members, overflow, rules, skills, targets, texts};
use crate::keys;
use relevo_wire::directory::{
    Agent, AgentGone, Bot, Delivery, Fairness, NobodyOnline, Object, Queue, Strategy, Tenant,
};
use relevo_wire::limits;
use relevo_wire::vocabulary::Role;
use std::ops::Range;
use std::path::PathBuf;

/// Most seats of an agent: what the packed seat word holds.
const SEATS_MAX: u16 = 4095;
/// Longest time that a queue's rule may give, in seconds: a week.
const RULE_SECONDS_MAX: u32 = 7 * 86_400;
/// Longest time of an offer and of a wrap-up: each holds a seat meanwhile.
const ASKING_SECONDS_MAX: u32 = 3_600;
/// Longest label of a key, in bytes.
const LABEL_BYTES_MAX: usize = 128;

/// The directory as a file gives it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Directory {
    /// The file, if it is not the configuration file itself.
    pub file: Option<PathBuf>,
    /// Tenants, then agents, then bots, then queues, each in the order of the file, but a queue behind
    /// the one that it overflows to. A bot names its default queue, which comes after it.
    pub objects: Vec<ObjectSeed>,
    /// Credentials, in the order of the file.
    pub keys: Vec<KeySeed>,
}

/// An object with its tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectSeed {
    /// Name of the tenant (its own for a tenant).
    pub tenant: String,
    /// What it is to be.
    pub object: Object,
}

/// A credential, recognised by its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySeed {
    /// Name of the tenant; empty for an operator.
    pub tenant: String,
    /// What it may be used for.
    pub role: Role,
    /// Name of the bot or agent; empty for admins and operators.
    pub owner: String,
    /// What it is for.
    pub label: String,
    /// The public part of the key.
    pub prefix: String,
    /// SHA-256 of the whole key.
    pub sha256: [u8; 32],
}

/// What the tables of a text say, with the places that the cross-checks name.
#[derive(Default)]
pub(crate) struct Found {
    pub(super) tenants: Vec<Entry<Tenant>>,
    pub(super) agents: Vec<Entry<Agent>>,
    pub(super) bots: Vec<Entry<Bot>>,
    pub(super) queues: Vec<Entry<Queue>>,
    pub(super) keys: Vec<Entry<Credential>>,
}

/// An object, its table, and where its parts stand.
pub(super) struct Entry<T> {
    pub(super) object: T,
    pub(super) tenant: Option<Located<String>>,
    pub(super) table: Range<usize>,
    pub(super) places: Places,
}

/// Where the parts of an object stand, as far as it has them.
#[derive(Default)]
pub(super) struct Places {
    /// The name; of a key its prefix.
    pub(super) name: Range<usize>,
    /// The bot of a queue, the default queue of a bot, the owner of a key.
    pub(super) refers: Range<usize>,
    pub(super) members: Vec<Range<usize>>,
    /// The agents that rules of a bot prefer, in the order of these rules.
    pub(super) preferred: Vec<Located<String>>,
    /// The queues that a queue's tickets may go to.
    pub(super) targets: Vec<Range<usize>>,
    /// The queue that a queue overflows to.
    pub(super) overflow: Range<usize>,
    pub(super) threshold: Range<usize>,
    /// The guaranteed share of a bot.
    pub(super) share: Range<usize>,
}

pub(super) struct Credential {
    pub(super) role: Role,
    pub(super) owner: String,
    pub(super) label: String,
    pub(super) prefix: String,
    pub(super) sha256: [u8; 32],
}

/// Reads the object tables of a document; an object without its name is noted and left out.
pub(crate) fn read(document: &Section<'_>) -> Found {
    let collect = |name| document.tables(name).into_iter();
    Found {
        tenants: collect("tenant").filter_map(tenant).collect(),
        agents: collect("agent").filter_map(agent).collect(),
        bots: collect("bot").filter_map(bot).collect(),
        queues: collect("queue").filter_map(queue).collect(),
        keys: collect("key").filter_map(key).collect(),
    }
}

impl Found {
    /// Where the first object stands, if there is one.
    pub(super) fn first_span(&self) -> Option<Range<usize>> {
        let tables = (self.tenants.iter().map(|entry| &entry.table))
            .chain(self.agents.iter().map(|entry| &entry.table))
            .chain(self.bots.iter().map(|entry| &entry.table))
            .chain(self.queues.iter().map(|entry| &entry.table))
            .chain(self.keys.iter().map(|entry| &entry.table));
        tables.min_by_key(|table| table.start).cloned()
    }

    /// The tenant that an object belongs to: the one it names, or the only one there is.
    pub(super) fn tenant_of<'f>(&'f self, named: &'f Option<Located<String>>) -> Option<&'f str> {
        match (named, self.tenants.as_slice()) {
            (Some(named), _) => Some(&named.value),
            (None, [only]) => Some(&only.object.name),
            (None, _) => None,
        }
    }

    /// The objects without their places.
    pub(super) fn to_directory(&self, file: Option<PathBuf>) -> Directory {
        let tenant = |named| self.tenant_of(named).unwrap_or_default().to_owned();
        let mut objects = Vec::new();
        let mut add = |tenant: String, object| objects.push(ObjectSeed { tenant, object });
        for entry in &self.tenants {
            add(entry.object.name.clone(), Object::Tenant(entry.object.clone()));
        }
        for entry in &self.agents {
            add(tenant(&entry.tenant), Object::Agent(entry.object.clone()));
        }
        for entry in &self.bots {
            add(tenant(&entry.tenant), Object::Bot(entry.object.clone()));
        }
        let queues = self.queues.iter().map(|entry| (tenant(&entry.tenant), entry.object.clone()));
        for (tenant, queue) in overflow::targets_first(queues.collect()) {
            add(tenant, Object::Queue(queue));
        }
        let keys = self.keys.iter().map(|entry| {
            let of_all = matches!(entry.object.role, Role::Operator);
            KeySeed {
                tenant: if of_all { String::new() } else { tenant(&entry.tenant) },
                role: entry.object.role,
                owner: entry.object.owner.clone(),
                label: entry.object.label.clone(),
                prefix: entry.object.prefix.clone(),
                sha256: entry.object.sha256,
            }
        });
        let keys = keys.collect();
        Directory { file, objects, keys }
    }
}

fn tenant(section: Section<'_>) -> Option<Entry<Tenant>> {
    let name = required_name(&section, "name");
    let active = section.flag("active", true);
    let fairness = fairness(&section);
    let table = section.span().clone();
    section.finish();
    let name = name?;
    Some(Entry {
        object: Tenant { name: name.value, active, fairness },
        tenant: None,
        table,
        places: Places { name: name.span, ..Places::default() },
    })
}

/// `fairness = { tickets = 3, seconds = 60 }`
fn fairness(section: &Section<'_>) -> Option<Fairness> {
    if !section.has("fairness") {
        return None;
    }
    let limit = section.section("fairness");
    let tickets = limit.required_number("tickets", 1..=limits::FAIRNESS_TICKETS, "tickets");
    let seconds = limit.required_number("seconds", 1..=limits::FAIRNESS_SECONDS, "seconds");
    limit.finish();
    Some(Fairness { tickets: tickets?.value, seconds: seconds?.value })
}

fn agent(section: Section<'_>) -> Option<Entry<Agent>> {
    let tenant = optional_name(&section, "tenant");
    let name = required_name(&section, "name");
    let default = Agent::new("", 3);
    let active = section.flag("active", default.active);
    let seats = section.number("seats", default.seats, 1..=SEATS_MAX, "seats");
    let accepts_tests = section.flag("accepts_tests", default.accepts_tests);
    let skills = skills::skills(&section, limits::SKILLS);
    let table = section.span().clone();
    section.finish();
    let name = name?;
    Some(Entry {
        object: Agent { name: name.value, active, seats, accepts_tests, skills },
        tenant,
        table,
        places: Places { name: name.span, ..Places::default() },
    })
}

fn bot(section: Section<'_>) -> Option<Entry<Bot>> {
    let tenant = optional_name(&section, "tenant");
    let name = required_name(&section, "name");
    let channel = optional_name(&section, "channel").map(|channel| channel.value);
    let queue = required_name(&section, "default_queue");
    let default = Bot::new("", "");
    let active = section.flag("active", default.active);
    let priority_cap =
        section.number("priority_cap", default.priority_cap, 0..=limits::PRIORITY, "a priority");
    let seats = section.optional_number("seats_per_agent", 1..=SEATS_MAX, "seats");
    let last_agent = section.flag("last_agent", default.last_agent);
    let share = section.optional_number("guaranteed_share", 1..=limits::SHARE_PERCENT, "percent");
    let zone = section.text("time_zone");
    let mut rules = rules::read(&section);
    let object = Bot {
        name: name.as_ref().map(|name| name.value.clone()).unwrap_or_default(),
        channel: channel.unwrap_or_default(),
        default_queue: queue.as_ref().map(|queue| queue.value.clone()).unwrap_or_default(),
        active,
        priority_cap,
        seats_per_agent: seats.map(|found| found.value),
        last_agent,
        guaranteed_share: share.as_ref().map(|found| found.value),
        time_zone: zone.as_ref().map_or(default.time_zone, |zone| zone.value.clone()),
        language: section.choice("language", default.language, &texts::LANGUAGES),
        rules: std::mem::take(&mut rules.rules),
        priority_rules: std::mem::take(&mut rules.priority_rules),
    };
    rules::check(&section, &object, zone.as_ref().map(|zone| &zone.span), &rules);
    let table = section.span().clone();
    section.finish();
    let (name, queue) = (name?, queue?);
    Some(Entry {
        object,
        tenant,
        table,
        places: Places {
            name: name.span,
            refers: queue.span,
            preferred: rules.preferred,
            share: share.map_or(0..0, |found| found.span),
            ..Places::default()
        },
    })
}

fn queue(section: Section<'_>) -> Option<Entry<Queue>> {
    let tenant = optional_name(&section, "tenant");
    let bot = required_name(&section, "bot");
    let name = required_name(&section, "name");
    let default = Queue::new("", "");
    let (members, member_places) = members::read(&section);
    let targets = section.texts("transfer_targets");
    let threshold = section.optional_number("threshold_seconds", 1..=RULE_SECONDS_MAX, "seconds");
    let seconds = |key, default| section.number(key, default, 0..=RULE_SECONDS_MAX, "seconds");
    let wait = 1..=limits::WAIT_SECONDS;
    let overflow = overflow::read(&section);
    let max_waiting = section.optional_number("max_waiting", 1..=u32::MAX, "tickets");
    let max_wait = section.optional_number("max_wait_seconds", wait.clone(), "seconds");
    let mut places = Places {
        members: member_places,
        targets: targets.iter().flatten().map(|target| target.span.clone()).collect(),
        threshold: threshold.as_ref().map_or(0..0, |found| found.span.clone()),
        overflow: overflow.as_ref().map_or(0..0, |(_, span)| span.clone()),
        ..Places::default()
    };
    let mut object = Queue {
        active: section.flag("active", default.active),
        strategy: section.choice("strategy", default.strategy, &STRATEGIES),
        delivery: section.choice("delivery", default.delivery, &DELIVERIES),
        members,
        agent_gone: section.choice("agent_gone", default.agent_gone, &AGENT_GONE),
        keep_seconds: seconds("keep_seconds", default.keep_seconds),
        transfer_wait_seconds: seconds("transfer_wait_seconds", default.transfer_wait_seconds),
        offer_seconds: section.number("offer_seconds", 0, 0..=ASKING_SECONDS_MAX, "seconds"),
        transfer_accept_seconds: section.number(
            "transfer_accept_seconds",
            0,
            0..=ASKING_SECONDS_MAX,
            "seconds",
        ),
        offer_agents: section.number("offer_agents", 1, 1..=limits::OFFER_AGENTS, "agents"),
        mandatory_tags: section.flag("mandatory_tags", false),
        wrap_up_seconds: section.number("wrap_up_seconds", 0, 0..=ASKING_SECONDS_MAX, "seconds"),
        preferred_wait_seconds: seconds("preferred_wait_seconds", default.preferred_wait_seconds),
        ageing: section.number("ageing", default.ageing, 0..=limits::PRIORITY, "points a minute"),
        nobody_online: section.choice("nobody_online", default.nobody_online, &NOBODY_ONLINE),
        overflow: overflow.map(|(overflow, _)| overflow),
        max_waiting: max_waiting.map(|found| found.value),
        max_wait_seconds: max_wait.map(|found| found.value),
        ttl_seconds: section.number("ttl_seconds", default.ttl_seconds, wait, "seconds"),
        hours: hours::read(&section),
        outside_hours: section.choice(
            "outside_hours",
            default.outside_hours,
            &hours::OUTSIDE_HOURS,
        ),
        at_closing: section.choice("at_closing", default.at_closing, &hours::AT_CLOSING),
        reopen_seconds: section.number("reopen_seconds", 0, 0..=limits::REOPEN_SECONDS, "seconds"),
        resume_seconds: section.number(
            "resume_seconds",
            default.resume_seconds,
            0..=limits::RESUME_SECONDS,
            "seconds",
        ),
        inactivity: inactivity::read(&section),
        targets: targets::read(&section),
        transfer_targets: targets
            .map(|targets| targets.into_iter().map(|target| target.value).collect()),
        threshold_seconds: threshold.map_or(default.threshold_seconds, |found| found.value),
        short_loss_seconds: seconds("short_loss_seconds", default.short_loss_seconds),
        texts: texts::read(&section),
        labels: labels::read(&section),
        own_metrics: section.flag("own_metrics", default.own_metrics),
        bot: String::new(),
        name: String::new(),
    };
    let table = section.span().clone();
    let asks = object.offer_seconds > 0 || object.transfer_accept_seconds > 0;
    if object.offer_agents > 1 && !asks {
        let what = format!("offer_agents is {} and nothing is offered", object.offer_agents);
        section.problem(
            &table,
            what,
            "set offer_seconds or transfer_accept_seconds, the time for which one stands, too",
        );
    }
    section.finish();
    let (bot, name) = (bot?, name?);
    (object.bot, object.name) = (bot.value, name.value);
    (places.refers, places.name) = (bot.span, name.span);
    Some(Entry { object, tenant, table, places })
}

fn key(section: Section<'_>) -> Option<Entry<Credential>> {
    let tenant = optional_name(&section, "tenant");
    let role = section.optional_choice("role", &ROLES);
    let owner = optional_name(&section, "owner");
    let label = section.text("label");
    let prefix = section.required_text("prefix");
    let sha256 = section.required_text("sha256");
    let table = section.span().clone();
    if let Some(label) = label.as_ref().filter(|label| label.value.len() > LABEL_BYTES_MAX) {
        let what = format!("label has {} bytes", label.value.len());
        section.problem(&label.span, what, format!("at most {LABEL_BYTES_MAX}"));
    }
    let prefix = prefix.filter(|prefix| {
        let valid = keys::is_prefix(&prefix.value);
        if !valid {
            section.problem(
                &prefix.span,
                "prefix is not that of a key",
                "the 12 characters after the role: rlv_bot_PREFIX_...",
            );
        }
        valid
    });
    let hash = sha256.and_then(|text| {
        let hash = keys::hash_from_hex(&text.value);
        if hash.is_none() {
            section.problem(
                &text.span,
                "sha256 is not a SHA-256",
                "write the 64 hexadecimal digits that `relevo key generate` prints",
            );
        }
        hash
    });
    let places = Places {
        name: prefix.as_ref().map_or(0..0, |prefix| prefix.span.clone()),
        refers: owner.as_ref().map_or(table.clone(), |owner| owner.span.clone()),
        ..Places::default()
    };
    if role.is_none() && section.text("role").is_none() {
        section.problem(&table, "[[key]] has no role", "add role = \"bot\"");
    }
    section.finish();
    Some(Entry {
        object: Credential {
            role: role?.value,
            owner: owner.map(|owner| owner.value).unwrap_or_default(),
            label: label.map(|label| label.value).unwrap_or_default(),
            prefix: prefix?.value,
            sha256: hash?,
        },
        tenant,
        table,
        places,
    })
}

pub(super) fn required_name(section: &Section<'_>, key: &'static str) -> Option<Located<String>> {
    section.required_text(key).filter(|text| valid_name(section, key, text))
}

pub(super) fn optional_name(section: &Section<'_>, key: &'static str) -> Option<Located<String>> {
    section.text(key).filter(|text| valid_name(section, key, text))
}

fn valid_name(section: &Section<'_>, key: &str, text: &Located<String>) -> bool {
    let valid = is_name(&text.value);
    if !valid {
        let what = format!("{key} cannot be {:?}", shown(&text.value));
        let right = format!("1 to {} characters of a-z A-Z 0-9 . _ -", limits::NAME_BYTES);
        section.problem(&text.span, what, right);
    }
    valid
}

/// Is it a name that an object may have?
pub(crate) fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=limits::NAME_BYTES).contains(&text.len()) && text.bytes().all(allowed)
}

const STRATEGIES: [(&str, Strategy); 4] = [
    ("least_active", Strategy::LeastActive),
    ("longest_idle", Strategy::LongestIdle),
    ("round_robin", Strategy::RoundRobin),
    ("most_skilled", Strategy::MostSkilled),
];

const DELIVERIES: [(&str, Delivery); 3] =
    [("push", Delivery::Push), ("pull", Delivery::Pull), ("both", Delivery::Both)];

const AGENT_GONE: [(&str, AgentGone); 2] =
    [("keep", AgentGone::Keep), ("requeue", AgentGone::Requeue)];

const NOBODY_ONLINE: [(&str, NobodyOnline); 2] =
    [("queue", NobodyOnline::Queue), ("refuse", NobodyOnline::Refuse)];

const ROLES: [(&str, Role); 4] = [
    ("bot", Role::Bot),
    ("agent", Role::Agent),
    ("admin", Role::Admin),
    ("operator", Role::Operator),
];
