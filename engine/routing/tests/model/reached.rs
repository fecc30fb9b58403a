//! What the random actions have come to: a run that never comes to something proves nothing of it.

use relevo_routing::event::{Assigned, Closed, TicketOpened, WrappedUp};
use relevo_routing::{Event, Reply, Step, texts};
use relevo_wire::answer::Answer;
use relevo_wire::vocabulary::{CloseReason, Language, Text};
use std::collections::BTreeMap;

/// What some hundred cases come to.
pub(crate) const EXPECTED: &[&str] = &[
    "AbsenceSet",
    "AgentGrace",
    "AgentReachable",
    "AgentUnreachable",
    "Answered",
    "Assigned",
    "BotReachable",
    "BotUnreachable",
    "CallbackEnded Displaced",
    "CallbackEnded Expired",
    "CallbackEnded Served",
    "CallbackListed No",
    "CallbackListed NotAsked",
    "CallbackListed Yes",
    "CallbackWished",
    "Closed AbandonedAnswered None",
    "Closed AbandonedUnanswered None",
    "Closed AbandonedUnanswered Some(LostInTarget)",
    "Closed AbandonedUnanswered Some(LostShort)",
    "Closed Attended None",
    "Closed Lost None",
    "Closed Lost Some(LostInTarget)",
    "Closed Lost Some(LostShort)",
    "Closed TakenBack Some(Missed)",
    "Closed Transferred None",
    "Closed Unserved None",
    "Closed Unserved Some(Missed)",
    "ContactBlocked",
    "ContactMessageStored",
    "ContactUnblocked false",
    "ContactUnblocked true",
    "Forgotten",
    "HandOffRejected Inactive",
    "HandOffRejected NoAgent",
    "HandOffRejected QueueFull",
    "HandOffRejected OutOfHours",
    "HandOffRejected Blocked",
    "HandOffRepeated",
    "Inactive Agent",
    "Inactive Customer",
    "IntentSet Invisible Login",
    "IntentSet Offline Agent",
    "IntentSet Offline Expired",
    "KeyCreated",
    "KeyRevoked",
    "MessageStored Agent",
    "MessageStored Bot",
    "MessageStored Customer",
    "ObjectDeleted",
    "ObjectPut",
    "Overflowed NobodyOnline",
    "Overflowed Timeout",
    "CustomerAway Some(LostInTarget)",
    "CustomerAway Some(LostShort)",
    "CustomerAway None",
    "CustomerBack",
    "back with an agent at once",
    "back from an agent's line",
    "back in another ring",
    "back and on to another queue",
    "back by a hand-off",
    "lost after a while",
    "Parked",
    "Progressed",
    "Held true",
    "Held false",
    "OfferEnded Declined",
    "OfferEnded Missed",
    "OfferEnded Closed",
    "OfferEnded Taken",
    "OfferEnded Withdrawn",
    "Offered",
    "QueueHours false",
    "QueueHours true",
    "Notice Begun",
    "Notice Ended",
    "Notice Told",
    "QueueModeSet Closed",
    "QueueModeSet Drain",
    "QueueModeSet Open",
    "Ready",
    "Relaxed",
    "Requeued AgentGone",
    "Requeued AgentInactivity",
    "Responding",
    "Started",
    "TransferAsked agent false",
    "TransferAsked agent true",
    "TransferEnded Declined",
    "TransferEnded GiverGone",
    "TransferEnded Missed",
    "TransferEnded Restarted",
    "TransferEnded Unavailable",
    "TransferEnded Withdrawn",
    "accepted a transfer",
    "TargetMissed",
    "TargetMoved",
    "TargetTold FirstResponse AtRisk",
    "TargetTold FirstResponse Missed",
    "TargetTold NextResponse AtRisk",
    "TargetTold NextResponse Missed",
    "TargetTold Resolution AtRisk",
    "TargetTold Resolution Missed",
    "TicketOpened HandOff reserved false",
    "TicketOpened HandOff reserved true",
    "TicketOpened Reopen reserved true",
    "TicketOpened Transfer reserved false",
    "TicketOpened Transfer reserved true",
    "Unparked Agent",
    "Unparked Customer",
    "Unparked Time",
    "Unreserved",
    "WrappedUp AgentGone",
    "WrappedUp Done",
    "WrappedUp Limit",
    "wrapped up untagged",
    "told in En",
    "told in Es",
    "told in PtBr",
    "told the hand-off's words",
    "told the queue's words",
    "accepted",
    "accepted instead of who is away",
    "a wait was told, longer false",
    "a wait was told, longer true",
    "accepted again",
    "accepted with an estimate",
    "applied one",
    "applied several",
    "closed as ClientInactivity",
    "closed as Expired",
    "closed as NoAgent",
    "closed as OutOfHours",
    "done",
    "explained",
    "explained by a share",
    "forbidden to",
    "held_by_other ticket",
    "idempotency_conflict idempotency_key",
    "limit_exceeded ",
    "limit_exceeded body",
    "limit_exceeded contact",
    "limit_exceeded guaranteed_share",
    "limit_exceeded members",
    "limit_exceeded tags",
    "limit_exceeded ticket",
    "limit_exceeded until",
    "malformed guaranteed_share",
    "malformed hours",
    "malformed members",
    "malformed name",
    "malformed offer_agents",
    "malformed skills",
    "malformed tags",
    "malformed until",
    "next",
    "no_seat ",
    "not_found contact",
    "not_found changes[1].object.queue.members",
    "not_found members",
    "not_found object",
    "not_found overflow.to",
    "not_found queue",
    "not_found to",
    "nothing_waiting ",
    "preferred LastAgent reserved false",
    "preferred LastAgent reserved true",
    "preferred Named reserved true",
    "opened elsewhere Full",
    "opened elsewhere NobodyOnline",
    "opened elsewhere OutOfHours",
    "opened",
    "rejected",
    "sent Agent",
    "sent Bot",
    "sent Queue",
    "sent Reopened",
    "stale_epoch epoch",
    "targets",
    "transferred",
    "version_conflict changes[0].if_version",
    "version_conflict changes[1].if_version",
    "version_conflict if_version",
    "wrong_state ",
    "wrong_state changes[1].object",
    "wrong_state object",
    "wrong_state overflow.to",
    "wrong_state queue",
    "wrong_state ticket",
    "wrong_state to",
];

