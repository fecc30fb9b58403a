//! Whether router and reference say the same.

use crate::reference::{Reference, Said};
use crate::router::Router;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use relevo_routing::{Input, Reply, Step};
use relevo_wire::answer::Answer;
use relevo_wire::vocabulary::Intent;
use relevo_wire::{AgentId, BotId, QueueId};
use std::fmt;

pub(crate) type Compared = Result<(), TestCaseError>;

/// Which action, and the command that it became: written out only where something differs.
pub(crate) struct When<'a> {
    pub(crate) action: &'a str,
    pub(crate) input: &'a Input,
}

impl fmt::Display for When<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.action, self.input)
    }
}

/// Every event in order and whole; the reply whole but for texts that explain.
pub(crate) fn same_step(step: Step, said: Said, when: &When<'_>) -> Compared {
    let events: Vec<_> = step.events.into_iter().collect();
    prop_assert_eq!(events, said.events, "events: router, reference; {}", when);
    prop_assert_eq!(step.lazy, said.lazy, "lazy: router, reference; {}", when);
    let (router, reference) = (step.reply.map(meaning), said.reply.map(meaning));
    prop_assert_eq!(router, reference, "reply: router, reference; {}", when);
    Ok(())
}

/// A reply without the sentences for people in it.
fn meaning(reply: Reply) -> Result<Answer, Option<Intent>> {
    match reply {
        Reply::Opened { intent } => Err(intent),
        Reply::Answer(Answer::Error(mut error)) => {
            error.message.clear();
            Ok(Answer::Error(error))
        }
        Reply::Answer(Answer::Explained(mut explained)) => {
            explained.because.clear();
            Ok(Answer::Explained(explained))
        }
        Reply::Answer(other) => Ok(other),
    }
}

/// The next deadline, every agent's seat word, and the published numbers.
pub(crate) fn same_state(router: &Router, reference: &Reference, when: &When<'_>) -> Compared {
    let (due, expected) = (router.tenant.next_deadline(), reference.next_deadline());
    prop_assert_eq!(due, expected, "next deadline: router, reference; {}", when);
    for (number, agent) in (0..).zip(&reference.agents) {
        let view = router.seats.word(number).expect("every agent has a word").view();
        let id = AgentId(u32::try_from(number).expect("few"));
        let used = reference.seats_used(id, |_| true);
        let word = agent.word;
        prop_assert_eq!(
            (usize::from(view.used), view.capacity, view.intent, view.reachable, view.grace),
            (used, word.capacity, word.intent.holds, word.reachable.holds, word.grace),
            "seats of {} (used, capacity, intent, reachable, grace): router, reference; {}",
            agent.name,
            when
        );
    }
    prop_assert_eq!(
        *router.tenant.stats(),
        reference.stats(),
        "stats: router, reference; {}",
        when
    );
    for bot in (0..reference.bots.len()).map(|number| BotId(u32::try_from(number).expect("few"))) {
        let (seats, expected) = (router.tenant.bot_seats(bot), reference.bot_seats(bot));
        prop_assert_eq!(seats, expected, "{:?}: router, reference; {}", bot, when);
    }
    for queue in
        (0..reference.queues.len()).map(|number| QueueId(u32::try_from(number).expect("few")))
    {
        let figures = (router.tenant.queue_stats(queue), router.tenant.queue_agents(queue));
        let expected = (reference.queue_stats(queue), reference.queue_agents(queue));
        prop_assert_eq!(figures, expected, "{:?}: router, reference; {}", queue, when);
    }
    Ok(())
}
