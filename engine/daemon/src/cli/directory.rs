//! `relevo directory`: the objects of a running daemon, in the words of a directory file.

use super::output;
use super::remote::{Admin, block_on, unanswered};
use crate::config::{self, Directory as File};
use crate::exit::{Exit, Failure};
use clap::{Subcommand, ValueEnum};
use relevo_wire::directory::{Object, ObjectRef};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub(super) enum Directory {
    /// Create or change every object of a file; what it does not name stays
    Put {
        #[command(flatten)]
        admin: Admin,
        /// Tenant of objects that name none, when the key is an operator's
        #[arg(long, value_name = "NAME")]
        tenant: Option<String>,
        /// Directory file: [[tenant]], [[agent]], [[bot]], [[queue]]
        file: PathBuf,
    },
    /// List the objects of a tenant, as a directory file
    List {
        #[command(flatten)]
        admin: Admin,
        /// Tenant, when the key is an operator's
        #[arg(long, value_name = "NAME")]
        tenant: Option<String>,
    },
    /// Delete an object; one that is in use is refused
    Delete {
        #[command(flatten)]
        admin: Admin,
        /// Tenant, when the key is an operator's
        #[arg(long, value_name = "NAME")]
        tenant: Option<String>,
        /// What it is
        kind: Kind,
        /// Its name; of a queue BOT/QUEUE
        name: String,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Kind {
    /// An organization
    Tenant,
    /// A human agent
    Agent,
    /// A channel installation
    Bot,
    /// A line of a bot
    Queue,
}

impl Directory {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Put { admin, tenant, file } => {
                let objects = read(&file)?;
                block_on(put(&admin, tenant, objects))
            }
            Self::List { admin, tenant } => block_on(list(&admin, tenant)),
            Self::Delete { admin, tenant, kind, name } => {
                let object = reference(kind, &name)?;
                block_on(delete(&admin, tenant, object, &name))
            }
        }
    }
}

fn read(file: &Path) -> Result<File, Failure> {
    let read = File::load_objects(file)
        .map_err(|problems| Failure::new(Exit::Configuration, format!("\n{problems}")))?;
    if let Some(key) = read.keys.first() {
        let message = format!(
            "{} has a [[key]] ({}); a running daemon makes its keys with `relevo key create`",
            file.display(),
            key.prefix
        );
        return Err(Failure::new(Exit::Configuration, message));
    }
    Ok(read)
}

async fn put(admin: &Admin, tenant: Option<String>, file: File) -> Result<(), Failure> {
    let client = admin.connect().await?;
    let mut tenants = BTreeSet::new();
    for seed in file.objects {
        let name = full_name(&seed.object);
        let own = Some(seed.tenant).filter(|named| !named.is_empty()).or_else(|| tenant.clone());
        if matches!(&seed.object, Object::Bot(bot) if !bot.rules.is_empty()) {
            tenants.insert(own.clone());
        }
        let stored = client.put(own, seed.object, None).await;
        let stored = stored.map_err(|error| {
            let failure = unanswered(error);
            Failure::new(failure.exit, format!("{name}: {failure}"))
        })?;
        output::line(&format!("stored {name}, version {}", stored.version))?;
    }
    for tenant in tenants {
        // All of it is stored: what cannot be listed is not checked, and that is no failure.
        let listed = match client.list_directory(tenant).await {
            Ok(listed) => listed,
            Err(error) => {
                output::line(&format!("the queues of rules were not checked: {error}"))?;
                continue;
            }
        };
        let objects: Vec<&Object> = listed.objects.iter().map(|stored| &stored.object).collect();
        for doubt in missing_queues(&objects) {
            output::line(&doubt)?;
        }
    }
    client.close().await;
    Ok(())
}

/// Rules that name queues that there are not. A bot's queues come after it, so that the daemon cannot tell
/// when it is given the bot.
fn missing_queues(objects: &[&Object]) -> Vec<String> {
    let mut queues = BTreeSet::new();
    let mut bots = Vec::new();
    for object in objects {
        match object {
            Object::Queue(queue) => drop(queues.insert((queue.bot.as_str(), queue.name.as_str()))),
            Object::Bot(bot) => bots.push(bot),
            Object::Tenant(_) | Object::Agent(_) => {}
        }
    }
    let mut doubts = Vec::new();
    for bot in bots {
        for rule in &bot.rules {
            let Some(queue) = &rule.queue else { continue };
            if !queues.contains(&(bot.name.as_str(), queue.as_str())) {
                doubts.push(format!(
                    "doubtful: rule {:?} of bot {} names queue {queue:?}, which there is not: its \
                     customers go to queue {}",
                    rule.name, bot.name, bot.default_queue
                ));
            }
        }
    }
    doubts
}

async fn list(admin: &Admin, tenant: Option<String>) -> Result<(), Failure> {
    let client = admin.connect().await?;
    let listed = client.list_directory(tenant.clone()).await.map_err(unanswered)?;
    let welcome = client.welcome();
    client.close().await;
    let tenant = tenant.unwrap_or_else(|| welcome.tenant.clone());
    let mut text = String::new();
    for stored in &listed.objects {
        let object = config::object_document(&tenant, &stored.object);
        let _ = writeln!(text, "# version {}\n{object}", stored.version);
    }
    output::line(text.trim_end())
}

async fn delete(
    admin: &Admin,
    tenant: Option<String>,
    object: ObjectRef,
    name: &str,
) -> Result<(), Failure> {
    let client = admin.connect().await?;
    client.delete(tenant, object).await.map_err(unanswered)?;
    client.close().await;
    output::line(&format!("deleted {name}"))
}

fn full_name(object: &Object) -> String {
    match object {
        Object::Tenant(tenant) => format!("tenant {}", tenant.name),
        Object::Agent(agent) => format!("agent {}", agent.name),
        Object::Bot(bot) => format!("bot {}", bot.name),
        Object::Queue(queue) => format!("queue {}/{}", queue.bot, queue.name),
    }
}

fn reference(kind: Kind, name: &str) -> Result<ObjectRef, Failure> {
    match kind {
        Kind::Tenant => Ok(ObjectRef::Tenant(name.into())),
        Kind::Agent => Ok(ObjectRef::Agent(name.into())),
        Kind::Bot => Ok(ObjectRef::Bot(name.into())),
        Kind::Queue => match name.split_once('/') {
            Some((bot, queue)) => Ok(ObjectRef::Queue(bot.into(), queue.into())),
            None => {
                let message = format!("{name:?} is no queue; write BOT/QUEUE");
                Err(Failure::new(Exit::Usage, message))
            }
        },
    }
}
