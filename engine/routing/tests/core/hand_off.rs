//! Hand-off whole: accepted, existing, rejected, dry run, texts, position.

use crate::common::*;
use relevo_routing::event::{Event, HandOffRejected, Rejection};
use relevo_routing::input::HandOff;
use relevo_routing::{Input, Settings};
use relevo_wire::answer::{Accepted, Answer, Rejected};
use relevo_wire::directory::{NobodyOnline, Object, Tenant};
use relevo_wire::vocabulary::{HandOffReason, Intent, Text, Texts, Via};
use relevo_wire::{BotId, ErrorCode, TicketId};

fn rejected(desk: &mut Desk, input: HandOff) -> (Vec<Event>, Rejected) {
    let (events, answer) = desk.ask(Input::HandOff(input));
    let Answer::Rejected(rejected) = answer else { panic!("{answer:?}") };
    (events, rejected)
}

#[test]
fn a_hand_off_stands_in_its_line_with_everything_it_brought() {
    let mut desk = desk();
    let queue = desk.queue("q", &[], |queue| queue.threshold_seconds = 30);
    let input = HandOff { priority: 7, position_updates: true, truncated: true, ..hand_off(1) };
    let (events, answer) = desk.ask(Input::HandOff(input));
    let [Event::TicketOpened(opened)] = &events[..] else { panic!("{events:?}") };
    assert_eq!((opened.queue, opened.bot, opened.bot_number), (queue, BOT, 1));
    assert_eq!((opened.priority, opened.position_updates, opened.via), (7, true, Via::HandOff));
    assert_eq!((opened.arrived, opened.first_waiting_since), (desk.now, desk.now));
    assert_eq!(opened.target_at, Some(desk.now + 30 * SECOND));
    assert_eq!((opened.bytes, opened.private), (200, true));
    let Answer::Accepted(accepted) = answer else { panic!("{answer:?}") };
    assert_eq!((accepted.ticket, accepted.number), (opened.ticket, 1));
    assert_eq!((accepted.existing, accepted.truncated), (false, true));
    assert_eq!((accepted.position, accepted.epoch), (1, 1));
    assert_eq!(accepted.estimated_wait, None, "there are no figures yet");
    assert_eq!(accepted.text, english(Text::Offline));
}

#[test]
fn the_text_says_whether_somebody_is_online() {
    let mut desk = Desk::staffed(&["ana"]);
    let accepted = desk.accepted(hand_off(1));
    assert_eq!((accepted.text, accepted.position), (english(Text::Online), 0));
    let full = desk.accepted(hand_off(2));
    assert_eq!((full.text, full.position), (english(Text::Online), 1), "seats do not matter");
    let texts = Texts::default().with(Text::Online, "hello").with(Text::Offline, "later");
    let own = desk.accepted(HandOff { texts: Some(texts.clone()), ..hand_off(3) });
    assert_eq!(own.text, "hello");
    desk.intent("ana", Intent::Invisible);
    let own = desk.accepted(HandOff { texts: Some(texts), ..hand_off(4) });
    assert_eq!(own.text, "later");
}

#[test]
fn the_texts_of_a_queue_are_those_of_the_trade_until_it_has_its_own() {
    let mut desk = Desk::staffed(&["ana"]);
    assert_eq!(desk.accepted(hand_off(1)).text, "Let's send you to an available agent");
    desk.intent("ana", Intent::Paused);
    assert_eq!(
        desk.accepted(hand_off(2)).text,
        "There are no agents available at this time. When one becomes available, we'll connect \
         you."
    );
    let own = Texts::default().with(Text::Online, "a moment").with(Text::Offline, "tomorrow");
    desk.queue("q", &["ana"], |queue| queue.texts = own);
    assert_eq!(desk.accepted(hand_off(3)).text, "tomorrow");
    desk.intent("ana", Intent::Online);
    assert_eq!(desk.accepted(hand_off(4)).text, "a moment");
}

