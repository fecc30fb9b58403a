//! Publish under shuttle: beside the writers of its sessions and the ends of their connections.
//!
//! Publish, the table of conversations, catch-ups, the sessions' directory and the outbox are the
//! daemon's own code; what is left out are stream and log. Each model is written over [`Acts`], what
//! a planted bug can replace: with the real ones all hold, and with each planted bug one of them
//! fails with the message of what the bug breaks. A wake-up lost shows as a deadlock.
//!
//! ```sh
//! cargo rustc -p relevo --lib --profile test -- --cfg shuttle
//! ```
//! builds it; the program that this names runs it (`publish::tests::model`). `RELEVO_SCHEDULES` says
//! how many schedules of each kind a model tries.

use std::sync::Arc;

use relevo_routing::Reply;
use relevo_wire::Answer;
use relevo_wire::answer::Done;
use relevo_wire::ids::RequestId;
use relevo_wire::push::{Push, TypingPush};
use relevo_wire::vocabulary::Author;
use shuttle::future::block_on;
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::sync::mpsc;
use shuttle::{Runner, thread};

use super::scene::{
    Between, Client, TICKET, TakeChunk, Written, agent_session, asked, assigned, bot_session, goes,
    group, message, opened, opens, published, record,
};
use crate::metrics::CommandName;
use crate::publish::outcome::{Asker, Outcome};
use crate::publish::{Published, Publisher, catch_up};
use crate::session::Session;
use crate::session::outbox::{self, Outbox};

/// Schedules of each kind that a model tries.
const SCHEDULES: usize = 2_000;
/// Of the schedules: the same every time, more with a greater number.
const SEED: u64 = 1;
/// Changes of priority in a schedule of the second kind: the depth of the bugs that it is sure to
/// find in the end.
const DEPTH: usize = 3;
/// Stack of a thread: an unoptimized publish needs more than shuttle gives.
const STACK_BYTES: usize = 512 * 1024;
/// Bodies leave memory at once: a catch-up reads them from the log, piece by piece.
const NO_BODIES: u64 = 1;

type Tell<'a> = &'a dyn Fn(Outcome);

