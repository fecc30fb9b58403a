//! What a session gets of a ticket, whenever its writer runs.

#[cfg(shuttle)]
mod model;
pub(crate) mod scene;

use std::sync::{Arc, Mutex};

use relevo_journal::{GroupNumber, Place, RecordError};
use relevo_wire::ids::TicketId;
use relevo_wire::vocabulary::Author;
use scene::{
    BOT, Between, CHILD, Client, TENANT, TICKET, agent_session, assigned, bot_session, forgotten,
    goes, group, message, of_colleague, opened, opens, published, record, requeued, transferred,
};

use super::Publisher;
use crate::session::Session;

const BODIES: u64 = 1024 * 1024;

/// Publishes three entries to a session that opens, whose writer runs after each event, when nobody
/// was told of it yet; gives back the client.
fn written_between(session: &Arc<Session>) -> Client {
    let published = published(BODIES);
    let client = Arc::new(Mutex::new(Client::new(&published, session)));
    let writer = Arc::clone(&client);
    let between = Between(move || writer.lock().unwrap().drain());
    let mut publisher = Publisher::new(published, between);
    publisher.group(group([record([opened(TICKET, None)]), record([assigned(TICKET, 2)])]));
    publisher.group(group([opens(session), record([message(3, Author::System)])]));
    publisher.group(group([record([message(4, Author::System)])]));
    drop(publisher);
    let mut client = Arc::into_inner(client).unwrap().into_inner().unwrap();
    client.drain();
    client
}

#[test]
fn an_entry_that_a_catch_up_has_read_before_it_is_published_comes_once() {
    for session in [agent_session(), bot_session()] {
        let client = written_between(&session);
        assert_eq!(client.entries, [1, 2, 3, 4]);
        assert_eq!(client.answers, 1, "the welcome");
    }
}

#[test]
fn a_requeue_that_a_catch_up_has_read_before_it_is_published_comes_once() {
    let published = published(BODIES);
    let session = agent_session();
    let client = Arc::new(Mutex::new(Client::new(&published, &session)));
    let writer = Arc::clone(&client);
    let between = Between(move || client.lock().unwrap().drain());
    let mut publisher = Publisher::new(published, between);
    publisher.group(group([record([opened(TICKET, None)]), record([assigned(TICKET, 2)])]));
    publisher.group(group([opens(&session), record([requeued(TICKET, 3)])]));
    let mut writer = writer.lock().unwrap();
    writer.drain();
    assert_eq!(writer.entries, [1, 2, 3]);
}

#[test]
fn a_catch_up_from_before_a_new_assignment_adds_nothing_to_it() {
    let published = published(BODIES);
    let session = agent_session();
    let mut client = Client::new(&published, &session);
    let mut publisher = Publisher::new(published, Between(|| {}));
    publisher.group(group([record([opened(TICKET, None)]), record([assigned(TICKET, 2)])]));
    // All before the writer's first turn: the ticket is begun twice.
    let again = [requeued(TICKET, 3), assigned(TICKET, 4)];
    publisher.group(group([opens(&session), record(again)]));
    client.drain();
    publisher.group(group([record([message(5, Author::System)])]));
    client.drain();
    assert_eq!(client.entries, [1, 2, 3, 4, 5]);
}

#[test]
fn a_session_that_reads_a_forgotten_parent_is_let_go_when_it_ends() {
    let published = published(BODIES);
    let session = agent_session();
    let mut client = Client::new(&published, &session);
    let mut publisher = Publisher::new(published, Between(|| {}));
    publisher.group(group([record([opened(TICKET, None)]), record([assigned(TICKET, 2)])]));
    publisher.group(group([opens(&session)]));
    let on = [opened(CHILD, Some(TICKET)), transferred(3)];
    publisher.group(group([record(on), record([forgotten(TICKET)])]));
    client.drain();
    assert_eq!(client.entries, [1, 2, 3]);
    drop(client);
    session.set_lost();
    publisher.group(group([goes(&session)]));
    assert_eq!(Arc::strong_count(&session), 1, "somebody holds a session that has ended");
}

/// Only the last agent who had lost a ticket was remembered.
#[test]
fn an_agent_who_still_catches_up_is_told_that_it_lost_its_ticket_whoever_had_it_since() {
    let published = published(BODIES);
    let session = agent_session();
    let mut client = Client::new(&published, &session);
    let mut publisher = Publisher::new(published, Between(|| {}));
    publisher.group(group([record([opened(TICKET, None)]), record([assigned(TICKET, 2)])]));
    let on = [assigned(TICKET, 4), requeued(TICKET, 5)].map(of_colleague);
    publisher.group(group([opens(&session), record([requeued(TICKET, 3)]), record(on)]));
    client.drain();
    assert_eq!(client.entries, [1, 2, 3]);
}

/// Each session that came or went looked at all open tickets of its bot.
#[test]
fn a_ticket_is_found_by_the_one_session_that_has_it_until_it_is_forgotten() {
    let published = published(BODIES);
    let [first, second, third, fourth] = std::array::from_fn(|_| bot_session());
    let mut publisher = Publisher::new(Arc::clone(&published), Between(|| {}));
    let owners = [Some(&first), Some(&second), Some(&third), Some(&fourth), None];
    let are = |tickets: [&[TicketId]; 5]| {
        for (owner, tickets) in owners.into_iter().zip(tickets) {
            let owner = owner.map(|session| session.id);
            assert_eq!(published.conversations.of_owner(TENANT, BOT, owner), tickets, "{owner:?}");
        }
    };
    publisher.group(group([record([opened(TICKET, None)])]));
    are([&[], &[], &[], &[], &[TICKET]]);
    publisher.group(group([opens(&first), opens(&second), record([opened(CHILD, Some(TICKET))])]));
    are([&[TICKET, CHILD], &[], &[], &[], &[]]);
    first.set_lost();
    // The log tells of the first one's end only behind the third.
    publisher.group(group([opens(&third)]));
    are([&[], &[], &[TICKET, CHILD], &[], &[]]);
    publisher.group(group([goes(&first), opens(&fourth)]));
    third.set_lost();
    publisher.group(group([goes(&third)]));
    are([&[], &[], &[], &[TICKET, CHILD], &[]]);
    publisher.group(group([record([forgotten(CHILD)])]));
    are([&[], &[], &[], &[TICKET], &[]]);
    fourth.set_lost();
    publisher.group(group([goes(&fourth)]));
    are([&[], &[TICKET], &[], &[], &[]]);
    second.set_lost();
    publisher.group(group([goes(&second)]));
    are([&[], &[], &[], &[], &[TICKET]]);
    publisher.group(group([record([forgotten(TICKET)])]));
    are([&[], &[], &[], &[], &[]]);
}

/// The daemon ended itself over a record that the log had rightly let go of.
#[test]
fn what_the_log_has_let_go_of_with_its_ticket_is_no_damage() {
    let published = published(BODIES);
    let place = Place { group: GroupNumber(1), index: 0 };
    let mut publisher = Publisher::new(Arc::clone(&published), Between(|| ()));
    publisher.group(group([record([opened(TICKET, None)])]));
    assert!(!published.is_let_go(TICKET, &RecordError::Absent { place }), "it is still needed");
    publisher.group(group([record([forgotten(TICKET)])]));
    assert!(published.is_let_go(TICKET, &RecordError::Absent { place }));
    assert!(!published.is_let_go(TICKET, &RecordError::Parts { place }), "that is damage");
}
