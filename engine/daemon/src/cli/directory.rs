//! `relevo directory`: the objects of a running daemon, in the words of a directory file.

use super::output;
use super::remote::{Admin, block_on, unanswered};
use crate::config::{self, Directory as File};
use crate::exit::{Exit, Failure};
use clap::{Subcommand, ValueEnum};
use relevo_wire::directory::{Object, ObjectRef};
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
    for seed in file.objects {
        let name = full_name(&seed.object);
        let own = Some(seed.tenant).filter(|named| !named.is_empty());
        let stored = client.put(own.or_else(|| tenant.clone()), seed.object, None).await;
        let stored = stored.map_err(|error| {
            let failure = unanswered(error);
            Failure::new(failure.exit, format!("{name}: {failure}"))
        })?;
        output::line(&format!("stored {name}, version {}", stored.version))?;
    }
    client.close().await;
    Ok(())
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
