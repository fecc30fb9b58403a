//! `relevo explain`: one ticket, and every agent of its queue.

use super::output;
use super::remote::{Admin, block_on, unanswered};
use crate::exit::{Exit, Failure};
use clap::Args;
use relevo_wire::TicketId;
use relevo_wire::answer::Explained;
use relevo_wire::vocabulary::TicketState;

#[derive(Debug, Args)]
pub(super) struct Explain {
    #[command(flatten)]
    admin: Admin,
    /// Id of the ticket
    ticket: String,
}

impl Explain {
    pub(super) fn run(self) -> Result<(), Failure> {
        let ticket: TicketId = self.ticket.parse().map_err(|error| {
            Failure::new(Exit::Usage, format!("{:?} is no ticket: {error}", self.ticket))
        })?;
        block_on(async {
            let client = self.admin.connect().await?;
            let explained = client.explain(ticket).await.map_err(unanswered)?;
            client.close().await;
            output::line(&shown(&explained))
        })
    }
}

fn shown(explained: &Explained) -> String {
    let state = match explained.state {
        TicketState::Waiting => "waiting",
        TicketState::Offered => "offered",
        TicketState::Assigned => "assigned",
        TicketState::InService => "in service",
        TicketState::OnHold => "on hold",
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
    let mut text = format!("{}\n{place}\n{}", explained.ticket, explained.because);
    if !explained.agents.is_empty() {
        let heading = vec!["AGENT".to_owned(), "WHY".to_owned()];
        let agents = explained.agents.iter().map(|one| vec![one.agent.clone(), one.reason.clone()]);
        let rows: Vec<_> = std::iter::once(heading).chain(agents).collect();
        text += &format!("\n\n{}", output::table(&rows));
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
            agent: None,
            agents: vec![AgentReason { agent: "ana".into(), reason: "no_seat".into() }],
        };
        assert_eq!(
            shown(&explained),
            "00000000-0000-0000-0000-000000000001\nwaiting in web/sales, place 2\n\
             every member is busy\n\nAGENT  WHY\nana    no_seat"
        );
    }
}
