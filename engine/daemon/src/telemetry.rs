//! Where the pipeline meets the metrics.
//!
//! Publish counts what is durable, sessions count what they refuse. Samples of one group are handed
//! over together, so that a lock is taken once a group and not once a message.

use std::sync::Arc;
use std::time::Instant;

use relevo_routing::Event;
use relevo_routing::directory::Directory;
use relevo_routing::event::{NoticeStep, ObjectDeleted, ObjectPut};
use relevo_wire::directory::{Object, ObjectRef};
use relevo_wire::ids::{QueueId, TenantId, TicketId};
use relevo_wire::{Answer, ErrorCode};

use crate::metrics::{CommandName, Metrics, Phase, QueueEntry, SessionEnd, TicketFacts};
use crate::publish::conversation::Conversation;
use crate::publish::outcome::Outcome;
use crate::publish::{Before, GroupFigures, Observer, Published};
use crate::views::Views;

/// Counts what publish makes visible.
#[derive(Debug)]
pub struct Telemetry {
    metrics: Arc<Metrics>,
    views: Arc<Views>,
    notified_ns: Vec<u64>,
}

impl Telemetry {
    /// Counts into `metrics`, and tickets by state into `views`.
    #[must_use]
    pub fn new(metrics: Arc<Metrics>, views: Arc<Views>) -> Self {
        Self { metrics, views, notified_ns: Vec::new() }
    }

    /// Tells the metrics of a queue made, changed or deleted. The published directory already has
    /// the whole group's changes.
    fn queue_changed(&self, published: &Published, tenant: TenantId, event: &Event) {
        if let Event::ObjectPut(ObjectPut { id, object, .. }) = event
            && let Object::Queue(_) = **object
        {
            let directories = published.directories.load();
            let directory = directories.tenant(tenant);
            if let Some(entry) = directory.and_then(|own| queue_entry(tenant, own, QueueId(*id))) {
                self.metrics.contact_center().put_queue(entry);
            }
        } else if let Event::ObjectDeleted(ObjectDeleted {
            id, object: ObjectRef::Queue(..), ..
        }) = event
        {
            self.metrics.contact_center().remove_queue(tenant, QueueId(*id));
        }
    }
}

impl Observer for Telemetry {
    fn before(&mut self, published: &Published, outcome: &Outcome, event: &Event) {
        let facts = ticket_of(event).and_then(|ticket| published.conversations.read(ticket, facts));
        self.metrics.observe(outcome.tenant, outcome.now, event, facts);
        self.queue_changed(published, outcome.tenant, event);
    }

    fn after(&mut self, published: &Published, event: &Event, before: Before) {
        if let Some(ticket) = ticket_of(event) {
            published.conversations.read(ticket, |c| {
                self.views.count_state(c, before.state, Some(c.state));
            });
        }
    }

    fn answered(&mut self, name: CommandName, answer: &Answer) {
        let error = if let Answer::Error(error) = answer { Some(error.code) } else { None };
        answered(&self.metrics, name, error);
    }

    fn outcome(&mut self, outcome: &Outcome) {
        let took = || nanos(outcome.received.elapsed());
        let any = |of: fn(&Event) -> bool| outcome.events.iter().any(of);
        // A hand-off that found an agent at once: a later assignment is another command's doing.
        if any(|event| matches!(event, Event::TicketOpened(_)))
            && any(|event| matches!(event, Event::Assigned(_)))
        {
            self.notified_ns.push(took());
        }
    }

    fn group(&mut self, figures: &GroupFigures) {
        self.metrics.record(Phase::HandOffNotified, &self.notified_ns);
        self.notified_ns.clear();
        // Also groups of nothing but parts of a large record.
        if figures.bytes > 0 {
            self.metrics.record(Phase::Commit, &[nanos(figures.commit)]);
            self.metrics.record(Phase::Fsync, &[nanos(figures.sync)]);
            self.metrics.engine().group_durable(figures.records as u64, figures.bytes as u64);
        }
    }
}

fn facts(conversation: &Conversation) -> TicketFacts {
    TicketFacts {
        queue: conversation.queue,
        test: conversation.test,
        assigned_before: conversation.had_agent,
        target_missed: conversation.target_missed,
    }
}

