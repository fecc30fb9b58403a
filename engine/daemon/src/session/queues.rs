//! Whoever runs the desk acts on queues: for now an admin of the tenant.

use super::Session;
use super::admin::{Decided, is_operator};
use super::command::named_queue;
use crate::runtime::shared::Shared;
use bytes::Bytes;
use relevo_routing::event::{NoticeWords, QueueModeSet};
use relevo_routing::input::Input;
use relevo_wire::command::{NotifyWaiting, SetQueueMode};
use relevo_wire::error::{ErrorCode, WireError};
use relevo_wire::ids::QueueId;
use relevo_wire::vocabulary::Language;

/// Opens, drains or closes a queue.
pub(super) fn set_mode(
    shared: &Shared,
    session: &Session,
    set: SetQueueMode,
) -> Result<Decided, WireError> {
    let queue = own(shared, session, &set.queue)?;
    let SetQueueMode { queue: _, mode, text, until } = set;
    let input = Input::SetQueueMode(QueueModeSet { queue, mode, text, until });
    Ok(Decided::Shard { tenant: session.tenant, input, beside: None, private: Bytes::new() })
}

/// Tells everybody who waits in a queue something.
pub(super) fn notify(
    shared: &Shared,
    session: &Session,
    notice: NotifyWaiting,
) -> Result<Decided, WireError> {
    let queue = own(shared, session, &notice.queue)?;
    let NotifyWaiting { queue: _, text, texts } = notice;
    let texts = texts.into_iter().filter_map(|(tag, text)| Some((Language::tagged(&tag)?, text)));
    let words = NoticeWords { text, texts: texts.collect() };
    let input = Input::NotifyWaiting { queue, words };
    Ok(Decided::Shard { tenant: session.tenant, input, beside: None, private: Bytes::new() })
}

/// A queue of the admin's tenant. The operator runs the daemon, and nobody's desk.
fn own(shared: &Shared, session: &Session, name: &str) -> Result<QueueId, WireError> {
    if is_operator(session) {
        let message = "an admin of the tenant acts on its queues, and not the operator";
        return Err(WireError::new(ErrorCode::Forbidden, message));
    }
    let directories = shared.published.directories.load();
    let directory = directories.tenant(session.tenant);
    let directory = directory.ok_or_else(|| WireError::new(ErrorCode::NotFound, "no tenant"))?;
    named_queue(directory, name)
}
