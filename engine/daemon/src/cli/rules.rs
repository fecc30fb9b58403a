//! `relevo rules`: what follows from the rules of a directory file, without a daemon.

use super::output;
use crate::config::cases::{self, Case, Hand};
use crate::config::{Directory as File, Problems};
use crate::exit::{Exit, Failure};
use crate::explain::comparison;
use crate::rules::{self, BotRules, HandedOver, Set};
use clap::{Args, Subcommand};
use jiff::civil::DateTime;
use relevo_routing::rules::{REASONS, Tried, nearest};
use relevo_wire::directory::{Bot, Object, Skill};
use relevo_wire::packed::Packed;
use relevo_wire::validate;
use relevo_wire::vocabulary::{Author, Contact, HandOffDetails, HandOffReason, TranscriptLine};
use std::fmt::Write as _;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Rules {
    /// Hold cases against the rules: exit code 1 when one does not come out as it says
    Test {
        /// Directory file: [[tenant]], [[agent]], [[bot]] with [[bot.rules]], [[queue]]
        #[arg(short, long, value_name = "FILE")]
        directory: PathBuf,
        /// Files of cases: [[case]] with name, what is handed over (tenant, bot, message, language,
        /// contact, context, reason, at) and what must follow (rule, queue, priority_rule,
        /// priority, skills, preferred_agent)
        #[arg(required = true, value_name = "CASES")]
        cases: Vec<PathBuf>,
    },
    /// Show each rule that a hand-off would try, and why it matches or not
    Explain {
        /// Directory file
        #[arg(short, long, value_name = "FILE")]
        directory: PathBuf,
        #[command(flatten)]
        hand: HandArgs,
    },
}

/// A hand-off on the command line.
#[derive(Debug, Args)]
pub(super) struct HandArgs {
    /// Tenant, where the file has more than one
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Bot, where the file has more than one
    #[arg(long, value_name = "NAME")]
    bot: Option<String>,
    /// The customer's last message
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,
    /// Language of the contact
    #[arg(long, value_name = "TAG")]
    language: Option<String>,
    /// A field of the contact: city=Lima
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    contact: Vec<(String, String)>,
    /// An entry of the context: tier=gold
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    context: Vec<(String, String)>,
    /// Why: planned, fallback or requested
    #[arg(long, default_value = "requested", value_parser = reason)]
    reason: HandOffReason,
    /// When, on the clock of the bot's time zone: 2026-07-01T18:30 [default: a Wednesday at noon]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<DateTime>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn moment(text: &str) -> Result<DateTime, String> {
    cases::moment(text).ok_or_else(|| cases::MOMENT.into())
}

fn reason(text: &str) -> Result<HandOffReason, String> {
    let found = REASONS.iter().find(|(word, _)| *word == text);
    found.map(|(_, reason)| *reason).ok_or_else(|| "one of: planned, fallback, requested".into())
}

impl From<HandArgs> for Hand {
    fn from(args: HandArgs) -> Self {
        Self {
            tenant: args.tenant,
            bot: args.bot,
            message: args.message,
            language: args.language,
            contact: args.contact,
            context: args.context,
            reason: args.reason,
            at: args.at.unwrap_or_else(cases::noon),
        }
    }
}

impl Rules {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Test { directory, cases } => {
                let bots = Bots::load(&directory)?;
                let mut all = Vec::new();
                for file in &cases {
                    all.append(&mut cases::load(file).map_err(|problems| wrong(&problems))?);
                }
                test(&bots, &all)
            }
            Self::Explain { directory, hand } => {
                let bots = Bots::load(&directory)?;
                output::line(&explain(&bots, &hand.into())?)
            }
        }
    }
}

fn wrong(problems: &Problems) -> Failure {
    Failure::new(Exit::Configuration, format!("\n{problems}"))
}

