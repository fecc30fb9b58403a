//! Desks: what a bot and an agent do when something happens. Plain state machines without clock,
//! socket or task; the session performs what they ask for.

use crate::checker::MessageId;
use crate::world::Tally;
use relevo_client::ClientError;
use relevo_client::wire::answer::Answer;
use relevo_client::wire::command::Command;
use relevo_client::wire::push::Entry;
use relevo_client::wire::{ErrorCode, TicketId};

pub mod agent;
pub mod bot;
#[cfg(test)]
mod tests;

pub use agent::AgentDesk;
pub use bot::BotDesk;

/// Something is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// A customer arrives.
    Arrival {
        /// Number of the conversation.
        index: u64,
        /// Mean service time, in microseconds.
        service_mean_us: u64,
    },
    /// The patience of a customer ends.
    Patience(u64),
    /// A customer leaves in the middle.
    Leaving(u64),
    /// A customer writes.
    Writing(u64),
    /// An agent goes on with a ticket.
    Step(TicketId),
    /// An agent pulls.
    Pull,
    /// The connection is cut.
    Drop,
}

/// Which request an answer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// The hand-off of a conversation.
    HandOff(u64),
    /// A message of a customer.
    CustomerMessage(MessageId),
    /// A customer left.
    CustomerLeft(u64),
    /// A message of the agent.
    AgentMessage(TicketId, MessageId),
    /// A transfer.
    Transfer(TicketId),
    /// A close.
    Close(TicketId),
    /// A pull.
    Pull,
    /// The agent goes online.
    Presence,
}

/// What a desk asks for.
#[derive(Debug)]
pub enum Action {
    /// Send a command.
    Request {
        /// What.
        command: Box<Command>,
        /// A repeat must not happen twice.
        once: bool,
        /// Which request it is.
        tag: Tag,
        /// When it was meant to be sent, in microseconds from the start of the run.
        intended_us: u64,
    },
    /// Say so when the time has come.
    Schedule {
        /// When, in microseconds from the start of the run.
        due_us: u64,
        /// What.
        due: Due,
    },
}

/// An answer, as a desk gets it.
#[derive(Debug)]
pub struct Answered {
    /// Which request.
    pub tag: Tag,
    /// When the request was meant to be sent.
    pub intended_us: u64,
    /// When the answer came.
    pub at_us: u64,
    /// What it was.
    pub result: Result<Answer, ClientError>,
}

/// A bot's or an agent's desk.
#[derive(Debug)]
pub enum Desk {
    /// Of a bot.
    Bot(BotDesk),
    /// Of an agent.
    Agent(AgentDesk),
}

impl Desk {
    /// The session is open.
    pub fn opened(&mut self, now_us: u64, actions: &mut Vec<Action>) {
        match self {
            Self::Bot(_) => {}
            Self::Agent(desk) => desk.opened(now_us, actions),
        }
    }

    /// The connection is lost, or there is one again.
    pub fn connected(&mut self, connected: bool, now_us: u64) {
        match self {
            Self::Bot(_) => {}
            Self::Agent(desk) => desk.connected(connected, now_us),
        }
    }

    /// An entry came.
    pub fn saw(&mut self, entry: Entry, now_us: u64, actions: &mut Vec<Action>) {
        match self {
            Self::Bot(desk) => desk.saw(entry, now_us, actions),
            Self::Agent(desk) => desk.saw(&entry, now_us, actions),
        }
    }

    /// Something is due, and was meant to be at `intended_us`.
    pub fn due(&mut self, due: Due, intended_us: u64, now_us: u64, actions: &mut Vec<Action>) {
        match self {
            Self::Bot(desk) => desk.due(due, intended_us, actions),
            Self::Agent(desk) => desk.due(due, intended_us, now_us, actions),
        }
    }

    /// An answer came.
    pub fn answered(&mut self, answered: Answered, actions: &mut Vec<Action>) {
        match self {
            Self::Bot(desk) => desk.answered(answered, actions),
            Self::Agent(desk) => desk.answered(answered, actions),
        }
    }
}

