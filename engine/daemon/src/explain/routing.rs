//! What put a ticket into its queue: its hand-off's record, and the bot's rules held against it again.
//!
//! The record says which rules matched; its private part holds what they were held against. The rules
//! themselves are those of a directory: of the hand-off's version, or else of a later one, which the
//! answer says. No word of the customer is in what comes out.

use bytes::Bytes;
use relevo_routing::directory::Directory;
use relevo_routing::event::{RulesHeld, TicketOpened};
use relevo_routing::rules::{Because, Explanation, Found, Tried};
use relevo_routing::{Event, record};
use relevo_wire::answer::{ChosenBy, MatchedRule, PreferredBy, RoutingExplained, TriedRule};
use relevo_wire::limits;
use relevo_wire::packed::Packed;
use relevo_wire::vocabulary::HandOffDetails;
use relevo_wire::{BotId, TicketId};

use crate::rules::{BotRules, HandedOver};

/// Most bytes of the rules told: beside a thousand agents they stay within a frame.
const TOLD_BYTES: usize = limits::PAGE_BYTES / 2;
/// What a rule counts beside its texts.
const BESIDE_BYTES: usize = 32;

/// The record of a hand-off, or of a transfer.
pub(crate) struct Held {
    opened: TicketOpened,
    details: Packed<HandOffDetails>,
}

impl Held {
    /// What the record says of a ticket that it opened.
    pub(crate) fn of(ticket: TicketId, public: &[u8], private: &[u8]) -> Option<Self> {
        let (_, events) = record::decode(public).ok()?;
        let opened = events.into_iter().find_map(|event| {
            let Event::TicketOpened(opened) = event else { return None };
            (opened.ticket == ticket).then_some(opened)
        })?;
        let details = Packed::from_bytes(Bytes::copy_from_slice(private));
        Some(Self { opened, details })
    }

    /// Whose rules they were.
    pub(crate) fn bot(&self) -> BotId {
        self.opened.bot
    }
}

/// What put the ticket into its queue, by the rules of a directory; `rules` are those of the ticket's
/// bot there.
pub(crate) fn routing(
    held: &Held,
    directory: &Directory,
    rules: Option<&BotRules>,
) -> RoutingExplained {
    let opened = &held.opened;
    let by = opened.routed.by;
    let matched = |matched: &Option<(u32, String)>| {
        let (index, name) = matched.as_ref()?;
        Some(MatchedRule { number: index + 1, name: name.clone() })
    };
    let preferred = opened.routed.preferred;
    let name = |agent| directory.agent_name(agent).unwrap_or("an agent who is gone").to_owned();
    let mut explained = RoutingExplained {
        chosen_by: by,
        preferred_agent: preferred.map(|(agent, _)| name(agent)),
        preferred_by: preferred.map(|(_, by)| by),
        ..RoutingExplained::default()
    };
    let wish = preferred.map_or_else(String::new, |(agent, by)| {
        let waits_for = opened.reserved.map(|(agent, _)| name(agent));
        preferred_said(&name(agent), by, waits_for.as_deref())
    });
    let Some(held_rules) = &opened.routed.rules else {
        explained.because = chosen(opened, None) + &wish;
        return explained;
    };
    explained.rule = matched(&held_rules.rule);
    explained.priority_rule = matched(&held_rules.priority_rule);
    explained.rules_version = held_rules.version;
    explained.because = chosen(opened, Some(held_rules)) + &wish;
    let version = directory.bot(opened.bot).map(|bot| bot.version);
    let details = held.details.check();
    let (Some(version), Some(rules), Ok(details)) = (version, rules, details) else {
        explained.because += "; the bot has no rules any more that could be tried again";
        return explained;
    };
    let (language, reason) = (held_rules.language.as_deref(), opened.reason);
    let handed = HandedOver { details, language, reason, now_us: held_rules.at };
    let mut room = TOLD_BYTES;
    if by != ChosenBy::Bot {
        explained.tried = told(rules.explain(handed), &mut room, &mut explained.omitted);
    }
    let named = opened.overflowed.map_or(opened.queue, |(named, _)| named);
    if let Some(queue) = directory.queue_name(named) {
        let tried = rules.explain_priority(handed, queue);
        explained.priority_tried = told(tried, &mut room, &mut explained.omitted);
    }
    explained.tried_version = Some(version);
    explained.because += &if version == held_rules.version {
        format!("; the rules below are those of the hand-off (version {version} of the bot)")
    } else {
        let then = held_rules.version;
        format!(
            "; the bot has changed since: the rules below are those of its version {version}, those \
             of the hand-off were of version {then}"
        )
    };
    explained
}