fn test(bots: &Bots, cases: &[Case]) -> Result<(), Failure> {
    let mut failed = 0;
    for case in cases {
        let Outcome { rule, queue, missing, priority_rule, priority, skills, preferred_agent } =
            bots.outcome(&case.hand).map_err(|failure| {
                let message = format!("{}: case {:?}: {failure}", case.place, case.name);
                Failure::new(failure.exit, message)
            })?;
        let mut differs = String::new();
        let mut compare = |what: &str, expected: Option<String>, found: String| {
            if let Some(expected) = expected.filter(|expected| *expected != found) {
                let _ = write!(differs, "\n  {what}: expected {expected}, found {found}");
            }
        };
        let named =
            |rule: String| if rule.is_empty() { "none".into() } else { format!("{rule:?}") };
        let number = |priority: Option<u16>| priority.map_or("the bot's".into(), |p| p.to_string());
        compare("rule", case.expected.rule.clone().map(named), named(rule.unwrap_or_default()));
        compare("queue", case.expected.queue.clone(), queue);
        let priority_rule = named(priority_rule.unwrap_or_default());
        compare("priority_rule", case.expected.priority_rule.clone().map(named), priority_rule);
        compare("priority", case.expected.priority.map(|p| p.to_string()), number(priority));
        compare("skills", case.expected.skills.as_deref().map(listed), listed(&skills));
        let agent = |name: String| if name.is_empty() { "none".into() } else { name };
        let preferred = agent(preferred_agent.unwrap_or_default());
        compare("preferred_agent", case.expected.preferred_agent.clone().map(agent), preferred);
        if let Some(missing) = missing {
            let _ = write!(differs, "\n  {missing}");
        }
        if !differs.is_empty() {
            failed += 1;
            output::line(&format!("FAILED {}: {:?}{differs}", case.place, case.name))?;
        }
    }
    output::line(&format!(
        "{} cases: {} held, {failed} failed",
        cases.len(),
        cases.len() - failed
    ))?;
    if failed == 0 { Ok(()) } else { Err(Failure::new(Exit::Failed, "")) }
}

fn explain(bots: &Bots, hand: &Hand) -> Result<String, Failure> {
    let (_, bot, rules) = bots.find(hand)?;
    let mut said = String::new();
    let outcome = bots.outcome(hand)?;
    let Outcome { rule, queue, missing, priority_rule, priority, skills, preferred_agent } =
        outcome;
    tell(&mut said, with_handed_over(rules, hand, |handed| rules.explain(handed))?.tried);
    if let Some(missing) = missing {
        let _ = writeln!(said, "{missing}");
    }
    let tried = with_handed_over(rules, hand, |handed| rules.explain_priority(handed, &queue))?;
    if !tried.tried.is_empty() {
        let _ = writeln!(said, "priority rules of queue {queue}:");
        tell(&mut said, tried.tried);
    }
    let by = rule.map_or("no rule matches: default queue".into(), |rule| format!("rule {rule:?}"));
    let by_priority =
        priority_rule.map_or(String::new(), |rule| format!(", priority rule {rule:?}"));
    let priority = priority.map_or("the bot's".into(), |priority| priority.to_string());
    let skills = if skills.is_empty() { String::new() } else { format!(", {}", listed(&skills)) };
    let preferred = preferred_agent.map_or(String::new(), |agent| format!(", first {agent}"));
    let _ = write!(
        said,
        "bot {}: queue {queue}, priority {priority}{skills}{preferred} ({by}{by_priority})",
        bot.name
    );
    Ok(said)
}

/// Skills in one line, in the order of their names.
fn listed(skills: &[Skill]) -> String {
    let mut skills: Vec<&Skill> = skills.iter().collect();
    skills.sort();
    let skill = |skill: &&Skill| format!("{} >= {}", skill.name, skill.level);
    let skills: Vec<String> = skills.iter().map(skill).collect();
    if skills.is_empty() { "none".into() } else { skills.join(", ") }
}

/// Rules that were tried, a line each, and below each why.
fn tell(said: &mut String, tried: Vec<Tried>) {
    for Tried { index, rule, holds, because } in tried {
        let verdict = if holds { "matches" } else { "does not match" };
        let _ = writeln!(said, "{} {rule:?} {verdict}", index + 1);
        for because in because {
            let (line, column) = (because.line, because.column);
            let _ = writeln!(said, "    {line}:{column} {}", comparison(because));
        }
    }
}

/// What follows from a hand-off.
struct Outcome {
    rule: Option<String>,
    queue: String,
    /// The rule names a queue that there is not.
    missing: Option<String>,
    priority_rule: Option<String>,
    priority: Option<u16>,
    /// What the ticket requires at first.
    skills: Vec<Skill>,
    preferred_agent: Option<String>,
}

/// The bots of a directory file with their rules, and the names of all queues.
struct Bots {
    bots: Vec<(String, Bot, BotRules)>,
    queues: Vec<(String, String, String)>,
}

impl Bots {
    fn load(file: &std::path::Path) -> Result<Self, Failure> {
        Self::of(File::load_objects(file).map_err(|problems| wrong(&problems))?)
    }

    fn of(file: File) -> Result<Self, Failure> {
        let mut all = Self { bots: Vec::new(), queues: Vec::new() };
        for seed in file.objects {
            match seed.object {
                Object::Bot(bot) => {
                    let rules = BotRules::compile(&bot).map_err(|faults| {
                        Failure::new(Exit::Configuration, rules::told(&faults))
                    })?;
                    for (set, warning) in rules.warnings() {
                        let of = if set == Set::Priority { "priority " } else { "" };
                        output::line(&format!("doubtful: {of}{warning}"))?;
                    }
                    all.bots.push((seed.tenant, bot, rules));
                }
                Object::Queue(queue) => all.queues.push((seed.tenant, queue.bot, queue.name)),
                Object::Tenant(_) | Object::Agent(_) => {}
            }
        }
        Ok(all)
    }

