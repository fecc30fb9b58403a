//! What a customer is told: in its language, in the words of the hand-off, of the queue, or shipped.

use crate::common::*;
use relevo_routing::input::{HandOff, Input, Target};
use relevo_routing::{Event, texts};
use relevo_wire::SessionId;
use relevo_wire::answer::{Accepted, Answer, Rejected};
use relevo_wire::directory::{Inactivity, NobodyOnline};
use relevo_wire::vocabulary::{Intent, Language, Text, Texts};

const ES: Option<Language> = Some(Language::Es);

fn in_spanish(contact: u128) -> HandOff {
    HandOff { language: ES, ..hand_off(contact) }
}

fn told(desk: &mut Desk, hand_off: HandOff) -> String {
    let answer = desk.ask(Input::HandOff(hand_off)).1;
    if let Answer::Accepted(Accepted { text, .. }) | Answer::Rejected(Rejected { text, .. }) =
        answer
    {
        return text;
    }
    panic!("{answer:?}")
}

#[test]
fn a_customer_is_told_in_its_language_else_in_that_of_the_bot() {
    let mut desk = Desk::staffed(&["ana"]);
    let shipped = |language| texts::shipped(language, Text::Online);
    for (language, contact) in Language::ALL.into_iter().zip(1..) {
        let handed = HandOff { language: Some(language), ..hand_off(contact) };
        assert_eq!(told(&mut desk, handed), shipped(language));
    }
    assert_eq!(told(&mut desk, hand_off(4)), shipped(Language::En), "a bot's default");
    desk.bot(|bot| bot.language = Language::PtBr);
    assert_eq!(told(&mut desk, hand_off(5)), shipped(Language::PtBr));
    assert_eq!(told(&mut desk, in_spanish(6)), shipped(Language::Es));
    desk.intent("ana", Intent::Paused);
    assert_eq!(told(&mut desk, in_spanish(7)), texts::shipped(Language::Es, Text::Offline));
    desk.queue("q", &["ana"], |queue| queue.nobody_online = NobodyOnline::Refuse);
    let refused = told(&mut desk, hand_off(8));
    assert_eq!(refused, texts::shipped(Language::PtBr, Text::Offline), "no ticket, and yet told");
}

#[test]
fn a_ticket_keeps_its_language_and_its_child_too() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    let dry = told(&mut desk, HandOff { dry_run: true, ..in_spanish(1) });
    let first = desk.accepted(in_spanish(1));
    assert_eq!(first.text, texts::shipped(Language::Es, Text::Online));
    assert_eq!(dry, first.text);
    // The bot may speak otherwise by now, and a repeated hand-off changes nothing.
    desk.bot(|bot| bot.language = Language::PtBr);
    let again = desk.accepted(hand_off(1));
    assert!(again.existing);
    assert_eq!(again.text, first.text);
    let transfer = desk.transfer("ana", first.ticket, Target::Agent(desk.agent_id("bea")));
    desk.child(transfer);
    assert_eq!(desk.accepted(hand_off(1)).text, first.text, "of the child");
    desk.restart(SECOND);
    assert_eq!(desk.accepted(hand_off(1)).text, first.text, "after a restart");
}

#[test]
fn words_of_the_hand_off_go_before_those_of_the_queue_and_these_before_the_shipped_ones() {
    let mut desk = Desk::staffed(&["ana"]);
    let own = Texts::default().with(Text::Online, "hi").with_in(Language::Es, Text::Online, "hola");
    desk.queue("q", &["ana"], |queue| queue.texts = own);
    assert_eq!(told(&mut desk, hand_off(1)), "hi");
    assert_eq!(told(&mut desk, in_spanish(2)), "hola");
    let portuguese = |contact| HandOff { language: Some(Language::PtBr), ..hand_off(contact) };
    assert_eq!(told(&mut desk, portuguese(3)), "hi", "for every language without its own");
    let texts = Texts::default().with_in(Language::Es, Text::Online, "un momento");
    let with = |handed: HandOff| HandOff { texts: Some(texts.clone()), ..handed };
    assert_eq!(told(&mut desk, with(in_spanish(4))), "un momento");
    assert_eq!(told(&mut desk, with(portuguese(5))), "hi", "its own words are Spanish only");
    desk.intent("ana", Intent::Paused);
    let offline = texts::shipped(Language::Es, Text::Offline);
    assert_eq!(told(&mut desk, with(in_spanish(6))), offline, "nobody says it otherwise");
    desk.queue("q", &["ana"], |queue| queue.texts = Texts::default());
    desk.intent("ana", Intent::Online);
    assert_eq!(told(&mut desk, in_spanish(7)), texts::shipped(Language::Es, Text::Online));
}

#[test]
fn who_is_silent_is_warned_in_the_language_of_the_ticket() {
    let mut desk = Desk::staffed(&["ana"]);
    desk.handle(Input::BotSessionOpened { bot: BOT, session: SessionId(1_000) });
    let rules = Inactivity { client_warning_seconds: Some(60), ..Inactivity::default() };
    desk.queue("q", &["ana"], |queue| queue.inactivity = rules);
    let mut warned = |handed: HandOff| {
        let ticket = desk.accepted(handed).ticket;
        desk.reply("ana", ticket);
        let events = desk.pass(60 * SECOND);
        let warning = events.iter().find_map(|event| {
            if let Event::Inactive(warning) = event { Some(warning.text.clone()) } else { None }
        });
        desk.close("ana", ticket);
        warning.expect("the customer is warned")
    };
    assert_eq!(warned(in_spanish(1)), texts::shipped(Language::Es, Text::Inactive));
    assert_eq!(warned(hand_off(2)), english(Text::Inactive));
    let own = Texts::default().with_in(Language::Es, Text::Inactive, "¿hola?");
    desk.queue("q", &["ana"], |queue| (queue.inactivity, queue.texts) = (rules, own));
    let ticket = desk.accepted(in_spanish(3)).ticket;
    desk.reply("ana", ticket);
    let events = desk.pass(60 * SECOND);
    assert!(matches!(&events[..], [Event::Inactive(warning)] if warning.text == "¿hola?"));
}
