//! Directory objects.

use super::hours::hours;
use super::{at_most, count, length, malformed, texts};
use crate::command::Change;
use crate::directory::{
    Agent, Bot, Inactivity, Member, Object, ObjectRef, PriorityRule, Queue, Ring, Rule, Skill,
    Tenant,
};
use crate::error::{ErrorCode, WireError};
use crate::failures::Failures;
use crate::frame::packed_bytes;
use crate::limits;

/// Every change by itself, all failures at once.
pub(super) fn changes(changes: &Vec<Change>) -> Result<(), WireError> {
    if changes.is_empty() {
        return Err(malformed("changes", "must not be empty"));
    }
    count("changes", changes.len(), limits::CHANGES)?;
    let mut failures = Failures::default();
    for (at, change) in changes.iter().enumerate() {
        let checked = match change {
            Change::Put(put) => object(&put.object),
            Change::Delete(delete) => reference(&delete.object),
        };
        if let Err(error) = checked {
            failures.note(at, change, error);
        }
    }
    failures.into_result()?;
    packed("changes", packed_bytes(changes))
}

/// One codec may say in few bytes what the log keeps in many.
pub(super) fn packed(field: &str, bytes: usize) -> Result<(), WireError> {
    if bytes <= limits::CHANGES_BYTES {
        return Ok(());
    }
    let message = format!("at most {} packed bytes, not {bytes}", limits::CHANGES_BYTES);
    Err(WireError::field(ErrorCode::LimitExceeded, field, message))
}

pub(super) fn reference(object: &ObjectRef) -> Result<(), WireError> {
    match object {
        ObjectRef::Tenant(name) | ObjectRef::Bot(name) | ObjectRef::Agent(name) => {
            length("object", name, 1, limits::NAME_BYTES)
        }
        ObjectRef::Queue(bot, name) => {
            length("object", bot, 1, limits::NAME_BYTES)?;
            length("object", name, 1, limits::NAME_BYTES)
        }
    }
}

pub(super) fn object(object: &Object) -> Result<(), WireError> {
    match object {
        Object::Tenant(tenant) => check_tenant(tenant),
        Object::Bot(bot) => check_bot(bot),
        Object::Queue(queue) => check_queue(queue),
        Object::Agent(agent) => check_agent(agent),
    }
}

fn check_tenant(tenant: &Tenant) -> Result<(), WireError> {
    name("object.tenant.name", &tenant.name)?;
    let Some(fairness) = tenant.fairness else { return Ok(()) };
    let (tickets, seconds) = (1..=limits::FAIRNESS_TICKETS, 1..=limits::FAIRNESS_SECONDS);
    if tickets.contains(&fairness.tickets) && seconds.contains(&fairness.seconds) {
        return Ok(());
    }
    let (tickets, seconds) = (limits::FAIRNESS_TICKETS, limits::FAIRNESS_SECONDS);
    let message = format!("1 to {tickets} tickets in 1 to {seconds} seconds");
    Err(malformed("object.tenant.fairness", message))
}

fn check_bot(bot: &Bot) -> Result<(), WireError> {
    name("object.bot.name", &bot.name)?;
    name("object.bot.default_queue", &bot.default_queue)?;
    length("object.bot.channel", &bot.channel, 0, limits::NAME_BYTES)?;
    at_most("object.bot.priority_cap", bot.priority_cap, limits::PRIORITY)?;
    bot.seats_per_agent.map_or(Ok(()), |seats| check_seats("object.bot.seats_per_agent", seats))?;
    check_share(bot.guaranteed_share)?;
    length("object.bot.time_zone", &bot.time_zone, 1, limits::TIME_ZONE_BYTES)?;
    count("object.bot.rules", bot.rules.len(), limits::RULES)?;
    count("object.bot.priority_rules", bot.priority_rules.len(), limits::RULES)?;
    let conditions = bot.rules.iter().map(|rule| &rule.when);
    let conditions = conditions.chain(bot.priority_rules.iter().map(|rule| &rule.when));
    let bytes: usize = conditions.map(String::len).sum();
    if bytes > limits::CONDITIONS_BYTES {
        let message = format!("at most {} bytes of conditions", limits::CONDITIONS_BYTES);
        return Err(WireError::field(ErrorCode::LimitExceeded, "object.bot.rules", message));
    }
    bot.rules.iter().try_for_each(check_rule)?;
    bot.priority_rules.iter().try_for_each(check_priority_rule)
}

