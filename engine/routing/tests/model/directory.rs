//! Objects are put, changed and deleted. Names and numbers never change.

use crate::agents::Agent;
use crate::queues::{Bot, Queue};
use crate::reference::{Answered, Reference};
use crate::refusals::refused;
use crate::silence::begin_pause;
use relevo_routing::Event;
use relevo_routing::event::{ObjectDeleted, ObjectPut};
use relevo_routing::seats::MAX_SEATS;
use relevo_wire::answer::{Answer, Applied, Stored};
use relevo_wire::command::Change;
use relevo_wire::directory::{self, Object, ObjectRef, Versioned};
use relevo_wire::limits::{NAME_BYTES, PRIORITY, TEXT_BYTES};
use relevo_wire::vocabulary::Reachability;
use relevo_wire::{AgentId, BotId, ErrorCode, QueueId, TicketId, WireError};
use std::collections::BTreeSet;

/// Longest period of a queue's own settings: a week.
const LONGEST_SECONDS: u32 = 7 * 24 * 3600;

type Checked = Result<(), WireError>;

/// What became of an object that was put.
enum Made {
    New,
    Changed,
    Nothing,
}

impl Reference {
    pub(crate) fn put(&mut self, object: &Object, if_version: Option<u64>) -> Answered {
        let (before, raises) = (self.clone(), self.raised_by(object));
        let (version, _) = self.put_object(object, if_version)?;
        let raises = raises.then_some((0, object));
        if let Err((_, error)) = self.check_shares(raises.as_slice()) {
            *self = before;
            return Err(error);
        }
        self.withdraw_from_inactive();
        Ok(Answer::Stored(Stored { version }))
    }

    /// Each change on what those before it left; the first that cannot be made undoes them, and so does
    /// a dry run.
    pub(crate) fn apply(&mut self, changes: &[Change], dry_run: bool) -> Answered {
        let before = self.clone();
        let mut applied = Applied::default();
        let (mut gone, mut raises) = (Vec::new(), Vec::new());
        for (at, change) in changes.iter().enumerate() {
            let made = match change {
                Change::Put(put) => {
                    raises.extend(self.raised_by(&put.object).then_some((at, &*put.object)));
                    self.put_object(&put.object, put.if_version).map(|(_, made)| {
                        *match made {
                            Made::New => &mut applied.created,
                            Made::Changed => &mut applied.changed,
                            Made::Nothing => &mut applied.unchanged,
                        } += 1;
                    })
                }
                Change::Delete(delete) => {
                    self.delete_object(&delete.object, delete.if_version).map(|_| {
                        applied.deleted += 1;
                        gone.push(&delete.object);
                    })
                }
            };
            if let Err(error) = made {
                *self = before;
                return Err(WireError { field: field_of(at, change, &error.field), ..error });
            }
        }
        if let Err((at, error)) = self.check_shares(&raises) {
            *self = before;
            return Err(WireError { field: field_of(at, &changes[at], &error.field), ..error });
        }
        let applied = Applied { version: self.version, ..applied };
        if dry_run {
            *self = before;
            return Ok(Answer::Applied(applied));
        }
        self.withdraw_from_inactive();
        // One after the other in the order of all credentials, whoever was deleted first.
        let mut prefixes: Vec<String> =
            gone.iter().flat_map(|object| self.keys_of(object)).collect();
        prefixes.sort();
        prefixes.dedup();
        prefixes.into_iter().for_each(|prefix| self.revoke(prefix));
        Ok(Answer::Applied(applied))
    }

    fn put_object(
        &mut self,
        object: &Object,
        if_version: Option<u64>,
    ) -> Result<(u64, Made), WireError> {
        self.check(object)?;
        let (number, present) = self.find_object(object);
        let present_version = present.as_ref().map_or(0, |present| present.version);
        must_be(if_version, present_version)?;
        if present.as_ref().is_some_and(|present| present.object == *object) {
            return Ok((present_version, Made::Nothing));
        }
        if present.is_none() && number >= self.settings.objects {
            return Err(WireError::new(ErrorCode::LimitExceeded, ""));
        }
        self.version += 1;
        let version = self.version;
        self.store_object(number, version, object);
        let id = u32::try_from(number).expect("few objects");
        self.emit(Event::ObjectPut(ObjectPut { version, id, object: Box::new(object.clone()) }));
        self.look_at_hours_of(object, number);
        Ok((version, if present.is_none() { Made::New } else { Made::Changed }))
    }