#[test]
fn a_contact_has_one_open_ticket_and_a_repeat_only_appends() {
    let mut desk = Desk::staffed(&["ana"]);
    desk.queue("r", &[], |_| {});
    let first = desk.accepted(hand_off(1));
    let queue = Some(desk.queue_id("r"));
    let reason = HandOffReason::Fallback;
    let again = HandOff { queue, reason, priority: 9, bytes: 70, ..hand_off(1) };
    let (events, answer) = desk.ask(Input::HandOff(again));
    let [Event::HandOffRepeated(repeated)] = &events[..] else { panic!("{events:?}") };
    assert_eq!((repeated.ticket, repeated.number), (first.ticket, 3));
    assert_eq!((repeated.reason, repeated.bytes), (reason, 70));
    let Answer::Accepted(accepted) = answer else { panic!("{answer:?}") };
    assert!(accepted.existing);
    assert_eq!((accepted.ticket, accepted.epoch), (first.ticket, 2));
    assert_eq!(desk.explain(first.ticket).queue, "b/q");

    desk.left(1);
    assert_ne!(desk.hand_off(1), first.ticket, "closed: a new ticket");
}

#[test]
fn the_priority_is_capped_by_the_directory() {
    let mut desk = desk();
    desk.bot(|bot| bot.priority_cap = 5);
    desk.queue("q", &[], |_| {});
    let (events, _) = desk.ask(Input::HandOff(HandOff { priority: 900, ..hand_off(1) }));
    let [Event::TicketOpened(opened)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(opened.priority, 5);
}

#[test]
fn the_priority_of_a_rule_goes_before_the_bots_and_is_not_capped() {
    let mut desk = desk();
    desk.bot(|bot| bot.priority_cap = 5);
    desk.queue("q", &[], |_| {});
    for (contact, of_rule) in [(1, 900), (2, 0)] {
        let input = HandOff { priority: 3, priority_of_rule: Some(of_rule), ..hand_off(contact) };
        let (events, _) = desk.ask(Input::HandOff(input));
        let [Event::TicketOpened(opened)] = &events[..] else { panic!("{events:?}") };
        assert_eq!(opened.priority, of_rule);
    }
}

#[test]
fn a_rule_whose_queue_is_gone_leads_to_the_default_queue() {
    let mut desk = desk();
    for queue in ["q", "other", "gone"] {
        desk.queue(queue, &[], |_| {});
    }
    let [own, other, gone] = ["q", "other", "gone"].map(|queue| desk.queue_id(queue));
    desk.ask(Input::Delete {
        object: relevo_wire::directory::ObjectRef::Queue("b".into(), "gone".into()),
    });
    let mut went = |contact, queue, queue_of_rule| {
        let input = HandOff { queue, queue_of_rule, ..hand_off(contact) };
        let (events, _) = desk.ask(Input::HandOff(input));
        let [Event::TicketOpened(opened)] = &events[..] else { panic!("{events:?}") };
        opened.queue
    };
    assert_eq!(went(1, None, Some(other)), other);
    assert_eq!(went(2, None, Some(gone)), own);
    assert_eq!(went(3, Some(own), Some(other)), own);
}

#[test]
fn a_hand_off_to_nowhere_is_not_found() {
    let mut desk = desk();
    let error = desk.refused(Input::HandOff(hand_off(1)));
    assert_eq!((error.code, error.field.as_str()), (ErrorCode::NotFound, "queue"));
    assert!(error.message.contains("\"q\""), "it names the default queue: {}", error.message);
    let error = desk.refused(Input::HandOff(HandOff { bot: BotId(9), ..hand_off(1) }));
    assert_eq!((error.code, error.field.as_str()), (ErrorCode::NotFound, "bot"));
    desk.queue("q", &[], |_| {});
    desk.put(Object::Bot(relevo_wire::directory::Bot::new("other", "q")));
    let foreign = HandOff { bot: BotId(1), queue: Some(desk.queue_id("q")), ..hand_off(1) };
    assert_eq!(desk.code(Input::HandOff(foreign)), ErrorCode::NotFound, "another bot's queue");
}

#[test]
fn nobody_online_is_queued_or_refused_as_configured() {
    let mut desk = desk();
    desk.agent("ana", 1);
    let queue = desk.queue("q", &["ana"], |queue| queue.nobody_online = NobodyOnline::Refuse);
    let (events, answer) = rejected(&mut desk, hand_off(1));
    assert_eq!(answer.reason, "no_agent");
    assert_eq!(answer.text, english(Text::Offline));
    let expected = HandOffRejected {
        bot: BOT,
        queue,
        contact: hand_off(1).contact,
        reason: HandOffReason::Requested,
        rejection: Rejection::NoAgent,
        test: false,
    };
    assert_eq!(events, [Event::HandOffRejected(expected)], "no ticket is made");
    desk.online("ana");
    desk.hand_off(1);
    assert_eq!(desk.accepted(hand_off(2)).position, 1, "full is not nobody");
}

#[test]
fn what_is_inactive_takes_no_new_ones_and_those_who_wait_go_on() {
    let mut desk = desk();
    desk.agent("ana", 5);
    desk.queue("q", &["ana"], |_| {});
    let waiting = desk.hand_off(1);
    desk.queue("q", &["ana"], |queue| queue.active = false);
    assert_eq!(rejected(&mut desk, hand_off(2)).1.reason, "queue_inactive");
    assert!(desk.accepted(hand_off(1)).existing, "an open ticket is no new one");
    desk.online("ana");
    assert_eq!(desk.holder(waiting).as_deref(), Some("ana"));

    desk.queue("q", &["ana"], |_| {});
    desk.bot(|bot| bot.active = false);
    let refused = rejected(&mut desk, hand_off(2)).1;
    assert_eq!(refused.reason, "queue_inactive");
    let says = "Our agents do not answer messages at the moment. Please try again later.";
    assert_eq!(refused.text, says, "nobody is promised to be connected");
    desk.bot(|_| {});
    let tenant = |active| Object::Tenant(Tenant { active, ..Tenant::new("t") });
    desk.put(tenant(false));
    assert_eq!(rejected(&mut desk, hand_off(2)).1.reason, "queue_inactive");
    desk.put(tenant(true));
    desk.hand_off(2);
}

#[test]
fn a_dry_run_answers_the_same_and_changes_nothing() {
    let mut desk = desk();
    desk.agent("ana", 1);
    desk.queue("q", &["ana"], |_| {});
    let dry = |contact| HandOff { dry_run: true, ..hand_off(contact) };
    for contact in 1..=3 {
        if contact == 2 {
            desk.left(1);
            desk.online("ana");
        }
        let before = desk.tenant.snapshot();
        let (events, answer) = desk.ask(Input::HandOff(dry(contact)));
        assert_eq!(events, []);
        assert!(desk.tenant.snapshot() == before);
        let Answer::Accepted(as_if) = answer else { panic!("{answer:?}") };
        assert_eq!(as_if.ticket, TicketId(0), "there is no ticket");
        let real = desk.accepted(hand_off(contact));
        assert_eq!(Accepted { ticket: real.ticket, ..as_if }, real);
        // Waits, is assigned at once, waits behind a full agent.
        assert_eq!(real.position, [1, 0, 1][usize::try_from(contact).expect("small") - 1]);
    }
    desk.queue("q", &["ana"], |queue| queue.active = false);
    let (events, answer) = rejected(&mut desk, dry(9));
    assert_eq!((events.len(), answer.reason.as_str()), (0, "queue_inactive"));
}

#[test]
fn a_repeated_hand_off_counts_for_what_a_ticket_may_hold() {
    let settings = Settings { unconfirmed_bytes: 1_000, ..Settings::default() };
    let mut desk = Desk::with(settings);
    desk.queue("q", &[], |_| {});
    desk.hand_off(1);
    let error = desk.refused(Input::HandOff(HandOff { bytes: 801, ..hand_off(1) }));
    assert_eq!((error.code, error.field.as_str()), (ErrorCode::LimitExceeded, "body"));
    desk.accepted(HandOff { bytes: 800, ..hand_off(1) });
}

#[test]
fn a_dry_run_looks_past_an_agent_who_has_just_paused() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    let ana = desk.agent_id("ana");
    desk.seats.word(ana.0 as usize).expect("a word").close_intent();
    let dry = desk.accepted(HandOff { dry_run: true, ..hand_off(1) });
    assert_eq!((dry.position, dry.epoch), (0, 2));
    let accepted = desk.accepted(hand_off(1));
    assert_eq!(desk.holder(accepted.ticket).as_deref(), Some("bea"));
    assert_eq!((accepted.position, accepted.epoch), (dry.position, dry.epoch));
}
