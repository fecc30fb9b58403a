//! Which sessions speak for whom, in the log's order.

use std::sync::Arc;

use relevo_routing::directory::Directory;
use relevo_wire::Answer;
use relevo_wire::answer::{TicketSummary, Welcome};
use relevo_wire::ids::{AgentId, BotId, RequestId, TenantId, TicketId};
use relevo_wire::limits;
use relevo_wire::push::{Push, Snapshot, WrapUp};
use relevo_wire::vocabulary::{Intent, TicketState};
use rustc_hash::FxHashMap;

use super::Published;
use super::conversation::Conversation;
use super::view::{self, Side};
use crate::session::outbox::CatchUp;
use crate::session::{Party, REVOKED, Session};

/// How long an idempotency key is kept, in seconds: protocol.
const IDEMPOTENCY_SECONDS: u32 = 24 * 3600;

/// Live sessions by who they speak for.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    agents: FxHashMap<(TenantId, AgentId), Vec<Arc<Session>>>,
    bots: FxHashMap<(TenantId, BotId), Vec<Arc<Session>>>,
    admins: Vec<Arc<Session>>,
}

impl Sessions {
    /// Sessions of an agent.
    pub(super) fn of_agent(&self, tenant: TenantId, agent: AgentId) -> &[Arc<Session>] {
        self.agents.get(&(tenant, agent)).map_or(&[], Vec::as_slice)
    }

    /// The newest session of a bot that can take a push. Where one ends others are likely to follow,
    /// and the newest comes last: what it is given seldom has to move again.
    pub(super) fn newest_of_bot(&self, tenant: TenantId, bot: BotId) -> Option<Arc<Session>> {
        self.bots.get(&(tenant, bot))?.iter().rfind(|session| session.is_live()).cloned()
    }

    /// Sessions that a credential opened.
    pub(super) fn with_key(&self, prefix: &str) -> Vec<Arc<Session>> {
        let all = self.agents.values().chain(self.bots.values()).flatten().chain(&self.admins);
        all.filter(|session| session.key_prefix == prefix).cloned().collect()
    }

    /// A session has opened: welcome, snapshot, and from here on what is new.
    pub(super) fn open(
        &mut self,
        published: &Published,
        session: &Arc<Session>,
        request: RequestId,
        intent: Option<Intent>,
        now: u64,
    ) {
        let key = session.tenant;
        match session.party {
            Party::Agent(agent) => {
                self.agents.entry((key, agent)).or_default().push(Arc::clone(session));
            }
            Party::Bot(bot) => {
                self.bots.entry((key, bot)).or_default().push(Arc::clone(session));
            }
            Party::Admin => self.admins.push(Arc::clone(session)),
        }
        let directories = published.directories.load();
        let directory = directories.tenant(session.tenant).cloned().unwrap_or_default();
        let tenant_name = directory.tenant_name().unwrap_or_default().to_owned();
        let own = self.own_tickets(published, session);
        let tickets = summaries(published, &directory, session, &own);
        let welcome = Answer::Welcome(Welcome {
            session: session.id,
            server: env!("CARGO_PKG_VERSION").to_owned(),
            role: session.role,
            tenant: tenant_name,
            name: session.name.clone(),
            now,
            intent,
            tickets: u32::try_from(tickets.len()).unwrap_or(u32::MAX),
            message_bytes: limits::MESSAGE_BYTES as u32,
            lanes: limits::LANES,
            idempotency_seconds: IDEMPOTENCY_SECONDS,
        });
        let mut first = Vec::new();
        session.codec.write_answer(&mut first, request, &welcome);
        let standing = standing(published, &directory, session, &tickets);
        let snapshot = snapshot(session, &tickets);
        session.outbox.begin(std::iter::once(first).chain(snapshot).chain(standing));
        if directories.key(&session.key_prefix).is_none() {
            // Revoked since its hello was read, when this session was not among those to send away.
            session.send_away(REVOKED, 0);
            return;
        }
        if let Party::Bot(_) = session.party {
            // Only now: who has a hint for whoever has the ticket appends it behind the welcome.
            for ticket in own {
                published.conversations.give(ticket, Some(session), |_| ());
            }
        }
        let resume =
            session.resume.lock().expect("nothing panics while it holds the cursors").take();
        for summary in &tickets {
            let cursor = resume.received(summary.ticket).unwrap_or(summary.confirmed);
            let next = cursor.min(summary.last) + 1;
            #[cfg(planted)]
            let next = if relevo_routing::planted::is(relevo_routing::planted::Bug::ResumeCursor) {
                next + u32::from(next > 1)
            } else {
                next
            };
            let catch_up = CatchUp { ticket: summary.ticket, next, live: true };
            if next > summary.last {
                // Nothing missed: live at once, without a turn of the writer.
                let chunk = published.chunk(&directory, session, catch_up, None);
                debug_assert!(chunk.frames.is_empty() && chunk.rest.is_none());
            } else {
                if next == 1 {
                    published.add_history(session, summary.ticket);
                }
                session.outbox.add_catch_up(catch_up);
            }
        }
    }

