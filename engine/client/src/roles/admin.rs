//! What admins and operators can ask.

use super::AdminClient;
use crate::client::{Client, ClientError};
use relevo_wire::answer::{
    Applied, DirectoryAnswer, Explained, KeyCreated, Keys, Notifying, StatusReport, Stored,
};
use relevo_wire::command::{
    Apply, Change, Command, CreateKey, Delete, Explain, ListDirectory, ListKeys, NotifyWaiting,
    Put, RevokeKey, SetQueueMode, Status,
};
use relevo_wire::directory::{Object, ObjectRef, Versioned};
use relevo_wire::ids::TicketId;
use relevo_wire::vocabulary::Role;

/// How often a directory that changes between two pages is listed anew: a page takes a millisecond, a
/// change by people more.
const LISTINGS: usize = 16;

/// A whole directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Its version.
    pub version: u64,
    /// Objects with their versions: tenant, bots, agents, queues.
    pub objects: Vec<Versioned<Object>>,
}

impl AdminClient {
    pub(crate) fn new(client: Client) -> Self {
        Self(client)
    }

    /// Creates or changes a directory object. `tenant` is for an operator; with `if_version` the
    /// present version must be this one (0: it must not exist).
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn put(
        &self,
        tenant: Option<String>,
        object: Object,
        if_version: Option<u64>,
    ) -> Result<Stored, ClientError> {
        self.ask_once(Command::Put(Put { tenant, object: Box::new(object), if_version })).await
    }

    /// Deletes a directory object.
    ///
    /// # Errors
    /// See [`ClientError`]; `wrong_state` with counts when it is in use.
    pub async fn delete(
        &self,
        tenant: Option<String>,
        object: ObjectRef,
    ) -> Result<(), ClientError> {
        self.ask_once(Command::Delete(Delete { tenant, object })).await
    }

    /// Changes several objects at once: each as if those before it had been made, all of them or
    /// none. With `dry_run` it is told what it would come to.
    ///
    /// # Errors
    /// See [`ClientError`]; a refusal's field names the first change that cannot be made
    /// (`changes[3].object.queue.members`), its message every one.
    pub async fn apply(
        &self,
        tenant: Option<String>,
        changes: Vec<Change>,
        dry_run: bool,
    ) -> Result<Applied, ClientError> {
        self.ask_once(Command::Apply(Apply { tenant, changes, dry_run })).await
    }

    /// Lists the directory: all pages of one version. When it changes in the middle it is listed anew,
    /// a few times.
    ///
    /// # Errors
    /// See [`ClientError`]; [`ClientError::Restless`] when it changed each time.
    pub async fn list_directory(&self, tenant: Option<String>) -> Result<Listing, ClientError> {
        for _ in 0..LISTINGS {
            if let Some(listing) = self.list_once(tenant.as_deref()).await? {
                return Ok(listing);
            }
        }
        Err(ClientError::Restless)
    }

    /// `None` when the directory changed between two pages.
    async fn list_once(&self, tenant: Option<&str>) -> Result<Option<Listing>, ClientError> {
        let mut listing: Option<Listing> = None;
        let mut after = None;
        loop {
            let list = ListDirectory { tenant: tenant.map(ToOwned::to_owned), after };
            let page: DirectoryAnswer = self.ask(Command::ListDirectory(list)).await?;
            let so_far = listing
                .get_or_insert_with(|| Listing { version: page.version, objects: Vec::new() });
            if so_far.version != page.version {
                return Ok(None);
            }
            so_far.objects.extend(page.objects);
            let told = after.unwrap_or(0);
            match page.next {
                // Pages that lead nowhere would never end.
                Some(next) if next > told => after = Some(next),
                Some(_) | None => return Ok(listing),
            }
        }
    }

    /// Makes a credential; its secret is in the answer and nowhere else. `owner` is the name of the
    /// bot or agent, empty for admins.
    ///
    /// No key makes this once: where a lost connection repeats it, or the program does, there are two
    /// credentials. Those whose secret nobody has stand in [`Self::list_keys`], to be revoked.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn create_key(
        &self,
        tenant: Option<String>,
        role: Role,
        owner: impl Into<String>,
        label: impl Into<String>,
    ) -> Result<KeyCreated, ClientError> {
        let (owner, label) = (owner.into(), label.into());
        self.ask_once(Command::CreateKey(CreateKey { tenant, role, owner, label })).await
    }

    /// Lists credentials without their secrets.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn list_keys(&self, tenant: Option<String>) -> Result<Keys, ClientError> {
        self.ask(Command::ListKeys(ListKeys { tenant })).await
    }

    /// Ends the credential with this prefix, and its sessions.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn revoke_key(
        &self,
        tenant: Option<String>,
        prefix: impl Into<String>,
    ) -> Result<(), ClientError> {
        self.ask_once(Command::RevokeKey(RevokeKey { tenant, prefix: prefix.into() })).await
    }

    /// Opens, drains or closes a queue, at once and until a time. For an admin of the tenant.
    ///
    /// # Errors
    /// See [`ClientError`]; `malformed` where the time is over.
    pub async fn set_queue_mode(&self, set: SetQueueMode) -> Result<(), ClientError> {
        self.ask_once(Command::SetQueueMode(set)).await
    }

    /// Tells everybody who waits in a queue something: how many will be told. For an admin of the tenant.
    ///
    /// # Errors
    /// See [`ClientError`]; `wrong_state` while another notice is under way there.
    pub async fn notify_waiting(&self, notice: NotifyWaiting) -> Result<Notifying, ClientError> {
        self.ask_once(Command::NotifyWaiting(notice)).await
    }

    /// Live numbers of the daemon.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn status(&self) -> Result<StatusReport, ClientError> {
        self.ask(Command::Status(Status {})).await
    }

    /// What a ticket waits for, or why its agent has it.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn explain(&self, ticket: TicketId) -> Result<Explained, ClientError> {
        self.ask(Command::Explain(Explain { ticket, at: None })).await
    }

    /// As [`Self::explain`], of a past instant in microseconds since 1970, from the daemon's log.
    ///
    /// # Errors
    /// See [`ClientError`]; refused with `not_found` where the log no longer holds the instant or the
    /// ticket was not there, with `overloaded` while another is explained or a snapshot is made.
    pub async fn explain_at(&self, ticket: TicketId, at: u64) -> Result<Explained, ClientError> {
        self.ask(Command::Explain(Explain { ticket, at: Some(at) })).await
    }
}
