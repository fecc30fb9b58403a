//! Answers as the types that commands promise.

use crate::client::ClientError;
use crate::roles::HandOffAnswer;
use relevo_wire::answer::{
    AgentsOnlineAnswer, Answer, Applied, BlockedContacts, Callbacks, DirectoryAnswer, Explained,
    KeyCreated, Keys, NextAnswer, Notifying, Sent, StatusReport, Stored, TargetsAnswer,
    TransferredAnswer,
};

/// A type that one kind of answer, or a few, become.
pub(crate) trait FromAnswer: Sized {
    /// `None` when it is another kind.
    fn from_answer(answer: Answer) -> Option<Self>;
}

/// The answer as the type that the command promises.
///
/// # Errors
/// It is another kind of answer.
pub(crate) fn typed<T: FromAnswer>(answer: Answer) -> Result<T, ClientError> {
    let name = answer.name();
    T::from_answer(answer).ok_or(ClientError::Unexpected(name))
}

impl FromAnswer for () {
    fn from_answer(answer: Answer) -> Option<Self> {
        matches!(answer, Answer::Done(_) | Answer::Stored(_)).then_some(())
    }
}

impl FromAnswer for HandOffAnswer {
    fn from_answer(answer: Answer) -> Option<Self> {
        if let Answer::Accepted(accepted) = answer {
            Some(Self::Accepted(accepted))
        } else if let Answer::Rejected(rejected) = answer {
            Some(Self::Rejected(rejected))
        } else {
            None
        }
    }
}

impl FromAnswer for AgentsOnlineAnswer {
    fn from_answer(answer: Answer) -> Option<Self> {
        if let Answer::AgentsOnline(answer) = answer { Some(answer) } else { None }
    }
}

impl FromAnswer for Sent {
    fn from_answer(answer: Answer) -> Option<Self> {
        if let Answer::Sent(answer) = answer { Some(answer) } else { None }
    }
}

impl FromAnswer for NextAnswer {
    fn from_answer(answer: Answer) -> Option<Self> {
        if let Answer::Next(answer) = answer { Some(answer) } else { None }
    }
}

impl FromAnswer for TargetsAnswer {
    fn from_answer(answer: Answer) -> Option<Self> {
        if let Answer::Targets(answer) = answer { Some(answer) } else { None }
    }
}

impl FromAnswer for TransferredAnswer {
    fn from_answer(answer: Answer) -> Option<Self> {
        if let Answer::Transferred(answer) = answer { Some(answer) } else { None }
    }
}

impl FromAnswer for Explained {
    fn from_answer(answer: Answer) -> Option<Self> {
        if let Answer::Explained(answer) = answer { Some(answer) } else { None }
    }
}

impl FromAnswer for Stored {
    fn from_answer(answer: Answer) -> Option<Self> {
        if let Answer::Stored(answer) = answer { Some(answer) } else { None }
    }
}

impl FromAnswer for Applied {
    fn from_answer(answer: Answer) -> Option<Self> {
        if let Answer::Applied(answer) = answer { Some(answer) } else { None }
    }
}

impl FromAnswer for DirectoryAnswer {
    fn from_answer(answer: Answer) -> Option<Self> {
        if let Answer::Directory(answer) = answer { Some(answer) } else { None }
    }
}

impl FromAnswer for KeyCreated {
    fn from_answer(answer: Answer) -> Option<Self> {
        if let Answer::Key(answer) = answer { Some(answer) } else { None }
    }
}

impl FromAnswer for Keys {
    fn from_answer(answer: Answer) -> Option<Self> {
        if let Answer::Keys(answer) = answer { Some(answer) } else { None }
    }
}

impl FromAnswer for Notifying {
    fn from_answer(answer: Answer) -> Option<Self> {
        if let Answer::Notifying(answer) = answer { Some(answer) } else { None }
    }
}

impl FromAnswer for BlockedContacts {
    fn from_answer(answer: Answer) -> Option<Self> {
        if let Answer::Blocked(answer) = answer { Some(answer) } else { None }
    }
}

impl FromAnswer for Callbacks {
    fn from_answer(answer: Answer) -> Option<Self> {
        if let Answer::Callbacks(answer) = answer { Some(answer) } else { None }
    }
}

impl FromAnswer for StatusReport {
    fn from_answer(answer: Answer) -> Option<Self> {
        if let Answer::Status(answer) = answer { Some(answer) } else { None }
    }
}