    /// Tickets of the party. A bot's session takes over those that no other live session has.
    fn own_tickets(&self, published: &Published, session: &Session) -> Vec<TicketId> {
        let conversations = &published.conversations;
        let tenant = session.tenant;
        match session.party {
            Party::Agent(agent) => conversations.of_agent(tenant, agent),
            Party::Bot(bot) => {
                let of_owner = |owner| conversations.of_owner(tenant, bot, owner);
                let of_bot = self.bots.get(&(tenant, bot)).into_iter().flatten();
                // Not live and here: it has ended, and the log does not say so yet.
                let ended = of_bot.filter(|other| !other.is_live()).map(|other| Some(other.id));
                let mut tickets: Vec<_> = ended.chain([None]).flat_map(of_owner).collect();
                tickets.sort_unstable();
                tickets
            }
            Party::Admin => Vec::new(),
        }
    }

    /// A session is gone: what it had goes to another session of the same party. Gives back the
    /// sessions to wake.
    pub(super) fn remove(
        &mut self,
        published: &Published,
        session: &Arc<Session>,
    ) -> Vec<Arc<Session>> {
        let mut touched = Vec::new();
        match session.party {
            Party::Agent(agent) => {
                remove_from(&mut self.agents, (session.tenant, agent), session);
                for ticket in published.conversations.of_agent(session.tenant, agent) {
                    published.conversations.change(ticket, |c| {
                        c.live.remove_agent(session);
                    });
                }
            }
            Party::Bot(bot) => {
                remove_from(&mut self.bots, (session.tenant, bot), session);
                let heir = self.newest_of_bot(session.tenant, bot);
                let owner = Some(session.id);
                for ticket in published.conversations.of_owner(session.tenant, bot, owner) {
                    hand_on(published, heir.as_ref(), ticket);
                }
                touched.extend(heir);
            }
            Party::Admin => self.admins.retain(|other| !Arc::ptr_eq(other, session)),
        }
        touched
    }
}

fn remove_from<K: std::hash::Hash + Eq>(
    map: &mut FxHashMap<K, Vec<Arc<Session>>>,
    key: K,
    session: &Arc<Session>,
) {
    if let Some(sessions) = map.get_mut(&key) {
        sessions.retain(|other| !Arc::ptr_eq(other, session));
        if sessions.is_empty() {
            map.remove(&key);
        }
    }
}

fn hand_on(published: &Published, heir: Option<&Arc<Session>>, ticket: TicketId) {
    published.conversations.give(ticket, heir, |c| {
        if let Some(heir) = heir {
            let next = c.bot_progress.delivered + 1;
            heir.outbox.add_catch_up(CatchUp { ticket, next, live: true });
        }
    });
}

