//! The rules of a bot, held against a hand-off where its details are read: routing rules say its
//! queue, then priority rules say its priority there.
//!
//! ```text
//! directory (texts) ──► BotRules ─┬► route(HandedOver) ─────────► queue, priority ─┬► core
//!                                 └► prioritize(HandedOver, queue) ──► priority ───┘
//! ```
//! The language is [`relevo_routing::rules`]. What a customer wrote stays on this side: the core
//! learns what follows from a rule and nothing else. Rules read the clock of the bot's time zone.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use relevo_routing::event::Demand;
use relevo_routing::hours::unknown_zone;
use relevo_routing::rules::{Explanation, Facts, Moment, Problem, Problems, Rule, Rules};
use relevo_wire::directory::{Bot, PriorityRule};
use relevo_wire::error::{ErrorCode, WireError};
use relevo_wire::vocabulary::{ArchivedAuthor, ArchivedHandOffDetails, HandOffReason};
use tokio::runtime::{Handle, RuntimeFlavor};

/// Most bytes of the rules of all bots together, counted as [`bytes_of`] does: ten times what a thousand
/// rules of 350 bytes have.
pub(crate) const ALL_BYTES: usize = 4 * 1024 * 1024;
/// What a rule counts beside its name and condition.
const BESIDE_BYTES: usize = 64;
/// Memory for each byte that is counted: compiled up to 32 (23 are the most of the shapes that a test of
/// the fuzz targets tries), and the rest for the rule in the core's directory, in the published one and
/// beside the compiled one.
pub(crate) const MEMORY_FACTOR: usize = 48;
/// Most problems that an answer tells; the rest would not be read by anybody.
const TOLD: usize = 50;

/// The rules of a bot, ready to be held against hand-offs.
#[derive(Debug)]
pub(crate) struct BotRules {
    rules: Rules<Follows>,
    /// Each with its queue for a scope.
    priority_rules: Rules<u16>,
    zone: TimeZone,
}

#[derive(Debug)]
struct Follows {
    queue: Option<String>,
    priority: Option<u16>,
    demand: Option<Demand>,
    preferred_agent: Option<String>,
    /// It has been told that there is no such queue.
    told: AtomicBool,
}

/// What is wrong with the rules of a bot.
#[derive(Debug)]
pub(crate) enum Fault {
    /// No time zone has this name.
    TimeZone(String),
    /// Problems of rules.
    Rules(Set, Problems),
}

/// Which rules of a bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Set {
    /// `rules`: they say the queue.
    Routing,
    /// `priority_rules`: they say the priority.
    Priority,
}

impl Set {
    /// The field of the bot that holds them.
    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::Routing => "rules",
            Self::Priority => "priority_rules",
        }
    }

    /// How one of them is called.
    pub(crate) fn rule(self) -> &'static str {
        match self {
            Self::Routing => "rule",
            Self::Priority => "priority rule",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimeZone(name) => {
                let (what, right) = unknown_zone(name);
                write!(f, "{what}; {right}")
            }
            Self::Rules(set, Problems(problems)) => {
                if *set == Set::Priority {
                    writeln!(f, "priority rules:")?;
                }
                let told = &problems[..problems.len().min(TOLD)];
                write!(f, "{}", Problems(told.to_vec()))?;
                let rest = problems.len() - told.len();
                if rest > 0 { write!(f, "\nand {rest} more") } else { Ok(()) }
            }
        }
    }
}

/// What rules are held against.
#[derive(Clone, Copy)]
pub(crate) struct HandedOver<'a> {
    pub(crate) details: &'a ArchivedHandOffDetails,
    pub(crate) language: Option<&'a str>,
    pub(crate) reason: HandOffReason,
    /// In microseconds since 1970.
    pub(crate) now_us: u64,
}

/// The rule that matched, and what it says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Routed<'r> {
    /// Its place among them, from 0.
    pub(crate) index: usize,
    pub(crate) rule: &'r str,
    pub(crate) queue: Option<&'r str>,
    pub(crate) priority: Option<u16>,
    pub(crate) demand: Option<&'r Demand>,
    pub(crate) preferred_agent: Option<&'r str>,
    told: &'r AtomicBool,
}

/// The priority rule that matched, and what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Prioritized<'r> {
    /// Its place among them, from 0.
    pub(crate) index: usize,
    pub(crate) rule: &'r str,
    pub(crate) priority: u16,
}

impl Routed<'_> {
    /// Tells once of each rule that its queue is not in the directory.
    pub(crate) fn tell_missing(&self, tenant: &str, bot: &str, queue: &str) {
        if !self.told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                tenant,
                bot,
                rule = self.rule,
                queue,
                "a rule names a queue that there is not: its customers go to the default queue"
            );
        }
    }
}