    /// The number that an object has, or would have, and what is there.
    fn find_object(&self, object: &Object) -> (usize, Option<Versioned<Object>>) {
        fn wrap<T: Clone>(
            of: Option<&Versioned<T>>,
            wrap: fn(T) -> Object,
        ) -> Option<Versioned<Object>> {
            of.map(|of| Versioned { version: of.version, object: wrap(of.object.clone()) })
        }
        match object {
            Object::Tenant(_) => (0, wrap(self.tenant.as_ref(), Object::Tenant)),
            Object::Bot(bot) => match self.bot_id(&bot.name) {
                Some(BotId(id)) => {
                    (id as usize, wrap(self.bots[id as usize].object.as_ref(), Object::Bot))
                }
                None => (self.bots.len(), None),
            },
            Object::Queue(queue) => {
                let bot = self.bot_id(&queue.bot).expect("the bot was looked for");
                match self.queue_id(bot, &queue.name) {
                    Some(QueueId(id)) => {
                        let found = self.queues[id as usize].object.as_ref();
                        (id as usize, wrap(found, Object::Queue))
                    }
                    None => (self.queues.len(), None),
                }
            }
            Object::Agent(agent) => match self.agent_id(&agent.name) {
                Some(AgentId(id)) => {
                    (id as usize, wrap(self.agents[id as usize].object.as_ref(), Object::Agent))
                }
                None => (self.agents.len(), None),
            },
        }
    }

    fn store_object(&mut self, number: usize, version: u64, object: &Object) {
        match object.clone() {
            Object::Tenant(object) => {
                self.limit_fairness(object.fairness);
                self.tenant = Some(Versioned { version, object });
            }
            Object::Bot(object) => {
                if number == self.bots.len() {
                    self.bots.push(Bot {
                        name: object.name.clone(),
                        object: None,
                        is_reachable: false,
                        away: vec![(0, None)],
                        sessions: Vec::new(),
                        tickets: 0,
                    });
                }
                self.keep_served(number, object.last_agent);
                self.bots[number].object = Some(Versioned { version, object });
            }
            Object::Queue(object) => {
                if number == self.queues.len() {
                    self.queues.push(Queue {
                        bot: self.bot_id(&object.bot).expect("the bot was looked for"),
                        name: object.name.clone(),
                        object: None,
                        last_served: None,
                        pace: crate::estimates::Pace::default(),
                        looks_at: None,
                        is_shut: false,
                        newest_before: TicketId(0),
                        until: None,
                        closings: Vec::new(),
                    });
                }
                let held = self.held_in(QueueId(u32::try_from(number).expect("few queues")));
                let before = self.queues[number].object.take().map(|before| before.object);
                let had_delays = before.as_ref().map_or_else(BTreeSet::new, delays);
                let has_other_step = before.and_then(|queue| queue.overflow) != object.overflow;
                if had_delays != delays(&object) {
                    let id = QueueId(u32::try_from(number).expect("few queues"));
                    let of_queue = self.tickets.iter_mut().filter(|ticket| ticket.queue == id);
                    of_queue.for_each(|ticket| ticket.looked_at = None);
                }
                self.queues[number].object = Some(Versioned { version, object });
                let id = QueueId(u32::try_from(number).expect("few queues"));
                let waiting = self.tickets.iter_mut().filter(|ticket| ticket.queue == id);
                for ticket in waiting.filter(|ticket| has_other_step && ticket.reserved.is_none()) {
                    ticket.step_is_over = false;
                }
                self.move_limits_of_released(held);
                self.look_again(id);
            }
            Object::Agent(object) => {
                if number == self.agents.len() {
                    self.agents.push(Agent::new(&object.name));
                }
                // An inactive agent has no seats for anybody who reads its word.
                let capacity = if object.active { object.seats } else { 0 };
                self.agents[number].word.capacity = capacity;
                self.agents[number].object = Some(Versioned { version, object });
            }
        }
    }

