//! What the objects of a directory file say of each other: each name once, nothing that refers to
//! nothing, thresholds that the histograms can answer.

use super::directory::{Entry, Found};
use super::problem::Report;
use super::reader::Located;
use super::{Metrics, overflow, shares};
use crate::rules;
use relevo_routing::rules::nearest;
use relevo_wire::directory::Object;
use relevo_wire::vocabulary::Role;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// What there is already, beside what a file names.
#[derive(Default)]
pub(crate) struct Known<'k> {
    /// Tenant of an object for which the file names none.
    pub(crate) tenant: Option<&'k str>,
    /// Objects and their tenants.
    pub(crate) objects: Vec<(&'k str, &'k Object)>,
}

/// Checks a whole directory file; without `metrics` all but the thresholds. In a text that is partly no
/// TOML names may be missing without fault, so then only the values themselves were judged.
pub(super) fn check(
    found: &Found,
    known: &Known<'_>,
    metrics: Option<&Metrics>,
    report: &Report<'_>,
) {
    if !report.is_whole() {
        return;
    }
    let names = Names::collect(found, known, report);
    bots(found, &names, report);
    queues(found, &names, report);
    overflow::circles(found, |entry| names.tenant_of(found, &entry.tenant), known, report);
    shares::check(found, |named| names.tenant_of(found, named), known, report);
    if let Some(metrics) = metrics {
        thresholds(found, metrics, report);
    }
    keys(found, &names, report);
}

/// Every name, by tenant.
struct Names<'f> {
    /// Of objects for which the file names none.
    tenant: Option<&'f str>,
    agents: BTreeMap<&'f str, BTreeSet<&'f str>>,
    bots: BTreeMap<&'f str, BTreeSet<&'f str>>,
    queues: BTreeMap<(&'f str, &'f str), BTreeSet<&'f str>>,
}

impl<'f> Names<'f> {
    /// Collects the names and notes each that comes twice and each tenant that is not there.
    fn collect(found: &'f Found, known: &Known<'f>, report: &Report<'_>) -> Self {
        let mut tenants = BTreeSet::new();
        for entry in &found.tenants {
            let new = tenants.insert(entry.object.name.as_str());
            once(new, "tenant", &entry.object.name, &entry.places.name, report);
        }
        tenants.extend(known.tenant);
        tenants.extend(known.objects.iter().map(|(tenant, _)| *tenant));
        let mut names = Self {
            tenant: known.tenant,
            agents: BTreeMap::new(),
            bots: BTreeMap::new(),
            queues: BTreeMap::new(),
        };
        for entry in &found.agents {
            let Some(tenant) = names.tenant(found, entry, &tenants, report) else { continue };
            let new = names.agents.entry(tenant).or_default().insert(&entry.object.name);
            once(new, "agent", &entry.object.name, &entry.places.name, report);
        }
        for entry in &found.bots {
            let Some(tenant) = names.tenant(found, entry, &tenants, report) else { continue };
            let new = names.bots.entry(tenant).or_default().insert(&entry.object.name);
            once(new, "bot", &entry.object.name, &entry.places.name, report);
        }
        for entry in &found.queues {
            let Some(tenant) = names.tenant(found, entry, &tenants, report) else { continue };
            let bot = (tenant, entry.object.bot.as_str());
            let new = names.queues.entry(bot).or_default().insert(&entry.object.name);
            let kind = format!("queue of bot {:?}", entry.object.bot);
            once(new, &kind, &entry.object.name, &entry.places.name, report);
        }
        for entry in &found.keys {
            if entry.object.role != Role::Operator {
                names.tenant(found, entry, &tenants, report);
            }
        }
        names.add(known);
        names
    }

