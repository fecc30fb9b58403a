//! What may happen: actions that refer to things by small numbers, so that a failure shrinks.

use crate::absence::absence;
use crate::ask::{Among, Ask, By, Guard, HandOver, Line, Side, Step, To, Which};
use crate::contacts::contact_ask;
use crate::giving::{Then, give};
use crate::modes::mode_set;
use crate::notices::notified;
use crate::parking_shape::parked;
use crate::shapes::{Named, Shape, demand, mostly, named, queue_shape, seldom, shape};
use crate::texts::texts_shape;
use proptest::prelude::*;
use proptest::sample::select;
use relevo_wire::vocabulary::{Intent, Language, Role};

/// One thing that happens, perhaps with an idempotency key.
#[derive(Debug, Clone)]
pub(crate) struct Action {
    pub(crate) what: What,
    pub(crate) key: Option<u8>,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    Ask(Ask),
    /// Every party of a ticket confirms everything.
    Confirm {
        ticket: Which,
    },
    /// An agent comes to work: a session, then online.
    Come {
        agent: u8,
    },
    /// `late`: the command comes after others, but what it closes is closed at once.
    SetPresence {
        agent: u8,
        intent: Intent,
        reason: bool,
        late: bool,
    },
    OpenSession {
        agent: u8,
        late: bool,
    },
    LoseSession {
        agent: u8,
        nth: u8,
        late: bool,
    },
    /// The oldest late command comes.
    Deliver,
    OpenBotSession {
        bot: u8,
    },
    LoseBotSession {
        bot: u8,
        nth: u8,
    },
    /// A command with a key is sent once more.
    Again {
        nth: u8,
    },
    /// Time passes; ticks come at their deadlines.
    Pass {
        time: u64,
    },
    /// Time passes, and whatever is due waits for the next tick.
    Late {
        time: u64,
    },
    Tick,
    /// A line moves for a while.
    Rush {
        queue: u8,
        agent: u8,
        seconds: u64,
    },
    /// A ticket is transferred to somebody who has just come.
    Give {
        agent: u8,
        then: Then,
    },
    /// A snapshot is taken: the next start begins there.
    Snapshot,
    /// The daemon ends and starts again; commands may come before it is ready.
    Restart {
        down: u64,
        starting: u64,
        at_once: bool,
    },
}

const SECOND: u64 = 1_000_000;

pub(crate) fn moments() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => select(vec![0, 1, 1_000]),
        8 => select(vec![SECOND, 2 * SECOND, 5 * SECOND]),
        8 => select(vec![20 * SECOND, 29 * SECOND, 30 * SECOND, 60 * SECOND, 61 * SECOND]),
        2 => select(vec![600 * SECOND, 3_600 * SECOND, 3_630 * SECOND]),
        1 => Just(86_400 * SECOND),
    ]
}

pub(crate) fn which(mostly: Among) -> impl Strategy<Value = Which> {
    let among = prop_oneof![8 => Just(mostly), 1 => Just(Among::Open), 1 => Just(Among::All)];
    (0..6_u8, among).prop_map(|(nth, among)| Which { nth, among })
}

fn line() -> impl Strategy<Value = Line> {
    prop_oneof![9 => (0..4_u8).prop_map(Line::OfBot), 1 => (0..6_u8).prop_map(Line::Any)]
}

pub(crate) fn by() -> impl Strategy<Value = By> {
    prop_oneof![9 => Just(By::Holder), 1 => (0..6_u8).prop_map(By::Agent)]
}

fn asked() -> impl Strategy<Value = By> {
    prop_oneof![9 => Just(By::Asked), 1 => (0..6_u8).prop_map(By::Agent)]
}

fn id() -> impl Strategy<Value = Option<u8>> {
    prop_oneof![4 => Just(None), 3 => Just(Some(0)), 2 => (0..4_u8).prop_map(Some)]
}

pub(crate) fn bytes() -> impl Strategy<Value = u32> {
    60..=250_u32
}

pub(crate) fn agent() -> impl Strategy<Value = u8> {
    prop_oneof![12 => 0..4_u8, 1 => 4..8_u8]
}

/// A few contacts come again and again.
pub(crate) fn contact() -> impl Strategy<Value = u8> {
    prop_oneof![1 => 0..2_u8, 1 => 0..11_u8]
}