/// How often each kind of event and answer came.
#[derive(Debug, Default)]
pub(crate) struct Reached(pub(crate) BTreeMap<String, u64>);

impl Reached {
    pub(crate) fn note(&mut self, step: &Step) {
        self.note_away(step);
        for event in &step.events {
            self.count(of_event(event));
            if matches!(event, Event::Closed(_))
                && matches!(step.reply, Some(Reply::Answer(Answer::Next(_))))
            {
                self.count("accepted a transfer".to_owned());
            }
            if let Event::WrappedUp(WrappedUp { untagged: true, .. }) = event {
                self.count("wrapped up untagged".to_owned());
            }
            if let Event::Closed(closed) = event {
                self.count(format!("closed as {:?}", closed.reason));
            }
            if let Event::Assigned(Assigned { waited_us, told: Some(told), .. }) = event {
                let is_longer = *waited_us > u64::from(told.p90_seconds) * 1_000_000;
                self.count(format!("a wait was told, longer {is_longer}"));
            }
            if let Event::TicketOpened(opened) = event
                && let Some((_, by)) = opened.routed.preferred
            {
                self.count(format!("preferred {by:?} reserved {}", opened.reserved.is_some()));
            }
            if let Event::TicketOpened(TicketOpened { overflowed: Some((_, reason)), .. }) = event {
                self.count(format!("opened elsewhere {reason:?}"));
            }
        }
        if let Some(reply) = &step.reply {
            if let Reply::Answer(Answer::Accepted(accepted)) = reply {
                self.count(format!("told {}", whose(&accepted.text)));
            }
            if let Reply::Answer(Answer::Explained(explained)) = reply
                && explained.because.contains(" goes first, which uses ")
            {
                self.count("explained by a share".to_owned());
            }
            self.count(of_reply(reply));
        }
    }

    /// How a customer came back to his place, or did not.
    fn note_away(&mut self, step: &Step) {
        for event in &step.events {
            let is_lost = |e: &Closed| e.reason == CloseReason::Client && step.reply.is_none();
            if let Event::Closed(e) = event
                && is_lost(e)
            {
                self.count("lost after a while".to_owned());
            }
            let Event::CustomerBack(back) = event else { continue };
            let ticket = back.ticket;
            for other in &step.events {
                if matches!(other, Event::Assigned(e) if e.ticket == ticket) {
                    self.count("back with an agent at once".to_owned());
                } else if matches!(other, Event::Unreserved(e) if e.ticket == ticket) {
                    self.count("back from an agent's line".to_owned());
                } else if matches!(other, Event::Relaxed(e) if e.ticket == ticket) {
                    self.count("back in another ring".to_owned());
                } else if matches!(other, Event::Overflowed(e) if e.ticket == ticket) {
                    self.count("back and on to another queue".to_owned());
                } else if matches!(other, Event::HandOffRepeated(e) if e.ticket == ticket) {
                    self.count("back by a hand-off".to_owned());
                }
            }
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (what, times) in &other.0 {
            *self.0.entry(what.clone()).or_default() += times;
        }
    }

    pub(crate) fn lacks<'a>(&self, expected: &[&'a str]) -> Vec<&'a str> {
        expected.iter().copied().filter(|what| !self.0.contains_key(*what)).collect()
    }

    fn count(&mut self, what: String) {
        *self.0.entry(what).or_default() += 1;
    }
}

