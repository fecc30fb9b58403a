//! What bots, admins and operators can ask about contacts.

use super::{AdminClient, BotClient};
use crate::client::ClientError;
use relevo_wire::answer::{BlockedContact, BlockedContacts, CallbackEntry, Callbacks};
use relevo_wire::command::{
    BlockContact, Command, ListBlocked, ListCallbacks, UnblockContact, WantCallback,
};

impl BotClient {
    /// Notes whether a customer wants to be called back, who waits or was refused outside the hours.
    ///
    /// # Errors
    /// See [`ClientError`]; `not_found` when the contact neither waits nor stands in the call-back list.
    pub async fn want_callback(
        &self,
        contact: impl Into<String>,
        yes: bool,
    ) -> Result<(), ClientError> {
        let contact = contact.into();
        self.ask_once(Command::WantCallback(WantCallback { contact, yes })).await
    }
}

impl AdminClient {
    /// Who came outside the hours or waited at closing time, of a bot or of all, newest first: every page.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn list_callbacks(
        &self,
        tenant: Option<String>,
        bot: Option<String>,
    ) -> Result<Vec<CallbackEntry>, ClientError> {
        let (mut callbacks, mut after) = (Vec::new(), None);
        loop {
            let list = ListCallbacks { tenant: tenant.clone(), bot: bot.clone(), after };
            let page: Callbacks = self.ask(Command::ListCallbacks(list)).await?;
            callbacks.extend(page.callbacks);
            match page.next {
                // Pages that lead nowhere would never end.
                Some(next) if after.is_none_or(|after| next < after) => after = Some(next),
                Some(_) | None => return Ok(callbacks),
            }
        }
    }

    /// Blocks a contact of a bot: its hand-offs are refused.
    ///
    /// # Errors
    /// See [`ClientError`]; `limit_exceeded` when as many are blocked as may.
    pub async fn block_contact(&self, block: BlockContact) -> Result<(), ClientError> {
        self.ask_once(Command::BlockContact(block)).await
    }

    /// Unblocks a contact of a bot.
    ///
    /// # Errors
    /// See [`ClientError`]; `not_found` when it is not blocked.
    pub async fn unblock_contact(
        &self,
        tenant: Option<String>,
        bot: impl Into<String>,
        contact: impl Into<String>,
    ) -> Result<(), ClientError> {
        let (bot, contact) = (bot.into(), contact.into());
        self.ask_once(Command::UnblockContact(UnblockContact { tenant, bot, contact })).await
    }

    /// Blocked contacts of a bot, or of all, newest first: every page.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn list_blocked(
        &self,
        tenant: Option<String>,
        bot: Option<String>,
    ) -> Result<Vec<BlockedContact>, ClientError> {
        let (mut blocked, mut after) = (Vec::new(), None);
        loop {
            let list = ListBlocked { tenant: tenant.clone(), bot: bot.clone(), after };
            let page: BlockedContacts = self.ask(Command::ListBlocked(list)).await?;
            blocked.extend(page.blocked);
            match page.next {
                // Pages that lead nowhere would never end.
                Some(next) if after.is_none_or(|after| next < after) => after = Some(next),
                Some(_) | None => return Ok(blocked),
            }
        }
    }
}
