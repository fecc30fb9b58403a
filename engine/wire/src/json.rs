//! The same commands, answers and pushes as JSON lines, for ALPN `relevo-json/1`.
//!
//! | line | fields beside the command's or event's own |
//! |---|---|
//! | request | `type` (the command's name), `request_id`, `idempotency_key` if there is one |
//! | answer | `type: "answer"`, `request_id`, `answer` (its name) |
//! | error | `type: "error"`, `request_id` (0: it answers none) |
//! | entry of a ticket | `type: "entry"`, `ticket`, `number`, `at`, `event` (its name) |
//! | other push | `type` (its name) |
//!
//! The server refuses a field that it does not know, by name; a client ignores one. A line is read
//! without building a tree: values go straight into the command's type, so that neither depth nor
//! memory is the sender's to choose.

mod fields;
mod server;

pub use server::{read_server_line, write_answer_line, write_push_line};

use crate::command::{Command, Request};
use crate::error::{ErrorCode, WireError};
use crate::ids::RequestId;
use crate::limits;
use fields::Fields;
use serde::Serialize;

/// Appends a request as one line.
pub fn write_request_line(out: &mut Vec<u8>, request: &Request) {
    let envelope = RequestEnvelope {
        r#type: request.command.name(),
        request_id: request.request_id,
        idempotency_key: request.idempotency_key.as_deref(),
    };
    let written = match &request.command {
        Command::Hello(c) => line(out, &envelope, c),
        Command::Cursors(c) => line(out, &envelope, c),
        Command::Read(c) => line(out, &envelope, c),
        Command::Send(c) => line(out, &envelope, c),
        Command::Receipt(c) => line(out, &envelope, c),
        Command::Typing(c) => line(out, &envelope, c),
        Command::HandOff(c) => line(out, &envelope, c),
        Command::AgentsOnline(c) => line(out, &envelope, c),
        Command::CustomerLeft(c) => line(out, &envelope, c),
        Command::TakeBack(c) => line(out, &envelope, c),
        Command::SetPresence(c) => line(out, &envelope, c),
        Command::Next(c) => line(out, &envelope, c),
        Command::Targets(c) => line(out, &envelope, c),
        Command::Transfer(c) => line(out, &envelope, c),
        Command::Close(c) => line(out, &envelope, c),
        Command::Accept(c) => line(out, &envelope, c),
        Command::Decline(c) => line(out, &envelope, c),
        Command::Hold(c) => line(out, &envelope, c),
        Command::Unhold(c) => line(out, &envelope, c),
        Command::Park(c) => line(out, &envelope, c),
        Command::Unpark(c) => line(out, &envelope, c),
        Command::WrapUpDone(c) => line(out, &envelope, c),
        Command::Reopen(c) => line(out, &envelope, c),
        Command::SetAbsence(c) => line(out, &envelope, c),
        Command::BlockContact(c) => line(out, &envelope, c),
        Command::UnblockContact(c) => line(out, &envelope, c),
        Command::ListBlocked(c) => line(out, &envelope, c),
        Command::WantCallback(c) => line(out, &envelope, c),
        Command::ListCallbacks(c) => line(out, &envelope, c),
        Command::NotifyWaiting(c) => line(out, &envelope, c),
        Command::SetQueueMode(c) => line(out, &envelope, c),
        Command::Explain(c) => line(out, &envelope, c),
        Command::Put(c) => line(out, &envelope, c),
        Command::Delete(c) => line(out, &envelope, c),
        Command::ListDirectory(c) => line(out, &envelope, c),
        Command::CreateKey(c) => line(out, &envelope, c),
        Command::ListKeys(c) => line(out, &envelope, c),
        Command::RevokeKey(c) => line(out, &envelope, c),
        Command::Status(c) => line(out, &envelope, c),
        Command::Apply(c) => line(out, &envelope, c),
    };
    written.expect("a client packs its own bodies, so they are valid");
}

/// Reads a request line, with or without its line feed. The request id is told even when the rest
/// is not understood, so that the error can answer it.
///
/// # Errors
/// `malformed` or `limit_exceeded`, with the request id as far as it could be read (else 0).
pub fn read_request_line(line: &[u8]) -> Result<Request, (RequestId, WireError)> {
    let no_id = |error| (RequestId(0), error);
    if line.len() > limits::JSON_LINE_BYTES {
        return Err(no_id(too_long(limits::JSON_LINE_BYTES)));
    }
    let mut fields = Fields::read(line).map_err(no_id)?;
    let request_id = fields.take("request_id").map_err(no_id)?;
    read_command(fields, line.len())
        .map(|(idempotency_key, command)| Request { request_id, idempotency_key, command })
        .map_err(|error| (request_id, error))
}

