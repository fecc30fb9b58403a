//! What a command may say: lengths, ranges and which fields belong together.
//!
//! Decoding has shown that a frame holds the right types. This shows that their content is within
//! the limits, before a session acts on it. Errors name the field and the limit. What needs the
//! directory (does this queue exist?) is not asked here.

mod body;
mod details;
mod hours;
mod object;

pub use body::body;
pub use details::{CutDetails, cut_details};

use crate::command::{Command, NotifyWaiting, Send, SetQueueMode, TransferTarget};
use crate::error::{ErrorCode, WireError};
use crate::frame::packed_bytes;
use crate::limits;
use crate::vocabulary::{Author, Language, QueueMode, Texts};

/// Checks everything of a command but the details of a hand-off, which [`cut_details`] checks.
///
/// # Errors
/// `malformed` or `limit_exceeded`, with the field.
pub fn command(command: &Command) -> Result<(), WireError> {
    match command {
        Command::Hello(hello) => {
            length("token", &hello.token, 1, limits::TOKEN_BYTES)?;
            length("client", &hello.client, 0, limits::CLIENT_BYTES)?;
            count("resume", hello.resume.len(), limits::CURSORS_PER_FRAME)
        }
        Command::Cursors(cursors) => {
            count("resume", cursors.resume.len(), limits::CURSORS_PER_FRAME)
        }
        Command::Send(send) => self::send(send),
        Command::HandOff(hand_off) => {
            optional("queue", hand_off.queue.as_deref(), limits::NAME_BYTES)?;
            optional("preferred_agent", hand_off.preferred_agent.as_deref(), limits::NAME_BYTES)?;
            optional("language", hand_off.language.as_deref(), limits::LANGUAGE_BYTES)?;
            at_most("priority", hand_off.priority.unwrap_or(0), limits::PRIORITY)?;
            hand_off.texts.as_ref().map_or(Ok(()), |texts| self::texts("texts", texts))
        }
        Command::AgentsOnline(asked) => {
            optional("queue", asked.queue.as_deref(), limits::NAME_BYTES)
        }
        Command::CustomerLeft(left) => {
            length("contact", &left.contact, 1, limits::CONTACT_ID_BYTES)
        }
        Command::SetAbsence(absence) => {
            optional("bot", Some(&absence.bot), limits::NAME_BYTES)?;
            optional("agent", absence.agent.as_deref(), limits::NAME_BYTES)?;
            optional("colleague", absence.colleague.as_deref(), limits::NAME_BYTES)?;
            length("text", &absence.text, 0, limits::TEXT_BYTES)
        }
        Command::BlockContact(block) => {
            optional("tenant", block.tenant.as_deref(), limits::NAME_BYTES)?;
            contact(&block.bot, &block.contact)?;
            length("reason", &block.reason, 0, limits::NOTE_BYTES)
        }
        Command::UnblockContact(unblock) => {
            optional("tenant", unblock.tenant.as_deref(), limits::NAME_BYTES)?;
            contact(&unblock.bot, &unblock.contact)
        }
        Command::ListBlocked(list) => {
            optional("tenant", list.tenant.as_deref(), limits::NAME_BYTES)?;
            optional("bot", list.bot.as_deref(), limits::NAME_BYTES)
        }
        Command::WantCallback(want) => {
            length("contact", &want.contact, 1, limits::CONTACT_ID_BYTES)
        }
        Command::ListCallbacks(list) => {
            optional("tenant", list.tenant.as_deref(), limits::NAME_BYTES)?;
            optional("bot", list.bot.as_deref(), limits::NAME_BYTES)
        }
        Command::SetQueueMode(set) => queue_mode(set),
        Command::NotifyWaiting(notice) => self::notice(notice),
        Command::SetPresence(presence) => length("reason", &presence.reason, 0, limits::NOTE_BYTES),
        Command::Next(next) => optional("queue", next.queue.as_deref(), 2 * limits::NAME_BYTES + 1),
        Command::Transfer(transfer) => {
            let (TransferTarget::Queue(target) | TransferTarget::Agent(target)) = &transfer.to;
            length("to", target, 1, 2 * limits::NAME_BYTES + 1)?;
            length("note", &transfer.note, 0, limits::NOTE_BYTES)
        }
        Command::Close(close) => tags(&close.tags),
        Command::WrapUpDone(done) => tags(&done.tags),
        Command::Put(put) => {
            optional("tenant", put.tenant.as_deref(), limits::NAME_BYTES)?;
            object::object(&put.object)?;
            object::packed("object", packed_bytes(&put.object))
        }
        Command::Delete(delete) => {
            optional("tenant", delete.tenant.as_deref(), limits::NAME_BYTES)?;
            object::reference(&delete.object)
        }
        Command::Apply(apply) => {
            optional("tenant", apply.tenant.as_deref(), limits::NAME_BYTES)?;
            object::changes(&apply.changes)
        }
        Command::CreateKey(key) => {
            optional("tenant", key.tenant.as_deref(), limits::NAME_BYTES)?;
            length("owner", &key.owner, 0, limits::NAME_BYTES)?;
            length("label", &key.label, 0, limits::LABEL_BYTES)
        }
        Command::RevokeKey(key) => {
            optional("tenant", key.tenant.as_deref(), limits::NAME_BYTES)?;
            length("prefix", &key.prefix, 1, limits::NAME_BYTES)
        }
        Command::ListDirectory(list) => {
            optional("tenant", list.tenant.as_deref(), limits::NAME_BYTES)
        }
        Command::ListKeys(list) => optional("tenant", list.tenant.as_deref(), limits::NAME_BYTES),
        Command::Read(_)
        | Command::Receipt(_)
        | Command::Typing(_)
        | Command::TakeBack(_)
        | Command::Targets(_)
        | Command::Accept(_)
        | Command::Decline(_)
        | Command::Hold(_)
        | Command::Unhold(_)
        | Command::Park(_)
        | Command::Unpark(_)
        | Command::Reopen(_)
        | Command::Explain(_)
        | Command::Status(_) => Ok(()),
    }
}

