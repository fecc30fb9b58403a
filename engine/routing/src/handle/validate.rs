//! What a directory object may be. Every error names the field and what would be right.

use crate::hours::Schedule;
use crate::seats::MAX_SEATS;
use crate::settings::Settings;
use relevo_wire::directory::{
    Agent, Bot, Fairness, Hours, Inactivity, Member, Queue, Skill, Tenant,
};
use relevo_wire::limits::{
    DELAY_SECONDS, DELAYS, FAIRNESS_SECONDS, FAIRNESS_TICKETS, MEMBER_LEVEL, NAME_BYTES,
    OFFER_AGENTS, PRIORITY, REOPEN_SECONDS, RESUME_SECONDS, SHARE_PERCENT, SKILL_LEVEL, SKILLS,
    WAIT_SECONDS,
};
use relevo_wire::{ErrorCode, WireError};
use rustc_hash::FxHashSet;

/// Longest wait of a queue's own settings, in seconds: a week.
const LONGEST_SECONDS: u32 = 7 * 24 * 3600;

/// Longest time of an offer and of a wrap-up, in seconds: each holds a seat meanwhile.
const LONGEST_ASKING_SECONDS: u32 = 3600;

/// A name of the directory.
pub(super) fn name(field: &str, name: &str) -> Result<(), WireError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if (1..=NAME_BYTES).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(());
    }
    let message =
        format!("{name:?} is no name: 1 to {NAME_BYTES} characters of a-z A-Z 0-9 . _ - make one");
    Err(malformed(field, message))
}

pub(super) fn tenant(tenant: &Tenant) -> Result<(), WireError> {
    name("name", &tenant.name)?;
    let Some(Fairness { tickets, seconds }) = tenant.fairness else { return Ok(()) };
    if (1..=FAIRNESS_TICKETS).contains(&tickets) && (1..=FAIRNESS_SECONDS).contains(&seconds) {
        return Ok(());
    }
    let message = format!("1 to {FAIRNESS_TICKETS} tickets in 1 to {FAIRNESS_SECONDS} seconds");
    Err(malformed("fairness", message))
}

pub(super) fn bot(bot: &Bot) -> Result<(), WireError> {
    name("name", &bot.name)?;
    name("default_queue", &bot.default_queue)?;
    if !bot.channel.is_empty() {
        name("channel", &bot.channel)?;
    }
    at_most("priority_cap", u32::from(bot.priority_cap), u32::from(PRIORITY))?;
    if let Some(seats) = bot.seats_per_agent {
        if seats == 0 {
            let message = "0 seats would serve nobody: leave it out, or take 1 or more".to_owned();
            return Err(malformed("seats_per_agent", message));
        }
        at_most("seats_per_agent", u32::from(seats), u32::from(MAX_SEATS))?;
    }
    if let Some(share) = bot.guaranteed_share.filter(|share| !(1..=SHARE_PERCENT).contains(share)) {
        let message = format!("1 to {SHARE_PERCENT} percent, or left out for none, not {share}");
        return Err(malformed("guaranteed_share", message));
    }
    Ok(())
}

pub(super) fn agent(agent: &Agent) -> Result<(), WireError> {
    name("name", &agent.name)?;
    at_most("seats", u32::from(agent.seats), u32::from(MAX_SEATS))?;
    skills(&agent.skills)
}

/// Few enough, each once, at a level that there is.
fn skills(skills: &[Skill]) -> Result<(), WireError> {
    if skills.len() > SKILLS {
        let message = format!("at most {SKILLS} skills, not {}", skills.len());
        return Err(WireError::field(ErrorCode::LimitExceeded, "skills", message));
    }
    for (at, skill) in skills.iter().enumerate() {
        name("skills", &skill.name)?;
        if !(1..=SKILL_LEVEL).contains(&skill.level) {
            let message = format!("the level of {:?} must be 1 to {SKILL_LEVEL}", skill.name);
            return Err(malformed("skills", message));
        }
        if skills[..at].iter().any(|other| other.name == skill.name) {
            return Err(malformed("skills", format!("{:?} is named twice", skill.name)));
        }
    }
    Ok(())
}

