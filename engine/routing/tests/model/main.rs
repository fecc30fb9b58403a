//! The reference model: a slow, obvious second implementation of the domain beside the router.
//!
//! Random actions become commands for both, at the same moment. After every command they must agree
//! on every event, on the whole reply (the sentences for people aside), on the next deadline and on
//! every agent's seat word; then on the explanation of every open ticket. A disagreement is shrunk
//! to the few actions that bring it about, and those are printed; it becomes a named test of the
//! router (`tests/core`) before anything is mended.
//!
//! `cargo test` tries 1,200 cases of up to 80 actions. `PROPTEST_CASES` asks for more of
//! them, `RELEVO_MODEL_ACTIONS` for longer ones, which find what it takes many steps to come to:
//!
//! ```sh
//! PROPTEST_CASES=2000 RELEVO_MODEL_ACTIONS=500 cargo test -p relevo-routing --test model
//! ```
//!
//! What is left out, because meaning does not decide it:
//! - ids are the router's, and must only be fresh; of several tickets that fall due at the same
//!   microsecond for the same reason any may be first;
//! - what time alone makes possible (an exclusion or an overflow's time that is over) is the next tick's work: the tick
//!   comes before the next command. So it does before a dry run where a full step has left work;
//! - how many deadlines a tick handles at most;
//! - how many private bytes are unconfirmed is a bound that the router may reach early when more
//!   than sixteen entries are.

mod absence;
mod acceptance;
mod action;
mod agents;
mod ask;
mod away;
mod bot_shape;
mod callbacks;
mod clocks;
mod commands;
mod compare;
mod contacts;
mod directory;
mod ends;
mod estimates;
mod explain;
mod figures;
mod giving;
mod hand_off;
mod hours;
mod hours_shape;
mod idempotency;
mod keys;
mod last_agent;
mod matching;
mod messages;
mod modes;
mod notices;
mod offers;
mod overflow;
mod pair;
mod parking;
mod parking_shape;
mod presence;
mod pull;
mod queues;
mod reached;
mod reference;
mod refusals;
mod reopen;
mod router;
mod rush;
mod sessions;
mod shapes;
mod shares;
mod silence;
mod targets;
mod texts;
mod tickets;
mod tight;
mod timers;
mod transfer;
mod waiting_shape;

use action::{Action, What, actions};
use pair::Pair;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{TestCaseError, TestRunner};
use reached::{EXPECTED, Reached};
use shapes::{Setup, setup};
use std::fmt;
use std::str::FromStr;

/// Cases of a run in which nobody asks for more or fewer, and of the look at what they come to.
const CASES: u32 = 1_200;
const CASES_LOOKED_AT: u32 = 3_200;
const MOST_ACTIONS: usize = 80;

fn asked<T: FromStr>(variable: &str) -> Option<T> {
    std::env::var(variable).ok()?.parse().ok()
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: asked("PROPTEST_CASES").unwrap_or(CASES),
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    }
}

/// A tenant and what happens to it.
struct Case {
    setup: Setup,
    actions: Vec<Action>,
}

/// One thing a line: what is left of a failure is read by people.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "a tenant with {:?}, online {:#b}", self.setup.tight, self.setup.online)?;
        let Setup { bots, agents, queues, tenant, .. } = &self.setup;
        tenant.iter().try_for_each(|tenant| writeln!(f, "  {tenant:?}"))?;
        bots.iter().try_for_each(|bot| writeln!(f, "  {bot:?}"))?;
        agents.iter().try_for_each(|agent| writeln!(f, "  {agent:?}"))?;
        queues.iter().try_for_each(|queue| writeln!(f, "  {queue:?}"))?;
        let mut numbered = self.actions.iter().enumerate();
        numbered.try_for_each(|(number, action)| writeln!(f, "action {number}: {action:?}"))
    }
}

fn case(most: usize) -> impl Strategy<Value = Case> {
    (setup(), actions(most)).prop_map(|(setup, mut actions)| {
        // By what is drawn already: a further draw would make every case another one.
        if actions.len() % 2 == 0 {
            let number = u8::try_from(actions.len()).unwrap_or(u8::MAX) / 2;
            let (queue, agent, seconds) = (number % 3, number % 4, 1 + u64::from(number % 8));
            let what = What::Rush { queue, agent, seconds };
            actions.push(Action { what, key: None });
        }
        Case { setup, actions }
    })
}

fn run(case: &Case) -> Result<Pair, TestCaseError> {
    let mut pair = Pair::new(&case.setup)?;
    for (number, action) in case.actions.iter().enumerate() {
        pair.act(action, &format!("action {number}"))?;
    }
    Ok(pair)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_router_does_what_the_reference_says(
        case in case(asked("RELEVO_MODEL_ACTIONS").unwrap_or(MOST_ACTIONS)),
    ) {
        run(&case)?;
    }
}

#[test]
fn the_actions_come_to_everything() {
    let mut runner = TestRunner::deterministic();
    let mut reached = Reached::default();
    let mut actions = 0;
    for _ in 0..CASES_LOOKED_AT {
        let case = case(MOST_ACTIONS).new_tree(&mut runner).expect("a case can be made").current();
        actions += case.actions.len();
        let pair = run(&case).expect("router and reference agree");
        reached.add(&pair.reached);
    }
    assert_eq!(reached.lacks(EXPECTED), [""; 0], "{actions} actions came to {reached:#?}");
}
