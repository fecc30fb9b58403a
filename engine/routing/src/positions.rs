//! Places in line, told while a ticket waits: hints, of which no event tells and which no log holds.

use crate::Micros;
use crate::state::State;
use crate::state::line::Line;
use crate::state::positions::{LineName, Told};
use crate::state::slab::Slot;
use relevo_wire::EstimatedWait;
use relevo_wire::push::Position;

/// A wait that is another by no more than this, or by a tenth, is not told again.
const LEAST_SECONDS: u32 = 5;

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
            if let Some(due) = due(state, slot, walk.passed, now) {
                asking.push((slot, due));
            }
        }
        for (slot, told) in asking {
            state.positions.tell(slot, told);
            found.push(Position {
                ticket: state.tickets.at(slot).id,
                position: told.position,
                estimated_wait: told.wait,
            });
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

/// What it is to be told: it asked, its place or its wait is another than it was told, and it was not
/// told anything for a while. Of a bot without a session nobody would hear it.
fn due(state: &State, slot: Slot, position: u32, now: Micros) -> Option<Told> {
    let ticket = state.tickets.at(slot);
    if !ticket.telling.places() || !state.bots.at(ticket.bot).reachable {
        return None;
    }
    let before = state.positions.told(slot);
    let last_at = before.map_or(ticket.waiting_since, |told| told.at);
    if now < last_at.saturating_add(state.settings.position_interval_us) {
        return None;
    }
    let wait = state.estimated_wait(ticket, position, now);
    let is_new = before.is_none_or(|told| told.position != position || differ(told.wait, wait));
    is_new.then_some(Told { position, wait, at: now })
}

/// Whether the difference matters to who waits.
fn differ(before: Option<EstimatedWait>, now: Option<EstimatedWait>) -> bool {
    let (Some(before), Some(now)) = (before, now) else { return before != now };
    let differ = |before: u32, now: u32| before.abs_diff(now) > LEAST_SECONDS.max(before / 10);
    differ(before.p50_seconds, now.p50_seconds) || differ(before.p90_seconds, now.p90_seconds)
}
