//! What the server writes, and what a client reads.

use super::fields::Fields;
use super::line;
use crate::answer::{AgentsOnlineAnswer, Answer};
use crate::error::WireError;
use crate::frame::ServerFrame;
use crate::ids::{RequestId, TicketId};
use crate::push::{Empty, Entry, EntryEvent, Push};
use serde::{Deserialize, Serialize};

/// Appends an answer as one line.
pub fn write_answer_line(out: &mut Vec<u8>, request: RequestId, answer: &Answer) {
    let r#type = if let Answer::Error(_) = answer { None } else { Some(answer.name()) };
    let envelope = AnswerEnvelope {
        r#type: if r#type.is_some() { "answer" } else { "error" },
        request_id: request,
        answer: r#type,
    };
    let written = match answer {
        Answer::Done(a) => line(out, &envelope, a),
        Answer::Error(a) => line(out, &envelope, a),
        Answer::Welcome(a) => line(out, &envelope, a),
        Answer::Accepted(a) => line(out, &envelope, a),
        Answer::Rejected(a) => line(out, &envelope, a),
        Answer::AgentsOnline(a) => line(out, &envelope, &Online { agents_online: a.clone() }),
        Answer::Sent(a) => line(out, &envelope, a),
        Answer::Next(a) => line(out, &envelope, a),
        Answer::Targets(a) => line(out, &envelope, a),
        Answer::Transferred(a) => line(out, &envelope, a),
        Answer::Explained(a) => line(out, &envelope, a),
        Answer::Stored(a) => line(out, &envelope, a),
        Answer::Directory(a) => line(out, &envelope, a),
        Answer::Key(a) => line(out, &envelope, a),
        Answer::Keys(a) => line(out, &envelope, a),
        Answer::Status(a) => line(out, &envelope, a),
        Answer::Applied(a) => line(out, &envelope, a),
        Answer::Notifying(a) => line(out, &envelope, a),
        Answer::Blocked(a) => line(out, &envelope, a),
        Answer::Callbacks(a) => line(out, &envelope, a),
    };
    written.expect("an answer holds nothing packed, and its maps have strings as keys");
}

/// Appends a push as one line. An entry whose packed part cannot be unpacked keeps its number and
/// goes as `empty`: the sequence stays dense.
pub fn write_push_line(out: &mut Vec<u8>, push: &Push) {
    let envelope = PushEnvelope { r#type: push.name() };
    let written = match push {
        Push::Entry(entry) => write_entry(out, entry).or_else(|_| {
            write_entry(out, &Entry { event: EntryEvent::Empty(Empty {}), ..entry.clone() })
        }),
        Push::Snapshot(p) => line(out, &envelope, p),
        Push::Progress(p) => line(out, &envelope, p),
        Push::Typing(p) => line(out, &envelope, p),
        Push::Position(p) => line(out, &envelope, p),
        Push::Presence(p) => line(out, &envelope, p),
        Push::Offer(p) => line(out, &envelope, p),
        Push::OfferEnded(p) => line(out, &envelope, p),
        Push::WrapUp(p) => line(out, &envelope, p),
        Push::Absence(p) => line(out, &envelope, p),
        Push::Target(p) => line(out, &envelope, p),
        Push::GoAway(p) => line(out, &envelope, p),
    };
    written.expect("only entries hold something packed, and the empty one does not");
}

fn write_entry(out: &mut Vec<u8>, entry: &Entry) -> Result<(), serde_json::Error> {
    let envelope = EntryEnvelope {
        r#type: "entry",
        ticket: entry.ticket,
        number: entry.number,
        at: entry.at,
        event: entry.event.name(),
    };
    match &entry.event {
        EntryEvent::Empty(e) => line(out, &envelope, e),
        EntryEvent::HandedOff(e) => line(out, &envelope, e),
        EntryEvent::Message(e) => line(out, &envelope, e),
        EntryEvent::Assigned(e) => line(out, &envelope, e),
        EntryEvent::Requeued(e) => line(out, &envelope, e),
        EntryEvent::Transferred(e) => line(out, &envelope, e),
        EntryEvent::Returned(e) => line(out, &envelope, e),
        EntryEvent::Held(e) => line(out, &envelope, e),
        EntryEvent::Inactive(e) => line(out, &envelope, e),
        EntryEvent::TransferAsked(e) => line(out, &envelope, e),
        EntryEvent::Parked(e) => line(out, &envelope, e),
        EntryEvent::Unparked(e) => line(out, &envelope, e),
    }
}

/// Reads a line from the server. A type that this version does not know is `Ok(None)`: a newer
/// server may send it.
///
/// # Errors
/// `malformed`, with the field.
pub fn read_server_line(line: &[u8]) -> Result<Option<ServerFrame>, WireError> {
    let mut fields = Fields::read(line)?;
    let r#type: String = fields.take("type")?;
    let push = match r#type.as_str() {
        "answer" | "error" => {
            let request = fields.take("request_id")?;
            let name: String =
                if r#type == "error" { "error".into() } else { fields.take("answer")? };
            let answer = read_answer(&name, fields)?;
            return Ok(answer.map(|answer| ServerFrame::Answer(request, answer)));
        }
        "entry" => Push::Entry(read_entry(fields)?),
        "snapshot" => Push::Snapshot(fields.into_type()?),
        "progress" => Push::Progress(fields.into_type()?),
        "typing" => Push::Typing(fields.into_type()?),
        "position" => Push::Position(fields.into_type()?),
        "presence" => Push::Presence(fields.into_type()?),
        "offer" => Push::Offer(fields.into_type()?),
        "offer_ended" => Push::OfferEnded(fields.into_type()?),
        "wrap_up" => Push::WrapUp(fields.into_type()?),
        "absence" => Push::Absence(fields.into_type()?),
        "target" => Push::Target(fields.into_type()?),
        "go_away" => Push::GoAway(fields.into_type()?),
        _ => return Ok(None),
    };
    Ok(Some(ServerFrame::Push(push)))
}

