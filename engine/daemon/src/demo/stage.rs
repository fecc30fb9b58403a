//! The directory of the demonstration: one tenant, three bots, six queues, twenty agents.

use relevo_wire::directory::{Agent, Bot, Object, Queue, Tenant};
use relevo_wire::vocabulary::Role;

use crate::config::{Directory, KeySeed, ObjectSeed};
use crate::keys::{Key, NoRandomness};

/// The tenant.
pub(super) const TENANT: &str = "demo";
/// The bots, with the channels that they stand on.
pub(super) const BOTS: [(&str, &str); 3] =
    [("whatsapp", "whatsapp"), ("web", "web"), ("app", "web")];
/// The queues of each bot.
pub(super) const QUEUES: [&str; 2] = ["support", "sales"];
/// How many agents there are.
pub(super) const AGENTS: usize = 20;

/// Who plays.
#[derive(Debug)]
pub(super) struct Cast {
    /// The directory that the daemon starts with.
    pub(super) directory: Directory,
    /// The bots' keys.
    pub(super) bots: Vec<String>,
    /// The agents' keys.
    pub(super) agents: Vec<String>,
    /// The operator's key.
    pub(super) operator: String,
}

/// Writes the directory and makes the keys.
pub(super) fn cast() -> Result<Cast, NoRandomness> {
    let mut cast = Cast {
        directory: Directory::default(),
        bots: Vec::new(),
        agents: Vec::new(),
        operator: String::new(),
    };
    let tenant = Tenant::new(TENANT);
    cast.put(Object::Tenant(tenant));
    for number in 1..=AGENTS {
        let name = format!("agent-{number:02}");
        cast.put(Object::Agent(Agent::new(&name, 2)));
        let key = cast.key(TENANT, Role::Agent, &name)?;
        cast.agents.push(key);
    }
    for (bot, channel) in BOTS {
        let channel = channel.to_owned();
        cast.put(Object::Bot(Bot { channel, ..Bot::new(bot, QUEUES[0]) }));
        for (number, queue) in QUEUES.into_iter().enumerate() {
            // Two in three agents serve support, the rest and some of them serve sales.
            let serves = |at: usize| at % 3 != number;
            let members = (1..=AGENTS).filter(|at| serves(*at));
            let members = members.map(|at| format!("agent-{at:02}").into()).collect();
            cast.put(Object::Queue(Queue { members, ..Queue::new(bot, queue) }));
        }
        let key = cast.key(TENANT, Role::Bot, bot)?;
        cast.bots.push(key);
    }
    cast.operator = cast.key("", Role::Operator, "")?;
    Ok(cast)
}

impl Cast {
    fn put(&mut self, object: Object) {
        self.directory.objects.push(ObjectSeed { tenant: TENANT.to_owned(), object });
    }

    fn key(&mut self, tenant: &str, role: Role, owner: &str) -> Result<String, NoRandomness> {
        let key = Key::generate(role)?;
        self.directory.keys.push(KeySeed {
            tenant: tenant.to_owned(),
            role,
            owner: owner.to_owned(),
            label: "demo".to_owned(),
            prefix: key.prefix().to_owned(),
            sha256: key.sha256(),
        });
        Ok(key.reveal().to_owned())
    }
}
