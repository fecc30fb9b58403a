//! `relevo key`: credentials of bots, agents, admins and operators.

use super::output;
use super::remote::{Admin, block_on, unanswered};
use crate::config::{self, KeySeed};
use crate::exit::{Exit, Failure};
use crate::keys;
use clap::{Args, Subcommand, ValueEnum};
use relevo_wire::answer::KeyInfo;
use relevo_wire::vocabulary::Role;

#[derive(Debug, Subcommand)]
pub(super) enum Key {
    /// Make a credential in a running daemon; it is shown this once
    Create {
        #[command(flatten)]
        admin: Admin,
        #[command(flatten)]
        holder: Holder,
    },
    /// List credentials, without their secrets
    List {
        #[command(flatten)]
        admin: Admin,
        /// Tenant, when the key is an operator's
        #[arg(long, value_name = "NAME")]
        tenant: Option<String>,
    },
    /// End a credential and its sessions
    Revoke {
        #[command(flatten)]
        admin: Admin,
        /// Tenant, when the key is an operator's
        #[arg(long, value_name = "NAME")]
        tenant: Option<String>,
        /// The 12 characters that `key list` shows
        prefix: String,
    },
    /// Make a credential without a daemon: the key, and the [[key]] for a directory file
    Generate {
        #[command(flatten)]
        holder: Holder,
    },
}

/// Whose credential it is.
#[derive(Debug, Args)]
pub(super) struct Holder {
    /// What it may be used for
    #[arg(long)]
    role: KeyRole,
    /// Name of the bot or agent; none for an admin or operator
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    owner: String,
    /// Tenant, when the key is an operator's
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// What it is for, shown in lists
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    label: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum KeyRole {
    /// One bot
    Bot,
    /// One agent
    Agent,
    /// A tenant's administrator
    Admin,
    /// The daemon's operator: every tenant
    Operator,
}

impl KeyRole {
    fn role(self) -> Role {
        match self {
            Self::Bot => Role::Bot,
            Self::Agent => Role::Agent,
            Self::Admin => Role::Admin,
            Self::Operator => Role::Operator,
        }
    }
}

impl Key {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Create { admin, holder } => {
                holder.check()?;
                block_on(create(&admin, holder))
            }
            Self::List { admin, tenant } => block_on(list(&admin, tenant)),
            Self::Revoke { admin, tenant, prefix } => block_on(revoke(&admin, tenant, prefix)),
            Self::Generate { holder } => {
                holder.check()?;
                generate(holder)
            }
        }
    }
}

impl Holder {
    /// Owner and tenant fit the role.
    fn check(&self) -> Result<(), Failure> {
        let role = self.role.role().name();
        let usage = |message| Err(Failure::new(Exit::Usage, message));
        match self.role {
            KeyRole::Bot | KeyRole::Agent if !config::is_name(&self.owner) => {
                usage(format!("--role {role} needs --owner: the name of the {role}"))
            }
            KeyRole::Admin | KeyRole::Operator if !self.owner.is_empty() => {
                usage(format!("--role {role} takes no --owner; --label says what it is for"))
            }
            KeyRole::Operator if self.tenant.is_some() => {
                usage("--role operator takes no --tenant: an operator has every tenant".into())
            }
            KeyRole::Bot | KeyRole::Agent | KeyRole::Admin | KeyRole::Operator => Ok(()),
        }
    }
}

async fn create(admin: &Admin, holder: Holder) -> Result<(), Failure> {
    let client = admin.connect().await?;
    let role = holder.role.role();
    let created = client.create_key(holder.tenant, role, holder.owner, holder.label).await;
    let created = created.map_err(unanswered)?;
    client.close().await;
    output::line(&created.key)
}

async fn list(admin: &Admin, tenant: Option<String>) -> Result<(), Failure> {
    let client = admin.connect().await?;
    let keys = client.list_keys(tenant).await.map_err(unanswered)?;
    client.close().await;
    output::line(&table(&keys.keys))
}

fn table(keys: &[KeyInfo]) -> String {
    let heading = ["PREFIX", "ROLE", "OWNER", "CREATED (UTC)", "LABEL"].map(String::from).to_vec();
    let row = |key: &KeyInfo| {
        vec![
            key.prefix.clone(),
            key.role.name().to_owned(),
            key.owner.clone(),
            output::date(key.created),
            key.label.clone(),
        ]
    };
    let rows: Vec<_> = std::iter::once(heading).chain(keys.iter().map(row)).collect();
    output::table(&rows)
}

async fn revoke(admin: &Admin, tenant: Option<String>, prefix: String) -> Result<(), Failure> {
    if !keys::is_prefix(&prefix) {
        let message = "a prefix is the 12 characters that `relevo key list` shows; never give a \
                       whole key on the command line";
        return Err(Failure::new(Exit::Usage, message));
    }
    let client = admin.connect().await?;
    client.revoke_key(tenant, prefix.clone()).await.map_err(unanswered)?;
    client.close().await;
    output::line(&format!("revoked {prefix}"))
}

/// The key on the first line, below it what a directory file needs to recognise it.
fn generate(holder: Holder) -> Result<(), Failure> {
    let key = keys::Key::generate(holder.role.role())
        .map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    let seed = KeySeed {
        tenant: holder.tenant.unwrap_or_default(),
        role: key.role(),
        owner: holder.owner,
        label: holder.label,
        prefix: key.prefix().to_owned(),
        sha256: key.sha256(),
    };
    output::line(&format!("{}\n\n{}", key.reveal(), config::key_document(&seed).trim_end()))
}
