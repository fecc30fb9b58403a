//! Who is blocked, which an admin says and lists, and who is to be called back.

use std::sync::Arc;

use relevo_journal::RecordBytes;
use relevo_routing::directory::Directory;
use relevo_routing::input::Input;
use relevo_wire::answer::{Answer, BlockedContact, BlockedContacts, CallbackEntry, Callbacks};
use relevo_wire::command::{BlockContact, ListBlocked, ListCallbacks, UnblockContact};
use relevo_wire::error::{ErrorCode, WireError};
use relevo_wire::ids::{BotId, TenantId};
use relevo_wire::packed::Packed;
use relevo_wire::vocabulary::HandOffDetails;

use super::Session;
use super::admin::{Decided, existing};
use super::command::contact_key;
use crate::publish::contacts::{Blocked, Page, Row};
use crate::publish::view::{bot_name, queue_name};
use crate::runtime::shared::Shared;

/// Who it is and why goes to the log beside what the core is told.
pub(super) fn block(
    shared: &Shared,
    session: &Session,
    block: BlockContact,
) -> Result<Decided, WireError> {
    let BlockContact { tenant, bot, contact, reason, until } = block;
    let (tenant, directory) = of_tenant(shared, session, tenant.as_deref())?;
    let bot = named_bot(&directory, &bot)?;
    let input = Input::BlockContact { bot, contact: contact_key(tenant, bot, &contact), until };
    let private = Packed::new(&Blocked { contact, reason }).bytes().clone();
    Ok(Decided::Shard { tenant, input, beside: None, private })
}

pub(super) fn unblock(
    shared: &Shared,
    session: &Session,
    unblock: UnblockContact,
) -> Result<Decided, WireError> {
    let (tenant, directory) = of_tenant(shared, session, unblock.tenant.as_deref())?;
    let bot = named_bot(&directory, &unblock.bot)?;
    let contact = contact_key(tenant, bot, &unblock.contact);
    let input = Input::UnblockContact { bot, contact };
    Ok(Decided::Shard { tenant, input, beside: None, private: bytes::Bytes::new() })
}

/// A page of those who are blocked.
pub(super) async fn blocked(
    shared: &Arc<Shared>,
    session: &Session,
    list: ListBlocked,
) -> Result<Decided, WireError> {
    let (tenant, directory) = of_tenant(shared, session, list.tenant.as_deref())?;
    let bot = list.bot.map(|bot| named_bot(&directory, &bot)).transpose()?;
    let page = shared.published.conversations.contacts().blocked(tenant, bot, list.after);
    let next = page.next;
    let blocked = people(shared, page, move |row, record| {
        let said = Packed::<Blocked>::from_bytes(record.private().to_vec().into());
        let Blocked { contact, reason } = said.unpack().ok()?;
        let (bot, since, until) = (bot_name(&directory, row.bot), row.at, row.what);
        Some(BlockedContact { bot, contact, reason, since, until })
    });
    let answer = BlockedContacts { blocked: blocked.await?, next };
    Ok(Decided::Now(Answer::Blocked(answer)))
}

/// A page of a call-back list.
pub(super) async fn callbacks(
    shared: &Arc<Shared>,
    session: &Session,
    list: ListCallbacks,
) -> Result<Decided, WireError> {
    let (tenant, directory) = of_tenant(shared, session, list.tenant.as_deref())?;
    let bot = list.bot.map(|bot| named_bot(&directory, &bot)).transpose()?;
    let page = shared.published.conversations.contacts().callbacks(tenant, bot, list.after);
    let next = page.next;
    let callbacks = people(shared, page, move |row, record| {
        let said = Packed::<HandOffDetails>::from_bytes(record.private().to_vec().into());
        let contact = &said.check().ok()?.contact;
        Some(CallbackEntry {
            at: row.at,
            bot: bot_name(&directory, row.bot),
            queue: queue_name(&directory, row.what.queue),
            contact: contact.id.as_str().to_owned(),
            name: contact.name.as_str().to_owned(),
            callback: row.what.wish,
        })
    });
    let answer = Callbacks { callbacks: callbacks.await?, next };
    Ok(Decided::Now(Answer::Callbacks(answer)))
}

/// Who the rows of a page are, as the log says, which is read off the hot path.
async fn people<T: Send + 'static, P: Send + 'static>(
    shared: &Arc<Shared>,
    page: Page<T>,
    person: impl Fn(&Row<T>, &RecordBytes) -> Option<P> + Send + 'static,
) -> Result<Vec<P>, WireError> {
    let shared = Arc::clone(shared);
    let read = tokio::task::spawn_blocking(move || {
        let reader = shared.journal.reader();
        let one = |row: Row<T>| {
            let record = reader.read(row.place()).ok()?;
            person(&row, &record)
        };
        let rows = page.rows.into_iter();
        rows.map(one).collect::<Option<Vec<P>>>()
    });
    let unreadable = || WireError::new(ErrorCode::Internal, "the log could not be read");
    read.await.ok().flatten().ok_or_else(unreadable)
}

fn of_tenant(
    shared: &Shared,
    session: &Session,
    named: Option<&str>,
) -> Result<(TenantId, Arc<Directory>), WireError> {
    let tenant = existing(shared, session, named)?;
    let directories = shared.published.directories.load();
    let gone = || WireError::field(ErrorCode::NotFound, "tenant", "the tenant was deleted");
    let directory = directories.tenant(tenant).cloned().ok_or_else(gone)?;
    Ok((tenant, directory))
}

fn named_bot(directory: &Directory, name: &str) -> Result<BotId, WireError> {
    directory.bot_id(name).ok_or_else(|| {
        WireError::field(ErrorCode::NotFound, "bot", format!("no bot is named `{name}`"))
    })
}
