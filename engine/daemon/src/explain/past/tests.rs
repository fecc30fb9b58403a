//! The log of a daemon, looked back into while it lives and after it has stopped.

use super::*;
use crate::fold::Folder;
use relevo_journal::{Failure, Folding, Hooks, JournalHandle, Options, Retention, Submission};
use relevo_routing::Reply;
use relevo_routing::event::RulesHeld;
use relevo_routing::input::{Command, HandOff, Input};
use relevo_routing::record::{Actor, ActorKind, RecordHeader};
use relevo_routing::seats::{CloseCount, Seats};
use relevo_routing::tenant::Tenant;
use relevo_wire::directory::{Agent, Bot, Object, Queue, Rule};
use relevo_wire::packed::Packed;
use relevo_wire::vocabulary::{HandOffDetails, HandOffReason, Intent};
use relevo_wire::{AgentId, BotId, ContactKey, SessionId};
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Receiver, channel};

const TENANT: TenantId = TenantId(1);
const SECOND: u64 = 1_000_000;
const START: u64 = 1_700_000_000 * SECOND;

/// One tenant and its log on disk, as a shard and the journal hold them.
struct Living {
    tenant: Tenant,
    seats: Seats,
    now: u64,
    journal: JournalHandle<()>,
    committed: Receiver<()>,
    folded: Receiver<()>,
    tickets: Vec<TicketId>,
    said: Vec<Explained>,
}

fn options(dir: &Path) -> Options {
    let mut options = Options::new(dir);
    options.schema = record::SCHEMA_VERSION;
    options
}

impl Living {
    fn start(dir: &Path, retention: impl FnOnce(Arc<AtomicU64>) -> Retention) -> Self {
        let needed = Arc::<AtomicU64>::default();
        let mut options = options(dir);
        options.retention = retention(Arc::clone(&needed));
        let (commit, committed) = channel();
        let (fold, folded) = channel();
        let hooks = Hooks {
            sink: Box::new(move |_| commit.send(()).unwrap_or_default()),
            failed: Box::new(|failure: Failure| panic!("{failure}")),
        };
        let folding = Folding {
            fold: Box::new(Folder::new(Settings::default(), needed)),
            done: Box::new(move |result| {
                result.unwrap();
                fold.send(()).unwrap_or_default();
            }),
        };
        let journal = relevo_journal::open(options).unwrap().start(hooks, Some(folding)).unwrap();
        Self {
            tenant: Tenant::new(TENANT, Settings::default()),
            seats: Seats::new(),
            now: START,
            journal,
            committed,
            folded,
            tickets: Vec::new(),
            said: Vec::new(),
        }
    }

    /// Decides, writes, and explains every ticket as it is now.
    fn give(&mut self, input: Input, private: &[u8]) -> Option<Reply> {
        self.now += SECOND;
        let command = Command { idempotency: None, input };
        let step = self.tenant.handle(self.now, &mut self.seats, command);
        for event in &step.events {
            if let Event::TicketOpened(opened) = event {
                self.tickets.push(opened.ticket);
            }
        }
        if !step.events.is_empty() {
            let actor = Actor { kind: ActorKind::Daemon, id: 0, session: 0 };
            let directory_version = self.tenant.directory_version();
            let (tenant, now) = (TENANT, self.now);
            let header = RecordHeader { tenant, now, actor, request_id: 0, directory_version };
            let mut public = Vec::new();
            record::encode(&mut public, &header, &step.events);
            let private = private.to_vec();
            let record = Submission { public, private, urgent: true, payload: () };
            self.journal.submit(vec![record]).unwrap();
            self.committed.recv().unwrap();
        }
        for ticket in self.tickets.clone() {
            let explained = self.explain(ticket);
            self.said.push(explained);
        }
        step.reply
    }

    fn explain(&mut self, ticket: TicketId) -> Explained {
        let command = Command { idempotency: None, input: Input::Explain { ticket } };
        match self.tenant.handle(self.now, &mut self.seats, command).reply {
            Some(Reply::Answer(Answer::Explained(explained))) => explained,
            other => panic!("{other:?}"),
        }
    }

    fn put(&mut self, object: Object) {
        self.give(Input::Put { object: Box::new(object), if_version: None }, &[]);
    }

