//! A transfer to somebody who has just come, and what comes of it where that one is asked first.

use crate::action::{Action, What, agent};
use crate::ask::{Among, Ask, By, To, Which};
use crate::compare::Compared;
use crate::pair::Pair;
use proptest::prelude::*;
use proptest::sample::select;
use relevo_wire::vocabulary::Intent;

/// What follows a transfer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Then {
    Accept,
    Decline,
    Withdraw,
    /// The giver goes.
    Leave,
    Nothing,
}

pub(crate) fn give() -> impl Strategy<Value = What> {
    let then =
        select(vec![Then::Accept, Then::Decline, Then::Withdraw, Then::Leave, Then::Nothing]);
    (agent(), then).prop_map(|(agent, then)| What::Give { agent, then })
}

impl Pair {
    pub(crate) fn hand_around(&mut self, agent: u8, then: Then, when: &str) -> Compared {
        let newest = |among| Which { nth: 0, among };
        let (ticket, to) = (newest(Among::Held), To::Agent(agent));
        let asked = newest(Among::Asked);
        let give = Ask::Transfer { ticket, by: By::Holder, stale: false, to, note: false };
        for what in [What::Come { agent }, What::Ask(give)] {
            self.act(&Action { what, key: None }, when)?;
        }
        let what = match then {
            Then::Accept => What::Ask(Ask::Accept { ticket: asked, by: By::Asked }),
            Then::Decline => What::Ask(Ask::Decline { ticket: asked, by: By::Asked }),
            Then::Withdraw => What::Ask(Ask::Decline { ticket: asked, by: By::Holder }),
            Then::Leave => {
                let giver = self.which(asked).and_then(|id| self.reference.ticket(id).agent);
                let name = giver.map(|giver| self.reference.agent_name(giver));
                let number = name.and_then(|name| name.trim_start_matches('a').parse().ok());
                let Some(agent) = number else { return Ok(()) };
                What::SetPresence { agent, intent: Intent::Offline, reason: false, late: false }
            }
            Then::Nothing => return Ok(()),
        };
        self.act(&Action { what, key: None }, when)
    }
}
