//! A sample of every push.

use super::*;

pub(super) fn pushes() -> Vec<Push> {
    let events = vec![
        EntryEvent::Empty(Empty {}),
        EntryEvent::HandedOff(HandedOff {
            bot: "shop".into(),
            queue: "sales".into(),
            reason: HandOffReason::Requested,
            priority: 100,
            parent: None,
            note: String::new(),
            details: Some(Packed::new(&details())),
        }),
        EntryEvent::Message(Message {
            author: Author::Agent,
            agent: Some("ana".into()),
            body: Packed::new(&Body::text("Hello, how can I help?")),
        }),
        EntryEvent::Assigned(Assigned { agent: "ana".into(), epoch: 2 }),
        EntryEvent::Requeued(Requeued {
            agent: "ana".into(),
            reason: RequeueReason::AgentGone,
            epoch: 3,
        }),
        EntryEvent::Transferred(Transferred {
            from: "shop/sales".into(),
            to: "support".into(),
            child: child(),
            epoch: 3,
        }),
        EntryEvent::Returned(Returned {
            reason: CloseReason::Agent,
            outcome: Outcome::Attended,
            tags: vec!["refund".into()],
            epoch: 3,
            reopen_until: Some(AT + 600_000_000),
        }),
        EntryEvent::Held(Held { on: true }),
        EntryEvent::Inactive(Inactive {
            silent: Silent::Customer,
            text: "are you still there?".into(),
        }),
        EntryEvent::TransferAsked(TransferAsked {
            to: "billing".into(),
            seconds: 30,
            note: "wants a refund".into(),
            end: None,
        }),
        EntryEvent::TransferAsked(TransferAsked {
            to: String::new(),
            seconds: 0,
            note: String::new(),
            end: Some(TransferEnd::Declined),
        }),
        EntryEvent::Parked(Parked { until: AT + 600_000_000 }),
        EntryEvent::Unparked(Unparked { agent: "ana".into(), cause: UnparkCause::Customer }),
    ];
    let entries = events.into_iter().zip(1..).map(|(event, number)| {
        Push::Entry(Entry { ticket: ticket(), number, at: AT + u64::from(number), event })
    });
    let others = [
        Push::Snapshot(Snapshot { tickets: vec![summary()], last: true }),
        Push::Progress(Progress { ticket: ticket(), delivered: 14, read: 12 }),
        Push::Typing(TypingPush { ticket: ticket(), author: Author::Customer }),
        Push::Position(Position { ticket: ticket(), position: 3, estimated_wait: Some(WAIT) }),
        Push::Presence(Presence { intent: Intent::Offline, reason: "expired".into() }),
        Push::GoAway(GoAway { reason: "draining".into(), reconnect_after_ms: 1500 }),
        Push::Offer(Offer {
            ticket: ticket(),
            bot: "shop".into(),
            queue: "sales".into(),
            reason: HandOffReason::Requested,
            priority: 100,
            until: AT + 20_000_000,
        }),
        Push::OfferEnded(OfferEnded { ticket: ticket(), end: Some(OfferEnd::Missed) }),
        Push::WrapUp(WrapUp { ticket: ticket(), until: Some(AT + 30_000_000), untagged: true }),
        Push::Absence(Absence {
            bot: "shop".into(),
            on: true,
            text: "back on Monday".into(),
            colleague: Some("bea".into()),
        }),
        Push::Target(Target {
            ticket: ticket(),
            which: TicketTarget::FirstResponse,
            state: TargetState::AtRisk,
            due: AT + 12_000_000,
        }),
    ];
    entries.chain(others).collect()
}