    /// A bot with a rule, its queue, and an agent of one seat.
    fn open_shop(&mut self) {
        let gold = Rule {
            queue: Some("help".into()),
            ..Rule::new("gold", "context.tier equals \"gold\"")
        };
        self.put(Object::Agent(Agent::new("ana", 1)));
        self.put(Object::Bot(Bot { rules: vec![gold], ..Bot::new("shop", "help") }));
        self.put(Object::Queue(Queue {
            members: vec!["ana".into()],
            ..Queue::new("shop", "help")
        }));
        let (agent, seen) = (AgentId(0), CloseCount::default());
        self.give(Input::AgentSessionOpened { agent, session: SessionId(1), seen }, &[]);
        self.intent(Intent::Online);
    }

    fn intent(&mut self, intent: Intent) {
        let word = self.seats.word(0).unwrap();
        let seen = match intent {
            Intent::Online => word.view().intent_closes,
            Intent::Paused | Intent::Invisible | Intent::Offline => word.close_intent(),
        };
        let reason = String::new();
        self.give(Input::SetPresence { agent: AgentId(0), intent, reason, seen }, &[]);
    }

    fn hand_off(&mut self, contact: u128) {
        let details = Packed::new(&HandOffDetails {
            context: vec![("tier".into(), "gold".into())],
            ..HandOffDetails::default()
        });
        let version = self.tenant.directory().bot(BotId(0)).unwrap().version;
        let rule = Some((0, "gold".into()));
        let hand_off = HandOff {
            bot: BotId(0),
            contact: ContactKey(contact),
            queue: None,
            queue_of_rule: self.tenant.directory().queue_id(BotId(0), "help"),
            reason: HandOffReason::Requested,
            priority: 0,
            priority_of_rule: None,
            preferred_agent: None,
            demand: None,
            rules: Some(Box::new(RulesHeld {
                version,
                rule,
                at: self.now,
                ..RulesHeld::default()
            })),
            language: None,
            texts: None,
            truncated: false,
            position_updates: false,
            test: false,
            dry_run: false,
            bytes: u32::try_from(details.bytes().len()).unwrap(),
        };
        let reply = self.give(Input::HandOff(hand_off), details.bytes());
        assert!(matches!(reply, Some(Reply::Answer(Answer::Accepted(_)))), "{reply:?}");
    }

    /// Some life.
    fn go_on(&mut self, contacts: std::ops::Range<u128>) {
        for contact in contacts {
            self.hand_off(contact);
            self.intent(if contact % 2 == 0 { Intent::Paused } else { Intent::Online });
            let bot = BotId(0);
            self.give(Input::CustomerLeft { bot, contact: ContactKey(contact / 2) }, &[]);
        }
    }

    fn snapshot(&self) {
        self.journal.snapshot_now();
        self.folded.recv().unwrap();
    }
}

fn look(history: &History, ticket: TicketId, when: When) -> Result<Explained, PastError> {
    explain(history, &Settings::default(), ticket, when, |tenant| tenant == TENANT, || true)
}

/// Everything that was said while it was so is said of the same instants from the log.
fn says_the_same(history: &History, said: &[Explained], every: usize) {
    assert!(said.len() > 50, "little was said");
    for (number, then) in said.iter().enumerate().step_by(every) {
        let mut past = look(history, then.ticket, When::Living(then.at)).unwrap();
        let routing = past.routing.take().unwrap();
        assert_eq!(past, *then, "explanation {number}");
        assert!(routing.tried[0].matched && routing.because.contains("version"), "{routing:?}");
    }
}

#[test]
fn a_living_daemon_says_of_any_instant_what_it_said_then() {
    let dir = tempfile::tempdir().unwrap();
    let mut living = Living::start(&dir.path().join("data"), |_| Retention::KeepAll);
    living.open_shop();
    living.go_on(2..8);
    let history = living.journal.history().unwrap();
    says_the_same(&history, &living.said, 5);
    // Beyond snapshots too: the newest before the instant is the start.
    living.snapshot();
    living.go_on(8..12);
    living.snapshot();
    living.go_on(12..14);
    let history = living.journal.history().unwrap();
    says_the_same(&history, &living.said, 7);
    // Of the present instant it says what it says now.
    let last = *living.tickets.last().unwrap();
    let now = living.explain(last);
    let past = look(&history, last, When::Living(living.now)).unwrap();
    assert_eq!(Explained { routing: None, ..past }, now);
    // Later nothing has happened, but time goes on.
    let later = look(&history, last, When::Living(living.now + 9 * SECOND)).unwrap();
    assert_eq!((later.state, later.at), (now.state, living.now + 9 * SECOND));
}

