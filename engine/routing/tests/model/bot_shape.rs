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
        (bot.priority_cap, bot.language) = (self.priority_cap, self.language);
        bot.last_agent = self.last_agent;
        Object::Bot(bot)
    }
}

pub(crate) fn bot_shape() -> impl Strategy<Value = BotShape> {
    let cap = prop_oneof![3 => Just(None), 2 => (1..3_u16).prop_map(Some)];
    let zone = select(vec!["UTC", "UTC", "Europe/Madrid"]);
    let language = select(Language::ALL.to_vec());
    let bools = (mostly(95), seldom(10), mostly(60));
    (bools, cap, select(vec![1000, 1000, 5, 0]), zone, language).prop_map(
        |(
            (active, no_default_queue, last_agent),
            seats_per_agent,
            priority_cap,
            time_zone,
            language,
        )| BotShape {
            active,
            time_zone,
            seats_per_agent,
            priority_cap,
            language,
            last_agent,
            no_default_queue,
        },
    )
}
