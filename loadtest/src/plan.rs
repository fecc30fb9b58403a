//! What a run is made of: the directory it needs and what each conversation will be like.
//!
//! A conversation is computed from the seed and its number whenever somebody needs it, so a plan
//! holds no list of them and the bot's side and the agent's side need not talk to each other.

use crate::random::{Purpose, mix, stream};
use rand::RngExt;
use rand_distr::{Exp1, LogNormal};

pub mod occupancy;
pub mod pull;
pub mod staff;

/// Spread of service times: the sigma of a log-normal distribution. 0.6 gives a coefficient of
/// variation of 0.66.
const SERVICE_SIGMA: f64 = 0.6;
/// The first reply comes after so much of the service time.
const FIRST_REPLY_SHARE: f64 = 0.08;
/// The last message of the agent comes no later than after so much of the service time.
const LAST_MESSAGE_SHARE: f64 = 0.9;
/// Share of the customers who write while they wait.
const EARLY_WRITERS: f64 = 0.3;
/// Share of the transfers that go to an agent and not to a queue.
const TRANSFERS_TO_AGENT: f64 = 0.25;
/// Shortest service, in microseconds: a conversation needs a round trip for each of its messages.
const SERVICE_MIN_US: u64 = 1000;

/// What conversations are like.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Plan {
    /// Everything random comes from it.
    pub seed: u64,
    /// How many bots.
    pub bots: u32,
    /// Queues of a bot; the last one is pulled from when `pull_share` is above 0.
    pub queues_per_bot: u32,
    /// Share of the arrivals that go to the queue that agents pull from.
    pub pull_share: f64,
    /// Messages of customer and agent together in a conversation that comes to its end.
    pub messages_per_ticket: u32,
    /// Share of the conversations that are transferred.
    pub transfer_share: f64,
    /// Share of the customers who leave in the middle of the service.
    pub leave_share: f64,
    /// Mean patience of a waiting customer, in microseconds; 0: endless.
    pub patience_mean_us: u64,
    /// How service times are distributed around their mean.
    pub service: ServiceShape,
}

/// How service times are distributed around their mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceShape {
    /// As handling times are: few very short, some long.
    LogNormal,
    /// As the formulas of Erlang want them.
    Exponential,
}

/// What one conversation will be like, unless somebody leaves before.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversation {
    /// Its number, in the order of arrival.
    pub index: u64,
    /// Which bot, from 0.
    pub bot: u32,
    /// Which queue of the bot, from 0.
    pub queue: u32,
    /// From the assignment to the close, in microseconds, over all its agents.
    pub service_us: u64,
    /// The customer leaves after waiting so long, in microseconds.
    pub patience_us: Option<u64>,
    /// The customer leaves so long after the first assignment, in microseconds.
    pub leaves_after_us: Option<u64>,
    /// Messages of the agent.
    pub agent_messages: u32,
    /// Messages of the customer.
    pub customer_messages: u32,
    /// The customer writes the first one while it waits.
    pub writes_early: bool,
    /// It is transferred in the middle.
    pub transfer: Option<Transfer>,
    /// Which texts are said: that of message `n` is number `texts + n`.
    pub texts: u64,
}

/// Where a conversation is transferred to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transfer {
    /// To another queue of the bot, if it has one.
    Queue(u32),
    /// To a colleague: a number from which one is picked.
    Agent(u64),
}

impl Plan {
    /// The conversation of a number, where the mean service time is so long.
    #[must_use]
    pub fn conversation(&self, index: u64, service_mean_us: u64) -> Conversation {
        let mut random = stream(self.seed, Purpose::Conversation, index);
        let bot = random.random_range(0..self.bots);
        let pulled = random.random::<f64>() < self.pull_share;
        let pushing = self.pushing_queues();
        let queue = if pulled { pushing } else { random.random_range(0..pushing) };
        let service_us = self.service_us(random.random(), &mut random, service_mean_us);
        let patience: f64 = random.sample(Exp1);
        let leaves = random.random::<f64>() < self.leave_share;
        let leaves_at: f64 = random.random();
        let transferred = random.random::<f64>() < self.transfer_share;
        let to_agent = random.random::<f64>() < TRANSFERS_TO_AGENT;
        let target: u64 = random.random();
        let other = self.other_queue(queue, target);
        let writes_early = random.random::<f64>() < EARLY_WRITERS;
        Conversation {
            index,
            bot,
            queue,
            service_us,
            patience_us: (self.patience_mean_us > 0)
                .then_some((self.patience_mean_us as f64 * patience) as u64),
            leaves_after_us: leaves.then_some((service_us as f64 * leaves_at) as u64),
            agent_messages: self.messages_per_ticket.div_ceil(2),
            customer_messages: self.messages_per_ticket / 2,
            writes_early,
            transfer: match (transferred, to_agent, other) {
                (false, ..) => None,
                (true, true, _) | (true, false, None) => Some(Transfer::Agent(target)),
                (true, false, Some(other)) => Some(Transfer::Queue(other)),
            },
            texts: mix(index),
        }
    }

    /// How many queues of a bot push.
    #[must_use]
    pub fn pushing_queues(&self) -> u32 {
        if self.pull_share > 0.0 { (self.queues_per_bot - 1).max(1) } else { self.queues_per_bot }
    }