    /// After those of the file, each of which may be known already.
    fn add(&mut self, known: &Known<'f>) {
        for (tenant, object) in &known.objects {
            let (names, name) = match object {
                Object::Tenant(_) => continue,
                Object::Agent(agent) => (self.agents.entry(tenant).or_default(), &agent.name),
                Object::Bot(bot) => (self.bots.entry(tenant).or_default(), &bot.name),
                Object::Queue(queue) => {
                    let bot = (*tenant, queue.bot.as_str());
                    (self.queues.entry(bot).or_default(), &queue.name)
                }
            };
            names.insert(name);
        }
    }

    fn tenant_of(&self, found: &'f Found, named: &'f Option<Located<String>>) -> Option<&'f str> {
        found.tenant_of(named).or(self.tenant)
    }

    /// The tenant of an entry, if it has one that exists.
    fn tenant<T>(
        &self,
        found: &'f Found,
        entry: &'f Entry<T>,
        tenants: &BTreeSet<&str>,
        report: &Report<'_>,
    ) -> Option<&'f str> {
        let Some(tenant) = self.tenant_of(found, &entry.tenant) else {
            let (what, right) = match tenants.len() {
                0 => ("there is no tenant", "add a [[tenant]] with a name"),
                _ => ("no tenant is named", "add tenant = \"..\": the file has more than one"),
            };
            report.add(&entry.table, what, right);
            return None;
        };
        if tenants.contains(tenant) {
            return Some(tenant);
        }
        let span = entry.tenant.as_ref().map_or(&entry.table, |named| &named.span);
        missing("tenant", tenant, span, tenants, "the file", report);
        None
    }
}

fn once(new: bool, kind: &str, name: &str, span: &Range<usize>, report: &Report<'_>) {
    if !new {
        report.add(span, format!("a second {kind} {name:?}"), "give each a name of its own");
    }
}

fn bots(found: &Found, names: &Names<'_>, report: &Report<'_>) {
    let mut bytes = 0;
    for entry in &found.bots {
        bytes += rules::bytes_of(&entry.object);
        if bytes > rules::ALL_BYTES {
            let what =
                format!("with this bot the rules have {bytes} bytes, each 64 beside its own");
            let right = format!("at most {} of all bots", rules::ALL_BYTES);
            report.add(&entry.places.name, what, right);
            break;
        }
    }
    for entry in &found.bots {
        let Some(tenant) = names.tenant_of(found, &entry.tenant) else { continue };
        let (bot, queue) = (entry.object.name.as_str(), entry.object.default_queue.as_str());
        let none = BTreeSet::new();
        let queues = names.queues.get(&(tenant, bot)).unwrap_or(&none);
        if !queues.contains(queue) {
            let holder = format!("bot {bot:?}");
            missing("queue", queue, &entry.places.refers, queues, &holder, report);
        }
        let agents = names.agents.get(tenant).unwrap_or(&none);
        let holder = format!("tenant {tenant:?}");
        for agent in entry.places.preferred.iter() {
            if !agents.contains(agent.value.as_str()) {
                missing("agent", &agent.value, &agent.span, agents, &holder, report);
            }
        }
    }
}

fn thresholds(found: &Found, metrics: &Metrics, report: &Report<'_>) {
    let buckets = metrics.buckets();
    for entry in &found.queues {
        let seconds = entry.object.threshold_seconds;
        if buckets.check_threshold(seconds).is_err() {
            let place = &entry.places.threshold;
            let place = if place.is_empty() { &entry.table } else { place };
            threshold(seconds, buckets.seconds(), place, report);
        }
    }
}

