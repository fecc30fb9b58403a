//! A line that moves for a while with customers in it, as single actions seldom make one.

use crate::action::{Action, What};
use crate::ask::{Among, Ask, By, HandOver, Line, Which};
use crate::compare::Compared;
use crate::pair::Pair;
use crate::shapes::AGENTS;
use relevo_wire::vocabulary::Intent;

/// As many rounds as it takes until waits are estimated, and some more.
const ROUNDS: u8 = 14;
const SLOW_ROUNDS: u8 = 4;

impl Pair {
    /// One agent comes to work and the others pause. In each round customers come to the queue, some
    /// seconds pass, it accepts, wraps up and closes.
    pub(crate) fn rush(&mut self, queue: u8, agent: u8, seconds: u64, when: &str) -> Compared {
        for other in (0..AGENTS).filter(|other| *other != agent) {
            let (agent, intent) = (other, Intent::Paused);
            self.does(What::SetPresence { agent, intent, reason: false, late: false }, when)?;
        }
        self.does(What::Come { agent }, when)?;
        for round in 0..ROUNDS {
            self.does(What::Ask(coming(2 * round, queue)), when)?;
            self.does(What::Ask(coming(2 * round + 1, queue)), when)?;
            // In the end it moves more slowly than whoever waits has been told.
            let slower = if round + SLOW_ROUNDS < ROUNDS { 1 } else { 10 };
            self.does(What::Pass { time: slower * seconds * 1_000_000 }, when)?;
            let (offered, wrapping) = (newest(Among::Offered), newest(Among::Wrapping));
            self.does(What::Ask(Ask::Accept { ticket: offered, by: By::Holder }), when)?;
            self.does(
                What::Ask(Ask::WrapUpDone { ticket: wrapping, by: By::Holder, tags: 1 }),
                when,
            )?;
            self.does(What::Ask(close(0)), when)?;
            self.does(What::Ask(close(round)), when)?;
        }
        Ok(())
    }

    fn does(&mut self, what: What, when: &str) -> Compared {
        self.act(&Action { what, key: None }, when)
    }
}

fn coming(number: u8, queue: u8) -> Ask {
    Ask::HandOff(HandOver {
        contact: number % 8,
        queue: Some(Line::OfBot(queue)),
        queue_of_rule: None,
        priority: u16::from(number % 3 / 2),
        priority_of_rule: None,
        demand: None,
        preferred: None,
        test: false,
        dry_run: false,
        language: None,
        texts: None,
        truncated: false,
        bytes: 10,
    })
}

fn newest(among: Among) -> Which {
    Which { nth: 0, among }
}

fn close(nth: u8) -> Ask {
    let ticket = Which { nth, among: Among::Held };
    Ask::Close { ticket, by: By::Holder, stale: false, tags: 1 }
}