    /// Is this queue of a bot pulled from?
    #[must_use]
    pub fn pulls(&self, queue: u32) -> bool {
        queue >= self.pushing_queues()
    }

    /// A pushing queue that is not this one, if there is any.
    fn other_queue(&self, queue: u32, number: u64) -> Option<u32> {
        let pushing = self.pushing_queues();
        let candidates = if queue < pushing { pushing - 1 } else { pushing };
        let pick = u32::try_from(number % u64::from(candidates.max(1))).expect("below a u32");
        (candidates > 0).then(|| if pick >= queue { pick + 1 } else { pick })
    }

    fn service_us(&self, unit: f64, random: &mut impl rand::Rng, mean_us: u64) -> u64 {
        let factor: f64 = match self.service {
            ServiceShape::LogNormal => {
                // The mean of a log-normal distribution is exp(mu + sigma^2 / 2): here 1.
                let mu = -SERVICE_SIGMA * SERVICE_SIGMA / 2.0;
                let distribution = LogNormal::new(mu, SERVICE_SIGMA)
                    .expect("a constant sigma that is finite and positive");
                random.sample(distribution)
            }
            ServiceShape::Exponential => return (-(1.0 - unit).ln() * mean_us as f64) as u64,
        };
        ((mean_us as f64 * factor) as u64).max(SERVICE_MIN_US)
    }
}

impl Conversation {
    /// When the agent sends its message of this ordinal (from 0), in microseconds from the
    /// assignment; the close comes at `service_us`.
    #[must_use]
    pub fn agent_message_after_us(&self, ordinal: u32) -> u64 {
        let spread = LAST_MESSAGE_SHARE - FIRST_REPLY_SHARE;
        let share = f64::from(ordinal) / f64::from(self.agent_messages.max(1));
        ((FIRST_REPLY_SHARE + spread * share) * self.service_us as f64) as u64
    }

    /// How long the customer thinks before it answers the agent, in microseconds.
    #[must_use]
    pub fn customer_thinks_us(&self) -> u64 {
        let gap = (LAST_MESSAGE_SHARE - FIRST_REPLY_SHARE) / f64::from(self.agent_messages.max(1));
        (gap / 2.0 * self.service_us as f64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan {
            seed: 9,
            bots: 20,
            queues_per_bot: 3,
            pull_share: 0.1,
            messages_per_ticket: 7,
            transfer_share: 0.03,
            leave_share: 0.005,
            patience_mean_us: 2_000_000,
            service: ServiceShape::LogNormal,
        }
    }

    #[test]
    fn a_seed_plans_the_same_conversations_and_another_seed_others() {
        let of = |seed| {
            let plan = Plan { seed, ..plan() };
            (0..100).map(|index| plan.conversation(index, 1_000_000)).collect::<Vec<_>>()
        };
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }

    #[test]
    fn shares_and_means_are_those_of_the_plan() {
        let plan = plan();
        let all: Vec<_> = (0..100_000).map(|index| plan.conversation(index, 1_000_000)).collect();
        let share = |of: &dyn Fn(&Conversation) -> bool| {
            all.iter().filter(|conversation| of(conversation)).count() as f64 / all.len() as f64
        };
        let near = |value: f64, wanted: f64| assert!((value / wanted - 1.0).abs() < 0.1, "{value}");
        near(share(&|c| c.transfer.is_some()), 0.03);
        near(share(&|c| c.leaves_after_us.is_some()), 0.005);
        near(share(&|c| plan.pulls(c.queue)), 0.1);
        near(share(&|c| c.bot == 7), 0.05);
        let mean = |of: &dyn Fn(&Conversation) -> u64| {
            all.iter().map(|c| of(c) as f64).sum::<f64>() / all.len() as f64
        };
        near(mean(&|c| c.service_us), 1_000_000.0);
        near(mean(&|c| c.patience_us.unwrap()), 2_000_000.0);
        let exponential = Plan { service: ServiceShape::Exponential, ..plan };
        let total: u64 =
            (0..100_000).map(|index| exponential.conversation(index, 1_000_000).service_us).sum();
        near(total as f64 / 100_000.0, 1_000_000.0);
    }

    #[test]
    fn a_transfer_never_goes_to_the_queue_that_it_comes_from_nor_to_one_that_is_pulled() {
        let plan = Plan { transfer_share: 1.0, ..plan() };
        let mut seen = 0;
        for index in 0..10_000 {
            let conversation = plan.conversation(index, 1_000_000);
            if let Some(Transfer::Queue(to)) = conversation.transfer {
                seen += 1;
                assert_ne!(to, conversation.queue);
                assert!(!plan.pulls(to));
            }
        }
        assert!(seen > 5_000);
    }

    #[test]
    fn messages_lie_in_order_within_the_service() {
        let conversation = plan().conversation(5, 1_000_000);
        assert_eq!((conversation.agent_messages, conversation.customer_messages), (4, 3));
        let times: Vec<u64> =
            (0..4).map(|ordinal| conversation.agent_message_after_us(ordinal)).collect();
        assert!(times.is_sorted());
        assert!(times[3] + conversation.customer_thinks_us() < conversation.service_us);
    }
}
