//! Changes of the directory under load, and whether the daemon still has what it acknowledged.
//!
//! Seats only go above the staff's own number and back: to the clients an agent with a free seat
//! beyond it is busy, so that what is said of work conservation stays true.

use crate::checker::capacity::SeatChange;
use crate::plan::staff::Staff;
use crate::run::Run;
use crate::setup::{self, QueueTimes};
use crate::world::World;
use anyhow::{Context, Result};
use relevo_client::AdminClient;
use relevo_client::wire::directory::{Agent, Object, ObjectRef, Queue};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// An agent gets at most so many seats more.
const MORE_SEATS: u16 = 2;
/// The queue of a bot that comes and goes; nobody is handed over to it.
const SPARE: &str = "spare";
/// Short losses of a changed queue are below so many seconds.
const SHORT_LOSS_S: u64 = 9;
/// What a change may take.
const ANSWER: Duration = Duration::from_secs(30);
/// The daemon's clock and this one may be off by so much, in microseconds.
const CLOCKS_OFF_US: u64 = 100_000;

/// Changes the directory, and remembers what was acknowledged.
pub(super) struct Changes {
    admin: AdminClient,
    tenant: String,
    times: QueueTimes,
    /// What each changed object is.
    objects: Vec<(ObjectRef, Option<Object>)>,
    made: u64,
}

impl Changes {
    /// Opens a session of the operator.
    pub(super) async fn open(run: &Run, times: QueueTimes) -> Result<Self> {
        let admin = setup::admin(run.target()).await?;
        let tenant = run.tenant().to_owned();
        Ok(Self { admin, tenant, times, objects: Vec::new(), made: 0 })
    }

    /// Changes that were acknowledged.
    pub(super) fn made(&self) -> u64 {
        self.made
    }

    /// Makes the change of a number.
    pub(super) async fn make(&mut self, number: u64, world: &World) -> Result<()> {
        let staff = &world.staff;
        let (kind, pick) = (number % 3, number / 3);
        let below = |count: u32| u32::try_from(pick % u64::from(count)).expect("below a u32");
        match kind {
            0 => {
                self.seats(below(staff.agents), (pick >> 32) as u16 % (MORE_SEATS + 1), world).await
            }
            1 => {
                let (bot, queue) = (below(staff.bots), below(staff.queues_per_bot));
                let mut object = self.queue(staff, bot, staff.queue(&world.plan, queue));
                object.short_loss_seconds =
                    u32::try_from((pick >> 32) % SHORT_LOSS_S).expect("few seconds");
                self.put(Object::Queue(object)).await
            }
            _ => {
                let bot = below(staff.bots);
                let name = ObjectRef::Queue(staff.bot(bot), SPARE.into());
                let queue = self.queue(staff, bot, SPARE.into());
                if self.acknowledged(&name).is_some() {
                    self.delete(name, queue).await
                } else {
                    self.put(Object::Queue(queue)).await
                }
            }
        }
    }

    /// What the daemon has other than it acknowledged.
    pub(super) async fn differences(&self) -> Result<Vec<String>> {
        let answer = within(self.admin.list_directory(Some(self.tenant.clone()))).await?;
        let has = |name: &ObjectRef| {
            let objects = answer.objects.iter().map(|versioned| &versioned.object);
            objects.clone().find(|object| name_of(object) == *name)
        };
        let wrong = self.objects.iter().filter(|(name, object)| has(name) != object.as_ref());
        Ok(wrong
            .map(|(name, object)| {
                format!("the directory has {:?} as {name:?}, acknowledged: {object:?}", has(name))
            })
            .collect())
    }

    pub(super) async fn close(self) {
        self.admin.close().await;
    }

    async fn seats(&mut self, agent: u32, more: u16, world: &World) -> Result<()> {
        let seats = world.staff.seats + more;
        let asked = now_us() - CLOCKS_OFF_US;
        let done = self.put(Object::Agent(Agent::new(world.staff.agent(agent), seats))).await;
        let acknowledged = if done.is_ok() { now_us() + CLOCKS_OFF_US } else { u64::MAX };
        world.checker.seats_changed(agent, SeatChange { seats, asked, acknowledged });
        done
    }

    fn queue(&self, staff: &Staff, bot: u32, name: String) -> Queue {
        let mut object = Queue::new(staff.bot(bot), name);
        // Whoever loses patience does not come back.
        object.resume_seconds = 0;
        object.members = staff.members(bot).map(|agent| staff.agent(agent).into()).collect();
        object.threshold_seconds = self.times.threshold_seconds;
        object.short_loss_seconds = self.times.short_loss_seconds;
        object.transfer_wait_seconds = self.times.transfer_wait_seconds;
        object
    }

    async fn put(&mut self, object: Object) -> Result<()> {
        let name = name_of(&object);
        within(self.admin.put(Some(self.tenant.clone()), object.clone(), None))
            .await
            .with_context(|| format!("put {name:?}"))?;
        self.remember(name, Some(object));
        Ok(())
    }

    /// A queue that has members cannot be deleted.
    async fn delete(&mut self, name: ObjectRef, mut queue: Queue) -> Result<()> {
        queue.members.clear();
        self.put(Object::Queue(queue)).await?;
        within(self.admin.delete(Some(self.tenant.clone()), name.clone()))
            .await
            .with_context(|| format!("delete {name:?}"))?;
        self.remember(name, None);
        Ok(())
    }

    fn acknowledged(&self, name: &ObjectRef) -> Option<&Object> {
        let (_, object) = self.objects.iter().find(|(other, _)| other == name)?;
        object.as_ref()
    }

    fn remember(&mut self, name: ObjectRef, object: Option<Object>) {
        self.made += 1;
        self.objects.retain(|(other, _)| *other != name);
        self.objects.push((name, object));
    }
}

async fn within<T, E>(answer: impl Future<Output = Result<T, E>>) -> Result<T>
where
    E: std::error::Error + Send + Sync + 'static,
{
    Ok(tokio::time::timeout(ANSWER, answer).await.context("no answer within 30 s")??)
}

fn name_of(object: &Object) -> ObjectRef {
    match object {
        Object::Tenant(tenant) => ObjectRef::Tenant(tenant.name.clone()),
        Object::Bot(bot) => ObjectRef::Bot(bot.name.clone()),
        Object::Queue(queue) => ObjectRef::Queue(queue.bot.clone(), queue.name.clone()),
        Object::Agent(agent) => ObjectRef::Agent(agent.name.clone()),
    }
}

/// Now, in microseconds since 1970.
fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