impl BotRules {
    /// Compiles the rules of a bot.
    ///
    /// # Errors
    /// Its time zone, and every problem of every rule.
    pub(crate) fn compile(bot: &Bot) -> Result<Self, Vec<Fault>> {
        let zone =
            TimeZone::get(&bot.time_zone).map_err(|_| Fault::TimeZone(bot.time_zone.clone()));
        let rule = |rule: &relevo_wire::directory::Rule| Rule {
            name: rule.name.clone(),
            scope: None,
            condition: rule.when.clone(),
            result: Follows {
                queue: rule.queue.clone(),
                priority: rule.priority,
                demand: demand(rule),
                preferred_agent: rule.preferred_agent.clone(),
                told: AtomicBool::new(false),
            },
        };
        let priority_rule = |rule: &PriorityRule| Rule {
            name: rule.name.clone(),
            scope: rule.queue.clone(),
            condition: rule.when.clone(),
            result: rule.priority,
        };
        let of = |set| move |problems| Fault::Rules(set, problems);
        let rules = Rules::compile(bot.rules.iter().map(rule).collect());
        let rules = rules.map_err(of(Set::Routing));
        let priority_rules = Rules::compile(bot.priority_rules.iter().map(priority_rule).collect());
        let priority_rules = priority_rules.map_err(of(Set::Priority));
        match (zone, rules, priority_rules) {
            (Ok(zone), Ok(rules), Ok(priority_rules)) => Ok(Self { rules, priority_rules, zone }),
            (zone, rules, priority_rules) => {
                let faults = zone.err().into_iter().chain(rules.err());
                Err(faults.chain(priority_rules.err()).collect())
            }
        }
    }

    /// What is doubtful and no problem.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = (Set, &Problem)> {
        let of = |set| move |warning| (set, warning);
        let routing = self.rules.warnings().iter().map(of(Set::Routing));
        routing.chain(self.priority_rules.warnings().iter().map(of(Set::Priority)))
    }

    /// The first rule that matches; without one the bot's default queue takes the customer.
    pub(crate) fn route(&self, handed: HandedOver<'_>) -> Option<Routed<'_>> {
        if self.rules.conditions().is_empty() {
            return None;
        }
        let matched = self.with_facts(handed, |facts| self.rules.first_match(facts, None))?;
        let Follows { queue, priority, demand, preferred_agent, told } = matched.result;
        Some(Routed {
            index: matched.index,
            rule: matched.name,
            queue: queue.as_deref(),
            priority: *priority,
            demand: demand.as_ref(),
            preferred_agent: preferred_agent.as_deref(),
            told,
        })
    }

    /// The first priority rule that matches in this queue, and the priority that it says.
    pub(crate) fn prioritize(
        &self,
        handed: HandedOver<'_>,
        queue: &str,
    ) -> Option<Prioritized<'_>> {
        if self.priority_rules.conditions().is_empty() {
            return None;
        }
        let first = |facts: &Facts<'_>| self.priority_rules.first_match(facts, Some(queue));
        let matched = self.with_facts(handed, first)?;
        let (index, rule, priority) = (matched.index, matched.name, *matched.result);
        Some(Prioritized { index, rule, priority })
    }

    /// Each rule that [`Self::route`] tries, and why it matches or not.
    pub(crate) fn explain(&self, handed: HandedOver<'_>) -> Explanation {
        self.with_facts(handed, |facts| self.rules.explain(facts, None))
    }

    /// Each rule that [`Self::prioritize`] tries, and why it matches or not.
    pub(crate) fn explain_priority(&self, handed: HandedOver<'_>, queue: &str) -> Explanation {
        self.with_facts(handed, |facts| self.priority_rules.explain(facts, Some(queue)))
    }

    fn with_facts<R>(&self, handed: HandedOver<'_>, look: impl FnOnce(&Facts<'_>) -> R) -> R {
        let HandedOver { details, language, reason, now_us } = handed;
        let said =
            details.transcript.iter().rfind(|line| matches!(line.author, ArchivedAuthor::Customer));
        look(&Facts {
            message: said.map(|line| line.text.as_str()),
            language,
            contact: &details.contact,
            context: &details.context,
            reason,
            moment: self.moment(now_us),
        })
    }

    /// When the clock of the bot's time zone shows this, in microseconds since 1970; of two such moments
    /// the first, and where the clock is put forward over it, as if it had not been.
    pub(crate) fn instant_us(&self, at: DateTime) -> Result<u64, jiff::Error> {
        let seconds = self.zone.to_timestamp(at)?.as_second();
        Ok(u64::try_from(seconds).unwrap_or(0) * 1_000_000)
    }

    fn moment(&self, now_us: u64) -> Moment {
        let seconds = i64::try_from(now_us / 1_000_000).unwrap_or(i64::MAX);
        // Beyond the years that a time zone knows, the clock is UTC's.
        let offset = Timestamp::from_second(seconds)
            .map_or(0, |timestamp| self.zone.to_offset(timestamp).seconds());
        Moment::of_local_seconds(seconds.saturating_add(i64::from(offset)))
    }
}