/// The kind of an event, with what makes a difference.
fn of_event(event: &Event) -> String {
    let kind = format!("{event:?}").split('(').next().unwrap_or_default().to_owned();
    let difference = if let Event::Closed(e) = event {
        format!(" {:?} {:?}", e.outcome, e.judged)
    } else if let Event::TicketOpened(e) = event {
        format!(" {:?} reserved {}", e.via, e.reserved.is_some())
    } else if let Event::MessageStored(e) = event {
        format!(" {:?}", e.author)
    } else if let Event::HandOffRejected(e) = event {
        format!(" {:?}", e.rejection)
    } else if let Event::ContactUnblocked(e) = event {
        format!(" {}", e.expired)
    } else if let Event::CallbackListed(e) = event {
        format!(" {:?}", e.wish)
    } else if let Event::CallbackEnded(e) = event {
        format!(" {:?}", e.end)
    } else if let Event::Held(e) = event {
        format!(" {}", e.on)
    } else if let Event::OfferEnded(e) = event {
        format!(" {:?}", e.end)
    } else if let Event::TransferAsked(e) = event {
        format!(" agent {}", e.agent.is_some())
    } else if let Event::TransferEnded(e) = event {
        format!(" {:?}", e.end)
    } else if let Event::WrappedUp(e) = event {
        format!(" {:?}", e.end)
    } else if let Event::Requeued(e) = event {
        format!(" {:?}", e.reason)
    } else if let Event::CustomerAway(e) = event {
        format!(" {:?}", e.judged)
    } else if let Event::Unparked(e) = event {
        format!(" {:?}", e.cause)
    } else if let Event::Inactive(e) = event {
        format!(" {:?}", e.silent)
    } else if let Event::Overflowed(e) = event {
        format!(" {:?}", e.reason)
    } else if let Event::TargetTold(e) = event {
        format!(" {:?} {:?}", e.which, e.state)
    } else if let Event::QueueHours(e) = event {
        format!(" {}", e.open)
    } else if let Event::Notice(e) = event {
        let step = format!(" {:?}", e.step);
        step.split(['(', '{']).next().unwrap_or_default().trim_end().to_owned()
    } else if let Event::QueueModeSet(e) = event {
        format!(" {:?}", e.mode)
    } else if let Event::IntentSet(e) = event {
        format!(" {:?} {:?}", e.intent, e.cause)
    } else {
        String::new()
    };
    kind + &difference
}

/// Whose words a text is, or the language in which it is shipped.
fn whose(words: &str) -> String {
    if words.starts_with("hand-off ") {
        return "the hand-off's words".to_owned();
    }
    let shipped = |language: &Language| {
        Text::ALL.iter().any(|text| texts::shipped(*language, *text) == words)
    };
    Language::ALL
        .iter()
        .find(|language| shipped(language))
        .map_or_else(|| "the queue's words".to_owned(), |language| format!("in {language:?}"))
}

fn of_reply(reply: &Reply) -> String {
    match reply {
        Reply::Opened { .. } => "opened".to_owned(),
        Reply::Answer(Answer::Error(error)) => format!("{} {}", error.code.name(), error.field),
        Reply::Answer(Answer::Accepted(accepted)) if accepted.existing => {
            "accepted again".to_owned()
        }
        Reply::Answer(Answer::Accepted(accepted)) if accepted.absent.is_some() => {
            "accepted instead of who is away".to_owned()
        }
        Reply::Answer(Answer::Accepted(accepted))
            if accepted.position > 0 && accepted.estimated_wait.is_some() =>
        {
            "accepted with an estimate".to_owned()
        }
        Reply::Answer(Answer::Sent(sent)) => format!("sent {:?}", sent.holder),
        Reply::Answer(Answer::Applied(applied)) => {
            let kinds = [applied.created, applied.changed, applied.deleted, applied.unchanged];
            let kinds = kinds.iter().filter(|count| **count > 0).count();
            format!("applied {}", if kinds > 1 { "several" } else { "one" })
        }
        Reply::Answer(answer) => answer.name().to_owned(),
    }
}
