//! Places in line, told while a ticket waits: hints, of which no event tells and which no log holds.

use crate::Micros;
use crate::state::State;
use crate::state::line::Line;
use crate::state::positions::{LineName, Told};
use crate::state::slab::Slot;
use relevo_wire::push::Position;

/// Walks at most `places` places of the lines in which somebody asked, from where the last call
/// ended, and adds what is to be told to `found`. Gives back how many places it walked.
pub(crate) fn look(
    state: &mut State,
    now: Micros,
    places: usize,
    found: &mut Vec<Position>,
) -> usize {
    let mut left = places;
    while left > 0
        && let Some(mut walk) = state.positions.take_walk(now)
    {
        let mut ended = true;
        let mut asking = Vec::new();
        for (key, slot) in line(state, walk.line).after(walk.last) {
            if left == 0 {
                ended = false;
                break;
            }
            left -= 1;
            walk.last = Some(key);
            walk.passed += 1;
            if is_due(state, slot, walk.passed, now) {
                asking.push((slot, walk.passed));
            }
        }
        for (slot, position) in asking {
            state.positions.tell(slot, Told { position, at: now });
            found.push(Position { ticket: state.tickets.at(slot).id, position });
        }
        if ended {
            state.positions.finish(walk.line);
        } else {
            state.positions.pause(walk);
        }
    }
    places - left
}

fn line(state: &State, name: LineName) -> &Line {
    match name {
        LineName::Queue(queue) => state.queues.at(queue).line_for(false),
        LineName::Tests(queue) => state.queues.at(queue).line_for(true),
        LineName::Agent(agent) => &state.agents.at(agent).reserved,
    }
}

/// It asked, its place is another than it was told, and it was not told anything for a while. Of a
/// bot without a session nobody would hear it.
fn is_due(state: &State, slot: Slot, position: u32, now: Micros) -> bool {
    let ticket = state.tickets.at(slot);
    if !ticket.telling.places() || !state.bots.at(ticket.bot).reachable {
        return false;
    }
    let told = state.positions.told(slot);
    let last_at = told.map_or(ticket.waiting_since, |told| told.at);
    let is_quiet = now >= last_at.saturating_add(state.settings.position_interval_us);
    is_quiet && told.is_none_or(|told| told.position != position)
}