fn tags(tags: &[String]) -> Result<(), WireError> {
    count("tags", tags.len(), limits::TAGS)?;
    tags.iter().try_for_each(|tag| length("tags", tag, 1, limits::TAG_BYTES))
}

/// A contact of a bot, by name and id.
fn contact(bot: &str, contact: &str) -> Result<(), WireError> {
    length("bot", bot, 1, limits::NAME_BYTES)?;
    length("contact", contact, 1, limits::CONTACT_ID_BYTES)
}

/// An open queue goes by its hours, and has nothing of its own to say.
fn queue_mode(set: &SetQueueMode) -> Result<(), WireError> {
    length("queue", &set.queue, 1, 2 * limits::NAME_BYTES + 1)?;
    length("text", &set.text, 0, limits::TEXT_BYTES)?;
    if set.mode != QueueMode::Open {
        return Ok(());
    }
    let field = match (set.text.is_empty(), set.until) {
        (false, _) => "text",
        (true, Some(_)) => "until",
        (true, None) => return Ok(()),
    };
    Err(malformed(field, "belongs to drain and closed: an open queue goes by its hours"))
}

/// A text for everybody, and others for languages that there are texts in.
fn notice(notice: &NotifyWaiting) -> Result<(), WireError> {
    length("queue", &notice.queue, 1, 2 * limits::NAME_BYTES + 1)?;
    length("text", &notice.text, 1, limits::TEXT_BYTES)?;
    count("texts", notice.texts.len(), Language::ALL.len())?;
    for (at, (language, text)) in notice.texts.iter().enumerate() {
        length("texts", text, 1, limits::TEXT_BYTES)?;
        let is_twice = notice.texts[..at].iter().any(|(other, _)| other == language);
        if is_twice || Language::tagged(language).is_none() {
            return Err(malformed("texts", "has en, es and pt-BR, each at most once"));
        }
    }
    Ok(())
}

