//! Guaranteed shares are checked when everything is planned: two bots may change theirs together.

use super::Plan;
use crate::event::{Event, ObjectPut};
use relevo_wire::command::{Change, PutChange};
use relevo_wire::directory::{Bot, Object, Overshared, Queue, overshared};
use relevo_wire::limits::SHARE_PERCENT;
use relevo_wire::{ErrorCode, WireError};
use rustc_hash::FxHashSet;

/// A planned change by which the shares of some agent's bots may come to more than 100 %.
pub(super) struct Raise {
    /// Its place in the list of changes; none of the only one.
    at: Option<usize>,
    /// The place of its event.
    event: usize,
}

impl Plan<'_> {
    /// Notes a change that gives a bot more, or a bot with a share another member. The directory is that
    /// before it.
    pub(super) fn note_raise(&mut self, at: Option<usize>, change: &Change) {
        let Change::Put(put) = change else { return };
        let raises = match &*put.object {
            Object::Bot(bot) => bot.guaranteed_share > self.bot_named(&bot.name).and_then(share),
            Object::Queue(queue) => self.has_new_member(queue),
            Object::Tenant(_) | Object::Agent(_) => false,
        };
        if raises {
            self.raises.push(Raise { at, event: self.events.len() });
        }
    }

    fn bot_named(&self, name: &str) -> Option<&Bot> {
        Some(&self.directory.bot(self.directory.bot_id(name)?)?.object)
    }

    /// The queue's bot has a share, and somebody is a member who was none of this queue.
    fn has_new_member(&self, queue: &Queue) -> bool {
        if self.bot_named(&queue.bot).and_then(share).is_none() {
            return false;
        }
        let bot = self.directory.bot_id(&queue.bot);
        let before = bot.and_then(|bot| self.directory.queue_id(bot, &queue.name));
        let before = before.and_then(|id| self.directory.queue(id));
        let before = before.map_or(&[][..], |queue| &queue.object.members);
        let known: FxHashSet<&str> = before.iter().map(|member| member.agent.as_str()).collect();
        queue.members.iter().any(|member| !known.contains(member.agent.as_str()))
    }

    /// Refuses shares of more than 100 %, at the last change by which it came to that.
    pub(super) fn check_shares(&mut self) -> Result<(), WireError> {
        if self.raises.is_empty() || !self.failures.is_empty() {
            return Ok(());
        }
        self.follow();
        let bots = self.directory.bots().map(|(_, bot)| &bot.object);
        let queues = self.directory.queues().map(|(_, queue)| &queue.object);
        let found = overshared(bots, queues);
        let Some(first) = found.first() else { return Ok(()) };
        let more = match found.len() - 1 {
            0 => String::new(),
            more => format!("; {more} more agents serve too many"),
        };
        let message = format!("{first}: at most {SHARE_PERCENT} %{more}");
        let raise = self.raises.iter().rev().find_map(|raise| {
            let Event::ObjectPut(put) = &self.events[raise.event] else { return None };
            Some((raise.at, put, raised_by(put, first)?))
        });
        let (at, put, field) = raise.expect("what came to more than it was has been raised");
        let error = WireError::field(ErrorCode::LimitExceeded, field, message);
        let Some(at) = at else { return Err(error) };
        let object = put.object.clone();
        self.failures.note(at, &Change::Put(PutChange { object, if_version: None }), error);
        Ok(())
    }
}

fn share(bot: &Bot) -> Option<u8> {
    bot.guaranteed_share
}

/// The field by which a change raises what an agent's bots are guaranteed; none where it does not.
fn raised_by(put: &ObjectPut, of: &Overshared<'_>) -> Option<&'static str> {
    let is_served = |bot: &str| of.bots.iter().any(|(name, _)| *name == bot);
    match &*put.object {
        Object::Bot(bot) => is_served(&bot.name).then_some("guaranteed_share"),
        Object::Queue(queue) => {
            let is_member = queue.members.iter().any(|member| member.agent == of.agent);
            (is_served(&queue.bot) && is_member).then_some("members")
        }
        Object::Tenant(_) | Object::Agent(_) => None,
    }
}
