//! What concerns contacts: who is blocked, and who is to be called back.

use super::{AT, keyed, plain};
use relevo_wire::Answer;
use relevo_wire::answer::*;
use relevo_wire::command::*;
use relevo_wire::vocabulary::Callback;

pub(super) fn requests() -> Vec<Request> {
    let contact = || "+5511999990000".to_owned();
    vec![
        keyed(Command::BlockContact(BlockContact {
            tenant: None,
            bot: "shop".into(),
            contact: contact(),
            reason: "insults".into(),
            until: Some(AT + 86_400_000_000),
        })),
        keyed(Command::UnblockContact(UnblockContact {
            tenant: None,
            bot: "shop".into(),
            contact: contact(),
        })),
        plain(Command::ListBlocked(ListBlocked {
            tenant: None,
            bot: Some("shop".into()),
            after: Some(12),
        })),
        keyed(Command::WantCallback(WantCallback { contact: contact(), yes: true })),
        plain(Command::ListCallbacks(ListCallbacks {
            tenant: None,
            bot: Some("shop".into()),
            after: Some(12),
        })),
    ]
}

pub(super) fn answers() -> Vec<Answer> {
    let blocked = Answer::Blocked(BlockedContacts {
        blocked: vec![BlockedContact {
            bot: "shop".into(),
            contact: "+5511999990000".into(),
            reason: "insults".into(),
            since: AT,
            until: Some(AT + 86_400_000_000),
        }],
        next: Some(7),
    });
    let callbacks = Answer::Callbacks(Callbacks {
        callbacks: vec![CallbackEntry {
            at: AT,
            bot: "shop".into(),
            queue: "sales".into(),
            contact: "+5511999990000".into(),
            name: "Ana Souza".into(),
            callback: Callback::Yes,
        }],
        next: None,
    });
    vec![blocked, callbacks]
}