/// What a condition means is judged where it is compiled: here are only its bounds.
fn check_rule(rule: &Rule) -> Result<(), WireError> {
    length("object.bot.rules.name", &rule.name, 1, limits::RULE_NAME_BYTES)?;
    length("object.bot.rules.when", &rule.when, 1, limits::CONDITION_BYTES)?;
    let queue = rule.queue.as_deref();
    queue.map_or(Ok(()), |queue| name("object.bot.rules.queue", queue))?;
    let agent = rule.preferred_agent.as_deref();
    agent.map_or(Ok(()), |agent| name("object.bot.rules.preferred_agent", agent))?;
    at_most("object.bot.rules.priority", rule.priority.unwrap_or(0), limits::PRIORITY)?;
    skills("object.bot.rules.skills", &rule.skills, limits::REQUIREMENTS)?;
    rings("object.bot.rules.rings", &rule.rings)
}

/// Each once, at a level that there is.
fn skills(field: &str, skills: &[Skill], most: usize) -> Result<(), WireError> {
    count(field, skills.len(), most)?;
    for (at, skill) in skills.iter().enumerate() {
        name(field, &skill.name)?;
        if !(1..=limits::SKILL_LEVEL).contains(&skill.level) {
            let most = limits::SKILL_LEVEL;
            let message = format!("the level of {} must be 1 to {most}", skill.name);
            return Err(malformed(field, message));
        }
        if skills[..at].iter().any(|other| other.name == skill.name) {
            return Err(malformed(field, format!("{} is named twice", skill.name)));
        }
    }
    Ok(())
}

fn rings(field: &str, rings: &[Ring]) -> Result<(), WireError> {
    count(field, rings.len(), limits::RINGS)?;
    let mut before = 0;
    for ring in rings {
        if !(before + 1..=limits::RING_SECONDS).contains(&ring.after_seconds) {
            let most = limits::RING_SECONDS;
            let message = format!("after_seconds must rise, from 1 to {most}");
            return Err(malformed(field, message));
        }
        before = ring.after_seconds;
        skills(field, &ring.skills, limits::REQUIREMENTS)?;
    }
    Ok(())
}

fn check_priority_rule(rule: &PriorityRule) -> Result<(), WireError> {
    length("object.bot.priority_rules.name", &rule.name, 1, limits::RULE_NAME_BYTES)?;
    length("object.bot.priority_rules.when", &rule.when, 1, limits::CONDITION_BYTES)?;
    let queue = rule.queue.as_deref();
    queue.map_or(Ok(()), |queue| name("object.bot.priority_rules.queue", queue))?;
    at_most("object.bot.priority_rules.priority", rule.priority, limits::PRIORITY)
}

fn check_queue(queue: &Queue) -> Result<(), WireError> {
    name("object.queue.bot", &queue.bot)?;
    name("object.queue.name", &queue.name)?;
    count("object.queue.members", queue.members.len(), limits::MEMBERS)?;
    queue.members.iter().try_for_each(check_member)?;
    let targets = queue.transfer_targets.as_deref().unwrap_or_default();
    count("object.queue.transfer_targets", targets.len(), limits::MEMBERS)?;
    targets.iter().try_for_each(|target| name("object.queue.transfer_targets", target))?;
    at_most("object.queue.ageing", queue.ageing, limits::PRIORITY)?;
    waiting(queue)?;
    if queue.threshold_seconds == 0 {
        return Err(malformed("object.queue.threshold_seconds", "must be at least 1"));
    }
    queue.hours.as_ref().map_or(Ok(()), |of| hours("object.queue.hours", of))?;
    inactivity(&queue.inactivity)?;
    for (name, time) in queue.targets.times() {
        seconds(&format!("object.queue.targets.{name}"), time)?;
    }
    for (name, found, most) in [
        ("reopen_seconds", queue.reopen_seconds, limits::REOPEN_SECONDS),
        ("resume_seconds", queue.resume_seconds, limits::RESUME_SECONDS),
    ] {
        if found > most {
            let message = format!("must be 0 to {most}, not {found}");
            return Err(malformed(&format!("object.queue.{name}"), message));
        }
    }
    labels("object.queue.labels", &queue.labels)?;
    texts("object.queue.texts", &queue.texts)
}

