//! Guaranteed shares: the seats that a bot's customers get first while they wait.
//!
//! A bot is guaranteed its percent of the seats of the agents online who serve it, rounded down: as the
//! shares of the bots that one agent serves add up to at most 100 %, all of them can be kept at once.
//! While its tickets use fewer of these seats, a seat that comes free goes to one of them, if the agent
//! may have it. Seats are neither held idle for that nor taken from anybody.

use relevo_wire::BotId;

/// What a bot with a guaranteed share has of the seats of the agents online who serve it; nothing is
/// counted for a bot without one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Share {
    /// Guaranteed of them, from 1 to 100; 0: the bot has no share.
    pub(super) percent: u8,
    /// All of them, whoever's tickets use them.
    pub(crate) seats: u64,
    /// Those that its own tickets and offers use.
    pub(crate) used: u64,
}

impl Share {
    pub(crate) fn is_some(self) -> bool {
        self.percent > 0
    }

    /// Seats that the bot is guaranteed.
    pub(crate) fn guaranteed(self) -> u64 {
        self.seats * u64::from(self.percent) / 100
    }

    /// How much of it is lacking.
    pub(crate) fn lack(self, bot: BotId) -> Lack {
        let guaranteed = self.guaranteed();
        if self.used >= guaranteed {
            return Lack::NONE;
        }
        // Different fractions of numbers below 2^32 differ by more than what is cut off.
        let used = (u128::from(self.used) << 64) / u128::from(guaranteed);
        Lack { used: u64::try_from(used).expect("less than all is used"), bot }
    }
}

/// Which bot's ticket goes first: that of the bot which lacks most of its share in proportion, then of
/// the lower number; then that of any bot which lacks nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Lack {
    /// Of what is guaranteed, in parts of 2^64.
    used: u64,
    bot: BotId,
}

impl Lack {
    /// The bot has its share, or none is guaranteed to it.
    pub(crate) const NONE: Self = Self { used: u64::MAX, bot: BotId(u32::MAX) };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lack(percent: u8, seats: u64, used: u64, bot: u32) -> Lack {
        Share { percent, seats, used }.lack(BotId(bot))
    }

    #[test]
    fn who_lacks_most_in_proportion_is_first_and_then_the_lower_number() {
        let in_order = [
            lack(50, 4, 0, 7),
            lack(10, 100, 0, 8),
            lack(100, 3, 1, 9),
            lack(50, 8, 2, 1),
            lack(100, 1_000_000, 500_000, 2),
            lack(100, 1_000_000_000, 999_999_999, 3),
            lack(50, 4, 2, 0),
        ];
        assert!(in_order.is_sorted_by(|one, other| one < other), "{in_order:?}");
        assert_eq!(lack(50, 4, 3, 5), Lack::NONE, "it borrows");
        assert_eq!(lack(40, 2, 0, 5), Lack::NONE, "less than a seat is none");
        let close = |used| lack(100, u64::from(u32::MAX) - 1, used, 1);
        assert!(close(u64::from(u32::MAX) - 3) < close(u64::from(u32::MAX) - 2));
    }
}
