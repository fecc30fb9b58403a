//! Which object is meant: kind and name.

use crate::directory::{Object, ObjectRef};
use std::fmt;

impl Object {
    /// Its kind and name.
    #[must_use]
    pub fn reference(&self) -> ObjectRef {
        match self {
            Self::Tenant(tenant) => ObjectRef::Tenant(tenant.name.clone()),
            Self::Bot(bot) => ObjectRef::Bot(bot.name.clone()),
            Self::Queue(queue) => ObjectRef::Queue(queue.bot.clone(), queue.name.clone()),
            Self::Agent(agent) => ObjectRef::Agent(agent.name.clone()),
        }
    }
}

impl ObjectRef {
    /// The kind as it stands in JSON.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Tenant(_) => "tenant",
            Self::Bot(_) => "bot",
            Self::Queue(..) => "queue",
            Self::Agent(_) => "agent",
        }
    }
}

impl fmt::Display for ObjectRef {
    /// `agent ana`, `queue web/help`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tenant(name) | Self::Bot(name) | Self::Agent(name) => {
                write!(f, "{} {name}", self.kind())
            }
            Self::Queue(bot, name) => write!(f, "queue {bot}/{name}"),
        }
    }
}