#[test]
fn a_stopped_one_says_the_same_up_to_its_last_record() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut living = Living::start(&data, |_| Retention::KeepAll);
    living.open_shop();
    living.go_on(2..6);
    living.snapshot();
    living.go_on(6..9);
    let (ticket, now) = (*living.tickets.last().unwrap(), living.now);
    let said = std::mem::take(&mut living.said);
    living.journal.close().unwrap();
    drop(living);
    let log = relevo_journal::open(options(&data)).unwrap();
    let history = log.history();
    says_the_same(&history, &said, 11);
    // Between two records it is as of the instant, though nothing happened.
    let between = said[said.len() / 2].at + SECOND / 2;
    let earlier = look(&history, said[said.len() / 2].ticket, When::Stopped(Some(between)));
    assert_eq!(earlier.unwrap().at, between);
    let last = said.iter().rfind(|said| said.ticket == ticket).unwrap();
    for when in [When::Stopped(None), When::Stopped(Some(now + 500 * SECOND))] {
        let at_the_end = look(&history, ticket, when).unwrap();
        assert!(at_the_end.at <= now, "it stopped there");
        assert_eq!((at_the_end.state, &at_the_end.agents), (last.state, &last.agents));
    }
}

#[test]
fn an_instant_before_what_is_left_is_refused_with_the_earliest() {
    let dir = tempfile::tempdir().unwrap();
    let mut living = Living::start(&dir.path().join("data"), Retention::RetainFrom);
    living.open_shop();
    let before = living.now;
    for number in 0..4 {
        living.put(Object::Agent(Agent::new("ana", 2 + number)));
        living.snapshot();
    }
    living.hand_off(1);
    let ticket = living.tickets[0];
    let history = living.journal.history().unwrap();
    assert!(!history.is_whole());
    let refused = look(&history, ticket, When::Living(before)).unwrap_err();
    let PastError::TooEarly { earliest_us } = refused else { panic!("{refused}") };
    assert!(refused.to_string().contains(&super::super::shown(earliest_us)), "{refused}");
    // At that very instant it can be told that the ticket was not there.
    for (at, is_there) in [(earliest_us, false), (living.now - 1, false), (living.now, true)] {
        match look(&history, ticket, When::Living(at)) {
            Ok(_) => assert!(is_there, "{at}"),
            Err(PastError::NoTicket) => assert!(!is_there, "{at}"),
            Err(other) => panic!("{other}"),
        }
    }
    let early = look(&history, ticket, When::Living(earliest_us - 1)).unwrap_err();
    assert!(matches!(early, PastError::TooEarly { .. }), "{early}");
}

#[test]
fn while_the_daemon_was_down_nothing_changed_and_that_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let mut living = Living::start(&dir.path().join("data"), |_| Retention::KeepAll);
    living.open_shop();
    living.hand_off(1);
    let (ticket, stopped) = (living.tickets[0], living.now);
    living.now += 400 * SECOND;
    let down_us = living.now + SECOND - stopped;
    living.give(Input::Started { down_us }, &[]);
    living.give(Input::Ready, &[]);
    let history = living.journal.history().unwrap();
    let says_down = |at| {
        let because = look(&history, ticket, When::Living(at)).unwrap().because;
        because.starts_with("the daemon was down then")
    };
    assert!(!says_down(stopped));
    assert!(says_down(stopped + 1));
    assert!(says_down(stopped + 200 * SECOND));
    assert!(!says_down(living.now));
}

#[test]
fn who_may_not_know_of_a_ticket_is_told_that_there_was_none_and_who_is_gone_waits_for_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut living = Living::start(&dir.path().join("data"), |_| Retention::KeepAll);
    living.open_shop();
    living.hand_off(1);
    let history = living.journal.history().unwrap();
    let (settings, when) = (Settings::default(), When::Living(living.now));
    let ticket = living.tickets[0];
    let refused = explain(&history, &settings, ticket, when, |_| false, || true).unwrap_err();
    assert!(matches!(refused, PastError::NoTicket), "{refused}");
    let refused = explain(&history, &settings, ticket, when, |_| true, || false).unwrap_err();
    assert!(matches!(refused, PastError::Stopped), "{refused}");
}

#[test]
fn a_second_state_is_folded_by_one_at_a_time() {
    let second = SecondState::default();
    let held = second.take().unwrap();
    assert!(second.take().is_none());
    drop(held);
    let waited = second.wait();
    assert!(second.take().is_none());
    drop(waited);
    assert!(second.take().is_some());
}
