//! `relevo callbacks`: who came outside the hours.

use super::output;
use super::remote::{Admin, block_on, unanswered};
use crate::exit::Failure;
use clap::Args;
use relevo_client::wire::answer::CallbackEntry;

#[derive(Debug, Args)]
pub(super) struct Callbacks {
    #[command(flatten)]
    admin: Admin,
    /// Tenant, when the key is an operator's
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Of this bot only
    #[arg(long, value_name = "NAME")]
    bot: Option<String>,
}

impl Callbacks {
    pub(super) fn run(self) -> Result<(), Failure> {
        block_on(async move {
            let client = self.admin.connect().await?;
            let callbacks =
                client.list_callbacks(self.tenant, self.bot).await.map_err(unanswered)?;
            client.close().await;
            output::line(&table(&callbacks))
        })
    }
}

fn table(callbacks: &[CallbackEntry]) -> String {
    let heading =
        ["WHEN (UTC)", "BOT/QUEUE", "NAME", "CONTACT", "CALL BACK"].map(String::from).to_vec();
    let row = |entry: &CallbackEntry| {
        vec![
            output::date(entry.at),
            format!("{}/{}", entry.bot, entry.queue),
            entry.name.clone(),
            entry.contact.clone(),
            entry.callback.name().to_owned(),
        ]
    };
    let rows: Vec<_> = std::iter::once(heading).chain(callbacks.iter().map(row)).collect();
    output::table(&rows)
}
