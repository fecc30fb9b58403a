//! From a durable event to the sessions of both parties.

use std::sync::Arc;
use std::time::Instant;

use relevo_routing::Event;
use relevo_routing::directory::Directory;
use relevo_routing::event::{
    Assigned, IntentSet, NoticeStep, Offered, Progressed, TargetTold, TicketOpened,
};
use relevo_routing::input::Party as RoutingParty;
use relevo_wire::ids::{AgentId, TenantId, TicketId};
use relevo_wire::push::{OfferEnded, Presence, Progress, Push, Target, WrapUp};

use super::catch_up::start_agent;
use super::conversation::Conversation;
use super::outcome::{Asker, Outcome};
use super::view::{self, Side};
use super::{Observer, Publisher};
use crate::session::{Party, REVOKED, Session};

/// A message on its way to those who did not write it.
struct Relayed {
    author: Option<Arc<Session>>,
    received: Instant,
}

impl<O: Observer> Publisher<O> {
    /// Tells the parties of every event of a record.
    pub(super) fn entries(&mut self, outcome: &Outcome) {
        if outcome.events.is_empty() {
            return;
        }
        let directories = self.published.directories.load();
        let Some(directory) = directories.tenant(outcome.tenant).cloned() else { return };
        drop(directories);
        for event in &outcome.events {
            self.event(outcome, &directory, event);
        }
    }

    fn event(&mut self, outcome: &Outcome, directory: &Directory, event: &Event) {
        match event {
            Event::TicketOpened(opened) => self.opened(outcome, directory, opened),
            Event::HandOffRepeated(e) => self.entry(directory, e.ticket, e.number, None),
            Event::MessageStored(e) => {
                // The author's own session has the entry in its answer.
                let message = Relayed {
                    author: outcome.asker.session().cloned(),
                    received: outcome.received,
                };
                self.entry(directory, e.ticket, e.number, Some(&message));
            }
            Event::Assigned(e) => self.assigned(outcome, directory, e),
            Event::Requeued(e) => self.lost(directory, e.ticket, e.number),
            Event::Parked(e) => self.entry(directory, e.ticket, e.number, None),
            Event::Unparked(e) => self.lost(directory, e.ticket, e.number),
            Event::Closed(e) => {
                self.entry(directory, e.ticket, e.number, None);
                if e.wraps_until.is_some() {
                    let (until, untagged) = (e.wraps_until, e.owes_tags);
                    let push = WrapUp { ticket: e.ticket, until, untagged };
                    self.wraps(outcome.tenant, push);
                }
            }
            Event::CustomerAway(_) | Event::CustomerBack(_) => {}
            Event::Held(e) => self.entry(directory, e.ticket, e.number, None),
            Event::TransferAsked(e) => self.entry(directory, e.ticket, e.number, None),
            Event::TransferEnded(e) => self.entry(directory, e.ticket, e.number, None),
            Event::Inactive(e) => self.entry(directory, e.ticket, e.number, None),
            Event::Notice(e) => {
                if let NoticeStep::Told { ticket, number, .. } = e.step {
                    self.entry(directory, ticket, number, None);
                }
            }
            Event::Offered(e) => self.offered(outcome, directory, e),
            Event::OfferEnded(e) => {
                let push = Push::OfferEnded(OfferEnded { ticket: e.ticket, end: Some(e.end) });
                self.tell_agent(outcome.tenant, e.agent, &push);
            }
            Event::WrappedUp(e) => {
                // The ticket may be forgotten with this very record.
                let push =
                    Push::WrapUp(WrapUp { ticket: e.ticket, until: None, untagged: e.untagged });
                self.tell_agent(outcome.tenant, e.agent, &push);
            }
            Event::Progressed(e) => self.progressed(e),
            Event::IntentSet(e) => self.intent_set(outcome.tenant, e),
            Event::AbsenceSet(e) => {
                let push = view::absence(directory, e.bot, e.absence.as_ref());
                self.tell_agent(outcome.tenant, e.agent, &Push::Absence(push));
            }
            Event::TargetTold(e) => self.target_told(outcome.tenant, e),
            Event::KeyRevoked(e) => {
                for session in self.sessions.with_key(&e.prefix) {
                    session.send_away(REVOKED, 0);
                }
            }
            Event::ObjectPut(_)
            | Event::ObjectDeleted(_)
            | Event::KeyCreated(_)
            | Event::Started(_)
            | Event::Ready(_)
            | Event::BotReachable(_)
            | Event::BotUnreachable(_)
            | Event::AgentReachable(_)
            | Event::AgentGrace(_)
            | Event::AgentUnreachable(_)
            | Event::ContactBlocked(_)
            | Event::ContactUnblocked(_)
            | Event::CallbackListed(_)
            | Event::CallbackWished(_)
            | Event::CallbackEnded(_)
            | Event::HandOffRejected(_)
            | Event::ContactMessageStored(_)
            | Event::Unreserved(_)
            | Event::Relaxed(_)
            | Event::Responding(_)
            | Event::Overflowed(_)
            | Event::TargetMissed(_)
            | Event::Answered(_)
            | Event::Forgotten(_)
            | Event::QueueHours(_)
            | Event::QueueModeSet(_)
            | Event::TargetMoved(_) => {}
        }
    }

