//! `relevo probe`: a test customer the whole way through a running daemon.
//!
//! It hands over a test customer with a bot's key, takes the ticket with an agent's key, lets both
//! say something, closes, and waits until the bot has the conversation again. Nothing stays but that
//! closed test ticket, which counts in no figure but the probe's. The agent must accept tests and
//! serve the queue, best one of its own: while the probe runs it is online, and where customers wait
//! for it, it gets one. An agent that was not online is offline afterwards.

use super::output;
use super::remote::{Remote, Secret, block_on, unanswered, unconnected};
use crate::exit::{Exit, Failure};
use clap::Args;
use relevo_client::wire::command::HandOff;
use relevo_client::wire::push::EntryEvent;
use relevo_client::wire::vocabulary::{
    Author, Body, Contact, HandOffDetails, HandOffReason, Intent,
};
use relevo_client::wire::{Packed, TicketId};
use relevo_client::{
    AgentClient, BotClient, ClientEvent, Connector, Events, HandOffAnswer, MessageOptions, Options,
};
use std::time::{Duration, Instant};
use tokio::time::timeout;

#[derive(Debug, Args)]
pub(super) struct Probe {
    #[command(flatten)]
    remote: Remote,
    /// Key of the bot that hands over
    #[arg(long, value_name = "KEY", env = "RELEVO_BOT_KEY", hide_env_values = true)]
    bot_key: Secret,
    /// Key of an agent who accepts tests and serves the queue
    #[arg(long, value_name = "KEY", env = "RELEVO_AGENT_KEY", hide_env_values = true)]
    agent_key: Secret,
    /// Queue of the bot, best one that its agent alone serves: in another it may get a customer; without
    /// it where the bot's rules say, or the default queue
    #[arg(long, value_name = "NAME")]
    queue: Option<String>,
    /// Longest time for any one step
    #[arg(long, value_name = "SECONDS", default_value_t = 10,
          value_parser = clap::value_parser!(u64).range(1..=300))]
    step_seconds: u64,
}

impl Probe {
    pub(super) fn run(self) -> Result<(), Failure> {
        block_on(async {
            let begun = Instant::now();
            let connector = Connector::new();
            let bot = self.remote.options(&self.bot_key, Options::bot)?;
            let agent = self.remote.options(&self.agent_key, Options::agent)?;
            let (bot, bot_events) = connector.bot(bot).await.map_err(unconnected)?;
            let (agent, agent_events) = connector.agent(agent).await.map_err(unconnected)?;
            let mut steps = Steps::new(begun);
            steps.done("connected")?;
            let mut walk = Walk {
                contact: format!("relevo-probe-{}", bot.unique_id()),
                ticket: None,
                bot,
                agent,
                bot_events,
                agent_events,
                patience: Duration::from_secs(self.step_seconds),
            };
            let walked = walk.through(self.queue, &mut steps).await;
            walk.leave(walked.is_err()).await;
            walked?;
            steps.total()
        })
    }
}

/// Prints each step with its time as it is done.
struct Steps {
    begun: Instant,
    last: Instant,
}

impl Steps {
    fn new(begun: Instant) -> Self {
        Self { begun, last: begun }
    }

    fn done(&mut self, step: &str) -> Result<(), Failure> {
        let now = Instant::now();
        let took = now.duration_since(self.last);
        self.last = now;
        output::line(&format!("{step:<28}{:>10}", shown(took)))
    }

    fn total(&self) -> Result<(), Failure> {
        output::line(&format!("{:<28}{:>10}", "all", shown(self.begun.elapsed())))
    }
}

fn shown(took: Duration) -> String {
    output::duration(u64::try_from(took.as_micros()).unwrap_or(u64::MAX))
}

/// Both parties of the test conversation.
struct Walk {
    bot: BotClient,
    agent: AgentClient,
    bot_events: Events,
    agent_events: Events,
    contact: String,
    /// As soon as it is known.
    ticket: Option<TicketId>,
    patience: Duration,
}

impl Walk {
    async fn through(&mut self, queue: Option<String>, steps: &mut Steps) -> Result<(), Failure> {
        let patience = self.patience;
        self.agent.set_presence(Intent::Online, "").await.map_err(unanswered)?;
        steps.done("agent online")?;
        let ticket = self.hand_off(queue).await?;
        self.ticket = Some(ticket);
        steps.done("hand-off accepted")?;
        let assigned = to_agent(&mut self.bot_events, &self.agent, ticket, patience);
        let taken = taken(&mut self.agent_events, &self.agent, ticket, patience);
        let (epoch, ()) = tokio::try_join!(assigned, taken)?;
        steps.done("assigned, both notified")?;
        let said = |author: Author| {
            move |event: &EntryEvent| {
                let EntryEvent::Message(message) = event else { return None };
                (message.author == author).then_some(())
            }
        };
        let options = MessageOptions::default();
        let body = Body::text("relevo probe: an agent's words");
        self.agent.send(ticket, epoch, options.clone(), &body).await.map_err(unanswered)?;
        seen(&mut self.bot_events, ticket, patience, "agent's message", said(Author::Agent))
            .await?;
        steps.done("message agent to customer")?;
        let body = Body::text("relevo probe: a customer's words");
        let contact = self.contact.clone();
        self.bot.send_customer(contact, options, &body).await.map_err(unanswered)?;
        let words = said(Author::Customer);
        seen(&mut self.agent_events, ticket, patience, "customer's message", words).await?;
        steps.done("message customer to agent")?;
        self.agent.close_ticket(ticket, epoch, Vec::new()).await.map_err(unanswered)?;
        steps.done("closed")?;
        let returned = |event: &EntryEvent| {
            let EntryEvent::Returned(returned) = event else { return None };
            Some(returned.outcome)
        };
        seen(&mut self.bot_events, ticket, patience, "returned", returned).await?;
        steps.done("returned to the bot")
    }