fn hand_over() -> BoxedStrategy<Ask> {
    let queue = || prop_oneof![2 => Just(None), 3 => line().prop_map(Some)];
    let where_to = (contact(), queue(), queue());
    let of_rule = prop_oneof![4 => Just(None), 1 => select(vec![0, 3, 1000]).prop_map(Some)];
    let how = (select(vec![0, 0, 0, 3, 990, 1000]), of_rule, demand(), seldom(20), seldom(20));
    let preferred = prop_oneof![4 => Just(None), 1 => agent().prop_map(Some)];
    let language = prop_oneof![1 => Just(None), 1 => select(Language::ALL.to_vec()).prop_map(Some)];
    let texts = prop_oneof![6 => Just(None), 1 => texts_shape().prop_map(Some)];
    let what = (language, texts, seldom(10), bytes(), preferred);
    (where_to, how, what)
        .prop_map(|((contact, queue, queue_of_rule), how, what)| {
            let (priority, priority_of_rule, demand, test, dry_run) = how;
            let (language, texts, truncated, bytes, preferred) = what;
            Ask::HandOff(HandOver {
                contact,
                queue,
                queue_of_rule,
                priority,
                priority_of_rule,
                demand,
                preferred,
                test,
                dry_run,
                language,
                texts,
                truncated,
                bytes,
            })
        })
        .boxed()
}

fn said() -> BoxedStrategy<Ask> {
    let stale = || seldom(10);
    prop_oneof![
        6 => (contact(), id(), bytes())
            .prop_map(|(contact, id, bytes)| Ask::CustomerMessage { contact, id, bytes }),
        2 => (which(Among::Waiting), stale(), id(), bytes()).prop_map(|(ticket, stale, id, bytes)| {
            Ask::BotMessage { ticket, stale, id, bytes }
        }),
        7 => (which(Among::Held), by(), stale(), id(), bytes()).prop_map(
            |(ticket, by, stale, id, bytes)| Ask::AgentMessage { ticket, by, stale, id, bytes }
        ),
        4 => (which(Among::All), any::<bool>(), by(), 0..4_u8, 0..4_u8).prop_map(
            |(ticket, is_bot, by, delivered, read)| {
                let by = if is_bot { Side::Bot } else { Side::Agent(by) };
                Ask::Progress { ticket, by, delivered, read }
            }
        ),
    ]
    .boxed()
}

fn moved() -> BoxedStrategy<Ask> {
    let stale = || seldom(8);
    let to = prop_oneof![1 => line().prop_map(To::Queue), 2 => agent().prop_map(To::Agent)];
    prop_oneof![
        9 => (which(Among::Held), by(), stale(), to, any::<bool>()).prop_map(
            |(ticket, by, stale, to, note)| Ask::Transfer { ticket, by, stale, to, note }
        ),
        7 => (which(Among::Held), by(), stale(), prop_oneof![9 => 0..3_u8, 1 => Just(33)])
            .prop_map(|(ticket, by, stale, tags)| Ask::Close { ticket, by, stale, tags }),
        2 => which(Among::Open).prop_map(|ticket| Ask::TakeBack { ticket }),
        5 => contact().prop_map(|contact| Ask::CustomerLeft { contact }),
        10 => which(Among::Waiting).prop_map(Ask::Leaves),
        1 => which(Among::Offered).prop_map(Ask::Leaves),
        9 => (which(Among::Away), bytes()).prop_map(|(ticket, bytes)| Ask::Words { ticket, bytes }),
        4 => (which(Among::Away), mostly(15))
            .prop_map(|(ticket, dry_run)| Ask::Again { ticket, dry_run }),
        7 => (agent(), prop_oneof![3 => Just(None), 1 => (0..6_u8).prop_map(Some)])
            .prop_map(|(agent, queue)| Ask::Next { agent, queue }),
        1 => (which(Among::Held), by()).prop_map(|(ticket, by)| Ask::Targets { ticket, by }),
        9 => (which(Among::Offered), asked()).prop_map(|(ticket, by)| Ask::Accept { ticket, by }),
        6 => (which(Among::Offered), asked()).prop_map(|(ticket, by)| Ask::Decline { ticket, by }),
        3 => (which(Among::Asked), asked()).prop_map(|(ticket, by)| Ask::Accept { ticket, by }),
        3 => (which(Among::Asked), asked()).prop_map(|(ticket, by)| Ask::Decline { ticket, by }),
        7 => (which(Among::Served), by(), stale(), any::<bool>())
            .prop_map(|(ticket, by, stale, on)| Ask::Hold { ticket, by, stale, on }),
        12 => (which(Among::OnHold), by())
            .prop_map(|(ticket, by)| Ask::Hold { ticket, by, stale: false, on: false }),
        24 => parked(),
        4 => (which(Among::Wrapping), by(), prop_oneof![9 => 0..2_u8, 1 => Just(33)])
            .prop_map(|(ticket, by, tags)| Ask::WrapUpDone { ticket, by, tags }),
        5 => (which(Among::Closed), by()).prop_map(|(ticket, by)| Ask::Reopen { ticket, by }),
        1 => which(Among::All).prop_map(|ticket| Ask::Explain { ticket }),
    ]
    .boxed()
}