    /// Sends an entry to whoever has caught up, but for the session that has it already.
    fn entry(
        &mut self,
        directory: &Directory,
        ticket: TicketId,
        number: u32,
        message: Option<&Relayed>,
    ) {
        let touched = &mut self.touched;
        let author = message.and_then(|message| message.author.as_ref());
        let received = message.map(|message| message.received);
        let is_skipped = |session: &Arc<Session>| author.is_some_and(|a| Arc::ptr_eq(a, session));
        self.published.conversations.read(ticket, |c| {
            let push = |side| view::entry(c, directory, side, ticket, number).map(Push::Entry);
            if let Some(owner) = c.live.bot_lacking(number).filter(|owner| !is_skipped(owner))
                && let Some(push) = push(Side::Bot)
                && owner.push_entry(&push, received)
            {
                touched.push(Arc::clone(owner));
            }
            if c.live.agents_lacking(number).any(|session| !is_skipped(session))
                && let Some(push) = push(Side::Agent)
            {
                for session in c.live.agents_lacking(number).filter(|session| !is_skipped(session))
                {
                    if session.push_entry(&push, received) {
                        touched.push(Arc::clone(session));
                    }
                }
            }
        });
    }

    /// The last entry that the agent gets who had the ticket.
    fn lost(&mut self, directory: &Directory, ticket: TicketId, number: u32) {
        self.entry(directory, ticket, number, None);
        self.published.conversations.change(ticket, |c| c.live.clear_agents());
    }

    fn opened(&mut self, outcome: &Outcome, directory: &Directory, opened: &TicketOpened) {
        let asker = outcome
            .asker
            .session()
            .filter(|session| session.party == Party::Bot(opened.bot))
            .cloned();
        let inherited = || {
            let parent = opened.parent?;
            self.published.conversations.read(parent, |c| c.live.bot_owner().cloned())?
        };
        let owner = asker
            .or_else(inherited)
            .filter(|session| session.is_live())
            .or_else(|| self.sessions.newest_of_bot(outcome.tenant, opened.bot));
        self.published.conversations.give(opened.ticket, owner.as_ref(), |c| c.live.bot_follows(1));
        self.entry(directory, opened.ticket, 1, None);
    }