/// The ticket that an event is about.
#[must_use]
pub fn ticket_of(event: &Event) -> Option<TicketId> {
    match event {
        Event::TicketOpened(e) => Some(e.ticket),
        Event::HandOffRepeated(e) => Some(e.ticket),
        Event::MessageStored(e) => Some(e.ticket),
        Event::Assigned(e) => Some(e.ticket),
        Event::Requeued(e) => Some(e.ticket),
        Event::Unreserved(e) => Some(e.ticket),
        Event::Relaxed(e) => Some(e.ticket),
        Event::Offered(e) => Some(e.ticket),
        Event::OfferEnded(e) => Some(e.ticket),
        Event::Held(e) => Some(e.ticket),
        Event::TransferAsked(e) => Some(e.ticket),
        Event::TransferEnded(e) => Some(e.ticket),
        Event::Parked(e) => Some(e.ticket),
        Event::Unparked(e) => Some(e.ticket),
        Event::CustomerAway(e) => Some(e.ticket),
        Event::CustomerBack(e) => Some(e.ticket),
        Event::Inactive(e) => Some(e.ticket),
        Event::WrappedUp(e) => Some(e.ticket),
        Event::Overflowed(e) => Some(e.ticket),
        Event::TargetMissed(e) => Some(e.ticket),
        Event::Closed(e) => Some(e.ticket),
        Event::Progressed(e) => Some(e.ticket),
        Event::Forgotten(e) => Some(e.ticket),
        Event::TargetMoved(e) => Some(e.ticket),
        Event::TargetTold(e) => Some(e.ticket),
        Event::Notice(e) => match e.step {
            NoticeStep::Told { ticket, .. } => Some(ticket),
            NoticeStep::Begun(_) | NoticeStep::Ended => None,
        },
        Event::ObjectPut(_)
        | Event::ObjectDeleted(_)
        | Event::KeyCreated(_)
        | Event::KeyRevoked(_)
        | Event::Started(_)
        | Event::Ready(_)
        | Event::BotReachable(_)
        | Event::BotUnreachable(_)
        | Event::AgentReachable(_)
        | Event::AgentGrace(_)
        | Event::AgentUnreachable(_)
        | Event::IntentSet(_)
        | Event::AbsenceSet(_)
        | Event::ContactBlocked(_)
        | Event::ContactUnblocked(_)
        | Event::CallbackListed(_)
        | Event::CallbackWished(_)
        | Event::CallbackEnded(_)
        | Event::HandOffRejected(_)
        | Event::ContactMessageStored(_)
        | Event::Responding(_)
        | Event::Answered(_)
        | Event::QueueHours(_)
        | Event::QueueModeSet(_) => None,
    }
}

fn nanos(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Nanoseconds since an instant.
#[must_use]
pub fn nanos_since(instant: Instant) -> u64 {
    nanos(instant.elapsed())
}

/// Every queue of the directory, as the metrics choose their series from.
#[must_use]
pub fn queue_entries(published: &Published) -> Vec<QueueEntry> {
    let directories = published.directories.load();
    let mut entries = Vec::new();
    for (tenant, directory) in directories.tenants() {
        let queues = directory.queues();
        entries.extend(queues.filter_map(|(queue, _)| queue_entry(*tenant, directory, queue)));
    }
    entries
}

fn queue_entry(tenant: TenantId, directory: &Directory, queue: QueueId) -> Option<QueueEntry> {
    let object = &directory.queue(queue)?.object;
    Some(QueueEntry {
        tenant,
        tenant_name: directory.tenant_name().unwrap_or_default().to_owned(),
        bot: directory.queue_bot(queue)?,
        bot_name: object.bot.clone(),
        queue,
        queue_name: object.name.clone(),
        own_metrics: object.own_metrics,
        threshold_seconds: object.threshold_seconds,
    })
}

/// Why a session ended, as the metrics name it.
#[must_use]
pub fn session_end(reason: &str) -> SessionEnd {
    SessionEnd::ALL.into_iter().find(|end| end.name() == reason).unwrap_or(SessionEnd::Internal)
}

/// Messages that were read at these times have been written to their receiver.
pub fn relayed(metrics: &Metrics, received: &[Instant]) {
    if !received.is_empty() {
        let now = Instant::now();
        let took = |read: &Instant| nanos(now.saturating_duration_since(*read));
        metrics.record(Phase::Relay, &received.iter().map(took).collect::<Vec<_>>());
    }
}

/// Counts a command by its answer: that of an error, or well.
pub fn answered(metrics: &Metrics, name: CommandName, error: Option<ErrorCode>) {
    metrics.hot().lane().command(name, error);
}

/// Counts a refusal that saw no routing state.
pub fn rejected(metrics: &Metrics, code: ErrorCode) {
    metrics.hot().lane().rejected(code);
}
