//! What bots look like.

use crate::shapes::{bot_name, mostly, seldom};
use proptest::prelude::*;
use proptest::sample::select;
use relevo_wire::directory::{Bot, Object};
use relevo_wire::vocabulary::Language;

#[derive(Debug, Clone)]
pub(crate) struct BotShape {
    active: bool,
    time_zone: &'static str,
    seats_per_agent: Option<u16>,
    guaranteed_share: Option<u8>,
    priority_cap: u16,
    language: Language,
    last_agent: bool,
    /// Its default queue is not in the directory.
    no_default_queue: bool,
}

impl BotShape {
    pub(crate) fn object(&self, number: u8) -> Object {
        let default_queue = match (self.no_default_queue, number % 3) {
            (false, 0) => "q0",
            (false, _) => "q3",
            (true, _) => "nowhere",
        };
        let mut bot = Bot::new(bot_name(number), default_queue);
        bot.active = self.active;
        bot.time_zone = self.time_zone.to_owned();
        bot.seats_per_agent = self.seats_per_agent;
        bot.guaranteed_share = self.guaranteed_share;
        (bot.priority_cap, bot.language) = (self.priority_cap, self.language);
        bot.last_agent = self.last_agent;
        Object::Bot(bot)
    }
}

/// Half of them have a share; those of two bots are seldom more than all seats together.
pub(crate) fn bot_shape() -> impl Strategy<Value = BotShape> {
    let cap = prop_oneof![3 => Just(None), 2 => (1..3_u16).prop_map(Some)];
    let share = select(vec![10_u8, 34, 50, 50, 67, 100]);
    let share = prop_oneof![1 => Just(None), 1 => share.prop_map(Some)];
    let zone = select(vec!["UTC", "UTC", "Europe/Madrid"]);
    let language = select(Language::ALL.to_vec());
    let priority_cap = select(vec![1000, 1000, 5, 0]);
    let bools = (mostly(95), seldom(10), mostly(60));
    let facts = (bools, (cap, share), priority_cap, zone, language);
    facts.prop_map(|(bools, seats, priority_cap, time_zone, language)| {
        let (active, no_default_queue, last_agent) = bools;
        let (seats_per_agent, guaranteed_share) = seats;
        BotShape {
            active,
            time_zone,
            seats_per_agent,
            guaranteed_share,
            priority_cap,
            language,
            last_agent,
            no_default_queue,
        }
    })
}
