//! `relevo explain`: one ticket, every agent of its queue, and the rules of its hand-off; now or as of
//! a past instant, of a running daemon or from the directory of a stopped one.

use super::remote::{Admin, Secret, block_on, unanswered};
use super::{output, span};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::explain::past::{self, When};
use crate::explain::shown as instant;
use crate::runtime;
use clap::Args;
use jiff::Timestamp;
use relevo_journal::{ClaimError, OpenError, Options};
use relevo_routing::record::SCHEMA_VERSION;
use relevo_wire::TicketId;
use relevo_wire::answer::{Explained, RoutingExplained, TriedRule};
use relevo_wire::vocabulary::TicketState;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct Explain {
    /// Address of the daemon
    #[arg(
        long,
        value_name = "HOST:PORT",
        env = "RELEVO_SERVER",
        hide_env_values = true,
        default_value = "127.0.0.1:7443"
    )]
    server: String,
    /// SHA-256 of its certificate, as `relevo serve` prints it
    #[arg(
        long,
        value_name = "HEX",
        env = "RELEVO_FINGERPRINT",
        hide_env_values = true,
        required_unless_present = "data"
    )]
    fingerprint: Option<String>,
    /// Key of an admin or an operator
    #[arg(
        long,
        value_name = "KEY",
        env = "RELEVO_KEY",
        hide_env_values = true,
        required_unless_present = "data"
    )]
    key: Option<Secret>,
    /// As of when: 2026-07-01T18:30:00Z, or so long ago: -90s, -5m, -2h
    #[arg(long, value_name = "TIME", value_parser = moment, allow_hyphen_values = true)]
    at: Option<u64>,
    /// Ask no daemon, but open the data directory of a stopped one, as at a start [--at: its end]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Id of the ticket
    ticket: String,
}

/// In microseconds since 1970.
fn moment(text: &str) -> Result<u64, String> {
    let right = "write a time as 2026-07-01T18:30:00Z, or how long ago as -90s, -5m or -2h";
    let at = match text.strip_prefix('-') {
        Some(ago) => {
            let ago = span::read(ago).ok_or(right)?;
            Timestamp::now().checked_sub(ago).map_err(|_| right)?
        }
        None => text.parse::<Timestamp>().map_err(|error| format!("{error}; {right}"))?,
    };
    u64::try_from(at.as_microsecond()).map_err(|_| "that is before 1970".to_owned())
}

impl Explain {
    pub(super) fn run(self) -> Result<(), Failure> {
        let ticket: TicketId = self.ticket.parse().map_err(|error| {
            Failure::new(Exit::Usage, format!("{:?} is no ticket: {error}", self.ticket))
        })?;
        if let Some(data) = &self.data {
            let explained = stopped(data, ticket, self.at)?;
            return output::line(&shown(&explained, true));
        }
        let (Some(fingerprint), Some(key)) = (self.fingerprint, self.key) else {
            return Err(Failure::new(
                Exit::Usage,
                "--fingerprint and --key, or --data, are needed",
            ));
        };
        let admin = Admin::of(self.server, fingerprint, key);
        block_on(async {
            let client = admin.connect().await?;
            let explained = match self.at {
                Some(at) => client.explain_at(ticket, at).await,
                None => client.explain(ticket).await,
            };
            let explained = explained.map_err(unanswered)?;
            client.close().await;
            output::line(&shown(&explained, self.at.is_some()))
        })
    }
}

/// Explains from the directory of a daemon that has stopped.
fn stopped(data: &Path, ticket: TicketId, at: Option<u64>) -> Result<Explained, Failure> {
    // Opening would make a journal where there is none.
    if !data.join("format").is_file() {
        let message = format!("{}: there is no data directory of a daemon", data.display());
        return Err(Failure::new(Exit::Usage, message));
    }
    let mut options = Options::new(data);
    options.schema = SCHEMA_VERSION;
    let log = relevo_journal::open(options).map_err(|error| {
        let hint = match &error {
            OpenError::Claim(ClaimError::Busy { .. }) => "; ask the daemon: leave --data out",
            OpenError::Claim(_) | OpenError::Damaged(_) | OpenError::Log(_) => "",
        };
        Failure::new(Exit::Storage, format!("{error}{hint}"))
    })?;
    let settings = runtime::settings(&Config::default());
    let (everybodys, to_the_end) = (|_| true, || true);
    past::explain(&log.history(), &settings, ticket, When::Stopped(at), everybodys, to_the_end)
        .map_err(|error| Failure::new(Exit::Failed, error.to_string()))
}

