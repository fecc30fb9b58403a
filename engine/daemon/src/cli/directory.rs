//! `relevo directory`: the objects of a running daemon, in the words of a directory file.

use super::remote::{Admin, block_on, unanswered};
use super::{apply, output};
use crate::config;
use crate::exit::{Exit, Failure};
use clap::{Subcommand, ValueEnum};
use relevo_wire::directory::ObjectRef;
use std::fmt::Write as _;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Directory {
    /// Create or change every object of a file, all of a tenant or none; what it does not name stays
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
            Self::Put { admin, tenant, file } => apply::put(&admin, tenant.as_deref(), &file),
            Self::List { admin, tenant } => block_on(list(&admin, tenant)),
            Self::Delete { admin, tenant, kind, name } => {
                let object = reference(kind, &name)?;
                block_on(delete(&admin, tenant, object, &name))
            }
        }
    }
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
