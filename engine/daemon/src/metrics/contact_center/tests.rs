use super::*;
use crate::metrics::{ContactCenterBuckets, Metrics, text::Scrape};
use relevo_routing::event::{HandOffRepeated, OverflowReason, Overflowed, Routed, TargetMissed};
use relevo_wire::vocabulary::{CloseReason, HandOffReason, Language, Via};
use relevo_wire::{AgentId, BotId, ContactKey, EstimatedWait, TicketId};

const TENANT: TenantId = TenantId(7);
const TICKET: TicketId = TicketId(1);
const QUEUE: [(&str, &str); 3] = [("tenant", "acme"), ("bot", "web"), ("queue", "sales")];
const WAITING: TicketFacts =
    TicketFacts { queue: QueueId(0), test: false, assigned_before: false, target_missed: false };
const ASSIGNED: TicketFacts = TicketFacts { assigned_before: true, ..WAITING };

struct Daemon(Metrics);

impl Daemon {
    fn new() -> Self {
        let metrics = Metrics::new(&ContactCenterBuckets::new(&[]).unwrap(), "0");
        metrics.contact_center().set_directory(&[QueueEntry {
            tenant: TENANT,
            tenant_name: "acme".into(),
            bot: BotId(0),
            bot_name: "web".into(),
            queue: QueueId(0),
            queue_name: "sales".into(),
            own_metrics: false,
            threshold_seconds: 60,
        }]);
        Self(metrics)
    }

    fn see(&self, event: Event, facts: TicketFacts) {
        self.0.observe(TENANT, 1_700_000_000_000_000, &event, Some(facts));
    }

    fn value(&self, name: &str, more: &[(&str, &str)]) -> Option<f64> {
        let labels: Vec<_> = QUEUE.iter().chain(more).copied().collect();
        self.scrape().value(name, &labels)
    }

    fn scrape(&self) -> Scrape {
        Scrape::parse(&self.0.render(&GaugeView::default())).expect("text format")
    }

    /// Every contact-center counter and count that is not 0, of real tickets.
    fn counts(&self) -> Vec<(String, f64)> {
        let scrape = self.scrape();
        let mut counts: Vec<_> = scrape
            .samples
            .iter()
            .filter(|sample| sample.labels.iter().any(|(name, _)| name == "queue"))
            .filter(|sample| sample.name.ends_with("_total") || sample.name.ends_with("_count"))
            .filter(|sample| sample.value != 0.0)
            .map(|sample| (sample.name.clone(), sample.value))
            .collect();
        counts.sort_by(|a, b| a.0.cmp(&b.0));
        counts
    }
}

fn opened(via: Via, test: bool) -> Event {
    Event::TicketOpened(TicketOpened {
        ticket: TICKET,
        bot_number: 1,
        bot: BotId(0),
        contact: ContactKey(1),
        queue: QueueId(0),
        via,
        reason: HandOffReason::Fallback,
        priority: 0,
        demand: None,
        test,
        position_updates: false,
        language: Language::En,
        parent: None,
        reserved: None,
        excluded: None,
        arrived: 0,
        first_waiting_since: 0,
        waited_us: 0,
        target_at: None,
        answered_before: false,
        epoch: 1,
        bytes: 0,
        private: false,
        overflowed: None,
        routed: Routed::default(),
    })
}

fn assigned(waited_seconds: u64) -> Event {
    Event::Assigned(Assigned {
        ticket: TICKET,
        number: 2,
        agent: AgentId(0),
        epoch: 2,
        waited_us: waited_seconds * 1_000_000,
        told: None,
    })
}

fn message(author: Author, judged: Option<Judgement>) -> MessageStored {
    MessageStored {
        ticket: TICKET,
        number: 3,
        author,
        agent: None,
        client_message: None,
        bytes: 10,
        first_response_us: None,
        total_wait_us: None,
        response_us: None,
        judged,
    }
}

fn closed(reason: CloseReason, outcome: Outcome, judged: Option<Judgement>) -> Closed {
    Closed {
        ticket: TICKET,
        number: 4,
        reason,
        outcome,
        epoch: 3,
        tags: Vec::new(),
        child: None,
        waited_us: None,
        handle_us: None,
        judged,
        wraps_until: None,
        owes_tags: false,
        reopen_until: None,
    }
}