/// Who may say what: a customer by contact and without epoch, bot and agent by ticket and epoch.
fn send(send: &Send) -> Result<(), WireError> {
    if let Some(id) = &send.client_message_id {
        length("client_message_id", id, 1, limits::CLIENT_MESSAGE_ID_BYTES)?;
    }
    match send.author {
        Author::Customer => {
            let Some(contact) = &send.contact else {
                return Err(malformed("contact", "a customer's message names its contact"));
            };
            length("contact", contact, 1, limits::CONTACT_ID_BYTES)?;
            if send.epoch.is_some() {
                return Err(malformed("epoch", "a customer's message carries no epoch"));
            }
        }
        Author::Agent | Author::Bot => {
            if send.ticket.is_none() {
                return Err(malformed("ticket", "a message of an agent or a bot names its ticket"));
            }
            if send.epoch.is_none() {
                return Err(malformed(
                    "epoch",
                    "a message of an agent or a bot carries the epoch that it believes in",
                ));
            }
            if send.contact.is_some() {
                return Err(malformed("contact", "only a customer's message names a contact"));
            }
        }
        Author::System => {
            return Err(malformed("author", "must be customer, agent or bot"));
        }
    }
    body(&send.body)
}

/// Texts instead of the shipped ones.
///
/// # Errors
/// `malformed` or `limit_exceeded`, with the text.
pub fn texts(field: &str, texts: &Texts) -> Result<(), WireError> {
    let mut before = None;
    for (language, text, words) in texts.iter() {
        let name = text.name();
        let field = match language {
            Some(language) => format!("{field}.{}.{name}", language.tag()),
            None => format!("{field}.{name}"),
        };
        length(&field, words, 0, limits::TEXT_BYTES)?;
        if let Some(unknown) = text.unknown_variable(words) {
            let unknown: String = unknown.chars().take(limits::NAME_BYTES).collect();
            let known = text.variables().join("}, {");
            return Err(malformed(
                &field,
                format!("{{{unknown}}} is nothing: it may have {{{known}}}"),
            ));
        }
        // A frame may hold them in any order, and one of them again.
        if before >= Some((language, text)) {
            return Err(malformed(&field, "texts stand in the order of their names, each once"));
        }
        before = Some((language, text));
    }
    Ok(())
}

fn malformed(field: &str, message: impl Into<String>) -> WireError {
    WireError::field(ErrorCode::Malformed, field, message)
}

fn length(field: &str, text: &str, least: usize, most: usize) -> Result<(), WireError> {
    if text.len() > most {
        let message = format!("at most {most} bytes, not {}", text.len());
        return Err(WireError::field(ErrorCode::LimitExceeded, field, message));
    }
    if text.len() < least {
        return Err(malformed(field, "must not be empty"));
    }
    Ok(())
}

fn optional(field: &str, text: Option<&str>, most: usize) -> Result<(), WireError> {
    text.map_or(Ok(()), |text| length(field, text, 1, most))
}

fn count(field: &str, found: usize, most: usize) -> Result<(), WireError> {
    if found <= most {
        return Ok(());
    }
    let message = format!("at most {most} of them, not {found}");
    Err(WireError::field(ErrorCode::LimitExceeded, field, message))
}

/// An object of JSON has each name once: what a line could not carry is refused in a frame too.
fn distinct<'a>(field: &str, names: impl Iterator<Item = &'a str>) -> Result<(), WireError> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    let Some(twice) = names.windows(2).find(|two| two[0] == two[1]) else { return Ok(()) };
    let name: String = twice[0].chars().take(limits::NAME_BYTES).collect();
    Err(malformed(field, format!("{name:?} stands there twice")))
}

fn at_most(field: &str, found: u16, most: u16) -> Result<(), WireError> {
    if found <= most {
        return Ok(());
    }
    Err(malformed(field, format!("must be 0 to {most}, not {found}")))
}

#[cfg(test)]
mod tests;