fn queues(found: &Found, names: &Names<'_>, report: &Report<'_>) {
    let none = BTreeSet::new();
    for entry in &found.queues {
        let queue = &entry.object;
        let Some(tenant) = names.tenant_of(found, &entry.tenant) else { continue };
        let holder = format!("tenant {tenant:?}");
        let bots = names.bots.get(tenant).unwrap_or(&none);
        if !bots.contains(queue.bot.as_str()) {
            missing("bot", &queue.bot, &entry.places.refers, bots, &holder, report);
        }
        let agents = names.agents.get(tenant).unwrap_or(&none);
        let members = queue.members.iter().map(|member| member.agent.as_str());
        listed("agent", members, &entry.places.members, agents, &holder, report);
        let siblings = names.queues.get(&(tenant, queue.bot.as_str())).unwrap_or(&none);
        let targets = queue.transfer_targets.iter().flatten().map(String::as_str);
        let bot = format!("bot {:?}", queue.bot);
        listed("queue", targets, &entry.places.targets, siblings, &bot, report);
        let to = queue.overflow.as_ref().map(|overflow| overflow.to.as_str());
        if let Some(to) = to.filter(|to| !siblings.contains(to)) {
            missing("queue", to, &entry.places.overflow, siblings, &bot, report);
        }
    }
}

fn threshold(seconds: u32, bounds: &[u32], span: &Range<usize>, report: &Report<'_>) {
    let list: Vec<String> = bounds.iter().map(u32::to_string).collect();
    report.add(
        span,
        format!("threshold_seconds = {seconds} is no bucket bound"),
        format!("one of {}, or add it to [metrics] extra_buckets_seconds", list.join(" ")),
    );
}

/// Each name of a list exists, and stands in it once.
fn listed<'n>(
    kind: &str,
    list: impl Iterator<Item = &'n str>,
    places: &[Range<usize>],
    names: &BTreeSet<&str>,
    holder: &str,
    report: &Report<'_>,
) {
    let mut seen = BTreeSet::new();
    for (name, span) in list.zip(places) {
        if !seen.insert(name) {
            report.add(span, format!("{kind} {name:?} is named twice"), "name each once");
        } else if !names.contains(name) {
            missing(kind, name, span, names, holder, report);
        }
    }
}

fn keys(found: &Found, names: &Names<'_>, report: &Report<'_>) {
    let none = BTreeSet::new();
    let mut prefixes = BTreeSet::new();
    for entry in &found.keys {
        let key = &entry.object;
        let new = prefixes.insert(key.prefix.as_str());
        once(new, "key with the prefix", &key.prefix, &entry.places.name, report);
        let owners = match key.role {
            Role::Bot => &names.bots,
            Role::Agent => &names.agents,
            Role::Admin | Role::Operator => {
                nobodys(key.role, &key.owner, entry, report);
                continue;
            }
        };
        let Some(tenant) = names.tenant_of(found, &entry.tenant) else { continue };
        let (role, owners) = (key.role.name(), owners.get(tenant).unwrap_or(&none));
        if key.owner.is_empty() {
            let what = format!("a key of role {role} without an owner");
            report.add(&entry.places.refers, what, format!("add owner = the name of the {role}"));
        } else if !owners.contains(key.owner.as_str()) {
            let holder = format!("tenant {tenant:?}");
            missing(role, &key.owner, &entry.places.refers, owners, &holder, report);
        }
    }
}

/// The key of an admin or an operator belongs to nobody, an operator's not even to a tenant.
fn nobodys<T>(role: Role, owner: &str, entry: &Entry<T>, report: &Report<'_>) {
    let name = role.name();
    if !owner.is_empty() {
        let what = format!("a key of role {name} with an owner");
        report.add(&entry.places.refers, what, "leave owner out; label says what it is for");
    }
    if let Some(tenant) = entry.tenant.as_ref().filter(|_| role == Role::Operator) {
        let what = "a key of role operator with a tenant";
        report.add(&tenant.span, what, "leave tenant out, or make it an admin's");
    }
}

fn missing(
    kind: &str,
    name: &str,
    span: &Range<usize>,
    names: &BTreeSet<&str>,
    holder: &str,
    report: &Report<'_>,
) {
    report.add_with(span, || {
        let candidates: Vec<&str> = names.iter().copied().collect();
        let right = match nearest(name, &candidates) {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("add a [[{kind}]] of that name, or name another"),
        };
        (format!("{holder} has no {kind} named {name:?}"), right)
    });
}