/// What a ticket requires by a rule.
fn demand(rule: &relevo_wire::directory::Rule) -> Option<Demand> {
    let requires = !rule.skills.is_empty() || !rule.rings.is_empty();
    requires.then(|| Demand { skills: rule.skills.clone(), rings: rule.rings.clone() })
}

/// Checks the rules of what an admin puts.
///
/// # Errors
/// `malformed` with every problem.
pub(crate) fn check(bot: &Bot) -> Result<(), WireError> {
    let Err(faults) = BotRules::compile(bot) else { return Ok(()) };
    let field = match faults.first() {
        Some(Fault::TimeZone(_)) => "time_zone",
        Some(Fault::Rules(set, _)) => set.field(),
        None => "rules",
    };
    let field = format!("object.bot.{field}");
    Err(WireError::field(ErrorCode::Malformed, field, told(&faults)))
}

/// Checks how many bytes the rules of all bots have, where some bots had `before` of `all` and have
/// `after`. Less than before is always right.
///
/// # Errors
/// `limit_exceeded`.
pub(crate) fn check_room(before: usize, after: usize, all: usize) -> Result<(), WireError> {
    if after <= before || all - before + after <= ALL_BYTES {
        return Ok(());
    }
    let message = format!("the rules of all bots have at most {ALL_BYTES} bytes together");
    Err(WireError::field(ErrorCode::LimitExceeded, "object.bot.rules", message))
}

/// All faults, a line each.
pub(crate) fn told(faults: &[Fault]) -> String {
    faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n")
}

/// Bytes that the rules of a bot count.
pub(crate) fn bytes_of(bot: &Bot) -> usize {
    let rules = bot.rules.iter().map(|rule| (&rule.name, &rule.when));
    let all = rules.chain(bot.priority_rules.iter().map(|rule| (&rule.name, &rule.when)));
    let rules: usize = all.map(|(name, when)| name.len() + when.len() + BESIDE_BYTES).sum();
    let required = bot
        .rules
        .iter()
        .flat_map(|rule| rule.rings.iter().flat_map(|ring| &ring.skills).chain(&rule.skills));
    let preferred = bot.rules.iter().filter_map(|rule| rule.preferred_agent.as_ref());
    let preferred: usize = preferred.map(String::len).sum();
    rules + preferred + required.map(|skill| skill.name.len() + BESIDE_BYTES).sum::<usize>()
}

/// Rules that are compiled when a hand-off first asks for them: publish, which makes the directory
/// visible, does not wait for it.
#[derive(Debug)]
pub(crate) struct Compiled {
    bot: Bot,
    rules: OnceLock<Option<BotRules>>,
}

impl Compiled {
    /// The rules of a bot that has some.
    pub(crate) fn of(bot: &Bot) -> Option<Self> {
        let has_rules = !bot.rules.is_empty() || !bot.priority_rules.is_empty();
        has_rules.then(|| Self { bot: bot.clone(), rules: OnceLock::new() })
    }

    /// Ready to use. What is in the directory was checked before it came there.
    pub(crate) fn get(&self) -> Option<&BotRules> {
        let compile = || match BotRules::compile(&self.bot) {
            Ok(rules) => Some(rules),
            Err(faults) => {
                let faults = told(&faults);
                let bot = self.bot.name.as_str();
                tracing::error!(bot, faults, "rules cannot be used: default queue for everybody");
                None
            }
        };
        if let Some(compiled) = self.rules.get() {
            return compiled.as_ref();
        }
        // It takes milliseconds, and others of the bot wait for it: a worker's other tasks go elsewhere.
        let is_worker = Handle::try_current()
            .is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread);
        if is_worker {
            tokio::task::block_in_place(|| self.rules.get_or_init(compile)).as_ref()
        } else {
            self.rules.get_or_init(compile).as_ref()
        }
    }

    /// Bytes that they count.
    pub(crate) fn bytes(&self) -> usize {
        bytes_of(&self.bot)
    }
}

#[cfg(test)]
mod tests;
