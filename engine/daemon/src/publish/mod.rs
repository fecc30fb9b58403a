//! Publish: what is durable becomes visible, in the log's order.
//!
//! ```text
//! committed group ─► projections (conversations, directory) ─► answers, entries ─► outboxes
//! ```
//! The journal's writer drives it, between two commits: a thread of its own would be one more wake-up
//! for each group, and while publish works the next group fills. It refuses nothing, drops nothing
//! and never waits for an outbox.

mod bodies;
pub mod catch_up;
pub(crate) mod contacts;
pub mod conversation;
pub mod conversations;
pub mod directory;
mod entries;
mod index;
pub mod live;
pub mod load;
pub mod outcome;
pub(crate) mod saved;
mod sessions;
mod table;
pub mod targets;
#[cfg(test)]
pub(crate) mod tests;
pub mod view;

use std::sync::Arc;

use arc_swap::ArcSwap;
use relevo_journal::{Group, Place};
use relevo_routing::{Event, Reply};
use relevo_wire::Answer;
use relevo_wire::vocabulary::TicketState;

use crate::metrics::CommandName;
use crate::session::command::done;
use crate::session::{REVOKED, Session};
use crate::telemetry::ticket_of;
use conversations::{Conversations, Record};
use directory::Directories;
use outcome::{Asker, Outcome};
use sessions::Sessions;

/// What publish shares with the sessions.
#[derive(Debug)]
pub struct Published {
    /// Resumable conversations.
    pub conversations: Conversations,
    /// Directories of all tenants.
    pub directories: ArcSwap<Directories>,
}

/// What was true of a ticket before an event.
#[derive(Debug, Clone, Copy, Default)]
pub struct Before {
    /// Its state; `None` when it did not exist.
    pub state: Option<TicketState>,
}

/// Is told of every durable event, once, in order: the metrics.
pub trait Observer: Send {
    /// An event is about to change the projections.
    fn before(&mut self, published: &Published, outcome: &Outcome, event: &Event);
    /// It has changed them.
    fn after(&mut self, published: &Published, event: &Event, before: Before);
    /// A command has its answer; one that has none went well.
    fn answered(&mut self, name: CommandName, answer: &Answer);
    /// All of a record is visible.
    fn outcome(&mut self, outcome: &Outcome);
    /// All of a group is visible.
    fn group(&mut self, group: &GroupFigures);
}

/// Figures of a committed group.
#[derive(Debug, Clone, Copy)]
pub struct GroupFigures {
    /// Records in it.
    pub records: usize,
    /// Its bytes in the log.
    pub bytes: usize,
    /// Number of the last durable record.
    pub last_record: u64,
    /// From the start of the insert to durable.
    pub commit: std::time::Duration,
    /// The `fdatasync` alone.
    pub sync: std::time::Duration,
}

/// The state of publish.
pub struct Publisher<O> {
    published: Arc<Published>,
    sessions: Sessions,
    touched: Vec<Arc<Session>>,
    lanes: Vec<Arc<crate::session::outbox::Outbox>>,
    observer: O,
}

impl<O: Observer> Publisher<O> {
    /// Publishes into `published`, telling `observer`.
    #[must_use]
    pub fn new(published: Arc<Published>, observer: O) -> Self {
        Self {
            published,
            sessions: Sessions::default(),
            touched: Vec::new(),
            lanes: Vec::new(),
            observer,
        }
    }

    /// Makes a committed group visible.
    pub fn group(&mut self, group: Group<Outcome>) {
        let figures = GroupFigures {
            records: group.deliveries.iter().filter(|d| d.place.is_some()).count(),
            bytes: group.bytes,
            last_record: group.last_record.0,
            commit: group.commit,
            sync: group.sync,
        };
        directory::publish_changes(
            &self.published.directories,
            group.deliveries.iter().flat_map(|delivery| {
                let tenant = delivery.payload.tenant;
                delivery.payload.events.iter().map(move |event| (tenant, event))
            }),
        );
        for delivery in group.deliveries {
            self.outcome(delivery.place, delivery.payload);
        }
        for session in self.touched.drain(..) {
            session.outbox.wake();
        }
        for lane in self.lanes.drain(..) {
            lane.wake();
        }
        self.observer.group(&figures);
    }

    fn outcome(&mut self, place: Option<Place>, mut outcome: Outcome) {
        if let Some(place) = place {
            self.apply(place, &outcome);
        }
        self.reply(&mut outcome);
        self.entries(&outcome);
        // Only now: whoever is live has the bodies of this record.
        self.published.conversations.keep_body_budget();
        if let Asker::Lost(session) = &outcome.asker {
            let touched = self.sessions.remove(&self.published, session);
            self.touched.extend(touched);
        }
        self.observer.outcome(&outcome);
        // The permit returns here, with everything passed on.
    }

    fn apply(&mut self, place: Place, outcome: &Outcome) {
        let conversations = &self.published.conversations;
        let record = Record {
            tenant: outcome.tenant,
            now: outcome.now,
            place,
            events: &outcome.events,
            private: &outcome.private,
        };
        for event in &outcome.events {
            let state = ticket_of(event).and_then(|ticket| conversations.read(ticket, |c| c.state));
            self.observer.before(&self.published, outcome, event);
            conversations.apply_event(record, event);
            self.observer.after(&self.published, event, Before { state });
        }
    }

    fn reply(&mut self, outcome: &mut Outcome) {
        let reply = match (&outcome.asker, outcome.reply.take()) {
            (_, Some(reply)) => reply,
            // An admin's session: the core has nothing to say about it.
            (Asker::Opened { .. }, None) => Reply::Opened { intent: None },
            // Without an answer it went well, or changed nothing.
            (Asker::Silent { .. }, None) => Reply::Answer(done()),
            (_, None) => return,
        };
        match (&mut outcome.asker, reply) {
            (Asker::Request { session, lane, request, name, beside }, Reply::Answer(answer)) => {
                let answer = match beside.take() {
                    Some(beside) => beside.join(answer),
                    None => answer,
                };
                self.observer.answered(*name, &answer);
                if lane.append(|out| session.codec.write_answer(out, *request, &answer)) {
                    self.lanes.push(Arc::clone(lane));
                }
            }
            (Asker::Silent { name, .. }, Reply::Answer(answer)) => {
                self.observer.answered(*name, &answer);
            }
            (Asker::Opened { session, request }, Reply::Opened { intent }) => {
                self.observer.answered(CommandName::Hello, &done());
                self.sessions.open(&self.published, session, *request, intent, outcome.now);
                self.touched.push(Arc::clone(session));
            }
            (Asker::Opened { session, request }, Reply::Answer(answer)) => {
                // The bot or agent was removed while its session opened.
                let request = *request;
                self.observer.answered(CommandName::Hello, &answer);
                session.outbox.append(|out| session.codec.write_answer(out, request, &answer));
                session.send_away(REVOKED, 0);
            }
            (asker @ Asker::Daemon(_), Reply::Answer(answer)) => {
                answer_daemon(asker, answer);
            }
            (
                Asker::Request { .. } | Asker::Silent { .. } | Asker::Daemon(_),
                Reply::Opened { .. },
            )
            | (Asker::Lost(_) | Asker::Nobody, _) => {}
        }
    }
}

fn answer_daemon(asker: &mut Asker, answer: Answer) {
    if let Asker::Daemon(sender) = std::mem::replace(asker, Asker::Nobody) {
        // The daemon may have stopped waiting: then nobody needs the answer.
        drop(sender.send(answer));
    }
}