fn read_answer(name: &str, fields: Fields<'_>) -> Result<Option<Answer>, WireError> {
    Ok(Some(match name {
        "done" => Answer::Done(fields.into_type()?),
        "error" => Answer::Error(fields.into_type()?),
        "welcome" => Answer::Welcome(fields.into_type()?),
        "accepted" => Answer::Accepted(fields.into_type()?),
        "rejected" => Answer::Rejected(fields.into_type()?),
        "agents_online" => Answer::AgentsOnline(fields.into_type::<Online>()?.agents_online),
        "sent" => Answer::Sent(fields.into_type()?),
        "next" => Answer::Next(fields.into_type()?),
        "targets" => Answer::Targets(fields.into_type()?),
        "transferred" => Answer::Transferred(fields.into_type()?),
        "explained" => Answer::Explained(fields.into_type()?),
        "stored" => Answer::Stored(fields.into_type()?),
        "directory" => Answer::Directory(fields.into_type()?),
        "key" => Answer::Key(fields.into_type()?),
        "keys" => Answer::Keys(fields.into_type()?),
        "status" => Answer::Status(fields.into_type()?),
        "applied" => Answer::Applied(fields.into_type()?),
        "notifying" => Answer::Notifying(fields.into_type()?),
        "blocked" => Answer::Blocked(fields.into_type()?),
        "callbacks" => Answer::Callbacks(fields.into_type()?),
        _ => return Ok(None),
    }))
}

fn read_entry(mut fields: Fields<'_>) -> Result<Entry, WireError> {
    let ticket = fields.take("ticket")?;
    let number = fields.take("number")?;
    let at = fields.take("at")?;
    let name: String = fields.take("event")?;
    let event = match name.as_str() {
        "handed_off" => EntryEvent::HandedOff(fields.into_type()?),
        "message" => EntryEvent::Message(fields.into_type()?),
        "assigned" => EntryEvent::Assigned(fields.into_type()?),
        "requeued" => EntryEvent::Requeued(fields.into_type()?),
        "transferred" => EntryEvent::Transferred(fields.into_type()?),
        "returned" => EntryEvent::Returned(fields.into_type()?),
        "held" => EntryEvent::Held(fields.into_type()?),
        "inactive" => EntryEvent::Inactive(fields.into_type()?),
        "transfer_asked" => EntryEvent::TransferAsked(fields.into_type()?),
        "parked" => EntryEvent::Parked(fields.into_type()?),
        "unparked" => EntryEvent::Unparked(fields.into_type()?),
        // An event of a newer server that this client does not know still has its number.
        _ => EntryEvent::Empty(Empty {}),
    };
    Ok(Entry { ticket, number, at, event })
}

#[derive(Serialize)]
struct AnswerEnvelope {
    r#type: &'static str,
    request_id: RequestId,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<&'static str>,
}

#[derive(Serialize)]
struct PushEnvelope {
    r#type: &'static str,
}

#[derive(Serialize)]
struct EntryEnvelope {
    r#type: &'static str,
    ticket: TicketId,
    number: u32,
    at: u64,
    event: &'static str,
}

#[derive(Serialize, Deserialize)]
struct Online {
    agents_online: AgentsOnlineAnswer,
}
