//! Objects put and deleted: the configuration of queues, agents and bots follows.

use crate::Micros;
use crate::event::{Event, ObjectDeleted, ObjectPut, QueueModeSet};
use crate::state::State;
use crate::state::bits::Bits;
use crate::state::grades::Grade;
use crate::state::maybe::MaybeTime;
use relevo_wire::directory::{Member, Object, ObjectRef, Queue, Skill};
use relevo_wire::vocabulary::{QueueMode, Reachability};
use relevo_wire::{AgentId, BotId, QueueId};

impl State {
    pub(super) fn object_put(&mut self, now: Micros, event: &Event, put: &ObjectPut) {
        self.directory.apply(event);
        match &*put.object {
            Object::Tenant(tenant) => {
                self.note_all_changed();
                self.set_fairness(tenant.fairness);
            }
            Object::Bot(bot) => {
                let id = BotId(put.id);
                let is_new = self.bots.get(id).is_none();
                let remembered = self.bots.get(id).is_some_and(|bot| bot.last_agent);
                self.put_bot(id, bot);
                if remembered && !bot.last_agent {
                    self.last_agents.forget(id);
                }
                if is_new {
                    self.stats.bots_unreachable += 1;
                }
                let queues: Vec<QueueId> = self.queues_of(id).collect();
                for queue in queues {
                    self.queues.note_changed(queue);
                    self.wake.queues.push(queue);
                }
            }
            Object::Queue(queue) => self.queue_put(now, QueueId(put.id), queue),
            Object::Agent(agent) => {
                let id = AgentId(put.id);
                let entry = self.agents.put(id);
                entry.exists = true;
                entry.active = agent.active;
                entry.seats = agent.seats;
                entry.accepts_tests = agent.accepts_tests;
                self.set_skills(id, &agent.skills);
                self.wake_agent(id);
            }
        }
    }

    pub(super) fn object_deleted(&mut self, now: Micros, event: &Event, deleted: &ObjectDeleted) {
        match &deleted.object {
            ObjectRef::Tenant(_) => {
                self.note_all_changed();
                self.set_fairness(None);
            }
            ObjectRef::Bot(_) => {
                self.bot_can_act(now, BotId(deleted.id), false);
                self.agents.forget_absences_for(BotId(deleted.id));
                self.forget_blocks_of(BotId(deleted.id));
                self.last_agents.forget(BotId(deleted.id));
                self.forget_callbacks_of(BotId(deleted.id));
                self.bots.set_share(BotId(deleted.id), None);
                let bot = self.bots.at_mut(BotId(deleted.id));
                bot.exists = false;
                if bot.reachable {
                    bot.reachable = false;
                    self.stats.bots_reachable -= 1;
                } else {
                    self.stats.bots_unreachable -= 1;
                }
            }
            ObjectRef::Queue(..) => {
                let id = QueueId(deleted.id);
                self.set_members(id, &[]);
                self.queues.set_step(id, None);
                self.look_again(id);
                self.set_doors_until(id, MaybeTime::NONE);
                self.end_notice(id);
                let (mode, text) = (QueueMode::Open, String::new());
                self.set_mode(QueueModeSet { queue: id, mode, text, until: None });
                self.queues.set_shut(id, false, 0);
                self.queues.delete(id);
                self.bots.at_mut(self.queues.at(id).bot).queues -= 1;
            }
            ObjectRef::Agent(_) => {
                let id = AgentId(deleted.id);
                self.agent_can_act(now, id, false);
                let agent = self.agents.at_mut(id);
                agent.exists = false;
                agent.reachability = Reachability::Unreachable;
                if let Some(deadline) = agent.deadline.get() {
                    agent.deadline = MaybeTime::NONE;
                    self.timers.clear(deadline, crate::state::timers::Timer::Grace(id));
                    self.timers.clear(deadline, crate::state::timers::Timer::Presence(id));
                }
                self.agents.forget_absences(id);
                self.set_skills(id, &[]);
                self.forget_new_tickets(id);
                self.refresh_agent(id);
            }
        }
        self.directory.apply(event);
    }

    pub(crate) fn queues_of(&self, bot: BotId) -> impl Iterator<Item = QueueId> {
        self.queues.ids().filter(move |queue| self.queues.at(*queue).bot == bot)
    }

    fn queue_put(&mut self, now: Micros, id: QueueId, object: &Queue) {
        let bot = self.directory.queue_bot(id).expect("the directory has taken the queue");
        let is_new = self.queues.get(id).is_none();
        let held = self.held_in(id);
        self.queues.put(id, bot, object);
        self.move_limits_of_released(now, id, held);
        self.set_ageing(now, id, object.ageing);
        self.set_step(id, object);
        self.look_again(id);
        if is_new {
            self.bots.at_mut(bot).queues += 1;
        }
        self.set_members(id, &object.members);
        self.follow_doors(id);
        self.wake_queue(id);
        self.all_may_step(id);
        self.may_take(id);
    }

    /// What an agent can do from now on.
    pub(crate) fn set_skills(&mut self, id: AgentId, skills: &[Skill]) {
        let skills = self.skills.take(skills);
        let before = std::mem::replace(&mut self.agents.at_mut(id).skills, skills);
        self.skills.hold(id.0, &before, false);
        self.skills.hold(id.0, &self.agents.at(id).skills, true);
        self.skills.drop(&before);
        self.presence_changed(id, true, true);
    }

    /// Who serves a queue from now on, and how soon each.
    pub(crate) fn set_members(&mut self, id: QueueId, listed: &[Member]) {
        let grade =
            |member: &Member| Some((self.directory.agent_id(&member.agent)?, Grade::of(member)));
        let mut grades: Vec<(AgentId, Grade)> = listed.iter().filter_map(grade).collect();
        grades.sort_unstable_by_key(|(agent, _)| *agent);
        let members: Vec<AgentId> = grades.iter().map(|(agent, _)| *agent).collect();
        let former = std::mem::take(&mut self.queues.at_mut(id).members);
        for agent in &former {
            if members.binary_search(agent).is_err() {
                let entry = self.agents.at_mut(*agent);
                entry.queues.retain(|queue| *queue != id);
                entry.grades.set(id, Grade::PLAIN);
            }
        }
        let has_grades = grades.iter().any(|(_, grade)| *grade != Grade::PLAIN);
        for (agent, grade) in &grades {
            self.agents.at_mut(*agent).grades.set(id, *grade);
        }
        self.queues.at_mut(id).has_grades = has_grades;
        self.set_delays(id, grades.iter().map(|(_, grade)| grade.delay_us));
        let bot = self.queues.at(id).bot;
        let mut bits = Bits::default();
        let (mut online, mut online_for_tests, mut seats) = (0, 0, 0);
        for agent in &members {
            bits.set(agent.0, true);
            let entry = self.agents.at_mut(*agent);
            if let Err(at) = entry.queues.binary_search(&id) {
                entry.queues.insert(at, id);
            }
            let counted = entry.counted;
            if !self.agents.is_absent(*agent, bot) {
                online += u32::from(counted.online);
                online_for_tests += u32::from(counted.online_for_tests);
                seats += counted.seats_online();
            }
        }
        let queue = self.queues.at_mut(id);
        queue.members = members;
        queue.member_bits = bits;
        queue.online = online;
        queue.online_for_tests = online_for_tests;
        queue.seats = seats;
        if online == 0 {
            queue.pace.interrupt();
        }
        self.follow_members(id, former);
    }

    fn note_all_changed(&mut self) {
        for queue in self.queues.ids() {
            self.queues.note_changed(queue);
        }
    }
}
