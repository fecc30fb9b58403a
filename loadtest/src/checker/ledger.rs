//! The story of one ticket, put together from what its parties saw.

use super::capacity::Hold;
use super::settled::Settled;
use super::view::Views;
use super::{Counter, Fact, MessageId, Party, Sighting, Verdict};
use crate::plan::staff::Staff;
use relevo_client::wire::TicketId;

/// A number of the ticket and what it is, as far as anybody saw it.
#[derive(Debug, Clone, Copy)]
struct Known {
    number: u32,
    /// Absent while only an answer told of it.
    at: Option<u64>,
    fact: Fact,
}

/// The story of one ticket.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Somebody was told that the ticket exists: it must come to an end.
    expected: bool,
    views: Views,
    /// In the order of numbers.
    known: Vec<Known>,
    /// Numbers that answers to sends named, with what was sent.
    acknowledged: Vec<(u32, MessageId)>,
}

impl Ledger {
    pub(super) fn expect_end(&mut self) {
        self.expected = true;
    }

    pub(super) fn saw(
        &mut self,
        party: Party,
        sighting: Sighting,
        verdict: &mut Verdict,
        ticket: TicketId,
    ) {
        let number = sighting.number;
        self.views.pushed(party, number, verdict, ticket);
        let known = Known { number, at: Some(sighting.at), fact: sighting.fact };
        self.learn(known, verdict, ticket);
    }

    pub(super) fn acknowledged(
        &mut self,
        party: Party,
        number: u32,
        message: MessageId,
        verdict: &mut Verdict,
        ticket: TicketId,
    ) {
        self.views.answered(party, number);
        self.acknowledged.push((number, message));
        let known = Known { number, at: None, fact: Fact::Message(message) };
        self.learn(known, verdict, ticket);
    }

    /// Has everyone seen everything? The bot up to the end, the last agent too.
    pub(super) fn is_whole(&self) -> bool {
        let Some(end) = self.end() else { return false };
        let has = |party| self.views.iter().any(|(who, view)| who == party && view.has_upto(end));
        let is_bot = |party| matches!(party, Party::Bot(_));
        let bot = self.views.iter().any(|(party, view)| is_bot(party) && view.has_upto(end));
        self.expected && bot && self.holder_at_end().is_none_or(|agent| has(Party::Agent(agent)))
    }

    /// The ticket that it was transferred into.
    pub(super) fn child(&self) -> Option<TicketId> {
        self.known.iter().find_map(|known| match known.fact {
            Fact::Transferred { child, .. } => Some(child),
            Fact::Hidden
            | Fact::HandedOff
            | Fact::Message(_)
            | Fact::Foreign
            | Fact::Assigned { .. }
            | Fact::Requeued { .. }
            | Fact::Returned { .. } => None,
        })
    }

    /// Judges the story. What is left judges what still comes.
    pub(super) fn settle(
        self,
        ticket: TicketId,
        staff: &Staff,
        verdict: &mut Verdict,
        holds: &mut Vec<Hold>,
    ) -> Settled {
        self.check_losses(ticket, verdict);
        self.check_order(ticket, verdict);
        self.check_messages(ticket, verdict);
        self.check_owners(ticket, staff, verdict, holds);
        Settled { unanswered: self.unanswered(), views: self.views }
    }

    /// A send has one answer; but the next agent of a ticket that went back to its line says again
    /// what the one before had said.
    fn unanswered(&self) -> Box<[(u32, MessageId)]> {
        let again = self.known.iter().any(|known| matches!(known.fact, Fact::Requeued { .. }));
        let messages = self.known.iter().filter_map(|known| match known.fact {
            Fact::Message(message) => Some((known.number, message)),
            Fact::Hidden
            | Fact::HandedOff
            | Fact::Foreign
            | Fact::Assigned { .. }
            | Fact::Requeued { .. }
            | Fact::Transferred { .. }
            | Fact::Returned { .. } => None,
        });
        messages.filter(|message| again || !self.acknowledged.contains(message)).collect()
    }

    /// Merges what one party saw with what others did: all must agree.
    fn learn(&mut self, new: Known, verdict: &mut Verdict, ticket: TicketId) {
        let at = self.known.partition_point(|known| known.number < new.number);
        let Some(old) = self.known.get_mut(at).filter(|known| known.number == new.number) else {
            self.known.insert(at, new);
            return;
        };
        let same_time = old.at.is_none() || new.at.is_none() || old.at == new.at;
        let both_owners =
            matches!((old.fact, new.fact), (Fact::Assigned { .. }, Fact::Assigned { .. }));
        old.at = old.at.or(new.at);
        if old.fact == Fact::Hidden {
            old.fact = new.fact;
        } else if new.fact != Fact::Hidden && new.fact != old.fact || !same_time {
            let what = format!("{ticket}: {} is {:?} and {:?}", new.number, old.fact, new.fact);
            let counter = if both_owners { Counter::AssignedTwice } else { Counter::OutOfOrder };
            verdict.violated(counter, what);
        }
    }

    fn end(&self) -> Option<u32> {
        self.known.iter().find(|known| known.fact.is_end()).map(|known| known.number)
    }

    /// The agent who had it when it ended.
    fn holder_at_end(&self) -> Option<u32> {
        self.known.iter().rev().find_map(|known| match known.fact {
            Fact::Assigned { agent, .. } => Some(agent),
            Fact::Requeued { .. } => Some(None),
            Fact::Hidden
            | Fact::HandedOff
            | Fact::Message(_)
            | Fact::Foreign
            | Fact::Transferred { .. }
            | Fact::Returned { .. } => None,
        })?
    }

