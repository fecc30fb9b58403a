//! Commands that carry a key are done once.

use super::Turn;
use crate::event::{Answered, Event};
use crate::input::{Idempotency, Input};
use crate::step::Reply;
use relevo_wire::answer::Answer;
use relevo_wire::frame::{self, HEADER_BYTES, Header, ServerFrame};
use relevo_wire::{ErrorCode, RequestId, WireError};

impl Turn<'_> {
    /// The first answer of a key that is known, or the conflict.
    pub(super) fn repeated(&self, key: &Idempotency) -> Option<Answer> {
        let remembered = self.state.idempotencies.find(self.now, key)?;
        if remembered.digest != key.digest {
            return Some(Answer::Error(WireError::field(
                ErrorCode::IdempotencyConflict,
                "idempotency_key",
                "this key was used with other content: take a new key",
            )));
        }
        Some(read_answer(&remembered.answer))
    }

    /// Remembers the answer of what was done. A refusal changed nothing and is not remembered: the
    /// same key may try again.
    pub(super) fn remember_answer(&mut self, key: Idempotency) {
        let Some(Reply::Answer(answer)) = &self.step.reply else { return };
        if matches!(answer, Answer::Error(_)) {
            return;
        }
        let mut bytes = Vec::new();
        frame::write_answer(&mut bytes, RequestId(0), answer);
        let Idempotency { credential, key, digest } = key;
        self.emit(Event::Answered(Answered { credential, key, digest, answer: bytes }));
    }
}

/// Whether an input changes something that a repeat must not change twice.
pub(super) fn is_mutating(input: &Input) -> bool {
    match input {
        Input::HandOff(hand_off) => !hand_off.dry_run,
        Input::Apply { dry_run, .. } => !dry_run,
        Input::CustomerMessage { .. }
        | Input::BotMessage { .. }
        | Input::AgentMessage { .. }
        | Input::CustomerLeft { .. }
        | Input::TakeBack { .. }
        | Input::SetPresence { .. }
        | Input::Next { .. }
        | Input::Transfer { .. }
        | Input::Close { .. }
        | Input::Accept { .. }
        | Input::Decline { .. }
        | Input::Hold { .. }
        | Input::Park { .. }
        | Input::Unpark { .. }
        | Input::WrapUpDone { .. }
        | Input::Reopen { .. }
        | Input::SetAbsence { .. }
        | Input::WantCallback { .. }
        | Input::BlockContact { .. }
        | Input::UnblockContact { .. }
        | Input::SetQueueMode(_)
        | Input::NotifyWaiting { .. }
        | Input::Put { .. }
        | Input::Delete { .. }
        | Input::CreateKey(_)
        | Input::RevokeKey { .. } => true,
        Input::Progress { .. }
        | Input::Targets { .. }
        | Input::Explain { .. }
        | Input::AgentSessionOpened { .. }
        | Input::AgentSessionLost { .. }
        | Input::BotSessionOpened { .. }
        | Input::BotSessionLost { .. }
        | Input::Started { .. }
        | Input::Ready
        | Input::Tick => false,
    }
}

fn read_answer(bytes: &[u8]) -> Answer {
    let answer = Header::read(bytes)
        .and_then(|header| frame::read_server_frame(header, &bytes[HEADER_BYTES..]).ok().flatten());
    match answer {
        Some(ServerFrame::Answer(_, answer)) => answer,
        Some(ServerFrame::Push(_)) | None => Answer::Error(WireError::new(
            ErrorCode::Internal,
            "the first answer of this key cannot be read",
        )),
    }
}