fn rejected(test: bool) -> Event {
    Event::HandOffRejected(HandOffRejected {
        bot: BotId(0),
        queue: QueueId(0),
        contact: ContactKey(1),
        reason: HandOffReason::Planned,
        rejection: Rejection::NoAgent,
        test,
    })
}

fn missed() -> Event {
    Event::TargetMissed(TargetMissed { ticket: TICKET })
}

#[test]
fn an_attended_ticket_counts_once_in_each_figure() {
    let daemon = Daemon::new();
    daemon.see(opened(Via::HandOff, false), WAITING);
    daemon.see(assigned(4), WAITING);
    let first = MessageStored {
        first_response_us: Some(3_000_000),
        total_wait_us: Some(7_000_000),
        ..message(Author::Agent, Some(Judgement::AnsweredInTarget))
    };
    daemon.see(Event::MessageStored(first), ASSIGNED);
    daemon.see(Event::MessageStored(message(Author::Customer, None)), ASSIGNED);
    let second = MessageStored { response_us: Some(20_000_000), ..message(Author::Agent, None) };
    daemon.see(Event::MessageStored(second), ASSIGNED);
    let end = closed(CloseReason::Agent, Outcome::Attended, None);
    daemon.see(Event::Closed(Closed { handle_us: Some(100_000_000), ..end }), ASSIGNED);

    let all = daemon.counts();
    let right = [
        "relevo_first_response_seconds_count",
        "relevo_hand_offs_total",
        "relevo_handle_seconds_count",
        "relevo_queue_wait_seconds_count",
        "relevo_response_seconds_count",
        "relevo_tickets_answered_in_target_total",
        "relevo_tickets_arrived_total",
        "relevo_tickets_assigned_in_target_total",
        "relevo_tickets_closed_total",
        "relevo_total_wait_seconds_count",
    ];
    assert_eq!(all, right.map(|name| (name.to_string(), 1.0)));
    for (name, more, sum) in [
        ("relevo_queue_wait_seconds_sum", Some(("outcome", "assigned")), 4.0),
        ("relevo_first_response_seconds_sum", None, 3.0),
        ("relevo_total_wait_seconds_sum", None, 7.0),
        ("relevo_response_seconds_sum", None, 20.0),
        ("relevo_handle_seconds_sum", None, 100.0),
    ] {
        assert_eq!(daemon.value(name, more.as_slice()), Some(sum), "{name}");
    }
    assert_eq!(daemon.value("relevo_tickets_arrived_total", &[("via", "hand_off")]), Some(1.0));
    let hand_off = [("reason", "fallback"), ("result", "accepted")];
    assert_eq!(daemon.value("relevo_hand_offs_total", &hand_off), Some(1.0));
    let end = [("reason", "agent"), ("outcome", "attended")];
    assert_eq!(daemon.value("relevo_tickets_closed_total", &end), Some(1.0));
    let scrape = daemon.scrape();
    let messages = |way| scrape.value("relevo_messages_total", &[("direction", way)]);
    assert_eq!((messages("inbound"), messages("outbound")), (Some(1.0), Some(2.0)));
}

#[test]
fn a_missed_conversation_is_missed_by_assignment_only_while_nobody_had_it() {
    let daemon = Daemon::new();
    daemon.see(missed(), WAITING);
    let late = TicketFacts { target_missed: true, ..WAITING };
    daemon.see(assigned(90), late);
    let answer = message(Author::Agent, None);
    daemon.see(Event::MessageStored(answer), TicketFacts { assigned_before: true, ..late });
    assert_eq!(daemon.value("relevo_tickets_target_missed_total", &[]), Some(1.0));
    assert_eq!(daemon.value("relevo_tickets_assignment_target_missed_total", &[]), Some(1.0));
    assert_eq!(daemon.value("relevo_tickets_assigned_in_target_total", &[]), Some(0.0));
    assert_eq!(daemon.value("relevo_tickets_answered_in_target_total", &[]), Some(0.0));

    daemon.see(assigned(10), WAITING);
    daemon.see(missed(), ASSIGNED);
    assert_eq!(daemon.value("relevo_tickets_target_missed_total", &[]), Some(2.0));
    assert_eq!(daemon.value("relevo_tickets_assignment_target_missed_total", &[]), Some(1.0));
    assert_eq!(daemon.value("relevo_tickets_assigned_in_target_total", &[]), Some(1.0));
}