    fn assigned(&mut self, outcome: &Outcome, directory: &Directory, assigned: &Assigned) {
        self.entry(directory, assigned.ticket, assigned.number, None);
        let conversations = &self.published.conversations;
        // What was offered is the ticket, or the parent whose transfer the agent has accepted.
        let parent = conversations.read(assigned.ticket, |c| c.parent()).flatten();
        let accepted = [Some(assigned.ticket), parent]
            .into_iter()
            .flatten()
            .find(|ticket| conversations.take_offer(outcome.tenant, assigned.agent, *ticket));
        if let Some(ticket) = accepted {
            let push = Push::OfferEnded(OfferEnded { ticket, end: None });
            self.tell_agent(outcome.tenant, assigned.agent, &push);
        }
        let sessions = self.sessions.of_agent(outcome.tenant, assigned.agent);
        let sessions: Vec<_> =
            sessions.iter().filter(|session| !opens_with(outcome, session)).cloned().collect();
        let told = |c: &Conversation| c.told.list().to_vec();
        let told = self.published.conversations.read(assigned.ticket, told).unwrap_or_default();
        for session in sessions {
            let mut is_told = false;
            for told in &told {
                is_told |= session.push(&Push::Target(told.push(assigned.ticket)));
            }
            if start_agent(&self.published, directory, &session, assigned.ticket, 1) || is_told {
                self.touched.push(session);
            }
        }
    }

    fn offered(&mut self, outcome: &Outcome, directory: &Directory, offered: &Offered) {
        let offer = |c: &_| view::offer(c, directory, offered.ticket, offered.until);
        let Some(offer) = self.published.conversations.read(offered.ticket, offer) else { return };
        let push = Push::Offer(offer);
        for session in self.sessions.of_agent(outcome.tenant, offered.agent) {
            if !opens_with(outcome, session) && session.push(&push) {
                self.touched.push(Arc::clone(session));
            }
        }
    }

    fn progressed(&mut self, progressed: &Progressed) {
        let push = Push::Progress(Progress {
            ticket: progressed.ticket,
            delivered: progressed.delivered,
            read: progressed.read,
        });
        let touched = &mut self.touched;
        self.published.conversations.read(progressed.ticket, |c| match progressed.party {
            RoutingParty::Bot(_) => {
                for session in c.live.agents() {
                    if session.push(&push) {
                        touched.push(Arc::clone(session));
                    }
                }
            }
            RoutingParty::Agent(_) => {
                if let Some(owner) = c.live.bot_owner()
                    && owner.push(&push)
                {
                    touched.push(Arc::clone(owner));
                }
            }
        });
    }

    fn intent_set(&mut self, tenant: TenantId, set: &IntentSet) {
        let push = Push::Presence(Presence { intent: set.intent, reason: set.reason.clone() });
        self.tell_agent(tenant, set.agent, &push);
    }

    /// To who has the ticket, if somebody does.
    fn target_told(&mut self, tenant: TenantId, told: &TargetTold) {
        let TargetTold { ticket, which, state, due } = *told;
        let agent = self.published.conversations.read(ticket, |c| c.agent).flatten();
        if let Some(agent) = agent {
            self.tell_agent(tenant, agent, &Push::Target(Target { ticket, which, state, due }));
        }
    }

    /// The wrap-up of a ticket began.
    fn wraps(&mut self, tenant: TenantId, push: WrapUp) {
        let agent = self.published.conversations.read(push.ticket, |c| c.agent).flatten();
        if let Some(agent) = agent {
            self.tell_agent(tenant, agent, &Push::WrapUp(push));
        }
    }

    /// To every session of an agent.
    fn tell_agent(&mut self, tenant: TenantId, agent: AgentId, push: &Push) {
        for session in self.sessions.of_agent(tenant, agent) {
            if session.push(push) {
                self.touched.push(Arc::clone(session));
            }
        }
    }
}

/// Whether a session opens with this very record: then it has begun all its tickets, and was told the
/// offers that stand, already.
fn opens_with(outcome: &Outcome, session: &Arc<Session>) -> bool {
    let Asker::Opened { session: opened, .. } = &outcome.asker else { return false };
    Arc::ptr_eq(opened, session)
}