fn read_command(
    mut fields: Fields<'_>,
    length: usize,
) -> Result<(Option<String>, Command), WireError> {
    let name: String = fields.take("type")?;
    let is_long = matches!(name.as_str(), "hand_off" | "put" | "apply");
    let most = if is_long { limits::JSON_LINE_BYTES } else { 2 * limits::FRAME_BYTES };
    if length > most {
        return Err(too_long(most));
    }
    let key: Option<String> = fields.take_optional("idempotency_key")?;
    if key.as_ref().is_some_and(|key| key.len() > limits::IDEMPOTENCY_KEY_BYTES) {
        let message = format!("at most {} bytes", limits::IDEMPOTENCY_KEY_BYTES);
        return Err(WireError::field(ErrorCode::Malformed, "idempotency_key", message));
    }
    let command = match name.as_str() {
        "hello" => Command::Hello(fields.into_type()?),
        "cursors" => Command::Cursors(fields.into_type()?),
        "read" => Command::Read(fields.into_type()?),
        "send" => Command::Send(fields.into_type()?),
        "receipt" => Command::Receipt(fields.into_type()?),
        "typing" => Command::Typing(fields.into_type()?),
        "hand_off" => Command::HandOff(fields.into_type()?),
        "agents_online" => Command::AgentsOnline(fields.into_type()?),
        "customer_left" => Command::CustomerLeft(fields.into_type()?),
        "take_back" => Command::TakeBack(fields.into_type()?),
        "set_presence" => Command::SetPresence(fields.into_type()?),
        "next" => Command::Next(fields.into_type()?),
        "targets" => Command::Targets(fields.into_type()?),
        "transfer" => Command::Transfer(fields.into_type()?),
        "close" => Command::Close(fields.into_type()?),
        "accept" => Command::Accept(fields.into_type()?),
        "decline" => Command::Decline(fields.into_type()?),
        "hold" => Command::Hold(fields.into_type()?),
        "unhold" => Command::Unhold(fields.into_type()?),
        "park" => Command::Park(fields.into_type()?),
        "unpark" => Command::Unpark(fields.into_type()?),
        "wrap_up_done" => Command::WrapUpDone(fields.into_type()?),
        "reopen" => Command::Reopen(fields.into_type()?),
        "set_absence" => Command::SetAbsence(fields.into_type()?),
        "block_contact" => Command::BlockContact(fields.into_type()?),
        "unblock_contact" => Command::UnblockContact(fields.into_type()?),
        "list_blocked" => Command::ListBlocked(fields.into_type()?),
        "want_callback" => Command::WantCallback(fields.into_type()?),
        "list_callbacks" => Command::ListCallbacks(fields.into_type()?),
        "notify_waiting" => Command::NotifyWaiting(fields.into_type()?),
        "set_queue_mode" => Command::SetQueueMode(fields.into_type()?),
        "explain" => Command::Explain(fields.into_type()?),
        "put" => Command::Put(fields.into_type()?),
        "delete" => Command::Delete(fields.into_type()?),
        "list_directory" => Command::ListDirectory(fields.into_type()?),
        "create_key" => Command::CreateKey(fields.into_type()?),
        "list_keys" => Command::ListKeys(fields.into_type()?),
        "revoke_key" => Command::RevokeKey(fields.into_type()?),
        "status" => Command::Status(fields.into_type()?),
        "apply" => Command::Apply(fields.into_type()?),
        other => {
            let name: String = other.chars().take(limits::NAME_BYTES).collect();
            let message = format!("no command has the name {name:?}");
            return Err(WireError::field(ErrorCode::Malformed, "type", message));
        }
    };
    Ok((key.filter(|key| !key.is_empty()), command))
}

#[derive(Serialize)]
struct RequestEnvelope<'a> {
    r#type: &'static str,
    request_id: RequestId,
    #[serde(skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<&'a str>,
}

/// An envelope's fields, then the content's, in one object.
#[derive(Serialize)]
struct Line<'a, E, C> {
    #[serde(flatten)]
    envelope: &'a E,
    #[serde(flatten)]
    content: &'a C,
}

/// Appends one line, or nothing when a packed part cannot be unpacked.
fn line<E: Serialize, C: Serialize>(
    out: &mut Vec<u8>,
    envelope: &E,
    content: &C,
) -> Result<(), serde_json::Error> {
    let start = out.len();
    let written = serde_json::to_writer(&mut *out, &Line { envelope, content });
    match written {
        Ok(()) => out.push(b'\n'),
        Err(_) => out.truncate(start),
    }
    written
}

fn too_long(most: usize) -> WireError {
    WireError::field(ErrorCode::LimitExceeded, "length", format!("a line may have {most} bytes"))
}

#[cfg(test)]
mod tests;