#[test]
fn a_second_assignment_of_a_conversation_is_not_judged_again() {
    let daemon = Daemon::new();
    daemon.see(assigned(1), WAITING);
    daemon.see(assigned(1), ASSIGNED);
    assert_eq!(daemon.value("relevo_tickets_assigned_in_target_total", &[]), Some(1.0));
    let waits = daemon.value("relevo_queue_wait_seconds_count", &[("outcome", "assigned")]);
    assert_eq!(waits, Some(2.0));
}

#[test]
fn who_left_is_lost_or_abandoned_and_short_losses_are_apart() {
    let daemon = Daemon::new();
    for (outcome, judged, facts) in [
        (Outcome::Lost, Judgement::LostShort, WAITING),
        (Outcome::Lost, Judgement::LostInTarget, WAITING),
        (Outcome::AbandonedUnanswered, Judgement::LostInTarget, ASSIGNED),
    ] {
        let waited_us = (outcome == Outcome::Lost).then_some(8_000_000);
        let end = closed(CloseReason::Client, outcome, Some(judged));
        daemon.see(Event::Closed(Closed { waited_us, ..end }), facts);
    }
    let end = closed(CloseReason::Client, Outcome::AbandonedAnswered, None);
    daemon.see(Event::Closed(end), ASSIGNED);

    let value = |name: &str, label, value| daemon.value(name, &[(label, value)]);
    let lost = "relevo_tickets_lost_in_target_total";
    assert_eq!(value(lost, "short", "yes"), Some(1.0));
    assert_eq!(value(lost, "short", "no"), Some(2.0));
    let by_assignment = "relevo_tickets_assignment_lost_in_target_total";
    assert_eq!(value(by_assignment, "short", "yes"), Some(1.0));
    assert_eq!(value(by_assignment, "short", "no"), Some(1.0));
    let abandoned = "relevo_tickets_abandoned_total";
    assert_eq!(value(abandoned, "answered", "yes"), Some(1.0));
    assert_eq!(value(abandoned, "answered", "no"), Some(1.0));
    assert_eq!(value("relevo_queue_wait_seconds_count", "outcome", "lost"), Some(2.0));
}

#[test]
fn an_end_that_this_version_does_not_foresee_still_counts() {
    let daemon = Daemon::new();
    let end = closed(CloseReason::Expired, Outcome::Unserved, Some(Judgement::Missed));
    daemon.see(Event::Closed(Closed { waited_us: Some(5_000_000), ..end }), WAITING);
    let labels = [("reason", "expired"), ("outcome", "unserved")];
    assert_eq!(daemon.value("relevo_tickets_closed_total", &labels), Some(1.0));
    let wait = daemon.value("relevo_queue_wait_seconds_count", &[("outcome", "unserved")]);
    assert_eq!(wait, Some(1.0));
    assert_eq!(daemon.value("relevo_tickets_assignment_target_missed_total", &[]), Some(1.0));
}

#[test]
fn refused_and_repeated_hand_offs_make_no_ticket() {
    let daemon = Daemon::new();
    daemon.see(rejected(false), WAITING);
    let reason = HandOffReason::Requested;
    let repeated = HandOffRepeated { ticket: TICKET, number: 2, reason, bytes: 0 };
    daemon.see(Event::HandOffRepeated(repeated), WAITING);
    let value = |reason, result| {
        daemon.value("relevo_hand_offs_total", &[("reason", reason), ("result", result)])
    };
    assert_eq!(value("planned", "no_agent"), Some(1.0));
    assert_eq!(value("requested", "existing"), Some(1.0));
    assert_eq!(daemon.counts().len(), 2, "{:?}", daemon.counts());
}