fn labels(field: &str, labels: &[(String, String)]) -> Result<(), WireError> {
    count(field, labels.len(), limits::LABELS)?;
    for (label, value) in labels {
        name(field, label)?;
        length(field, value, 0, limits::LABEL_BYTES)?;
    }
    if labels.windows(2).all(|two| two[0].0 < two[1].0) {
        return Ok(());
    }
    Err(malformed(field, "must stand in rising order of their names, each once"))
}

/// How long and how many may wait, and where they go on.
fn waiting(queue: &Queue) -> Result<(), WireError> {
    if let Some(overflow) = &queue.overflow {
        name("object.queue.overflow.to", &overflow.to)?;
        seconds("object.queue.overflow.after_seconds", overflow.after_seconds)?;
        let priority = overflow.priority.unwrap_or(0);
        at_most("object.queue.overflow.priority", priority, limits::PRIORITY)?;
    }
    if queue.max_waiting == Some(0) {
        return Err(malformed("object.queue.max_waiting", "must be at least 1, or left out"));
    }
    seconds("object.queue.max_wait_seconds", queue.max_wait_seconds)?;
    seconds("object.queue.ttl_seconds", Some(queue.ttl_seconds))
}

fn inactivity(inactivity: &Inactivity) -> Result<(), WireError> {
    for (name, time) in inactivity.times() {
        seconds(&format!("object.queue.inactivity.{name}"), time)?;
    }
    inactivity.without_first().map_or(Ok(()), |(then, first)| {
        let field = format!("object.queue.inactivity.{then}");
        Err(malformed(&field, format!("counts from {first}, which is missing")))
    })
}

fn seconds(field: &str, seconds: Option<u32>) -> Result<(), WireError> {
    if seconds.is_none_or(|seconds| (1..=limits::WAIT_SECONDS).contains(&seconds)) {
        return Ok(());
    }
    let (most, found) = (limits::WAIT_SECONDS, seconds.unwrap_or_default());
    Err(malformed(field, format!("must be 1 to {most}, not {found}")))
}

fn check_member(member: &Member) -> Result<(), WireError> {
    const FIELD: &str = "object.queue.members";
    name(FIELD, &member.agent)?;
    if !(1..=limits::MEMBER_LEVEL).contains(&member.level) {
        let (agent, most) = (&member.agent, limits::MEMBER_LEVEL);
        return Err(malformed(FIELD, format!("the level of {agent} must be 1 to {most}")));
    }
    if member.delay_seconds > limits::DELAY_SECONDS {
        let (agent, most) = (&member.agent, limits::DELAY_SECONDS);
        return Err(malformed(FIELD, format!("the delay of {agent} is at most {most} s")));
    }
    Ok(())
}

fn check_agent(agent: &Agent) -> Result<(), WireError> {
    name("object.agent.name", &agent.name)?;
    check_seats("object.agent.seats", agent.seats)?;
    skills("object.agent.skills", &agent.skills, limits::SKILLS)
}

fn check_seats(field: &str, seats: u16) -> Result<(), WireError> {
    if (1..=limits::SEATS).contains(&seats) {
        return Ok(());
    }
    Err(malformed(field, format!("must be 1 to {}, not {seats}", limits::SEATS)))
}

fn check_share(share: Option<u8>) -> Result<(), WireError> {
    let most = limits::SHARE_PERCENT;
    match share.filter(|share| !(1..=most).contains(share)) {
        Some(share) => {
            let message = format!("must be 1 to {most} percent, or left out, not {share}");
            Err(malformed("object.bot.guaranteed_share", message))
        }
        None => Ok(()),
    }
}

fn name(field: &str, name: &str) -> Result<(), WireError> {
    length(field, name, 1, limits::NAME_BYTES)?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if name.bytes().all(allowed) {
        return Ok(());
    }
    Err(malformed(field, "a name has only a-z A-Z 0-9 . _ -"))
}