    /// The bot that is meant, with its tenant and its rules.
    fn find(&self, hand: &Hand) -> Result<(&str, &Bot, &BotRules), Failure> {
        let fits = |wanted: &Option<String>, name: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == name)
        };
        let mut found = self
            .bots
            .iter()
            .filter(|(tenant, bot, _)| fits(&hand.tenant, tenant) && fits(&hand.bot, &bot.name));
        match (found.next(), found.next()) {
            (Some((tenant, bot, rules)), None) => Ok((tenant, bot, rules)),
            (first, _) => {
                let all = self.bots.iter().map(|(tenant, bot, _)| match tenant.as_str() {
                    "" => bot.name.clone(),
                    tenant => format!("{} of tenant {tenant}", bot.name),
                });
                let all = all.collect::<Vec<_>>().join(", ");
                let what = if first.is_none() { "is none of them" } else { "may be several" };
                let meant = hand.bot.as_deref().unwrap_or("the bot");
                let message =
                    format!("{meant} {what}: the directory has {all}; name bot and tenant");
                Err(Failure::new(Exit::Configuration, message))
            }
        }
    }

    fn outcome(&self, hand: &Hand) -> Result<Outcome, Failure> {
        let (tenant, bot, rules) = self.find(hand)?;
        let routed = with_handed_over(rules, hand, |handed| rules.route(handed))?;
        let of_bot = self.queues.iter().filter(|(of, name, _)| of == tenant && *name == bot.name);
        let names: Vec<&str> = of_bot.map(|(_, _, queue)| queue.as_str()).collect();
        let named = routed.and_then(|routed| Some((routed.rule, routed.queue?)));
        // As in the daemon: a queue that there is not is no queue.
        let missing = named.filter(|(_, queue)| !names.contains(queue)).map(|(rule, queue)| {
            let near = nearest(queue, &names).map(|near| format!(" (did you mean {near:?}?)"));
            let near = near.unwrap_or_default();
            format!(
                "rule {rule:?} names queue {queue:?}, which is not in the file{near}: default queue"
            )
        });
        let queue = named.map(|(_, queue)| queue).filter(|queue| names.contains(queue));
        let is_gone = missing.is_some();
        let queue = queue.unwrap_or(&bot.default_queue).to_owned();
        let prioritized = with_handed_over(rules, hand, |handed| rules.prioritize(handed, &queue))?;
        let priority = prioritized.map(|found| found.priority);
        Ok(Outcome {
            missing,
            rule: routed.map(|routed| routed.rule.to_owned()),
            queue,
            priority_rule: prioritized.map(|found| found.rule.to_owned()),
            priority: priority.or_else(|| routed.and_then(|routed| routed.priority)),
            preferred_agent: routed
                .and_then(|routed| routed.preferred_agent)
                .map(ToOwned::to_owned),
            skills: routed
                .and_then(|routed| routed.demand)
                .filter(|_| !is_gone)
                .map_or_else(Vec::new, |demand| demand.skills.clone()),
        })
    }
}

/// Holds a hand-off against rules as the daemon does.
fn with_handed_over<R>(
    rules: &BotRules,
    hand: &Hand,
    look: impl FnOnce(HandedOver<'_>) -> R,
) -> Result<R, Failure> {
    let now_us = rules.instant_us(hand.at).map_err(|error| {
        Failure::new(
            Exit::Configuration,
            format!("{} is no time of the bot's zone: {error}", hand.at),
        )
    })?;
    let mut contact = Contact { id: "case".into(), name: String::new(), fields: Vec::new() };
    for (name, value) in hand.contact.clone() {
        match name.as_str() {
            "id" => contact.id = value,
            "name" => contact.name = value,
            _ => contact.fields.push((name, value)),
        }
    }
    let said = hand.message.iter();
    let line =
        |text: &String| TranscriptLine { author: Author::Customer, at: 0, text: text.clone() };
    let details = Packed::new(&HandOffDetails {
        contact,
        message_to_agent: String::new(),
        transcript: said.map(line).collect(),
        context: hand.context.clone(),
    });
    // Cut as the daemon cuts it.
    let cut = validate::cut_details(&details)
        .map_err(|error| Failure::new(Exit::Configuration, error.to_string()))?;
    let details = cut.details.check().expect("packed here");
    let language = hand.language.as_deref();
    Ok(look(HandedOver { details, language, reason: hand.reason, now_us }))
}