    /// Another fairness limit: what it does not count is forgotten, and who has had enough is looked at
    /// anew.
    fn limit_fairness(&mut self, fairness: Option<directory::Fairness>) {
        let before = self.tenant.as_ref().and_then(|tenant| tenant.object.fairness);
        if before == fairness {
            return;
        }
        for agent in &mut self.agents {
            agent.is_free_again = false;
            agent.keep_latest(fairness);
        }
    }

    fn check(&self, object: &Object) -> Checked {
        match object {
            Object::Tenant(tenant) => {
                name("name", &tenant.name)?;
                let present = self.tenant.as_ref().map(|present| &present.object.name);
                let stays = present.is_none_or(|present| *present == tenant.name);
                if let Some(limit) = tenant.fairness {
                    let is_right = (1..=1_000).contains(&limit.tickets)
                        && (1..=3_600).contains(&limit.seconds);
                    must(is_right, ErrorCode::Malformed, "fairness")?;
                }
                must(stays, ErrorCode::WrongState, "name")
            }
            Object::Bot(bot) => {
                name("name", &bot.name)?;
                name("default_queue", &bot.default_queue)?;
                if !bot.channel.is_empty() {
                    name("channel", &bot.channel)?;
                }
                must(bot.priority_cap <= PRIORITY, ErrorCode::Malformed, "priority_cap")?;
                let seats = bot.seats_per_agent.unwrap_or(1);
                must((1..=MAX_SEATS).contains(&seats), ErrorCode::Malformed, "seats_per_agent")?;
                let share = bot.guaranteed_share.unwrap_or(1);
                must((1..=100).contains(&share), ErrorCode::Malformed, "guaranteed_share")
            }
            Object::Queue(queue) => self.check_queue(queue),
            Object::Agent(agent) => {
                name("name", &agent.name)?;
                must(agent.seats <= MAX_SEATS, ErrorCode::Malformed, "seats")?;
                must(agent.skills.len() <= 64, ErrorCode::LimitExceeded, "skills")?;
                for (at, skill) in agent.skills.iter().enumerate() {
                    name("skills", &skill.name)?;
                    let is_level = (1..=10).contains(&skill.level);
                    must(is_level, ErrorCode::Malformed, "skills")?;
                    let is_new = agent.skills[..at].iter().all(|other| other.name != skill.name);
                    must(is_new, ErrorCode::Malformed, "skills")?;
                }
                Ok(())
            }
        }
    }