impl Tag {
    /// The command, for counts of errors.
    #[must_use]
    pub fn command(self) -> &'static str {
        match self {
            Self::HandOff(_) => "hand_off",
            Self::CustomerMessage(_) => "send (customer)",
            Self::CustomerLeft(_) => "customer_left",
            Self::AgentMessage(..) => "send (agent)",
            Self::Transfer(_) => "transfer",
            Self::Close(_) => "close",
            Self::Pull => "next",
            Self::Presence => "set_presence",
        }
    }

    /// Counts a request that came to nothing, if it did: a run fails by any that it does not expect.
    fn count(self, result: &Result<Answer, ClientError>, tally: &Tally) {
        let command = self.command();
        match result {
            Err(error) if self.is_routine(error) => {}
            Err(error) if self.expects(error) => tally.failed(command, &error_name(error)),
            Err(error) => tally.refused_unasked(command, &error_name(error)),
            Ok(Answer::Rejected(rejected)) => {
                tally.refused_unasked(command, &format!("rejected: {}", rejected.reason));
            }
            Ok(answer) if self.is_answered_by(answer) => {}
            Ok(answer) => {
                tally.refused_unasked(command, &format!("answered with {}", answer.name()));
            }
        }
    }

    /// Most pulls find nothing, or the agent with all its seats in use: not worth a count.
    fn is_routine(self, error: &ClientError) -> bool {
        self == Self::Pull
            && matches!(error.code(), Some(ErrorCode::NothingWaiting | ErrorCode::NoSeat))
    }

    /// Does something in the scenario provoke this refusal?
    fn expects(self, error: &ClientError) -> bool {
        let Some(code) = error.code() else { return false };
        match self {
            // A burst may find no room; how many may is bounded by the share that must be
            // acknowledged.
            Self::HandOff(_) => code == ErrorCode::Overloaded,
            // A customer's words are never stale, and who is gone already may leave again.
            Self::CustomerMessage(_) | Self::CustomerLeft(_) | Self::Presence => false,
            // The customer has left, or the ticket went back to its line while the agent was away.
            Self::AgentMessage(..) => matches!(code, ErrorCode::StaleEpoch | ErrorCode::NotFound),
            // The same; and who is to have it may just be away.
            Self::Transfer(_) => crossed(error),
            // The same; and a daemon that drains gets it once more.
            Self::Close(_) => {
                matches!(code, ErrorCode::StaleEpoch | ErrorCode::NotFound | ErrorCode::Draining)
            }
            // The agent's connection has just been cut.
            Self::Pull => code == ErrorCode::WrongState,
        }
    }

    fn is_answered_by(self, answer: &Answer) -> bool {
        match self {
            Self::HandOff(_) => matches!(answer, Answer::Accepted(_)),
            Self::CustomerMessage(_) | Self::AgentMessage(..) => matches!(answer, Answer::Sent(_)),
            Self::Transfer(_) => matches!(answer, Answer::Transferred(_)),
            Self::Pull => matches!(answer, Answer::Next(_)),
            Self::CustomerLeft(_) | Self::Close(_) | Self::Presence => {
                matches!(answer, Answer::Done(_))
            }
        }
    }
}

/// Names the reason of a request that came to nothing: what may well happen by its code, what
/// should not in full.
#[must_use]
pub fn error_name(error: &ClientError) -> String {
    match error.code() {
        Some(code) if crossed(error) || code == ErrorCode::Overloaded => code.name().to_owned(),
        Some(_) | None => error.to_string(),
    }
}

/// The two sides crossed: the other one has ended or moved the ticket in the meantime. Happens to
/// the best of clients.
#[must_use]
pub fn crossed(error: &ClientError) -> bool {
    matches!(
        error.code(),
        Some(ErrorCode::StaleEpoch | ErrorCode::WrongState | ErrorCode::NotFound)
    )
}
