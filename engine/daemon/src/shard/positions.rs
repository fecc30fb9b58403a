//! Passes places in line on to the bots whose customers wait: hints, which no log holds.

use std::sync::Arc;

use relevo_wire::push::{Position, Push};

use crate::publish::Published;

/// Appends each place to the session of the bot that has its ticket.
pub(super) fn push(published: &Published, positions: Vec<Position>) {
    let mut touched = Vec::new();
    for position in positions {
        published.conversations.read(position.ticket, |c| {
            let Some(owner) = c.live.bot_owner() else { return };
            if owner.hint(&Push::Position(position.clone())) {
                touched.push(Arc::clone(owner));
            }
        });
    }
    for owner in touched {
        owner.outbox.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::conversations::{Conversations, Record};
    use crate::session::buffers::Buffers;
    use crate::session::outbox::{OUTBOX_BYTES, ROOM_BYTES, Work};
    use crate::session::{Codec, Party, Resume, Session};
    use arc_swap::ArcSwap;
    use bytes::Bytes;
    use relevo_journal::{GroupNumber, Place};
    use relevo_routing::Event;
    use relevo_routing::event::{Routed, TicketOpened};
    use relevo_wire::ids::{BotId, ContactKey, QueueId, SessionId, TenantId, TicketId};
    use relevo_wire::vocabulary::{HandOffReason, Language, Role, Via};

    const TENANT: TenantId = TenantId(1);
    const PLACE: Position = Position { ticket: TicketId(7), position: 2, estimated_wait: None };

    fn session() -> Arc<Session> {
        let (id, party) = (SessionId(1), Party::Bot(BotId(0)));
        let (name, key) = ("shop".to_owned(), String::new());
        let (buffers, codec) = (Buffers::new(64 * OUTBOX_BYTES), Codec::Json);
        let resume = Resume::new(&buffers);
        let role = Role::Bot;
        Arc::new(Session::new(&buffers, id, TENANT, party, role, name, key, codec, resume, None))
    }

    /// One waiting ticket that this session has.
    fn published(owner: &Arc<Session>) -> Published {
        let conversations = Conversations::new(0);
        let opened = TicketOpened {
            ticket: PLACE.ticket,
            bot_number: 1,
            bot: BotId(0),
            contact: ContactKey(1),
            queue: QueueId(0),
            via: Via::HandOff,
            reason: HandOffReason::Requested,
            priority: 0,
            demand: None,
            test: false,
            position_updates: true,
            language: Language::En,
            parent: None,
            reserved: None,
            excluded: None,
            arrived: 0,
            first_waiting_since: 0,
            waited_us: 0,
            target_at: None,
            answered_before: false,
            epoch: 1,
            bytes: 0,
            private: false,
            overflowed: None,
            routed: Routed::default(),
        };
        let place = Place { group: GroupNumber(1), index: 0 };
        let record = Record { tenant: TENANT, now: 0, place, events: &[], private: &Bytes::new() };
        conversations.apply_event(record, &Event::TicketOpened(opened));
        conversations.give(PLACE.ticket, Some(owner), |_| ());
        Published { conversations, directories: ArcSwap::default() }
    }

    #[test]
    fn a_place_goes_to_the_session_that_has_the_ticket() {
        let (owner, other) = (session(), session());
        let published = published(&owner);
        let unknown = Position { ticket: TicketId(8), position: 1, estimated_wait: None };
        push(&published, vec![unknown, PLACE]);
        let mut line = Vec::new();
        Codec::Json.write_push(&mut line, &Push::Position(PLACE));
        assert_eq!(owner.outbox.take(), Work::Frames(line.into()));
        assert!(owner.push(&Push::Position(PLACE)), "the writer was woken");
        assert_eq!(other.outbox.take(), Work::Idle);
    }

    #[test]
    fn a_bot_that_takes_nothing_is_no_slow_consumer_for_its_hints() {
        let owner = session();
        let published = published(&owner);
        for _ in 0..100 {
            push(&published, vec![PLACE; 512]);
        }
        assert_eq!(owner.outbox.ended(), None);
        let gathered = owner.outbox.len_bytes();
        assert!((ROOM_BYTES..ROOM_BYTES + 256).contains(&gathered), "{gathered}");
    }
}