/// Those of the tickets that are open, and closed ones with entries that the party has not confirmed.
fn summaries(
    published: &Published,
    directory: &Directory,
    session: &Session,
    tickets: &[TicketId],
) -> Vec<TicketSummary> {
    let summary = |ticket: &TicketId| {
        let ticket = *ticket;
        published.conversations.read(ticket, |c| match session.party {
            Party::Bot(_) => summarize(c, directory, ticket, Side::Bot, c.bot_progress.delivered),
            Party::Agent(_) | Party::Admin => {
                summarize(c, directory, ticket, Side::Agent, c.agent_progress.delivered)
            }
        })?
    };
    tickets.iter().filter_map(summary).collect()
}

fn summarize(
    c: &Conversation,
    directory: &Directory,
    ticket: TicketId,
    side: Side,
    confirmed: u32,
) -> Option<TicketSummary> {
    let is_over = match (c.state, side) {
        (TicketState::Closed, _) | (TicketState::Wrapping, Side::Bot) => true,
        (_, Side::Bot | Side::Agent) => false,
    };
    if is_over && confirmed >= c.last() {
        return None;
    }
    Some(TicketSummary {
        ticket,
        bot: view::bot_name(directory, c.bot),
        queue: view::queue_name(directory, c.queue),
        state: if is_over { TicketState::Closed } else { c.state },
        epoch: c.epoch,
        last: c.last(),
        confirmed,
    })
}

/// What an agent's session is told after the snapshot: for which bots it is away, offers that stand,
/// what is wrapped up, and which targets are at risk or missed.
fn standing(
    published: &Published,
    directory: &Directory,
    session: &Session,
    tickets: &[TicketSummary],
) -> Vec<Vec<u8>> {
    let Party::Agent(agent) = session.party else { return Vec::new() };
    let conversations = &published.conversations;
    let offers = conversations.offers_of(session.tenant, agent).into_iter();
    let offers = offers.filter_map(|(ticket, until)| {
        conversations.read(ticket, |c| Push::Offer(view::offer(c, directory, ticket, until)))
    });
    let wrapping = tickets.iter().filter(|summary| summary.state == TicketState::Wrapping);
    let wrapping = wrapping.filter_map(|summary| {
        let ticket = summary.ticket;
        let (until, untagged) = conversations.read(ticket, |c| (c.wraps_until, c.untagged))?;
        Some(Push::WrapUp(WrapUp { ticket, until: Some(until), untagged }))
    });
    let encode = |push: Push| {
        let mut piece = Vec::new();
        session.codec.write_push(&mut piece, &push);
        piece
    };
    let absences = directory.absences_of(agent);
    let absences =
        absences.map(|(bot, absence)| Push::Absence(view::absence(directory, bot, Some(absence))));
    let told = |summary: &TicketSummary| {
        let ticket = summary.ticket;
        let told = conversations.read(ticket, |c| c.told.list().to_vec()).unwrap_or_default();
        told.into_iter().map(move |told| Push::Target(told.push(ticket)))
    };
    let targets = tickets.iter().flat_map(told);
    absences.chain(offers).chain(wrapping).chain(targets).map(encode).collect()
}

fn snapshot(session: &Session, tickets: &[TicketSummary]) -> Vec<Vec<u8>> {
    let encode = |tickets: &[TicketSummary], last| {
        let mut piece = Vec::new();
        let push = Push::Snapshot(Snapshot { tickets: tickets.to_vec(), last });
        session.codec.write_push(&mut piece, &push);
        piece
    };
    if tickets.is_empty() {
        return vec![encode(&[], true)];
    }
    let parts = tickets.chunks(limits::SNAPSHOT_TICKETS_PER_FRAME);
    let count = parts.len();
    parts.enumerate().map(|(at, part)| encode(part, at + 1 == count)).collect()
}
