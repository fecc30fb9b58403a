//! Every kind of frame: number, name, direction, roles. `PROTOCOL.md` is made of it, and a test
//! compares it with the codecs.

use crate::frame::kind;

/// A kind of frame, and in JSON of line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// Number in a frame's header. Never used for anything else.
    pub number: u16,
    /// Name in JSON.
    pub name: &'static str,
    /// Which way it goes, and what it is.
    pub class: Class,
    /// Roles whose sessions use it.
    pub roles: &'static str,
    /// What it is for.
    pub summary: &'static str,
}

/// Which way a frame goes, and what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Client to server.
    Command,
    /// Server to client, for a request.
    Answer,
    /// Server to client, of a ticket's sequence.
    Entry,
    /// Server to client, unasked.
    Push,
}

const ANY: &str = "all";
const BOT: &str = "bot";
const AGENT: &str = "agent";
const PARTY: &str = "bot, agent";
const ADMIN: &str = "admin, operator";
const SUPERVISOR: &str = "supervisor";

const fn row(
    number: u16,
    name: &'static str,
    class: Class,
    roles: &'static str,
    summary: &'static str,
) -> Kind {
    Kind { number, name, class, roles, summary }
}

use Class::{Answer, Command, Entry, Push};

/// Every kind of this version.
#[rustfmt::skip]
pub const KINDS: &[Kind] = &[
    row(kind::HELLO, "hello", Command, ANY, "First of a session: credential and cursors. Within 3 s; answered by `welcome`."),
    row(kind::CURSORS, "cursors", Command, PARTY, "Further cursors that `hello` announced with `more`. No answer of its own."),
    row(kind::READ, "read", Command, PARTY, "Entries of a ticket after a number. They come on the lane of the request, before its `done`."),
    row(kind::SEND, "send", Command, PARTY, "Says something. A bot's customer by `contact`; bot and agent by `ticket` and `epoch`."),
    row(kind::RECEIPT, "receipt", Command, PARTY, "How far the party has come. No answer; never goes back."),
    row(kind::TYPING, "typing", Command, PARTY, "Somebody types. No answer, not kept."),
    row(kind::HAND_OFF, "hand_off", Command, BOT, "Hands a customer over. Transcript and context above their limits are cut, never refused."),
    row(kind::AGENTS_ONLINE, "agents_online", Command, BOT, "Is anybody there? A hint."),
    row(kind::CUSTOMER_LEFT, "customer_left", Command, BOT, "The customer left. A ticket that waits keeps its place for the queue's `resume_seconds`; `returned` comes then."),
    row(kind::TAKE_BACK, "take_back", Command, BOT, "The bot takes the conversation back."),
    row(kind::SET_PRESENCE, "set_presence", Command, AGENT, "What the agent wants: `online`, `paused`, `invisible`, `offline`."),
    row(kind::NEXT, "next", Command, AGENT, "Pulls the most urgent ticket."),
    row(kind::TARGETS, "targets", Command, AGENT, "Where a ticket may be transferred."),
    row(kind::TRANSFER, "transfer", Command, AGENT, "Gives a ticket to a queue or an agent; it keeps its place in line. Where the queue has `transfer_accept_seconds`, the receiver is asked first."),
    row(kind::CLOSE, "close", Command, AGENT, "Ends a ticket."),
    row(kind::ACCEPT, "accept", Command, AGENT, "Accepts an offer; answered by `next`. The first of several has the ticket. A transfer goes on in the child that is answered."),
    row(kind::DECLINE, "decline", Command, AGENT, "Declines an offer; of the giver of a transfer that is asked: withdraws it."),
    row(kind::HOLD, "hold", Command, AGENT, "Puts a ticket in service on hold."),
    row(kind::UNHOLD, "unhold", Command, AGENT, "Takes a ticket on hold up again."),
    row(kind::PARK, "park", Command, AGENT, "Parks a ticket in service until a time: its seat is free. Words of its customer bring it back sooner."),
    row(kind::UNPARK, "unpark", Command, AGENT, "Takes a parked ticket up again; answered by `next`."),
    row(kind::WRAP_UP_DONE, "wrap_up_done", Command, AGENT, "Frees the seat after the close. Its tags are for the record, the bot is not told; those that come after the end of the wrap-up are refused with `wrong_state`."),
    row(kind::REOPEN, "reopen", Command, AGENT, "Goes on with a conversation that the agent has closed, in a new ticket."),
    row(kind::SET_ABSENCE, "set_absence", Command, "agent, admin", "Switches an agent's absence for a bot on or off: it gets no ticket of the bot, and a colleague may help meanwhile."),
    row(kind::EXPLAIN, "explain", Command, ADMIN, "What a ticket waits for, or why its agent has it."),
    row(kind::SET_QUEUE_MODE, "set_queue_mode", Command, "admin", "Opens, drains or closes a queue, until a time. An `apply` leaves it as it is."),
    row(kind::NOTIFY_WAITING, "notify_waiting", Command, "admin", "Tells everybody who waits in a queue something, one after the other: a `message` of the `system` in each ticket. Refused while another is under way there."),
    row(kind::PUT, "put", Command, ADMIN, "Creates or changes a directory object."),
    row(kind::DELETE, "delete", Command, ADMIN, "Deletes a directory object; what is in use is refused with counts."),
    row(kind::LIST_DIRECTORY, "list_directory", Command, ADMIN, "Lists the directory, a page at a time: `next` of one is `after` of the next. A page of another `version` means that the directory has changed: list it anew."),
    row(kind::CREATE_KEY, "create_key", Command, ADMIN, "Makes a credential. A repeat makes another, whatever its idempotency key: revoke the one whose answer was lost."),
    row(kind::LIST_KEYS, "list_keys", Command, ADMIN, "Lists credentials without their secrets."),
    row(kind::REVOKE_KEY, "revoke_key", Command, ADMIN, "Ends a credential and its sessions."),
    row(kind::STATUS, "status", Command, ADMIN, "Live numbers of the daemon."),
    row(kind::APPLY, "apply", Command, ADMIN, "Changes several directory objects at once: each as if those before it had been made, all or none. Field and message of a refusal name the changes, from 0. `dry_run`: answered as if."),
    row(kind::BLOCK_CONTACT, "block_contact", Command, ADMIN, "Blocks a contact of a bot: its hand-offs are refused; what it has open goes on."),
    row(kind::UNBLOCK_CONTACT, "unblock_contact", Command, ADMIN, "Unblocks a contact."),
    row(kind::LIST_BLOCKED, "list_blocked", Command, ADMIN, "Lists blocked contacts, newest first, a page at a time."),
    row(kind::WANT_CALLBACK, "want_callback", Command, BOT, "Notes whether a customer wants to be called back, who waits or stands in the call-back list."),
    row(kind::LIST_CALLBACKS, "list_callbacks", Command, ADMIN, "Lists who came outside the hours or waited at closing time, newest first, a page at a time."),
    row(kind::DONE, "done", Answer, ANY, "Done; nothing to tell."),
    row(kind::ERROR, "error", Answer, ANY, "It was not done. Request 0: it answers none, and the lane ends."),
    row(kind::WELCOME, "welcome", Answer, ANY, "The session is open; its snapshot follows."),
    row(kind::ACCEPTED, "accepted", Answer, BOT, "The hand-off is in line, or was before (`existing`)."),
    row(kind::REJECTED, "rejected", Answer, BOT, "The directory's rules refused the hand-off; no ticket was made."),
    row(kind::AGENTS_ONLINE_ANSWER, "agents_online", Answer, BOT, "`yes`, `no` or `unknown` (no such queue)."),
    row(kind::SENT, "sent", Answer, PARTY, "The message is on record. Its number stands for the entry: the session that sent it gets no push of it. Without a ticket none is open: the conversation is the bot's."),
    row(kind::NEXT_ANSWER, "next", Answer, AGENT, "The ticket that was pulled or accepted; its entries follow as pushes."),
    row(kind::TARGETS_ANSWER, "targets", Answer, AGENT, "Where the ticket may go."),
    row(kind::TRANSFERRED_ANSWER, "transferred", Answer, AGENT, "The child ticket."),
    row(kind::EXPLAINED, "explained", Answer, ADMIN, "The ticket explained."),
    row(kind::STORED, "stored", Answer, ADMIN, "The object's version now."),
    row(kind::DIRECTORY, "directory", Answer, ADMIN, "A page of the directory, at least one object; without `next` the last."),
    row(kind::KEY, "key", Answer, ADMIN, "The credential, once."),
    row(kind::KEYS, "keys", Answer, ADMIN, "Credentials without their secrets."),
    row(kind::STATUS_REPORT, "status", Answer, ADMIN, "Live numbers."),
    row(kind::APPLIED, "applied", Answer, ADMIN, "The directory's version now, and what became of the changes."),
    row(kind::NOTIFYING, "notifying", Answer, "admin", "How many will be told."),
    row(kind::BLOCKED, "blocked", Answer, ADMIN, "A page of blocked contacts; without `next` the last."),
    row(kind::CALLBACKS, "callbacks", Answer, ADMIN, "A page of a call-back list; without `next` the last."),
    row(kind::EMPTY, "empty", Entry, PARTY, "Not for this party; it only has its number."),
    row(kind::HANDED_OFF, "handed_off", Entry, AGENT, "The bot handed the customer over."),
    row(kind::MESSAGE, "message", Entry, PARTY, "Somebody said something."),
    row(kind::ASSIGNED, "assigned", Entry, PARTY, "An agent has it now."),
    row(kind::REQUEUED, "requeued", Entry, PARTY, "It went back to its line."),
    row(kind::TRANSFERRED, "transferred", Entry, PARTY, "It goes on in a child ticket."),
    row(kind::RETURNED, "returned", Entry, PARTY, "It is over: the bot has the conversation again."),
    row(kind::HELD, "held", Entry, PARTY, "The agent put it on hold, or took it up again."),
    row(kind::INACTIVE, "inactive", Entry, PARTY, "Somebody has been silent for too long: the customer, to be told the text, or the agent, which the bot gets as `empty`."),
    row(kind::TRANSFER_ASKED, "transfer_asked", Entry, PARTY, "The receiver of a transfer is asked to accept it and the ticket stays with its agent, or nobody has accepted it and why; the bot gets it as `empty`."),
    row(kind::PARKED, "parked", Entry, PARTY, "Its agent parked it until a time."),
    row(kind::UNPARKED, "unparked", Entry, PARTY, "It is parked no longer, and waits for its agent first, if that one is there."),
    row(kind::SNAPSHOT, "snapshot", Push, PARTY, "Part of the snapshot that follows `welcome`."),
    row(kind::PROGRESS, "progress", Push, PARTY, "How far the other party has come."),
    row(kind::TYPING_PUSH, "typing", Push, PARTY, "Somebody types."),
    row(kind::POSITION, "position", Push, BOT, "New place in line, or new estimate, of a waiting ticket whose hand-off asked; 1 is next. A hint: at most every 10 s a ticket by default, not kept."),
    row(kind::PRESENCE, "presence", Push, AGENT, "Own presence changed, by another device or a rule."),
    row(kind::GO_AWAY, "go_away", Push, ANY, "The session ends: why, and when to come back."),
    row(kind::OFFER, "offer", Push, AGENT, "A ticket is offered, to be accepted or declined until the time told."),
    row(kind::OFFER_ENDED, "offer_ended", Push, AGENT, "An offer is over, and how; without `end` the agent has accepted it. After a missed one it is offered nothing until it does something."),
    row(kind::WRAP_UP, "wrap_up", Push, AGENT, "The wrap-up of a closed ticket began, or is over: without `until` its seat is free."),
    row(kind::ABSENCE, "absence", Push, AGENT, "The agent is away for a bot, or no longer: at the start of a session, and whenever it is switched."),
    row(kind::TARGET, "target", Push, AGENT, "A target of a ticket that the agent has is at risk (80 % of its time are over) or missed: once each, and those that are so at the start of a session."),
];

