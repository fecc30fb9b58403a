//! Agents who are away for a bot.

use crate::common::*;
use relevo_routing::event::Absence;
use relevo_routing::input::{HandOff, Input, Target};
use relevo_wire::answer::Absent;
use relevo_wire::directory::{Bot, NobodyOnline, Object, Overflow, Queue};
use relevo_wire::vocabulary::{Intent, Language, OfferEnd, Text, Texts, TicketState};
use relevo_wire::{BotId, ErrorCode};

impl Desk {
    fn away(&self, agent: &str, colleague: Option<&str>) -> Input {
        let colleague = colleague.map(|colleague| self.agent_id(colleague));
        let absence = Some(Absence { text: "back on Monday".to_owned(), colleague });
        Input::SetAbsence { agent: self.agent_id(agent), bot: BOT, absence, own: true }
    }

    fn back(&self, agent: &str) -> Input {
        Input::SetAbsence { agent: self.agent_id(agent), bot: BOT, absence: None, own: true }
    }

    fn asking_for(&self, contact: u128, agent: &str) -> HandOff {
        HandOff { preferred_agent: Some(self.agent_id(agent)), ..hand_off(contact) }
    }
}

#[test]
fn who_is_away_gets_no_ticket_of_the_bot_until_it_is_switched_off() {
    let mut desk = Desk::staffed(&["ana"]);
    assert_eq!(desk.events(desk.away("ana", None)).len(), 1);
    assert_eq!(desk.events(desk.away("ana", None)), [], "she is so already");
    let ticket = desk.hand_off(1);
    assert_eq!(desk.place(ticket).0, TicketState::Waiting);
    let reason = &desk.explain(ticket).agents[0];
    assert_eq!((reason.agent.as_str(), reason.reason.as_str()), ("ana", "absent"));
    desk.intent("ana", Intent::Offline);
    desk.intent("ana", Intent::Online);
    desk.restart(SECOND);
    desk.events(Input::Ready);
    desk.connect("ana");
    assert_eq!(desk.holder(ticket), None, "neither a login nor a restart ends it");
    let events = desk.events(desk.back("ana"));
    assert_eq!(assignments(&events), [(ticket, desk.agent_id("ana"))]);
}

#[test]
fn an_absence_is_for_one_bot() {
    let mut desk = desk();
    desk.agent("ana", 2);
    desk.queue("q", &["ana"], |_| {});
    desk.put(Object::Bot(Bot::new("c", "r")));
    desk.put(Object::Queue(Queue { members: vec!["ana".into()], ..Queue::new("c", "r") }));
    desk.online("ana");
    desk.events(desk.away("ana", None));
    let other = desk.accepted(HandOff { bot: BotId(1), ..hand_off(1) }).ticket;
    assert_eq!(desk.holder(other).as_deref(), Some("ana"));
    let ticket = desk.hand_off(2);
    assert_eq!(desk.holder(ticket), None);
}

#[test]
fn who_asks_for_who_is_away_is_told_and_goes_first_to_the_colleague() {
    let mut desk = Desk::staffed(&["ana", "bea", "cai"]);
    desk.queue("q", &["ana", "bea", "cai"], |queue| queue.preferred_wait_seconds = 20);
    desk.events(desk.away("ana", Some("cai")));
    let first = desk.accepted(desk.asking_for(1, "ana"));
    let told = Absent {
        agent: "ana".to_owned(),
        text: "back on Monday".to_owned(),
        colleague: Some("cai".to_owned()),
    };
    assert_eq!(first.absent.as_deref(), Some(&told));
    assert_eq!(desk.holder(first.ticket).as_deref(), Some("cai"));
    let second = desk.accepted(desk.asking_for(2, "ana")).ticket;
    assert_eq!(desk.holder(second), None, "bea is free, and it waits for cai");
    let events = desk.pass(20 * SECOND);
    assert_eq!(assignments(&events), [(second, desk.agent_id("bea"))], "then for anybody");
    assert_eq!(desk.accepted(hand_off(3)).absent, None, "who asks for nobody is told nothing");
}

#[test]
fn without_a_colleague_who_could_help_nobody_is_waited_for() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    desk.events(desk.away("ana", None));
    let ticket = desk.accepted(desk.asking_for(1, "ana")).ticket;
    assert_eq!(desk.holder(ticket).as_deref(), Some("bea"));
    desk.close("bea", ticket);
    desk.agent("dan", 1);
    desk.events(desk.away("ana", Some("dan")));
    let ticket = desk.accepted(desk.asking_for(1, "ana")).ticket;
    assert_eq!(desk.holder(ticket).as_deref(), Some("bea"), "dan serves no queue of the bot");
}