/// Everything but what needs the rest of the directory.
pub(super) fn queue(queue: &Queue, settings: &Settings) -> Result<(), WireError> {
    name("name", &queue.name)?;
    for target in queue.transfer_targets.iter().flatten() {
        name("transfer_targets", target)?;
    }
    members(&queue.members)?;
    at_most("ageing", u32::from(queue.ageing), u32::from(PRIORITY))?;
    at_most("offer_seconds", queue.offer_seconds, LONGEST_ASKING_SECONDS)?;
    at_most("transfer_accept_seconds", queue.transfer_accept_seconds, LONGEST_ASKING_SECONDS)?;
    at_most("wrap_up_seconds", queue.wrap_up_seconds, LONGEST_ASKING_SECONDS)?;
    offer_agents(queue)?;
    at_most("keep_seconds", queue.keep_seconds, LONGEST_SECONDS)?;
    at_most("transfer_wait_seconds", queue.transfer_wait_seconds, LONGEST_SECONDS)?;
    at_most("preferred_wait_seconds", queue.preferred_wait_seconds, LONGEST_SECONDS)?;
    at_most("short_loss_seconds", queue.short_loss_seconds, LONGEST_SECONDS)?;
    waiting(queue)?;
    if !settings.thresholds_seconds.contains(&queue.threshold_seconds) {
        let message = format!(
            "{} is no bound of the metrics: take one of {:?}, or add it to `extra_buckets` of the \
             configuration",
            queue.threshold_seconds, settings.thresholds_seconds
        );
        return Err(malformed("threshold_seconds", message));
    }
    at_most("reopen_seconds", queue.reopen_seconds, REOPEN_SECONDS)?;
    at_most("resume_seconds", queue.resume_seconds, RESUME_SECONDS)?;
    inactivity(&queue.inactivity)?;
    for (name, time) in queue.targets.times() {
        seconds(&format!("targets.{name}"), time)?;
    }
    relevo_wire::validate::texts("texts", &queue.texts)?;
    queue.hours.as_ref().map_or(Ok(()), hours)
}

/// Everything that is wrong at once. By which clock they are read makes no difference to that.
fn hours(hours: &Hours) -> Result<(), WireError> {
    let Err(problems) = Schedule::compile(hours, "UTC") else { return Ok(()) };
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Err(malformed("hours", problems.join("\n")))
}

fn offer_agents(queue: &Queue) -> Result<(), WireError> {
    let agents = queue.offer_agents;
    if !(1..=OFFER_AGENTS).contains(&agents) {
        return Err(malformed("offer_agents", format!("1 to {OFFER_AGENTS}, not {agents}")));
    }
    if agents > 1 && queue.offer_seconds == 0 && queue.transfer_accept_seconds == 0 {
        let message = format!(
            "{agents} agents are asked only where offers stand for some time: set offer_seconds or \
             transfer_accept_seconds too"
        );
        return Err(malformed("offer_agents", message));
    }
    Ok(())
}

/// How long and how many may wait, and the next step.
fn waiting(queue: &Queue) -> Result<(), WireError> {
    if let Some(overflow) = &queue.overflow {
        name("overflow.to", &overflow.to)?;
        seconds("overflow.after_seconds", overflow.after_seconds)?;
        let priority = overflow.priority.unwrap_or(0);
        at_most("overflow.priority", u32::from(priority), u32::from(PRIORITY))?;
    }
    if queue.max_waiting == Some(0) {
        let message = "0 would take nobody: leave it out, or take 1 or more".to_owned();
        return Err(malformed("max_waiting", message));
    }
    seconds("max_wait_seconds", queue.max_wait_seconds)?;
    seconds("ttl_seconds", Some(queue.ttl_seconds))
}

fn inactivity(inactivity: &Inactivity) -> Result<(), WireError> {
    for (name, time) in inactivity.times() {
        seconds(&format!("inactivity.{name}"), time)?;
    }
    inactivity.without_first().map_or(Ok(()), |(then, first)| {
        let message = format!("it counts from the end of {first}: set that too");
        Err(malformed(&format!("inactivity.{then}"), message))
    })
}

fn seconds(field: &str, seconds: Option<u32>) -> Result<(), WireError> {
    match seconds.filter(|seconds| !(1..=WAIT_SECONDS).contains(seconds)) {
        Some(seconds) => Err(malformed(field, format!("1 to {WAIT_SECONDS}, not {seconds}"))),
        None => Ok(()),
    }
}

/// Each at a level that there is, with not too many different delays.
fn members(members: &[Member]) -> Result<(), WireError> {
    let mut delays = FxHashSet::default();
    for member in members.iter().filter(|member| !member.is_plain()) {
        if !(1..=MEMBER_LEVEL).contains(&member.level) {
            let message = format!("the level of {:?} must be 1 to {MEMBER_LEVEL}", member.agent);
            return Err(malformed("members", message));
        }
        if member.delay_seconds > DELAY_SECONDS {
            let message = format!("the delay of {:?} is at most {DELAY_SECONDS} s", member.agent);
            return Err(malformed("members", message));
        }
        delays.insert(member.delay_seconds);
    }
    delays.remove(&0);
    if delays.len() > DELAYS {
        let message = format!("at most {DELAYS} different delays, not {}", delays.len());
        return Err(WireError::field(ErrorCode::LimitExceeded, "members", message));
    }
    Ok(())
}

fn at_most(field: &str, value: u32, most: u32) -> Result<(), WireError> {
    if value <= most {
        return Ok(());
    }
    Err(malformed(field, format!("at most {most}, not {value}")))
}

fn malformed(field: &str, message: String) -> WireError {
    WireError::field(ErrorCode::Malformed, field, message)
}