    fn check_queue(&self, queue: &directory::Queue) -> Checked {
        name("name", &queue.name)?;
        for target in queue.transfer_targets.iter().flatten() {
            name("transfer_targets", target)?;
        }
        let asks = queue.offer_seconds > 0 || queue.transfer_accept_seconds > 0;
        let accepts = ("transfer_accept_seconds", queue.transfer_accept_seconds);
        let offers = ("offer_seconds", queue.offer_seconds);
        for (field, seconds) in [offers, accepts, ("wrap_up_seconds", queue.wrap_up_seconds)] {
            must(seconds <= 3_600, ErrorCode::Malformed, field)?;
        }
        let can_ask = (1..=16).contains(&queue.offer_agents) && (queue.offer_agents == 1 || asks);
        must(can_ask, ErrorCode::Malformed, "offer_agents")?;
        for (field, seconds) in [
            ("keep_seconds", queue.keep_seconds),
            ("transfer_wait_seconds", queue.transfer_wait_seconds),
            ("preferred_wait_seconds", queue.preferred_wait_seconds),
            ("short_loss_seconds", queue.short_loss_seconds),
        ] {
            must(seconds <= LONGEST_SECONDS, ErrorCode::Malformed, field)?;
        }
        for member in &queue.members {
            must((1..=10).contains(&member.level), ErrorCode::Malformed, "members")?;
            must(member.delay_seconds <= LONGEST_SECONDS, ErrorCode::Malformed, "members")?;
        }
        must(delays(queue).len() <= 8, ErrorCode::LimitExceeded, "members")?;
        must(queue.ageing <= 1_000, ErrorCode::Malformed, "ageing")?;
        let overflow = queue.overflow.as_ref();
        must(queue.max_waiting != Some(0), ErrorCode::Malformed, "max_waiting")?;
        for (field, seconds) in [
            ("overflow.after_seconds", overflow.and_then(|overflow| overflow.after_seconds)),
            ("max_wait_seconds", queue.max_wait_seconds),
            ("ttl_seconds", Some(queue.ttl_seconds)),
        ] {
            let is_right = seconds.is_none_or(|seconds| (1..=LONGEST_SECONDS).contains(&seconds));
            must(is_right, ErrorCode::Malformed, field)?;
        }
        let is_bound = self.settings.thresholds_seconds.contains(&queue.threshold_seconds);
        must(is_bound, ErrorCode::Malformed, "threshold_seconds")?;
        for (language, text, words) in queue.texts.iter() {
            let of = language.map_or(String::new(), |language| format!(".{}", language.tag()));
            let field = format!("texts{of}.{}", text.name());
            must(words.len() <= TEXT_BYTES, ErrorCode::LimitExceeded, &field)?;
        }
        let zones = [None, Some("UTC"), Some("Europe/Madrid"), Some("America/Bogota")];
        let zone = queue.hours.as_ref().and_then(|hours| hours.time_zone.as_deref());
        must(zones.contains(&zone), ErrorCode::Malformed, "hours")?;
        must(self.bot_id(&queue.bot).is_some(), ErrorCode::NotFound, "bot")?;
        for (at, member) in queue.members.iter().enumerate() {
            must(self.agent_id(&member.agent).is_some(), ErrorCode::NotFound, "members")?;
            let is_new = queue.members[..at].iter().all(|other| other.agent != member.agent);
            must(is_new, ErrorCode::Malformed, "members")?;
        }
        let bot = self.bot_id(&queue.bot).expect("it was looked for");
        self.check_overflow(bot, queue)
    }

    /// To a queue of the bot that is there, and from step to step never back.
    fn check_overflow(&self, bot: BotId, queue: &directory::Queue) -> Checked {
        let Some(overflow) = &queue.overflow else { return Ok(()) };
        let mut at = Some(overflow.to.as_str());
        while let Some(name) = at {
            must(name != queue.name, ErrorCode::WrongState, "overflow.to")?;
            let next = self.queue_id(bot, name).and_then(|id| self.queue(id));
            at = next.and_then(|next| next.overflow.as_ref()).map(|next| next.to.as_str());
        }
        must(self.queue_id(bot, &overflow.to).is_some(), ErrorCode::NotFound, "overflow.to")
    }

    /// What is in use is not deleted. What is deleted takes its credentials along.
    pub(crate) fn delete(&mut self, object: &ObjectRef) -> Answered {
        let version = self.delete_object(object, None)?;
        self.keys_of(object).into_iter().for_each(|prefix| self.revoke(prefix));
        Ok(Answer::Stored(Stored { version }))
    }

    fn delete_object(
        &mut self,
        object: &ObjectRef,
        if_version: Option<u64>,
    ) -> Result<u64, WireError> {
        let found = match object {
            ObjectRef::Tenant(name) => self.deletable_tenant(name),
            ObjectRef::Bot(name) => self.deletable_bot(name),
            ObjectRef::Queue(bot, name) => self.deletable_queue(bot, name),
            ObjectRef::Agent(name) => self.deletable_agent(name),
        };
        let (id, is_used) = found.ok_or_else(|| refused(ErrorCode::NotFound, "object"))?;
        must(!is_used, ErrorCode::WrongState, "object")?;
        let at = id as usize;
        let present = match object {
            ObjectRef::Tenant(_) => self.tenant.as_ref().map(|tenant| tenant.version),
            ObjectRef::Bot(_) => self.bots[at].object.as_ref().map(|bot| bot.version),
            ObjectRef::Queue(..) => self.queues[at].object.as_ref().map(|queue| queue.version),
            ObjectRef::Agent(_) => self.agents[at].object.as_ref().map(|agent| agent.version),
        };
        must_be(if_version, present.expect("it was found"))?;
        self.version += 1;
        let version = self.version;
        self.emit(Event::ObjectDeleted(ObjectDeleted { version, id, object: object.clone() }));
        match object {
            ObjectRef::Tenant(_) => {
                self.limit_fairness(None);
                self.tenant = None;
            }
            ObjectRef::Bot(_) => {
                self.keep_served(at, false);
                self.bots[at].object = None;
                self.bots[at].is_reachable = false;
                begin_pause(&mut self.bots[at].away, self.now);
            }
            ObjectRef::Queue(..) => {
                self.forget_doors(QueueId(id));
                let queue = &mut self.queues[at];
                queue.object = None;
                queue.looks_at = None;
            }
            ObjectRef::Agent(_) => {
                let agent = &mut self.agents[at];
                agent.object = None;
                agent.latest.clear();
                agent.reachability = Reachability::Unreachable;
                begin_pause(&mut agent.away, self.now);
                agent.deadline = None;
                agent.is_restarting = false;
                agent.word.capacity = 0;
            }
        }
        Ok(version)
    }