/// What a planted bug can replace.
#[derive(Clone, Copy)]
struct Acts {
    take_chunk: TakeChunk,
    end: fn(&Arc<Session>, Tell<'_>),
    wake: fn(&Outbox),
}

const REAL: Acts = Acts { take_chunk: Published::chunk, end: mark_and_tell, wake: Outbox::wake };

/// The end of a connection: nothing reaches its session any more, and only then the log is told.
fn mark_and_tell(session: &Arc<Session>, tell: Tell<'_>) {
    session.set_lost();
    tell(goes(session));
}

fn check(run: impl Fn() + Send + Sync + 'static) {
    let asked = std::env::var("RELEVO_SCHEDULES").ok();
    let schedules = asked.map_or(SCHEDULES, |number| number.parse().unwrap());
    let mut config = shuttle::Config::new();
    config.stack_size = STACK_BYTES;
    let run = Arc::new(run);
    let same = Arc::clone(&run);
    let random = RandomScheduler::new_from_seed(SEED, schedules);
    let prioritized = PctScheduler::new_from_seed(SEED, DEPTH, schedules);
    Runner::new(random, config.clone()).run(move || run());
    Runner::new(prioritized, config).run(move || same());
}

/// Publishes what it is told, one record a group, until nobody is left to tell it.
fn publish(
    published: &Arc<Published>,
) -> (mpsc::Sender<Outcome>, thread::JoinHandle<Publisher<Between<fn()>>>) {
    let (tell, told) = mpsc::channel();
    let nothing: fn() = || {};
    let mut publisher = Publisher::new(Arc::clone(published), Between(nothing));
    publisher.group(group([record([opened(TICKET, None)]), record([assigned(TICKET, 2)])]));
    let publishing = thread::spawn(move || {
        for outcome in told {
            publisher.group(group([outcome]));
        }
        publisher
    });
    (tell, publishing)
}

/// Writes to a client until it has so many answers and nothing waits, or its session is over.
fn write(mut client: Client, answers: usize) -> thread::JoinHandle<Client> {
    thread::spawn(move || {
        loop {
            match client.write() {
                Written::Some => {}
                Written::Nothing if client.answers >= answers => return client,
                Written::Nothing => {
                    // Between the look and the sleep anything may come; tokio's `Notify` is whole.
                    thread::yield_now();
                    block_on(client.session.outbox.ready());
                }
                Written::End => return client,
            }
        }
    })
}

fn client(published: &Arc<Published>, session: &Arc<Session>, acts: Acts) -> Client {
    let mut client = Client::new(published, session);
    client.take_chunk = acts.take_chunk;
    client
}

fn done(session: &Session, outbox: &Outbox) -> bool {
    let answer = Answer::Done(Done {});
    outbox.append(|out| session.codec.write_answer(out, RequestId(2), &answer))
}

/// Tells a client that nothing more comes: the second answer after its welcome.
fn finish(session: &Session) {
    done(session, &session.outbox);
    session.outbox.wake();
}

/// A session catches up while entries are published: each comes once and in order.
fn catch_up_beside_publish(session: fn() -> Arc<Session>, acts: Acts) {
    check(move || {
        let published = published(NO_BODIES);
        let session = session();
        let (tell, publishing) = publish(&published);
        let writing = write(client(&published, &session, acts), 2);
        tell.send(opens(&session)).unwrap();
        for number in 3..=5 {
            tell.send(record([message(number, Author::System)])).unwrap();
        }
        drop(tell);
        drop(publishing.join().unwrap());
        finish(&session);
        let client = writing.join().unwrap();
        assert_eq!(client.entries, [1, 2, 3, 4, 5], "lost, doubled or out of order");
    });
}

/// A hint is passed on to whoever has the ticket while a session of the bot opens: what comes first
/// is the answer to its hello.
fn hint_beside_publish() {
    check(|| {
        let published = published(NO_BODIES);
        let session = bot_session();
        let (tell, publishing) = publish(&published);
        let writing = write(client(&published, &session, REAL), 2);
        let hinting = {
            let published = Arc::clone(&published);
            thread::spawn(move || {
                published.conversations.read(TICKET, |c| {
                    if let Some(owner) = c.live.bot_owner() {
                        owner.push(&Push::Typing(TypingPush {
                            ticket: TICKET,
                            author: Author::Agent,
                        }));
                        owner.outbox.wake();
                    }
                });
            })
        };
        tell.send(opens(&session)).unwrap();
        drop(tell);
        drop(publishing.join().unwrap());
        hinting.join().unwrap();
        finish(&session);
        let client = writing.join().unwrap();
        assert_eq!(client.early, 0, "a hint came before the welcome");
    });
}

/// A session ends while entries are published and another of its party opens: the other has each
/// entry once and in order, and nobody holds the one that has ended.
fn end_beside_publish(session: fn() -> Arc<Session>, acts: Acts) {
    check(move || {
        let published = published(NO_BODIES);
        let (gone, other) = (session(), session());
        let (tell, publishing) = publish(&published);
        tell.send(opens(&gone)).unwrap();
        let writers = [
            write(client(&published, &gone, acts), usize::MAX),
            write(client(&published, &other, acts), 2),
        ];
        let ending = {
            let (session, tell) = (Arc::clone(&gone), tell.clone());
            thread::spawn(move || (acts.end)(&session, &|outcome| tell.send(outcome).unwrap()))
        };
        tell.send(record([message(3, Author::System)])).unwrap();
        tell.send(opens(&other)).unwrap();
        tell.send(record([message(4, Author::System)])).unwrap();
        drop(tell);
        ending.join().unwrap();
        let publisher = publishing.join().unwrap();
        finish(&other);
        let [first, second] = writers.map(|writing| writing.join().unwrap());
        let prefix: Vec<u32> = (1..=first.entries.len() as u32).collect();
        assert_eq!(first.entries, prefix, "lost, doubled or out of order");
        assert_eq!(second.entries, [1, 2, 3, 4], "lost, doubled or out of order");
        drop(first);
        assert_eq!(Arc::strong_count(&gone), 1, "somebody holds a session that has ended");
        drop(publisher);
    });
}

/// Publish and a task of the session append to the same lane, each waking its writer in its way:
/// the writer sleeps through nothing.
fn appends_beside_a_sleeper(acts: Acts) {
    check(move || {
        let published = published(NO_BODIES);
        let session = agent_session();
        let (tell, publishing) = publish(&published);
        let writing = write(client(&published, &session, acts), 3);
        let task = {
            let session = Arc::clone(&session);
            thread::spawn(move || {
                done(&session, &session.outbox);
                (acts.wake)(&session.outbox);
            })
        };
        for _ in 0..2 {
            let asker = Asker::Request {
                session: Arc::clone(&session),
                lane: Arc::clone(&session.outbox),
                request: RequestId(1),
                name: CommandName::Send,
                beside: None,
            };
            let answer = Reply::Answer(Answer::Done(Done {}));
            tell.send(asked(asker, Some(answer), [])).unwrap();
        }
        drop(tell);
        drop(publishing.join().unwrap());
        task.join().unwrap();
        assert_eq!(writing.join().unwrap().answers, 3);
    });
}

#[test]
fn an_agent_catches_up() {
    catch_up_beside_publish(agent_session, REAL);
}

#[test]
fn a_bot_catches_up() {
    catch_up_beside_publish(bot_session, REAL);
}

#[test]
fn a_session_of_an_agent_ends() {
    end_beside_publish(agent_session, REAL);
}

#[test]
fn a_session_of_a_bot_ends() {
    end_beside_publish(bot_session, REAL);
}

#[test]
fn a_hint_comes_behind_the_welcome() {
    hint_beside_publish();
}

#[test]
fn a_writer_sleeps() {
    appends_beside_a_sleeper(REAL);
}

#[test]
#[should_panic(expected = "lost, doubled or out of order")]
fn planted_live_a_look_after_the_last_entry() {
    let take_chunk = catch_up::planted::chunk_then_live;
    catch_up_beside_publish(agent_session, Acts { take_chunk, ..REAL });
}

#[test]
#[should_panic(expected = "lost, doubled or out of order")]
fn planted_live_a_look_before_the_last_entry() {
    let take_chunk = catch_up::planted::chunk_live_first;
    catch_up_beside_publish(bot_session, Acts { take_chunk, ..REAL });
}

#[test]
#[should_panic(expected = "lost, doubled or out of order")]
fn planted_live_from_any_entry() {
    let take_chunk = catch_up::planted::chunk_live_from_any_entry;
    catch_up_beside_publish(agent_session, Acts { take_chunk, ..REAL });
}

#[test]
#[should_panic(expected = "lost, doubled or out of order")]
fn planted_live_for_the_heir() {
    let take_chunk = catch_up::planted::chunk_live_whoever_owns;
    end_beside_publish(bot_session, Acts { take_chunk, ..REAL });
}

#[test]
#[should_panic(expected = "somebody holds a session that has ended")]
fn planted_live_though_lost() {
    let take_chunk = catch_up::planted::chunk_live_though_lost;
    end_beside_publish(agent_session, Acts { take_chunk, ..REAL });
}

#[test]
#[should_panic(expected = "somebody holds a session that has ended")]
fn planted_told_before_it_is_marked() {
    fn tell_and_mark(session: &Arc<Session>, tell: Tell<'_>) {
        tell(goes(session));
        session.set_lost();
    }
    end_beside_publish(agent_session, Acts { end: tell_and_mark, ..REAL });
}

#[test]
#[should_panic(expected = "deadlock")]
fn planted_flag_down_after_the_wake() {
    appends_beside_a_sleeper(Acts { wake: outbox::planted::wake_then_lower, ..REAL });
}

#[test]
#[should_panic(expected = "deadlock")]
fn planted_wake_of_who_sleeps_already() {
    appends_beside_a_sleeper(Acts { wake: outbox::planted::wake_only_a_sleeper, ..REAL });
}