    async fn hand_off(&self, queue: Option<String>) -> Result<TicketId, Failure> {
        let contact = Contact { id: self.contact.clone(), ..Contact::default() };
        let details = HandOffDetails { contact, ..HandOffDetails::default() };
        let hand_off = HandOff {
            queue,
            reason: HandOffReason::Planned,
            details: Packed::new(&details),
            priority: None,
            preferred_agent: None,
            language: None,
            texts: None,
            position_updates: false,
            test: true,
            dry_run: false,
        };
        match self.bot.hand_off(hand_off).await.map_err(unanswered)? {
            HandOffAnswer::Accepted(accepted) => Ok(accepted.ticket),
            HandOffAnswer::Rejected(rejected) => {
                let message = format!("the hand-off was rejected: {}", rejected.reason);
                Err(Failure::new(Exit::Failed, message))
            }
        }
    }

    /// Leaves things as they were; what fails here has been told already, or changes no verdict.
    async fn leave(&self, open: bool) {
        let tidy = async {
            match self.ticket.filter(|_| open) {
                // Taken back it is over at once: no place is kept for a customer who is none.
                Some(ticket) => drop(self.bot.take_back(ticket).await),
                None if open => drop(self.bot.customer_left(self.contact.clone()).await),
                None => {}
            }
            // A login starts invisible: then the agent was not at work before.
            let intent = match self.agent.welcome().intent {
                Some(before @ (Intent::Online | Intent::Paused)) => before,
                Some(Intent::Invisible | Intent::Offline) | None => Intent::Offline,
            };
            drop(self.agent.set_presence(intent, "").await);
            self.bot.close().await;
            self.agent.close().await;
        };
        drop(timeout(self.patience, tidy).await);
    }
}

/// Waits until the bot is told that the probe's agent has the ticket; gives the epoch.
async fn to_agent(
    events: &mut Events,
    agent: &AgentClient,
    ticket: TicketId,
    patience: Duration,
) -> Result<u32, Failure> {
    let name = &agent.welcome().name;
    let assigned = |event: &EntryEvent| {
        let EntryEvent::Assigned(assigned) = event else { return None };
        Some((assigned.agent.clone(), assigned.epoch))
    };
    let (who, epoch) = seen(events, ticket, patience, "assigned", assigned)
        .await
        .map_err(|told| with_hint(told, agent))?;
    if who == *name {
        return Ok(epoch);
    }
    let message = format!(
        "the ticket went to {who}, not to the probe's agent {name}; give the probe a queue whose \
         only member who accepts tests is its agent"
    );
    Err(Failure::new(Exit::Failed, message))
}

/// Why an agent may not get the ticket.
fn with_hint(told: Failure, agent: &AgentClient) -> Failure {
    let name = &agent.welcome().name;
    let hint = format!(
        "{}; is {name} a member of the ticket's queue, has it `accepts_tests`, and does the queue push?",
        told.message
    );
    Failure::new(told.exit, hint)
}

/// What the agent is told of the ticket on its way to it.
enum Its {
    Offer,
    Assignment,
}

/// Waits until the agent has the ticket. Where it is offered first, the agent accepts.
async fn taken(
    events: &mut Events,
    agent: &AgentClient,
    ticket: TicketId,
    patience: Duration,
) -> Result<(), Failure> {
    let its = |event: ClientEvent| {
        if let ClientEvent::Offer(offer) = event {
            return (offer.ticket == ticket).then_some(Its::Offer);
        }
        let ClientEvent::Entry(entry) = event else { return None };
        let assigned = matches!(entry.event, EntryEvent::Assigned(_));
        (assigned && entry.ticket == ticket).then_some(Its::Assignment)
    };
    loop {
        let next = found(events, patience, "assigned (agent)", its).await;
        match next.map_err(|told| with_hint(told, agent))? {
            Its::Offer => {
                agent.accept(ticket).await.map_err(unanswered)?;
            }
            Its::Assignment => return Ok(()),
        }
    }
}

/// Waits for an entry of the ticket.
async fn seen<T>(
    events: &mut Events,
    ticket: TicketId,
    patience: Duration,
    step: &str,
    wanted: impl Fn(&EntryEvent) -> Option<T>,
) -> Result<T, Failure> {
    let of_the_ticket = |event: ClientEvent| {
        let ClientEvent::Entry(entry) = event else { return None };
        if entry.ticket == ticket { wanted(&entry.event) } else { None }
    };
    found(events, patience, step, of_the_ticket).await
}

/// Waits for an event.
async fn found<T>(
    events: &mut Events,
    patience: Duration,
    step: &str,
    wanted: impl Fn(ClientEvent) -> Option<T>,
) -> Result<T, Failure> {
    let search = async {
        while let Some(event) = events.next().await {
            if let Some(found) = wanted(event) {
                return Ok(found);
            }
        }
        let why = events.end_reason().unwrap_or_default();
        Err(Failure::new(Exit::Unavailable, format!("{step}: the session is over: {why}")))
    };
    timeout(patience, search).await.unwrap_or_else(|_| {
        let seconds = patience.as_secs();
        Err(Failure::new(Exit::Failed, format!("{step}: nothing came within {seconds} s")))
    })
}