    fn deletable_tenant(&self, name: &str) -> Option<(u32, bool)> {
        self.tenant.as_ref().filter(|tenant| tenant.object.name == name)?;
        let bots = self.bots.iter().any(|bot| bot.object.is_some());
        let agents = self.agents.iter().any(|agent| agent.object.is_some());
        Some((0, bots || agents))
    }

    fn deletable_bot(&self, name: &str) -> Option<(u32, bool)> {
        let id = self.bot_id(name)?;
        Some((id.0, !self.queues_of(id).is_empty()))
    }

    fn deletable_queue(&self, bot: &str, name: &str) -> Option<(u32, bool)> {
        let id = self.queue_id(self.bot_id(bot)?, name)?;
        let has_open = self.tickets.iter().any(|t| t.is_open() && t.queue == id);
        let is_target = self.queues.iter().filter_map(|queue| queue.object.as_ref()).any(|queue| {
            let to = queue.object.overflow.as_ref().map(|overflow| overflow.to.as_str());
            queue.object.bot == bot && to == Some(name)
        });
        Some((id.0, has_open || is_target || !self.members(id).is_empty()))
    }

    fn deletable_agent(&self, name: &str) -> Option<(u32, bool)> {
        let id = self.agent_id(name)?;
        let is_waited_for =
            self.tickets.iter().any(|ticket| ticket.reserved.is_some_and(|(for_, _)| for_ == id));
        let serves = !self.queues_served_by(id).is_empty();
        let has_parked = self.parked_by(id) > 0;
        Some((id.0, serves || is_waited_for || has_parked || self.seats_used(id, |_| true) > 0))
    }
}

/// The different delays of its members.
fn delays(queue: &directory::Queue) -> BTreeSet<u32> {
    let delays = queue.members.iter().map(|member| member.delay_seconds);
    delays.filter(|delay| *delay > 0).collect()
}

fn must_be(expected: Option<u64>, present: u64) -> Checked {
    let is_it = expected.is_none_or(|expected| expected == present);
    must(is_it, ErrorCode::VersionConflict, "if_version")
}

/// Where in a list of changes something is wrong.
fn field_of(at: usize, change: &Change, field: &str) -> String {
    let kind = match change {
        Change::Delete(_) => return format!("changes[{at}].{field}"),
        Change::Put(put) => match &*put.object {
            Object::Tenant(_) => "tenant",
            Object::Bot(_) => "bot",
            Object::Queue(_) => "queue",
            Object::Agent(_) => "agent",
        },
    };
    match field {
        "" => format!("changes[{at}].object"),
        "if_version" => format!("changes[{at}].if_version"),
        field => format!("changes[{at}].object.{kind}.{field}"),
    }
}

pub(crate) fn must(holds: bool, code: ErrorCode, field: &str) -> Checked {
    if holds { Ok(()) } else { Err(refused(code, field)) }
}

fn name(field: &str, name: &str) -> Checked {
    let allowed = |sign: char| sign.is_ascii_alphanumeric() || ".-_".contains(sign);
    let is_name = !name.is_empty() && name.len() <= NAME_BYTES && name.chars().all(allowed);
    must(is_name, ErrorCode::Malformed, field)
}