#[test]
fn tickets_that_go_on_count_in_the_queue_that_they_leave() {
    let daemon = Daemon::new();
    let (from, to, reason) = (QueueId(0), QueueId(1), OverflowReason::Timeout);
    let overflowed = Overflowed { ticket: TICKET, from, to, reason, priority: 0 };
    daemon.see(Event::Overflowed(overflowed), WAITING);
    daemon.see(Event::Overflowed(overflowed), TicketFacts { test: true, ..WAITING });
    let Event::TicketOpened(opened) = opened(Via::HandOff, false) else { unreachable!() };
    let overflowed = Some((from, OverflowReason::Full));
    daemon.see(Event::TicketOpened(TicketOpened { queue: to, overflowed, ..opened }), WAITING);
    let value = |reason| daemon.value("relevo_tickets_overflowed_total", &[("reason", reason)]);
    assert_eq!((value("timeout"), value("full")), (Some(1.0), Some(1.0)));
    // The other queue has no series of its own: the sum of the rest.
    let other = |via| {
        let rest = ["tenant", "bot", "queue"].map(|name| (name, "__other__"));
        let labels: Vec<_> = rest.into_iter().chain([("via", via)]).collect();
        daemon.scrape().value("relevo_tickets_arrived_total", &labels)
    };
    assert_eq!((other("overflow"), other("reopen")), (Some(1.0), Some(0.0)));
}

#[test]
fn a_wait_is_held_against_both_figures_of_what_was_told() {
    let daemon = Daemon::new();
    let told = Some(EstimatedWait { p50_seconds: 10, p90_seconds: 30 });
    for waited_seconds in [10, 30, 31] {
        let Event::Assigned(assigned) = assigned(waited_seconds) else { unreachable!() };
        daemon.see(Event::Assigned(Assigned { told, ..assigned }), WAITING);
        daemon.see(Event::Assigned(assigned), WAITING);
        let test = TicketFacts { test: true, ..WAITING };
        daemon.see(Event::Assigned(Assigned { told, ..assigned }), test);
    }
    let value = |told, result| {
        daemon.value("relevo_wait_estimates_total", &[("told", told), ("result", result)])
    };
    assert_eq!((value("p50", "within"), value("p50", "beyond")), (Some(1.0), Some(2.0)));
    assert_eq!((value("p90", "within"), value("p90", "beyond")), (Some(2.0), Some(1.0)));
}

#[test]
fn a_test_ticket_counts_only_in_the_probe() {
    let daemon = Daemon::new();
    let test = |facts| TicketFacts { test: true, ..facts };
    daemon.see(rejected(true), WAITING);
    daemon.see(opened(Via::HandOff, true), test(WAITING));
    daemon.see(assigned(1), test(WAITING));
    let answer = MessageStored {
        first_response_us: Some(500_000),
        total_wait_us: Some(500_000),
        ..message(Author::Agent, Some(Judgement::AnsweredInTarget))
    };
    daemon.see(Event::MessageStored(answer), test(ASSIGNED));
    daemon.see(missed(), test(WAITING));
    let end = closed(CloseReason::Agent, Outcome::Attended, Some(Judgement::Missed));
    daemon.see(Event::Closed(Closed { handle_us: Some(1), ..end }), test(ASSIGNED));

    assert_eq!(daemon.counts(), []);
    let scrape = daemon.scrape();
    for (name, labels, right) in [
        ("relevo_probe_tickets_opened_total", vec![], 1.0),
        ("relevo_probe_tickets_closed_total", vec![("outcome", "attended")], 1.0),
        ("relevo_probe_wait_seconds_sum", vec![], 1.0),
        ("relevo_probe_first_response_seconds_sum", vec![], 0.5),
        ("relevo_probe_last_attended_timestamp_seconds", vec![], 1.7e9),
    ] {
        assert_eq!(scrape.value(name, &labels), Some(right), "{name}");
    }
}

#[test]
fn a_ticket_of_a_queue_without_its_own_series_counts_with_the_rest() {
    let daemon = Daemon::new();
    daemon.see(assigned(1), TicketFacts { queue: QueueId(9), ..WAITING });
    let labels = ["tenant", "bot", "queue"].map(|name| (name, "__other__"));
    let count = daemon.scrape().value("relevo_tickets_assigned_in_target_total", &labels);
    assert_eq!(count, Some(1.0));
    assert_eq!(daemon.value("relevo_tickets_assigned_in_target_total", &[]), Some(0.0));
}
