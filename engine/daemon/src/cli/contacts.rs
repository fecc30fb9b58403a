//! `relevo contact`: who is blocked.

use super::output;
use super::remote::{Admin, block_on, unanswered};
use crate::exit::{Exit, Failure};
use clap::{Args, Subcommand};
use relevo_client::wire::answer::BlockedContact;
use relevo_client::wire::command::BlockContact;
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Debug, Subcommand)]
pub(super) enum Contact {
    /// Block a contact: its hand-offs are refused; a ticket that it has open goes on
    Block {
        #[command(flatten)]
        admin: Admin,
        #[command(flatten)]
        who: Who,
        /// Why, for people; the customer never sees it
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        reason: String,
        /// For so many hours; without it until somebody unblocks it
        #[arg(long, value_name = "HOURS")]
        hours: Option<u32>,
    },
    /// Unblock a contact
    Unblock {
        #[command(flatten)]
        admin: Admin,
        #[command(flatten)]
        who: Who,
    },
    /// List blocked contacts, newest first
    Blocked {
        #[command(flatten)]
        admin: Admin,
        /// Tenant, when the key is an operator's
        #[arg(long, value_name = "NAME")]
        tenant: Option<String>,
        /// Of this bot only
        #[arg(long, value_name = "NAME")]
        bot: Option<String>,
    },
}

/// Which contact.
#[derive(Debug, Args)]
pub(super) struct Who {
    /// Tenant, when the key is an operator's
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Whose contact
    #[arg(long, value_name = "NAME")]
    bot: String,
    /// Its id, as the bot hands it over
    contact: String,
}

impl Contact {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Block { admin, who, reason, hours } => {
                block_on(block(&admin, who, reason, hours))
            }
            Self::Unblock { admin, who } => block_on(unblock(&admin, who)),
            Self::Blocked { admin, tenant, bot } => block_on(blocked(&admin, tenant, bot)),
        }
    }
}

async fn block(admin: &Admin, who: Who, reason: String, hours: Option<u32>) -> Result<(), Failure> {
    let until = hours.map(until).transpose()?;
    let Who { tenant, bot, contact } = who;
    let client = admin.connect().await?;
    let told = format!("blocked {contact}");
    let block = BlockContact { tenant, bot, contact, reason, until };
    client.block_contact(block).await.map_err(unanswered)?;
    client.close().await;
    output::line(&told)
}

/// In microseconds since 1970.
fn until(hours: u32) -> Result<u64, Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| {
        Failure::new(Exit::Failed, "the clock of this machine shows a time before 1970")
    })?;
    let now = u64::try_from(now.as_micros()).unwrap_or(u64::MAX);
    Ok(now.saturating_add(u64::from(hours) * 3_600_000_000))
}

async fn unblock(admin: &Admin, who: Who) -> Result<(), Failure> {
    let Who { tenant, bot, contact } = who;
    let client = admin.connect().await?;
    client.unblock_contact(tenant, bot, contact.clone()).await.map_err(unanswered)?;
    client.close().await;
    output::line(&format!("unblocked {contact}"))
}

async fn blocked(
    admin: &Admin,
    tenant: Option<String>,
    bot: Option<String>,
) -> Result<(), Failure> {
    let client = admin.connect().await?;
    let blocked = client.list_blocked(tenant, bot).await.map_err(unanswered)?;
    client.close().await;
    output::line(&table(&blocked))
}

fn table(blocked: &[BlockedContact]) -> String {
    let heading =
        ["BOT", "CONTACT", "SINCE (UTC)", "UNTIL (UTC)", "REASON"].map(String::from).to_vec();
    let row = |blocked: &BlockedContact| {
        vec![
            blocked.bot.clone(),
            blocked.contact.clone(),
            output::date(blocked.since),
            blocked.until.map_or_else(|| "-".to_owned(), output::date),
            blocked.reason.clone(),
        ]
    };
    let rows: Vec<_> = std::iter::once(heading).chain(blocked.iter().map(row)).collect();
    output::table(&rows)
}
