//! Deadlines: none comes before its time, and the time that the daemon was down does not count.

use std::collections::BTreeMap;

use relevo_routing::Event;
use relevo_routing::tenant::Settings;
use relevo_wire::ids::{AgentId, TicketId};
use relevo_wire::vocabulary::OfferEnd;

use super::super::Violation;

/// When periods began, in microseconds that the daemon was up.
#[derive(Debug, Default)]
pub(super) struct Periods {
    down_us: u64,
    started_at: Option<u64>,
    grace: BTreeMap<AgentId, u64>,
    reserved: BTreeMap<TicketId, Reserved>,
}

/// For whom a ticket is kept, since when and how long.
#[derive(Debug)]
struct Reserved {
    agent: AgentId,
    since: u64,
    period: u64,
}

impl Periods {
    pub(super) fn event(&mut self, now: u64, event: &Event) -> Result<(), Violation> {
        if let Event::Started(started) = event {
            self.down_us += started.down_us;
            self.started_at = Some(now);
        }
        if let Event::Ready(_) = event {
            self.down_us += self.started_at.take().map_or(0, |started| now - started);
            // At a start every agent's grace period begins anew.
            let up = self.up(now);
            self.grace.values_mut().for_each(|since| *since = up);
        }
        let up = self.up(now);
        if let Event::AgentReachable(e) = event {
            self.grace.insert(e.agent, up);
        } else if let Event::AgentGrace(e) = event {
            self.grace.insert(e.agent, up);
        } else if let Event::AgentUnreachable(e) = event {
            let since = self.grace.remove(&e.agent).unwrap_or(up);
            over("grace period", up - since, Settings::default().grace_us)?;
        } else if let Event::TicketOpened(e) = event {
            if let Some((agent, until)) = e.reserved {
                let period = until.saturating_sub(now);
                self.reserved.insert(e.ticket, Reserved { agent, since: up, period });
            }
        } else if let Event::OfferEnded(e) = event {
            // Who would not have it is not waited for.
            let would_not = matches!(e.end, OfferEnd::Declined | OfferEnd::Missed);
            if let Some(reserved) = self.reserved.get_mut(&e.ticket)
                && would_not
                && reserved.agent == e.agent
            {
                reserved.period = 0;
            }
        } else if let Event::Unreserved(e) = event
            && let Some(reserved) = self.reserved.remove(&e.ticket)
        {
            over("reservation", up - reserved.since, reserved.period)?;
        } else if let Event::Closed(e) = event {
            self.reserved.remove(&e.ticket);
        }
        Ok(())
    }

    fn up(&self, now: u64) -> u64 {
        now.saturating_sub(self.down_us)
    }
}

fn over(what: &str, passed: u64, period: u64) -> Result<(), Violation> {
    if passed >= period {
        return Ok(());
    }
    let detail = format!("{what} of {period} us ended after {passed}");
    Err(Violation::new("time down counts for no deadline", detail))
}
