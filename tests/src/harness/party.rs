//! A bot and an agent of a test: the client and what came to it.

use super::inbox::Inbox;
use super::wait::within;
use relevo_client::{AgentClient, BotClient, ClientError, HandOffAnswer, MessageOptions};
use relevo_wire::Packed;
use relevo_wire::answer::{Accepted, Sent};
use relevo_wire::command::{HandOff, TransferTarget};
use relevo_wire::error::ErrorCode;
use relevo_wire::ids::TicketId;
use relevo_wire::push::EntryEvent;
use relevo_wire::vocabulary::{
    Author, Body, Contact, HandOffDetails, HandOffReason, Intent, TranscriptLine,
};

/// A bot's session.
#[derive(Debug)]
pub struct Bot {
    /// What it asks with.
    pub client: BotClient,
    /// What came.
    pub inbox: Inbox,
}

/// An agent's session.
#[derive(Debug)]
pub struct Agent {
    /// Its name.
    pub name: String,
    /// What it asks with.
    pub client: AgentClient,
    /// What came.
    pub inbox: Inbox,
}

/// A ticket that an agent has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Which.
    pub ticket: TicketId,
    /// Its epoch with this agent.
    pub epoch: u32,
}

/// A hand-off with nothing but the contact.
#[must_use]
pub fn hand_off(contact: &str) -> HandOff {
    hand_off_with(HandOffDetails {
        contact: Contact { id: contact.into(), name: String::new(), fields: Vec::new() },
        message_to_agent: String::new(),
        transcript: Vec::new(),
        context: Vec::new(),
    })
}

/// A hand-off with these details.
#[must_use]
pub fn hand_off_with(details: HandOffDetails) -> HandOff {
    HandOff {
        queue: None,
        reason: HandOffReason::Requested,
        details: Packed::new(&details),
        priority: None,
        preferred_agent: None,
        language: None,
        texts: None,
        position_updates: false,
        test: false,
        dry_run: false,
    }
}

/// A hand-off of over half a megabyte.
#[must_use]
pub fn large_hand_off(contact: &str) -> HandOff {
    let line = TranscriptLine { author: Author::Customer, at: 1, text: "x".repeat(1000) };
    hand_off_with(HandOffDetails {
        contact: Contact { id: contact.into(), name: "x".repeat(200), fields: Vec::new() },
        message_to_agent: "x".repeat(60_000),
        transcript: vec![line; 250],
        context: (0..64).map(|number| (format!("field-{number}"), "x".repeat(4000))).collect(),
    })
}

impl Bot {
    /// Hands a contact over to the default queue.
    ///
    /// # Panics
    /// It was not accepted.
    pub async fn hand_over(&self, contact: &str) -> Accepted {
        self.hand_over_with(hand_off(contact)).await
    }

    /// Hands a contact over to a queue.
    ///
    /// # Panics
    /// It was not accepted.
    pub async fn hand_over_to(&self, contact: &str, queue: &str) -> Accepted {
        self.hand_over_with(HandOff { queue: Some(queue.into()), ..hand_off(contact) }).await
    }

    /// Hands over.
    ///
    /// # Panics
    /// It was not accepted.
    pub async fn hand_over_with(&self, hand_off: HandOff) -> Accepted {
        match within("hand-off", self.client.hand_off(hand_off)).await {
            Ok(HandOffAnswer::Accepted(accepted)) => accepted,
            other => panic!("the hand-off was not accepted: {other:?}"),
        }
    }

    /// Passes on what the customer wrote.
    ///
    /// # Panics
    /// It was refused.
    pub async fn customer(&mut self, contact: &str, text: &str) -> Sent {
        let body = Body::text(text);
        let sending = self.client.send_customer(contact, MessageOptions::default(), &body);
        let sent = within("customer's message", sending).await.expect("it is taken");
        if let Some(ticket) = sent.ticket {
            self.inbox.sent(ticket, sent.number);
        }
        sent
    }
}

impl Agent {
    /// Goes online.
    ///
    /// # Panics
    /// It was refused.
    pub async fn online(&self) {
        self.presence(Intent::Online).await;
    }

    /// Sets what it wants.
    ///
    /// # Panics
    /// It was refused.
    pub async fn presence(&self, intent: Intent) {
        within("presence", self.client.set_presence(intent, "")).await.expect("it is taken");
    }

    /// The next ticket that is assigned to this agent.
    ///
    /// # Panics
    /// None is.
    pub async fn assigned(&mut self) -> Held {
        let name = self.name.clone();
        let what = format!("a ticket for {name}");
        self.inbox
            .find_entry(&what, |entry| match &entry.event {
                EntryEvent::Assigned(assigned) if assigned.agent == name => {
                    Some(Held { ticket: entry.ticket, epoch: assigned.epoch })
                }
                EntryEvent::Assigned(_)
                | EntryEvent::Empty(_)
                | EntryEvent::HandedOff(_)
                | EntryEvent::Message(_)
                | EntryEvent::Requeued(_)
                | EntryEvent::Held(_)
                | EntryEvent::Parked(_)
                | EntryEvent::Unparked(_)
                | EntryEvent::Inactive(_)
                | EntryEvent::TransferAsked(_)
                | EntryEvent::Transferred(_)
                | EntryEvent::Returned(_) => None,
            })
            .await
    }

    /// Says something to the customer.
    ///
    /// # Panics
    /// It was refused.
    pub async fn say(&mut self, held: Held, text: &str) -> Sent {
        let sent = self.try_say(held, text).await.expect("it is taken");
        self.inbox.sent(held.ticket, sent.number);
        sent
    }

    /// Says something to the customer, or is refused.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn try_say(&self, held: Held, text: &str) -> Result<Sent, ClientError> {
        let body = Body::text(text);
        let options = MessageOptions::default();
        within("agent's message", self.client.send(held.ticket, held.epoch, options, &body)).await
    }

    /// Gives a ticket away; the child.
    ///
    /// # Panics
    /// It was refused.
    pub async fn transfer(&self, held: Held, to: TransferTarget) -> TicketId {
        let transfer = self.client.transfer(held.ticket, held.epoch, to, "note");
        within("transfer", transfer).await.expect("it is taken").child
    }

    /// Closes a ticket.
    ///
    /// # Panics
    /// It was refused.
    pub async fn close(&self, held: Held) {
        let closing = self.client.close_ticket(held.ticket, held.epoch, Vec::new());
        within("close", closing).await.expect("it is taken");
    }
}

/// Asserts that something was refused for this reason.
///
/// # Panics
/// It was not.
pub fn assert_refused<T: std::fmt::Debug>(result: Result<T, ClientError>, code: ErrorCode) {
    match result {
        Err(error) if error.code() == Some(code) => {}
        other => panic!("expected {}, not {other:?}", code.name()),
    }
}