fn present() -> BoxedStrategy<What> {
    let intent = prop_oneof![
        4 => Just(Intent::Online),
        2 => Just(Intent::Paused),
        1 => Just(Intent::Invisible),
        3 => Just(Intent::Offline),
    ];
    let late = || seldom(30);
    prop_oneof![
        6 => (agent(), intent, seldom(20), late()).prop_map(|(agent, intent, reason, late)| {
            What::SetPresence { agent, intent, reason, late }
        }),
        5 => agent().prop_map(|agent| What::Come { agent }),
        2 => (agent(), late()).prop_map(|(agent, late)| What::OpenSession { agent, late }),
        4 => (agent(), 0..3_u8, late())
            .prop_map(|(agent, nth, late)| What::LoseSession { agent, nth, late }),
        3 => Just(What::Deliver),
        4 => (0..3_u8).prop_map(|bot| What::OpenBotSession { bot }),
        3 => absence().prop_map(What::Ask),
        9 => contact_ask().prop_map(|ask| What::Ask(Ask::Contacts(ask))),
        3 => mode_set().prop_map(What::Ask),
        2 => notified().prop_map(What::Ask),
        1 => (0..3_u8, 0..3_u8).prop_map(|(bot, nth)| What::LoseBotSession { bot, nth }),
    ]
    .boxed()
}

fn configured() -> BoxedStrategy<Ask> {
    let guard =
        || select(vec![Guard::None, Guard::None, Guard::None, Guard::Present, Guard::Other]);
    let step = prop_oneof![
        3 => (shape(), guard()).prop_map(|(object, version)| Step::Put { object: Box::new(object), version }),
        2 => (named(), guard()).prop_map(|(named, version)| Step::Delete { named, version }),
    ];
    // An agent leaves with the queues that it served, as nothing but one step can do it.
    let leave = (0..4_u8, prop::collection::vec(queue_shape(), 6)).prop_map(|(agent, queues)| {
        let queues = (0..).zip(queues).map(|(number, queue)| Step::Put {
            object: Box::new(Shape::Queue(number, Box::new(queue.without_members()))),
            version: Guard::None,
        });
        let named = Named::Agent(agent);
        queues.chain([Step::Delete { named, version: Guard::Present }]).collect()
    });
    let role = select(vec![Role::Bot, Role::Agent, Role::Admin]);
    prop_oneof![
        6 => (prop::collection::vec(step, 1..5), seldom(15))
            .prop_map(|(steps, dry_run)| Ask::Apply { steps, dry_run }),
        1 => (leave, seldom(15)).prop_map(|(steps, dry_run)| Ask::Apply { steps, dry_run }),
        10 => (shape(), guard()).prop_map(|(object, version)| Ask::Put { object: Box::new(object), version }),
        5 => named().prop_map(Ask::Delete),
        2 => (role, 0..4_u8, 0..3_u8)
            .prop_map(|(role, owner, prefix)| Ask::CreateKey { role, owner, prefix }),
        2 => (0..3_u8).prop_map(|prefix| Ask::RevokeKey { prefix }),
    ]
    .boxed()
}

fn time() -> BoxedStrategy<What> {
    prop_oneof![
        12 => moments().prop_map(|time| What::Pass { time }),
        3 => moments().prop_map(|time| What::Late { time }),
        1 => Just(What::Tick),
        2 => Just(What::Snapshot),
        1 => (moments(), moments(), mostly(70))
            .prop_map(|(down, starting, at_once)| What::Restart { down, starting, at_once }),
    ]
    .boxed()
}

/// Boxed, as are its parts: what a strategy of so many kinds would keep on the stack is a lot.
pub(crate) fn action() -> impl Strategy<Value = Action> {
    let what = prop_oneof![
        20 => hand_over().prop_map(What::Ask),
        20 => said().prop_map(What::Ask),
        2 => which(Among::Closed).prop_map(|ticket| What::Confirm { ticket }),
        3 => give(),
        22 => moved().prop_map(What::Ask),
        16 => present(),
        7 => configured().prop_map(What::Ask),
        16 => time(),
        2 => (0..8_u8).prop_map(|nth| What::Again { nth }),
    ];
    let key = prop_oneof![4 => Just(None), 1 => (0..12_u8).prop_map(Some)];
    (what, key).prop_map(|(what, key)| Action { what, key })
}

/// Up to so many actions.
pub(crate) fn actions(most: usize) -> impl Strategy<Value = Vec<Action>> {
    prop::collection::vec(action(), 1..=most)
}