/// Who chose the queue and the priority, in a sentence.
fn chosen(opened: &TicketOpened, held: Option<&RulesHeld>) -> String {
    let shown = |(index, name): &(u32, String)| format!("rule {} {name:?}", index + 1);
    let rule = held.and_then(|held| held.rule.as_ref()).map(shown);
    let mut said = match (opened.routed.by, rule, held) {
        (ChosenBy::Agent, ..) => format!("an agent transferred it there{}", before(opened)),
        (ChosenBy::Reopened, ..) => format!("a closed ticket was reopened{}", before(opened)),
        (ChosenBy::Bot, ..) => {
            "the hand-off named its queue, so that no routing rule was tried".to_owned()
        }
        (ChosenBy::Rule, Some(rule), _) => format!("{rule} chose its queue"),
        (ChosenBy::Rule, None, _) => "a rule chose its queue".to_owned(),
        (ChosenBy::DefaultQueue, Some(rule), _) => {
            format!("{rule} matched and gave it no queue, so that it has the bot's default queue")
        }
        (ChosenBy::DefaultQueue, None, Some(_)) => {
            "no rule matched, so that it has the bot's default queue".to_owned()
        }
        (ChosenBy::DefaultQueue, None, None) => {
            "the bot had no rules: it has the bot's default queue".to_owned()
        }
    };
    if let Some(rule) = held.and_then(|held| held.priority_rule.as_ref()) {
        said += &format!(", and priority {} its priority", shown(rule));
    }
    said
}

/// Whom the ticket was for first and why, and what came of it.
fn preferred_said(agent: &str, by: PreferredBy, waits_for: Option<&str>) -> String {
    let why = match by {
        PreferredBy::Named => "was named as the preferred agent",
        PreferredBy::LastAgent => "served the contact last",
    };
    match waits_for {
        None => format!("; {agent} {why}, but was not there to be waited for"),
        Some(other) if other == agent => format!("; {agent} {why}, and was to have it first"),
        Some(colleague) => {
            format!("; {agent} {why}, is away, and {colleague} was to have it first instead")
        }
    }
}

/// Where to read on, of a ticket that no hand-off made.
fn before(opened: &TicketOpened) -> String {
    opened.parent.map_or_else(String::new, |parent| format!(": ticket {parent} was before it"))
}

/// Rules that were tried, as far as there is room for them.
fn told(explanation: Explanation, room: &mut usize, omitted: &mut u32) -> Vec<TriedRule> {
    let mut all = Vec::new();
    for Tried { index, rule, holds, because } in explanation.tried {
        let because: Vec<String> = because.into_iter().map(comparison).collect();
        let texts: usize = because.iter().map(|text| text.len() + BESIDE_BYTES).sum();
        let bytes = rule.len() + BESIDE_BYTES + texts;
        if bytes > *room {
            // Whoever is left out is counted, and so is everybody after it: what is told has no gaps.
            *room = 0;
            *omitted += 1;
            continue;
        }
        *room -= bytes;
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        all.push(TriedRule { number, name: rule, matched: holds, because });
    }
    all
}

/// A comparison and what came of it, as `relevo rules explain` says it.
pub(crate) fn comparison(because: Because) -> String {
    let Because { comparison, holds, found, .. } = because;
    let found = match found {
        Found::Value => "",
        Found::Nothing => ": the hand-off has none",
        Found::NoNumber => ": the text is no number",
    };
    format!("{comparison} is {holds}{found}")
}

#[cfg(test)]
mod tests;