fn shown(explained: &Explained, is_past: bool) -> String {
    let state = match explained.state {
        TicketState::Waiting => "waiting",
        TicketState::Offered => "offered",
        TicketState::Assigned => "assigned",
        TicketState::InService => "in service",
        TicketState::OnHold => "on hold",
        TicketState::Parked => "parked",
        TicketState::Away => "waiting, the customer away",
        TicketState::Wrapping => "closed, being wrapped up",
        TicketState::Closed => "closed",
    };
    let mut place = format!("{} in {}", state, explained.queue);
    if explained.position > 0 {
        place += &format!(", place {}", explained.position);
    }
    if let Some(agent) = &explained.agent {
        place += &format!(", with {agent}");
    }
    if let Some(since) = explained.assigned_at {
        place += &format!(" since {}", instant(since));
    }
    if is_past {
        place += &format!("\nas of {}", instant(explained.at));
    }
    let mut text = format!("{}\n{place}\n{}", explained.ticket, explained.because);
    if let (Some(since), Some(agent)) = (explained.assigned_at, &explained.agent) {
        let before = instant(since.saturating_sub(1));
        text += &format!("\nwho else was there when {agent} got it: --at {before}");
    }
    if let Some(routing) = &explained.routing {
        text += &routed(routing);
    }
    if !explained.agents.is_empty() {
        let heading = vec!["AGENT".to_owned(), "WHY".to_owned()];
        let agents = explained.agents.iter().map(|one| vec![one.agent.clone(), one.reason.clone()]);
        let rows: Vec<_> = std::iter::once(heading).chain(agents).collect();
        text += &format!("\n\n{}", output::table(&rows));
    }
    text
}

/// What put it into its queue, and each rule that was tried.
fn routed(routing: &RoutingExplained) -> String {
    let mut text = format!("\n\n{}", routing.because);
    for (heading, tried) in [("RULE", &routing.tried), ("PRIORITY RULE", &routing.priority_tried)] {
        if tried.is_empty() {
            continue;
        }
        let row = |rule: &TriedRule| {
            let matched = if rule.matched { "yes" } else { "no" };
            vec![
                format!("{} {}", rule.number, rule.name),
                matched.to_owned(),
                rule.because.join(", "),
            ]
        };
        let heading = [heading, "MATCHES", "WHY"].map(ToOwned::to_owned).to_vec();
        let rows: Vec<_> = std::iter::once(heading).chain(tried.iter().map(row)).collect();
        text += &format!("\n\n{}", output::table(&rows));
    }
    if routing.omitted > 0 {
        text += &format!("\n\n{} more rules were tried and have no room here", routing.omitted);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use relevo_wire::answer::AgentReason;

    #[test]
    fn a_waiting_ticket_shows_its_place_and_each_agent() {
        let explained = Explained {
            ticket: TicketId(1),
            state: TicketState::Waiting,
            queue: "web/sales".into(),
            position: 2,
            because: "every member is busy".into(),
            at: 1_500_000,
            agent: None,
            assigned_at: None,
            routing: None,
            agents: vec![AgentReason { agent: "ana".into(), reason: "no_seat".into() }],
        };
        assert_eq!(
            shown(&explained, false),
            "00000000-0000-0000-0000-000000000001\nwaiting in web/sales, place 2\n\
             every member is busy\n\nAGENT  WHY\nana    no_seat"
        );
    }
    #[test]
    fn a_past_ticket_shows_its_instant_its_agent_and_each_rule() {
        let tried = |number, name: &str, matched, because: &str| TriedRule {
            number,
            name: name.into(),
            matched,
            because: vec![because.into()],
        };
        let explained = Explained {
            ticket: TicketId(1),
            state: TicketState::InService,
            queue: "web/sales".into(),
            position: 0,
            because: "ana was eligible".into(),
            at: 9_000_000,
            agent: Some("ana".into()),
            assigned_at: Some(2_000_000),
            routing: Some(Box::new(RoutingExplained {
                because: "rule 2 \"gold\" chose its queue".into(),
                tried: vec![
                    tried(1, "night", false, "hour >= 22 is false"),
                    tried(2, "gold", true, "context.tier equals \"gold\" is true"),
                ],
                omitted: 3,
                ..RoutingExplained::default()
            })),
            agents: Vec::new(),
        };
        assert_eq!(
            shown(&explained, true),
            "00000000-0000-0000-0000-000000000001\n\
             in service in web/sales, with ana since 1970-01-01T00:00:02Z\n\
             as of 1970-01-01T00:00:09Z\n\
             ana was eligible\n\
             who else was there when ana got it: --at 1970-01-01T00:00:01.999999Z\n\n\
             rule 2 \"gold\" chose its queue\n\n\
             RULE     MATCHES  WHY\n\
             1 night  no       hour >= 22 is false\n\
             2 gold   yes      context.tier equals \"gold\" is true\n\n\
             3 more rules were tried and have no room here"
        );
    }

    #[test]
    fn a_moment_is_a_time_or_so_long_ago() {
        assert_eq!(moment("1970-01-01T00:01:00.5Z"), Ok(60_500_000));
        assert_eq!(moment("1970-01-01T02:00:00+02:00"), Ok(0));
        let now = u64::try_from(Timestamp::now().as_microsecond()).unwrap();
        for (text, seconds) in [("-90s", 90), ("-5m", 300), ("-2h", 7_200)] {
            let ago = now - moment(text).unwrap();
            assert!((seconds - 60) * 1_000_000 < ago && ago <= seconds * 1_000_000, "{text}");
        }
        for wrong in ["", "-", "-5", "-m", "-5d", "yesterday", "2026-07-01", "1969-12-31T00:00:00Z"]
        {
            assert!(moment(wrong).is_err(), "{wrong:?}");
        }
    }
}
