//! Who comes and who goes: sessions of agents and bots, and what agents want.

use super::World;
use relevo_routing::input::Input;
use relevo_wire::vocabulary::Intent;
use relevo_wire::{BotId, SessionId};

impl World {
    pub(super) fn presence(&mut self) -> Option<Input> {
        let agent = self.agent();
        let word = self.desk.seats.word(agent.0 as usize).expect("a word").clone();
        let input = match self.below(20) {
            0..8 => {
                let session = self.session();
                self.sessions.entry(agent).or_default().push(session);
                let seen = word.view().reachable_closes;
                Input::AgentSessionOpened { agent, session, seen }
            }
            8..10 => {
                let session = self.sessions.get_mut(&agent)?.pop()?;
                let is_last = self.sessions[&agent].is_empty();
                let seen =
                    if is_last { word.close_reachable() } else { word.view().reachable_closes };
                Input::AgentSessionLost { agent, session, seen }
            }
            10..18 => {
                let (intent, seen) = (Intent::Online, word.view().intent_closes);
                Input::SetPresence { agent, intent, reason: String::new(), seen }
            }
            which => {
                let intents = [Intent::Paused, Intent::Offline];
                let intent = intents[usize::try_from(which - 18).expect("small")];
                let seen = word.close_intent();
                Input::SetPresence { agent, intent, reason: "lunch".to_owned(), seen }
            }
        };
        let overtakes = matches!(
            input,
            Input::AgentSessionLost { .. }
                | Input::SetPresence { intent: Intent::Paused | Intent::Offline, .. }
        );
        if overtakes && self.chance(50) {
            self.late.insert(0, input);
            return None;
        }
        Some(input)
    }

    pub(super) fn bot_session(&mut self) -> Input {
        let bot = BotId(u32::try_from(self.below(2)).expect("small"));
        let sessions = self.bot_sessions.entry(bot).or_default();
        match sessions.pop() {
            Some(session) => Input::BotSessionLost { bot, session },
            None => {
                let session = self.session();
                self.bot_sessions.entry(bot).or_default().push(session);
                Input::BotSessionOpened { bot, session }
            }
        }
    }

    fn session(&mut self) -> SessionId {
        self.next_session += 1;
        SessionId(self.next_session)
    }
}