/// Commands to come: their names and numbers are taken.
#[rustfmt::skip]
pub const RESERVED: &[Kind] = &[
    row(0x0106, "rate", Command, BOT, "The customer's rating of a conversation that is over."),
    row(0x0107, "update_ticket", Command, BOT, "Changes fields of an open ticket."),
    row(0x0208, "send_active", Command, AGENT, "Writes to a contact first."),
    row(0x0209, "edit", Command, AGENT, "Changes an own message."),
    row(0x020a, "delete_message", Command, AGENT, "Deletes an own message (`delete` is of the directory)."),
    row(0x020b, "mark_read", Command, AGENT, "Sets the unread count to zero."),
    row(0x020c, "note", Command, AGENT, "An internal note."),
    row(0x020d, "tag", Command, AGENT, "Tags a ticket."),
    row(0x020e, "follow", Command, AGENT, "Follows a ticket."),
    row(0x0212, "request_transfer", Command, AGENT, "Asks the holder for a conversation."),
    row(0x0213, "invite", Command, AGENT, "Invites a colleague to read along."),
    row(0x0214, "leave", Command, AGENT, "Ends reading along."),
    row(0x0302, "watch", Command, SUPERVISOR, "Watches a conversation live."),
    row(0x0303, "assign", Command, SUPERVISOR, "Assigns a ticket."),
    row(0x0304, "move", Command, SUPERVISOR, "Moves a ticket to another queue."),
    row(0x0305, "set_priority", Command, SUPERVISOR, "Changes a ticket's priority."),
    row(0x0306, "close_many", Command, SUPERVISOR, "Closes tickets in bulk."),
    row(0x0307, "set_agent_presence", Command, SUPERVISOR, "Changes an agent's presence."),
    row(0x0501, "queue_stats", Command, "agent, supervisor", "Subscribes to a queue's figures."),
    row(0x0502, "agents", Command, SUPERVISOR, "Subscribes to agents' presence."),
    row(0x0503, "ticket", Command, SUPERVISOR, "Subscribes to a ticket."),
];
