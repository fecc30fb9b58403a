//! Commands that carry a key are done once.

use crate::reference::Reference;
use crate::refusals::refused;
use relevo_routing::event::Answered;
use relevo_routing::input::{Idempotency, Input};
use relevo_routing::{Event, Micros};
use relevo_wire::answer::Answer;
use relevo_wire::frame;
use relevo_wire::{ErrorCode, RequestId};

/// A command's first answer.
#[derive(Debug, Clone)]
pub(crate) struct FirstAnswer {
    at: Micros,
    command: Idempotency,
    answer: Answer,
}

impl Reference {
    /// The same key and content get the first answer again; the same key with other content is a
    /// conflict.
    pub(crate) fn first_answer(&self, command: &Idempotency) -> Option<Answer> {
        let is_kept = |first: &&FirstAnswer| first.at + self.settings.idempotency_us > self.now;
        let same_key = |first: &&FirstAnswer| {
            (first.command.credential, first.command.key) == (command.credential, command.key)
        };
        let first = self.first_answers.iter().filter(is_kept).find(same_key)?;
        if first.command.digest == command.digest {
            return Some(first.answer.clone());
        }
        Some(Answer::Error(refused(ErrorCode::IdempotencyConflict, "idempotency_key")))
    }

    /// A refusal changed nothing and is not remembered. The oldest answers go when their time is
    /// over, when there are too many, and when there are too many of a credential.
    pub(crate) fn remember_answer(&mut self, command: Idempotency, answer: &Answer) {
        if matches!(answer, Answer::Error(_)) {
            return;
        }
        let (now, kept_us) = (self.now, self.settings.idempotency_us);
        let answers = &mut self.first_answers;
        answers.retain(|first| first.at + kept_us > now);
        if answers.len() >= self.settings.idempotency_keys {
            answers.remove(0);
        }
        let same_credential = |first: &FirstAnswer| first.command.credential == command.credential;
        let of_credential = answers.iter().filter(|first| same_credential(first)).count();
        if of_credential >= self.settings.idempotency_keys_per_credential {
            let oldest = answers.iter().position(same_credential);
            answers.remove(oldest.expect("there is one"));
        }
        answers.push(FirstAnswer { at: now, command, answer: answer.clone() });
        let mut bytes = Vec::new();
        frame::write_answer(&mut bytes, RequestId(0), answer);
        let Idempotency { credential, key, digest } = command;
        self.emit(Event::Answered(Answered { credential, key, digest, answer: bytes }));
    }
}

/// Whether an input changes something that a repeat must not change twice.
pub(crate) fn is_mutating(input: &Input) -> bool {
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
