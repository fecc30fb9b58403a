//! What concerns contacts: who is blocked.

use super::{AT, keyed, plain};
use relevo_wire::Answer;
use relevo_wire::answer::*;
use relevo_wire::command::*;

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
    ]
}

pub(super) fn answers() -> Vec<Answer> {
    vec![Answer::Blocked(BlockedContacts {
        blocked: vec![BlockedContact {
            bot: "shop".into(),
            contact: "+5511999990000".into(),
            reason: "insults".into(),
            since: AT,
            until: Some(AT + 86_400_000_000),
        }],
        next: Some(7),
    })]
}