#[test]
fn who_is_away_counts_as_nobody_there() {
    let mut desk = Desk::staffed(&["ana"]);
    desk.agent("bea", 1);
    desk.queue("r", &["bea"], |_| {});
    desk.online("bea");
    let queue = desk.queue("q", &["ana"], |queue| queue.overflow = Some(Overflow::new("r")));
    let ana = desk.hand_off(1);
    assert_eq!(desk.holder(ana).as_deref(), Some("ana"));
    let waiting = desk.hand_off(2);
    assert_eq!(desk.holder(waiting), None, "ana is busy, and there");
    let events = desk.events(desk.away("ana", None));
    assert_eq!(assignments(&events), [(waiting, desk.agent_id("bea"))], "it went on at once");
    assert_eq!(desk.tenant.queue_stats(queue).online, 0);
    let agents = desk.tenant.queue_agents(queue);
    assert_eq!((agents.available, agents.full, agents.offline), (0, 0, 1), "of this bot");
    assert_eq!(desk.holder(ana).as_deref(), Some("ana"), "she keeps what she has");
    let transfer = desk.transfer("bea", waiting, Target::Agent(desk.agent_id("ana")));
    assert_eq!(desk.code(transfer), ErrorCode::WrongState, "nobody gives her more");
    desk.queue("q", &["ana"], |queue| queue.nobody_online = NobodyOnline::Refuse);
    let (_, answer) = desk.ask(Input::HandOff(hand_off(3)));
    assert!(matches!(answer, relevo_wire::Answer::Rejected(_)), "{answer:?}");
}

#[test]
fn an_offer_is_withdrawn_from_who_goes_away() {
    let mut desk = Desk::staffed(&["ana"]);
    desk.queue("q", &["ana"], |queue| queue.offer_seconds = 20);
    let ticket = desk.hand_off(1);
    assert_eq!(desk.place(ticket).0, TicketState::Offered);
    let events = desk.events(desk.away("ana", None));
    let withdrawn = |event: &relevo_routing::Event| matches!(event, relevo_routing::Event::OfferEnded(e) if e.end == OfferEnd::Withdrawn);
    assert!(events.iter().any(withdrawn), "{events:?}");
    assert_eq!(desk.place(ticket).0, TicketState::Waiting);
}

#[test]
fn who_says_nothing_about_being_away_has_a_text_in_the_customers_language() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    let silent = |desk: &Desk, colleague: Option<&str>| {
        let colleague = colleague.map(|colleague| desk.agent_id(colleague));
        let absence = Some(Absence { text: String::new(), colleague });
        Input::SetAbsence { agent: desk.agent_id("ana"), bot: BOT, absence, own: true }
    };
    desk.events(silent(&desk, None));
    let told = |desk: &mut Desk, contact, language| {
        let asks = HandOff { language, ..desk.asking_for(contact, "ana") };
        desk.accepted(asks).absent.expect("she is away").text
    };
    assert_eq!(told(&mut desk, 1, None), "ana is away at the moment. Another agent will help you.");
    desk.events(silent(&desk, Some("bea")));
    assert_eq!(
        told(&mut desk, 2, Some(Language::Es)),
        "ana no está en este momento. bea puede atenderle."
    );
    desk.queue("q", &["ana", "bea"], |queue| {
        queue.texts = Texts::default().with(Text::AbsentColleague, "{colleague}, not {agent}");
    });
    assert_eq!(told(&mut desk, 3, None), "bea, not ana");
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    let mut desk = Desk::staffed(&["ana"]);
    let error = desk.refused(desk.away("ana", Some("ana")));
    assert_eq!((error.code, error.field.as_str()), (ErrorCode::Malformed, "colleague"));
    let ana = desk.agent_id("ana");
    let nobody = Some(Absence { text: String::new(), colleague: Some(relevo_wire::AgentId(9)) });
    let input = Input::SetAbsence { agent: ana, bot: BOT, absence: nobody, own: true };
    assert_eq!(desk.code(input), ErrorCode::NotFound);
    let input = Input::SetAbsence { agent: ana, bot: BotId(9), absence: None, own: true };
    assert_eq!(desk.code(input), ErrorCode::NotFound);
}