    fn check_losses(&self, ticket: TicketId, verdict: &mut Verdict) {
        if self.expected {
            verdict.checked(Counter::Lost, 1);
        }
        verdict.checked(Counter::Lost, self.acknowledged.len() as u64);
        let Some(end) = self.end() else {
            if self.expected {
                let last = self.known.last().map_or(0, |known| known.number);
                let what = format!("{ticket}: nobody saw its end, the last number is {last}");
                verdict.violated(Counter::Lost, what);
            }
            return;
        };
        let holder = self.holder_at_end();
        if !self.views.iter().any(|(party, _)| matches!(party, Party::Bot(_))) {
            verdict.violated(Counter::Lost, format!("{ticket}: its bot never saw it"));
        }
        for (party, view) in self.views.iter() {
            let must_see = match party {
                Party::Bot(_) => true,
                // Who gave the ticket away or lost it need not see the rest.
                Party::Agent(agent) => holder == Some(agent),
            };
            for number in view.missing(if must_see { end } else { 0 }) {
                let what = format!("{ticket}: {party:?} never got {number} of {end}");
                verdict.violated(Counter::Lost, what);
            }
        }
        if let Some(agent) = holder
            && !self.views.iter().any(|(party, _)| party == Party::Agent(agent))
        {
            let what = format!("{ticket}: agent {agent} was never told that it has it");
            verdict.violated(Counter::Lost, what);
        }
    }

    fn check_order(&self, ticket: TicketId, verdict: &mut Verdict) {
        let (mut at, mut epoch, mut ended) = (0, None, false);
        for known in &self.known {
            let number = known.number;
            if ended {
                let what = format!("{ticket}: {number} {:?} after the end", known.fact);
                verdict.violated(Counter::OutOfOrder, what);
            }
            if known.at.is_some_and(|known| known < at) {
                let what = format!("{ticket}: {number} is earlier than the number before");
                verdict.violated(Counter::OutOfOrder, what);
            }
            at = known.at.unwrap_or(at);
            if let Some(new) = known.fact.epoch() {
                if epoch.is_some_and(|epoch| new <= epoch) {
                    let what = format!("{ticket}: epoch {new} after {epoch:?} at {number}");
                    verdict.violated(Counter::OutOfOrder, what);
                }
                epoch = Some(new);
            }
            ended |= known.fact.is_end();
        }
    }

    /// Each message once, and each author's in the order in which it wrote them.
    fn check_messages(&self, ticket: TicketId, verdict: &mut Verdict) {
        let mut seen: Vec<MessageId> = Vec::new();
        for known in &self.known {
            let Fact::Message(message) = known.fact else { continue };
            let same_author = |other: &&MessageId| other.by_customer == message.by_customer;
            if seen.contains(&message) {
                let what =
                    format!("{ticket}: {message:?} is stored twice, again as {}", known.number);
                verdict.violated(Counter::Duplicated, what);
            } else if let Some(later) =
                seen.iter().filter(same_author).find(|other| other.ordinal > message.ordinal)
            {
                let what = format!("{ticket}: {message:?} comes after {later:?}");
                verdict.violated(Counter::OutOfOrder, what);
            }
            seen.push(message);
        }
    }

    fn check_owners(
        &self,
        ticket: TicketId,
        staff: &Staff,
        verdict: &mut Verdict,
        holds: &mut Vec<Hold>,
    ) {
        let bot = self.views.iter().find_map(|(party, _)| match party {
            Party::Bot(bot) => Some(bot),
            Party::Agent(_) => None,
        });
        let mut owner: Option<(Option<u32>, u64)> = None;
        let mut release = |owner: Option<(Option<u32>, u64)>, until: u64| {
            if let Some((Some(agent), from)) = owner {
                holds.push(Hold { agent, from, until });
            }
        };
        for known in &self.known {
            let at = known.at.unwrap_or_default();
            match known.fact {
                Fact::Assigned { agent, .. } => {
                    verdict.checked(Counter::AssignedTwice, 1);
                    if let Some((other, _)) = owner {
                        let what = format!("{ticket}: to {agent:?} while {other:?} has it");
                        verdict.violated(Counter::AssignedTwice, what);
                        release(owner, at);
                    }
                    owner = Some((agent, at));
                    check_member(ticket, bot, agent, staff, verdict);
                }
                Fact::Requeued { .. } | Fact::Transferred { .. } | Fact::Returned { .. } => {
                    release(owner.take(), at);
                }
                Fact::Hidden | Fact::HandedOff | Fact::Message(_) | Fact::Foreign => {}
            }
        }
        release(owner, u64::MAX);
    }
}

fn check_member(
    ticket: TicketId,
    bot: Option<u32>,
    agent: Option<u32>,
    staff: &Staff,
    verdict: &mut Verdict,
) {
    verdict.checked(Counter::WrongMember, 1);
    let serves = match (bot, agent) {
        (Some(bot), Some(agent)) => staff.bots_of(agent).contains(&bot),
        (None, Some(_)) => true,
        (_, None) => false,
    };
    if !serves {
        let what = format!("{ticket} of bot {bot:?} goes to agent {agent:?}");
        verdict.violated(Counter::WrongMember, what);
    }
}
