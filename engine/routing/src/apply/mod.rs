//! The only place that changes state: one function per event, shared by live traffic and recovery.
//!
//! Nothing here decides, refuses, reads the seats or makes an event. An event carries what it
//! changes; what is derived (lines, counters, timers, what to match) follows here too, so that no
//! handler can forget it.

mod absence;
mod acceptance;
mod away;
mod callbacks;
mod contacts;
mod counters;
mod directory;
mod fairness;
mod hours;
mod lines;
mod messages;
mod notices;
mod offers;
mod overflow;
mod parking;
mod presence;
mod reach;
mod shares;
mod silence;
mod targets;
mod tickets;

use crate::Micros;
use crate::event::Event;
use crate::state::State;

impl State {
    /// Applies an event that has been decided or read from the log.
    pub(crate) fn apply(&mut self, now: Micros, event: &Event) {
        match event {
            Event::ObjectPut(e) => self.object_put(now, event, e),
            Event::ObjectDeleted(e) => self.object_deleted(now, event, e),
            Event::KeyCreated(_) | Event::KeyRevoked(_) => self.directory.apply(event),
            Event::Started(e) => self.started(now, *e),
            Event::Ready(e) => self.ready(*e),
            Event::BotReachable(e) => self.bot_reachable(now, e.bot, true),
            Event::BotUnreachable(e) => self.bot_reachable(now, e.bot, false),
            Event::AgentReachable(e) => self.agent_reachable(now, e.agent),
            Event::AgentGrace(e) => self.agent_grace(now, *e),
            Event::AgentUnreachable(e) => self.agent_unreachable(now, *e),
            Event::IntentSet(e) => self.intent_set(now, e),
            Event::AbsenceSet(e) => self.absence_set(event, e),
            Event::ContactBlocked(e) => self.contact_blocked(*e),
            Event::ContactUnblocked(e) => self.contact_unblocked(*e),
            Event::CallbackListed(e) => self.callback_listed(now, *e),
            Event::CallbackWished(e) => self.callback_wished(*e),
            Event::CallbackEnded(e) => self.callback_ended(*e),
            Event::TicketOpened(e) => self.ticket_opened(now, e),
            Event::HandOffRepeated(e) => self.hand_off_repeated(*e),
            // A refused hand-off leaves no trace in the state: it is counted from the record.
            Event::HandOffRejected(_) => {}
            Event::MessageStored(e) => self.message_stored(now, e),
            Event::ContactMessageStored(e) => self.contact_message_stored(*e),
            Event::Assigned(e) => self.assigned(now, *e),
            Event::Requeued(e) => self.requeued(now, *e),
            Event::Unreserved(e) => self.unreserved(now, *e),
            Event::Overflowed(e) => self.overflowed(now, *e),
            Event::Relaxed(e) => self.relaxed(now, *e),
            Event::Offered(e) => self.offered(now, *e),
            Event::OfferEnded(e) => self.offer_ended(now, *e),
            Event::Responding(e) => self.responding(*e),
            Event::TransferAsked(e) => self.transfer_asked(now, *e),
            Event::TransferEnded(e) => self.transfer_ended(now, *e),
            Event::Held(e) => self.held(now, *e),
            Event::Parked(e) => self.parked(now, *e),
            Event::Unparked(e) => self.unparked(now, *e),
            Event::CustomerAway(e) => self.customer_away(now, *e),
            Event::CustomerBack(e) => self.customer_back(now, *e),
            Event::Inactive(e) => self.inactive(now, e),
            Event::WrappedUp(e) => self.wrapped_up(now, e),
            Event::TargetMissed(e) => self.target_missed(*e),
            Event::Closed(e) => self.closed(now, e),
            Event::Progressed(e) => self.progressed(*e),
            Event::Answered(e) => self.idempotencies.remember(now, e),
            Event::Forgotten(e) => self.forgotten(*e),
            Event::QueueHours(e) => self.queue_hours(now, *e),
            Event::Notice(e) => self.notice(now, e),
            Event::QueueModeSet(e) => self.queue_mode_set(e),
            Event::TargetMoved(e) => self.target_moved(*e),
            Event::TargetTold(e) => self.target_told(*e),
        }
    }
}
