//! Contacts who are blocked.

use super::World;
use crate::common::SECOND;
use relevo_routing::input::Input;

impl World {
    pub(super) fn about_contact(&mut self) -> Input {
        let (bot, contact) = self.contact();
        if self.chance(40) {
            return Input::WantCallback { bot, contact, yes: self.chance(50) };
        }
        if self.chance(30) {
            return Input::UnblockContact { bot, contact };
        }
        let time = self.below(600) * SECOND;
        let until = self.chance(90).then_some(self.desk.now + time);
        Input::BlockContact { bot, contact, until }
    }
}
