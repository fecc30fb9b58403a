//! An agent who greets every customer, answers what they say, and ends with the third message.
//!
//! `RELEVO_FINGERPRINT=... RELEVO_KEY=... cargo run -p relevo-client --example agent`

use relevo_client::wire::TicketId;
use relevo_client::wire::push::EntryEvent;
use relevo_client::wire::vocabulary::{Author, Body, Intent};
use relevo_client::{AgentClient, ClientEvent, Connector, MessageOptions, Options, Trust};
use std::collections::HashMap;
use std::env::var;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "an example shows what happens")]
async fn main() -> anyhow::Result<()> {
    let server = var("RELEVO_SERVER").unwrap_or_else(|_| "127.0.0.1:7443".into()).parse()?;
    let trust = Trust::fingerprint(&var("RELEVO_FINGERPRINT")?)?;
    let options = Options::agent(server, trust, var("RELEVO_KEY")?);
    let (agent, mut events) = Connector::new().agent(options).await?;
    agent.set_presence(Intent::Online, "").await?;

    // Epoch and messages of each ticket: the epoch of an own ticket also stands in the snapshot.
    let mut tickets: HashMap<TicketId, (u32, u32)> = HashMap::new();
    while let Some(event) = events.next().await {
        if let ClientEvent::Snapshot(snapshot) = event {
            let open = snapshot.tickets.iter().map(|open| (open.ticket, (open.epoch, 0)));
            tickets.extend(open);
            continue;
        }
        let ClientEvent::Entry(entry) = event else { continue };
        let id = entry.ticket;
        if let EntryEvent::Assigned(assigned) = &entry.event {
            println!("{id} is mine");
            tickets.insert(id, (assigned.epoch, 0));
            say(&agent, id, assigned.epoch, "Hello, how can I help?").await?;
        } else if let EntryEvent::Message(message) = &entry.event
            && message.author == Author::Customer
            && let Some((epoch, messages)) = tickets.get_mut(&id)
        {
            println!("{id}: {}", message.body.unpack()?.text);
            *messages += 1;
            say(&agent, id, *epoch, "I see.").await?;
            if *messages >= 3 {
                agent.close_ticket(id, *epoch, vec![]).await?;
            }
        } else if let EntryEvent::Returned(_) = &entry.event {
            tickets.remove(&id);
        }
    }
    anyhow::bail!("the session is over: {}", events.end_reason().unwrap_or_default())
}

async fn say(agent: &AgentClient, id: TicketId, epoch: u32, text: &str) -> anyhow::Result<()> {
    agent.send(id, epoch, MessageOptions::default(), &Body::text(text)).await?;
    Ok(())
}
